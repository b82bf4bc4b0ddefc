//! Measures a whole hospital: makes a trust of some beds and many people, loads it through the fast door, serves it with
//! the program as users build it, and asks it over HTTP at a fixed pace, as wards do, while boards are being watched.
//!
//! Latencies count from the moment at which a request was due, so that a server that falls behind cannot hide it. Client
//! and server share the machine. The mix is in `mix.rs` and is printed. docs/performance.md has what came out.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark prints and reads the clock")]

mod drive;
mod make;
mod mix;
mod streams;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use testkit::corpus::{Corpus, Shape};
use testkit::floor;
use testkit::program::Program;

/// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: bench-hospital [--beds 1000] [--people 1000000] [--seconds 900] [--rate 500] [--streams 200] \
     [--seed 1] [--data DIR] [--only make] [--program target/release/almoner]";

/// What is to be measured.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) beds: usize,
    pub(crate) people: usize,
    pub(crate) time: Duration,
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) streams: usize,
    pub(crate) seed: u64,
    /// Where the trust lies; one that is there already is not made again.
    data: PathBuf,
    /// Only make it.
    is_only_made: bool,
    program: PathBuf,
}

fn main() -> Result<()> {
    let wanted = wanted(std::env::args().skip(1))?;
    let program = Program { binary: wanted.program.clone(), data: wanted.data.clone(), store: None };
    let made = make::trust(&wanted, &program)?;
    if wanted.is_only_made {
        return Ok(());
    }
    print_limits()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(drive::measure(&wanted, &program, &made))
}

/// What this machine can do, beside which the figures stand: they move with it.
fn print_limits() -> Result<()> {
    let floor = floor::measure(&Corpus::read(Shape::Compact)?)?;
    let (load, synced) = (floor.resources_per_second, floor::fdatasync_per_second()?);
    println!("limits of this machine: floor of a bulk load {load:.0} resources/s, fdatasync {synced:.0}/s");
    Ok(())
}

fn wanted(arguments: impl Iterator<Item = String>) -> Result<Wanted> {
    let target = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target"));
    let mut wanted = Wanted {
        beds: 1000,
        people: 1_000_000,
        time: Duration::from_secs(900),
        rate: 500.0,
        streams: 200,
        seed: 1,
        data: PathBuf::new(),
        is_only_made: false,
        program: target.join("release/almoner"),
    };
    let mut given = arguments;
    while let Some(argument) = given.next() {
        let value = given.next().context(USAGE)?;
        match argument.as_str() {
            "--beds" => wanted.beds = value.parse()?,
            "--people" => wanted.people = value.parse()?,
            "--seconds" => wanted.time = Duration::from_secs(value.parse()?),
            "--rate" => wanted.rate = value.parse()?,
            "--streams" => wanted.streams = value.parse()?,
            "--seed" => wanted.seed = value.parse()?,
            "--data" => wanted.data = value.into(),
            "--only" if value == "make" => wanted.is_only_made = true,
            "--program" => wanted.program = value.into(),
            _ => bail!(USAGE),
        }
    }
    if wanted.data.as_os_str().is_empty() {
        wanted.data = target.join(format!("bench-hospital/{}-beds-{}-people", wanted.beds, wanted.people));
    }
    Ok(wanted)
}
