//! *To be identified*: somebody was registered without anybody knowing who they are (operations 12). Within 24 hours
//! they are linked to their true record, or it is said that they have none.

use fhir::read::{extension, moment};

use super::facts::{PatientFacts, began};
use super::{Counts, HOUR_MS, Kind, NOBODY, Owed, SITE_TEAM, due_of};
use crate::registration::unknown::is_unknown;

const ALLOWED_MS: i64 = 24 * HOUR_MS;
/// When somebody was registered.
const REGISTERED: &str = "urn:almoner:registered";

/// What it is in words.
pub(super) const KIND: Kind = Kind {
    code: "to-be-identified",
    words: ("patient to be identified", "patients to be identified"),
    whose: "Registered without a name",
    end: "It ends when the patient's true record is found or their identity is confirmed.",
    counts: Counts::Open,
    is_urgent: true,
    is_clinical: false,
    by_team: false,
    allowed_ms: ALLOWED_MS,
};

/// A patient with the tag, due a day after they were registered or came. Without a visit it is the site office's.
pub(super) fn owed(facts: &PatientFacts<'_, '_>) -> Option<Owed> {
    // Merged into the true record, or withdrawn: nobody is to be identified any more.
    let is_out_of_use = facts.patient.get("active").and_then(|active| active.boolean()) == Some(false);
    if !is_unknown(facts.patient) || is_out_of_use {
        return None;
    }
    let registered = extension(facts.patient, REGISTERED).and_then(|of| moment(of, "valueDateTime"));
    let since = registered.or_else(|| facts.first_visit().and_then(began));
    let owner = match facts.owner() {
        owner if owner == NOBODY => SITE_TEAM.to_owned(),
        owner => owner,
    };
    Some(Owed::by(owner, due_of(since, ALLOWED_MS)))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::obligations::tests::{at, check, from, stay, tagged};
    use crate::registration::PATIENT_TAG;
    use crate::registration::unknown::IDENTITY_UNKNOWN;

    fn patient(members: &str) -> String {
        let comma = if members.is_empty() { "" } else { "," };
        format!(r#"{{"resourceType":"Patient","id":"p1"{comma}{members}}}"#)
    }

    #[test]
    fn who_is_not_known_is_identified_within_a_day() {
        let tag = tagged(PATIENT_TAG, IDENTITY_UNKNOWN);
        let visit = stay("in-progress", &format!("{},{}", from("2026-11-17T03:10:00Z"), at("ed-resus", "active")));
        let registered = r#""extension":[{"url":"urn:almoner:registered","valueDateTime":"2026-11-17T03:05:00Z"}]"#;
        check(
            &KIND,
            &[
                (patient(&tag), vec![visit.clone()], Some(("place/ed-resus", "2026-11-18T03:10:00Z"))),
                (
                    patient(&format!("{tag},{registered}")),
                    vec![visit],
                    Some(("place/ed-resus", "2026-11-18T03:05:00Z")),
                ),
                (patient(&tag), vec![], Some(("team/site", ""))),
                (patient(""), vec![], None),
                (patient(&tagged("urn:other", IDENTITY_UNKNOWN)), vec![], None),
            ],
        );
    }
}
