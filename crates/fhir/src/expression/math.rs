//! Mathematics on numbers and quantities, and the boundaries that precision leaves (FHIRPath 2.0.0, 5.7;
//! `lowBoundary`, `highBoundary`, `precision` and `comparable` from 3.0.0-ballot).
//!
//! Exact where the result is; logarithms, roots and broken powers have 28 digits.

use super::Fault;
use super::ast::Expr;
use super::evaluate::{Evaluation, Outcome, Scope, answer};
use super::functions::Function;
use super::operators::number;
use super::quantity::Quantity;
use super::temporal::{Temporal, TemporalKind};
use super::value::{Collection, Value};
use rust_decimal::prelude::{MathematicalOps, ToPrimitive};
use rust_decimal::{Decimal, RoundingStrategy};

pub(super) fn call<'d>(
    evaluation: &Evaluation<'_, 'd>,
    function: Function,
    items: Collection<'d>,
    arguments: &[Expr],
    scope: Scope<'_, 'd>,
) -> Outcome<'d> {
    use Function::*;
    let Some(item) = evaluation.at_most_one(items)? else { return Ok(Collection::new()) };
    let value = item.simplified();
    let argument = match arguments.first() {
        Some(argument) => match evaluation.at_most_one(evaluation.eval(argument, scope)?)?.map(Value::simplified) {
            Some(argument) => Some(argument),
            None => return Ok(Collection::new()),
        },
        None => None,
    };
    let found = match function {
        LowBoundary | HighBoundary => boundary(&value, argument.as_ref(), function == HighBoundary),
        Precision => precision(&value),
        Comparable => {
            let (Value::Quantity(one), Some(Value::Quantity(other))) = (&value, &argument) else {
                return Err(Fault::new("comparable() takes quantities"));
            };
            return Ok(answer(Some(one.is_comparable(other))));
        }
        Abs => absolute(&value),
        _ => {
            let Some(operand) = number(&value) else {
                return Err(Fault::new(format!("a number was expected, not {}", value.type_name())));
            };
            let argument = match &argument {
                Some(argument) => Some(number(argument).ok_or_else(|| Fault::new("a number was expected"))?),
                None => None,
            };
            calculate(function, &value, operand, argument)
        }
    };
    Ok(found.into_iter().collect())
}

fn absolute<'d>(value: &Value<'d>) -> Option<Value<'d>> {
    match value {
        Value::Integer(value) => value.checked_abs().map(Value::Integer),
        Value::Decimal(value) => Some(Value::Decimal(value.abs())),
        Value::Quantity(quantity) => {
            let positive = Quantity { value: quantity.value.abs(), unit: quantity.unit.clone() };
            Some(Value::Quantity(Box::new(positive)))
        }
        _ => None,
    }
}

fn calculate<'d>(
    function: Function,
    value: &Value<'d>,
    operand: Decimal,
    argument: Option<Decimal>,
) -> Option<Value<'d>> {
    let whole = |value: Decimal| value.to_i64().map(Value::Integer);
    match function {
        Function::Ceiling => whole(operand.ceil()),
        Function::Floor => whole(operand.floor()),
        Function::Truncate => whole(operand.trunc()),
        Function::Round => {
            let digits = argument.unwrap_or_default().to_u32().filter(|digits| *digits <= 28)?;
            let strategy = RoundingStrategy::MidpointAwayFromZero;
            Some(Value::Decimal(operand.round_dp_with_strategy(digits, strategy)))
        }
        Function::Exp => operand.checked_exp().map(Value::Decimal),
        Function::Ln => operand.checked_ln().map(Value::Decimal),
        Function::Sqrt => operand.sqrt().map(Value::Decimal),
        Function::Log => {
            let base = argument?.checked_ln().filter(|base| !base.is_zero())?;
            let quotient = operand.checked_ln()?.checked_div(base)?;
            // The last digits of a series are noise: 16.log(2) is 4.
            Some(Value::Decimal(quotient.round_dp(20)))
        }
        _ => power(value, operand, argument?),
    }
}

/// Whole numbers to whole powers stay whole; a negative number has no broken power.
fn power<'d>(value: &Value<'d>, operand: Decimal, exponent: Decimal) -> Option<Value<'d>> {
    let is_whole = exponent.fract().is_zero();
    if let (Value::Integer(base), true, false) = (value, is_whole, exponent.is_sign_negative()) {
        return base.checked_pow(exponent.to_u32()?).map(Value::Integer);
    }
    if is_whole {
        return operand.checked_powi(exponent.to_i64()?).map(Value::Decimal);
    }
    if operand.is_sign_negative() {
        return None;
    }
    operand.checked_powd(exponent).map(Value::Decimal)
}

/// How many digits a value was written with: decimals after the point, dates in all.
fn precision<'d>(value: &Value<'d>) -> Option<Value<'d>> {
    let digits = match value {
        Value::Decimal(value) => i64::from(value.scale()),
        Value::Integer(_) => 0,
        Value::Temporal(value) => value.digits() as i64,
        _ => return None,
    };
    Some(Value::Integer(digits))
}

/// The least (or greatest) value that would be written like this one, with so many digits.
fn boundary<'d>(value: &Value<'d>, digits: Option<&Value<'d>>, highest: bool) -> Option<Value<'d>> {
    let digits = match digits {
        Some(Value::Integer(digits)) => Some(u32::try_from(*digits).ok()?),
        Some(_) => return None,
        None => None,
    };
    match value {
        Value::Integer(value) => decimal_boundary(Decimal::from(*value), digits, highest).map(Value::Decimal),
        Value::Decimal(value) => decimal_boundary(*value, digits, highest).map(Value::Decimal),
        Value::Quantity(quantity) => {
            let value = decimal_boundary(quantity.value, digits, highest)?;
            Some(Value::Quantity(Box::new(Quantity { value, unit: quantity.unit.clone() })))
        }
        Value::Temporal(value) => temporal_boundary(value, digits, highest).map(Value::Temporal),
        _ => None,
    }
}

fn decimal_boundary(value: Decimal, digits: Option<u32>, highest: bool) -> Option<Decimal> {
    let digits = digits.unwrap_or(8);
    if digits > 28 {
        return None;
    }
    let half = Decimal::try_new(5, value.scale() + 1).ok()?;
    let exact = if highest { value.checked_add(half)? } else { value.checked_sub(half)? };
    let strategy = if highest { RoundingStrategy::ToPositiveInfinity } else { RoundingStrategy::ToNegativeInfinity };
    // A number that begins after the last digit asked for is zero to that precision, whatever its sign.
    let mut bounded =
        if value.trunc().is_zero() && exact.round_dp_with_strategy(digits, RoundingStrategy::ToZero).is_zero() {
            Decimal::ZERO
        } else {
            exact.round_dp_with_strategy(digits, strategy)
        };
    bounded.rescale(digits);
    Some(bounded)
}

fn temporal_boundary(value: &Temporal, digits: Option<u32>, highest: bool) -> Option<Temporal> {
    let all = match value.kind {
        TemporalKind::Date => 8,
        TemporalKind::DateTime => 17,
        TemporalKind::Time => 9,
    };
    value.boundary(digits.unwrap_or(all) as usize, highest)
}
