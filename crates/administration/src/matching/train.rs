//! Learns a model from the records themselves, without the truth.
//!
//! Strangers: levels of random pairs. One person: expectation and maximisation (A. Dempster, N. Laird and D. Rubin, 1977;
//! for linkage W. Winkler, 1988) over the patterns of the pairs that blocking kept, all other pairs counted as
//! strangers'. Beliefs enter as a few pairs seen before, so that a small set does not learn from accidents; with them the
//! objective (the logarithm of the posterior density) never falls. Knows nothing of where the pairs came from.

use std::num::NonZero;

use super::blocks::in_parallel;
use super::compare::Pattern;
use super::fields::{FIELDS, Field, LEVELS, MISSING, SAME};
use super::judge::probability;
use super::model::{KINDS, Kind, Model, Table, Usual, counts_as, lacking_as, pairs_among};
use super::passes::mix;
use super::people::People;

/// Random pairs that are looked at; all pairs where there are fewer.
const SAMPLE: u64 = 500_000;
/// Pairs of one person that the beliefs of `fields` count for.
const BELIEF: f64 = 50.0;
/// Pairs of each kind that the believed shares count for at most.
const BELIEVED_PAIRS: f64 = 5.0;
/// Pairs of strangers that are always believed in, so that a handful of records leaves room for them.
const STRANGERS: f64 = 10.0;
/// Rounds at most; fewer when the objective no longer rises.
const ROUNDS: usize = 60;
/// The objective no longer rises, as a part of itself.
const STILL: f64 = 1e-9;

/// How many pairs of the whole set show a pattern.
pub(super) type Counted = (Pattern, u64);

/// A model, and the objective after each round.
#[derive(Debug, Clone)]
pub(super) struct Training {
    pub(super) model: Model,
    pub(super) objective: Vec<f64>,
}

/// The believed model with strangers as random pairs show them, and numbers missing as often as there. Deterministic: the
/// pairs are spread by a fixed rule.
pub(super) fn with_strangers(people: &People, threads: NonZero<usize>) -> Model {
    let believed = Model::believed(people.len());
    let number = people.len() as u64;
    let is_all = pairs_among(people.len()) <= SAMPLE as f64;
    let turns = if is_all { people.len() } else { SAMPLE as usize };
    let counts = in_parallel(threads, turns, |range| {
        let mut counts: Table = Default::default();
        for turn in range {
            if is_all {
                (turn + 1..people.len()).for_each(|other| count(people, &believed, (turn, other), &mut counts));
            } else {
                let (a, b) = (mix(2 * turn as u64) % number, mix(2 * turn as u64 + 1) % number);
                count(people, &believed, (a as usize, b as usize), &mut counts);
            }
        }
        counts
    });
    let mut all: Table = Default::default();
    for counts in counts {
        for (all, counts) in all.iter_mut().flatten().zip(counts.iter().flatten()) {
            *all += counts;
        }
    }
    let strangers = strangers(&all);
    let mut one = believed.one;
    let number = Field::NhsNumber as usize;
    one[number] = lacking_as(&strangers[number], &one[number]);
    Model::new(one, strangers, believed.shares)
}

/// Counts the levels of two people unless they look like one person or one home: these are no strangers.
fn count(people: &People, believed: &Model, (a, b): (usize, usize), counts: &mut Table) {
    let pattern = Pattern::of(people, a, b);
    if a != b && believed.kinds(&pattern).iter().all(|bits| *bits < 0.0) {
        for (levels, level) in counts.iter_mut().zip(pattern.levels) {
            levels[usize::from(level)] += 1.0;
        }
    }
}

/// Counted levels with one belief each: as if a level had been seen once in as many pairs as it is believed to take.
fn strangers(counts: &Table) -> Table {
    let mut strangers: Table = [[1.0; LEVELS]; FIELDS];
    for field in Field::ALL {
        let counts = &counts[field as usize];
        let seen: f64 = counts[1..].iter().sum();
        let levels = field.levels();
        let rates =
            levels.iter().enumerate().map(|(at, level)| (counts[at + 1] + 1.0) / (seen + 1.0 / level.strangers));
        let rates: Vec<f64> = rates.collect();
        let sum: f64 = rates.iter().sum();
        for (at, rate) in rates.into_iter().enumerate() {
            strangers[field as usize][at + 1] = rate / sum;
        }
    }
    strangers
}

