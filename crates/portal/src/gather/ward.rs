//! A ward's board from one reading: the board of `administration`, and of each patient what `clinical` says at the bed.
//!
//! Read together for all patients of the ward, and of each only the newest vital signs: a ward costs about as much as a
//! chart. Whoever has more single values than sets among the newest is read again by themselves.

use std::collections::{BTreeMap, HashMap};

use administration::Person;
use administration::boards::{BoardFacts, WardBoard, all_boards, board_facts};
use administration::places::Place;
use clinical::Material;
use clinical::bedside::{Bedside, CARE_CODES, OBSERVATIONS, bedside};
use clinical::identity::Identity;
use clinical::observations::{PREGNANCY, vital_span};
use fhir::search::compartment_spans;
use fhir::{Document, Limits};
use record::{Clause, Key, Problem, Reading, Select, Version};
use terms::Moment;

use crate::door::{Door, asked};
use crate::pages::ward::WardLine;

/// The newest vital signs of each patient that are read together: two sets and a few single values.
const NEWEST: usize = 20;
/// The same for a patient whose newest are mostly single values.
const NEWEST_ALONE: usize = 250;
/// Resources of one type of all patients of a ward.
const MOST: usize = 5_000;

/// A board with what is said of its patients.
pub(crate) struct Gathered {
    pub(crate) board: WardBoard,
    /// Patients by id.
    pub(crate) patients: BTreeMap<String, AtBed>,
    /// Places of the ward without a bed: trolleys, chairs.
    pub(crate) others: Vec<Place>,
    /// The ids of every place of the ward.
    pub(crate) places: Vec<String>,
    /// The sequence that it shows.
    pub(crate) sequence: u64,
}

/// One patient of a board.
pub(crate) struct AtBed {
    pub(crate) identity: Identity,
    /// What is said at the bed; none for roles that see no clinical content.
    pub(crate) bedside: Option<Bedside>,
}

/// The texts of a ward's patients.
struct Texts {
    patients: Vec<Version>,
    others: Vec<Version>,
    vitals: Vec<Version>,
    allergies_readable: bool,
}

