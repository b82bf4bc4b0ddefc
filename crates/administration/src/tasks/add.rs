//! Adding a task: by hand, or from an obligation, which then shows it.
//! A task has an owner and a time to come, or it is none (operations 6).

use fhir::write::{Object, array, concept, extension, quoted, reference};
use record::{Change, Draft, Key, Problem, Reading, TransactError};
use terms::Moment;

use super::{MOVED_FROM, TASK_CODES, write};
use crate::draft;
use crate::refusal::Refusal;

/// Longest text of a task, in characters.
const LONGEST: usize = 500;

/// Adds a task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddTask {
    /// The new Task's id.
    pub id: String,
    /// What shall be done.
    pub what: String,
    /// Whose it is: plain name, and what they are called.
    pub owner: (String, String),
    /// Until when.
    pub due: Moment,
    /// The Patient it is about.
    pub patient: Option<String>,
    /// The stay it is about.
    pub stay: Option<String>,
    /// The obligation that it came from: kind, and anchor such as `Encounter/7`.
    pub from: Option<(String, String)>,
}

impl AddTask {
    /// Decides; there is nothing to gather.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        self.decide(now).map_err(TransactError::Refused)?;
        let change = self.change(&reading.permit().principal().name, now)?;
        Ok(Draft { changes: vec![change], assertions: Vec::new() })
    }

    /// The change that writes the task, in the name of somebody.
    ///
    /// # Errors
    /// What was written is no valid Task: our mistake.
    pub fn change(&self, by: &str, now: Moment) -> Result<Change, Problem> {
        self.change_from(by, now, None)
    }

    /// The same of what somebody owed who is closed, and who that was.
    pub(super) fn change_from(&self, by: &str, now: Moment, from: Option<&str>) -> Result<Change, Problem> {
        let focus = self.from.as_ref().map(|(_, anchor)| reference(anchor, None));
        let to = |kind: &str, id: &Option<String>| id.as_ref().map(|id| reference(&format!("{kind}/{id}"), None));
        let taken_over = from.map(|from| array([extension(MOVED_FROM, "valueString", &quoted(from))]));
        let text = Object::resource("Task", &self.id)
            .json_if("extension", taken_over)
            .text("status", "requested")
            .text("intent", "order")
            .json_if("code", self.from.as_ref().map(|(kind, _)| concept(TASK_CODES, kind, kind)))
            .text("description", self.what.trim())
            .json_if("focus", focus)
            .json_if("for", to("Patient", &self.patient))
            .json_if("encounter", to("Encounter", &self.stay))
            .text("authoredOn", now.to_string())
            .text("lastModified", now.to_string())
            .json("requester", Object::new().text("display", by).done())
            .json("owner", write::owner(&self.owner.0, &self.owner.1))
            .json("restriction", write::due(self.due))
            .done();
        draft::put(Key::new("Task", self.id.as_str()), text.as_bytes())
    }

    fn decide(&self, now: Moment) -> Result<&str, Refusal> {
        let what = self.what.trim();
        if what.is_empty() {
            return Err(Refusal::at("what-missing", "what", "Say what shall be done."));
        }
        if what.chars().count() > LONGEST {
            return Err(Refusal::at("what-long", "what", "A task has at most 500 characters."));
        }
        if self.owner.0.is_empty() {
            return Err(Refusal::at("owner-missing", "owner", "Say whose task it is: the ward, a team or a person."));
        }
        check_due(self.due, now)?;
        Ok(what)
    }
}

/// A next step lies in the future (operations 6).
pub(super) fn check_due(due: Moment, now: Moment) -> Result<(), Refusal> {
    if due <= now {
        return Err(Refusal::at("due-passed", "at_time", "This time has passed. Say by when it shall be done."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_needs_words_an_owner_and_a_time_to_come() {
        let whole = AddTask {
            what: " Book transport ".into(),
            owner: ("place/heron".into(), "Heron ward".into()),
            due: Moment(2000),
            ..AddTask::default()
        };
        let code = |task: &AddTask| task.decide(Moment(1000)).err().map(|refusal| (refusal.code, refusal.field));
        assert_eq!(whole.decide(Moment(1000)), Ok("Book transport"));
        let cases = [
            (AddTask { what: "  ".into(), ..whole.clone() }, ("what-missing", Some("what"))),
            (AddTask { what: "x".repeat(501), ..whole.clone() }, ("what-long", Some("what"))),
            (AddTask { owner: Default::default(), ..whole.clone() }, ("owner-missing", Some("owner"))),
            (AddTask { due: Moment(1000), ..whole }, ("due-passed", Some("at_time"))),
        ];
        for (task, expected) in cases {
            assert_eq!(code(&task), Some(expected));
        }
    }
}
