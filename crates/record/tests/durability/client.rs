//! The process that is killed: opens a record, lets its workers take their planned steps, and writes every
//! acknowledgement to its standard output, which another process owns, at the moment it has it.
//!
//! It is this test binary started again with [`ASKED`] set, so that it is built as the tests are.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use access::Role;
use record::{
    Act, Cause, CauseKind, Change, DeskChange, Draft, Durability, Erasure, IdempotencyKey, Location, Options, Reading,
    Receipt, Record, TransactError,
};
use terms::Moment;
use testkit::toy;

use crate::acknowledged::Line;
use crate::plan::{Deed, Look, Planned, Step, Worker};
use crate::session::{Client, Session};

/// The variable that makes this test the client: directory, seed, round, durability, and the address and name of a
/// schema or two empty lines, each on a line.
pub const ASKED: &str = "ALMONER_DURABILITY_CLIENT";
pub const ORIGIN: &str = "host-a.example/t/TST";
/// A segment of so many bytes ends after a few leaves.
const SHORT_SEGMENT_BYTES: u64 = 1000;
/// So short that some twenty commits fill it.
const SHORT_LOG_PAGES: u32 = 200;
/// Workers of a round; their names count on from round to round.
pub const WORKERS: u64 = 4;

/// What a client is asked to do.
#[derive(Debug, Clone)]
pub struct Asked {
    pub directory: PathBuf,
    pub seed: u64,
    pub round: u64,
    pub durability: Durability,
    /// The PostgreSQL schema; none for SQLite.
    pub schema: Option<Schema>,
}

/// Where a record on PostgreSQL keeps its tables.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    pub url: String,
    pub name: String,
}

impl Asked {
    pub fn text(&self) -> String {
        let off = self.durability == Durability::Off;
        let Schema { url, name } = self.schema.clone().unwrap_or_default();
        format!("{}\n{}\n{}\n{off}\n{url}\n{name}\n", self.directory.display(), self.seed, self.round)
    }

    fn parse(text: &str) -> Asked {
        let words: Vec<&str> = text.lines().collect();
        let [directory, seed, round, off, url, name] = words.as_slice() else {
            panic!("not what a client is asked: {text}")
        };
        let durability = if *off == "true" { Durability::Off } else { Durability::Full };
        let (seed, round) = (seed.parse().unwrap(), round.parse().unwrap());
        let schema = (!url.is_empty()).then(|| Schema { url: (*url).to_owned(), name: (*name).to_owned() });
        Asked { directory: directory.into(), seed, round, durability, schema }
    }

    /// The names of this round's workers.
    pub fn workers(&self) -> std::ops::Range<u64> {
        self.round * WORKERS..(self.round + 1) * WORKERS
    }
}

pub fn location(directory: &Path, schema: Option<&Schema>) -> Location {
    let directory = directory.to_owned();
    match schema.cloned() {
        Some(Schema { url, name }) => Location::Postgres { url, schema: name, directory },
        None => Location::Sqlite { directory },
    }
}

/// Options with a clock that counts, from a start that rises with the round.
pub fn options(round: u64, durability: Durability) -> Options {
    let clock = AtomicI64::new(1_800_000_000_000 + round as i64 * 100_000);
    Options {
        indexing: toy::indexing(),
        clock: Arc::new(move || Moment(clock.fetch_add(1, Ordering::Relaxed))),
        host: "host-a".into(),
        origin: ORIGIN.into(),
        durability,
        segment_bytes: Options::SEGMENT_BYTES,
        log_pages: Options::LOG_PAGES,
    }
}

/// With short segments for every third seed, so that clients often go on in the next one, and with a short log for half of
/// the seeds, so that it is copied again and again while they work.
pub fn client_options(seed: u64, round: u64, durability: Durability) -> Options {
    let segment_bytes = if seed.is_multiple_of(3) { SHORT_SEGMENT_BYTES } else { Options::SEGMENT_BYTES };
    let log_pages = if matches!(seed % 6, 0..=2) { SHORT_LOG_PAGES } else { Options::LOG_PAGES };
    Options { segment_bytes, log_pages, ..options(round, durability) }
}

/// As the client: works until it is killed or its input ends. As a test: works until a few hundred acknowledgements
/// were given, closes, and everything acknowledged is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_works_and_closes() {
    if let Ok(text) = std::env::var(ASKED) {
        return work(&Asked::parse(&text)).await;
    }
    let place = tempfile::tempdir().unwrap();
    let session = Session::new(place.path(), 3);
    let mut client = Client::start(&session, 0);
    client.wait_for(400);
    let ended = client.close();
    assert!(ended.success, "{:?}", ended.lines.last());
    let found = crate::check::check(&session, 1, &ended.lines).await;
    assert!(found.losses.is_empty(), "{:#?}", found.losses);
    assert!(found.blobs >= 5, "{found:?}");
    assert!(found.commits >= 100 && found.reads >= 50 && found.changes_of_segment >= 5, "{found:?}");
}

async fn work(asked: &Asked) {
    let out = Output::new();
    let location = location(&asked.directory, asked.schema.as_ref());
    let record = match Record::open(&location, client_options(asked.seed, asked.round, asked.durability)).await {
        Ok(record) => record,
        Err(problem) => return out.write(&Line::Stopped(format!("cannot open: {problem:?}"))),
    };
    let epoch = record.status().await.unwrap().epoch;
    out.write(&Line::Open { epoch, key: record.verifier_key().to_string() });
    let stop = stop_with_input();
    let mut workers = Vec::new();
    for name in asked.workers() {
        let (record, out, stop, seed) = (record.clone(), out.clone(), stop.clone(), asked.seed);
        workers.push(tokio::spawn(async move {
            for step in Worker::new(seed, name).take_while(|_| !stop.load(Ordering::Relaxed)) {
                match perform(&record, &step).await {
                    Ok(line) => out.write(&line),
                    Err(why) => return out.write(&Line::Stopped(why)),
                }
            }
        }));
    }
    for worker in workers {
        worker.await.unwrap();
    }
    record.close().await;
}

