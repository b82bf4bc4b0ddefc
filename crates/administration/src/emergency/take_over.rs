//! A clinician takes a patient over, or a senior takes charge of a child at risk. Whoever had the part before ends then.
//! Decides on the attendance alone; knows no page and no clock.

use record::{Draft, Reading, TransactError};
use terms::Moment;

use super::Attendance;
use super::write::{ATTENDER, Edit, SENIOR, check_here, line, of_version, read};
use crate::refusal::Refusal;
use crate::stays::timeline::check_moment;

/// In which part somebody takes a patient over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// As the clinician who sees them: from then on they are not waiting to be seen.
    AsClinician,
    /// As the named senior of a child at risk.
    AsSenior,
}

/// Somebody takes a patient over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeOver {
    /// The attendance's Encounter.
    pub attendance: String,
    /// The Practitioner's reference, when they are one of the trust's.
    pub who: Option<String>,
    /// Their name as the board shows it.
    pub name: Option<String>,
    /// In which part.
    pub takes: Takes,
    /// When.
    pub at: Moment,
}

impl TakeOver {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.attendance).await?;
        let name = self.decide(&of_version(&version)?, now).map_err(TransactError::Refused)?;
        let edit = Edit::of(&version)?;
        let who = (self.who.as_deref(), name.as_str());
        let edit = match self.takes {
            Takes::AsClinician => edit.carer(ATTENDER, who, self.at).status("in-progress", self.at),
            Takes::AsSenior => edit.carer(SENIOR, who, self.at),
        };
        Ok(Draft { changes: vec![edit.put(false)?], assertions: Vec::new() })
    }

    fn decide(&self, attendance: &Attendance, now: Moment) -> Result<String, Refusal> {
        check_here(attendance)?;
        check_moment(self.at, attendance.arrived, now)?;
        let name = line(self.name.as_deref(), "name")?;
        let name = name.ok_or_else(|| Refusal::at("no-name", "name", "Say who takes the patient over."))?;
        let is_theirs = |carer: &Option<super::Carer>| carer.as_ref().is_some_and(|carer| carer.name == name);
        let (had, sentence) = match self.takes {
            Takes::AsClinician => (&attendance.clinician, "has this patient already."),
            Takes::AsSenior => (&attendance.senior, "is the senior already."),
        };
        if is_theirs(had) {
            return Err(Refusal::at("theirs-already", "name", format!("{name} {sentence}")));
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Carer;
    use super::super::tests::{NOW, check, here, left};
    use super::*;

    #[test]
    fn somebody_with_a_name_takes_over() {
        let take = |name: Option<&str>, takes| {
            let name = name.map(str::to_owned);
            TakeOver { attendance: "a".into(), who: None, name, takes, at: NOW }
        };
        let rao = Attendance { clinician: Some(Carer { name: "Dr Rao".into(), since: None }), ..here() };
        check(take(Some("Dr Rao"), Takes::AsClinician).decide(&here(), NOW), None);
        check(take(Some(" "), Takes::AsClinician).decide(&here(), NOW), Some("no-name"));
        check(take(Some("Dr Rao"), Takes::AsClinician).decide(&rao, NOW), Some("theirs-already"));
        check(take(Some("Dr Rao"), Takes::AsSenior).decide(&rao, NOW), None);
        check(take(Some("Dr Rao"), Takes::AsSenior).decide(&left(), NOW), Some("not-here"));
    }
}
