//! The journal from outside: frozen formats, the tree against an independent one, canonical decoding of anything,
//! and a matrix of everything that can be tampered with.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod canonical;
mod golden;
mod holes;
mod laws;
mod sample;
mod tamper;
mod tree;
