//! What every kind's table is checked with: texts in, obligations of the kind out, through the functions that the record
//! is given.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeSet;

use super::*;

/// An anchor's text, its related texts, and what is owed: whose, and until when (empty for what has no date).
pub(super) type Case<'c> = (String, Vec<String>, Option<(&'c str, &'c str)>);

/// Checks a kind on some cases.
pub(super) fn check(kind: &Kind, cases: &[Case<'_>]) {
    assert!(cases.iter().any(|(.., owed)| owed.is_some()) && cases.iter().any(|(.., owed)| owed.is_none()));
    for (anchor, related, expected) in cases {
        let owed = owed(kind, anchor, related);
        let plain = |owed: &Obligation| {
            let due = if owed.due == UNDATED { String::new() } else { owed.due.to_string() };
            (owed.owner.clone(), due.replace(".000Z", "Z"))
        };
        let found: Vec<(String, String)> = owed.iter().map(plain).collect();
        let expected: Vec<(String, String)> =
            expected.iter().map(|(owner, due)| ((*owner).to_owned(), (*due).to_owned())).collect();
        assert_eq!(found, expected, "{} of {anchor} with {related:?}", kind.code);
    }
}

fn owed(kind: &Kind, anchor: &str, related: &[String]) -> Vec<Obligation> {
    let sources: Vec<(String, String, &[u8])> = std::iter::once(anchor)
        .chain(related.iter().map(String::as_str))
        .map(|text| {
            let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
            let issues = fhir::validate(&document);
            assert!(!issues.iter().any(fhir::Issue::is_error), "{issues:?} in {text}");
            let id = document.root().get("id").unwrap().text().unwrap().into_owned();
            (document.resource_type().unwrap().into_owned(), id, text.as_bytes())
        })
        .collect();
    let as_source = |at: usize| Source { kind: &sources[at].0, id: &sources[at].1, text: sources[at].2 };
    let facts = Facts { anchor: as_source(0), related: (1..sources.len()).map(as_source).collect() };
    let functions = functions();
    let concerned = functions.iter().filter(|function| function.anchor == sources[0].0);
    let concerned = concerned.filter(|function| (function.concerns)(&facts.anchor));
    concerned.flat_map(|function| (function.decide)(&facts)).filter(|owed| owed.kind == kind.code).collect()
}

/// An inpatient stay with some members more.
pub(super) fn stay(status: &str, members: &str) -> String {
    let class = r#""class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"}"#;
    let comma = if members.is_empty() { "" } else { "," };
    format!(r#"{{"resourceType":"Encounter","id":"s1","status":"{status}",{class}{comma}{members}}}"#)
}

/// The member `location` with one place, since 14:20.
pub(super) fn at(place: &str, status: &str) -> String {
    format!(
        r#""location":[{{"location":{{"reference":"Location/{place}"}},"status":"{status}","period":{{"start":"2026-11-17T14:20:00Z"}}}}]"#
    )
}

/// The member `extension` with a method of admission.
pub(super) fn method(code: &str) -> String {
    let url = crate::stays::ADMISSION_METHOD;
    let coding = format!(r#"{{"coding":[{{"system":"{}","code":"{code}"}}]}}"#, crate::stays::ADMISSION_METHOD_CODES);
    format!(r#""extension":[{{"url":"{url}","valueCodeableConcept":{coding}}}]"#)
}

/// The member `period` with a start.
pub(super) fn from(start: &str) -> String {
    format!(r#""period":{{"start":"{start}"}}"#)
}

/// The member `meta` with a tag.
pub(super) fn tagged(system: &str, code: &str) -> String {
    format!(r#""meta":{{"tag":[{{"system":"{system}","code":"{code}"}}]}}"#)
}

#[test]
fn kinds_are_told_apart_and_every_rule_has_one() {
    let codes: BTreeSet<&str> = KINDS.iter().map(|kind| kind.code).collect();
    assert_eq!(codes.len(), KINDS.len());
    let rules = OF_STAYS.iter().map(|(kind, _)| kind.code).chain(OF_PATIENTS.iter().map(|(kind, _)| kind.code));
    let rules = rules.chain(OF_TASKS.iter().map(|(kind, _)| kind.code));
    let rules = rules.chain([appointment_in_stay::KIND.code]);
    let rules = rules.chain(OF_DEATHS.iter().map(|(kind, _)| kind.code));
    let rules = rules.chain(OF_OPENINGS.iter().map(|(kind, _)| kind.code));
    let rules: BTreeSet<&str> = rules.chain(OF_LISTS.iter().map(|(kind, _)| kind.code)).collect();
    assert_eq!(rules, codes);
}

#[test]
fn an_attendance_concerns_no_rule_of_stays() {
    let text = stay("in-progress", "").replace("\"IMP\"", "\"EMER\"");
    for (kind, _) in OF_STAYS {
        assert_eq!(owed(kind, &text, &[]), []);
    }
}
