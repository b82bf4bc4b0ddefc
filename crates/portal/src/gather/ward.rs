//! A ward's board from one reading: the board of `administration`, and of each patient what `clinical` says at the bed.
//! Decides nothing. What is said of a patient is kept until a commit touches them, half a minute at most; the board is kept
//! for as long as all that it is made from is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use administration::Person;
use administration::boards::{BoardFacts, WardBoard, all_boards, board_facts};
use administration::places::Ward;
use administration::tasks::{self, Task};
use clinical::bedside::{Bedside, bedside};
use clinical::identity::Identity;
use clinical::{CARE_CODES, OBSERVATIONS};
use record::{Problem, Reading};
use terms::{Moment, local_date};

use super::texts::{Kind, of_patient};
use crate::door::{Door, asked};
use crate::live::HALF_TURN;
use crate::pages::ward::{DrawnRows, WardLine};

/// A board with what is said of its patients.
pub(crate) struct Gathered {
    pub(crate) board: Arc<WardBoard>,
    /// The ward as the board has it.
    pub(crate) ward: Arc<Ward>,
    /// Patients by id.
    pub(crate) patients: BTreeMap<String, Arc<OnBoard>>,
    /// The patients of its live stays.
    pub(crate) live: BTreeSet<String>,
    /// The sequence that it shows.
    pub(crate) sequence: u64,
    /// Its rows as they were drawn last, for whoever draws them next.
    pub(crate) drawn: Arc<DrawnRows>,
}

/// A board that is kept, and what it was made from.
struct Made {
    facts: BoardFacts,
    patients: BTreeMap<String, Arc<OnBoard>>,
    board: Arc<WardBoard>,
    drawn: Arc<DrawnRows>,
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
    let ward = Arc::clone(&facts.ward);
    let (board, drawn) = made(reading, facts, &patients, now).await?;
    Ok(Some(Gathered { board, ward, patients, live, sequence: reading.sequence(), drawn }))
}

/// The board of what was read: the one that is kept, if it was made from the same on the same day.
async fn made(
    reading: &Reading,
    facts: BoardFacts,
    patients: &BTreeMap<String, Arc<OnBoard>>,
    now: Moment,
) -> Result<(Arc<WardBoard>, Arc<DrawnRows>), Problem> {
    const BOARD: &str = "a ward's board";
    let ward = facts.ward.place.id.clone();
    let before = reading.kept_before::<Made>(BOARD, &ward).await?.map(|(before, _)| before);
    if let Some(before) = before.as_ref().filter(|before| before.is_of(&facts, patients, now)) {
        return Ok((Arc::clone(&before.board), Arc::clone(&before.drawn)));
    }
    let people = patients.iter().map(|(id, at)| (id.as_str(), &at.person)).collect();
    let board = Arc::new(WardBoard::of(&facts.ward, &facts.stays, &facts.elsewhere, &people, now));
    let drawn = before.map(|before| Arc::clone(&before.drawn)).unwrap_or_default();
    let made = Made { facts, patients: patients.clone(), board: Arc::clone(&board), drawn: Arc::clone(&drawn) };
    reading.keep((BOARD, &ward), reading.to_count(), made).await?;
    Ok((board, drawn))
}

impl Made {
    fn is_of(&self, facts: &BoardFacts, patients: &BTreeMap<String, Arc<OnBoard>>, now: Moment) -> bool {
        let (own, other) = (&self.facts, facts);
        let is_alike = Arc::ptr_eq(&own.ward, &other.ward) && Arc::ptr_eq(&own.stays, &other.stays);
        is_alike
            && self.board.today == local_date(now)
            && are_same(&own.elsewhere, &other.elsewhere)
            && are_same(&self.patients, patients)
    }
}

/// Whether two maps have the very same under the same names.
fn are_same<T>(one: &BTreeMap<String, Arc<T>>, other: &BTreeMap<String, Arc<T>>) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|((id, own), (known, other))| id == known && Arc::ptr_eq(own, other))
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
