//! The board of a ward: who is in which bed now, who has none yet, which beds are free, kept or closed.
//!
//! A pure function of the ward's places, the stays that name them and a moment. Beds stand in their fixed order, room by
//! room, and never vanish; every live stay of the ward stands in exactly one row, whatever contradicts itself: whoever
//! has no bed of their own stands first, as *no bed yet*. Every number is counted from the rows.

mod gather;
mod invariants;

use std::borrow::Borrow;
use std::collections::BTreeMap;

use terms::{Date, Moment, local_date};

use crate::patient_index::{FamilySounds, Person};
use crate::places::{BedStatus, Place, PlaceKind, Places, Ward};
use crate::stays::{PlaceTime, PlaceUse, Stay, StayState};

pub use gather::{BoardFacts, all_boards, board_facts};
pub use invariants::{Invariants, invariants};

/// The board of a ward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WardBoard {
    /// The ward.
    pub ward: Place,
    /// Who is on the ward without a bed, who came first first.
    pub no_bed: Vec<BoardRow>,
    /// Beds by room.
    pub rooms: Vec<BoardRoom>,
    /// Stays that are expected on this ward and have no bed kept for them.
    pub expected: Vec<Stay>,
    /// The day that it shows.
    pub today: Date,
}

/// The beds of a room; side rooms that stand beside each other are one, under the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardRoom {
    /// The room; none for beds that lie in the ward itself.
    pub room: Option<Place>,
    /// A row for each bed.
    pub rows: Vec<BoardRow>,
}

/// A row of the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardRow {
    /// The bed; none for who has no bed yet.
    pub bed: Option<Place>,
    /// Who is in it.
    pub occupant: Option<Occupant>,
    /// The stay that it is kept for.
    pub kept_for: Option<Stay>,
}

/// What a bed is to the board: one of these, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowState {
    /// A patient of the ward without a bed.
    NoBedYet,
    /// Somebody is in it.
    Occupied,
    /// Somebody's, who is elsewhere for a while.
    Away,
    /// Kept for somebody.
    Reserved,
    /// Clean and free.
    Available,
    /// Somebody left; it is to be cleaned.
    Vacated,
    /// Nobody may be put into it.
    Closed,
    /// Free, to be used with care.
    Compromised,
}

/// A patient on the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupant {
    /// The stay.
    pub stay: Stay,
    /// The day of the stay: 1 is the day of the admission.
    pub day: Option<i64>,
    /// Whether somebody else on the board could be taken for them.
    pub is_similar: bool,
    /// Where they are while they are away, or without a bed.
    pub elsewhere: Option<Elsewhere>,
}

/// Where a patient is who is not in a bed of the ward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The place, when it is known.
    pub place: Option<Place>,
    /// Since when.
    pub since: Option<Moment>,
    /// When they are expected back.
    pub back: Option<Moment>,
    /// Whether it is leave.
    pub is_leave: bool,
}

/// The numbers at the head of the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BoardCounts {
    /// Beds of the ward.
    pub beds: usize,
    /// Patients in them, or away from them.
    pub in_beds: usize,
    /// Patients without one.
    pub no_bed: usize,
    /// Beds that are clean, free and kept for nobody.
    pub free: usize,
    /// Beds to be cleaned.
    pub to_clean: usize,
    /// Empty beds that are kept.
    pub reserved: usize,
    /// Closed beds.
    pub closed: usize,
    /// Patients of whom it is confirmed that they leave today; that they are expected to does not count.
    pub leaving: usize,
    /// Patients who do not meet the criteria to reside any more.
    pub ready: usize,
}

impl BoardRow {
    /// What it is.
    pub fn state(&self) -> RowState {
        match (&self.bed, &self.occupant) {
            (None, _) => RowState::NoBedYet,
            (Some(_), Some(occupant)) if occupant.elsewhere.is_some() => RowState::Away,
            (Some(_), Some(_)) => RowState::Occupied,
            (Some(bed), None) => match bed.bed.status {
                BedStatus::Closed => RowState::Closed,
                _ if self.kept_for.is_some() => RowState::Reserved,
                BedStatus::Vacated => RowState::Vacated,
                BedStatus::Compromised => RowState::Compromised,
                BedStatus::Available => RowState::Available,
            },
        }
    }

    /// Whether it is confirmed that the patient leaves on this day.
    pub fn is_leaving_on(&self, day: Date) -> bool {
        self.occupant.as_ref().is_some_and(|occupant| occupant.stay.plan.leaves_on(day))
    }

    /// Whether the patient does not meet the criteria to reside any more.
    pub fn is_ready(&self) -> bool {
        self.occupant.as_ref().is_some_and(|occupant| occupant.stay.plan.ready_since.is_some())
    }

    /// A name that stays the same while the row shows the same bed, or the same patient without one.
    pub fn id(&self) -> String {
        match (&self.bed, &self.occupant) {
            (Some(bed), _) => format!("bed-{}", bed.id),
            (None, Some(occupant)) => format!("stay-{}", occupant.stay.id),
            (None, None) => String::from("nobody"),
        }
    }
}

