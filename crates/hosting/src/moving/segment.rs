//! Entries on the wire, with what lies beside them: a segment is 256 of them, so that its root is one hash of the journal's
//! tree, and comes in as many parts as its weight asks for; a tail has as many as there are. Each part is compressed as a
//! whole. Byte by byte in `docs/formats/move.md`, section 3.

use journal::{Hash, Salt};
use record::Key;
use record::apply::{Blob, Decided, Text};

use crate::failure::Failure;

/// Entries of a segment.
pub(crate) const ENTRIES: u64 = 256;
/// The first bytes of entries on the wire.
const START: &[u8; 16] = b"almoner:segment\n";
/// Most bytes of a part once it is decompressed: a part ends with the entry that makes it large.
const MOST_BYTES: usize = 1 << 30;
const LEVEL: i32 = 3;

/// What is not a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotASegment;

/// Packs entries.
pub(crate) fn pack(entries: &[Decided]) -> Result<Vec<u8>, Failure> {
    let mut to = START.to_vec();
    number(&mut to, entries.len() as u64);
    for entry in entries {
        bytes(&mut to, &entry.entry);
        optional(&mut to, entry.salt.as_ref().map(<[u8; 16]>::as_slice));
        optional(&mut to, entry.request.as_deref());
        number(&mut to, entry.texts.len() as u64);
        for text in &entry.texts {
            put_text(&mut to, text);
        }
        number(&mut to, entry.blobs.len() as u64);
        for blob in &entry.blobs {
            to.extend_from_slice(&blob.digest);
            to.extend_from_slice(&blob.salt);
            bytes(&mut to, &blob.bytes);
        }
    }
    zstd::encode_all(to.as_slice(), LEVEL).map_err(|error| Failure::problem("packing entries", &error))
}

/// Reads packed entries.
pub(crate) fn unpack(packed: &[u8]) -> Result<Vec<Decided>, NotASegment> {
    use std::io::Read as _;
    let mut plain = Vec::new();
    let decoder = zstd::Decoder::new(packed).map_err(|_| NotASegment)?;
    decoder.take(MOST_BYTES as u64 + 1).read_to_end(&mut plain).map_err(|_| NotASegment)?;
    if plain.len() > MOST_BYTES {
        return Err(NotASegment);
    }
    let mut from = From { rest: plain.strip_prefix(START).ok_or(NotASegment)? };
    let count = from.count(5000)?;
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        entries.push(from.entry()?);
    }
    if from.rest.is_empty() { Ok(entries) } else { Err(NotASegment) }
}

/// The hashes of entries as leaves of the journal's tree.
pub(crate) fn leaves(entries: &[Decided]) -> impl Iterator<Item = Hash> {
    entries.iter().map(|entry| journal::leaf_hash(&entry.entry))
}

/// Whether these are the leaves of the segment with this root, all of them and in order.
pub(crate) fn is_signed(leaves: &[Hash], root: &Hash) -> bool {
    leaves.len() as u64 == ENTRIES && root_of(leaves.to_vec()) == *root
}

/// The root of the tree over leaves; a power of two of them.
fn root_of(mut level: Vec<Hash>) -> Hash {
    while level.len() > 1 {
        level = level.chunks_exact(2).map(|pair| journal::node_hash(&pair[0], &pair[1])).collect();
    }
    level.first().copied().unwrap_or_default()
}

fn put_text(to: &mut Vec<u8>, text: &Text) {
    match text {
        Text::Kept { salt, seal, text } => {
            to.push(0);
            to.extend_from_slice(salt);
            number(to, u64::from(*seal));
            bytes(to, text);
        }
        Text::Erased { by, whose } => {
            to.push(1);
            number(to, *by);
            number(to, whose.len() as u64);
            for key in whose {
                bytes(to, key.kind.as_bytes());
                bytes(to, key.id.as_bytes());
            }
        }
    }
}

fn number(to: &mut Vec<u8>, number: u64) {
    to.extend_from_slice(&number.to_be_bytes());
}

fn bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    number(to, bytes.len() as u64);
    to.extend_from_slice(bytes);
}

fn optional(to: &mut Vec<u8>, content: Option<&[u8]>) {
    to.push(u8::from(content.is_some()));
    if let Some(content) = content {
        bytes(to, content);
    }
}

struct From<'a> {
    rest: &'a [u8],
}

