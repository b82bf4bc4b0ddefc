//! Create, read, update, delete, versions and conditions of single resources.
//! Goes through the router as a client would, over a real record.

use axum::body::Body;
use fhir_api::Bounds;
use serde_json::{Value, json};

use crate::site::{BASE, sites};

fn patient(family: &str) -> Value {
    json!({"resourceType": "Patient", "name": [{"family": family}]})
}

#[tokio::test]
async fn a_resource_is_created_read_changed_and_deleted() {
    for site in sites().await {
        let created = site.post("Patient", &patient("Ng")).await;
        assert_eq!(created.status, 201, "{}", created.text());
        let id = created.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(created.header("etag"), "W/\"1\"");
        assert_eq!(created.header("location"), format!("{BASE}/Patient/{id}/_history/1"));
        assert_eq!(created.json()["meta"]["versionId"], "1");

        let path = format!("Patient/{id}");
        let read = site.get(&path).await;
        assert_eq!((read.status.as_u16(), &read.bytes), (200, &created.bytes));
        assert_eq!(read.header("last-modified"), created.header("last-modified"));

        let mut changed = patient("Ng-Smith");
        changed["id"] = json!(id);
        let updated = site.put(&path, &changed).await;
        assert_eq!((updated.status.as_u16(), updated.header("etag")), (200, "W/\"2\""));
        let again = site.put(&path, &changed).await;
        assert_eq!((again.status.as_u16(), again.header("etag")), (200, "W/\"2\""), "nothing changed");
        assert_eq!(again.bytes, updated.bytes);
        assert_eq!(site.get(&format!("{path}/_history/1")).await.bytes, created.bytes);

        assert_eq!(site.delete(&path).await.status, 204);
        assert_eq!(site.delete(&path).await.status, 204, "deleting twice is deleting once");
        assert_eq!(site.get(&path).await.issue(), (410, "deleted".into()));
        assert_eq!(site.get(&format!("{path}/_history/2")).await.bytes, updated.bytes);
        assert_eq!(site.get(&format!("{path}/_history/3")).await.issue(), (410, "deleted".into()));
        assert_eq!(site.get(&format!("{path}/_history/9")).await.issue(), (404, "not-found".into()));
        assert_eq!(site.get("Patient/nobody").await.issue(), (404, "not-found".into()));

        let revived = site.put(&path, &changed).await;
        assert_eq!((revived.status.as_u16(), revived.header("etag")), (201, "W/\"4\""));
        let history = site.get(&format!("{path}/_history")).await.json();
        let methods: Vec<&str> =
            history["entry"].as_array().unwrap().iter().map(|it| it["request"]["method"].as_str().unwrap()).collect();
        assert_eq!((history["total"].as_u64(), methods), (Some(4), vec!["PUT", "DELETE", "PUT", "PUT"]));
        assert_eq!(site.delete("Patient/nobody").await.status, 204);
    }
}

#[tokio::test]
async fn what_was_sent_is_kept_byte_for_byte() {
    for site in sites().await {
        let text = "{ \"resourceType\" : \"Observation\",\n \"id\":\"o1\", \"status\":\"final\",
            \"code\":{\"text\":\"caf\\u00e9 \\/ 😀\"},\t\"valueQuantity\":{\"value\":72.50} }";
        let reply = site.send("PUT", "Observation/o1", &[], text).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        let stored = site.get("Observation/o1").await.text();
        let meta = stored.find(",\"meta\":{").unwrap();
        let end = stored[meta..].find('}').unwrap() + meta + 1;
        assert_eq!(format!("{}{}", &stored[..meta], &stored[end..]), text);
    }
}

