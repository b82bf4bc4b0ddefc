//! The words of Almoner as types: ids, NHS numbers, moments, codes, and index rows. Parse once, at the rim.
//!
//! Knows nothing of the other crates. Start with [`index`] for what can be found, `time` for moments.

pub mod index;
pub mod time;

pub use time::{Clock, Moment};
