//! An attendance that was recorded by mistake: it leaves the board with a reason, and its history stays.
//! Decides on the attendance alone; knows no page and no clock.

use record::{Draft, Reading, TransactError};

use super::write::{Edit, MISTAKE, by_part, fact, line, of_version, read, words_part};
use super::{Attendance, By};
use crate::refusal::Refusal;
use crate::stays::StayState;

/// Takes an attendance off the board as a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveAttendance {
    /// The attendance's Encounter.
    pub attendance: String,
    /// Why it was one.
    pub reason: Option<String>,
    /// Who says so.
    pub by: By,
}

impl RemoveAttendance {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.attendance).await?;
        let reason = self.decide(&of_version(&version)?).map_err(TransactError::Refused)?;
        let edit = Edit::of(&version)?
            .member("status", "\"entered-in-error\"".to_owned())
            .extension(MISTAKE, fact(MISTAKE, [words_part("why", Some(&reason)), by_part(&self.by)]));
        Ok(Draft { changes: vec![edit.put(false)?], assertions: Vec::new() })
    }

    fn decide(&self, attendance: &Attendance) -> Result<String, Refusal> {
        if attendance.stay.state == StayState::Mistaken {
            return Err(Refusal::new("removed", "This attendance was taken off the board already."));
        }
        if attendance.decision.is_some() {
            let sentence = "There is a decision to admit this patient. Record how they left instead.";
            return Err(Refusal::new("to-be-admitted", sentence));
        }
        let reason = line(self.reason.as_deref(), "reason")?;
        reason.ok_or_else(|| Refusal::at("reason-missing", "reason", "Say why it was a mistake."))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Decision;
    use super::super::tests::{NOW, by, check, here};
    use super::*;

    #[test]
    fn a_mistake_has_a_reason_and_no_bed_requested() {
        let remove = |reason: Option<&str>| RemoveAttendance {
            attendance: "a".into(),
            reason: reason.map(str::to_owned),
            by: by(),
        };
        check(remove(Some("Booked in twice")).decide(&here()), None);
        check(remove(None).decide(&here()), Some("reason-missing"));
        let decided = Decision { at: NOW, team: "Medicine".into(), stay: None };
        let to_be_admitted = Attendance { decision: Some(decided), ..here() };
        check(remove(Some("Booked in twice")).decide(&to_be_admitted), Some("to-be-admitted"));
    }
}
