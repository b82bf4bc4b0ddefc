//! Shift handover: somebody's open tasks offered to a colleague or a team in one act. Each stays theirs until the other
//! accepts it, and each can be taken back alone (operations 5). Knows no accounts.

use record::{Draft, Reading, TransactError};
use terms::Moment;

use super::change::is_open;
use super::{Task, write};
use crate::refusal::Refusal;

/// Most tasks of one act (operations 5).
pub const MOST_AT_ONCE: usize = 50;

/// Offers tasks to somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOverTasks {
    /// The Tasks' ids.
    pub tasks: Vec<String>,
    /// Whose they are: the plain names of whoever hands them over, as an account and as a member of staff.
    pub from: Vec<String>,
    /// To whom: a plain name, such as `user/m.ortiz`, `place/heron`.
    pub to: String,
}

impl HandOverTasks {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        self.decide().map_err(TransactError::Refused)?;
        let mut draft = Draft::default();
        for task in &self.tasks {
            let offered = write::edited(reading, task, now, |task, node| {
                self.is_theirs(task)?;
                Ok(vec![("extension", write::handed_to(node, Some(&self.to)))])
            });
            draft.changes.extend(offered.await?.changes);
        }
        Ok(draft)
    }

    fn decide(&self) -> Result<(), Refusal> {
        if self.tasks.is_empty() {
            return Err(Refusal::at("tasks-missing", "tasks", "Choose the tasks that are handed over."));
        }
        if self.tasks.len() > MOST_AT_ONCE {
            let sentence = "At most 50 tasks are handed over at once. Choose fewer, then hand over the others.";
            return Err(Refusal::at("tasks-many", "tasks", sentence));
        }
        if self.to.is_empty() {
            return Err(Refusal::at("to-missing", "to", "Say to whom the tasks go."));
        }
        if self.from.contains(&self.to) {
            return Err(Refusal::at("to-owner", "to", "They are yours already. Choose somebody else."));
        }
        Ok(())
    }

    fn is_theirs(&self, task: &Task) -> Result<(), Refusal> {
        is_open(task)?;
        if !self.from.contains(&task.owner) {
            let sentence = "One of these tasks is somebody else's now. Look at the list again, then hand over.";
            return Err(Refusal::at("task-of-another", "tasks", sentence));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_tasks_go_to_somebody_else_and_at_most_fifty() {
        let of = |number: usize, to: &str| HandOverTasks {
            tasks: (0..number).map(|at| format!("t{at}")).collect(),
            from: vec!["user/s.reilly".into(), "practitioner/reilly".into()],
            to: to.into(),
        };
        let code = |of: HandOverTasks| of.decide().err().map(|refusal| refusal.code);
        assert_eq!(code(of(1, "place/heron")), None);
        assert_eq!(code(of(50, "place/heron")), None);
        assert_eq!(code(of(51, "place/heron")), Some("tasks-many"));
        assert_eq!(code(of(0, "place/heron")), Some("tasks-missing"));
        assert_eq!(code(of(1, "")), Some("to-missing"));
        assert_eq!(code(of(1, "user/s.reilly")), Some("to-owner"));
        assert_eq!(code(of(1, "practitioner/reilly")), Some("to-owner"));
    }
}
