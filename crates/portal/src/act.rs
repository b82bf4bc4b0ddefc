//! From a form to a command and back to a page: what was typed, when it happened, the commit, and its undo.
//!
//! A form is sent once: it carries the key that its page was made with, so that a second press, or a browser that asks
//! again, gets the first receipt. What the rules refuse goes back to the form with everything that was typed.

use std::collections::BTreeMap;

use administration::downtime::BackEnter;
use administration::{Command, Refusal, Undo, carry_out};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use record::{Cause, CauseKind, IdempotencyKey, Problem, Receipt, TransactError};
use sha2::{Digest as _, Sha256};
use terms::{LocalTime, Moment, Time};

use crate::components::notice::{Kind, notice};
use crate::door::Door;
use crate::drafts;
use crate::link::encode;
use crate::setting::Setting;

/// The longest text of one field, in bytes.
const LONGEST: usize = 20_000;

/// How long *now* means now: a form that was opened earlier is asked when it happened.
const FRESH_MS: i64 = 10 * 60 * 1000;

/// What has a way back of its own, or none, and is not undone.
const FINAL: [&str; 5] = ["merged", "unmerged", "numbers-issued", "access-reviewed", "access-followed-up"];

/// What somebody typed, by the names of the fields. Every field that was sent is kept, also when it is refused.
#[derive(Debug, Clone, Default)]
pub(crate) struct Typed(BTreeMap<String, String>);

/// Why a form came to nothing.
#[derive(Debug)]
pub(crate) enum NotDone {
    /// The rules said no, or others kept changing what it stands on: the page shows what is so now, and what was typed.
    Refused(Refusal),
    /// The world failed.
    Failed(Problem),
}

impl From<Refusal> for NotDone {
    fn from(refusal: Refusal) -> NotDone {
        NotDone::Refused(refusal)
    }
}

impl From<Problem> for NotDone {
    fn from(problem: Problem) -> NotDone {
        NotDone::Failed(problem)
    }
}

impl Typed {
    /// The fields of a form or of an address.
    pub(crate) fn of(fields: Vec<(String, String)>) -> Typed {
        Typed(fields.into_iter().filter(|(_, value)| value.len() <= LONGEST).collect())
    }

