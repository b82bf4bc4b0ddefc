//! Texts with holes: the content of a large attachment lies in a blob, and the text says where it belongs.
//!
//! What is kept beside an entry and hashed is the text without that content and a list of its holes in front; what is
//! served is the text with the holes filled. The blobs' digests in the list bind the rest, so the served bytes are
//! proved without being hashed twice. Pure bytes; byte by byte in `docs/formats/journal.md`, section 2.3.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::entry::BlobRef;
use crate::hash::Hash;
use crate::wire::{Malformed, Reader, Writer};

/// A place in a text where a blob's content belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hole {
    /// Byte offset in the text without the content of any hole.
    pub at: u64,
    /// The blob, as the entry names it.
    pub digest: Hash,
}

/// Most holes of one text.
pub const MOST_HOLES: usize = 1000;

/// The first byte of a text with holes. No text that is kept whole begins with it.
pub const MARK: u8 = 0;

/// The holes are filled with the base64 of their blobs (RFC 4648, section 4, with padding).
const BASE64: u8 = 1;

/// The bytes that are kept and hashed for a text: itself when it has no holes.
pub fn join(holes: &[Hole], text: &[u8]) -> Vec<u8> {
    if holes.is_empty() {
        return text.to_vec();
    }
    let mut to = Writer::with_capacity(16 + holes.len() * 40 + text.len());
    to.byte(MARK);
    to.byte(BASE64);
    to.number(holes.len() as u64);
    for hole in holes {
        to.number(hole.at);
        to.fixed(&hole.digest);
    }
    to.fixed(text);
    to.finish()
}

/// The holes and the text of what was kept.
///
/// # Errors
/// When the bytes begin as a text with holes and are not one.
pub fn split(kept: &[u8]) -> Result<(Vec<Hole>, &[u8]), Malformed> {
    if kept.first() != Some(&MARK) {
        return Ok((Vec::new(), kept));
    }
    let mut from = Reader::new(kept);
    from.byte()?;
    if from.byte()? != BASE64 {
        return from.fail("the holes are of a kind that this version does not know");
    }
    let holes = from.list(MOST_HOLES, |from| Ok(Hole { at: from.number()?, digest: from.hash()? }))?;
    let text = from.rest();
    let rising = holes.windows(2).all(|pair| pair[0].at < pair[1].at);
    let inside = holes.last().is_some_and(|last| last.at <= text.len() as u64);
    if rising && inside { Ok((holes, text)) } else { from.fail("the holes do not lie in their text one after another") }
}

/// Whether these are the blobs of what was kept: those of its holes, each once, in the order of their first place. A
/// text without holes has none.
pub fn are_of(kept: &[u8], blobs: &[BlobRef]) -> bool {
    let Ok((holes, _)) = split(kept) else { return false };
    let mut named: Vec<Hash> = Vec::with_capacity(blobs.len());
    for hole in holes {
        if !named.contains(&hole.digest) {
            named.push(hole.digest);
        }
    }
    named.iter().eq(blobs.iter().map(|blob| &blob.digest))
}

/// The text with its holes filled, each given as its place and its blob's bytes, in order. A place behind the text
/// counts as its end.
pub fn filled(text: &[u8], holes: &[(usize, &[u8])]) -> Vec<u8> {
    let more: usize = holes.iter().map(|(_, bytes)| bytes.len().div_ceil(3) * 4).sum();
    let mut whole = Vec::with_capacity(text.len() + more);
    let mut done = 0;
    for (at, bytes) in holes {
        let at = (*at).clamp(done, text.len());
        whole.extend_from_slice(&text[done..at]);
        whole.extend_from_slice(STANDARD.encode(bytes).as_bytes());
        done = at;
    }
    whole.extend_from_slice(&text[done..]);
    whole
}
