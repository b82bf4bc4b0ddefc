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

/// Attendances by id.
type Attendances = BTreeMap<String, Arc<Attendance>>;

/// What it is kept as.
const CENSUS: &str = "census";

/// Stays of one ward, by their ids.
pub(crate) type Stays = Arc<Vec<Arc<Stay>>>;

/// Every place, and who is where.
#[derive(Debug, Clone)]
pub(crate) struct Census {
    /// Every place by id, also those that are not in use.
    every: Arc<Places>,
    /// Those in use.
    pub(crate) places: Arc<Places>,
    /// Attendances of emergency departments by id: who is there, and who is due.
    pub(crate) attendances: Arc<Attendances>,
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
        let (mut attendances, mut stays) = (BTreeMap::new(), Vec::new());
        stays::each_somewhere(reading, |version| {
            stays.extend(census.take(version, &mut attendances)?);
            Ok(())
        })
        .await?;
        stays.sort_by(|one, other| one.id.cmp(&other.id));
        let mut of_each = vec![Vec::new(); census.wards.len()];
        for stay in stays {
            census.wards_of_stay(&stay).into_iter().for_each(|ward| of_each[ward].push(Arc::clone(&stay)));
        }
        let own = of_each.into_iter().map(Arc::new);
        census.wards = Arc::new(census.wards.iter().map(|(ward, _)| Arc::clone(ward)).zip(own).collect());
        census.attendances = Arc::new(attendances);
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
            attendances: Arc::default(),
            wards: Arc::new(wards),
            wards_of: Arc::new(wards_of),
        }
    }

    /// Takes an Encounter in, if it is in a ward or a department, or expected there; its stay.
    fn take(&self, version: &Version, attendances: &mut Attendances) -> Result<Option<Arc<Stay>>, Problem> {
        let document = draft::document(version)?;
        let stay = Stay::of(document.root());
        let is_here = !self.wards_of_stay(&stay).is_empty();
        let is_said = |of: &Attendance| of.department.as_ref().is_some_and(|id| self.wards_of.contains_key(id));
        let attendance = Attendance::of(document.root()).filter(|of| of.is_here() || of.is_due());
        let attendance = attendance.filter(|of| is_here || is_said(of));
        attendances.extend(attendance.map(|of| (of.stay.id.clone(), Arc::new(of))));
        Ok(is_here.then(|| Arc::new(stay)))
    }

    /// Every stay, each once.
    pub(crate) fn stays(&self) -> impl Iterator<Item = &Arc<Stay>> {
        let all: BTreeMap<&str, &Arc<Stay>> =
            self.wards.iter().flat_map(|(_, stays)| stays.iter()).map(|stay| (stay.id.as_str(), stay)).collect();
        all.into_values()
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
        if !touched.is_empty() {
            let mut wards = Vec::clone(&census.wards);
            for at in touched {
                if let Some(place) = census.places.get(&wards[at].0.place.id) {
                    wards[at].0 = Arc::new(places::ward_among(&census.places, place));
                }
            }
            census.wards = Arc::new(wards);
        }
        if !stays.is_empty() {
            census.read_stays(reading, &stays).await?;
        }
        Ok(census)
    }

    /// Reads stays and attendances again. The lists of wards in which none of them was, and is, stay the same.
    async fn read_stays(&mut self, reading: &Reading, keys: &[Key]) -> Result<(), Problem> {
        let mut attendances = BTreeMap::clone(&self.attendances);
        keys.iter().for_each(|key| drop(attendances.remove(&key.id)));
        let mut wards = Vec::clone(&self.wards);
        for (_, stays) in &mut wards {
            let is_one = |stay: &Arc<Stay>| keys.iter().any(|key| key.id == stay.id);
            if keys.iter().any(|key| place_of(stays, &key.id).is_ok()) {
                Arc::make_mut(stays).retain(|stay| !is_one(stay));
            }
        }
        for version in reading.get_many(keys).await? {
            let Some(stay) = self.take(&version, &mut attendances)? else { continue };
            for at in self.wards_of_stay(&stay) {
                let stays = Arc::make_mut(&mut wards[at].1);
                if let Err(place) = place_of(stays, &stay.id) {
                    stays.insert(place, Arc::clone(&stay));
                }
            }
        }
        (self.attendances, self.wards) = (Arc::new(attendances), Arc::new(wards));
        Ok(())
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

/// Where a stay stands in a ward's list, or would.
fn place_of(stays: &[Arc<Stay>], id: &str) -> Result<usize, usize> {
    stays.binary_search_by(|stay| stay.id.as_str().cmp(id))
}
