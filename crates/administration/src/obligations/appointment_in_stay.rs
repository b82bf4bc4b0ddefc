//! *Appointment during a stay*: somebody is in the hospital, or is to come in, at the time of an appointment somewhere else
//! (operations 20). Nobody would miss them there. It is owed whichever of the two was made later, and by whatever door.
//!
//! A stay lasts until its expected day of discharge; without one a week is taken, and an expected stay's first day \[check\].

use fhir::Node;
use fhir::read::{text, when};
use terms::{Moment, Precision, local_date, start_of_day};

use super::{ADMISSIONS_TEAM, Counts, HOUR_MS, Kind, Owed, place_of};
use crate::stays::{Stay, StayState};

/// How long a stay is taken to last of which nobody has said it.
const NOT_SAID_MS: i64 = 7 * 24 * HOUR_MS;

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "appointment-in-stay",
    words: ("patient with an appointment during a stay", "patients with an appointment during a stay"),
    whose: "In the hospital, or to come in, at the time of an appointment",
    end: "It ends when the appointment is moved, cancelled or over, or the patient will have left before it.",
    counts: Counts::Open,
    is_urgent: false,
    is_clinical: false,
    by_team: false,
    allowed_ms: 0,
};

/// The first appointment that lies inside a stay, due when it begins: the ward's where the patient is, else the admissions
/// office's. `related` are stays and appointments of the patient that are not over.
pub(super) fn owed(related: &[Node<'_, '_>]) -> Option<Owed> {
    let of = |kind: &'static str| {
        related.iter().copied().filter(move |one| text(*one, "resourceType").as_deref() == Some(kind))
    };
    let starts: Vec<Moment> = of("Appointment").filter_map(|one| Some(when(one, "start")?.lower())).collect();
    let mut found: Option<Owed> = None;
    for stay in of("Encounter").map(Stay::of).filter(|stay| stay.is_inpatient) {
        let Some((from, until)) = bounds(&stay) else { continue };
        let first = starts.iter().filter(|start| (from..until).contains(start)).min();
        let owner = if stay.state.is_live() { place_of(&stay) } else { ADMISSIONS_TEAM.to_owned() };
        let earlier = first.filter(|first| found.as_ref().is_none_or(|found| found.due > **first));
        found = earlier.map(|first| Owed::by(owner, *first)).or(found);
    }
    found
}

/// From when until when somebody is taken to be in the hospital.
fn bounds(stay: &Stay) -> Option<(Moment, Moment)> {
    let day_after = |day: terms::Date| start_of_day(day.tomorrow().unwrap_or(day));
    let expected = stay.expected_end.as_ref().map(|end| day_after(local_date(end.lower())));
    if stay.state.is_live() {
        let from = stay.started.as_ref()?.lower();
        return Some((from, expected.unwrap_or(Moment(from.0.saturating_add(NOT_SAID_MS)))));
    }
    let tci = stay.request.tci().filter(|_| stay.state == StayState::Expected)?;
    let from = if tci.precision() < Precision::Minute { start_of_day(local_date(tci.lower())) } else { tci.lower() };
    Some((from, expected.unwrap_or_else(|| day_after(local_date(tci.lower())))))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::{at, check, stay};

    fn appointment(start: &str, status: &str) -> String {
        format!(
            r#"{{"resourceType":"Appointment","id":"a-{start}","status":"{status}","start":"{start}T10:00:00Z",
                "end":"{start}T10:20:00Z","participant":[{{"actor":{{"reference":"Patient/p1"}},"status":"accepted"}}]}}"#
        )
        .replace(&format!("a-{start}"), &format!("a{}", start.replace('-', "")))
    }

    #[test]
    fn an_appointment_inside_a_stay_is_owed_to_be_moved() {
        let patient = || r#"{"resourceType":"Patient","id":"p1"}"#.to_owned();
        let begun = |end: &str| {
            let end = match end {
                "" => String::new(),
                end => format!(
                    r#""extension":[{{"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate","valueDateTime":"{end}"}}],"#
                ),
            };
            stay(
                "in-progress",
                &format!(r#"{end}"period":{{"start":"2026-11-10T09:00:00Z"}},{}"#, at("bed-1", "active")),
            )
        };
        let (inside, after) = (appointment("2026-11-13", "booked"), appointment("2026-11-20", "booked"));
        let owed = Some(("place/bed-1", "2026-11-13T10:00:00Z"));
        check(
            &KIND,
            &[
                (patient(), vec![begun("2026-11-13"), inside.clone()], owed),
                (patient(), vec![begun(""), after.clone(), inside.clone()], owed),
                (patient(), vec![begun("2026-11-12"), inside.clone()], None),
                (patient(), vec![begun(""), after], None),
                (patient(), vec![begun(""), appointment("2026-11-09", "booked")], None),
                (patient(), vec![inside], None),
                (patient(), vec![begun("")], None),
            ],
        );
    }
}
