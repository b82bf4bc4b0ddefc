//! The index rows of stays, pure functions of an Encounter's text.
//!
//! | parameter | parts | of |
//! | --- | --- | --- |
//! | `~at` | `Target(Location)` | live stays: where they are; at most one for a bed |
//! | `~claims` | `Target(Location)` | live stays whose bed was somebody else's when they came |
//! | `~reserved` | `Target(Location)` | expected and live stays: what is kept for them; at most one for a bed |
//! | `~expected-at` | `Target(Location)` | expected stays: where they are meant to go |
//! | `~open-stay` | `Target(Patient)` | live inpatient stays |

use fhir::Node;
use terms::index::{Part, Row};

use super::{PlaceUse, Stay, StayState};

/// Where live stays are.
pub(crate) const AT: &str = "~at";
/// What live stays claim without having it.
pub(crate) const CLAIMS: &str = "~claims";
/// What is kept.
pub(crate) const RESERVED: &str = "~reserved";
/// Where expected stays are meant to go.
pub(crate) const EXPECTED_AT: &str = "~expected-at";
/// Live inpatient stays of a patient.
pub(crate) const OPEN_STAY: &str = "~open-stay";

/// Adds the rows of a text if it is an Encounter.
pub fn stay_rows(kind: &str, resource: Node<'_, '_>, rows: &mut Vec<Row>) {
    if kind != "Encounter" {
        return;
    }
    let stay = Stay::of(resource);
    let at = |parameter, place: &str| Row::one(parameter, Part::target("Location", place));
    for entry in &stay.places {
        match (entry.is, stay.state) {
            (PlaceUse::Active, state) if state.is_live() => {
                rows.push(at(if stay.no_bed_yet { CLAIMS } else { AT }, &entry.place));
            }
            (PlaceUse::Reserved, state) if state.is_live() || state == StayState::Expected => {
                rows.push(at(RESERVED, &entry.place));
                if state == StayState::Expected {
                    rows.push(at(EXPECTED_AT, &entry.place));
                }
            }
            (PlaceUse::Planned | PlaceUse::Active, StayState::Expected) => rows.push(at(EXPECTED_AT, &entry.place)),
            _ => {}
        }
    }
    if let (true, true, Some(patient)) = (stay.is_inpatient, stay.state.is_live(), &stay.patient) {
        rows.push(Row::one(OPEN_STAY, Part::target("Patient", patient.as_str())));
    }
}

/// The places where a live stay says that its patient is, and those that are kept for it.
pub(crate) fn live_claims(stay: &Stay) -> (Vec<&str>, Vec<&str>) {
    let of = |wanted: PlaceUse| {
        stay.places.iter().filter(move |entry| entry.is == wanted).map(|entry| entry.place.as_str()).collect()
    };
    let is_open = stay.state.is_live() || stay.state == StayState::Expected;
    (
        if stay.state.is_live() { of(PlaceUse::Active) } else { Vec::new() },
        if is_open { of(PlaceUse::Reserved) } else { Vec::new() },
    )
}
