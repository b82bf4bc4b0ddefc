//! The patients of whoever asks, as the member of staff that they are: those who are in the hospital and whose consultant they
//! are now, or whom they took over in the emergency department. A number of them and the list behind it are one question; so is
//! what must still happen to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use administration::obligations::place_of;
use administration::stays::{Stay, of_consultant};
use administration::tasks;
use record::{Key, Problem, Reading};

use super::finished;
use super::owed::{About, owned};
use super::people::people;
use crate::door::{Door, asked};
use crate::pages::my_patients::MyPatient;

/// The patients of whoever asks.
pub(crate) struct Mine {
    pub(crate) stays: Vec<Arc<Stay>>,
    /// What obligations about them are about: the stays, the patients, and the open tasks for these.
    pub(crate) anchors: Vec<Key>,
}

/// The patients of whoever asks; `None` when they are no member of staff.
pub(crate) async fn patients(door: &Door, reading: &Reading) -> Result<Option<Mine>, Problem> {
    let Some(staff) = &door.staff else { return Ok(None) };
    let stays = of_consultant(reading, staff).await?;
    let patients: BTreeSet<String> = stays.iter().filter_map(|stay| stay.patient.clone()).collect();
    let tasks = tasks::of_patients(reading, &patients).await?;
    let mut anchors: Vec<Key> = stays.iter().map(|stay| Key::new("Encounter", stay.id.as_str())).collect();
    anchors.extend(patients.into_iter().map(|patient| Key::new("Patient", patient)));
    anchors.extend(tasks.into_iter().map(|task| Key::new("Task", task.id)));
    Ok(Some(Mine { stays, anchors }))
}

/// How many of them are where, in words: `Heron ward 5, Kite ward 2`.
pub(crate) async fn by_place(door: &Door, reading: &Reading, mine: &Mine) -> Result<String, Problem> {
    let owners: BTreeSet<String> = mine.stays.iter().map(|stay| place_of(stay)).collect();
    let (_, owners) = owned(door, reading, owners).await?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for stay in &mine.stays {
        let place = owners.get(&place_of(stay)).map_or("Place not recorded", |owner| owner.name.as_str());
        *counts.entry(place).or_default() += 1;
    }
    Ok(counts.into_iter().map(|(place, count)| format!("{place} {count}")).collect::<Vec<_>>().join(", "))
}

/// The rows of the list, by ward and bed.
pub(crate) async fn listed(door: &Door) -> Result<Vec<MyPatient>, Problem> {
    let reading = door.record.read(&door.permit, asked::MY_PATIENTS).await?;
    let answer = rows(door, &reading).await;
    finished(reading, answer).await
}

async fn rows(door: &Door, reading: &Reading) -> Result<Vec<MyPatient>, Problem> {
    let stays = patients(door, reading).await?.map(|mine| mine.stays).unwrap_or_default();
    let ids: BTreeSet<String> = stays.iter().filter_map(|stay| stay.patient.clone()).collect();
    let named = people(reading, &ids, door.now).await?;
    let (places, owners) = owned(door, reading, stays.iter().map(|stay| place_of(stay)).collect()).await?;
    let about = About { places, owners, ..About::default() };
    let links = door.setting().links;
    let row = |stay: &Arc<Stay>| {
        let owner = place_of(stay);
        let named = stay.patient.as_ref().and_then(|id| named.get(id));
        MyPatient {
            ward: about.owner(&owner).name,
            place: about.place_words(&owner),
            name: named.map_or_else(|| "Not for you to see".to_owned(), |named| named.name.clone()),
            under: named.map(|named| named.under.clone()).unwrap_or_default(),
            href: stay.patient.as_ref().map(|id| links.patient(id)),
            reason: stay.reason.clone(),
            since: stay.started.clone(),
            expected_end: stay.expected_end.clone(),
        }
    };
    let mut rows: Vec<MyPatient> = stays.iter().map(row).collect();
    let by_number = |row: &MyPatient| row.place.rsplit(' ').next().and_then(|last| last.parse::<u32>().ok());
    rows.sort_by_cached_key(|row| (row.ward.clone(), by_number(row), row.place.clone(), row.name.clone()));
    Ok(rows)
}
