//! A JSON text, parsed once and borrowed: every node knows where its bytes stand, and numbers keep their digits.
//!
//! The nodes lie in one arena in the order of the text, so a node's first child is the node after it and a subtree is
//! a contiguous run. Nothing is copied: names and values are slices of the text. What RFC 8259 leaves to the reader is
//! decided here on the safe side: duplicate names, lone surrogates, byte order marks and anything beyond the
//! [`Limits`] are refused with a path. Knows nothing of FHIR except that `resourceType` names the root of a path.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

mod parse;
mod strings;

/// How much one text may ask of us. The defaults are meant for a request body.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of the whole text (default 50 MiB; never more than 4 GiB - 1).
    pub max_bytes: usize,
    /// Objects and arrays inside each other (default 64; never more than [`Limits::DEEPEST`]).
    pub max_depth: usize,
    /// Values of any kind, the root included (default 2,000,000).
    pub max_nodes: usize,
    /// Bytes of one string as written (default 50 MiB: `base64Binary` has no limit of its own).
    pub max_string: usize,
    /// Bytes of one number as written (default 128).
    pub max_number: usize,
}

impl Limits {
    /// The deepest nesting that can be asked for: the parser recurses, and this bounds its stack.
    pub const DEEPEST: usize = 512;
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_bytes: 50 << 20, max_depth: 64, max_nodes: 2_000_000, max_string: 50 << 20, max_number: 128 }
    }
}

/// Why a text is not a document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Byte offset of the fault in the text.
    pub offset: usize,
    /// Where in the structure, such as `Patient.name[0].given`; empty at the root of an unnamed text.
    pub path: String,
    /// What is wrong, as a sentence without its full stop.
    pub message: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.message, self.offset)?;
        if self.path.is_empty() { Ok(()) } else { write!(f, " ({})", self.path) }
    }
}

impl std::error::Error for Malformed {}

/// What kind of value a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Members with names.
    Object,
    /// Items in order.
    Array,
    /// A string.
    String,
    /// A number, kept as written.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `null`.
    Null,
}

/// A parsed text: the bytes it was made from and an arena of nodes over them.
#[derive(Debug, Clone)]
pub struct Document<'t> {
    text: &'t str,
    records: Vec<Record>,
    /// Decoded names of members whose name is written with an escape: rare, sorted by node index.
    escaped_names: Vec<(u32, Box<str>)>,
}

/// One node in the arena. Nodes stand in text order: the first child of node `i`, if any, is node `i + 1`.
#[derive(Debug, Clone, Copy)]
struct Record {
    /// Where the value's bytes begin and end.
    start: u32,
    end: u32,
    /// Index of the node after this one's subtree.
    after: u32,
    /// Number of direct children.
    children: u32,
    /// Where the member name begins (after its opening quote) and how long it is as written.
    name: u32,
    name_length: u16,
    kind: Kind,
    flags: u8,
}

impl Record {
    /// The node is a member of an object.
    const MEMBER: u8 = 1;
    /// The string value contains an escape.
    const ESCAPED: u8 = 2;
    /// The member name contains an escape and is found in `escaped_names`.
    const NAME_ESCAPED: u8 = 4;
    /// The boolean is `true`.
    const TRUE: u8 = 8;
    /// The object has a member whose name begins with `_`.
    const UNDERSCORED: u8 = 16;

    fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// One value of a document: a cheap handle.
#[derive(Clone, Copy)]
pub struct Node<'d, 't> {
    document: &'d Document<'t>,
    index: u32,
}

impl<'t> Document<'t> {
    /// Parses a whole text. Linear in its length; allocates the arena and nothing else.
    ///
    /// # Errors
    /// The first fault: not UTF-8, not RFC 8259 JSON, a duplicate name, a lone surrogate, a byte order mark, or a
    /// limit exceeded.
    pub fn parse(text: &'t [u8], limits: &Limits) -> Result<Document<'t>, Malformed> {
        parse::parse(text, limits)
    }

    /// The outermost value.
    pub fn root(&self) -> Node<'_, 't> {
        Node { document: self, index: 0 }
    }

    /// The text this document was parsed from.
    pub fn text(&self) -> &'t [u8] {
        self.text.as_bytes()
    }

