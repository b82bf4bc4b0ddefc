//! `cargo xtask bench`: builds the product and the benchmark program of `testkit` as users build the product, and runs
//! them. What is measured, and beside which limit, is that program's business; with `--publish` its tables replace
//! those in `docs/performance.md`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::page;

/// Where the figures are published, and between which lines.
const PAGE: &str = "docs/performance.md";
const MARKS: (&str, &str) = ("<!-- figures: cargo xtask bench --publish -->\n", "<!-- end of the figures -->\n");

/// Runs the benchmarks; `arguments` go to the program as they are, but for `--publish`.
///
/// # Errors
/// Something did not build, or a benchmark failed.
pub(crate) fn run(repo: &Path, arguments: &[String]) -> Result<()> {
    let is_published = arguments.iter().any(|argument| argument == "--publish");
    let arguments: Vec<&String> = arguments.iter().filter(|argument| *argument != "--publish").collect();
    let tables = repo.join("target/bench-tables.md");
    cargo(repo, &["build", "--release", "--locked", "--package", "almoner"])?;
    cargo(repo, &["build", "--release", "--locked", "--package", "testkit", "--bin", "bench"])?;
    let mut program = Command::new(repo.join("target/release/bench"));
    let status = program.current_dir(repo).args(&arguments).arg("--tables").arg(&tables).status();
    ensure!(status.context("running the benchmarks")?.success(), "the benchmarks failed");
    if is_published {
        let (day, commit) = page::day_and_commit(repo)?;
        let words: Vec<&str> = arguments.iter().map(|argument| argument.as_str()).collect();
        let tables = std::fs::read_to_string(&tables).context("reading the tables")?;
        let text = format!("\n{day}, commit `{commit}`, `cargo xtask bench --publish {}`\n\n{tables}", words.join(" "));
        page::publish(repo, PAGE, MARKS, &text)?;
    }
    Ok(())
}

fn cargo(repo: &Path, arguments: &[&str]) -> Result<()> {
    let status = Command::new("cargo").current_dir(repo).args(arguments).status().context("running cargo")?;
    ensure!(status.success(), "cargo {} failed: {status}", arguments.join(" "));
    Ok(())
}
