//! Walks the passes: sorts people by key and gives every pair of neighbours within a block to whoever asks.
//!
//! Bounded: a pass holds one list of keys at a time, and compares each person with at most [`WINDOW`] neighbours of a
//! block, however large the block is. Knows nothing of what makes a pair worth keeping.

use std::num::NonZero;
use std::ops::Range;

use super::passes::{Key, Pass};
use super::people::People;

/// The most neighbours in a block with which a person is compared, on each side.
pub(super) const WINDOW: usize = 48;
/// Parts that each thread gets, so that none waits long for another.
const PARTS: usize = 8;

/// A pair of people: the smaller number first, in one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Two(u64);

impl Two {
    pub(super) fn of(a: u32, b: u32) -> Two {
        Two(u64::from(a.min(b)) << 32 | u64::from(a.max(b)))
    }

    pub(super) fn people(self) -> (usize, usize) {
        ((self.0 >> 32) as usize, (self.0 & 0xFFFF_FFFF) as usize)
    }
}

/// The pairs of a pass that are worth keeping, each once, and how many were looked at.
pub(super) fn pairs_of(
    pass: Pass,
    people: &People,
    threads: NonZero<usize>,
    is_worth: &(dyn Fn(usize, usize) -> bool + Sync),
) -> (Vec<Two>, u64) {
    let parts = threads.get() * PARTS;
    let chunks = in_parallel(threads, people.len(), |range| keys_of(pass, people, range, parts));
    let kept = in_parallel(threads, parts, |range| {
        let mut kept: Vec<Two> = Vec::new();
        let mut looked = 0;
        for part in range {
            let mut keys: Vec<Key> = Vec::with_capacity(chunks.iter().map(|chunk| chunk[part].len()).sum());
            chunks.iter().for_each(|chunk| keys.extend_from_slice(&chunk[part]));
            keys.sort_unstable();
            looked += walk(&keys, is_worth, &mut kept);
        }
        kept.sort_unstable();
        kept.dedup();
        (kept, looked)
    });
    let looked = kept.iter().map(|(_, looked)| looked).sum();
    (kept.into_iter().flat_map(|(kept, _)| kept).collect(), looked)
}

/// The keys of some people, parted by the key.
fn keys_of(pass: Pass, people: &People, range: Range<usize>, parts: usize) -> Vec<Vec<Key>> {
    let mut parted: Vec<Vec<Key>> = vec![Vec::new(); parts];
    let mut keys = Vec::new();
    for person in range {
        keys.clear();
        pass.keys(people, person, &mut keys);
        keys.iter().for_each(|key| parted[(key.hash >> 32) as usize % parts].push(*key));
    }
    parted
}

fn walk(keys: &[Key], is_worth: &(dyn Fn(usize, usize) -> bool + Sync), kept: &mut Vec<Two>) -> u64 {
    let mut looked = 0;
    for (at, key) in keys.iter().enumerate() {
        let neighbours = keys[at + 1..].iter().take(WINDOW).take_while(|other| other.hash == key.hash);
        for other in neighbours.filter(|other| other.person != key.person) {
            looked += 1;
            let two = Two::of(key.person, other.person);
            let (a, b) = two.people();
            if is_worth(a, b) {
                kept.push(two);
            }
        }
    }
    looked
}

/// Cuts `0..count` into as many ranges as there are threads and works on all at once; the answers are in order.
pub(super) fn in_parallel<T: Send>(
    threads: NonZero<usize>,
    count: usize,
    work: impl Fn(Range<usize>) -> T + Sync,
) -> Vec<T> {
    let threads = threads.get().min(count.max(1));
    let range = |thread: usize| count * thread / threads..count * (thread + 1) / threads;
    std::thread::scope(|scope| {
        let work = &work;
        let handles: Vec<_> = (1..threads).map(|thread| scope.spawn(move || work(range(thread)))).collect();
        let mut answers = vec![work(range(0))];
        for handle in handles {
            match handle.join() {
                Ok(answer) => answers.push(answer),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        answers
    })
}
