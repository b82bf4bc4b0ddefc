//! What goes on with a patient, and what they wait for: the last column of the board.
//! Decides on the attendance alone; knows no page and no clock.

use record::{Draft, Reading, TransactError};
use terms::Moment;

use super::Attendance;
use super::write::{Edit, WAITING, check_here, fact, line, of_version, read, words_part};
use crate::refusal::Refusal;
use crate::stays::timeline::check_moment;

/// Says what a patient waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitFor {
    /// The attendance's Encounter.
    pub attendance: String,
    /// What goes on, such as `Bloods taken 14:20`.
    pub now: Option<String>,
    /// What they wait for, such as `Doctor`.
    pub waits_for: Option<String>,
    /// Since when.
    pub at: Moment,
}

impl WaitFor {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.attendance).await?;
        let (happening, waits_for) = self.decide(&of_version(&version)?, now).map_err(TransactError::Refused)?;
        let since = fhir::write::extension("since", "valueDateTime", &fhir::write::quoted(&self.at.to_string()));
        let parts = [words_part("now", happening.as_deref()), words_part("for", waits_for.as_deref()), Some(since)];
        let edit = Edit::of(&version)?.extension(WAITING, fact(WAITING, parts));
        Ok(Draft { changes: vec![edit.put(false)?], assertions: Vec::new() })
    }

    fn decide(&self, attendance: &Attendance, now: Moment) -> Result<(Option<String>, Option<String>), Refusal> {
        check_here(attendance)?;
        check_moment(self.at, attendance.arrived, now)?;
        let happening = line(self.now.as_deref(), "now")?;
        let waits_for = line(self.waits_for.as_deref(), "waits_for")?;
        if happening.is_none() && waits_for.is_none() {
            let sentence = "Say what goes on or what the patient waits for.";
            return Err(Refusal::at("nothing-said", "waits_for", sentence));
        }
        Ok((happening, waits_for))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, check, here};
    use super::*;

    #[test]
    fn something_is_said_and_not_too_much() {
        let wait = |now: &str, waits_for: &str| WaitFor {
            attendance: "a".into(),
            now: Some(now.to_owned()),
            waits_for: Some(waits_for.to_owned()),
            at: NOW,
        };
        check(wait("", "Doctor").decide(&here(), NOW), None);
        check(wait("On NIV", "").decide(&here(), NOW), None);
        check(wait(" ", "").decide(&here(), NOW), Some("nothing-said"));
        check(wait("", &"x".repeat(121)).decide(&here(), NOW), Some("line-long"));
    }
}
