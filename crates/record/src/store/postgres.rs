//! Reading a record kept in PostgreSQL: a schema for each trust, read by a few pooled connections.
//!
//! Every operation is one statement and so one round trip and one snapshot, however many keys it is asked for. A
//! statement whose connection was lost is asked once more on a fresh one; that is safe because it only reads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime, Timeouts};
use terms::Moment;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::dialect::{self as sql, postgres};
use super::postgres_session::{Address, failed, is_lost, unreachable};
use super::schema::STEPS;
use super::shortly::{Changed, Shortly};
use super::{Head, Hit, KeptKey, Located, NameList, StoredDeskRow, StoredEntry, StoredKey, StoredVersion};
use crate::error::Problem;
use crate::keys::KeyRange;
use crate::only_read::OnlyRead;

/// Most connections of one record's readers; more readers wait for one.
const MOST_CONNECTIONS: usize = 12;
/// How long a reader waits for a connection, and for one to be made.
const WAIT: Duration = Duration::from_secs(10);
/// Row numbers whose versions are counted by one statement.
const COUNTED_TOGETHER: i64 = 200_000;
/// Above every key in use: parameters are numbered far below 0xffff.
pub(super) const TOP: &[u8] = &[255, 255, 255, 255];

/// The parameters of a statement.
pub(super) type Parameters<'a> = [&'a (dyn ToSql + Sync)];

/// A scan in one direction, up to an end.
#[derive(Clone, Copy)]
struct Way<'e> {
    sql: &'static str,
    end: &'e [u8],
}

/// Reads of one record's schema.
pub(crate) struct PostgresReader {
    pool: Pool,
    /// Set when this is the only way to the schema: everything is then read in one state of it.
    only_read: Option<OnlyRead>,
}

