//! One value of a document into the parts of index rows, by kind of search parameter.
//!
//! This is the half of the index's format that writes; [`super::query`] is the half that reads. Both use
//! [`super::encode`] and [`super::fold`], and nothing else turns values into bytes.

use super::encode;
use super::fold::fold;
use super::units::canonical;
use crate::definitions::Structure;
use crate::document::Node;
use crate::expression::reference::{self, Reference};
use crate::expression::temporal::Temporal;
use crate::expression::value::decimal;
use crate::primitives::Primitive;
use rust_decimal::Decimal;
use smallvec::SmallVec;
use std::borrow::Cow;
use terms::index::Part;

/// A period with a day or more between its first and last millisecond has a second row, in the order of its end.
pub(super) const LONG_PERIOD_MS: i64 = 86_400_000;

/// What a value is under a token parameter.
pub(super) enum Token {
    /// A code of a system.
    Code { system: String, code: String },
    /// Something compared as text: an identifier, a telephone number, a string.
    Text { value: String, system: String },
}

/// What one value says under a token parameter.
#[derive(Default)]
pub(super) struct Tokens<'d> {
    pub(super) tokens: SmallVec<[Token; 2]>,
    /// What people read: displays and texts.
    pub(super) texts: SmallVec<[Cow<'d, str>; 2]>,
    /// For identifiers with a type: system and code of the type, value.
    pub(super) of_type: Vec<(String, String, String)>,
}

fn text_of<'d>(node: Node<'d, 'd>, name: &str) -> Option<Cow<'d, str>> {
    node.get(name)?.text().filter(|text| !text.is_empty())
}

fn owned(node: Node<'_, '_>, name: &str) -> String {
    node.get(name).and_then(|text| text.text()).unwrap_or_default().into_owned()
}

/// Codes, identifiers and flags (FHIR R4, 3.1.1.4.10). Elements of type `code` have no system here: the one they
/// imply is known to whoever knows the element, so `code` and `|code` both find them.
pub(super) fn tokens<'d>(node: Node<'d, 'd>, structure: &'static Structure, out: &mut Tokens<'d>) {
    match (structure.name, structure.primitive) {
        ("CodeableConcept", _) => {
            for coding in node.get("coding").iter().flat_map(|codings| codings.items()) {
                add_coding(coding, out);
            }
            out.texts.extend(text_of(node, "text"));
        }
        ("Coding", _) => add_coding(node, out),
        ("Identifier", _) => {
            let (value, system) = (owned(node, "value"), owned(node, "system"));
            if let Some(kind) = node.get("type") {
                out.texts.extend(text_of(kind, "text"));
                for coding in kind.get("coding").iter().flat_map(|codings| codings.items()) {
                    out.of_type.push((owned(coding, "system"), owned(coding, "code"), value.clone()));
                }
            }
            if !value.is_empty() {
                out.tokens.push(Token::Text { value, system });
            }
        }
        ("ContactPoint", _) => {
            let value = owned(node, "value");
            if !value.is_empty() {
                out.tokens.push(Token::Text { value, system: owned(node, "system") });
            }
        }
        (_, Some(Primitive::Boolean)) => {
            if let Some(flag) = node.boolean() {
                out.tokens.push(Token::Code { system: String::new(), code: flag.to_string() });
            }
        }
        (_, Some(Primitive::Code)) => {
            if let Some(code) = node.text().filter(|code| !code.is_empty()) {
                out.tokens.push(Token::Code { system: String::new(), code: code.into_owned() });
            }
        }
        (_, Some(_)) => {
            let value = node.text().map_or_else(|| node.raw_text().to_owned(), Cow::into_owned);
            if !value.is_empty() {
                out.tokens.push(Token::Text { value, system: String::new() });
            }
        }
        _ => {}
    }
}

fn add_coding<'d>(coding: Node<'d, 'd>, out: &mut Tokens<'d>) {
    let (mut system, mut code) = (None, None);
    for (name, member) in coding.members() {
        match name {
            "system" => system = member.text(),
            "code" => code = member.text(),
            "display" => out.texts.extend(member.text().filter(|text| !text.is_empty())),
            _ => {}
        }
    }
    if let Some(code) = code.filter(|code| !code.is_empty()) {
        let system = system.unwrap_or_default().into_owned();
        out.tokens.push(Token::Code { system, code: code.into_owned() });
    }
}

/// The texts of a string parameter: the string itself, or every part of a name or address.
pub(super) fn strings<'d>(node: Node<'d, 'd>, structure: &'static Structure, out: &mut Vec<Cow<'d, str>>) {
    let parts: &[&str] = match structure.name {
        "HumanName" => &["text", "family", "given", "prefix", "suffix"],
        "Address" => &["text", "line", "city", "district", "state", "postalCode", "country"],
        _ if structure.primitive.is_some() => {
            out.extend(node.text());
            return;
        }
        _ => return,
    };
    for part in parts {
        for value in node.get(part).iter().flat_map(|values| values.items()) {
            out.extend(value.text());
        }
    }
}

/// The parts of a string row: folded for search, as written for `:exact`; `None` if nothing is left when folded.
pub(super) fn string_parts(text: &str) -> Option<[Part; 2]> {
    let folded = fold(text);
    if folded.is_empty() {
        return None;
    }
    Some([Part::Text(encode::owned_text(folded)), Part::Text(encode::text(text))])
}

