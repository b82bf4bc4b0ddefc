//! The newest versions of what was read last, at hand until a commit changes them: the same patients, beds and staff stand on
//! most pages.
//!
//! A version that was the newest at one sequence is it at a later one unless a commit in between changed the resource, and at
//! an earlier one if it was there already. Lies in memory alone, within a bound; whether a permit reaches it is asked each
//! time; an erasure empties it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::change::Key;
use crate::error::Problem;
use crate::kept::Depends;
use crate::reading::{Reading, Version};
use crate::recent::Recent;

/// Bytes that they have in memory, about.
const MOST_BYTES: u64 = 64 << 20;
/// How many they may be.
const MOST: usize = 60_000;
/// What one takes beside its text.
const LEAST_BYTES: u64 = 400;

/// Versions by row number.
pub(crate) struct AtHand(Cache<i64, Arc<Known>, Weight>);

struct Known {
    version: Version,
    /// A sequence at which it was the newest.
    newest_at: AtomicU64,
}

#[derive(Clone)]
struct Weight;

impl Weighter<i64, Arc<Known>> for Weight {
    fn weight(&self, _: &i64, known: &Arc<Known>) -> u64 {
        LEAST_BYTES + known.version.text.len() as u64
    }
}

impl Default for AtHand {
    fn default() -> AtHand {
        AtHand(Cache::with_weighter(MOST, MOST_BYTES, Weight))
    }
}

impl AtHand {
    /// The versions at a sequence that are at hand, in the order of the row numbers.
    pub(crate) fn at(&self, rids: &[i64], sequence: u64, recent: &Recent) -> Vec<Option<Version>> {
        let known: Vec<Option<Arc<Known>>> = rids.iter().map(|rid| self.0.get(rid)).collect();
        let since = |known: &Known| (known.newest_at.load(Ordering::Relaxed), sequence);
        let asked = known.iter().flatten().map(|known| (&known.version.key, since(known)));
        let mut holds = recent.are_unchanged(asked).into_iter();
        let mut of = |known: Arc<Known>| {
            let is_newest = holds.next().unwrap_or(false) && known.version.sequence <= sequence;
            is_newest.then(|| {
                known.newest_at.fetch_max(sequence, Ordering::Relaxed);
                known.version.clone()
            })
        };
        known.into_iter().map(|known| known.and_then(&mut of)).collect()
    }

    /// Keeps what was read as the newest version at a sequence.
    pub(crate) fn keep(&self, rid: i64, version: &Version, sequence: u64, recent: &Recent) {
        recent.want();
        self.0.insert(rid, Arc::new(Known { version: version.clone(), newest_at: AtomicU64::new(sequence) }));
        // What was read before an erasure does not stay.
        if !recent.holds(&Depends::default(), sequence, sequence) {
            self.0.remove(&rid);
        }
    }

    /// Lets go of everything.
    pub(crate) fn clear(&self) {
        self.0.clear();
    }
}

impl Reading {
    /// Versions at the reading's sequence, in the order of the row numbers.
    pub(crate) async fn versions_of(&self, rids: &[i64]) -> Result<Vec<Option<Version>>, Problem> {
        self.note_read(rids.len());
        let shared = &self.inner().shared;
        let mut versions = shared.at_hand.at(rids, self.sequence(), &shared.recent);
        let missing = missing(rids, &versions);
        let keys = self.inner().keys_of(&missing).await?;
        let missing: Vec<(i64, &Key)> = missing.into_iter().zip(&keys).collect();
        self.read_missing(&missing, &mut versions).await?;
        Ok(versions)
    }

    /// The same of resources whose keys are known.
    pub(crate) async fn newest(&self, wanted: &[(i64, &Key)]) -> Result<Vec<Option<Version>>, Problem> {
        let shared = &self.inner().shared;
        let rids: Vec<i64> = wanted.iter().map(|(rid, _)| *rid).collect();
        let mut versions = shared.at_hand.at(&rids, self.sequence(), &shared.recent);
        let is_missing = |(place, version): (usize, &Option<Version>)| version.is_none().then(|| wanted[place]);
        let missing: Vec<(i64, &Key)> = versions.iter().enumerate().filter_map(is_missing).collect();
        self.read_missing(&missing, &mut versions).await?;
        Ok(versions)
    }

    /// Reads those that were not at hand into their places, and keeps them at hand.
    async fn read_missing(&self, missing: &[(i64, &Key)], versions: &mut [Option<Version>]) -> Result<(), Problem> {
        for version in versions.iter().flatten() {
            self.depend(|depends| depends.read(version.text.len()));
        }
        if missing.is_empty() {
            return Ok(());
        }
        let shared = &self.inner().shared;
        let rids: Vec<i64> = missing.iter().map(|(rid, _)| *rid).collect();
        let stored = self.store().versions_at(&rids, self.sequence()).await?;
        let places = versions.iter_mut().filter(|version| version.is_none());
        for ((place, (rid, key)), stored) in places.zip(missing).zip(stored) {
            let Some(stored) = stored else { continue };
            let version = self.version_from((*key).clone(), stored)?;
            shared.at_hand.keep(*rid, &version, self.sequence(), &shared.recent);
            *place = Some(version);
        }
        Ok(())
    }
}

/// The row numbers whose versions are missing.
fn missing(rids: &[i64], versions: &[Option<Version>]) -> Vec<i64> {
    rids.iter().zip(versions).filter(|(_, version)| version.is_none()).map(|(rid, _)| *rid).collect()
}
