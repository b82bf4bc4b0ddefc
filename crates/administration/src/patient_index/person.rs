//! A patient as the index sees one: folded names, date of birth, numbers.
//!
//! Old, maiden and nicknames count too: people are looked for by every name they ever had here.

use fhir::search::fold;
use fhir::{Document, Node};
use rphonetic::{DoubleMetaphone, Encoder};
use terms::PartialDate;

/// The most names, and words in a name, that are indexed: a bound on what one resource can ask for.
const MOST_NAMES: usize = 8;
const MOST_WORDS: usize = 6;
/// The longest word that is indexed, in letters.
const LONGEST_WORD: usize = 40;

/// A patient as the index sees one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    pub(crate) names: Vec<Name>,
    pub(crate) born: Option<PartialDate>,
    /// NHS and hospital numbers: digits and capitals only.
    pub(crate) numbers: Vec<String>,
    /// Whether the record says that the person has died.
    pub has_died: bool,
}

/// One name in folded words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Name {
    pub(crate) family: Vec<String>,
    pub(crate) given: Vec<String>,
}

impl Person {
    /// Reads a Patient resource.
    pub fn of(patient: &Document<'_>) -> Person {
        Person::of_node(patient.root())
    }

    /// The same from a node.
    pub fn of_node(root: Node<'_, '_>) -> Person {
        let mut names: Vec<Name> = items(root, "name").take(MOST_NAMES).map(name).collect();
        share_family(&mut names);
        Person {
            names,
            born: text(root, "birthDate").and_then(|date| PartialDate::parse(&date).ok()),
            numbers: items(root, "identifier").filter_map(number).collect(),
            has_died: has_died(root),
        }
    }

    /// How many NHS and hospital numbers the record has.
    pub fn number_count(&self) -> usize {
        self.numbers.len()
    }

    /// Every folded word of every name.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.names.iter().flat_map(|name| name.family.iter().chain(&name.given)).map(String::as_str)
    }
}

/// Whether two people on one list could be taken for each other: family names equal or alike in sound, and the same
/// year of birth or given names that begin alike.
pub fn are_similar(a: &Person, b: &Person) -> bool {
    let family = |person: &Person| -> Vec<String> {
        person.names.iter().flat_map(|name| name.family.iter().map(|word| sound(word))).collect()
    };
    let begins = |person: &Person| -> Vec<String> {
        person.names.iter().flat_map(|name| name.given.iter().map(|word| word.chars().take(3).collect())).collect()
    };
    let share = |a: Vec<String>, b: Vec<String>| a.iter().any(|word| b.contains(word));
    let year = |person: &Person| person.born.as_ref().map(PartialDate::year);
    let same_year = year(a).is_some() && year(a) == year(b);
    share(family(a), family(b)) && (same_year || share(begins(a), begins(b)))
}

/// The family names of a person with how they sound, to be compared with those of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilySounds(Vec<(String, String)>);

impl FamilySounds {
    /// Those of a person.
    pub fn of(person: &Person) -> FamilySounds {
        let words = person.names.iter().flat_map(|name| &name.family);
        FamilySounds(words.map(|word| (word.clone(), sound(word))).collect())
    }

    /// Whether the family names of two people are equal, or begin with the same letter and sound alike: on one ward that is
    /// enough to mix them up.
    pub fn are_alike(&self, other: &FamilySounds) -> bool {
        let is_alike = |(one, sounds): &(String, String), (other, like): &(String, String)| {
            one.chars().next() == other.chars().next() && sounds == like
        };
        self.0.iter().any(|word| other.0.iter().any(|of_other| is_alike(word, of_other)))
    }
}

/// How a folded word sounds (L. Philips, "The Double Metaphone Search Algorithm", 2000); a word in another script, or
/// without a sound, stays as it is.
pub(crate) fn sound(word: &str) -> String {
    let sound = if word.is_ascii() { DoubleMetaphone::default().encode(word) } else { String::new() };
    if sound.is_empty() { word.to_owned() } else { sound }
}

/// Digits and capitals of a number as typed or recorded.
pub(crate) fn normal_number(number: &str) -> String {
    number.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_uppercase()).collect()
}

/// The folded words of a text, bounded.
pub(crate) fn folded_words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let words = folded.split(' ').filter(|word| !word.is_empty());
    words.take(MOST_WORDS).map(|word| word.chars().take(LONGEST_WORD).collect()).collect()
}

fn name(name: Node<'_, '_>) -> Name {
    let family = text(name, "family").map(|family| folded_words(&family)).unwrap_or_default();
    let mut given: Vec<String> = Vec::new();
    for part in items(name, "given").filter_map(|part| part.text()) {
        given.extend(folded_words(&part));
    }
    given.truncate(MOST_WORDS);
    if family.is_empty() && given.is_empty() {
        let whole = text(name, "text").map(|whole| folded_words(&whole)).unwrap_or_default();
        return Name { family: whole, given };
    }
    Name { family, given }
}

/// A nickname has no family name of its own: it is looked for beside the others'.
fn share_family(names: &mut [Name]) {
    let family = names.iter().find(|name| !name.family.is_empty()).map(|name| name.family.clone());
    if let Some(family) = family {
        for name in names.iter_mut().filter(|name| name.family.is_empty()) {
            name.family.clone_from(&family);
        }
    }
}

/// An NHS number, or a number that a hospital gave (`MR` of HL7's table 0203).
fn number(identifier: Node<'_, '_>) -> Option<String> {
    let is_nhs = text(identifier, "system").as_deref() == Some("https://fhir.nhs.uk/Id/nhs-number");
    let is_hospital = identifier
        .get("type")
        .is_some_and(|kind| items(kind, "coding").any(|coding| text(coding, "code").as_deref() == Some("MR")));
    let value = text(identifier, "value").filter(|_| is_nhs || is_hospital)?;
    Some(normal_number(&value)).filter(|number| !number.is_empty() && number.len() <= LONGEST_WORD)
}

fn has_died(patient: Node<'_, '_>) -> bool {
    let said = patient.get("deceasedBoolean").and_then(|node| node.boolean()).unwrap_or(false);
    said || patient.get("deceasedDateTime").is_some()
}

fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    node.get(name)?.text().map(|text| text.into_owned())
}

fn items<'d, 't>(node: Node<'d, 't>, name: &str) -> impl Iterator<Item = Node<'d, 't>> + use<'d, 't> {
    node.get(name).into_iter().flat_map(|member| member.items())
}
