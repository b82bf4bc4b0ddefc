//! The part of FHIRPath that search parameters mostly use, as plain paths: unions of `Type.child.child` with a type
//! or a simple criterion here and there.
//!
//! A path can be followed for many parameters in one walk over a document, without collections. An expression that is
//! anything more has no paths and is evaluated in full; a test holds that both ways select the same.

use super::ast::{Expr, Operator, TypeTest};
use super::functions::Function;

/// One member of a union.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    /// The type it begins with, such as `Patient` or `Resource`; empty when it begins at the focus.
    pub(crate) root: Box<str>,
    /// Where it leads.
    pub(crate) steps: Vec<Step>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// To all children of this name.
    Child(Box<str>),
    /// Keeps what is of this type.
    OfType(Box<str>),
    /// Keeps what fulfils a criterion.
    Keep(Filter),
    /// Keeps the item at this place.
    Item(usize),
}

/// A criterion that can be checked on the spot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Filter {
    /// The child of this name has this text.
    ChildIs(Box<str>, Box<str>),
    /// It is a reference to a resource of this type.
    RefersTo(Box<str>),
}

/// The members of a union in order, if each is a plain path.
pub(super) fn paths(tree: &Expr) -> Option<Vec<Path>> {
    match tree {
        Expr::Binary { operator: Operator::Union, left, right } => {
            let mut found = paths(left)?;
            found.extend(paths(right)?);
            Some(found)
        }
        other => Some(vec![path(other)?]),
    }
}

fn path(tree: &Expr) -> Option<Path> {
    match tree {
        Expr::This => Some(Path { root: "".into(), steps: Vec::new() }),
        Expr::Member { name, at_head: true, .. } if name.starts_with(|first: char| first.is_ascii_uppercase()) => {
            Some(Path { root: name.clone(), steps: Vec::new() })
        }
        Expr::Member { focus, name, .. } => extended(focus, Step::Child(name.clone())),
        Expr::Typed { focus, test: TypeTest::As | TypeTest::OfType, name } => {
            // HL7's own expressions write the name of FHIRPath's type for FHIR's in one place.
            let name = if &*name.name == "DateTime" { "dateTime".into() } else { name.name.clone() };
            extended(focus, Step::OfType(name))
        }
        Expr::Item { focus, index } => match **index {
            Expr::Integer(index) => extended(focus, Step::Item(usize::try_from(index).ok()?)),
            _ => None,
        },
        Expr::Call { focus, function, arguments } => match (function, arguments.as_slice()) {
            (Function::Where, [criterion]) => extended(focus, Step::Keep(filter(criterion)?)),
            (Function::Extension, [Expr::Text(url)]) => {
                let mut found = extended(focus, Step::Child("extension".into()))?;
                found.steps.push(Step::Keep(Filter::ChildIs("url".into(), url.clone())));
                Some(found)
            }
            _ => None,
        },
        _ => None,
    }
}

fn extended(focus: &Expr, step: Step) -> Option<Path> {
    let mut found = path(focus)?;
    found.steps.push(step);
    Some(found)
}

/// `child='text'` or `resolve() is Type`.
fn filter(criterion: &Expr) -> Option<Filter> {
    match criterion {
        Expr::Binary { operator: Operator::Equal, left, right } => match (&**left, &**right) {
            (Expr::Member { name, at_head: true, .. }, Expr::Text(text)) => {
                Some(Filter::ChildIs(name.clone(), text.clone()))
            }
            _ => None,
        },
        Expr::Typed { focus, test: TypeTest::Is, name } => match &**focus {
            Expr::Call { focus, function: Function::Resolve, .. } if **focus == Expr::This => {
                Some(Filter::RefersTo(name.name.clone()))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Lets `as` take several items, as search parameters of R4 assume when they write `(Medication.ingredient.item as
/// Reference)`.
pub(super) fn loosen(tree: &mut Expr) {
    match tree {
        Expr::Typed { focus, test, name } => {
            if *test == TypeTest::As {
                *test = TypeTest::OfType;
            }
            if &*name.name == "DateTime" {
                name.name = "dateTime".into();
            }
            loosen(focus);
        }
        Expr::Member { focus, .. } => loosen(focus),
        Expr::Item { focus, index } => {
            loosen(focus);
            loosen(index);
        }
        Expr::Call { focus, arguments, .. } => {
            loosen(focus);
            arguments.iter_mut().for_each(loosen);
        }
        Expr::Negate(inside) | Expr::Positive(inside) => loosen(inside),
        Expr::Binary { left, right, .. } => {
            loosen(left);
            loosen(right);
        }
        _ => {}
    }
}
