//! `cargo xtask soak`: every fuzz target for ten minutes, then all tests with `ALMONER_SOAK=1`. Installs cargo-fuzz when it
//! is absent; a nightly compiler it asks for and does not install. What a target holds is in the `laws` of the crate
//! that it is about, and which targets there are is in `fuzz/Cargo.toml`.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use toml::{Table, Value};

use crate::check;

mod figures;

use figures::Figures;

/// How long each target runs, in seconds, unless `ALMONER_FUZZ_SECONDS` says otherwise.
const SECONDS: u64 = 600;
/// Memory of one target, in megabytes: far above what a bounded input may need.
const MOST_MEMORY_MB: u32 = 1024;
/// The longest that one input may take, in seconds: far above what a bounded evaluation may need.
const LONGEST_INPUT_SECONDS: u32 = 20;
/// How much of a failed target's log is shown, in lines.
const LINES_SHOWN: usize = 40;

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Plan {
    /// Fuzz targets to run, without the long tests; every target and then the tests if none is named
    targets: Vec<String>,
    /// Put the figures of the fuzz targets into docs/soak.md
    #[arg(long)]
    publish: bool,
}

/// Runs the plan to its end, whatever fails on the way.
///
/// # Errors
/// A tool is missing, a target found something, or a test failed.
pub(crate) fn run(repo: &Path, plan: &Plan) -> Result<()> {
    require_tools(repo)?;
    let known = targets(repo)?;
    let chosen: Vec<&String> =
        if plan.targets.is_empty() { known.iter().collect() } else { plan.targets.iter().collect() };
    for target in &chosen {
        ensure!(known.contains(target), "there is no fuzz target {target}; there are {}", known.join(", "));
    }
    let seconds = seconds()?;
    let mut build = fuzz(repo, "build");
    ensure!(build.status().context("running cargo fuzz")?.success(), "the fuzz targets did not build");

    let mut all = Vec::new();
    for target in chosen {
        println!("== fuzz {target}: {seconds} s, log in {}", log(target));
        let figures = fuzz_target(repo, target, seconds)?;
        println!("{figures}");
        all.push(figures);
    }
    if plan.publish {
        figures::publish(repo, &all)?;
    }
    let tests = if plan.targets.is_empty() { check::soak_tests(repo) } else { Ok(()) };
    let broken: Vec<&str> =
        all.iter().filter(|figures| !figures.is_clean).map(|figures| figures.target.as_str()).collect();
    ensure!(broken.is_empty(), "something was found by: {}", broken.join(", "));
    tests
}

fn seconds() -> Result<u64> {
    match std::env::var("ALMONER_FUZZ_SECONDS") {
        Ok(text) => text.parse().with_context(|| format!("ALMONER_FUZZ_SECONDS is {text:?}, not a number of seconds")),
        Err(_) => Ok(SECONDS),
    }
}

/// Says exactly what to install where something is missing that this does not install itself.
fn require_tools(repo: &Path) -> Result<()> {
    let runs = |line: &str| {
        let mut words = line.split(' ');
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).current_dir(repo).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !runs("rustup --version") {
        bail!("rustup was not found: coverage-guided fuzzing needs a nightly compiler beside the stable one");
    }
    if !runs("rustup run nightly rustc --version") {
        bail!("there is no nightly compiler. Install it with:  rustup toolchain install nightly --profile minimal");
    }
    if !runs("c++ --version") {
        bail!("c++ was not found: libFuzzer is written in C++. On Debian or Ubuntu:  apt-get install g++");
    }
    if !runs("cargo fuzz --version") {
        println!("installing cargo-fuzz");
        ensure!(runs("cargo install --quiet --locked cargo-fuzz"), "cargo install --locked cargo-fuzz failed");
    }
    Ok(())
}

/// The targets, in the order of their manifest.
fn targets(repo: &Path) -> Result<Vec<String>> {
    let manifest = fs::read_to_string(repo.join("fuzz/Cargo.toml")).context("reading fuzz/Cargo.toml")?;
    let manifest: Table = manifest.parse().context("reading fuzz/Cargo.toml")?;
    let programs = manifest.get("bin").and_then(Value::as_array).context("fuzz/Cargo.toml has no targets")?;
    Ok(programs.iter().filter_map(|program| program.get("name")?.as_str().map(str::to_owned)).collect())
}

/// Where a target's own output goes, from the root of the repository.
fn log(target: &str) -> String {
    format!("target/soak/{target}.log")
}

/// `cargo fuzz` with the nightly compiler. No sanitizer: nothing under test has unsafe code, and runs without one are
/// twice as fast. Debug assertions and overflow checks are on.
fn fuzz(repo: &Path, verb: &str) -> Command {
    let mut command = Command::new("rustup");
    command.current_dir(repo).args([
        "run",
        "nightly",
        "cargo",
        "fuzz",
        verb,
        "--fuzz-dir",
        "fuzz",
        "--sanitizer",
        "none",
    ]);
    command
}

fn fuzz_target(repo: &Path, target: &str, seconds: u64) -> Result<Figures> {
    let log = repo.join(log(target));
    fs::create_dir_all(repo.join("target/soak"))?;
    let output = File::create(&log).with_context(|| format!("writing {}", log.display()))?;
    let mut command = fuzz(repo, "run");
    command.arg(target);
    for kind in ["corpus", "seeds", "regressions"] {
        let folder = format!("fuzz/{kind}/{target}");
        fs::create_dir_all(repo.join(&folder))?;
        command.arg(folder);
    }
    command.arg("--").arg("-print_final_stats=1").arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-rss_limit_mb={MOST_MEMORY_MB}")).arg(format!("-timeout={LONGEST_INPUT_SECONDS}"));
    command.arg(format!("-dict=fuzz/dictionaries/{target}.dict"));
    let status =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output).status().context("running cargo fuzz")?;

    let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    if !status.success() {
        let lines: Vec<&str> = text.lines().collect();
        println!("{}", lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n"));
    }
    Ok(Figures::read(target, &text, seconds, status.success()))
}
