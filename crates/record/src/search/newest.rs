//! The first rows of each code under a head: a chart needs the last few of everything, not everything of the past.
//!
//! The index has the rows of one code beside each other, so what is beyond the first few is passed over, not read.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use terms::index::Span;

use super::condition::{Test, prepare_all};
use super::{BATCH, PART, SMALL, is_index_enough, satisfying, texts};
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
    reading.check_age(kind)?;
    if !reading.permit().scope().reads.contains(kind) {
        return Ok((Vec::new(), true));
    }
    let select = Select::of(kind).with(Clause::Any(vec![span]));
    let tests = prepare_all(reading, kind, &select.clauses, SMALL).await?;
    let Some(Test::Rows { ranges, .. }) = tests.first() else { return Ok((Vec::new(), true)) };
    let (mut rids, is_whole) = first_of_each(reading, ranges, bounds).await?;
    if !is_index_enough(reading).await? {
        let mut satisfied = Vec::with_capacity(rids.len());
        for batch in rids.chunks(BATCH) {
            let those = satisfying(reading, &select, &tests, (batch, false)).await?;
            satisfied.extend(those.into_iter().map(|(_, rid, _)| rid));
        }
        rids = satisfied;
    }
    let (live, _) = texts(reading, &rids, usize::MAX).await?;
    reading.check_age(kind)?;
    Ok((live.into_iter().filter(|(_, version)| version.key.kind == kind).collect(), is_whole))
}

/// The row numbers within the bounds. Codes are counted in each range by itself: what was merged into a patient has rows in
/// a range of its own, and neither range may push the newest of the other out.
async fn first_of_each(
    reading: &Reading,
    ranges: &[KeyRange],
    bounds: Bounds<'_>,
) -> Result<(Vec<i64>, bool), Problem> {
    let mut rids = BTreeSet::new();
    let batch = (bounds.each + 1).clamp(16, PART);
    for range in ranges {
        let (mut counts, mut left, mut after) = (HashMap::new(), range.clone(), None);
        loop {
            let hits = reading.scan(&left, after.as_ref(), batch).await?;
            let passed = take(&hits, range.low.len(), bounds, &mut counts, &mut rids);
            if rids.len() > bounds.most {
                return Ok((rids.into_iter().take(bounds.most).collect(), false));
            }
            match passed {
                Some(low) => (left.low, after) = (low, None),
                None if hits.len() < batch => break,
                None => after = hits.last().cloned(),
            }
        }
    }
    Ok((rids.into_iter().collect(), true))
}

/// Takes what is within the bounds; gives the key to go on from when the rest of a code is passed over.
fn take(
    hits: &[Hit],
    head: usize,
    bounds: Bounds<'_>,
    counts: &mut HashMap<Vec<u8>, usize>,
    rids: &mut BTreeSet<i64>,
) -> Option<Vec<u8>> {
    for (key, rid) in hits {
        let Some((code, rest)) = key.get(head..).and_then(|behind| behind.split_at_checked(CODE_BYTES)) else {
            rids.insert(*rid);
            continue;
        };
        let is_always = !bounds.always.is_empty() && rest.starts_with(bounds.always);
        let count = counts.entry(code.to_vec()).or_insert(0);
        if !is_always && *count >= bounds.each {
            let whole = &key[..head + CODE_BYTES];
            let beyond = [whole, bounds.always].concat();
            // What is always taken may lie before this row or behind it.
            return if !bounds.always.is_empty() && beyond.as_slice() > key.as_slice() {
                Some(beyond)
            } else {
                keys::successor(whole)
            };
        }
        *count += usize::from(!is_always);
        rids.insert(*rid);
    }
    None
}
