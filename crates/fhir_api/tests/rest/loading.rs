//! Loading files: every resource is accounted for, a second load changes nothing, what was sent is kept.
//! Goes through the router as a client would, over a real record.

use std::collections::HashMap;

use access::Role;
use bytes::Bytes;
use fhir_api::Owners;
use fhir_api::load::{Loaded, Loader, commit, prepare, split};
use record::Key;
use serde_json::{Value, json};

use crate::site::{Site, permit, sites};
use crate::suites;

async fn load(site: &Site, text: &Value) -> Vec<(Key, Loaded)> {
    let permit = permit(Role::Host);
    let owners = Owners::none();
    let loader = Loader {
        record: &site.record,
        permit: &permit,
        owners: &owners,
        since: site.record.status().await.unwrap().sequence,
    };
    let items = split(&Bytes::from(text.to_string())).unwrap();
    let prepared: Vec<_> = items.into_iter().map(|item| prepare(&item.unwrap()).unwrap()).collect();
    let keys: Vec<Key> = prepared.iter().map(|item| item.key.clone()).collect();
    let loaded = commit(&loader, "test", prepared).await.unwrap();
    keys.into_iter().zip(loaded).collect()
}

#[tokio::test]
async fn a_load_keeps_ids_and_resolves_links() {
    for site in sites().await {
        let ann = "urn:uuid:0f6b41c5-8a76-4d8e-9c3c-0a2cf0a2a001";
        site.put_all(&[
            json!({"resourceType": "Practitioner", "id": "dr", "identifier": [{"system": "s:x", "value": "1"}]}),
        ])
        .await;
        let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": [
            {"fullUrl": "urn:uuid:0f6b41c5-8a76-4d8e-9c3c-0a2cf0a2a002", "resource": {"resourceType": "Observation",
                "status": "final", "code": {"text": "x"}, "subject": {"reference": ann},
                "performer": [{"reference": "Practitioner?identifier=s:x|1"}]}},
            {"fullUrl": ann, "resource": {"resourceType": "Patient", "id": "ann"}},
        ]});
        let loaded = load(&site, &bundle).await;
        assert_eq!(loaded[0], (Key::new("Observation", "0f6b41c5-8a76-4d8e-9c3c-0a2cf0a2a002"), Loaded::Stored(1)));
        assert_eq!(loaded[1], (Key::new("Patient", "ann"), Loaded::Stored(1)));
        assert_eq!(site.found("Observation?subject=Patient/ann&performer=Practitioner/dr").await.len(), 1);
        let sequence = site.record.status().await.unwrap().sequence;
        let again = load(&site, &bundle).await;
        assert!(again.iter().all(|(_, loaded)| *loaded == Loaded::AlreadyThere), "{again:?}");
        assert_eq!(site.record.status().await.unwrap().sequence, sequence);
    }
}

#[tokio::test]
async fn what_cannot_be_loaded_is_named() {
    for site in sites().await {
        let observation = |link: &str| {
            json!({"resource": {"resourceType": "Observation", "id": "o", "status": "final",
            "code": {"text": "x"}, "performer": [{"reference": link}]}})
        };
        let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": [
            observation("Practitioner?identifier=s:x|9"),
            {"resource": {"resourceType": "Patient", "id": "p", "active": true}},
            {"resource": {"resourceType": "Patient", "id": "p", "active": false}},
        ]});
        let loaded = load(&site, &bundle).await;
        assert_eq!(loaded[0].1.reason().map(|(status, _)| status.as_u16()), Some(412));
        assert_eq!((&loaded[1].1, &loaded[2].1), (&Loaded::Stored(1), &Loaded::Stored(2)), "one after the other");
        let entries = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
            {"request": {"method": "DELETE", "url": "Patient/p"}},
            {"resource": {"resourceType": "Nonsense"}},
            {"fullUrl": "urn:uuid:x"},
        ]});
        let items = split(&Bytes::from(entries.to_string())).unwrap();
        let codes: Vec<&str> = items.iter().map(|item| item.as_ref().unwrap_err().refusal.issues[0].code).collect();
        assert_eq!(codes, ["not-supported", "structure", "required"]);
        assert!(split(&Bytes::from("[1,2")).is_err());
    }
}

/// The specification's 945 examples: put, read back with the same bytes outside id and meta.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_examples_of_the_standard_come_back_as_they_were() {
    let Some(files) = suites::files("fhir-r4-examples", |_| true) else { return };
    for site in sites().await {
        let mut refused = Vec::new();
        for (name, text) in &files {
            let value: Value = serde_json::from_slice(text).unwrap();
            let (kind, id) = (value["resourceType"].as_str().unwrap(), value["id"].as_str().unwrap_or("none"));
            let path = format!("{kind}/{id}");
            let reply = site.send("PUT", &path, &[], text.clone()).await;
            if !reply.status.is_success() {
                refused.push(format!("{name}: {} {}", reply.status, reply.json()["issue"][0]));
                continue;
            }
            let stored = site.get(&path).await;
            assert_eq!(without_meta(&stored.bytes), without_meta(text), "{name}");
        }
        assert!(files.len() >= 940, "{} examples", files.len());
        assert!(refused.len() <= 20, "{} refused:\n{}", refused.len(), refused.join("\n"));
    }
}

