//! *To come in, not arrived*: the day of a planned admission is over, or its hour was four hours ago, and the patient is
//! neither admitted nor cancelled. The admissions office owns it; before that there is nothing to do.

use super::ADMISSIONS_TEAM;
use super::facts::StayFacts;
use super::{Counts, HOUR_MS, Kind, Owed};
use crate::stays::StayState;
use terms::{Moment, Precision};

/// How long after a stated hour somebody has not come.
const GRACE_MS: i64 = 4 * HOUR_MS;

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "admission-passed",
    words: ("planned admission passed, not arrived", "planned admissions passed, not arrived"),
    whose: "To come in",
    end: "It ends when the patient is admitted, or the admission has another date or is cancelled.",
    counts: Counts::Late,
    is_urgent: true,
    is_clinical: false,
    by_team: true,
    allowed_ms: 0,
};

/// An expected admission with a date, due when that has passed.
pub(super) fn owed(facts: &StayFacts<'_, '_>) -> Option<Owed> {
    let stay = &facts.stay;
    if stay.state != StayState::Expected || stay.is_emergency() {
        return None;
    }
    let date = stay.request.tci().or(stay.started.as_ref())?;
    let due = match date.precision() {
        Precision::Minute | Precision::Instant => Moment(date.lower().0 + GRACE_MS),
        _ => date.upper(),
    };
    Some(Owed::by(ADMISSIONS_TEAM, due))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::{check, from, method, stay};

    #[test]
    fn who_was_to_come_is_missed_four_hours_after_their_hour_or_when_the_day_is_over() {
        let of = |start| format!("{},{}", method("11"), from(start));
        check(
            &KIND,
            &[
                (
                    stay("planned", &of("2026-11-17T07:30:00Z")),
                    vec![],
                    Some(("team/admissions", "2026-11-17T11:30:00Z")),
                ),
                (stay("planned", &of("2026-11-17")), vec![], Some(("team/admissions", "2026-11-18T00:00:00Z"))),
                // The clocks go back: the day is 25 hours long.
                (stay("planned", &of("2026-10-25")), vec![], Some(("team/admissions", "2026-10-26T00:00:00Z"))),
                (stay("planned", &of("2027-03-28")), vec![], Some(("team/admissions", "2027-03-28T23:00:00Z"))),
                (stay("planned", &method("11")), vec![], None),
                (stay("in-progress", &of("2026-11-17")), vec![], None),
                (stay("cancelled", &of("2026-11-17")), vec![], None),
            ],
        );
    }
}
