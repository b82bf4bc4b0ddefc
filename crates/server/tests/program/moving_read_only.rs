//! A data directory on a medium that can only be read, of a host that was killed: a trust is verified, packed and exported from
//! it, not one byte is written there, and what came of it is told to be no move. Needs root, for the medium. Its record may be
//! in PostgreSQL, and is read there through a user who may do no more.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use testkit::disk::SmallDisk;
use testkit::postgres;

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
    from_copy_at(stage, (copy, stage.store()), arguments)
}

/// The same of a record that is read at this address.
fn from_copy_at(stage: &Stage, (copy, store): (&Path, &str), arguments: &[&str]) -> Said {
    let temporary = stage.path("temporary");
    std::fs::create_dir_all(&temporary).unwrap();
    let mut command = stage.command(arguments);
    let output =
        command.arg("--from-copy").arg(copy).env("TMPDIR", &temporary).env("ALMONER_STORE", store).output().unwrap();
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "nothing of it stays");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// A host with people and an attachment, killed while its database still has a log.
fn killed(stage: &Stage) {
    filled(stage);
    let log = stage.path("data/trusts/RAA/record.db-wal");
    assert!(std::fs::metadata(log).unwrap().len() > 0, "what was written last is in the log alone");
}

/// A host with people and an attachment, killed.
fn filled(stage: &Stage) {
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
}

/// A disk, unless this machine has none for us.
fn disk() -> Option<SmallDisk> {
    match SmallDisk::mount(256) {
        Ok(disk) => Some(disk),
        Err(error) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "CI has to run this as root: {error}");
            note(&format!("SKIPPED: a small disk (tmpfs) cannot be mounted; run as root: {error}"));
            None
        }
    }
}

/// Verifies, packs and exports what is read here; what was taken out is a trust again elsewhere, by the rule of an export.
fn is_read_whole(stage: &Stage, place: (&Path, &str)) {
    let before = files(place.0);
    let verified = from_copy_at(stage, place, &["verify", "--trust", "RAA", "--index"]);
    assert_eq!(verified.code, 0, "{} {}", verified.out, verified.err);
    let packed = from_copy_at(stage, place, &["move", "pack", "--trust", "RAA", "--out", "folder"]);
    assert_eq!(packed.code, 0, "{} {}", packed.out, packed.err);
    assert!(
        packed.err.contains("No cut was signed") && packed.err.contains("later than the last checkpoint"),
        "{}",
        packed.err
    );
    assert!(stage.path("folder/segments.json").exists() && stage.path("folder/rest").exists());
    let exported = from_copy_at(stage, place, &["export", "--trust", "RAA", "exit"]);
    assert_eq!(exported.code, 0, "{} {}", exported.out, exported.err);
    assert!(exported.err.contains("No cut was signed"), "{}", exported.err);
    let refused = from_copy_at(stage, place, &["user", "list", "--trust", "RAA"]);
    assert!(refused.code == 1 && refused.err.contains("verified, exported or packed"), "{}", refused.err);
    assert!(files(place.0) == before, "nothing was written");

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
fn a_trust_is_read_from_a_medium_on_which_nothing_can_be_written() {
    let Some(disk) = disk() else { return };
    let stage = Stage::with_trust_on(disk.path(), "sqlite");
    killed(&stage);
    disk.only_to_be_read().unwrap();
    assert_ne!(stage.run(&["verify", "--trust", "RAA"]).code, 0, "a host cannot work there");
    is_read_whole(&stage, (disk.path(), "sqlite"));
}

/// The schema of the trust.
const SCHEMA: &str = "trust_raa";

#[test]
fn a_trust_in_postgresql_is_read_by_a_user_who_may_only_read() {
    let Some(disk) = disk() else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(postgres::fresh()).unwrap();
    let stage = Stage::with_trust_on(disk.path(), &database.url);
    filled(&stage);
    runtime.block_on(postgres::end_writers(&database.url)).unwrap();
    disk.only_to_be_read().unwrap();
    let before = runtime.block_on(postgres::digests(&database.url, SCHEMA)).unwrap();
    let reader = runtime.block_on(postgres::reader(&database.url, Some(SCHEMA))).unwrap();
    is_read_whole(&stage, (disk.path(), &reader));
    // Its owner changes nothing either: not by the address that the copy names, nor where the server refuses it.
    let verify = ["verify", "--trust", "RAA"];
    for store in ["sqlite", &format!("{}?options=-c%20default_transaction_read_only%3Don", database.url)] {
        let said = from_copy_at(&stage, (disk.path(), store), &verify);
        assert_eq!(said.code, 0, "{} {}", said.out, said.err);
    }
    assert_eq!(runtime.block_on(postgres::digests(&database.url, SCHEMA)).unwrap(), before, "nothing was written");

    let stranger = runtime.block_on(postgres::reader(&database.url, None)).unwrap();
    let said = from_copy_at(&stage, (disk.path(), &stranger), &verify);
    assert!(said.code == 3 && said.err.contains("GRANT SELECT"), "{} {}", said.code, said.err);
    assert!(!said.err.contains("reader_"), "no password is told: {}", said.err);
    runtime.block_on(postgres::change_a_bit_of_an_entry(&database.url, SCHEMA)).unwrap();
    for arguments in [&["move", "pack", "--trust", "RAA", "--out", "bad"][..], &["export", "--trust", "RAA", "bad"]] {
        let said = from_copy_at(&stage, (disk.path(), &reader), arguments);
        assert_eq!(said.code, 1, "{} {}", said.out, said.err);
        assert!(!stage.path("bad").exists());
    }
}

#[test]
fn a_database_that_a_host_writes_is_no_copy_though_the_directory_is_one() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(postgres::fresh()).unwrap();
    let stage = Stage::with_trust_in(&database.url);
    filled(&stage);
    let reader = runtime.block_on(postgres::reader(&database.url, Some(SCHEMA))).unwrap();
    let (data, copy) = (stage.path("data"), stage.path("copy"));
    let copied = std::process::Command::new("cp").arg("-a").args([&data, &copy]).status().unwrap();
    assert!(copied.success());
    let verify = ["verify", "--trust", "RAA"];
    let serving = stage.serve();
    let said = from_copy_at(&stage, (&data, &reader), &verify);
    assert!(said.code == 1 && said.err.contains("it is no copy"), "{} {}", said.code, said.err);
    let said = from_copy_at(&stage, (&copy, &reader), &verify);
    assert!(said.code == 3 && said.err.contains("a host writes the schema trust_raa"), "{} {}", said.code, said.err);
    assert_eq!(serving.get("/t/RAA/fhir/Patient/p1", &stage.token("system")).status, 200, "it goes on undisturbed");
    drop(serving);
    runtime.block_on(postgres::end_writers(&database.url)).unwrap();
    let said = from_copy_at(&stage, (&copy, &reader), &verify);
    assert_eq!(said.code, 0, "{} {}", said.out, said.err);
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
