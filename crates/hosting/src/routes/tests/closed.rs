//! Restricted records by FHIR: closed to a person until they gave a reason, in every kind of request, and never lost from a
//! list. Goes through the routes as a client would.

use super::*;

const BASE: &str = "/t/RAA/fhir";
/// Words of the restricted record that nobody reads without a reason.
const CLINICAL: [&str; 2] = ["Penicillin", "Tremor"];

/// Two patients, each with an allergy, an observation and a stay; the first is restricted.
async fn two_patients(stage: &Stage) {
    let system = format!("Bearer {}", stage.token("RAA", "system", &[]).await);
    let headers = [("authorization", &*system), ("content-type", "application/fhir+json")];
    let label = r#""meta":{"security":[{"system":"urn:almoner:label","code":"restricted","display":"At the patient's request"}]},"#;
    for (id, label) in [("p1", label), ("p2", "")] {
        let subject = format!(r#"{{"reference":"Patient/{id}"}}"#);
        let number = format!(r#"[{{"system":"urn:x","value":"n-{id}"}}]"#);
        let class = r#"{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"}"#;
        let active = r#"{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]}"#;
        let all = [
            (
                format!("Patient/{id}"),
                format!(
                    r#"{{"resourceType":"Patient","id":"{id}",{label}"identifier":{number},"name":[{{"family":"Test{id}"}}]}}"#
                ),
            ),
            (
                format!("AllergyIntolerance/a-{id}"),
                format!(
                    r#"{{"resourceType":"AllergyIntolerance","id":"a-{id}","clinicalStatus":{active},"patient":{subject},"code":{{"text":"Penicillin"}}}}"#
                ),
            ),
            (
                format!("Observation/o-{id}"),
                format!(
                    r#"{{"resourceType":"Observation","id":"o-{id}","status":"final","subject":{subject},"code":{{"text":"Tremor"}}}}"#
                ),
            ),
            (
                format!("Encounter/e-{id}"),
                format!(
                    r#"{{"resourceType":"Encounter","id":"e-{id}","status":"in-progress","class":{class},"subject":{subject}}}"#
                ),
            ),
        ];
        for (path, text) in all {
            let said = stage.send(request("PUT", &format!("{BASE}/{path}"), &headers, &text)).await;
            assert_eq!(said.status, StatusCode::CREATED, "{path}: {}", said.body);
        }
    }
}

/// What is about the restricted patient.
const ABOUT: [&str; 15] = [
    "Patient/p1",
    "Patient/p1/_history",
    "Patient/p1/_history/1",
    "Patient/p1/$everything",
    "Patient/p1/AllergyIntolerance",
    "Patient/p1/*",
    "Patient?_id=p1",
    "AllergyIntolerance/a-p1",
    "Observation/o-p1/_history",
    "Encounter/e-p1",
    "AllergyIntolerance?patient=p1",
    "AllergyIntolerance?patient=Patient/p1,Patient/p2",
    "Observation?subject=Patient/p1&_summary=count",
    "AllergyIntolerance?patient.identifier=urn:x|n-p1",
    "Encounter?subject=Patient/p1",
];

#[tokio::test]
async fn a_person_reads_a_restricted_record_by_fhir_only_after_they_gave_a_reason() {
    let stage = Stage::set().await;
    two_patients(&stage).await;
    stage.add_user("s.reilly", "clinician").await;
    stage.add_user("k.boateng", "clinician").await;
    let reilly = stage.sign_in("s.reilly", PASSWORD).await.ok().unwrap();
    let boateng = stage.sign_in("k.boateng", PASSWORD).await.ok().unwrap();
    for path in ABOUT {
        let said = stage.get(&format!("{BASE}/{path}"), &[("cookie", &reilly)]).await;
        assert_eq!(said.status, StatusCode::FORBIDDEN, "{path}: {}", said.body);
        assert!(said.body.contains("OperationOutcome") && said.body.contains("with a reason"), "{path}: {}", said.body);
        assert!(CLINICAL.iter().all(|word| !said.body.contains(word)), "{path}: {}", said.body);
        // What is not restricted is read as before.
        if !path.contains("p2") {
            let other = path.replace("p1", "p2");
            let said = stage.get(&format!("{BASE}/{other}"), &[("cookie", &reilly)]).await;
            assert_eq!(said.status, StatusCode::OK, "{other}: {}", said.body);
        }
    }
    open(&stage, &reilly).await;
    for path in ABOUT {
        let said = stage.get(&format!("{BASE}/{path}"), &[("cookie", &reilly)]).await;
        assert_eq!(said.status, StatusCode::OK, "{path}: {}", said.body);
        let said = stage.get(&format!("{BASE}/{path}"), &[("cookie", &boateng)]).await;
        assert_eq!(said.status, StatusCode::FORBIDDEN, "{path}: for her alone: {}", said.body);
    }
    stage.wait(12 * 60);
    let again = stage.sign_in("s.reilly", PASSWORD).await.ok().unwrap();
    let said = stage.get(&format!("{BASE}/Observation/o-p1"), &[("cookie", &again)]).await;
    assert_eq!(said.status, StatusCode::FORBIDDEN, "{}", said.body);
}

/// Opens the restricted record with a reason, as its page does.
async fn open(stage: &Stage, cookie: &str) {
    let form = format!(
        "form_token={}&form_key=k&draft_patient=p1&reason=emergency&back=%2Ft%2FRAA%2Fpatients%2Fp1",
        form_token_of(cookie)
    );
    let headers = [("cookie", cookie), ("content-type", "application/x-www-form-urlencoded")];
    let said = stage.send(request("POST", "/t/RAA/patients/p1/open", &headers, &form)).await;
    assert_eq!(said.status, StatusCode::SEE_OTHER, "{}", said.body);
}

#[tokio::test]
async fn lists_by_fhir_keep_a_restricted_patient_and_say_that_content_is_left_out() {
    let stage = Stage::set().await;
    two_patients(&stage).await;
    stage.add_user("s.reilly", "clinician").await;
    let cookie = stage.sign_in("s.reilly", PASSWORD).await.ok().unwrap();
    let get = async |path: &str| stage.get(&format!("{BASE}/{path}"), &[("cookie", &cookie)]).await.body;
    for path in
        ["Patient?name=Test", "Encounter?status=in-progress&_include=Encounter:patient", "Patient?identifier=n-p1"]
    {
        let found = get(path).await;
        assert!(found.contains("Testp1"), "{path}: {found}");
    }
    assert!(!get("Patient?name=Test").await.contains("suppressed"), "nothing is left out of who is here");
    for path in [
        "Observation?status=final",
        "AllergyIntolerance?_count=10",
        "Patient?name=Test&_revinclude=Observation:subject",
    ] {
        let found = get(path).await;
        let tells = |id: &str| found.contains(&format!("\"id\":\"{id}\""));
        assert!(found.contains("-p2") && !tells("o-p1") && !tells("a-p1"), "{path}: {found}");
        assert!(
            found.contains("\"suppressed\"") && found.contains("does not mean that there is nothing"),
            "{path}: {found}"
        );
    }
    let counted = get("Observation?_summary=count").await;
    assert!(counted.contains("\"total\":1") && counted.contains("\"suppressed\""), "{counted}");
    open(&stage, &cookie).await;
    let found = get("Observation?status=final").await;
    assert!(found.contains("o-p1") && !found.contains("\"suppressed\""), "{found}");
}

#[tokio::test]
async fn bundles_and_changes_open_no_way_around_a_reason() {
    let stage = Stage::set().await;
    two_patients(&stage).await;
    stage.add_user("s.reilly", "clinician").await;
    let cookie = stage.sign_in("s.reilly", PASSWORD).await.ok().unwrap();
    let form = form_token_of(&cookie);
    let headers = [("cookie", &*cookie), ("x-form-token", &*form), ("content-type", "application/fhir+json")];
    let batch = r#"{"resourceType":"Bundle","type":"batch","entry":[
        {"request":{"method":"GET","url":"AllergyIntolerance/a-p1"}},{"request":{"method":"GET","url":"AllergyIntolerance/a-p2"}}]}"#;
    let said = stage.send(request("POST", BASE, &headers, batch)).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.body);
    assert!(
        said.body.contains("a-p2") && said.body.contains("403") && !said.body.contains("\"a-p1\""),
        "{}",
        said.body
    );
    let unrestricted = r#"{"resourceType":"Patient","id":"p1","name":[{"family":"Testp1"}]}"#;
    let observation = r#"{"resourceType":"Observation","id":"o-p1","status":"final","subject":{"reference":"Patient/p1"},"code":{"text":"Other"}}"#;
    for (path, text) in [("Patient/p1", unrestricted), ("Observation/o-p1", observation)] {
        let address = format!("{BASE}/{path}");
        let said = stage.send(request("PUT", &address, &headers, text)).await;
        assert_eq!(said.status, StatusCode::FORBIDDEN, "{path}: {}", said.body);
        let said = stage.send(request("DELETE", &address, &headers, "")).await;
        assert_eq!(said.status, StatusCode::FORBIDDEN, "{path}: {}", said.body);
    }
    open(&stage, &cookie).await;
    let said = stage.send(request("PUT", &format!("{BASE}/Observation/o-p1"), &headers, observation)).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.body);
}

