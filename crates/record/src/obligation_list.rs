//! Listing and counting obligations within a permit's scope: one walk over the stored rows serves both, so that a
//! count tells no more than a list would.
//!
//! An obligation is seen by those who may read its anchor. Whether it is late is the reader's comparison.

use std::collections::BTreeSet;

use terms::Moment;

use crate::change::Key;
use crate::error::Problem;
use crate::obligations::Obligation;
use crate::reading::Reading;
use crate::select::Cursor;
use crate::store::{ObligationFilter, StoredObligation};

/// Obligations that are read together for a list, and for a count.
const LISTED: usize = 1_000;
const COUNTED: usize = 20_000;
/// Owners, and anchors, that one question may name.
const MOST_NAMED: usize = 1_000;
/// Where a permit leaves out at most so many resources with what belongs to them, what is counted is compared with their row
/// numbers.
const MOST_LEFT_OUT: usize = 500;
/// Obligations that one page may examine.
const MOST_EXAMINED: usize = 500_000;

/// Which obligations are wanted; what is `None` is left open.
#[derive(Debug, Clone, Default)]
pub struct ObligationQuery {
    /// Of this kind.
    pub kind: Option<String>,
    /// Of one of these owners, at most 1,000: a ward's places, a person with their teams. None of an empty list.
    pub owners: Option<Vec<String>>,
    /// About one of these anchors, at most 1,000: a consultant's stays and patients. None of an empty list.
    pub anchors: Option<Vec<Key>>,
    /// Due before this moment: with the present moment, those that are late.
    pub due_before: Option<Moment>,
    /// How many at most, 1 to 1,000.
    pub limit: usize,
    /// Where the page before ended.
    pub after: Option<Cursor>,
}

/// An obligation that nothing has ended yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenObligation {
    /// What it is about.
    pub anchor: Key,
    /// What must happen, by whom and until when.
    pub obligation: Obligation,
    /// The entry since which it is so.
    pub since: u64,
}

/// One page, in order of due.
#[derive(Debug, Clone)]
pub struct ObligationPage {
    /// The obligations, as they were at the reading's sequence.
    pub obligations: Vec<OpenObligation>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<Cursor>,
}

/// What a question comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObligationTally {
    /// How many there are.
    pub number: u64,
    /// How many of these are due before the moment that was asked about.
    pub due: u64,
    /// The one that is due first.
    pub first: Option<OpenObligation>,
}

/// One that the permit reaches, with those whose it is.
struct Reached {
    stored: StoredObligation,
    anchor: Key,
    subjects: BTreeSet<Key>,
}

impl Reached {
    fn open(self) -> OpenObligation {
        OpenObligation {
            anchor: self.anchor,
            obligation: Obligation { kind: self.stored.kind, owner: self.stored.owner, due: Moment(self.stored.due) },
            since: self.stored.from,
        }
    }
}

impl Reading {
    /// One page of obligations, the earliest due first.
    pub async fn obligations(&self, query: &ObligationQuery) -> Result<ObligationPage, Problem> {
        let Some(filter) = self.filter(query).await? else {
            return Ok(ObligationPage { obligations: Vec::new(), next: None });
        };
        let limit = query.limit.clamp(1, 1000);
        let after = match &query.after {
            Some(cursor) => read_cursor(cursor, self.sequence()).ok_or(Problem::Expired)?,
            None => StoredObligation::before_all(),
        };
        let mut reached: Vec<Reached> = Vec::new();
        self.walk_obligations(&filter, after, LISTED, |one| {
            reached.push(one);
            reached.len() <= limit
        })
        .await?;
        let next = (reached.len() > limit).then(|| write_cursor(self.sequence(), &reached[limit - 1].stored));
        reached.truncate(limit);
        self.note_shown(reached.iter().flat_map(|one| one.subjects.iter().cloned()));
        Ok(ObligationPage { obligations: reached.into_iter().map(Reached::open).collect(), next })
    }

