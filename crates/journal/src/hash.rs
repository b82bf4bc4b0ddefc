//! The hashes of the journal: chain, tree, and the salted digests of what lies beside an entry.
//!
//! Each has a tag of its own in front, so that bytes of one kind can never stand for another. Digests of texts,
//! blobs, spans and requests are salted with bytes kept beside the entry: who holds only the journal cannot test a
//! guess, and once the salt is erased nobody can. Documented in `docs/formats/journal.md`, section 2.

pub mod holes;

use sha2::{Digest, Sha256};

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// Random bytes that make a digest untestable without them.
pub type Salt = [u8; 16];

/// The value of `previous` in the first entry or leaf of a chain.
pub const NOTHING_BEFORE: Hash = [0; 32];

/// The hash that the next entry carries as `previous`.
pub fn chain_hash(entry_bytes: &[u8]) -> Hash {
    chain_hash_of_leaf(&leaf_hash(entry_bytes))
}

/// [`chain_hash`] for who already has the entry's [`leaf_hash`]: the entry is hashed once for chain and tree.
pub(crate) fn chain_hash_of_leaf(leaf: &Hash) -> Hash {
    tagged(b"almoner:chain\n", &[leaf])
}

/// The hash that the next access leaf of the same chain carries as `previous`.
pub fn access_chain_hash(leaf_bytes: &[u8]) -> Hash {
    access_chain_hash_of_leaf(&leaf_hash(leaf_bytes))
}

/// [`access_chain_hash`] for who already has the access leaf's [`leaf_hash`].
pub(crate) fn access_chain_hash_of_leaf(leaf: &Hash) -> Hash {
    tagged(b"almoner:access\n", &[leaf])
}

/// The leaf of the Merkle tree: RFC 6962, section 2.1, `SHA-256(0x00 || bytes)`.
pub fn leaf_hash(entry_bytes: &[u8]) -> Hash {
    tagged(&[0], &[entry_bytes])
}

/// The inner node of the Merkle tree: RFC 6962, section 2.1, `SHA-256(0x01 || left || right)`.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    tagged(&[1], &[left, right])
}

/// The digest of a version's text; for a deletion the text is empty.
pub fn version_digest(salt: &Salt, text: &[u8]) -> Hash {
    tagged(b"almoner:version\n", &[salt, text])
}

/// The digest of a blob held in memory; see [`BlobHasher`] for larger ones.
pub fn blob_digest(salt: &Salt, bytes: &[u8]) -> Hash {
    tagged(b"almoner:blob\n", &[salt, bytes])
}

/// The digest of a request for [`crate::Idempotency`], salted with the entry's salt: a retry is compared by
/// reading that salt back, and after the salt is gone the request cannot be guessed from the journal.
pub fn request_digest(entry_salt: &Salt, request: &[u8]) -> Hash {
    tagged(b"almoner:request\n", &[entry_salt, request])
}

/// Digests a blob that arrives in parts.
pub struct BlobHasher(Sha256);

impl BlobHasher {
    /// Begins a blob with this salt.
    pub fn new(salt: &Salt) -> BlobHasher {
        BlobHasher(Sha256::new().chain_update(b"almoner:blob\n").chain_update(salt))
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest; the same as [`blob_digest`] over all the bytes.
    pub fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}

pub(crate) fn tagged(tag: &[u8], parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(tag);
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}
