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

use crate::kept::Depends;
use crate::reading::Version;
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
