//! A downtime and a number of one, as they are recorded: read from a Task, written as one.
//!
//! The state is read so that nothing is lost: what is marked as done without saying what for, or cancelled without a reason,
//! is open still.

use fhir::Node;
use fhir::read::{code_in, items, moment, reference, text};
use fhir::write::{Object, array, concept};
use terms::Moment;

use super::SYSTEM;
use crate::patient_index::normal_number;
use crate::tasks::{Task, TaskState};

/// The code of a downtime.
pub(super) const DOWNTIME: &str = "downtime";
/// Digits of a form's number.
const FORM_DIGITS: usize = 6;
/// The letter of a form's number.
const FORM_LETTER: &str = "D";

/// What a number is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A paper form.
    Form,
    /// A patient who was given a hospital number on paper.
    Hospital,
}

/// How a number stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody has said what became of it.
    Open,
    /// It was used, and is entered.
    Used,
    /// It was not used, or what it was used for is not entered under it; somebody said why.
    Void,
}

/// A number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// The Task's id.
    pub id: String,
    /// What it is of.
    pub kind: Kind,
    /// As it is printed, such as `D 000 017`.
    pub printed: String,
    /// Which were issued with it.
    pub block: String,
    /// How it stands.
    pub state: State,
    /// To whom it was issued: a plain name, and what they were called.
    pub owner: (String, String),
    /// When it was issued.
    pub issued: Option<Moment>,
    /// The Task of the downtime that it belongs to.
    pub downtime: Option<String>,
    /// Until when it is to be accounted for; none while no downtime has ended.
    pub due: Option<Moment>,
    /// What it was used for, such as `Encounter/7`.
    pub used_for: Vec<String>,
    /// When that happened.
    pub happened: Option<Moment>,
    /// When its state was said last.
    pub entered: Option<Moment>,
    /// Who said it.
    pub by: Option<String>,
    /// Why it is void.
    pub reason: Option<String>,
}

/// A downtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downtime {
    /// The Task's id.
    pub id: String,
    /// Why the record could not be used.
    pub reason: String,
    /// Since when.
    pub began: Moment,
    /// Until when; it goes on while nobody has said.
    pub ended: Option<Moment>,
    /// Who said that it began.
    pub begun_by: String,
    /// Who said that it ended.
    pub ended_by: Option<String>,
}

impl Kind {
    /// Both, in the order of pages.
    pub const ALL: [Kind; 2] = [Kind::Form, Kind::Hospital];

    /// The code of its Task.
    pub const fn code(self) -> &'static str {
        match self {
            Kind::Form => "form-number",
            Kind::Hospital => "hospital-number",
        }
    }

    /// The noun for one, and for several.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Kind::Form => ("form number", "form numbers"),
            Kind::Hospital => ("hospital number", "hospital numbers"),
        }
    }
}

impl State {
    /// Its name in index rows.
    pub(super) const fn code(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Used => "used",
            State::Void => "void",
        }
    }
}

impl Number {
    /// Reads a Task; `None` for every other task.
    pub fn of(task: Node<'_, '_>) -> Option<Number> {
        let code = code_in(task.get("code")?, SYSTEM)?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.code() == code)?;
        let of = Task::of(task);
        let used_for: Vec<String> =
            items(task, "output").filter_map(|output| reference(output, "valueReference")).collect();
        let reason = task.get("statusReason").and_then(|reason| text(reason, "text"));
        let reason = reason.filter(|reason| !reason.trim().is_empty());
        let state = match of.state {
            TaskState::Done if !used_for.is_empty() => State::Used,
            TaskState::Cancelled if reason.is_some() => State::Void,
            _ => State::Open,
        };
        let said = items(task, "note").last();
        Some(Number {
            id: of.id,
            kind,
            printed: items(task, "identifier").find_map(|id| text(id, "value")).unwrap_or_default(),
            block: task.get("groupIdentifier").and_then(|group| text(group, "value")).unwrap_or_default(),
            state,
            owner: (of.owner, task.get("owner").and_then(|owner| text(owner, "display")).unwrap_or_default()),
            issued: of.written.map(|written| written.lower()),
            downtime: items(task, "partOf")
                .find_map(|of| Some(text(of, "reference")?.strip_prefix("Task/")?.to_owned())),
            due: of.due,
            used_for,
            happened: task.get("executionPeriod").and_then(|period| moment(period, "start")),
            entered: moment(task, "lastModified"),
            by: said.and_then(|note| text(note, "authorString")),
            reason,
        })
    }

    /// The number as it is found.
    pub(super) fn normal(&self) -> String {
        normal_number(&self.printed)
    }
}

