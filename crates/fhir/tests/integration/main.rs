//! The crate against what others wrote: HL7's test suites and examples, Synthea's patients, another FHIRPath engine.
//!
//! Suites are read from `$ALMONER_SUITES` or from `../shared/suites` beside the repository. Where they are missing the
//! test says so and passes, except in CI.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test may stop at the first surprise and may talk")]

mod fhirpath;
mod laws;
mod search;
mod search_oracle;
mod search_queries;
mod validation;
mod xml;
