//! What people must do after a death, as tasks of the commit that records it, and what it stopped, as a list.
//!
//! | task | whose | due | source |
//! | --- | --- | --- | --- |
//! | the medical examiner reviews the death | medical examiner's office | a day after it is recorded | deaths that no coroner investigates are reviewed by a medical examiner before the certificate (Medical Certificate of Cause of Death Regulations 2024); who died in the hospital is this trust's. The hours: [check] |
//! | the general practice is told | health records | a day after it is recorded | operations 16; the hours: [check] |
//! | the Care Quality Commission is told of the death of a detained patient | Mental Health Act office | a day after it is recorded | The Care Quality Commission (Registration) Regulations 2009, regulation 17: without delay; the hours: [check] |
//! | the coroner is told of a death in detention | medical examiner's office | a day after it is recorded | The Notification of Deaths Regulations 2019, regulation 3: as soon as is reasonably practicable; the hours: [check] |
//!
//! The last two have the label of detentions. A death that is taken back cancels them all; who was told is told again.

use fhir::Document;
use fhir::read::{has_code, text, when};
use fhir::write::{Object, quoted, with_members};
use record::{Change, Key, Problem, Reading};
use sha2::{Digest as _, Sha256};
use terms::{Moment, PartialDate};

use super::codes::DIED;
use super::death::of_patient;
use super::detention::detentions_of;
use super::{Stay, StayState};
use crate::draft::{self, document};
use crate::obligations::{DETENTION_TEAM, EXAMINER_TEAM, RECORDS_TEAM, team_name};
use crate::tasks::{AddTask, Task, TaskState};

/// How long whoever must act has.
const ALLOWED_MS: i64 = 24 * 3_600_000;
/// Kinds of tasks.
const EXAMINER: &str = "medical-examiner";
const PRACTICE: &str = "death-notice";
const COMMISSION: &str = "detained-death";
const CORONER: &str = "detained-death-coroner";
/// What the kinds begin with that say that somebody was detained.
const OF_DETAINED: &str = "detained-death";
/// Who was told of a death that was none, and is told again: kind of the task that is done, of the new one, words, whose.
const TOLD_AGAIN: [(&str, &str, &str, &str); 3] = [
    (
        PRACTICE,
        "death-notice-wrong",
        "Tell the general practice that the patient is alive: the death was recorded by mistake",
        RECORDS_TEAM,
    ),
    (
        COMMISSION,
        "detained-death-wrong",
        "Tell the Care Quality Commission that the patient is alive: the death was recorded by mistake",
        DETENTION_TEAM,
    ),
    (
        CORONER,
        "detained-death-coroner-wrong",
        "Tell the coroner that the patient is alive: the death was recorded by mistake",
        EXAMINER_TEAM,
    ),
];

/// One thing that a death stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// What, in words.
    pub what: String,
    /// When it was to be, or when it ended.
    pub when: Option<PartialDate>,
}

/// A task of a death: the same id for the same patient, so that a death recorded again opens it again.
fn task(patient: &str, kind: &str, (what, team): (&str, &str), now: Moment) -> AddTask {
    AddTask {
        id: id(patient, kind),
        what: what.to_owned(),
        owner: (team.to_owned(), team_name(team).to_owned()),
        due: Moment(now.0 + ALLOWED_MS),
        patient: Some(patient.to_owned()),
        stay: None,
        from: Some((kind.to_owned(), format!("Patient/{patient}"))),
    }
}

