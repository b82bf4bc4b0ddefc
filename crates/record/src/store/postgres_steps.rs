//! What a batch changes in PostgreSQL, as statements with their values. Knows no connection: sending them, in which order
//! and in which transaction, is the business of `postgres_write`.

use std::collections::HashMap;

use tokio_postgres::types::ToSql;

use super::dialect::{self as sql, postgres};
use super::next_index::put_postgres_next;
use super::obligations::put_postgres;
use super::postgres::stored;
use super::trail::put_postgres_trail;
use super::{Batch, Hit, Located};

/// Up to so many rows are told from each other by their place in the columns, which takes less than opening each column.
const FEW_ROWS: usize = 32;
/// From so many on, rows of the index are copied in after the commit's statement: that takes a round trip more, and less
/// time for each row.
const COPIED_ROWS: usize = 2000;

/// A part of a commit's statement, and whether it is for few rows.
pub(super) type Part = (&'static str, bool);

/// Values of a statement.
pub(super) type Values<'b> = Vec<Box<dyn ToSql + Sync + Send + 'b>>;

/// One change of a commit with its values.
pub(super) struct Step<'b> {
    pub(super) sql: &'static str,
    pub(super) parameters: Values<'b>,
    /// Whether it is a part of the statement that moves the head. All its parts see what was there before the commit, in
    /// no order, so two of them never touch the same row.
    pub(super) joined: bool,
    /// Whether it has [`FEW_ROWS`] at most.
    pub(super) few: bool,
}

impl<'b> Step<'b> {
    /// A part of the statement that moves the head.
    pub(super) fn joined(sql: &'static str, parameters: Values<'b>) -> Step<'b> {
        Step { sql, parameters, joined: true, few: false }
    }

    /// A statement of its own after that, which sees what the steps before it changed.
    pub(super) fn after(sql: &'static str, parameters: Values<'b>) -> Step<'b> {
        Step { sql, parameters, joined: false, few: false }
    }
}

/// The values of steps, one behind the other.
pub(super) fn values<'v>(steps: &[&'v Step<'_>]) -> Vec<&'v (dyn ToSql + Sync)> {
    let all = steps.iter().flat_map(|step| &step.parameters);
    all.map(|value| value.as_ref() as &(dyn ToSql + Sync)).collect()
}

/// A column of numbers.
pub(super) fn numbers<'b, T>(rows: &'b [T], of: impl Fn(&'b T) -> i64) -> Box<dyn ToSql + Sync + Send + 'b> {
    Box::new(rows.iter().map(of).collect::<Vec<i64>>())
}

/// A column of bytes or text.
pub(super) fn bytes<'b, T>(rows: &'b [T], of: impl Fn(&'b T) -> &'b [u8]) -> Box<dyn ToSql + Sync + Send + 'b> {
    Box::new(rows.iter().map(of).collect::<Vec<&[u8]>>())
}

/// The statements that apply a batch, the head's first.
pub(super) fn put_steps(batch: &Batch) -> Vec<Step<'_>> {
    let mut steps = Vec::with_capacity(16);
    if let Some((from, to)) = &batch.head {
        let parameters: Values<'_> = vec![
            Box::new(stored(to.sequence)),
            Box::new(to.moment.0),
            Box::new(to.chain.as_slice()),
            Box::new(stored(to.desk)),
            Box::new(stored(to.epoch)),
            Box::new(stored(from.sequence)),
            Box::new(stored(from.epoch)),
            Box::new(stored(from.desk)),
        ];
        steps.push(Step::joined(postgres::MOVE_HEAD, parameters));
    }
    put_names(batch, &mut steps);
    put_resources(batch, &mut steps);
    put_versions(batch, &mut steps);
    put_rows(batch, &mut steps);
    put_postgres_next(batch, &mut steps);
    put_postgres(&batch.obligations, &mut steps);
    put_postgres_trail(&batch.trail, &batch.erased_whose, &mut steps);
    put_journal(batch, &mut steps);
    put_blobs(batch, &mut steps);
    put_desk(batch, &mut steps);
    if has_few_rows(batch) {
        steps.iter_mut().for_each(|step| step.few = true);
    }
    steps
}

/// Whether no table gets more than few rows.
fn has_few_rows(batch: &Batch) -> bool {
    let obligations = &batch.obligations;
    let rows = [
        batch.names.len(),
        batch.symbols.len(),
        batch.resources.len(),
        batch.versions.len(),
        batch.tallies.len(),
        batch.index_add.len(),
        batch.index_past.len(),
        batch.entries.len(),
        batch.tiles.len(),
        batch.kept_keys.len(),
        batch.dictionaries.len(),
        batch.blobs.len(),
        batch.desk_put.len(),
        obligations.add.len(),
        obligations.past.len(),
        batch.trail.len(),
        batch.erased_whose.len(),
    ];
    rows.into_iter().all(|rows| rows <= FEW_ROWS)
}

