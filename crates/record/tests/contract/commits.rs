//! Contracts of writing: versions, refusals, retries, races, assertions.
//! They know no store: each runs on every one.

use std::sync::Arc;

use record::{Assertion, Change, Draft, IdempotencyKey, Operation, Problem, Reading, Record, Select, TransactError};
use terms::index::{End, Next, Range, Span};

use crate::support::{No, Place, act, host, key, lines, put, try_put};

pub(crate) async fn a_resource_lives_through_its_versions(place: &Place) {
    let record = place.open().await;
    let thing = key("Thing", "a");
    let first = put(&record, vec![Change::Put(thing.clone(), lines(&["text Thing.name ann"]))]).await;
    let second = put(&record, vec![Change::Put(thing.clone(), lines(&["text Thing.name bob"]))]).await;
    let third = put(&record, vec![Change::Delete(thing.clone())]).await;
    let fourth = put(&record, vec![Change::Put(thing.clone(), lines(&["text Thing.name cat"]))]).await;
    let made: Vec<_> = [&first, &second, &third, &fourth]
        .iter()
        .map(|receipt| (receipt.written[0].version, receipt.written[0].operation))
        .collect();
    let expected = [(1, Operation::Create), (2, Operation::Update), (3, Operation::Delete), (4, Operation::Create)];
    assert_eq!(made, expected);
    assert!(first.sequence < second.sequence && first.moment < second.moment);

    let reading = record.read(&host(), "test").await.unwrap();
    let history = reading.history(&thing, None, 10).await.unwrap();
    assert_eq!(history.iter().map(|version| version.version).collect::<Vec<_>>(), [4, 3, 2, 1]);
    let text = format!("#\"versionId\":\"2\",\"lastUpdated\":\"{}\"\ntext Thing.name bob\n", second.moment);
    let bob = reading.version(&thing, 2).await.unwrap().unwrap();
    assert_eq!(std::str::from_utf8(&bob.text).unwrap(), text);
    assert_eq!((bob.moment, bob.sequence), (second.moment, second.sequence));
    assert!(reading.version(&thing, 3).await.unwrap().unwrap().text.is_empty());
    assert_eq!(reading.get(&thing).await.unwrap().unwrap().version, 4);
    assert_eq!(reading.get(&key("Thing", "none")).await.unwrap(), None);
    reading.finish().await.unwrap();

    let before = record.read_at(&host(), "test", second.sequence).await.unwrap();
    assert_eq!(before.get(&thing).await.unwrap().unwrap().version, 2);
    assert_eq!(before.version(&thing, 4).await.unwrap(), None);
    before.finish().await.unwrap();
}

pub(crate) async fn a_record_is_the_same_after_it_was_closed(place: &Place) {
    let record = place.open().await;
    for number in 0..600 {
        let name = format!("text Thing.name n{}", number % 7);
        put(&record, vec![Change::Put(key("Thing", &format!("t{number}")), lines(&[&name, "code Thing.code s|c"]))])
            .await;
    }
    let (before, root) = (record.status().await.unwrap(), record.checkpoint().await.unwrap().checkpoint().root);
    record.close().await;
    let record = place.open().await;
    let after = record.status().await.unwrap();
    assert_eq!((after.sequence, &after.resources), (before.sequence, &before.resources));
    assert_eq!(after.epoch, before.epoch + 1);
    assert_eq!(record.checkpoint().await.unwrap().checkpoint().root, root);
    let reading = record.read(&host(), "test").await.unwrap();
    let span = Span::next("Thing.name", [], Next::TextEqual(b"n3".to_vec()));
    let total = reading.total(&Select::of("Thing").with(record::Clause::Any(vec![span]))).await.unwrap();
    assert_eq!(total, 86);
    reading.finish().await.unwrap();
    put(&record, vec![Change::Put(key("Thing", "after"), lines(&[]))]).await;
    assert_eq!(record.status().await.unwrap().sequence, before.sequence + 1);
}

