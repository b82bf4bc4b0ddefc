//! *Task*: something that somebody wrote down to be done. It is its owner's, and while it is handed over stays so until
//! the other has accepted it.

use super::facts::TaskFacts;
use super::{Counts, Kind, Owed, UNDATED};

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "task",
    words: ("open task", "open tasks"),
    whose: "Written down to be done",
    end: "It ends when the task is done or cancelled.",
    counts: Counts::Open,
    is_urgent: false,
    is_clinical: false,
    by_team: false,
    allowed_ms: 0,
};

/// A task that is open, due at its date.
pub(super) fn owed(facts: &TaskFacts) -> Option<Owed> {
    let task = facts.task()?;
    Some(Owed::by(task.owner.clone(), task.due.unwrap_or(UNDATED)))
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
    fn a_task_is_its_owners_until_it_is_done_also_while_it_is_handed_over() {
        let owed = Some(("user/k.boateng", "2026-11-17T15:30:00Z"));
        let handed = r#""extension":[{"url":"urn:almoner:handed-to","valueString":"user/m.ortiz"}]"#;
        let of_another = r#"{"resourceType":"Task","id":"t1","status":"ready","intent":"plan","owner":{"reference":"Practitioner/okafor"}}"#;
        let without = r#"{"resourceType":"Task","id":"t1","status":"requested","intent":"order"}"#;
        check(
            &KIND,
            &[
                (task("requested", ""), vec![], owed),
                (task("accepted", ""), vec![], owed),
                (task("failed", ""), vec![], owed),
                (task("requested", handed), vec![], owed),
                (task("completed", ""), vec![], None),
                (task("cancelled", ""), vec![], None),
                (task("entered-in-error", ""), vec![], None),
                (of_another.into(), vec![], Some(("practitioner/okafor", ""))),
                (without.into(), vec![], Some(("nobody", ""))),
            ],
        );
    }
}
