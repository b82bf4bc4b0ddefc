//! Killed at any moment: `kill -9` loses the process and nothing that the kernel was given.
//! What is lost when the power fails too is for `forget.rs`.

use std::time::Duration;

use testkit::toy::Dice;

use crate::check::{Found, check};
use crate::session::{Client, Ended, Session};

/// One record, killed in up to three rounds, then checked.
async fn run(seed: u64) -> Found {
    let place = tempfile::tempdir().unwrap();
    let session = Session::new(place.path(), seed);
    let mut dice = Dice::new(seed);
    let mut told = Vec::new();
    let rounds = 1 + dice.roll(3);
    for round in 0..rounds {
        let ended = kill_one(&session, round, &mut dice);
        assert!(ended.killed || ended.success, "seed {seed}: {:?}", ended.lines.last());
        told.extend(ended.lines);
    }
    let mut found = check(&session, rounds, &told).await;
    found.losses.iter_mut().for_each(|loss| *loss = format!("seed {seed}: {loss}"));
    found
}

/// While it opens, after some acknowledgements, or while it closes.
fn kill_one(session: &Session, round: u64, dice: &mut Dice) -> Ended {
    let mut client = Client::start(session, round);
    let few_milliseconds = Duration::from_micros(dice.roll(3000));
    match dice.roll(8) {
        0 => client.wait_while(1, Duration::from_millis(dice.roll(120))),
        1 => {
            client.wait_for(1 + dice.roll(300) as usize);
            client.close_input();
            client.wait_while(usize::MAX, few_milliseconds);
        }
        _ => {
            let count = 1 + dice.roll(600) as usize;
            client.wait_for(count);
            client.wait_while(count + dice.roll(5) as usize, few_milliseconds);
        }
    }
    client.kill()
}

/// The seeds whose rest by two is this, so that the test runner can share the runs out.
async fn nothing_is_lost(rest: u64) {
    let (seeds, mut runs, mut all) = (crate::seeds(15, 200), 0, Found::default());
    for seed in seeds.clone().filter(|seed| seed % 2 == rest) {
        all.add(run(seed).await);
        runs += 1;
    }
    crate::publish(&format!("{runs} of the runs {seeds:?} with kill -9: {}", all.figures()));
    assert!(all.losses.is_empty(), "{:#?}", all.losses);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_process_is_killed_1() {
    nothing_is_lost(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_process_is_killed_2() {
    nothing_is_lost(1).await;
}
