//! Contracts of past rows that are kept for ever: a question about such types at any sequence equals a filter over
//! what was then, after the hour, after a sweep and after a rebuild; about other types it is refused as before.

use record::{Change, Clause, Problem, Record, Select};
use terms::index::{Part, Span};

use crate::reads::{Model, all_pages, check, draw_select};
use crate::support::{Dice, Place, host, key, lines, put};

async fn open(place: &Place, kept: &[&'static str]) -> Record {
    let mut options = place.options();
    options.indexing.kept = kept.to_vec();
    let record = Record::open(&place.location, options).await.unwrap();
    record.index_settled().await;
    record
}

/// Changes, and how it was after each of them.
async fn lived(record: &Record, dice: &mut Dice, model: &mut Model, steps: usize) -> Vec<(u64, Model)> {
    let mut past = Vec::new();
    for _ in 0..steps {
        model.step(record, dice).await;
        past.push((record.status().await.unwrap().sequence, Model { things: model.things.clone() }));
    }
    past
}

async fn questions(record: &Record, dice: &mut Dice, past: &[(u64, Model)], context: &str) {
    for _ in 0..60 {
        let (at, model) = dice.pick(past);
        let reading = record.read_at(&host(), "then", *at).await.unwrap();
        let select = draw_select(dice);
        let context = format!("{context}, at {at}");
        check(model, &select, &all_pages(&reading, &select).await, &context);
        assert_eq!(reading.total(&select).await.unwrap(), model.answer(&select).len() as u64, "{context}");
        for (thing, _) in model.things.iter().take(3) {
            assert!(reading.get(thing).await.unwrap().is_some_and(|version| version.sequence <= *at), "{context}");
        }
        reading.finish().await.unwrap();
    }
}

pub(crate) async fn kept_types_are_read_at_any_sequence(place: &Place) {
    let record = open(place, &["Thing"]).await;
    let (mut dice, mut model) = (Dice::new(61), Model::default());
    let other = |name: &str| vec![Change::Put(key("Other", "o"), lines(&[&format!("text Thing.name {name}")]))];
    put(&record, other("before")).await;
    let mut past = lived(&record, &mut dice, &mut model, 120).await;
    put(&record, other("after")).await;
    place.pass(2 * 3_600_000);
    past.extend(lived(&record, &mut dice, &mut model, 40).await);
    record.sweep().await.unwrap();
    questions(&record, &mut dice, &past, "swept").await;

    let old = record.read_at(&host(), "then", past[60].0).await.unwrap();
    let span = Span::head("Thing.name", [Part::Text(b"before".to_vec())]);
    let others = Select::of("Other").with(Clause::Any(vec![span]));
    let linked = Select::of("Thing").with(Clause::Linked("Thing.ref", Box::new(Select::of("Other"))));
    for question in [&others, &linked] {
        assert!(matches!(old.select(question).await, Err(Problem::Expired)), "{question:?}");
        assert!(matches!(old.total(question).await, Err(Problem::Expired)), "{question:?}");
    }
    assert!(matches!(old.get(&key("Other", "o")).await, Err(Problem::Expired)));
    old.finish().await.unwrap();

    record.rebuild_index(|_, _| {}).await.unwrap();
    questions(&record, &mut dice, &past, "rebuilt").await;
    record.close().await;
    let record = open(place, &[]).await;
    assert!(matches!(record.read_at(&host(), "then", past[60].0).await, Err(Problem::Expired)));
    record.close().await;
}

pub(crate) async fn a_type_that_is_named_later_gets_its_whole_past(place: &Place) {
    let record = open(place, &[]).await;
    let (mut dice, mut model) = (Dice::new(67), Model::default());
    let mut past = lived(&record, &mut dice, &mut model, 100).await;
    place.pass(2 * 3_600_000);
    record.sweep().await.unwrap();
    past.extend(lived(&record, &mut dice, &mut model, 10).await);
    record.close().await;
    let record = open(place, &["Thing"]).await;
    questions(&record, &mut dice, &past, "named later").await;
    place.pass(2 * 3_600_000);
    past.extend(lived(&record, &mut dice, &mut model, 20).await);
    record.sweep().await.unwrap();
    questions(&record, &mut dice, &past, "named and swept").await;
}

/// Who is sealed now, or has nothing to do with a reader any more, is not shown by going back in time.
pub(crate) async fn an_old_reading_has_the_scope_of_now(place: &Place) {
    let record = open(place, &["Thing"]).await;
    let of = |patient: &str| lines(&[&format!("patient Patient/{patient}")]);
    put(&record, vec![Change::Put(key("Thing", "a"), of("p1")), Change::Put(key("Thing", "b"), of("p2"))]).await;
    let then =
        put(&record, vec![Change::Put(key("Unit", "seals"), lines(&["label sealed Patient/p1"]))]).await.sequence;
    put(&record, vec![Change::Put(key("Thing", "c"), of("p2"))]).await;
    put(&record, vec![Change::Put(key("Unit", "seals"), lines(&["label sealed Patient/p2"]))]).await;
    place.pass(2 * 3_600_000);
    put(&record, vec![Change::Put(key("Thing", "d"), of("p3"))]).await;
    record.sweep().await.unwrap();
    let clinician = crate::support::permit(access::Role::Clinician, "user/c");
    let reading = record.read_at(&clinician, "then", then).await.unwrap();
    assert_eq!(all_pages(&reading, &Select::of("Thing")).await, [key("Thing", "a")]);
    assert_eq!(reading.total(&Select::of("Thing")).await.unwrap(), 1);
    reading.finish().await.unwrap();
}
