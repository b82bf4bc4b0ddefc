//! Ordered keys: how a row of the index becomes bytes, and a span ranges of bytes. Byte by byte in
//! `docs/formats/index.md`.
//!
//! A key is the parameter's number (2 bytes, big-endian), then each part: a code is its system's number (3 bytes)
//! and its symbol (4 bytes), a target the number of its row (5 bytes), a kind its number (2 bytes), fixed bytes as
//! they are, text escaped and ended by a zero byte. So byte order is value order, and every span is a few ranges.

use std::borrow::Cow;

use smallvec::SmallVec;
use terms::index::{End, Next, Part, Range, Row, Span};

use crate::names::NameTable;
use crate::store::NameList;

/// Bytes of a code: its system's number and its symbol.
pub(crate) const CODE_BYTES: usize = 7;

/// A physical key.
pub(crate) type PhysicalKey = Vec<u8>;

/// A half-open range of keys; `None` at the top means to the end of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyRange {
    pub(crate) low: PhysicalKey,
    pub(crate) high: Option<PhysicalKey>,
    /// A second condition, on bytes behind a fixed place of the key.
    pub(crate) residual: Option<Residual>,
}

/// What the bytes of a key from `at` on must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Residual {
    /// Within `low..high` (either open).
    Within { at: usize, low: Vec<u8>, high: Option<Vec<u8>> },
    /// A text in which one of these stands.
    Containing { at: usize, texts: Vec<Vec<u8>> },
}

/// Numbers for names; `None` for what has none, or none at hand.
pub(crate) trait Numbers {
    fn lists(&self) -> &[NameTable; 3];
    /// The symbol of a code in the system with this number.
    fn symbol(&self, system: u32, code: &str) -> Option<u32>;
    /// The row number of a resource whose kind has this number.
    fn row(&self, kind: u16, id: &str) -> Option<i64>;

    fn kind(&self, name: &str) -> Option<u16> {
        self.lists()[NameList::Kind as usize].number(name).map(|number| number as u16)
    }

    fn system(&self, name: &str) -> Option<u32> {
        self.lists()[NameList::System as usize].number(name)
    }

    fn target(&self, kind: &str, id: &str) -> Option<i64> {
        self.row(self.kind(kind)?, id)
    }
}

/// The key of a row; `None` when a name in it has no number.
pub(crate) fn row_key(row: &Row, numbers: &impl Numbers) -> Option<PhysicalKey> {
    let mut key = Vec::with_capacity(24);
    push_parameter(&mut key, row.parameter, numbers)?;
    extended(key, &row.parts, numbers)
}

/// A key with more parts behind it.
pub(crate) fn extended(mut key: PhysicalKey, parts: &[Part], numbers: &impl Numbers) -> Option<PhysicalKey> {
    for part in parts {
        push_part(&mut key, part, numbers)?;
    }
    Some(key)
}

/// The leading bytes of a span: its parameter and head.
pub(crate) fn head_key(span: &Span, numbers: &impl Numbers) -> Option<PhysicalKey> {
    let mut key = Vec::with_capacity(24);
    push_parameter(&mut key, span.parameter, numbers)?;
    extended(key, &span.head, numbers)
}

fn push_parameter(key: &mut PhysicalKey, name: &str, numbers: &impl Numbers) -> Option<()> {
    let number = numbers.lists()[NameList::Parameter as usize].number(name)?;
    key.extend_from_slice(&(number as u16).to_be_bytes());
    Some(())
}

fn push_part(key: &mut PhysicalKey, part: &Part, numbers: &impl Numbers) -> Option<()> {
    match part {
        Part::Code { system, code } => {
            let system = numbers.system(system)?;
            push_system(key, system);
            key.extend_from_slice(&numbers.symbol(system, code)?.to_be_bytes());
        }
        Part::Target { kind, id } => push_row_number(key, numbers.target(kind, id)?),
        Part::Kind(kind) => key.extend_from_slice(&numbers.kind(kind)?.to_be_bytes()),
        Part::Fixed(bytes) => key.extend_from_slice(bytes),
        Part::Text(text) => {
            push_escaped(key, text);
            key.push(0);
        }
    }
    Some(())
}

/// Three bytes of a system's number.
fn push_system(key: &mut PhysicalKey, system: u32) {
    key.extend_from_slice(&system.to_be_bytes()[1..]);
}

