//! *Duplicate to review*: two records that may be one person (`merging`). Health records looks at each within a week; a
//! merge that one person asked for waits for the second.

use super::facts::TaskFacts;
use super::{Counts, HOUR_MS, Kind, Owed, RECORDS_TEAM, due_of};
use crate::merging::ReviewState;

const ALLOWED_MS: i64 = 7 * 24 * HOUR_MS;

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "duplicate",
    words: ("possible duplicate to review", "possible duplicates to review"),
    whose: "Pairs of records",
    end: "It ends when two people have agreed to a merge, or somebody has said why the two are not the same.",
    counts: Counts::Open,
    is_urgent: false,
    is_clinical: false,
    by_team: true,
    allowed_ms: ALLOWED_MS,
};

/// A pair under review, due a week after it was found.
pub(super) fn owed(facts: &TaskFacts) -> Option<Owed> {
    let review = facts.review.as_ref()?;
    let is_open = matches!(review.state, ReviewState::Open | ReviewState::Asked);
    is_open.then(|| Owed::by(RECORDS_TEAM, due_of(review.since, ALLOWED_MS)))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::check;

    fn review(status: &str, since: &str) -> String {
        let code = |code: &str| format!(r#"{{"coding":[{{"system":"urn:almoner:merging","code":"{code}"}}]}}"#);
        let input = format!(r#"{{"type":{},"valueReference":{{"reference":"Patient/p2"}}}}"#, code("other"));
        format!(
            r#"{{"resourceType":"Task","id":"t1","status":"{status}","intent":"order","code":{},
                "focus":{{"reference":"Patient/p1"}},{since}"input":[{input}]}}"#,
            code("duplicate")
        )
    }

    #[test]
    fn a_pair_is_looked_at_within_a_week() {
        let since = r#""authoredOn":"2026-11-10T09:00:00Z","#;
        let owed = Some(("team/records", "2026-11-17T09:00:00Z"));
        let task = r#"{"resourceType":"Task","id":"t1","status":"requested","intent":"order"}"#;
        check(
            &KIND,
            &[
                (review("requested", since), vec![], owed),
                (review("in-progress", since), vec![], owed),
                (review("requested", ""), vec![], Some(("team/records", ""))),
                (review("completed", since), vec![], None),
                (review("rejected", since), vec![], None),
                (task.into(), vec![], None),
            ],
        );
    }
}
