//! What the newest commits touched, kept in memory for those who follow a part of the record, such as a ward's board: a
//! commit that concerns somebody else costs them a look into a set.
//!
//! A commit touches the resources that it changes and everything that their rows name, before and after. Nothing is
//! collected while nobody follows; what is not kept any more reads as *everything*. Does not know what a ward is.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use terms::index::{Part, Row};

use crate::change::Key;
use crate::record::Record;

/// Groups of commits that are kept.
const MOST_GROUPS: usize = 1024;
/// Keys of one group; one that touches more touches everything.
const MOST_KEYS: usize = 2000;

/// What was touched since a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// These, and nothing else.
    These(BTreeSet<Key>),
    /// Perhaps everything: too much was touched, or it is too long ago.
    Everything,
}

/// What a group of commits touches, while it is under way.
#[derive(Default)]
pub(crate) struct Touches {
    /// Whether somebody follows.
    pub(crate) is_followed: bool,
    keys: BTreeSet<Key>,
}

/// The groups that are kept: those after `from` up to `to`, without a gap.
#[derive(Default)]
pub(crate) struct Recent(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    from: u64,
    to: u64,
    groups: VecDeque<(u64, BTreeSet<Key>)>,
}

impl Touches {
    /// A resource that has, or had, these rows is changed.
    pub(crate) fn note(&mut self, key: &Key, rows: &[Row]) {
        if !self.is_followed || self.keys.len() > MOST_KEYS {
            return;
        }
        self.keys.insert(key.clone());
        for part in rows.iter().flat_map(|row| &row.parts) {
            if let Part::Target { kind, id } = part {
                self.keys.insert(Key::new(kind, id));
            }
        }
    }
}

impl Recent {
    /// A group led from one sequence to another. Before that sequence is told to anybody.
    pub(crate) fn note(&self, (before, after): (u64, u64), touches: Touches) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = touches.is_followed && touches.keys.len() <= MOST_KEYS;
        if kept.to != before || !is_known {
            kept.groups.clear();
            kept.from = if is_known { before } else { after };
        }
        kept.to = after;
        if is_known {
            kept.groups.push_back((after, touches.keys));
        }
        if kept.groups.len() > MOST_GROUPS
            && let Some((dropped, _)) = kept.groups.pop_front()
        {
            kept.from = dropped;
        }
    }

    fn since(&self, after: u64, newest: u64) -> Touched {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if after < kept.from || kept.to < newest {
            return Touched::Everything;
        }
        let groups = kept.groups.iter().filter(|(sequence, _)| *sequence > after);
        Touched::These(groups.flat_map(|(_, keys)| keys.iter().cloned()).collect())
    }
}

impl Record {
    /// What commits after a sequence touched. For those who follow the record ([`Record::follow`]) and look at a part of it.
    pub fn touched_since(&self, after: u64) -> Touched {
        let shared = &self.inner().shared;
        shared.recent.since(after, shared.newest.load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touches(ids: &[&str]) -> Touches {
        let mut touches = Touches { is_followed: true, ..Touches::default() };
        ids.iter().for_each(|id| touches.note(&Key::new("Thing", *id), &[]));
        touches
    }

    fn these(ids: &[&str]) -> Touched {
        Touched::These(ids.iter().map(|id| Key::new("Thing", *id)).collect())
    }

    #[test]
    fn what_is_not_kept_reads_as_everything() {
        let recent = Recent::default();
        recent.note((0, 5), Touches::default());
        assert_eq!(recent.since(4, 5), Touched::Everything, "nobody followed");
        recent.note((5, 6), touches(&["a"]));
        recent.note((6, 8), touches(&["b"]));
        assert_eq!(recent.since(5, 8), these(&["a", "b"]));
        assert_eq!(recent.since(6, 8), these(&["b"]));
        assert_eq!(recent.since(8, 8), these(&[]));
        assert_eq!(recent.since(4, 8), Touched::Everything);
        assert_eq!(recent.since(8, 9), Touched::Everything, "a commit whose answer was lost");
        recent.note((9, 10), touches(&["c"]));
        assert_eq!(recent.since(8, 10), Touched::Everything, "there is a gap before 9");
        assert_eq!(recent.since(9, 10), these(&["c"]));
    }

    #[test]
    fn a_group_that_touches_too_much_touches_everything_and_old_groups_go() {
        let recent = Recent::default();
        let many: Vec<String> = (0..=MOST_KEYS).map(|number| number.to_string()).collect();
        recent.note((0, 1), touches(&many.iter().map(String::as_str).collect::<Vec<_>>()));
        assert_eq!(recent.since(0, 1), Touched::Everything);
        let last = MOST_GROUPS as u64 + 2;
        (1..last).for_each(|at| recent.note((at, at + 1), touches(&["x"])));
        assert_eq!(recent.since(1, last), Touched::Everything);
        assert_eq!(recent.since(2, last), these(&["x"]));
    }
}