/// The first and last millisecond that a value of a date parameter may mean; open ends reach to the end of time.
pub(super) fn period(node: Node<'_, '_>, structure: &'static Structure, out: &mut Vec<(i64, i64)>) {
    let read = |node: Node<'_, '_>| node.text().and_then(|text| Temporal::parse(&text));
    match structure.name {
        "Period" => out.extend(ends(node)),
        "Timing" => {
            for event in node.get("event").iter().flat_map(|events| events.items()) {
                out.extend(read(event).map(|value| (value.first_instant(), value.last_instant())));
            }
            let bounds = node.get("repeat").and_then(|repeat| repeat.get("boundsPeriod"));
            out.extend(bounds.and_then(ends));
        }
        _ => out.extend(read(node).map(|value| (value.first_instant(), value.last_instant()))),
    }
}

/// The ends of a Period; `None` if it has neither.
fn ends(node: Node<'_, '_>) -> Option<(i64, i64)> {
    let read = |name: &str| node.get(name).and_then(|node| node.text()).and_then(|text| Temporal::parse(&text));
    let (start, end) = (read("start"), read("end"));
    if start.is_none() && end.is_none() {
        return None;
    }
    let low = start.map_or(i64::MIN, |start| start.first_instant());
    let high = end.map_or(i64::MAX, |end| end.last_instant());
    // A period that ends before it begins is invalid; it is found as if its ends were exchanged.
    Some((low.min(high), high.max(low)))
}

/// The number of a number parameter.
pub(super) fn number(node: Node<'_, '_>) -> Option<Decimal> {
    node.number().map(nearest)
}

/// A JSON number as it is indexed: exactly, or if it has more digits than a decimal holds, the nearest one.
fn nearest(digits: &str) -> Decimal {
    let exact = decimal(digits).or_else(|| digits.parse().ok());
    exact.unwrap_or_else(|| match digits.parse::<f64>() {
        Ok(size) if size >= 1.0 => Decimal::MAX,
        Ok(size) if size <= -1.0 => Decimal::MIN,
        _ => Decimal::ZERO,
    })
}

/// What a quantity parameter finds.
pub(super) enum Amount {
    /// One number, with the units under which it may be asked for.
    Quantity { value: Decimal, units: Vec<(Part, Decimal)> },
    /// Everything between two numbers (a Range, or the limits of sampled data); `None` is without limit.
    Range { low: Option<Decimal>, high: Option<Decimal> },
}

/// A Quantity or one of its specialisations, Money, Range or SampledData.
pub(super) fn amount(node: Node<'_, '_>, structure: &'static Structure) -> Option<Amount> {
    let number_of = |node: Node<'_, '_>, name: &str| node.get(name)?.number().map(nearest);
    match structure.name {
        "Range" => {
            let end = |name: &str| node.get(name).and_then(|end| number_of(end, "value"));
            let (low, high) = (end("low"), end("high"));
            (low.is_some() || high.is_some()).then_some(Amount::Range { low, high })
        }
        "SampledData" => {
            let (low, high) = (number_of(node, "lowerLimit"), number_of(node, "upperLimit"));
            (low.is_some() || high.is_some()).then_some(Amount::Range { low, high })
        }
        "Money" => {
            let value = number_of(node, "value")?;
            let currency = text_of(node, "currency").map(|code| (Part::code("urn:iso:std:iso:4217", code), value));
            Some(Amount::Quantity { value, units: currency.into_iter().collect() })
        }
        _ if structure.is_a("Quantity") => {
            let value = number_of(node, "value")?;
            let (system, code, unit) = (owned(node, "system"), owned(node, "code"), owned(node, "unit"));
            let mut units = Vec::new();
            if !code.is_empty() {
                units.extend(canonical(&system, &code, value));
            }
            if !unit.is_empty() && unit != code {
                units.push((Part::code("", unit), value));
            }
            Some(Amount::Quantity { value, units })
        }
        _ => None,
    }
}

/// What a reference parameter finds.
pub(super) enum Target {
    /// Another resource of this record.
    Here { kind: &'static str, id: String },
    /// Something elsewhere, by its address and version.
    Elsewhere { url: String, version: String },
    /// Something that is named by an identifier: value, then system.
    Identified { value: String, system: String },
}

/// A Reference, a canonical or other address, or a resource that stands in another.
pub(super) fn targets(node: Node<'_, '_>, structure: &'static Structure, out: &mut Vec<Target>) {
    if structure.name == "Reference" {
        if let Some(text) = text_of(node, "reference") {
            out.extend(target(&text));
        }
        if let Some(identifier) = node.get("identifier") {
            let (value, system) = (owned(identifier, "value"), owned(identifier, "system"));
            if !value.is_empty() {
                out.push(Target::Identified { value, system });
            }
        }
    } else if structure.primitive.is_some() {
        out.extend(node.text().and_then(|text| target(&text)));
    } else if let Some(id) = text_of(node, "id")
        && let Some(kind) = text_of(node, "resourceType")
        && let Some(kind) = crate::definitions::definitions().resource_type(&kind)
    {
        out.push(Target::Here { kind: kind.name, id: id.into_owned() });
    }
}

fn target(text: &str) -> Option<Target> {
    match reference::read(text) {
        Reference::Local { structure, id } => Some(Target::Here { kind: structure.name, id: id.to_owned() }),
        Reference::Contained(_) => None,
        Reference::Absolute { url, version, .. } => {
            Some(Target::Elsewhere { url: url.to_owned(), version: version.to_owned() })
        }
    }
}
