//! A trust moves between two real hosts while clients in other processes write to it: nothing that was acknowledged is lost or
//! doubled by the clients' own logs, both hosts have one root, reading never stops; back again, the same; and whoever is
//! killed between any two steps goes on where it was.

use std::collections::BTreeMap;
use std::process::Stdio;

use crate::clients::Load;
use crate::moving_lines::fill;
use crate::pair::{BACK, CUT, JSON, Pair, create, names_at, proved, values_at};
use crate::stage::{Serving, Stage, free_address, is_soak, note};
use crate::witness::{self, know_each_other};

/// Moves there and back, again and again, under load.
fn moves_under_load(stores: [&str; 2]) {
    let pair = Pair::planned(stores);
    let load = Load::begin(&pair, "w");
    load.more(if is_soak() { 3000 } else { 100 });
    pair.copy();
    load.more(20);
    let (rounds, between) = if is_soak() { (40, 200) } else { (2, 20) };
    let mut cuts = Vec::new();
    for round in 0..rounds {
        let (from, to, command) = if round % 2 == 0 { (0, 1, &CUT[..]) } else { (1, 0, &BACK[..]) };
        pair.rehearse(to, false);
        load.more(between);
        let cut = pair.cut_under_load(from, command);
        assert!(!pair.writes(from) && pair.writes(to), "{cut}");
        load.more(between);
        cuts.push(cut);
    }
    let done = load.end();
    pair.until("the follower has everything", |pair| pair.status(0)["entries"] == pair.status(1)["entries"]);
    let there = values_at(pair.host(0), &pair.token, "Observation", "/identifier/0/value");
    let lost: Vec<&String> = done.written.iter().filter(|name| !there.contains_key(*name)).collect();
    let doubled: Vec<&String> = there.iter().filter(|(_, count)| **count > 1).map(|(name, _)| name).collect();
    assert!(lost.is_empty() && doubled.is_empty(), "lost: {lost:?}; doubled: {doubled:?}");
    assert_eq!(proved(&pair, 0), proved(&pair, 1));
    assert!(done.reads > 20 && done.written.len() > 100);
    for cut in &cuts {
        note(&format!(
            "{} to {}: {} held, median {} ms, longest {} ms; no writer inside after {} ms, cut after {} ms, open after {} ms",
            stores[usize::from(cut["back"] == true)],
            stores[usize::from(cut["back"] == false)],
            cut["held"],
            cut["held_median_ms"],
            cut["held_longest_ms"],
            cut["drained_ms"],
            cut["cut_ms"],
            cut["live_ms"],
        ));
        assert!(!is_soak() || cut["held"].as_u64().unwrap() > 0, "two hundred write every second: {cut}");
    }
    note(&format!("{} writes acknowledged, {:.0} a second; {} reads", done.written.len(), done.rate, done.reads));
    let longest = cuts.iter().filter_map(|cut| cut["held_longest_ms"].as_u64()).max().unwrap();
    assert!(longest < if is_soak() { 1000 } else { 5000 }, "somebody was held for {longest} ms");
}

#[test]
fn a_trust_moves_and_comes_back_while_it_is_used() {
    moves_under_load(["sqlite", "sqlite"]);
}

#[test]
fn a_trust_moves_from_sqlite_to_postgresql_and_back() {
    moves_under_load(["sqlite", "postgres"]);
}

#[test]
fn a_trust_moves_from_postgresql_to_sqlite_and_back() {
    moves_under_load(["postgres", "sqlite"]);
}

#[test]
fn a_trust_moves_from_postgresql_to_postgresql_and_back() {
    moves_under_load(["postgres", "postgres"]);
}

/// Steps that end the process of the host that cuts, and of the one that takes the cut.
const AT_THE_SOURCE: [&str; 7] = [
    "while-draining",
    "before-cut",
    "after-cut",
    "before-handing-over",
    "before-sending-on",
    "before-counting",
    "before-certifying",
];
const AT_THE_TARGET: [&str; 7] = [
    "before-signing",
    "after-signing",
    "before-taking-the-cut",
    "after-taking-the-cut",
    "before-opening",
    "after-opening",
    "while-certifying",
];

