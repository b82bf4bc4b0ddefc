//! The operators: equality, equivalence, order, arithmetic, membership and three-valued logic
//! (FHIRPath 2.0.0, "Operations").
//!
//! Plain values in, plain values out. Where the language says that a combination makes no sense, that is a
//! [`Fault`]; where it says that there is no answer, that is `None` or an empty collection.

use super::Fault;
use super::ast::Operator;
use super::quantity::Quantity;
use super::value::{Collection, Element, Value};
use crate::document::{Kind, Node};
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use smallvec::smallvec;
use std::cmp::Ordering;

/// The deepest that two structures are compared.
const DEEPEST: usize = 64;

/// `left = right` for collections: `None` if either is empty or an item leaves it open.
pub(super) fn equal(left: &Collection<'_>, right: &Collection<'_>) -> Option<bool> {
    if left.is_empty() || right.is_empty() {
        return None;
    }
    if left.len() != right.len() {
        return Some(false);
    }
    let mut all = Some(true);
    for (one, other) in left.iter().zip(right) {
        match values_equal(one, other) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => all = None,
        }
    }
    all
}

/// Equality of two items; `None` where precision leaves it open.
pub(super) fn values_equal(left: &Value<'_>, right: &Value<'_>) -> Option<bool> {
    if let (Value::Element(left), Value::Element(right)) = (left, right) {
        if left.node.zip(right.node).is_some_and(|(left, right)| left.is_same(&right)) {
            return Some(true);
        }
        if left.system_value().is_none() || right.system_value().is_none() {
            return Some(elements_equal(left, right));
        }
    }
    if let (Value::Text(left), Value::Text(right)) = (left, right) {
        return Some(left == right);
    }
    match (left.clone().simplified(), right.clone().simplified()) {
        (Value::Boolean(left), Value::Boolean(right)) => Some(left == right),
        (Value::Text(left), Value::Text(right)) => Some(left == right),
        (Value::Temporal(left), Value::Temporal(right)) if same_family(&left, &right) => {
            left.compare(&right).map(Ordering::is_eq)
        }
        (Value::Temporal(_), Value::Temporal(_)) => Some(false),
        (Value::Type { namespace, name }, Value::Type { namespace: other, name: other_name }) => {
            Some(namespace == other && name == other_name)
        }
        (Value::Elsewhere(left), Value::Elsewhere(right)) => Some(left.id == right.id),
        (left, right) => numbers_equal(&left, &right),
    }
}

fn same_family(left: &super::temporal::Temporal, right: &super::temporal::Temporal) -> bool {
    (left.kind == super::temporal::TemporalKind::Time) == (right.kind == super::temporal::TemporalKind::Time)
}

fn numbers_equal(left: &Value<'_>, right: &Value<'_>) -> Option<bool> {
    if let (Some(left), Some(right)) = (number(left), number(right)) {
        return Some(left == right);
    }
    match (quantity(left), quantity(right)) {
        (Some(left), Some(right)) => match left.compare(&right) {
            Some(order) => Some(order.is_eq()),
            // A month of the calendar and one of 30.4375 days are neither equal nor unequal.
            None if is_calendar(&left) != is_calendar(&right) => None,
            None => Some(false),
        },
        _ => Some(false),
    }
}

fn is_calendar(quantity: &Quantity) -> bool {
    matches!(quantity.unit, super::quantity::Unit::Calendar(..))
}

fn elements_equal(left: &Element<'_>, right: &Element<'_>) -> bool {
    halves_equal(left.node, right.node) && halves_equal(left.companion, right.companion)
}

fn halves_equal(left: Option<Node<'_, '_>>, right: Option<Node<'_, '_>>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => nodes_equal(left, right, 0),
        (None, None) => true,
        _ => false,
    }
}

