//! The tiles of the journal's tree as the store keeps them: full ones by name, unfinished ones worked out from the newest
//! entries. Knows nothing of what entries say (RFC 6962 trees in tiles: the crate `journal`).

use journal::tiles::{TileBuilder, TileId, TileReader};

use crate::error::Problem;
use crate::store::WriterStore;

/// Entries that are read together.
const FEW: usize = 8;

/// The unfinished tiles of a tree of this size, worked out from the newest entries and the full tiles.
pub(crate) fn resume_tiles(store: &mut WriterStore, size: u64) -> Result<TileBuilder, Problem> {
    let mut failed = None;
    let builder = TileBuilder::resume(size, |tile| match partial_tile(store, tile) {
        Ok(hashes) => Some(hashes),
        Err(problem) => {
            failed = Some(problem);
            None
        }
    });
    match (builder, failed) {
        (_, Some(problem)) => Err(problem),
        (Ok(builder), None) => Ok(builder),
        (Err(missing), None) => Err(Problem::damaged(format!("the tree of the journal: {missing}"))),
    }
}

/// The root of the journal's tree at a size.
pub(crate) fn root_at(store: &mut WriterStore, size: u64) -> Result<journal::Hash, Problem> {
    if size == 0 {
        return Ok(journal::Edge::default().root());
    }
    let mut failed = None;
    let mut reader = TileReader::new(size, |tile: TileId| {
        let hashes = match store.tile(&tile_name(&tile)) {
            Ok(Some(full)) => Ok(full),
            Ok(None) => partial_tile(store, tile),
            Err(problem) => Err(problem),
        };
        hashes.map_err(|problem| failed = Some(problem)).ok()
    });
    let root = reader.subtree(0, size);
    match (root, failed) {
        (_, Some(problem)) => Err(problem),
        (root, None) => root.map_err(|missing| Problem::damaged(format!("the tree of the journal: {missing}"))),
    }
}

/// The hashes of a tile that is not full: leaves from entries, others as roots of the full tiles below.
fn partial_tile(store: &mut WriterStore, tile: TileId) -> Result<Vec<u8>, Problem> {
    let first = tile.index * 256;
    let mut hashes = Vec::with_capacity(usize::from(tile.width) * 32);
    if tile.level == 0 {
        let end = first + u64::from(tile.width);
        for next in (first..end).step_by(FEW) {
            // An entry of a load names thousands of resources.
            for body in store.entry_bodies(next + 1, FEW.min((end - next) as usize))? {
                hashes.extend_from_slice(&journal::leaf_hash(&body));
            }
        }
        return Ok(hashes);
    }
    for index in first..first + u64::from(tile.width) {
        let below = TileId { level: tile.level - 1, index, width: 256 };
        let full = store.tile(&tile_name(&below))?;
        let full = full.ok_or_else(|| Problem::damaged(format!("tile {} is missing", below.path())))?;
        hashes.extend_from_slice(&tile_root(&full));
    }
    Ok(hashes)
}

/// The root of a full tile.
pub(crate) fn tile_root(hashes: &[u8]) -> journal::Hash {
    let mut level: Vec<journal::Hash> = hashes.chunks_exact(32).map(array).collect();
    while level.len() > 1 {
        level = level.chunks_exact(2).map(|pair| journal::node_hash(&pair[0], &pair[1])).collect();
    }
    level.first().copied().unwrap_or_default()
}

fn array(bytes: &[u8]) -> journal::Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(bytes);
    hash
}

/// A full tile's name in the store: level, then index, big-endian.
pub(crate) fn tile_name(tile: &TileId) -> Vec<u8> {
    [&[tile.level], tile.index.to_be_bytes().as_slice()].concat()
}
