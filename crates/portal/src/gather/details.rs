//! A patient's details: the version that a form is made from, what was asked, and the flags that answer it.
//! Reads and hands over: what an answer means is the rules' to say.

use administration::Person;
use administration::downtime::{FormMark, form_marks};
use administration::registration::{Asked, Demographics, Item, NhsNumberStatus, asked_items, is_restricted, unknown};
use administration::stays::{Stopped, expected_stays_of, open_stays_of, reported_death, stopped_by_death};
use fhir::search::compartment_spans;
use fhir::{Document, Limits};
use record::{Clause, Key, Problem, Reading, Select};
use terms::PartialDate;

use super::finished;
use crate::door::{Door, asked};

/// Most flags of one patient that are read.
const MOST_FLAGS: usize = 200;

/// What the details pages show.
#[derive(Debug, Clone)]
pub(crate) struct Details {
    /// The version that a form is made from.
    pub(crate) version: u64,
    /// What is recorded.
    pub(crate) person: Demographics,
    /// The nine items and how each stands.
    pub(crate) items: Vec<(Item, Asked)>,
    /// The status of the NHS number.
    pub(crate) nhs_status: Option<NhsNumberStatus>,
    /// Whether the record is hidden from roles that do not see restricted ones.
    pub(crate) is_restricted: bool,
    /// Whether nobody knows who this is.
    pub(crate) is_unknown: bool,
    /// What a death stopped; `None` while the patient lives.
    pub(crate) stopped: Option<Vec<Stopped>>,
    /// The downtime forms from which it was entered.
    pub(crate) forms: Vec<FormMark>,
    /// When somebody outside says that they died, while nobody here has recorded it.
    pub(crate) reported: Option<PartialDate>,
    /// Of who has died: the stay that goes on, or that admissions are expected: the death has stopped nothing yet.
    pub(crate) goes_on: GoesOn,
}

/// What goes on of somebody who has died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GoesOn {
    /// Nothing.
    Nothing,
    /// A stay.
    Stay(String),
    /// Nobody is here, and admissions are expected.
    Expected,
}

/// The details of a patient; `None` when there is none or the permit does not reach them.
pub(crate) async fn details_of(door: &Door, id: &str) -> Result<Option<Details>, Problem> {
    let reading = door.record.read(&door.permit, asked::DETAILS).await?;
    let answer = gather(&reading, id).await;
    finished(reading, answer).await
}

async fn gather(reading: &Reading, id: &str) -> Result<Option<Details>, Problem> {
    let version = reading.get(&Key::new("Patient", id)).await?.filter(|version| !version.text.is_empty());
    let Some(version) = version else { return Ok(None) };
    let select = Select::of("Flag").with(Clause::Any(compartment_spans(id, Some("Flag"), &[]))).limit(MOST_FLAGS);
    let flags = reading.select(&select).await?.versions;
    let limits = Limits::default();
    let flags: Vec<Document<'_>> = flags.iter().filter_map(|flag| Document::parse(&flag.text, &limits).ok()).collect();
    let roots: Vec<_> = flags.iter().map(Document::root).collect();
    let document = Document::parse(&version.text, &limits)
        .map_err(|fault| Problem::Damaged { what: format!("a Patient is unreadable: {}", fault.message) })?;
    let root = document.root();
    let has_died = Person::of(&document).has_died;
    let stopped = if has_died { Some(stopped_by_death(reading, id).await?) } else { None };
    let goes_on = if has_died { goes_on(reading, id).await? } else { GoesOn::Nothing };
    Ok(Some(Details {
        stopped,
        forms: form_marks(root),
        reported: reported_death(root).filter(|_| !has_died),
        goes_on,
        version: version.version,
        person: Demographics::of(root),
        items: asked_items(root, &roots),
        nhs_status: NhsNumberStatus::of(root),
        is_restricted: is_restricted(root),
        is_unknown: unknown::is_unknown(root),
    }))
}

async fn goes_on(reading: &Reading, patient: &str) -> Result<GoesOn, Problem> {
    if !reading.permit().scope().reads.contains("Encounter") {
        return Ok(GoesOn::Nothing);
    }
    if let Some(stay) = open_stays_of(reading, patient).await?.into_iter().next() {
        return Ok(GoesOn::Stay(stay.id));
    }
    let expected = expected_stays_of(reading, patient).await?;
    Ok(if expected.is_empty() { GoesOn::Nothing } else { GoesOn::Expected })
}
