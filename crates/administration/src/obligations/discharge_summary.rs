//! *Discharge summary owed*: somebody who has left is owed a summary within 24 hours (operations 20; NHS Standard
//! Contract, service condition 11: discharge summaries within 24 hours). The ward that they left owns it.
//!
//! A summary is a Composition or DocumentReference of the stay that is final, by code: LOINC 18842-5 or SNOMED CT
//! 373942005. One in words alone does not count: it stays owed until somebody has said what it is.

use fhir::Node;
use fhir::read::{has_code, text};

use super::facts::StayFacts;
use super::{Counts, HOUR_MS, Kind, Owed, due_of, place_of};
use crate::stays::StayState;

const ALLOWED_MS: i64 = 24 * HOUR_MS;
const SUMMARY_CODES: &[&str] = &["18842-5", "373942005"];

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "discharge-summary",
    words: ("discharge summary owed", "discharge summaries owed"),
    whose: "People who have left",
    end: "It ends when the final discharge summary of the stay is in the record.",
    counts: Counts::Open,
    is_urgent: false,
    is_clinical: false,
    by_team: false,
    allowed_ms: ALLOWED_MS,
};

/// A stay that has ended and has no final summary, due a day after it ended.
pub(super) fn owed(facts: &StayFacts<'_, '_>) -> Option<Owed> {
    let stay = &facts.stay;
    if stay.state != StayState::Discharged || facts.papers.iter().any(|paper| is_summary(*paper)) {
        return None;
    }
    Some(Owed::by(place_of(stay), due_of(stay.ended.as_ref().map(|ended| ended.lower()), ALLOWED_MS)))
}

fn is_summary(paper: Node<'_, '_>) -> bool {
    let status = text(paper, "status").unwrap_or_default();
    let is_final = match text(paper, "resourceType").as_deref() {
        Some("Composition") => matches!(status.as_str(), "final" | "amended"),
        _ => {
            let stage = text(paper, "docStatus");
            status == "current" && stage.is_none_or(|stage| matches!(stage.as_str(), "final" | "amended"))
        }
    };
    is_final && paper.get("type").is_some_and(|kind| has_code(kind, SUMMARY_CODES))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::{at, check, stay};

    #[test]
    fn a_summary_is_owed_for_a_day_until_a_final_one_is_there() {
        let ended = format!(
            r#""period":{{"start":"2026-11-10T09:00:00Z","end":"2026-11-16T15:00:00Z"}},{}"#,
            at("bed-1", "completed")
        );
        let document = |members: &str, code: &str| {
            format!(
                r#"{{"resourceType":"DocumentReference","id":"d1",{members},"type":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}]}},"content":[{{"attachment":{{"title":"Summary"}}}}]}}"#
            )
        };
        let composition = |status: &str| {
            format!(
                r#"{{"resourceType":"Composition","id":"c1","status":"{status}","type":{{"coding":[{{"system":"http://snomed.info/sct","code":"373942005"}}]}},"date":"2026-11-16","author":[{{"display":"Dr A Mistry"}}],"title":"Discharge summary"}}"#
            )
        };
        let current = r#""status":"current""#;
        let owed = Some(("place/bed-1", "2026-11-17T15:00:00Z"));
        check(
            &KIND,
            &[
                (stay("finished", &ended), vec![], owed),
                (stay("finished", &ended), vec![document(current, "18842-5")], None),
                (stay("finished", &ended), vec![document(current, "11506-3")], owed),
                (stay("finished", &ended), vec![document(r#""status":"superseded""#, "18842-5")], owed),
                (
                    stay("finished", &ended),
                    vec![document(r#""status":"current","docStatus":"preliminary""#, "18842-5")],
                    owed,
                ),
                (stay("finished", &ended), vec![composition("final")], None),
                (stay("finished", &ended), vec![composition("preliminary")], owed),
                (stay("finished", ""), vec![], Some(("nobody", ""))),
                (stay("in-progress", &ended), vec![], None),
                (stay("entered-in-error", &ended), vec![], None),
            ],
        );
    }
}
