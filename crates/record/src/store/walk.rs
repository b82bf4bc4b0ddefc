//! Whole tables read once, a bounded part at a time: all rows of the index and all past rows, to be compared with what
//! the texts call for. Each store gives them in the order in which it keeps them: SQLite by key, PostgreSQL block after
//! block as they came, so that neither looks a row up.

use rusqlite::Row;

use super::dialect::{self as sql, postgres};
use super::postgres::{PostgresReader, each, hit_row, value};
use super::sqlite::SqliteReader;
use super::{Hit, PastRow};
use crate::error::Problem;
use crate::keys::PhysicalKey;

/// Rows of SQLite that are read together.
const ROWS: i64 = 5_000;
/// Blocks of PostgreSQL that are read together; one has 8 KB.
const BLOCKS: i64 = 512;

/// How far a walk through a table is.
#[derive(Debug, Default)]
pub(crate) enum Walked {
    #[default]
    Nothing,
    /// Behind this row: key, row number and, of a past row, the sequence that made it.
    Row(PhysicalKey, i64, u64),
    /// At this block of so many.
    Block { next: i64, end: i64 },
}

impl SqliteReader {
    pub(crate) fn walk_index(&self, walked: &mut Walked) -> Result<Vec<Hit>, Problem> {
        let (key, rid, _) = walked.row();
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let hits: Vec<Hit> = self.with("reading the index", |connection| {
            connection.prepare_cached(sql::INDEX_AFTER)?.query_map((key, rid, ROWS), read)?.collect()
        })?;
        if let Some((key, rid)) = hits.last() {
            *walked = Walked::Row(key.clone(), *rid, 0);
        }
        Ok(hits)
    }

    pub(crate) fn walk_past(&self, walked: &mut Walked) -> Result<Vec<PastRow>, Problem> {
        let after = walked.row();
        let read = |row: &Row<'_>| {
            // Whatever was put there is compared, not refused.
            let number = |at| row.get::<_, i64>(at).map(|number| number as u64);
            Ok(PastRow { key: row.get(0)?, rid: row.get(1)?, from: number(2)?, to: number(3)?, kept: number(4)? != 0 })
        };
        let past: Vec<PastRow> = self.with("reading past rows", |connection| {
            let mut statement = connection.prepare_cached(sql::PAST_AFTER)?;
            statement.query_map((after.0, after.1, after.2, ROWS), read)?.collect()
        })?;
        if let Some(last) = past.last() {
            *walked = Walked::Row(last.key.clone(), last.rid, last.from);
        }
        Ok(past)
    }
}

impl Walked {
    /// The row that the next ones lie behind; below all when there is none.
    fn row(&self) -> (&[u8], i64, i64) {
        match self {
            Walked::Row(key, rid, from) => (key, *rid, *from as i64),
            Walked::Nothing | Walked::Block { .. } => (&[], i64::MIN, -1),
        }
    }
}

impl PostgresReader {
    pub(crate) async fn walk_index(&self, walked: &mut Walked) -> Result<Vec<Hit>, Problem> {
        each(&self.blocks("reading the index", ("idx", postgres::INDEX_BLOCKS), walked).await?, hit_row)
    }

    pub(crate) async fn walk_past(&self, walked: &mut Walked) -> Result<Vec<PastRow>, Problem> {
        each(&self.blocks("reading past rows", ("index_past", postgres::PAST_BLOCKS), walked).await?, past_row)
    }

    /// The rows in the next blocks of a table that hold some; none at its end.
    async fn blocks(
        &self,
        doing: &'static str,
        (table, sql): (&str, &str),
        walked: &mut Walked,
    ) -> Result<Vec<tokio_postgres::Row>, Problem> {
        let (mut next, end) = match walked {
            Walked::Block { next, end } => (*next, *end),
            Walked::Nothing | Walked::Row(..) => {
                (0, value(&self.query_one(doing, postgres::COUNT_BLOCKS, &[&table]).await?, 0)?)
            }
        };
        while next < end {
            let place = |block: i64| format!("({block},0)");
            let rows = self.query(doing, sql, &[&place(next), &place(next + BLOCKS)]).await?;
            next += BLOCKS;
            *walked = Walked::Block { next, end };
            if !rows.is_empty() {
                return Ok(rows);
            }
        }
        Ok(Vec::new())
    }
}

fn past_row(row: &tokio_postgres::Row) -> Result<PastRow, Problem> {
    // Whatever was put there is compared, not refused.
    let number = |at| value::<i64>(row, at).map(|number| number as u64);
    Ok(PastRow { key: value(row, 0)?, rid: value(row, 1)?, from: number(2)?, to: number(3)?, kept: number(4)? != 0 })
}