impl PostgresReader {
    /// Readers of the schema at an address. Connects when first asked.
    pub(crate) fn open(address: &Address) -> Result<PostgresReader, Problem> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(address.reader(), address.tls(), recycling);
        let timeouts = Timeouts { wait: Some(WAIT), create: Some(WAIT), recycle: Some(WAIT) };
        let pool = Pool::builder(manager).max_size(MOST_CONNECTIONS).timeouts(timeouts).runtime(Runtime::Tokio1);
        let pool = pool.build().map_err(|error| Problem::store("making a pool of connections", error))?;
        Ok(PostgresReader { pool, only_read: None })
    }

    /// The one reader of a schema in which nothing may be changed: of a standby, or for a user who may do no more. One
    /// connection in one transaction, so that everything is of one state; once it is lost that state is gone, and every
    /// further question fails.
    ///
    /// # Errors
    /// [`Problem::Unsuitable`] when there are no tables that this user may read, they are of another release, or a host
    /// writes them.
    pub(crate) async fn open_one_state(address: &Address) -> Result<PostgresReader, Problem> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(address.only_read(), address.tls(), recycling);
        let has_begun = AtomicBool::new(false);
        let begin = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
            let again = has_begun.swap(true, Ordering::AcqRel);
            Box::pin(async move {
                if again {
                    return Err(HookError::message("the connection was lost, and the state that was read with it"));
                }
                client.batch_execute(postgres::ONE_STATE).await.map_err(HookError::Backend)
            })
        });
        // Who asks meanwhile waits for the one connection, however long that takes.
        let timeouts = Timeouts { wait: None, create: Some(WAIT), recycle: Some(WAIT) };
        let pool = Pool::builder(manager).max_size(1).timeouts(timeouts).runtime(Runtime::Tokio1).post_create(begin);
        let pool = pool.build().map_err(|error| Problem::store("making a pool of connections", error))?;
        match pool.get().await {
            Ok(_) => {}
            Err(PoolError::Backend(error)) => return Err(unreachable(error)),
            Err(error) => return Err(Problem::store("connecting to PostgreSQL", error)),
        }
        let mut reader = PostgresReader { pool, only_read: None };
        reader.only_read = Some(reader.may_be_read(address.schema()).await?);
        Ok(reader)
    }

    /// What whoever only reads this schema must know of it.
    async fn may_be_read(&self, schema: &str) -> Result<OnlyRead, Problem> {
        let doing = "looking for the record";
        let unsuitable = |what: String| Problem::Unsuitable { what };
        if !value::<bool>(&self.query_one(doing, postgres::HAS_TABLES, &[]).await?, 0)? {
            return Err(unsuitable(format!(
                "there are no tables in the schema {schema} of the PostgreSQL database that its user may read: GRANT USAGE \
                 ON SCHEMA {schema} and GRANT SELECT ON ALL TABLES IN SCHEMA {schema}"
            )));
        }
        let step: i64 = value(&self.query_one(doing, postgres::STEP, &[]).await?, 0)?;
        if step != STEPS.len() as i64 {
            return Err(unsuitable(format!(
                "its tables are of another release (step {step}, and this one has {}), and nothing is changed in them: use \
                 that release",
                STEPS.len()
            )));
        }
        let row = self.query_one(doing, postgres::WHO_WRITES, &[]).await?;
        if value(&row, 1)? {
            return Err(unsuitable(format!(
                "a host writes the schema {schema} of this PostgreSQL database: it is no copy. Ask that host, or read a \
                 standby or a restored backup"
            )));
        }
        Ok(OnlyRead { is_standby: value(&row, 0)? })
    }

    /// What must be known of it when it is only read.
    pub(crate) fn only_read(&self) -> Option<OnlyRead> {
        self.only_read
    }

    pub(super) async fn query(
        &self,
        doing: &'static str,
        sql: &str,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<Row>, Problem> {
        match self.query_once(sql, parameters).await {
            Err(PoolError::Backend(error)) if is_lost(&error) => {
                // The others were most likely lost with it.
                self.pool.retain(|_, _| false);
                self.query_once(sql, parameters).await
            }
            result => result,
        }
        .map_err(|error| match error {
            PoolError::Backend(error) => failed(doing)(error),
            error => Problem::store(doing, error),
        })
    }

    async fn query_once(&self, sql: &str, parameters: &Parameters<'_>) -> Result<Vec<Row>, PoolError> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(sql).await?;
        Ok(client.query(&statement, parameters).await?)
    }

    pub(super) async fn query_one(
        &self,
        doing: &'static str,
        sql: &str,
        parameters: &Parameters<'_>,
    ) -> Result<Row, Problem> {
        let row = self.query(doing, sql, parameters).await?.into_iter().next();
        row.ok_or_else(|| Problem::damaged(format!("a row is missing (while {doing})")))
    }

    async fn query_opt<T>(
        &self,
        doing: &'static str,
        sql: &str,
        parameters: &Parameters<'_>,
        decode: impl Fn(&Row) -> Result<T, Problem>,
    ) -> Result<Option<T>, Problem> {
        self.query(doing, sql, parameters).await?.first().map(decode).transpose()
    }

    pub(crate) async fn head(&self) -> Result<Head, Problem> {
        head_row(&self.query_one("reading the head", sql::HEAD, &[]).await?)
    }

    pub(crate) async fn past_from(&self) -> Result<u64, Problem> {
        number(&self.query_one("reading the head", sql::HEAD, &[]).await?, 5)
    }

    pub(crate) async fn names(&self, list: NameList) -> Result<Vec<(u32, String)>, Problem> {
        each(&self.query("reading names", sql::NAMES, &[&list.number()]).await?, name_row)
    }

    pub(crate) async fn symbol(&self, system: u32, code: &str) -> Result<Option<u32>, Problem> {
        let parameters: &Parameters<'_> = &[&code.as_bytes(), &i64::from(system)];
        self.query_opt("reading a symbol", sql::SYMBOL, parameters, |row| number(row, 0)).await
    }

    pub(crate) async fn symbols(&self, wanted: &[(u32, String)]) -> Result<Vec<Option<u32>>, Problem> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let (systems, codes) = code_columns(wanted);
        let rows = self.query("reading symbols", postgres::SYMBOLS, &[&systems, &codes]).await?;
        placed(wanted.len(), &rows, |row| number(row, 1))
    }

    pub(crate) async fn symbols_of(&self, code: &str) -> Result<Vec<(u32, u32)>, Problem> {
        each(&self.query("reading symbols", sql::SYMBOLS_OF, &[&code.as_bytes()]).await?, symbol_row)
    }

    pub(crate) async fn locate(&self, keys: &[StoredKey]) -> Result<Vec<Option<Located>>, Problem> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let (kinds, ids) = key_columns(keys);
        let rows = self.query("locating resources", postgres::LOCATE, &[&kinds, &ids]).await?;
        placed(keys.len(), &rows, |row| located_row(row, 1))
    }

    pub(crate) async fn keys(&self, rids: &[i64]) -> Result<Vec<Option<StoredKey>>, Problem> {
        if rids.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.query("reading keys", postgres::RESOURCE_KEYS, &[&rids]).await?;
        placed(rids.len(), &rows, |row| Ok((number(row, 1)?, value(row, 2)?)))
    }

    pub(crate) async fn versions_at(&self, rids: &[i64], at: u64) -> Result<Vec<Option<StoredVersion>>, Problem> {
        let doing = "reading versions";
        match rids {
            [] => Ok(Vec::new()),
            [rid] => {
                let parameters: &Parameters<'_> = &[rid, &stored(at)];
                Ok(vec![self.query_opt(doing, sql::VERSION_AT, parameters, |row| version_row(row, 0)).await?])
            }
            rids => {
                let rows = self.query(doing, postgres::VERSIONS_AT, &[&rids, &stored(at)]).await?;
                placed(rids.len(), &rows, |row| version_row(row, 1))
            }
        }
    }

    pub(crate) async fn versions(&self, wanted: &[(i64, u64)]) -> Result<Vec<Option<StoredVersion>>, Problem> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let rids: Vec<i64> = wanted.iter().map(|(rid, _)| *rid).collect();
        let versions: Vec<i64> = wanted.iter().map(|(_, version)| stored(*version)).collect();
        let rows = self.query("reading versions", postgres::VERSIONS, &[&rids, &versions]).await?;
        placed(wanted.len(), &rows, |row| version_row(row, 1))
    }

    pub(crate) async fn history(&self, rid: i64, below: u64, limit: usize) -> Result<Vec<StoredVersion>, Problem> {
        let parameters: &Parameters<'_> = &[&rid, &stored(below), &(limit as i64)];
        each(&self.query("reading history", sql::HISTORY, parameters).await?, |row| version_row(row, 0))
    }

    pub(crate) async fn all_versions(&self, after: (i64, u64), limit: usize) -> Result<Vec<StoredVersion>, Problem> {
        let parameters: &Parameters<'_> = &[&after.0, &stored(after.1), &(limit as i64)];
        each(&self.query("reading all versions", sql::ALL_VERSIONS, parameters).await?, |row| version_row(row, 0))
    }

    pub(crate) async fn resources(&self, after: i64, limit: usize) -> Result<Vec<(Located, StoredKey)>, Problem> {
        let rows = self.query("listing resources", sql::RESOURCES, &[&after, &(limit as i64)]).await?;
        each(&rows, |row| Ok((located_row(row, 0)?, (number(row, 4)?, value(row, 5)?))))
    }

    /// Counted in parts, so that no statement runs for long.
    pub(crate) async fn count_versions(&self, until: u64) -> Result<u64, Problem> {
        let doing = "counting versions";
        let highest: i64 = value(&self.query_one(doing, sql::HIGHEST, &[]).await?, 0)?;
        let (mut count, mut from) = (0, 0);
        while from < highest {
            let to = from + COUNTED_TOGETHER;
            let part = self.query_one(doing, postgres::COUNT_VERSIONS, &[&stored(until), &from, &to]).await?;
            count += number::<u64>(&part, 0)?;
            from = to;
        }
        Ok(count)
    }

    pub(crate) async fn scan(
        &self,
        range: &KeyRange,
        after: Option<&Hit>,
        at: u64,
        limit: usize,
    ) -> Result<Vec<Hit>, Problem> {
        let high = range.high.as_deref().unwrap_or(TOP);
        let (key, rid) = match after {
            Some((key, rid)) if key.as_slice() >= range.low.as_slice() => (key.as_slice(), *rid),
            _ => (range.low.as_slice(), -1),
        };
        let way = Way { sql: postgres::SCAN, end: high };
        self.scan_on(way, Shortly::new(false, limit), Some((key.to_vec(), rid)), at, limit).await
    }

    pub(crate) async fn scan_down(
        &self,
        range: &KeyRange,
        before: Option<&Hit>,
        at: u64,
        limit: usize,
    ) -> Result<Vec<Hit>, Problem> {
        let high = range.high.as_deref().unwrap_or(TOP);
        let (key, rid) = match before {
            Some((key, rid)) if key.as_slice() < high => (key.as_slice(), *rid),
            _ => (high, -1),
        };
        let way = Way { sql: postgres::SCAN_DOWN, end: &range.low };
        self.scan_on(way, Shortly::new(true, limit), Some((key.to_vec(), rid)), at, limit).await
    }

    /// Each part is of a snapshot of its own: which rows hold at the sequence is the same in all of them.
    async fn scan_on(
        &self,
        way: Way<'_>,
        mut shortly: Shortly,
        mut place: Option<Hit>,
        at: u64,
        limit: usize,
    ) -> Result<Vec<Hit>, Problem> {
        while let Some((key, rid)) = place {
            let parameters: &Parameters<'_> = &[&key, &rid, &way.end, &stored(at), &(limit as i64)];
            let rows = self.query("scanning the index", way.sql, parameters).await?;
            let mut changed = Changed::default();
            let mut now = Vec::with_capacity(rows.len());
            for row in &rows {
                scanned(row, 0, &mut shortly, &mut now, &mut changed)?;
            }
            place = shortly.now(now, &changed);
        }
        Ok(shortly.rows())
    }

    pub(crate) async fn scan_each(&self, ranges: &[KeyRange], at: u64, limit: usize) -> Result<Vec<Vec<Hit>>, Problem> {
        if let [range] = ranges {
            return Ok(vec![self.scan(range, None, at, limit).await?]);
        }
        let (lows, highs) = range_columns(ranges);
        let parameters: &Parameters<'_> = &[&lows, &highs, &stored(at), &(limit as i64)];
        let mut parts: Vec<(Shortly, Vec<Hit>)> =
            ranges.iter().map(|_| (Shortly::new(false, limit), Vec::new())).collect();
        let mut changed = Changed::default();
        for row in self.query("scanning the index", postgres::SCAN_EACH, parameters).await? {
            // What was changed since is of no range: any may take it.
            let place: usize = number::<usize>(&row, 0)?.saturating_sub(1);
            if let Some((shortly, now)) = parts.get_mut(place) {
                scanned(&row, 1, shortly, now, &mut changed)?;
            }
        }
        let mut found = Vec::with_capacity(ranges.len());
        for (range, (mut shortly, now)) in ranges.iter().zip(parts) {
            let place = shortly.now(now, &changed);
            let end = range.high.as_deref().unwrap_or(TOP);
            let way = Way { sql: postgres::SCAN, end };
            found.push(self.scan_on(way, shortly, place, at, limit).await?);
        }
        Ok(found)
    }

    pub(crate) async fn estimate(&self, ranges: &[KeyRange], most: usize) -> Result<usize, Problem> {
        let (lows, highs) = range_columns(ranges);
        let parameters: &Parameters<'_> = &[&lows, &highs, &(most as i64)];
        number(&self.query_one("sizing ranges", postgres::ESTIMATE, parameters).await?, 0)
    }

    pub(crate) async fn count_range(&self, range: &KeyRange, kind: u16, at: u64) -> Result<u64, Problem> {
        let high = range.high.as_deref().unwrap_or(TOP);
        let parameters: &Parameters<'_> = &[&range.low, &high, &i64::from(kind), &stored(at)];
        number(&self.query_one("counting a range", sql::COUNT_RANGE, parameters).await?, 0)
    }

    pub(crate) async fn entries(&self, from: u64, limit: usize) -> Result<Vec<StoredEntry>, Problem> {
        each(&self.query("reading entries", sql::ENTRIES, &[&stored(from), &(limit as i64)]).await?, entry_row)
    }

    pub(crate) async fn entries_outside(&self, limit: usize) -> Result<Vec<i64>, Problem> {
        let doing = "looking for entries outside the journal";
        each(&self.query(doing, sql::ENTRIES_OUTSIDE, &[&(limit as i64)]).await?, |row| value(row, 0))
    }

    pub(crate) async fn first_at_or_after(&self, moment: Moment) -> Result<u64, Problem> {
        number(&self.query_one("finding a moment", postgres::FIRST_AT_OR_AFTER, &[&moment.0]).await?, 0)
    }

    pub(crate) async fn kept_key(&self, principal: &str, key: &str) -> Result<Option<KeptKey>, Problem> {
        let parameters: &Parameters<'_> = &[&principal.as_bytes(), &key.as_bytes()];
        self.query_opt("looking a retry up", sql::KEPT_KEY, parameters, kept_key_row).await
    }

    pub(crate) async fn tallies(&self) -> Result<Vec<(u16, u64)>, Problem> {
        each(&self.query("reading tallies", sql::TALLIES, &[]).await?, |row| Ok((number(row, 0)?, number(row, 1)?)))
    }

    pub(crate) async fn tally_as_at(&self, kind: u16, at: u64) -> Result<Option<u64>, Problem> {
        let parameters: &Parameters<'_> = &[&i64::from(kind), &stored(at)];
        self.query_opt("reading a tally", sql::TALLY_AS_AT, parameters, |row| number(row, 0)).await
    }

    pub(crate) async fn dictionaries(&self) -> Result<Vec<(u32, Vec<u8>)>, Problem> {
        each(&self.query("reading dictionaries", sql::DICTIONARIES, &[]).await?, dictionary_row)
    }

    pub(crate) async fn tile(&self, name: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
        self.query_opt("reading a tile", sql::TILE, &[&name], |row| value(row, 0)).await
    }

    pub(crate) async fn desk_get(&self, kind: &str, key: &str) -> Result<Option<StoredDeskRow>, Problem> {
        let parameters: &Parameters<'_> = &[&kind.as_bytes(), &key.as_bytes()];
        self.query_opt("reading the desk", sql::DESK_GET, parameters, desk_row).await
    }

    pub(crate) async fn desk_list(
        &self,
        kind: &str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<StoredDeskRow>, Problem> {
        let high = format!("{prefix}\u{10ffff}");
        let parameters: &Parameters<'_> = &[&kind.as_bytes(), &prefix.as_bytes(), &high.as_bytes(), &(limit as i64)];
        each(&self.query("listing the desk", sql::DESK_LIST, parameters).await?, desk_row)
    }

    pub(crate) async fn desk_since(&self, change: u64, limit: usize) -> Result<Vec<StoredDeskRow>, Problem> {
        let parameters: &Parameters<'_> = &[&stored(change), &(limit as i64)];
        each(&self.query("listing the desk", sql::DESK_SINCE, parameters).await?, desk_row)
    }

    pub(crate) async fn size(&self) -> Result<u64, Problem> {
        number(&self.query_one("asking for the size", postgres::SIZE, &[]).await?, 0)
    }
}