/// Five bytes of a row's number.
pub(crate) fn push_row_number(key: &mut PhysicalKey, rid: i64) {
    key.extend_from_slice(&rid.to_be_bytes()[3..]);
}

/// The row number that a key begins with, after its parameter.
pub(crate) fn first_row_number(key: &[u8]) -> Option<i64> {
    Some(key.get(2..7)?.iter().fold(0, |number, byte| number << 8 | i64::from(*byte)))
}

/// A key with one code behind it, by the numbers of its system and symbol.
pub(crate) fn with_code(key: &[u8], (system, symbol): (u32, u32)) -> PhysicalKey {
    let mut key = key.to_vec();
    push_system(&mut key, system);
    key.extend_from_slice(&symbol.to_be_bytes());
    key
}

/// The range of all codes of a system under a head.
pub(crate) fn system_range(mut head: PhysicalKey, system: Option<u32>) -> Option<KeyRange> {
    push_system(&mut head, system?);
    Some(prefix(head))
}

/// Text with 0x00 and 0x01 escaped, so that the ending zero sorts before every continuation.
fn push_escaped(key: &mut PhysicalKey, text: &[u8]) {
    for &byte in text {
        match byte {
            0 => key.extend_from_slice(&[1, 1]),
            1 => key.extend_from_slice(&[1, 2]),
            other => key.push(other),
        }
    }
}

/// The text that a key's rest begins with, as it was before it was escaped.
fn first_text(rest: &[u8]) -> Cow<'_, [u8]> {
    let end = rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len());
    let escaped = &rest[..end];
    if !escaped.contains(&1) {
        return Cow::Borrowed(escaped);
    }
    let mut text = Vec::with_capacity(end);
    let mut bytes = escaped.iter();
    while let Some(&byte) = bytes.next() {
        text.push(if byte == 1 { bytes.next().map_or(1, |second| second - 1) } else { byte });
    }
    Cow::Owned(text)
}

fn contains_any(text: &[u8], sought: &[Vec<u8>]) -> bool {
    let contains = |sought: &Vec<u8>| sought.is_empty() || text.windows(sought.len()).any(|part| part == sought);
    sought.iter().any(contains)
}

/// The ranges under a head for one `next`, apart from codes in any system (the caller names their symbols and goes on
/// with what follows them).
pub(crate) fn ranges(head: PhysicalKey, next: &Next) -> KeyRange {
    match next {
        Next::Within(range) => {
            let (low, high) = ends(&head, range);
            KeyRange { low, high, residual: None }
        }
        Next::WithinBoth(first, second) => {
            let (low, high) = ends(&head, first);
            let residual = residual(head.len(), first, second);
            KeyRange { low, high, residual }
        }
        Next::Prefix(text) => prefix(with_text(head, text, false)),
        Next::TextEqual(text) => prefix(with_text(head, text, true)),
        Next::Containing(texts) => {
            let residual = Residual::Containing { at: head.len(), texts: texts.clone() };
            KeyRange { residual: Some(residual), ..prefix(head) }
        }
        Next::Any | Next::CodeAnySystem(_) | Next::CodeAnySystemThen(..) | Next::AnyCodeOf(_) => prefix(head),
    }
}

/// Every key that begins with `low`.
pub(crate) fn prefix(low: PhysicalKey) -> KeyRange {
    let high = successor(&low);
    KeyRange { low, high, residual: None }
}

fn with_text(mut head: PhysicalKey, text: &[u8], ended: bool) -> PhysicalKey {
    push_escaped(&mut head, text);
    if ended {
        head.push(0);
    }
    head
}

fn ends(head: &[u8], range: &Range) -> (PhysicalKey, Option<PhysicalKey>) {
    let low = match &range.low {
        End::Open => head.to_vec(),
        End::Including(bytes) => [head, bytes].concat(),
        // Nothing lies above the successor-less key of all ones; an empty range says so.
        End::Excluding(bytes) => {
            successor(&[head, bytes].concat()).unwrap_or_else(|| [head, bytes.as_slice(), &[255]].concat())
        }
    };
    let high = match &range.high {
        End::Open => successor(head),
        End::Including(bytes) => successor(&[head, bytes].concat()),
        End::Excluding(bytes) => Some([head, bytes].concat()),
    };
    (low, high)
}

