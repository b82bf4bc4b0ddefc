//! Serves the trust and asks it at a fixed pace: workers with connections that stay open take the next request that is due,
//! and count from the moment at which it was.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::Method;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use terms::Moment;
use testkit::hospital::{What, World};
use testkit::http::{Client, FORM, Target, form, form_token, hidden};
use testkit::program::{Program, memory};

use crate::Wanted;
use crate::make::{CODE, Made, PASSWORD, PEOPLE};
use crate::mix::{Ask, Form, Kind, MIX};
use crate::streams::{Watch, watch};

/// Connections that ask.
const WORKERS: usize = 96;
const QUERIES: [&str; 4] = [
    "Location?_count=1000",
    "Practitioner?_count=500",
    "Encounter?class=IMP&status=in-progress,onleave&_include=Encounter:subject&_count=500",
    "Encounter?class=EMER&status=arrived,triaged,in-progress&_count=1000",
];

/// Who asks, and what they know.
struct Asker {
    clerk: Client,
    clinician: Client,
    clinicians_token: String,
    random: ChaCha8Rng,
    shared: Arc<Shared>,
}

struct Shared {
    world: Mutex<World>,
    made: Made,
    watch: Arc<Watch>,
    /// By kind and whether it is the answer to a form: how long each took.
    times: Mutex<BTreeMap<(Kind, bool), Vec<Duration>>>,
    /// All of them by the second in which they were due.
    seconds: Mutex<BTreeMap<u64, Vec<Duration>>>,
    began: Mutex<Instant>,
    errors: Mutex<BTreeMap<String, usize>>,
    refused: AtomicUsize,
}

/// Serves, asks, and prints what came out.
pub(crate) async fn measure(wanted: &Wanted, program: &Program, made: &Made) -> Result<()> {
    let serving = program.serve()?;
    let mut sessions = Vec::new();
    for number in 0..PEOPLE {
        let clerk = Target::signed_in(&serving.address, CODE, &format!("clerk.{number}"), PASSWORD).await?;
        let clinician = Target::signed_in(&serving.address, CODE, &format!("clinician.{number}"), PASSWORD).await?;
        sessions.push((clerk, clinician));
    }
    let world = see(&sessions[0].1).await?;
    let (wards, beds, here) = (world.wards.len(), world.ward_beds().count(), world.inpatients.len());
    println!("{wards} wards, {beds} beds, {here} inpatients, {} attenders", world.attendances.len());
    let seen = Arc::new(Watch::default());
    let streams = open_streams(wanted, &sessions, &world, &seen);
    let shared = Arc::new(Shared {
        world: Mutex::new(world),
        made: Made { patients: made.patients.clone(), names: made.names.clone() },
        watch: Arc::clone(&seen),
        times: Mutex::default(),
        seconds: Mutex::default(),
        began: Mutex::new(Instant::now()),
        errors: Mutex::default(),
        refused: AtomicUsize::new(0),
    });
    tokio::time::sleep(Duration::from_secs(3)).await;
    let warm = ask_all(wanted, &sessions, &shared, wanted.time.min(Duration::from_secs(15)), wanted.rate / 2.0).await?;
    println!("warmed up with {warm} requests");
    shared.times.lock().unwrap_or_else(PoisonError::into_inner).clear();
    shared.seconds.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let began = Instant::now();
    *shared.began.lock().unwrap_or_else(PoisonError::into_inner) = began;
    ask_all(wanted, &sessions, &shared, wanted.time, wanted.rate).await?;
    let took = began.elapsed();
    tokio::time::sleep(Duration::from_secs(2)).await;
    report(wanted, &shared, took, &memory(serving.process())?);
    for stream in streams {
        stream.abort();
    }
    Ok(())
}

/// Watches boards, as many of each ward; the first of each measures.
fn open_streams(
    wanted: &Wanted,
    sessions: &[(Target, Target)],
    world: &World,
    seen: &Arc<Watch>,
) -> Vec<tokio::task::JoinHandle<()>> {
    let wards: Vec<&String> = world.wards.iter().collect();
    let open = |number: usize| {
        let path = format!("/t/{CODE}/wards/{}/live?at=0", wards[number % wards.len()]);
        let target = sessions[number % sessions.len()].1.clone();
        let work = watch(target, path, Arc::clone(seen), number < wards.len());
        tokio::spawn(async move {
            if let Err(error) = work.await {
                println!("a stream ended: {error:#}");
            }
        })
    };
    (0..wanted.streams).map(open).collect()
}

