//! What PostgreSQL alone can do to a record: refuse it, lose its connections, stop under it, give it to another.
//! Knows the servers only through their addresses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use record::{Change, Draft, Key, Location, Problem, Reading, Receipt, Record, TransactError};
use testkit::postgres::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{No, Place, act, host, key, lines, put, try_put};

fn named(number: u64) -> Vec<Change> {
    vec![Change::Put(key("Thing", &format!("t{number}")), lines(&["text Thing.name ann", "code Thing.code s|c"]))]
}

async fn there(record: &Record, key: &Key) -> bool {
    let reading = record.read(&host(), "test").await.unwrap();
    let found = reading.get(key).await.unwrap().is_some();
    reading.finish().await.unwrap();
    found
}

/// Ends every connection to the database but the one that asks.
const END_ALL: &str = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_connections_are_made_again_unseen() {
    let place = Place::postgres().await;
    let record = place.open().await;
    for number in 0..10 {
        put(&record, named(number)).await;
        place.tamper(END_ALL).await;
        assert!(there(&record, &key("Thing", &format!("t{number}"))).await);
        put(&record, named(number + 100)).await;
    }
    assert!(record.status().await.unwrap().sequence >= 21);
}

/// Between a record and its server, in a bad mood: of the commits that pass, every fifth arrives and its answer does
/// not, and every seventh does not arrive.
async fn cutting_wire(url: &str) -> String {
    let (before, host) = url.rsplit_once('@').unwrap();
    let (server, database) = host.split_once('/').unwrap();
    let server = server.to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let commits = Arc::new(AtomicU64::new(0));
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&server).await.unwrap();
            let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
            let unanswered = Arc::new(AtomicBool::new(false));
            let asking = ask(from_client, to_server, commits.clone(), unanswered.clone());
            let answering = answer(from_server, to_client, unanswered);
            tokio::spawn(async move {
                tokio::select! { () = asking => {} () = answering => {} }
            });
        }
    });
    format!("{before}@127.0.0.1:{port}/{database}")
}

