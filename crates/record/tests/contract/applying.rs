//! Contracts of the second way in: what was decided in one record and applied in another is the same record; what is
//! not as it was decided is refused and leaves nothing; what was broken off goes on.

use std::sync::Arc;

use record::apply::{ApplyError, Decided, Text};
use record::{Change, Draft, Erasure, IdempotencyKey, Key, Problem, Reading, Receipt, Record, Select, TransactError};

use crate::proof::verify;
use crate::reads::{all_pages, draw_rows, draw_select};
use crate::support::{Dice, No, Place, act, host, key, lines, permit, put, toy, try_put, with_notes};

/// A record that was made with everything: deletions, erasures, attachments, merges, retries.
async fn live(record: &Record, dice: &mut Dice, steps: usize) -> Vec<u64> {
    let mut keyed = Vec::new();
    for _ in 0..steps {
        let thing = key("Thing", &format!("t{}", dice.roll(25)));
        match dice.roll(12) {
            0 => drop(put(record, vec![Change::Delete(thing)]).await),
            1 => erase(record, &thing, dice.roll(4)).await,
            2..4 => {
                let notes: Vec<Vec<u8>> = (0..=dice.roll(2)).map(|_| vec![dice.roll(4) as u8; 900]).collect();
                let notes: Vec<&[u8]> = notes.iter().map(Vec::as_slice).collect();
                put(record, vec![Change::Put(thing, with_notes(&["text Thing.name ann"], &notes))]).await;
            }
            4 => {
                let alias = format!("alias Patient/p{} Patient/p{}", dice.roll(3), 3 + dice.roll(3));
                let other = key("Thing", &format!("u{}", dice.roll(5)));
                let rows = toy(&draw_rows(dice));
                put(record, vec![Change::Put(key("Merge", "m"), lines(&[&alias])), Change::Put(other, rows)]).await;
            }
            5 => {
                let number = keyed.len() as u64;
                keyed.push(retry(record, number).await.unwrap().sequence);
            }
            _ => drop(put(record, vec![Change::Put(thing, toy(&draw_rows(dice)))]).await),
        }
    }
    keyed
}

/// The request of a number, which has an idempotency key of its own.
async fn retry(record: &Record, number: u64) -> Result<Receipt, TransactError<No>> {
    let mut act = act("keyed");
    act.idempotency = Some(IdempotencyKey { key: format!("k{number}"), digest: [number as u8; 32] });
    let decide = |_: Arc<Reading>| {
        let change = Change::Put(key("Thing", &format!("keyed{number}")), lines(&["code Thing.code s|1"]));
        async move { Ok(Draft { changes: vec![change], assertions: Vec::new() }) }
    };
    record.transact(&host(), act, decide).await
}

/// Erases a version if it is there.
async fn erase(record: &Record, thing: &Key, version: u64) {
    let versions = vec![(thing.clone(), version + 1)];
    let erasure = Erasure { versions, authority: "court order 9".into(), reason: "a wrong document".into() };
    let _ = record.erase(&host(), act("erase"), erasure).await;
}

/// Applies everything that one record has and the other has not.
async fn follow(from: &Record, to: &Record, dice: &mut Dice) {
    loop {
        let newest = to.status().await.unwrap().sequence;
        let entries = from.decided(&host(), newest + 1, 1 + dice.roll(60) as usize).await.unwrap();
        if entries.is_empty() {
            return;
        }
        let count = entries.len() as u64;
        assert_eq!(to.apply(&host(), entries).await.unwrap(), newest + count);
    }
}

