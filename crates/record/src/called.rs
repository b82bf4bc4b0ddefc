//! What the texts call for: every resource is gone through with all its versions, in the order of row numbers, each table
//! read once from end to end. The newest version calls for rows that hold now, those before it for past rows, as far as
//! these are still kept. Compares nothing, and knows no keys.

use std::iter::Peekable;
use std::vec::IntoIter;

use terms::index::Row;

use crate::change::Key;
use crate::error::Problem;
use crate::record::Record;
use crate::store::{Located, Store, StoredKey, StoredVersion};

/// How many resources, and versions, are read together.
const RESOURCES: usize = 2_000;
const VERSIONS: usize = 1_000;
/// Resources and rows at which a part is given out.
const MOST_STATES: usize = 2_000;
const MOST_ROWS: usize = 20_000;
/// Resources are told apart in so many groups.
const GROUPS: usize = 65_536;

/// What of the index is looked at.
pub(crate) struct Scope {
    /// For each group of resources, whether it is.
    groups: Vec<bool>,
    /// The sequence since which all past rows are there; of those that ended before, only what is kept for ever is
    /// looked at, because the others are being removed.
    pub(crate) past_from: u64,
}

/// From when to when a past row held, and whether it is kept for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lasted {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) kept: bool,
}

/// The rows that one version calls for.
pub(crate) struct Called {
    pub(crate) rid: i64,
    pub(crate) key: Key,
    pub(crate) rows: Vec<Row>,
    /// `None` for the newest version.
    pub(crate) past: Option<Lasted>,
}

/// A resource as its own row says, and as its versions say: version, sequence, whether it is live.
pub(crate) struct State {
    pub(crate) located: Located,
    pub(crate) kind: u16,
    pub(crate) newest: (u64, u64, bool),
}

/// What some of the resources call for. One with many versions may be in several parts.
#[derive(Default)]
pub(crate) struct Part {
    pub(crate) states: Vec<State>,
    pub(crate) called: Vec<Called>,
    /// Row numbers of resources with a text that cannot be read, and why.
    pub(crate) unreadable: Vec<(i64, String)>,
    rows: usize,
}

/// A walk through all resources and their versions.
pub(crate) struct Texts<'r> {
    record: &'r Record,
    scope: &'r Scope,
    resources: IntoIter<(Located, StoredKey)>,
    after: i64,
    versions: Versions,
    /// The resource that the walk is at, and the version that the next one of it ends.
    current: Option<(Located, StoredKey)>,
    before: Option<StoredVersion>,
}

/// All versions in the order of their row numbers, read ahead.
struct Versions {
    read: Peekable<IntoIter<StoredVersion>>,
    after: (i64, u64),
    ended: bool,
}

/// The group of a row number.
pub(crate) fn group_of(rid: i64) -> usize {
    rid.rem_euclid(GROUPS as i64) as usize
}

impl Scope {
    /// Everything that is there.
    pub(crate) fn everything(past_from: u64) -> Scope {
        Scope { groups: vec![true; GROUPS], past_from }
    }

    /// Some groups.
    pub(crate) fn only(groups: impl IntoIterator<Item = usize>, past_from: u64) -> Scope {
        let mut scope = Scope { groups: vec![false; GROUPS], past_from };
        groups.into_iter().for_each(|group| scope.groups[group] = true);
        scope
    }

    pub(crate) fn has(&self, rid: i64) -> bool {
        self.groups[group_of(rid)]
    }

    /// Whether past rows are looked at that ended at this sequence.
    pub(crate) fn has_past(&self, to: u64, kept: bool) -> bool {
        kept || to > self.past_from
    }

    /// The number of groups.
    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }
}

