//! Composite values, `8302-2$gt150`: the parts in order in one span.
//!
//! All parts but the last must be exact, since a span has one range, at its end; two numbers at the end are one range
//! over both.

use super::encode;
use super::fold::fold;
use super::query::Surroundings;
use super::ranges;
use super::spans;
use super::table::{Parameter, Part as Component};
use super::text::{split, unescape};
use crate::definitions::ParameterKind;
use rust_decimal::Decimal;
use smallvec::SmallVec;
use terms::index::{Next, Part, Range, Rest, Span};

type Outcome<T> = Result<T, &'static str>;

/// What one part of a value asks of the parts of a row.
#[derive(Debug, Clone)]
struct Piece {
    /// The rows are those that name a unit.
    has_unit: bool,
    exact: Vec<Exact>,
    limit: Option<Limit>,
}

#[derive(Debug, Clone)]
enum Exact {
    Part(Part),
    /// A code whose system was not said.
    CodeAnySystem(String),
}

#[derive(Debug, Clone)]
enum Limit {
    Range(Range),
    /// The same over bytes of any length, which no other range can follow.
    Last(Range),
    Both(Range, Range),
    Prefix(Vec<u8>),
    AnyCodeOf(String),
}

/// The spans of one composite value.
pub(super) fn spans(parameter: &'static Parameter, value: &str, around: &Surroundings) -> Outcome<Vec<Span>> {
    let values = split(value, '$');
    if values.len() != parameter.parts.len() {
        return Err("it does not have the parameter's number of parts, with $ between them");
    }
    let mut combined = vec![Piece { has_unit: false, exact: Vec::new(), limit: None }];
    for (component, value) in parameter.parts.iter().zip(values) {
        let pieces = pieces(component, value, around)?;
        let mut next = Vec::new();
        for before in &combined {
            for piece in &pieces {
                next.push(join(before, piece)?);
            }
        }
        combined = next;
    }
    let span = |piece: Piece| {
        let name = if piece.has_unit { parameter.names.unit } else { parameter.names.plain };
        let (head, next) = in_order(&piece.exact, piece.limit);
        Span::next(name, head, next)
    };
    Ok(combined.into_iter().map(span).collect())
}

/// The parts that must be equal, up to the first code in any system, and what must follow them.
fn in_order(exact: &[Exact], limit: Option<Limit>) -> (SmallVec<[Part; 2]>, Next) {
    let mut head = SmallVec::new();
    for (place, part) in exact.iter().enumerate() {
        match part {
            Exact::Part(part) => head.push(part.clone()),
            Exact::CodeAnySystem(code) => {
                let (after, next) = in_order(&exact[place + 1..], limit);
                let rest = Box::new(Rest { head: after, next });
                return (head, Next::CodeAnySystemThen(code.clone(), rest));
            }
        }
    }
    let next = match limit {
        None => Next::Any,
        Some(Limit::Range(range) | Limit::Last(range)) => Next::Within(range),
        Some(Limit::Both(one, other)) => Next::WithinBoth(one, other),
        Some(Limit::Prefix(text)) => Next::Prefix(text),
        Some(Limit::AnyCodeOf(system)) => Next::AnyCodeOf(system),
    };
    (head, next)
}

fn join(before: &Piece, piece: &Piece) -> Outcome<Piece> {
    let mut joined = before.clone();
    joined.has_unit |= piece.has_unit;
    joined.limit = match (&before.limit, &piece.limit) {
        (None, limit) => limit.clone(),
        (Some(Limit::Range(one)), Some(Limit::Range(other))) if piece.exact.is_empty() => {
            Some(Limit::Both(one.clone(), other.clone()))
        }
        _ => return Err("only its last part may be a range"),
    };
    joined.exact.extend(piece.exact.iter().cloned());
    Ok(joined)
}

fn pieces(component: &Component, value: &str, around: &Surroundings) -> Outcome<Vec<Piece>> {
    let exact = |part: Exact| Piece { has_unit: false, exact: vec![part], limit: None };
    let limited = |limit| Piece { has_unit: false, exact: Vec::new(), limit: Some(limit) };
    if value.is_empty() {
        return Err("a part of it is empty");
    }
    match component.kind {
        ParameterKind::Token => {
            let token = spans::token(value)?;
            if token.code.is_empty() {
                return Ok(vec![limited(Limit::AnyCodeOf(token.system.unwrap_or_default()))]);
            }
            Ok(vec![exact(match token.system {
                Some(system) => Exact::Part(Part::code(system, token.code)),
                None => Exact::CodeAnySystem(token.code),
            })])
        }
        ParameterKind::Quantity => {
            let quantity = spans::quantity(value)?;
            if quantity.units.is_empty() {
                let ranges = ranges::numbers(quantity.prefix, quantity.written, Decimal::ONE);
                let ranges = ranges.ok_or("the number is too large")?;
                return Ok(ranges.into_iter().map(|range| limited(Limit::Last(range))).collect());
            }
            let units = quantity.units.into_iter().flat_map(|(unit, ranges)| {
                ranges.into_iter().map(move |range| Piece {
                    has_unit: true,
                    exact: vec![Exact::Part(unit.clone())],
                    limit: Some(Limit::Last(range)),
                })
            });
            Ok(units.collect())
        }
        ParameterKind::Number => {
            let (prefix, rest) = ranges::prefix(value);
            let written = ranges::written(rest).ok_or("it is not a number")?;
            let ranges = ranges::numbers_of_one_length(prefix, written).ok_or("the number is too large")?;
            Ok(ranges.into_iter().map(|range| limited(Limit::Range(range))).collect())
        }
        ParameterKind::Date => {
            let (prefix, date) = spans::date(value)?;
            let found = ranges::dates(prefix, &date, around.now.0);
            // Rows of composites stand only in the order of the first instant: long periods are sought there too.
            let by_last = found.by_last.into_iter().map(|(last, first)| (first, last));
            let both = found.by_first.into_iter().chain(by_last);
            Ok(both.map(|(first, last)| limited(Limit::Both(first, last))).collect())
        }
        ParameterKind::String => {
            let folded = fold(&unescape(value));
            if folded.is_empty() {
                return Err("a part of it has no letter and no digit");
            }
            Ok(vec![limited(Limit::Prefix(encode::text(&folded)))])
        }
        ParameterKind::Reference => {
            let targets = spans::local_targets(&unescape(value), component.targets, None, around)?;
            if targets.is_empty() {
                return Err("only references to this record can be part of it");
            }
            Ok(targets.into_iter().map(|target| exact(Exact::Part(target))).collect())
        }
        ParameterKind::Uri => Ok(vec![exact(Exact::Part(spans::text_part(&unescape(value))))]),
        ParameterKind::Composite | ParameterKind::Special => Err("it has rules of its own"),
    }
}
