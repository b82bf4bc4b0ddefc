//! *Handed over, not accepted*: somebody wants to give a task to another, who has not said yes.
//! Until then it is still its owner's task.

use super::facts::TaskFacts;
use super::{Counts, Kind, Owed, UNDATED};

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "hand-over",
    words: ("task handed over to accept", "tasks handed over to accept"),
    whose: "Offered by others",
    end: "It ends when the task is accepted, or is not handed over any more.",
    counts: Counts::Open,
    is_urgent: false,
    is_clinical: false,
    by_team: false,
    allowed_ms: 0,
};

/// An open task that is offered to somebody: theirs to accept until the task is due.
pub(super) fn owed(facts: &TaskFacts) -> Option<Owed> {
    let task = facts.task()?;
    let to = task.handed_to.as_ref()?;
    Some(Owed::by(to.clone(), task.due.unwrap_or(UNDATED)))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::check;

    fn task(status: &str, members: &str) -> String {
        let owner = r#""owner":{"identifier":{"system":"urn:almoner:owner","value":"user/k.boateng"}}"#;
        let due = r#""restriction":{"period":{"end":"2026-11-17T15:30:00Z"}}"#;
        let comma = if members.is_empty() { "" } else { "," };
        format!(
            r#"{{"resourceType":"Task","id":"t1","status":"{status}","intent":"order","description":"Call",{owner},{due}{comma}{members}}}"#
        )
    }

    #[test]
    fn a_task_that_is_handed_over_waits_to_be_accepted() {
        let handed = r#""extension":[{"url":"urn:almoner:handed-to","valueString":"user/m.ortiz"}]"#;
        check(
            &KIND,
            &[
                (task("requested", handed), vec![], Some(("user/m.ortiz", "2026-11-17T15:30:00Z"))),
                (task("requested", ""), vec![], None),
                (task("completed", handed), vec![], None),
            ],
        );
    }
}
