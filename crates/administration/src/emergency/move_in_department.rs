//! Moving a patient within the department: into a cubicle, to the corridor, back to the waiting room.
//!
//! A cubicle holds one patient, and the commit asserts it; trolleys, chairs, corridors and areas hold many.

use record::{Draft, Reading, TransactError};
use terms::Moment;

use super::Attendance;
use super::arrive::place_in;
use super::write::{Edit, check_here, of_version, read};
use crate::places::{self, BedStatus, Place};
use crate::refusal::Refusal;
use crate::stays::timeline::{check_moment, with_arrival};
use crate::stays::{Stay, arrivals, located, occupants};

/// Moves a patient within the department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveInDepartment {
    /// The attendance's Encounter.
    pub attendance: String,
    /// The place, a Location in the same department.
    pub to: String,
    /// When.
    pub at: Moment,
}

impl MoveInDepartment {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.attendance).await?;
        let attendance = of_version(&version)?;
        let to = match &attendance.department {
            Some(department) => place_in(reading, Some(&self.to), department).await?,
            None => places::place(reading, &self.to).await?,
        };
        let others = match &to {
            Some(place) if place.kind.holds_one() => occupants(reading, &self.to, &self.attendance).await?,
            _ => Vec::new(),
        };
        self.decide(&attendance, to.as_ref(), &others, now).map_err(TransactError::Refused)?;
        let arrivals = with_arrival(arrivals(&attendance.stay), &self.to, self.at);
        let edit = Edit::of(&version)?.member_if("location", located(&attendance.stay, &arrivals, &self.to));
        let mut draft = Draft { changes: vec![edit.put(true)?], assertions: Vec::new() };
        let is_last = arrivals.last().is_some_and(|last| last.place == self.to);
        if let Some(from) = attendance.stay.place().filter(|from| is_last && from.place != self.to) {
            draft.changes.extend(places::mark(reading, &from.place, BedStatus::Vacated, now).await?);
        }
        if is_last {
            draft.changes.extend(places::mark(reading, &self.to, BedStatus::Available, now).await?);
        }
        Ok(draft)
    }

    fn decide(&self, attendance: &Attendance, to: Option<&Place>, others: &[Stay], now: Moment) -> Result<(), Refusal> {
        check_here(attendance)?;
        check_moment(self.at, attendance.arrived, now)?;
        let sentence = "Choose a place in this department.";
        let to = to.ok_or_else(|| Refusal::at("no-place", "to", sentence))?;
        let is_there = attendance.stay.place().is_some_and(|place| place.place == self.to);
        if is_there && !attendance.stay.no_bed_yet {
            return Err(Refusal::at("already-there", "to", format!("They are in {} already.", to.name)));
        }
        if to.kind.holds_one() && to.bed.status == BedStatus::Closed {
            return Err(Refusal::at("place-closed", "to", format!("{} is closed. Choose another place.", to.name)));
        }
        if !others.is_empty() {
            let sentence = format!("{} is taken. Choose another place, or move who is there first.", to.name);
            return Err(Refusal::at("place-taken", "to", sentence));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, check, here, left, place};
    use super::*;
    use crate::places::PlaceKind;

    #[test]
    fn a_cubicle_holds_one_and_a_corridor_many() {
        let go = |to: &str| MoveInDepartment { attendance: "a".into(), to: to.to_owned(), at: NOW };
        let (cubicle, corridor) = (place("m-2", PlaceKind::Cubicle), place("corridor", PlaceKind::Corridor));
        let other = [left().stay];
        check(go("m-2").decide(&here(), Some(&cubicle), &[], NOW), None);
        check(go("m-2").decide(&here(), Some(&cubicle), &other, NOW), Some("place-taken"));
        check(go("corridor").decide(&here(), Some(&corridor), &[], NOW), None);
        check(go("m-1").decide(&here(), Some(&place("m-1", PlaceKind::Cubicle)), &[], NOW), Some("already-there"));
        check(go("m-2").decide(&here(), None, &[], NOW), Some("no-place"));
        check(go("m-2").decide(&left(), Some(&cubicle), &[], NOW), Some("not-here"));
        let mut closed = cubicle;
        closed.bed.status = BedStatus::Closed;
        check(go("m-2").decide(&here(), Some(&closed), &[], NOW), Some("place-closed"));
    }
}
