//! Moments: UTC milliseconds as the journal keeps them, and the clock as a parameter.
//!
//! Nothing here reads the machine's clock; `hosting` hands a [`Clock`] down, tests hand down their own. Dates that
//! people know only in part are in `partial`, the local time of a hospital is in `local`.

use std::fmt;
use std::sync::Arc;

/// An instant, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(pub i64);

/// Where the present moment comes from.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// A text that is not a date or time in a FHIR form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct BadTime {
    /// What is wrong.
    pub what: &'static str,
}

pub(crate) const DAY_MS: i64 = 86_400_000;

impl Moment {
    /// Reads a FHIR `instant`: `YYYY-MM-DDThh:mm:ss`, an optional fraction, and `Z` or an offset such as `+01:00`.
    /// Digits after the millisecond are dropped; a leap second counts as the second after it.
    pub fn parse(text: &str) -> Result<Moment, BadTime> {
        let mut digits = Digits::new(text);
        let date = digits.date()?;
        digits.expect(b'T')?;
        let time = digits.time_of_day()?;
        let Some(offset_minutes) = digits.zone()? else { return Err(BadTime { what: "an instant needs a time zone" }) };
        digits.end()?;
        Ok(at(date, time, offset_minutes))
    }
}

impl fmt::Display for Moment {
    /// Prints the FHIR `instant` with milliseconds and `Z`, such as `2026-11-17T14:35:00.000Z` (always 24 bytes
    /// for the years 0 to 9999).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0.div_euclid(DAY_MS);
        let ms = self.0.rem_euclid(DAY_MS);
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second, milli) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }
}

/// A date of the calendar: year, month, day.
pub(crate) type Ymd = (i64, i64, i64);

/// The moment at which it is this date and time (in milliseconds since midnight) at this offset from UTC.
pub(crate) fn at(date: Ymd, time_ms: i64, offset_minutes: i64) -> Moment {
    Moment(days_from_civil(date) * DAY_MS + time_ms - offset_minutes * 60_000)
}

/// Proleptic Gregorian date of a day number counted from 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms", `civil_from_days`).
fn civil_from_days(days: i64) -> Ymd {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// The inverse of [`civil_from_days`] (the same source, `days_from_civil`).
fn days_from_civil((year, month, day): Ymd) -> i64 {
    let shifted_year = year - i64::from(month <= 2);
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let month_index = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_index + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

pub(crate) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Reads the fields of FHIR dates and times from left to right.
pub(crate) struct Digits<'a> {
    rest: &'a [u8],
}

impl<'a> Digits<'a> {
    pub(crate) fn new(text: &'a str) -> Digits<'a> {
        Digits { rest: text.as_bytes() }
    }

    pub(crate) fn next_is(&self, byte: u8) -> bool {
        self.rest.first() == Some(&byte)
    }

    pub(crate) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn end(&self) -> Result<(), BadTime> {
        if self.is_done() { Ok(()) } else { Err(BadTime { what: "there is something after the date or time" }) }
    }

    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), BadTime> {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                Ok(())
            }
            _ => Err(BadTime { what: "the date or time is not in a FHIR form" }),
        }
    }

    /// Exactly this many digits, with a value in the range.
    pub(crate) fn number(&mut self, count: usize, low: i64, high: i64) -> Result<i64, BadTime> {
        let Some((digits, rest)) = self.rest.split_at_checked(count) else {
            return Err(BadTime { what: "the date or time ends too early" });
        };
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(BadTime { what: "the date or time has something else where a digit belongs" });
        }
        let value = digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
        if !(low..=high).contains(&value) {
            return Err(BadTime { what: "the date or time does not exist" });
        }
        self.rest = rest;
        Ok(value)
    }

    pub(crate) fn day_of(&mut self, year: i64, month: i64) -> Result<i64, BadTime> {
        self.number(2, 1, days_in_month(year, month))
    }

    fn date(&mut self) -> Result<Ymd, BadTime> {
        let year = self.number(4, 1, 9999)?;
        self.expect(b'-')?;
        let month = self.number(2, 1, 12)?;
        self.expect(b'-')?;
        Ok((year, month, self.day_of(year, month)?))
    }

    /// `hh:mm:ss` with an optional fraction, in milliseconds since midnight.
    fn time_of_day(&mut self) -> Result<i64, BadTime> {
        let minutes = self.hour_and_minute()?;
        self.expect(b':')?;
        let seconds = self.number(2, 0, 60)?;
        Ok(minutes * 60_000 + seconds * 1000 + self.fraction()?.map_or(0, |(milliseconds, _)| milliseconds))
    }

    /// `hh:mm`, in minutes since midnight.
    pub(crate) fn hour_and_minute(&mut self) -> Result<i64, BadTime> {
        let hour = self.number(2, 0, 23)?;
        self.expect(b':')?;
        Ok(hour * 60 + self.number(2, 0, 59)?)
    }

    /// A fraction of a second, if there is one: milliseconds, and how many digits it had.
    pub(crate) fn fraction(&mut self) -> Result<Option<(i64, usize)>, BadTime> {
        if !self.next_is(b'.') {
            return Ok(None);
        }
        self.expect(b'.')?;
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return Err(BadTime { what: "a fraction of a second needs digits" });
        }
        let (digits, rest) = self.rest.split_at(count);
        let place = |at: usize| digits.get(at).map_or(0, |digit| i64::from(digit - b'0'));
        self.rest = rest;
        Ok(Some((place(0) * 100 + place(1) * 10 + place(2), count)))
    }

    /// `Z` or `+hh:mm`, in minutes; none when the text ends here.
    pub(crate) fn zone(&mut self) -> Result<Option<i64>, BadTime> {
        let sign = match self.rest.first() {
            None => return Ok(None),
            Some(b'Z') => {
                self.expect(b'Z')?;
                return Ok(Some(0));
            }
            Some(b'-') => -1,
            _ => 1,
        };
        self.expect(if sign < 0 { b'-' } else { b'+' })?;
        let hours = self.number(2, 0, 14)?;
        self.expect(b':')?;
        let minutes = hours * 60 + self.number(2, 0, 59)?;
        if minutes > 14 * 60 {
            return Err(BadTime { what: "no time zone is that far from Greenwich" });
        }
        Ok(Some(sign * minutes))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn instants_are_read_and_printed() {
        let table = [
            ("2026-11-17T14:35:00Z", "2026-11-17T14:35:00.000Z"),
            ("2026-07-01T00:30:00.5+01:00", "2026-06-30T23:30:00.500Z"),
            ("2026-11-17T14:35:00.123456-05:00", "2026-11-17T19:35:00.123Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
            ("2024-02-29T12:00:00+14:00", "2024-02-28T22:00:00.000Z"),
        ];
        for (text, printed) in table {
            let moment = Moment::parse(text).unwrap();
            assert_eq!(moment.to_string(), printed);
            assert_eq!(Moment::parse(printed).unwrap(), moment);
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "2026",
            "2026-11-17",
            "2026-11-17T14:35Z",
            "2026-11-17T14:35:00",
            "2026-02-29T00:00:00Z",
            "2026-11-17T24:00:00Z",
            "2026-11-17T14:35:00.Z",
            "2026-11-17T14:35:00+14:01",
            "2026-11-17t14:35:00Z",
            "2026-11-17T14:35:00Z ",
            "0000-01-01T00:00:00Z",
        ] {
            assert!(Moment::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_calendar_runs_without_gaps() {
        for day in -800_000..800_000 {
            assert_eq!(days_from_civil(civil_from_days(day)), day);
        }
    }
}
