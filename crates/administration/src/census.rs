//! The census: every place of a trust, and every stay that is in a ward or an emergency department, is said to be, or is expected
//! there. Stays in other places are not in it: other systems leave many open.
//!
//! Nearly every page asks for a part of it, and a commit changes one place or one stay. So it is kept from reading to
//! reading, and only what commits changed since is read again. It is what a reading of now would say, and shows nobody:
//! whoever takes somebody out of it notes whom they show.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use record::{Key, Problem, Reading, Version};

use crate::draft;
use crate::emergency::Attendance;
use crate::places::{self, Place, PlaceKind, Places, Ward};
use crate::stays::{self, Stay};

/// What it is kept as.
const CENSUS: &str = "census";

/// Stays of one ward.
pub(crate) type Stays = Arc<Vec<Arc<Stay>>>;

/// Every place, and who is where.
#[derive(Debug, Clone)]
pub(crate) struct Census {
    /// Every place by id, also those that are not in use.
    every: Arc<Places>,
    /// Those in use.
    pub(crate) places: Arc<Places>,
    /// Stays by id.
    pub(crate) stays: Arc<BTreeMap<String, Arc<Stay>>>,
    /// Attendances of emergency departments by id: who is there, and who is due.
    pub(crate) attendances: Arc<BTreeMap<String, Arc<Attendance>>>,
    /// The wards and emergency departments in their order, each with its stays.
    pub(crate) wards: Arc<Vec<(Arc<Ward>, Stays)>>,
    /// The wards that a place is in, by their position above.
    wards_of: Arc<BTreeMap<String, Vec<usize>>>,
}

/// The census at a reading.
pub(crate) async fn census(reading: &Reading) -> Result<Arc<Census>, Problem> {
    if let Some(census) = reading.kept::<Census>(CENSUS, "", Duration::MAX).await? {
        return Ok(census);
    }
    let own = reading.to_count();
    let before = reading.kept_before::<Census>(CENSUS, "").await?;
    let changed = before.and_then(|(before, at)| Some((before, reading.changed_since(at)?)));
    let census = match changed {
        Some((before, changed)) => before.changed(&own, &changed).await?,
        None => Census::read(&own).await?,
    };
    own.depends_on_type("Location");
    own.depends_on_type("Encounter");
    reading.keep((CENSUS, ""), own, census).await
}

impl Census {
    async fn read(reading: &Reading) -> Result<Census, Problem> {
        let mut census = Census::of_places(places::read_all(reading).await?);
        let mut people = People::default();
        stays::each_somewhere(reading, |version| census.take(version, &mut people).map(drop)).await?;
        census.set_people(people);
        let own = census.stays_of_each().into_iter().map(Arc::new);
        census.wards = Arc::new(census.wards.iter().map(|(ward, _)| Arc::clone(ward)).zip(own).collect());
        Ok(census)
    }

