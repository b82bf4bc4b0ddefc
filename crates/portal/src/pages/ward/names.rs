//! Names for passers-by: two letters of the family name and one of the given, more where two people would read alike.
//! Knows names and nothing else.

use std::collections::{BTreeMap, HashMap};

use clinical::identity::Identity;

/// The shortened names of a board's patients, by patient.
pub(crate) fn short<'i>(patients: impl Iterator<Item = (&'i String, &'i Identity)>) -> BTreeMap<String, String> {
    let names = patients.map(|(id, identity)| {
        let given = identity.given.first().cloned().unwrap_or_default();
        (id.clone(), (identity.family.clone().unwrap_or_default(), given))
    });
    shortened(&names.collect())
}

fn shortened(names: &BTreeMap<String, (String, String)>) -> BTreeMap<String, String> {
    let longest = names.values().map(|(_, given)| given.chars().count()).max().unwrap_or(1).max(1);
    let words = |(family, given): &(String, String), letters: usize| {
        let family: String = capital(family).chars().take(2).collect();
        let given: String = capital(given).chars().take(letters).collect();
        format!("{family} {given}").trim().to_owned()
    };
    // How many read alike with so many letters.
    let counted = |letters: usize| {
        let mut counts: HashMap<String, usize> = HashMap::new();
        names.values().for_each(|name| *counts.entry(words(name, letters)).or_default() += 1);
        counts
    };
    let mut shortened = BTreeMap::new();
    for letters in 1..=longest {
        let counts = counted(letters);
        for (id, name) in names.iter().filter(|(id, _)| !shortened.contains_key(*id)).collect::<Vec<_>>() {
            let own = words(name, letters);
            if letters == longest || counts[&own] == 1 {
                shortened.insert(id.clone(), own);
            }
        }
        if shortened.len() == names.len() {
            break;
        }
    }
    shortened
}

/// A capital and small letters behind it.
fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_short_as_they_can_be_told_apart() {
        let people = [
            ("1", "Adeyemi", "Folasade", "Ad F"),
            ("2", "PATEL", "Dinesh", "Pa Din"),
            ("3", "Patel", "Dilip", "Pa Dil"),
            ("4", "Parker", "Ann", "Pa A"),
            ("5", "Ó Briain", "", "Ó"),
            ("6", "", "Baby", "B"),
            ("7", "Quinn", "Bridget", "Qu Bridget"),
            ("8", "Quinn", "Bridget", "Qu Bridget"),
        ];
        let names =
            people.iter().map(|(id, family, given, _)| ((*id).to_owned(), ((*family).to_owned(), (*given).to_owned())));
        let short = shortened(&names.collect());
        for (id, family, _, expected) in people {
            assert_eq!(short[id], expected, "{family}");
        }
    }
}
