//! The tamper matrix: whatever is edited, dropped, added, swapped or replayed is named; a cut tail is named against
//! a checkpoint kept elsewhere, and what lies after it is reported as not covered.

use crate::sample::{
    Builder, Item, ORIGIN, Sample, change, cut, host_key, introduce, key, leaf, package, resume, salt, sample,
    sample_by, second_key, target_key, witness,
};
use journal::act::Takeover;
use journal::frames::{SEGMENT_START, append_frame};
use journal::package::check_package;
use journal::tiles::TILE_WIDTH;
use journal::verifier::{Expect, FindingKind, Given, Report, Source, Verdict, Verifier};
use journal::{
    Act, Checkpoint, Entry, ErasedVersion, Erasure, Idempotency, KeyChangeKind, KeyKind, NOTHING_BEFORE, Operation,
    SignedCheckpoint, SigningKey, access_chain_hash,
};
use terms::Moment;

fn check(items: &[Item], outside: &[SignedCheckpoint]) -> Report {
    let outside: Vec<String> = outside.iter().map(ToString::to_string).collect();
    check_package(package(items).as_slice(), Expect::default(), &outside).unwrap()
}

/// Asserts that a finding of this kind names this entry (or leaf).
#[track_caller]
fn names(report: &Report, kind: FindingKind, at: u64) {
    let named = report.findings.iter().any(|finding| finding.kind == kind && finding.at_entry == Some(at));
    assert!(named, "no {} at {at} in {:#?}", kind.name(), report.findings);
}

#[track_caller]
fn only(report: &Report, kind: FindingKind) {
    let kinds: Vec<FindingKind> = report.findings.iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, [kind], "{:#?}", report.findings);
}

/// The sample's entries: where each lies among the items, and its bytes.
fn entries(items: &[Item]) -> Vec<(usize, Vec<u8>)> {
    let entry = |(at, item): (usize, &Item)| match item {
        Item::Entry(bytes) => Some((at, bytes.clone())),
        _ => None,
    };
    items.iter().enumerate().filter_map(entry).collect()
}

/// The first access chain: leaves 1 to 4.
fn leaves(items: &[Item]) -> Vec<(usize, Vec<u8>)> {
    let leaf = |(at, item): (usize, &Item)| match item {
        Item::Leaf(bytes) => Some((at, bytes.clone())),
        _ => None,
    };
    items.iter().enumerate().filter_map(leaf).take(4).collect()
}

#[test]
fn the_sample_holds() {
    let Sample { items, outside } = sample();
    let report = check(&items, &outside);
    assert!(report.holds(), "{:#?}", report.findings);
    assert_eq!((report.entries, report.versions, report.resources, report.texts), (14, 8, 4, 7));
    assert_eq!((report.erased, report.blobs, report.erased_blobs), (1, 1, 1));
    assert_eq!((report.access_chains, report.access_leaves, report.access_reads), (2, 6, 8));
    assert_eq!((report.checkpoints.len(), report.covered()), (7, Some(14)));
    assert!(report.checkpoints.iter().all(|checkpoint| checkpoint.verdict == Verdict::OwnKeys));
    assert_eq!(report.not_proved(), Vec::<String>::new());
}

#[test]
fn pinned_keys_are_told_from_the_journals_own() {
    let Sample { items, outside } = sample();
    let pin = |key: &SigningKey, kind| {
        let expect = Expect { pinned: vec![key.verifier(kind)], ..Expect::default() };
        check_package(package(&items).as_slice(), expect, &[outside[1].to_string()]).unwrap()
    };
    let report = pin(&witness(), KeyKind::Witness);
    assert!(report.holds());
    let compared = report.checkpoints.iter().find(|checkpoint| checkpoint.source == Source::Outside).unwrap();
    assert_eq!((compared.verdict, compared.witnesses), (Verdict::Pinned, 1));
    only(&pin(&key("witness.example/w1", 77), KeyKind::Witness), FindingKind::CheckpointUnsigned);
}

