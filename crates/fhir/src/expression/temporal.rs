//! Dates, times and their combination with the precision they were written in (`2013`, `2013-06`, `T14:30`).
//!
//! Three answers to a comparison: yes, no, and "the precision does not say". A missing zone is no zone here; those
//! who need an instant ([`Temporal::first_instant`], [`Temporal::last_instant`]) read it as UTC. Calendar arithmetic
//! is proleptic Gregorian. Knows nothing of the clock.

use super::quantity::CalendarUnit;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::cmp::Ordering;
use std::fmt;

/// What kind of value: a date, a date with a time, or a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TemporalKind {
    /// `2013`, `2013-06`, `2013-06-08`.
    Date,
    /// The same with a time, or marked by a `T`.
    DateTime,
    /// `14:30:00`.
    Time,
}

/// The last component that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Precision {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    /// With or without a fraction: both are one precision in FHIRPath.
    Second,
}

/// A date, time or both, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Temporal {
    /// Date, date with time, or time of day.
    pub kind: TemporalKind,
    /// The last component written; those after it have their lowest value.
    pub precision: Precision,
    year: i16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    nanos: u32,
    fraction_digits: u8,
    zone: Zone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Zone {
    None,
    /// Written as `Z`.
    Utc,
    /// Minutes east of Greenwich.
    Offset(i16),
}

impl Zone {
    fn minutes(self) -> Option<i64> {
        match self {
            Zone::None => None,
            Zone::Utc => Some(0),
            Zone::Offset(minutes) => Some(i64::from(minutes)),
        }
    }
}

const DAY_MS: i64 = 86_400_000;
const DAY_NANOS: i128 = 86_400_000_000_000;

impl Temporal {
    /// Reads a FHIR `date`, `dateTime` or `instant`; also what searches may write: a time without seconds or zone.
    /// Refuses days that no calendar has.
    pub fn parse(text: &str) -> Option<Temporal> {
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let mut value = Temporal::read_date(date)?;
        let Some(time) = time else { return Some(value) };
        if value.precision < Precision::Day {
            return None;
        }
        value.read_time(time, true)?;
        (value.precision >= Precision::Minute).then_some(value)
    }

    /// Reads a FHIR `time`, such as `14:30:00`; hours alone or without seconds are taken too.
    pub fn parse_time(text: &str) -> Option<Temporal> {
        let mut value = Temporal { kind: TemporalKind::Time, precision: Precision::Hour, ..Temporal::new(0, 1, 1) };
        value.read_time(text, false)?;
        value.kind = TemporalKind::Time;
        Some(value)
    }

    /// Reads what follows the `@` of a FHIRPath literal: as [`Temporal::parse`], and `2015T`, `2015-02-04T14`, `T14`.
    pub fn literal(text: &str) -> Option<Temporal> {
        if let Some(time) = text.strip_prefix('T') {
            return Temporal::parse_time(time);
        }
        let (date, time) = text.split_once('T').unwrap_or((text, ""));
        let mut value = Temporal::read_date(date)?;
        if text.contains('T') {
            value.kind = TemporalKind::DateTime;
        }
        if !time.is_empty() {
            if value.precision < Precision::Day {
                return None;
            }
            value.read_time(time, true)?;
        }
        Some(value)
    }

    /// The UTC date and time of an instant in milliseconds since 1970, with zone and milliseconds.
    pub fn of_instant(ms: i64) -> Temporal {
        let (year, month, day) = civil_from_days(ms.div_euclid(DAY_MS));
        let mut value = Temporal::new(year, month, day);
        value.kind = TemporalKind::DateTime;
        value.precision = Precision::Second;
        value.set_nanos_of_day(i128::from(ms.rem_euclid(DAY_MS)) * 1_000_000);
        value.fraction_digits = 3;
        value.zone = Zone::Utc;
        value
    }

    /// The date without its time.
    pub fn date_only(self) -> Temporal {
        let precision = self.precision.min(Precision::Day);
        Temporal { precision, ..Temporal::new(i64::from(self.year), self.month, self.day) }
    }

    /// The time without its date; zone dropped.
    pub fn time_only(self) -> Temporal {
        Temporal { kind: TemporalKind::Time, year: 0, month: 1, day: 1, zone: Zone::None, ..self }
    }

