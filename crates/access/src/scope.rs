//! What a permit reaches, in words that `record` can join into a query: kinds of resource, subjects, labels.
//! Knows no store: what a kind, a subject or a label is, others say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use terms::Moment;

/// A set of resource kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kinds {
    /// Every kind.
    All,
    /// Only these; shared, because every request has a few such sets.
    Only(Arc<BTreeSet<String>>),
}

/// A subject: the resource whose compartment others belong to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// Resource type.
    pub kind: String,
    /// Logical id.
    pub id: String,
}

/// Whose records are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subjects {
    /// Everyone's.
    All,
    /// Those who have a relation to this principal or unit at this moment.
    Related {
        /// The principal or unit named in the relation.
        principal: String,
        /// When the relation must hold.
        at: Moment,
    },
    /// Exactly these.
    Only(BTreeSet<Subject>),
}

/// What a permit reaches. A resource is reached when its kind is among `reads`, none of its labels (or its
/// subjects' labels) is in `without_labels`, and either it has a subject that is reached, or it has none and its
/// kind is among `open`, or `subjects` is [`Subjects::All`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Kinds that may be read.
    pub reads: Kinds,
    /// Kinds that may be written.
    pub writes: Kinds,
    /// Kinds that may be read without a subject when `subjects` is limited: organisations, places, staff.
    pub open: Kinds,
    /// Whose records.
    pub subjects: Subjects,
    /// Labels that hide a resource, such as `restricted`.
    pub without_labels: Vec<String>,
    /// What is not hidden and yet closed until somebody says why they need it.
    pub closed: Option<Closed>,
}

/// Subjects that are closed until a reason is given: those with a label. Of them only what lists show is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The label.
    pub label: String,
    /// Kinds that are reached all the same: who somebody is and where, so that nobody is lost from a list.
    pub listed: Kinds,
    /// Those that were opened with a reason, and until when that holds.
    pub opened: BTreeMap<Subject, Moment>,
}

impl Kinds {
    /// Only these kinds.
    pub fn only<'a>(kinds: impl IntoIterator<Item = &'a str>) -> Kinds {
        Kinds::Only(Arc::new(kinds.into_iter().map(str::to_owned).collect()))
    }

    /// No kind at all.
    pub fn none() -> Kinds {
        Kinds::only([])
    }

    /// Whether `kind` is in the set.
    pub fn contains(&self, kind: &str) -> bool {
        match self {
            Kinds::All => true,
            Kinds::Only(kinds) => kinds.contains(kind),
        }
    }
}

impl Scope {
    /// Everything there is, for a host's own work on a record.
    pub fn everything() -> Scope {
        Scope {
            reads: Kinds::All,
            writes: Kinds::All,
            open: Kinds::All,
            subjects: Subjects::All,
            without_labels: Vec::new(),
            closed: None,
        }
    }

    /// Whether no check of subjects or labels is needed: only the kind decides.
    pub fn is_unlimited(&self) -> bool {
        self.subjects == Subjects::All && self.without_labels.is_empty() && self.closed.is_none()
    }
}
