//! The writer's numbering: gives numbers to new names, symbols and resources of a group, and turns rows into keys.
//!
//! Numbers given to a group that is not committed are forgotten with it; those of a committed one are then at hand for
//! everybody.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use terms::index::{Next, Part, Row, Span};

use crate::error::Problem;
use crate::keys::{self, KeyRange, Numbers, PhysicalKey, stored_id};
use crate::names::NameTable;
use crate::store::{Batch, Located, NameList, StoredKey, WriterStore};
use crate::writer::Shared;

/// Numbers known to the writer.
pub(crate) struct Numbering {
    shared: Arc<Shared>,
    lists: [NameTable; 3],
    /// Those that the group under way needs.
    symbols: FxHashMap<(u32, String), u32>,
    targets: FxHashMap<StoredKey, i64>,
    /// Targets of the rows that are prepared next and that the store does not have.
    absent: FxHashSet<StoredKey>,
    highest_rid: i64,
    highest_symbol: u32,
}

impl Numbering {
    /// Starts from the stored names and the highest numbers in use.
    pub(crate) fn new(
        shared: Arc<Shared>,
        lists: [NameTable; 3],
        (highest_rid, highest_symbol): (i64, u32),
    ) -> Numbering {
        let (symbols, targets, absent) = (FxHashMap::default(), FxHashMap::default(), FxHashSet::default());
        Numbering { shared, lists, symbols, targets, absent, highest_rid, highest_symbol }
    }

    /// Before each group.
    pub(crate) fn begin(&mut self) {
        self.symbols.clear();
        self.targets.clear();
        self.absent.clear();
    }

    /// After a commit: what it numbered is at hand for everybody.
    pub(crate) fn publish(&self, batch: Batch) {
        let names = &self.shared.names;
        if !batch.names.is_empty() {
            names.publish(&self.lists);
        }
        for (symbol, system, code) in batch.symbols {
            names.keep_symbol((system, code), symbol);
        }
        for (rid, key) in batch.resources {
            names.keep_row(key, rid);
        }
    }

    /// The number of a kind, given out if new.
    pub(crate) fn give_kind(&mut self, kind: &str, batch: &mut Batch) -> Result<u16, Problem> {
        let number = self.give(NameList::Kind, kind, batch);
        u16::try_from(number).map_err(|_| Problem::Unsuitable { what: "there are too many kinds of resource".into() })
    }

    fn give(&mut self, list: NameList, name: &str, batch: &mut Batch) -> u32 {
        let (number, new) = self.lists[list as usize].give(name);
        if new {
            batch.names.push((list, number, name.to_owned()));
        }
        number
    }

    /// The stored key of a resource whose kind has a number.
    pub(crate) fn stored_key(&self, kind: &str, id: &str) -> Option<StoredKey> {
        let number = self.lists[NameList::Kind as usize].number(kind)?;
        Some((number as u16, stored_id(id)))
    }

    /// Whether a resource has a number that is at hand.
    pub(crate) fn is_known(&self, kind: &str, id: &str) -> bool {
        self.stored_key(kind, id).is_some_and(|key| self.row(key.0, id).is_some())
    }

    /// A new row number for a resource.
    pub(crate) fn give_rid(&mut self, key: StoredKey, batch: &mut Batch) -> i64 {
        self.highest_rid += 1;
        batch.resources.push((self.highest_rid, key.clone()));
        self.targets.insert(key, self.highest_rid);
        self.highest_rid
    }

