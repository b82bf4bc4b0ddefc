//! Rows of a scan as at a sequence shortly before the newest: those of now without what was changed since, and what is not valid
//! any more.
//!
//! Looking up of each row when it was changed last takes several times as long. The store gives the parts, here they are put
//! together; knows no SQL.

use rustc_hash::FxHashSet;

use super::Hit;
use super::dialect::unpack_rids;

/// Entries after a sequence whose changes are taken out of the rows of now.
pub(super) const FEW_ENTRIES: u64 = 200;

/// The row numbers of what entries after the sequence changed.
#[derive(Default)]
pub(super) struct Changed(FxHashSet<i64>);

/// What was found of a scan so far.
pub(super) struct Shortly {
    is_down: bool,
    limit: usize,
    found: Vec<Hit>,
    /// How many of the rows of now are among them.
    taken: usize,
}

impl Changed {
    /// Those of one entry, packed.
    pub(super) fn add(&mut self, packed: &[u8]) {
        self.0.extend(unpack_rids(packed).unwrap_or_default());
    }
}

impl Shortly {
    /// Nothing yet of a scan of so many rows.
    pub(super) fn new(is_down: bool, limit: usize) -> Shortly {
        Shortly { is_down, limit, found: Vec::new(), taken: 0 }
    }

    /// The first rows that are known to hold at the sequence: what has been replaced since.
    pub(super) fn valid(&mut self, rows: impl IntoIterator<Item = Hit>) {
        self.found.extend(rows);
    }

    /// The next rows of now, `limit` of them unless there are no more, and what was changed since as the same snapshot knows it.
    /// Gives the place to go on from when more are needed.
    pub(super) fn now(&mut self, rows: Vec<Hit>, changed: &Changed) -> Option<Hit> {
        let (is_end, before) = (rows.len() < self.limit, self.found.len());
        let last = if self.is_down { rows.iter().min() } else { rows.iter().max() }.cloned();
        self.found.extend(rows.into_iter().filter(|(_, rid)| !changed.0.contains(rid)));
        self.taken += self.found.len() - before;
        if is_end || self.taken >= self.limit { None } else { last }
    }

    /// The first of all, in order.
    pub(super) fn rows(mut self) -> Vec<Hit> {
        self.found.sort_unstable_by(|one, other| if self.is_down { other.cmp(one) } else { one.cmp(other) });
        // Who asked in more than one snapshot may have been given a row as one of now and as one replaced since.
        self.found.dedup();
        self.found.truncate(self.limit);
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::pack_rids;

    /// Resources with a row or two before and after, every third of which an entry changed since.
    fn check(is_down: bool, limit: usize) {
        let key = |number: i64, at: u8| vec![(number * 7 % 40) as u8, at];
        let (mut now, mut past, mut expected, mut changed) = (Vec::new(), Vec::new(), Vec::new(), Changed::default());
        for rid in 0..60 {
            if rid % 3 > 0 {
                now.push((key(rid, 0), rid));
                expected.push((key(rid, 0), rid));
                continue;
            }
            changed.add(&pack_rids(&[rid, rid + 1000]));
            now.extend([(key(rid, 0), rid), (key(rid + 5, 1), rid)]);
            past.extend([(key(rid, 0), rid), (key(rid + 9, 1), rid)]);
            expected.extend([(key(rid, 0), rid), (key(rid + 9, 1), rid)]);
        }
        for rows in [&mut now, &mut past, &mut expected] {
            rows.sort_unstable();
            if is_down {
                rows.reverse();
            }
        }
        let mut shortly = Shortly::new(is_down, limit);
        let (mut rest, mut has_more) = (now.as_slice(), true);
        while has_more {
            // A later snapshot gives the same again.
            shortly.valid(past.iter().take(limit).cloned());
            let (part, behind) = rest.split_at(limit.min(rest.len()));
            let place = shortly.now(part.iter().rev().cloned().collect(), &changed);
            has_more = place.is_some();
            assert!(place.is_none_or(|place| Some(&place) == part.last()));
            rest = behind;
        }
        expected.truncate(limit);
        assert_eq!(shortly.rows(), expected, "down: {is_down}, {limit} rows");
    }

    #[test]
    fn parts_make_what_held_at_the_sequence() {
        for limit in 1..100 {
            check(false, limit);
            check(true, limit);
        }
    }
}
