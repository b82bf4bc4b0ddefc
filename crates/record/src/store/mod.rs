//! The two stores behind one face of about a dozen operations in the record's words.
//!
//! Reading is async ([`Store`]); writing happens on the writer's own thread ([`WriterStore`]), which gathers facts
//! for a group of drafts and applies one [`Batch`] in one transaction. All meaning (assertions, numbering, hashing)
//! lies above, so both stores do the same. The contract suite in `tests/` is the definition.

mod blob_files;
mod dialect;
mod gone;
mod next_index;
mod obligations;
mod postgres;
mod postgres_blobs;
mod postgres_session;
mod postgres_steps;
mod postgres_tls;
mod postgres_write;
mod rows;
mod schema;
mod shortly;
mod sqlite;
mod sqlite_log;
mod sqlite_write;
mod there;
mod trail;
mod walk;

use std::sync::Arc;

use journal::Hash;
use terms::Moment;

use crate::error::Problem;
use crate::keys::KeyRange;
use crate::only_read::OnlyRead;
use crate::record::Location;

pub(crate) use gone::destroy_store;
pub(crate) use next_index::IndexTables;
pub(crate) use obligations::{ObligationFilter, StoredObligation};
use postgres::PostgresReader;
use postgres_session::Address;
use postgres_write::PostgresWriter;
pub(crate) use rows::{
    Batch, Head, Hit, KeptKey, Located, NameList, PastRow, Reopened, StoredBlob, StoredDeskRow, StoredEntry, StoredKey,
    StoredVersion,
};
use sqlite::SqliteReader;
pub(crate) use sqlite::failed as sqlite_failed;
use sqlite_write::SqliteWriter;
pub(crate) use there::{is_there, must_be_there};
pub(crate) use trail::{ErasedWhose, TrailEntry, TrailRow};
pub(crate) use walk::Walked;

/// The readers of a record's store.
#[derive(Clone)]
pub(crate) enum Store {
    /// A directory with one SQLite database.
    Sqlite(Arc<SqliteReader>),
    /// A schema of a PostgreSQL database.
    Postgres(Arc<PostgresReader>),
}

/// The one writer of a record's store.
pub(crate) enum WriterStore {
    /// A directory with one SQLite database.
    Sqlite(Box<SqliteWriter>),
    /// A schema of a PostgreSQL database.
    Postgres(Box<PostgresWriter>),
}

/// How hard the database works for durability. Only the mutation check of the durability suite turns it off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// `synchronous=FULL`: an acknowledged commit is on disk.
    #[default]
    Full,
    /// `synchronous=OFF`: for the check that the durability suite can fail.
    Off,
}

macro_rules! each_store {
    ($self:ident, $store:ident => $do:expr) => {
        match $self {
            Store::Sqlite($store) => $do,
            Store::Postgres($store) => ($do).await,
        }
    };
}

impl Store {
    /// The readers of the store at a location, which must be there.
    pub(crate) fn open(location: &Location) -> Result<Store, Problem> {
        match location {
            Location::Sqlite { directory } => Ok(Store::Sqlite(Arc::new(SqliteReader::open(directory)?))),
            Location::Postgres { url, schema, .. } => {
                Ok(Store::Postgres(Arc::new(PostgresReader::open(&Address::parse(url, schema)?)?)))
            }
        }
    }

    /// The reader of a store in which nothing is changed ([`PostgresReader::open_one_state`]).
    pub(crate) async fn open_one_state(location: &Location) -> Result<Store, Problem> {
        match location {
            Location::Sqlite { .. } => {
                let what = "SQLite cannot read a database beside which nothing may be written: copy it".into();
                Err(Problem::Unsuitable { what })
            }
            Location::Postgres { url, schema, .. } => {
                Ok(Store::Postgres(Arc::new(PostgresReader::open_one_state(&Address::parse(url, schema)?).await?)))
            }
        }
    }

    /// What must be known of a store that is only read; nothing when it has a writer.
    pub(crate) fn only_read(&self) -> Option<OnlyRead> {
        match self {
            Store::Sqlite(_) => None,
            Store::Postgres(store) => store.only_read(),
        }
    }

    pub(crate) async fn head(&self) -> Result<Head, Problem> {
        each_store!(self, store => store.head())
    }

    pub(crate) async fn names(&self, list: NameList) -> Result<Vec<(u32, String)>, Problem> {
        each_store!(self, store => store.names(list))
    }

