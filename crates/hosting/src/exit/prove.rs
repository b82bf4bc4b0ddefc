//! The exit, rehearsed: everything is taken out into a folder of the host's own, read into an empty instance (on SQLite,
//! whatever the trust's store), compared, and both are removed. Every night, and whenever somebody asks. What came of the
//! last one is a row of the desk, which the host page shows.

use std::path::Path;
use std::sync::Arc;

use record::Record;
use record::apply::hand_over::Tenure;
use record::apply::take_out::room;
use serde::{Deserialize, Serialize};
use terms::Moment;

use super::export::written;
use super::read_in::{compare, load};
use super::report::ExitRun;
use crate::clock::stopwatch;
use crate::desk::Drawer;
use crate::failure::Failure;
use crate::host::{Host, Trust};
use crate::moving::{Questions, answers};
use crate::work::Listener;

/// The kind and key of the desk's row about the last rehearsal; it is of one store alone.
const KIND: &str = "check";
const LAST: &str = "exit";
/// A rehearsal needs so many times the bytes of the record: texts in clear twice, and a copy.
const ROOM: u64 = 12;
const ROOM_AT_LEAST: u64 = 64 << 20;

/// The last rehearsal, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastRun {
    /// Milliseconds since 1970.
    pub(crate) moment: i64,
    pub(crate) entries: u64,
    pub(crate) differences: u64,
    /// The first of them, or why there was no rehearsal.
    pub(crate) first: Option<String>,
    /// Whether it could not be rehearsed.
    pub(crate) failed: bool,
}

/// Rehearses a trust's exit and keeps what came of it.
///
/// # Errors
/// It could not be rehearsed: no room, a disk that fails. That is kept too.
pub(crate) async fn prove(host: &Host, trust: &Trust, listener: Listener<'_>) -> Result<ExitRun, Failure> {
    if trust.record.tenure() != Tenure::Writes {
        return Err(Failure::Refused(format!("{} belongs to another host. Rehearse its exit there.", trust.code)));
    }
    let ran = run(host, trust, listener).await;
    let moment = host.now().0;
    let last = match &ran {
        Ok(run) => LastRun {
            moment,
            entries: run.holds.entries,
            differences: run.differences.len() as u64,
            first: run.differences.first().cloned(),
            failed: false,
        },
        Err(failure) => LastRun { moment, entries: 0, differences: 0, first: Some(failure.to_string()), failed: true },
    };
    Drawer::of(&trust.record, KIND).put(LAST, &last, None, None).await?;
    ran
}

/// What came of the last rehearsal.
pub(crate) async fn last(trust: &Trust) -> Result<Option<LastRun>, Failure> {
    Ok(Drawer::of(&trust.record, KIND).get::<LastRun>(LAST).await?.map(|row| row.value))
}

async fn run(host: &Host, trust: &Trust, listener: Listener<'_>) -> Result<ExitRun, Failure> {
    let _one_at_a_time = host.exits.lock().await;
    let scratch = Scratch::make(host, trust).await?;
    let permit = trust.host_permit()?;
    let (folder, instance) = (scratch.path.join("folder"), scratch.path.join("instance"));
    make(&folder)?;
    let elapsed = stopwatch();
    let manifest = written(host, trust, &permit, &folder, ("the host, to rehearse the exit", None), listener).await?;
    let out_milliseconds = elapsed();
    let copy = host.empty_instance(trust, &manifest.trust.origin, &instance).await?;
    let compared = async {
        load(&copy, &permit, &folder, &manifest, listener).await?;
        let mut compared = compare(&copy, &permit, &folder, &manifest, listener).await?;
        with_the_record(trust, &copy, manifest.journal.entries, &mut compared).await?;
        Ok::<_, Failure>(compared)
    };
    let compared = compared.await;
    copy.close().await;
    scratch.remove()?;
    let compared = compared?;
    Ok(ExitRun {
        moment: host.now().to_string(),
        holds: manifest.holds,
        differences: compared.differences,
        not_compared: compared.not_compared,
        out_milliseconds,
        in_milliseconds: elapsed() - out_milliseconds,
    })
}

/// Where nothing was written meanwhile: the index and what is owed by their digests, in the record and in its copy.
async fn with_the_record(
    trust: &Trust,
    copy: &Record,
    sequence: u64,
    compared: &mut super::read_in::Compared,
) -> Result<(), Failure> {
    let permit = trust.host_permit()?;
    let is_still = async || Ok::<_, Failure>(trust.record.place().await?.sequence == sequence);
    let questions = Questions { sequence, seed: 1, patients: vec!["none".into()], index: true };
    if is_still().await? {
        let there = answers(&trust.record, &permit, &questions).await?;
        let here = answers(copy, &permit, &questions).await?;
        if is_still().await? {
            let asked: std::collections::BTreeSet<&String> = there.answers.keys().chain(here.answers.keys()).collect();
            for question in
                asked.into_iter().filter(|question| there.answers.get(*question) != here.answers.get(*question))
            {
                compared.differences.push(format!("{question}: otherwise in the record than in its copy."));
            }
            return Ok(());
        }
    }
    let sentence = "The index of the record by its digest: it was written to meanwhile. The copy's own index was made anew and compared.";
    compared.not_compared.push(sentence.into());
    Ok(())
}