    /// The same value as a date with time (precision unchanged).
    pub fn as_date_time(self) -> Temporal {
        Temporal { kind: TemporalKind::DateTime, ..self }
    }

    /// The first millisecond this may mean, counted from 1970 in UTC; without a zone it is read as UTC.
    pub fn first_instant(&self) -> i64 {
        let zone = self.zone.minutes().unwrap_or(0);
        days_from_civil(i64::from(self.year), self.month, self.day) * DAY_MS + self.ms_of_day() - zone * 60_000
    }

    /// The last millisecond this may mean, inclusive: `2013` ends with `2013-12-31T23:59:59.999Z`. A fraction of one
    /// or two digits covers the milliseconds it leaves open; finer ones fall into their millisecond.
    pub fn last_instant(&self) -> i64 {
        let first = self.first_instant();
        let length = match self.precision {
            Precision::Year => {
                let year = i64::from(self.year);
                (days_from_civil(year + 1, 1, 1) - days_from_civil(year, 1, 1)) * DAY_MS
            }
            Precision::Month => i64::from(days_in_month(i64::from(self.year), self.month)) * DAY_MS,
            Precision::Day => DAY_MS,
            Precision::Hour => 3_600_000,
            Precision::Minute => 60_000,
            Precision::Second => match self.fraction_digits {
                0 => 1000,
                1 => 100,
                2 => 10,
                _ => 1,
            },
        };
        first + length - 1
    }

    /// Order of two values of one kind, or `None` where precision or a missing zone leaves it open. Dates compare
    /// with dates and times; times of day only with each other.
    pub fn compare(&self, other: &Temporal) -> Option<Ordering> {
        if (self.kind == TemporalKind::Time) != (other.kind == TemporalKind::Time) {
            return None;
        }
        let least = self.precision.min(other.precision);
        let one_has_zone = self.zone.minutes().is_some() != other.zone.minutes().is_some();
        if one_has_zone {
            return self.compare_across_zones(other);
        }
        let has_time = self.precision > Precision::Day && other.precision > Precision::Day;
        let (left, right) = if has_time { (self.in_utc(), other.in_utc()) } else { (*self, *other) };
        match left.components(least).cmp(&right.components(least)) {
            Ordering::Equal if self.precision != other.precision => None,
            order => Some(order),
        }
    }

    /// One side has no zone: it may stand anywhere from 14 hours east to 12 hours west.
    fn compare_across_zones(&self, other: &Temporal) -> Option<Ordering> {
        let range = |value: &Temporal| {
            let (first, last) = (value.first_instant(), value.last_instant());
            if value.zone.minutes().is_some() { (first, last) } else { (first - 14 * 3_600_000, last + 12 * 3_600_000) }
        };
        let ((first, last), (other_first, other_last)) = (range(self), range(other));
        if last < other_first {
            return Some(Ordering::Less);
        }
        (first > other_last).then_some(Ordering::Greater)
    }

    /// Equivalence: the same precision and the same value.
    pub fn is_equivalent(&self, other: &Temporal) -> bool {
        self.precision == other.precision && self.compare(other) == Some(Ordering::Equal)
    }

    /// This plus so many of a calendar unit, in this value's precision: smaller units are first turned into its last
    /// component (24 hours a day, 30 days a month, 365 days a year), decimals dropped except for seconds. The day is
    /// cut to the month's length. `None` beyond the years 1 to 9999.
    pub fn plus(&self, amount: Decimal, unit: CalendarUnit) -> Option<Temporal> {
        if self.kind == TemporalKind::Time {
            let nanos = unit.nanos().map(|each| Decimal::from(each) * amount)?.trunc().to_i128()?;
            let mut value = *self;
            value.set_nanos_of_day((self.nanos_of_day() + nanos).rem_euclid(DAY_NANOS));
            return Some(value);
        }
        match (self.precision, unit) {
            (_, CalendarUnit::Year) => self.plus_months(amount.trunc().to_i64()?.checked_mul(12)?),
            (Precision::Year, CalendarUnit::Month) => {
                self.plus_months((amount / Decimal::from(12)).trunc().to_i64()?.checked_mul(12)?)
            }
            (_, CalendarUnit::Month) => self.plus_months(amount.trunc().to_i64()?),
            (Precision::Year | Precision::Month, _) => {
                let days = self.whole_days(amount, unit)?;
                let months = if self.precision == Precision::Year { days / 365 * 12 } else { days / 30 };
                self.plus_months(months)
            }
            (Precision::Day, _) => self.plus_nanos(i128::from(self.whole_days(amount, unit)?) * DAY_NANOS),
            _ => {
                let amount = if unit == CalendarUnit::Second { amount } else { amount.trunc() };
                self.plus_nanos(Decimal::from(unit.nanos()?).checked_mul(amount)?.trunc().to_i128()?)
            }
        }
    }

