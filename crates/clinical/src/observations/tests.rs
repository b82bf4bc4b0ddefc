//! Sets, completeness and who is scored, as tables.
//! Plain data in, plain data out; they know no store and no clock.
#![expect(clippy::unwrap_used, reason = "the cases are written out below")]

use fhir::{Document, Limits};

use super::*;

const TAKEN: &str = "2026-11-17T14:05:00Z";

fn quantity(code: &str, value: &str, unit: &str, taken: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"o-{code}","status":"final","code":{{"coding":[{{"code":"{code}"}}]}},
        "effectiveDateTime":"{taken}","valueQuantity":{{"value":{value},"unit":"{unit}","code":"{unit}"}}}}"#
    )
}

fn pressure(systolic: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"bp","status":"final","code":{{"coding":[{{"code":"85354-9"}}]}},
        "effectiveDateTime":"{TAKEN}","component":[
        {{"code":{{"coding":[{{"code":"8480-6"}}]}},"valueQuantity":{{"value":{systolic},"code":"mm[Hg]"}}}},
        {{"code":{{"coding":[{{"code":"8462-4"}}]}},"valueQuantity":{{"value":60,"code":"mm[Hg]"}}}}]}}"#
    )
}

fn alert() -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"avpu","status":"final","code":{{"coding":[{{"code":"80288-4"}}]}},
        "effectiveDateTime":"{TAKEN}","valueCodeableConcept":{{"coding":[{{"code":"248234008"}}],"text":"Alert"}}}}"#
    )
}

/// The set of the worked case: NEWS2 7.
fn full_set() -> Vec<String> {
    vec![
        quantity("9279-1", "24", "/min", TAKEN),
        quantity("2708-6", "94", "%", TAKEN),
        quantity("3151-8", "2", "L/min", TAKEN),
        pressure("112"),
        quantity("8867-4", "108", "/min", TAKEN),
        alert(),
        quantity("8310-5", "38.3", "Cel", TAKEN),
    ]
}

fn read(texts: &[String], applies: Applies) -> Observations {
    let documents: Vec<Document<'_>> =
        texts.iter().map(|text| Document::parse(text.as_bytes(), &Limits::default()).unwrap()).collect();
    observations(documents.iter().map(Document::root), applies)
}

const ADULT: Applies = Applies { pregnant: false, from: None };

#[test]
fn a_complete_set_is_scored() {
    let read = read(&full_set(), ADULT);
    let (set, score, before) = read.latest_score().unwrap();
    assert_eq!((score.total, before, set.sources.len()), (7, None, 7));
    assert_eq!(set.values[&Sign::Spo2].words, "94%");
    assert_eq!(set.values[&Sign::Oxygen].words, "2 L/min");
}

#[test]
fn each_missing_sign_stops_the_score() {
    let cases = [
        (0, Sign::Respirations),
        (1, Sign::Spo2),
        (2, Sign::Oxygen),
        (3, Sign::Systolic),
        (4, Sign::Pulse),
        (5, Sign::Consciousness),
        (6, Sign::Temperature),
    ];
    for (at, sign) in cases {
        let mut texts = full_set();
        texts.remove(at);
        assert_eq!(read(&texts, ADULT).sets[0].news2, News2::Incomplete(vec![sign]), "{sign:?}");
    }
}

#[test]
fn another_unit_is_shown_and_not_scored() {
    let mut texts = full_set();
    texts[6] = quantity("8310-5", "100.9", "[degF]", TAKEN);
    let read = read(&texts, ADULT);
    assert_eq!(read.sets[0].news2, News2::Incomplete(vec![Sign::Temperature]));
    assert_eq!(read.sets[0].values[&Sign::Temperature].words, "100.9 [degF]");
}

#[test]
fn another_minute_is_another_set() {
    let mut texts = full_set();
    texts[0] = quantity("9279-1", "24", "/min", "2026-11-17T14:06:00Z");
    assert_eq!(read(&texts, ADULT).sets.len(), 2);
    texts[0] = quantity("9279-1", "24", "/min", "2026-11-17T14:05:59Z");
    assert_eq!(read(&texts, ADULT).sets.len(), 1);
}

#[test]
fn children_and_pregnant_women_are_not_scored() {
    let born = |text: &str| sixteen(&PartialDate::parse(text).unwrap());
    let news2 = |pregnant, from| read(&full_set(), Applies { pregnant, from }).sets[0].news2.clone();
    assert_eq!(news2(true, None), News2::Pregnant);
    assert_eq!(news2(false, born("2010-11-18")), News2::Child);
    assert!(matches!(news2(false, born("2010-11-17")), News2::Scored(_)));
}
