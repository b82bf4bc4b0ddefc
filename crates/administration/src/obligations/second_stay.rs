//! *Two stays at once*: another system began a stay of somebody who is an inpatient already (operations 8 and 17). It was
//! not refused, and is a conflict with an owner until somebody has said which is true. Due at once.

use super::facts::{StayFacts, began};
use super::{Counts, Kind, Owed, due_of, place_of};

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "second-stay",
    words: ("patient with two stays at once", "patients with two stays at once"),
    whose: "Inpatients",
    end: "It ends when one of the two stays has ended or was a mistake.",
    counts: Counts::Open,
    is_urgent: true,
    is_clinical: false,
    by_team: false,
    allowed_ms: 0,
};

/// A live stay with the tag of the second.
pub(super) fn owed(facts: &StayFacts<'_, '_>) -> Option<Owed> {
    let stay = &facts.stay;
    let is_conflict = stay.is_second && stay.state.is_live();
    is_conflict.then(|| Owed::by(place_of(stay), due_of(began(stay), 0)))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::{at, check, from, stay, tagged};

    #[test]
    fn a_second_stay_is_a_conflict_while_it_goes_on() {
        let of = format!("{},{}", from("2026-11-17T12:00:00Z"), at("bed-2", "active"));
        let second = format!("{},{of}", tagged("urn:almoner:stay", "second-stay"));
        check(
            &KIND,
            &[
                (stay("in-progress", &second), vec![], Some(("place/bed-2", "2026-11-17T12:00:00Z"))),
                (stay("in-progress", &of), vec![], None),
                (stay("finished", &second), vec![], None),
            ],
        );
    }
}
