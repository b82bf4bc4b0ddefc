//! From a text to its resources: which there are, which resource of the record each one is, and on what condition.
//!
//! What the request of an entry says counts as it would over HTTP (`PUT` names the id, `ifNoneExist` and the criteria
//! of a `PUT` are searched, `ifMatch` and `ifNoneMatch` hold), but for one thing: a plain `POST` keeps the id that the
//! resource came with, so that it is known again. <http://hl7.org/fhir/R4/http.html#transaction>.

use std::sync::Arc;

use bytes::Bytes;
use fhir::{Document, Limits, Node};
use record::Key;
use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest as _, Sha256};

use super::{Item, Unusable};
use crate::accept::{Candidate, References, is_id, malformed};
use crate::bundle::{call_of, write_of};
use crate::call::Preference;
use crate::outcome::Refusal;
use crate::write::Write;

/// What the resources of one text share.
#[derive(Debug, Default)]
pub(super) struct Together {
    /// What its links stand for, where that is known.
    pub(super) references: References,
    /// The entries by `fullUrl` whose resource depends on what the record holds.
    pub(super) conditional: FxHashMap<String, Arc<Write>>,
    /// A transaction judges its criteria by the record before it; elsewhere each entry comes after the one before.
    pub(super) is_transaction: bool,
}

/// An entry, before the links between entries are known.
struct Entry {
    place: String,
    key: Key,
    text: Bytes,
    full_url: Option<String>,
    write: Option<Arc<Write>>,
}

/// Splits a text into its resources: the entries of a batch, transaction, collection or searchset, or the resource
/// itself. Links to a `fullUrl` will be replaced by `Type/id`.
///
/// # Errors
/// 400 when the text is no JSON or no resource. Faulty entries are refused one by one.
pub fn split(text: &Bytes) -> Result<Vec<Result<Item, Unusable>>, Refusal> {
    let document = Document::parse(text, &Limits::default()).map_err(malformed)?;
    let root = document.root();
    let kind = text_of(root, "type").unwrap_or_default();
    let is_list = matches!(kind.as_str(), "batch" | "transaction" | "collection" | "searchset");
    if document.resource_type().as_deref() != Some("Bundle") || !is_list {
        let (place, key) = (String::new(), key_of(root, None)?);
        return Ok(vec![Ok(Item { place, key, text: text.clone(), write: None, together: Arc::default() })]);
    }
    let mut together = Together { is_transaction: kind == "transaction", ..Together::default() };
    let mut asked = FxHashSet::default();
    let mut found = Vec::new();
    for (number, node) in root.get("entry").iter().flat_map(|list| list.items()).enumerate() {
        let place = format!("Bundle.entry[{number}]");
        let entry = entry_of(node, text, place.clone());
        let entry = entry.and_then(|entry| check_overlap(entry, &mut asked, together.is_transaction));
        found.push(entry.map(|entry| together.take(entry)).map_err(|refusal| Unusable { place, refusal }));
    }
    let together = Arc::new(together);
    let item = |(place, key, text, write)| Item { place, key, text, write, together: together.clone() };
    Ok(found.into_iter().map(|found| found.map(item)).collect())
}

impl Together {
    /// Remembers what links to an entry mean.
    fn take(&mut self, entry: Entry) -> (String, Key, Bytes, Option<Arc<Write>>) {
        let Entry { place, key, text, full_url, write } = entry;
        match (full_url, &write) {
            (Some(link), Some(write)) if write.criteria.is_some() => {
                self.conditional.insert(link, write.clone());
            }
            (Some(link), _) => self.references.insert(link, &key),
            (None, _) => {}
        }
        (place, key, text, write)
    }
}

