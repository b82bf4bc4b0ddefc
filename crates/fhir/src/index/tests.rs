//! That every parameter of every type is compiled, and that the walk over merged paths selects what the expressions
//! select on HL7's examples.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test may stop at the first surprise and may talk")]

use super::extract::{index_rows, some_index_rows};
use super::table::table;
use crate::definitions::definitions;
use crate::document::{Document, Limits};
use crate::expression::value::{Element, Value};
use crate::expression::{Context, Expression};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use terms::Moment;
use terms::index::Row;
use testkit::suites;

#[test]
fn every_parameter_is_compiled() {
    let mut odd: BTreeMap<&str, &str> = BTreeMap::new();
    for structure in definitions().resource_types() {
        let table = table(structure.name).unwrap();
        for (place, parameter) in table.parameters.iter().enumerate() {
            let place = place as u16;
            let is_walked = table.walk.reaches(place) || table.on_resource.contains(&place);
            let is_evaluated = table.others.iter().any(|(end, _)| *end == place);
            if let Some(why) = parameter.unsupported {
                odd.insert(parameter.names.plain, why);
            } else if is_evaluated {
                odd.insert(parameter.names.plain, "evaluated");
            } else if !parameter.sources.is_empty() {
                odd.insert(parameter.names.plain, "found under others");
            } else if !is_walked {
                odd.insert(parameter.names.plain, "selects nothing");
            }
        }
    }
    odd.retain(|name, _| !name.contains("._"));
    let expected = [
        ("Location.near", "distances are not indexed"),
        ("Observation.combo-code", "found under others"),
        ("Observation.combo-code-value-concept", "found under others"),
        ("Observation.combo-code-value-quantity", "found under others"),
        ("Observation.combo-data-absent-reason", "found under others"),
        ("Observation.combo-value-concept", "found under others"),
        ("Observation.combo-value-quantity", "found under others"),
        ("Patient.age", "the standard gives no expression for it"),
        ("Patient.birthOrderBoolean", "the standard gives no expression for it"),
        ("Patient.deceased", "evaluated"),
        ("QuestionnaireResponse.item-subject", "evaluated"),
    ];
    assert_eq!(odd, BTreeMap::from(expected));
}

#[test]
fn the_walk_selects_what_the_expressions_select() {
    let Some(folder) = suites::folder("fhir-r4-examples") else { return };
    let mut compiled: HashMap<&str, Expression> = HashMap::new();
    let (mut values, mut differences) = (0, Vec::new());
    for file in fs::read_dir(folder).unwrap() {
        let text = fs::read(file.unwrap().path()).unwrap();
        let Ok(document) = Document::parse(&text, &Limits::default()) else { continue };
        let Some(own) = document.resource_type().and_then(|name| table(&name)) else { continue };
        let root = document.root();
        let mut walked: BTreeMap<u16, BTreeSet<String>> = BTreeMap::new();
        own.walk.follow(root, root, &mut |end, node, _| {
            walked.entry(end).or_default().insert(node.raw_text().to_owned());
        });
        let context = Context::resource(&document, Moment(0));
        for (place, parameter) in own.parameters.iter().enumerate() {
            let place = place as u16;
            let is_walked = own.walk.reaches(place) && !own.on_resource.contains(&place);
            let Some(text) = parameter.definition.expression.filter(|_| is_walked) else { continue };
            let expression = compiled.entry(text).or_insert_with(|| Expression::compile_for_search(text).unwrap());
            let found: BTreeSet<String> = expression.evaluate(&context).unwrap().iter().filter_map(raw).collect();
            values += found.len();
            // A union drops what is equal to something before it, however it is written.
            let walked = walked.remove(&place).unwrap_or_default();
            if found != walked && !(text.contains('|') && found.is_subset(&walked)) {
                differences.push(parameter.names.plain);
            }
        }
    }
    eprintln!("{values} values selected by walk and by expression alike");
    assert!(differences.is_empty(), "{differences:?}");
    assert!(values > 9000);
}

#[test]
fn some_rows_are_those_of_all_rows() {
    let Some(folder) = suites::folder("fhir-r4-examples") else { return };
    let mut compared = 0;
    for file in fs::read_dir(folder).unwrap() {
        let text = fs::read(file.unwrap().path()).unwrap();
        let Ok(document) = Document::parse(&text, &Limits::default()) else { continue };
        let Some(kind) = document.resource_type() else { continue };
        let mut all = Vec::new();
        index_rows(&kind, "x", &document, &mut all);
        let mut by_parameter: BTreeMap<&'static str, Vec<Row>> = BTreeMap::new();
        for row in all {
            by_parameter.entry(row.parameter).or_default().push(row);
        }
        for (parameter, mut expected) in by_parameter {
            let mut some = Vec::new();
            some_index_rows(&kind, "x", &document, &[parameter].into(), &mut some);
            some.retain(|row| row.parameter == parameter);
            some.sort_unstable();
            some.dedup();
            expected.sort_unstable();
            assert!(some == expected, "{kind} {parameter}");
            compared += 1;
        }
    }
    eprintln!("{compared} parameters of documents compared");
    assert!(compared > 5000);
}

fn raw(item: &Value<'_>) -> Option<String> {
    match item {
        Value::Element(Element { node: Some(node), .. }) => Some(node.raw_text().to_owned()),
        _ => None,
    }
}
