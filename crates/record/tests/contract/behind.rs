//! Contracts of an index that is made again behind: opening does not wait for it, commits go on and are found, no
//! answer holds what the texts do not say, and what old and new rows agree on is found all the time.

use std::collections::BTreeMap;
use std::sync::Arc;

use access::Role;
use record::{Change, Clause, Erasure, Key, Options, Problem, Record, Select, Source, VerifyOptions};
use terms::index::{Next, Part, Row, Span};

use crate::keeping::{From, ask, kept};
use crate::reads::{Model, all_pages, check, draw_select, draw_span, lies_in, pages_of_one_index};
use crate::support::{Dice, Place, act, host, key, permit, put, toy};

/// How many resources the index is made of.
const MANY: u64 = 20_000;

/// The functions of the next release: dates are a day later, some names get a code, a code is no longer found.
fn changed(place: &Place) -> Options {
    let mut options = place.options();
    let before = options.indexing.extract.clone();
    options.indexing.functions = vec![("toy", 2)];
    options.indexing.extract = Arc::new(move |source: Source<'_>, rows: &mut Vec<Row>| {
        before(source, rows);
        rows.retain(|row| !(row.parameter == "Thing.code" && row.parts[0] == Part::code("s", "1")));
        for at in 0..rows.len() {
            match (rows[at].parameter, &rows[at].parts[0]) {
                ("Thing.name", Part::Text(name)) if name.starts_with(b"a") => {
                    rows.push(Row::one("Thing.code", Part::code("t", "9")));
                }
                ("Thing.date", Part::Fixed(low)) => {
                    let low = u64::from_be_bytes(low.as_slice().try_into().unwrap()) + 1;
                    rows[at].parts[0] = Part::fixed(&low.to_be_bytes());
                }
                _ => {}
            }
        }
    });
    options
}

fn draw_rows(dice: &mut Dice, number: u64) -> Vec<String> {
    let low = dice.roll(20);
    let mut rows = vec![format!("date Thing.date {low} {}", low + 5), format!("patient Patient/p{}", number % 500)];
    rows.push(format!("text Thing.name {}", dice.pick(&["ann", "anna", "bob", "bobby", "c"])));
    rows.push(format!("code Thing.code {}|{}", dice.pick(&["s", "t"]), dice.pick(&["1", "2", "9"])));
    rows
}

async fn fill(place: &Place, many: u64) -> BTreeMap<Key, Vec<String>> {
    let record = place.open().await;
    let mut dice = Dice::new(71);
    let mut texts = BTreeMap::new();
    for first in (0..many).step_by(1000) {
        let mut changes = Vec::new();
        for number in first..(first + 1000).min(many) {
            let (thing, rows) = (key("Thing", &format!("n{number}")), draw_rows(&mut dice, number));
            changes.push(Change::Put(thing.clone(), toy(&rows)));
            texts.insert(thing, rows);
        }
        put(&record, changes).await;
    }
    record.close().await;
    texts
}

fn extracted(options: &Options, thing: &Key, rows: &[String]) -> Vec<Row> {
    let text = toy(rows).text;
    let mut rows = Vec::new();
    (options.indexing.extract)(Source { kind: &thing.kind, id: &thing.id, text: &text }, &mut rows);
    rows
}

async fn verify_holds(record: &Record) {
    let report = record.verify(VerifyOptions { index: true, ..Default::default() }, |_, _| {}).await.unwrap();
    assert!(report.holds(), "{:?} {:?}", report.journal.findings, report.store);
}

