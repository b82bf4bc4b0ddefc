//! The sheets of a downtime through the gate: made, listed, fetched by those who may, noted, and removed.
//! Stands on the stage of the tests above.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use access::{Grant, Role};
use record::Key;
use record::trail::AccessQuery;

use super::*;
use crate::test_host::put;
use crate::trusts::How;

const SHEETS: &str = "/t/RAA/downtime/sheets";
const WARD: &str = "/t/RAA/downtime/sheets/latest/ward-heron.html";

fn raa() -> TrustCode {
    TrustCode::parse("RAA").unwrap()
}

fn patient(security: &str) -> String {
    format!(
        r#"{{"resourceType":"Patient","id":"p1",{security}"name":[{{"use":"official","family":"Birch","given":["Edna"]}}],
            "identifier":[{{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990610045"}}],"birthDate":"1951-02-03"}}"#
    )
}

/// A ward with a bed, and a patient in it.
async fn with_a_patient(stage: &Stage) {
    let trust = stage.host.trust(&raa()).await.unwrap();
    let place = |id: &str, kind: &str, within: &str| {
        format!(
            r#"{{"resourceType":"Location","id":"{id}","status":"active","name":"{id}",{within}
                "type":[{{"coding":[{{"system":"urn:almoner:place-kind","code":"{kind}"}}]}}]}}"#
        )
    };
    put(&trust, &Key::new("Location", "heron"), &place("heron", "ward", "")).await;
    let within = r#""partOf":{"reference":"Location/heron"},"#;
    put(&trust, &Key::new("Location", "bed-1"), &place("bed-1", "bed", within)).await;
    put(&trust, &Key::new("Patient", "p1"), &patient("")).await;
    let stay = r#"{"resourceType":"Encounter","id":"s1","status":"in-progress",
        "class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},
        "subject":{"reference":"Patient/p1"},"period":{"start":"2027-01-14T08:00:00Z"},
        "location":[{"location":{"reference":"Location/bed-1"},"status":"active"}]}"#;
    put(&trust, &Key::new("Encounter", "s1"), stay).await;
}

async fn signed_in(stage: &Stage, role: &str) -> String {
    stage.add_user(role, role).await;
    stage.sign_in(role, PASSWORD).await.ok().unwrap()
}

async fn read(stage: &Stage, cookie: &str, path: &str) -> Said {
    stage.get(path, &[("cookie", cookie), ("accept", "text/html")]).await
}

/// Asks for new sheets, as the button does.
async fn make(stage: &Stage, cookie: &str) -> Said {
    let headers = [("cookie", cookie), ("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html")];
    stage.send(request("POST", SHEETS, &headers, &format!("form_token={}", form_token_of(cookie)))).await
}

fn folder(stage: &Stage) -> PathBuf {
    stage.host.configuration.data.join("downtime").join("RAA")
}

