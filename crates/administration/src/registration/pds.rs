//! What the Personal Demographics Service answers, as plain data: one person, none, many, or no answer.
//!
//! A question is a number or demographics; the answer is read from PDS's own FHIR (Personal Demographics Service FHIR
//! API, `GET /Patient/{nhs}` and `GET /Patient?…`). Who asks and over which line is not known here. Whatever PDS says,
//! gender, language and interpreter are asked of the patient: they are never filled in.

use fhir::read::{items, text};
use fhir::{Document, Limits, Node};
use terms::{Date, NhsNumber};

use super::Demographics;
use super::demographics::nhs_number;

/// What is asked of PDS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trace {
    /// Whose number this is.
    Number(NhsNumber),
    /// Who is called so and was born then.
    Person {
        /// Family name.
        family: String,
        /// Given name; may be empty.
        given: String,
        /// Date of birth: without one PDS does not look.
        born: Date,
    },
}

/// One person as PDS has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PdsPerson {
    /// The number now in force; another than was asked for when that one was replaced.
    pub number: NhsNumber,
    /// What PDS holds.
    pub person: Demographics,
    /// Whether PDS hides where they are and how they are reached; then none of it is here.
    pub is_sensitive: bool,
    /// The date of death, as PDS has it.
    pub died: Option<String>,
}

/// PDS's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PdsAnswer {
    /// Exactly one.
    One(Box<PdsPerson>),
    /// Nobody.
    None,
    /// More than one: it does not choose.
    Many,
    /// The number was withdrawn.
    Withdrawn,
    /// It did not answer, or is not connected: why, for a person.
    Unavailable(String),
}

impl PdsPerson {
    /// Reads a Patient of PDS; `None` when it has no valid number.
    pub fn of(patient: Node<'_, '_>) -> Option<PdsPerson> {
        let number = nhs_number(patient).or_else(|| NhsNumber::parse(&text(patient, "id")?).ok())?;
        let is_sensitive = patient.get("meta").is_some_and(|meta| {
            items(meta, "security").any(|label| matches!(text(label, "code").as_deref(), Some("R" | "V")))
        });
        let mut person = Demographics::of(patient);
        person.nhs_number = Some(number);
        let practice = items(patient, "generalPractitioner").find_map(|gp| text(gp.get("identifier")?, "value"));
        person.gp = person.gp.or(practice);
        if is_sensitive {
            let kept = Demographics {
                family: person.family,
                given: person.given,
                title: person.title,
                born: person.born,
                gender: person.gender,
                nhs_number: person.nhs_number,
                ..Demographics::default()
            };
            person = kept;
        }
        Some(PdsPerson { number, person, is_sensitive, died: text(patient, "deceasedDateTime") })
    }

    /// Reads a Patient's text.
    pub fn read(text: &[u8]) -> Option<PdsPerson> {
        PdsPerson::of(Document::parse(text, &Limits::default()).ok()?.root())
    }

    /// Reads a searchset: each Patient in it.
    pub fn read_bundle(text: &[u8]) -> Vec<PdsPerson> {
        let Ok(document) = Document::parse(text, &Limits::default()) else { return Vec::new() };
        let entries = items(document.root(), "entry").filter_map(|entry| PdsPerson::of(entry.get("resource")?));
        entries.collect()
    }

    /// What may be filled into an empty form: never gender, language or interpreter.
    pub fn prefill(&self) -> Demographics {
        Demographics { gender: None, language: None, interpreter: None, preferred: None, ..self.person.clone() }
    }

    /// Whether this is who the form says: the same number, family name and date of birth. Only then is a typed number
    /// verified; anything else is a conflict for a person to look at.
    pub fn agrees_with(&self, form: &Demographics) -> bool {
        let alike = |a: &str, b: &str| fhir::search::fold(a) == fhir::search::fold(b);
        form.nhs_number == Some(self.number)
            && alike(&form.family, &self.person.family)
            && form.born.is_some()
            && form.born == self.person.born
    }
}

/// The answer that a set of people comes to, as PDS would give it.
pub fn answer(people: &[PdsPerson], trace: &Trace) -> PdsAnswer {
    let is_it = |person: &&PdsPerson| match trace {
        Trace::Number(number) => person.number == *number,
        Trace::Person { family, given, born } => {
            let begins = |own: &str, typed: &str| fhir::search::fold(own).starts_with(&fhir::search::fold(typed));
            person.person.born == Some(*born)
                && begins(&person.person.family, family)
                && (given.is_empty() || begins(&person.person.given, given))
        }
    };
    let mut found = people.iter().filter(is_it);
    match (found.next(), found.next()) {
        (Some(one), None) => PdsAnswer::One(Box::new(one.clone())),
        (None, _) => PdsAnswer::None,
        (Some(_), Some(_)) => PdsAnswer::Many,
    }
}
