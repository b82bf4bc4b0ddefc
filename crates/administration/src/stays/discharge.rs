//! Discharge: a stay ends, with method and destination. What is still owed does not stop it: it is listed
//! (`owed.rs`), and each gets an owner with it (`hand_on.rs`).
//!
//! The bed becomes vacated, what was kept is let go, the last place and the last episode end with the stay. DISCHARGE
//! METHOD and DISCHARGE DESTINATION are the national codes; somebody who died is not discharged but recorded as such
//! (`death.rs`), because that stops more than a stay.

use fhir::write::{Object, concept, extension, with_extensions};
use fhir::{Document, Node};
use record::{Draft, Reading, TransactError};
use terms::Moment;

use super::change_consultant::episodes_of;
use super::codes::{DESTINATIONS, DIED, DIED_DESTINATION, DISCHARGE_METHODS, words_of};
use super::detained::{AfterLeaving, when_they_leave};
use super::hand_on::{HandOn, handed_on};
use super::leave::{check_last, leave_extensions, status_history};
use super::move_to_bed::read;
use super::timeline::{chained, check_moment, intervals};
use super::write::{arrivals, hospitalization, locations, participants, with};
use super::{DESTINATION_CODES, DISCHARGE_METHOD, DISCHARGE_METHOD_CODES, Stay, StayState};
use crate::draft::{self, document};
use crate::places::{self, BedStatus};
use crate::refusal::Refusal;

/// Ends a stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discharge {
    /// The stay's Encounter.
    pub stay: String,
    /// The Patient whom the form showed: a form about one is never carried out on another.
    pub patient: String,
    /// When they left.
    pub at: Moment,
    /// DISCHARGE METHOD CODE.
    pub method: String,
    /// DISCHARGE DESTINATION CODE.
    pub destination: String,
    /// Whose what is still owed is from then on.
    pub owners: HandOn,
    /// What becomes of a detention in force. Whoever sees that there is one must say it.
    pub detained: Option<AfterLeaving>,
}

impl Discharge {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.stay).await?;
        let document = document(&version)?;
        let stay = Stay::of(document.root());
        self.decide(&stay, now).map_err(TransactError::Refused)?;
        let text = ended(&document, &stay, self.at, (&self.method, &self.destination));
        let mut draft = Draft { changes: vec![draft::put(version.key.clone(), &text)?], assertions: Vec::new() };
        draft.changes.extend(vacated(reading, &stay, now).await?);
        let left = (self.at, self.detained.as_ref());
        draft.changes.extend(when_they_leave(reading, &self.patient, left, now).await?);
        draft.changes.extend(handed_on(reading, (&self.stay, &self.patient), &self.owners, now).await?.changes);
        Ok(draft)
    }

    fn decide(&self, stay: &Stay, now: Moment) -> Result<(), Refusal> {
        if stay.patient.as_deref() != Some(self.patient.as_str()) {
            return Err(Refusal::new("other-patient", "This stay is another patient's. Open the patient again."));
        }
        if stay.state == StayState::Discharged {
            return Err(Refusal::new("discharged-already", "This patient was discharged already."));
        }
        if !stay.state.is_live() {
            return Err(Refusal::new("not-in-hospital", "This stay has not begun, or was cancelled."));
        }
        check_moment(self.at, stay.started.as_ref().map(|started| started.lower()), now)?;
        check_last(stay, self.at)?;
        if self.method == DIED || self.destination == DIED_DESTINATION {
            let sentence = "Record the death instead: it also stops what was planned for the patient.";
            return Err(Refusal::at("died", "method", sentence));
        }
        if words_of(DISCHARGE_METHODS, &self.method).is_none() {
            return Err(Refusal::at("method", "method", "Say how the patient was discharged."));
        }
        if words_of(DESTINATIONS, &self.destination).is_none() {
            return Err(Refusal::at("destination", "destination", "Say where the patient went."));
        }
        Ok(())
    }
}

/// A stay's text when it has ended.
pub(crate) fn ended(document: &Document<'_>, stay: &Stay, at: Moment, (method, destination): (&str, &str)) -> Vec<u8> {
    let root = document.root();
    let words = |list, code: &str| match code {
        DIED => "Patient died",
        DIED_DESTINATION => "Not applicable: patient died",
        code => words_of(list, code).unwrap_or_default(),
    };
    let method_text = concept(DISCHARGE_METHOD_CODES, method, words(DISCHARGE_METHODS, method));
    let destination = concept(DESTINATION_CODES, destination, words(DESTINATIONS, destination));
    let mut leaves = stay.leaves.clone();
    if let Some(away) = leaves.last_mut().filter(|away| away.to.is_none()) {
        away.to = Some(at);
    }
    let mut set = vec![(DISCHARGE_METHOD, Some(extension(DISCHARGE_METHOD, "valueCodeableConcept", &method_text)))];
    set.extend(leave_extensions(&leaves));
    let was = if stay.state == StayState::OnLeave { "onleave" } else { "in-progress" };
    let members = [
        ("status", Some("\"finished\"".to_owned())),
        ("statusHistory", Some(status_history(root, stay, was, at))),
        ("period", Some(period(root, stay, Some(at)))),
        ("location", locations(&intervals(&arrivals(stay), Some(at)), &[])),
        ("participant", participants(root, &chained(episodes_of(stay), Some(at)))),
        ("hospitalization", Some(hospitalization(root, &[("dischargeDisposition", destination)]))),
        ("extension", with_extensions(root, &set)),
    ];
    with(document, &members)
}

/// The member `period`, its start as it was written.
pub(crate) fn period(root: Node<'_, '_>, stay: &Stay, end: Option<Moment>) -> String {
    let start = root.get("period").and_then(|period| fhir::read::text(period, "start"));
    let start = start.or_else(|| stay.started.as_ref().map(|at| at.text().to_owned()));
    Object::new().text_if("start", start).text_if("end", end.map(|end| end.to_string())).done()
}

/// The change that marks the bed that somebody left.
pub(crate) async fn vacated(
    reading: &Reading,
    stay: &Stay,
    now: Moment,
) -> Result<Option<record::Change>, record::Problem> {
    match stay.place().filter(|_| stay.state.is_live() && !stay.no_bed_yet) {
        Some(left) => places::mark(reading, &left.place, BedStatus::Vacated, now).await,
        None => Ok(None),
    }
}