    /// How many there are within the permit's scope, how many of them are due before a moment, and the one that is due
    /// first: what a count, another count and a list of one would say, in one walk where it must be walked.
    pub async fn tally_obligations(&self, query: &ObligationQuery, before: Moment) -> Result<ObligationTally, Problem> {
        if self.reaches_every_anchor().await? {
            let number = self.count_obligations(query).await?;
            if number == 0 {
                return Ok(ObligationTally::default());
            }
            let earlier = query.due_before.map_or(before, |due| due.min(before));
            let due = self.count_obligations(&ObligationQuery { due_before: Some(earlier), ..query.clone() }).await?;
            let first = self.obligations(&ObligationQuery { limit: 1, after: None, ..query.clone() }).await?;
            return Ok(ObligationTally { number, due, first: first.obligations.into_iter().next() });
        }
        let Some(filter) = self.filter(query).await? else { return Ok(ObligationTally::default()) };
        let (mut tally, mut first): (_, Option<StoredObligation>) = (ObligationTally::default(), None);
        self.each_counted(&filter, |one| {
            tally.number += 1;
            tally.due += u64::from(one.due < before.0);
            if first.as_ref().is_none_or(|first| one < *first) {
                first = Some(one);
            }
        })
        .await?;
        if let Some(first) = self.reached_of(first.into_iter().collect()).await?.pop() {
            self.note_shown(first.subjects.iter().cloned());
            tally.first = Some(first.open());
        }
        Ok(tally)
    }

    /// How many there are, exactly, within the permit's scope; limit and cursor are not used.
    pub async fn count_obligations(&self, query: &ObligationQuery) -> Result<u64, Problem> {
        let Some(filter) = self.filter(query).await? else { return Ok(0) };
        if self.reaches_every_anchor().await? {
            return self.store().count_obligations(&filter, self.sequence()).await;
        }
        let mut count = 0;
        self.each_counted(&filter, |_| count += 1).await?;
        Ok(count)
    }

    /// The query in the store's words; `None` when nothing can satisfy it.
    async fn filter(&self, query: &ObligationQuery) -> Result<Option<ObligationFilter>, Problem> {
        self.depend(|depends| depends.everything = true);
        if self.is_old() {
            return Err(Problem::Expired);
        }
        let many = [query.owners.as_ref().map(Vec::len), query.anchors.as_ref().map(Vec::len)];
        if many.into_iter().flatten().any(|many| many > MOST_NAMED) {
            return Err(Problem::TooCostly);
        }
        let anchors = match &query.anchors {
            Some(keys) => {
                let keys = keys.iter().map(|key| (key.kind.as_str(), key.id.as_str()));
                Some(self.names().targets(self.store(), keys).await?.into_iter().flatten().collect::<Vec<i64>>())
            }
            None => None,
        };
        if query.owners.as_ref().is_some_and(Vec::is_empty) || anchors.as_ref().is_some_and(Vec::is_empty) {
            return Ok(None);
        }
        let before = query.due_before.map(|moment| moment.0);
        Ok(Some(ObligationFilter { kind: query.kind.clone(), owners: query.owners.clone(), anchors, before }))
    }

    /// Whether the permit leaves no obligation out.
    async fn reaches_every_anchor(&self) -> Result<bool, Problem> {
        Ok(self.reads_every_anchor() && self.reaches_everything().await?)
    }

    /// Whether the permit reads every type that something may be owed of.
    fn reads_every_anchor(&self) -> bool {
        let reads = &self.permit().scope().reads;
        self.inner().indexing.obligations.iter().all(|function| reads.contains(function.anchor))
    }

