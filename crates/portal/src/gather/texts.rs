//! What the boards read of their patients: the texts of all of them together, and of each only the newest vital signs, so
//! that a board costs about as much as a chart.
//!
//! Those who have more single values than sets among the newest are read again, further back. Reads; works nothing out.

use std::collections::{BTreeMap, HashMap};

use clinical::Material;
use clinical::observations::{PREGNANCY, vital_span};
use fhir::search::compartment_spans;
use fhir::{Document, Limits};
use record::{Clause, Key, Problem, Reading, Select, Version};

/// The newest vital signs of each patient that are read together: two sets and a few single values.
const NEWEST: usize = 20;
/// The same for patients whose newest are mostly single values.
const NEWEST_SINGLE: usize = 250;
/// Resources of one type of all patients of a board.
const MOST: usize = 5_000;

/// Codes with their systems, of a type.
pub(crate) type Kind<'k> = (&'k str, &'k [(Option<&'k str>, &'k str)]);

/// What is made of a patient, and whether it has a score with the one before it.
pub(crate) type Made<T> = (T, bool);

/// The texts of a board's patients.
struct Texts {
    patients: Vec<Version>,
    others: Vec<Version>,
    vitals: Vec<Version>,
    allergies_readable: bool,
}

/// Makes something of each of these patients from their texts; whom the permit does not reach is left out. `kinds` are read
/// beside allergies, flags, goals, pregnancy and vital signs; `None` for roles that see no clinical content.
pub(crate) async fn of_patients<T>(
    reading: &Reading,
    ids: &[String],
    kinds: Option<&[Kind<'_>]>,
    mut make: impl FnMut(&str, &Material<'_, '_>) -> Made<T>,
) -> Result<BTreeMap<String, T>, Problem> {
    let texts = texts(reading, ids, kinds).await?;
    let mut made = each(reading, &texts, &mut make).await?;
    let single = mostly_single(&made, &texts);
    if !single.is_empty() {
        let spans = single.iter().map(|id| vital_span(id)).collect();
        let again = Texts {
            vitals: reading.first_of_each("Observation", spans, NEWEST_SINGLE).await?,
            patients: texts.patients.into_iter().filter(|version| single.contains(&version.key.id)).collect(),
            ..texts
        };
        made.extend(each(reading, &again, &mut make).await?);
    }
    Ok(made.into_iter().map(|(id, (made, _))| (id, made)).collect())
}

async fn texts(reading: &Reading, ids: &[String], kinds: Option<&[Kind<'_>]>) -> Result<Texts, Problem> {
    let keys: Vec<Key> = ids.iter().map(|id| Key::new("Patient", id.as_str())).collect();
    let patients = reading.get_many(&keys).await?;
    let mut texts = Texts { patients, others: Vec::new(), vitals: Vec::new(), allergies_readable: true };
    let Some(kinds) = kinds.filter(|_| !ids.is_empty()) else { return Ok(texts) };
    let pregnancy = PREGNANCY.map(|code| (None, code));
    let always = [("Flag", &[][..]), ("Goal", &[][..]), ("Condition", &pregnancy[..])];
    for (kind, codes) in always.iter().chain(kinds) {
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

async fn each<T>(
    reading: &Reading,
    texts: &Texts,
    make: &mut impl FnMut(&str, &Material<'_, '_>) -> Made<T>,
) -> Result<BTreeMap<String, Made<T>>, Problem> {
    let limits = Limits::default();
    let all = texts.others.iter().chain(&texts.vitals);
    let documents: Vec<Document<'_>> = all.filter_map(|version| Document::parse(&version.text, &limits).ok()).collect();
    let owners = owners(reading, texts, &documents).await?;
    let mut own: HashMap<&str, Vec<_>> = HashMap::new();
    for (document, owner) in documents.iter().zip(&owners) {
        if let Some(owner) = owner {
            own.entry(owner).or_default().push(document.root());
        }
    }
    let mut made = BTreeMap::new();
    for version in &texts.patients {
        let Ok(patient) = Document::parse(&version.text, &limits) else { continue };
        let resources = own.remove(version.key.id.as_str()).unwrap_or_default();
        let material = Material { patient: patient.root(), resources, allergies_readable: texts.allergies_readable };
        made.insert(version.key.id.clone(), make(&version.key.id, &material));
    }
    Ok(made)
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
fn mostly_single<T>(made: &BTreeMap<String, Made<T>>, texts: &Texts) -> Vec<String> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for version in &texts.vitals {
        if let Ok(document) = Document::parse(&version.text, &Limits::default())
            && let Some(id) = fhir::read::id_of(document.root(), "subject", "Patient")
        {
            *counts.entry(id).or_default() += 1;
        }
    }
    let is_cut = |id: &str| counts.get(id).is_some_and(|count| *count >= NEWEST);
    made.iter().filter(|(id, (_, has_two))| !has_two && is_cut(id)).map(|(id, _)| id.clone()).collect()
}
