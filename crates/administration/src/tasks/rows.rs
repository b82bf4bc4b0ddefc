//! The index rows of tasks, pure functions of a Task's text.
//!
//! | parameter | parts | of |
//! | --- | --- | --- |
//! | `~open-task` | `Target(Patient)` | open tasks about a patient |
//! | label | `Text(detention)`, `Target(Task)` | tasks that say that somebody was detained: clerks do not reach them |
//!
//! Downtimes and their numbers are Tasks with rows of their own (`downtime/rows.rs`).

use fhir::Node;
use record::LABEL;
use terms::index::{Part, Row};

use super::Task;
use crate::downtime::downtime_rows;
use crate::stays::{DETENTION_LABEL, tells_of_detention};

/// Open tasks of a patient.
pub(crate) const OPEN_TASK: &str = "~open-task";

/// Adds the rows of a text if it is a Task.
pub fn task_rows(kind: &str, resource: Node<'_, '_>, rows: &mut Vec<Row>) {
    if kind != "Task" {
        return;
    }
    downtime_rows(resource, rows);
    let task = Task::of(resource);
    if task.kind.as_deref().is_some_and(tells_of_detention) {
        let hidden = [Part::Text(DETENTION_LABEL.as_bytes().to_vec()), Part::target("Task", task.id.clone())];
        rows.push(Row::of(LABEL, hidden));
    }
    if let Some(patient) = task.patient.as_deref().filter(|_| task.is_open()) {
        rows.push(Row::one(OPEN_TASK, Part::target("Patient", patient)));
    }
}
