//! The board of the emergency department from one reading: attendances and places of `administration`, and of each patient
//! what `clinical` says: allergies, the newest score, flags; it is kept until a commit touches them, half a minute at most.
//!
//! Puts together and sorts by the rank of `administration::emergency::urgency`; decides nothing itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use administration::emergency::urgency::{Rank, Urgency};
use administration::emergency::{self, Attendance, Department};
use administration::places::{Place, PlaceKind, wards};
use administration::stays::Stay;
use clinical::allergies::Allergies;
use clinical::identity::Identity;
use clinical::news2::Score;
use clinical::observations::News2;
use clinical::{Chart, Material, chart};
use fhir::{Document, Limits, Node};
use record::{Key, Problem, Reading};
use terms::{Moment, local_date};

use super::texts::{Kind, of_patient};
use crate::live::HALF_TURN;
use crate::pages::emergency::DrawnRows;

/// Our own code system of a child's score, and the scores that are known by name.
const CHILD_SCORE: &str = "urn:almoner:child-score";
const CHILD_SCORES: [Kind<'_>; 1] = [("Observation", &[(Some(CHILD_SCORE), "pews")])];
/// Sets this long before the arrival are of another time.
const BEFORE_ARRIVAL_MS: i64 = 24 * 60 * 60 * 1000;
/// Our own code of a flag: a child who is at risk.
const CHILD_AT_RISK: &str = "child-at-risk";

/// A flag of a patient.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SeenFlag {
    /// How grave: 0 danger, 1 warning, 2 a fact.
    pub(crate) weight: u8,
    pub(crate) words: String,
    pub(crate) code: Option<String>,
}

/// What is known of a patient beside the attendance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) identity: Identity,
    /// Whether nobody knows yet who they are.
    pub(crate) is_unidentified: bool,
    /// The age that somebody estimated, in years.
    pub(crate) estimated_age: Option<u8>,
    /// None for roles that see no clinical content.
    pub(crate) clinical: Option<SeenClinical>,
}

/// The clinical part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenClinical {
    pub(crate) allergies: Allergies,
    /// The newest score: when, what, and the change since the one before.
    pub(crate) score: Option<(Moment, Score, Option<i16>)>,
    /// Why there is none, when that is known.
    pub(crate) not_scored: Option<&'static str>,
    /// A child's own score, by name: when and what.
    pub(crate) child_score: Option<(Moment, String)>,
    pub(crate) flags: Vec<SeenFlag>,
}

/// A row of the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) attendance: Arc<Attendance>,
    /// Where they are.
    pub(crate) place: Option<Place>,
    pub(crate) seen: Option<Arc<Seen>>,
    pub(crate) urgency: Urgency,
    /// The place that is kept for them on a ward, in words.
    pub(crate) bed: Option<String>,
}

/// Rows of an area, and its empty cubicles.
#[derive(Debug, Clone)]
pub(crate) struct Area {
    /// Its place; `elsewhere` of those who are in none.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) free: Vec<Place>,
}

/// The board.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    pub(crate) department: Department,
    /// By area, in the order of the areas; who is in none of them last.
    pub(crate) areas: Vec<Area>,
    /// Who left today; who they are is said where they are listed ([`name_left`]).
    pub(crate) left: Vec<Row>,
    /// Every emergency department of the trust.
    pub(crate) departments: Vec<Place>,
    /// The expected stays of those with a decision to admit.
    pub(crate) expected: Vec<String>,
    /// The sequence that it shows.
    pub(crate) sequence: u64,
    /// Its rows as they were drawn last, for whoever draws them next.
    pub(crate) drawn: Arc<DrawnRows>,
}

impl Board {
    /// Every row.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.areas.iter().flat_map(|area| &area.rows)
    }
}

