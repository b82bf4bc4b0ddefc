//! Contracts of proof: a record that was used holds; an old copy and a cut tail are named; what was erased is gone; the
//! index is a function of the texts. What else is changed behind its back is in `tampering`.

use record::{Change, Clause, Erasure, Options, Record, Select, VerifyOptions, VerifyReport};
use terms::index::{Next, Span};

use crate::reads::{Model, all_pages, check, draw_select};
use crate::support::{Dice, Place, act, host, key, lines, put};

pub(crate) async fn verify(record: &Record, against: Vec<String>) -> VerifyReport {
    record.verify(VerifyOptions { against, keys: Vec::new(), index: true }, |_, _| {}).await.unwrap()
}

pub(crate) async fn verify_closed(place: &Place, against: Vec<String>) -> VerifyReport {
    let record = Record::open_to_verify(&place.location, place.options()).await.unwrap();
    verify(&record, against).await
}

/// Options of a host that keeps the past rows of things for ever.
fn keeping(place: &Place) -> Options {
    let mut options = place.options();
    options.indexing.kept = vec!["Thing"];
    options
}

pub(crate) async fn open_keeping(place: &Place) -> Record {
    Record::open(&place.location, keeping(place)).await.unwrap()
}

pub(crate) async fn verify_kept(place: &Place, against: Vec<String>) -> VerifyReport {
    let record = Record::open_to_verify(&place.location, keeping(place)).await.unwrap();
    verify(&record, against).await
}

pub(crate) fn holds(report: &VerifyReport) {
    assert!(report.holds(), "{:?} {:?}", report.journal.findings, report.store);
}

/// A record with a past: 300 commits, updates, deletions, several readings; what things were is kept for ever, what
/// another was for an hour.
pub(crate) async fn used(place: &Place) -> Record {
    let record = open_keeping(place).await;
    for name in ["before", "after"] {
        put(&record, vec![Change::Put(key("Other", "o"), lines(&[&format!("text Thing.name {name}")]))]).await;
    }
    let mut dice = Dice::new(5);
    let mut model = Model::default();
    for _ in 0..300 {
        model.step(&record, &mut dice).await;
    }
    for _ in 0..20 {
        let reading = record.read(&host(), "look").await.unwrap();
        reading.select(&draw_select(&mut dice)).await.unwrap();
        reading.finish().await.unwrap();
    }
    record
}

pub(crate) async fn a_record_with_a_past_holds(place: &Place) {
    let record = used(place).await;
    let checkpoint = record.checkpoint().await.unwrap().to_string();
    put(&record, vec![Change::Put(key("Thing", "later"), lines(&[]))]).await;
    let report = verify(&record, vec![checkpoint]).await;
    assert!(report.holds(), "{:?} {:?}", report.journal.findings, report.store);
    let sequence = record.status().await.unwrap().sequence;
    assert_eq!((report.journal.entries, report.covered), (sequence, Some(sequence - 1)));
    assert!(report.journal.texts > 250 && report.index_rows.unwrap() > 100 && report.journal.access_leaves > 0);
}

/// Past rows go with what they came from: an hour after it ended, or with the text that an erasure took.
pub(crate) async fn past_rows_are_there_as_long_as_they_are_kept(place: &Place) {
    let record = used(place).await;
    let thing = key("Thing", "e");
    for rows in [&["text Thing.name secret"][..], &[], &["text Thing.name second"], &["text Thing.name third"]] {
        put(&record, vec![Change::Put(thing.clone(), lines(rows))]).await;
    }
    let versions = vec![(thing.clone(), 1), (thing.clone(), 2), (thing.clone(), 4)];
    let erasure = Erasure { versions, authority: "court order 9".into(), reason: "wrong document".into() };
    record.erase(&host(), act("erase"), erasure).await.unwrap();
    holds(&verify(&record, Vec::new()).await);
    let before = verify(&record, Vec::new()).await.index_rows;
    place.pass(2 * 3_600_000);
    put(&record, vec![Change::Put(thing, lines(&["text Thing.name fourth"]))]).await;
    record.sweep().await.unwrap();
    let swept = verify(&record, Vec::new()).await;
    holds(&swept);
    assert_eq!(swept.index_rows, before, "two rows came, and two of the other's past went");
    record.rebuild_index(|_, _| {}).await.unwrap();
    holds(&verify(&record, Vec::new()).await);
    record.close().await;
    // As an erasure that forgot it would leave it.
    let forgotten = "INSERT INTO index_past SELECT key, rid, from_sequence - 1, from_sequence, 1 FROM index_past \
        WHERE rid = (SELECT max(rid) FROM version) AND from_sequence = (SELECT max(from_sequence) FROM index_past)";
    place.tamper(forgotten).await;
    let report = verify_kept(place, Vec::new()).await;
    let found: Vec<&str> = report.store.iter().map(|finding| finding.kind).collect();
    assert_eq!(found, ["past-row-unknown", "past-row-unknown"]);
}

