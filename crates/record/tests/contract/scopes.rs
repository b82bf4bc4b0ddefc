//! Contracts of access: with any scope, every kind of question equals a filter after reading; writes stay within it.
//! The expected answer is worked out from the model alone.

use std::collections::BTreeSet;

use access::{Grant, Permit, Role, Subject, Subjects, decide};
use record::{Change, Clause, Key, Problem, Select, TransactError};
use terms::Moment;
use terms::index::{Part, Row, Span};

use crate::reads::{Model, all_pages, draw_select};
use crate::support::{Dice, Place, host, key, lines, put, try_put};

fn limited(subjects: Subjects) -> Permit {
    let mut grant = Grant::role("user/limited", "Limited", Role::Clinician);
    grant.subjects = Some(subjects);
    decide(grant, Moment(0)).unwrap()
}

fn subjects_of(rows: &[Row]) -> BTreeSet<Key> {
    let subjects = rows.iter().filter(|row| row.parameter == "~patient").map(|row| match &row.parts[0] {
        Part::Target { kind, id } => key(kind, id),
        other => panic!("not a subject: {other:?}"),
    });
    subjects.collect()
}

/// The things a scope reaches: those of an allowed subject, none of a sealed one.
fn reached(model: &Model, allowed: &BTreeSet<Key>, sealed: &BTreeSet<Key>, thing: &Key) -> bool {
    let subjects = subjects_of(&model.things[thing].0);
    !sealed.contains(thing) && subjects.is_disjoint(sealed) && !subjects.is_disjoint(allowed)
}

/// The same permit with some of those who are restricted opened, and who are closed to it.
fn closed(permit: &Permit, restricted: &[Key], dice: &mut Dice) -> (Permit, BTreeSet<Key>) {
    let (opened, closed): (Vec<&Key>, Vec<&Key>) = restricted.iter().partition(|_| dice.roll(2) == 0);
    let subject = |key: &Key| Subject { kind: key.kind.clone(), id: key.id.clone() };
    let opened = opened.into_iter().map(|key| (subject(key), Moment(100))).collect();
    (permit.closed_but(opened), closed.into_iter().cloned().collect())
}

/// A permit of the unit, or of some patients by name; and whom it reaches.
fn drawn(dice: &mut Dice) -> (Permit, BTreeSet<Key>) {
    let patients = |numbers: &[u64]| numbers.iter().map(|n| key("Patient", &format!("p{n}"))).collect::<BTreeSet<_>>();
    if dice.roll(3) == 0 {
        let at = Moment(dice.roll(100) as i64);
        let related = Subjects::Related { principal: "unit/u".into(), at };
        return (limited(related), if at.0 < 50 { patients(&[0, 1, 2]) } else { patients(&[0, 1]) });
    }
    let allowed: BTreeSet<Key> = (0..dice.roll(5)).map(|_| key("Patient", &format!("p{}", dice.roll(7)))).collect();
    let subjects = allowed.iter().map(|key| Subject { kind: key.kind.clone(), id: key.id.clone() }).collect();
    (limited(Subjects::Only(subjects)), allowed)
}

pub(crate) async fn every_question_stays_within_random_scopes(place: &Place) {
    let record = place.open().await;
    let mut dice = Dice::new(23);
    let mut model = Model::default();
    for _ in 0..200 {
        model.step(&record, &mut dice).await;
    }
    // A unit has to do with p0 and p1 for ever, with p2 until 50; p5 and one thing are sealed.
    put(
        &record,
        vec![Change::Put(
            key("Unit", "u"),
            lines(&[
                "relation unit/u 0 1000 Patient/p0",
                "relation unit/u 0 1000 Patient/p1",
                "relation unit/u 0 50 Patient/p2",
            ]),
        )],
    )
    .await;
    let sealed: BTreeSet<Key> = [key("Patient", "p5"), key("Thing", "t9")].into();
    put(&record, vec![Change::Put(key("Unit", "seals"), lines(&["label sealed Patient/p5", "label sealed Thing/t9"]))])
        .await;

    // And p3 and p4 are closed to whoever did not open them.
    let restricted = ["p3", "p4"].map(|id| key("Patient", id));
    let labels = ["label restricted Patient/p3", "label restricted Patient/p4"];
    put(&record, vec![Change::Put(key("Unit", "restricts"), lines(&labels))]).await;

    for round in 0..30 {
        let (permit, allowed) = drawn(&mut dice);
        let (permit, closed) =
            if dice.roll(2) == 0 { (permit, BTreeSet::new()) } else { closed(&permit, &restricted, &mut dice) };
        let hidden: BTreeSet<Key> = sealed.union(&closed).cloned().collect();
        let reading = record.read(&permit, "test").await.unwrap();
        let within = Model {
            things: model
                .things
                .iter()
                .filter(|(thing, _)| reached(&model, &allowed, &hidden, thing))
                .map(|(thing, rows)| (thing.clone(), rows.clone()))
                .collect(),
        };
        for question in 0..20 {
            let select = draw_select(&mut dice);
            let context = format!("round {round}, question {question}");
            crate::reads::check(&within, &select, &all_pages(&reading, &select).await, &context);
            assert_eq!(
                reading.total(&select).await.unwrap(),
                within.answer(&select).len() as u64,
                "{context}: {select:?}"
            );
        }
        for (thing, _) in model.things.iter().take(20) {
            let shown = reading.get(thing).await.unwrap().is_some();
            assert_eq!(shown, within.things.contains_key(thing), "{thing}");
            assert_eq!(!reading.history(thing, None, 5).await.unwrap().is_empty(), shown, "history of {thing}");
        }
        reading.finish().await.unwrap();
    }
    let reading = record.read(&limited(Subjects::Only(BTreeSet::new())), "test").await.unwrap();
    let any = Select::of("Thing").with(Clause::Ids((0..60).map(|n| format!("t{n}")).collect()));
    assert_eq!(reading.total(&any).await.unwrap(), 0);
    reading.finish().await.unwrap();
}

