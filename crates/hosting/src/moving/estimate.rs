//! The estimate of a move: when the copy is there, when it can be cut, when the way back closes, and what that leaves to the
//! deadline. Pure: plain data in, plain data out, the moment is a parameter. The formulas and where each figure comes from
//! are in `docs/moving.md`, "The estimate"; this file is their only implementation.

use terms::{Date, LocalTime, Moment, Time, local_date, moment_of};

/// A day, in milliseconds.
pub(crate) const DAY_MS: i64 = 86_400_000;
/// A forecast beyond this is none: something does not get on.
const MOST_DAYS: i64 = 3660;
/// How exactly the latest start is searched, in milliseconds.
const MINUTE_MS: i64 = 60_000;

/// A rate as it was measured: of all measurements the tenth, the middle one and the ninetieth of a hundred. Per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) slow: f64,
    pub(crate) likely: f64,
    pub(crate) fast: f64,
}

/// The hours of the day in which may be copied, by the clock on the wall: minutes after midnight. From the first to the
/// second; over midnight when the second is the smaller one; all day when both are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Hours {
    pub(crate) from: i16,
    pub(crate) until: i16,
}

impl Hours {
    /// Whether it is one of them.
    pub(crate) fn is_open(self, now: Moment) -> bool {
        let now = terms::local(now);
        let minute = i16::from(now.hour()) * 60 + i16::from(now.minute());
        match self.from.cmp(&self.until) {
            std::cmp::Ordering::Equal => true,
            std::cmp::Ordering::Less => (self.from..self.until).contains(&minute),
            std::cmp::Ordering::Greater => minute >= self.from || minute < self.until,
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    /// When copying begins or goes on.
    pub(crate) start: Moment,
    /// What is still to be copied.
    pub(crate) entries_left: u64,
    pub(crate) bytes_left: u64,
    /// What was measured; none before anything was copied.
    pub(crate) entries_per_second: Option<Spread>,
    pub(crate) bytes_per_second: Option<Spread>,
    /// What is written meanwhile, in entries a second.
    pub(crate) growth_per_second: f64,
    /// What the line is allowed to carry, in bytes a second.
    pub(crate) bandwidth: Option<f64>,
    pub(crate) hours: Hours,
    /// How long is followed and rehearsed before a cut.
    pub(crate) rehearse_ms: i64,
    /// No cut before this, such as the window that was agreed.
    pub(crate) not_before: Option<Moment>,
    /// No cut between these.
    pub(crate) freeze: Option<(Moment, Moment)>,
    /// When it was cut, if it was.
    pub(crate) cut: Option<Moment>,
    /// How long the way back stays open.
    pub(crate) open_ms: i64,
    /// How long going back takes, from the decision to the old host writing.
    pub(crate) back_ms: i64,
    pub(crate) deadline: Moment,
}

/// Three forecasts of one thing: at the fast, the middle and the slow rate. `None` when it never comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) early: Option<Moment>,
    pub(crate) likely: Option<Moment>,
    pub(crate) late: Option<Moment>,
}

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Estimate {
    /// When everything has been copied.
    pub(crate) copied: Range,
    /// When it is cut.
    pub(crate) cut: Range,
    /// When the way back closes.
    pub(crate) closes: Range,
    /// The deadline minus the middle forecast of that, in milliseconds; negative when it is missed.
    pub(crate) slack_ms: Option<i64>,
    /// The same of the slow forecast.
    pub(crate) slack_at_worst_ms: Option<i64>,
    /// The latest begin of copying at which even the slow forecast keeps the deadline.
    pub(crate) latest_start: Option<Moment>,
    /// The latest cut whose way back closes before the deadline.
    pub(crate) latest_cut: Moment,
    /// The last moment at which going back can still be decided.
    pub(crate) no_return: Option<Moment>,
}

/// How a trust stands against the deadline. Computed, never said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// It was cut.
    Moved,
    /// At least 14 days of slack, and nothing speaks against it.
    OnTrack,
    /// Less than 14 days, or a rehearsal found a difference.
    AtRisk,
    /// None left, or it never comes.
    WillMiss,
    /// Nobody has measured or planned anything to forecast from.
    Unknown,
}

/// Less slack than this is a risk: two weeks.
const RISKY_MS: i64 = 14 * DAY_MS;

impl Outlook {
    /// From the slack of the middle forecast, and whether the last rehearsal found a difference.
    pub(crate) fn of(is_cut: bool, slack_ms: Option<i64>, differed: bool) -> Outlook {
        match slack_ms {
            _ if is_cut => Outlook::Moved,
            None => Outlook::Unknown,
            Some(slack) if slack < 0 => Outlook::WillMiss,
            Some(slack) if slack < RISKY_MS || differed => Outlook::AtRisk,
            Some(_) => Outlook::OnTrack,
        }
    }
}

