//! Latest laboratory results: for each test the newest value, the one before, the change, the range, and the last
//! few values for a sparkline.
//!
//! A change is worked out only between two exact values of one unit. Nothing is converted. Results entered in error
//! or cancelled are left out; a preliminary result says so.

use std::collections::BTreeMap;

use fhir::Node;
use rust_decimal::Decimal;
use terms::{PartialDate, local_date};

use crate::read::{
    Amount, Source, amount, any_has_code, codings, concept_key, has_code, items, shown, text, when, words,
};

/// How many values a sparkline shows.
pub const SPARK_POINTS: usize = 8;

/// Category codes that mean laboratory: HL7's `observation-category`, and table 0074 as older senders use it.
const LABORATORY: &[&str] = &["laboratory", "LAB"];

/// The order of tests within a day: kidneys and salts, inflammation, blood count, then the rest by name. LOINC codes
/// of the same test in molar and mass units stand together. Our own order. [check: clinical safety officer]
const ORDER: &[&[&str]] = &[
    &["2823-3", "6298-4"],
    &["2160-0", "38483-4", "14682-9"],
    &["33914-3", "48642-3", "62238-1", "98979-8"],
    &["22664-7", "3094-0", "6299-2", "14937-7"],
    &["2951-2", "2947-0"],
    &["1988-5"],
    &["6690-2", "26464-8"],
    &["718-7"],
    &["777-3", "26515-7"],
    &["2524-7", "32693-4"],
    &["2345-7", "2339-0", "14749-6"],
    &["4548-4", "59261-8"],
];

/// One test: its newest result and what came before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The test in words.
    pub name: String,
    /// The newest result.
    pub latest: Outcome,
    /// The result before it.
    pub previous: Option<Outcome>,
    /// Newest minus the one before, when both are exact and of one unit.
    pub change: Option<Decimal>,
    /// The reference range of the newest result, when it is in the result's unit.
    pub range: Range,
    /// The last few exact values in the newest one's unit, oldest first, unbroken by another unit.
    pub points: Vec<Decimal>,
}

/// One result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Where it is recorded.
    pub source: Source,
    /// When the sample was taken, else when the result was issued.
    pub at: PartialDate,
    /// The result.
    pub value: Value,
    /// How it stands to what is usual.
    pub flag: Flag,
    /// Whether it is not final yet.
    pub preliminary: bool,
}

/// What a result says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A quantity.
    Amount(Amount),
    /// Words.
    Words(String),
}

/// How a result stands to what is usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// Above, far above if `critical`.
    High {
        /// The laboratory calls it critical.
        critical: bool,
    },
    /// Below, far below if `critical`.
    Low {
        /// The laboratory calls it critical.
        critical: bool,
    },
    /// Abnormal without a direction.
    Abnormal,
    /// As usual.
    Normal,
    /// Nobody said, and there is no range to judge by.
    NotStated,
}

/// A reference range in the result's unit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Range {
    /// Its lower end.
    pub low: Option<Decimal>,
    /// Its upper end.
    pub high: Option<Decimal>,
}

impl Flag {
    /// The word beside the value; none when it is as usual or not stated.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Flag::High { critical: false } => Some("High"),
            Flag::High { critical: true } => Some("Critical, high"),
            Flag::Low { critical: false } => Some("Low"),
            Flag::Low { critical: true } => Some("Critical, low"),
            Flag::Abnormal => Some("Abnormal"),
            Flag::Normal | Flag::NotStated => None,
        }
    }
}

impl Range {
    /// The range in words: `3.5 to 5.3`, `under 5`, `over 90`.
    pub fn words(&self) -> Option<String> {
        match (self.low, self.high) {
            (Some(low), Some(high)) => Some(format!("{} to {}", shown(low), shown(high))),
            (None, Some(high)) => Some(format!("under {}", shown(high))),
            (Some(low), None) => Some(format!("over {}", shown(low))),
            (None, None) => None,
        }
    }
}

impl Value {
    /// The result without its unit as a page prints it, a bound in words: `5.9`, `under 5`, `Detected`.
    pub fn words(&self) -> String {
        match self {
            Value::Amount(amount) => match amount.comparator.as_deref() {
                Some("<") => format!("under {}", shown(amount.value)),
                Some("<=") => format!("{} or less", shown(amount.value)),
                Some(">=") => format!("{} or more", shown(amount.value)),
                Some(_) => format!("over {}", shown(amount.value)),
                None => shown(amount.value),
            },
            Value::Words(words) => words.clone(),
        }
    }

    /// The amount, if it is one and exact.
    fn exact(&self) -> Option<&Amount> {
        match self {
            Value::Amount(amount) if amount.comparator.is_none() => Some(amount),
            _ => None,
        }
    }
}

/// Whether an Observation is a laboratory result.
pub(crate) fn is_laboratory(resource: Node<'_, '_>) -> bool {
    any_has_code(resource, "category", LABORATORY)
}

/// What one laboratory Observation says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tested {
    /// What names the test.
    key: String,
    rank: usize,
    outcome: Outcome,
    name: String,
    range: Range,
}

/// Reads a laboratory Observation; `None` for one without a result, or that is not true any more.
pub(crate) fn tested(resource: Node<'_, '_>) -> Option<Tested> {
    if matches!(text(resource, "status").as_deref(), Some("entered-in-error" | "cancelled")) {
        return None;
    }
    let code = resource.get("code")?;
    let (key, outcome) = (concept_key(code)?, outcome(resource)?);
    let (name, range) = (words(code).unwrap_or_default(), range(resource));
    Some(Tested { key, rank: rank(code), outcome, name, range })
}

