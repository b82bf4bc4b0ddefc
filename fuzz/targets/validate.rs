//! Fuzz target: the law in `crates/fhir/tests/integration/laws/validate.rs`, for whatever bytes libFuzzer thinks of.
//! It knows nothing else, so that the same law can be held by an ordinary test.

#![no_main]

#[path = "../../crates/fhir/tests/integration/laws/validate.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|input: &[u8]| law::check(input));
