//! Answers a [`Select`] from the index at one sequence.
//!
//! A plan has a driver and tests. The driver is the smallest condition that the index can list, or the order itself
//! when everything is large; the tests run on the rows of each candidate's own text, extracted again, so every kind
//! of condition is judged by one function ([`condition`]). Small conditions are intersected as sets of row numbers first;
//! where that leaves nothing to test, only the scope is judged, by whose the candidate is. A larger driver is walked as
//! far as the page goes ([`walk`]); where it is the only condition, a first page needs no tests. What one page may examine is
//! bounded.

mod condition;
mod newest;
mod walk;

use std::collections::BTreeSet;
use std::sync::Arc;

use terms::index::{Part, Row, Span};

use crate::change::Key;
use crate::cursor::{Mode, Place, read_cursor, write_cursor};
use crate::error::Problem;
use crate::indexing::KIND;
use crate::keys::KeyRange;
use crate::reading::{Reading, Version};
use crate::search::condition::{Candidate, Parameters, Test, holds_all, parameters, prepare_all, read};
use crate::search::walk::{Walked, walk_page};
use crate::select::{Clause, Order, Page, Select};

pub(crate) use crate::search::condition::target;
pub(crate) use crate::search::newest::{Bounds, newest_of_each};

/// A condition with fewer rows than this is listed whole, if others are that can be intersected with it.
const SMALL: usize = 2_000;
/// The same when an order must be made in memory.
const SMALL_TO_SORT: usize = 10_000;
/// Beside a smaller condition, one with so many times its rows is judged on the candidates' own rows, not listed ...
const WORTH_LISTING: usize = 20;
/// ... unless it has no more than this.
const FEW: usize = 200;
/// Links to more resources than this are followed one by one, not as a set.
const MOST_LINKED: usize = 200;
/// Candidates that one page may examine; `WORTH_LISTING` rows that a range passes over count as one.
const MOST_EXAMINED: usize = 200_000;
/// Candidates that are examined for each resource of a page before listing is tried instead. A text is about as dear as
/// `WORTH_LISTING` rows, so trying costs no more than what it may save.
const TRIED: usize = 4;
/// Candidates examined together.
const BATCH: usize = 128;
/// Rows of one range that are listed together.
const PART: usize = 1000;
/// Ranges that are listed together.
const RANGES_AT_ONCE: usize = 64;

/// One page, found in one index: when that is replaced meanwhile, a first page is found again in the other.
///
/// # Errors
/// [`Problem::Expired`] when the pages before were found in an index that is replaced.
pub(crate) async fn select(reading: &Reading, select: &Select) -> Result<Page, Problem> {
    reading.in_one_index(|| page_in_one_index(reading, select)).await
}

async fn page_in_one_index(reading: &Reading, select: &Select) -> Result<Page, Problem> {
    reading.check_age(&select.kind)?;
    reading.depends_on_select(select);
    if !reading.permit().scope().reads.contains(&select.kind) {
        return Ok(Page { versions: Vec::new(), next: None });
    }
    let mut tests = prepare_all(reading, &select.kind, &select.clauses, most_counted(select)).await?;
    if select.order.len() > 1 {
        make_sortable(reading, select, &mut tests).await?;
    }
    if tests.iter().any(Test::is_impossible) {
        return Ok(Page { versions: Vec::new(), next: None });
    }
    match &select.after {
        Some(cursor) => page_at(reading, select, &tests, read_cursor(cursor, reading.cursor_of())?).await,
        None => first_page(reading, select, &tests).await,
    }
}

/// An order of several keys is made in memory, because a walk knows the first of them alone: of what satisfies a small
/// condition, or else of the whole type.
///
/// # Errors
/// [`Problem::TooCostly`] when there is too much of it to be sorted.
async fn make_sortable(reading: &Reading, select: &Select, tests: &mut Vec<Test>) -> Result<(), Problem> {
    let is_small = |test: &Test| test.size().is_some_and(|size| size <= SMALL_TO_SORT);
    if tests.iter().any(is_small) {
        return Ok(());
    }
    let whole = Clause::Any(vec![Span::head(KIND, [Part::Kind(select.kind.clone())])]);
    tests.extend(prepare_all(reading, &select.kind, &[whole], SMALL_TO_SORT).await?);
    if tests.last().is_some_and(is_small) { Ok(()) } else { Err(Problem::TooCostly) }
}

