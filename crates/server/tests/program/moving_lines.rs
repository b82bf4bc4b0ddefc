//! The line between two hosts of a move is cut, stalled and slowed while the target copies, while it follows, during the
//! drain, and after the cut: each time it is said, nothing is lost, and it goes on once the line is whole.

use std::process::{Child, Output, Stdio};
use std::time::Duration;

use testkit::line::Quality;

use crate::pair::{CUT, Pair, create, names_at, proved};
use crate::stage::{becomes, is_soak, note};

/// Enough entries for several segments.
pub(crate) fn fill(pair: &Pair) {
    std::thread::scope(|scope| {
        for client in 0..4 {
            scope.spawn(move || {
                (0..160).for_each(|number| assert_eq!(create(pair, 0, &format!("f{client}-{number}")), 201))
            });
        }
    });
}

/// Asks for a step of the move at a host, and does not wait.
fn begin(pair: &Pair, at: usize, arguments: &[&str]) -> Child {
    let mut command = pair.stages[at].command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(child: Child) -> (bool, String) {
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    (status.success(), String::from_utf8(stderr).unwrap())
}

fn is_not_reached(pair: &Pair, at: usize) {
    pair.until("the problem is named", |pair| {
        pair.status(at)["problem"].as_str().is_some_and(|problem| problem.contains("cannot be reached"))
    });
}

fn has_everything(pair: &Pair) {
    pair.until("the follower has everything", |pair| pair.status(0)["entries"] == pair.status(1)["entries"]);
}

#[test]
fn a_line_that_is_cut_or_slow_while_a_trust_is_copied_and_followed_is_named_and_goes_on() {
    fails_while_copied_and_followed(Pair::planned(["sqlite", "sqlite"]));
}

#[test]
fn a_line_that_fails_during_the_drain_ends_it_and_nothing_has_happened() {
    fails_during_the_drain(Pair::planned(["sqlite", "sqlite"]), Duration::from_secs(6));
}

#[test]
fn a_line_that_fails_after_the_cut_keeps_writers_waiting_and_readers_reading() {
    fails_after_the_cut(Pair::planned(["sqlite", "sqlite"]));
}

/// The same over a wire between two network namespaces, which the kernel cuts without a word and slows by a token bucket.
#[test]
fn a_wire_between_two_namespaces_that_fails_at_any_step_is_named_and_goes_on() {
    // Only root makes network namespaces.
    if !is_soak() {
        return note("not without ALMONER_SOAK");
    }
    fails_while_copied_and_followed(Pair::planned_apart());
    fails_during_the_drain(Pair::planned_apart(), Duration::ZERO);
    fails_after_the_cut(Pair::planned_apart());
}

fn fails_while_copied_and_followed(mut pair: Pair) {
    fill(&pair);
    let waiting = pair.start_to_wait(1, "while-copying");
    pair.lines[0].set(Quality::Slow { delay: Duration::from_millis(5), rate: 1 << 20 });
    let copying = begin(&pair, 1, &["move", "copy", "--ticket", "ticket"]);
    waiting.is_reached();
    pair.lines[0].set(Quality::Cut);
    waiting.let_go();
    is_not_reached(&pair, 1);
    let here = pair.status(1)["entries"].as_u64().unwrap();
    assert!((256..640).contains(&here), "{here}: a part of it is here");
    pair.lines[0].set(Quality::Whole);
    let _ = end(copying);
    pair.copy();
    // While it follows.
    pair.lines[0].set(Quality::Cut);
    assert_eq!(create(&pair, 0, "cut"), 201, "wards go on");
    is_not_reached(&pair, 1);
    pair.lines[0].set(Quality::Whole);
    has_everything(&pair);
    pair.lines[0].set(Quality::Stalled);
    assert_eq!(create(&pair, 0, "stalled"), 201);
    pair.lines[0].set(Quality::Slow { delay: Duration::from_millis(30), rate: 1 << 16 });
    has_everything(&pair);
    pair.rehearse(1, true);
}

/// `too_long` is a delay with which no cut is made in time; a wire has none.
fn fails_during_the_drain(mut pair: Pair, too_long: Duration) {
    assert_eq!(create(&pair, 0, "first"), 201);
    pair.copy();
    pair.rehearse(1, false);
    let slow = (too_long > Duration::ZERO).then_some(Quality::Slow { delay: too_long, rate: 1 << 20 });
    for (number, quality) in [Quality::Cut, Quality::Stalled].into_iter().chain(slow).enumerate() {
        let waiting = pair.start_to_wait(1, "before-signing");
        pair.until("the target follows", |pair| pair.status(1)["entries"] == pair.status(0)["entries"]);
        let cutting = begin(&pair, 0, &CUT);
        waiting.is_reached();
        let held = format!("held-{number}");
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| create(&pair, 0, &held));
            pair.lines[1].set(quality);
            waiting.let_go();
            assert_eq!(writing.join().unwrap(), 201, "who was held goes on where it was");
        });
        let (is_cut, said) = end(cutting);
        assert!(!is_cut && said.contains("given up and nothing has happened"), "{quality:?}: {said}");
        assert!(pair.writes(0) && !pair.writes(1));
        pair.lines[1].set(Quality::Whole);
        has_everything(&pair);
    }
    pair.start(1, None);
    pair.lines.iter().for_each(|line| line.set(Quality::Slow { delay: Duration::from_millis(40), rate: 1 << 20 }));
    pair.until("it can be cut", |pair| pair.stages[0].run(&CUT).code == 0);
    let cut = pair.status(0)["cuts"][0].clone();
    note(&format!("over a line with 40 ms each way: cut after {} ms, open after {} ms", cut["cut_ms"], cut["live_ms"]));
    assert!(!pair.writes(0) && pair.writes(1));
    has_everything(&pair);
    assert_eq!(proved(&pair, 0), proved(&pair, 1));
    assert_eq!(names_at(pair.host(1), &pair.token).len(), if slow.is_some() { 4 } else { 3 });
}

