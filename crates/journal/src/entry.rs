//! The journal entry: one commit, as it is chained, hashed, proved and kept for ever.
//!
//! An entry holds who, when, why and *that* something changed; the texts, salts and blobs lie beside it, so they
//! can be sealed or erased while the entry stays. Nothing in an entry may name a patient in clear words: ids are
//! opaque, spans and requests are salted digests. Byte by byte in `docs/formats/journal.md`, section 3.

use crate::act::Act;
use crate::hash::{Hash, Salt, tagged};
use crate::span;
use crate::wire::{Limit, Malformed, Reader, Writer, allowed};
use terms::Moment;
use terms::index::Span;

/// One commit of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Place in the journal; the first entry is 1 and there are no gaps.
    pub sequence: u64,
    /// Which tenure of the writer made it; never falls.
    pub epoch: u64,
    /// When it was committed; rises with every entry.
    pub moment: Moment,
    /// Chain hash of the entry before; zeros for the first.
    pub previous: Hash,
    /// The account or system that made the change (at most 512 bytes).
    pub author: String,
    /// The permit under which it was made (at most 512 bytes).
    pub permit: String,
    /// What it was made through.
    pub cause: Cause,
    /// The command's name (at most 128 bytes).
    pub command: String,
    /// Set when the sender may repeat the request.
    pub idempotency: Option<Idempotency>,
    /// What had to hold for the commit to be made (at most 100,000).
    pub assertions: Vec<Assertion>,
    /// The versions it made (at most 100,000).
    pub changes: Vec<Change>,
    /// What it did besides making versions.
    pub act: Act,
}

/// What a commit was made through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The door.
    pub kind: CauseKind,
    /// What identifies it there: a form's name, a request id, a message's key; no patient data (at most 512 bytes).
    pub reference: String,
}

/// The doors through which changes come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CauseKind {
    /// A page's form.
    Form,
    /// A FHIR request.
    Request,
    /// An HL7 message.
    Message,
    /// A load or import.
    Batch,
    /// A move between hosts.
    Move,
    /// The record itself.
    System,
}

/// How a repeat of the same request is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Whose key it is (at most 512 bytes).
    pub principal: String,
    /// The key header or form token (at most 512 bytes).
    pub key: String,
    /// [`crate::request_digest`] of the request with the entry's salt.
    pub digest: Hash,
}

/// What had to hold when the commit was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assertion {
    /// The resource was at this version.
    Version {
        /// Resource type.
        kind: String,
        /// Logical id.
        id: String,
        /// The version; 0 when the resource must not have existed.
        version: u64,
    },
    /// No index row lay in the span.
    Absent {
        /// The span.
        range: SpanDigest,
    },
    /// At most `count` index rows lay in the span.
    AtMost {
        /// The span.
        range: SpanDigest,
        /// The limit.
        count: u32,
    },
}

/// A span as an entry may show it: spans can hold identifiers of patients, so only the parameter is in clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanDigest {
    /// The parameter's full name (at most 256 bytes).
    pub parameter: String,
    /// Digest of the span with the entry's salt.
    pub digest: Hash,
}

/// One version that a commit made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Resource type (1 to 64 visible ASCII characters without `/`).
    pub kind: String,
    /// Logical id (the same characters).
    pub id: String,
    /// The version made; the first is 1.
    pub version: u64,
    /// What was done.
    pub operation: Operation,
    /// [`crate::version_digest`] of the version's text; of the empty text for a deletion.
    pub digest: Hash,
    /// The blobs that the text names (at most 1,000).
    pub blobs: Vec<BlobRef>,
}

/// What was done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// It did not exist, or was deleted, before.
    Create,
    /// It existed, or was deleted, before.
    Update,
    /// It existed before and no longer does.
    Delete,
}

/// A blob that a version names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlobRef {
    /// [`crate::hash::blob_digest`] of its bytes.
    pub digest: Hash,
    /// Its length in bytes.
    pub length: u64,
}

/// Longest encoding of an entry, in bytes.
pub(crate) const MOST_ENTRY_BYTES: usize = 32 << 20;