/// Everything that a record answers, in words.
async fn answers(record: &Record, until: u64) -> Vec<String> {
    let reading = record.read_at(&host(), "compare", until).await.unwrap();
    let mut words = Vec::new();
    let mut things: Vec<Key> = (0..25).map(|number| key("Thing", &format!("t{number}"))).collect();
    things.extend((0..5).map(|number| key("Thing", &format!("u{number}"))));
    things.push(key("Merge", "m"));
    for thing in things {
        words.push(format!("{:?}", reading.history(&thing, None, 100).await.unwrap()));
        let newest = reading.get(&thing).await.unwrap();
        words.push(format!("{:?}", newest.map(|newest| reading.rows(&newest))));
    }
    let mut dice = Dice::new(77);
    for _ in 0..40 {
        let select = draw_select(&mut dice);
        // What an order leaves open is ordered by row numbers, which are a store's own.
        let mut found = all_pages(&reading, &select).await;
        found.sort();
        words.push(format!("{:?} {found:?}", reading.total(&select).await.unwrap()));
    }
    for patient in 0..3 {
        let mut aliases = reading.aliases(&key("Patient", &format!("p{patient}"))).await.unwrap();
        aliases.sort();
        words.push(format!("{aliases:?}"));
        words.extend(crate::trail::in_words(record, &format!("p{patient}")).await);
    }
    reading.finish().await.unwrap();
    words
}

/// Both answer the same.
async fn agree(one: &Record, other: &Record, until: u64) {
    for (one, other) in answers(one, until).await.into_iter().zip(answers(other, until).await) {
        assert_eq!(one, other);
    }
}

async fn root(record: &Record) -> (u64, [u8; 32], u64, u64) {
    let report = verify(record, Vec::new()).await;
    assert!(report.holds(), "{:?} {:?}", report.journal.findings, report.store);
    (report.journal.entries, report.journal.root, report.journal.erased, report.journal.blobs)
}

pub(crate) async fn a_history_applied_elsewhere_is_the_same(place: &Place) {
    let mut dice = Dice::new(41);
    let source = place.open().await;
    let keyed = live(&source, &mut dice, 260).await;
    let made = root(&source).await;
    assert!(made.2 > 3 && made.3 > 3 && keyed.len() > 5, "{made:?}");
    let mut from = source;
    // To the other store, and back to one of the first kind.
    let mut kept = Vec::new();
    for target in [Place::sqlite(), Place::postgres().await, Place::sqlite()] {
        let to = Record::open_to_receive(&target.location, target.options()).await.unwrap();
        assert_eq!(to.status().await.unwrap().sequence, 0, "it makes no first entry");
        follow(&from, &to, &mut dice).await;
        assert_eq!(to.status().await.unwrap().resources, from.status().await.unwrap().resources);
        to.close().await;
        let to = Record::open(&target.location, target.options()).await.unwrap();
        assert_eq!(root(&to).await, made);
        agree(&to, &from, made.0).await;
        assert_eq!(target.contents().await as u64, made.3);
        for (number, sequence) in keyed.iter().enumerate() {
            let again = retry(&to, number as u64).await.unwrap();
            assert_eq!((again.sequence, again.repeated), (*sequence, true));
        }
        kept.push(target);
        from = to;
    }
    // The copy is a record like any other.
    live(&from, &mut dice, 30).await;
    let after = root(&from).await;
    assert!(after.0 > made.0);
}

pub(crate) async fn an_erasure_that_comes_later_takes_what_came_before(place: &Place) {
    let mut dice = Dice::new(8);
    let source = Place::sqlite();
    let from = source.open().await;
    live(&from, &mut dice, 60).await;
    let to = Record::open_to_receive(&place.location, place.options()).await.unwrap();
    follow(&from, &to, &mut dice).await;
    let newest = from.status().await.unwrap().sequence;
    for number in 0..25 {
        erase(&from, &key("Thing", &format!("t{number}")), number % 3).await;
        live(&from, &mut dice, 2).await;
    }
    assert!(from.status().await.unwrap().sequence > newest + 20);
    follow(&from, &to, &mut dice).await;
    to.close().await;
    let to = place.open().await;
    let newest = from.status().await.unwrap().sequence;
    assert_eq!(root(&to).await, root(&from).await);
    agree(&to, &from, newest).await;
    assert_eq!(place.contents().await, source.contents().await);
}

