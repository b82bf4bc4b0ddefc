//! The law of validation: any document is judged without harm, in bounded words and always the same; what is valid is
//! valid once accepted; and index rows come of nonsense too, no more than are kept.
//!
//! Called with anything by the fuzz target `validate`, and with the seeds and regressions by a test.

use fhir::{Document, Issue, Kind, Limits, MOST_ISSUES, accept, search, validate};
use std::collections::HashSet;
use terms::Moment;

/// The most index rows of one resource, its compartments' included.
const MOST_ROWS: usize = 60_000;

/// Holds the law for any bytes.
pub(crate) fn check(input: &[u8]) {
    let limits = Limits { max_bytes: 1 << 20, max_nodes: 50_000, ..Limits::default() };
    let Ok(document) = Document::parse(input, &limits) else { return };
    let issues = validate(&document);
    let errors = issues.iter().filter(|issue| issue.is_error()).count();
    assert!(errors <= MOST_ISSUES && issues.len() - errors <= MOST_ISSUES);
    assert!(issues.iter().all(|issue| !issue.message.is_empty()));
    assert_eq!(issues, validate(&document), "the same document is judged the same");
    indexed(&document);
    if errors == 0 {
        assert_eq!(document.root().kind(), Kind::Object);
        stays_valid(&document);
    }
}

fn indexed(document: &Document<'_>) {
    let Some(resource_type) = document.resource_type() else { return };
    let mut rows = Vec::new();
    search::index_rows(&resource_type, "1", document, &mut rows);
    assert!(rows.len() <= MOST_ROWS, "{} rows", rows.len());
    let mut seen = HashSet::new();
    assert!(rows.iter().all(|row| seen.insert(row)), "a row stands twice");
}

fn stays_valid(document: &Document<'_>) {
    let text = accept(document, "new-id", &|_| None).complete(1, Moment(1_794_926_100_000));
    let limits = Limits { max_bytes: 2 << 20, max_nodes: 50_010, ..Limits::default() };
    let accepted = Document::parse(&text, &limits).unwrap_or_else(|fault| panic!("accepted: {fault}"));
    let errors: Vec<Issue> = validate(&accepted).into_iter().filter(Issue::is_error).collect();
    assert!(errors.is_empty(), "valid before it was accepted: {errors:?}");
}
