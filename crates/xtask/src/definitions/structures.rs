//! Resource types, data types and the nested structures inside them, each with its direct children.
//!
//! A nested structure (`Observation.component`) becomes a structure of its own, so that a content reference is nothing
//! but a second element of the same structure.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::encode::Table;
use super::package::Package;

const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
const STRUCTURE_PREFIX: &str = "http://hl7.org/fhir/StructureDefinition/";
const SYSTEM_PREFIX: &str = "http://hl7.org/fhirpath/System.";

/// What a structure is, as the number in the table.
#[derive(Clone, Copy)]
enum Kind {
    Resource = 0,
    DataType = 1,
    Primitive = 2,
    Nested = 3,
}

/// One structure to be written: a type, or an element with children.
struct Structure<'p> {
    path: &'p str,
    kind: Kind,
    is_abstract: bool,
    base: &'p str,
    children: Vec<&'p Value>,
}

/// The definitions that become structures: every type of R4, no profiles and no logical models.
fn types(package: &Package) -> BTreeMap<&str, &Value> {
    let is_type = |definition: &&Value| definition["derivation"] != "constraint" && definition["kind"] != "logical";
    package.of_type("StructureDefinition").filter(is_type).filter_map(named_by_type).collect()
}

fn named_by_type(definition: &Value) -> Option<(&str, &Value)> {
    Some((definition["type"].as_str()?, definition))
}

/// Writes all structures; ids are their order.
pub(super) fn write(package: &Package, table: &mut Table) -> Result<()> {
    let mut structures = Vec::new();
    for definition in types(package).values() {
        collect(definition, &mut structures)?;
    }
    let ids: HashMap<&str, usize> = structures.iter().enumerate().map(|(id, it)| (it.path, id)).collect();
    table.number(structures.len());
    for structure in &structures {
        table.text(structure.path);
        table.number(structure.kind as usize);
        table.number(usize::from(structure.is_abstract));
        table.text(structure.base);
        table.number(structure.children.len());
        for element in &structure.children {
            let is_resource_id = matches!(structure.kind, Kind::Resource) && is_named(element, "id");
            write_element(element, is_resource_id, &ids, table).with_context(|| format!("in {}", structure.path))?;
        }
    }
    Ok(())
}

/// The value sets of required bindings, in order.
pub(super) fn required_value_sets(package: &Package) -> Vec<&str> {
    let mut found: Vec<_> = types(package)
        .values()
        .filter_map(|definition| definition["snapshot"]["element"].as_array())
        .flatten()
        .filter(|element| element["binding"]["strength"] == "required")
        .filter_map(|element| element["binding"]["valueSet"].as_str())
        .map(without_version)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn collect<'p>(definition: &'p Value, structures: &mut Vec<Structure<'p>>) -> Result<()> {
    let name = definition["type"].as_str().context("a structure without type")?;
    let elements = definition["snapshot"]["element"].as_array().with_context(|| format!("{name} has no snapshot"))?;
    let kind = match definition["kind"].as_str() {
        Some("resource") => Kind::Resource,
        Some("complex-type") => Kind::DataType,
        Some("primitive-type") => Kind::Primitive,
        other => bail!("{name} is of kind {other:?}"),
    };
    let base = definition["baseDefinition"].as_str().unwrap_or_default();
    for (at, element) in elements.iter().enumerate() {
        let path = path_of(element)?;
        let children: Vec<&Value> = elements.iter().filter(|child| is_child(path, child)).collect();
        if at == 0 {
            let is_abstract = definition["abstract"] == true;
            let base = base.strip_prefix(STRUCTURE_PREFIX).unwrap_or(base);
            structures.push(Structure { path, kind, is_abstract, base, children });
        } else if !children.is_empty() {
            let base = element["type"][0]["code"].as_str().unwrap_or_default();
            structures.push(Structure { path, kind: Kind::Nested, is_abstract: false, base, children });
        }
    }
    Ok(())
}

