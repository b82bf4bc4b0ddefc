//! Pages that are found by walking the index: in the order that was asked for, or in the order in which the index has
//! the rows.
//!
//! A walk ends with the page, so it costs what the page costs, however many rows there are. A resource is met once for
//! each of its rows and counts at the first of them; its own text tells which that is, so a page needs to know nothing
//! of those before it but where they ended. A first page remembers whom it met instead.

use std::collections::{HashMap, HashSet};

use terms::index::{Part, Row, Span};

use super::condition::{Candidate, Parameters, Test, holds_all, lies_in, read};
use super::{BATCH, PART, RANGES_AT_ONCE, WORTH_LISTING};
use crate::cursor::{Mode, Place, write_cursor};
use crate::error::Problem;
use crate::indexing::KIND;
use crate::keys::{self, KeyRange};
use crate::reading::Reading;
use crate::select::{Page, Select};
use crate::store::Hit;

/// What is walked.
struct Path {
    spans: Vec<Span>,
    ranges: Vec<KeyRange>,
    /// What the ranges cover, from the lowest up; no two of these touch.
    stretches: Vec<KeyRange>,
    down: bool,
}

/// What a walk finds.
pub(super) enum Walked {
    /// A page.
    Page(Page),
    /// What lay among the candidates that it may look at, with the place to go on.
    Part(Page),
}

/// One page found by walking from a place on, or a part of it when it needs more than `most` candidates.
pub(super) async fn walk_page(
    reading: &Reading,
    select: &Select,
    tests: &[Test],
    (mut mode, mut hit): (Mode, Option<Hit>),
    most: usize,
) -> Result<Walked, Problem> {
    let mut path = Path::of(reading, select, tests, mode).await?;
    // Of a first page that the index alone decides no text is asked what it says.
    let is_decided = matches!((mode, tests), (Mode::Walk { .. }, [_])) && hit.is_none() && !reading.distrusts_index();
    let mut met = is_decided.then(HashSet::new);
    let mut kept: Vec<(Candidate, Hit)> = Vec::new();
    let mut examined = 0;
    // Most walks end with the first rows; what is selective goes on in larger steps.
    let mut batch = (select.limit + 1).clamp(8, BATCH);
    // How many were kept before those without a row of the order's parameter; none when the page begins there.
    let mut ordered = 0;
    loop {
        let mut hits = path.next_hits(reading, hit.as_ref(), batch).await?;
        let (end, looked_at) = (hits.len() < batch, hits.len());
        hit = hits.last().cloned().or(hit);
        hits.retain(|(key, _)| path.has(key));
        let passed = looked_at - hits.len();
        examined += hits.len() + passed.div_ceil(WORTH_LISTING);
        batch = (batch * 2).min(if passed > looked_at / 8 * 7 { PART } else { BATCH });
        match &mut met {
            Some(met) => keep_met(reading, select, met, hits, &mut kept).await?,
            None => keep(reading, select, tests, (mode, &path), hits, &mut kept).await?,
        }
        if kept.len() > fitting(select, &kept) || (end && !is_before_rest(mode)) {
            break;
        }
        if end && let Mode::WalkOrder { down, .. } = mode {
            (mode, hit, ordered) = (Mode::WalkOrder { down, rest: true }, None, kept.len());
            if kept.len() == select.limit {
                return Ok(Walked::Page(finish(reading, kept, select.limit, Some((mode, None)))));
            }
            path = Path::of(reading, select, tests, mode).await?;
        }
        if examined > most {
            let fits = kept.len();
            return Ok(Walked::Part(finish(reading, kept, fits, Some((mode, hit)))));
        }
    }
    let fits = fitting(select, &kept);
    let last = if kept.len() > fits { kept.get(fits - 1) } else { None };
    let place = last.map(|(_, hit)| {
        let found_in = match mode {
            Mode::WalkOrder { down, rest: true } => Mode::WalkOrder { down, rest: fits > ordered },
            other => other,
        };
        (found_in, Some(hit.clone()))
    });
    Ok(Walked::Page(finish(reading, kept, fits, place)))
}

/// How many of the resources that were kept are a page: as many as were asked for, or fewer when their texts are large.
fn fitting(select: &Select, kept: &[(Candidate, Hit)]) -> usize {
    let mut together = 0;
    let fits = kept.iter().take(select.limit).take_while(|(candidate, _)| {
        together += candidate.version.text.len();
        together <= select.bytes
    });
    fits.count().max(1)
}

fn is_before_rest(mode: Mode) -> bool {
    matches!(mode, Mode::WalkOrder { rest: false, .. })
}

