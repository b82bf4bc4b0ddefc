//! The index as a function of the versions: extracted again to compare (`verify --index`) or to replace
//! (`rebuild-index`, and at open when an index function has changed).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use terms::index::{Part, Row};

use crate::desk::DeskChange;
use crate::error::Problem;
use crate::group::kind_row;
use crate::keys::{self, Numbers, PhysicalKey, stored_id};
use crate::names::NameTable;
use crate::record::Record;
use crate::store::{NameList, Store, StoredKey, StoredVersion};
use crate::verify::StoreFindings;

/// How many versions are read together.
const BATCH: usize = 500;
/// The desk row that names the index functions the index was made with.
const FUNCTIONS: (&str, &str) = ("record", "index-functions");

/// The index rows of one live resource.
pub(crate) struct ResourceRows {
    pub(crate) rid: i64,
    pub(crate) rows: Vec<Row>,
}

/// The numbers of names as they are stored, looked up in bulk; gives out none.
struct StoredNumbers {
    lists: Arc<[NameTable; 3]>,
    symbols: HashMap<(u32, String), Option<u32>>,
    targets: HashMap<StoredKey, Option<i64>>,
}

/// What a row number's rows amount to: how many, and the sum of their hashes.
type Sums = HashMap<i64, (u64, u128)>;

impl Record {
    /// Makes the whole index again from the texts, in one transaction; other commits wait. Returns how many resources
    /// were indexed. `progress` is told how many of about how many.
    pub async fn rebuild_index(&self, progress: impl Fn(u64, u64) + Send + Sync) -> Result<u64, Problem> {
        let inner = self.inner();
        let about: u64 = inner.store.tallies().await?.iter().map(|(_, live)| live).sum();
        let (parts, done) = inner.queue.rebuild().await?;
        let (mut after, mut count) = (0, 0);
        loop {
            let part = self.live_rows(&mut after).await?;
            if part.is_empty() {
                break;
            }
            count += part.len() as u64;
            let parts = parts.clone();
            let sent = tokio::task::spawn_blocking(move || parts.send(part)).await;
            if !matches!(sent, Ok(Ok(()))) {
                break;
            }
            progress(count, about.max(count));
        }
        drop(parts);
        done.await.unwrap_or(Err(Problem::Closed))?;
        self.rebuild_obligations().await?;
        let content = Some((self.functions().into_bytes(), None));
        let (kind, key) = (FUNCTIONS.0.into(), FUNCTIONS.1.into());
        self.desk_put(vec![DeskChange { kind, key, content, expected: None }]).await?;
        Ok(count)
    }

    /// Rebuilds the index when it was made by other index functions than this program's.
    pub(crate) async fn keep_index_current(&self) -> Result<(), Problem> {
        let made_by = self.desk_get(FUNCTIONS.0, FUNCTIONS.1).await?;
        if made_by.is_some_and(|row| row.bytes == self.functions().as_bytes()) {
            return Ok(());
        }
        let count = self.rebuild_index(|_, _| {}).await?;
        tracing::info!(resources = count, "the index was made again for this release's index functions");
        Ok(())
    }

    fn functions(&self) -> String {
        let indexing = &self.inner().indexing;
        let functions = indexing.functions.iter().map(|(name, version)| format!("{name} {version}\n"));
        let owed = indexing.obligations.iter().map(|one| format!("obligations {} {}\n", one.name, one.version));
        functions.chain(owed).collect()
    }

    /// The rows of the next live resources after a row number; empty at the end.
    async fn live_rows(&self, after: &mut i64) -> Result<Vec<ResourceRows>, Problem> {
        let store = &self.inner().store;
        loop {
            let resources = store.resources(*after, BATCH).await?;
            let Some((last, _)) = resources.last() else { return Ok(Vec::new()) };
            *after = last.rid;
            let wanted: Vec<(i64, u64)> =
                resources.iter().filter(|(at, _)| at.live).map(|(at, _)| (at.rid, at.version)).collect();
            let versions = store.versions(&wanted).await?;
            let mut part = Vec::with_capacity(wanted.len());
            for version in versions.into_iter().flatten() {
                part.push(ResourceRows { rid: version.rid, rows: self.rows_of(version).await? });
            }
            if !part.is_empty() {
                return Ok(part);
            }
        }
    }

    /// The rows of a stored version, the record's own included; none for a deletion or an erased text.
    async fn rows_of(&self, version: StoredVersion) -> Result<Vec<Row>, Problem> {
        let inner = self.inner();
        let (rid, sequence) = (version.rid, version.sequence);
        let stored = inner.store.keys(&[rid]).await?.into_iter().flatten().next();
        let key = stored.and_then(|(kind, id)| {
            let kind = inner.shared.names.name(NameList::Kind, u32::from(kind))?;
            Some(crate::change::Key::new(kind.as_ref(), keys::logical_id(&id)?))
        });
        let key = key.ok_or_else(|| Problem::damaged(format!("row {rid} has no key")))?;
        let version = inner.version(key, version)?;
        if version.text.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = inner.indexing.rows(&version.key.kind, &version.key.id, &version.text);
        rows.push(kind_row(&version.key.kind, sequence));
        Ok(rows)
    }

