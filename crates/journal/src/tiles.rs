//! The Merkle tree cut into tiles of 256 hashes (C2SP tlog-tiles), so that a store keeps finished parts for ever
//! and any proof reads a few of them.
//!
//! Says which tiles exist at a size, makes them as leaves arrive, and reads any subtree's hash back through a
//! callback. Does not know where tiles are kept. Level 0 holds leaf hashes; a hash of level *n* + 1 is the root of a
//! full tile of level *n*.

pub mod proof;

use crate::hash::{Hash, node_hash};

/// Hashes in a full tile.
pub const TILE_WIDTH: u16 = 256;

/// Highest level: 8 levels of 8 bits hold 2^64 leaves.
const LEVELS: u8 = 8;

/// Which tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// 0 for leaves.
    pub level: u8,
    /// Place within the level.
    pub index: u64,
    /// How many hashes it has: 256 when full, otherwise 1 to 255.
    pub width: u16,
}

/// A tile with its hashes, one after another, 32 bytes each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Which tile.
    pub id: TileId,
    /// Its hashes.
    pub bytes: Vec<u8>,
}

/// A tile that is needed but not there, or of the wrong length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("tile {} is missing or has the wrong length", id.path())]
pub struct TileMissing {
    /// Which tile.
    pub id: TileId,
}

impl TileId {
    /// The relative path of the specification, such as `tile/0/x001/234.p/17`.
    pub fn path(&self) -> String {
        let mut index = self.index;
        let mut place = format!("{:03}", index % 1000);
        while index >= 1000 {
            index /= 1000;
            place = format!("x{:03}/{place}", index % 1000);
        }
        match self.width {
            TILE_WIDTH => format!("tile/{}/{place}", self.level),
            width => format!("tile/{}/{place}.p/{width}", self.level),
        }
    }

    /// Whether it can no longer change.
    pub fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }
}

/// The tiles that a tree has gained between two sizes: every full tile finished since `from`, then the partial ones
/// of `to`, level by level. With `from` 0 these are all tiles of the tree.
pub fn tiles_between(from: u64, to: u64) -> impl Iterator<Item = TileId> {
    (0..LEVELS).flat_map(move |level| {
        let hashes = |size: u64| size >> (8 * u32::from(level));
        let (before, after) = (hashes(from), hashes(to));
        let full = (before >> 8..after >> 8).map(move |index| TileId { level, index, width: TILE_WIDTH });
        let width = (after & 0xff) as u16;
        let partial = (width > 0 && after != before).then_some(TileId { level, index: after >> 8, width });
        full.chain(partial)
    })
}

/// Makes tiles as leaves arrive; remembers less than one tile a level.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TileBuilder {
    size: u64,
    /// The unfinished tile of each level.
    open: Vec<Vec<Hash>>,
    finished: Vec<Tile>,
}

impl TileBuilder {
    /// Goes on from a tree of this size, whose partial tiles the callback gives (see [`TileReader`]).
    pub fn resume(size: u64, tiles: impl FnMut(TileId) -> Option<Vec<u8>>) -> Result<TileBuilder, TileMissing> {
        let mut reader = TileReader::new(size, tiles);
        let mut open = Vec::new();
        for level in 0..LEVELS {
            let hashes = size >> (8 * u32::from(level));
            if hashes == 0 {
                break;
            }
            let mut tile = Vec::with_capacity(usize::from(TILE_WIDTH));
            for at in hashes & !0xff..hashes {
                tile.push(reader.stored(level, at)?);
            }
            open.push(tile);
        }
        Ok(TileBuilder { size, open, finished: Vec::new() })
    }

    /// How many leaves have been appended.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends the next leaf, given as [`crate::leaf_hash`].
    pub fn append(&mut self, leaf: Hash) {
        self.size += 1;
        let mut carried = leaf;
        for level in 0..LEVELS {
            let at = usize::from(level);
            if self.open.len() == at {
                self.open.push(Vec::with_capacity(usize::from(TILE_WIDTH)));
            }
            let tile = &mut self.open[at];
            tile.push(carried);
            if tile.len() < usize::from(TILE_WIDTH) {
                return;
            }
            carried = perfect_root(tile);
            let index = (self.size >> (8 * (u32::from(level) + 1))) - 1;
            let id = TileId { level, index, width: TILE_WIDTH };
            self.finished.push(Tile { id, bytes: tile.concat() });
            tile.clear();
        }
    }

    /// The full tiles finished since this was last called, in the order they were finished.
    pub fn take_finished(&mut self) -> Vec<Tile> {
        std::mem::take(&mut self.finished)
    }

    /// The partial tiles of the present size.
    pub fn partial(&self) -> impl Iterator<Item = Tile> {
        let open = self.open.iter().zip(0u8..).filter(|(tile, _)| !tile.is_empty());
        open.map(|(tile, level)| {
            let index = self.size >> (8 * (u32::from(level) + 1));
            Tile { id: TileId { level, index, width: tile.len() as u16 }, bytes: tile.concat() }
        })
    }
}