pub(crate) async fn questions_stay_right_while_the_index_is_made_again(place: &Place) {
    let mut texts = fill(place, MANY).await;
    let (old, new) = (place.options(), changed(place));
    let record = Record::open(&place.location, new.clone()).await.unwrap();
    assert!(record.status().await.unwrap().reindexing, "an open does not wait for the index");
    let mut model = Model::default();
    let mut before: BTreeMap<Key, Vec<Row>> = BTreeMap::new();
    for (thing, rows) in &texts {
        model.things.insert(thing.clone(), (extracted(&new, thing, rows), 0));
        before.insert(thing.clone(), extracted(&old, thing, rows));
    }
    let mut dice = Dice::new(73);
    let mut during = 0;
    while record.status().await.unwrap().reindexing {
        step(&record, &new, &mut dice, &mut texts, &mut model, &mut before).await;
        // A narrow question, so that the judging of candidates does not outlast the rebuild.
        let patient = Span::head("~patient", [Part::target("Patient", format!("p{}", dice.roll(500)))]);
        let span = draw_span(&mut dice);
        let mut select = Select::of("Thing").with(Clause::Any(vec![span.clone()])).limit(7);
        select = select.with(Clause::Any(vec![patient.clone()]));
        if dice.roll(2) == 0 {
            select = select.sorted(Some("Thing.date"), dice.roll(2) == 0);
        }
        let reading = record.read(&host(), "meanwhile").await.unwrap();
        let found = pages_of_one_index(&reading, &select).await;
        reading.finish().await.unwrap();
        let Some(found) = found else { continue };
        let mut distinct = found.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), found.len(), "{select:?}: something is there twice");
        let expected = model.answer(&select);
        assert!(found.iter().all(|thing| expected.contains(thing)), "{select:?}: {found:?}");
        let holds = |rows: &[Row]| [&span, &patient].iter().all(|span| rows.iter().any(|row| lies_in(row, span)));
        for thing in expected.iter().filter(|thing| holds(&before[*thing])) {
            let same = before[thing].iter().any(|row| lies_in(row, &span) && model.things[thing].0.contains(row));
            assert!(found.contains(thing) || !same, "{select:?}: {thing} is missing");
        }
        during += 1;
    }
    assert!(during > 3, "only {during} questions were asked meanwhile");
    record.index_settled().await;
    let reading = record.read(&host(), "after").await.unwrap();
    let span = Span::next("Thing.code", [], Next::AnyCodeOf("t".into()));
    let all = Select::of("Thing").with(Clause::Any(vec![span])).limit(1000);
    check(&model, &all, &all_pages(&reading, &all).await, "after");
    for question in 0..12 {
        let patient = Span::head("~patient", [Part::target("Patient", format!("p{}", dice.roll(500)))]);
        let select = Select::of("Thing").with(Clause::Any(vec![draw_span(&mut dice)])).with(Clause::Any(vec![patient]));
        check(&model, &select, &all_pages(&reading, &select).await, &format!("after, question {question}"));
    }
    reading.finish().await.unwrap();
    verify_holds(&record).await;
}

/// A change, a deletion or an erasure, anywhere.
async fn step(
    record: &Record,
    new: &Options,
    dice: &mut Dice,
    texts: &mut BTreeMap<Key, Vec<String>>,
    model: &mut Model,
    before: &mut BTreeMap<Key, Vec<Row>>,
) {
    let number = dice.roll(MANY + 100);
    let thing = key("Thing", &format!("n{number}"));
    match dice.roll(8) {
        0 if texts.contains_key(&thing) => {
            put(record, vec![Change::Delete(thing.clone())]).await;
        }
        1 if texts.contains_key(&thing) => {
            let reading = record.read(&host(), "version").await.unwrap();
            let version = reading.get(&thing).await.unwrap().unwrap().version;
            reading.finish().await.unwrap();
            let versions = vec![(thing.clone(), version)];
            let erasure = Erasure { versions, authority: "a".into(), reason: "b".into() };
            record.erase(&host(), act("erase"), erasure).await.unwrap();
        }
        _ => {
            let rows = draw_rows(dice, number);
            let receipt = put(record, vec![Change::Put(thing.clone(), toy(&rows))]).await;
            let made = extracted(new, &thing, &rows);
            model.things.insert(thing.clone(), (made.clone(), receipt.sequence));
            before.insert(thing.clone(), made);
            texts.insert(thing, rows);
            return;
        }
    }
    texts.remove(&thing);
    model.things.remove(&thing);
    before.remove(&thing);
}

/// A page goes on where the one before ended, which is a place in one index: in another nobody knows where that is.
pub(crate) async fn pages_end_when_the_index_is_replaced(place: &Place) {
    let record = place.open().await;
    let things =
        (0..30).map(|at| Change::Put(key("Thing", &format!("n{at}")), toy(&[format!("date Thing.date {at} 99")])));
    put(&record, things.collect()).await;
    let reading = record.read(&host(), "pages").await.unwrap();
    let first = Select::of("Thing").sorted(Some("Thing.date"), true).limit(10);
    let next = reading.select(&first).await.unwrap().next.expect("there are more pages");
    record.rebuild_index(|_, _| {}).await.unwrap();
    let second = Select { after: Some(next.clone()), ..first.clone() };
    let gone = reading.select(&second).await;
    assert!(matches!(gone, Err(Problem::Expired)), "{:?}", gone.map(|page| page.versions.len()));
    let later = record.read_at(&host(), "pages", reading.sequence()).await.unwrap();
    assert!(matches!(later.select(&second).await, Err(Problem::Expired)));
    // Whoever begins again is given all of it, also of the moment at which they began.
    assert_eq!(all_pages(&reading, &first).await.len(), 30);
    assert_eq!(reading.total(&first).await.unwrap(), 30);
    reading.finish().await.unwrap();
    later.finish().await.unwrap();
}

