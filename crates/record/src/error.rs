//! What can go wrong: the world failed ([`Problem`]), or a draft was not committed ([`TransactError`]).
//! Knows no HTTP: the doors turn these into their own answers.

use crate::change::Key;

/// The world failed. Never carries patient data.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The store could not do what was asked.
    #[error("the store failed while {doing}")]
    Store {
        /// What we were doing.
        doing: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The disk is full. Reading goes on; writing works again as soon as there is room.
    #[error("there is no room left on the disk of this record")]
    Full,
    /// Another process took over this record; this one must open it again.
    #[error("another process has taken over this record (epoch {epoch})")]
    Deposed {
        /// The epoch of the new owner, 0 when unknown.
        epoch: u64,
    },
    /// The record is closing or its writer has stopped; the request may be repeated.
    #[error("the record is not accepting work now")]
    Closed,
    /// The record belongs to another host now: nothing new is decided here.
    #[error("this record belongs to another host now")]
    HandedOver,
    /// What was read is not what was written.
    #[error("the record is damaged: {what}")]
    Damaged {
        /// What was found.
        what: String,
    },
    /// The question would read more than one request may.
    #[error("this search reads too much; narrow it")]
    TooCostly,
    /// The page's snapshot is no longer kept; the search must be started afresh.
    #[error("this page is too old; start the search again")]
    Expired,
    /// The permit does not reach this.
    #[error("not permitted: {what}")]
    NotPermitted {
        /// What was asked, in words without patient data.
        what: String,
    },
    /// The store or its files are not as this program needs them.
    #[error("cannot open the record: {what}")]
    Unsuitable {
        /// What is wrong and what to do.
        what: String,
    },
}

/// A draft was not committed. Nothing of it is in the journal.
#[derive(Debug, thiserror::Error)]
pub enum TransactError<R> {
    /// The rules said no.
    #[error("refused")]
    Refused(R),
    /// Others kept changing what was gathered; try again later.
    #[error("the record kept changing underneath; try again")]
    Contended {
        /// Which resource, when it was a version.
        key: Option<Key>,
    },
    /// The idempotency key was used before with another request.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// The world failed. After [`Problem::Closed`] or [`Problem::Deposed`] the outcome may be unknown: repeat with
    /// the same idempotency key.
    #[error(transparent)]
    Problem(#[from] Problem),
}

impl Problem {
    pub(crate) fn store(doing: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Problem {
        Problem::Store { doing, source: source.into() }
    }

    pub(crate) fn damaged(what: impl Into<String>) -> Problem {
        Problem::Damaged { what: what.into() }
    }
}
