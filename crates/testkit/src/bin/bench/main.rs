//! The benchmark program: `cargo xtask bench` builds it and the product as users build them, runs it, and with `--publish`
//! writes what it found to docs/performance.md.
//!
//! Every figure stands beside the limit of the machine measured in the same run, because absolute figures move with
//! the machine. Input is the Synthea suite, multiplied with fresh ids; every resource is validated, indexed by every
//! search parameter and durable when it counts.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark prints and reads the clock")]

mod http;
mod limits;
mod load;
mod moving;
mod product;
mod queries;
mod requests;
mod single;
mod table;

use std::path::PathBuf;

use anyhow::{Result, bail};
use record::Location;
use testkit::corpus::{Corpus, Shape};
use testkit::floor::{self, Floor, target_folder};
use testkit::postgres::{Server, TestDatabase};
use testkit::program::Program;

use table::{Figure, Table};

/// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: bench [--sizes 100000,1000000] [--stores sqlite,postgres] [--inputs compact,as-is] \
     [--parts record,product,move] [--cuts 20] [--data DIR] [--program target/release/almoner] [--tables FILE]";

/// What is to be measured.
struct Wanted {
    sizes: Vec<usize>,
    stores: Vec<String>,
    inputs: Vec<Shape>,
    parts: Vec<String>,
    /// How often a trust is cut over, there and back.
    cuts: usize,
    program: PathBuf,
    /// Where the records of the part `record` on SQLite are made and stay; one that is there is not loaded again.
    data: Option<PathBuf>,
    /// Where the tables are written as Markdown.
    tables: Option<PathBuf>,
}

fn main() -> Result<()> {
    let wanted = wanted(std::env::args().skip(1))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let has_server = wanted.stores.iter().any(|store| store == "postgres");
    let server = if has_server { Some(Server::start_large()?) } else { None };
    let mut tables = String::new();
    for &shape in &wanted.inputs {
        let corpus = Corpus::read(shape)?;
        let floor = floor::measure(&corpus)?;
        let limits = Table::limits(&corpus, &floor);
        println!("{limits}");
        tables.push_str(&format!("{limits}\n"));
        for store in &wanted.stores {
            for &size in &wanted.sizes {
                if wanted.parts == ["move"] {
                    continue;
                }
                let mut table = Table::new(&format!("{}, {size} resources, {} input", name(store), shape.name()));
                let server = server.as_ref().filter(|_| store == "postgres");
                runtime.block_on(run(&wanted, server, size, (&corpus, shape), &floor, &mut table.figures))?;
                println!("{table}");
                tables.push_str(&format!("{table}\n"));
            }
        }
        // One line of an NDJSON file is one text, which indented ones are not.
        if wanted.parts.iter().any(|part| part == "move") && shape == Shape::Compact {
            for table in runtime.block_on(moves(&wanted, server.as_ref(), &corpus))? {
                println!("{table}");
                tables.push_str(&format!("{table}\n"));
            }
        }
    }
    if let Some(path) = wanted.tables {
        std::fs::write(path, tables)?;
    }
    Ok(())
}

fn wanted(arguments: impl Iterator<Item = String>) -> Result<Wanted> {
    let list = |text: String| text.split(',').map(str::to_owned).collect::<Vec<String>>();
    let mut wanted = Wanted {
        sizes: vec![100_000],
        stores: vec!["sqlite".to_owned()],
        inputs: vec![Shape::Compact],
        parts: list("record,product,move".to_owned()),
        cuts: 20,
        program: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/release/almoner")),
        data: None,
        tables: None,
    };
    let mut given = arguments;
    while let Some(argument) = given.next() {
        let Some(value) = given.next() else { bail!(USAGE) };
        match argument.as_str() {
            "--sizes" => wanted.sizes = value.split(',').map(str::parse).collect::<Result<_, _>>()?,
            "--stores" => wanted.stores = list(value),
            "--inputs" => wanted.inputs = list(value).iter().map(|name| Shape::of(name)).collect::<Result<_>>()?,
            "--parts" => wanted.parts = list(value),
            "--cuts" => wanted.cuts = value.parse()?,
            "--data" => wanted.data = Some(value.into()),
            "--program" => wanted.program = value.into(),
            "--tables" => wanted.tables = Some(value.into()),
            _ => bail!(USAGE),
        }
    }
    if !wanted.stores.iter().all(|store| store == "sqlite" || store == "postgres") {
        bail!(USAGE);
    }
    Ok(wanted)
}