fn fails_after_the_cut(mut pair: Pair) {
    assert_eq!(create(&pair, 0, "first"), 201);
    pair.copy();
    pair.rehearse(1, false);
    let waiting = pair.start_to_wait(0, "after-cut");
    let cutting = begin(&pair, 0, &CUT);
    waiting.is_reached();
    pair.lines.iter().for_each(|line| line.set(Quality::Cut));
    waiting.let_go();
    is_not_reached(&pair, 0);
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| create(&pair, 0, "held"));
        let read = pair.host(0).get("/t/RAA/fhir/Patient?_summary=count", &pair.token);
        assert_eq!((read.status, read.json()["total"].as_u64()), (200, Some(1)), "readers are answered");
        assert!(!pair.writes(0) && !pair.writes(1) && !writing.is_finished());
        pair.lines.iter().for_each(|line| line.set(Quality::Whole));
        assert_eq!(writing.join().unwrap(), 201, "it was sent on once the line was whole");
    });
    let (is_cut, said) = end(cutting);
    assert!(is_cut, "{said}");
    has_everything(&pair);
    reads_a_copy_while_the_new_host_is_away(&pair);
    has_everything(&pair);
    assert_eq!(proved(&pair, 0), proved(&pair, 1));
    assert_eq!(names_at(pair.host(1), &pair.token).len(), 3);
}

/// The old host answers questions from its copy and says how old it is; changes wait for the new host.
fn reads_a_copy_while_the_new_host_is_away(pair: &Pair) {
    let add = ["user", "add", "--trust", "RAA", "--name", "s.reilly", "--display", "S Reilly", "--role", "clinician"];
    let password = pair.json(1, &add)["user"]["password"].as_str().unwrap().to_owned();
    let (_, session) = pair.host(0).sign_in("RAA", "s.reilly", &password);
    let session = session.unwrap();
    // What is on the desk follows in the order of its changes.
    let _later_than_the_session = pair.stages[1].token("clerk");
    pair.until("the session is on the old host too", |pair| {
        let tokens = |at: usize| pair.json(at, &["token", "list", "--trust", "RAA"])["tokens"].clone();
        pair.status(0)["entries"] == pair.status(1)["entries"] && tokens(0) == tokens(1)
    });
    pair.lines.iter().for_each(|line| line.set(Quality::Cut));
    assert_eq!(create(pair, 1, "while it was away"), 201);
    let count = || pair.host(0).get("/t/RAA/fhir/Patient?_summary=count", &pair.token);
    let read = count();
    assert_eq!((read.status, read.json()["total"].as_u64()), (200, Some(2)));
    assert!(read.head.to_ascii_lowercase().contains("almoner-copy-as-of: 20"), "{}", read.head);
    let page = || pair.host(0).send("GET", "/t/RAA/", &[("Cookie", &session), ("Accept", "text/html")], b"");
    assert!(becomes(|| page().status == 200));
    let shown = String::from_utf8(page().body).unwrap();
    assert!(shown.contains("You are reading a copy, as it was at "), "{shown}");
    assert_eq!(create(pair, 0, "not here"), 503, "nothing is written at the old host");
    pair.lines.iter().for_each(|line| line.set(Quality::Whole));
    assert!(becomes(|| {
        let read = count();
        read.json()["total"] == 3 && !read.head.to_ascii_lowercase().contains("almoner-copy-as-of")
    }));
}