/// The text without what the server may set in `meta`, blanks outside strings apart.
fn without_meta(text: &[u8]) -> String {
    let document = fhir::Document::parse(text, &fhir::Limits::default()).unwrap();
    let members = document.root().members().filter(|(name, _)| *name != "meta");
    let mut parts: Vec<String> = members.map(|(name, node)| format!("{name}:{}", node.raw_text())).collect();
    if let Some(meta) = document.root().get("meta") {
        let kept = meta.members().filter(|(name, _)| !matches!(*name, "versionId" | "lastUpdated"));
        parts.extend(kept.map(|(name, node)| format!("meta.{name}:{}", node.raw_text())));
    }
    parts.join("\n")
}

/// Counts by type agree with an independent count of the files.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_agree_with_the_files() {
    let Some(files) = suites::files("synthea-150", |name| name.starts_with("An") || name.contains("Information"))
    else {
        return;
    };
    for site in sites().await {
        let mut expected: HashMap<String, std::collections::HashSet<String>> = HashMap::new();
        for (_, text) in &files {
            let bundle: Value = serde_json::from_slice(text).unwrap();
            for entry in bundle["entry"].as_array().unwrap() {
                let resource = &entry["resource"];
                let ids = expected.entry(resource["resourceType"].as_str().unwrap().to_owned()).or_default();
                ids.insert(resource["id"].as_str().unwrap().to_owned());
            }
        }
        suites::load(&site, &files).await;
        for (kind, ids) in &expected {
            let reply = site.get(&format!("{kind}?_summary=count")).await;
            assert_eq!(reply.json()["total"].as_u64(), Some(ids.len() as u64), "{kind}");
        }
    }
}

/// A patient with a name, as a plain `POST` of a transaction asks for it.
fn posted(id: &str, family: &str) -> Value {
    let patient = json!({"resourceType": "Patient", "id": id, "name": [{"family": family}]});
    json!({"resource": patient, "request": {"method": "POST", "url": "Patient"}})
}

fn transaction(entries: &[Value]) -> Value {
    json!({"resourceType": "Bundle", "type": "transaction", "entry": entries})
}

#[tokio::test]
async fn a_text_that_was_overtaken_is_known_again() {
    for site in sites().await {
        let files = transaction(&[posted("p", "One"), posted("p", "Two"), posted("p", "One"), posted("p", "Three")]);
        let loaded: Vec<_> = load(&site, &files).await.into_iter().map(|(_, loaded)| loaded).collect();
        let stored = |version| Loaded::Stored(version);
        assert_eq!(loaded, [stored(1), stored(2), stored(3), stored(4)], "the last text of the files is the newest");
        let again: Vec<_> = load(&site, &files).await.into_iter().map(|(_, loaded)| loaded).collect();
        let overtaken = |version| Loaded::Overtaken(version);
        assert_eq!(again, [overtaken(3), overtaken(2), overtaken(3), Loaded::AlreadyThere]);
        assert_eq!(site.get("Patient/p").await.json()["meta"]["versionId"], "4");
        site.send("DELETE", "Patient/p", &[], "").await;
        let anew = load(&site, &transaction(&[posted("p", "One")])).await;
        assert_eq!(anew[0].1, Loaded::Stored(6), "what was deleted is not there");
    }
}

#[tokio::test]
async fn conditions_of_entries_count_as_they_do_over_http() {
    for site in sites().await {
        let known = json!({"resourceType": "Practitioner", "id": "known",
            "identifier": [{"system": "s:x", "value": "1"}], "name": [{"family": "Known"}]});
        site.put_all(&[known]).await;
        let (found, made) =
            ("urn:uuid:0f6b41c5-8a76-4d8e-9c3c-0a2cf0a2b001", "urn:uuid:0f6b41c5-8a76-4d8e-9c3c-0a2cf0a2b002");
        let if_none = |link: &str, value: &str| {
            json!({"fullUrl": link, "resource": {"resourceType": "Practitioner",
                "identifier": [{"system": "s:x", "value": value}]}, "request": {"method": "POST",
                "url": "Practitioner", "ifNoneExist": format!("identifier=s:x|{value}")}})
        };
        let observation = json!({"resource": {"resourceType": "Observation", "id": "o", "status": "final",
            "code": {"text": "x"}, "performer": [{"reference": found}, {"reference": made}]},
            "request": {"method": "POST", "url": "Observation"}});
        let update = json!({"resource": {"resourceType": "Practitioner", "identifier":
            [{"system": "s:x", "value": "3"}]}, "request": {"method": "PUT", "url": "Practitioner?identifier=s:x|3"}});
        let named = json!({"resource": {"resourceType": "Basic", "id": "b", "code": {"text": "x"}},
            "request": {"method": "PUT", "url": "Basic/b"}});
        let bundle = transaction(&[observation, if_none(found, "1"), if_none(made, "2"), update, named]);
        let loaded: Vec<_> = load(&site, &bundle).await.into_iter().map(|(_, loaded)| loaded).collect();
        let stored = Loaded::Stored(1);
        assert_eq!(loaded, [stored.clone(), Loaded::AlreadyThere, stored.clone(), stored.clone(), stored]);
        let linked = site.get("Observation/o").await.json();
        let links: Vec<_> = linked["performer"].as_array().unwrap().iter().map(|it| &it["reference"]).collect();
        assert_eq!(links, ["Practitioner/known", "Practitioner/0f6b41c5-8a76-4d8e-9c3c-0a2cf0a2b002"]);
        assert_eq!(site.get("Practitioner/known").await.json()["name"][0]["family"], "Known", "it stays as it was");
        let again = load(&site, &bundle).await;
        assert!(again.iter().all(|(_, loaded)| *loaded == Loaded::AlreadyThere), "{again:?}");
        assert_eq!(site.found("Practitioner?identifier=s:x|1,s:x|2,s:x|3").await.len(), 3);
    }
}

