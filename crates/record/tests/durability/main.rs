//! Durability: a record and every file of our own, through kills, lost writes, full disks and a takeover; on PostgreSQL
//! through kills of the client and of the server.
//!
//! Reading order: [`plan`] is what a client does, [`client`] is the process that is killed, [`session`] starts and ends
//! it, [`check`] says what must hold afterwards; the other modules are the suites. What is proved, with figures, is in
//! `docs/durability.md`.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![expect(unreachable_pub, reason = "one binary: `pub` says what a module offers the others")]

mod acknowledged;
mod agreement;
mod check;
mod client;
mod files;
mod forget;
mod full;
mod kill;
mod plan;
mod postgres;
mod session;
mod takeover;
mod trace;

/// Whether all seeds are wanted and not only a slice.
fn soak() -> bool {
    std::env::var_os("ALMONER_SOAK").is_some_and(|value| value == "1")
}

/// Says what a suite did, past the test runner's capture.
fn publish(what: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "durability: {what}");
}
