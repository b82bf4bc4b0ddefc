//! Functions over whole collections: existence, filtering, projection, subsetting, combining, and `iif`
//! (FHIRPath 2.0.0, 5.1 to 5.4).

use super::Fault;
use super::ast::Expr;
use super::evaluate::{Evaluation, Outcome, Scope, answer};
use super::functions::Function;
use super::operators;
use super::value::{Collection, Value};
use smallvec::smallvec;
use std::cmp::Ordering;

pub(super) fn call<'d>(
    evaluation: &Evaluation<'_, 'd>,
    function: Function,
    items: Collection<'d>,
    arguments: &[Expr],
    scope: Scope<'_, 'd>,
) -> Outcome<'d> {
    use Function::*;
    match (function, arguments) {
        (Empty, _) => Ok(answer(Some(items.is_empty()))),
        (Exists, []) => Ok(answer(Some(!items.is_empty()))),
        (Exists, [criterion, ..]) => any(evaluation, &items, criterion, scope, true),
        (All, [criterion, ..]) => any(evaluation, &items, criterion, scope, false),
        (AllTrue | AnyTrue | AllFalse | AnyFalse, _) => booleans(function, items),
        (Count, _) => Ok(smallvec![Value::Integer(items.len() as i64)]),
        (Distinct, _) => distinct(evaluation, items),
        (IsDistinct, _) => {
            let count = items.len();
            Ok(answer(Some(distinct(evaluation, items)?.len() == count)))
        }
        (Not, _) => Ok(answer(evaluation.truth(&items)?.map(|value| !value))),
        (Where, [criterion, ..]) => keep(evaluation, items, criterion, scope),
        (Select, [projection, ..]) => select(evaluation, &items, projection, scope),
        (Repeat, [projection, ..]) => repeat(evaluation, items, projection, scope),
        (Aggregate, [aggregator, start @ ..]) => aggregate(evaluation, &items, aggregator, start.first(), scope),
        (Sort, keys) => sort(evaluation, items, keys, scope),
        (Single, _) => Ok(evaluation.at_most_one(items)?.into_iter().collect()),
        (First, _) => Ok(items.into_iter().take(1).collect()),
        (Last, _) => Ok(items.into_iter().next_back().into_iter().collect()),
        (Tail, _) => Ok(items.into_iter().skip(1).collect()),
        (Skip, [count, ..]) => {
            let count = evaluation.integer_argument(count, scope)?.unwrap_or(0);
            Ok(items.into_iter().skip(usize::try_from(count).unwrap_or(0)).collect())
        }
        (Take, [count, ..]) => {
            let count = evaluation.integer_argument(count, scope)?.unwrap_or(0);
            Ok(items.into_iter().take(usize::try_from(count).unwrap_or(0)).collect())
        }
        (Iif, [criterion, then, otherwise @ ..]) => iif(evaluation, items, [criterion, then], otherwise.first(), scope),
        (_, [other, ..]) => {
            let other = evaluation.eval(other, scope)?;
            combine(evaluation, function, items, other)
        }
        _ => Err(Fault::new("an argument is missing")),
    }
}

/// The functions that take a second collection.
fn combine<'d>(
    evaluation: &Evaluation<'_, 'd>,
    function: Function,
    items: Collection<'d>,
    other: Collection<'d>,
) -> Outcome<'d> {
    match function {
        Function::Union => return union(evaluation, items, other),
        Function::Combine => {
            let mut all = items;
            all.extend(other);
            return evaluation.bounded(all);
        }
        _ => {}
    }
    evaluation.spend(items.len().saturating_mul(other.len()))?;
    match function {
        Function::SubsetOf => Ok(answer(Some(items.iter().all(|item| has(&other, item))))),
        Function::SupersetOf => Ok(answer(Some(other.iter().all(|item| has(&items, item))))),
        Function::Intersect => {
            let common = items.into_iter().filter(|item| has(&other, item)).collect();
            distinct(evaluation, common)
        }
        _ => Ok(items.into_iter().filter(|item| !has(&other, item)).collect()),
    }
}

fn has(items: &Collection<'_>, item: &Value<'_>) -> bool {
    items.iter().any(|other| operators::values_equal(item, other) == Some(true))
}

/// Both collections without duplicates.
pub(super) fn union<'d>(evaluation: &Evaluation<'_, 'd>, left: Collection<'d>, right: Collection<'d>) -> Outcome<'d> {
    if left.is_empty() && right.len() < 2 {
        return Ok(right);
    }
    let mut all = left;
    all.extend(right);
    distinct(evaluation, all)
}

fn distinct<'d>(evaluation: &Evaluation<'_, 'd>, items: Collection<'d>) -> Outcome<'d> {
    if items.len() < 2 {
        return Ok(items);
    }
    let mut kept = Collection::new();
    for item in evaluation.bounded(items)? {
        evaluation.spend(kept.len())?;
        if !has(&kept, &item) {
            kept.push(item);
        }
    }
    Ok(kept)
}

/// Whether a criterion holds for any item (`wanted`), or for all of them.
fn any<'d>(
    evaluation: &Evaluation<'_, 'd>,
    items: &Collection<'d>,
    criterion: &Expr,
    scope: Scope<'_, 'd>,
    wanted: bool,
) -> Outcome<'d> {
    for (index, item) in items.iter().enumerate() {
        let holds = evaluation.truth(&evaluation.eval(criterion, scope.at(item, index))?)?;
        if (holds == Some(true)) == wanted {
            return Ok(answer(Some(wanted)));
        }
    }
    Ok(answer(Some(!wanted)))
}

