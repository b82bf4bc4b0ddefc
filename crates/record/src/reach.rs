//! What a reading's permit reaches: its subjects and labels, looked up once, and whose a version is.
//!
//! A resource is reached when no label hides it or those whose it is, and one of these is among the permit's subjects. Of
//! those who are closed to the permit until somebody says why, only the kinds of lists are reached. Which kinds may be read
//! at all is asked of the permit's scope.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use access::{Closed, Subject, Subjects};
use terms::Moment;
use terms::index::{Next, Part, Row, Span};

use crate::change::Key;
use crate::error::Problem;
use crate::indexing::{RELATION, SUBJECT};
use crate::reading::{Reading, Version};

/// The permit's subjects and labels, looked up once.
pub(crate) enum Reach {
    Everything,
    Sets { allowed: Option<HashSet<Key>>, hidden: Arc<HashSet<Key>>, closed: Option<Arc<HashSet<Key>>> },
}

/// Whether somebody is to say why they need a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasonFor {
    /// No: nothing of it is closed.
    Nothing,
    /// They said so, and it holds until then.
    Given(Moment),
    /// Yes. The access journal has it as refused.
    Missing,
}

/// What a permit of a role reaches, as far as it may differ from reading to reading.
#[derive(Clone)]
pub(crate) struct ReachMark {
    /// What labels hide.
    hidden: Option<Arc<HashSet<Key>>>,
    /// What is closed; where somebody opened something, it is worked out for one reading and the same as no other's.
    closed: Option<Arc<HashSet<Key>>>,
    /// How often the index had been replaced.
    swaps: u64,
}

impl ReachMark {
    pub(crate) fn is(&self, other: &ReachMark) -> bool {
        let is_same = |one: &Option<Arc<HashSet<Key>>>, other: &Option<Arc<HashSet<Key>>>| match (one, other) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        is_same(&self.hidden, &other.hidden) && is_same(&self.closed, &other.closed) && self.swaps == other.swaps
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
        let (allowed, hidden, closed) = match self.reach().await? {
            Reach::Everything => return Ok(true),
            Reach::Sets { allowed, hidden, closed } => (allowed, hidden, closed),
        };
        let is_in = |set: &HashSet<Key>| set.contains(key) || subjects.clone().any(|subject| set.contains(subject));
        if is_in(hidden) || (closed.as_deref().is_some_and(is_in) && !self.is_listed(&key.kind)) {
            return Ok(false);
        }
        let Some(allowed) = allowed else { return Ok(true) };
        if subjects.len() == 0 {
            return Ok(self.permit().scope().open.contains(&key.kind));
        }
        Ok(subjects.any(|subject| allowed.contains(subject)))
    }

    /// Whether a resource with these rows belongs to somebody who is closed to the permit.
    pub(crate) async fn is_closed(&self, key: &Key, rows: &[Row]) -> Result<bool, Problem> {
        let Some(closed) = self.closed().await? else { return Ok(false) };
        Ok(closed.contains(key) || subjects(rows).any(|subject| closed.contains(&subject)))
    }

    /// The row numbers of those of whom something may be left out, if that is all that limits the permit among what it
    /// reads, and they are at most so many.
    pub(crate) async fn left_out(&self, most: usize) -> Result<Option<BTreeSet<i64>>, Problem> {
        let (hidden, closed) = match self.reach().await? {
            Reach::Everything => return Ok(Some(BTreeSet::new())),
            Reach::Sets { allowed: Some(_), .. } => return Ok(None),
            Reach::Sets { allowed: None, hidden, closed } => (hidden, closed),
        };
        let all = || std::iter::once(hidden).chain(closed);
        if all().map(|set| set.len()).sum::<usize>() > most {
            return Ok(None);
        }
        let mut rids = BTreeSet::new();
        for set in all() {
            rids.append(&mut self.row_numbers(set).await?);
        }
        Ok(Some(rids))
    }

    /// Whether lists show this kind of those who are closed.
    fn is_listed(&self, kind: &str) -> bool {
        self.permit().scope().closed.as_ref().is_none_or(|closed| closed.listed.contains(kind))
    }

    /// Whether anybody is closed to the permit.
    pub async fn is_partly_closed(&self) -> Result<bool, Problem> {
        Ok(self.closed().await?.is_some_and(|closed| !closed.is_empty()))
    }

    /// Whether somebody is to say why they need a resource, before anything of it is read. For a person, what was merged into
    /// their record counts too: it is found with theirs.
    pub async fn reason_for(&self, key: &Key) -> Result<ReasonFor, Problem> {
        let (Some(of), Some(closed)) = (&self.permit().scope().closed, self.closed().await?) else {
            return Ok(ReasonFor::Nothing);
        };
        let mut about: BTreeSet<Key> = self.whose_newest(key).await?.iter().cloned().collect();
        about.insert(key.clone());
        for one in about.clone() {
            about.extend(self.aliases(&one).await?);
        }
        if about.iter().any(|one| closed.contains(one)) {
            self.note_refused_about(about.into_iter().filter(|one| closed.contains(one)));
            return Ok(ReasonFor::Missing);
        }
        let given = about.into_iter().filter_map(|one| of.opened.get(&Subject { kind: one.kind, id: one.id }));
        Ok(given.min().map_or(ReasonFor::Nothing, |until| ReasonFor::Given(*until)))
    }

    async fn closed(&self) -> Result<Option<&Arc<HashSet<Key>>>, Problem> {
        Ok(match self.reach().await? {
            Reach::Sets { closed, .. } => closed.as_ref(),
            Reach::Everything => None,
        })
    }

    /// What its permit reaches now, to be compared.
    pub(crate) async fn reach_mark(&self) -> Result<ReachMark, Problem> {
        let (hidden, closed) = match self.reach().await? {
            Reach::Everything => (None, None),
            Reach::Sets { hidden, closed, .. } => (Some(hidden.clone()), closed.clone()),
        };
        Ok(ReachMark { hidden, closed, swaps: self.swaps })
    }

    async fn reach(&self) -> Result<&Reach, Problem> {
        self.reach.get_or_try_init(|| self.look_reach_up()).await
    }

    async fn look_reach_up(&self) -> Result<Reach, Problem> {
        let scope = self.permit().scope();
        let hidden = self.hidden(&scope.without_labels).await?;
        let closed = match &scope.closed {
            Some(closed) => Some(self.closed_of(closed).await?),
            None => None,
        };
        let mut allowed: HashSet<Key> = match &scope.subjects {
            Subjects::All if hidden.is_empty() && closed.is_none() => return Ok(Reach::Everything),
            Subjects::All => return Ok(Reach::Sets { allowed: None, hidden, closed }),
            Subjects::Only(subjects) => subjects.iter().map(|subject| Key::new(&subject.kind, &subject.id)).collect(),
            Subjects::Related { principal, at } => self.related(principal, *at).await?,
        };
        for survivor in allowed.clone() {
            allowed.extend(self.aliases(&survivor).await?);
        }
        Ok(Reach::Sets { allowed: Some(allowed), hidden, closed })
    }

    /// Those with the label that nobody opened.
    async fn closed_of(&self, of: &Closed) -> Result<Arc<HashSet<Key>>, Problem> {
        let labelled = self.hidden(std::slice::from_ref(&of.label)).await?;
        if of.opened.is_empty() {
            return Ok(labelled);
        }
        let opened: HashSet<Key> = of.opened.keys().map(|subject| Key::new(&subject.kind, &subject.id)).collect();
        Ok(Arc::new(labelled.difference(&opened).cloned().collect()))
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
