//! The append-only journal: encoding, hash chain, Merkle tree, checkpoints, proofs, and the one verifier.
//!
//! Small on purpose, so that an outsider can audit it alone. Knows no FHIR, SQL, network, clock or files: bytes,
//! readers and moments come from the caller. The formats are frozen (golden files in `tests/golden`) and described
//! byte by byte in `docs/formats/journal.md`.
//!
//! Tour: an [`Entry`] is one commit; [`chain_hash`] links it to the next and [`leaf_hash`] puts it into the tree whose
//! [`Edge`] the writer keeps, and whose [`tiles`] give [`proof`]s. A [`SignedCheckpoint`] states size and root.
//! Beside the entries lie texts and blobs, known by salted digests; [`AccessLeaf`]s in [`frames`] say who looked.
//! A [`package`] holds all of it in one file, and the [`verifier`] names whatever is wrong with it.

mod access;
mod act;
mod checkpoint;
mod edge;
mod entry;
pub mod frames;
mod hash;
mod keys;
mod note;
pub mod package;
mod package_check;
pub mod proof;
mod span;
pub mod tiles;
pub mod verifier;
mod wire;

pub use access::{AccessLeaf, AccessOutcome, AccessRead, MOST_LEAF_BYTES, access_origin};
pub use act::{Act, Cut, ErasedVersion, Erasure, KeyChange, KeyChangeKind, PublicKey, Resume, Signature, Takeover};
pub use checkpoint::{Checkpoint, SignedCheckpoint};
pub use edge::Edge;
pub use entry::{
    Assertion, BlobRef, Cause, CauseKind, Change, Entry, Idempotency, MOST_ENTRY_BYTES, Operation, SpanDigest,
};
pub use hash::{
    BlobHasher, Hash, NOTHING_BEFORE, Salt, access_chain_hash, access_chain_hash_of_leaf, blob_digest, chain_hash,
    chain_hash_of_leaf, leaf_hash, node_hash, request_digest, version_digest,
};
pub use keys::{BadText, KeyKind, SigningKey, VerifierKey, signature_holds};
pub use note::{MOST_NOTE_BYTES, NotVerified, Note, Signer};
pub use package_check::check_package;
pub use wire::Malformed;
