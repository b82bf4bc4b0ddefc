//! Packages: a journal with what lies beside it in one file, for a checker without database or network.
//!
//! A stream of records in both directions, with bounded memory: header, then entries in order, each followed by its
//! texts; blobs, checkpoints and access leaves between them; an end record that counts them. The package itself is
//! not signed: what makes it believable is the checkpoints. Byte by byte in `docs/formats/journal.md`, section 7.

mod check;

use crate::access::MOST_LEAF_BYTES;
use crate::checkpoint::SignedCheckpoint;
use crate::entry::{MOST_ENTRY_BYTES, WORD};
use crate::hash::{Hash, Salt};
use crate::note::MOST_NOTE_BYTES;
use crate::verifier::{Expect, Report};
use crate::wire::{self, Malformed};
use std::io::{self, Read, Write};
use terms::Moment;

/// The first bytes of a package file.
pub const PACKAGE_START: &[u8; 16] = b"almoner:journal\n";

/// Longest text of a version in a package, in bytes.
pub const MOST_TEXT_BYTES: usize = 64 << 20;

/// Longest part of a blob in a package, in bytes.
pub const MOST_PART_BYTES: usize = 1 << 20;

/// What a package says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The record's origin line, as in its checkpoints.
    pub origin: String,
    /// When the package was made.
    pub moment: Moment,
    /// Whether every text that is not erased is here.
    pub texts: bool,
    /// Whether every blob that is not erased is here.
    pub blobs: bool,
}

/// How many records of each kind a package has; its last record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Entries.
    pub entries: u64,
    /// Texts.
    pub texts: u64,
    /// Blobs.
    pub blobs: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// Access leaves.
    pub leaves: u64,
}