/// Whether two parts of documents mean the same, whatever the order of members.
fn nodes_equal(left: Node<'_, '_>, right: Node<'_, '_>, depth: usize) -> bool {
    if depth > DEEPEST || left.kind() != right.kind() || left.len() != right.len() {
        return false;
    }
    match left.kind() {
        Kind::Object => left.members().all(|(name, value)| {
            let other = right.get(name);
            other.is_some_and(|other| nodes_equal(value, other, depth + 1))
        }),
        Kind::Array => left.items().zip(right.items()).all(|(one, other)| nodes_equal(one, other, depth + 1)),
        Kind::String => left.text() == right.text(),
        Kind::Number => {
            let (one, other) = (left.number().unwrap_or_default(), right.number().unwrap_or_default());
            one == other || super::value::decimal(one).is_some_and(|one| Some(one) == super::value::decimal(other))
        }
        Kind::Boolean => left.boolean() == right.boolean(),
        Kind::Null => true,
    }
}

/// `left ~ right` for collections: order does not matter, and two empty ones are equivalent.
pub(super) fn equivalent(left: &Collection<'_>, right: &Collection<'_>) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut taken = vec![false; right.len()];
    left.iter().all(|one| {
        let found = (0..right.len()).find(|at| !taken[*at] && values_equivalent(one, &right[*at]));
        found.inspect(|at| taken[*at] = true).is_some()
    })
}

fn values_equivalent(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left.clone().simplified(), right.clone().simplified()) {
        (Value::Text(left), Value::Text(right)) => normalised(&left) == normalised(&right),
        (Value::Temporal(left), Value::Temporal(right)) => left.is_equivalent(&right),
        (Value::Element(left), Value::Element(right)) => elements_equal(&left, &right),
        (left, right) => {
            if let (Some(left), Some(right)) = (number(&left), number(&right)) {
                return decimals_equivalent(left, right);
            }
            match (&left, &right) {
                (Value::Quantity(left), Value::Quantity(right)) => left.is_equivalent(right),
                _ => values_equal(&left, &right) == Some(true),
            }
        }
    }
}

/// Lower case, white space of any kind and length as one space.
fn normalised(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Equal when both are rounded to the precision of the less precise one.
pub(super) fn decimals_equivalent(left: Decimal, right: Decimal) -> bool {
    let scale = left.normalize().scale().min(right.normalize().scale());
    let round = |value: Decimal| value.round_dp_with_strategy(scale, RoundingStrategy::MidpointAwayFromZero);
    round(left) == round(right)
}

/// The order of two single items; `Ok(None)` where either is missing or precision leaves it open.
pub(super) fn compare(left: &Collection<'_>, right: &Collection<'_>) -> Result<Option<Ordering>, Fault> {
    if left.is_empty() || right.is_empty() {
        return Ok(None);
    }
    let (left, right) = (single(left)?, single(right)?);
    compare_values(left, right)
}

/// The order of two items.
pub(super) fn compare_values(left: &Value<'_>, right: &Value<'_>) -> Result<Option<Ordering>, Fault> {
    match (left.clone().simplified(), right.clone().simplified()) {
        (Value::Text(left), Value::Text(right)) => Ok(Some(left.cmp(&right))),
        (Value::Temporal(left), Value::Temporal(right)) if same_family(&left, &right) => Ok(left.compare(&right)),
        (left, right) => {
            if let (Some(left), Some(right)) = (number(&left), number(&right)) {
                return Ok(Some(left.cmp(&right)));
            }
            match (quantity(&left), quantity(&right)) {
                (Some(left), Some(right)) => Ok(left.compare(&right)),
                _ => Err(Fault::new(format!("{} and {} have no order", left.type_name(), right.type_name()))),
            }
        }
    }
}

fn single<'v, 'd>(collection: &'v Collection<'d>) -> Result<&'v Value<'d>, Fault> {
    match collection.as_slice() {
        [one] => Ok(one),
        _ => Err(Fault::new("one item was expected, not several")),
    }
}

/// The number a value is, whole or decimal.
pub(super) fn number(value: &Value<'_>) -> Option<Decimal> {
    match value {
        Value::Integer(value) => Some(Decimal::from(*value)),
        Value::Decimal(value) => Some(*value),
        _ => None,
    }
}

fn quantity(value: &Value<'_>) -> Option<Quantity> {
    match value {
        Value::Quantity(quantity) => Some((**quantity).clone()),
        other => number(other).map(Quantity::plain),
    }
}

/// `+ - * / div mod &` on single items.
pub(super) fn arithmetic<'d>(
    operator: Operator,
    left: &Collection<'d>,
    right: &Collection<'d>,
) -> Result<Collection<'d>, Fault> {
    if operator == Operator::Concatenate {
        let text = |side: &Collection<'d>| if side.is_empty() { Ok(String::new()) } else { text_of(single(side)?) };
        return Ok(smallvec![Value::Text((text(left)? + &text(right)?).into())]);
    }
    if left.is_empty() || right.is_empty() {
        return Ok(Collection::new());
    }
    let (left, right) = (single(left)?.clone().simplified(), single(right)?.clone().simplified());
    let answer = calculate(operator, &left, &right)?;
    Ok(answer.into_iter().collect())
}

