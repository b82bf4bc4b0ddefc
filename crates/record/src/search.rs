//! Answers a [`Select`] from the index at one sequence.
//!
//! A plan has a driver and tests. The driver is the smallest condition that the index can list, or the order itself
//! when everything is large; the tests run on the rows of each candidate's own text, extracted again, so every kind
//! of condition, and the scope, is judged by one function. Small conditions are intersected as sets of row numbers
//! first. What one page may examine is bounded.

use std::collections::{BTreeSet, HashMap, HashSet};

use terms::index::{End, Next, Part, Range, Row, Span};

use crate::change::Key;
use crate::cursor::{Mode, Place, read_cursor, write_cursor};
use crate::error::Problem;
use crate::indexing::KIND;
use crate::keys::{self, KeyRange};
use crate::reading::{Reading, Version, subjects};
use crate::select::{Clause, Order, Page, Select};
use crate::store::Hit;

/// A condition with fewer rows than this is listed whole.
const SMALL: usize = 2_000;
/// The same when an order must be made in memory.
const SMALL_TO_SORT: usize = 10_000;
/// Beside a smaller condition, one with so many times its rows is judged on the candidates' own rows, not listed ...
const WORTH_LISTING: usize = 20;
/// ... unless it has no more than this.
const FEW: usize = 200;
/// Links to more resources than this are followed one by one, not as a set.
const MOST_LINKED: usize = 200;
/// Candidates that one page may examine.
const MOST_EXAMINED: usize = 200_000;
/// Candidates examined together.
const BATCH: usize = 128;
/// Rows of one range that are listed together.
const PART: usize = 1000;
/// Ranges that are listed together.
const RANGES_AT_ONCE: usize = 64;