/// One record of a package, borrowed from the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record<'a> {
    /// An entry's canonical bytes.
    Entry(&'a [u8]),
    /// The text of one change of the entry before.
    Text {
        /// Which change, counted from 0.
        change: u64,
        /// Its salt.
        salt: Salt,
        /// How it is sealed; 0 when it is not, and then the digest can be checked.
        sealing: u32,
        /// The text.
        text: &'a [u8],
    },
    /// A blob begins; its parts follow.
    Blob {
        /// The digest that an entry names.
        digest: Hash,
        /// Its salt.
        salt: Salt,
        /// How it is sealed; 0 when it is not.
        sealing: u32,
        /// The length of all its parts.
        length: u64,
    },
    /// The next part of the blob that was begun.
    Part(&'a [u8]),
    /// A signed checkpoint of the journal or of an access chain.
    Checkpoint(&'a str),
    /// An access leaf's canonical bytes.
    Leaf(&'a [u8]),
    /// The end; nothing follows.
    End(Counts),
}

/// Why a package cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The file does not begin as a package does.
    #[error("this is not a package of a journal")]
    NotAPackage,
    /// The bytes end where a record should follow or go on.
    #[error("the package is cut short at byte {at}")]
    CutShort {
        /// Where.
        at: u64,
    },
    /// A record is not one.
    #[error("the package is damaged at byte {at}: {what}")]
    Damaged {
        /// Where the record begins.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The source failed.
    #[error("reading the package failed")]
    Io(#[from] io::Error),
}

/// Checks a package against these keys and checkpoints kept elsewhere. Texts and blobs of `expect` are taken from the
/// package's header; an origin given there must be the header's.
pub fn check_package(from: impl Read, expect: Expect, outside: &[String]) -> Result<Report, Unreadable> {
    check::check_package(from, expect, outside, None)
}

/// Gives a blob's salt and bytes by its digest; `None` when it is not there.
pub type BlobSource<'s> = dyn FnMut(&Hash) -> io::Result<Option<(Salt, Box<dyn Read>)>> + 's;

/// The same with blobs that lie elsewhere, such as files beside the package.
pub fn check_package_with(
    from: impl Read,
    expect: Expect,
    outside: &[String],
    blobs: &mut BlobSource<'_>,
) -> Result<Report, Unreadable> {
    check::check_package(from, expect, outside, Some(blobs))
}

mod tag {
    pub(super) const HEADER: u8 = 1;
    pub(super) const ENTRY: u8 = 2;
    pub(super) const TEXT: u8 = 3;
    pub(super) const BLOB: u8 = 4;
    pub(super) const PART: u8 = 5;
    pub(super) const CHECKPOINT: u8 = 6;
    pub(super) const LEAF: u8 = 7;
    pub(super) const END: u8 = 8;
}

/// The first byte of the header record.
const FORMAT: u8 = 1;

/// Room for the fields that stand before a text in its record.
const TEXT_FIELDS: usize = 40;

/// Writes a package.
pub struct Writer<W> {
    to: W,
    counts: Counts,
}

impl<W: Write> Writer<W> {
    /// Begins a package.
    pub fn new(mut to: W, header: &Header) -> io::Result<Writer<W>> {
        to.write_all(PACKAGE_START)?;
        let mut fields = wire::Writer::with_capacity(64);
        fields.byte(FORMAT);
        fields.text(&header.origin);
        fields.moment(header.moment);
        fields.byte(u8::from(header.texts));
        fields.byte(u8::from(header.blobs));
        let mut writer = Writer { to, counts: Counts::default() };
        writer.record(tag::HEADER, &fields.finish(), &[])?;
        Ok(writer)
    }

    /// The next entry.
    pub fn entry(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.counts.entries += 1;
        self.record(tag::ENTRY, bytes, &[])
    }

    /// The text of a change (counted from 0) of the entry before; sealing 0 is plain.
    pub fn text(&mut self, change: u64, salt: &Salt, sealing: u32, text: &[u8]) -> io::Result<()> {
        let mut fields = wire::Writer::with_capacity(TEXT_FIELDS);
        fields.number(change);
        fields.fixed(salt);
        fields.number(u64::from(sealing));
        self.counts.texts += 1;
        self.record(tag::TEXT, &fields.finish(), text)
    }

    /// A blob of `length` bytes, written at any time after the first entry that names it and only once.
    pub fn blob(
        &mut self,
        digest: &Hash,
        salt: &Salt,
        sealing: u32,
        length: u64,
        mut from: impl Read,
    ) -> io::Result<()> {
        let mut fields = wire::Writer::with_capacity(72);
        fields.fixed(digest);
        fields.fixed(salt);
        fields.number(u64::from(sealing));
        fields.number(length);
        self.counts.blobs += 1;
        self.record(tag::BLOB, &fields.finish(), &[])?;
        let mut part = vec![0; MOST_PART_BYTES.min(usize::try_from(length).unwrap_or(MOST_PART_BYTES))];
        let mut left = length;
        while left > 0 {
            let count = part.len().min(usize::try_from(left).unwrap_or(MOST_PART_BYTES));
            from.read_exact(&mut part[..count])?;
            self.record(tag::PART, &part[..count], &[])?;
            left -= count as u64;
        }
        Ok(())
    }

    /// A checkpoint of the journal, written before the entry after its size, or of an access chain, written before
    /// the leaf after its size.
    pub fn checkpoint(&mut self, checkpoint: &SignedCheckpoint) -> io::Result<()> {
        self.counts.checkpoints += 1;
        self.record(tag::CHECKPOINT, checkpoint.to_string().as_bytes(), &[])
    }

    /// The next leaf of its access chain.
    pub fn leaf(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.counts.leaves += 1;
        self.record(tag::LEAF, bytes, &[])
    }

    /// Ends the package and gives the sink back, flushed.
    pub fn finish(mut self) -> io::Result<W> {
        let mut fields = wire::Writer::with_capacity(48);
        let Counts { entries, texts, blobs, checkpoints, leaves } = self.counts;
        for count in [entries, texts, blobs, checkpoints, leaves] {
            fields.number(count);
        }
        self.record(tag::END, &fields.finish(), &[])?;
        self.to.flush()?;
        Ok(self.to)
    }

    fn record(&mut self, tag: u8, first: &[u8], second: &[u8]) -> io::Result<()> {
        let length = first.len() + second.len();
        if length > most_bytes(tag) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a record of the package is longer than its limit",
            ));
        }
        self.to.write_all(&[tag])?;
        self.to.write_all(&(length as u32).to_le_bytes())?;
        self.to.write_all(first)?;
        self.to.write_all(second)
    }
}

/// Reads a package.
pub struct Reader<R> {
    from: R,
    header: Header,
    at: u64,
    record: Vec<u8>,
    /// Bytes of the begun blob that have not been read yet.
    blob_left: u64,
    ended: bool,
}

impl<R: Read> Reader<R> {
    /// Begins to read a package. Give it a buffered source.
    pub fn new(from: R) -> Result<Reader<R>, Unreadable> {
        let header = Header { origin: String::new(), moment: Moment(0), texts: false, blobs: false };
        let mut reader = Reader { from, header, at: 0, record: Vec::new(), blob_left: 0, ended: false };
        let mut start = [0; PACKAGE_START.len()];
        match reader.from.read_exact(&mut start) {
            Err(problem) if problem.kind() != io::ErrorKind::UnexpectedEof => return Err(problem.into()),
            Ok(()) if start == *PACKAGE_START => reader.at = start.len() as u64,
            _ => return Err(Unreadable::NotAPackage),
        }
        let at = reader.at;
        if reader.fetch()? != tag::HEADER {
            return Err(Unreadable::Damaged { at, what: "the first record is not a header" });
        }
        reader.header = read_header(&reader.record).map_err(|bad| damaged(at, bad))?;
        Ok(reader)
    }

    /// What the package says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next record; nothing after the end record.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, Unreadable> {
        let at = self.at;
        if self.ended {
            let mut more = [0];
            return match self.from.read(&mut more)? {
                0 => Ok(None),
                _ => Err(Unreadable::Damaged { at, what: "there are bytes after the end record" }),
            };
        }
        let tag = self.fetch()?;
        let bad = |what| Err(Unreadable::Damaged { at, what });
        if (tag == tag::PART) != (self.blob_left > 0) {
            return bad("a part of a blob is missing or belongs to no blob");
        }
        let record = read_record(tag, &self.record).map_err(|bad| damaged(at, bad))?;
        match &record {
            Record::Blob { length, .. } => self.blob_left = *length,
            Record::Part(part) if part.is_empty() || part.len() as u64 > self.blob_left => {
                return bad("a part of a blob is empty or longer than the blob");
            }
            Record::Part(part) => self.blob_left -= part.len() as u64,
            Record::End(_) => self.ended = true,
            _ => {}
        }
        Ok(Some(record))
    }

    /// Reads the next record's bytes and gives its tag. Memory grows only with bytes that are really there.
    fn fetch(&mut self) -> Result<u8, Unreadable> {
        let at = self.at;
        let mut start = [0; 5];
        self.from.read_exact(&mut start).map_err(|problem| cut_short(problem, at))?;
        let [tag, length @ ..] = start;
        let length = u32::from_le_bytes(length) as usize;
        if length > most_bytes(tag) {
            return Err(Unreadable::Damaged { at, what: "a record is of an unknown kind or longer than its limit" });
        }
        self.record.clear();
        let count = self.from.by_ref().take(length as u64).read_to_end(&mut self.record)?;
        if count < length {
            return Err(Unreadable::CutShort { at });
        }
        self.at += 5 + length as u64;
        Ok(tag)
    }
}