    pub(crate) async fn symbol(&self, system: u32, code: &str) -> Result<Option<u32>, Problem> {
        each_store!(self, store => store.symbol(system, code))
    }

    /// The symbols of many codes, each with its system's number, in the order asked.
    pub(crate) async fn symbols(&self, wanted: &[(u32, String)]) -> Result<Vec<Option<u32>>, Problem> {
        each_store!(self, store => store.symbols(wanted))
    }

    /// All (system, symbol) of a code.
    pub(crate) async fn symbols_of(&self, code: &str) -> Result<Vec<(u32, u32)>, Problem> {
        each_store!(self, store => store.symbols_of(code))
    }

    pub(crate) async fn locate(&self, keys: &[StoredKey]) -> Result<Vec<Option<Located>>, Problem> {
        each_store!(self, store => store.locate(keys))
    }

    /// The keys of row numbers, in their order.
    pub(crate) async fn keys(&self, rids: &[i64]) -> Result<Vec<Option<StoredKey>>, Problem> {
        each_store!(self, store => store.keys(rids))
    }

    /// The newest version of each at or before the sequence, in the order of `rids`.
    pub(crate) async fn versions_at(&self, rids: &[i64], at: u64) -> Result<Vec<Option<StoredVersion>>, Problem> {
        each_store!(self, store => store.versions_at(rids, at))
    }

    /// Exactly these versions, in the order asked.
    pub(crate) async fn versions(&self, wanted: &[(i64, u64)]) -> Result<Vec<Option<StoredVersion>>, Problem> {
        each_store!(self, store => store.versions(wanted))
    }

    /// Versions below a version number, newest first.
    pub(crate) async fn history(&self, rid: i64, below: u64, limit: usize) -> Result<Vec<StoredVersion>, Problem> {
        each_store!(self, store => store.history(rid, below, limit))
    }

    /// Versions with a row number above `after.0`, or equal and a version above `after.1`, in that order.
    pub(crate) async fn all_versions(&self, after: (i64, u64), limit: usize) -> Result<Vec<StoredVersion>, Problem> {
        each_store!(self, store => store.all_versions(after, limit))
    }

    /// Resources with a row number above `after`, in order, with their keys.
    pub(crate) async fn resources(&self, after: i64, limit: usize) -> Result<Vec<(Located, StoredKey)>, Problem> {
        each_store!(self, store => store.resources(after, limit))
    }

    /// How many versions entries up to a sequence have made, with those of entries that the head does not know.
    pub(crate) async fn count_versions(&self, until: u64) -> Result<u64, Problem> {
        each_store!(self, store => store.count_versions(until))
    }

    /// Rows of the range that hold at the sequence, above `after`, ordered by key and row number.
    pub(crate) async fn scan(
        &self,
        range: &KeyRange,
        after: Option<&Hit>,
        at: u64,
        limit: usize,
    ) -> Result<Vec<Hit>, Problem> {
        each_store!(self, store => store.scan(range, after, at, limit))
    }

    /// The same from the top down, below `before`.
    pub(crate) async fn scan_down(
        &self,
        range: &KeyRange,
        before: Option<&Hit>,
        at: u64,
        limit: usize,
    ) -> Result<Vec<Hit>, Problem> {
        each_store!(self, store => store.scan_down(range, before, at, limit))
    }

    /// The first rows of each range that hold at the sequence, at most `limit` of each, in the order of the ranges.
    pub(crate) async fn scan_each(&self, ranges: &[KeyRange], at: u64, limit: usize) -> Result<Vec<Vec<Hit>>, Problem> {
        each_store!(self, store => store.scan_each(ranges, at, limit))
    }

    /// About how many current rows the ranges have together, counted up to `most`.
    pub(crate) async fn estimate(&self, ranges: &[KeyRange], most: usize) -> Result<usize, Problem> {
        each_store!(self, store => store.estimate(ranges, most))
    }

    /// How many resources of a kind have rows in a range that is plain, as at a sequence.
    pub(crate) async fn count_range(&self, range: &KeyRange, kind: u16, at: u64) -> Result<u64, Problem> {
        each_store!(self, store => store.count_range(range, kind, at))
    }

    /// The next rows of the whole index, whatever order it has; none at its end. Each that stays is given once.
    pub(crate) async fn walk_index(&self, walked: &mut Walked) -> Result<Vec<Hit>, Problem> {
        each_store!(self, store => store.walk_index(walked))
    }