#[test]
fn any_byte_edited_in_any_entry_is_named() {
    let Sample { items, outside } = sample();
    for (number, (at, bytes)) in (1u64..).zip(entries(&items)) {
        for place in (0..bytes.len()).step_by(4) {
            let mut tampered = items.clone();
            let mut edited = bytes.clone();
            edited[place] ^= 1 << (place / 4 % 8);
            tampered[at] = Item::Entry(edited);
            let report = check(&tampered, &outside);
            let named = report.findings.iter().any(|finding| {
                let here = finding.at_entry == Some(number);
                here || finding.at_entry == Some(number - 1) && finding.sentence.contains(&number.to_string())
            });
            assert!(named, "entry {number} byte {place}: {:#?}", report.findings);
        }
    }
}

#[test]
fn any_dropped_entry_is_named() {
    let Sample { items, outside } = sample();
    let all = entries(&items);
    for (number, (at, _)) in (1u64..).zip(&all) {
        let mut tampered = items.clone();
        tampered.remove(*at);
        let report = check(&tampered, &outside);
        let kind = if number == 14 { FindingKind::TailCut } else { FindingKind::EntryMissing };
        names(&report, kind, number);
    }
}

#[test]
fn any_two_swapped_neighbours_are_named() {
    let Sample { items, outside } = sample();
    let all = entries(&items);
    for (number, pair) in (1u64..).zip(all.windows(2)) {
        let mut tampered = items.clone();
        tampered.swap(pair[0].0, pair[1].0);
        let report = check(&tampered, &outside);
        names(&report, FindingKind::EntryMissing, number);
        names(&report, FindingKind::EntryOutOfPlace, number);
    }
}

#[test]
fn any_replayed_entry_is_named_and_what_is_genuine_after_it_is_not_blamed() {
    let Sample { items, outside } = sample();
    let all = entries(&items);
    for (number, (_, bytes)) in (1u64..).zip(&all) {
        for (at, _) in all.iter().skip(number as usize - 1) {
            let mut tampered = items.clone();
            tampered.insert(at + 1, Item::Entry(bytes.clone()));
            let report = check(&tampered, &outside);
            names(&report, FindingKind::EntryTwice, number);
            let entries_blamed = report.findings.iter().filter(|finding| finding.kind != FindingKind::EntryTwice);
            assert!(entries_blamed.clone().all(|f| f.kind.name().starts_with("text")), "{:#?}", report.findings);
        }
    }
}

#[test]
fn an_added_entry_is_named_even_when_it_is_chained() {
    let Sample { items, outside } = sample();
    let all = entries(&items);
    for (number, (at, bytes)) in (1u64..).zip(&all) {
        let before = Entry::decode(bytes).unwrap();
        let mut added = Entry { sequence: number + 1, changes: Vec::new(), act: Act::Commit, ..before.clone() };
        added.previous = journal::chain_hash(bytes);
        added.moment = Moment(before.moment.0 + 1);
        added.idempotency = None;
        let mut tampered = items.clone();
        tampered.insert(at + 1, Item::Entry(added.encode()));
        let report = check(&tampered, &outside);
        match number {
            14 => assert_eq!((report.covered(), report.entries), (Some(14), 15)),
            _ => names(&report, FindingKind::EntryTwice, number + 1),
        }
    }
}

#[test]
fn a_journal_rewritten_as_a_whole_is_found_only_from_outside() {
    let rewritten = sample_by("somebody.else");
    assert!(check(&rewritten.items, &[]).holds());
    assert_eq!(check(&rewritten.items, &[]).covered(), None);
    let report = check(&rewritten.items, &sample().outside);
    names(&report, FindingKind::CheckpointMismatch, 7);
    names(&report, FindingKind::CheckpointMismatch, 14);
    assert_eq!(report.covered(), None);
}

