//! Contracts of reading: every question equals a filter over everything, pages are of one moment, merges are found.
//! The model and its questions know nothing of keys or SQL.

use std::collections::BTreeMap;

use record::{Change, Clause, Cursor, Key, Problem, Reading, Record, Select};
use terms::index::{End, Next, Part, Range, Rest, Row, Span};

use crate::support::{Dice, Place, host, indexing, key, lines, put, toy};

/// The model beside the record: the live things with their rows and the sequence of their last change.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) things: BTreeMap<Key, (Vec<Row>, u64)>,
}

/// Draws a thing's rows.
pub(crate) fn draw_rows(dice: &mut Dice) -> Vec<String> {
    let mut rows = Vec::new();
    for _ in 0..dice.roll(3) {
        rows.push(format!("text Thing.name {}", dice.pick(&["ann", "anna", "bob", "bobby", "c"])));
    }
    for _ in 0..dice.roll(3) {
        rows.push(format!("code Thing.code {}|{}", dice.pick(&["s", "t", ""]), dice.pick(&["1", "2", "3"])));
    }
    if dice.roll(3) > 0 {
        let low = dice.roll(20);
        rows.push(format!("date Thing.date {low} {}", low + dice.roll(5)));
    }
    for _ in 0..dice.roll(3) {
        let codes = [(); 2].map(|()| format!("{}|{}", dice.pick(&["s", "t", ""]), dice.pick(&["1", "2", "3"])));
        rows.push(format!("pair Thing.pair {} {} {}", codes[0], codes[1], dice.roll(26)));
    }
    if dice.roll(2) > 0 {
        rows.push(format!("target Thing.ref Thing/t{}", dice.roll(60)));
    }
    if dice.roll(4) > 0 {
        rows.push(format!("patient Patient/p{}", dice.roll(6)));
    }
    rows
}

impl Model {
    /// Puts or deletes one thing, in the record and in the model.
    pub(crate) async fn step(&mut self, record: &Record, dice: &mut Dice) {
        let thing = key("Thing", &format!("t{}", dice.roll(60)));
        if dice.roll(6) == 0 {
            put(record, vec![Change::Delete(thing.clone())]).await;
            self.things.remove(&thing);
            return;
        }
        let rows = draw_rows(dice);
        let receipt = put(record, vec![Change::Put(thing.clone(), toy(&rows))]).await;
        let mut extracted = Vec::new();
        let text = toy(&rows).text;
        (indexing().extract)(record::Source { kind: "Thing", id: &thing.id, text: &text }, &mut extracted);
        self.things.insert(thing, (extracted, receipt.sequence));
    }

    /// Whether a thing satisfies a clause, decided from the rows in plain words.
    pub(crate) fn holds(&self, thing: &Key, clause: &Clause) -> bool {
        let rows = &self.things[thing].0;
        let any = |spans: &[Span]| rows.iter().any(|row| spans.iter().any(|span| lies_in(row, span)));
        match clause {
            Clause::Any(spans) => any(spans),
            Clause::None(spans) => !any(spans),
            Clause::Ids(ids) => ids.contains(&thing.id),
            Clause::Linked(parameter, inner) => rows.iter().filter(|row| row.parameter == *parameter).any(|row| {
                let linked = row_target(row);
                self.things.contains_key(&linked) && inner.clauses.iter().all(|clause| self.holds(&linked, clause))
            }),
            Clause::LinkedFrom(parameter, inner) => self.things.iter().any(|(other, (rows, _))| {
                rows.iter().any(|row| row.parameter == *parameter && row_target(row) == *thing)
                    && inner.clauses.iter().all(|clause| self.holds(other, clause))
            }),
            Clause::Either(clauses) => clauses.iter().any(|clause| self.holds(thing, clause)),
            Clause::Changed(..) => unreachable!("not drawn here"),
        }
    }

