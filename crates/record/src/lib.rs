//! The data core of one trust: every new decision goes in through [`Record::transact`], what was decided elsewhere
//! through [`Record::apply`], every read through a [`Reading`] at one sequence.
//!
//! # Tour
//! * [`Record::open`] opens a store ([`Location`]) with the [`Indexing`] that turns a text into index rows.
//! * A door gathers with a [`Reading`], decides, and returns a [`Draft`] of [`Change`]s; the record asserts what was
//!   gathered, commits in one transaction and answers with a [`Receipt`] once it is on disk. A stale draft is
//!   gathered and decided again.
//! * [`Select`] is a question in neutral terms: spans of index rows, links between resources, order, page.
//! * An [`obligation`] function says what must still happen to an anchor, from its text and those that lead to it; the
//!   commit that touches an anchor works it out again ([`Reading::obligations`] lists and counts).
//! * [`Reading::commits`] lists the commits that changed something of a subject ([`trail`]).
//! * Whatever a [`Reading`] showed is in the access journal before [`Reading::finish`] returns.
//! * Large attachments are taken out of a [`Template`] as [`Hole`]s and kept as blobs, on disk before the commit that
//!   names them; a version that is shown has them in its text again.
//! * A record that is moved, restored or read in again is opened to receive ([`Record::open_to_receive`]) and given the
//!   entries that another gave out ([`Record::decided`]) with what lies beside them ([`mod@apply`]).
//! * A record whose database only lets itself be read is opened without a writer ([`Record::open_to_read`]).
//! * A record that its trust takes away for good is taken out ([`apply::take_out`]): entries, what is current, accesses, keys.
//! * A record that moves is cut here and opened there ([`apply::hand_over`]): at every moment one host at most may write.
//! * Who follows a part of the record waits ([`Record::follow`]) and asks what was touched ([`Record::touched_since`]).
//! * When an index function has changed, another index is made behind while reads use the old rows
//!   ([`Record::index_settled`] waits for it).
//! * `Desk` keeps what must survive but not for ever; `Record::verify` proves the whole.
//!
//! Does not know what a patient or a bed is, nor FHIR, HTTP or HTML. The only crate with SQL.

mod access_checkpoints;
mod access_end;
mod access_files;
mod access_index;
mod access_journal;
mod access_segment;
mod anchor_check;
mod anchors;
pub mod apply;
mod at_hand;
mod blobs;
mod called;
mod change;
mod codec;
mod commits;
mod cursor;
mod desk;
mod desk_rows;
mod digest;
mod erase;
mod error;
mod group;
mod hidden;
mod index_check;
mod indexing;
mod job_queue;
mod kept;
mod keyed;
mod keys;
mod names;
mod numbering;
mod obligation_list;
mod obligation_rows;
mod obligations;
mod only_read;
mod proofs;
mod reach;
mod reading;
mod rebuild;
mod recent;
mod record;
mod search;
mod select;
mod shown;
mod stamps;
mod store;
mod stored_numbers;
mod tiles;
mod trail_rows;
mod transact;
mod verify;
mod verify_blobs;
mod writer;

pub use change::{Act, Assertion, Cause, Change, Draft, Hole, IdempotencyKey, Key, Receipt, Template, Written};
pub use desk::{DeskChange, DeskRow};
pub use erase::Erasure;
pub use error::{Problem, TransactError};
pub use indexing::{ALIAS, Indexing, LABEL, SUBJECT, Source};
pub use journal::{CauseKind, Operation};
pub use reading::{Reading, Version};
pub use record::{Location, Options, Record, Status};
pub use select::{Clause, Cursor, Order, Page, Select};
pub use store::Durability;
pub use verify::{VerifyOptions, VerifyReport};

/// The trail that a subject's record leaves: who has looked ([`Record::accesses`]), who is to say why before they look
/// ([`Reading::reason_for`]), and who has changed it ([`Reading::commits`]).
pub mod trail {
    pub use crate::access_journal::{Access, AccessQuery};
    pub use crate::commits::{Changed, Commit, Commits, How};
    pub use crate::reach::ReasonFor;
    pub use crate::recent::Touched;
    pub use crate::shown::Shown;
}

/// Obligations: the functions that make them, and what [`Reading::obligations`] asks and answers.
pub mod obligation {
    pub use crate::obligation_list::{ObligationPage, ObligationQuery, ObligationTally, OpenObligation};
    pub use crate::obligations::{Facts, Obligation, ObligationFunction};
}
