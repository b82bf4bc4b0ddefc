//! Writing a record kept in SQLite: one connection, `synchronous=FULL`, one transaction for a group of commits.
//! Decides nothing: what is written was worked out by the writer above.

use std::path::{Path, PathBuf};
use std::time::Duration;

use journal::Hash;
use rusqlite::{Connection, OptionalExtension as _, params};
use terms::Moment;

use super::blob_files;
use super::dialect as sql;
use super::next_index::put_sqlite_next;
use super::obligations::put_sqlite;
use super::schema::STEPS;
use super::sqlite::{
    blobs, database, dictionaries, failed, first_at_or_after, head_row, kept_key, locate, names, prepare_once, symbols,
    symbols_of,
};
use super::sqlite_log::Log;
use super::trail::put_sqlite_trail;
use super::{
    Batch, Durability, Head, Hit, KeptKey, Located, NameList, Reopened, StoredBlob, StoredKey, no_epoch_follows,
};
use crate::error::Problem;
use crate::names::NameTable;

/// How long another connection that holds the database is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Commits after which it is tried again to empty the log of an erased text.
const TRY_AGAIN_AFTER: u32 = 64;
/// Versions of a group that make it a large one.
const LARGE: usize = 1_000;

/// The one writing connection of a record's database.
pub(crate) struct SqliteWriter {
    directory: PathBuf,
    /// Before the connection, so that it ends first.
    log: Log,
    connection: Connection,
    /// Whether a reader kept the log from being emptied after an erasure, and in how many commits that is tried again.
    owes_empty_log: Option<u32>,
}

impl SqliteWriter {
    /// Opens the database, making it and its tables when they are not there.
    pub(crate) fn open(directory: &Path, durability: Durability, log_pages: u32) -> Result<SqliteWriter, Problem> {
        let mut connection = Connection::open(database(directory)).map_err(failed("opening the database"))?;
        prepare_once(&connection).map_err(failed("setting up the writer"))?;
        let synchronous = match durability {
            Durability::Full => "FULL",
            Durability::Off => "OFF",
        };
        connection
            .execute_batch(&format!(
                "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; \
                 PRAGMA busy_timeout = {}; PRAGMA cache_size = -262144; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF; PRAGMA journal_size_limit = 268435456;",
                PATIENCE.as_millis()
            ))
            .map_err(failed("setting up the writer"))?;
        let log = Log::of(directory, &mut connection, log_pages)?;
        // Whoever was here before may have been stopped while it owed this.
        let owes_empty_log = Some(TRY_AGAIN_AFTER);
        let mut writer = SqliteWriter { directory: directory.to_owned(), log, connection, owes_empty_log };
        writer.migrate()?;
        Ok(writer)
    }

    /// Applies the schema's steps that are missing, each in a transaction of its own.
    fn migrate(&mut self) -> Result<(), Problem> {
        let doing = "preparing the tables";
        let known: i64 =
            self.connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed(doing))?;
        if known > STEPS.len() as i64 {
            return Err(Problem::Unsuitable {
                what: format!("its tables are of a newer release (step {known}); use that release or a later one"),
            });
        }
        for (number, step) in STEPS.iter().enumerate().skip(known as usize) {
            let sql = format!("BEGIN; {} PRAGMA user_version = {}; COMMIT;", sql::SQLITE.step(step), number + 1);
            self.connection.execute_batch(&sql).map_err(failed(doing))?;
        }
        Ok(())
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn take_over(&mut self) -> Result<Head, Problem> {
        let doing = "taking the record over";
        if self.connection.execute(sql::TAKE_OVER, []).map_err(failed(doing))? != 1 {
            return Err(no_epoch_follows());
        }
        self.connection.query_row(sql::HEAD, [], head_row).map_err(failed(doing))
    }

    pub(crate) fn begin(&mut self) -> Result<(), Problem> {
        self.connection.execute_batch("BEGIN IMMEDIATE").map_err(failed("beginning a commit"))
    }

