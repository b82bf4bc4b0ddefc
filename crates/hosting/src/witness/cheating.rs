//! A host among witnesses that cheats: it shows records that are not its own, or more of them than there can be. Nothing of
//! it stands against an honest record, which is signed on.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use journal::act::{Cut, Resume};
use journal::{Act, Checkpoint, Entry, KeyKind, SigningKey};
use terms::Moment;

use super::*;
use crate::test_host::host_in;

const ORIGIN: &str = "almoner-v/t/RTX";

/// A witness in a directory of its own.
struct Witness {
    host: Arc<Host>,
    _directory: tempfile::TempDir,
}

impl Witness {
    async fn new() -> Witness {
        let directory = tempfile::tempdir().unwrap();
        let host = host_in(directory.path(), "sqlite", crate::clock::machine()).await;
        Witness { host, _directory: directory }
    }

    /// What a host is answered that shows a checkpoint of the first of some leaves, signed with its own key.
    fn shown(&self, by: &str, of: &str, leaves: &[Hash], moment: i64, old: u64) -> (StatusCode, String) {
        let (size, root) = (leaves.len() as u64, root(leaves));
        self.shown_of(by, Checkpoint { origin: of.into(), size, root, epoch: 1, moment: Moment(moment) }, old, leaves)
    }

    fn shown_of(&self, by: &str, stated: Checkpoint, old: u64, leaves: &[Hash]) -> (StatusCode, String) {
        let key = key_of(by, &stated.origin);
        let proof = if old == 0 { Vec::new() } else { proof(leaves, old) };
        let shown = Shown { old, proof, checkpoint: SignedCheckpoint::sign(stated, &key).unwrap() };
        let from = KnownHost { name: by.into(), address: String::new(), key: String::new() };
        let response = sign(&self.host, &from, &shown, &key.verifier(KeyKind::Log)).unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX);
        let body = futures_util::FutureExt::now_or_never(body).unwrap().unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    fn seen(&self, origin: &str) -> SeenRecord {
        self.host.witnesses.state().seen.get(origin).cloned().unwrap_or_default()
    }
}

/// The key by which a host signs for a record.
fn key_of(host: &str, origin: &str) -> SigningKey {
    let mut seed = [0; 32];
    seed[..host.len()].copy_from_slice(host.as_bytes());
    SigningKey::from_seed(origin, seed).unwrap()
}

/// A history of so many entries that was another one from an entry on.
fn leaves(size: u64, other_from: u64) -> Vec<Hash> {
    (0..size)
        .map(|n| journal::leaf_hash(&[n.to_be_bytes(), u64::from(n >= other_from).to_be_bytes()].concat()))
        .collect()
}

fn root(leaves: &[Hash]) -> Hash {
    let mut edge = journal::Edge::default();
    leaves.iter().for_each(|leaf| edge.append(*leaf));
    edge.root()
}

fn proof(leaves: &[Hash], old: u64) -> Vec<Hash> {
    let tile = leaves.concat();
    let mut tree = journal::tiles::TileReader::new(leaves.len() as u64, |_| Some(tile.clone()));
    journal::tiles::proof::consistency(old, &mut tree).unwrap()
}

#[tokio::test]
async fn a_host_that_shows_the_record_of_another_before_it_does_not_keep_it_from_being_signed() {
    let witness = Witness::new().await;
    let stated = Checkpoint { origin: ORIGIN.into(), size: 1 << 60, root: [7; 32], epoch: 1, moment: Moment(5) };
    let (status, why) = witness.shown_of("almoner-m", stated, 0, &[]);
    assert_eq!(status, StatusCode::FORBIDDEN, "{why}");
    let honest = leaves(20, u64::MAX);
    assert_eq!(witness.shown("almoner-v", ORIGIN, &honest[..9], 10, 0).0, StatusCode::OK);
    assert_eq!(witness.shown("almoner-v", ORIGIN, &honest, 20, 9).0, StatusCode::OK);
}

#[tokio::test]
async fn a_host_that_shows_another_history_of_the_record_of_another_does_not_expose_it() {
    let witness = Witness::new().await;
    let honest = leaves(20, u64::MAX);
    assert_eq!(witness.shown("almoner-v", ORIGIN, &honest[..9], 10, 0).0, StatusCode::OK);
    for size in [9, 12] {
        let (status, why) = witness.shown("almoner-m", ORIGIN, &leaves(size, 3), 20, 9);
        assert_eq!(status, StatusCode::FORBIDDEN, "{why}");
    }
    assert!(witness.seen(ORIGIN).exposed.is_empty());
    assert_eq!(witness.shown("almoner-v", ORIGIN, &honest, 30, 9).0, StatusCode::OK);
}

