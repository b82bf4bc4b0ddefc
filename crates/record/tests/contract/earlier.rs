//! SQLite tables as every earlier release left them are brought up to date when they are opened: everything is answered
//! as before, goes on, and verifies. The tables are made by the steps of the schema itself, as far as that release had
//! them, and filled with what a record of today holds, as far as they have a place for it.

use record::trail::AccessQuery;
use record::{Change, Erasure, Record, Version};

use crate::proof::{holds, verify};
use crate::reads::{Model, all_pages, check, draw_select, pages_of_one_index};
use crate::support::{Dice, Place, act, host, key, lines, put, with_notes};

#[path = "../../src/store/schema.rs"]
#[expect(dead_code, reason = "only the steps are wanted here")]
mod schema;

use schema::STEPS;

/// What the steps leave open, as SQLite has had it since the first release.
const WORDS: [(&str, &str); 5] = [
    ("{int}", "INTEGER"),
    ("{bytes}", "BLOB"),
    ("{text}", "TEXT"),
    ("{clustered}", "WITHOUT ROWID"),
    ("{zero_hash}", "zeroblob(32)"),
];

/// The step that brought the trail; its name stands among the index functions since.
const TRAIL_STEP: usize = 6;

/// Puts tables of an earlier step in the place of the closed record's.
fn turn_back(place: &Place, step: usize) {
    let today = place.directory().join("record.db");
    let earlier = place.directory().join("earlier.db");
    let database = rusqlite::Connection::open(&earlier).unwrap();
    for template in &STEPS[..step] {
        let sql = WORDS.iter().fold((*template).to_owned(), |sql, (word, own)| sql.replace(word, own));
        database.execute_batch(&sql).unwrap();
    }
    database.execute("ATTACH ?1 AS today", [today.to_str().unwrap()]).unwrap();
    for table in names(&database, "SELECT name FROM sqlite_schema WHERE type = 'table'") {
        let columns = names(&database, &format!("SELECT name FROM pragma_table_info('{table}')")).join(", ");
        let copy = format!("DELETE FROM {table}; INSERT INTO {table} ({columns}) SELECT {columns} FROM today.{table}");
        database.execute_batch(&copy).unwrap();
    }
    if step < TRAIL_STEP {
        let without = "UPDATE desk SET bytes = CAST(replace(CAST(bytes AS TEXT), 'trail 1' || char(10), '') AS BLOB) \
             WHERE kind = 'record' AND key = 'index-functions'";
        assert_eq!(database.execute(without, []).unwrap(), 1);
    }
    database.execute_batch(&format!("DETACH today; PRAGMA user_version = {step}")).unwrap();
    database.close().unwrap();
    for ending in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(place.directory().join(format!("record.db{ending}")));
    }
    std::fs::rename(earlier, today).unwrap();
}

fn names(database: &rusqlite::Connection, sql: &str) -> Vec<String> {
    let mut statement = database.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// A record with a past: versions, deletions, a large attachment, an erased text, accesses.
async fn live(record: &Record, model: &mut Model) {
    let mut dice = Dice::new(83);
    for _ in 0..120 {
        model.step(record, &mut dice).await;
    }
    put(record, vec![Change::Put(key("Other", "letter"), with_notes(&[], &[&[7; 300_000]]))]).await;
    let erased = key("Other", "erased");
    put(record, vec![Change::Put(erased.clone(), lines(&["patient Patient/p1"]))]).await;
    let erasure =
        Erasure { versions: vec![(erased, 1)], authority: "court order 12".into(), reason: "wrong document".into() };
    record.erase(&host(), act("erase"), erasure).await.unwrap();
}

/// Asks everything: questions, which the model answers as well; gives every version with its attachments, and how many
/// accesses are listed.
async fn everything(record: &Record, model: &Model, context: &str) -> (Vec<Version>, usize) {
    let reading = record.read(&host(), "everything").await.unwrap();
    let mut dice = Dice::new(89);
    for _ in 0..60 {
        let select = draw_select(&mut dice);
        // Behind, another index may take this one's place, once: whoever is between two pages begins again.
        let found = match pages_of_one_index(&reading, &select).await {
            Some(found) => found,
            None => all_pages(&reading, &select).await,
        };
        check(model, &select, &found, context);
    }
    let mut versions = Vec::new();
    let things = (0..60).map(|number| key("Thing", &format!("t{number}")));
    for thing in things.chain([key("Other", "letter"), key("Other", "erased")]) {
        for number in 1.. {
            let Some(version) = reading.version(&thing, number).await.unwrap() else { break };
            versions.push(version);
        }
    }
    reading.finish().await.unwrap();
    let all = AccessQuery { limit: 1000, ..AccessQuery::default() };
    let accesses = record.accesses(&host(), all).await.unwrap();
    (versions, accesses.iter().filter(|access| access.query.starts_with("look ")).count())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_tables_of_every_earlier_release_are_brought_up_to_date() {
    let today = Place::sqlite();
    let record = today.open().await;
    let mut model = Model::default();
    live(&record, &mut model).await;
    for number in 0..5 {
        let reading = record.read(&host(), format!("look {number}")).await.unwrap();
        reading.get(&key("Thing", "t1")).await.unwrap();
        reading.finish().await.unwrap();
    }
    let before = everything(&record, &model, "today").await;
    assert!(before.0.len() > 100 && before.1 == 5, "{} versions, {} accesses", before.0.len(), before.1);
    holds(&verify(&record, Vec::new()).await);
    record.close().await;

    for step in 1..STEPS.len() {
        let place = today.copy().await;
        turn_back(&place, step);
        let record = place.open().await;
        assert_eq!(everything(&record, &model, "at once").await, before, "step {step}");
        record.index_settled().await;
        assert_eq!(everything(&record, &model, "settled").await, before, "step {step}, settled");
        holds(&verify(&record, Vec::new()).await);
        put(&record, vec![Change::Put(key("Thing", "t1"), lines(&["text Thing.name later"]))]).await;
        record.close().await;
        let record = place.open().await;
        assert!(record.read(&host(), "test").await.unwrap().get(&key("Thing", "t1")).await.unwrap().is_some());
        holds(&verify(&record, Vec::new()).await);
        assert_eq!(place.one::<i64>("SELECT user_version FROM pragma_user_version").await, STEPS.len() as i64);
    }
}
