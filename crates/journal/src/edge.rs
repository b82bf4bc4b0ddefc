//! The right edge of the Merkle tree: all that must be remembered to append leaves and to know the root.
//!
//! The tree is that of RFC 6962, section 2.1. The edge is one hash for each perfect subtree that the size is the sum
//! of, so it is never longer than 64 hashes. It cannot prove anything about old leaves; `tiles` and `proof` do that.

use crate::hash::{Hash, node_hash};
use crate::wire::{Malformed, Reader};
use sha2::{Digest, Sha256};

/// The frontier of a growing tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edge {
    size: u64,
    /// Roots of the perfect subtrees, largest (leftmost) first; one for each bit set in `size`.
    roots: Vec<Hash>,
}

impl Edge {
    /// Appends the next leaf, given as [`crate::leaf_hash`].
    pub fn append(&mut self, leaf: Hash) {
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.roots.push(node);
        self.size += 1;
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The Merkle tree hash; of the empty tree the SHA-256 of nothing.
    pub fn root(&self) -> Hash {
        let mut from_right = self.roots.iter().rev();
        let Some(first) = from_right.next() else { return Sha256::digest(b"").into() };
        from_right.fold(*first, |right, left| node_hash(left, &right))
    }

    /// Size (8 bytes, big-endian), then the roots, largest subtree first.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + 32 * self.roots.len());
        bytes.extend_from_slice(&self.size.to_be_bytes());
        for root in &self.roots {
            bytes.extend_from_slice(root);
        }
        bytes
    }

    /// Reads [`Edge::encode`] back.
    pub fn decode(bytes: &[u8]) -> Result<Edge, Malformed> {
        let mut from = Reader::new(bytes);
        let size = u64::from_be_bytes(from.fixed()?);
        let mut roots = Vec::with_capacity(size.count_ones() as usize);
        for _ in 0..size.count_ones() {
            roots.push(from.hash()?);
        }
        from.end()?;
        Ok(Edge { size, roots })
    }
}
