//! Contracts of what is kept of readings: it is what a reading of now would say, for each permit; whoever is given it has
//! seen whom it shows; and nothing of it stays after an erasure. The same of versions that are at hand.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use access::{Permit, Role};
use record::trail::AccessQuery;
use record::{Change, Clause, Erasure, Key, Reading, Record, Select};
use terms::index::{Part, Span};
use testkit::toy::Dice;

use crate::support::{Place, act, host, key, lines, permit, put};

const LONG: Duration = Duration::from_secs(3600);

/// A question, and what it finds: each with its version.
pub(crate) type Found = BTreeSet<(Key, u64)>;

pub(crate) async fn ask(reading: &Reading, question: &str) -> Found {
    let (what, of) = question.split_once(' ').unwrap();
    let select = |clauses: Vec<Clause>| {
        let mut select = Select::of("Thing").limit(50);
        select.clauses = clauses;
        select
    };
    let any = |span| Clause::Any(vec![span]);
    let versions = match what {
        "get" => reading.get_many(&[key("Thing", of)]).await.unwrap(),
        "ref" => {
            let span = Span::head("Thing.ref", [Part::target("Thing", of)]);
            reading.select(&select(vec![any(span)])).await.unwrap().versions
        }
        "patient" => {
            let span = Span::head("~patient", [Part::target("Patient", of)]);
            reading.select(&select(vec![any(span)])).await.unwrap().versions
        }
        "name" => {
            let span = Span::head("Thing.name", [Part::Text(of.as_bytes().to_vec())]);
            reading.select(&select(vec![any(span)])).await.unwrap().versions
        }
        "code" => {
            let span = Span::head("Thing.code", [Part::code("t", of)]);
            reading.select(&select(vec![any(span)])).await.unwrap().versions
        }
        "linked" => {
            let span = Span::head("Thing.name", [Part::Text(of.as_bytes().to_vec())]);
            let inner = Select::of("Thing").with(any(span));
            reading.select(&select(vec![Clause::Linked("Thing.ref", Box::new(inner))])).await.unwrap().versions
        }
        _ => panic!("{question}"),
    };
    versions.into_iter().map(|version| (version.key, version.version)).collect()
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// It was kept.
    Kept,
    /// What was changed since was asked again.
    ButFor,
    Asked,
}

/// The answer that is kept or made.
pub(crate) async fn kept(reading: &Reading, question: &str) -> (Arc<Found>, From) {
    if let Some(known) = reading.kept::<Found>("found", question, LONG).await.unwrap() {
        return (known, From::Kept);
    }
    let own = reading.to_keep();
    let (found, from) = match own.kept_but_for::<Found>(("found", question), "Thing").await.unwrap() {
        Some((before, changed)) => {
            let now = ask(&own, question).await;
            let same = before.iter().filter(|(key, _)| !changed.contains(key));
            (same.chain(now.iter().filter(|(key, _)| changed.contains(key))).cloned().collect(), From::ButFor)
        }
        None => (ask(&own, question).await, From::Asked),
    };
    (reading.keep(("found", question), own, found).await.unwrap(), from)
}

fn random_text(dice: &mut Dice) -> Vec<String> {
    let mut rows = Vec::new();
    if dice.roll(2) == 0 {
        rows.push(format!("target Thing.ref Thing/t{}", dice.roll(6)));
    }
    for _ in 0..dice.roll(3) {
        rows.push(format!("patient Patient/p{}", dice.roll(4)));
    }
    rows.push(format!("text Thing.name n{}", dice.roll(3)));
    rows
}

