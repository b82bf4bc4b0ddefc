//! Single resources in words, for who says whose they are: what it is, when, from where, and under whose name it came.
//!
//! Words of the resource itself; what it means is not worked out here.

use std::collections::{BTreeMap, BTreeSet};

use administration::stays::{Stay, StayState};
use fhir::read::{id_of, items, reference, text, when, words, words_at};
use fhir::{Document, Limits, Node};
use record::{Key, Problem, Reading, Version};
use terms::{Moment, PartialDate, Precision};

use super::looked_words::spaced;
use crate::components::Printed;
use crate::words::{capital, clock, date, day};

/// Bytes of names that are looked up at once.
const MOST_NAMES_BYTES: usize = 4 << 20;
/// Members that say what a resource is about, the first that is there.
const WHAT: [&str; 9] = [
    "code",
    "medicationCodeableConcept",
    "vaccineCode",
    "serviceType",
    "type",
    "category",
    "reasonCode",
    "reason",
    "description",
];
/// Members that say when, the first that is there.
const WHEN: [&str; 11] = [
    "effectiveDateTime",
    "effectiveInstant",
    "performedDateTime",
    "occurrenceDateTime",
    "start",
    "recordedDate",
    "authoredOn",
    "issued",
    "date",
    "created",
    "sent",
];
/// Members that say from whom or where.
const FROM: [&str; 11] = [
    "performer",
    "recorder",
    "asserter",
    "requester",
    "author",
    "sender",
    "expressedBy",
    "custodian",
    "serviceProvider",
    "source",
    "owner",
];

/// A resource in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemWords {
    /// The resource, such as `Observation/17`.
    pub(crate) reference: String,
    /// What kind of thing it is, such as `Allergy`.
    pub(crate) kind: String,
    /// What it says, in a few words.
    pub(crate) what: Option<String>,
    /// When it was, else when it was written.
    pub(crate) when: Printed,
    /// Where it was, or who recorded it.
    pub(crate) from: Option<String>,
    /// The Patient under whom it came.
    pub(crate) patient: Option<String>,
}

/// These resources in words, in the order of the references; what cannot be read is named by its kind alone.
pub(crate) async fn described(reading: &Reading, references: &[String]) -> Result<Vec<ItemWords>, Problem> {
    let key = |reference: &String| reference.split_once('/').map(|(kind, id)| Key::new(kind, id));
    let keys: Vec<Key> = references.iter().filter_map(key).collect();
    let (versions, _) = reading.get_many_within(&keys, MOST_NAMES_BYTES).await?;
    let names = names_in(reading, &versions).await?;
    let mut found: BTreeMap<String, ItemWords> = BTreeMap::new();
    for version in &versions {
        if let Ok(document) = Document::parse(&version.text, &Limits::default()) {
            found.insert(version.key.to_string(), item(version, document.root(), &names));
        }
    }
    let unread = |reference: &String| ItemWords {
        reference: reference.clone(),
        kind: kind_words(reference.split('/').next().unwrap_or_default()),
        what: Some("cannot be read".to_owned()),
        when: Printed::default(),
        from: None,
        patient: None,
    };
    Ok(references.iter().map(|one| found.remove(one).unwrap_or_else(|| unread(one))).collect())
}

/// What the people, places and organisations are called that these point at without a name.
async fn names_in(reading: &Reading, versions: &[Version]) -> Result<BTreeMap<String, String>, Problem> {
    let mut wanted = BTreeSet::new();
    for version in versions {
        if let Ok(document) = Document::parse(&version.text, &Limits::default()) {
            wanted.extend(clinical::unnamed_references(document.root()));
        }
    }
    let keys: Vec<Key> = wanted.iter().map(|(kind, id)| Key::new(kind.as_str(), id.as_str())).collect();
    let mut names = BTreeMap::new();
    for version in reading.get_many_within(&keys, MOST_NAMES_BYTES).await?.0 {
        let Ok(document) = Document::parse(&version.text, &Limits::default()) else { continue };
        let root = document.root();
        let name = match version.key.kind.as_str() {
            "Practitioner" => clinical::practitioner_name(root),
            "Medication" => words_at(root, "code"),
            _ => text(root, "name"),
        };
        names.extend(name.map(|name| (version.key.to_string(), name)));
    }
    Ok(names)
}

fn item(version: &Version, of: Node<'_, '_>, names: &BTreeMap<String, String>) -> ItemWords {
    let kind = version.key.kind.as_str();
    let (name, what) = match kind {
        "Encounter" => stay_words(of),
        _ => (kind_words(kind), what(of, names)),
    };
    let said = WHEN.iter().find_map(|member| when(of, member)).or_else(|| started(of));
    ItemWords {
        reference: version.key.to_string(),
        kind: name,
        what,
        when: said.map_or_else(|| moment_words(version.moment), |said| when_words(&said)),
        from: from(of, names),
        patient: ["subject", "patient", "for", "beneficiary"].iter().find_map(|member| id_of(of, member, "Patient")),
    }
}

/// When a period began.
fn started(of: Node<'_, '_>) -> Option<PartialDate> {
    ["period", "effectivePeriod", "performedPeriod"].iter().find_map(|member| when(of.get(member)?, "start"))
}

