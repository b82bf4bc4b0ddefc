//! What is owed: counters with the item that is due first, and the list behind each.
//!
//! A counter and its list ask the same query (`administration::obligations::query`). What cannot be counted is shown as
//! unknown, each counter by itself: one that fails takes no other with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use administration::merging::Unallocated;
use administration::obligations::{self, Counted, Kind, NOBODY, Owner, Scope, named_owners};
use administration::places::{Places, places};
use administration::restricted_access::{Opening, openings};
use administration::stays::Stay;
use administration::tasks::{self, Task};
use fhir::{Document, Limits};
use record::obligation::OpenObligation;
use record::{Cursor, Key, Problem, Reading};
use terms::Moment;

use super::finished;
use super::people::{Named, people};
use crate::door::{Door, asked};
use crate::setting::Setting;
use crate::words::{counted, number};

/// Rows of one page.
const ROWS: usize = 100;

/// A counter.
pub(crate) struct Tally {
    pub(crate) kind: &'static Kind,
    /// `None` when it could not be counted.
    pub(crate) counted: Option<Counted>,
}

/// What obligations are about, and whose they are.
#[derive(Default)]
pub(crate) struct About {
    /// The stays and tasks that are anchors.
    pub(crate) stays: BTreeMap<String, Stay>,
    pub(crate) tasks: BTreeMap<String, Task>,
    /// What unmerges left, by the id of its list.
    pub(crate) unmerges: BTreeMap<String, Unallocated>,
    /// Openings of restricted records, by the id of their audit event.
    pub(crate) openings: BTreeMap<String, Opening>,
    pub(crate) people: BTreeMap<String, Named>,
    /// Places, and those above them.
    pub(crate) places: Arc<Places>,
    pub(crate) owners: BTreeMap<String, Owner>,
}

/// The list of a kind.
pub(crate) struct Listed {
    pub(crate) counted: Counted,
    pub(crate) rows: Vec<OpenObligation>,
    pub(crate) about: About,
    /// Open tasks that came from obligations of the kind, by their anchor.
    pub(crate) tasks: BTreeMap<String, Task>,
    pub(crate) next: Option<Cursor>,
}

/// The kinds that somebody sees, in order.
pub(crate) fn kinds(setting: &Setting) -> impl Iterator<Item = &'static Kind> {
    let is_clinical = setting.clinical;
    // Whoever is sickest stands first.
    let (first, rest) = clinical::owed::KINDS.split_at(2);
    let all = first.iter().chain(obligations::KINDS).chain(rest).copied();
    // Reviews are the privacy officer's alone, who has pages for them.
    let all = all.filter(|kind| obligations::OF_PRIVACY.iter().all(|own| own.code != kind.code));
    all.filter(move |kind| is_clinical || !kind.is_clinical)
}

/// The kind of a code, if whoever asks sees it.
pub(crate) fn kind_of(setting: &Setting, code: &str) -> Option<&'static Kind> {
    kinds(setting).find(|kind| kind.code == code)
}

/// Counts kinds in a scope, each by itself.
pub(crate) async fn tallies(
    reading: &Reading,
    kinds: impl Iterator<Item = &'static Kind>,
    scope: &Scope,
    now: Moment,
) -> Vec<Tally> {
    let mut tallies = Vec::new();
    for kind in kinds {
        let counted = match obligations::count(reading, kind, scope, now).await {
            Ok(counted) => Some(counted),
            Err(problem) => {
                tracing::error!(kind = kind.code, %problem, "obligations could not be counted");
                None
            }
        };
        tallies.push(Tally { kind, counted });
    }
    tallies
}

/// The list of a kind in a scope, from where a page before ended.
pub(crate) async fn listed(
    door: &Door,
    kind: &'static Kind,
    scope: &Scope,
    after: Option<Cursor>,
) -> Result<Listed, Problem> {
    let reading = match &after {
        Some(cursor) => door.record.read_at(&door.permit, asked::OWED, owed_at(cursor)).await?,
        None => door.record.read(&door.permit, asked::OWED).await?,
    };
    let answer = list(door, &reading, kind, scope, after).await;
    finished(reading, answer).await
}

/// The sequence of the page before.
fn owed_at(cursor: &Cursor) -> u64 {
    cursor.sequence()
}

async fn list(
    door: &Door,
    reading: &Reading,
    kind: &'static Kind,
    scope: &Scope,
    after: Option<Cursor>,
) -> Result<Listed, Problem> {
    let counted = obligations::count(reading, kind, scope, door.now).await?;
    let query = obligations::query(kind, scope, door.now);
    let page = reading.obligations(&record::obligation::ObligationQuery { limit: ROWS, after, ..query }).await?;
    let about = about(door, reading, &page.obligations).await?;
    let from = tasks::about(reading, &page.obligations).await?;
    let of_kind = from.into_iter().filter(|task| task.kind.as_deref() == Some(kind.code));
    let tasks = of_kind.filter_map(|task| Some((task.focus.clone()?, task))).collect();
    Ok(Listed { counted, rows: page.obligations, about, tasks, next: page.next })
}

