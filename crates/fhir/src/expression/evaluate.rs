//! Walks the tree of an expression over a document: paths, types, operators, and the call of functions.
//!
//! `$this` is where every path without another beginning starts; functions with a criterion or projection move it to
//! each item in turn. Counts its steps, so that no expression can keep a thread busy.

use super::ast::{Expr, Operator, TypeName, TypeTest};
use super::functions::Function;
use super::value::{Collection, Element, Value};
use super::{Context, Fault, collections, conversion, math, operators, texts, tree};
use crate::definitions::definitions;
use smallvec::smallvec;
use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;

/// The most steps one evaluation may take: visits of the tree, items touched, pairs compared.
const MOST_STEPS: u32 = 2_000_000;
/// The most items a collection may have.
const MOST_ITEMS: usize = 100_000;
/// The longest text an expression may make, in bytes.
pub(super) const LONGEST_TEXT: usize = 1 << 20;
/// How much text is made or copied in one step, in bytes: with [`MOST_STEPS`] a bound on memory.
const TEXT_OF_ONE_STEP: usize = 16;

/// One evaluation under way.
pub(super) struct Evaluation<'e, 'd> {
    pub(super) context: &'e Context<'d>,
    steps: Cell<u32>,
}

/// What `$this`, `$index` and `$total` mean at some place of the tree.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s, 'd> {
    pub(super) this: &'s [Value<'d>],
    pub(super) index: Option<i64>,
    pub(super) total: Option<&'s Collection<'d>>,
}

impl<'s, 'd> Scope<'s, 'd> {
    /// The scope of a criterion or projection at one item.
    pub(super) fn at(self, item: &'s Value<'d>, index: usize) -> Scope<'s, 'd> {
        Scope { this: std::slice::from_ref(item), index: Some(index as i64), total: self.total }
    }
}

pub(super) type Outcome<'d> = Result<Collection<'d>, Fault>;

pub(super) fn evaluate<'d>(expr: &Expr, context: &Context<'d>) -> Outcome<'d> {
    let evaluation = Evaluation { context, steps: Cell::new(0) };
    let scope = Scope { this: std::slice::from_ref(&context.focus), index: None, total: None };
    evaluation.eval(expr, scope)
}