/// A row of a scan, its columns from one on.
fn scanned(
    row: &Row,
    column: usize,
    shortly: &mut Shortly,
    now: &mut Vec<Hit>,
    changed: &mut Changed,
) -> Result<(), Problem> {
    let hit = || Ok::<_, Problem>((value(row, column + 1)?, value(row, column + 2)?));
    match value(row, column)? {
        postgres::OF_NOW => now.push(hit()?),
        postgres::VALID => shortly.valid([hit()?]),
        _ => changed.add(value(row, column + 1)?),
    }
    Ok(())
}

/// A number as PostgreSQL keeps it; what is above its range means "no bound" and stays above everything.
pub(super) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A stored number in the range of its type.
pub(super) fn number<T: TryFrom<i64>>(row: &Row, at: usize) -> Result<T, Problem> {
    let number: i64 = value(row, at)?;
    T::try_from(number).map_err(|_| Problem::damaged(format!("column {at} holds {number}, which cannot be")))
}

/// A stored value as it is.
pub(super) fn value<'r, T: tokio_postgres::types::FromSql<'r>>(row: &'r Row, at: usize) -> Result<T, Problem> {
    row.try_get(at).map_err(|error| Problem::store("reading a row", error))
}

fn text(row: &Row, at: usize) -> Result<String, Problem> {
    String::from_utf8(value(row, at)?).map_err(|_| Problem::damaged(format!("column {at} is not text")))
}