    /// The next of all past rows, in the same way.
    pub(crate) async fn walk_past(&self, walked: &mut Walked) -> Result<Vec<PastRow>, Problem> {
        each_store!(self, store => store.walk_past(walked))
    }

    /// Entries from a sequence on.
    pub(crate) async fn entries(&self, from: u64, limit: usize) -> Result<Vec<StoredEntry>, Problem> {
        each_store!(self, store => store.entries(from, limit))
    }

    /// The numbers of entries before the first and after the newest, where nobody reads.
    pub(crate) async fn entries_outside(&self, limit: usize) -> Result<Vec<i64>, Problem> {
        each_store!(self, store => store.entries_outside(limit))
    }

    /// The first sequence whose moment is at or after `moment`; head + 1 when there is none.
    pub(crate) async fn first_at_or_after(&self, moment: Moment) -> Result<u64, Problem> {
        each_store!(self, store => store.first_at_or_after(moment))
    }

    pub(crate) async fn kept_key(&self, principal: &str, key: &str) -> Result<Option<KeptKey>, Problem> {
        each_store!(self, store => store.kept_key(principal, key))
    }

    /// A full tile of the journal's tree.
    pub(crate) async fn tile(&self, name: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
        each_store!(self, store => store.tile(name))
    }

    pub(crate) async fn tallies(&self) -> Result<Vec<(u16, u64)>, Problem> {
        each_store!(self, store => store.tallies())
    }

    /// How many of a kind are live, if nothing newer than a sequence is there.
    pub(crate) async fn tally_as_at(&self, kind: u16, at: u64) -> Result<Option<u64>, Problem> {
        each_store!(self, store => store.tally_as_at(kind, at))
    }

    pub(crate) async fn dictionaries(&self) -> Result<Vec<(u32, Vec<u8>)>, Problem> {
        each_store!(self, store => store.dictionaries())
    }

    pub(crate) async fn desk_get(&self, kind: &str, key: &str) -> Result<Option<StoredDeskRow>, Problem> {
        each_store!(self, store => store.desk_get(kind, key))
    }

    pub(crate) async fn desk_list(
        &self,
        kind: &str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<StoredDeskRow>, Problem> {
        each_store!(self, store => store.desk_list(kind, prefix, limit))
    }

    /// Rows of the desk that were changed after a change, in the order of their changes.
    pub(crate) async fn desk_since(&self, change: u64, limit: usize) -> Result<Vec<StoredDeskRow>, Problem> {
        each_store!(self, store => store.desk_since(change, limit))
    }

    /// What is known of blobs, in the order asked.
    pub(crate) async fn blobs(&self, digests: &[Hash]) -> Result<Vec<Option<StoredBlob>>, Problem> {
        if digests.is_empty() {
            return Ok(Vec::new());
        }
        each_store!(self, store => store.blobs(digests))
    }

    /// Blobs that entries name, with a digest above `after`, in order.
    pub(crate) async fn blobs_after(&self, after: &Hash, limit: usize) -> Result<Vec<StoredBlob>, Problem> {
        each_store!(self, store => store.blobs_after(after, limit))
    }

    /// How many blobs entries up to a sequence have brought.
    pub(crate) async fn count_blobs(&self, until: u64) -> Result<u64, Problem> {
        each_store!(self, store => store.count_blobs(until))
    }

    /// Keeps the content of a blob; on disk when it returns, or at the latest with the commit that names it.
    pub(crate) async fn put_blob(&self, digest: &Hash, bytes: Arc<[u8]>) -> Result<(), Problem> {
        match self {
            Store::Sqlite(store) => {
                let (store, digest) = (store.clone(), *digest);
                off_thread("writing a blob", move || store.put_blob(&digest, &bytes)).await
            }
            Store::Postgres(store) => store.put_blob(digest, &bytes).await,
        }
    }

    /// The content of a blob, if it is there.
    pub(crate) async fn blob_content(&self, digest: &Hash) -> Result<Option<Vec<u8>>, Problem> {
        match self {
            Store::Sqlite(store) => {
                let (store, digest) = (store.clone(), *digest);
                off_thread("reading a blob", move || store.blob_content(&digest)).await
            }
            Store::Postgres(store) => store.blob_content(digest).await,
        }
    }

    /// Whether the content of a blob is there.
    pub(crate) async fn has_blob_content(&self, digest: &Hash) -> Result<bool, Problem> {
        each_store!(self, store => store.has_blob_content(digest))
    }

    /// The lowest sequence at which every past row is still kept.
    pub(crate) async fn past_from(&self) -> Result<u64, Problem> {
        each_store!(self, store => store.past_from())
    }

    /// Obligations that hold at the sequence, after one of them, ordered by due, anchor, kind and owner.
    pub(crate) async fn obligations(
        &self,
        filter: &ObligationFilter,
        after: &StoredObligation,
        at: u64,
        limit: usize,
    ) -> Result<Vec<StoredObligation>, Problem> {
        each_store!(self, store => store.obligations(filter, after, at, limit))
    }

    /// How many obligations hold at the sequence.
    pub(crate) async fn count_obligations(&self, filter: &ObligationFilter, at: u64) -> Result<u64, Problem> {
        each_store!(self, store => store.count_obligations(filter, at))
    }

    /// The obligations of these anchors that hold at the sequence.
    pub(crate) async fn obligations_of(&self, anchors: &[i64], at: u64) -> Result<Vec<StoredObligation>, Problem> {
        each_store!(self, store => store.obligations_of(anchors, at))
    }

    /// Entries below a sequence that changed something of a subject, newest first.
    pub(crate) async fn trail(&self, subject: i64, below: u64, limit: usize) -> Result<Vec<TrailEntry>, Problem> {
        each_store!(self, store => store.trail(subject, below, limit))
    }

    /// What the trail has under these subjects and sequences, in the order asked.
    pub(crate) async fn trail_rows(&self, wanted: &[(i64, u64)]) -> Result<Vec<Option<Vec<i64>>>, Problem> {
        each_store!(self, store => store.trail_rows(wanted))
    }

    /// How many rows the trail has for entries up to a sequence.
    pub(crate) async fn count_trail(&self, until: u64) -> Result<u64, Problem> {
        each_store!(self, store => store.count_trail(until))
    }

    /// Whose the erased texts of these row numbers and versions were, in the order asked.
    pub(crate) async fn erased_whose(&self, wanted: &[(i64, u64)]) -> Result<Vec<Option<Vec<i64>>>, Problem> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        each_store!(self, store => store.erased_whose(wanted))
    }

