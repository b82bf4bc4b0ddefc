//! What somebody owed when their account was closed, or a ward when it was: given to a named manager in the commit that
//! closes them (operations 6). Tasks get another owner and say from whom they came; what is owed by a stay or a patient, whose
//! owner follows from another text, becomes a task of the manager.
//!
//! Knows no accounts and no configuration: who closes, what that is called and who takes over are parameters.

use std::collections::{BTreeMap, BTreeSet};

use fhir::write::with_members;
use record::obligation::ObligationQuery;
use record::{Change, Key, Problem, Reading};
use sha2::{Digest as _, Sha256};
use terms::Moment;

use super::{AddTask, Task, about, write};
use crate::draft;
use crate::obligations::KINDS;

/// Most obligations that go to a manager in one commit; more than that is no one person's.
const MOST: usize = 1000;
/// Until when what was late, or had no date, is to be looked at.
const LATE_MS: i64 = 24 * 3_600_000;

/// What some owners owe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwedBy {
    /// The tasks that are theirs, or are offered to them.
    tasks: BTreeSet<Key>,
    /// What else: kind, anchor, owner, due. What somebody made a task of already is not among them.
    others: Vec<(String, Key, String, Moment)>,
}

/// Who takes over: plain name, and what they are called.
pub type Manager = (String, String);

impl OwedBy {
    /// How many things.
    pub fn count(&self) -> usize {
        self.tasks.len() + self.others.len()
    }

    /// How many of which kind, by the kind's code; every task is a task.
    pub fn by_kind(&self) -> BTreeMap<String, usize> {
        let tasks = self.tasks.iter().map(|_| "task".to_owned());
        let mut counts = BTreeMap::new();
        for kind in tasks.chain(self.others.iter().map(|(kind, ..)| kind.clone())) {
            *counts.entry(kind).or_default() += 1;
        }
        counts
    }
}

/// What some owners owe now.
///
/// # Errors
/// The record could not be read, or it is more than one commit may move.
pub async fn owed_by(reading: &Reading, owners: impl IntoIterator<Item = String>) -> Result<OwedBy, Problem> {
    let owners: Vec<String> = owners.into_iter().collect();
    let query = ObligationQuery { owners: Some(owners), limit: MOST, ..ObligationQuery::default() };
    let page = reading.obligations(&query).await?;
    if page.next.is_some() {
        return Err(Problem::TooCostly);
    }
    let (tasks, others): (Vec<_>, Vec<_>) = page.obligations.into_iter().partition(|open| open.anchor.kind == "Task");
    let made: BTreeSet<(String, String)> =
        about(reading, &others).await?.into_iter().filter_map(|task| Some((task.kind?, task.focus?))).collect();
    let is_made =
        |kind: &str, anchor: &Key| made.contains(&(kind.to_owned(), format!("{}/{}", anchor.kind, anchor.id)));
    let others = others.into_iter().filter(|open| !is_made(&open.obligation.kind, &open.anchor));
    Ok(OwedBy {
        tasks: tasks.into_iter().map(|open| open.anchor).collect(),
        others: others
            .map(|open| (open.obligation.kind.to_string(), open.anchor, open.obligation.owner, open.obligation.due))
            .collect(),
    })
}

/// The changes that give all of it to a manager. `closing` says what each owner was called, such as `K Boateng, account
/// closed`.
///
/// # Errors
/// The record could not be read.
pub async fn given_to(
    reading: &Reading,
    owed: &OwedBy,
    closing: &BTreeMap<String, String>,
    manager: &Manager,
    now: Moment,
) -> Result<Vec<Change>, Problem> {
    let mut changes = Vec::new();
    for key in &owed.tasks {
        let Some(version) = reading.get(key).await?.filter(|version| !version.text.is_empty()) else { continue };
        let document = draft::document(&version)?;
        let task = Task::of(document.root());
        let members = write::taken_over(document.root(), &task, closing, manager, now);
        changes.push(draft::put(version.key.clone(), &with_members(&document, &members))?);
    }
    let by = &reading.permit().principal().name;
    for (kind, anchor, owner, due) in &owed.others {
        let words = closing.get(owner).map_or(owner.as_str(), String::as_str);
        changes.push(task_of((kind, anchor, words), *due, manager, now).change_from(by, now, Some(words))?);
    }
    Ok(changes)
}

/// The task that a manager gets of something that is owed. Its id follows from what it is, so that the same is one task.
fn task_of((kind, anchor, from): (&str, &Key, &str), due: Moment, manager: &Manager, now: Moment) -> AddTask {
    let known = KINDS.iter().find(|known| known.code == kind);
    let noun = known.map_or("something that is owed", |known| known.words.0);
    let anchor = format!("{}/{}", anchor.kind, anchor.id);
    let digest: [u8; 32] = Sha256::digest(format!("{kind} {anchor}").as_bytes()).into();
    let hex: String = digest[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    let id_of = |wanted: &str| anchor.strip_prefix(wanted).map(str::to_owned);
    AddTask {
        id: format!("taken-over-{hex}"),
        what: format!("See to this: {noun}, owed by {from}"),
        owner: manager.clone(),
        due: if due > now { due } else { Moment(now.0 + LATE_MS) },
        patient: id_of("Patient/"),
        stay: id_of("Encounter/"),
        from: Some((kind.to_owned(), anchor)),
    }
}
