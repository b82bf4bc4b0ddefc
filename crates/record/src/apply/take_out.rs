//! Taking a whole record out for good, an *exit*: what [`Record::decided`] gives, and beside it which versions are the
//! newest at the entry where the exit ends, as they are served; the leaves of the access journal; the note of who took
//! everything; and the keys by which whoever reads it in again may go on.
//!
//! Everything is of one entry: what is written meanwhile is not in it. Who erases waits until it is through, so that no
//! text is half in and half out. Knows no files of an exit; `hosting` writes them.

mod going_on;

use std::path::Path;
use std::sync::Arc;

use access::Permit;
use journal::AccessRead;
use journal::frames::Frames;
use journal::hash::holes;

use crate::access_journal::folder;
use crate::access_segment::io;
use crate::apply::hand_over::AccessFile;
use crate::apply::{Decided, Text, host_only};
use crate::blobs::fill;
use crate::change::Key;
use crate::error::Problem;
use crate::keys::stored_id;
use crate::reading::Version;
use crate::record::Record;
use crate::store::StoredEntry;

/// One entry, taken out.
#[derive(Debug, Clone)]
pub struct TakenOut {
    /// The entry with what lies beside it.
    pub decided: Decided,
    /// For each change its text as it is served, if it is live and the newest where the exit ends.
    pub current: Vec<Option<Arc<[u8]>>>,
}

/// Keeps whoever would erase a text waiting until it is dropped.
#[must_use = "texts may be erased when it is dropped"]
pub struct NothingErased<'r>(#[expect(dead_code, reason = "it is held, not read")] tokio::sync::MutexGuard<'r, ()>);

