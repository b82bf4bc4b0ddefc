//! `load`: sums that agree with an independent count of the files, repeats, what is wrong, a load that is killed.
//! The files are counted by another JSON reader; FHIR search must count the same.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::stage::{Stage, is_soak, suite};

/// Distinct resources by type, as another JSON reader counts them.
type Counts = BTreeMap<String, BTreeSet<String>>;

fn count(counts: &mut Counts, resource: &Value) {
    let text = |name: &str| resource[name].as_str().unwrap().to_owned();
    counts.entry(text("resourceType")).or_default().insert(text("id"));
}

fn has_empty_array(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty() || items.iter().any(has_empty_array),
        Value::Object(members) => members.values().any(has_empty_array),
        _ => false,
    }
}

/// Takes the members whose names fit out of a `.tar.gz` into a folder.
fn unpack(archive: &Path, to: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    std::fs::create_dir_all(to).unwrap();
    let file = std::fs::File::open(archive).unwrap();
    let mut paths = Vec::new();
    for member in tar::Archive::new(flate2::read::GzDecoder::new(file)).entries().unwrap() {
        let mut member = member.unwrap();
        let path = member.path().unwrap().into_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if member.header().entry_type().is_file() && wanted(&name) {
            member.unpack(to.join(&name)).unwrap();
            paths.push(to.join(name));
        }
    }
    paths
}

/// A few patients of `synthea-150` (all of them in the long suites) with the hospitals and practitioners, and what is in the files.
fn synthea(stage: &Stage, letters: &[char]) -> Option<(PathBuf, Counts)> {
    let archive = suite("synthea-150.tar.gz")?;
    let folder = stage.path("synthea");
    let wanted = |name: &str| name.contains("Information") || name.starts_with(letters) || is_soak();
    let mut counts = Counts::new();
    for path in unpack(&archive, &folder, wanted) {
        let bundle: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        bundle["entry"].as_array().unwrap().iter().for_each(|entry| count(&mut counts, &entry["resource"]));
    }
    Some((folder, counts))
}

/// What the record holds must be what the files hold, by FHIR search.
fn assert_counts(stage: &Stage, counts: &Counts) {
    let token = stage.token("system");
    let serving = stage.serve();
    for (kind, ids) in counts {
        assert_eq!(serving.count(kind, &token), ids.len() as u64, "{kind}");
    }
}

#[test]
fn bundles_load_with_sums_that_agree_and_a_repeat_stores_nothing() {
    let stage = Stage::with_trust();
    let Some((folder, counts)) = synthea(&stage, &['Q', 'U']) else { return };
    let folder = folder.to_str().unwrap();
    let first = &stage.json(&["load", "--trust", "RAA", folder])["loaded"];
    assert_eq!(first["refused"], 0, "{first}");
    assert_eq!(first["read"], first["stored"].as_u64().unwrap() + first["already_there"].as_u64().unwrap());
    let again = &stage.json(&["load", "--trust", "RAA", folder])["loaded"];
    assert_eq!(again["read"], first["read"]);
    assert_eq!(again["stored"], 0, "{again}");
    assert_counts(&stage, &counts);
}

#[test]
fn compressed_lines_load_with_sums_that_agree_on_both_stores() {
    compressed_lines_load_with_sums_that_agree(&Stage::with_trust());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(testkit::postgres::fresh()).unwrap();
    let stage = Stage::with_trust_in(&database.url);
    assert_eq!(
        stage.json(&["trust", "show", "RAA"])["trust"]["store"].as_str().map(|store| &store[..8]),
        Some("postgres")
    );
    compressed_lines_load_with_sums_that_agree(&stage);
}

