//! What was made of a reading and is kept for those after it: what a board says of a patient, a chart, the places of a trust.
//!
//! A reading from [`Reading::to_keep`] notes what its answers depend on: resources that were asked for, targets at the
//! heads of spans, else whole types. What was made of it holds for every reading whose permit reaches the same, until a
//! commit changes one of those, anything is erased, or it is older than the asker allows. Whoever is given it has seen
//! whom it shows: that is noted each time. It lies in memory alone, within a bound, and may be gone at any time.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use access::{Role, Subjects};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use rustc_hash::FxHashSet;
use terms::Moment;
use terms::index::{Part, Span};

use crate::change::Key;
use crate::error::Problem;
use crate::reach::ReachMark;
use crate::reading::Reading;
use crate::select::{Clause, Select};

/// Bytes that what is kept has in memory, about.
const MOST_BYTES: u64 = 128 << 20;
/// How many things that may be.
const MOST: usize = 20_000;
/// What a thing takes besides, and each key that it depends on.
const LEAST_BYTES: u64 = 1_000;
const BYTES_OF_A_KEY: u64 = 100;
/// What is made of texts takes about such a part of their bytes.
const PART_OF_TEXTS: u64 = 4;

/// In place of a type: any.
pub(crate) const ANY: &str = "";

/// What an answer depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Depends {
    /// Resources that were asked for.
    pub(crate) resources: FxHashSet<Key>,
    /// By type, the targets that rows of its resources were looked for which name them; rows of any type under [`ANY`].
    pub(crate) named: BTreeMap<String, FxHashSet<Key>>,
    /// Resources of which it was asked what is merged into them.
    pub(crate) merged: FxHashSet<Key>,
    /// Types of which any could be in the answer.
    pub(crate) kinds: BTreeSet<String>,
    /// It depends on more than can be said here.
    pub(crate) everything: bool,
    /// How many bytes of texts were read.
    pub(crate) bytes: u64,
}

/// What is kept of one record.
pub(crate) struct KeptThings(Cache<Name, Arc<Thing>, Weight>);

/// What is kept: of what kind, of what, for whose reach.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Name {
    what: &'static str,
    of: String,
    role: Role,
}

struct Thing {
    value: Arc<dyn Any + Send + Sync>,
    sequence: u64,
    made_at: Moment,
    reach: ReachMark,
    depends: Depends,
    shown: BTreeSet<Key>,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Name, Arc<Thing>> for Weight {
    fn weight(&self, _: &Name, thing: &Arc<Thing>) -> u64 {
        let depends = &thing.depends;
        let named: usize = depends.named.values().map(FxHashSet::len).sum();
        let keys = depends.resources.len() + named + depends.merged.len() + thing.shown.len();
        LEAST_BYTES + depends.bytes / PART_OF_TEXTS + BYTES_OF_A_KEY * keys as u64
    }
}

impl Default for KeptThings {
    fn default() -> KeptThings {
        KeptThings(Cache::with_weighter(MOST, MOST_BYTES, Weight))
    }
}

impl KeptThings {
    /// Lets go of everything, such as when a text is erased that something may have been made from.
    pub(crate) fn clear(&self) {
        self.0.clear();
    }
}

impl Depends {
    fn add(&mut self, other: &Depends) {
        self.resources.extend(other.resources.iter().cloned());
        for (kind, keys) in &other.named {
            self.named_by(kind).extend(keys.iter().cloned());
        }
        self.merged.extend(other.merged.iter().cloned());
        self.kinds.extend(other.kinds.iter().cloned());
        self.everything |= other.everything;
        self.bytes += other.bytes;
    }

    /// It was asked what is merged into these; what names those that were, of whatever type, is found too.
    pub(crate) fn merges(&mut self, asked: &[Key], found: &[Key]) {
        self.merged.extend(asked.iter().cloned());
        self.named_by(ANY).extend(found.iter().cloned());
    }

    fn named_by(&mut self, kind: &str) -> &mut FxHashSet<Key> {
        self.named.entry(kind.to_owned()).or_default()
    }

