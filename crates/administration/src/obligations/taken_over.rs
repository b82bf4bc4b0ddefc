//! *Taken over when somebody closed*: a task that came to a named manager because its owner's account or ward was closed
//! (operations 6). It is counted until it is done, or somebody to whom the manager gave it has accepted it.

use super::facts::TaskFacts;
use super::{Counts, Kind, Owed, UNDATED};

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "task-taken-over",
    words: ("task of a closed account or ward", "tasks of closed accounts or wards"),
    whose: "With the manager who was named when its owner closed",
    end: "It ends when the task is done, or somebody has accepted it from the manager.",
    counts: Counts::Open,
    is_urgent: false,
    is_clinical: false,
    by_team: false,
    allowed_ms: 0,
};

/// An open task that was moved to its owner from one who is closed.
pub(super) fn owed(facts: &TaskFacts) -> Option<Owed> {
    let task = facts.task()?;
    task.moved_from.is_some().then(|| Owed::by(task.owner.clone(), task.due.unwrap_or(UNDATED)))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::check;

    #[test]
    fn a_task_of_a_closed_account_is_the_managers_until_somebody_accepts_it() {
        let task = |status: &str, from: &str| {
            let owner = r#""owner":{"identifier":{"system":"urn:almoner:owner","value":"user/m.ortiz"}}"#;
            format!(r#"{{"resourceType":"Task","id":"t1","status":"{status}","intent":"order",{owner}{from}}}"#)
        };
        let from = r#","extension":[{"url":"urn:almoner:moved-from","valueString":"K Boateng, account closed"}]"#;
        check(
            &KIND,
            &[
                (task("requested", from), vec![], Some(("user/m.ortiz", ""))),
                (task("requested", ""), vec![], None),
                (task("completed", from), vec![], None),
            ],
        );
    }
}