fn booleans<'d>(function: Function, items: Collection<'d>) -> Outcome<'d> {
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        match item.simplified() {
            Value::Boolean(value) => values.push(value),
            other => return Err(Fault::new(format!("a Boolean was expected, not {}", other.type_name()))),
        }
    }
    let mut values = values.into_iter();
    Ok(answer(Some(match function {
        Function::AllTrue => values.all(|value| value),
        Function::AnyTrue => values.any(|value| value),
        Function::AllFalse => values.all(|value| !value),
        _ => values.any(|value| !value),
    })))
}

fn keep<'d>(
    evaluation: &Evaluation<'_, 'd>,
    items: Collection<'d>,
    criterion: &Expr,
    scope: Scope<'_, 'd>,
) -> Outcome<'d> {
    let mut kept = Collection::new();
    for (index, item) in items.into_iter().enumerate() {
        let holds = evaluation.truth(&evaluation.eval(criterion, scope.at(&item, index))?)?;
        if holds == Some(true) {
            kept.push(item);
        }
    }
    Ok(kept)
}

fn select<'d>(
    evaluation: &Evaluation<'_, 'd>,
    items: &Collection<'d>,
    projection: &Expr,
    scope: Scope<'_, 'd>,
) -> Outcome<'d> {
    let mut found = Collection::new();
    for (index, item) in items.iter().enumerate() {
        found.extend(evaluation.eval(projection, scope.at(item, index))?);
        if found.len() > 1000 {
            found = evaluation.bounded(found)?;
        }
    }
    evaluation.bounded(found)
}

/// The projection of the items, of what it gives, and so on until nothing new comes.
fn repeat<'d>(
    evaluation: &Evaluation<'_, 'd>,
    items: Collection<'d>,
    projection: &Expr,
    scope: Scope<'_, 'd>,
) -> Outcome<'d> {
    let mut found = Collection::new();
    let mut fresh = items;
    while !fresh.is_empty() {
        let mut next = Collection::new();
        for item in select(evaluation, &fresh, projection, scope)? {
            evaluation.spend(found.len())?;
            if !has(&found, &item) {
                found.push(item.clone());
                next.push(item);
            }
        }
        fresh = next;
    }
    Ok(found)
}

fn aggregate<'d>(
    evaluation: &Evaluation<'_, 'd>,
    items: &Collection<'d>,
    aggregator: &Expr,
    start: Option<&Expr>,
    scope: Scope<'_, 'd>,
) -> Outcome<'d> {
    let mut total = match start {
        Some(start) => evaluation.eval(start, scope)?,
        None => Collection::new(),
    };
    for (index, item) in items.iter().enumerate() {
        let next = evaluation.eval(aggregator, Scope { total: Some(&total), ..scope.at(item, index) })?;
        total = evaluation.bounded(next)?;
    }
    Ok(total)
}

/// By the keys in turn; a key with a minus sign before it sorts downwards, whatever its type. Items without a key
/// come first either way.
fn sort<'d>(
    evaluation: &Evaluation<'_, 'd>,
    items: Collection<'d>,
    keys: &[Expr],
    scope: Scope<'_, 'd>,
) -> Outcome<'d> {
    let itself = [Expr::This];
    let keys = if keys.is_empty() { &itself[..] } else { keys };
    let mut sorted: Vec<(Vec<SortKey<'d>>, Value<'d>)> = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            let (key, is_downwards) = match key {
                Expr::Negate(key) => (&**key, true),
                key => (key, false),
            };
            let value = evaluation.eval(key, scope.at(&item, index))?;
            values.push(SortKey { value: evaluation.at_most_one(value)?, is_downwards });
        }
        // By insertion: values whose order is open compare as equal, which the library's sorts may not be given.
        let mut place = sorted.len();
        while place > 0 && sort_order(&sorted[place - 1].0, &values)?.is_gt() {
            evaluation.spend(1)?;
            place -= 1;
        }
        sorted.insert(place, (values, item));
    }
    Ok(sorted.into_iter().map(|(_, item)| item).collect())
}

struct SortKey<'d> {
    value: Option<Value<'d>>,
    is_downwards: bool,
}

fn sort_order(left: &[SortKey<'_>], right: &[SortKey<'_>]) -> Result<Ordering, Fault> {
    for (one, other) in left.iter().zip(right) {
        let order = match (&one.value, &other.value) {
            (Some(value), Some(other)) => {
                let order = operators::compare_values(value, other)?.unwrap_or(Ordering::Equal);
                if one.is_downwards { order.reverse() } else { order }
            }
            (one, other) => one.is_some().cmp(&other.is_some()),
        };
        if order.is_ne() {
            return Ok(order);
        }
    }
    Ok(Ordering::Equal)
}

/// `iif`: the criterion must be a Boolean or nothing; only the branch chosen is evaluated.
fn iif<'d>(
    evaluation: &Evaluation<'_, 'd>,
    items: Collection<'d>,
    [criterion, then]: [&Expr; 2],
    otherwise: Option<&Expr>,
    scope: Scope<'_, 'd>,
) -> Outcome<'d> {
    if items.len() > 1 {
        return Err(Fault::new("iif() takes one item at most"));
    }
    let inside = Scope { this: &items, ..scope };
    let holds = match evaluation.at_most_one(evaluation.eval(criterion, inside)?)?.map(Value::simplified) {
        None => false,
        Some(Value::Boolean(value)) => value,
        Some(_) => return Err(Fault::new("the criterion of iif() is not a Boolean")),
    };
    match (holds, otherwise) {
        (true, _) => evaluation.eval(then, inside),
        (false, Some(otherwise)) => evaluation.eval(otherwise, inside),
        (false, None) => Ok(Collection::new()),
    }
}
