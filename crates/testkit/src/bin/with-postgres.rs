//! `with-postgres COMMAND ARGUMENT...`: runs a command beside a private PostgreSQL and ends with the command's exit code.
//! All test binaries below the command then share that server; each test still has a database of its own.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use testkit::postgres::{SERVER_VARIABLE, Server};

fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().context("usage: with-postgres COMMAND ARGUMENT...")?;
    let server = Server::start()?;
    let mut command = Command::new(&program);
    command.args(arguments).env(SERVER_VARIABLE, server.url());
    let status = command.status().with_context(|| format!("running {}", program.display()))?;
    // As a shell would: a command that a signal ended is 128 and the signal's number.
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
