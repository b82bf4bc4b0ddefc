//! *Allergies not recorded*: somebody is in the hospital and nobody has recorded whether they have allergies. The rule of
//! the chart decides (`allergies.rs`); it is owed four hours after they came, by the place where they are.

use std::sync::Arc;

use administration::obligations::{Counts, Kind, Owed, due_of, place_of, read};
use administration::stays::{OPEN_VISIT, Stay};
use fhir::Node;
use record::obligation::{Facts, Obligation, ObligationFunction};

use crate::allergies::{Allergies, allergies};
use crate::read::text;

const ALLOWED_MS: i64 = 4 * 60 * 60 * 1000;

/// Allergies not recorded, in words.
pub const ALLERGIES_NOT_RECORDED: Kind = Kind {
    code: "allergies-not-recorded",
    words: ("patient with allergies not recorded", "patients with allergies not recorded"),
    whose: "In the hospital now",
    end: "It ends when an allergy is recorded, or that there are none.",
    counts: Counts::Open,
    is_urgent: false,
    is_clinical: true,
    by_team: false,
    allowed_ms: ALLOWED_MS,
};

/// Every kind of the clinical record.
pub const KINDS: &[&Kind] = &[&ALLERGIES_NOT_RECORDED];

/// The obligation functions of the clinical record.
pub fn functions() -> Vec<ObligationFunction> {
    vec![ObligationFunction {
        name: "allergies",
        version: 1,
        anchor: "Patient",
        related: vec![("AllergyIntolerance", "AllergyIntolerance.patient"), ("Encounter", OPEN_VISIT)],
        concerns: Arc::new(|_| true),
        decide: Arc::new(of_patient),
    }]
}

fn of_patient(facts: &Facts<'_>) -> Vec<Obligation> {
    read(facts, |_, related| owed(related).map(|owed| ALLERGIES_NOT_RECORDED.obligation(owed)).into_iter().collect())
}

fn owed(related: &[Node<'_, '_>]) -> Option<Owed> {
    let of = |kind: &'static str| {
        related.iter().copied().filter(move |one| text(*one, "resourceType").as_deref() == Some(kind))
    };
    let visits = of("Encounter").map(Stay::of).filter(|stay| stay.state.is_live());
    let began = |stay: &Stay| stay.started.as_ref().map(|started| started.lower());
    let visit = visits.min_by_key(began)?;
    let is_owed = allergies(of("AllergyIntolerance")) == Allergies::NotRecorded;
    is_owed.then(|| Owed::by(place_of(&visit), due_of(began(&visit), ALLOWED_MS)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use fhir::{Document, Limits};

    use super::*;

    fn check(related: &[&str], expected: Option<(&str, i64)>) {
        let documents: Vec<Document<'_>> =
            related.iter().map(|text| Document::parse(text.as_bytes(), &Limits::default()).unwrap()).collect();
        let nodes: Vec<Node<'_, '_>> = documents.iter().map(Document::root).collect();
        let found = owed(&nodes).map(|owed| (owed.owner, owed.due.0));
        assert_eq!(found, expected.map(|(owner, due)| (owner.to_owned(), due)), "{related:?}");
    }

    #[test]
    fn allergies_are_owed_while_somebody_is_here_and_nobody_has_asked() {
        const VISIT: &str = r#"{"resourceType":"Encounter","id":"s1","status":"in-progress","class":{"code":"IMP"},
            "period":{"start":"1970-01-01T01:00:00Z"},"location":[{"location":{"reference":"Location/bed-6"},"status":"active"}]}"#;
        let ended = VISIT.replace("in-progress", "finished");
        let none_known = r#"{"resourceType":"AllergyIntolerance","id":"a1","patient":{"reference":"Patient/p1"},
            "code":{"coding":[{"system":"http://snomed.info/sct","code":"716186003"}]}}"#;
        let none_of_drugs = none_known.replace("716186003", "409137002");
        let refuted = none_known
            .replace("\"code\":{", r#""verificationStatus":{"coding":[{"code":"entered-in-error"}]},"code":{"#);
        let owed = Some(("place/bed-6", 5 * 60 * 60 * 1000));
        check(&[VISIT], owed);
        check(&[none_known, VISIT], None);
        check(&[&none_of_drugs, VISIT], owed);
        check(&[&refuted, VISIT], owed);
        check(&[&ended], None);
        check(&[], None);
    }
}