impl Record {
    /// From now on whoever would erase a text waits, until what this returns is dropped.
    pub async fn nothing_erased(&self) -> NothingErased<'_> {
        NothingErased(self.inner().erasures.lock().await)
    }

    /// Entries from one on, as [`Record::decided`] gives them, none after `until`, with what is current there.
    ///
    /// # Errors
    /// [`Problem::Damaged`] when something that the entries name is missing.
    pub async fn taken_out(
        &self,
        permit: &Permit,
        from: u64,
        until: u64,
        limit: usize,
    ) -> Result<Vec<TakenOut>, Problem> {
        let left = usize::try_from((until + 1).saturating_sub(from)).unwrap_or(usize::MAX);
        let given = self.decided(permit, from, limit.min(left)).await?;
        let stored = self.inner().store.entries(from.max(1), given.len()).await?;
        let mut taken = Vec::with_capacity(given.len());
        for (decided, stored) in given.into_iter().zip(stored) {
            let current = self.current(&decided, &stored, until).await?;
            taken.push(TakenOut { decided, current });
        }
        Ok(taken)
    }

    /// The texts of an entry that are the newest of their resources at `until`, with their holes filled.
    async fn current(
        &self,
        decided: &Decided,
        stored: &StoredEntry,
        until: u64,
    ) -> Result<Vec<Option<Arc<[u8]>>>, Problem> {
        let entry = journal::Entry::decode(&decided.entry)
            .map_err(|error| Problem::damaged(format!("entry {}: {error}", stored.sequence)))?;
        let newest = self.newest_at(&entry, stored, until).await?;
        let mut current = Vec::with_capacity(entry.changes.len());
        for ((change, text), newest) in entry.changes.iter().zip(&decided.texts).zip(newest) {
            let text = match text {
                Text::Kept { text, .. } if newest == change.version && !text.is_empty() => text,
                _ => {
                    current.push(None);
                    continue;
                }
            };
            current.push(Some(self.served(&entry, change, text).await?));
        }
        Ok(current)
    }

    /// The number of the newest version of each resource that an entry changes, at `until`.
    async fn newest_at(&self, entry: &journal::Entry, stored: &StoredEntry, until: u64) -> Result<Vec<u64>, Problem> {
        let inner = self.inner();
        let mut keys = Vec::with_capacity(entry.changes.len());
        for change in &entry.changes {
            let kind = inner.shared.names.kind(&change.kind);
            let kind = kind.ok_or_else(|| Problem::damaged(format!("the type {} has no number", change.kind)))?;
            keys.push((kind, stored_id(&change.id)));
        }
        let located = inner.store.locate(&keys).await?;
        let mut newest: Vec<u64> =
            located.iter().map(|found| found.as_ref().map_or(0, |found| found.version)).collect();
        // What was changed after the exit's entry is looked up one by one: there is little of it.
        let later: Vec<usize> =
            (0..located.len()).filter(|at| located[*at].as_ref().is_some_and(|found| found.sequence > until)).collect();
        let rids: Vec<i64> = later.iter().filter_map(|at| stored.rids.get(*at).copied()).collect();
        for (at, version) in later.iter().zip(inner.store.versions_at(&rids, until).await?) {
            newest[*at] = version.map_or(0, |version| version.version);
        }
        Ok(newest)
    }

    async fn served(
        &self,
        entry: &journal::Entry,
        change: &journal::Change,
        kept: &[u8],
    ) -> Result<Arc<[u8]>, Problem> {
        let key = Key::new(&change.kind, &change.id);
        let (holes, text) =
            holes::split(kept).map_err(|error| Problem::damaged(format!("a text of {key}: {error}")))?;
        let version = Version {
            key,
            version: change.version,
            sequence: entry.sequence,
            moment: entry.moment,
            operation: change.operation,
            text: text.into(),
            erased: None,
            holes: holes.into(),
        };
        Ok(fill(&self.inner().store, version).await?.text)
    }

    /// Notes that somebody took out everything of these subjects; on disk when it returns.
    pub async fn note_taken_out(
        &self,
        permit: &Permit,
        query: &str,
        sequence: u64,
        subjects: Vec<Key>,
    ) -> Result<(), Problem> {
        host_only(permit, "to take a record out")?;
        let read = AccessRead {
            principal: permit.principal().id.clone(),
            permit: permit.describe(),
            purpose: "exit".into(),
            query: query.to_owned(),
            sequence,
            outcome: journal::AccessOutcome::Shown,
            subjects: subjects.into_iter().map(|key| (key.kind, key.id)).collect(),
        };
        self.inner().accesses.note(read).await
    }

    /// The leaves of one segment file of the access journal, in order, as far as they were acknowledged.
    ///
    /// # Errors
    /// [`Problem::Damaged`] when something in it that leaves follow is none.
    pub async fn access_leaves(&self, permit: &Permit, file: &AccessFile) -> Result<Vec<Vec<u8>>, Problem> {
        host_only(permit, "to take a record out")?;
        let name = match &file.host {
            Some(host) => format!("from-{host}~{}", file.name),
            None => file.name.clone(),
        };
        let path = folder(&self.inner().directory).join(&name);
        let read = move || -> Result<Vec<Vec<u8>>, Problem> {
            let bytes = std::fs::read(&path).map_err(io("reading the access journal"))?;
            let damaged = |what: String| Problem::damaged(format!("the access journal's file {name}: {what}"));
            let frames = Frames::of(&bytes).map_err(|error| damaged(error.to_string()))?;
            frames.map(|frame| frame.map(<[u8]>::to_vec).map_err(|error| damaged(error.to_string()))).collect()
        };
        let read = tokio::task::spawn_blocking(read).await;
        read.map_err(|error| Problem::store("reading the access journal", error))?
    }
}

/// How many bytes a folder's disk still takes.
///
/// # Errors
/// The disk cannot be asked.
pub fn room(folder: &Path) -> Result<u64, Problem> {
    let told = rustix::fs::statvfs(folder).map_err(|error| Problem::store("asking how much room there is", error))?;
    Ok(told.f_bavail.saturating_mul(told.f_frsize))
}
