//! The index rows of stays, pure functions of an Encounter's text:
//! `~at`, `~claims`, `~reserved`, `~expected-at` of a Location: where live stays are, whose bed they claim without having
//! it, what is kept for open stays, where expected ones are meant to go; at most one `~at` and one `~reserved` for a bed.
//! `~open-stay`, `~expected-stay` of a Patient: live and expected inpatient stays. `~open-visit` of a Patient: live stays
//! and emergency attendances. `~tci` of a local day: inpatient stays of every state whose offer of this day holds.
//! `~bed-request` of a moment: expected emergency stays by their decision. `~rebook` of a day: expected stays to which
//! another day is owed until then. Of an Appointment: `~open-appointment` of a Patient, while it is not over.

use fhir::Node;
use fhir::read::{id_of, items, text};
use terms::index::{Part, Row};
use terms::local_date;

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
/// Live stays and attendances of a patient: who is in the hospital.
pub const OPEN_VISIT: &str = "~open-visit";
/// The class of attendances of the emergency department (v3-ActCode).
const EMERGENCY: &str = "EMER";

/// Expected inpatient stays of a patient.
pub(crate) const EXPECTED_STAY: &str = "~expected-stay";
/// Appointments of a patient that are not over.
pub(crate) const OPEN_APPOINTMENT: &str = "~open-appointment";
/// Codes of status of an appointment to come.
pub(crate) const TO_COME: &[&str] = &["proposed", "pending", "booked", "waitlist"];
/// Days to come in.
pub(crate) const TCI_DAY: &str = "~tci";
/// Emergency stays that were asked for.
pub(crate) const BED_REQUEST: &str = "~bed-request";
/// Days by which a cancelled admission is to be offered anew.
pub(crate) const REBOOK: &str = "~rebook";

/// Local days on which inpatient stays ended.
pub(crate) const LEFT: &str = "~left";

/// Adds the rows of a text if it is an Encounter.
pub fn stay_rows(kind: &str, resource: Node<'_, '_>, rows: &mut Vec<Row>) {
    if kind == "Appointment" {
        appointment_rows(resource, rows);
    }
    if kind == "Flag" {
        rows.extend(super::detention::label(resource));
    }
    if kind != "Encounter" {
        return;
    }
    let stay = Stay::of(resource);
    rows.extend(held_places(&stay).map(|(row, place)| Row::one(row, Part::target("Location", place))));
    let class = resource.get("class").and_then(|class| text(class, "code"));
    let is_visit = stay.is_inpatient || class.as_deref() == Some(EMERGENCY);
    if let Some(patient) = stay.patient.as_deref().filter(|_| is_visit && stay.state.is_live()) {
        rows.push(Row::one(OPEN_VISIT, Part::target("Patient", patient)));
    }
    if stay.is_inpatient {
        inpatient_rows(&stay, rows);
    }
}

/// The places where a stay is, which it claims, which are kept for it, and where it is expected, each with the row that says
/// so.
pub(crate) fn held_places(stay: &Stay) -> impl Iterator<Item = (&'static str, &str)> {
    stay.places.iter().flat_map(|entry| {
        let rows: &[&'static str] = match (entry.is, stay.state) {
            (PlaceUse::Active, state) if state.is_live() && stay.no_bed_yet => &[CLAIMS],
            (PlaceUse::Active, state) if state.is_live() => &[AT],
            (PlaceUse::Reserved, StayState::Expected) => &[RESERVED, EXPECTED_AT],
            (PlaceUse::Reserved, state) if state.is_live() => &[RESERVED],
            (PlaceUse::Planned | PlaceUse::Active, StayState::Expected) => &[EXPECTED_AT],
            _ => &[],
        };
        rows.iter().map(|row| (*row, entry.place.as_str()))
    })
}

/// `~open-appointment` of each Patient whom an appointment is for that is to come, or has passed and was never ended.
fn appointment_rows(appointment: Node<'_, '_>, rows: &mut Vec<Row>) {
    let status = text(appointment, "status").unwrap_or_default();
    if !TO_COME.contains(&status.as_str()) {
        return;
    }
    let patients = items(appointment, "participant").filter_map(|one| id_of(one, "actor", "Patient"));
    rows.extend(patients.map(|patient| Row::one(OPEN_APPOINTMENT, Part::target("Patient", patient))));
}

fn inpatient_rows(stay: &Stay, rows: &mut Vec<Row>) {
    let is_expected = stay.state == StayState::Expected;
    if let Some(patient) = &stay.patient {
        let patient = Part::target("Patient", patient.as_str());
        if stay.state.is_live() {
            rows.push(Row::one(OPEN_STAY, patient));
        } else if is_expected {
            rows.push(Row::one(EXPECTED_STAY, patient));
        }
    }
    let text = |parameter, text: String| Row::one(parameter, Part::Text(text.into_bytes()));
    if let (StayState::Discharged, Some(ended)) = (stay.state, &stay.ended) {
        rows.push(text(LEFT, local_date(ended.lower()).to_string()));
    }
    if let (true, Some(tci)) = (stay.state != StayState::Mistaken, stay.request.tci()) {
        rows.push(text(TCI_DAY, local_date(tci.lower()).to_string()));
    }
    if is_expected && stay.is_emergency() {
        let decided = stay.request.decided.as_ref().or(stay.started.as_ref());
        rows.push(text(BED_REQUEST, decided.map_or_else(String::new, |at| at.lower().to_string())));
    }
    if let (true, Some(day)) = (is_expected, stay.request.rebook_by()) {
        rows.push(text(REBOOK, day.to_string()));
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
