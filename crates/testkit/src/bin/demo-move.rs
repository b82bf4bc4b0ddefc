//! Shows a move: starts two hosts and a witness, fills a trust, moves it to the other host and back while clients write, and
//! prints how long who wrote was held and what the certificate is worth. An operator can follow it on the pages; on a terminal
//! the hosts are served until it is interrupted. Knows the programs as anybody does: by their commands.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::Method;
use serde_json::Value;
use testkit::http::Target;

const TRUST: &str = "THR";
/// Patients that the trust begins with; each has some observations.
const PATIENTS: usize = 500;
/// Clients that write, and how long each rests between two writes.
const CLIENTS: usize = 4;
const REST: Duration = Duration::from_millis(10);
/// How long clients write before and after each cut.
const MEANWHILE: Duration = Duration::from_secs(3);

/// A host that is being served.
struct Host {
    program: PathBuf,
    data: PathBuf,
    child: Child,
    address: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let programs = PathBuf::from(arguments.next().context("Say where the programs are: demo-move DIR [DATA]")?);
    let kept = tempfile::tempdir()?;
    let data = arguments.next().map_or_else(|| kept.path().to_owned(), PathBuf::from);
    let program = programs.join("almoner");
    run(&program, &data.join("a"), &["trust", "add", "--code", TRUST, "--name", "Thameside Royal", "--demonstration"])?;
    let (one, other) = (Host::serve(&program, &data.join("a"))?, Host::serve(&program, &data.join("b"))?);
    let witness = Host::serve(&program, &data.join("c"))?;
    say(&format!("two hosts: {} and {}; a third one witnesses for them", one.address, other.address))?;
    let witness_key = make_known(&[&one, &other, &witness])?;
    fill(&one, &data)?;
    let token = one.json(&["token", "--trust", TRUST, "--role", "system", "--ttl", "1h"])?;
    let token = text(&token["token"]["token"])?.to_owned();
    let operator = operator(&one)?;
    say(&format!("follow it live: http://{}/t/{TRUST}/moves/{TRUST}, {operator}", one.address))?;
    prepare(&one, &other, &data)?;
    say(&format!(
        "and, since its accounts came along, with the same sign-in at http://{}/t/{TRUST}/moves/{TRUST}",
        other.address
    ))?;
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| tokio::spawn(write(one.address.clone(), token.clone(), client, Arc::clone(&stop))))
        .collect();
    tokio::time::sleep(MEANWHILE).await;
    for (from, to, command) in [(&one, &other, "cut"), (&other, &one, "back")] {
        say(&format!(
            "rehearsing: {}",
            to.json(&["move", "rehearse", "--trust", TRUST])?["moved"]["rehearsed"]["questions"]
        ))?;
        let cut = from.json(&["move", command, "--trust", TRUST])?["moved"]["cut"].clone();
        say(&format!(
            "{command}: {} writers held, median {} ms, longest {} ms; open over there after {} ms",
            cut["held"], cut["held_median_ms"], cut["held_longest_ms"], cut["live_ms"]
        ))?;
        tokio::time::sleep(MEANWHILE).await;
    }
    stop.store(true, Ordering::Release);
    let mut written = BTreeMap::new();
    for client in clients {
        written.extend(client.await??);
    }
    account(&one, &token, &written).await?;
    let certificate = data.join("certificate.json");
    one.said(&["move", "certificate", "--trust", TRUST, "--out", &certificate.to_string_lossy()])?;
    let mut verify = Command::new(programs.join("almoner-verify"));
    let checked = verify.arg("certificate").arg(&certificate).args(["--witness", &witness_key]).output()?;
    say(&format!("almoner-verify certificate {} --witness {witness_key}:", certificate.display()))?;
    say(String::from_utf8_lossy(&checked.stdout).trim_end())?;
    ensure!(checked.status.success(), "the certificate proves nothing");
    if std::io::stdin().is_terminal() {
        say("both hosts are served until you press Ctrl-C")?;
        tokio::signal::ctrl_c().await?;
    }
    Ok(())
}

/// Makes an operator, who may see moves; gives the sign-in.
fn operator(host: &Host) -> Result<String> {
    let add = ["user", "add", "--trust", TRUST, "--name", "m.tanaka", "--display", "Mei Tanaka", "--role", "operator"];
    let password = host.json(&add)?["user"]["password"].clone();
    Ok(format!("as m.tanaka with the password {}", text(&password)?))
}

/// Makes the last host a witness of the others; gives the key by which it signs.
fn make_known(hosts: &[&Host; 3]) -> Result<String> {
    let keys: Vec<Value> = hosts
        .iter()
        .map(|host| Ok(host.json(&["witness", "key"])?["witnessed"]["key"].clone()))
        .collect::<Result<_>>()?;
    for (at, to) in [(0, 2), (1, 2), (2, 0), (2, 1)] {
        let (address, key) = (text(&keys[to]["address"])?, text(&keys[to]["key"])?);
        hosts[at].said(&["witness", "add", "--address", address, "--key", key])?;
    }
    Ok(text(&keys[2]["witness"])?.to_owned())
}

