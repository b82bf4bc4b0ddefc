//! The paper of certificates, read back with a reader of PDF that is not the writer's: what is on it, how it is tagged, what
//! is attached, and what is refused. One binary, as every crate has.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod certificate;
mod hostile;
mod reading;
mod sample;
