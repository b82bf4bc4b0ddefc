//! *No bed yet*: an inpatient who is on a trolley, in a chair, in a corridor, or in a bed that is somebody else's.
//!
//! An arrival is never refused for a bed (operations 17), so this is how it is seen that there is none. Due at once.

use super::facts::{StayFacts, began};
use super::{Counts, Kind, Owed, due_of, place_of};
use crate::stays::{PlaceUse, Stay, StayState};

/// What it is in words.
pub const KIND: Kind = Kind {
    code: "no-bed",
    words: ("patient with no bed yet", "patients with no bed yet"),
    whose: "Inpatients",
    end: "It ends when the patient is in a bed.",
    counts: Counts::Open,
    is_urgent: true,
    is_clinical: false,
    by_team: false,
    allowed_ms: 0,
};

/// Somebody who is present and in no bed, since they came to where they are.
pub(super) fn owed(facts: &StayFacts<'_, '_>) -> Option<Owed> {
    let stay = &facts.stay;
    let is_without = stay.no_bed_yet || (stay.not_in_a_bed && !keeps_a_bed(stay)) || stay.place().is_none();
    if stay.state != StayState::Present || !is_without {
        return None;
    }
    let since = stay.place().and_then(|place| place.from.as_ref()).map(|from| from.lower());
    Some(Owed::by(place_of(stay), due_of(since.or_else(|| began(stay)), 0)))
}

/// Whether they are away from a bed that they were in and that is kept for them, such as for an examination.
fn keeps_a_bed(stay: &Stay) -> bool {
    let was_in = |bed: &str| stay.places.iter().any(|place| place.is == PlaceUse::Past && place.place == bed);
    stay.reserved().is_some_and(|kept| was_in(&kept.place))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::{at, check, stay, tagged};

    #[test]
    fn who_is_in_a_place_that_is_no_bed_has_none_since_they_came_there() {
        let tag = |code| tagged("urn:almoner:stay", code);
        let owed = Some(("place/trolley", "2026-11-17T14:20:00Z"));
        let place = |place: &str, status: &str| {
            at(place, status).trim_start_matches(r#""location":["#).trim_end_matches(']').to_owned()
        };
        let kept = [place("bed-1", "completed"), place("ct", "active"), place("bed-1", "reserved")].join(",");
        let away = format!(r#"{},"location":[{kept}]"#, tag("not-in-a-bed"));
        let first = [place("trolley", "active"), place("bed-1", "reserved")].join(",");
        let waits = format!(r#"{},"location":[{first}]"#, tag("not-in-a-bed"));
        let started = r#""period":{"start":"2026-11-17T12:00:00Z"}"#;
        check(
            &KIND,
            &[
                (stay("in-progress", &format!("{},{}", tag("not-in-a-bed"), at("trolley", "active"))), vec![], owed),
                (stay("in-progress", &format!("{},{}", tag("no-bed-yet"), at("trolley", "active"))), vec![], owed),
                (stay("in-progress", &at("bed-1", "active")), vec![], None),
                // Away from a bed that is kept; on a trolley, although a bed is kept that they were never in.
                (stay("in-progress", &away), vec![], None),
                (stay("in-progress", &waits), vec![], owed),
                (stay("in-progress", ""), vec![], Some(("nobody", ""))),
                (stay("in-progress", started), vec![], Some(("nobody", "2026-11-17T12:00:00Z"))),
                (stay("onleave", &format!("{},{}", tag("not-in-a-bed"), at("trolley", "active"))), vec![], None),
                (stay("finished", &format!("{},{}", tag("not-in-a-bed"), at("trolley", "active"))), vec![], None),
            ],
        );
    }
}
