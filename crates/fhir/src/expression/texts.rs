//! Functions on text: searching, cutting, replacing, regular expressions, encodings (FHIRPath 2.0.0, 5.6).
//!
//! Positions and lengths count characters, not bytes. Regular expressions run in linear time and are bounded in size.

use super::Fault;
use super::ast::Expr;
use super::evaluate::{Evaluation, LONGEST_TEXT, Outcome, Scope, answer};
use super::functions::Function;
use super::value::{Collection, Value};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use regex::RegexBuilder;
use smallvec::smallvec;

/// The most memory a compiled regular expression may take, in bytes.
const LARGEST_PATTERN: usize = 1 << 20;
/// What compiling a regular expression counts as, in steps: the largest take about 10 ms.
const PATTERN_STEPS: usize = 1_000;

pub(super) fn call<'d>(
    evaluation: &Evaluation<'_, 'd>,
    function: Function,
    items: Collection<'d>,
    arguments: &[Expr],
    scope: Scope<'_, 'd>,
) -> Outcome<'d> {
    use Function::*;
    if function == Join {
        return join(evaluation, items, arguments, scope);
    }
    let subject = match evaluation.at_most_one(items)?.map(Value::simplified) {
        None => return Ok(Collection::new()),
        Some(Value::Text(text)) => text,
        // Everything else that can be written as text may be cut and searched as such.
        Some(other @ (Value::Integer(_) | Value::Decimal(_) | Value::Boolean(_))) if function == Length => {
            return Err(Fault::new(format!("text was expected, not {}", other.type_name())));
        }
        Some(other) => match other.to_text() {
            Some(text) => text.into(),
            None => return Err(Fault::new(format!("text was expected, not {}", other.type_name()))),
        },
    };
    evaluation.spend(subject.len() / 16)?;
    match function {
        Upper => return text(subject.to_uppercase()),
        Lower => return text(subject.to_lowercase()),
        Trim => return text(subject.trim().to_owned()),
        Length => return Ok(smallvec![Value::Integer(subject.chars().count() as i64)]),
        ToChars => {
            let characters = subject.chars().map(|c| Value::Text(c.to_string().into())).collect();
            return evaluation.bounded(characters);
        }
        Substring => return substring(evaluation, &subject, arguments, scope),
        _ => {}
    }
    let mut texts = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let Some(argument) = evaluation.text_argument(argument, scope)? else { return Ok(Collection::new()) };
        texts.push(argument);
    }
    match texts.as_slice() {
        [argument] => with_one(evaluation, function, &subject, argument),
        [pattern, replacement] => replace(evaluation, function, &subject, pattern, replacement),
        _ => Err(Fault::new("an argument is missing")),
    }
}

fn text<'d>(text: String) -> Outcome<'d> {
    if text.len() > LONGEST_TEXT {
        return Err(Fault::new("a text is longer than is kept"));
    }
    Ok(smallvec![Value::Text(text.into())])
}

fn join<'d>(
    evaluation: &Evaluation<'_, 'd>,
    items: Collection<'d>,
    arguments: &[Expr],
    scope: Scope<'_, 'd>,
) -> Outcome<'d> {
    let separator = match arguments.first() {
        Some(argument) => evaluation.text_argument(argument, scope)?.unwrap_or_default(),
        None => String::new(),
    };
    let mut joined = String::new();
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            joined.push_str(&separator);
        }
        match item.simplified() {
            Value::Text(text) => joined.push_str(&text),
            other => return Err(Fault::new(format!("text was expected, not {}", other.type_name()))),
        }
        if joined.len() > LONGEST_TEXT {
            return Err(Fault::new("a text is longer than is kept"));
        }
    }
    text(joined)
}

fn substring<'d>(
    evaluation: &Evaluation<'_, 'd>,
    subject: &str,
    arguments: &[Expr],
    scope: Scope<'_, 'd>,
) -> Outcome<'d> {
    let [start, length @ ..] = arguments else { return Err(Fault::new("an argument is missing")) };
    let Some(start) = evaluation.integer_argument(start, scope)? else { return Ok(Collection::new()) };
    let length = match length.first() {
        Some(length) => evaluation.integer_argument(length, scope)?,
        None => None,
    };
    let Ok(start) = usize::try_from(start) else { return Ok(Collection::new()) };
    let length = length.map_or(usize::MAX, |length| usize::try_from(length).unwrap_or(0));
    if start >= subject.chars().count() {
        return Ok(Collection::new());
    }
    text(subject.chars().skip(start).take(length).collect())
}

