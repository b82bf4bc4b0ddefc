//! Three hosts witness for each other: what extends is signed, also after a trust has moved; a host that rewrites its history,
//! shows two of them, or does not prove that it has one, is named by each witness.

use serde_json::Value;

use crate::pair::{CUT, Pair, create};
use crate::stage::{Serving, Stage, free_address};

/// A host, what it serves, and where it listens for others.
pub(crate) struct Host {
    stage: Stage,
    serving: Option<Serving>,
    address: String,
    key: String,
    /// The key by which it signs as a witness.
    pub(crate) witness: String,
}

impl Host {
    pub(crate) fn begin(stage: Stage) -> Host {
        let address = free_address().to_string();
        let serving = stage.serve_for_moves(&address, None);
        let keys = stage.json(&["witness", "key"])["witnessed"]["key"].clone();
        let text = |name: &str| keys[name].as_str().unwrap().to_owned();
        Host { serving: Some(serving), address, key: text("key"), witness: text("witness"), stage }
    }

    fn knows(&self, other: &Host) {
        self.stage.json(&["witness", "add", "--address", &other.address, "--key", &other.key]);
    }

    fn ask(&self) -> Value {
        self.stage.json(&["witness", "ask"])["witnessed"]["report"].clone()
    }

    /// Forgets another host.
    fn forgets(&self, other: &Host) {
        self.stage.json(&["witness", "remove", "--name", other.name()]);
    }

    fn name(&self) -> &str {
        self.key.split('+').next().unwrap()
    }

    /// The one record that this host has seen.
    fn seen(&self) -> Value {
        let report = self.stage.json(&["witness", "list"])["witnessed"]["report"].clone();
        report["seen"].as_object().unwrap().values().next().cloned().unwrap_or_default()
    }

    /// What this host has found out of it.
    fn exposed(&self) -> Vec<String> {
        let seen = self.seen();
        let exposed = seen["exposed"].as_array().cloned().unwrap_or_default();
        exposed.iter().map(|one| one["sentence"].as_str().unwrap().to_owned()).collect()
    }

