//! One value of a query into spans of rows, by kind of parameter: the reading half of the index's format.
//!
//! The writing half is [`super::values`] and [`super::extract`]; a property test holds that a row lies in a value's
//! spans exactly when the value matches by the standard's words.

use super::encode;
use super::fold::fold;
use super::phonetic::sounds;
use super::query::{Modifier, Surroundings};
use super::ranges::{self, Prefix};
use super::table::Parameter;
use super::text::{split, unescape};
use super::units::{UCUM, canonical};
use crate::definitions::{ParameterKind, definitions};
use crate::expression::reference::{self, Reference};
use crate::expression::temporal::Temporal;
use crate::primitives::is_id;
use rust_decimal::Decimal;
use terms::index::{Next, Part, Range, Span};

/// Why a value cannot be read.
type Outcome<T> = Result<T, &'static str>;

/// The names of all rows that a parameter itself has.
pub(super) fn names(parameter: &'static Parameter) -> Vec<&'static str> {
    let names = &parameter.names;
    match parameter.definition.kind {
        ParameterKind::Token => vec![names.plain, names.text, names.system],
        ParameterKind::Reference => {
            let narrower = parameter.narrower.iter().map(|(_, name)| *name);
            [names.plain, names.uri, names.identifier].into_iter().chain(narrower).collect()
        }
        ParameterKind::Quantity => vec![names.plain, names.range, names.unit],
        ParameterKind::Number => vec![names.plain, names.range],
        ParameterKind::Composite => vec![names.plain, names.unit],
        ParameterKind::Date => vec![names.plain, names.high],
        _ => vec![names.plain],
    }
}

/// The spans of one value, its escapes still in it.
pub(super) fn of_value(
    parameter: &'static Parameter,
    value: &str,
    modifier: Modifier<'_>,
    around: &Surroundings,
) -> Outcome<Vec<Span>> {
    match parameter.definition.kind {
        ParameterKind::Token => tokens(parameter, value, modifier),
        ParameterKind::String => strings(parameter, &unescape(value), modifier),
        ParameterKind::Date => dates(parameter, value, around),
        ParameterKind::Number => numbers(parameter, value),
        ParameterKind::Quantity => quantities(parameter, value),
        ParameterKind::Reference => references(parameter, value, modifier, around),
        ParameterKind::Uri => uris(parameter, &unescape(value), modifier),
        ParameterKind::Composite => super::composite::spans(parameter, value, around),
        ParameterKind::Special => Err("it has rules of its own"),
    }
}

pub(super) fn text_part(text: &str) -> Part {
    Part::Text(encode::text(text))
}

/// A token as written: `code`, `system|code`, `|code`, `system|`.
pub(super) struct TokenValue {
    /// `None` when nothing was said of the system, empty when there must be none.
    pub(super) system: Option<String>,
    pub(super) code: String,
}

pub(super) fn token(value: &str) -> Outcome<TokenValue> {
    let parts: Vec<String> = split(value, '|').into_iter().map(unescape).collect();
    match parts.as_slice() {
        [code] => Ok(TokenValue { system: None, code: code.clone() }),
        [system, code] if system.is_empty() && code.is_empty() => Err("it has neither system nor code"),
        [system, code] => Ok(TokenValue { system: Some(system.clone()), code: code.clone() }),
        _ => Err("it has more than one vertical bar"),
    }
}

fn tokens(parameter: &'static Parameter, value: &str, modifier: Modifier<'_>) -> Outcome<Vec<Span>> {
    let (names, forms) = (&parameter.names, &parameter.forms);
    if modifier == Modifier::Text {
        return Ok(vec![folded_prefix(names.text, &unescape(value))?]);
    }
    if modifier == Modifier::OfType {
        let parts: Vec<String> = split(value, '|').into_iter().map(unescape).collect();
        let [system, code, value] = parts.as_slice() else { return Err("it is written system|code|value") };
        return Ok(vec![Span::head(names.of_type, [Part::code(system, code), text_part(value)])]);
    }
    let TokenValue { system, code } = token(value)?;
    let mut found = Vec::new();
    match (system, code.is_empty()) {
        (None, _) => {
            if forms.codes {
                found.push(Span::next(names.plain, [], Next::CodeAnySystem(code.clone())));
            }
            if forms.texts {
                found.push(Span::next(names.plain, [], Next::TextEqual(encode::text(&code))));
            }
        }
        (Some(system), true) => {
            if forms.codes {
                if forms.implied_systems.contains(&system.as_str()) {
                    found.push(Span::next(names.plain, [], Next::AnyCodeOf(String::new())));
                }
                found.push(Span::next(names.plain, [], Next::AnyCodeOf(system.clone())));
            }
            if forms.texts {
                found.push(Span::next(names.system, [], Next::TextEqual(encode::text(&system))));
            }
        }
        (Some(system), false) => {
            if forms.codes {
                if forms.implied_systems.contains(&system.as_str()) {
                    found.push(Span::head(names.plain, [Part::code("", &code)]));
                }
                found.push(Span::head(names.plain, [Part::code(&system, &code)]));
            }
            if forms.texts {
                found.push(Span::head(names.plain, [text_part(&code), text_part(&system)]));
            }
        }
    }
    Ok(found)
}

/// Rows whose folded text begins with a value.
pub(super) fn folded_prefix(name: &'static str, value: &str) -> Outcome<Span> {
    let folded = fold(value);
    if folded.is_empty() {
        return Err("it has no letter and no digit");
    }
    Ok(Span::next(name, [], Next::Prefix(encode::text(&folded))))
}

fn strings(parameter: &'static Parameter, value: &str, modifier: Modifier<'_>) -> Outcome<Vec<Span>> {
    let name = parameter.names.plain;
    if parameter.code == "phonetic" {
        let sounds = sounds(value);
        if sounds.is_empty() {
            return Err("it has no letter and no digit");
        }
        return Ok(sounds.into_iter().map(|it| Span::next(name, [], Next::TextEqual(it.into_bytes()))).collect());
    }
    if modifier == Modifier::Exact {
        let folded = fold(value);
        return Ok(vec![Span::head(name, [text_part(&folded), text_part(value)])]);
    }
    Ok(vec![folded_prefix(name, value)?])
}

/// A date with its prefix.
pub(super) fn date(value: &str) -> Outcome<(Prefix, Temporal)> {
    let (prefix, rest) = ranges::prefix(value);
    let date =
        Temporal::parse(rest).ok_or("it is not a date; one is written 2026, 2026-03, 2026-03-28 or with a time")?;
    Ok((prefix, date))
}

fn dates(parameter: &'static Parameter, value: &str, around: &Surroundings) -> Outcome<Vec<Span>> {
    let (prefix, date) = date(value)?;
    let found = ranges::dates(prefix, &date, around.now.0);
    let spans = |name, limits: Vec<ranges::Both>| {
        limits.into_iter().map(move |(one, other)| Span::next(name, [], Next::WithinBoth(one, other)))
    };
    let names = &parameter.names;
    Ok(spans(names.plain, found.by_first).chain(spans(names.high, found.by_last)).collect())
}

const NOT_A_NUMBER: &str = "it is not a number";
const TOO_LARGE: &str = "the number is too large";

fn numbers(parameter: &'static Parameter, value: &str) -> Outcome<Vec<Span>> {
    let (prefix, rest) = ranges::prefix(value);
    let written = ranges::written(rest).ok_or(NOT_A_NUMBER)?;
    number_spans(parameter, prefix, written)
}

/// Rows of single numbers without a unit, and of ranges where the parameter has them.
fn number_spans(parameter: &'static Parameter, prefix: Prefix, written: ranges::Written) -> Outcome<Vec<Span>> {
    let names = &parameter.names;
    let single = ranges::numbers(prefix, written, Decimal::ONE).ok_or(TOO_LARGE)?;
    let mut found: Vec<Span> = single.into_iter().map(|it| Span::next(names.plain, [], Next::Within(it))).collect();
    if parameter.forms.ranges {
        let both = ranges::number_ranges(prefix, written).ok_or(TOO_LARGE)?;
        found.extend(both.into_iter().map(|(low, high)| Span::next(names.range, [], Next::WithinBoth(low, high))));
    }
    Ok(found)
}

/// A quantity as written: `5.4`, `5.4|system|code`, `5.4||unit`; units as parts of rows with the ranges in them.
pub(super) struct QuantityValue {
    pub(super) prefix: Prefix,
    pub(super) written: ranges::Written,
    /// Empty when no unit was written.
    pub(super) units: Vec<(Part, Vec<Range>)>,
}

pub(super) fn quantity(value: &str) -> Outcome<QuantityValue> {
    let parts: Vec<String> = split(value, '|').into_iter().map(unescape).collect();
    let (number, system, code) = match parts.as_slice() {
        [number] => (number, "", ""),
        [number, system, code] => (number, system.as_str(), code.as_str()),
        _ => return Err("it is written number|system|code"),
    };
    let (prefix, rest) = ranges::prefix(number);
    let written = ranges::written(rest).ok_or(NOT_A_NUMBER)?;
    let mut units = Vec::new();
    if code.is_empty() && !system.is_empty() {
        return Err("it has a system without a unit");
    }
    if !code.is_empty() {
        // Without a system the code of UCUM is meant as well as the unit for people.
        let systems: &[&str] = if system.is_empty() { &[UCUM, ""] } else { &[system] };
        for system in systems {
            let (unit, factor) = canonical(system, code, Decimal::ONE).ok_or(TOO_LARGE)?;
            units.push((unit, ranges::numbers(prefix, written, factor).ok_or(TOO_LARGE)?));
        }
    }
    Ok(QuantityValue { prefix, written, units })
}

fn quantities(parameter: &'static Parameter, value: &str) -> Outcome<Vec<Span>> {
    let value = quantity(value)?;
    if value.units.is_empty() {
        return number_spans(parameter, value.prefix, value.written);
    }
    let mut found = Vec::new();
    for (unit, ranges) in value.units {
        for range in ranges {
            found.push(Span::next(parameter.names.unit, [unit.clone()], Next::Within(range)));
        }
    }
    Ok(found)
}

/// The targets that a reference value means: an id of one of some types, or `Type/id`.
pub(super) fn local_targets(
    value: &str,
    declared: &[&str],
    kind: Option<&str>,
    around: &Surroundings,
) -> Outcome<Vec<Part>> {
    let own = around.base.as_deref().and_then(|base| value.strip_prefix(base)?.strip_prefix('/'));
    let value = own.unwrap_or(value);
    if is_id(value) {
        let all: Vec<&str> = match kind {
            Some(kind) => vec![kind],
            None if declared.is_empty() => definitions().resource_types().map(|it| it.name).collect(),
            None => declared.to_vec(),
        };
        return Ok(all.into_iter().map(|kind| Part::target(kind, value)).collect());
    }
    match reference::read(value) {
        Reference::Local { structure, id } => {
            if kind.is_some_and(|kind| kind != structure.name) {
                return Err("its type is not the modifier's");
            }
            Ok(vec![Part::target(structure.name, id)])
        }
        _ => Ok(Vec::new()),
    }
}

fn references(
    parameter: &'static Parameter,
    value: &str,
    modifier: Modifier<'_>,
    around: &Surroundings,
) -> Outcome<Vec<Span>> {
    let names = &parameter.names;
    if modifier == Modifier::Identifier {
        let TokenValue { system, code } = token(value)?;
        return match system {
            _ if code.is_empty() => Err("it has no value"),
            None => Ok(vec![Span::next(names.identifier, [], Next::TextEqual(encode::text(&code)))]),
            Some(system) => Ok(vec![Span::head(names.identifier, [text_part(&code), text_part(&system)])]),
        };
    }
    let kind = match modifier {
        Modifier::Type(kind) => Some(kind),
        _ => None,
    };
    let value = unescape(value);
    let targets = local_targets(&value, parameter.definition.targets, kind, around)?;
    if !targets.is_empty() {
        let rows = |target: &Part| match target {
            Part::Target { kind, .. } => parameter.rows_of_targets(kind),
            _ => names.plain,
        };
        return Ok(targets.into_iter().map(|target| Span::head(rows(&target), [target])).collect());
    }
    match reference::read(&value) {
        Reference::Absolute { url, version, .. } if url.contains(':') => Ok(vec![match version {
            "" => Span::next(names.uri, [], Next::TextEqual(encode::text(url))),
            version => Span::head(names.uri, [text_part(url), text_part(version)]),
        }]),
        _ => Err("it is neither an id, nor Type/id, nor an address"),
    }
}

fn uris(parameter: &'static Parameter, value: &str, modifier: Modifier<'_>) -> Outcome<Vec<Span>> {
    let name = parameter.names.plain;
    let equal = |text: &str| Span::next(name, [], Next::TextEqual(encode::text(text)));
    if modifier != Modifier::None && value.starts_with("urn:") {
        return Err("a URN has no hierarchy");
    }
    match modifier {
        Modifier::Below => {
            let folder = format!("{}/", value.trim_end_matches('/'));
            Ok(vec![equal(value), Span::next(name, [], Next::Prefix(encode::text(&folder)))])
        }
        Modifier::Above => {
            let authority = value.find("://").map_or(0, |at| at + 3);
            let steps = value.char_indices().filter(|(at, c)| *c == '/' && *at > authority);
            let mut found: Vec<Span> = steps.flat_map(|(at, _)| [equal(&value[..at]), equal(&value[..=at])]).collect();
            found.push(equal(value));
            Ok(found)
        }
        _ => Ok(vec![equal(value)]),
    }
}
