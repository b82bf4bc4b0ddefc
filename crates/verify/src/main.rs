//! almoner-verify: checks a journal's packages and checkpoints, and certificates of moves, offline, without database, network or trust in the
//! host that made them.
//!
//! Arguments and exit codes; the checking itself is in `journal`, the words in `print`. Exit code 0: everything that
//! was checked holds; 1: something is wrong; 2: the input could not be read.

mod blobs;
mod certificate;
mod print;
mod print_certificate;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use journal::note::{MOST_NOTE_BYTES, NotVerified, Signer, notes};
use journal::package::{check_package, check_package_with};
use journal::verifier::{Expect, Report};
use journal::{SignedCheckpoint, VerifierKey};
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Checks journals of Almoner records offline.
///
/// A package (*.almjournal) holds a journal with what lies beside it. Checked are: each entry's encoding, number and
/// link to the one before, moments and epochs, the versions of each resource, texts and blobs against their salted
/// digests, erasures, keys and hand-overs, the Merkle tree against every checkpoint, and the access journal.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 everything that was checked holds; 1 something is wrong; 2 the input could \
                          not be read.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a package.
    #[command(after_help = EXIT_CODES)]
    Package(PackageArguments),
    /// Check the certificate of a move between two hosts.
    ///
    /// Two hosts that agree with each other prove nothing to somebody who trusts neither: without the key of a witness
    /// that signed the record before it was moved, the answer is that it is not proved.
    #[command(after_help = EXIT_CODES)]
    Certificate(CertificateArguments),
    /// Check the signatures of a checkpoint, and show what it states.
    #[command(after_help = EXIT_CODES)]
    Checkpoint(CheckpointArguments),
}

