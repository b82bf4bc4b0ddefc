//! FHIRPath: an expression compiled once, evaluated over borrowed documents with exact decimals.
//!
//! [`Expression::compile`] refuses what is not FHIRPath; [`Expression::evaluate`] gives the items in order and copies
//! nothing of the document. Everything is bounded: the text, the depth of the tree, the steps of one evaluation and
//! the items of a collection. Follows FHIRPath 2.0.0 (<http://hl7.org/fhirpath/N1>), some functions of 3.0.0-ballot,
//! and FHIR R4's additions (<https://hl7.org/fhir/R4/fhirpath.html>). Knows no store and no terminology:
//! `resolve()` says of a resource elsewhere only its type, as far as the reference tells.

mod ast;
mod collections;
mod conversion;
mod evaluate;
mod functions;
mod lexer;
mod math;
mod operators;
mod parser;
pub(crate) mod quantity;
pub(crate) mod reference;
pub(crate) mod steps;
pub(crate) mod temporal;
mod texts;
mod tree;
pub(crate) mod units;
pub(crate) mod value;

use crate::document::Document;
use std::fmt;
use terms::Moment;
use value::{Collection, Element, Value};

/// A compiled expression. Cheap to share between threads.
#[derive(Debug, Clone)]
pub struct Expression {
    text: Box<str>,
    tree: ast::Expr,
}

/// Where and why a text is not a FHIRPath expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Byte offset in the text.
    pub offset: usize,
    /// What is wrong, as a sentence without its full stop.
    pub message: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.message, self.offset)
    }
}

impl std::error::Error for SyntaxError {}

/// Why an expression has no result for an input: it asks for something that the language forbids, or for too much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong, as a sentence without its full stop; never holds values of the input.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Fault {
        Fault { message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// What an expression is evaluated on.
#[derive(Debug, Clone)]
pub struct Context<'d> {
    /// `$this` at the outset, and `%context`.
    pub focus: Value<'d>,
    /// `%resource`: the resource that holds the focus.
    pub resource: Element<'d>,
    /// What `now()` and `today()` answer.
    pub now: Moment,
    /// Whether a name that the type does not have is a fault; otherwise it selects nothing.
    pub is_strict: bool,
}

impl<'d> Context<'d> {
    /// A whole resource as both focus and `%resource`; not strict.
    pub fn resource(document: &'d Document<'_>, now: Moment) -> Context<'d> {
        let resource = Element::resource(document.root());
        Context { focus: Value::Element(resource), resource, now, is_strict: false }
    }
}

impl Expression {
    /// Compiles a text of at most 32 KiB.
    ///
    /// # Errors
    /// The first place where the text is not FHIRPath, names a function that does not exist, or nests too deeply.
    pub fn compile(text: &str) -> Result<Expression, SyntaxError> {
        Ok(Expression { text: text.into(), tree: parser::parse(text)? })
    }

    /// Compiles the expression of a search parameter: `as` keeps every item of a type, however many there are.
    ///
    /// # Errors
    /// As [`Expression::compile`].
    pub fn compile_for_search(text: &str) -> Result<Expression, SyntaxError> {
        let mut expression = Expression::compile(text)?;
        steps::loosen(&mut expression.tree);
        Ok(expression)
    }

    /// The text it was compiled from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The items it selects or calculates, in order.
    ///
    /// # Errors
    /// Combinations that the language forbids (several items where one is needed, text where a number is), names
    /// that do not exist when the context is strict, and work beyond the bounds.
    pub fn evaluate<'d>(&self, context: &Context<'d>) -> Result<Collection<'d>, Fault> {
        evaluate::evaluate(&self.tree, context)
    }

    /// The same as plain paths, if it is a union of nothing else; see [`steps`].
    pub(crate) fn paths(&self) -> Option<Vec<steps::Path>> {
        steps::paths(&self.tree)
    }
}

#[cfg(test)]
mod tests;
