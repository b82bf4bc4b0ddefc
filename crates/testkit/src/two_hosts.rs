//! A trust on its way between two real hosts, for the demonstration of a move and its benchmark: the hosts, clients that
//! write all the time with logs of their own, and the account of what became of their writes.
//! Knows the program as anybody does: by its commands and over HTTP.
#![expect(clippy::disallowed_methods, reason = "clients write at a pace, which needs the clock")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http::Method;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::http::{Client, Target};
use crate::program::{Program, Serving};

/// The system of the identifiers of what is written.
const WRITES: &str = "https://almoner.example/writes";
/// How long somebody waits who was not answered, before they ask again.
const AGAIN: Duration = Duration::from_millis(10);
/// How long a write is asked for until it counts as never acknowledged.
const PATIENCE: Duration = Duration::from_secs(60);
/// Reads that may be under way while the account is made.
const ASKED_AT_ONCE: usize = 16;

/// A host that is served, for people and for other hosts.
pub struct Host {
    /// The program and its data.
    pub program: Program,
    /// Its server.
    pub serving: Serving,
}

/// What came of a cut, as the host that was cut tells it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cut {
    /// Writes that were held.
    pub held: u64,
    /// Half of them were held so long at most, in milliseconds.
    pub median_ms: u64,
    /// The longest was held so long.
    pub longest_ms: u64,
    /// From the first held write to the other host being open.
    pub live_ms: u64,
}

/// Clients that write until they are told to stop.
pub struct Writers {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Result<BTreeSet<String>>>>,
    began: Instant,
}

impl Host {
    /// Serves a program for other hosts too.
    ///
    /// # Errors
    /// It did not start.
    pub fn serve(program: Program) -> Result<Host> {
        let serving = program.serve_with(&["--move-listen", "127.0.0.1:0"])?;
        Ok(Host { program, serving })
    }

    /// Runs a command with `--json` and reads what it printed.
    ///
    /// # Errors
    /// It failed.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        self.program.json(arguments)
    }

    /// A token for programs.
    ///
    /// # Errors
    /// There is no such trust.
    pub fn token(&self, trust: &str) -> Result<String> {
        let token = self.json(&["token", "--trust", trust, "--role", "system", "--ttl", "12h"])?;
        text(&token["token"]["token"]).map(str::to_owned)
    }

    /// Rehearses at this host, which follows; how many questions both answered alike.
    ///
    /// # Errors
    /// Something differs.
    pub fn rehearse(&self, trust: &str, whole: bool) -> Result<u64> {
        let whole: &[&str] = if whole { &["--whole"] } else { &[] };
        let said = self.json(&[&["move", "rehearse", "--trust", trust], whole].concat())?;
        let rehearsed = &said["moved"]["rehearsed"];
        let differences = rehearsed["differences"].as_array().context("an answer lacks what was expected")?;
        ensure!(differences.is_empty(), "a rehearsal found differences: {differences:?}");
        rehearsed["questions"].as_u64().context("an answer lacks what was expected")
    }

    /// Cuts the trust to the other host, or back to it.
    ///
    /// # Errors
    /// It was refused or given up.
    pub fn cut(&self, trust: &str, command: &str) -> Result<Cut> {
        let said = self.json(&["move", command, "--trust", trust])?;
        let number = |name: &str| said["moved"]["cut"][name].as_u64().context("an answer lacks what was expected");
        Ok(Cut {
            held: number("held")?,
            median_ms: number("held_median_ms")?,
            longest_ms: number("held_longest_ms")?,
            live_ms: number("live_ms")?,
        })
    }

    /// Where the trust's move is.
    ///
    /// # Errors
    /// There is none.
    pub fn status(&self, trust: &str) -> Result<Value> {
        Ok(self.json(&["move", "status", "--trust", trust])?["moved"]["status"][0].clone())
    }
}

/// Makes a ticket at the first host and carries it to the second one, as a file in its data directory; its path.
///
/// # Errors
/// A host refused.
pub fn ticket(from: &Host, to: &Host, trust: &str) -> Result<String> {
    let key = to.json(&["move", "key"])?["moved"]["key"].clone();
    let path = to.program.data.join(format!("{trust}.ticket"));
    let path = path.to_str().context("a path that is no text")?.to_owned();
    let (address, key) = (text(&key["address"])?, text(&key["key"])?);
    from.program.run_with(&["move", "plan", "--trust", trust, "--to", address, "--key", key, "--out", &path], "")?;
    Ok(path)
}

