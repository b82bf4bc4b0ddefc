//! Finds the likely pairs of a set: candidates by the passes, a model learnt from them, and the pairs worth a look.
//!
//! Grows with the number of people and not with its square; memory is bounded by [`MOST_CANDIDATES`] a person. How many
//! threads work changes nothing in what is found.

use std::collections::HashMap;
use std::num::NonZero;

use super::blocks::{Two, in_parallel, pairs_of};
use super::compare::Pattern;
use super::judge::{REVIEW_BITS, Verdict, holds, verdict};
use super::model::Model;
use super::passes::Pass;
use super::people::People;
use super::train::{Counted, learn_all, with_strangers};

/// Bits that a pair of one of the kinds must reach, as believed before training, to be a candidate: once in a thousand.
const CANDIDATE_BITS: f64 = -10.0;
/// Candidates for each person, on average, beyond which no more are looked for.
const MOST_CANDIDATES: usize = 64;

/// How far the search is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What is being done.
    pub doing: &'static str,
    /// How many steps of the whole are done.
    pub done: usize,
    /// How many there are.
    pub total: usize,
    /// Pairs that were looked at so far.
    pub pairs: u64,
}

/// A likely pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The one that was added first, by the order in which people were added.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// The binary logarithm of the odds that the two are one person.
    pub weight_bits: f64,
    /// What follows; never [`Verdict::Different`].
    pub verdict: Verdict,
}

/// What a search found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The likely pairs, the heaviest first.
    pub pairs: Vec<Pair>,
    /// The model that was learnt.
    pub model: Model,
    /// Pairs that shared a key, counted once for each key.
    pub looked_at: u64,
    /// Pairs of which more than a moment's look was worth while.
    pub candidates: usize,
    /// So many records are alike that not all pairs were looked at.
    pub is_cut: bool,
}

/// Finds the likely pairs among people, telling how far it is.
pub fn find_pairs(people: &People, threads: NonZero<usize>, hear: &(dyn Fn(Step) + Sync)) -> Found {
    let total = Pass::ALL.len() + 2;
    hear(Step { doing: "Learning what strangers share", done: 0, total, pairs: 0 });
    let start = with_strangers(people, threads);
    let is_worth = |a: usize, b: usize| {
        let kinds = start.kinds(&Pattern::of(people, a, b));
        kinds.iter().any(|bits| *bits >= CANDIDATE_BITS)
    };
    let (mut candidates, mut looked_at, mut is_cut): (Vec<Two>, u64, bool) = (Vec::new(), 0, false);
    for (at, pass) in Pass::ALL.into_iter().enumerate() {
        hear(Step { doing: "Comparing", done: at + 1, total, pairs: looked_at });
        let (pairs, looked) = pairs_of(pass, people, threads, &is_worth);
        looked_at += looked;
        candidates.extend(pairs);
        candidates.sort_unstable();
        candidates.dedup();
        is_cut = candidates.len() > MOST_CANDIDATES * people.len();
        if is_cut {
            break;
        }
    }
    hear(Step { doing: "Weighing", done: total - 1, total, pairs: looked_at });
    let counted = count(people, &candidates, threads);
    let model = learn_all(&start, &counted, people.len()).cautious();
    let pairs = likely(people, &candidates, threads, &model);
    Found { pairs, model, looked_at, candidates: candidates.len(), is_cut }
}

/// How many candidates show each pattern, in the patterns' order.
pub(super) fn count(people: &People, candidates: &[Two], threads: NonZero<usize>) -> Vec<Counted> {
    let counts = in_parallel(threads, candidates.len(), |range| {
        let mut counts: HashMap<Pattern, u64> = HashMap::new();
        for two in &candidates[range] {
            let (a, b) = two.people();
            *counts.entry(Pattern::of(people, a, b)).or_default() += 1;
        }
        counts
    });
    let mut all: HashMap<Pattern, u64> = HashMap::new();
    for (pattern, count) in counts.into_iter().flatten() {
        *all.entry(pattern).or_default() += count;
    }
    let mut counted: Vec<Counted> = all.into_iter().collect();
    counted.sort_unstable();
    counted
}

/// The candidates that are worth a person's look, the heaviest first.
fn likely(people: &People, candidates: &[Two], threads: NonZero<usize>, model: &Model) -> Vec<Pair> {
    let pairs = in_parallel(threads, candidates.len(), |range| {
        let judged = candidates[range].iter().filter_map(|two| {
            let (a, b) = two.people();
            let pattern = Pattern::of(people, a, b);
            let weight_bits = model.weight(&pattern);
            let verdict = verdict(weight_bits, &holds(&pattern));
            (weight_bits >= REVIEW_BITS).then_some(Pair { a, b, weight_bits, verdict })
        });
        judged.collect::<Vec<Pair>>()
    });
    let mut pairs: Vec<Pair> = pairs.into_iter().flatten().collect();
    pairs.sort_by(|x, y| y.weight_bits.total_cmp(&x.weight_bits).then((x.a, x.b).cmp(&(y.a, y.b))));
    pairs
}
