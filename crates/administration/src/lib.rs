//! Patient administration: the patient index, places, stays; commands, facts, rules.
//!
//! Tour: a door makes a [`Command`] and hands it to [`carry_out`]; each command gathers what it needs through a reading,
//! decides on plain data, and gives a draft or a [`Refusal`]. [`plan`] is the rule of beds that every door passes.
//! [`registration`] makes somebody a patient and keeps who they are, [`merging`] is one person with two records;
//! [`places`] are wards and beds, [`stays`] are admissions and moves, [`boards`] put both together for a ward,
//! [`emergency`] is the emergency department, [`Undo`] takes a commit back.
//! [`restricted_access`] is the reason for which a restricted record was opened, its review, and what followed.
//! [`downtime`] keeps numbers and paper forms together while the record cannot be used.
//! [`obligations`] say what must still happen, by whom and until when; [`tasks`] are what people wrote down to be done.
//! [`patient_rows`] and [`stays::stay_rows`] make index rows; [`Question`] reads what somebody typed into the search
//! box, says which rows to look at ([`Question::attempts`]) and judges who was found ([`Question::judge`]).
//! [`matching`] finds which records of a set could be one person, and says why.
//!
//! [`mod@configuration`] reads, checks and compares the text files that say what a trust has, and makes resources of them.
//!
//! Everything that decides is pure. Knows neither pages nor SQL, and reads no clock.

pub mod boards;
mod census;
mod command;
pub mod configuration;
pub mod downtime;
pub mod draft;
pub mod emergency;
pub mod matching;
pub mod merging;
pub mod obligations;
mod owner;
pub mod patient_index;
pub mod places;
mod refusal;
pub mod registration;
pub mod restricted_access;
pub mod stays;
pub mod tasks;
mod undo;

pub use command::{Command, carry_out};
pub use owner::plan;
pub use patient_index::{Attempt, Judgement, Person, Question, are_similar, patient_rows, some_patient_rows};
pub use refusal::Refusal;
pub use undo::{UNDO_MS, Undo};
