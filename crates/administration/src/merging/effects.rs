//! What each of two records holds, and what a merge would do: what cannot both be true, to be settled by a person.
//!
//! Pathways, stays and allergies are never merged into one. Two of a kind that contradict each other become a task with an
//! owner; until it is settled the safe reading holds (allergic). Both in hospital at once: no merge.

use fhir::read::{codings, has_code, items, text, when};
use record::{Clause, Problem, Reading, SUBJECT, Select};
use terms::index::{Part, Span};

use super::review::Pair;
use crate::draft::document;
use crate::stays::Stay;

/// Most resources of one kind that are looked at for contradictions.
const MOST: usize = 1000;

/// How many of a kind each of the two has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holds {
    /// The resource type.
    pub kind: &'static str,
    /// What people call it.
    pub words: &'static str,
    /// Left and right.
    pub counts: (u64, u64),
}

/// What a merge would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effects {
    /// Whether both are in hospital now: then there is no merge.
    pub both_inpatients: bool,
    /// Whether stays overlap in time.
    pub stays_overlap: bool,
    /// Whether one is known to be allergic where the other is said not to be, or their allergies differ.
    pub allergies_conflict: bool,
    /// Treatment functions or kinds of pathways of which both have an open one.
    pub open_in_both: Vec<String>,
}

/// The kinds that a reviewer is shown.
const KINDS: [(&str, &str); 10] = [
    ("Encounter", "Stays and attendances"),
    ("EpisodeOfCare", "Pathways"),
    ("AllergyIntolerance", "Allergies"),
    ("Condition", "Problems"),
    ("MedicationRequest", "Medicines"),
    ("Observation", "Observations and results"),
    ("Appointment", "Appointments"),
    ("DocumentReference", "Documents"),
    ("Communication", "Letters and messages"),
    ("Task", "Tasks"),
];

/// What each of two holds. Takes as long as there is to count: for reviewers, not for the merge.
pub async fn holds(reading: &Reading, pair: &Pair) -> Result<Vec<Holds>, Problem> {
    let mut holds = Vec::with_capacity(KINDS.len());
    for (kind, words) in KINDS {
        let counts = (count(reading, kind, &pair.left).await?, count(reading, kind, &pair.right).await?);
        holds.push(Holds { kind, words, counts });
    }
    Ok(holds)
}

/// What a merge of these two would do.
pub async fn effects(reading: &Reading, pair: &Pair) -> Result<Effects, Problem> {
    let (left, right) = (stays(reading, &pair.left).await?, stays(reading, &pair.right).await?);
    let is_in = |stays: &[Stay]| stays.iter().any(|stay| stay.is_inpatient && stay.state.is_live());
    let overlap = left.iter().any(|one| right.iter().any(|other| overlaps(one, other)));
    let (one, other) = (allergies(reading, &pair.left).await?, allergies(reading, &pair.right).await?);
    let (mine, theirs) = (pathways(reading, &pair.left).await?, pathways(reading, &pair.right).await?);
    Ok(Effects {
        both_inpatients: is_in(&left) && is_in(&right),
        stays_overlap: overlap,
        allergies_conflict: !one.is_empty() && !other.is_empty() && one != other,
        open_in_both: mine.into_iter().filter(|of| theirs.contains(of)).collect(),
    })
}

fn of_patient(kind: &str, patient: &str) -> Select {
    let span = Span::head(SUBJECT, [Part::target("Patient", patient), Part::Kind(kind.to_owned())]);
    Select::of(kind).with(Clause::Any(vec![span])).limit(MOST)
}

async fn count(reading: &Reading, kind: &str, patient: &str) -> Result<u64, Problem> {
    reading.total(&of_patient(kind, patient)).await
}

async fn stays(reading: &Reading, patient: &str) -> Result<Vec<Stay>, Problem> {
    let page = reading.select(&of_patient("Encounter", patient)).await?;
    page.versions.iter().map(|version| Ok(Stay::of(document(version)?.root()))).collect()
}

/// Whether two inpatient stays were at the same time.
fn overlaps(one: &Stay, other: &Stay) -> bool {
    let times = |stay: &Stay| {
        let from = stay.started.as_ref()?.lower().0;
        let until = stay.ended.as_ref().map_or(i64::MAX, |ended| ended.lower().0);
        (stay.is_inpatient && stay.state != crate::stays::StayState::Cancelled).then_some((from, until))
    };
    match (times(one), times(other)) {
        (Some(one), Some(other)) => one.0 < other.1 && other.0 < one.1,
        _ => false,
    }
}

/// What is said of allergies: each agent, and *none known* in its own words.
async fn allergies(reading: &Reading, patient: &str) -> Result<Vec<String>, Problem> {
    let page = reading.select(&of_patient("AllergyIntolerance", patient)).await?;
    let mut said = Vec::new();
    for version in &page.versions {
        let document = document(version)?;
        let root = document.root();
        let is_wrong = root.get("verificationStatus").is_some_and(|of| has_code(of, &["entered-in-error", "refuted"]));
        if let (false, Some(code)) = (is_wrong, root.get("code")) {
            said.push(codings(code).next().map_or_else(
                || text(code, "text").unwrap_or_default().to_lowercase(),
                |(system, code)| format!("{system}|{code}"),
            ));
        }
    }
    said.sort();
    said.dedup();
    Ok(said)
}

/// The kinds of a patient's open pathways.
async fn pathways(reading: &Reading, patient: &str) -> Result<Vec<String>, Problem> {
    let page = reading.select(&of_patient("EpisodeOfCare", patient)).await?;
    let mut open = Vec::new();
    for version in &page.versions {
        let document = document(version)?;
        let root = document.root();
        let is_open = matches!(text(root, "status").as_deref(), Some("active" | "waitlist" | "onhold" | "planned"));
        let has_ended = root.get("period").and_then(|period| when(period, "end")).is_some();
        if is_open && !has_ended {
            let kinds = items(root, "type").filter_map(|kind| codings(kind).next());
            open.extend(kinds.map(|(_, code)| code));
        }
    }
    Ok(open)
}
