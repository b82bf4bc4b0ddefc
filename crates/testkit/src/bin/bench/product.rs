//! The program itself, measured from outside: `almoner load` of NDJSON files, then a server in a process of its own, asked
//! over HTTP by 64 clients on the same two cores, with sign-in, permits, access journal and proofs as they are.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::routing::get;

use crate::Figure;
use crate::http::{Pace, run};
use crate::requests::Work;
use testkit::corpus::Corpus;
use testkit::http::Target;
use testkit::program::{Program, memory};

const CODE: &str = "BENCH";
const CLIENTS: usize = 64;
const TIME: Duration = Duration::from_secs(8);
const PASSWORD: &str = "a long password for a bench";
/// Encounters of a patient who has been in hospital for years.
const ENCOUNTERS: usize = 700;

/// The program, its data and the limits that the figures stand beside.
pub(crate) struct Product<'b> {
    pub(crate) program: Program,
    pub(crate) corpus: &'b Corpus,
    pub(crate) size: usize,
    pub(crate) floor: f64,
}

/// The share of hello's rate at which the mix's latency is judged: 8,000 a second where hello is 187,000.
const MIX: f64 = 0.043;

impl Product<'_> {
    /// Loads, serves and asks.
    pub(crate) async fn measure(&self, figures: &mut Vec<Figure>) -> Result<()> {
        self.load(figures)?;
        let long = self.load_long_history()?;
        let token = self.program.json(&["token", "--trust", CODE, "--role", "system", "--ttl", "12h"])?;
        let token = token["token"]["token"].as_str().context("no token was printed")?.to_owned();
        let add = ["user", "add", "--trust", CODE, "--name", "b.bench", "--display", "B Bench", "--role", "clinician"];
        self.program.run_with(&[add.as_slice(), &["--password-stdin"]].concat(), PASSWORD)?;
        let started = Instant::now();
        let serving = self.program.serve()?;
        let target = Target::with_token(&serving.address, &token)?;
        let some = self.addresses("Patient", 1, |id| format!("/t/{CODE}/fhir/Patient/{id}"));
        target.connect().await?.get(&some[0]).await?;
        figures.push(Figure::new("start until the first patient is read", format!("{:.2?}", started.elapsed())));
        figures.push(Figure::new("memory then", memory(serving.process())?));
        let binary = std::fs::metadata(&self.program.binary)?.len();
        figures.push(Figure::new("program", format!("{:.1} MB", binary as f64 / 1e6)));
        self.over_http(&target, figures).await?;
        self.pages(&serving.address, &long, figures).await?;
        figures.push(Figure::new("memory after all of this", memory(serving.process())?));
        Ok(())
    }

    fn load(&self, figures: &mut Vec<Figure>) -> Result<()> {
        let input = self.program.data.join("input");
        self.corpus.write_ndjson(&input, self.size)?;
        self.program.run_with(&["trust", "add", "--code", CODE, "--name", "Bench", "--demonstration"], "")?;
        let account =
            self.program.json(&["load", "--trust", CODE, input.to_str().context("a path that is no text")?])?;
        let account = &account["loaded"];
        let number = |name: &str| account[name].as_u64().unwrap_or(0);
        let (read, refused, took) = (number("read"), number("refused"), number("milliseconds"));
        ensure!(
            read == self.size as u64 && refused == 0,
            "{refused} of {read} were refused: {}",
            account["refusals"][0]
        );
        std::fs::remove_dir_all(&input)?;
        let rate = read as f64 / (took as f64 / 1000.0);
        let beside = format!("{:.2} of the floor", rate / self.floor);
        figures.push(Figure::beside("`almoner load`", format!("{rate:.0} resources/s"), beside));
        Ok(())
    }

    /// Loads one patient more, with a long history; their id, and how many encounters and resources they have.
    fn load_long_history(&self) -> Result<(String, usize, usize)> {
        let input = self.program.data.join("input");
        let long = self.corpus.write_long_history(&input, ENCOUNTERS)?;
        let account =
            self.program.json(&["load", "--trust", CODE, input.to_str().context("a path that is no text")?])?;
        let refused = account["loaded"]["refused"].as_u64();
        ensure!(refused == Some(0), "{refused:?} of a long history were refused");
        std::fs::remove_dir_all(&input)?;
        Ok(long)
    }

    async fn over_http(&self, target: &Target, figures: &mut Vec<Figure>) -> Result<()> {
        let hello = hello(target).await?;
        figures.push(Figure::new("HTTP hello of the same library", format!("{hello:.0} requests/s")));
        let by_id = self.addresses("Observation", 5000, |id| format!("/t/{CODE}/fhir/Observation/{id}"));
        let newest = self.addresses("Patient", 500, |id| {
            format!(
                "/t/{CODE}/fhir/Observation?patient=Patient/{id}&code=http://loinc.org|8302-2&_sort=-date&_count=20"
            )
        });
        let family =
            ["sm", "jo", "ba", "ha", "le"].map(|start| format!("/t/{CODE}/fhir/Patient?family={start}&_count=20"));
        let reads = [
            ("get by id", by_id),
            ("Observation by patient and code, newest first, 20", newest),
            ("Patient by family prefix, 20", family.to_vec()),
        ];
        for (what, paths) in reads {
            self.ask(target, (what, &Work::Read(Arc::new(paths))), hello, None, figures).await?;
        }
        let lives = Work::lives(self.corpus, &format!("/t/{CODE}/fhir"))?;
        let mix = ("create, read, update, read, delete of nine types", &lives);
        self.ask(target, mix, hello, Some(MIX), figures).await
    }

    /// The rate at full speed, then the latency at four fifths of it, and at a share of hello's rate.
    async fn ask(
        &self,
        target: &Target,
        (what, work): (&str, &Work),
        hello: f64,
        share: Option<f64>,
        figures: &mut Vec<Figure>,
    ) -> Result<()> {
        run(target, CLIENTS, Pace::AsFastAsPossible, TIME / 4, work).await?;
        let full = run(target, CLIENTS, Pace::AsFastAsPossible, TIME, work).await?;
        let paced = run(target, CLIENTS, Pace::PerSecond(full.per_second * 0.8), TIME, work).await?;
        let mut beside = format!(
            "{:.2} of hello; at 0.8 of it p50 {:.1?}, p99 {:.1?}",
            full.per_second / hello,
            paced.at(50),
            paced.at(99)
        );
        if let Some(share) = share {
            let paced = run(target, CLIENTS, Pace::PerSecond(hello * share), TIME, work).await?;
            beside.push_str(&format!("; at {share} of hello p50 {:.1?}, p99 {:.1?}", paced.at(50), paced.at(99)));
        }
        let what = format!("{what}, {CLIENTS} clients");
        figures.push(Figure::beside(&what, format!("{:.0} requests/s", full.per_second), beside));
        Ok(())
    }

    /// Pages, one reader at a time.
    async fn pages(
        &self,
        address: &str,
        (patient, encounters, resources): &(String, usize, usize),
        figures: &mut Vec<Figure>,
    ) -> Result<()> {
        let target = Target::signed_in(address, CODE, "b.bench", PASSWORD).await?;
        let largest = self.corpus.largest_patients(5);
        let charts = largest.iter().map(|id| format!("/t/{CODE}/patients/{id}")).collect();
        let searches = ["smi", "jones m", "8 jan 1980", "hermna", "ba"]
            .map(|typed| format!("/t/{CODE}/patients?q={}", typed.replace(' ', "+")));
        let most = self.corpus.most_encounters();
        let chart = format!("/t/{CODE}/patients/{patient}");
        let pages = [
            (format!("summary of a patient with {encounters} encounters and {resources} resources"), vec![chart]),
            (format!("summary of the five patients with most resources (up to {most} encounters)"), charts),
            ("search page: names, parts, a slip, a date of birth".to_owned(), searches.to_vec()),
        ];
        for (what, paths) in pages {
            let ran = run(&target, 1, Pace::AsFastAsPossible, TIME, &Work::Read(Arc::new(paths))).await?;
            figures.push(Figure::new(&what, format!("p50 {:.1?}, p95 {:.1?}", ran.at(50), ran.at(95))));
        }
        Ok(())
    }

    /// Addresses made from the ids of a type, spread over what was loaded.
    fn addresses(&self, kind: &str, most: usize, address: impl Fn(&str) -> String) -> Vec<String> {
        let ids = self.corpus.ids(kind, self.size);
        let step = (ids.len() / most).max(1);
        ids.iter().step_by(step).take(most).map(|id| address(id)).collect()
    }
}

/// How many times a second the HTTP library says hello to as many clients.
async fn hello(target: &Target) -> Result<f64> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let router = Router::new().route("/", get(|| async { "hello" }));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let hello = Target { address, credential: target.credential.clone() };
    let work = Work::Read(Arc::new(vec!["/".to_owned()]));
    run(&hello, CLIENTS, Pace::AsFastAsPossible, TIME / 4, &work).await?;
    let ran = run(&hello, CLIENTS, Pace::AsFastAsPossible, TIME / 2, &work).await?;
    server.abort();
    Ok(ran.per_second)
}
