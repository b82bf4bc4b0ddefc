//! Searches: criteria, order, pages, what goes with the matches.
//! Goes through the router as a client would, over a real record.

use serde_json::{Value, json};

use crate::site::{Site, sites};

fn observation(id: &str, patient: &str, code: &str, date: &str, value: f64) -> Value {
    json!({"resourceType": "Observation", "id": id, "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": format!("Patient/{patient}")}, "effectiveDateTime": date,
        "encounter": {"reference": "Encounter/e1"},
        "valueQuantity": {"value": value, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}})
}

async fn ward(site: &Site) {
    site.put_all(&[
        json!({"resourceType": "Organization", "id": "trust", "name": "Trust"}),
        json!({"resourceType": "Organization", "id": "ward", "name": "Ward 3", "partOf": {"reference": "Organization/trust"}}),
        json!({"resourceType": "Practitioner", "id": "dr", "name": [{"family": "Reilly"}]}),
        json!({"resourceType": "Patient", "id": "a", "active": true, "gender": "female", "birthDate": "1950-05-01",
            "name": [{"family": "Müller", "given": ["Ann"]}], "managingOrganization": {"reference": "Organization/ward"},
            "generalPractitioner": [{"reference": "Practitioner/dr"}],
            "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}]}),
        json!({"resourceType": "Patient", "id": "b", "gender": "male", "birthDate": "1980",
            "name": [{"family": "Muller", "given": ["Bob"]}]}),
        json!({"resourceType": "Patient", "id": "c", "gender": "female", "birthDate": "2001-12-31",
            "name": [{"family": "Osei"}]}),
        json!({"resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "IMP"},
            "subject": {"reference": "Patient/a"}, "serviceProvider": {"reference": "Organization/ward"}}),
        observation("o1", "a", "718-7", "2026-01-01T10:00:00Z", 120.0),
        observation("o2", "a", "718-7", "2026-03-01T10:00:00Z", 118.5),
        observation("o3", "a", "2951-2", "2026-02-01T10:00:00Z", 140.0),
        observation("o4", "b", "718-7", "2026-02-15", 95.0),
    ])
    .await;
}

#[tokio::test]
async fn criteria_of_every_kind_find_their_resources() {
    for site in sites().await {
        ward(&site).await;
        let cases: &[(&str, &[&str])] = &[
            ("Patient", &["a", "b", "c"]),
            ("Patient?family=mull", &["a", "b"]),
            ("Patient?family:exact=Muller", &["b"]),
            ("Patient?family:contains=ULLE", &["a", "b"]),
            ("Patient?name:contains=üll", &["a", "b"]),
            ("Patient?name:contains=nn,ob", &["a", "b"]),
            ("Patient?name:contains=ull&gender=male", &["b"]),
            ("Patient?name:contains=ull&_id=a,c", &["a"]),
            ("Patient?name:contains=mullers", &[]),
            ("Patient?name:contains=s&name:contains=e", &["c"]),
            ("Organization?name:contains=3", &["ward"]),
            ("Patient?gender=female", &["a", "c"]),
            ("Patient?gender=female,male&active=true", &["a"]),
            ("Patient?gender:not=female", &["b"]),
            ("Patient?active:missing=true", &["b", "c"]),
            ("Patient?birthdate=1980", &["b"]),
            ("Patient?birthdate=gt1980-06", &["b", "c"]),
            ("Patient?birthdate=lt1980", &["a"]),
            ("Patient?identifier=9990000018", &["a"]),
            ("Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9990000018", &["a"]),
            ("Patient?_id=a,c,nobody", &["a", "c"]),
            ("Patient?_lastUpdated=gt2000", &["a", "b", "c"]),
            ("Patient?_lastUpdated=lt2000", &[]),
            ("Observation?code=http://loinc.org|718-7", &["o1", "o2", "o4"]),
            ("Observation?code=718-7&subject=Patient/a", &["o1", "o2"]),
            ("Observation?patient=a", &["o1", "o2", "o3"]),
            ("Observation?value-quantity=118.5", &["o2"]),
            ("Observation?value-quantity=lt100|http://unitsofmeasure.org|g/L", &["o4"]),
            ("Observation?code-value-quantity=http://loinc.org|718-7$gt119", &["o1"]),
            ("Observation?date=2026-02", &["o3", "o4"]),
            ("Observation?date=ge2026-02-15", &["o2", "o4"]),
            ("Organization?partof=Organization/trust", &["ward"]),
        ];
        for (path, expected) in cases {
            let mut found = site.found(path).await;
            found.sort();
            assert_eq!(found, *expected, "{path}");
        }
    }
}

#[tokio::test]
async fn links_are_followed_both_ways() {
    for site in sites().await {
        ward(&site).await;
        let cases: &[(&str, &[&str])] = &[
            ("Observation?subject:Patient.family=osei", &[]),
            ("Observation?subject:Patient.family=mu&code=2951-2", &["o3"]),
            ("Observation?patient.identifier=9990000018&_sort=date", &["o1", "o3", "o2"]),
            ("Observation?subject.name=bob", &["o4"]),
            ("Observation?subject:Patient.name:contains=ob", &["o4"]),
            ("Practitioner?_has:Patient:general-practitioner:family:contains=ulle", &["dr"]),
            ("Observation?patient.organization.name=ward", &["o1", "o2", "o3"]),
            ("Observation?patient.organization.partof.name=trust", &["o1", "o2", "o3"]),
            ("Observation?patient._id=b", &["o4"]),
            ("Patient?_has:Observation:patient:code=2951-2", &["a"]),
            ("Patient?_has:Observation:subject:value-quantity=lt100", &["b"]),
            ("Organization?_has:Patient:organization:_has:Observation:patient:code=2951-2", &["ward"]),
            ("Practitioner?_has:Patient:general-practitioner:family=muller", &["dr"]),
        ];
        for (path, expected) in cases {
            let mut found = site.found(path).await;
            if !path.contains("_sort") {
                found.sort();
            }
            assert_eq!(found, *expected, "{path}");
        }
    }
}

#[tokio::test]
async fn answers_come_in_the_order_asked_for() {
    for site in sites().await {
        ward(&site).await;
        let cases: &[(&str, &[&str])] = &[
            ("Observation?_sort=date", &["o1", "o3", "o4", "o2"]),
            ("Observation?_sort=-date", &["o2", "o4", "o3", "o1"]),
            ("Observation?patient=a&code=http://loinc.org|718-7&_sort=-date", &["o2", "o1"]),
            ("Patient/a/Observation?code=http://loinc.org|718-7&_sort=-date", &["o2", "o1"]),
            ("Patient?_sort=family,-birthdate", &["b", "a", "c"]),
            ("Patient?name:contains=ulle&_sort=-birthdate", &["b", "a"]),
            ("Patient?_sort=-birthdate", &["c", "b", "a"]),
            ("Observation?_sort=-_lastUpdated&_count=1", &["o4"]),
            ("Observation?_sort=value-quantity", &["o4", "o2", "o1", "o3"]),
        ];
        for (path, expected) in cases {
            assert_eq!(site.found(path).await, *expected, "{path}");
        }
    }
}

#[tokio::test]
async fn pages_follow_each_other_at_one_snapshot() {
    for site in sites().await {
        ward(&site).await;
        for path in ["Observation?_count=1", "Observation?_count=1&_sort=-date", "Observation?_count=3&_total=accurate"]
        {
            let mut seen = Vec::new();
            let mut next = Some(path.to_owned());
            while let Some(path) = next {
                let reply = site.get(&path).await;
                assert_eq!(reply.status, 200, "{path}: {}", reply.text());
                if path.contains("_total") {
                    assert_eq!(reply.json()["total"], 4);
                }
                seen.extend(reply.ids());
                next = reply.link("next");
                // Every row changes between the pages.
                let fresh = observation(&format!("n{}", seen.len()), "b", "718-7", "2026-05-01", 1.0);
                site.put_all(&[fresh]).await;
                for id in ["o1", "o2", "o3", "o4"] {
                    let mut changed = site.get(&format!("Observation/{id}")).await.json();
                    changed["note"] = json!([{"text": format!("seen {}", seen.len())}]);
                    changed["effectiveDateTime"] = json!("2030-01-01");
                    site.put_all(&[changed]).await;
                }
            }
            seen.sort();
            assert_eq!(seen, ["o1", "o2", "o3", "o4"], "{path}");
            for id in 1..=4 {
                site.delete(&format!("Observation/n{id}")).await;
            }
            ward(&site).await;
        }
        let next = site.get("Observation?_count=1").await.link("next").unwrap();
        let other = next.replace("Observation?", "Observation?status=final&");
        assert_eq!(site.get(&other).await.issue(), (400, "value".into()));
    }
}

/// More people than a page lists whole, each found by several of their names: everybody comes once, whatever changes
/// between the pages, and a total is only worked out when it is asked for.
#[tokio::test]
async fn everybody_comes_once_however_many_names_match() {
    const PEOPLE: usize = 260;
    let person = |number: usize, family: &str| {
        let other = format!("Sutton {}", number % 7);
        json!({"resourceType": "Patient", "id": format!("p{number}"), "active": number.is_multiple_of(2),
            "name": [{"family": family, "given": ["Ann"]}, {"family": other}, {"family": "Other"}]})
    };
    for site in sites().await {
        let everybody: Vec<Value> = (0..PEOPLE).map(|number| person(number, "Smith")).collect();
        site.put_all(&everybody).await;
        for (path, expected) in [
            ("Patient?family=s&_count=40", PEOPLE),
            ("Patient?family=sm,s,other&_count=41&_total=accurate", PEOPLE),
            ("Patient?family=s&active=true&_count=40", PEOPLE / 2),
        ] {
            let (mut seen, mut next) = (Vec::new(), Some(path.to_owned()));
            while let Some(path) = next {
                let reply = site.get(&path).await;
                assert_eq!(reply.status, 200, "{path}: {}", reply.text());
                let total = path.contains("_total").then_some(expected as u64);
                assert_eq!(reply.json()["total"].as_u64(), total, "{path}");
                seen.extend(reply.ids());
                next = reply.link("next");
                // Somebody far ahead, somebody seen and somebody new.
                let turned = seen.len();
                site.put_all(&[person(turned % PEOPLE, "Aaron"), person(PEOPLE - 1 - turned % 50, "Zz")]).await;
                site.put_all(&[person(PEOPLE + turned, "Smith")]).await;
            }
            let mut distinct = seen.clone();
            distinct.sort();
            distinct.dedup();
            assert_eq!((seen.len(), distinct.len()), (expected, expected), "{path}");
            site.put_all(&everybody).await;
            for number in PEOPLE..2 * PEOPLE + 50 {
                site.delete(&format!("Patient/p{number}")).await;
            }
        }
        assert_eq!(site.get("Patient?family=s&_summary=count").await.json()["total"], PEOPLE);
    }
}

#[tokio::test]
async fn a_page_whose_snapshot_is_not_kept_is_gone() {
    for site in sites().await {
        ward(&site).await;
        let next = site.get("Observation?_count=1").await.link("next").unwrap();
        let (before, token) = next.split_once("_page=").unwrap();
        let rest = token.split_once('.').unwrap().1;
        let gone = site.get(&format!("{before}_page=ffffff.{rest}")).await;
        assert_eq!(gone.issue(), (410, "expired".into()));
    }
}

#[tokio::test]
async fn totals_are_exact() {
    for site in sites().await {
        ward(&site).await;
        let cases = [
            ("Observation?_summary=count", Some(4), 0),
            ("Observation?_count=0", Some(4), 0),
            ("Observation?_count=2", None, 2),
            ("Observation?_count=2&_total=accurate", Some(4), 2),
            ("Observation?code=718-7&_count=2&_total=estimate", Some(3), 2),
            ("Observation?code=718-7", Some(3), 3),
        ];
        for (path, total, shown) in cases {
            let reply = site.get(path).await;
            assert_eq!((reply.json()["total"].as_u64(), reply.ids().len()), (total, shown), "{path}");
        }
    }
}

#[tokio::test]
async fn includes_come_with_the_matches() {
    for site in sites().await {
        ward(&site).await;
        let cases: &[(&str, &[&str])] = &[
            ("Observation?_id=o4&_include=Observation:subject", &["o4", "+b"]),
            ("Observation?_id=o1,o2&_include=Observation:patient", &["o1", "o2", "+a"]),
            ("Observation?_id=o1&_include=Observation:subject:Group", &["o1"]),
            ("Observation?_id=o1&_include=*", &["o1", "+a", "+e1"]),
            ("Observation?_id=o1&_include=Observation:subject&_include=Patient:organization", &["o1", "+a"]),
            (
                "Observation?_id=o1&_include=Observation:subject&_include:iterate=Patient:organization&_include:iterate=Organization:partof",
                &["o1", "+a", "+ward", "+trust"],
            ),
            ("Patient?_id=b&_revinclude=Observation:subject", &["b", "+o4"]),
            ("Patient?_id=a&_revinclude=Observation:encounter&_revinclude=Encounter:patient", &["a", "+e1"]),
        ];
        for (path, expected) in cases {
            let mut found = site.found(path).await;
            found.sort_by_key(|id| id.starts_with('+'));
            let mut expected: Vec<String> = expected.iter().map(|id| (*id).to_owned()).collect();
            let matches = expected.iter().filter(|id| !id.starts_with('+')).count();
            found[matches..].sort();
            expected[matches..].sort();
            assert_eq!(found, expected, "{path}");
        }
        for value in ["nonsense", "Observation", "Observation:code", "Observation:subject:Nonsense", "Nonsense:x"] {
            assert_eq!(
                site.get(&format!("Observation?_include={value}")).await.issue(),
                (400, "value".into()),
                "{value}"
            );
        }
    }
}

#[tokio::test]
async fn a_compartment_holds_what_is_the_patients() {
    for site in sites().await {
        ward(&site).await;
        let mut found = site.found("Patient/a/*").await;
        found.sort();
        assert_eq!(found, ["a", "e1", "o1", "o2", "o3"]);
        assert_eq!(site.found("Patient/a/Observation?code=2951-2").await, ["o3"]);
        assert_eq!(site.found("Patient/a/*?_type=Encounter").await, ["e1"]);
        assert_eq!(site.get("Patient/a/Nonsense").await.status, 404);
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let posted = site.send("POST", "Patient/a/Observation/_search", &form, "code=2951-2").await;
        assert_eq!(posted.ids(), ["o3"]);
    }
}

#[tokio::test]
async fn everything_of_a_patient_is_given_page_by_page() {
    for site in sites().await {
        ward(&site).await;
        let mut seen = Vec::new();
        let mut next = Some("Patient/a/$everything?_count=2".to_owned());
        while let Some(path) = next {
            let reply = site.get(&path).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
            seen.extend(reply.ids());
            next = reply.link("next");
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen, ["+dr", "+ward", "a", "e1", "o1", "o2", "o3"]);
        assert_eq!(site.found("Patient/a/$everything?_type=Observation").await, ["o1", "o2", "o3"]);
        assert_eq!(site.get("Patient/nobody/$everything").await.status, 404);
        assert_eq!(site.get("Patient/a/$everything?start=2020").await.issue(), (400, "not-supported".into()));
    }
}

#[tokio::test]
async fn what_is_not_known_is_refused() {
    for site in sites().await {
        ward(&site).await;
        let cases = [
            ("Patient?nonsense=1", "not-supported", "nonsense"),
            ("Patient?family:nonsense=1", "not-supported", "family"),
            ("Patient?birthdate=May", "value", "birthdate"),
            ("Patient?_sort=nonsense", "not-supported", "nonsense"),
            ("Patient?_count=many", "value", "_count"),
            ("Patient?_summary=some", "value", "_summary"),
            ("Patient?_text=x", "not-supported", "_text"),
            ("Patient?organization.nonsense=1", "not-supported", "organization"),
            ("Patient?_has:Observation:code:code=1", "not-supported", "_has"),
            ("Patient?_has:Observation=1", "not-supported", "_has"),
            ("Patient?_lastUpdated=yesterday", "value", "_lastUpdated"),
            ("Observation?_page=zz", "value", "page"),
        ];
        for (path, code, named) in cases {
            let reply = site.get(path).await;
            assert_eq!(reply.issue(), (400, code.to_owned()), "{path}: {}", reply.text());
            assert!(reply.json()["issue"][0]["details"]["text"].as_str().unwrap().contains(named), "{}", reply.text());
        }
        let lenient = site.send("GET", "Patient?nonsense=1&gender=male", &[("prefer", "handling=lenient")], "").await;
        assert_eq!(lenient.ids(), ["b"]);
        assert_eq!(lenient.link("self").unwrap(), "/Patient?gender=male");
        let outcome = lenient.json()["entry"][1].clone();
        assert_eq!(
            (&outcome["search"]["mode"], &outcome["resource"]["issue"][0]["severity"]),
            (&json!("outcome"), &json!("warning"))
        );
    }
}

#[tokio::test]
async fn searches_may_come_as_forms_and_over_all_types() {
    for site in sites().await {
        ward(&site).await;
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let posted = site.send("POST", "Patient/_search?gender=female", &form, "family=M%C3%BCller").await;
        assert_eq!(posted.ids(), ["a"], "{}", posted.text());
        let json = [("content-type", "application/json")];
        assert_eq!(site.send("POST", "Patient/_search", &json, "{}").await.status, 415);
        assert_eq!(site.found("?_type=Patient,Encounter&_id=a,e1").await, ["a", "e1"]);
        let all = site.found("?_lastUpdated=gt2000&_count=1000").await;
        assert_eq!(all.len(), 11);
        let mut paged = Vec::new();
        let mut next = Some("?_type=Patient,Observation&_count=2".to_owned());
        while let Some(path) = next {
            let reply = site.get(&path).await;
            paged.extend(reply.ids());
            next = reply.link("next");
        }
        assert_eq!(paged, ["a", "b", "c", "o1", "o2", "o3", "o4"]);
    }
}
