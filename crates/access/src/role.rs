//! Roles and what each reaches. The table below is the whole of role-based access; relationships and consent
//! narrow or widen it and come with the portal across trusts.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use terms::Moment;

use crate::permit::{Basis, Denied, Permit, Principal};
use crate::scope::{Kinds, Scope, Subject, Subjects};

/// What a person, app or process is in this trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Doctors, nurses, therapists: read and write the whole record except what is sealed.
    Clinician,
    /// Clerks: people, places, stays and bookings; no clinical content.
    Clerk,
    /// The patient index: who compare, merge and part records, and say whose is what was written meanwhile.
    PatientIndex,
    /// Privacy officers: who looked, and what came of its review; identity only.
    PrivacyOfficer,
    /// Trust administrators: accounts, configuration, organisations and places; no patient data.
    Administrator,
    /// Host operators: the trust's state and proofs; no patient data.
    Operator,
    /// Overseers of a consortium's moves: where each trust is against the deadline. They read, and nothing of any trust.
    Overseer,
    /// Integration software of the trust: reads and writes everything by FHIR.
    System,
    /// An app or a person that was given named subjects only.
    Subject,
    /// The host's own work on a record: load, rebuild, move.
    Host,
}

/// A request for access, after the principal was authenticated.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Who asks.
    pub principal: Principal,
    /// In which role.
    pub role: Role,
    /// For whom, when not for everyone the role reaches.
    pub subjects: Option<Subjects>,
    /// Until when the account or token is good.
    pub until: Option<Moment>,
}

/// Kinds without a patient in them that most roles may read.
const OPEN: &[&str] = &[
    "CapabilityStatement",
    "CodeSystem",
    "ConceptMap",
    "Endpoint",
    "HealthcareService",
    "InsurancePlan",
    "Location",
    "Medication",
    "NamingSystem",
    "OperationDefinition",
    "Organization",
    "OrganizationAffiliation",
    "Practitioner",
    "PractitionerRole",
    "SearchParameter",
    "Schedule",
    "Slot",
    "StructureDefinition",
    "Substance",
    "ValueSet",
];

/// Kinds a clerk works with.
const CLERICAL: &[&str] = &[
    "Account",
    "Appointment",
    "AppointmentResponse",
    "Coverage",
    "Encounter",
    "EpisodeOfCare",
    "Flag",
    "Patient",
    "Person",
    "RelatedPerson",
    "Schedule",
    "ServiceRequest",
    "Slot",
    "Task",
];

/// Kinds that say who somebody is and where, and what is to be done for them: lists of a closed record show these.
pub(crate) const LISTED: &[&str] = &["Appointment", "Encounter", "EpisodeOfCare", "Patient", "Task"];

impl Role {
    /// Every role, in the order of the table in the documentation.
    pub const ALL: [Role; 10] = [
        Role::Clinician,
        Role::Clerk,
        Role::PatientIndex,
        Role::PrivacyOfficer,
        Role::Administrator,
        Role::Operator,
        Role::Overseer,
        Role::System,
        Role::Subject,
        Role::Host,
    ];

    /// The role's code, as used on the command line, in accounts and in the journal.
    pub fn code(self) -> &'static str {
        match self {
            Role::Clinician => "clinician",
            Role::Clerk => "clerk",
            Role::PatientIndex => "patient-index",
            Role::PrivacyOfficer => "privacy-officer",
            Role::Administrator => "administrator",
            Role::Operator => "operator",
            Role::Overseer => "overseer",
            Role::System => "system",
            Role::Subject => "subject",
            Role::Host => "host",
        }
    }

    /// The role of a code, if there is one.
    pub fn of_code(code: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.code() == code)
    }

    /// What the role reaches; worked out once for all requests.
    fn scope(self) -> Scope {
        static SCOPES: LazyLock<[Scope; 10]> = LazyLock::new(|| Role::ALL.map(Role::table));
        let of_this_role = Role::ALL.iter().zip(SCOPES.iter()).find(|(role, _)| **role == self);
        of_this_role.map_or_else(|| self.table(), |(_, scope)| scope.clone())
    }

    fn table(self) -> Scope {
        let open = Kinds::only(OPEN.iter().copied());
        let with_open = |kinds: &[&str]| Kinds::only(OPEN.iter().chain(kinds).copied());
        let limited = |reads, writes| Scope {
            reads,
            writes,
            open: open.clone(),
            subjects: Subjects::All,
            without_labels: vec!["sealed".into(), "unallocated".into()],
            closed: None,
        };
        match self {
            Role::Clinician | Role::System => limited(Kinds::All, Kinds::All),
            // A clerk says how a bed is, and which bed somebody left; and takes the next hospital number. Records that
            // are restricted are not theirs to find, and of alerts not that somebody is detained.
            Role::Clerk => {
                let writes = Kinds::only(CLERICAL.iter().copied().chain(["Location", "NamingSystem"]));
                let mut scope = limited(with_open(CLERICAL), writes);
                scope.without_labels.extend(["restricted".into(), "detention".into()]);
                scope
            }
            // What is nobody's yet is seen by those who say whose it is, and by no others.
            Role::PatientIndex => Scope { without_labels: vec!["sealed".into()], ..limited(Kinds::All, Kinds::All) },
            // What they write is the review of a look, which the owner of that type lets no other role write.
            Role::PrivacyOfficer => limited(with_open(&["Patient", "AuditEvent"]), Kinds::only(["AuditEvent"])),
            Role::Administrator => limited(open.clone(), open.clone()),
            Role::Operator | Role::Overseer => limited(Kinds::none(), Kinds::none()),
            Role::Subject => limited(Kinds::All, Kinds::none()),
            Role::Host => Scope::everything(),
        }
    }
}

