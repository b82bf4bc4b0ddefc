//! Changing a task: done, to be done again after all, cancelled with a reason, or by another date.
//!
//! Another date does not make a task younger: the first stays, and how often it was moved is counted (operations 6).

use fhir::Node;
use fhir::write::{Object, quoted};
use record::{Draft, Reading, TransactError};
use terms::Moment;

use super::add::check_due;
use super::{Task, TaskState, write};
use crate::refusal::Refusal;

/// What becomes of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskChange {
    /// It is done.
    Complete,
    /// It is to be done after all.
    Reopen,
    /// It is not to be done, and why.
    Cancel(String),
    /// It is to be done by another time.
    Redate(Moment),
}

/// Changes a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeTask {
    /// The Task's id.
    pub task: String,
    /// What becomes of it.
    pub to: TaskChange,
}

/// The members that are set.
type Members = Vec<(&'static str, Option<String>)>;

impl ChangeTask {
    /// Its name, as the journal has it.
    pub(crate) fn name(&self) -> &'static str {
        match self.to {
            TaskChange::Complete => "complete task",
            TaskChange::Reopen => "reopen task",
            TaskChange::Cancel(_) => "cancel task",
            TaskChange::Redate(_) => "give task another date",
        }
    }

    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        write::edited(reading, &self.task, now, |task, node| self.decide(task, node, now)).await
    }

    fn decide(&self, task: &Task, node: Node<'_, '_>, now: Moment) -> Result<Members, Refusal> {
        let status = |status: &str| ("status", Some(quoted(status)));
        if self.to == TaskChange::Reopen {
            return match task.state {
                TaskState::Done | TaskState::Cancelled => Ok(vec![status("accepted"), ("statusReason", None)]),
                TaskState::Open => Err(Refusal::new("task-open", "This task is open already.")),
                TaskState::Mistaken => {
                    Err(Refusal::new("task-mistaken", "This task was written by mistake. Write a new one."))
                }
            };
        }
        is_open(task)?;
        match &self.to {
            TaskChange::Complete => Ok(vec![status("completed"), ("extension", write::handed_to(node, None))]),
            TaskChange::Cancel(reason) => {
                let reason = reason.trim();
                if reason.is_empty() || reason.chars().count() > 200 {
                    let sentence = "Say in at most 200 characters why it need not be done.";
                    return Err(Refusal::at("reason-missing", "reason", sentence));
                }
                let reason = Object::new().text("text", reason).done();
                Ok(vec![status("cancelled"), ("statusReason", Some(reason))])
            }
            TaskChange::Redate(due) => {
                check_due(*due, now)?;
                let first = task.first_due.or(task.due);
                let moved = write::moved(node, first, task.times_moved + 1);
                Ok(vec![("restriction", Some(write::due(*due))), ("extension", moved)])
            }
            TaskChange::Reopen => Ok(Vec::new()),
        }
    }
}

/// Whether something can still be done with it.
pub(super) fn is_open(task: &Task) -> Result<(), Refusal> {
    match task.state {
        TaskState::Open => Ok(()),
        TaskState::Done => Err(Refusal::new("task-done", "Somebody has done this task already.")),
        TaskState::Cancelled => Err(Refusal::new("task-cancelled", "Somebody has cancelled this task.")),
        TaskState::Mistaken => Err(Refusal::new("task-mistaken", "This task was written by mistake.")),
    }
}
