//! FHIRPath text into tokens (FHIRPath 2.0.0, "Lexical Elements").
//!
//! Bounded by the parser's limit on the text. Date and time literals are checked here, keywords are left as names:
//! the parser knows where `is`, `in` or `contains` is an operator and where it is an element.

use super::SyntaxError;
use super::temporal::Temporal;
use rust_decimal::Decimal;

/// One token and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) offset: usize,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    /// A plain name or keyword.
    Name(String),
    /// A name in backticks: never a keyword.
    Quoted(String),
    Text(String),
    Integer(i64),
    Decimal(Decimal),
    Temporal(Temporal),
    /// `$this`, `$index`, `$total`, without the dollar sign.
    Special(String),
    /// `%name`, `%'name'` or a name in backticks, without the percent sign.
    Variable(String),
    /// An operator or a bracket.
    Symbol(&'static str),
    End,
}

/// Longest first, so that `<=` is not read as `<`.
const SYMBOLS: &[&str] =
    &["!=", "!~", "<=", ">=", "=", "~", "<", ">", "+", "-", "*", "/", "&", "|", "(", ")", "[", "]", "{", "}", ".", ","];

/// All tokens of a text, closed by one [`TokenKind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut found = Vec::new();
    loop {
        lexer.skip_space()?;
        let offset = lexer.at;
        let kind = lexer.token()?;
        let end = kind == TokenKind::End;
        found.push(Token { kind, offset });
        if end {
            return Ok(found);
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn fault(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError { offset: self.at, message: message.into() }
    }

    /// Steps over white space and both kinds of comment.
    fn skip_space(&mut self) -> Result<(), SyntaxError> {
        loop {
            let rest = self.rest();
            let spaces = rest.len() - rest.trim_start().len();
            if spaces > 0 {
                self.at += spaces;
            } else if rest.starts_with("//") {
                self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let Some(length) = comment.find("*/") else {
                    return Err(self.fault("this comment is not closed"));
                };
                self.at += length + 4;
            } else {
                return Ok(());
            }
        }
    }

    fn token(&mut self) -> Result<TokenKind, SyntaxError> {
        let Some(first) = self.peek() else { return Ok(TokenKind::End) };
        match first {
            '0'..='9' => self.number(),
            '@' => self.temporal(),
            '\'' => self.quoted('\'').map(TokenKind::Text),
            '`' => self.quoted('`').map(TokenKind::Quoted),
            '$' => {
                self.at += 1;
                self.plain_name().map(TokenKind::Special)
            }
            '%' => {
                self.at += 1;
                self.variable()
            }
            first if is_name_start(first) => self.plain_name().map(TokenKind::Name),
            _ => self.symbol(),
        }
    }

    fn symbol(&mut self) -> Result<TokenKind, SyntaxError> {
        let found = SYMBOLS.iter().find(|symbol| self.rest().starts_with(**symbol));
        let Some(symbol) = found else { return Err(self.fault("this character means nothing in FHIRPath")) };
        self.at += symbol.len();
        Ok(TokenKind::Symbol(symbol))
    }

    fn plain_name(&mut self) -> Result<String, SyntaxError> {
        let rest = self.rest();
        if !rest.starts_with(is_name_start) {
            return Err(self.fault("a name was expected here"));
        }
        let length = rest.find(|c| !is_name_part(c)).unwrap_or(rest.len());
        let name = rest[..length].to_owned();
        self.at += length;
        Ok(name)
    }

    fn variable(&mut self) -> Result<TokenKind, SyntaxError> {
        let name = match self.peek() {
            Some(quote @ ('`' | '\'')) => self.quoted(quote)?,
            _ => self.plain_name()?,
        };
        Ok(TokenKind::Variable(name))
    }

    /// The inside of a text or name between two `quote`s, escapes resolved.
    fn quoted(&mut self, quote: char) -> Result<String, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let mut inside = String::new();
        while let Some(next) = self.peek() {
            self.at += next.len_utf8();
            match next {
                '\\' => inside.push(self.escape()?),
                next if next == quote => return Ok(inside),
                next => inside.push(next),
            }
        }
        self.at = start;
        Err(self.fault("this quotation is not closed"))
    }

    /// The character meant by what follows a backslash.
    fn escape(&mut self) -> Result<char, SyntaxError> {
        let Some(letter) = self.peek() else { return Err(self.fault("the text ends within an escape")) };
        self.at += letter.len_utf8();
        match letter {
            'f' => Ok('\u{c}'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            '\\' | '/' | '\'' | '"' | '`' => Ok(letter),
            'u' => self.unicode_escape(),
            _ => Err(self.fault("this escape is not known")),
        }
    }

    /// The four hexadecimal digits after `\u`; two of them in a row may make one character.
    fn unicode_escape(&mut self) -> Result<char, SyntaxError> {
        let high = self.four_digits()?;
        if !(0xD800..0xDC00).contains(&high) {
            return char::from_u32(high).ok_or_else(|| self.fault("this is half a character"));
        }
        if !self.rest().starts_with("\\u") {
            return Err(self.fault("this is half a character"));
        }
        self.at += 2;
        let low = self.four_digits()?;
        if !(0xDC00..0xE000).contains(&low) {
            return Err(self.fault("this is half a character"));
        }
        char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
            .ok_or_else(|| self.fault("this is half a character"))
    }

    fn four_digits(&mut self) -> Result<u32, SyntaxError> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let Some(value) = value else { return Err(self.fault("four hexadecimal digits were expected here")) };
        self.at += 4;
        Ok(value)
    }

    fn number(&mut self) -> Result<TokenKind, SyntaxError> {
        let rest = self.rest();
        let whole = count_digits(rest);
        let fraction = match rest[whole..].strip_prefix('.') {
            Some(after) => count_digits(after),
            None => 0,
        };
        if fraction == 0 {
            let value = rest[..whole].parse().map_err(|_| self.fault("this whole number is too large"))?;
            self.at += whole;
            return Ok(TokenKind::Integer(value));
        }
        let length = whole + 1 + fraction;
        let value = Decimal::from_str_exact(&rest[..length]);
        let value = value.map_err(|_| self.fault("this decimal has more digits than are kept"))?;
        self.at += length;
        Ok(TokenKind::Decimal(value))
    }

    /// `@2015-02-04T14:34:28Z`, `@2015T`, `@T14:34`.
    fn temporal(&mut self) -> Result<TokenKind, SyntaxError> {
        let inside = &self.rest()[1..];
        let mut length = 0;
        let mut before = ' ';
        for next in inside.chars() {
            let wanted = match next {
                '0'..='9' | '-' | ':' | 'T' | 'Z' | '+' => true,
                // A full stop belongs to the time only between digits: `@2015.is(Date)`.
                '.' => {
                    let is_fraction = inside[length + 1..].starts_with(|c: char| c.is_ascii_digit());
                    before.is_ascii_digit() && is_fraction
                }
                _ => false,
            };
            if !wanted || before == 'Z' {
                break;
            }
            before = next;
            length += next.len_utf8();
        }
        let value = Temporal::literal(&inside[..length]);
        let Some(value) = value else { return Err(self.fault("this is not a date or time")) };
        self.at += 1 + length;
        Ok(TokenKind::Temporal(value))
    }
}

fn count_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn is_name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
