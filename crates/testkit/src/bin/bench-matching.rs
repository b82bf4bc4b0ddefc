//! Measures `almoner match` on invented people: writes their records as a file, runs the program on it, and compares the
//! pairs that it found with the truth, which the file does not hold. docs/matching.md publishes what comes out.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark prints and reads the clock")]

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use testkit::people::{Fault, Population, Record, Registry};

const USAGE: &str =
    "usage: bench-matching [--records 1000000] [--seed 1] [--threads 2] [--program target/release/almoner]";

/// What is to be measured.
struct Wanted {
    records: usize,
    seed: u64,
    threads: usize,
    program: PathBuf,
}

/// The truth about a record, which the file does not say.
struct Truth {
    person: u64,
    home: u64,
    faults: Vec<Fault>,
}

/// What the program found, compared with the truth.
#[derive(Default)]
struct Score {
    found: u64,
    right: u64,
    /// Wrong pairs of one home.
    wrong_of_a_home: u64,
}

fn main() -> Result<()> {
    let wanted = wanted(std::env::args().skip(1))?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench-matching");
    std::fs::create_dir_all(&folder).context("making the folder")?;
    let (people, pairs) = (folder.join("people.csv"), folder.join("pairs.csv"));
    let began = Instant::now();
    let truths = write(&wanted, &people)?;
    println!("{} records of {} people made in {:.1} s", truths.len(), persons(&truths), began.elapsed().as_secs_f64());
    let (seconds, memory_mib) = run(&wanted, &people, &pairs)?;
    println!("almoner match --threads {}: {seconds:.1} s, at most {memory_mib} MiB", wanted.threads);
    report(&truths, &pairs)
}

fn wanted(arguments: impl Iterator<Item = String>) -> Result<Wanted> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/almoner");
    let mut wanted = Wanted { records: 1_000_000, seed: 1, threads: 2, program };
    let mut given = arguments;
    while let Some(argument) = given.next() {
        let Some(value) = given.next() else { bail!(USAGE) };
        match argument.as_str() {
            "--records" => wanted.records = value.parse()?,
            "--seed" => wanted.seed = value.parse()?,
            "--threads" => wanted.threads = value.parse()?,
            "--program" => wanted.program = value.into(),
            _ => bail!(USAGE),
        }
    }
    Ok(wanted)
}

/// Writes the file; the number of a record is its id.
fn write(wanted: &Wanted, path: &Path) -> Result<Vec<Truth>> {
    let population = Population::new(wanted.seed);
    let registry = Registry::new(population);
    let mut out = BufWriter::new(File::create(path).context("making the file of people")?);
    writeln!(out, "id,surname,given,born,sex,nhs_number,address,town,postcode,phone,mobile")?;
    let mut truths = Vec::with_capacity(wanted.records);
    'people: for person in population.people() {
        for record in registry.of(&person) {
            if truths.len() == wanted.records {
                break 'people;
            }
            writeln!(out, "{},{}", truths.len(), line(&record))?;
            truths.push(Truth { person: record.person, home: person.home, faults: record.faults });
        }
    }
    out.flush()?;
    Ok(truths)
}

fn line(record: &Record) -> String {
    let part = |parts: &[String], at: usize| parts.get(at).map(|text| format!("\"{text}\"")).unwrap_or_default();
    [
        format!("\"{}\"", record.surname),
        record.given.join(" "),
        record.born.clone().unwrap_or_default(),
        record.sex.to_owned(),
        record.nhs_number.clone().unwrap_or_default(),
        part(&record.address, 0),
        part(&record.address, 1),
        record.postcode.clone().unwrap_or_default(),
        part(&record.phones, 0),
        part(&record.phones, 1),
    ]
    .join(",")
}

fn persons(truths: &[Truth]) -> usize {
    truths.iter().map(|truth| truth.person).collect::<HashSet<u64>>().len()
}

