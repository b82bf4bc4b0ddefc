//! Keeping a bed for somebody who is expected or is to be moved, and letting it go.
//!
//! `Encounter.location` of status reserved; that one bed is kept for one patient is an assertion of the commit
//! (`owner.rs`). A bed that somebody is still in can be kept: it is held for when they leave.

use record::{Draft, Reading, TransactError};
use terms::Moment;

use super::gather::holders;
use super::move_to_bed::read;
use super::write::{entry, with_location};
use super::{PlaceUse, Stay, StayState};
use crate::draft::{self, document};
use crate::places::{self, BedStatus, Place};
use crate::refusal::Refusal;

/// Keeps a bed for a stay; another that was kept for it is let go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReserveBed {
    /// The stay's Encounter.
    pub stay: String,
    /// The bed's Location.
    pub bed: String,
    /// When it is expected to be needed, if that was said.
    pub from: Option<Moment>,
}

/// Lets go what was kept for a stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseBed {
    /// The stay's Encounter.
    pub stay: String,
}

impl ReserveBed {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.stay).await?;
        let document = document(&version)?;
        let stay = Stay::of(document.root());
        let bed = places::place(reading, &self.bed).await?.filter(|place| place.is_active);
        let others = holders(reading, &self.bed, &self.stay).await?;
        self.decide(&stay, bed.as_ref(), &others).map_err(TransactError::Refused)?;
        let new = entry(&self.bed, "reserved", self.from.map(|at| at.to_string()), None);
        let text = with_location(&document, |place| place.is != PlaceUse::Reserved, Some(new));
        Ok(Draft { changes: vec![draft::put(version.key.clone(), &text)?], assertions: Vec::new() })
    }

    fn decide(&self, stay: &Stay, bed: Option<&Place>, others: &[Stay]) -> Result<(), Refusal> {
        let bed =
            bed.ok_or_else(|| Refusal::at("no-place", "bed", "There is no such bed any more. Choose another."))?;
        if stay.state != StayState::Expected && !stay.state.is_live() {
            return Err(Refusal::new("not-open", "This stay has ended or was cancelled: no bed is kept for it."));
        }
        if !bed.kind.is_bed() {
            return Err(Refusal::at("no-bed", "bed", format!("{} is not a bed. Choose a bed.", bed.name)));
        }
        if bed.bed.status == BedStatus::Closed {
            return Err(Refusal::at("bed-closed", "bed", format!("{} is closed. Choose another bed.", bed.name)));
        }
        if stay.place().is_some_and(|place| place.place == self.bed) && stay.state.is_live() {
            return Err(Refusal::at("here-already", "bed", "The patient is in this bed already."));
        }
        if !others.is_empty() {
            let sentence = format!("{} is kept for somebody else. Choose another, or let that one go first.", bed.name);
            return Err(Refusal::at("bed-reserved", "bed", sentence));
        }
        Ok(())
    }
}

impl ReleaseBed {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.stay).await?;
        let document = document(&version)?;
        if Stay::of(document.root()).reserved().is_none() {
            let sentence = "No bed is kept for this patient: somebody let it go already.";
            return Err(TransactError::Refused(Refusal::new("none-reserved", sentence)));
        }
        let text = with_location(&document, |place| place.is != PlaceUse::Reserved, None);
        Ok(Draft { changes: vec![draft::put(version.key.clone(), &text)?], assertions: Vec::new() })
    }
}