impl<'a> From<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], NotASegment> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(NotASegment)?;
        self.rest = rest;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], NotASegment> {
        self.take(N)?.try_into().map_err(|_| NotASegment)
    }

    fn number(&mut self) -> Result<u64, NotASegment> {
        self.fixed().map(u64::from_be_bytes)
    }

    /// A count of things that each have a byte at least.
    fn count(&mut self, most: usize) -> Result<usize, NotASegment> {
        let count = usize::try_from(self.number()?).map_err(|_| NotASegment)?;
        if count <= most && count <= self.rest.len() { Ok(count) } else { Err(NotASegment) }
    }

    fn bytes(&mut self) -> Result<&'a [u8], NotASegment> {
        let length = self.count(usize::MAX)?;
        self.take(length)
    }

    fn text(&mut self) -> Result<String, NotASegment> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| NotASegment)
    }

    fn optional(&mut self) -> Result<Option<&'a [u8]>, NotASegment> {
        match self.fixed::<1>()? {
            [0] => Ok(None),
            [1] => self.bytes().map(Some),
            _ => Err(NotASegment),
        }
    }

    fn entry(&mut self) -> Result<Decided, NotASegment> {
        let entry = self.bytes()?.to_vec();
        let salt = self.optional()?.map(Salt::try_from).transpose().map_err(|_| NotASegment)?;
        let request = self.optional()?.map(<[u8]>::to_vec);
        let count = self.count(100_000)?;
        let mut texts = Vec::with_capacity(count);
        for _ in 0..count {
            texts.push(self.version()?);
        }
        let count = self.count(100_000)?;
        let mut blobs = Vec::with_capacity(count);
        for _ in 0..count {
            blobs.push(Blob { digest: self.fixed()?, salt: self.fixed()?, bytes: self.bytes()?.into() });
        }
        Ok(Decided { entry, salt, texts, blobs, request })
    }

    fn version(&mut self) -> Result<Text, NotASegment> {
        match self.fixed::<1>()? {
            [0] => {
                let (salt, seal) = (self.fixed()?, u32::try_from(self.number()?).map_err(|_| NotASegment)?);
                Ok(Text::Kept { salt, seal, text: self.bytes()?.to_vec() })
            }
            [1] => {
                let (by, count) = (self.number()?, self.count(100_000)?);
                let mut whose = Vec::with_capacity(count);
                for _ in 0..count {
                    whose.push(Key { kind: self.text()?, id: self.text()? });
                }
                Ok(Text::Erased { by, whose })
            }
            _ => Err(NotASegment),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn entries() -> Vec<Decided> {
        let kept = Text::Kept { salt: [1; 16], seal: 0, text: b"{}".to_vec() };
        let erased = Text::Erased { by: 9, whose: vec![Key::new("Patient", "p")] };
        let blob = Blob { digest: [2; 32], salt: [3; 16], bytes: b"scan".as_slice().into() };
        let first = Decided {
            entry: b"entry".to_vec(),
            salt: Some([4; 16]),
            texts: vec![kept, erased],
            blobs: vec![blob],
            request: Some(vec![5; 32]),
        };
        let second = Decided { entry: b"e".to_vec(), salt: None, texts: Vec::new(), blobs: Vec::new(), request: None };
        vec![first, second]
    }

    #[test]
    fn a_segment_that_was_edited_cut_reordered_or_replayed_is_not_the_signed_one() {
        let entry = |number: u64| Decided { entry: number.to_be_bytes().to_vec(), ..entries()[1].clone() };
        let whole: Vec<Decided> = (0..ENTRIES).map(entry).collect();
        let is_signed = |entries: &[Decided], root| is_signed(&leaves(entries).collect::<Vec<Hash>>(), root);
        let root = root_of(leaves(&whole).collect());
        assert!(is_signed(&whole, &root));
        let cheats: [fn(&mut Vec<Decided>); 6] = [
            |all| all[17].entry[3] ^= 1,
            |all| drop(all.remove(9)),
            |all| all.swap(1, 2),
            |all| all[5] = all[4].clone(),
            |all| all.push(all[0].clone()),
            Vec::clear,
        ];
        for cheat in cheats {
            let mut cheated = whole.clone();
            cheat(&mut cheated);
            assert!(!is_signed(&cheated, &root));
        }
    }

    #[test]
    fn entries_are_read_as_they_were_packed_and_nothing_else_is() {
        let packed = pack(&entries()).unwrap();
        assert_eq!(unpack(&packed).unwrap(), entries());
        for cut in 0..packed.len() {
            assert!(unpack(&packed[..cut]).is_err());
        }
        let plain = zstd::decode_all(packed.as_slice()).unwrap();
        for at in 0..plain.len() {
            let mut longer = plain.clone();
            longer[at] ^= 0x80;
            // A changed length is refused or read as something else; it never panics and never reads the same.
            let again = unpack(&zstd::encode_all(longer.as_slice(), 1).unwrap());
            assert_ne!(again.as_ref().ok(), Some(&entries()));
        }
    }
}
