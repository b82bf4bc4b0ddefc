//! Patient administration: the patient index, its names, relations and labels.
//!
//! Tour: [`patient_rows`] makes the index rows of a patient; [`Question`] reads what somebody typed into the search
//! box, says which rows to look at ([`Question::attempts`]) and judges who was found ([`Question::judge`]).
//!
//! Pure: knows neither pages nor stores, and reads no clock.

pub mod patient_index;

pub use patient_index::{Attempt, Judgement, Person, Question, are_similar, patient_rows};
