//! What can go wrong when something is written on paper, each with a sentence for the person who asked for it.
//! It holds no text of the file beyond a bounded piece of the reader's own words.

/// Largest file that is read, in bytes.
pub(crate) const MOST_BYTES: usize = 16 << 20;
/// Most pages of a document.
pub(crate) const MOST_PAGES: usize = 1000;

/// Why there is no paper.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The file is larger than any certificate.
    #[error("This file is larger than 16 MiB; no certificate of a move is.")]
    TooLarge,
    /// The file is not what it should be.
    #[error("This is no certificate of a move: {why}.")]
    NoCertificate {
        /// What is wrong with it, the second half of a sentence.
        why: String,
    },
    /// The file is a certificate of a size that nobody can read on paper.
    #[error("This certificate would fill more than 1,000 pages of paper. Read the file itself.")]
    TooLong,
    /// A font or the writer of PDF failed; the file is not to blame.
    #[error("The document could not be written: {what}.")]
    Writing {
        /// What failed.
        what: String,
    },
}

impl Problem {
    pub(crate) fn no_certificate(why: impl Into<String>) -> Problem {
        Problem::NoCertificate { why: why.into() }
    }

    /// From what the JSON reader says, of which a stranger's text may be a part: bounded, and without control characters.
    pub(crate) fn unreadable(what: &str, error: &serde_json::Error) -> Problem {
        let said: String = error.to_string().chars().filter(|c| !c.is_control()).take(160).collect();
        Problem::no_certificate(format!("{what} cannot be read ({said})"))
    }
}
