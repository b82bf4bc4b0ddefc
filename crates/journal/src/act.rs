//! What an entry may do besides making versions: erase, change keys, hand the record to another host.
//!
//! Acts that carry signatures say exactly which bytes were signed, so that anyone can check them offline; whether a
//! key may sign at that place of the journal is the verifier's question. Byte by byte in
//! `docs/formats/journal.md`, section 4.

use crate::entry::{MOST_LIST, SENTENCE, WORD};
use crate::hash::Hash;
use crate::keys::signature_holds;
use crate::wire::{Limit, Malformed, Reader, Writer, allowed};

/// An Ed25519 public key.
pub type PublicKey = [u8; 32];

/// An Ed25519 signature.
pub type Signature = [u8; 64];

/// What an entry does besides making versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Nothing else.
    Commit,
    /// Texts, salts and blobs beside earlier entries are gone for good.
    Erase(Erasure),
    /// A key that signs for the record was introduced, rotated or retired.
    Keys(KeyChange),
    /// From the next entry on, another host writes.
    Cut(Cut),
    /// The target of a cut refused it before it opened; the source writes on.
    Resume(Resume),
    /// A writer took the record over; this is the first entry of its epoch.
    Takeover(Takeover),
}

/// Which texts were erased, and on whose authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The versions whose text and salt are gone (at most 100,000).
    pub versions: Vec<ErasedVersion>,
    /// Digests of the blobs that are gone (at most 100,000).
    pub blobs: Vec<Hash>,
    /// Who ordered it: a court, a policy, a person's office; no patient data (at most 4,096 bytes).
    pub authority: String,
    /// Why; no patient data (at most 4,096 bytes).
    pub reason: String,
}

/// One version whose text is gone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ErasedVersion {
    /// Resource type.
    pub kind: String,
    /// Logical id.
    pub id: String,
    /// The version.
    pub version: u64,
    /// The entry that made it.
    pub entry: u64,
}

/// A key that signs checkpoints of this record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    /// What happens to the key.
    pub kind: KeyChangeKind,
    /// The record's origin line, as in its checkpoints (at most 512 bytes).
    pub origin: String,
    /// The host that holds the key (at most 512 bytes).
    pub host: String,
    /// The key's name in signature lines (at most 512 bytes).
    pub name: String,
    /// The key that is introduced, that takes over, or that is retired.
    pub key: PublicKey,
    /// The key that signs this change: for the record's first key that key itself, for a rotation the key that
    /// gives way, otherwise any key in force.
    pub signer: PublicKey,
    /// The signer's signature over [`KeyChange::message`].
    pub signature: Signature,
}

/// What happens to a key. A retired key is never introduced again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyChangeKind {
    /// `key` is in force from here on.
    Introduce,
    /// `key` is in force from here on and `signer` no longer is.
    Rotate,
    /// `key` is no longer in force.
    Retire,
}

/// The record is handed to another host. Irrevocable, except by the target's signed [`Resume`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The record's origin line (at most 512 bytes).
    pub origin: String,
    /// The host that wrote until now (at most 512 bytes).
    pub source: String,
    /// The host that writes from the next entry on (at most 512 bytes).
    pub target: String,
    /// The epoch of the next entry.
    pub epoch: u64,
    /// The source's key.
    pub source_key: PublicKey,
    /// The target's key; in force from here on.
    pub target_key: PublicKey,
    /// The source's signature over [`Cut::message`].
    pub source_signature: Signature,
    /// The target's signature over the same bytes: it holds everything before this entry.
    pub target_signature: Signature,
}

/// The target of a cut gave it back before it opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The record's origin line (at most 512 bytes).
    pub origin: String,
    /// The sequence of the cut entry.
    pub cut: u64,
    /// The epoch of this entry: above the one that the cut named.
    pub epoch: u64,
    /// The target's key, as in the cut.
    pub target_key: PublicKey,
    /// The target's signature over [`Resume::message`].
    pub signature: Signature,
}

/// A writer took the record over from one that stopped or was deposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Takeover {
    /// The host that writes from this entry on (at most 512 bytes).
    pub host: String,
    /// Why (at most 4,096 bytes).
    pub reason: String,
}

