//! Digests of the index in plain words: what the rows of a type amount to, whatever the row numbers, symbols and order
//! that a store keeps them in. Two records with the same texts and functions have the same digests. The bytes that are
//! hashed are described in `docs/formats/index.md`.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use terms::index::{Part, Row};

use crate::change::Key;
use crate::obligations::Obligation;

/// Numbers of rows and digests by resource type.
pub(crate) type Digests = BTreeMap<String, (u64, [u8; 32])>;

/// Sums of hashes by resource type.
#[derive(Default)]
pub(crate) struct PlainSums {
    sums: BTreeMap<String, (u64, Sum)>,
}

/// A number of 256 bits, high half first; additions wrap, so their order does not matter.
#[derive(Default, Clone, Copy)]
struct Sum(u128, u128);

impl PlainSums {
    /// Adds the rows of a resource.
    pub(crate) fn rows(&mut self, key: &Key, rows: &[Row]) {
        if rows.is_empty() {
            return;
        }
        let sum = self.of(&key.kind);
        for row in rows {
            sum.0 += 1;
            sum.1.add(&row_hash(key, row));
        }
    }

    /// Adds an obligation of an anchor, as rows of a type of their own.
    pub(crate) fn obligation(&mut self, anchor: &Key, obligation: &Obligation, subjects: &[Key]) {
        let mut parts = vec![Part::Kind(obligation.kind.clone()), Part::Text(obligation.owner.clone().into_bytes())];
        parts.push(Part::fixed(&obligation.due.0.to_be_bytes()));
        parts.extend(subjects.iter().map(crate::search::target));
        let hash = row_hash(anchor, &Row::of("~obligation", parts));
        let sum = self.of("~obligation");
        sum.0 += 1;
        sum.1.add(&hash);
    }

    /// How many rows there are of each type, and their digest.
    pub(crate) fn digests(self) -> Digests {
        self.sums.into_iter().map(|(kind, (rows, sum))| (kind, (rows, sum.bytes()))).collect()
    }

    fn of(&mut self, kind: &str) -> &mut (u64, Sum) {
        self.sums.entry(kind.to_owned()).or_default()
    }
}

impl Sum {
    fn add(&mut self, hash: &[u8; 32]) {
        let (high, low) = hash.split_at(16);
        let half = |bytes: &[u8]| bytes.iter().fold(0u128, |number, byte| number << 8 | u128::from(*byte));
        let (low, carry) = self.1.overflowing_add(half(low));
        *self = Sum(self.0.wrapping_add(half(high)).wrapping_add(u128::from(carry)), low);
    }

    fn bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&self.0.to_be_bytes());
        bytes[16..].copy_from_slice(&self.1.to_be_bytes());
        bytes
    }
}

/// Every field is preceded by its length, every part by what it is, so that no two rows have the same bytes.
fn row_hash(key: &Key, row: &Row) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hasher.update((bytes.len() as u32).to_be_bytes());
        hasher.update(bytes);
    };
    field(key.kind.as_bytes());
    field(key.id.as_bytes());
    field(row.parameter.as_bytes());
    for part in &row.parts {
        let (tag, first, second) = match part {
            Part::Code { system, code } => (b"c", system.as_bytes(), Some(code.as_bytes())),
            Part::Target { kind, id } => (b"r", kind.as_bytes(), Some(id.as_bytes())),
            Part::Kind(kind) => (b"k", kind.as_bytes(), None),
            Part::Fixed(bytes) => (b"f", bytes.as_slice(), None),
            Part::Text(text) => (b"t", text.as_slice(), None),
        };
        field(tag);
        field(first);
        second.into_iter().for_each(&mut field);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(rows: &[(&str, &str)]) -> Digests {
        let mut sums = PlainSums::default();
        for (id, text) in rows {
            sums.rows(&Key::new("Thing", *id), &[Row::one("Thing.name", Part::Text(text.as_bytes().to_vec()))]);
        }
        sums.digests()
    }

    #[test]
    fn the_order_does_not_matter_and_everything_else_does() {
        let whole = sum(&[("a", "x"), ("b", "y")]);
        assert_eq!(whole, sum(&[("b", "y"), ("a", "x")]));
        for other in [&[("a", "y"), ("b", "x")][..], &[("a", "x")], &[("a", "x"), ("b", "y"), ("b", "y")], &[]] {
            assert_ne!(whole, sum(other), "{other:?}");
        }
        assert_ne!(sum(&[("ab", "c")]), sum(&[("a", "bc")]), "fields do not run into each other");
    }

    #[test]
    fn a_sum_carries_into_its_high_half() {
        let mut sum = Sum(0, u128::MAX);
        let mut one = [0; 32];
        one[31] = 1;
        sum.add(&one);
        assert_eq!((sum.0, sum.1), (1, 0));
    }
}