    fn write(&self, name: &str) {
        let token = format!("Bearer {}", self.stage.token("system"));
        let headers = [crate::pair::JSON, ("Authorization", token.as_str())];
        let body = format!(r#"{{"resourceType":"Patient","name":[{{"family":"{name}"}}]}}"#);
        let answer = self.serving.as_ref().unwrap().send("POST", "/t/RAA/fhir/Patient", &headers, body.as_bytes());
        assert_eq!(answer.status, 201);
    }

    /// Its data directory as it is now, and with it its past.
    fn keep_a_copy(&mut self, name: &str) {
        self.serving = None;
        copy(&self.stage.path("data"), &self.stage.path(name));
        self.serve();
    }

    fn become_the_copy(&mut self, name: &str) {
        self.serving = None;
        let kept = self.stage.path("data/witnesses.json");
        let witnesses = std::fs::read(&kept).unwrap();
        std::fs::remove_dir_all(self.stage.path("data")).unwrap();
        copy(&self.stage.path(name), &self.stage.path("data"));
        std::fs::write(kept, witnesses).unwrap();
        self.serve();
    }

    /// What it has signed of the one record that it has seen is `checkpoint` from now on, as its file says it.
    fn has_signed(&mut self, checkpoint: &str) {
        self.serving = None;
        let kept = self.stage.path("data/witnesses.json");
        let mut witnesses: Value = serde_json::from_slice(&std::fs::read(&kept).unwrap()).unwrap();
        for seen in witnesses["seen"].as_object_mut().unwrap().values_mut() {
            seen["checkpoint"] = checkpoint.into();
        }
        std::fs::write(kept, witnesses.to_string()).unwrap();
        self.serve();
    }

    fn serve(&mut self) {
        self.serving = Some(self.stage.serve_for_moves(&self.address, None));
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else if kind.is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// A host with the trust, and two witnesses; all know each other.
fn three() -> [Host; 3] {
    let hosts = [Host::begin(Stage::with_trust()), Host::begin(Stage::set()), Host::begin(Stage::set())];
    for (one, other) in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
        hosts[one].knows(&hosts[other]);
    }
    hosts
}

/// Makes a host of a pair and a witness known to each other; the host's name.
pub(crate) fn know_each_other(pair: &Pair, at: usize, witness: &Host) -> String {
    pair.json(at, &["witness", "add", "--address", &witness.address, "--key", &witness.key]);
    let key = pair.json(at, &["witness", "key"])["witnessed"]["key"]["key"].as_str().unwrap().to_owned();
    let address = pair.listens_at(at).to_string();
    witness.stage.json(&["witness", "add", "--address", &address, "--key", &key]);
    key.split('+').next().unwrap().to_owned()
}

#[test]
fn witnesses_sign_what_extends_and_expose_a_host_that_cuts_or_rewrites_its_history() {
    let [mut host, one, other] = three();
    host.write("first");
    let report = host.ask();
    assert_eq!(report["not_reached"], serde_json::json!([]), "{report}");
    let signed = host.stage.json(&["witness", "cosigned", "--trust", "RAA"])["witnessed"]["cosigned"]["texts"].clone();
    assert_eq!(signed.as_array().unwrap().len(), 2);
    std::fs::write(host.stage.path("signed"), signed[0].as_str().unwrap()).unwrap();
    let verified = host.stage.json(&["verify", "--trust", "RAA", "--against", "signed"]);
    assert_eq!(verified["verified"]["whole"], true, "{verified}");
    assert!(one.witness.contains(one.key.split('+').next().unwrap()));
    host.keep_a_copy("old");
    for name in ["second", "third"] {
        host.write(name);
        host.ask();
    }
    assert!(one.ask()["not_reached"].as_array().unwrap().is_empty() && one.exposed().is_empty());
    // The host goes back to its past and goes on from there.
    host.become_the_copy("old");
    let report = host.stage.run(&["witness", "ask"]);
    assert!(report.code == 1 && report.out.contains("WRONG"), "the host itself is told: {}", report.out);
    assert!(one.exposed()[0].contains("what came between is gone"), "{:?}", one.exposed());
    for name in ["another second", "another third", "another fourth"] {
        host.write(name);
    }
    host.stage.run(&["witness", "ask"]);
    for witness in [&one, &other] {
        let exposed = witness.exposed();
        assert!(exposed.iter().any(|why| why.contains("does not begin with them")), "{exposed:?}");
        assert_eq!(witness.stage.run(&["witness", "list"]).code, 1, "whoever looks is told");
    }
}

#[test]
fn a_witness_that_lies_about_a_record_says_nothing_against_it() {
    let [host, mut one, other] = three();
    host.write("first");
    host.ask();
    let signed = one.seen()["checkpoint"].as_str().unwrap().to_owned();
    let mut lines: Vec<&str> = signed.split('\n').collect();
    let honest = lines.clone();
    let root = format!("{}=", "A".repeat(43));
    // Neither is signed for the record: more entries than it has, and others.
    for (line, lie) in [(1, "1000000"), (2, root.as_str())] {
        lines.clone_from(&honest);
        lines[line] = lie;
        one.has_signed(&lines.join("\n"));
        let asked = host.stage.run(&["witness", "ask"]);
        let said =
            format!("not signed: {}: {} did not sign the last time. It says without proof", lines[0], one.name());
        assert!(asked.code == 0 && asked.out.contains(&said), "{} {}", asked.code, asked.out);
        assert!(!asked.out.contains("WRONG") && other.exposed().is_empty(), "{}", asked.out);
    }
    one.has_signed(&signed);
    host.write("second");
    assert!(!host.stage.run(&["witness", "ask"]).out.contains("not signed"), "it is signed for again");
}

#[test]
fn a_host_that_shows_two_histories_is_exposed_when_its_witnesses_speak_to_each_other() {
    let [mut host, one, other] = three();
    host.write("first");
    host.ask();
    host.keep_a_copy("other");
    // One history to one witness, while the other cannot be reached; another of the same length to the other.
    host.forgets(&other);
    host.write("second");
    host.ask();
    host.become_the_copy("other");
    host.forgets(&one);
    host.knows(&other);
    host.write("another second");
    host.ask();
    assert!(one.exposed().is_empty() && other.exposed().is_empty(), "each of them has seen one history only");
    one.ask();
    assert!(one.exposed()[0].contains("two different histories"), "{:?}", one.exposed());
    other.ask();
    assert!(other.exposed()[0].contains("two different histories"), "{:?}", other.exposed());
}

#[test]
fn a_host_that_does_not_prove_that_it_has_one_history_is_named_and_after_some_rounds_it_is_wrong() {
    let [mut host, one, other] = three();
    host.write("first");
    host.keep_a_copy("short");
    host.forgets(&other);
    host.write("second");
    host.ask();
    host.become_the_copy("short");
    host.forgets(&one);
    host.knows(&other);
    for name in ["another second", "another third"] {
        host.write(name);
    }
    host.ask();
    // It has less than it showed to either, and proves nothing to anybody.
    host.become_the_copy("short");
    host.knows(&one);
    for rounds in 1..=3 {
        let asked = one.ask();
        assert_eq!(asked["not_reached"], serde_json::json!([]), "nobody else is blamed");
        let unproved = one.seen()["unproved"][other.name()].clone();
        assert_eq!((unproved["rounds"].as_u64(), &unproved["host"]), (Some(rounds), &host.name().into()), "{unproved}");
        let list = one.stage.run(&["witness", "list"]);
        let (code, begins) = if rounds < 3 { (0, "\nnot proved ") } else { (1, "\nNOT PROVED ") };
        assert!(list.code == code && list.out.contains(begins), "{rounds}: {} {}", list.code, list.out);
    }
    // While it cannot be reached nothing more is held against it.
    host.serving = None;
    other.ask();
    assert_eq!(other.seen()["unproved"], serde_json::json!({}));
    assert!(one.exposed().is_empty() && other.exposed().is_empty());
}

#[test]
fn a_trust_that_moved_is_signed_for_at_its_new_host_which_proves_that_it_was_handed_over() {
    let pair = Pair::planned(["sqlite", "sqlite"]);
    let knows = |at: usize, witness: &Host| know_each_other(&pair, at, witness);
    let [early, late] = [Host::begin(Stage::set()), Host::begin(Stage::set())];
    let names = [knows(0, &early), knows(1, &early)];
    assert_eq!(create(&pair, 0, "first"), 201);
    pair.json(0, &["witness", "ask"]);
    assert_eq!(early.seen()["host"], names[0]);
    pair.copy();
    pair.rehearse(1, false);
    pair.cut_under_load(0, &CUT);
    pair.until("the target writes", |pair| pair.writes(1) && !pair.writes(0));
    assert_eq!(create(&pair, 1, "second"), 201);
    // A witness that never saw the record asks the host that its origin names.
    assert_eq!([knows(0, &late), knows(1, &late)], names);
    pair.json(1, &["witness", "remove", "--name", early.name()]);
    pair.json(1, &["witness", "ask"]);
    // What one witness signed for the old host and the other for the new one is of one history.
    late.knows(&early);
    early.knows(&late);
    assert_eq!(late.ask()["not_reached"], serde_json::json!([]));
    assert_eq!((&early.seen()["host"], &late.seen()["host"]), (&names[0].clone().into(), &names[1].clone().into()));
    knows(1, &early);
    pair.json(1, &["witness", "ask"]);
    for witness in [&early, &late] {
        witness.ask();
        let seen = witness.seen();
        assert_eq!((&seen["host"], &seen["holder"]["host"]), (&names[1].clone().into(), &names[1].clone().into()));
        assert_eq!((&seen["conflicts"], &seen["unproved"]), (&serde_json::json!([]), &serde_json::json!({})), "{seen}");
        assert_eq!(witness.stage.run(&["witness", "list"]).code, 0);
    }
    let own = pair.json(1, &["witness", "cosigned", "--trust", "RAA"])["witnessed"]["cosigned"]["texts"].clone();
    assert_eq!(own.as_array().unwrap().len(), 2);
}

#[test]
fn a_witness_that_did_not_hear_of_two_moves_follows_the_trust_to_its_third_host() {
    let pair = Pair::planned(["sqlite", "sqlite"]);
    let third = Host::begin(Stage::set());
    let witness = Host::begin(Stage::set());
    let name = know_each_other(&pair, 0, &witness);
    pair.json(0, &["witness", "ask"]);
    assert_eq!(witness.seen()["host"], name);
    pair.json(0, &["witness", "remove", "--name", witness.name()]);
    pair.copy();
    pair.rehearse(1, false);
    pair.cut_under_load(0, &CUT);
    pair.until("the target writes", |pair| pair.writes(1) && !pair.writes(0));
    pair.until("the old host follows", |pair| pair.status(0)["entries"] == pair.status(1)["entries"]);
    assert_eq!(pair.stages[1].run(&["move", "complete", "--trust", "RAA", "--confirm", "RAA"]).code, 0);
    let from = pair.listens_at(1).to_string();
    let plan = ["move", "plan", "--trust", "RAA", "--to", &third.address, "--key", &third.key, "--address", &from];
    let ticket = pair.json(1, &plan)["moved"]["ticket"]["text"].as_str().unwrap().to_owned();
    std::fs::write(third.stage.path("ticket"), ticket).unwrap();
    third.stage.json(&["move", "copy", "--ticket", "ticket"]);
    third.stage.json(&["move", "rehearse", "--trust", "RAA"]);
    pair.json(1, &CUT);
    witness.knows(&third);
    third.knows(&witness);
    assert_eq!(third.ask()["not_reached"], serde_json::json!([]));
    let seen = witness.seen();
    assert_eq!((&seen["host"], &seen["holder"]["host"]), (&third.name().into(), &third.name().into()), "{seen}");
    assert_eq!(third.stage.run(&["witness", "list"]).code, 0);
}

#[test]
fn who_is_not_known_is_not_signed_for_and_a_key_is_what_it_is() {
    let (host, stranger) = (Host::begin(Stage::with_trust()), Host::begin(Stage::set()));
    host.knows(&stranger);
    let report = host.ask();
    assert_eq!(report["not_reached"].as_array().unwrap().len(), 1, "it does not know this host: {report}");
    let refused = |key: &str| host.stage.run(&["witness", "add", "--address", "127.0.0.1:1", "--key", key]).code;
    assert_eq!((refused(&host.key), refused(&stranger.witness), refused("nothing")), (1, 1, 1));
    assert_eq!(host.stage.run(&["witness", "remove", "--name", "nobody"]).code, 1);
}