/// The board of a department, the trust's first when none is named; `None` when there is none.
pub(crate) async fn board(
    reading: &Reading,
    wanted: &str,
    is_clinical: bool,
    now: Moment,
) -> Result<Option<Board>, Problem> {
    let all = wards(reading).await?;
    let departments: Vec<Place> =
        all.into_iter().filter(|place| place.kind == PlaceKind::EmergencyDepartment).collect();
    let id = match wanted {
        "" => departments.first().map(|place| place.id.clone()),
        wanted => Some(wanted.to_owned()),
    };
    let Some(id) = id else { return Ok(None) };
    let Some(department) = emergency::department(reading, &id).await? else { return Ok(None) };
    let stays = emergency::expected_stays(reading, &department.here).await?;
    let left = emergency::left_on(reading, &department.ward, local_date(now)).await?;
    let here = seen_of(reading, &department.here, (is_clinical, now)).await?;
    let beds = beds(reading, stays.values()).await?;
    let row = |attendance: &Arc<Attendance>, seen: &BTreeMap<String, Arc<Seen>>| {
        let seen = attendance.stay.patient.as_ref().and_then(|patient| seen.get(patient)).cloned();
        let stay = attendance.decision.as_ref().and_then(|decision| stays.get(decision.stay.as_ref()?));
        Row {
            urgency: urgency(attendance, seen.as_deref(), now),
            place: attendance.stay.place().and_then(|at| department.ward.find(&at.place)).cloned(),
            bed: stay.and_then(|stay| beds.get(&stay.reserved()?.place)).cloned(),
            attendance: Arc::clone(attendance),
            seen,
        }
    };
    let rows = department.here.iter().map(|attendance| row(attendance, &here)).collect();
    let left = left.iter().map(|attendance| row(attendance, &BTreeMap::new())).collect();
    let areas = areas(&department, rows);
    let expected = stays.into_keys().collect();
    let drawn = drawn(reading, &id).await?;
    Ok(Some(Board { department, areas, left, departments, expected, sequence: reading.sequence(), drawn }))
}

/// Says of those who left today, and whom a list shows, who they are: by name alone.
pub(crate) async fn name_left(
    reading: &Reading,
    board: &mut Board,
    is_listed: impl Fn(&Row) -> bool,
    now: Moment,
) -> Result<(), Problem> {
    let listed = board.left.iter().filter(|row| is_listed(row));
    let left: Vec<Arc<Attendance>> = listed.map(|row| Arc::clone(&row.attendance)).collect();
    let seen = seen_of(reading, &left, (false, now)).await?;
    for row in &mut board.left {
        row.seen = row.attendance.stay.patient.as_ref().and_then(|patient| seen.get(patient)).cloned();
    }
    Ok(())
}

/// The rows of a department's board as they were drawn last for those who reach the same.
async fn drawn(reading: &Reading, department: &str) -> Result<Arc<DrawnRows>, Problem> {
    const DRAWN: &str = "rows of an emergency department";
    match reading.kept_before::<Arc<DrawnRows>>(DRAWN, department).await? {
        Some((drawn, _)) => Ok(Arc::clone(&drawn)),
        None => Ok(Arc::clone(&*reading.keep((DRAWN, department), reading.to_count(), Arc::default()).await?)),
    }
}

/// The names of the beds that are kept for some stays, by the bed's id.
async fn beds(reading: &Reading, stays: impl Iterator<Item = &Stay>) -> Result<BTreeMap<String, String>, Problem> {
    let ids: BTreeSet<&str> = stays.filter_map(|stay| Some(stay.reserved()?.place.as_str())).collect();
    let keys: Vec<Key> = ids.into_iter().map(|id| Key::new("Location", id)).collect();
    let mut beds = BTreeMap::new();
    for version in reading.get_many(&keys).await? {
        if let Ok(document) = Document::parse(&version.text, &Limits::default()) {
            beds.insert(version.key.id.clone(), Place::of(document.root()).name);
        }
    }
    Ok(beds)
}

fn urgency(attendance: &Attendance, seen: Option<&Seen>, now: Moment) -> Urgency {
    let clinical = seen.and_then(|seen| seen.clinical.as_ref());
    let is_child = seen.is_some_and(|seen| is_under_18(seen, now));
    let at_risk =
        |clinical: &SeenClinical| clinical.flags.iter().any(|flag| flag.code.as_deref() == Some(CHILD_AT_RISK));
    Urgency {
        category: attendance.category,
        news2: clinical.and_then(|clinical| clinical.score.as_ref()).map(|(_, score, _)| score.total),
        child_at_risk: is_child && clinical.is_some_and(at_risk),
    }
}

