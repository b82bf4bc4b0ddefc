//! The index compared with what the texts call for (`verify --index`): extracted again, summed up in a bounded number of
//! parts, and row by row where a part does not agree.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use terms::index::{Part, Row};

use crate::digest::PlainSums;
use crate::error::Problem;
use crate::keys::{self, Numbers, PhysicalKey, stored_id};
use crate::names::NameTable;
use crate::record::Record;
use crate::store::{NameList, Store, StoredKey};
use crate::verify::StoreFindings;

/// How many versions are read together.
const BATCH: usize = 500;
/// Resources are summed up in so many parts.
const PARTS: i64 = 65_536;
/// Parts that are compared row by row; when more do not agree, the index as a whole is not right.
const MOST_WRONG: usize = 256;

/// The numbers of names as they are stored, looked up in bulk; gives out none.
struct StoredNumbers {
    lists: Arc<[NameTable; 3]>,
    symbols: HashMap<(u32, String), Option<u32>>,
    targets: HashMap<StoredKey, Option<i64>>,
}

/// What the rows of a part amount to: how many, and the sum of their hashes.
type Sums = Vec<(u64, u128)>;

impl Record {
    /// Compares every index row, every resource's state and every tally with what the versions call for; returns how
    /// many rows were compared. Resources that change meanwhile are left out.
    pub(crate) async fn check_index(
        &self,
        plain: &mut PlainSums,
        findings: &mut StoreFindings,
    ) -> Result<u64, Problem> {
        let store = &self.inner().store;
        let before = store.head().await?.sequence;
        let mut numbers = StoredNumbers::new(self.inner().shared.names.lists());
        let mut expected: Sums = vec![(0, 0); PARTS as usize];
        let mut tallies: HashMap<u16, u64> = HashMap::new();
        let (mut after, mut rows_checked) = (0, 0);
        loop {
            let resources = store.resources(after, BATCH).await?;
            let Some((last, _)) = resources.last() else { break };
            after = last.rid;
            for (at, (kind, _)) in &resources {
                let newest = store.history(at.rid, i64::MAX as u64, 1).await?.into_iter().next();
                let state = newest.as_ref().map_or((0, 0, false), |newest| {
                    (newest.version, newest.sequence, newest.operation != 3 && newest.text.is_some())
                });
                if (at.version, at.sequence, at.live) != state {
                    findings.add(
                        "resource-state-changed",
                        format!("row {}", at.rid),
                        "It is not at its newest version.",
                    );
                }
                *tallies.entry(*kind).or_default() += u64::from(state.2);
                if let Some(newest) = newest.filter(|_| state.2) {
                    let (key, rows) = match self.rows_of(newest).await {
                        Err(Problem::Damaged { what }) => {
                            findings.add("resource-changed", format!("row {}", at.rid), format!("Unreadable: {what}."));
                            continue;
                        }
                        read => read?,
                    };
                    rows_checked += rows.len() as u64;
                    plain.rows(&key, &rows);
                    for key in numbers.keys(store, &rows).await? {
                        add(&mut expected[part_of(at.rid)], &key, at.rid);
                    }
                }
            }
        }
        self.check_tallies(tallies, before, findings).await?;
        let actual = self.stored_sums().await?;
        let mut wrong: BTreeSet<usize> = (0..expected.len()).filter(|part| expected[*part] != actual[*part]).collect();
        if wrong.len() > MOST_WRONG {
            let sentence = format!("{} of {PARTS} parts do not agree; it must be made again.", wrong.len());
            findings.add("index-changed", "", sentence);
            wrong = wrong.into_iter().take(MOST_WRONG).collect();
        }
        if !wrong.is_empty() {
            self.name_wrong_rows(&wrong, before, &mut numbers, findings).await?;
        }
        Ok(rows_checked)
    }

    async fn check_tallies(
        &self,
        counted: HashMap<u16, u64>,
        before: u64,
        findings: &mut StoreFindings,
    ) -> Result<(), Problem> {
        let store = &self.inner().store;
        let stored: HashMap<u16, u64> = store.tallies().await?.into_iter().collect();
        if store.head().await?.sequence != before {
            return Ok(());
        }
        for (kind, count) in counted {
            if stored.get(&kind).copied().unwrap_or(0) != count {
                let name = self.inner().shared.names.name(NameList::Kind, u32::from(kind));
                let name = name.map_or_else(|| kind.to_string(), |name| name.to_string());
                findings.add("tally-changed", name, format!("There are {count}, the tally says otherwise."));
            }
        }
        Ok(())
    }

    async fn stored_sums(&self) -> Result<Sums, Problem> {
        let mut sums: Sums = vec![(0, 0); PARTS as usize];
        let everything = keys::prefix(Vec::new());
        let mut after = None;
        loop {
            let hits = self.inner().store.scan(&everything, after.as_ref(), u64::MAX >> 1, 5000).await?;
            for (key, rid) in &hits {
                add(&mut sums[part_of(*rid)], key, *rid);
            }
            after = hits.into_iter().next_back();
            if after.is_none() {
                return Ok(sums);
            }
        }
    }