impl<'e, 'd> Evaluation<'e, 'd> {
    pub(super) fn eval(&self, expr: &Expr, scope: Scope<'_, 'd>) -> Outcome<'d> {
        self.spend(1)?;
        Ok(match expr {
            Expr::This => return self.with_texts(Collection::from(scope.this)),
            Expr::Nothing => Collection::new(),
            Expr::Boolean(value) => smallvec![Value::Boolean(*value)],
            Expr::Text(text) => return self.with_texts(smallvec![Value::Text(text.to_string().into())]),
            Expr::Integer(value) => smallvec![Value::Integer(*value)],
            Expr::Decimal(value) => smallvec![Value::Decimal(*value)],
            Expr::Temporal(value) => smallvec![Value::Temporal(*value)],
            Expr::Quantity(value) => smallvec![Value::Quantity(value.clone())],
            Expr::Index => scope.index.map(Value::Integer).into_iter().collect(),
            Expr::Total => return self.with_texts(self.bounded(scope.total.cloned().unwrap_or_default())?),
            Expr::Variable(name) => smallvec![self.variable(name)?],
            Expr::Member { focus, name, at_head } => return self.member(focus, name, *at_head, scope),
            Expr::Item { focus, index } => {
                let mut items = self.eval(focus, scope)?;
                let index = whole_number(&self.eval(index, scope)?)?;
                match index.and_then(|index| usize::try_from(index).ok()).filter(|index| *index < items.len()) {
                    Some(index) => smallvec![items.swap_remove(index)],
                    None => Collection::new(),
                }
            }
            Expr::Call { focus, function, arguments } => return self.call(focus, *function, arguments, scope),
            Expr::Typed { focus, test, name } => {
                let items = self.eval(focus, scope)?;
                return self.typed(items, *test, name);
            }
            Expr::Negate(inside) => return self.signed(inside, true, scope),
            Expr::Positive(inside) => return self.signed(inside, false, scope),
            Expr::Binary { operator, left, right } => return self.binary(*operator, left, right, scope),
        })
    }

    /// Counts work; too much of it ends the evaluation.
    pub(super) fn spend(&self, steps: usize) -> Result<(), Fault> {
        let spent = u32::try_from(steps).ok().and_then(|steps| self.steps.get().checked_add(steps));
        match spent.filter(|spent| *spent <= MOST_STEPS) {
            Some(spent) => {
                self.steps.set(spent);
                Ok(())
            }
            None => Err(Fault::new("the expression asks for more work than is done for one")),
        }
    }

    /// Refuses a collection that has grown too large.
    pub(super) fn bounded(&self, items: Collection<'d>) -> Outcome<'d> {
        if items.len() > MOST_ITEMS {
            return Err(Fault::new("a collection has more items than are kept"));
        }
        self.spend(items.len())?;
        Ok(items)
    }

    /// Counts the texts that were just made or copied, and refuses one that has grown too long.
    pub(super) fn with_texts(&self, items: Collection<'d>) -> Outcome<'d> {
        for item in &items {
            if let Value::Text(Cow::Owned(text)) = item {
                if text.len() > LONGEST_TEXT {
                    return Err(Fault::new("a text is longer than is kept"));
                }
                self.spend(text.len() / TEXT_OF_ONE_STEP)?;
            }
        }
        Ok(items)
    }

    fn variable(&self, name: &str) -> Result<Value<'d>, Fault> {
        let text = |text: String| Ok(Value::Text(text.into()));
        match name {
            "context" => Ok(self.context.focus.clone()),
            "resource" | "rootResource" => Ok(Value::Element(self.context.resource)),
            "ucum" => text("http://unitsofmeasure.org".to_owned()),
            "sct" => text("http://snomed.info/sct".to_owned()),
            "loinc" => text("http://loinc.org".to_owned()),
            _ => match (name.strip_prefix("vs-"), name.strip_prefix("ext-")) {
                (Some(set), _) => text(format!("http://hl7.org/fhir/ValueSet/{set}")),
                (_, Some(extension)) => text(format!("http://hl7.org/fhir/StructureDefinition/{extension}")),
                _ => Err(Fault::new(format!("there is no variable %{name}"))),
            },
        }
    }

    fn member(&self, focus: &Expr, name: &str, at_head: bool, scope: Scope<'_, 'd>) -> Outcome<'d> {
        if at_head {
            return self.head(name, scope);
        }
        let items = self.eval(focus, scope)?;
        self.children(&items, name)
    }

    /// A name at the beginning of a path: the type of `$this`, or one of its children.
    fn head(&self, name: &str, scope: Scope<'_, 'd>) -> Outcome<'d> {
        if let [Value::Element(element)] = scope.this
            && name.starts_with(|first: char| first.is_ascii_uppercase())
            && element.structure.is_some_and(|structure| structure.is_a(name))
        {
            return Ok(Collection::from(scope.this));
        }
        self.children(scope.this, name)
    }

    /// The children of this name of every item.
    pub(super) fn children(&self, items: &[Value<'d>], name: &str) -> Outcome<'d> {
        let mut found = Collection::new();
        for item in items {
            let is_known = match item {
                Value::Element(element) => element.children(name, &mut found),
                Value::Type { namespace, name: type_name } => {
                    match name {
                        "namespace" => found.push(Value::Text((*namespace).into())),
                        "name" => found.push(Value::Text(type_name.clone())),
                        _ => {}
                    }
                    true
                }
                _ => false,
            };
            if !is_known && self.context.is_strict {
                return Err(Fault::new(format!("{} has no element {name:?}", item.type_name())));
            }
        }
        self.bounded(found)
    }

    fn typed(&self, items: Collection<'d>, test: TypeTest, name: &TypeName) -> Outcome<'d> {
        match test {
            TypeTest::OfType => {
                let mut kept = Collection::new();
                for item in items {
                    if is_of_type(&item, name, true)? {
                        kept.push(item);
                    }
                }
                check_type_exists(name)?;
                Ok(kept)
            }
            _ if items.len() > 1 => Err(Fault::new("the type of several items cannot be asked at once")),
            TypeTest::Is => match items.first() {
                Some(item) => Ok(smallvec![Value::Boolean(is_of_type(item, name, false)?)]),
                None => Ok(items),
            },
            TypeTest::As => {
                check_type_exists(name)?;
                match items.first() {
                    Some(item) if is_of_type(item, name, true)? => Ok(items),
                    _ => Ok(Collection::new()),
                }
            }
        }
    }

    fn signed(&self, inside: &Expr, is_negative: bool, scope: Scope<'_, 'd>) -> Outcome<'d> {
        let items = self.eval(inside, scope)?;
        let Some(item) = self.at_most_one(items)? else { return Ok(Collection::new()) };
        let signed = match item.simplified() {
            value if !is_negative && (operators::number(&value).is_some()) => value,
            Value::Integer(value) => Value::Integer(value.checked_neg().unwrap_or(i64::MAX)),
            Value::Decimal(value) => Value::Decimal(-value),
            Value::Quantity(mut quantity) => {
                if is_negative {
                    quantity.value = -quantity.value;
                }
                Value::Quantity(quantity)
            }
            other => return Err(Fault::new(format!("{} has no sign", other.type_name()))),
        };
        Ok(smallvec![signed])
    }

    fn binary(&self, operator: Operator, left: &Expr, right: &Expr, scope: Scope<'_, 'd>) -> Outcome<'d> {
        use Operator::*;
        let left = self.eval(left, scope)?;
        if matches!(operator, And | Or | Xor | Implies) {
            let left = self.truth(&left)?;
            let right = self.truth(&self.eval(right, scope)?)?;
            return Ok(answer(operators::logic(operator, left, right)));
        }
        let right = self.eval(right, scope)?;
        self.spend(left.len().max(right.len()))?;
        Ok(match operator {
            Union => return collections::union(self, left, right),
            Equal => answer(operators::equal(&left, &right)),
            NotEqual => answer(operators::equal(&left, &right).map(|equal| !equal)),
            Equivalent => answer(Some(self.equivalent(&left, &right)?)),
            NotEquivalent => answer(Some(!self.equivalent(&left, &right)?)),
            Less => answer(operators::compare(&left, &right)?.map(Ordering::is_lt)),
            LessOrEqual => answer(operators::compare(&left, &right)?.map(Ordering::is_le)),
            Greater => answer(operators::compare(&left, &right)?.map(Ordering::is_gt)),
            GreaterOrEqual => answer(operators::compare(&left, &right)?.map(Ordering::is_ge)),
            In => self.is_in(left, &right)?,
            Contains => self.is_in(right, &left)?,
            _ => return self.with_texts(operators::arithmetic(operator, &left, &right)?),
        })
    }

    fn equivalent(&self, left: &Collection<'d>, right: &Collection<'d>) -> Result<bool, Fault> {
        self.spend(left.len().saturating_mul(right.len()))?;
        Ok(operators::equivalent(left, right))
    }

    fn is_in(&self, item: Collection<'d>, items: &Collection<'d>) -> Outcome<'d> {
        let Some(item) = self.at_most_one(item)? else { return Ok(Collection::new()) };
        self.spend(items.len())?;
        Ok(answer(Some(items.iter().any(|other| operators::values_equal(&item, other) == Some(true)))))
    }

    /// A collection where a Boolean is wanted: nothing is "not known", a single item of another type is true.
    pub(super) fn truth(&self, items: &Collection<'d>) -> Result<Option<bool>, Fault> {
        match items.as_slice() {
            [] => Ok(None),
            [item] => Ok(Some(match item.clone().simplified() {
                Value::Boolean(value) => value,
                _ => true,
            })),
            _ => Err(Fault::new("a Boolean was expected, not several items")),
        }
    }

    /// The only item, if there is any.
    pub(super) fn at_most_one(&self, mut items: Collection<'d>) -> Result<Option<Value<'d>>, Fault> {
        match items.len() {
            0 | 1 => Ok(items.pop()),
            _ => Err(Fault::new("one item was expected, not several")),
        }
    }

    /// The single value of an argument as text; `None` if it is empty.
    pub(super) fn text_argument(&self, argument: &Expr, scope: Scope<'_, 'd>) -> Result<Option<String>, Fault> {
        let items = self.eval(argument, scope)?;
        match self.at_most_one(items)?.map(Value::simplified) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.into_owned())),
            Some(other) => Err(Fault::new(format!("text was expected, not {}", other.type_name()))),
        }
    }

    /// The single value of an argument as a whole number; `None` if it is empty.
    pub(super) fn integer_argument(&self, argument: &Expr, scope: Scope<'_, 'd>) -> Result<Option<i64>, Fault> {
        whole_number(&self.eval(argument, scope)?)
    }

    fn call(&self, focus: &Expr, function: Function, arguments: &[Expr], scope: Scope<'_, 'd>) -> Outcome<'d> {
        use Function::*;
        let items = self.eval(focus, scope)?;
        match function {
            Empty | Exists | All | AllTrue | AnyTrue | AllFalse | AnyFalse | SubsetOf | SupersetOf | Count
            | Distinct | IsDistinct | Not | Where | Select | Repeat | Aggregate | Sort | Single | First | Last
            | Tail | Skip | Take | Intersect | Exclude | Union | Combine | Iif => {
                collections::call(self, function, items, arguments, scope)
            }
            ToBoolean | ConvertsToBoolean | ToInteger | ConvertsToInteger | ToDecimal | ConvertsToDecimal | ToText
            | ConvertsToText | ToDate | ConvertsToDate | ToDateTime | ConvertsToDateTime | ToTime | ConvertsToTime
            | ToQuantity | ConvertsToQuantity => conversion::call(self, function, items),
            IndexOf | LastIndexOf | Substring | StartsWith | EndsWith | ContainsText | Upper | Lower | Replace
            | Matches | MatchesFull | ReplaceMatches | Length | ToChars | Trim | Split | Join | Encode | Decode
            | Escape | Unescape => self.with_texts(texts::call(self, function, items, arguments, scope)?),
            Abs | Ceiling | Exp | Floor | Ln | Log | Power | Round | Sqrt | Truncate | LowBoundary | HighBoundary
            | Precision | Comparable => math::call(self, function, items, arguments, scope),
            HasValue | GetValue | Children | Descendants | Type | Trace | Now | Today | TimeOfDay | Extension
            | HasExtension | Resolve | ConformsTo => tree::call(self, function, items, arguments, scope),
        }
    }
}

