//! *Restricted access to follow up*: a review of an opening ended with *to be followed up* (`restricted_access`). It stays the
//! privacy officer's until it is recorded what was done, and whether that closed it or to whom it was passed.

use super::facts::OpeningFacts;
use super::{Counts, HOUR_MS, Kind, Owed, PRIVACY_TEAM, due_of};
use crate::restricted_access::FOLLOWED_UP_WITHIN_DAYS;

const ALLOWED_MS: i64 = FOLLOWED_UP_WITHIN_DAYS * 24 * HOUR_MS;

/// What it is in words.
pub const KIND: Kind = Kind {
    code: "access-follow-up",
    words: ("restricted access to follow up", "restricted accesses to follow up"),
    whose: "Openings whose review said that they are to be followed up",
    end: "It ends when the privacy officer has said what was done, and whether it is closed or to whom it was passed.",
    counts: Counts::Open,
    is_urgent: false,
    is_clinical: false,
    by_team: true,
    allowed_ms: ALLOWED_MS,
};

/// An opening that is to be followed up and was not, due two weeks after its review.
pub(super) fn owed(facts: &OpeningFacts) -> Option<Owed> {
    let review = facts.judged.to_follow_up(facts.opening.as_ref()?)?;
    Some(Owed::by(PRIVACY_TEAM, due_of(Some(review.at), ALLOWED_MS)))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::restricted_access::tests::{event, opening, review};
    use crate::obligations::tests::check;

    fn follow_up(of: &str, by: &str, code: &str, to: &str) -> String {
        let outcome = format!(r#"{{"system":"urn:almoner:access-follow-up","code":"{code}"}}"#);
        event("follow-up", &outcome, (by, to), of)
    }

    #[test]
    fn what_is_to_be_followed_up_is_owed_until_somebody_else_says_what_was_done() {
        let owed = Some(("team/privacy", "2026-12-03T09:00:00Z"));
        let officer = "user/p.officer";
        let reviewed = || review("o1", officer, "follow-up");
        let manager = r#",{"type":{"coding":[{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110152"}]},
            "name":"Manager of Heron ward","requestor":false}"#;
        let said = |end: String| end.replace("\"recorded\"", "\"outcomeDesc\":\"Spoke with her\",\"recorded\"");
        let closed = |of: &str, by: &str| said(follow_up(of, by, "closed", ""));
        check(
            &KIND,
            &[
                (opening("opening"), vec![], None),
                (opening("opening"), vec![review("o1", officer, "appropriate")], None),
                (opening("opening"), vec![review("o1", officer, "not-appropriate")], None),
                (opening("opening"), vec![reviewed()], owed),
                (opening("opening"), vec![reviewed(), closed("o1", officer)], None),
                (opening("opening"), vec![reviewed(), closed("o1", "user/q.officer")], None),
                (opening("opening"), vec![reviewed(), said(follow_up("o1", officer, "passed", manager))], None),
                // What does not say what was done or to whom it went, is by who opened, or of another opening, ends nothing.
                (opening("opening"), vec![reviewed(), follow_up("o1", officer, "closed", "")], owed),
                (opening("opening"), vec![reviewed(), said(follow_up("o1", officer, "begun", ""))], owed),
                (opening("opening"), vec![reviewed(), said(follow_up("o1", officer, "passed", ""))], owed),
                (opening("opening"), vec![reviewed(), closed("o1", "user/s.reilly")], owed),
                (opening("opening"), vec![reviewed(), closed("o2", officer)], owed),
                // Without a review that asks for it there is nothing to follow up.
                (opening("opening"), vec![review("o1", "user/s.reilly", "follow-up")], None),
                (reviewed(), vec![], None),
            ],
        );
    }
}
