//! Correcting a patient's details: what was wrong is replaced, what has changed is kept as it was before.
//!
//! Only members that differ are edited; the form states which version it was made from, and is refused when somebody else
//! wrote a newer one.

use fhir::read::{at, items, text};
use fhir::write::{Object, array_if, quoted, with_members};
use fhir::{Document, Limits, Node};
use record::{Draft, Key, Problem, Reading, TransactError, Version};
use terms::Moment;

use super::demographics::{INTERPRETER, nickname, official_name, usual_address};
use super::edit::{list_with, object_with};
use super::nhs_status::identifier;
use super::numbers::{holders, one_has};
use super::write::{address, called, given, interpreter, language, nhs_identifier, official, practice, telecom};
use super::{Demographics, Gender, NhsNumberStatus};
use crate::draft::{self, document};
use crate::refusal::Refusal;

/// Why a name or an address is another now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It was wrong: it is replaced. History keeps what was written.
    WasWrong,
    /// It has changed: the earlier one stays on the record as old, and people are still found by it.
    HasChanged,
}

/// Corrects a patient's details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectPatient {
    /// The Patient.
    pub patient: String,
    /// The version the form was made from.
    pub version: u64,
    /// What is so.
    pub person: Demographics,
    /// Why the name or the address is another, when one of them is.
    pub why: Option<Why>,
}

/// What the edits of a text are: members and their new value.
type Members<'m> = Vec<(&'m str, Option<String>)>;

impl CorrectPatient {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.patient, self.version).await?;
        let document = document(&version)?;
        let before = Demographics::of(document.root());
        self.decide(&before).map_err(TransactError::Refused)?;
        let mut draft = Draft::default();
        if let Some(number) = self.person.nhs_number.filter(|_| self.person.nhs_number != before.nhs_number) {
            let others = holders(reading, &number.digits()).await?;
            if others.iter().any(|other| *other != self.patient) {
                return Err(TransactError::Refused(super::nhs_status::taken()));
            }
            draft.assertions.push(one_has(&number.digits()));
        }
        let text = self.edited(&document, &before, now)?;
        draft.changes.push(draft::put(Key::new("Patient", self.patient.as_str()), &text)?);
        Ok(draft)
    }

    fn decide(&self, before: &Demographics) -> Result<(), Refusal> {
        let mut person = self.person.clone();
        // A birth date that nobody ever knew does not stop a correction of something else.
        person.born_not_known |= before.born.is_none();
        if let Some(missing) = person.missing().into_iter().next() {
            return Err(missing);
        }
        if self.is_renamed(before) && self.why.is_none() {
            let sentence = "Say whether the name or address was wrong or has changed.";
            return Err(Refusal::at("why-missing", "why", sentence));
        }
        if *before == self.person {
            return Err(Refusal::new("nothing-changed", "Nothing differs from what is recorded."));
        }
        Ok(())
    }

    /// Whether the name or the address is another.
    fn is_renamed(&self, before: &Demographics) -> bool {
        let (new, old) = (&self.person, before);
        (&new.family, &new.given) != (&old.family, &old.given)
            || (&new.address, &new.postcode) != (&old.address, &old.postcode)
    }

    /// The text with everything that differs.
    fn edited(&self, document: &Document<'_>, before: &Demographics, now: Moment) -> Result<Vec<u8>, Problem> {
        let root = document.root();
        let (new, old) = (&self.person, before);
        let mut members: Members<'_> = Vec::new();
        if (&new.family, &new.given, &new.title) != (&old.family, &old.given, &old.title) {
            members.push(("name", self.renamed(root, old, now)));
        }
        if new.born != old.born {
            members.push(("birthDate", new.born.map(|born| quoted(&born.to_string()))));
            // A time of birth that belonged to another day goes with it.
            members.push(("_birthDate", None));
        }
        if new.gender != old.gender {
            members.push(("gender", new.gender.map(|gender| quoted(Gender::code(gender)))));
        }
        if (&new.address, &new.postcode) != (&old.address, &old.postcode) {
            members.push(("address", self.moved(root, now)));
        }
        if new.gp != old.gp {
            members.push(("generalPractitioner", array_if(new.gp.as_deref().map(practice))));
        }
        if new.language != old.language {
            members.push(("communication", spoken(root, new.language.as_deref())));
        }
        if new.nhs_number != old.nhs_number {
            let status =
                if new.nhs_number.is_some() { NhsNumberStatus::NotTraced } else { NhsNumberStatus::TraceRequired };
            let own = nhs_identifier(new.nhs_number, status);
            members.push(("identifier", list_with(root, "identifier", identifier(root), [own])));
        }
        if new.interpreter != old.interpreter {
            let set = [(INTERPRETER, new.interpreter.map(interpreter))];
            members.push(("extension", fhir::write::with_extensions(root, &set)));
        }
        let text = with_members(document, &members);
        let text = with_called(&text, old, new)?;
        with_phones(&text, old, new)
    }

    /// The member `name`: the official name is another; the earlier one stays as old when it has changed.
    fn renamed(&self, root: Node<'_, '_>, old: &Demographics, now: Moment) -> Option<String> {
        let Some(present) = official_name(root) else {
            return list_with(root, "name", None, [official(&self.person)]);
        };
        let members = [
            ("use", Some(quoted("official"))),
            ("text", None),
            ("family", Some(quoted(&self.person.family))),
            ("given", given(&self.person.given)),
            ("prefix", self.person.title.as_deref().map(|title| fhir::write::array([quoted(title)]))),
        ];
        let edited = object_with(present, &members);
        let is_renamed = (&self.person.family, &self.person.given) != (&old.family, &old.given);
        let earlier = (is_renamed && self.why == Some(Why::HasChanged)).then(|| put_aside(present, now));
        list_with(root, "name", Some(present), [edited].into_iter().chain(earlier))
    }

    /// The member `address`, likewise.
    fn moved(&self, root: Node<'_, '_>, now: Moment) -> Option<String> {
        let present = usual_address(root);
        let earlier = present.filter(|_| self.why == Some(Why::HasChanged)).map(|present| put_aside(present, now));
        let new = address(&self.person, "home", None);
        list_with(root, "address", present, new.into_iter().chain(earlier))
    }
}

