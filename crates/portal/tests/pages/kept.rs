//! Pages that are looked at while things change: whoever looked before, and is shown what was kept with what is new, sees what
//! somebody sees who looks for the first time. Goes through the routes as a browser would.

use access::Role;
use http::StatusCode;
use testkit::demo::{STORY_NOW, demo_bundle};

use crate::support::Trust;
use crate::{ADEYEMI, duplicates};

const HERON: &str = "/t/DEMO/wards/heron";

/// What is done between two looks.
enum Step {
    Write(String),
    Delete(&'static str),
    /// A record `twin` is merged into the patient's.
    Merge,
}

/// A resource of the demonstration with other words in it.
fn changed(id: &str, from: &str, to: &str) -> Step {
    let texts = demo_bundle(STORY_NOW);
    let text = texts.iter().find(|text| text.contains(&format!("\"id\":\"{id}\""))).unwrap();
    assert!(text.contains(from), "{text}");
    Step::Write(text.replacen(from, to, 1))
}

fn observation(id: &str, code: &str, at: &str, value: &str, status: &str) -> Step {
    observation_of("adeyemi-folasade", (id, code), at, value, status)
}

fn observation_of(patient: &str, (id, code): (&str, &str), at: &str, value: &str, status: &str) -> Step {
    let (category, unit) = match code {
        "8867-4" => ("vital-signs", "/min"),
        _ => ("laboratory", "mmol/L"),
    };
    Step::Write(format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"{status}","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"{category}"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}],"text":"Test {code}"}},"subject":{{"reference":"Patient/{patient}"}},"effectiveDateTime":"{at}","valueQuantity":{{"value":{value},"unit":"{unit}","system":"http://unitsofmeasure.org","code":"{unit}"}}}}"#
    ))
}

fn pulse(id: &str, at: &str, value: &str) -> Step {
    observation(id, "8867-4", at, value, "final")
}

/// A page of a trust in which somebody looks after each step, and of one in which nobody looked before.
async fn both(path: &str, steps: &[Step]) -> (String, String) {
    let (looked, fresh) = (Trust::demo().await, Trust::demo().await);
    let look = async |trust: &Trust| {
        let page = trust.page(Role::Clinician, path).await;
        assert_eq!(page.status, StatusCode::OK);
        page.text
    };
    look(&looked).await;
    for step in steps {
        for trust in [&looked, &fresh] {
            match step {
                Step::Write(text) => trust.write(text).await,
                Step::Delete(id) => trust.delete("Observation", id).await,
                Step::Merge => drop(duplicates::merged(trust).await),
            }
        }
        look(&looked).await;
    }
    (look(&looked).await, look(&fresh).await)
}

#[tokio::test]
async fn observations_that_come_while_a_chart_is_looked_at_are_on_it() {
    let steps = [
        pulse("p1", "2026-11-17T14:31:00Z", "101"),
        // What was measured before is written later.
        pulse("p2", "2026-11-17T09:31:00Z", "97"),
        observation("l1", "2823-3", "2026-11-17T14:30:00Z", "6.41", "final"),
        observation("l2", "2823-3", "2026-11-17T14:20:00Z", "6.38", "final"),
        pulse("p3", "2026-11-17T14:33:00Z", "103"),
    ];
    let (looked, fresh) = both(ADEYEMI, &steps).await;
    assert!(looked.contains("6.41") && looked.contains("6.38"), "a result is missing");
    assert!(looked == fresh, "whoever looked before sees something else");
}

#[tokio::test]
async fn observations_that_are_corrected_or_withdrawn_are_not_on_a_chart_any_more() {
    let steps = [
        observation("l1", "2823-3", "2026-11-17T14:30:00Z", "6.41", "final"),
        observation("l1", "2823-3", "2026-11-17T14:30:00Z", "6.14", "final"),
        observation("l2", "2823-3", "2026-11-17T14:31:00Z", "6.53", "final"),
        observation("l2", "2823-3", "2026-11-17T14:31:00Z", "6.53", "entered-in-error"),
        observation("l3", "2823-3", "2026-11-17T14:32:00Z", "6.67", "final"),
        Step::Delete("l3"),
        pulse("p1", "2026-11-17T14:33:00Z", "113"),
    ];
    let (looked, fresh) = both(ADEYEMI, &steps).await;
    assert!(looked.contains("6.14"), "the correction is missing");
    for gone in ["6.41", "6.53", "6.67"] {
        assert!(!looked.contains(gone), "{gone} is still there");
    }
    assert!(looked == fresh, "whoever looked before sees something else");
}