fn finish(reading: &Reading, kept: Vec<(Candidate, Hit)>, limit: usize, next: Option<(Mode, Option<Hit>)>) -> Page {
    let shown = kept
        .into_iter()
        .take(limit)
        .map(|(candidate, _)| (reading.whose(candidate.rid, &candidate.version), candidate.version));
    let versions = reading.show(shown.collect());
    let next = next.map(|(mode, hit)| write_cursor(reading.cursor_of(), &Place { mode, offset: 0, hit }));
    Page { versions, next }
}

impl Path {
    /// What a mode walks.
    ///
    /// # Errors
    /// [`Problem::Expired`] when the condition that the pages before walked can no longer be listed, because what it
    /// leads to has become many.
    async fn of(reading: &Reading, select: &Select, tests: &[Test], mode: Mode) -> Result<Path, Problem> {
        let kind_span = || Span::head(KIND, [Part::Kind(select.kind.clone())]);
        let (span, down) = match mode {
            Mode::Walk { test, down } => match tests.get(test) {
                Some(Test::Rows { spans, ranges, negated: false, .. }) => {
                    return Ok(Path::along(spans.clone(), ranges.clone(), down));
                }
                _ => return Err(Problem::Expired),
            },
            Mode::WalkOrder { down, rest: false } => match select.order.first().and_then(|order| order.parameter) {
                Some(parameter) => (Span::head(parameter, []), down),
                None => return Err(Problem::Expired),
            },
            Mode::WalkKind { down } => (kind_span(), down),
            Mode::WalkOrder { rest: true, .. } | Mode::Collect | Mode::List => (kind_span(), false),
        };
        let ranges = reading.names().ranges(reading.store(), &span).await?;
        Ok(Path::along(vec![span], ranges, down))
    }

    fn along(spans: Vec<Span>, ranges: Vec<KeyRange>, down: bool) -> Path {
        Path { spans, stretches: stretches(&ranges), ranges, down }
    }

    /// Whether a key lies in what is walked.
    fn has(&self, key: &[u8]) -> bool {
        self.ranges.iter().any(|range| range.contains(key))
    }

    /// The next rows, after the last of those before; fewer than asked for at the end.
    async fn next_hits(&self, reading: &Reading, last: Option<&Hit>, most: usize) -> Result<Vec<Hit>, Problem> {
        if self.down {
            // Orders go down, and an order is one stretch.
            let Some(only) = self.stretches.first() else { return Ok(Vec::new()) };
            return reading.scan_down(only, last, most).await;
        }
        let passed = |stretch: &KeyRange| match (last, &stretch.high) {
            (Some((key, _)), Some(high)) => high <= key,
            _ => false,
        };
        let left = &self.stretches[self.stretches.partition_point(passed)..];
        let Some((first, mut left)) = left.split_first() else { return Ok(Vec::new()) };
        let mut hits = reading.scan(first, last.filter(|(key, _)| *key >= first.low), most).await?;
        let mut together = 1;
        while hits.len() < most && !left.is_empty() {
            let (next, others) = left.split_at(together.min(left.len()));
            hits.extend(reading.scan_each(next, most).await?.into_iter().flatten());
            (left, together) = (others, (together * 2).min(RANGES_AT_ONCE));
        }
        hits.truncate(most);
        Ok(hits)
    }
}

/// What ranges cover, from the lowest up, in as few pieces as it can be said.
fn stretches(ranges: &[KeyRange]) -> Vec<KeyRange> {
    let is_there = |range: &&KeyRange| range.high.as_ref().is_none_or(|high| *high > range.low);
    let mut sorted: Vec<&KeyRange> = ranges.iter().filter(is_there).collect();
    sorted.sort_by(|a, b| a.low.cmp(&b.low));
    let mut covered: Vec<KeyRange> = Vec::new();
    for range in sorted {
        match covered.last_mut() {
            Some(last) if last.high.as_ref().is_none_or(|high| range.low <= *high) => {
                last.high = match (last.high.take(), &range.high) {
                    (Some(high), Some(other)) => Some(high.max(other.clone())),
                    _ => None,
                };
            }
            _ => covered.push(KeyRange { residual: None, ..range.clone() }),
        }
    }
    covered
}

/// Keeps those of the hits that the permit reaches, each resource when it is met first: the index says that they satisfy the
/// only condition.
async fn keep_met(
    reading: &Reading,
    select: &Select,
    met: &mut HashSet<i64>,
    mut hits: Vec<Hit>,
    kept: &mut Vec<(Candidate, Hit)>,
) -> Result<(), Problem> {
    hits.retain(|(_, rid)| met.insert(*rid));
    let rids: Vec<i64> = hits.iter().map(|(_, rid)| *rid).collect();
    let read = read(reading, &rids, &Parameters::new()).await?;
    let mut by_rid: HashMap<i64, Candidate> = read.into_iter().map(|candidate| (candidate.rid, candidate)).collect();
    for hit in hits {
        let Some(candidate) = by_rid.remove(&hit.1) else { continue };
        if candidate.version.key.kind == select.kind
            && reading.reaches_version(candidate.rid, &candidate.version).await?
        {
            kept.push((candidate, hit));
        }
        if kept.len() > select.limit {
            return Ok(());
        }
    }
    Ok(())
}