    pub(crate) fn read(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// It depends on what a question finds.
    pub(crate) fn question(&mut self, kind: &str, clauses: &[Clause]) {
        let is_bounded = clauses.iter().any(|clause| self.is_bounded_by(kind, clause));
        if !is_bounded {
            self.kinds.insert(kind.to_owned());
        }
        clauses.iter().for_each(|clause| self.others_of(clause));
    }

    /// Whether a condition says which commits can change what it finds; they are noted then.
    fn is_bounded_by(&mut self, kind: &str, clause: &Clause) -> bool {
        match clause {
            Clause::Any(spans) => {
                let Some(targets) = spans.iter().map(target).collect::<Option<Vec<Key>>>() else { return false };
                self.named_by(kind).extend(targets);
                true
            }
            _ => false,
        }
    }

    /// Of conditions about other resources, any of their types.
    fn others_of(&mut self, clause: &Clause) {
        match clause {
            Clause::Linked(_, inner) | Clause::LinkedFrom(_, inner) => {
                self.kinds.insert(inner.kind.clone());
                inner.clauses.iter().for_each(|clause| self.others_of(clause));
            }
            Clause::Either(clauses) => clauses.iter().for_each(|clause| self.others_of(clause)),
            Clause::Any(_) | Clause::None(_) | Clause::Ids(_) | Clause::Changed(..) => {}
        }
    }
}

/// A resource that every row in a span names.
fn target(span: &Span) -> Option<Key> {
    span.head.iter().find_map(|part| match part {
        Part::Target { kind, id } => Some(Key::new(kind, id)),
        _ => None,
    })
}

impl Reading {
    /// What was kept under a name and still holds for this reading, made at most so long ago.
    pub async fn kept<T: Send + Sync + 'static>(
        &self,
        what: &'static str,
        of: &str,
        at_most: Duration,
    ) -> Result<Option<Arc<T>>, Problem> {
        let Some(thing) = self.thing(what, of).await? else { return Ok(None) };
        let age = (self.inner().clock)().0.abs_diff(thing.made_at.0);
        let (low, high) = (thing.sequence.min(self.sequence()), thing.sequence.max(self.sequence()));
        let is_new = u128::from(age) <= at_most.as_millis();
        if !is_new || !self.inner().shared.recent.holds(&thing.depends, low, high) {
            return Ok(None);
        }
        let Ok(value) = Arc::clone(&thing.value).downcast::<T>() else { return Ok(None) };
        self.note_shown(thing.shown.iter().cloned());
        self.depend(|depends| depends.add(&thing.depends));
        Ok(Some(value))
    }

    /// What was kept under a name, whether it holds or not, and the sequence at which it was made: for those who only
    /// read again what changed since. It shows nobody.
    pub async fn kept_before<T: Send + Sync + 'static>(
        &self,
        what: &'static str,
        of: &str,
    ) -> Result<Option<(Arc<T>, u64)>, Problem> {
        let Some(thing) = self.thing(what, of).await? else { return Ok(None) };
        Ok(Arc::clone(&thing.value).downcast::<T>().ok().map(|value| (value, thing.sequence)))
    }

    /// What was kept under a name and would hold for this reading had no resources of a type been changed, with those of
    /// them that were, as far as they name what it depends on: for those who read only these again. However old it is; whom
    /// it shows is noted.
    pub async fn kept_but_for<T: Send + Sync + 'static>(
        &self,
        (what, of): (&'static str, &str),
        kind: &str,
    ) -> Result<Option<(Arc<T>, BTreeSet<Key>)>, Problem> {
        let Some(thing) = self.thing(what, of).await? else { return Ok(None) };
        let (after, recent) = (thing.sequence, &self.inner().shared.recent);
        if after > self.sequence() {
            return Ok(None);
        }
        let mut others = thing.depends.clone();
        let targets = others.named.remove(kind).unwrap_or_default();
        let Some(changed) = self.changed_naming(kind, &targets, after) else { return Ok(None) };
        let Ok(value) = Arc::clone(&thing.value).downcast::<T>() else { return Ok(None) };
        if !recent.holds(&others, after, self.sequence()) {
            return Ok(None);
        }
        self.note_shown(thing.shown.iter().cloned());
        self.depend(|depends| depends.add(&thing.depends));
        Ok(Some((value, changed)))
    }

    /// A reading of the same for something that is to be kept: it notes what its answers depend on. Whom it shows, this
    /// reading has shown.
    pub fn to_keep(&self) -> Reading {
        self.child(false)
    }

    /// The same for numbers and places, which show nobody.
    pub fn to_count(&self) -> Reading {
        self.child(true)
    }

    /// Keeps what was made of such a reading, and of nothing else but the present moment.
    pub async fn keep<T: Send + Sync + 'static>(
        &self,
        (what, of): (&'static str, &str),
        own: Reading,
        value: T,
    ) -> Result<Arc<T>, Problem> {
        let value = Arc::new(value);
        let (depends, shown, was_refused) = own.ended();
        self.depend(|outer| outer.add(&depends));
        if was_refused {
            self.note_refused();
        }
        let Some(name) = self.name(what, of).filter(|_| !depends.everything && !was_refused) else { return Ok(value) };
        let thing = Thing {
            value: Arc::clone(&value) as Arc<dyn Any + Send + Sync>,
            sequence: self.sequence(),
            made_at: (self.inner().clock)(),
            reach: self.reach_mark().await?,
            depends,
            shown,
        };
        let kept = &self.inner().shared.kept;
        self.inner().shared.recent.want();
        // Of two that were made beside each other the newer stays.
        if kept.0.get(&name).is_none_or(|known| known.sequence <= thing.sequence) {
            kept.0.insert(name.clone(), Arc::new(thing));
        }
        // What was made before an erasure does not stay.
        if !self.inner().shared.recent.holds(&Depends::default(), self.sequence(), self.sequence()) {
            kept.0.remove(&name);
        }
        Ok(value)
    }

