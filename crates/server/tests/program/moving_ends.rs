//! How a move ends: the old copy is destroyed, whoever is killed or not heard meanwhile; or the move is given up, and the
//! trust can be moved again. Nothing else of a trust that moves is taken away.

use crate::pair::{CUT, Pair, create, names_at, proved};
use crate::stage::becomes;

fn complete(pair: &Pair) -> (i32, String) {
    let said = pair.stages[1].run(&["move", "complete", "--trust", "RAA", "--confirm", "RAA"]);
    (said.code, said.out)
}

#[test]
fn a_copy_whose_destruction_was_cut_short_is_gone_in_the_end_and_the_trust_can_move_again() {
    for place in ["before-destroying", "after-destroying"] {
        let mut pair = Pair::planned(["sqlite", "sqlite"]);
        assert_eq!(create(&pair, 0, "first"), 201);
        pair.copy();
        pair.rehearse(1, false);
        pair.json(0, &CUT);
        for at in [0, 1] {
            let said = pair.stages[at].run(&["move", "certificate", "--trust", "RAA", "--out", "certificate.pdf"]);
            assert_eq!(said.code, 0, "both hosts have it: {}", said.err);
            assert!(std::fs::read(pair.stages[at].path("certificate.pdf")).unwrap().starts_with(b"%PDF-"));
        }
        pair.start(0, Some(place));
        pair.until("the old host follows", |pair| pair.status(0)["entries"] == pair.status(1)["entries"]);
        assert_ne!(complete(&pair).0, 0, "{place}: nobody has answered");
        assert!(pair.serving[0].as_mut().unwrap().wait_for_its_end(), "{place} was not reached");
        pair.start(0, None);
        assert!(becomes(|| !pair.stages[0].path("data/trusts/RAA").exists()), "{place}: it goes on by itself");
        let (code, statement) = complete(&pair);
        assert!(code == 0 && statement.contains("almoner destroyed copy 1"), "{place}: {statement}");
        assert_eq!(complete(&pair).1, statement, "{place}: a repetition is answered again");
        assert_eq!(pair.status(1)["phase"], "completed");
        // Back to where it was, as a new move.
        let key = pair.json(0, &["move", "key"])["moved"]["key"]["key"].as_str().unwrap().to_owned();
        let to = pair.lines[0].address().to_string();
        let planned = pair.stages[1].run(&["move", "plan", "--trust", "RAA", "--to", &to, "--key", &key]);
        assert_eq!(planned.code, 0, "{place}: {}", planned.err);
        std::fs::write(pair.stages[0].path("ticket"), planned.out).unwrap();
        pair.json(0, &["move", "copy", "--ticket", "ticket"]);
        pair.rehearse(0, true);
        pair.json(1, &CUT);
        pair.until("it writes where it was first", |pair| pair.writes(0) && !pair.writes(1));
        assert_eq!(create(&pair, 0, "second"), 201);
        pair.until("the other host follows", |pair| pair.status(0)["entries"] == pair.status(1)["entries"]);
        assert_eq!(proved(&pair, 0), proved(&pair, 1));
        assert_eq!(names_at(pair.host(0), &pair.token).len(), 2);
    }
}

/// Gives a move up at a host; the code and the text.
fn give_up(pair: &Pair, at: usize, note: Option<&str>) -> (i32, String) {
    let mut arguments = vec!["move", "give-up", "--trust", "RAA", "--confirm", "RAA"];
    note.iter().for_each(|note| arguments.extend(["--note", *note]));
    let said = pair.stages[at].run(&arguments);
    (said.code, if said.code == 0 { said.out } else { said.err })
}

#[test]
fn a_move_that_leads_nowhere_is_given_up_and_begun_anew() {
    let pair = Pair::planned(["sqlite", "sqlite"]);
    assert_eq!(create(&pair, 0, "first"), 201);
    let [from, to] = [0, 1].map(|at| pair.lines[at].address().to_string());
    let key = pair.json(1, &["move", "key"])["moved"]["key"]["key"].as_str().unwrap().to_owned();
    let plan =
        || pair.stages[0].run(&["move", "plan", "--trust", "RAA", "--to", &to, "--key", &key, "--address", &from]);
    assert_eq!(plan().code, 0, "nobody has used the first ticket");
    let before = pair.stages[1].run(&["move", "copy", "--ticket", "ticket"]);
    assert_ne!(before.code, 0, "a ticket that another one has replaced leads nowhere: {}", before.out);
    let ticket = plan();
    assert_eq!(ticket.code, 0, "{}", ticket.err);
    std::fs::write(pair.stages[1].path("ticket"), ticket.out).unwrap();
    let said = pair.stages[1].run(&["move", "copy", "--ticket", "ticket"]);
    assert!(said.code == 1 && said.err.contains("by another ticket"), "{}", said.err);
    let (code, said) = give_up(&pair, 1, None);
    assert_eq!(code, 0, "nothing has come by the first ticket: {said}");
    pair.copy();
    let (code, said) = give_up(&pair, 1, None);
    assert!(code == 1 && said.contains("Give the move up at the host that does"), "{said}");
    std::fs::write(pair.stages[1].path("forged"), "almoner move given up 1\nid x\ntrust RAA\n").unwrap();
    assert_eq!(give_up(&pair, 1, Some("forged")).0, 1);
    assert_eq!(create(&pair, 0, "second"), 201, "the trust goes on where it is");
}

