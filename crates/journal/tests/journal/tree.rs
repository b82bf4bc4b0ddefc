//! The tree against an independent implementation of RFC 6962, at many sizes; tiles and proofs read back.
//!
//! Leaves are made-up texts; what entries hold does not matter to a tree.

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash, mem_backed_tree::MemoryBackedTree};
use journal::tiles::{TileBuilder, TileId, TileReader, proof, tiles_between};
use journal::{Edge, Hash, leaf_hash};
use proptest::prelude::*;
use sha2::Sha256;
use std::collections::HashMap;

type Oracle = MemoryBackedTree<Sha256, Vec<u8>>;

/// A tree of so many leaves: ours, its tiles at every size, and the independent one.
struct Trees {
    size: u64,
    edge: Edge,
    tiles: HashMap<TileId, Vec<u8>>,
    oracle: Oracle,
}

fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

fn trees(size: u64) -> Trees {
    let mut trees = Trees { size, edge: Edge::default(), tiles: HashMap::new(), oracle: Oracle::new() };
    let mut builder = TileBuilder::default();
    for index in 0..size {
        let leaf = leaf_hash(&entry(index));
        trees.edge.append(leaf);
        builder.append(leaf);
        trees.oracle.push(entry(index));
        trees.tiles.extend(builder.take_finished().into_iter().map(|tile| (tile.id, tile.bytes)));
    }
    trees.tiles.extend(builder.partial().map(|tile| (tile.id, tile.bytes)));
    trees
}

impl Trees {
    fn reader(&self) -> TileReader<impl FnMut(TileId) -> Option<Vec<u8>>> {
        TileReader::new(self.size, |id| self.tiles.get(&id).cloned())
    }

    fn oracle_root(&self) -> RootHash<Sha256> {
        self.oracle.root()
    }
}

fn hashes(bytes: &[u8]) -> Vec<Hash> {
    bytes.chunks(32).map(|hash| hash.try_into().unwrap()).collect()
}

const SIZES: [u64; 16] = [1, 2, 3, 4, 5, 7, 8, 9, 31, 255, 256, 257, 511, 600, 1025, 70_000];

#[test]
fn roots_and_tiles_agree_at_chosen_sizes() {
    for size in SIZES {
        let trees = trees(size);
        assert_eq!(trees.edge.root().as_slice(), trees.oracle_root().as_bytes().as_slice(), "{size}");
        assert_eq!(Edge::decode(&trees.edge.encode()).unwrap(), trees.edge);
        let mut expected: Vec<TileId> = tiles_between(0, size).collect();
        let mut made: Vec<TileId> = trees.tiles.keys().copied().collect();
        expected.sort();
        made.sort();
        assert_eq!(made, expected, "{size}");
        let mut reader = trees.reader();
        assert_eq!(reader.subtree(0, size).unwrap(), trees.edge.root());
    }
    assert_eq!(Edge::default().root().as_slice(), Oracle::new().root().as_bytes().as_slice());
}

#[test]
fn a_builder_goes_on_from_the_tiles_of_any_size() {
    for size in SIZES.into_iter().filter(|size| *size < 2000) {
        let before = trees(size);
        let mut resumed = TileBuilder::resume(size, |id| before.tiles.get(&id).cloned()).unwrap();
        let mut straight = TileBuilder::default();
        for index in 0..size {
            straight.append(leaf_hash(&entry(index)));
        }
        straight.take_finished();
        assert_eq!(resumed, straight, "{size}");
        for index in size..size + 300 {
            resumed.append(leaf_hash(&entry(index)));
            straight.append(leaf_hash(&entry(index)));
        }
        assert_eq!(resumed.take_finished(), straight.take_finished());
    }
}

#[test]
fn new_tiles_between_two_sizes_are_those_that_were_not_there() {
    for (from, to) in [(0, 1), (1, 2), (255, 256), (256, 257), (256, 256), (250, 800), (65_535, 65_536), (3, 70_000)] {
        let before: Vec<TileId> = tiles_between(0, from).collect();
        let mut added: Vec<TileId> = tiles_between(0, to).filter(|tile| !before.contains(tile)).collect();
        let mut between: Vec<TileId> = tiles_between(from, to).collect();
        added.sort();
        between.sort();
        assert_eq!(between, added, "{from} to {to}");
    }
}