/// Learns all: first what each level says, then how common the names are that stand on it, and with that each level again.
pub(super) fn learn_all(start: &Model, counted: &[Counted], people: usize) -> Model {
    let model = learn(start, start.clone(), counted, people).model;
    let usual = usual(&model, counted);
    learn(&start.clone().with_usual(usual), model.with_usual(usual), counted, people).model
}

/// How common names that are nearly the same are where they are one person's. On a level where few pairs are one person's
/// nothing is learnt.
fn usual(model: &Model, counted: &[Counted]) -> Usual {
    let mut sums = [[(0.0, 0.0); LEVELS]; 2];
    for (pattern, count) in counted {
        let is_one = *count as f64 * probability(model.weight(pattern));
        let fields = sums.iter_mut().zip(Field::ALL).zip(pattern.levels).zip(pattern.rarity);
        for (((sums, field), level), rarity) in fields {
            let level = counts_as(field, level);
            if level != usize::from(SAME) && rarity > 0 {
                let (pairs, frequency) = &mut sums[level];
                *pairs += is_one;
                *frequency += is_one * (-f64::from(rarity) / 4.0).exp2();
            }
        }
    }
    sums.map(|levels| levels.map(|(pairs, sum)| if pairs < BELIEF { 0.0 } else { f64::log2(sum / pairs) }))
}

/// Learns from the patterns that blocking kept, beginning with one model and believing another.
pub(super) fn learn(start: &Model, from: Model, counted: &[Counted], people: usize) -> Training {
    let all_pairs = pairs_among(people).max(1.0);
    let pseudo = start.shares.map(|share| (share * all_pairs).min(BELIEVED_PAIRS));
    let believed = start.one;
    let mut training = Training { model: from, objective: Vec::new() };
    for _ in 0..ROUNDS {
        let (objective, next) = round(&training.model, counted, all_pairs, &pseudo, &believed);
        let rise = training.objective.last().map_or(f64::INFINITY, |before| objective - before);
        training.objective.push(objective);
        training.model = next;
        if rise.abs() < STILL * objective.abs() {
            break;
        }
    }
    training
}

/// The objective of a model, and the model of the next round.
fn round(model: &Model, counted: &[Counted], all_pairs: f64, pseudo: &[f64; KINDS], believed: &Table) -> (f64, Model) {
    let of_strangers = 1.0 - model.shares.iter().sum::<f64>();
    let mut expected = *pseudo;
    let mut one: Table = believed.map(|levels| levels.map(|belief| belief * BELIEF));
    let mut objective = prior(model, pseudo, believed);
    let mut kept = 0.0;
    for (pattern, count) in counted {
        let count = *count as f64;
        kept += count;
        let kinds = model.kinds(pattern).map(f64::exp2);
        let sum = 1.0 + kinds.iter().sum::<f64>();
        objective += count * (of_strangers * sum).ln();
        for (expected, kind) in expected.iter_mut().zip(kinds) {
            *expected += count * kind / sum;
        }
        let is_one = count * kinds[Kind::One as usize] / sum;
        for ((levels, level), field) in one.iter_mut().zip(pattern.levels).zip(Field::ALL) {
            if level != MISSING {
                levels[counts_as(field, level)] += is_one;
            }
        }
    }
    objective += (all_pairs - kept).max(0.0) * of_strangers.ln();
    for field in Field::ALL {
        let levels = &mut one[field as usize][1..=field.levels().len()];
        let sum: f64 = levels.iter().sum();
        levels.iter_mut().for_each(|level| *level /= sum);
    }
    let all = all_pairs.max(kept) + STRANGERS + pseudo.iter().sum::<f64>();
    let next = Model::new(one, model.strangers, expected.map(|expected| expected / all));
    (objective, next.with_usual(model.usual))
}

/// What the beliefs add to the objective.
fn prior(model: &Model, pseudo: &[f64; KINDS], believed: &Table) -> f64 {
    let shares: f64 = model.shares.iter().zip(pseudo).map(|(share, pairs)| pairs * share.ln()).sum();
    let levels: f64 = Field::ALL
        .into_iter()
        .flat_map(|field| (1..=field.levels().len()).map(move |at| (field as usize, at)))
        .map(|(field, at)| BELIEF * believed[field][at] * model.one[field][at].ln())
        .sum();
    shares + STRANGERS * (1.0 - model.shares.iter().sum::<f64>()).ln() + levels
}