fn when_words(at: &PartialDate) -> Printed {
    match at.precision() {
        Precision::Minute | Precision::Instant => moment_words(at.lower()),
        _ => date(at),
    }
}

fn moment_words(at: Moment) -> Printed {
    Printed::new(at.to_string(), format!("{} {}", day(at).text, clock(at).text))
}

fn stay_words(of: Node<'_, '_>) -> (String, Option<String>) {
    let stay = Stay::of(of);
    let is_emergency = of.get("class").and_then(|class| text(class, "code")).as_deref() == Some("EMER");
    let kind = match () {
        () if stay.is_inpatient => "Stay",
        () if is_emergency => "Emergency attendance",
        () => "Attendance",
    };
    let state = match stay.state {
        StayState::Expected => "expected",
        StayState::Present => "here now",
        StayState::OnLeave => "on leave",
        StayState::Discharged => "ended",
        StayState::Cancelled => "cancelled",
        StayState::Mistaken => "recorded by mistake",
    };
    let words = [Some(state.to_owned()), stay.team, stay.reason].into_iter().flatten().collect::<Vec<_>>();
    (kind.to_owned(), Some(words.join(", ")))
}

fn what(of: Node<'_, '_>, names: &BTreeMap<String, String>) -> Option<String> {
    let medicine = || named(of, "medicationReference", names);
    let said = WHAT.iter().find_map(|member| words_at(of, member).or_else(|| text(of, member))).or_else(medicine);
    let value = of.get("valueQuantity").and_then(|quantity| {
        let value = quantity.get("value")?.number()?.to_owned();
        Some([Some(value), text(quantity, "unit")].into_iter().flatten().collect::<Vec<_>>().join(" "))
    });
    let value = value.or_else(|| text(of, "valueString")).or_else(|| words(of.get("valueCodeableConcept")?));
    let parts = [said, value].into_iter().flatten().collect::<Vec<_>>();
    (!parts.is_empty()).then(|| parts.join(": "))
}

/// The place, who recorded it, or the system that sent it.
fn from(of: Node<'_, '_>, names: &BTreeMap<String, String>) -> Option<String> {
    let place = items(of, "location").filter_map(|at| named(at, "location", names)).last();
    let who = || FROM.iter().find_map(|member| named(of, member, names).or_else(|| actor(of, member, names)));
    let system = || of.get("meta").and_then(|meta| text(meta, "source"));
    place.or_else(who).or_else(system)
}

/// A performer that is a part of its own, as of a procedure.
fn actor(of: Node<'_, '_>, member: &str, names: &BTreeMap<String, String>) -> Option<String> {
    items(of, member).find_map(|part| named(part, "actor", names))
}

fn named(of: Node<'_, '_>, member: &str, names: &BTreeMap<String, String>) -> Option<String> {
    let known = reference(of, member).and_then(|reference| names.get(&reference).cloned());
    known.or_else(|| text(of.get(member)?.items().next()?, "display"))
}

/// What people call a kind of resource.
fn kind_words(kind: &str) -> String {
    let words = match kind {
        "AllergyIntolerance" => "Allergy",
        "Condition" => "Problem",
        "DocumentReference" | "Composition" => "Document",
        "DiagnosticReport" => "Report",
        "EpisodeOfCare" => "Pathway",
        "Flag" => "Alert",
        "MedicationRequest" => "Medicine",
        "Observation" => "Observation or result",
        "ServiceRequest" => "Request",
        _ => return capital(&spaced(kind)),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn a_resource_is_told_in_words_with_where_and_who() {
        let names = BTreeMap::from([
            ("Location/bed-1".to_owned(), "Bed 1".to_owned()),
            ("Practitioner/okafor".to_owned(), "Dr N Okafor".to_owned()),
        ]);
        let cases = [
            (
                r#"{"resourceType":"Encounter","id":"x","status":"in-progress","class":{"code":"IMP"},"serviceType":{"text":"Cardiology"},
                    "location":[{"location":{"reference":"Location/bed-1"}}]}"#,
                "Stay|here now, Cardiology|Bed 1",
            ),
            (
                r#"{"resourceType":"AllergyIntolerance","id":"x","code":{"text":"Penicillin"},"recorder":{"reference":"Practitioner/okafor"}}"#,
                "Allergy|Penicillin|Dr N Okafor",
            ),
            (
                r#"{"resourceType":"Observation","id":"x","code":{"text":"Weight"},"valueQuantity":{"value":72,"unit":"kg"},"meta":{"source":"pathology"}}"#,
                "Observation or result|Weight: 72 kg|pathology",
            ),
            (r#"{"resourceType":"FamilyMemberHistory","id":"x"}"#, "Family member history||"),
        ];
        for (text, expected) in cases {
            let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
            let of = document.root();
            let kind = document.resource_type().unwrap();
            let (kind, what) = if kind == "Encounter" { stay_words(of) } else { (kind_words(&kind), what(of, &names)) };
            let told = [kind, what.unwrap_or_default(), from(of, &names).unwrap_or_default()].join("|");
            assert_eq!(told, expected);
        }
    }
}
