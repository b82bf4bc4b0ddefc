//! Obligations as both stores keep them: current ones with the sequence since which they hold, past ones from and to.
//!
//! The statements are put together here, because what a question leaves open must not be part of them. Knows no kind
//! of obligation.

use rusqlite::types::{ToSql as SqliteValue, ToSqlOutput};
use rusqlite::{Connection, params};

use super::dialect as sql;
use super::postgres::{PostgresReader, each, number, stored, value};
use super::postgres_steps::{Step, bytes, numbers};
use super::postgres_write::PostgresWriter;
use super::sqlite::{SqliteReader, failed};
use super::sqlite_write::SqliteWriter;
use crate::error::Problem;

/// One obligation of an anchor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StoredObligation {
    /// Milliseconds.
    pub(crate) due: i64,
    /// Row number.
    pub(crate) anchor: i64,
    pub(crate) kind: String,
    pub(crate) owner: String,
    /// Row numbers of those whose the anchor is.
    pub(crate) subjects: Vec<i64>,
    /// The sequence since which it holds.
    pub(crate) from: u64,
}

/// Which obligations are wanted; what is `None` is left open.
#[derive(Debug, Clone, Default)]
pub(crate) struct ObligationFilter {
    pub(crate) kind: Option<String>,
    /// One of these, of which there is one at least.
    pub(crate) owners: Option<Vec<String>>,
    /// One of these, of which there is one at least.
    pub(crate) anchors: Option<Vec<i64>>,
    /// Due before, in milliseconds.
    pub(crate) before: Option<i64>,
}

/// What a batch does to the obligations, in this order.
#[derive(Debug, Default)]
pub(crate) struct ObligationChanges {
    pub(crate) drop: Vec<StoredObligation>,
    pub(crate) add: Vec<StoredObligation>,
    /// Those that ended, and at which sequence.
    pub(crate) past: Vec<(StoredObligation, u64)>,
    /// Past ones that an erasure takes with it: anchor, and the sequences from and before which they began.
    pub(crate) forget: Vec<(i64, u64, u64)>,
}

/// A value that a question compares with.
enum Given {
    Number(i64),
    Text(String),
}

impl StoredObligation {
    /// Before the first of all.
    pub(crate) fn before_all() -> StoredObligation {
        StoredObligation {
            due: i64::MIN,
            anchor: 0,
            kind: String::new(),
            owner: String::new(),
            subjects: Vec::new(),
            from: 0,
        }
    }
}

impl ObligationFilter {
    /// The conditions beside that on the sequence, which is the first value of the statement; and their values.
    fn conditions(&self) -> (String, Vec<Given>) {
        let mut given = Vec::new();
        let mut conditions = String::new();
        let mut add = |condition: &str, value: Option<Given>| {
            if let Some(value) = value {
                given.push(value);
                conditions.push_str(&format!(" AND {condition} ${}", given.len() + 1));
            }
        };
        add("kind =", self.kind.clone().map(Given::Text));
        add("due <", self.before.map(Given::Number));
        let mut among = |column: &str, mut values: Vec<Given>| {
            let places = (0..values.len()).map(|at| format!("${}", given.len() + 2 + at)).collect::<Vec<_>>();
            conditions.push_str(&format!(" AND {column} IN ({})", places.join(", ")));
            given.append(&mut values);
        };
        if let Some(owners) = &self.owners {
            among("owner", evened(owners).map(|owner| Given::Text(owner.clone())).collect());
        }
        if let Some(anchors) = &self.anchors {
            among("anchor", evened(anchors).map(|anchor| Given::Number(*anchor)).collect());
        }
        (conditions, given)
    }

    /// The statement for a page, and its values between the sequence and the limit.
    fn page(&self, after: &StoredObligation) -> (String, Vec<Given>) {
        let (conditions, mut given) = self.conditions();
        let sql = sql::obligations(&conditions, given.len() + 2);
        given.push(Given::Number(after.due));
        given.push(Given::Number(after.anchor));
        given.push(Given::Text(after.kind.clone()));
        given.push(Given::Text(after.owner.clone()));
        (sql, given)
    }
}

/// A list that is not empty, its last repeated up to the next power of two: lists of any length make few statements, each
/// prepared once.
fn evened<T>(list: &[T]) -> impl Iterator<Item = &T> {
    list.iter().chain(list.last().into_iter().cycle()).take(list.len().next_power_of_two())
}

impl SqliteValue for Given {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Given::Number(number) => number.to_sql(),
            Given::Text(text) => text.to_sql(),
        }
    }
}