/// Whether somebody is a child; whose age nobody knows may be one.
pub(crate) fn is_under_18(seen: &Seen, now: Moment) -> bool {
    let Some(born) = &seen.identity.born else { return seen.estimated_age.is_none_or(|age| age < 18) };
    let (years, today) = (local_date(now).year() - born.year(), local_date(now));
    let is_to_come = born.date().is_none_or(|date| (today.month(), today.day()) < (date.month(), date.day()));
    years - i16::from(is_to_come) < 18
}

/// Who a patient is, and what a board says of them; `arrived` when an attendance of theirs began.
pub(crate) async fn seen(
    reading: &Reading,
    id: &str,
    arrived: Option<Moment>,
    (is_clinical, now): (bool, Moment),
) -> Result<Option<Arc<Seen>>, Problem> {
    const SEEN: &str = "in the emergency department";
    let of = format!("{id} {} {is_clinical}", arrived.map_or(0, |arrived| arrived.0));
    if let Some(seen) = reading.kept::<Option<Arc<Seen>>>(SEEN, &of, HALF_TURN).await? {
        return Ok(Option::clone(&seen));
    }
    let own = reading.to_keep();
    let made = of_patient(&own, id, is_clinical.then_some(&CHILD_SCORES[..]), |material| {
        let chart = chart(material, now);
        let clinical = is_clinical.then(|| clinical_of(&chart, material, arrived));
        let has_two =
            clinical.as_ref().and_then(|clinical| clinical.score.as_ref()).is_some_and(|(.., change)| change.is_some());
        let is_unidentified = administration::registration::unknown::is_unknown(material.patient);
        let estimated_age = administration::registration::unknown::estimated_age(material.patient);
        (Seen { identity: chart.identity, is_unidentified, estimated_age, clinical }, has_two)
    });
    let seen = made.await?.map(Arc::new);
    Ok(Option::clone(&*reading.keep((SEEN, &of), own, seen).await?))
}

/// The same for everybody in some attendances, by patient.
async fn seen_of(
    reading: &Reading,
    attendances: &[Arc<Attendance>],
    asked: (bool, Moment),
) -> Result<BTreeMap<String, Arc<Seen>>, Problem> {
    let arrived: BTreeMap<&str, Option<Moment>> =
        attendances.iter().filter_map(|of| Some((of.stay.patient.as_deref()?, of.arrived))).collect();
    let mut all = BTreeMap::new();
    for (id, arrived) in arrived {
        if let Some(seen) = seen(reading, id, arrived, asked).await? {
            all.insert(id.to_owned(), seen);
        }
    }
    Ok(all)
}

fn clinical_of(chart: &Chart, material: &Material<'_, '_>, arrived: Option<Moment>) -> SeenClinical {
    let resources = || material.resources.iter().copied();
    let since = arrived.map_or(i64::MIN, |arrived| arrived.0 - BEFORE_ARRIVAL_MS);
    let latest = chart.observations.latest_score().filter(|(set, ..)| set.at.0 >= since);
    let newest = chart.observations.latest().filter(|set| set.at.0 >= since);
    SeenClinical {
        allergies: chart.allergies.clone(),
        score: latest.map(|(set, score, before)| {
            (set.at, score, before.map(|before| i16::from(score.total) - i16::from(before)))
        }),
        not_scored: newest.and_then(|set| match set.news2 {
            News2::Child => Some("under 16"),
            News2::Pregnant => Some("pregnant"),
            _ => None,
        }),
        child_score: resources().filter_map(child_score).filter(|(at, _)| at.0 >= since).max(),
        flags: flags(resources()),
    }
}

/// A score that a child has by name, such as PEWS: recorded as a number, scored by whoever recorded it.
fn child_score(root: Node<'_, '_>) -> Option<(Moment, String)> {
    let name = fhir::read::code_in(root.get("code")?, CHILD_SCORE)?;
    let at = fhir::read::moment(root, "effectiveDateTime")?;
    let value = root.get("valueInteger")?.number()?.to_owned();
    Some((at, format!("{} {value}", name.to_uppercase())))
}

