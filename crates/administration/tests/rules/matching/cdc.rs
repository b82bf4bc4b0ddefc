//! The test set of the CDC's record linker: seeded people, and records of which its makers say whether they should match
//! the person they were made from. What they call a match follows their own rules, so agreement is a figure, not a goal.

use std::collections::HashMap;
use std::num::NonZero;
use std::path::Path;

use administration::matching::{Born, Demographics, People, Sex, find_pairs};

use super::csv::{Row, rows};
use testkit::suites::folder;

fn person(row: &Row) -> Demographics {
    // A few lines lack values at their end.
    let text = |name: &str| row.get(name).cloned().filter(|text| !text.is_empty());
    Demographics {
        surnames: [text("LAST"), text("MAIDEN")].into_iter().flatten().collect(),
        given: text("FIRST").into_iter().collect(),
        born: text("BIRTHDATE").and_then(|date| Born::read(&date)),
        sex: text("GENDER").and_then(|sex| Sex::read(&sex)),
        nhs_number: text("SSN"),
        postcode: text("ZIP"),
        address: ["ADDRESS", "CITY", "STATE"].iter().filter_map(|name| text(name)).collect(),
        phones: Vec::new(),
    }
}

/// Expected result by whether the seeded person was found: counts.
fn agreement(data: &Path, tests: &str) -> HashMap<(String, bool), usize> {
    let mut people = People::new();
    let mut seeds: HashMap<String, usize> = HashMap::new();
    for row in rows(&data.join("nbs_seed.csv")) {
        seeds.insert(row["Match Id"].clone(), people.len());
        people.add(&person(&row));
    }
    let tests = rows(&data.join(tests));
    let first = people.len();
    tests.iter().for_each(|row| people.add(&person(row)));
    let found = find_pairs(&people, NonZero::new(2).unwrap(), &|_| {});
    let mut counts = HashMap::new();
    for (at, row) in tests.iter().enumerate() {
        let (Some(seed), Some(result)) = (seeds.get(&row["Match Id"]), row.get("Expected Result")) else { continue };
        let is_found = found.pairs.iter().any(|pair| (pair.a, pair.b) == (*seed, first + at));
        *counts.entry((result.clone(), is_found)).or_default() += 1;
    }
    counts
}

#[test]
fn most_records_of_the_cdc_set_find_their_person() {
    let Some(folder) = folder("mpi-cdc-recordlinker") else { return };
    let data = folder.join("tests/algorithm/data");
    for tests in ["nbs_test.csv", "better_test.csv", "expanded_nbs_test.csv"] {
        let counts = agreement(&data, tests);
        let of = |result: &str, is_found: bool| counts.get(&(result.to_owned(), is_found)).copied().unwrap_or(0);
        for result in ["match", "possible_match", "no_match", "failed"] {
            let (found, not) = (of(result, true), of(result, false));
            if found + not > 0 {
                println!("CDC {tests}: {result}: {found} of {} found", found + not);
            }
        }
        let (found, not) = (of("match", true), of("match", false));
        assert!(found * 10 >= (found + not) * 9, "{tests}: {found} of {}", found + not);
    }
}
