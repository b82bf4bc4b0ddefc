//! What is read of restricted access: whether a record is restricted, for whom it is open, and what was opened.
//!
//! Somebody with two records that became one is one person here: a restriction of either is one of both, and so is a
//! reason. Bounded: so many openings of a patient.

use std::collections::BTreeMap;

use fhir::read::{id_of, items, text};
use fhir::search::compartment_spans;
use record::{Clause, Key, Problem, Reading, Select};
use terms::Moment;
use terms::index::{Part, Span};

use super::follow_up::FOLLOW_UP;
use super::review::REVIEW;
use super::{DCM, Judged, Opening, SYSTEM};
use crate::draft::document;
use crate::registration::{LABELS, RESTRICTED, is_restricted};

/// Most openings of one person that are looked at, the newest: more than fit into the time that one holds.
const NEWEST: usize = 20;
/// Most openings of a patient, and of what came of some, that are read.
const MOST: usize = 500;

/// That a record is restricted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restriction {
    /// Why, as it is recorded.
    pub why: Option<String>,
    /// The Patients that are this person, the one that was asked for first.
    patients: Vec<String>,
}

impl Restriction {
    /// The restriction of a patient's record; `None` when it has none, or the permit does not reach it.
    ///
    /// # Errors
    /// The record could not be read.
    pub async fn of(reading: &Reading, patient: &str) -> Result<Option<Restriction>, Problem> {
        let version = reading.get(&Key::new("Patient", patient)).await?.filter(|version| !version.text.is_empty());
        let Some(version) = version else { return Ok(None) };
        let document = document(&version)?;
        let into = items(document.root(), "link").filter(is_replaced).find_map(|link| id_of(link, "other", "Patient"));
        let merged = reading.aliases(&version.key).await?;
        let mut why = label(document.root());
        if why.is_none() {
            // What another record brought is on this one's pages, and is restricted there too.
            for other in reading.get_many(&merged).await? {
                why = why.or(label(crate::draft::document(&other)?.root()));
            }
        }
        let Some(why) = why else { return Ok(None) };
        let others = merged.into_iter().map(|key| key.id).chain(into);
        Ok(Some(Restriction { why, patients: std::iter::once(patient.to_owned()).chain(others).collect() }))
    }
}

/// Whether a link says that another record took the place of this one.
fn is_replaced(link: &fhir::Node<'_, '_>) -> bool {
    text(*link, "type").as_deref() == Some("replaced-by")
}

/// The label's words, if there is a label.
fn label(patient: fhir::Node<'_, '_>) -> Option<Option<String>> {
    if !is_restricted(patient) {
        return None;
    }
    let is_ours = |label: &fhir::Node<'_, '_>| {
        text(*label, "system").as_deref() == Some(LABELS) && text(*label, "code").as_deref() == Some(RESTRICTED)
    };
    let label = patient.get("meta").and_then(|meta| items(meta, "security").find(is_ours));
    Some(label.and_then(|label| text(label, "display")))
}

/// The opening by which a restricted record is open to somebody now.
///
/// # Errors
/// The record could not be read.
pub async fn in_force(
    reading: &Reading,
    restriction: &Restriction,
    by: &str,
    now: Moment,
) -> Result<Option<Opening>, Problem> {
    let theirs = Clause::Any(vec![Span::head("AuditEvent.altid", [Part::Text(by.as_bytes().to_vec())])]);
    let found = selected(reading, select(&restriction.patients).with(theirs).limit(NEWEST)).await?;
    Ok(found.into_iter().find(|opening| opening.by == by && opening.holds(now)))
}