/// How many there are, exactly, within the scope; counted again when the index is replaced meanwhile.
pub(crate) async fn total(reading: &Reading, select: &Select) -> Result<u64, Problem> {
    reading.in_one_index(|| total_in_one_index(reading, select)).await
}

async fn total_in_one_index(reading: &Reading, select: &Select) -> Result<u64, Problem> {
    reading.check_age(&select.kind)?;
    reading.depends_on_select(select);
    if !reading.permit().scope().reads.contains(&select.kind) {
        return Ok(0);
    }
    if select.clauses.is_empty()
        && reading.reaches_everything().await?
        && let Some(tally) = reading.tally(&select.kind).await?
    {
        return Ok(tally);
    }
    let mut question = Select { order: Vec::new(), limit: 1000, after: None, ..select.clone() };
    let tests = prepare_all(reading, &select.kind, &select.clauses, most_counted(&question)).await?;
    if tests.iter().any(Test::is_impossible) {
        return Ok(0);
    }
    if let Some(count) = counted_by_index(reading, select, &tests).await? {
        return Ok(count);
    }
    if choose(&question, &tests) == Mode::List {
        return Ok(collect(reading, &question, &tests).await?.len() as u64);
    }
    let mut count = 0;
    loop {
        let page = self::select(reading, &question).await?;
        count += page.versions.len() as u64;
        match page.next {
            Some(next) => question.after = Some(next),
            None => return Ok(count),
        }
    }
}

/// The number where the index alone says it, however many there are: one condition or none, under a permit that reaches
/// everything. No text is read.
async fn counted_by_index(reading: &Reading, select: &Select, tests: &[Test]) -> Result<Option<u64>, Problem> {
    if !reading.reaches_everything().await? || reading.distrusts_index() {
        return Ok(None);
    }
    let of_kind;
    let (ranges, size) = match tests {
        [] => {
            let span = Span::head(KIND, [Part::Kind(select.kind.clone())]);
            of_kind = reading.names().ranges(reading.store(), &span).await?;
            (&of_kind, usize::MAX)
        }
        [Test::Rows { ranges, size, negated: false, .. }] => (ranges, *size),
        _ => return Ok(None),
    };
    if let [range] = ranges.as_slice()
        && range.is_plain()
        && size > SMALL
    {
        return Ok(Some(reading.count_range(range, &select.kind).await?));
    }
    let rids = list(reading, ranges, None, usize::MAX).await?;
    let (rids, mut count) = (rids.into_iter().collect::<Vec<i64>>(), 0);
    for batch in rids.chunks(PART) {
        count += reading.keys(batch).await?.iter().filter(|key| key.kind == select.kind).count() as u64;
    }
    Ok(Some(count))
}

/// The first page. Before much is listed to be intersected, a short walk along the smallest condition is tried: where
/// most of what it meets satisfies the others, it fills the page.
async fn first_page(reading: &Reading, select: &Select, tests: &[Test]) -> Result<Page, Problem> {
    let mode = choose(select, tests);
    let tried = TRIED * (select.limit + 1);
    let listed: usize = tests.iter().filter_map(Test::size).filter(|size| *size <= SMALL_TO_SORT).sum();
    if mode == Mode::List
        && listed > WORTH_LISTING * tried
        && let Some((test, Test::Rows { .. })) = smallest(tests)
    {
        let start = (Mode::Walk { test, down: false }, None);
        if let Walked::Page(page) = walk_page(reading, select, tests, start, tried).await? {
            return Ok(page);
        }
    }
    page_at(reading, select, tests, Place { mode, offset: 0, hit: None }).await
}

