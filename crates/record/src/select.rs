//! A question to the index in neutral terms. The door makes it from a search; `search.rs` answers it.
//! Knows no FHIR and no SQL.

use terms::index::Span;

use crate::blobs::MOST_ANSWER_BYTES;
use crate::reading::Version;

/// Which resources are wanted.
#[derive(Debug, Clone)]
pub struct Select {
    /// The resource type.
    pub kind: String,
    /// All of these must hold.
    pub clauses: Vec<Clause>,
    /// In which order. What the keys do not tell apart, and all of it when there is none, comes in an order of the record's
    /// own: whichever finds a page with the least work, the same on every page. Several keys are sorted by in memory, so
    /// they ask for a condition, or a type, with at most 10,000 resources.
    pub order: Vec<Order>,
    /// How many at most, 1 to 1,000.
    pub limit: usize,
    /// How many bytes at most, attachments included; but at least one resource.
    pub bytes: usize,
    /// How many texts at most are read for a page that a walk finds: it may then have fewer than there are, even none, and
    /// says where to go on. Without it 200,000, and more is refused.
    pub examines: Option<usize>,
    /// Of how many index rows at most, of the condition with the fewest, all are listed rather than walked along, up to 10,000.
    /// Without it as many as suit the page.
    pub lists: Option<usize>,
    /// Where the page before ended.
    pub after: Option<Cursor>,
}

/// One condition on a resource.
#[derive(Debug, Clone)]
pub enum Clause {
    /// At least one row in one of the spans.
    Any(Vec<Span>),
    /// No row in any of the spans.
    None(Vec<Span>),
    /// The logical id is one of these.
    Ids(Vec<String>),
    /// Last changed at or after the first moment and before the second.
    Changed(Option<terms::Moment>, Option<terms::Moment>),
    /// A reference under one of these parameters leads to a resource that satisfies the question (its order, limit
    /// and cursor are not used).
    Linked(&'static str, Box<Select>),
    /// A resource that satisfies the question refers to this one under the parameter.
    LinkedFrom(&'static str, Box<Select>),
    /// At least one of these holds.
    Either(Vec<Clause>),
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// By the smallest row under this parameter (the largest when descending); `None` for the last change.
    /// Resources without a row come last. When a clause is one span of this parameter with a head, only the rows
    /// in it decide: so a patient's results come newest first from one walk of the index.
    pub parameter: Option<&'static str>,
    /// Newest or largest first.
    pub descending: bool,
}

/// Where a page ended. Opaque; good for an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub(crate) Vec<u8>);

/// One page of answers.
#[derive(Debug, Clone)]
pub struct Page {
    /// The resources, as they were at the reading's sequence.
    pub versions: Vec<Version>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<Cursor>,
}

impl Select {
    /// All resources of a type, 50 to a page.
    pub fn of(kind: impl Into<String>) -> Select {
        let kind = kind.into();
        let bytes = MOST_ANSWER_BYTES;
        Select {
            kind,
            clauses: Vec::new(),
            order: Vec::new(),
            limit: 50,
            bytes,
            examines: None,
            lists: None,
            after: None,
        }
    }

    /// With a further condition.
    pub fn with(mut self, clause: Clause) -> Select {
        self.clauses.push(clause);
        self
    }

    /// With an order.
    pub fn sorted(mut self, parameter: Option<&'static str>, descending: bool) -> Select {
        self.order.push(Order { parameter, descending });
        self
    }

    /// With a bound of bytes.
    pub fn within(mut self, bytes: usize) -> Select {
        self.bytes = bytes;
        self
    }

    /// For whoever would rather have a part soon.
    pub fn examining(mut self, texts: usize) -> Select {
        self.examines = Some(texts);
        self
    }

    /// For whoever asks for few of many.
    pub fn listing(mut self, rows: usize) -> Select {
        self.lists = Some(rows);
        self
    }

    /// With a page size.
    pub fn limit(mut self, limit: usize) -> Select {
        self.limit = limit.clamp(1, 1000);
        self
    }
}

impl Cursor {
    /// The sequence at which its page was read; the next page is read at the same.
    pub fn sequence(&self) -> u64 {
        let bytes: Option<[u8; 8]> = self.0.get(..8).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u64::from_be_bytes)
    }

    /// As text for a URL.
    pub fn text(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// From text; `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Cursor> {
        if !text.len().is_multiple_of(2) || text.len() > 4096 || !text.is_ascii() {
            return None;
        }
        let bytes = (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok());
        bytes.collect::<Option<Vec<u8>>>().map(Cursor)
    }
}