    fn whole_days(&self, amount: Decimal, unit: CalendarUnit) -> Option<i64> {
        let nanos = Decimal::from(unit.nanos()?).checked_mul(amount)?.trunc().to_i128()?;
        i64::try_from(nanos / DAY_NANOS).ok()
    }

    fn plus_months(&self, months: i64) -> Option<Temporal> {
        let total = (i64::from(self.year) * 12 + i64::from(self.month) - 1).checked_add(months)?;
        let (year, month) = (total.div_euclid(12), total.rem_euclid(12) as u8 + 1);
        if !(1..=9999).contains(&year) {
            return None;
        }
        let day = self.day.min(days_in_month(year, month));
        Some(Temporal { year: year as i16, month, day, ..*self })
    }

    fn plus_nanos(&self, nanos: i128) -> Option<Temporal> {
        let days = i128::from(days_from_civil(i64::from(self.year), self.month, self.day));
        let total = (days * DAY_NANOS + self.nanos_of_day()).checked_add(nanos)?;
        let days = i64::try_from(total.div_euclid(DAY_NANOS)).ok().filter(|days| days.abs() < 4_000_000)?;
        let (year, month, day) = civil_from_days(days);
        if !(1..=9999).contains(&year) {
            return None;
        }
        let mut value = Temporal { year: year as i16, month, day, ..*self };
        value.set_nanos_of_day(total.rem_euclid(DAY_NANOS));
        Some(value)
    }

    /// The number of digits written, as `precision()` counts them: `2014` has 4, `T10:30` has 4.
    pub fn digits(&self) -> usize {
        let time = |hours: usize| match self.precision {
            Precision::Hour => hours,
            Precision::Minute => hours + 2,
            _ if self.fraction_digits == 0 => hours + 4,
            _ => hours + 4 + usize::from(self.fraction_digits),
        };
        match self.precision {
            Precision::Year => 4,
            Precision::Month => 6,
            Precision::Day => 8,
            _ if self.kind == TemporalKind::Time => time(2),
            _ => time(10),
        }
    }

    /// The earliest (or latest) value this may mean, written with so many digits; `None` for an odd number of them.
    /// Without a zone the earliest is at +14:00, the latest at -12:00.
    pub fn boundary(&self, digits: usize, latest: bool) -> Option<Temporal> {
        let is_time = self.kind == TemporalKind::Time;
        let precision = match (is_time, digits) {
            (false, 4) => Precision::Year,
            (false, 6) => Precision::Month,
            (false, 8) => Precision::Day,
            (false, 10) | (true, 2) => Precision::Hour,
            (false, 12) | (true, 4) => Precision::Minute,
            (false, 14 | 17) | (true, 6 | 9) => Precision::Second,
            _ => return None,
        };
        let mut value = *self;
        if latest {
            value.fill_latest();
        }
        value.precision = precision;
        value.fraction_digits = if matches!(digits, 17 | 9) { 3 } else { 0 };
        if !is_time && precision > Precision::Day {
            value.kind = TemporalKind::DateTime;
            if self.zone == Zone::None {
                value.zone = Zone::Offset(if latest { -12 * 60 } else { 14 * 60 });
            }
        } else {
            value.zone = Zone::None;
        }
        Some(value)
    }

    /// Sets the components that were not written to their highest value.
    fn fill_latest(&mut self) {
        if self.precision < Precision::Month {
            self.month = 12;
        }
        if self.precision < Precision::Day {
            self.day = days_in_month(i64::from(self.year), self.month);
        }
        if self.precision < Precision::Hour {
            self.hour = 23;
        }
        if self.precision < Precision::Minute {
            self.minute = 59;
        }
        if self.precision < Precision::Second {
            self.second = 59;
        }
        if self.fraction_digits < 3 {
            let unit = [1_000_000_000, 100_000_000, 10_000_000][usize::from(self.fraction_digits)];
            self.nanos += unit - 1_000_000;
        }
    }

