//! Dates, times and ages as people in a hospital read them.
//!
//! `17-Nov-2026`, `09:05`, `4y 8m`: the NHS Common User Interface guidance for date, time and patient banner (ages:
//! patient banner, table 7). Pure text; which date to show is the page's question.

use crate::local::{local, local_date};
use crate::partial::{PartialDate, Precision};
use crate::time::Moment;
use crate::{Date, DateTime};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// `17-Nov-2026`.
pub fn date_text(date: Date) -> String {
    format!("{}-{:04}", day_and_month(date), date.year())
}

/// `17-Nov` in the year of `today`, else `17-Nov-2026`: for narrow cells.
pub fn short_date_text(date: Date, today: Date) -> String {
    if date.year() == today.year() { day_and_month(date) } else { date_text(date) }
}

/// `Tue 17-Nov-2026`: where people plan.
pub fn weekday_date_text(date: Date) -> String {
    let weekday = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
    format!("{} {}", WEEKDAYS[weekday % 7], date_text(date))
}

/// `09:05`, of a local time.
pub fn time_text(at: DateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// `17-Nov-2026 09:05`, in local time.
pub fn moment_text(moment: Moment) -> String {
    let at = local(moment);
    format!("{} {}", date_text(at.date()), time_text(at))
}

/// A date as far as it is known: `2026`, `Nov-2026`, `17-Nov-2026`, `17-Nov-2026 09:05`.
pub fn partial_date_text(date: &PartialDate) -> String {
    match date.precision() {
        Precision::Year => format!("{:04}", date.year()),
        Precision::Month => format!("{}-{:04}", month_name(date.month().unwrap_or(1)), date.year()),
        Precision::Day => date.date().map(date_text).unwrap_or_default(),
        Precision::Minute | Precision::Instant => moment_text(date.lower()),
    }
}

/// The age at a moment by table 7: minutes under 2 hours, hours under 2 days, days under 4 weeks, weeks and days
/// under 1 year, months and days under 2 years, years and months under 18 years, else years; the second number is
/// left out when it is 0. Nothing before birth.
///
/// Without a time of birth a child counts in days from the first; without the day, the age is in whole years with
/// *approx* before it. Someone born on 29 February is a year older on 1 March.
pub fn age_text(birth: &PartialDate, at: Moment) -> Option<String> {
    let today = local_date(at);
    let Some(born) = birth_date(birth) else {
        let known_months = i32::from(birth.month().unwrap_or(7)) - 1;
        let months = i32::from(today.year() - birth.year()) * 12 + i32::from(today.month()) - 1 - known_months;
        return (birth.lower() <= at).then(|| format!("approx {}y", months.max(0) / 12));
    };
    if birth.lower() > at {
        return None;
    }
    let days = days_between(born, today);
    let months = whole_months(born, today);
    if birth.precision() > Precision::Day {
        let minutes = (at.0 - birth.lower().0) / 60_000;
        match minutes {
            0..120 => return Some(format!("{minutes}min")),
            120..2880 => return Some(format!("{}hr", minutes / 60)),
            _ => {}
        }
    }
    Some(match (days, months) {
        (..28, _) => format!("{days}d"),
        (_, ..12) => two(days / 7, "w", days % 7, "d"),
        (_, ..24) => two(months, "m", days_between(add_months(born, months), today), "d"),
        (_, ..216) => two(months / 12, "y", months % 12, "m"),
        _ => format!("{}y", months / 12),
    })
}

/// The local date of birth, when the day is known.
fn birth_date(birth: &PartialDate) -> Option<Date> {
    match birth.precision() {
        Precision::Year | Precision::Month => None,
        Precision::Day => birth.date(),
        Precision::Minute | Precision::Instant => Some(local_date(birth.lower())),
    }
}

fn two(large: i64, large_unit: &str, small: i64, small_unit: &str) -> String {
    match small {
        0 => format!("{large}{large_unit}"),
        _ => format!("{large}{large_unit} {small}{small_unit}"),
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

/// Months completed: one more on each return of the day of the month.
fn whole_months(from: Date, to: Date) -> i64 {
    let years = i64::from(to.year()) - i64::from(from.year());
    let months = years * 12 + i64::from(to.month()) - i64::from(from.month());
    months - i64::from(to.day() < from.day())
}

/// The same day of the month so many months later, or the last day of a shorter month.
fn add_months(date: Date, months: i64) -> Date {
    jiff::Span::new().try_months(months).and_then(|span| date.checked_add(span)).unwrap_or(date)
}

fn day_and_month(date: Date) -> String {
    format!("{:02}-{}", date.day(), month_name(date.month()))
}

fn month_name(month: i8) -> &'static str {
    MONTHS[usize::from(month.unsigned_abs().saturating_sub(1)).min(11)]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn age(birth: &str, at: &str) -> Option<String> {
        age_text(&PartialDate::parse(birth).unwrap(), Moment::parse(at).unwrap())
    }

    #[test]
    fn ages_by_table_7() {
        let table = [
            ("2026-11-17T10:00:00Z", "2026-11-17T10:00:30Z", "0min"),
            ("2026-11-17T10:00:00Z", "2026-11-17T11:59:00Z", "119min"),
            ("2026-11-17T10:00:00Z", "2026-11-17T12:00:00Z", "2hr"),
            ("2026-11-17T10:00:00Z", "2026-11-19T09:59:00Z", "47hr"),
            ("2026-11-17T10:00:00Z", "2026-11-19T10:00:00Z", "2d"),
            ("2026-11-17", "2026-11-17T12:00:00Z", "0d"),
            ("2026-11-17", "2026-12-14T12:00:00Z", "27d"),
            ("2026-11-17", "2026-12-15T12:00:00Z", "4w"),
            ("2026-11-17", "2026-12-16T12:00:00Z", "4w 1d"),
            ("2025-11-18", "2026-11-17T12:00:00Z", "52w"),
            ("2025-11-17", "2026-11-17T12:00:00Z", "12m"),
            ("2025-01-31", "2026-03-01T12:00:00Z", "13m 1d"),
            ("2024-11-18", "2026-11-17T12:00:00Z", "23m 30d"),
            ("2024-11-17", "2026-11-17T12:00:00Z", "2y"),
            ("2022-03-01", "2026-11-17T12:00:00Z", "4y 8m"),
            ("2008-11-18", "2026-11-17T12:00:00Z", "17y 11m"),
            ("2008-11-17", "2026-11-17T12:00:00Z", "18y"),
            ("1951-06-02", "2026-11-17T12:00:00Z", "75y"),
            ("2004-02-29", "2026-02-28T12:00:00Z", "21y"),
            ("2004-02-29", "2026-03-01T12:00:00Z", "22y"),
            ("1951", "2026-11-17T12:00:00Z", "approx 75y"),
            ("1951-12", "2026-11-17T12:00:00Z", "approx 74y"),
        ];
        for (birth, at, expected) in table {
            assert_eq!(age(birth, at).as_deref(), Some(expected), "{birth} {at}");
        }
        assert_eq!(age("2026-11-18", "2026-11-17T12:00:00Z"), None);
        assert_eq!(age("2027", "2026-11-17T12:00:00Z"), None);
    }

    #[test]
    fn a_birthday_begins_at_midnight_in_london() {
        assert_eq!(age("2000-07-01", "2026-06-30T22:59:59Z").as_deref(), Some("25y"));
        assert_eq!(age("2000-07-01", "2026-06-30T23:00:00Z").as_deref(), Some("26y"));
    }

    #[test]
    fn dates_and_times() {
        let date: Date = "2026-11-17".parse().unwrap();
        assert_eq!(date_text(date), "17-Nov-2026");
        assert_eq!(weekday_date_text(date), "Tue 17-Nov-2026");
        assert_eq!(short_date_text(date, "2026-01-01".parse().unwrap()), "17-Nov");
        assert_eq!(short_date_text(date, "2027-01-01".parse().unwrap()), "17-Nov-2026");
        assert_eq!(moment_text(Moment::parse("2026-07-01T08:05:00Z").unwrap()), "01-Jul-2026 09:05");
        let partial = |text| partial_date_text(&PartialDate::parse(text).unwrap());
        assert_eq!(partial("2026"), "2026");
        assert_eq!(partial("2026-11"), "Nov-2026");
        assert_eq!(partial("2026-11-17"), "17-Nov-2026");
        assert_eq!(partial("2026-11-17T09:05:00Z"), "17-Nov-2026 09:05");
    }
}