/// The page that begins at a place.
async fn page_at(reading: &Reading, select: &Select, tests: &[Test], place: Place) -> Result<Page, Problem> {
    match place.mode {
        Mode::Collect => collect_page(reading, select, tests, place.offset).await,
        Mode::List => list_page(reading, select, tests, place.hit.map_or(0, |(_, rid)| rid)).await,
        mode => {
            let most = select.examines.unwrap_or(MOST_EXAMINED);
            match walk_page(reading, select, tests, (mode, place.hit), most).await? {
                Walked::Page(page) => Ok(page),
                Walked::Part(page) if select.examines.is_some() => Ok(page),
                Walked::Part(_) => Err(Problem::TooCostly),
            }
        }
    }
}

/// How far the rows of a condition are counted: where there is no choice between conditions and no order, only as far
/// as the page's size asks.
fn most_counted(select: &Select) -> usize {
    let others = select.clauses.iter().filter(|clause| !matches!(clause, Clause::None(_)));
    if select.order.is_empty() && others.count() == 1 {
        return most_listed(select.limit, false);
    }
    SMALL_TO_SORT
}

/// How many rows a page of this size lists at most. More are walked: a walk ends with the page, but judges each
/// candidate on its text, which is dearer where conditions that can be intersected leave few of many.
fn most_listed(limit: usize, intersects: bool) -> usize {
    let least = if intersects { SMALL } else { FEW };
    least.max(10 * limit).min(SMALL_TO_SORT)
}

/// Chooses how candidates are found, from the sizes and the order.
fn choose(select: &Select, tests: &[Test]) -> Mode {
    if let [order] = select.order.as_slice()
        && let Some(test) = tests.iter().position(|test| is_walk_of(test, order))
    {
        return Mode::Walk { test, down: order.descending };
    }
    let smallest = smallest(tests).and_then(|(at, test)| Some((test.size()?, at)));
    let is_small = |test: &&Test| test.size().is_some_and(|size| size <= SMALL_TO_SORT);
    let suits = most_listed(select.limit, tests.iter().filter(is_small).count() > 1);
    let listed = select.lists.map_or(suits, |rows| suits.max(rows.min(SMALL_TO_SORT)));
    match (smallest, select.order.as_slice()) {
        (Some((size, at)), []) if size <= listed || matches!(tests[at], Test::Keys(_)) => Mode::List,
        (Some((_, at)), []) => Mode::Walk { test: at, down: false },
        (None, []) => Mode::WalkKind { down: false },
        (Some((size, _)), _) if size <= SMALL_TO_SORT => Mode::Collect,
        (_, [order, ..]) if order.parameter.is_some() => Mode::WalkOrder { down: order.descending, rest: false },
        (_, [order, ..]) => Mode::WalkKind { down: order.descending },
    }
}

/// The condition with the fewest rows that the index can list, and its place.
fn smallest(tests: &[Test]) -> Option<(usize, &Test)> {
    tests.iter().enumerate().filter(|(_, test)| test.size().is_some()).min_by_key(|(_, test)| test.size())
}

/// Whether walking this test's range gives the wanted order.
fn is_walk_of(test: &Test, order: &Order) -> bool {
    let Test::Rows { spans, ranges, negated: false, .. } = test else { return false };
    let [span] = spans.as_slice() else { return false };
    ranges.len() == 1 && !span.head.is_empty() && order.parameter == Some(span.parameter)
}

/// One page in an order that is made in memory, from everything that satisfies the tests.
async fn collect_page(reading: &Reading, select: &Select, tests: &[Test], offset: usize) -> Result<Page, Problem> {
    let found = collect(reading, select, tests).await?;
    let rids: Vec<i64> = found.iter().skip(offset).take(select.limit).map(|found| found.0).collect();
    let (live, looked_at) = texts(reading, &rids, select.bytes).await?;
    let end = offset + looked_at;
    let next = (end < found.len()).then_some(Place { mode: Mode::Collect, offset: end, hit: None });
    Ok(page_of(reading, live, next))
}

