//! Index rows of real resources.

use crate::suites;
use fhir::{Document, Limits, search};
use std::collections::BTreeMap;
use std::fs;

#[test]
fn rows_of_the_examples() {
    let Some(folder) = suites::folder("fhir-r4-examples") else { return };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = fs::read(&path).unwrap();
        let document = Document::parse(&text, &Limits::default()).unwrap();
        let mut rows = Vec::new();
        search::index_rows(&document.resource_type().unwrap(), "x", &document, &mut rows);
        if path.ends_with("observation-example.json") || path.ends_with("patient-example.json") {
            for row in &rows {
                eprintln!("{row:?}");
            }
        }
        for row in rows {
            *counts.entry(row.parameter).or_default() += 1;
        }
    }
    eprintln!("{} names of rows", counts.len());
}