/// A record that was opened afresh has nothing at hand, so what is written first seems new.
pub(crate) async fn what_seems_new_after_a_restart_becomes_the_next_version(place: &Place) {
    let (thing, named) = (key("Thing", "a"), key("Thing", "named"));
    let refers = || lines(&["text Thing.name ann", "target Thing.ref Thing/named"]);
    let record = place.open().await;
    put(&record, vec![Change::Put(thing.clone(), refers())]).await;
    record.close().await;
    let record = place.open().await;
    let before = record.status().await.unwrap().sequence;
    let again = put(&record, vec![Change::Put(thing.clone(), lines(&["text Thing.name bob"]))]).await;
    assert_eq!((again.written[0].version, again.written[0].operation), (2, Operation::Update));
    record.close().await;
    // Mentioned only, until now: it has a place in the store and no version.
    let record = place.open().await;
    let first = put(&record, vec![Change::Put(named.clone(), lines(&["text Thing.name cat"]))]).await;
    assert_eq!((first.written[0].version, first.written[0].operation), (1, Operation::Create));
    assert_eq!(first.sequence, before + 2, "what was tried first left no trace");
    // Both at once, and beside what is new indeed.
    record.close().await;
    let record = place.open().await;
    let (other, fresh) = (lines(&["text Thing.name dan"]), key("Thing", "fresh"));
    let (one, two, three) = tokio::join!(
        put(&record, vec![Change::Put(thing.clone(), other.clone())]),
        put(&record, vec![Change::Put(named.clone(), other.clone())]),
        put(&record, vec![Change::Put(fresh.clone(), other.clone())]),
    );
    let versions = [one, two, three].map(|receipt| receipt.written[0].version);
    assert_eq!(versions, [3, 2, 1]);
    let status = record.status().await.unwrap();
    assert_eq!((status.sequence, &status.resources), (before + 5, &vec![("Thing".to_owned(), 3)]));
    record.close().await;
    let report = crate::proof::verify_closed(place, Vec::new()).await;
    assert!(report.holds(), "{report:?}");
}

pub(crate) async fn a_refusal_leaves_no_trace(place: &Place) {
    let record = place.open().await;
    let before = record.status().await.unwrap().sequence;
    let decide = |_: Arc<Reading>| async move { Err(TransactError::Refused(No)) };
    let refused = record.transact(&host(), act("refused"), decide).await;
    assert!(matches!(refused, Err(TransactError::Refused(No))));
    let decide = |_: Arc<Reading>| async move {
        let wrong = Assertion::Version(key("Thing", "a"), 7);
        Ok(Draft { changes: vec![Change::Put(key("Thing", "a"), lines(&[]))], assertions: vec![wrong] })
    };
    let stale = record.transact::<No, _, _>(&host(), act("stale"), decide).await;
    assert!(matches!(stale, Err(TransactError::Contended { .. })), "{stale:?}");
    assert_eq!(record.status().await.unwrap().sequence, before);
    let nothing = put(&record, vec![Change::Delete(key("Thing", "a"))]).await;
    assert!(nothing.written.is_empty());
    assert_eq!(record.status().await.unwrap().sequence, before);
}

fn keyed(command: &str, digest: u8) -> record::Act {
    let mut act = act(command);
    act.idempotency = Some(IdempotencyKey { key: "k1".into(), digest: [digest; 32] });
    act
}

pub(crate) async fn a_retry_gets_the_first_receipt(place: &Place) {
    let record = place.open().await;
    let draft = |_: Arc<Reading>| async move {
        Ok(Draft { changes: vec![Change::Put(key("Thing", "a"), lines(&[]))], assertions: Vec::new() })
    };
    let first = record.transact::<No, _, _>(&host(), keyed("create", 1), draft).await.unwrap();
    let again = record.transact::<No, _, _>(&host(), keyed("create", 1), draft).await.unwrap();
    assert!(!first.repeated && again.repeated);
    assert_eq!((first.sequence, first.moment, &first.written), (again.sequence, again.moment, &again.written));
    record.close().await;
    let record = place.open().await;
    let decide = |_: Arc<Reading>| async move { Err(TransactError::Refused(No)) };
    let after = record.transact(&host(), keyed("create", 1), decide).await.unwrap();
    assert_eq!(after.sequence, first.sequence);
    // Many at once: one commit, the same receipt for all.
    let mut act = act("race");
    act.idempotency = Some(IdempotencyKey { key: "k2".into(), digest: [2; 32] });
    let racing = (0..32).map(|_| {
        let (record, act) = (record.clone(), act.clone());
        tokio::spawn(async move {
            let draft = |_: Arc<Reading>| async move {
                Ok(Draft { changes: vec![Change::Put(key("Thing", "raced"), lines(&[]))], assertions: Vec::new() })
            };
            record.transact::<No, _, _>(&host(), act, draft).await.unwrap().sequence
        })
    });
    let mut sequences = Vec::new();
    for task in racing.collect::<Vec<_>>() {
        sequences.push(task.await.unwrap());
    }
    sequences.dedup();
    assert_eq!(sequences.len(), 1);
}

pub(crate) async fn a_key_is_not_used_for_two_requests(place: &Place) {
    let record = place.open().await;
    let draft = |_: Arc<Reading>| async move {
        Ok(Draft { changes: vec![Change::Put(key("Thing", "a"), lines(&[]))], assertions: Vec::new() })
    };
    record.transact::<No, _, _>(&host(), keyed("create", 1), draft).await.unwrap();
    let other = record.transact::<No, _, _>(&host(), keyed("create", 2), draft).await;
    assert!(matches!(other, Err(TransactError::KeyReused)));
    let stranger = crate::support::permit(access::Role::System, "system/other");
    record
        .transact::<No, _, _>(&stranger, keyed("create", 2), draft)
        .await
        .expect("another principal's key is another key");
}

