//! Contracts of blobs: what was sent comes back, nothing unnamed stays, an erasure takes them, and whatever is done to
//! one is named.

use std::sync::Arc;

use record::{Assertion, Change, Clause, Draft, Erasure, Hole, Reading, Record, Select, TransactError};
use terms::index::{Next, Span};

use crate::proof::{verify, verify_closed};
use crate::reads::all_pages;
use crate::support::{No, Place, act, host, key, lines, put, try_put, with_notes};

/// Bytes that no compression makes small.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// The only text that a version may be served as.
fn served(template: &record::Template, version: &record::Version) -> bool {
    version.text[..] == template.complete(version.version, version.moment)[..]
}

async fn holds(record: &Record) -> journal::verifier::Report {
    let report = verify(record, Vec::new()).await;
    assert!(report.holds(), "{:?} {:?}", report.journal.findings, report.store);
    report.journal
}

pub(crate) async fn attachments_come_back_as_they_were_sent(place: &Place) {
    let record = place.open().await;
    let (a, b) = (noise(1, 70_000), noise(2, 600_001));
    let first = with_notes(&["text Thing.name ann"], &[&a, &b, &a, b""]);
    let second = with_notes(&["text Thing.name ann", "code Thing.code s|c"], &[&b]);
    let thing = key("Thing", "a");
    put(&record, vec![Change::Put(thing.clone(), first.clone())]).await;
    put(&record, vec![Change::Put(key("Thing", "b"), second.clone())]).await;
    put(&record, vec![Change::Put(thing.clone(), second.clone())]).await;
    let check = async |record: &Record| {
        let reading = record.read(&host(), "test").await.unwrap();
        assert!(served(&second, &reading.get(&thing).await.unwrap().unwrap()));
        assert!(served(&first, &reading.version(&thing, 1).await.unwrap().unwrap()));
        let history = reading.history(&thing, None, 10).await.unwrap();
        assert!(served(&second, &history[0]) && served(&first, &history[1]));
        let span = Span::next("Thing.name", [], Next::TextEqual(b"ann".to_vec()));
        let page = reading.select(&Select::of("Thing").with(Clause::Any(vec![span.clone()]))).await.unwrap();
        assert_eq!(page.versions.len(), 2);
        assert!(page.versions.iter().all(|version| served(&second, version)));
        reading.finish().await.unwrap();
        // The three of the first version; the second shares one of them; what is the same elsewhere is kept twice.
        assert_eq!(holds(record).await.blobs, 4);
    };
    check(&record).await;
    assert_eq!(place.contents().await, 4);
    record.close().await;
    let record = place.open().await;
    check(&record).await;
    put(&record, vec![Change::Delete(thing.clone())]).await;
    put(&record, vec![Change::Put(thing.clone(), first.clone())]).await;
    let reading = record.read(&host(), "test").await.unwrap();
    assert!(served(&first, &reading.get(&thing).await.unwrap().unwrap()));
    reading.finish().await.unwrap();
    assert_eq!(holds(&record).await.blobs, 7, "a deletion ends the sharing");
}

pub(crate) async fn a_large_attachment_is_kept(place: &Place) {
    let record = place.open().await;
    let template = with_notes(&[], &[&noise(3, 20 << 20)]);
    put(&record, vec![Change::Put(key("Thing", "a"), template.clone())]).await;
    let reading = record.read(&host(), "test").await.unwrap();
    let version = reading.get(&key("Thing", "a")).await.unwrap().unwrap();
    reading.finish().await.unwrap();
    assert!(served(&template, &version));
    assert!(record.status().await.unwrap().bytes > 20 << 20);
    for id in ["b", "c", "d", "e"] {
        put(&record, vec![Change::Put(key("Thing", id), template.clone())]).await;
    }
    // A page has as many as fit, and the next one goes on.
    let reading = record.read(&host(), "test").await.unwrap();
    for order in [Vec::new(), vec![record::Order { parameter: None, descending: true }]] {
        let mut question = Select { order, limit: 4, ..Select::of("Thing") };
        let mut pages = Vec::new();
        loop {
            let page = reading.select(&question).await.unwrap();
            assert!(page.versions.iter().all(|version| served(&template, version)));
            pages.push(page.versions.iter().map(|version| version.key.id.clone()).collect::<String>());
            question.after = page.next;
            if question.after.is_none() {
                break;
            }
        }
        let (forward, back) = (["ab", "cd", "e"], ["ed", "cb", "a"]);
        assert!(pages == forward || pages == back, "{pages:?}");
    }
    assert_eq!(reading.total(&Select::of("Thing")).await.unwrap(), 5);
    reading.finish().await.unwrap();
    holds(&record).await;
}

