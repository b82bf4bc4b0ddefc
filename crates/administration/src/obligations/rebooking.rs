//! *Another day owed*: the hospital cancelled an admission at the last minute, not for a clinical reason, and owes another
//! day within 28 days (NHS Constitution handbook; operations 25). The admissions office owns it.

use super::facts::StayFacts;
use super::{ADMISSIONS_TEAM, Counts, HOUR_MS, Kind, Owed};
use crate::stays::{REBOOK_DAYS, StayState};
use terms::start_of_day;

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "rebooking",
    words: ("cancelled admission to offer again", "cancelled admissions to offer again"),
    whose: "Cancelled by the hospital on the day",
    end: "It ends when another day is offered, or the patient is removed from the list.",
    counts: Counts::Open,
    is_urgent: true,
    is_clinical: false,
    by_team: true,
    allowed_ms: REBOOK_DAYS as i64 * 24 * HOUR_MS,
};

/// An expected stay to which another day is owed, due at the end of the last day for it.
pub(super) fn owed(facts: &StayFacts<'_, '_>) -> Option<Owed> {
    let stay = &facts.stay;
    let day = stay.request.rebook_by().filter(|_| stay.state == StayState::Expected)?;
    Some(Owed::by(ADMISSIONS_TEAM, start_of_day(day.tomorrow().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::{check, stay};

    #[test]
    fn a_day_is_owed_until_the_28th_is_over() {
        let part = |url: &str, value: &str| format!(r#"{{"url":"{url}",{value}}}"#);
        let offer = |end: &str| {
            let date = part("date", r#""valueDateTime":"2026-11-17""#);
            format!(r#""extension":[{{"url":"urn:almoner:tci","extension":[{date}{end}]}}]"#)
        };
        let outcome = part("outcome", r#""valueCode":"7""#);
        let cancelled = format!(",{outcome},{}", part("rebook-by", r#""valueDate":"2026-12-15""#));
        check(
            &KIND,
            &[
                (stay("planned", &offer(&cancelled)), vec![], Some(("team/admissions", "2026-12-16T00:00:00Z"))),
                (stay("planned", &offer(&format!(",{outcome}"))), vec![], None),
                (stay("planned", &offer("")), vec![], None),
                (stay("cancelled", &offer(&cancelled)), vec![], None),
            ],
        );
    }
}