/// Reads hashes of a tree of one size back from its tiles.
///
/// The callback gets a full tile's id or, at the right edge, the partial one of exactly this size. Where a store
/// keeps only the full tile that came later, it may answer with that: longer tiles are accepted and cut.
pub struct TileReader<F> {
    size: u64,
    tiles: F,
    last: Option<(TileId, Vec<u8>)>,
}

impl<F: FnMut(TileId) -> Option<Vec<u8>>> TileReader<F> {
    /// Reads the tiles of a tree of this size.
    pub fn new(size: u64, tiles: F) -> TileReader<F> {
        TileReader { size, tiles, last: None }
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hash of one leaf.
    pub fn leaf(&mut self, index: u64) -> Result<Hash, TileMissing> {
        self.stored(0, index)
    }

    /// The Merkle tree hash of the leaves from `start` up to but not including `end`: `start < end <= size`, and
    /// `start` a multiple of the largest power of two below the number of leaves, as in every RFC 6962 proof.
    pub fn subtree(&mut self, start: u64, end: u64) -> Result<Hash, TileMissing> {
        let leaves = end.saturating_sub(start).max(1);
        if leaves.is_power_of_two() {
            return self.perfect(start, leaves.trailing_zeros());
        }
        let left = largest_power_below(leaves);
        let left_root = self.perfect(start, left.trailing_zeros())?;
        Ok(node_hash(&left_root, &self.subtree(start + left, end)?))
    }

    /// The root of the perfect subtree of 2^height leaves that starts at this leaf.
    fn perfect(&mut self, start: u64, height: u32) -> Result<Hash, TileMissing> {
        let (level, inside) = ((height / 8) as u8, height % 8);
        let first = start >> (8 * u32::from(level));
        let mut hashes = Vec::with_capacity(1 << inside);
        for at in first..first + (1 << inside) {
            hashes.push(self.stored(level, at)?);
        }
        Ok(perfect_root(&hashes))
    }

    /// The hash at this place of this level, as kept in its tile.
    fn stored(&mut self, level: u8, at: u64) -> Result<Hash, TileMissing> {
        let in_level = self.size >> (8 * u32::from(level));
        let index = at >> 8;
        let width = in_level.saturating_sub(index << 8).min(u64::from(TILE_WIDTH)) as u16;
        let id = TileId { level, index, width };
        if self.last.as_ref().is_none_or(|(last, _)| *last != id) {
            let bytes = (self.tiles)(id).ok_or(TileMissing { id })?;
            self.last = Some((id, bytes));
        }
        let bytes = self.last.as_ref().map(|(_, bytes)| bytes.as_slice()).unwrap_or_default();
        let offset = 32 * (at & 0xff) as usize;
        let whole = bytes.len() >= 32 * usize::from(width) && bytes.len().is_multiple_of(32);
        let hash = bytes.get(offset..offset + 32).filter(|_| whole).and_then(|hash| hash.try_into().ok());
        hash.ok_or(TileMissing { id })
    }
}

/// The largest power of two below a number that is at least 2.
fn largest_power_below(number: u64) -> u64 {
    1 << (63 - number.saturating_sub(1).max(1).leading_zeros())
}

/// The root over a power of two of hashes.
fn perfect_root(hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        for at in 0..row.len() / 2 {
            row[at] = node_hash(&row[2 * at], &row[2 * at + 1]);
        }
        row.truncate(row.len() / 2);
    }
    row.first().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let path = |level, index, width| TileId { level, index, width }.path();
        assert_eq!(path(0, 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path(0, 273, 112), "tile/0/273.p/112");
        assert_eq!(path(2, 0, 1), "tile/2/000.p/1");
        assert_eq!(path(1, 1000, 256), "tile/1/x001/000");
    }

    #[test]
    fn a_tree_of_70_000_has_the_tiles_of_the_specification() {
        let tiles: Vec<TileId> = tiles_between(0, 70_000).collect();
        let full = |level| tiles.iter().filter(|tile| tile.level == level && tile.is_full()).count();
        let partial = |level| tiles.iter().find(|tile| tile.level == level && !tile.is_full()).map(|tile| tile.width);
        assert_eq!([full(0), full(1), full(2)], [273, 1, 0]);
        assert_eq!([partial(0), partial(1), partial(2)], [Some(112), Some(17), Some(1)]);
        assert_eq!(tiles_between(0, 256).count(), 2);
    }

    #[test]
    fn powers_below() {
        let below: Vec<u64> = [2, 3, 4, 5, 8, 9].into_iter().map(largest_power_below).collect();
        assert_eq!(below, [1, 2, 2, 4, 4, 8]);
        assert_eq!(largest_power_below(u64::MAX), 1 << 63);
    }
}