#[test]
fn every_proof_of_small_trees_agrees_and_nothing_else_passes() {
    for size in 1..=40 {
        let trees = trees(size);
        let root = trees.edge.root();
        for index in 0..size {
            let path = proof::inclusion(index, &mut trees.reader()).unwrap();
            let oracle = trees.oracle.prove_inclusion(index as usize);
            assert_eq!(path, hashes(oracle.as_bytes()), "{index} of {size}");
            let leaf = leaf_hash(&entry(index));
            for claimed in 0..size + 2 {
                assert_eq!(proof::inclusion_holds(&leaf, claimed, size, &root, &path), claimed == index);
            }
        }
        for old in 0..=size {
            let old_root = old_root(old);
            let path = proof::consistency(old, &mut trees.reader()).unwrap();
            if old > 0 {
                let oracle = trees.oracle.prove_consistency((size - old) as usize);
                assert_eq!(path, hashes(oracle.as_bytes()), "{old} of {size}");
            }
            assert!(proof::consistency_holds(old, &old_root, size, &root, &path));
            let mut other = old_root;
            other[0] ^= 1;
            assert!(!proof::consistency_holds(old, &other, size, &root, &path));
            assert!(old == 0 || !proof::consistency_holds(old, &old_root, size, &other, &path));
        }
    }
}

fn old_root(size: u64) -> Hash {
    let mut edge = Edge::default();
    for index in 0..size {
        edge.append(leaf_hash(&entry(index)));
    }
    edge.root()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn proofs_of_larger_trees_pass_with_the_other_implementation_and_broken_ones_do_not(
        size in 2u64..3000,
        place in any::<u64>(),
        older in any::<u64>(),
        broken in any::<usize>(),
    ) {
        let (index, old) = (place % size, 1 + older % (size - 1));
        let trees = trees(size);
        let root = trees.edge.root();
        let path = proof::inclusion(index, &mut trees.reader()).unwrap();
        let theirs = InclusionProof::<Sha256>::from_bytes(path.concat());
        trees.oracle_root().verify_inclusion(&entry(index), index, &theirs).unwrap();
        prop_assert!(proof::inclusion_holds(&leaf_hash(&entry(index)), index, size, &root, &path));
        let mut forged = path.clone();
        if !forged.is_empty() {
            let at = broken % forged.len();
            forged[at][broken % 32] ^= 1;
            prop_assert!(!proof::inclusion_holds(&leaf_hash(&entry(index)), index, size, &root, &forged));
            prop_assert!(!proof::inclusion_holds(&leaf_hash(&entry(index)), index, size, &root, &path[1..]));
        }

        let path = proof::consistency(old, &mut trees.reader()).unwrap();
        let theirs = ConsistencyProof::<Sha256>::try_from_bytes(path.concat()).unwrap();
        let before = RootHash::new(old_root(old).into(), old);
        trees.oracle_root().verify_consistency(&before, &theirs).unwrap();
        prop_assert!(proof::consistency_holds(old, &old_root(old), size, &root, &path));
        let mut longer = path.clone();
        longer.push(root);
        prop_assert!(!proof::consistency_holds(old, &old_root(old), size, &root, &longer));
        let mut forged = path;
        let at = broken % forged.len();
        forged[at][broken % 32] ^= 1;
        prop_assert!(!proof::consistency_holds(old, &old_root(old), size, &root, &forged));
    }

    #[test]
    fn verification_never_panics(index: u64, size: u64, old: u64, path: Vec<Hash>, root: Hash, leaf: Hash) {
        prop_assert!(!proof::inclusion_holds(&leaf, index, size, &root, &path));
        prop_assert!(!proof::consistency_holds(old, &leaf, size, &root, &path));
    }
}

#[test]
fn a_missing_or_short_tile_is_named() {
    let trees = trees(600);
    let missing = TileId { level: 0, index: 1, width: 256 };
    let mut reader = TileReader::new(600, |id| trees.tiles.get(&id).filter(|_| id != missing).cloned());
    let failed = proof::inclusion(300, &mut reader).unwrap_err();
    assert_eq!(failed.to_string(), "tile tile/0/001 is missing or has the wrong length");
    let mut short = TileReader::new(600, |id| trees.tiles.get(&id).map(|bytes| bytes[32..].to_vec()));
    assert!(proof::inclusion(300, &mut short).is_err());
    assert_eq!(proof::inclusion(600, &mut trees.reader()), Err(proof::CannotProve::Outside));
    assert_eq!(proof::consistency(601, &mut trees.reader()), Err(proof::CannotProve::Outside));
}
