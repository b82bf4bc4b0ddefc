//! Matching: which records could be one person, how strong the evidence is, and what it says in words.
//! Probabilistic, after I. Fellegi and A. Sunter, "A Theory for Record Linkage" (1969); docs/matching.md tells it whole.
//! Proposes only: nothing here merges, knows a store, reads a clock or keeps what it saw.

// Tour: what is known of each person goes into [`People`] as [`Demographics`] (`demographics`, `people`). `passes` and
// `blocks` find the pairs worth comparing, in a number that grows with the people and not with their square. `compare`
// says for each field how well two people agree: a level of the table in `fields`. `model` turns levels into bits;
// `train` learns from the pairs themselves, without the truth, how often one person's records agree and strangers' do.
// `judge` adds up, names every field's part, and holds back what a twin, a relative or a namesake could be too. What a
// trust has learnt is kept as [`Weights`]: they compare two of its records, read by `patient`, without the others.

mod blocks;
mod compare;
mod demographics;
mod fields;
mod find;
mod judge;
mod model;
mod passes;
mod patient;
mod people;
mod short_forms;
mod train;
mod weights;

pub use demographics::{Born, Demographics, Sex};
pub use fields::Field;
pub use find::{Found, Pair, Step, find_pairs};
pub use judge::{Comparison, Evidence, Hold, Row, Says, Verdict};
pub use model::Model;
pub use people::People;
pub use weights::Weights;

pub(crate) use people::phone_digits;

#[cfg(test)]
mod tests;
