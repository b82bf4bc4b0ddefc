//! Bulk load through the one door, and verification of what it made.
//! Uses the public face of `record` only, with validation and every index function switched on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use access::{Grant, Permit, Role, decide};
use anyhow::Result;
use fhir::{Document, Limits};
use record::{
    Act, Cause, CauseKind, Change, Draft, Durability, Indexing, Location, Options, Reading, Record, Source,
    TransactError, VerifyOptions,
};
use terms::Moment;
use terms::index::Row;
use testkit::corpus::Corpus;

use crate::table::Figure;

/// Resources in one commit of a load.
const BATCH: usize = 500;
/// How long after its last work a store has certainly emptied its log.
const UNTIL_REST: Duration = Duration::from_secs(8);
/// Batches under way at once.
const AT_ONCE: usize = 16;

pub(crate) fn host() -> Result<Permit> {
    Ok(decide(Grant::role("host/bench", "Bench", Role::Host), Moment(0))?)
}

pub(crate) fn act(command: &str) -> Act {
    let cause = Cause { kind: CauseKind::Batch, reference: "bench".into() };
    Act { command: command.into(), cause, idempotency: None }
}

pub(crate) async fn open(location: &Location) -> Result<Record> {
    let extract = |source: Source<'_>, rows: &mut Vec<Row>| {
        if let Ok(document) = Document::parse(source.text, &Limits::default()) {
            fhir::search::index_rows(source.kind, source.id, &document, rows);
        }
    };
    let whose = |source: Source<'_>, rows: &mut Vec<Row>| {
        if let Ok(document) = Document::parse(source.text, &Limits::default()) {
            fhir::search::compartment_rows(source.kind, source.id, &document, rows);
        }
    };
    let clock = || {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Moment(since.as_millis() as i64)
    };
    let options = Options {
        indexing: Indexing::new(vec![("fhir", 3)], extract).telling_whose(whose),
        clock: Arc::new(clock),
        host: "bench".into(),
        origin: "bench.example/t/BENCH".into(),
        durability: Durability::Full,
        segment_bytes: Options::SEGMENT_BYTES,
        log_pages: Options::LOG_PAGES,
    };
    Ok(Record::open(location, options).await?)
}

/// Loads `size` resources in batches, a few under way at once, and reports rate and size on disk.
pub(crate) async fn measure(
    record: &Record,
    corpus: &Corpus,
    size: usize,
    floor: f64,
    figures: &mut Vec<Figure>,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let started = Instant::now();
    let permit = host()?;
    let worker = async || -> Result<()> {
        loop {
            let from = next.fetch_add(BATCH, Ordering::Relaxed);
            if from >= size {
                return Ok(());
            }
            commit(record, corpus, &permit, from..size.min(from + BATCH)).await?;
            if from > 0 && from.is_multiple_of(size / 10) {
                let rate = from as f64 / started.elapsed().as_secs_f64();
                println!("  {from} loaded, {rate:.0}/s so far");
            }
        }
    };
    let handle = tokio::runtime::Handle::current();
    let (handle, worker) = (&handle, &worker);
    std::thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(move || handle.block_on(worker()))).collect();
        for worker in workers {
            worker.join().map_err(|_| anyhow::anyhow!("a worker stopped"))??;
        }
        Ok(())
    })?;
    let rate = size as f64 / started.elapsed().as_secs_f64();
    let bytes = record.status().await?.bytes as f64 / size as f64;
    let beside = format!("{:.2} of the floor", rate / floor);
    figures.push(Figure::beside("bulk load inside the process", format!("{rate:.0} resources/s"), beside));
    figures.push(Figure::new("on disk, log included", format!("{bytes:.0} bytes a resource")));
    tokio::time::sleep(UNTIL_REST).await;
    let bytes = record.status().await?.bytes as f64 / size as f64;
    figures.push(Figure::new("on disk, in a pause", format!("{bytes:.0} bytes a resource")));
    Ok(())
}

async fn commit(record: &Record, corpus: &Corpus, permit: &Permit, range: std::ops::Range<usize>) -> Result<()> {
    let mut changes = Vec::with_capacity(range.len());
    let mut seen = std::collections::HashSet::new();
    for number in range {
        let source = &corpus.resources[number % corpus.resources.len()];
        let (key, template) = corpus.accept(source, number / corpus.resources.len())?;
        if seen.insert(key.clone()) {
            changes.push(Change::Put(key, template));
        }
    }
    let decide = |_: Arc<Reading>| {
        let draft = Draft { changes: changes.clone(), assertions: Vec::new() };
        async move { Ok::<_, TransactError<()>>(draft) }
    };
    record.transact(permit, act("load"), decide).await?;
    Ok(())
}

/// Verifies the journal and the texts, then also the index.
pub(crate) async fn verify(record: &Record, figures: &mut Vec<Figure>) -> Result<()> {
    for index in [false, true] {
        let started = Instant::now();
        let report = record.verify(VerifyOptions { index, ..VerifyOptions::default() }, |_, _| {}).await?;
        anyhow::ensure!(report.holds(), "the record does not hold: {:?} {:?}", report.journal.findings, report.store);
        let rate = report.journal.versions as f64 / started.elapsed().as_secs_f64();
        let what = if index { "verify with index" } else { "verify" };
        figures.push(Figure::new(what, format!("{rate:.0} versions/s")));
    }
    Ok(())
}
