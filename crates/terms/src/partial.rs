//! Dates as they are known: a year, a month, a day or an instant, with the text kept as it was written.
//!
//! FHIR R4 `date`, `dateTime` and `instant` (datatypes, 2.24.0.1), and the search parameter form that stops at the
//! minute (search, 3.1.1.4.7). The bounds of a date without a time zone are those of the day in Europe/London, which
//! is "the server's local time zone" of that paragraph for a trust in England.

use crate::local::{moment_of, start_of_day};
use crate::time::{BadTime, Digits, Moment, at};
use crate::{Date, LocalTime, Time};
use std::fmt;

/// A date, perhaps with a time, that is known to some precision.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PartialDate {
    text: Box<str>,
    precision: Precision,
    year: i16,
    month: i8,
    day: i8,
    /// Milliseconds since local midnight; 0 without a time.
    time_ms: i32,
    /// Digits of the fraction of a second, at most 3.
    fraction: u8,
    offset_minutes: Option<i16>,
}

/// How much of a date is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// The year.
    Year,
    /// The month.
    Month,
    /// The day.
    Day,
    /// The minute; only in searches.
    Minute,
    /// The second or a fraction of it.
    Instant,
}

impl PartialDate {
    /// Reads `YYYY`, `YYYY-MM`, `YYYY-MM-DD`, or that with `Thh:mm`, `Thh:mm:ss` or `Thh:mm:ss.fff` and an optional
    /// `Z` or offset. Whether a form is allowed where it stands (a FHIR `dateTime` with a time needs seconds and a
    /// zone) is asked with [`PartialDate::precision`] and [`PartialDate::has_zone`].
    pub fn parse(text: &str) -> Result<PartialDate, BadTime> {
        let mut digits = Digits::new(text);
        let mut date = PartialDate {
            text: text.into(),
            precision: Precision::Year,
            year: digits.number(4, 1, 9999)? as i16,
            month: 1,
            day: 1,
            time_ms: 0,
            fraction: 0,
            offset_minutes: None,
        };
        if !digits.is_done() {
            digits.expect(b'-')?;
            date.month = digits.number(2, 1, 12)? as i8;
            date.precision = Precision::Month;
        }
        if !digits.is_done() {
            digits.expect(b'-')?;
            date.day = digits.day_of(i64::from(date.year), i64::from(date.month))? as i8;
            date.precision = Precision::Day;
        }
        if !digits.is_done() {
            date.read_time(&mut digits)?;
        }
        Ok(date)
    }

    fn read_time(&mut self, digits: &mut Digits<'_>) -> Result<(), BadTime> {
        digits.expect(b'T')?;
        let minutes = digits.hour_and_minute()?;
        let mut milliseconds = minutes * 60_000;
        self.precision = Precision::Minute;
        if digits.next_is(b':') {
            digits.expect(b':')?;
            milliseconds += digits.number(2, 0, 60)? * 1000;
            self.precision = Precision::Instant;
            if let Some((fraction, count)) = digits.fraction()? {
                milliseconds += fraction;
                self.fraction = count.min(3) as u8;
            }
        }
        self.time_ms = milliseconds as i32;
        self.offset_minutes = digits.zone()?.map(|minutes| minutes as i16);
        digits.end()
    }

    /// The text as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How much is known.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Whether the text says its time zone.
    pub fn has_zone(&self) -> bool {
        self.offset_minutes.is_some()
    }

    /// The year.
    pub fn year(&self) -> i16 {
        self.year
    }

    /// The month, 1 to 12, when it is known.
    pub fn month(&self) -> Option<i8> {
        (self.precision >= Precision::Month).then_some(self.month)
    }

    /// The date as written, when the day is known; of an instant the date in the zone it was written in.
    pub fn date(&self) -> Option<Date> {
        if self.precision < Precision::Day {
            return None;
        }
        Date::new(self.year, self.month, self.day).ok()
    }

