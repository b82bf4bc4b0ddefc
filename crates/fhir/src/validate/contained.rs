//! Contained resources (references.html, Contained Resources): an id of their own, one level, no version, and a reason
//! to be there.
//! These are dom-2 to dom-5. Does not look at the structure of what is contained: the walk does.

use super::{Checker, IssueCode, Path, Scope};
use crate::document::Node;

impl Checker {
    /// Checks the contained resources of a resource as a group; each one's structure is checked by the walk.
    pub(super) fn contained(&mut self, resource: Node<'_, '_>, path: &Path<'_>, scope: Scope<'_, '_>) {
        let Some(contained) = resource.get("contained") else { return };
        let all = path.child("contained");
        if scope.is_contained {
            return self.error(&all, IssueCode::Invariant, "a contained resource contains no others (dom-2)");
        }
        for (index, node) in contained.items().enumerate() {
            let at = all.item(index);
            let meta = node.get("meta");
            let meta_has = |name| meta.is_some_and(|meta| meta.get(name).is_some());
            if meta_has("versionId") || meta_has("lastUpdated") {
                let message = "a contained resource has no version and no date of update (dom-4)";
                self.error(&at, IssueCode::Invariant, message);
            }
            if meta_has("security") {
                self.error(&at, IssueCode::Invariant, "a contained resource has no security labels (dom-5)");
            }
            let Some(id) = node.get("id").and_then(|id| id.text()) else {
                self.error(&at, IssueCode::Required, "a contained resource needs an id");
                continue;
            };
            let first = find_contained(resource, &id);
            if first.is_some_and(|first| !first.is_same(&node)) {
                self.error(&at, IssueCode::Structure, "two contained resources have the same id");
            }
            if !is_mentioned(resource, node, &id) {
                let message = "a contained resource must be referred to, or refer to what contains it (dom-3)";
                self.error(&at, IssueCode::Invariant, message);
            }
        }
    }
}

/// The contained resource of this id.
pub(super) fn find_contained<'d, 't>(resource: Node<'d, 't>, id: &str) -> Option<Node<'d, 't>> {
    let has_id = |node: &Node<'_, '_>| node.get("id").and_then(|own| own.text()).as_deref() == Some(id);
    resource.get("contained")?.items().find(has_id)
}

/// Whether any string of the resource is `#id`, or any of the contained one is `#`.
fn is_mentioned(resource: Node<'_, '_>, contained: Node<'_, '_>, id: &str) -> bool {
    let link = format!("\"#{id}\"");
    memchr::memmem::find(resource.raw(), link.as_bytes()).is_some()
        || memchr::memmem::find(contained.raw(), b"\"#\"").is_some()
}
