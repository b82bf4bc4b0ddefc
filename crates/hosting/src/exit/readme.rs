//! The words for a stranger who opens the folder and has never heard of us: `readme.md`, with what is true of this folder in
//! the places of its words in braces. Knows no file of the folder.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::report::Holdings;
use super::write_out::Given;

/// The words, with places in braces.
const WORDS: &str = include_str!("readme.md");

/// The README of a folder.
pub(crate) fn text(given: &Given, holds: &Holdings, resources: &BTreeMap<String, u64>) -> String {
    let (trust, made) = (&given.trust, &given.made);
    let mut table = String::new();
    for (kind, count) in resources {
        // Writing to a string does not fail.
        let _ = writeln!(table, "| `fhir/current/{kind}.ndjson` | {count} |");
    }
    let places = [
        ("name", trust.name.clone()),
        ("code", trust.code.to_string()),
        ("moment", made.moment.clone()),
        ("by", made.by.clone()),
        ("demonstration", if trust.demonstration { " Its patients are invented." } else { "" }.into()),
        ("entries", holds.entries.to_string()),
        ("versions", holds.versions.to_string()),
        ("live", holds.resources.to_string()),
        ("erased", holds.erased.to_string()),
        ("blobs", holds.blobs.to_string()),
        ("accesses", holds.accesses.to_string()),
        ("accounts", holds.accounts.to_string()),
        ("files", holds.configuration_files.to_string()),
        ("table", table),
        ("key", given.journal.key.clone()),
    ];
    places.into_iter().fold(WORDS.to_owned(), |words, (place, said)| words.replace(&format!("{{{place}}}"), &said))
}
