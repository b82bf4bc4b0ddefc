//! The index rows of the emergency department, pure functions of an Encounter's text. Where live attendances are is in the
//! rows of stays (`~at`, `~claims`, `~expected-at`).
//!
//! | parameter | parts | of |
//! | --- | --- | --- |
//! | `~attending` | `Target(Patient)` | live attendances |
//! | `~in-department` | `Target(Location)` | live attendances: their department |
//! | `~left-department` | `Target(Location)`, local day | ended attendances: their department and places, the day they left |

use std::collections::BTreeSet;

use fhir::Node;
use terms::index::{Part, Row};
use terms::{Date, local_date};

use super::Attendance;

/// Live attendances of a patient.
pub(super) const ATTENDING: &str = "~attending";
/// Live attendances of a department.
pub(crate) const IN_DEPARTMENT: &str = "~in-department";
/// Attendances that ended, by place and day.
pub(super) const LEFT_DEPARTMENT: &str = "~left-department";

/// Adds the rows of a text if it is an emergency attendance.
pub fn emergency_rows(kind: &str, resource: Node<'_, '_>, rows: &mut Vec<Row>) {
    if kind != "Encounter" {
        return;
    }
    if let Some(attendance) = Attendance::of(resource) {
        attendance_rows(&attendance, rows);
    }
}

fn attendance_rows(attendance: &Attendance, rows: &mut Vec<Row>) {
    let at = |place: &str| Part::target("Location", place);
    if attendance.is_here() {
        let patient = attendance.stay.patient.as_deref();
        rows.extend(patient.map(|patient| Row::one(ATTENDING, Part::target("Patient", patient))));
        rows.extend(attendance.department.as_deref().map(|department| Row::one(IN_DEPARTMENT, at(department))));
    }
    if let Some((places, day)) = left(attendance) {
        rows.extend(places.into_iter().map(|place| Row::of(LEFT_DEPARTMENT, [at(place), day_part(day)])));
    }
}

/// The department and the places that somebody left, and the day.
fn left(attendance: &Attendance) -> Option<(BTreeSet<&str>, Date)> {
    let places = attendance.stay.places.iter().map(|place| place.place.as_str());
    let places = places.chain(attendance.department.as_deref()).collect();
    Some((places, local_date(attendance.left?)))
}

/// Whether an attendance has a row of those who left one of these places on a day.
pub(super) fn has_left(attendance: &Attendance, places: &BTreeSet<String>, day: Date) -> bool {
    left(attendance).is_some_and(|(left, on)| on == day && left.into_iter().any(|place| places.contains(place)))
}

/// A local day as bytes in order.
pub(super) fn day_part(day: Date) -> Part {
    Part::fixed(day.to_string().as_bytes())
}
