//! Index rows and spans as plain data: what can be found, before any store decides how to keep it.
//!
//! `fhir` makes rows from a resource and spans from a search parameter's text; `record` turns both into ordered
//! keys. A row says "this resource has this value under this parameter"; a span says "rows whose value lies here".
//! The order of two values of one parameter is the order of their parts, left to right: fixed bytes and text by
//! their bytes; codes, targets and kinds are only ever compared for equality.

use smallvec::SmallVec;

/// Order-preserving bytes of which none begin others of their position: a big-endian instant, a number, a flag.
pub type Fixed = SmallVec<[u8; 16]>;

/// One component of an index value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A code in a system; the system is empty when the source named none. Stores keep it as a symbol.
    Code {
        /// The code system's URI, or empty.
        system: String,
        /// The code itself.
        code: String,
    },
    /// Another resource of this record. Stores keep it as the number of its row.
    Target {
        /// Resource type, such as `Patient`.
        kind: String,
        /// Logical id.
        id: String,
    },
    /// A resource type's name.
    Kind(String),
    /// Order-preserving bytes of which none begin others at this position of this parameter. Where two that follow
    /// each other are both limited, their length is always the same.
    Fixed(Fixed),
    /// Order-preserving bytes of any length; a following part starts only after their end.
    Text(Vec<u8>),
}

/// One row: the resource it was made from has `parts` under `parameter`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    /// The parameter's full name, such as `Observation.code`; names that begin with `~` are not FHIR's.
    pub parameter: &'static str,
    /// The value.
    pub parts: SmallVec<[Part; 2]>,
}

/// One end of a range over a `Fixed` part.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum End {
    /// No limit on this side.
    Open,
    /// Up to and including these bytes.
    Including(Vec<u8>),
    /// Up to but not including these bytes.
    Excluding(Vec<u8>),
}

/// A range over one part.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Range {
    /// The lower end.
    pub low: End,
    /// The upper end.
    pub high: End,
}

/// Which rows of one parameter are meant: `head` must be equal, then one part may be limited by a range, begin
/// with some bytes, or carry any code of a system or a code in any system; then the part after it may be limited too.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Span {
    /// The parameter's full name, as in [`Row::parameter`].
    pub parameter: &'static str,
    /// Leading parts that must be equal.
    pub head: SmallVec<[Part; 2]>,
    /// What the next part must be.
    pub next: Next,
}

/// The limit on the part that follows a span's head.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Next {
    /// Anything, or nothing: every row that begins with the head.
    Any,
    /// A `Fixed` part within a range.
    Within(Range),
    /// A `Fixed` part within the first range, directly followed by a `Fixed` part within the second.
    WithinBoth(Range, Range),
    /// A `Text` part that begins with these bytes.
    Prefix(Vec<u8>),
    /// A `Text` part equal to these bytes, whatever follows.
    TextEqual(Vec<u8>),
    /// A `Text` part in which one of these bytes stands somewhere. Every row under the head has to be looked at.
    Containing(Vec<Vec<u8>>),
    /// A `Code` part with this code in any system, none included.
    CodeAnySystem(String),
    /// The same, then parts that must be equal, then one more limit.
    CodeAnySystemThen(String, Box<Rest>),
    /// A `Code` part with any code of this system.
    AnyCodeOf(String),
}

/// What must follow a code that is in any system.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rest {
    /// Parts that must be equal.
    pub head: SmallVec<[Part; 2]>,
    /// What the next part must be.
    pub next: Next,
}

impl Row {
    /// A row of one part.
    pub fn one(parameter: &'static str, part: Part) -> Row {
        let mut parts = SmallVec::new();
        parts.push(part);
        Row { parameter, parts }
    }

    /// A row of several parts.
    pub fn of(parameter: &'static str, parts: impl IntoIterator<Item = Part>) -> Row {
        Row { parameter, parts: parts.into_iter().collect() }
    }
}

impl Part {
    /// A code in a system (empty for none).
    pub fn code(system: impl Into<String>, code: impl Into<String>) -> Part {
        Part::Code { system: system.into(), code: code.into() }
    }

    /// A reference to a resource of this record.
    pub fn target(kind: impl Into<String>, id: impl Into<String>) -> Part {
        Part::Target { kind: kind.into(), id: id.into() }
    }

    /// Ordered bytes as they are.
    pub fn fixed(bytes: &[u8]) -> Part {
        Part::Fixed(SmallVec::from_slice(bytes))
    }
}

impl Span {
    /// Every row that begins with these parts (all rows of the parameter when there are none).
    pub fn head(parameter: &'static str, head: impl IntoIterator<Item = Part>) -> Span {
        Span { parameter, head: head.into_iter().collect(), next: Next::Any }
    }

    /// All parts that must be equal, wherever they stand.
    pub fn equal_parts(&self) -> impl Iterator<Item = &Part> {
        let (mut own, mut next) = (self.head.iter(), &self.next);
        std::iter::from_fn(move || {
            loop {
                if let Some(part) = own.next() {
                    return Some(part);
                }
                let Next::CodeAnySystemThen(_, rest) = next else { return None };
                (own, next) = (rest.head.iter(), &rest.next);
            }
        })
    }

    /// Rows that begin with these parts, with a limit on the part after them.
    pub fn next(parameter: &'static str, head: impl IntoIterator<Item = Part>, next: Next) -> Span {
        Span { parameter, head: head.into_iter().collect(), next }
    }
}
