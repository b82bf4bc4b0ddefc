//! *Downtime number to account for*: a number of a form, or a hospital number, that was issued on paper and of which nobody has
//! said what became of it, although a downtime has ended. It is whose it was given to, a ward or health records, until it is
//! used or void; by then nothing that was written on paper is missing.

use super::facts::TaskFacts;
use super::{Counts, HOUR_MS, Kind, Owed};
use crate::downtime::{ACCOUNTED_WITHIN_HOURS, State};

/// What it is in words.
pub const KIND: Kind = Kind {
    code: "downtime-number",
    words: ("downtime number or form to account for", "downtime numbers and forms to account for"),
    whose: "Issued on paper, after a downtime",
    end: "It ends when the form is entered under its number, or somebody has said why the number is void.",
    counts: Counts::Open,
    is_urgent: false,
    is_clinical: false,
    by_team: false,
    allowed_ms: ACCOUNTED_WITHIN_HOURS * HOUR_MS,
};

/// An open number, due two days after the downtime ended. Before one has ended it lies in a drawer and owes nothing.
pub(super) fn owed(facts: &TaskFacts) -> Option<Owed> {
    let number = facts.number.as_ref().filter(|number| number.state == State::Open)?;
    Some(Owed::by(number.owner.0.clone(), number.due?))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::check;

    fn number(status: &str, members: &str) -> String {
        let owner = r#""owner":{"identifier":{"system":"urn:almoner:owner","value":"place/heron"}}"#;
        format!(
            r#"{{"resourceType":"Task","id":"n1","status":"{status}","intent":"order",{owner},{members}
                "code":{{"coding":[{{"system":"urn:almoner:downtime","code":"form-number"}}]}}}}"#
        )
    }

    #[test]
    fn a_number_is_the_wards_from_the_end_of_a_downtime_until_it_is_used_or_void() {
        let due = r#""restriction":{"period":{"end":"2026-11-19T06:40:00Z"}},"#;
        let void = format!(r#"{due}"statusReason":{{"text":"Sheet destroyed"}},"#);
        let used =
            format!(r#"{due}"output":[{{"type":{{"text":"admit"}},"valueReference":{{"reference":"Encounter/1"}}}}],"#);
        let owed = Some(("place/heron", "2026-11-19T06:40:00Z"));
        check(
            &KIND,
            &[
                (number("requested", ""), vec![], None),
                (number("requested", due), vec![], owed),
                (number("cancelled", due), vec![], owed),
                (number("completed", due), vec![], owed),
                (number("cancelled", &void), vec![], None),
                (number("completed", &used), vec![], None),
            ],
        );
    }
}
