//! When a set is due, what the trend is and which flags stand, as tables.
//! Plain data in, plain data out; they know no store and no clock.
#![expect(clippy::unwrap_used, reason = "the cases are written out below")]

use fhir::{Document, Limits};

use super::*;
use crate::flags::Weight;

const NOW: &str = "2026-11-17T14:35:00Z";
const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","birthDate":"1951-03-14"}"#;

fn moment(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

/// A complete set whose score is the temperature's and the pulse's.
fn set(taken: &str, pulse: u8, temperature: &str) -> Vec<String> {
    let quantity = |code: &str, value: &str, unit: &str| {
        format!(
            r#"{{"resourceType":"Observation","id":"o-{code}-{pulse}","status":"final","code":{{"coding":[{{"code":"{code}"}}]}},
            "effectiveDateTime":"{taken}","valueQuantity":{{"value":{value},"unit":"{unit}","code":"{unit}"}}}}"#
        )
    };
    let alert = format!(
        r#"{{"resourceType":"Observation","id":"a","status":"final","code":{{"coding":[{{"code":"80288-4"}}]}},
        "effectiveDateTime":"{taken}","valueCodeableConcept":{{"coding":[{{"code":"248234008"}}],"text":"Alert"}}}}"#
    );
    vec![
        quantity("9279-1", "16", "/min"),
        quantity("2708-6", "97", "%"),
        quantity("3151-8", "0", "L/min"),
        quantity("8480-6", "122", "mm[Hg]"),
        quantity("8867-4", &pulse.to_string(), "/min"),
        alert,
        quantity("8310-5", temperature, "Cel"),
    ]
}

fn read(texts: &[String], since: Option<&str>, now: &str) -> Bedside {
    let patient = Document::parse(PATIENT.as_bytes(), &Limits::default()).unwrap();
    let documents: Vec<Document<'_>> =
        texts.iter().map(|text| Document::parse(text.as_bytes(), &Limits::default()).unwrap()).collect();
    let resources = documents.iter().map(Document::root).collect();
    let material = Material { patient: patient.root(), resources, allergies_readable: true };
    bedside(&material, since.map(moment), moment(now)).1
}

fn order(members: &str) -> String {
    format!(
        r#"{{"resourceType":"ServiceRequest","id":"r","status":"active","intent":"order","authoredOn":"2026-11-16T09:00:00Z",
        "code":{{"coding":[{{"system":"urn:almoner:care","code":"observations"}}]}},{members}}}"#
    )
}

