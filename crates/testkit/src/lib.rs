//! Builders, clocks, seeded data and private PostgreSQL servers for tests and benchmarks.
//!
//! Outside the product: it may know every crate, and only their tests may know it. Patients in it are invented.

pub mod corpus;
pub mod demo;
pub mod disk;
pub mod floor;
pub mod hospital;
pub mod http;
pub mod line;
pub mod people;
pub mod postgres;
pub mod program;
pub mod stage;
pub mod suites;
pub mod toy;
pub mod two_hosts;
pub mod wire;
