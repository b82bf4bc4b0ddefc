//! Back-entry: what a paper form says is carried out as the command that it stands for, at the real time, under the form's
//! number and with the mark of what was entered from paper.
//!
//! All rules of the command hold: a bed that was somebody else's then, something that is recorded as later, a second stay.
//! The number is used in the same commit, so that a form is entered once, by whomever.

use fhir::write::{Object, array, quoted, reference, with_members};
use record::{Change, Draft, Key, Problem, Reading, TransactError, Version};
use terms::Moment;

use super::account::{downtimes, version_typed};
use super::mark::{FormMark, marked};
use super::number::{Downtime, Kind, Number, State, noted};
use crate::command::Command;
use crate::draft::{self, document};
use crate::emergency::Whose;
use crate::refusal::Refusal;
use crate::registration::numbers::{HospitalNumber, nobody_has};
use crate::registration::with_another_number;

/// Enters a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackEnter {
    /// The form's number, as somebody typed it.
    pub form: String,
    /// The hospital number that the patient was given on paper, as somebody typed it.
    pub hospital: Option<String>,
    /// When it happened, as the form says.
    pub at: Moment,
    /// What the form stands for.
    pub command: Box<Command>,
}

/// The numbers that a form uses.
struct Used {
    form: (Version, Number),
    hospital: Option<(Version, Number)>,
}

impl BackEnter {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let refused = TransactError::Refused;
        self.decide().map_err(refused)?;
        let used = self.numbers(reading).await?;
        let downtimes = downtimes(reading).await?;
        let downtime = self.downtime(&downtimes).map_err(refused)?;
        let hospital = used.hospital.as_ref().map(|(version, number)| hospital_number(version, number)).transpose()?;
        let mut draft = self.draft(reading, hospital, now).await?;
        let by = &reading.permit().principal().name;
        let mark = FormMark { form: used.form.1.printed.clone(), happened: self.at, entered: now, by: by.clone() };
        draft = marked(draft, &mark)?;
        let about = about(&draft);
        for (version, _) in std::iter::once(&used.form).chain(&used.hospital) {
            draft.changes.push(self.used(version, downtime, &about, by, now)?);
        }
        Ok(draft)
    }

    /// What the form stands for, under the hospital number that was given on paper.
    async fn draft(
        &self,
        reading: &Reading,
        number: Option<HospitalNumber>,
        now: Moment,
    ) -> Result<Draft, TransactError<Refusal>> {
        match &*self.command {
            Command::Register(command) => return command.plan_with(reading, number, now).await,
            Command::Arrive(command) if matches!(command.who, Whose::Unknown(_)) => {
                return command.plan_with(reading, number, now).await;
            }
            _ => {}
        }
        let mut draft = match &*self.command {
            Command::Admit(command) => command.plan(reading, now).await?,
            Command::MoveToBed(command) => command.plan(reading, now).await?,
            Command::Discharge(command) => command.plan(reading, now).await?,
            Command::Death(command) => command.plan(reading, now).await?,
            Command::Arrive(command) => command.plan(reading, now).await?,
            Command::MoveInDepartment(command) => command.plan(reading, now).await?,
            Command::Depart(command) => command.plan(reading, now).await?,
            _ => return Err(TransactError::Refused(no_such_form())),
        };
        if let Some(number) = &number {
            known_by(reading, &self.command, number, &mut draft).await?;
        }
        Ok(draft)
    }

    /// Forms exist for what administration does at the bedside and at the door, and for nothing else.
    fn decide(&self) -> Result<(), Refusal> {
        let at = match &*self.command {
            Command::Register(_) => Some(self.at),
            Command::Admit(command) => Some(command.at),
            Command::MoveToBed(command) => Some(command.at),
            Command::Discharge(command) => Some(command.at),
            Command::Death(command) => Some(command.died.lower()),
            Command::Arrive(command) => Some(command.at),
            Command::MoveInDepartment(command) => Some(command.at),
            Command::Depart(command) => Some(command.at),
            _ => None,
        };
        match at {
            None => Err(no_such_form()),
            Some(at) if at != self.at => {
                Err(Refusal::at("another-time", "at", "The form has another time than what is recorded by it."))
            }
            Some(_) => Ok(()),
        }
    }

    async fn numbers(&self, reading: &Reading) -> Result<Used, TransactError<Refusal>> {
        let form = found(reading, Kind::Form, &self.form, "downtime_form").await?;
        let hospital = match self.hospital.as_deref().map(str::trim).filter(|typed| !typed.is_empty()) {
            Some(typed) => Some(found(reading, Kind::Hospital, typed, "downtime_number").await?),
            None => None,
        };
        Ok(Used { form, hospital })
    }

    fn downtime<'d>(&self, downtimes: &'d [Downtime]) -> Result<&'d Downtime, Refusal> {
        downtimes.iter().find(|downtime| downtime.covers(self.at)).ok_or_else(|| {
            let sentence = "No downtime is recorded at this time. Correct the time, or say on the page Downtime when it \
                 began and ended; without a form number it is recorded as usual.";
            Refusal::at("outside-the-downtime", "at", sentence)
        })
    }

    /// A number as used.
    fn used(
        &self,
        version: &Version,
        downtime: &Downtime,
        about: &[String],
        by: &str,
        now: Moment,
    ) -> Result<Change, Problem> {
        let document = document(version)?;
        let output = about.iter().map(|about| {
            let kind = Object::new().text("text", self.command.name()).done();
            Object::new().json("type", kind).json("valueReference", reference(about, None)).done()
        });
        let members = [
            ("status", Some("\"completed\"".to_owned())),
            ("partOf", Some(array([reference(&format!("Task/{}", downtime.id), None)]))),
            ("executionPeriod", Some(Object::new().text("start", self.at.to_string()).done())),
            ("output", Some(array(output))),
            ("note", Some(noted(document.root(), by, now, "Entered"))),
            ("lastModified", Some(quoted(&now.to_string()))),
        ];
        draft::put(version.key.clone(), &with_members(&document, &members))
    }
}

