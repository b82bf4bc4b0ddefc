//! Each command: what it says, what it refuses, its exit code.
//! What a command does is tested where it is done; here it is what a shell sees.

use std::io::Write as _;
use std::process::Stdio;

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
    let cases: [(&[&str], i32); 12] = [
        (&["trust", "list"], 0),
        (&["fly"], 2),
        (&["token", "--trust", "RAA", "--role", "system"], 2),
        (&["token", "--trust", "RAA", "--role", "system", "--ttl", "12"], 2),
        (&["token", "--trust", "RAA", "--role", "king", "--ttl", "1h"], 1),
        (&["token", "--trust", "RAA", "--role", "host", "--ttl", "1h"], 1),
        (&["token", "--trust", "RAA", "--role", "system", "--ttl", "91d"], 1),
        (&["token", "--trust", "RZZ", "--role", "system", "--ttl", "1h"], 1),
        (&["trust", "add", "--code", "RAA", "--name", "Again"], 1),
        (&["trust", "add", "--code", "a/b", "--name", "X"], 1),
        (&["load", "--trust", "RAA", "nowhere.json"], 1),
        (&["trust", "list", "--data", "/dev/null/x"], 3),
    ];
    for (arguments, code) in cases {
        let said = stage.run(arguments);
        assert_eq!(said.code, code, "{arguments:?}: {}{}", said.out, said.err);
        assert!(code == 0 || !said.err.is_empty(), "{arguments:?} says why");
    }
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
    for (name, password, code) in [("c.d", "correct horse battery\n", 0), ("e.f", "short\n", 1)] {
        let mut child = stage
            .command(&with(&[name, "--password-stdin"]))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{name}");
        assert!(!String::from_utf8_lossy(&output.stdout).contains("horse"), "a given password is not repeated");
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
