//! A move that did not happen, or happened at another time or to another place: the places of the stay worked out anew.
//!
//! What changed is said by `account::recomputed` of the stay before and after: places, episodes and bed days. The first
//! arrival is the admission itself: it can be corrected, and the stay then begins at that time, but not taken away.

use record::{Draft, Reading, TransactError};
use terms::Moment;

use super::change_consultant::episodes_of;
use super::gather::occupants;
use super::move_to_bed::{located, read};
use super::timeline::{Arrival, chained, check_moment, with_correction, without_arrival};
use super::write::{arrivals, participants, with};
use super::{Stay, StayState};
use crate::draft::{self, document};
use crate::places::{self, BedStatus};
use crate::refusal::Refusal;

/// Takes back a move that did not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelMove {
    /// The stay's Encounter.
    pub stay: String,
    /// The arrival that did not happen: its moment.
    pub at: Moment,
}

/// Corrects when or where a move was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectMove {
    /// The stay's Encounter.
    pub stay: String,
    /// The arrival as it was recorded: its moment.
    pub at: Moment,
    /// When it was.
    pub to_at: Moment,
    /// Where it was, when not where it was recorded.
    pub place: Option<String>,
}

impl CancelMove {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        planned(reading, &self.stay, now, |stay| self.decide(stay)).await
    }

    fn decide(&self, stay: &Stay) -> Result<Vec<Arrival>, Refusal> {
        let before = arrivals(stay);
        check_known(stay, &before, self.at)?;
        if before.first().is_some_and(|first| first.at == self.at) {
            let sentence = "This is the admission itself. Correct its time or place, or take the admission back.";
            return Err(Refusal::at("first-place", "at", sentence));
        }
        Ok(without_arrival(before, self.at))
    }
}

impl CorrectMove {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        if let Some(place) = &self.place {
            let found = places::place(reading, place).await?.filter(|place| place.is_active);
            if found.is_none() {
                let sentence = "There is no such place any more. Choose another.";
                return Err(TransactError::Refused(Refusal::at("no-place", "place", sentence)));
            }
        }
        planned(reading, &self.stay, now, |stay| self.decide(stay, now)).await
    }

    fn decide(&self, stay: &Stay, now: Moment) -> Result<Vec<Arrival>, Refusal> {
        let before = arrivals(stay);
        check_known(stay, &before, self.at)?;
        check_moment(self.to_at, None, now)?;
        if stay.ended.as_ref().is_some_and(|ended| self.to_at >= ended.lower()) {
            return Err(Refusal::at("after-the-stay", "at", "The stay had ended by then. Say when it happened."));
        }
        let is_first = before.first().is_some_and(|first| first.at == self.at);
        let next = before.iter().find(|arrival| arrival.at > self.at);
        if is_first && next.is_some_and(|next| self.to_at >= next.at) {
            let sentence = "The admission would come after a later move. Correct that move first.";
            return Err(Refusal::at("after-a-move", "at", sentence));
        }
        if is_first && stay.leaves.first().is_some_and(|away| self.to_at > away.from) {
            let sentence = "The admission would come after the patient went on leave. Correct the leave first.";
            return Err(Refusal::at("after-leave", "at", sentence));
        }
        if !is_first && before.first().is_some_and(|first| self.to_at <= first.at) {
            let sentence = "This time is not after the admission. Correct the time of the admission first.";
            return Err(Refusal::at("before-the-stay", "at", sentence));
        }
        let is_other = |arrival: &&Arrival| arrival.at != self.at && arrival.at == self.to_at;
        if before.iter().any(|arrival| is_other(&arrival)) {
            let sentence = "The patient was moved at this very time already. Say another time.";
            return Err(Refusal::at("same-time", "at", sentence));
        }
        let was = before.iter().find(|arrival| arrival.at == self.at).map(|arrival| arrival.place.clone());
        let place = self.place.clone().or(was).unwrap_or_default();
        Ok(with_correction(before, self.at, Arrival { place, at: self.to_at }))
    }
}

fn check_known(stay: &Stay, arrivals: &[Arrival], at: Moment) -> Result<(), Refusal> {
    if !stay.state.is_live() && stay.state != StayState::Discharged {
        return Err(Refusal::new("not-begun", "This stay has not begun, or was cancelled: there is no move in it."));
    }
    if !arrivals.iter().any(|arrival| arrival.at == at) {
        let sentence = "There is no such move any more: somebody corrected it. Look at the places as they are now.";
        return Err(Refusal::new("no-move", sentence));
    }
    Ok(())
}

/// The draft of a stay with other arrivals.
async fn planned(
    reading: &Reading,
    id: &str,
    now: Moment,
    decide: impl Fn(&Stay) -> Result<Vec<Arrival>, Refusal>,
) -> Result<Draft, TransactError<Refusal>> {
    let version = read(reading, id).await?;
    let document = document(&version)?;
    let stay = Stay::of(document.root());
    let arrivals = decide(&stay).map_err(TransactError::Refused)?;
    let is_live = stay.state.is_live();
    let (was, is) = (stay.place().map(|place| place.place.clone()), arrivals.last().map(|last| last.place.clone()));
    let here = is.clone().unwrap_or_default();
    let mut members = vec![("location", located(&stay, &arrivals, &here))];
    let began = arrivals.first().map(|first| stay.begins(first.at));
    let started = stay.started.as_ref().map(|started| started.lower());
    if let (Some(began), true) = (began, began != started) {
        members.extend(beginning(document.root(), &stay, began));
    }
    let mut draft = Draft::default();
    let is_moved = was != is;
    if is_live && is_moved {
        let is_taken = match places::place(reading, &here).await? {
            Some(place) => place.kind.is_bed() && !occupants(reading, &here, id).await?.is_empty(),
            None => false,
        };
        if is_taken {
            let sentence =
                "The bed they would be in is another patient's now. Move this patient to where they are instead.";
            return Err(TransactError::Refused(Refusal::new("bed-taken", sentence)));
        }
        if let Some(left) = was.filter(|_| !stay.no_bed_yet) {
            draft.changes.extend(places::mark(reading, &left, BedStatus::Vacated, now).await?);
        }
        draft.changes.extend(places::mark(reading, &here, BedStatus::Available, now).await?);
    }
    let text = if is_moved { with(&document, &members) } else { fhir::write::with_members(&document, &members) };
    draft.changes.insert(0, draft::put(version.key.clone(), &text)?);
    Ok(draft)
}

/// The members of a stay that began at another time: its period, and the first episode that began with it.
fn beginning(root: fhir::Node<'_, '_>, stay: &Stay, began: Moment) -> Vec<(&'static str, Option<String>)> {
    let end = stay.ended.as_ref().map(|ended| ended.text().to_owned());
    let period = fhir::write::Object::new().text("start", began.to_string()).text_if("end", end).done();
    let mut episodes = episodes_of(stay);
    if let Some(first) = episodes.first_mut() {
        first.from = Some(began);
    }
    let end = stay.ended.as_ref().map(|ended| ended.lower());
    vec![("period", Some(period)), ("participant", participants(root, &chained(episodes, end)))]
}