fn compressed_lines_load_with_sums_that_agree(stage: &Stage) {
    let Some(folder) = suite("clinosim-296") else { return };
    let (mut counts, mut wrong) = (Counts::new(), 0);
    let mut paths = Vec::new();
    let some = ["AllergyIntolerance", "Patient", "Organization", "Location", "Coverage", "ImagingStudy"];
    for path in std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()) {
        if !is_soak() && !some.iter().any(|kind| path.ends_with(format!("{kind}.ndjson.gz"))) {
            continue;
        }
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(std::fs::File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
        for line in text.lines() {
            let resource: Value = serde_json::from_str(line).unwrap();
            // FHIR JSON has no empty arrays (json.html, 2.6.2); some lines of this suite have one.
            if has_empty_array(&resource) { wrong += 1 } else { count(&mut counts, &resource) }
        }
        paths.push(path.to_str().unwrap().to_owned());
    }
    let arguments = ["load", "--trust", "RAA"].into_iter().chain(paths.iter().map(String::as_str)).collect::<Vec<_>>();
    let account = &stage.json(&arguments)["loaded"];
    assert_eq!((&account["refused"], &account["files"]), (&wrong.into(), &paths.len().into()));
    for refusal in account["refusals"].as_array().unwrap() {
        assert!(refusal["reason"].as_str().unwrap().contains("An array must not be empty."), "{refusal}");
    }
    assert_counts(stage, &counts);
}

#[test]
fn what_is_refused_is_named_with_its_place_and_everything_else_is_stored() {
    let stage = Stage::with_trust();
    let lines = [
        r#"{"resourceType":"Patient","id":"p1"}"#,
        r#"{"resourceType":"Patient","id":"p2","gander":"x"}"#,
        "",
        "{broken",
        r#"{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/not-here"}}"#,
    ];
    std::fs::write(stage.path("a.ndjson"), lines.join("\n")).unwrap();
    let bundle = r#"{"resourceType":"Bundle","type":"transaction","entry":[
        {"fullUrl":"urn:uuid:3c1b7f3e-6a7c-4a0e-9a53-1f7b4d9e2a01","resource":{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"subject":{"reference":"urn:uuid:3c1b7f3e-6a7c-4a0e-9a53-1f7b4d9e2a02"}},"request":{"method":"POST","url":"Encounter"}},
        {"fullUrl":"urn:uuid:3c1b7f3e-6a7c-4a0e-9a53-1f7b4d9e2a02","resource":{"resourceType":"Patient","identifier":[{"system":"urn:x","value":"7"}]},"request":{"method":"POST","url":"Patient"}},
        {"request":{"method":"DELETE","url":"Patient/p1"}}]}"#;
    std::fs::write(stage.path("b.json"), bundle).unwrap();
    // It refers to a patient that only a later file brings.
    let early = r#"{"resourceType":"Encounter","id":"early","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient?identifier=urn:x|7"}}"#;
    std::fs::write(stage.path("a.json"), early).unwrap();
    let arguments = ["load", "--trust", "RAA", "a.json", "a.ndjson", "b.json"];
    assert_eq!(stage.run(&arguments).code, 1);
    let account = &stage.json(&arguments)["loaded"];
    let places: Vec<_> = account["refusals"].as_array().unwrap().iter().map(|refusal| &refusal["place"]).collect();
    assert_eq!(places.len(), 3, "{account}");
    assert_eq!((&places[0]["line"], &places[1]["line"]), (&2.into(), &4.into()));
    assert_eq!(places[2]["inside"], "Bundle.entry[2]");
    assert_eq!((&account["read"], &account["already_there"]), (&8.into(), &5.into()), "a repeat: {account}");
    let token = stage.token("system");
    let serving = stage.serve();
    let encounter = serving.get("/t/RAA/fhir/Encounter/early", &token).json();
    let reference = encounter["subject"]["reference"].as_str().unwrap();
    assert_eq!(reference, "Patient/3c1b7f3e-6a7c-4a0e-9a53-1f7b4d9e2a02");
}

#[test]
fn a_load_that_is_killed_is_simply_repeated() {
    let stage = Stage::with_trust();
    let Some((folder, counts)) = synthea(&stage, &['R', 'S']) else { return };
    let arguments = ["load", "--trust", "RAA", folder.to_str().unwrap()];
    let mut child = stage.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Killed as soon as something is committed: the database has grown.
    let database = stage.path("data/trusts/RAA");
    let size =
        || std::fs::read_dir(&database).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum::<u64>();
    let before = size();
    while size() < before + 2_000_000 && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let account = &stage.json(&arguments)["loaded"];
    assert_eq!(account["refused"], 0, "{account}");
    assert!(account["already_there"].as_u64().unwrap() > 0, "something was there: {account}");
    assert_counts(&stage, &counts);
}
