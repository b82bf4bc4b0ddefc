//! The members that configuration owns, put over a resource that is there: what is the same keeps its bytes, and what is
//! not named stays.
//!
//! In `extension` and `identifier` others write too: of those lists only the items that configuration owns change.

use fhir::write::{array_if, with_members};
use fhir::{Document, Kind, Limits, Node};
use serde_json::Value;

/// Members that others write into too, and what tells their items apart.
const SHARED: [(&str, &str); 2] = [("extension", "url"), ("identifier", "system")];

/// Puts members over a text; `null` takes one away. Items of shared members that `is_own` says are ours are replaced.
///
/// # Errors
/// A sentence, when the text is no resource.
pub(super) fn over(before: &[u8], members: &[(&str, Value)], is_own: fn(&str) -> bool) -> Result<Vec<u8>, String> {
    let document = Document::parse(before, &Limits::default())
        .map_err(|fault| format!("what the record holds cannot be read: {fault}"))?;
    let root = document.root();
    if root.kind() != Kind::Object {
        return Err("what the record holds is no resource".to_owned());
    }
    let mut edits: Vec<(&str, Option<String>)> = Vec::new();
    for (name, value) in members {
        let there = root.get(name);
        let wanted = match SHARED.iter().find(|(shared, _)| shared == name) {
            Some((_, key)) => shared_items(there, key, value, is_own),
            None => (!value.is_null()).then(|| value.to_string()),
        };
        if !says(there, wanted.as_deref()) {
            edits.push((name, wanted));
        }
    }
    Ok(if edits.is_empty() { before.to_vec() } else { with_members(&document, &edits) })
}

/// Whether a member says this already, however it is spelled.
fn says(there: Option<Node<'_, '_>>, wanted: Option<&str>) -> bool {
    let value = |text: &str| serde_json::from_str::<Value>(text).ok();
    match (there, wanted) {
        (None, None) => true,
        (Some(there), Some(wanted)) => value(there.raw_text()) == value(wanted),
        _ => false,
    }
}

/// A shared list with our items where those of ours stand, new ones behind; everybody else's keep their bytes.
fn shared_items(there: Option<Node<'_, '_>>, key: &str, own: &Value, is_own: fn(&str) -> bool) -> Option<String> {
    let mut wanted: Vec<&Value> = own.as_array().into_iter().flatten().collect();
    let mut items = Vec::new();
    for item in there.into_iter().flat_map(|list| list.items()) {
        let name = item.get(key).and_then(|key| key.text()).unwrap_or_default();
        if !is_own(&name) {
            items.push(item.raw_text().to_owned());
        } else if let Some(at) = wanted.iter().position(|one| one[key].as_str() == Some(&*name)) {
            items.push(wanted.remove(at).to_string());
        }
    }
    array_if(items.into_iter().chain(wanted.into_iter().map(Value::to_string)))
}