pub(crate) async fn what_is_kept_is_what_a_reading_of_now_would_say(place: &Place) {
    let record = place.open().await;
    let permits = [permit(Role::Clinician, "user/a"), permit(Role::PatientIndex, "user/b"), host()];
    let questions: Vec<String> = (0..6)
        .flat_map(|number| [format!("get t{number}"), format!("ref t{number}"), format!("patient p{}", number % 4)])
        .chain((0..3).flat_map(|number| [format!("name n{number}"), format!("linked n{number}")]))
        .collect();
    let mut dice = Dice::new(11);
    let (mut from_before, mut but_for, mut asked) = (0, 0, 0);
    let mut newest = 0;
    for _ in 0..120 {
        let thing = key("Thing", &format!("t{}", dice.roll(6)));
        let change = match dice.roll(12) {
            0 => Change::Delete(thing),
            1 => {
                let label = format!("label unallocated Patient/p{}", dice.roll(4));
                Change::Put(key("Thing", "label"), lines(&[if dice.roll(2) == 0 { &label } else { "note none" }]))
            }
            2 => {
                let (survivor, loser) = (dice.roll(2), 2 + dice.roll(2));
                Change::Put(key("Thing", "merge"), lines(&[&format!("alias Patient/p{survivor} Patient/p{loser}")]))
            }
            _ => {
                let rows = random_text(&mut dice);
                Change::Put(thing, lines(&rows.iter().map(String::as_str).collect::<Vec<_>>()))
            }
        };
        let is_there = matches!(&change, Change::Put(..)) || is_live(&record, &change).await;
        if is_there {
            newest = put(&record, vec![change]).await.sequence;
        }
        for _ in 0..6 {
            let (question, permit) = (dice.pick(&questions).clone(), dice.pick(&permits));
            let sequence = newest.saturating_sub(dice.roll(3)).max(1);
            let reading = record.read_at(permit, "test", sequence).await.unwrap();
            let (found, from) = kept(&reading, &question).await;
            let fresh = record.read_at(permit, "test", sequence).await.unwrap();
            assert_eq!(*found, ask(&fresh, &question).await, "{question} at {sequence} of {newest}, {from:?}");
            from_before += usize::from(from == From::Kept);
            (but_for, asked) = (but_for + usize::from(from == From::ButFor), asked + 1);
            reading.finish().await.unwrap();
            fresh.finish().await.unwrap();
        }
    }
    assert!(from_before * 10 > asked, "only {from_before} of {asked} were kept");
    assert!(but_for * 20 > asked, "of only {but_for} of {asked} what was changed was asked again");
}

async fn is_live(record: &Record, change: &Change) -> bool {
    let Change::Delete(key) = change else { return false };
    let reading = record.read(&host(), "test").await.unwrap();
    let there = reading.get(key).await.unwrap().is_some_and(|version| !version.text.is_empty());
    reading.finish().await.unwrap();
    there
}

pub(crate) async fn who_is_given_what_is_kept_has_seen_whom_it_shows(place: &Place) {
    let record = place.open().await;
    put(&record, vec![Change::Put(key("Thing", "t1"), lines(&["patient Patient/p1", "text Thing.name n"]))]).await;
    let ask_as = async |permit: &Permit| {
        let reading = record.read(permit, "board").await.unwrap();
        let was_kept = kept(&reading, "get t1").await.1 == From::Kept;
        reading.finish().await.unwrap();
        was_kept
    };
    let officer = permit(Role::PrivacyOfficer, "user/privacy");
    let seen = async || {
        let query = AccessQuery { subject: Some(key("Patient", "p1")), principal: None, before: None, limit: 10 };
        let seen = record.accesses(&officer, query).await.unwrap();
        seen.into_iter().map(|access| access.principal).collect::<Vec<_>>()
    };
    assert!(!ask_as(&permit(Role::Clinician, "user/first")).await);
    assert!(ask_as(&permit(Role::Clinician, "user/second")).await);
    assert_eq!(seen().await, ["user/second", "user/first"]);
    // Another role has its own.
    assert!(!ask_as(&permit(Role::PatientIndex, "user/third")).await);
    // What is kept within what is kept has shown it to whoever reads the outer one.
    let reader = permit(Role::Clinician, "user/fourth");
    let reading = record.read(&reader, "board").await.unwrap();
    let outer = reading.to_keep();
    let middle = outer.to_keep();
    let inner = middle.to_keep();
    let found = ask(&inner, "get t1").await;
    middle.keep(("inner", "t1"), inner, found).await.unwrap();
    outer.keep(("middle", "t1"), middle, 1_u8).await.unwrap();
    reading.keep(("outer", "t1"), outer, 1_u8).await.unwrap();
    reading.finish().await.unwrap();
    assert_eq!(seen().await[0], "user/fourth");
    let next = record.read(&permit(Role::Clinician, "user/fifth"), "board").await.unwrap();
    assert!(next.kept::<u8>("outer", "t1", LONG).await.unwrap().is_some());
    next.finish().await.unwrap();
    assert_eq!(seen().await[0], "user/fifth");
    // And what was made so long ago is made again.
    place.pass(2 * 3_600_000);
    assert!(!ask_as(&permit(Role::Clinician, "user/second")).await);
}