fn entry_of(node: Node<'_, '_>, body: &Bytes, place: String) -> Result<Entry, Refusal> {
    check_method(node)?;
    let resource = node.get("resource");
    let resource = resource.ok_or_else(|| Refusal::bad_request("required", "The entry has no resource."))?;
    let full_url = text_of(node, "fullUrl");
    let key = key_of(resource, full_url.as_deref())?;
    let text = body.slice(resource.span());
    let Some(write) = write_asked_for(node, resource, &key, body)? else {
        return Ok(Entry { place, key, text, full_url, write: None });
    };
    let key = write.known_key().unwrap_or(key);
    let write = write.is_conditional().then(|| Arc::new(write));
    Ok(Entry { place, key, text, full_url, write })
}

fn check_method(entry: Node<'_, '_>) -> Result<(), Refusal> {
    let method = entry.get("request").and_then(|request| text_of(request, "method"));
    match method.as_deref() {
        None | Some("POST" | "PUT") => Ok(()),
        Some(_) => Err(Refusal::bad_request("not-supported", "A load takes entries with POST or PUT only.")),
    }
}

/// The write of an entry whose request says more than "create this".
fn write_asked_for(
    entry: Node<'_, '_>,
    resource: Node<'_, '_>,
    key: &Key,
    body: &Bytes,
) -> Result<Option<Write>, Refusal> {
    let Some(request) = entry.get("request") else { return Ok(None) };
    let is_post = text_of(request, "method").as_deref() == Some("POST");
    let is_free = ["ifNoneExist", "ifMatch", "ifNoneMatch"].iter().all(|member| request.get(member).is_none());
    if is_post && is_free && text_of(request, "url").as_ref() == Some(&key.kind) {
        return Ok(None);
    }
    let call = call_of(entry, body, Preference::default())?;
    let write = write_of(&call, Some(&Candidate::of_document(resource.to_document())))?;
    let no_write = || Refusal::bad_request("not-supported", "A load takes entries that create or update a resource.");
    write.map(|write| Some(write.with_fresh_id(&key.id))).ok_or_else(no_write)
}

/// Two entries of a transaction may not mean the same resource (<http://hl7.org/fhir/R4/http.html#trules>); a load can
/// tell that of their criteria.
fn check_overlap(
    entry: Entry,
    asked: &mut FxHashSet<(String, crate::call::Query)>,
    is_transaction: bool,
) -> Result<Entry, Refusal> {
    let criteria = entry.write.as_ref().and_then(|write| write.criteria.clone()).filter(|_| is_transaction);
    let is_new = criteria.is_none_or(|criteria| asked.insert((entry.key.kind.clone(), criteria)));
    if is_new { Ok(entry) } else { Err(overlap(&entry.key.kind)) }
}

/// The refusal of an entry that means what another entry means.
pub(super) fn overlap(what: impl std::fmt::Display) -> Refusal {
    Refusal::bad_request("invalid", format!("Two entries of the Bundle mean the same resource ({what})."))
}

/// The id that a resource has, or that its `fullUrl` says, or else one made from its text: the same text always gets
/// the same id.
fn key_of(resource: Node<'_, '_>, link: Option<&str>) -> Result<Key, Refusal> {
    let kind = text_of(resource, "resourceType").filter(|kind| fhir::definitions().resource_type(kind).is_some());
    let kind = kind.ok_or_else(|| Refusal::bad_request("structure", "This is not a resource of FHIR R4."))?;
    let own = text_of(resource, "id").filter(|id| is_id(id));
    let of_link = || link.and_then(|link| link.strip_prefix("urn:uuid:")).filter(|id| is_id(id)).map(str::to_owned);
    let id = own.or_else(of_link).unwrap_or_else(|| id_of_text(resource.raw()));
    Ok(Key::new(kind, id))
}

/// A UUID (version 8, RFC 9562) from the SHA-256 of a text.
fn id_of_text(text: &[u8]) -> String {
    let digest = Sha256::digest(text);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

fn text_of(node: Node<'_, '_>, member: &str) -> Option<String> {
    node.get(member)?.text().map(std::borrow::Cow::into_owned)
}
