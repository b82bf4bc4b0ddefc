//! *Admission without a date*: somebody is to be admitted, and nobody has said when. The admissions office owns it.
//! Due since it was decided: nobody can plan for it.

use super::ADMISSIONS_TEAM;
use super::facts::StayFacts;
use super::{Counts, Kind, Owed, due_of};
use crate::stays::StayState;

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "admission-undated",
    words: ("planned admission without a date", "planned admissions without a date"),
    whose: "To come in",
    end: "It ends when the admission has a date or is cancelled.",
    counts: Counts::Open,
    is_urgent: false,
    is_clinical: false,
    by_team: true,
    allowed_ms: 0,
};

/// An expected admission that is no emergency and has no date.
pub(super) fn owed(facts: &StayFacts<'_, '_>) -> Option<Owed> {
    let stay = &facts.stay;
    let is_dated = stay.request.tci().is_some() || stay.started.is_some();
    let is_undated = stay.state == StayState::Expected && !stay.is_emergency() && !is_dated;
    let decided = stay.request.decided.as_ref().map(|decided| decided.lower());
    is_undated.then(|| Owed::by(ADMISSIONS_TEAM, due_of(decided, 0)))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::{check, from, method, stay};

    #[test]
    fn a_planned_admission_without_a_date_is_owed_one() {
        let owed = Some(("team/admissions", ""));
        check(
            &KIND,
            &[
                (stay("planned", &method("11")), vec![], owed),
                (stay("planned", ""), vec![], owed),
                (stay("planned", &format!("{},{}", method("12"), from("2026-11-20"))), vec![], None),
                (stay("planned", &method("21")), vec![], None),
                (stay("cancelled", &method("11")), vec![], None),
            ],
        );
    }
}