    /// The root's `resourceType`, if it is an object with such a string.
    pub fn resource_type(&self) -> Option<Cow<'t, str>> {
        self.root().get("resourceType")?.text()
    }

    /// Number of values, the root included.
    pub fn node_count(&self) -> usize {
        self.records.len()
    }
}

impl<'d, 't> Node<'d, 't> {
    /// What kind of value this is.
    pub fn kind(&self) -> Kind {
        self.record().kind
    }

    /// The member with this name; `None` if there is none or this is not an object.
    pub fn get(&self, name: &str) -> Option<Node<'d, 't>> {
        self.members().find(|(member, _)| *member == name).map(|(_, node)| node)
    }

    /// The members of an object with their names, in text order; empty for anything else.
    pub fn members(&self) -> Members<'d, 't> {
        let children = if self.kind() == Kind::Object { self.children() } else { self.none() };
        Members { children }
    }

    /// Whether the name of any member begins with `_`, as the second halves of FHIR's primitives do.
    pub(crate) fn has_underscored_member(&self) -> bool {
        self.record().is(Record::UNDERSCORED)
    }

    /// The items of an array in order; of any other value, itself once.
    pub fn items(&self) -> Items<'d, 't> {
        if self.kind() == Kind::Array {
            return Items { children: self.children() };
        }
        let after = self.record().after;
        Items { children: Children { document: self.document, next: self.index, end: after } }
    }

    /// Number of members or items; 0 for a plain value.
    pub fn len(&self) -> usize {
        self.record().children as usize
    }

    /// Whether an object or array has nothing in it. Also true of plain values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a string with its escapes resolved; `None` for anything else. Borrowed unless it has escapes.
    pub fn text(&self) -> Option<Cow<'t, str>> {
        let record = self.record();
        if record.kind != Kind::String {
            return None;
        }
        let inside = self.slice(record.start + 1, record.end - 1);
        Some(if record.is(Record::ESCAPED) { Cow::Owned(strings::unescape(inside)) } else { Cow::Borrowed(inside) })
    }

    /// The digits of a number exactly as written; `None` for anything else.
    pub fn number(&self) -> Option<&'t str> {
        let record = self.record();
        (record.kind == Kind::Number).then(|| self.slice(record.start, record.end))
    }

    /// The value of a boolean; `None` for anything else.
    pub fn boolean(&self) -> Option<bool> {
        let record = self.record();
        (record.kind == Kind::Boolean).then(|| record.is(Record::TRUE))
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        self.kind() == Kind::Null
    }

    /// Where the value's bytes stand in the text, quotes and brackets included, the member name not.
    pub fn span(&self) -> Range<usize> {
        let record = self.record();
        record.start as usize..record.end as usize
    }

    /// The value's bytes as written: a text in its own right.
    pub fn raw(&self) -> &'t [u8] {
        &self.document.text.as_bytes()[self.span()]
    }

    /// The value's bytes as written, as text.
    pub fn raw_text(&self) -> &'t str {
        let record = self.record();
        self.slice(record.start, record.end)
    }

    /// The name under which this value stands, if it is a member of an object.
    pub fn name(&self) -> Option<&'d str> {
        self.record().is(Record::MEMBER).then(|| self.document.name_of(self.index))
    }

    /// Where the member name's bytes stand in the text, quotes included.
    pub fn name_span(&self) -> Option<Range<usize>> {
        let record = self.record();
        let start = (record.name as usize).checked_sub(1)?;
        record.is(Record::MEMBER).then(|| start..start + 2 + usize::from(record.name_length))
    }

    /// This subtree as a document of its own over its own bytes; copies arena nodes, no text.
    pub fn to_document(&self) -> Document<'t> {
        let root = self.record();
        let mut records = self.document.records[self.index as usize..root.after as usize].to_vec();
        for record in &mut records {
            record.start -= root.start;
            record.end -= root.start;
            record.after -= self.index;
            record.name = record.name.wrapping_sub(root.start);
        }
        if let Some(first) = records.first_mut() {
            first.flags &= !(Record::MEMBER | Record::NAME_ESCAPED);
            (first.name, first.name_length) = (0, 0);
        }
        let names = self.document.escaped_names.iter();
        let inside = names.filter(|(index, _)| *index > self.index && *index < root.after);
        let escaped_names = inside.map(|(index, name)| (index - self.index, name.clone())).collect();
        Document { text: self.raw_text(), records, escaped_names }
    }

    /// Whether two handles mean the same value of the same document.
    pub fn is_same(&self, other: &Node<'_, '_>) -> bool {
        self.index == other.index && std::ptr::eq(self.document.text, other.document.text)
    }

    fn record(&self) -> &'d Record {
        &self.document.records[self.index as usize]
    }

    fn slice(&self, start: u32, end: u32) -> &'t str {
        &self.document.text[start as usize..end as usize]
    }

    fn children(&self) -> Children<'d, 't> {
        Children { document: self.document, next: self.index + 1, end: self.record().after }
    }

    fn none(&self) -> Children<'d, 't> {
        Children { document: self.document, next: 0, end: 0 }
    }
}

