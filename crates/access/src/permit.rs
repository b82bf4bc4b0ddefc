//! The permit: proof that access was decided for this reader. It can only be made by [`crate::decide`].
//! Plain data; whether it reaches something is asked of its scope.

use std::collections::BTreeMap;
use std::sync::Arc;

use terms::Moment;

use crate::role::{LISTED, Role};
use crate::scope::{Closed, Kinds, Scope, Subject, Subjects};

/// Who asks: a person's account, an app or a host's own process, by a stable id that appears in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    /// Stable id, such as `user/s.reilly` or `token/7f3a`.
    pub id: String,
    /// Name for people to read.
    pub name: String,
}

/// Why the permit was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// The role's own reach.
    Role,
    /// A role limited to the subjects it has a relation to.
    Relationship,
    /// The app or the patient was given exactly these subjects.
    Subjects,
    /// The role's own reach, into a restricted record, for a reason that was given and a limited time.
    BreakGlass,
    /// The host's own work: loading, rebuilding, moving.
    Host,
}

/// Proof that access was decided. Reading or writing a record needs one. A copy of it is the same permit.
#[derive(Debug, Clone)]
pub struct Permit(Arc<Decided>);

#[derive(Debug, Clone)]
struct Decided {
    principal: Principal,
    role: Role,
    scope: Scope,
    basis: Basis,
    until: Option<Moment>,
}

/// Access was not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Denied {
    /// A sentence for a person.
    pub sentence: String,
}

impl Permit {
    pub(crate) fn new(principal: Principal, role: Role, scope: Scope, basis: Basis, until: Option<Moment>) -> Permit {
        Permit(Arc::new(Decided { principal, role, scope, basis, until }))
    }

    /// Who holds it.
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// In which role.
    pub fn role(&self) -> Role {
        self.0.role
    }

    /// What it reaches.
    pub fn scope(&self) -> &Scope {
        &self.0.scope
    }

    /// Until when it holds; `None` for as long as the request lasts.
    pub fn until(&self) -> Option<Moment> {
        self.0.until
    }

    /// The same permit for a restricted record that was opened with a reason, until that ends. It reaches no further: what
    /// changes is what the journals say of why.
    #[must_use]
    pub fn break_glass(&self, until: Moment) -> Permit {
        let until = Some(self.0.until.map_or(until, |own| own.min(until)));
        Permit(Arc::new(Decided { basis: Basis::BreakGlass, until, ..Decided::clone(&self.0) }))
    }

    /// Whether its holder is asked for a reason before a restricted record opens: whoever sees clinical content of
    /// everybody, and is neither the trust's own software nor the host. Who was given subjects by name was given these.
    pub fn asks_for_reason(&self) -> bool {
        matches!(self.0.role, Role::Clinician | Role::PatientIndex)
            && !matches!(self.0.scope.subjects, Subjects::Only(_))
    }

    /// The same permit, to which restricted records are closed but for those that were opened with a reason, each until a
    /// moment.
    #[must_use]
    pub fn closed_but(&self, opened: BTreeMap<Subject, Moment>) -> Permit {
        let closed = Closed { label: "restricted".into(), listed: Kinds::only(LISTED.iter().copied()), opened };
        let scope = Scope { closed: Some(closed), ..self.0.scope.clone() };
        Permit(Arc::new(Decided { scope, ..Decided::clone(&self.0) }))
    }

    /// One line for the journal: role and basis, such as `clinician by role`.
    pub fn describe(&self) -> String {
        let basis = match self.0.basis {
            Basis::Role => "role",
            Basis::Relationship => "relationship",
            Basis::Subjects => "named subjects",
            Basis::BreakGlass => "break-glass",
            Basis::Host => "host",
        };
        format!("{} by {basis}", self.0.role.code())
    }
}