/// A condition with its key ranges.
enum Test {
    Rows { spans: Vec<Span>, ranges: Vec<KeyRange>, size: usize, negated: bool },
    Keys(HashSet<Key>),
    Linked { parameter: &'static str, tests: Vec<Test>, kind: String },
    LinkedFrom { parameter: &'static str, tests: Vec<Test>, kind: String },
    Either(Vec<Test>),
}

/// A candidate that was read for its tests.
pub(crate) struct Candidate {
    rid: i64,
    version: Version,
    rows: Vec<Row>,
}

/// One page.
pub(crate) async fn select(reading: &Reading, select: &Select) -> Result<Page, Problem> {
    reading.check_age(&select.kind)?;
    if !reading.permit().scope().reads.contains(&select.kind) {
        return Ok(Page { versions: Vec::new(), next: None });
    }
    let tests = prepare_all(reading, &select.kind, &select.clauses).await?;
    if tests.iter().any(Test::is_impossible) {
        return Ok(Page { versions: Vec::new(), next: None });
    }
    let place = match &select.after {
        Some(cursor) => read_cursor(cursor, reading.sequence())?,
        None => Place { mode: choose(select, &tests), offset: 0, hit: None },
    };
    let page = match place.mode {
        Mode::Collect => collect_page(reading, select, &tests, place.offset).await?,
        mode => walk_page(reading, select, &tests, mode, place.hit).await?,
    };
    // The index may have been replaced meanwhile.
    reading.check_age(&select.kind)?;
    Ok(page)
}

/// How many there are, exactly, within the scope.
pub(crate) async fn total(reading: &Reading, select: &Select) -> Result<u64, Problem> {
    reading.check_age(&select.kind)?;
    if !reading.permit().scope().reads.contains(&select.kind) {
        return Ok(0);
    }
    if select.clauses.is_empty() && reading.reaches_everything().await? && reading.is_newest() {
        return reading.tally(&select.kind).await;
    }
    let mut question = Select { order: Vec::new(), limit: 1000, after: None, ..select.clone() };
    let tests = prepare_all(reading, &select.kind, &select.clauses).await?;
    if tests.iter().any(Test::is_impossible) {
        return Ok(0);
    }
    if choose(&question, &tests) == Mode::Collect {
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

async fn prepare_all(reading: &Reading, kind: &str, clauses: &[Clause]) -> Result<Vec<Test>, Problem> {
    let mut tests = Vec::with_capacity(clauses.len());
    let mut most = SMALL_TO_SORT;
    for clause in clauses {
        let test = prepare(reading, kind, clause, most).await?;
        if let Some(size) = test.size() {
            most = most.min(WORTH_LISTING * size).max(FEW);
        }
        tests.push(test);
    }
    Ok(tests)
}

/// A condition with more rows than `most` counts as large.
async fn prepare(reading: &Reading, kind: &str, clause: &Clause, most: usize) -> Result<Test, Problem> {
    match clause {
        Clause::Any(spans) => rows_test(reading, spans.clone(), false, most).await,
        Clause::None(spans) => rows_test(reading, spans.clone(), true, most).await,
        Clause::Ids(ids) => Ok(Test::Keys(ids.iter().map(|id| Key::new(kind, id)).collect())),
        Clause::Changed(from, until) => {
            let store = reading.store();
            let low = match from {
                Some(moment) => End::Including(store.first_at_or_after(*moment).await?.to_be_bytes().to_vec()),
                None => End::Open,
            };
            let high = match until {
                Some(moment) => End::Excluding(store.first_at_or_after(*moment).await?.to_be_bytes().to_vec()),
                None => End::Open,
            };
            let next = Next::Within(Range { low, high });
            rows_test(reading, vec![Span::next(KIND, [Part::Kind(kind.to_owned())], next)], false, most).await
        }
        Clause::Linked(parameter, inner) => prepare_linked(reading, parameter, inner, most).await,
        Clause::LinkedFrom(parameter, inner) => prepare_linked_from(reading, kind, parameter, inner).await,
        Clause::Either(clauses) => {
            let mut spans = Vec::new();
            for clause in clauses {
                match clause {
                    Clause::Any(more) => spans.extend(more.iter().cloned()),
                    _ => return Ok(Test::Either(Box::pin(prepare_all(reading, kind, clauses)).await?)),
                }
            }
            rows_test(reading, spans, false, most).await
        }
    }
}

async fn rows_test(reading: &Reading, spans: Vec<Span>, negated: bool, most: usize) -> Result<Test, Problem> {
    let spans = reading.with_aliases(spans).await?;
    let mut ranges = Vec::new();
    for span in &spans {
        ranges.extend(reading.names().ranges(reading.store(), span).await?);
    }
    let size = if negated { 0 } else { reading.store().estimate(&ranges, most + 1).await? };
    let size = if size > most { SMALL_TO_SORT + 1 } else { size };
    Ok(Test::Rows { spans, ranges, size, negated })
}

/// A link to a few resources becomes rows that name them; a link to many is followed from each candidate.
async fn prepare_linked(
    reading: &Reading,
    parameter: &'static str,
    inner: &Select,
    most: usize,
) -> Result<Test, Problem> {
    reading.check_age(&inner.kind)?;
    let tests = Box::pin(prepare_all(reading, &inner.kind, &inner.clauses)).await?;
    let smallest = tests.iter().filter_map(Test::size).min().unwrap_or(usize::MAX);
    if smallest <= SMALL {
        let found = Box::pin(collect(reading, inner, &tests)).await?;
        if found.len() <= MOST_LINKED {
            let spans = found.iter().map(|found| Span::head(parameter, [target(&found.1)])).collect();
            return rows_test(reading, spans, false, most).await;
        }
    }
    Ok(Test::Linked { parameter, tests, kind: inner.kind.clone() })
}

async fn prepare_linked_from(
    reading: &Reading,
    kind: &str,
    parameter: &'static str,
    inner: &Select,
) -> Result<Test, Problem> {
    reading.check_age(&inner.kind)?;
    let tests = Box::pin(prepare_all(reading, &inner.kind, &inner.clauses)).await?;
    let smallest = tests.iter().filter_map(Test::size).min().unwrap_or(usize::MAX);
    if smallest > SMALL {
        return Ok(Test::LinkedFrom { parameter, tests, kind: inner.kind.clone() });
    }
    let found: Vec<i64> = Box::pin(collect(reading, inner, &tests)).await?.iter().map(|found| found.0).collect();
    let mut wanted = HashSet::new();
    for candidate in read(reading, &found).await? {
        wanted.extend(targets(&candidate.rows, parameter).filter(|key| key.kind == kind));
    }
    Ok(Test::Keys(wanted))
}

/// The part that leads to a resource.
pub(crate) fn target(key: &Key) -> Part {
    Part::target(key.kind.as_str(), key.id.as_str())
}

fn targets<'r>(rows: &'r [Row], parameter: &'r str) -> impl Iterator<Item = Key> + 'r {
    rows.iter().filter(move |row| row.parameter == parameter).filter_map(|row| match row.parts.first() {
        Some(Part::Target { kind, id }) => Some(Key::new(kind, id)),
        _ => None,
    })
}

impl Test {
    /// About how many resources satisfy it, when the index can list them.
    fn size(&self) -> Option<usize> {
        match self {
            Test::Rows { size, negated: false, .. } => Some(*size),
            Test::Keys(keys) => Some(keys.len()),
            _ => None,
        }
    }

    fn is_impossible(&self) -> bool {
        match self {
            Test::Rows { ranges, negated: false, .. } => ranges.is_empty(),
            Test::Keys(keys) => keys.is_empty(),
            _ => false,
        }
    }
}

/// Chooses how candidates are found, from the sizes and the order.
fn choose(select: &Select, tests: &[Test]) -> Mode {
    if let [order] = select.order.as_slice()
        && let Some(test) = tests.iter().position(|test| is_walk_of(test, order))
    {
        return Mode::Walk { test, down: order.descending };
    }
    let smallest = tests.iter().enumerate().filter_map(|(at, test)| Some((test.size()?, at))).min();
    // A walk judges each row on its text again; listing is dearer only where few of many are wanted.
    let listed = SMALL.max(10 * select.limit).min(SMALL_TO_SORT);
    let small = if select.order.is_empty() { listed } else { SMALL_TO_SORT };
    match (smallest, select.order.as_slice()) {
        (Some((size, _)), _) if size <= small => Mode::Collect,
        (_, [order, ..]) if order.parameter.is_some() => Mode::WalkOrder { down: order.descending, rest: false },
        (_, [order, ..]) => Mode::WalkKind { down: order.descending },
        (Some((_, at)), []) if is_single_range(&tests[at]) => Mode::Walk { test: at, down: false },
        (_, []) => Mode::WalkKind { down: false },
    }
}

fn is_single_range(test: &Test) -> bool {
    matches!(test, Test::Rows { ranges, negated: false, .. } if ranges.len() == 1)
}

/// Whether walking this test's range gives the wanted order.
fn is_walk_of(test: &Test, order: &Order) -> bool {
    let Test::Rows { spans, ranges, negated: false, .. } = test else { return false };
    let [span] = spans.as_slice() else { return false };
    ranges.len() == 1 && !span.head.is_empty() && order.parameter == Some(span.parameter)
}

async fn collect_page(reading: &Reading, select: &Select, tests: &[Test], offset: usize) -> Result<Page, Problem> {
    let found = collect(reading, select, tests).await?;
    let page = found.get(offset..).unwrap_or_default();
    let wanted: Vec<i64> = page.iter().take(select.limit).map(|found| found.0).collect();
    let mut live = Vec::with_capacity(wanted.len());
    for (rid, version) in wanted.iter().zip(reading.versions_of(&wanted).await?) {
        let version = version.filter(|version| !version.text.is_empty());
        live.extend(version.map(|version| (reading.whose(*rid, &version), version)));
    }
    let versions = reading.show(live);
    let end = offset + wanted.len();
    let next = (end < found.len())
        .then(|| write_cursor(reading.sequence(), &Place { mode: Mode::Collect, offset: end, hit: None }));
    Ok(Page { versions, next })
}

/// Everything that satisfies the tests, in order. Row number and key.
async fn collect(reading: &Reading, select: &Select, tests: &[Test]) -> Result<Vec<(i64, Key)>, Problem> {
    let (candidates, all_judged) = intersect(reading, tests).await?;
    let unlimited = reading.reaches_everything().await?;
    if all_judged && unlimited && select.order.is_empty() && !reading.distrusts_index() {
        let keys = reading.keys(&candidates).await?;
        let found = candidates.into_iter().zip(keys).filter(|(_, key)| key.kind == select.kind).collect();
        return Ok(found);
    }
    let mut kept: Vec<(Vec<Option<Row>>, i64, Key)> = Vec::new();
    for batch in candidates.chunks(BATCH) {
        for candidate in read(reading, batch).await? {
            if candidate.version.key.kind == select.kind && holds_all(reading, tests, &candidate).await? {
                kept.push((sort_keys(&select.order, &candidate), candidate.rid, candidate.version.key));
            }
        }
    }
    kept.sort_by(|a, b| compare(&select.order, &a.0, &b.0).then(a.1.cmp(&b.1)));
    Ok(kept.into_iter().map(|(_, rid, key)| (rid, key)).collect())
}

/// Row numbers that satisfy all small tests, and whether that judged every test.
async fn intersect(reading: &Reading, tests: &[Test]) -> Result<(Vec<i64>, bool), Problem> {
    let mut listed: Option<BTreeSet<i64>> = None;
    // Only the index knows what is live; keys alone may name what was deleted or never there.
    let (mut all_judged, mut live) = (true, false);
    let mut by_size: Vec<&Test> = tests.iter().collect();
    by_size.sort_by_key(|test| test.size().unwrap_or(usize::MAX));
    for test in by_size {
        let rids = match test {
            Test::Rows { ranges, size, negated: false, .. } if *size <= SMALL_TO_SORT => {
                live = true;
                list(reading, ranges, listed.as_ref()).await?
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

/// All row numbers in the ranges.
async fn list(
    reading: &Reading,
    ranges: &[KeyRange],
    within: Option<&BTreeSet<i64>>,
) -> Result<BTreeSet<i64>, Problem> {
    let mut rids = BTreeSet::new();
    if within.is_some_and(BTreeSet::is_empty) {
        return Ok(rids);
    }
    let (store, at) = (reading.store(), reading.sequence());
    for together in ranges.chunks(RANGES_AT_ONCE) {
        for (range, mut hits) in together.iter().zip(store.scan_each(together, at, PART).await?) {
            loop {
                let next = hits.last().filter(|_| hits.len() == PART).cloned();
                rids.extend(hits.into_iter().filter(|(key, _)| range.admits_rest(key)).map(|(_, rid)| rid));
                let Some(after) = next else { break };
                if rids.len() > MOST_EXAMINED {
                    return Err(Problem::TooCostly);
                }
                hits = store.scan(range, Some(&after), at, PART).await?;
            }
        }
    }
    Ok(rids)
}

/// Reads candidates as they were at the reading's sequence; deleted and erased ones fall away.
async fn read(reading: &Reading, rids: &[i64]) -> Result<Vec<Candidate>, Problem> {
    let versions = reading.versions_of(rids).await?;
    let mut candidates = Vec::with_capacity(rids.len());
    for (rid, version) in rids.iter().zip(versions) {
        let Some(version) = version else { continue };
        if version.text.is_empty() {
            continue;
        }
        let mut rows = reading.rows(&version);
        rows.push(crate::group::kind_row(&version.key.kind, version.sequence));
        candidates.push(Candidate { rid: *rid, version, rows });
    }
    Ok(candidates)
}

async fn holds_all(reading: &Reading, tests: &[Test], candidate: &Candidate) -> Result<bool, Problem> {
    if !reading.reaches(&candidate.version.key, &candidate.rows).await? {
        return Ok(false);
    }
    for test in tests {
        if !Box::pin(holds(reading, test, candidate)).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn holds(reading: &Reading, test: &Test, candidate: &Candidate) -> Result<bool, Problem> {
    match test {
        Test::Rows { spans, negated, .. } => Ok(lies_in(&candidate.rows, spans) != *negated),
        Test::Keys(keys) => Ok(keys.contains(&candidate.version.key)),
        Test::Linked { parameter, tests, kind } => {
            let linked: HashSet<Key> = targets(&candidate.rows, parameter).filter(|key| key.kind == *kind).collect();
            let rids: Vec<i64> = reading.row_numbers(&linked).await?.into_iter().collect();
            any_holds(reading, tests, &rids, &[]).await
        }
        Test::LinkedFrom { parameter, tests, kind } => {
            let span = Span::head(parameter, [target(&candidate.version.key)]);
            let spans = reading.with_aliases(vec![span]).await?;
            let mut rids = BTreeSet::new();
            for span in &spans {
                rids.extend(list(reading, &reading.names().ranges(reading.store(), span).await?, None).await?);
            }
            let rids: Vec<i64> = rids.into_iter().collect();
            let keys = reading.keys(&rids).await?;
            let of_kind: Vec<i64> =
                rids.iter().zip(keys).filter(|(_, key)| key.kind == *kind).map(|(rid, _)| *rid).collect();
            any_holds(reading, tests, &of_kind, &spans).await
        }
        Test::Either(tests) => {
            for test in tests {
                if Box::pin(holds(reading, test, candidate)).await? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

/// Whether one of these satisfies the tests and, when there are spans, has a row in one.
async fn any_holds(reading: &Reading, tests: &[Test], rids: &[i64], spans: &[Span]) -> Result<bool, Problem> {
    for batch in rids.chunks(BATCH) {
        for candidate in read(reading, batch).await? {
            let within = spans.is_empty() || lies_in(&candidate.rows, spans);
            if within && Box::pin(holds_all(reading, tests, &candidate)).await? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn lies_in(rows: &[Row], spans: &[Span]) -> bool {
    rows.iter().any(|row| spans.iter().any(|span| keys::admits(span, row)))
}

/// One page found by walking a range of the index.
async fn walk_page(
    reading: &Reading,
    select: &Select,
    tests: &[Test],
    mode: Mode,
    mut hit: Option<Hit>,
) -> Result<Page, Problem> {
    let mut mode = mode;
    let mut kept: Vec<(Candidate, Hit)> = Vec::new();
    let mut examined = 0;
    // Most walks end with the first rows; what is selective goes on in larger steps.
    let mut batch = (select.limit + 1).clamp(8, BATCH);
    // How many were kept before those without a row of the order's parameter; none when the page begins there.
    let mut ordered = 0;
    loop {
        let Some((span, range, down)) = walked(reading, select, tests, mode).await? else {
            return Ok(Page { versions: Vec::new(), next: None });
        };
        let hits = match range {
            Some(range) => next_hits(reading, &range, hit.as_ref(), down, batch).await?,
            None => Vec::new(),
        };
        examined += hits.len();
        let end = hits.len() < batch;
        batch = (batch * 2).min(BATCH);
        hit = hits.last().cloned().or(hit);
        keep(reading, select, tests, (mode, &span, down), hits, &mut kept).await?;
        if kept.len() > select.limit || (end && !is_before_rest(mode)) {
            break;
        }
        if end && let Mode::WalkOrder { down, .. } = mode {
            (mode, hit, ordered) = (Mode::WalkOrder { down, rest: true }, None, kept.len());
            if kept.len() == select.limit {
                return Ok(finish(reading, kept, select.limit, Some((mode, None))));
            }
        }
        if examined > MOST_EXAMINED {
            return Err(Problem::TooCostly);
        }
    }
    let last = if kept.len() > select.limit { kept.get(select.limit - 1) } else { None };
    let place = last.map(|(_, hit)| {
        let found_in = match mode {
            Mode::WalkOrder { down, rest: true } => Mode::WalkOrder { down, rest: select.limit > ordered },
            other => other,
        };
        (found_in, Some(hit.clone()))
    });
    Ok(finish(reading, kept, select.limit, place))
}

fn is_before_rest(mode: Mode) -> bool {
    matches!(mode, Mode::WalkOrder { rest: false, .. })
}

fn finish(reading: &Reading, kept: Vec<(Candidate, Hit)>, limit: usize, next: Option<(Mode, Option<Hit>)>) -> Page {
    let shown = kept.into_iter().take(limit).map(|(candidate, _)| {
        let subjects = subjects(&candidate.rows).collect();
        (subjects, candidate.version)
    });
    let versions = reading.show(shown.collect());
    let next = next.map(|(mode, hit)| write_cursor(reading.sequence(), &Place { mode, offset: 0, hit }));
    Page { versions, next }
}

/// What a mode walks: the span, its only range if any row can lie in it, and the direction.
async fn walked(
    reading: &Reading,
    select: &Select,
    tests: &[Test],
    mode: Mode,
) -> Result<Option<(Span, Option<KeyRange>, bool)>, Problem> {
    let kind_span = || Span::head(KIND, [Part::Kind(select.kind.clone())]);
    let (span, down) = match mode {
        Mode::Walk { test, down } => {
            let Some(Test::Rows { spans, ranges, .. }) = tests.get(test) else { return Ok(None) };
            let (Some(span), Some(range)) = (spans.first(), ranges.first()) else { return Ok(None) };
            return Ok(Some((span.clone(), Some(range.clone()), down)));
        }
        Mode::WalkOrder { down, rest: false } => {
            let Some(parameter) = select.order.first().and_then(|order| order.parameter) else { return Ok(None) };
            (Span::head(parameter, []), down)
        }
        Mode::WalkKind { down } => (kind_span(), down),
        Mode::WalkOrder { rest: true, .. } | Mode::Collect => (kind_span(), false),
    };
    let range = reading.names().ranges(reading.store(), &span).await?.into_iter().next();
    Ok(Some((span, range, down)))
}

async fn next_hits(
    reading: &Reading,
    range: &KeyRange,
    hit: Option<&Hit>,
    down: bool,
    most: usize,
) -> Result<Vec<Hit>, Problem> {
    if down {
        reading.store().scan_down(range, hit, reading.sequence(), most).await
    } else {
        reading.store().scan(range, hit, reading.sequence(), most).await
    }
}

/// Keeps those of the hits that satisfy everything, each resource at its first row only.
async fn keep(
    reading: &Reading,
    select: &Select,
    tests: &[Test],
    (mode, span, down): (Mode, &Span, bool),
    hits: Vec<Hit>,
    kept: &mut Vec<(Candidate, Hit)>,
) -> Result<(), Problem> {
    let range = reading.names().ranges(reading.store(), span).await?;
    let hits: Vec<Hit> = hits.into_iter().filter(|(key, _)| range.iter().all(|range| range.admits_rest(key))).collect();
    let rids: Vec<i64> = hits.iter().map(|(_, rid)| *rid).collect();
    let mut unique = rids.clone();
    unique.sort_unstable();
    unique.dedup();
    let read = read(reading, &unique).await?;
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
        if !is_first_row(reading, candidate, span, &hit, down).await? || !holds_all(reading, tests, candidate).await? {
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

/// Whether the hit is the first of the resource's rows that lie in the span, in the direction walked.
async fn is_first_row(
    reading: &Reading,
    candidate: &Candidate,
    span: &Span,
    hit: &Hit,
    down: bool,
) -> Result<bool, Problem> {
    let inside: Vec<&Row> = candidate.rows.iter().filter(|row| keys::admits(span, row)).collect();
    let distrusts = reading.distrusts_index();
    if inside.len() <= 1 && !distrusts {
        return Ok(inside.len() == 1);
    }
    let mut own = !distrusts;
    for row in inside {
        let Some(key) = stored_key(reading, row).await? else { continue };
        own |= key == hit.0;
        let earlier = if down { key > hit.0 } else { key < hit.0 };
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
    let hits = reading.store().scan(&range, Some(&(key.clone(), rid - 1)), reading.sequence(), 1).await?;
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
