//! Reading a record kept in SQLite: a directory with one database in WAL mode, read by a few pooled connections.
//!
//! Point reads run inline on the calling thread (14 µs against 24 µs through a blocking pool, `docs/performance.md`);
//! every scan has a row limit, so none holds a thread for long.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use journal::Hash;
use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Connection, OpenFlags, OptionalExtension as _, Row};
use terms::Moment;

use super::blob_files;
use super::dialect as sql;
use super::shortly::{Changed, FEW_ENTRIES, Shortly};
use super::{Head, Hit, KeptKey, Located, NameList, StoredBlob, StoredDeskRow, StoredEntry, StoredKey, StoredVersion};
use crate::error::Problem;
use crate::keys::KeyRange;

/// The statements of a scan in one direction.
struct Way {
    now: &'static str,
    past: &'static str,
    as_at: &'static str,
    is_down: bool,
}

const UP: Way = Way { now: sql::SCAN, past: sql::PAST_SCAN, as_at: sql::SCAN_AS_AT, is_down: false };
const DOWN: Way = Way { now: sql::SCAN_DOWN, past: sql::PAST_SCAN_DOWN, as_at: sql::SCAN_DOWN_AS_AT, is_down: true };

/// Reads of one record's database.
pub(crate) struct SqliteReader {
    directory: PathBuf,
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

/// The database's file in a record's directory.
pub(crate) fn database(directory: &Path) -> PathBuf {
    directory.join("record.db")
}

/// Keeps statements prepared. Without the guarantee SQLite looks at the value of each `LIMIT` and plans the statement
/// again at every use.
pub(super) fn prepare_once(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(64);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Turns a database error into the record's words; a full disk is told apart.
pub(crate) fn failed(doing: &'static str) -> impl Fn(rusqlite::Error) -> Problem {
    move |error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => Problem::Full,
        // The shared index of the log could not grow, which only happens on a full disk.
        _ if is_extended(&error, rusqlite::ffi::SQLITE_IOERR_SHMSIZE) => Problem::Full,
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
            Problem::damaged(format!("the database is malformed (while {doing})"))
        }
        _ => Problem::store(doing, error),
    }
}

fn is_extended(error: &rusqlite::Error, code: std::ffi::c_int) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == code)
}

impl SqliteReader {
    /// Readers of the database in a directory.
    pub(crate) fn open(directory: &Path) -> Result<SqliteReader, Problem> {
        let reader =
            SqliteReader { directory: directory.to_owned(), path: database(directory), idle: Mutex::new(Vec::new()) };
        let connection = reader.connect()?;
        reader.give_back(connection);
        Ok(reader)
    }

