//! Sets, completeness and who is scored, as tables.
//! Plain data in, plain data out; they know no store and no clock.
#![expect(clippy::unwrap_used, reason = "the cases are written out below")]

use fhir::{Document, Limits};

use super::*;
use crate::directory::Directory;

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
    read_with(texts, applies, &[])
}

fn parse(texts: &[String]) -> Vec<Document<'_>> {
    texts.iter().map(|text| Document::parse(text.as_bytes(), &Limits::default()).unwrap()).collect()
}

fn read_with(texts: &[String], applies: Applies, goals: &[String]) -> Observations {
    let goals = parse(goals);
    let decisions = decisions(goals.iter().map(Document::root), &Directory::default());
    let documents = parse(texts);
    let measured: Vec<Measured> = documents.iter().filter_map(|document| measured(document.root())).collect();
    observations(measured.iter(), applies, &decisions)
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

/// A Goal that aims at 88 to 92 %, active since the day before the set, by a clinician; then changed.
fn goal(change: (&str, &str)) -> Vec<String> {
    let text = r#"{"resourceType":"Goal","id":"g","lifecycleStatus":"active","description":{"text":"Oxygen 88 to 92%"},
        "startDate":"2026-11-16","statusDate":"2026-11-16",
        "expressedBy":{"reference":"Practitioner/p","display":"Dr A Mistry"},
        "target":[{"measure":{"coding":[{"code":"2708-6"}]},
        "detailRange":{"low":{"value":88,"code":"%"},"high":{"value":92,"code":"%"}}}]}"#;
    assert!(change.0.is_empty() || text.contains(change.0), "{}", change.0);
    vec![text.replacen(change.0, change.1, usize::from(!change.0.is_empty()))]
}

#[test]
fn scale_two_is_chosen_only_by_a_recorded_decision_that_holds() {
    let scored = |goals: &[String]| {
        let read = read_with(&full_set(), ADULT, goals);
        let (set, score, _) = read.latest_score().unwrap();
        (set.scale_two.as_ref().map(|decision| decision.by.clone()), score.total)
    };
    // 94 % on oxygen: one point on either scale, so the scale itself is looked at.
    assert_eq!(scored(&[]), (None, 7));
    assert_eq!(scored(&goal(("", ""))), (Some("Dr A Mistry".into()), 7));
    let never = [
        ("\"active\"", "\"proposed\""),
        ("\"active\"", "\"planned\""),
        ("\"active\"", "\"on-hold\""),
        ("\"active\"", "\"cancelled\""),
        ("\"active\"", "\"entered-in-error\""),
        ("\"active\"", "\"completed\""),
        ("\"startDate\":\"2026-11-16\",", ""),
        ("\"startDate\":\"2026-11-16\"", "\"startDate\":\"2026-11-18\""),
        ("Practitioner/p", "Patient/p"),
        ("\"expressedBy\"", "\"extra\""),
        ("\"2708-6\"", "\"8867-4\""),
        ("\"value\":88", "\"value\":94"),
        ("\"value\":92", "\"value\":98"),
        ("\"low\":{\"value\":88,\"code\":\"%\"},", ""),
        ("\"high\":{\"value\":92,\"code\":\"%\"}", "\"high\":{\"value\":92,\"code\":\"kPa\"}"),
    ];
    for change in never {
        assert_eq!(scored(&goal(change)).0, None, "{change:?}");
    }
}

#[test]
fn the_points_of_each_scale_are_the_tables() {
    let total = |spo2: &str, oxygen: &str, goals: &[String]| {
        let mut texts = full_set();
        texts[1] = quantity("2708-6", spo2, "%", TAKEN);
        texts[2] = quantity("3151-8", oxygen, "L/min", TAKEN);
        read_with(&texts, ADULT, goals).latest_score().unwrap().1.total
    };
    // Without SpO2 and oxygen the set has 4 points. By the table: value, flow, points on scale 1, points on scale 2.
    let cases = [("90", "0", 3, 0), ("90", "2", 5, 2), ("97", "0", 0, 0), ("97", "2", 2, 5), ("83", "0", 3, 3)];
    for (spo2, oxygen, one, two) in cases {
        assert_eq!(total(spo2, oxygen, &[]), 4 + one, "{spo2}% at {oxygen} L/min, scale 1");
        assert_eq!(total(spo2, oxygen, &goal(("", ""))), 4 + two, "{spo2}% at {oxygen} L/min, scale 2");
    }
}

#[test]
fn a_decision_that_has_ended_holds_for_what_was_taken_before() {
    let ended = |day: &str| {
        let mut goals = goal(("\"active\"", "\"completed\""));
        goals[0] = goals[0].replace("\"statusDate\":\"2026-11-16\"", &format!("\"statusDate\":\"{day}\""));
        read_with(&full_set(), ADULT, &goals).sets[0].scale_two.is_some()
    };
    assert_eq!([ended("2026-11-18"), ended("2026-11-17")], [true, false]);
}
