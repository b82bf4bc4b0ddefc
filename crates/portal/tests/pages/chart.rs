//! The chart of somebody who is observed while it is looked at: what is added to what was read says the same as what is read
//! at once. Goes through the routes as a browser would.

use access::Role;
use http::StatusCode;

use crate::ADEYEMI;
use crate::support::Trust;

/// What is done between two looks.
enum Step {
    Write(String),
    Delete(&'static str),
}

fn observation(id: &str, code: &str, at: &str, value: &str, status: &str) -> Step {
    let (category, unit) = match code {
        "8867-4" => ("vital-signs", "/min"),
        _ => ("laboratory", "mmol/L"),
    };
    Step::Write(format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"{status}","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"{category}"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}],"text":"Test {code}"}},"subject":{{"reference":"Patient/adeyemi-folasade"}},"effectiveDateTime":"{at}","valueQuantity":{{"value":{value},"unit":"{unit}","system":"http://unitsofmeasure.org","code":"{unit}"}}}}"#
    ))
}

fn pulse(id: &str, at: &str, value: &str) -> Step {
    observation(id, "8867-4", at, value, "final")
}

/// The chart of a trust in which somebody looks after each step, and of one in which nobody looked before.
async fn both(steps: &[Step]) -> (String, String) {
    let (looked, fresh) = (Trust::demo().await, Trust::demo().await);
    let look = async |trust: &Trust| {
        let page = trust.page(Role::Clinician, ADEYEMI).await;
        assert_eq!(page.status, StatusCode::OK);
        page.text
    };
    look(&looked).await;
    for step in steps {
        for trust in [&looked, &fresh] {
            match step {
                Step::Write(text) => trust.write(text).await,
                Step::Delete(id) => trust.delete("Observation", id).await,
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
    let (looked, fresh) = both(&steps).await;
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
    let (looked, fresh) = both(&steps).await;
    assert!(looked.contains("6.14"), "the correction is missing");
    for gone in ["6.41", "6.53", "6.67"] {
        assert!(!looked.contains(gone), "{gone} is still there");
    }
    assert!(looked == fresh, "whoever looked before sees something else");
}
