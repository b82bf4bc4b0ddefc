//! The tree a FHIRPath text is compiled to: functions resolved, argument counts checked, names owned once.
//!
//! Only data: the parser makes it, the evaluator and the reader of plain paths walk it.

use super::functions::Function;
use super::quantity::Quantity;
use super::temporal::Temporal;
use rust_decimal::Decimal;

/// One node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    /// `$this`, which is also where a path without another beginning starts.
    This,
    /// `{}`
    Nothing,
    Boolean(bool),
    Text(Box<str>),
    Integer(i64),
    Decimal(Decimal),
    Temporal(Temporal),
    Quantity(Box<Quantity>),
    /// `$index`
    Index,
    /// `$total`
    Total,
    /// `%name`
    Variable(Box<str>),
    /// `focus.name`. At the head of a path a name may also be the focus's own type.
    Member {
        focus: Box<Expr>,
        name: Box<str>,
        at_head: bool,
    },
    /// `focus[index]`
    Item {
        focus: Box<Expr>,
        index: Box<Expr>,
    },
    /// `focus.function(arguments)`
    Call {
        focus: Box<Expr>,
        function: Function,
        arguments: Vec<Expr>,
    },
    /// `focus is Type`, `as`, `ofType`
    Typed {
        focus: Box<Expr>,
        test: TypeTest,
        name: TypeName,
    },
    Negate(Box<Expr>),
    /// `+x`: a number, unchanged.
    Positive(Box<Expr>),
    Binary {
        operator: Operator,
        left: Box<Expr>,
        right: Box<Expr>,
    },
}

/// What to do with a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TypeTest {
    Is,
    /// The operator and the function `as`: at most one item, exact type or below.
    As,
    OfType,
}

/// A type as written: `System.Boolean`, `FHIR.Patient`, `Quantity`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TypeName {
    pub(super) namespace: Option<Box<str>>,
    pub(super) name: Box<str>,
}

/// The operators with two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Multiply,
    Divide,
    Div,
    Mod,
    Add,
    Subtract,
    Concatenate,
    Union,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Equivalent,
    NotEquivalent,
    In,
    Contains,
    And,
    Or,
    Xor,
    Implies,
}
