//! Builders, clocks, seeded data and private PostgreSQL servers for tests and benchmarks.

pub mod postgres;
