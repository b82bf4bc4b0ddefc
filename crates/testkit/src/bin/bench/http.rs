//! Many clients that load a server from the same machine: connections that stay open, requests as fast as the answers come
//! (for rates) or at a fixed pace (for latency, counted from the moment a request was due, so that a server that falls
//! behind cannot hide it). Knows HTTP; what is asked is in `requests`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use testkit::http::Target;

use crate::requests::Work;

/// What a run came to.
pub(crate) struct Ran {
    pub(crate) per_second: f64,
    pub(crate) times: Vec<Duration>,
}

/// How a run is paced.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// The next request when the answer is there.
    AsFastAsPossible,
    /// So many requests a second over all clients.
    PerSecond(f64),
}

/// Many clients at once, each doing `work` with the numbers that it draws, for a time.
pub(crate) async fn run(target: &Target, clients: usize, pace: Pace, time: Duration, work: &Work) -> Result<Ran> {
    let drawn = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut tasks = Vec::with_capacity(clients);
    for number in 0..clients {
        let (mut client, mut worker, drawn) = (target.connect().await?, work.worker(number), drawn.clone());
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::new();
            while started.elapsed() < time {
                let number = drawn.fetch_add(1, Ordering::Relaxed);
                let due = match pace {
                    Pace::AsFastAsPossible => Instant::now(),
                    Pace::PerSecond(rate) => started + Duration::from_secs_f64(number as f64 / rate),
                };
                tokio::time::sleep_until(due.into()).await;
                worker.ask(&mut client, number).await?;
                times.push(due.elapsed());
            }
            anyhow::Ok(times)
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    times.sort_unstable();
    Ok(Ran { per_second: times.len() as f64 / started.elapsed().as_secs_f64(), times })
}

impl Ran {
    /// The time that this share (in hundredths) of the requests did not exceed.
    pub(crate) fn at(&self, share: usize) -> Duration {
        self.times.get((self.times.len().saturating_sub(1)) * share / 100).copied().unwrap_or_default()
    }
}