    fn new(year: i64, month: u8, day: u8) -> Temporal {
        Temporal {
            kind: TemporalKind::Date,
            precision: Precision::Day,
            year: year as i16,
            month,
            day,
            hour: 0,
            minute: 0,
            second: 0,
            nanos: 0,
            fraction_digits: 0,
            zone: Zone::None,
        }
    }

    fn read_date(text: &str) -> Option<Temporal> {
        let bytes = text.as_bytes();
        let year = two(bytes, 0)? * 100 + two(bytes, 2)?;
        let mut value = Temporal { precision: Precision::Year, ..Temporal::new(i64::from(year), 1, 1) };
        if year == 0 {
            return None;
        }
        if bytes.len() == 4 {
            return Some(value);
        }
        value.month = two(bytes, 5).filter(|month| bytes[4] == b'-' && (1..=12).contains(month))? as u8;
        value.precision = Precision::Month;
        if bytes.len() == 7 {
            return Some(value);
        }
        let most = u16::from(days_in_month(i64::from(year), value.month));
        value.day = two(bytes, 8).filter(|day| bytes[7] == b'-' && (1..=most).contains(day))? as u8;
        value.precision = Precision::Day;
        (bytes.len() == 10).then_some(value)
    }

    /// `14`, `14:30`, `14:30:28`, `14:30:28.123`, and a zone where one may stand.
    fn read_time(&mut self, text: &str, zone_allowed: bool) -> Option<()> {
        let end = text.find(['Z', '+', '-']).unwrap_or(text.len());
        let (clock, zone) = text.split_at(end);
        if !zone.is_empty() {
            self.zone = if zone_allowed { read_zone(zone)? } else { return None };
        }
        self.kind = TemporalKind::DateTime;
        let bytes = clock.as_bytes();
        self.hour = two(bytes, 0).filter(|hour| *hour < 24)? as u8;
        self.precision = Precision::Hour;
        if bytes.len() == 2 {
            return Some(());
        }
        self.minute = two(bytes, 3).filter(|minute| bytes[2] == b':' && *minute < 60)? as u8;
        self.precision = Precision::Minute;
        if bytes.len() == 5 {
            return Some(());
        }
        self.second = two(bytes, 6).filter(|second| bytes[5] == b':' && *second <= 60)? as u8;
        self.precision = Precision::Second;
        if bytes.len() == 8 {
            return Some(());
        }
        let digits = bytes.get(9..).filter(|digits| bytes[8] == b'.' && !digits.is_empty())?;
        let mut unit = 100_000_000;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            self.nanos += u32::from(digit - b'0') * unit;
            unit /= 10;
        }
        self.fraction_digits = digits.len().min(9) as u8;
        Some(())
    }

    fn ms_of_day(&self) -> i64 {
        let seconds = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        seconds * 1000 + i64::from(self.nanos / 1_000_000)
    }

    fn nanos_of_day(&self) -> i128 {
        let seconds = i128::from(self.hour) * 3600 + i128::from(self.minute) * 60 + i128::from(self.second);
        seconds * 1_000_000_000 + i128::from(self.nanos)
    }

    /// Expects less than a day's worth.
    fn set_nanos_of_day(&mut self, nanos: i128) {
        let seconds = (nanos / 1_000_000_000) as u32;
        self.nanos = (nanos % 1_000_000_000) as u32;
        (self.hour, self.minute, self.second) =
            ((seconds / 3600) as u8, (seconds / 60 % 60) as u8, (seconds % 60) as u8);
    }

    /// The same instant at offset zero; unchanged without a zone.
    fn in_utc(self) -> Temporal {
        let Some(zone) = self.zone.minutes() else { return self };
        let moved = self.plus_nanos(-i128::from(zone) * 60_000_000_000);
        moved.map_or(self, |moved| Temporal { zone: Zone::Utc, ..moved })
    }

    /// The components down to a precision, the rest zero.
    fn components(&self, precision: Precision) -> [u32; 7] {
        let keep = |component: u32, of: Precision| if of <= precision { component } else { 0 };
        [
            self.year as u32,
            keep(self.month.into(), Precision::Month),
            keep(self.day.into(), Precision::Day),
            keep(self.hour.into(), Precision::Hour),
            keep(self.minute.into(), Precision::Minute),
            keep(self.second.into(), Precision::Second),
            keep(self.nanos, Precision::Second),
        ]
    }
}