/// Keeps those of the hits that satisfy everything, each resource at its first row only.
async fn keep(
    reading: &Reading,
    select: &Select,
    tests: &[Test],
    (mode, path): (Mode, &Path),
    hits: Vec<Hit>,
    kept: &mut Vec<(Candidate, Hit)>,
) -> Result<(), Problem> {
    let mut rids: Vec<i64> = hits.iter().map(|(_, rid)| *rid).collect();
    rids.sort_unstable();
    rids.dedup();
    let mut parameters = super::judging(tests, &select.order);
    parameters.extend(path.spans.iter().map(|span| span.parameter));
    let read = read(reading, &rids, &parameters).await?;
    let mut by_rid: HashMap<i64, Candidate> = read.into_iter().map(|candidate| (candidate.rid, candidate)).collect();
    let sorted_by = select.order.first().and_then(|order| order.parameter);
    for hit in hits {
        let Some(candidate) = by_rid.get(&hit.1) else { continue };
        if candidate.version.key.kind != select.kind {
            continue;
        }
        if matches!(mode, Mode::WalkOrder { rest: true, .. }) && has_row_of(reading, candidate, sorted_by).await? {
            continue;
        }
        if !is_first_row(reading, candidate, path, &hit).await? || !holds_all(reading, tests, candidate).await? {
            continue;
        }
        if let Some(candidate) = by_rid.remove(&hit.1) {
            kept.push((candidate, hit));
        }
        if kept.len() > select.limit {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether the hit is the first of the resource's rows that lie in what is walked, in the direction walked.
async fn is_first_row(reading: &Reading, candidate: &Candidate, path: &Path, hit: &Hit) -> Result<bool, Problem> {
    let lies_inside = |row: &&Row| lies_in(std::slice::from_ref(*row), &path.spans);
    let inside: Vec<&Row> = candidate.rows.iter().filter(lies_inside).collect();
    let distrusts = reading.distrusts_index();
    if inside.len() <= 1 && !distrusts {
        return Ok(inside.len() == 1);
    }
    let mut own = !distrusts;
    for row in inside {
        let Some(key) = stored_key(reading, row).await? else { continue };
        own |= key == hit.0;
        let earlier = if path.down { key > hit.0 } else { key < hit.0 };
        if earlier && (!distrusts || is_stored(reading, key, candidate.rid).await?) {
            return Ok(false);
        }
    }
    Ok(own)
}

/// The key of a row, if everything in it has a number.
async fn stored_key(reading: &Reading, row: &Row) -> Result<Option<Vec<u8>>, Problem> {
    let exact = Span::head(row.parameter, row.parts.iter().cloned());
    Ok(reading.names().ranges(reading.store(), &exact).await?.into_iter().next().map(|range| range.low))
}

/// Whether the index has this row, for a time when it may lack what its functions make.
async fn is_stored(reading: &Reading, key: Vec<u8>, rid: i64) -> Result<bool, Problem> {
    let range = keys::prefix(key.clone());
    let hits = reading.scan(&range, Some(&(key.clone(), rid - 1)), 1).await?;
    Ok(hits.first().is_some_and(|hit| *hit == (key, rid)))
}

/// Whether a walk of a parameter's rows meets the candidate.
async fn has_row_of(reading: &Reading, candidate: &Candidate, parameter: Option<&str>) -> Result<bool, Problem> {
    for row in candidate.rows.iter().filter(|row| Some(row.parameter) == parameter) {
        if !reading.distrusts_index() {
            return Ok(true);
        }
        if let Some(key) = stored_key(reading, row).await?
            && is_stored(reading, key, candidate.rid).await?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(low: u8, high: Option<u8>) -> KeyRange {
        KeyRange { low: vec![low], high: high.map(|high| vec![high]), residual: None }
    }

    #[test]
    fn stretches_cover_what_the_ranges_cover() {
        let table: &[(&[KeyRange], &[KeyRange])] = &[
            (&[], &[]),
            (&[range(5, Some(7)), range(1, Some(3))], &[range(1, Some(3)), range(5, Some(7))]),
            (&[range(1, Some(9)), range(2, Some(3))], &[range(1, Some(9))]),
            (&[range(1, Some(3)), range(2, Some(5)), range(5, Some(6))], &[range(1, Some(6))]),
            (&[range(4, Some(4)), range(6, Some(2)), range(1, Some(2))], &[range(1, Some(2))]),
            (&[range(8, None), range(1, Some(2)), range(9, Some(10))], &[range(1, Some(2)), range(8, None)]),
        ];
        for (ranges, expected) in table {
            assert_eq!(stretches(ranges), *expected, "{ranges:?}");
        }
    }
}
