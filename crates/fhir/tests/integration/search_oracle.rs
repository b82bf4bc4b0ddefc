//! Index values against another FHIRPath engine (npm `fhirpath`) on HL7's examples and 2,000 Synthea resources.
//!
//! `tests/oracle/values.mjs` finds and reads the values in its own way; here rows are written as the same text. At
//! least 99.5 % of (resource, parameter) pairs must agree for each type of parameter; what differs is explained in
//! [`EXPLAINED`]. Not compared: folding and sounds (tested elsewhere), units in base units.

use fhir::definitions::{ParameterKind, definitions};
use fhir::{Document, Limits, search};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use terms::index::{Part, Row};
use testkit::suites;

/// Parameters whose values are known to differ, and why we are content with it.
const EXPLAINED: &[(&str, &str)] = &[
    ("ConceptMap.source-uri", CANONICAL_AS_URI),
    ("ConceptMap.target-uri", CANONICAL_AS_URI),
    ("Observation.combo-value-quantity", TINY),
    ("Observation.component-value-quantity", TINY),
];
const TINY: &str = "1E-245 is indexed as the nearest decimal, which is 0";
const CANONICAL_AS_URI: &str = "there, `as uri` selects a canonical too; the official tests of `as` say exact types";

#[test]
fn index_values_agree_with_another_engine() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    if !repository.join("node_modules/fhirpath").exists() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "npm fhirpath is missing");
        eprintln!("skipped: npm fhirpath is not installed");
        return;
    }
    let (Some(examples), Some(synthea)) = (suites::folder("fhir-r4-examples"), suites::folder("synthea-150")) else {
        return;
    };
    let mut resources = read_examples(&examples);
    resources.extend(read_synthea(&synthea, 2000));
    assert!(resources.len() > 2900, "{} resources", resources.len());
    let answers = ask(repository, &resources);
    let mut figures: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut differing: BTreeMap<&str, (usize, String)> = BTreeMap::new();
    for (text, answer) in resources.iter().zip(&answers) {
        compare(text, answer, &mut figures, &mut differing);
    }
    let mut report = String::new();
    for (kind, (agreed, all)) in &figures {
        writeln!(report, "{kind}: {agreed}/{all} ({:.2} %)", *agreed as f64 * 100.0 / *all as f64).unwrap();
    }
    for (name, (count, example)) in &differing {
        let why = EXPLAINED.iter().find(|(own, _)| own == name).map_or("not explained", |(_, why)| why);
        writeln!(report, "{name} differs {count} times, {why}; such as {example}").unwrap();
    }
    eprintln!("{report}");
    for (kind, (agreed, all)) in &figures {
        assert!(*agreed as f64 >= *all as f64 * 0.995, "{kind}\n{report}");
    }
    assert!(differing.keys().all(|name| EXPLAINED.iter().any(|(own, _)| own == name)), "{report}");
}

fn read_examples(folder: &Path) -> Vec<String> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    paths.sort();
    let json = paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    json.map(|path| one_line(&fs::read_to_string(path).unwrap())).collect()
}

/// Every so many resources of every fourth bundle, so that all types have their share.
fn read_synthea(folder: &Path, count: usize) -> Vec<String> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    paths.sort();
    let mut found = Vec::new();
    let json = paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    for path in json.step_by(4) {
        let text = fs::read(path).unwrap();
        let document = Document::parse(&text, &Limits::default()).unwrap();
        let Some(entries) = document.root().get("entry") else { continue };
        let resources = entries.items().filter_map(|entry| entry.get("resource"));
        found.extend(resources.step_by(5).map(|resource| one_line(resource.raw_text())));
    }
    let step = (found.len() / count).max(1);
    found.into_iter().step_by(step).take(count).collect()
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