fn is_child(path: &str, element: &Value) -> bool {
    let rest = element["path"].as_str().and_then(|child| child.strip_prefix(path)?.strip_prefix('.'));
    rest.is_some_and(|name| !name.contains('.'))
}

fn is_named(element: &Value, name: &str) -> bool {
    element["path"].as_str().and_then(|path| path.rsplit('.').next()) == Some(name)
}

fn write_element(element: &Value, is_resource_id: bool, ids: &HashMap<&str, usize>, table: &mut Table) -> Result<()> {
    let path = path_of(element)?;
    let name = path.rsplit('.').next().unwrap_or_default();
    let choice = name.strip_suffix("[x]");
    let binding = element["binding"]["valueSet"].as_str();
    let flags = [choice.is_some(), element["isSummary"] == true, element["isModifier"] == true, binding.is_some()];
    table.text(choice.unwrap_or(name));
    table.number(flags.iter().enumerate().map(|(bit, set)| usize::from(*set) << bit).sum());
    table.number(element["min"].as_u64().with_context(|| format!("{path} has no min"))? as usize);
    table.number(match element["max"].as_str() {
        Some("*") => 0,
        Some(max) => max.parse::<usize>().with_context(|| format!("{path} has max {max}"))? + 1,
        None => bail!("{path} has no max"),
    });
    if is_resource_id {
        // The package calls it a string; the standard's text (resource.html, Resource.id) says `id`.
        table.number(1);
        write_type("id", ids, [], table);
    } else {
        write_types(path, element, ids, table)?;
    }
    if let Some(value_set) = binding {
        let strengths = ["required", "extensible", "preferred", "example"];
        let strength = strengths.iter().position(|strength| element["binding"]["strength"] == *strength);
        table.number(strength.with_context(|| format!("{path} is bound by no known strength"))?);
        table.text(without_version(value_set));
    }
    Ok(())
}

fn write_types(path: &str, element: &Value, ids: &HashMap<&str, usize>, table: &mut Table) -> Result<()> {
    let nested = element["contentReference"].as_str().and_then(|reference| reference.strip_prefix('#'));
    if let Some(nested) = nested.or_else(|| ids.contains_key(path).then_some(path)) {
        ensure!(ids.contains_key(nested), "{path} refers to {nested}");
        table.number(1);
        write_type(nested, ids, [], table);
        return Ok(());
    }
    let types = element["type"].as_array().map_or(&[][..], Vec::as_slice);
    table.number(types.len());
    for entry in types {
        let targets = super::package::strings(&entry["targetProfile"]);
        let targets = targets.filter_map(|target| target.strip_prefix(STRUCTURE_PREFIX));
        write_type(type_code(path, entry)?, ids, targets, table);
    }
    Ok(())
}

/// A type's code, the place of its structure plus one (0 for none), and the types it may refer to.
fn write_type<'a>(
    code: &str,
    ids: &HashMap<&str, usize>,
    targets: impl IntoIterator<Item = &'a str>,
    table: &mut Table,
) {
    table.text(code);
    table.number(ids.get(code).map_or(0, |id| id + 1));
    table.texts(targets);
}

/// The FHIR type of an element. Ids and the values of primitives are given as FHIRPath types with the FHIR type in an
/// extension.
fn type_code<'p>(path: &str, entry: &'p Value) -> Result<&'p str> {
    let code = entry["code"].as_str().with_context(|| format!("{path} has a type without code"))?;
    if !code.starts_with(SYSTEM_PREFIX) {
        return Ok(code);
    }
    let extensions = entry["extension"].as_array().map_or(&[][..], Vec::as_slice);
    let named = extensions.iter().find(|extension| extension["url"] == FHIR_TYPE);
    Ok(named.and_then(|extension| extension["valueUrl"].as_str()).unwrap_or(code))
}

fn path_of(element: &Value) -> Result<&str> {
    element["path"].as_str().context("an element without path")
}

/// A canonical address without its `|version`: the whole package has one version.
pub(super) fn without_version(canonical: &str) -> &str {
    canonical.split('|').next().unwrap_or_default()
}
