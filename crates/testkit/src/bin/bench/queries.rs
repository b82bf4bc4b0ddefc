//! Reads inside the process: by id, and the searches that wards make, with p50 and p99.
//! Warm, in one process; the readings are dropped unnoted here, noting them is measured in `single`.

use std::time::{Duration, Instant};

use anyhow::Result;
use record::{Clause, Key, Record, Select};
use terms::index::{Next, Part, Span};
use testkit::corpus::Corpus;

use crate::load::host;
use crate::table::Figure;

const ROUNDS: usize = 2000;

pub(crate) async fn measure(record: &Record, corpus: &Corpus, size: usize, figures: &mut Vec<Figure>) -> Result<()> {
    let keys: Vec<Key> = corpus
        .resources
        .iter()
        .take(size)
        .map(|source| Key::new(source.kind.as_str(), corpus.id_in(&source.id, 0)))
        .collect();
    let patients: Vec<&Key> = keys.iter().filter(|key| key.kind == "Patient").collect();
    let permit = host()?;

    let mut times = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        let key = &keys[round * 7919 % keys.len()];
        let started = Instant::now();
        let reading = record.read(&permit, "bench").await?;
        anyhow::ensure!(reading.get(key).await?.is_some(), "a loaded resource is not there");
        drop(reading);
        times.push(started.elapsed());
    }
    let by_id = report("get by id", &mut times, None, figures);

    let compartment = |patient: &Key, code: &str| {
        let head = [
            Part::target(patient.kind.as_str(), patient.id.as_str()),
            Part::Kind("Observation".into()),
            Part::code("http://loinc.org", code),
        ];
        Select::of("Observation")
            .with(Clause::Any(vec![Span::head(record::SUBJECT, head)]))
            .sorted(Some(record::SUBJECT), false)
            .limit(20)
    };
    let by_name = |_: &Key, _: &str| {
        Select::of("Patient")
            .with(Clause::Any(vec![Span::next("Patient.family", [], Next::Prefix(b"sm".to_vec()))]))
            .limit(20)
    };
    for (what, select) in [
        ("Observation of a patient by code, newest first, 20", &compartment as &dyn Fn(&Key, &str) -> Select),
        ("Patient by family prefix, 20", &by_name),
    ] {
        let mut times = Vec::with_capacity(ROUNDS);
        for round in 0..ROUNDS {
            let patient = patients[round % patients.len()];
            let select = select(patient, ["8302-2", "29463-7", "8480-6", "2339-0"][round % 4]);
            let started = Instant::now();
            let reading = record.read(&permit, "bench").await?;
            let _page = reading.select(&select).await?;
            drop(reading);
            times.push(started.elapsed());
        }
        report(what, &mut times, Some(by_id), figures);
    }
    Ok(())
}

/// Writes p50 and p99 down; beside them the ratio of p99 to another's.
pub(crate) fn report(
    what: &str,
    times: &mut [Duration],
    beside: Option<Duration>,
    figures: &mut Vec<Figure>,
) -> Duration {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    let (p50, p99) = (at(50), at(99));
    let beside = beside.map_or_else(String::new, |other| {
        format!("p99 is {:.1} of get by id's", p99.as_secs_f64() / other.as_secs_f64())
    });
    figures.push(Figure::beside(what, format!("p50 {p50:.1?}, p99 {p99:.1?}"), beside));
    p99
}
