//! Obligations as a function of the texts: worked out again to compare (`verify --index`) or to replace (when an
//! obligation function has changed, and after the index was made again).
//!
//! Every resource is looked at, in parts; each part is of one sequence of its own, so that others may write meanwhile.
//! A part that somebody touches while it is worked out is worked out again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use crate::anchors::{AnchorState, Gathering};
use crate::change::Key;
use crate::digest::PlainSums;
use crate::error::Problem;
use crate::obligation_rows::PreparedAnchor;
use crate::obligations::{Obligation, Overlay};
use crate::record::Record;
use crate::store::{NameList, ObligationFilter, StoredObligation};
use crate::verify::StoreFindings;

/// Resources that are looked at together.
const BATCH: usize = 500;
/// How often a part that others touch is worked out again.
const MOST_ATTEMPTS: usize = 32;

/// What anchors have and what they must have, at one sequence.
struct Part {
    at: u64,
    states: Vec<AnchorState>,
    stored: BTreeMap<Key, Vec<StoredObligation>>,
}

/// An obligation with those whose it is, without row numbers.
type Plain = (Obligation, Vec<Key>);

impl Record {
    /// Works every anchor out again and keeps what differs; commits go on meanwhile.
    pub(crate) async fn rebuild_obligations(&self) -> Result<(), Problem> {
        let mut after = 0;
        while let Some((rids, anchors)) = self.next_anchors(&mut after).await? {
            let mut attempts = 0;
            loop {
                let part = self.anchor_part(&rids, &anchors).await?;
                let prepared = |state| PreparedAnchor { state, at: part.at, forget: Vec::new() };
                if self.inner().queue.anchors(part.states.into_iter().map(prepared).collect()).await? {
                    break;
                }
                attempts += 1;
                if attempts == MOST_ATTEMPTS {
                    return Err(Problem::store("working obligations out", "others kept touching the same anchors"));
                }
            }
        }
        Ok(())
    }

    /// Compares every obligation with what the texts call for; returns how many were compared.
    pub(crate) async fn check_obligations(
        &self,
        sums: &mut PlainSums,
        findings: &mut StoreFindings,
    ) -> Result<u64, Problem> {
        let store = &self.inner().store;
        let before = store.head().await?.sequence;
        let (mut after, mut count, mut seen) = (0, 0, 0);
        while let Some((rids, anchors)) = self.next_anchors(&mut after).await? {
            let mut part = self.anchor_part(&rids, &anchors).await?;
            for state in &part.states {
                let stored = part.stored.remove(&state.key).unwrap_or_default();
                seen += stored.len() as u64;
                let mut there = self.plain(stored).await?;
                let expected = state.obligations.iter().map(|one| (one.clone(), state.subjects.clone()));
                for one in expected {
                    count += 1;
                    sums.obligation(&state.key, &one.0, &one.1);
                    if !there.remove(&one) {
                        let sentence = "An obligation that its texts call for is missing.";
                        findings.add("obligation-missing", subject(&state.key, &one.0), sentence);
                    }
                }
                for (one, _) in there {
                    let sentence = "No text calls for this obligation.";
                    findings.add("obligation-unknown", subject(&state.key, &one), sentence);
                }
            }
        }
        let kept = store.count_obligations(&ObligationFilter::default(), before).await?;
        if store.head().await?.sequence == before && kept != seen {
            findings.add("obligation-unknown", "", format!("There are {kept}, but {seen} of resources."));
        }
        Ok(count)
    }

    /// The next resources that may have obligations, because of their type or because they are stored with some;
    /// `None` at the end.
    async fn next_anchors(&self, after: &mut i64) -> Result<Option<(Vec<i64>, BTreeSet<Key>)>, Problem> {
        let inner = self.inner();
        loop {
            let resources = inner.store.resources(*after, BATCH).await?;
            let Some((last, _)) = resources.last() else { return Ok(None) };
            *after = last.rid;
            let rids: Vec<i64> = resources.iter().map(|(at, _)| at.rid).collect();
            let newest = inner.shared.newest.load(Ordering::Acquire);
            let stored = inner.store.obligations_of(&rids, newest).await?;
            let with_some: BTreeSet<i64> = stored.iter().map(|one| one.anchor).collect();
            let is_anchor = |kind: u16| {
                let name = inner.shared.names.name(NameList::Kind, u32::from(kind));
                name.is_some_and(|name| inner.indexing.obligations.iter().any(|one| one.anchor == name.as_ref()))
            };
            let wanted = resources.iter().filter(|(at, (kind, _))| is_anchor(*kind) || with_some.contains(&at.rid));
            let wanted: Vec<i64> = wanted.map(|(at, _)| at.rid).collect();
            if !wanted.is_empty() {
                let keys = inner.keys_of(&wanted).await?.into_iter().collect();
                return Ok(Some((wanted, keys)));
            }
        }
    }

    async fn anchor_part(&self, rids: &[i64], anchors: &BTreeSet<Key>) -> Result<Part, Problem> {
        let inner = self.inner();
        let at = inner.shared.newest.load(Ordering::Acquire);
        let overlay = Overlay::default();
        let states = Gathering { inner, at, overlay: &overlay }.states(anchors).await?;
        let found = inner.store.obligations_of(rids, at).await?;
        let keys = inner.keys_of(&found.iter().map(|one| one.anchor).collect::<Vec<_>>()).await?;
        let mut stored: BTreeMap<Key, Vec<StoredObligation>> = BTreeMap::new();
        for (one, key) in found.into_iter().zip(keys) {
            stored.entry(key).or_default().push(one);
        }
        Ok(Part { at, states, stored })
    }

    async fn plain(&self, stored: Vec<StoredObligation>) -> Result<BTreeSet<Plain>, Problem> {
        let mut plain = BTreeSet::new();
        for one in stored {
            let mut subjects = self.inner().keys_of(&one.subjects).await?;
            subjects.sort_unstable();
            let obligation = Obligation { kind: one.kind, owner: one.owner, due: terms::Moment(one.due) };
            plain.insert((obligation, subjects));
        }
        Ok(plain)
    }
}

/// Names an obligation without its owner and its due.
fn subject(anchor: &Key, obligation: &Obligation) -> String {
    format!("{} of {anchor}", obligation.kind)
}