/// Reads who is where.
async fn see(target: &Target) -> Result<World> {
    let mut client = target.connect().await?;
    let mut texts = Vec::new();
    for query in QUERIES {
        let mut path = format!("/t/{CODE}/fhir/{query}");
        for _ in 0..20 {
            let bundle: Value = serde_json::from_slice(&client.get(&path).await?.body)?;
            let entries = bundle["entry"].as_array().into_iter().flatten();
            texts.extend(entries.map(|entry| entry["resource"].to_string()));
            let links = bundle["link"].as_array().into_iter().flatten();
            let next = links.filter(|link| link["relation"] == "next").find_map(|link| link["url"].as_str());
            let Some(next) = next else { break };
            path = next[next.find("/t/").context("a link that leads elsewhere")?..].to_owned();
        }
    }
    let now = Moment(i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?);
    Ok(World::see(texts.iter().map(String::as_bytes), now))
}

/// Asks at a pace for a time; how many requests.
async fn ask_all(
    wanted: &Wanted,
    sessions: &[(Target, Target)],
    shared: &Arc<Shared>,
    time: Duration,
    rate: f64,
) -> Result<usize> {
    // A form is two requests.
    let forms: u32 =
        MIX.iter().filter(|(kind, ..)| kind.writes() && *kind != Kind::Observations).map(|(_, share, _)| share).sum();
    let asks_a_second = rate / (1.0 + f64::from(forms) / 1000.0);
    let (drawn, started) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let mut workers = Vec::with_capacity(WORKERS);
    for number in 0..WORKERS {
        let (clerk, clinician) = &sessions[number % sessions.len()];
        let page = clinician.connect().await?.get(&format!("/t/{CODE}/account")).await?;
        let mut asker = Asker {
            clerk: clerk.connect().await?,
            clinician: clinician.connect().await?,
            clinicians_token: form_token(&page.body).context("the account page has no form")?,
            random: ChaCha8Rng::seed_from_u64(wanted.seed.wrapping_mul(1_000) + number as u64),
            shared: Arc::clone(shared),
        };
        let drawn = Arc::clone(&drawn);
        workers.push(tokio::spawn(async move {
            loop {
                let number = drawn.fetch_add(1, Ordering::Relaxed);
                let after = Duration::from_secs_f64(number as f64 / asks_a_second);
                if after >= time {
                    return;
                }
                let due = started + after;
                tokio::time::sleep_until(due.into()).await;
                asker.next(due).await;
            }
        }));
    }
    for worker in workers {
        worker.await?;
    }
    Ok(shared.times.lock().unwrap_or_else(PoisonError::into_inner).values().map(Vec::len).sum())
}

impl Asker {
    async fn next(&mut self, due: Instant) {
        let mut kind = Kind::drawn(&mut self.random);
        let ask = {
            let mut world = self.shared.world.lock().unwrap_or_else(PoisonError::into_inner);
            let ask = kind.ask(&world, &self.shared.made, &mut self.random);
            if let Some(Ask::Form(form)) = &ask {
                form.then.iter().for_each(|command| world.apply(&What::Command(command.clone())));
            }
            ask
        };
        let ask = ask.unwrap_or_else(|| {
            kind = Kind::Home;
            Ask::Get(String::new())
        });
        if let Err(error) = self.ask(kind, &ask, due).await {
            let words = format!("{}: {error:#}", kind.words());
            *self.shared.errors.lock().unwrap_or_else(PoisonError::into_inner).entry(words).or_default() += 1;
        }
    }

    async fn ask(&mut self, kind: Kind, ask: &Ask, due: Instant) -> Result<()> {
        match ask {
            Ask::Get(path) => {
                let more = (kind == Kind::Typing).then_some(("hx-request", "true"));
                let path = format!("/t/{CODE}/{path}");
                let client = self.clinician.again().await?;
                let answer = client.send_with(Method::GET, &path, "", Bytes::new(), more).await?;
                ensure!(answer.status.is_success(), "answered {}", answer.status);
                self.took(kind, false, due.elapsed());
            }
            Ask::Send(bundle) => {
                let more = Some(("x-form-token", self.clinicians_token.as_str()));
                let (path, body) = (format!("/t/{CODE}/fhir"), Bytes::from(bundle.clone()));
                let client = self.clinician.again().await?;
                let answer = client.send_with(Method::POST, &path, "application/fhir+json", body, more).await?;
                ensure!(answer.status.is_success(), "answered {}", answer.status);
                self.took(kind, true, due.elapsed());
            }
            Ask::Form(of) => self.fill(kind, of, due).await?,
        }
        Ok(())
    }

