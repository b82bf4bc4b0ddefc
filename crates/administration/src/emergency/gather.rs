//! The emergency department as it is read from a record: who is here, who is due, who left on a day.
//! Decides nothing; each answer is bounded by what one department holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use record::{Clause, Key, Problem, Reading, Select};
use terms::Date;
use terms::index::{Part, Span};

use super::Attendance;
use super::rows::{ATTENDING, LEFT_DEPARTMENT, day_part, has_left};
use crate::census::census;
use crate::draft;
use crate::places::{self, Place, PlaceKind, Ward};
use crate::stays::{RESERVED, Stay, held_places};

/// Most attendances of one department that a board shows.
const MOST_ON_A_BOARD: usize = 1000;
/// Most steps from a place to its department.
const MOST_STEPS: usize = 8;

/// A department with everybody in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    /// The department and its places.
    pub ward: Arc<Ward>,
    /// Who is in it.
    pub here: Vec<Arc<Attendance>>,
    /// Whom ambulances announced.
    pub due: Vec<Arc<Attendance>>,
}

/// One attendance; `None` when there is none or the permit does not reach it.
pub async fn attendance(reading: &Reading, id: &str) -> Result<Option<Attendance>, Problem> {
    let version = reading.get(&Key::new("Encounter", id)).await?.filter(|version| !version.text.is_empty());
    let Some(version) = version else { return Ok(None) };
    Ok(Attendance::of(draft::document(&version)?.root()))
}

/// The department of an id with everybody who is in it or due; `None` when it is no department.
pub async fn department(reading: &Reading, id: &str) -> Result<Option<Department>, Problem> {
    let census = census(reading).await?;
    let ward = census.ward(id).map(|(ward, _)| Arc::clone(ward));
    let Some(ward) = ward.filter(|ward| ward.place.kind == PlaceKind::EmergencyDepartment) else { return Ok(None) };
    let places: BTreeSet<&str> = ward.places().map(|place| place.id.as_str()).collect();
    let is_of = |of: &&Arc<Attendance>| {
        let is_said = of.is_here() && of.department.as_deref() == Some(id);
        is_said || held_places(&of.stay).any(|(row, place)| row != RESERVED && places.contains(place))
    };
    let (mut here, mut due) = (Vec::new(), Vec::new());
    for attendance in census.attendances.values().filter(is_of) {
        let list = if attendance.is_here() { &mut here } else { &mut due };
        list.push(Arc::clone(attendance));
    }
    here.sort_by(|one, other| (one.arrived, &one.stay.id).cmp(&(other.arrived, &other.stay.id)));
    due.sort_by(|one, other| (one.arrived, &one.stay.id).cmp(&(other.arrived, &other.stay.id)));
    Ok(Some(Department { ward, here, due }))
}

/// Who left a department on a local day, as it is kept.
struct Left {
    /// The places of the department.
    places: BTreeSet<String>,
    attendances: Vec<Arc<Attendance>>,
}

/// Who left a department on a local day, in the order in which they left. It is kept from reading to reading, and only what commits
/// changed since is read again. It shows nobody: whoever takes somebody out of it notes whom they show.
pub async fn left_on(reading: &Reading, ward: &Ward, day: Date) -> Result<Vec<Arc<Attendance>>, Problem> {
    const LEFT: &str = "left a department";
    let of = format!("{} {day}", ward.place.id);
    let places: BTreeSet<String> = ward.places().map(|place| place.id.clone()).collect();
    let is_of = |left: &Left| left.places == places;
    if let Some(left) = reading.kept::<Left>(LEFT, &of, Duration::MAX).await?.filter(|left| is_of(left)) {
        return Ok(left.attendances.clone());
    }
    let own = reading.to_count();
    let before = reading.kept_before::<Left>(LEFT, &of).await?.filter(|(before, _)| is_of(before));
    let changed = before.and_then(|(before, at)| Some((before, reading.changed_since(at)?)));
    let mut attendances = match changed {
        Some((before, changed)) => {
            let keys: Vec<Key> = changed.into_iter().filter(|key| key.kind == "Encounter").collect();
            let is_other = |of: &&Arc<Attendance>| keys.iter().all(|key| key.id != of.stay.id);
            let mut attendances: Vec<Arc<Attendance>> = before.attendances.iter().filter(is_other).cloned().collect();
            for version in own.get_many(&keys).await? {
                let of = Attendance::of(draft::document(&version)?.root());
                attendances.extend(of.filter(|of| has_left(of, &places, day)).map(Arc::new));
            }
            attendances
        }
        None => {
            let at =
                |place: &String| Span::head(LEFT_DEPARTMENT, [Part::target("Location", place.as_str()), day_part(day)]);
            found(&own, places.iter().map(at).collect()).await?.into_iter().map(Arc::new).collect()
        }
    };
    attendances.sort_by(|one, other| (one.left, &one.stay.id).cmp(&(other.left, &other.stay.id)));
    own.depends_on_type("Encounter");
    Ok(reading.keep((LEFT, &of), own, Left { places, attendances }).await?.attendances.clone())
}

/// The expected stays of those with a decision to admit, by the stay's id: which bed is kept for them.
pub async fn expected_stays(reading: &Reading, here: &[Arc<Attendance>]) -> Result<BTreeMap<String, Stay>, Problem> {
    let ids = here.iter().filter_map(|attendance| attendance.decision.as_ref()?.stay.as_deref());
    let keys: Vec<Key> = ids.map(|id| Key::new("Encounter", id)).collect();
    let versions = reading.get_many(&keys).await?;
    let stays = versions.iter().map(|version| Ok(Stay::of(draft::document(version)?.root())));
    stays.map(|stay: Result<Stay, Problem>| stay.map(|stay| (stay.id.clone(), stay))).collect()
}

/// The attendances of a patient that go on.
pub(super) async fn open_attendances_of(reading: &Reading, patient: &str) -> Result<Vec<Attendance>, Problem> {
    found(reading, vec![Span::head(ATTENDING, [Part::target("Patient", patient)])]).await
}

/// Whether a place lies in a department, or is it.
pub(super) async fn is_within(reading: &Reading, place: &Place, department: &str) -> Result<bool, Problem> {
    let mut here = place.clone();
    for _ in 0..MOST_STEPS {
        if here.id == department {
            return Ok(true);
        }
        let Some(above) = &here.part_of else { return Ok(false) };
        let Some(next) = places::place(reading, above).await? else { return Ok(false) };
        here = next;
    }
    Ok(false)
}

async fn found(reading: &Reading, spans: Vec<Span>) -> Result<Vec<Attendance>, Problem> {
    let mut select = Select::of("Encounter").with(Clause::Any(spans)).limit(1000);
    let mut attendances = Vec::new();
    loop {
        let page = reading.select(&select).await?;
        for version in &page.versions {
            attendances.extend(Attendance::of(draft::document(version)?.root()));
        }
        match page.next {
            Some(next) if attendances.len() < MOST_ON_A_BOARD => select.after = Some(next),
            _ => return Ok(attendances),
        }
    }
}
