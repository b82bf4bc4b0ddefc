//! Contracts of obligations: whatever is written, deleted, erased or merged, by however many at once, what is kept is
//! what the functions make of the texts, at every sequence and within every scope.
//!
//! Two toy functions: an order owes a `result` to its owner until its date, unless it has one; each result owes an
//! `acknowledgement` until its own date, unless it is acknowledged. A task of an order hands it over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use access::{Grant, Permit, Role, Subject, Subjects, decide};
use record::obligation::{Facts, Obligation, ObligationFunction, ObligationQuery, OpenObligation};
use record::{Change, Cursor, Erasure, Key, Options, Reading, Record, Source, VerifyOptions};
use terms::Moment;
use terms::index::{Part, Row};

use crate::support::{Dice, Place, act, host, indexing, key, lines, put, toy};

fn rows(source: &Source<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    (indexing().extract)(*source, &mut rows);
    rows
}

fn name_of(source: &Source<'_>) -> Option<String> {
    rows(source).into_iter().find_map(|row| match (row.parameter, &row.parts[0]) {
        ("Thing.name", Part::Text(name)) => Some(String::from_utf8(name.clone()).unwrap()),
        _ => None,
    })
}

fn date_of(source: &Source<'_>) -> Option<Moment> {
    rows(source).into_iter().find_map(|row| match (row.parameter, &row.parts[0]) {
        ("Thing.date", Part::Fixed(bytes)) => {
            let number = u64::from_be_bytes(bytes.as_slice().try_into().unwrap());
            Some(Moment((number ^ 1 << 63) as i64))
        }
        _ => None,
    })
}

fn owe_result(facts: &Facts<'_>) -> Vec<Obligation> {
    let (Some(due), Some(first)) = (date_of(&facts.anchor), name_of(&facts.anchor)) else { return Vec::new() };
    if facts.related.iter().any(|one| one.kind == "Result") {
        return Vec::new();
    }
    let owner = facts.related.iter().filter(|one| one.kind == "Task").filter_map(name_of).next_back().unwrap_or(first);
    vec![Obligation { kind: "result".into(), owner, due }]
}

fn owe_acknowledgement(facts: &Facts<'_>) -> Vec<Obligation> {
    let owner = name_of(&facts.anchor).unwrap_or_else(|| "nobody".into());
    let open = facts.related.iter().filter(|one| !rows(one).iter().any(|row| row.parameter == "Thing.code"));
    let due = open.filter_map(date_of);
    due.map(|due| Obligation { kind: "acknowledgement".into(), owner: owner.clone(), due }).collect()
}

fn functions() -> [ObligationFunction; 2] {
    let function = |name, related: &[_], decide: fn(&Facts<'_>) -> Vec<Obligation>| ObligationFunction {
        name,
        version: 1,
        anchor: "Order",
        related: related.to_vec(),
        concerns: Arc::new(move |order| name != "result" || date_of(order).is_some()),
        decide: Arc::new(decide),
    };
    [
        function("result", &[("Result", "Thing.ref"), ("Task", "Thing.ref")], owe_result),
        function("acknowledgement", &[("Result", "Thing.ref")], owe_acknowledgement),
    ]
}

pub(crate) fn options(place: &Place) -> Options {
    let mut options = place.options();
    options.indexing.obligations = functions().to_vec();
    options
}

async fn open(place: &Place) -> Record {
    Record::open(&place.location, options(place)).await.unwrap()
}

/// The model: every live text in plain words.
#[derive(Default, Clone)]
pub(crate) struct Model {
    texts: BTreeMap<Key, Vec<u8>>,
}

/// What the model expects: the obligation, its anchor and whose it is.
type Expected = (Moment, Key, String, String, BTreeSet<Key>);

impl Model {
    fn targets(&self, key: &Key, parameter: &str) -> Vec<Vec<Key>> {
        let text = &self.texts[key];
        let rows = rows(&Source { kind: &key.kind, id: &key.id, text });
        let parts = |row: Row| {
            let targets = row.parts.iter().filter_map(|part| match part {
                Part::Target { kind, id } => Some(Key::new(kind, id)),
                _ => None,
            });
            targets.collect()
        };
        rows.into_iter().filter(|row| row.parameter == parameter).map(parts).collect()
    }

