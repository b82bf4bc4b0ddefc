//! Matching on sets of people: third parties' with the truth, a hard set of our own, laws.
//!
//! Suites are read from `$ALMONER_SUITES` or from `../shared/suites` beside the repository; where they are missing the
//! tests say so.
#![expect(clippy::print_stdout, reason = "the tests say their figures")]

mod cdc;
mod csv;
mod febrl;
mod hard;
mod laws;
