//! The first rows of each code under a head: a chart needs the last few of everything, not everything of the past.
//!
//! The index has the rows of one code beside each other, so what is beyond the first few is passed over, not read.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use terms::index::Span;

use super::condition::{Test, prepare_all};
use super::{BATCH, PART, SMALL, satisfying, texts};
use crate::blobs::{self, MOST_ANSWER_BYTES};
use crate::change::Key;
use crate::error::Problem;
use crate::keys::{self, CODE_BYTES, KeyRange};
use crate::reading::{Reading, Version};
use crate::select::{Clause, Select};
use crate::store::Hit;

/// How many are taken of what.
#[derive(Clone, Copy)]
pub(crate) struct Bounds<'b> {
    /// Of each code.
    pub(crate) each: usize,
    /// Besides, all rows that go on like this behind the code.
    pub(crate) always: &'b [u8],
    /// And all rows in this span.
    pub(crate) whole: &'b Span,
    /// Of all together.
    pub(crate) most: usize,
}

/// The live versions within the bounds, in the order of their row numbers, with whose they are; and whether nothing was
/// left out but what is beyond the first of a code.
pub(crate) async fn newest_of_each(
    reading: &Reading,
    kind: &str,
    span: Span,
    bounds: Bounds<'_>,
) -> Result<(Vec<(Arc<[Key]>, Version)>, bool), Problem> {
    reading.in_one_index(|| newest_in_one_index(reading, kind, span.clone(), bounds)).await
}

async fn newest_in_one_index(
    reading: &Reading,
    kind: &str,
    span: Span,
    bounds: Bounds<'_>,
) -> Result<(Vec<(Arc<[Key]>, Version)>, bool), Problem> {
    reading.check_age(kind)?;
    if !reading.permit().scope().reads.contains(kind) {
        return Ok((Vec::new(), true));
    }
    let select = Select::of(kind).with(Clause::Any(vec![span]));
    reading.depends_on_select(&select);
    let tests = prepare_all(reading, kind, &select.clauses, SMALL).await?;
    let Some(Test::Rows { ranges, .. }) = tests.first() else { return Ok((Vec::new(), true)) };
    let whole = prepare_all(reading, kind, &[Clause::Any(vec![bounds.whole.clone()])], SMALL).await?;
    let whole = match whole.first() {
        Some(Test::Rows { ranges, .. }) => ranges.as_slice(),
        _ => &[],
    };
    let (mut rids, is_whole) = first_of_each(reading, ranges, whole, bounds).await?;
    if !is_enough(reading, ranges) {
        rids = satisfied(reading, &select, &tests, &rids).await?;
    }
    Ok((reached(reading, kind, &rids, usize::MAX).await?, is_whole))
}

impl Reading {
    /// The first `each` resources of a type in each of some spans, in the order of the index; those of all spans together,
    /// in the order of their creation. The store is asked once for all spans. In spans of a patient and a descending date
    /// these are the newest of each patient.
    pub async fn first_of_each(&self, kind: &str, spans: Vec<Span>, each: usize) -> Result<Vec<Version>, Problem> {
        let live = self.in_one_index(|| first_in_one_index(self, kind, &spans, each)).await?;
        let mut filled = Vec::with_capacity(live.len());
        for version in self.show(live) {
            filled.push(blobs::fill(self.store(), version).await?);
        }
        Ok(filled)
    }
}

async fn first_in_one_index(
    reading: &Reading,
    kind: &str,
    spans: &[Span],
    each: usize,
) -> Result<Vec<(Arc<[Key]>, Version)>, Problem> {
    reading.check_age(kind)?;
    if spans.is_empty() || !reading.permit().scope().reads.contains(kind) {
        return Ok(Vec::new());
    }
    let select = Select::of(kind).with(Clause::Any(spans.to_vec()));
    reading.depends_on_select(&select);
    let tests = prepare_all(reading, kind, &select.clauses, SMALL).await?;
    let Some(Test::Rows { ranges, .. }) = tests.first() else { return Ok(Vec::new()) };
    let hits = reading.scan_each(ranges, each.clamp(1, PART)).await?;
    let mut rids: Vec<i64> = hits.into_iter().flatten().map(|(_, rid)| rid).collect();
    rids.sort_unstable();
    rids.dedup();
    if !is_enough(reading, ranges) {
        rids = satisfied(reading, &select, &tests, &rids).await?;
    }
    reached(reading, kind, &rids, MOST_ANSWER_BYTES).await
}