/// 64 at once create a person unless one with the identifier is there.
pub(crate) async fn racing_creators_make_one(place: &Place) {
    let record = place.open().await;
    let racing: Vec<_> = (0..64)
        .map(|number| {
            let record = record.clone();
            tokio::spawn(async move {
                let span = || Span::next("Thing.name", [], Next::TextEqual(b"999".to_vec()));
                let decide = |reading: Arc<Reading>| async move {
                    let found = reading.total(&Select::of("Thing").with(record::Clause::Any(vec![span()]))).await?;
                    if found > 0 {
                        return Err(TransactError::Refused(No));
                    }
                    let change = Change::Put(key("Thing", &format!("p{number}")), lines(&["text Thing.name 999"]));
                    Ok(Draft { changes: vec![change], assertions: vec![Assertion::Absent(vec![span()])] })
                };
                record.transact::<No, _, _>(&host(), act("create"), decide).await.is_ok()
            })
        })
        .collect();
    let mut made = 0;
    for task in racing {
        made += usize::from(task.await.unwrap());
    }
    assert_eq!(made, 1);
}

/// What is asserted of both ends of a period is looked for behind everything that satisfies one end alone.
pub(crate) async fn an_assertion_looks_at_all_of_a_range(place: &Place) {
    let record = place.open().await;
    let others = (0..1500).map(|number| {
        let row = format!("date Thing.date {} 9", number % 5);
        Change::Put(key("Thing", &format!("other{number}")), lines(&[&row]))
    });
    put(&record, others.collect()).await;
    let span = || {
        let until = Range { low: End::Open, high: End::Including((10_u64 ^ 1 << 63).to_be_bytes().to_vec()) };
        let from = Range { low: End::Including((20_u64 ^ 1 << 63).to_be_bytes().to_vec()), high: End::Open };
        Span::next("Thing.date", [], Next::WithinBoth(until, from))
    };
    let make = async |id: &str, assertion: Assertion| {
        let change = Change::Put(key("Thing", id), lines(&["date Thing.date 8 30"]));
        let draft = Draft { changes: vec![change], assertions: vec![assertion] };
        record.transact::<No, _, _>(&host(), act("create"), |_| std::future::ready(Ok(draft.clone()))).await
    };
    make("a", Assertion::Absent(vec![span()])).await.expect("there is none yet");
    let second = make("b", Assertion::Absent(vec![span()])).await;
    assert!(matches!(second, Err(TransactError::Contended { .. })), "{second:?}");
    make("b", Assertion::AtMost(vec![span()], 2)).await.expect("there is one yet");
    let third = make("c", Assertion::AtMost(vec![span()], 2)).await;
    assert!(matches!(third, Err(TransactError::Contended { .. })), "{third:?}");
}