/// The board of a ward; `None` when there is none. `is_clinical` for roles that see clinical content.
pub(crate) async fn board(
    reading: &Reading,
    ward: &str,
    is_clinical: bool,
    now: Moment,
) -> Result<Option<Gathered>, Problem> {
    let Some(facts) = board_facts(reading, ward).await? else { return Ok(None) };
    let mut ids: Vec<String> = facts.stays.iter().filter_map(|stay| stay.patient.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let texts = texts(reading, &ids, is_clinical).await?;
    let (people, mut patients) = read(reading, &facts, &texts, (is_clinical, now)).await?;
    if is_clinical {
        for id in mostly_single(&patients, &texts) {
            let alone = Texts {
                patients: texts.patients.iter().filter(|version| version.key.id == id).cloned().collect(),
                others: texts.others.clone(),
                vitals: reading.first_of_each("Observation", vec![vital_span(&id)], NEWEST_ALONE).await?,
                allergies_readable: texts.allergies_readable,
            };
            patients.extend(read(reading, &facts, &alone, (true, now)).await?.1);
        }
    }
    let board = WardBoard::of(&facts.ward, &facts.stays, &facts.elsewhere, &people, now);
    let places = facts.ward.places().map(|place| place.id.clone()).collect();
    Ok(Some(Gathered { board, patients, others: facts.ward.others, places, sequence: reading.sequence() }))
}

async fn texts(reading: &Reading, ids: &[String], is_clinical: bool) -> Result<Texts, Problem> {
    let keys: Vec<Key> = ids.iter().map(|id| Key::new("Patient", id.as_str())).collect();
    let patients = reading.get_many(&keys).await?;
    let mut texts = Texts { patients, others: Vec::new(), vitals: Vec::new(), allergies_readable: true };
    if !is_clinical || ids.is_empty() {
        return Ok(texts);
    }
    let pregnancy = PREGNANCY.map(|code| (None, code));
    let orders = [(Some(CARE_CODES), OBSERVATIONS)];
    for (kind, codes) in
        [("Flag", &[][..]), ("Goal", &[][..]), ("Condition", &pregnancy[..]), ("ServiceRequest", &orders[..])]
    {
        texts.others.extend(of_type(reading, ids, kind, codes).await?);
    }
    match of_type(reading, ids, "AllergyIntolerance", &[]).await {
        Ok(found) => texts.others.extend(found),
        // A board without allergies must say so and never read as "none": the rest of it still helps.
        Err(problem) => {
            tracing::error!(%problem, "the allergies of a board could not be read");
            texts.allergies_readable = false;
        }
    }
    texts.vitals = reading.first_of_each("Observation", ids.iter().map(|id| vital_span(id)).collect(), NEWEST).await?;
    Ok(texts)
}

/// All resources of a type of these patients, perhaps with one of some codes.
async fn of_type(
    reading: &Reading,
    ids: &[String],
    kind: &str,
    codes: &[(Option<&str>, &str)],
) -> Result<Vec<Version>, Problem> {
    let spans = ids.iter().flat_map(|id| compartment_spans(id, Some(kind), codes)).collect();
    let mut select = Select::of(kind).with(Clause::Any(spans)).limit(1000);
    let mut found = Vec::new();
    loop {
        let page = reading.select(&select).await?;
        found.extend(page.versions);
        match page.next {
            Some(next) if found.len() < MOST => select.after = Some(next),
            // Whoever is left out would read as somebody without it.
            Some(_) => return Err(Problem::TooCostly),
            None => return Ok(found),
        }
    }
}

/// Who the patients are and what is said at their beds.
async fn read(
    reading: &Reading,
    facts: &BoardFacts,
    texts: &Texts,
    (is_clinical, now): (bool, Moment),
) -> Result<(BTreeMap<String, Person>, BTreeMap<String, AtBed>), Problem> {
    let limits = Limits::default();
    let all = texts.others.iter().chain(&texts.vitals);
    let documents: Vec<Document<'_>> = all.filter_map(|version| Document::parse(&version.text, &limits).ok()).collect();
    let owners = owners(reading, texts, &documents).await?;
    let since: HashMap<&str, Moment> = facts
        .stays
        .iter()
        .filter(|stay| stay.state.is_live())
        .filter_map(|stay| Some((stay.patient.as_deref()?, stay.started.as_ref()?.lower())))
        .collect();
    let (mut people, mut patients) = (BTreeMap::new(), BTreeMap::new());
    for version in &texts.patients {
        let Ok(patient) = Document::parse(&version.text, &limits) else { continue };
        let id = &version.key.id;
        let own = documents.iter().zip(&owners).filter(|(_, owner)| owner.as_deref() == Some(id.as_str()));
        let resources = own.map(|(document, _)| document.root()).collect();
        let allergies_readable = texts.allergies_readable;
        let material = Material { patient: patient.root(), resources, allergies_readable };
        let (chart, bedside) = bedside(&material, since.get(id.as_str()).copied(), now);
        people.insert(id.clone(), Person::of(&patient));
        patients.insert(id.clone(), AtBed { identity: chart.identity, bedside: is_clinical.then_some(bedside) });
    }
    Ok((people, patients))
}

/// Whose each document is among the patients of the board; what belongs to a record that was merged into one of them
/// is theirs.
async fn owners(reading: &Reading, texts: &Texts, documents: &[Document<'_>]) -> Result<Vec<Option<String>>, Problem> {
    let named: Vec<Option<String>> = documents
        .iter()
        .map(|document| {
            let root = document.root();
            let of = |member| fhir::read::id_of(root, member, "Patient");
            of("subject").or_else(|| of("patient"))
        })
        .collect();
    let mut known: HashMap<String, String> =
        texts.patients.iter().map(|version| (version.key.id.clone(), version.key.id.clone())).collect();
    if named.iter().flatten().any(|id| !known.contains_key(id)) {
        for version in &texts.patients {
            for alias in reading.aliases(&version.key).await? {
                known.insert(alias.id, version.key.id.clone());
            }
        }
    }
    Ok(named.into_iter().map(|id| known.get(&id?).cloned()).collect())
}

/// Those of whose newest vital signs no two sets could be made although there may be more.
fn mostly_single(patients: &BTreeMap<String, AtBed>, texts: &Texts) -> Vec<String> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for version in &texts.vitals {
        if let Ok(document) = Document::parse(&version.text, &Limits::default())
            && let Some(id) = fhir::read::id_of(document.root(), "subject", "Patient")
        {
            *counts.entry(id).or_default() += 1;
        }
    }
    let is_cut = |id: &str| counts.get(id).is_some_and(|count| *count >= NEWEST);
    let has_two = |at: &AtBed| {
        at.bedside.as_ref().and_then(|bedside| bedside.score.as_ref()).is_some_and(|score| score.change.is_some())
    };
    patients.iter().filter(|(id, at)| is_cut(id) && !has_two(at)).map(|(id, _)| id.clone()).collect()
}

/// Every ward with its numbers.
pub(crate) async fn ward_lines(door: &Door) -> Result<Vec<WardLine>, Problem> {
    let reading = door.record.read(&door.permit, asked::WARDS).await?;
    let boards = all_boards(&reading, door.now).await;
    // Numbers show nobody: there is no one to note.
    reading.hand_on();
    Ok(boards?.into_iter().map(|board| WardLine { counts: board.counts(), ward: board.ward }).collect())
}
