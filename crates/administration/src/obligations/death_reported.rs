//! *Death reported, not acted on*: PDS or another system says that somebody has died, and here nobody has recorded it, or
//! stays go on and admissions are expected (operations 16). Nothing is stopped by a report alone, which may be wrong: a
//! person records the death, which stops everything in one commit, or says that the patient is alive.

use super::facts::DeathFacts;
use super::{Counts, HOUR_MS, Kind, NOBODY, Owed, RECORDS_TEAM, due_of};

const ALLOWED_MS: i64 = 4 * HOUR_MS;

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "death-reported",
    words: ("death reported, not acted on", "deaths reported, not acted on"),
    whose: "Reported by PDS or another system",
    end: "It ends when the death is recorded with what it stops, or taken back because the patient is alive.",
    counts: Counts::Open,
    is_urgent: true,
    is_clinical: false,
    by_team: false,
    allowed_ms: ALLOWED_MS,
};

/// A death that was reported and not recorded, or that stopped nothing. The ward's where the patient is; of who is not here
/// health records'.
pub(super) fn owed(facts: &DeathFacts<'_, '_>) -> Option<Owed> {
    let goes_on = facts.patient.first_visit().is_some() || facts.is_expected;
    let is_owed = facts.is_reported || (facts.has_died && goes_on);
    let owner = match facts.patient.owner() {
        owner if owner == NOBODY => RECORDS_TEAM.to_owned(),
        owner => owner,
    };
    is_owed.then(|| Owed::by(owner, due_of(facts.died, ALLOWED_MS)))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::{at, check, from, stay};

    fn patient(members: &str) -> String {
        let comma = if members.is_empty() { "" } else { "," };
        format!(r#"{{"resourceType":"Patient","id":"p1"{comma}{members}}}"#)
    }

    #[test]
    fn a_death_that_somebody_outside_reports_is_acted_on_within_hours() {
        let visit = stay("in-progress", &format!("{},{}", from("2026-11-17T10:00:00Z"), at("bed-1", "active")));
        let died = r#""deceasedDateTime":"2026-11-17T12:00:00Z""#;
        let reported = r#""extension":[{"url":"urn:almoner:reported-death","valueDateTime":"2026-11-17T12:00:00Z"}]"#;
        check(
            &KIND,
            &[
                (patient(died), vec![visit.clone()], Some(("place/bed-1", "2026-11-17T16:00:00Z"))),
                (patient(r#""deceasedBoolean":true"#), vec![visit.clone()], Some(("place/bed-1", ""))),
                (patient(r#""deceasedBoolean":false"#), vec![visit.clone()], None),
                (patient(died), vec![stay("planned", "")], Some(("team/records", "2026-11-17T16:00:00Z"))),
                (patient(died), vec![stay("finished", "")], None),
                (patient(died), vec![], None),
                (patient(reported), vec![visit.clone()], Some(("place/bed-1", "2026-11-17T16:00:00Z"))),
                (patient(reported), vec![], Some(("team/records", "2026-11-17T16:00:00Z"))),
                (patient(""), vec![visit], None),
            ],
        );
    }
}
