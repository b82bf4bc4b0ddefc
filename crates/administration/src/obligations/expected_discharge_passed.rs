//! *Expected discharge date passed*: the day is over and the patient is still here. Somebody says what stops it, or names
//! another day.

use super::facts::StayFacts;
use super::{Counts, Kind, Owed, place_of};

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "expected-discharge-passed",
    words: ("expected discharge date passed", "expected discharge dates passed"),
    whose: "Inpatients",
    end: "It ends when the patient has left or the stay has another expected date.",
    counts: Counts::Late,
    is_urgent: false,
    is_clinical: false,
    by_team: false,
    allowed_ms: 0,
};

/// A live stay with an expected day, due when that is over.
pub(super) fn owed(facts: &StayFacts<'_, '_>) -> Option<Owed> {
    let stay = &facts.stay;
    let expected = stay.expected_end.as_ref().filter(|_| stay.state.is_live())?;
    Some(Owed::by(place_of(stay), expected.upper()))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::{at, check, stay};

    #[test]
    fn an_expected_day_has_passed_when_it_is_over() {
        let expected = |day: &str| {
            let url = crate::stays::EXPECTED_END;
            format!(r#""extension":[{{"url":"{url}","valueDateTime":"{day}"}}],{}"#, at("bed-1", "active"))
        };
        check(
            &KIND,
            &[
                (stay("in-progress", &expected("2026-11-20")), vec![], Some(("place/bed-1", "2026-11-21T00:00:00Z"))),
                (stay("in-progress", &expected("2026-10-25")), vec![], Some(("place/bed-1", "2026-10-26T00:00:00Z"))),
                (stay("in-progress", &at("bed-1", "active")), vec![], None),
                (stay("finished", &expected("2026-11-20")), vec![], None),
            ],
        );
    }
}