/// The items up to and including this entry and what lies beside it.
fn backup(items: &[Item], entry: usize) -> Vec<Item> {
    let next = entries(items).get(entry).map_or(items.len(), |(at, _)| *at);
    let erased_later = entry < 7;
    let mut old = items[..next].to_vec();
    if erased_later {
        let text = b"{\"resourceType\":\"Patient\",\"v\":1}".to_vec();
        let first = old.iter().position(|item| matches!(item, Item::Text { .. }));
        old.insert(first.unwrap_or(next), Item::Text { change: 0, salt: salt(16), text });
    }
    old
}

#[test]
fn a_cut_tail_or_an_old_backup_is_named_against_a_checkpoint_kept_elsewhere() {
    let Sample { items, outside } = sample();
    for kept in 7..14 {
        let old = backup(&items, kept);
        let alone = check(&old, &[]);
        assert!(alone.holds(), "{kept}: {:#?}", alone.findings);
        assert!(alone.not_proved()[0].contains("cut tail"));
        let report = check(&old, &outside);
        only(&report, FindingKind::TailCut);
        names(&report, FindingKind::TailCut, kept as u64 + 1);
        assert!(report.findings[0].sentence.contains(&format!("the last {} are missing", 14 - kept)));
    }
}

#[test]
fn entries_after_the_last_outside_checkpoint_are_reported_as_not_covered() {
    let Sample { items, outside } = sample();
    let report = check(&items, &outside[..1]);
    assert!(report.holds());
    assert_eq!(report.covered(), Some(7));
    assert_eq!(
        report.not_proved(),
        ["Entries 8 to 14 lie after the last checkpoint kept elsewhere and are not covered by it."]
    );
}

/// Access chains may be read before the journal says who signs: their checkpoints are judged by the keys that it names then,
/// also by those that were retired since.
#[test]
fn checkpoints_of_accesses_that_come_before_the_journal_have_their_signers() {
    let Sample { items, .. } = sample();
    let is_of_accesses = |item: &Item| match item {
        Item::Leaf(_) => true,
        Item::Checkpoint(signed) => signed.checkpoint().origin.contains("/access/"),
        _ => false,
    };
    let (mut first, rest): (Vec<Item>, Vec<Item>) = items.into_iter().partition(is_of_accesses);
    let known = first.len();
    let Some(Item::Checkpoint(of_host)) = first.get(4) else { panic!("the chain's checkpoint follows its leaves") };
    let stranger = SignedCheckpoint::sign(of_host.checkpoint().clone(), &key("elsewhere.example", 77)).unwrap();
    assert_eq!(stranger.checkpoint().counted(), "4 leaves of access chain host-a.example/1");
    first.push(Item::Checkpoint(stranger));
    let report = check(&[first, rest].concat(), &[]);
    assert!(report.holds(), "{:#?}", report.findings);
    let of_accesses = report.checkpoints.iter().filter(|one| one.origin.contains("/access/"));
    let own = of_accesses.clone().filter(|one| one.verdict == Verdict::OwnKeys && one.signers.len() == 1);
    assert_eq!((known, own.count(), of_accesses.count()), (8, 2, 3));
    assert!(report.not_proved().contains(&"No known key signed 1 of the checkpoints.".to_owned()));
}

#[test]
fn texts_and_salts() {
    let Sample { items, outside } = sample();
    let mut last_entry = 0;
    for at in 0..items.len() {
        match &items[at] {
            Item::Entry(_) => last_entry += 1,
            Item::Text { change, salt, text } => {
                let (change, salt) = (*change, *salt);
                let replace = |salt, text| {
                    let mut tampered = items.clone();
                    tampered[at] = Item::Text { change, salt, text };
                    check(&tampered, &outside)
                };
                let mut edited = text.clone();
                edited.push(b' ');
                only(&replace(salt, edited), FindingKind::TextChanged);
                let mut other_salt = salt;
                other_salt[15] ^= 1;
                let report = replace(other_salt, text.clone());
                only(&report, FindingKind::TextChanged);
                names(&report, FindingKind::TextChanged, last_entry);
                assert!(report.findings[0].subject.contains(" version "));
                let mut tampered = items.clone();
                tampered.remove(at);
                let report = check(&tampered, &outside);
                only(&report, FindingKind::TextMissing);
                names(&report, FindingKind::TextMissing, last_entry);
                let mut tampered = items.clone();
                tampered.insert(at, items[at].clone());
                only(&check(&tampered, &outside), FindingKind::TextUnknown);
                let mut tampered = items.clone();
                tampered.insert(at, Item::Text { change: 9, salt, text: text.clone() });
                only(&check(&tampered, &outside), FindingKind::TextUnknown);
            }
            _ => {}
        }
    }
}

