//! The power fails: a shim between the client and the C library (`forget.c`) undoes, at a seeded call, a seeded part of
//! whatever no sync has covered, and kills the client. What was acknowledged must be there all the same.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use record::Durability;
use testkit::toy::Dice;

use crate::check::{Found, check};
use crate::session::{Client, Ended, Session};

/// The shim as a library, compiled once for this process.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("forget-{}.so", std::process::id()));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/durability/forget.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC", "-o"]).arg(&library).arg(source);
        let made = compiler.args(["-ldl", "-lpthread"]).status();
        assert!(made.is_ok_and(|made| made.success()), "the shim needs a C compiler: install gcc");
        library
    })
}

/// What is wrong with the machine on purpose.
#[derive(Clone, Copy, Default)]
struct Fault {
    durability: Durability,
    /// Files with this in their path are not synced although the disk says so.
    deaf: Option<&'static str>,
    /// Always the same is lost: all bytes that were not synced, and no name or length.
    only_bytes: bool,
}

/// A folder whose disk forgets, and one for what is removed from it.
struct Disk {
    _place: tempfile::TempDir,
    path: PathBuf,
    attic: PathBuf,
}

impl Disk {
    fn new() -> Disk {
        let place = tempfile::tempdir().unwrap();
        let (path, attic) = (place.path().join("disk"), place.path().join("attic"));
        std::fs::create_dir(&path).unwrap();
        std::fs::create_dir(&attic).unwrap();
        Disk { _place: place, path, attic }
    }

    /// What makes a client lose power at this call.
    fn variables(&self, fault: Fault, seed: u64, call: u64) -> Vec<(String, String)> {
        [
            ("LD_PRELOAD", shim().display().to_string()),
            ("FORGET_ROOT", self.path.display().to_string()),
            ("FORGET_ATTIC", self.attic.display().to_string()),
            ("FORGET_SEED", seed.to_string()),
            ("FORGET_AT", call.to_string()),
            ("FORGET_DEAF", fault.deaf.unwrap_or_default().to_owned()),
            ("FORGET_BYTES", if fault.only_bytes { "only" } else { "" }.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}

/// One record, losing power in up to three rounds, then checked without the shim.
async fn run(seed: u64, fault: Fault) -> Found {
    let disk = Disk::new();
    let mut session = Session::new(&disk.path, seed);
    session.durability = fault.durability;
    let mut dice = Dice::new(seed ^ 0xf0);
    let (mut told, rounds) = (Vec::new(), 1 + dice.roll(3));
    for round in 0..rounds {
        let call = failing_call(&mut dice);
        session.variables = disk.variables(fault, dice.roll(u64::MAX), call);
        let ended = lose_power(&session, round, &mut dice);
        assert!(ended.killed || ended.success, "seed {seed}, call {call}: {:?}", ended.lines.last());
        told.extend(ended.lines);
    }
    let mut found = check(&session, rounds, &told).await;
    found.losses.iter_mut().for_each(|loss| *loss = format!("seed {seed}: {loss}"));
    found
}

/// The write or sync at which the power fails: while the record is made or opened, in the middle of work, or late
/// enough that the log was copied into the database.
fn failing_call(dice: &mut Dice) -> u64 {
    match dice.roll(6) {
        0 | 1 => 1 + dice.roll(300),
        2..=4 => 300 + dice.roll(6000),
        _ => 6000 + dice.roll(20_000),
    }
}

/// Waits for the power to fail; sometimes the client closes the record meanwhile.
fn lose_power(session: &Session, round: u64, dice: &mut Dice) -> Ended {
    let mut client = Client::start(session, round);
    if dice.roll(6) == 0 {
        client.wait_for(1 + dice.roll(200) as usize);
        client.close_input();
    }
    client.end()
}

/// The seeds whose rest by four is this, so that the test runner can share the runs out.
async fn nothing_is_lost(rest: u64) {
    let (seeds, mut runs, mut all) = (crate::seeds(30, 500), 0, Found::default());
    for seed in seeds.clone().filter(|seed| seed % 4 == rest) {
        all.add(run(seed, Fault::default()).await);
        runs += 1;
    }
    crate::publish(&format!("{runs} of the runs {seeds:?} with lost writes: {}", all.figures()));
    assert!(all.losses.is_empty(), "{:#?}", all.losses);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_power_fails_1() {
    nothing_is_lost(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_power_fails_2() {
    nothing_is_lost(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_power_fails_3() {
    nothing_is_lost(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_power_fails_4() {
    nothing_is_lost(3).await;
}

/// A file system may know a file's name and length before it has its bytes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_bytes_are_lost_at_any_call_of_opening() {
    let (fault, mut call, mut opened) = (Fault { only_bytes: true, ..Fault::default() }, 0, false);
    while !opened {
        call += 1;
        let disk = Disk::new();
        let mut session = Session::new(&disk.path, 0);
        session.variables = disk.variables(fault, call, call);
        let ended = Client::start(&session, 0).end();
        assert!(ended.killed, "call {call}: {:?}", ended.lines.last());
        let found = check(&session, 1, &ended.lines).await;
        assert!(found.losses.is_empty(), "call {call}: {:#?}", found.losses);
        opened = !ended.lines.is_empty();
    }
    crate::publish(&format!("power failed at each of the {call} calls of opening, none lost"));
}

/// The number of the first run in which a machine with this fault loses something.
async fn first_loss(fault: Fault) -> Option<u64> {
    for seed in 0..30 {
        // A record that is damaged enough may stop the check itself.
        let found = tokio::spawn(run(seed, fault)).await;
        if found.map_or(true, |found| !found.losses.is_empty()) {
            return Some(seed + 1);
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_does_not_sync_is_found_out() {
    let found = first_loss(Fault { durability: Durability::Off, ..Fault::default() }).await;
    crate::publish(&format!("synchronous=OFF is found out in run {found:?}"));
    assert!(found.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_access_journal_that_does_not_sync_is_found_out() {
    let found = first_loss(Fault { deaf: Some(".access"), ..Fault::default() }).await;
    crate::publish(&format!("access notes that are not synced are found out in run {found:?}"));
    assert!(found.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blobs_that_are_not_synced_are_found_out() {
    let found = first_loss(Fault { deaf: Some("/blobs/"), ..Fault::default() }).await;
    crate::publish(&format!("blobs that are not synced are found out in run {found:?}"));
    assert!(found.is_some());
}
