//! What a prefix and a value mean as ranges over encoded bytes (FHIR R4, 3.1.1.4.5 to 3.1.1.4.7 and 3.1.1.4.11).
//!
//! Dates are ranges against ranges, by the standard's words: `eq` contains, `gt` reaches beyond, `sa` begins after.
//! Numbers without prefix cover half a unit of their last digit on both sides; other prefixes take them exactly.

use super::encode;
use super::values::LONG_PERIOD_MS;
use crate::expression::temporal::Temporal;
use rust_decimal::Decimal;
use terms::index::{End, Range};

/// A comparison prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefix {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    Sa,
    Eb,
    Ap,
}

/// The prefix of a value, and the rest.
pub(super) fn prefix(text: &str) -> (Prefix, &str) {
    let known = [
        ("eq", Prefix::Eq),
        ("ne", Prefix::Ne),
        ("gt", Prefix::Gt),
        ("lt", Prefix::Lt),
        ("ge", Prefix::Ge),
        ("le", Prefix::Le),
        ("sa", Prefix::Sa),
        ("eb", Prefix::Eb),
        ("ap", Prefix::Ap),
    ];
    for (letters, prefix) in known {
        if let Some(rest) = text.strip_prefix(letters) {
            return (prefix, rest);
        }
    }
    (Prefix::Eq, text)
}

/// Limits on a low and a high value that belong together.
pub(super) type Both = (Range, Range);

const ANY: Range = Range { low: End::Open, high: End::Open };

fn at_least(bytes: &[u8]) -> Range {
    Range { low: End::Including(bytes.to_vec()), high: End::Open }
}

fn at_most(bytes: &[u8]) -> Range {
    Range { low: End::Open, high: End::Including(bytes.to_vec()) }
}

fn more_than(bytes: &[u8]) -> Range {
    Range { low: End::Excluding(bytes.to_vec()), high: End::Open }
}

fn less_than(bytes: &[u8]) -> Range {
    Range { low: End::Open, high: End::Excluding(bytes.to_vec()) }
}

/// The rows that a date value means: among those in the order of their first instant, and among the long periods in
/// the order of their last.
#[derive(Debug, Default)]
pub(super) struct DateRanges {
    /// Limits on the first and last instant.
    pub(super) by_first: Vec<Both>,
    /// Limits on the last and first instant, of long periods only.
    pub(super) by_last: Vec<Both>,
}

/// What a date means under a prefix; `now` is for `ap`, which widens by a tenth of the distance to it.
pub(super) fn dates(prefix: Prefix, value: &Temporal, now: i64) -> DateRanges {
    let (low, high) = (value.first_instant(), value.last_instant());
    let (first, last) = (encode::instant(low), encode::instant(high));
    let mut found = DateRanges::default();
    match prefix {
        Prefix::Eq => found.by_first.push((within(&first, &last), at_most(&last))),
        Prefix::Ne => {
            found.by_first.push((less_than(&first), ANY));
            found.reaching(high, more_than(&last), ANY);
        }
        Prefix::Lt => found.by_first.push((less_than(&first), ANY)),
        Prefix::Gt => found.reaching(high, more_than(&last), ANY),
        Prefix::Le => {
            found.by_first.push((less_than(&first), ANY));
            found.by_first.push((within(&first, &last), at_most(&last)));
        }
        Prefix::Ge => {
            found.reaching(high, more_than(&last), ANY);
            found.by_first.push((within(&first, &last), at_most(&last)));
        }
        Prefix::Sa => found.by_first.push((more_than(&last), ANY)),
        Prefix::Eb => found.by_first.push((less_than(&first), less_than(&first))),
        Prefix::Ap => {
            let margin = (now.saturating_sub(low) / 10).saturating_abs();
            let (low, high) = (low.saturating_sub(margin), high.saturating_add(margin));
            found.reaching(low, at_least(&encode::instant(low)), at_most(&encode::instant(high)));
        }
    }
    found
}

fn within(low: &[u8], high: &[u8]) -> Range {
    Range { low: End::Including(low.to_vec()), high: End::Including(high.to_vec()) }
}

impl DateRanges {
    /// Values whose last instant lies in a range that begins at `from`: short ones are found near there by their
    /// first instant, long ones by their last.
    fn reaching(&mut self, from: i64, last: Range, first: Range) {
        let near = End::Including(encode::instant(from.saturating_sub(LONG_PERIOD_MS)).to_vec());
        self.by_first.push((Range { low: near, high: first.high.clone() }, last.clone()));
        self.by_last.push((last, first));
    }
}

/// A number as a query writes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    pub(super) value: Decimal,
    /// Half a unit of its last digit.
    half: Decimal,
}

