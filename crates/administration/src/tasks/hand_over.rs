//! Handing a task over: it stays its owner's until the other has accepted it, so that nothing falls between two.
//! Knows no accounts: for whom somebody may speak is a parameter.

use fhir::write::quoted;
use record::{Draft, Reading, TransactError};
use terms::Moment;

use super::change::is_open;
use super::{Task, write};
use crate::refusal::Refusal;

/// Offers a task to somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOverTask {
    /// The Task's id.
    pub task: String,
    /// To whom: a plain name, such as `user/m.ortiz`, `place/heron`, `team/site`.
    pub to: String,
}

/// Accepts a task that was handed over: from now on it is the other's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptTask {
    /// The Task's id.
    pub task: String,
    /// The names for which whoever accepts may speak: their own, and those of their ward and teams.
    pub speaks_for: Vec<String>,
    /// What the new owner is called.
    pub name: String,
}

impl HandOverTask {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        write::edited(reading, &self.task, now, |task, node| {
            self.decide(task)?;
            Ok(vec![("extension", write::handed_to(node, Some(&self.to)))])
        })
        .await
    }

    fn decide(&self, task: &Task) -> Result<(), Refusal> {
        is_open(task)?;
        if self.to.is_empty() {
            return Err(Refusal::at("to-missing", "to", "Say to whom the task goes."));
        }
        if self.to == task.owner {
            return Err(Refusal::at("to-owner", "to", "It is theirs already. Choose somebody else."));
        }
        Ok(())
    }
}

impl AcceptTask {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        write::edited(reading, &self.task, now, |task, node| {
            let to = self.decide(task)?;
            let owner = write::owner(to, &self.name);
            let extensions = write::accepted(node);
            Ok(vec![("status", Some(quoted("accepted"))), ("owner", Some(owner)), ("extension", extensions)])
        })
        .await
    }

    fn decide<'t>(&self, task: &'t Task) -> Result<&'t str, Refusal> {
        is_open(task)?;
        let to = task.handed_to.as_deref();
        let to = to.ok_or_else(|| Refusal::new("not-handed-over", "This task is not handed over to anybody now."))?;
        if !self.speaks_for.iter().any(|name| name == to) {
            let sentence = "This task was handed over to somebody else. They accept it themselves.";
            return Err(Refusal::new("not-yours", sentence));
        }
        Ok(to)
    }
}