#[test]
fn whoever_is_killed_between_two_steps_goes_on_and_never_do_two_hosts_write() {
    kill_at_each_step(0, &AT_THE_SOURCE, &AT_THE_TARGET);
}

#[test]
fn whoever_is_killed_between_two_steps_of_the_way_back_goes_on_too() {
    kill_at_each_step(1, &AT_THE_SOURCE, &AT_THE_TARGET);
}

#[test]
fn whoever_is_killed_in_a_second_cut_goes_on_too() {
    kill_at_each_step(2, &["after-cut", "before-sending-on"], &["before-opening", "after-opening"]);
}

/// Kills a host at each of these steps of the cut that comes after so many others.
fn kill_at_each_step(cuts: usize, source: &[&str], target: &[&str]) {
    let witness = witness::Host::begin(Stage::set());
    let pairs: &[[&str; 2]] =
        if is_soak() { &[["sqlite", "sqlite"], ["postgres", "postgres"]] } else { &[["sqlite", "sqlite"]] };
    for stores in pairs {
        for step in source {
            is_brought_to_its_end(&witness, *stores, cuts, Killed { cuts: true, step });
        }
        for step in target {
            is_brought_to_its_end(&witness, *stores, cuts, Killed { cuts: false, step });
        }
    }
}

/// Who is killed, and where.
struct Killed<'s> {
    /// Whether it is the host that cuts; else the one that takes the cut.
    cuts: bool,
    step: &'s str,
}

/// The command of the cut that comes after so many others, and the hosts from which and to which it goes.
fn cut_after(cuts: usize) -> (&'static [&'static str], usize, usize) {
    if cuts.is_multiple_of(2) { (&CUT, 0, 1) } else { (&BACK, 1, 0) }
}