impl Given {
    fn postgres(&self) -> Box<dyn tokio_postgres::types::ToSql + Sync + Send + '_> {
        match self {
            Given::Number(number) => Box::new(*number),
            Given::Text(text) => Box::new(text.as_bytes()),
        }
    }
}

impl SqliteReader {
    pub(crate) fn obligations(
        &self,
        filter: &ObligationFilter,
        after: &StoredObligation,
        at: u64,
        limit: usize,
    ) -> Result<Vec<StoredObligation>, Problem> {
        let (sql, given) = filter.page(after);
        let (at, limit) = (stored(at), limit as i64);
        let values = std::iter::once(&at as &dyn SqliteValue).chain(given.iter().map(|given| given as _));
        let values: Vec<&dyn SqliteValue> = values.chain([&limit as &dyn SqliteValue]).collect();
        self.with("listing obligations", |connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            statement.query_map(values.as_slice(), sqlite_row)?.collect()
        })
    }

    pub(crate) fn count_obligations(&self, filter: &ObligationFilter, at: u64) -> Result<u64, Problem> {
        let (conditions, given) = filter.conditions();
        let at = stored(at);
        let values = std::iter::once(&at as &dyn SqliteValue).chain(given.iter().map(|given| given as _));
        let values: Vec<&dyn SqliteValue> = values.collect();
        self.with("counting obligations", |connection| {
            let mut statement = connection.prepare_cached(&sql::count_obligations(&conditions))?;
            statement.query_row(values.as_slice(), |row| row.get(0))
        })
    }

    pub(crate) fn obligations_of(&self, anchors: &[i64], at: u64) -> Result<Vec<StoredObligation>, Problem> {
        self.with("reading obligations", |connection| {
            let transaction = connection.unchecked_transaction()?;
            let mut statement = transaction.prepare_cached(&sql::obligations_of("= $2"))?;
            let mut found = Vec::new();
            for anchor in anchors {
                for row in statement.query_map((stored(at), anchor), sqlite_row)? {
                    found.push(row?);
                }
            }
            Ok(found)
        })
    }
}

impl SqliteWriter {
    pub(crate) fn obligations_of(&mut self, anchors: &[i64]) -> Result<Vec<StoredObligation>, Problem> {
        let read = || {
            let mut statement = self.connection().prepare_cached(sql::CURRENT_OBLIGATIONS)?;
            let mut found = Vec::new();
            for anchor in anchors {
                for row in statement.query_map([anchor], sqlite_row)? {
                    found.push(row?);
                }
            }
            Ok(found)
        };
        read().map_err(failed("reading obligations"))
    }
}

fn sqlite_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<StoredObligation> {
    let packed: Vec<u8> = row.get(4)?;
    Ok(StoredObligation {
        anchor: row.get(0)?,
        kind: row.get(1)?,
        owner: row.get(2)?,
        due: row.get(3)?,
        subjects: sql::unpack_rids(&packed).unwrap_or_default(),
        from: row.get(5)?,
    })
}

/// Applies the changes in SQLite.
pub(super) fn put_sqlite(connection: &Connection, changes: &ObligationChanges) -> rusqlite::Result<()> {
    let mut gone = connection.prepare_cached(sql::DROP_OBLIGATION)?;
    for one in &changes.drop {
        gone.execute((one.anchor, &one.kind, &one.owner, one.due))?;
    }
    let mut put = connection.prepare_cached(sql::PUT_OBLIGATION)?;
    for one in &changes.add {
        let subjects = sql::pack_rids(&one.subjects);
        put.execute((one.anchor, &one.kind, &one.owner, one.due, subjects, one.from))?;
    }
    let mut past = connection.prepare_cached(sql::PUT_PAST_OBLIGATION)?;
    for (one, to) in &changes.past {
        let subjects = sql::pack_rids(&one.subjects);
        past.execute(params![one.anchor, one.kind, one.owner, one.due, subjects, one.from, to])?;
    }
    let mut forget = connection.prepare_cached(sql::FORGET_OBLIGATIONS)?;
    for (anchor, from, until) in &changes.forget {
        forget.execute((anchor, stored(*from), stored(*until)))?;
    }
    Ok(())
}