    /// The first moment that the date can mean.
    pub fn lower(&self) -> Moment {
        match self.offset_minutes {
            Some(offset) => {
                let date = (i64::from(self.year), i64::from(self.month), i64::from(self.day));
                at(date, i64::from(self.time_ms), i64::from(offset))
            }
            None => self.first_in_london(),
        }
    }

    /// The first moment after all that the date can mean; `lower() <= m < upper()` is "on that date".
    pub fn upper(&self) -> Moment {
        let (year, month) = (self.year, self.month);
        let next = match self.precision {
            Precision::Year => Date::new(year + 1, 1, 1),
            Precision::Month if month == 12 => Date::new(year + 1, 1, 1),
            Precision::Month => Date::new(year, month + 1, 1),
            Precision::Day => Date::new(year, month, self.day).and_then(|date| date.tomorrow()),
            Precision::Minute => return Moment(self.lower().0 + 60_000),
            Precision::Instant => return Moment(self.lower().0 + [1000, 100, 10, 1][usize::from(self.fraction)]),
        };
        match next {
            Ok(next) => start_of_day(next),
            Err(_) => END_OF_YEAR_9999,
        }
    }

    /// A local time without a zone: the earlier of two, or the change of the clocks for one that did not happen.
    fn first_in_london(&self) -> Moment {
        let Ok(date) = Date::new(self.year, self.month, self.day) else { return END_OF_YEAR_9999 };
        if self.precision <= Precision::Day {
            return start_of_day(date);
        }
        let within = self.time_ms.min(86_399_999);
        let (hour, minute, second) = (within / 3_600_000, within / 60_000 % 60, within / 1000 % 60);
        let time = Time::new(hour as i8, minute as i8, second as i8, within % 1000 * 1_000_000);
        match moment_of(date, time.unwrap_or_default()) {
            LocalTime::Once(moment) | LocalTime::Twice { first: moment, .. } => moment,
            LocalTime::Missing { change } => change,
        }
    }
}

/// 10000-01-01T00:00:00Z: the calendar's end, for dates whose upper bound would lie beyond it.
const END_OF_YEAR_9999: Moment = Moment(253_402_300_800_000);

impl fmt::Display for PartialDate {
    /// The text as it was written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn bounds() {
        let table = [
            ("2026", "2026-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"),
            ("2026-07", "2026-06-30T23:00:00.000Z", "2026-07-31T23:00:00.000Z"),
            ("2026-12", "2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"),
            ("2026-10-25", "2026-10-24T23:00:00.000Z", "2026-10-26T00:00:00.000Z"),
            ("2026-10-25T01:30", "2026-10-25T00:30:00.000Z", "2026-10-25T00:31:00.000Z"),
            ("2027-03-28T01:30:00", "2027-03-28T01:00:00.000Z", "2027-03-28T01:00:01.000Z"),
            ("2026-07-01T09:00:00+01:00", "2026-07-01T08:00:00.000Z", "2026-07-01T08:00:01.000Z"),
            ("2026-07-01T09:00:00.25Z", "2026-07-01T09:00:00.250Z", "2026-07-01T09:00:00.260Z"),
            ("2026-07-01T09:00:00.250999Z", "2026-07-01T09:00:00.250Z", "2026-07-01T09:00:00.251Z"),
        ];
        for (text, lower, upper) in table {
            let date = PartialDate::parse(text).unwrap();
            assert_eq!((date.lower().to_string(), date.upper().to_string()), (lower.to_owned(), upper.to_owned()));
            assert_eq!(date.to_string(), text);
        }
        assert_eq!(PartialDate::parse("9999").unwrap().upper(), END_OF_YEAR_9999);
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in
            ["", "26", "2026-", "2026-13", "2026-02-29", "2026-1-1", "2026-01-01T", "2026-01-01T10", "2026-01-01Z"]
        {
            assert!(PartialDate::parse(text).is_err(), "{text}");
        }
    }
}