/// Decides: what this principal may reach now.
///
/// # Errors
/// [`Denied`] when the account or token has expired, or a subject-bound role names no subject.
pub fn decide(grant: Grant, now: Moment) -> Result<Permit, Denied> {
    if grant.until.is_some_and(|until| until <= now) {
        return Err(Denied { sentence: "This sign-in has expired. Sign in again.".into() });
    }
    let mut scope = grant.role.scope();
    let mut basis = if grant.role == Role::Host { Basis::Host } else { Basis::Role };
    match grant.subjects {
        Some(Subjects::All) => {}
        Some(subjects) => {
            basis = match &subjects {
                Subjects::Related { .. } => Basis::Relationship,
                _ => Basis::Subjects,
            };
            scope.subjects = subjects;
        }
        None if grant.role == Role::Subject => {
            return Err(Denied { sentence: "This token names no patient, and its role needs one.".into() });
        }
        None => {}
    }
    Ok(Permit::new(grant.principal, grant.role, scope, basis, grant.until))
}

impl Grant {
    /// A grant of a role's whole reach.
    pub fn role(id: impl Into<String>, name: impl Into<String>, role: Role) -> Grant {
        Grant { principal: Principal { id: id.into(), name: name.into() }, role, subjects: None, until: None }
    }

    /// The same, limited to these subjects.
    pub fn only(mut self, subjects: impl IntoIterator<Item = Subject>) -> Grant {
        self.subjects = Some(Subjects::Only(subjects.into_iter().collect::<BTreeSet<_>>()));
        self
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn permit(role: Role) -> Permit {
        decide(Grant::role("user/x", "X", role), Moment(0)).unwrap()
    }

    #[test]
    fn people_are_asked_for_a_reason_and_software_and_who_was_given_somebody_by_name_are_not() {
        let asked = Role::ALL.into_iter().filter(|role| *role != Role::Subject && permit(*role).asks_for_reason());
        assert_eq!(asked.collect::<Vec<_>>(), [Role::Clinician, Role::PatientIndex]);
        let one = Subject { kind: "Patient".into(), id: "p1".into() };
        for role in [Role::Clinician, Role::Subject] {
            let by_name = decide(Grant::role("token/x", "X", role).only([one.clone()]), Moment(0)).unwrap();
            assert!(!by_name.asks_for_reason(), "{role:?}");
        }
        let closed = permit(Role::Clinician).closed_but([(one, Moment(5))].into());
        assert!(!closed.scope().is_unlimited());
        assert_eq!(closed.describe(), "clinician by role", "the right is the same");
    }

    #[test]
    fn each_role_reaches_what_the_table_says() {
        let cases = [
            (Role::Clinician, "Observation", true, true),
            (Role::Clerk, "Observation", false, false),
            (Role::Clerk, "Patient", true, true),
            (Role::Clerk, "Practitioner", true, false),
            (Role::PrivacyOfficer, "Patient", true, false),
            (Role::PrivacyOfficer, "AuditEvent", true, true),
            (Role::PrivacyOfficer, "Condition", false, false),
            (Role::PrivacyOfficer, "Encounter", false, false),
            (Role::PrivacyOfficer, "Task", false, false),
            (Role::Clerk, "AuditEvent", false, false),
            (Role::Administrator, "Patient", false, false),
            (Role::Administrator, "Location", true, true),
            (Role::Operator, "Organization", false, false),
            (Role::Overseer, "Organization", false, false),
            (Role::Overseer, "Patient", false, false),
            (Role::System, "Claim", true, true),
            (Role::Host, "Claim", true, true),
        ];
        for (role, kind, reads, writes) in cases {
            let permit = permit(role);
            assert_eq!(permit.scope().reads.contains(kind), reads, "{} reads {kind}", role.code());
            assert_eq!(permit.scope().writes.contains(kind), writes, "{} writes {kind}", role.code());
        }
    }

    #[test]
    fn an_expired_grant_is_denied() {
        let mut grant = Grant::role("token/1", "T", Role::System);
        grant.until = Some(Moment(1000));
        assert!(decide(grant.clone(), Moment(999)).is_ok());
        assert!(decide(grant, Moment(1000)).is_err());
    }

    #[test]
    fn a_subject_role_without_a_subject_is_denied() {
        assert!(decide(Grant::role("token/1", "T", Role::Subject), Moment(0)).is_err());
        let subject = Subject { kind: "Patient".into(), id: "p1".into() };
        let permit = decide(Grant::role("token/1", "T", Role::Subject).only([subject]), Moment(0)).unwrap();
        assert_eq!(permit.describe(), "subject by named subjects");
        assert!(!permit.scope().writes.contains("Observation"));
    }

    #[test]
    fn a_broken_glass_reaches_no_further_and_no_longer() {
        let mut grant = Grant::role("user/x", "X", Role::Clinician);
        let broken = decide(grant.clone(), Moment(0)).unwrap().break_glass(Moment(500));
        assert_eq!(broken.describe(), "clinician by break-glass");
        assert_eq!((broken.until(), broken.scope()), (Some(Moment(500)), permit(Role::Clinician).scope()));
        grant.until = Some(Moment(100));
        assert_eq!(decide(grant, Moment(0)).unwrap().break_glass(Moment(500)).until(), Some(Moment(100)));
    }

    #[test]
    fn codes_read_back() {
        for role in Role::ALL {
            assert_eq!(Role::of_code(role.code()), Some(role));
        }
        assert_eq!(Role::of_code("king"), None);
    }
}
