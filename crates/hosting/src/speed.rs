//! How quickly a trust answers, of its latest requests: 95 in 100 were answered within so many milliseconds. In memory alone.
//! Knows no request; what is slow is for people to judge.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use terms::Moment;

/// Minutes that are kept.
const MINUTES: i64 = 10;
/// Requests of a minute that are kept; the first ones.
const MOST: usize = 5_000;

/// The times of a trust's answers, by minute.
#[derive(Debug, Default)]
pub(crate) struct Speeds(Mutex<BTreeMap<i64, Vec<u32>>>);

/// What is told of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Speed {
    /// Milliseconds within which 95 in 100 of all that are kept were answered; nothing when there was none.
    pub(crate) slow_ms: Option<u32>,
    /// The same of each minute, oldest first.
    pub(crate) minutes: Vec<f64>,
}

impl Speeds {
    /// Notes how long an answer took.
    pub(crate) fn note(&self, at: Moment, milliseconds: u64) {
        let minute = at.0.div_euclid(60_000);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.contains_key(&minute) {
            kept.retain(|known, _| minute - known < MINUTES);
        }
        let times = kept.entry(minute).or_default();
        if times.len() < MOST {
            times.push(u32::try_from(milliseconds).unwrap_or(u32::MAX));
        }
    }

    /// What can be told of the last minutes.
    pub(crate) fn now(&self, at: Moment) -> Speed {
        let minute = at.0.div_euclid(60_000);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|known, _| minute - known < MINUTES);
        let minutes = kept.values().filter_map(|times| slow(times.clone())).map(f64::from).collect();
        Speed { slow_ms: slow(kept.values().flatten().copied().collect()), minutes }
    }
}

/// The ninety-fifth of a hundred.
fn slow(mut times: Vec<u32>) -> Option<u32> {
    times.sort_unstable();
    times.get((times.len() * 95).div_ceil(100).saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ninety_five_in_a_hundred_and_only_the_last_minutes() {
        let speeds = Speeds::default();
        assert_eq!(speeds.now(Moment(0)), Speed::default());
        for time in 1..=100 {
            speeds.note(Moment(0), time);
        }
        assert_eq!(speeds.now(Moment(0)).slow_ms, Some(95));
        speeds.note(Moment(60_000), 500);
        assert_eq!(speeds.now(Moment(60_000)).minutes, [95.0, 500.0]);
        assert_eq!(speeds.now(Moment(MINUTES * 60_000)).minutes, [500.0]);
        assert_eq!(speeds.now(Moment(2 * MINUTES * 60_000)).slow_ms, None);
    }
}
