//! `cargo xtask check`: the one command that says whether a change may land. Each step is a program that a person could
//! run by hand; all steps run, and the failed ones are named at the end. The tests come last, so that after a success
//! the last lines are the test runner's own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;

use crate::tidy;

/// A step of the check, in the order in which they run: the quick ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// Formatting (rustfmt)
    Format,
    /// Rules of the house
    Tidy,
    /// Lints (clippy), all targets
    Lints,
    /// Documentation builds without a warning
    Docs,
    /// Bans, licences and sources of dependencies (cargo-deny)
    Deny,
    /// Known weaknesses of dependencies, where the advisory database can be reached
    Advisories,
    /// Examples in the documentation
    DocTests,
    /// Pages in a real browser
    Browser,
    /// A move between two hosts while clients write, and its certificate, as the demonstration shows it
    Move,
    /// All other tests
    Tests,
}

/// How much of the tests runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    /// All tests, and of the long suites a slice
    Usual,
    /// The long suites in full, optimised, each test within hours
    Soak,
}

/// Runs the steps named, or all.
///
/// # Errors
/// A step failed: all of them are named.
pub(crate) fn run(repo: &Path, steps: &[Step]) -> Result<()> {
    let mut failed = Vec::new();
    for step in Step::value_variants().iter().filter(|step| steps.is_empty() || steps.contains(step)) {
        println!("== {}", name(*step));
        if let Err(problem) = carry_out(repo, *step) {
            println!("{}: {problem:#}", name(*step));
            failed.push(name(*step));
        }
    }
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

/// Runs all tests with `ALMONER_SOAK=1`, which asks every long suite for all its seeds, optimised as users build it.
///
/// # Errors
/// A test failed.
pub(crate) fn soak_tests(repo: &Path) -> Result<()> {
    succeed(tests(repo, Length::Soak)?.env("ALMONER_SOAK", "1"))
}

fn carry_out(repo: &Path, step: Step) -> Result<()> {
    match step {
        Step::Format => succeed(program(repo, "cargo fmt --all --check")),
        Step::Tidy => tidy::run(repo),
        Step::Lints => succeed(program(repo, "cargo clippy --workspace --all-targets --locked -- -D warnings")),
        Step::Docs => {
            let mut docs = program(repo, "cargo doc --workspace --no-deps --locked");
            succeed(docs.env("RUSTDOCFLAGS", "-D warnings"))
        }
        Step::Deny => succeed(program(repo, "cargo deny --locked check --hide-inclusion-graph bans licenses sources")),
        Step::Advisories => advisories(repo),
        Step::DocTests => succeed(program(repo, "cargo test --workspace --doc --locked")),
        Step::Browser => browser(repo),
        Step::Move => moves(repo),
        Step::Tests => succeed(&mut tests(repo, Length::Usual)?),
    }
}

/// The advisory database lives on the internet. Where it cannot be reached the step says so and passes: a machine
/// without a way out must still be able to check a change.
fn advisories(repo: &Path) -> Result<()> {
    let output = program(repo, "cargo deny --locked check advisories").stdin(Stdio::null()).output();
    let output = output.context("running cargo deny")?;
    let text = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Ok(());
    }
    if text.contains("failed to fetch advisory database") {
        println!("not checked: the advisory database cannot be reached from this machine");
        return Ok(());
    }
    bail!("{text}")
}

/// The browser tests drive the program as users run it; they get its path in `ALMONER_BINARY`.
fn browser(repo: &Path) -> Result<()> {
    if !repo.join("tests/browser").exists() {
        println!("there are no browser tests yet");
        return Ok(());
    }
    ensure!(repo.join("node_modules/playwright-core").exists(), "run scripts/prepare-test.sh first");
    let built = built(repo, Length::Usual)?;
    let mut npm = program(repo, "npm run --silent test:browser");
    succeed(npm.env("ALMONER_BINARY", built.join("almoner")))
}

/// The demonstration of a move, small: it fails when a write is lost or doubled, or when `almoner-verify` does not find the
/// certificate proved.
fn moves(repo: &Path) -> Result<()> {
    let built = built(repo, Length::Usual)?;
    succeed(Command::new(built.join("demo-move")).arg("--small").arg(&built).stdin(Stdio::null()))
}

/// Builds all tests with the programs that they run; gives where the programs are. Always all of it: for one package alone
/// cargo would choose other features of libraries and build most of them again.
fn built(repo: &Path, length: Length) -> Result<PathBuf> {
    let mut build = program(repo, "cargo test --workspace --no-run --quiet --locked");
    succeed(build.args(length.optimised()))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repo.join("target"), PathBuf::from);
    Ok(target.join(if length == Length::Soak { "release" } else { "debug" }))
}

/// All tests but those in documentation, beside one private PostgreSQL that they share.
fn tests(repo: &Path, length: Length) -> Result<Command> {
    let beside_postgres = built(repo, length)?.join("with-postgres");
    let has_nextest = Command::new("cargo").args(["nextest", "--version"]).output().is_ok_and(|o| o.status.success());
    let runner =
        if has_nextest { "cargo nextest run --no-fail-fast" } else { "cargo test --no-fail-fast --lib --bins --tests" };
    let mut tests = Command::new(beside_postgres);
    tests.current_dir(repo).args(runner.split(' ')).args(["--workspace", "--locked"]).args(length.optimised());
    if has_nextest && length == Length::Soak {
        // The usual profile ends a test after ten minutes (.config/nextest.toml).
        tests.args(["--profile", "soak"]);
    }
    Ok(tests)
}

impl Length {
    fn optimised(self) -> Option<&'static str> {
        (self == Length::Soak).then_some("--release")
    }
}

/// A command of words without spaces, run in the repository.
fn program(repo: &Path, line: &str) -> Command {
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).current_dir(repo);
    command
}

fn succeed(mut command: impl std::borrow::BorrowMut<Command>) -> Result<()> {
    let command = command.borrow_mut();
    let status = command.status().with_context(|| format!("running {}", command.get_program().display()))?;
    ensure!(status.success(), "{status}");
    Ok(())
}

/// The name under which the step is given on the command line.
fn name(step: Step) -> String {
    step.to_possible_value().map_or_else(|| format!("{step:?}"), |value| value.get_name().to_owned())
}
