//! The unit under which a quantity is indexed: base units where the small table of UCUM knows how, else as given.
//!
//! `5.4 mg` and `0.0054 g` have one and the same row, so a search in either finds both. The human-readable unit is
//! indexed as it is written, beside the code, when it differs from it.

use crate::expression::units::{code_of, measure};
use rust_decimal::Decimal;
use terms::index::Part;

/// The system of UCUM codes.
pub(super) const UCUM: &str = "http://unitsofmeasure.org";

/// Unit and value of a row for a quantity with this unit; `None` if the number is too large in base units.
pub(super) fn canonical(system: &str, code: &str, value: Decimal) -> Option<(Part, Decimal)> {
    if system == UCUM
        && let Some(measure) = measure(code)
    {
        let base = value.checked_mul(measure.factor)?;
        return Some((Part::code(UCUM, code_of(&measure.dimensions)), base));
    }
    Some((Part::code(system, code), value))
}