impl Downtime {
    /// Reads a Task; `None` for every other task, and for one that was a mistake.
    pub fn of(task: Node<'_, '_>) -> Option<Downtime> {
        if code_in(task.get("code")?, SYSTEM).as_deref() != Some(DOWNTIME) {
            return None;
        }
        let of = Task::of(task);
        if matches!(of.state, TaskState::Cancelled | TaskState::Mistaken) {
            return None;
        }
        let period = task.get("executionPeriod")?;
        Some(Downtime {
            id: of.id,
            reason: of.what,
            began: moment(period, "start")?,
            ended: moment(period, "end"),
            begun_by: of.by.unwrap_or_default(),
            ended_by: items(task, "note").last().and_then(|note| text(note, "authorString")),
        })
    }

    /// Whether something happened while it lasted.
    pub fn covers(&self, at: Moment) -> bool {
        self.began <= at && self.ended.is_none_or(|ended| at <= ended)
    }
}

/// The `code` of a Task of a downtime.
pub(super) fn coded(code: &str, words: &str) -> String {
    concept(SYSTEM, code, words)
}

/// A form's number as it is printed: `D 000 017`.
pub(crate) fn printed_form(number: u32) -> String {
    format!("{FORM_LETTER} {:03} {:03}", number / 1000, number % 1000)
}

/// What somebody typed as the number that is printed on a form: `D 000 017`, `d17`, `17`.
pub(super) fn normal_form(typed: &str) -> String {
    let typed = normal_number(typed);
    let digits = typed.strip_prefix(FORM_LETTER).unwrap_or(&typed);
    format!("{FORM_LETTER}{digits:0>FORM_DIGITS$}")
}

/// The member `note` with one more: who said it, when and what.
pub(super) fn noted(task: Node<'_, '_>, by: &str, now: Moment, words: &str) -> String {
    let new = Object::new().text("authorString", by).text("time", now.to_string()).text("text", words).done();
    array(items(task, "note").map(|note| note.raw_text().to_owned()).chain([new]))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use fhir::{Document, Limits};

    use super::*;

    fn state(status: &str, members: &str) -> Option<State> {
        let text = format!(
            r#"{{"resourceType":"Task","id":"t","intent":"order","status":"{status}"{members},
                "code":{{"coding":[{{"system":"urn:almoner:downtime","code":"form-number"}}]}}}}"#
        );
        let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
        Number::of(document.root()).map(|number| number.state)
    }

    #[test]
    fn a_number_without_an_end_state_is_open_whatever_its_status_says() {
        let output = r#","output":[{"type":{"text":"e"},"valueReference":{"reference":"Encounter/1"}}]"#;
        let reason = r#","statusReason":{"text":"Torn"}"#;
        let cases = [
            ("requested", "", State::Open),
            ("completed", output, State::Used),
            ("completed", "", State::Open),
            ("completed", reason, State::Open),
            ("cancelled", reason, State::Void),
            ("cancelled", "", State::Open),
            ("cancelled", r#","statusReason":{"text":" "}"#, State::Open),
            ("rejected", reason, State::Open),
            ("entered-in-error", output, State::Open),
        ];
        for (status, members, expected) in cases {
            assert_eq!(state(status, members), Some(expected), "{status} {members}");
        }
    }

    #[test]
    fn a_form_is_found_by_whatever_of_its_number_somebody_types() {
        assert_eq!(printed_form(17), "D 000 017");
        for typed in ["D 000 017", "d000017", "17", " d 17 ", "D-000-017"] {
            assert_eq!(normal_form(typed), normal_number(&printed_form(17)), "{typed}");
        }
        assert_ne!(normal_form("18"), normal_form("17"));
    }
}
