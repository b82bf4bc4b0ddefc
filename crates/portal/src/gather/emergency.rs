//! The board of the emergency department from one reading: attendances and places of `administration`, and of each patient
//! what `clinical` says: allergies, the newest score, flags.
//!
//! Puts together and sorts by the rank of `administration::emergency::urgency`; decides nothing itself.

use std::collections::BTreeMap;

use administration::emergency::urgency::{Rank, Urgency};
use administration::emergency::{self, Attendance, Department};
use administration::places::{Place, PlaceKind, wards};
use administration::stays::Stay;
use clinical::allergies::Allergies;
use clinical::identity::Identity;
use clinical::news2::Score;
use clinical::observations::News2;
use clinical::{Chart, Material, chart};
use fhir::{Document, Limits};
use record::{Key, Problem, Reading, Version};
use terms::{Moment, local_date};

use super::chart::of_type;

/// Of each patient what a board needs.
const TYPES: [&str; 5] = ["AllergyIntolerance", "Condition", "Flag", "Goal", "Observation"];
/// How many observations of each code of one patient are read, the newest.
const NEWEST: usize = 4;
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
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) attendance: Attendance,
    /// Where they are.
    pub(crate) place: Option<Place>,
    pub(crate) seen: Option<Seen>,
    pub(crate) urgency: Urgency,
    /// The place that is kept for them on a ward, in words.
    pub(crate) bed: Option<String>,
}

/// Rows of an area, and its empty cubicles.
#[derive(Debug, Clone)]
pub(crate) struct Area {
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
    /// Who left today.
    pub(crate) left: Vec<Row>,
    /// Every emergency department of the trust.
    pub(crate) departments: Vec<Place>,
    /// The sequence that it shows.
    pub(crate) sequence: u64,
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
    let mut rows = Vec::new();
    for attendance in &department.here {
        rows.push(row(reading, &department, attendance, &stays, (is_clinical, now)).await?);
    }
    let mut gone = Vec::new();
    for attendance in &left {
        // Who has left is listed by name alone.
        gone.push(row(reading, &department, attendance, &stays, (false, now)).await?);
    }
    let areas = areas(&department, rows);
    Ok(Some(Board { department, areas, left: gone, departments, sequence: reading.sequence() }))
}

async fn row(
    reading: &Reading,
    department: &Department,
    attendance: &Attendance,
    stays: &BTreeMap<String, Stay>,
    (is_clinical, now): (bool, Moment),
) -> Result<Row, Problem> {
    let seen = match &attendance.stay.patient {
        Some(patient) => seen(reading, patient, attendance.arrived, (is_clinical, now)).await?,
        None => None,
    };
    let place = attendance.stay.place().and_then(|at| department.ward.find(&at.place)).cloned();
    let stay = attendance.decision.as_ref().and_then(|decision| stays.get(decision.stay.as_ref()?));
    let bed = match stay.and_then(|stay| stay.reserved()) {
        Some(kept) => administration::places::place(reading, &kept.place).await?.map(|bed| bed.name),
        None => None,
    };
    let urgency = urgency(attendance, seen.as_ref(), now);
    Ok(Row { attendance: attendance.clone(), place, seen, urgency, bed })
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

/// Who a patient is, and what a board says of them.
pub(crate) async fn seen(
    reading: &Reading,
    id: &str,
    arrived: Option<Moment>,
    (is_clinical, now): (bool, Moment),
) -> Result<Option<Seen>, Problem> {
    let version = reading.get(&Key::new("Patient", id)).await?.filter(|version| !version.text.is_empty());
    let Some(version) = version else { return Ok(None) };
    let (mut versions, mut allergies_readable) = (Vec::new(), true);
    for kind in TYPES.iter().filter(|_| is_clinical) {
        match of_type(reading, id, kind, NEWEST, &mut versions).await {
            Ok(_) => {}
            // A board without allergies must say so and never read as "none": the rest of it still helps.
            Err(problem) if *kind == "AllergyIntolerance" => {
                tracing::error!(%problem, "the allergies of a board could not be read");
                allergies_readable = false;
            }
            Err(problem) => return Err(problem),
        }
    }
    let limits = Limits::default();
    let Ok(patient) = Document::parse(&version.text, &limits) else { return Ok(None) };
    let documents: Vec<Document<'_>> = versions.iter().filter_map(parsed).collect();
    let resources = documents.iter().map(Document::root).collect();
    let chart = chart(&Material { patient: patient.root(), resources, allergies_readable }, now);
    let clinical = is_clinical.then(|| clinical_of(&chart, &documents, arrived));
    let is_unidentified = administration::registration::unknown::is_unknown(patient.root());
    let estimated_age = administration::registration::unknown::estimated_age(patient.root());
    Ok(Some(Seen { identity: chart.identity, is_unidentified, estimated_age, clinical }))
}

fn parsed(version: &Version) -> Option<Document<'_>> {
    Document::parse(&version.text, &Limits::default()).ok()
}

fn clinical_of(chart: &Chart, documents: &[Document<'_>], arrived: Option<Moment>) -> SeenClinical {
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
        child_score: documents.iter().filter_map(child_score).filter(|(at, _)| at.0 >= since).max(),
        flags: flags(documents),
    }
}

/// A score that a child has by name, such as PEWS: recorded as a number, scored by whoever recorded it.
fn child_score(document: &Document<'_>) -> Option<(Moment, String)> {
    let root = document.root();
    let name = fhir::read::code_in(root.get("code")?, "urn:almoner:child-score")?;
    let at = fhir::read::moment(root, "effectiveDateTime")?;
    let value = root.get("valueInteger")?.number()?.to_owned();
    Some((at, format!("{} {value}", name.to_uppercase())))
}

/// Flags in force: the words are their author's, how grave they are is HL7's extension flag-priority (PH, PM).
fn flags(documents: &[Document<'_>]) -> Vec<SeenFlag> {
    const PRIORITY: &str = "http://hl7.org/fhir/StructureDefinition/flag-priority";
    let mut flags: Vec<SeenFlag> = documents
        .iter()
        .map(Document::root)
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
        .map(|top| (Some(top.id.as_str()), Area { name: area_name(top), rows: Vec::new(), free: Vec::new() }))
        .collect();
    areas.push((None, Area { name: "Elsewhere in the department".into(), rows: Vec::new(), free: Vec::new() }));
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