    /// A form's page, then its answer, which is due when the page is there.
    async fn fill(&mut self, kind: Kind, of: &Form, due: Instant) -> Result<()> {
        let client = if kind == Kind::WaitFor { &mut self.clinician } else { &mut self.clerk };
        let client = client.again().await?;
        let page = client.get(&format!("/t/{CODE}/{}", of.page)).await?;
        let page_took = due.elapsed();
        let token = hidden(&page.body, "form_token").context("the page has no form")?;
        let key = hidden(&page.body, "form_key").unwrap_or_default();
        let fields: Vec<(&str, &str)> = [("form_token", token.as_str()), ("form_key", key.as_str())]
            .into_iter()
            .chain(of.typed.iter().map(|(name, value)| (*name, value.as_str())))
            .collect();
        let sent = Instant::now();
        if let Some(bed) = &of.bed {
            self.shared.watch.sent(bed);
        }
        let answer = client.send(Method::POST, &format!("/t/{CODE}/{}", of.action), FORM, form(&fields)).await?;
        self.took(kind, false, page_took);
        self.took(kind, true, sent.elapsed());
        if answer.status.is_redirection() {
            return Ok(());
        }
        if let Some(bed) = &of.bed {
            self.shared.watch.refused(bed);
        }
        ensure!(matches!(answer.status.as_u16(), 409 | 422), "answered {}", answer.status);
        self.shared.refused.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn took(&self, kind: Kind, is_answer: bool, took: Duration) {
        let began = *self.shared.began.lock().unwrap_or_else(PoisonError::into_inner);
        let second = began.elapsed().saturating_sub(took).as_secs();
        self.shared.seconds.lock().unwrap_or_else(PoisonError::into_inner).entry(second).or_default().push(took);
        self.shared
            .times
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry((kind, is_answer))
            .or_default()
            .push(took);
    }
}

fn at(times: &[Duration], share: f64) -> f64 {
    let place = (times.len().saturating_sub(1) as f64 * share) as usize;
    times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

fn row(words: &str, share: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let (p50, p95, p99) = (at(times, 0.5), at(times, 0.95), at(times, 0.99));
    println!("| {words} | {share} | {} | {p50:.1} | {p95:.1} | {p99:.1} | {:.0} |", times.len(), at(times, 1.0));
}

/// How it went on, and in which seconds somebody waited longest.
fn by_minute(seconds: &mut BTreeMap<u64, Vec<Duration>>) {
    println!("\n| minute | | requests | p50 ms | p95 ms | p99 ms | most ms |");
    println!("| --- | --- | --: | --: | --: | --: | --: |");
    let last = seconds.keys().next_back().copied().unwrap_or_default();
    for minute in 0..=last / 60 {
        let mut all: Vec<Duration> =
            seconds.range(minute * 60..(minute + 1) * 60).flat_map(|(_, times)| times).copied().collect();
        row(&(minute + 1).to_string(), "", &mut all);
    }
    let mut slow: Vec<(f64, u64)> = Vec::new();
    for (second, times) in seconds {
        times.sort_unstable();
        slow.push((at(times, 0.95), *second));
    }
    slow.sort_by(|one, other| other.0.total_cmp(&one.0));
    let over = slow.iter().filter(|(p95, _)| *p95 >= 50.0).count();
    let worst: Vec<String> = slow.iter().take(12).map(|(p95, second)| format!("{second} ({p95:.0} ms)")).collect();
    println!("\nseconds with a p95 of 50 ms or more: {over} of {}; the slowest: {}", slow.len(), worst.join(", "));
}

fn report(wanted: &Wanted, shared: &Shared, took: Duration, memory: &str) {
    let mut times = shared.times.lock().unwrap_or_else(PoisonError::into_inner);
    println!("\n| what | of 1,000 | requests | p50 ms | p95 ms | p99 ms | most ms |");
    println!("| --- | --: | --: | --: | --: | --: | --: |");
    let (mut pages, mut commands) = (Vec::new(), Vec::new());
    for (kind, share, words) in MIX {
        for is_answer in [false, true] {
            let Some(of) = times.get_mut(&(*kind, is_answer)) else { continue };
            let words =
                if is_answer && *kind != Kind::Observations { format!("{words}, sent") } else { (*words).to_owned() };
            row(&words, &if is_answer && *kind != Kind::Observations { String::new() } else { share.to_string() }, of);
            let all = if is_answer { &mut commands } else { &mut pages };
            all.extend(of.iter().copied());
        }
    }
    let all = pages.len() + commands.len();
    row("**all pages**", "", &mut pages);
    row("**all commands**", "", &mut commands);
    let (mut delays, missed) = shared.watch.ended();
    row("a form is sent, the row is on the watched board", "", &mut delays);
    by_minute(&mut shared.seconds.lock().unwrap_or_else(PoisonError::into_inner));
    let errors = shared.errors.lock().unwrap_or_else(PoisonError::into_inner);
    println!("\n{:.0} requests a second for {:.0} s", all as f64 / took.as_secs_f64(), took.as_secs_f64());
    println!("wanted: {} a second, {} streams", wanted.rate, wanted.streams);
    println!(
        "errors: {}; refused by rules: {}",
        errors.values().sum::<usize>(),
        shared.refused.load(Ordering::Relaxed)
    );
    for (words, times) in errors.iter() {
        println!("  {times} × {words}");
    }
    let open = shared.watch.open.load(Ordering::Relaxed);
    println!("streams open at the end: {open}; events: {}", shared.watch.events.load(Ordering::Relaxed));
    println!("rows that did not come within 5 s: {missed}; memory of the server: {memory}");
}
