//! Shows a move: starts two hosts and a witness, fills a trust, moves it to the other host and back while clients write, and
//! prints how long who wrote was held and what the certificate is worth. An operator can follow it on the pages; on a terminal
//! the hosts are served until it is interrupted. Knows the programs as anybody does: by their commands.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use testkit::http::Target;
use testkit::program::Program;
use testkit::two_hosts::{Host, Writers, account, ticket};

const TRUST: &str = "THR";
/// Clients that write.
const CLIENTS: usize = 4;

/// How much is shown.
struct Size {
    /// Patients that the trust begins with; each has some observations.
    patients: usize,
    /// How often a second all clients together write.
    writes: f64,
    /// How long they write before and after each cut.
    meanwhile: Duration,
}

/// As people are shown it.
const SHOWN: Size = Size { patients: 500, writes: 200.0, meanwhile: Duration::from_secs(3) };
/// As a check runs it, with programs that were not optimised.
const SMALL: Size = Size { patients: 60, writes: 20.0, meanwhile: Duration::from_secs(1) };

#[tokio::main]
async fn main() -> Result<()> {
    let (options, arguments): (Vec<_>, Vec<_>) = std::env::args_os().skip(1).partition(|one| one == "--small");
    let size = if options.is_empty() { SHOWN } else { SMALL };
    let mut arguments = arguments.into_iter();
    let programs = arguments.next().context("Say where the programs are: demo-move [--small] DIR [DATA]")?;
    let programs = PathBuf::from(programs);
    let kept = tempfile::tempdir()?;
    let data = arguments.next().map_or_else(|| kept.path().to_owned(), PathBuf::from);
    let program = |name| Program { binary: programs.join("almoner"), data: data.join(name), store: None };
    let (first, second) = (program("a"), program("b"));
    first.json(&["trust", "add", "--code", TRUST, "--name", "Thameside Royal", "--demonstration"])?;
    let passwords = [operator(&first, "ALDER", "Alder hall")?, operator(&second, "BIRCH", "Birch hall")?];
    let (one, other) = (Host::serve(first)?, Host::serve(second)?);
    let witness = Host::serve(program("c"))?;
    say(&format!("two hosts: {} and {}; a third one witnesses for them", one.serving.address, other.serving.address))?;
    let witness_key = make_known(&[&one, &other, &witness])?;
    fill(&one, &data, size.patients)?;
    let target = Target::with_token(&one.serving.address, &one.token(TRUST)?)?;
    let ticket = ticket(&one, &other, TRUST)?;
    for (host, hall, password) in [(&one, "ALDER", &passwords[0]), (&other, "BIRCH", &passwords[1])] {
        let page = format!("http://{}/t/{hall}/moves/{TRUST}", host.serving.address);
        say(&format!("follow it live: {page} as m.tanaka of {hall} with the password {password}"))?;
    }
    other.json(&["move", "copy", "--ticket", &ticket])?;
    say(&format!("copied; {} questions answered alike by both hosts", other.rehearse(TRUST, true)?))?;
    let writers = Writers::begin(&target, TRUST, CLIENTS, size.writes);
    tokio::time::sleep(size.meanwhile).await;
    for (from, to, command) in [(&one, &other, "cut"), (&other, &one, "back")] {
        say(&format!("rehearsed: {} questions answered alike", to.rehearse(TRUST, false)?))?;
        let cut = from.cut(TRUST, command)?;
        say(&format!(
            "{command}: {} writes held, median {} ms, longest {} ms; open over there after {} ms",
            cut.held, cut.median_ms, cut.longest_ms, cut.live_ms
        ))?;
        tokio::time::sleep(size.meanwhile).await;
    }
    let (written, rate) = writers.end().await?;
    account(&target, TRUST, &written).await?;
    say(&format!("{} writes were acknowledged, {rate:.0} a second; none lost, none doubled", written.len()))?;
    let certificate = data.join("certificate.json");
    let certificate = certificate.to_str().context("a path that is no text")?;
    one.program.run_with(&["move", "certificate", "--trust", TRUST, "--out", certificate], "")?;
    let mut verify = Command::new(programs.join("almoner-verify"));
    let checked = verify.args(["certificate", certificate, "--witness", &witness_key]).output()?;
    say(&format!("almoner-verify certificate {certificate} --witness {witness_key}:"))?;
    say(String::from_utf8_lossy(&checked.stdout).trim_end())?;
    ensure!(checked.status.success(), "the certificate proves nothing");
    if std::io::stdin().is_terminal() {
        say("All three hosts are served until you press Ctrl-C.")?;
        tokio::signal::ctrl_c().await?;
    }
    Ok(())
}

/// Makes an operator of a hall, who sees the moves of its host; gives the password. Accounts of the trust that moves would
/// be nobody's at the other host.
fn operator(host: &Program, hall: &str, name: &str) -> Result<String> {
    host.json(&["trust", "add", "--code", hall, "--name", name, "--demonstration"])?;
    let add = ["user", "add", "--trust", hall, "--name", "m.tanaka", "--display", "Mei Tanaka", "--role", "operator"];
    text(&host.json(&add)?["user"]["password"]).map(str::to_owned)
}

/// Makes the last host a witness of the others; gives the key by which it signs.
fn make_known(hosts: &[&Host; 3]) -> Result<String> {
    let keys: Vec<Value> = hosts
        .iter()
        .map(|host| Ok(host.json(&["witness", "key"])?["witnessed"]["key"].clone()))
        .collect::<Result<_>>()?;
    for (at, to) in [(0, 2), (1, 2), (2, 0), (2, 1)] {
        let (address, key) = (text(&keys[to]["address"])?, text(&keys[to]["key"])?);
        hosts[at].json(&["witness", "add", "--address", address, "--key", key])?;
    }
    Ok(text(&keys[2]["witness"])?.to_owned())
}

fn fill(host: &Host, data: &Path, patients: usize) -> Result<()> {
    let path = data.join("patients.ndjson");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
    for number in 0..patients {
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

fn text(value: &Value) -> Result<&str> {
    value.as_str().context("an answer lacks what was expected")
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").context("writing to standard output")
}