async fn run(
    wanted: &Wanted,
    server: Option<&Server>,
    size: usize,
    (corpus, shape): (&Corpus, Shape),
    floor: &Floor,
    figures: &mut Vec<Figure>,
) -> Result<()> {
    if wanted.parts.iter().any(|part| part == "record") {
        in_process(wanted, server, size, corpus, floor, figures).await?;
    }
    // Indented texts have line ends of their own, which NDJSON cannot hold.
    if wanted.parts.iter().any(|part| part == "product") && shape == Shape::Compact {
        let folder = tempfile::tempdir_in(target_folder()?)?;
        let database = database(server).await?;
        let product = product::Product {
            program: Program {
                binary: wanted.program.clone(),
                data: folder.path().to_owned(),
                store: database.as_ref().map(|database| database.url.clone()),
            },
            corpus,
            size,
            floor: floor.resources_per_second,
        };
        product.measure(figures).await?;
    }
    Ok(())
}

/// A trust that moves between two hosts of each pair of stores, at each size.
async fn moves(wanted: &Wanted, server: Option<&Server>, corpus: &Corpus) -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    for from in &wanted.stores {
        for to in &wanted.stores {
            for &size in &wanted.sizes {
                let folder = tempfile::tempdir_in(target_folder()?)?;
                let (mut programs, mut databases) = (Vec::new(), Vec::new());
                for (store, data) in [(from, "from"), (to, "to")] {
                    let database = database(server.filter(|_| store == "postgres")).await?;
                    let data = folder.path().join(data);
                    std::fs::create_dir_all(&data)?;
                    let store = database.as_ref().map(|database| database.url.clone());
                    programs.push(Program { binary: wanted.program.clone(), data, store });
                    databases.push(database);
                }
                let Ok(programs) = <[Program; 2]>::try_from(programs) else { bail!("two hosts were to be made") };
                let mut table = Table::new(&format!("A move from {} to {}, {size} resources", name(from), name(to)));
                let moving = moving::Moving { corpus, size, cuts: wanted.cuts };
                moving.measure(programs, &mut table.figures).await?;
                tables.push(table);
            }
        }
    }
    Ok(tables)
}

/// A store as people call it.
fn name(store: &str) -> &'static str {
    if store == "postgres" { "PostgreSQL" } else { "SQLite" }
}

/// The record inside this process.
async fn in_process(
    wanted: &Wanted,
    server: Option<&Server>,
    size: usize,
    corpus: &Corpus,
    floor: &Floor,
    figures: &mut Vec<Figure>,
) -> Result<()> {
    let folder = tempfile::tempdir_in(target_folder()?)?;
    let (directory, database) = (folder.path().to_owned(), database(server).await?);
    let kept = wanted.data.as_ref().filter(|_| database.is_none()).map(|data| data.join(size.to_string()));
    let directory = kept.unwrap_or(directory);
    let location = match &database {
        Some(database) => Location::Postgres { url: database.url.clone(), schema: "bench".into(), directory },
        None => Location::Sqlite { directory },
    };
    let record = load::open(&location).await?;
    if record.status().await?.resources.is_empty() {
        load::measure(&record, corpus, size, floor.resources_per_second, figures).await?;
    }
    queries::measure(&record, corpus, size, figures).await?;
    let limit = match &database {
        Some(database) => ("a bare PostgreSQL commit", floor::commits_per_second(&database.url).await?),
        None => ("fdatasync", floor::fdatasync_per_second()?),
    };
    single::measure(&record, corpus, size, limit, figures).await?;
    record.close().await;
    let started = std::time::Instant::now();
    let record = load::open(&location).await?;
    figures.push(Figure::new("open again", format!("{:.2?}", started.elapsed())));
    load::verify(&record, figures).await?;
    record.close().await;
    Ok(())
}

/// An empty database on the server, where there is one.
async fn database(server: Option<&Server>) -> Result<Option<TestDatabase>> {
    match server {
        Some(server) => server.database().await.map(Some),
        None => Ok(None),
    }
}
