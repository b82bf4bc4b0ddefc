//! Numbers for names: kinds, parameters, systems (few, all in memory), symbols and row numbers (many, cached).
//!
//! Only the writer gives out numbers. A reader that meets a name without a number knows that no row can hold it.

use std::sync::{Arc, PoisonError, RwLock};

use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use rustc_hash::FxHashMap;
use terms::index::{Next, Part, Span};

use crate::error::Problem;
use crate::keys::{self, KeyRange, Numbers, short_id, stored_id};
use crate::store::{NameList, Store, StoredKey};

/// One list of numbered names.
#[derive(Default, Clone)]
pub(crate) struct NameTable {
    by_name: FxHashMap<Arc<str>, u32>,
    by_number: Vec<Arc<str>>,
}

/// The names of a record, shared by its readers and its writer.
pub(crate) struct Names {
    lists: RwLock<Arc<[NameTable; 3]>>,
    symbols: Cache<(u32, String), u32>,
    targets: Cache<StoredKey, i64>,
}

/// The numbers that are at hand, without asking the store.
pub(crate) struct Known<'n> {
    lists: Arc<[NameTable; 3]>,
    names: &'n Names,
}

/// What a reader looked up for a few spans.
pub(crate) struct Found {
    lists: Arc<[NameTable; 3]>,
    symbols: FxHashMap<(u32, String), u32>,
    targets: FxHashMap<StoredKey, i64>,
}

impl NameTable {
    /// The number of a name.
    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// The name of a number.
    pub(crate) fn name(&self, number: u32) -> Option<&Arc<str>> {
        self.by_number.get(number as usize)
    }

    /// The number for a name, given out now if it had none (then true).
    pub(crate) fn give(&mut self, name: &str) -> (u32, bool) {
        if let Some(number) = self.number(name) {
            return (number, false);
        }
        let name: Arc<str> = name.into();
        let number = self.by_number.len() as u32;
        self.by_number.push(name.clone());
        self.by_name.insert(name, number);
        (number, true)
    }

    /// The table of stored names, which have no gaps.
    pub(crate) fn of(rows: Vec<(u32, String)>) -> Result<NameTable, Problem> {
        let mut table = NameTable::default();
        for (expected, (number, name)) in rows.into_iter().enumerate() {
            let given = table.give(&name);
            if number as usize != expected || given != (number, true) {
                return Err(Problem::damaged(format!("the list of names has a gap or a double at {expected}")));
            }
        }
        Ok(table)
    }
}

impl Names {
    /// The names as stored.
    pub(crate) async fn load(store: &Store) -> Result<Names, Problem> {
        let names = Names { lists: RwLock::default(), symbols: Cache::new(100_000), targets: Cache::new(200_000) };
        names.reload(store).await?;
        Ok(names)
    }

    /// Reads the lists again, for a reader whose writer is another process.
    pub(crate) async fn reload(&self, store: &Store) -> Result<(), Problem> {
        let kinds = NameTable::of(store.names(NameList::Kind).await?)?;
        let parameters = NameTable::of(store.names(NameList::Parameter).await?)?;
        let systems = NameTable::of(store.names(NameList::System).await?)?;
        *self.lists.write().unwrap_or_else(PoisonError::into_inner) = Arc::new([kinds, parameters, systems]);
        Ok(())
    }

    /// The lists as they are now: kinds, parameters, systems.
    pub(crate) fn lists(&self) -> Arc<[NameTable; 3]> {
        self.lists.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes newly committed names known to readers.
    pub(crate) fn publish(&self, lists: &[NameTable; 3]) {
        *self.lists.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(lists.clone());
    }

    /// The numbers that are at hand.
    pub(crate) fn known(&self) -> Known<'_> {
        Known { lists: self.lists(), names: self }
    }

    /// The symbol of a code, if it is at hand.
    pub(crate) fn cached_symbol(&self, system: u32, code: &str) -> Option<u32> {
        self.symbols.get(&Under(system, code))
    }

