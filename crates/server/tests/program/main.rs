//! The program as people use it: the real binary, its exit codes, its JSON, its address on the loopback.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod commands;
mod demo;
mod hostile;
mod load;
mod owner;
mod stage;