#[test]
fn a_copy_of_a_move_that_was_given_up_is_destroyed_and_another_one_is_made() {
    let pair = Pair::planned(["sqlite", "sqlite"]);
    assert_eq!(create(&pair, 0, "first"), 201);
    pair.copy();
    let [from, to] = [0, 1].map(|at| pair.lines[at].address().to_string());
    let key = pair.json(1, &["move", "key"])["moved"]["key"]["key"].as_str().unwrap().to_owned();
    let plan =
        || pair.stages[0].run(&["move", "plan", "--trust", "RAA", "--to", &to, "--key", &key, "--address", &from]);
    let again = plan();
    assert!(again.code == 1 && again.err.contains("give-up"), "it is under way: {}", again.err);
    for act in ["pause", "close"] {
        let said = pair.stages[0].run(&["trust", act, "RAA"]);
        assert!(said.code == 1 && said.err.contains("is being moved"), "{act}: {}", said.err);
    }
    let (code, note) = give_up(&pair, 0, None);
    assert_eq!(code, 0, "{note}");
    assert_eq!(pair.stages[0].run(&CUT).code, 1, "no cut comes of it");
    std::fs::write(pair.stages[1].path("note"), &note).unwrap();
    let (code, statement) = give_up(&pair, 1, Some("note"));
    assert!(code == 0 && statement.contains("almoner destroyed copy 1"), "{statement}");
    assert!(!pair.stages[1].path("data/trusts/RAA").exists());
    assert_eq!(create(&pair, 0, "second"), 201);
    let ticket = plan();
    assert_eq!(ticket.code, 0, "{}", ticket.err);
    std::fs::write(pair.stages[1].path("ticket"), ticket.out).unwrap();
    pair.copy();
    pair.rehearse(1, true);
    pair.json(0, &CUT);
    assert!(pair.writes(1) && !pair.writes(0));
    pair.until("the old host follows", |pair| pair.status(0)["entries"] == pair.status(1)["entries"]);
    assert_eq!(proved(&pair, 0), proved(&pair, 1));
    assert_eq!(names_at(pair.host(1), &pair.token).len(), 2);
    // After the cut too: the host that writes goes on alone, and the old one destroys its copy by that note.
    let (code, note) = give_up(&pair, 1, None);
    assert_eq!(code, 0, "{note}");
    std::fs::write(pair.stages[0].path("note"), &note).unwrap();
    let (code, statement) = give_up(&pair, 0, Some("note"));
    assert!(code == 0 && statement.contains("almoner destroyed copy 1"), "{statement}");
    assert!(!pair.stages[0].path("data/trusts/RAA").exists());
    assert_eq!(create(&pair, 1, "third"), 201);
}

#[test]
fn a_move_without_a_plan_is_cut_only_where_that_is_said_and_its_certificate_says_so() {
    let pair = Pair::planned(["sqlite", "sqlite"]);
    pair.copy();
    pair.rehearse(1, false);
    let [say, trust, code] = ["--unplanned", "--confirm", "RAA"];
    for (more, why) in [
        (&[][..], "no plan"),
        (&[say], "--confirm"),
        (&[trust, code], "--unplanned"),
        (&[say, trust, "RAB"], "Type the trust's code"),
    ] {
        let said = pair.stages[0].run(&[&CUT[..4], more].concat());
        assert!(said.code != 0 && said.err.contains(why), "{more:?}: {}", said.err);
        assert!(pair.writes(0));
    }
    pair.json(0, &CUT);
    assert!(pair.writes(1) && !pair.writes(0));
    for at in [0, 1] {
        let stated = pair.certificate(at)["stated"].to_string();
        assert!(stated.contains("by command and without a plan"), "{stated}");
    }
}

#[test]
fn a_rehearsal_makes_way_for_a_cut() {
    let mut pair = Pair::planned(["sqlite", "sqlite"]);
    assert_eq!(create(&pair, 0, "first"), 201);
    pair.copy();
    pair.rehearse(1, false);
    let waiting = pair.start_to_wait(1, "while-comparing");
    pair.until("the target follows", |pair| pair.status(1)["entries"] == pair.status(0)["entries"]);
    std::thread::scope(|scope| {
        let rehearsing = scope.spawn(|| pair.stages[1].run(&["move", "rehearse", "--trust", "RAA", "--whole"]));
        waiting.is_reached();
        // It would compare for hours.
        pair.json(0, &CUT);
        let said = rehearsing.join().unwrap();
        assert!(said.code == 1 && said.err.contains("A cut is under way"), "{}", said.err);
    });
    assert!(pair.writes(1) && !pair.writes(0));
}