/// An attachment of 20 MB, and one that is not spelled as its bytes would be spelled again.
#[tokio::test]
async fn large_attachments_are_kept_byte_for_byte() {
    for site in sites().await {
        let large = "QUJDREVGR0hJSktM".repeat(20 * (1 << 20) / 12);
        let odd = format!("{}\\n{}=", "QUJD".repeat(20_000), "QUJDREU");
        for (id, data) in [("large", &large), ("odd", &odd)] {
            let document = |title: &str| {
                format!(
                    "{{\"resourceType\":\"DocumentReference\", \"id\":\"{id}\",\"status\":\"current\",\
                     \"content\":[{{\"attachment\":{{\"contentType\":\"a/b\", \"data\" : \"{data}\",\"title\":\"{title}\"}}}}]}}"
                )
            };
            let path = format!("DocumentReference/{id}");
            let reply = site.send("PUT", &path, &[], document("one")).await;
            assert_eq!(reply.status, 201, "{id}: {}", reply.text().chars().take(500).collect::<String>());
            let read = site.get(&path).await;
            assert!(read.bytes == reply.bytes, "what is answered is what is read");
            let stored = read.text();
            let meta = stored.find(",\"meta\":{").unwrap();
            let end = stored[meta..].find('}').unwrap() + meta + 1;
            assert!(format!("{}{}", &stored[..meta], &stored[end..]) == document("one"), "{id}");
            let again = site.send("PUT", &path, &[], document("one")).await;
            assert_eq!((again.status.as_u16(), again.header("etag")), (200, "W/\"1\""), "nothing changed");
            assert_eq!(site.send("PUT", &path, &[], document("two")).await.status, 200);
            assert!(site.get(&format!("{path}/_history/1")).await.bytes == read.bytes);
            let found = site.get("DocumentReference?status=current").await;
            assert!(found.text().contains("\"title\":\"two\""));
            assert_eq!(site.delete(&path).await.status, 204);
        }
    }
}

#[tokio::test]
async fn a_client_may_choose_the_id() {
    for site in sites().await {
        let mut own = patient("Ng");
        own["id"] = json!("my.id-1");
        assert_eq!(site.put("Patient/my.id-1", &own).await.status, 201);
        let cases = [
            ("Patient/other", own.clone(), (400, "invalid")),
            ("Patient/my.id-1", patient("Ng"), (400, "invalid")),
            ("Observation/my.id-1", own.clone(), (400, "invalid")),
            ("Nonsense/my.id-1", own.clone(), (404, "not-found")),
            ("Patient/b%20d", own.clone(), (400, "value")),
        ];
        for (path, body, (status, code)) in cases {
            assert_eq!(site.put(path, &body).await.issue(), (status, code.to_owned()), "{path}");
        }
    }
}

#[tokio::test]
async fn versions_guard_against_lost_updates() {
    for site in sites().await {
        let mut own = patient("A");
        own["id"] = json!("p");
        site.put("Patient/p", &own).await;
        own["active"] = json!(true);
        let body = own.to_string();
        let stale = site.send("PUT", "Patient/p", &[("if-match", "W/\"7\"")], body.clone()).await;
        assert_eq!(stale.issue(), (412, "conflict".into()));
        let right = site.send("PUT", "Patient/p", &[("if-match", "W/\"1\"")], body.clone()).await;
        assert_eq!((right.status.as_u16(), right.header("etag")), (200, "W/\"2\""));
        let absent = site.send("PUT", "Patient/q", &[("if-match", "W/\"1\"")], body.replace("\"p\"", "\"q\"")).await;
        assert_eq!(absent.issue(), (412, "conflict".into()));
        let odd = site.send("PUT", "Patient/p", &[("if-match", "yes")], body).await;
        assert_eq!(odd.issue(), (400, "value".into()));
        let there = site.send("PUT", "Patient/p", &[("if-none-match", "*")], own.to_string()).await;
        assert_eq!(there.issue(), (412, "conflict".into()));
        let stale = site.send("DELETE", "Patient/p", &[("if-match", "W/\"1\"")], "").await;
        assert_eq!(stale.issue(), (412, "conflict".into()));
    }
}