/// Carries what is asked until either side ends, or a commit passes that is not to arrive.
async fn ask(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, commits: Arc<AtomicU64>, unanswered: Arc<AtomicBool>) {
    let (mut bytes, mut names) = (vec![0; 1 << 20], Vec::new());
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if is_commit(&bytes[..count], &mut names) {
            let turn = commits.fetch_add(1, Ordering::Relaxed) + 1;
            if turn.is_multiple_of(7) {
                return;
            }
            unanswered.store(turn.is_multiple_of(5), Ordering::SeqCst);
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

/// Carries answers until either side ends, or there is one to a commit that is not to be answered.
async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, unanswered: Arc<AtomicBool>) {
    let mut bytes = vec![0; 1 << 20];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if unanswered.load(Ordering::SeqCst) || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

/// Whether a statement that moves the head is carried out. It is named when it is prepared (name, zero, text), and later
/// goes by that name (after the empty name of a portal).
fn is_commit(asked: &[u8], names: &mut Vec<Vec<u8>>) -> bool {
    const TEXT: &[u8] = b"\0WITH part_0 AS (UPDATE head ";
    for at in (0..asked.len()).filter(|at| asked[*at..].starts_with(TEXT)) {
        let digits = asked[..at].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        names.push([&[0], &asked[at - digits - 1..at], &[0]].concat());
    }
    names.iter().any(|name| asked.windows(name.len()).any(|window| window == name))
}

/// While the wire of a busy record is cut again and again, nothing is lost and nothing is done twice: whoever is told
/// that the outcome is unknown asks again with the same key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_connection_is_cut_is_made_once() {
    let place = Place::postgres().await;
    let Location::Postgres { url, schema, directory } = place.location.clone() else { unreachable!() };
    place.open().await.close().await;
    let location = Location::Postgres { url: cutting_wire(&url).await, schema, directory };
    let record = Record::open(&location, place.options()).await.unwrap();
    let before = record.status().await.unwrap().sequence;
    let writers: Vec<_> = (0..4u64).map(|writer| tokio::spawn(write_with_keys(record.clone(), writer))).collect();
    let mut unknown = 0;
    for writer in writers {
        unknown += writer.await.unwrap();
    }
    assert!(unknown > 5, "only {unknown} commits were cut");
    assert_eq!(record.status().await.unwrap().sequence, before + 4 * 25);
    for writer in 0..4 {
        for number in 0..25 {
            assert!(there(&record, &key(&format!("Kind{}", writer * 1000 + number), "a")).await);
        }
    }
    let report = record.verify(record::VerifyOptions { index: true, ..Default::default() }, |_, _| {}).await.unwrap();
    assert!(report.holds(), "{:?} {:?}", report.journal.findings, report.store);
}

/// Commits things of its own, asking again until each is acknowledged; returns how often the outcome was unknown.
async fn write_with_keys(record: Record, writer: u64) -> u64 {
    let mut unknown = 0;
    for number in 0..25 {
        loop {
            match keyed(&record, writer * 1000 + number).await {
                Ok(_) => break,
                Err(TransactError::Problem(problem)) => {
                    assert!(matches!(problem, Problem::Closed), "{problem:?}");
                    unknown += 1;
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    unknown
}

/// A thing whose names nobody has seen before, so that readers depend on the names of a commit that was cut.
fn of_new_kind(number: u64) -> Vec<Change> {
    let code = format!("code Thing.code system{number}|code");
    vec![Change::Put(key(&format!("Kind{number}"), "a"), lines(&[&code]))]
}

async fn keyed(record: &Record, number: u64) -> Result<Receipt, TransactError<No>> {
    let mut act = act("create");
    act.idempotency = Some(record::IdempotencyKey { key: format!("k{number}"), digest: [7; 32] });
    let decide =
        move |_: Arc<Reading>| async move { Ok(Draft { changes: of_new_kind(number), assertions: Vec::new() }) };
    record.transact(&host(), act, decide).await
}

/// The order of the index rows before they were kept by neighbourhood, under each name that it could have.
const EARLIER_ORDER: [&str; 3] = ["idx_pkey", "idx_next_pkey", "idx_next_pkey1"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_an_earlier_release_are_brought_up_to_date() {
    for name in EARLIER_ORDER {
        let place = Place::postgres().await;
        let record = place.open().await;
        put(&record, named(1)).await;
        record.close().await;
        place
            .tamper(&format!(
                "DROP TABLE trail; DROP TABLE erased_whose; \
                 DROP INDEX idx_key_expr_idx; UPDATE schema_version SET step = 4; \
                 ALTER TABLE idx ADD CONSTRAINT {name} PRIMARY KEY (key, rid)"
            ))
            .await;
        let record = place.open().await;
        put(&record, named(2)).await;
        let options = record::VerifyOptions { index: true, ..Default::default() };
        let found = record.verify(options, |_, _| {}).await.unwrap();
        assert!(found.journal.findings.is_empty(), "{:?}", found.journal.findings);
        // That release had no trail; its own is made with the index, which here nobody asked for.
        assert!(found.store.iter().all(|finding| finding.kind == "trail-row-missing"), "{:?}", found.store);
        record.close().await;
        // Fails where it is not there, or the earlier one still is.
        place.tamper("DROP INDEX idx_key_expr_idx; ALTER TABLE idx ADD PRIMARY KEY (key, rid)").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_owner_deposes_the_first() {
    let place = Place::postgres().await;
    let first = place.open().await;
    put(&first, named(1)).await;
    let second = place.open().await;
    put(&second, named(2)).await;
    let late = try_put(&first, &host(), named(3)).await;
    assert!(matches!(late, Err(TransactError::Problem(Problem::Deposed { .. }))), "{late:?}");
    let later = try_put(&first, &host(), named(3)).await;
    assert!(matches!(later, Err(TransactError::Problem(Problem::Deposed { .. } | Problem::Closed))), "{later:?}");
    assert!(there(&second, &key("Thing", "t2")).await && !there(&second, &key("Thing", "t3")).await);
    put(&second, named(4)).await;
}

/// One server of the test's own: crashed under a record, then made careless.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_may_crash_but_not_be_careless() {
    let mut server = tokio::task::spawn_blocking(|| Server::start().unwrap()).await.unwrap();
    let place = Place::sqlite();
    let at = |url: &str| Location::Postgres {
        url: url.into(),
        schema: "trust".into(),
        directory: place.directory().join("postgres"),
    };
    let record = Record::open(&at(&server.url()), place.options()).await.unwrap();
    put(&record, named(1)).await;
    server.crash().unwrap();
    let mut server = tokio::task::spawn_blocking(move || server.start_again().map(|()| server)).await.unwrap().unwrap();
    assert!(there(&record, &key("Thing", "t1")).await, "read after a crash without opening again");
    put(&record, named(2)).await;
    record.close().await;

    let url = server.url();
    let careless = |setting: &'static str| {
        let url = url.clone();
        async move {
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            client.batch_execute(&format!("ALTER SYSTEM SET {setting}")).await.unwrap();
            client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
            let (name, value) = setting.split_once(" = ").unwrap();
            loop {
                let row = client.query_one(&format!("SHOW {name}"), &[]).await.unwrap();
                if row.get::<_, &str>(0) == value {
                    break;
                }
            }
        }
    };
    for setting in ["fsync", "full_page_writes"] {
        careless(if setting == "fsync" { "fsync = off" } else { "full_page_writes = off" }).await;
        let refused = Record::open(&at(&url), place.options()).await.map(|_| ());
        let Err(Problem::Unsuitable { what }) = refused else { panic!("{setting}: {refused:?}") };
        assert!(what.contains(&format!("set {setting} = on")), "{what}");
        careless(if setting == "fsync" { "fsync = on" } else { "full_page_writes = on" }).await;
    }
    careless("synchronous_commit = off").await;
    let record = Record::open(&at(&url), place.options()).await.unwrap();
    put(&record, named(3)).await;
    server.crash().unwrap();
    record.close().await;
    tokio::task::spawn_blocking(move || server.start_again().map(|()| server)).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_in_the_way_of_opening_is_said() {
    let place = Place::postgres().await;
    let Location::Postgres { url, schema, directory } = place.location.clone() else { unreachable!() };
    let open = async |url: &str, schema: &str| {
        let location = Location::Postgres { url: url.into(), schema: schema.into(), directory: directory.clone() };
        match Record::open(&location, place.options()).await {
            Ok(_) => panic!("it opened"),
            Err(problem) => format!("{problem}"),
        }
    };
    let (server, _) = url.rsplit_once('/').unwrap();
    let said = open(&format!("{server}/nowhere"), &schema).await;
    assert!(said.contains("database") && said.contains("create it"), "{said}");
    let (user, host) = url.split_once('@').unwrap();
    let wrong = format!("{}:wrong@{host}", user.rsplit_once(':').unwrap().0);
    let said = open(&wrong, &schema).await;
    assert!(said.contains("user or the password") && !said.contains("wrong@"), "{said}");
    place.tamper("CREATE SCHEMA taken; CREATE TABLE taken.head (i int)").await;
    let said = open(&url, "taken").await;
    assert!(said.contains("something else"), "{said}");
    place.open().await.close().await;
    place.tamper("UPDATE schema_version SET step = 900").await;
    let said = open(&url, &schema).await;
    assert!(said.contains("newer release"), "{said}");
}
