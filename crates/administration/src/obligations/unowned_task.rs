//! *Task without an owner*: somebody, or some program, wrote it down and said to nobody that it is theirs. Due at once:
//! whoever sees it gives it to somebody.

use super::facts::TaskFacts;
use super::{Counts, Kind, NOBODY, Owed, UNDATED};

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "task-unowned",
    words: ("task without an owner", "tasks without an owner"),
    whose: "Written down, given to nobody",
    end: "It ends when the task is handed over and accepted, or done.",
    counts: Counts::Open,
    is_urgent: true,
    is_clinical: false,
    by_team: true,
    allowed_ms: 0,
};

/// An open task of nobody's, due when the task is.
pub(super) fn owed(facts: &TaskFacts) -> Option<Owed> {
    let task = facts.task()?;
    (task.owner == NOBODY).then(|| Owed::by(NOBODY, task.due.unwrap_or(UNDATED)))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::check;

    #[test]
    fn a_task_that_nobody_was_given_is_nobodys_until_it_is_done() {
        let task = |status: &str, members: &str| {
            format!(r#"{{"resourceType":"Task","id":"t1","status":"{status}","intent":"order"{members}}}"#)
        };
        let due = r#","restriction":{"period":{"end":"2026-11-17T15:30:00Z"}}"#;
        check(
            &KIND,
            &[
                (task("requested", ""), vec![], Some(("nobody", ""))),
                (task("requested", due), vec![], Some(("nobody", "2026-11-17T15:30:00Z"))),
                (task("completed", due), vec![], None),
                (task("requested", r#","owner":{"reference":"Practitioner/okafor"}"#), vec![], None),
            ],
        );
    }
}
