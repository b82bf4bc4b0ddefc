//! Registering the unknown of a major incident: a batch of numbers that were printed before, each with its temporary name.
//!
//! Packs with these numbers and names hang by the door; a person gets a pack and is whoever it says until somebody knows.

use fhir::read::{items, text};
use fhir::search::compartment_spans;
use record::{Clause, Draft, Key, Problem, Reading, Select, TransactError};
use terms::Moment;
use terms::index::{Next, Span};

use super::numbers::{self, Block};
use super::unknown::{UnknownPerson, digits_of, is_unknown, temporary_name, unknown_patient};
use crate::draft;
use crate::patient_index::{NUMBER, Person, normal_number};
use crate::refusal::Refusal;

/// Most of one batch.
const MOST: usize = 100;

/// Packs that are listed.
const MOST_LISTED: usize = 500;

/// A pack: a number that was printed, with its temporary name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// The Patient.
    pub patient: String,
    /// The number as it is printed.
    pub number: String,
    /// The temporary name, such as `Kilo Granite`.
    pub name: String,
    /// Whether somebody has it: they came to the hospital.
    pub is_given: bool,
}

/// The packs whose people nobody knows yet, in the order of their numbers; those that hang by the door and those that
/// were given to somebody.
///
/// # Errors
/// The record could not be read.
pub async fn packs(reading: &Reading) -> Result<Vec<Pack>, Problem> {
    let letters = normal_number(&numbers::prefix(reading).await?);
    let (first, last) = Block::Incident.bounds();
    let mut packs = Vec::new();
    for tens in first / 10_000..=last / 10_000 {
        let span = Span::next(NUMBER, [], Next::Prefix(format!("{letters}{tens}").into_bytes()));
        let select = Select::of("Patient").with(Clause::Any(vec![span])).limit(MOST_LISTED);
        for version in reading.select(&select).await?.versions {
            let document = draft::document(&version)?;
            let root = document.root();
            let is_gone = root.get("active").and_then(|active| active.boolean()) == Some(false);
            if is_gone || !is_unknown(root) || Person::of(&document).numbers.is_empty() {
                continue;
            }
            let visits = compartment_spans(&version.key.id, Some("Encounter"), &[]);
            let is_given = reading.total(&Select::of("Encounter").with(Clause::Any(visits))).await? > 0;
            let name = items(root, "name").next().map(|name| super::strings(name, "given").join(" "));
            let number =
                items(root, "identifier").filter(|id| id.get("type").is_some()).find_map(|id| text(id, "value"));
            packs.push(Pack {
                patient: version.key.id.clone(),
                number: number.unwrap_or_default(),
                name: name.unwrap_or_default(),
                is_given,
            });
        }
    }
    packs.sort_by(|a, b| a.number.cmp(&b.number));
    Ok(packs)
}

/// Registers a batch of numbers of a major incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterMajorIncident {
    /// New Patient ids, one for each number.
    pub patients: Vec<String>,
}

impl RegisterMajorIncident {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        if self.patients.is_empty() || self.patients.len() > MOST {
            let sentence = format!("A batch has 1 to {MOST} numbers. Make another for more.");
            return Err(TransactError::Refused(Refusal::at("batch", "count", sentence)));
        }
        let (numbers, counter, assertions) = numbers::take(reading, Block::Incident, self.patients.len(), now).await?;
        let mut changes = vec![counter];
        for (id, number) in self.patients.iter().zip(&numbers) {
            let given = temporary_name(digits_of(number));
            let person = UnknownPerson { given, gender: None, estimated_age: None };
            let text = unknown_patient(id, &person, number);
            changes.push(draft::put(Key::new("Patient", id.as_str()), text.as_bytes())?);
        }
        Ok(Draft { changes, assertions })
    }
}
