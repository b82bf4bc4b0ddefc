//! The clinical record: read models and rules. Everything here is pure: resources and a moment in, plain data out.
//!
//! Tour: [`chart()`] turns a patient's resources into one [`Chart`]; its parts are worked out in a file each
//! ([`identity`], [`allergies`], [`problems`], [`medicines`], [`results`], [`observations`], [`events`]);
//! [`news2`] is the score's table; [`owed`] says what is owed to a patient. [`plan`] is the rule that observations pass at every
//! door: a high score calls somebody with the same commit. [`bedside`](mod@bedside) is what a ward's board says of one patient, with its
//! [`flags`](mod@flags). Every statement carries the resources it was made from.
//!
//! Knows neither pages, nor the FHIR REST interface, nor SQL; never reads a clock.

pub mod allergies;
pub mod bedside;
mod chart;
mod directory;
pub mod events;
pub mod flags;
pub mod identity;
pub mod medicines;
pub mod news2;
pub mod observations;
mod orders;
pub mod owed;
pub mod problems;
mod read;
pub mod results;
mod watching;

pub use chart::{Chart, Material, Observed, chart, observed};
pub use directory::{practitioner_name, unnamed_references};
pub use orders::{CARE_CODES, OBSERVATIONS};
pub use read::{Amount, Source, is_rounded, plain, shown};
pub use watching::{HIGH_SCORE, plan};