#[test]
fn swapped_texts_are_named_on_both_sides() {
    let Sample { items, outside } = sample();
    let texts: Vec<usize> = (0..items.len()).filter(|at| matches!(items[*at], Item::Text { change: 0, .. })).collect();
    let mut tampered = items;
    tampered.swap(texts[0], texts[1]);
    let report = check(&tampered, &outside);
    names(&report, FindingKind::TextChanged, 3);
    names(&report, FindingKind::TextChanged, 4);
}

#[test]
fn an_erased_text_that_is_still_there_is_named() {
    let Sample { items, outside } = sample();
    let first_text = items.iter().position(|item| matches!(item, Item::Text { .. })).unwrap();
    let text = b"{\"resourceType\":\"Patient\",\"v\":1}".to_vec();
    let mut tampered = items;
    tampered.insert(first_text, Item::Text { change: 0, salt: salt(16), text });
    let report = check(&tampered, &outside);
    only(&report, FindingKind::TextNotErased);
    names(&report, FindingKind::TextNotErased, 7);
    assert_eq!(report.findings[0].subject, "Patient/a version 1");
}

#[test]
fn blobs() {
    let Sample { items, outside } = sample();
    let at = items.iter().position(|item| matches!(item, Item::Blob { .. })).unwrap();
    let Item::Blob { digest, salt: own, bytes, length } = items[at].clone() else { panic!("a blob") };
    let replace = |item: Option<Item>| {
        let mut tampered = items.clone();
        tampered.splice(at..=at, item);
        check(&tampered, &outside)
    };
    let blob = |digest, salt, length, bytes: &[u8]| Some(Item::Blob { digest, salt, length, bytes: bytes.to_vec() });
    only(&replace(blob(digest, own, length, b"a scanned lettex")), FindingKind::BlobChanged);
    only(&replace(blob(digest, salt(1), length, &bytes)), FindingKind::BlobChanged);
    only(&replace(blob(digest, own, 3, &bytes[..3])), FindingKind::BlobChanged);
    let dropped = replace(None);
    only(&dropped, FindingKind::BlobMissing);
    names(&dropped, FindingKind::BlobMissing, 3);
    let unknown = replace(blob([1; 32], own, length, &bytes));
    assert!(unknown.findings.iter().any(|finding| finding.kind == FindingKind::BlobUnknown));
    let gone = b"a letter of somebody else";
    let digest = journal::hash::blob_digest(&salt(52), gone);
    let mut tampered = items.clone();
    tampered.insert(at, Item::Blob { digest, salt: salt(52), length: gone.len() as u64, bytes: gone.to_vec() });
    only(&check(&tampered, &outside), FindingKind::BlobNotErased);
    let mut later = items.clone();
    later.push(tampered[at].clone());
    only(&check(&later, &outside), FindingKind::BlobNotErased);
}

#[test]
fn access_leaves() {
    let Sample { items, outside } = sample();
    let all = leaves(&items);
    for (number, (at, bytes)) in (1u64..).zip(&all) {
        for place in 0..bytes.len() {
            let mut edited = bytes.clone();
            edited[place] ^= 1 << (place % 8);
            let mut tampered = items.clone();
            tampered[*at] = Item::Leaf(edited);
            assert!(!check(&tampered, &outside).holds(), "leaf {number} byte {place}");
        }
        let mut tampered = items.clone();
        tampered.remove(*at);
        let kind = if number == 4 { FindingKind::TailCut } else { FindingKind::LeafMissing };
        names(&check(&tampered, &outside), kind, number);
        let mut tampered = items.clone();
        tampered.insert(at + 1, items[*at].clone());
        only(&check(&tampered, &outside), FindingKind::LeafTwice);
        if number < 4 {
            let mut tampered = items.clone();
            tampered.swap(*at, at + 1);
            names(&check(&tampered, &outside), FindingKind::LeafOutOfPlace, number);
        }
    }
    let mut forged = leaf(3, "host-a.example", 1, access_chain_hash(&all[1].1));
    forged.reads[0].principal = "somebody.else".to_owned();
    let mut tampered = items;
    tampered[all[2].0] = Item::Leaf(forged.encode());
    names(&check(&tampered, &outside), FindingKind::LeafChainBroken, 3);
}

