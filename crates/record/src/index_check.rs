//! The index compared with what the texts call for (`verify --index`): rows that hold and past rows are extracted again,
//! summed up in a bounded number of groups of resources, and compared row by row where a group does not agree.
//!
//! Works while others write: groups that somebody touched meanwhile are compared once more, in rounds, and no row of a
//! resource that has changed is named.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::called::{Lasted, Part, Scope, Texts, group_of};
use crate::digest::PlainSums;
use crate::error::Problem;
use crate::keys::{PhysicalKey, logical_id, stored_id};
use crate::record::Record;
use crate::store::{NameList, StoredEntry, StoredKey, Walked};
use crate::stored_numbers::StoredNumbers;
use crate::verify::StoreFindings;

/// Groups that are compared row by row; when more do not agree, the index as a whole is not right.
const MOST_WRONG: usize = 256;
/// How often groups that others touch are compared; fewer are left each time.
const MOST_ROUNDS: usize = 8;
/// Entries that are looked through together for what has changed.
const ENTRIES: usize = 256;

/// What the rows of each group amount to: how many, and the sum of their hashes.
struct Sums(Vec<(u64, u128)>);

/// A row of the index as stored: one that holds, or a past one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct IndexRow {
    rid: i64,
    key: PhysicalKey,
    past: Option<Lasted>,
}

/// What one round has seen.
struct Round {
    called_for: Sums,
    stored: Sums,
    /// Rows that texts call for, and live resources by kind.
    rows: u64,
    tallies: HashMap<u16, u64>,
    plain: PlainSums,
    /// Resources with something wrong in themselves: row number, kind of finding, sentence.
    suspects: Vec<(i64, &'static str, String)>,
}

/// Groups that do not agree.
#[derive(Default)]
struct Disagreeing {
    /// Nothing has touched them.
    wrong: BTreeSet<usize>,
    /// Whether they are wrong is not known, because somebody did.
    open: BTreeSet<usize>,
}

impl Record {
    /// Compares every index row, every past row that is still kept, every resource's state and every tally with what
    /// the versions call for; returns how many rows were compared.
    pub(crate) async fn check_index(
        &self,
        plain: &mut PlainSums,
        findings: &mut StoreFindings,
    ) -> Result<u64, Problem> {
        let inner = self.inner();
        let _not_made_again_meanwhile = inner.rebuilds.lock().await;
        let before = inner.store.head().await?.sequence;
        let mut scope = Scope::everything(inner.store.past_from().await?);
        let (first, Disagreeing { mut wrong, mut open }) = self.compare(&scope, before).await?;
        let changed = self.changed_since(before).await?;
        for (rid, kind, sentence) in first.suspects.into_iter().filter(|(rid, ..)| !changed.contains(rid)) {
            findings.add(kind, format!("row {rid}"), sentence);
        }
        self.check_tallies(first.tallies, before, findings).await?;
        *plain = first.plain;
        for _ in 1..MOST_ROUNDS {
            if open.is_empty() || wrong.len() > MOST_WRONG {
                break;
            }
            let before = inner.store.head().await?.sequence;
            scope = Scope::only(open, inner.store.past_from().await?);
            let (_, again) = self.compare(&scope, before).await?;
            wrong.extend(again.wrong);
            open = again.open;
        }
        if wrong.len() > MOST_WRONG {
            let sentence = format!("{} of {} parts do not agree; it must be made again.", wrong.len(), scope.len());
            findings.add("index-changed", "", sentence);
        }
        let unsettled: BTreeSet<usize> = wrong.into_iter().chain(open).take(MOST_WRONG).collect();
        if !unsettled.is_empty() {
            self.name_wrong_rows(unsettled, findings).await?;
        }
        Ok(first.rows)
    }

