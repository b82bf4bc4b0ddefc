//! How fast a copy may be fetched, and at which hours of the day: what the operator said last, obeyed from the next
//! segment on. Steps that somebody asks for and waits for (a rehearsal, a cut) are never slowed. Knows no wire.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use terms::{Clock, Moment};
use tokio::sync::watch;
use tokio::time::Instant;

use super::estimate::Hours;
use super::schedule::Schedule;
use crate::failure::Failure;

/// The slowest that makes sense: 256 entries in some minutes.
const SLOWEST: u64 = 1_000;
/// How often the clock is looked at while it is not the hour.
const LOOKING: Duration = Duration::from_secs(5);

/// What the operator allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    /// Bytes a second; as many as the wire carries when not said.
    #[serde(default)]
    pub rate: Option<u64>,
    /// From when in the day to when, in minutes after midnight by the clocks of London; always when not said.
    #[serde(default)]
    pub hours: Option<(i16, i16)>,
}

/// The pace of one copy.
pub(crate) struct Pace {
    throttle: watch::Sender<Throttle>,
    /// When what was fetched so far has been paid for.
    paid_at: Mutex<Option<Instant>>,
}

impl Throttle {
    /// Reads a rate such as `500kB`, `20MB` or `0` for none, and hours such as `22-6` or `all`.
    ///
    /// # Errors
    /// A sentence about what is not understood.
    pub fn parse(rate: Option<&str>, hours: Option<&str>) -> Result<ThrottleChange, Failure> {
        let rate = rate.map(parse_rate).transpose()?.map(Option::unwrap_or_default);
        let hours = hours.map(parse_hours).transpose()?.map(Option::unwrap_or_default);
        Ok(ThrottleChange { rate, hours })
    }

    /// Whether it is the hour.
    pub fn is_open(&self, now: Moment) -> bool {
        self.hours.is_none_or(|(from, until)| Hours { from, until }.is_open(now))
    }
}

/// What is to be changed; the rest stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThrottleChange {
    /// 0 for no bound.
    rate: Option<u64>,
    /// Both alike for always.
    hours: Option<(i16, i16)>,
}

impl ThrottleChange {
    /// What a plan says anew of bandwidth and hours; nothing when it says the same as the one before.
    pub(crate) fn planned(before: Option<&Schedule>, plan: &Schedule) -> ThrottleChange {
        let rate = |plan: &Schedule| plan.bandwidth().map_or(0, |bytes| bytes as u64);
        let hours = |plan: &Schedule| plan.hours.unwrap_or_default();
        ThrottleChange {
            rate: Some(rate(plan)).filter(|new| *new != before.map_or(0, rate)),
            hours: Some(hours(plan)).filter(|new| *new != before.map(hours).unwrap_or_default()),
        }
    }

    /// A throttle with these changes.
    pub(crate) fn of(self, before: Throttle) -> Throttle {
        let rate = self.rate.map_or(before.rate, |rate| (rate > 0).then_some(rate));
        let hours = self.hours.map_or(before.hours, |(from, to)| (from != to).then_some((from, to)));
        Throttle { rate, hours }
    }
}

impl Pace {
    pub(crate) fn new(throttle: Throttle) -> Pace {
        Pace { throttle: watch::Sender::new(throttle), paid_at: Mutex::default() }
    }

    /// Changes it while it runs: whoever waits by the old one waits no longer.
    pub(crate) fn set(&self, throttle: Throttle) {
        *self.paid_at.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.throttle.send_replace(throttle);
    }

    /// Waits for the hour.
    pub(crate) async fn opens(&self, clock: &Clock) {
        let mut changed = self.throttle.subscribe();
        while !changed.borrow_and_update().is_open(clock()) {
            // Whether it was changed or the time has come, the clock is looked at again.
            let _ = tokio::time::timeout(LOOKING, changed.changed()).await;
        }
    }

    /// Waits until so many bytes more are within the rate.
    pub(crate) async fn pays(&self, bytes: u64) {
        let mut changed = self.throttle.subscribe();
        let Some(rate) = changed.borrow_and_update().rate else { return };
        let until = {
            let mut paid_at = self.paid_at.lock().unwrap_or_else(PoisonError::into_inner);
            let until = self::paid_at(*paid_at, Instant::now(), bytes, rate);
            *paid_at = Some(until);
            until
        };
        let _ = tokio::time::timeout_at(until, changed.changed()).await;
    }
}

/// When so many bytes more have been paid for, after what was fetched before.
fn paid_at(before: Option<Instant>, now: Instant, bytes: u64, rate: u64) -> Instant {
    before.map_or(now, |before| before.max(now)) + Duration::from_millis(bytes.saturating_mul(1000) / rate.max(1))
}