#[test]
fn a_read_of_more_than_there_is_betrays_a_cut_tail() {
    let Sample { mut items, .. } = sample();
    let mut ahead = leaf(1, "host-c.example", 9, NOTHING_BEFORE);
    ahead.reads[0].sequence = 20;
    items.push(Item::Leaf(ahead.encode()));
    let report = check(&items, &[]);
    only(&report, FindingKind::ReadAhead);
    assert!(report.findings[0].sentence.contains("saw entry 20, but the journal ends at 14"));
}

#[test]
fn checkpoints() {
    let Sample { items, outside } = sample();
    let at = items.iter().rposition(|item| matches!(item, Item::Checkpoint(_))).unwrap();
    let Item::Checkpoint(genuine) = &items[at] else { panic!("a checkpoint") };
    let stated = genuine.checkpoint().clone();
    let replace = |checkpoint: SignedCheckpoint| {
        let mut tampered = items.clone();
        tampered[at] = Item::Checkpoint(checkpoint);
        check(&tampered, &outside)
    };
    let sign = |checkpoint: Checkpoint, key: &SigningKey| SignedCheckpoint::sign(checkpoint, key).unwrap();
    let other_root = Checkpoint { root: [1; 32], ..stated.clone() };
    only(&replace(sign(other_root, &target_key())), FindingKind::CheckpointMismatch);
    let old_epoch = Checkpoint { epoch: 4, ..stated.clone() };
    only(&replace(sign(old_epoch, &target_key())), FindingKind::CheckpointMismatch);
    let foreign = Checkpoint { origin: "almoner.example/t/OTHER".to_owned(), ..stated };
    only(&replace(sign(foreign, &target_key())), FindingKind::CheckpointForeign);
    only(&replace(sign(stated.clone(), &key(ORIGIN, 66))), FindingKind::CheckpointUnsigned);
    only(&replace(sign(stated, &host_key())), FindingKind::CheckpointUnsigned);
    let forged = genuine.to_string().replace("moment 2026-11-18", "moment 2026-11-19");
    only(&replace(SignedCheckpoint::parse(&forged).unwrap()), FindingKind::CheckpointForged);
    let mut late = items.clone();
    late.insert(at, items[items.iter().position(|item| matches!(item, Item::Checkpoint(_))).unwrap()].clone());
    assert!(!check(&late, &outside).holds());
}

#[test]
fn packages_that_are_cut_short_or_miscounted_are_named() {
    let Sample { items, .. } = sample();
    let whole = package(&items);
    for cut in [whole.len() - 1, whole.len() - 10, whole.len() / 2, 60] {
        let report = check_package(&whole[..cut], Expect::default(), &[]).unwrap();
        assert!(report.findings.iter().any(|finding| finding.kind == FindingKind::PackageDamaged), "{cut}");
    }
    let mut miscounted = whole.clone();
    *miscounted.last_mut().unwrap() += 1;
    only(&check_package(miscounted.as_slice(), Expect::default(), &[]).unwrap(), FindingKind::PackageDamaged);
    let mut longer = whole.clone();
    longer.push(0);
    only(&check_package(longer.as_slice(), Expect::default(), &[]).unwrap(), FindingKind::PackageDamaged);
    assert!(check_package(&whole[1..], Expect::default(), &[]).is_err());
    let other = Expect { origin: Some("almoner.example/t/OTHER".to_owned()), ..Expect::default() };
    only(&check_package(whole.as_slice(), other, &[]).unwrap(), FindingKind::PackageDamaged);
}

