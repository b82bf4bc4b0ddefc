//! The program as people use it: the real binary, its exit codes, its JSON, its address on the loopback.
//! One file a subject; `stage.rs` has what they share. Nothing inside the product is called.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod accounts;
mod clients;
mod commands;
mod configure;
mod demo;
mod exit;
mod full;
mod hostile;
mod input;
mod load;
mod malformed;
mod match_file;
mod moving;
mod moving_back;
mod moving_carried;
mod moving_ends;
mod moving_lines;
mod moving_planned;
mod moving_read_only;
mod owner;
mod pair;
mod stage;
mod trusts;
mod witness;
