//! What is still owed to a patient who leaves: open requests, appointments to come, open tasks.
//!
//! A discharge is not stopped by it; whoever discharges sees the list and whose each is. Only what the permit reaches is
//! listed: a clerk's list has no results.

use std::collections::BTreeMap;

use fhir::Node;
use fhir::read::{text, when, words_at};
use fhir::search::compartment_spans;
use record::{Clause, Problem, Reading, Select};
use terms::index::{Next, Part, Span};
use terms::{Moment, PartialDate};

use super::rows::TO_COME;
use crate::draft;
use crate::obligations::NOBODY;
use crate::tasks::{OPEN_TASK, Task};

/// How many are read at once.
const PAGE: usize = 200;

/// Codes of status of a request that is not answered.
const REQUESTED: &[&str] = &["draft", "active", "on-hold"];

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
    /// Whether somebody owes it also after the patient has left: an open task has an owner, and so has what there is a task
    /// about. Who is named in a request or an appointment is not told by it that it is theirs now.
    pub is_kept: bool,
}

impl OwedKind {
    const ALL: [(OwedKind, &'static str); 3] =
        [(OwedKind::Request, "ServiceRequest"), (OwedKind::Appointment, "Appointment"), (OwedKind::Task, "Task")];

    /// What is open of a patient's; more of it than is owed, as an appointment that was never ended.
    fn open_of(self, name: &str, patient: &str) -> Select {
        let (parameter, statuses) = match self {
            // Tasks are not in HL7's compartment of a patient; our own rows hold the open ones only.
            OwedKind::Task => {
                let rows = Span::head(OPEN_TASK, [Part::target("Patient", patient)]);
                return Select::of(name).with(Clause::Any(vec![rows]));
            }
            OwedKind::Request => ("ServiceRequest.status", REQUESTED),
            OwedKind::Appointment => ("Appointment.status", TO_COME),
        };
        let status = |code: &&str| Span::next(parameter, [], Next::CodeAnySystem((*code).into()));
        Select::of(name)
            .with(Clause::Any(compartment_spans(patient, Some(name), &[])))
            .with(Clause::Any(statuses.iter().map(status).collect()))
    }

    /// The kind of what a type of resources says.
    pub(super) fn of_type(name: &str) -> Option<OwedKind> {
        OwedKind::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

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
    /// What it is, such as `ServiceRequest/7`.
    pub fn reference(&self) -> String {
        let kind = OwedKind::ALL.iter().find(|(kind, _)| *kind == self.kind).map_or("Task", |(_, name)| name);
        format!("{kind}/{}", self.id)
    }

    /// Reads a resource; `None` when nothing of it is owed.
    pub(super) fn of(kind: OwedKind, resource: Node<'_, '_>, now: Moment) -> Option<Owed> {
        let status = text(resource, "status").unwrap_or_default();
        let (is_open, when, owner) = match kind {
            OwedKind::Request => {
                (REQUESTED.contains(&status.as_str()), when(resource, "authoredOn"), display(resource, "performer"))
            }
            OwedKind::Appointment => {
                let start = when(resource, "start");
                (
                    TO_COME.contains(&status.as_str()) && start.as_ref().is_none_or(|start| start.upper() > now),
                    start,
                    None,
                )
            }
            OwedKind::Task => {
                let due = resource.get("restriction").and_then(|of| when(of.get("period")?, "end"));
                (true, due.or_else(|| when(resource, "authoredOn")), display(resource, "owner"))
            }
        };
        let words = words_at(resource, "code")
            .or_else(|| words_at(resource, "serviceType"))
            .or_else(|| text(resource, "description"))
            .unwrap_or_else(|| "Not described".to_owned());
        let is_kept = kind == OwedKind::Task && Task::of(resource).owner != NOBODY;
        is_open.then(|| Owed { kind, id: text(resource, "id").unwrap_or_default(), words, when, owner, is_kept })
    }
}

fn display(resource: Node<'_, '_>, member: &str) -> Option<String> {
    text(resource.get(member)?.items().next()?, "display")
}

/// What is still owed to a patient.
///
/// # Errors
/// The record could not be read.
pub async fn still_owed(reading: &Reading, patient: &str, now: Moment) -> Result<Vec<Owed>, Problem> {
    let mut owed = Vec::new();
    let mut kept: BTreeMap<String, String> = BTreeMap::new();
    for (kind, name) in OwedKind::ALL {
        if !reading.permit().scope().reads.contains(name) {
            continue;
        }
        let mut select = kind.open_of(name, patient).limit(PAGE);
        loop {
            let page = reading.select(&select).await?;
            for version in &page.versions {
                let document = draft::document(version)?;
                owed.extend(Owed::of(kind, document.root(), now));
                if kind == OwedKind::Task {
                    let task = Task::of(document.root());
                    let named = display(document.root(), "owner").unwrap_or_else(|| task.owner.clone());
                    kept.extend(task.focus.filter(|_| task.owner != NOBODY).map(|about| (about, named)));
                }
            }
            let Some(next) = page.next else { break };
            select.after = Some(next);
        }
    }
    for one in &mut owed {
        if let Some(owner) = kept.get(&one.reference()) {
            (one.owner, one.is_kept) = (Some(owner.clone()), true);
        }
    }
    owed.sort_by_key(|one| (one.kind, one.when.as_ref().map(|when| when.lower())));
    Ok(owed)
}