    fn connect(&self) -> Result<Connection, Problem> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(failed("opening the database"))?;
        prepare_once(&connection).map_err(failed("setting up a reader"))?;
        connection
            .execute_batch("PRAGMA query_only = ON; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -16000;")
            .map_err(failed("setting up a reader"))?;
        Ok(connection)
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < 16 {
            idle.push(connection);
        }
    }

    pub(super) fn with<T>(
        &self,
        doing: &'static str,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Problem> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let result = read(&connection).map_err(failed(doing));
        self.give_back(connection);
        result
    }

    pub(crate) fn head(&self) -> Result<Head, Problem> {
        self.with("reading the head", |connection| connection.prepare_cached(sql::HEAD)?.query_row([], head_row))
    }

    pub(crate) fn past_from(&self) -> Result<u64, Problem> {
        self.with("reading the head", |c| c.prepare_cached(sql::HEAD)?.query_row([], |row| row.get(5)))
    }

    pub(crate) fn names(&self, list: NameList) -> Result<Vec<(u32, String)>, Problem> {
        self.with("reading names", |connection| names(connection, list))
    }

    pub(crate) fn symbol(&self, system: u32, code: &str) -> Result<Option<u32>, Problem> {
        self.with("reading a symbol", |connection| {
            connection.prepare_cached(sql::SYMBOL)?.query_row((code, system), |row| row.get(0)).optional()
        })
    }

    pub(crate) fn symbols(&self, wanted: &[(u32, String)]) -> Result<Vec<Option<u32>>, Problem> {
        self.with("reading symbols", |connection| symbols(connection, wanted))
    }

    pub(crate) fn symbols_of(&self, code: &str) -> Result<Vec<(u32, u32)>, Problem> {
        self.with("reading symbols", |connection| symbols_of(connection, code))
    }

    pub(crate) fn locate(&self, keys: &[StoredKey]) -> Result<Vec<Option<Located>>, Problem> {
        self.with("locating resources", |connection| locate(connection, keys))
    }

    pub(crate) fn keys(&self, rids: &[i64]) -> Result<Vec<Option<StoredKey>>, Problem> {
        if let [rid] = rids {
            let key = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let find = |c: &Connection| c.prepare_cached(sql::RESOURCE_KEY)?.query_row([rid], key).optional();
            return self.with("reading a key", |connection| Ok(vec![find(connection)?]));
        }
        let asked: Vec<(i64, u64)> = rids.iter().map(|rid| (*rid, 0)).collect();
        self.with("reading keys", |connection| {
            in_runs(connection, sql::RESOURCE_KEYS, &asked, |row| Ok((row.get(2)?, row.get(3)?)))
        })
    }

    pub(crate) fn versions_at(&self, rids: &[i64], at: u64) -> Result<Vec<Option<StoredVersion>>, Problem> {
        self.with("reading versions", |connection| {
            let mut statement = connection.prepare_cached(sql::VERSION_AT)?;
            each(connection, rids, |rid| statement.query_row((rid, at), version_row).optional())
        })
    }

    pub(crate) fn versions(&self, wanted: &[(i64, u64)]) -> Result<Vec<Option<StoredVersion>>, Problem> {
        if let [wanted] = wanted {
            let find = |c: &Connection| c.prepare_cached(sql::VERSION)?.query_row(*wanted, version_row).optional();
            return self.with("reading a version", |connection| Ok(vec![find(connection)?]));
        }
        self.with("reading versions", |connection| in_runs(connection, sql::VERSIONS, wanted, version_row))
    }

    pub(crate) fn history(&self, rid: i64, below: u64, limit: usize) -> Result<Vec<StoredVersion>, Problem> {
        self.with("reading history", |connection| {
            let mut statement = connection.prepare_cached(sql::HISTORY)?;
            let below = i64::try_from(below).unwrap_or(i64::MAX);
            statement.query_map((rid, below, limit as i64), version_row)?.collect()
        })
    }

    pub(crate) fn all_versions(&self, after: (i64, u64), limit: usize) -> Result<Vec<StoredVersion>, Problem> {
        self.with("reading all versions", |connection| {
            let mut statement = connection.prepare_cached(sql::ALL_VERSIONS)?;
            statement.query_map((after.0, after.1, limit as i64), version_row)?.collect()
        })
    }

    pub(crate) fn resources(&self, after: i64, limit: usize) -> Result<Vec<(Located, StoredKey)>, Problem> {
        self.with("listing resources", |connection| {
            let mut statement = connection.prepare_cached(sql::RESOURCES)?;
            let row = |row: &Row<'_>| Ok((located_row(row)?, (row.get(4)?, row.get(5)?)));
            statement.query_map((after, limit as i64), row)?.collect()
        })
    }

    pub(crate) fn count_versions(&self, until: u64) -> Result<u64, Problem> {
        self.with("counting versions", |connection| {
            connection.prepare_cached(sql::COUNT_VERSIONS)?.query_row([until], |row| row.get(0))
        })
    }

    pub(crate) fn scan(
        &self,
        range: &KeyRange,
        after: Option<&Hit>,
        at: u64,
        limit: usize,
    ) -> Result<Vec<Hit>, Problem> {
        let (key, rid) = after.map_or((range.low.as_slice(), -1), |(key, rid)| (key.as_slice(), *rid));
        self.scan_with(&UP, (key, rid), range, at, limit)
    }

    pub(crate) fn scan_down(
        &self,
        range: &KeyRange,
        before: Option<&Hit>,
        at: u64,
        limit: usize,
    ) -> Result<Vec<Hit>, Problem> {
        let high = range.high.as_deref().unwrap_or(TOP);
        let (key, rid) = before.map_or((high, i64::MAX), |(key, rid)| (key.as_slice(), *rid));
        self.scan_with(&DOWN, (key, rid), range, at, limit)
    }

    fn scan_with(
        &self,
        way: &Way,
        (key, rid): (&[u8], i64),
        range: &KeyRange,
        at: u64,
        limit: usize,
    ) -> Result<Vec<Hit>, Problem> {
        let high = range.high.as_deref().unwrap_or(TOP);
        self.with("scanning the index", |connection| {
            in_one_snapshot(connection, |newest| {
                let hit = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
                if newest <= at {
                    let mut statement = connection.prepare_cached(way.now)?;
                    statement.query_map((key, rid, &range.low, high, limit as i64), hit)?.collect()
                } else if newest - at <= FEW_ENTRIES {
                    scan_shortly_after(connection, way, (key, rid), (&range.low, high), at, limit)
                } else {
                    let mut statement = connection.prepare_cached(way.as_at)?;
                    statement.query_map((key, rid, &range.low, high, at, limit as i64), hit)?.collect()
                }
            })
        })
    }

    pub(crate) fn scan_each(&self, ranges: &[KeyRange], at: u64, limit: usize) -> Result<Vec<Vec<Hit>>, Problem> {
        ranges.iter().map(|range| self.scan(range, None, at, limit)).collect()
    }

    pub(crate) fn estimate(&self, ranges: &[KeyRange], most: usize) -> Result<usize, Problem> {
        self.with("sizing a range", |connection| {
            let mut statement = connection.prepare_cached(sql::ESTIMATE)?;
            let mut size = 0;
            for range in ranges {
                let high = range.high.as_deref().unwrap_or(TOP);
                let left = (most - size) as i64;
                size += statement.query_row((&range.low, high, left), |row| row.get::<_, i64>(0))? as usize;
            }
            Ok(size)
        })
    }

    pub(crate) fn count_range(&self, range: &KeyRange, kind: u16, at: u64) -> Result<u64, Problem> {
        let high = range.high.as_deref().unwrap_or(TOP);
        self.with("counting a range", |connection| {
            let mut statement = connection.prepare_cached(sql::COUNT_RANGE)?;
            statement.query_row((&range.low, high, kind, at), |row| row.get(0))
        })
    }

    pub(crate) fn entries(&self, from: u64, limit: usize) -> Result<Vec<StoredEntry>, Problem> {
        self.with("reading entries", |connection| {
            let mut statement = connection.prepare_cached(sql::ENTRIES)?;
            statement.query_map((from, limit as i64), entry_row)?.collect()
        })
    }

    pub(crate) fn entries_outside(&self, limit: usize) -> Result<Vec<i64>, Problem> {
        self.with("looking for entries outside the journal", |connection| {
            let mut statement = connection.prepare_cached(sql::ENTRIES_OUTSIDE)?;
            statement.query_map([limit as i64], |row| row.get(0))?.collect()
        })
    }

    pub(crate) fn first_at_or_after(&self, moment: Moment) -> Result<u64, Problem> {
        self.with("finding a moment", |connection| first_at_or_after(connection, moment))
    }

    pub(crate) fn kept_key(&self, principal: &str, key: &str) -> Result<Option<KeptKey>, Problem> {
        self.with("looking a retry up", |connection| kept_key(connection, principal, key))
    }

    pub(crate) fn tallies(&self) -> Result<Vec<(u16, u64)>, Problem> {
        self.with("reading tallies", |connection| {
            let mut statement = connection.prepare_cached(sql::TALLIES)?;
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
    }

    pub(crate) fn tally_as_at(&self, kind: u16, at: u64) -> Result<Option<u64>, Problem> {
        self.with("reading a tally", |connection| {
            connection.prepare_cached(sql::TALLY_AS_AT)?.query_row((kind, at), |row| row.get(0)).optional()
        })
    }

    pub(crate) fn dictionaries(&self) -> Result<Vec<(u32, Vec<u8>)>, Problem> {
        self.with("reading dictionaries", dictionaries)
    }

    pub(crate) fn tile(&self, name: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
        self.with("reading a tile", |c| c.prepare_cached(sql::TILE)?.query_row([name], |row| row.get(0)).optional())
    }

    pub(crate) fn desk_get(&self, kind: &str, key: &str) -> Result<Option<StoredDeskRow>, Problem> {
        self.with("reading the desk", |connection| {
            connection.prepare_cached(sql::DESK_GET)?.query_row((kind, key), desk_row).optional()
        })
    }

    pub(crate) fn desk_list(&self, kind: &str, prefix: &str, limit: usize) -> Result<Vec<StoredDeskRow>, Problem> {
        self.with("listing the desk", |connection| {
            let mut statement = connection.prepare_cached(sql::DESK_LIST)?;
            let high = format!("{prefix}\u{10ffff}");
            statement.query_map((kind, prefix, high, limit as i64), desk_row)?.collect()
        })
    }

    pub(crate) fn desk_since(&self, change: u64, limit: usize) -> Result<Vec<StoredDeskRow>, Problem> {
        self.with("listing the desk", |connection| {
            let mut statement = connection.prepare_cached(sql::DESK_SINCE)?;
            statement.query_map((change, limit as i64), desk_row)?.collect()
        })
    }

    pub(crate) fn size(&self) -> Result<u64, Problem> {
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let blobs = self.with("sizing blobs", |c| c.prepare_cached(sql::BLOB_BYTES)?.query_row([], |row| row.get(0)));
        Ok(length(&self.path) + length(&self.path.with_extension("db-wal")) + blobs.unwrap_or(0))
    }

    pub(crate) fn blobs(&self, digests: &[Hash]) -> Result<Vec<Option<StoredBlob>>, Problem> {
        self.with("reading blobs", |connection| blobs(connection, digests))
    }

    pub(crate) fn blobs_after(&self, after: &Hash, limit: usize) -> Result<Vec<StoredBlob>, Problem> {
        self.with("listing blobs", |connection| {
            connection.prepare_cached(sql::BLOBS_AFTER)?.query_map((after, limit as i64), blob_row)?.collect()
        })
    }

    pub(crate) fn count_blobs(&self, until: u64) -> Result<u64, Problem> {
        self.with("counting blobs", |c| c.prepare_cached(sql::COUNT_BLOBS)?.query_row([until], |row| row.get(0)))
    }

    pub(crate) fn put_blob(&self, digest: &Hash, bytes: &[u8]) -> Result<(), Problem> {
        blob_files::put(&self.directory, digest, bytes)
    }

    pub(crate) fn blob_content(&self, digest: &Hash) -> Result<Option<Vec<u8>>, Problem> {
        blob_files::content(&self.directory, digest)
    }

    pub(crate) fn has_blob_content(&self, digest: &Hash) -> Result<bool, Problem> {
        Ok(blob_files::is_there(&self.directory, digest))
    }
}

/// Above every key in use: parameters are numbered far below 0xffff.
const TOP: &[u8] = &[255, 255, 255, 255];

impl NameList {
    pub(crate) fn number(self) -> i64 {
        match self {
            NameList::Kind => 1,
            NameList::Parameter => 2,
            NameList::System => 3,
        }
    }
}

/// Reads more than once in one snapshot, and gives its newest sequence: as long as a statement stands on a row its
/// connection goes on seeing what it saw, without the locks that each further statement would take.
fn in_one_snapshot<T>(connection: &Connection, read: impl FnOnce(u64) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let mut head = connection.prepare_cached(sql::HEAD)?;
    let mut standing = head.query([])?;
    let newest = standing.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?.get(0)?;
    read(newest)
}

/// Rows at a sequence shortly before the newest, in one snapshot.
fn scan_shortly_after(
    connection: &Connection,
    way: &Way,
    (key, rid): (&[u8], i64),
    (low, high): (&[u8], &[u8]),
    at: u64,
    limit: usize,
) -> rusqlite::Result<Vec<Hit>> {
    let hit = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let (mut shortly, mut changed) = (Shortly::new(way.is_down, limit), Changed::default());
    let mut entries = connection.prepare_cached(sql::CHANGED_AFTER)?;
    for packed in entries.query_map([at], |row| row.get::<_, Vec<u8>>(0))? {
        changed.add(&packed?);
    }
    let mut past = connection.prepare_cached(way.past)?;
    shortly.valid(past.query_map((key, rid, low, high, at, limit as i64), hit)?.collect::<Result<Vec<Hit>, _>>()?);
    let mut now = connection.prepare_cached(way.now)?;
    let mut place = Some((key.to_vec(), rid));
    while let Some((key, rid)) = place {
        let part = now.query_map((&key, rid, low, high, limit as i64), hit)?.collect::<Result<_, _>>()?;
        place = shortly.now(part, &changed);
    }
    Ok(shortly.rows())
}

/// Looks each up by itself, in the order asked.
fn each<A, T>(
    connection: &Connection,
    asked: &[A],
    mut find: impl FnMut(&A) -> rusqlite::Result<Option<T>>,
) -> rusqlite::Result<Vec<Option<T>>> {
    let mut find_all = || asked.iter().map(&mut find).collect();
    if asked.len() < 2 { find_all() } else { in_one_snapshot(connection, |_| find_all()) }
}

/// Row numbers that are this close are read in one run.
const CLOSE: u64 = 8;
/// Rows that nobody asked for which a run passes before it is begun again at the next one asked for.
const MOST_PASSED: usize = 16;

/// Looks many up by (row number, version), in the order asked; those that lie beside each other are read in one pass.
/// The statement is given the first pair and the last row number of a run, and its first two columns are the pair.
fn in_runs<T>(
    connection: &Connection,
    sql: &str,
    asked: &[(i64, u64)],
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<Option<T>>> {
    let mut order: Vec<usize> = (0..asked.len()).collect();
    order.sort_by_key(|place| asked[*place]);
    let mut found: Vec<Option<T>> = asked.iter().map(|_| None).collect();
    let mut statement = connection.prepare_cached(sql)?;
    in_one_snapshot(connection, |_| {
        for run in order.chunk_by(|a, b| asked[*a].0.abs_diff(asked[*b].0) <= CLOSE) {
            let mut left = run;
            while let (Some(first), Some(last)) = (left.first(), left.last()) {
                let (rid, version) = asked[*first];
                let mut rows = statement.query((rid, version, asked[*last].0))?;
                left = pass(&mut rows, asked, left, &mut found, &read)?;
            }
        }
        Ok(found)
    })
}

/// Takes what was asked for out of a run's rows; returns what is still to be asked for.
fn pass<'o, T>(
    rows: &mut rusqlite::Rows<'_>,
    asked: &[(i64, u64)],
    mut left: &'o [usize],
    found: &mut [Option<T>],
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<&'o [usize]> {
    let mut passed = 0;
    while let (Some(row), true) = (rows.next()?, passed < MOST_PASSED) {
        let here = (row.get(0)?, row.get(1)?);
        let missing = left.iter().take_while(|place| asked[**place] < here).count();
        left = left.get(missing..).unwrap_or_default();
        let Some(first) = left.first() else { return Ok(left) };
        if asked[*first] != here {
            passed += 1;
            continue;
        }
        passed = 0;
        while let Some((place, rest)) = left.split_first()
            && asked[*place] == here
        {
            found[*place] = Some(read(row)?);
            left = rest;
        }
        if left.is_empty() {
            return Ok(left);
        }
    }
    Ok(if passed < MOST_PASSED { &[] } else { left })
}

pub(crate) fn locate(connection: &Connection, keys: &[StoredKey]) -> rusqlite::Result<Vec<Option<Located>>> {
    let mut statement: CachedStatement<'_> = connection.prepare_cached(sql::LOCATE)?;
    each(connection, keys, |(kind, id)| statement.query_row((kind, id), located_row).optional())
}

fn located_row(row: &Row<'_>) -> rusqlite::Result<Located> {
    Ok(Located { rid: row.get(0)?, version: row.get(1)?, sequence: row.get(2)?, live: row.get(3)? })
}

pub(crate) fn symbols(connection: &Connection, wanted: &[(u32, String)]) -> rusqlite::Result<Vec<Option<u32>>> {
    let mut statement = connection.prepare_cached(sql::SYMBOL)?;
    let find = |(system, code): &(u32, String)| statement.query_row((code, system), |row| row.get(0)).optional();
    wanted.iter().map(find).collect()
}

pub(crate) fn symbols_of(connection: &Connection, code: &str) -> rusqlite::Result<Vec<(u32, u32)>> {
    let mut statement = connection.prepare_cached(sql::SYMBOLS_OF)?;
    statement.query_map([code], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

pub(crate) fn head_row(row: &Row<'_>) -> rusqlite::Result<Head> {
    Ok(Head {
        sequence: row.get(0)?,
        epoch: row.get(1)?,
        moment: Moment(row.get(2)?),
        chain: row.get(3)?,
        desk: row.get(4)?,
    })
}

fn version_row(row: &Row<'_>) -> rusqlite::Result<StoredVersion> {
    Ok(StoredVersion {
        rid: row.get(0)?,
        version: row.get(1)?,
        sequence: row.get(2)?,
        moment: Moment(row.get(3)?),
        operation: row.get(4)?,
        seal: row.get(5)?,
        coding: row.get(6)?,
        salt: row.get(7)?,
        text: row.get(8)?,
    })
}

fn entry_row(row: &Row<'_>) -> rusqlite::Result<StoredEntry> {
    let packed: Vec<u8> = row.get(3)?;
    let rids = sql::unpack_rids(&packed).unwrap_or_default();
    Ok(StoredEntry { sequence: row.get(0)?, moment: Moment(row.get(1)?), salt: row.get(2)?, body: row.get(4)?, rids })
}

fn desk_row(row: &Row<'_>) -> rusqlite::Result<StoredDeskRow> {
    Ok(StoredDeskRow {
        kind: row.get(0)?,
        key: row.get(1)?,
        change: row.get(2)?,
        expires: row.get::<_, Option<i64>>(3)?.map(Moment),
        seal: row.get(4)?,
        bytes: row.get(5)?,
    })
}

pub(crate) fn blobs(connection: &Connection, digests: &[Hash]) -> rusqlite::Result<Vec<Option<StoredBlob>>> {
    let mut statement = connection.prepare_cached(sql::BLOB)?;
    each(connection, digests, |digest| statement.query_row([digest], blob_row).optional())
}

fn blob_row(row: &Row<'_>) -> rusqlite::Result<StoredBlob> {
    Ok(StoredBlob { digest: row.get(0)?, salt: row.get(1)?, length: row.get(2)?, entry: row.get(3)? })
}

pub(crate) fn names(connection: &Connection, list: NameList) -> rusqlite::Result<Vec<(u32, String)>> {
    let mut statement = connection.prepare_cached(sql::NAMES)?;
    statement.query_map([list.number()], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

pub(crate) fn dictionaries(connection: &Connection) -> rusqlite::Result<Vec<(u32, Vec<u8>)>> {
    let mut statement = connection.prepare_cached(sql::DICTIONARIES)?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

pub(crate) fn first_at_or_after(connection: &Connection, moment: Moment) -> rusqlite::Result<u64> {
    let head = connection.prepare_cached(sql::HEAD)?.query_row([], head_row)?;
    let mut statement = connection.prepare_cached(sql::ENTRY_MOMENT)?;
    let (mut low, mut high) = (1, head.sequence + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let found: i64 = statement.query_row([middle], |row| row.get(0))?;
        if found >= moment.0 { high = middle } else { low = middle + 1 }
    }
    Ok(low)
}

pub(crate) fn kept_key(connection: &Connection, principal: &str, key: &str) -> rusqlite::Result<Option<KeptKey>> {
    let kept = |row: &Row<'_>| {
        Ok(KeptKey {
            principal: row.get(0)?,
            key: row.get(1)?,
            sequence: row.get(2)?,
            digest: row.get(3)?,
            moment: Moment(row.get(4)?),
        })
    };
    connection.prepare_cached(sql::KEPT_KEY)?.query_row((principal, key), kept).optional()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_run_finds_what_each_by_itself_finds() {
        let connection = Connection::open_in_memory().unwrap();
        let tables = "CREATE TABLE head (one INTEGER PRIMARY KEY, sequence, epoch, moment, chain, desk, past_from);
             INSERT INTO head VALUES (1, 0, 0, 0, x'', 0, 0);
             CREATE TABLE version (rid, version, sequence, moment, operation, seal, coding, salt, text,
                                   PRIMARY KEY (rid, version)) WITHOUT ROWID;";
        connection.execute_batch(tables).unwrap();
        // A few rows in a row, one with more versions than a run passes, a gap, and rows far away.
        let there = [(1, 1..3), (2, 1..2), (3, 1..50), (4, 1..2), (6, 2..3), (900, 1..2), (i64::MAX, 7..8)];
        for (rid, versions) in there {
            for version in versions {
                let put = "INSERT INTO version VALUES ($1, $2, 1, 0, 1, 0, 0, x'', x'')";
                connection.execute(put, (rid, version)).unwrap();
            }
        }
        let cases: [&[(i64, u64)]; 6] = [
            &[(1, 1), (2, 1), (3, 1), (4, 1)],
            &[(1, 0), (1, 2), (1, 3), (3, 49), (3, 50), (4, 1), (5, 1), (6, 1), (6, 2), (6, 3)],
            &[(900, 1), (4, 1), (3, 20), (i64::MAX, 7), (3, 20), (1, 1), (i64::MIN, 1)],
            &[(3, 2), (3, 40), (4, 2), (5, 9), (900, 2)],
            &[(i64::MAX, 1), (i64::MAX, 7), (i64::MAX, 8)],
            &[],
        ];
        for asked in cases {
            let found = in_runs(&connection, sql::VERSIONS, asked, version_row).unwrap();
            let found: Vec<_> = found.into_iter().map(|row| row.map(|row| (row.rid, row.version))).collect();
            let mut point =
                connection.prepare("SELECT rid, version FROM version WHERE rid = ?1 AND version = ?2").unwrap();
            let pair = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let one = |asked: &(i64, u64)| point.query_row(*asked, pair).optional().unwrap();
            let expected: Vec<Option<(i64, u64)>> = asked.iter().map(one).collect();
            assert_eq!(found, expected, "{asked:?}");
        }
    }
}
