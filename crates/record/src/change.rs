//! What a door proposes and what it gets back: drafts, changes, assertions, receipts.
//! Plain data: nothing here reads a store or decides anything.

use std::sync::Arc;

use terms::Moment;
use terms::index::Span;

use journal::{CauseKind, Operation};

/// The key of a resource: its type and logical id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Resource type, such as `Patient`.
    pub kind: String,
    /// Logical id.
    pub id: String,
}

/// An accepted text that only lacks its version and moment: the record inserts
/// `before "versionId":"3","lastUpdated":"2026-11-17T14:35:00.000Z" after` at byte `slot` and touches nothing else.
/// Large attachments are beside it and become blobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The text without `meta.versionId` and `meta.lastUpdated`, and without the content of its holes.
    pub text: Vec<u8>,
    /// Where attachments were taken out, in order of their places.
    pub holes: Vec<Hole>,
    /// Where the two members are inserted, in bytes.
    pub slot: usize,
    /// What goes before them, such as `"meta":{` or nothing.
    pub before: &'static [u8],
    /// What goes after them, such as `,` or `},` or nothing.
    pub after: &'static [u8],
}

/// A place in a text where an attachment was taken out. What is served has its base64 there (RFC 4648, section 4, with
/// padding), so only what was spelled so may be taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// Byte offset in the template's text.
    pub at: usize,
    /// What the base64 stands for; at most 64 MiB.
    pub bytes: Arc<[u8]>,
}

/// One change of one resource.
#[derive(Debug, Clone)]
pub enum Change {
    /// Create the resource, or replace its text.
    Put(Key, Template),
    /// Delete it. Deleting what is not there changes nothing.
    Delete(Key),
}

/// What must be true for a draft to be committed.
#[derive(Debug, Clone)]
pub enum Assertion {
    /// The resource's newest version is this one; 0 when it must never have existed.
    Version(Key, u64),
    /// Before the draft, no resource has a row in any of these spans.
    Absent(Vec<Span>),
    /// After the draft, at most so many resources have a row in any of these spans.
    AtMost(Vec<Span>, u32),
}

/// What a door decided: changes, and what must hold for them. The version of each changed resource as gathered is
/// asserted without being named here.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The changes; at most one for a resource.
    pub changes: Vec<Change>,
    /// Further assertions.
    pub assertions: Vec<Assertion>,
}

/// What made the change.
#[derive(Debug, Clone)]
pub struct Cause {
    /// Form, request, message, batch, move or the system itself.
    pub kind: CauseKind,
    /// Which one, such as a request id or a file and line. No patient data.
    pub reference: String,
}

/// Makes a retry harmless: the same key with the same digest gives the first receipt again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key as sent by the client or form.
    pub key: String,
    /// SHA-256 of the request; another digest under the same key is refused.
    pub digest: [u8; 32],
}

/// What is being done, for the commit's header.
#[derive(Debug, Clone)]
pub struct Act {
    /// The command's name, such as `create`, `register patient`.
    pub command: String,
    /// What caused it.
    pub cause: Cause,
    /// The key that makes a retry harmless, when the door has one.
    pub idempotency: Option<IdempotencyKey>,
}

/// One resource as written by a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Which resource.
    pub key: Key,
    /// Its new version, from 1.
    pub version: u64,
    /// What was done.
    pub operation: Operation,
}

/// The answer to a committed draft. It is on disk when the door gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The commit's sequence number; for a draft without changes the sequence it was decided at.
    pub sequence: u64,
    /// The commit's moment.
    pub moment: Moment,
    /// What was written, in the draft's order.
    pub written: Vec<Written>,
    /// Whether this is the receipt of an earlier commit with the same idempotency key.
    pub repeated: bool,
}

impl Key {
    /// A key of a type and an id.
    pub fn new(kind: impl Into<String>, id: impl Into<String>) -> Key {
        Key { kind: kind.into(), id: id.into() }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

impl Template {
    /// The version's text as it is served.
    pub fn complete(&self, version: u64, moment: Moment) -> Vec<u8> {
        let text = self.completed_text(version, moment);
        if self.holes.is_empty() {
            return text;
        }
        let added = text.len() - self.text.len();
        let holes: Vec<(usize, &[u8])> =
            self.holes.iter().map(|hole| (self.moved(hole.at, added), hole.bytes.as_ref())).collect();
        journal::hash::holes::filled(&text, &holes)
    }

    /// What is stored and hashed: the same with its holes open, which these blobs (one for each hole) fill.
    pub(crate) fn completed(&self, version: u64, moment: Moment, blobs: &[journal::Hash]) -> Vec<u8> {
        let text = self.completed_text(version, moment);
        let added = text.len() - self.text.len();
        let place = |at| self.moved(at, added) as u64;
        let holes = self.holes.iter().zip(blobs);
        let holes: Vec<_> =
            holes.map(|(hole, digest)| journal::hash::holes::Hole { at: place(hole.at), digest: *digest }).collect();
        journal::hash::holes::join(&holes, &text)
    }

    /// Where a place of the template is in the completed text.
    fn moved(&self, at: usize, added: usize) -> usize {
        if at < self.slot { at } else { at + added }
    }

    fn completed_text(&self, version: u64, moment: Moment) -> Vec<u8> {
        use std::io::Write as _;
        let mut text = Vec::with_capacity(self.text.len() + self.before.len() + self.after.len() + 72);
        text.extend_from_slice(&self.text[..self.slot]);
        text.extend_from_slice(self.before);
        // Writing to a Vec cannot fail.
        let _ = write!(text, "\"versionId\":\"{version}\",\"lastUpdated\":\"{moment}\"");
        text.extend_from_slice(self.after);
        text.extend_from_slice(&self.text[self.slot..]);
        text
    }
}

impl Change {
    /// The resource that is changed.
    pub fn key(&self) -> &Key {
        match self {
            Change::Put(key, _) | Change::Delete(key) => key,
        }
    }
}
