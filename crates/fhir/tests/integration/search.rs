//! Index rows of HL7's examples as a whole: every example has rows, no key is long, no row stands twice.
//! Values are compared with another engine in `search_oracle`.

use fhir::{Document, Limits, search};
use std::collections::BTreeSet;
use std::fs;
use terms::index::{Part, Row};
use testkit::suites;

#[test]
fn rows_of_the_examples_are_short_and_distinct() {
    let Some(folder) = suites::folder("fhir-r4-examples") else { return };
    let (mut names, mut all) = (BTreeSet::new(), 0);
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = fs::read(&path).unwrap();
        let document = Document::parse(&text, &Limits::default()).unwrap();
        let mut rows = Vec::new();
        search::index_rows(&document.resource_type().unwrap(), "1", &document, &mut rows);
        all += rows.len();
        names.extend(rows.iter().map(|row| row.parameter));
        let distinct: BTreeSet<_> = rows.iter().collect();
        assert_eq!(distinct.len(), rows.len(), "{path:?}");
        assert!(rows.iter().all(|row| ordered_bytes(row) <= 500), "{path:?}");
        assert_eq!(patients(&rows), cheap_patients(&document), "{path:?}");
    }
    eprintln!("{all} rows under {} names", names.len());
    assert!(names.len() > 1900);
}

/// Whose a resource is, as all its rows say.
fn patients(rows: &[Row]) -> BTreeSet<Part> {
    rows.iter().filter(|row| row.parameter == search::PATIENT_COMPARTMENT).map(|row| row.parts[0].clone()).collect()
}

/// The same without all the others.
fn cheap_patients(document: &Document<'_>) -> BTreeSet<Part> {
    let mut rows = Vec::new();
    search::compartment_rows(&document.resource_type().unwrap(), "1", document, &mut rows);
    assert!(rows.iter().all(|row| row.parts.len() == 1));
    patients(&rows)
}

/// What a key keeps in full; codes and targets become symbols and numbers.
fn ordered_bytes(row: &Row) -> usize {
    let length = |part: &Part| match part {
        Part::Fixed(bytes) => bytes.len(),
        Part::Text(bytes) => bytes.len() + 2,
        Part::Code { .. } | Part::Target { .. } => 8,
        Part::Kind(_) => 4,
    };
    row.parts.iter().map(length).sum()
}