/// A history and a list of keys within a bound of bytes.
pub(crate) async fn what_is_large_comes_in_parts(place: &Place) {
    let record = place.open().await;
    let thing = key("Thing", "a");
    let note = |seed| with_notes(&["text Thing.name ann"], &[&noise(seed, 300_000)]);
    for seed in 0..5 {
        put(&record, vec![Change::Put(thing.clone(), note(seed))]).await;
    }
    // Each is served as 400,000 bytes and a little.
    let bound = 1_000_000;
    let reading = record.read(&host(), "test").await.unwrap();
    let (mut seen, mut below, mut is_more) = (Vec::new(), None, true);
    while is_more {
        let (part, more) = reading.history_within(&thing, below, 4, bound).await.unwrap();
        assert!(part.iter().map(|version| version.text.len()).sum::<usize>() <= bound);
        seen.extend(part.iter().map(|version| version.version));
        (below, is_more) = (seen.last().copied(), more);
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
    let (first, more) = reading.history_within(&thing, None, 4, 1).await.unwrap();
    assert_eq!((first.len(), more), (1, true), "one comes whatever the bound");
    let (all, more) = reading.history_within(&thing, None, 5, usize::MAX).await.unwrap();
    assert_eq!((all.len(), more), (5, false));
    reading.finish().await.unwrap();

    let keys = ["a", "b", "c", "d"].map(|id| key("Thing", id));
    put(&record, keys[1..3].iter().map(|key| Change::Put(key.clone(), note(9))).collect()).await;
    put(&record, vec![Change::Put(keys[3].clone(), lines(&["text Thing.name ann"]))]).await;
    let reading = record.read(&host(), "test").await.unwrap();
    let (found, is_cut) = reading.get_many_within(&keys, bound).await.unwrap();
    let ids: String = found.iter().map(|version| version.key.id.as_str()).collect();
    assert_eq!((ids.as_str(), is_cut), ("abd", true), "what is small has room beside what has none");
    assert_eq!(reading.get_many(&keys).await.unwrap().len(), 4);
    reading.finish().await.unwrap();
}

/// Pages of every kind end where the next text would be too much, and go on there.
pub(crate) async fn pages_of_large_texts_are_short(place: &Place) {
    let record = place.open().await;
    let ids: Vec<String> = (0..9).map(|number| format!("t{number}")).collect();
    let changes = ids.iter().enumerate().map(|(number, id)| {
        let attached = noise(number as u64, if number % 2 == 0 { 150_000 } else { 0 });
        let note = format!("note {}", "x".repeat(if number % 2 == 0 { 1 } else { 200_000 }));
        Change::Put(key("Thing", id), with_notes(&["text Thing.name ann", "date Thing.date 1 2", &note], &[&attached]))
    });
    put(&record, changes.collect()).await;
    let named = Clause::Any(vec![Span::next("Thing.name", [], Next::TextEqual(b"ann".to_vec()))]);
    let questions = [
        Select::of("Thing"),
        Select::of("Thing").with(named.clone()),
        Select::of("Thing").with(named).sorted(Some("Thing.date"), true),
        Select::of("Thing").sorted(Some("Thing.date"), false),
        Select::of("Thing").sorted(Some("Thing.name"), true),
        Select::of("Thing").sorted(None, true),
    ];
    let reading = record.read(&host(), "test").await.unwrap();
    for question in questions {
        let (mut question, mut seen) = (question.within(450_000), Vec::new());
        loop {
            let page = reading.select(&question).await.unwrap();
            assert!((1..=2).contains(&page.versions.len()), "{question:?}");
            assert!(page.versions.iter().map(|version| version.text.len()).sum::<usize>() <= 450_000);
            seen.extend(page.versions.into_iter().map(|version| version.key.id));
            question.after = page.next;
            if question.after.is_none() {
                break;
            }
        }
        seen.sort();
        assert_eq!(seen, ids, "{question:?}");
    }
    reading.finish().await.unwrap();
}

pub(crate) async fn what_cannot_be_kept_is_refused(place: &Place) {
    let record = place.open().await;
    let refused = async |template: record::Template| {
        let change = Change::Put(key("Thing", "a"), template);
        let refused = try_put(&record, &host(), vec![change]).await;
        assert!(matches!(refused, Err(TransactError::Problem(record::Problem::Unsuitable { .. }))), "{refused:?}");
    };
    refused(with_notes(&[], &[&vec![0; (64 << 20) + 1]])).await;
    refused(with_notes(&[], &[b"x".as_slice(); 1001])).await;
    let mut out_of_order = with_notes(&[], &[b"x", b"y"]);
    out_of_order.holes.swap(0, 1);
    refused(out_of_order).await;
    let mut outside = lines(&[]);
    outside.holes = vec![Hole { at: 99, bytes: [1].into() }];
    refused(outside).await;
    let mut marked = lines(&[]);
    marked.text.insert(0, 0);
    refused(marked).await;
    assert_eq!(place.contents().await, 0);
    holds(&record).await;
}

pub(crate) async fn what_was_not_committed_is_not_kept(place: &Place) {
    let record = place.open().await;
    let bytes = noise(4, 100_000);
    let stale = |_: Arc<Reading>| {
        let changes = vec![Change::Put(key("Thing", "a"), with_notes(&[], &[&bytes]))];
        let assertions = vec![Assertion::Version(key("Thing", "a"), 7)];
        async move { Ok(Draft { changes, assertions }) }
    };
    let contended = record.transact::<No, _, _>(&host(), act("stale"), stale).await;
    assert!(matches!(contended, Err(TransactError::Contended { .. })), "{contended:?}");
    assert_eq!(place.contents().await, 0);
    let clerk = crate::support::permit(access::Role::PrivacyOfficer, "user/officer");
    let change = Change::Put(key("Thing", "a"), with_notes(&[], &[&bytes]));
    assert!(try_put(&record, &clerk, vec![change]).await.is_err());
    assert_eq!(place.contents().await, 0);
    holds(&record).await;
}

pub(crate) async fn what_a_crash_left_is_swept(place: &Place) {
    let record = place.open().await;
    put(&record, vec![Change::Put(key("Thing", "a"), with_notes(&[], &[&noise(5, 70_000)]))]).await;
    place.leave_content([0; 32], b"unnamed").await;
    place.leave_content([255; 32], b"unnamed").await;
    holds(&record).await;
    assert_eq!((record.sweep_blobs().await.unwrap(), place.contents().await), (2, 1));
    assert_eq!(record.sweep_blobs().await.unwrap(), 0);
    assert_eq!(holds(&record).await.blobs, 1);
    // Who no longer owns the record sweeps nothing.
    place.leave_content([7; 32], b"unnamed").await;
    let owner = place.open().await;
    let swept = record.sweep_blobs().await;
    assert!(matches!(swept, Err(record::Problem::Deposed { .. })), "{swept:?}");
    assert_eq!((place.contents().await, owner.sweep_blobs().await.unwrap()), (2, 1));
}

pub(crate) async fn sweeping_takes_nothing_from_a_commit_under_way(place: &Place) {
    let record = place.open().await;
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let record = record.clone();
            tokio::spawn(async move {
                for number in 0..12 {
                    let bytes = noise(writer * 100 + number, 66_000);
                    let thing = key("Thing", &format!("t{}", number % 5));
                    let change = Change::Put(thing, with_notes(&[], &[&bytes]));
                    try_put(&record, &host(), vec![change]).await.unwrap();
                }
            })
        })
        .collect();
    while writers.iter().any(|writer| !writer.is_finished()) {
        record.sweep_blobs().await.unwrap();
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(holds(&record).await.blobs, 48);
    assert_eq!(place.contents().await, 48);
}

