//! The official FHIRPath tests for R4 (`tests-fhir-r4.xml`), counted against a floor that only rises.
//!
//! A test marked as invalid passes when the expression is refused or faults; types and texts of results must agree.

use crate::xml;
use fhir::fhirpath::{Context, Expression, Value};
use fhir::{Document, Limits};
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use terms::Moment;
use testkit::suites;

/// How many of the 935 tests passed when this was last raised.
const FLOOR: usize = 930;

/// The tests that do not pass, and why we are content with it.
const EXPLAINED: &[(&str, &str)] = &[
    ("testPolymorphismAsB", "wants static types: a member of what `as` left empty is a fault there"),
    ("testDollarOrderNotAllowed", "wants functions of order refused after `children()`"),
    ("testPlusDate19", "drops the fraction of 0.1 's'; the specification keeps it for seconds"),
    ("HighBoundaryDateTimeMillisecond1", "reads the hour 08 as 08:00, against its own low boundary"),
    ("HighBoundaryDateTimeMillisecond3", "the same"),
];

#[test]
fn official_tests() {
    let Some(folder) = suites::folder("fhir-test-cases-r4") else { return };
    let text = fs::read_to_string(folder.join("r4/fhirpath/tests-fhir-r4.xml")).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let mut inputs = HashMap::new();
    let (mut passed, mut all) = (0, 0);
    for test in document.descendants().filter(|node| node.has_tag_name("test")) {
        let Some(expression) = test.children().find(|node| node.has_tag_name("expression")) else { continue };
        let file = test.attribute("inputfile").unwrap_or("patient-example.xml");
        let input = inputs.entry(file.to_owned()).or_insert_with(|| read_input(&folder, file));
        all += 1;
        match check(&test, &expression, input) {
            Ok(()) => passed += 1,
            Err(why) => {
                let name = test.attribute("name").unwrap();
                let explained = EXPLAINED.iter().find(|(own, _)| *own == name);
                assert!(explained.is_some(), "{name}: {} {why}", expression.text().unwrap_or(""));
            }
        }
    }
    eprintln!("FHIRPath: {passed}/{all} official tests pass");
    assert!(all == 935 && passed >= FLOOR, "{passed} of {all} pass, {FLOOR} did before");
}

fn read_input(folder: &Path, file: &str) -> String {
    let path = [folder.join("r4").join(file), folder.join("r4/examples").join(file)];
    let path = path.iter().find(|path| path.exists()).unwrap();
    let text = fs::read_to_string(path).unwrap();
    if file.ends_with(".xml") { xml::to_json(&text) } else { text }
}

fn check(test: &roxmltree::Node<'_, '_>, expression: &roxmltree::Node<'_, '_>, input: &str) -> Result<(), String> {
    let expected: Vec<_> = test.children().filter(|node| node.has_tag_name("output")).collect();
    let may_fail = expression.attribute("invalid").is_some();
    let document = Document::parse(input.as_bytes(), &Limits::default()).unwrap();
    let mut context = Context::resource(&document, Moment(1_790_000_000_000));
    context.is_strict = test.attribute("mode") == Some("strict");
    let compiled = Expression::compile(expression.text().unwrap_or("")).map_err(|error| error.to_string());
    let found = match compiled.and_then(|it| it.evaluate(&context).map_err(|fault| fault.to_string())) {
        Ok(found) => found,
        Err(_) if may_fail => return Ok(()),
        Err(error) => return Err(error),
    };
    if may_fail && expected.is_empty() {
        return Err(format!("a fault was expected, not {found:?}"));
    }
    if test.attribute("predicate") == Some("true") {
        let is_true = expected.first().and_then(|node| node.text()) == Some("true");
        return if found.is_empty() != is_true { Ok(()) } else { Err("the predicate differs".to_owned()) };
    }
    let mut missing: Vec<_> = expected.iter().map(|node| (node.attribute("type"), node.text().unwrap_or(""))).collect();
    let is_ordered = test.attribute("ordered") != Some("false");
    let print = || found.iter().map(|item| format!("{} {:?}", item.type_name(), item.to_text())).collect::<Vec<_>>();
    for item in &found {
        let places = if is_ordered { 0..missing.len().min(1) } else { 0..missing.len() };
        match places.into_iter().find(|at| is_same(item, missing[*at])) {
            Some(at) => missing.remove(at),
            None => return Err(format!("expected {missing:?}, found {:?}", print())),
        };
    }
    if missing.is_empty() { Ok(()) } else { Err(format!("expected {missing:?} in {:?}", print())) }
}

fn is_same(item: &Value<'_>, (kind, text): (Option<&str>, &str)) -> bool {
    let own_kind = item.type_name();
    let own = item.to_text().unwrap_or_default();
    let same_kind = kind.is_none_or(|kind| kind.eq_ignore_ascii_case(own_kind));
    let text = text.strip_prefix('@').unwrap_or(text);
    let text = text.strip_prefix('T').filter(|_| own_kind == "Time").unwrap_or(text);
    let same_number = matches!(item, Value::Integer(_) | Value::Decimal(_))
        && own.parse::<f64>().is_ok_and(|own| Ok(own) == text.parse::<f64>());
    same_number || same_kind && own == text
}
