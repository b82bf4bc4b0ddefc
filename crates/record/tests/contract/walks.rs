//! Contracts of walks: a page costs what it shows, however much there is, and pages that follow each other are of one
//! moment and within the scope while everything changes. The worlds here are larger than what a page would list whole.

use std::collections::{BTreeMap, BTreeSet};

use access::{Grant, Permit, Role, Subject, Subjects, decide};
use record::{Change, Clause, Key, Reading, Record, Select};
use terms::Moment;
use terms::index::{Next, Part, Row, Span};

use crate::reads::{Model, check, draw_rows, draw_span, lies_in};
use crate::support::{Dice, Place, host, indexing, key, put, toy};

/// Things with these numbers, each with drawn rows and one more, in the record and in the model.
async fn put_things(record: &Record, model: &mut Model, dice: &mut Dice, numbers: &[u64]) {
    let mut changes = Vec::new();
    let mut made = Vec::new();
    for number in numbers.iter().copied().collect::<BTreeSet<u64>>() {
        let thing = key("Thing", &format!("t{number}"));
        let mut rows = draw_rows(dice);
        rows.push(format!("text Thing.name {}", dice.pick(&["ann", "annabel", "bob"])));
        let template = toy(&rows);
        let mut extracted = Vec::new();
        (indexing().extract)(record::Source { kind: "Thing", id: &thing.id, text: &template.text }, &mut extracted);
        changes.push(Change::Put(thing.clone(), template));
        made.push((thing, extracted));
    }
    let sequence = put(record, changes).await.sequence;
    model.things.extend(made.into_iter().map(|(thing, rows)| (thing, (rows, sequence))));
}

fn names(starts: &[&str]) -> Clause {
    Clause::Any(
        starts.iter().map(|start| Span::next("Thing.name", [], Next::Prefix(start.as_bytes().to_vec()))).collect(),
    )
}

fn containing(text: &str) -> Clause {
    Clause::Any(vec![Span::next("Thing.name", [], Next::Containing(vec![text.as_bytes().to_vec()]))])
}

/// What the first page and the one after it cost.
async fn cost(record: &Record, question: &Select) -> [usize; 2] {
    let mut costs = [0; 2];
    let mut question = question.clone();
    for cost in &mut costs {
        let reading = record.read(&host(), "test").await.unwrap();
        let page = reading.select(&question).await.unwrap();
        assert_eq!(page.versions.len(), question.limit);
        *cost = reading.rows_read();
        reading.finish().await.unwrap();
        question.after = page.next;
        assert!(question.after.is_some());
    }
    costs
}

/// How many rows are counted before a plan is made: of two conditions enough to know the smaller, of one no more than a
/// page is worth. Where texts are looked into, as many rows again and again until so many fit.
fn counted(model: &Model, question: &Select) -> usize {
    let spans = question.clauses.iter().filter_map(|clause| match clause {
        Clause::Any(spans) => Some(spans),
        _ => None,
    });
    let rows = || model.things.values().flat_map(|(rows, _)| rows);
    let sizes = spans.map(|spans| rows().filter(|row| spans.iter().any(|span| lies_in(row, span))).count());
    let sizes: Vec<usize> = sizes.collect();
    let looks_inside = format!("{:?}", question.clauses).contains("Containing");
    let counted = if sizes.len() > 1 { sizes.into_iter().map(|size| size.min(10_001)).sum() } else { 201 };
    if looks_inside { 3 * counted } else { counted }
}