/// The restricted records that are open to somebody now, by their Patients, each until a moment. Only their newest openings
/// are looked at: what is older is closed.
///
/// # Errors
/// The record could not be read.
pub async fn open_to(reading: &Reading, by: &str, now: Moment) -> Result<BTreeMap<String, Moment>, Problem> {
    let theirs = Span::head("AuditEvent.altid", [Part::Text(by.as_bytes().to_vec())]);
    let alert = Span::head("AuditEvent.type", [Part::code(DCM, "110113")]);
    let select = Select::of("AuditEvent").with(Clause::Any(vec![theirs])).with(Clause::Any(vec![alert]));
    let found = selected(reading, select.sorted(Some("AuditEvent.date"), true).limit(MOST)).await?;
    let mut open = BTreeMap::new();
    for opening in found.into_iter().filter(|opening| opening.by == by && opening.holds(now)) {
        let restriction = Restriction::of(reading, &opening.patient).await?;
        for patient in restriction.map(|of| of.patients).unwrap_or_default() {
            let until: &mut Moment = open.entry(patient).or_insert(opening.until);
            *until = opening.until.max(*until);
        }
    }
    Ok(open)
}

/// The newest openings of a patient's record.
///
/// # Errors
/// The record could not be read.
pub async fn of_patient(reading: &Reading, patient: &str) -> Result<Vec<Opening>, Problem> {
    selected(reading, select(&[patient.to_owned()]).limit(MOST)).await
}

/// Some openings by their AuditEvents' ids; what is none of one is left out.
///
/// # Errors
/// The record could not be read.
pub async fn openings(reading: &Reading, ids: impl IntoIterator<Item = String>) -> Result<Vec<Opening>, Problem> {
    let keys: Vec<Key> = ids.into_iter().map(|id| Key::new("AuditEvent", id)).collect();
    let mut found = Vec::with_capacity(keys.len());
    for version in reading.get_many(&keys).await? {
        found.extend(Opening::of(document(&version)?.root()));
    }
    Ok(found)
}

/// What came of some openings, by their AuditEvents' ids.
///
/// # Errors
/// The record could not be read.
pub async fn judged(reading: &Reading, openings: &[String]) -> Result<Judged, Problem> {
    if openings.is_empty() {
        return Ok(Judged::default());
    }
    let spans = openings.iter().map(|id| Span::head("AuditEvent.entity", [Part::target("AuditEvent", id.as_str())]));
    read_judged(reading, Select::of("AuditEvent").with(Clause::Any(spans.collect()))).await
}

/// What came of the newest openings of a patient's record.
///
/// # Errors
/// The record could not be read.
pub async fn judged_of_patient(reading: &Reading, patient: &str) -> Result<Judged, Problem> {
    let codes = [(Some(SYSTEM), REVIEW), (Some(SYSTEM), FOLLOW_UP)];
    let of = compartment_spans(patient, Some("AuditEvent"), &codes);
    read_judged(reading, Select::of("AuditEvent").with(Clause::Any(of)).sorted(Some("AuditEvent.date"), true)).await
}

async fn read_judged(reading: &Reading, select: Select) -> Result<Judged, Problem> {
    let mut judged = Judged::default();
    for version in reading.select(&select.limit(MOST)).await?.versions {
        judged.add(document(&version)?.root());
    }
    Ok(judged)
}

/// One opening.
pub(super) async fn opening(reading: &Reading, id: &str) -> Result<Option<Opening>, Problem> {
    Ok(openings(reading, [id.to_owned()]).await?.into_iter().next())
}

/// Security alerts of some patients, the newest first.
fn select(patients: &[String]) -> Select {
    let of = |patient: &String| compartment_spans(patient, Some("AuditEvent"), &[(Some(DCM), "110113")]);
    let alerts = Clause::Any(patients.iter().flat_map(of).collect());
    Select::of("AuditEvent").with(alerts).sorted(Some("AuditEvent.date"), true)
}

async fn selected(reading: &Reading, select: Select) -> Result<Vec<Opening>, Problem> {
    let mut found = Vec::new();
    for version in reading.select(&select).await?.versions {
        found.extend(Opening::of(document(&version)?.root()));
    }
    Ok(found)
}
