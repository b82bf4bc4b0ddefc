//! Vital signs as sets: what was measured at the same minute belongs together. NEWS2 is worked out for a complete
//! set only, by the table of [`crate::news2`], and never for children under 16 or in pregnancy.
//!
//! A value whose unit is not the table's is shown and not scored. SpO2 is scored on scale 1 unless a decision for
//! scale 2 is recorded; each set says which, and pages print it beside the score.

use std::collections::BTreeMap;

use fhir::Node;
use rust_decimal::Decimal;
use terms::index::{End, Next, Part, Range, Row, Span};
use terms::{Moment, PartialDate, Precision};

use crate::news2::{Consciousness, Readings, Scale, Score, score};
use crate::read::{Source, amount, at, codings, items, text, when};

mod codes;
mod scale;

pub use codes::Sign;
pub use scale::Decision;
pub(crate) use scale::decisions;

/// The index rows of vital signs.
const VITAL: &str = "~vital";
/// A minute, in milliseconds.
const MINUTE_MS: i64 = 60_000;
/// How many sets a chart keeps.
const MOST_SETS: usize = 200;

/// A patient's observations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observations {
    /// Sets, oldest first, at most 200.
    pub sets: Vec<Set>,
}

/// What was measured at one minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// When.
    pub at: Moment,
    /// The stay or attendance it belongs to, as `Encounter/id`.
    pub encounter: Option<String>,
    /// The values by sign.
    pub values: BTreeMap<Sign, Reading>,
    /// The decision by which SpO2 is scored on scale 2; without one it is scale 1.
    pub scale_two: Option<Decision>,
    /// The score, or why there is none.
    pub news2: News2,
    /// The resources it was made from.
    pub sources: Vec<Source>,
}

/// One measured value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// In words with its unit: `24`, `94%`, `2 L/min`, `Alert`.
    pub words: String,
    /// The number in the table's unit, when it has one.
    pub number: Option<Decimal>,
    /// Consciousness, when the code says it.
    pub consciousness: Option<Consciousness>,
}

/// The score of a set, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News2 {
    /// A complete set.
    Scored(Score),
    /// Signs are missing or not in the table's unit.
    Incomplete(Vec<Sign>),
    /// Under 16: NEWS2 does not apply.
    Child,
    /// Pregnancy is recorded: NEWS2 does not apply.
    Pregnant,
}

/// Whether NEWS2 applies to the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Applies {
    /// Whether pregnancy is among the active problems.
    pub(crate) pregnant: bool,
    /// The first moment at which the patient is 16, when the date of birth is known.
    pub(crate) from: Option<Moment>,
}

impl Observations {
    /// The newest set.
    pub fn latest(&self) -> Option<&Set> {
        self.sets.last()
    }

    /// The newest reading of a sign in a set before the newest.
    pub fn previous(&self, sign: Sign) -> Option<&Reading> {
        self.sets.iter().rev().skip(1).find_map(|set| set.values.get(&sign))
    }

    /// The newest scored set and the total of the scored set before it.
    pub fn latest_score(&self) -> Option<(&Set, Score, Option<u8>)> {
        let mut scored = self.sets.iter().rev().filter_map(|set| match set.news2 {
            News2::Scored(score) => Some((set, score)),
            _ => None,
        });
        let (set, score) = scored.next()?;
        Some((set, score, scored.next().map(|(_, before)| before.total)))
    }
}

/// When the patient turns 16; `None` when the date of birth is not known to the day.
pub(crate) fn sixteen(born: &PartialDate) -> Option<Moment> {
    if born.precision() < Precision::Day {
        return None;
    }
    let birthday = born.date()?.checked_add(jiff::Span::new().years(16)).ok()?;
    Some(terms::start_of_day(birthday))
}

/// What one Observation of vital signs says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Measured {
    minute: Moment,
    encounter: Option<String>,
    source: Source,
    readings: Vec<(Sign, Reading)>,
}

/// Reads an Observation of vital signs; `None` for one that says none, or is not true any more.
pub(crate) fn measured(resource: Node<'_, '_>) -> Option<Measured> {
    if matches!(text(resource, "status").as_deref(), Some("entered-in-error" | "cancelled")) {
        return None;
    }
    let readings = readings(resource);
    let taken = taken(resource).filter(|_| !readings.is_empty())?;
    Some(Measured {
        minute: Moment(taken.0.div_euclid(MINUTE_MS) * MINUTE_MS),
        encounter: crate::read::reference(resource, "encounter"),
        source: Source::of(resource),
        readings,
    })
}

/// Puts what was measured into sets.
pub(crate) fn observations<'m>(
    measured: impl Iterator<Item = &'m Measured>,
    applies: Applies,
    decisions: &[Decision],
) -> Observations {
    let mut sets: BTreeMap<Moment, Vec<&Measured>> = BTreeMap::new();
    for measured in measured {
        sets.entry(measured.minute).or_default().push(measured);
    }
    let keep = sets.len().saturating_sub(MOST_SETS);
    let sets = sets.into_iter().skip(keep).map(|(minute, measured)| {
        let set = Set {
            at: minute,
            encounter: measured.iter().find_map(|measured| measured.encounter.clone()),
            values: measured.iter().flat_map(|measured| measured.readings.iter().cloned()).collect(),
            scale_two: scale::in_force(decisions, minute).cloned(),
            news2: News2::Incomplete(Vec::new()),
            sources: measured.iter().map(|measured| measured.source.clone()).collect(),
        };
        Set { news2: news2(&set, applies), ..set }
    });
    Observations { sets: sets.collect() }
}

