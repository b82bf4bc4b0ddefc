//! The numbers of names as they are stored, for whoever compares: looked up in bulk, for many rows at a time. Gives out
//! none, so a name without a number has no rows.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use terms::index::{Part, Row};

use crate::error::Problem;
use crate::keys::{Numbers, PhysicalKey, row_key, short_id};
use crate::names::NameTable;
use crate::store::{Store, StoredKey};

/// Most numbers that are kept at hand.
const MOST_KEPT: usize = 2_000_000;

/// An id as stored.
type Id = SmallVec<[u8; 24]>;

/// Numbers that were looked up; what has none is kept too.
pub(crate) struct StoredNumbers {
    lists: Arc<[NameTable; 3]>,
    symbols: FxHashMap<u32, FxHashMap<String, Option<u32>>>,
    targets: FxHashMap<u16, FxHashMap<Id, Option<i64>>>,
    kept: usize,
}

impl StoredNumbers {
    pub(crate) fn new(lists: Arc<[NameTable; 3]>) -> StoredNumbers {
        StoredNumbers { lists, symbols: FxHashMap::default(), targets: FxHashMap::default(), kept: 0 }
    }

    /// Looks up what these rows name.
    pub(crate) async fn look_up<'r>(
        &mut self,
        store: &Store,
        rows: impl Iterator<Item = &'r Row>,
    ) -> Result<(), Problem> {
        if self.kept > MOST_KEPT {
            self.symbols.clear();
            self.targets.clear();
            self.kept = 0;
        }
        let (mut codes, mut targets) = (FxHashSet::default(), FxHashSet::default());
        for part in rows.flat_map(|row| &row.parts) {
            match part {
                Part::Code { system, code } => {
                    let Some(system) = Numbers::system(self, system) else { continue };
                    if self.symbols.get(&system).is_none_or(|symbols| !symbols.contains_key(code)) {
                        codes.insert((system, code));
                    }
                }
                Part::Target { kind, id } => {
                    let (Some(kind), id) = (Numbers::kind(self, kind), short_id(id)) else { continue };
                    if self.targets.get(&kind).is_none_or(|targets| !targets.contains_key(&id)) {
                        targets.insert((kind, id));
                    }
                }
                Part::Kind(_) | Part::Fixed(_) | Part::Text(_) => {}
            }
        }
        self.kept += codes.len() + targets.len();
        let codes = codes.into_iter().map(|(system, code)| (system, code.clone())).collect();
        self.read_symbols(store, codes).await?;
        self.read_targets(store, targets.into_iter().map(|(kind, id)| (kind, id.to_vec())).collect()).await
    }

    async fn read_symbols(&mut self, store: &Store, codes: Vec<(u32, String)>) -> Result<(), Problem> {
        let found = store.symbols(&codes).await?;
        for ((system, code), symbol) in codes.into_iter().zip(found) {
            self.symbols.entry(system).or_default().insert(code, symbol);
        }
        Ok(())
    }

    async fn read_targets(&mut self, store: &Store, targets: Vec<StoredKey>) -> Result<(), Problem> {
        let found = store.locate(&targets).await?;
        for ((kind, id), located) in targets.into_iter().zip(found) {
            let rid = located.map(|located| located.rid);
            self.targets.entry(kind).or_default().insert(SmallVec::from_vec(id), rid);
        }
        Ok(())
    }

    /// The keys of rows that were looked up, in order and each once; a row that names something without a number gets a
    /// key that no stored row has.
    pub(crate) fn keys(&self, rows: &[Row]) -> Vec<PhysicalKey> {
        let mut keys: Vec<PhysicalKey> =
            rows.iter().map(|row| row_key(row, self).unwrap_or_else(|| vec![255; 6])).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

impl Numbers for StoredNumbers {
    fn lists(&self) -> &[NameTable; 3] {
        &self.lists
    }

    fn symbol(&self, system: u32, code: &str) -> Option<u32> {
        self.symbols.get(&system)?.get(code).copied().flatten()
    }

    fn row(&self, kind: u16, id: &str) -> Option<i64> {
        self.targets.get(&kind)?.get(short_id(id).as_slice()).copied().flatten()
    }
}
