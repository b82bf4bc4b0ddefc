//! *Bed request waiting*: the emergency department, or another hospital, has decided to admit somebody, and no bed is
//! kept for them. The site office owns it. Due four hours after the decision, the first of the two limits that waits
//! for admission are counted against (NHS England, A&E attendances and emergency admissions: 4 and 12 hours from the
//! decision to admit).

use super::facts::{StayFacts, asked};
use super::{Counts, HOUR_MS, Kind, Owed, SITE_TEAM, due_of};
use crate::stays::StayState;

const ALLOWED_MS: i64 = 4 * HOUR_MS;

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "bed-request",
    words: ("bed request waiting", "bed requests waiting"),
    whose: "Decided to admit, no bed kept",
    end: "It ends when a bed is kept for the patient, or they are admitted.",
    counts: Counts::Open,
    is_urgent: true,
    is_clinical: false,
    by_team: true,
    allowed_ms: ALLOWED_MS,
};

/// An expected emergency admission for which nothing is kept.
pub(super) fn owed(facts: &StayFacts<'_, '_>) -> Option<Owed> {
    let stay = &facts.stay;
    let waits = stay.state == StayState::Expected && stay.is_emergency() && stay.reserved().is_none();
    waits.then(|| Owed::by(SITE_TEAM, due_of(asked(stay), ALLOWED_MS)))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::{at, check, from, method, stay};

    #[test]
    fn an_emergency_admission_waits_until_a_bed_is_kept() {
        let of = |code, start| format!("{},{}", method(code), from(start));
        let owed = Some(("team/site", "2026-11-17T16:00:00Z"));
        check(
            &KIND,
            &[
                (stay("planned", &of("21", "2026-11-17T12:00:00Z")), vec![], owed),
                (stay("planned", &of("2A", "2026-11-17T12:00:00Z")), vec![], owed),
                (stay("planned", &method("21")), vec![], Some(("team/site", ""))),
                (stay("planned", &of("11", "2026-11-17T12:00:00Z")), vec![], None),
                (stay("planned", &format!("{},{}", method("21"), at("bed-1", "reserved"))), vec![], None),
                (
                    stay("planned", &format!("{},{}", method("21"), at("heron", "planned"))),
                    vec![],
                    Some(("team/site", "")),
                ),
                (stay("in-progress", &of("21", "2026-11-17T12:00:00Z")), vec![], None),
                (stay("cancelled", &method("21")), vec![], None),
            ],
        );
    }
}