    /// The places, and nobody in them yet.
    fn of_places(every: Places) -> Census {
        let places: Places =
            every.iter().filter(|(_, place)| place.is_active).map(|(id, place)| (id.clone(), place.clone())).collect();
        let has_board = |kind: PlaceKind| kind.is_ward() || kind == PlaceKind::EmergencyDepartment;
        let mut wards: Vec<&Arc<Place>> = places.values().filter(|place| has_board(place.kind)).collect();
        wards.sort_by(|one, other| (one.position, &one.name).cmp(&(other.position, &other.name)));
        let arranged = |ward: &Arc<Place>| (Arc::new(places::ward_among(&places, ward)), Stays::default());
        let wards: Vec<(Arc<Ward>, Stays)> = wards.into_iter().map(arranged).collect();
        let mut wards_of: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, (ward, _)) in wards.iter().enumerate() {
            for place in ward.places() {
                wards_of.entry(place.id.clone()).or_default().push(at);
            }
        }
        Census {
            every: Arc::new(every),
            places: Arc::new(places),
            stays: Arc::default(),
            attendances: Arc::default(),
            wards: Arc::new(wards),
            wards_of: Arc::new(wards_of),
        }
    }

    fn set_people(&mut self, people: People) {
        (self.stays, self.attendances) = (Arc::new(people.stays), Arc::new(people.attendances));
    }

    /// Takes an Encounter in, if it is in a ward or a department, or expected there; its stay.
    fn take(&self, version: &Version, people: &mut People) -> Result<Option<Arc<Stay>>, Problem> {
        let document = draft::document(version)?;
        let stay = Stay::of(document.root());
        let is_here = !self.wards_of_stay(&stay).is_empty();
        let is_said = |of: &Attendance| of.department.as_ref().is_some_and(|id| self.wards_of.contains_key(id));
        let attendance = Attendance::of(document.root()).filter(|of| of.is_here() || of.is_due());
        let attendance = attendance.filter(|of| is_here || is_said(of));
        people.attendances.extend(attendance.map(|of| (of.stay.id.clone(), Arc::new(of))));
        if !is_here {
            return Ok(None);
        }
        let stay = Arc::new(stay);
        people.stays.insert(stay.id.clone(), Arc::clone(&stay));
        Ok(Some(stay))
    }

    /// The stays of each ward.
    fn stays_of_each(&self) -> Vec<Vec<Arc<Stay>>> {
        let mut of_each = vec![Vec::new(); self.wards.len()];
        for stay in self.stays.values() {
            for ward in self.wards_of_stay(stay) {
                of_each[ward].push(Arc::clone(stay));
            }
        }
        of_each
    }

    /// The wards that a stay stands in.
    fn wards_of_stay(&self, stay: &Stay) -> BTreeSet<usize> {
        stays::held_places(stay).filter_map(|(_, place)| self.wards_of.get(place)).flatten().copied().collect()
    }

    /// The same after some resources were changed, which are read again.
    async fn changed(&self, reading: &Reading, changed: &BTreeSet<Key>) -> Result<Census, Problem> {
        let of = |kind: &str| changed.iter().filter(|key| key.kind == kind).cloned().collect::<Vec<Key>>();
        let (places, stays) = (of("Location"), of("Encounter"));
        let mut census = self.clone();
        let mut touched = BTreeSet::new();
        if !places.is_empty() && !census.read_places(reading, &places, &mut touched).await? {
            // The wards are others: who is in them is read anew.
            return Census::read(reading).await;
        }
        if !stays.is_empty() {
            let tell = |stay: &Stay| touched.extend(self.wards_of_stay(stay));
            census.set_people(self.people_after(reading, &stays, tell).await?);
        }
        if touched.is_empty() {
            return Ok(census);
        }
        let mut of_each = census.stays_of_each();
        let mut wards = Vec::clone(&census.wards);
        for at in touched {
            let place = census.places.get(&wards[at].0.place.id).cloned();
            let arranged = |place: Arc<Place>| Arc::new(places::ward_among(&census.places, &place));
            let ward = place.map_or_else(|| Arc::clone(&wards[at].0), arranged);
            wards[at] = (ward, Arc::new(std::mem::take(&mut of_each[at])));
        }
        census.wards = Arc::new(wards);
        Ok(census)
    }

    /// Stays and attendances after some of them were read again. Each stay of these is told as it was and as it is.
    async fn people_after(
        &self,
        reading: &Reading,
        keys: &[Key],
        mut tell: impl FnMut(&Stay),
    ) -> Result<People, Problem> {
        let (stays, attendances) = (BTreeMap::clone(&self.stays), BTreeMap::clone(&self.attendances));
        let mut people = People { stays, attendances };
        for key in keys {
            people.attendances.remove(&key.id);
            if let Some(before) = people.stays.remove(&key.id) {
                tell(&before);
            }
        }
        for version in reading.get_many(keys).await? {
            if let Some(stay) = self.take(&version, &mut people)? {
                tell(&stay);
            }
        }
        Ok(people)
    }

    /// Reads places again, and notes the wards that these are in; whether every place is where it was, and is called so.
    async fn read_places(
        &mut self,
        reading: &Reading,
        keys: &[Key],
        touched: &mut BTreeSet<usize>,
    ) -> Result<bool, Problem> {
        let (mut every, mut places) = (Places::clone(&self.every), Places::clone(&self.places));
        let mut now = Places::new();
        for version in reading.get_many(keys).await? {
            let place = Place::of(draft::document(&version)?.root());
            now.insert(place.id.clone(), Arc::new(place));
        }
        let mut is_arranged_alike = true;
        for key in keys {
            let place = now.remove(&key.id);
            let before = every.remove(&key.id);
            places.remove(&key.id);
            is_arranged_alike &= match (&before, &place) {
                (Some(before), Some(place)) => before.stands_like(place),
                (None, None) => true,
                _ => false,
            };
            if let Some(place) = place {
                every.insert(key.id.clone(), Arc::clone(&place));
                if place.is_active {
                    places.insert(key.id.clone(), place);
                }
            }
            touched.extend(self.wards_of.get(&key.id).into_iter().flatten());
        }
        (self.every, self.places) = (Arc::new(every), Arc::new(places));
        Ok(is_arranged_alike)
    }

    /// A ward or a department with everything in it, and the stays that are in it, are said to be, or are expected there.
    pub(crate) fn ward(&self, id: &str) -> Option<&(Arc<Ward>, Stays)> {
        self.wards.iter().find(|(ward, _)| ward.place.id == id)
    }

    /// A place of an id, also one that is not in use.
    pub(crate) fn place(&self, id: &str) -> Option<&Arc<Place>> {
        self.every.get(id)
    }
}

/// Stays and attendances, as their texts are taken.
#[derive(Default)]
struct People {
    stays: BTreeMap<String, Arc<Stay>>,
    attendances: BTreeMap<String, Arc<Attendance>>,
}