#[tokio::test]
async fn a_host_that_invents_records_is_told_when_there_are_too_many() {
    let witness = Witness::new().await;
    let one = leaves(1, u64::MAX);
    let mut refused = Vec::new();
    for number in 2..300 {
        let (status, why) = witness.shown("almoner-m", &format!("almoner-m/t/RTX/{number}"), &one, 10, 0);
        refused.extend((status != StatusCode::OK).then_some(why));
    }
    let kept = witness.host.witnesses.state().seen.len();
    assert!(kept < 200 && kept + refused.len() == 298, "{kept} {}", refused.len());
    assert!(refused[0].contains("more than"), "{}", refused[0]);
    assert_eq!(witness.shown("almoner-v", ORIGIN, &one, 10, 0).0, StatusCode::OK, "others are signed for");
}

const PREVIOUS: Hash = [3; 32];

fn entry(sequence: u64, epoch: u64, previous: Hash, act: Act) -> Vec<u8> {
    let cause = journal::Cause { kind: journal::CauseKind::Move, reference: String::new() };
    let (author, permit, command) = ("host/a".to_owned(), "host".to_owned(), "cut".to_owned());
    let (assertions, changes) = (Vec::new(), Vec::new());
    let moment = Moment(50);
    Entry {
        sequence,
        epoch,
        moment,
        previous,
        author,
        permit,
        cause,
        command,
        idempotency: None,
        assertions,
        changes,
        act,
    }
    .encode()
}

/// The cut that hands the record over, as entry `sequence`, signed by these two.
fn cut_signed(sequence: u64, epoch: u64, source: &str, target: &str, signed_by: [&str; 2]) -> Vec<u8> {
    let [source_key, target_key] = signed_by.map(|host| key_of(host, ORIGIN));
    let mut cut = Cut {
        origin: ORIGIN.into(),
        source: source.into(),
        target: target.into(),
        epoch,
        source_key: key_of(source, ORIGIN).public(),
        target_key: key_of(target, ORIGIN).public(),
        source_signature: [0; 64],
        target_signature: [0; 64],
    };
    let message = cut.message(sequence, &PREVIOUS);
    (cut.source_signature, cut.target_signature) = (source_key.sign(&message), target_key.sign(&message));
    entry(sequence, epoch - 1, PREVIOUS, Act::Cut(cut))
}

fn cut(sequence: u64, epoch: u64, source: &str, target: &str) -> Vec<u8> {
    cut_signed(sequence, epoch, source, target, [source, target])
}

/// The entry by which the target of a cut gives the record back, unopened.
fn resume(cut: &[u8], number: u64, epoch: u64, target: &str) -> Vec<u8> {
    let (key, chain) = (key_of(target, ORIGIN), journal::chain_hash(cut));
    let mut resume = Resume { origin: ORIGIN.into(), cut: number, epoch, target_key: key.public(), signature: [0; 64] };
    resume.signature = key.sign(&resume.message(&chain));
    entry(number + 1, epoch, chain, Act::Resume(resume))
}

impl Witness {
    fn takes(&self, host: &str, entries: &[Vec<u8>]) -> bool {
        let from = KnownHost { name: host.into(), address: String::new(), key: String::new() };
        take_over(&self.host, &from, ORIGIN, None, entries).unwrap().is_ok()
    }

    fn holder(&self) -> String {
        self.host.witnesses.state().holder(ORIGIN).unwrap().host
    }
}

