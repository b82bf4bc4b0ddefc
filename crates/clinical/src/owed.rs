//! What is owed clinically. *NEWS2 of 7 or more to assess*: the task that a high set makes (`watching.rs`), due half an hour
//! after the set.
//!
//! *Allergies not recorded*: somebody is in the hospital and nobody has recorded whether they have allergies. The rule of
//! the chart decides (`allergies.rs`); it is owed four hours after they came, by the place where they are.

use std::sync::Arc;

use administration::emergency::Attendance;
use administration::obligations::{Counts, Kind, Owed, UNDATED, due_of, place_of, read};
use administration::stays::{OPEN_VISIT, Stay};
use fhir::Node;
use record::obligation::{Facts, Obligation, ObligationFunction};
use terms::local_date;

use crate::allergies::{Allergies, allergies};
use crate::read::text;
use crate::watching::{ALLOWED_MS as ALLOWED_MS_HIGH, HIGH_SCORE, is_high_score};

/// How soon after arrival a senior is named \[check\].
const SENIOR_MS: i64 = 15 * 60 * 1000;
/// The code of a flag that says that a child is at risk.
pub const CHILD_AT_RISK: &str = "child-at-risk";
/// From which age nobody is a child.
const ADULT_YEARS: i16 = 18;
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

/// NEWS2 of 7 or more and nobody has assessed the patient, in words.
pub const HIGH_SCORE_KIND: Kind = Kind {
    code: HIGH_SCORE,
    words: ("patient with NEWS2 of 7 or more to assess", "patients with NEWS2 of 7 or more to assess"),
    whose: "Emergency assessment and continuous monitoring",
    end: "It ends when somebody has assessed the patient and says so in the task.",
    counts: Counts::Open,
    is_urgent: true,
    is_clinical: true,
    by_team: false,
    allowed_ms: ALLOWED_MS_HIGH,
};

/// A child at risk is in the emergency department and no senior is named for them, in words.
pub const NO_SENIOR: Kind = Kind {
    code: "child-without-senior",
    words: ("child at risk without a named senior", "children at risk without a named senior"),
    whose: "In the emergency department",
    end: "It ends when a senior is named in the attendance, or the child leaves.",
    counts: Counts::Open,
    is_urgent: true,
    is_clinical: true,
    by_team: false,
    allowed_ms: SENIOR_MS,
};

/// Every kind of the clinical record, what is most urgent first.
pub const KINDS: &[&Kind] = &[&HIGH_SCORE_KIND, &NO_SENIOR, &ALLERGIES_NOT_RECORDED];

/// The obligation functions of the clinical record.
pub fn functions() -> Vec<ObligationFunction> {
    vec![
        scores(),
        children(),
        ObligationFunction {
            name: "allergies",
            version: 1,
            anchor: "Patient",
            related: vec![("AllergyIntolerance", "AllergyIntolerance.patient"), ("Encounter", OPEN_VISIT)],
            concerns: Arc::new(|_| true),
            decide: Arc::new(of_patient),
        },
    ]
}

fn children() -> ObligationFunction {
    ObligationFunction {
        name: "children at risk",
        version: 1,
        anchor: "Patient",
        related: vec![("Flag", "Flag.patient"), ("Encounter", OPEN_VISIT)],
        concerns: Arc::new(|_| true),
        decide: Arc::new(|facts: &Facts<'_>| {
            read(facts, |patient, related| {
                without_senior(patient, related).map(|owed| NO_SENIOR.obligation(owed)).into_iter().collect()
            })
        }),
    }
}

/// The department's where the child is, who has no named senior. Whose age is not known may be a child.
fn without_senior(patient: Node<'_, '_>, related: &[Node<'_, '_>]) -> Option<Owed> {
    let is_flag = |flag: &Node<'_, '_>| {
        text(*flag, "resourceType").as_deref() == Some("Flag")
            && text(*flag, "status").as_deref() == Some("active")
            && flag.get("code").is_some_and(|code| fhir::read::has_code(code, &[CHILD_AT_RISK]))
    };
    if !related.iter().any(is_flag) {
        return None;
    }
    let attendance = related.iter().filter_map(|one| Attendance::of(*one)).find(Attendance::is_here)?;
    let began = attendance.arrived.map(local_date);
    let is_adult =
        fhir::read::when(patient, "birthDate").and_then(|born| born.date()).zip(began).is_some_and(|(born, on)| {
            let is_to_come = (on.month(), on.day()) < (born.month(), born.day());
            on.year() - born.year() - i16::from(is_to_come) >= ADULT_YEARS
        });
    let is_owed = !is_adult && attendance.senior.is_none();
    is_owed.then(|| Owed::by(place_of(&attendance.stay), due_of(attendance.arrived, SENIOR_MS)))
}

fn scores() -> ObligationFunction {
    ObligationFunction {
        name: "scores",
        version: 1,
        anchor: "Task",
        related: Vec::new(),
        concerns: Arc::new(|_| true),
        decide: Arc::new(|facts: &Facts<'_>| {
            read(facts, |anchor, _| {
                let task = is_high_score(anchor);
                let owed = task.map(|task| Owed::by(task.owner, task.due.unwrap_or(UNDATED)));
                owed.map(|owed| HIGH_SCORE_KIND.obligation(owed)).into_iter().collect()
            })
        }),
    }
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
    fn a_child_at_risk_has_a_named_senior() {
        const PATIENT: &str = r#"{"resourceType":"Patient","id":"p1","birthDate":"2022-03-14"}"#;
        const FLAG: &str = r#"{"resourceType":"Flag","id":"f1","status":"active","code":{"coding":[{"system":"urn:almoner:flag",
            "code":"child-at-risk"}],"text":"Child at risk"},"subject":{"reference":"Patient/p1"}}"#;
        const VISIT: &str = r#"{"resourceType":"Encounter","id":"a1","status":"triaged","class":{"code":"EMER"},
            "period":{"start":"2026-11-17T14:00:00Z"},"location":[{"location":{"reference":"Location/m-1"},"status":"active"}]}"#;
        let senior = VISIT.replace(
            "\"location\":[",
            r#""participant":[{"type":[{"coding":[{"system":"urn:almoner:participation","code":"senior"}]}],
                "individual":{"display":"Dr F Amadi"}}],"location":["#,
        );
        let adult = PATIENT.replace("2022", "1980");
        let over = FLAG.replace("active", "inactive");
        let owed = Some(("place/m-1".to_owned(), "2026-11-17T14:15:00.000Z".to_owned()));
        let cases: [(&str, &[&str], bool); 6] = [
            (PATIENT, &[FLAG, VISIT], true),
            (r#"{"resourceType":"Patient","id":"p1"}"#, &[FLAG, VISIT], true),
            (PATIENT, &[FLAG, &senior], false),
            (&adult, &[FLAG, VISIT], false),
            (PATIENT, &[&over, VISIT], false),
            (PATIENT, &[FLAG], false),
        ];
        for (patient, related, expected) in cases {
            let patient = Document::parse(patient.as_bytes(), &Limits::default()).unwrap();
            let documents: Vec<Document<'_>> =
                related.iter().map(|text| Document::parse(text.as_bytes(), &Limits::default()).unwrap()).collect();
            let nodes: Vec<Node<'_, '_>> = documents.iter().map(Document::root).collect();
            let found = without_senior(patient.root(), &nodes).map(|owed| (owed.owner, owed.due.to_string()));
            assert_eq!(found, owed.clone().filter(|_| expected), "{related:?}");
        }
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
