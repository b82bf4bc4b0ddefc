//! The index rows of tasks, pure functions of a Task's text.
//!
//! | parameter | parts | of |
//! | --- | --- | --- |
//! | `~open-task` | `Target(Patient)` | open tasks about a patient |
//!
//! Downtimes and their numbers are Tasks with rows of their own (`downtime/rows.rs`).

use fhir::Node;
use terms::index::{Part, Row};

use super::Task;
use crate::downtime::downtime_rows;

/// Open tasks of a patient.
pub(crate) const OPEN_TASK: &str = "~open-task";

/// Adds the rows of a text if it is a Task.
pub fn task_rows(kind: &str, resource: Node<'_, '_>, rows: &mut Vec<Row>) {
    if kind != "Task" {
        return;
    }
    downtime_rows(resource, rows);
    let task = Task::of(resource);
    if let Some(patient) = task.patient.as_deref().filter(|_| task.is_open()) {
        rows.push(Row::one(OPEN_TASK, Part::target("Patient", patient)));
    }
}