    /// It depends on every resource of a type, for one that read only what changed of them.
    pub fn depends_on_type(&self, kind: &str) {
        self.depend(|depends| {
            depends.kinds.insert(kind.to_owned());
        });
    }

    /// What is made of it is not to be kept, such as when not everything could be read.
    pub fn keeps_nothing(&self) {
        self.depend(|depends| depends.everything = true);
    }

    /// What commits after a sequence changed, up to now; `None` when it is not known any more.
    pub fn changed_since(&self, after: u64) -> Option<BTreeSet<Key>> {
        self.inner().shared.recent.changed_since(after, self.sequence())
    }

    fn changed_naming(&self, kind: &str, targets: &FxHashSet<Key>, after: u64) -> Option<BTreeSet<Key>> {
        let recent = &self.inner().shared.recent;
        let mut changed = BTreeSet::new();
        for target in targets {
            changed.append(&mut recent.changed_naming(kind, target, (after, self.sequence()))?);
        }
        Some(changed)
    }

    async fn thing(&self, what: &'static str, of: &str) -> Result<Option<Arc<Thing>>, Problem> {
        let Some(name) = self.name(what, of) else { return Ok(None) };
        let Some(thing) = self.inner().shared.kept.0.get(&name) else { return Ok(None) };
        Ok(thing.reach.is(&self.reach_mark().await?).then_some(thing))
    }

    /// The name of what this reading may keep and be given; none for one that is old or has a reach of its own. While another
    /// index is made, the one in use changes with commits alone, and nobody is given what was made before the swap after it.
    fn name(&self, what: &'static str, of: &str) -> Option<Name> {
        let reaches_all = self.permit().scope().subjects == Subjects::All;
        let is_usual = reaches_all && !self.is_old();
        is_usual.then(|| Name { what, of: of.to_owned(), role: self.permit().role() })
    }

    pub(crate) fn depend(&self, note: impl FnOnce(&mut Depends)) {
        if let Some(depends) = &self.depends {
            note(&mut depends.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// What was noted of a reading to keep.
    fn ended(self) -> (Depends, BTreeSet<Key>, bool) {
        let depends = self
            .depends
            .as_ref()
            .map(|depends| std::mem::take(&mut *depends.lock().unwrap_or_else(PoisonError::into_inner)));
        let nothing_noted = Depends { everything: true, ..Depends::default() };
        let shown = std::mem::take(&mut *self.shown.lock().unwrap_or_else(PoisonError::into_inner));
        (depends.unwrap_or(nothing_noted), shown, self.refused.load(Ordering::Relaxed))
    }

    /// It depends on what a question finds.
    pub(crate) fn depends_on_select(&self, select: &Select) {
        self.depend(|depends| depends.question(&select.kind, &select.clauses));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(id: &str) -> Span {
        Span::head("~at", [Part::target("Place", id)])
    }

    #[test]
    fn a_question_is_bounded_by_the_targets_of_one_condition_or_depends_on_its_type() {
        let of = |clauses: Vec<Clause>| {
            let mut depends = Depends::default();
            depends.question("Thing", &clauses);
            let named: BTreeSet<String> = depends.named.values().flatten().map(|key| key.id.clone()).collect();
            (named.into_iter().collect::<Vec<_>>().join(" "), depends.kinds.into_iter().collect::<Vec<_>>().join(" "))
        };
        let any = |ids: &[&str]| Clause::Any(ids.iter().map(|id| at(id)).collect());
        let all = || Clause::Any(vec![Span::head("~at", [])]);
        let linked = || Clause::Linked("Thing.place", Box::new(Select::of("Place").with(all())));
        assert_eq!(of(vec![]), (String::new(), "Thing".into()));
        assert_eq!(of(vec![any(&["a", "b"])]), ("a b".into(), String::new()));
        assert_eq!(of(vec![all(), any(&["a"])]), ("a".into(), String::new()));
        assert_eq!(of(vec![Clause::Any(vec![at("a"), Span::head("~at", [])])]), (String::new(), "Thing".into()));
        assert_eq!(of(vec![Clause::None(vec![at("a")])]), (String::new(), "Thing".into()));
        assert_eq!(of(vec![any(&["a"]), linked()]), ("a".into(), "Place".into()));
        assert_eq!(of(vec![Clause::Either(vec![any(&["a"]), linked()])]), (String::new(), "Place Thing".into()));
    }
}