/// The condition on the second of two fixed parts; its place follows from the width of the ends that are given.
fn residual(head: usize, first: &Range, second: &Range) -> Option<Residual> {
    let width = [&first.low, &first.high, &second.low, &second.high].into_iter().find_map(|end| match end {
        End::Open => None,
        End::Including(bytes) | End::Excluding(bytes) => Some(bytes.len()),
    })?;
    let (low, high) = ends(&[], second);
    let high = if matches!(second.high, End::Open) { None } else { high };
    Some(Residual::Within { at: head + width, low, high })
}

/// The smallest key above all that begin with `key`.
pub(crate) fn successor(key: &[u8]) -> Option<PhysicalKey> {
    let last = key.iter().rposition(|&byte| byte != 255)?;
    let mut next = key[..=last].to_vec();
    next[last] += 1;
    Some(next)
}

impl KeyRange {
    /// Whether a key lies inside.
    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        let below = self.high.as_ref().is_none_or(|high| key < high.as_slice());
        key >= self.low.as_slice() && below && self.admits_rest(key)
    }

    /// Whether its ends say all of it.
    pub(crate) fn is_plain(&self) -> bool {
        self.residual.is_none()
    }

    /// Whether a key inside `low..high` also satisfies the residual.
    pub(crate) fn admits_rest(&self, key: &[u8]) -> bool {
        match &self.residual {
            None => true,
            Some(Residual::Within { at, low, high }) => key
                .get(*at..)
                .is_some_and(|rest| rest >= low.as_slice() && high.as_ref().is_none_or(|high| rest < high.as_slice())),
            Some(Residual::Containing { at, texts }) => {
                key.get(*at..).is_some_and(|rest| contains_any(&first_text(rest), texts))
            }
        }
    }

    /// Whether each of its keys has to be looked at, few of which may satisfy what is asked for.
    pub(crate) fn looks_inside(&self) -> bool {
        matches!(self.residual, Some(Residual::Containing { .. }))
    }
}

/// Whether a row lies in a span, decided on the plain parts. Agrees with the key ranges (a property test says so).
pub(crate) fn admits(span: &Span, row: &Row) -> bool {
    row.parameter == span.parameter && begins(&row.parts, &span.head, &span.next)
}

fn begins(parts: &[Part], head: &[Part], next: &Next) -> bool {
    parts.strip_prefix(head).is_some_and(|rest| admits_next(next, rest))
}

fn admits_next(next: &Next, rest: &[Part]) -> bool {
    // Keys of texts would answer such a span, and rows would not.
    debug_assert!(!matches!((next, rest), (Next::Within(_), [Part::Text(_), ..])), "a range is over fixed bytes");
    match (next, rest) {
        (Next::Any, _) => true,
        (Next::Within(range), [Part::Fixed(bytes), ..]) => within(range, bytes),
        (Next::WithinBoth(first, second), [Part::Fixed(a), Part::Fixed(b), ..]) => {
            within(first, a) && within(second, b)
        }
        (Next::Prefix(start), [Part::Text(text), ..]) => text.starts_with(start),
        (Next::TextEqual(wanted), [Part::Text(text), ..]) => text == wanted,
        (Next::Containing(texts), [Part::Text(text), ..]) => contains_any(text, texts),
        (Next::CodeAnySystem(wanted), [Part::Code { code, .. }, ..]) => code == wanted,
        (Next::CodeAnySystemThen(wanted, then), [Part::Code { code, .. }, after @ ..]) => {
            code == wanted && begins(after, &then.head, &then.next)
        }
        (Next::AnyCodeOf(wanted), [Part::Code { system, .. }, ..]) => system == wanted,
        _ => false,
    }
}

