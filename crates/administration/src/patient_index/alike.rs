//! Which records are worth comparing with one: found through the index, each look forgiving other faults than the rest.
//!
//! The looks are the passes of a whole matching as far as rows can say them; a look that finds too many is cut or passed
//! over. Knows nothing of how much an agreement is worth.

use std::collections::BTreeSet;

use record::{Clause, Problem, Reading, Select, Version};
use smallvec::smallvec;
use terms::index::{End, Next, Part, Range, Span};

use super::person::{folded_words, sound};
use super::rows::day_bytes;
use super::{ALIKE, BORN, NAME, NUMBER, SOUND};
use crate::draft::document;
use crate::matching::{Born, Demographics};
use crate::registration::unknown::is_unknown;

/// Records that one look may give; there are five.
const ONE_LOOK: usize = 60;
/// Surnames, given names and telephone numbers of one record that are looked by.
const MOST_SURNAMES: usize = 3;
const MOST_GIVEN: usize = 3;
const MOST_PHONES: usize = 3;

/// The records worth comparing with a person, in use and known: neither those who were withdrawn or merged away nor
/// those whose name is temporary.
///
/// # Errors
/// The record could not be read.
pub(crate) async fn candidates(reading: &Reading, person: &Demographics) -> Result<Vec<Version>, Problem> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for clauses in looks(person) {
        let mut select = Select::of("Patient").limit(ONE_LOOK);
        select.clauses = clauses;
        let page = match reading.select(&select).await {
            Ok(page) => page,
            // Frequent names that hardly meet: the other looks still find people.
            Err(Problem::TooCostly) => continue,
            Err(problem) => return Err(problem),
        };
        for version in page.versions {
            if seen.insert(version.key.id.clone()) && is_in_use(&version)? {
                found.push(version);
            }
        }
    }
    Ok(found)
}

fn is_in_use(version: &Version) -> Result<bool, Problem> {
    let document = document(version)?;
    let root = document.root();
    let is_withdrawn = root.get("active").and_then(|active| active.boolean()) == Some(false);
    Ok(!is_withdrawn && !is_unknown(root))
}

/// What a record is found by beside names, date of birth and numbers: each telephone number; the postcode with each name.
pub(super) fn alike_keys(person: &Demographics) -> BTreeSet<String> {
    let mut keys: BTreeSet<String> = phones(person).into_iter().map(|phone| format!("tel {phone}")).collect();
    if let Some(postcode) = postcode(person) {
        keys.extend(surnames(person).iter().chain(&given(person)).map(|name| format!("at {postcode} {}", sound(name))));
    }
    keys
}

/// Where to look, each look one question of the index: the number; the date of birth, also with day and month swapped, with
/// any name; both names, as they are written and as they sound, whichever way round; the telephone, or the postcode with
/// any name; the date of birth alone.
fn looks(person: &Demographics) -> Vec<Vec<Clause>> {
    let prefix = |parameter, text: &str| Span::next(parameter, [], Next::Prefix(text.as_bytes().to_vec()));
    let (surnames, given) = (surnames(person), given(person));
    let number = person.nhs_number.as_deref().map(super::normal_number);
    let days = person.born.map(days).unwrap_or_default();
    let mut any_name: Vec<Span> = surnames.iter().map(|name| prefix(SOUND, &format!("{} ", sound(name)))).collect();
    any_name.extend(given.iter().map(|name| prefix(NAME, name)));
    let mut both_names = Vec::new();
    for surname in &surnames {
        for name in given.iter().take(2) {
            both_names.push(prefix(NAME, &format!("{surname} {name}")));
            both_names.push(prefix(SOUND, &format!("{} {}", sound(surname), sound(name))));
            // Somebody who wrote the names in the other order.
            both_names.push(prefix(SOUND, &format!("{} {}", sound(name), sound(surname))));
        }
    }
    let shared = alike_keys(person).into_iter().map(|key| Span::head(ALIKE, [Part::Text(key.into_bytes())]));
    let all = [
        vec![number.iter().map(|number| prefix(NUMBER, number)).collect()],
        vec![days.clone(), any_name],
        vec![both_names],
        vec![shared.collect()],
        vec![days.into_iter().take(1).collect::<Vec<Span>>()],
    ];
    let is_whole = |spans: &Vec<Vec<Span>>| spans.iter().all(|any| !any.is_empty());
    all.into_iter().filter(is_whole).map(|spans| spans.into_iter().map(Clause::Any).collect()).collect()
}

/// The day of birth, and the one that it is with day and month swapped.
fn days(born: Born) -> Vec<Span> {
    let Some((year, month, day)) = born.parts() else { return Vec::new() };
    let span = |month, day| {
        let bytes = day_bytes(year, month, day).to_vec();
        let range = Range { low: End::Including(bytes.clone()), high: End::Including(bytes) };
        Span { parameter: BORN, head: smallvec![], next: Next::Within(range) }
    };
    let is_swappable = day <= 12 && day != month;
    std::iter::once(span(month, day)).chain(is_swappable.then(|| span(day, month))).collect()
}

fn surnames(person: &Demographics) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in person.surnames.iter().flat_map(|surname| folded_words(surname)) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.truncate(MOST_SURNAMES);
    words
}

fn given(person: &Demographics) -> Vec<String> {
    let words = person.given.iter().flat_map(|given| folded_words(given)).filter(|word| word.len() > 1);
    words.take(MOST_GIVEN).collect()
}

fn phones(person: &Demographics) -> BTreeSet<u64> {
    person.phones.iter().filter_map(|phone| crate::matching::phone_digits(phone)).take(MOST_PHONES).collect()
}

fn postcode(person: &Demographics) -> Option<String> {
    person.postcode.as_deref().map(super::normal_number).filter(|postcode| !postcode.is_empty() && postcode.len() <= 12)
}
