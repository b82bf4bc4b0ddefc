//! The time of day as people in a hospital know it: Europe/London, with the hour that happens twice and the hour
//! that does not happen.
//!
//! The zone's rules are compiled in, so they do not depend on the machine. What to do with an ambiguous time is the
//! asker's decision: the answer is an enum, never a guess.

use crate::time::{Moment, at};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// When a local date and time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalTime {
    /// At one moment.
    Once(Moment),
    /// The clocks went back over it: ask which is meant.
    Twice {
        /// In British Summer Time.
        first: Moment,
        /// An hour later, in Greenwich Mean Time.
        second: Moment,
    },
    /// The clocks went forward over it: refuse it.
    Missing {
        /// The moment at which the clocks went forward.
        change: Moment,
    },
}

/// The date and time that a clock on the wall shows at a moment. Years beyond 9999 stop at the calendar's end.
pub fn local(moment: Moment) -> DateTime {
    let timestamp = match jiff::Timestamp::from_millisecond(moment.0) {
        Ok(timestamp) => timestamp,
        Err(_) if moment.0 < 0 => jiff::Timestamp::MIN,
        Err(_) => jiff::Timestamp::MAX,
    };
    london().to_datetime(timestamp)
}

/// The local date at a moment.
pub fn local_date(moment: Moment) -> Date {
    local(moment).date()
}

/// When a local date and time is.
pub fn moment_of(date: Date, time: Time) -> LocalTime {
    let wall = DateTime::from_parts(date, time);
    match london().to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => LocalTime::Once(moment_at(wall, offset)),
        AmbiguousOffset::Fold { before, after } => {
            LocalTime::Twice { first: moment_at(wall, before), second: moment_at(wall, after) }
        }
        AmbiguousOffset::Gap { before, .. } => {
            let inside = moment_at(wall, before);
            let zone = london();
            let change = jiff::Timestamp::from_millisecond(inside.0)
                .ok()
                .and_then(|inside| zone.preceding(inside + jiff::SignedDuration::from_nanos(1)).next())
                .map_or(inside, |transition| Moment(transition.timestamp().as_millisecond()));
            LocalTime::Missing { change }
        }
    }
}

/// The first moment of a local date. (London has never changed its clocks at midnight; were it to, the day would
/// begin with the change.)
pub fn start_of_day(date: Date) -> Moment {
    match moment_of(date, Time::midnight()) {
        LocalTime::Once(moment) => moment,
        LocalTime::Twice { first, .. } => first,
        LocalTime::Missing { change } => change,
    }
}

fn moment_at(wall: DateTime, offset: Offset) -> Moment {
    let date = (i64::from(wall.year()), i64::from(wall.month()), i64::from(wall.day()));
    let seconds = i64::from(wall.hour()) * 3600 + i64::from(wall.minute()) * 60 + i64::from(wall.second());
    let local = at(date, seconds * 1000 + i64::from(wall.millisecond()), 0);
    Moment(local.0 - i64::from(offset.seconds()) * 1000)
}

fn london() -> TimeZone {
    jiff::tz::get!("Europe/London")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn moment(text: &str) -> Moment {
        Moment::parse(text).unwrap()
    }

    fn at_wall(date: &str, time: &str) -> LocalTime {
        moment_of(date.parse().unwrap(), time.parse().unwrap())
    }

    #[test]
    fn summer_and_winter() {
        assert_eq!(at_wall("2026-07-01", "09:00"), LocalTime::Once(moment("2026-07-01T08:00:00Z")));
        assert_eq!(at_wall("2026-12-01", "09:00"), LocalTime::Once(moment("2026-12-01T09:00:00Z")));
        assert_eq!(local(moment("2026-07-01T08:00:00Z")).to_string(), "2026-07-01T09:00:00");
        assert_eq!(local_date(moment("2026-06-30T23:30:00Z")).to_string(), "2026-07-01");
        assert_eq!(start_of_day("2026-07-01".parse().unwrap()), moment("2026-06-30T23:00:00Z"));
    }

    #[test]
    fn the_hour_that_happens_twice_is_asked() {
        let (first, second) = (moment("2026-10-25T00:30:00Z"), moment("2026-10-25T01:30:00Z"));
        assert_eq!(at_wall("2026-10-25", "01:30"), LocalTime::Twice { first, second });
        assert_eq!(at_wall("2026-10-25", "00:59:59"), LocalTime::Once(moment("2026-10-24T23:59:59Z")));
        assert_eq!(at_wall("2026-10-25", "02:00"), LocalTime::Once(moment("2026-10-25T02:00:00Z")));
        assert_eq!(local(first), local(second));
    }

    #[test]
    fn the_hour_that_does_not_happen_is_refused() {
        let change = moment("2027-03-28T01:00:00Z");
        assert_eq!(at_wall("2027-03-28", "01:30"), LocalTime::Missing { change });
        assert_eq!(at_wall("2027-03-28", "01:00"), LocalTime::Missing { change });
        assert_eq!(at_wall("2027-03-28", "00:59"), LocalTime::Once(moment("2027-03-28T00:59:00Z")));
        assert_eq!(at_wall("2027-03-28", "02:00"), LocalTime::Once(change));
    }

    #[test]
    fn births_in_the_years_of_summer_time_all_year() {
        assert_eq!(start_of_day("1970-01-01".parse().unwrap()), moment("1969-12-31T23:00:00Z"));
    }
}
