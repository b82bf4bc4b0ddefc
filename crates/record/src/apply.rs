//! The second way in: entries that were decided elsewhere, applied as they are (a move, a restore, an exit that is
//! read in again); and the way out that gives them.
//!
//! An entry comes with what lies beside it: salts, texts, blobs, the kept digest of its request. Everything is checked
//! against the entry and the head before anything is written, and is then written by the same code as a new decision.
//! A text that was erased comes as a mark that names the erasing entry; until that entry has come too, the record *owes*
//! it and cannot be opened for use.

mod anchors;
mod check;
pub mod hand_over;
mod owed;
pub mod take_out;
mod write;

use std::sync::Arc;

use access::{Permit, Role};
use journal::{Entry, Hash, Salt};
use terms::index::Row;

use crate::apply::hand_over::Tenure;
use crate::blobs::{Held, Unnamed};
use crate::change::Key;
use crate::desk::DeskChange;
use crate::error::Problem;
use crate::reading::READ_TOGETHER;
use crate::record::Record;
use crate::store::{StoredEntry, StoredVersion};

use anchors::{Touched, touched_by};
pub(crate) use owed::OWED;
pub(crate) use write::{Received, ReceivedChange};

/// Most entries that are applied together.
const MOST_ENTRIES: usize = 5000;
/// Most bytes of texts and blobs that are applied together; one entry may have more.
const MOST_BYTES: usize = 256 << 20;
/// Giving out ends when so many bytes were read.
const GIVEN_BYTES: usize = 16 << 20;

/// One entry as it was decided elsewhere, with what lies beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The entry's bytes.
    pub entry: Vec<u8>,
    /// The entry's salt; `None` when it went with an erased text.
    pub salt: Option<Salt>,
    /// What lies beside each change, in the order of the changes.
    pub texts: Vec<Text>,
    /// The blobs that this entry is the first to name and that are not erased.
    pub blobs: Vec<Blob>,
    /// What identifies the request for a retry, as long as that is kept; only the entry's salt proves it.
    pub request: Option<Vec<u8>>,
}

/// The text of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// It is there.
    Kept {
        /// Its salt.
        salt: Salt,
        /// How it is sealed; 0 for not at all.
        seal: u32,
        /// The text as it is hashed: with its holes open. Empty for a deletion.
        text: Vec<u8>,
    },
    /// A later entry has erased it.
    Erased {
        /// Which entry.
        by: u64,
        /// Whose it was. Nothing in the journal proves it; it serves their trail and nothing else.
        whose: Vec<Key>,
    },
}

/// The content of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Its digest, as the entry names it.
    pub digest: Hash,
    /// Its salt.
    pub salt: Salt,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

/// An entry whose index rows may have been worked out already, which nothing but its texts decides.
#[derive(Debug, Clone)]
pub struct Ready {
    /// The entry.
    pub decided: Decided,
    /// Of each change; none where they are still to be worked out.
    rows: Vec<Option<Vec<Row>>>,
}

/// Entries were not applied; nothing of them is in the record.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// One of them is not what can follow here, or something beside it is not what it says.
    #[error("entry {entry} is refused: {why}")]
    Refused {
        /// The entry's number, or the place where it stands if it cannot be read.
        entry: u64,
        /// What is wrong, in a sentence without patient data.
        why: String,
    },
    /// The world failed. The record's head tells where to go on.
    #[error(transparent)]
    Problem(#[from] Problem),
}

impl From<Decided> for Ready {
    fn from(decided: Decided) -> Ready {
        Ready { decided, rows: Vec::new() }
    }
}

impl Ready {
    /// How many bytes it has, with what lies beside the entry.
    pub fn weight(&self) -> usize {
        self.decided.weight()
    }
}

impl Record {
    /// Applies entries that follow the head, all of them or none; returns the new head's sequence. Only the host's own
    /// permit may, on a record that was opened to receive ([`Record::open_to_receive`]). After a crash, go on after
    /// the record's newest sequence.
    ///
    /// # Errors
    /// See [`ApplyError`].
    pub async fn apply<E: Into<Ready>>(&self, permit: &Permit, entries: Vec<E>) -> Result<u64, ApplyError> {
        self.apply_ready(permit, entries.into_iter().map(Into::into).collect()).await
    }

