//! Clients of a trust in processes of their own, each with its own log of what was acknowledged to it; and one that reads.
//! Knows the doors of a host as any program does, and nothing of a move.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::pair::{JSON, Pair};
use crate::stage::{Serving, Stage, becomes, instant, is_soak};

/// What makes this program a client: address, token, prefix of the names it writes, its log.
const CLIENT: &str = "ALMONER_TEST_CLIENT";
/// Clients, and how often each writes: two hundred times a second together in a soak, else as often as a slow build with
/// checks can take on two cores with everything else that runs there.
const CLIENTS: usize = 4;
const EVERY: [Duration; 2] = [Duration::from_millis(80), Duration::from_millis(20)];

/// Clients at work.
pub(crate) struct Load {
    clients: Vec<(Child, PathBuf)>,
    stop: Arc<AtomicBool>,
    reader: JoinHandle<u64>,
    began: Instant,
}

/// What they did.
pub(crate) struct Done {
    /// The names that were acknowledged, by the clients' logs.
    pub(crate) written: BTreeSet<String>,
    /// Answers to questions; none was refused.
    pub(crate) reads: u64,
    /// Writes a second that were acknowledged.
    pub(crate) rate: f64,
}

impl Load {
    /// Clients of the address of the first host.
    pub(crate) fn begin(pair: &Pair, prefix: &str) -> Load {
        let (address, token) = (pair.host(0).address, pair.token.clone());
        let client = |number| {
            let log = pair.stages[0].path(&format!("{prefix}-{number}.log"));
            (spawn(address, &token, &format!("{prefix}-{number}"), &log), log)
        };
        let clients = (0..CLIENTS).map(client).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let reader = {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || read(address, &token, &stop))
        };
        Load { clients, stop, reader, began: instant() }
    }

    /// Waits until so many more writes were acknowledged.
    pub(crate) fn more(&self, writes: usize) {
        let written = || self.clients.iter().map(|(_, log)| lines(log).len()).sum::<usize>();
        let until = written() + writes;
        assert!(becomes(|| written() >= until), "writes stopped at {} of {until}", written());
    }

    /// Ends the clients.
    pub(crate) fn end(self) -> Done {
        self.stop.store(true, Ordering::Release);
        let mut written = BTreeSet::new();
        for (mut client, log) in self.clients {
            drop(client.stdin.take());
            assert!(client.wait().unwrap().success(), "a client found something wrong");
            written.extend(lines(&log));
        }
        let rate = written.len() as f64 / self.began.elapsed().as_secs_f64();
        Done { written, reads: self.reader.join().unwrap(), rate }
    }
}

/// A client in a process of its own, until its standard input is closed.
fn spawn(address: SocketAddr, token: &str, prefix: &str, log: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "clients::a_client_logs_what_was_acknowledged_to_it_and_nothing_else", "--nocapture"]);
    command.env(CLIENT, format!("{address} {token} {prefix} {}", log.display()));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

fn read(address: SocketAddr, token: &str, stop: &AtomicBool) -> u64 {
    let mut reads = 0;
    let token = format!("Bearer {token}");
    while !stop.load(Ordering::Acquire) {
        let headers = [("Authorization", token.as_str())];
        let answer = Serving::request(address, "GET", "/t/RAA/fhir/Patient?_summary=count", &headers, b"");
        let status = answer.map_or(0, |answer| answer.status);
        assert_eq!(status, 200, "a read was refused");
        reads += 1;
    }
    reads
}

/// Whole lines of a log; one that is being written is none yet.
fn lines(log: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(str::to_owned).collect()
}

/// Writes at a steady pace until standard input ends; repeats each write with its key until it is acknowledged.
fn write_until_told_to_stop(what: &str) {
    let mut words = what.splitn(4, ' ');
    let mut word = || words.next().unwrap();
    let (address, token, prefix, log) = (word().parse().unwrap(), format!("Bearer {}", word()), word(), word());
    let mut log = std::fs::File::create(log).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        told.store(true, Ordering::Release);
    });
    let every = EVERY[usize::from(is_soak())];
    let began = instant();
    for number in 0u32.. {
        if stop.load(Ordering::Acquire) {
            break;
        }
        let name = format!("{prefix}-{number}");
        let body = format!(
            r#"{{"resourceType":"Observation","identifier":[{{"value":"{name}"}}],"status":"final","code":{{"text":"x"}}}}"#
        );
        let headers = [JSON, ("Authorization", token.as_str()), ("Idempotency-Key", name.as_str())];
        let acknowledge = || {
            let answer = Serving::request(address, "POST", "/t/RAA/fhir/Observation", &headers, body.as_bytes());
            match answer.map(|answer| answer.status) {
                Ok(201 | 200) => true,
                Ok(503 | 0) | Err(_) => false,
                other => panic!("{name}: {other:?}"),
            }
        };
        assert!(becomes(acknowledge), "{name} was never acknowledged");
        writeln!(log, "{name}").unwrap();
        // Whoever fell behind writes at once.
        std::thread::park_timeout((every * (number + 1)).saturating_sub(began.elapsed()));
    }
}

#[test]
fn a_client_logs_what_was_acknowledged_to_it_and_nothing_else() {
    if let Ok(what) = std::env::var(CLIENT) {
        return write_until_told_to_stop(&what);
    }
    let stage = Stage::with_trust();
    let token = stage.token("system");
    let serving = stage.serve();
    let log = stage.path("c.log");
    let mut client = spawn(serving.address, &token, "c", &log);
    assert!(becomes(|| lines(&log).len() >= 10));
    drop(client.stdin.take());
    assert!(client.wait().unwrap().success());
    assert_eq!(serving.count("Observation", &token), lines(&log).len() as u64);
}