fn ask(repository: &Path, resources: &[String]) -> Vec<Map<String, Value>> {
    let mut parameters: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for structure in definitions().resource_types() {
        for parameter in definitions().search_parameters(structure.name) {
            if parameter.code == "phonetic" || search::row_parameters(structure.name, parameter.code).is_empty() {
                continue;
            }
            let components = parameter.components.iter().map(|component| {
                let part = definitions().search_parameter_by_url(structure.name, component.definition).unwrap();
                json!({"kind": kind_name(part.kind), "expression": component.expression})
            });
            let components: Vec<Value> = components.collect();
            parameters.entry(structure.name).or_default().push(json!({
                "name": parameter.code, "kind": kind_name(parameter.kind), "expression": parameter.expression,
                "components": components}));
        }
    }
    let input = repository.join(format!("target/suites/oracle.{}.ndjson", std::process::id()));
    let lines = format!("{}\n{}\n", json!({"parameters": parameters}), resources.join("\n"));
    fs::write(&input, lines).unwrap();
    let script = repository.join("crates/fhir/tests/oracle/values.mjs");
    let output = Command::new("node").arg(script).arg(&input).current_dir(repository).output().unwrap();
    fs::remove_file(&input).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers = String::from_utf8(output.stdout).unwrap();
    answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn kind_name(kind: ParameterKind) -> &'static str {
    match kind {
        ParameterKind::Number => "number",
        ParameterKind::Date => "date",
        ParameterKind::String => "string",
        ParameterKind::Token => "token",
        ParameterKind::Reference => "reference",
        ParameterKind::Composite => "composite",
        ParameterKind::Quantity => "quantity",
        ParameterKind::Uri => "uri",
        ParameterKind::Special => "special",
    }
}

fn compare(
    text: &str,
    answer: &Map<String, Value>,
    figures: &mut BTreeMap<String, (usize, usize)>,
    differing: &mut BTreeMap<&'static str, (usize, String)>,
) {
    let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
    let kind = document.resource_type().unwrap();
    let mut rows = Vec::new();
    search::index_rows(&kind, "1", &document, &mut rows);
    for parameter in definitions().search_parameters(&kind) {
        let names = search::row_parameters(&kind, parameter.code);
        if parameter.code == "phonetic" || names.is_empty() {
            continue;
        }
        let own = rows.iter().filter(|row| names.contains(&row.parameter));
        let own: BTreeSet<String> = own.filter_map(|row| value_text(row, parameter.kind)).collect();
        let other = answer.get(parameter.code).and_then(Value::as_array);
        let other: BTreeSet<String> = other.into_iter().flatten().map(|it| normal(it, parameter.kind)).collect();
        if own.is_empty() && other.is_empty() {
            continue;
        }
        let figure = figures.entry(kind_name(parameter.kind).to_owned()).or_default();
        figure.1 += 1;
        if own == other {
            figure.0 += 1;
        } else {
            let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
                one.difference(other).take(3).cloned().collect::<Vec<_>>()
            };
            let id = document.root().get("id").and_then(|id| id.text()).unwrap_or_default().into_owned();
            let example =
                format!("{kind}/{id}: only here {:?}, only there {:?}", only(&own, &other), only(&other, &own));
            let entry = differing.entry(parameter.full_name).or_insert((0, example));
            entry.0 += 1;
        }
    }
}

