//! Criteria: from the parameters of a search to the record's clauses, with chains and `_has` followed.
//!
//! What a parameter's value means is `fhir`'s business; how resources are linked, and what a conditional request
//! needs, is decided here. <http://hl7.org/fhir/R4/search.html#chaining>, `#has`.

use fhir::fhirpath::Temporal;
use fhir::search::{Condition, SearchError, Surroundings, parse, row_parameters};
use record::{Assertion, Clause, Key, Reading, Select, Version};
use terms::Moment;
use terms::index::Next;

use crate::call::{Query, parse_query};
use crate::outcome::Refusal;

/// Links that one criterion may follow, and types that one of its links may mean.
const MOST_LINKS: usize = 6;
const MOST_TARGETS: usize = 20;

/// The clause of one parameter for one type.
///
/// # Errors
/// 400, naming the parameter.
pub(crate) fn clause(kind: &str, name: &str, value: &str, around: &Surroundings) -> Result<Clause, Refusal> {
    linked_clause(kind, name, value, around, MOST_LINKS)
}

fn linked_clause(kind: &str, name: &str, value: &str, around: &Surroundings, links: usize) -> Result<Clause, Refusal> {
    match name {
        "_id" => return Ok(Clause::Ids(value.split(',').map(str::to_owned).collect())),
        "_lastUpdated" => return changed(value),
        _ => {}
    }
    let fewer = || {
        let details = format!("The parameter {name} follows more than {MOST_LINKS} links.");
        links.checked_sub(1).ok_or_else(|| Refusal::bad_request("too-costly", details))
    };
    match parse(kind, name, value, around).map_err(|error| refusal(name, &error))? {
        Condition::Any(spans) => Ok(Clause::Any(spans)),
        Condition::None(spans) => Ok(Clause::None(spans)),
        Condition::Chain { targets, rest, values } => {
            if targets.len() > MOST_TARGETS {
                let details = format!("{name} may mean any type; name one, such as {}.", named_type(name));
                return Err(Refusal::bad_request("value", details));
            }
            let links = fewer()?;
            let inner = targets.iter().map(|(target, rows)| {
                let select = Select::of(target).with(linked_clause(target, &rest, &values, around, links)?);
                Ok(Clause::Linked(rows, Box::new(select)))
            });
            Ok(either(inner.collect::<Result<Vec<_>, Refusal>>()?))
        }
        Condition::ReverseChain { resource_type, reference_parameter, rest, values } => {
            let inner = linked_clause(&resource_type, &rest, &values, around, fewer()?)?;
            Ok(Clause::LinkedFrom(reference_parameter, Box::new(Select::of(resource_type).with(inner))))
        }
    }
}

/// `subject.name` with a type named.
fn named_type(name: &str) -> String {
    name.split_once('.').map_or_else(|| name.to_owned(), |(head, rest)| format!("{head}:Patient.{rest}"))
}

fn either(mut clauses: Vec<Clause>) -> Clause {
    if clauses.len() == 1 { clauses.remove(0) } else { Clause::Either(clauses) }
}

/// The refusal of a criterion. The sentence names parameter and place, never the value.
fn refusal(name: &str, error: &SearchError) -> Refusal {
    let code = match error {
        SearchError::Value { .. } => "value",
        _ => "not-supported",
    };
    Refusal::bad_request(code, format!("The search parameter {name} cannot be used: {error}."))
}

/// `_lastUpdated`: with prefixes, to the precision that is given; several values are alternatives.
fn changed(value: &str) -> Result<Clause, Refusal> {
    let mut clauses = Vec::new();
    for one in value.split(',') {
        let prefixed = one.get(..2).filter(|prefix| prefix.bytes().all(|byte| byte.is_ascii_lowercase()));
        let (prefix, date) = prefixed.map_or(("eq", one), |prefix| (prefix, &one[2..]));
        let wrong = || Refusal::bad_request("value", "The search parameter _lastUpdated needs a date or a moment.");
        let date = Temporal::parse(date).ok_or_else(wrong)?;
        let (from, until) = (Moment(date.first_instant()), Moment(date.last_instant() + 1));
        match prefix {
            "eq" => clauses.push(Clause::Changed(Some(from), Some(until))),
            "ne" => clauses.extend([Clause::Changed(None, Some(from)), Clause::Changed(Some(until), None)]),
            "gt" | "sa" => clauses.push(Clause::Changed(Some(until), None)),
            "ge" => clauses.push(Clause::Changed(Some(from), None)),
            "lt" | "eb" => clauses.push(Clause::Changed(None, Some(from))),
            "le" => clauses.push(Clause::Changed(None, Some(until))),
            // Approximately: half as much again on both sides.
            "ap" => {
                let slack = (until.0 - from.0) / 2;
                clauses.push(Clause::Changed(Some(Moment(from.0 - slack)), Some(Moment(until.0 + slack))));
            }
            _ => return Err(wrong()),
        }
    }
    Ok(either(clauses))
}