/// A record in use is verified with its index while everything changes, and nothing is found.
pub(crate) async fn verifying_finds_nothing_in_what_changes_meanwhile(place: &Place) {
    let record = used(place).await;
    let verifying = tokio::spawn({
        let record = record.clone();
        async move {
            for _ in 0..6 {
                holds(&verify(&record, Vec::new()).await);
            }
        }
    });
    let mut dice = Dice::new(7);
    let mut model = Model::default();
    let mut many = 0;
    while !verifying.is_finished() {
        let made = |number: u64| Change::Put(key("Thing", &format!("many{number}")), lines(&["text Thing.name m"]));
        put(&record, (many..many + 100).map(made).collect()).await;
        let versions = vec![(key("Thing", &format!("many{}", many + 1)), 1)];
        let erasure = Erasure { versions, authority: "court order 10".into(), reason: "a race".into() };
        record.erase(&host(), act("erase"), erasure).await.unwrap();
        many += 50;
        for _ in 0..5 {
            model.step(&record, &mut dice).await;
        }
        place.pass(600_000);
        record.sweep().await.unwrap();
    }
    verifying.await.unwrap();
    assert!(many >= 200, "too little has changed meanwhile: {many}");
    holds(&verify(&record, Vec::new()).await);
}

pub(crate) async fn an_old_copy_is_named_against_a_checkpoint(place: &Place) {
    let record = used(place).await;
    record.close().await;
    let old = place.copy().await;
    let record = open_keeping(place).await;
    for number in 0..5 {
        put(&record, vec![Change::Put(key("Thing", &format!("new{number}")), lines(&[]))]).await;
    }
    let checkpoint = record.checkpoint().await.unwrap().to_string();
    let report = verify_kept(&old, Vec::new()).await;
    assert!(report.holds(), "without a checkpoint from outside an old copy cannot be told");
    let report = verify_kept(&old, vec![checkpoint]).await;
    assert!(report.journal.findings.iter().any(|finding| finding.kind.name() == "tail-cut"));
}

pub(crate) async fn a_cut_tail_is_named_against_a_checkpoint(place: &Place) {
    let record = used(place).await;
    let checkpoint = record.checkpoint().await.unwrap();
    let size = checkpoint.checkpoint().size;
    let before = {
        let at = record.read_at(&host(), "test", size - 3).await.unwrap();
        at.sequence()
    };
    record.close().await;
    place
        .tamper(&format!(
            "DELETE FROM entry WHERE sequence > {before}; DELETE FROM version WHERE sequence > {before}; \
             UPDATE head SET sequence = {before}"
        ))
        .await;
    let report = verify_kept(place, vec![checkpoint.to_string()]).await;
    assert!(report.journal.findings.iter().any(|finding| finding.kind.name() == "tail-cut"), "{report:?}");
}

pub(crate) async fn an_erased_text_is_gone_and_said_to_be(place: &Place) {
    let record = place.open().await;
    let secret = |word: &str| lines(&[&format!("text Thing.name {word}"), "patient Patient/p1"]);
    put(&record, vec![Change::Put(key("Thing", "a"), secret("firstsecret"))]).await;
    put(&record, vec![Change::Put(key("Thing", "a"), secret("secondsecret"))]).await;
    put(&record, vec![Change::Put(key("Thing", "b"), secret("thirdsecret"))]).await;
    let erasure = Erasure {
        versions: vec![(key("Thing", "a"), 1), (key("Thing", "b"), 1)],
        authority: "court order 7".into(),
        reason: "wrong document".into(),
    };
    let receipt = record.erase(&host(), act("erase"), erasure.clone()).await.unwrap();
    assert!(record.erase(&host(), act("erase"), erasure).await.is_err(), "twice");

    let reading = record.read(&host(), "test").await.unwrap();
    let first = reading.version(&key("Thing", "a"), 1).await.unwrap().unwrap();
    assert_eq!((first.text.len(), first.erased), (0, Some(receipt.sequence)));
    assert!(reading.get(&key("Thing", "a")).await.unwrap().unwrap().text.ends_with(b"p1\n"));
    assert_eq!(reading.get(&key("Thing", "b")).await.unwrap().unwrap().erased, Some(receipt.sequence));
    let found = async |word: &str| {
        let span = Span::next("Thing.name", [], Next::TextEqual(word.as_bytes().to_vec()));
        all_pages(&reading, &Select::of("Thing").with(Clause::Any(vec![span]))).await.len()
    };
    assert_eq!((found("secondsecret").await, found("thirdsecret").await), (1, 0));
    assert_eq!(reading.total(&Select::of("Thing")).await.unwrap(), 1);
    reading.finish().await.unwrap();
    let report = verify(&record, Vec::new()).await;
    assert!(report.holds(), "{:?} {:?}", report.journal.findings, report.store);
    assert_eq!(report.journal.erased, 2);
    put(&record, vec![Change::Put(key("Thing", "b"), secret("fourthsecret"))]).await;
    record.close().await;
    for entry in std::fs::read_dir(place.directory()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            for word in ["firstsecret", "thirdsecret"] {
                let there = bytes.windows(word.len()).any(|window| window == word.as_bytes());
                assert!(!there, "{word} is still in {}", path.display());
            }
        }
    }
    let report = verify_closed(place, Vec::new()).await;
    assert!(report.holds(), "{:?} {:?}", report.journal.findings, report.store);
}