pub(crate) async fn erasure_takes_the_blobs_that_nothing_else_names(place: &Place) {
    let record = place.open().await;
    let (shared, own) = (noise(6, 80_000), noise(7, 80_000));
    let thing = key("Thing", "a");
    put(&record, vec![Change::Put(thing.clone(), with_notes(&[], &[&shared]))]).await;
    put(&record, vec![Change::Put(thing.clone(), with_notes(&[], &[&own, &shared]))]).await;
    put(&record, vec![Change::Put(key("Thing", "b"), with_notes(&[], &[&shared]))]).await;
    assert_eq!(place.contents().await, 3);
    let erase = async |versions: Vec<u64>| {
        let versions = versions.into_iter().map(|version| (thing.clone(), version)).collect();
        let erasure = Erasure { versions, authority: "court order 9".into(), reason: "wrong document".into() };
        record.erase(&host(), act("erase"), erasure).await.unwrap();
    };
    erase(vec![2]).await;
    assert_eq!(place.contents().await, 2, "its own blob goes, the shared one stays");
    let reading = record.read(&host(), "test").await.unwrap();
    assert!(served(&with_notes(&[], &[&shared]), &reading.version(&thing, 1).await.unwrap().unwrap()));
    reading.finish().await.unwrap();
    assert_eq!(holds(&record).await.erased_blobs, 1);
    put(&record, vec![Change::Put(thing.clone(), with_notes(&[], &[&own]))]).await;
    erase(vec![1, 3]).await;
    assert_eq!(place.contents().await, 1);
    let report = holds(&record).await;
    assert_eq!((report.erased, report.erased_blobs, report.blobs), (3, 3, 1));
    let reading = record.read(&host(), "test").await.unwrap();
    assert_eq!(all_pages(&reading, &Select::of("Thing")).await, [key("Thing", "b")]);
    reading.finish().await.unwrap();
}