/// All rows, decoded.
pub(super) fn each<T>(rows: &[Row], decode: impl Fn(&Row) -> Result<T, Problem>) -> Result<Vec<T>, Problem> {
    rows.iter().map(decode).collect()
}

/// Rows that begin with their place (from 1) among `count` things asked for, in that order.
pub(super) fn placed<T>(
    count: usize,
    rows: &[Row],
    decode: impl Fn(&Row) -> Result<T, Problem>,
) -> Result<Vec<Option<T>>, Problem> {
    let mut found: Vec<Option<T>> = std::iter::repeat_with(|| None).take(count).collect();
    for row in rows {
        let place: usize = number(row, 0)?;
        if let Some(slot) = found.get_mut(place.wrapping_sub(1)) {
            *slot = Some(decode(row)?);
        }
    }
    Ok(found)
}

/// The two columns of stored keys.
pub(super) fn key_columns(keys: &[StoredKey]) -> (Vec<i64>, Vec<&[u8]>) {
    keys.iter().map(|(kind, id)| (i64::from(*kind), id.as_slice())).unzip()
}

/// The two columns of codes.
pub(super) fn code_columns(codes: &[(u32, String)]) -> (Vec<i64>, Vec<&[u8]>) {
    codes.iter().map(|(system, code)| (i64::from(*system), code.as_bytes())).unzip()
}