impl fmt::Debug for Node<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({:?} {:?})", self.kind(), self.span())
    }
}

impl<'t> Document<'t> {
    #[inline]
    fn name_of(&self, index: u32) -> &str {
        let record = &self.records[index as usize];
        if record.is(Record::NAME_ESCAPED)
            && let Ok(place) = self.escaped_names.binary_search_by_key(&index, |(at, _)| *at)
        {
            return &self.escaped_names[place].1;
        }
        &self.text[record.name as usize..record.name as usize + usize::from(record.name_length)]
    }
}

#[derive(Clone)]
struct Children<'d, 't> {
    document: &'d Document<'t>,
    next: u32,
    end: u32,
}

impl<'d, 't> Iterator for Children<'d, 't> {
    type Item = Node<'d, 't>;

    fn next(&mut self) -> Option<Node<'d, 't>> {
        if self.next >= self.end {
            return None;
        }
        let node = Node { document: self.document, index: self.next };
        self.next = node.record().after;
        Some(node)
    }
}

/// The members of an object, in text order. See [`Node::members`].
#[derive(Clone)]
pub struct Members<'d, 't> {
    children: Children<'d, 't>,
}

impl<'d, 't> Iterator for Members<'d, 't> {
    type Item = (&'d str, Node<'d, 't>);

    fn next(&mut self) -> Option<Self::Item> {
        let node = self.children.next()?;
        Some((node.document.name_of(node.index), node))
    }
}

/// The items of an array, or one plain value. See [`Node::items`].
#[derive(Clone)]
pub struct Items<'d, 't> {
    children: Children<'d, 't>,
}

impl<'d, 't> Iterator for Items<'d, 't> {
    type Item = Node<'d, 't>;

    fn next(&mut self) -> Option<Node<'d, 't>> {
        self.children.next()
    }
}

/// One line of an NDJSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'t> {
    /// Counted from 1, blank lines included.
    pub number: usize,
    /// Byte offset of the line in the whole text.
    pub offset: usize,
    /// The line without its end.
    pub text: &'t [u8],
}

/// The lines of an NDJSON text that have something on them; LF or CRLF, the last line may lack its end.
pub fn lines(text: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut offset = 0;
    let mut number = 0;
    std::iter::from_fn(move || {
        while offset < text.len() {
            let rest = &text[offset..];
            let end = memchr::memchr(b'\n', rest);
            let start = offset;
            offset += end.map_or(rest.len(), |end| end + 1);
            number += 1;
            let line = &rest[..end.unwrap_or(rest.len())];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.trim_ascii().is_empty() {
                return Some(Line { number, offset: start, text: line });
            }
        }
        None
    })
}
