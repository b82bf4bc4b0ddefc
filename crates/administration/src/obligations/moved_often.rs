//! *Moved three times or more*: a task whose date was put off again and again (operations 6). Its first date is kept and
//! is the due here, so that putting it off does not make it younger.

use super::facts::TaskFacts;
use super::{Counts, Kind, Owed, UNDATED};

/// From how many new dates on it is counted.
const OFTEN: u32 = 3;

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "task-moved",
    words: ("task moved three times or more", "tasks moved three times or more"),
    whose: "By their first date",
    end: "It ends when the task is done or cancelled.",
    counts: Counts::Open,
    is_urgent: false,
    is_clinical: false,
    by_team: false,
    allowed_ms: 0,
};

/// An open task with at least three new dates, due at its first.
pub(super) fn owed(facts: &TaskFacts) -> Option<Owed> {
    let task = facts.task()?;
    (task.times_moved >= OFTEN).then(|| Owed::by(task.owner.clone(), task.first_due.or(task.due).unwrap_or(UNDATED)))
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
    fn a_task_that_was_put_off_three_times_is_due_at_its_first_date() {
        let moved = |times: u32| {
            format!(
                r#""extension":[{{"url":"urn:almoner:first-due","valueDateTime":"2026-11-10T09:00:00Z"}},{{"url":"urn:almoner:times-moved","valueUnsignedInt":{times}}}]"#
            )
        };
        check(
            &KIND,
            &[
                (task("requested", &moved(3)), vec![], Some(("user/k.boateng", "2026-11-10T09:00:00Z"))),
                (task("requested", &moved(2)), vec![], None),
                (task("requested", ""), vec![], None),
                (task("completed", &moved(5)), vec![], None),
            ],
        );
    }
}