    /// Works out the index rows of entries, so that it is done while those before them are written.
    pub async fn make_ready(&self, entries: Vec<Decided>) -> Vec<Ready> {
        let mut ready = Vec::with_capacity(entries.len());
        for decided in entries {
            let entry = Entry::decode(&decided.entry).ok();
            let changes = entry.iter().flat_map(|entry| &entry.changes).zip(&decided.texts);
            let rows = changes.map(|(change, text)| match text {
                Text::Kept { seal: 0, text, .. } => Some(check::rows(self, &change.kind, &change.id, text)),
                _ => None,
            });
            ready.push(Ready { rows: rows.collect(), decided });
            tokio::task::yield_now().await;
        }
        ready
    }

    async fn apply_ready(&self, permit: &Permit, entries: Vec<Ready>) -> Result<u64, ApplyError> {
        host_only(permit, "to apply entries")?;
        let _one_at_a_time = self.inner().receiving.lock().await;
        if self.tenure() == Tenure::Writes {
            let what = "to apply entries it must be opened to receive them".to_owned();
            return Err(Problem::Unsuitable { what }.into());
        }
        let bytes: usize = entries.iter().map(Ready::weight).sum();
        if entries.len() > MOST_ENTRIES || (bytes > MOST_BYTES && entries.len() > 1) {
            let what = format!("at most {MOST_ENTRIES} entries and {} MiB are applied together", MOST_BYTES >> 20);
            return Err(Problem::Unsuitable { what }.into());
        }
        let blobs: Vec<Hash> = entries.iter().flat_map(|entry| &entry.decided.blobs).map(|blob| blob.digest).collect();
        let outcome = self.check_and_write(permit, entries).await;
        if outcome.is_err() && !blobs.is_empty() {
            // What cannot be removed now is swept later.
            let _ = self.inner().queue.sweep_blobs(Unnamed::These(blobs)).await;
        }
        outcome
    }

    async fn check_and_write(&self, permit: &Permit, entries: Vec<Ready>) -> Result<u64, ApplyError> {
        let inner = self.inner();
        let checked = check::check(self, permit, entries).await?;
        let mut held: Vec<Held> = Vec::with_capacity(checked.blobs.len());
        for blob in checked.blobs {
            held.push(inner.shared.under_way.hold(blob.digest));
            inner.store.put_blob(&blob.digest, blob.bytes).await?;
        }
        let touched = if self.is_settled() { touched_by(self, &checked.entries) } else { Touched::default() };
        let written = inner.queue.apply(checked.entries, checked.owed, held).await?;
        if self.settle_touched(touched).await.is_err() {
            // They are worked out anew, all of them, before the record is used.
            self.unsettle();
        }
        Ok(written)
    }

    /// Entries from a sequence on with what lies beside them, as [`Record::apply`] takes them: at most `limit`, fewer
    /// when they are large, none after the newest. Only the host's own permit may; who received them is for the
    /// caller to note.
    ///
    /// # Errors
    /// [`Problem::Damaged`] when something that the entries name is missing.
    pub async fn decided(&self, permit: &Permit, from: u64, limit: usize) -> Result<Vec<Decided>, Problem> {
        host_only(permit, "to take entries out")?;
        let mut given = Vec::new();
        let mut bytes = 0;
        let store = &self.inner().store;
        let stored = store.entries(from.max(1), limit.min(MOST_ENTRIES)).await?;
        let mut stored = stored.into_iter().peekable();
        while stored.peek().is_some() {
            // Many together: each question to a server costs a way there and back.
            let (mut together, mut wanted) = (Vec::new(), Vec::new());
            while wanted.len() < READ_TOGETHER
                && let Some(stored) = stored.next()
            {
                let entry = Entry::decode(&stored.body)
                    .map_err(|error| Problem::damaged(format!("entry {}: {error}", stored.sequence)))?;
                let versions = entry.changes.iter().map(|change| change.version);
                wanted.extend(stored.rids.iter().copied().zip(versions));
                together.push((stored, entry));
            }
            let mut versions = store.versions(&wanted).await?.into_iter();
            for (stored, entry) in together {
                let own = versions.by_ref().take(entry.changes.len().min(stored.rids.len())).collect();
                let decided = self.give_out(stored, &entry, own).await?;
                bytes += decided.weight();
                given.push(decided);
                if bytes >= GIVEN_BYTES {
                    return Ok(given);
                }
            }
        }
        Ok(given)
    }

