//! Decoding of anything: whatever is accepted encodes to the same bytes, whatever is not is refused without panic.
//!
//! Generated and mutated entries, leaves, checkpoints and whole packages; what they mean is not looked at here.

use crate::sample::{Item, package, sample};
use journal::act::{Cut, Resume, Takeover};
use journal::frames::{Frames, SEGMENT_START, append_frame};
use journal::note::Note;
use journal::package::check_package;
use journal::verifier::Expect;
use journal::{
    AccessLeaf, AccessOutcome, AccessRead, Act, Assertion, BlobRef, Cause, CauseKind, Change, Checkpoint, Edge, Entry,
    ErasedVersion, Erasure, Idempotency, KeyChange, KeyChangeKind, Operation, SignedCheckpoint, SpanDigest,
    VerifierKey,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use terms::Moment;

fn name() -> impl Strategy<Value = String> {
    "[!-.0-~]{1,64}"
}

fn text() -> impl Strategy<Value = String> {
    "\\PC{0,40}"
}

fn hash() -> impl Strategy<Value = [u8; 32]> {
    any::<[u8; 32]>()
}

fn signature() -> impl Strategy<Value = [u8; 64]> {
    (hash(), hash()).prop_map(|(a, b)| [a, b].concat().try_into().unwrap())
}

fn cause() -> impl Strategy<Value = Cause> {
    let kinds =
        [CauseKind::Form, CauseKind::Request, CauseKind::Message, CauseKind::Batch, CauseKind::Move, CauseKind::System];
    (proptest::sample::select(kinds.to_vec()), text()).prop_map(|(kind, reference)| Cause { kind, reference })
}

fn span_digest() -> impl Strategy<Value = SpanDigest> {
    (text(), hash()).prop_map(|(parameter, digest)| SpanDigest { parameter, digest })
}

fn assertion() -> impl Strategy<Value = Assertion> {
    prop_oneof![
        (name(), name(), any::<u64>()).prop_map(|(kind, id, version)| Assertion::Version { kind, id, version }),
        span_digest().prop_map(|range| Assertion::Absent { range }),
        (span_digest(), any::<u32>()).prop_map(|(range, count)| Assertion::AtMost { range, count }),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let operation = prop_oneof![Just(Operation::Create), Just(Operation::Update), Just(Operation::Delete)];
    let blob = (hash(), any::<u64>()).prop_map(|(digest, length)| BlobRef { digest, length });
    (name(), name(), 1..u64::MAX, operation, hash(), vec(blob, 0..3)).prop_map(
        |(kind, id, version, operation, digest, blobs)| Change { kind, id, version, operation, digest, blobs },
    )
}

fn act() -> impl Strategy<Value = Act> {
    let erased = (name(), name(), 1..u64::MAX, 1..u64::MAX).prop_map(|(kind, id, version, entry)| ErasedVersion {
        kind,
        id,
        version,
        entry,
    });
    let erasure = (vec(erased, 0..3), vec(hash(), 0..3), text(), text())
        .prop_map(|(versions, blobs, authority, reason)| Erasure { versions, blobs, authority, reason });
    let kind = prop_oneof![Just(KeyChangeKind::Introduce), Just(KeyChangeKind::Rotate), Just(KeyChangeKind::Retire)];
    let keys = (kind, text(), text(), text(), hash(), hash(), signature()).prop_map(
        |(kind, origin, host, name, key, signer, signature)| {
            Act::Keys(KeyChange { kind, origin, host, name, key, signer, signature })
        },
    );
    let cut = (text(), text(), text(), any::<u64>(), hash(), hash(), signature(), signature()).prop_map(
        |(origin, source, target, epoch, source_key, target_key, source_signature, target_signature)| {
            let keys = (source_key, target_key);
            Act::Cut(Cut {
                origin,
                source,
                target,
                epoch,
                source_key: keys.0,
                target_key: keys.1,
                source_signature,
                target_signature,
            })
        },
    );
    let resume = (text(), 1..u64::MAX, any::<u64>(), hash(), signature()).prop_map(
        |(origin, cut, epoch, target_key, signature)| Act::Resume(Resume { origin, cut, epoch, target_key, signature }),
    );
    let takeover = (text(), text()).prop_map(|(host, reason)| Act::Takeover(Takeover { host, reason }));
    prop_oneof![Just(Act::Commit), erasure.prop_map(Act::Erase), keys, cut, resume, takeover]
}

fn entry() -> impl Strategy<Value = Entry> {
    let idempotency =
        (text(), text(), hash()).prop_map(|(principal, key, digest)| Idempotency { principal, key, digest });
    let head = (1..u64::MAX, any::<u64>(), any::<i64>(), hash(), text(), text(), cause(), text());
    let tail = (option::of(idempotency), vec(assertion(), 0..4), vec(change(), 0..4), act());
    (head, tail).prop_map(|((sequence, epoch, moment, previous, author, permit, cause, command), tail)| {
        let (idempotency, assertions, changes, act) = tail;
        let moment = Moment(moment);
        let command = command.chars().take(20).collect();
        Entry {
            sequence,
            epoch,
            moment,
            previous,
            author,
            permit,
            cause,
            command,
            idempotency,
            assertions,
            changes,
            act,
        }
    })
}

fn leaf() -> impl Strategy<Value = AccessLeaf> {
    let outcome = prop_oneof![Just(AccessOutcome::Shown), Just(AccessOutcome::Refused)];
    let read = (text(), text(), text(), text(), any::<u64>(), outcome, vec((name(), name()), 0..3)).prop_map(
        |(principal, permit, purpose, query, sequence, outcome, subjects)| AccessRead {
            principal,
            permit,
            purpose,
            query,
            sequence,
            outcome,
            subjects,
        },
    );
    (1..u64::MAX, any::<u64>(), text(), hash(), any::<i64>(), vec(read, 0..4)).prop_map(
        |(number, epoch, host, previous, moment, reads)| AccessLeaf {
            number,
            epoch,
            host,
            previous,
            moment: Moment(moment),
            reads,
        },
    )
}

/// One change to a byte string: a byte replaced, removed, inserted, or the end cut off.
#[derive(Debug, Clone)]
enum Mutation {
    Replace(usize, u8),
    Remove(usize),
    Insert(usize, u8),
    Cut(usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        any::<usize>().prop_map(Mutation::Remove),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        any::<usize>().prop_map(Mutation::Cut),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation) {
    let length = bytes.len().max(1);
    match mutation {
        _ if bytes.is_empty() => {}
        Mutation::Replace(at, byte) => bytes[at % length] = *byte,
        Mutation::Remove(at) => {
            bytes.remove(at % length);
        }
        Mutation::Insert(at, byte) => bytes.insert(at % length, *byte),
        Mutation::Cut(at) => bytes.truncate(at % length),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn entries_are_read_back_and_have_one_encoding(entry in entry(), mutations in vec(mutation(), 1..4)) {
        prop_assert_eq!(entry.check(), Ok(()));
        let mut bytes = entry.encode();
        prop_assert_eq!(Entry::decode(&bytes), Ok(entry));
        for mutation in &mutations {
            mutate(&mut bytes, mutation);
        }
        if let Ok(accepted) = Entry::decode(&bytes) {
            prop_assert_eq!(accepted.check(), Ok(()));
            prop_assert_eq!(accepted.encode(), bytes);
        }
    }

    #[test]
    fn leaves_are_read_back_and_have_one_encoding(leaf in leaf(), mutations in vec(mutation(), 1..4)) {
        prop_assert_eq!(leaf.check(), Ok(()));
        let mut bytes = leaf.encode();
        prop_assert_eq!(AccessLeaf::decode(&bytes), Ok(leaf));
        for mutation in &mutations {
            mutate(&mut bytes, mutation);
        }
        if let Ok(accepted) = AccessLeaf::decode(&bytes) {
            prop_assert_eq!(accepted.encode(), bytes);
        }
    }

    #[test]
    fn bytes_of_any_kind_are_refused_without_panic(bytes in vec(any::<u8>(), 0..300), text in "\\PC{0,120}") {
        let _ = Entry::decode(&bytes);
        let _ = AccessLeaf::decode(&bytes);
        if let Ok(edge) = Edge::decode(&bytes) {
            prop_assert_eq!(edge.encode(), bytes.clone());
        }
        let mut segment = SEGMENT_START.to_vec();
        segment.extend_from_slice(&bytes);
        append_frame(&mut segment, b"whole");
        let whole = Frames::of(&segment).unwrap().filter(|frame| *frame == Ok(b"whole".as_slice())).count();
        prop_assert_eq!(whole, 1);
        let _ = VerifierKey::parse(&text);
        let _ = Note::parse(&text);
        let _ = SignedCheckpoint::parse(&text);
    }

    #[test]
    fn checkpoints_have_one_text(size: u64, root in hash(), epoch: u64, ms in 0i64..253_402_300_800_000, flip in mutation()) {
        let moment = Moment(ms);
        let checkpoint = Checkpoint { origin: "almoner.example/t/DEMO".to_owned(), size, root, epoch, moment };
        let text = checkpoint.text();
        prop_assert_eq!(Checkpoint::parse(&text), Ok(checkpoint));
        let mut changed = text.into_bytes();
        mutate(&mut changed, &flip);
        if let Ok(changed) = String::from_utf8(changed)
            && let Ok(accepted) = Checkpoint::parse(&changed)
        {
            prop_assert_eq!(accepted.text(), changed);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// A package damaged anywhere is either unreadable or found; the check itself never fails.
    #[test]
    fn a_damaged_package_never_passes(mutations in vec(mutation(), 1..3)) {
        let sample = sample();
        let whole = package(&sample.items);
        let outside: Vec<String> = sample.outside.iter().map(ToString::to_string).collect();
        let mut bytes = whole.clone();
        for mutation in &mutations {
            mutate(&mut bytes, mutation);
        }
        prop_assume!(bytes != whole);
        if let Ok(report) = check_package(bytes.as_slice(), Expect::default(), &outside) {
            let unproved = UNPROVED_HEADER;
            let same_but_for_header = bytes.len() == whole.len()
                && bytes.iter().zip(&whole).enumerate().all(|(at, (a, b))| a == b || unproved.contains(&at));
            prop_assert!(!report.holds() || same_but_for_header);
        }
    }
}

/// When a package says it was made, and whether it says that texts and blobs are in it: nothing proves these bytes.
/// A report says in words when texts or blobs were not expected.
const UNPROVED_HEADER: std::ops::Range<usize> = 45..55;

#[test]
fn the_unproved_header_is_where_the_test_thinks() {
    let bytes = package(&[Item::Entry(Vec::new())]);
    let (moment, flags) = bytes[UNPROVED_HEADER].split_at(8);
    assert_eq!(i64::from_be_bytes(moment.try_into().unwrap()), 1_795_000_000_000);
    assert_eq!(flags, [1, 1]);
    assert_eq!(bytes[UNPROVED_HEADER.end], 2, "the tag of the first entry");
}

#[test]
fn what_is_outside_the_limits_is_refused_before_and_after() {
    let blank = crate::sample::Builder::new().blank();
    let long = |entry: Entry| {
        assert!(entry.check().is_err());
        assert!(Entry::decode(&entry.encode()).is_err());
    };
    long(Entry { author: "a".repeat(513), ..blank.clone() });
    long(Entry { command: "a".repeat(129), ..blank.clone() });
    long(Entry { sequence: 0, ..blank.clone() });
    let version = Assertion::Version { kind: "Patient/1".to_owned(), id: "a".to_owned(), version: 1 };
    long(Entry { assertions: vec![version], ..blank.clone() });
    let nameless = crate::sample::change("", "a", 1, Operation::Create, &[0; 16], "");
    long(Entry { changes: vec![nameless], ..blank.clone() });
    let before_first = crate::sample::change("Patient", "a", 0, Operation::Create, &[0; 16], "");
    long(Entry { changes: vec![before_first], ..blank.clone() });
    let takeover = Takeover { host: "a".repeat(513), reason: String::new() };
    long(Entry { act: Act::Takeover(takeover), ..blank });
}
