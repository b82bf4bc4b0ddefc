//! Bundles: the invariants bdl-1 to bdl-12, and what a transaction allows in its entries.
//! Follows bundle.html of R4. Does not know what a transaction does, nor whether its requests can be met.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::references::has_scheme;
use super::{Checker, IssueCode, Path, Scope};
use crate::definitions::definitions;
use crate::document::Node;

impl Checker {
    /// A Bundle, its entries included.
    pub(super) fn bundle<'d, 't>(&mut self, node: Node<'d, 't>, path: &Path<'_>, scope: Scope<'d, 't>) {
        let Some(structure) = definitions().structure("Bundle") else { return };
        let kind = text(node, "type").unwrap_or_default();
        let in_transaction = scope.in_transaction || kind == "transaction";
        self.object(node, structure, path, Scope { in_transaction, ..scope });
        self.bundle_as_a_whole(node, &kind, path);
        if let Some(entries) = node.get("entry") {
            self.entries(entries, &kind, path);
        }
    }

    fn bundle_as_a_whole(&mut self, node: Node<'_, '_>, kind: &str, path: &Path<'_>) {
        if node.get("total").is_some() && kind != "searchset" && kind != "history" {
            self.error(path, IssueCode::Invariant, "only a search or a history has a total (bdl-1)");
        }
        let first = node.get("entry").and_then(|entries| entries.items().next()?.get("resource"));
        let first = first.and_then(|resource| text(resource, "resourceType")).unwrap_or_default();
        match kind {
            "document" => {
                let identifier = node.get("identifier");
                let has = |name| identifier.is_some_and(|identifier| identifier.get(name).is_some());
                if !has("system") || !has("value") {
                    let message = "a document needs an identifier with system and value (bdl-9)";
                    self.error(path, IssueCode::Invariant, message);
                }
                if node.get("timestamp").is_none() {
                    self.error(path, IssueCode::Invariant, "a document needs a timestamp (bdl-10)");
                }
                if first != "Composition" {
                    self.error(path, IssueCode::Invariant, "a document begins with a Composition (bdl-11)");
                }
            }
            "message" if first != "MessageHeader" => {
                self.error(path, IssueCode::Invariant, "a message begins with a MessageHeader (bdl-12)");
            }
            _ => {}
        }
    }

    fn entries(&mut self, entries: Node<'_, '_>, kind: &str, path: &Path<'_>) {
        let all = path.child("entry");
        let needs_request = ["batch", "transaction", "history"].contains(&kind);
        let needs_response = ["batch-response", "transaction-response", "history"].contains(&kind);
        let mut addresses = FxHashSet::default();
        for (index, entry) in entries.items().enumerate() {
            let at = all.item(index);
            let has = |name| entry.get(name).is_some();
            if has("search") && kind != "searchset" {
                self.error(&at, IssueCode::Invariant, "search stands only in the result of a search (bdl-2)");
            }
            if has("request") != needs_request {
                let word = if needs_request { "needs" } else { "does not allow" };
                self.error(&at, IssueCode::Invariant, format!("this type of bundle {word} a request (bdl-3)"));
            }
            if has("response") != needs_response {
                let word = if needs_response { "needs" } else { "does not allow" };
                self.error(&at, IssueCode::Invariant, format!("this type of bundle {word} a response (bdl-4)"));
            }
            let Some(address) = text(entry, "fullUrl") else { continue };
            if address.contains("/_history/") {
                self.error(&at.child("fullUrl"), IssueCode::Invariant, "fullUrl names no version (bdl-8)");
            }
            if !has_scheme(&address) {
                let message = "fullUrl must be an absolute address (Bundle.entry.fullUrl)";
                self.error(&at.child("fullUrl"), IssueCode::Value, message);
            }
            let meta = entry.get("resource").and_then(|resource| resource.get("meta"));
            let version = meta.and_then(|meta| text(meta, "versionId"));
            if !addresses.insert((address, version)) && kind != "history" {
                self.error(&at.child("fullUrl"), IssueCode::Invariant, "two entries have the same fullUrl (bdl-7)");
            }
        }
    }
}

fn text<'t>(node: Node<'_, 't>, name: &str) -> Option<Cow<'t, str>> {
    node.get(name)?.text()
}
