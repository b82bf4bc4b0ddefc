//! Restricted access: a restricted record is opened with a reason, for a limited time, and somebody else reviews it.
//!
//! Tour: [`Restriction`] says whether a patient's record is restricted and why. Whoever opens it first says why
//! ([`OpenRestricted`], the broken glass): one version, an [`Opening`], which [`in_force`] finds until its end. Each opening
//! is owed a review by the privacy officer, who was not the one who opened ([`ReviewOpenings`]). A review that ends with *to
//! be followed up* owes a follow-up, until it is said what was done ([`FollowUpOpenings`]).
//!
//! | what | where in AuditEvent (R4, auditevent.html) |
//! | --- | --- |
//! | that it is an emergency override, and ours | `type` DCM 110113; `subtype` DCM 110127, and system `urn:almoner:restricted-access` |
//! | when, until when it holds | `recorded`, `period` |
//! | who | `agent.altId` (the stable id), `agent.name` |
//! | whose record | `entity.what` with the role Patient |
//! | why: break the glass, the reason chosen, own words | `purposeOfEvent`: BTG of v3-ActReason, our code, `text` |
//! | of a review: of which opening | `entity.what`, an AuditEvent |
//! | what came of it, and the note | `subtype` of system `urn:almoner:access-review`, `outcomeDesc` |
//! | of a follow-up: of which opening | `entity.what`, an AuditEvent |
//! | whether that closed it, and what was done | `subtype` of system `urn:almoner:access-follow-up`, `outcomeDesc` |
//! | to whom it was passed | `agent` of the type DCM 110152, by name |
//!
//! AuditEvent, because this is what the standard has for who looked, why and under which override; a Consent would say that
//! the patient allowed it, and a Task would show it to everybody who has tasks. It is never changed: a review is another,
//! and so is a follow-up. Other doors do not write any of them ([`check_written`]). Knows no page, and not what was looked at.

mod follow_up;
mod gather;
mod guard;
mod judged;
mod open;
mod opening;
mod review;

pub use follow_up::{FollowUp, FollowUpOpenings};
pub use gather::{Restriction, in_force, judged, judged_of_patient, of_patient, open_to, openings};
pub use guard::check_written;
pub use judged::Judged;
pub use open::OpenRestricted;
pub use opening::Opening;
pub use review::{MOST_AT_ONCE, Review, ReviewOpenings};

use record::{Draft, Reading, TransactError};
use terms::Moment;

use crate::refusal::Refusal;
use crate::registration::codes::Table;

/// What is said of openings by somebody who did not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JudgeOpenings {
    /// What came of their review.
    Review(ReviewOpenings),
    /// What was done about those that were to be followed up.
    FollowUp(FollowUpOpenings),
}

impl JudgeOpenings {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            JudgeOpenings::Review(_) => "review restricted access",
            JudgeOpenings::FollowUp(_) => "follow up restricted access",
        }
    }

    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        match self {
            JudgeOpenings::Review(command) => command.plan(reading, now).await,
            JudgeOpenings::FollowUp(command) => command.plan(reading, now).await,
        }
    }
}

/// The system of our own codes of what an AuditEvent is.
const SYSTEM: &str = "urn:almoner:restricted-access";
/// What came of a review.
const OUTCOME_SYSTEM: &str = "urn:almoner:access-review";
/// What came of a follow-up.
const FOLLOW_UP_SYSTEM: &str = "urn:almoner:access-follow-up";
/// Why a restricted record was opened.
const REASON_SYSTEM: &str = "urn:almoner:access-reason";
/// DICOM's codes of audit events, which R4 names for types and subtypes.
const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";

/// Hours for which a reason holds, for this person and patient. Set 2026-11-30: a long shift asks once.
pub const HOLDS_HOURS: i64 = 12;
/// Days within which an opening is reviewed. Set 2026-11-30 \[check with a privacy officer\].
pub const REVIEWED_WITHIN_DAYS: i64 = 7;
/// Days within which what is to be followed up is, from the review on. Set 2026-12-01 \[check with a privacy officer\].
pub const FOLLOWED_UP_WITHIN_DAYS: i64 = 14;

/// Why a restricted record is opened.
pub const REASONS: Table = &[
    (EMERGENCY, "Emergency: delay could harm the patient"),
    ("care", "I look after this patient, or was asked about them"),
    ("consent", "The patient agrees and is with me"),
    ("else", "Something else"),
];
/// The one reason that needs no words of one's own: they can be written when there is time.
pub const EMERGENCY: &str = "emergency";

/// What came of a review.
pub const OUTCOMES: Table =
    &[(APPROPRIATE, "Appropriate"), ("not-appropriate", "Not appropriate"), (TO_FOLLOW_UP, "To be followed up")];
/// The one outcome that needs no note.
const APPROPRIATE: &str = "appropriate";
/// The one outcome by which something is owed still.
const TO_FOLLOW_UP: &str = "follow-up";

/// What came of a follow-up.
pub const FOLLOW_UP_OUTCOMES: Table = &[("closed", "Closed"), (PASSED, "Passed to somebody else")];
/// The one that names to whom.
const PASSED: &str = "passed";
