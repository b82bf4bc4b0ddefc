//! The append-only journal: encoding, hash chain, Merkle tree, checkpoints, proofs, and the one verifier.
//!
//! Small on purpose, so that an outsider can audit it alone. Knows no FHIR, SQL, network, clock or files: bytes,
//! readers and moments come from the caller. The formats are frozen (golden files in `tests/golden`) and described
//! byte by byte in `docs/formats/journal.md`.
//!
//! Tour: an [`Entry`] is one commit; [`chain_hash`] links it to the next and [`leaf_hash`] puts it into the tree.

mod act;
mod entry;
mod hash;
mod span;
mod wire;

pub use act::{Act, Cut, ErasedVersion, Erasure, KeyChange, KeyChangeKind, PublicKey, Resume, Signature, Takeover};
pub use entry::{
    Assertion, BlobRef, Cause, CauseKind, Change, Entry, Idempotency, MOST_ENTRY_BYTES, Operation, SpanDigest,
};
pub use hash::{
    BlobHasher, Hash, NOTHING_BEFORE, Salt, access_chain_hash, blob_digest, chain_hash, leaf_hash, node_hash,
    request_digest, version_digest,
};
pub use wire::Malformed;