/// Whether what lies in these ranges satisfies what they stand for, without a look at its own rows.
fn is_enough(reading: &Reading, ranges: &[KeyRange]) -> bool {
    !reading.distrusts_index() && ranges.iter().all(|range| range.residual.is_none())
}

/// The live versions of a type that the permit reaches, with whose they are.
async fn reached(
    reading: &Reading,
    kind: &str,
    rids: &[i64],
    bytes: usize,
) -> Result<Vec<(Arc<[Key]>, Version)>, Problem> {
    let (live, _) = texts(reading, rids, bytes).await?;
    let mut reached = Vec::with_capacity(live.len());
    for (subjects, version) in live {
        if version.key.kind == kind && reading.reaches_subjects(&version.key, subjects.iter()).await? {
            reached.push((subjects, version));
        }
    }
    Ok(reached)
}

/// Those of some row numbers whose own rows satisfy the tests.
async fn satisfied(reading: &Reading, select: &Select, tests: &[Test], rids: &[i64]) -> Result<Vec<i64>, Problem> {
    let mut satisfied = Vec::with_capacity(rids.len());
    for batch in rids.chunks(BATCH) {
        let those = satisfying(reading, select, tests, (batch, false)).await?;
        satisfied.extend(those.into_iter().map(|(_, rid, _)| rid));
    }
    Ok(satisfied)
}

/// The row numbers within the bounds. Codes are counted in each range by itself: what was merged into a patient has rows in
/// a range of its own, and neither range may push the newest of the other out.
async fn first_of_each(
    reading: &Reading,
    ranges: &[KeyRange],
    whole: &[KeyRange],
    bounds: Bounds<'_>,
) -> Result<(Vec<i64>, bool), Problem> {
    let (mut rids, mut taken, mut is_whole) = (Vec::new(), HashSet::new(), true);
    let batch = (bounds.each + 1).clamp(16, PART);
    'ranges: for range in ranges {
        let (mut counts, mut left, mut after) = (HashMap::new(), range.clone(), None);
        loop {
            let hits = reading.scan(&left, after.as_ref(), batch).await?;
            let (own, passed) = take(&hits, range.low.len(), whole, bounds, &mut counts);
            rids.extend(own.into_iter().filter(|rid| taken.insert(*rid)));
            if rids.len() > bounds.most {
                rids.truncate(bounds.most);
                is_whole = false;
                break 'ranges;
            }
            match passed {
                Some(low) => (left.low, after) = (low, None),
                None if hits.len() < batch => break,
                None => after = hits.last().cloned(),
            }
        }
    }
    rids.sort_unstable();
    Ok((rids, is_whole))
}

/// Takes what is within the bounds, and gives the key to go on from when the rest of a code is passed over.
fn take(
    hits: &[Hit],
    head: usize,
    whole: &[KeyRange],
    bounds: Bounds<'_>,
    counts: &mut HashMap<Vec<u8>, usize>,
) -> (Vec<i64>, Option<Vec<u8>>) {
    let mut rids = Vec::with_capacity(hits.len());
    for (key, rid) in hits {
        let Some((code, rest)) = key.get(head..).and_then(|behind| behind.split_at_checked(CODE_BYTES)) else {
            rids.push(*rid);
            continue;
        };
        let is_always = (!bounds.always.is_empty() && rest.starts_with(bounds.always))
            || whole.iter().any(|range| range.contains(key));
        let count = counts.entry(code.to_vec()).or_insert(0);
        if !is_always && *count >= bounds.each {
            let coded = &key[..head + CODE_BYTES];
            let beyond = [coded, bounds.always].concat();
            // What is always taken may lie before this row or behind it.
            let is_ahead = !bounds.always.is_empty() && beyond.as_slice() > key.as_slice();
            return (rids, if is_ahead { Some(beyond) } else { keys::successor(coded) });
        }
        *count += usize::from(!is_always);
        rids.push(*rid);
    }
    (rids, None)
}