#[tokio::test]
async fn a_client_that_has_it_gets_no_body() {
    for site in sites().await {
        let mut own = patient("A");
        own["id"] = json!("p");
        let modified = site.put("Patient/p", &own).await.header("last-modified").to_owned();
        let cases = [
            (("if-none-match", "W/\"1\""), 304),
            (("if-none-match", "W/\"2\""), 200),
            (("if-modified-since", modified.as_str()), 304),
            (("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"), 200),
            (("if-modified-since", "whenever"), 200),
        ];
        for (header, status) in cases {
            let reply = site.send("GET", "Patient/p", &[header], "").await;
            assert_eq!(reply.status, status, "{header:?}");
            assert_eq!(reply.bytes.is_empty(), status == 304);
        }
        let head = site.send("HEAD", "Patient/p", &[], "").await;
        assert_eq!((head.status.as_u16(), head.header("etag"), head.bytes.len()), (200, "W/\"1\"", 0));
    }
}

#[tokio::test]
async fn conditional_creates_make_one() {
    for site in sites().await {
        let mut own = patient("A");
        own["identifier"] = json!([{"system": "http://x", "value": "1"}]);
        let header = [("if-none-exist", "identifier=http://x|1")];
        let first = site.send("POST", "Patient", &header, own.to_string()).await;
        assert_eq!(first.status, 201, "{}", first.text());
        let second = site.send("POST", "Patient", &header, own.to_string()).await;
        assert_eq!((second.status.as_u16(), second.header("location")), (200, first.header("location")));
        assert_eq!(second.bytes, first.bytes);
        site.post("Patient", &own).await;
        let many = site.send("POST", "Patient", &header, own.to_string()).await;
        assert_eq!(many.issue(), (412, "multiple-matches".into()));
        for criteria in ["", "nonsense=1", "identifier="] {
            let reply = site.send("POST", "Patient", &[("if-none-exist", criteria)], own.to_string()).await;
            assert_eq!(reply.status, 400, "{criteria}: {}", reply.text());
        }
        // Two criteria of which each is met by somebody, but not both by one.
        let header = [("if-none-exist", "identifier=http://x|1&family=B")];
        let both = site.send("POST", "Patient", &header, patient("B").to_string()).await;
        assert_eq!(both.status, 201, "{}", both.text());
    }
}