/// What labels hide is looked up once for many readings: each has what held at its own sequence all the same.
pub(crate) async fn a_label_hides_from_its_commit_to_its_end(place: &Place) {
    let record = place.open().await;
    let of = |patient: &str| lines(&[&format!("patient Patient/{patient}")]);
    let thing = async |id: &str, patient: &str| put(&record, vec![Change::Put(key("Thing", id), of(patient))]).await;
    let seals = async |labels: &[&str]| put(&record, vec![Change::Put(key("Unit", "seals"), lines(labels))]).await;
    let clinician = crate::support::permit(Role::Clinician, "user/c");
    let open = async || record.read(&clinician, "test").await.unwrap();
    let shown = async |reading: record::Reading| {
        let span = |patient| Span::head("~patient", [Part::target("Patient", patient)]);
        let mut found = Vec::new();
        for version in reading.first_of_each("Thing", vec![span("p1"), span("p2")], 9).await.unwrap() {
            assert!(reading.get(&version.key).await.unwrap().is_some(), "{}", version.key);
            found.push(version.key.id);
        }
        found.sort();
        let listed = all_pages(&reading, &Select::of("Thing")).await;
        assert_eq!(
            listed.iter().map(|key| key.id.as_str()).collect::<BTreeSet<_>>(),
            found.iter().map(String::as_str).collect()
        );
        let clause = Clause::Any(vec![span("p1"), span("p2")]);
        assert_eq!(all_pages(&reading, &Select::of("Thing").with(clause)).await.len(), found.len());
        reading.finish().await.unwrap();
        found.concat()
    };
    thing("a", "p1").await;
    thing("b", "p2").await;
    let before = open().await;
    seals(&["label sealed Patient/p1"]).await;
    let sealed = open().await;
    assert_eq!(shown(open().await).await, "b");
    assert_eq!(shown(before).await, "ab", "a reading of before");
    thing("c", "p2").await;
    thing("d", "p1").await;
    assert_eq!(shown(open().await).await, "bc");
    seals(&["label sealed Patient/p2"]).await;
    assert_eq!(shown(open().await).await, "ad");
    assert_eq!(shown(sealed).await, "b", "a reading of before the last change");
    seals(&[]).await;
    assert_eq!(shown(open().await).await, "abcd");
    seals(&["label sealed Thing/a"]).await;
    assert_eq!(shown(open().await).await, "bcd");
    put(&record, vec![Change::Delete(key("Unit", "seals"))]).await;
    assert_eq!(shown(open().await).await, "abcd");
}

pub(crate) async fn writes_stay_within_the_scope(place: &Place) {
    let record = place.open().await;
    let of = |patient: &str| lines(&[&format!("patient Patient/{patient}")]);
    put(&record, vec![Change::Put(key("Thing", "mine"), of("p1")), Change::Put(key("Thing", "theirs"), of("p2"))])
        .await;
    let before = record.status().await.unwrap().sequence;
    let permit = limited(Subjects::Only([Subject { kind: "Patient".into(), id: "p1".into() }].into()));
    let refused = [
        vec![Change::Put(key("Thing", "theirs"), of("p1"))],
        vec![Change::Put(key("Thing", "mine"), of("p2"))],
        vec![Change::Put(key("Thing", "new"), of("p2"))],
        vec![Change::Delete(key("Thing", "theirs"))],
        vec![Change::Put(key("Thing", "mine"), of("p1")), Change::Delete(key("Thing", "theirs"))],
    ];
    for changes in refused {
        let result = try_put(&record, &permit, changes).await;
        assert!(matches!(result, Err(TransactError::Problem(Problem::NotPermitted { .. }))), "{result:?}");
    }
    assert_eq!(record.status().await.unwrap().sequence, before);
    try_put(&record, &permit, vec![Change::Put(key("Thing", "mine"), of("p1"))]).await.unwrap();
    let clerk = crate::support::permit(Role::Clerk, "user/clerk");
    assert!(try_put(&record, &clerk, vec![Change::Put(key("Thing", "new"), of("p1"))]).await.is_err());
    assert!(record.read(&host(), "x").await.unwrap().get(&key("Thing", "new")).await.unwrap().is_none());
}