/// Runs the program; how long it took and the most memory it had.
fn run(wanted: &Wanted, people: &Path, pairs: &Path) -> Result<(f64, u64)> {
    let mut command = Command::new(&wanted.program);
    command.args(["match", "--json", "--threads", &wanted.threads.to_string(), "--input"]).arg(people);
    command.arg("--out").arg(pairs).stdout(Stdio::null());
    let began = Instant::now();
    let mut child = command.spawn().context("starting the program")?;
    let mut memory = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        let text = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<u64>().ok());
        memory = memory.max(kib.unwrap_or_default());
        std::thread::park_timeout(Duration::from_millis(50));
    };
    ensure!(status.success(), "the program failed: {status}");
    Ok((began.elapsed().as_secs_f64(), memory / 1024))
}

fn report(truths: &[Truth], pairs: &Path) -> Result<()> {
    let mut missed: HashSet<(usize, usize)> = HashSet::new();
    for (at, truth) in truths.iter().enumerate() {
        let later = truths[at + 1..].iter().take_while(|other| other.person == truth.person).count();
        missed.extend((at + 1..=at + later).map(|other| (at, other)));
    }
    let all_true = missed.len() as u64;
    let (mut likely, mut merge) = (Score::default(), Score::default());
    let mut weighed: Vec<(f64, bool)> = Vec::new();
    for line in BufReader::new(File::open(pairs).context("reading the pairs")?).lines().skip(1) {
        let line = line?;
        let values: Vec<&str> = line.splitn(8, ',').collect();
        let (a, b): (usize, usize) = (values[5].parse()?, values[6].parse()?);
        let is_right = truths[a].person == truths[b].person;
        weighed.push((values[0].parse()?, is_right));
        for score in std::iter::once(&mut likely).chain((values[2] == "merge").then_some(&mut merge)) {
            score.found += 1;
            score.right += u64::from(is_right);
            score.wrong_of_a_home += u64::from(!is_right && truths[a].home == truths[b].home);
        }
        missed.remove(&(a.min(b), a.max(b)));
    }
    println!("\n| pairs | found | right | precision | recall | F1 | wrong, of one home |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (name, score) in [("likely (review or merge)", &likely), ("proposed for merging", &merge)] {
        let precision = score.right as f64 / score.found.max(1) as f64;
        let recall = score.right as f64 / all_true as f64;
        let f1 = 2.0 * score.right as f64 / (score.found + all_true) as f64;
        let Score { found, right, wrong_of_a_home } = score;
        println!("| {name} | {found} | {right} | {precision:.5} | {recall:.5} | {f1:.5} | {wrong_of_a_home} |");
    }
    weighed.sort_by(|one, other| other.0.total_cmp(&one.0));
    for wanted in [0.999, 0.998, 0.997, 0.996] {
        let (mut right, mut best) = (0_u64, (0_u64, 0.0));
        for (at, (bits, is_right)) in weighed.iter().enumerate() {
            right += u64::from(*is_right);
            let is_last_of_its_weight = weighed.get(at + 1).is_none_or(|next| next.0 < *bits);
            if is_last_of_its_weight && right as f64 >= wanted * (at + 1) as f64 {
                best = (right, *bits);
            }
        }
        let recall = best.0 as f64 / all_true as f64;
        println!("at a precision of {wanted}: recall {recall:.5}, pairs of {:.2} bits and more", best.1);
    }
    println!("\n{all_true} true pairs; the faults of those that were missed, most common first:");
    let mut by_faults: BTreeMap<String, u64> = BTreeMap::new();
    for (a, b) in &missed {
        let mut faults: Vec<String> =
            [*a, *b].iter().flat_map(|at| &truths[*at].faults).map(|fault| format!("{fault:?}")).collect();
        faults.sort();
        *by_faults.entry(faults.join(" + ")).or_default() += 1;
    }
    let mut by_faults: Vec<(String, u64)> = by_faults.into_iter().collect();
    by_faults.sort_by_key(|(faults, count)| (std::cmp::Reverse(*count), faults.clone()));
    by_faults.iter().take(25).for_each(|(faults, count)| println!("{count:>6}  {faults}"));
    Ok(())
}