/// What some obligations are about.
pub(crate) async fn about(door: &Door, reading: &Reading, owed: &[OpenObligation]) -> Result<About, Problem> {
    let anchors: BTreeSet<Key> = owed.iter().map(|one| one.anchor.clone()).collect();
    let of_kind = |kind: &str| -> Vec<Key> { anchors.iter().filter(|key| key.kind == kind).cloned().collect() };
    let mut about = About::default();
    for version in reading.get_many(&of_kind("Encounter")).await? {
        if let Ok(document) = Document::parse(&version.text, &Limits::default()) {
            about.stays.insert(version.key.id.clone(), Stay::of(document.root()));
        }
    }
    for version in reading.get_many(&of_kind("Task")).await? {
        if let Ok(document) = Document::parse(&version.text, &Limits::default()) {
            about.tasks.insert(version.key.id.clone(), Task::of(document.root()));
        }
    }
    for version in reading.get_many(&of_kind("List")).await? {
        let document = Document::parse(&version.text, &Limits::default()).ok();
        let left = document.and_then(|document| Unallocated::of(document.root()));
        about.unmerges.extend(left.map(|left| (version.key.id.clone(), left)));
    }
    let found = openings(reading, of_kind("AuditEvent").into_iter().map(|key| key.id)).await?;
    about.openings = found.into_iter().map(|opening| (opening.id.clone(), opening)).collect();
    let mut patients: BTreeSet<String> = of_kind("Patient").into_iter().map(|key| key.id).collect();
    patients.extend(about.stays.values().filter_map(|stay| stay.patient.clone()));
    patients.extend(about.tasks.values().filter_map(patient_of).map(str::to_owned));
    patients.extend(about.unmerges.values().flat_map(|left| [left.pair.left.clone(), left.pair.right.clone()]));
    patients.extend(about.openings.values().map(|opening| opening.patient.clone()));
    about.people = people(reading, &patients, door.now).await?;
    let owners: BTreeSet<String> = owed.iter().map(|one| one.obligation.owner.clone()).collect();
    (about.places, about.owners) = owned(door, reading, owners).await?;
    Ok(about)
}

/// What owners are called, and the places that they are.
pub(crate) async fn owned(
    door: &Door,
    reading: &Reading,
    owners: BTreeSet<String>,
) -> Result<(Arc<Places>, BTreeMap<String, Owner>), Problem> {
    let places = places(reading).await?;
    let users: Vec<String> = owners.iter().filter(|owner| owner.starts_with("user/")).cloned().collect();
    let accounts = if users.is_empty() { BTreeMap::new() } else { door.names.holders(users).await };
    let named = named_owners(reading, owners, &places, &accounts).await?;
    Ok((places, named))
}

/// The patient whom a task is for, or whose record it is about.
fn patient_of(task: &Task) -> Option<&str> {
    let focus = || task.focus.as_deref()?.strip_prefix("Patient/");
    task.patient.as_deref().or_else(focus)
}

impl About {
    /// The patient that an obligation is about.
    pub(crate) fn patient<'a>(&'a self, anchor: &'a Key) -> Option<&'a str> {
        match anchor.kind.as_str() {
            "Patient" => Some(&anchor.id),
            "Encounter" => self.stays.get(&anchor.id)?.patient.as_deref(),
            "Task" => patient_of(self.tasks.get(&anchor.id)?),
            "AuditEvent" => Some(&self.openings.get(&anchor.id)?.patient),
            "List" => Some(&self.unmerges.get(&anchor.id)?.pair.left),
            _ => None,
        }
    }

    /// Of a merge that was taken apart: who the other is, and how much is left to give out.
    pub(crate) fn unmerge_words(&self, anchor: &Key) -> Option<String> {
        let left = self.unmerges.get(&anchor.id).filter(|_| anchor.kind == "List")?;
        let other = self.people.get(&left.pair.right).map_or("somebody not for you to see", |named| &named.name);
        let items = counted(left.items.len(), "item", "items");
        Some(format!("Was one record with {other}: {} of {items} to give out", number(left.left() as u64)))
    }

    /// Who an owner is.
    pub(crate) fn owner(&self, owner: &str) -> Owner {
        self.owners.get(owner).cloned().unwrap_or_else(Owner::nobody)
    }

    /// Where something is, by its owner: `Bed 5` of a bed, else the name of the place.
    pub(crate) fn place_words(&self, owner: &str) -> String {
        let place = owner.strip_prefix("place/").and_then(|id| self.places.get(id));
        match place {
            Some(place) if place.kind.is_bed() => format!("Bed {}", place.label),
            Some(place) => place.name.clone(),
            None if owner == NOBODY => "Place not recorded".into(),
            None => String::new(),
        }
    }
}