    /// The same with a field that was not sent.
    pub(crate) fn with(mut self, name: &str, value: String) -> Typed {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// A field without the spaces around it; empty when it was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }

    /// Every field that was sent, as it was sent.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Puts a value into a field that is empty; what somebody typed stays.
    pub(crate) fn fill(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value.filter(|_| self.text(name).is_empty()) {
            self.0.insert(name.to_owned(), value);
        }
    }

    /// Whether the form is about this patient: two windows on two patients never send one's words to the other.
    ///
    /// # Errors
    /// It is about somebody else.
    pub(crate) fn is_about(&self, patient: &str) -> Result<(), Refusal> {
        if self.text("draft_patient") == patient {
            return Ok(());
        }
        let sentence = "This form was opened for another patient than the one of this page. Nothing was recorded. \
             Open the right patient and begin there.";
        Err(Refusal::new("other-patient", sentence))
    }

    /// A field, if something was typed into it.
    pub(crate) fn some(&self, name: &str) -> Option<String> {
        let text = self.text(name);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// When it happened: `at=now`, or `at_date` and `at_time` as local time (a form says in
    /// `opened` since when it has been open); the hour that exists twice asks `at_which`.
    ///
    /// # Errors
    /// Nothing was said, or a time that is none.
    pub(crate) fn moment(&self, now: Moment) -> Result<Moment, Refusal> {
        if self.text("at") == "now" {
            let opened = self.text("opened").parse().unwrap_or(now.0);
            if now.0 - opened <= FRESH_MS {
                return Ok(now);
            }
            let sentence = "This form was opened more than 10 minutes ago. Say when it happened.";
            return Err(Refusal::at("form-old", "at", sentence));
        }
        let (date, time) = (self.text("at_date"), self.text("at_time"));
        if time.is_empty() {
            return Err(Refusal::at("time-missing", "at_time", "Say when it happened: now, or a time such as 14:05."));
        }
        let today = terms::local_date(now);
        let date = match date {
            "" => today,
            typed => terms::input::parse_typed_date(typed, terms::input::DateOf::Event, today)
                .map_err(|error| Refusal::at("date", "at_date", error.to_string()))?,
        };
        let time =
            time_of(time).ok_or_else(|| Refusal::at("time", "at_time", "A time is four digits, such as 14:05."))?;
        match terms::moment_of(date, time) {
            LocalTime::Once(moment) => Ok(moment),
            LocalTime::Twice { first, second } => match self.text("at_which") {
                "first" => Ok(first),
                "second" => Ok(second),
                _ => Err(Refusal::at(
                    "time-twice",
                    "at_which",
                    "This time was there twice that night. Say which: the first (BST) or the second (GMT).",
                )),
            },
            LocalTime::Missing { .. } => {
                let sentence = "This time was not there that night: the clocks went forward. Say when it happened.";
                Err(Refusal::at("time-never", "at_time", sentence))
            }
        }
    }

    fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for (name, value) in self.0.iter().filter(|(name, _)| *name != "form_token") {
            hash.update((name.len() as u64).to_be_bytes());
            hash.update(name);
            hash.update((value.len() as u64).to_be_bytes());
            hash.update(value);
        }
        hash.finalize().into()
    }
}

/// `14:05`, `1405`, `9:05`.
fn time_of(typed: &str) -> Option<Time> {
    let digits: String = typed.chars().filter(|c| *c != ':' && *c != '.').collect();
    if !(3..=4).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at(digits.len() - 2);
    Time::new(hours.parse().ok()?, minutes.parse().ok()?, 0, 0).ok()
}

/// Carries a form's command out, once for each form.
pub(crate) async fn act(door: &Door, command: &Command, typed: &Typed) -> Result<Receipt, NotDone> {
    let cause = Cause { kind: CauseKind::Form, reference: door.request.clone() };
    let key = typed.text("form_key");
    let idempotency =
        (!key.is_empty()).then(|| IdempotencyKey { key: key.chars().take(100).collect(), digest: typed.digest() });
    let command = &from_paper(door, command, typed)?;
    match carry_out(&door.record, &door.permit, command, (cause, idempotency), door.now).await {
        Ok(receipt) => {
            // What was typed is recorded; a draft that stays behind is a nuisance, not a failure.
            if let Err(problem) = drafts::end(door, typed).await {
                tracing::warn!(request = %door.request, %problem, "a draft could not be ended");
            }
            Ok(receipt)
        }
        Err(TransactError::Refused(refusal)) => Err(NotDone::Refused(refusal)),
        Err(TransactError::KeyReused) => {
            let sentence =
                "This form was sent before with other words in it. Look at what was recorded, then begin a new one.";
            Err(NotDone::Refused(Refusal::new("form-used", sentence)))
        }
        Err(TransactError::Contended { .. }) => {
            let sentence = "Others were changing the same thing at this moment. Nothing of yours was recorded: \
                 look at what is so now, then send it again.";
            Err(NotDone::Refused(Refusal::new("contended", sentence)))
        }
        Err(TransactError::Problem(problem)) => Err(NotDone::Failed(problem)),
    }
}

/// What is carried out: the command, or its entry from the paper form whose number was typed.
fn from_paper(door: &Door, command: &Command, typed: &Typed) -> Result<Command, Refusal> {
    let hospital = typed.some("downtime_number");
    let Some(form) = typed.some("downtime_form") else {
        if hospital.is_some() {
            let sentence = "Type the number of the form too: a hospital number is entered with the form that it is on.";
            return Err(Refusal::at("form-missing", "downtime_form", sentence));
        }
        return Ok(command.clone());
    };
    if typed.text("at") == "now" {
        let sentence = "Choose another time: what a paper form says happened at the time that is written on it.";
        return Err(Refusal::at("form-time", "at", sentence));
    }
    let at = typed.moment(door.now)?;
    Ok(Command::BackEnter(BackEnter { form, hospital, at, command: Box::new(command.clone()) }))
}

/// The hidden fields of every form that changes something.
pub(crate) fn hidden(setting: &Setting) -> Markup {
    html! {
        input type="hidden" name="form_token" value=(setting.person.form_token);
        input type="hidden" name="form_key" value=(setting.form_key);
    }
}

/// Back to a page of this trust, which says what was done (a word of [`done_words`]) and offers to undo it.
pub(crate) fn done(back: &str, what: &str, receipt: &Receipt) -> Response {
    let join = if back.contains('?') { '&' } else { '?' };
    let is_final = FINAL.contains(&what) || receipt.written.is_empty();
    let undo = if is_final { String::new() } else { Undo::of(receipt).text() };
    Redirect::to(&format!("{back}{join}done={}&undo={}", encode(what), encode(&undo))).into_response()
}

/// The notice of what was just done, with its undo while that is possible.
pub(crate) fn done_notice(setting: &Setting, what: &str, undo: &str, back: &str) -> Option<Markup> {
    let words = done_words(what)?;
    let undo = Undo::parse(undo).filter(|undo| setting.now.0 - undo.moment.0 < administration::UNDO_MS);
    let action = undo.map(|undo| {
        let until = Moment(undo.moment.0 + administration::UNDO_MS);
        let until = terms::print::time_text(terms::local(until));
        html! {
            form method="post" action=(setting.links.undo()) {
                (hidden(setting))
                input type="hidden" name="undo" value=(undo.text());
                input type="hidden" name="back" value=(back);
                button.al-btn type="submit" { "Undo" }
                " " span.al-meta { "until " (until) }
            }
        }
    });
    Some(notice(Kind::Note, &html! { p.al-flush role="status" { (words) } }, action.as_ref()))
}

/// What was done, in words. The words of an address are not shown: whoever wrote it could make a page say anything.
fn done_words(what: &str) -> Option<&'static str> {
    Some(match what {
        "moved" => "The patient was moved.",
        "swapped" => "Both patients were moved.",
        "admitted" => "The patient was admitted.",
        "bed-state" => "The bed was changed.",
        "nurse" => "The nurse of the bay is changed.",
        "merge-asked" => "The merge is asked for. It waits for a second person.",
        "merged" => "The two records are merged.",
        "not-the-same" => "They are kept as two people.",
        "taken-back" => "The question is open again.",
        "unmerged" => "The merge was taken apart.",
        "given" => "The item was given.",
        "registered" => "The patient is registered. Step 2 asks the rest.",
        "corrected" => "The details are corrected.",
        "answered" => "The answer is recorded.",
        "traced" => "The NHS number is verified with PDS.",
        "restricted" => "The record is restricted.",
        "shown" => "The record is not restricted any more.",
        "known" => "It is recorded who this is.",
        "proposed" => "The patient index team is asked to merge the two records.",
        "newborn" => "The baby is registered.",
        "batch" => "The numbers are registered. Print this page.",
        "pack-given" => "They are on the board of the emergency department.",
        "arrived" => "The patient was booked in.",
        "expected" => "The ambulance is on the board.",
        "handed-over" => "The handover was recorded.",
        "triaged" => "The category was recorded.",
        "assessed" => "The first assessment was recorded.",
        "taken-over" => "The patient was taken over.",
        "waits" => "It was recorded.",
        "to-be-admitted" => "The decision was recorded, and a bed was asked for.",
        "departed" => "The departure was recorded.",
        "removed" => "The attendance was taken off the board.",
        "task-added" => "The task was added.",
        "task-done" => "The task is done.",
        "task-reopened" => "The task is open again.",
        "task-cancelled" => "The task was cancelled.",
        "task-date" => "The task has another date.",
        "task-offered" => "The task was handed over. It stays with its owner until it is accepted.",
        "tasks-offered" => "The tasks were handed over. They stay yours until they are accepted.",
        "task-accepted" => "The task is yours.",
        "requested" => "The decision to admit is recorded.",
        "tci" => "The day to come in is set.",
        "kept" => "The bed is kept.",
        "released" => "The bed is free for others.",
        "cancelled" => "It is cancelled.",
        "planned" => "The discharge plan is saved.",
        "consultant" => "The consultant is changed.",
        "left" => "The patient is on leave.",
        "returned" => "The patient is back from leave.",
        "corrected-place" => "The place is corrected.",
        "discharged" => "The patient is discharged.",
        "died" => "The death is recorded. What was planned is stopped.",
        "detained" => "The detention is recorded. It is owed until a renewal or its end is recorded.",
        "detention-ended" => "The end of the detention is recorded.",
        "mixed-sex" => "The reason is recorded.",
        "not-dead" => "The death is taken back. Look at what goes on again.",
        "downtime-begun" => "The downtime is recorded.",
        "downtime-ended" => "The downtime has ended. Every number that is open is owed now.",
        "numbers-issued" => "The numbers are issued. Make new sheets and print them.",
        "numbers-void" => "They are void.",
        "access-reviewed" => "The review is recorded.",
        "access-followed-up" => "The follow-up is recorded.",
        "undone" => "It was undone.",
        _ => return None,
    })
}

/// A path of this trust's pages: what a form may send somebody back to.
pub(crate) fn own_path(setting: &Setting, path: &str) -> String {
    let home = setting.links.home();
    let is_own = path.starts_with(&home) && !path.contains("//") && !path.contains('\\') && !path.contains("..");
    if is_own { path.to_owned() } else { home }
}
