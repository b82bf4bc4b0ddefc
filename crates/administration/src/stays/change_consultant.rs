//! Another consultant, or another treatment function, from a moment on: an episode ends and the next begins.
//!
//! A change told late takes its place among the others, as a move does. A change of ward alone ends no episode (NHS Data
//! Dictionary, CONSULTANT EPISODE (HOSPITAL PROVIDER)).

use fhir::write::{concept, with_members};
use record::{Draft, Reading, TransactError};
use terms::Moment;

use super::move_to_bed::read;
use super::timeline::{Episode, check_moment, with_episode};
use super::write::participants;
use super::{Stay, StayState, TREATMENT_FUNCTION_CODES};
use crate::draft::{self, document};
use crate::refusal::Refusal;

/// Puts a patient under another consultant or treatment function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeConsultant {
    /// The stay's Encounter.
    pub stay: String,
    /// When it happened.
    pub at: Moment,
    /// The consultant from then on: reference and name.
    pub consultant: (String, String),
    /// The treatment function from then on: code and words; the former when nothing was said.
    pub treatment_function: Option<(String, String)>,
}

impl ChangeConsultant {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.stay).await?;
        let document = document(&version)?;
        let stay = Stay::of(document.root());
        let episodes = self.decide(&stay, now).map_err(TransactError::Refused)?;
        let mut members = vec![("participant", participants(document.root(), &episodes))];
        let is_last = episodes.last().is_some_and(|last| last.from == Some(self.at));
        if let (true, Some((code, words))) = (is_last, &self.treatment_function) {
            members.push(("serviceType", Some(concept(TREATMENT_FUNCTION_CODES, code, words))));
        }
        let change = draft::put(version.key.clone(), &with_members(&document, &members))?;
        Ok(Draft { changes: vec![change], assertions: Vec::new() })
    }

    fn decide(&self, stay: &Stay, now: Moment) -> Result<Vec<Episode>, Refusal> {
        if !stay.state.is_live() && stay.state != StayState::Discharged {
            return Err(Refusal::new("not-in-hospital", "This stay has not begun: change the request instead."));
        }
        check_moment(self.at, stay.started.as_ref().map(|started| started.lower()), now)?;
        let end = stay.ended.as_ref().map(|ended| ended.lower());
        if end.is_some_and(|end| self.at >= end) {
            return Err(Refusal::at("after-the-stay", "at", "The stay had ended by then. Say when it happened."));
        }
        if self.consultant.0.trim().is_empty() {
            return Err(Refusal::at("consultant", "consultant", "Say who the consultant is from then on."));
        }
        let before = episodes_of(stay);
        let former = before.iter().rev().find(|episode| episode.from <= Some(self.at));
        let function = match &self.treatment_function {
            Some((code, _)) => Some(code.clone()),
            None => former.and_then(|former| former.treatment_function.clone()).or(stay.treatment_function.clone()),
        };
        let new = Episode {
            who: self.consultant.0.clone(),
            name: Some(self.consultant.1.clone()),
            treatment_function: function,
            from: Some(self.at),
            to: None,
        };
        if former.is_some_and(|former| former.who == new.who && former.treatment_function == new.treatment_function) {
            let sentence = "The patient was under this consultant and specialty already at that time.";
            return Err(Refusal::at("consultant-same", "consultant", sentence));
        }
        Ok(with_episode(before, new, end))
    }
}

/// The episodes of a stay as recorded, oldest first; one without a time began with the stay.
pub(crate) fn episodes_of(stay: &Stay) -> Vec<Episode> {
    let is_begun = stay.state.is_live() || stay.state == StayState::Discharged;
    let started = stay.started.as_ref().filter(|_| is_begun).map(|at| at.lower());
    let mut episodes: Vec<Episode> = stay
        .care
        .iter()
        .map(|care| Episode {
            who: care.who.clone(),
            name: care.name.clone(),
            treatment_function: care.treatment_function.clone(),
            from: care.from.as_ref().map(|at| at.lower()).or(started),
            to: care.to.as_ref().map(|at| at.lower()),
        })
        .collect();
    episodes.sort_by_key(|episode| episode.from);
    episodes
}
