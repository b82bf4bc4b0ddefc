//! The index rows of a patient.
//! Knows nothing of how rows are kept or found.

use std::collections::BTreeSet;

use fhir::read::{extension, id_of, text};
use fhir::{Document, Node};
use record::LABEL;
use terms::index::{Part, Row};
use terms::{PartialDate, Precision};

use super::alike::alike_keys;
use super::person::{Name, Person, sound};
use super::{ALIKE, BORN, NAME, NUMBER, SOUND, TYPO};
use crate::matching::Demographics;
use crate::registration::unknown::is_unknown;
use crate::registration::{BORN_TO, MOTHER, RESTRICTED, is_restricted, place_in_birth};

/// A word shorter than this has too many neighbours to forgive a slip in it.
pub(super) const SHORTEST_WITH_SLIP: usize = 4;

/// Adds the rows of a Patient resource; nothing for any other.
pub fn patient_rows(patient: &Document<'_>, out: &mut Vec<Row>) {
    some_patient_rows(patient, &|_| true, out);
}

/// Adds those rows of a Patient resource whose parameters are asked for, and perhaps others, without the work of all.
pub fn some_patient_rows(patient: &Document<'_>, is_wanted: &dyn Fn(&'static str) -> bool, out: &mut Vec<Row>) {
    if patient.resource_type().as_deref() != Some("Patient") {
        return;
    }
    // Whoever was registered by mistake and taken back is not found, and the numbers are free again. One that was merged
    // into another has a link, and is found by what it was known by.
    let root = patient.root();
    if root.get("active").and_then(|active| active.boolean()) == Some(false) && root.get("link").is_none() {
        return;
    }
    out.extend(label(root));
    out.extend(born_to(root));
    let person = Person::of(patient);
    let mut texts: BTreeSet<(&'static str, String)> = BTreeSet::new();
    for name in &person.names {
        name_texts(name, is_wanted, &mut texts);
    }
    texts.extend(person.numbers.iter().map(|number| (NUMBER, number.clone())));
    out.extend(texts.into_iter().map(|(parameter, text)| Row::one(parameter, Part::Text(text.into_bytes()))));
    if is_wanted(ALIKE) && !is_unknown(root) {
        let keys = alike_keys(&Demographics::of_patient(root));
        out.extend(keys.into_iter().map(|key| Row::one(ALIKE, Part::Text(key.into_bytes()))));
    }
    out.extend(person.born.as_ref().map(|born| Row::one(BORN, Part::fixed(&born_bytes(born)))));
}

/// The label of a record that is hidden.
fn label(root: Node<'_, '_>) -> Option<Row> {
    let id = text(root, "id")?;
    let label = Part::Text(RESTRICTED.as_bytes().to_vec());
    is_restricted(root).then(|| Row::of(LABEL, [label, Part::target("Patient", id)]))
}

/// A baby by its mother, day of birth and birth order.
fn born_to(root: Node<'_, '_>) -> Option<Row> {
    let mother = id_of(extension(root, MOTHER)?, "valueReference", "Patient")?;
    let order = root.get("multipleBirthInteger").and_then(|order| order.raw_text().parse().ok()).unwrap_or(1);
    let place = place_in_birth(&text(root, "birthDate")?, order);
    Some(Row::of(BORN_TO, [Part::target("Patient", mother), Part::Text(place.into_bytes())]))
}

/// Every family word with every given word, both ways round; sounds; and what remains with one letter left out.
fn name_texts(name: &Name, is_wanted: &dyn Fn(&'static str) -> bool, texts: &mut BTreeSet<(&'static str, String)>) {
    if is_wanted(NAME) {
        whole_names(name, texts);
    }
    for family in name.family.iter().filter(|_| is_wanted(SOUND)) {
        let sound_of_family = sound(family);
        texts.insert((SOUND, format!("{sound_of_family} ")));
        for given in &name.given {
            texts.insert((SOUND, format!("{sound_of_family} {}", sound(given))));
        }
    }
    for word in name.family.iter().chain(name.given.first()).filter(|_| is_wanted(TYPO)) {
        texts.extend(with_one_letter_less(word).into_iter().map(|less| (TYPO, less)));
    }
}

/// Every family word with every given word, both ways round.
fn whole_names(name: &Name, texts: &mut BTreeSet<(&'static str, String)>) {
    let families: Vec<String> = whole_and_words(&name.family);
    for family in &families {
        texts.insert((
            NAME,
            if name.given.is_empty() { family.clone() } else { format!("{family} {}", name.given.join(" ")) },
        ));
        for given in &name.given {
            texts.insert((NAME, format!("{family} {given}")));
            texts.insert((NAME, format!("{given} {family}")));
        }
    }
    if families.is_empty() {
        texts.extend(name.given.iter().map(|given| (NAME, given.clone())));
    }
}

/// `smith jones`, and then `jones` for those who use the last part alone.
fn whole_and_words(family: &[String]) -> Vec<String> {
    (0..family.len()).map(|from| family[from..].join(" ")).collect()
}

/// The word, and the word with each of its letters left out once; nothing for a short word.
pub(super) fn with_one_letter_less(word: &str) -> BTreeSet<String> {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() < SHORTEST_WITH_SLIP {
        return BTreeSet::new();
    }
    let less = |at: usize| letters.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, c)| c).collect();
    (0..letters.len()).map(less).chain([word.to_owned()]).collect()
}

/// Year, month and day as four ordered bytes; 0 for what is not known.
fn born_bytes(born: &PartialDate) -> [u8; 4] {
    let month = born.month().map_or(0, i8::unsigned_abs);
    let day = match born.precision() {
        Precision::Year | Precision::Month => 0,
        _ => born.date().map_or(0, |date| date.day().unsigned_abs()),
    };
    day_bytes(born.year().unsigned_abs(), month, day)
}

/// A date as it stands in the index.
pub(super) fn day_bytes(year: u16, month: u8, day: u8) -> [u8; 4] {
    let [high, low] = year.to_be_bytes();
    [high, low, month, day]
}