    pub(crate) fn roll_back(&mut self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::warn!(%error, "could not roll a transaction back");
        }
    }

    pub(crate) fn locate(&mut self, keys: &[StoredKey]) -> Result<Vec<Option<Located>>, Problem> {
        locate(&self.connection, keys).map_err(failed("locating resources"))
    }

    pub(crate) fn holders(
        &mut self,
        (low, after): (&Vec<u8>, i64),
        high: Option<&[u8]>,
        next: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Hit>, Problem> {
        let (high, limit) = (high.unwrap_or(&[255; 4]), limit as i64);
        let hit = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let read = || match next {
            Some(since) => {
                let mut statement = self.connection.prepare_cached(sql::HOLDERS_BESIDE)?;
                let hits = statement.query_map((low, high, after, since, limit), hit)?;
                hits.collect::<rusqlite::Result<Vec<Hit>>>()
            }
            None => {
                let mut statement = self.connection.prepare_cached(sql::HOLDERS)?;
                statement.query_map((low, high, after, limit), hit)?.collect()
            }
        };
        read().map_err(failed("checking an assertion"))
    }

    pub(crate) fn symbols(&mut self, wanted: &[(u32, String)]) -> Result<Vec<Option<u32>>, Problem> {
        symbols(&self.connection, wanted).map_err(failed("reading symbols"))
    }

    pub(crate) fn symbols_of(&mut self, code: &str) -> Result<Vec<(u32, u32)>, Problem> {
        symbols_of(&self.connection, code).map_err(failed("reading symbols"))
    }

    pub(crate) fn kept_key(&mut self, principal: &str, key: &str) -> Result<Option<KeptKey>, Problem> {
        kept_key(&self.connection, principal, key).map_err(failed("looking a retry up"))
    }

    pub(crate) fn desk_change(&mut self, kind: &str, key: &str) -> Result<Option<u64>, Problem> {
        let read =
            || self.connection.prepare_cached(sql::DESK_CHANGE)?.query_row((kind, key), |row| row.get(0)).optional();
        read().map_err(failed("reading the desk"))
    }

    pub(crate) fn desk_row(&mut self, kind: &str, key: &str) -> Result<Option<Vec<u8>>, Problem> {
        let read =
            || self.connection.prepare_cached(sql::DESK_GET)?.query_row((kind, key), |row| row.get(5)).optional();
        read().map_err(failed("reading the desk"))
    }

    pub(crate) fn highest(&mut self) -> Result<(i64, u32), Problem> {
        let read = || self.connection.query_row(sql::HIGHEST, [], |row| Ok((row.get(0)?, row.get(1)?)));
        read().map_err(failed("reading the highest numbers"))
    }

    pub(crate) fn tile(&mut self, name: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
        let read = || self.connection.query_row(sql::TILE, [name], |row| row.get(0)).optional();
        read().map_err(failed("reading a tile"))
    }

    pub(crate) fn entry_bodies(&mut self, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, Problem> {
        let read = || {
            let mut statement = self.connection.prepare_cached(sql::ENTRIES)?;
            statement.query_map((from, limit as i64), |row| row.get(4))?.collect::<rusqlite::Result<Vec<Vec<u8>>>>()
        };
        read().map_err(failed("reading entries"))
    }

    pub(crate) fn commit(&mut self, batch: &Batch) -> Result<(), Problem> {
        let erasing = !batch.erase.is_empty();
        if erasing {
            self.overwrite_deleted(true)?;
        }
        let moved = apply(&self.connection, batch).map_err(failed("writing a commit"))?;
        if !moved {
            return Err(Problem::Deposed { epoch: 0 });
        }
        // Within the transaction, so that no other process can take over and put one of these meanwhile.
        blob_files::remove(&self.directory, &batch.blob_sweep)?;
        self.connection.execute_batch("COMMIT").map_err(failed("committing"))?;
        if erasing {
            self.overwrite_deleted(false)?;
            self.empty_log();
            self.remove_erased(&batch.blob_erase);
        } else if let Some(commits) = &mut self.owes_empty_log {
            *commits = commits.saturating_sub(1);
            if *commits == 0 {
                self.empty_log();
            }
        }
        self.log.committed(&self.connection, batch.versions.len() >= LARGE);
        Ok(())
    }

    /// Nothing is to be written for a while: copies the log into the database and gives memory back; whether nothing is left
    /// that must be tidied. Whoever reads is not waited for; what cannot be done now is done another time.
    pub(crate) fn rest(&mut self) -> bool {
        let owed = self.owes_empty_log;
        self.empty_log();
        if let Err(error) = self.connection.release_memory() {
            tracing::warn!(%error, "memory could not be given back in a pause");
        }
        // Of a log without an erased text nothing is owed.
        self.owes_empty_log = self.owes_empty_log.and(owed);
        self.owes_empty_log.is_none()
    }

    /// Whether deleted content is overwritten with zeros, so that an erased text is not left in a free page.
    fn overwrite_deleted(&self, overwrite: bool) -> Result<(), Problem> {
        let pragma = if overwrite { "PRAGMA secure_delete = ON" } else { "PRAGMA secure_delete = OFF" };
        let set = self.connection.query_row(pragma, [], |_| Ok(()));
        set.map_err(failed("setting how deleted content is treated"))
    }

    /// Moves the write-ahead log into the database and cuts it, so that an erased text is not left in it. Readers may
    /// keep it from being cut now: nobody waits for them, and it is tried again.
    fn empty_log(&mut self) {
        self.log.settle();
        let empty = || {
            self.connection.busy_timeout(Duration::ZERO)?;
            let is_held = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
            self.connection.busy_timeout(PATIENCE)?;
            is_held
        };
        let is_held = empty().unwrap_or_else(|error| {
            tracing::warn!(%error, "the write-ahead log could not be emptied; it is tried again");
            true
        });
        self.owes_empty_log = is_held.then_some(TRY_AGAIN_AFTER);
    }

    /// The erasure is on disk; a file that cannot be removed now is swept later.
    fn remove_erased(&self, digests: &[Hash]) {
        if let Err(error) = blob_files::remove(&self.directory, digests) {
            tracing::warn!(error = &error as &dyn std::error::Error, "an erased blob could not be removed yet");
        }
    }

    pub(crate) fn blobs(&mut self, digests: &[Hash]) -> Result<Vec<Option<StoredBlob>>, Problem> {
        blobs(&self.connection, digests).map_err(failed("reading blobs"))
    }

    pub(crate) fn blob_contents(&mut self, first: u8) -> Result<Vec<Hash>, Problem> {
        blob_files::beginning(&self.directory, first)
    }

    pub(crate) fn first_at_or_after(&mut self, moment: Moment) -> Result<u64, Problem> {
        first_at_or_after(&self.connection, moment).map_err(failed("finding a moment"))
    }

    pub(crate) fn reopen(&mut self) -> Result<Reopened, Problem> {
        let read = || {
            let head = self.connection.query_row(sql::HEAD, [], head_row)?;
            let lists = [NameList::Kind, NameList::Parameter, NameList::System];
            let [kinds, parameters, systems] = lists.map(|list| names(&self.connection, list));
            Ok((head, [kinds?, parameters?, systems?], dictionaries(&self.connection)?))
        };
        let (head, [kinds, parameters, systems], dictionaries) = read().map_err(failed("reading the head again"))?;
        Ok((head, [NameTable::of(kinds)?, NameTable::of(parameters)?, NameTable::of(systems)?], dictionaries))
    }

    pub(crate) fn sweep(&mut self, sequence: u64, keys_before: Moment) -> Result<bool, Problem> {
        let sweep = || {
            let transaction = self.connection.unchecked_transaction()?;
            transaction.execute(sql::RAISE_PAST_FROM, [sequence])?;
            let rows = transaction.execute(sql::SWEEP_PAST, [sequence])?;
            let obligations = transaction.execute(sql::SWEEP_PAST_OBLIGATIONS, [sequence])?;
            let keys = transaction.execute(sql::SWEEP_KEPT_KEYS, [keys_before.0])?;
            transaction.commit()?;
            Ok(rows == 5000 || obligations == 5000 || keys == 5000)
        };
        sweep().map_err(failed("sweeping old rows"))
    }
}

/// Writes everything of the batch; false when the head had moved or another epoch holds it.
fn apply(connection: &Connection, batch: &Batch) -> rusqlite::Result<bool> {
    put_names(connection, batch)?;
    put_versions(connection, batch)?;
    put_rows(connection, batch)?;
    put_sqlite_next(connection, batch)?;
    put_sqlite(connection, &batch.obligations)?;
    put_sqlite_trail(connection, &batch.trail, &batch.erased_whose)?;
    put_journal(connection, batch)?;
    put_blobs(connection, batch)?;
    put_desk(connection, batch)?;
    let Some((from, to)) = &batch.head else { return Ok(true) };
    let moved = connection.prepare_cached(sql::MOVE_HEAD)?.execute(params![
        to.sequence,
        to.moment.0,
        to.chain,
        to.desk,
        to.epoch,
        from.sequence,
        from.epoch,
        from.desk
    ])?;
    Ok(moved == 1)
}

fn put_names(connection: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    let mut name = connection.prepare_cached(sql::PUT_NAME)?;
    for (list, number, text) in &batch.names {
        name.execute((NameList::number(*list), number, text))?;
    }
    let mut symbol = connection.prepare_cached(sql::PUT_SYMBOL)?;
    for (number, system, code) in &batch.symbols {
        symbol.execute((number, system, code))?;
    }
    let mut resource = connection.prepare_cached(sql::PUT_RESOURCE)?;
    for (rid, (kind, id)) in &batch.resources {
        resource.execute((rid, kind, id))?;
    }
    Ok(())
}

fn put_versions(connection: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    let mut version = connection.prepare_cached(sql::PUT_VERSION)?;
    for v in &batch.versions {
        let row = params![v.rid, v.version, v.sequence, v.moment.0, v.operation, v.seal, v.coding, v.salt, v.text];
        version.execute(row)?;
    }
    let mut current = connection.prepare_cached(sql::PUT_CURRENT)?;
    for located in &batch.current {
        current.execute((located.version, located.sequence, located.live, located.rid))?;
    }
    let mut erase = connection.prepare_cached(sql::ERASE)?;
    for (rid, version, by) in &batch.erase {
        erase.execute((by.to_be_bytes().as_slice(), rid, version))?;
        connection.prepare_cached(sql::ERASE_ENTRY_SALT)?.execute((&[] as &[u8], rid, version))?;
    }
    let mut tally = connection.prepare_cached(sql::PUT_TALLY)?;
    for (kind, by) in &batch.tallies {
        tally.execute((kind, by))?;
    }
    Ok(())
}

fn put_rows(connection: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    let mut drop_row = connection.prepare_cached(sql::DROP_ROW)?;
    for (key, rid) in &batch.index_drop {
        drop_row.execute((key, rid))?;
    }
    let put_row = if batch.next.is_some() { sql::PUT_ROW_BESIDE } else { sql::PUT_ROW };
    let mut put_row = connection.prepare_cached(put_row)?;
    for (key, rid) in &batch.index_add {
        put_row.execute((key, rid))?;
    }
    let mut put_past = connection.prepare_cached(sql::PUT_PAST)?;
    for past in &batch.index_past {
        put_past.execute((&past.key, past.rid, past.from, past.to, past.kept))?;
    }
    let mut drop_past = connection.prepare_cached(sql::DROP_PAST)?;
    for (key, rid, from) in &batch.past_drop {
        drop_past.execute((key, rid, from))?;
    }
    Ok(())
}

fn put_journal(connection: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    let mut entry = connection.prepare_cached(sql::PUT_ENTRY)?;
    for e in &batch.entries {
        entry.execute((e.sequence, e.moment.0, &e.salt, sql::pack_rids(&e.rids), &e.body))?;
    }
    let mut tile = connection.prepare_cached(sql::PUT_TILE)?;
    for (name, hashes) in &batch.tiles {
        tile.execute((name, hashes))?;
    }
    let mut kept = connection.prepare_cached(sql::PUT_KEPT_KEY)?;
    for key in &batch.kept_keys {
        kept.execute((&key.principal, &key.key, key.sequence, &key.digest, key.moment.0))?;
    }
    let mut dictionary = connection.prepare_cached(sql::PUT_DICTIONARY)?;
    for (number, bytes) in &batch.dictionaries {
        dictionary.execute((number, bytes))?;
    }
    Ok(())
}

fn put_blobs(connection: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    let mut put = connection.prepare_cached(sql::PUT_BLOB)?;
    for blob in &batch.blobs {
        put.execute((&blob.digest, &blob.salt, blob.length, blob.entry))?;
    }
    let mut drop_row = connection.prepare_cached(sql::DROP_BLOB)?;
    for digest in &batch.blob_erase {
        drop_row.execute([digest])?;
    }
    Ok(())
}

fn put_desk(connection: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    let mut put = connection.prepare_cached(sql::PUT_DESK)?;
    for row in &batch.desk_put {
        put.execute((&row.kind, &row.key, row.change, row.expires.map(|m| m.0), row.seal, &row.bytes))?;
    }
    let mut drop_row = connection.prepare_cached(sql::DROP_DESK)?;
    for (kind, key) in &batch.desk_drop {
        drop_row.execute((kind, key))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_pause_empties_the_log_once_nobody_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = SqliteWriter::open(folder.path(), Durability::Full, 4_000).unwrap();
        let log = || std::fs::metadata(folder.path().join("record.db-wal")).unwrap().len();
        writer.begin().unwrap();
        writer.commit(&Batch { names: vec![(NameList::Kind, 0, "Thing".into())], ..Batch::default() }).unwrap();
        let reader = Connection::open(database(folder.path())).unwrap();
        let read = || reader.query_row("SELECT count(*) FROM name", [], |row| row.get::<_, i64>(0)).unwrap();
        reader.execute_batch("BEGIN").unwrap();
        assert_eq!(read(), 1);
        writer.rest();
        assert!(log() > 0, "the log of a reading was cut");
        reader.execute_batch("COMMIT").unwrap();
        writer.rest();
        assert_eq!((log(), read()), (0, 1));
    }

    #[test]
    fn a_log_that_a_reader_keeps_after_an_erasure_is_emptied_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = SqliteWriter::open(folder.path(), Durability::Full, 4_000).unwrap();
        let log = || std::fs::metadata(folder.path().join("record.db-wal")).unwrap().len();
        let mut number = 0;
        let mut commit = |writer: &mut SqliteWriter| {
            number += 1;
            let name = (NameList::Kind, number, format!("Thing{number}"));
            writer.begin().unwrap();
            writer.commit(&Batch { names: vec![name], ..Batch::default() }).unwrap();
        };
        commit(&mut writer);
        let reader = Connection::open(database(folder.path())).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM name;").unwrap();
        writer.empty_log();
        assert!(log() > 0 && !writer.rest(), "it is owed as long as somebody reads");
        reader.execute_batch("COMMIT").unwrap();
        for _ in 1..TRY_AGAIN_AFTER {
            commit(&mut writer);
            assert!(log() > 0);
        }
        commit(&mut writer);
        assert_eq!(log(), 0, "also while there is no pause");
        assert!(writer.rest());
    }
}