impl WardBoard {
    /// The board of a ward at a moment, from the stays that name its places. `elsewhere` has the places outside it where
    /// they are, `people` the patients by id.
    pub fn of(
        ward: &Ward,
        stays: &[impl Borrow<Stay>],
        elsewhere: &Places,
        people: &BTreeMap<&str, &Person>,
        now: Moment,
    ) -> WardBoard {
        let mut seats = Seats::of(ward, stays);
        let present = seats.present.iter().filter_map(|stay| stay.patient.as_deref());
        let names: BTreeMap<&str, FamilySounds> =
            present.filter_map(|patient| Some((patient, FamilySounds::of(people.get(patient)?)))).collect();
        let occupant = |stay: &Stay, away: Option<Elsewhere>| Occupant {
            day: stay.started.as_ref().and_then(|started| day_of_stay(started.lower(), now)),
            is_similar: is_similar(stay, &names),
            elsewhere: away,
            stay: stay.clone(),
        };
        let find = |id: &str| ward.find(id).or_else(|| elsewhere.get(id).map(|place| &**place)).cloned();
        let row = |bed: &Place| BoardRow {
            bed: Some(bed.clone()),
            occupant: seats.in_bed.get(bed.id.as_str()).map(|stay| occupant(stay, away(stay, &bed.id, &find))),
            kept_for: seats.kept.get(bed.id.as_str()).map(|stay| (*stay).clone()),
        };
        let rooms = rooms(ward, row);
        let mut no_bed: Vec<BoardRow> = seats
            .without
            .iter()
            .map(|stay| BoardRow { bed: None, occupant: Some(occupant(stay, without(stay, &find))), kept_for: None })
            .collect();
        no_bed.sort_by_key(|row| {
            let since = row.occupant.as_ref().and_then(|occupant| occupant.elsewhere.as_ref()?.since);
            (since.unwrap_or(Moment(i64::MIN)), row.id())
        });
        seats.expected.sort_by_key(|stay| stay.started.as_ref().map(|at| at.lower()));
        let expected = seats.expected.into_iter().cloned().collect();
        WardBoard { ward: ward.place.clone(), no_bed, rooms, expected, today: local_date(now) }
    }

    /// Every row in the order of the board.
    pub fn rows(&self) -> impl Iterator<Item = &BoardRow> {
        self.no_bed.iter().chain(self.rooms.iter().flat_map(|room| &room.rows))
    }

    /// The row of a bed.
    pub fn bed(&self, id: &str) -> Option<&BoardRow> {
        self.rows().find(|row| row.bed.as_ref().is_some_and(|bed| bed.id == id))
    }

    /// The patient of a stay, with the row.
    pub fn stay(&self, id: &str) -> Option<(&BoardRow, &Occupant)> {
        self.rows().find_map(|row| Some((row, row.occupant.as_ref().filter(|occupant| occupant.stay.id == id)?)))
    }

    /// The numbers at its head.
    pub fn counts(&self) -> BoardCounts {
        let count = |states: &[RowState]| self.rows().filter(|row| states.contains(&row.state())).count();
        BoardCounts {
            beds: self.rows().filter(|row| row.bed.is_some()).count(),
            in_beds: count(&[RowState::Occupied, RowState::Away]),
            no_bed: self.no_bed.iter().filter(|row| self.lacks_a_bed(row)).count(),
            free: count(&[RowState::Available, RowState::Compromised]),
            to_clean: count(&[RowState::Vacated]),
            reserved: count(&[RowState::Reserved]),
            closed: count(&[RowState::Closed]),
            leaving: self.rows().filter(|row| row.is_leaving_on(self.today)).count(),
            ready: self.rows().filter(|row| row.is_ready()).count(),
        }
    }

    /// Whether a row is a boarder: somebody whose specialty is not the ward's. Of wards that take every specialty, such as an
    /// assessment unit or a discharge lounge, and of a ward or a stay without one, nobody is.
    pub fn is_boarder(&self, row: &BoardRow) -> bool {
        let specialty = row.occupant.as_ref().and_then(|occupant| occupant.stay.specialty());
        let own = self.ward.treatment_function.as_deref().filter(|_| self.ward.kind == PlaceKind::Ward);
        matches!((specialty, own), (Some(specialty), Some(own)) if specialty != own)
    }

    /// Whether a row is somebody without a bed who needs one.
    pub fn lacks_a_bed(&self, row: &BoardRow) -> bool {
        let stay = row.occupant.as_ref().map(|occupant| &occupant.stay).filter(|_| row.bed.is_none());
        stay.is_some_and(|stay| stay.no_bed_yet || !stay.needs_no_bed(self.ward.kind))
    }
}

/// Who has which bed.
struct Seats<'s> {
    in_bed: BTreeMap<&'s str, &'s Stay>,
    kept: BTreeMap<&'s str, &'s Stay>,
    without: Vec<&'s Stay>,
    expected: Vec<&'s Stay>,
    /// Everybody who is on the board.
    present: Vec<&'s Stay>,
}

