//! Texts with holes: one spelling, frozen bytes, and a text that names other blobs than its change is found.
//! Knows only what a checker sees: bytes and a package.

use journal::hash::holes::{Hole, filled, join, split};
use journal::package::check_package;
use journal::verifier::{Expect, FindingKind};
use journal::{BlobRef, Change, Entry, Operation, hash::blob_digest, version_digest};
use proptest::prelude::*;

use crate::golden::golden_hex;
use crate::sample::{Builder, Item, package, salt};

const TEXT: &[u8] = b"{\"resourceType\":\"Binary\",\"data\":\"\",\"more\":\"\"}";

fn hole(at: u64, bytes: &[u8]) -> Hole {
    Hole { at, digest: blob_digest(&salt(51), bytes) }
}

#[test]
fn a_text_with_holes_is_frozen() {
    let (one, two) = (b"a scanned letter".as_slice(), b"another".as_slice());
    let kept = golden_hex("text-with-holes.hex", &join(&[hole(33, one), hole(43, two)], TEXT));
    let (holes, text) = split(&kept).unwrap();
    assert_eq!((holes.as_slice(), text), ([hole(33, one), hole(43, two)].as_slice(), TEXT));
    let served = filled(text, &[(33, one), (43, two)]);
    let expected = "{\"resourceType\":\"Binary\",\"data\":\"YSBzY2FubmVkIGxldHRlcg==\",\"more\":\"YW5vdGhlcg==\"}";
    assert_eq!(String::from_utf8(served).unwrap(), expected);
    assert_eq!((join(&[], TEXT).as_slice(), split(TEXT).unwrap().0.len()), (TEXT, 0));
}

#[test]
fn holes_have_one_spelling() {
    let mut kept = join(&[hole(3, b"a"), hole(9, b"b")], TEXT);
    assert!(split(&kept).is_ok());
    for (at, value) in [(1, 2), (2, 0), (2, 3), (3, 9), (36, 3), (36, 127)] {
        let before = std::mem::replace(&mut kept[at], value);
        assert!(split(&kept).is_err(), "byte {at} as {value}");
        kept[at] = before;
    }
    for length in 1..70 {
        assert!(split(&kept[..length]).is_err(), "{length} bytes");
    }
}

proptest! {
    #[test]
    fn what_is_split_joins_to_the_same(kept in proptest::collection::vec(any::<u8>(), 0..200)) {
        for kept in [kept.clone(), [&[0, 1, 1, 5], kept.as_slice()].concat()] {
            if let Ok((holes, text)) = split(&kept) {
                prop_assert_eq!(join(&holes, text), kept);
            }
        }
    }
}

/// A journal of one document with these blobs in its entry and these in its text.
fn findings(named: &[&[u8]], holes: &[Hole]) -> Vec<FindingKind> {
    let mut to = Builder::new();
    let text = join(holes, TEXT);
    let blob = |bytes: &&[u8]| BlobRef { digest: blob_digest(&salt(51), bytes), length: bytes.len() as u64 };
    let change = Change {
        kind: "Binary".to_owned(),
        id: "d".to_owned(),
        version: 1,
        operation: Operation::Create,
        digest: version_digest(&salt(50), &text),
        blobs: named.iter().map(blob).collect(),
    };
    let entry = Entry { changes: vec![change.clone()], ..to.blank() };
    to.push(entry);
    to.items.push(Item::Text { change: 0, salt: salt(50), text });
    for (blob, bytes) in change.blobs.iter().zip(named) {
        let (digest, length) = (blob.digest, blob.length);
        to.items.push(Item::Blob { digest, salt: salt(51), length, bytes: bytes.to_vec() });
    }
    let report = check_package(package(&to.items).as_slice(), Expect::default(), &[]).unwrap();
    report.findings.iter().map(|finding| finding.kind).collect()
}

#[test]
fn other_holes_than_the_change_has_blobs_are_found() {
    let (a, b): (&[u8], &[u8]) = (b"one", b"two");
    assert_eq!(findings(&[a, b], &[hole(33, a), hole(43, b)]), []);
    assert_eq!(findings(&[a], &[hole(33, a), hole(43, a)]), [], "the same content twice is one blob");
    for (named, holes) in [
        (vec![a, b], vec![hole(33, a)]),
        (vec![a], vec![hole(33, a), hole(43, b)]),
        (vec![b, a], vec![hole(33, a), hole(43, b)]),
        (vec![a], vec![hole(33, a), hole(2000, a)]),
        (vec![], vec![hole(33, a)]),
    ] {
        assert_eq!(findings(&named, &holes), [FindingKind::HolesWrong], "{named:?} {holes:?}");
    }
}