/// What is done to entries 5 and after, and the entry that is then refused.
type Spoil = (&'static str, fn(&mut Vec<Decided>), u64);

const SPOILS: &[Spoil] = &[
    ("dropped", |all| drop(all.remove(2)), 7),
    ("reordered", |all| all.swap(1, 2), 6),
    ("replayed", |all| all.insert(3, all[2].clone()), 8),
    ("replayed at the start", |all| all.insert(0, all[0].clone()), 6),
    (
        "edited",
        |all| {
            let at = all[1].entry.len() - 3;
            all[1].entry[at] ^= 1;
        },
        6,
    ),
    ("an edited link", |all| all[0].entry[20] ^= 1, 5),
    ("cut", |all| all[2].entry.truncate(40), 7),
    ("another text", |all| all[1].texts = all[2].texts.clone(), 6),
    ("an edited text", |all| kept(&mut all[1], |_, text| text.push(b'\n')), 6),
    ("an edited salt", |all| kept(&mut all[1], |salt, _| salt[3] ^= 1), 6),
    ("no text", |all| all[1].texts.clear(), 6),
    ("no salt", |all| all[1].salt = None, 6),
    ("a text marked as erased", |all| all[1].texts[0] = Text::Erased { by: 8, whose: Vec::new() }, 8),
    (
        "a text marked as erased by an entry before",
        |all| all[1].texts[0] = Text::Erased { by: 5, whose: Vec::new() },
        6,
    ),
    (
        "a sealed text",
        |all| {
            if let Text::Kept { seal, .. } = &mut all[1].texts[0] {
                *seal = 1
            }
        },
        6,
    ),
    ("an edited blob", |all| all[2].blobs[0].bytes = vec![1; 500].into(), 7),
    ("an edited salt of a blob", |all| all[2].blobs[0].salt[0] ^= 1, 7),
    ("no blob", |all| all[2].blobs.clear(), 7),
    (
        "a blob twice",
        |all| {
            let blob = all[2].blobs[0].clone();
            all[2].blobs.push(blob);
        },
        7,
    ),
    (
        "a strange blob",
        |all| {
            let blob = all[2].blobs[0].clone();
            all[1].blobs.push(blob);
        },
        6,
    ),
    ("another request", |all| all[3].request = Some(vec![9; 32]), 8),
    ("a strange request", |all| all[1].request = Some(vec![9; 32]), 6),
    ("a beginning left out", |all| drop(all.drain(..4)), 5),
];

fn kept(decided: &mut Decided, change: fn(&mut [u8; 16], &mut Vec<u8>)) {
    let Text::Kept { salt, text, .. } = &mut decided.texts[0] else { panic!("no text") };
    change(salt, text);
}

pub(crate) async fn what_is_not_as_it_was_decided_is_refused(place: &Place) {
    let from = Place::sqlite().open().await;
    let thing = |number: u64, rows: &[&str]| Change::Put(key("Thing", &format!("t{number}")), lines(rows));
    for number in 2..=6 {
        put(&from, vec![thing(number, &["text Thing.name ann"])]).await;
    }
    put(&from, vec![Change::Put(key("Thing", "t7"), with_notes(&[], &[&[7; 500]]))]).await;
    retry(&from, 8).await.unwrap();
    put(&from, vec![thing(5, &["text Thing.name bob"])]).await;
    let erasure = Erasure { versions: vec![(key("Thing", "t9"), 1)], authority: "a".into(), reason: "r".into() };
    put(&from, vec![thing(9, &[])]).await;
    let all = from.decided(&host(), 1, 100).await.unwrap();
    from.erase(&host(), act("erase"), erasure).await.unwrap();
    let to = Record::open_to_receive(&place.location, place.options()).await.unwrap();
    to.apply(&host(), all[..4].to_vec()).await.unwrap();
    for (what, spoil, refused) in SPOILS {
        let mut entries = all[4..].to_vec();
        spoil(&mut entries);
        let outcome = to.apply(&host(), entries).await;
        assert!(matches!(&outcome, Err(ApplyError::Refused { entry, .. }) if entry == refused), "{what}: {outcome:?}");
        assert_eq!((to.status().await.unwrap().sequence, place.contents().await), (4, 0), "{what}");
    }
    to.apply(&host(), all[4..].to_vec()).await.unwrap();
    // An erasure that names what is not the version that the entry made.
    let last = from.decided(&host(), all.len() as u64 + 1, 1).await.unwrap();
    to.apply(&host(), last).await.unwrap();
    to.close().await;
    let to = place.open().await;
    assert_eq!(root(&to).await, root(&from).await);
}

pub(crate) async fn a_receiving_record_is_not_used(place: &Place) {
    let from = Place::sqlite().open().await;
    let gone = key("Thing", "gone");
    put(&from, vec![Change::Put(gone.clone(), with_notes(&[], &[b"secret"]))]).await;
    put(&from, vec![Change::Put(key("Thing", "b"), lines(&["text Thing.name ann"]))]).await;
    erase(&from, &gone, 0).await;
    let to = Record::open_to_receive(&place.location, place.options()).await.unwrap();
    let entries = from.decided(&host(), 1, 3).await.unwrap();
    let not_host = to.apply(&permit(access::Role::System, "system/other"), entries.clone()).await;
    assert!(matches!(not_host, Err(ApplyError::Problem(Problem::NotPermitted { .. }))), "{not_host:?}");
    let not_host = from.decided(&permit(access::Role::System, "system/other"), 1, 3).await;
    assert!(matches!(not_host, Err(Problem::NotPermitted { .. })));
    let in_use = from.apply(&host(), from.decided(&host(), 1, 1).await.unwrap()).await;
    assert!(matches!(in_use, Err(ApplyError::Problem(Problem::Unsuitable { .. }))), "{in_use:?}");
    to.apply(&host(), entries).await.unwrap();
    let own = try_put(&to, &host(), vec![Change::Delete(key("Thing", "b"))]).await;
    assert!(matches!(own, Err(TransactError::Problem(Problem::Unsuitable { .. }))), "{own:?}");
    let versions = vec![(key("Thing", "b"), 1)];
    let erasure = Erasure { versions, authority: "a".into(), reason: "r".into() };
    assert!(matches!(to.erase(&host(), act("erase"), erasure).await, Err(Problem::Unsuitable { .. })));
    to.close().await;
    // The text came as erased; the entry that erases it did not come yet.
    let early = Record::open(&place.location, place.options()).await;
    assert!(matches!(early, Err(Problem::Unsuitable { .. })));
    let to = Record::open_to_receive(&place.location, place.options()).await.unwrap();
    follow(&from, &to, &mut Dice::new(1)).await;
    to.close().await;
    let to = place.open().await;
    assert_eq!(root(&to).await, root(&from).await);
    let reading = to.read(&host(), "test").await.unwrap();
    assert_eq!(all_pages(&reading, &Select::of("Thing")).await, [key("Thing", "b")]);
    reading.finish().await.unwrap();
}

pub(crate) async fn receiving_goes_on_where_it_was_broken_off(place: &Place) {
    let mut dice = Dice::new(12);
    let from = Place::sqlite().open().await;
    live(&from, &mut dice, 120).await;
    for round in 0.. {
        let to = Record::open_to_receive(&place.location, place.options()).await.unwrap();
        let newest = to.status().await.unwrap().sequence;
        let entries = from.decided(&host(), newest + 1, 25).await.unwrap();
        if entries.is_empty() {
            to.close().await;
            break;
        }
        // One is broken off: whoever sends does not wait, and whoever opens next takes the record over.
        let sending = to.clone();
        let lost = tokio::spawn(async move { sending.apply(&host(), entries).await });
        if dice.roll(2) == 0 {
            let _ = lost.await.unwrap();
        }
        place.leave_content([round; 32], b"unnamed").await;
        to.sweep_blobs().await.ok();
    }
    let to = place.open().await;
    to.sweep_blobs().await.unwrap();
    assert_eq!(root(&to).await, root(&from).await);
    let newest = from.status().await.unwrap().sequence;
    agree(&to, &from, newest).await;
}
