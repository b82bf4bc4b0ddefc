//! Working anchors out: gathers the related set of each as the store has it at one sequence, lays a draft's changes
//! over it, and asks the obligation functions. Used by the write door, by erasure, by the rebuild and by `verify`.
//!
//! Gathers everything, whatever the author's permit reaches: an obligation is about the record, not about a reader.
//! An anchor that is not live, or was merged into another, has no obligations.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use terms::index::Span;
use tokio::sync::MutexGuard;

use crate::change::Key;
use crate::error::Problem;
use crate::indexing::{ALIAS, MERGED, Source};
use crate::obligation_rows::PreparedAnchor;
use crate::obligations::{Facts, Obligation, ObligationFunction, Overlay, first_target, last_target, touched};
use crate::reach::subjects;
use crate::reading::{MOST_MERGES, last_row_number};
use crate::record::{Inner, Record};
use crate::store::{Hit, NameList};

/// Anchors worked out together.
const TOGETHER: usize = 64;
/// Rows of one range that are listed together.
const PART: usize = 1000;
/// Texts that are read together.
const TEXTS: usize = 500;
/// Most related resources of anchors worked out together.
const MOST_RELATED: usize = 100_000;

/// An anchor as it will be.
pub(crate) struct AnchorState {
    pub(crate) key: Key,
    pub(crate) obligations: Vec<Obligation>,
    /// Whose the anchor is, for scopes.
    pub(crate) subjects: Vec<Key>,
}

/// What is gathered from: the record at a sequence, under a draft.
pub(crate) struct Gathering<'g> {
    pub(crate) inner: &'g Inner,
    pub(crate) at: u64,
    pub(crate) overlay: &'g Overlay<'g>,
}

/// The anchors of a draft, and the turns to hold until it is committed.
pub(crate) type AnchorsInTurn<'r> = (Vec<PreparedAnchor>, Vec<MutexGuard<'r, ()>>);

/// Related resources by declaration: type and parameter.
type Related = BTreeMap<(&'static str, &'static str), BTreeSet<Key>>;

/// The functions that an anchor concerns.
type Concerned<'f> = Vec<&'f ObligationFunction>;

impl Record {
    /// The anchors that a draft touches, as it leaves them. Whoever was declined before waits for the anchors' turns
    /// first.
    pub(crate) async fn prepare_anchors(
        &self,
        overlay: &Overlay<'_>,
        in_turn: bool,
    ) -> Result<AnchorsInTurn<'_>, Problem> {
        let inner = self.inner();
        let touched = touched(&inner.indexing, overlay);
        if touched.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let turns = if in_turn { inner.turns.take(touched.iter()).await } else { Vec::new() };
        let at = inner.shared.newest.load(Ordering::Acquire);
        let gathering = Gathering { inner, at, overlay };
        let anchors = gathering.with_survivors(touched).await?;
        let prepared = |state| PreparedAnchor { state, at, forget: Vec::new() };
        Ok((gathering.states(&anchors).await?.into_iter().map(prepared).collect(), turns))
    }
}

