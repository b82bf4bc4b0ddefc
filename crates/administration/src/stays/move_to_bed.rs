//! Moving a patient to a bed or to another place: now, earlier, or in exchange with another.
//!
//! A bed that is taken is not refused to whoever is already on the way: the command asks in the same form where the
//! earlier patient is, and moves both in one commit, or neither. A move that is told late and was followed by another
//! one changes the stay's past only: whoever is in that bed today stays in it. Whoever came into the bed after a move
//! into it that is told late was never in it: they have been in the other place since they came.

use record::{Change, Draft, Key, Reading, TransactError, Version};
use terms::Moment;

use super::gather::{holders, occupants};
use super::mixed::MixedReason;
use super::timeline::{Arrival, check_moment, intervals, with_arrival};
use super::why_mixed::with_reason;
use super::write::{arrivals, locations, with};
use super::{PlaceUse, Stay};
use crate::draft::{self, document};
use crate::places::{self, BedStatus, Place};
use crate::refusal::Refusal;

/// Where the patient goes who is in the bed already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// To another place, such as another bed, a trolley, or the ward itself: *no bed yet*.
    To(String),
    /// To where the other comes from.
    Swap,
}

/// Moves a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveToBed {
    /// The stay's Encounter.
    pub stay: String,
    /// The bed or other place, a Location.
    pub to: String,
    /// When it happened.
    pub at: Moment,
    /// Where whoever is in the bed goes, if somebody is.
    pub earlier: Option<Then>,
    /// Why men and women share the bay, where whoever moves the patient was asked.
    pub mixed: Option<&'static MixedReason>,
}

/// What the decision stands on.
struct Facts<'f> {
    stay: &'f Stay,
    to: &'f Place,
    occupant: Option<&'f Stay>,
    is_kept_for_another: bool,
    /// The stay was moved again since.
    is_past: bool,
}

/// A move of one patient as decided.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    stay: String,
    place: String,
    at: Moment,
}

