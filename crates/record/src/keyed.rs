//! The rows of a version with their keys, as far as these can be made before its turn.
//!
//! Numbers, once committed, never change, so whoever prepares a draft can make most keys beside the writer. A row that
//! names something new has none yet; the writer makes it when it gives that its number.

use std::ops::Deref;
use std::sync::Arc;

use terms::index::Row;

use crate::error::Problem;
use crate::indexing::SUBJECT;
use crate::keys::{PhysicalKey, first_row_number, row_key};
use crate::names::Names;
use crate::numbering::Numbering;

/// Rows, each with its key if that was known.
#[derive(Clone, Default)]
pub(crate) struct KeyedRows {
    rows: Arc<Vec<Row>>,
    keys: Vec<Option<PhysicalKey>>,
}

impl KeyedRows {
    /// The rows with the keys of those whose names all have numbers that are at hand.
    pub(crate) fn new(rows: Vec<Row>, names: &Names) -> KeyedRows {
        let known = names.known();
        let keys = rows.iter().map(|row| row_key(row, &known)).collect();
        KeyedRows { rows: Arc::new(rows), keys }
    }

    /// The rows, to be kept beside.
    pub(crate) fn share(&self) -> Arc<Vec<Row>> {
        self.rows.clone()
    }

    /// The rows that have no key yet.
    pub(crate) fn unnumbered(&self) -> impl Iterator<Item = &Row> + Clone {
        self.rows.iter().zip(&self.keys).filter(|(_, key)| key.is_none()).map(|(row, _)| row)
    }

    /// The rows that say whose the version is, each with the subject's row number where its key is known.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = (&Row, Option<i64>)> {
        let rows = self.rows.iter().zip(&self.keys).filter(|(row, _)| row.parameter == SUBJECT);
        rows.map(|(row, key)| (row, key.as_ref().and_then(|key| first_row_number(key))))
    }

    /// All keys; what had none was prepared by this numbering.
    pub(crate) fn into_keys(self, numbering: &mut Numbering) -> impl Iterator<Item = Result<PhysicalKey, Problem>> {
        let KeyedRows { rows, keys } = self;
        keys.into_iter().enumerate().map(move |(at, key)| match key {
            Some(key) => Ok(key),
            None => numbering.key(&rows[at]),
        })
    }
}

impl Deref for KeyedRows {
    type Target = [Row];

    fn deref(&self) -> &[Row] {
        &self.rows
    }
}