pub(crate) async fn a_page_costs_what_it_shows(place: &Place) {
    let record = place.open().await;
    let (mut dice, mut model) = (Dice::new(3), Model::default());
    let any_system = Clause::Any(vec![Span::next("Thing.code", [], Next::CodeAnySystem("1".into()))]);
    let changed = Clause::Changed(Some(Moment(0)), None);
    let questions = [
        ("one range", Select::of("Thing").with(names(&["ann"]))),
        ("ranges that lie apart and in each other", Select::of("Thing").with(names(&["bob", "anna", "ann"]))),
        ("a code in any system", Select::of("Thing").with(any_system)),
        ("by the last change", Select::of("Thing").with(changed)),
        (
            "one judged beside one walked",
            Select::of("Thing").with(names(&["ann"])).with(Clause::None(vec![Span::head("Thing.ref", [])])),
        ),
        (
            "two conditions, most of one in the other",
            Select::of("Thing").with(names(&["ann"])).with(names(&["a", "b"])),
        ),
        ("everything", Select::of("Thing")),
        ("a text inside others", Select::of("Thing").with(containing("nn"))),
        ("two, one of them inside others", Select::of("Thing").with(containing("o")).with(names(&["a", "b"]))),
    ];
    let mut before = BTreeMap::new();
    for until in [1_500, 6_000] {
        for from in (model.things.len() as u64..until).step_by(500) {
            put_things(&record, &mut model, &mut dice, &(from..from + 500).collect::<Vec<_>>()).await;
        }
        for (what, question) in &questions {
            let question = question.clone().limit(20);
            let costs = cost(&record, &question).await;
            // Of what is judged about half is kept.
            let most = counted(&model, &question) + 8 * 21;
            assert!(costs.iter().all(|cost| *cost <= most), "{what}: {costs:?} of {until}");
            if what.starts_with("two") {
                continue;
            }
            let earlier = *before.entry(what).or_insert(costs);
            let grown = costs.iter().zip(earlier).any(|(after, before)| *after > before + 2 * 21);
            assert!(!grown, "{what}: {earlier:?}, then {costs:?}");
        }
    }
    // What is counted is counted exactly all the same.
    let reading = record.read(&host(), "test").await.unwrap();
    for (what, question) in &questions[..3] {
        assert_eq!(reading.total(question).await.unwrap(), model.answer(question).len() as u64, "{what}");
    }
    reading.finish().await.unwrap();
    // Also as it was, when much of it has changed since or is gone.
    let then = record.status().await.unwrap().sequence;
    let past = Model { things: model.things.clone() };
    put_things(&record, &mut model, &mut dice, &(0..6_000).step_by(3).collect::<Vec<_>>()).await;
    let gone = (0..6_000).step_by(7).map(|number| Change::Delete(key("Thing", &format!("t{number}")))).collect();
    put(&record, gone).await;
    let reading = record.read_at(&host(), "test", then).await.unwrap();
    for (what, question) in questions[..3].iter().chain(&questions[6..]) {
        assert_eq!(reading.total(question).await.unwrap(), past.answer(question).len() as u64, "{what}, then");
    }
    reading.finish().await.unwrap();
}

/// A question that is walked: one or two conditions, each of a few spans.
fn draw_walk(dice: &mut Dice) -> Select {
    let mut spans = |most| Clause::Any((0..=dice.roll(most)).map(|_| draw_span(dice)).collect());
    let (first, second) = (spans(3), spans(2));
    let select = Select::of("Thing").with(first).limit(1 + dice.roll(40) as usize);
    match dice.roll(3) {
        0 => select.with(second),
        1 => select.with(Clause::None(vec![draw_span(dice)])),
        _ => select,
    }
}

/// Some things change and some go.
async fn stir(record: &Record, model: &mut Model, dice: &mut Dice) {
    let changed: Vec<u64> = (0..30).map(|_| dice.roll(900)).collect();
    put_things(record, model, dice, &changed).await;
    let thing = key("Thing", &format!("t{}", dice.roll(900)));
    if model.things.remove(&thing).is_some() {
        put(record, vec![Change::Delete(thing)]).await;
    }
}

/// All pages, while everything changes between them.
async fn stirred_pages(
    record: &Record,
    permit: &Permit,
    select: &Select,
    model: &mut Model,
    dice: &mut Dice,
) -> Vec<Key> {
    let reading = record.read(permit, "test").await.unwrap();
    let at = reading.sequence();
    let mut select = select.clone();
    let mut found = next_page(&reading, &mut select).await;
    reading.finish().await.unwrap();
    while select.after.is_some() {
        if dice.roll(3) == 0 {
            stir(record, model, dice).await;
        }
        let reading = record.read_at(permit, "test", at).await.unwrap();
        found.extend(next_page(&reading, &mut select).await);
        reading.finish().await.unwrap();
    }
    found
}

