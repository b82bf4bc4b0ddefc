//! Two processes open the same record: the later one owns it, and the first is told so at its next commit, of which
//! nothing is there.

use record::{Durability, Record};

use crate::acknowledged::Line;
use crate::check::check;
use crate::client::{WORKERS, location, options, perform};
use crate::plan::Worker;
use crate::session::{Client, Session};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_has_one_owner() {
    let (seeds, mut deposed) = (crate::seeds(6, 60), 0);
    for seed in seeds.clone() {
        deposed += take_over(seed).await;
    }
    crate::publish(&format!("takeovers {seeds:?}: {deposed} steps of the first owner refused, none half there"));
}

/// How many steps of the first owner were refused.
async fn take_over(seed: u64) -> usize {
    let place = tempfile::tempdir().unwrap();
    let session = Session::new(place.path(), seed);
    let mut first = Client::start(&session, 0);
    first.wait_for(20 + seed as usize * 7);
    let second = Record::open(&location(&session.directory, None), options(1, Durability::Full)).await.unwrap();
    let mut by_second = Vec::new();
    for step in Worker::new(seed, WORKERS).take(30) {
        by_second.push(perform(&second, &step).await.unwrap());
    }
    let ended = first.end();
    assert!(ended.success, "seed {seed}: {:?}", ended.lines.last());
    second.close().await;
    let (stopped, mut told): (Vec<Line>, Vec<Line>) =
        ended.lines.into_iter().partition(|line| matches!(line, Line::Stopped(_)));
    assert_eq!(stopped.len(), WORKERS as usize, "seed {seed}");
    for line in &stopped {
        assert!(line.to_string().contains("Deposed"), "seed {seed}: {line}");
    }
    told.extend(by_second);
    let found = check(&session, 2, &told).await;
    assert!(found.losses.is_empty() && found.untold == 0, "seed {seed}: {found:#?}");
    stopped.len()
}