impl PostgresReader {
    pub(crate) async fn obligations(
        &self,
        filter: &ObligationFilter,
        after: &StoredObligation,
        at: u64,
        limit: usize,
    ) -> Result<Vec<StoredObligation>, Problem> {
        let (sql, given) = filter.page(after);
        let given: Vec<_> = given.iter().map(Given::postgres).collect();
        let (at, limit) = (stored(at), limit as i64);
        let mut values: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> = vec![&at];
        values.extend(given.iter().map(|given| given.as_ref() as &(dyn tokio_postgres::types::ToSql + Sync)));
        values.push(&limit);
        each(&self.query("listing obligations", &sql, &values).await?, postgres_row)
    }

    pub(crate) async fn count_obligations(&self, filter: &ObligationFilter, at: u64) -> Result<u64, Problem> {
        let (conditions, given) = filter.conditions();
        let given: Vec<_> = given.iter().map(Given::postgres).collect();
        let at = stored(at);
        let mut values: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> = vec![&at];
        values.extend(given.iter().map(|given| given.as_ref() as &(dyn tokio_postgres::types::ToSql + Sync)));
        number(&self.query_one("counting obligations", &sql::count_obligations(&conditions), &values).await?, 0)
    }

    pub(crate) async fn obligations_of(&self, anchors: &[i64], at: u64) -> Result<Vec<StoredObligation>, Problem> {
        let sql = sql::obligations_of("= ANY ($2)");
        each(&self.query("reading obligations", &sql, &[&stored(at), &anchors]).await?, postgres_row)
    }
}

impl PostgresWriter {
    pub(crate) fn obligations_of(&mut self, anchors: &[i64]) -> Result<Vec<StoredObligation>, Problem> {
        each(&self.query("reading obligations", sql::postgres::CURRENT_OBLIGATIONS, &[&anchors])?, postgres_row)
    }
}

fn postgres_row(row: &tokio_postgres::Row) -> Result<StoredObligation, Problem> {
    let text = |at: usize| -> Result<String, Problem> {
        String::from_utf8(value(row, at)?).map_err(|_| Problem::damaged("the name of an obligation is not text"))
    };
    Ok(StoredObligation {
        anchor: value(row, 0)?,
        kind: text(1)?,
        owner: text(2)?,
        due: value(row, 3)?,
        subjects: sql::unpack_rids(value(row, 4)?).unwrap_or_default(),
        from: number(row, 5)?,
    })
}

/// The statements that apply the changes in PostgreSQL.
pub(super) fn put_postgres<'b>(changes: &'b ObligationChanges, steps: &mut Vec<Step<'b>>) {
    let ObligationChanges { drop, add, past, forget } = changes;
    // One that goes may begin again with other subjects.
    let step = if drop.is_empty() { Step::joined } else { Step::after };
    if !drop.is_empty() {
        let parameters = vec![
            numbers(drop, |one| one.anchor),
            bytes(drop, |one| one.kind.as_bytes()),
            bytes(drop, |one| one.owner.as_bytes()),
            numbers(drop, |one| one.due),
        ];
        steps.push(Step::joined(sql::postgres::DROP_OBLIGATIONS, parameters));
    }
    if !add.is_empty() {
        let parameters = vec![
            numbers(add, |one| one.anchor),
            bytes(add, |one| one.kind.as_bytes()),
            bytes(add, |one| one.owner.as_bytes()),
            numbers(add, |one| one.due),
            Box::new(add.iter().map(|one| sql::pack_rids(&one.subjects)).collect::<Vec<_>>()),
            numbers(add, |one| stored(one.from)),
        ];
        steps.push(step(sql::postgres::PUT_OBLIGATIONS, parameters));
    }
    if !past.is_empty() {
        let parameters = vec![
            numbers(past, |(one, _)| one.anchor),
            bytes(past, |(one, _)| one.kind.as_bytes()),
            bytes(past, |(one, _)| one.owner.as_bytes()),
            numbers(past, |(one, _)| one.due),
            Box::new(past.iter().map(|(one, _)| sql::pack_rids(&one.subjects)).collect::<Vec<_>>()),
            numbers(past, |(one, _)| stored(one.from)),
            numbers(past, |(_, to)| stored(*to)),
        ];
        steps.push(Step::joined(sql::postgres::PUT_PAST_OBLIGATIONS, parameters));
    }
    if !forget.is_empty() {
        let parameters = vec![
            numbers(forget, |(anchor, _, _)| *anchor),
            numbers(forget, |(_, from, _)| stored(*from)),
            numbers(forget, |(_, _, until)| stored(*until)),
        ];
        steps.push(Step::after(sql::postgres::FORGET_OBLIGATIONS, parameters));
    }
}
