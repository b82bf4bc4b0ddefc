//! FHIRPath tokens into a tree, by precedence climbing (FHIRPath 2.0.0, "Operator Precedence" and the grammar).
//!
//! Bounded: the text has at most [`LONGEST`] bytes and no branch of the tree is deeper than [`DEEPEST`], so that
//! neither parsing nor evaluation can exhaust the stack. Never panics, whatever the text.

use super::SyntaxError;
use super::ast::{Expr, Operator, TypeName, TypeTest};
use super::functions::Function;
use super::lexer::{Token, TokenKind, tokens};
use super::quantity::{Quantity, Unit};
use rust_decimal::Decimal;

/// The most bytes an expression may have.
pub(super) const LONGEST: usize = 32 * 1024;
/// The deepest nesting of brackets, arguments and unary signs.
const DEEPEST: usize = 64;
/// The longest run of operators or path steps one after another, each of which makes the tree one deeper.
const LONGEST_CHAIN: usize = 256;
/// The deepest tree: chains inside brackets multiply, so the tree is measured too.
const DEEPEST_TREE: usize = 400;

/// Parses a whole text.
pub(super) fn parse(text: &str) -> Result<Expr, SyntaxError> {
    if text.len() > LONGEST {
        return Err(SyntaxError { offset: LONGEST, message: "the expression is too long".to_owned() });
    }
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, height: 0 };
    let expr = parser.expression(0)?;
    match parser.peek() {
        TokenKind::End => Ok(expr),
        _ => Err(parser.fault("the expression should end here")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// How deep the tree returned by the last `expression`, `path` or `term` is.
    height: usize,
}

impl Parser {
    fn peek(&self) -> &TokenKind {
        self.tokens.get(self.at).map_or(&TokenKind::End, |token| &token.kind)
    }

    fn offset(&self) -> usize {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(0, |token| token.offset)
    }

    fn fault(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError { offset: self.offset(), message: message.into() }
    }

    fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek(), TokenKind::Symbol(found) if *found == symbol)
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), SyntaxError> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.fault(format!("{symbol:?} was expected here"))) }
    }

    /// Notes that the tree grew one level above its parts.
    fn grow(&mut self, height: usize) -> Result<(), SyntaxError> {
        self.height = height + 1;
        if self.height > DEEPEST_TREE { Err(self.fault("the expression is nested too deeply")) } else { Ok(()) }
    }

    /// An expression whose operators bind at least as tightly as `least`.
    fn expression(&mut self, least: u8) -> Result<Expr, SyntaxError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.fault("the expression is nested too deeply"));
        }
        let mut left = self.unary()?;
        let mut height = self.height;
        let mut chain = 0;
        while let Some((binding, infix)) = self.infix().filter(|(binding, _)| *binding >= least) {
            chain += 1;
            if chain > LONGEST_CHAIN {
                return Err(self.fault("too many operators follow one another"));
            }
            self.at += 1;
            left = match infix {
                Infix::Type(test) => {
                    let name = self.type_name()?;
                    Expr::Typed { focus: Box::new(left), test, name }
                }
                Infix::Operator(operator) => {
                    let right = self.expression(binding + 1)?;
                    height = height.max(self.height);
                    Expr::Binary { operator, left: Box::new(left), right: Box::new(right) }
                }
            };
            self.grow(height)?;
            height = self.height;
        }
        self.depth -= 1;
        self.height = height;
        Ok(left)
    }

    /// The operator at hand and how tightly it binds.
    fn infix(&self) -> Option<(u8, Infix)> {
        use Operator::*;
        let operator = |binding, operator| Some((binding, Infix::Operator(operator)));
        match self.peek() {
            TokenKind::Symbol(symbol) => match *symbol {
                "*" => operator(11, Multiply),
                "/" => operator(11, Divide),
                "+" => operator(10, Add),
                "-" => operator(10, Subtract),
                "&" => operator(10, Concatenate),
                "|" => operator(8, Union),
                "<" => operator(7, Less),
                "<=" => operator(7, LessOrEqual),
                ">" => operator(7, Greater),
                ">=" => operator(7, GreaterOrEqual),
                "=" => operator(6, Equal),
                "!=" => operator(6, NotEqual),
                "~" => operator(6, Equivalent),
                "!~" => operator(6, NotEquivalent),
                _ => None,
            },
            TokenKind::Name(name) => match name.as_str() {
                "div" => operator(11, Div),
                "mod" => operator(11, Mod),
                "is" => Some((9, Infix::Type(TypeTest::Is))),
                "as" => Some((9, Infix::Type(TypeTest::As))),
                "in" => operator(5, In),
                "contains" => operator(5, Contains),
                "and" => operator(4, And),
                "xor" => operator(3, Xor),
                "or" => operator(3, Or),
                "implies" => operator(2, Implies),
                _ => None,
            },
            _ => None,
        }
    }

    /// A sign before a path, or a path. Signs bind less tightly than the full stop: `-1.abs()` is `-(1.abs())`.
    fn unary(&mut self) -> Result<Expr, SyntaxError> {
        let mut signs = Vec::new();
        loop {
            if self.take_symbol("-") {
                signs.push(true);
            } else if self.take_symbol("+") {
                signs.push(false);
            } else {
                break;
            }
            if signs.len() > DEEPEST {
                return Err(self.fault("too many signs follow one another"));
            }
        }
        let mut expr = self.path()?;
        for is_negative in signs.into_iter().rev() {
            expr = if is_negative { Expr::Negate(Box::new(expr)) } else { Expr::Positive(Box::new(expr)) };
            self.grow(self.height)?;
        }
        Ok(expr)
    }

    /// A term followed by steps: `.name`, `.function()`, `[index]`.
    fn path(&mut self) -> Result<Expr, SyntaxError> {
        let mut expr = self.term()?;
        let mut height = self.height;
        let mut steps = 0;
        loop {
            let focus = |expr| Box::new(expr);
            if self.take_symbol(".") {
                expr = self.step(focus(expr), false)?;
            } else if self.take_symbol("[") {
                let index = self.expression(0)?;
                self.expect("]")?;
                expr = Expr::Item { focus: focus(expr), index: Box::new(index) };
            } else {
                self.height = height;
                return Ok(expr);
            }
            steps += 1;
            if steps > LONGEST_CHAIN {
                return Err(self.fault("the path has too many steps"));
            }
            self.grow(height.max(self.height))?;
            height = self.height;
        }
    }

    /// A name, or a function with its arguments, applied to a focus. Leaves the arguments' height in `height`.
    fn step(&mut self, focus: Box<Expr>, at_head: bool) -> Result<Expr, SyntaxError> {
        self.height = 0;
        if let TokenKind::Special(special) = self.peek()
            && !at_head
        {
            return Err(self.fault(format!("${special} cannot follow a full stop")));
        }
        let offset = self.offset();
        let fault = |message| SyntaxError { offset, message };
        let name = self.name()?;
        if !self.take_symbol("(") {
            return Ok(Expr::Member { focus, name: name.into(), at_head });
        }
        if let Some(test) = type_function(&name) {
            let name = self.type_name()?;
            self.expect(")")?;
            return Ok(Expr::Typed { focus, test, name });
        }
        let Some((function, least, most)) = Function::named(&name) else {
            return Err(fault(format!("there is no function {name:?}")));
        };
        let arguments = self.arguments()?;
        if arguments.len() < least || arguments.len() > most {
            return Err(fault(format!("{name}() takes {least} to {most} arguments, not {}", arguments.len())));
        }
        Ok(Expr::Call { focus, function, arguments })
    }

    /// The arguments after an opening bracket, with the closing one.
    fn arguments(&mut self) -> Result<Vec<Expr>, SyntaxError> {
        let mut arguments = Vec::new();
        let mut height = 0;
        if self.take_symbol(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression(0)?);
            height = height.max(self.height);
            if self.take_symbol(")") {
                self.height = height;
                return Ok(arguments);
            }
            self.expect(",")?;
        }
    }

    fn name(&mut self) -> Result<String, SyntaxError> {
        match self.peek() {
            TokenKind::Name(name) | TokenKind::Quoted(name) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.fault("a name was expected here")),
        }
    }

    fn type_name(&mut self) -> Result<TypeName, SyntaxError> {
        let first = self.name()?;
        if self.is_symbol(".") {
            self.at += 1;
            let name = self.name()?.into();
            return Ok(TypeName { namespace: Some(first.into()), name });
        }
        Ok(TypeName { namespace: None, name: first.into() })
    }

    fn term(&mut self) -> Result<Expr, SyntaxError> {
        self.height = 1;
        let kind = self.peek().clone();
        if let TokenKind::Name(name) | TokenKind::Quoted(name) = &kind {
            let is_literal = matches!(kind, TokenKind::Name(_)) && (name == "true" || name == "false");
            if !is_literal {
                let step = self.step(Box::new(Expr::This), true)?;
                self.grow(self.height)?;
                return Ok(step);
            }
        }
        if self.is_symbol("(") {
            self.at += 1;
            let inside = self.expression(0)?;
            self.expect(")")?;
            return Ok(inside);
        }
        let expr = match kind {
            TokenKind::Name(name) => Expr::Boolean(name == "true"),
            TokenKind::Text(text) => Expr::Text(text.into()),
            TokenKind::Integer(value) => return self.number(Expr::Integer(value), Decimal::from(value)),
            TokenKind::Decimal(value) => return self.number(Expr::Decimal(value), value),
            TokenKind::Temporal(value) => Expr::Temporal(value),
            TokenKind::Variable(name) => Expr::Variable(name.into()),
            TokenKind::Special(name) => match name.as_str() {
                "this" => Expr::This,
                "index" => Expr::Index,
                "total" => Expr::Total,
                _ => return Err(self.fault(format!("${name} is not known"))),
            },
            TokenKind::Symbol("{") => {
                self.at += 1;
                if !self.is_symbol("}") {
                    return Err(self.fault("\"}\" was expected here"));
                }
                Expr::Nothing
            }
            _ => return Err(self.fault("a value or a path was expected here")),
        };
        self.at += 1;
        Ok(expr)
    }

    /// A number, or a quantity if a unit follows: `4 'mg'`, `7 days`.
    fn number(&mut self, plain: Expr, value: Decimal) -> Result<Expr, SyntaxError> {
        self.at += 1;
        let unit = match self.peek() {
            TokenKind::Text(code) => Some(Unit::ucum(code)),
            TokenKind::Name(word) => Unit::calendar(word),
            _ => None,
        };
        let Some(unit) = unit else { return Ok(plain) };
        self.at += 1;
        Ok(Expr::Quantity(Box::new(Quantity { value, unit })))
    }
}

/// What follows a left side.
enum Infix {
    Operator(Operator),
    Type(TypeTest),
}

fn type_function(name: &str) -> Option<TypeTest> {
    match name {
        "is" => Some(TypeTest::Is),
        "as" => Some(TypeTest::As),
        "ofType" => Some(TypeTest::OfType),
        _ => None,
    }
}