/// What is done to the rows of blobs, and the kind of finding that must come of it.
const ROWS: &[(&str, &str)] = &[
    ("DELETE FROM blob WHERE digest = (SELECT digest FROM blob ORDER BY digest LIMIT 1)", "blob-missing"),
    ("UPDATE blob SET salt = (SELECT salt FROM blob ORDER BY digest LIMIT 1)", "blob-changed"),
    ("UPDATE blob SET length = length + 1", "blob-row-changed"),
    ("UPDATE blob SET entry = entry + 1", "blob-unknown"),
    ("INSERT INTO blob SELECT chain, (SELECT salt FROM blob ORDER BY digest LIMIT 1), 5, 2 FROM head", "blob-unknown"),
];

pub(crate) async fn whatever_is_done_to_a_blob_is_named(place: &Place) {
    let record = place.open().await;
    for number in 0..3 {
        let thing = key("Thing", &format!("t{number}"));
        put(&record, vec![Change::Put(thing, with_notes(&[], &[&noise(number, 70_000)]))]).await;
    }
    let gone = key("Thing", "gone");
    put(&record, vec![Change::Put(gone.clone(), with_notes(&[], &[b"to be erased"]))]).await;
    let erasure = Erasure { versions: vec![(gone, 1)], authority: "court".into(), reason: "wrong".into() };
    record.erase(&host(), act("erase"), erasure).await.unwrap();
    record.close().await;
    let untouched = verify_closed(&place.copy().await, Vec::new()).await;
    assert!(untouched.holds() && untouched.journal.blobs == 3, "{:?}", untouched.journal.findings);

    let names = async |copy: &Place, kind: &str, what: &str| {
        let report = verify_closed(copy, Vec::new()).await;
        let journal = report.journal.findings.iter().map(|finding| finding.kind.name());
        let found: Vec<&str> = journal.chain(report.store.iter().map(|finding| finding.kind)).collect();
        assert!(found.contains(&kind), "{what}: {found:?}");
    };
    for (sql, kind) in ROWS {
        let copy = place.copy().await;
        copy.tamper(sql).await;
        names(&copy, kind, sql).await;
    }
    type Tampering = fn(usize, Vec<u8>, Vec<u8>) -> Option<Vec<u8>>;
    let contents: [(&str, Tampering, &str); 4] = [
        ("removed", |at, bytes, _| (at != 1).then_some(bytes), "blob-missing"),
        (
            "edited",
            |at, mut bytes, _| {
                bytes[9] ^= u8::from(at == 1);
                Some(bytes)
            },
            "blob-changed",
        ),
        ("swapped", |at, bytes, before| Some(if at == 1 { before } else { bytes }), "blob-changed"),
        ("cut", |at, bytes, _| Some(bytes[..bytes.len() - usize::from(at == 1)].to_vec()), "blob-changed"),
    ];
    for (what, change, kind) in contents {
        let copy = place.copy().await;
        copy.tamper_contents(change).await;
        names(&copy, kind, what).await;
    }
    // The content of an erased blob put back, as from a backup.
    let digest = erased_digest(place).await;
    let copy = place.copy().await;
    copy.leave_content(digest, b"to be erased").await;
    names(&copy, "blob-not-erased", "put back").await;
}

/// The digest of the blob that the last entry erases.
async fn erased_digest(place: &Place) -> [u8; 32] {
    let body = place.last_entry().await;
    let journal::Act::Erase(erasure) = journal::Entry::decode(&body).unwrap().act else { panic!("no erasure") };
    erasure.blobs[0]
}
