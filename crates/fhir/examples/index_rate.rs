//! How fast one core parses, indexes and evaluates: `cargo run --release -p fhir --example index_rate FOLDER`, where
//! the folder holds FHIR bundles such as the suite `synthea-150`. Prints microseconds of processor time, as Linux
//! counts it, so that other work on the machine matters less.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring tool talks and may stop")]

use fhir::fhirpath::{Context, Expression};
use fhir::{Document, Limits, search};
use std::collections::BTreeMap;
use std::hint::black_box;
use terms::Moment;

fn main() {
    let folder = std::env::args().nth(1).unwrap();
    let mut resources: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap().take(40) {
        let Ok(text) = std::fs::read(file.unwrap().path()) else { continue };
        let Ok(bundle) = Document::parse(&text, &Limits::default()) else { continue };
        for entry in bundle.root().get("entry").iter().flat_map(|entries| entries.items()) {
            let resource = entry.get("resource").unwrap();
            let kind = resource.get("resourceType").unwrap().text().unwrap().into_owned();
            resources.entry(kind).or_default().push(resource.raw().to_vec());
        }
    }
    println!("{:20} {:>7} {:>7} {:>7} {:>9} {:>9}", "", "count", "bytes", "rows", "parse µs", "index µs");
    let mut sums = [0.0; 4];
    for (kind, texts) in &resources {
        let found = measure_type(kind, texts);
        let count = texts.len() as f64;
        print_line(kind, count, found);
        sums = std::array::from_fn(|place| sums[place] + found[place] * count);
    }
    let count = resources.values().map(Vec::len).sum::<usize>() as f64;
    print_line("all", count, sums.map(|sum| sum / count));
    let patient = Document::parse(&resources["Patient"][0], &Limits::default()).unwrap();
    let context = Context::resource(&patient, Moment(0));
    for text in ["Patient.name", "Patient.name.given", "Patient.telecom.where(system='phone').value"] {
        let expression = Expression::compile(text).unwrap();
        let each = measure(100_000, || {
            for _ in 0..100_000 {
                black_box(expression.evaluate(black_box(&context)).unwrap());
            }
        });
        println!("{text}: {each:.3} µs");
    }
}

fn print_line(name: &str, count: f64, [bytes, rows, parse, index]: [f64; 4]) {
    println!("{name:20} {count:7} {bytes:7.0} {rows:7.1} {parse:9.2} {index:9.2}");
}

/// Bytes, rows, microseconds to parse and microseconds to index, each for one resource.
fn measure_type(kind: &str, texts: &[Vec<u8>]) -> [f64; 4] {
    let limits = Limits::default();
    let parse = measure(texts.len(), || {
        for text in texts {
            black_box(Document::parse(text, &limits).unwrap());
        }
    });
    let documents: Vec<_> = texts.iter().map(|text| Document::parse(text, &limits).unwrap()).collect();
    let (mut rows, mut total) = (Vec::new(), 0);
    let index = measure(texts.len(), || {
        total = 0;
        for document in &documents {
            rows.clear();
            search::index_rows(kind, "00000000-0000-7000-8000-000000000000", document, &mut rows);
            total += rows.len();
        }
    });
    let count = texts.len() as f64;
    [texts.iter().map(Vec::len).sum::<usize>() as f64 / count, total as f64 / count, parse, index]
}

/// Microseconds of processor time for one of `count` things, over at least a quarter of a second: the counter moves
/// in steps of some milliseconds.
fn measure(count: usize, mut work: impl FnMut()) -> f64 {
    work();
    let start = processor_nanos();
    let mut runs = 0;
    loop {
        work();
        runs += 1;
        let spent = processor_nanos() - start;
        if spent > 250_000_000 {
            return spent as f64 / 1000.0 / (runs * count) as f64;
        }
    }
}

fn processor_nanos() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}
