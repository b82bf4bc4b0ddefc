//! What a configuration stands for: valid FHIR, ids of the demonstration, and members of others that stay.
//! Reads the example that the product brings.

use fhir::{Document, Limits};
use serde_json::Value;

use super::*;

/// A trust of the example with the consortium's files, as they lie in the repository.
fn example(trust: &str) -> Files {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/configuration");
    let layer = |folder: &str| {
        let mut names: Vec<String> = std::fs::read_dir(root.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let file = |name: String| File {
            text: std::fs::read_to_string(root.join(folder).join(&name)).unwrap(),
            name: format!("{folder}/{name}"),
        };
        Layer { folder: folder.into(), files: names.into_iter().map(file).collect() }
    };
    Files { layers: vec![layer("consortium"), layer(trust)] }
}

fn errors(text: &[u8]) -> Vec<fhir::Issue> {
    let document = Document::parse(text, &Limits::default()).unwrap();
    fhir::validate(&document).into_iter().filter(|issue| issue.severity == fhir::Severity::Error).collect()
}

fn json(of: &[Standing], kind: &str, id: &str) -> Value {
    let one = of.iter().find(|one| one.kind == kind && one.id == id).unwrap();
    serde_json::from_slice(&one.text_over(None).unwrap()).unwrap()
}

#[test]
fn the_examples_are_right_and_stand_for_valid_resources() {
    for (trust, wards) in [("thameside", 10), ("marshgate", 3)] {
        let read = read(&example(trust));
        assert_eq!(read.findings, [], "{trust}");
        assert_eq!(read.configuration.wards().count(), wards, "{trust}");
        let all = standing(&read.configuration);
        let keys: std::collections::BTreeSet<_> = all.iter().map(|one| (one.kind, one.id.clone())).collect();
        assert_eq!(keys.len(), all.len(), "{trust}: no two resources have one id");
        for one in &all {
            let text = one.text_over(None).unwrap();
            assert_eq!(errors(&text), [], "{}", String::from_utf8_lossy(&text));
        }
    }
}

#[test]
fn heron_ward_is_as_the_board_shows_it() {
    let read = read(&example("thameside"));
    let beds: Vec<_> = read.configuration.on_ward("heron").filter(|place| place.kind == PlaceKind::Bed).collect();
    assert_eq!(beds.len(), 20);
    let all = standing(&read.configuration);
    let bed = json(&all, "Location", "heron-bed-12");
    assert_eq!(bed["name"], "Heron ward, bed 12");
    assert_eq!(bed["alias"][0], "12");
    assert_eq!(bed["partOf"]["reference"], "Location/heron-bay-c");
    assert_eq!(bed["physicalType"]["coding"][0]["code"], "bd");
    assert_eq!(bed["type"][0]["coding"][0]["system"], "urn:almoner:place-kind");
    assert_eq!(bed["identifier"][0]["value"], "heron-bed-12");
    assert_eq!(bed["managingOrganization"]["reference"], "Organization/thameside-royal");
    let bay = json(&all, "Location", "heron-bay-c");
    assert_eq!(
        (&bay["extension"][1]["valueCode"], &bay["partOf"]["reference"]),
        (&"male".into(), &"Location/heron".into())
    );
    let ward = json(&all, "Location", "heron");
    assert_eq!(ward["telecom"][0]["value"], "2217");
    assert_eq!(ward["partOf"]["reference"], "Location/thameside-main");
    assert_eq!(json(&all, "Location", "ed-majors-4")["name"], "Emergency department, majors 4");
    assert_eq!(json(&all, "Practitioner", "okafor")["name"][0]["text"], "Dr L Okafor");
    let role = json(&all, "PractitionerRole", "okafor");
    assert_eq!(role["location"][0]["reference"], "Location/heron");
    assert_eq!(role["code"][0]["coding"][1]["code"], "R0050");
    let service = json(&all, "HealthcareService", "respiratory");
    assert_eq!(service["specialty"][0]["coding"][0]["code"], "340");
}

#[test]
fn what_a_trust_shares_differs_only_where_it_says_so() {
    let (thameside, marshgate) = (read(&example("thameside")), read(&example("marshgate")));
    let access = |read: &Read| read.configuration.role("bed-manager").unwrap().access;
    assert_eq!((access(&thameside), access(&marshgate)), (Some(access::Role::Clerk), Some(access::Role::Clinician)));
    assert!(marshgate.configuration.services.iter().all(|service| service.code != "obstetrics"));
    let origin = |code: &str| &thameside.configuration.role(code).unwrap().written.origin;
    assert_eq!(origin("consultant"), &Origin::Inherited);
}

#[test]
fn members_of_others_stay_to_the_byte() {
    let all = standing(&read(&example("thameside")).configuration);
    let bed = all.iter().find(|one| one.id == "heron-bed-12").unwrap();
    let state = r#"{"url":"urn:almoner:bed-closed","extension":[{"url":"why","valueString":"water \u006ceak"}]}"#;
    let before = format!(
        r#"{{"resourceType":"Location","id":"heron-bed-12","meta":{{"versionId":"3"}},"operationalStatus":{{"code":"C","system":"http://terminology.hl7.org/CodeSystem/v2-0116"}},"extension":[{state},{{"url":"urn:almoner:position","valuePositiveInt":99}}],"name":"old","identifier":[{{"system":"urn:x","value":"y"}}]}}"#
    );
    let text = String::from_utf8(bed.text_over(Some(before.as_bytes())).unwrap()).unwrap();
    for kept in [
        state,
        r#""operationalStatus":{"code":"C","system":"http://terminology.hl7.org/CodeSystem/v2-0116"}"#,
        r#"{"system":"urn:x","value":"y"}"#,
    ] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    assert!(!text.contains("99") && text.contains("Heron ward, bed 12"), "{text}");
    assert_eq!(errors(text.as_bytes()), []);
    let again = bed.text_over(Some(text.as_bytes())).unwrap();
    assert_eq!(String::from_utf8(again).unwrap(), text, "what is the same is left as it is");

    let gone = String::from_utf8(ended("Location", text.as_bytes()).unwrap()).unwrap();
    assert!(gone.contains(r#""status":"inactive""#) && gone.contains(state), "{gone}");
    assert_eq!(bed.text_over(Some(gone.as_bytes())).unwrap(), text.as_bytes(), "and back");
    assert!(bed.text_over(Some(b"[]")).is_err());
}