fn no_such_form() -> Refusal {
    let sentence =
        "There is no downtime form for this. Leave the form number empty, and void the form if it was used for it.";
    Refusal::at("no-such-form", "downtime_form", sentence)
}

/// A number that is open.
async fn found(
    reading: &Reading,
    kind: Kind,
    typed: &str,
    field: &'static str,
) -> Result<(Version, Number), TransactError<Refusal>> {
    let (one, _) = kind.words();
    let (code, sentence) = match version_typed(reading, kind, typed).await? {
        None => ("no-such-number", format!("No {one} like this was issued for a downtime. Look at the paper again.")),
        Some((_, number)) if number.state == State::Used => {
            ("number-used", format!("{} was entered already. Look at the page Downtime.", number.printed))
        }
        Some((_, number)) if number.state == State::Void => {
            ("number-void", format!("{} is void. Look at the page Downtime.", number.printed))
        }
        Some(open) => return Ok(open),
    };
    Err(TransactError::Refused(Refusal::at(code, field, sentence)))
}

/// The number as a Patient gets it.
fn hospital_number(version: &Version, number: &Number) -> Result<HospitalNumber, Problem> {
    let document = document(version)?;
    let system = fhir::read::items(document.root(), "identifier").find_map(|id| fhir::read::text(id, "system"));
    Ok(HospitalNumber { system: system.unwrap_or_default(), value: number.printed.clone() })
}

/// A patient who was known already is found by the number that they were given on paper, too: it may be on samples.
async fn known_by(
    reading: &Reading,
    command: &Command,
    number: &HospitalNumber,
    draft: &mut Draft,
) -> Result<(), TransactError<Refusal>> {
    let patient = match command {
        Command::Admit(command) => command.patient.as_str(),
        Command::Discharge(command) => command.patient.as_str(),
        Command::Arrive(command) => match &command.who {
            Whose::Known(patient) => patient.as_str(),
            Whose::Unknown(newcomer) => newcomer.patient.as_str(),
        },
        _ => {
            let sentence = "A hospital number is entered with the registration, the admission or the arrival. Leave it empty here.";
            return Err(TransactError::Refused(Refusal::at("number-here", "downtime_number", sentence)));
        }
    };
    let key = Key::new("Patient", patient);
    let version = reading.get(&key).await?.filter(|version| !version.text.is_empty());
    let Some(version) = version else {
        let refusal = Refusal::at("no-patient", "patient", "There is no such patient. Search again.");
        return Err(TransactError::Refused(refusal));
    };
    draft.changes.push(draft::put(key, &with_another_number(&document(&version)?, number))?);
    draft.assertions.push(nobody_has(&number.value));
    Ok(())
}

/// What a form was used for: the stays that it writes, else the patients.
fn about(draft: &Draft) -> Vec<String> {
    let of = |kind: &str| -> Vec<String> {
        let puts = draft.changes.iter().filter(|change| matches!(change, Change::Put(..))).map(Change::key);
        puts.filter(|key| key.kind == kind).map(|key| format!("{}/{}", key.kind, key.id)).collect()
    };
    let stays = of("Encounter");
    if stays.is_empty() { of("Patient") } else { stays }
}