    /// The answer, in the order asked for.
    pub(crate) fn answer(&self, select: &Select) -> Vec<Key> {
        let mut found: Vec<&Key> =
            self.things.keys().filter(|thing| select.clauses.iter().all(|clause| self.holds(thing, clause))).collect();
        if let [order] = select.order.as_slice() {
            found.sort_by(|a, b| {
                let (x, y) = (self.sort_key(a, order), self.sort_key(b, order));
                match (x, y) {
                    (Some(x), Some(y)) if order.descending => y.cmp(&x),
                    (Some(x), Some(y)) => x.cmp(&y),
                    (x, y) => x.is_none().cmp(&y.is_none()),
                }
            });
        }
        found.into_iter().cloned().collect()
    }

    fn sort_key(&self, thing: &Key, order: &record::Order) -> Option<Vec<u8>> {
        let Some(parameter) = order.parameter else { return Some(self.things[thing].1.to_be_bytes().to_vec()) };
        let keys =
            self.things[thing].0.iter().filter(|row| row.parameter == parameter).map(|row| match &row.parts[0] {
                Part::Text(text) => text.clone(),
                Part::Fixed(low) => {
                    let Part::Fixed(high) = &row.parts[1] else { panic!("a date has two ends") };
                    [low.as_slice(), high.as_slice()].concat()
                }
                other => panic!("not sorted by {other:?}"),
            });
        if order.descending { keys.max() } else { keys.min() }
    }
}

fn row_target(row: &Row) -> Key {
    match &row.parts[0] {
        Part::Target { kind, id } => key(kind, id),
        other => panic!("not a target: {other:?}"),
    }
}

/// Whether a row lies in a span: the definition in plain words, apart from the record's own.
pub(crate) fn lies_in(row: &Row, span: &Span) -> bool {
    if row.parameter != span.parameter {
        return false;
    }
    for (part, wanted) in row.parts.iter().zip(&span.head) {
        if part != wanted {
            return false;
        }
    }
    let Some(next) = row.parts.get(span.head.len()) else { return span.next == Next::Any };
    match (&span.next, next) {
        (Next::Any, _) => true,
        (Next::Prefix(start), Part::Text(text)) => text.starts_with(start),
        (Next::TextEqual(wanted), Part::Text(text)) => text == wanted,
        (Next::Containing(sought), Part::Text(text)) => {
            let text = String::from_utf8(text.clone()).unwrap();
            sought.iter().any(|sought| text.contains(std::str::from_utf8(sought).unwrap()))
        }
        (Next::CodeAnySystem(wanted), Part::Code { code, .. }) => code == wanted,
        (Next::CodeAnySystemThen(wanted, then), Part::Code { code, .. }) => {
            let rest = Row::of(row.parameter, row.parts[span.head.len() + 1..].iter().cloned());
            code == wanted && lies_in(&rest, &Span::next(row.parameter, then.head.iter().cloned(), then.next.clone()))
        }
        (Next::AnyCodeOf(wanted), Part::Code { system, .. }) => system == wanted,
        (Next::Within(range), Part::Fixed(bytes)) => inside(range, bytes),
        (Next::WithinBoth(first, second), Part::Fixed(bytes)) => {
            let Part::Fixed(other) = &row.parts[span.head.len() + 1] else { return false };
            inside(first, bytes) && inside(second, other)
        }
        _ => false,
    }
}

fn inside(range: &Range, bytes: &[u8]) -> bool {
    let low = match &range.low {
        End::Open => true,
        End::Including(low) => bytes >= &low[..],
        End::Excluding(low) => bytes > &low[..],
    };
    low && match &range.high {
        End::Open => true,
        End::Including(high) => bytes <= &high[..],
        End::Excluding(high) => bytes < &high[..],
    }
}

fn draw_end(dice: &mut Dice) -> End {
    let bytes = (dice.roll(26) ^ 1 << 63).to_be_bytes().to_vec();
    match dice.roll(3) {
        0 => End::Open,
        1 => End::Including(bytes),
        _ => End::Excluding(bytes),
    }
}

fn draw_range(dice: &mut Dice) -> Range {
    Range { low: draw_end(dice), high: draw_end(dice) }
}

