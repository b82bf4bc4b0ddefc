//! A death: in one commit the Patient, the stays that end with it, and everything that was planned and is stopped by it;
//! and the same taken back when it was a mistake.
//!
//! The method of discharge is 4 (patient died), the destination 79 (NHS Data Dictionary). Expected admissions are removed
//! from the list with reason 3, appointments still to come are cancelled, a detention ends (`detained.rs`). What was stopped, and whom it makes act, is in
//! `after_death`. Nothing is sent to anybody from here.

use fhir::read::text;
use fhir::search::compartment_spans;
use fhir::write::{concept, quoted, with_extensions, with_members};
use record::{Change, Clause, Draft, Key, Problem, Reading, Select, TransactError, Version};
use terms::{Moment, PartialDate, Precision};

use super::after_death::{is_because_of_death, taken_back, tasks, tasks_of_detained};
use super::codes::{DIED, DIED_DESTINATION};
use super::detained::{when_they_die, when_they_live};
use super::discharge::{ended, period, vacated};
use super::gather::{free_or_ward, open_stays_of};
use super::leave::check_last;
use super::lists::expected_stays_of;
use super::move_to_bed::{located, read};
use super::request::OfferEnd;
use super::timeline::{chained, check_moment, with_arrival};
use super::write::{arrivals, hospitalization_without, kept_location, participants, with};
use super::{DISCHARGE_METHOD, PlaceUse, Stay, StayState};
use crate::draft::{self, document};
use crate::places;
use crate::refusal::Refusal;

/// Why what was planned is stopped.
const STOPPED: &str = "The patient died";
/// HL7's reasons for cancelling an appointment.
const CANCELLED_BECAUSE: &str = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason";
/// On a Patient: when somebody outside, such as PDS, says that they died, while nobody here has recorded it.
pub const REPORTED_DEATH: &str = "urn:almoner:reported-death";
/// Most resources of one type that a death looks at.
const MOST: usize = 500;

/// Records a death.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// The Patient.
    pub patient: String,
    /// When they died; with the time when they died in the hospital.
    pub died: PartialDate,
}

/// Takes back a death that was recorded or reported by mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotDead {
    /// The Patient.
    pub patient: String,
}

impl Death {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let patient = patient(reading, &self.patient).await?;
        let document = document(&patient)?;
        let open = open_stays_of(reading, &self.patient).await?;
        let expected = expected_stays_of(reading, &self.patient).await?;
        let appointments = self.appointments(reading).await?;
        // Another system that said so has stopped nothing: then it is recorded here with what it stops.
        let is_acted_on = open.is_empty() && expected.is_empty() && appointments.is_empty();
        let is_recorded = has_died(document.root()) && is_acted_on;
        self.decide(is_recorded, &open, now).map_err(TransactError::Refused)?;
        let members = [
            ("deceasedBoolean", None),
            ("deceasedDateTime", Some(quoted(self.died.text()))),
            ("extension", with_extensions(document.root(), &[(REPORTED_DEATH, None)])),
        ];
        let mut draft = Draft::default();
        draft.changes.push(draft::put(patient.key.clone(), &with_members(&document, &members))?);
        for stay in &open {
            let version = read(reading, &stay.id).await?;
            let text = ended(&draft::document(&version)?, stay, self.died.lower(), (DIED, DIED_DESTINATION));
            draft.changes.push(draft::put(version.key.clone(), &text)?);
            draft.changes.extend(vacated(reading, stay, now).await?);
        }
        for stay in expected {
            let version = read(reading, &stay.id).await?;
            draft.changes.push(stopped(&version, &stay, now)?);
        }
        draft.changes.extend(appointments);
        let by = &reading.permit().principal().name;
        let detentions = when_they_die(reading, &self.patient, self.died.lower()).await?;
        let was_detained = !detentions.is_empty();
        draft.changes.extend(detentions);
        draft.changes.extend(tasks(&self.patient, !open.is_empty(), by, now)?);
        if was_detained {
            draft.changes.extend(tasks_of_detained(&self.patient, by, now)?);
        }
        Ok(draft)
    }

    fn decide(&self, is_recorded: bool, open: &[Stay], now: Moment) -> Result<(), Refusal> {
        if is_recorded {
            return Err(Refusal::new("died-already", "This death is recorded already. Open the patient to see it."));
        }
        check_moment(self.died.lower(), None, now)?;
        let is_timed = self.died.precision() == Precision::Instant;
        if !open.is_empty() && !is_timed {
            return Err(Refusal::at(
                "time-of-death",
                "at_time",
                "The patient is in the hospital: say the time of death.",
            ));
        }
        for stay in open {
            check_moment(self.died.lower(), stay.started.as_ref().map(|started| started.lower()), now)?;
            check_last(stay, self.died.lower())?;
        }
        Ok(())
    }

    /// Appointments still to come, cancelled.
    async fn appointments(&self, reading: &Reading) -> Result<Vec<Change>, Problem> {
        let mut changes = Vec::new();
        for version in of_patient(reading, "Appointment", &self.patient).await? {
            let document = document(&version)?;
            let root = document.root();
            let status = text(root, "status").unwrap_or_default();
            let is_open = matches!(status.as_str(), "proposed" | "pending" | "booked" | "waitlist");
            let is_past = fhir::read::when(root, "start").is_some_and(|start| start.lower() < self.died.lower());
            if is_open && !is_past {
                let because = concept(CANCELLED_BECAUSE, "pat-dec", "Patient: Deceased");
                let members = [("status", Some("\"cancelled\"".to_owned())), ("cancelationReason", Some(because))];
                changes.push(draft::put(version.key.clone(), &with_members(&document, &members))?);
            }
        }
        Ok(changes)
    }
}