    /// Reads the rows of parts that do not agree once more and names each row.
    async fn name_wrong_rows(
        &self,
        wrong: &BTreeSet<usize>,
        before: u64,
        numbers: &mut StoredNumbers,
        findings: &mut StoreFindings,
    ) -> Result<(), Problem> {
        let store = &self.inner().store;
        let mut called_for: HashMap<i64, BTreeSet<PhysicalKey>> = HashMap::new();
        let (mut changed, mut after) = (HashSet::new(), 0);
        loop {
            let resources = store.resources(after, BATCH).await?;
            let Some((last, _)) = resources.last() else { break };
            after = last.rid;
            for rid in resources.iter().map(|(at, _)| at.rid).filter(|rid| wrong.contains(&part_of(*rid))) {
                let newest = store.history(rid, i64::MAX as u64, 1).await?.into_iter().next();
                if newest.as_ref().is_some_and(|newest| newest.sequence > before) {
                    changed.insert(rid);
                    continue;
                }
                if let Some(newest) = newest {
                    let rows = match self.rows_of(newest).await {
                        // It was named when the sums were made.
                        Err(Problem::Damaged { .. }) => {
                            changed.insert(rid);
                            continue;
                        }
                        read => read?.1,
                    };
                    called_for.insert(rid, numbers.keys(store, &rows).await?.into_iter().collect());
                }
            }
        }
        let everything = keys::prefix(Vec::new());
        let mut after = None;
        loop {
            let hits = store.scan(&everything, after.as_ref(), u64::MAX >> 1, 5000).await?;
            for (key, rid) in hits.iter().filter(|(_, rid)| wrong.contains(&part_of(*rid)) && !changed.contains(rid)) {
                if !called_for.get_mut(rid).is_some_and(|keys| keys.remove(key)) {
                    findings.add(
                        "index-row-unknown",
                        self.row_subject(key, *rid).await?,
                        "No text calls for this row.",
                    );
                }
            }
            after = hits.into_iter().next_back();
            if after.is_none() {
                break;
            }
        }
        for (rid, keys) in called_for {
            for key in keys {
                findings.add(
                    "index-row-missing",
                    self.row_subject(&key, rid).await?,
                    "A row that its text calls for is missing.",
                );
            }
        }
        Ok(())
    }

    /// Names a row without its value: parameter and resource.
    async fn row_subject(&self, key: &[u8], rid: i64) -> Result<String, Problem> {
        let inner = self.inner();
        let number = key.first_chunk::<2>().map_or(0, |bytes| u32::from(u16::from_be_bytes(*bytes)));
        let parameter = inner.shared.names.name(NameList::Parameter, number);
        let parameter = parameter.map_or_else(|| format!("parameter {number}"), |name| name.to_string());
        let stored = inner.store.keys(&[rid]).await?.into_iter().flatten().next();
        let resource = stored.and_then(|(kind, id)| {
            let kind = inner.shared.names.name(NameList::Kind, u32::from(kind))?;
            Some(format!("{kind}/{}", keys::logical_id(&id)?))
        });
        Ok(format!("{parameter} of {}", resource.unwrap_or_else(|| format!("row {rid}"))))
    }
}

/// The part that a row number belongs to.
fn part_of(rid: i64) -> usize {
    rid.rem_euclid(PARTS) as usize
}

/// Adds a row to a sum; the order of additions does not matter.
fn add(sum: &mut (u64, u128), key: &[u8], rid: i64) {
    let hash = journal::leaf_hash(&[key, &rid.to_be_bytes()].concat());
    let half = hash.first_chunk::<16>().map_or(0, |half| u128::from_be_bytes(*half));
    *sum = (sum.0 + 1, sum.1.wrapping_add(half));
}

impl StoredNumbers {
    fn new(lists: Arc<[NameTable; 3]>) -> StoredNumbers {
        StoredNumbers { lists, symbols: HashMap::new(), targets: HashMap::new() }
    }

    /// The keys of rows; a row that names something without a number gets a key that no stored row has.
    async fn keys(&mut self, store: &Store, rows: &[Row]) -> Result<Vec<PhysicalKey>, Problem> {
        self.look_up(store, rows).await?;
        let mut found: Vec<PhysicalKey> = Vec::with_capacity(rows.len());
        for row in rows {
            found.push(keys::row_key(row, &*self).unwrap_or_else(|| vec![255; 6]));
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    async fn look_up(&mut self, store: &Store, rows: &[Row]) -> Result<(), Problem> {
        if self.symbols.len() + self.targets.len() > 2_000_000 {
            self.symbols.clear();
            self.targets.clear();
        }
        let mut targets = BTreeSet::new();
        for part in rows.iter().flat_map(|row| &row.parts) {
            match part {
                Part::Code { system, code } => {
                    let Some(system) = Numbers::system(self, system) else { continue };
                    let key = (system, code.clone());
                    if let std::collections::hash_map::Entry::Vacant(vacant) = self.symbols.entry(key) {
                        vacant.insert(store.symbol(system, code).await?);
                    }
                }
                Part::Target { kind, id } => {
                    let Some(kind) = Numbers::kind(self, kind) else { continue };
                    let key = (kind, stored_id(id));
                    if !self.targets.contains_key(&key) {
                        targets.insert(key);
                    }
                }
                Part::Kind(_) | Part::Fixed(_) | Part::Text(_) => {}
            }
        }
        let targets: Vec<StoredKey> = targets.into_iter().collect();
        let found = store.locate(&targets).await?;
        for (key, located) in targets.into_iter().zip(found) {
            self.targets.insert(key, located.map(|located| located.rid));
        }
        Ok(())
    }
}

impl Numbers for StoredNumbers {
    fn lists(&self) -> &[NameTable; 3] {
        &self.lists
    }

    fn symbol(&self, system: u32, code: &str) -> Option<u32> {
        self.symbols.get(&(system, code.to_owned())).copied().flatten()
    }

    fn row(&self, kind: u16, id: &str) -> Option<i64> {
        self.targets.get(&(kind, stored_id(id))).copied().flatten()
    }
}
