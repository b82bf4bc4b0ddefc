//! Whether a row lies in a span, and a set of rows fulfils a condition: what every store must agree with.
//!
//! Plain comparison of data, without any order or index: slow and easy to believe.

use super::query::Condition;
use terms::index::{End, Next, Part, Range, Row, Span};

/// Whether a row is one of those that a span means.
pub fn lies_in(row: &Row, span: &Span) -> bool {
    row.parameter == span.parameter && begins(&row.parts, &span.head, &span.next)
}

fn begins(parts: &[Part], head: &[Part], next: &Next) -> bool {
    let Some(rest) = parts.strip_prefix(head) else { return false };
    match (next, rest) {
        (Next::Any, _) => true,
        (Next::Within(range), [part, ..]) => is_within(part, range),
        (Next::WithinBoth(one, other), [first, second, ..]) => is_within(first, one) && is_within(second, other),
        (Next::Prefix(start), [Part::Text(text), ..]) => text.starts_with(start),
        (Next::TextEqual(wanted), [Part::Text(text), ..]) => text == wanted,
        (Next::Containing(texts), [Part::Text(text), ..]) => {
            let text = String::from_utf8_lossy(text);
            texts.iter().any(|sought| text.contains(&*String::from_utf8_lossy(sought)))
        }
        (Next::CodeAnySystem(wanted), [Part::Code { code, .. }, ..]) => code == wanted,
        (Next::CodeAnySystemThen(wanted, then), [Part::Code { code, .. }, after @ ..]) => {
            code == wanted && begins(after, &then.head, &then.next)
        }
        (Next::AnyCodeOf(wanted), [Part::Code { system, .. }, ..]) => system == wanted,
        _ => false,
    }
}

fn is_within(part: &Part, range: &Range) -> bool {
    let bytes: &[u8] = match part {
        Part::Fixed(bytes) => bytes,
        Part::Text(bytes) => bytes,
        Part::Code { .. } | Part::Target { .. } | Part::Kind(_) => return false,
    };
    let above = match &range.low {
        End::Open => true,
        End::Including(low) => bytes >= low.as_slice(),
        End::Excluding(low) => bytes > low.as_slice(),
    };
    let below = match &range.high {
        End::Open => true,
        End::Including(high) => bytes <= high.as_slice(),
        End::Excluding(high) => bytes < high.as_slice(),
    };
    above && below
}

impl Condition {
    /// Whether a resource with these rows fulfils the condition; `None` for chains, which depend on other resources.
    pub fn holds(&self, rows: &[Row]) -> Option<bool> {
        let any = |spans: &[Span]| rows.iter().any(|row| spans.iter().any(|span| lies_in(row, span)));
        match self {
            Condition::Any(spans) => Some(any(spans)),
            Condition::None(spans) => Some(!any(spans)),
            Condition::Chain { .. } | Condition::ReverseChain { .. } => None,
        }
    }
}