    /// The targets of rows whose numbers are not known here.
    pub(crate) fn unknown_targets<'r>(&self, rows: impl Iterator<Item = &'r Row>) -> Vec<StoredKey> {
        let mut unknown = FxHashSet::default();
        for part in rows.flat_map(|row| &row.parts) {
            let Part::Target { kind, id } = part else { continue };
            let key = self
                .stored_key(kind, id)
                .filter(|key| !self.targets.contains_key(key) && self.shared.names.cached_row(key.0, id).is_none());
            unknown.extend(key);
        }
        let mut unknown: Vec<StoredKey> = unknown.into_iter().collect();
        unknown.sort_unstable();
        unknown
    }

    /// Learns where the store has targets of the rows that are prepared next, so that it is not asked again then.
    pub(crate) fn learn_targets(&mut self, found: impl Iterator<Item = (StoredKey, Option<Located>)>) {
        self.absent.clear();
        for (key, located) in found {
            match located {
                Some(located) => {
                    self.shared.names.keep_row(key.clone(), located.rid);
                    self.targets.insert(key, located.rid);
                }
                None => drop(self.absent.insert(key)),
            }
        }
    }

    /// Makes sure that everything in these rows has a number.
    pub(crate) fn prepare<'r>(
        &mut self,
        rows: impl Iterator<Item = &'r Row> + Clone,
        store: &mut WriterStore,
        batch: &mut Batch,
    ) -> Result<(), Problem> {
        let (mut codes, mut targets) = (Vec::new(), Vec::new());
        for row in rows {
            let number = self.give(NameList::Parameter, row.parameter, batch);
            if number > u32::from(u16::MAX) - 1 {
                return Err(Problem::Unsuitable { what: "there are too many index parameters".into() });
            }
            for part in &row.parts {
                self.prepare_part(part, &mut codes, &mut targets, batch)?;
            }
        }
        self.find_symbols(codes, store, batch)?;
        let absent = std::mem::take(&mut self.absent);
        let (new, unknown) = targets.into_iter().partition(|key| absent.contains(key));
        self.give_targets(new, batch);
        self.find_targets(unknown, store, batch)
    }

    fn prepare_part(
        &mut self,
        part: &Part,
        codes: &mut Vec<(u32, String)>,
        targets: &mut Vec<StoredKey>,
        batch: &mut Batch,
    ) -> Result<(), Problem> {
        match part {
            Part::Code { system, code } => {
                let system = self.give(NameList::System, system, batch);
                if system > 0x00ff_ffff {
                    return Err(Problem::Unsuitable { what: "there are too many code systems".into() });
                }
                let key = (system, code.clone());
                if !self.symbols.contains_key(&key) {
                    // What is at hand now may be gone when the key is made.
                    match self.shared.names.cached_symbol(system, code) {
                        Some(symbol) => drop(self.symbols.insert(key, symbol)),
                        None => codes.push(key),
                    }
                }
            }
            Part::Target { kind, id } => {
                let key = (self.give_kind(kind, batch)?, stored_id(id));
                if !self.targets.contains_key(&key) {
                    match self.shared.names.cached_row(key.0, id) {
                        Some(rid) => drop(self.targets.insert(key, rid)),
                        None => targets.push(key),
                    }
                }
            }
            Part::Kind(kind) => {
                self.give_kind(kind, batch)?;
            }
            Part::Fixed(_) | Part::Text(_) => {}
        }
        Ok(())
    }

    fn find_symbols(
        &mut self,
        mut codes: Vec<(u32, String)>,
        store: &mut WriterStore,
        batch: &mut Batch,
    ) -> Result<(), Problem> {
        codes.sort_unstable();
        codes.dedup();
        let found = store.symbols(&codes)?;
        for (key, found) in codes.into_iter().zip(found) {
            let symbol = match found {
                Some(symbol) => {
                    self.shared.names.keep_symbol(key.clone(), symbol);
                    symbol
                }
                None => {
                    self.highest_symbol += 1;
                    batch.symbols.push((self.highest_symbol, key.0, key.1.clone()));
                    self.highest_symbol
                }
            };
            self.symbols.insert(key, symbol);
        }
        Ok(())
    }

    fn give_targets(&mut self, mut new: Vec<StoredKey>, batch: &mut Batch) {
        new.sort_unstable();
        new.dedup();
        for key in new {
            self.give_rid(key, batch);
        }
    }

    fn find_targets(
        &mut self,
        mut targets: Vec<StoredKey>,
        store: &mut WriterStore,
        batch: &mut Batch,
    ) -> Result<(), Problem> {
        targets.sort_unstable();
        targets.dedup();
        let found = store.locate(&targets)?;
        for (key, found) in targets.into_iter().zip(found) {
            match found {
                Some(Located { rid, .. }) => {
                    self.shared.names.keep_row(key.clone(), rid);
                    self.targets.insert(key, rid);
                }
                None => {
                    self.give_rid(key, batch);
                }
            }
        }
        Ok(())
    }

    /// The key of a prepared row.
    pub(crate) fn key(&mut self, row: &Row) -> Result<PhysicalKey, Problem> {
        let key = keys::row_key(row, self);
        key.ok_or_else(|| Problem::damaged(format!("a row of {} has a name without a number", row.parameter)))
    }

    /// The key ranges of a span as the store has it now; none when no stored row can lie in it.
    pub(crate) fn ranges(&mut self, span: &Span, store: &mut WriterStore) -> Result<Vec<KeyRange>, Problem> {
        self.look_up_head(span, store)?;
        let Some(head) = keys::head_key(span, self) else { return Ok(Vec::new()) };
        let (mut ranges, mut open) = (Vec::new(), vec![(head, &span.next)]);
        while let Some((head, next)) = open.pop() {
            match next {
                Next::CodeAnySystem(code) => {
                    let symbols = store.symbols_of(code)?;
                    ranges.extend(symbols.into_iter().map(|code| keys::prefix(keys::with_code(&head, code))));
                }
                Next::CodeAnySystemThen(code, rest) => {
                    for code in store.symbols_of(code)? {
                        let key = keys::extended(keys::with_code(&head, code), &rest.head, self);
                        open.extend(key.map(|key| (key, &rest.next)));
                    }
                }
                Next::AnyCodeOf(system) => ranges.extend(keys::system_range(head, Numbers::system(self, system))),
                next => ranges.push(keys::ranges(head, next)),
            }
        }
        Ok(ranges)
    }

    fn look_up_head(&mut self, span: &Span, store: &mut WriterStore) -> Result<(), Problem> {
        for part in span.equal_parts() {
            match part {
                Part::Code { system, code } => {
                    let Some(system) = self.lists[NameList::System as usize].number(system) else { continue };
                    let key = (system, code.clone());
                    if let Some(symbol) = store.symbols(std::slice::from_ref(&key))?.into_iter().flatten().next() {
                        self.symbols.insert(key, symbol);
                    }
                }
                Part::Target { kind, id } => {
                    let Some(key) = self.stored_key(kind, id) else { continue };
                    let located = store.locate(std::slice::from_ref(&key))?.into_iter().flatten().next();
                    if let Some(located) = located {
                        self.targets.insert(key, located.rid);
                    }
                }
                Part::Kind(_) | Part::Fixed(_) | Part::Text(_) => {}
            }
        }
        Ok(())
    }
}

impl Numbers for Numbering {
    fn lists(&self) -> &[NameTable; 3] {
        &self.lists
    }

    fn symbol(&self, system: u32, code: &str) -> Option<u32> {
        self.symbols.get(&(system, code.to_owned())).copied().or_else(|| self.shared.names.cached_symbol(system, code))
    }

    fn row(&self, kind: u16, id: &str) -> Option<i64> {
        self.targets.get(&(kind, stored_id(id))).copied().or_else(|| self.shared.names.cached_row(kind, id))
    }
}