impl Gathering<'_> {
    /// The anchors, and those that they were merged into, before or after the draft.
    pub(crate) async fn with_survivors(&self, touched: BTreeSet<Key>) -> Result<BTreeSet<Key>, Problem> {
        let mut found = touched.clone();
        let mut next: Vec<Key> = touched.into_iter().collect();
        for _ in 0..MOST_MERGES {
            if next.is_empty() || !self.knows_merges() {
                break;
            }
            let mut survivors: BTreeSet<Key> =
                self.led_to(MERGED, &next, true).await?.into_iter().map(|(_, key)| key).collect();
            let rows = self.overlay.changed.values().flat_map(|changed| changed.rows());
            for row in rows.filter(|row| row.parameter == ALIAS) {
                if last_target(row).is_some_and(|loser| next.contains(&loser)) {
                    survivors.extend(first_target(row));
                }
            }
            next = survivors.into_iter().filter(|key| self.is_anchor(key) && found.insert(key.clone())).collect();
        }
        Ok(found)
    }

    /// The anchors as they will be, in their order.
    pub(crate) async fn states(&self, anchors: &BTreeSet<Key>) -> Result<Vec<AnchorState>, Problem> {
        let anchors: Vec<&Key> = anchors.iter().collect();
        let mut states = Vec::with_capacity(anchors.len());
        for together in anchors.chunks(TOGETHER) {
            let mut texts = self.texts(together.iter().copied().collect()).await?;
            let concerned: Vec<Concerned<'_>> = together.iter().map(|key| self.concerned(key, &texts)).collect();
            let families = self.families(together, &concerned).await?;
            let related = self.related(together, &concerned, &families).await?;
            let wanted = related.iter().flat_map(|sets| sets.values().flatten());
            texts.extend(self.texts(wanted.collect()).await?);
            let merged = self.merged(together, &concerned).await?;
            for (place, key) in together.iter().enumerate() {
                let text = self.text(key, &texts).filter(|_| !merged.contains(&place) && !concerned[place].is_empty());
                states.push(match text {
                    Some(text) => self.state((*key, text), &concerned[place], &related[place], &texts),
                    None => AnchorState { key: (*key).clone(), obligations: Vec::new(), subjects: Vec::new() },
                });
            }
        }
        Ok(states)
    }

    /// The functions that an anchor's own text concerns.
    fn concerned(&self, key: &Key, texts: &HashMap<Key, Arc<[u8]>>) -> Concerned<'_> {
        let Some(text) = self.text(key, texts) else { return Vec::new() };
        let anchor = Source { kind: &key.kind, id: &key.id, text };
        self.functions_of(key).filter(|function| (function.concerns)(&anchor)).collect()
    }

    fn state(
        &self,
        (key, text): (&Key, &[u8]),
        concerned: &[&ObligationFunction],
        related: &Related,
        texts: &HashMap<Key, Arc<[u8]>>,
    ) -> AnchorState {
        let anchor = Source { kind: &key.kind, id: &key.id, text };
        let mut obligations = Vec::new();
        for function in concerned {
            let declared = function.related.iter().filter_map(|declared| related.get(declared));
            let members: BTreeSet<&Key> = declared.flatten().collect();
            let members = members.into_iter().filter_map(|member| Some((member, self.text(member, texts)?)));
            let related = members.map(|(member, text)| Source { kind: &member.kind, id: &member.id, text }).collect();
            obligations.extend(function.obligations(&Facts { anchor, related }));
        }
        obligations.sort_unstable();
        obligations.dedup();
        // Only those who have obligations are asked whose they are.
        let mut whose: Vec<Key> = match self.overlay.changed.get(key).and_then(|changed| changed.after) {
            _ if obligations.is_empty() => Vec::new(),
            Some((_, rows)) => subjects(rows).collect(),
            None => subjects(&self.inner.indexing.rows(&key.kind, &key.id, text)).collect(),
        };
        whose.sort_unstable();
        whose.dedup();
        AnchorState { key: key.clone(), obligations, subjects: whose }
    }

    fn functions_of(&self, anchor: &Key) -> impl Iterator<Item = &ObligationFunction> {
        let kind = anchor.kind.clone();
        self.inner.indexing.obligations.iter().filter(move |function| function.anchor == kind)
    }

    fn is_anchor(&self, key: &Key) -> bool {
        self.functions_of(key).next().is_some()
    }

    /// Whether there was ever a merge.
    fn knows_merges(&self) -> bool {
        let stored = self.inner.shared.names.number(NameList::Parameter, ALIAS).is_some();
        stored || self.overlay.changed.values().flat_map(|changed| changed.rows()).any(|row| row.parameter == ALIAS)
    }

    /// Each anchor with every resource that was merged into it, by its place.
    async fn families(&self, anchors: &[&Key], concerned: &[Concerned<'_>]) -> Result<Vec<(usize, Key)>, Problem> {
        let anchors = anchors.iter().enumerate().filter(|(place, _)| !concerned[*place].is_empty());
        let mut found: Vec<(usize, Key)> = anchors.map(|(at, key)| (at, (*key).clone())).collect();
        let mut seen: HashSet<(usize, Key)> = found.iter().cloned().collect();
        let mut next = found.clone();
        for _ in 0..MOST_MERGES {
            if next.is_empty() || !self.knows_merges() {
                break;
            }
            let heads: Vec<Key> = next.iter().map(|(_, key)| key.clone()).collect();
            let mut losers = self.led_to(ALIAS, &heads, false).await?;
            for row in self.new_rows().filter(|(_, row)| row.parameter == ALIAS).map(|(_, row)| row) {
                let (survivor, loser) = (first_target(row), last_target(row));
                let places = heads.iter().enumerate().filter(|(_, head)| Some(*head) == survivor.as_ref());
                losers.extend(places.filter_map(|(place, _)| Some((place, loser.clone()?))));
            }
            let losers = losers.into_iter().map(|(place, loser)| (next[place].0, loser));
            next = losers.filter(|loser| seen.insert(loser.clone())).collect();
            found.extend(next.iter().cloned());
        }
        Ok(found)
    }

    /// The places of those anchors that were merged into another.
    async fn merged(&self, anchors: &[&Key], concerned: &[Concerned<'_>]) -> Result<HashSet<usize>, Problem> {
        if !self.knows_merges() || concerned.iter().all(Vec::is_empty) {
            return Ok(HashSet::new());
        }
        let heads: Vec<Key> = anchors.iter().map(|key| (*key).clone()).collect();
        let gone = self.led_to(MERGED, &heads, false).await?;
        let mut places: HashSet<usize> =
            gone.into_iter().filter(|(at, key)| heads[*at] != *key).map(|(at, _)| at).collect();
        for (_, row) in self.new_rows().filter(|(_, row)| row.parameter == ALIAS) {
            let (survivor, loser) = (first_target(row), last_target(row));
            if survivor != loser {
                places
                    .extend(heads.iter().enumerate().filter(|(_, key)| Some(*key) == loser.as_ref()).map(|(at, _)| at));
            }
        }
        Ok(places)
    }

    /// The related resources of each anchor, those of the draft included, those that it takes away left out.
    async fn related(
        &self,
        anchors: &[&Key],
        concerned: &[Concerned<'_>],
        families: &[(usize, Key)],
    ) -> Result<Vec<Related>, Problem> {
        let mut related: Vec<Related> = vec![Related::new(); anchors.len()];
        let declared: BTreeSet<(&str, &str, &str)> = concerned
            .iter()
            .flatten()
            .flat_map(|function| function.related.iter().map(|(kind, parameter)| (function.anchor, *kind, *parameter)))
            .collect();
        let mut count = 0;
        for (anchor, kind, parameter) in declared {
            let asks = |function: &&ObligationFunction| {
                function.anchor == anchor && function.related.contains(&(kind, parameter))
            };
            let heads: Vec<&(usize, Key)> =
                families.iter().filter(|(place, _)| concerned[*place].iter().any(asks)).collect();
            let asked: Vec<Key> = heads.iter().map(|(_, key)| key.clone()).collect();
            let hits = self.hits(parameter, &asked).await?;
            count += hits.len();
            if count > MOST_RELATED {
                return Err(Problem::Unsuitable {
                    what: format!("an anchor is related to over {MOST_RELATED} resources"),
                });
            }
            let rids: Vec<i64> = hits.iter().map(|(_, (_, rid))| *rid).collect();
            for ((head, _), member) in hits.iter().zip(self.inner.keys_of(&rids).await?) {
                if member.kind == kind && !self.overlay.changed.contains_key(&member) {
                    related[heads[*head].0].entry((kind, parameter)).or_default().insert(member);
                }
            }
            for (member, row) in self.new_rows().filter(|(key, row)| key.kind == kind && row.parameter == parameter) {
                let target = first_target(row);
                for (place, _) in heads.iter().filter(|(_, head)| Some(head) == target.as_ref()) {
                    related[*place].entry((kind, parameter)).or_default().insert(member.clone());
                }
            }
        }
        Ok(related)
    }

    /// The rows that the draft brings.
    fn new_rows(&self) -> impl Iterator<Item = (&Key, &terms::index::Row)> {
        let after = self.overlay.changed.iter().filter_map(|(key, changed)| Some((key, changed.after?.1)));
        after.flat_map(|(key, rows)| rows.iter().map(move |row| (key, row)))
    }

    /// Where rows under a parameter that begin with the heads lead, by the place of the head. Rows of resources that
    /// the draft changes count only when `replaced` ones are wanted too.
    async fn led_to(
        &self,
        parameter: &'static str,
        heads: &[Key],
        replaced: bool,
    ) -> Result<Vec<(usize, Key)>, Problem> {
        let hits = self.hits(parameter, heads).await?;
        let holders = self.inner.keys_of(&hits.iter().map(|(_, (_, rid))| *rid).collect::<Vec<_>>()).await?;
        let kept: Vec<(usize, i64)> = hits
            .iter()
            .zip(&holders)
            .filter(|(_, holder)| replaced || !self.overlay.changed.contains_key(holder))
            .filter_map(|((place, (key, _)), _)| Some((*place, last_row_number(key)?)))
            .collect();
        let targets = self.inner.keys_of(&kept.iter().map(|(_, rid)| *rid).collect::<Vec<_>>()).await?;
        Ok(kept.into_iter().map(|(place, _)| place).zip(targets).collect())
    }

    /// The stored rows under a parameter that begin with each head, by the place of the head.
    async fn hits(&self, parameter: &'static str, heads: &[Key]) -> Result<Vec<(usize, Hit)>, Problem> {
        let (names, store) = (&self.inner.shared.names, &self.inner.store);
        let known = names.targets(store, heads.iter().map(|key| (key.kind.as_str(), key.id.as_str()))).await?;
        let mut ranges = Vec::with_capacity(heads.len());
        for (place, head) in heads.iter().enumerate().filter(|(place, _)| known[*place].is_some()) {
            let span = Span::head(parameter, [crate::search::target(head)]);
            ranges.extend(names.ranges(store, &span).await?.into_iter().map(|range| (place, range)));
        }
        let mut found = Vec::new();
        for together in ranges.chunks(TOGETHER) {
            let asked: Vec<_> = together.iter().map(|(_, range)| range.clone()).collect();
            for ((place, range), mut hits) in together.iter().zip(store.scan_each(&asked, self.at, PART).await?) {
                loop {
                    let next = hits.last().filter(|_| hits.len() == PART).cloned();
                    found.extend(hits.into_iter().map(|hit| (*place, hit)));
                    let Some(after) = next.filter(|_| found.len() <= MOST_RELATED) else { break };
                    hits = store.scan(range, Some(&after), self.at, PART).await?;
                }
            }
        }
        Ok(found)
    }

    /// The stored texts of resources that the draft does not change; those that have none are left out.
    async fn texts(&self, wanted: BTreeSet<&Key>) -> Result<HashMap<Key, Arc<[u8]>>, Problem> {
        let (names, store) = (&self.inner.shared.names, &self.inner.store);
        let wanted: Vec<&Key> = wanted.into_iter().filter(|key| !self.overlay.changed.contains_key(*key)).collect();
        let mut texts = HashMap::with_capacity(wanted.len());
        for together in wanted.chunks(TEXTS) {
            let asked = together.iter().map(|key| (key.kind.as_str(), key.id.as_str()));
            let rids = names.targets(store, asked).await?;
            let known: Vec<i64> = rids.iter().flatten().copied().collect();
            let mut versions = store.versions_at(&known, self.at).await?.into_iter();
            for (key, rid) in together.iter().zip(rids) {
                let Some(stored) = rid.and_then(|_| versions.next().flatten()) else { continue };
                let version = self.inner.version((*key).clone(), stored)?;
                if !version.text.is_empty() {
                    texts.insert(version.key, version.text);
                }
            }
        }
        Ok(texts)
    }

    fn text<'t>(&'t self, key: &Key, texts: &'t HashMap<Key, Arc<[u8]>>) -> Option<&'t [u8]> {
        match self.overlay.changed.get(key) {
            Some(changed) => changed.after.map(|(text, _)| text),
            None => texts.get(key).map(AsRef::as_ref),
        }
    }
}
