//! A patient's chart: the Patient, the compartment by type, and the names that these point at.
//!
//! Bounded: so many resources of each type, so many names. A bound that was reached is said on the page.
//!
//! Somebody in a bed is observed all day, and the rest of their chart is written seldom. So the two are kept by themselves,
//! and of observations only those that came since are read.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use administration::merging::held_back;
use clinical::{Chart, Material, Observed};
use fhir::search::{UNDATED, compartment_spans};
use fhir::{Document, Limits};
use record::{Key, Problem, Reading, Version};

use super::finished;
use crate::door::{Door, asked};

/// Types of the compartment that a chart is made from.
const TYPES: &[&str] = &[
    "AllergyIntolerance",
    "Appointment",
    "Condition",
    "DiagnosticReport",
    "DocumentReference",
    "Encounter",
    "Goal",
    "ImagingStudy",
    "MedicationRequest",
    "MedicationStatement",
];
const OBSERVATION: &str = "Observation";
/// How many observations of each code are read, the newest: more than sets or sparklines show.
const NEWEST: usize = 250;
/// How many of one type are read at most.
const MOST: usize = 10_000;
/// Types whose rows print the names of those they point at.
const PRINT_NAMES: &[&str] =
    &["Patient", "Encounter", "Appointment", "MedicationRequest", "MedicationStatement", "DocumentReference", "Goal"];
/// What time alone changes of a chart is so old at most.
const KEPT: Duration = Duration::from_secs(60);
/// How many observations are added to those that were read at once, before all are read again.
const MOST_ADDED: usize = 500;
/// How many people, places and medicines are looked up by name.
const MOST_NAMES: usize = 300;
/// Bytes that these may have together.
const MOST_NAMES_BYTES: usize = 16 << 20;

/// A chart and what it could not include.
pub(crate) struct Gathered {
    pub(crate) chart: Arc<Chart>,
    /// Types of which there is more than was read.
    pub(crate) cut: Vec<&'static str>,
    /// How many items are shown as neither's since the record was another person's too.
    pub(crate) held_back: usize,
}

/// The chart of a patient; `None` when there is none or the permit does not reach them.
pub(crate) async fn chart_of(door: &Door, id: &str) -> Result<Option<Arc<Gathered>>, Problem> {
    let reading = door.record.read(&door.permit, asked::SUMMARY).await?;
    let answer = gather(door, &reading, id).await;
    finished(reading, answer).await
}

/// The same, by a reading that is open. What it is put together from is kept until a commit touches it; the chart of
/// somebody who is observed every few minutes would not be kept for long, and is large.
pub(crate) async fn gather(door: &Door, reading: &Reading, id: &str) -> Result<Option<Arc<Gathered>>, Problem> {
    let rest = rest(door, reading, id).await?;
    let Some(rest) = &*rest else { return Ok(None) };
    let all = observations(reading, id).await?;
    let chart = Arc::new(Chart::clone(&rest.chart).with(all.observed.iter().map(|observed| &**observed)));
    let cut = rest.cut.iter().copied().chain((!all.is_whole).then_some(OBSERVATION)).collect();
    Ok(Some(Arc::new(Gathered { chart, cut, held_back: rest.held_back })))
}

/// A chart without observations.
async fn rest(door: &Door, reading: &Reading, id: &str) -> Result<Arc<Option<Gathered>>, Problem> {
    const REST: &str = "chart-rest";
    if let Some(rest) = reading.kept::<Option<Gathered>>(REST, id, KEPT).await? {
        return Ok(rest);
    }
    let own = reading.to_keep();
    let rest = read_rest(door, &own, id).await?;
    reading.keep((REST, id), own, rest).await
}

async fn read_rest(door: &Door, reading: &Reading, id: &str) -> Result<Option<Gathered>, Problem> {
    let patient = reading.get(&Key::new("Patient", id)).await?;
    let Some(patient) = patient.filter(|version| !version.text.is_empty()) else { return Ok(None) };
    let mut versions = Vec::new();
    let (mut cut, mut allergies_readable) = (Vec::new(), true);
    for kind in TYPES {
        match of_type(reading, id, kind, NEWEST, &mut versions).await {
            Ok(complete) => cut.extend((!complete).then_some(*kind)),
            // A chart without allergies must say so and never read as "none": the rest of the page still helps.
            Err(problem) if *kind == "AllergyIntolerance" => {
                tracing::error!(%problem, "the allergies of a chart could not be read");
                reading.keeps_nothing();
                allergies_readable = false;
            }
            Err(problem) => return Err(problem),
        }
    }
    // What is in the record was a document when it was accepted; one that is not any more is found by `verify`.
    let Some(patient) = parsed(&patient) else { return Ok(None) };
    let mut documents: Vec<Document<'_>> = versions.iter().filter_map(parsed).collect();
    // Who is too large to be read for a name stays without one.
    let (names, _) = reading.get_many_within(&unnamed(&patient, &documents), MOST_NAMES_BYTES).await?;
    documents.extend(names.iter().filter_map(parsed));
    let reads_lists = reading.permit().scope().reads.contains("List");
    let held_back = if reads_lists { held_back(reading, id).await? } else { 0 };
    let chart = Arc::new(chart_from(door, &patient, &documents, allergies_readable));
    Ok(Some(Gathered { chart, cut, held_back }))
}

