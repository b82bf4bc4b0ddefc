//! What the site office sees: bed requests, who comes in today and tomorrow, beds by ward, cancellations to rebook; each
//! list read once, so that a number and its list cannot differ.
//!
//! Allergies are read for roles that see clinical content. Every list is bounded where it is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use administration::boards::WardBoard;
use administration::places::{Places, places};
use administration::stays::{Stay, bed_requests, to_come_in, to_rebook};
use clinical::allergies::Allergies;
use clinical::identity::Identity;
use clinical::{Material, chart};
use fhir::search::compartment_spans;
use fhir::{Document, Limits};
use record::{Clause, Key, Problem, Reading, Select, Version};
use terms::{Date, Moment, local_date};

/// Most allergies of one list of people.
const MOST_ALLERGIES: usize = 2_000;

/// Everything of the page.
pub(crate) struct Gathered {
    /// Emergency admissions that wait for a bed, longest first.
    pub(crate) requests: Vec<Stay>,
    /// Who was to come in today.
    pub(crate) today: Vec<Stay>,
    /// Who comes in tomorrow.
    pub(crate) tomorrow: Vec<Stay>,
    /// Whose admission we cancelled at the last minute.
    pub(crate) rebook: Vec<Stay>,
    /// Every ward's board.
    pub(crate) wards: Vec<Arc<WardBoard>>,
    /// Every place by id.
    pub(crate) places: Arc<Places>,
    /// Who they are, by the Patient's id.
    pub(crate) people: BTreeMap<String, Person>,
}

/// A patient of a list.
pub(crate) struct Person {
    pub(crate) identity: Identity,
    /// Their allergies; none for roles that see no clinical content.
    pub(crate) allergies: Option<Allergies>,
}

/// Reads everything of the page but every ward's board.
pub(crate) async fn gather(
    reading: &Reading,
    wards: Vec<Arc<WardBoard>>,
    is_clinical: bool,
    now: Moment,
) -> Result<Gathered, Problem> {
    let today = local_date(now);
    let tomorrow: Date = today.tomorrow().unwrap_or(today);
    let requests = bed_requests(reading).await?;
    let (came, comes) = (to_come_in(reading, today).await?, to_come_in(reading, tomorrow).await?);
    let rebook = to_rebook(reading).await?;
    let stays = requests.iter().chain(&came).chain(&comes).chain(&rebook);
    let mut ids: Vec<String> = stays.filter_map(|stay| stay.patient.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let people = people(reading, &ids, is_clinical, now).await?;
    let places = places(reading).await?;
    Ok(Gathered { requests, today: came, tomorrow: comes, rebook, wards, places, people })
}

/// Who these patients are.
pub(crate) async fn people(
    reading: &Reading,
    ids: &[String],
    is_clinical: bool,
    now: Moment,
) -> Result<BTreeMap<String, Person>, Problem> {
    let keys: Vec<Key> = ids.iter().map(|id| Key::new("Patient", id.as_str())).collect();
    let patients = reading.get_many(&keys).await?;
    let (allergies, is_readable) = match is_clinical && !ids.is_empty() {
        true => allergies(reading, ids).await,
        false => (Vec::new(), true),
    };
    let limits = Limits::default();
    let documents: Vec<Document<'_>> =
        allergies.iter().filter_map(|version| Document::parse(&version.text, &limits).ok()).collect();
    let mut people = BTreeMap::new();
    for version in &patients {
        let Ok(patient) = Document::parse(&version.text, &limits) else { continue };
        let id = version.key.id.as_str();
        let own = documents.iter().map(Document::root);
        let own = own.filter(|root| fhir::read::id_of(*root, "patient", "Patient").as_deref() == Some(id));
        let material = Material { patient: patient.root(), resources: own.collect(), allergies_readable: is_readable };
        let chart = chart(&material, now);
        let person = Person { identity: chart.identity, allergies: is_clinical.then_some(chart.allergies) };
        people.insert(id.to_owned(), person);
    }
    Ok(people)
}

/// The allergies of some patients, and whether they could be read: what was not read never reads as none.
async fn allergies(reading: &Reading, ids: &[String]) -> (Vec<Version>, bool) {
    let spans = ids.iter().flat_map(|id| compartment_spans(id, Some("AllergyIntolerance"), &[])).collect();
    let mut select = Select::of("AllergyIntolerance").with(Clause::Any(spans)).limit(500);
    let mut versions = Vec::new();
    loop {
        match reading.select(&select).await {
            Ok(page) => {
                versions.extend(page.versions);
                match page.next {
                    None => return (versions, true),
                    Some(next) if versions.len() < MOST_ALLERGIES => select.after = Some(next),
                    Some(_) => return (Vec::new(), false),
                }
            }
            Err(problem) => {
                tracing::error!(%problem, "the allergies of a list could not be read");
                return (Vec::new(), false);
            }
        }
    }
}