impl<'r> Texts<'r> {
    /// A walk from the first resource on.
    pub(crate) fn of(record: &'r Record, scope: &'r Scope) -> Texts<'r> {
        let versions = Versions { read: Vec::new().into_iter().peekable(), after: (i64::MIN, 0), ended: false };
        let resources = Vec::new().into_iter();
        Texts { record, scope, resources, after: 0, versions, current: None, before: None }
    }

    /// What the next resources call for; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Part>, Problem> {
        let mut part = Part::default();
        while part.states.len() < MOST_STATES && part.rows < MOST_ROWS {
            if !self.step(&mut part).await? {
                let nothing = part.states.is_empty() && part.called.is_empty() && part.unreadable.is_empty();
                return Ok((!nothing).then_some(part));
            }
        }
        Ok(Some(part))
    }

    /// One version further, or to the next resource; false at the end.
    async fn step(&mut self, part: &mut Part) -> Result<bool, Problem> {
        let current = match self.current.take() {
            Some(current) => Some(current),
            None => self.next_resource().await?,
        };
        let Some((located, key)) = current else { return Ok(false) };
        match self.versions.next_of(&self.record.inner().store, located.rid).await? {
            Some(version) => {
                let ended = version.sequence;
                if let Some(before) = self.before.replace(version) {
                    self.replaced(before, ended, &key, part)?;
                }
                self.current = Some((located, key));
            }
            None => {
                let newest = self.before.take();
                self.newest(newest, located, &key, part)?;
            }
        }
        Ok(true)
    }

    async fn next_resource(&mut self) -> Result<Option<(Located, StoredKey)>, Problem> {
        loop {
            if self.resources.len() == 0 {
                // Others have their turn between two reads.
                tokio::task::yield_now().await;
                let resources = self.record.inner().store.resources(self.after, RESOURCES).await?;
                let Some((last, _)) = resources.last() else { return Ok(None) };
                self.after = last.rid;
                self.resources = resources.into_iter();
            }
            let next = self.resources.by_ref().find(|(located, _)| self.scope.has(located.rid));
            if next.is_some() {
                return Ok(next);
            }
        }
    }

    /// A version that another one ended.
    fn replaced(&self, version: StoredVersion, to: u64, key: &StoredKey, part: &mut Part) -> Result<(), Problem> {
        let kept = self.record.keeps(key.0);
        if !self.scope.has_past(to, kept) {
            return Ok(());
        }
        let past = Some(Lasted { from: version.sequence, to, kept });
        self.call(version, key, past, part)
    }

    /// The newest version of a resource, if it has any.
    fn newest(
        &self,
        version: Option<StoredVersion>,
        located: Located,
        key: &StoredKey,
        part: &mut Part,
    ) -> Result<(), Problem> {
        let newest = version.as_ref().map_or((0, 0, false), |newest| {
            (newest.version, newest.sequence, newest.operation != 3 && newest.text.is_some())
        });
        part.states.push(State { located, kind: key.0, newest });
        match version.filter(|_| newest.2) {
            Some(version) => self.call(version, key, None, part),
            None => Ok(()),
        }
    }

    fn call(
        &self,
        version: StoredVersion,
        key: &StoredKey,
        past: Option<Lasted>,
        part: &mut Part,
    ) -> Result<(), Problem> {
        let rid = version.rid;
        match self.record.rows_of(key, version) {
            Ok((_, rows)) if rows.is_empty() => {}
            Ok((key, rows)) => {
                part.rows += rows.len();
                part.called.push(Called { rid, key, rows, past });
            }
            Err(Problem::Damaged { what }) => part.unreadable.push((rid, what)),
            Err(problem) => return Err(problem),
        }
        Ok(())
    }
}

impl Versions {
    /// The next version of a resource, `None` after its last; those of resources before it are passed over.
    async fn next_of(&mut self, store: &Store, rid: i64) -> Result<Option<StoredVersion>, Problem> {
        loop {
            if let Some(version) = self.read.next_if(|version| version.rid <= rid) {
                if version.rid == rid {
                    return Ok(Some(version));
                }
            } else if self.ended || self.read.peek().is_some() {
                return Ok(None);
            } else {
                let versions = store.all_versions(self.after, VERSIONS).await?;
                match versions.last() {
                    Some(last) => self.after = (last.rid, last.version),
                    None => self.ended = true,
                }
                self.read = versions.into_iter().peekable();
            }
        }
    }
}