/// One page in the order of row numbers, after one of them: the small conditions are listed, and what they leave is
/// judged as far as the page goes.
async fn list_page(reading: &Reading, select: &Select, tests: &[Test], after: i64) -> Result<Page, Problem> {
    let (candidates, all_judged) = intersect(reading, tests).await?;
    let left = &candidates[candidates.partition_point(|rid| *rid <= after)..];
    let judged = all_judged && !reading.distrusts_index();
    let mut found = Vec::new();
    for batch in left.chunks((select.limit + 1).clamp(8, BATCH)) {
        found.extend(satisfying(reading, select, tests, (batch, judged)).await?.into_iter().map(|(_, rid, _)| rid));
        if found.len() > select.limit {
            break;
        }
    }
    let rids = &found[..found.len().min(select.limit)];
    let (live, looked_at) = texts(reading, rids, select.bytes).await?;
    let last = looked_at.checked_sub(1).filter(|_| looked_at < found.len()).map(|last| found[last]);
    let next = last.map(|rid| Place { mode: Mode::List, offset: 0, hit: Some((Vec::new(), rid)) });
    Ok(page_of(reading, live, next))
}

/// The live versions of these row numbers with whose they are, as many as have so many bytes but at least one; and how
/// many row numbers that took.
async fn texts(reading: &Reading, rids: &[i64], bytes: usize) -> Result<(Vec<(Arc<[Key]>, Version)>, usize), Problem> {
    let (mut live, mut together, mut looked_at) = (Vec::with_capacity(rids.len()), 0, 0);
    for batch in rids.chunks(BATCH) {
        for (rid, version) in batch.iter().zip(reading.versions_of(batch).await?) {
            if let Some(version) = version.filter(|version| !version.text.is_empty()) {
                together += version.text.len();
                if together > bytes && !live.is_empty() {
                    return Ok((live, looked_at));
                }
                live.push((reading.whose(*rid, &version), version));
            }
            looked_at += 1;
        }
    }
    Ok((live, looked_at))
}

fn page_of(reading: &Reading, live: Vec<(Arc<[Key]>, Version)>, next: Option<Place>) -> Page {
    let next = next.map(|place| write_cursor(reading.cursor_of(), &place));
    Page { versions: reading.show(live), next }
}

/// Everything that satisfies the tests, in order. Row number and key.
async fn collect(reading: &Reading, select: &Select, tests: &[Test]) -> Result<Vec<(i64, Key)>, Problem> {
    let (candidates, all_judged) = intersect(reading, tests).await?;
    let judged = all_judged && select.order.is_empty() && !reading.distrusts_index();
    let batch = if judged { candidates.len().max(1) } else { BATCH };
    let mut kept = Vec::new();
    for batch in candidates.chunks(batch) {
        kept.extend(satisfying(reading, select, tests, (batch, judged)).await?);
    }
    kept.sort_by(|a, b| compare(&select.order, &a.0, &b.0).then(a.1.cmp(&b.1)));
    Ok(kept.into_iter().map(|(_, rid, key)| (rid, key)).collect())
}

/// Those of the candidates that satisfy the tests, with what sorts them, in the order given; of candidates that were
/// judged by the index, only the type is looked at, and whether the permit reaches them.
async fn satisfying(
    reading: &Reading,
    select: &Select,
    tests: &[Test],
    (rids, judged): (&[i64], bool),
) -> Result<Vec<(Vec<Option<Row>>, i64, Key)>, Problem> {
    if judged {
        let reached = reached(reading, &select.kind, rids).await?;
        return Ok(reached.into_iter().map(|(rid, key)| (Vec::new(), rid, key)).collect());
    }
    let mut kept = Vec::new();
    for candidate in read(reading, rids, &judging(tests, &select.order)).await? {
        if candidate.version.key.kind == select.kind && holds_all(reading, tests, &candidate).await? {
            kept.push((sort_keys(&select.order, &candidate), candidate.rid, candidate.version.key));
        }
    }
    Ok(kept)
}

/// The parameters whose rows decide whether a candidate is in an answer, and where.
fn judging(tests: &[Test], order: &[Order]) -> Parameters {
    let mut judging = parameters(tests);
    judging.extend(order.iter().filter_map(|order| order.parameter));
    judging
}

