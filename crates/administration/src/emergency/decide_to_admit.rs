//! The decision to admit: from this moment the patient belongs to a named inpatient team, and 12 hours run.
//!
//! One commit makes the expected stay (a planned Encounter of class inpatient, method of admission 21: emergency, through
//! the emergency department) and names it in the attendance, so that the board and the wards speak of one thing.

use fhir::write::{extension, reference};
use record::{Draft, Reading, TransactError};
use terms::Moment;

use super::write::{DECIDED_TO_ADMIT, Edit, at_part, by_part, check_here, fact, line, of_version, read, words_part};
use super::{Attendance, By};
use crate::refusal::Refusal;
use crate::stays::RequestAdmission;
use crate::stays::timeline::check_moment;

/// ADMISSION METHOD (HOSPITAL PROVIDER SPELL) of the NHS Data Dictionary: emergency, through the emergency department.
const THROUGH_THE_DEPARTMENT: &str = "21";

/// Decides to admit a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecideToAdmit {
    /// The attendance's Encounter.
    pub attendance: String,
    /// The id of the expected stay, a new Encounter.
    pub stay: String,
    /// The treatment function of the team: code and words.
    pub treatment_function: Option<(String, String)>,
    /// The consultant: reference and name.
    pub consultant: Option<(String, String)>,
    /// What else the wards should know.
    pub note: Option<String>,
    /// When it was decided.
    pub at: Moment,
    /// By whom.
    pub by: By,
}

impl DecideToAdmit {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.attendance).await?;
        let attendance = of_version(&version)?;
        let (patient, function) = self.decide(&attendance, now).map_err(TransactError::Refused)?;
        let note = line(self.note.as_deref(), "note").map_err(TransactError::Refused)?;
        let request = RequestAdmission {
            stay: self.stay.clone(),
            patient,
            decided: self.at,
            method: THROUGH_THE_DEPARTMENT.to_owned(),
            treatment_function: Some(function.clone()),
            consultant: self.consultant.clone(),
            reason: attendance.complaint.clone().unwrap_or_else(|| "Emergency admission".to_owned()),
            note,
            attendance: Some(self.attendance.clone()),
            ..RequestAdmission::default()
        };
        let mut draft = request.plan(reading, now).await?;
        let stay = reference(&format!("Encounter/{}", self.stay), None);
        let parts = [
            at_part(self.at),
            by_part(&self.by),
            words_part("team", Some(&self.team(&function.1))),
            Some(extension("stay", "valueReference", &stay)),
        ];
        let edit = Edit::of(&version)?.extension(DECIDED_TO_ADMIT, fact(DECIDED_TO_ADMIT, parts));
        draft.changes.push(edit.put(false)?);
        Ok(draft)
    }

    /// Whose patient it is now, as the board says it: `Mr Shah, Trauma and Orthopaedic`.
    fn team(&self, function: &str) -> String {
        match &self.consultant {
            Some((_, name)) => format!("{name}, {function}"),
            None => function.to_owned(),
        }
    }

    fn decide(&self, attendance: &Attendance, now: Moment) -> Result<(String, (String, String)), Refusal> {
        check_here(attendance)?;
        check_moment(self.at, attendance.arrived, now)?;
        if let Some(decision) = &attendance.decision {
            let sentence = format!("It was decided already: the patient belongs to {}.", decision.team);
            return Err(Refusal::new("decided", sentence));
        }
        let patient = attendance.stay.patient.clone().ok_or_else(|| {
            Refusal::new("no-patient", "This attendance has no patient. Take it off the board and book them in again.")
        })?;
        let function = self.treatment_function.clone().ok_or_else(|| {
            Refusal::at("no-team", "treatment_function", "Choose the team that the patient belongs to from now on.")
        })?;
        Ok((patient, function))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Decision;
    use super::super::tests::{NOW, ago, by, check, here, left};
    use super::*;

    fn decide(function: Option<&str>, at: Moment) -> DecideToAdmit {
        DecideToAdmit {
            attendance: "a".into(),
            stay: "s".into(),
            treatment_function: function.map(|words| ("340".into(), words.into())),
            consultant: Some(("Practitioner/okafor".into(), "Dr Okafor".into())),
            note: None,
            at,
            by: by(),
        }
    }

    #[test]
    fn a_decision_names_the_team_once() {
        check(decide(Some("Respiratory Medicine"), NOW).decide(&here(), NOW), None);
        check(decide(None, NOW).decide(&here(), NOW), Some("no-team"));
        check(decide(Some("x"), ago(500)).decide(&here(), NOW), Some("before-the-stay"));
        check(decide(Some("x"), NOW).decide(&left(), NOW), Some("not-here"));
        let decided = Decision { at: ago(5), team: "Medicine".into(), stay: None };
        let attendance = Attendance { decision: Some(decided), ..here() };
        check(decide(Some("x"), NOW).decide(&attendance, NOW), Some("decided"));
        assert_eq!(decide(None, NOW).team("Respiratory Medicine"), "Dr Okafor, Respiratory Medicine");
    }
}
