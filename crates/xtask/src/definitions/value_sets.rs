//! The codes that required bindings allow, as far as the package can list them.
//!
//! A value set that takes in a code system the package does not hold (currencies, media types, units) is written as
//! not listed, so that a reader knows it was not checked.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::Value;

use super::encode::Table;
use super::package::{Package, strings};
use super::structures::required_value_sets;

/// Codes by code system.
type Codes = BTreeMap<String, BTreeSet<String>>;

/// Value sets may include value sets; deeper than this is not listed.
const DEEPEST: usize = 8;

/// Writes each value set of a required binding: address, whether it is listed, codes by system in byte order.
pub(super) fn write(package: &Package, table: &mut Table) -> Result<()> {
    let urls = required_value_sets(package);
    table.number(urls.len());
    for url in urls {
        table.text(url);
        let codes = expand(package, url, 0);
        table.number(usize::from(codes.is_some()));
        let codes = codes.unwrap_or_default();
        table.number(codes.len());
        for (system, codes) in &codes {
            table.text(system);
            table.texts(codes.iter().map(String::as_str));
        }
    }
    Ok(())
}

/// All codes of a value set; `None` when the package does not suffice to list them.
fn expand(package: &Package, url: &str, depth: usize) -> Option<Codes> {
    let compose = &package.get(url)?["compose"];
    if depth > DEEPEST || compose["exclude"].is_array() {
        return None;
    }
    let mut all = Codes::new();
    for include in compose["include"].as_array()? {
        for (system, codes) in included(package, include, depth)? {
            all.entry(system).or_default().extend(codes);
        }
    }
    Some(all)
}

fn included(package: &Package, include: &Value, depth: usize) -> Option<Codes> {
    if include["filter"].is_array() {
        return None;
    }
    let Some(system) = include["system"].as_str() else {
        // Several value sets in one include mean what they have in common; R4's required bindings have one.
        let mut sets = strings(&include["valueSet"]);
        return match (sets.next(), sets.next()) {
            (Some(only), None) => expand(package, only, depth + 1),
            _ => None,
        };
    };
    if include["valueSet"].is_array() {
        return None;
    }
    let mut codes = BTreeSet::new();
    if include["concept"].is_array() {
        add_codes(&include["concept"], &mut codes);
    } else {
        let code_system = package.get(system).filter(|it| it["content"] == "complete")?;
        add_codes(&code_system["concept"], &mut codes);
    }
    Some(Codes::from([(system.to_owned(), codes)]))
}

fn add_codes(concepts: &Value, codes: &mut BTreeSet<String>) {
    for concept in concepts.as_array().map_or(&[][..], Vec::as_slice) {
        codes.extend(concept["code"].as_str().map(str::to_owned));
        add_codes(&concept["concept"], codes);
    }
}
