//! How the trusts of this host stand: what goes into its report, and what its own pages show.
//! Counts, dates and states alone; knows no patient.

use std::sync::Arc;

use record::Record;
use record::apply::hand_over::Tenure;
use terms::Moment;

use super::kept::Consortium;
use super::report::{Report, Standing};
use crate::failure::Failure;
use crate::host::Host;
use crate::moving::estimate::{Asked, Estimate};
use crate::moving::forecast::{Known, WhatIf, cut_at, forecast, moment};
use crate::moving::readiness::missing;
use crate::moving::schedule::Schedule;
use crate::moving::{Move, Phase, readiness_items};
use crate::trusts::{TrustCode, TrustEntry, replace_file};

/// A signed report of all trusts that this host has, with a number greater than every one before.
pub(crate) async fn signed_report(host: &Arc<Host>) -> Result<String, Failure> {
    let trusts = standings(host).await?.into_iter().map(|(standing, _)| standing).collect();
    let report = Report {
        host: host.name().to_owned(),
        number: next_number(host)?,
        made: host.now(),
        release: env!("CARGO_PKG_VERSION").to_owned(),
        trusts,
    };
    let key = host.key()?;
    report.signed(&key)
}

/// The number of the next report; used up when it is given.
fn next_number(host: &Host) -> Result<u64, Failure> {
    let path = host.configuration.data.join("report-number");
    let doing = || format!("reading {}", path.display());
    let last = match std::fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map_err(|error| Failure::problem(doing(), &error))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0u64,
        Err(error) => return Err(Failure::problem(doing(), &error)),
    };
    replace_file(&path, format!("{}\n", last + 1).as_bytes()).map_err(|error| Failure::problem(doing(), &error))?;
    Ok(last + 1)
}

/// How every trust of this host stands, with what its estimate was asked with.
pub(crate) async fn standings(host: &Arc<Host>) -> Result<Vec<(Standing, Option<(Asked, Estimate)>)>, Failure> {
    let mut all = Vec::new();
    for entry in host.entries().await {
        if entry.shut.is_some() {
            continue;
        }
        let of = host.moves.find(&entry.code);
        match record_of(host, &entry, of.as_deref()).await {
            Ok(record) => all.push(standing(host, &entry, &record, of.as_deref()).await?),
            Err(failure) => tracing::error!(trust = %entry.code, %failure, "how a trust stands cannot be said"),
        }
    }
    Ok(all)
}

async fn record_of(host: &Host, entry: &TrustEntry, of: Option<&Move>) -> Result<Record, Failure> {
    match of {
        Some(of) if entry.receiving => of.record().await,
        _ => Ok(host.trust(&entry.code).await?.record.clone()),
    }
}

/// The estimate of a trust as its plan has it, or as somebody wants to try.
pub(crate) fn forecast_of(
    host: &Host,
    code: &TrustCode,
    size: (u64, u64),
    what_if: WhatIf,
) -> Result<Option<(Asked, Estimate)>, Failure> {
    let data = &host.configuration.data;
    let Some(schedule) = Schedule::read(data, code)? else { return Ok(None) };
    let kept = host.moves.find(code).map(|of| of.kept());
    let watch = host.watched.of(code);
    let freeze = Consortium::read(data)?.and_then(|consortium| consortium.freeze());
    let known = Known { schedule: &schedule, kept: kept.as_ref(), watch: &watch, size, freeze, now: host.now() };
    Ok(forecast(&known, what_if))
}

async fn standing(
    host: &Host,
    entry: &TrustEntry,
    record: &Record,
    of: Option<&Move>,
) -> Result<(Standing, Option<(Asked, Estimate)>), Failure> {
    let status = record.status().await?;
    let kept = of.map(Move::kept);
    let schedule = Schedule::read(&host.configuration.data, &entry.code)?;
    let told = forecast_of(host, &entry.code, (status.sequence, status.bytes), WhatIf::default())?;
    let estimate = told.as_ref().map(|(_, estimate)| estimate);
    let since = |phase| kept.as_ref().and_then(|kept| moment(&kept.since, phase));
    let passed = kept.as_ref().map_or(0, |kept| kept.rehearsals.iter().rev().take_while(|one| one.agrees()).count());
    let last = kept.as_ref().and_then(|kept| kept.rehearsals.last());
    let people = status.resources.iter().find(|(kind, _)| kind == "Patient").map_or(0, |(_, count)| *count);
    let writes = !entry.receiving && record.tenure() == Tenure::Writes;
    let cut = kept.as_ref().and_then(cut_at);
    let standing = Standing {
        code: entry.code.clone(),
        name: entry.name.clone(),
        origin: record.verifier_key().name().to_owned(),
        writes,
        people,
        entries: status.sequence,
        bytes: status.bytes,
        phase: kept.as_ref().map(|kept| kept.phase),
        source: kept.as_ref().map(|kept| kept.ticket.source.host.clone()),
        target: kept.as_ref().map(|kept| kept.ticket.target.host.clone()),
        rehearsals: passed as u64,
        differences: last.map_or(0, |last| last.differences.len() as u64),
        pause_ms: last.map(|last| last.mock_cut_ms),
        missing: of.filter(|_| cut.is_none() && writes).map(|of| missing_of(host, of)).transpose()?,
        begun: schedule.as_ref().and_then(|plan| Moment::parse(&plan.begun).ok()),
        copy: since(Phase::Copying).or_else(|| told.as_ref().map(|(asked, _)| asked.start)),
        copied: since(Phase::Following).or_else(|| estimate.and_then(|told| told.copied.likely)),
        cut: cut.or_else(|| estimate.and_then(|told| told.cut.likely)),
        closes: since(Phase::Completed).or_else(|| estimate.and_then(|told| told.closes.likely)),
        closes_late: estimate.and_then(|told| told.closes.late),
        is_cut: cut.is_some(),
        hangs: schedule.map(|plan| plan.hangs).filter(|words| !words.is_empty()),
    };
    Ok((standing, told))
}

/// How many conditions of the cut are open; the second person is not waited for until somebody wants to cut.
fn missing_of(host: &Host, of: &Move) -> Result<u64, Failure> {
    Ok(missing(&readiness_items(host, of, Some("at the cut"), false)?).len() as u64)
}
