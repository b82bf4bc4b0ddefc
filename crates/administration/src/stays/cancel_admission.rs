//! An offered day that does not come about, cancelled by the patient or by the hospital; and an entry that leaves the
//! admission list.
//!
//! The outcome is the national one (ADMISSION OFFER OUTCOME CODE). When the hospital cancels on the day for a reason that
//! is not clinical, another day is owed within 28 days (NHS Constitution handbook); which day that is, is kept with the
//! offer. What is kept for the patient is let go.

use fhir::write::{with_extensions, with_members};
use record::{Draft, Reading, TransactError};
use terms::{Moment, local_date};

use super::codes::{OFFER_ENDS, REMOVALS, words_of};
use super::move_to_bed::read;
use super::request::{OfferEnd, rebook_by};
use super::write::kept_location;
use super::{PlaceUse, Stay, StayState};
use crate::draft::{self, document};
use crate::refusal::Refusal;

/// Whether the patient still waits after the cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// They stay on the list, without a day.
    Waits,
    /// They leave the list: ELECTIVE ADMISSION LIST REMOVAL REASON CODE.
    Leaves(String),
}

/// Cancels an offered day, or an expected stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelAdmission {
    /// The expected stay's Encounter.
    pub stay: String,
    /// How the offer ended: ADMISSION OFFER OUTCOME CODE. An entry without a day has none.
    pub outcome: Option<String>,
    /// Why, in words.
    pub reason: String,
    /// Whether the reason is a clinical one, such as that the patient is unfit. Asked when the hospital cancels.
    pub is_clinical: Option<bool>,
    /// Whether the patient still waits.
    pub then: Then,
}

impl CancelAdmission {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.stay).await?;
        let document = document(&version)?;
        let stay = Stay::of(document.root());
        let end = self.decide(&stay, now).map_err(TransactError::Refused)?;
        let mut request = stay.request;
        if let (Some(end), Some(offer)) = (end, request.offers.last_mut()) {
            offer.end = Some(end);
        }
        let mut members = vec![("location", kept_location(document.root(), |place| place.is != PlaceUse::Reserved))];
        if let Then::Leaves(code) = &self.then {
            request.removed = Some(code.clone());
            members.push(("status", Some("\"cancelled\"".to_owned())));
        }
        // The period said when it was expected; there is no such day now.
        members.push(("period", None));
        members.push(("extension", with_extensions(document.root(), &request.extensions())));
        let change = draft::put(version.key.clone(), &with_members(&document, &members))?;
        Ok(Draft { changes: vec![change], assertions: Vec::new() })
    }

    /// How the offer ended, if there was one.
    fn decide(&self, stay: &Stay, now: Moment) -> Result<Option<OfferEnd>, Refusal> {
        if stay.state != StayState::Expected {
            let sentence = "This admission has begun or was cancelled already. Open the patient's stays.";
            return Err(Refusal::new("not-expected", sentence));
        }
        let reason = self.reason.trim();
        if reason.is_empty() || reason.chars().count() > 200 {
            return Err(Refusal::at("reason", "reason", "Say why, in at most 200 characters."));
        }
        if let Then::Leaves(code) = &self.then
            && words_of(REMOVALS, code).is_none()
        {
            return Err(Refusal::at("removal", "then", "Say why the patient leaves the list."));
        }
        let Some(offer) = stay.request.offer() else {
            return match self.then {
                Then::Leaves(_) => Ok(None),
                Then::Waits => Err(Refusal::at(
                    "no-day",
                    "then",
                    "There is no day to cancel. Offer one, or remove the patient from the list.",
                )),
            };
        };
        let outcome = self.outcome.as_deref().filter(|code| words_of(OFFER_ENDS, code).is_some());
        let outcome = outcome.ok_or_else(|| Refusal::at("outcome", "outcome", "Say who cancelled, and when."))?;
        let (day, today) = (local_date(offer.tci.lower()), local_date(now));
        if (outcome == "7" || outcome == "4") && today < day {
            let sentence = "The day has not come yet: it is cancelled before the day.";
            return Err(Refusal::at("outcome-day", "outcome", sentence));
        }
        if outcome == "6" && today >= day {
            let sentence = "The day has come: a cancellation by the hospital now is one on the day.";
            return Err(Refusal::at("outcome-day", "outcome", sentence));
        }
        if outcome == "7" && self.is_clinical.is_none() {
            let sentence = "Say whether the reason is a clinical one: if not, another day is owed within 28 days.";
            return Err(Refusal::at("clinical", "clinical", sentence));
        }
        let rebook = match self.then {
            Then::Waits => rebook_by(outcome, self.is_clinical == Some(true), now),
            Then::Leaves(_) => None,
        };
        Ok(Some(OfferEnd { outcome: outcome.to_owned(), at: now, reason: Some(reason.to_owned()), rebook_by: rebook }))
    }
}
