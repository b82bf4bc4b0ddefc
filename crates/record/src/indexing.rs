//! The index functions that `hosting` hands to the record: named, versioned, pure.
//!
//! The record does not know FHIR: it gives a text and gets rows. Some parameters carry a meaning that the record
//! itself uses for scopes and merges; they are named here.

use std::collections::BTreeSet;
use std::sync::Arc;

use terms::index::{Part, Row};

use crate::obligations::ObligationFunction;

/// What an index function reads.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Resource type.
    pub kind: &'a str,
    /// Logical id.
    pub id: &'a str,
    /// The version's text; the same rows must come out with and without `meta.versionId` and `meta.lastUpdated`, and
    /// whether large attachments have their content or nothing between their quotes.
    pub text: &'a [u8],
}

/// A pure function from a text to its rows.
type Extract = dyn Fn(Source<'_>, &mut Vec<Row>) + Send + Sync;
/// The same of the rows of some parameters.
type ExtractSome = dyn Fn(Source<'_>, &BTreeSet<&'static str>, &mut Vec<Row>) + Send + Sync;

/// The index functions of a record.
#[derive(Clone)]
pub struct Indexing {
    /// Name and version of each function; when one changes, another index is made after the open, behind. Until it is
    /// whole, what only the new function finds may be missed: rows that scopes stand on (labels, relations, merges)
    /// must therefore go on being found by the words they were found by before.
    pub functions: Vec<(&'static str, u32)>,
    /// All of them in one pass over the text.
    pub extract: Arc<Extract>,
    /// The first part of every row of [`SUBJECT`] that `extract` gives, without the work of the others (any others may
    /// be there too): whose a text is, for everything that is shown.
    pub whose: Arc<Extract>,
    /// The rows of some parameters, and perhaps others, without the work of all: what candidates of a search are judged on.
    /// Without it all rows are made for them.
    pub some: Option<Arc<ExtractSome>>,
    /// Types whose past rows are kept for ever: those that returns and time travel read.
    pub kept: Vec<&'static str>,
    /// What must still happen, worked out for each anchor whenever a commit touches it.
    pub obligations: Vec<ObligationFunction>,
}

/// Rows that say whose a resource is: the first part is the subject. Further parts serve searches.
pub const SUBJECT: &str = "~patient";
/// Rows that say who has to do with a subject: Text(principal or unit), Fixed(from, 8 bytes), Fixed(until, 8 bytes),
/// Target(subject).
pub(crate) const RELATION: &str = "~relation";
/// Rows that hide a resource and what belongs to it: Text(label), Target(the resource itself).
pub const LABEL: &str = "~label";
/// Rows of a merge: Target(survivor), Target(loser). What belongs to the loser is found under the survivor.
pub const ALIAS: &str = "~alias";
/// The record's own rows beside those of a merge: Target(loser), Target(survivor). Where a merged resource went.
pub(crate) const MERGED: &str = "~merged";
/// The record's own rows: Kind(resource type), Fixed(sequence). Lists a type, oldest change first.
pub(crate) const KIND: &str = "~kind";

impl Indexing {
    /// Index functions by name and version, carried out in one pass over a text; no obligations.
    pub fn new(
        functions: Vec<(&'static str, u32)>,
        extract: impl Fn(Source<'_>, &mut Vec<Row>) + Send + Sync + 'static,
    ) -> Indexing {
        let extract: Arc<Extract> = Arc::new(extract);
        Indexing { functions, whose: extract.clone(), extract, some: None, kept: Vec::new(), obligations: Vec::new() }
    }

    /// With a cheaper way to the rows of some parameters.
    pub fn picking(
        mut self,
        some: impl Fn(Source<'_>, &BTreeSet<&'static str>, &mut Vec<Row>) + Send + Sync + 'static,
    ) -> Indexing {
        self.some = Some(Arc::new(some));
        self
    }

    /// With a cheaper way to tell whose a text is.
    pub fn telling_whose(mut self, whose: impl Fn(Source<'_>, &mut Vec<Row>) + Send + Sync + 'static) -> Indexing {
        self.whose = Arc::new(whose);
        self
    }

    /// Rows that say whose a text is.
    pub(crate) fn whose(&self, kind: &str, id: &str, text: &[u8]) -> Vec<Row> {
        let mut rows = Vec::new();
        (self.whose)(Source { kind, id, text }, &mut rows);
        rows
    }

    /// With types whose past rows are kept for ever. When they are named first, their past is made from the versions.
    pub fn keeping(mut self, kinds: impl IntoIterator<Item = &'static str>) -> Indexing {
        self.kept.extend(kinds);
        self
    }

    /// With a further obligation function.
    pub fn with_obligations(mut self, function: ObligationFunction) -> Indexing {
        self.obligations.push(function);
        self
    }

    /// Whether the past rows of a type are kept for ever.
    pub(crate) fn keeps(&self, kind: &str) -> bool {
        self.kept.contains(&kind)
    }

    /// The rows of a text, sorted, without doubles.
    pub(crate) fn rows(&self, kind: &str, id: &str, text: &[u8]) -> Vec<Row> {
        let mut rows = Vec::with_capacity(16);
        (self.extract)(Source { kind, id, text }, &mut rows);
        for at in 0..rows.len() {
            if let (ALIAS, [survivor @ Part::Target { .. }, loser @ Part::Target { .. }]) =
                (rows[at].parameter, rows[at].parts.as_slice())
            {
                rows.push(Row::of(MERGED, [loser.clone(), survivor.clone()]));
            }
        }
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// The rows of some parameters, in no order, and perhaps others.
    pub(crate) fn rows_of(&self, source: Source<'_>, parameters: &BTreeSet<&'static str>) -> Vec<Row> {
        match self.some.as_ref().filter(|_| !parameters.contains(MERGED)) {
            Some(some) => {
                let mut rows = Vec::new();
                some(source, parameters, &mut rows);
                rows
            }
            None => self.rows(source.kind, source.id, source.text),
        }
    }
}
