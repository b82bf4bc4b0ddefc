//! Obligations: what must still happen, by whom and until when, as index rows of an anchor.
//!
//! An anchor is a resource such as a stay, an order or a letter. An obligation function names the anchors' type and
//! the related set: resources of a type whose rows under a parameter lead to the anchor. The write door works out
//! every anchor that a draft touches ([`touched`]) and what its obligations will be (`anchors.rs`), and the commit
//! keeps them with the entry that changed them, so that a reading at a sequence sees those of that sequence.
//!
//! Only what is due is kept; that something is late is a comparison with the present moment when it is read. Owners
//! are plain names here. Knows no kind of obligation: those are handed in with the index functions.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use terms::Moment;
use terms::index::{Part, Row};

use crate::change::Key;
use crate::indexing::{ALIAS, Indexing, Source};

/// Longest kind and longest owner of an obligation, in bytes.
const MOST_NAME_BYTES: usize = 256;

/// Something that must still happen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Obligation {
    /// What, such as `discharge summary`.
    pub kind: String,
    /// Whose it is, such as `ward/7A`. A hand-over to somebody else lives in a Task of the related set.
    pub owner: String,
    /// Until when.
    pub due: Moment,
}

/// What an obligation function decides on: all of one moment.
#[derive(Debug)]
pub struct Facts<'f> {
    /// The anchor; it is live, and was not merged into another.
    pub anchor: Source<'f>,
    /// The related set, ordered by type and id. What is related to a resource that was merged into the anchor belongs
    /// to it.
    pub related: Vec<Source<'f>>,
}

/// Whether an anchor can have obligations at all, by its own text.
type Concerns = dyn Fn(&Source<'_>) -> bool + Send + Sync;
/// A pure function from an anchor and its related set to what must still happen.
type Decide = dyn Fn(&Facts<'_>) -> Vec<Obligation> + Send + Sync;

/// One obligation function. Two that share an anchor's type do not know of each other.
#[derive(Clone)]
pub struct ObligationFunction {
    /// Its name.
    pub name: &'static str,
    /// Its version; when it changes, every anchor is worked out again at open.
    pub version: u32,
    /// The anchors' type.
    pub anchor: &'static str,
    /// The related set: resources of this type whose rows under this parameter begin with a target, the anchor.
    pub related: Vec<(&'static str, &'static str)>,
    /// Whether an anchor can have obligations of this function at all, by its own text: of one that cannot nothing is
    /// gathered. Where this says no, the decision makes none.
    pub concerns: Arc<Concerns>,
    /// The decision. The same must come out with and without `meta.versionId` and `meta.lastUpdated`.
    pub decide: Arc<Decide>,
}

/// The texts that a draft leaves behind, by resource: before them and after them.
#[derive(Default)]
pub(crate) struct Overlay<'d> {
    pub(crate) changed: HashMap<Key, Changed<'d>>,
}

/// One resource that a draft changes.
pub(crate) struct Changed<'d> {
    pub(crate) before: &'d [Row],
    /// Its text and rows to be; `None` when it is deleted or its text is erased.
    pub(crate) after: Option<(&'d [u8], &'d [Row])>,
}

impl ObligationFunction {
    /// What must still happen to an anchor, sorted, without doubles. What is too long to be kept is cut.
    pub(crate) fn obligations(&self, facts: &Facts<'_>) -> Vec<Obligation> {
        let mut found = (self.decide)(facts);
        for obligation in &mut found {
            cut(&mut obligation.kind);
            cut(&mut obligation.owner);
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// A name of bounded length: a function that makes longer ones must not stop what it is about from being written.
fn cut(name: &mut String) {
    let end = name.floor_char_boundary(MOST_NAME_BYTES);
    name.truncate(end);
}

impl<'d> Changed<'d> {
    /// Its rows before and after.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &'d Row> {
        self.before.iter().chain(self.after.map_or(&[][..], |(_, rows)| rows))
    }
}

/// The anchors that a draft touches by itself: those it changes, those its related resources lead or led to, and both
/// sides of a merge. Empty when no obligation function cares.
pub(crate) fn touched(indexing: &Indexing, overlay: &Overlay<'_>) -> BTreeSet<Key> {
    let mut found = BTreeSet::new();
    let functions = &indexing.obligations;
    if functions.is_empty() {
        return found;
    }
    let is_anchor = |kind: &str| functions.iter().any(|function| function.anchor == kind);
    for (key, changed) in &overlay.changed {
        if is_anchor(&key.kind) {
            found.insert(key.clone());
        }
        let related = functions.iter().flat_map(|function| {
            let of_kind = function.related.iter().filter(|(kind, _)| *kind == key.kind);
            of_kind.map(|(_, parameter)| (function.anchor, *parameter))
        });
        for (anchor, parameter) in related {
            let rows = changed.rows().filter(|row| row.parameter == parameter);
            found.extend(rows.filter_map(first_target).filter(|target| target.kind == anchor));
        }
        for row in changed.rows().filter(|row| row.parameter == ALIAS) {
            found.extend(row.parts.iter().filter_map(target).filter(|target| is_anchor(&target.kind)));
        }
    }
    found
}

/// The first part of a row, when it leads to a resource.
pub(crate) fn first_target(row: &Row) -> Option<Key> {
    row.parts.first().and_then(target)
}

/// The last part of a row, when it leads to a resource.
pub(crate) fn last_target(row: &Row) -> Option<Key> {
    row.parts.last().and_then(target)
}

fn target(part: &Part) -> Option<Key> {
    match part {
        Part::Target { kind, id } => Some(Key::new(kind, id)),
        _ => None,
    }
}

impl std::fmt::Debug for ObligationFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} of {}", self.name, self.version, self.anchor)
    }
}
