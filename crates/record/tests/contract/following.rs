//! Contracts of following: who follows learns what was touched, and who is given what another reading showed is in the
//! access journal; and the first few of many spans in one question.

use std::collections::BTreeSet;

use access::Role;
use record::trail::{AccessQuery, Touched};
use record::{Change, Key};
use terms::index::{Part, Span};

use crate::support::{Place, host, key, lines, permit, put};

fn these(keys: &[Key]) -> Touched {
    Touched::These(keys.iter().cloned().collect())
}

pub(crate) async fn who_follows_learns_what_was_touched(place: &Place) {
    let record = place.open().await;
    let to = |other: &str| lines(&[&format!("target Thing.ref Thing/{other}")]);
    let first = put(&record, vec![Change::Put(key("Thing", "a"), to("b"))]).await.sequence;
    let follower = record.follow();
    let second = put(&record, vec![Change::Put(key("Thing", "a"), to("c"))]).await.sequence;
    // What it changed, and what its rows named before and name now.
    let (a, b, c) = (key("Thing", "a"), key("Thing", "b"), key("Thing", "c"));
    assert_eq!(record.touched_since(first), these(&[a.clone(), b, c.clone()]));
    assert_eq!(record.touched_since(second), these(&[]));
    assert_eq!(record.touched_since(first - 1), Touched::Everything, "nobody followed then");
    let third = put(&record, vec![Change::Delete(key("Thing", "a"))]).await.sequence;
    assert_eq!(record.touched_since(second), these(&[a, c]));
    drop(follower);
    put(&record, vec![Change::Put(key("Thing", "d"), to("e"))]).await;
    assert_eq!(record.touched_since(third), Touched::Everything);
}

pub(crate) async fn what_is_handed_on_is_noted_for_who_gets_it(place: &Place) {
    let record = place.open().await;
    put(&record, vec![Change::Put(key("Patient", "p1"), lines(&["patient Patient/p1"]))]).await;
    put(&record, vec![Change::Put(key("Patient", "p2"), lines(&["patient Patient/p2"]))]).await;
    let first = permit(Role::Clinician, "user/first");
    let reading = record.read(&first, "board").await.unwrap();
    for id in ["p1", "p2"] {
        reading.get(&key("Patient", id)).await.unwrap().unwrap();
    }
    let shown = reading.hand_on();
    drop(reading);
    assert_eq!(shown.subjects().len(), 2);
    let known: BTreeSet<Key> = [key("Patient", "p1")].into();
    record.note_shown(&permit(Role::Clinician, "user/second"), "board", &shown.without(&known)).await.unwrap();

    let officer = permit(Role::PrivacyOfficer, "user/privacy");
    let query = AccessQuery { subject: None, principal: None, before: None, limit: 10 };
    let seen = record.accesses(&officer, query).await.unwrap();
    let told: Vec<(&str, bool)> = seen.iter().map(|access| (access.principal.as_str(), access.shown)).collect();
    assert_eq!(told, [("user/second", true)]);
    let of_p1 = AccessQuery { subject: Some(key("Patient", "p1")), principal: None, before: None, limit: 10 };
    assert!(record.accesses(&officer, of_p1).await.unwrap().is_empty(), "they were told about p2 only");
}

pub(crate) async fn the_first_of_many_spans_are_found(place: &Place) {
    let record = place.open().await;
    for (patient, number) in [("a", 3), ("a", 1), ("a", 2), ("b", 9), ("b", 8), ("c", 5)] {
        let row = format!("pair Thing.pair s|{patient} s|x {number}");
        put(&record, vec![Change::Put(key("Thing", &format!("{patient}{number}")), lines(&[&row]))]).await;
    }
    let before = put(&record, vec![Change::Delete(key("Thing", "a1"))]).await.sequence - 1;
    let span = |patient: &str| Span::head("Thing.pair", [Part::code("s", patient)]);
    let found = async |sequence: u64, patients: &[&str]| {
        let reading = record.read_at(&host(), "test", sequence).await.unwrap();
        let spans = patients.iter().map(|patient| span(patient)).collect();
        let found = reading.first_of_each("Thing", spans, 2).await.unwrap();
        reading.finish().await.unwrap();
        let mut ids: Vec<String> = found.into_iter().map(|version| version.key.id).collect();
        ids.sort();
        ids
    };
    assert_eq!(found(before, &["a", "b"]).await, ["a1", "a2", "b8", "b9"]);
    assert_eq!(found(before + 1, &["a", "c", "nobody"]).await, ["a2", "a3", "c5"]);
    assert!(found(before, &[]).await.is_empty());
}