/// The two ends of ranges.
fn range_columns(ranges: &[KeyRange]) -> (Vec<&[u8]>, Vec<&[u8]>) {
    ranges.iter().map(|range| (range.low.as_slice(), range.high.as_deref().unwrap_or(TOP))).unzip()
}

pub(super) fn head_row(row: &Row) -> Result<Head, Problem> {
    let chain: &[u8] = value(row, 3)?;
    Ok(Head {
        sequence: number(row, 0)?,
        epoch: number(row, 1)?,
        moment: Moment(value(row, 2)?),
        chain: chain.try_into().map_err(|_| Problem::damaged("the head's hash does not have 32 bytes"))?,
        desk: number(row, 4)?,
    })
}

pub(super) fn located_row(row: &Row, at: usize) -> Result<Located, Problem> {
    Ok(Located {
        rid: value(row, at)?,
        version: number(row, at + 1)?,
        sequence: number(row, at + 2)?,
        live: value::<i64>(row, at + 3)? != 0,
    })
}

pub(super) fn hit_row(row: &Row) -> Result<Hit, Problem> {
    Ok((value(row, 0)?, value(row, 1)?))
}

pub(super) fn name_row(row: &Row) -> Result<(u32, String), Problem> {
    Ok((number(row, 0)?, text(row, 1)?))
}

