//! A record whose store only lets itself be read: a PostgreSQL database through a user who may do no more, or a standby. There
//! is no writer and no epoch is begun; everything is read in one state of the database. The record's own directory is written
//! to, since whoever reads is noted there: it is a copy of its owner's. Knows nothing of what the record is read for.

use std::sync::atomic::Ordering;

use journal::Hash;

use crate::access_journal::AccessJournal;
use crate::apply::OWED;
use crate::apply::hand_over::{REFUSED, Tenure, WRITER, Writes, read_refused};
use crate::error::Problem;
use crate::record::{Location, Options, Record, open_store, signing_key};
use crate::store::{Head, Store};
use crate::writer::Queue;

/// What must be known of a record that is only read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OnlyRead {
    /// Whether its database follows another one, at which a host may be at work unseen.
    pub(crate) is_standby: bool,
}

impl Record {
    /// Opens a record in PostgreSQL in whose database nothing is changed. It can be verified, packed and taken out; whatever
    /// would need a writer answers [`Problem::Closed`].
    ///
    /// # Errors
    /// [`Problem::Unsuitable`] when it is not in PostgreSQL, a host writes it, its tables or its index are of another
    /// release, or its directory lacks the signing key.
    pub async fn open_to_read(location: &Location, options: Options) -> Result<Record, Problem> {
        let unsuitable = |what: &str| Problem::Unsuitable { what: what.into() };
        let directory = location.directory();
        if !directory.join("signing-key").is_file() {
            return Err(unsuitable("its signing key is not in its directory"));
        }
        let (store, shared, _) = open_store(Store::open_one_state(location).await?).await?;
        let signing = signing_key(directory, &options.origin)?;
        let refused = store.desk_get(REFUSED.0, REFUSED.1).await?.map(|row| read_refused(&row.bytes)).transpose()?;
        let belongs_here = match store.desk_get(WRITER.0, WRITER.1).await? {
            Some(row) => Writes::read(&row.bytes)?.is_of(&signing.public(), refused),
            None => true,
        };
        if store.desk_get(OWED.0, OWED.1).await?.is_some() {
            return Err(unsuitable("it has received only a part, or was not opened since: nothing is settled in it"));
        }
        shared.tenure.set(if belongs_here { Tenure::Writes } else { Tenure::HandedOver });
        let epoch = store.head().await?.epoch;
        shared.epoch.store(epoch, Ordering::Release);
        // A chain of its own, as any process has.
        let accesses = AccessJournal::start(directory, &options, epoch + 1)?;
        let record = Record::of(location, options, (store, shared), (Queue::closed(), accesses), signing);
        if record.index_is_current().await? || record.inner().store.resources(0, 1).await?.is_empty() {
            return Ok(record);
        }
        Err(unsuitable("its index was made by another release, and nothing is changed in it: use that release"))
    }

    /// Whether it is only read, and has no writer.
    pub fn is_only_read(&self) -> bool {
        self.inner().store.only_read().is_some()
    }

    /// Whether it is read at a standby, whose database follows another one: a host may be at work there unseen.
    pub fn is_at_standby(&self) -> bool {
        self.inner().store.only_read().is_some_and(|database| database.is_standby)
    }

    /// The newest entry, as the writer knows it or, where there is none, as the store has it; and the root of the tree.
    pub(crate) async fn head(&self) -> Result<(Head, Hash), Problem> {
        if !self.is_only_read() {
            return self.inner().queue.head().await;
        }
        let head = self.inner().store.head().await?;
        let root = self.root_of(head.sequence).await?;
        Ok((head, root))
    }
}