fn text_of(value: &Value<'_>) -> Result<String, Fault> {
    match value.clone().simplified() {
        Value::Text(text) => Ok(text.into_owned()),
        other => Err(Fault::new(format!("text was expected, not {}", other.type_name()))),
    }
}

fn calculate<'d>(operator: Operator, left: &Value<'d>, right: &Value<'d>) -> Result<Option<Value<'d>>, Fault> {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => return Ok(integers(operator, *left, *right)),
        (Value::Text(left), Value::Text(right)) if operator == Operator::Add => {
            return Ok(Some(Value::Text(format!("{left}{right}").into())));
        }
        (Value::Temporal(date), Value::Quantity(by)) if matches!(operator, Operator::Add | Operator::Subtract) => {
            return move_date(operator, date, by);
        }
        _ => {}
    }
    if let (Some(left), Some(right)) = (number(left), number(right)) {
        return Ok(decimals(operator, left, right));
    }
    if let (Value::Quantity(_), _) | (_, Value::Quantity(_)) = (left, right)
        && let (Some(left), Some(right)) = (quantity(left), quantity(right))
    {
        return quantities(operator, &left, &right);
    }
    Err(Fault::new(format!("{} and {} cannot be calculated with", left.type_name(), right.type_name())))
}

fn integers<'d>(operator: Operator, left: i64, right: i64) -> Option<Value<'d>> {
    let whole = match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Div => left.checked_div(right),
        Operator::Mod => left.checked_rem(right),
        _ => return decimals(operator, Decimal::from(left), Decimal::from(right)),
    };
    whole.map(Value::Integer)
}

fn decimals<'d>(operator: Operator, left: Decimal, right: Decimal) -> Option<Value<'d>> {
    let answer = match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide => left.checked_div(right),
        Operator::Div => return left.checked_div(right)?.trunc().to_i64().map(Value::Integer),
        Operator::Mod => left.checked_rem(right),
        _ => None,
    };
    answer.map(Value::Decimal)
}

fn quantities<'d>(operator: Operator, left: &Quantity, right: &Quantity) -> Result<Option<Value<'d>>, Fault> {
    let answer = match operator {
        Operator::Add => left.plus(right),
        Operator::Subtract => {
            let negative = Quantity { value: -right.value, unit: right.unit.clone() };
            left.plus(&negative)
        }
        Operator::Multiply if left.unit == super::quantity::Unit::ucum("1") => right.times(left, false),
        Operator::Multiply => left.times(right, false),
        Operator::Divide => left.times(right, true),
        _ => return Err(Fault::new("this operator does not take quantities")),
    };
    Ok(answer.map(|quantity| Value::Quantity(Box::new(quantity))))
}

fn move_date<'d>(
    operator: Operator,
    date: &super::temporal::Temporal,
    by: &Quantity,
) -> Result<Option<Value<'d>>, Fault> {
    let Some(unit) = by.unit.for_dates() else {
        return Err(Fault::new("only a time of definite length or a calendar unit can be added to a date"));
    };
    let amount = if operator == Operator::Subtract { -by.value } else { by.value };
    Ok(date.plus(amount, unit).map(Value::Temporal))
}

/// `and`, `or`, `xor`, `implies` with `None` for "not known".
pub(super) fn logic(operator: Operator, left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match operator {
        Operator::And => match (left, right) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        Operator::Or => match (left, right) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Operator::Xor => Some(left? != right?),
        _ => match (left, right) {
            (Some(false), _) | (_, Some(true)) => Some(true),
            (Some(true), right) => right,
            (None, _) => None,
        },
    }
}