pub(crate) const WORD: Limit = Limit::Text(512);
pub(crate) const SENTENCE: Limit = Limit::Text(4096);
const COMMAND: Limit = Limit::Text(128);
const PARAMETER: Limit = Limit::Text(256);
pub(crate) const MOST_LIST: usize = 100_000;
const MOST_BLOBS: usize = 1000;

/// The first byte of every entry.
const FORMAT: u8 = 1;

impl SpanDigest {
    /// The digest of a span, salted with the entry's salt.
    pub fn of(entry_salt: &Salt, span: &Span) -> SpanDigest {
        let digest = tagged(b"almoner:span\n", &[entry_salt, &span::encode(span)]);
        SpanDigest { parameter: span.parameter.to_owned(), digest }
    }
}

impl Entry {
    /// The canonical bytes. Infallible; an entry outside the limits (see [`Entry::check`]) gives bytes that
    /// [`Entry::decode`] refuses, so check before committing.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::with_capacity(256 + 128 * (self.changes.len() + self.assertions.len()));
        to.byte(FORMAT);
        to.number(self.sequence);
        to.number(self.epoch);
        to.moment(self.moment);
        to.fixed(&self.previous);
        to.text(&self.author);
        to.text(&self.permit);
        to.byte(self.cause.kind.tag());
        to.text(&self.cause.reference);
        to.text(&self.command);
        to.byte(u8::from(self.idempotency.is_some()));
        if let Some(idempotency) = &self.idempotency {
            idempotency.write(&mut to);
        }
        to.number(self.assertions.len() as u64);
        for assertion in &self.assertions {
            assertion.write(&mut to);
        }
        to.number(self.changes.len() as u64);
        for change in &self.changes {
            change.write(&mut to);
        }
        self.act.write(&mut to);
        to.finish()
    }

    /// Reads canonical bytes; whatever is accepted encodes to the same bytes again.
    pub fn decode(bytes: &[u8]) -> Result<Entry, Malformed> {
        let mut from = Reader::new(bytes);
        if bytes.len() > MOST_ENTRY_BYTES {
            return from.fail("the entry is longer than its limit");
        }
        if from.byte()? != FORMAT {
            return from.fail("the entry has a format that this version does not know");
        }
        let entry = Entry {
            sequence: from.positive()?,
            epoch: from.number()?,
            moment: from.moment()?,
            previous: from.hash()?,
            author: from.text(WORD)?,
            permit: from.text(WORD)?,
            cause: Cause { kind: CauseKind::read(&mut from)?, reference: from.text(WORD)? },
            command: from.text(COMMAND)?,
            idempotency: match from.flag()? {
                true => Some(Idempotency::read(&mut from)?),
                false => None,
            },
            assertions: from.list(MOST_LIST, Assertion::read)?,
            changes: from.list(MOST_LIST, Change::read)?,
            act: Act::read(&mut from)?,
        };
        from.end()?;
        Ok(entry)
    }

    /// Whether the entry keeps every limit, and so can be read back. Cheap beside encoding; the writer calls it
    /// before it commits.
    pub fn check(&self) -> Result<(), Malformed> {
        let fail = |what| Err(Malformed { what, at: 0 });
        let words = [&self.author, &self.permit, &self.cause.reference];
        if self.sequence == 0 {
            return fail("the first entry is 1");
        }
        if !words.iter().all(|word| allowed(word, WORD)) || !allowed(&self.command, COMMAND) {
            return fail("author, permit, cause or command is too long");
        }
        if self.idempotency.as_ref().is_some_and(|i| !allowed(&i.principal, WORD) || !allowed(&i.key, WORD)) {
            return fail("the idempotency key is too long");
        }
        if self.assertions.len() > MOST_LIST || self.changes.len() > MOST_LIST {
            return fail("the commit has too many assertions or changes");
        }
        if !self.assertions.iter().all(Assertion::fits) {
            return fail("an assertion names something that names do not have");
        }
        if !self.changes.iter().all(Change::fits) {
            return fail("a change names something that names do not have, or has too many blobs");
        }
        self.act.check()
    }
}

