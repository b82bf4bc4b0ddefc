//! *Downtime without an end*: it began, and nobody has said when it ended. Until then none of its numbers is counted as owed,
//! so health records says so within a day.

use super::facts::TaskFacts;
use super::{Counts, HOUR_MS, Kind, Owed, RECORDS_TEAM, due_of};
use crate::downtime::ENDED_WITHIN_HOURS;

const ALLOWED_MS: i64 = ENDED_WITHIN_HOURS * HOUR_MS;

/// What it is in words.
pub const KIND: Kind = Kind {
    code: "downtime",
    words: ("downtime without an end", "downtimes without an end"),
    whose: "Begun, and not ended",
    end: "It ends when somebody says on the page Downtime when the record could be used again.",
    counts: Counts::Open,
    is_urgent: true,
    is_clinical: false,
    by_team: true,
    allowed_ms: ALLOWED_MS,
};

/// A downtime that goes on, due a day after it began.
pub(super) fn owed(facts: &TaskFacts) -> Option<Owed> {
    let downtime = facts.downtime.as_ref().filter(|downtime| downtime.ended.is_none())?;
    Some(Owed::by(RECORDS_TEAM, due_of(Some(downtime.began), ALLOWED_MS)))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::check;

    fn downtime(status: &str, period: &str) -> String {
        format!(
            r#"{{"resourceType":"Task","id":"d1","status":"{status}","intent":"order","description":"Network",
                "code":{{"coding":[{{"system":"urn:almoner:downtime","code":"downtime"}}]}},"executionPeriod":{{{period}}}}}"#
        )
    }

    #[test]
    fn a_downtime_has_an_end_within_a_day() {
        let began = r#""start":"2026-11-17T02:10:00Z""#;
        let ended = r#""start":"2026-11-17T02:10:00Z","end":"2026-11-17T06:40:00Z""#;
        let task = r#"{"resourceType":"Task","id":"t1","status":"requested","intent":"order"}"#;
        check(
            &KIND,
            &[
                (downtime("in-progress", began), vec![], Some(("team/records", "2026-11-18T02:10:00Z"))),
                (downtime("completed", began), vec![], Some(("team/records", "2026-11-18T02:10:00Z"))),
                (downtime("completed", ended), vec![], None),
                (downtime("entered-in-error", began), vec![], None),
                (task.into(), vec![], None),
            ],
        );
    }
}