/// What is found in a journal that begins with the host's key and goes on as the closure says.
fn found(build: impl FnOnce(&mut Builder)) -> Vec<(FindingKind, Option<u64>)> {
    let mut to = Builder::new();
    to.act(Act::Keys(introduce(&host_key(), &host_key(), KeyChangeKind::Introduce)));
    build(&mut to);
    let report = check(&to.items, &[]);
    report.findings.into_iter().map(|finding| (finding.kind, finding.at_entry)).collect()
}

#[test]
fn versions_that_do_not_follow() {
    use Operation::{Create, Delete, Update};
    let wrong = |versions: &[(u64, Operation)]| {
        let found = found(|to| {
            for (version, operation) in versions {
                let text = if *operation == Delete { "" } else { "{}" };
                to.commit(&[("Patient", "a", *version, *operation, text)]);
            }
        });
        found.into_iter().map(|(kind, at)| (kind.name(), at.unwrap())).collect::<Vec<_>>()
    };
    let name = "version-out-of-order";
    assert_eq!(wrong(&[(1, Create), (2, Update), (3, Delete), (4, Create), (5, Delete), (6, Update)]), []);
    assert_eq!(wrong(&[(2, Update)]), [(name, 2)]);
    assert_eq!(wrong(&[(1, Update)]), [(name, 2)]);
    assert_eq!(wrong(&[(1, Create), (3, Update)]), [(name, 3)]);
    assert_eq!(wrong(&[(1, Create), (1, Create)]), [(name, 3)]);
    assert_eq!(wrong(&[(1, Create), (2, Create)]), [(name, 3)]);
    assert_eq!(wrong(&[(1, Create), (2, Delete), (3, Delete)]), [(name, 4)]);
    assert_eq!(wrong(&[(1, Create), (2, Delete), (2, Create)]), [(name, 4)]);
}

#[test]
fn requests_committed_twice() {
    let request = || Some(Idempotency { principal: "feed".to_owned(), key: "k".to_owned(), digest: [1; 32] });
    let twice = |later_ms: i64| {
        found(|to| {
            let first = Entry { idempotency: request(), ..to.blank() };
            let moment = Moment(first.moment.0 + later_ms);
            to.push(first);
            to.push(Entry { idempotency: request(), moment, ..to.blank() });
        })
    };
    assert_eq!(twice(7 * 86_400_000), [(FindingKind::RequestTwice, Some(3))]);
    assert_eq!(twice(7 * 86_400_000 + 1), []);
}

#[test]
fn moments_and_epochs() {
    let same_moment = found(|to| {
        let entry = to.blank();
        let moment = entry.moment;
        to.push(entry);
        to.push(Entry { moment, ..to.blank() });
    });
    assert_eq!(same_moment, [(FindingKind::MomentNotLater, Some(3))]);
    let falls = found(|to| {
        to.epoch = 3;
        to.commit(&[]);
        to.epoch = 2;
        to.commit(&[]);
    });
    assert_eq!(falls, [(FindingKind::EpochWrong, Some(3))]);
    let takeover = || Act::Takeover(Takeover { host: "host-a.example".to_owned(), reason: String::new() });
    assert_eq!(found(|to| to.act(takeover())), [(FindingKind::EpochWrong, Some(2))]);
    let risen = found(|to| {
        to.epoch = 2;
        to.act(takeover());
        to.epoch = 7;
        to.commit(&[]);
    });
    assert_eq!(risen, []);
}

