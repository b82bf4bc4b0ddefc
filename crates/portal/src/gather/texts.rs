//! What the boards read of a patient: of vital signs only the newest, so that a patient of a board costs little. Whoever has
//! more single values than sets among the newest is read again, further back. Reads; works nothing out. What is not a vital
//! sign is kept by itself: somebody in a bed is observed all day, and the rest is written seldom.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use clinical::Material;
use clinical::observations::{PREGNANCY, vital_span};
use fhir::search::compartment_spans;
use fhir::{Document, Limits, Node};
use record::{Clause, Key, Problem, Reading, Select, Version};

/// The newest vital signs that are read: two sets and a few single values.
const NEWEST: usize = 20;
/// The same for a patient whose newest are mostly single values.
const NEWEST_SINGLE: usize = 250;
/// Resources of one type of one patient.
const MOST: usize = 5_000;

/// Codes with their systems, of a type.
pub(crate) type Kind<'k> = (&'k str, &'k [(Option<&'k str>, &'k str)]);

/// What is made of a patient, and whether it has a score with the one before it.
pub(crate) type Made<T> = (T, bool);

/// The texts of a patient of a board, without vital signs.
struct Texts {
    patient: Version,
    others: Vec<Version>,
    allergies_readable: bool,
    /// The ids by which what belongs to them names them: their own, and of who was merged into them.
    ids: BTreeSet<String>,
}

/// Makes something of a patient from their texts; `None` when the permit does not reach them. `kinds` are read beside
/// allergies, flags, goals, pregnancy and vital signs; `None` for roles that see no clinical content.
pub(crate) async fn of_patient<T>(
    reading: &Reading,
    id: &str,
    kinds: Option<&[Kind<'_>]>,
    make: impl FnOnce(&Material<'_, '_>) -> Made<T> + Clone,
) -> Result<Option<T>, Problem> {
    let texts = kept_texts(reading, id, kinds).await?;
    let Some(texts) = &*texts else { return Ok(None) };
    let newest = async |each: usize| reading.first_of_each("Observation", vec![vital_span(id)], each).await;
    let vitals = if kinds.is_some() { newest(NEWEST).await? } else { Vec::new() };
    let Some((mut made, has_two)) = each((texts, &vitals), make.clone()) else { return Ok(None) };
    if !has_two && vitals.len() >= NEWEST {
        let vitals = newest(NEWEST_SINGLE).await?;
        if let Some((again, _)) = each((texts, &vitals), make) {
            made = again;
        }
    }
    Ok(Some(made))
}

/// The texts, kept until a commit touches one of them.
async fn kept_texts(reading: &Reading, id: &str, kinds: Option<&[Kind<'_>]>) -> Result<Arc<Option<Texts>>, Problem> {
    const TEXTS: &str = "texts of a board";
    let mut of = id.to_owned();
    for (kind, codes) in kinds.into_iter().flatten() {
        let _ = write!(of, " {kind} {codes:?}");
    }
    of.push_str(if kinds.is_some() { " clinical" } else { "" });
    if let Some(texts) = reading.kept::<Option<Texts>>(TEXTS, &of, Duration::MAX).await? {
        return Ok(texts);
    }
    let own = reading.to_keep();
    let texts = texts(&own, id, kinds).await?;
    reading.keep((TEXTS, &of), own, texts).await
}

async fn texts(reading: &Reading, id: &str, kinds: Option<&[Kind<'_>]>) -> Result<Option<Texts>, Problem> {
    let patient = reading.get(&Key::new("Patient", id)).await?.filter(|version| !version.text.is_empty());
    let Some(patient) = patient else { return Ok(None) };
    let aliases = reading.aliases(&patient.key).await?;
    let ids = aliases.into_iter().map(|alias| alias.id).chain([id.to_owned()]).collect();
    let mut texts = Texts { patient, others: Vec::new(), allergies_readable: true, ids };
    let Some(kinds) = kinds else { return Ok(Some(texts)) };
    let pregnancy = PREGNANCY.map(|code| (None, code));
    let always = [("Flag", &[][..]), ("Goal", &[][..]), ("Condition", &pregnancy[..])];
    for (kind, codes) in always.iter().chain(kinds) {
        texts.others.extend(of_type(reading, id, kind, codes).await?);
    }
    match of_type(reading, id, "AllergyIntolerance", &[]).await {
        Ok(found) => texts.others.extend(found),
        // A board without allergies must say so and never read as "none": the rest of it still helps.
        Err(problem) => {
            tracing::error!(%problem, "the allergies of a patient on a board could not be read");
            reading.keeps_nothing();
            texts.allergies_readable = false;
        }
    }
    Ok(Some(texts))
}

/// All resources of a type of a patient, and of those who were merged into them, perhaps with one of some codes.
async fn of_type(
    reading: &Reading,
    id: &str,
    kind: &str,
    codes: &[(Option<&str>, &str)],
) -> Result<Vec<Version>, Problem> {
    let spans = compartment_spans(id, Some(kind), codes);
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

fn each<T>((texts, vitals): (&Texts, &[Version]), make: impl FnOnce(&Material<'_, '_>) -> Made<T>) -> Option<Made<T>> {
    let limits = Limits::default();
    let patient = Document::parse(&texts.patient.text, &limits).ok()?;
    let all = texts.others.iter().chain(vitals);
    let documents: Vec<Document<'_>> = all.filter_map(|version| Document::parse(&version.text, &limits).ok()).collect();
    let resources = documents.iter().map(Document::root).filter(|root| is_of(*root, &texts.ids)).collect();
    let material = Material { patient: patient.root(), resources, allergies_readable: texts.allergies_readable };
    Some(make(&material))
}

/// Whether a resource is about somebody of these ids: it may name a patient who only told it.
fn is_of(root: Node<'_, '_>, ids: &BTreeSet<String>) -> bool {
    let of = |member| fhir::read::id_of(root, member, "Patient");
    of("subject").or_else(|| of("patient")).is_some_and(|id| ids.contains(&id))
}
