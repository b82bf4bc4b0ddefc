//! The trail as both stores keep it: for each subject the entries that changed something of theirs, and whose the erased
//! texts were. Knows no reason why a subject belongs to a change; that is worked out above.

use rusqlite::{Connection, OptionalExtension as _};

use super::dialect as sql;
use super::postgres::{PostgresReader, each, number, placed, stored, value};
use super::postgres_steps::{Step, numbers};
use super::sqlite::SqliteReader;
use crate::error::Problem;

/// One entry that changed something of a subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TrailRow {
    /// Row number of the subject.
    pub(crate) subject: i64,
    pub(crate) sequence: u64,
    /// Row numbers of the changed resources that are the subject's, in order.
    pub(crate) rids: Vec<i64>,
}

/// Whose an erased text was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErasedWhose {
    pub(crate) rid: i64,
    pub(crate) version: u64,
    /// Row numbers, in order.
    pub(crate) subjects: Vec<i64>,
}

/// An entry of a subject's trail, with what it needs to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrailEntry {
    pub(crate) sequence: u64,
    /// Row numbers of the changed resources that are the subject's.
    pub(crate) rids: Vec<i64>,
    /// Row numbers of all that the entry changes, in the order of its changes.
    pub(crate) all: Vec<i64>,
    /// The entry's bytes.
    pub(crate) body: Vec<u8>,
}

impl SqliteReader {
    pub(crate) fn trail(&self, subject: i64, below: u64, limit: usize) -> Result<Vec<TrailEntry>, Problem> {
        self.with("reading the trail", |connection| {
            let entry = |row: &rusqlite::Row<'_>| {
                let (rids, all): (Vec<u8>, Vec<u8>) = (row.get(1)?, row.get(2)?);
                Ok(TrailEntry {
                    sequence: row.get(0)?,
                    rids: sql::unpack_rids(&rids).unwrap_or_default(),
                    all: sql::unpack_rids(&all).unwrap_or_default(),
                    body: row.get(3)?,
                })
            };
            let mut statement = connection.prepare_cached(sql::TRAIL)?;
            statement.query_map((subject, stored(below), limit as i64), entry)?.collect()
        })
    }

    pub(crate) fn trail_rows(&self, wanted: &[(i64, u64)]) -> Result<Vec<Option<Vec<i64>>>, Problem> {
        self.with("reading the trail", |connection| {
            let mut statement = connection.prepare_cached(sql::TRAIL_ROW)?;
            let mut find = |wanted: &(i64, u64)| statement.query_row(*wanted, packed).optional();
            wanted.iter().map(&mut find).collect()
        })
    }

    pub(crate) fn count_trail(&self, until: u64) -> Result<u64, Problem> {
        self.with("counting the trail", |c| c.prepare_cached(sql::COUNT_TRAIL)?.query_row([until], |row| row.get(0)))
    }

    pub(crate) fn erased_whose(&self, wanted: &[(i64, u64)]) -> Result<Vec<Option<Vec<i64>>>, Problem> {
        self.with("reading whose an erased text was", |connection| {
            let mut statement = connection.prepare_cached(sql::ERASED_WHOSE)?;
            let mut find = |wanted: &(i64, u64)| statement.query_row(*wanted, packed).optional();
            wanted.iter().map(&mut find).collect()
        })
    }
}

fn packed(row: &rusqlite::Row<'_>) -> rusqlite::Result<Vec<i64>> {
    let packed: Vec<u8> = row.get(0)?;
    Ok(sql::unpack_rids(&packed).unwrap_or_default())
}

/// Adds to the trail in SQLite.
pub(super) fn put_sqlite_trail(
    connection: &Connection,
    trail: &[TrailRow],
    erased: &[ErasedWhose],
) -> rusqlite::Result<()> {
    let mut put = connection.prepare_cached(sql::PUT_TRAIL)?;
    for row in trail {
        put.execute((row.subject, row.sequence, sql::pack_rids(&row.rids)))?;
    }
    let mut put = connection.prepare_cached(sql::PUT_ERASED_WHOSE)?;
    for one in erased {
        put.execute((one.rid, one.version, sql::pack_rids(&one.subjects)))?;
    }
    Ok(())
}