    /// The row number of a resource, if it is at hand.
    pub(crate) fn cached_row(&self, kind: u16, id: &str) -> Option<i64> {
        self.targets.get(&OfKind(kind, &short_id(id)))
    }

    /// Keeps the committed symbol of a code at hand.
    pub(crate) fn keep_symbol(&self, code: (u32, String), symbol: u32) {
        self.symbols.insert(code, symbol);
    }

    /// Keeps the committed row number of a resource at hand.
    pub(crate) fn keep_row(&self, key: StoredKey, rid: i64) {
        self.targets.insert(key, rid);
    }

    /// The number of a kind.
    pub(crate) fn kind(&self, kind: &str) -> Option<u16> {
        self.number(NameList::Kind, kind).map(|number| number as u16)
    }

    /// The number of a name.
    pub(crate) fn number(&self, list: NameList, name: &str) -> Option<u32> {
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        lists[list as usize].number(name)
    }

    /// The name of a number.
    pub(crate) fn name(&self, list: NameList, number: u32) -> Option<Arc<str>> {
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        lists[list as usize].name(number).cloned()
    }

    /// The row number of a resource, if it was ever mentioned.
    pub(crate) async fn target(&self, store: &Store, kind: &str, id: &str) -> Result<Option<i64>, Problem> {
        Ok(self.targets(store, [(kind, id)].into_iter()).await?.into_iter().flatten().next())
    }

    /// Whether the row number of a resource is at hand, so that it is known to be mentioned.
    pub(crate) fn is_known(&self, kind: &str, id: &str) -> bool {
        self.kind(kind).is_some_and(|kind| self.cached_row(kind, id).is_some())
    }

    /// Keeps a row number that was found on the way, so that it need not be looked up.
    pub(crate) fn remember(&self, kind: &str, id: &str, rid: i64) {
        if let Some(kind) = self.kind(kind) {
            self.keep_row((kind, stored_id(id)), rid);
        }
    }

    /// The row numbers of resources that were ever mentioned, in their order; the store is asked once for all.
    pub(crate) async fn targets<'k>(
        &self,
        store: &Store,
        wanted: impl Iterator<Item = (&'k str, &'k str)>,
    ) -> Result<Vec<Option<i64>>, Problem> {
        let (mut rids, mut places, mut asked) = (Vec::new(), Vec::new(), Vec::new());
        for (kind, id) in wanted {
            let key = self.kind(kind).map(|kind| (kind, stored_id(id)));
            let rid = key.as_ref().and_then(|key| self.targets.get(key));
            if let (Some(key), None) = (key, rid) {
                places.push(rids.len());
                asked.push(key);
            }
            rids.push(rid);
        }
        for ((place, key), found) in places.into_iter().zip(&asked).zip(store.locate(&asked).await?) {
            if let Some(located) = found {
                self.targets.insert(key.clone(), located.rid);
                rids[place] = Some(located.rid);
            }
        }
        Ok(rids)
    }

    async fn symbol(&self, store: &Store, system: u32, code: &str) -> Result<Option<u32>, Problem> {
        if let Some(symbol) = self.cached_symbol(system, code) {
            return Ok(Some(symbol));
        }
        let symbol = store.symbol(system, code).await?;
        if let Some(symbol) = symbol {
            self.keep_symbol((system, code.to_owned()), symbol);
        }
        Ok(symbol)
    }

    /// The key ranges of a span; none when no row can lie in it.
    pub(crate) async fn ranges(&self, store: &Store, span: &Span) -> Result<Vec<KeyRange>, Problem> {
        let found = self.found(store, span).await?;
        let Some(head) = keys::head_key(span, &found) else { return Ok(Vec::new()) };
        let (mut ranges, mut open) = (Vec::new(), vec![(head, &span.next)]);
        while let Some((head, next)) = open.pop() {
            match next {
                Next::CodeAnySystem(code) => {
                    let symbols = store.symbols_of(code).await?;
                    ranges.extend(symbols.into_iter().map(|code| keys::prefix(keys::with_code(&head, code))));
                }
                Next::CodeAnySystemThen(code, rest) => {
                    for code in store.symbols_of(code).await? {
                        let key = keys::extended(keys::with_code(&head, code), &rest.head, &found);
                        open.extend(key.map(|key| (key, &rest.next)));
                    }
                }
                Next::AnyCodeOf(system) => ranges.extend(keys::system_range(head, found.system(system))),
                next => ranges.push(keys::ranges(head, next)),
            }
        }
        Ok(ranges)
    }

    /// Looks up what the head of a span names.
    async fn found(&self, store: &Store, span: &Span) -> Result<Found, Problem> {
        let mut found = Found { lists: self.lists(), symbols: FxHashMap::default(), targets: FxHashMap::default() };
        for part in span.equal_parts() {
            match part {
                Part::Code { system, code } => {
                    let Some(system) = found.system(system) else { continue };
                    if let Some(symbol) = self.symbol(store, system, code).await? {
                        found.symbols.insert((system, code.clone()), symbol);
                    }
                }
                Part::Target { kind, id } => {
                    if let (Some(number), Some(rid)) = (self.kind(kind), self.target(store, kind, id).await?) {
                        found.targets.insert((number, stored_id(id)), rid);
                    }
                }
                Part::Kind(_) | Part::Fixed(_) | Part::Text(_) => {}
            }
        }
        Ok(found)
    }
}