impl Spread {
    /// From measurements; the tenth, fiftieth and ninetieth of a hundred. None without any.
    pub(crate) fn of(mut measured: Vec<f64>) -> Option<Spread> {
        measured.retain(|rate| rate.is_finite() && *rate > 0.0);
        measured.sort_by(f64::total_cmp);
        let at = |percent: usize| measured.get((measured.len().saturating_sub(1) * percent + 50) / 100).copied();
        Some(Spread { slow: at(10)?, likely: at(50)?, fast: at(90)? })
    }

    fn each(self) -> [f64; 3] {
        [self.fast, self.likely, self.slow]
    }
}

/// Answers what is asked.
pub(crate) fn estimate(of: &Asked) -> Estimate {
    let copied = range(seconds_of(of).map(|seconds| seconds.and_then(|seconds| after(of.start, seconds, of.hours))));
    let cut = match of.cut {
        Some(cut) => range([Some(cut); 3]),
        None => {
            range([copied.early, copied.likely, copied.late].map(|copied| copied.map(|copied| cut_after(of, copied))))
        }
    };
    let closes = range([cut.early, cut.likely, cut.late].map(|cut| cut.map(|cut| Moment(cut.0 + of.open_ms))));
    let slack = |closes: Option<Moment>| closes.map(|closes| of.deadline.0 - closes.0);
    Estimate {
        copied,
        cut,
        closes,
        slack_ms: slack(closes.likely),
        slack_at_worst_ms: slack(closes.late),
        latest_start: latest_start(of),
        latest_cut: Moment(of.deadline.0 - of.open_ms),
        no_return: closes.likely.map(|closes| Moment(closes.0.min(of.deadline.0) - of.back_ms)),
    }
}

fn range([early, likely, late]: [Option<Moment>; 3]) -> Range {
    Range { early, likely, late }
}

/// Seconds of copying, fast, middle and slow. The line and the writing to disk go on beside each other: the slower counts.
fn seconds_of(of: &Asked) -> [Option<f64>; 3] {
    if of.entries_left == 0 && of.bytes_left == 0 {
        return [Some(0.0); 3];
    }
    let line = of.bytes_per_second.map(Spread::each);
    let disk = of.entries_per_second.map(Spread::each);
    std::array::from_fn(|which| {
        let line = line.map(|line| line[which]);
        let line = match (line, of.bandwidth) {
            (Some(line), Some(limit)) => Some(line.min(limit)),
            (line, limit) => line.or(limit),
        };
        // A limit on the line slows the entries down by as much.
        let per_entry = if of.entries_left == 0 { 0.0 } else { of.bytes_left as f64 / of.entries_left as f64 };
        let of_line = line.filter(|_| per_entry > 0.0).map(|line| line / per_entry);
        let rate = match (of_line, disk.map(|disk| disk[which])) {
            (Some(line), Some(disk)) => line.min(disk),
            (line, disk) => line.or(disk)?,
        };
        let net = rate - of.growth_per_second;
        (net > 0.0).then(|| of.entries_left as f64 / net)
    })
}

/// The first moment at which it may be cut when everything is copied at this one.
fn cut_after(of: &Asked, copied: Moment) -> Moment {
    let ready = Moment(copied.0 + of.rehearse_ms);
    let cut = of.not_before.map_or(ready, |not_before| ready.max(not_before));
    match of.freeze {
        Some((from, until)) if (from..until).contains(&cut) => until,
        _ => cut,
    }
}

/// When so many seconds of copying are over that began at a moment and rest outside the hours.
fn after(start: Moment, seconds: f64, hours: Hours) -> Option<Moment> {
    let mut left = (seconds * 1000.0).ceil();
    if left > (MOST_DAYS * DAY_MS) as f64 {
        return None;
    }
    if hours.from == hours.until || left <= 0.0 {
        return Some(Moment(start.0 + left as i64));
    }
    let mut date = local_date(Moment(start.0 - DAY_MS));
    for _ in 0..MOST_DAYS {
        let (opens, shuts) = window(date, hours);
        let opens = opens.max(start);
        let room = (shuts.0 - opens.0).max(0) as f64;
        if room >= left {
            return Some(Moment(opens.0 + left as i64));
        }
        left -= room;
        date = date.tomorrow().ok()?;
    }
    None
}

/// The hours of one day.
fn window(date: Date, hours: Hours) -> (Moment, Moment) {
    let next = date.tomorrow().unwrap_or(date);
    let shuts = if hours.until > hours.from { date } else { next };
    (wall(date, hours.from), wall(shuts, hours.until))
}

