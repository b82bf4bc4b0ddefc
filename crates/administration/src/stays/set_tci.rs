//! A day to come in: offered, moved, kept with every day that was offered before.
//!
//! A moved day keeps the first one and the count: they are read from the offers, which are never removed. That a day
//! came about with the patient's agreement is not assumed: whether it was a reasonable offer is said or stays unsaid.

use fhir::write::{Object, with_extensions, with_members};
use record::{Draft, Reading, TransactError};
use terms::{Moment, PartialDate, local_date};

use super::move_to_bed::read;
use super::request::Offer;
use super::{Stay, StayState};
use crate::draft::{self, document};
use crate::refusal::Refusal;

/// Days ahead that a day to come in may lie: two years.
const FURTHEST_DAYS: i32 = 731;

/// Sets the day on which an expected patient comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetTci {
    /// The expected stay's Encounter.
    pub stay: String,
    /// The day, or the day and time.
    pub tci: PartialDate,
    /// Whether the offer was reasonable by notice and choice, when that was said.
    pub is_reasonable: Option<bool>,
}

impl SetTci {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.stay).await?;
        let document = document(&version)?;
        let stay = Stay::of(document.root());
        self.decide(&stay, now).map_err(TransactError::Refused)?;
        let mut request = stay.request;
        request.offers.push(Offer {
            tci: self.tci.clone(),
            made: PartialDate::parse(&now.to_string()).ok(),
            is_reasonable: self.is_reasonable,
            end: None,
        });
        let extensions = with_extensions(document.root(), &request.extensions());
        // Until admission the period says when it is expected to begin.
        let period = Object::new().text("start", self.tci.text()).done();
        let text = with_members(&document, &[("extension", extensions), ("period", Some(period))]);
        Ok(Draft { changes: vec![draft::put(version.key.clone(), &text)?], assertions: Vec::new() })
    }

    fn decide(&self, stay: &Stay, now: Moment) -> Result<(), Refusal> {
        if stay.state != StayState::Expected {
            let sentence = "This admission has begun, was removed or was a mistake. Open the patient's stays.";
            return Err(Refusal::new("not-expected", sentence));
        }
        let (day, today) = (local_date(self.tci.lower()), local_date(now));
        let is_too_far = today.until(day).is_ok_and(|span| span.get_days() > FURTHEST_DAYS);
        if day < today || is_too_far {
            return Err(Refusal::at("tci-day", "tci_date", "Choose a day from today on, at most two years ahead."));
        }
        if stay.request.tci() == Some(&self.tci) {
            return Err(Refusal::at("tci-same", "tci_date", "This is the day already. Choose another, or leave it."));
        }
        let decided = stay.request.decided.as_ref().map(|at| local_date(at.lower()));
        if decided.is_some_and(|decided| day < decided) {
            return Err(Refusal::at("tci-day", "tci_date", "This day is before the decision to admit."));
        }
        Ok(())
    }
}