/// A three-valued answer as a collection.
pub(super) fn answer<'d>(value: Option<bool>) -> Collection<'d> {
    value.map(Value::Boolean).into_iter().collect()
}

fn whole_number(items: &Collection<'_>) -> Result<Option<i64>, Fault> {
    match items.as_slice() {
        [] => Ok(None),
        [item] => match item.clone().simplified() {
            Value::Integer(value) => Ok(Some(value)),
            other => Err(Fault::new(format!("a whole number was expected, not {}", other.type_name()))),
        },
        _ => Err(Fault::new("one whole number was expected, not several")),
    }
}

const SYSTEM_TYPES: [&str; 9] =
    ["Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity", "Any"];

fn check_type_exists(name: &TypeName) -> Result<(), Fault> {
    let is_system = SYSTEM_TYPES.contains(&&*name.name);
    let is_fhir = definitions().structure(&name.name).is_some();
    let exists = match name.namespace.as_deref() {
        Some("System") => is_system,
        Some("FHIR") => is_fhir,
        Some(_) => false,
        None => is_system || is_fhir,
    };
    if exists { Ok(()) } else { Err(Fault::new(format!("there is no type {:?}", name.name))) }
}

/// Whether an item has this type. `exactly` leaves out the primitive types below it (a `code` is a `string`, but is
/// not selected as one), as the official tests of `as` and `ofType` have it.
pub(super) fn is_of_type(item: &Value<'_>, name: &TypeName, exactly: bool) -> Result<bool, Fault> {
    let namespace = name.namespace.as_deref();
    match item {
        Value::Element(Element { structure: Some(structure), .. }) | Value::Elsewhere(structure) => {
            if namespace == Some("System") {
                return Ok(false);
            }
            let is_exact = exactly && structure.primitive.is_some();
            Ok(if is_exact { structure.name == &*name.name } else { structure.is_a(&name.name) })
        }
        Value::Element(_) => Ok(false),
        other => Ok(namespace != Some("FHIR") && other.type_name() == &*name.name),
    }
}
