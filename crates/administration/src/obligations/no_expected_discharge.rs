//! *Stay without an expected discharge date*: every inpatient has one a day after they came, so that beds can be planned.
//! Knows the date alone, not whether it is likely.

use super::facts::{StayFacts, began};
use super::{Counts, HOUR_MS, Kind, Owed, due_of, place_of};

const ALLOWED_MS: i64 = 24 * HOUR_MS;

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "no-expected-discharge",
    words: ("stay without expected discharge date", "stays without expected discharge date"),
    whose: "Inpatients",
    end: "It ends when the stay has an expected discharge date.",
    counts: Counts::Open,
    is_urgent: false,
    is_clinical: false,
    by_team: false,
    allowed_ms: ALLOWED_MS,
};

/// A live stay without one, due a day after it began.
pub(super) fn owed(facts: &StayFacts<'_, '_>) -> Option<Owed> {
    let stay = &facts.stay;
    let is_without = stay.state.is_live() && stay.expected_end.is_none();
    is_without.then(|| Owed::by(place_of(stay), due_of(began(stay), ALLOWED_MS)))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::{at, check, from, stay};

    #[test]
    fn every_stay_has_an_expected_discharge_date_a_day_after_it_began() {
        let began = from("2026-11-16T09:40:00Z");
        let expected = r#""extension":[{"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate","valueDateTime":"2026-11-20"}]"#;
        let owed = Some(("place/bed-1", "2026-11-17T09:40:00Z"));
        check(
            &KIND,
            &[
                (stay("in-progress", &format!("{began},{}", at("bed-1", "active"))), vec![], owed),
                (stay("onleave", &format!("{began},{}", at("bed-1", "active"))), vec![], owed),
                (stay("in-progress", &at("bed-1", "active")), vec![], Some(("place/bed-1", ""))),
                (stay("in-progress", &format!("{began},{expected}")), vec![], None),
                (stay("planned", &began), vec![], None),
                (stay("finished", &began), vec![], None),
            ],
        );
    }
}