/// An update and two erasures of one version at once, many times over: each either finds the other's work or comes
/// before it, and every erased text names its own entry.
pub(crate) async fn racing_erasures_and_updates_agree(place: &Place) {
    let record = place.open().await;
    let text = |word: &str| lines(&[&format!("text Thing.name {word}"), "patient Patient/p1"]);
    for number in 0..40 {
        put(&record, vec![Change::Put(key("Thing", &format!("r{number}")), text("before"))]).await;
    }
    let mut racing = Vec::new();
    for number in 0..40 {
        let thing = key("Thing", &format!("r{number}"));
        for _ in 0..2 {
            let (record, thing) = (record.clone(), thing.clone());
            racing.push(tokio::spawn(async move {
                let versions = vec![(thing.clone(), 1)];
                let erasure = Erasure { versions, authority: "court order 8".into(), reason: "a race".into() };
                let erased = record.erase(&host(), act("erase"), erasure).await;
                erased.ok().map(|receipt| (thing, receipt.sequence))
            }));
        }
        let (record, change) = (record.clone(), Change::Put(thing, text("after")));
        racing.push(tokio::spawn(async move {
            put(&record, vec![change]).await;
            None
        }));
    }
    let mut erased = Vec::new();
    for task in racing {
        erased.extend(task.await.unwrap());
    }
    assert_eq!(erased.len(), 40, "each text is erased once");
    let reading = record.read(&host(), "test").await.unwrap();
    for (thing, by) in erased {
        assert_eq!(reading.version(&thing, 1).await.unwrap().unwrap().erased, Some(by), "{thing}");
        let newest = reading.get(&thing).await.unwrap().unwrap();
        assert_eq!((newest.version, newest.erased), (2, None), "{thing}");
    }
    let span = Span::next("Thing.name", [], Next::TextEqual(b"after".to_vec()));
    assert_eq!(reading.total(&Select::of("Thing").with(Clause::Any(vec![span]))).await.unwrap(), 40);
    reading.finish().await.unwrap();
    let report = verify(&record, Vec::new()).await;
    assert!(report.holds(), "{:?} {:?}", report.journal.findings, report.store);
}

pub(crate) async fn a_rebuilt_index_answers_the_same(place: &Place) {
    let record = place.open().await;
    let mut dice = Dice::new(31);
    let mut model = Model::default();
    for _ in 0..150 {
        model.step(&record, &mut dice).await;
    }
    record.close().await;
    place.tamper("DELETE FROM idx WHERE rid % 3 = 0; INSERT INTO idx SELECT key, 2 FROM idx WHERE rid = 1").await;
    let record = place.open().await;
    assert!(!verify(&record, Vec::new()).await.holds());
    assert_eq!(record.rebuild_index(|_, _| {}).await.unwrap(), model.things.len() as u64);
    assert!(verify(&record, Vec::new()).await.holds());
    model.step(&record, &mut dice).await;
    let reading = record.read(&host(), "test").await.unwrap();
    for _ in 0..50 {
        let select = draw_select(&mut dice);
        check(&model, &select, &all_pages(&reading, &select).await, "rebuilt");
    }
    reading.finish().await.unwrap();
}

pub(crate) async fn another_index_function_rebuilds_at_open(place: &Place) {
    let record = place.open().await;
    put(&record, vec![Change::Put(key("Thing", "a"), lines(&["text Thing.name ann"]))]).await;
    record.close().await;
    let mut options = place.options();
    options.indexing.functions = vec![("toy", 2)];
    let before = options.indexing.extract.clone();
    options.indexing.extract = std::sync::Arc::new(move |source, rows| {
        before(source, rows);
        rows.push(terms::index::Row::one("Thing.code", terms::index::Part::code("new", "function")));
    });
    let record = Record::open(&place.location, options).await.unwrap();
    record.index_settled().await;
    let reading = record.read(&host(), "test").await.unwrap();
    let span = Span::next("Thing.code", [], Next::AnyCodeOf("new".into()));
    assert_eq!(all_pages(&reading, &Select::of("Thing").with(Clause::Any(vec![span]))).await, [key("Thing", "a")]);
    reading.finish().await.unwrap();
    assert!(verify(&record, Vec::new()).await.holds());
}
