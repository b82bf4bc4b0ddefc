//! Tasks of this workspace that cargo does not do by itself: `cargo xtask check | tidy | regenerate | bench | soak`.
//! The Makefile and CI call these and add nothing. What a task does is in the module of its name.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool prints")]

mod bench;
mod check;
mod code_lists;
mod definitions;
mod page;
mod soak;
mod tidy;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Checks, generated files and figures of this workspace")]
enum Task {
    /// Run every check and every test, or the steps named
    Check {
        /// Steps to run, in the order in which they are listed; all of them if none is named
        #[arg(value_enum)]
        steps: Vec<check::Step>,
    },
    /// Check the rules of the house that no compiler checks
    Tidy,
    /// Make the generated files again from their sources
    Regenerate,
    /// Make the figures of docs/performance.md
    Bench {
        /// Arguments for the benchmark program
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run the long suites: every fuzz target, then all tests with all their seeds
    Soak(soak::Plan),
}

fn main() -> ExitCode {
    match carry_out(Task::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(task: Task) -> Result<()> {
    let repo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    match task {
        Task::Check { steps } => check::run(&repo, &steps),
        Task::Tidy => tidy::run(&repo),
        Task::Regenerate => definitions::regenerate(&repo).and_then(|()| code_lists::regenerate(&repo)),
        Task::Bench { arguments } => bench::run(&repo, &arguments),
        Task::Soak(plan) => soak::run(&repo, &plan),
    }
}