/// What a conditional request found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The only match.
    pub(crate) version: Option<Version>,
    /// When there is no match: what must hold for this to be still so at the commit.
    pub(crate) absent: Vec<Assertion>,
}

/// Searches by the criteria of a conditional request.
///
/// # Errors
/// 400 for criteria that cannot be used, 412 when several resources match.
pub(crate) async fn matches(
    reading: &Reading,
    kind: &str,
    query: &Query,
    around: &Surroundings,
) -> Result<Found, Refusal> {
    let mut select = Select::of(kind).limit(2);
    for (name, value) in query {
        select.clauses.push(clause(kind, name, value, around)?);
    }
    if select.clauses.is_empty() {
        return Err(Refusal::bad_request("required", "A conditional request needs criteria."));
    }
    let page = reading.select(&select).await?;
    let mut versions = page.versions;
    match versions.len() {
        0 => Ok(Found { version: None, absent: absent(reading, &select).await? }),
        // Two that are too large for one page are two all the same.
        1 if page.next.is_none() => Ok(Found { version: versions.pop(), absent: Vec::new() }),
        _ => {
            let details = format!("The criteria match more than one {kind}.");
            Err(Refusal::precondition("multiple-matches", details))
        }
    }
}

/// What must hold for a search to find nothing still. A conjunction cannot be asserted as such: one of its parts is,
/// the first that finds nothing by itself, or else that the part finds no more than now. Never what texts contain: while
/// the writer looked at all of them, nothing could be written.
async fn absent(reading: &Reading, select: &Select) -> Result<Vec<Assertion>, Refusal> {
    let mut fewest = None;
    for clause in &select.clauses {
        let Clause::Any(spans) = clause else { continue };
        if spans.iter().any(|span| matches!(span.next, Next::Containing(_))) {
            continue;
        }
        let alone = Select::of(&select.kind).with(clause.clone());
        let count = if select.clauses.len() == 1 { 0 } else { reading.total(&alone).await? };
        if count == 0 {
            return Ok(vec![Assertion::Absent(spans.clone())]);
        }
        if fewest.as_ref().is_none_or(|(least, _)| count < *least) {
            fewest = Some((count, spans));
        }
    }
    match fewest {
        // The resource that is about to be created may be one more.
        Some((count, spans)) => {
            Ok(vec![Assertion::AtMost(spans.clone(), u32::try_from(count + 1).unwrap_or(u32::MAX))])
        }
        None if select.clauses.iter().all(|clause| matches!(clause, Clause::Ids(_))) => Ok(Vec::new()),
        None => {
            let details = "The criteria need a parameter of the resource itself, such as identifier.";
            Err(Refusal::bad_request("not-supported", details))
        }
    }
}

/// The resource that a conditional reference such as `Patient?identifier=…` means.
///
/// # Errors
/// 412 unless exactly one resource matches.
pub(crate) async fn target(reading: &Reading, link: &str, around: &Surroundings) -> Result<Key, Refusal> {
    let (kind, criteria) = link.split_once('?').unwrap_or((link, ""));
    let found = matches(reading, kind, &parse_query(criteria)?, around).await?.version;
    let refusal = || Refusal::precondition("not-found", format!("A conditional reference to a {kind} finds nothing."));
    found.map(|version| version.key).ok_or_else(refusal)
}

/// Whether this server can search a type by the parameter of this code.
pub(crate) fn is_supported(kind: &str, code: &str) -> bool {
    matches!(code, "_id" | "_lastUpdated") || !row_parameters(kind, code).is_empty()
}
