//! The frozen formats: each file under `tests/golden` is made by the code of today and read by it.
//!
//! A file is never changed. A new format gets new files beside the old ones. With `ALMONER_WRITE_GOLDEN=1` files
//! that do not exist yet are written; existing ones are never touched.

use crate::sample::{
    Builder, ORIGIN, cut, full_entry, host_key, introduce, large_span, leaf, package, resume, salt, sample, second_key,
    span, target_key, witness,
};
use journal::act::Takeover;
use journal::frames::{Frames, SEGMENT_START, append_frame};
use journal::hash::blob_digest;
use journal::package::check_package;
use journal::tiles::TileBuilder;
use journal::verifier::Expect;
use journal::{
    AccessLeaf, Act, BlobRef, CauseKind, Edge, Entry, ErasedVersion, Erasure, KeyChangeKind, KeyKind, NOTHING_BEFORE,
    Operation, SignedCheckpoint, SpanDigest, VerifierKey, access_chain_hash, chain_hash, leaf_hash, node_hash,
    request_digest, version_digest,
};
use std::path::PathBuf;

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "golden", name].iter().collect()
}

/// The golden bytes, which must be these.
fn golden(name: &str, made: &[u8]) -> Vec<u8> {
    let path = path(name);
    if !path.exists() && std::env::var_os("ALMONER_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let kept = std::fs::read(&path).unwrap_or_else(|_| panic!("{name} is missing"));
    assert!(kept == made, "{name} is no longer what the code makes:\n{}", String::from_utf8_lossy(made));
    kept
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The golden bytes of a file of hexadecimal digits, 32 bytes a line.
pub(crate) fn golden_hex(name: &str, made: &[u8]) -> Vec<u8> {
    let lines: String = made.chunks(32).map(|line| to_hex(line) + "\n").collect();
    let kept = golden(name, lines.as_bytes());
    let digits: Vec<u8> = kept.into_iter().filter(|byte| *byte != b'\n').collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn golden_entry(name: &str, entry: &Entry) {
    let kept = golden_hex(name, &entry.encode());
    assert_eq!(&Entry::decode(&kept).unwrap(), entry, "{name}");
}

#[test]
fn entries() {
    let builder = Builder::new();
    let blank = builder.blank();
    let (host, second) = (host_key(), second_key());
    golden_entry("entry-plain.hex", &blank);
    let mut full = full_entry(&builder);
    let blob = BlobRef { digest: blob_digest(&salt(51), b"a scanned letter"), length: 16 };
    full.changes.push(crate::sample::change("Patient", "c", 1, Operation::Create, &salt(1), "{}"));
    full.changes.push(crate::sample::change("Observation", "b", 300, Operation::Delete, &salt(2), ""));
    full.changes[0].blobs = vec![blob, blob];
    golden_entry("entry-full.hex", &full);
    let act = |act: Act| Entry { act, ..blank.clone() };
    let erased = ErasedVersion { kind: "Patient".to_owned(), id: "a".to_owned(), version: 1, entry: 2 };
    let erasure = Erasure {
        versions: vec![erased],
        blobs: vec![blob.digest],
        authority: "County Court order 26-114".to_owned(),
        reason: "wrong document filed".to_owned(),
    };
    golden_entry("entry-erase.hex", &act(Act::Erase(erasure)));
    golden_entry("entry-key-introduce.hex", &act(Act::Keys(introduce(&host, &host, KeyChangeKind::Introduce))));
    golden_entry("entry-key-rotate.hex", &act(Act::Keys(introduce(&second, &host, KeyChangeKind::Rotate))));
    golden_entry("entry-key-retire.hex", &act(Act::Keys(introduce(&host, &second, KeyChangeKind::Retire))));
    golden_entry("entry-cut.hex", &act(Act::Cut(cut(1, &NOTHING_BEFORE, 2, &host))));
    golden_entry("entry-resume.hex", &act(Act::Resume(resume(1, 3, &NOTHING_BEFORE))));
    let takeover = Takeover { host: "host-a.example".to_owned(), reason: "restarted".to_owned() };
    golden_entry("entry-takeover.hex", &act(Act::Takeover(takeover)));
}

#[test]
fn every_cause_has_its_number() {
    let causes = [
        (CauseKind::Form, 1),
        (CauseKind::Request, 2),
        (CauseKind::Message, 3),
        (CauseKind::Batch, 4),
        (CauseKind::Move, 5),
        (CauseKind::System, 6),
    ];
    let blank = Builder::new().blank();
    let at = blank.encode().len() - "register".len() - 1 - "register-patient".len() - 1 - 5;
    for (kind, number) in causes {
        let mut entry = blank.clone();
        entry.cause.kind = kind;
        assert_eq!(entry.encode()[at], number);
    }
}

#[test]
fn hashes_and_digests() {
    let (salt, text) = (salt(7), b"{\"resourceType\":\"Patient\"}");
    let lines = [
        ("chain", chain_hash(text)),
        ("access chain", access_chain_hash(text)),
        ("leaf", leaf_hash(text)),
        ("node", node_hash(&leaf_hash(text), &leaf_hash(b""))),
        ("version", version_digest(&salt, text)),
        ("version deleted", version_digest(&salt, b"")),
        ("blob", blob_digest(&salt, text)),
        ("request", request_digest(&salt, text)),
        ("span", SpanDigest::of(&salt, &span()).digest),
        ("large span", SpanDigest::of(&salt, &large_span()).digest),
    ];
    let made: String = lines.iter().map(|(name, hash)| format!("{name}: {}\n", to_hex(hash))).collect();
    golden("digests.txt", made.as_bytes());
}

#[test]
fn edge_and_tiles() {
    let (mut edge, mut tiles) = (Edge::default(), TileBuilder::default());
    for number in 0..300u64 {
        let leaf = leaf_hash(&number.to_be_bytes());
        edge.append(leaf);
        tiles.append(leaf);
    }
    let kept = golden_hex("edge-300.hex", &edge.encode());
    assert_eq!(Edge::decode(&kept).unwrap(), edge);
    let all = tiles.take_finished().into_iter().chain(tiles.partial());
    let mut paths = Vec::new();
    for tile in all {
        golden_hex(&format!("{}.hex", tile.id.path().replace('/', "-")), &tile.bytes);
        paths.push(tile.id.path());
    }
    assert_eq!(paths, ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"]);
}

#[test]
fn access_leaves_and_segments() {
    let first = leaf(1, "host-a.example", 1, NOTHING_BEFORE);
    let second = leaf(2, "host-a.example", 1, access_chain_hash(&first.encode()));
    let kept = golden_hex("access-leaf.hex", &second.encode());
    assert_eq!(AccessLeaf::decode(&kept).unwrap(), second);
    let mut segment = SEGMENT_START.to_vec();
    append_frame(&mut segment, &first.encode());
    append_frame(&mut segment, &second.encode());
    let kept = golden_hex("access-segment.hex", &segment);
    let leaves: Vec<_> = Frames::of(&kept).unwrap().map(|frame| AccessLeaf::decode(frame.unwrap()).unwrap()).collect();
    assert_eq!(leaves, [first, second]);
}

#[test]
fn keys_and_checkpoints() {
    let (host, witness) = (host_key(), witness());
    let keys = [host.verifier(KeyKind::Log), target_key().verifier(KeyKind::Log), witness.verifier(KeyKind::Witness)];
    let lines: String = keys.iter().map(|key| format!("{key}\n")).collect();
    let kept = String::from_utf8(golden("keys.txt", (host.to_secret_text() + "\n" + &lines).as_bytes())).unwrap();
    let read: Vec<VerifierKey> = kept.lines().skip(1).map(|line| VerifierKey::parse(line).unwrap()).collect();
    assert_eq!(read, keys);
    let outside = &sample().outside[0];
    let kept = String::from_utf8(golden("checkpoint-7.txt", outside.to_string().as_bytes())).unwrap();
    let indented: String = outside.checkpoint().text().lines().map(|line| format!("    {line}\n")).collect();
    let page = include_str!("../../../../docs/formats/journal.md");
    assert!(page.contains(&indented), "docs/formats/journal.md shows another checkpoint:\n{indented}");
    let read = SignedCheckpoint::parse(&kept).unwrap();
    assert_eq!(&read, outside);
    assert_eq!(read.verify(&keys).unwrap().len(), 2);
    assert_eq!((read.checkpoint().origin.as_str(), read.checkpoint().size), (ORIGIN, 7));
}

#[test]
fn packages() {
    let sample = sample();
    golden("checkpoint-14.txt", sample.outside[1].to_string().as_bytes());
    let kept = golden("sample.almjournal", &package(&sample.items));
    let outside: Vec<String> = sample.outside.iter().map(ToString::to_string).collect();
    let report = check_package(kept.as_slice(), Expect::default(), &outside).unwrap();
    assert!(report.holds(), "{:#?}", report.findings);
    assert_eq!((report.entries, report.versions, report.covered()), (14, 8, Some(14)));
}