    /// Bytes on disk.
    pub(crate) async fn size(&self) -> Result<u64, Problem> {
        each_store!(self, store => store.size())
    }
}

/// Runs what reads or writes files where it keeps no other request waiting.
async fn off_thread<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::store(doing, error))?
}

macro_rules! each_writer {
    ($self:ident, $store:ident => $do:expr) => {
        match $self {
            WriterStore::Sqlite($store) => $do,
            WriterStore::Postgres($store) => $do,
        }
    };
}

impl WriterStore {
    /// Opens the store at a location, making it when it is not there, and takes the record over.
    pub(crate) fn take_over_at(
        location: &Location,
        durability: Durability,
        log_pages: u32,
    ) -> Result<(WriterStore, Head), Problem> {
        let mut store = match location {
            Location::Sqlite { directory } => {
                WriterStore::Sqlite(Box::new(SqliteWriter::open(directory, durability, log_pages)?))
            }
            Location::Postgres { url, schema, .. } => {
                let writer = PostgresWriter::open(Address::parse(url, schema)?, durability)?;
                WriterStore::Postgres(Box::new(writer))
            }
        };
        let head = store.take_over()?;
        Ok((store, head))
    }

    /// Takes the record over: raises the epoch, so that any writer before is deposed at its next commit.
    fn take_over(&mut self) -> Result<Head, Problem> {
        each_writer!(self, store => store.take_over())
    }

    /// Starts a transaction in which the facts are read and the batch is applied.
    pub(crate) fn begin(&mut self) -> Result<(), Problem> {
        each_writer!(self, store => store.begin())
    }

    pub(crate) fn locate(&mut self, keys: &[StoredKey]) -> Result<Vec<Option<Located>>, Problem> {
        each_writer!(self, store => store.locate(keys))
    }

