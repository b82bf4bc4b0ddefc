//! The patient index: finds people by name in any order, as it sounds and with a slip of the finger, by date of
//! birth, NHS number or hospital number, alone or together.

// Index rows, all pure functions of a Patient's text:
//
// | parameter | parts | for |
// | --- | --- | --- |
// | `~name` | `Text("adeyemi folasade")`, and the other way round | prefixes of a name, of two names in either order |
// | `~sound` | `Text("ATM FLST")`: family name, given name | names as they sound (Double Metaphone) |
// | `~typo` | `Text("adeymi")`: family and first given name with one letter left out, and whole | one slip |
// | `~born` | `Fixed(year, month, day)` | dates and years of birth |
// | `~number` | `Text("9990142076")`: digits and capitals | NHS and hospital numbers |
// | `~alike` | `Text("tel 7700900412")`, `Text("at TH38KW FJSK")`: a telephone number, a postcode with a name | records to compare |
// | `~born-to` | `Target(mother), Text("2026-11-15/01")` | babies: each is registered once |
// | `~label` | `Text("restricted"), Target(the patient)` | records that are hidden |
//
// Leaving one letter out of both the recorded and the typed word finds every word within one slip (a letter more,
// less, other, or swapped with its neighbour) by exact look-ups, where trigrams would need long lists to be merged.
// A name typed by a million people is found in a bounded number of rows: every attempt is one short range.

mod alike;
mod judge;
mod person;
mod question;
mod rows;

pub use judge::Judgement;
pub use person::{FamilySounds, Person, are_similar};
pub use question::{Attempt, Question};
pub use rows::{patient_rows, some_patient_rows};

pub(crate) use alike::candidates;

pub(crate) use person::{folded_words, normal_number, sound};

/// Names as written, folded.
pub(crate) const NAME: &str = "~name";
/// Names as they sound.
pub(crate) const SOUND: &str = "~sound";
/// Names with one letter left out.
pub(crate) const TYPO: &str = "~typo";
/// Dates of birth.
pub(crate) const BORN: &str = "~born";
/// NHS and hospital numbers.
pub(crate) const NUMBER: &str = "~number";

/// What two records of one person could share beside these.
pub(crate) const ALIKE: &str = "~alike";

/// The version of the rows; rises whenever a row changes.
pub const ROWS_VERSION: u32 = 3;

#[cfg(test)]
mod tests;