/// Draws a span.
pub(crate) fn draw_span(dice: &mut Dice) -> Span {
    let text = dice.pick(&["a", "ann", "anna", "b", "bo", "zz", ""]).as_bytes().to_vec();
    match dice.roll(12) {
        0 => Span::next("Thing.name", [], Next::Prefix(text)),
        1 => Span::next("Thing.name", [], Next::TextEqual(text)),
        2 => Span::head("Thing.code", [Part::code(*dice.pick(&["s", "t", "", "u"]), *dice.pick(&["1", "2", "9"]))]),
        3 => Span::next("Thing.code", [], Next::CodeAnySystem((*dice.pick(&["1", "2", "9"])).into())),
        4 => Span::next("Thing.code", [], Next::AnyCodeOf((*dice.pick(&["s", "t", "", "u"])).into())),
        5 => Span::next("Thing.date", [], Next::Within(draw_range(dice))),
        6 => Span::next("Thing.date", [], Next::WithinBoth(draw_range(dice), draw_range(dice))),
        7 => Span::head("~patient", [Part::target("Patient", format!("p{}", dice.roll(8)))]),
        8 => Span::next("Thing.pair", [], draw_pair(dice, 2)),
        9 => Span::next("Thing.pair", [Part::code("s", *dice.pick(&["1", "2"]))], draw_pair(dice, 1)),
        10 => {
            let sought = (0..=dice.roll(1)).map(|_| dice.pick(&["nn", "o", "by", "b", "zz"]).as_bytes().to_vec());
            Span::next("Thing.name", [], Next::Containing(sought.collect()))
        }
        _ => {
            let names: [&'static str; 5] = ["Thing.name", "Thing.code", "Thing.date", "Thing.pair", "Thing.ref"];
            Span::head(names[dice.roll(5) as usize], [])
        }
    }
}

/// Draws what must follow where so many codes and then a number are left.
fn draw_pair(dice: &mut Dice, codes: u64) -> Next {
    if codes == 0 {
        return Next::Within(draw_range(dice));
    }
    let code = (*dice.pick(&["1", "2", "9"])).to_owned();
    match dice.roll(4) {
        0 => Next::Any,
        1 => Next::CodeAnySystem(code),
        2 if codes == 2 => {
            let head = [Part::code(*dice.pick(&["s", "t", ""]), *dice.pick(&["1", "2"]))].into_iter().collect();
            Next::CodeAnySystemThen(code, Box::new(Rest { head, next: draw_pair(dice, 0) }))
        }
        _ => {
            let next = draw_pair(dice, codes - 1);
            Next::CodeAnySystemThen(code, Box::new(Rest { head: [].into_iter().collect(), next }))
        }
    }
}

fn draw_clause(dice: &mut Dice, depth: u64) -> Clause {
    let spans = |dice: &mut Dice| (0..=dice.roll(2)).map(|_| draw_span(dice)).collect::<Vec<_>>();
    match dice.roll(if depth > 1 { 4 } else { 8 }) {
        0 | 1 => Clause::Any(spans(dice)),
        2 => Clause::None(spans(dice)),
        3 => Clause::Ids((0..dice.roll(12)).map(|_| format!("t{}", dice.roll(60))).collect()),
        4 | 5 => Clause::Linked("Thing.ref", Box::new(Select::of("Thing").with(draw_clause(dice, depth + 1)))),
        6 => Clause::LinkedFrom("Thing.ref", Box::new(Select::of("Thing").with(draw_clause(dice, depth + 1)))),
        _ => Clause::Either(vec![draw_clause(dice, depth + 1), draw_clause(dice, depth + 1)]),
    }
}

/// Draws a question.
pub(crate) fn draw_select(dice: &mut Dice) -> Select {
    let mut select = Select::of("Thing").limit(1 + dice.roll(20) as usize);
    for _ in 0..dice.roll(4) {
        select = select.with(draw_clause(dice, 0));
    }
    match dice.roll(5) {
        0 => select.sorted(Some("Thing.name"), dice.roll(2) == 0),
        1 => select.sorted(Some("Thing.date"), dice.roll(2) == 0),
        2 => select.sorted(None, dice.roll(2) == 0),
        _ => select,
    }
}

/// All pages of an answer.
pub(crate) async fn all_pages(reading: &Reading, select: &Select) -> Vec<Key> {
    pages_of_one_index(reading, select).await.expect("the index is not replaced meanwhile")
}

/// The same while another index is made; `None` when it took the place of the one in which the first pages were found.
pub(crate) async fn pages_of_one_index(reading: &Reading, select: &Select) -> Option<Vec<Key>> {
    let mut select = select.clone();
    let mut found = Vec::new();
    loop {
        let page = match reading.select(&select).await {
            Err(Problem::Expired) if select.after.is_some() => return None,
            page => page.unwrap(),
        };
        assert!(page.versions.len() <= select.limit);
        found.extend(page.versions.into_iter().map(|version| version.key));
        match page.next {
            Some(next) => select.after = Some(Cursor::parse(&next.text()).unwrap()),
            None => return Some(found),
        }
    }
}

/// Whether an answer is the model's: the same things, and in the order asked for as far as it decides.
pub(crate) fn check(model: &Model, select: &Select, found: &[Key], context: &str) {
    let expected = model.answer(select);
    let sorted = |keys: &[Key]| {
        let mut keys = keys.to_vec();
        keys.sort();
        keys
    };
    assert_eq!(sorted(found), sorted(&expected), "{context}: {select:?}");
    if let [order] = select.order.as_slice() {
        let keys = |things: &[Key]| things.iter().map(|thing| model.sort_key(thing, order)).collect::<Vec<_>>();
        assert_eq!(keys(found), keys(&expected), "{context}, order: {select:?}");
    }
}

pub(crate) async fn every_question_equals_a_filter_over_all(place: &Place) {
    let record = place.open().await;
    let mut dice = Dice::new(7);
    let mut model = Model::default();
    for round in 0..12 {
        for _ in 0..25 {
            model.step(&record, &mut dice).await;
        }
        let reading = record.read(&host(), "test").await.unwrap();
        for question in 0..60 {
            let select = draw_select(&mut dice);
            let context = format!("round {round}, question {question}");
            check(&model, &select, &all_pages(&reading, &select).await, &context);
            assert_eq!(reading.total(&select).await.unwrap(), model.answer(&select).len() as u64, "{context}");
        }
        reading.finish().await.unwrap();
    }
}

/// While pages are turned, every thing is updated, some are deleted and new ones come: the pages stay of one moment.
pub(crate) async fn pages_are_of_one_moment_while_everything_changes(place: &Place) {
    let record = place.open().await;
    let mut dice = Dice::new(11);
    let mut model = Model::default();
    for _ in 0..120 {
        model.step(&record, &mut dice).await;
    }
    for question in 0..25 {
        let mut select = draw_select(&mut dice).limit(4);
        let first = record.read(&host(), "test").await.unwrap();
        let at = first.sequence();
        let mut found = Vec::new();
        let mut page = first.select(&select).await.unwrap();
        first.finish().await.unwrap();
        let expected = Model { things: model.things.clone() };
        loop {
            found.extend(page.versions.iter().map(|version| version.key.clone()));
            for version in &page.versions {
                assert!(version.sequence <= at);
            }
            let Some(next) = page.next.clone() else { break };
            for _ in 0..8 {
                model.step(&record, &mut dice).await;
            }
            select.after = Some(next);
            let later = record.read_at(&host(), "test", at).await.unwrap();
            page = later.select(&select).await.unwrap();
            later.finish().await.unwrap();
        }
        select.after = None;
        check(&expected, &select, &found, &format!("question {question}"));
    }
}

pub(crate) async fn a_merge_is_found_under_the_survivor(place: &Place) {
    let record = place.open().await;
    let about =
        |patient: &str| lines(&[&format!("patient Patient/{patient}"), &format!("target Thing.ref Patient/{patient}")]);
    put(
        &record,
        vec![
            Change::Put(key("Thing", "of-a"), about("a")),
            Change::Put(key("Thing", "of-b"), about("b")),
            Change::Put(key("Thing", "of-c"), about("c")),
            Change::Put(key("Patient", "c"), lines(&["patient Patient/c"])),
            Change::Put(key("Patient", "b"), lines(&["patient Patient/b", "alias Patient/b Patient/c"])),
        ],
    )
    .await;
    let found = async |patient: &str| {
        let reading = record.read(&host(), "test").await.unwrap();
        let span = Span::head("~patient", [Part::target("Patient", patient), Part::Kind("Thing".into())]);
        let found = all_pages(&reading, &Select::of("Thing").with(Clause::Any(vec![span]))).await;
        reading.finish().await.unwrap();
        found.into_iter().map(|key| key.id).collect::<Vec<_>>()
    };
    assert_eq!(found("a").await, ["of-a"]);
    assert_eq!(found("b").await, ["of-b", "of-c"]);
    put(&record, vec![Change::Put(key("Patient", "a"), lines(&["patient Patient/a", "alias Patient/a Patient/b"]))])
        .await;
    assert_eq!(found("a").await, ["of-a", "of-b", "of-c"], "through two merges");
    put(&record, vec![Change::Put(key("Patient", "a"), lines(&["patient Patient/a"]))]).await;
    assert_eq!(found("a").await, ["of-a"], "an unmerge gives them back");
    assert_eq!(found("b").await, ["of-b", "of-c"]);
}

pub(crate) async fn the_newest_of_each_code_are_found(place: &Place) {
    let record = place.open().await;
    let last = (1u64 << 63) - 1;
    let things = [("x", 1), ("x", 2), ("x", 3), ("x", 4), ("y", 9), ("z", 5), ("z", 6), ("z", 7)];
    for (code, number) in things {
        let row = format!("pair Thing.pair s|a s|{code} {number}");
        put(&record, vec![Change::Put(key("Thing", &format!("{code}{number}")), lines(&[&row]))]).await;
    }
    for number in 0..3 {
        let row = format!("pair Thing.pair s|a s|x {last}");
        put(&record, vec![Change::Put(key("Thing", &format!("undated{number}")), lines(&[&row]))]).await;
    }
    put(&record, vec![Change::Put(key("Thing", "other"), lines(&["pair Thing.pair s|b s|x 1"]))]).await;
    let before = put(&record, vec![Change::Put(key("Other", "x0"), lines(&["pair Thing.pair s|a s|x 0"]))]).await;
    put(&record, vec![Change::Delete(key("Thing", "x2"))]).await;

    let span = || Span::head("Thing.pair", [Part::code("s", "a")]);
    let coded = |code: &str| Span::head("Thing.pair", [Part::code("s", "a"), Part::code("s", code)]);
    let none = coded("no such code");
    let ids = |versions: Vec<record::Version>| {
        let mut ids: Vec<String> = versions.into_iter().map(|version| version.key.id).collect();
        ids.sort();
        ids
    };
    let reading = record.read(&host(), "test").await.unwrap();
    let (found, is_whole) = reading.newest_of_each("Thing", span(), (3, &[255; 8], &none), 100).await.unwrap();
    // What another type has under the same code counts, as it stands in the way.
    assert_eq!(ids(found), ["undated0", "undated1", "undated2", "x1", "x3", "y9", "z5", "z6", "z7"]);
    assert!(is_whole);
    let (found, _) = reading.newest_of_each("Thing", span(), (1, &[], &coded("z")), 100).await.unwrap();
    assert_eq!(ids(found), ["y9", "z5", "z6", "z7"], "z is taken whole");
    let (found, is_whole) = reading.newest_of_each("Thing", span(), (3, &[255; 8], &none), 4).await.unwrap();
    assert!(found.len() <= 4 && !is_whole);
    reading.finish().await.unwrap();
    let reading = record.read_at(&host(), "test", before.sequence).await.unwrap();
    let (found, _) = reading.newest_of_each("Thing", span(), (3, &[], &none), 100).await.unwrap();
    assert_eq!(ids(found), ["x1", "x2", "y9", "z5", "z6", "z7"]);
    reading.finish().await.unwrap();
}