fn parse_rate(text: &str) -> Result<Option<u64>, Failure> {
    let refused = || Failure::Refused(format!("{text:?} is no rate. Say 500kB or 20MB a second, or 0 for no bound."));
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit: u64 = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err(refused()),
    };
    let number: u64 = digits.parse().map_err(|_| refused())?;
    match number.checked_mul(unit).ok_or_else(refused)? {
        0 => Ok(None),
        rate if rate < SLOWEST => Err(Failure::refused("A copy needs at least 1kB a second.")),
        rate => Ok(Some(rate)),
    }
}

fn parse_hours(text: &str) -> Result<Option<(i16, i16)>, Failure> {
    if text == "all" {
        return Ok(None);
    }
    let refused = || Failure::Refused(format!("{text:?} are no hours. Say 22-6, or all."));
    let (from, to) = text.split_once('-').ok_or_else(refused)?;
    let time = |text: &str| {
        let (hour, minute) = text.split_once(':').unwrap_or((text, "0"));
        let (hour, minute) = (hour.parse::<i16>().ok()?, minute.parse::<i16>().ok()?);
        ((0..24).contains(&hour) && (0..60).contains(&minute)).then_some(hour * 60 + minute)
    };
    let time = |text: &str| time(text).ok_or_else(refused);
    let (from, to) = (time(from)?, time(if to == "24" { "0" } else { to })?);
    if from == to { Err(refused()) } else { Ok(Some((from, to))) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn hours_are_those_of_the_wall_also_over_midnight_and_when_the_clocks_change() {
        let open = |hours: &str, at: &str| {
            let throttle = Throttle::parse(None, Some(hours)).unwrap().of(Throttle::default());
            throttle.is_open(Moment::parse(at).unwrap())
        };
        let cases = [
            ("22-6", "2026-12-01T21:59:59Z", false),
            ("22-6", "2026-12-01T22:00:00Z", true),
            ("22-6", "2026-12-01T05:59:59Z", true),
            ("22-6", "2026-12-01T06:00:00Z", false),
            ("9-17", "2026-12-01T12:00:00Z", true),
            ("9-17", "2026-12-01T17:00:00Z", false),
            ("18-24", "2026-12-01T23:30:00Z", true),
            ("22:30-6:15", "2026-12-01T22:29:59Z", false),
            ("22:30-6:15", "2026-12-01T06:14:59Z", true),
            // Half past five by the clock of the wall, in summer an hour before that in UTC.
            ("22-6", "2026-07-01T05:30:00Z", false),
            ("22-6", "2026-07-01T04:30:00Z", true),
            ("all", "2026-07-01T05:30:00Z", true),
        ];
        for (hours, at, expected) in cases {
            assert_eq!(open(hours, at), expected, "{hours} {at}");
        }
    }

    #[test]
    fn what_is_no_rate_and_no_hours_is_refused() {
        for bad in ["", "fast", "20 MB", "-1", "5B", "99999999999999GB", "20Mb/s"] {
            assert!(Throttle::parse(Some(bad), None).is_err(), "{bad}");
        }
        for bad in ["", "22", "22-", "22-22", "25-3", "a-b", "22:60-6", "22:-6"] {
            assert!(Throttle::parse(None, Some(bad)).is_err(), "{bad}");
        }
        let before = Throttle { rate: Some(7_000), hours: None };
        assert_eq!(Throttle::parse(None, None).unwrap().of(before), before);
        let of = |rate| Throttle::parse(Some(rate), None).unwrap().of(Throttle { rate: Some(1), hours: Some((1, 2)) });
        assert_eq!(of("500kB"), Throttle { rate: Some(500_000), hours: Some((1, 2)) });
        assert_eq!(of("0").rate, None);
    }

    #[test]
    fn a_rate_holds_over_many_fetches_at_once() {
        let now = Instant::now();
        let mut paid = None;
        for fetched in 1..=8 {
            let until = paid_at(paid, now, 500_000, 1_000_000);
            assert_eq!(until - now, Duration::from_millis(500 * fetched));
            paid = Some(until);
        }
        let later = now + Duration::from_secs(60);
        assert_eq!(paid_at(paid, later, 500_000, 1_000_000) - later, Duration::from_millis(500), "nothing is saved up");
    }

    #[tokio::test]
    async fn a_change_is_obeyed_at_once() {
        let pace = Pace::new(Throttle { rate: Some(SLOWEST), hours: None });
        // Half a million seconds by the first rate.
        let ((), ()) = tokio::join!(pace.pays(500_000_000), async { pace.set(Throttle::default()) });
        pace.pays(u64::MAX).await;
        pace.opens(&(std::sync::Arc::new(|| Moment(0)) as Clock)).await;
    }
}
