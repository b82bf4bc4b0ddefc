//! The append-only journal: encoding, hash chain, Merkle tree, checkpoints, proofs, and the one verifier.
//!
//! Small on purpose, so that an outsider can audit it alone. Knows no FHIR, SQL, network, clock or files: bytes,
//! readers and moments come from the caller. The formats are frozen (golden files in `tests/golden`) and described
//! byte by byte in `docs/formats/journal.md`.
//!
//! Tour: an [`Entry`] is one commit; [`chain_hash`] links it to the next and [`leaf_hash`] puts it into the tree whose
//! [`Edge`] the writer keeps, and whose [`tiles`] give [proofs](tiles::proof). A [`SignedCheckpoint`] states size and root.
//! Beside the entries lie texts (which may have [`hash::holes`] for blobs) and blobs, known by salted digests; [`AccessLeaf`]s in [`frames`] say who looked.
//! A [`package`] holds all of it in one file, and the [`verifier`] names whatever is wrong with it.

mod access;
pub mod act;
mod checkpoint;
mod edge;
mod entry;
pub mod frames;
pub mod hash;
mod keys;
pub mod note;
pub mod package;
mod span;
pub mod tiles;
pub mod verifier;
mod wire;

pub use access::{AccessLeaf, AccessOutcome, AccessRead};
pub use act::{Act, ErasedVersion, Erasure, KeyChange, KeyChangeKind};
pub use checkpoint::{Checkpoint, SignedCheckpoint};
pub use edge::Edge;
pub use entry::{Assertion, BlobRef, Cause, CauseKind, Change, Entry, Idempotency, Operation, SpanDigest};
pub use hash::{
    Hash, NOTHING_BEFORE, Salt, access_chain_hash, chain_hash, leaf_hash, node_hash, request_digest, version_digest,
};
pub use keys::{KeyKind, SigningKey, VerifierKey};
pub use wire::Malformed;
