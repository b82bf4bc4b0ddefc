//! The limits of the machine: what a bulk load cannot do without, on one core, and what one durable append costs.
//! Uses the same functions as the product, and no store.
#![expect(clippy::disallowed_methods, reason = "a limit is measured by the clock")]

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result};
use fhir::{Document, Limits};
use terms::index::{Part, Row};

use crate::corpus::Corpus;

/// Where benchmarks keep what they make: on the disk that is built on.
///
/// # Errors
/// The folder cannot be made.
pub fn target_folder() -> Result<PathBuf> {
    let target = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/bench"));
    std::fs::create_dir_all(&target).context("making the folder of benchmarks")?;
    Ok(target)
}

/// What a bulk load cannot do without.
#[derive(Debug, Clone, Copy)]
pub struct Floor {
    /// Index rows of a resource, on average.
    pub rows: f64,
    /// How many resources a second.
    pub resources_per_second: f64,
}

/// Extract, make keys, hash, compress, append, sort and flush sorted runs: nothing else, on one core.
///
/// # Errors
/// A resource of the suite cannot be read, or the file not written.
pub fn measure(corpus: &Corpus) -> Result<Floor> {
    let mut file = tempfile::tempfile_in(target_folder()?)?;
    let samples: Vec<&[u8]> = corpus.resources.iter().step_by(40).map(|source| source.text.as_slice()).collect();
    let dictionary = zstd::dict::from_samples(&samples, 64 << 10)?;
    let mut compressor = zstd::bulk::Compressor::with_dictionary(1, &dictionary)?;
    let started = Instant::now();
    let mut run: Vec<Vec<u8>> = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    let mut all_rows = 0;
    let many = corpus.resources.len().min(60_000);
    for source in &corpus.resources[..many] {
        let document = Document::parse(&source.text, &Limits::default())?;
        rows.clear();
        fhir::search::index_rows(&source.kind, &source.id, &document, &mut rows);
        all_rows += rows.len();
        run.extend(rows.iter().map(key));
        let digest = journal::version_digest(&[7; 16], &source.text);
        file.write_all(&digest)?;
        file.write_all(&compressor.compress(&source.text)?)?;
        if run.len() > 200_000 {
            flush(&mut run, &mut file)?;
        }
    }
    flush(&mut run, &mut file)?;
    file.sync_data()?;
    let resources_per_second = many as f64 / started.elapsed().as_secs_f64();
    Ok(Floor { rows: all_rows as f64 / many as f64, resources_per_second })
}

/// A key of about the length that a store keeps.
fn key(row: &Row) -> Vec<u8> {
    let mut key = row.parameter.as_bytes()[..2].to_vec();
    for part in &row.parts {
        match part {
            Part::Code { code, .. } => key.extend(code.bytes().take(7)),
            Part::Target { id, .. } => key.extend(id.bytes().take(5)),
            Part::Kind(kind) => key.extend(kind.bytes().take(2)),
            Part::Fixed(bytes) => key.extend_from_slice(bytes),
            Part::Text(text) => key.extend_from_slice(text),
        }
    }
    key
}

fn flush(run: &mut Vec<Vec<u8>>, file: &mut std::fs::File) -> Result<()> {
    run.sort_unstable();
    let mut bytes = Vec::with_capacity(run.iter().map(Vec::len).sum());
    for key in run.drain(..) {
        bytes.extend_from_slice(&key);
    }
    file.write_all(&bytes)?;
    Ok(())
}

/// How often 4 KB can be appended and synced in a second.
///
/// # Errors
/// The file cannot be written.
pub fn fdatasync_per_second() -> Result<f64> {
    let mut file = tempfile::tempfile_in(target_folder()?)?;
    let block = [7u8; 4096];
    let started = Instant::now();
    for _ in 0..2000 {
        file.write_all(&block)?;
        file.sync_data()?;
    }
    Ok(2000.0 / started.elapsed().as_secs_f64())
}

/// How often a row of one byte can be inserted and committed in a second, on one connection.
///
/// # Errors
/// The server does not answer, or refuses.
pub async fn commits_per_second(url: &str) -> Result<f64> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.context("connecting")?;
    let connection = tokio::spawn(connection);
    client.batch_execute("CREATE TABLE bare (one BYTEA)").await?;
    let insert = client.prepare("INSERT INTO bare VALUES ('x')").await?;
    let started = Instant::now();
    for _ in 0..2000 {
        client.execute(&insert, &[]).await?;
    }
    let rate = 2000.0 / started.elapsed().as_secs_f64();
    client.batch_execute("DROP TABLE bare").await?;
    connection.abort();
    Ok(rate)
}
