//! What a host measures of its moves while it serves: every second where both hosts are, every minute whether they are the
//! same. In memory alone: after a start everything is measured anew. Nothing here decides anything; pages, estimates and
//! the readiness of a cut go by it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Method;
use journal::Hash;
use record::Record;
use record::apply::hand_over::Tenure;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use terms::Moment;

use super::counts;
use super::estimate::Spread;
use super::kept::Move;
use super::peer::NOTHING;
use super::phase::Phase;
use super::pull::{self, path};
use super::schedule::Schedule;
use super::segment::ENTRIES;
use crate::clock::stopwatch;
use crate::failure::Failure;
use crate::host::Host;
use crate::secret::hex;
use crate::trusts::TrustCode;

/// How often is measured.
const EVERY: Duration = Duration::from_secs(1);
/// How long measurements are kept: 40 minutes.
const MOST_SAMPLES: usize = 2400;
/// Rates that are kept of copying.
const MOST_RATES: usize = 2000;
/// How often both hosts are compared, in milliseconds; where that takes long, twenty times as long.
const CHECK_MS: u64 = 60_000;
/// Parts of the tree that are compared.
pub(crate) const PARTS: u64 = 64;

/// What is watched of all moves.
#[derive(Default)]
pub(crate) struct Watched(Mutex<BTreeMap<TrustCode, Watch>>);

/// What is watched of one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch {
    pub(crate) samples: VecDeque<Sample>,
    /// Entries and bytes a second while it was copied.
    rates: Vec<(f64, f64)>,
    /// When the host that follows had last everything.
    level_at: Option<Moment>,
    pub(crate) checked: Option<Checked>,
    /// Why the last comparison could not be made.
    pub(crate) unchecked: Option<String>,
    next_check_ms: u64,
}

/// Where both hosts were at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) at: Moment,
    /// Entries at the host that writes, and at the one that follows.
    pub(crate) newest: u64,
    pub(crate) copied: u64,
    /// Bytes that came over the wire since the start; only the host that follows counts them.
    pub(crate) fetched: u64,
    /// How late the copy is, in milliseconds.
    pub(crate) lag_ms: u64,
}

/// A comparison of both hosts at one entry, each from its own disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) at: Moment,
    pub(crate) entry: u64,
    pub(crate) here: Told,
    pub(crate) there: Told,
}

/// What one host says of its record at an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) root: String,
    /// A digest of each of at most 64 parts of the journal, in order.
    pub(crate) parts: Vec<String>,
    /// Live resources by type, and what is owed.
    pub(crate) counts: BTreeMap<String, u64>,
    /// Contents of attachments that lie beside the texts; a host of an earlier release does not say.
    #[serde(default)]
    pub(crate) files: Option<u64>,
    /// Bytes of each segment file of the access journal, by `host/file`, whosever chain it is. They grow also while nothing is
    /// written: they are shown, and no invariant goes by them.
    #[serde(default)]
    pub(crate) access: BTreeMap<String, u64>,
    /// The plan, as this host keeps it.
    #[serde(default)]
    pub(crate) plan: Option<Schedule>,
}

impl Watched {
    /// What is watched of a trust's move.
    pub(crate) fn of(&self, code: &TrustCode) -> Watch {
        self.all().get(code).cloned().unwrap_or_default()
    }

    fn change<T>(&self, code: &TrustCode, change: impl FnOnce(&mut Watch) -> T) -> T {
        change(self.all().entry(code.clone()).or_default())
    }

    fn all(&self) -> std::sync::MutexGuard<'_, BTreeMap<TrustCode, Watch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// The newest measurement.
    pub(crate) fn now(&self) -> Option<Sample> {
        self.samples.back().copied()
    }

    /// Entries a second and bytes a second while it was copied; bytes where this host counts them.
    pub(crate) fn rates(&self) -> (Option<Spread>, Option<Spread>) {
        let entries = Spread::of(self.rates.iter().map(|rate| rate.0).collect());
        (entries, Spread::of(self.rates.iter().map(|rate| rate.1).collect()))
    }

