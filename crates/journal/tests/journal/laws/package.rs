//! The law of packages: any bytes are read to their end or to a fault with its place, what was read is written again as
//! the same bytes, and the verifier reports on all of it without harm.
//!
//! Called with anything by the fuzz target `package`, and with the seeds and regressions by a test.

use journal::package::{self, Reader, Record, Unreadable, check_package};
use journal::verifier::Expect;
use journal::{SignedCheckpoint, VerifierKey};

/// A key that the packages among the seeds are signed with, so that signatures are looked at.
const KEY: &str = "almoner.example/t/DEMO+d582e121+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";

/// Holds the law for any bytes.
pub(crate) fn check(input: &[u8]) {
    if let Some(again) = written_again(input) {
        assert!(again == input, "a package that was read is written with other bytes");
    }
    let pinned = vec![VerifierKey::parse(KEY).unwrap_or_else(|fault| panic!("{fault}"))];
    for expect in [Expect::default(), Expect { pinned, tiles: true, ..Expect::default() }] {
        match check_package(input, expect, &[]) {
            Ok(_) => {}
            Err(Unreadable::Io(problem)) => panic!("bytes in memory cannot fail: {problem}"),
            Err(fault) => assert!(!fault.to_string().is_empty()),
        }
    }
}

/// The same package from our writer; nothing if the input cannot be read to its end, or says what no writer of ours
/// would: other counts, blobs in other parts, checkpoints that are none.
fn written_again(input: &[u8]) -> Option<Vec<u8>> {
    let mut from = Reader::new(input).ok()?;
    let mut to = package::Writer::new(Vec::new(), from.header()).ok()?;
    let mut counts = package::Counts::default();
    let mut records = 0;
    loop {
        records += 1;
        assert!(records <= input.len(), "more records than bytes");
        match from.next_record() {
            Ok(Some(record)) => match record {
                Record::Entry(bytes) => {
                    counts.entries += 1;
                    to.entry(bytes).ok()?;
                }
                Record::Text { change, salt, sealing, text } => {
                    counts.texts += 1;
                    to.text(change, &salt, sealing, text).ok()?;
                }
                Record::Checkpoint(text) => {
                    counts.checkpoints += 1;
                    to.checkpoint(&SignedCheckpoint::parse(text).ok()?).ok()?;
                }
                Record::Leaf(bytes) => {
                    counts.leaves += 1;
                    to.leaf(bytes).ok()?;
                }
                Record::Blob { .. } | Record::Part(_) => return None,
                Record::End(stated) if stated != counts => return None,
                Record::End(_) => {}
            },
            Ok(None) => return to.finish().ok(),
            Err(_) => return None,
        }
    }
}
