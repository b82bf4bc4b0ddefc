//! A ward's board from one reading: the board of `administration`, and of each patient what `clinical` says at the bed.
//! Decides nothing; the texts of all patients are read together (`texts.rs`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use administration::Person;
use administration::boards::{WardBoard, all_boards, board_facts};
use administration::places::Place;
use administration::tasks::{self, Task};
use clinical::bedside::{Bedside, bedside};
use clinical::identity::Identity;
use clinical::{CARE_CODES, OBSERVATIONS};
use record::{Problem, Reading};
use terms::Moment;

use super::texts::{Kind, of_patients};
use crate::door::{Door, asked};
use crate::pages::ward::WardLine;

/// A board with what is said of its patients.
pub(crate) struct Gathered {
    pub(crate) board: WardBoard,
    /// Patients by id.
    pub(crate) patients: BTreeMap<String, AtBed>,
    /// Places of the ward without a bed: trolleys, chairs.
    pub(crate) others: Vec<Place>,
    /// Open tasks about the patients who are there, by patient, the earliest due first.
    pub(crate) tasks: BTreeMap<String, Vec<Task>>,
    /// The patients of its live stays.
    pub(crate) live: BTreeSet<String>,
    /// The ids of every place of the ward.
    pub(crate) places: Vec<String>,
    /// The sequence that it shows.
    pub(crate) sequence: u64,
}

/// One patient of a board.
pub(crate) struct AtBed {
    pub(crate) identity: Identity,
    /// What is said at the bed; none for roles that see no clinical content.
    pub(crate) bedside: Option<Bedside>,
}

/// The board of a ward; `None` when there is none. `is_clinical` for roles that see clinical content.
pub(crate) async fn board(
    reading: &Reading,
    ward: &str,
    is_clinical: bool,
    now: Moment,
) -> Result<Option<Gathered>, Problem> {
    let Some(facts) = board_facts(reading, ward).await? else { return Ok(None) };
    let mut ids: Vec<String> = facts.stays.iter().filter_map(|stay| stay.patient.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let since: HashMap<&str, Moment> = facts
        .stays
        .iter()
        .filter(|stay| stay.state.is_live())
        .filter_map(|stay| Some((stay.patient.as_deref()?, stay.started.as_ref()?.lower())))
        .collect();
    let mut people = BTreeMap::new();
    let orders: [Kind<'_>; 1] = [("ServiceRequest", &[(Some(CARE_CODES), OBSERVATIONS)])];
    let patients = of_patients(reading, &ids, is_clinical.then_some(&orders[..]), |id, material| {
        let (chart, bedside) = bedside(material, since.get(id).copied(), now);
        people.insert(id.to_owned(), Person::of_node(material.patient));
        let has_two = bedside.score.as_ref().is_some_and(|score| score.change.is_some());
        (AtBed { identity: chart.identity, bedside: is_clinical.then_some(bedside) }, has_two)
    });
    let patients = patients.await?;
    let live = facts.stays.iter().filter(|stay| stay.state.is_live()).filter_map(|stay| stay.patient.clone()).collect();
    let tasks = tasks_of(reading, &live).await?;
    let board = WardBoard::of(&facts.ward, &facts.stays, &facts.elsewhere, &people, now);
    let places = facts.ward.places().map(|place| place.id.clone()).collect();
    Ok(Some(Gathered { board, patients, tasks, live, others: facts.ward.others, places, sequence: reading.sequence() }))
}

/// The tasks of a ward's patients; none for roles that see no tasks.
async fn tasks_of(reading: &Reading, patients: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<Task>>, Problem> {
    let mut by_patient: BTreeMap<String, Vec<Task>> = BTreeMap::new();
    if !reading.permit().scope().reads.contains("Task") {
        return Ok(by_patient);
    }
    for task in tasks::of_patients(reading, patients).await? {
        if let Some(patient) = task.patient.clone() {
            by_patient.entry(patient).or_default().push(task);
        }
    }
    Ok(by_patient)
}

/// Every ward with its numbers.
pub(crate) async fn ward_lines(door: &Door) -> Result<Vec<WardLine>, Problem> {
    let reading = door.record.read(&door.permit, asked::WARDS).await?;
    let boards = counted(&reading, door.now).await;
    Ok(boards?.into_iter().map(|board| WardLine { counts: board.counts(), ward: board.ward }).collect())
}

/// Every ward's board as a page sees the record, for numbers and free beds.
pub(crate) async fn all_wards(door: &Door, page: &Reading) -> Result<Vec<WardBoard>, Problem> {
    let reading = door.record.read_at(&door.permit, asked::WARDS, page.sequence()).await?;
    counted(&reading, door.now).await
}

/// Numbers and beds show nobody: there is no one to note.
async fn counted(reading: &Reading, now: Moment) -> Result<Vec<WardBoard>, Problem> {
    let boards = all_boards(reading, now).await;
    reading.hand_on();
    boards
}