    /// Row numbers with a current row in the range, at most `limit` rows read; `next` is the sequence at which another
    /// index was begun beside the one in use.
    pub(crate) fn holders(
        &mut self,
        range: &KeyRange,
        after: Option<&Hit>,
        next: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Hit>, Problem> {
        let (low, rid) = after.map_or((&range.low, -1), |(key, rid)| (key, *rid));
        each_writer!(self, store => store.holders((low, rid), range.high.as_deref(), next, limit))
    }

    pub(crate) fn symbols(&mut self, wanted: &[(u32, String)]) -> Result<Vec<Option<u32>>, Problem> {
        each_writer!(self, store => store.symbols(wanted))
    }

    /// All (system, symbol) of a code.
    pub(crate) fn symbols_of(&mut self, code: &str) -> Result<Vec<(u32, u32)>, Problem> {
        each_writer!(self, store => store.symbols_of(code))
    }

    pub(crate) fn kept_key(&mut self, principal: &str, key: &str) -> Result<Option<KeptKey>, Problem> {
        each_writer!(self, store => store.kept_key(principal, key))
    }

    pub(crate) fn desk_change(&mut self, kind: &str, key: &str) -> Result<Option<u64>, Problem> {
        each_writer!(self, store => store.desk_change(kind, key))
    }

    /// What a row of the desk holds.
    pub(crate) fn desk_row(&mut self, kind: &str, key: &str) -> Result<Option<Vec<u8>>, Problem> {
        each_writer!(self, store => store.desk_row(kind, key))
    }

    /// The obligations of these anchors as they are.
    pub(crate) fn obligations_of(&mut self, anchors: &[i64]) -> Result<Vec<StoredObligation>, Problem> {
        each_writer!(self, store => store.obligations_of(anchors))
    }

    /// Highest row number and highest symbol in use.
    pub(crate) fn highest(&mut self) -> Result<(i64, u32), Problem> {
        each_writer!(self, store => store.highest())
    }

    /// The bytes of one entry.
    pub(crate) fn entry(&mut self, sequence: u64) -> Result<Vec<u8>, Problem> {
        let body = self.entry_bodies(sequence, 1)?.into_iter().next();
        body.ok_or_else(|| Problem::damaged(format!("entry {sequence} is missing")))
    }

    /// The bytes of so many entries from a sequence on.
    pub(crate) fn entry_bodies(&mut self, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, Problem> {
        each_writer!(self, store => store.entry_bodies(from, limit))
    }

    pub(crate) fn tile(&mut self, name: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
        each_writer!(self, store => store.tile(name))
    }

    /// The first sequence whose moment is at or after `moment`; head + 1 when there is none.
    pub(crate) fn first_at_or_after(&mut self, moment: Moment) -> Result<u64, Problem> {
        each_writer!(self, store => store.first_at_or_after(moment))
    }

    /// After a failure: connects again if needed and reads the head, the names and the dictionaries as they are.
    pub(crate) fn reopen(&mut self) -> Result<Reopened, Problem> {
        each_writer!(self, store => store.reopen())
    }

    /// Whether an answer takes long enough to do without it where something can be assumed.
    pub(crate) fn is_far(&self) -> bool {
        matches!(self, WriterStore::Postgres(_))
    }

    /// Applies the batch and commits; on disk when it returns.
    pub(crate) fn commit(&mut self, batch: &Batch) -> Result<(), Problem> {
        each_writer!(self, store => store.commit(batch))
    }

    /// Nothing is to be written for a while: what can be tidied now need not be later. Whether nothing is left that must be.
    pub(crate) fn rest(&mut self) -> bool {
        match self {
            WriterStore::Sqlite(store) => store.rest(),
            WriterStore::Postgres(_) => true,
        }
    }

    /// Gives the transaction up.
    pub(crate) fn roll_back(&mut self) {
        each_writer!(self, store => store.roll_back());
    }

    /// Removes past rows that ended at or before the sequence and retry keys kept before the moment, a bounded
    /// number at a time. True when there is more.
    pub(crate) fn sweep(&mut self, sequence: u64, keys_before: Moment) -> Result<bool, Problem> {
        each_writer!(self, store => store.sweep(sequence, keys_before))
    }

    /// What is known of blobs, in the order asked.
    pub(crate) fn blobs(&mut self, digests: &[Hash]) -> Result<Vec<Option<StoredBlob>>, Problem> {
        each_writer!(self, store => store.blobs(digests))
    }

    /// The digests, beginning with this byte, of all contents that are there.
    pub(crate) fn blob_contents(&mut self, first: u8) -> Result<Vec<Hash>, Problem> {
        each_writer!(self, store => store.blob_contents(first))
    }

    /// Changes the tables of an index that is made beside the one in use, in a transaction of its own.
    pub(crate) fn index_tables(&mut self, what: IndexTables, head: &Head) -> Result<(), Problem> {
        each_writer!(self, store => store.index_tables(what, head))
    }
}

/// Why a store is not taken over whose head has the last of all epochs, or is not there.
fn no_epoch_follows() -> Problem {
    Problem::damaged("it has no head, or one that no epoch follows")
}