#[test]
fn a_set_is_overdue_by_the_table_and_never_later_than_it() {
    let every = |hours: u8| order(&format!(r#""occurrenceTiming":{{"repeat":{{"period":{hours},"periodUnit":"h"}}}}"#));
    // Pulse and temperature, an order, taken at, due at.
    let cases = [
        ((80, "37.0"), None, "2026-11-17T02:00:00Z", "2026-11-17T14:00:00Z"),
        ((100, "37.0"), None, "2026-11-17T10:10:00Z", "2026-11-17T16:10:00Z"),
        ((100, "37.0"), Some(every(4)), "2026-11-17T10:10:00Z", "2026-11-17T14:10:00Z"),
        // An order does not lengthen it.
        ((100, "37.0"), Some(every(8)), "2026-11-17T10:10:00Z", "2026-11-17T16:10:00Z"),
        // A 3 in one parameter: every hour.
        ((131, "37.0"), None, "2026-11-17T13:30:00Z", "2026-11-17T14:30:00Z"),
        // 5: every hour, also with an order for four.
        ((131, "39.2"), Some(every(4)), "2026-11-17T13:30:00Z", "2026-11-17T14:30:00Z"),
    ];
    for ((pulse, temperature), order, taken, due) in cases {
        let mut texts = set(taken, pulse, temperature);
        texts.extend(order);
        let bedside = read(&texts, None, NOW);
        assert_eq!(bedside.watch, Watch::Due(moment(due)), "{pulse} {temperature} {taken}");
        let late = moment(NOW).0 - moment(due).0;
        assert_eq!(bedside.overdue(moment(NOW)), (late > 0).then_some(late));
        assert_eq!(bedside.overdue(moment(due)), None, "at the minute itself it is due, not overdue");
    }
}

#[test]
fn an_hour_is_sixty_minutes_when_the_clocks_change() {
    // 5 at 00:30 BST of the night on which 01:30 comes twice: due an hour later, which is 01:30 BST, not GMT.
    let bedside = read(&set("2026-10-24T23:30:00Z", 131, "39.2"), None, "2026-10-25T01:00:00Z");
    assert_eq!(bedside.watch, Watch::Due(moment("2026-10-25T00:30:00Z")));
    assert_eq!(bedside.overdue(moment("2026-10-25T01:00:00Z")), Some(30 * 60_000));
    // In spring 00:30 GMT is followed by 02:00 BST: the set is due at 02:30 BST.
    let bedside = read(&set("2027-03-28T00:30:00Z", 131, "39.2"), None, "2027-03-28T01:29:00Z");
    assert_eq!(bedside.watch, Watch::Due(moment("2027-03-28T01:30:00Z")));
    assert_eq!(bedside.overdue(moment("2027-03-28T01:29:00Z")), None);
}

#[test]
fn the_trend_compares_with_the_scored_set_before() {
    let mut texts = set("2026-11-17T08:00:00Z", 80, "37.0");
    assert_eq!(read(&texts, None, NOW).score.unwrap().change, None, "first set");
    texts.extend(set("2026-11-17T12:00:00Z", 112, "37.0"));
    // A single value in between is no set and changes nothing.
    texts.push(set("2026-11-17T13:00:00Z", 90, "37.0").swap_remove(4));
    let latest = read(&texts, None, NOW).score.unwrap();
    assert_eq!((latest.at, latest.score.total, latest.change), (moment("2026-11-17T12:00:00Z"), 2, Some(2)));
}

#[test]
fn what_was_taken_before_the_stay_is_no_score_of_it() {
    let texts = set("2026-11-10T08:00:00Z", 80, "37.0");
    let bedside = read(&texts, Some("2026-11-17T09:00:00Z"), NOW);
    assert_eq!((bedside.score, bedside.watch), (None, Watch::NotTaken));
    // In the emergency department, the same night, it is.
    assert!(read(&set("2026-11-17T03:00:00Z", 80, "37.0"), Some("2026-11-17T09:00:00Z"), NOW).score.is_some());
}

#[test]
fn observations_that_were_stopped_are_not_overdue_and_say_who_stopped_them() {
    let mut texts = set("2026-11-10T08:00:00Z", 131, "39.2");
    let stop = r#""doNotPerform":true,"requester":{"display":"Dr L Okafor"}"#;
    texts.push(order(stop));
    assert!(read(&texts, None, NOW).overdue(moment(NOW)).is_some(), "no doctor gave a reason");
    texts.pop();
    texts.push(order(&format!(
        r#"{stop},"meta":{{"tag":[{{"system":"urn:almoner:observations","code":"doctor-up-to-5"}}]}}"#
    )));
    let bedside = read(&texts, None, NOW);
    assert_eq!(bedside.overdue(moment(NOW)), None);
    assert!(matches!(bedside.watch, Watch::Stopped { by: Some(by), on: Some(_) } if by == "Dr L Okafor"));
}

#[test]
fn flags_stand_gravest_first_and_only_what_is_in_force() {
    let flag = |id: &str, code: &str, words: &str, priority: &str, rest: &str| {
        format!(
            r#"{{"resourceType":"Flag","id":"{id}","status":"active",
            "extension":[{{"url":"http://hl7.org/fhir/StructureDefinition/flag-priority",
            "valueCodeableConcept":{{"coding":[{{"code":"{priority}"}}]}}}}],
            "code":{{"coding":[{{"system":"urn:almoner:flag","code":"{code}"}}],"text":"{words}"}}{rest}}}"#
        )
    };
    let texts = [
        flag("1", "dementia", "Dementia", "PN", ""),
        flag("2", "falls", "Falls", "PM", ""),
        flag("3", "aki", "AKI stage 1", "PH", ""),
        flag("4", "isolation", "Isolation: influenza A", "PM", r#","period":{"end":"2026-11-17T14:00:00Z"}"#),
        flag("5", "isolation", "Isolation: C. difficile", "PM", r#","period":{"end":"2026-11-18"}"#),
        flag("6", "x", "Over", "PH", "").replace(r#""status":"active""#, r#""status":"inactive""#),
    ];
    let flags = read(&texts, None, NOW).flags;
    let told: Vec<(&str, Weight, Option<&str>)> =
        flags.iter().map(|flag| (flag.words.as_str(), flag.weight, flag.public)).collect();
    let expected = [
        ("AKI stage 1", Weight::Danger, None),
        ("Falls", Weight::Warning, Some("Falls")),
        ("Isolation: C. difficile", Weight::Warning, Some("Isolation")),
        ("Dementia", Weight::Fact, None),
    ];
    assert_eq!(told, expected);
}
