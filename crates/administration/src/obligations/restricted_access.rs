//! *Restricted access to review*: somebody opened a restricted record with a reason (`restricted_access`). The privacy officer
//! looks at each within a week, whoever opened it; it is never the one who opened who says that it was right.

use super::facts::OpeningFacts;
use super::{Counts, HOUR_MS, Kind, Owed, PRIVACY_TEAM, due_of};
use crate::restricted_access::REVIEWED_WITHIN_DAYS;

const ALLOWED_MS: i64 = REVIEWED_WITHIN_DAYS * 24 * HOUR_MS;

/// What it is in words.
pub const KIND: Kind = Kind {
    code: "restricted-access",
    words: ("restricted access to review", "restricted accesses to review"),
    whose: "Restricted records that were opened with a reason",
    end: "It ends when the privacy officer has said what came of the review.",
    counts: Counts::Open,
    is_urgent: false,
    is_clinical: false,
    by_team: true,
    allowed_ms: ALLOWED_MS,
};

/// An opening that nobody but who opened has reviewed, due a week after it.
pub(super) fn owed(facts: &OpeningFacts) -> Option<Owed> {
    let opening = facts.opening.as_ref()?;
    facts.judged.review(opening).is_none().then(|| Owed::by(PRIVACY_TEAM, due_of(Some(opening.from), ALLOWED_MS)))
}

#[cfg(test)]
pub(super) mod tests {
    use super::KIND;
    use crate::obligations::tests::check;

    const REST: &str = r#""source":{"observer":{"display":"Almoner"}}"#;

    pub(in crate::obligations) fn opening(subtype: &str) -> String {
        format!(
            r#"{{"resourceType":"AuditEvent","id":"o1","recorded":"2026-11-17T14:00:00Z",{REST},
                "type":{{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110113"}},
                "subtype":[{{"system":"urn:almoner:restricted-access","code":"{subtype}"}}],
                "period":{{"start":"2026-11-17T14:00:00Z","end":"2026-11-18T02:00:00Z"}},
                "purposeOfEvent":[{{"coding":[{{"system":"urn:almoner:access-reason","code":"care"}}],"text":"On call"}}],
                "agent":[{{"altId":"user/s.reilly","requestor":true}}],"entity":[{{"what":{{"reference":"Patient/p1"}}}}]}}"#
        )
    }

    pub(in crate::obligations) fn review(of: &str, by: &str, outcome: &str) -> String {
        event("review", &format!(r#"{{"system":"urn:almoner:access-review","code":"{outcome}"}}"#), (by, ""), of)
    }

    /// What came of an opening; `to` is another agent.
    pub(in crate::obligations) fn event(code: &str, outcome: &str, (by, to): (&str, &str), of: &str) -> String {
        format!(
            r#"{{"resourceType":"AuditEvent","id":"{code}-1","recorded":"2026-11-19T09:00:00Z",{REST},
                "type":{{"system":"urn:almoner:restricted-access","code":"{code}"}},
                "subtype":[{{"system":"urn:almoner:restricted-access","code":"{code}"}},{outcome}],
                "agent":[{{"altId":"{by}","requestor":true}}{to}],
                "entity":[{{"what":{{"reference":"AuditEvent/{of}"}}}},{{"what":{{"reference":"Patient/p1"}}}}]}}"#
        )
    }

    #[test]
    fn whoever_opened_a_restricted_record_is_reviewed_by_somebody_else_within_a_week() {
        let owed = Some(("team/privacy", "2026-11-24T14:00:00Z"));
        let officer = "user/p.officer";
        check(
            &KIND,
            &[
                (opening("opening"), vec![], owed),
                (opening("another"), vec![], None),
                (opening("opening"), vec![review("o1", officer, "appropriate")], None),
                (opening("opening"), vec![review("o1", officer, "not-appropriate")], None),
                (opening("opening"), vec![review("o1", officer, "follow-up")], None),
                // What says nothing of what came of it, or is by who opened, or of another opening, ends nothing.
                (opening("opening"), vec![review("o1", officer, "seen")], owed),
                (opening("opening"), vec![review("o1", "user/s.reilly", "appropriate")], owed),
                (opening("opening"), vec![review("o2", officer, "appropriate")], owed),
                (review("o1", officer, "appropriate"), vec![], None),
            ],
        );
    }
}