/// Makes the ticket, copies, and rehearses once, so that everything has been seen before clients come.
fn prepare(one: &Host, other: &Host, data: &Path) -> Result<()> {
    let key = other.json(&["move", "key"])?["moved"]["key"].clone();
    let ticket = data.join("ticket");
    let ticket = ticket.to_string_lossy();
    let (to, key) = (text(&key["address"])?, text(&key["key"])?);
    one.said(&["move", "plan", "--trust", TRUST, "--to", to, "--key", key, "--out", &ticket])?;
    other.said(&["move", "copy", "--ticket", &ticket])?;
    let rehearsed = other.json(&["move", "rehearse", "--trust", TRUST, "--whole"])?["moved"]["rehearsed"].clone();
    say(&format!("copied; rehearsed: {} questions, differences {}", rehearsed["questions"], rehearsed["differences"]))
}

fn fill(host: &Host, data: &Path) -> Result<()> {
    let path = data.join("patients.ndjson");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
    for number in 0..PATIENTS {
        writeln!(file, r#"{{"resourceType":"Patient","id":"p{number}","name":[{{"family":"Invented{number}"}}]}}"#)?;
        for which in 0..4 {
            writeln!(
                file,
                r#"{{"resourceType":"Observation","id":"o{number}-{which}","status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"8867-4"}}]}},"subject":{{"reference":"Patient/p{number}"}},"effectiveDateTime":"2026-11-17T14:3{which}:00Z","valueQuantity":{{"value":8{which},"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}}}}"#
            )?;
        }
    }
    file.flush()?;
    let loaded = host.json(&["load", "--trust", TRUST, &path.to_string_lossy()])?;
    say(&format!("a trust of {} resources", loaded["loaded"]["stored"]))
}

/// Writes, with a key of its own for each request and a log of what was acknowledged.
async fn write(address: String, token: String, client: usize, stop: Arc<AtomicBool>) -> Result<BTreeMap<String, u16>> {
    let target = Target::with_token(&address, &token)?;
    let mut log = BTreeMap::new();
    for number in 0.. {
        if stop.load(Ordering::Acquire) {
            break;
        }
        let name = format!("Written{client}x{number}");
        let body = format!(r#"{{"resourceType":"Patient","name":[{{"family":"{name}"}}]}}"#);
        loop {
            let path = format!("/t/{TRUST}/fhir/Patient");
            let sent = async {
                let mut connection = target.connect().await?;
                let body = Bytes::from(body.clone());
                let key = Some(("idempotency-key", name.as_str()));
                connection.send_with(Method::POST, &path, "application/fhir+json", body, key).await
            };
            match sent.await {
                Ok(answer) if answer.status.is_success() => {
                    log.insert(name.clone(), answer.status.as_u16());
                    break;
                }
                Ok(answer) => ensure!(answer.status.as_u16() == 503, "{name} was answered {}", answer.status),
                Err(_) => {}
            }
            tokio::time::sleep(REST).await;
        }
        tokio::time::sleep(REST).await;
    }
    Ok(log)
}

/// Compares what clients were told with what is there.
async fn account(host: &Host, token: &str, written: &BTreeMap<String, u16>) -> Result<()> {
    let mut connection = Target::with_token(&host.address, token)?.connect().await?;
    let (mut lost, mut doubled) = (0, 0);
    for name in written.keys() {
        let path = format!("/t/{TRUST}/fhir/Patient?family:exact={name}&_summary=count");
        let found: Value = serde_json::from_slice(&connection.get(&path).await?.body)?;
        match found["total"].as_u64() {
            Some(1) => {}
            Some(0) | None => lost += 1,
            Some(_) => doubled += 1,
        }
    }
    say(&format!("{} writes were acknowledged; lost: {lost}, doubled: {doubled}", written.len()))?;
    ensure!(lost + doubled == 0, "something was lost or doubled");
    Ok(())
}

impl Host {
    fn serve(program: &Path, data: &Path) -> Result<Host> {
        let mut command = Command::new(program);
        let listen = ["--listen", "127.0.0.1:0", "--move-listen", "127.0.0.1:0", "--json"];
        let mut child = command.arg("serve").arg("--data").arg(data).args(listen).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("it says nothing")?).read_line(&mut line)?;
        let said: Value = serde_json::from_str(&line).context("a host did not start")?;
        let address = text(&said["serving"])?.trim_start_matches("http://").to_owned();
        Ok(Host { program: program.to_owned(), data: data.to_owned(), child, address })
    }

    fn json(&self, arguments: &[&str]) -> Result<Value> {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        Ok(serde_json::from_str(&self.said(&arguments)?)?)
    }

    fn said(&self, arguments: &[&str]) -> Result<String> {
        run(&self.program, &self.data, arguments)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(program: &Path, data: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).arg("--data").arg(data).output()?;
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{arguments:?}: {err}");
    Ok(String::from_utf8(output.stdout)?)
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().context("an answer lacks what was expected")
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").context("writing to standard output")
}