#[test]
fn keys_changed_by_those_who_may_not() {
    use KeyChangeKind::{Introduce, Retire, Rotate};
    let (host, second, stranger) = (host_key(), second_key(), key(ORIGIN, 66));
    let wrong = |changes: &[journal::KeyChange]| {
        found(|to| changes.iter().for_each(|change| to.act(Act::Keys(change.clone()))))
    };
    let at = |entry| [(FindingKind::KeyChangeWrong, Some(entry))];
    assert_eq!(wrong(&[introduce(&second, &host, Introduce), introduce(&host, &second, Retire)]), []);
    assert_eq!(wrong(&[introduce(&second, &host, Rotate), introduce(&second, &second, Retire)]), []);
    assert_eq!(wrong(&[introduce(&second, &stranger, Introduce)]), at(2));
    assert_eq!(wrong(&[introduce(&stranger, &stranger, Introduce)]), at(2));
    assert_eq!(wrong(&[introduce(&second, &host, Rotate), introduce(&stranger, &host, Introduce)]), at(3));
    assert_eq!(wrong(&[introduce(&second, &host, Rotate), introduce(&host, &second, Introduce)]), at(3));
    assert_eq!(wrong(&[introduce(&host, &host, Introduce)]), at(2));
    assert_eq!(wrong(&[introduce(&second, &host, Retire)]), at(2));
    let mut forged = introduce(&second, &host, Rotate);
    forged.host = "host-z.example".to_owned();
    assert_eq!(wrong(&[forged]), at(2));
    let mut elsewhere = introduce(&second, &host, Rotate);
    elsewhere.origin = "almoner.example/t/OTHER".to_owned();
    elsewhere.signature = host.sign(&elsewhere.message());
    assert_eq!(wrong(&[elsewhere]), at(2));
    let mut first = Builder::new();
    first.act(Act::Keys(introduce(&host, &stranger, Introduce)));
    names(&check(&first.items, &[]), FindingKind::KeyChangeWrong, 1);
}

#[test]
fn cuts_that_are_not_signed_as_they_must_be() {
    let (host, stranger) = (host_key(), key(ORIGIN, 66));
    let at = |entry| [(FindingKind::CutWrong, Some(entry))];
    assert_eq!(found(|to| to.act(Act::Cut(cut(2, &to.previous.clone(), 2, &host)))), []);
    assert_eq!(found(|to| to.act(Act::Cut(cut(2, &to.previous.clone(), 2, &stranger)))), at(2));
    assert_eq!(found(|to| to.act(Act::Cut(cut(3, &to.previous.clone(), 2, &host)))), at(2));
    assert_eq!(found(|to| to.act(Act::Cut(cut(2, &to.previous.clone(), 1, &host)))), at(2));
    let one_sided = found(|to| {
        let mut cut = cut(2, &to.previous, 2, &host);
        cut.target_signature = cut.source_signature;
        to.act(Act::Cut(cut));
    });
    assert_eq!(one_sided, at(2));
    let writes_on = found(|to| {
        to.act(Act::Cut(cut(2, &to.previous.clone(), 2, &host)));
        to.commit(&[]);
    });
    assert_eq!(writes_on, [(FindingKind::EpochWrong, Some(3))]);
    let resumed_later = found(|to| {
        to.act(Act::Cut(cut(2, &to.previous.clone(), 2, &host)));
        to.epoch = 2;
        to.commit(&[]);
        to.epoch = 3;
        to.act(Act::Resume(resume(2, 3, &to.previous.clone())));
    });
    assert_eq!(resumed_later, at(4));
    let without_target = found(|to| {
        to.act(Act::Cut(cut(2, &to.previous.clone(), 2, &host)));
        to.epoch = 3;
        let mut resume = resume(2, 3, &to.previous);
        resume.signature = host.sign(&resume.message(&to.previous));
        to.act(Act::Resume(resume));
    });
    assert_eq!(without_target, at(3));
}

