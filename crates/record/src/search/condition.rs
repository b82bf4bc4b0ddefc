//! The conditions of a question, made ready for one reading, and the judging of candidates.
//!
//! A condition that the index can list knows its ranges and about how many rows they have. A candidate is judged on the
//! rows of its own text, extracted again, so the index may leave things out of account.

use std::collections::{BTreeSet, HashSet};

use terms::index::{End, Next, Part, Range, Row, Span};

use super::{BATCH, FEW, MOST_EXAMINED, MOST_LINKED, PART, SMALL, SMALL_TO_SORT, WORTH_LISTING, collect, list};
use crate::change::Key;
use crate::error::Problem;
use crate::indexing::KIND;
use crate::keys::{self, KeyRange};
use crate::reading::{Reading, Version};
use crate::select::{Clause, Select};

/// A condition with its key ranges.
pub(super) enum Test {
    Rows { spans: Vec<Span>, ranges: Vec<KeyRange>, size: usize, negated: bool },
    Keys(HashSet<Key>),
    Linked { parameter: &'static str, tests: Vec<Test>, kind: String },
    LinkedFrom { parameter: &'static str, tests: Vec<Test>, kind: String },
    Either(Vec<Test>),
}

/// A candidate that was read for its tests.
pub(super) struct Candidate {
    pub(super) rid: i64,
    pub(super) version: Version,
    /// Those that it is judged on, and perhaps others.
    pub(super) rows: Vec<Row>,
}

/// Parameters whose rows candidates are judged on.
pub(super) type Parameters = BTreeSet<&'static str>;

/// The conditions of a question. One with more rows than `most`, or with many times those of another, counts as large.
pub(super) async fn prepare_all(
    reading: &Reading,
    kind: &str,
    clauses: &[Clause],
    mut most: usize,
) -> Result<Vec<Test>, Problem> {
    let mut tests: Vec<Option<Test>> = clauses.iter().map(|_| None).collect();
    // What looks inside texts is measured last: beside a small condition it need not be.
    let mut order: Vec<usize> = (0..clauses.len()).collect();
    order.sort_by_key(|place| looks_inside(&clauses[*place]));
    for place in order {
        let test = prepare(reading, kind, &clauses[place], most).await?;
        if let Some(size) = test.size() {
            most = most.min(WORTH_LISTING * size).max(FEW);
        }
        tests[place] = Some(test);
    }
    Ok(tests.into_iter().flatten().collect())
}

fn looks_inside(clause: &Clause) -> bool {
    matches!(clause, Clause::Any(spans) if spans.iter().any(|span| matches!(span.next, Next::Containing(_))))
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
                    _ => return Ok(Test::Either(Box::pin(prepare_all(reading, kind, clauses, most)).await?)),
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
    let mut size = if negated { 0 } else { reading.estimate(&ranges, most + 1).await? };
    if size > most && ranges.iter().any(KeyRange::looks_inside) {
        size = admitted(reading, &ranges, most).await?;
    }
    let size = if size > most { SMALL_TO_SORT + 1 } else { size };
    Ok(Test::Rows { spans, ranges, size, negated })
}

/// How many rows in the ranges are such as are asked for, up to one more than `most`; also that when this takes a look at so
/// many rows that judging `most` candidates on their texts is no dearer.
async fn admitted(reading: &Reading, ranges: &[KeyRange], most: usize) -> Result<usize, Problem> {
    let (mut found, mut looked_at, mut after) = (0, 0, None);
    let part = PART.min(most + 1);
    for range in ranges {
        loop {
            let hits = reading.scan(range, after.as_ref(), part).await?;
            found += hits.iter().filter(|(key, _)| range.admits_rest(key)).count();
            looked_at += hits.len();
            if found > most || looked_at > WORTH_LISTING * most {
                return Ok(most + 1);
            }
            after = hits.last().filter(|_| hits.len() == part).cloned();
            if after.is_none() {
                break;
            }
        }
    }
    Ok(found)
}

/// A link to a few resources becomes rows that name them; a link to many is followed from each candidate.
async fn prepare_linked(
    reading: &Reading,
    parameter: &'static str,
    inner: &Select,
    most: usize,
) -> Result<Test, Problem> {
    reading.check_age(&inner.kind)?;
    let tests = Box::pin(prepare_all(reading, &inner.kind, &inner.clauses, SMALL_TO_SORT)).await?;
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
    let tests = Box::pin(prepare_all(reading, &inner.kind, &inner.clauses, SMALL_TO_SORT)).await?;
    let smallest = tests.iter().filter_map(Test::size).min().unwrap_or(usize::MAX);
    if smallest > SMALL {
        return Ok(Test::LinkedFrom { parameter, tests, kind: inner.kind.clone() });
    }
    let found: Vec<i64> = Box::pin(collect(reading, inner, &tests)).await?.iter().map(|found| found.0).collect();
    let mut wanted = HashSet::new();
    for candidate in read(reading, &found, &[parameter].into()).await? {
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
    pub(super) fn size(&self) -> Option<usize> {
        match self {
            Test::Rows { size, negated: false, .. } => Some(*size),
            Test::Keys(keys) => Some(keys.len()),
            _ => None,
        }
    }

    /// Whether nothing can satisfy it.
    pub(super) fn is_impossible(&self) -> bool {
        match self {
            Test::Rows { ranges, negated: false, .. } => ranges.is_empty(),
            Test::Keys(keys) => keys.is_empty(),
            _ => false,
        }
    }
}

/// The parameters whose rows tests look at; what they follow from a candidate is read by itself.
pub(super) fn parameters(tests: &[Test]) -> Parameters {
    let mut parameters = Parameters::new();
    for test in tests {
        match test {
            Test::Rows { spans, .. } => parameters.extend(spans.iter().map(|span| span.parameter)),
            Test::Linked { parameter, .. } => drop(parameters.insert(*parameter)),
            Test::Either(tests) => parameters.extend(self::parameters(tests)),
            Test::Keys(_) | Test::LinkedFrom { .. } => {}
        }
    }
    parameters
}

/// Reads candidates as they were at the reading's sequence, with the rows of some parameters; deleted and erased ones fall
/// away.
pub(super) async fn read(reading: &Reading, rids: &[i64], parameters: &Parameters) -> Result<Vec<Candidate>, Problem> {
    let versions = reading.versions_of(rids).await?;
    let is_judged = !reading.reaches_everything().await?;
    let mut candidates = Vec::with_capacity(rids.len());
    for (rid, version) in rids.iter().zip(versions) {
        let Some(version) = version else { continue };
        if version.text.is_empty() {
            continue;
        }
        let mut rows = match parameters.iter().all(|parameter| *parameter == KIND) {
            true => Vec::new(),
            false => reading.rows_of(*rid, &version, parameters, is_judged),
        };
        rows.push(crate::group::kind_row(&version.key.kind, version.sequence));
        candidates.push(Candidate { rid: *rid, version, rows });
    }
    Ok(candidates)
}

/// Whether the permit reaches a candidate and it satisfies all tests.
pub(super) async fn holds_all(reading: &Reading, tests: &[Test], candidate: &Candidate) -> Result<bool, Problem> {
    if !reading.reaches_version(candidate.rid, &candidate.version).await? {
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
                rids.extend(
                    list(reading, &reading.names().ranges(reading.store(), span).await?, None, MOST_EXAMINED).await?,
                );
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
    let mut parameters = parameters(tests);
    parameters.extend(spans.iter().map(|span| span.parameter));
    for batch in rids.chunks(BATCH) {
        for candidate in read(reading, batch, &parameters).await? {
            let within = spans.is_empty() || lies_in(&candidate.rows, spans);
            if within && Box::pin(holds_all(reading, tests, &candidate)).await? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether one of the rows lies in one of the spans.
pub(super) fn lies_in(rows: &[Row], spans: &[Span]) -> bool {
    rows.iter().any(|row| spans.iter().any(|span| keys::admits(span, row)))
}
