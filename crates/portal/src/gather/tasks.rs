//! Tasks as rows of a list: who, where, whose, by when, with names for all of them.
//! Names are read for all rows at once; who may not be seen is said to be so.

use std::collections::{BTreeMap, BTreeSet};

use administration::obligations::Owner;
use administration::stays::open_stays_of;
use administration::tasks::Task;
use record::{Problem, Reading};

use super::owed::owned;
use super::people::{Named, people};
use crate::door::Door;
use crate::pages::home::TaskRow;

/// Patients whose place is looked up one by one, where no ward is at hand.
const MOST_PLACED: usize = 50;

/// What rows of tasks are made from.
pub(crate) struct Known {
    pub(crate) people: BTreeMap<String, Named>,
    pub(crate) owners: BTreeMap<String, Owner>,
    /// Where patients are, in words.
    pub(crate) places: BTreeMap<String, String>,
}

/// Gathers the names for some tasks. `stays` are those at hand; patients without one are looked up.
pub(crate) async fn known(
    door: &Door,
    reading: &Reading,
    tasks: &[&Task],
    at_hand: &BTreeMap<String, String>,
) -> Result<Known, Problem> {
    let patients: BTreeSet<String> = tasks.iter().filter_map(|task| task.patient.clone()).collect();
    let mut owners: BTreeSet<String> = tasks.iter().map(|task| task.owner.clone()).collect();
    owners.extend(tasks.iter().filter_map(|task| task.handed_to.clone()));
    let mut places = at_hand.clone();
    let mut wanted: BTreeMap<String, String> = BTreeMap::new();
    for patient in patients.iter().filter(|patient| !at_hand.contains_key(*patient)).take(MOST_PLACED) {
        if let Some(stay) = open_stays_of(reading, patient).await?.first() {
            wanted.insert(patient.clone(), administration::obligations::place_of(stay));
        }
    }
    owners.extend(wanted.values().cloned());
    let (found, owners) = owned(door, reading, owners).await?;
    for (patient, place) in wanted {
        let words = place.strip_prefix("place/").and_then(|id| found.get(id)).map(|place| place.name.clone());
        places.extend(words.map(|words| (patient, words)));
    }
    Ok(Known { people: people(reading, &patients, door.now).await?, owners, places })
}

impl Known {
    /// The row of a task.
    pub(crate) fn row(&self, door: &Door, task: &Task) -> TaskRow {
        let links = door.setting().links;
        let own = door.own_names();
        let who = |owner: &str| match self.owners.get(owner) {
            _ if own.iter().any(|name| name == owner) => "You".to_owned(),
            Some(owner) => owner.name.clone(),
            None => "Nobody".to_owned(),
        };
        let patient = task.patient.as_ref().map(|id| {
            let name = self.people.get(id).map_or_else(|| "Not for you to see".to_owned(), |named| named.name.clone());
            (name, links.patient(id))
        });
        let place = task.patient.as_ref().and_then(|patient| self.places.get(patient)).cloned();
        TaskRow {
            id: task.id.clone(),
            href: links.task(&task.id),
            done: links.task_act(&task.id, "done"),
            place: place.unwrap_or_default(),
            patient,
            what: task.what.clone(),
            who: who(&task.owner),
            handed_to: task.handed_to.as_deref().map(who),
            due: task.due,
        }
    }
}
