//! How many versions a second one core verifies: chain, tree, succession and texts, from a package in memory.
//!
//! Beside it the floor measured in the same run: the salted digests of the same texts and nothing else.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark measures, prints and fails by panicking"
)]

use journal::package::{Header, Writer, check_package};
use journal::verifier::Expect;
use journal::{Act, Cause, CauseKind, Change, Entry, Hash, NOTHING_BEFORE, Operation, chain_hash, version_digest};
use std::time::Instant;
use terms::Moment;

const VERSIONS: u64 = 200_000;
const TEXT_BYTES: usize = 980;

fn main() {
    let text = "x".repeat(TEXT_BYTES).into_bytes();
    let started = Instant::now();
    let mut last = 0;
    for number in 0..VERSIONS {
        last ^= version_digest(&salt(number), &text)[0];
    }
    let floor = VERSIONS as f64 / started.elapsed().as_secs_f64();
    println!("digests alone: {:.0} texts/s of {TEXT_BYTES} bytes ({last:02x})", floor);
    for per_entry in [1, 10, 1000] {
        let package = package(per_entry, &text);
        let started = Instant::now();
        let report = check_package(package.as_slice(), Expect::default(), &[]).unwrap();
        let rate = VERSIONS as f64 / started.elapsed().as_secs_f64();
        assert!(report.holds() && report.texts == VERSIONS);
        println!("verified, {per_entry} changes an entry: {rate:.0} versions/s, {:.2} of the digests", rate / floor);
    }
}

fn salt(number: u64) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

fn package(per_entry: u64, text: &[u8]) -> Vec<u8> {
    let header = Header { origin: "bench.example".to_owned(), moment: Moment(0), texts: true, blobs: true };
    let mut to = Writer::new(Vec::new(), &header).unwrap();
    let mut previous = NOTHING_BEFORE;
    for sequence in 1..=VERSIONS / per_entry {
        let first = (sequence - 1) * per_entry;
        let bytes = entry(sequence, previous, (first..first + per_entry).map(|number| change(number, text)).collect());
        previous = chain_hash(&bytes);
        to.entry(&bytes).unwrap();
        for place in 0..per_entry {
            to.text(place, &salt(first + place), 0, text).unwrap();
        }
    }
    to.finish().unwrap()
}

fn change(number: u64, text: &[u8]) -> Change {
    Change {
        kind: "Observation".to_owned(),
        id: format!("0190f2c4-7b1e-7000-8000-{number:012x}"),
        version: 1,
        operation: Operation::Create,
        digest: version_digest(&salt(number), text),
        blobs: Vec::new(),
    }
}

fn entry(sequence: u64, previous: Hash, changes: Vec<Change>) -> Vec<u8> {
    let entry = Entry {
        sequence,
        epoch: 1,
        moment: Moment(sequence as i64),
        previous,
        author: "feed.laboratory".to_owned(),
        permit: "permit-feed".to_owned(),
        cause: Cause { kind: CauseKind::Message, reference: "LAB 20261117-000123".to_owned() },
        command: "receive-results".to_owned(),
        idempotency: None,
        assertions: Vec::new(),
        changes,
        act: Act::Commit,
    };
    entry.encode()
}
