//! Who some patients are, for lists: the names of many at once.
//! Knows names and numbers; nothing clinical.

use std::collections::{BTreeMap, BTreeSet};

use clinical::{Material, chart};
use fhir::{Document, Limits};
use record::{Key, Problem, Reading};
use terms::Moment;

use crate::pages::patient::{name_words, nhs_words};
use crate::words::date;

/// A patient in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// `SURNAME, Given (Title)`.
    pub(crate) name: String,
    /// The family name in capitals, for a line that has room for no more.
    pub(crate) family: String,
    /// Born, and the NHS number in groups.
    pub(crate) under: String,
}

/// Who these patients are; those whom the permit does not reach are left out.
pub(crate) async fn people(
    reading: &Reading,
    ids: &BTreeSet<String>,
    now: Moment,
) -> Result<BTreeMap<String, Named>, Problem> {
    let keys: Vec<Key> = ids.iter().map(|id| Key::new("Patient", id.as_str())).collect();
    let mut named = BTreeMap::new();
    for version in reading.get_many(&keys).await? {
        let Ok(document) = Document::parse(&version.text, &Limits::default()) else { continue };
        let material = Material { patient: document.root(), resources: Vec::new(), allergies_readable: true };
        let identity = chart(&material, now).identity;
        let born = identity.born.as_ref().map(|born| date(born).text);
        let number = identity.nhs_number.as_deref().map(nhs_words);
        let family = identity.family.as_deref().map(str::to_uppercase);
        let one = Named {
            name: name_words(&identity),
            family: family.unwrap_or_else(|| name_words(&identity)),
            under: born.into_iter().chain(number).collect::<Vec<_>>().join(" · "),
        };
        named.insert(version.key.id, one);
    }
    Ok(named)
}