#[derive(Debug, Args)]
struct PackageArguments {
    /// The package file; - for standard input.
    file: PathBuf,
    /// A signed checkpoint that was kept elsewhere. Without one, a cut tail cannot be seen. May be repeated.
    #[arg(long, value_name = "CHECKPOINT_FILE")]
    against: Vec<PathBuf>,
    #[command(flatten)]
    trust: Trust,
    /// The origin line that the journal must have.
    #[arg(long, value_name = "LINE")]
    origin: Option<String>,
    /// The folder of blobs beside the package, as in an export: index.ndjson and the files that it names.
    #[arg(long, value_name = "DIR")]
    blobs: Option<PathBuf>,
    /// Accept sealed texts and blobs, of which only the presence can be checked.
    #[arg(long)]
    sealed: bool,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct CertificateArguments {
    /// The certificate file; - for standard input.
    file: PathBuf,
    /// The key of a witness to trust, as name+id+base64. May be repeated.
    #[arg(long = "witness", value_name = "NAME+ID+KEY", value_parser = VerifierKey::parse)]
    witnesses: Vec<VerifierKey>,
    /// Print the result as one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct CheckpointArguments {
    /// The checkpoint file; - for standard input.
    file: PathBuf,
    #[command(flatten)]
    trust: Trust,
    /// Print the result as one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Trust {
    /// A key to trust, of the record's host or of a witness, as name+id+base64. May be repeated.
    #[arg(long = "key", value_name = "NAME+ID+KEY", value_parser = VerifierKey::parse)]
    keys: Vec<VerifierKey>,
    /// A file with such keys, one a line; empty lines and lines that begin with # are skipped. May be repeated.
    #[arg(long = "key-file", value_name = "FILE")]
    key_files: Vec<PathBuf>,
}

/// Longest certificate, in bytes.
const MOST_CERTIFICATE_BYTES: u64 = 64 << 20;
/// Most bytes of a file of checkpoints: one of the journal, and one of each chain of accesses.
const MOST_CHECKPOINTS_BYTES: usize = 16 << 20;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(problem) => {
            let _ = writeln!(std::io::stderr(), "almoner-verify: {problem:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether everything that was checked holds.
fn run(command: Command) -> anyhow::Result<bool> {
    match command {
        Command::Package(arguments) => package(arguments),
        Command::Certificate(arguments) => certificate(arguments),
        Command::Checkpoint(arguments) => checkpoint(arguments),
    }
}

fn package(arguments: PackageArguments) -> anyhow::Result<bool> {
    let (origin, sealed, pinned) = (arguments.origin, arguments.sealed, arguments.trust.keys()?);
    let expect = Expect { origin, sealed, pinned, ..Expect::default() };
    let mut outside = Vec::new();
    for path in &arguments.against {
        let text = read_text(path, MOST_CHECKPOINTS_BYTES)?;
        for note in notes(&text) {
            SignedCheckpoint::parse(note).with_context(|| format!("{} is not a checkpoint", path.display()))?;
            outside.push(note.to_owned());
        }
    }
    let source = open(&arguments.file)?;
    let report = match &arguments.blobs {
        None => check_package(source, expect, &outside),
        Some(folder) => check_package_with(source, expect, &outside, &mut blobs::in_folder(folder)?),
    };
    let report: Report = report.with_context(|| format!("could not check {}", arguments.file.display()))?;
    let text = if arguments.json { print::report_json(&report) } else { print::report_text(&report) };
    write_out(&text)?;
    Ok(report.holds())
}

fn certificate(arguments: CertificateArguments) -> anyhow::Result<bool> {
    let path = arguments.file.display();
    let mut text = String::new();
    let limit = MOST_CERTIFICATE_BYTES + 1;
    let read = open(&arguments.file)?.take(limit).read_to_string(&mut text);
    let count = read.with_context(|| format!("could not read {path}"))?;
    anyhow::ensure!((count as u64) < limit, "{path} is too long to be a certificate");
    let report = certificate::check(&text, &arguments.witnesses).map_err(|why| anyhow::anyhow!("{path}: {why}"))?;
    let text = match arguments.json {
        true => print_certificate::json(&report),
        false => print_certificate::text(&report),
    };
    write_out(&text)?;
    Ok(report.is_proved())
}

fn checkpoint(arguments: CheckpointArguments) -> anyhow::Result<bool> {
    let path = arguments.file.display();
    let text = read_text(&arguments.file, MOST_CHECKPOINTS_BYTES)?;
    let keys = arguments.trust.keys()?;
    let mut holds = true;
    for note in notes(&text) {
        let signed = SignedCheckpoint::parse(note).with_context(|| format!("{path} is not a checkpoint"))?;
        let verified: Result<Vec<Signer>, NotVerified> = signed.verify(&keys);
        holds &= verified.is_ok();
        write_out(&match arguments.json {
            true => print::checkpoint_json(&signed, &verified),
            false => print::checkpoint_text(&signed, &verified),
        })?;
    }
    Ok(holds)
}

impl Trust {
    fn keys(&self) -> anyhow::Result<Vec<VerifierKey>> {
        let mut keys = self.keys.clone();
        for path in &self.key_files {
            let text = read_note(path)?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            for line in lines {
                let key = VerifierKey::parse(line);
                keys.push(key.with_context(|| format!("{} has a line that is no key", path.display()))?);
            }
        }
        Ok(keys)
    }
}

fn open(path: &Path) -> anyhow::Result<Box<dyn Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let file = File::open(path).with_context(|| format!("could not open {}", path.display()))?;
    Ok(Box::new(BufReader::with_capacity(1 << 20, file)))
}

/// A small text file: a checkpoint or a list of keys.
fn read_note(path: &Path) -> anyhow::Result<String> {
    read_text(path, MOST_NOTE_BYTES)
}

fn read_text(path: &Path, most: usize) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = open(path)?.take(most as u64 + 1).read_to_string(&mut text);
    let count = read.with_context(|| format!("could not read {}", path.display()))?;
    anyhow::ensure!(count <= most, "{} is too long to be a checkpoint or a list of keys", path.display());
    Ok(text)
}

fn write_out(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes()).context("could not write the report")
}
