//! A data directory on a medium that can only be read, of a host that was killed: a trust is verified, packed and exported from
//! it, not one byte is written there, and what came of it is told to be no move. Needs root, for the medium.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use testkit::disk::SmallDisk;

use crate::stage::{Said, Stage, note};

/// Every file below a folder, with its content.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        match path.is_dir() {
            true => found.extend(files(&path)),
            false if path.is_file() => drop(found.insert(path.clone(), std::fs::read(&path).unwrap())),
            false => {}
        }
    }
    found
}

/// A command about a copy, with a folder of its own for temporary files, which must be empty in the end.
fn from_copy(stage: &Stage, copy: &Path, arguments: &[&str]) -> Said {
    let temporary = stage.path("temporary");
    std::fs::create_dir_all(&temporary).unwrap();
    let mut command = stage.command(arguments);
    let output = command.arg("--from-copy").arg(copy).env("TMPDIR", &temporary).output().unwrap();
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "nothing of it stays");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// A host with people and an attachment, killed while its database still has a log.
fn killed(stage: &Stage) {
    let serving = stage.serve();
    let lines: Vec<String> = (0..300).map(|n| format!(r#"{{"resourceType":"Patient","id":"p{n}"}}"#)).collect();
    std::fs::write(stage.path("p.ndjson"), lines.join("\n")).unwrap();
    assert_eq!(stage.json(&["load", "--trust", "RAA", "p.ndjson"])["loaded"]["stored"], 300);
    let scan = "QUJD".repeat(60_000);
    let document = format!(
        r#"{{"resourceType":"DocumentReference","id":"d","status":"current","content":[{{"attachment":{{"contentType":"application/pdf","data":"{scan}"}}}}]}}"#
    );
    let token = format!("Bearer {}", stage.token("system"));
    let headers = [("Content-Type", "application/fhir+json"), ("Authorization", token.as_str())];
    let put = serving.send("PUT", "/t/RAA/fhir/DocumentReference/d", &headers, document.as_bytes());
    assert_eq!(put.status, 201);
    drop(serving);
    let log = stage.path("data/trusts/RAA/record.db-wal");
    assert!(std::fs::metadata(log).unwrap().len() > 0, "what was written last is in the log alone");
}

#[test]
fn a_trust_is_read_from_a_medium_on_which_nothing_can_be_written() {
    let disk = match SmallDisk::mount(256) {
        Ok(disk) => disk,
        Err(error) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "CI has to run this as root: {error}");
            return note(&format!("SKIPPED: a small disk (tmpfs) cannot be mounted; run as root: {error}"));
        }
    };
    let stage = Stage::with_trust_on(disk.path());
    killed(&stage);
    disk.only_to_be_read().unwrap();
    let before = files(disk.path());
    assert_ne!(stage.run(&["verify", "--trust", "RAA"]).code, 0, "a host cannot work there");

    let verified = from_copy(&stage, disk.path(), &["verify", "--trust", "RAA", "--index"]);
    assert_eq!(verified.code, 0, "{} {}", verified.out, verified.err);
    let packed = from_copy(&stage, disk.path(), &["move", "pack", "--trust", "RAA", "--out", "folder"]);
    assert_eq!(packed.code, 0, "{} {}", packed.out, packed.err);
    assert!(
        packed.err.contains("No cut was signed") && packed.err.contains("later than the last checkpoint"),
        "{}",
        packed.err
    );
    assert!(stage.path("folder/segments.json").exists() && stage.path("folder/rest").exists());
    let exported = from_copy(&stage, disk.path(), &["export", "--trust", "RAA", "exit"]);
    assert_eq!(exported.code, 0, "{} {}", exported.out, exported.err);
    assert!(exported.err.contains("No cut was signed"), "{}", exported.err);
    let refused = from_copy(&stage, disk.path(), &["user", "list", "--trust", "RAA"]);
    assert!(refused.code == 1 && refused.err.contains("verified, exported or packed"), "{}", refused.err);
    assert!(files(disk.path()) == before, "nothing was written");

    // What was taken out is a trust again elsewhere, by the rule of an export.
    let other = Stage::set();
    let imported = other.run(&["import", stage.path("exit").to_str().unwrap()]);
    assert_eq!(imported.code, 0, "{} {}", imported.out, imported.err);
    let trust = other.json(&["trust", "show", "RAA"]);
    assert_eq!(
        (&trust["trust"]["resources"]["Patient"], &trust["trust"]["resources"]["DocumentReference"]),
        (&300.into(), &1.into())
    );
}

#[test]
fn a_copy_that_is_damaged_or_belongs_to_a_host_that_runs_is_refused_and_stays_as_it_is() {
    let stage = Stage::with_trust();
    let serving = stage.serve();
    let data = stage.path("data");
    let said = from_copy(&stage, &data, &["verify", "--trust", "RAA"]);
    assert!(said.code == 1 && said.err.contains("it is no copy"), "{} {}", said.out, said.err);
    drop(serving);
    killed(&stage);
    // A byte of an attachment.
    let blob = files(&data.join("trusts/RAA/blobs")).into_keys().next().unwrap();
    let mut bytes = std::fs::read(&blob).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&blob, bytes).unwrap();
    let before = files(&data);
    for arguments in [&["move", "pack", "--trust", "RAA", "--out", "folder"][..], &["export", "--trust", "RAA", "exit"]]
    {
        let said = from_copy(&stage, &data, arguments);
        assert_eq!(said.code, 1, "{} {}", said.out, said.err);
    }
    assert!(!stage.path("folder").exists() && !stage.path("exit").exists());
    assert!(files(&data) == before, "nothing was written, though it could have been");
    let said = from_copy(&stage, &data, &["verify", "--trust", "RAB"]);
    assert!(said.code == 1 && said.err.contains("There is no trust RAB"), "{}", said.err);
}
