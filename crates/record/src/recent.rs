//! What the newest commits touched, kept in memory for those who follow a part of the record, such as a ward's board: a
//! commit that concerns somebody else costs them a look into a set.
//!
//! A commit touches the resources that it changes and everything that their rows name, before and after. Nothing is
//! collected while nobody follows; what is not kept any more reads as *everything*. Does not know what a ward is.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;
use terms::index::{Part, Row};

use crate::change::Key;
use crate::indexing::{ALIAS, SUBJECT};
use crate::kept::{ANY, Depends};
use crate::record::Record;

/// Groups of commits that are kept.
const MOST_GROUPS: usize = 1024;
/// Keys of one group, each with what it names; one that touches more touches everything.
const MOST_KEYS: usize = 4000;
/// Keys of which it is known when they were last touched: so many at least, and at most twice as many.
const MOST_MARKED: usize = 100_000;
/// How many resources of a type are known by name that named one target.
const MOST_NAMING: usize = 48;

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
    /// What is changed, and what the rows of each name, with whether it is theirs.
    changed: BTreeMap<Key, BTreeMap<Key, bool>>,
    /// Those to which something is merged, or was.
    merged: BTreeSet<Key>,
    keys: usize,
}

/// The groups that are kept, and when each resource was touched last.
#[derive(Default)]
pub(crate) struct Recent {
    known: Mutex<Known>,
    /// Whether something is kept that commits may change.
    is_wanted: AtomicBool,
}

/// The groups after `from` up to `to`, without a gap.
#[derive(Default)]
struct Known {
    from: u64,
    to: u64,
    groups: VecDeque<(u64, Touches)>,
    young: Marks,
    old: Option<Marks>,
}

/// The sequences at which something was touched last, after `from`.
#[derive(Default)]
struct Marks {
    from: u64,
    changed: FxHashMap<Key, u64>,
    named: FxHashMap<Key, Vec<Naming>>,
    merged: FxHashMap<Key, u64>,
    kinds: FxHashMap<String, u64>,
}

/// The resources of a type that were changed and name, or named, a target.
struct Naming {
    kind: String,
    /// When the last was.
    last: u64,
    /// The last of them, in their order, each with its sequence, as far as they are the target's own.
    ids: VecDeque<(u64, String)>,
    /// All of them after this sequence are among these.
    from: u64,
}

impl Touches {
    /// A resource that has, or had, these rows is changed.
    pub(crate) fn note(&mut self, key: &Key, rows: &[Row]) {
        if !self.is_followed || self.is_too_much() {
            return;
        }
        let mut added = usize::from(!self.changed.contains_key(key));
        let named = self.changed.entry(key.clone()).or_default();
        for row in rows {
            for part in &row.parts {
                if let Part::Target { kind, id } = part {
                    let target = Key::new(kind, id);
                    if row.parameter == ALIAS {
                        self.merged.insert(target.clone());
                    }
                    let is_theirs = row.parameter == SUBJECT;
                    let known = named.insert(target.clone(), is_theirs);
                    if known == Some(true) {
                        named.insert(target, true);
                    }
                    added += usize::from(known.is_none());
                }
            }
        }
        self.keys += added;
    }

    /// That perhaps everything was touched.
    pub(crate) fn of_everything() -> Touches {
        Touches::default()
    }

    fn is_too_much(&self) -> bool {
        self.keys > MOST_KEYS
    }
}

impl Naming {
    fn note(&mut self, sequence: u64, id: &str, is_theirs: bool) {
        self.last = sequence;
        if !is_theirs {
            // Many name the same place or member of staff: who did is not known by name.
            self.ids.clear();
            self.from = sequence;
            return;
        }
        self.ids.push_back((sequence, id.to_owned()));
        if self.ids.len() > MOST_NAMING
            && let Some((dropped, _)) = self.ids.pop_front()
        {
            self.from = dropped;
        }
    }
}

impl Marks {
    fn after(from: u64) -> Marks {
        Marks { from, ..Marks::default() }
    }