/// Set when the standard input ends: the test wants the client to close, or is gone.
fn stop_with_input() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = stop.clone();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        seen.store(true, Ordering::Relaxed);
    });
    stop
}

/// The standard output, each line in one write and past the test runner's capture.
#[derive(Clone)]
struct Output(Arc<File>);

impl Output {
    fn new() -> Output {
        let output = File::from(std::io::stdout().as_fd().try_clone_to_owned().unwrap());
        (&output).write_all(b"\n").unwrap();
        Output(Arc::new(output))
    }

    fn write(&self, line: &Line) {
        // When nobody reads any more there is nobody to tell.
        let _ = (&*self.0).write_all(format!("{line}\n").as_bytes());
    }
}

/// Takes one step and says what was acknowledged, or what went wrong.
pub async fn perform(record: &Record, step: &Step) -> Result<Line, String> {
    let (worker, number) = (step.worker, step.number);
    let failed = |problem: record::Problem| format!("{problem:?}");
    match &step.deed {
        Deed::Commit { keyed, .. } => acknowledge(record, step, *keyed).await,
        Deed::Erase(..) => acknowledge(record, step, true).await,
        Deed::Read(looks) => {
            let reading = record.read(&host(), format!("look {}", step.token())).await.map_err(failed)?;
            for look in looks {
                see(&reading, look).await?;
            }
            reading.finish().await.map_err(failed)?;
            Ok(Line::Read { worker, number })
        }
        Deed::Desk => {
            let made = record.desk_put(desk_rows(step)).await.map_err(failed)?;
            if made == [true, true] { Ok(Line::Desk { worker, number }) } else { Err(format!("fault: desk {made:?}")) }
        }
        Deed::Checkpoint => {
            let text = record.checkpoint().await.map_err(failed)?.to_string();
            Ok(Line::Checkpoint { worker, number, text })
        }
    }
}

/// The two rows that a desk step changes together.
fn desk_rows(step: &Step) -> Vec<DeskChange> {
    let row = |side: &str| DeskChange {
        kind: "count".into(),
        key: format!("{side}-{}", step.worker),
        content: Some((step.token().into_bytes(), None)),
        expected: None,
    };
    vec![row("left"), row("right")]
}

async fn see(reading: &Reading, look: &Look) -> Result<(), String> {
    let found = reading.get(&look.key).await.map_err(|problem| format!("{problem:?}"))?;
    let version = found.map_or(0, |version| version.version);
    if version == look.version { Ok(()) } else { Err(format!("fault: saw version {version}, wrote {look:?}")) }
}

/// What a step does, for the entry's header.
fn act(step: &Step, keyed: bool) -> Act {
    let digest = [(step.number % 256) as u8; 32];
    let idempotency = keyed.then(|| IdempotencyKey { key: step.token(), digest });
    let cause = Cause { kind: CauseKind::System, reference: "durability".into() };
    Act { command: format!("step {}", step.token()), cause, idempotency }
}

/// Carries a change out; every third that has a key is sent once more, as a client does that lost the answer.
async fn acknowledge(record: &Record, step: &Step, keyed: bool) -> Result<Line, String> {
    let act = act(step, keyed);
    let receipt = carry_out(record, &step.deed, &act).await?;
    if keyed && step.number.is_multiple_of(3) {
        let again = carry_out(record, &step.deed, &act).await?;
        if (again.sequence, &again.written) != (receipt.sequence, &receipt.written) {
            return Err(format!("fault: committed twice: {receipt:?} {again:?}"));
        }
    }
    Ok(Line::commit(step.worker, step.number, &receipt))
}

async fn carry_out(record: &Record, deed: &Deed, act: &Act) -> Result<Receipt, String> {
    match deed {
        Deed::Commit { changes, .. } => commit(record, act, changes).await,
        Deed::Erase(key, version) => {
            let (authority, reason) = ("the suite".to_owned(), "to see it go".to_owned());
            let erasure = Erasure { versions: vec![(key.clone(), *version)], authority, reason };
            record.erase(&host(), act.clone(), erasure).await.map_err(|problem| format!("{problem:?}"))
        }
        Deed::Read(_) | Deed::Desk | Deed::Checkpoint => Err(format!("not a change: {deed:?}")),
    }
}

async fn commit(record: &Record, act: &Act, changes: &[Planned]) -> Result<Receipt, String> {
    let decide = |reading: Arc<Reading>| async move {
        let mut draft = Draft::default();
        for planned in changes {
            let version = match planned.version {
                Some(version) => version,
                None => reading.get(&planned.key).await?.map_or(0, |found| found.version) + 1,
            };
            draft.changes.push(match planned.lines_as(version) {
                Some(lines) => Change::Put(planned.key.clone(), toy::text(&lines)),
                None => Change::Delete(planned.key.clone()),
            });
        }
        Ok(draft)
    };
    loop {
        match record.transact::<(), _, _>(&host(), act.clone(), decide).await {
            Ok(receipt) => return Ok(receipt),
            Err(TransactError::Contended { .. }) => {}
            Err(other) => return Err(format!("{other:?}")),
        }
    }
}

/// The permit of everything that the suites do.
pub fn host() -> access::Permit {
    toy::permit(Role::Host, "host/test")
}
