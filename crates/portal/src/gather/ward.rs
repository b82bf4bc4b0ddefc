//! A ward's board from one reading: the board of `administration`, and of each patient what `clinical` says at the bed.
//! Decides nothing. What is said of a patient is kept until a commit touches them, half a minute at most.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use administration::Person;
use administration::boards::{WardBoard, all_boards, board_facts};
use administration::places::Place;
use administration::tasks::{self, Task};
use clinical::bedside::{Bedside, bedside};
use clinical::identity::Identity;
use clinical::{CARE_CODES, OBSERVATIONS};
use record::{Problem, Reading};
use terms::Moment;

use super::texts::{Kind, of_patient};
use crate::door::{Door, asked};
use crate::live::HALF_TURN;
use crate::pages::ward::WardLine;

/// A board with what is said of its patients.
pub(crate) struct Gathered {
    pub(crate) board: WardBoard,
    /// Patients by id.
    pub(crate) patients: BTreeMap<String, Arc<OnBoard>>,
    /// Places of the ward without a bed: trolleys, chairs.
    pub(crate) others: Vec<Place>,
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

/// All that a board says of a patient.
pub(crate) struct OnBoard {
    pub(crate) at_bed: AtBed,
    /// Who they are, to be compared with others.
    pub(crate) person: Person,
    /// Open tasks about them, the earliest due first; none for roles that see no tasks.
    pub(crate) tasks: Vec<Task>,
}

/// The board of a ward; `None` when there is none. `is_clinical` for roles that see clinical content.
pub(crate) async fn board(
    reading: &Reading,
    ward: &str,
    is_clinical: bool,
    now: Moment,
) -> Result<Option<Gathered>, Problem> {
    let Some(facts) = board_facts(reading, ward).await? else { return Ok(None) };
    let since: BTreeMap<&str, Option<Moment>> = facts
        .stays
        .iter()
        .filter_map(|stay| {
            let started = stay.started.as_ref().filter(|_| stay.state.is_live()).map(|started| started.lower());
            Some((stay.patient.as_deref()?, started))
        })
        .fold(BTreeMap::new(), |mut since, (patient, started)| {
            let known = since.entry(patient).or_default();
            *known = started.or(*known);
            since
        });
    let mut patients = BTreeMap::new();
    for (patient, since) in since {
        if let Some(at) = on_board(reading, patient, since, (is_clinical, now)).await? {
            patients.insert(patient.to_owned(), at);
        }
    }
    let live = facts.stays.iter().filter(|stay| stay.state.is_live()).filter_map(|stay| stay.patient.clone()).collect();
    let people = patients.iter().map(|(id, at)| (id.as_str(), &at.person)).collect();
    let board = WardBoard::of(&facts.ward, &facts.stays, &facts.elsewhere, &people, now);
    let places = facts.ward.places().map(|place| place.id.clone()).collect();
    let others = facts.ward.others.clone();
    Ok(Some(Gathered { board, patients, live, others, places, sequence: reading.sequence() }))
}

/// What a board says of a patient whose stay began at a moment; `None` for whom the permit does not reach.
async fn on_board(
    reading: &Reading,
    patient: &str,
    since: Option<Moment>,
    (is_clinical, now): (bool, Moment),
) -> Result<Option<Arc<OnBoard>>, Problem> {
    const ON_BOARD: &str = "on a ward's board";
    let of = format!("{patient} {}", since.map_or(0, |since| since.0));
    if let Some(at) = reading.kept::<Option<Arc<OnBoard>>>(ON_BOARD, &of, HALF_TURN).await? {
        return Ok(Option::clone(&at));
    }
    let own = reading.to_keep();
    let orders: [Kind<'_>; 1] = [("ServiceRequest", &[(Some(CARE_CODES), OBSERVATIONS)])];
    let made = of_patient(&own, patient, is_clinical.then_some(&orders[..]), |material| {
        let (chart, bedside) = bedside(material, since, now);
        let has_two = bedside.score.as_ref().is_some_and(|score| score.change.is_some());
        ((chart.identity, bedside, Person::of_node(material.patient)), has_two)
    });
    let at = match made.await? {
        Some((identity, bedside, person)) => {
            let tasks = tasks_of(&own, patient).await?;
            let at_bed = AtBed { identity, bedside: is_clinical.then_some(bedside) };
            Some(Arc::new(OnBoard { at_bed, person, tasks }))
        }
        None => None,
    };
    Ok(Option::clone(&*reading.keep((ON_BOARD, &of), own, at).await?))
}

/// The open tasks about a patient; none for roles that see no tasks.
async fn tasks_of(reading: &Reading, patient: &str) -> Result<Vec<Task>, Problem> {
    if !reading.permit().scope().reads.contains("Task") {
        return Ok(Vec::new());
    }
    tasks::of_patients(reading, &BTreeSet::from([patient.to_owned()])).await
}

/// Every ward with its numbers.
pub(crate) async fn ward_lines(door: &Door) -> Result<Vec<WardLine>, Problem> {
    let reading = door.record.read(&door.permit, asked::WARDS).await?;
    let boards = all_boards(&reading, door.now).await;
    reading.finish_unseen().await?;
    Ok(boards?.into_iter().map(|board| WardLine { counts: board.counts(), ward: board.ward.clone() }).collect())
}