impl fmt::Display for Temporal {
    /// As written: the same precision, fraction digits and zone; times without their `T`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind != TemporalKind::Time {
            write!(f, "{:04}", self.year)?;
            if self.precision >= Precision::Month {
                write!(f, "-{:02}", self.month)?;
            }
            if self.precision >= Precision::Day {
                write!(f, "-{:02}", self.day)?;
            }
            if self.precision > Precision::Day {
                write!(f, "T")?;
            }
        }
        if self.precision >= Precision::Hour {
            write!(f, "{:02}", self.hour)?;
        }
        if self.precision >= Precision::Minute {
            write!(f, ":{:02}", self.minute)?;
        }
        if self.precision == Precision::Second {
            write!(f, ":{:02}", self.second)?;
            if self.fraction_digits > 0 {
                let digits = format!("{:09}", self.nanos);
                write!(f, ".{}", &digits[..usize::from(self.fraction_digits.min(9))])?;
            }
        }
        match self.zone {
            Zone::None => Ok(()),
            Zone::Utc => write!(f, "Z"),
            Zone::Offset(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
        }
    }
}

/// Two ASCII digits at a place.
fn two(bytes: &[u8], at: usize) -> Option<u16> {
    match bytes.get(at..at + 2)? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(u16::from(tens - b'0') * 10 + u16::from(ones - b'0')),
        _ => None,
    }
}

fn read_zone(text: &str) -> Option<Zone> {
    if text == "Z" {
        return Some(Zone::Utc);
    }
    let bytes = text.as_bytes();
    let hours = two(bytes, 1).filter(|hours| *hours <= 14)?;
    let minutes = two(bytes, 4).filter(|minutes| bytes[3] == b':' && *minutes < 60 && bytes.len() == 6)?;
    let total = (hours * 60 + minutes) as i16;
    Some(Zone::Offset(if bytes[0] == b'-' { -total } else { total }))
}

fn days_in_month(year: i64, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Day number counted from 1970-01-01 of a proleptic Gregorian date (Howard Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms", `days_from_civil`).
fn days_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_index = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * month_index + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, u8, u8) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_index + 2) / 5 + 1) as u8;
    let month = (if month_index < 10 { month_index + 3 } else { month_index - 9 }) as u8;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn text_is_read_and_printed_as_written() {
        for text in ["2013", "2013-06", "2013-06-08", "2013-06-08T10:57:34Z", "2013-06-08T10:57:34.1234+01:00"] {
            assert_eq!(Temporal::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "13", "2013-13", "2013-02-29", "2013-06-08T", "2013-06T10:00:00Z", "2013-06-08T25:00:00Z", "é"]
        {
            assert_eq!(Temporal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn precision_becomes_a_range_of_instants() {
        let range = |text: &str| {
            let value = Temporal::parse(text).unwrap();
            let print = |ms| Temporal::of_instant(ms).to_string();
            (print(value.first_instant()), print(value.last_instant()))
        };
        let expect = |first: &str, last: &str| (first.to_owned(), last.to_owned());
        assert_eq!(range("2012"), expect("2012-01-01T00:00:00.000Z", "2012-12-31T23:59:59.999Z"));
        assert_eq!(range("2012-02"), expect("2012-02-01T00:00:00.000Z", "2012-02-29T23:59:59.999Z"));
        assert_eq!(range("2012-02-03T10:00+01:00"), expect("2012-02-03T09:00:00.000Z", "2012-02-03T09:00:59.999Z"));
        assert_eq!(range("2012-02-03T10:00:00.5Z"), expect("2012-02-03T10:00:00.500Z", "2012-02-03T10:00:00.599Z"));
        assert_eq!(range("0001-01-01T00:00:00.123456Z").0, range("0001-01-01T00:00:00.123456Z").1);
    }

    #[test]
    fn civil_dates_and_day_numbers_are_inverse() {
        for days in (-719_162..2_932_896).step_by(97) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
    }
}
