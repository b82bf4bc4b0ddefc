//! The program from outside, over the golden files of `journal`: exit codes, words and JSON.
//! What is checked and how is tested in `journal` itself.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod certificate;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use journal::SignedCheckpoint;
use journal::package::{Header, Reader, Record, Writer};

const HOST_KEY: &str = "almoner.example/t/DEMO+d582e121+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
const TARGET_KEY: &str = "almoner.example/t/DEMO+cc0c1aa3+Ae1JKMYo0cLG6ukDOJBZlWEpWSc6XGP5NjbBRhSshzfR";
const WITNESS_KEY: &str = "witness.example/w1+24b5d9fe+BP0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY";

fn golden(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "journal", "tests", "golden", name].iter().collect();
    path.to_str().unwrap().to_owned()
}

fn run(arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_almoner-verify"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input);
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_whole_package_holds() {
    let (package, checkpoint) = (golden("sample.almjournal"), golden("checkpoint-14.txt"));
    let (code, text, _) = run(&["package", &package, "--against", &checkpoint, "--key", WITNESS_KEY], b"");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("agrees with the journal; signed by a key you gave, 1 witness"), "{text}");
    assert!(!text.contains("Not proved"), "{text}");
    assert!(text.ends_with("Holds: nothing that was checked is wrong.\n"), "{text}");
}

#[test]
fn without_a_checkpoint_from_elsewhere_it_says_what_is_not_proved() {
    let package = std::fs::read(golden("sample.almjournal")).unwrap();
    let (code, text, _) = run(&["package", "-"], &package);
    assert_eq!(code, Some(0));
    assert!(text.contains("Not proved: No checkpoint kept elsewhere"), "{text}");
    let (_, text, _) = run(&["package", "-", "--against", &golden("checkpoint-7.txt"), "--json"], &package);
    assert!(text.contains("\"covered\":7") && text.contains("Entries 8 to 14 lie after"), "{text}");
}

#[test]
fn a_tampered_package_is_named_with_code_1() {
    let mut package = std::fs::read(golden("sample.almjournal")).unwrap();
    let text = b"a scanned letter";
    let at = package.windows(text.len()).position(|window| window == text).unwrap();
    package[at] ^= 1;
    let (code, text, _) = run(&["package", "-"], &package);
    assert_eq!(code, Some(1));
    assert!(text.contains("WRONG blob-changed") && text.ends_with("Does not hold: 1 finding.\n"), "{text}");
    let (code, json, _) = run(&["package", "-", "--json"], &package);
    assert_eq!(code, Some(1));
    assert!(json.starts_with("{\"holds\":false,") && json.contains("\"kind\":\"blob-changed\""), "{json}");
}

#[test]
fn checkpoints() {
    let checkpoint = golden("checkpoint-7.txt");
    let (code, text, _) = run(&["checkpoint", &checkpoint, "--key", HOST_KEY, "--key", WITNESS_KEY], b"");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("7 entries, epoch 1, 2026-11-18T11:06:47.500Z"), "{text}");
    assert!(text.contains("signed by witness.example/w1+24b5d9fe"), "{text}");
    let (code, text, _) = run(&["checkpoint", &checkpoint, "--key", TARGET_KEY], b"");
    assert_eq!(code, Some(1));
    assert!(text.ends_with("Does not hold: none of the known keys signed it.\n"), "{text}");
    let forged = std::fs::read_to_string(&checkpoint).unwrap().replacen("\n7\n", "\n8\n", 1);
    let (code, text, _) = run(&["checkpoint", "-", "--key", HOST_KEY, "--json"], forged.as_bytes());
    assert_eq!(code, Some(1));
    assert!(text.contains("is not that key's over this text"), "{text}");
}

#[test]
fn keys_may_come_from_a_file() {
    let file = std::env::temp_dir().join(format!("almoner-verify-keys-{}", std::process::id()));
    std::fs::write(&file, format!("# the witness\n\n{WITNESS_KEY}\n")).unwrap();
    let checkpoint = golden("checkpoint-7.txt");
    let (code, text, _) = run(&["checkpoint", &checkpoint, "--key-file", file.to_str().unwrap()], b"");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn what_cannot_be_read_is_code_2() {
    for arguments in [
        vec!["package", "/no/such/file"],
        vec!["package", "-"],
        vec!["checkpoint", "-"],
        vec!["package", "-", "--against", "/no/such/file"],
        vec!["checkpoint", "-", "--key", "nonsense"],
        vec!["unheard-of"],
    ] {
        let (code, _, problem) = run(&arguments, b"something else");
        assert_eq!(code, Some(2), "{arguments:?}");
        assert!(!problem.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_says_what_the_codes_mean() {
    for arguments in [vec!["--help"], vec!["package", "--help"], vec!["checkpoint", "--help"]] {
        let (code, text, _) = run(&arguments, b"");
        assert_eq!(code, Some(0));
        assert!(text.contains("Exit codes: 0 everything that was checked holds"), "{text}");
    }
}

/// The sample with its blobs as files beside the package, as an export has them.
fn with_blobs_beside(folder: &std::path::Path) {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut package = Reader::new(std::fs::File::open(golden("sample.almjournal")).unwrap()).unwrap();
    let header = Header { blobs: false, ..package.header().clone() };
    let mut to = Writer::new(std::fs::File::create(folder.join("p.almjournal")).unwrap(), &header).unwrap();
    let (mut index, mut blob) = (String::new(), PathBuf::new());
    while let Some(record) = package.next_record().unwrap() {
        match record {
            Record::Entry(bytes) => to.entry(bytes).unwrap(),
            Record::Text { change, salt, sealing, text } => to.text(change, &salt, sealing, text).unwrap(),
            Record::Blob { digest, salt, .. } => {
                let name = hex(&digest);
                index.push_str(&format!("{{\"digest\":\"{name}\",\"salt\":\"{}\"}}\n", hex(&salt)));
                blob = folder.join("blobs").join(&name[..2]).join(&name);
                std::fs::create_dir_all(blob.parent().unwrap()).unwrap();
                std::fs::write(&blob, "").unwrap();
            }
            Record::Part(part) => {
                std::fs::OpenOptions::new().append(true).open(&blob).unwrap().write_all(part).unwrap();
            }
            Record::Checkpoint(text) => to.checkpoint(&SignedCheckpoint::parse(text).unwrap()).unwrap(),
            Record::Leaf(bytes) => to.leaf(bytes).unwrap(),
            Record::End(_) => {}
        }
    }
    to.finish().unwrap();
    std::fs::write(folder.join("blobs/index.ndjson"), index).unwrap();
}

#[test]
fn blobs_beside_a_package_are_checked_with_it() {
    let folder = tempfile::tempdir().unwrap();
    with_blobs_beside(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let check = || run(&["package", &path("p.almjournal"), "--blobs", &path("blobs")], b"");
    let (code, text, _) = check();
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains("Blobs were not there"), "{text}");
    let files =
        std::fs::read_dir(path("blobs")).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let blob = files.flat_map(|folder| std::fs::read_dir(folder).unwrap()).next().unwrap().unwrap().path();
    std::fs::write(&blob, "another letter").unwrap();
    let (code, text, _) = check();
    assert!(code == Some(1) && text.contains("WRONG blob-changed"), "{text}");
    std::fs::remove_file(&blob).unwrap();
    let (code, text, _) = check();
    assert!(code == Some(1) && text.contains("WRONG blob-missing"), "{text}");
    let (code, text, _) = run(&["package", &path("p.almjournal")], b"");
    assert!(code == Some(0) && text.contains("Blobs were not there to be checked"), "{text}");
}
