//! The law of the journal's encodings: what is accepted keeps every limit and encodes to the same bytes again.
//!
//! Entries, access leaves and signed checkpoints. Called with anything by the fuzz target `entry`, and with the seeds
//! and regressions by a test.

use journal::note::Note;
use journal::{AccessLeaf, Entry, SignedCheckpoint};

/// Holds the law for any bytes.
pub(crate) fn check(input: &[u8]) {
    if let Ok(entry) = Entry::decode(input) {
        assert_eq!(entry.encode(), input);
        assert_eq!(entry.check(), Ok(()));
    }
    if let Ok(leaf) = AccessLeaf::decode(input) {
        assert_eq!(leaf.encode(), input);
        assert_eq!(leaf.check(), Ok(()));
    }
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(note) = Note::parse(text) {
        assert_eq!(note.to_string(), text);
    }
    if let Ok(checkpoint) = SignedCheckpoint::parse(text) {
        assert_eq!(checkpoint.to_string(), text);
        assert!(checkpoint.verify(&[]).is_err(), "nobody's signature is believed");
    }
}
