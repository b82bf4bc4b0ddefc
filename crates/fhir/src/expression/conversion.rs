//! `toX()` and `convertsToX()`: between FHIRPath's own types (FHIRPath 2.0.0, 5.5).
//!
//! What cannot be converted is an empty collection, never a fault. Knows no document: elements come as plain values.

use super::Fault;
use super::evaluate::{Evaluation, Outcome, answer};
use super::functions::Function;
use super::operators::number;
use super::quantity::{Quantity, Unit};
use super::temporal::{Temporal, TemporalKind};
use super::value::{Collection, Value};
use rust_decimal::Decimal;

pub(super) fn call<'d>(evaluation: &Evaluation<'_, 'd>, function: Function, items: Collection<'d>) -> Outcome<'d> {
    use Function::*;
    let Some(item) = evaluation.at_most_one(items)? else { return Ok(Collection::new()) };
    let value = item.simplified();
    let (converted, is_question) = match function {
        ToBoolean | ConvertsToBoolean => (to_boolean(&value), function == ConvertsToBoolean),
        ToInteger | ConvertsToInteger => (to_integer(&value), function == ConvertsToInteger),
        ToDecimal | ConvertsToDecimal => (to_decimal(&value), function == ConvertsToDecimal),
        ToText | ConvertsToText => (value.to_text().map(|text| Value::Text(text.into())), function == ConvertsToText),
        ToDate | ConvertsToDate => (to_date(&value), function == ConvertsToDate),
        ToDateTime | ConvertsToDateTime => (to_date_time(&value), function == ConvertsToDateTime),
        ToTime | ConvertsToTime => (to_time(&value), function == ConvertsToTime),
        ToQuantity | ConvertsToQuantity => (to_quantity(&value), function == ConvertsToQuantity),
        _ => return Err(Fault::new("this is not a conversion")),
    };
    if is_question {
        return Ok(answer(Some(converted.is_some())));
    }
    Ok(converted.into_iter().collect())
}

fn to_boolean<'d>(value: &Value<'d>) -> Option<Value<'d>> {
    let truth = match value {
        Value::Boolean(value) => *value,
        Value::Integer(1) => true,
        Value::Integer(0) => false,
        Value::Decimal(value) if *value == Decimal::ONE => true,
        Value::Decimal(value) if value.is_zero() => false,
        Value::Text(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" | "1.0" => true,
            "false" | "f" | "no" | "n" | "0" | "0.0" => false,
            _ => return None,
        },
        _ => return None,
    };
    Some(Value::Boolean(truth))
}

fn to_integer<'d>(value: &Value<'d>) -> Option<Value<'d>> {
    let whole = match value {
        Value::Integer(value) => *value,
        Value::Boolean(value) => i64::from(*value),
        Value::Text(text) => text.parse::<i32>().ok()?.into(),
        _ => return None,
    };
    Some(Value::Integer(whole))
}

fn to_decimal<'d>(value: &Value<'d>) -> Option<Value<'d>> {
    let decimal = match value {
        Value::Boolean(value) => Decimal::from(u8::from(*value)),
        Value::Text(text) => plain_decimal(text)?,
        other => number(other)?,
    };
    Some(Value::Decimal(decimal))
}

/// A sign, digits, and perhaps a point with more digits: nothing else.
fn plain_decimal(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    Decimal::from_str_exact(text.strip_prefix('+').unwrap_or(text)).ok()
}

fn to_date<'d>(value: &Value<'d>) -> Option<Value<'d>> {
    let date = match value {
        Value::Temporal(value) if value.kind != TemporalKind::Time => value.date_only(),
        Value::Text(text) => Temporal::literal(text).filter(|value| value.kind != TemporalKind::Time)?.date_only(),
        _ => return None,
    };
    Some(Value::Temporal(date))
}

fn to_date_time<'d>(value: &Value<'d>) -> Option<Value<'d>> {
    let moment = match value {
        Value::Temporal(value) => *value,
        Value::Text(text) => Temporal::literal(text)?,
        _ => return None,
    };
    (moment.kind != TemporalKind::Time).then(|| Value::Temporal(moment.as_date_time()))
}

fn to_time<'d>(value: &Value<'d>) -> Option<Value<'d>> {
    match value {
        Value::Temporal(value) if value.kind == TemporalKind::Time => Some(Value::Temporal(*value)),
        Value::Text(text) => Temporal::parse_time(text.strip_prefix('T').unwrap_or(text)).map(Value::Temporal),
        _ => None,
    }
}

fn to_quantity<'d>(value: &Value<'d>) -> Option<Value<'d>> {
    let quantity = match value {
        Value::Quantity(value) => (**value).clone(),
        Value::Boolean(value) => Quantity::plain(Decimal::from(u8::from(*value))),
        Value::Text(text) => text_to_quantity(text)?,
        other => Quantity::plain(number(other)?),
    };
    Some(Value::Quantity(Box::new(quantity)))
}

/// `1`, `1 'mg'`, `4 days`.
fn text_to_quantity(text: &str) -> Option<Quantity> {
    let (value, unit) = match text.split_once(char::is_whitespace) {
        Some((value, unit)) => (value, unit.trim()),
        None => (text, ""),
    };
    let value = plain_decimal(value)?;
    if unit.is_empty() {
        return Some(Quantity::plain(value));
    }
    let unit = match unit.strip_prefix('\'').and_then(|unit| unit.strip_suffix('\'')) {
        Some(code) if !code.is_empty() => Unit::ucum(code),
        _ => Unit::calendar(unit)?,
    };
    Some(Quantity { value, unit })
}
