//! A trust leaves: everything is taken out, read in on another host, and nothing differs, history, accesses, accounts and
//! configuration included; a stranger can read it; a folder that was tampered with is refused by name and leaves nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::input::Input;
use crate::stage::{Serving, Stage, becomes, is_soak, note, suite};

const JSON: (&str, &str) = ("Content-Type", "application/fhir+json");

/// A database that lives as long as the stage that is on it.
pub(crate) fn postgres() -> testkit::postgres::TestDatabase {
    tokio::runtime::Runtime::new().unwrap().block_on(testkit::postgres::fresh()).unwrap()
}

fn exported(stage: &Stage, code: &str, to: &Path) -> Value {
    let said = stage.json(&["export", "--trust", code, to.to_str().unwrap(), "--by", "A tester"]);
    said["exit"]["exported"].clone()
}

fn imported(stage: &Stage, from: &Path) -> Value {
    stage.json(&["import", from.to_str().unwrap()])["exit"]["imported"].clone()
}

/// The digests of the index by type, as `verify` finds them; the record must be whole. What a host's keys change is left.
fn proved(stage: &Stage, code: &str) -> Vec<String> {
    let verified = stage.json(&["verify", "--trust", code, "--index"])["verified"].clone();
    assert_eq!(verified["whole"], true, "{verified}");
    let checked = verified["checked"].as_array().unwrap().iter().map(|line| line.to_string());
    checked.filter(|line| line.contains("digest")).collect()
}

/// Every file of a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut found, mut left) = (BTreeMap::new(), vec![PathBuf::new()]);
    while let Some(below) = left.pop() {
        for entry in std::fs::read_dir(folder.join(&below)).unwrap() {
            let name = below.join(entry.unwrap().file_name());
            let path = folder.join(&name);
            if path.is_dir() {
                left.push(name);
            } else {
                found.insert(name.to_str().unwrap().to_owned(), std::fs::read(path).unwrap());
            }
        }
    }
    found
}

