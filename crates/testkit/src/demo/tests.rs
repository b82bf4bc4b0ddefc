//! The demonstration keeps its promises: stable, consistent, synthetic.
//! Plain data in, plain data out; they know no store and no clock.
#![expect(clippy::unwrap_used, reason = "a broken fixture is the test's failure")]

use std::collections::HashSet;

use fhir::{Document, Limits};
use terms::NhsNumber;

use super::*;

#[test]
fn the_same_moment_gives_the_same_texts_and_ids_never_change() {
    let ids = |now| demo_bundle(now).iter().map(|text| id_of(text)).collect::<Vec<_>>();
    assert_eq!(demo_bundle(STORY_NOW), demo_bundle(STORY_NOW));
    let week_later = Moment(STORY_NOW.0 + 7 * 24 * 3_600_000 + 4321);
    assert_eq!(ids(STORY_NOW), ids(week_later));
    let unique: HashSet<String> = ids(STORY_NOW).into_iter().collect();
    assert_eq!(unique.len(), ids(STORY_NOW).len());
}

fn id_of(text: &str) -> String {
    let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
    let id = document.root().get("id").unwrap().text().unwrap().into_owned();
    format!("{}/{id}", document.resource_type().unwrap())
}

#[test]
fn every_reference_leads_backwards_to_a_resource_of_the_set() {
    let mut known = HashSet::new();
    for text in demo_bundle(STORY_NOW) {
        for reference in text.split("\"reference\":\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(known.contains(reference), "{reference} in {text}");
        }
        known.insert(id_of(&text));
    }
}

#[test]
fn nhs_numbers_are_synthetic_with_right_check_digits() {
    let mut count = 0;
    for text in demo_bundle(STORY_NOW) {
        for value in text.split("nhs-number\",\"value\":\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(NhsNumber::parse(value).unwrap().is_synthetic(), "{value}");
            count += 1;
        }
    }
    assert_eq!(count, 34);
}

#[test]
fn the_story_moves_with_the_clock() {
    let later = Moment(STORY_NOW.0 + 26 * 3_600_000);
    let all = demo_bundle(later).join("\n");
    // The last set is half an hour old, the clinic stays at its time of day.
    assert!(all.contains("2026-11-18T16:05:00Z"));
    assert!(all.contains("2026-11-03T10:45:00Z"));
    assert!(all.contains("\"birthDate\":\"1951-03-14\""));
}

#[test]
fn admissions_are_of_people_of_their_own() {
    let ids: HashSet<String> = demo_bundle(STORY_NOW).iter().map(|text| id_of(text)).collect();
    let admissions = admissions_bundle(STORY_NOW);
    assert!(admissions.iter().all(|text| !ids.contains(&id_of(text))));
    assert_eq!(admissions.len(), 26, "thirteen people, a stay each");
    for value in admissions.iter().filter_map(|text| text.split("nhs-number\",\"value\":\"").nth(1)) {
        assert!(NhsNumber::parse(value.split('"').next().unwrap()).unwrap().is_synthetic(), "{value}");
    }
}

#[test]
fn every_resource_is_valid() {
    for text in demo_bundle(STORY_NOW).into_iter().chain(admissions_bundle(STORY_NOW)) {
        let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
        let errors: Vec<_> =
            fhir::validate(&document).into_iter().filter(|issue| issue.severity == fhir::Severity::Error).collect();
        assert!(errors.is_empty(), "{errors:?} in {text}");
    }
}
