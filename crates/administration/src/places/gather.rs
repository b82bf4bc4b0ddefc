//! Places as they are read from a record: one, all, the wards, a ward with everything in it.
//! Decides nothing; what is not in use is left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use record::{Key, Problem, Reading, Select};

use super::{Place, PlaceKind};
use crate::census::census;
use crate::draft;

/// Most places of one trust, rooms of clinics that other systems told included.
const MOST_PLACES: usize = 100_000;
/// Most steps from a bed to its site.
const MOST_STEPS: usize = 8;

/// A ward and everything that is part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ward {
    /// The ward itself.
    pub place: Place,
    /// Bays and side rooms, in order.
    pub rooms: Vec<Place>,
    /// Beds and cots, in the order of their rooms and their own.
    pub beds: Vec<Place>,
    /// Places without a bed: trolleys, chairs, corridors, treatment rooms.
    pub others: Vec<Place>,
}

impl Ward {
    /// Every place in it by id, the ward itself too.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        std::iter::once(&self.place).chain(&self.rooms).chain(&self.beds).chain(&self.others)
    }

    /// The place of an id, if it is part of this ward.
    pub fn find(&self, id: &str) -> Option<&Place> {
        self.places().find(|place| place.id == id)
    }
}

/// One place; `None` when there is none or the permit does not reach it.
pub async fn place(reading: &Reading, id: &str) -> Result<Option<Place>, Problem> {
    let version = reading.get(&Key::new("Location", id)).await?.filter(|version| !version.text.is_empty());
    version.map(|version| Ok(Place::of(draft::document(&version)?.root()))).transpose()
}

/// Places by id.
pub type Places = BTreeMap<String, Arc<Place>>;

/// Every place that is in use, by id.
pub async fn places(reading: &Reading) -> Result<Arc<Places>, Problem> {
    Ok(census(reading).await?.places.clone())
}

/// Every place, also those that are not in use.
pub(crate) async fn read_all(reading: &Reading) -> Result<Places, Problem> {
    let mut select = Select::of("Location").limit(1000);
    let mut found = Places::new();
    loop {
        let page = reading.select(&select).await?;
        for version in &page.versions {
            let place = Place::of(draft::document(version)?.root());
            found.insert(place.id.clone(), Arc::new(place));
        }
        match page.next {
            Some(next) if found.len() < MOST_PLACES => select.after = Some(next),
            Some(_) => return Err(Problem::TooCostly),
            None => return Ok(found),
        }
    }
}

/// The wards, emergency departments included, in order.
pub async fn wards(reading: &Reading) -> Result<Vec<Place>, Problem> {
    let is_board = |kind: PlaceKind| kind.is_ward() || kind == PlaceKind::EmergencyDepartment;
    let places = places(reading).await?;
    let wards = places.values().filter(|place| is_board(place.kind));
    let mut wards: Vec<Place> = wards.map(|place| Place::clone(place)).collect();
    wards.sort_by(|one, other| (one.position, &one.name).cmp(&(other.position, &other.name)));
    Ok(wards)
}

/// A ward with its rooms, beds and other places, however deep they lie; `None` when there is no such place.
pub async fn ward(reading: &Reading, id: &str) -> Result<Option<Arc<Ward>>, Problem> {
    let census = census(reading).await?;
    let arranged = || Some(Arc::new(ward_among(&census.places, census.place(id)?)));
    Ok(census.ward(id).map(|(ward, _)| Arc::clone(ward)).or_else(arranged))
}

/// A ward from all places of a trust.
pub(crate) fn ward_among(all: &Places, ward: &Place) -> Ward {
    let (mut within, mut edge): (Vec<&Arc<Place>>, Vec<&str>) = (Vec::new(), vec![&ward.id]);
    for _ in 0..MOST_STEPS {
        let found: Vec<&Arc<Place>> =
            all.values().filter(|place| place.part_of.as_deref().is_some_and(|of| edge.contains(&of))).collect();
        if found.is_empty() {
            break;
        }
        edge = found.iter().map(|place| place.id.as_str()).collect();
        within.extend(found);
    }
    arranged(ward.clone(), within.into_iter().map(|place| Place::clone(place)).collect())
}

/// Puts the places of a ward in order: rooms, then the beds room by room.
fn arranged(place: Place, mut within: Vec<Place>) -> Ward {
    within.sort_by(|one, other| (one.position, &one.id).cmp(&(other.position, &other.id)));
    let is_room = |kind: PlaceKind| matches!(kind, PlaceKind::Bay | PlaceKind::SideRoom | PlaceKind::Area);
    let (rooms, rest): (Vec<Place>, Vec<Place>) = within.into_iter().partition(|place| is_room(place.kind));
    let (mut beds, others): (Vec<Place>, Vec<Place>) = rest.into_iter().partition(|place| place.kind.is_bed());
    let room_of = |bed: &Place| rooms.iter().position(|room| Some(&room.id) == bed.part_of.as_ref());
    // The sort is stable: within a room beds keep their own order.
    beds.sort_by_key(|bed| room_of(bed).map_or(usize::MAX, |at| at));
    Ward { place, rooms, beds, others }
}
