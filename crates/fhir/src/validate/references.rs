//! References: how they are written and which types they may name (references.html, Literal References).
//!
//! Relative references and those into the resource itself are judged; of absolute ones only that they are URLs, since
//! what they mean is decided elsewhere.

use super::contained::find_contained;
use super::{Checker, IssueCode, Path, Scope};
use crate::definitions::definitions;
use crate::document::Node;
use crate::primitives::{Primitive, is_id, is_uuid};

/// What the text of a reference is.
enum Form<'r> {
    /// `#id`, or `#` for the resource itself.
    Local(&'r str),
    /// `Type/id`, perhaps with a version.
    Relative(&'r str),
    /// `Type?…`: the one match of a search.
    Conditional(&'r str),
    /// With a scheme of its own.
    Absolute,
    Wrong,
}

impl Checker {
    /// A Reference whose structure is already known to be right.
    pub(super) fn reference(&mut self, node: Node<'_, '_>, targets: &[&str], path: &Path<'_>, scope: Scope<'_, '_>) {
        let Some(text) = node.get("reference").and_then(|reference| reference.text()) else { return };
        let at = path.child("reference");
        match form(&text) {
            Form::Local(id) => self.local(id, targets, &at, scope),
            Form::Relative(name) => self.target(name, targets, &at),
            Form::Conditional(name) if scope.in_transaction => self.target(name, targets, &at),
            Form::Conditional(_) => {
                self.error(&at, IssueCode::Value, "a conditional reference may stand only in a transaction");
            }
            Form::Absolute => {}
            Form::Wrong => {
                let message = "a reference must be [type]/[id], #[id], or an absolute URL";
                self.error(&at, IssueCode::Value, message);
            }
        }
    }

    fn local(&mut self, id: &str, targets: &[&str], path: &Path<'_>, scope: Scope<'_, '_>) {
        if id.is_empty() {
            return;
        }
        let Some(target) = find_contained(scope.resource, id) else {
            let message = "the resource contains no resource of this id (ref-1)";
            return self.error(path, IssueCode::Invariant, message);
        };
        if let Some(name) = target.get("resourceType").and_then(|name| name.text()) {
            self.target(&name, targets, path);
        }
    }

    fn target(&mut self, name: &str, targets: &[&str], path: &Path<'_>) {
        if definitions().resource_type(name).is_none() {
            self.error(path, IssueCode::Value, "R4 has no resource type of this name");
        } else if !targets.is_empty() && !targets.contains(&name) && !targets.contains(&"Resource") {
            let message = format!("a {name} cannot be meant here, but one of: {}", targets.join(", "));
            self.error(path, IssueCode::Value, message);
        }
    }
}

fn form(text: &str) -> Form<'_> {
    if let Some(id) = text.strip_prefix('#') {
        return Form::Local(id);
    }
    if let Some((name, criteria)) = text.split_once('?')
        && name.bytes().all(|byte| byte.is_ascii_alphabetic())
    {
        return if criteria.is_empty() { Form::Wrong } else { Form::Conditional(name) };
    }
    if let Some(uuid) = text.strip_prefix("urn:uuid:") {
        return if is_uuid(uuid) { Form::Absolute } else { Form::Wrong };
    }
    if text.starts_with("urn:oid:") {
        return if Primitive::Oid.accepts(text) { Form::Absolute } else { Form::Wrong };
    }
    if has_scheme(text) {
        return Form::Absolute;
    }
    let mut parts = text.split('/');
    match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(name), Some(id), None, None, None) if is_id(id) => Form::Relative(name),
        (Some(name), Some(id), Some("_history"), Some(version), None) if is_id(id) && is_id(version) => {
            Form::Relative(name)
        }
        _ => Form::Wrong,
    }
}

/// `scheme:` as RFC 3986 writes it.
pub(super) fn has_scheme(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else { return false };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}
