//! Who may ask for fewer sets than the table: a doctor, with a reason, and only while the score is no higher.
//! Over a real record on both stores.

use clinical::bedside::Watch;
use fhir::write::{Object, array, concept, reference};
use terms::Moment;

use crate::stage::{MINUTE, NOW, Stage, set, stages};

fn practitioner(id: &str) -> String {
    Object::resource("Practitioner", id).json("active", "true").done()
}

fn role(id: &str, code: &str) -> String {
    Object::resource("PractitionerRole", id)
        .json("active", "true")
        .json("practitioner", reference(&format!("Practitioner/{id}"), None))
        .json("code", array([concept("https://fhir.hl7.org.uk/CodeSystem/UKCore-SDSJobRoleName", code, code)]))
        .done()
}

/// Sets every twelve hours, by somebody, perhaps with a reason.
fn order(by: &str, reason: Option<&str>) -> String {
    let repeat = Object::new().json("period", "12").text("periodUnit", "h").done();
    Object::resource("ServiceRequest", "order")
        .text("status", "active")
        .text("intent", "order")
        .json("code", concept("urn:almoner:care", "observations", "Observations"))
        .json("subject", reference("Patient/lund", None))
        .json("occurrenceTiming", Object::new().json("repeat", repeat).done())
        .text("authoredOn", "2026-11-17T14:00:00Z")
        .json("requester", reference(&format!("Practitioner/{by}"), Some("Somebody")))
        .json_if("reasonCode", reason.map(|reason| array([Object::new().text("text", reason).done()])))
        .done()
}

async fn due(stage: &Stage, minutes_ago: i64) -> Watch {
    let mut keys = vec![("ServiceRequest", "order".to_owned())];
    let names = ["resp", "spo2", "oxygen", "systolic", "pulse", "acvpu", "temp"];
    keys.extend(names.map(|name| ("Observation", format!("lund-{minutes_ago}-{name}"))));
    stage.bedside("lund", &keys).await.watch
}

fn hours_after(minutes_ago: i64, hours: i64) -> Watch {
    Watch::Due(Moment(NOW.0 - minutes_ago * MINUTE + hours * 60 * MINUTE))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_doctor_lengthens_the_frequency_and_says_why() {
    for stage in stages().await {
        let people = [practitioner("okafor"), role("okafor", "R0050"), practitioner("reilly"), role("reilly", "R0570")];
        stage.put(&people).await;
        stage.put(&set("lund", 30, 5)).await;
        stage.put(&[order("reilly", Some("Sleeping"))]).await;
        assert_eq!(due(&stage, 30).await, hours_after(30, 1), "{}: a nurse", stage.store);
        stage.put(&[order("okafor", None)]).await;
        assert_eq!(due(&stage, 30).await, hours_after(30, 1), "{}: without a reason", stage.store);
        stage.put(&[order("okafor", Some("Chronic hypoxia, reviewed"))]).await;
        assert_eq!(due(&stage, 30).await, hours_after(30, 12), "{}: a doctor with a reason", stage.store);
        // Worse than when the doctor decided: the table again, and above 6 no countdown at all.
        stage.put(&set("lund", 20, 6)).await;
        assert_eq!(due(&stage, 20).await, hours_after(20, 1), "{}", stage.store);
        stage.put(&set("lund", 10, 7)).await;
        assert_eq!(due(&stage, 10).await, Watch::Continuous, "{}", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_that_somebody_wrote_themselves_is_taken_off() {
    for stage in stages().await {
        stage.put(&[practitioner("reilly")]).await;
        let tag = r#""meta":{"tag":[{"system":"urn:almoner:observations","code":"doctor-up-to-20"}]},"status""#;
        stage.put(&[order("reilly", Some("Sleeping")).replacen(r#""status""#, tag, 1)]).await;
        assert!(!stage.text("ServiceRequest", "order").await.contains("doctor-up-to"), "{}", stage.store);
    }
}