impl KeyChange {
    /// The bytes that the signer signs.
    pub fn message(&self) -> Vec<u8> {
        let mut to = Writer::with_capacity(256);
        to.fixed(b"almoner:key\n");
        self.write_unsigned(&mut to);
        to.finish()
    }

    fn write_unsigned(&self, to: &mut Writer) {
        to.byte(self.kind.tag());
        to.text(&self.origin);
        to.text(&self.host);
        to.text(&self.name);
        to.fixed(&self.key);
        to.fixed(&self.signer);
    }

    fn read(from: &mut Reader<'_>) -> Result<KeyChange, Malformed> {
        Ok(KeyChange {
            kind: KeyChangeKind::read(from)?,
            origin: from.text(WORD)?,
            host: from.text(WORD)?,
            name: from.text(WORD)?,
            key: from.fixed()?,
            signer: from.fixed()?,
            signature: from.fixed()?,
        })
    }
}

impl KeyChangeKind {
    fn tag(self) -> u8 {
        match self {
            KeyChangeKind::Introduce => 1,
            KeyChangeKind::Rotate => 2,
            KeyChangeKind::Retire => 3,
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<KeyChangeKind, Malformed> {
        match from.byte()? {
            1 => Ok(KeyChangeKind::Introduce),
            2 => Ok(KeyChangeKind::Rotate),
            3 => Ok(KeyChangeKind::Retire),
            _ => from.fail("the key change is of a kind that is not known"),
        }
    }
}

impl Cut {
    /// The bytes that source and target sign. `sequence` and `previous` are those of the entry that carries the
    /// cut, so a signature given in a drain that was aborted is worth nothing after the next entry.
    pub fn message(&self, sequence: u64, previous: &Hash) -> Vec<u8> {
        let mut to = Writer::with_capacity(256);
        to.fixed(b"almoner:cut\n");
        to.number(sequence);
        to.fixed(previous);
        self.write_unsigned(&mut to);
        to.finish()
    }

    /// Whether both hosts signed it for the entry of this number after the entry with this chain hash. Whether their
    /// keys may is the verifier's question.
    pub fn is_signed(&self, sequence: u64, previous: &Hash) -> bool {
        let message = self.message(sequence, previous);
        signature_holds(&self.source_key, &message, &self.source_signature)
            && signature_holds(&self.target_key, &message, &self.target_signature)
    }

    fn write_unsigned(&self, to: &mut Writer) {
        to.text(&self.origin);
        to.text(&self.source);
        to.text(&self.target);
        to.number(self.epoch);
        to.fixed(&self.source_key);
        to.fixed(&self.target_key);
    }

    fn read(from: &mut Reader<'_>) -> Result<Cut, Malformed> {
        Ok(Cut {
            origin: from.text(WORD)?,
            source: from.text(WORD)?,
            target: from.text(WORD)?,
            epoch: from.number()?,
            source_key: from.fixed()?,
            target_key: from.fixed()?,
            source_signature: from.fixed()?,
            target_signature: from.fixed()?,
        })
    }
}

impl Resume {
    /// The bytes that the target signs. `previous` is that of the entry that carries the resumption: the chain
    /// hash of the cut entry.
    pub fn message(&self, previous: &Hash) -> Vec<u8> {
        let mut to = Writer::with_capacity(128);
        to.fixed(b"almoner:resume\n");
        to.fixed(previous);
        self.write_unsigned(&mut to);
        to.finish()
    }

    /// Whether it gives back the record that this cut, of this number, handed over: signed by that cut's target for the
    /// entry after the one with this chain hash, in a later epoch.
    pub fn gives_back(&self, number: u64, cut: &Cut, previous: &Hash) -> bool {
        (&self.origin, self.cut, &self.target_key) == (&cut.origin, number, &cut.target_key)
            && self.epoch > cut.epoch
            && signature_holds(&self.target_key, &self.message(previous), &self.signature)
    }

    fn write_unsigned(&self, to: &mut Writer) {
        to.text(&self.origin);
        to.number(self.cut);
        to.number(self.epoch);
        to.fixed(&self.target_key);
    }

    fn read(from: &mut Reader<'_>) -> Result<Resume, Malformed> {
        Ok(Resume {
            origin: from.text(WORD)?,
            cut: from.positive()?,
            epoch: from.number()?,
            target_key: from.fixed()?,
            signature: from.fixed()?,
        })
    }
}

impl Erasure {
    fn write(&self, to: &mut Writer) {
        to.number(self.versions.len() as u64);
        for version in &self.versions {
            to.text(&version.kind);
            to.text(&version.id);
            to.number(version.version);
            to.number(version.entry);
        }
        to.number(self.blobs.len() as u64);
        for blob in &self.blobs {
            to.fixed(blob);
        }
        to.text(&self.authority);
        to.text(&self.reason);
    }

    fn read(from: &mut Reader<'_>) -> Result<Erasure, Malformed> {
        let versions = from.list(MOST_LIST, |from| {
            Ok(ErasedVersion {
                kind: from.text(Limit::Name)?,
                id: from.text(Limit::Name)?,
                version: from.positive()?,
                entry: from.positive()?,
            })
        })?;
        let blobs = from.list(MOST_LIST, Reader::hash)?;
        Ok(Erasure { versions, blobs, authority: from.text(SENTENCE)?, reason: from.text(SENTENCE)? })
    }

    fn fits(&self) -> bool {
        let named = |v: &ErasedVersion| allowed(&v.kind, Limit::Name) && allowed(&v.id, Limit::Name);
        self.versions.len() <= MOST_LIST
            && self.blobs.len() <= MOST_LIST
            && self.versions.iter().all(|v| named(v) && v.version > 0 && v.entry > 0)
            && allowed(&self.authority, SENTENCE)
            && allowed(&self.reason, SENTENCE)
    }
}

impl Act {
    pub(crate) fn write(&self, to: &mut Writer) {
        match self {
            Act::Commit => to.byte(0),
            Act::Erase(erasure) => {
                to.byte(1);
                erasure.write(to);
            }
            Act::Keys(change) => {
                to.byte(2);
                change.write_unsigned(to);
                to.fixed(&change.signature);
            }
            Act::Cut(cut) => {
                to.byte(3);
                cut.write_unsigned(to);
                to.fixed(&cut.source_signature);
                to.fixed(&cut.target_signature);
            }
            Act::Resume(resume) => {
                to.byte(4);
                resume.write_unsigned(to);
                to.fixed(&resume.signature);
            }
            Act::Takeover(takeover) => {
                to.byte(5);
                to.text(&takeover.host);
                to.text(&takeover.reason);
            }
        }
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Act, Malformed> {
        match from.byte()? {
            0 => Ok(Act::Commit),
            1 => Ok(Act::Erase(Erasure::read(from)?)),
            2 => Ok(Act::Keys(KeyChange::read(from)?)),
            3 => Ok(Act::Cut(Cut::read(from)?)),
            4 => Ok(Act::Resume(Resume::read(from)?)),
            5 => Ok(Act::Takeover(Takeover { host: from.text(WORD)?, reason: from.text(SENTENCE)? })),
            _ => from.fail("the act is of a kind that is not known"),
        }
    }

    pub(crate) fn check(&self) -> Result<(), Malformed> {
        let words = |words: &[&String]| words.iter().all(|word| allowed(word, WORD));
        let fits = match self {
            Act::Commit => true,
            Act::Erase(erasure) => erasure.fits(),
            Act::Keys(change) => words(&[&change.origin, &change.host, &change.name]),
            Act::Cut(cut) => words(&[&cut.origin, &cut.source, &cut.target]),
            Act::Resume(resume) => words(&[&resume.origin]) && resume.cut > 0,
            Act::Takeover(takeover) => words(&[&takeover.host]) && allowed(&takeover.reason, SENTENCE),
        };
        if fits { Ok(()) } else { Err(Malformed { what: "the act names something that is too long or zero", at: 0 }) }
    }
}
