//! Writing attendances: the members and extensions of an Encounter that a command changes, all others as they are.
//!
//! The table of our own extensions stands here; each is one fact with its moment and its author.

use fhir::read::{items, moment, text};
use fhir::write::{Object, array, array_if, coding, quoted, reference, with_extensions, with_members};
use fhir::{Document, Node};
use record::{Change, Key, Problem, Reading, TransactError, Version};
use terms::Moment;

use super::{ACCOUNT, Attendance, By, LONGEST_LINE};
use crate::draft::{self, document};
use crate::refusal::Refusal;

/// The department that an attendance belongs to: `valueReference` to a Location.
pub(super) const DEPARTMENT: &str = "urn:almoner:department";
/// How they came: `valueCode`, on-foot or ambulance.
pub(super) const ARRIVAL_MODE: &str = "urn:almoner:arrival-mode";
/// When the ambulance's crew handed over: `valueDateTime`.
pub(super) const HANDED_OVER: &str = "urn:almoner:handed-over";
/// The triage: `at`, `by`.
pub(super) const TRIAGED: &str = "urn:almoner:triaged";
/// The first assessment: `at`, `by`.
pub(super) const FIRST_ASSESSED: &str = "urn:almoner:first-assessed";
/// What goes on and what is waited for: `now`, `for`, `since`.
pub(super) const WAITING: &str = "urn:almoner:waiting";
/// The decision to admit: `at`, `by`, `team`, `stay`.
pub(super) const DECIDED_TO_ADMIT: &str = "urn:almoner:decided-to-admit";
/// The departure: `outcome`, `follow-up`, `diagnosis`, `by`.
pub(super) const DEPARTURE: &str = "urn:almoner:departure";
/// Why an attendance was taken off the board as a mistake: `why`, `by`.
pub(super) const MISTAKE: &str = "urn:almoner:mistake";
/// The code of v3-ParticipationType for the clinician.
pub(super) const ATTENDER: &str = "ATND";
/// The code of our own for the named senior of a child at risk.
pub(super) const SENIOR: &str = "senior";
const OWN_PARTICIPATION: &str = "urn:almoner:participation";

/// An attendance's newest version.
pub(super) async fn read(reading: &Reading, id: &str) -> Result<Version, TransactError<Refusal>> {
    let version = reading.get(&Key::new("Encounter", id)).await?.filter(|version| !version.text.is_empty());
    version.ok_or_else(|| no_attendance("There is no such attendance."))
}

/// The attendance in a version.
pub(super) fn of_version(version: &Version) -> Result<Attendance, TransactError<Refusal>> {
    let attendance = Attendance::of(document(version)?.root());
    attendance.ok_or_else(|| no_attendance("This is not an attendance of the emergency department."))
}

fn no_attendance(sentence: &str) -> TransactError<Refusal> {
    TransactError::Refused(Refusal::new("no-attendance", sentence))
}

/// Refuses for somebody who is not in the department.
pub(super) fn check_here(attendance: &Attendance) -> Result<(), Refusal> {
    if attendance.is_here() {
        return Ok(());
    }
    Err(Refusal::new("not-here", "This patient is not in the department now. Look at the board."))
}

/// A line of words as it is kept: without the spaces around it; nothing when it is empty.
///
/// # Errors
/// It is longer than a board shows.
pub(super) fn line(words: Option<&str>, field: &'static str) -> Result<Option<String>, Refusal> {
    let words = words.map(str::trim).filter(|words| !words.is_empty());
    if words.is_some_and(|words| words.chars().count() > LONGEST_LINE) {
        return Err(Refusal::at(
            "line-long",
            field,
            format!("This has more than {LONGEST_LINE} characters. Shorten it."),
        ));
    }
    Ok(words.map(str::to_owned))
}

/// One of our extensions that has parts, such as `at` and `by`.
pub(super) fn fact(url: &str, parts: impl IntoIterator<Item = Option<String>>) -> String {
    Object::new().text("url", url).json("extension", array(parts.into_iter().flatten())).done()
}

/// The part that says when.
pub(super) fn at_part(at: Moment) -> Option<String> {
    Some(fhir::write::extension("at", "valueDateTime", &quoted(&at.to_string())))
}

/// The part that says who.
pub(super) fn by_part(by: &By) -> Option<String> {
    let account = Object::new().text("system", ACCOUNT).text("value", &by.id).done();
    let who = Object::new().json("identifier", account).text("display", &by.name).done();
    Some(fhir::write::extension("by", "valueReference", &who))
}

/// A part that is words.
pub(super) fn words_part(name: &str, words: Option<&str>) -> Option<String> {
    words.map(|words| fhir::write::extension(name, "valueString", &quoted(words)))
}

