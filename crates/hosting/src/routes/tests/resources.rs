//! What other systems write by FHIR, through the gate: accepted and marked, put to people, and never a way around a page.
//! Stands on the stage of the tests above.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_likely_record_from_another_system_is_accepted_and_put_to_the_patient_index() {
    let stage = Stage::set().await;
    let system = format!("Bearer {}", stage.token("RAA", "system", &[]).await);
    let headers = [("authorization", &*system), ("content-type", "application/fhir+json")];
    for id in ["one", "other"] {
        let text = format!(
            r#"{{"resourceType":"Patient","id":"{id}","birthDate":"1974-05-21","gender":"female","name":[{{"family":"Okonkwo","given":["Adaeze"]}}]}}"#
        );
        let said = stage.send(request("PUT", &format!("/t/RAA/fhir/Patient/{id}"), &headers, &text)).await;
        assert_eq!(said.status, StatusCode::CREATED, "{}", said.body);
    }
    let tasks = stage.get("/t/RAA/fhir/Task?code=duplicate", &headers[..1]).await.body;
    assert!(tasks.contains("Patient/one") && tasks.contains("Patient/other"), "{tasks}");
    // Everybody at once: nobody is asked about twice, and what was learnt is kept.
    let trust = stage.host.trust(&TrustCode::parse("RAA").unwrap()).await.unwrap();
    for at in 0..30 {
        let born = format!("19{:02}-{:02}-15", at + 40, at % 12 + 1);
        let text = format!(
            r#"{{"resourceType":"Patient","id":"p-{at}","birthDate":"{born}","name":[{{"family":"Family{at}","given":["Given{at}"]}}]}}"#
        );
        stage.send(request("PUT", &format!("/t/RAA/fhir/Patient/p-{at}"), &headers, &text)).await;
    }
    let found = crate::duplicates::find(&trust, None, &|_| {}).await.unwrap();
    assert_eq!((found.people, found.left), (32, 0), "{found:?}");
    let again = crate::duplicates::find(&trust, None, &|_| {}).await.unwrap();
    assert_eq!((again.review + again.merge, again.opened), (found.review + found.merge, 0), "{found:?} {again:?}");
    let weights = stage.get("/t/RAA/fhir/CodeSystem/matching-weights", &headers[..1]).await;
    assert_eq!(weights.status, StatusCode::OK, "{}", weights.body);
}