impl NotDead {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let patient = patient(reading, &self.patient).await?;
        let document = document(&patient)?;
        if !has_died(document.root()) && reported_death(document.root()).is_none() {
            let sentence = "No death is recorded for this patient.";
            return Err(TransactError::Refused(Refusal::new("not-died", sentence)));
        }
        let members = [
            ("deceasedBoolean", None),
            ("deceasedDateTime", None),
            ("extension", with_extensions(document.root(), &[(REPORTED_DEATH, None)])),
        ];
        let mut draft = Draft::default();
        draft.changes.push(draft::put(patient.key.clone(), &with_members(&document, &members))?);
        for version in of_patient(reading, "Encounter", &self.patient).await? {
            let stay = Stay::of(draft::document(&version)?.root());
            if !stay.is_inpatient {
                continue;
            }
            let is_ended_by_it = stay.state == StayState::Discharged && stay.discharge_method.as_deref() == Some(DIED);
            let is_stopped = stay.state == StayState::Cancelled && stay.request.removed.as_deref() == Some("3");
            if is_ended_by_it {
                reopened(reading, &version, &stay, now, &mut draft).await?;
            } else if is_stopped {
                draft.changes.push(expected_again(&version, &stay, now)?);
            }
        }
        draft.changes.extend(appointments_again(reading, &self.patient).await?);
        draft.changes.extend(when_they_live(reading, &self.patient).await?);
        let by = &reading.permit().principal().name;
        draft.changes.extend(taken_back(reading, &self.patient, by, now).await?);
        Ok(draft)
    }
}

/// An expected stay that a death stopped.
fn stopped(version: &Version, stay: &Stay, now: Moment) -> Result<Change, Problem> {
    let document = document(version)?;
    let mut request = stay.request.clone();
    request.removed = Some("3".to_owned());
    if let Some(offer) = request.offers.last_mut().filter(|offer| offer.end.is_none()) {
        let reason = Some(STOPPED.to_owned());
        offer.end = Some(OfferEnd { outcome: "2".to_owned(), at: now, reason, rebook_by: None });
    }
    let members = [
        ("status", Some("\"cancelled\"".to_owned())),
        ("location", kept_location(document.root(), |place| place.is != PlaceUse::Reserved)),
        ("period", None),
        ("extension", with_extensions(document.root(), &request.extensions())),
    ];
    draft::put(version.key.clone(), &with_members(&document, &members))
}

