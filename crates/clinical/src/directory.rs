//! Names of the people, places, organisations and medicines that a patient's resources point at.
//!
//! A name that is not among the resources at hand falls back to the reference's own display.

use std::collections::HashMap;

use fhir::Node;

use crate::read::{items, reference, text, words};

/// Names by `Type/id`.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    names: HashMap<String, String>,
}

impl Directory {
    /// Gathers the names of every practitioner, place, organisation and medicine among the resources.
    pub(crate) fn of<'d, 't: 'd>(resources: impl Iterator<Item = Node<'d, 't>>) -> Directory {
        let mut names = HashMap::new();
        for resource in resources {
            if let (Some(kind), Some(id)) = (text(resource, "resourceType"), text(resource, "id"))
                && let Some(name) = name_of(resource, &kind)
            {
                names.insert(format!("{kind}/{id}"), name);
            }
        }
        Directory { names }
    }

    /// The name behind a reference: the directory's, else its display.
    pub(crate) fn name(&self, node: Node<'_, '_>, member: &str) -> Option<String> {
        let known = reference(node, member).and_then(|reference| self.names.get(&reference).cloned());
        known.or_else(|| text(node.get(member)?.items().next()?, "display"))
    }
}

fn name_of(resource: Node<'_, '_>, kind: &str) -> Option<String> {
    match kind {
        "Practitioner" => practitioner_name(resource),
        "Location" | "Organization" => text(resource, "name"),
        "Medication" => words(resource.get("code")?),
        _ => None,
    }
}

/// A practitioner's name on one line: title, given initial or name, family.
pub fn practitioner_name(resource: Node<'_, '_>) -> Option<String> {
    let name = items(resource, "name").next()?;
    if let Some(whole) = text(name, "text") {
        return Some(whole);
    }
    let parts = ["prefix", "given"].into_iter().flat_map(|part| items(name, part)).filter_map(|part| part.text());
    let mut parts: Vec<String> = parts.map(|part| part.into_owned()).collect();
    parts.extend(text(name, "family"));
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Kinds whose names a chart prints.
const NAMED: &[&str] = &["Practitioner", "Location", "Organization", "Medication"];

/// `Type/id` of the people, places, organisations and medicines that a resource points at without saying their name.
/// Whoever gathers a chart's material looks these up too.
pub fn unnamed_references(resource: Node<'_, '_>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    visit(resource, &mut found);
    found
}

fn visit(node: Node<'_, '_>, found: &mut Vec<(String, String)>) {
    if let (Some(literal), None) = (text(node, "reference"), node.get("display")) {
        let mut steps = literal.split('/');
        if let (Some(kind), Some(id), None) = (steps.next(), steps.next(), steps.next())
            && NAMED.contains(&kind)
        {
            found.push((kind.to_owned(), id.to_owned()));
        }
    }
    for (_, member) in node.members() {
        for item in member.items().filter(|item| !item.is_empty()) {
            visit(item, found);
        }
    }
}
