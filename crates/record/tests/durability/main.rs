//! Durability: a record and every file of our own, through kills, lost writes, full disks and a takeover; on PostgreSQL
//! through kills of the client and of the server.
//!
//! Reading order: [`plan`] is what a client does, [`client`] is the process that is killed, [`session`] starts and ends
//! it, [`check`] says what must hold afterwards; the other modules are the suites. What is proved, with figures, is in
//! `docs/durability.md`.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![expect(unreachable_pub, reason = "one binary: `pub` says what a module offers the others")]

use std::ops::Range;

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

/// The seeds of a suite's runs: of a slice, or all of them in a soak; or those that `ALMONER_SEEDS` names, such as `17` or
/// `100..125`.
fn seeds(slice: u64, all: u64) -> Range<u64> {
    let Ok(asked) = std::env::var("ALMONER_SEEDS") else {
        return 0..if soak() { all } else { slice };
    };
    let (first, end) = asked.split_once("..").unwrap_or((&asked, ""));
    let first: u64 = first.parse().unwrap();
    first..if end.is_empty() { first + 1 } else { end.parse().unwrap() }
}

/// Says what a suite did, past the test runner's capture.
fn publish(what: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "durability: {what}");
}