pub(super) fn symbol_row(row: &Row) -> Result<(u32, u32), Problem> {
    Ok((number(row, 0)?, number(row, 1)?))
}

pub(super) fn dictionary_row(row: &Row) -> Result<(u32, Vec<u8>), Problem> {
    Ok((number(row, 0)?, value(row, 1)?))
}

pub(super) fn kept_key_row(row: &Row) -> Result<KeptKey, Problem> {
    Ok(KeptKey {
        principal: text(row, 0)?,
        key: text(row, 1)?,
        sequence: number(row, 2)?,
        digest: value(row, 3)?,
        moment: Moment(value(row, 4)?),
    })
}

fn version_row(row: &Row, at: usize) -> Result<StoredVersion, Problem> {
    Ok(StoredVersion {
        rid: value(row, at)?,
        version: number(row, at + 1)?,
        sequence: number(row, at + 2)?,
        moment: Moment(value(row, at + 3)?),
        operation: number(row, at + 4)?,
        seal: number(row, at + 5)?,
        coding: number(row, at + 6)?,
        salt: value(row, at + 7)?,
        text: value(row, at + 8)?,
    })
}

fn entry_row(row: &Row) -> Result<StoredEntry, Problem> {
    let rids = sql::unpack_rids(value(row, 3)?).unwrap_or_default();
    Ok(StoredEntry {
        sequence: number(row, 0)?,
        moment: Moment(value(row, 1)?),
        salt: value(row, 2)?,
        body: value(row, 4)?,
        rids,
    })
}

fn desk_row(row: &Row) -> Result<StoredDeskRow, Problem> {
    Ok(StoredDeskRow {
        kind: text(row, 0)?,
        key: text(row, 1)?,
        change: number(row, 2)?,
        expires: value::<Option<i64>>(row, 3)?.map(Moment),
        seal: number(row, 4)?,
        bytes: value(row, 5)?,
    })
}