impl<'s> Seats<'s> {
    fn of(ward: &Ward, stays: &'s [impl Borrow<Stay>]) -> Seats<'s> {
        let is_bed = |id: &str| ward.beds.iter().any(|bed| bed.id == id);
        let mut seats = Seats {
            in_bed: BTreeMap::new(),
            kept: BTreeMap::new(),
            without: Vec::new(),
            expected: Vec::new(),
            present: Vec::new(),
        };
        let stays = || stays.iter().map(|stay| stay.borrow());
        let live = || stays().filter(|stay| stay.state.is_live());
        // First those who are in a bed, so that nobody who was in it before is put over them.
        for stay in live() {
            let Some(here) = stay.place().filter(|place| ward.find(&place.place).is_some()) else { continue };
            seats.present.push(stay);
            let is_free = !seats.in_bed.contains_key(here.place.as_str());
            if is_bed(&here.place) && !stay.no_bed_yet && is_free {
                seats.in_bed.insert(&here.place, stay);
            } else {
                seats.without.push(stay);
            }
        }
        for stay in live().filter(|stay| stay.place().is_none_or(|place| ward.find(&place.place).is_none())) {
            let Some(kept) = stay.reserved().filter(|kept| is_bed(&kept.place)) else { continue };
            let was_there = stay.places.iter().any(|place| place.is == PlaceUse::Past && place.place == kept.place);
            if !was_there {
                seats.kept.insert(&kept.place, stay);
                continue;
            }
            seats.present.push(stay);
            if seats.in_bed.contains_key(kept.place.as_str()) {
                seats.without.push(stay);
            } else {
                seats.in_bed.insert(&kept.place, stay);
            }
        }
        for stay in stays().filter(|stay| stay.state == StayState::Expected) {
            match stay.reserved().filter(|kept| is_bed(&kept.place)) {
                Some(kept) => drop(seats.kept.insert(&kept.place, stay)),
                None => seats.expected.push(stay),
            }
        }
        seats
    }
}

/// The beds by room, in the order of the ward; side rooms together.
fn rooms(ward: &Ward, row: impl Fn(&Place) -> BoardRow) -> Vec<BoardRoom> {
    let mut rooms: Vec<BoardRoom> = Vec::new();
    for bed in &ward.beds {
        let room = ward.rooms.iter().find(|room| Some(&room.id) == bed.part_of.as_ref());
        let is_side = |room: Option<&Place>| room.is_some_and(|room| room.kind == PlaceKind::SideRoom);
        match rooms.last_mut() {
            Some(last) if last.room.as_ref() == room || (is_side(last.room.as_ref()) && is_side(room)) => {
                last.rows.push(row(bed));
            }
            _ => rooms.push(BoardRoom { room: room.cloned(), rows: vec![row(bed)] }),
        }
    }
    rooms
}

/// Where the patient of a bed is while they are not in it.
fn away(stay: &Stay, bed: &str, find: &impl Fn(&str) -> Option<Place>) -> Option<Elsewhere> {
    let is_leave = stay.state == StayState::OnLeave;
    let here = stay.place().filter(|place| place.place != bed);
    if here.is_none() && !is_leave {
        return None;
    }
    Some(Elsewhere {
        place: here.and_then(|place| find(&place.place)),
        since: stay.leaves.last().filter(|_| is_leave).map(|leave| leave.from).or_else(|| here.and_then(since)),
        back: match stay.leaves.last().filter(|_| is_leave) {
            Some(leave) => leave.back_by.as_ref().map(|back| back.lower()),
            None => here.and_then(|place| Some(place.to.as_ref()?.lower())),
        },
        is_leave,
    })
}

/// Where the patient is who has no bed. Of a bed that is somebody else's only the ward is known.
fn without(stay: &Stay, find: &impl Fn(&str) -> Option<Place>) -> Option<Elsewhere> {
    let here = stay.place();
    let place = here.and_then(|place| find(&place.place)).filter(|place| !place.kind.is_bed() && !place.kind.is_ward());
    Some(Elsewhere { place, since: here.and_then(since), back: None, is_leave: stay.state == StayState::OnLeave })
}

fn since(place: &PlaceTime) -> Option<Moment> {
    place.from.as_ref().map(|from| from.lower())
}

/// The day of a stay by the calendar on the wall: the day of the admission is the first.
fn day_of_stay(started: Moment, now: Moment) -> Option<i64> {
    let days = local_date(now).since(local_date(started)).ok()?.get_days();
    (days >= 0).then_some(i64::from(days) + 1)
}

fn is_similar(stay: &Stay, names: &BTreeMap<&str, FamilySounds>) -> bool {
    let Some((patient, own)) = stay.patient.as_deref().and_then(|patient| names.get_key_value(patient)) else {
        return false;
    };
    names.iter().any(|(other, name)| other != patient && own.are_alike(name))
}

#[cfg(test)]
mod tests;