impl PostgresReader {
    pub(crate) async fn trail(&self, subject: i64, below: u64, limit: usize) -> Result<Vec<TrailEntry>, Problem> {
        let rows = self.query("reading the trail", sql::TRAIL, &[&subject, &stored(below), &(limit as i64)]).await?;
        each(&rows, |row| {
            Ok(TrailEntry {
                sequence: number(row, 0)?,
                rids: sql::unpack_rids(value(row, 1)?).unwrap_or_default(),
                all: sql::unpack_rids(value(row, 2)?).unwrap_or_default(),
                body: value(row, 3)?,
            })
        })
    }

    pub(crate) async fn trail_rows(&self, wanted: &[(i64, u64)]) -> Result<Vec<Option<Vec<i64>>>, Problem> {
        self.packed_of("reading the trail", sql::postgres::TRAIL_ROWS, wanted).await
    }

    pub(crate) async fn count_trail(&self, until: u64) -> Result<u64, Problem> {
        number(&self.query_one("counting the trail", sql::COUNT_TRAIL, &[&stored(until)]).await?, 0)
    }

    pub(crate) async fn erased_whose(&self, wanted: &[(i64, u64)]) -> Result<Vec<Option<Vec<i64>>>, Problem> {
        self.packed_of("reading whose an erased text was", sql::postgres::ERASED_WHOSE, wanted).await
    }

    /// Packed row numbers that are kept under pairs of numbers, in the order asked.
    async fn packed_of(
        &self,
        doing: &'static str,
        statement: &str,
        wanted: &[(i64, u64)],
    ) -> Result<Vec<Option<Vec<i64>>>, Problem> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let first: Vec<i64> = wanted.iter().map(|(first, _)| *first).collect();
        let second: Vec<i64> = wanted.iter().map(|(_, second)| stored(*second)).collect();
        let rows = self.query(doing, statement, &[&first, &second]).await?;
        placed(wanted.len(), &rows, |row| Ok(sql::unpack_rids(value(row, 1)?).unwrap_or_default()))
    }
}

/// The statements that add to the trail in PostgreSQL.
pub(super) fn put_postgres_trail<'b>(trail: &'b [TrailRow], erased: &'b [ErasedWhose], steps: &mut Vec<Step<'b>>) {
    if !trail.is_empty() {
        let parameters = vec![
            numbers(trail, |row| row.subject),
            numbers(trail, |row| stored(row.sequence)),
            Box::new(trail.iter().map(|row| sql::pack_rids(&row.rids)).collect::<Vec<_>>()),
        ];
        steps.push(Step::joined(sql::postgres::PUT_TRAIL, parameters));
    }
    if !erased.is_empty() {
        let parameters = vec![
            numbers(erased, |one| one.rid),
            numbers(erased, |one| stored(one.version)),
            Box::new(erased.iter().map(|one| sql::pack_rids(&one.subjects)).collect::<Vec<_>>()),
        ];
        steps.push(Step::joined(sql::postgres::PUT_ERASED_WHOSE, parameters));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use rusqlite::Connection;

    use super::super::schema::STEPS;
    use super::sql;

    #[test]
    fn a_subject_s_trail_is_found_by_its_key_and_each_entry_by_its_number() {
        let connection = Connection::open_in_memory().unwrap();
        for step in STEPS {
            connection.execute_batch(&sql::SQLITE.step(step)).unwrap();
        }
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", sql::TRAIL)).unwrap();
        let plan = statement.query_map((1, 100, 10), |row| row.get::<_, String>(3)).unwrap();
        let plan: Vec<String> = plan.map(Result::unwrap).collect();
        let has = |words: &str| plan.iter().any(|step| step.contains(words));
        assert!(has("SEARCH trail USING PRIMARY KEY (subject=? AND sequence<?)"), "{plan:?}");
        assert!(has("USING INTEGER PRIMARY KEY (rowid=?)"), "{plan:?}");
        // Only the rows of one page may be put in order.
        assert!(!has("SCAN entry") && !has("SCAN trail") && !has("SCAN e"), "{plan:?}");
    }
}
