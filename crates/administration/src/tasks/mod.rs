//! Tasks: what somebody wrote down to be done, for a person or a team, about a patient, a stay or an obligation; as FHIR
//! `Task`.
//!
//! | what | where in Task (R4, task.html) |
//! | --- | --- |
//! | open, done, cancelled | `status`: requested or accepted and the like; completed; cancelled |
//! | what | `description` |
//! | which kind of obligation it came from, and its anchor | `code` of system `urn:almoner:task`; `focus` |
//! | the patient, the stay | `for`, `encounter` |
//! | whose | `owner`: an identifier of system `urn:almoner:owner` with the plain name; of others a reference |
//! | handed over to whom, until they accept | extension `urn:almoner:handed-to`, the plain name |
//! | due | `restriction.period.end` |
//! | first due, how often it got a new date | extensions `urn:almoner:first-due`, `urn:almoner:times-moved` |
//! | whose it was when they were closed, in words, until somebody accepts it | extension `urn:almoner:moved-from` |
//! | who wrote it, when | `requester.display`, `authoredOn` |
//! | done or cancelled why | `statusReason` |

mod add;
mod change;
mod gather;
mod hand_over;
mod hand_over_all;
mod rows;
mod take_over;
mod write;

use fhir::Node;
use fhir::read::{code_in, extension, extension_text, id_of, moment, reference, text, words_at};
use sha2::{Digest as _, Sha256};
use terms::{Moment, PartialDate};

use crate::obligations::NOBODY;

pub use add::AddTask;
pub use change::{ChangeTask, TaskChange};
pub use gather::{about, of_patients, of_ward, offered, task, tasks};
pub use hand_over::{AcceptTask, HandOverTask};
pub use hand_over_all::{HandOverTasks, MOST_AT_ONCE};
pub(crate) use rows::OPEN_TASK;
pub use rows::task_rows;
pub use take_over::{Manager, OwedBy, given_to, owed_by};
pub(crate) use write::{due as due_until, owner as owner_named, owner_team};

/// The code system of what a task came from: kinds of obligation.
pub const TASK_CODES: &str = "urn:almoner:task";
/// The system of owners' plain names.
const OWNER: &str = "urn:almoner:owner";
/// Whom a task is offered to.
const HANDED_TO: &str = "urn:almoner:handed-to";
/// Whose it was when their account or ward was closed.
const MOVED_FROM: &str = "urn:almoner:moved-from";
/// The date it had first.
const FIRST_DUE: &str = "urn:almoner:first-due";
/// How often it got a new date.
const TIMES_MOVED: &str = "urn:almoner:times-moved";

/// How far a task has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    /// To be done.
    Open,
    /// Done.
    Done,
    /// Not to be done any more.
    Cancelled,
    /// Written by mistake.
    Mistaken,
}

/// A task as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The Task's id.
    pub id: String,
    /// How far it has come.
    pub state: TaskState,
    /// What shall be done, in words.
    pub what: String,
    /// The kind of obligation that it came from.
    pub kind: Option<String>,
    /// What it is about, such as `Encounter/7`.
    pub focus: Option<String>,
    /// The Patient's id.
    pub patient: Option<String>,
    /// The stay's id.
    pub stay: Option<String>,
    /// Whose it is, a plain name.
    pub owner: String,
    /// To whom it is handed over; until they accept it is the owner's.
    pub handed_to: Option<String>,
    /// Until when.
    pub due: Option<Moment>,
    /// Until when it was to be done first, if it has got another date.
    pub first_due: Option<Moment>,
    /// How often it got another date.
    pub times_moved: u32,
    /// Whose it was when they were closed, in words: a manager has it, and has given it to nobody yet.
    pub moved_from: Option<String>,
    /// Who wrote it.
    pub by: Option<String>,
    /// When it was written.
    pub written: Option<PartialDate>,
}

/// The id of a task that a rule makes: the same for the same kind and what it is about, so that it is made once.
pub fn task_id(kind: &str, about: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in about {
        hash.update(part);
        hash.update([0]);
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest[..12].iter().fold(format!("{kind}-"), |id, byte| format!("{id}{byte:02x}"))
}

impl TaskState {
    /// The state of a Task's status (R4, valueset-task-status.html). What failed or was rejected is still to be done by
    /// somebody.
    pub fn of_status(status: &str) -> TaskState {
        match status {
            "completed" => TaskState::Done,
            "cancelled" => TaskState::Cancelled,
            "entered-in-error" => TaskState::Mistaken,
            _ => TaskState::Open,
        }
    }
}

impl Task {
    /// Reads a `Task`.
    pub fn of(task: Node<'_, '_>) -> Task {
        let due =
            task.get("restriction").and_then(|of| of.get("period")).and_then(|period| fhir::read::when(period, "end"));
        Task {
            id: text(task, "id").unwrap_or_default(),
            state: TaskState::of_status(&text(task, "status").unwrap_or_default()),
            what: text(task, "description").or_else(|| words_at(task, "code")).unwrap_or_else(|| "No words".into()),
            kind: task.get("code").and_then(|code| code_in(code, TASK_CODES)),
            focus: reference(task, "focus"),
            patient: id_of(task, "for", "Patient"),
            stay: id_of(task, "encounter", "Encounter"),
            owner: owner_of(task),
            handed_to: extension_text(task, HANDED_TO),
            due: due.map(|due| if due.precision() < terms::Precision::Minute { due.upper() } else { due.lower() }),
            first_due: extension(task, FIRST_DUE).and_then(|of| moment(of, "valueDateTime")),
            times_moved: extension(task, TIMES_MOVED)
                .and_then(|of| of.get("valueUnsignedInt")?.number()?.parse().ok())
                .unwrap_or(0),
            moved_from: extension_text(task, MOVED_FROM),
            by: task.get("requester").and_then(|who| text(who, "display")),
            written: fhir::read::when(task, "authoredOn"),
        }
    }

    /// Whether it is still to be done.
    pub fn is_open(&self) -> bool {
        self.state == TaskState::Open
    }
}

/// The plain name of a task's owner: what we wrote, or what another system's reference comes to.
fn owner_of(task: Node<'_, '_>) -> String {
    let owner = task.get("owner");
    let identifier = owner.and_then(|owner| owner.get("identifier"));
    let own = identifier.filter(|of| text(*of, "system").as_deref() == Some(OWNER)).and_then(|of| text(of, "value"));
    let referred = || {
        let reference = reference(task, "owner")?;
        let (kind, id) = reference.split_once('/')?;
        let kind = match kind {
            "Practitioner" => "practitioner",
            "CareTeam" | "Organization" => "team",
            "Location" => "place",
            _ => return None,
        };
        Some(format!("{kind}/{id}"))
    };
    own.or_else(referred).unwrap_or_else(|| NOBODY.into())
}
