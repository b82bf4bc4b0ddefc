//! A trust that moves between two hosts: how fast it is copied beside a bulk load of the host that takes it, how long a
//! rehearsal takes, and how long writes are held in many cuts there and back while clients write all the time.
//! Fails when an acknowledged write was lost or doubled, or both hosts do not end with the same checkpoint.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use testkit::corpus::Corpus;
use testkit::http::Target;
use testkit::program::Program;
use testkit::two_hosts::{Cut, Host, Writers, account, ticket};

use crate::{Figure, limits};

const TRUST: &str = "BENCH";
/// A trust of the host that takes the other one, to see how fast it loads.
const BESIDE: &str = "BESIDE";
/// Clients that write, and how often a second together.
const CLIENTS: usize = 4;
const WRITES: f64 = 200.0;
/// How long they write between two cuts.
const BETWEEN: Duration = Duration::from_secs(1);
/// How often the hosts are asked whether both have the same.
const LOOKING: Duration = Duration::from_millis(100);

/// What moves, and how often.
pub(crate) struct Moving<'b> {
    pub(crate) corpus: &'b Corpus,
    pub(crate) size: usize,
    pub(crate) cuts: usize,
}

impl Moving<'_> {
    /// Moves it from the first program's host to the second one's, and back, and so on.
    pub(crate) async fn measure(&self, [from, to]: [Program; 2], figures: &mut Vec<Figure>) -> Result<()> {
        let beside = self.load(&to, BESIDE)?;
        self.load(&from, TRUST)?;
        let hosts = [Host::serve(from)?, Host::serve(to)?];
        let target = Target::with_token(&hosts[0].serving.address, &hosts[0].token(TRUST)?)?;
        let ticket = ticket(&hosts[0], &hosts[1], TRUST)?;
        let started = Instant::now();
        hosts[1].json(&["move", "copy", "--ticket", &ticket])?;
        let seconds = started.elapsed().as_secs_f64();
        let rate = self.size as f64 / seconds;
        let limit = format!("{:.2} of a load of that host, {beside:.0} resources/s", rate / beside);
        figures.push(Figure::beside("copy, proved and read back", format!("{rate:.0} resources/s"), limit));
        let fetched =
            hosts[1].status(TRUST)?["fetched"].as_u64().context("a move says what came over the wire")? as f64;
        let [network, disk] = [limits::network()?, limits::disk(&hosts[1].program.data)?].map(|rate| rate / 1e6);
        figures.push(Figure::beside(
            "… over the wire",
            format!("{:.1} MB/s, {:.0} bytes a resource", fetched / seconds / 1e6, fetched / self.size as f64),
            format!("the loopback takes {network:.0} MB/s, the disk {disk:.0} MB/s in order and synced"),
        ));
        let started = Instant::now();
        let questions = hosts[1].rehearse(TRUST, false)?;
        let took = format!("{:.1?}", started.elapsed());
        figures.push(Figure::beside("rehearsal", took, format!("{questions} questions")));
        let writers = Writers::begin(&target, TRUST, CLIENTS, WRITES);
        let mut cuts = Vec::new();
        for number in 0..self.cuts {
            let (at, command) = if number % 2 == 0 { (0, "cut") } else { (1, "back") };
            hosts[1 - at].rehearse(TRUST, false)?;
            tokio::time::sleep(BETWEEN).await;
            cuts.push(hosts[at].cut(TRUST, command)?);
        }
        let (written, per_second) = writers.end().await?;
        account(&target, TRUST, &written).await?;
        same(&hosts).await?;
        figures.push(held(&cuts, per_second));
        let lost = format!("{} acknowledged, {per_second:.0} a second", written.len());
        figures.push(Figure::beside("writes lost or doubled", "0".into(), lost));
        Ok(())
    }

    fn load(&self, program: &Program, trust: &str) -> Result<f64> {
        let input = program.data.join("input");
        self.corpus.write_ndjson(&input, self.size)?;
        program.json(&["trust", "add", "--code", trust, "--name", "Bench", "--demonstration"])?;
        let account = program.json(&["load", "--trust", trust, input.to_str().context("a path that is no text")?])?;
        std::fs::remove_dir_all(&input)?;
        let took = account["loaded"]["milliseconds"].as_f64().context("a load says how long it took")?;
        Ok(self.size as f64 / (took / 1000.0))
    }
}

/// How long writes were held.
fn held(cuts: &[Cut], per_second: f64) -> Figure {
    let longest = cuts.iter().map(|cut| cut.longest_ms).max().unwrap_or(0);
    let mut medians: Vec<u64> = cuts.iter().map(|cut| cut.median_ms).collect();
    medians.sort_unstable();
    let live = cuts.iter().map(|cut| cut.live_ms).max().unwrap_or(0);
    let held: u64 = cuts.iter().map(|cut| cut.held).sum();
    Figure::beside(
        &format!("longest held write of {} cuts there and back", cuts.len()),
        format!("{longest} ms"),
        format!(
            "{held} held at {per_second:.0} writes a second, median of the medians {} ms; open over there after {live} ms at most",
            medians.get(medians.len() / 2).copied().unwrap_or(0)
        ),
    )
}

/// Waits until both hosts have the same entries, and compares their roots.
async fn same(hosts: &[Host; 2]) -> Result<()> {
    let started = Instant::now();
    loop {
        let mut entries = Vec::new();
        for host in hosts {
            entries.push(host.status(TRUST)?["entries"].as_u64().context("a move says how many entries there are")?);
        }
        if entries[0] == entries[1] {
            break;
        }
        ensure!(started.elapsed() < Duration::from_secs(60), "one host stays behind: {entries:?}");
        tokio::time::sleep(LOOKING).await;
    }
    let mut roots = Vec::new();
    for host in hosts {
        let text = host.json(&["checkpoint", "--trust", TRUST])?["checkpoint"]["text"].clone();
        // Origin, size and root are the first three lines.
        let lines: Vec<String> = text.as_str().unwrap_or_default().lines().take(3).map(str::to_owned).collect();
        roots.push(lines);
    }
    ensure!(roots[0].len() == 3 && roots[0] == roots[1], "the hosts differ: {roots:?}");
    Ok(())
}
