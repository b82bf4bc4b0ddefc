//! A move with a plan between two hosts without a line is cut when everything that its plan asks for was proved by disks and
//! letters, and its certificate says what that was. Nobody is held before; a report or a disk that was changed, given twice, is
//! older or of another move proves nothing; and nobody but two people who run the trust agrees.

use serde_json::Value;

use crate::moving_carried::{CHANGES, HOLD, Halls, changed};
use crate::stage::{Answer, Said};

/// Somebody who is signed in at the first host and uses its pages.
struct Operator {
    cookie: String,
    form_token: String,
}

const PAGE: &str = "/t/RAA/moves/RAA";
/// The plan but for what a disk may take.
const PLAN: &str = "deadline=31+1+2031&rehearse_days=0&way_back_days=14&back_minutes=60";

impl Operator {
    fn sign_in(halls: &Halls, name: &str, password: &str) -> Operator {
        let cookie = halls.host(0).sign_in("RAA", name, password).1.unwrap();
        let page = halls.host(0).send("GET", PAGE, &[("Cookie", &cookie), ("Accept", "text/html")], b"");
        let text = String::from_utf8(page.body).unwrap();
        let form_token =
            text.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        Operator { cookie, form_token }
    }

    fn post(&self, halls: &Halls, act: &str, fields: &str) -> Answer {
        let headers = [("Cookie", self.cookie.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
        let form = format!("form_token={}&{fields}", self.form_token);
        halls.host(0).send("POST", &format!("{PAGE}/{act}"), &headers, form.as_bytes())
    }

    fn page(&self, halls: &Halls) -> String {
        let answer = halls.host(0).send("GET", PAGE, &[("Cookie", &self.cookie), ("Accept", "text/html")], b"");
        String::from_utf8(answer.body).unwrap()
    }
}

/// Adds an account; gives its password.
fn account(halls: &Halls, name: &str, role: &str) -> String {
    let add = ["user", "add", "--trust", "RAA", "--name", name, "--display", name, "--role", role];
    halls.json(0, &add)["user"]["password"].as_str().unwrap().to_owned()
}

/// Packs a disk after something was recorded, and rehearses from it at the second host.
fn rehearses(halls: &Halls, number: usize) -> String {
    assert_eq!(halls.create(0, &format!("before-{number}")), 201);
    let folder = halls.on_disk(&format!("folder-{number}"));
    halls.pack(&folder, if number == 0 { &["--whole"] } else { &[] });
    if number == 0 {
        halls.does(1, &["move", "copy", "--ticket", &halls.on_disk("ticket"), "--from", &folder]);
    }
    let rehearsed = halls.json(1, &["move", "rehearse", "--trust", "RAA", "--from", &folder]);
    assert_eq!(rehearsed["moved"]["rehearsed"]["differences"], serde_json::json!([]), "{rehearsed}");
    folder
}

/// The reports of the second host so far, as a letter.
fn report(halls: &Halls, name: &str) -> String {
    let file = halls.on_disk(name);
    halls.does(1, &["move", "report", "--trust", "RAA", "--out", &file]);
    file
}

fn hears(halls: &Halls, letter: &str) -> Said {
    halls.run(0, &["move", "letter", "--trust", "RAA", "--letter", letter])
}

/// The way back, by a disk of the second host.
fn packs_the_way_back(halls: &Halls, name: &str) -> String {
    let back = halls.on_disk(name);
    halls.does(1, &["move", "pack", "--trust", "RAA", "--out", &back, "--way-back"]);
    back
}

/// Tries to hold writers; nobody is.
fn is_not_held(halls: &Halls, words: &str) {
    let folder = halls.on_disk("held");
    let hold = [&["move", "pack", "--trust", "RAA", "--out", &folder], &HOLD[..]].concat();
    halls.refuses(0, &hold, words);
    assert!(halls.status(0)["held"].is_null());
}

/// A move whose plan asks for nothing more before writers are held; gives the passwords of two people, a line each.
fn ready(halls: &Halls) -> String {
    let (one, other) = (account(halls, "a.one", "operator"), account(halls, "b.two", "administrator"));
    let operator = Operator::sign_in(halls, "a.one", &one);
    assert_eq!(operator.post(halls, "plan", &format!("{PLAN}&carried_hours=48")).status, 303);
    assert_eq!(operator.post(halls, "told", "").status, 303);
    for number in 0..3 {
        rehearses(halls, number);
    }
    let said = hears(halls, &report(halls, "report"));
    assert_eq!(said.code, 0, "{}", said.err);
    halls.does(0, &["move", "rehearse", "--trust", "RAA", "--from", &packs_the_way_back(halls, "back")]);
    format!("{one}\n{other}\n")
}

/// Holds writers, and has the second host sign.
fn held_and_signed(halls: &Halls) {
    let (folder, signed) = (halls.on_disk("held"), halls.on_disk("signed"));
    assert!(halls.pack(&folder, &HOLD)["held"].is_string());
    halls.does(1, &["move", "sign", "--trust", "RAA", "--from", &folder, "--out", &signed]);
}

fn cut(halls: &Halls, people: [&str; 2], passwords: &str) -> Said {
    let (signed, entry) = (halls.on_disk("signed"), halls.on_disk("entry"));
    let [one, other] = people;
    let cut =
        ["move", "cut", "--trust", "RAA", "--signed", &signed, "--out", &entry, "--person", one, "--person", other];
    halls.stages[0].run_with(&cut, passwords)
}

/// Opens at the second host, and has both hosts sign the certificate; gives what it states.
fn certified(halls: &Halls) -> String {
    let [entry, opened, statement, certified] =
        ["entry", "opened", "statement", "certified"].map(|name| halls.on_disk(name));
    halls.does(1, &["move", "take", "--trust", "RAA", "--entry", &entry, "--out", &opened]);
    halls.does(0, &["move", "letter", "--trust", "RAA", "--letter", &opened, "--out", &statement]);
    halls.does(1, &["move", "letter", "--trust", "RAA", "--letter", &statement, "--out", &certified]);
    halls.does(0, &["move", "letter", "--trust", "RAA", "--letter", &certified]);
    assert_eq!(halls.certificate(0), halls.certificate(1));
    let statement: Value = serde_json::from_str(halls.certificate(1)["statement"].as_str().unwrap()).unwrap();
    statement["stated"].to_string()
}

#[test]
fn a_move_with_a_plan_is_cut_without_a_line_when_disks_and_letters_have_proved_what_the_plan_asks_for() {
    let halls = Halls::planned(["sqlite", "sqlite"]);
    let one = account(&halls, "a.one", "operator");
    let (other, third) = (account(&halls, "b.two", "administrator"), account(&halls, "c.three", "clinician"));
    let operator = Operator::sign_in(&halls, "a.one", &one);
    assert_eq!(operator.post(&halls, "plan", PLAN).status, 303);
    is_not_held(&halls, "does not say for how many hours a disk may be on its way");
    assert_eq!(operator.post(&halls, "plan", &format!("{PLAN}&carried_hours=48")).status, 303);
    let folder = rehearses(&halls, 0);
    is_not_held(&halls, "no report has come back");
    // One disk that is read three times proves no more than once.
    for _ in 0..2 {
        halls.does(1, &["move", "rehearse", "--trust", "RAA", "--from", &folder]);
    }
    let early = report(&halls, "early");
    assert_eq!(hears(&halls, &early).code, 0);
    is_not_held(&halls, "1 of 3, each from a disk that was packed anew");
    rehearses(&halls, 1);
    rehearses(&halls, 2);
    assert_eq!(hears(&halls, &report(&halls, "report")).code, 0);
    let known = halls.status(0)["rehearsals"].clone();
    assert_eq!(known.as_array().unwrap().len(), 5);
    assert_eq!(hears(&halls, &early).code, 0);
    assert_eq!(halls.status(0)["rehearsals"], known, "a letter that is given again says nothing new");
    is_not_held(&halls, "Staff told");
    assert_eq!(operator.post(&halls, "told", "").status, 303);
    is_not_held(&halls, "Way back rehearsed, or not possible");
    let back = packs_the_way_back(&halls, "back");
    halls.does(0, &["move", "rehearse", "--trust", "RAA", "--from", &back]);
    assert!(operator.page(&halls).contains("it is cut by command"));
    held_and_signed(&halls);
    assert_eq!(halls.create(0, "held"), 503);

    let signed = halls.on_disk("signed");
    let alone = ["move", "cut", "--trust", "RAA", "--signed", &signed];
    halls.refuses(0, &alone, "two people agree to its cut");
    halls.refuses(0, &[&alone[..], &["--unplanned", "--confirm", "RAA"]].concat(), "This move has a plan");
    for (people, passwords, words) in [
        (["a.one", "a.one"], format!("{one}\n{one}\n"), "Two different people"),
        (["a.one", "b.two"], format!("{one}\n{one}\n"), "is wrong"),
        (["a.one", "c.three"], format!("{one}\n{third}\n"), "user/c.three is neither"),
    ] {
        let said = cut(&halls, people, &passwords);
        assert!(said.code == 1 && said.err.contains(words), "{people:?}: {} {}", said.code, said.err);
        assert_eq!([halls.writes(0), halls.writes(1)], [true, false]);
    }
    let said = cut(&halls, ["a.one", "b.two"], &format!("{one}\n{other}\n"));
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!([halls.writes(0), halls.writes(1)], [false, false]);
    let stated = certified(&halls);
    assert!(stated.contains("It was cut with a plan, by two people, and without a line"), "{stated}");
    assert!(stated.contains("the way back was rehearsed, from a disk, at"), "{stated}");
    assert!(!stated.contains("without a plan") && !stated.contains("a.one"), "{stated}");
    let plan: Value =
        serde_json::from_slice(&std::fs::read(halls.stages[1].path("data/schedules/RAA.json")).unwrap()).unwrap();
    assert_eq!(plan["carried_hours"], 48, "the plan travels with the move");
}

#[test]
fn whoever_is_killed_right_after_a_planned_cut_still_certifies_what_its_gate_was_and_no_way_back_is_said() {
    let mut halls = Halls::planned(["sqlite", "sqlite"]);
    let one = account(&halls, "a.one", "operator");
    let other = account(&halls, "b.two", "administrator");
    let operator = Operator::sign_in(&halls, "a.one", &one);
    let plan = format!("{PLAN}&carried_hours=48&no_way_back=The+old+hall+is+closed+that+night");
    assert_eq!(operator.post(&halls, "plan", &plan).status, 303);
    assert_eq!(operator.post(&halls, "told", "").status, 303);
    (0..3).for_each(|number| drop(rehearses(&halls, number)));
    assert_eq!(hears(&halls, &report(&halls, "report")).code, 0);
    held_and_signed(&halls);
    halls.start(0, Some("after-cut"));
    assert_ne!(cut(&halls, ["a.one", "b.two"], &format!("{one}\n{other}\n")).code, 0);
    halls.start(0, None);
    assert_eq!([halls.writes(0), halls.writes(1)], [false, false], "it is cut");
    halls.does(0, &["move", "entry", "--trust", "RAA", "--out", &halls.on_disk("entry")]);
    let stated = certified(&halls);
    assert!(stated.contains("not possible: The old hall is closed that night."), "{stated}");
    assert!(stated.contains("It was cut with a plan"), "{stated}");
}

#[test]
fn a_report_or_a_disk_of_the_way_back_that_was_changed_replayed_or_is_anothers_proves_nothing() {
    let (halls, others) = (Halls::planned(["sqlite", "sqlite"]), Halls::planned(["sqlite", "sqlite"]));
    rehearses(&others, 0);
    let (theirs, their_back) = (report(&others, "report"), packs_the_way_back(&others, "back"));
    rehearses(&halls, 0);
    let ours = report(&halls, "report");
    let bad = halls.on_disk("bad");
    let mut texts: Vec<Vec<u8>> = CHANGES.iter().filter_map(|change| change(std::fs::read(&ours).unwrap())).collect();
    texts.push(std::fs::read(&theirs).unwrap());
    texts.push(std::fs::read(std::path::Path::new(&halls.on_disk("folder-0")).join("letter")).unwrap());
    for text in texts {
        std::fs::write(&bad, text).unwrap();
        let said = hears(&halls, &bad);
        assert_eq!(said.code, 1, "{} {}", said.out, said.err);
        assert_eq!(halls.status(0)["rehearsals"], serde_json::json!([]));
    }
    // Not by whoever follows, and not in the place of a signature.
    halls.refuses(1, &["move", "letter", "--trust", "RAA", "--letter", &ours], "This is no letter of the other host");
    let cut = ["move", "cut", "--trust", "RAA", "--unplanned", "--confirm", "RAA", "--signed", &ours];
    halls.refuses(0, &cut, "another letter of this move");

    let (early, back) = (packs_the_way_back(&halls, "early"), packs_the_way_back(&halls, "back"));
    let rehearse = |folder: &str| halls.run(0, &["move", "rehearse", "--trust", "RAA", "--from", folder]);
    for file in ["letter", "way-back"] {
        for change in CHANGES {
            let said = rehearse(&changed(&halls, &back, file, change));
            let is_named = said.err.contains(file) || said.err.contains("This is no letter of the other host");
            assert!(said.code == 1 && is_named, "{file}: {} {}", said.out, said.err);
        }
    }
    let plain = halls.on_disk("plain");
    halls.does(1, &["move", "pack", "--trust", "RAA", "--out", &plain]);
    for (folder, words) in [
        (their_back.as_str(), "the other host of this move has not signed it"),
        (halls.on_disk("folder-0").as_str(), "This is no letter of the other host"),
        (plain.as_str(), "holds nothing for a rehearsal of the way back"),
    ] {
        let said = rehearse(folder);
        assert!(said.code == 1 && said.err.contains(words), "{folder}: {} {}", said.code, said.err);
    }
    assert_eq!(rehearse(&back).code, 0);
    let said = rehearse(&early);
    assert!(said.code == 1 && said.err.contains("is older than what this host has"), "{}", said.err);
}

#[test]
fn a_folder_that_is_packed_for_a_plan_holds_only_who_may_be_held() {
    let halls = Halls::planned(["sqlite", "sqlite"]);
    let passwords = ready(&halls);
    held_and_signed(&halls);
    // Nothing is signed for a place that is not there any more.
    halls.does(0, &["move", "release", "--trust", "RAA"]);
    assert_eq!(halls.create(0, "late"), 201);
    let said = cut(&halls, ["a.one", "b.two"], &passwords);
    assert!(said.code == 1 && said.err.contains("Nobody is held"), "{}", said.err);
    let folder = halls.on_disk("held");
    assert!(halls.pack(&folder, &HOLD)["held"].is_string());
    let said = cut(&halls, ["a.one", "b.two"], &passwords);
    assert!(said.code == 1 && said.err.contains("Both hosts hold the same at the cut"), "{}", said.err);
    halls.does(1, &["move", "sign", "--trust", "RAA", "--from", &folder, "--out", &halls.on_disk("signed")]);
    assert_eq!(cut(&halls, ["a.one", "b.two"], &passwords).code, 0);
    assert!(certified(&halls).contains("It was cut with a plan"));
    assert_eq!(halls.create(1, "after"), 201);
}