/// Two files that bring the same practitioner, on condition that there is none, make one; in any place of a commit.
#[tokio::test]
async fn a_condition_sees_what_the_files_before_have_brought() {
    for site in sites().await {
        let practitioner = |link: &str| {
            json!({"fullUrl": link, "resource": {"resourceType": "Practitioner",
                "identifier": [{"system": "s:x", "value": "1"}]}, "request": {"method": "POST",
                "url": "Practitioner", "ifNoneExist": "identifier=s:x|1"}})
        };
        let basic = |id: &str, link: &str| {
            json!({"resource": {"resourceType": "Basic", "id": id, "code": {"text": "x"},
                "author": {"reference": link}}, "request": {"method": "POST", "url": "Basic"}})
        };
        let (one, two) =
            ("urn:uuid:0f6b41c5-8a76-4d8e-9c3c-0a2cf0a2c001", "urn:uuid:0f6b41c5-8a76-4d8e-9c3c-0a2cf0a2c002");
        let files = [
            transaction(&[practitioner(one), basic("a", one)]),
            transaction(&[basic("b", two), practitioner(two)]),
            json!({"resourceType": "Bundle", "type": "batch", "entry": [practitioner(two), practitioner("urn:uuid:x")]}),
        ];
        let permit = permit(Role::Host);
        let owners = Owners::none();
        let loader = Loader { record: &site.record, permit: &permit, owners: &owners, since: 0 };
        let texts = files.iter().map(|file| Bytes::from(file.to_string()));
        let items: Vec<_> = texts.flat_map(|text| split(&text).unwrap()).collect();
        let prepared = items.into_iter().map(|item| prepare(&item.unwrap()).unwrap()).collect();
        let loaded = commit(&loader, "test", prepared).await.unwrap();
        assert_eq!(loaded.iter().filter(|loaded| matches!(loaded, Loaded::Stored(_))).count(), 3, "{loaded:?}");
        assert_eq!(site.found("Practitioner?identifier=s:x|1").await.len(), 1);
        assert_eq!(site.found("Basic?author.identifier=s:x|1").await.len(), 2);
    }
}

#[tokio::test]
async fn what_an_entry_asks_for_and_cannot_have_is_refused() {
    for site in sites().await {
        let double = |id: &str| json!({"resourceType": "Practitioner", "id": id, "identifier": [{"system": "s:x", "value": "1"}]});
        site.put_all(&[double("a"), double("b"), json!({"resourceType": "Basic", "id": "old", "code": {"text": "x"}})])
            .await;
        let basic = |id: &str, request: Value| {
            let resource = json!({"resourceType": "Basic", "id": id, "code": {"text": id}});
            json!({"resource": resource, "request": request})
        };
        let practitioner = json!({"resourceType": "Practitioner", "name": [{"family": "New"}]});
        let entries = [
            basic("one", json!({"method": "PUT", "url": "Basic/two"})),
            basic("one", json!({"method": "PUT", "url": "Patient/one"})),
            basic("one", json!({"method": "POST", "url": "Basic/$validate"})),
            basic("one", json!({"method": "POST"})),
        ];
        let items = split(&Bytes::from(transaction(&entries).to_string())).unwrap();
        let codes: Vec<_> = items.iter().map(|item| item.as_ref().unwrap_err().refusal.status.as_u16()).collect();
        assert_eq!(codes, [400, 400, 400, 400]);
        let entries = [
            json!({"resource": practitioner, "request": {"method": "POST", "url": "Practitioner", "ifNoneExist": "identifier=s:x|1"}}),
            json!({"resource": practitioner, "request": {"method": "PUT", "url": "Practitioner?identifier=s:x|1"}}),
            basic("old", json!({"method": "PUT", "url": "Basic/old", "ifMatch": "W/\"7\""})),
            basic("old", json!({"method": "PUT", "url": "Basic/old", "ifNoneMatch": "*"})),
        ];
        for entry in entries {
            let loaded = load(&site, &transaction(std::slice::from_ref(&entry))).await;
            assert_eq!(loaded[0].1.reason().map(|(status, _)| status.as_u16()), Some(412), "{entry}: {loaded:?}");
        }
    }
}
