//! A full disk: a write says so, reading goes on with its access notes, and once there is room writing goes on without
//! repair or reopening. Nothing acknowledged is lost, also when the disk fills while the log is copied into the
//! database, or is full when the record is opened.

use std::fs::File;
use std::path::Path;

use record::{Durability, Key, Problem, Record};
use testkit::disk::SmallDisk;

use crate::acknowledged::Line;
use crate::check::check;
use crate::client::{client_options, host, location, options, perform};
use crate::files::Files;
use crate::plan::{Step, Worker};
use crate::session::{Client, Session};

/// The length of the log at which it is copied into the database: 4,000 pages, each with its frame header.
const COPIED_AT: u64 = 4000 * (4096 + 24);

/// A small disk; `None`, and a word about it, where it cannot be mounted.
fn small_disk(megabytes: u32) -> Option<SmallDisk> {
    let mounted = SmallDisk::mount(megabytes);
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(mounted.is_ok() || !in_ci, "a small disk cannot be mounted; CI has to run this as root");
    if mounted.is_err() {
        crate::publish("skipped: a small disk (tmpfs) cannot be mounted; run as root");
    }
    mounted.ok()
}

/// One worker on a record in this process; a step that failed is taken again.
struct Driver {
    record: Record,
    steps: std::iter::Peekable<Worker>,
    told: Vec<Line>,
}

impl Driver {
    async fn open(session: &Session) -> Driver {
        let options = client_options(session.seed, 0, Durability::Full);
        let record = Record::open(&location(&session.directory, None), options).await.unwrap();
        Driver { record, steps: Worker::new(session.seed, 0).peekable(), told: Vec::new() }
    }

    async fn advance(&mut self) -> Result<(), String> {
        let line = perform(&self.record, self.steps.peek().unwrap()).await?;
        self.steps.next();
        self.told.push(line);
        Ok(())
    }

    /// Works until something fails, and says what.
    async fn until_failure(&mut self) -> String {
        loop {
            if let Err(why) = self.advance().await {
                return why;
            }
        }
    }

    fn next(&mut self) -> &Step {
        self.steps.peek().unwrap()
    }
}

/// A write fails as full, again and again, while reading goes on; then there is room and writing goes on.
async fn full_then_room(driver: &mut Driver, disk: &SmallDisk) {
    let why = driver.until_failure().await;
    assert!(why.ends_with("Full") || why == "Problem(Full)", "{why} at step {}", driver.next().token());
    for number in 0..300 {
        if number % 20 == 0 {
            let why = driver.advance().await.unwrap_err();
            assert!(why.contains("Full"), "{why}");
        }
        look(&driver.record, &format!("while full {number}")).await;
    }
    disk.free().unwrap();
    for _ in 0..60 {
        driver.advance().await.unwrap();
    }
}

async fn look(record: &Record, query: &str) {
    let reading = record.read(&host(), query).await.unwrap();
    reading.get(&Key::new("Thing", "shared-0")).await.unwrap();
    reading.finish().await.unwrap();
}

/// Closes, and checks everything that was acknowledged.
async fn close_and_check(driver: Driver, session: &Session) {
    let Driver { record, told, .. } = driver;
    record.close().await;
    let found = check(session, 1, &told).await;
    assert!(found.losses.is_empty(), "{:#?}", found.losses);
    let reads = Files::read(&session.directory).unwrap().reads();
    let noted = reads.iter().filter(|read| read.query.starts_with("while full ")).count();
    assert_eq!(noted, 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writing_goes_on_when_there_is_room_again() {
    let Some(disk) = small_disk(40) else { return };
    let session = Session::new(disk.path(), 3);
    disk.fill(16 << 20).unwrap();
    let mut driver = Driver::open(&session).await;
    full_then_room(&mut driver, &disk).await;
    crate::publish(&format!("disk full (tmpfs): {} acknowledged, none lost", driver.told.len()));
    close_and_check(driver, &session).await;
}

/// The log has reached the size at which it is copied into the database, which cannot grow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_of_the_log_waits_for_room() {
    let Some(disk) = small_disk(112) else { return };
    let session = Session::new(disk.path(), 9);
    let mut driver = Driver::open(&session).await;
    let log = session.directory.join("record.db-wal");
    while std::fs::metadata(&log).unwrap().len() < COPIED_AT - (1 << 20) {
        driver.advance().await.unwrap();
    }
    disk.fill(usize::MAX).unwrap();
    let file = File::options().write(true).open(disk.ballast()).unwrap();
    file.set_len(file.metadata().unwrap().len() - (3 << 20)).unwrap();
    drop(file);
    let why = driver.until_failure().await;
    assert!(why.contains("Full"), "{why}");
    let database = session.directory.join("record.db");
    let length = |path: &Path| std::fs::metadata(path).unwrap().len();
    let (log_when_full, database_when_full) = (length(&log), length(&database));
    assert!(log_when_full > COPIED_AT, "the log was never long enough to be copied");
    full_then_room(&mut driver, &disk).await;
    assert!(length(&database) > database_when_full, "the log was not copied when there was room");
    crate::publish(&format!("disk full while the log is copied: {} acknowledged, none lost", driver.told.len()));
    close_and_check(driver, &session).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_opens_once_there_is_room() {
    let Some(disk) = small_disk(64) else { return };
    let session = Session::new(disk.path(), 1);
    let mut client = Client::start(&session, 0);
    client.wait_for(200);
    let ended = client.kill();
    for _ in 0..2 {
        disk.fill(usize::MAX).unwrap();
        for _ in 0..3 {
            // A log that was copied in full begins again in the room it has: then opening needs none.
            match Record::open(&location(&session.directory, None), options(1, Durability::Full)).await {
                Ok(record) => record.close().await,
                Err(problem) => assert!(matches!(problem, Problem::Full), "{problem:?}"),
            }
        }
        disk.free().unwrap();
        let found = check(&session, 1, &ended.lines).await;
        assert!(found.losses.is_empty(), "{:#?}", found.losses);
    }
    crate::publish("disk full at opening, after kill -9 and after closing: opened, or refused as full; then whole");
}

#[tokio::test]
async fn a_record_is_not_made_half_on_a_full_disk() {
    let Some(disk) = small_disk(8) else { return };
    let session = Session::new(disk.path(), 0);
    disk.fill(usize::MAX).unwrap();
    let ballast = File::options().write(true).open(disk.ballast()).unwrap();
    let mut refused = 0;
    loop {
        match Record::open(&location(&session.directory, None), options(0, Durability::Full)).await {
            Ok(record) => break record.close().await,
            Err(problem) => assert!(matches!(problem, Problem::Full), "after {refused} refusals: {problem:?}"),
        }
        refused += 1;
        let less = ballast.metadata().unwrap().len().checked_sub(16 << 10).unwrap();
        ballast.set_len(less).unwrap();
    }
    drop(ballast);
    disk.free().unwrap();
    let found = check(&session, 0, &[]).await;
    assert!(found.losses.is_empty() && refused > 5, "{refused} {:#?}", found.losses);
    crate::publish(&format!(
        "a record made while room was added bit by bit: refused as full {refused} times, then whole"
    ));
}
