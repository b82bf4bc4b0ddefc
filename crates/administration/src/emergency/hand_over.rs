//! The crew of an ambulance hands a patient over: how long it took is a figure of the board, and the 4 hours may run from it.
//! Decides on the attendance alone; knows no page and no clock.

use record::{Draft, Reading, TransactError};
use terms::Moment;

use super::write::{Edit, HANDED_OVER, check_here, of_version, read};
use super::{Attendance, Mode};
use crate::refusal::Refusal;
use crate::stays::timeline::check_moment;

/// An ambulance's crew hands over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOver {
    /// The attendance's Encounter.
    pub attendance: String,
    /// When.
    pub at: Moment,
}

impl HandOver {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.attendance).await?;
        self.decide(&of_version(&version)?, now).map_err(TransactError::Refused)?;
        let at = fhir::write::extension(HANDED_OVER, "valueDateTime", &fhir::write::quoted(&self.at.to_string()));
        let edit = Edit::of(&version)?.extension(HANDED_OVER, at);
        Ok(Draft { changes: vec![edit.put(false)?], assertions: Vec::new() })
    }

    fn decide(&self, attendance: &Attendance, now: Moment) -> Result<(), Refusal> {
        check_here(attendance)?;
        check_moment(self.at, attendance.arrived, now)?;
        if attendance.mode != Some(Mode::Ambulance) {
            return Err(Refusal::new("no-ambulance", "This patient did not come by ambulance. Nobody hands over."));
        }
        if attendance.handed_over.is_some() {
            let sentence =
                "The handover is recorded already. If its time is wrong, undo it, or correct it with a reason.";
            return Err(Refusal::new("handed-over", sentence));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, ago, check, here};
    use super::*;

    #[test]
    fn only_an_ambulance_hands_over_and_only_once() {
        let by_ambulance = Attendance { mode: Some(Mode::Ambulance), arrived: Some(ago(40)), ..here() };
        let done = Attendance { handed_over: Some(ago(20)), ..by_ambulance.clone() };
        let cases = [
            (by_ambulance.clone(), ago(30), None),
            (by_ambulance.clone(), ago(41), Some("before-the-stay")),
            (by_ambulance, Moment(NOW.0 + 120_000), Some("in-the-future")),
            (Attendance { mode: Some(Mode::OnFoot), ..here() }, NOW, Some("no-ambulance")),
            (done, NOW, Some("handed-over")),
        ];
        for (attendance, at, code) in cases {
            check(HandOver { attendance: "a".into(), at }.decide(&attendance, NOW), code);
        }
    }
}
