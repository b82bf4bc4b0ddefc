//! Nothing is shown or changed beyond the permit.
//! Goes through the router as a client would, over a real record.

use access::Role;
use fhir_api::ROUTES;
use record::trail::AccessQuery;
use serde_json::json;

use crate::site::{permit, permit_for, sites};

async fn two_patients(site: &crate::site::Site) {
    site.put_all(&[
        json!({"resourceType": "Patient", "id": "a", "name": [{"family": "A"}]}),
        json!({"resourceType": "Patient", "id": "b", "name": [{"family": "B"}]}),
        json!({"resourceType": "Observation", "id": "oa", "status": "final", "code": {"text": "x"},
            "subject": {"reference": "Patient/a"}}),
        json!({"resourceType": "Observation", "id": "ob", "status": "final", "code": {"text": "x"},
            "subject": {"reference": "Patient/b"}}),
    ])
    .await;
}

#[tokio::test]
async fn without_a_permit_only_metadata_answers() {
    for site in sites().await {
        for route in ROUTES {
            let path = route.path.replace("{kind}", "Patient").replace("{id}", "a").replace("{version}", "1");
            let path = path.replace("{member}", "Observation");
            let reply = site.send_unknown(route.method.as_str(), &path).await;
            let expected = if route.needs_permit { 401 } else { 200 };
            assert_eq!(reply.status, expected, "{} {path}", route.method);
            if route.needs_permit {
                assert_eq!(reply.header("www-authenticate"), "Bearer");
            }
        }
    }
}

#[tokio::test]
async fn another_patients_permit_sees_nothing() {
    for site in sites().await {
        two_patients(&site).await;
        let own = site.through(permit_for("a"));
        assert_eq!(own.get("Patient/a").await.status, 200);
        assert_eq!(own.found("Observation").await, ["oa"]);
        for path in ["Patient/b", "Observation/ob", "Observation/ob/_history/1", "Observation/ob/_history"] {
            assert_eq!(own.get(path).await.status, 404, "{path}");
        }
        let empty = [
            "Observation?subject=Patient/b",
            "Patient?family=B",
            "Patient/b/Observation",
            "Patient?_has:Observation:patient:_id=ob",
        ];
        for path in empty {
            assert_eq!(own.found(path).await, Vec::<String>::new(), "{path}");
        }
        assert_eq!(own.get("Patient/b/$everything").await.status, 404);
        assert_eq!(own.get("Observation?_summary=count").await.json()["total"], 1);
        assert_eq!(own.get("Patient?_summary=count").await.json()["total"], 1);
        assert_eq!(own.found("Observation?_include=Observation:subject").await, ["oa", "+a"]);
        assert_eq!(own.delete("Observation/oa").await.status, 403);
    }
}

#[tokio::test]
async fn roles_write_only_what_they_may() {
    for site in sites().await {
        two_patients(&site).await;
        let clerk = site.through(permit(Role::Clerk));
        let observation = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}});
        assert_eq!(clerk.post("Observation", &observation).await.issue(), (403, "forbidden".into()));
        assert_eq!(clerk.get("Observation/oa").await.status, 404);
        assert_eq!(clerk.found("Observation").await, Vec::<String>::new());
        let patient = json!({"resourceType": "Patient", "name": [{"family": "C"}]});
        assert_eq!(clerk.post("Patient", &patient).await.status, 201);
        let mixed = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": patient, "request": {"method": "POST", "url": "Patient"}},
            {"resource": observation, "request": {"method": "POST", "url": "Observation"}},
        ]});
        assert_eq!(clerk.post("", &mixed).await.status, 403);
        assert_eq!(site.found("Patient?family=C").await.len(), 1, "the transaction left nothing behind");
    }
}

#[tokio::test]
async fn every_look_is_recorded() {
    for site in sites().await {
        two_patients(&site).await;
        site.get("Patient/a").await;
        site.get("Observation?subject=Patient/b").await;
        site.get("Patient/nobody").await;
        let query = AccessQuery { subject: None, principal: Some("user/test".into()), before: None, limit: 100 };
        let seen = site.record.accesses(&permit(Role::PrivacyOfficer), query).await.unwrap();
        let asked: Vec<String> = seen.iter().map(|access| access.query.clone()).collect();
        for expected in ["GET Patient/a", "GET Observation?subject=Patient/b", "GET Patient/nobody"] {
            assert!(asked.iter().any(|query| query == expected), "{expected} in {asked:?}");
        }
    }
}