    /// Survivor and loser of every merge.
    fn merges(&self) -> Vec<(Key, Key)> {
        let pairs = self.texts.keys().flat_map(|key| self.targets(key, "~alias"));
        pairs.map(|pair| (pair[0].clone(), pair[1].clone())).collect()
    }

    /// Filter after reading: the functions over everything that there is.
    fn expected(&self) -> Vec<Expected> {
        let merges = self.merges();
        let mut expected = Vec::new();
        for (anchor, text) in self.texts.iter().filter(|(key, _)| key.kind == "Order") {
            if merges.iter().any(|(_, loser)| loser == anchor) {
                continue;
            }
            let mut family = BTreeSet::from([anchor.clone()]);
            for _ in 0..8 {
                let more: Vec<Key> = merges.iter().filter(|(to, _)| family.contains(to)).map(|m| m.1.clone()).collect();
                family.extend(more);
            }
            let source = |key: &'_ Key, text| Source { kind: leak(&key.kind), id: leak(&key.id), text };
            let related: Vec<Source<'_>> = self
                .texts
                .iter()
                .filter(|(key, _)| matches!(key.kind.as_str(), "Result" | "Task"))
                .filter(|(key, _)| self.targets(key, "Thing.ref").iter().any(|to| family.contains(&to[0])))
                .map(|(key, text)| source(key, text))
                .collect();
            let subjects: BTreeSet<Key> =
                self.targets(anchor, "~patient").into_iter().map(|to| to[0].clone()).collect();
            let only = |kinds: &[&str]| Facts {
                anchor: source(anchor, text),
                related: related.iter().filter(|one| kinds.contains(&one.kind)).copied().collect(),
            };
            let mut owed = owe_result(&only(&["Result", "Task"]));
            owed.extend(owe_acknowledgement(&only(&["Result"])));
            let owed: BTreeSet<Obligation> = owed.into_iter().collect();
            expected.extend(owed.into_iter().map(|o| (o.due, anchor.clone(), o.kind, o.owner, subjects.clone())));
        }
        expected.sort();
        expected
    }
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn draw(dice: &mut Dice) -> (Key, Vec<String>) {
    let order = |dice: &mut Dice| format!("Order/o{}", dice.roll(8));
    let ward = |dice: &mut Dice| format!("text Thing.name ward{}", dice.roll(3));
    let date = |dice: &mut Dice| format!("date Thing.date {0} {0}", dice.roll(40));
    let mut rows = Vec::new();
    match dice.roll(7) {
        0 | 1 => {
            rows.push(ward(dice));
            if dice.roll(5) > 0 {
                rows.push(date(dice));
            }
            if dice.roll(4) > 0 {
                rows.push(format!("patient Patient/p{}", dice.roll(4)));
            }
            (key("Order", &format!("o{}", dice.roll(8))), rows)
        }
        2..5 => {
            rows.push(date(dice));
            rows.push(format!("target Thing.ref {}", order(dice)));
            if dice.roll(3) == 0 {
                rows.push("code Thing.code ack|yes".into());
            }
            (key("Result", &format!("r{}", dice.roll(8))), rows)
        }
        5 => {
            rows.push(ward(dice));
            rows.push(format!("target Thing.ref {}", order(dice)));
            (key("Task", &format!("t{}", dice.roll(4))), rows)
        }
        _ => {
            if dice.roll(2) == 0 {
                let (low, more) = (dice.roll(6), 1 + dice.roll(2));
                rows.push(format!("alias Order/o{low} Order/o{}", low + more));
            }
            (key("Merge", &format!("m{}", dice.roll(2))), rows)
        }
    }
}

/// Several random changes in one commit, or the erasure of the newest version.
pub(crate) async fn step(record: &Record, model: &mut Model, dice: &mut Dice) {
    if dice.roll(10) == 0 && !model.texts.is_empty() {
        let keys: Vec<Key> = model.texts.keys().cloned().collect();
        let gone = dice.pick(&keys).clone();
        let reading = record.read(&host(), "version").await.unwrap();
        let version = reading.get(&gone).await.unwrap().unwrap().version;
        reading.finish().await.unwrap();
        let erasure = Erasure { versions: vec![(gone.clone(), version)], authority: "a".into(), reason: "b".into() };
        record.erase(&host(), act("erase"), erasure).await.unwrap();
        model.texts.remove(&gone);
        return;
    }
    let mut changes: BTreeMap<Key, Option<Vec<String>>> = BTreeMap::new();
    for _ in 0..=dice.roll(3) {
        let (key, rows) = draw(dice);
        changes.insert(key, (dice.roll(6) > 0).then_some(rows));
    }
    let change = |(key, rows): (&Key, &Option<Vec<String>>)| match rows {
        Some(rows) => Change::Put(key.clone(), toy(rows)),
        None => Change::Delete(key.clone()),
    };
    put(record, changes.iter().map(change).collect()).await;
    for (key, rows) in changes {
        match rows {
            Some(rows) => model.texts.insert(key, toy(&rows).text),
            None => model.texts.remove(&key),
        };
    }
}

async fn listed(reading: &Reading, query: &ObligationQuery) -> Vec<OpenObligation> {
    let mut query = query.clone();
    let mut found = Vec::new();
    loop {
        let page = reading.obligations(&query).await.unwrap();
        assert!(page.obligations.len() <= query.limit);
        found.extend(page.obligations);
        match page.next {
            Some(next) => query.after = Some(Cursor::parse(&next.text()).unwrap()),
            None => return found,
        }
    }
}

fn draw_query(dice: &mut Dice) -> ObligationQuery {
    ObligationQuery {
        kind: (dice.roll(2) == 0).then(|| (*dice.pick(&["result", "acknowledgement", "other"])).into()),
        owners: (dice.roll(3) == 0).then(|| (0..dice.roll(4)).map(|_| format!("ward{}", dice.roll(4))).collect()),
        anchors: (dice.roll(3) == 0)
            .then(|| (0..dice.roll(4)).map(|_| key("Order", &format!("o{}", dice.roll(9)))).collect()),
        due_before: (dice.roll(3) == 0).then(|| Moment(dice.roll(40) as i64)),
        limit: 1 + dice.roll(6) as usize,
        after: None,
    }
}

fn answers(query: &ObligationQuery, (due, anchor, kind, owner, _): &Expected) -> bool {
    query.kind.as_ref().is_none_or(|wanted| wanted == kind)
        && query.owners.as_ref().is_none_or(|wanted| wanted.contains(owner))
        && query.anchors.as_ref().is_none_or(|wanted| wanted.contains(anchor))
        && query.due_before.is_none_or(|before| *due < before)
}

/// A permit for some patients, and whether it reaches what is theirs; p3 is sealed to it in any case.
fn draw_permit(dice: &mut Dice) -> (Permit, impl Fn(&Expected) -> bool + use<>) {
    let allowed: Option<BTreeSet<Key>> = match dice.roll(3) {
        0 => None,
        _ => Some((0..dice.roll(4)).map(|_| key("Patient", &format!("p{}", dice.roll(4)))).collect()),
    };
    let permit = match &allowed {
        None => host(),
        Some(allowed) => {
            let mut grant = Grant::role("user/limited", "Limited", Role::Clinician);
            let subject = |key: &Key| Subject { kind: key.kind.clone(), id: key.id.clone() };
            grant.subjects = Some(Subjects::Only(allowed.iter().map(subject).collect()));
            decide(grant, Moment(0)).unwrap()
        }
    };
    let reached = move |(.., subjects): &Expected| match &allowed {
        None => true,
        Some(allowed) => !subjects.contains(&key("Patient", "p3")) && !subjects.is_disjoint(allowed),
    };
    (permit, reached)
}

pub(crate) async fn obligations_equal_the_functions_over_everything(place: &Place) {
    let record = open(place).await;
    let mut dice = Dice::new(41);
    let mut model = Model::default();
    let mut most = 0;
    put(&record, vec![Change::Put(key("Unit", "seals"), lines(&["label sealed Patient/p3"]))]).await;
    for round in 0..120 {
        step(&record, &mut model, &mut dice).await;
        let (permit, reached) = draw_permit(&mut dice);
        let reading = record.read(&permit, "owed").await.unwrap();
        let expected = model.expected();
        for _ in 0..3 {
            compare(&reading, &draw_query(&mut dice), &expected, &reached, &format!("round {round}")).await;
        }
        reading.finish().await.unwrap();
        most = most.max(expected.len());
    }
    assert!(most > 6, "the model owes too little to prove anything");
    verify_holds(&record).await;
}

async fn compare(
    reading: &Reading,
    query: &ObligationQuery,
    expected: &[Expected],
    reached: &impl Fn(&Expected) -> bool,
    context: &str,
) {
    let plain = |one: &OpenObligation| {
        (one.obligation.due, one.anchor.clone(), one.obligation.kind.clone(), one.obligation.owner.clone())
    };
    let found = listed(reading, query).await;
    assert!(found.is_sorted_by_key(|one| one.obligation.due), "{context}");
    let mut found: Vec<_> = found.iter().map(plain).collect();
    found.sort();
    let wanted = expected.iter().filter(|one| answers(query, one) && reached(one));
    let wanted: Vec<_> = wanted.cloned().map(|(due, anchor, kind, owner, _)| (due, anchor, kind, owner)).collect();
    assert_eq!(found, wanted, "{context}: {query:?}");
    assert_eq!(reading.count_obligations(query).await.unwrap(), wanted.len() as u64, "{context}: {query:?}");
    let before = wanted.get(wanted.len() / 2).map_or(Moment(0), |(due, ..)| *due);
    let tally = reading.tally_obligations(query, before).await.unwrap();
    let due = wanted.iter().filter(|(due, ..)| *due < before).count();
    assert_eq!((tally.number, tally.due), (wanted.len() as u64, due as u64), "{context}: {query:?}");
    let first = tally.first.map(|one| (one.obligation.due, one.anchor, one.obligation.kind, one.obligation.owner));
    assert_eq!(first.as_ref().map(|(due, ..)| *due), wanted.first().map(|(due, ..)| *due), "{context}: {query:?}");
    assert!(first.is_none_or(|first| wanted.contains(&first)), "{context}: {query:?}");
}

async fn verify_holds(record: &Record) {
    let report = record.verify(VerifyOptions { index: true, ..Default::default() }, |_, _| {}).await.unwrap();
    assert!(report.holds(), "{:?} {:?}", report.journal.findings, report.store);
}

/// Entries that were decided elsewhere bring texts only; what these call for is owed once the record is opened for use.
pub(crate) async fn what_was_applied_is_owed_too(place: &Place) {
    let source = Place::sqlite();
    let from = open(&source).await;
    let mut dice = Dice::new(47);
    let mut model = Model::default();
    for _ in 0..80 {
        step(&from, &mut model, &mut dice).await;
    }
    let to = Record::open_to_receive(&place.location, options(place)).await.unwrap();
    loop {
        let newest = to.status().await.unwrap().sequence;
        let entries = from.decided(&host(), newest + 1, 30).await.unwrap();
        if entries.is_empty() {
            break;
        }
        to.apply(&host(), entries).await.unwrap();
    }
    to.close().await;
    let to = open(place).await;
    for round in 0..20 {
        let expected = model.expected();
        assert!(round > 0 || expected.len() > 3);
        let reading = to.read(&host(), "owed").await.unwrap();
        let all = ObligationQuery { limit: 10, ..Default::default() };
        compare(&reading, &all, &expected, &|_| true, &format!("round {round}")).await;
        reading.finish().await.unwrap();
        verify_holds(&to).await;
        step(&to, &mut model, &mut dice).await;
    }
}

/// Without erasures every earlier sequence still shows what was owed then, and a changed anchor shows its own past.
pub(crate) async fn what_was_owed_is_seen_at_its_sequence(place: &Place) {
    let record = open(place).await;
    let mut dice = Dice::new(43);
    let mut model = Model::default();
    let mut past = BTreeMap::new();
    for _ in 0..60 {
        let (key, rows) = draw(&mut dice);
        let at = put(&record, vec![Change::Put(key.clone(), toy(&rows))]).await.sequence;
        model.texts.insert(key, toy(&rows).text);
        past.insert(at, model.expected());
    }
    for (at, expected) in &past {
        let reading = record.read_at(&host(), "owed then", *at).await.unwrap();
        for _ in 0..2 {
            compare(&reading, &draw_query(&mut dice), expected, &|_: &Expected| true, &format!("at {at}")).await;
        }
        reading.finish().await.unwrap();
    }
}

/// An erased version's own obligations are not kept as past ones, and those of the newest end with it.
pub(crate) async fn an_erased_text_takes_what_was_owed_for_it(place: &Place) {
    let record = open(place).await;
    let order = |ward: &str| lines(&[&format!("text Thing.name {ward}"), "date Thing.date 9 9"]);
    put(&record, vec![Change::Put(key("Order", "o"), order("secretward"))]).await;
    let owed_first = record.status().await.unwrap().sequence;
    put(&record, vec![Change::Put(key("Order", "o"), order("ward"))]).await;
    let owners = async |at| {
        let reading = record.read_at(&host(), "owed", at).await.unwrap();
        let found = listed(&reading, &ObligationQuery { limit: 9, ..ObligationQuery::default() }).await;
        reading.finish().await.unwrap();
        found.into_iter().map(|one| one.obligation.owner).collect::<Vec<_>>()
    };
    assert_eq!(owners(owed_first).await, ["secretward"]);
    let erasure = Erasure { versions: vec![(key("Order", "o"), 1)], authority: "a".into(), reason: "b".into() };
    let erased = record.erase(&host(), act("erase"), erasure).await.unwrap().sequence;
    assert_eq!((owners(owed_first).await.len(), owners(erased).await), (0, vec!["ward".to_owned()]));
    let erasure = Erasure { versions: vec![(key("Order", "o"), 2)], authority: "a".into(), reason: "b".into() };
    let erased_all = record.erase(&host(), act("erase"), erasure).await.unwrap().sequence;
    assert_eq!((owners(erased).await.len(), owners(erased_all).await.len()), (0, 0));
    verify_holds(&record).await;
}

/// Many writers, each with a member of its own of one order: however their commits meet, none works the order out
/// without the others. The order's own result obligation ends, every unacknowledged result is owed for.
pub(crate) async fn racing_members_lose_no_recomputation(place: &Place) {
    let record = open(place).await;
    put(&record, vec![Change::Put(key("Order", "o1"), lines(&["text Thing.name ward", "date Thing.date 5 5"]))]).await;
    let racing: Vec<_> = (0..48u64)
        .map(|number| {
            let record = record.clone();
            tokio::spawn(async move {
                let row = |due: u64| format!("date Thing.date {due} {due}");
                let text = toy(&[row(100 + number), "target Thing.ref Order/o1".into()]);
                let name = format!("r{number}");
                put(&record, vec![Change::Put(key("Result", &name), text)]).await;
                if number % 3 == 0 {
                    put(&record, vec![Change::Delete(key("Result", &name))]).await;
                }
            })
        })
        .collect();
    for one in racing {
        one.await.unwrap();
    }
    let reading = record.read(&host(), "owed").await.unwrap();
    let found = listed(&reading, &ObligationQuery { limit: 1000, ..ObligationQuery::default() }).await;
    reading.finish().await.unwrap();
    let due: Vec<i64> = found.iter().map(|one| one.obligation.due.0).collect();
    assert_eq!(due, (0..48).filter(|number| number % 3 > 0).map(|number| 100 + number).collect::<Vec<i64>>());
    verify_holds(&record).await;
}

pub(crate) async fn a_changed_obligation_function_works_everything_out_again(place: &Place) {
    let record = open(place).await;
    for number in 0..20 {
        let order = lines(&[&format!("text Thing.name ward{number}"), "date Thing.date 5 5"]);
        put(&record, vec![Change::Put(key("Order", &format!("o{number}")), order)]).await;
    }
    record.close().await;
    let mut changed = options(place);
    changed.indexing.obligations[0].version = 2;
    changed.indexing.obligations[0].decide = Arc::new(|facts: &Facts<'_>| {
        let due = Moment(7);
        name_of(&facts.anchor).map(|owner| Obligation { kind: "call".into(), owner, due }).into_iter().collect()
    });
    changed.indexing.obligations.truncate(1);
    let record = Record::open(&place.location, changed.clone()).await.unwrap();
    assert!(!record.status().await.unwrap().reindexing, "the index is right as it is");
    record.index_settled().await;
    let count = async |record: &Record, kind: &str| {
        let reading = record.read(&host(), "owed").await.unwrap();
        let query = ObligationQuery { kind: Some(kind.into()), ..ObligationQuery::default() };
        let count = reading.count_obligations(&query).await.unwrap();
        reading.finish().await.unwrap();
        count
    };
    assert_eq!((count(&record, "result").await, count(&record, "call").await), (0, 20));
    record.close().await;
    place
        .tamper("DELETE FROM obligation WHERE anchor = (SELECT min(anchor) FROM obligation); UPDATE obligation SET due = 8 WHERE anchor = (SELECT max(anchor) FROM obligation)")
        .await;
    let record = Record::open(&place.location, changed).await.unwrap();
    let report = record.verify(VerifyOptions { index: true, ..Default::default() }, |_, _| {}).await.unwrap();
    let mut kinds: Vec<&str> = report.store.iter().map(|finding| finding.kind).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["obligation-missing", "obligation-missing", "obligation-unknown"]);
    record.rebuild_index(|_, _| {}).await.unwrap();
    verify_holds(&record).await;
}