#[tokio::test]
async fn conditional_updates_and_deletes_find_their_resource() {
    for site in sites().await {
        let path = "Patient?identifier=http://x|1";
        let mut own = patient("A");
        own["identifier"] = json!([{"system": "http://x", "value": "1"}]);
        let created = site.put(path, &own).await;
        assert_eq!(created.status, 201, "{}", created.text());
        own["active"] = json!(true);
        let updated = site.put(path, &own).await;
        assert_eq!((updated.status.as_u16(), updated.header("etag")), (200, "W/\"2\""));
        assert_eq!(updated.json()["id"], created.json()["id"]);
        own["id"] = json!("other");
        assert_eq!(site.put(path, &own).await.issue(), (400, "invalid".into()));
        assert_eq!(
            site.put("Patient?identifier=http://x|2", &own).await.header("location"),
            format!("{BASE}/Patient/other/_history/1")
        );
        assert_eq!(site.put("Patient?identifier=http://x|2", &own).await.issue(), (409, "conflict".into()));
        assert_eq!(site.delete(path).await.issue(), (412, "multiple-matches".into()));
        assert_eq!(site.delete("Patient/other").await.status, 204);
        assert_eq!(site.delete(path).await.status, 204);
        assert_eq!(site.delete(path).await.status, 204, "nothing is left to delete");
        assert_eq!(site.found("Patient").await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn clients_get_back_what_they_prefer() {
    for site in sites().await {
        let body = patient("A").to_string();
        let minimal = site.send("POST", "Patient", &[("prefer", "return=minimal")], body.clone()).await;
        assert_eq!((minimal.status.as_u16(), minimal.bytes.len()), (201, 0));
        assert!(!minimal.header("location").is_empty());
        let outcome = site.send("POST", "Patient", &[("prefer", "return=OperationOutcome")], body).await;
        assert_eq!((outcome.status.as_u16(), &outcome.json()["resourceType"]), (201, &json!("OperationOutcome")));
    }
}

#[tokio::test]
async fn only_json_is_spoken() {
    for site in sites().await {
        let body = patient("A").to_string();
        for media in ["application/fhir+json", "application/json; charset=UTF-8", "text/json"] {
            assert_eq!(site.send("POST", "Patient", &[("content-type", media)], body.clone()).await.status, 201);
        }
        for media in ["application/fhir+xml", "text/plain", "application/fhir+json; charset=latin1"] {
            let reply = site.send("POST", "Patient", &[("content-type", media)], body.clone()).await;
            assert_eq!(reply.issue(), (415, "not-supported".into()), "{media}");
        }
        let accepted = [
            ("*/*", "application/fhir+json; charset=utf-8"),
            ("application/fhir+json; fhirVersion=4.0", "application/fhir+json; charset=utf-8"),
            ("text/html, application/json", "application/json; charset=utf-8"),
        ];
        for (accept, media) in accepted {
            let reply = site.send("GET", "Patient", &[("accept", accept)], "").await;
            assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, media), "{accept}");
        }
        for accept in ["application/fhir+xml", "application/fhir+json; fhirVersion=3.0"] {
            assert_eq!(site.send("GET", "Patient", &[("accept", accept)], "").await.status, 406, "{accept}");
        }
        assert_eq!(site.get("Patient?_format=xml").await.issue(), (406, "not-supported".into()));
        assert_eq!(site.get("Patient?_format=json").await.status, 200);
    }
}

#[tokio::test]
async fn bad_input_is_refused_with_its_place() {
    for site in sites().await {
        let cases = [
            ("{", 400, "structure", ""),
            ("[]", 400, "structure", ""),
            ("{\"resourceType\":\"Patient\",\"resourceType\":\"Patient\"}", 400, "structure", "Patient"),
            ("{\"resourceType\":\"Observation\"}", 400, "invalid", ""),
            ("{\"resourceType\":\"Patient\",\"nonsense\":1}", 422, "structure", "Patient.nonsense"),
            ("{\"resourceType\":\"Patient\",\"birthDate\":\"May\"}", 422, "value", "Patient.birthDate"),
            ("{\"resourceType\":\"Patient\",\"gender\":\"x\"}", 422, "code-invalid", "Patient.gender"),
        ];
        for (body, status, code, place) in cases {
            let reply = site.send("POST", "Patient", &[], body).await;
            assert_eq!(reply.issue(), (status, code.to_owned()), "{body}: {}", reply.text());
            let expression = reply.json()["issue"][0]["expression"][0].as_str().unwrap_or("").to_owned();
            assert!(expression.starts_with(place), "{body}: {expression}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(site.send("POST", "Patient", &[], deep).await.status, 400);
        let huge = vec![b' '; (50 << 20) + 1];
        assert_eq!(site.send("POST", "Patient", &[], huge).await.issue(), (413, "too-long".into()));
    }
}

#[tokio::test]
async fn links_to_this_server_become_its_own() {
    for site in sites().await {
        let observation = json!({"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"},
            "subject": {"reference": format!("{BASE}/Patient/p")}, "encounter": {"reference": "http://other/Encounter/e"}});
        assert_eq!(site.put("Observation/o", &observation).await.status, 201);
        let stored = site.get("Observation/o").await.json();
        assert_eq!(stored["subject"]["reference"], "Patient/p");
        assert_eq!(stored["encounter"]["reference"], "http://other/Encounter/e");
        assert_eq!(site.found("Observation?subject=Patient/p").await, ["o"]);
        assert_eq!(site.found(&format!("Observation?subject={BASE}/Patient/p")).await, ["o"]);
    }
}

/// A body that never ends and one that breaks off; time is not waited for but set forward.
#[tokio::test]
async fn slow_and_broken_clients_are_let_go() {
    for site in sites().await {
        let site = site.within(Bounds { body_seconds: 5, bodies_bytes: 1 << 20, ..Bounds::default() });
        tokio::time::pause();
        let endless = Body::from_stream(futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>());
        assert_eq!(site.send("POST", "Patient", &[], endless).await.issue(), (408, "timeout".into()));
        let pieces = vec![Ok(bytes::Bytes::from_static(b"{")), Err(std::io::Error::other("gone"))];
        let broken = Body::from_stream(futures_util::stream::iter(pieces));
        assert_eq!(site.send("POST", "Patient", &[], broken).await.issue(), (400, "incomplete".into()));
        // More than all large bodies together may take: no room will come.
        let large = vec![b' '; 2 << 20];
        let site = site.within(Bounds { bodies_bytes: 1 << 20, ..Bounds::default() });
        let crowded = site.send("POST", "Patient", &[], large).await;
        assert_eq!((crowded.issue(), crowded.header("retry-after")), ((503, "throttled".into()), "10"));
        tokio::time::resume();
    }
}

#[tokio::test]
async fn validation_changes_nothing() {
    for site in sites().await {
        let right = site.post("Patient/$validate", &patient("A")).await;
        assert_eq!((right.status.as_u16(), &right.json()["issue"][0]["severity"]), (200, &json!("information")));
        let wrong = site.post("Patient/$validate?mode=create", &json!({"resourceType": "Patient", "x": 1})).await;
        assert_eq!((wrong.status.as_u16(), &wrong.json()["issue"][0]["severity"]), (200, &json!("error")));
        let wrapped =
            json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": patient("A")}]});
        assert_eq!(site.post("Patient/$validate", &wrapped).await.json()["issue"][0]["severity"], "information");
        let profile = site.post("Patient/$validate?profile=http://x", &patient("A")).await;
        assert_eq!(profile.issue(), (400, "not-supported".into()));
        assert_eq!(site.found("Patient").await, Vec::<String>::new());
        let mut own = patient("A");
        own["id"] = json!("p");
        site.put("Patient/p", &own).await;
        assert_eq!(site.get("Patient/p/$validate").await.json()["issue"][0]["severity"], "information");
    }
}

#[tokio::test]
async fn a_repeat_with_the_same_key_is_harmless() {
    for site in sites().await {
        let key = [("idempotency-key", "k-1")];
        let body = patient("A").to_string();
        let first = site.send("POST", "Patient", &key, body.clone()).await;
        let second = site.send("POST", "Patient", &key, body).await;
        assert_eq!((second.status, second.header("location")), (first.status, first.header("location")));
        assert_eq!(second.bytes, first.bytes);
        let other = site.send("POST", "Patient", &key, patient("B").to_string()).await;
        assert_eq!(other.issue(), (422, "duplicate".into()));
        assert_eq!(site.found("Patient").await.len(), 1);
    }
}

#[tokio::test]
async fn parts_of_a_resource_are_given() {
    for site in sites().await {
        let mut own = patient("A");
        own["id"] = json!("p");
        own["text"] = json!({"status": "empty", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">A</div>"});
        own["photo"] = json!([{"title": "x"}]);
        site.put("Patient/p", &own).await;
        let cut = site.get("Patient/p?_elements=name").await.json();
        assert_eq!((cut["text"].is_null(), cut["name"].is_null()), (true, false));
        assert_eq!(cut["meta"]["tag"][0]["code"], "SUBSETTED");
        let found = site.get("Patient?_summary=true").await.json();
        assert_eq!(found["entry"][0]["resource"]["photo"], Value::Null);
        assert_eq!(site.get("Patient/p?nonsense=1").await.issue(), (400, "not-supported".into()));
    }
}

#[tokio::test]
async fn other_addresses_and_methods_are_refused() {
    for site in sites().await {
        let patch = site.send("PATCH", "Patient/p", &[], "[]").await;
        assert_eq!(patch.issue(), (405, "not-supported".into()));
        assert_eq!(patch.header("allow"), "GET, PUT, DELETE");
        assert_eq!(site.get("nowhere").await.issue(), (404, "not-found".into()));
        assert_eq!(site.get("Nonsense").await.issue(), (404, "not-found".into()));
        assert_eq!(site.get("metadata").await.json()["resourceType"], "CapabilityStatement");
    }
}
