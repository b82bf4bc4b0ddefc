//! What pages show, gathered from the record at one snapshot through the request's permit.
//!
//! Reads and puts together; the rules are `clinical`'s and `administration`'s. Every reading is finished, so that
//! what was shown is in the access journal before the page leaves.

pub(crate) mod admissions;
pub(crate) mod chart;
pub(crate) mod details;
pub(crate) mod downtime;
pub(crate) mod duplicates;
pub(crate) mod emergency;
pub(crate) mod find;
pub(crate) mod home;
pub(crate) mod items;
pub(crate) mod looked;
mod looked_words;
pub(crate) mod mine;
pub(crate) mod owed;
pub(crate) mod people;
pub(crate) mod privacy;
pub(crate) mod register;
pub(crate) mod staff;
pub(crate) mod stay;
pub(crate) mod tasks;
mod texts;
pub(crate) mod ward;

use record::{Problem, Reading};

/// Ends a reading, whatever came of it.
pub(crate) async fn finished<T>(reading: Reading, answer: Result<T, Problem>) -> Result<T, Problem> {
    reading.finish().await?;
    answer
}