/// Adds the row of a vital sign: `~vital`, of a patient, newest first. By it the newest few of many patients are read
/// at once, whatever codes they have.
pub fn vital_rows(kind: &str, resource: Node<'_, '_>, rows: &mut Vec<Row>) {
    if kind != "Observation" || matches!(text(resource, "status").as_deref(), Some("entered-in-error" | "cancelled")) {
        return;
    }
    let Some(patient) = fhir::read::id_of(resource, "subject", "Patient") else { return };
    if let Some(taken) = taken(resource).filter(|_| !readings(resource).is_empty()) {
        let parts = [Part::target("Patient", patient), Part::fixed(&descending(taken))];
        rows.push(Row::of(VITAL, parts));
    }
}

/// A moment so that what was taken last stands first.
fn descending(taken: Moment) -> [u8; 8] {
    (!((taken.0 as u64) ^ (1 << 63))).to_be_bytes()
}

/// The minute at which a vital sign was taken: that of the set it belongs to. `None` for everything else.
pub(crate) fn minute_taken(resource: Node<'_, '_>) -> Option<Moment> {
    let is_void = matches!(text(resource, "status").as_deref(), Some("entered-in-error" | "cancelled"));
    let is_vital = text(resource, "resourceType").as_deref() == Some("Observation") && !is_void;
    let taken = taken(resource).filter(|_| is_vital && !readings(resource).is_empty())?;
    Some(Moment(taken.0.div_euclid(MINUTE_MS) * MINUTE_MS))
}

/// A patient's vital signs of one minute.
pub(crate) fn minute_span(patient: &str, minute: Moment) -> Span {
    let range = Range {
        low: End::Including(descending(Moment(minute.0 + MINUTE_MS - 1)).to_vec()),
        high: End::Including(descending(minute).to_vec()),
    };
    Span::next(VITAL, [Part::target("Patient", patient)], Next::Within(range))
}

/// A patient's vital signs, newest first.
pub fn vital_span(patient: &str) -> Span {
    Span::head(VITAL, [Part::target("Patient", patient)])
}

fn taken(resource: Node<'_, '_>) -> Option<Moment> {
    let at = ["effectiveDateTime", "effectiveInstant"].into_iter().find_map(|name| when(resource, name));
    let started = || when(resource.get("effectivePeriod")?, "start");
    let at = at.or_else(started)?;
    (at.precision() >= Precision::Minute).then(|| at.lower())
}

/// The signs of one Observation: its own, or those of its components.
fn readings(resource: Node<'_, '_>) -> Vec<(Sign, Reading)> {
    let own = reading(resource);
    let components = items(resource, "component").filter_map(reading);
    own.into_iter().chain(components).collect()
}

fn reading(node: Node<'_, '_>) -> Option<(Sign, Reading)> {
    let sign = codings(node.get("code")?).find_map(|(_, code)| Sign::of_code(&code))?;
    if let Some(concept) = node.get("valueCodeableConcept") {
        let consciousness = codings(concept).find_map(|(_, code)| codes::consciousness(&code));
        let number = codings(concept).find_map(|(_, code)| codes::is_room_air(&code)).map(|()| Decimal::ZERO);
        let words = crate::read::words(concept)?;
        return Some((sign, Reading { words, number, consciousness }));
    }
    let amount = amount(node.get("valueQuantity")?)?;
    let number = (amount.comparator.is_none() && sign.has_unit(&amount.unit_key)).then_some(amount.value);
    Some((sign, Reading { words: sign.words(&amount), number, consciousness: None }))
}

fn news2(set: &Set, applies: Applies) -> News2 {
    if applies.pregnant {
        return News2::Pregnant;
    }
    if applies.from.is_some_and(|from| set.at < from) {
        return News2::Child;
    }
    let missing: Vec<Sign> = Sign::SCORED.into_iter().filter(|sign| !is_usable(set, *sign)).collect();
    match complete(set) {
        Some(readings) if missing.is_empty() => News2::Scored(score(&readings)),
        _ => News2::Incomplete(missing),
    }
}

fn is_usable(set: &Set, sign: Sign) -> bool {
    set.values.get(&sign).is_some_and(|reading| match sign {
        Sign::Consciousness => reading.consciousness.is_some(),
        _ => reading.number.is_some(),
    })
}

fn complete(set: &Set) -> Option<Readings> {
    let number = |sign: Sign| set.values.get(&sign)?.number;
    Some(Readings {
        respirations: number(Sign::Respirations)?,
        spo2: number(Sign::Spo2)?,
        scale: if set.scale_two.is_some() { Scale::Two } else { Scale::One },
        on_oxygen: number(Sign::Oxygen)? > Decimal::ZERO,
        systolic: number(Sign::Systolic)?,
        pulse: number(Sign::Pulse)?,
        consciousness: set.values.get(&Sign::Consciousness)?.consciousness?,
        temperature: number(Sign::Temperature)?,
    })
}

/// The codes of pregnancy: SNOMED CT "Pregnant" and "Normal pregnancy". \[check\]
pub const PREGNANCY: [&str; 2] = ["77386006", "72892002"];

/// Whether a Condition says that the patient is pregnant.
pub(crate) fn is_pregnancy(condition: Node<'_, '_>) -> bool {
    at(condition, &["code"]).is_some_and(|code| crate::read::has_code(code, &PREGNANCY))
}

#[cfg(test)]
mod tests;
