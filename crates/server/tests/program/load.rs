//! `load`: an account that agrees with an independent count of the files, on both stores; repeats; what is wrong; a load
//! that is killed. The files are counted by another JSON reader (`input.rs`); FHIR search must count the same.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use serde_json::Value;

use crate::input::{Input, place};
use crate::stage::{Stage, is_soak, note, suite};

/// Some patients of `synthea-150` by the first letters of their names, all of them in the long suites.
fn synthea(stage: &Stage, letters: &[char]) -> Option<Input> {
    let wanted = |name: &str| name.contains("Information") || name.starts_with(letters) || is_soak();
    Some(Input::synthea(&suite("synthea-150.tar.gz")?, stage.path("synthea"), wanted))
}

fn load(stage: &Stage, input: &Input) -> Value {
    let paths = input.paths.iter().map(|path| path.to_str().unwrap());
    stage.json(&["load", "--trust", "RAA"].into_iter().chain(paths).collect::<Vec<_>>())["loaded"].clone()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

/// The places of the texts that an account lists as refused.
fn refused(account: &Value) -> BTreeSet<String> {
    account["refusals"].as_array().unwrap().iter().map(|refusal| place(&refusal["place"])).collect()
}

/// The account says of every text of the files what became of it, and refuses those that break a rule and no others.
fn assert_account(account: &Value, input: &Input) {
    let sums = |of: &Value| ["stored", "already_there", "refused"].iter().map(|end| number(&of[end])).sum::<u64>();
    let refused = refused(account);
    let broken: BTreeSet<String> =
        input.texts.iter().filter(|(_, text)| text.is_broken).map(|(place, _)| place.clone()).collect();
    assert_eq!(refused, broken, "what is refused breaks a rule, and the other way round");
    assert_eq!(number(&account["refused"]), refused.len() as u64);
    assert_eq!((number(&account["read"]), sums(account)), (input.texts.len() as u64, input.texts.len() as u64));
    assert_eq!((number(&account["files"]), &account["stopped"]), (input.files as u64, &Value::Null));
    // A text whose JSON FHIR does not allow is refused before its type is read.
    let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
    let mut untyped = account["refusals"].as_array().unwrap().iter().filter(|refusal| refusal["kind"].is_null());
    let untyped: BTreeSet<String> = untyped.by_ref().map(|refusal| place(&refusal["place"])).collect();
    for (place, text) in &input.texts {
        *expected.entry(if untyped.contains(place) { "?" } else { &text.kind }).or_default() += 1;
    }
    let by_type = account["by_type"].as_object().unwrap();
    let read: BTreeMap<&str, u64> = by_type.iter().map(|(kind, of)| (kind.as_str(), number(&of["read"]))).collect();
    assert_eq!(read, expected);
    for (kind, of) in by_type {
        assert_eq!(sums(of), number(&of["read"]), "{kind}");
    }
}

/// What the record holds must be what the files hold without what was refused: by two FHIR searches and by its own count.
fn assert_counts(stage: &Stage, input: &Input, account: &Value) {
    let held = input.held_without(&refused(account));
    let own = stage.json(&["trust", "show", "RAA"])["trust"]["resources"].clone();
    let token = stage.token("system");
    let serving = stage.serve();
    for (kind, ids) in &held {
        assert_eq!(serving.count(kind, &token), ids.len() as u64, "{kind}");
        let page = serving.get(&format!("/t/RAA/fhir/{kind}?_count=1&_total=accurate"), &token).json();
        assert_eq!(page["total"], ids.len() as u64, "{kind}");
        assert_eq!(own.get(kind).map_or(0, number), ids.len() as u64, "{kind}");
    }
    assert!(own.as_object().unwrap().keys().all(|kind| held.contains_key(kind)), "nothing else is there: {own}");
}

/// The texts of one resource become versions in the order of the file, however far they stand apart in it.
#[test]
fn texts_of_one_resource_become_versions_in_their_order() {
    const TEXTS: usize = 12;
    Stage::on_both_stores(|stage, store| {
        let mut file = String::new();
        for number in 0..TEXTS {
            file.push_str(&format!(
                "{{\"resourceType\":\"Patient\",\"id\":\"same\",\"birthDate\":\"{}\"}}\n",
                1900 + number
            ));
            for other in 0..900 {
                let id = number * 900 + other;
                file.push_str(&format!(
                    "{{\"resourceType\":\"Basic\",\"id\":\"b{id}\",\"code\":{{\"text\":\"filler\"}}}}\n"
                ));
            }
        }
        std::fs::write(stage.path("apart.ndjson"), file).unwrap();
        let account = stage.json(&["load", "--trust", "RAA", "apart.ndjson"])["loaded"].clone();
        assert_eq!(number(&account["stored"]), 901 * TEXTS as u64, "{store}: {account}");
        let token = stage.token("system");
        let serving = stage.serve();
        let history = serving.get("/t/RAA/fhir/Patient/same/_history?_count=50", &token).json();
        let entries = history["entry"].as_array().unwrap();
        let versions: Vec<String> =
            entries.iter().map(|entry| entry["resource"]["birthDate"].as_str().unwrap().to_owned()).collect();
        let expected: Vec<String> = (0..TEXTS).rev().map(|number| (1900 + number).to_string()).collect();
        assert_eq!(versions, expected, "{store}: newest first");
    });
}

/// A load, its account, the same load again, and the counts.
fn assert_load(stage: &Stage, input: &Input, what: &str) {
    let first = load(stage, input);
    assert_account(&first, input);
    let again = load(stage, input);
    assert_account(&again, input);
    assert_eq!(
        (&again["stored"], &again["refusals"]),
        (&Value::from(0), &first["refusals"]),
        "a repeat stores nothing"
    );
    assert_counts(stage, input, &first);
    note(&format!(
        "load: {what}: read {}, stored {}, already there {}, refused {} in {} ms; again in {} ms",
        first["read"],
        first["stored"],
        first["already_there"],
        first["refused"],
        first["milliseconds"],
        again["milliseconds"],
    ));
}

#[test]
fn bundles_load_with_sums_that_agree_and_a_repeat_stores_nothing() {
    Stage::on_both_stores(|stage, store| {
        let Some(input) = synthea(stage, &['Q', 'U']) else { return };
        assert_load(stage, &input, &format!("synthea-150 into {store}"));
    });
}

#[test]
fn compressed_lines_load_with_sums_that_agree_and_a_repeat_stores_nothing() {
    let Some(folder) = suite("clinosim-296") else { return };
    let some = ["AllergyIntolerance", "Patient", "Organization", "Location", "Coverage", "ImagingStudy"];
    let input = Input::clinosim(&folder, if is_soak() { &[] } else { &some });
    Stage::on_both_stores(|stage, store| assert_load(stage, &input, &format!("clinosim-296 into {store}")));
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
    let Some(input) = synthea(&stage, &['R', 'S']) else { return };
    let arguments = ["load", "--trust", "RAA", input.paths[0].to_str().unwrap()];
    let mut child = stage.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Killed as soon as something is committed: the database has grown.
    let database = stage.path("data/trusts/RAA");
    // A file may go between its listing and its measuring.
    let size = || -> u64 {
        let files = std::fs::read_dir(&database).unwrap().map(|file| file.unwrap().metadata());
        files.filter_map(Result::ok).map(|file| file.len()).sum()
    };
    let before = size();
    while size() < before + 2_000_000 && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let account = load(&stage, &input);
    assert_account(&account, &input);
    assert!(number(&account["already_there"]) > 0, "something was there: {account}");
    assert_counts(&stage, &input, &account);
}