pub(crate) async fn nothing_is_kept_of_what_was_erased(place: &Place) {
    let record = place.open().await;
    let host = host();
    put(&record, vec![Change::Put(key("Thing", "t1"), lines(&["text Thing.name first"]))]).await;
    put(&record, vec![Change::Put(key("Thing", "t1"), lines(&["text Thing.name n0"]))]).await;
    put(&record, vec![Change::Put(key("Thing", "t2"), lines(&["text Thing.name n0"]))]).await;
    let reading = record.read(&host, "test").await.unwrap();
    assert_eq!(kept(&reading, "get t2").await.0.len(), 1);
    let versions = vec![(key("Thing", "t1"), 1)];
    let erasure = Erasure { versions, authority: "court order 9".into(), reason: "wrong document".into() };
    record.erase(&host, act("erase"), erasure).await.unwrap();
    // It holds for nobody any more, also not for who read before, and what they make now is not kept.
    assert!(reading.kept::<Found>("found", "get t2", LONG).await.unwrap().is_none());
    assert_ne!(kept(&reading, "get t2").await.1, From::Kept);
    assert_ne!(kept(&reading, "get t2").await.1, From::Kept);
    let after = record.read(&host, "test").await.unwrap();
    assert_ne!(kept(&after, "get t2").await.1, From::Kept);
    assert_eq!(kept(&after, "get t2").await.1, From::Kept);
    reading.finish().await.unwrap();
    after.finish().await.unwrap();
}

pub(crate) async fn what_is_at_hand_is_the_newest_version_at_each_sequence(place: &Place) {
    let record = place.open().await;
    let mut dice = Dice::new(12);
    let mut written: Vec<(u64, Key, String)> = Vec::new();
    let mut asked_before = BTreeSet::new();
    let mut repeated = 0;
    for round in 0..150 {
        let thing = key("Thing", &format!("t{}", dice.roll(4)));
        let text = format!("text Thing.name round-{round}\n");
        let is_live = written.iter().rev().find(|(_, of, _)| *of == thing).is_some_and(|(.., text)| !text.is_empty());
        let (change, text) = match is_live && dice.roll(6) == 0 {
            true => (Change::Delete(thing.clone()), String::new()),
            false => (Change::Put(thing.clone(), lines(&[text.trim_end()])), text),
        };
        let newest = put(&record, vec![change]).await.sequence;
        written.push((newest, thing, text));
        for _ in 0..5 {
            let thing = key("Thing", &format!("t{}", dice.roll(4)));
            let sequence = newest.saturating_sub(dice.roll(4)).max(written[0].0);
            let expected = written.iter().rev().find(|(at, of, _)| *at <= sequence && *of == thing);
            let reading = record.read_at(&host(), "test", sequence).await.unwrap();
            let found = reading.get(&thing).await.unwrap().map(|version| version.text);
            let is_expected = match (&found, expected) {
                (Some(found), Some((.., text))) => {
                    found.ends_with(text.as_bytes()) && found.is_empty() == text.is_empty()
                }
                (found, expected) => found.is_none() && expected.is_none(),
            };
            assert!(is_expected, "{thing} at {sequence} of {newest}: {found:?}");
            reading.finish().await.unwrap();
            repeated += usize::from(!asked_before.insert((thing, sequence)));
        }
    }
    assert!(repeated > 100, "only {repeated} were asked for again");
}

pub(crate) async fn nothing_is_at_hand_of_what_was_erased(place: &Place) {
    let record = place.open().await;
    let thing = key("Thing", "t1");
    let first = put(&record, vec![Change::Put(thing.clone(), lines(&["text Thing.name first"]))]).await.sequence;
    put(&record, vec![Change::Put(thing.clone(), lines(&["text Thing.name second"]))]).await;
    let of_then = record.read_at(&host(), "test", first).await.unwrap();
    let text = async |reading: &Reading| reading.get(&thing).await.unwrap().unwrap().text.to_vec();
    assert!(text(&of_then).await.ends_with(b"text Thing.name first\n"));
    let versions = vec![(thing.clone(), 1)];
    let erasure = Erasure { versions, authority: "court order 10".into(), reason: "wrong document".into() };
    record.erase(&host(), act("erase"), erasure).await.unwrap();
    assert_eq!(text(&of_then).await, Vec::<u8>::new());
    let again = record.read_at(&host(), "test", first).await.unwrap();
    assert_eq!(text(&again).await, Vec::<u8>::new());
    of_then.finish().await.unwrap();
    again.finish().await.unwrap();
}
