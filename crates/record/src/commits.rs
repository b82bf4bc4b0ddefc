//! Who has changed something of a subject: the entries of the journal that did, newest first, without any text.
//!
//! They are found by the trail, which has a row for each subject of each entry, so neither the length of the journal nor
//! the size of the record matters. What is told of an entry is its header and how many resources of which type it
//! changed for this subject; what it changed for others is not told.

use std::collections::BTreeMap;

use access::Role;
use journal::Operation;
use terms::Moment;

use crate::change::{Cause, Key};
use crate::error::Problem;
use crate::reading::Reading;
use crate::store::TrailEntry;

/// Most commits that are given at once.
const MOST: usize = 1000;

/// One commit, as far as it concerns a subject.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Its sequence number.
    pub sequence: u64,
    /// When.
    pub moment: Moment,
    /// Who, by stable id.
    pub author: String,
    /// By which permit, as [`access::Permit::describe`] says it.
    pub permit: String,
    /// The command's name.
    pub command: String,
    /// What caused it.
    pub cause: Cause,
    /// What it did to the subject's resources, by what was done and type.
    pub changed: Vec<Changed>,
}

/// Resources of one type to which a commit did the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// What was done.
    pub how: How,
    /// Resource type.
    pub kind: String,
    /// How many resources.
    pub count: usize,
}

/// What a commit did to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// Made it.
    Created,
    /// Replaced its text; the subject is one whose it was before or is now.
    Updated,
    /// Deleted it.
    Deleted,
    /// Took texts of it away for good, on somebody's authority.
    Erased,
}

/// A page of commits.
#[derive(Debug, Clone)]
pub struct Commits {
    /// Newest first. When there are fewer than asked for, there are no older ones.
    pub commits: Vec<Commit>,
    /// False while the trail of what an earlier release wrote is still being made: older commits may be missing.
    pub complete: bool,
}

impl Reading {
    /// The commits that changed something of a subject, or of those who were merged into it, below a sequence number,
    /// newest first. Deletions count, and so do commits whose texts were erased since, and the erasures. Nothing when the
    /// permit does not reach the subject.
    ///
    /// # Errors
    /// [`Problem::NotPermitted`] unless the permit's role is the privacy officer's or the host's.
    pub async fn commits(&self, subject: &Key, below: Option<u64>, limit: usize) -> Result<Commits, Problem> {
        if !matches!(self.permit().role(), Role::PrivacyOfficer | Role::Host) {
            return Err(Problem::NotPermitted { what: "to see who has changed a record".into() });
        }
        self.depend(|depends| depends.everything = true);
        let complete = !self.distrusts_index();
        let mut trail: BTreeMap<u64, TrailEntry> = BTreeMap::new();
        let below = below.unwrap_or(u64::MAX).min(self.sequence() + 1);
        let limit = limit.clamp(1, MOST);
        for rid in self.trail_subjects(subject).await? {
            for entry in self.store().trail(rid, below, limit).await? {
                match trail.get_mut(&entry.sequence) {
                    Some(same) => same.rids.extend(entry.rids),
                    None => drop(trail.insert(entry.sequence, entry)),
                }
            }
        }
        let mut commits = Vec::with_capacity(trail.len().min(limit));
        for entry in trail.into_values().rev().take(limit) {
            commits.push(self.commit(entry).await?);
        }
        if !commits.is_empty() {
            self.note_shown([subject.clone()].into_iter());
        }
        Ok(Commits { commits, complete })
    }

    /// Row numbers of a subject and of those who were merged into it, as far as the permit reaches them.
    async fn trail_subjects(&self, subject: &Key) -> Result<Vec<i64>, Problem> {
        if !self.permit().scope().reads.contains(&subject.kind) || !self.reaches_subject(subject).await? {
            self.note_refused();
            return Ok(Vec::new());
        }
        let mut reached = std::collections::HashSet::from([subject.clone()]);
        for alias in self.aliases(subject).await? {
            if self.reaches_subject(&alias).await? {
                reached.insert(alias);
            }
        }
        Ok(self.row_numbers(&reached).await?.into_iter().collect())
    }

    async fn reaches_subject(&self, subject: &Key) -> Result<bool, Problem> {
        self.reaches_subjects(subject, [subject].into_iter()).await
    }

    async fn commit(&self, mut of: TrailEntry) -> Result<Commit, Problem> {
        let damaged = |why: &dyn std::fmt::Display| Problem::damaged(format!("entry {}: {why}", of.sequence));
        let entry = journal::Entry::decode(&of.body).map_err(|error| damaged(&error))?;
        if of.all.len() != entry.changes.len() {
            return Err(damaged(&"it names other rows than it has changes"));
        }
        of.rids.sort_unstable();
        of.rids.dedup();
        let mut counted: BTreeMap<(How, String), usize> = BTreeMap::new();
        let own = of.all.iter().zip(entry.changes).filter(|(rid, _)| of.rids.binary_search(rid).is_ok());
        for (_, change) in own {
            *counted.entry((how(change.operation), change.kind)).or_default() += 1;
        }
        if let journal::Act::Erase(_) = entry.act {
            for key in self.keys(&of.rids).await? {
                *counted.entry((How::Erased, key.kind)).or_default() += 1;
            }
        }
        let changed = counted.into_iter().map(|((how, kind), count)| Changed { how, kind, count }).collect();
        Ok(Commit {
            sequence: entry.sequence,
            moment: entry.moment,
            author: entry.author,
            permit: entry.permit,
            command: entry.command,
            cause: Cause { kind: entry.cause.kind, reference: entry.cause.reference },
            changed,
        })
    }
}

fn how(operation: Operation) -> How {
    match operation {
        Operation::Create => How::Created,
        Operation::Update => How::Updated,
        Operation::Delete => How::Deleted,
    }
}