/// What a chart takes from a patient's observations.
struct Observations {
    /// In the order in which they were written.
    observed: Vec<Arc<Observed>>,
    /// Those that were read, also those that say nothing.
    ids: HashSet<String>,
    is_whole: bool,
    /// How many were added since all were read.
    added: usize,
}

/// A patient's observations: those that are kept, with those that came since.
async fn observations(reading: &Reading, id: &str) -> Result<Arc<Observations>, Problem> {
    const OBSERVATIONS: &str = "chart-observations";
    if let Some(all) = reading.kept::<Observations>(OBSERVATIONS, id, Duration::MAX).await? {
        return Ok(all);
    }
    let own = reading.to_keep();
    if let Some((before, changed)) = own.kept_but_for::<Observations>((OBSERVATIONS, id), OBSERVATION).await?
        && let Some(all) = before.with(&own, id, changed).await?
    {
        return reading.keep((OBSERVATIONS, id), own, all).await;
    }
    let own = reading.to_keep();
    let mut versions = Vec::new();
    let is_whole = of_type(&own, id, OBSERVATION, NEWEST, &mut versions).await?;
    let ids = versions.iter().map(|version| version.key.id.clone()).collect();
    let documents = versions.iter().filter_map(parsed);
    let observed = documents.filter_map(|document| clinical::observed(document.root())).map(Arc::new).collect();
    reading.keep((OBSERVATIONS, id), own, Observations { observed, ids, is_whole, added: 0 }).await
}

impl Observations {
    /// With these as well; `None` unless each of them is new and the patient's own, or when it is time to read all again.
    async fn with(&self, reading: &Reading, id: &str, changed: BTreeSet<Key>) -> Result<Option<Observations>, Problem> {
        let added = self.added + changed.len();
        if added > MOST_ADDED || changed.iter().any(|key| self.ids.contains(&key.id)) {
            return Ok(None);
        }
        let keys: Vec<Key> = changed.into_iter().collect();
        let mut versions = reading.get_many(&keys).await?;
        versions.sort_by_key(|version| version.sequence);
        let (mut observed, mut ids) = (self.observed.clone(), self.ids.clone());
        for version in &versions {
            let Some(document) = parsed(version) else { continue };
            let is_own = fhir::read::id_of(document.root(), "subject", "Patient").as_deref() == Some(id);
            if version.version != 1 || !is_own {
                return Ok(None);
            }
            observed.extend(clinical::observed(document.root()).map(Arc::new));
            ids.insert(version.key.id.clone());
        }
        Ok(Some(Observations { observed, ids, is_whole: self.is_whole, added }))
    }
}

/// Adds the resources of a type in the patient's compartment, of observations the newest of each code and all without a
/// code or a date; whether these were all.
pub(super) async fn of_type(
    reading: &Reading,
    id: &str,
    kind: &str,
    newest: usize,
    versions: &mut Vec<Version>,
) -> Result<bool, Problem> {
    let each = if kind == OBSERVATION { newest } else { MOST };
    // Codes in words alone are one code to the index, and many tests to people.
    let uncoded = compartment_spans(id, Some(kind), &[(Some(""), "")]).swap_remove(0);
    let mut is_whole = true;
    for span in compartment_spans(id, Some(kind), &[]) {
        let bounds = (each, UNDATED.as_slice(), &uncoded);
        let (found, was_enough) = reading.newest_of_each(kind, span, bounds, MOST).await?;
        versions.extend(found);
        is_whole &= was_enough;
    }
    Ok(is_whole)
}

/// The people, places, organisations and medicines that are pointed at without a name.
fn unnamed(patient: &Document<'_>, documents: &[Document<'_>]) -> Vec<Key> {
    let mut wanted: BTreeSet<(String, String)> = BTreeSet::new();
    for document in std::iter::once(patient).chain(documents) {
        if wanted.len() >= MOST_NAMES {
            break;
        }
        if document.resource_type().is_some_and(|kind| PRINT_NAMES.contains(&&*kind)) {
            wanted.extend(clinical::unnamed_references(document.root()));
        }
    }
    wanted.iter().take(MOST_NAMES).map(|(kind, id)| Key::new(kind, id)).collect()
}

fn parsed(version: &Version) -> Option<Document<'_>> {
    Document::parse(&version.text, &Limits::default()).ok()
}

fn chart_from(door: &Door, patient: &Document<'_>, documents: &[Document<'_>], allergies_readable: bool) -> Chart {
    let resources = documents.iter().map(Document::root).collect();
    clinical::chart(&Material { patient: patient.root(), resources, allergies_readable }, door.now)
}

/// Who a patient is, for pages without clinical content.
pub(crate) async fn identity_of(door: &Door, reading: &Reading, id: &str) -> Result<Option<Chart>, Problem> {
    let patient = reading.get(&Key::new("Patient", id)).await?.filter(|version| !version.text.is_empty());
    Ok(patient.as_ref().and_then(parsed).map(|patient| chart_from(door, &patient, &[], true)))
}
