//! Proofs over the journal's tree for others: its root at a size, that one size is the beginning of another, the roots of
//! segments, and a checkpoint that is given away without being kept. Reads finished tiles from the store, works out the
//! others, and proves nothing itself (RFC 6962, section 2.1: the crate `journal`).

use std::collections::HashMap;

use journal::tiles::proof::{consistency, inclusion};
use journal::tiles::{TileId, TileReader};
use journal::{Checkpoint, Hash, SignedCheckpoint};

use crate::apply::hand_over::Place;
use crate::error::Problem;
use crate::record::Record;
use crate::tiles::{tile_name, tile_root};

/// Entries of a segment, so that its root is one hash of the tree's tiles.
pub(crate) const SEGMENT: u64 = 256;

/// Tiles that were read so far.
type Read = HashMap<TileId, Vec<u8>>;

impl Record {
    /// The root of the tree over the first `size` entries.
    pub async fn root_of(&self, size: u64) -> Result<Hash, Problem> {
        if size == 0 {
            return Ok(journal::Edge::default().root());
        }
        self.with_tiles(size, |tiles, missing| {
            TileReader::new(size, |id| seen(tiles, missing, id)).subtree(0, size).ok()
        })
        .await
    }

    /// The proof that the tree of `old` entries is the beginning of that of `new` (RFC 6962, section 2.1.2).
    pub async fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, Problem> {
        self.with_tiles(new, |tiles, missing| {
            consistency(old, &mut TileReader::new(new, |id| seen(tiles, missing, id))).ok()
        })
        .await
    }

    /// The roots of every segment of 256 entries among the first `size`.
    pub async fn segment_roots(&self, size: u64) -> Result<Vec<Hash>, Problem> {
        let (mut roots, mut read) = (Vec::with_capacity((size / SEGMENT) as usize), Read::new());
        for segment in 0..size / SEGMENT {
            let start = segment * SEGMENT;
            let make = |tiles: &Read, missing: &mut Option<TileId>| {
                TileReader::new(size, |id| seen(tiles, missing, id)).subtree(start, start + SEGMENT).ok()
            };
            roots.push(self.with(&mut read, make).await?);
            if read.len() > 8 {
                read.clear();
            }
        }
        Ok(roots)
    }

    /// The hashes of entries, both ends included.
    pub async fn leaves(&self, from: u64, to: u64) -> Result<Vec<Hash>, Problem> {
        let limit = usize::try_from((to + 1).saturating_sub(from)).unwrap_or(0);
        let entries = if limit == 0 { Vec::new() } else { self.inner().store.entries(from, limit).await? };
        Ok(entries.iter().map(|entry| journal::leaf_hash(&entry.body)).collect())
    }

    /// The bytes of an entry, without what lies beside it; `None` when there is none.
    pub async fn entry(&self, sequence: u64) -> Result<Option<Vec<u8>>, Problem> {
        Ok(self.inner().store.entries(sequence, 1).await?.into_iter().next().map(|entry| entry.body))
    }

    /// The proof that an entry is in the tree over the first `size` (RFC 6962, section 2.1.1).
    pub async fn inclusion(&self, entry: u64, size: u64) -> Result<Vec<Hash>, Problem> {
        self.with_tiles(size, |tiles, missing| {
            inclusion(entry.saturating_sub(1), &mut TileReader::new(size, |id| seen(tiles, missing, id))).ok()
        })
        .await
    }

    /// Signs that the record is at this place. Nothing is kept.
    pub fn attest(&self, place: &Place) -> Result<SignedCheckpoint, Problem> {
        let inner = self.inner();
        let (size, root, epoch) = (place.sequence, place.root, place.epoch);
        let moment = (inner.clock)();
        SignedCheckpoint::sign(Checkpoint { origin: inner.origin.clone(), size, root, epoch, moment }, &inner.signing)
            .map_err(|error| Problem::store("signing a checkpoint", error))
    }

    async fn with_tiles<T>(
        &self,
        size: u64,
        make: impl Fn(&Read, &mut Option<TileId>) -> Option<T>,
    ) -> Result<T, Problem> {
        if size > self.inner().store.head().await?.sequence {
            return Err(Problem::Unsuitable { what: "its journal is not that long".into() });
        }
        self.with(&mut Read::new(), make).await
    }

    /// Makes something from tiles, fetching one that is missing each time.
    async fn with<T>(
        &self,
        read: &mut Read,
        make: impl Fn(&Read, &mut Option<TileId>) -> Option<T>,
    ) -> Result<T, Problem> {
        loop {
            let mut missing = None;
            if let Some(made) = make(read, &mut missing) {
                return Ok(made);
            }
            let wanted = missing.ok_or_else(|| Problem::damaged("the tree of the journal"))?;
            let tile = self.tile(wanted).await?;
            read.insert(wanted, tile);
        }
    }

    async fn tile(&self, id: TileId) -> Result<Vec<u8>, Problem> {
        let store = &self.inner().store;
        if let Some(full) = store.tile(&tile_name(&id)).await? {
            return Ok(full);
        }
        let first = id.index * 256;
        let mut hashes = Vec::with_capacity(usize::from(id.width) * 32);
        if id.level == 0 {
            for entry in store.entries(first + 1, usize::from(id.width)).await? {
                hashes.extend_from_slice(&journal::leaf_hash(&entry.body));
            }
            return Ok(hashes);
        }
        for index in first..first + u64::from(id.width) {
            let below = TileId { level: id.level - 1, index, width: 256 };
            let full = store.tile(&tile_name(&below)).await?;
            let full = full.ok_or_else(|| Problem::damaged(format!("tile {} is missing", below.path())))?;
            hashes.extend_from_slice(&tile_root(&full));
        }
        Ok(hashes)
    }
}

/// A tile that was read, or the note that it is missing.
fn seen(read: &Read, missing: &mut Option<TileId>, id: TileId) -> Option<Vec<u8>> {
    let found = read.get(&id).cloned();
    if found.is_none() {
        *missing = Some(id);
    }
    found
}