impl CauseKind {
    const ALL: [CauseKind; 6] =
        [CauseKind::Form, CauseKind::Request, CauseKind::Message, CauseKind::Batch, CauseKind::Move, CauseKind::System];

    fn tag(self) -> u8 {
        self as u8 + 1
    }

    fn read(from: &mut Reader<'_>) -> Result<CauseKind, Malformed> {
        let tag = from.byte()?;
        let known = CauseKind::ALL.into_iter().find(|kind| kind.tag() == tag);
        known.map_or_else(|| from.fail("the cause is of a kind that is not known"), Ok)
    }
}

impl Idempotency {
    fn write(&self, to: &mut Writer) {
        to.text(&self.principal);
        to.text(&self.key);
        to.fixed(&self.digest);
    }

    fn read(from: &mut Reader<'_>) -> Result<Idempotency, Malformed> {
        Ok(Idempotency { principal: from.text(WORD)?, key: from.text(WORD)?, digest: from.hash()? })
    }
}

impl Assertion {
    fn write(&self, to: &mut Writer) {
        match self {
            Assertion::Version { kind, id, version } => {
                to.byte(1);
                to.text(kind);
                to.text(id);
                to.number(*version);
            }
            Assertion::Absent { range } => {
                to.byte(2);
                range.write(to);
            }
            Assertion::AtMost { range, count } => {
                to.byte(3);
                range.write(to);
                to.number(u64::from(*count));
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Assertion, Malformed> {
        match from.byte()? {
            1 => Ok(Assertion::Version {
                kind: from.text(Limit::Name)?,
                id: from.text(Limit::Name)?,
                version: from.number()?,
            }),
            2 => Ok(Assertion::Absent { range: SpanDigest::read(from)? }),
            3 => Ok(Assertion::AtMost { range: SpanDigest::read(from)?, count: from.small()? }),
            _ => from.fail("the assertion is of a kind that is not known"),
        }
    }

    fn fits(&self) -> bool {
        match self {
            Assertion::Version { kind, id, .. } => allowed(kind, Limit::Name) && allowed(id, Limit::Name),
            Assertion::Absent { range } | Assertion::AtMost { range, .. } => allowed(&range.parameter, PARAMETER),
        }
    }
}

impl SpanDigest {
    fn write(&self, to: &mut Writer) {
        to.text(&self.parameter);
        to.fixed(&self.digest);
    }

    fn read(from: &mut Reader<'_>) -> Result<SpanDigest, Malformed> {
        Ok(SpanDigest { parameter: from.text(PARAMETER)?, digest: from.hash()? })
    }
}

impl Change {
    fn write(&self, to: &mut Writer) {
        to.text(&self.kind);
        to.text(&self.id);
        to.number(self.version);
        to.byte(self.operation.tag());
        to.fixed(&self.digest);
        to.number(self.blobs.len() as u64);
        for blob in &self.blobs {
            to.fixed(&blob.digest);
            to.number(blob.length);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Change, Malformed> {
        Ok(Change {
            kind: from.text(Limit::Name)?,
            id: from.text(Limit::Name)?,
            version: from.positive()?,
            operation: Operation::read(from)?,
            digest: from.hash()?,
            blobs: from.list(MOST_BLOBS, |from| Ok(BlobRef { digest: from.hash()?, length: from.number()? }))?,
        })
    }

    fn fits(&self) -> bool {
        let named = allowed(&self.kind, Limit::Name) && allowed(&self.id, Limit::Name);
        named && self.version > 0 && self.blobs.len() <= MOST_BLOBS
    }
}

impl Operation {
    fn tag(self) -> u8 {
        match self {
            Operation::Create => 1,
            Operation::Update => 2,
            Operation::Delete => 3,
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Operation, Malformed> {
        match from.byte()? {
            1 => Ok(Operation::Create),
            2 => Ok(Operation::Update),
            3 => Ok(Operation::Delete),
            _ => from.fail("the operation is of a kind that is not known"),
        }
    }
}