/// The same, expected again; a day that has passed meanwhile is not.
fn expected_again(version: &Version, stay: &Stay, now: Moment) -> Result<Change, Problem> {
    let document = document(version)?;
    let mut request = stay.request.clone();
    request.removed = None;
    if let Some(offer) = request.offers.last_mut() {
        let was_stopped = offer.end.as_ref().is_some_and(|end| end.reason.as_deref() == Some(STOPPED));
        if was_stopped && offer.tci.upper() > now {
            offer.end = None;
        }
    }
    let start = request.tci().map(|tci| fhir::write::Object::new().text("start", tci.text()).done());
    let members = [
        ("status", Some("\"planned\"".to_owned())),
        ("period", start),
        ("extension", with_extensions(document.root(), &request.extensions())),
    ];
    draft::put(version.key.clone(), &with_members(&document, &members))
}

/// A stay that goes on after all: in its last place, or in the ward without a bed when that is another's now.
async fn reopened(
    reading: &Reading,
    version: &Version,
    stay: &Stay,
    now: Moment,
    draft: &mut Draft,
) -> Result<(), Problem> {
    let document = document(version)?;
    let mut arrivals = arrivals(stay);
    let last = arrivals.last().map(|last| last.place.clone());
    if let Some(last) = last {
        let to = match places::place(reading, &last).await? {
            Some(place) => free_or_ward(reading, &place, &stay.id, draft).await?,
            None => last.clone(),
        };
        if to != last {
            arrivals = with_arrival(arrivals, &to, now);
        }
        draft.changes.extend(places::mark(reading, &to, places::BedStatus::Available, now).await?);
    }
    let at = arrivals.last().map(|last| last.place.clone()).unwrap_or_default();
    let open = Stay { ended: None, state: StayState::Present, ..stay.clone() };
    let root = document.root();
    let members = [
        ("status", Some("\"in-progress\"".to_owned())),
        ("period", Some(period(root, stay, None))),
        ("location", located(&open, &arrivals, &at)),
        ("participant", participants(root, &chained(super::change_consultant::episodes_of(stay), None))),
        ("hospitalization", hospitalization_without(root, "dischargeDisposition")),
        ("extension", with_extensions(root, &[(DISCHARGE_METHOD, None)])),
    ];
    draft.changes.push(draft::put(version.key.clone(), &with(&document, &members))?);
    Ok(())
}

/// Appointments that a death cancelled, as they were before.
async fn appointments_again(reading: &Reading, patient: &str) -> Result<Vec<Change>, Problem> {
    let mut changes = Vec::new();
    for version in of_patient(reading, "Appointment", patient).await? {
        let document = document(&version)?;
        if !is_because_of_death(document.root()) {
            continue;
        }
        let before = reading.version(&version.key, version.version.saturating_sub(1)).await?;
        if let Some(before) = before.filter(|before| !before.text.is_empty()) {
            changes.push(draft::put(version.key.clone(), &before.text)?);
        }
    }
    Ok(changes)
}

async fn patient(reading: &Reading, id: &str) -> Result<Version, TransactError<Refusal>> {
    let version = reading.get(&Key::new("Patient", id)).await?.filter(|version| !version.text.is_empty());
    version.ok_or_else(|| TransactError::Refused(Refusal::new("no-patient", "There is no such patient.")))
}

/// Whether a Patient's text says that they have died.
pub(crate) fn has_died(patient: fhir::Node<'_, '_>) -> bool {
    patient.get("deceasedDateTime").is_some()
        || patient.get("deceasedBoolean").is_some_and(|value| value.raw_text() == "true")
}

/// When somebody outside says that a patient died whose death nobody here has recorded.
pub fn reported_death(patient: fhir::Node<'_, '_>) -> Option<PartialDate> {
    fhir::read::extension(patient, REPORTED_DEATH).and_then(|of| fhir::read::when(of, "valueDateTime"))
}

/// The resources of a type in a patient's compartment.
pub(super) async fn of_patient(reading: &Reading, kind: &str, patient: &str) -> Result<Vec<Version>, Problem> {
    let mut select = Select::of(kind).with(Clause::Any(compartment_spans(patient, Some(kind), &[]))).limit(MOST);
    let mut versions = Vec::new();
    loop {
        let page = reading.select(&select).await?;
        versions.extend(page.versions);
        match page.next {
            Some(next) if versions.len() < MOST => select.after = Some(next),
            Some(_) => return Err(Problem::TooCostly),
            None => return Ok(versions),
        }
    }
}