fn is_brought_to_its_end(witness: &witness::Host, stores: [&str; 2], cuts: usize, killed: Killed<'_>) {
    let Killed { step, .. } = killed;
    let mut pair = Pair::planned(stores);
    for at in [0, 1] {
        know_each_other(&pair, at, witness);
    }
    let token = pair.token.clone();
    let is_created = |pair: &Pair, at: usize, name: &str| matches!(create(pair, at, name), 200 | 201);
    assert!(is_created(&pair, 0, "first"));
    pair.copy();
    for done in 0..cuts {
        let (command, from, to) = cut_after(done);
        pair.rehearse(to, false);
        pair.json(from, command);
        pair.until("the other host follows", |pair| pair.status(0)["entries"] == pair.status(1)["entries"]);
    }
    let (command, from, to) = cut_after(cuts);
    pair.rehearse(to, false);
    let at = if killed.cuts { from } else { to };
    pair.start(at, Some(step));
    let mut cutting = pair.stages[from].command(command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    assert!(pair.serving[at].as_mut().unwrap().wait_for_its_end(), "{step} was not reached");
    pair.start(at, None);
    if killed.cuts {
        let _ = cutting.wait();
    }
    pair.until(&format!("{step}: one host writes"), |pair| pair.writes(0) != pair.writes(1));
    // Whatever was reached, a client at the old address is served, once.
    pair.until(&format!("{step}: writes go on"), |pair| is_created(pair, from, "second"));
    assert!(is_created(&pair, from, "second"), "a repetition is answered again");
    let is_given_up = pair.writes(from);
    if is_given_up {
        pair.until(&format!("{step}: it can be cut"), |pair| pair.stages[from].run(command).code == 0);
    }
    pair.until(&format!("{step}: the target writes"), |pair| pair.writes(to) && !pair.writes(from));
    pair.until(&format!("{step}: the new address serves"), |pair| is_created(pair, to, "third"));
    let there = names_at(pair.host(to), &token);
    let expected = ["first", "second", "third"].map(|name| (name.to_owned(), 1));
    assert_eq!(there, BTreeMap::from(expected), "{step}");
    pair.until(&format!("{step}: the old host follows"), |pair| pair.status(0)["entries"] == pair.status(1)["entries"]);
    assert_eq!(proved(&pair, 0), proved(&pair, 1), "{step}");
    let _ = cutting.wait();
    is_certified(&pair, witness, cuts, &format!("{step} after {cuts} cuts"));
    if killed.cuts && !is_given_up {
        let timings = pair.certificate(from)["timings"].clone();
        let is_unknown = timings.get("held").is_none() && timings.get("held_longest_ms").is_none();
        assert!(is_unknown || step == "before-certifying", "{step}: nobody has measured that: {timings}");
    }
    let (command, from, _) = cut_after(cuts + 1);
    let early = pair.stages[from].run(command);
    assert!(early.code == 1 && early.err.contains("not rehearsed since the last cut"), "{step}: {}", early.err);
}

/// Both hosts have one certificate of the last cut, an outsider finds it proved, and both know of the same cuts.
fn is_certified(pair: &Pair, witness: &witness::Host, cuts: usize, what: &str) {
    let entries = |at: usize| -> Vec<u64> {
        let cuts = pair.status(at)["cuts"].clone();
        cuts.as_array().unwrap().iter().map(|cut| cut["entry"].as_u64().unwrap()).collect()
    };
    pair.until(what, |_| entries(0) == entries(1) && entries(0).len() == cuts + 1);
    let phase = if cuts.is_multiple_of(2) { "live" } else { "backed-out" };
    for at in [0, 1] {
        assert_eq!(pair.status(at)["phase"], phase, "{what}: {at}");
        assert_eq!(pair.certificate(at)["cut"].as_u64(), entries(0).last().copied(), "{what}: {at}");
        let (code, said) = pair.checked_certificate(at, &witness.witness);
        assert_eq!(code, 0, "{what}: {said}");
    }
}

#[test]
fn whoever_is_killed_while_a_trust_is_copied_followed_or_compared_goes_on() {
    let witness = witness::Host::begin(Stage::set());
    for step in ["while-copying", "while-following", "while-comparing"] {
        // The target dies there, or waits there while the source dies.
        for dies in [0, 1] {
            let mut pair = Pair::planned(["sqlite", "sqlite"]);
            for at in [0, 1] {
                know_each_other(&pair, at, &witness);
            }
            if step == "while-copying" {
                fill(&pair);
            } else {
                pair.copy();
            }
            let waiting = (dies == 0).then(|| pair.start_to_wait(1, step));
            if dies == 1 {
                pair.start(1, Some(step));
            }
            let copy = ["move", "copy", "--ticket", "ticket"];
            let command: &[&str] =
                if step == "while-copying" { &copy } else { &["move", "rehearse", "--trust", "RAA"] };
            assert_eq!(create(&pair, 0, step), 201);
            let mut asked =
                pair.stages[1].command(command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            match waiting {
                Some(waiting) => {
                    waiting.is_reached();
                    pair.start(0, None);
                    waiting.let_go();
                }
                None => {
                    assert!(pair.serving[1].as_mut().unwrap().wait_for_its_end(), "{step} was not reached");
                    pair.start(1, None);
                }
            }
            let _ = asked.wait();
            if step == "while-copying" {
                pair.copy();
            }
            pair.until(step, |pair| pair.status(0)["entries"] == pair.status(1)["entries"]);
            pair.rehearse(1, true);
            pair.json(0, &CUT);
            is_certified(&pair, &witness, 0, step);
            assert_eq!(proved(&pair, 0), proved(&pair, 1), "{step}");
        }
    }
}

#[test]
fn a_copy_that_was_broken_off_goes_on_and_the_old_copy_is_destroyed_at_the_end() {
    let mut pair = Pair::planned(["sqlite", "sqlite"]);
    let lines: Vec<String> = (0..40).map(|n| format!(r#"{{"resourceType":"Patient","id":"p{n}"}}"#)).collect();
    std::fs::write(pair.stages[0].path("p.ndjson"), lines.join("\n")).unwrap();
    assert_eq!(pair.json(0, &["load", "--trust", "RAA", "p.ndjson"])["loaded"]["stored"], 40);
    let add = ["user", "add", "--trust", "RAA", "--name", "s.reilly", "--display", "S Reilly", "--role", "clinician"];
    let password = pair.json(0, &add)["user"]["password"].as_str().unwrap().to_owned();
    let (_, session) = pair.host(0).sign_in("RAA", "s.reilly", &password);
    let session = session.unwrap();
    pair.copy();
    // The source goes away and comes back; the target goes on by itself.
    pair.serving[0] = None;
    pair.start(0, None);
    let token = format!("Bearer {}", pair.token);
    let headers = [JSON, ("Authorization", token.as_str())];
    let answer =
        pair.host(0).send("PUT", "/t/RAA/fhir/Patient/late", &headers, br#"{"resourceType":"Patient","id":"late"}"#);
    assert_eq!(answer.status, 201);
    pair.start(1, None);
    pair.until("the target follows again", |pair| pair.status(0)["entries"] == pair.status(1)["entries"]);
    pair.rehearse(1, true);
    let early = pair.stages[0].run(&["move", "complete", "--trust", "RAA", "--confirm", "RAA"]);
    assert_eq!(early.code, 1, "nothing is destroyed before the trust has moved: {}", early.out);
    assert_eq!(pair.stages[1].run(&CUT).code, 1, "a host that follows cuts nothing");
    pair.json(0, &CUT);
    // Whoever was signed in still is, at either address, and whoever signs in at the old one can.
    for host in [pair.host(0), pair.host(1)] {
        let page = host.send("GET", "/t/RAA/", &[("Cookie", &session), ("Accept", "text/html")], b"");
        assert_eq!(page.status, 200, "{}", page.head);
    }
    let (status, cookie) = pair.host(0).sign_in("RAA", "s.reilly", &password);
    assert!(status == 303 && cookie.is_some(), "{status}");
    let again = pair.stages[0].run(&CUT);
    assert_eq!(again.code, 1, "{}", again.out);
    let refused = pair.stages[1].run(&["move", "complete", "--trust", "RAA", "--confirm", "RAB"]);
    assert_eq!(refused.code, 1);
    let destroyed = pair.json(1, &["move", "complete", "--trust", "RAA", "--confirm", "RAA"]);
    let statement = destroyed["moved"]["destroyed"]["statement"].as_str().unwrap();
    assert!(statement.contains("trust RAA") && statement.contains("— almoner-"), "{statement}");
    assert!(!pair.stages[0].path("data/trusts/RAA").exists());
    assert_eq!(
        pair.host(0).get("/t/RAA/fhir/Patient/late", &pair.token).status,
        200,
        "the old address leads to the new host"
    );
    let looked = pair.json(1, &["verify", "--trust", "RAA"]);
    assert_eq!(looked["verified"]["whole"], true, "the old host's access chain came too: {looked}");
}

#[test]
fn a_ticket_or_a_host_that_is_not_the_one_is_refused() {
    let pair = Pair::planned(["sqlite", "sqlite"]);
    let ticket = std::fs::read_to_string(pair.stages[1].path("ticket")).unwrap();
    std::fs::write(pair.stages[1].path("changed"), ticket.replace("A trust", "B trust")).unwrap();
    let said = pair.stages[1].run(&["move", "copy", "--ticket", "changed"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("changed after its source had signed it"), "{}", said.err);
    // A third host with the ticket is not its target, and has no key that the source knows.
    let third = Stage::set();
    let _serving = third.serve_for_moves(&free_address().to_string(), None);
    std::fs::write(third.path("ticket"), &ticket).unwrap();
    let said = third.run(&["move", "copy", "--ticket", "ticket"]);
    assert!(said.code == 1 && said.err.contains("another host as its target"), "{}", said.err);
    // Somebody who is no host of a move is not talked to.
    let plain = Serving::request(pair.listens_at(0), "GET", "/move/RAA/segments", &[], b"");
    assert!(plain.is_err() || plain.is_ok_and(|answer| answer.status == 0));
}
