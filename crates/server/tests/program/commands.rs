//! Each command: what it says, what it refuses, its exit code; where the host is found; a store that is not as it was.
//! What a command does is tested where it is done; here it is what a shell sees.

use std::io::{Seek as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use crate::stage::Stage;

#[test]
fn help_shows_the_commands_and_an_example_of_each() {
    let said = Stage::set().run(&["--help"]);
    assert_eq!(said.code, 0);
    for word in
        ["serve", "demo", "trust", "user", "token", "load", "verify", "checkpoint", "rebuild-index", "Exit codes"]
    {
        assert!(said.out.contains(word), "{word}");
    }
}

#[test]
fn wrong_usage_and_refusals_have_codes_of_their_own() {
    let stage = Stage::with_trust();
    std::fs::write(stage.path("text"), "hello").unwrap();
    std::fs::write(stage.path("misspelt.toml"), "liste = \"127.0.0.1:1\"").unwrap();
    let token = ["token", "--trust", "RAA"];
    let with = |rest: &[&'static str]| [&token[..], rest].concat();
    let cases: [(&[&str], i32, &str); 30] = [
        (&["trust", "list"], 0, ""),
        (&[], 2, "Usage"),
        (&["fly"], 2, "fly"),
        (&["trust"], 2, "Usage"),
        (&["trust", "add", "--code", "RBB"], 2, "--name"),
        (&["serve", "--listen", "nonsense"], 2, "--listen"),
        (&["token"], 2, "--trust"),
        (&with(&["--role", "system"]), 2, "--ttl"),
        (&with(&["--role", "system", "--ttl", "12"]), 2, "12h"),
        (&with(&["--role", "king", "--ttl", "1h"]), 1, "king"),
        (&with(&["--role", "host", "--ttl", "1h"]), 1, "host"),
        (&with(&["--role", "system", "--ttl", "91d"]), 1, "90 days"),
        (&with(&["--role", "system", "--ttl", "0s"]), 1, "90 days"),
        (&with(&["--role", "subject", "--ttl", "1h"]), 1, "--patient"),
        (&with(&["--role", "subject", "--ttl", "1h", "--patient", "a b"]), 1, "a b"),
        (&["token", "--trust", "RZZ", "--role", "system", "--ttl", "1h"], 1, "RZZ"),
        (&["trust", "add", "--code", "RAA", "--name", "Again"], 1, "already"),
        (&["trust", "add", "--code", "a/b", "--name", "X"], 1, "RTX"),
        (&["trust", "add", "--code", "RBB", "--name", ""], 1, "100 characters"),
        (&["trust", "add", "--code", "RBB", "--name", "X", "--store", "mysql://x"], 1, "sqlite"),
        (&["user", "add", "--trust", "RAA", "--name", "a.b", "--display", "", "--role", "clerk"], 1, "--display"),
        (&["user", "add", "--trust", "RAA", "--name", "A B", "--display", "X", "--role", "clerk"], 1, "small letters"),
        (&["load", "--trust", "RAA"], 2, "PATH"),
        (&["load", "--trust", "RAA", "nowhere.json"], 1, "nowhere.json"),
        (&["verify", "--trust", "RAA", "--against", "nowhere"], 1, "nowhere"),
        (&["verify", "--trust", "RAA", "--against", "text"], 1, "no checkpoint"),
        (&["trust", "list", "--config", "nowhere.toml"], 1, "nowhere.toml"),
        (&["trust", "list", "--config", "misspelt.toml"], 1, "liste"),
        (&["trust", "list", "--data", "/dev/null/x"], 3, "/dev/null/x"),
        (&["trust", "add", "--code", "RBB", "--name", "X", "--store", "postgres://a@127.0.0.1:1/a"], 3, "connecting"),
    ];
    for (arguments, code, part) in cases {
        let said = stage.run(arguments);
        assert_eq!(said.code, code, "{arguments:?}: {}{}", said.out, said.err);
        assert!(said.err.contains(part), "{arguments:?} says why: {}", said.err);
        assert!(code == 0 || said.out.is_empty(), "{arguments:?}: {}", said.out);
    }
}

/// What is not right goes to standard error in words, with `--json` too.
#[test]
fn json_is_one_line_on_success_and_nothing_on_failure() {
    let stage = Stage::with_trust();
    let said = stage.run(&["trust", "list", "--json"]);
    assert_eq!((said.code, said.out.lines().count()), (0, 1));
    let said = stage.run(&["trust", "show", "RZZ", "--json"]);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert!(said.err.starts_with("almoner: "), "{}", said.err);
}

#[test]
fn an_output_that_nobody_reads_is_no_failure_and_one_that_is_full_is() {
    let stage = Stage::with_trust();
    let mut child = stage.command(&["trust", "list"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = stage.command(&["trust", "list"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    let words = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(3), "{words}");
    assert!(words.starts_with("almoner: writing to standard output"), "{words}");
}

#[test]
fn a_host_that_cannot_listen_says_so() {
    let stage = Stage::set();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = stage.run(&["serve", "--listen", &address]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains(&format!("listening on {address}")), "{}", said.err);
}

/// The shell that reads the line sends the signal as soon as it is there, much sooner than a client could connect.
#[test]
fn a_host_that_is_stopped_the_moment_it_serves_says_farewell() {
    let stage = Stage::with_trust();
    for _ in 0..10 {
        let mut command = stage.command(&["serve", "--listen", "127.0.0.1:0", "--json"]);
        let mut host = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let told = host.stdout.take().unwrap();
        let stop = ["-c", "read line; kill \"$0\"", &host.id().to_string()];
        assert!(Command::new("sh").args(stop).stdin(told).status().unwrap().success());
        assert!(host.wait().unwrap().success());
    }
}

#[test]
fn a_demonstration_is_not_put_beside_other_trusts() {
    let stage = Stage::with_trust();
    let said = stage.run(&["demo", "--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("no demonstration"), "{}", said.err);
    assert_eq!(stage.json(&["trust", "list"])["trusts"].as_array().unwrap().len(), 1);
}

/// A trust is named with what is wrong, and nothing is made in its place; the others are there.
#[test]
fn a_record_of_a_newer_release_or_without_its_files_is_named_and_left_alone() {
    let stage = Stage::with_trust();
    assert_eq!(stage.run(&["trust", "add", "--code", "RBB", "--name", "B"]).code, 0);
    assert_eq!(stage.run(&["trust", "add", "--code", "RCC", "--name", "C"]).code, 0);
    let database = stage.path("data/trusts/RAA/record.db");
    let mut file = std::fs::OpenOptions::new().write(true).open(database).unwrap();
    // The version of the tables in the header of an SQLite database (its file format, 1.3.14).
    file.seek(std::io::SeekFrom::Start(60)).unwrap();
    file.write_all(&99u32.to_be_bytes()).unwrap();
    let gone = stage.path("data/trusts/RBB");
    std::fs::remove_dir_all(&gone).unwrap();
    for (code, part) in [("RAA", "newer release"), ("RBB", "Is its disk there?")] {
        let said = stage.run(&["trust", "show", code]);
        assert_eq!(said.code, 3, "{}", said.err);
        assert!(said.err.contains(&format!("opening the record of {code}")) && said.err.contains(part), "{}", said.err);
    }
    std::fs::create_dir(&gone).unwrap();
    let said = stage.run(&["trust", "list", "--json"]);
    let trusts: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let problems: Vec<bool> = (0..3).map(|number| trusts["trusts"][number]["problem"].is_string()).collect();
    assert_eq!((said.code, problems), (1, vec![true, true, false]), "{}", said.out);
    assert_eq!(std::fs::read_dir(&gone).unwrap().count(), 0, "nothing was made");

    let serving = stage.serve();
    for (code, status) in [("RAA", 500), ("RBB", 500), ("RCC", 401), ("RZZ", 401)] {
        assert_eq!(serving.get(&format!("/t/{code}/fhir/Patient"), "alm_x").status, status, "{code}");
    }
    assert!(serving.stop());
    std::fs::write(stage.path("data/host.toml"), "host = \"x\"\ncolour = \"red\"\n").unwrap();
    let said = stage.run(&["trust", "list"]);
    assert!(said.code == 1 && said.err.contains("another release"), "{}", said.err);
}

/// What a disk that comes back empty, or a database that was made anew, must not become: a trust without patients.
#[test]
fn a_record_whose_database_is_gone_is_not_made_anew() {
    Stage::on_both_stores(|stage, store| {
        lose_the_database(stage, store);
        let files = |name: &str| std::fs::read_dir(stage.path(name)).unwrap().count();
        let before = files("data/trusts/RAA");
        for command in [&["trust", "show", "RAA"][..], &["verify", "--trust", "RAA"], &["checkpoint", "--trust", "RAA"]]
        {
            let said = stage.run(command);
            assert_eq!((said.code, said.out.as_str()), (3, ""), "{store}: {command:?}: {}", said.err);
            assert!(
                said.err.contains("gone") && said.err.contains("Nothing is made in its place"),
                "{store}: {}",
                said.err
            );
        }
        assert_eq!(stage.run(&["trust", "list"]).code, 1, "{store}");
        let serving = stage.serve();
        assert_eq!(serving.get("/t/RAA/fhir/Patient", "alm_x").status, 500, "{store}");
        assert!(serving.stop());
        assert_eq!(files("data/trusts/RAA"), before, "{store}: nothing was made");
    });
    let stage = Stage::with_trust();
    lose_the_database(&stage, "SQLite");
    std::fs::write(stage.path("data/trusts/RAA/record.db"), "").unwrap();
    assert_eq!(stage.run(&["trust", "show", "RAA"]).code, 3, "an empty file is no record");
}

/// The directory of `RAA` stays, what holds its record goes.
fn lose_the_database(stage: &Stage, store: &str) {
    if store == "SQLite" {
        for name in ["record.db", "record.db-wal", "record.db-shm"] {
            let _ = std::fs::remove_file(stage.path("data/trusts/RAA").join(name));
        }
        assert!(stage.path("data/trusts/RAA/signing-key").exists());
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(testkit::postgres::lose_schema(stage.store(), "trust_raa")).unwrap();
}

/// What needs a trust begins no data directory where there is none, or an empty one.
#[test]
fn where_there_are_no_data_none_are_made() {
    let stage = Stage::set();
    std::fs::create_dir(stage.path("empty")).unwrap();
    let commands: [&[&str]; 9] = [
        &["trust", "list"],
        &["trust", "show", "RAA"],
        &["verify", "--trust", "RAA"],
        &["checkpoint", "--trust", "RAA"],
        &["user", "list", "--trust", "RAA"],
        &["token", "list", "--trust", "RAA"],
        &["token", "--trust", "RAA", "--role", "system", "--ttl", "1h"],
        &["load", "--trust", "RAA", "empty"],
        &["rebuild-index", "--trust", "RAA"],
    ];
    for command in commands {
        for place in ["data", "empty"] {
            let said = stage.run(&[command, &["--data", place]].concat());
            assert_eq!((said.code, said.out.as_str()), (1, ""), "{command:?}: {}", said.err);
            assert!(said.err.contains("There are no data in") && said.err.contains(place), "{command:?}: {}", said.err);
        }
    }
    assert!(!stage.path("data").exists());
    assert_eq!(std::fs::read_dir(stage.path("empty")).unwrap().count(), 0);
}

#[test]
fn a_trust_is_listed_and_shown() {
    let stage = Stage::with_trust();
    let trusts = stage.json(&["trust", "list"]);
    assert_eq!(trusts["trusts"][0]["code"], "RAA");
    let trust = stage.json(&["trust", "show", "raa"]);
    assert_eq!(trust["trust"]["name"], "A trust");
    assert!(trust["trust"]["bytes"].as_u64().unwrap() > 0);
}

#[test]
fn a_password_is_made_or_read_and_must_be_long() {
    let stage = Stage::with_trust();
    let add = ["user", "add", "--trust", "RAA", "--role", "clinician", "--display", "A B", "--name"];
    let with = |rest: &[&'static str]| add.iter().copied().chain(rest.iter().copied()).collect::<Vec<_>>();
    let made = stage.json(&with(&["a.b"]));
    assert_eq!(made["user"]["password"].as_str().unwrap().len(), 23);
    assert_eq!(stage.run(&with(&["a.b"])).code, 1, "the name is taken");
    for (name, password, code) in [("c.d", "correct horse battery\n", 0), ("e.f", "short\n", 1), ("g.h", "", 1)] {
        let said = stage.run_with(&with(&[name, "--password-stdin"]), password);
        assert_eq!(said.code, code, "{name}: {}", said.err);
        assert!(!said.out.contains("horse"), "a given password is not repeated");
    }
}

#[test]
fn the_file_gives_way_to_the_environment_and_both_to_arguments() {
    let stage = Stage::set();
    std::fs::write(stage.path("almoner.toml"), "data = \"from-file\"\n").unwrap();
    let made = |name: &str| stage.path(name).join("host.toml").exists();
    let add = ["trust", "add", "--code", "RAA", "--name", "X"];
    stage.command(&add).env_remove("ALMONER_DATA").output().unwrap();
    assert!(made("from-file"));
    stage.run(&add);
    assert!(made("data"));
    stage.run(&[&add[..], &["--data", "from-arguments"]].concat());
    assert!(made("from-arguments"));
    std::fs::write(stage.path("named.toml"), "data = \"from-named-file\"\n").unwrap();
    stage.command(&add).env_remove("ALMONER_DATA").env("ALMONER_CONFIG", "named.toml").output().unwrap();
    assert!(made("from-named-file"));
}

/// What is in the data directory is for the owner's eyes, also where somebody else made the directory.
#[test]
fn the_data_are_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::set();
    std::fs::create_dir(stage.path("data")).unwrap();
    assert_eq!(stage.run(&["trust", "add", "--code", "RAA", "--name", "X"]).code, 0);
    let mode = |name: &str| std::fs::metadata(stage.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data/trusts"), mode("data/host.toml")), (0o700, 0o600));
}

/// Copies a folder with everything in it.
fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_whole_record_is_proved_and_an_old_backup_is_found_out() {
    let stage = Stage::with_trust();
    let load = |id: &str| {
        let text = format!(r#"{{"resourceType":"Patient","id":"{id}"}}"#);
        std::fs::write(stage.path("p.json"), text).unwrap();
        assert_eq!(stage.run(&["load", "--trust", "RAA", "p.json"]).code, 0);
    };
    load("p1");
    copy(&stage.path("data"), &stage.path("backup"));
    load("p2");
    let checkpoint = stage.run(&["checkpoint", "--trust", "RAA"]);
    assert_eq!(checkpoint.code, 0);
    std::fs::write(stage.path("kept"), &checkpoint.out).unwrap();
    load("p3");
    let rebuilt = stage.json(&["rebuild-index", "--trust", "RAA"]);
    assert_eq!(rebuilt["index-rebuilt"]["resources"], 3);
    let verify = ["verify", "--trust", "RAA", "--index", "--against", "kept"];
    let whole = stage.run(&verify);
    assert_eq!(whole.code, 0, "{}{}", whole.out, whole.err);
    assert!(whole.out.contains("not covered by it"), "what came after the checkpoint is said: {}", whole.out);
    let old = stage.run(&[&verify[..], &["--data", "backup"]].concat());
    assert_eq!(old.code, 1, "{}{}", old.out, old.err);
    assert!(old.out.contains("FAULT"), "{}", old.out);
}