/// The members of an attendance that a command changes.
pub(super) struct Edit<'v> {
    document: Document<'v>,
    key: Key,
    members: Vec<(&'static str, Option<String>)>,
    extensions: Vec<(&'static str, Option<String>)>,
}

impl<'v> Edit<'v> {
    /// Of a version.
    pub(super) fn of(version: &'v Version) -> Result<Edit<'v>, Problem> {
        Ok(Edit::new(document(version)?, version.key.clone()))
    }

    /// Of a text under a key.
    pub(super) fn new(document: Document<'v>, key: Key) -> Edit<'v> {
        Edit { document, key, members: Vec::new(), extensions: Vec::new() }
    }

    /// The Encounter as it stands.
    pub(super) fn root(&self) -> Node<'_, 'v> {
        self.document.root()
    }

    /// A member of the Encounter.
    pub(super) fn member(mut self, name: &'static str, json: String) -> Edit<'v> {
        self.members.push((name, Some(json)));
        self
    }

    /// The same, if there is something to write.
    pub(super) fn member_if(self, name: &'static str, json: Option<String>) -> Edit<'v> {
        match json {
            Some(json) => self.member(name, json),
            None => self,
        }
    }

    /// One of our extensions.
    pub(super) fn extension(mut self, url: &'static str, json: String) -> Edit<'v> {
        self.extensions.push((url, Some(json)));
        self
    }

    /// Another status from a moment on; the one before goes into `statusHistory`.
    pub(super) fn status(self, status: &str, at: Moment) -> Edit<'v> {
        let before = text(self.root(), "status").unwrap_or_default();
        if before == status {
            return self;
        }
        let history = history_with(self.root(), &before, at);
        self.member("status", quoted(status)).member("statusHistory", history)
    }

    /// Somebody in a part from a moment on; whoever was in it until then ends.
    pub(super) fn carer(self, part: &str, who: (Option<&str>, &str), at: Moment) -> Edit<'v> {
        let others = items(self.root(), "participant").map(|other| match plays(other, part) && is_open(other) {
            true => ended(other, at),
            false => other.raw_text().to_owned(),
        });
        let all: Vec<String> = others.chain([participant(part, who, at)]).collect();
        self.member("participant", array(all))
    }

    /// The change of the draft. `moves` when the command says where the patient is: then the tag of those without a
    /// place of their own goes.
    pub(super) fn put(mut self, moves: bool) -> Result<Change, Problem> {
        if !self.extensions.is_empty() {
            let set: Vec<(&str, Option<String>)> =
                self.extensions.iter().map(|(url, json)| (*url, json.clone())).collect();
            let all = with_extensions(self.document.root(), &set);
            self.members.push(("extension", all));
        }
        let text = match moves {
            true => crate::stays::with(&self.document, &self.members),
            false => with_members(&self.document, &self.members),
        };
        draft::put(self.key, &text)
    }
}

/// `statusHistory` with the status that ends now.
fn history_with(encounter: Node<'_, '_>, status: &str, at: Moment) -> String {
    let earlier = items(encounter, "statusHistory").filter_map(|entry| moment(entry.get("period")?, "end")).max();
    let began = encounter.get("period").and_then(|period| moment(period, "start"));
    let since = earlier.or(began).filter(|since| *since <= at);
    let period =
        Object::new().text_if("start", since.map(|since| since.to_string())).text("end", at.to_string()).done();
    let own = Object::new().text("status", status).json("period", period).done();
    let others = items(encounter, "statusHistory").map(|entry| entry.raw_text().to_owned());
    array(others.chain([own]))
}

fn plays(participant: Node<'_, '_>, part: &str) -> bool {
    items(participant, "type").any(|kind| fhir::read::has_code(kind, &[part]))
}

fn is_open(participant: Node<'_, '_>) -> bool {
    participant.get("period").is_none_or(|period| period.get("end").is_none())
}

/// A participant whose time ends.
fn ended(participant: Node<'_, '_>, at: Moment) -> String {
    let start = participant.get("period").and_then(|period| text(period, "start"));
    let period = Object::new().text_if("start", start).text("end", at.to_string()).done();
    let others = participant.members().filter(|(name, _)| *name != "period");
    let new = others.fold(Object::new(), |new, (name, value)| new.json(name, value.raw_text()));
    new.json("period", period).done()
}

/// One participant: a Practitioner, or a name alone.
pub(super) fn participant(part: &str, (who, name): (Option<&str>, &str), at: Moment) -> String {
    let kind = match part {
        SENIOR => coding(OWN_PARTICIPATION, SENIOR, Some("senior of a child at risk")),
        _ => coding(crate::stays::PARTICIPATION, part, Some("attender")),
    };
    let kind = Object::new().json("coding", array([kind])).done();
    let individual = match who {
        Some(who) => reference(who, Some(name)),
        None => Object::new().text("display", name).done(),
    };
    let period = Object::new().text("start", at.to_string()).done();
    Object::new().json("type", array([kind])).json("period", period).json("individual", individual).done()
}

/// `reasonCode` with other words first; codes that others gave stay behind them.
pub(super) fn complaint(encounter: Node<'_, '_>, words: Option<&str>) -> Option<String> {
    let words = words?;
    let coded = items(encounter, "reasonCode").filter(|reason| reason.get("coding").is_some());
    let own = Object::new().text("text", words).done();
    array_if([own].into_iter().chain(coded.map(|reason| reason.raw_text().to_owned())))
}
