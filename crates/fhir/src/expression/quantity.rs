//! Quantities: an exact decimal with a unit, compared and multiplied across units where UCUM says how.
//!
//! Units are read by [`super::units`]; what it does not know is compared as written. Calendar words (`4 days`) and
//! definite durations (`4 'd'`) are the same below a month and incomparable from a month up (FHIRPath 2.0.0,
//! "Time-valued Quantities").

use super::units::{self, Measure};
use rust_decimal::Decimal;
use std::cmp::Ordering;
use std::fmt;

/// A number with a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// The number, exactly as written.
    pub value: Decimal,
    /// The unit.
    pub unit: Unit,
}

/// A unit: a UCUM code (`1` for none) or a calendar word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    /// A code of UCUM, case-sensitive.
    Ucum(Box<str>),
    /// `year`, `days`…, with the word as written.
    Calendar(CalendarUnit, Box<str>),
}

/// The calendar's units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum CalendarUnit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
}

impl CalendarUnit {
    /// How long one is in nanoseconds; `None` for months and years, which have no fixed length.
    pub fn nanos(self) -> Option<i64> {
        match self {
            CalendarUnit::Year | CalendarUnit::Month => None,
            CalendarUnit::Week => Some(604_800_000_000_000),
            CalendarUnit::Day => Some(86_400_000_000_000),
            CalendarUnit::Hour => Some(3_600_000_000_000),
            CalendarUnit::Minute => Some(60_000_000_000),
            CalendarUnit::Second => Some(1_000_000_000),
            CalendarUnit::Millisecond => Some(1_000_000),
        }
    }

    fn ucum(self) -> Option<&'static str> {
        Some(match self {
            CalendarUnit::Year | CalendarUnit::Month => return None,
            CalendarUnit::Week => "wk",
            CalendarUnit::Day => "d",
            CalendarUnit::Hour => "h",
            CalendarUnit::Minute => "min",
            CalendarUnit::Second => "s",
            CalendarUnit::Millisecond => "ms",
        })
    }
}

impl Unit {
    /// A UCUM unit.
    pub fn ucum(code: &str) -> Unit {
        Unit::Ucum(code.into())
    }

    /// A calendar word, singular or plural.
    pub fn calendar(word: &str) -> Option<Unit> {
        let unit = match word.strip_suffix('s').unwrap_or(word) {
            "year" => CalendarUnit::Year,
            "month" => CalendarUnit::Month,
            "week" => CalendarUnit::Week,
            "day" => CalendarUnit::Day,
            "hour" => CalendarUnit::Hour,
            "minute" => CalendarUnit::Minute,
            "second" => CalendarUnit::Second,
            "millisecond" => CalendarUnit::Millisecond,
            _ => return None,
        };
        Some(Unit::Calendar(unit, word.into()))
    }

    /// The calendar's unit that is meant when this is added to a date: its own words, or UCUM's below a month; some
    /// write the word in quotes.
    pub fn for_dates(&self) -> Option<CalendarUnit> {
        match self {
            Unit::Calendar(unit, _) => Some(*unit),
            Unit::Ucum(code) => match &**code {
                "wk" => Some(CalendarUnit::Week),
                "d" => Some(CalendarUnit::Day),
                "h" => Some(CalendarUnit::Hour),
                "min" => Some(CalendarUnit::Minute),
                "s" => Some(CalendarUnit::Second),
                "ms" => Some(CalendarUnit::Millisecond),
                word => match Unit::calendar(word)? {
                    Unit::Calendar(unit, _) => Some(unit),
                    Unit::Ucum(_) => None,
                },
            },
        }
    }

    /// The code under which this unit is compared.
    fn code(&self) -> &str {
        match self {
            Unit::Ucum(code) => code,
            Unit::Calendar(unit, word) => unit.ucum().unwrap_or(word.strip_suffix('s').unwrap_or(word)),
        }
    }

    fn measure(&self) -> Option<Measure> {
        units::measure(self.code())
    }
}

impl Quantity {
    /// A number without a unit.
    pub fn plain(value: Decimal) -> Quantity {
        Quantity { value, unit: Unit::ucum("1") }
    }

    /// Order of two quantities of one dimension; `None` if they cannot be compared.
    pub fn compare(&self, other: &Quantity) -> Option<Ordering> {
        if self.unit.code() == other.unit.code() {
            return Some(self.value.cmp(&other.value));
        }
        let (left, right) = self.in_base_units(other)?;
        Some(left.cmp(&right))
    }

    /// Equivalence: equal when both are rounded to the precision of the less precise one.
    pub fn is_equivalent(&self, other: &Quantity) -> bool {
        if self.unit.code() == other.unit.code() {
            return super::operators::decimals_equivalent(self.value, other.value);
        }
        let Some((left, right)) = self.in_base_units(other) else { return false };
        let digits = significant_digits(self.value).min(significant_digits(other.value));
        left.round_sf(digits) == right.round_sf(digits)
    }

    fn in_base_units(&self, other: &Quantity) -> Option<(Decimal, Decimal)> {
        let (mine, theirs) = (self.unit.measure()?, other.unit.measure()?);
        if mine.dimensions != theirs.dimensions {
            return None;
        }
        Some((self.value.checked_mul(mine.factor)?, other.value.checked_mul(theirs.factor)?))
    }

    /// Whether [`Quantity::compare`] has an answer.
    pub fn is_comparable(&self, other: &Quantity) -> bool {
        self.compare(other).is_some()
    }

    /// The sum, in the first one's unit; `None` if the units do not fit.
    pub fn plus(&self, other: &Quantity) -> Option<Quantity> {
        let unit = self.unit.clone();
        if self.unit.code() == other.unit.code() {
            return Some(Quantity { value: self.value.checked_add(other.value)?, unit });
        }
        let (left, right) = self.in_base_units(other)?;
        let value = left.checked_add(right)?.checked_div(self.unit.measure()?.factor)?;
        Some(Quantity { value, unit })
    }

    /// The product or quotient, in base units where units are mixed.
    pub fn times(&self, other: &Quantity, divide: bool) -> Option<Quantity> {
        let combine = |left: Decimal, right: Decimal| {
            if divide { left.checked_div(right) } else { left.checked_mul(right) }
        };
        if other.unit.code() == "1" {
            return Some(Quantity { value: combine(self.value, other.value)?, unit: self.unit.clone() });
        }
        let (mine, theirs) = (self.unit.measure()?, other.unit.measure()?);
        let left = self.value.checked_mul(mine.factor)?;
        let right = other.value.checked_mul(theirs.factor)?;
        let code = units::base_code(&mine.dimensions, &theirs.dimensions, divide)?;
        Some(Quantity { value: combine(left, right)?, unit: Unit::Ucum(code.into()) })
    }
}

/// How many digits of a number matter, trailing zeros not counted.
fn significant_digits(value: Decimal) -> u32 {
    let digits = value.mantissa().unsigned_abs().to_string();
    digits.trim_end_matches('0').len().max(1) as u32
}

impl fmt::Display for Quantity {
    /// `4 'mg'` or `4 days`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unit {
            Unit::Ucum(code) => write!(f, "{} '{code}'", self.value),
            Unit::Calendar(_, word) => write!(f, "{} {word}", self.value),
        }
    }
}