    /// After entries were received: works out what follows from all of them together. Before a record is used.
    pub(crate) async fn settle_received(&self) -> Result<(), Problem> {
        if self.desk_get(OWED.0, OWED.1).await?.is_none() {
            return Ok(());
        }
        self.rebuild_obligations().await?;
        let (kind, key) = (OWED.0.into(), OWED.1.into());
        self.desk_put(vec![DeskChange { kind, key, content: None, expected: None }]).await?;
        Ok(())
    }

    async fn give_out(
        &self,
        stored: StoredEntry,
        entry: &Entry,
        versions: Vec<Option<StoredVersion>>,
    ) -> Result<Decided, Problem> {
        let store = &self.inner().store;
        let mut texts = Vec::with_capacity(versions.len());
        for version in versions {
            let version = version.ok_or_else(|| missing("a version", stored.sequence))?;
            texts.push(self.text_of(version).await?);
        }
        if texts.len() != entry.changes.len() {
            return Err(missing("a version", stored.sequence));
        }
        let request = match &entry.idempotency {
            Some(idempotency) => {
                let kept = store.kept_key(&idempotency.principal, &idempotency.key).await?;
                kept.filter(|kept| kept.sequence == stored.sequence).map(|kept| kept.digest)
            }
            None => None,
        };
        let blobs = self.blobs_brought(entry).await?;
        Ok(Decided { salt: stored.salt.as_slice().try_into().ok(), entry: stored.body, texts, blobs, request })
    }

    async fn text_of(&self, version: StoredVersion) -> Result<Text, Problem> {
        let wrong = || Problem::damaged(format!("a salt of entry {} has the wrong length", version.sequence));
        let Some(coded) = version.text else {
            let by = version.salt.as_slice().try_into().map_err(|_| wrong())?;
            let whose = self.inner().erased_whose(&[(version.rid, version.version)]).await?.concat();
            return Ok(Text::Erased { by: u64::from_be_bytes(by), whose });
        };
        let salt = version.salt.as_slice().try_into().map_err(|_| wrong())?;
        let text = self.inner().shared.decoder.decode(version.coding, coded)?;
        Ok(Text::Kept { salt, seal: version.seal, text })
    }

    /// The blobs that an entry is the first to name and that are still there.
    async fn blobs_brought(&self, entry: &Entry) -> Result<Vec<Blob>, Problem> {
        let store = &self.inner().store;
        let mut digests: Vec<Hash> =
            entry.changes.iter().flat_map(|change| &change.blobs).map(|blob| blob.digest).collect();
        digests.sort_unstable();
        digests.dedup();
        let mut blobs = Vec::new();
        for stored in store.blobs(&digests).await?.into_iter().flatten().filter(|blob| blob.entry == entry.sequence) {
            let bytes = store.blob_content(&stored.digest).await?;
            let bytes = bytes.ok_or_else(|| missing("a blob", entry.sequence))?.into();
            let salt = stored.salt.as_slice().try_into().map_err(|_| missing("the salt of a blob", entry.sequence))?;
            blobs.push(Blob { digest: stored.digest, salt, bytes });
        }
        Ok(blobs)
    }
}

impl Decided {
    /// How many bytes it has.
    fn weight(&self) -> usize {
        let texts = self.texts.iter().map(|text| match text {
            Text::Kept { text, .. } => text.len(),
            Text::Erased { .. } => 0,
        });
        let blobs = self.blobs.iter().map(|blob| blob.bytes.len());
        self.entry.len() + texts.chain(blobs).sum::<usize>()
    }
}

fn missing(what: &str, entry: u64) -> Problem {
    Problem::damaged(format!("{what} of entry {entry} is missing"))
}

/// Refuses whoever is not the host itself.
pub(crate) fn host_only(permit: &Permit, what: &str) -> Result<(), Problem> {
    if permit.role() == Role::Host { Ok(()) } else { Err(Problem::NotPermitted { what: what.into() }) }
}