#[tokio::test]
async fn other_systems_are_accepted_and_their_contradictions_are_marked() {
    let stage = Stage::set().await;
    let system = format!("Bearer {}", stage.token("RAA", "system", &[]).await);
    let headers = [("authorization", &*system), ("content-type", "application/fhir+json")];
    let put = async |path: &str, text: &str| {
        let said = stage.send(request("PUT", &format!("/t/RAA/fhir/{path}"), &headers, text)).await;
        assert!(said.status.is_success(), "{path}: {} {}", said.status, said.body);
    };
    put("Patient/p1", r#"{"resourceType":"Patient","id":"p1"}"#).await;
    let kind = r#""type":[{"coding":[{"system":"urn:almoner:place-kind","code":"bed"}]}]"#;
    for bed in ["b1", "b2"] {
        put(
            &format!("Location/{bed}"),
            &format!(r#"{{"resourceType":"Location","id":"{bed}","status":"active","name":"Bed {bed}",{kind}}}"#),
        )
        .await;
    }
    let class = r#"{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"}"#;
    for (id, bed) in [("e1", "b1"), ("e2", "b2")] {
        let at = format!(r#"[{{"location":{{"reference":"Location/{bed}"}},"status":"active"}}]"#);
        let text = format!(
            r#"{{"resourceType":"Encounter","id":"{id}","status":"in-progress","class":{class},"subject":{{"reference":"Patient/p1"}},"location":{at}}}"#
        );
        put(&format!("Encounter/{id}"), &text).await;
    }
    let read = async |path: &str| stage.get(&format!("/t/RAA/fhir/{path}"), &headers[..1]).await.body;
    assert!(!read("Encounter/e1").await.contains("second-stay"), "the first stay is not the conflict");
    assert!(read("Encounter/e2").await.contains(r#""code":"second-stay""#), "the second is accepted and marked");
    let said = stage.send(request("DELETE", "/t/RAA/fhir/Encounter/e1", &headers[..1], "")).await;
    assert_eq!(said.status, StatusCode::NO_CONTENT);
    assert!(read("Location/b1").await.contains(r#"v2-0116","code":"H""#), "the bed is to be cleaned");
    assert!(!read("Encounter/e2").await.contains("second-stay"), "it is the only stay now");
}

#[tokio::test]
async fn nobody_gives_themselves_a_role_by_writing_a_resource() {
    let stage = Stage::set().await;
    stage.add_user("d.marsh", "clerk").await;
    let system = format!("Bearer {}", stage.token("RAA", "system", &[]).await);
    let account = "/t/RAA/fhir/Basic/account-d.marsh";
    let said = stage.get(account, &[("authorization", &system)]).await;
    assert_eq!(said.status, StatusCode::NOT_FOUND, "accounts are sealed");
    let text = r#"{"resourceType":"Basic","id":"account-d.marsh","extension":[{"url":"urn:almoner:account:display","valueString":"D"},{"url":"urn:almoner:account:role","valueCode":"administrator"}],"code":{"coding":[{"system":"urn:almoner:basic","code":"account"}]}}"#;
    let headers = [("authorization", &*system), ("content-type", "application/fhir+json")];
    let said = stage.send(request("PUT", account, &headers, text)).await;
    assert!(said.status.is_client_error(), "{} {}", said.status, said.body);
    let other = account.replace("d.marsh", "new");
    let said = stage.send(request("PUT", &other, &headers, &text.replace("d.marsh", "new"))).await;
    assert_eq!(said.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", said.body);
    assert!(stage.sign_in("d.marsh", PASSWORD).await.is_ok(), "the account is as it was");
}

/// An audit event that says it is an opening of a restricted record, or what came of one.
fn audit_event(id: &str, subtype: &str) -> String {
    format!(
        r#"{{"resourceType":"AuditEvent","id":"{id}","recorded":"2026-11-17T14:00:00Z",
            "type":{{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110113"}},"subtype":[{subtype}],
            "period":{{"start":"2026-11-17T14:00:00Z","end":"2036-11-18T02:00:00Z"}},
            "purposeOfEvent":[{{"coding":[{{"system":"urn:almoner:access-reason","code":"care"}}]}}],
            "agent":[{{"altId":"user/s.reilly","requestor":true}}],"source":{{"observer":{{"display":"X"}}}},
            "entity":[{{"what":{{"reference":"AuditEvent/o1"}}}},{{"what":{{"reference":"Patient/p1"}}}}]}}"#
    )
}

#[tokio::test]
async fn nobody_writes_themselves_a_reason_or_a_review_of_restricted_access() {
    let stage = Stage::set().await;
    let own = |code: &str| format!(r#"{{"system":"urn:almoner:restricted-access","code":"{code}"}}"#);
    let review = format!("{},{}", own("review"), r#"{"system":"urn:almoner:access-review","code":"appropriate"}"#);
    let closed = r#"{"system":"urn:almoner:access-follow-up","code":"closed"}"#;
    let follow_up = format!("{},{closed}", own("follow-up"));
    let other = r#"{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110127"}"#;
    for role in ["clinician", "system", "privacy-officer"] {
        let token = format!("Bearer {}", stage.token("RAA", role, &[]).await);
        let headers = [("authorization", &*token), ("content-type", "application/fhir+json")];
        for forged in [own("opening"), review.clone(), follow_up.clone()].map(|subtype| audit_event("a1", &subtype)) {
            let said = stage.send(request("PUT", "/t/RAA/fhir/AuditEvent/a1", &headers, &forged)).await;
            assert_eq!(said.status, StatusCode::UNPROCESSABLE_ENTITY, "{role}: {}", said.body);
            let entry = format!(
                r#"{{"resourceType":"Bundle","type":"transaction","entry":[{{"resource":{forged},"request":{{"method":"PUT","url":"AuditEvent/a1"}}}}]}}"#
            );
            let said = stage.send(request("POST", "/t/RAA/fhir", &headers, &entry)).await;
            assert_eq!(said.status, StatusCode::UNPROCESSABLE_ENTITY, "{role}: {}", said.body);
        }
        // What another system's own audit has is taken, but not from somebody whose right is to review.
        let theirs = audit_event(&format!("of-{role}"), other);
        let said = stage.send(request("PUT", &format!("/t/RAA/fhir/AuditEvent/of-{role}"), &headers, &theirs)).await;
        assert_eq!(said.status.is_success(), role != "privacy-officer", "{role}: {}", said.body);
    }
    let clerk = format!("Bearer {}", stage.token("RAA", "clerk", &[]).await);
    let said = stage.get("/t/RAA/fhir/AuditEvent", &[("authorization", &clerk)]).await;
    assert!(!said.body.contains("of-system"), "{}", said.body);
}

#[tokio::test]
async fn a_restricted_record_is_opened_with_a_reason_and_the_version_of_it_is_served_to_who_may_see_it() {
    let stage = Stage::set().await;
    let system = format!("Bearer {}", stage.token("RAA", "system", &[]).await);
    let headers = [("authorization", &*system), ("content-type", "application/fhir+json")];
    let label = r#"{"system":"urn:almoner:label","code":"restricted","display":"At the patient's request"}"#;
    let text = format!(
        r#"{{"resourceType":"Patient","id":"p1","meta":{{"security":[{label}]}},"name":[{{"family":"Test"}}]}}"#
    );
    let said = stage.send(request("PUT", "/t/RAA/fhir/Patient/p1", &headers, &text)).await;
    assert_eq!(said.status, StatusCode::CREATED, "{}", said.body);
    stage.add_user("s.reilly", "clinician").await;
    let cookie = stage.sign_in("s.reilly", PASSWORD).await.ok().unwrap();
    let page = stage.get("/t/RAA/patients/p1", &[("cookie", &cookie)]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains("At the patient&#39;s request") || page.body.contains("At the patient's request"));
    let token = form_token_of(&cookie);
    let form =
        format!("form_token={token}&form_key=k&draft_patient=p1&reason=emergency&back=%2Ft%2FRAA%2Fpatients%2Fp1");
    let headers = [("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let without = form.replacen("form_token", "no_token", 1);
    let said = stage.send(request("POST", "/t/RAA/patients/p1/open", &headers, &without)).await;
    assert!(!said.status.is_success() && said.status != StatusCode::SEE_OTHER, "{}", said.status);
    let said = stage.send(request("POST", "/t/RAA/patients/p1/open", &headers, &form)).await;
    assert_eq!(said.status, StatusCode::SEE_OTHER, "{}", said.body);
    assert_eq!(stage.get("/t/RAA/patients/p1", &[("cookie", &cookie)]).await.status, StatusCode::OK);
    for role in ["system", "privacy-officer"] {
        let token = format!("Bearer {}", stage.token("RAA", role, &[]).await);
        let path = "/t/RAA/fhir/AuditEvent?patient=p1&subtype=110127";
        let said = stage.get(path, &[("authorization", &token)]).await;
        assert!(said.body.contains("user/s.reilly") && said.body.contains("\"BTG\""), "{role}: {}", said.body);
    }
    stage.wait(12 * 60);
    let cookie = stage.sign_in("s.reilly", PASSWORD).await.ok().unwrap();
    assert_eq!(stage.get("/t/RAA/patients/p1", &[("cookie", &cookie)]).await.status, StatusCode::FORBIDDEN);
}

/// What a discharge by another system stands on: somebody in a bed, of a consultant, to whom something is owed.
async fn with_somebody_who_is_owed(stage: &Stage, headers: Headers<'_>) {
    let class = r#"{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"}"#;
    let attending = r#"[{"type":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"ATND"}]}],"individual":{"reference":"Practitioner/okafor"},"period":{"start":"2026-11-10T09:00:00Z"}}]"#;
    let all = [
        ("Patient/p1", r#"{"resourceType":"Patient","id":"p1"}"#.to_owned()),
        (
            "Practitioner/okafor",
            r#"{"resourceType":"Practitioner","id":"okafor","name":[{"text":"Dr L Okafor"}]}"#.to_owned(),
        ),
        (
            "Encounter/e1",
            format!(
                r#"{{"resourceType":"Encounter","id":"e1","status":"in-progress","class":{class},"subject":{{"reference":"Patient/p1"}},"participant":{attending},"period":{{"start":"2026-11-10T09:00:00Z"}}}}"#
            ),
        ),
        ("ServiceRequest/r1", asked("r1", "active")),
        ("ServiceRequest/r2", asked("r2", "active")),
        ("ServiceRequest/r3", asked("r3", "completed")),
    ];
    for (path, text) in all {
        let said = stage.send(request("PUT", &format!("/t/RAA/fhir/{path}"), headers, &text)).await;
        assert!(said.status.is_success(), "{path}: {} {}", said.status, said.body);
    }
}

fn asked(id: &str, status: &str) -> String {
    format!(
        r#"{{"resourceType":"ServiceRequest","id":"{id}","status":"{status}","intent":"order","code":{{"text":"Chest X-ray {id}"}},"subject":{{"reference":"Patient/p1"}}}}"#
    )
}

fn finished(text: &str) -> String {
    text.replace("in-progress", "finished").replace(
        r#""period":{"start":"2026-11-10T09:00:00Z"}}"#,
        r#""period":{"start":"2026-11-10T09:00:00Z","end":"2026-11-17T10:00:00Z"}}"#,
    )
}

#[tokio::test]
async fn what_is_owed_to_whom_another_system_discharges_gets_an_owner_in_the_same_commit() {
    let stage = Stage::set().await;
    let system = format!("Bearer {}", stage.token("RAA", "system", &[]).await);
    let headers = [("authorization", &*system), ("content-type", "application/fhir+json")];
    with_somebody_who_is_owed(&stage, &headers).await;
    let read = async |path: &str| stage.get(&format!("/t/RAA/fhir/{path}"), &headers[..1]).await.body;
    let stay = finished(&read("Encounter/e1").await);
    // The same commit answers one of the two requests.
    let entry =
        |path: &str, text: &str| format!(r#"{{"resource":{text},"request":{{"method":"PUT","url":"{path}"}}}}"#);
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{},{}]}}"#,
        entry("Encounter/e1", &stay),
        entry("ServiceRequest/r2", &asked("r2", "completed"))
    );
    let said = stage.send(request("POST", "/t/RAA/fhir", &headers, &bundle)).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.body);
    let tasks = read("Task?code=after-discharge").await;
    assert!(tasks.contains("Chest X-ray r1") && tasks.contains("practitioner/okafor"), "{tasks}");
    assert!(!tasks.contains("Chest X-ray r2") && !tasks.contains("Chest X-ray r3"), "{tasks}");
    let version = |body: &str| body.split("\"lastUpdated\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let (of_stay, of_task) = (version(&read("Encounter/e1").await), tasks.split("\"resource\"").nth(1).unwrap());
    assert_eq!(of_stay, version(of_task), "one commit");

    // What has ended already is told again, and nobody gets it a second time.
    let again = read("Encounter/e1").await;
    let said = stage.send(request("PUT", "/t/RAA/fhir/Encounter/e1", &headers, &again)).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.body);
    assert_eq!(
        read("Task?code=after-discharge").await.matches("Chest X-ray r1").count(),
        tasks.matches("Chest X-ray r1").count()
    );
}

#[tokio::test]
async fn a_discharge_by_another_system_without_a_consultant_is_the_wards() {
    let stage = Stage::set().await;
    let system = format!("Bearer {}", stage.token("RAA", "system", &[]).await);
    let headers = [("authorization", &*system), ("content-type", "application/fhir+json")];
    with_somebody_who_is_owed(&stage, &headers).await;
    let left = r#"{"resourceType":"Practitioner","id":"okafor","active":false,"name":[{"text":"Dr L Okafor"}]}"#;
    stage.send(request("PUT", "/t/RAA/fhir/Practitioner/okafor", &headers, left)).await;
    let read = async |path: &str| stage.get(&format!("/t/RAA/fhir/{path}"), &headers[..1]).await.body;
    let stay = finished(&read("Encounter/e1").await);
    let said = stage.send(request("PUT", "/t/RAA/fhir/Encounter/e1", &headers, &stay)).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.body);
    let tasks = read("Task?code=after-discharge").await;
    assert!(tasks.contains("Chest X-ray r1") && tasks.contains("Chest X-ray r2"), "{tasks}");
    assert!(
        tasks.contains("team/site") && !tasks.contains("practitioner/okafor"),
        "who does not work here owns nothing"
    );
}
