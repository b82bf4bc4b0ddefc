//! Downtime: what keeps a hospital's numbers and papers together while the record cannot be used, and until everything
//! that was written on paper is in it.
//!
//! Tour: numbers are issued before ([`IssueNumbers`]): hospital numbers from a block of their own, and numbers of paper
//! forms. A [`Downtime`] begins and ends at real times, said by a named person ([`BeginDowntime`], [`EndDowntime`]). Its
//! end makes every number that is still open owed. [`BackEnter`] carries a command out that a form stands for: with the
//! form's number, and with the mark of a version that was entered from paper. What was not used is void, with a reason
//! ([`VoidNumbers`]). [`account`] is the sum: issued = used + void + open.
//!
//! | what | where in Task (R4, task.html) |
//! | --- | --- |
//! | a downtime, a form's number, a hospital number | `code` of system `urn:almoner:downtime` |
//! | the number as it is printed | `identifier` |
//! | issued together | `groupIdentifier` |
//! | open, used, void | `status` requested; completed, with `output`; cancelled, with `statusReason` |
//! | which downtime it belongs to, once one has ended | `partOf` |
//! | what it was used for | `output`: a reference to each resource |
//! | when it happened, when it was entered | `executionPeriod`, `lastModified` |
//! | to whom it was issued | `owner` |
//! | until when it is to be accounted for | `restriction.period.end` |
//!
//! A number is nobody's part of a patient's record: no permit hides it, so that the sums agree for everybody.

mod account;
mod back_enter;
mod begin;
mod issue;
mod mark;
mod number;
mod rows;
mod void;

pub use account::{Account, Tally, account, downtimes};
pub use back_enter::BackEnter;
pub use begin::{BeginDowntime, EndDowntime};
pub use issue::IssueNumbers;
pub(crate) use mark::unmarked;
pub use mark::{BACK_ENTERED, FormMark, MARK, form_marks, is_back_entered};
pub(crate) use number::printed_form;
pub use number::{Downtime, Kind, Number, State};
pub(crate) use rows::downtime_rows;
pub use void::{VoidNumbers, Which};

/// The system of codes of downtimes and their numbers, and of the tag of versions that were entered from paper.
pub const SYSTEM: &str = "urn:almoner:downtime";
/// Hours within which the numbers of a downtime that has ended are to be accounted for.
pub const ACCOUNTED_WITHIN_HOURS: i64 = 48;
/// Hours after which a downtime that nobody has ended is late.
pub const ENDED_WITHIN_HOURS: i64 = 24;
/// Most numbers of one kind that are issued together.
pub const MOST_AT_ONCE: usize = 100;
/// Most numbers that are open at a time: the end of a downtime writes all of them in one commit.
pub const MOST_OPEN: u64 = 1_000;
