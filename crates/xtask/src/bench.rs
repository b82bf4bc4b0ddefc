//! `cargo xtask bench`: builds the benchmark program of `testkit` as users build the product, and runs it. What is
//! measured, beside which limit, and how it is written to `docs/performance.md` is that program's business.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Runs the benchmarks; `arguments` go to the program as they are.
///
/// # Errors
/// There is no benchmark program, it did not build, or it failed.
pub(crate) fn run(repo: &Path, arguments: &[String]) -> Result<()> {
    let program = repo.join("crates/testkit/src/bin");
    let exists = program.join("bench.rs").exists() || program.join("bench").exists();
    ensure!(exists, "there is no benchmark program: expected crates/testkit/src/bin/bench.rs");

    let mut cargo = Command::new("cargo");
    cargo.current_dir(repo).args(["run", "--release", "--locked", "--package", "testkit", "--bin", "bench", "--"]);
    let status = cargo.args(arguments).status().context("running cargo")?;
    ensure!(status.success(), "the benchmarks failed: {status}");
    Ok(())
}