fn copied(from: &Path, to: &Path) {
    for (name, bytes) in files(from) {
        let path = to.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

fn ndjson(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A round trip; gives the two outcomes. The target has the trust with the same index, and says so itself.
fn round_trip(from: &Stage, code: &str, to: &Stage) -> (Value, Value) {
    let folder = from.path(&format!("exit-{code}"));
    let out = exported(from, code, &folder);
    let back = imported(to, &folder);
    for what in ["faults", "differences"] {
        assert_eq!(back[what], json!([]), "{back}");
    }
    assert_eq!(proved(from, code), proved(to, code));
    // Taken out once more at the other host, strangers read the same.
    let again = to.path(&format!("again-{code}"));
    exported(to, code, &again);
    let (first, second) = (files(&folder), files(&again));
    for (name, bytes) in &first {
        let same = ["fhir/", "blobs/", "configuration/", "lists/", "accounts.ndjson"];
        if same.iter().any(|begin| name.starts_with(begin)) {
            assert!(second.get(name) == Some(bytes), "{name} is otherwise at the other host");
        }
    }
    let entries = "journal/entries.ndjson";
    assert!(second[entries].starts_with(&first[entries]), "the journal goes on from where it was");
    let (before, after) = (ndjson(&first["access/log.ndjson"]), ndjson(&second["access/log.ndjson"]));
    assert!(!before.is_empty() && before.iter().all(|read| after.contains(read)), "every access is there");
    (out, back)
}

fn figures(what: &str, out: &Value, back: &Value) {
    let (holds, ms) = (&out["holds"], |of: &Value| of["milliseconds"].as_u64().unwrap().max(1));
    let rate = |of: &Value, ms: u64| of.as_u64().unwrap() * 1000 / ms;
    note(&format!(
        "{what}: {} versions, {} bytes, {} files; out in {} ms ({} versions/s), in and compared in {} ms ({} versions/s)",
        holds["versions"],
        holds["bytes"],
        holds["files"],
        ms(out),
        rate(&holds["versions"], ms(out)),
        ms(back),
        rate(&holds["versions"], ms(back)),
    ));
}

fn leaves_between(stores: [&str; 2], what: &str) {
    let (from, to) = (Stage::in_store(stores[0]), Stage::in_store(stores[1]));
    let (serving, said) = from.start("demo");
    let (name, password) = (&said["sign-ins"][0]["name"], &said["sign-ins"][0]["password"]);
    let (name, password) = (name.as_str().unwrap().to_owned(), password.as_str().unwrap().to_owned());
    let token = said["token"].as_str().unwrap().to_owned();
    // Somebody looks, and something is written and taken away again: history, deletions, accesses.
    let bearer = format!("Bearer {token}");
    let headers = [JSON, ("Authorization", bearer.as_str())];
    let put = |family: &str| {
        let body = format!(r#"{{"resourceType":"Patient","id":"leaver","name":[{{"family":"{family}"}}]}}"#);
        serving.send("PUT", "/t/THR/fhir/Patient/leaver", &headers, body.as_bytes()).status
    };
    assert_eq!([put("First"), put("Second")], [201, 200]);
    assert_eq!(serving.get("/t/THR/fhir/Patient/leaver", &token).status, 200);
    assert_eq!(serving.send("DELETE", "/t/THR/fhir/Patient/leaver", &headers, b"").status, 204);
    assert!(serving.stop());
    for code in ["THR", "MGH"] {
        let (out, back) = round_trip_of_demo(&from, code, &to);
        figures(&format!("{what}, {code}"), &out, &back);
    }
    // People sign in with what they know, software with its tokens, and history is there.
    let serving = to.serve();
    assert_eq!(serving.sign_in("THR", &name, &password).0, 303);
    let history = serving.get("/t/THR/fhir/Patient/leaver/_history", &token);
    assert_eq!(history.status, 200);
    assert_eq!(history.json()["total"], 3, "{}", history.json());
    // It goes on: what is written here is of the same journal.
    let bearer = format!("Bearer {token}");
    let headers = [JSON, ("Authorization", bearer.as_str())];
    let written = serving.send("POST", "/t/THR/fhir/Patient", &headers, br#"{"resourceType":"Patient"}"#);
    assert_eq!(written.status, 201);
    assert!(serving.stop());
    let checkpoint = to.json(&["checkpoint", "--trust", "THR"])["checkpoint"]["text"].as_str().unwrap().to_owned();
    std::fs::write(to.path("after"), &checkpoint).unwrap();
    let verified = to.json(&["verify", "--trust", "THR", "--against", "after"])["verified"].clone();
    assert_eq!(verified["whole"], true, "{verified}");
}

/// The demonstration goes on by itself while it is served, so it is taken out when it stands still.
fn round_trip_of_demo(from: &Stage, code: &str, to: &Stage) -> (Value, Value) {
    let (out, back) = round_trip(from, code, to);
    let holds = &out["holds"];
    for what in ["accounts", "configuration_files", "accesses", "desk_rows"] {
        assert!(holds[what].as_u64().unwrap() > 0, "{what}: {holds}");
    }
    (out, back)
}

#[test]
fn the_demonstration_leaves_sqlite_for_sqlite() {
    leaves_between(["sqlite", "sqlite"], "SQLite to SQLite");
}

#[test]
fn the_demonstration_leaves_sqlite_for_postgresql() {
    leaves_between(["sqlite", &postgres().url], "SQLite to PostgreSQL");
}

#[test]
fn the_demonstration_leaves_postgresql_for_sqlite() {
    leaves_between([&postgres().url, "sqlite"], "PostgreSQL to SQLite");
}

/// A small trust with a bit of everything, and the folder that it was taken out into.
fn small() -> (Stage, PathBuf) {
    let stage = Stage::with_trust();
    let scan = "QUJD".repeat(40_000);
    let lines = [
        json!({"resourceType":"Patient","id":"p1","name":[{"family":"Able","given":["Ann"]}],"birthDate":"1950-01-02"}),
        json!({"resourceType":"Patient","id":"p2","name":[{"family":"Baker"}],"identifier":
            [{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}]}),
        json!({"resourceType":"Observation","id":"o1","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p1"}}),
        json!({"resourceType":"DocumentReference","id":"d1","status":"current","subject":{"reference":"Patient/p1"},
            "content":[{"attachment":{"contentType":"application/pdf","data":scan}}]}),
        json!({"resourceType":"Practitioner","id":"reilly","name":[{"family":"Reilly"}]}),
    ];
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    std::fs::write(stage.path("a.ndjson"), lines.join("\n")).unwrap();
    assert_eq!(stage.json(&["load", "--trust", "RAA", "a.ndjson"])["loaded"]["stored"], 5);
    let add = ["user", "add", "--trust", "RAA", "--name", "s.reilly", "--display", "S Reilly", "--role", "clinician"];
    stage.json(&[&add[..], &["--staff", "reilly"]].concat());
    let token = stage.token("system");
    let serving = stage.serve();
    let bearer = format!("Bearer {token}");
    let headers = [JSON, ("Authorization", bearer.as_str())];
    // Spread over lines, as some senders write it.
    let body = "{\n  \"resourceType\": \"Patient\",\r\n  \"id\": \"p1\",\n  \"name\": [{\"family\": \"Abel\"}]\n}";
    assert_eq!(serving.send("PUT", "/t/RAA/fhir/Patient/p1", &headers, body.as_bytes()).status, 200);
    assert_eq!(serving.get("/t/RAA/fhir/Patient/p1", &token).status, 200);
    assert_eq!(serving.send("DELETE", "/t/RAA/fhir/Patient/p2", &headers, b"").status, 204);
    assert!(serving.stop());
    let folder = stage.path("out");
    exported(&stage, "RAA", &folder);
    (stage, folder)
}

#[test]
fn a_stranger_can_read_everything() {
    use std::os::unix::fs::PermissionsExt as _;
    let (stage, folder) = small();
    let all = files(&folder);
    let readme = String::from_utf8(all["README.md"].clone()).unwrap();
    for name in ["fhir/current", "journal.almjournal", "almoner-verify", "accounts.ndjson", "sha256sum"] {
        assert!(readme.contains(name), "{name}");
    }
    for name in all.keys() {
        let mode = std::fs::metadata(folder.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let current = ndjson(&all["fhir/current/Patient.ndjson"]);
    assert_eq!(current.len(), 1, "the deleted one is not current");
    assert_eq!((&current[0]["name"][0]["family"], &current[0]["meta"]["versionId"]), (&json!("Abel"), &json!("2")));
    let history = ndjson(&all["fhir/history/Patient.ndjson"]);
    let told: Vec<(&str, u64, &str)> = history
        .iter()
        .map(|line| {
            (line["id"].as_str().unwrap(), line["version"].as_u64().unwrap(), line["operation"].as_str().unwrap())
        })
        .collect();
    assert_eq!(told, [("p1", 1, "create"), ("p2", 1, "create"), ("p1", 2, "update"), ("p2", 2, "delete")]);
    assert_eq!(history[0]["resource"]["name"][0]["family"], "Able");
    assert!(history[3].get("resource").is_none() && history[3]["author"].as_str().unwrap().starts_with("token/"));
    // The scan is in the current text, and once as a file that the history names.
    let document = &ndjson(&all["fhir/current/DocumentReference.ndjson"])[0];
    assert_eq!(document["content"][0]["attachment"]["data"].as_str().unwrap().len(), 160_000);
    let told = &ndjson(&all["fhir/history/DocumentReference.ndjson"])[0];
    let blob = told["attachments"][0]["blob"].as_str().unwrap();
    assert_eq!(all[&format!("blobs/{}/{blob}", &blob[..2])], b"ABC".repeat(40_000));
    let log = ndjson(&all["access/log.ndjson"]);
    // Before that they were read to be compared, which is in the log too.
    let is_taken = |line: &&Value| line["purpose"] == "exit" && line["subjects"] == json!(["Patient/p1", "Patient/p2"]);
    let taken = log.iter().find(is_taken).unwrap();
    assert!(taken["query"].as_str().unwrap().contains("A tester"), "{taken}");
    assert!(log.iter().any(|line| line["principal"].as_str().unwrap().starts_with("token/")));
    let accounts = ndjson(&all["accounts.ndjson"]);
    assert_eq!((&accounts[0]["name"], &accounts[0]["staff"]), (&json!("s.reilly"), &json!("reilly")));
    assert!(accounts[0]["password"].as_str().unwrap().starts_with("$argon2id$"), "{accounts:?}");
    let patients = String::from_utf8(all["lists/patients.csv"].clone()).unwrap();
    assert!(patients.lines().nth(1).unwrap().starts_with("p1,,,Abel,,"), "{patients}");
    let manifest: Value = serde_json::from_slice(&all["manifest.json"]).unwrap();
    assert_eq!(manifest["holds"]["versions"], 8, "{manifest}");
    // What SHA-256 says of a file is what anybody's program says of it.
    let listed = manifest["files"].as_array().unwrap().iter().find(|file| file["path"] == "accounts.ndjson").unwrap();
    let summed = std::process::Command::new("sha256sum").arg(folder.join("accounts.ndjson")).output().unwrap();
    assert!(String::from_utf8(summed.stdout).unwrap().starts_with(listed["sha256"].as_str().unwrap()));
    let listed = stage.run(&["export", "--trust", "RAA", "out", "--by", "A tester"]);
    assert!(listed.code == 1 && listed.err.contains("not an empty folder"), "{}", listed.err);
}

/// Edits the file of a name.
fn edit(folder: &Path, name: &str, change: impl Fn(String) -> String) {
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "{name}");
    std::fs::write(path, changed).unwrap();
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

fn joined(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Puts the digest of a file as it is now into the manifest.
fn listed_again(folder: &Path, name: &str) {
    let summed = std::process::Command::new("sha256sum").arg(folder.join(name)).output().unwrap();
    let sum = String::from_utf8(summed.stdout).unwrap().split(' ').next().unwrap().to_owned();
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    for file in manifest["files"].as_array_mut().unwrap() {
        if file["path"] == name {
            file["sha256"] = json!(sum);
        }
    }
    std::fs::write(folder.join("manifest.json"), serde_json::to_vec_pretty(&manifest).unwrap()).unwrap();
}

type Tamper = fn(&Path);

/// What is done to a folder, and what the refusal must say.
const TAMPERS: [(&str, Tamper, &[&str]); 17] = [
    (
        "a line edited",
        |folder| edit(folder, "fhir/current/Patient.ndjson", |text| text.replace("Abel", "Abul")),
        &["fhir/current/Patient.ndjson: it was changed", "fhir/current/Patient.ndjson: line 1"],
    ),
    (
        "a line dropped",
        |folder| {
            edit(folder, "fhir/history/Patient.ndjson", |text| {
                joined(&[&lines(&text)[..1], &lines(&text)[2..]].concat())
            })
        },
        &["fhir/history/Patient.ndjson: it has 3 lines, not the 4", "fhir/history/Patient.ndjson: line 2"],
    ),
    (
        "a line added",
        |folder| edit(folder, "access/log.ndjson", |text| format!("{text}{{}}\n")),
        &["access/log.ndjson: it has", "access/log.ndjson: it goes on in the folder"],
    ),
    (
        "lines reordered",
        |folder| {
            edit(folder, "fhir/history/Patient.ndjson", |text| {
                let mut all = lines(&text);
                all.swap(1, 2);
                joined(&all)
            });
        },
        &["fhir/history/Patient.ndjson: it was changed; it still has 4 lines", "fhir/history/Patient.ndjson: line 2"],
    ),
    (
        "a file dropped",
        |folder| std::fs::remove_file(folder.join("accounts.ndjson")).unwrap(),
        &["accounts.ndjson: it is missing"],
    ),
    (
        "a file added",
        |folder| std::fs::write(folder.join("fhir/current/Claim.ndjson"), "{}\n").unwrap(),
        &["fhir/current/Claim.ndjson: it is in the folder and was not exported"],
    ),
    (
        "two files exchanged",
        |folder| {
            let (a, b) = (folder.join("lists/staff.csv"), folder.join("lists/staff-roles.csv"));
            std::fs::rename(&a, folder.join("c")).unwrap();
            std::fs::rename(&b, &a).unwrap();
            std::fs::rename(folder.join("c"), &b).unwrap();
        },
        &["lists/staff.csv: it has 1 lines, not the 2", "lists/staff-roles.csv: it has 2 lines, not the 1"],
    ),
    (
        "a text in the journal edited",
        |folder| {
            let path = folder.join("journal/journal.almjournal");
            let mut bytes = std::fs::read(&path).unwrap();
            let at = bytes.windows(4).position(|window| window == b"Able").unwrap();
            bytes[at] = b'C';
            std::fs::write(path, bytes).unwrap();
        },
        &["journal/journal.almjournal: it was changed", "Patient/p1 version 1", "text-changed"],
    ),
    (
        "the journal cut",
        |folder| {
            let path = folder.join("journal/journal.almjournal");
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        },
        &["journal/journal.almjournal", "cut short"],
    ),
    (
        "a blob changed",
        |folder| {
            let blob = files(folder).into_keys().find(|name| name.starts_with("blobs/") && name.len() > 60).unwrap();
            std::fs::write(folder.join(blob), b"ABD".repeat(40_000)).unwrap();
        },
        &["journal/journal.almjournal: entry", "blob-changed"],
    ),
    (
        "a blob dropped",
        |folder| {
            let blob = files(folder).into_keys().find(|name| name.starts_with("blobs/") && name.len() > 60).unwrap();
            std::fs::remove_file(folder.join(blob)).unwrap();
        },
        &["journal/journal.almjournal: entry", "blob-missing"],
    ),
    (
        "a row of the desk edited",
        |folder| edit(folder, "desk.ndjson", |text| text.replacen("\"change\":", "\"change\":1", 1)),
        &["desk.ndjson: it was changed"],
    ),
    (
        "a number in the manifest edited",
        |folder| edit(folder, "manifest.json", |text| text.replacen("\"versions\": 8", "\"versions\": 6", 1)),
        &["seal.txt: manifest.json is not the one that was sealed"],
    ),
    (
        "a line edited and the manifest made to agree",
        |folder| {
            edit(folder, "lists/patients.csv", |text| text.replace("Abel", "Abul"));
            listed_again(folder, "lists/patients.csv");
        },
        &["seal.txt: manifest.json is not the one that was sealed"],
    ),
    (
        "the seal taken away",
        |folder| std::fs::remove_file(folder.join("seal.txt")).unwrap(),
        &["seal.txt: it is missing"],
    ),
    (
        "the seal edited",
        |folder| edit(folder, "seal.txt", |text| text.replacen("trust RAA", "trust RAB", 1)),
        &["seal.txt: manifest.json is not the one that was sealed"],
    ),
    (
        "the key to go on with exchanged",
        |folder| edit(folder, "handover.json", |text| text.replacen("\"signature\": \"", "\"signature\": \"AAAA", 1)),
        &["handover.json: it was changed"],
    ),
];

#[test]
fn a_folder_that_was_tampered_with_is_refused_by_name_and_leaves_nothing() {
    let (source, folder) = small();
    let target = Stage::set();
    for (what, tamper, expected) in TAMPERS {
        let changed = target.path("changed");
        copied(&folder, &changed);
        tamper(&changed);
        let said = target.run(&["import", "changed"]);
        assert_eq!(said.code, 1, "{what}: {}{}", said.out, said.err);
        for words in expected {
            assert!(said.out.contains(words), "{what}: {words:?} in {}{}", said.out, said.err);
        }
        assert!(said.out.contains("Nothing of it is on this host"), "{what}: {}", said.out);
        assert!(!target.path("data/trusts/RAA").exists(), "{what}");
        assert_eq!(target.json(&["trust", "list"])["trusts"], json!([]), "{what}");
        std::fs::remove_dir_all(changed).unwrap();
    }
    // A folder that is older than a checkpoint that somebody kept, and one that is no export.
    let token = source.token("system");
    let serving = source.serve();
    let bearer = format!("Bearer {token}");
    let headers = [JSON, ("Authorization", bearer.as_str())];
    assert_eq!(serving.send("POST", "/t/RAA/fhir/Patient", &headers, br#"{"resourceType":"Patient"}"#).status, 201);
    assert!(serving.stop());
    let later = source.json(&["checkpoint", "--trust", "RAA"])["checkpoint"]["text"].as_str().unwrap().to_owned();
    std::fs::write(target.path("later"), later).unwrap();
    let said = target.run(&["import", folder.to_str().unwrap(), "--against", "later"]);
    assert!(said.code == 1 && said.out.contains("tail-cut"), "{}{}", said.out, said.err);
    std::fs::create_dir(target.path("empty")).unwrap();
    let said = target.run(&["import", "empty"]);
    assert!(said.code == 1 && said.err.contains("is no export"), "{}{}", said.out, said.err);
    // As it was it is taken, once, and under another code once more.
    assert_eq!(imported(&target, &folder)["differences"], json!([]));
    let twice = target.run(&["import", folder.to_str().unwrap()]);
    assert!(twice.code == 1 && twice.err.contains("already"), "{}{}", twice.out, twice.err);
    let other = target.json(&["import", folder.to_str().unwrap(), "--as", "RBB"])["exit"]["imported"].clone();
    assert_eq!((&other["trust"], &other["differences"]), (&json!("RBB"), &json!([])));
    let own = source.run(&["import", folder.to_str().unwrap(), "--as", "RBB"]);
    assert!(own.code == 1 && own.err.contains("data directory of its own"), "{}{}", own.out, own.err);
}

#[test]
fn a_trust_that_is_used_meanwhile_is_taken_out_as_it_was_at_one_entry() {
    let stage = Stage::with_trust();
    let lines: Vec<String> = (0..400).map(|n| format!(r#"{{"resourceType":"Patient","id":"p{n}"}}"#)).collect();
    std::fs::write(stage.path("a.ndjson"), lines.join("\n")).unwrap();
    stage.json(&["load", "--trust", "RAA", "a.ndjson"]);
    let token = stage.token("system");
    let serving = stage.serve();
    let (address, stop) = (serving.address, Arc::new(AtomicBool::new(false)));
    let writer = {
        let (stop, token) = (Arc::clone(&stop), format!("Bearer {token}"));
        std::thread::spawn(move || {
            let mut written = 0;
            while !stop.load(Ordering::Acquire) {
                let id = written % 400;
                let body = format!(r#"{{"resourceType":"Patient","id":"p{id}","gender":"female"}}"#);
                let headers = [JSON, ("Authorization", token.as_str())];
                let path = format!("/t/RAA/fhir/Patient/p{id}");
                let put = Serving::request(address, "PUT", &path, &headers, body.as_bytes()).unwrap();
                assert_eq!(put.status, 200);
                assert_eq!(Serving::request(address, "GET", &path, &headers[1..], b"").unwrap().status, 200);
                written += 1;
            }
            written
        })
    };
    let mut sizes = Vec::new();
    for round in 0..3 {
        let folder = stage.path(&format!("out{round}"));
        let out = exported(&stage, "RAA", &folder);
        let target = Stage::set();
        let back = imported(&target, &folder);
        assert_eq!((&back["faults"], &back["differences"]), (&json!([]), &json!([])), "{back}");
        sizes.push(out["holds"]["entries"].as_u64().unwrap());
    }
    let rehearsed = stage.json(&["export", "--trust", "RAA", "--rehearse"])["exit"]["rehearsed"].clone();
    assert_eq!(rehearsed["differences"], json!([]), "{rehearsed}");
    stop.store(true, Ordering::Release);
    assert!(writer.join().unwrap() > 0 && sizes.is_sorted() && sizes[0] < sizes[2], "it was used meanwhile: {sizes:?}");
}

#[test]
fn what_a_crash_left_is_begun_anew_and_what_is_not_ours_is_left_alone() {
    let (stage, _) = small();
    let ended = |stage: &Stage, arguments: &[&str], place: &str| {
        let mut command = stage.command(arguments);
        let status = command.env("ALMONER_FAIL_AT", place).output().unwrap().status;
        assert!(!status.success() && status.code().is_none(), "{place} was not reached");
    };
    let export = ["export", "--trust", "RAA", "second", "--by", "A tester"];
    ended(&stage, &export, "before-naming-an-export");
    assert!(!stage.path("second").exists() && stage.path("second.part").exists());
    stage.json(&export);
    assert!(stage.path("second").exists() && !stage.path("second.part").exists());
    std::fs::create_dir(stage.path("third.part")).unwrap();
    std::fs::write(stage.path("third.part/mine"), "x").unwrap();
    let refused = stage.run(&["export", "--trust", "RAA", "third", "--by", "A tester"]);
    assert!(refused.code == 1 && refused.err.contains("no unfinished export"), "{}", refused.err);
    assert_eq!(std::fs::read(stage.path("third.part/mine")).unwrap(), b"x");

    let database = postgres();
    for store in ["sqlite", &database.url] {
        let target = Stage::in_store(store);
        let folder = stage.path("second");
        let import = ["import", folder.to_str().unwrap()];
        for place in ["import-half-way", "import-before-opening"] {
            ended(&target, &import, place);
            assert_eq!(target.json(&["trust", "list"])["trusts"], json!([]), "nobody uses half a trust");
            let add = target.run(&["trust", "add", "--code", "RAA", "--name", "X"]);
            assert!(add.code == 1 && add.err.contains("broke off"), "{}", add.err);
        }
        assert_eq!(imported(&target, &folder)["differences"], json!([]));
        proved(&target, "RAA");
    }
    // A store that has something in it is nobody's to take away.
    let other = Stage::in_store(&database.url);
    let refused = other.run(&["import", stage.path("second").to_str().unwrap()]);
    assert!(refused.code == 1 && refused.err.contains("There is something"), "{}", refused.err);
}

#[test]
fn the_host_page_tells_of_the_last_rehearsal() {
    let (stage, _) = small();
    let add = ["user", "add", "--trust", "RAA", "--name", "o.host", "--display", "O Host", "--role", "operator"];
    let password = stage.json(&add)["user"]["password"].as_str().unwrap().to_owned();
    let serving = stage.serve();
    let (_, cookie) = serving.sign_in("RAA", "o.host", &password);
    let cookie = cookie.unwrap();
    let page = || String::from_utf8(serving.send("GET", "/t/RAA/host", &[("Cookie", &cookie)], b"").body).unwrap();
    assert!(page().contains("not yet rehearsed"));
    let rehearsed = stage.json(&["export", "--trust", "RAA", "--rehearse"])["exit"]["rehearsed"].clone();
    assert_eq!(rehearsed["differences"], json!([]), "{rehearsed}");
    let not_compared = rehearsed["not_compared"].to_string();
    assert!(!not_compared.contains("written to meanwhile"), "it stood still: {not_compared}");
    let shown = page();
    assert!(!shown.contains("not yet rehearsed") && shown.contains("0 differences"), "{shown}");
    assert!(!stage.path("data/exit/RAA").exists(), "nothing of it stays");
    assert!(becomes(|| serving.get("/health", "").status == 200));
}

/// A third-party suite, loaded, taken out and read in, from each store to the other.
fn of_suite(what: &str, input: &Input) {
    let databases = [postgres(), postgres()];
    let stores = [["sqlite", databases[0].url.as_str()], [databases[1].url.as_str(), "sqlite"]];
    for [from, to] in stores {
        let (from, to) = (Stage::with_trust_in(from), Stage::in_store(to));
        let paths = input.paths.iter().map(|path| path.to_str().unwrap());
        let arguments: Vec<&str> = ["load", "--trust", "RAA"].into_iter().chain(paths).collect();
        let loaded = from.json(&arguments)["loaded"].clone();
        assert!(loaded["stored"].as_u64().unwrap() > 100, "{loaded}");
        let (out, back) = round_trip(&from, "RAA", &to);
        let store = if from.store() == "sqlite" { "SQLite to PostgreSQL" } else { "PostgreSQL to SQLite" };
        figures(&format!("{what}, {store}"), &out, &back);
    }
}

#[test]
fn synthea_leaves() {
    let Some(archive) = suite("synthea-150.tar.gz") else { return };
    let kept = tempfile::tempdir().unwrap();
    let wanted = |name: &str| name.contains("Information") || name.starts_with("Buster") || is_soak();
    of_suite("synthea-150", &Input::synthea(&archive, kept.path().join("synthea"), wanted));
}

#[test]
fn clinosim_leaves() {
    let Some(folder) = suite("clinosim-296") else { return };
    let some = ["AllergyIntolerance", "Patient", "Organization", "Location", "Coverage", "ImagingStudy"];
    of_suite("clinosim-296", &Input::clinosim(&folder, if is_soak() { &[] } else { &some }));
}