fn put_names<'b>(batch: &'b Batch, steps: &mut Vec<Step<'b>>) {
    let (names, symbols) = (&batch.names, &batch.symbols);
    if !names.is_empty() {
        let parameters = vec![
            numbers(names, |(list, _, _)| list.number()),
            numbers(names, |(_, number, _)| i64::from(*number)),
            bytes(names, |(_, _, name)| name.as_bytes()),
        ];
        steps.push(Step::joined(postgres::PUT_NAMES, parameters));
    }
    if !symbols.is_empty() {
        let parameters = vec![
            numbers(symbols, |(symbol, _, _)| i64::from(*symbol)),
            numbers(symbols, |(_, system, _)| i64::from(*system)),
            bytes(symbols, |(_, _, code)| code.as_bytes()),
        ];
        steps.push(Step::joined(postgres::PUT_SYMBOLS, parameters));
    }
}

/// New resources go in with the state that the batch leaves them in; the others are updated.
fn put_resources<'b>(batch: &'b Batch, steps: &mut Vec<Step<'b>>) {
    let mut states: HashMap<i64, Located> = batch.current.iter().map(|located| (located.rid, *located)).collect();
    let resources = &batch.resources;
    if !resources.is_empty() {
        let unseen = Located { rid: 0, version: 0, sequence: 0, live: false };
        let made: Vec<Located> = resources.iter().map(|(rid, _)| states.remove(rid).unwrap_or(unseen)).collect();
        let parameters = vec![
            numbers(resources, |(rid, _)| *rid),
            numbers(resources, |(_, (kind, _))| i64::from(*kind)),
            bytes(resources, |(_, (_, id))| id),
            column(&made, |located| stored(located.version)),
            column(&made, |located| stored(located.sequence)),
            column(&made, |located| i64::from(located.live)),
        ];
        steps.push(Step::joined(postgres::PUT_RESOURCES, parameters));
    }
    if !states.is_empty() {
        let mut changed: Vec<Located> = states.into_values().collect();
        changed.sort_unstable_by_key(|located| located.rid);
        let parameters = vec![
            column(&changed, |located| located.rid),
            column(&changed, |located| stored(located.version)),
            column(&changed, |located| stored(located.sequence)),
            column(&changed, |located| i64::from(located.live)),
        ];
        steps.push(Step::joined(postgres::PUT_CURRENT, parameters));
    }
}

/// A column of numbers of rows that are not kept.
fn column(rows: &[Located], of: impl Fn(&Located) -> i64) -> Box<dyn ToSql + Sync + Send + 'static> {
    Box::new(rows.iter().map(of).collect::<Vec<i64>>())
}

fn put_versions<'b>(batch: &'b Batch, steps: &mut Vec<Step<'b>>) {
    let (versions, erase) = (&batch.versions, &batch.erase);
    if !versions.is_empty() {
        let parameters = vec![
            numbers(versions, |version| version.rid),
            numbers(versions, |version| stored(version.version)),
            numbers(versions, |version| stored(version.sequence)),
            numbers(versions, |version| version.moment.0),
            numbers(versions, |version| i64::from(version.operation)),
            numbers(versions, |version| i64::from(version.seal)),
            numbers(versions, |version| i64::from(version.coding)),
            bytes(versions, |version| &version.salt),
            Box::new(versions.iter().map(|version| version.text.as_deref()).collect::<Vec<Option<&[u8]>>>()),
        ];
        steps.push(Step::joined(postgres::PUT_VERSIONS, parameters));
    }
    if !erase.is_empty() {
        let parameters = vec![
            Box::new(erase.iter().map(|(_, _, by)| by.to_be_bytes().to_vec()).collect::<Vec<_>>()),
            numbers(erase, |(rid, _, _)| *rid),
            numbers(erase, |(_, version, _)| stored(*version)),
        ];
        steps.push(Step::after(postgres::ERASE, parameters));
        let parameters = vec![numbers(erase, |(rid, _, _)| *rid), numbers(erase, |(_, version, _)| stored(*version))];
        steps.push(Step::after(postgres::ERASE_ENTRY_SALTS, parameters));
    }
    // One statement may change a row only once.
    let mut tallies: HashMap<u16, i64> = HashMap::new();
    for (kind, by) in &batch.tallies {
        *tallies.entry(*kind).or_default() += by;
    }
    if !tallies.is_empty() {
        let (kinds, by): (Vec<i64>, Vec<i64>) = tallies.into_iter().map(|(kind, by)| (i64::from(kind), by)).unzip();
        steps.push(Step::joined(postgres::PUT_TALLIES, vec![Box::new(kinds), Box::new(by)]));
    }
}

/// The rows that are copied rather than a part of the commit's statement.
pub(super) fn copied_rows(batch: &Batch) -> &[Hit] {
    if batch.index_add.len() < COPIED_ROWS || batch.next.is_some() { &[] } else { &batch.index_add }
}

