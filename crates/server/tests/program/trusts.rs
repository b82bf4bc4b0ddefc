//! Many trusts on one host: one is paused, closed, restored and removed while another one is written to,
//! on either store.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::stage::{Serving, Stage};

const JSON: (&str, &str) = ("Content-Type", "application/fhir+json");

fn token_of(stage: &Stage, trust: &str) -> String {
    let said = stage.json(&["token", "--trust", trust, "--role", "system", "--ttl", "1h"]);
    format!("Bearer {}", said["token"]["token"].as_str().unwrap())
}

/// The status of a create, and of a count.
fn create(serving: &Serving, trust: &str, token: &str, name: &str) -> u16 {
    let body = format!(r#"{{"resourceType":"Patient","name":[{{"family":"{name}"}}]}}"#);
    let headers = [JSON, ("Authorization", token)];
    serving.send("POST", &format!("/t/{trust}/fhir/Patient"), &headers, body.as_bytes()).status
}

/// Stops the other writer at the end, also of a test that failed.
struct Stop<'s>(&'s AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// The first line of a checkpoint of the trust `RAA`.
fn origin_of(stage: &Stage) -> String {
    let text = stage.json(&["checkpoint", "--trust", "RAA"])["checkpoint"]["text"].clone();
    text.as_str().unwrap().lines().next().unwrap().to_owned()
}

fn comes_and_goes(stage: &Stage, store: &str) {
    stage.json(&["trust", "add", "--code", "RBB", "--name", "Another trust"]);
    let serving = stage.serve();
    let origin = origin_of(stage);
    let (first, second) = (token_of(stage, "RAA"), token_of(stage, "RBB"));
    assert_eq!(create(&serving, "RAA", &first, "kept"), 201, "{store}");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _whatever_happens = Stop(&stop);
        let others = scope.spawn(|| {
            let mut written = 0u64;
            while !stop.load(Ordering::Acquire) {
                assert_eq!(create(&serving, "RBB", &second, "other"), 201, "{store}: the other trust goes on");
                written += 1;
            }
            written
        });
        for how in ["pause", "close"] {
            let said = stage.json(&["trust", how, "RAA"]);
            assert!(said["trust"]["shut"].as_str().unwrap().contains("since"), "{said}");
            assert_eq!(create(&serving, "RAA", &first, "refused"), 503, "{store}: {how}");
            let page = serving.send("GET", "/t/RAA/", &[("Accept", "text/html"), ("Authorization", &first)], b"");
            assert!(page.status == 503 && String::from_utf8_lossy(&page.body).contains("Nothing is lost"));
            if how == "pause" {
                let early = stage.run(&["trust", "remove", "RAA", "--confirm", "RAA"]);
                assert!(early.code == 1 && early.err.contains("Close it first"), "{}", early.err);
                stage.json(&["trust", "restore", "RAA"]);
                assert_eq!(
                    serving
                        .get("/t/RAA/fhir/Patient?name=kept&_summary=count", first.trim_start_matches("Bearer "))
                        .json()["total"],
                    1
                );
            }
        }
        let wrong = stage.run(&["trust", "remove", "RAA", "--confirm", "RBB"]);
        assert_eq!(wrong.code, 1, "{}", wrong.out);
        stage.json(&["trust", "restore", "RAA"]);
        assert_eq!(create(&serving, "RAA", &first, "again"), 201, "{store}: a closed trust comes back");
        stage.json(&["trust", "close", "RAA"]);
        stage.json(&["trust", "remove", "RAA", "--confirm", "RAA"]);
        assert_eq!(create(&serving, "RAA", &first, "gone"), 401, "{store}: a trust that is removed is unknown");
        stop.store(true, Ordering::Release);
        assert!(others.join().unwrap() > 0);
    });
    assert!(!stage.path("data/trusts/RAA").exists());
    let listed = stage.json(&["trust", "list"]);
    assert_eq!(listed["trusts"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(stage.json(&["verify", "--trust", "RBB"])["verified"]["whole"], true);
    // Its code is free again; what is made with it is empty, and is never taken for the one that was.
    stage.json(&["trust", "add", "--code", "RAA", "--name", "A new trust"]);
    let new = stage.json(&["trust", "show", "RAA"]);
    assert!(new["trust"]["resources"].as_object().unwrap().is_empty(), "{new}");
    assert_ne!(origin_of(stage), origin, "two journals, two origins");
}

/// A trust is in preparation, and says so on every page, until a named officer and a signed case are recorded (operations 11);
/// a restart asks nothing again, and what was recorded leaves with the record.
#[test]
fn a_trust_is_live_only_when_a_named_officer_and_a_signed_case_are_recorded() {
    const NOT_LIVE: &str = "Not live: not for the care of patients";
    Stage::on_both_stores(|stage, store| {
        let page = |serving: &Serving| String::from_utf8(serving.send("GET", "/sign-in", &[], b"").body).unwrap();
        let home = |serving: &Serving, token: &str| String::from_utf8(serving.get("/t/RAA/", token).body).unwrap();
        let serving = stage.serve();
        let token = stage.token("clerk");
        assert!(page(&serving).contains(NOT_LIVE) && home(&serving, &token).contains(NOT_LIVE), "{store}");
        assert_eq!(stage.json(&["trust", "show", "RAA"])["trust"]["preparing"], true, "{store}");
        assert_eq!(stage.json(&["verify", "--trust", "RAA"])["verified"]["whole"], true, "{store}");

        let whole = [
            "trust",
            "go-live",
            "RAA",
            "--officer",
            "Dr Ama Adom",
            "--registration",
            "GMC 1234567",
            "--case",
            "CSCR-12 v2",
            "--signed-on",
            "2026-01-05",
            "--by",
            "Toni Tester",
        ];
        let nameless: Vec<&str> = whole.iter().map(|word| if *word == "Dr Ama Adom" { " " } else { word }).collect();
        let refused = stage.run(&nameless);
        assert!(refused.code == 1 && refused.err.contains("--officer"), "{store}: {}", refused.err);
        assert!(home(&serving, &token).contains(NOT_LIVE), "{store}: what is refused changes nothing");
        assert_eq!(stage.run(&whole[..9]).code, 2, "{store}: what is not said is no default");

        let said = stage.json(&whole)["live"]["case"].clone();
        assert_eq!(
            (said["officer"].as_str(), said["log_differs"].as_bool()),
            (Some("Dr Ama Adom"), Some(false)),
            "{store}"
        );
        assert!(!page(&serving).contains(NOT_LIVE) && !home(&serving, &token).contains(NOT_LIVE), "{store}");
        // The resource is the command's alone.
        let bearer = format!("Bearer {}", stage.token("system"));
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/fhir+json")];
        let forged = br#"{"resourceType":"Basic","id":"go-live","code":{"text":"x"}}"#;
        assert!(serving.send("PUT", "/t/RAA/fhir/Basic/go-live", &headers, forged).status >= 400, "{store}");
        assert!(serving.stop(), "{store}");

        let serving = stage.serve();
        assert!(!home(&serving, &token).contains(NOT_LIVE), "{store}: a restart asks nothing");
        let shown = stage.json(&["trust", "show", "RAA"])["trust"].clone();
        assert_eq!((&shown["preparing"], &shown["case"]["case"]), (&false.into(), &"CSCR-12 v2".into()), "{store}");
        assert!(stage.run(&["trust", "show", "RAA"]).out.contains("Dr Ama Adom (GMC 1234567)"), "{store}");
        assert!(serving.stop(), "{store}");
        // What was recorded leaves with the record: the host that reads it in asks for nothing.
        let folder = stage.path("exit");
        stage.json(&["export", "--trust", "RAA", folder.to_str().unwrap(), "--by", "A tester"]);
        let other = Stage::set();
        other.json(&["import", folder.to_str().unwrap()]);
        let there = other.json(&["trust", "show", "RAA"])["trust"].clone();
        assert_eq!((&there["preparing"], &there["case"]), (&false.into(), &shown["case"]), "{store}");
        // A registry of before this was asked says nothing of it: such a hospital is opened and is live.
        let registry = stage.path("data").join("host.toml");
        assert!(!std::fs::read_to_string(&registry).unwrap().contains("preparing"), "{store}");
    });
}

#[test]
fn a_trust_comes_and_goes_while_another_one_works() {
    Stage::on_both_stores(comes_and_goes);
}

#[test]
fn what_was_paused_stays_so_when_the_host_starts_again() {
    let stage = Stage::with_trust();
    let token = token_of(&stage, "RAA");
    stage.json(&["trust", "pause", "RAA"]);
    let serving = stage.serve();
    assert_eq!(create(&serving, "RAA", &token, "refused"), 503);
    stage.json(&["trust", "restore", "RAA"]);
    assert_eq!(create(&serving, "RAA", &token, "taken"), 201);
}