fn with_one<'d>(evaluation: &Evaluation<'_, 'd>, function: Function, subject: &str, argument: &str) -> Outcome<'d> {
    use Function::*;
    let position = |found: Option<usize>| {
        let characters = found.map_or(-1, |at| subject[..at].chars().count() as i64);
        Ok(smallvec![Value::Integer(characters)])
    };
    match function {
        IndexOf => position(subject.find(argument)),
        LastIndexOf => position(subject.rfind(argument)),
        StartsWith => Ok(answer(Some(subject.starts_with(argument)))),
        EndsWith => Ok(answer(Some(subject.ends_with(argument)))),
        ContainsText => Ok(answer(Some(subject.contains(argument)))),
        Matches => Ok(answer(Some(pattern(evaluation, argument, subject)?.is_match(subject)))),
        MatchesFull => {
            let whole = pattern(evaluation, &format!("^(?:{argument})$"), subject)?;
            Ok(answer(Some(whole.is_match(subject))))
        }
        Split => {
            let parts = subject.split(argument).map(|part| Value::Text(part.to_owned().into())).collect();
            evaluation.bounded(parts)
        }
        Encode => encoded(subject, argument),
        Decode => decoded(subject, argument),
        Escape => escaped(subject, argument),
        _ => unescaped(subject, argument),
    }
}

/// Compiles a regular expression and counts the work of it and of matching the subject once.
fn pattern(evaluation: &Evaluation<'_, '_>, source: &str, subject: &str) -> Result<regex::Regex, Fault> {
    evaluation.spend(PATTERN_STEPS + subject.len())?;
    let built = RegexBuilder::new(source).dot_matches_new_line(true).size_limit(LARGEST_PATTERN).build();
    built.map_err(|_| Fault::new("the regular expression cannot be read"))
}

fn replace<'d>(
    evaluation: &Evaluation<'_, 'd>,
    function: Function,
    subject: &str,
    sought: &str,
    replacement: &str,
) -> Outcome<'d> {
    let places = subject.len() / sought.len().max(1) + 1;
    if places.saturating_mul(replacement.len()).saturating_add(subject.len()) > 16 * LONGEST_TEXT {
        return Err(Fault::new("a text is longer than is kept"));
    }
    if function == Function::Replace {
        return text(subject.replace(sought, replacement));
    }
    if sought.is_empty() {
        return text(subject.to_owned());
    }
    text(pattern(evaluation, sought, subject)?.replace_all(subject, replacement).into_owned())
}

fn encoded<'d>(subject: &str, form: &str) -> Outcome<'d> {
    match form {
        "base64" => text(STANDARD.encode(subject)),
        "urlbase64" => text(URL_SAFE.encode(subject)),
        "hex" => text(subject.bytes().map(|byte| format!("{byte:02x}")).collect()),
        _ => Ok(Collection::new()),
    }
}

fn decoded<'d>(subject: &str, form: &str) -> Outcome<'d> {
    let bytes = match form {
        "base64" => STANDARD.decode(subject).ok(),
        "urlbase64" => URL_SAFE.decode(subject).ok(),
        "hex" => from_hex(subject),
        _ => return Ok(Collection::new()),
    };
    match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(decoded) => text(decoded),
        None => Err(Fault::new(format!("the text is not {form}"))),
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

/// What HTML writes with an entity.
const ENTITIES: [(&str, &str); 5] = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&#39;")];
/// What JSON writes with a backslash.
const JSON_ESCAPES: [(&str, &str); 7] =
    [("\\", "\\\\"), ("\"", "\\\""), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("\u{8}", "\\b"), ("\u{c}", "\\f")];

fn escaped<'d>(subject: &str, form: &str) -> Outcome<'d> {
    let pairs: &[(&str, &str)] = match form {
        "html" => &ENTITIES,
        "json" => &JSON_ESCAPES,
        _ => return Ok(Collection::new()),
    };
    text(pairs.iter().fold(subject.to_owned(), |text, (plain, escaped)| text.replace(plain, escaped)))
}

fn unescaped<'d>(subject: &str, form: &str) -> Outcome<'d> {
    let pairs: &[(&str, &str)] = match form {
        "html" => &ENTITIES,
        "json" => &JSON_ESCAPES,
        _ => return Ok(Collection::new()),
    };
    let mut plain_text = String::with_capacity(subject.len());
    let mut rest = subject;
    while let Some(next) = rest.chars().next() {
        match pairs.iter().find(|(_, escaped)| rest.starts_with(escaped)) {
            Some((plain, escaped)) => {
                plain_text.push_str(plain);
                rest = &rest[escaped.len()..];
            }
            None => {
                plain_text.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    text(plain_text)
}
