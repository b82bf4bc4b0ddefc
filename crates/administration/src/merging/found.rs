//! Possible duplicates are found where they come about: whoever changes a Patient, by whatever door, has the pairs that
//! could be one person now put to the patient index, in the same commit.
//!
//! The rule is `matching`'s with the weights that the trust has learnt. A pair that was asked about once is not asked about
//! again, whatever was said. Nothing merges.

use fhir::read::{extension, id_of};
use fhir::write::{Object, array, extension as extension_json, quoted};
use fhir::{Document, Limits, Node};
use record::{Change, Draft, Key, Problem, Reading};
use terms::Moment;

use super::review::{Pair, Review, review_id};
use crate::draft::{self, document};
use crate::matching::{Comparison, Demographics, Verdict, Weights};
use crate::patient_index::candidates;
use crate::registration::MOTHER;
use crate::registration::unknown::is_unknown;

/// Where a trust's weights are kept: a CodeSystem of its own, which whoever may look somebody up may read.
const WEIGHTS: (&str, &str) = ("CodeSystem", "matching-weights");
const WEIGHTS_TEXT: &str = "urn:almoner:matching:weights";
/// Patients of one draft that are compared; a load of more is followed by a search through all (`almoner match --trust`).
const MOST_PATIENTS: usize = 20;
/// Pairs that one Patient is asked about at once.
const MOST_PAIRS: usize = 8;

/// What agreements are worth in this trust; what is believed where nothing was learnt yet.
///
/// # Errors
/// The record could not be read.
pub async fn weights(reading: &Reading) -> Result<Weights, Problem> {
    let version = reading.get(&Key::new(WEIGHTS.0, WEIGHTS.1)).await?.filter(|version| !version.text.is_empty());
    let Some(version) = version else { return Ok(Weights::believed()) };
    let text = extension(document(&version)?.root(), WEIGHTS_TEXT).and_then(|of| fhir::read::text(of, "valueString"));
    Ok(text.and_then(|text| Weights::of_text(&text)).unwrap_or_else(Weights::believed))
}

/// The change that keeps what was learnt, a text of [`Weights`].
pub(super) fn keep_weights(text: &str) -> Result<Change, Problem> {
    let resource = Object::resource(WEIGHTS.0, WEIGHTS.1)
        .json("extension", array([extension_json(WEIGHTS_TEXT, "valueString", &quoted(text))]))
        .text("status", "active")
        .text("title", "What agreements between two records are worth here")
        .text("content", "not-present")
        .done();
    draft::put(Key::new(WEIGHTS.0, WEIGHTS.1), resource.as_bytes())
}

/// The weight of a comparison as a review shows it, such as `+17.6`.
pub(super) fn weight_words(of: &Comparison) -> String {
    format!("{:+.1}", of.weight_bits)
}

/// Adds to a draft the questions that its Patients raise: pairs that are as likely one person as not. Pairs that the
/// permit cannot see or ask about are left to the search through all.
///
/// # Errors
/// The record could not be read.
pub async fn with_questions(reading: &Reading, mut draft: Draft, now: Moment) -> Result<Draft, Problem> {
    let scope = reading.permit().scope();
    let may_ask = scope.reads.contains("Patient") && scope.reads.contains("Task") && scope.writes.contains("Task");
    let patients = draft.changes.iter().filter(|change| change.key().kind == "Patient").count();
    if !may_ask || patients == 0 || patients > MOST_PATIENTS {
        return Ok(draft);
    }
    let weights = weights(reading).await?;
    let mut asked = Vec::new();
    for change in &draft.changes {
        let Change::Put(key, template) = change else { continue };
        if key.kind != "Patient" {
            continue;
        }
        let Ok(document) = Document::parse(&template.text, &Limits::default()) else { continue };
        let is_gone = document.root().get("active").and_then(|active| active.boolean()) == Some(false);
        if is_gone || is_unknown(document.root()) || says_the_same(reading, key, &document).await? {
            continue;
        }
        asked.extend(questions(reading, &weights, (&key.id, document.root()), now).await?);
    }
    for review in asked {
        let key = review.key();
        if draft.changes.iter().all(|change| *change.key() != key) {
            draft.changes.push(draft::put(key, review.text().as_bytes())?);
        }
    }
    Ok(draft)
}

/// Whether what tells people apart is what it was.
async fn says_the_same(reading: &Reading, key: &Key, document: &Document<'_>) -> Result<bool, Problem> {
    let before = reading.get(key).await?.filter(|version| !version.text.is_empty());
    let Some(before) = before else { return Ok(false) };
    let before = self::document(&before)?;
    let was_known = !is_unknown(before.root());
    Ok(was_known && Demographics::of_patient(before.root()) == Demographics::of_patient(document.root()))
}

/// The pairs of one Patient that nobody was asked about yet.
async fn questions(
    reading: &Reading,
    weights: &Weights,
    (id, patient): (&str, Node<'_, '_>),
    now: Moment,
) -> Result<Vec<Review>, Problem> {
    let person = Demographics::of_patient(patient);
    let (mut others, mut recorded) = (Vec::new(), Vec::new());
    for version in candidates(reading, &person).await? {
        let document = document(&version)?;
        let pair = Pair::of(id, &version.key.id);
        if let Some(pair) = pair.filter(|_| !are_siblings(patient, document.root())) {
            recorded.push(Demographics::of_patient(document.root()));
            others.push(pair);
        }
    }
    let compared = weights.compare_all(&person, &recorded);
    let mut likely: Vec<(Pair, Comparison)> =
        others.into_iter().zip(compared).filter(|(_, compared)| compared.verdict != Verdict::Different).collect();
    likely.sort_by(|a, b| b.1.weight_bits.total_cmp(&a.1.weight_bits));
    let mut asked = Vec::new();
    for (pair, compared) in likely.into_iter().take(MOST_PAIRS) {
        if reading.get(&Key::new("Task", review_id(&pair))).await?.is_none() {
            asked.push(Review { weight: Some(weight_words(&compared)), ..Review::new(pair, now) });
        }
    }
    Ok(asked)
}

/// Babies of one mother whose birth order says that they are two.
fn are_siblings(one: Node<'_, '_>, other: Node<'_, '_>) -> bool {
    match (birth(one), birth(other)) {
        (Some(one), Some(other)) => one.0 == other.0 && one.1 != other.1,
        _ => false,
    }
}

/// Of a baby of a birth of several: whose it is, and which of them.
pub(super) fn birth(patient: Node<'_, '_>) -> Option<(String, String)> {
    let mother = extension(patient, MOTHER).and_then(|of| id_of(of, "valueReference", "Patient"))?;
    Some((mother, patient.get("multipleBirthInteger")?.raw_text().to_owned()))
}
