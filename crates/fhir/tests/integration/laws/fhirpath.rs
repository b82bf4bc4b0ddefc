//! The law of FHIRPath: any text is an expression or is refused with a place in it; any expression ends, within the
//! bounds of one evaluation, with the same items each time; and strictness only adds faults.
//!
//! Called with anything by the fuzz target `fhirpath`, and with the seeds and regressions by a test.

use fhir::fhirpath::{Collection, Context, Expression, Fault};
use fhir::{Document, Limits};
use std::sync::LazyLock;
use terms::Moment;

const NOW: Moment = Moment(1_794_926_100_000);
/// Results with more items are not compared item by item.
const FEW_ITEMS: usize = 200;

/// An observation with something of everything: codes, decimals, dates, extensions, a contained resource.
static RESOURCE: LazyLock<Document<'static>> = LazyLock::new(|| {
    let text = include_bytes!("observation.json");
    Document::parse(text, &Limits::default()).unwrap_or_else(|fault| panic!("{fault}"))
});

/// Holds the law for any bytes.
pub(crate) fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let expression = match Expression::compile(text) {
        Ok(expression) => expression,
        Err(fault) => {
            assert!(fault.offset <= text.len() && text.is_char_boundary(fault.offset), "{fault}");
            return assert!(!fault.message.is_empty());
        }
    };
    assert_eq!(expression.text(), text);
    let lax = Context::resource(&RESOURCE, NOW);
    let strict = Context { is_strict: true, ..lax.clone() };
    let first = expression.evaluate(&lax);
    assert!(same(&first, &expression.evaluate(&lax)), "the same expression gives the same");
    let strictly = expression.evaluate(&strict);
    assert!(strictly.is_err() || same(&first, &strictly), "strictness changes the items");
    let loosened = Expression::compile_for_search(text).unwrap_or_else(|fault| panic!("compiled before: {fault}"));
    let loosely = loosened.evaluate(&lax);
    assert!(first.is_err() || loosely.is_ok(), "a search parameter's expression has fewer faults");
}

fn same(one: &Result<Collection<'_>, Fault>, other: &Result<Collection<'_>, Fault>) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) if one.len() == other.len() => {
            one.len() > FEW_ITEMS
                || one.iter().zip(other).all(|(one, other)| format!("{one:?}") == format!("{other:?}"))
        }
        (Err(one), Err(other)) => one == other,
        _ => false,
    }
}