/// Puts results into lines: one a test, newest day first, known tests in their order.
pub(crate) fn results<'m>(tested: impl Iterator<Item = &'m Tested>) -> Vec<Line> {
    let mut tests: BTreeMap<&str, Vec<&Tested>> = BTreeMap::new();
    for tested in tested {
        tests.entry(&tested.key).or_default().push(tested);
    }
    let mut lines: Vec<(usize, Line)> =
        tests.into_values().filter_map(|test| Some((test.first()?.rank, line(test)?))).collect();
    lines.sort_by_cached_key(|(rank, line)| {
        (std::cmp::Reverse(local_date(line.latest.at.lower())), *rank, line.name.to_lowercase())
    });
    lines.into_iter().map(|(_, line)| line).collect()
}

fn rank(code: Node<'_, '_>) -> usize {
    let known = |code: &str| ORDER.iter().position(|same| same.contains(&code));
    codings(code).find_map(|(_, code)| known(&code)).unwrap_or(ORDER.len())
}

/// The line of one test from all its results.
fn line(mut results: Vec<&Tested>) -> Option<Line> {
    results.sort_by_key(|tested| tested.outcome.at.lower());
    let points = points(&results);
    let Tested { outcome, name, range, .. } = results.pop()?;
    let previous = results.pop().map(|before| before.outcome.clone());
    let change = previous.as_ref().and_then(|previous| change(&outcome.value, &previous.value));
    let (name, latest, range) = (name.clone(), outcome.clone(), range.clone());
    Some(Line { name, latest, previous, change, range, points })
}

fn change(latest: &Value, previous: &Value) -> Option<Decimal> {
    let (latest, previous) = (latest.exact()?, previous.exact()?);
    (latest.unit_key == previous.unit_key).then(|| latest.value.checked_sub(previous.value))?
}

/// The last exact values up to the newest, back to the first other unit.
fn points(results: &[&Tested]) -> Vec<Decimal> {
    let latest = results.last().and_then(|tested| tested.outcome.value.exact());
    let Some(unit) = latest.map(|amount| &amount.unit_key) else { return Vec::new() };
    let amounts = results.iter().rev().map_while(|tested| tested.outcome.value.exact());
    let mut points: Vec<Decimal> =
        amounts.take_while(|amount| amount.unit_key == *unit).take(SPARK_POINTS).map(|amount| amount.value).collect();
    points.reverse();
    points
}

fn outcome(resource: Node<'_, '_>) -> Option<Outcome> {
    let at = ["effectiveDateTime", "effectiveInstant", "issued"].into_iter().find_map(|name| when(resource, name));
    let period = || when(resource.get("effectivePeriod")?, "start");
    let value = value(resource)?;
    let flag = flag(resource, &value);
    let preliminary = matches!(text(resource, "status").as_deref(), Some("preliminary" | "registered"));
    Some(Outcome { source: Source::of(resource), at: at.or_else(period)?, value, flag, preliminary })
}

fn value(resource: Node<'_, '_>) -> Option<Value> {
    if let Some(quantity) = resource.get("valueQuantity") {
        return amount(quantity).map(Value::Amount);
    }
    if let Some(whole) = resource.get("valueInteger").and_then(|node| node.number()) {
        let value = whole.parse().ok()?;
        let amount =
            Amount { value, digits: whole.to_owned(), comparator: None, unit: String::new(), unit_key: String::new() };
        return Some(Value::Amount(amount));
    }
    let coded = || resource.get("valueCodeableConcept").and_then(words);
    let absent = || resource.get("dataAbsentReason").and_then(words).map(|reason| format!("No result: {reason}"));
    coded().or_else(|| text(resource, "valueString")).or_else(absent).map(Value::Words)
}

/// Interpretation codes of HL7's `ObservationInterpretation`, gravest first.
const INTERPRETATIONS: &[(&[&str], Flag)] = &[
    (&["HH"], Flag::High { critical: true }),
    (&["LL"], Flag::Low { critical: true }),
    (&["H", "HU"], Flag::High { critical: false }),
    (&["L", "LU"], Flag::Low { critical: false }),
    (&["A", "AA"], Flag::Abnormal),
    (&["N"], Flag::Normal),
];

/// The laboratory's interpretation; without one, the value against its range.
fn flag(resource: Node<'_, '_>, value: &Value) -> Flag {
    let stated = |codes: &[&str]| items(resource, "interpretation").any(|concept| has_code(concept, codes));
    let by_range = || value.exact().map_or(Flag::NotStated, |amount| against(amount.value, &range(resource)));
    INTERPRETATIONS.iter().find(|(codes, _)| stated(codes)).map_or_else(by_range, |(_, flag)| *flag)
}

fn against(value: Decimal, range: &Range) -> Flag {
    match (range.low, range.high) {
        (None, None) => Flag::NotStated,
        (_, Some(high)) if value > high => Flag::High { critical: false },
        (Some(low), _) if value < low => Flag::Low { critical: false },
        _ => Flag::Normal,
    }
}

/// The normal range, if it is in the value's unit or says none.
fn range(resource: Node<'_, '_>) -> Range {
    let unit = resource.get("valueQuantity").and_then(amount).map(|amount| amount.unit_key);
    let is_normal = |range: &Node<'_, '_>| range.get("type").is_none_or(|kind| has_code(kind, &["normal"]));
    let Some(chosen) = items(resource, "referenceRange").find(is_normal) else { return Range::default() };
    let end = |name: &str| {
        let end = amount(chosen.get(name)?)?;
        (end.unit_key.is_empty() || Some(&end.unit_key) == unit.as_ref()).then_some(end.value)
    };
    Range { low: end("low"), high: end("high") }
}

#[cfg(test)]
mod tests;