/// The folder of a rehearsal, gone when it is over.
struct Scratch {
    path: std::path::PathBuf,
}

impl Scratch {
    /// Makes it, in the place of one that a crash left.
    async fn make(host: &Host, trust: &Trust) -> Result<Scratch, Failure> {
        let all = host.configuration.data.join("exit");
        make(&all)?;
        let path = all.join(trust.code.as_str());
        let scratch = Scratch { path };
        scratch.remove()?;
        let needed = (trust.record.status().await?.bytes * ROOM).max(ROOM_AT_LEAST);
        let free = room(&all)?;
        if free < needed {
            let (free, needed) = (free >> 20, needed >> 20);
            return Err(Failure::Problem(format!(
                "There is not enough room to rehearse the exit: {free} MiB are free, {needed} MiB may be needed."
            )));
        }
        make(&scratch.path)?;
        Ok(scratch)
    }

    fn remove(&self) -> Result<(), Failure> {
        match std::fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::problem("removing what a rehearsal of the exit made", &error))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next one.
        let _ = self.remove();
    }
}

fn make(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Failure::problem(format_args!("making {}", folder.display()), &error))
}

/// Rehearses the exit of every trust each night, until the task is dropped.
pub(crate) async fn every_night(host: Arc<Host>) {
    let Some(at) = host.configuration.rehearse_exit else { return };
    loop {
        let wait = at.until(host.now());
        tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
        for (code, _) in host.trust_names().await {
            let Ok(trust) = host.trust(&code).await else { continue };
            if trust.record.tenure() != Tenure::Writes {
                continue;
            }
            match prove(&host, &trust, &|_| {}).await {
                Ok(run) if run.differences.is_empty() => {
                    tracing::info!(trust = %code, "the exit was rehearsed: no difference")
                }
                Ok(run) => {
                    tracing::error!(trust = %code, differences = run.differences.len(), "the exit was rehearsed: the copy differs")
                }
                Err(failure) => tracing::error!(trust = %code, %failure, "the exit could not be rehearsed"),
            }
        }
    }
}

/// A time of day, as in London.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOfDay {
    /// Minutes after midnight.
    pub minutes: u16,
}

impl TimeOfDay {
    /// Reads `02:30`.
    ///
    /// # Errors
    /// It is no time of day.
    pub fn parse(text: &str) -> Result<TimeOfDay, Failure> {
        let number = |part: &str, most: u16| {
            let is_two = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u16>().ok().filter(|number| is_two && *number < most)
        };
        let read = text.split_once(':').and_then(|(hour, minute)| Some(number(hour, 24)? * 60 + number(minute, 60)?));
        let minutes = read.ok_or_else(|| Failure::Refused(format!("{text:?} is no time of day such as 02:30.")))?;
        Ok(TimeOfDay { minutes })
    }

    /// Milliseconds until it is that time again, at least one.
    pub(crate) fn until(self, now: Moment) -> u64 {
        const DAY: i64 = 24 * 60 * 60 * 1000;
        let midnight = terms::start_of_day(terms::local_date(now)).0;
        let offset = i64::from(self.minutes) * 60_000;
        let wait = midnight + offset - now.0;
        u64::try_from(if wait > 0 { wait } else { wait + DAY }).unwrap_or(1).max(1)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn the_next_time_of_day() {
        let cases = [
            ("02:30", "2026-11-29T22:00:00.000Z", 4 * 60 + 30),
            ("02:30", "2026-11-30T02:29:00.000Z", 1),
            ("02:30", "2026-11-30T02:30:00.000Z", 24 * 60),
            ("00:00", "2026-11-30T23:59:00.000Z", 1),
            // In summer London is an hour ahead.
            ("02:30", "2026-07-01T01:00:00.000Z", 30),
        ];
        for (at, now, minutes) in cases {
            let until = TimeOfDay::parse(at).unwrap().until(Moment::parse(now).unwrap());
            assert_eq!(until, minutes * 60_000, "{at} {now}");
        }
        for text in ["2:30", "24:00", "02:60", "0230", "02:30:00", ""] {
            assert!(TimeOfDay::parse(text).is_err(), "{text}");
        }
    }
}