/// A name or address as old, ended now.
fn put_aside(node: Node<'_, '_>, now: Moment) -> String {
    let start = node.get("period").and_then(|period| text(period, "start"));
    let period = Object::new().text_if("start", start).text("end", now.to_string()).done();
    object_with(node, &[("use", Some(quoted("old"))), ("period", Some(period))])
}

fn spoken(root: Node<'_, '_>, code: Option<&str>) -> Option<String> {
    let first = items(root, "communication").next();
    list_with(root, "communication", first, code.map(language))
}

/// With another preferred name.
fn with_called(text: &[u8], old: &Demographics, new: &Demographics) -> Result<Vec<u8>, Problem> {
    if new.preferred == old.preferred {
        return Ok(text.to_vec());
    }
    let document = parsed(text)?;
    let root = document.root();
    let list = list_with(root, "name", nickname(root), new.preferred.as_deref().map(called));
    Ok(with_members(&document, &[("name", list)]))
}

/// With other phones and another email; each is replaced where it stood.
fn with_phones(text: &[u8], old: &Demographics, new: &Demographics) -> Result<Vec<u8>, Problem> {
    let all = [
        ("phone", "mobile", &old.mobile, &new.mobile),
        ("phone", "home", &old.home, &new.home),
        ("email", "home", &old.email, &new.email),
    ];
    let mut edited = text.to_vec();
    for (system, used, _, value) in all.into_iter().filter(|(_, _, before, after)| before != after) {
        let document = parsed(&edited)?;
        let root = document.root();
        let is_it = |entry: &Node<'_, '_>| {
            let of = |name| self::text(*entry, name);
            of("system").as_deref() == Some(system)
                && (system == "email" || of("use").as_deref() == Some(used))
                && of("use").as_deref() != Some("old")
                && at(*entry, &["period", "end"]).is_none()
        };
        let present = items(root, "telecom").find(is_it);
        let list = list_with(root, "telecom", present, value.as_deref().map(|value| telecom(system, used, value)));
        edited = with_members(&document, &[("telecom", list)]);
    }
    Ok(edited)
}

fn parsed(text: &[u8]) -> Result<Document<'_>, Problem> {
    Document::parse(text, &Limits::default())
        .map_err(|fault| Problem::Damaged { what: format!("a Patient is unreadable: {}", fault.message) })
}

/// The patient's newest version, if it is the one that the form was made from.
pub(crate) async fn read(reading: &Reading, id: &str, version: u64) -> Result<Version, TransactError<Refusal>> {
    let newest = reading.get(&Key::new("Patient", id)).await?.filter(|newest| !newest.text.is_empty());
    let newest = newest
        .ok_or_else(|| TransactError::Refused(Refusal::new("no-patient", "There is no such patient. Search again.")))?;
    if newest.version != version {
        let sentence = "Somebody changed this record while you were typing. What you typed is kept below: \
             look at what is recorded now, then save again.";
        return Err(TransactError::Refused(Refusal::new("changed-meanwhile", sentence)));
    }
    Ok(newest)
}