/// Reads a number; `1e2` covers 95 to 105 as the standard's example has it, that is, one digit more than it shows.
pub(super) fn written(text: &str) -> Option<Written> {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, Some(exponent.parse::<i32>().ok()?)),
        None => (text, None),
    };
    let well_formed = digits.strip_prefix(['-', '+']).unwrap_or(digits).starts_with(|c: char| c.is_ascii_digit());
    if !well_formed || !text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) {
        return None;
    }
    let value = crate::expression::value::decimal(text.strip_prefix('+').unwrap_or(text))?;
    let decimals = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i32);
    let place = match exponent {
        Some(exponent) => exponent - decimals - 2,
        None => -decimals - 1,
    };
    Some(Written { value, half: five_times_ten_to(place)? })
}

fn five_times_ten_to(place: i32) -> Option<Decimal> {
    if place <= 0 {
        return Decimal::try_new(5, place.unsigned_abs()).ok();
    }
    (0..place).try_fold(Decimal::from(5), |value, _| value.checked_mul(Decimal::from(10)))
}

/// What a number means under a prefix, as ranges of single numbers; `factor` turns its unit into the row's.
pub(super) fn numbers(prefix: Prefix, written: Written, factor: Decimal) -> Option<Vec<Range>> {
    Some(Limits::short(prefix, written, factor)?.single(prefix))
}

/// The same among numbers that all have the same length.
pub(super) fn numbers_of_one_length(prefix: Prefix, written: Written) -> Option<Vec<Range>> {
    Some(Limits::of_one_length(prefix, written)?.single(prefix))
}

/// What a number means under a prefix for rows that are ranges themselves: limits on their low and high end.
pub(super) fn number_ranges(prefix: Prefix, written: Written) -> Option<Vec<Both>> {
    let limits = Limits::of_one_length(prefix, written)?;
    Some(match prefix {
        Prefix::Eq => vec![(limits.half_open(), less_than(&limits.high))],
        Prefix::Ne => vec![(less_than(&limits.low), ANY), (ANY, at_least(&limits.high))],
        Prefix::Gt => vec![(ANY, more_than(&limits.exact))],
        Prefix::Lt => vec![(less_than(&limits.exact), ANY)],
        Prefix::Ge => vec![(ANY, at_least(&limits.exact))],
        Prefix::Le => vec![(at_most(&limits.exact), ANY)],
        Prefix::Sa => vec![(more_than(&limits.exact), ANY)],
        Prefix::Eb => vec![(less_than(&limits.exact), less_than(&limits.exact))],
        Prefix::Ap => vec![(at_most(&limits.high), at_least(&limits.low))],
    })
}

/// The encoded number, and how far it reaches under `eq`, `ne` or `ap`.
struct Limits {
    exact: Vec<u8>,
    low: Vec<u8>,
    high: Vec<u8>,
}

impl Limits {
    /// As numbers in rows of their own are encoded.
    fn short(prefix: Prefix, written: Written, factor: Decimal) -> Option<Limits> {
        Limits::new(prefix, written, |value| Some(encode::short_number(value.checked_mul(factor)?).to_vec()))
    }

    /// As the ends of ranges are encoded, and numbers that others follow.
    fn of_one_length(prefix: Prefix, written: Written) -> Option<Limits> {
        Limits::new(prefix, written, |value| Some(encode::number(value).to_vec()))
    }

    fn new(prefix: Prefix, written: Written, encoded: impl Fn(Decimal) -> Option<Vec<u8>>) -> Option<Limits> {
        let reach = match prefix {
            Prefix::Ap => (written.value.abs() / Decimal::from(10)).max(written.half),
            _ => written.half,
        };
        let limits = Limits {
            exact: encoded(written.value)?,
            low: encoded(written.value.checked_sub(reach)?)?,
            high: encoded(written.value.checked_add(reach)?)?,
        };
        // Of a number with as many digits as can be held, half a unit of the last is rounded away.
        (limits.low < limits.exact && limits.exact < limits.high).then_some(limits)
    }

    /// Ranges of single numbers.
    fn single(&self, prefix: Prefix) -> Vec<Range> {
        match prefix {
            Prefix::Eq => vec![self.half_open()],
            Prefix::Ne => vec![less_than(&self.low), at_least(&self.high)],
            Prefix::Gt | Prefix::Sa => vec![more_than(&self.exact)],
            Prefix::Lt | Prefix::Eb => vec![less_than(&self.exact)],
            Prefix::Ge => vec![at_least(&self.exact)],
            Prefix::Le => vec![at_most(&self.exact)],
            Prefix::Ap => vec![within(&self.low, &self.high)],
        }
    }

    fn half_open(&self) -> Range {
        Range { low: End::Including(self.low.clone()), high: End::Excluding(self.high.clone()) }
    }
}