#[test]
fn erasures_of_what_was_never_made() {
    let erase = |version, entry| {
        let erased = ErasedVersion { kind: "Patient".to_owned(), id: "a".to_owned(), version, entry };
        Act::Erase(Erasure {
            versions: vec![erased],
            blobs: Vec::new(),
            authority: String::new(),
            reason: String::new(),
        })
    };
    let wrong = |version, entry| {
        found(|to| {
            to.commit(&[("Patient", "a", 1, Operation::Create, "{}")]);
            to.act(erase(version, entry));
        })
    };
    assert_eq!(wrong(2, 2), [(FindingKind::ErasureUnfounded, Some(3))]);
    assert_eq!(wrong(1, 3), [(FindingKind::ErasureUnfounded, Some(3))]);
    assert_eq!(wrong(1, 2), [(FindingKind::TextNotErased, Some(3))]);
    let blob = found(|to| {
        let blobs = vec![[7; 32]];
        to.act(Act::Erase(Erasure { versions: Vec::new(), blobs, authority: String::new(), reason: String::new() }));
    });
    assert_eq!(blob, [(FindingKind::ErasureUnfounded, Some(2))]);
}

#[test]
fn sealed_texts_are_counted_and_not_believed() {
    let salt = salt(1);
    let mut to = Builder::new();
    let changes = vec![change("Patient", "a", 1, Operation::Create, &salt, "{}")];
    let entry = Entry { changes, ..to.blank() };
    to.push(entry);
    let Item::Entry(bytes) = &to.items[0] else { panic!("an entry") };
    let check = |sealed| {
        let mut verifier = Verifier::new(Expect { texts: true, blobs: true, sealed, ..Expect::default() });
        verifier.entry(bytes);
        verifier.text(0, Given::Sealed);
        verifier.finish()
    };
    only(&check(false), FindingKind::Sealed);
    let report = check(true);
    assert!(report.holds());
    assert_eq!((report.sealed, report.texts), (1, 0));
    assert!(report.not_proved().iter().any(|sentence| sentence.starts_with("1 sealed")));
}

#[test]
fn stored_tiles() {
    let mut to = Builder::new();
    for _ in 0..TILE_WIDTH {
        to.commit(&[]);
    }
    let mut verifier = Verifier::new(Expect { tiles: true, ..Expect::default() });
    for (_, bytes) in entries(&to.items) {
        verifier.entry(&bytes);
    }
    let tile = verifier.take_tiles().remove(0);
    verifier.stored_tile(&tile, Some(&tile.bytes));
    let mut edited = tile.bytes.clone();
    edited[32 * 99] ^= 1;
    verifier.stored_tile(&tile, Some(&edited));
    verifier.stored_tile(&verifier.partial_tiles()[0].clone(), None);
    let report = verifier.finish();
    names(&report, FindingKind::TileChanged, 100);
    assert!(report.findings.iter().any(|finding| finding.kind == FindingKind::TileMissing));
    assert_eq!(report.findings.len(), 2);
}

#[test]
fn segments_of_access_leaves() {
    let first = leaf(1, "host-a.example", 1, NOTHING_BEFORE);
    let second = leaf(2, "host-a.example", 1, access_chain_hash(&first.encode()));
    let mut file = SEGMENT_START.to_vec();
    append_frame(&mut file, &first.encode());
    let end_of_first = file.len();
    append_frame(&mut file, &second.encode());
    let read = |file: &[u8]| {
        let mut verifier = Verifier::new(Expect { origin: Some(ORIGIN.to_owned()), ..Expect::default() });
        let torn = verifier.access_segment("segment 1", file);
        let mut first_entry = Builder::new();
        first_entry.commit(&[]);
        verifier.entry(&entries(&first_entry.items)[0].1);
        (torn, verifier.finish())
    };
    let (torn, report) = read(&file);
    assert_eq!((torn, report.holds(), report.access_leaves), (None, true, 2));
    let (torn, report) = read(&file[..file.len() - 1]);
    assert_eq!((torn, report.holds(), report.access_leaves), (Some(end_of_first), true, 1));
    let mut damaged = file.clone();
    damaged[SEGMENT_START.len() + 20] ^= 1;
    let (torn, report) = read(&damaged);
    assert_eq!(torn, None);
    assert!(report.findings.iter().any(|finding| finding.kind == FindingKind::SegmentDamaged));
    names(&report, FindingKind::LeafMissing, 1);
    only(&read(b"something quite different").1, FindingKind::SegmentDamaged);
}
