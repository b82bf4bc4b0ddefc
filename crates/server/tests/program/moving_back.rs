//! A cut whose target never opens: the cut entry is carried there by hand, or the target refuses it for good and two people
//! take the trust back; and a copy that keeps to a rate.

use std::io::Write as _;
use std::process::{Child, Stdio};

use testkit::line::Quality;

use crate::pair::{CUT, Pair, create, names_at, proved};
use crate::stage::{Said, instant};

/// Two people of the trust with their passwords.
fn two_people(pair: &Pair) -> [(&'static str, String); 2] {
    ["s.reilly", "t.okafor"].map(|name| {
        let add = ["user", "add", "--trust", "RAA", "--name", name, "--display", "Somebody", "--role", "administrator"];
        (name, pair.json(0, &add)["user"]["password"].as_str().unwrap().to_owned())
    })
}

fn resume(pair: &Pair, at: usize, people: &[(&str, &str)], refusal: Option<&str>) -> Said {
    let mut arguments = vec!["move", "resume", "--trust", "RAA"];
    people.iter().for_each(|(name, _)| arguments.extend(["--person", *name]));
    refusal.iter().for_each(|file| arguments.extend(["--refusal", *file]));
    let passwords: String = people.iter().map(|(_, password)| format!("{password}\n")).collect();
    pair.stages[at].run_with(&arguments, &passwords)
}

/// A file is carried from one host to the other.
fn carry(pair: &Pair, from: usize, name: &str) {
    std::fs::copy(pair.stages[from].path(name), pair.stages[1 - from].path(name)).unwrap();
}

/// Cuts at the source; the target, which was started to stop somewhere, gets nothing of the cut but what it is told.
fn cut_untold(pair: &mut Pair) -> Child {
    let waiting = pair.start_to_wait(0, "before-cut");
    pair.until("the target follows", |pair| pair.status(1)["entries"] == pair.status(0)["entries"]);
    let mut command = pair.stages[0].command(&CUT);
    let cutting = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    waiting.is_reached();
    pair.lines[0].set(Quality::Cut);
    waiting.let_go();
    cutting
}

/// The same with a target that dies at a place, and is not served afterwards.
fn cut_to_nowhere(pair: &mut Pair, place: &str) -> Child {
    pair.start(1, Some(place));
    let cutting = cut_untold(pair);
    assert!(pair.serving[1].as_mut().unwrap().wait_for_its_end(), "{place} was not reached");
    pair.serving[1] = None;
    pair.lines[0].set(Quality::Whole);
    cutting
}

#[test]
fn a_cut_is_refused_for_good_by_its_target_and_two_people_take_the_trust_back() {
    let mut pair = Pair::planned(["sqlite", "sqlite"]);
    let people = two_people(&pair);
    let [one, other] = [0, 1].map(|at: usize| (people[at].0, people[at].1.as_str()));
    assert_eq!(create(&pair, 0, "first"), 201);
    pair.copy();
    // The target does not hold the cut, then holds it and has not opened.
    for (number, place) in ["before-taking-the-cut", "before-opening"].into_iter().enumerate() {
        pair.rehearse(1, false);
        let mut cutting = cut_to_nowhere(&mut pair, place);
        let said = pair.stages[0].run(&["move", "entry", "--trust", "RAA", "--out", "entry"]);
        assert_eq!(said.code, 0, "{}", said.err);
        let (name, held) = (format!("held-{number}"), std::sync::mpsc::channel());
        std::thread::scope(|scope| {
            scope.spawn(|| held.0.send(create(&pair, 0, &name)).unwrap());
            // Nobody is asked over the wire: there is nobody.
            let said = resume(&pair, 0, &[one, other], None);
            assert!(said.code != 0 && said.err.contains("move refuse"), "{}", said.err);
            carry(&pair, 0, "entry");
            let refused =
                pair.stages[1].run(&["move", "refuse", "--trust", "RAA", "--entry", "entry", "--out", "refusal"]);
            assert_eq!(refused.code, 0, "{}", refused.err);
            carry(&pair, 1, "refusal");
            for wrong in [vec![one], vec![one, one], vec![one, (other.0, "wrong")], vec![one, ("nobody", "x")]] {
                let said = resume(&pair, 0, &wrong, Some("refusal"));
                assert_eq!(said.code, 1, "{wrong:?}: {}", said.err);
            }
            let forged = std::fs::read_to_string(pair.stages[0].path("refusal")).unwrap();
            std::fs::write(pair.stages[0].path("forged"), forged.replace("\"epoch\": ", "\"epoch\": 1")).unwrap();
            assert_eq!(resume(&pair, 0, &[one, other], Some("forged")).code, 1);
            assert!(!pair.writes(0));
            let said = resume(&pair, 0, &[one, other], Some("refusal"));
            assert_eq!(said.code, 0, "{}", said.err);
        });
        assert_eq!(held.1.recv().unwrap(), 201, "who was held went on at the old host");
        assert!(pair.writes(0));
        let _ = cutting.wait();
        pair.start(1, None);
        pair.until("the other follows", |pair| pair.status(0)["entries"] == pair.status(1)["entries"]);
        assert!(!pair.writes(1), "it never opens by what it has refused");
        let early = pair.stages[0].run(&CUT);
        assert!(early.code == 1, "before the next cut it is rehearsed: {}", early.out);
    }
    pair.rehearse(1, true);
    // Over the wire, while the target stands still between two steps.
    let waiting = pair.start_to_wait(1, "before-taking-the-cut");
    let mut cutting = cut_untold(&mut pair);
    waiting.is_reached();
    let said = resume(&pair, 0, &[one, other], None);
    assert_eq!(said.code, 0, "{}", said.err);
    waiting.let_go();
    let _ = cutting.wait();
    assert!(pair.writes(0) && !pair.writes(1));
    pair.lines[0].set(Quality::Whole);
    pair.start(1, None);
    pair.rehearse(1, false);
    pair.json(0, &CUT);
    assert!(!pair.writes(0) && pair.writes(1));
    let late = resume(&pair, 0, &[one, other], None);
    assert!(late.code != 0 && !pair.writes(0), "it has opened there: {}", late.err);
    pair.until("the old host follows", |pair| pair.status(0)["entries"] == pair.status(1)["entries"]);
    assert_eq!(proved(&pair, 0), proved(&pair, 1));
    assert_eq!(names_at(pair.host(1), &pair.token).len(), 3);
}

#[test]
fn a_refused_cut_that_ends_a_segment_is_followed_like_any_other() {
    let mut pair = Pair::planned(["sqlite", "sqlite"]);
    let people = two_people(&pair);
    let entries = |pair: &Pair| pair.status(0)["entries"].as_u64().unwrap();
    for number in entries(&pair)..255 {
        assert_eq!(create(&pair, 0, &format!("p{number}")), 201);
    }
    pair.copy();
    pair.rehearse(1, false);
    assert_eq!(entries(&pair), 255, "the cut is the last entry of the first segment");
    let mut cutting = cut_to_nowhere(&mut pair, "before-taking-the-cut");
    assert_eq!(pair.stages[0].run(&["move", "entry", "--trust", "RAA", "--out", "entry"]).code, 0);
    carry(&pair, 0, "entry");
    let refuse = ["move", "refuse", "--trust", "RAA", "--entry", "entry", "--out", "refusal"];
    assert_eq!(pair.stages[1].run(&refuse).code, 0);
    carry(&pair, 1, "refusal");
    let [one, other] = [0, 1].map(|at: usize| (people[at].0, people[at].1.as_str()));
    assert_eq!(resume(&pair, 0, &[one, other], Some("refusal")).code, 0);
    let _ = cutting.wait();
    assert_eq!(create(&pair, 0, "after"), 201);
    pair.start(1, None);
    pair.until("it follows", |pair| pair.status(1)["entries"] == pair.status(0)["entries"]);
    pair.rehearse(1, true);
    pair.json(0, &CUT);
    assert!(pair.writes(1) && !pair.writes(0));
}

#[test]
fn a_cut_entry_that_is_carried_by_hand_opens_its_target() {
    let mut pair = Pair::planned(["sqlite", "sqlite"]);
    pair.copy();
    pair.rehearse(1, false);
    let mut cutting = cut_to_nowhere(&mut pair, "before-taking-the-cut");
    pair.lines.iter().for_each(|line| line.set(Quality::Cut));
    pair.start(1, None);
    let said = pair.stages[0].run(&["move", "entry", "--trust", "RAA", "--out", "entry"]);
    assert_eq!(said.code, 0, "{}", said.err);
    carry(&pair, 0, "entry");
    let mut file = std::fs::OpenOptions::new().append(true).open(pair.stages[0].path("entry")).unwrap();
    file.write_all(b"zz\n").unwrap();
    let damaged = std::fs::read(pair.stages[0].path("entry")).unwrap();
    std::fs::write(pair.stages[1].path("damaged"), damaged).unwrap();
    assert_eq!(pair.stages[1].run(&["move", "take", "--trust", "RAA", "--entry", "damaged"]).code, 1);
    assert!(!pair.writes(1));
    let taken = pair.stages[1].run(&["move", "take", "--trust", "RAA", "--entry", "entry"]);
    assert_eq!(taken.code, 0, "{}", taken.err);
    assert!(pair.writes(1) && !pair.writes(0));
    assert_eq!(create(&pair, 1, "at the new address"), 201);
    pair.lines.iter().for_each(|line| line.set(Quality::Whole));
    pair.until("the old host follows", |pair| pair.status(0)["entries"] == pair.status(1)["entries"]);
    let _ = cutting.wait();
    assert_eq!(proved(&pair, 0), proved(&pair, 1));
}

#[test]
fn a_copy_keeps_to_the_rate_that_was_said_and_to_another_from_then_on() {
    let pair = Pair::planned(["sqlite", "sqlite"]);
    for number in 0..300 {
        assert_eq!(create(&pair, 0, &format!("p{number}")), 201);
    }
    let began = instant();
    let rate = 20_000.0;
    let copied = pair.json(1, &["move", "copy", "--ticket", "ticket", "--rate", "20kB"])["moved"]["status"][0].clone();
    let segment = copied["fetched"].as_f64().unwrap() * 0.8;
    assert!(began.elapsed().as_secs_f64() >= segment / rate, "{copied}: copied in {:?}", began.elapsed());
    assert_eq!(copied["throttle"]["rate"], 20_000);
    let changed = pair.json(1, &["move", "throttle", "--trust", "RAA", "--rate", "0", "--hours", "22-6"]);
    assert_eq!(changed["moved"]["status"][0]["throttle"], serde_json::json!({ "rate": null, "hours": [1320, 360] }));
    assert_eq!(pair.stages[1].run(&["move", "throttle", "--trust", "RAA", "--rate", "fast"]).code, 1);
    assert_eq!(pair.stages[1].run(&["move", "throttle", "--trust", "RAA"]).code, 1);
    // Whoever asks for a step does not wait for the hour.
    pair.rehearse(1, false);
}

#[test]
fn a_copy_that_was_carried_on_a_disk_is_taken_as_it_was_signed_and_goes_on_by_wire() {
    let pair = Pair::planned(["sqlite", "sqlite"]);
    for number in 0..300 {
        assert_eq!(create(&pair, 0, &format!("p{number}")), 201);
    }
    let pack = || pair.json(0, &["move", "pack", "--trust", "RAA", "--out", "disk"])["moved"]["packed"].clone();
    assert_eq!(
        (pack()["segments"].clone(), pack()["written"].clone()),
        (1.into(), 0.into()),
        "packed once, then only added to"
    );
    let (disk, carried) = (pair.stages[0].path("disk"), pair.stages[1].path("disk"));
    let take = || {
        std::fs::create_dir_all(&carried).unwrap();
        for file in std::fs::read_dir(&disk).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), carried.join(file.file_name())).unwrap();
        }
    };
    // There is no wire.
    pair.lines.iter().for_each(|line| line.set(Quality::Cut));
    for (file, place) in [("segment-000000000", 400), ("rest", 60), ("segments.json", 400)] {
        take();
        let mut bytes = std::fs::read(carried.join(file)).unwrap();
        let at = place.min(bytes.len() - 1);
        bytes[at] ^= 1;
        std::fs::write(carried.join(file), bytes).unwrap();
        let said = pair.stages[1].run(&["move", "copy", "--ticket", "ticket", "--from", "disk"]);
        assert_eq!(said.code, 1, "{file}: {} {}", said.out, said.err);
    }
    take();
    let said = pair.stages[1].run(&["move", "copy", "--ticket", "ticket", "--from", "disk"]);
    assert!(said.code != 0 && said.err.contains("cannot be reached"), "it waits for the wire: {}", said.err);
    assert_eq!(pair.status(1)["entries"], pair.status(0)["entries"], "everything that was packed is here");
    assert_eq!(create(&pair, 0, "since"), 201);
    pair.lines.iter().for_each(|line| line.set(Quality::Whole));
    pair.until("it follows", |pair| pair.status(0)["entries"] == pair.status(1)["entries"]);
    let fetched = pair.status(1)["fetched"].as_u64().unwrap();
    assert!(fetched < std::fs::metadata(disk.join("segment-000000000")).unwrap().len(), "{fetched}: only what is new");
    pair.rehearse(1, true);
    pair.json(0, &CUT);
    assert!(pair.writes(1));
    pair.until("the old host follows", |pair| pair.status(0)["entries"] == pair.status(1)["entries"]);
    assert_eq!(proved(&pair, 0), proved(&pair, 1));
}
