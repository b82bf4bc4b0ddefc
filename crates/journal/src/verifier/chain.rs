//! Where an entry or access leaf stands in its chain: in its place, after a gap, a second time, or unlinked.
//!
//! The same rules for both chains. An intruder (a copy, or one out of place) is left out of chain and tree, so that
//! what is genuine after it is not blamed.

use super::FindingKind;
use crate::edge::Edge;
use crate::hash::{Hash, NOTHING_BEFORE};

/// The state of one chain as far as it was read.
#[derive(Debug)]
pub(crate) struct Chain {
    /// What its members are called in sentences.
    noun: &'static str,
    /// The number that comes next.
    next: u64,
    /// Chain hash of the last member.
    head: Hash,
    /// Numbers that were passed over, as (first, last).
    gaps: Vec<(u64, u64)>,
    pub(crate) edge: Edge,
}

/// Whether a member counts, and what is wrong with its place: (kind, number to name, sentence).
pub(crate) struct Placed {
    pub(crate) counts: bool,
    pub(crate) wrong: Option<(Wrong, u64, String)>,
}

/// What can be wrong with a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    Missing,
    OutOfPlace,
    Twice,
    Number,
    Unlinked,
}

impl Wrong {
    pub(crate) fn of_entries(self) -> FindingKind {
        match self {
            Wrong::Missing => FindingKind::EntryMissing,
            Wrong::OutOfPlace => FindingKind::EntryOutOfPlace,
            Wrong::Twice => FindingKind::EntryTwice,
            Wrong::Number => FindingKind::EntryNumber,
            Wrong::Unlinked => FindingKind::ChainBroken,
        }
    }

    pub(crate) fn of_leaves(self) -> FindingKind {
        match self {
            Wrong::Missing => FindingKind::LeafMissing,
            Wrong::OutOfPlace => FindingKind::LeafOutOfPlace,
            Wrong::Twice => FindingKind::LeafTwice,
            Wrong::Number => FindingKind::LeafNumber,
            Wrong::Unlinked => FindingKind::LeafChainBroken,
        }
    }
}

impl Chain {
    pub(crate) fn new(noun: &'static str) -> Chain {
        Chain { noun, next: 1, head: NOTHING_BEFORE, gaps: Vec::new(), edge: Edge::default() }
    }

    /// The number that comes next.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// The number of the last member.
    pub(crate) fn last(&self) -> u64 {
        self.next - 1
    }

    pub(crate) fn head(&self) -> Hash {
        self.head
    }

    /// Whether every member up to the last has been counted in its place.
    pub(crate) fn is_gapless(&self) -> bool {
        self.edge.size() == self.last()
    }

    /// A member that could not be read takes the next place.
    pub(crate) fn place_unread(&mut self, chained: Hash, leaf: Hash) {
        self.advance(self.next, chained, leaf);
    }

    /// Places a member that carries this number and this link; `chained` and `leaf` are the hashes of its bytes.
    pub(crate) fn place(&mut self, number: u64, previous: &Hash, chained: Hash, leaf: Hash) -> Placed {
        let linked = *previous == self.head;
        let (noun, expected) = (self.noun, self.next);
        if linked {
            let wrong = (number != expected).then(|| {
                let sentence = format!("The {noun} in place {expected} says that it is number {number}.");
                (Wrong::Number, expected, sentence)
            });
            self.advance(expected, chained, leaf);
            return Placed { counts: true, wrong };
        }
        if number < expected {
            return Placed { counts: false, wrong: Some(self.intruder(number)) };
        }
        let wrong = if number > expected {
            self.gaps.push((expected, number - 1));
            let sentence = match number - expected {
                1 => format!("The {noun} {expected} is missing."),
                _ => format!("The {noun} numbers {expected} to {} are missing.", number - 1),
            };
            (Wrong::Missing, expected, sentence)
        } else if expected == 1 {
            let sentence = format!("The first {noun} says that something came before it.");
            (Wrong::Unlinked, 1, sentence)
        } else {
            let before = expected - 1;
            let sentence = format!(
                "The {noun} {before} is not the one that {noun} {number} was chained to: {before} was changed, or \
                 what {number} says of it."
            );
            (Wrong::Unlinked, before, sentence)
        };
        self.advance(number, chained, leaf);
        Placed { counts: true, wrong: Some(wrong) }
    }

    fn intruder(&mut self, number: u64) -> (Wrong, u64, String) {
        let (noun, last) = (self.noun, self.last());
        let Some(at) = self.gaps.iter().position(|(first, last)| (*first..=*last).contains(&number)) else {
            let sentence = format!("A second {noun} {number} stands after {noun} {last}.");
            return (Wrong::Twice, number, sentence);
        };
        let (first, end) = self.gaps.swap_remove(at);
        let around = [(first, number - 1), (number + 1, end)];
        self.gaps.extend(around.into_iter().filter(|(first, last)| first <= last));
        (Wrong::OutOfPlace, number, format!("The {noun} {number} stands after {noun} {last}."))
    }

    fn advance(&mut self, number: u64, chained: Hash, leaf: Hash) {
        self.next = number.saturating_add(1);
        self.head = chained;
        self.edge.append(leaf);
    }
}
