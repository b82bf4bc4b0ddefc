//! The text of a reference: to a resource here, to one inside the same resource, or to something elsewhere
//! (FHIR R4, 2.3.0 "Resource References").

use crate::definitions::{Structure, definitions};
use crate::primitives::is_id;

/// What a reference's text says.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reference<'t> {
    /// `Patient/123`, perhaps with `/_history/4`.
    Local {
        /// The resource type.
        structure: &'static Structure,
        /// The logical id.
        id: &'t str,
    },
    /// `#id`
    Contained(&'t str),
    /// Another address: a URL, a URN, a canonical with `|version`.
    Absolute {
        /// The address without its version.
        url: &'t str,
        /// What stands behind `|`, or nothing.
        version: &'t str,
        /// The type and id at the end of a RESTful address.
        of: Option<(&'static Structure, &'t str)>,
    },
}

/// Reads a reference; never fails, since any other text is an address of something elsewhere.
pub(crate) fn read(text: &str) -> Reference<'_> {
    if let Some(id) = text.strip_prefix('#') {
        return Reference::Contained(id);
    }
    if let Some((name, id)) = text.split_once('/')
        && let Some(structure) = definitions().resource_type(name)
    {
        let id = without_version(id);
        if is_id(id) {
            return Reference::Local { structure, id };
        }
    }
    let (url, version) = text.split_once('|').unwrap_or((text, ""));
    let is_url = url.starts_with("http://") || url.starts_with("https://");
    let of = if is_url { type_and_id(url) } else { None };
    Reference::Absolute { url, version, of }
}

/// The type and id at the end of an address, a version of the resource left out.
fn type_and_id(text: &str) -> Option<(&'static Structure, &str)> {
    let (rest, id) = without_version(text).rsplit_once('/')?;
    let (_, name) = rest.rsplit_once('/')?;
    if !is_id(id) {
        return None;
    }
    Some((definitions().resource_type(name)?, id))
}

fn without_version(text: &str) -> &str {
    if !text.as_bytes().contains(&b'_') {
        return text;
    }
    match text.rsplit_once("/_history/") {
        Some((resource, version)) if is_id(version) => resource,
        _ => text,
    }
}
