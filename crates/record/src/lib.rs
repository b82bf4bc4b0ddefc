//! The data core of one trust: commits, journal, proofs, versions, index, search and snapshots.
