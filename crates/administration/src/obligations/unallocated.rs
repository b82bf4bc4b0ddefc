//! *Not given out after an unmerge*: what was written while two people were one record and shows as neither's until somebody
//! says whose it is (`merging`). Health records gives it out within a day: until then both charts lack it.

use super::facts::ListFacts;
use super::{Counts, HOUR_MS, Kind, Owed, RECORDS_TEAM, due_of};

const ALLOWED_MS: i64 = 24 * HOUR_MS;

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "unallocated",
    words: ("merge taken apart with items to give out", "merges taken apart with items to give out"),
    whose: "Written while two people were one record",
    end: "It ends when each item has been given to one of the two.",
    counts: Counts::Open,
    is_urgent: true,
    is_clinical: true,
    by_team: true,
    allowed_ms: ALLOWED_MS,
};

/// What an unmerge left, due a day after it.
pub(super) fn owed(facts: &ListFacts) -> Option<Owed> {
    let list = facts.unallocated.as_ref()?;
    (list.left() > 0).then(|| Owed::by(RECORDS_TEAM, due_of(list.since, ALLOWED_MS)))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::check;

    fn list(code: &str, date: &str, given: [bool; 2]) -> String {
        let code = format!(r#"{{"coding":[{{"system":"urn:almoner:merging","code":"{code}"}}]}}"#);
        let flag = r#""flag":{"coding":[{"system":"urn:almoner:merging","code":"given"}],"text":"p1"},"#;
        let entries = given.iter().enumerate().map(|(at, given)| {
            let flag = if *given { flag } else { "" };
            format!(r#"{{{flag}"item":{{"reference":"Observation/o{at}"}}}}"#)
        });
        let entries = entries.collect::<Vec<_>>().join(",");
        format!(
            r#"{{"resourceType":"List","id":"l1","status":"current","mode":"working","code":{code},{date}
                "note":[{{"text":"p1,p2"}}],"entry":[{entries}]}}"#
        )
    }

    #[test]
    fn what_is_nobodys_is_given_out_within_a_day() {
        let date = r#""date":"2026-11-10T09:00:00Z","#;
        let owed = Some(("team/records", "2026-11-11T09:00:00Z"));
        check(
            &KIND,
            &[
                (list("unmerge", date, [false, false]), vec![], owed),
                (list("unmerge", date, [true, false]), vec![], owed),
                (list("unmerge", "", [true, false]), vec![], Some(("team/records", ""))),
                (list("unmerge", date, [true, true]), vec![], None),
                (list("another", date, [false, false]), vec![], None),
            ],
        );
    }
}