fn inside(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_ward_fetches_its_sheet_each_role_gets_its_own_and_the_look_is_noted() {
    let stage = Stage::set().await;
    with_a_patient(&stage).await;
    let (clerk, clinician) = (signed_in(&stage, "clerk").await, signed_in(&stage, "clinician").await);
    assert!(read(&stage, &clerk, SHEETS).await.body.contains("None have been made yet"));
    assert_eq!(read(&stage, &clerk, WARD).await.status, StatusCode::NOT_FOUND);
    assert_eq!(make(&stage, &clerk).await.status, StatusCode::SEE_OTHER);
    let list = read(&stage, &clerk, SHEETS).await.body;
    assert!(list.contains("ward-heron.html") && list.contains("New ones are made every day at 22:00."), "{list}");
    let own = read(&stage, &clerk, WARD).await;
    assert!(own.body.contains("BIRCH, Edna") && own.body.contains("999 061 0045"), "{}", own.body);
    assert!(!own.body.contains("Allergies not recorded"), "nothing clinical is a clerk's");
    let policy = own.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    let clinical = read(&stage, &clinician, WARD).await.body;
    assert!(clinical.contains("BIRCH, Edna") && clinical.contains("Allergies not recorded"), "{clinical}");
    let trust = stage.host.trust(&raa()).await.unwrap();
    let privacy = access::decide(Grant::role("user/p", "P", Role::PrivacyOfficer), stage.host.now()).unwrap();
    let query = AccessQuery { subject: Some(Key::new("Patient", "p1")), limit: 100, ..AccessQuery::default() };
    let looked = trust.record.accesses(&privacy, query).await.unwrap();
    let opened: Vec<&str> = looked
        .iter()
        .filter(|access| access.query == "page: downtime sheet")
        .map(|access| access.principal.as_str())
        .collect();
    assert_eq!(opened, ["user/clinician", "user/clerk"], "the newest first: {looked:?}");
}

#[tokio::test]
async fn nothing_but_a_listed_sheet_is_given_and_to_nobody_else() {
    let stage = Stage::set().await;
    with_a_patient(&stage).await;
    let clerk = signed_in(&stage, "clerk").await;
    assert_eq!(make(&stage, &clerk).await.status, StatusCode::SEE_OTHER);
    for name in ["manifest.json", "..%2Fmanifest.json", "ward-heron", "ward-other.html", "..%2F..%2F..%2Fhost.json"] {
        let path = format!("{SHEETS}/latest/{name}");
        assert_eq!(read(&stage, &clerk, &path).await.status, StatusCode::NOT_FOUND, "{name}");
    }
    assert_eq!(
        read(&stage, &clerk, &format!("{SHEETS}/20200101T000000000Z/index.html")).await.status,
        StatusCode::NOT_FOUND
    );
    for role in ["administrator", "privacy-officer", "operator"] {
        let cookie = signed_in(&stage, role).await;
        for path in [SHEETS, WARD] {
            assert_eq!(read(&stage, &cookie, path).await.status, StatusCode::FORBIDDEN, "{role} {path}");
        }
        assert_eq!(make(&stage, &cookie).await.status, StatusCode::FORBIDDEN, "{role}");
    }
    // Hidden since: the paper that was made before is not a way around it.
    let trust = stage.host.trust(&raa()).await.unwrap();
    let hidden = r#""meta":{"security":[{"system":"urn:almoner:label","code":"restricted"}]},"#;
    put(&trust, &Key::new("Patient", "p1"), &patient(hidden)).await;
    let refused = read(&stage, &clerk, WARD).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!refused.body.contains("BIRCH"), "{}", refused.body);
    stage.wait(1);
    assert_eq!(make(&stage, &clerk).await.status, StatusCode::SEE_OTHER);
    let newer = read(&stage, &clerk, WARD).await;
    assert!(newer.status == StatusCode::OK && !newer.body.contains("BIRCH"), "{}", newer.body);
}

#[tokio::test]
async fn three_packs_are_kept_for_nobody_else_on_the_machine_and_go_with_the_trust() {
    let stage = Stage::set().await;
    with_a_patient(&stage).await;
    let trust = stage.host.trust(&raa()).await.unwrap();
    let mut made = Vec::new();
    for _ in 0..5 {
        std::fs::create_dir_all(folder(&stage).join("20260101T000000000Z.part")).unwrap();
        made.push(crate::downtime::make(&stage.host, &trust).await.unwrap().folder);
        stage.wait(1);
    }
    assert_eq!(inside(&folder(&stage)), made[2..], "the newest three, and nothing of an attempt that broke off");
    let newest = &made[4];
    assert_eq!(mode(newest), 0o700);
    for readers in ["clinicians", "clerks"] {
        let sheets = inside(&newest.join(readers));
        assert!(sheets.iter().any(|sheet| sheet.ends_with("ward-heron.html")), "{sheets:?}");
        assert!(sheets.iter().all(|sheet| mode(sheet) == 0o600), "{sheets:?}");
    }
    drop(trust);
    stage.host.shut(&raa(), How::Closed).await.unwrap();
    stage.host.remove(&raa(), "RAA").await.unwrap();
    assert!(!folder(&stage).exists(), "papers of a trust that is gone are gone");
}