fn id(patient: &str, kind: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(patient.as_bytes()).into();
    let hex: String = digest[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{kind}-{hex}")
}

/// The tasks that a death makes.
pub(super) fn tasks(patient: &str, was_here: bool, by: &str, now: Moment) -> Result<Vec<Change>, Problem> {
    let examiner = ("Ask the medical examiner to review this death", EXAMINER_TEAM);
    let practice = ("Tell the general practice that the patient has died", RECORDS_TEAM);
    let mut changes = Vec::new();
    if was_here {
        changes.push(task(patient, EXAMINER, examiner, now).change(by, now)?);
    }
    changes.push(task(patient, PRACTICE, practice, now).change(by, now)?);
    Ok(changes)
}

/// The tasks that the death of somebody who was detained makes besides.
pub(super) fn tasks_of_detained(patient: &str, by: &str, now: Moment) -> Result<Vec<Change>, Problem> {
    let commission = ("Tell the Care Quality Commission that a detained patient has died", DETENTION_TEAM);
    let coroner = ("Tell the coroner that the patient died while they were detained", EXAMINER_TEAM);
    let both = [(COMMISSION, commission), (CORONER, coroner)];
    both.into_iter().map(|(kind, what)| task(patient, kind, what, now).change(by, now)).collect()
}

/// Whether a task of this kind says that its patient was detained.
pub(crate) fn tells_of_detention(kind: &str) -> bool {
    kind.starts_with(OF_DETAINED)
}

/// The tasks of a death that was none: cancelled while they are open; who was told is told again.
pub(super) async fn taken_back(
    reading: &Reading,
    patient: &str,
    by: &str,
    now: Moment,
) -> Result<Vec<Change>, Problem> {
    let mut changes = Vec::new();
    for kind in [EXAMINER, PRACTICE, COMMISSION, CORONER] {
        let version = reading.get(&Key::new("Task", id(patient, kind))).await?;
        let Some(version) = version.filter(|version| !version.text.is_empty()) else { continue };
        let before = document(&version)?;
        match Task::of(before.root()).state {
            TaskState::Open => changes.push(draft::put(version.key.clone(), &cancelled(&before, now))?),
            TaskState::Done => {
                for &(_, kind, words, team) in TOLD_AGAIN.iter().filter(|(told, ..)| *told == kind) {
                    changes.push(task(patient, kind, (words, team), now).change(by, now)?);
                }
            }
            _ => {}
        }
    }
    Ok(changes)
}

fn cancelled(task: &Document<'_>, now: Moment) -> Vec<u8> {
    let because = Object::new().text("text", "The death was recorded by mistake").done();
    let members = [
        ("status", Some(quoted("cancelled"))),
        ("statusReason", Some(because)),
        ("lastModified", Some(quoted(&now.to_string()))),
    ];
    with_members(task, &members)
}

/// What a death stopped: stays that ended with it, admissions that were expected, appointments to come. As far as the
/// permit reaches it.
///
/// # Errors
/// The record could not be read.
pub async fn stopped_by_death(reading: &Reading, patient: &str) -> Result<Vec<Stopped>, Problem> {
    let mut stopped = Vec::new();
    for version in of_patient(reading, "Encounter", patient).await? {
        let stay = Stay::of(document(&version)?.root());
        let reason = stay.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        if !stay.is_inpatient {
            continue;
        }
        if stay.state == StayState::Discharged && stay.discharge_method.as_deref() == Some(DIED) {
            stopped.push(Stopped { what: format!("Stay ended{reason}"), when: stay.ended.clone() });
        }
        if stay.state == StayState::Cancelled && stay.request.removed.as_deref() == Some("3") {
            let tci = stay.request.offers.last().map(|offer| offer.tci.clone());
            stopped.push(Stopped { what: format!("Expected admission cancelled{reason}"), when: tci });
        }
    }
    for detention in detentions_of(reading, patient).await?.into_iter().filter(|of| of.ended_with_death) {
        let when = detention.ended.and_then(|at| PartialDate::parse(&at.to_string()).ok());
        stopped.push(Stopped { what: format!("Detention ended: {}", detention.section.words), when });
    }
    for version in of_patient(reading, "Appointment", patient).await? {
        let appointment = document(&version)?;
        let root = appointment.root();
        if is_because_of_death(root) {
            let what = text(root, "description").map(|what| format!(": {what}")).unwrap_or_default();
            stopped.push(Stopped { what: format!("Appointment cancelled{what}"), when: when(root, "start") });
        }
    }
    Ok(stopped)
}

/// Whether an appointment was cancelled because its patient died.
pub(super) fn is_because_of_death(appointment: fhir::Node<'_, '_>) -> bool {
    appointment.get("cancelationReason").is_some_and(|because| has_code(because, &["pat-dec"]))
}