    /// Entries a second that were written, over everything that is kept.
    pub(crate) fn growth(&self) -> f64 {
        let (Some(first), Some(last)) = (self.samples.front(), self.samples.back()) else { return 0.0 };
        let seconds = (last.at.0 - first.at.0) as f64 / 1000.0;
        if seconds > 0.0 { last.newest.saturating_sub(first.newest) as f64 / seconds } else { 0.0 }
    }

    /// Takes a measurement in.
    fn take(&mut self, mut sample: Sample) {
        let behind_for = self.level_at.map_or(0, |level| u64::try_from(sample.at.0 - level.0).unwrap_or(0));
        if sample.copied >= sample.newest {
            // What came last may have been made long before this host began to follow.
            sample.lag_ms = sample.lag_ms.min(behind_for);
            self.level_at = Some(sample.at);
        } else {
            sample.lag_ms = sample.lag_ms.max(behind_for);
        }
        if let Some(before) = self.samples.back() {
            let seconds = (sample.at.0 - before.at.0) as f64 / 1000.0;
            let entries = sample.copied.saturating_sub(before.copied) as f64;
            // Who is near is as quick as the wards write, not as the line is.
            let is_copying = before.newest.saturating_sub(before.copied) > ENTRIES && entries > 0.0 && seconds > 0.0;
            if is_copying {
                if self.rates.len() == MOST_RATES {
                    self.rates.drain(..MOST_RATES / 2);
                }
                self.rates.push((entries / seconds, sample.fetched.saturating_sub(before.fetched) as f64 / seconds));
            }
        }
        if self.samples.len() == MOST_SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }
}

/// Watches all moves until the task is dropped.
pub(crate) async fn keep(host: Arc<Host>) {
    let elapsed = Arc::new(stopwatch());
    loop {
        tokio::time::sleep(EVERY).await;
        for of in host.moves.all() {
            if of.phase() == Phase::Completed {
                note_phase(&host, &of);
                continue;
            }
            let Ok(record) = of.record().await else { continue };
            note_phase(&host, &of);
            let sample = sample(&host, &of, &record);
            let is_due = host.watched.change(&of.code, |watch| {
                watch.take(sample);
                let is_due = of.phase() >= Phase::Following && of.has_line() && elapsed() >= watch.next_check_ms;
                if is_due {
                    // Until this one is done no other begins.
                    watch.next_check_ms = u64::MAX;
                }
                is_due
            });
            if is_due {
                let (host, elapsed) = (Arc::clone(&host), Arc::clone(&elapsed));
                tokio::spawn(async move {
                    let begun = elapsed();
                    let checked = check(&host, &of, &record).await;
                    let took = elapsed() - begun;
                    host.watched.change(&of.code, |watch| {
                        watch.next_check_ms = elapsed() + CHECK_MS.max(took * 20);
                        match checked {
                            Ok(checked) => (watch.checked, watch.unchecked) = (Some(checked), None),
                            Err(failure) => watch.unchecked = Some(failure.to_string()),
                        }
                    });
                });
            }
        }
    }
}

/// Has both hosts compared again within a second, such as when somebody asks for it.
pub(crate) fn check_soon(host: &Host, code: &TrustCode) {
    host.watched.change(code, |watch| {
        if watch.next_check_ms != u64::MAX {
            watch.next_check_ms = 0;
        }
    });
}

/// Keeps when a state was first seen.
fn note_phase(host: &Host, of: &Move) {
    let kept = of.kept();
    if kept.since.contains_key(&kept.phase) {
        return;
    }
    let noted = of.change(|kept| {
        // A trust that went back and is cut again is cut at the later moment.
        match kept.phase {
            Phase::BackedOut => kept.since.retain(|phase, _| !matches!(phase, Phase::Cut | Phase::Live)),
            Phase::Cut | Phase::Live => kept.since.retain(|phase, _| *phase != Phase::BackedOut),
            _ => {}
        }
        kept.since.insert(kept.phase, host.now().to_string());
    });
    if let Err(failure) = noted {
        tracing::error!(trust = %of.code, %failure, "when a move came so far could not be kept");
    }
}

