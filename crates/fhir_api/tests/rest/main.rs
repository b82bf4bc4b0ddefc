//! The REST API over a real record: requests go through the router as `hosting` mounts it, answers are read as a
//! client reads them. Each test runs on every store.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod bundles;
mod interactions;
mod large;
mod loading;
mod naive;
mod ownership;
mod permits;
mod races;
mod random;
mod searches;
mod site;
mod suites;