    fn note(&mut self, sequence: u64, touches: &Touches) {
        for (key, named) in &touches.changed {
            self.changed.insert(key.clone(), sequence);
            match self.kinds.get_mut(&key.kind) {
                Some(last) => *last = sequence,
                None => drop(self.kinds.insert(key.kind.clone(), sequence)),
            }
            for (target, is_theirs) in named {
                self.naming(target, &key.kind).note(sequence, &key.id, *is_theirs);
            }
        }
        self.merged.extend(touches.merged.iter().map(|key| (key.clone(), sequence)));
    }

    fn naming(&mut self, target: &Key, kind: &str) -> &mut Naming {
        let (from, of) = (self.from, self.named.entry(target.clone()).or_default());
        let at = of.iter().position(|naming| naming.kind == kind).unwrap_or(of.len());
        if at == of.len() {
            of.push(Naming { kind: kind.to_owned(), last: from, ids: VecDeque::new(), from });
        }
        &mut of[at]
    }

    fn naming_of(&self, target: &Key, kind: &str) -> Option<&Naming> {
        self.named.get(target)?.iter().find(|naming| naming.kind == kind)
    }

    fn are_untouched(&self, depends: &Depends, after: u64) -> bool {
        let is_later = |at: Option<&u64>| at.is_some_and(|at| *at > after);
        let is_named = |kind: &str, key: &Key| {
            let mut naming = self.named.get(key).into_iter().flatten();
            naming.any(|naming| (kind == ANY || naming.kind == kind) && naming.last > after)
        };
        !depends.resources.iter().any(|key| is_later(self.changed.get(key)))
            && !depends.merged.iter().any(|key| is_later(self.merged.get(key)))
            && !depends.named.iter().any(|(kind, keys)| keys.iter().any(|key| is_named(kind, key)))
            && !depends.kinds.iter().any(|kind| is_later(self.kinds.get(kind)))
    }

    fn len(&self) -> usize {
        self.changed.len() + self.named.len()
    }
}

impl Known {
    /// From now on, as if nothing was known before.
    fn begin(&mut self, from: u64) {
        self.groups.clear();
        self.from = from;
        (self.young, self.old) = (Marks::after(from), None);
    }

    fn marked_from(&self) -> u64 {
        self.old.as_ref().map_or(self.young.from, |old| old.from)
    }
}

impl Recent {
    /// Nothing was touched yet since a sequence.
    pub(crate) fn at(sequence: u64) -> Recent {
        let known = Known { from: sequence, to: sequence, young: Marks::after(sequence), ..Known::default() };
        Recent { known: Mutex::new(known), is_wanted: AtomicBool::new(false) }
    }

    /// Something is kept that commits may change.
    pub(crate) fn want(&self) {
        self.is_wanted.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }

    /// A group led from one sequence to another. Before that sequence is told to anybody.
    pub(crate) fn note(&self, (before, after): (u64, u64), touches: Touches) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = touches.is_followed && !touches.is_too_much();
        if known.to != before || !is_known {
            known.begin(if is_known { before } else { after });
        }
        known.to = after;
        if !is_known {
            return;
        }
        known.young.note(after, &touches);
        if known.young.len() > MOST_MARKED {
            let young = std::mem::replace(&mut known.young, Marks::after(after));
            known.old = Some(young);
        }
        known.groups.push_back((after, touches));
        if known.groups.len() > MOST_GROUPS
            && let Some((dropped, _)) = known.groups.pop_front()
        {
            known.from = dropped;
        }
    }

    /// Whether nothing that this depends on was touched after one sequence, up to another.
    pub(crate) fn holds(&self, depends: &Depends, after: u64, until: u64) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = known.marked_from() <= after && until <= known.to;
        let marks = || known.old.iter().chain([&known.young]);
        is_known && !depends.everything && marks().all(|marks| marks.are_untouched(depends, after))
    }

    /// For each resource, whether no commit changed it between two sequences, in whichever order they stand.
    pub(crate) fn are_unchanged<'k>(&self, asked: impl Iterator<Item = (&'k Key, (u64, u64))>) -> Vec<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_unchanged = |(key, (one, other)): (&Key, (u64, u64))| {
            let (after, until) = (one.min(other), one.max(other));
            let is_known = known.marked_from() <= after && until <= known.to;
            let mut marks = known.old.iter().chain([&known.young]);
            is_known && marks.all(|marks| marks.changed.get(key).is_none_or(|at| *at <= after))
        };
        asked.map(is_unchanged).collect()
    }

    /// What was changed after a sequence, or after another one if that is earlier.
    pub(crate) fn changed_since(&self, one: u64, other: u64) -> Option<BTreeSet<Key>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let after = one.min(other);
        if after < known.from || known.to < one.max(other) {
            return None;
        }
        let groups = known.groups.iter().rev().take_while(|(sequence, _)| *sequence > after);
        Some(groups.flat_map(|(_, touches)| touches.changed.keys().cloned()).collect())
    }

    /// The resources of a type that were changed after a sequence, up to another, and name a target or did before;
    /// `None` when it is not known any more, or some name it that are not its own.
    pub(crate) fn changed_naming(&self, kind: &str, target: &Key, (after, until): (u64, u64)) -> Option<BTreeSet<Key>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.marked_from() > after || known.to < until {
            return None;
        }
        let mut ids = BTreeSet::new();
        for marks in known.old.iter().chain([&known.young]) {
            let Some(naming) = marks.naming_of(target, kind) else { continue };
            if naming.last > after && naming.from > after {
                return None;
            }
            ids.extend(naming.ids.iter().filter(|(at, _)| *at > after).map(|(_, id)| Key::new(kind, id)));
        }
        Some(ids)
    }

    fn since(&self, after: u64, newest: u64) -> Touched {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if after < known.from || known.to < newest {
            return Touched::Everything;
        }
        let groups = known.groups.iter().rev().take_while(|(sequence, _)| *sequence > after);
        let keys = groups.flat_map(|(_, touches)| {
            touches.changed.iter().flat_map(|(key, named)| named.keys().chain([key]).cloned())
        });
        Touched::These(keys.collect())
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
        let recent = Recent::at(3);
        assert_eq!(recent.since(3, 3), these(&[]));
        recent.note((3, 5), Touches::default());
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

    fn on(resources: &[&str], named: &[&str], kinds: &[&str]) -> Depends {
        let key = |id: &&str| Key::new("Thing", *id);
        Depends {
            resources: resources.iter().map(key).collect(),
            named: [("Thing".to_owned(), named.iter().map(key).collect())].into(),
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            ..Depends::default()
        }
    }

    #[test]
    fn what_depends_on_something_holds_until_it_is_touched() {
        let recent = Recent::at(4);
        let mut of_a = touches(&["a"]);
        of_a.note(&Key::new("Thing", "a"), &[Row::of("in", [Part::target("Thing", "place")])]);
        recent.note((4, 5), of_a);
        recent.note((5, 7), touches(&["b"]));
        let cases = [
            (on(&["c"], &["c"], &["Other"]), 4, true),
            (on(&["a"], &[], &[]), 4, false),
            (on(&["a"], &[], &[]), 5, true),
            (on(&["place"], &[], &[]), 4, true),
            (on(&[], &["place"], &[]), 4, false),
            (on(&[], &["place"], &[]), 5, true),
            (on(&[], &["b"], &[]), 5, true),
            (on(&[], &[], &["Thing"]), 5, false),
            (on(&[], &[], &["Thing"]), 7, true),
            (on(&[], &[], &[]), 3, false),
            (Depends { everything: true, ..on(&[], &[], &[]) }, 7, false),
        ];
        for (depends, after, expected) in cases {
            assert_eq!(recent.holds(&depends, after, 7), expected, "{depends:?} after {after}");
        }
        assert!(!recent.holds(&on(&[], &[], &[]), 7, 8), "a commit whose answer was lost");
        let changed = |one, other| recent.changed_since(one, other).map(|keys| keys.len());
        assert_eq!([changed(4, 7), changed(5, 7), changed(7, 5), changed(7, 7)], [2, 1, 1, 0].map(Some));
        assert_eq!([changed(3, 7), changed(4, 8)], [None, None]);
        recent.note((7, 8), Touches::of_everything());
        assert!(!recent.holds(&on(&[], &[], &[]), 7, 8));
        assert!(recent.holds(&on(&["a"], &["place"], &["Thing"]), 8, 8));
    }

    #[test]
    fn who_named_a_target_is_known_by_type_until_it_was_too_many() {
        let recent = Recent::at(4);
        let place = Key::new("Place", "p");
        let row = || [Row::of(SUBJECT, [Part::target("Place", "p")]), Row::of("in", [Part::target("Place", "p")])];
        let note = |at: u64, keys: &[Key]| {
            let mut touches = touches(&[]);
            keys.iter().for_each(|key| touches.note(key, &row()));
            recent.note((at, at + 1), touches);
        };
        let (a, b, other) = (Key::new("Thing", "a"), Key::new("Thing", "b"), Key::new("Other", "o"));
        note(4, &[a.clone(), other.clone()]);
        note(5, std::slice::from_ref(&b));
        let naming = |kind: &str, after, until| recent.changed_naming(kind, &place, (after, until));
        assert_eq!(naming("Thing", 4, 6), Some([a, b.clone()].into()));
        assert_eq!(naming("Thing", 5, 6), Some([b].into()));
        assert_eq!(naming("Other", 4, 6), Some([other].into()));
        assert_eq!(naming("Other", 5, 6), Some(BTreeSet::new()));
        assert_eq!(naming("None", 4, 6), Some(BTreeSet::new()));
        assert_eq!((naming("Thing", 3, 6), naming("Thing", 4, 7)), (None, None));
        let of_others = Depends {
            named: [("Other".to_owned(), [place.clone()].into_iter().collect())].into(),
            ..Depends::default()
        };
        assert!(recent.holds(&of_others, 5, 6) && !recent.holds(&of_others, 4, 6));
        let mut of_another = touches(&[]);
        of_another.note(&Key::new("Other", "x"), &[Row::of("in", [Part::target("Place", "p")])]);
        recent.note((6, 7), of_another);
        assert_eq!((naming("Other", 5, 7), naming("Other", 7, 7)), (None, Some(BTreeSet::new())));
        (7..8 + MOST_NAMING as u64).for_each(|at| note(at, &[Key::new("Thing", at.to_string())]));
        let newest = 8 + MOST_NAMING as u64;
        assert_eq!(naming("Thing", 7, newest), None, "more than are known by name");
        assert_eq!(naming("Thing", 8, newest).map(|keys| keys.len()), Some(MOST_NAMING));
        assert_eq!(naming("Other", 7, newest), Some(BTreeSet::new()));
    }

    #[test]
    fn what_is_merged_is_asked_by_itself() {
        let recent = Recent::at(0);
        let (survivor, loser) = (Key::new("Thing", "s"), Key::new("Thing", "l"));
        let mut named = touches(&[]);
        named.note(&Key::new("Thing", "x"), &[Row::of("in", [Part::target("Thing", "s")])]);
        recent.note((0, 1), named);
        let depends = Depends { merged: [survivor].into_iter().collect(), ..Depends::default() };
        assert!(recent.holds(&depends, 0, 1));
        let mut merged = touches(&[]);
        merged.note(&loser, &[Row::of(ALIAS, [Part::target("Thing", "s"), Part::target("Thing", "l")])]);
        recent.note((1, 2), merged);
        assert!(!recent.holds(&depends, 1, 2));
    }

    #[test]
    fn marks_are_kept_for_a_long_time_and_then_forgotten() {
        let recent = Recent::at(0);
        recent.note((0, 1), touches(&["first"]));
        let mut sequence = 1;
        let mut forgets_at = None;
        while sequence < 2 * MOST_MARKED as u64 / 1000 + 10 {
            let ids: Vec<String> = (0..1000).map(|number| format!("{sequence}-{number}")).collect();
            recent.note((sequence, sequence + 1), touches(&ids.iter().map(String::as_str).collect::<Vec<_>>()));
            sequence += 1;
            assert!(!recent.holds(&on(&["first"], &[], &[]), 0, sequence), "it was touched, or is not known any more");
            if !recent.holds(&on(&["other"], &[], &[]), 1, sequence) {
                forgets_at = forgets_at.or(Some(sequence));
            }
        }
        assert!(forgets_at.is_some_and(|at| at > MOST_MARKED as u64 / 1000), "{forgets_at:?}");
    }
}
