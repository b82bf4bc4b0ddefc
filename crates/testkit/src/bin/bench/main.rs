//! The benchmark program: `cargo xtask bench` builds it as users build the product and writes docs/performance.md.
//!
//! Every figure stands beside the limit of the machine measured in the same run, because absolute figures move with
//! the machine. Input is the Synthea suite, multiplied with fresh ids; every resource is validated, indexed by every
//! search parameter and durable when it counts.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark prints and reads the clock")]

mod corpus;
mod floor;
mod load;
mod queries;
mod single;

use std::path::PathBuf;

use anyhow::{Result, bail};
use record::Location;

/// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One line of the result table.
pub(crate) struct Figure {
    pub(crate) what: String,
    pub(crate) value: String,
    pub(crate) beside: String,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut sizes = vec![100_000usize];
    let mut stores = vec!["sqlite".to_owned()];
    let mut given = arguments.iter();
    while let Some(argument) = given.next() {
        match (argument.as_str(), given.next()) {
            ("--sizes", Some(list)) => sizes = list.split(',').map(str::parse).collect::<Result<_, _>>()?,
            ("--stores", Some(list)) => stores = list.split(',').map(str::to_owned).collect(),
            _ => bail!("usage: bench [--sizes 100000,1000000] [--stores sqlite,postgres]"),
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let corpus = corpus::Corpus::read()?;
    println!("corpus: {} resources, {} bytes on average", corpus.resources.len(), corpus.mean_bytes());
    let floor = floor::measure(&corpus)?;
    println!("floor on one core: {:.0} resources/s", floor.resources_per_second);
    let sync = floor::fdatasync_per_second()?;
    println!("append 4 KB and fdatasync: {sync:.0}/s");
    for store in &stores {
        for &size in &sizes {
            let mut figures = Vec::new();
            runtime.block_on(run(store, size, &corpus, (floor.resources_per_second, sync), &mut figures))?;
            println!("\n{store}, {size} resources");
            for figure in figures {
                println!("| {} | {} | {} |", figure.what, figure.value, figure.beside);
            }
        }
    }
    Ok(())
}

async fn run(
    store: &str,
    size: usize,
    corpus: &corpus::Corpus,
    (floor, sync): (f64, f64),
    figures: &mut Vec<Figure>,
) -> Result<()> {
    let folder = tempfile::tempdir_in(target_folder())?;
    let (location, _database) = locate(store, folder.path().to_owned()).await?;
    let record = load::open(&location).await?;
    load::measure(&record, corpus, size, floor, figures).await?;
    queries::measure(&record, corpus, figures).await?;
    single::measure(&record, corpus, sync, figures).await?;
    record.close().await;
    let started = std::time::Instant::now();
    let record = load::open(&location).await?;
    figures.push(Figure {
        what: "open again".into(),
        value: format!("{:.2?}", started.elapsed()),
        beside: String::new(),
    });
    load::verify(&record, figures).await?;
    record.close().await;
    Ok(())
}

async fn locate(store: &str, directory: PathBuf) -> Result<(Location, Option<testkit::postgres::TestDatabase>)> {
    match store {
        "sqlite" => Ok((Location::Sqlite { directory }, None)),
        "postgres" => {
            let database = testkit::postgres::fresh().await?;
            let location = Location::Postgres { url: database.url.clone(), schema: "bench".into(), directory };
            Ok((location, Some(database)))
        }
        other => bail!("there is no store {other}"),
    }
}

fn target_folder() -> PathBuf {
    let target = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/bench"));
    let _ = std::fs::create_dir_all(&target);
    target
}
