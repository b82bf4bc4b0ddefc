//! Turns and stamps of anchors: what keeps two writers on two members of one anchor from losing each other's work.
//!
//! A draft's anchors are gathered at a sequence; the writer stamps every anchor with the sequence that touched it and
//! declines a draft whose anchor was touched since ([`Stamps`]). A draft that was declined takes its turn before it
//! gathers again ([`Turns`]), so that many writers on one anchor come through one after the other. Neither is stored:
//! there is one writer, and what was gathered before it started is never committed.

use std::collections::HashMap;
use std::hash::BuildHasher as _;

use rustc_hash::FxBuildHasher;
use tokio::sync::{Mutex, MutexGuard};

use crate::change::Key;

/// Stamps held in memory; when there are more, whatever was gathered until then is gathered again.
const MOST_STAMPS: usize = 200_000;
/// Anchors share this many turns.
const TURNS: u64 = 64;

/// When anchors were last touched.
pub(crate) struct Stamps {
    touched: HashMap<Key, u64>,
    /// What was gathered before this sequence cannot be judged any more.
    floor: u64,
}

/// Turns to change anchors.
pub(crate) struct Turns([Mutex<()>; TURNS as usize]);

impl Stamps {
    /// No anchor was touched since the sequence.
    pub(crate) fn since(floor: u64) -> Stamps {
        Stamps { touched: HashMap::new(), floor }
    }

    /// Whether nothing may have touched the anchor after the sequence.
    pub(crate) fn untouched_since(&self, anchor: &Key, at: u64) -> bool {
        at >= self.floor && self.touched.get(anchor).is_none_or(|touched| *touched <= at)
    }

    /// Notes that the entry with this sequence touches the anchor.
    pub(crate) fn touch(&mut self, anchor: &Key, sequence: u64) {
        if self.touched.len() >= MOST_STAMPS {
            *self = Stamps::since(sequence);
        }
        self.touched.insert(anchor.clone(), sequence);
    }
}

impl Turns {
    pub(crate) fn new() -> Turns {
        Turns(std::array::from_fn(|_| Mutex::new(())))
    }

    /// Waits for the turn of every one of these anchors. Turns are always taken in one order, so nobody waits for
    /// somebody who waits for them.
    pub(crate) async fn take<'t>(&'t self, anchors: impl Iterator<Item = &Key>) -> Vec<MutexGuard<'t, ()>> {
        let mut places: Vec<usize> = anchors.map(|anchor| (FxBuildHasher.hash_one(anchor) % TURNS) as usize).collect();
        places.sort_unstable();
        places.dedup();
        let mut taken = Vec::with_capacity(places.len());
        for place in places {
            taken.push(self.0[place].lock().await);
        }
        taken
    }
}