impl Writers {
    /// So many clients that write together so often a second, each write with its own key until it is acknowledged.
    pub fn begin(target: &Target, trust: &str, clients: usize, per_second: f64) -> Writers {
        let (stop, began) = (Arc::new(AtomicBool::new(false)), Instant::now());
        let every = Duration::from_secs_f64(clients as f64 / per_second);
        let client = |number| {
            let work = write(target.clone(), format!("/t/{trust}/fhir/Observation"), number, every, Arc::clone(&stop));
            tokio::spawn(work)
        };
        let clients = (0..clients).map(client).collect();
        Writers { stop, clients, began }
    }

    /// Stops them; what was acknowledged to them, by their own logs, and how many a second.
    ///
    /// # Errors
    /// One was refused what it wrote, or never got an answer.
    pub async fn end(self) -> Result<(BTreeSet<String>, f64)> {
        self.stop.store(true, Ordering::Release);
        let mut written = BTreeSet::new();
        for client in self.clients {
            written.extend(client.await??);
        }
        let rate = written.len() as f64 / self.began.elapsed().as_secs_f64();
        Ok((written, rate))
    }
}

async fn write(
    target: Target,
    path: String,
    client: usize,
    every: Duration,
    stop: Arc<AtomicBool>,
) -> Result<BTreeSet<String>> {
    let (mut log, mut connection, began) = (BTreeSet::new(), None, Instant::now());
    for number in 0u32.. {
        if stop.load(Ordering::Acquire) {
            break;
        }
        let name = format!("{client}-{number}");
        let asked = Instant::now();
        while !is_acknowledged(&target, &mut connection, &path, &name).await? {
            ensure!(asked.elapsed() < PATIENCE, "{name} was never acknowledged");
            tokio::time::sleep(AGAIN).await;
        }
        log.insert(name);
        // Whoever fell behind writes at once.
        tokio::time::sleep((every * (number + 1)).saturating_sub(began.elapsed())).await;
    }
    Ok(log)
}

/// Sends a write; false when nobody knows what became of it.
async fn is_acknowledged(target: &Target, connection: &mut Option<Client>, path: &str, name: &str) -> Result<bool> {
    let mut client = match connection.take() {
        Some(client) if !client.is_closed() => client,
        _ => match target.connect().await {
            Ok(client) => client,
            Err(_) => return Ok(false),
        },
    };
    let body = Bytes::from(format!(
        r#"{{"resourceType":"Observation","identifier":[{{"system":"{WRITES}","value":"{name}"}}],"status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"8867-4"}}]}},"valueQuantity":{{"value":72,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}}}}"#
    ));
    let key = Some(("idempotency-key", name));
    match client.send_with(Method::POST, path, "application/fhir+json", body, key).await {
        Ok(answer) if answer.status.is_success() => {
            *connection = Some(client);
            Ok(true)
        }
        Ok(answer) if answer.status.as_u16() == 503 => Ok(false),
        Ok(answer) => bail!("{name} was answered {}", answer.status),
        Err(_) => Ok(false),
    }
}

/// Looks each acknowledged write up; fails when one is not there, or there twice.
///
/// # Errors
/// Something was lost or doubled.
pub async fn account(target: &Target, trust: &str, written: &BTreeSet<String>) -> Result<()> {
    let names: Vec<&String> = written.iter().collect();
    let (mut lost, mut doubled) = (0, 0);
    let mut connections = Vec::new();
    for _ in 0..ASKED_AT_ONCE {
        connections.push(target.connect().await?);
    }
    for some in names.chunks(ASKED_AT_ONCE) {
        let looks = connections.iter_mut().zip(some).map(|(connection, name)| async move {
            let path = format!("/t/{trust}/fhir/Observation?identifier={WRITES}|{name}&_summary=count");
            let found: Value = serde_json::from_slice(&connection.get(&path).await?.body)?;
            anyhow::Ok(found["total"].as_u64().unwrap_or(0))
        });
        for total in futures_util::future::try_join_all(looks).await? {
            lost += u64::from(total == 0);
            doubled += u64::from(total > 1);
        }
    }
    ensure!(lost + doubled == 0, "of {} acknowledged writes {lost} were lost and {doubled} doubled", written.len());
    Ok(())
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().context("an answer lacks what was expected")
}
