//! What the tests of every command share: a moment, somebody who is here, somebody who left; and the reading of an
//! Encounter. Plain data; no store and no clock.
#![expect(clippy::unwrap_used, reason = "a broken fixture is the test's failure")]

use fhir::{Document, Limits};

use super::*;
use crate::places::{BedState, BedStatus, Place, PlaceKind};
use crate::refusal::Refusal;

/// 2026-11-17T14:35:00Z.
pub(super) const NOW: Moment = Moment(1_794_926_100_000);

pub(super) fn ago(minutes: i64) -> Moment {
    Moment(NOW.0 - minutes * 60_000)
}

pub(super) fn by() -> By {
    By { id: "user/t.tester".into(), name: "Toni Tester".into() }
}

/// Refused with this code, or not refused.
pub(super) fn check<T>(decided: Result<T, Refusal>, code: Option<&str>) {
    assert_eq!(decided.err().map(|refusal| refusal.code), code);
}

pub(super) fn place(id: &str, kind: PlaceKind) -> Place {
    Place {
        id: id.to_owned(),
        kind,
        name: format!("Place {id}"),
        label: id.to_owned(),
        part_of: Some("ed".to_owned()),
        position: 1,
        sex: None,
        treatment_function: None,
        description: None,
        is_active: true,
        bed: BedState { status: BedStatus::Available, since: None, reason: None, until: None },
        nurse: None,
    }
}

fn read(text: &str) -> Attendance {
    let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
    Attendance::of(document.root()).unwrap()
}

/// Somebody who walked in an hour ago and is in cubicle m-1.
pub(super) fn here() -> Attendance {
    read(
        r#"{"resourceType":"Encounter","id":"a","status":"arrived","class":{"code":"EMER"},
        "subject":{"reference":"Patient/p-1"},"period":{"start":"2026-11-17T13:35:00Z"},
        "location":[{"location":{"reference":"Location/m-1"},"status":"active"}]}"#,
    )
}

/// Somebody who left.
pub(super) fn left() -> Attendance {
    read(
        r#"{"resourceType":"Encounter","id":"b","status":"finished","class":{"code":"EMER"},
        "subject":{"reference":"Patient/p-2"},
        "period":{"start":"2026-11-17T10:35:00Z","end":"2026-11-17T13:00:00Z"}}"#,
    )
}

#[test]
fn an_attendance_of_another_system_is_read_and_nothing_is_assumed() {
    let attendance = here();
    assert_eq!((attendance.mode, attendance.category, attendance.arrived), (None, None, Some(ago(60))));
    assert!(attendance.is_here() && attendance.clinician.is_none() && attendance.decision.is_none());
    assert_eq!(left().left, Some(ago(95)));
    let inpatient = r#"{"resourceType":"Encounter","id":"s","status":"in-progress","class":{"code":"IMP"}}"#;
    let document = Document::parse(inpatient.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(Attendance::of(document.root()), None);
}

#[test]
fn a_category_of_another_scale_is_none_of_ours() {
    let of = |priority: &str| {
        read(&format!(
            r#"{{"resourceType":"Encounter","id":"a","status":"triaged","class":{{"code":"EMER"}},"priority":{priority}}}"#
        ))
        .category
    };
    let coded = |system: &str, code: &str| format!(r#"{{"coding":[{{"system":"{system}","code":"{code}"}}]}}"#);
    assert_eq!(of(&coded(TRIAGE_CATEGORY, "2")), Category::of(2));
    assert_eq!(of(&coded(TRIAGE_CATEGORY, "6")), None);
    assert_eq!(of(&coded("http://other", "2")), None);
}
