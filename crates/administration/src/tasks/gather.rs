//! Tasks as they are read from a record: one, some, those of a ward, those about an obligation.
//! Lists that would be cut are refused: their length is shown as a number.

use std::collections::BTreeSet;

use record::obligation::{ObligationQuery, OpenObligation};
use record::{Clause, Key, Problem, Reading, Select};
use terms::index::{Part, Span};

use super::Task;
use super::rows::OPEN_TASK;
use crate::draft;
use crate::obligations::Scope;

/// Most tasks that are shown on one page.
const MOST: usize = 1000;

/// One task; `None` when there is none or the permit does not reach it.
///
/// # Errors
/// The record could not be read.
pub async fn task(reading: &Reading, id: &str) -> Result<Option<Task>, Problem> {
    let version = reading.get(&Key::new("Task", id)).await?.filter(|version| !version.text.is_empty());
    version.map(|version| Ok(Task::of(draft::document(&version)?.root()))).transpose()
}

/// The open tasks whose owners are in a scope, the earliest due first.
///
/// # Errors
/// The record could not be read.
pub async fn tasks(reading: &Reading, scope: &Scope) -> Result<Vec<Task>, Problem> {
    of_kind(reading, "task", scope).await
}

/// The open tasks that others have handed over to some owners, who have not accepted them.
///
/// # Errors
/// The record could not be read.
pub async fn offered(reading: &Reading, to: &[String]) -> Result<Vec<Task>, Problem> {
    of_kind(reading, "hand-over", &Scope::Owners(to.to_vec())).await
}

/// The tasks that are the anchors of obligations of a kind. A list that is longer than a page is refused, not cut: its
/// length is shown as a number.
async fn of_kind(reading: &Reading, kind: &str, scope: &Scope) -> Result<Vec<Task>, Problem> {
    let query = ObligationQuery { kind: Some(kind.into()), limit: MOST, ..scope.query() };
    let found = reading.obligations(&query).await?;
    if found.next.is_some() {
        return Err(Problem::TooCostly);
    }
    let keys: Vec<Key> = found.obligations.into_iter().map(|open| open.anchor).collect();
    let mut tasks = Vec::with_capacity(keys.len());
    for version in reading.get_many(&keys).await? {
        tasks.push(Task::of(draft::document(&version)?.root()));
    }
    Ok(sorted(tasks))
}

/// The open tasks of a ward: those that are its own, and those about the patients who are in it, whosever they are.
///
/// # Errors
/// The record could not be read.
pub async fn of_ward(reading: &Reading, scope: &Scope, patients: &BTreeSet<String>) -> Result<Vec<Task>, Problem> {
    let mut found = tasks(reading, scope).await?;
    let known: BTreeSet<String> = found.iter().map(|task| task.id.clone()).collect();
    let about = of_patients(reading, patients).await?;
    found.extend(about.into_iter().filter(|task| !known.contains(&task.id)));
    Ok(sorted(found))
}

/// The open tasks about some patients, whosever they are.
///
/// # Errors
/// The record could not be read.
pub async fn of_patients(reading: &Reading, patients: &BTreeSet<String>) -> Result<Vec<Task>, Problem> {
    if patients.is_empty() {
        return Ok(Vec::new());
    }
    let spans = patients.iter().map(|patient| Span::head(OPEN_TASK, [Part::target("Patient", patient.as_str())]));
    Ok(sorted(selected(reading, Clause::Any(spans.collect())).await?))
}

/// The open tasks that came from some obligations.
///
/// # Errors
/// The record could not be read.
pub async fn about(reading: &Reading, obligations: &[OpenObligation]) -> Result<Vec<Task>, Problem> {
    if obligations.is_empty() {
        return Ok(Vec::new());
    }
    let anchors: BTreeSet<(&str, &str)> =
        obligations.iter().map(|one| (one.anchor.kind.as_str(), one.anchor.id.as_str())).collect();
    let spans = anchors.into_iter().map(|(kind, id)| Span::head("Task.focus", [Part::target(kind, id)]));
    let mut found = selected(reading, Clause::Any(spans.collect())).await?;
    found.retain(|task| task.is_open() && task.kind.is_some());
    Ok(found)
}

async fn selected(reading: &Reading, clause: Clause) -> Result<Vec<Task>, Problem> {
    let mut select = Select::of("Task").with(clause).limit(MOST);
    let mut tasks = Vec::new();
    loop {
        let page = reading.select(&select).await?;
        for version in &page.versions {
            tasks.push(Task::of(draft::document(version)?.root()));
        }
        match page.next {
            Some(next) if tasks.len() < MOST => select.after = Some(next),
            Some(_) => return Err(Problem::TooCostly),
            None => return Ok(tasks),
        }
    }
}

/// The earliest due first; what has no date stands before all others, so that it is seen.
fn sorted(mut tasks: Vec<Task>) -> Vec<Task> {
    tasks.sort_by(|one, other| (one.due, &one.id).cmp(&(other.due, &other.id)));
    tasks
}
