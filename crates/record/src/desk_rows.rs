//! The desk as it follows a record from host to host: rows in the order of their changes, with the numbers that they have
//! there, and a digest by which two desks are compared. What is of one store alone stays where it is.

use access::Permit;
use sha2::{Digest as _, Sha256};

use crate::apply::hand_over::DeskPart;
use crate::apply::host_only;
use crate::desk::{DeskRow, LOCAL};
use crate::error::Problem;
use crate::record::Record;
use crate::store::StoredDeskRow;

/// Rows that are read together.
const PART: usize = 1000;

impl Record {
    /// The next rows of the desk that were changed after this change, without those that are of this store alone.
    pub async fn desk_since(&self, permit: &Permit, change: u64) -> Result<DeskPart, Problem> {
        host_only(permit, "to move a desk")?;
        let stored = self.inner().store.desk_since(change, PART).await?;
        let (until, more) = (stored.last().map_or(change, |row| row.change), stored.len() == PART);
        let rows = stored.into_iter().map(DeskRow::from).filter(|row| !LOCAL.contains(&row.kind.as_str())).collect();
        Ok(DeskPart { rows, until, more })
    }

    /// Keeps rows that came from the host that is followed, and drops those that are gone there.
    pub async fn receive_desk(
        &self,
        permit: &Permit,
        rows: Vec<DeskRow>,
        gone: Vec<(String, String)>,
    ) -> Result<(), Problem> {
        host_only(permit, "to move a desk")?;
        let is_local = |kind: &str| LOCAL.contains(&kind);
        if rows.iter().any(|row| is_local(&row.kind)) || gone.iter().any(|(kind, _)| is_local(kind)) {
            return Err(Problem::Unsuitable { what: "a row came that is of one store alone".into() });
        }
        if rows.is_empty() && gone.is_empty() {
            return Ok(());
        }
        let stored = |row: DeskRow| StoredDeskRow {
            kind: row.kind,
            key: row.key,
            change: row.change,
            expires: row.expires,
            seal: 0,
            bytes: row.bytes,
        };
        self.inner().queue.receive_desk((rows.into_iter().map(stored).collect(), gone)).await
    }

    /// How many rows of the desk move with the record, and their digest: SHA-256 over the sorted SHA-256 of each row.
    pub async fn desk_digest(&self) -> Result<(u64, [u8; 32]), Problem> {
        let (mut hashes, mut after) = (Vec::new(), 0);
        loop {
            let rows = self.inner().store.desk_since(after, PART).await?;
            let Some(last) = rows.last() else { break };
            after = last.change;
            hashes.extend(rows.iter().filter(|row| !LOCAL.contains(&row.kind.as_str())).map(row_hash));
        }
        hashes.sort_unstable();
        Ok((hashes.len() as u64, Sha256::digest(hashes.concat()).into()))
    }
}

fn row_hash(row: &StoredDeskRow) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let expires = row.expires.map_or(i64::MIN, |moment| moment.0).to_be_bytes();
    for field in [row.kind.as_bytes(), row.key.as_bytes(), &expires, &row.bytes] {
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field);
    }
    hasher.finalize().into()
}
