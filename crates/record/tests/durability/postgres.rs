//! Killed at any moment, on PostgreSQL: the client, the server under it, or both.
//!
//! The tables are copied into a database file afterwards, so that the same eyes judge both stores.

use std::path::Path;
use std::time::Duration;

use record::Durability;
use rusqlite::types::Value;
use testkit::postgres::Server;
use testkit::toy::Dice;

use crate::check::{Found, check};
use crate::client::Schema;
use crate::session::{Client, Session};

/// Columns that hold text, which PostgreSQL keeps as bytes.
const TEXTS: [(&str, &str); 6] = [
    ("name", "name"),
    ("symbol", "code"),
    ("kept_key", "principal"),
    ("kept_key", "key"),
    ("desk", "kind"),
    ("desk", "key"),
];

/// Who is killed in a round.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Victim {
    Client,
    Server,
}

/// One record, in up to three rounds of killing, then checked.
async fn run(server: &mut Server, seed: u64, durability: Durability) -> Found {
    let place = tempfile::tempdir().unwrap();
    let mut session = Session::new(place.path(), seed);
    session.durability = durability;
    let mut dice = Dice::new(seed ^ 0xa5);
    let (mut told, rounds) = (Vec::new(), 1 + dice.roll(3));
    for round in 0..rounds {
        session.schema = Some(Schema { url: server.url(), name: format!("seed_{seed}_{durability:?}").to_lowercase() });
        let victim = if dice.roll(2) == 0 { Victim::Client } else { Victim::Server };
        let lines = tokio::task::block_in_place(|| kill_one(&session, round, &mut dice, (server, victim)));
        told.extend(lines);
    }
    session.schema = session.schema.map(|schema| Schema { url: server.url(), ..schema });
    let mut found = check(&session, rounds, &told).await;
    found.losses.iter_mut().for_each(|loss| *loss = format!("seed {seed}: {loss}"));
    found
}

/// Kills after some acknowledgements, or while the client opens or closes the record. A client that lost its server
/// is killed too, so that nothing reaches the server that was started again but the check.
fn kill_one(
    session: &Session,
    round: u64,
    dice: &mut Dice,
    (server, victim): (&mut Server, Victim),
) -> Vec<crate::acknowledged::Line> {
    use crate::acknowledged::Line;
    let mut client = Client::start(session, round);
    let few_milliseconds = Duration::from_micros(dice.roll(3000));
    match dice.roll(8) {
        0 => client.wait_while(1, Duration::from_millis(dice.roll(300))),
        1 => {
            client.wait_for(1 + dice.roll(100) as usize);
            client.close_input();
            client.wait_while(usize::MAX, few_milliseconds);
        }
        _ => {
            let count = 1 + dice.roll(250) as usize;
            client.wait_for(count);
            client.wait_while(count + dice.roll(5) as usize, few_milliseconds);
        }
    }
    if victim == Victim::Client {
        return client.kill().lines;
    }
    server.crash().unwrap();
    let ended = client.kill();
    server.start_again().unwrap();
    // A client whose server went away may have had the time to say so.
    let lost_its_server = |why: &str| why.contains("Closed") || why.contains("Store");
    ended.lines.into_iter().filter(|line| !matches!(line, Line::Stopped(why) if lost_its_server(why))).collect()
}

/// Copies a schema's tables to where a record on SQLite has them. Before that PostgreSQL compares every index with its
/// table.
pub async fn copy_tables(schema: &Schema, directory: &Path) {
    let (client, connection) = tokio_postgres::connect(&schema.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("CREATE EXTENSION IF NOT EXISTS amcheck SCHEMA public").await.unwrap();
    let compare = "SELECT public.bt_index_check(indexrelid, true) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid \
                   WHERE relnamespace = $1::text::regnamespace";
    client.query(compare, &[&schema.name]).await.unwrap();
    let file = directory.join("record.db");
    let _ = std::fs::remove_file(&file);
    let mut database = rusqlite::Connection::open(file).unwrap();
    let tables = "SELECT table_name::text, array_agg(column_name::text) FROM information_schema.columns \
                  WHERE table_schema = $1 GROUP BY table_name";
    for table in client.query(tables, &[&schema.name]).await.unwrap() {
        let (table, columns): (String, Vec<String>) = (table.get(0), table.get(1));
        let list = columns.join(", ");
        let rows = client.query(&format!("SELECT {list} FROM {}.{table}", schema.name), &[]).await.unwrap();
        let places = vec!["?"; columns.len()].join(", ");
        let transaction = database.transaction().unwrap();
        transaction.execute(&format!("CREATE TABLE {table} ({list})"), ()).unwrap();
        for row in rows {
            let values = columns.iter().enumerate().map(|(at, column)| value(&row, at, (&table, column)));
            let insert = format!("INSERT INTO {table} VALUES ({places})");
            transaction.execute(&insert, rusqlite::params_from_iter(values)).unwrap();
        }
        transaction.commit().unwrap();
    }
}

fn value(row: &tokio_postgres::Row, at: usize, name: (&str, &str)) -> Value {
    if row.columns()[at].type_() == &tokio_postgres::types::Type::INT8 {
        return row.get::<_, Option<i64>>(at).map_or(Value::Null, Value::Integer);
    }
    match row.get::<_, Option<Vec<u8>>>(at) {
        Some(text) if TEXTS.contains(&name) => Value::Text(String::from_utf8(text).unwrap()),
        Some(bytes) => Value::Blob(bytes),
        None => Value::Null,
    }
}

async fn server() -> Server {
    tokio::task::spawn_blocking(|| Server::start().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_client_or_server_is_killed() {
    let mut server = server().await;
    let (seeds, mut all) = (crate::seeds(5, 30), Found::default());
    for seed in seeds.clone() {
        all.add(run(&mut server, seed, Durability::Full).await);
    }
    crate::publish(&format!("runs {seeds:?} with kill -9 of client or PostgreSQL: {}", all.figures()));
    assert!(all.losses.is_empty(), "{:#?}", all.losses);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_answers_before_it_has_written_is_found_out() {
    let mut server = server().await;
    for seed in 0..20 {
        if let Some(loss) = run(&mut server, seed, Durability::Off).await.losses.first() {
            return crate::publish(&format!("synchronous_commit=off is found out: {loss}"));
        }
    }
    panic!("synchronous_commit=off was not found out in 20 runs");
}