/// 64 at once count one up, each from what it read.
pub(crate) async fn racing_writers_lose_no_update(place: &Place) {
    let record = place.open().await;
    put(&record, vec![Change::Put(key("Thing", "counter"), lines(&["text Thing.name 0"]))]).await;
    let racing: Vec<_> = (0..64)
        .map(|_| {
            let record = record.clone();
            tokio::spawn(async move {
                let decide = |reading: Arc<Reading>| async move {
                    let version = reading.get(&key("Thing", "counter")).await?.unwrap();
                    let text = std::str::from_utf8(&version.text).unwrap();
                    let count: u64 = text.trim_end().rsplit(' ').next().unwrap().parse().unwrap();
                    let change =
                        Change::Put(key("Thing", "counter"), lines(&[&format!("text Thing.name {}", count + 1)]));
                    Ok(Draft { changes: vec![change], assertions: Vec::new() })
                };
                loop {
                    match record.transact::<No, _, _>(&host(), act("count"), decide).await {
                        Ok(_) => return,
                        Err(TransactError::Contended { .. }) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            })
        })
        .collect();
    for task in racing {
        task.await.unwrap();
    }
    let reading = record.read(&host(), "test").await.unwrap();
    let version = reading.get(&key("Thing", "counter")).await.unwrap().unwrap();
    assert_eq!(version.version, 65);
    assert!(version.text.ends_with(b"text Thing.name 64\n"));
    reading.finish().await.unwrap();
}

pub(crate) async fn at_most_counts_after_the_draft(place: &Place) {
    let record = place.open().await;
    let bed = || vec![Span::head("Thing.ref", [terms::index::Part::target("Bed", "7")])];
    let into = async |changes: Vec<Change>| {
        let decide = |_: Arc<Reading>| {
            let draft = Draft { changes: changes.clone(), assertions: vec![Assertion::AtMost(bed(), 1)] };
            async move { Ok(draft) }
        };
        record.transact::<No, _, _>(&host(), act("bed"), decide).await.map(|receipt| receipt.sequence)
    };
    let stay = |id: &str, bed: &str| Change::Put(key("Thing", id), lines(&[&format!("target Thing.ref Bed/{bed}")]));
    assert!(into(vec![stay("a", "7"), stay("b", "7")]).await.is_err(), "two of one draft");
    into(vec![stay("a", "7")]).await.unwrap();
    assert!(into(vec![stay("b", "7")]).await.is_err(), "one beside the one there");
    into(vec![stay("a", "7")]).await.expect("the one there again");
    into(vec![stay("a", "8"), stay("b", "7")]).await.expect("a swap in one draft");
    assert!(into(vec![stay("a", "7")]).await.is_err());
    into(vec![Change::Delete(key("Thing", "b")), stay("a", "7")]).await.expect("the other leaves");
}

/// Members that are refused stand between members that are not, in one group as far as timing allows.
pub(crate) async fn a_refused_member_harms_no_other(place: &Place) {
    let record = place.open().await;
    let tasks: Vec<_> = (0..200)
        .map(|number| {
            let record = record.clone();
            tokio::spawn(async move {
                let wrong = number % 3 == 0;
                let decide = |_: Arc<Reading>| async move {
                    let version = Assertion::Version(key("Thing", "none"), u64::from(wrong));
                    let change = Change::Put(key("Thing", &format!("t{number}")), lines(&["code Thing.code s|c"]));
                    Ok(Draft { changes: vec![change], assertions: vec![version] })
                };
                (wrong, record.transact::<No, _, _>(&host(), act("member"), decide).await.is_ok())
            })
        })
        .collect();
    for task in tasks {
        let (wrong, made) = task.await.unwrap();
        assert_eq!(made, !wrong);
    }
    let reading = record.read(&host(), "test").await.unwrap();
    assert_eq!(reading.total(&Select::of("Thing")).await.unwrap(), 133);
    reading.finish().await.unwrap();
    let twice = vec![Change::Put(key("Thing", "x"), lines(&[])), Change::Delete(key("Thing", "x"))];
    assert!(try_put(&record, &host(), twice).await.is_err(), "one resource twice in a draft");
}

/// What no store could keep is refused before its turn, so that it fails nobody else's commit.
pub(crate) async fn what_is_too_long_is_refused(place: &Place) {
    let record = place.open().await;
    let long = "x".repeat(4000);
    for row in [format!("text Thing.name {long}"), format!("code Thing.code s|{long}")] {
        let refused = try_put(&record, &host(), vec![Change::Put(key("Thing", "a"), lines(&[&row]))]).await;
        assert!(matches!(refused, Err(TransactError::Problem(Problem::Unsuitable { .. }))), "{refused:?}");
    }
    let row = record::DeskChange { kind: "k".into(), key: long, content: None, expected: None };
    assert!(matches!(record.desk_put(vec![row]).await, Err(Problem::Unsuitable { .. })));
    put(&record, vec![Change::Put(key("Thing", "a"), lines(&[&format!("text Thing.name {}", "y".repeat(1000))]))])
        .await;
}

pub(crate) async fn a_record_that_no_epoch_follows_is_not_opened_and_not_changed(place: &Place) {
    let record = place.open().await;
    let epoch = record.status().await.unwrap().epoch;
    record.close().await;
    place.tamper("UPDATE head SET epoch = 9223372036854775807").await;
    let opened = Record::open(&place.location, place.options()).await;
    assert!(matches!(opened, Err(Problem::Damaged { .. })), "{:?}", opened.err());
    place.tamper(&format!("UPDATE head SET epoch = {epoch} WHERE epoch = 9223372036854775807")).await;
    assert_eq!(place.open().await.status().await.unwrap().epoch, epoch + 1);
}

pub(crate) async fn a_total_is_of_the_moment_of_its_reading_whatever_is_committed_meanwhile(place: &Place) {
    let record = place.open().await;
    put(&record, vec![Change::Put(key("Thing", "first"), lines(&["text Thing.name a"]))]).await;
    let before = record.status().await.unwrap().sequence;
    let writing = async {
        for number in 0..150 {
            put(&record, vec![Change::Put(key("Thing", &format!("t{number}")), lines(&["text Thing.name a"]))]).await;
        }
    };
    let counting = async {
        loop {
            let reading = record.read(&host(), "count").await.unwrap();
            let since = reading.sequence() - before;
            assert_eq!(reading.total(&Select::of("Thing")).await.unwrap(), 1 + since, "{since}");
            reading.finish().await.unwrap();
            if since == 150 {
                return;
            }
        }
    };
    tokio::join!(writing, counting);
}
