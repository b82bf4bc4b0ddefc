//! FHIR's XML into its JSON, enough for the inputs of the official tests (FHIR R4, 2.6.2 "JSON Representation").
//! What repeats and what is a number is read from the definitions; malformed input stops the test.

use fhir::definitions::{Structure, definitions};
use roxmltree::Node;
use serde_json::{Map, Value, json};

/// The JSON text of a resource in XML.
pub(crate) fn to_json(text: &str) -> String {
    let document = roxmltree::Document::parse(text).unwrap();
    resource(document.root_element()).to_string()
}

fn resource(node: Node<'_, '_>) -> Value {
    let name = node.tag_name().name();
    let structure = definitions().resource_type(name).unwrap();
    let mut object = children(node, structure);
    object.insert("resourceType".to_owned(), json!(name));
    Value::Object(object)
}

fn children(node: Node<'_, '_>, structure: &'static Structure) -> Map<String, Value> {
    let mut object = Map::new();
    for attribute in node.attributes().filter(|attribute| attribute.name() != "value") {
        object.insert(attribute.name().to_owned(), json!(attribute.value()));
    }
    for child in node.children().filter(Node::is_element) {
        let name = child.tag_name().name();
        let Some(found) = structure.element(name) else { panic!("{} has no {name}", structure.name) };
        let kind = found.type_ref.structure();
        let (value, companion) = match kind {
            Some(kind) if kind.name == "xhtml" => (json!(child.document().input_text()[child.range()]), Value::Null),
            Some(kind) if kind.kind == fhir::definitions::StructureKind::Resource => {
                (resource(child.first_element_child().unwrap()), Value::Null)
            }
            Some(kind) if kind.primitive.is_some() => {
                let rest = children(child, kind);
                let companion = if rest.is_empty() { Value::Null } else { Value::Object(rest) };
                (primitive(child.attribute("value"), kind.name), companion)
            }
            Some(kind) => (Value::Object(children(child, kind)), Value::Null),
            None => (json!(child.attribute("value")), Value::Null),
        };
        if found.element.is_array() {
            add(&mut object, name.to_owned(), value, &companion);
        } else {
            put(&mut object, name.to_owned(), value);
            put(&mut object, format!("_{name}"), companion);
        }
    }
    object
}

fn put(object: &mut Map<String, Value>, name: String, value: Value) {
    if !value.is_null() {
        object.insert(name, value);
    }
}

fn add(object: &mut Map<String, Value>, name: String, value: Value, companion: &Value) {
    let values = object.entry(name.clone()).or_insert_with(|| json!([])).as_array_mut().unwrap();
    values.push(value);
    let count = values.len();
    let other = format!("_{name}");
    if !companion.is_null() || object.contains_key(&other) {
        let companions = object.entry(other).or_insert_with(|| json!([])).as_array_mut().unwrap();
        companions.resize(count - 1, Value::Null);
        companions.push(companion.clone());
    }
}

fn primitive(value: Option<&str>, kind: &str) -> Value {
    let Some(value) = value else { return Value::Null };
    match kind {
        "boolean" | "integer" | "positiveInt" | "unsignedInt" | "decimal" => serde_json::from_str(value).unwrap(),
        _ => json!(value),
    }
}
