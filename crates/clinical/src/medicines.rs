//! Medicines from requests and statements: what is active, and what is suspended, never mixed (KR 29).
//!
//! Prints a dose as it is written: no unit is converted and nothing is worked out. A dose is never guessed from text.

use fhir::Node;

use crate::directory::Directory;
use crate::read::{Amount, Source, amount, at, has_code, items, reference, text, when, words, words_at};
use terms::PartialDate;

/// A patient's medicines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Medicines {
    /// Active: regular ones newest first, then those given as required.
    pub active: Vec<Medicine>,
    /// On hold, in the same order.
    pub suspended: Vec<Medicine>,
}

/// One medicine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Medicine {
    /// Where it is recorded.
    pub source: Source,
    /// The medicine in words.
    pub name: String,
    /// Value and unit of the dose or rate, such as `2.5 mg`.
    pub dose: Option<String>,
    /// Route, frequency and instructions, as written.
    pub instructions: Option<String>,
    /// Since when.
    pub since: Option<PartialDate>,
    /// Whether it is long-term treatment.
    pub long_term: bool,
    /// Whether it is given only when needed.
    pub as_required: bool,
    /// Why it is in its state, for suspended ones.
    pub because: Option<String>,
    /// Who asked for it.
    pub by: Option<String>,
}

/// Intents that are orders; a proposal or plan is not yet treatment.
const ORDERS: &[&str] = &["order", "original-order", "reflex-order", "filler-order", "instance-order"];

/// Reads MedicationRequest and MedicationStatement resources.
pub(crate) fn medicines<'d, 't: 'd>(resources: impl Iterator<Item = Node<'d, 't>>, directory: &Directory) -> Medicines {
    let mut medicines = Medicines::default();
    for resource in resources {
        let forbidden = resource.get("doNotPerform").and_then(|node| node.boolean()).unwrap_or(false);
        let ordered = text(resource, "intent").is_none_or(|intent| ORDERS.contains(&intent.as_str()));
        if forbidden || !ordered {
            continue;
        }
        let list = match text(resource, "status").as_deref() {
            Some("active") => &mut medicines.active,
            Some("on-hold") => &mut medicines.suspended,
            _ => continue,
        };
        list.extend(medicine(resource, directory));
    }
    let order = |medicine: &Medicine| {
        (medicine.as_required, std::cmp::Reverse(medicine.since.as_ref().map(|since| since.lower())))
    };
    medicines.active.sort_by_key(order);
    medicines.suspended.sort_by_key(order);
    medicines
}

fn medicine(resource: Node<'_, '_>, directory: &Directory) -> Option<Medicine> {
    // Requests call it `dosageInstruction`, statements `dosage`.
    let dosage = at(resource, &["dosageInstruction"]).or_else(|| at(resource, &["dosage"]));
    let since = ["authoredOn", "effectiveDateTime", "dateAsserted"].into_iter().find_map(|name| when(resource, name));
    let started = || when(resource.get("effectivePeriod")?, "start");
    Some(Medicine {
        source: Source::of(resource),
        name: name(resource, directory)?,
        dose: dosage.and_then(dose),
        instructions: dosage.and_then(instructions),
        since: since.or_else(started),
        long_term: resource.get("courseOfTherapyType").is_some_and(|course| has_code(course, &["continuous"])),
        as_required: dosage.is_some_and(as_required),
        because: words_at(resource, "statusReason"),
        by: directory.name(resource, "requester"),
    })
}

fn name(resource: Node<'_, '_>, directory: &Directory) -> Option<String> {
    let coded = || words(resource.get("medicationCodeableConcept")?);
    let contained = || {
        let wanted = reference(resource, "medicationReference")?;
        let id = wanted.strip_prefix('#')?;
        let medicine = items(resource, "contained").find(|contained| text(*contained, "id").as_deref() == Some(id))?;
        words(medicine.get("code")?)
    };
    coded().or_else(contained).or_else(|| directory.name(resource, "medicationReference"))
}

/// The dose as quantity, range or rate.
fn dose(dosage: Node<'_, '_>) -> Option<String> {
    let rate = at(dosage, &["doseAndRate"])?;
    let printed = |name: &str| rate.get(name).and_then(amount).map(|amount| with_unit(&amount));
    let range = || {
        let range = rate.get("doseRange")?;
        let (low, high) = (amount(range.get("low")?)?, amount(range.get("high")?)?);
        Some(format!("{} to {}", low.digits, with_unit(&high)))
    };
    printed("doseQuantity").or_else(range).or_else(|| printed("rateQuantity"))
}

fn with_unit(amount: &Amount) -> String {
    let value = crate::read::plain(amount.value);
    if amount.unit.is_empty() { format!("{value}, unit not recorded") } else { format!("{value} {}", amount.unit) }
}

/// The instructions as written, else route and timing in words.
fn instructions(dosage: Node<'_, '_>) -> Option<String> {
    if let Some(written) = text(dosage, "text") {
        return Some(written);
    }
    let timing = dosage.get("timing").and_then(|timing| words_at(timing, "code").or_else(|| repeat(timing)));
    let parts: Vec<String> = [words_at(dosage, "route"), timing].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// A plain repetition in words, such as `2 times in 1 day`.
fn repeat(timing: Node<'_, '_>) -> Option<String> {
    let repeat = timing.get("repeat")?;
    let (frequency, period) = (repeat.get("frequency")?.number()?, repeat.get("period")?.number()?);
    let unit = match text(repeat, "periodUnit")?.as_str() {
        "min" => "minutes",
        "h" => "hours",
        "d" => "days",
        "wk" => "weeks",
        "mo" => "months",
        _ => return None,
    };
    Some(match (frequency, period, unit) {
        ("1", "1", "days") => "once a day".to_owned(),
        ("2", "1", "days") => "twice a day".to_owned(),
        (times, "1", "days") => format!("{times} times a day"),
        ("1", "1", unit) => format!("every {}", unit.trim_end_matches('s')),
        ("1", every, unit) => format!("every {every} {unit}"),
        (times, every, unit) => format!("{times} times in {every} {unit}"),
    })
}

fn as_required(dosage: Node<'_, '_>) -> bool {
    let flagged = dosage.get("asNeededBoolean").and_then(|node| node.boolean()).unwrap_or(false);
    flagged || dosage.get("asNeededCodeableConcept").is_some()
}
