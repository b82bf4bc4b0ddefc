//! *Detained under the Mental Health Act*: everybody for whom a section is in force, by when it ends at the latest. It is owed
//! until somebody records a renewal, another section or the end, also after the stay: nothing runs out by itself. When the stay
//! ended and nobody said what becomes of it (who does not see detentions was not asked), it is due since then.

use terms::Moment;

use super::facts::StayFacts;
use super::{Counts, Kind, Owed, UNDATED, place_of};
use crate::stays::{Detention, Stay, StayState};

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "detention",
    words: ("patient detained under the Mental Health Act", "patients detained under the Mental Health Act"),
    whose: "By when their section ends at the latest",
    end: "It ends when a renewal, another section or the end of the detention is recorded. After a discharge or a death say what \
          became of it.",
    counts: Counts::Open,
    is_urgent: false,
    is_clinical: true,
    by_team: false,
    allowed_ms: 0,
};

/// A stay with a detention in force, due when the first of them ends.
pub(super) fn owed(facts: &StayFacts<'_, '_>) -> Option<Owed> {
    let is_any_in_force = facts.detentions.iter().any(Detention::is_in_force);
    let open = facts.detentions.iter().filter(|of| of.is_in_force() || !is_any_in_force);
    let due = open.filter_map(|detention| due_of(&facts.stay, detention)).min()?;
    Some(Owed::by(place_of(&facts.stay), due))
}

fn due_of(stay: &Stay, detention: &Detention) -> Option<Moment> {
    if !detention.is_in_force() {
        // Whoever goes on in the hospital has not died: a death was taken back by somebody who does not see detentions.
        return detention.ended.filter(|_| detention.ended_with_death && stay.state.is_live());
    }
    let until = detention.until.unwrap_or(UNDATED);
    let ended = stay.ended.as_ref().filter(|_| stay.state == StayState::Discharged && detention.on_leave.is_none());
    Some(ended.map_or(until, |ended| until.min(ended.lower())))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::{at, check, stay};

    #[test]
    fn a_detention_is_due_at_its_end_until_somebody_says_what_became_of_it() {
        let there = stay("in-progress", &at("bed-1", "active"));
        let left = stay("finished", &at("bed-1", "completed"));
        let ended =
            stay("finished", &format!(r#"{},"period":{{"end":"2026-11-18T10:00:00Z"}}"#, at("bed-1", "completed")));
        let since_they_left = Some(("place/bed-1", "2026-11-18T10:00:00Z"));
        let flag = |status: &str, code: &str, end: &str| {
            format!(
                r#"{{"resourceType":"Flag","id":"f1","status":"{status}","code":{{"coding":[{{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-LegalStatusClassificationEngland","code":"{code}"}}]}},"subject":{{"reference":"Patient/p1"}},"period":{{"start":"2026-11-10T09:00:00Z"{end}}},"extension":[{{"url":"urn:almoner:detention-until","valueDateTime":"2026-12-08T00:00:00Z"}}]}}"#
            )
        };
        let owed = Some(("place/bed-1", "2026-12-08T00:00:00Z"));
        check(
            &KIND,
            &[
                (there.clone(), vec![flag("active", "02", "")], owed),
                (left, vec![flag("active", "02", "")], owed),
                (ended, vec![flag("active", "02", "")], since_they_left),
                (there.clone(), vec![flag("inactive", "02", r#","end":"2026-11-12T10:00:00Z""#)], None),
                (there.clone(), vec![flag("active", "01", "")], None),
                (there, vec![], None),
            ],
        );
    }
}
