//! Small durable commits: one client, then 64 at once; and 64 readers whose readings are noted.
//! Uses the public face of `record` only; everything is durable before it counts.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use record::{Change, Draft, Reading, Record, TransactError};
use testkit::corpus::Corpus;

use crate::load::{act, host};
use crate::table::Figure;

/// A copy number that no load reaches.
const FRESH: usize = 50_000;

pub(crate) async fn measure(
    record: &Record,
    corpus: &Corpus,
    size: usize,
    (limit, each): (&str, f64),
    figures: &mut Vec<Figure>,
) -> Result<()> {
    let one = creates(record, corpus, 1, 2000).await?;
    let beside = format!("{:.2} of {limit} ({each:.0}/s)", one / each);
    figures.push(Figure::beside("one client, durable create", format!("{one:.0}/s"), beside));
    let many = creates(record, corpus, 64, 300).await?;
    figures.push(Figure::new("64 clients, durable create", format!("{many:.0}/s")));
    let reads = noted_reads(record, corpus, size).await?;
    figures.push(Figure::new("64 clients, get by id, noted", format!("{reads:.0}/s")));
    Ok(())
}

async fn creates(record: &Record, corpus: &Corpus, clients: usize, each: usize) -> Result<f64> {
    let permit = host()?;
    let mut work = Vec::new();
    for client in 0..clients {
        let mut mine = Vec::with_capacity(each);
        for number in 0..each {
            let source = &corpus.resources[(client * each + number) % corpus.resources.len()];
            mine.push(corpus.accept(source, FRESH + clients * 100 + client)?);
        }
        work.push(mine);
    }
    let started = Instant::now();
    let mut tasks = Vec::new();
    for mine in work {
        let (record, permit) = (record.clone(), permit.clone());
        tasks.push(tokio::spawn(async move {
            for (key, template) in mine {
                let decide = |_: Arc<Reading>| {
                    let changes = vec![Change::Put(key.clone(), template.clone())];
                    async move { Ok::<_, TransactError<()>>(Draft { changes, assertions: Vec::new() }) }
                };
                record.transact(&permit, act("create"), decide).await?;
            }
            anyhow::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok((clients * each) as f64 / started.elapsed().as_secs_f64())
}

async fn noted_reads(record: &Record, corpus: &Corpus, size: usize) -> Result<f64> {
    let permit = host()?;
    let keys: Arc<Vec<record::Key>> = Arc::new(
        corpus
            .resources
            .iter()
            .take(size.min(5000))
            .map(|source| record::Key::new(source.kind.as_str(), corpus.id_in(&source.id, 0)))
            .collect(),
    );
    let started = Instant::now();
    let mut tasks = Vec::new();
    for client in 0..64usize {
        let (record, permit, keys) = (record.clone(), permit.clone(), keys.clone());
        tasks.push(tokio::spawn(async move {
            for round in 0..500 {
                let reading = record.read(&permit, "bench").await?;
                reading.get(&keys[(client * 131 + round * 7) % keys.len()]).await?;
                reading.finish().await?;
            }
            anyhow::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(64.0 * 500.0 / started.elapsed().as_secs_f64())
}
