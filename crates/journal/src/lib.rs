//! The append-only journal: encoding, hash chain, Merkle tree, checkpoints and proofs.
