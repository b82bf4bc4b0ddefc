//! Dates as people type them: `17 11 26`, `17nov`, `17-Nov-2026`, `2026-11-17`, `t`, `t+7`.
//!
//! Day before month, always. What was left out (century, year) is filled in by a stated rule, and the page shows
//! the full form back. Today is a parameter.

use crate::{Date, days_in_month};

/// What a typed date is the date of: this decides what a missing century or year means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOf {
    /// A birth: never after today. The year must be given; one of two digits means the latest such day that is past.
    Birth,
    /// Something done or planned: a two-digit year lies between 79 years ago and 20 years ahead; without a year the
    /// date nearest to today is meant, the later of two.
    Event,
}

/// Why a typed date is not one, in a sentence for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadDate {
    /// Not in any form that is understood.
    #[error("This is not a date. Type it like 17-Nov-2026, 17 11 26, 17nov or t+7.")]
    NotADate,
    /// The calendar has no such day.
    #[error("This day does not exist. Check the day and the month.")]
    NoSuchDay,
    /// A date of birth needs its year.
    #[error("A date of birth needs the year, like 17-Nov-1951.")]
    YearMissing,
    /// A date of birth after today.
    #[error("A date of birth is not after today.")]
    NotBornYet,
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Furthest that `t+` and `t-` reach, in days: a century.
const MOST_DAYS: i64 = 36_525;

/// Reads a typed date.
pub fn parse_typed_date(text: &str, of: DateOf, today: Date) -> Result<Date, BadDate> {
    let text = text.trim().to_ascii_lowercase();
    let date = match text.strip_prefix('t') {
        Some(offset) => relative(offset.trim(), today)?,
        None => {
            let (year, month, day) = fields(&text)?;
            complete(year, month, day, of, today)?
        }
    };
    if of == DateOf::Birth && date > today { Err(BadDate::NotBornYet) } else { Ok(date) }
}

/// What follows `t`: nothing, or a sign and a number of days.
fn relative(offset: &str, today: Date) -> Result<Date, BadDate> {
    let (sign, digits) = match offset.as_bytes() {
        [] => return Ok(today),
        [b'+', ..] => (1, &offset[1..]),
        [b'-', ..] => (-1, &offset[1..]),
        _ => return Err(BadDate::NotADate),
    };
    let digits = digits.trim();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(BadDate::NotADate);
    }
    let days: i64 = digits.parse().map_err(|_| BadDate::NotADate)?;
    if days > MOST_DAYS {
        return Err(BadDate::NotADate);
    }
    let span = jiff::Span::new().try_days(sign * days).map_err(|_| BadDate::NotADate)?;
    today.checked_add(span).map_err(|_| BadDate::NoSuchDay)
}

/// A year as typed.
#[derive(Debug, Clone, Copy)]
enum Year {
    Missing,
    Two(i64),
    Four(i64),
}

/// Splits the text into day, month and year, in that order unless the year stands first with four digits.
fn fields(text: &str) -> Result<(Year, i64, i64), BadDate> {
    let tokens = tokens(text)?;
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    match tokens[..] {
        [run] if run.len() == 6 && is_number(run) => Ok((year(&run[4..])?, month(&run[2..4])?, day(&run[..2])?)),
        [run] if run.len() == 8 && is_number(run) => Ok((year(&run[4..])?, month(&run[2..4])?, day(&run[..2])?)),
        [y, m, d] if y.len() == 4 && is_number(y) => Ok((year(y)?, month(m)?, day(d)?)),
        [d, m, y] => Ok((year(y)?, month(m)?, day(d)?)),
        [d, m] if !is_number(m) => Ok((Year::Missing, month(m)?, day(d)?)),
        [d, m] if d.len() <= 2 => Ok((Year::Missing, month(m)?, day(d)?)),
        _ => Err(BadDate::NotADate),
    }
}

/// Runs of digits and runs of letters; anything else but space, `-`, `/`, `.` and `,` is refused.
fn tokens(text: &str) -> Result<Vec<String>, BadDate> {
    let mut tokens: Vec<String> = Vec::new();
    let mut last = ' ';
    for c in text.chars() {
        let kind = match c {
            '0'..='9' => '0',
            'a'..='z' => 'a',
            ' ' | '-' | '/' | '.' | ',' => ' ',
            _ => return Err(BadDate::NotADate),
        };
        if kind != ' ' {
            match tokens.last_mut() {
                Some(token) if kind == last => token.push(c),
                _ => tokens.push(c.to_string()),
            }
        }
        last = kind;
    }
    if tokens.len() > 3 { Err(BadDate::NotADate) } else { Ok(tokens) }
}

fn is_number(token: &str) -> bool {
    token.bytes().all(|b| b.is_ascii_digit())
}

fn year(token: &str) -> Result<Year, BadDate> {
    match (token.len(), token.parse()) {
        (2, Ok(year)) => Ok(Year::Two(year)),
        (4, Ok(0)) => Err(BadDate::NotADate),
        (4, Ok(year)) => Ok(Year::Four(year)),
        _ => Err(BadDate::NotADate),
    }
}

