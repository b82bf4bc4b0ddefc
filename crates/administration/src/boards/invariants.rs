//! What must hold of places and stays in a whole trust, as numbers: each booking fits a place that is open, no bed and no
//! person is held twice. Pure functions of places and stays; whether an exception is anybody's fault is not their question.

use std::collections::{BTreeMap, BTreeSet};

use record::{Problem, Reading, Version};

use crate::draft;
use crate::places::{self, BedStatus, Places};
use crate::stays::{self, Stay, StayState};

/// Numbers of a whole trust.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Invariants {
    /// Expected stays that name the place where they will be.
    pub bookings: u64,
    /// Those whose place is not there, not in use, or closed.
    pub bookings_without_place: u64,
    /// Beds in which somebody is.
    pub beds_in_use: u64,
    /// Beds in which more than one stay is, or which are kept for more than one.
    pub beds_held_twice: u64,
    /// Patients who are in hospital.
    pub inpatients: u64,
    /// Those who are in it twice.
    pub inpatients_held_twice: u64,
}

/// Reads them for the whole trust.
pub async fn invariants(reading: &Reading) -> Result<Invariants, Problem> {
    let places = places::places(reading).await?;
    let mut stays = Vec::new();
    let take = |version: &Version| {
        stays.push(Stay::of(draft::document(version)?.root()));
        Ok(())
    };
    stays::each_somewhere(reading, take).await?;
    Ok(Invariants::of(&places, &stays))
}

impl Invariants {
    /// The numbers of these places and stays.
    pub fn of(places: &Places, stays: &[Stay]) -> Invariants {
        // A stay can be found by several of its places.
        let mut seen = BTreeSet::new();
        let stays: Vec<&Stay> = stays.iter().filter(|stay| seen.insert(stay.id.as_str())).collect();
        let live = || stays.iter().filter(|stay| stay.state.is_live() && stay.is_inpatient);
        let expected = stays.iter().filter(|stay| stay.state == StayState::Expected);
        let booked: Vec<&str> = expected
            .filter_map(|stay| stay.reserved().or_else(|| stay.wanted()))
            .map(|place| place.place.as_str())
            .collect();
        let is_open =
            |id: &&&str| places.get(**id).is_some_and(|place| place.is_active && place.bed.status != BedStatus::Closed);
        let is_bed = |id: &str| places.get(id).is_some_and(|place| place.kind.is_bed());
        let in_beds = live().filter(|stay| !stay.no_bed_yet).filter_map(|stay| stay.place());
        let in_use = times(in_beds.map(|place| place.place.as_str()).filter(|id| is_bed(id)));
        let kept_for = stays.iter().filter(|stay| stay.state.is_live() || stay.state == StayState::Expected);
        let kept = times(kept_for.filter_map(|stay| stay.reserved()).map(|place| place.place.as_str()));
        let people = times(live().filter_map(|stay| stay.patient.as_deref()));
        Invariants {
            bookings: booked.len() as u64,
            bookings_without_place: (booked.len() - booked.iter().filter(is_open).count()) as u64,
            beds_in_use: in_use.len() as u64,
            beds_held_twice: twice(&in_use) + twice(&kept),
            inpatients: people.len() as u64,
            inpatients_held_twice: twice(&people),
        }
    }
}

/// How often each comes.
fn times<'a>(ids: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, u64> {
    let mut times = BTreeMap::new();
    for id in ids {
        *times.entry(id).or_default() += 1;
    }
    times
}

fn twice(times: &BTreeMap<&str, u64>) -> u64 {
    times.values().filter(|count| **count > 1).count() as u64
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use fhir::{Document, Limits};

    use std::sync::Arc;

    use super::*;
    use crate::places::Place;

    fn place(id: &str, kind: &str, more: &str) -> (String, Arc<Place>) {
        let text = format!(
            r#"{{"resourceType":"Location","id":"{id}","type":[{{"coding":[{{"system":"urn:almoner:place-kind","code":"{kind}"}}]}}]{more}}}"#
        );
        let place = Place::of(Document::parse(text.as_bytes(), &Limits::default()).unwrap().root());
        (place.id.clone(), Arc::new(place))
    }

    fn stay(id: &str, status: &str, patient: &str, place: &str, is: &str) -> Stay {
        let text = format!(
            r#"{{"resourceType":"Encounter","id":"{id}","status":"{status}","class":{{"code":"IMP"}},"subject":{{"reference":"Patient/{patient}"}},"location":[{{"location":{{"reference":"Location/{place}"}},"status":"{is}"}}]}}"#
        );
        Stay::of(Document::parse(text.as_bytes(), &Limits::default()).unwrap().root())
    }

    #[test]
    fn what_is_held_twice_or_has_no_place_is_counted() {
        let closed = r#","operationalStatus":{"system":"http://terminology.hl7.org/CodeSystem/v2-0116","code":"C"}"#;
        let places: Places =
            [place("ward", "ward", ""), place("b1", "bed", ""), place("b2", "bed", ""), place("b3", "bed", closed)]
                .into();
        let stays = [
            stay("s1", "in-progress", "p1", "b1", "active"),
            stay("s2", "in-progress", "p2", "b1", "active"),
            stay("s3", "in-progress", "p2", "b2", "active"),
            stay("s3", "in-progress", "p2", "b2", "active"),
            stay("s4", "planned", "p3", "ward", "planned"),
            stay("s5", "planned", "p4", "b3", "reserved"),
            stay("s6", "planned", "p5", "gone", "planned"),
            stay("s7", "finished", "p1", "b2", "completed"),
        ];
        let expected = Invariants {
            bookings: 3,
            bookings_without_place: 2,
            beds_in_use: 2,
            beds_held_twice: 1,
            inpatients: 2,
            inpatients_held_twice: 1,
        };
        assert_eq!(Invariants::of(&places, &stays), expected);
    }
}