/// When a clock on the wall shows this; where it shows it twice the first time, where it never does the moment of the change.
fn wall(date: Date, minutes: i16) -> Moment {
    let part = |number: i16| i8::try_from(number).unwrap_or(0);
    let time = Time::new(part(minutes / 60), part(minutes % 60), 0, 0).unwrap_or(Time::midnight());
    match moment_of(date, time) {
        LocalTime::Once(moment) => moment,
        LocalTime::Twice { first, .. } => first,
        LocalTime::Missing { change } => change,
    }
}

/// Searches the latest begin whose slow forecast keeps the deadline. A later begin never ends earlier, so halving finds it.
fn latest_start(of: &Asked) -> Option<Moment> {
    if of.cut.is_some() {
        return None;
    }
    let keeps = |minute: i64| {
        let begun = Asked { start: Moment(minute * MINUTE_MS), ..of.clone() };
        let [_, _, slow] = seconds_of(&begun);
        let copied = slow.and_then(|seconds| after(begun.start, seconds, begun.hours));
        copied.is_some_and(|copied| cut_after(&begun, copied).0 + of.open_ms <= of.deadline.0)
    };
    let (mut kept, mut missed) = ((of.deadline.0 - MOST_DAYS * DAY_MS) / MINUTE_MS, of.deadline.0 / MINUTE_MS + 1);
    if !keeps(kept) {
        return None;
    }
    while missed - kept > 1 {
        let middle = kept + (missed - kept) / 2;
        if keeps(middle) { kept = middle } else { missed = middle }
    }
    Some(Moment(kept * MINUTE_MS))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn at(text: &str) -> Moment {
        Moment::parse(text).unwrap()
    }

    /// 360,000 entries of 100 bytes; the line carries 10,000 bytes a second, the disk takes 200 entries: an hour.
    fn asked() -> Asked {
        let rate = |likely: f64| Some(Spread { slow: likely / 2.0, likely, fast: likely * 2.0 });
        Asked {
            start: at("2026-11-17T14:00:00Z"),
            entries_left: 360_000,
            bytes_left: 36_000_000,
            entries_per_second: rate(200.0),
            bytes_per_second: rate(10_000.0),
            growth_per_second: 0.0,
            bandwidth: None,
            hours: Hours::default(),
            rehearse_ms: 5 * DAY_MS,
            not_before: None,
            freeze: None,
            cut: None,
            open_ms: 14 * DAY_MS,
            back_ms: 3_600_000,
            deadline: at("2027-01-31T00:00:00Z"),
        }
    }

    #[test]
    fn a_range_follows_from_the_spread() {
        let told = estimate(&asked());
        let hours = |hours: f64| Some(Moment(asked().start.0 + (hours * 3_600_000.0) as i64));
        assert_eq!(told.copied, Range { early: hours(0.5), likely: hours(1.0), late: hours(2.0) });
        assert_eq!(told.cut.likely, hours(121.0));
        assert_eq!(told.closes.late, hours(2.0 + 19.0 * 24.0));
        assert_eq!(told.slack_ms, Some(asked().deadline.0 - told.closes.likely.unwrap().0));
        assert_eq!(told.slack_ms.unwrap() - told.slack_at_worst_ms.unwrap(), 3_600_000);
    }

    #[test]
    fn what_changes_the_time_of_copying() {
        type Changed = fn(&mut Asked);
        let cases: [(&str, Changed, Option<f64>); 8] = [
            ("as measured", |_| {}, Some(1.0)),
            ("half the line", |of| of.bandwidth = Some(5_000.0), Some(2.0)),
            ("a limit above what is measured", |of| of.bandwidth = Some(1e9), Some(1.0)),
            ("half is written meanwhile", |of| of.growth_per_second = 50.0, Some(2.0)),
            ("more is written than copied", |of| of.growth_per_second = 100.0, None),
            (
                "a slow disk",
                |of| of.entries_per_second = Some(Spread { slow: 1.0, likely: 10.0, fast: 10.0 }),
                Some(10.0),
            ),
            (
                "nothing measured but a limit",
                |of| {
                    (of.entries_per_second, of.bytes_per_second, of.bandwidth) = (None, None, Some(20_000.0));
                },
                Some(0.5),
            ),
            ("nothing known", |of| (of.entries_per_second, of.bytes_per_second) = (None, None), None),
        ];
        for (what, change, hours) in cases {
            let mut of = asked();
            change(&mut of);
            let expected = hours.map(|hours| Moment(of.start.0 + (hours * 3_600_000.0) as i64));
            assert_eq!(estimate(&of).copied.likely, expected, "{what}");
        }
        let done =
            Asked { entries_left: 0, bytes_left: 0, entries_per_second: None, bytes_per_second: None, ..asked() };
        assert_eq!(estimate(&done).copied.late, Some(done.start));
    }

    #[test]
    fn copying_rests_outside_its_hours_also_when_the_clocks_change() {
        let night = Hours { from: 22 * 60, until: 6 * 60 };
        let cases = [
            // Begins in the evening of the same day.
            ("2026-11-17T14:00:00Z", night, 1.0, "2026-11-17T23:00:00Z"),
            // Eight hours a night: the ninth is in the next one.
            ("2026-11-17T14:00:00Z", night, 9.0, "2026-11-18T23:00:00Z"),
            // In the middle of a night.
            ("2026-11-18T01:00:00Z", night, 5.0, "2026-11-18T06:00:00Z"),
            ("2026-11-18T01:00:00Z", night, 6.0, "2026-11-18T23:00:00Z"),
            // The night of 24 October has nine hours, that of 27 March seven.
            ("2026-10-24T12:00:00Z", night, 9.0, "2026-10-25T06:00:00Z"),
            ("2027-03-27T12:00:00Z", night, 8.0, "2027-03-28T22:00:00Z"),
            ("2026-11-17T14:00:00Z", Hours { from: 9 * 60, until: 17 * 60 }, 4.0, "2026-11-18T10:00:00Z"),
        ];
        for (start, hours, took, until) in cases {
            assert_eq!(after(at(start), took * 3600.0, hours), Some(at(until)), "{start} {took}");
        }
    }

    #[test]
    fn the_latest_start_just_keeps_the_deadline() {
        for hours in [Hours::default(), Hours { from: 22 * 60, until: 6 * 60 }] {
            let of = Asked { hours, ..asked() };
            let latest = estimate(&of).latest_start.unwrap();
            let at_worst =
                |start: i64| estimate(&Asked { start: Moment(start), ..of.clone() }).slack_at_worst_ms.unwrap();
            assert!(at_worst(latest.0) >= 0);
            assert!(at_worst(latest.0 + 2 * MINUTE_MS) < 0, "{hours:?}");
        }
        let never = Asked { growth_per_second: 1e9, ..asked() };
        assert_eq!(estimate(&never).latest_start, None);
    }

    #[test]
    fn a_cut_waits_for_its_window_and_for_the_end_of_a_freeze() {
        let (window, freeze) = (at("2026-12-19T03:00:00Z"), (at("2026-12-18T00:00:00Z"), at("2027-01-04T00:00:00Z")));
        assert_eq!(estimate(&Asked { not_before: Some(window), ..asked() }).cut.likely, Some(window));
        let frozen = Asked { not_before: Some(window), freeze: Some(freeze), ..asked() };
        assert_eq!(estimate(&frozen).cut.likely, Some(freeze.1));
        let told = estimate(&Asked { cut: Some(window), freeze: Some(freeze), ..asked() });
        assert_eq!((told.cut.early, told.cut.late), (Some(window), Some(window)));
        assert_eq!(told.no_return, Some(Moment(window.0 + 14 * DAY_MS - 3_600_000)));
    }

    #[test]
    fn nobody_returns_after_the_deadline() {
        let late = Asked { cut: Some(at("2027-01-25T00:00:00Z")), ..asked() };
        assert_eq!(estimate(&late).no_return, Some(Moment(late.deadline.0 - 3_600_000)));
        assert_eq!(estimate(&late).slack_ms, Some(-8 * DAY_MS));
    }

    #[test]
    fn risk_follows_from_slack_and_rehearsals() {
        let days = |days: i64| Some(days * DAY_MS);
        let cases = [
            (false, days(14), false, Outlook::OnTrack),
            (false, days(14), true, Outlook::AtRisk),
            (false, days(13), false, Outlook::AtRisk),
            (false, days(0), false, Outlook::AtRisk),
            (false, Some(-1), false, Outlook::WillMiss),
            (false, None, false, Outlook::Unknown),
            (true, days(-3), false, Outlook::Moved),
        ];
        for (cut, slack, differed, risk) in cases {
            assert_eq!(Outlook::of(cut, slack, differed), risk, "{cut} {slack:?} {differed}");
        }
    }

    #[test]
    fn measurements_become_a_spread() {
        assert_eq!(Spread::of(vec![]), None);
        assert_eq!(Spread::of(vec![0.0, f64::NAN]), None);
        let spread = Spread::of((0..=100).rev().map(f64::from).map(|n| n + 1.0).collect()).unwrap();
        assert_eq!(spread, Spread { slow: 11.0, likely: 51.0, fast: 91.0 });
        assert_eq!(Spread::of(vec![3.0]).unwrap().slow, 3.0);
    }
}