fn put_rows<'b>(batch: &'b Batch, steps: &mut Vec<Step<'b>>) {
    let hits = |hits: &'b [Hit]| vec![bytes(hits, |(key, _)| key.as_slice()), numbers(hits, |(_, rid)| *rid)];
    // While another index is made, a row may end and begin in the same commit.
    let (put_rows, step): (_, fn(_, _) -> _) = match batch.next {
        Some(_) => (postgres::PUT_ROWS_BESIDE, Step::after),
        None => (postgres::PUT_ROWS, Step::joined),
    };
    if !batch.index_drop.is_empty() {
        steps.push(step(postgres::DROP_ROWS, hits(&batch.index_drop)));
    }
    if !batch.index_add.is_empty() && copied_rows(batch).is_empty() {
        steps.push(step(put_rows, hits(&batch.index_add)));
    }
    let (past, gone) = (&batch.index_past, &batch.past_drop);
    if !past.is_empty() {
        let parameters = vec![
            bytes(past, |past| &past.key),
            numbers(past, |past| past.rid),
            numbers(past, |past| stored(past.from)),
            numbers(past, |past| stored(past.to)),
            numbers(past, |past| i64::from(past.kept)),
        ];
        steps.push(Step::joined(postgres::PUT_PAST, parameters));
    }
    if !gone.is_empty() {
        let parameters = vec![
            bytes(gone, |(key, _, _)| key),
            numbers(gone, |(_, rid, _)| *rid),
            numbers(gone, |(_, _, from)| stored(*from)),
        ];
        steps.push(Step::after(postgres::DROP_PAST, parameters));
    }
}

fn put_journal<'b>(batch: &'b Batch, steps: &mut Vec<Step<'b>>) {
    let (entries, kept) = (&batch.entries, &batch.kept_keys);
    if !entries.is_empty() {
        let parameters = vec![
            numbers(entries, |entry| stored(entry.sequence)),
            numbers(entries, |entry| entry.moment.0),
            bytes(entries, |entry| &entry.salt),
            Box::new(entries.iter().map(|entry| sql::pack_rids(&entry.rids)).collect::<Vec<_>>()),
            bytes(entries, |entry| &entry.body),
        ];
        steps.push(Step::joined(postgres::PUT_ENTRIES, parameters));
    }
    if !batch.tiles.is_empty() {
        let parameters = vec![bytes(&batch.tiles, |(name, _)| name), bytes(&batch.tiles, |(_, hashes)| hashes)];
        steps.push(Step::joined(postgres::PUT_TILES, parameters));
    }
    if !kept.is_empty() {
        let parameters = vec![
            bytes(kept, |kept| kept.principal.as_bytes()),
            bytes(kept, |kept| kept.key.as_bytes()),
            numbers(kept, |kept| stored(kept.sequence)),
            bytes(kept, |kept| &kept.digest),
            numbers(kept, |kept| kept.moment.0),
        ];
        steps.push(Step::joined(postgres::PUT_KEPT_KEYS, parameters));
    }
    if !batch.dictionaries.is_empty() {
        let parameters = vec![
            numbers(&batch.dictionaries, |(number, _)| i64::from(*number)),
            bytes(&batch.dictionaries, |(_, bytes)| bytes),
        ];
        steps.push(Step::joined(postgres::PUT_DICTIONARIES, parameters));
    }
}

fn put_blobs<'b>(batch: &'b Batch, steps: &mut Vec<Step<'b>>) {
    let (put, erased, unnamed) = (&batch.blobs, &batch.blob_erase, &batch.blob_sweep);
    if !put.is_empty() {
        let parameters = vec![
            bytes(put, |blob| &blob.digest),
            bytes(put, |blob| &blob.salt),
            numbers(put, |blob| stored(blob.length)),
            numbers(put, |blob| stored(blob.entry)),
        ];
        steps.push(Step::joined(postgres::PUT_BLOBS, parameters));
    }
    if !erased.is_empty() {
        steps.push(Step::after(postgres::DROP_BLOBS, vec![bytes(erased, |digest| digest)]));
    }
    for gone in [erased, unnamed].into_iter().filter(|gone| !gone.is_empty()) {
        steps.push(Step::after(postgres::DROP_BLOB_PARTS, vec![bytes(gone, |digest| digest)]));
    }
}

fn put_desk<'b>(batch: &'b Batch, steps: &mut Vec<Step<'b>>) {
    let (put, gone) = (&batch.desk_put, &batch.desk_drop);
    if !put.is_empty() {
        let parameters = vec![
            bytes(put, |row| row.kind.as_bytes()),
            bytes(put, |row| row.key.as_bytes()),
            numbers(put, |row| stored(row.change)),
            Box::new(put.iter().map(|row| row.expires.map(|moment| moment.0)).collect::<Vec<_>>()),
            numbers(put, |row| i64::from(row.seal)),
            bytes(put, |row| &row.bytes),
        ];
        steps.push(Step::joined(postgres::PUT_DESK, parameters));
    }
    if !gone.is_empty() {
        let parameters = vec![bytes(gone, |(kind, _)| kind.as_bytes()), bytes(gone, |(_, key)| key.as_bytes())];
        steps.push(Step::joined(postgres::DROP_DESK, parameters));
    }
}
