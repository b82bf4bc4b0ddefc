//! Small readings over FHIR nodes that every part of the chart needs, beside those of `fhir`: quantities, sources.
//!
//! Knows the shape of FHIR's data types, nothing of what a resource means.

use std::str::FromStr;

use fhir::Node;
pub(crate) use fhir::read::{any_has_code, at, codings, has_code, items, reference, text, when, words, words_at};
use rust_decimal::{Decimal, RoundingStrategy};

/// The resource a statement was made from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Resource type.
    pub kind: String,
    /// Logical id.
    pub id: String,
}

impl Source {
    /// The resource itself as a source.
    pub(crate) fn of(resource: Node<'_, '_>) -> Source {
        Source {
            kind: text(resource, "resourceType").unwrap_or_default(),
            id: text(resource, "id").unwrap_or_default(),
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

/// What tells two concepts apart: the first coding, else the words in lower case.
pub(crate) fn concept_key(concept: Node<'_, '_>) -> Option<String> {
    let coding = codings(concept).next().map(|(system, code)| format!("{system}|{code}"));
    coding.or_else(|| words(concept).map(|words| words.to_lowercase()))
}

/// A quantity with a plain value: no digits lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    /// The value, exactly.
    pub value: Decimal,
    /// The value as written.
    pub digits: String,
    /// `<`, `<=`, `>=` or `>` when the value is a bound.
    pub comparator: Option<String>,
    /// The unit for people.
    pub unit: String,
    /// What must be equal for two values to be compared: the UCUM code, else the unit as written.
    pub unit_key: String,
}

/// A `Quantity` in full.
pub(crate) fn amount(quantity: Node<'_, '_>) -> Option<Amount> {
    let digits = quantity.get("value")?.number()?;
    let value = Decimal::from_str(digits).or_else(|_| Decimal::from_scientific(digits)).ok()?;
    let code = text(quantity, "code");
    let unit = text(quantity, "unit").or_else(|| code.clone()).unwrap_or_default();
    let unit_key = code.unwrap_or_else(|| unit.clone());
    Some(Amount { value, digits: digits.to_owned(), comparator: text(quantity, "comparator"), unit, unit_key })
}

/// A decimal as people read it: no trailing zero.
pub fn plain(value: Decimal) -> String {
    value.normalize().to_string()
}

/// Figures that are printed of a value with more than [`LONG`] of them.
const FIGURES: u32 = 4;
/// A value with more significant figures than this is not one that anybody measured or typed.
const LONG: usize = 6;

/// A decimal as a page prints it: in full, unless it has more than six significant figures (as software that
/// computes values sends them); then rounded to four, half away from zero. The record keeps every digit.
pub fn shown(value: Decimal) -> String {
    let plain = plain(value);
    let figures = plain.bytes().filter(u8::is_ascii_digit).collect::<Vec<_>>();
    let significant = figures.iter().skip_while(|digit| **digit == b'0').count();
    if significant <= LONG || value.scale() == 0 {
        return plain;
    }
    let rounded = value.round_sf_with_strategy(FIGURES, RoundingStrategy::MidpointAwayFromZero).unwrap_or(value);
    // A large number keeps its whole part: 123456.789 is 123457, not 123500.
    let whole = value.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    self::plain(if value.abs() >= Decimal::from(1000) { whole } else { rounded })
}

/// Whether [`shown`] leaves digits out.
pub fn is_rounded(value: Decimal) -> bool {
    shown(value) != plain(value)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "the cases are written out below")]
    use super::*;

    #[test]
    fn only_long_decimals_are_rounded_for_the_page() {
        let cases = [
            ("5.9", "5.9"),
            ("72.50", "72.5"),
            ("0.0", "0"),
            ("1234567", "1234567"),
            ("123.456", "123.456"),
            ("190.17126630939373", "190.2"),
            ("4.0021652", "4.002"),
            ("0.00012345678", "0.0001235"),
            ("-76.46337501573763", "-76.46"),
            ("123456.7891", "123457"),
        ];
        for (value, words) in cases {
            assert_eq!(shown(value.parse().unwrap()), words, "{value}");
        }
    }
}
