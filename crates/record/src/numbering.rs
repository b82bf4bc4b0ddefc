//! The writer's numbering: gives numbers to new names, symbols and resources of a group, and turns rows into keys.
//!
//! Numbers given to a group that is not committed are forgotten with it.

use rustc_hash::{FxHashMap, FxHashSet};
use terms::index::{Next, Part, Row, Span};

use crate::error::Problem;
use crate::keys::{self, KeyRange, Numbers, PhysicalKey, stored_id};
use crate::names::{NameTable, code_range, system_range};
use crate::store::{Batch, Located, NameList, StoredKey, WriterStore};

/// Bound of each cache; it is emptied when full.
const MOST_CACHED: usize = 1_000_000;

/// Numbers known to the writer.
pub(crate) struct Numbering {
    lists: [NameTable; 3],
    symbols: FxHashMap<(u32, String), u32>,
    targets: FxHashMap<StoredKey, i64>,
    /// Targets of the rows that are prepared next and that the store does not have.
    absent: FxHashSet<StoredKey>,
    highest_rid: i64,
    highest_symbol: u32,
}

impl Numbering {
    /// Starts from the stored names and the highest numbers in use.
    pub(crate) fn new(lists: [NameTable; 3], (highest_rid, highest_symbol): (i64, u32)) -> Numbering {
        let (symbols, targets, absent) = (FxHashMap::default(), FxHashMap::default(), FxHashSet::default());
        Numbering { lists, symbols, targets, absent, highest_rid, highest_symbol }
    }

    /// The lists with everything given out so far.
    pub(crate) fn lists(&self) -> &[NameTable; 3] {
        &self.lists
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
            let key = self.stored_key(kind, id).filter(|key| !self.targets.contains_key(key));
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
                Some(located) => drop(self.targets.insert(key, located.rid)),
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
        if self.symbols.len() > MOST_CACHED {
            self.symbols.clear();
        }
        if self.targets.len() > MOST_CACHED {
            self.targets.clear();
            // The group's own new resources are not in the store yet.
            self.targets.extend(batch.resources.iter().map(|(rid, key)| (key.clone(), *rid)));
        }
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
                    codes.push(key);
                }
            }
            Part::Target { kind, id } => {
                let key = (self.give_kind(kind, batch)?, stored_id(id));
                if !self.targets.contains_key(&key) {
                    targets.push(key);
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
            let symbol = found.unwrap_or_else(|| {
                self.highest_symbol += 1;
                batch.symbols.push((self.highest_symbol, key.0, key.1.clone()));
                self.highest_symbol
            });
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
        match &span.next {
            Next::CodeAnySystem(code) => {
                let symbols = store.symbols_of(code)?;
                Ok(symbols.into_iter().map(|(system, symbol)| code_range(&head, system, symbol)).collect())
            }
            Next::AnyCodeOf(system) => {
                let system = self.lists[NameList::System as usize].number(system);
                Ok(system_range(head, system).into_iter().collect())
            }
            next => Ok(vec![keys::ranges(head, next)]),
        }
    }

    fn look_up_head(&mut self, span: &Span, store: &mut WriterStore) -> Result<(), Problem> {
        for part in &span.head {
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
        self.symbols.get(&(system, code.to_owned())).copied()
    }

    fn target(&mut self, kind: &str, id: &str) -> Option<i64> {
        let key = self.stored_key(kind, id)?;
        self.targets.get(&key).copied()
    }
}
