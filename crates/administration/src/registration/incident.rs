//! Registering the unknown of a major incident: a batch of numbers that were printed before, each with its temporary name.
//!
//! Packs with these numbers and names hang by the door; a person gets a pack and is whoever it says until somebody knows.

use record::{Draft, Key, Reading, TransactError};
use terms::Moment;

use super::numbers::{self, Block};
use super::unknown::{UnknownPerson, digits_of, temporary_name, unknown_patient};
use crate::draft;
use crate::refusal::Refusal;

/// Most of one batch.
const MOST: usize = 100;

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
