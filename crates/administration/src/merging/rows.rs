//! Index rows of merges: who was merged into whom, and what was written in between and is nobody's yet.
//!
//! | parameter | parts | of |
//! | --- | --- | --- |
//! | `~alias` | `Target(survivor) Target(loser)` | a Patient with a link `replaced-by` |
//! | `~label` | `Text("unallocated") Target(resource)` | a List of an unmerge: its entries that are not given out |

use fhir::Node;
use fhir::read::{code_in, id_of, items, reference, text};
use record::{ALIAS, LABEL};
use terms::index::{Part, Row};

use super::unmerge::LIST_CODE;

/// The label of what was written while two people were one record, until somebody says whose it is.
pub const UNALLOCATED: &str = "unallocated";
/// Our own codes of lists and tasks.
pub(crate) const MERGING: &str = "urn:almoner:merging";

/// Adds the rows of a text if it is a Patient or a List.
pub fn merge_rows(kind: &str, resource: Node<'_, '_>, rows: &mut Vec<Row>) {
    match kind {
        "Patient" => {
            let Some(own) = text(resource, "id") else { return };
            for link in items(resource, "link") {
                let replaced = text(link, "type").as_deref() == Some("replaced-by");
                if let (true, Some(survivor)) = (replaced, id_of(link, "other", "Patient")) {
                    let target = |id: &str| Part::target("Patient", id);
                    rows.push(Row::of(ALIAS, [target(&survivor), target(&own)]));
                }
            }
        }
        "List" if is_unmerge(resource) => {
            for entry in items(resource, "entry").filter(|entry| entry.get("flag").is_none()) {
                let Some((kind, id)) = reference(entry, "item").and_then(|item| split(&item)) else { continue };
                rows.push(Row::of(LABEL, [Part::Text(UNALLOCATED.as_bytes().to_vec()), Part::target(kind, id)]));
            }
        }
        _ => {}
    }
}

/// Whether a List is what an unmerge left to give out.
pub(crate) fn is_unmerge(list: Node<'_, '_>) -> bool {
    list.get("code").and_then(|code| code_in(code, MERGING)).as_deref() == Some(LIST_CODE)
}

/// Type and id of a reference.
pub(crate) fn split(reference: &str) -> Option<(String, String)> {
    let (kind, id) = reference.split_once('/')?;
    Some((kind.to_owned(), id.to_owned()))
}
