//! Batch and transaction Bundles.
//! Goes through the router as a client would, over a real record.

use serde_json::{Value, json};

use crate::site::sites;

fn transaction(entries: Value) -> Value {
    json!({"resourceType": "Bundle", "type": "transaction", "entry": entries})
}

fn statuses(bundle: &Value) -> Vec<String> {
    let entries = bundle["entry"].as_array().unwrap();
    entries.iter().map(|entry| entry["response"]["status"].as_str().unwrap().to_owned()).collect()
}

const ANN: &str = "urn:uuid:0f6b41c5-8a76-4d8e-9c3c-0a2cf0a2a001";
const LAB: &str = "urn:uuid:0f6b41c5-8a76-4d8e-9c3c-0a2cf0a2a002";

fn patient_and_observation() -> Value {
    json!([
        {"fullUrl": LAB, "resource": {"resourceType": "Observation", "status": "final", "code": {"text": "x"},
            "subject": {"reference": ANN}}, "request": {"method": "POST", "url": "Observation"}},
        {"fullUrl": ANN, "resource": {"resourceType": "Patient", "name": [{"family": "Ann"}]},
            "request": {"method": "POST", "url": "Patient"}},
    ])
}

#[tokio::test]
async fn a_transaction_links_its_resources_in_one_commit() {
    for site in sites().await {
        let before = site.record.status().await.unwrap().sequence;
        let reply = site.post("", &transaction(patient_and_observation())).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let response = reply.json();
        assert_eq!(response["type"], "transaction-response");
        assert_eq!(statuses(&response), ["201 Created", "201 Created"]);
        assert_eq!(response["entry"][0]["response"]["etag"], "W/\"1\"");
        assert!(response["entry"][0]["response"]["location"].as_str().unwrap().contains("/Observation/"));
        assert_eq!(site.record.status().await.unwrap().sequence, before + 1);
        let patient = site.found("Patient").await.remove(0);
        assert_eq!(site.found(&format!("Observation?subject=Patient/{patient}")).await.len(), 1);
    }
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing() {
    for site in sites().await {
        let mut entries = patient_and_observation();
        entries[1]["resource"]["birthDate"] = json!("May");
        let reply = site.post("", &transaction(entries)).await;
        assert_eq!(reply.status, 422);
        let place = reply.json()["issue"][0]["expression"][0].as_str().unwrap().to_owned();
        assert!(place.starts_with("Bundle.entry[1].resource"), "{place}");
        let mut entries = patient_and_observation();
        entries[0]["request"] = json!({"method": "PUT", "url": "Observation/o", "ifMatch": "W/\"4\""});
        entries[0]["resource"]["id"] = json!("o");
        let reply = site.post("", &transaction(entries)).await;
        assert_eq!(reply.issue(), (412, "conflict".into()));
        assert_eq!(reply.json()["issue"][0]["expression"][0], "Bundle.entry[0]");
        assert_eq!(site.found("Patient").await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_transaction_does_everything_at_once() {
    for site in sites().await {
        site.put_all(&[
            json!({"resourceType": "Patient", "id": "gone", "active": true}),
            json!({"resourceType": "Patient", "id": "kept", "identifier": [{"system": "s:x", "value": "1"}]}),
            json!({"resourceType": "Patient", "id": "same", "active": true}),
        ])
        .await;
        let entries = json!([
            {"request": {"method": "GET", "url": "Patient?active=false"}},
            {"resource": {"resourceType": "Patient", "id": "kept", "active": false,
                "identifier": [{"system": "s:x", "value": "1"}]}, "request": {"method": "PUT", "url": "Patient/kept"}},
            {"fullUrl": ANN, "resource": {"resourceType": "Patient", "identifier": [{"system": "s:x", "value": "1"}]},
                "request": {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=s:x|2"}},
            {"request": {"method": "DELETE", "url": "Patient/gone"}},
            {"resource": {"resourceType": "Patient", "id": "same", "active": true},
                "request": {"method": "PUT", "url": "Patient/same"}},
            {"resource": {"resourceType": "Observation", "status": "final", "code": {"text": "x"},
                "subject": {"reference": ANN}, "performer": [{"reference": "Patient?identifier=s:x|1"}]},
                "request": {"method": "POST", "url": "Observation"}},
        ]);
        let reply = site.post("", &transaction(entries)).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let response = reply.json();
        assert_eq!(statuses(&response), ["200 OK", "200 OK", "201 Created", "204 No Content", "200 OK", "201 Created"]);
        assert_eq!(response["entry"][0]["resource"]["entry"][0]["resource"]["id"], "kept", "reads see the writes");
        assert_eq!(response["entry"][4]["response"]["etag"], "W/\"1\"", "nothing changed");
        let observation = site.found("Observation?performer=Patient/kept").await;
        assert_eq!(observation.len(), 1);
    }
}

#[tokio::test]
async fn what_a_transaction_cannot_mean_is_refused() {
    for site in sites().await {
        let own = json!({"resourceType": "Patient", "id": "p", "active": true});
        let put = json!({"resource": own, "request": {"method": "PUT", "url": "Patient/p"}});
        let searching = |link: &str| {
            json!({"resource": {"resourceType": "Observation", "status": "final",
            "code": {"text": "x"}, "subject": {"reference": link}}, "request": {"method": "POST", "url": "Observation"}})
        };
        let cases = [
            (json!([put, put]), (400, "invalid")),
            (json!([searching("Patient?identifier=s:x|9")]), (412, "not-found")),
            (json!([{"resource": own, "request": {"method": "PUT", "url": "Patient/q"}}]), (400, "invalid")),
            (json!([{"resource": own, "request": {"method": "POST", "url": "Observation"}}]), (400, "invalid")),
            (json!([{"request": {"method": "POST", "url": "Patient"}}]), (400, "required")),
            (json!([{"request": {"method": "PATCH", "url": "Patient/p"}}]), (405, "not-supported")),
        ];
        for (entries, (status, code)) in cases {
            let reply = site.post("", &transaction(entries.clone())).await;
            assert_eq!(reply.issue(), (status, code.to_owned()), "{entries}: {}", reply.text());
        }
        let other = site.post("", &json!({"resourceType": "Bundle", "type": "collection"})).await;
        assert_eq!(other.issue(), (400, "value".into()));
        assert_eq!(site.post("", &own).await.issue(), (400, "invalid".into()));
    }
}

#[tokio::test]
async fn entries_of_a_batch_stand_alone() {
    for site in sites().await {
        let entries = json!([
            {"resource": {"resourceType": "Patient", "id": "p"}, "request": {"method": "PUT", "url": "Patient/p"}},
            {"resource": {"resourceType": "Patient", "gender": "x"}, "request": {"method": "POST", "url": "Patient"}},
            {"request": {"method": "GET", "url": "Patient/nobody"}},
            {"request": {"method": "GET", "url": "metadata"}},
            {"request": {"method": "DELETE", "url": "Patient/other"}},
        ]);
        let reply = site.post("", &json!({"resourceType": "Bundle", "type": "batch", "entry": entries})).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let response = reply.json();
        assert_eq!(response["type"], "batch-response");
        assert_eq!(
            statuses(&response),
            ["201 Created", "422 Unprocessable Entity", "404 Not Found", "200 OK", "204 No Content"]
        );
        assert_eq!(response["entry"][1]["response"]["outcome"]["issue"][0]["expression"][0], "Patient.gender");
        assert_eq!(site.found("Patient").await, ["p"]);
    }
}

#[tokio::test]
async fn a_repeated_transaction_gets_the_same_answers() {
    for site in sites().await {
        let mut entries = patient_and_observation();
        entries.as_array_mut().unwrap().push(json!({"fullUrl": "urn:uuid:0f6b41c5-8a76-4d8e-9c3c-0a2cf0a2a003",
            "resource": {"resourceType": "Patient", "identifier": [{"system": "s:x", "value": "1"}]},
            "request": {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=s:x|1"}}));
        let body = transaction(entries).to_string();
        let key = [("idempotency-key", "t-1")];
        let first = site.send("POST", "", &key, body.clone()).await;
        let second = site.send("POST", "", &key, body).await;
        assert_eq!(first.status, 200, "{}", first.text());
        assert_eq!(second.json()["entry"], first.json()["entry"]);
        assert_eq!(site.found("Patient").await.len(), 2);
    }
}
