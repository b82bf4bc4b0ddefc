//! The index that is being made beside the one in use: its tables are there only meanwhile. Commits add to both; the
//! part that is made from older versions gives way to theirs. At the end the tables change names in one transaction.

use rusqlite::Connection;

use super::dialect as sql;
use super::postgres_steps::{Step, bytes, numbers, put_steps};
use super::postgres_write::PostgresWriter;
use super::schema::NEXT_TABLES;
use super::sqlite::failed;
use super::sqlite_write::SqliteWriter;
use super::{Batch, Head, Hit, PastRow};
use crate::error::Problem;

/// What happens to the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IndexTables {
    /// Empty ones are made beside those in use; what an earlier attempt left is dropped.
    Begin,
    /// They take the place of those in use.
    Swap,
    /// Those that were in use are dropped.
    DropOld,
}

impl IndexTables {
    fn sql(self, dialect: &sql::Dialect) -> String {
        match self {
            IndexTables::Begin => format!("{} {} {}", sql::DROP_OLD, sql::DROP_NEXT, dialect.step(NEXT_TABLES)),
            IndexTables::Swap => format!("{} {};", sql::SWAP, sql::FORGET_PAST),
            IndexTables::DropOld => sql::DROP_OLD.to_owned(),
        }
    }
}

impl SqliteWriter {
    pub(crate) fn index_tables(&mut self, what: IndexTables, head: &Head) -> Result<(), Problem> {
        self.begin()?;
        let changed = self.connection().execute_batch(&what.sql(&sql::SQLITE));
        changed.map_err(failed("changing the tables of the index"))?;
        self.commit(&Batch { head: Some((head.clone(), head.clone())), ..Batch::default() })
    }
}

impl PostgresWriter {
    pub(crate) fn index_tables(&mut self, what: IndexTables, head: &Head) -> Result<(), Problem> {
        let doing = "changing the tables of the index";
        self.begin()?;
        let batch = Batch { head: Some((head.clone(), head.clone())), ..Batch::default() };
        self.write(doing, &put_steps(&batch), false)?;
        self.define(doing, &what.sql(&sql::POSTGRES))?;
        self.write(doing, &[], true)
    }
}

/// Adds what a batch changes to the tables being made, and what was made for them alone.
pub(super) fn put_sqlite_next(connection: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    if batch.next.is_none() {
        return Ok(());
    }
    let mut drop_row = connection.prepare_cached(sql::DROP_NEXT_ROW)?;
    for (key, rid) in &batch.index_drop {
        drop_row.execute((key, rid))?;
    }
    let mut put_row = connection.prepare_cached(sql::PUT_NEXT_ROW)?;
    for (key, rid) in batch.index_add.iter().chain(&batch.next_add) {
        put_row.execute((key, rid))?;
    }
    let mut put_past = connection.prepare_cached(sql::PUT_NEXT_PAST)?;
    for past in batch.index_past.iter().filter(|past| past.kept).chain(&batch.next_past) {
        put_past.execute((&past.key, past.rid, past.from, past.to, past.kept))?;
    }
    let mut drop_past = connection.prepare_cached(sql::DROP_NEXT_PAST)?;
    for (key, rid, from) in &batch.past_drop {
        drop_past.execute((key, rid, from))?;
    }
    Ok(())
}

/// The same as statements for PostgreSQL.
pub(super) fn put_postgres_next<'b>(batch: &'b Batch, steps: &mut Vec<Step<'b>>) {
    if batch.next.is_none() {
        return;
    }
    let hits = |hits: &'b [Hit]| vec![bytes(hits, |(key, _)| key.as_slice()), numbers(hits, |(_, rid)| *rid)];
    if !batch.index_drop.is_empty() {
        steps.push(Step::after(sql::postgres::DROP_NEXT_ROWS, hits(&batch.index_drop)));
    }
    for added in [&batch.index_add, &batch.next_add].into_iter().filter(|added| !added.is_empty()) {
        steps.push(Step::after(sql::postgres::PUT_NEXT_ROWS, hits(added)));
    }
    for past in [&batch.index_past, &batch.next_past].into_iter().filter(|past| !past.is_empty()) {
        let parameters = vec![
            bytes(past, |past: &PastRow| &past.key),
            numbers(past, |past| past.rid),
            numbers(past, |past| past.from as i64),
            numbers(past, |past| past.to as i64),
            numbers(past, |past| i64::from(past.kept)),
        ];
        steps.push(Step::after(sql::postgres::PUT_NEXT_PAST, parameters));
    }
    if !batch.past_drop.is_empty() {
        let gone = &batch.past_drop;
        let parameters = vec![
            bytes(gone, |(key, _, _)| key),
            numbers(gone, |(_, rid, _)| *rid),
            numbers(gone, |(_, _, from)| *from as i64),
        ];
        steps.push(Step::after(sql::postgres::DROP_NEXT_PAST, parameters));
    }
}
