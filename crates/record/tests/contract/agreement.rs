//! The two stores side by side: the same changes and questions, the same receipts, versions, pages and problems.
//! The clock stands still, so that moments follow from the order of commits alone.

use std::sync::Arc;

use record::{Assertion, Change, Draft, Key, Reading, Receipt, Record, Select, TransactError, VerifyOptions};
use terms::Moment;
use terms::index::Span;

use crate::reads::{draw_rows, draw_select};
use crate::support::{Dice, No, Place, act, host, key, toy};

/// Words that one of the databases might order, fold or refuse by rules of its own.
const ODD: [&str; 8] = ["\0", "a\0b", "É", "e\u{301}", "Z", "_", "\u{10ffff}", "straße%"];

async fn open(place: &Place) -> Record {
    let mut options = place.options();
    options.clock = Arc::new(|| Moment(1_800_000_000_000));
    Record::open(&place.location, options).await.unwrap()
}

/// One of the things that are asked of both records.
#[derive(Debug, Clone)]
enum Ask {
    Change(Vec<Change>, Vec<Assertion>),
    Get(Key, Option<u64>),
    History(Key, Option<u64>),
    Find(Select, u64),
    Desk(Vec<record::DeskChange>),
    DeskList(String),
}

fn draw_key(dice: &mut Dice) -> Key {
    match dice.roll(5) {
        0 => key("Thing", &format!("00000000-0000-4000-8000-{:012}", dice.roll(20))),
        1 => key("Other", &format!("t{}", dice.roll(20))),
        _ => key("Thing", &format!("t{}", dice.roll(60))),
    }
}

fn draw_change(dice: &mut Dice) -> Change {
    let key = draw_key(dice);
    if dice.roll(5) == 0 {
        return Change::Delete(key);
    }
    let mut rows = draw_rows(dice);
    if dice.roll(4) == 0 {
        rows.push(format!("code Thing.code {}|{}", dice.pick(&ODD), dice.pick(&ODD)));
        rows.push(format!("text Thing.name {}", dice.pick(&ODD)));
    }
    Change::Put(key, toy(&rows))
}

fn draw_desk(dice: &mut Dice) -> record::DeskChange {
    let content = (dice.roll(4) > 0).then(|| (vec![dice.roll(256) as u8; 3], Some(Moment(7))));
    let expected = [None, Some(0), Some(dice.roll(40))][dice.roll(3) as usize];
    record::DeskChange { kind: "draft".into(), key: (*dice.pick(&ODD)).into(), content, expected }
}

fn draw(dice: &mut Dice, newest: u64) -> Ask {
    match dice.roll(12) {
        0..4 => {
            let mut changes: Vec<Change> = (0..=dice.roll(3)).map(|_| draw_change(dice)).collect();
            changes.sort_by(|a, b| a.key().cmp(b.key()));
            changes.dedup_by(|a, b| a.key() == b.key());
            let assertion = match dice.roll(6) {
                0 => vec![Assertion::Version(draw_key(dice), dice.roll(4))],
                1 => vec![Assertion::Absent(vec![Span::head("~patient", [])])],
                2 => vec![Assertion::AtMost(vec![Span::head("Thing.name", [])], dice.roll(50) as u32)],
                _ => Vec::new(),
            };
            Ask::Change(changes, assertion)
        }
        4 => Ask::Get(draw_key(dice), None),
        5 => Ask::Get(draw_key(dice), Some(dice.roll(5))),
        6 => Ask::History(draw_key(dice), (dice.roll(2) == 0).then(|| dice.roll(6))),
        7..10 => Ask::Find(draw_select(dice), newest - dice.roll(newest.min(30))),
        10 => Ask::Desk((0..=dice.roll(2)).map(|_| draw_desk(dice)).collect()),
        _ => Ask::DeskList((*dice.pick(&ODD)).chars().take(dice.roll(2) as usize).collect()),
    }
}

/// The answer in words, so that problems can be compared too.
async fn answer(record: &Record, ask: Ask) -> String {
    let reading = match &ask {
        Ask::Find(_, at) => record.read_at(&host(), "test", *at).await.unwrap(),
        _ => record.read(&host(), "test").await.unwrap(),
    };
    let text = match ask {
        Ask::Change(changes, assertions) => format!("{:?}", change(record, changes, assertions).await),
        Ask::Get(key, None) => format!("{:?}", reading.get(&key).await),
        Ask::Get(key, Some(version)) => format!("{:?}", reading.version(&key, version).await),
        Ask::History(key, below) => format!("{:?}", reading.history(&key, below, 5).await),
        Ask::Find(select, _) => {
            let mut found = format!("{:?}", reading.total(&select).await);
            let mut question = select;
            loop {
                let page = reading.select(&question).await;
                found.push_str(&format!("{page:?}"));
                question.after = page.unwrap().next;
                if question.after.is_none() {
                    break;
                }
            }
            found
        }
        Ask::Desk(changes) => format!("{:?}", record.desk_put(changes).await),
        Ask::DeskList(prefix) => format!("{:?}", record.desk_list("draft", &prefix, 20).await),
    };
    reading.finish().await.unwrap();
    text
}

async fn change(
    record: &Record,
    changes: Vec<Change>,
    assertions: Vec<Assertion>,
) -> Result<Receipt, TransactError<No>> {
    let decide = |_: Arc<Reading>| {
        let draft = Draft { changes: changes.clone(), assertions: assertions.clone() };
        async move { Ok(draft) }
    };
    record.transact(&host(), act("change"), decide).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_stores_answer_the_same() {
    let (sqlite, postgres) = (Place::sqlite(), Place::postgres().await);
    let (a, b) = (open(&sqlite).await, open(&postgres).await);
    let mut dice = Dice::new(2026);
    for step in 0..700 {
        let newest = a.status().await.unwrap().sequence;
        let ask = draw(&mut dice, newest);
        let (left, right) = tokio::join!(answer(&a, ask.clone()), answer(&b, ask.clone()));
        assert_eq!(left, right, "step {step}: {ask:?}");
    }
    let digests = async |record: &Record| {
        let options = VerifyOptions { index: true, ..VerifyOptions::default() };
        let report = record.verify(options, |_, _| {}).await.unwrap();
        assert!(report.holds(), "{:?} {:?}", report.journal.findings, report.store);
        report.index_digests
    };
    let before = digests(&a).await;
    assert!(before.keys().eq(["Other", "Thing"]) && before.values().all(|(rows, _)| *rows > 20), "{before:?}");
    assert_eq!(before, digests(&b).await, "row numbers and symbols differ, rows in plain words do not");
    b.rebuild_index(|_, _| {}).await.unwrap();
    assert_eq!(before, digests(&b).await, "a rebuilt index is the same");
    let (a, b) = (a.status().await.unwrap(), b.status().await.unwrap());
    assert_eq!((a.sequence, a.last_commit, a.resources), (b.sequence, b.last_commit, b.resources));
    assert_eq!((a.store, b.store), ("SQLite", "PostgreSQL"));
    assert!(a.sequence > 80 && b.bytes > 100_000);
}
