//! Triage and first assessment. A category may be given again: the board shows the newest, the versions keep all.
//!
//! No category is assumed: whoever has none is shown as not triaged, and stands above those who are not urgent.

use fhir::write::concept;
use record::{Draft, Reading, TransactError};
use terms::Moment;

use super::write::{
    Edit, FIRST_ASSESSED, TRIAGED, at_part, by_part, check_here, complaint, fact, line, of_version, read,
};
use super::{Attendance, By, Category, TRIAGE_CATEGORY};
use crate::refusal::Refusal;
use crate::stays::timeline::check_moment;

/// Gives a patient a triage category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Triage {
    /// The attendance's Encounter.
    pub attendance: String,
    /// The category; nothing is chosen for the nurse.
    pub category: Option<Category>,
    /// Why they came, when it is said now.
    pub complaint: Option<String>,
    /// When.
    pub at: Moment,
    /// By whom.
    pub by: By,
}

/// A clinician assesses a patient for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssessFirst {
    /// The attendance's Encounter.
    pub attendance: String,
    /// When.
    pub at: Moment,
    /// By whom.
    pub by: By,
}

impl Triage {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.attendance).await?;
        let attendance = of_version(&version)?;
        let category = self.decide(&attendance, now).map_err(TransactError::Refused)?;
        let words = line(self.complaint.as_deref(), "complaint").map_err(TransactError::Refused)?;
        let edit = Edit::of(&version)?;
        let reason = complaint(edit.root(), words.as_deref());
        let is_new = attendance.stay.state.is_live() && attendance.clinician.is_none();
        let edit = if is_new { edit.status("triaged", self.at) } else { edit };
        let edit = edit
            .member("priority", concept(TRIAGE_CATEGORY, &category.number().to_string(), category.word()))
            .member_if("reasonCode", reason)
            .extension(TRIAGED, fact(TRIAGED, [at_part(self.at), by_part(&self.by)]));
        Ok(Draft { changes: vec![edit.put(false)?], assertions: Vec::new() })
    }

    fn decide(&self, attendance: &Attendance, now: Moment) -> Result<Category, Refusal> {
        check_here(attendance)?;
        check_moment(self.at, attendance.arrived, now)?;
        self.category.ok_or_else(|| Refusal::at("no-category", "category", "Choose a category, 1 to 5."))
    }
}

impl AssessFirst {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.attendance).await?;
        self.decide(&of_version(&version)?, now).map_err(TransactError::Refused)?;
        let assessed = fact(FIRST_ASSESSED, [at_part(self.at), by_part(&self.by)]);
        let edit = Edit::of(&version)?.extension(FIRST_ASSESSED, assessed);
        Ok(Draft { changes: vec![edit.put(false)?], assertions: Vec::new() })
    }

    fn decide(&self, attendance: &Attendance, now: Moment) -> Result<(), Refusal> {
        check_here(attendance)?;
        check_moment(self.at, attendance.arrived, now)?;
        if attendance.assessed.is_some() {
            let sentence =
                "The first assessment is recorded already. If its time is wrong, undo it, or correct it with a reason.";
            return Err(Refusal::new("assessed", sentence));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, ago, by, check, here, left};
    use super::*;

    #[test]
    fn a_category_is_chosen_for_somebody_who_is_here() {
        let triage = |category, at| Triage { attendance: "a".into(), category, complaint: None, at, by: by() };
        check(triage(Category::of(2), NOW).decide(&here(), NOW), None);
        check(triage(None, NOW).decide(&here(), NOW), Some("no-category"));
        check(triage(Category::of(2), NOW).decide(&left(), NOW), Some("not-here"));
        check(triage(Category::of(2), ago(500)).decide(&here(), NOW), Some("before-the-stay"));
        assert_eq!((Category::of(0), Category::of(6)), (None, None));
    }

    #[test]
    fn the_first_assessment_is_one() {
        let assess = AssessFirst { attendance: "a".into(), at: NOW, by: by() };
        check(assess.decide(&here(), NOW), None);
        let done = Attendance { assessed: Some(super::super::Done { at: ago(5), by: None }), ..here() };
        check(assess.decide(&done, NOW), Some("assessed"));
    }
}