#[tokio::test]
async fn what_comes_to_a_record_after_it_was_merged_is_on_the_chart_of_who_stays() {
    let lab = |id, value| observation_of("twin", (id, "2823-3"), "2026-11-17T14:30:00Z", value, "final");
    let steps = [Step::Merge, lab("l1", "6.41"), lab("l1", "6.14"), lab("l2", "6.53")];
    let (looked, fresh) = both(ADEYEMI, &steps).await;
    assert!(looked.contains("6.53") && !looked.contains("6.41"), "what the merged record says is missing");
    assert!(looked == fresh, "whoever looked before sees something else");
}

#[tokio::test]
async fn rows_of_a_board_that_are_kept_are_as_they_would_be_drawn() {
    let flag = r#"{"resourceType":"Flag","id":"f1","status":"active","code":{"text":"Falls risk, new"},"subject":{"reference":"Patient/farrow-daphne"}}"#;
    let allergy = r#"{"resourceType":"AllergyIntolerance","id":"a1","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},"code":{"text":"latex"},"patient":{"reference":"Patient/norris-leonard"}}"#;
    let steps = [
        pulse("p1", "2026-11-17T14:31:00Z", "101"),
        Step::Write(flag.to_owned()),
        Step::Write(allergy.to_owned()),
        // Two who could be taken for each other, both marked.
        changed("cosgrove-eileen", "Cosgrove", "Norris"),
        // What the menus of all rows offer.
        changed("heron-bed-04", "\"code\":\"U\"", "\"code\":\"C\""),
        observation("o1", "8867-4", "2026-11-17T14:32:00Z", "103", "final"),
        Step::Merge,
    ];
    let (looked, fresh) = both(HERON, &steps).await;
    for words in ["Falls risk, new", "latex", "NORRIS, Eileen"] {
        assert!(looked.contains(words), "{words} is missing");
    }
    assert!(looked == fresh, "whoever looked before sees something else");
}

#[tokio::test]
async fn a_department_that_is_looked_at_while_people_leave_shows_who_is_there_and_who_left() {
    let left = |id: &str| {
        let texts = demo_bundle(STORY_NOW);
        let text = texts.iter().find(|text| text.contains(&format!("\"id\":\"{id}\""))).unwrap();
        let ended = text.replacen("\"status\":\"in-progress\",\"class\"", "\"status\":\"finished\",\"class\"", 1);
        Step::Write(ended.replacen("}}],\"period\":{", "}}],\"period\":{\"end\":\"2026-11-17T14:31:00Z\",", 1))
    };
    let flag = r#"{"resourceType":"Flag","id":"f1","status":"active","code":{"text":"Falls risk, new"},"subject":{"reference":"Patient/hussain-nasreen"}}"#;
    let steps = || {
        [
            left("duffy-kathleen-stay"),
            Step::Write(flag.to_owned()),
            left("iwu-chidi-stay"),
            pulse("p1", "2026-11-17T14:31:00Z", "101"),
            // It was somebody else who went.
            changed("duffy-kathleen-stay", "\"status\":\"in-progress\"", "\"status\":\"triaged\""),
        ]
    };
    let (looked, fresh) = both("/t/DEMO/emergency", &steps()).await;
    assert!(looked.contains("Falls risk, new") && looked.contains("DUFFY, Kathleen") && !looked.contains("IWU, Chidi"));
    assert!(looked == fresh, "whoever looked before sees something else");
    let (looked, fresh) = both("/t/DEMO/emergency?only=left-today", &steps()).await;
    assert!(looked.contains("IWU, Chidi") && !looked.contains("DUFFY, Kathleen"), "{looked}");
    assert!(looked == fresh, "whoever looked before sees something else");
}