/// Those of a type that the permit reaches. Whose a version is was worked out once for all readings, where the rows of a
/// text are made for each candidate; a trust has accounts, which labels hide, so hardly a permit reaches everything.
async fn reached(reading: &Reading, kind: &str, rids: &[i64]) -> Result<Vec<(i64, Key)>, Problem> {
    let keys = reading.keys(rids).await?;
    let of_kind: Vec<(i64, Key)> = rids.iter().copied().zip(keys).filter(|(_, key)| key.kind == kind).collect();
    if reading.reaches_everything().await? {
        return Ok(of_kind);
    }
    let mut reached = Vec::with_capacity(of_kind.len());
    for batch in of_kind.chunks(BATCH) {
        let rids: Vec<i64> = batch.iter().map(|(rid, _)| *rid).collect();
        for ((rid, key), version) in batch.iter().zip(reading.versions_of(&rids).await?) {
            let Some(version) = version.filter(|version| !version.text.is_empty()) else { continue };
            if reading.reaches_subjects(key, reading.whose(*rid, &version).iter()).await? {
                reached.push((*rid, key.clone()));
            }
        }
    }
    Ok(reached)
}

/// Row numbers that satisfy all small tests, and whether that judged every test. The smallest is listed whatever its
/// size: it may have been smaller when the first page was found.
async fn intersect(reading: &Reading, tests: &[Test]) -> Result<(Vec<i64>, bool), Problem> {
    let mut listed: Option<BTreeSet<i64>> = None;
    // Only the index knows what is live; keys alone may name what was deleted or never there.
    let (mut all_judged, mut live) = (true, false);
    let mut by_size: Vec<&Test> = tests.iter().collect();
    by_size.sort_by_key(|test| test.size().unwrap_or(usize::MAX));
    for test in by_size {
        let rids = match test {
            Test::Rows { ranges, size, negated: false, .. } if *size <= SMALL_TO_SORT || listed.is_none() => {
                live = true;
                list(reading, ranges, listed.as_ref(), MOST_EXAMINED).await?
            }
            Test::Keys(keys) => reading.row_numbers(keys).await?,
            _ => {
                all_judged = false;
                continue;
            }
        };
        listed = Some(match listed {
            None => rids,
            Some(before) => before.intersection(&rids).copied().collect(),
        });
    }
    Ok((listed.unwrap_or_default().into_iter().collect(), all_judged && live))
}

/// All row numbers in the ranges, if they are not more than `most` and do not lie among far too many others.
async fn list(
    reading: &Reading,
    ranges: &[KeyRange],
    within: Option<&BTreeSet<i64>>,
    most: usize,
) -> Result<BTreeSet<i64>, Problem> {
    let (mut rids, mut looked_at) = (BTreeSet::new(), 0);
    if within.is_some_and(BTreeSet::is_empty) {
        return Ok(rids);
    }
    for together in ranges.chunks(RANGES_AT_ONCE) {
        for (range, mut hits) in together.iter().zip(reading.scan_each(together, PART).await?) {
            loop {
                let next = hits.last().filter(|_| hits.len() == PART).cloned();
                looked_at += hits.len();
                rids.extend(hits.into_iter().filter(|(key, _)| range.admits_rest(key)).map(|(_, rid)| rid));
                let Some(after) = next else { break };
                if rids.len() > most || looked_at / WORTH_LISTING > most {
                    return Err(Problem::TooCostly);
                }
                hits = reading.scan(range, Some(&after), PART).await?;
            }
        }
    }
    Ok(rids)
}

/// The row that decides for each key of the order; a last-change key compares by the record's own row.
fn sort_keys(orders: &[Order], candidate: &Candidate) -> Vec<Option<Row>> {
    let keys = orders.iter().map(|order| {
        let parameter = order.parameter.unwrap_or(KIND);
        let rows = candidate.rows.iter().filter(|row| row.parameter == parameter);
        if order.descending { rows.max().cloned() } else { rows.min().cloned() }
    });
    keys.collect()
}

fn compare(orders: &[Order], a: &[Option<Row>], b: &[Option<Row>]) -> std::cmp::Ordering {
    use std::cmp::Ordering;
    for ((order, a), b) in orders.iter().zip(a).zip(b) {
        let result = match (a, b) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) if order.descending => b.cmp(a),
            (Some(a), Some(b)) => a.cmp(b),
        };
        if result != Ordering::Equal {
            return result;
        }
    }
    Ordering::Equal
}