/// The other engine's text with its numbers and long texts as ours.
fn normal(value: &Value, kind: ParameterKind) -> String {
    let text = value.as_str().unwrap();
    match kind {
        ParameterKind::Number | ParameterKind::Quantity => {
            text.split("..").map(|number| number_text(parsed(number))).collect::<Vec<_>>().join("..")
        }
        ParameterKind::Composite => {
            let parts = text.split('$').map(|part| parsed(part).map_or(part.to_owned(), |it| number_text(Some(it))));
            parts.collect::<Vec<_>>().join("$")
        }
        ParameterKind::Token | ParameterKind::Reference => {
            let (before, after) = text.split_once('|').unwrap_or((text, ""));
            if text.contains('|') { format!("{}|{}", cut(before), cut(after)) } else { cut(text).to_owned() }
        }
        _ => cut(text).to_owned(),
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(240);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn parsed(number: &str) -> Option<Decimal> {
    number.parse().ok().or_else(|| Decimal::from_scientific(number).ok())
}

/// To 15 digits: the other engine's numbers are binary and hold no more.
fn number_text(value: Option<Decimal>) -> String {
    let rounded = value.map(|value| value.round_sf(15).unwrap_or(value));
    rounded.map_or(String::new(), |value| value.normalize().to_string())
}

/// A row as the other engine's reader writes the value; `None` for rows that it does not make.
fn value_text(row: &Row, kind: ParameterKind) -> Option<String> {
    let (_, suffix) = row.parameter.split_once(':').unwrap_or((row.parameter, ""));
    let parts = row.parts.as_slice();
    match (kind, suffix, parts) {
        (ParameterKind::Token, "", _) => Some(token_text(parts)),
        (ParameterKind::String, "", [_, raw]) => Some(text(raw)),
        (ParameterKind::Date, "", [first, last]) => Some(format!("{}..{}", instant(first), instant(last))),
        (ParameterKind::Number | ParameterKind::Quantity, "", [number]) => Some(short(number)),
        (ParameterKind::Quantity, "range", [low, high]) => Some(format!("{}..{}", decoded(low), decoded(high))),
        (ParameterKind::Reference, "", [Part::Target { kind, id }]) => Some(format!("{kind}/{id}")),
        (ParameterKind::Reference, "uri", [url, version]) if text(version).is_empty() => Some(text(url)),
        (ParameterKind::Reference, "uri", [url, version]) => Some(format!("{}|{}", text(url), text(version))),
        (ParameterKind::Reference, "identifier", [value, system]) => {
            Some(format!("identifier {}|{}", text(system), text(value)))
        }
        (ParameterKind::Uri, "", [uri]) => Some(text(uri)),
        (ParameterKind::Composite, "", _) => Some(composite_text(parts)),
        _ => None,
    }
}

fn token_text(parts: &[Part]) -> String {
    match parts {
        [Part::Code { system, code }] => format!("{}|{}", cut(system), cut(code)),
        [value, system] => format!("{}|{}", text(system), text(value)),
        _ => String::new(),
    }
}

fn composite_text(mut parts: &[Part]) -> String {
    let mut texts = Vec::new();
    while let Some((first, mut rest)) = parts.split_first() {
        texts.push(match (first, rest) {
            (Part::Code { system, code }, _) => format!("{system}|{code}"),
            (Part::Target { kind, id }, _) => format!("{kind}/{id}"),
            (Part::Fixed(bytes), [last, ..]) if bytes.len() == 8 => {
                rest = &rest[1..];
                format!("{}..{}", instant(first), instant(last))
            }
            // No number of the suite has the 23 or 24 digits that would make it as long.
            (Part::Fixed(bytes), _) if bytes.len() == 13 => decoded(first),
            (Part::Fixed(_), _) => short(first),
            (Part::Text(_), [raw, ..]) => {
                rest = &rest[1..];
                text(raw)
            }
            _ => String::new(),
        });
        parts = rest;
    }
    texts.join("$")
}

fn text(part: &Part) -> String {
    match part {
        Part::Text(bytes) => String::from_utf8(bytes.clone()).unwrap(),
        other => panic!("{other:?} is not text"),
    }
}

fn instant(part: &Part) -> i64 {
    let Part::Fixed(bytes) = part else { panic!("{part:?} is not an instant") };
    (u64::from_be_bytes(bytes.as_slice().try_into().unwrap()) ^ (1 << 63)) as i64
}

/// The number of a row of its own: 128 for zero, or 128 plus the exponent plus 29, then pairs of digits, each doubled, odd
/// when more follow; inverted when negative (see `search::encode`).
fn short(part: &Part) -> String {
    let Part::Fixed(bytes) = part else { panic!("{part:?} is not a number") };
    let is_negative = bytes[0] < 128;
    let bytes: Vec<u8> = bytes.iter().map(|byte| if is_negative { !byte } else { *byte }).collect();
    let Some((first, pairs)) = bytes.split_first().filter(|(_, pairs)| !pairs.is_empty()) else { return "0".into() };
    let mut digits: String = pairs.iter().map(|byte| format!("{:02}", byte >> 1)).collect();
    digits.insert(1, '.');
    let sign = if is_negative { "-" } else { "" };
    let exponent = i32::from(*first) - 128 - 29;
    number_text(parsed(&format!("{sign}{digits}e{exponent}")))
}

/// The number in 13 bytes: sign, exponent plus 28, 29 digits (see `search::encode`); the ends of all numbers as nothing.
fn decoded(part: &Part) -> String {
    let Part::Fixed(bytes) = part else { panic!("{part:?} is not a number") };
    let mut bits = bytes.iter().fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
    let is_negative = bits >> 103 == 0;
    if is_negative {
        bits = !bits & ((1 << 104) - 1);
    }
    bits &= (1 << 103) - 1;
    let exponent = (bits >> 97) as i64 - 28;
    let mut digits = bits & ((1 << 97) - 1);
    if digits == 0 {
        return "0".to_owned();
    }
    let mut scale = 28 - exponent;
    while digits.is_multiple_of(10) && scale > 0 {
        digits /= 10;
        scale -= 1;
    }
    let value =
        Decimal::from_i128_with_scale(if is_negative { -(digits as i128) } else { digits as i128 }, scale as u32);
    if value == Decimal::MAX || value == Decimal::MIN { String::new() } else { number_text(Some(value)) }
}