    /// Compares every index row, every resource's state and every tally with what the versions call for; returns how
    /// many rows were compared. Resources that change meanwhile are left out.
    pub(crate) async fn check_index(&self, findings: &mut StoreFindings) -> Result<u64, Problem> {
        let store = &self.inner().store;
        let before = store.head().await?.sequence;
        let mut numbers = StoredNumbers::new(self.inner().shared.names.lists());
        let mut expected = Sums::new();
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
                    let rows = self.rows_of(newest).await?;
                    rows_checked += rows.len() as u64;
                    let sums = numbers.sums(store, &rows).await?;
                    expected.insert(at.rid, sums);
                }
            }
        }
        self.check_tallies(tallies, before, findings).await?;
        let actual = self.stored_sums().await?;
        let wrong: BTreeSet<i64> =
            expected.keys().chain(actual.keys()).copied().filter(|rid| expected.get(rid) != actual.get(rid)).collect();
        self.name_wrong_rows(wrong, before, &mut numbers, findings).await?;
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
        let mut sums = Sums::new();
        let everything = keys::prefix(Vec::new());
        let mut after = None;
        loop {
            let hits = self.inner().store.scan(&everything, after.as_ref(), u64::MAX >> 1, 5000).await?;
            for (key, rid) in &hits {
                add(sums.entry(*rid).or_default(), key);
            }
            after = hits.into_iter().next_back();
            if after.is_none() {
                return Ok(sums);
            }
        }
    }

    /// Reads the rows of resources that do not agree once more and names each row.
    async fn name_wrong_rows(
        &self,
        mut wrong: BTreeSet<i64>,
        before: u64,
        numbers: &mut StoredNumbers,
        findings: &mut StoreFindings,
    ) -> Result<(), Problem> {
        let store = &self.inner().store;
        let mut called_for: HashMap<i64, BTreeSet<PhysicalKey>> = HashMap::new();
        for rid in wrong.clone() {
            let newest = store.history(rid, i64::MAX as u64, 1).await?.into_iter().next();
            if newest.as_ref().is_some_and(|newest| newest.sequence > before) {
                wrong.remove(&rid);
                continue;
            }
            let rows = match newest {
                Some(newest) => self.rows_of(newest).await?,
                None => Vec::new(),
            };
            called_for.insert(rid, numbers.keys(store, &rows).await?.into_iter().collect());
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let everything = keys::prefix(Vec::new());
        let mut after = None;
        loop {
            let hits = store.scan(&everything, after.as_ref(), u64::MAX >> 1, 5000).await?;
            for (key, rid) in hits.iter().filter(|(_, rid)| wrong.contains(rid)) {
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

/// Adds a key to a sum; the order of additions does not matter.
fn add(sum: &mut (u64, u128), key: &[u8]) {
    let hash = journal::leaf_hash(key);
    let half = hash.first_chunk::<16>().map_or(0, |half| u128::from_be_bytes(*half));
    *sum = (sum.0 + 1, sum.1.wrapping_add(half));
}

impl StoredNumbers {
    fn new(lists: Arc<[NameTable; 3]>) -> StoredNumbers {
        StoredNumbers { lists, symbols: HashMap::new(), targets: HashMap::new() }
    }

    async fn sums(&mut self, store: &Store, rows: &[Row]) -> Result<(u64, u128), Problem> {
        let mut sum = (0, 0);
        for key in self.keys(store, rows).await? {
            add(&mut sum, &key);
        }
        Ok(sum)
    }

    /// The keys of rows; a row that names something without a number gets a key that no stored row has.
    async fn keys(&mut self, store: &Store, rows: &[Row]) -> Result<Vec<PhysicalKey>, Problem> {
        self.look_up(store, rows).await?;
        let mut found: Vec<PhysicalKey> = Vec::with_capacity(rows.len());
        for row in rows {
            found.push(keys::row_key(row, self).unwrap_or_else(|| vec![255; 6]));
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
    fn parameter(&mut self, name: &'static str) -> Option<u16> {
        self.lists[NameList::Parameter as usize].number(name).map(|number| number as u16)
    }

    fn kind(&mut self, name: &str) -> Option<u16> {
        self.lists[NameList::Kind as usize].number(name).map(|number| number as u16)
    }

    fn system(&mut self, system: &str) -> Option<u32> {
        self.lists[NameList::System as usize].number(system)
    }

    fn symbol(&mut self, system: &str, code: &str) -> Option<u32> {
        let system = Numbers::system(self, system)?;
        self.symbols.get(&(system, code.to_owned())).copied().flatten()
    }

    fn target(&mut self, kind: &str, id: &str) -> Option<i64> {
        let kind = Numbers::kind(self, kind)?;
        self.targets.get(&(kind, stored_id(id))).copied().flatten()
    }
}