fn sample(host: &Host, of: &Move, record: &Record) -> Sample {
    let (here, theirs) = (*record.follow().borrow(), of.lag.theirs());
    let writes = record.tenure() == Tenure::Writes;
    let (newest, copied) = if writes { (here, theirs.min(here)) } else { (theirs.max(here), here) };
    let relaxed = std::sync::atomic::Ordering::Relaxed;
    let lag_ms = if writes { 0 } else { of.lag.milliseconds.load(relaxed) };
    Sample { at: host.now(), newest, copied, fetched: of.lag.fetched.load(relaxed), lag_ms }
}

/// Compares both hosts at the newest entry that both have.
async fn check(host: &Host, of: &Move, record: &Record) -> Result<Checked, Failure> {
    let entry = pull::theirs(of).await?.min(*record.follow().borrow());
    if entry == 0 {
        return Err(Failure::refused("Nothing was written yet."));
    }
    let there: Told = of.peer.call_slow(Method::GET, &path(of, &format!("check/{entry}")), NOTHING).await?;
    let here = told(host, of, record, entry).await?;
    pull::take_plan(host, of, record, there.plan.clone())?;
    Ok(Checked { at: host.now(), entry, here, there })
}

/// What this host says of its record at an entry.
pub(crate) async fn told(host: &Host, of: &Move, record: &Record, entry: u64) -> Result<Told, Failure> {
    if entry == 0 || entry > *record.follow().borrow() {
        return Err(Failure::refused("This entry is not here."));
    }
    let plan = Schedule::read(&host.configuration.data, &of.code)?;
    let (parts, counts) = (parts(record, entry).await?, counts::counts(of, record, entry).await?);
    let (files, access) = (Some(record.count_blobs(entry).await?), access(of, record)?);
    Ok(Told { root: hex(&record.root_of(entry).await?), parts, counts, files, access, plan })
}

/// Bytes of the access journal here, each file under the name of the host whose chain it is of.
fn access(of: &Move, record: &Record) -> Result<BTreeMap<String, u64>, Failure> {
    let own = of.kept().own().host.clone();
    let files = record.access_files(&pull::permit(of)?)?.into_iter();
    Ok(files.map(|file| (format!("{}/{}", file.host.as_ref().unwrap_or(&own), file.name), file.length)).collect())
}

/// A digest of each part: of the hashes of its entries, or where there are many of its segments' roots.
async fn parts(record: &Record, entries: u64) -> Result<Vec<String>, Failure> {
    let hashes: Vec<Hash> = if entries < PARTS * ENTRIES {
        record.leaves(1, entries).await?
    } else {
        let mut roots = record.segment_roots(entries).await?;
        roots.extend(record.leaves(roots.len() as u64 * ENTRIES + 1, entries).await?);
        roots
    };
    let each = hashes.len().div_ceil(usize::try_from(PARTS).unwrap_or(1)).max(1);
    let digest = |part: &[Hash]| hex(&part.iter().fold(Sha256::new(), |sum, hash| sum.chain_update(hash)).finalize());
    Ok(hashes.chunks(each).map(digest).collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn sample(second: i64, newest: u64, copied: u64) -> Sample {
        Sample { at: Moment(second * 1000), newest, copied, fetched: copied * 100, lag_ms: 0 }
    }

    #[test]
    fn only_copying_tells_what_the_line_can_carry() {
        let mut watch = Watch::default();
        for (second, newest, copied) in
            [(0, 10_000, 0), (1, 10_000, 2_000), (2, 10_010, 6_000), (3, 10_010, 10_010), (4, 10_012, 10_012)]
        {
            watch.take(sample(second, newest, copied));
        }
        let (entries, bytes) = watch.rates();
        assert_eq!(entries.unwrap(), Spread { slow: 2_000.0, likely: 4_000.0, fast: 4_010.0 });
        assert_eq!(bytes.unwrap().likely, 400_000.0);
        assert_eq!(watch.growth(), 3.0);
    }

    #[test]
    fn a_copy_that_stands_still_is_later_every_second() {
        let mut watch = Watch::default();
        watch.take(sample(0, 10, 10));
        watch.take(sample(1, 12, 10));
        watch.take(sample(5, 12, 10));
        assert_eq!(watch.now().unwrap().lag_ms, 5_000);
        watch.take(sample(6, 12, 12));
        assert_eq!(watch.now().unwrap().lag_ms, 0);
    }
}