fn within(range: &Range, bytes: &[u8]) -> bool {
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

/// A logical id as stored: a canonical UUID takes 17 bytes, any other id its text and one byte.
pub(crate) fn stored_id(id: &str) -> Vec<u8> {
    short_id(id).to_vec()
}

/// The same, not on the heap when it is short.
pub(crate) fn short_id(id: &str) -> SmallVec<[u8; 24]> {
    let canonical = id.len() == 36 && id.bytes().all(|b| b == b'-' || b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let (tag, bytes) = match uuid::Uuid::try_parse(id) {
        Ok(uuid) if canonical => (0, SmallVec::<[u8; 24]>::from_slice(uuid.as_bytes())),
        _ => (1, SmallVec::from_slice(id.as_bytes())),
    };
    let mut stored = SmallVec::new();
    stored.push(tag);
    stored.extend_from_slice(&bytes);
    stored
}

/// The logical id of stored bytes; `None` when they cannot be one.
pub(crate) fn logical_id(stored: &[u8]) -> Option<String> {
    match stored.split_first()? {
        (0, bytes) => Some(uuid::Uuid::from_slice(bytes).ok()?.hyphenated().to_string()),
        (1, bytes) => String::from_utf8(bytes.to_vec()).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use proptest::prelude::*;

    use super::*;

    /// Numbers for a small world of names: one parameter, one kind, systems and codes by their length.
    struct World([NameTable; 3]);

    impl World {
        fn new() -> World {
            let mut lists: [NameTable; 3] = Default::default();
            lists[NameList::Kind as usize].give("k");
            lists[NameList::Parameter as usize].give("p");
            World(lists)
        }
    }

    impl Numbers for World {
        fn lists(&self) -> &[NameTable; 3] {
            &self.0
        }

        fn symbol(&self, system: u32, code: &str) -> Option<u32> {
            Some(system * 16 + code.len() as u32)
        }

        fn row(&self, _: u16, id: &str) -> Option<i64> {
            id.parse().ok()
        }
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop::sample::select(vec![0u8, 1, 2, 97, 254, 255]), 0..4)
    }

    fn end() -> impl Strategy<Value = End> {
        prop_oneof![
            Just(End::Open),
            any::<[u8; 2]>().prop_map(|bytes| End::Including(bytes.to_vec())),
            any::<[u8; 2]>().prop_map(|bytes| End::Excluding(bytes.to_vec())),
        ]
    }

    fn range() -> impl Strategy<Value = Range> {
        (end(), end()).prop_map(|(low, high)| Range { low, high })
    }

    fn check(row: &Row, span: &Span) -> Result<(), TestCaseError> {
        let key = row_key(row, &World::new()).unwrap();
        let range = ranges(head_key(span, &World::new()).unwrap(), &span.next);
        let inside = key >= range.low && range.high.as_ref().is_none_or(|high| key < *high) && range.admits_rest(&key);
        prop_assert_eq!(inside, admits(span, row), "{:?} in {:?}", row, span);
        Ok(())
    }

    proptest! {
        #[test]
        fn text_spans_agree_with_their_ranges(value in text(), wanted in text(), prefix in any::<bool>()) {
            let row = Row::of("p", [Part::Kind("k".into()), Part::Text(value), Part::Text(vec![9])]);
            let next = if prefix { Next::Prefix(wanted) } else { Next::TextEqual(wanted) };
            check(&row, &Span::next("p", [Part::Kind("k".into())], next))?;
        }

        #[test]
        fn what_a_text_contains_is_seen_in_its_key(value in text(), wanted in prop::collection::vec(text(), 1..3)) {
            let row = Row::of("p", [Part::Kind("k".into()), Part::Text(value), Part::Text(vec![97, 9])]);
            check(&row, &Span::next("p", [Part::Kind("k".into())], Next::Containing(wanted)))?;
        }

        #[test]
        fn fixed_spans_agree_with_their_ranges(low in any::<[u8; 2]>(), high in any::<[u8; 2]>(), a in range(), b in range()) {
            let row = Row::of("p", [Part::fixed(&low), Part::fixed(&high)]);
            check(&row, &Span::next("p", [], Next::Within(a.clone())))?;
            check(&row, &Span::next("p", [], Next::WithinBoth(a, b)))?;
        }

        #[test]
        fn ids_come_back(id in "[A-Za-z0-9.-]{1,64}") {
            prop_assert_eq!(logical_id(&stored_id(&id)), Some(id));
        }
    }

    #[test]
    fn a_uuid_takes_seventeen_bytes() {
        let id = "3f0c9a52-0b1c-4b6e-9d3a-5f2f4f0e9a11";
        assert_eq!(stored_id(id).len(), 17);
        assert_eq!(logical_id(&stored_id(id)).as_deref(), Some(id));
        let capital = "3F0C9A52-0b1c-4b6e-9d3a-5f2f4f0e9a11";
        assert_eq!(logical_id(&stored_id(capital)).as_deref(), Some(capital));
    }
}
