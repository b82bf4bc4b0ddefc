//! *Registration details missing*: what registration asks on its second step and nobody has asked yet (operations 15).
//! Owed for those who are in the hospital, within a day; never a block in the emergency department.
//!
//! Five of the nine questions are owed: ethnicity, next of kin, communication needs, interpreter, overseas status. That
//! somebody asked and there was nothing to say is an answer (`registration::asked_items`).

use super::facts::{PatientFacts, began};
use super::{Counts, HOUR_MS, Kind, Owed, due_of};
use crate::registration::{Asked, Item, asked_items};

const ALLOWED_MS: i64 = 24 * HOUR_MS;
/// The questions that somebody must ask.
const OWED: [Item; 5] = [Item::Ethnicity, Item::NextOfKin, Item::Communication, Item::Interpreter, Item::Overseas];

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "registration-incomplete",
    words: ("patient with registration details missing", "patients with registration details missing"),
    whose: "In the hospital now",
    end: "It ends when ethnicity, next of kin, communication needs, interpreter and overseas status have been asked.",
    counts: Counts::Open,
    is_urgent: false,
    is_clinical: false,
    by_team: false,
    allowed_ms: ALLOWED_MS,
};

/// A patient with an open visit of whom something was not asked, due a day after they came.
pub(super) fn owed(facts: &PatientFacts<'_, '_>) -> Option<Owed> {
    let visit = facts.first_visit()?;
    let asked = asked_items(facts.patient, &[]);
    let is_missing = asked.iter().any(|(item, asked)| OWED.contains(item) && *asked == Asked::NotAsked);
    is_missing.then(|| Owed::by(facts.owner(), due_of(began(visit), ALLOWED_MS)))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::{at, check, from, stay};

    fn patient(members: &str) -> String {
        let comma = if members.is_empty() { "" } else { "," };
        format!(r#"{{"resourceType":"Patient","id":"p1"{comma}{members}}}"#)
    }

    #[test]
    fn what_was_not_asked_is_owed_while_somebody_is_here() {
        let visit = vec![stay("in-progress", &format!("{},{}", from("2026-11-17T10:00:00Z"), at("bed-1", "active")))];
        let asked = |codes: &[&str]| {
            let one = |code: &&str| {
                format!(r#"{{"url":"urn:almoner:asked","extension":[{{"url":"item","valueCode":"{code}"}}]}}"#)
            };
            format!(r#""extension":[{}]"#, codes.iter().map(one).collect::<Vec<_>>().join(","))
        };
        let told = r#""contact":[{"name":{"text":"Tunji","family":"Adeyemi"}}]"#;
        let all = ["ethnicity", "next-of-kin", "communication-needs", "interpreter", "overseas-status"];
        let owed = Some(("place/bed-1", "2026-11-18T10:00:00Z"));
        check(
            &KIND,
            &[
                (patient(""), visit.clone(), owed),
                (patient(told), visit.clone(), owed),
                (patient(&asked(&all[1..])), visit.clone(), owed),
                (patient(&asked(&all)), visit.clone(), None),
                (patient(&format!("{told},{}", asked(&[all[0], all[2], all[3], all[4]]))), visit, None),
                (patient(""), vec![], None),
                (patient(""), vec![stay("finished", "")], None),
            ],
        );
    }
}
