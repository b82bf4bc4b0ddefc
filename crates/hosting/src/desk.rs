//! Typed rows of a record's desk: what must survive a restart but not for ever. Each is small JSON under a kind and a
//! key; what a row means is known by `credentials.rs`, `sessions.rs` and `tokens.rs`.

use record::{DeskChange, Record};
use serde::Serialize;
use serde::de::DeserializeOwned;
use terms::Moment;

use crate::failure::Failure;

/// Rows that one sweep looks at.
const MOST_SWEPT: usize = 10_000;

/// Rows that are listed for people.
const MOST_LISTED: usize = 10_000;

/// A row as read.
#[derive(Debug, Clone)]
pub(crate) struct Row<T> {
    pub(crate) value: T,
    /// Its change number, to replace exactly this state of it.
    pub(crate) change: u64,
}

/// One kind of row in one record's desk.
#[derive(Clone, Copy)]
pub(crate) struct Drawer<'a> {
    record: &'a Record,
    kind: &'static str,
}

impl<'a> Drawer<'a> {
    /// The rows of this kind.
    pub(crate) fn of(record: &'a Record, kind: &'static str) -> Drawer<'a> {
        Drawer { record, kind }
    }

    /// The row of a key. One that has expired may still be there; those who keep it know for how long it counts.
    pub(crate) async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<Row<T>>, Failure> {
        let Some(row) = self.record.desk_get(self.kind, key).await? else { return Ok(None) };
        self.read(&row.bytes).map(|value| Some(Row { value, change: row.change }))
    }

    /// Puts a row. With `over`, only if its change number is still that one (0: only if there is none); durable when
    /// this returns true.
    pub(crate) async fn put<T: Serialize>(
        &self,
        key: &str,
        value: &T,
        expires: Option<Moment>,
        over: Option<u64>,
    ) -> Result<bool, Failure> {
        let bytes = serde_json::to_vec(value).map_err(|error| Failure::problem("writing a row of the desk", &error))?;
        self.change(key, Some(bytes), expires, over).await
    }

    /// Removes a row, if it is there.
    pub(crate) async fn remove(&self, key: &str) -> Result<(), Failure> {
        self.change(key, None, None, None).await.map(drop)
    }

    /// The row whose key begins with `prefix`, if there is exactly one, with its key.
    pub(crate) async fn only<T: DeserializeOwned>(&self, prefix: &str) -> Result<Option<(String, T)>, Failure> {
        let rows = self.record.desk_list(self.kind, prefix, 2).await?;
        match rows.as_slice() {
            [row] => Ok(Some((row.key.clone(), self.read(&row.bytes)?))),
            _ => Ok(None),
        }
    }

    /// Every row, by key; at most ten thousand.
    pub(crate) async fn all<T: DeserializeOwned>(&self) -> Result<Vec<(String, T)>, Failure> {
        let rows = self.record.desk_list(self.kind, "", MOST_LISTED).await?;
        rows.into_iter().map(|row| Ok((row.key, self.read(&row.bytes)?))).collect()
    }

    /// How many rows there are, counted up to `most`.
    pub(crate) async fn count(&self, most: usize) -> Result<usize, Failure> {
        Ok(self.record.desk_list(self.kind, "", most).await?.len())
    }

    /// Removes rows that have expired.
    pub(crate) async fn sweep(&self, now: Moment) -> Result<(), Failure> {
        let rows = self.record.desk_list(self.kind, "", MOST_SWEPT).await?;
        for row in rows.iter().filter(|row| row.expires.is_some_and(|expires| expires <= now)) {
            self.remove(&row.key).await?;
        }
        Ok(())
    }

    async fn change(
        &self,
        key: &str,
        bytes: Option<Vec<u8>>,
        expires: Option<Moment>,
        over: Option<u64>,
    ) -> Result<bool, Failure> {
        let content = bytes.map(|bytes| (bytes, expires));
        let change = DeskChange { kind: self.kind.into(), key: key.into(), content, expected: over };
        let made = self.record.desk_put(vec![change]).await?;
        Ok(made.iter().all(|made| *made))
    }

    fn read<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, Failure> {
        serde_json::from_slice(bytes)
            .map_err(|error| Failure::problem(format_args!("reading a row of the desk ({})", self.kind), &error))
    }
}
