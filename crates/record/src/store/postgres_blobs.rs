//! Blobs in PostgreSQL: rows of 256 KiB each in a table of their own, written before the commit that names them.
//!
//! Each statement is a transaction of its own. What a crash cuts short is named by nobody, and a commit that names a
//! blob is flushed after everything the server has written before it, so the content needs no sync of its own.

use journal::Hash;

use super::StoredBlob;
use super::dialect::{self as sql, postgres};
use super::postgres::{PostgresReader, each, number, placed, stored, value};
use super::postgres_write::PostgresWriter;
use crate::error::Problem;

/// Bytes of one row.
const PART: usize = 256 << 10;
/// Rows that are written or read together.
const TOGETHER: usize = 16;

impl PostgresReader {
    pub(crate) async fn blobs(&self, digests: &[Hash]) -> Result<Vec<Option<StoredBlob>>, Problem> {
        let wanted: Vec<&[u8]> = digests.iter().map(Hash::as_slice).collect();
        let rows = self.query("reading blobs", postgres::BLOBS, &[&wanted]).await?;
        placed(digests.len(), &rows, |row| blob_row(row, 1))
    }

    pub(crate) async fn blobs_after(&self, after: &Hash, limit: usize) -> Result<Vec<StoredBlob>, Problem> {
        let rows = self.query("listing blobs", sql::BLOBS_AFTER, &[&after.as_slice(), &(limit as i64)]).await?;
        each(&rows, |row| blob_row(row, 0))
    }

    pub(crate) async fn count_blobs(&self, until: u64) -> Result<u64, Problem> {
        number(&self.query_one("counting blobs", sql::COUNT_BLOBS, &[&stored(until)]).await?, 0)
    }

    /// Keeps a content; repeated harmlessly.
    pub(crate) async fn put_blob(&self, digest: &Hash, bytes: &[u8]) -> Result<(), Problem> {
        // An empty content has one empty part: every content has a first one.
        let parts: Vec<&[u8]> = if bytes.is_empty() { vec![bytes] } else { bytes.chunks(PART).collect() };
        for (at, together) in parts.chunks(TOGETHER).enumerate() {
            let first = (at * TOGETHER) as i64;
            let numbers: Vec<i64> = (first..first + together.len() as i64).collect();
            let digest = digest.as_slice();
            self.query("writing a blob", postgres::PUT_BLOB_PARTS, &[&digest, &numbers, &together]).await?;
        }
        Ok(())
    }

    pub(crate) async fn blob_content(&self, digest: &Hash) -> Result<Option<Vec<u8>>, Problem> {
        let (mut content, mut first) = (None, 0i64);
        loop {
            let until = first + TOGETHER as i64;
            let digest = digest.as_slice();
            let rows = self.query("reading a blob", postgres::BLOB_PARTS, &[&digest, &first, &until]).await?;
            for row in &rows {
                content.get_or_insert_with(Vec::new).extend_from_slice(value(row, 0)?);
            }
            if rows.len() < TOGETHER {
                return Ok(content);
            }
            first = until;
        }
    }

    pub(crate) async fn has_blob_content(&self, digest: &Hash) -> Result<bool, Problem> {
        value(&self.query_one("looking a blob up", postgres::HAS_BLOB_PART, &[&digest.as_slice()]).await?, 0)
    }
}

impl PostgresWriter {
    pub(crate) fn blobs(&mut self, digests: &[Hash]) -> Result<Vec<Option<StoredBlob>>, Problem> {
        let wanted: Vec<&[u8]> = digests.iter().map(Hash::as_slice).collect();
        let rows = self.query("reading blobs", postgres::BLOBS, &[&wanted])?;
        placed(digests.len(), &rows, |row| blob_row(row, 1))
    }

    pub(crate) fn blob_contents(&mut self, first: u8) -> Result<Vec<Hash>, Problem> {
        let (low, high) = ([first], first.checked_add(1).map(|next| vec![next]));
        let rows = self.query("listing blobs", postgres::BLOB_CONTENTS, &[&low.as_slice(), &high])?;
        each(&rows, |row| digest(row, 0))
    }
}

fn blob_row(row: &tokio_postgres::Row, at: usize) -> Result<StoredBlob, Problem> {
    Ok(StoredBlob {
        digest: digest(row, at)?,
        salt: value(row, at + 1)?,
        length: number(row, at + 2)?,
        entry: number(row, at + 3)?,
    })
}

fn digest(row: &tokio_postgres::Row, at: usize) -> Result<Hash, Problem> {
    let bytes: &[u8] = value(row, at)?;
    bytes.try_into().map_err(|_| Problem::damaged("the digest of a blob does not have 32 bytes"))
}
