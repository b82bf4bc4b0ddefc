//! How fast one core parses, indexes and evaluates: `cargo run --release -p fhir --example index_rate FOLDER`, where
//! the folder holds FHIR bundles such as the suite `synthea-150`. Prints microseconds a resource.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measuring tool talks, stops at a surprise, and reads the clock"
)]

use fhir::fhirpath::{Context, Expression};
use fhir::{Document, Limits, search};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;
use terms::Moment;

fn main() {
    let folder = std::env::args().nth(1).unwrap();
    let mut resources: Vec<Vec<u8>> = Vec::new();
    for file in std::fs::read_dir(folder).unwrap().take(40) {
        let Ok(text) = std::fs::read(file.unwrap().path()) else { continue };
        let Ok(bundle) = Document::parse(&text, &Limits::default()) else { continue };
        for entry in bundle.root().get("entry").iter().flat_map(|entries| entries.items()) {
            resources.push(entry.get("resource").unwrap().raw().to_vec());
        }
    }
    let bytes: usize = resources.iter().map(Vec::len).sum();
    println!("{} resources, {} bytes each", resources.len(), bytes / resources.len());
    let limits = Limits::default();
    measure("parse", resources.len(), || {
        for text in &resources {
            black_box(Document::parse(text, &limits).unwrap());
        }
    });
    let documents: Vec<_> = resources.iter().map(|text| Document::parse(text, &limits).unwrap()).collect();
    let types: Vec<_> = documents.iter().map(|document| document.resource_type().unwrap().into_owned()).collect();
    let mut rows = Vec::new();
    let mut total = 0;
    measure("index rows", resources.len(), || {
        total = 0;
        for (document, kind) in documents.iter().zip(&types) {
            rows.clear();
            search::index_rows(kind, "00000000-0000-7000-8000-000000000000", document, &mut rows);
            total += rows.len();
        }
    });
    println!("{:.1} rows a resource", total as f64 / resources.len() as f64);
    let mut by_type: BTreeMap<&str, (usize, usize, f64)> = BTreeMap::new();
    for (document, kind) in documents.iter().zip(&types) {
        rows.clear();
        let start = Instant::now();
        search::index_rows(kind, "1", document, &mut rows);
        let entry = by_type.entry(kind).or_default();
        *entry = (entry.0 + 1, entry.1 + rows.len(), entry.2 + start.elapsed().as_secs_f64());
    }
    for (kind, (count, rows, seconds)) in by_type {
        let (each, micros) = (rows as f64 / count as f64, seconds * 1e6 / count as f64);
        println!("  {kind}: {count}, {each:.1} rows, {micros:.2} µs");
    }
    let patient = documents.iter().zip(&types).find(|(_, kind)| *kind == "Patient").unwrap().0;
    let context = Context::resource(patient, Moment(0));
    for text in ["Patient.name", "Patient.name.given", "Patient.telecom.where(system='phone').value"] {
        let expression = Expression::compile(text).unwrap();
        measure(text, 100_000, || {
            for _ in 0..100_000 {
                black_box(expression.evaluate(black_box(&context)).unwrap());
            }
        });
    }
}

/// The best of five runs.
fn measure(what: &str, count: usize, mut work: impl FnMut()) {
    let best = (0..5).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    });
    println!("{what}: {:.3} µs", best.fold(f64::INFINITY, f64::min) * 1e6 / count as f64);
}