impl Numbers for Found {
    fn lists(&self) -> &[NameTable; 3] {
        &self.lists
    }

    fn symbol(&self, system: u32, code: &str) -> Option<u32> {
        self.symbols.get(&(system, code.to_owned())).copied()
    }

    fn row(&self, kind: u16, id: &str) -> Option<i64> {
        self.targets.get(&(kind, stored_id(id))).copied()
    }
}

impl Numbers for Known<'_> {
    fn lists(&self) -> &[NameTable; 3] {
        &self.lists
    }

    fn symbol(&self, system: u32, code: &str) -> Option<u32> {
        self.names.cached_symbol(system, code)
    }

    fn row(&self, kind: u16, id: &str) -> Option<i64> {
        self.names.cached_row(kind, id)
    }
}

/// A number and a name beside it, to look up what is kept under both without owning the name.
#[derive(Hash)]
struct Under<'n>(u32, &'n str);

impl Equivalent<(u32, String)> for Under<'_> {
    fn equivalent(&self, key: &(u32, String)) -> bool {
        self.0 == key.0 && self.1 == key.1
    }
}

/// The same with the number of a kind.
#[derive(Hash)]
struct OfKind<'n>(u16, &'n [u8]);

impl Equivalent<StoredKey> for OfKind<'_> {
    fn equivalent(&self, key: &StoredKey) -> bool {
        self.0 == key.0 && self.1 == key.1
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;
    use terms::index::Row;

    #[test]
    fn what_was_kept_is_at_hand_without_owning_its_name() {
        let names = Names { lists: RwLock::default(), symbols: Cache::new(10), targets: Cache::new(10) };
        let mut lists: [NameTable; 3] = Default::default();
        let system = lists[NameList::System as usize].give("s").0;
        let kind = lists[NameList::Kind as usize].give("Patient").0 as u16;
        lists[NameList::Parameter as usize].give("p");
        names.publish(&lists);
        let uuid = "3f0c9a52-0b1c-4b6e-9d3a-5f2f4f0e9a11";
        let rows = [Row::one("p", Part::code("s", "c")), Row::one("p", Part::target("Patient", uuid))];
        assert_eq!(rows.each_ref().map(|row| keys::row_key(row, &names.known())), [None, None]);
        names.keep_symbol((system, "c".to_owned()), 7);
        names.keep_row((kind, stored_id(uuid)), 9);
        let keys = rows.map(|row| keys::row_key(&row, &names.known()).unwrap());
        assert_eq!(keys, [vec![0, 0, 0, 0, 0, 0, 0, 0, 7], vec![0, 0, 0, 0, 0, 0, 9]]);
    }
}
