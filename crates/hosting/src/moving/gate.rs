//! The gate of a trust that moves: who would write passes, waits, or is sent to the other host; who reads passes or is sent.
//! Counts who is inside, so that a drain knows when nobody is, and how long the held ones waited. Knows no HTTP.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// What the gate lets happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    /// Everybody passes: this host writes.
    Open,
    /// Writers wait, readers pass.
    Held,
    /// Writers are told to come again later, readers pass: what they wait for takes hours.
    Shut,
    /// Everybody is sent to the other host.
    Away,
}

/// What whoever came does next.
#[derive(Debug)]
pub(crate) enum Way<'g> {
    /// Passes; leaves when this is dropped.
    Pass(Inside<'g>),
    /// Goes to the other host.
    Relay,
    /// Has waited for too long, or would.
    Late,
}

/// The gate.
#[derive(Debug)]
pub(crate) struct Gate {
    now: watch::Sender<(Stand, usize)>,
    /// Writers that had to wait and have no answer yet.
    waiting: watch::Sender<usize>,
    /// Milliseconds that writers waited since the last drain began.
    waited: Mutex<Vec<u64>>,
}

/// One who writes and is inside.
#[derive(Debug)]
pub(crate) struct Inside<'g> {
    gate: &'g Gate,
    counts: bool,
}

/// One who had to wait.
pub(crate) struct Waiting<'g> {
    gate: &'g Gate,
    elapsed: Box<dyn Fn() -> u64 + Send>,
}

/// Most waits that are remembered.
const MOST_WAITS: usize = 100_000;

impl Gate {
    pub(crate) fn new(stand: Stand) -> Gate {
        Gate { now: watch::Sender::new((stand, 0)), waiting: watch::Sender::new(0), waited: Mutex::default() }
    }

    /// Whether everybody passes.
    pub(crate) fn is_open(&self) -> bool {
        self.now.borrow().0 == Stand::Open
    }

    /// Whether writers are sent away for hours.
    pub(crate) fn is_shut(&self) -> bool {
        self.now.borrow().0 == Stand::Shut
    }

    /// Changes what happens from now on.
    pub(crate) fn set(&self, stand: Stand) {
        self.now.send_modify(|now| now.0 = stand);
    }

    /// Begins a drain: writers wait from now on, and the waits are counted anew.
    pub(crate) fn hold(&self) {
        self.waits().clear();
        self.set(Stand::Held);
    }

    /// Waits until no writer is inside.
    pub(crate) async fn is_empty(&self) {
        // The gate outlives who waits at it.
        let _ = self.now.subscribe().wait_for(|(_, inside)| *inside == 0).await;
    }

    /// Comes to the gate; a writer waits `patience` at most.
    pub(crate) async fn enter(&self, writes: bool, patience: Duration) -> Way<'_> {
        let mut watched = self.now.subscribe();
        loop {
            if let Some(way) = self.try_enter(writes) {
                return way;
            }
            let changed = watched.wait_for(|(stand, _)| *stand != Stand::Held);
            if tokio::time::timeout(patience, changed).await.is_err() {
                return Way::Late;
            }
        }
    }

    /// One who has to wait; it ends when it has its answer.
    pub(crate) fn wait_begins(&self, elapsed: impl Fn() -> u64 + Send + 'static) -> Waiting<'_> {
        self.waiting.send_modify(|waiting| *waiting += 1);
        Waiting { gate: self, elapsed: Box::new(elapsed) }
    }

    /// Waits until everyone who had to wait has an answer.
    pub(crate) async fn all_are_answered(&self) {
        let _ = self.waiting.subscribe().wait_for(|waiting| *waiting == 0).await;
    }

    /// How long writers were held in the last drain, in order.
    pub(crate) fn held(&self) -> Vec<u64> {
        let mut held = self.waits().clone();
        held.sort_unstable();
        held
    }

    /// `None` when it must wait.
    fn try_enter(&self, writes: bool) -> Option<Way<'_>> {
        let mut way = None;
        self.now.send_if_modified(|(stand, inside)| {
            way = match (*stand, writes) {
                (Stand::Away, _) => Some(Way::Relay),
                (Stand::Held, true) => None,
                (Stand::Shut, true) => Some(Way::Late),
                (Stand::Open, true) => {
                    *inside += 1;
                    Some(Way::Pass(Inside { gate: self, counts: true }))
                }
                (Stand::Open | Stand::Held | Stand::Shut, false) => {
                    Some(Way::Pass(Inside { gate: self, counts: false }))
                }
            };
            false
        });
        way
    }

    fn waits(&self) -> std::sync::MutexGuard<'_, Vec<u64>> {
        self.waited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let waited = (self.elapsed)();
        let mut waits = self.gate.waits();
        if waits.len() < MOST_WAITS {
            waits.push(waited);
        }
        drop(waits);
        self.gate.waiting.send_modify(|waiting| *waiting -= 1);
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        if self.counts {
            self.gate.now.send_modify(|(_, inside)| *inside -= 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn writers_wait_while_held_and_readers_never() {
        let gate = Gate::new(Stand::Open);
        let inside = gate.enter(true, SOON).await;
        assert!(matches!(inside, Way::Pass(_)));
        gate.hold();
        assert!(matches!(gate.enter(false, SOON).await, Way::Pass(_)));
        assert!(matches!(gate.enter(true, Duration::ZERO).await, Way::Late));
        assert!(tokio::time::timeout(Duration::ZERO, gate.is_empty()).await.is_err());
        drop(inside);
        gate.is_empty().await;
        let waiting = gate.enter(true, SOON);
        gate.set(Stand::Shut);
        assert!(matches!(gate.enter(true, SOON).await, Way::Late), "nobody waits for hours");
        assert!(matches!(gate.enter(false, SOON).await, Way::Pass(_)));
        gate.hold();
        let ((), way) = tokio::join!(async { gate.set(Stand::Away) }, waiting);
        assert!(matches!(way, Way::Relay));
        gate.set(Stand::Open);
        assert!(matches!(gate.enter(true, SOON).await, Way::Pass(_)));
    }
}
