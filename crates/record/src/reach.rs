//! What a reading's permit reaches: its subjects and labels, looked up once, and whose a version is.
//!
//! A resource is reached when no label hides it or those whose it is, and one of these is among the permit's subjects.
//! Which kinds may be read at all is asked of the permit's scope.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use access::Subjects;
use terms::Moment;
use terms::index::{Next, Part, Row, Span};

use crate::change::Key;
use crate::error::Problem;
use crate::indexing::{RELATION, SUBJECT};
use crate::reading::{Reading, Version};

/// The permit's subjects and labels, looked up once.
pub(crate) enum Reach {
    Everything,
    Sets { allowed: Option<HashSet<Key>>, hidden: Arc<HashSet<Key>> },
}

/// What a permit of a role reaches, as far as it may differ from reading to reading.
#[derive(Clone)]
pub(crate) struct ReachMark {
    /// What labels hide.
    hidden: Option<Arc<HashSet<Key>>>,
    /// How often the index had been replaced.
    swaps: u64,
}

impl ReachMark {
    pub(crate) fn is(&self, other: &ReachMark) -> bool {
        let hides_the_same = match (&self.hidden, &other.hidden) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        hides_the_same && self.swaps == other.swaps
    }
}

impl Reading {
    /// Whose a version is. A text never changes, so what was worked out once holds for as long as this process runs.
    pub(crate) fn whose(&self, rid: i64, version: &Version) -> Arc<[Key]> {
        let place = (rid, version.version);
        if version.text.is_empty() {
            return Arc::default();
        }
        if let Some(known) = self.inner().whose.get(&place) {
            return known;
        }
        let rows = self.inner().indexing.whose(&version.key.kind, &version.key.id, &version.text);
        self.keep_whose(place, &rows)
    }

    /// Whose a version with these rows is, kept for whoever asks again.
    pub(crate) fn keep_whose(&self, place: (i64, u64), rows: &[Row]) -> Arc<[Key]> {
        let mut subjects = unique(subjects(rows));
        if let [only] = &*subjects {
            match self.inner().theirs.get(only) {
                Some(known) => subjects = known,
                None => self.inner().theirs.insert(only.clone(), subjects.clone()),
            }
        }
        self.inner().whose.insert(place, subjects.clone());
        subjects
    }

    /// Whether only the kind decides.
    pub(crate) async fn reaches_everything(&self) -> Result<bool, Problem> {
        Ok(matches!(self.reach().await?, Reach::Everything))
    }

    /// Whether the permit's subjects and labels reach a resource with these rows.
    pub(crate) async fn reaches(&self, key: &Key, rows: &[Row]) -> Result<bool, Problem> {
        if self.reaches_everything().await? {
            return Ok(true);
        }
        self.reaches_subjects(key, subjects(rows).collect::<Vec<_>>().iter()).await
    }

    /// The same for a version.
    pub(crate) async fn reaches_version(&self, rid: i64, version: &Version) -> Result<bool, Problem> {
        if self.reaches_everything().await? {
            return Ok(true);
        }
        self.reaches_subjects(&version.key, self.whose(rid, version).iter()).await
    }

    /// The same for a resource that is theirs.
    pub(crate) async fn reaches_subjects<'k>(
        &self,
        key: &Key,
        mut subjects: impl ExactSizeIterator<Item = &'k Key> + Clone,
    ) -> Result<bool, Problem> {
        let (allowed, hidden) = match self.reach().await? {
            Reach::Everything => return Ok(true),
            Reach::Sets { allowed, hidden } => (allowed, hidden),
        };
        if hidden.contains(key) || subjects.clone().any(|subject| hidden.contains(subject)) {
            return Ok(false);
        }
        let Some(allowed) = allowed else { return Ok(true) };
        if subjects.len() == 0 {
            return Ok(self.permit().scope().open.contains(&key.kind));
        }
        Ok(subjects.any(|subject| allowed.contains(subject)))
    }

    /// What its permit reaches now, to be compared.
    pub(crate) async fn reach_mark(&self) -> Result<ReachMark, Problem> {
        let hidden = match self.reach().await? {
            Reach::Everything => None,
            Reach::Sets { hidden, .. } => Some(hidden.clone()),
        };
        Ok(ReachMark { hidden, swaps: self.swaps })
    }

    async fn reach(&self) -> Result<&Reach, Problem> {
        self.reach.get_or_try_init(|| self.look_reach_up()).await
    }

    async fn look_reach_up(&self) -> Result<Reach, Problem> {
        let scope = self.permit().scope();
        let hidden = self.hidden(&scope.without_labels).await?;
        let mut allowed: HashSet<Key> = match &scope.subjects {
            Subjects::All if hidden.is_empty() => return Ok(Reach::Everything),
            Subjects::All => return Ok(Reach::Sets { allowed: None, hidden }),
            Subjects::Only(subjects) => subjects.iter().map(|subject| Key::new(&subject.kind, &subject.id)).collect(),
            Subjects::Related { principal, at } => self.related(principal, *at).await?,
        };
        for survivor in allowed.clone() {
            allowed.extend(self.aliases(&survivor).await?);
        }
        Ok(Reach::Sets { allowed: Some(allowed), hidden })
    }

    /// The subjects that a principal has to do with at a moment.
    async fn related(&self, principal: &str, at: Moment) -> Result<HashSet<Key>, Problem> {
        let at = ordered_moment(at);
        let span = Span::next(
            RELATION,
            [Part::Text(principal.as_bytes().to_vec())],
            Next::WithinBoth(
                terms::index::Range { low: terms::index::End::Open, high: terms::index::End::Including(at.to_vec()) },
                terms::index::Range { low: terms::index::End::Excluding(at.to_vec()), high: terms::index::End::Open },
            ),
        );
        let length = 2 + principal.len() + 1 + 16 + 5;
        Ok(self.marked(&span, length).await?.into_iter().collect())
    }
}

/// Each once.
fn unique(keys: impl Iterator<Item = Key>) -> Arc<[Key]> {
    keys.collect::<BTreeSet<Key>>().into_iter().collect()
}

/// Whose a resource with these rows is.
pub(crate) fn subjects(rows: &[Row]) -> impl Iterator<Item = Key> + '_ {
    rows.iter().filter(|row| row.parameter == SUBJECT).filter_map(|row| match row.parts.first() {
        Some(Part::Target { kind, id }) => Some(Key::new(kind, id)),
        _ => None,
    })
}

/// A moment as ordered bytes: big-endian with the sign flipped.
fn ordered_moment(moment: Moment) -> [u8; 8] {
    ((moment.0 as u64) ^ (1 << 63)).to_be_bytes()
}