fn cut_short(problem: io::Error, at: u64) -> Unreadable {
    match problem.kind() {
        io::ErrorKind::UnexpectedEof => Unreadable::CutShort { at },
        _ => Unreadable::Io(problem),
    }
}

fn damaged(at: u64, bad: Malformed) -> Unreadable {
    Unreadable::Damaged { at, what: bad.what }
}

/// The limit of each kind of record; an unknown kind has none that any record keeps but the empty one.
fn most_bytes(tag: u8) -> usize {
    match tag {
        tag::HEADER | tag::BLOB | tag::END => 1024,
        tag::ENTRY => MOST_ENTRY_BYTES,
        tag::TEXT => TEXT_FIELDS + MOST_TEXT_BYTES,
        tag::PART => MOST_PART_BYTES,
        tag::CHECKPOINT => MOST_NOTE_BYTES,
        tag::LEAF => MOST_LEAF_BYTES,
        _ => 0,
    }
}

fn read_header(bytes: &[u8]) -> Result<Header, Malformed> {
    let mut from = wire::Reader::new(bytes);
    if from.byte()? != FORMAT {
        return from.fail("the package has a format that this version does not know");
    }
    let header = Header { origin: from.text(WORD)?, moment: from.moment()?, texts: from.flag()?, blobs: from.flag()? };
    from.end()?;
    Ok(header)
}

fn read_record(tag: u8, bytes: &[u8]) -> Result<Record<'_>, Malformed> {
    let mut from = wire::Reader::new(bytes);
    match tag {
        tag::ENTRY => Ok(Record::Entry(bytes)),
        tag::TEXT => {
            let (change, salt, sealing) = (from.number()?, from.fixed()?, from.small()?);
            Ok(Record::Text { change, salt, sealing, text: from.rest() })
        }
        tag::BLOB => {
            let (digest, salt, sealing, length) = (from.hash()?, from.fixed()?, from.small()?, from.number()?);
            from.end()?;
            Ok(Record::Blob { digest, salt, sealing, length })
        }
        tag::PART => Ok(Record::Part(bytes)),
        tag::CHECKPOINT => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Record::Checkpoint(text)),
            Err(_) => from.fail("a checkpoint is not UTF-8"),
        },
        tag::LEAF => Ok(Record::Leaf(bytes)),
        tag::END => {
            let mut count = || from.number();
            let counts =
                Counts { entries: count()?, texts: count()?, blobs: count()?, checkpoints: count()?, leaves: count()? };
            from.end()?;
            Ok(Record::End(counts))
        }
        _ => from.fail("a record is of an unknown kind"),
    }
}