#[tokio::test]
async fn software_of_the_trust_and_who_was_given_the_patient_by_name_need_no_reason() {
    let stage = Stage::set().await;
    two_patients(&stage).await;
    let cases: [(&str, &[&str], StatusCode); 5] = [
        ("system", &[], StatusCode::OK),
        ("subject", &["p1"], StatusCode::OK),
        ("clinician", &["p1"], StatusCode::OK),
        // These name nobody who could give a reason.
        ("clinician", &[], StatusCode::FORBIDDEN),
        ("patient-index", &[], StatusCode::FORBIDDEN),
    ];
    for (role, patients, expected) in cases {
        let token = format!("Bearer {}", stage.token("RAA", role, patients).await);
        for path in ["AllergyIntolerance/a-p1", "AllergyIntolerance?patient=p1", "Patient/p1"] {
            let said = stage.get(&format!("{BASE}/{path}"), &[("authorization", &token)]).await;
            assert_eq!(said.status, expected, "{role} {patients:?} {path}: {}", said.body);
        }
    }
}

#[tokio::test]
async fn a_look_by_fhir_that_was_refused_stands_in_who_has_looked() {
    let stage = Stage::set().await;
    two_patients(&stage).await;
    stage.add_user("s.reilly", "clinician").await;
    stage.add_user("p.officer", "privacy-officer").await;
    let cookie = stage.sign_in("s.reilly", PASSWORD).await.ok().unwrap();
    stage.get(&format!("{BASE}/AllergyIntolerance?patient=p1"), &[("cookie", &cookie)]).await;
    let officer = stage.sign_in("p.officer", PASSWORD).await.ok().unwrap();
    let list = async || stage.get("/t/RAA/patients/p1/who-has-looked", &[("cookie", &officer)]).await.body;
    let refused = list().await;
    let row = refused.split("<tr").find(|row| row.contains("s.reilly")).unwrap_or_else(|| panic!("{refused}"));
    for words in ["AllergyIntolerance, searched (software)", "Not let in", "Asked, not opened"] {
        assert!(row.contains(words), "{words}: {row}");
    }
    open(&stage, &cookie).await;
    stage.get(&format!("{BASE}/AllergyIntolerance?patient=p1"), &[("cookie", &cookie)]).await;
    let opened = list().await;
    let looked =
        |row: &&str| row.contains("AllergyIntolerance, searched (software)") && row.contains("Break-glass</span>");
    assert!(opened.split("<tr").any(|row| looked(&row)), "the journal says by which right: {opened}");
}
