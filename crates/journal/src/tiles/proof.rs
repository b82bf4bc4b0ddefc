//! Proofs over the tree: that an entry is in it, and that one tree is the beginning of another.
//!
//! RFC 6962, sections 2.1.1 and 2.1.2; verification as RFC 9162, sections 2.1.3.2 and 2.1.4.2, lays it out. Proofs
//! are made from tiles and checked with nothing but hashes.

use super::{TileId, TileMissing, TileReader, largest_power_below};
use crate::hash::{Hash, node_hash};

/// Why a proof cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotProve {
    /// The leaf or size lies outside the tree.
    #[error("the tree is not that large")]
    Outside,
    /// A tile is missing.
    #[error(transparent)]
    Tile(#[from] TileMissing),
}

/// The audit path of the leaf at `index` (the first is 0, so entry *n* is leaf *n* - 1), bottom up.
pub fn inclusion<F>(index: u64, tree: &mut TileReader<F>) -> Result<Vec<Hash>, CannotProve>
where
    F: FnMut(TileId) -> Option<Vec<u8>>,
{
    if index >= tree.size() {
        return Err(CannotProve::Outside);
    }
    let (mut start, mut end) = (0, tree.size());
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = start + largest_power_below(end - start);
        if index < middle {
            path.push(tree.subtree(middle, end)?);
            end = middle;
        } else {
            path.push(tree.subtree(start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `old` leaves is the beginning of this one, bottom up; empty when `old` is 0 or all.
pub fn consistency<F>(old: u64, tree: &mut TileReader<F>) -> Result<Vec<Hash>, CannotProve>
where
    F: FnMut(TileId) -> Option<Vec<u8>>,
{
    if old > tree.size() {
        return Err(CannotProve::Outside);
    }
    if old == 0 || old == tree.size() {
        return Ok(Vec::new());
    }
    let (mut start, mut end) = (0, tree.size());
    let mut path = Vec::new();
    let mut whole = true;
    while end != old {
        let middle = start + largest_power_below(end - start);
        if old <= middle {
            path.push(tree.subtree(middle, end)?);
            end = middle;
        } else {
            path.push(tree.subtree(start, middle)?);
            start = middle;
            whole = false;
        }
    }
    if !whole {
        path.push(tree.subtree(start, end)?);
    }
    path.reverse();
    Ok(path)
}

/// Whether the path proves that the leaf is at this index of the tree with this size and root.
pub fn inclusion_holds(leaf: &Hash, index: u64, size: u64, root: &Hash, path: &[Hash]) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last) = (index, size - 1);
    let mut node = *leaf;
    for sibling in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            node = node_hash(sibling, &node);
            let skip = if place & 1 == 1 { 0 } else { place.trailing_zeros().min(63) };
            place >>= skip;
            last >>= skip;
        } else {
            node = node_hash(&node, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && node == *root
}

/// Whether the path proves that the tree (`old`, `old_root`) is the beginning of the tree (`new`, `new_root`).
pub fn consistency_holds(old: u64, old_root: &Hash, new: u64, new_root: &Hash, path: &[Hash]) -> bool {
    if old > new || (old == 0 || old == new) && !path.is_empty() {
        return false;
    }
    if old == 0 {
        return *old_root == crate::Edge::default().root();
    }
    if old == new {
        return old_root == new_root;
    }
    let start = old.is_power_of_two().then_some(old_root);
    let mut steps = start.into_iter().chain(path);
    let Some(first) = steps.next() else { return false };
    let skip = (old - 1).trailing_ones();
    let (mut place, mut last) = ((old - 1) >> skip, (new - 1) >> skip);
    let (mut old_node, mut new_node) = (*first, *first);
    for step in steps {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            old_node = node_hash(step, &old_node);
            new_node = node_hash(step, &new_node);
            let skip = if place & 1 == 1 { 0 } else { place.trailing_zeros().min(63) };
            place >>= skip;
            last >>= skip;
        } else {
            new_node = node_hash(&new_node, step);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && old_node == *old_root && new_node == *new_root
}