    /// Sums up what the texts call for and what is stored, and tells which groups differ.
    async fn compare(&self, scope: &Scope, before: u64) -> Result<(Round, Disagreeing), Problem> {
        let inner = self.inner();
        let mut numbers = StoredNumbers::new(inner.shared.names.lists());
        let mut round = Round::new(scope);
        let mut texts = Texts::of(self, scope);
        while let Some(part) = texts.next().await? {
            self.take(&part, &mut round);
            numbers.look_up(&inner.store, part.called.iter().flat_map(|called| &called.rows)).await?;
            for row in called_for(part, &numbers) {
                round.rows += 1;
                round.called_for.add(&row);
            }
        }
        self.each_stored(scope, |row| round.stored.add(&row)).await?;
        let mut disagreeing = Disagreeing::default();
        let differ = round.called_for.differ_from(&round.stored);
        if !differ.is_empty() {
            let touched: HashSet<usize> = self.changed_since(before).await?.into_iter().map(group_of).collect();
            let swept = inner.store.past_from().await? != scope.past_from;
            (disagreeing.open, disagreeing.wrong) =
                differ.into_iter().partition(|group| swept || touched.contains(group));
        }
        Ok((round, disagreeing))
    }

    /// Takes what a part says of its resources themselves.
    fn take(&self, part: &Part, round: &mut Round) {
        for state in &part.states {
            let located = state.located;
            *round.tallies.entry(state.kind).or_default() += u64::from(state.newest.2);
            if (located.version, located.sequence, located.live) != state.newest {
                let sentence = "It is not at its newest version.".to_owned();
                round.suspects.push((located.rid, "resource-state-changed", sentence));
            }
        }
        for (rid, what) in &part.unreadable {
            round.suspects.push((*rid, "resource-changed", format!("Unreadable: {what}.")));
        }
        for called in part.called.iter().filter(|called| called.past.is_none()) {
            round.plain.rows(&called.key, &called.rows);
        }
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

    /// Gives every row that is stored, each once, in no order.
    async fn each_stored(&self, scope: &Scope, mut take: impl FnMut(IndexRow)) -> Result<(), Problem> {
        let store = &self.inner().store;
        let mut walked = Walked::default();
        loop {
            let hits = store.walk_index(&mut walked).await?;
            if hits.is_empty() {
                break;
            }
            for (key, rid) in hits.into_iter().filter(|(_, rid)| scope.has(*rid)) {
                take(IndexRow { rid, key, past: None });
            }
            tokio::task::yield_now().await;
        }
        walked = Walked::default();
        loop {
            let past = store.walk_past(&mut walked).await?;
            if past.is_empty() {
                return Ok(());
            }
            for row in past.into_iter().filter(|row| scope.has(row.rid) && scope.has_past(row.to, row.kept)) {
                let past = Some(Lasted { from: row.from, to: row.to, kept: row.kept });
                take(IndexRow { rid: row.rid, key: row.key, past });
            }
            tokio::task::yield_now().await;
        }
    }

    /// The resources that entries after this one have touched.
    async fn changed_since(&self, sequence: u64) -> Result<HashSet<i64>, Problem> {
        let store = &self.inner().store;
        let (mut changed, mut from) = (HashSet::new(), sequence + 1);
        loop {
            let entries = store.entries(from, ENTRIES).await?;
            let Some(last) = entries.last() else { return Ok(changed) };
            from = last.sequence + 1;
            let erased: Vec<StoredKey> = entries.iter().flat_map(|entry| self.erased_by(entry)).collect();
            changed.extend(entries.into_iter().flat_map(|entry| entry.rids));
            changed.extend(store.locate(&erased).await?.into_iter().flatten().map(|located| located.rid));
        }
    }

    /// The resources of which an entry erases versions.
    fn erased_by(&self, entry: &StoredEntry) -> Vec<StoredKey> {
        let key = |version: &journal::ErasedVersion| {
            let kind = self.inner().shared.names.kind(&version.kind)?;
            Some((kind, stored_id(&version.id)))
        };
        match journal::Entry::decode(&entry.body).map(|entry| entry.act) {
            Ok(journal::Act::Erase(erasure)) => erasure.versions.iter().filter_map(key).collect(),
            _ => Vec::new(),
        }
    }

    /// Reads the rows of groups that do not agree once more and names each row; what others have touched is left out.
    async fn name_wrong_rows(&self, wrong: BTreeSet<usize>, findings: &mut StoreFindings) -> Result<(), Problem> {
        let store = &self.inner().store;
        let before = store.head().await?.sequence;
        let mut scope = Scope::only(wrong, store.past_from().await?);
        let mut numbers = StoredNumbers::new(self.inner().shared.names.lists());
        let (mut missing, mut unreadable) = (BTreeSet::new(), HashSet::new());
        let mut texts = Texts::of(self, &scope);
        while let Some(part) = texts.next().await? {
            unreadable.extend(part.unreadable.iter().map(|(rid, _)| *rid));
            numbers.look_up(store, part.called.iter().flat_map(|called| &called.rows)).await?;
            missing.extend(called_for(part, &numbers));
        }
        let mut unknown = Vec::new();
        self.each_stored(&scope, |row| {
            if !missing.remove(&row) {
                unknown.push(row);
            }
        })
        .await?;
        let changed = self.changed_since(before).await?;
        scope.past_from = store.past_from().await?;
        let settled = |row: &IndexRow| {
            let there = row.past.is_none_or(|past| scope.has_past(past.to, past.kept));
            there && !changed.contains(&row.rid) && !unreadable.contains(&row.rid)
        };
        for row in unknown.into_iter().filter(settled) {
            let kind = if row.past.is_some() { "past-row-unknown" } else { "index-row-unknown" };
            findings.add(kind, self.row_subject(&row).await?, "No text calls for this row.");
        }
        for row in missing.into_iter().filter(settled) {
            let kind = if row.past.is_some() { "past-row-missing" } else { "index-row-missing" };
            findings.add(kind, self.row_subject(&row).await?, "A row that its text calls for is missing.");
        }
        Ok(())
    }

    /// Names a row without its value: parameter, resource, and for a past row when it held.
    async fn row_subject(&self, row: &IndexRow) -> Result<String, Problem> {
        let inner = self.inner();
        let number = row.key.first_chunk::<2>().map_or(0, |bytes| u32::from(u16::from_be_bytes(*bytes)));
        let parameter = inner.shared.names.name(NameList::Parameter, number);
        let parameter = parameter.map_or_else(|| format!("parameter {number}"), |name| name.to_string());
        let stored = inner.store.keys(&[row.rid]).await?.into_iter().flatten().next();
        let resource = stored.and_then(|(kind, id)| {
            let kind = inner.shared.names.name(NameList::Kind, u32::from(kind))?;
            Some(format!("{kind}/{}", logical_id(&id)?))
        });
        let resource = resource.unwrap_or_else(|| format!("row {}", row.rid));
        let kept = |past: Lasted| if past.kept { ", kept for ever" } else { "" };
        let held = row.past.map(|past| format!(" from entry {} to {}{}", past.from, past.to, kept(past)));
        Ok(format!("{parameter} of {resource}{}", held.unwrap_or_default()))
    }
}

/// The rows that versions call for, with their keys.
fn called_for(part: Part, numbers: &StoredNumbers) -> impl Iterator<Item = IndexRow> {
    part.called.into_iter().flat_map(move |called| {
        let keys = numbers.keys(&called.rows);
        keys.into_iter().map(move |key| IndexRow { rid: called.rid, key, past: called.past })
    })
}

impl Round {
    fn new(scope: &Scope) -> Round {
        let sums = || Sums(vec![(0, 0); scope.len()]);
        Round {
            called_for: sums(),
            stored: sums(),
            rows: 0,
            tallies: HashMap::new(),
            plain: PlainSums::default(),
            suspects: Vec::new(),
        }
    }
}

impl Sums {
    /// Adds a row to the sum of its group; the order of additions does not matter.
    fn add(&mut self, row: &IndexRow) {
        let mut bytes = Vec::with_capacity(row.key.len() + 32);
        bytes.extend_from_slice(&row.key);
        bytes.extend_from_slice(&row.rid.to_be_bytes());
        match row.past {
            None => bytes.push(0),
            Some(Lasted { from, to, kept }) => {
                bytes.extend_from_slice(&from.to_be_bytes());
                bytes.extend_from_slice(&to.to_be_bytes());
                bytes.push(1 + u8::from(kept));
            }
        }
        let hash = journal::leaf_hash(&bytes);
        let half = hash.first_chunk::<16>().map_or(0, |half| u128::from_be_bytes(*half));
        let (count, sum) = &mut self.0[group_of(row.rid)];
        (*count, *sum) = (*count + 1, sum.wrapping_add(half));
    }

    /// The groups whose sums are not the same.
    fn differ_from(&self, other: &Sums) -> Vec<usize> {
        let pairs = self.0.iter().zip(&other.0).enumerate();
        pairs.filter(|(_, (own, other))| own != other).map(|(group, _)| group).collect()
    }
}