    /// Gives everything that the permit reaches to `take`, in whatever order. Where only what belongs to a few is left out,
    /// row numbers decide, and nothing is looked up of the others.
    async fn each_counted(
        &self,
        filter: &ObligationFilter,
        mut take: impl FnMut(StoredObligation),
    ) -> Result<(), Problem> {
        let few = if self.reads_every_anchor() { self.left_out(MOST_LEFT_OUT).await? } else { None };
        let Some(few) = few else {
            let all = |one: Reached| {
                take(one.stored);
                true
            };
            return self.walk_obligations(filter, StoredObligation::before_all(), COUNTED, all).await;
        };
        let (mut after, mut examined) = (StoredObligation::before_all(), 0);
        loop {
            let found = self.store().obligations(filter, &after, self.sequence(), COUNTED).await?;
            let end = found.len() < COUNTED;
            examined += found.len();
            if let Some(last) = found.last().filter(|_| !end) {
                after = last.clone();
            }
            let is_of_few =
                |one: &StoredObligation| few.contains(&one.anchor) || one.subjects.iter().any(|rid| few.contains(rid));
            let (perhaps, certain): (Vec<_>, Vec<_>) = found.into_iter().partition(is_of_few);
            let perhaps = self.reached_of(perhaps).await?;
            certain.into_iter().chain(perhaps.into_iter().map(|one| one.stored)).for_each(&mut take);
            if end {
                return Ok(());
            }
            if examined > MOST_EXAMINED {
                return Err(Problem::TooCostly);
            }
        }
    }

    /// Gives everything that the permit reaches to `take`, in order, until that says stop.
    async fn walk_obligations(
        &self,
        filter: &ObligationFilter,
        mut after: StoredObligation,
        together: usize,
        mut take: impl FnMut(Reached) -> bool,
    ) -> Result<(), Problem> {
        let mut examined = 0;
        loop {
            let found = self.store().obligations(filter, &after, self.sequence(), together).await?;
            let end = found.len() < together;
            examined += found.len();
            if let Some(last) = found.last() {
                after = last.clone();
            }
            for one in self.reached_of(found).await? {
                if !take(one) {
                    return Ok(());
                }
            }
            if end {
                return Ok(());
            }
            if examined > MOST_EXAMINED {
                return Err(Problem::TooCostly);
            }
        }
    }

    /// Those whose anchors the permit reaches.
    async fn reached_of(&self, found: Vec<StoredObligation>) -> Result<Vec<Reached>, Problem> {
        let anchors = self.keys(&found.iter().map(|one| one.anchor).collect::<Vec<_>>()).await?;
        let rids: Vec<i64> = found.iter().flat_map(|one| one.subjects.iter().copied()).collect();
        let mut subjects = self.keys(&rids).await?.into_iter();
        let mut reached = Vec::with_capacity(found.len());
        for (stored, anchor) in found.into_iter().zip(anchors) {
            let subjects: BTreeSet<Key> = subjects.by_ref().take(stored.subjects.len()).collect();
            let reads = self.permit().scope().reads.contains(&anchor.kind);
            if reads && self.reaches_subjects(&anchor, subjects.iter()).await? {
                reached.push(Reached { stored, anchor, subjects });
            }
        }
        Ok(reached)
    }
}

fn write_cursor(sequence: u64, last: &StoredObligation) -> Cursor {
    let mut bytes = sequence.to_be_bytes().to_vec();
    bytes.extend_from_slice(&last.due.to_be_bytes());
    bytes.extend_from_slice(&last.anchor.to_be_bytes());
    bytes.extend_from_slice(&(last.kind.len() as u16).to_be_bytes());
    bytes.extend_from_slice(last.kind.as_bytes());
    bytes.extend_from_slice(last.owner.as_bytes());
    Cursor(bytes)
}

/// `None` when it was made at another sequence or cannot be one.
fn read_cursor(cursor: &Cursor, sequence: u64) -> Option<StoredObligation> {
    let (made_at, rest) = cursor.0.split_first_chunk::<8>()?;
    let (due, rest) = rest.split_first_chunk::<8>()?;
    let (anchor, rest) = rest.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (kind, owner) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    (u64::from_be_bytes(*made_at) == sequence).then_some(StoredObligation {
        due: i64::from_be_bytes(*due),
        anchor: i64::from_be_bytes(*anchor),
        kind: text(kind)?,
        owner: text(owner)?,
        subjects: Vec::new(),
        from: 0,
    })
}
