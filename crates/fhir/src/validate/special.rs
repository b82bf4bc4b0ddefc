//! Invariants that look at values: a small choice of those that keep nonsense out of a chart.
//! Each names the keys of the standard it checks. Where comparing is not certain (dates without a zone, units that
//! differ) nothing is said. Does not evaluate FHIRPath.

use rust_decimal::Decimal;
use terms::PartialDate;

use super::{Checker, IssueCode, Path};
use crate::document::Node;

/// Looks at an object whose structure is known.
pub(super) type Check = fn(&mut Checker, Node<'_, '_>, &Path<'_>);

/// Structure and check.
pub(super) const TABLE: &[(&str, Check)] = &[
    ("AllergyIntolerance", allergy_status),
    ("Appointment", appointment_times),
    ("Attachment", attachment_size),
    ("Condition", condition_status),
    ("List", list_mode),
    ("Observation", value_beside_component),
    ("Period", period_order),
    ("Questionnaire.item", questionnaire_item),
    ("Range", range_order),
    ("RiskAssessment.prediction", probability),
];

const ALLERGY_VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
const CONDITION_VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
const CONDITION_CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";

/// ait-1, ait-2.
fn allergy_status(checker: &mut Checker, node: Node<'_, '_>, path: &Path<'_>) {
    let is_error = has_coding(node.get("verificationStatus"), ALLERGY_VERIFICATION, &["entered-in-error"]);
    match (is_error, node.get("clinicalStatus").is_some()) {
        (false, false) => {
            let message = "clinicalStatus is needed unless the allergy was entered in error (ait-1)";
            checker.error(path, IssueCode::Invariant, message);
        }
        (true, true) => {
            let message = "clinicalStatus is not allowed when the allergy was entered in error (ait-2)";
            checker.error(path, IssueCode::Invariant, message);
        }
        _ => {}
    }
}

/// app-3, app-4.
fn appointment_times(checker: &mut Checker, node: Node<'_, '_>, path: &Path<'_>) {
    let status = node.get("status").and_then(|status| status.text()).unwrap_or_default();
    let has_times = node.get("start").is_some() && node.get("end").is_some();
    if !has_times && !["proposed", "cancelled", "waitlist"].contains(&status.as_ref()) {
        let message = "start and end are needed unless the appointment is proposed or cancelled (app-3)";
        checker.error(path, IssueCode::Invariant, message);
    }
    if node.get("cancelationReason").is_some() && !["noshow", "cancelled"].contains(&status.as_ref()) {
        let message = "a reason for cancelling needs an appointment that was cancelled or missed (app-4)";
        checker.error(path, IssueCode::Invariant, message);
    }
}

/// An attachment that holds its data says how many bytes they are, if it says anything (Attachment.size).
fn attachment_size(checker: &mut Checker, node: Node<'_, '_>, path: &Path<'_>) {
    let (Some(data), Some(size)) = (node.get("data"), node.get("size").and_then(|size| size.number())) else { return };
    let Some(text) = data.text() else { return };
    let count = |of: fn(&u8) -> bool| text.bytes().filter(of).count();
    let characters = count(|byte| !byte.is_ascii_whitespace() && *byte != b'=');
    if size.parse() != Ok(characters * 3 / 4) {
        let message = "the size is not that of the data";
        checker.error(&path.child("size"), IssueCode::Value, message);
    }
}

/// con-4, con-5.
fn condition_status(checker: &mut Checker, node: Node<'_, '_>, path: &Path<'_>) {
    let clinical = node.get("clinicalStatus");
    let is_abated = node.members().any(|(name, _)| name.trim_start_matches('_').starts_with("abatement"));
    if is_abated && !has_coding(clinical, CONDITION_CLINICAL, &["resolved", "remission", "inactive"]) {
        let message = "a condition that has abated is inactive, resolved or in remission (con-4)";
        checker.error(path, IssueCode::Invariant, message);
    }
    if clinical.is_some() && has_coding(node.get("verificationStatus"), CONDITION_VERIFICATION, &["entered-in-error"]) {
        let message = "clinicalStatus is not allowed when the condition was entered in error (con-5)";
        checker.error(path, IssueCode::Invariant, message);
    }
}

/// lst-2, lst-3.
fn list_mode(checker: &mut Checker, node: Node<'_, '_>, path: &Path<'_>) {
    let mode = node.get("mode").and_then(|mode| mode.text()).unwrap_or_default();
    let entry_has = |name| node.get("entry").is_some_and(|all| all.items().any(|entry| entry.get(name).is_some()));
    if mode != "changes" && entry_has("deleted") {
        checker.error(path, IssueCode::Invariant, "an entry is deleted only in a list of changes (lst-2)");
    }
    if mode != "working" && entry_has("date") {
        checker.error(path, IssueCode::Invariant, "an entry has a date only in a working list (lst-3)");
    }
}

/// obs-7: a value beside a component with the same code would be two answers to one question.
fn value_beside_component(checker: &mut Checker, node: Node<'_, '_>, path: &Path<'_>) {
    let (Some(code), Some(components)) = (node.get("code"), node.get("component")) else { return };
    let is_value = |name: &str| name.trim_start_matches('_').starts_with("value");
    if !node.members().any(|(name, _)| is_value(name)) {
        return;
    }
    for component in components.items().filter_map(|component| component.get("code")) {
        if share_a_coding(code, component) {
            let message = "the observation has a value, and a component with the observation's own code (obs-7)";
            return checker.error(path, IssueCode::Invariant, message);
        }
    }
}

/// per-1, said only where it is certain: the whole of `end` lies before `start` begins.
fn period_order(checker: &mut Checker, node: Node<'_, '_>, path: &Path<'_>) {
    let date = |name| PartialDate::parse(&node.get(name)?.text()?).ok();
    if let (Some(start), Some(end)) = (date("start"), date("end"))
        && end.upper() < start.lower()
    {
        checker.error(path, IssueCode::Invariant, "a period must not end before it starts (per-1)");
    }
}

/// que-3, que-6, que-8, que-9, que-12 by its text ("more than one"; its FHIRPath says more than two), and que-1 for
/// display items; HL7's own questionnaires have empty groups.
fn questionnaire_item(checker: &mut Checker, node: Node<'_, '_>, path: &Path<'_>) {
    let kind = node.get("type").and_then(|kind| kind.text()).unwrap_or_default();
    let has = |name| node.get(name).is_some();
    let (is_group, is_display) = (kind == "group", kind == "display");
    let conditions = node.get("enableWhen").map_or(0, |all| all.len());
    let rules = [
        (is_display && has("item"), "a display item has no items in it (que-1)"),
        (is_display && has("code"), "a display item has no code (que-3)"),
        (is_display && (has("required") || has("repeats")), "a display item is not required and not repeated (que-6)"),
        ((is_group || is_display) && has("initial"), "a group or display item has no initial value (que-8)"),
        (is_display && has("readOnly"), "a display item is not read-only (que-9)"),
        (conditions > 1 && !has("enableBehavior"), "several conditions need enableBehavior (que-12)"),
    ];
    for (_, message) in rules.into_iter().filter(|(is_broken, _)| *is_broken) {
        checker.error(path, IssueCode::Invariant, message);
    }
}

/// ras-2.
fn probability(checker: &mut Checker, node: Node<'_, '_>, path: &Path<'_>) {
    let value = node.get("probabilityDecimal").and_then(decimal);
    if value.is_some_and(|value| value > Decimal::ONE_HUNDRED) {
        checker.error(path, IssueCode::Invariant, "a probability is at most 100 per cent (ras-2)");
    }
}

/// rng-2, where both ends have the same unit.
fn range_order(checker: &mut Checker, node: Node<'_, '_>, path: &Path<'_>) {
    let (Some(low), Some(high)) = (node.get("low"), node.get("high")) else { return };
    let text = |quantity: Node<'_, '_>, name| quantity.get(name).map(|value| value.raw_text().to_owned());
    let same = |name| text(low, name) == text(high, name);
    let value = |quantity: Node<'_, '_>| quantity.get("value").and_then(decimal);
    if let (Some(least), Some(most)) = (value(low), value(high))
        && same("code")
        && same("unit")
        && least > most
    {
        checker.error(path, IssueCode::Invariant, "a range must not have its low end above its high end (rng-2)");
    }
}

/// A number as an exact decimal, if it is not beyond them.
fn decimal(node: Node<'_, '_>) -> Option<Decimal> {
    let digits = node.number()?;
    digits.parse().ok().or_else(|| Decimal::from_scientific(digits).ok())
}

/// Whether a concept has one of these codes of this system.
fn has_coding(concept: Option<Node<'_, '_>>, system: &str, codes: &[&str]) -> bool {
    let Some(codings) = concept.and_then(|concept| concept.get("coding")) else { return false };
    codings.items().any(|coding| {
        let text = |name| coding.get(name).and_then(|node| node.text());
        text("system").as_deref() == Some(system) && text("code").is_some_and(|code| codes.contains(&code.as_ref()))
    })
}

/// Whether two concepts have a coding with the same system and code.
fn share_a_coding(left: Node<'_, '_>, right: Node<'_, '_>) -> bool {
    let (Some(left), Some(right)) = (left.get("coding"), right.get("coding")) else { return false };
    let key = |coding: Node<'_, '_>| {
        let text = |name| coding.get(name).and_then(|node| Some(node.text()?.into_owned()));
        Some((text("system"), text("code")?))
    };
    left.items().any(|one| {
        let one = key(one);
        one.is_some() && right.items().any(|other| key(other) == one)
    })
}
