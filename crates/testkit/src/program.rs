//! The product as a process of its own, for benchmarks and demonstrations: its commands, and its server until it is dropped.
//! Knows how a program is started, and nothing of what it answers.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// The program and its data.
#[derive(Debug, Clone)]
pub struct Program {
    /// The binary.
    pub binary: PathBuf,
    /// The data directory.
    pub data: PathBuf,
    /// The database's address, if it is not SQLite.
    pub store: Option<String>,
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Serving {
    child: Child,
    /// Host and port.
    pub address: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    /// The process's number.
    pub fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Program {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).env("ALMONER_DATA", &self.data).env("ALMONER_LOG", "warn");
        command.env("ALMONER_STORE", self.store.as_deref().unwrap_or("sqlite"));
        command
    }

    /// Runs a command to its end with some input; what it printed.
    ///
    /// # Errors
    /// It could not be run, or it failed.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Result<Vec<u8>> {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        child.stdin.take().context("no input")?.write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "almoner {}: {}", arguments[0], said.lines().last().unwrap_or_default());
        Ok(output.stdout)
    }

    /// The same with `--json`, read.
    ///
    /// # Errors
    /// As [`Program::run_with`], or it printed something else.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        let out = self.run_with(&[arguments, &["--json"]].concat(), "")?;
        serde_json::from_slice(&out).context("reading what the program printed")
    }

    /// Serves on a port of its own.
    ///
    /// # Errors
    /// It did not start.
    pub fn serve(&self) -> Result<Serving> {
        self.serve_with(&[])
    }

    /// The same with more options.
    ///
    /// # Errors
    /// It did not start.
    pub fn serve_with(&self, more: &[&str]) -> Result<Serving> {
        let mut command = self.command(&[&["serve", "--listen", "127.0.0.1:0", "--json"], more].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        let mut serving = Serving { child, address: String::new() };
        let said: Value = serde_json::from_str(&line).context("the server did not start")?;
        let url = said["serving"].as_str().and_then(|url| url.strip_prefix("http://"));
        serving.address = url.context("the server names no address")?.trim_end_matches('/').to_owned();
        Ok(serving)
    }
}

/// The memory of a process that is its own and resident.
///
/// # Errors
/// There is no such process.
pub fn memory(process: u32) -> Result<String> {
    let status = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no memory figure")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(format!("{:.0} MB", kilobytes / 1000.0))
}
