//! The desk: what must survive and move with a record but not for ever, such as sessions, credentials and drafts.
//!
//! Rows are (kind, key, change number, expiry, sealed bytes). A change is made only if the row's change number is the
//! expected one, so two writers never overwrite each other unseen.

use terms::Moment;

use crate::error::Problem;
use crate::store::{Batch, StoredDeskRow, WriterStore};

/// Kinds of rows that are of one store alone and do not move with the record.
pub(crate) const LOCAL: [&str; 2] = ["record", "check"];

/// A row of the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskRow {
    /// What it is, such as `session`.
    pub kind: String,
    /// Which one.
    pub key: String,
    /// Rises with every change on this desk.
    pub change: u64,
    /// When it stops to count; `None` for never.
    pub expires: Option<Moment>,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// A change of one row.
#[derive(Debug, Clone)]
pub struct DeskChange {
    /// What it is.
    pub kind: String,
    /// Which one.
    pub key: String,
    /// The new content and expiry; `None` removes the row.
    pub content: Option<(Vec<u8>, Option<Moment>)>,
    /// The change number the row must have: `Some(0)` when it must not exist, `None` for whatever there is.
    pub expected: Option<u64>,
}

impl From<StoredDeskRow> for DeskRow {
    fn from(row: StoredDeskRow) -> DeskRow {
        DeskRow { kind: row.kind, key: row.key, change: row.change, expires: row.expires, bytes: row.bytes }
    }
}

/// Adds changes to a batch; all of them or, when an expectation fails, none. One answer for each change.
pub(crate) fn desk_batch(
    changes: &[DeskChange],
    store: &mut WriterStore,
    batch: &mut Batch,
    number: &mut u64,
) -> Result<Vec<bool>, Problem> {
    let mut holds = Vec::with_capacity(changes.len());
    for change in changes {
        let found = current(change, store, batch)?;
        holds.push(change.expected.is_none_or(|expected| found == expected));
    }
    if holds.iter().all(|holds| *holds) {
        for change in changes {
            *number += 1;
            put(change, *number, batch);
        }
    }
    Ok(holds)
}

/// The change number of a row as the batch will leave it; 0 for none.
fn current(change: &DeskChange, store: &mut WriterStore, batch: &Batch) -> Result<u64, Problem> {
    let same = |row: &&StoredDeskRow| row.kind == change.kind && row.key == change.key;
    if let Some(row) = batch.desk_put.iter().rev().find(same) {
        return Ok(row.change);
    }
    if batch.desk_drop.iter().any(|(kind, key)| *kind == change.kind && *key == change.key) {
        return Ok(0);
    }
    Ok(store.desk_change(&change.kind, &change.key)?.unwrap_or(0))
}

fn put(change: &DeskChange, number: u64, batch: &mut Batch) {
    let same = |row: &StoredDeskRow| row.kind == change.kind && row.key == change.key;
    batch.desk_put.retain(|row| !same(row));
    match &change.content {
        Some((bytes, expires)) => {
            batch.desk_drop.retain(|(kind, key)| *kind != change.kind || *key != change.key);
            batch.desk_put.push(StoredDeskRow {
                kind: change.kind.clone(),
                key: change.key.clone(),
                change: number,
                expires: *expires,
                seal: 0,
                bytes: bytes.clone(),
            });
        }
        None => batch.desk_drop.push((change.kind.clone(), change.key.clone())),
    }
}
