//! A stay that another system ends: what is still owed to the patient gets an owner in the same commit, as with a discharge by a
//! person (`hand_on.rs`), though nobody was asked.
//!
//! It is the consultant's of the stay, as far as they work here, else the ward's where the patient was, else the site office's;
//! each can hand it over. Nothing of what was sent is refused for it, and what the same commit answers, asks for or gives to
//! somebody counts as it will be. What the writer's permit does not reach is not given to anybody: it cannot be told to them.

use std::collections::{BTreeMap, BTreeSet};

use fhir::search::{compartment_rows, compartment_spans, lies_in};
use record::{Change, Draft, Key, Problem, Reading, TransactError};
use terms::Moment;

use super::codes::DIED;
use super::hand_on::{NewOwner, given};
use super::owed::{Owed, OwedKind, still_owed};
use super::{Stay, StayState};
use crate::draft::{document, parsed};
use crate::obligations::{NOBODY, SITE_TEAM, named_owners, place_of, team_name};
use crate::places;
use crate::tasks::Task;

/// Most stays of one draft of which it is asked whether they end; a load of more brings what was so.
const MOST_STAYS: usize = 100;

/// Adds to another system's draft the owners of what is still owed to whoever leaves by it.
///
/// # Errors
/// The record could not be read.
pub async fn with_owners(reading: &Reading, mut draft: Draft, now: Moment) -> Result<Draft, Problem> {
    let scope = reading.permit().scope();
    let may_give = scope.reads.contains("Task") && scope.writes.contains("Task");
    let stays = draft.changes.iter().filter(|change| change.key().kind == "Encounter").count();
    if !may_give || stays == 0 || stays > MOST_STAYS {
        return Ok(draft);
    }
    let mut added = Vec::new();
    for (stay, patient) in leaving(reading, &draft).await? {
        added.extend(owners_of(reading, &draft, (&stay, &patient), now).await?);
    }
    let mut known: BTreeSet<Key> = draft.changes.iter().map(|change| change.key().clone()).collect();
    added.retain(|change| known.insert(change.key().clone()));
    draft.changes.extend(added);
    Ok(draft)
}

/// The stays that go on in the record and have ended in the draft, as they were, each with its patient. Who has died is not
/// discharged.
async fn leaving(reading: &Reading, draft: &Draft) -> Result<Vec<(Stay, String)>, Problem> {
    let mut leaving = Vec::new();
    for change in &draft.changes {
        let Change::Put(key, template) = change else { continue };
        if key.kind != "Encounter" {
            continue;
        }
        let Ok(after) = parsed(&template.text) else { continue };
        let after = Stay::of(after.root());
        let has_left = after.is_inpatient && after.state == StayState::Discharged;
        if !has_left || after.discharge_method.as_deref() == Some(DIED) {
            continue;
        }
        let Some(before) = reading.get(key).await?.filter(|version| !version.text.is_empty()) else { continue };
        let before = Stay::of(document(&before)?.root());
        if let Some(patient) = after.patient.filter(|_| before.is_inpatient && before.state.is_live()) {
            leaving.push((before, patient));
        }
    }
    Ok(leaving)
}

async fn owners_of(
    reading: &Reading,
    draft: &Draft,
    (stay, patient): (&Stay, &str),
    now: Moment,
) -> Result<Vec<Change>, Problem> {
    let owner = owner_of(reading, stay).await?;
    let mut owed = still_owed(reading, patient, now).await?;
    // What the draft itself changes is as the draft has it.
    owed.retain(|one| draft.changes.iter().all(|change| change.key().to_string() != one.reference()));
    owed.extend(in_draft(draft, patient, now));
    let about: BTreeSet<String> = draft.changes.iter().filter_map(task_about).collect();
    let mut changes = Vec::new();
    for one in owed.iter().filter(|one| !one.is_kept && !about.contains(&one.reference())) {
        match given(reading, one, &owner, (&stay.id, patient), now).await {
            Ok(change) => changes.extend(change),
            Err(TransactError::Problem(problem)) => return Err(problem),
            // It cannot be given to anybody; nobody's discharge is refused for it, and the stay's page says that it is nobody's.
            Err(_) => {}
        }
    }
    Ok(changes)
}

/// Whose it is then.
async fn owner_of(reading: &Reading, stay: &Stay) -> Result<NewOwner, Problem> {
    let consultant = stay.consultant().and_then(|care| care.who.strip_prefix("Practitioner/").map(str::to_owned));
    let consultant = consultant.map(|id| format!("practitioner/{id}"));
    let ward = Some(place_of(stay)).filter(|place| place != NOBODY);
    let names: Vec<String> = consultant.into_iter().chain(ward).collect();
    let places = places::places(reading).await?;
    let found = named_owners(reading, names.iter().cloned(), &places, &BTreeMap::new()).await?;
    let active = names.into_iter().find_map(|name| {
        let owner = found.get(&name).filter(|owner| owner.is_active)?;
        Some((name, owner.name.clone()))
    });
    Ok(active.unwrap_or_else(|| (SITE_TEAM.to_owned(), team_name(SITE_TEAM).to_owned())))
}

/// What the draft itself leaves open of a patient's.
fn in_draft(draft: &Draft, patient: &str, now: Moment) -> Vec<Owed> {
    let mut owed = Vec::new();
    for change in &draft.changes {
        let Change::Put(key, template) = change else { continue };
        let (Some(kind), Ok(document)) = (OwedKind::of_type(&key.kind), parsed(&template.text)) else { continue };
        let is_theirs = match kind {
            OwedKind::Task => Task::of(document.root()).patient.as_deref() == Some(patient),
            _ => {
                let mut rows = Vec::new();
                compartment_rows(&key.kind, &key.id, &document, &mut rows);
                compartment_spans(patient, Some(&key.kind), &[])
                    .iter()
                    .any(|span| rows.iter().any(|row| lies_in(row, span)))
            }
        };
        if is_theirs {
            owed.extend(Owed::of(kind, document.root(), now).map(|one| Owed { id: key.id.clone(), ..one }));
        }
    }
    owed
}

/// What a Task of the draft, which somebody has, is about.
fn task_about(change: &Change) -> Option<String> {
    let Change::Put(key, template) = change else { return None };
    let document = parsed(&template.text).ok().filter(|_| key.kind == "Task")?;
    let task = Task::of(document.root());
    task.focus.clone().filter(|_| task.is_open() && task.owner != NOBODY)
}
