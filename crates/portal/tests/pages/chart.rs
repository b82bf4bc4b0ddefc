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
    let mut text = look(&looked).await;
    for step in steps {
        for trust in [&looked, &fresh] {
            match step {
                Step::Write(text) => trust.write(text).await,
                Step::Delete(id) => trust.delete("Observation", id).await,
            }
        }
        let now = look(&looked).await;
        assert!(now != text, "a step changed nothing that is shown");
        text = now;
    }
    (text, look(&fresh).await)
}

#[tokio::test]
async fn observations_that_come_while_a_chart_is_looked_at_are_on_it() {
    let steps = [
        pulse("p1", "2026-11-17T14:01:00Z", "101"),
        // What was measured before is written later.
        pulse("p2", "2026-11-17T09:31:00Z", "97"),
        observation("l1", "2823-3", "2026-11-17T14:02:00Z", "6.4", "final"),
        pulse("p3", "2026-11-17T14:03:00Z", "102"),
    ];
    let (looked, fresh) = both(&steps).await;
    assert!(looked.contains("102") && looked.contains("6.4"), "{looked}");
    assert_eq!(looked, fresh);
}

#[tokio::test]
async fn observations_that_are_corrected_or_withdrawn_are_not_on_a_chart_any_more() {
    let steps = [
        pulse("p1", "2026-11-17T14:01:00Z", "101"),
        pulse("p1", "2026-11-17T14:01:00Z", "111"),
        observation("l1", "2823-3", "2026-11-17T14:02:00Z", "6.4", "final"),
        observation("l1", "2823-3", "2026-11-17T14:02:00Z", "6.4", "entered-in-error"),
        pulse("p2", "2026-11-17T14:03:00Z", "117"),
        Step::Delete("p2"),
        pulse("p3", "2026-11-17T14:04:00Z", "113"),
    ];
    let (looked, fresh) = both(&steps).await;
    assert!(looked.contains("113") && !looked.contains("117") && !looked.contains("6.4"), "{looked}");
    assert_eq!(looked, fresh);
}