impl MoveToBed {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.stay).await?;
        let stay = Stay::of(document(&version)?.root());
        let to = places::place(reading, &self.to).await?.filter(|place| place.is_active);
        let to = to.ok_or_else(|| refused("no-place", "to", "There is no such place any more. Choose another."))?;
        let bed = to.kind.is_bed();
        let is_past = arrivals(&stay).last().is_some_and(|last| last.at > self.at);
        let bed = bed && !is_past;
        let others = if bed { occupants(reading, &self.to, &self.stay).await? } else { Vec::new() };
        let kept = if bed { holders(reading, &self.to, &self.stay).await? } else { Vec::new() };
        let facts =
            Facts { stay: &stay, to: &to, occupant: others.first(), is_kept_for_another: !kept.is_empty(), is_past };
        let steps = self.decide(&facts, now).map_err(TransactError::Refused)?;
        let mut draft = Draft::default();
        for step in steps {
            let version = if step.stay == self.stay { version.clone() } else { read(reading, &step.stay).await? };
            draft.changes.push(moved(&version, &step.place, step.at)?);
        }
        if !is_past {
            self.mark_beds(reading, &stay, now, &mut draft).await?;
        }
        let comes = (self.stay.as_str(), stay.patient.as_deref(), self.to.as_str());
        with_reason(reading, draft, comes, (self.at, self.mixed)).await
    }

    /// Who goes where.
    fn decide(&self, facts: &Facts<'_>, now: Moment) -> Result<Vec<Step>, Refusal> {
        if !facts.stay.state.is_live() {
            return Err(Refusal::new("not-in-hospital", "This patient is not in the hospital now."));
        }
        check_moment(self.at, facts.stay.started.as_ref().map(|started| started.lower()), now)?;
        let from = facts.stay.place().map(|place| place.place.clone());
        if from.as_ref() == Some(&self.to) && !facts.stay.no_bed_yet && !facts.is_past {
            return Err(Refusal::at("already-there", "to", format!("They are in {} already.", facts.to.name)));
        }
        if facts.to.kind.is_bed() && facts.to.bed.status == BedStatus::Closed && !facts.is_past {
            return Err(Refusal::at("bed-closed", "to", format!("{} is closed. Choose another bed.", facts.to.name)));
        }
        if facts.is_kept_for_another {
            let sentence = format!(
                "{} is reserved for somebody else. Choose another bed, or move the reservation.",
                facts.to.name
            );
            return Err(Refusal::at("bed-reserved", "to", sentence));
        }
        let mut steps = vec![Step { stay: self.stay.clone(), place: self.to.clone(), at: self.at }];
        let Some(occupant) = facts.occupant else { return Ok(steps) };
        let goes = match &self.earlier {
            Some(Then::To(place)) if *place == self.to => None,
            Some(Then::To(place)) => Some(place.clone()),
            Some(Then::Swap) => from.filter(|_| !facts.stay.no_bed_yet),
            None => None,
        };
        let goes = goes.ok_or_else(|| {
            Refusal::at("bed-taken", "earlier", format!("{} is taken. Say where the patient in it is.", facts.to.name))
        })?;
        let came = arrivals(occupant).last().map_or(self.at, |last| last.at);
        steps.push(Step { stay: occupant.id.clone(), place: goes, at: self.at.max(came) });
        Ok(steps)
    }

    /// The bed that is left empty is to be cleaned; one that somebody comes into is in use.
    async fn mark_beds(
        &self,
        reading: &Reading,
        stay: &Stay,
        now: Moment,
        draft: &mut Draft,
    ) -> Result<(), TransactError<Refusal>> {
        let left = stay.place().map(|place| place.place.as_str()).filter(|_| !stay.no_bed_yet);
        let is_swap = self.earlier == Some(Then::Swap);
        if let Some(left) = left.filter(|left| *left != self.to && !is_swap) {
            draft.changes.extend(places::mark(reading, left, BedStatus::Vacated, now).await?);
        }
        draft.changes.extend(places::mark(reading, &self.to, BedStatus::Available, now).await?);
        Ok(())
    }
}

/// A stay's text with an arrival at a place; what was kept for it there is not kept any more.
fn moved(version: &Version, place: &str, at: Moment) -> Result<Change, TransactError<Refusal>> {
    let document = document(version)?;
    let stay = Stay::of(document.root());
    let before = arrivals(&stay);
    let is_past = before.last().is_some_and(|last| last.at > at);
    let arrivals = with_arrival(before, place, at);
    let here = arrivals.last().map_or(place, |last| last.place.as_str());
    let members = [("location", located(&stay, &arrivals, here))];
    let text = if is_past { fhir::write::with_members(&document, &members) } else { with(&document, &members) };
    Ok(draft::put(version.key.clone(), &text)?)
}

/// The member `location` of a stay with these arrivals, the last of them at `place`.
pub(crate) fn located(stay: &Stay, arrivals: &[Arrival], place: &str) -> Option<String> {
    let is_kept = |is: PlaceUse| matches!(is, PlaceUse::Planned | PlaceUse::Reserved);
    let kept: Vec<_> = stay.places.iter().filter(|entry| is_kept(entry.is) && entry.place != place).cloned().collect();
    let end = stay.ended.as_ref().map(|ended| ended.lower());
    locations(&intervals(arrivals, end), &kept)
}

/// A stay's newest version.
pub(crate) async fn read(reading: &Reading, stay: &str) -> Result<Version, TransactError<Refusal>> {
    let version = reading.get(&Key::new("Encounter", stay)).await?.filter(|version| !version.text.is_empty());
    version.ok_or_else(|| TransactError::Refused(Refusal::new("no-stay", "There is no such stay.")))
}

fn refused(code: &'static str, field: &'static str, sentence: &str) -> TransactError<Refusal> {
    TransactError::Refused(Refusal::at(code, field, sentence))
}