/// Commits of types that no function cares for ask none, and who may not read the anchors learns nothing of any.
pub(crate) async fn other_types_cost_nothing(place: &Place) {
    let asked = Arc::new(AtomicU64::new(0));
    let mut options = options(place);
    let counting = asked.clone();
    options.indexing.obligations[0].concerns = Arc::new(|_| true);
    options.indexing.obligations[0].decide = Arc::new(move |_: &Facts<'_>| {
        counting.fetch_add(1, Ordering::Relaxed);
        vec![Obligation { kind: "k".repeat(300), owner: "ü".repeat(200), due: Moment(1) }]
    });
    let record = Record::open(&place.location, options).await.unwrap();
    put(&record, vec![Change::Put(key("Thing", "t"), lines(&["target Thing.ref Order/o1"]))]).await;
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    put(&record, vec![Change::Put(key("Order", "o1"), lines(&["patient Patient/p1"]))]).await;
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    let reading = record.read(&host(), "owed").await.unwrap();
    let page = reading.obligations(&ObligationQuery { limit: 5, ..ObligationQuery::default() }).await.unwrap();
    let lengths = page.obligations.iter().map(|one| (one.obligation.kind.len(), one.obligation.owner.len()));
    assert_eq!(lengths.collect::<Vec<_>>(), [(256, 256)], "a name that is too long is cut");
    reading.finish().await.unwrap();
    let clerk = record.read(&crate::support::permit(Role::Clerk, "user/clerk"), "owed").await.unwrap();
    let any = ObligationQuery { limit: 5, ..ObligationQuery::default() };
    assert_eq!((listed(&clerk, &any).await.len(), clerk.count_obligations(&any).await.unwrap()), (0, 0));
    clerk.finish().await.unwrap();
}
