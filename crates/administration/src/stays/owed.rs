//! What is still owed to a patient who leaves: open requests, appointments to come, open tasks.
//!
//! A discharge is not stopped by it; whoever discharges sees the list and whose each is. Only what the permit reaches is
//! listed: a clerk's list has no results.

use fhir::Node;
use fhir::read::{text, when, words_at};
use fhir::search::compartment_spans;
use record::{Clause, Problem, Reading, Select};
use terms::{Moment, PartialDate};

use crate::draft;

/// Most rows of each type that are looked at.
const MOST: usize = 200;

/// What kind of thing is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OwedKind {
    /// A test, a referral or another request that is not answered.
    Request,
    /// An appointment still to come.
    Appointment,
    /// A task that is not done.
    Task,
}

/// Something that is still owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// What kind it is.
    pub kind: OwedKind,
    /// The resource's id.
    pub id: String,
    /// In words.
    pub words: String,
    /// When it is or was due, or was asked for.
    pub when: Option<PartialDate>,
    /// Whose it is, when that is known.
    pub owner: Option<String>,
}

impl OwedKind {
    const ALL: [(OwedKind, &'static str); 3] =
        [(OwedKind::Request, "ServiceRequest"), (OwedKind::Appointment, "Appointment"), (OwedKind::Task, "Task")];

    /// In words, for a heading.
    pub fn words(self) -> &'static str {
        match self {
            OwedKind::Request => "Request not answered",
            OwedKind::Appointment => "Appointment to come",
            OwedKind::Task => "Task not done",
        }
    }
}

impl Owed {
    /// Reads a resource; `None` when nothing of it is owed.
    fn of(kind: OwedKind, resource: Node<'_, '_>, now: Moment) -> Option<Owed> {
        let status = text(resource, "status").unwrap_or_default();
        let (is_open, when, owner) = match kind {
            OwedKind::Request => {
                let is_open = matches!(status.as_str(), "draft" | "active" | "on-hold");
                (is_open, when(resource, "authoredOn"), display(resource, "performer"))
            }
            OwedKind::Appointment => {
                let start = when(resource, "start");
                let is_open = matches!(status.as_str(), "proposed" | "pending" | "booked" | "waitlist");
                (is_open && start.as_ref().is_none_or(|start| start.upper() > now), start, None)
            }
            OwedKind::Task => {
                let is_done =
                    matches!(status.as_str(), "completed" | "cancelled" | "rejected" | "failed" | "entered-in-error");
                let due = resource.get("restriction").and_then(|of| when(of.get("period")?, "end"));
                (!is_done, due.or_else(|| when(resource, "authoredOn")), display(resource, "owner"))
            }
        };
        let words = words_at(resource, "code")
            .or_else(|| words_at(resource, "serviceType"))
            .or_else(|| text(resource, "description"))
            .unwrap_or_else(|| "Not described".to_owned());
        is_open.then(|| Owed { kind, id: text(resource, "id").unwrap_or_default(), words, when, owner })
    }
}

fn display(resource: Node<'_, '_>, member: &str) -> Option<String> {
    text(resource.get(member)?.items().next()?, "display")
}

/// What is still owed to a patient.
pub async fn still_owed(reading: &Reading, patient: &str, now: Moment) -> Result<Vec<Owed>, Problem> {
    let mut owed = Vec::new();
    for (kind, name) in OwedKind::ALL {
        if !reading.permit().scope().reads.contains(name) {
            continue;
        }
        let select = Select::of(name).with(Clause::Any(compartment_spans(patient, Some(name), &[]))).limit(MOST);
        for version in &reading.select(&select).await?.versions {
            owed.extend(Owed::of(kind, draft::document(version)?.root(), now));
        }
    }
    owed.sort_by_key(|one| (one.kind, one.when.as_ref().map(|when| when.lower())));
    Ok(owed)
}