#[tokio::test]
async fn a_record_goes_over_only_with_both_signatures_from_the_host_that_holds_it() {
    let witness = Witness::new().await;
    let honest = leaves(20, u64::MAX);
    assert!(!witness.takes("almoner-m", &[cut(10, 2, "almoner-v", "almoner-m")]), "nobody is known to hold it");
    assert_eq!(witness.shown("almoner-v", ORIGIN, &honest[..9], 10, 0).0, StatusCode::OK);
    for (name, entry) in [
        ("between two others", cut(10, 2, "almoner-w", "almoner-m")),
        ("to another", cut(10, 2, "almoner-v", "almoner-w")),
        ("unsigned by the source", cut_signed(10, 2, "almoner-v", "almoner-m", ["almoner-m", "almoner-m"])),
        ("unsigned by the target", cut_signed(10, 2, "almoner-v", "almoner-m", ["almoner-v", "almoner-v"])),
        ("no entry", vec![7; 90]),
    ] {
        assert!(!witness.takes("almoner-m", &[entry]), "{name}");
    }
    assert_eq!(witness.shown("almoner-m", ORIGIN, &honest, 20, 9).0, StatusCode::FORBIDDEN);
    assert!(witness.takes("almoner-m", &[cut(10, 2, "almoner-v", "almoner-m")]));
    assert_eq!(witness.shown("almoner-m", ORIGIN, &honest[..9], 20, 9).0, StatusCode::FORBIDDEN, "without the cut");
    assert_eq!(
        witness.shown("almoner-m", ORIGIN, &honest, 20, 9).0,
        StatusCode::OK,
        "the origin stays, the key changes"
    );
    assert_eq!(witness.shown("almoner-v", ORIGIN, &honest, 30, 20).0, StatusCode::FORBIDDEN);
    assert!(!witness.takes("almoner-v", &[cut(10, 2, "almoner-v", "almoner-m")]), "it handed it over itself");
    assert!(witness.takes("almoner-v", &[cut(21, 3, "almoner-m", "almoner-v")]), "and back");
    assert!(!witness.takes("almoner-m", &[cut(10, 2, "almoner-v", "almoner-m")]), "an old cut is no new one");
    let seen = witness.seen(ORIGIN);
    assert!(seen.exposed.is_empty() && seen.conflicts.is_empty(), "{seen:?}");
}

#[tokio::test]
async fn what_a_new_holder_shows_that_does_not_go_on_is_kept_against_it() {
    let witness = Witness::new().await;
    assert_eq!(witness.shown("almoner-v", ORIGIN, &leaves(9, u64::MAX), 10, 0).0, StatusCode::OK);
    assert!(witness.takes("almoner-m", &[cut(10, 2, "almoner-v", "almoner-m")]));
    let (status, why) = witness.shown("almoner-m", ORIGIN, &leaves(20, 3), 20, 9);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
    let seen = witness.seen(ORIGIN);
    assert!(seen.exposed.is_empty(), "{seen:?}");
    assert_eq!((seen.conflicts[0].host.as_str(), seen.conflicts.len()), ("almoner-m", 1));
}

#[tokio::test]
async fn a_host_that_shows_more_than_it_handed_over_is_exposed_and_the_new_holder_goes_on() {
    let witness = Witness::new().await;
    assert_eq!(witness.shown("almoner-v", ORIGIN, &leaves(15, 3), 10, 0).0, StatusCode::OK);
    assert!(witness.takes("almoner-m", &[cut(10, 2, "almoner-v", "almoner-m")]));
    assert_eq!(witness.seen(ORIGIN).exposed[0].host, "almoner-v");
    assert_eq!(witness.shown("almoner-m", ORIGIN, &leaves(20, u64::MAX), 20, 0).0, StatusCode::OK);
}

#[tokio::test]
async fn a_target_that_gave_the_record_back_and_shows_it_still_is_exposed_and_the_source_goes_on() {
    let witness = Witness::new().await;
    let honest = leaves(20, u64::MAX);
    let cut = cut(10, 2, "almoner-v", "almoner-m");
    let back = resume(&cut, 10, 3, "almoner-m");
    assert_eq!(witness.shown("almoner-v", ORIGIN, &honest[..9], 10, 0).0, StatusCode::OK);
    assert!(witness.takes("almoner-m", std::slice::from_ref(&cut)));
    assert_eq!(witness.shown("almoner-m", ORIGIN, &leaves(12, 10), 20, 9).0, StatusCode::OK);
    assert!(!witness.takes("almoner-v", std::slice::from_ref(&back)), "without the cut before it");
    assert!(witness.takes("almoner-v", &[cut.clone(), back]));
    assert_eq!((witness.holder().as_str(), witness.seen(ORIGIN).exposed[0].host.as_str()), ("almoner-v", "almoner-m"));
    assert_eq!(witness.shown("almoner-v", ORIGIN, &honest, 30, 9).0, StatusCode::OK);
    assert!(!witness.takes("almoner-m", &[cut]), "once given back it is not handed over by that cut again");
}

#[test]
fn an_origin_names_one_host() {
    let cases = [
        ("a/t/RTX", "a", true),
        ("a/t/RTX/2", "a", true),
        ("a/t/RTX", "b", false),
        ("ab/t/RTX", "a", false),
        ("a/t/rtx", "a", false),
        ("a/t/RTX/x", "a", false),
        ("a/t/RTX/02", "a", false),
        ("a/t/RTX/t/RTY", "a", false),
        ("a/t/RTX/t/RTY", "a/t/RTX", true),
        ("a/t/", "a", false),
        ("a", "a", false),
    ];
    for (origin, host, expected) in cases {
        assert_eq!(is_named_by(origin, host), expected, "{origin} of {host}");
    }
}