/// A number from 1 to 12, or a name of at least three letters.
fn month(token: &str) -> Result<i64, BadDate> {
    if let Ok(number) = token.parse::<i64>() {
        return if token.len() <= 2 && (1..=12).contains(&number) { Ok(number) } else { Err(BadDate::NoSuchDay) };
    }
    let named = (1..).zip(MONTHS).find(|(_, name)| token.len() >= 3 && name.starts_with(token));
    let sept = (token == "sept").then_some(9);
    named.map(|(number, _)| number).or(sept).ok_or(BadDate::NotADate)
}

fn day(token: &str) -> Result<i64, BadDate> {
    match token.parse() {
        Ok(day) if token.len() <= 2 && (1..=31).contains(&day) => Ok(day),
        Ok(_) => Err(BadDate::NoSuchDay),
        Err(_) => Err(BadDate::NotADate),
    }
}

fn complete(year: Year, month: i64, day: i64, of: DateOf, today: Date) -> Result<Date, BadDate> {
    let this_year = i64::from(today.year());
    match (year, of) {
        (Year::Four(year), _) => date(year, month, day),
        (Year::Missing, DateOf::Birth) => Err(BadDate::YearMissing),
        (Year::Missing, DateOf::Event) => {
            let candidates = (this_year - 1..=this_year + 1).filter_map(|year| date(year, month, day).ok());
            let distance = |date: &Date| (today.duration_until(*date).as_hours().abs(), *date < today);
            candidates.min_by_key(distance).ok_or(BadDate::NoSuchDay)
        }
        (Year::Two(year), DateOf::Birth) => {
            let centuries = [this_year - this_year % 100, this_year - this_year % 100 - 100];
            let dates = centuries.map(|century| date(century + year, month, day));
            let past = dates.iter().find_map(|date| date.ok().filter(|date| *date <= today));
            past.ok_or(BadDate::NoSuchDay)
        }
        (Year::Two(year), DateOf::Event) => {
            let first = this_year - 79;
            date(first + (year - first).rem_euclid(100), month, day)
        }
    }
}

fn date(year: i64, month: i64, day: i64) -> Result<Date, BadDate> {
    if day > days_in_month(year, month) {
        return Err(BadDate::NoSuchDay);
    }
    Date::new(year as i16, month as i8, day as i8).map_err(|_| BadDate::NoSuchDay)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn typed(text: &str, of: DateOf) -> Result<String, BadDate> {
        parse_typed_date(text, of, "2026-11-17".parse().unwrap()).map(|date| date.to_string())
    }

    #[test]
    fn forms_people_type() {
        let table = [
            ("17 11 26", "2026-11-17"),
            ("17nov", "2026-11-17"),
            ("17-Nov-2026", "2026-11-17"),
            ("17 november 2026", "2026-11-17"),
            ("2026-11-17", "2026-11-17"),
            ("17/11/2026", "2026-11-17"),
            ("17.11.26", "2026-11-17"),
            ("171126", "2026-11-17"),
            ("17112026", "2026-11-17"),
            ("1 sept 26", "2026-09-01"),
            ("t", "2026-11-17"),
            (" T + 7 ", "2026-11-24"),
            ("t-17", "2026-10-31"),
            ("2jan", "2027-01-02"),
            ("25 12", "2026-12-25"),
            ("1jun", "2026-06-01"),
            ("01 01 46", "2046-01-01"),
            ("01 01 47", "1947-01-01"),
            ("29feb24", "2024-02-29"),
        ];
        for (text, expected) in table {
            assert_eq!(typed(text, DateOf::Event).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn births_lie_in_the_past() {
        assert_eq!(typed("17 11 26", DateOf::Birth).as_deref(), Ok("2026-11-17"));
        assert_eq!(typed("18 11 26", DateOf::Birth).as_deref(), Ok("1926-11-18"));
        assert_eq!(typed("02 06 51", DateOf::Birth).as_deref(), Ok("1951-06-02"));
        assert_eq!(typed("2jun", DateOf::Birth), Err(BadDate::YearMissing));
        assert_eq!(typed("18-Nov-2026", DateOf::Birth), Err(BadDate::NotBornYet));
        assert_eq!(typed("t+1", DateOf::Birth), Err(BadDate::NotBornYet));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["31 feb 26", "29 02 2026", "31nov", "0 11 26", "17 13 26", "32 1 26", "99 99 9999"] {
            assert_eq!(typed(text, DateOf::Event), Err(BadDate::NoSuchDay), "{text}");
        }
        for text in ["", "x", "nov", "17", "t7", "t+", "t+99999", "17 ju 26", "1 2 3 4", "17 11 126", "17:11:26", "été"]
        {
            assert_eq!(typed(text, DateOf::Event), Err(BadDate::NotADate), "{text}");
        }
    }
}