/// Pages keep what they are made of while the index is made again, or a hospital is slow for as long as that takes; what they
/// kept is gone when the new one finds more.
pub(crate) async fn what_is_kept_meanwhile_is_what_a_reading_would_say(place: &Place) {
    let mut texts = fill(place, MANY / 2).await;
    let new = changed(place);
    let record = Record::open(&place.location, new.clone()).await.unwrap();
    let (mut model, mut before) = (Model::default(), BTreeMap::new());
    let permits = [host(), permit(Role::PatientIndex, "user/b")];
    let mut dice = Dice::new(89);
    let (mut from_before, mut asked) = (0, 0);
    loop {
        if dice.roll(4) == 0 {
            step(&record, &new, &mut dice, &mut texts, &mut model, &mut before).await;
        }
        let permit = dice.pick(&permits);
        let reading = record.read(permit, "meanwhile").await.unwrap();
        let question = if dice.roll(5) == 0 { "code 9".into() } else { format!("patient p{}", dice.roll(3)) };
        let (found, from) = kept(&reading, &question).await;
        let fresh = ask(&reading, &question).await;
        reading.finish().await.unwrap();
        if !record.status().await.unwrap().reindexing {
            break;
        }
        assert_eq!(*found, fresh, "{question}, {from:?}");
        (from_before, asked) = (from_before + usize::from(from == From::Kept), asked + 1);
    }
    assert!(asked > 5, "only {asked} were asked meanwhile");
    assert!(from_before * 3 > asked, "only {from_before} of {asked} were kept");
    record.index_settled().await;
    for question in ["code 9", "patient p1"] {
        let reading = record.read(&host(), "after").await.unwrap();
        let (found, _) = kept(&reading, question).await;
        assert_eq!(*found, ask(&reading, question).await, "{question}");
        assert!(found.len() > 5, "{question} finds {}", found.len());
        reading.finish().await.unwrap();
    }
}

pub(crate) async fn a_rebuild_that_was_cut_short_begins_afresh(place: &Place) {
    let texts = fill(place, 3000).await;
    for _ in 0..3 {
        let record = Record::open(&place.location, changed(place)).await.unwrap();
        put(&record, vec![Change::Delete(key("Thing", "n7"))]).await;
        record.close().await;
    }
    let record = Record::open(&place.location, changed(place)).await.unwrap();
    record.index_settled().await;
    assert!(!record.status().await.unwrap().reindexing);
    let mut model = Model::default();
    for (thing, rows) in texts.iter().filter(|(thing, _)| thing.id != "n7") {
        model.things.insert(thing.clone(), (extracted(&changed(place), thing, rows), 0));
    }
    let reading = record.read(&host(), "after").await.unwrap();
    let mut dice = Dice::new(79);
    for _ in 0..5 {
        let select = Select::of("Thing").with(Clause::Any(vec![draw_span(&mut dice)])).limit(500);
        check(&model, &select, &all_pages(&reading, &select).await, "after");
    }
    reading.finish().await.unwrap();
    verify_holds(&record).await;
}

/// The same functions, asked for by hand, while everything changes: nothing is lost and nothing comes back.
pub(crate) async fn a_rebuild_by_hand_goes_on_beside_commits(place: &Place) {
    let record = place.open().await;
    let (mut dice, mut model) = (Dice::new(83), Model::default());
    for _ in 0..150 {
        model.step(&record, &mut dice).await;
    }
    let rebuilding = tokio::spawn({
        let record = record.clone();
        async move {
            for _ in 0..4 {
                record.rebuild_index(|_, _| {}).await.unwrap();
            }
        }
    });
    while !rebuilding.is_finished() {
        model.step(&record, &mut dice).await;
        let select = draw_select(&mut dice);
        let reading = record.read(&host(), "meanwhile").await.unwrap();
        if let Some(found) = pages_of_one_index(&reading, &select).await {
            check(&model, &select, &found, "meanwhile");
        }
        reading.finish().await.unwrap();
    }
    rebuilding.await.unwrap();
    verify_holds(&record).await;
}