async fn next_page(reading: &Reading, select: &mut Select) -> Vec<Key> {
    let page = reading.select(select).await.unwrap();
    select.after = page.next;
    assert!(page.versions.len() <= select.limit);
    assert!(page.versions.len() == select.limit || select.after.is_none(), "a page in between is full");
    page.versions.into_iter().map(|version| version.key).collect()
}

pub(crate) async fn walked_pages_are_of_one_moment_while_everything_changes(place: &Place) {
    let record = place.open().await;
    let (mut dice, mut model) = (Dice::new(5), Model::default());
    put_things(&record, &mut model, &mut dice, &(0..900).collect::<Vec<_>>()).await;
    let mut long = 0;
    for question in 0..40 {
        let select = draw_walk(&mut dice);
        let expected = Model { things: model.things.clone() };
        let found = stirred_pages(&record, &host(), &select, &mut model, &mut dice).await;
        check(&expected, &select, &found, &format!("question {question}"));
        long += usize::from(found.len() > 200);
    }
    assert!(long > 10, "only {long} questions had more than a page would list");
}

pub(crate) async fn walked_pages_stay_within_the_scope(place: &Place) {
    let record = place.open().await;
    let (mut dice, mut model) = (Dice::new(6), Model::default());
    put_things(&record, &mut model, &mut dice, &(0..900).collect::<Vec<_>>()).await;
    for question in 0..20 {
        let allowed: BTreeSet<Key> =
            (0..1 + dice.roll(3)).map(|_| key("Patient", &format!("p{}", dice.roll(6)))).collect();
        let select = draw_walk(&mut dice);
        let things = model.things.iter().filter(|(_, (rows, _))| rows.iter().any(|row| is_of(row, &allowed)));
        let expected = Model { things: things.map(|(thing, rows)| (thing.clone(), rows.clone())).collect() };
        let found = stirred_pages(&record, &limited(&allowed), &select, &mut model, &mut dice).await;
        check(&expected, &select, &found, &format!("question {question}"));
    }
}

fn limited(allowed: &BTreeSet<Key>) -> Permit {
    let mut grant = Grant::role("user/limited", "Limited", Role::Clinician);
    let subjects = allowed.iter().map(|key| Subject { kind: key.kind.clone(), id: key.id.clone() }).collect();
    grant.subjects = Some(Subjects::Only(subjects));
    decide(grant, Moment(0)).unwrap()
}

fn is_of(row: &Row, allowed: &BTreeSet<Key>) -> bool {
    match row.parts.first() {
        Some(Part::Target { kind, id }) => row.parameter == "~patient" && allowed.contains(&key(kind, id)),
        _ => false,
    }
}

/// A page that was listed goes on when meanwhile so much was added that a first page would be walked.
pub(crate) async fn a_listed_answer_goes_on_when_it_has_grown(place: &Place) {
    let record = place.open().await;
    let (mut dice, mut model) = (Dice::new(8), Model::default());
    put_things(&record, &mut model, &mut dice, &(0..150).collect::<Vec<_>>()).await;
    for select in [
        Select::of("Thing").with(names(&["a", "b"])).limit(7),
        Select::of("Thing").with(names(&["a", "b"])).with(names(&["ann", "bob"])).limit(7),
    ] {
        let expected = Model { things: model.things.clone() };
        let reading = record.read(&host(), "test").await.unwrap();
        let at = reading.sequence();
        let mut question = select.clone();
        let mut found = next_page(&reading, &mut question).await;
        reading.finish().await.unwrap();
        let next = model.things.len() as u64;
        put_things(&record, &mut model, &mut dice, &(next..next + 400).collect::<Vec<_>>()).await;
        while question.after.is_some() {
            let reading = record.read_at(&host(), "test", at).await.unwrap();
            found.extend(next_page(&reading, &mut question).await);
            reading.finish().await.unwrap();
        }
        check(&expected, &select, &found, "grown");
    }
}
