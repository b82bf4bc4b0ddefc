//! The append-only journal: encoding, hash chain, Merkle tree, checkpoints, proofs, and the one verifier.
//!
//! Small on purpose, so that an outsider can audit it alone. Knows no FHIR, SQL, network, clock or files: bytes,
//! readers and moments come from the caller. The formats are frozen (golden files in `tests/golden`) and described
//! byte by byte in `docs/formats/journal.md`.
//!
//! Tour: an [`Entry`] is one commit; [`chain_hash`] links it to the next and [`leaf_hash`] puts it into the tree.

mod act;
mod checkpoint;
mod edge;
mod entry;
mod hash;
mod keys;
mod note;
pub mod proof;
mod span;
pub mod tiles;
mod wire;

pub use act::{Act, Cut, ErasedVersion, Erasure, KeyChange, KeyChangeKind, PublicKey, Resume, Signature, Takeover};
pub use checkpoint::{Checkpoint, SignedCheckpoint};
pub use edge::Edge;
pub use entry::{
    Assertion, BlobRef, Cause, CauseKind, Change, Entry, Idempotency, MOST_ENTRY_BYTES, Operation, SpanDigest,
};
pub use hash::{
    BlobHasher, Hash, NOTHING_BEFORE, Salt, access_chain_hash, blob_digest, chain_hash, leaf_hash, node_hash,
    request_digest, version_digest,
};
pub use keys::{BadText, KeyKind, SigningKey, VerifierKey, signature_holds};
pub use note::{MOST_NOTE_BYTES, NotVerified, Note, Signer};
pub use wire::Malformed;