/// Flags in force: the words are their author's, how grave they are is HL7's extension flag-priority (PH, PM).
fn flags<'d, 't: 'd>(resources: impl Iterator<Item = Node<'d, 't>>) -> Vec<SeenFlag> {
    const PRIORITY: &str = "http://hl7.org/fhir/StructureDefinition/flag-priority";
    let mut flags: Vec<SeenFlag> = resources
        .filter(|root| fhir::read::text(*root, "resourceType").as_deref() == Some("Flag"))
        .filter(|root| fhir::read::text(*root, "status").as_deref() == Some("active"))
        .filter_map(|root| {
            let code = root.get("code")?;
            let priority = fhir::read::extension(root, PRIORITY).and_then(|of| of.get("valueCodeableConcept"));
            let has = |level: &str| priority.is_some_and(|priority| fhir::read::has_code(priority, &[level]));
            let weight = if has("PH") { 0 } else { 1 + u8::from(!has("PM")) };
            let own = fhir::read::code_in(code, "urn:almoner:flag");
            Some(SeenFlag { weight, words: fhir::read::words(code)?, code: own })
        })
        .collect();
    flags.sort();
    flags
}

/// Rows by area: first who must be seen to now, then in the order of the places, then by arrival.
fn areas(department: &Department, rows: Vec<Row>) -> Vec<Area> {
    let ward = &department.ward;
    let tops: Vec<&Place> =
        ward.rooms.iter().filter(|room| room.part_of.as_deref() == Some(ward.place.id.as_str())).collect();
    let mut areas: Vec<(Option<&str>, Area)> = tops
        .iter()
        .map(|top| {
            (
                Some(top.id.as_str()),
                Area { id: top.id.clone(), name: area_name(top), rows: Vec::new(), free: Vec::new() },
            )
        })
        .collect();
    areas.push((
        None,
        Area { id: "elsewhere".into(), name: "Elsewhere in the department".into(), rows: Vec::new(), free: Vec::new() },
    ));
    let top_of = |place: Option<&Place>| {
        let mut here = place?;
        for _ in 0..8 {
            if let Some(top) = tops.iter().find(|top| top.id == here.id) {
                return Some(top.id.as_str());
            }
            here = ward.find(here.part_of.as_deref()?)?;
        }
        None
    };
    let index = |top: Option<&str>| areas.iter().position(|(known, _)| *known == top);
    let mut placed: Vec<(usize, Row)> = Vec::new();
    for row in rows {
        let at = index(top_of(row.place.as_ref())).unwrap_or(areas.len() - 1);
        placed.push((at, row));
    }
    let is_taken = |id: &str| placed.iter().any(|(_, row)| row.place.as_ref().is_some_and(|place| place.id == id));
    let free: Vec<(usize, Place)> = ward
        .others
        .iter()
        .filter(|place| place.kind == PlaceKind::Cubicle && !is_taken(&place.id))
        .map(|place| (index(top_of(Some(place))).unwrap_or(areas.len() - 1), place.clone()))
        .collect();
    for (at, row) in placed {
        areas[at].1.rows.push(row);
    }
    for (at, place) in free {
        areas[at].1.free.push(place);
    }
    for (_, area) in &mut areas {
        area.rows.sort_by_key(order_in_area);
    }
    areas.into_iter().map(|(_, area)| area).filter(|area| !area.rows.is_empty() || !area.free.is_empty()).collect()
}

/// `Majors` of `Emergency department, majors`.
fn area_name(place: &Place) -> String {
    match place.label.as_str() {
        "" => place.name.clone(),
        label => label.to_owned(),
    }
}

/// Those to act on now by how ill they are; all others as their places lie, so that a row keeps its place.
fn order_in_area(row: &Row) -> (bool, Option<Rank>, u32, Option<Moment>, String) {
    let rank = row.urgency.acts_now().then(|| row.urgency.rank());
    let position = row.place.as_ref().map_or(u32::MAX, |place| place.position);
    (rank.is_none(), rank, position, row.attendance.arrived, row.attendance.stay.id.clone())
}
