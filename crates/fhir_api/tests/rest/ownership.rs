//! Owners of resource types see every change before it is committed, and may refuse it or add to it.
//! Goes through the router as a client would, over a real record.

use std::sync::Arc;

use fhir_api::{NoDraft, Objection, Owners, Plan};
use record::Change;
use serde_json::json;

use crate::site::Site;

/// Patients called "Nobody" are refused, whatever door they come by.
fn nobody() -> Plan {
    Arc::new(|_reading, draft| {
        Box::pin(async move {
            let is_nobody = |change: &Change| match change {
                Change::Put(_, template) => String::from_utf8_lossy(&template.text).contains("Nobody"),
                Change::Delete(_) => false,
            };
            if draft.changes.iter().any(is_nobody) {
                let sentence = "A patient cannot be called Nobody.".to_owned();
                return Err(NoDraft::from(Objection {
                    code: "name-nobody".into(),
                    sentence,
                    field: Some("Patient.name".into()),
                }));
            }
            Ok(draft)
        })
    })
}

/// Deleting is not wanted: the draft comes back without it.
fn keeper() -> Plan {
    Arc::new(|_reading, mut draft| {
        Box::pin(async move {
            draft.changes.retain(|change| !matches!(change, Change::Delete(_)));
            Ok(draft)
        })
    })
}

#[tokio::test]
async fn an_owner_refuses_or_changes_the_draft() {
    let owners = Owners::none().with(["Patient"], nobody()).with(["Organization"], keeper());
    for site in [Site::on_sqlite(owners.clone()).await, Site::on_postgres(owners).await] {
        let nobody = json!({"resourceType": "Patient", "id": "n", "name": [{"family": "Nobody"}]});
        for reply in [site.post("Patient", &nobody).await, site.put("Patient/n", &nobody).await] {
            assert_eq!(reply.issue(), (422, "business-rule".into()));
            assert_eq!(reply.json()["issue"][0]["expression"][0], "Patient.name");
        }
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": {"resourceType": "Organization", "id": "o", "name": "Nobody"},
                "request": {"method": "PUT", "url": "Organization/o"}},
        ]});
        assert_eq!(site.post("", &bundle).await.status, 200, "another type has another owner");
        let mut mixed = bundle.clone();
        let refused = json!({"resource": nobody, "request": {"method": "PUT", "url": "Patient/n"}});
        mixed["entry"].as_array_mut().unwrap().push(refused);
        assert_eq!(site.post("", &mixed).await.issue(), (422, "business-rule".into()));
        assert_eq!(site.delete("Organization/o").await.status, 204);
        assert_eq!(site.get("Organization/o").await.status, 200, "its owner kept it");
    }
}
