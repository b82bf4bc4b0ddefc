//! The anchors that received entries touch, worked out after those entries, as long as everything before is settled: a
//! record that follows another is ready to be used at once, however large it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use super::Received;
use crate::anchors::Gathering;
use crate::change::Key;
use crate::error::Problem;
use crate::obligation_rows::PreparedAnchor;
use crate::obligations::{Changed, Overlay, touched};
use crate::record::Record;

/// Anchors that entries touch, and past obligations that go with what they erase.
#[derive(Default)]
pub(super) struct Touched {
    anchors: BTreeSet<Key>,
    forget: BTreeMap<Key, Vec<(u64, u64)>>,
}

/// The anchors that entries touch.
pub(super) fn touched_by(record: &Record, entries: &[Received]) -> Touched {
    let indexing = &record.inner().indexing;
    let mut found = Touched::default();
    for received in entries {
        let changed = received.changes.iter().map(|change| {
            let before = change.before.as_ref().map_or(&[][..], |(_, rows)| &**rows);
            let after = change.text.as_ref().map(|text| (text.as_slice(), &*change.rows));
            (change.key.clone(), Changed { before, after })
        });
        found.anchors.extend(touched(indexing, &Overlay { changed: changed.collect() }));
        for erased in &received.erase {
            let gone = (erased.key.clone(), Changed { before: &erased.rows, after: None });
            for anchor in touched(indexing, &Overlay { changed: [gone].into() }) {
                found.forget.entry(anchor.clone()).or_default().push((erased.sequence, erased.ended));
                found.anchors.insert(anchor);
            }
        }
    }
    found
}

impl Record {
    /// Works these anchors out as the newest entries leave them.
    pub(super) async fn settle_touched(&self, touched: Touched) -> Result<(), Problem> {
        if touched.anchors.is_empty() {
            return Ok(());
        }
        let inner = self.inner();
        let at = inner.shared.newest.load(Ordering::Acquire);
        let overlay = Overlay::default();
        let gathering = Gathering { inner, at, overlay: &overlay };
        let anchors = gathering.with_survivors(touched.anchors).await?;
        let mut forget = touched.forget;
        let states = gathering.states(&anchors).await?;
        let prepared = states.into_iter().map(|state| {
            let forget = forget.remove(&state.key).unwrap_or_default();
            PreparedAnchor { state, at, forget }
        });
        if inner.queue.anchors(prepared.collect()).await? {
            return Ok(());
        }
        Err(Problem::store("working obligations out", "others touched the same anchors"))
    }
}
