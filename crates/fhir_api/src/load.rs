//! For the `load` command: files and lines into resources, resources into commits, with an account for each.
//!
//! [`split`] and [`prepare`] are pure and run on worker threads; [`commit`] puts many prepared resources into one
//! commit, and says of each whether it was stored, was there already, or was refused. A resource keeps the id it came
//! with, so loading a file twice changes nothing. Knows nothing of files.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use fhir::search::Surroundings;
use fhir::{Document, Limits, Node};
use http::StatusCode;
use record::{Act, Cause, CauseKind, Change, Draft, Key, Problem, Reading, Record, TransactError};
use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest as _, Sha256};

use crate::accept::{Accepted, Candidate, References, is_id, malformed};
use crate::outcome::Refusal;
use crate::owners::Owners;
use crate::search::criteria;
use crate::write::{is_live, is_text_of};

/// One resource of a file.
#[derive(Debug, Clone)]
pub struct Item {
    /// Where it stands, such as `Bundle.entry[3]`; empty for the whole text.
    pub place: String,
    /// Which resource it will be.
    pub key: Key,
    text: Bytes,
    references: Arc<References>,
}

/// An entry of a file that holds no resource that could be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// Where it stands.
    pub place: String,
    /// Why.
    pub refusal: Refusal,
}

/// A resource that is ready, or ready but for references that must be looked up in the record. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Which resource it is.
    pub key: Key,
    state: Arc<State>,
}

#[derive(Debug)]
enum State {
    Ready(Accepted),
    Waiting(Item, Vec<String>),
}

/// What became of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loaded {
    /// It was written as this version.
    Stored(u64),
    /// It stands there already, byte for byte.
    AlreadyThere,
    /// It was not written.
    Refused(Refusal),
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
        let key = key_of(root, None)?;
        return Ok(vec![Ok(Item { place: String::new(), key, text: text.clone(), references: Arc::default() })]);
    }
    let mut references = References::default();
    let mut found = Vec::new();
    for (number, entry) in root.get("entry").iter().flat_map(|list| list.items()).enumerate() {
        let place = format!("Bundle.entry[{number}]");
        match key_of_entry(entry) {
            Ok((key, resource)) => {
                if let Some(link) = text_of(entry, "fullUrl") {
                    references.insert(link, &key);
                }
                found.push(Ok((place, key, text.slice(resource.span()))));
            }
            Err(refusal) => found.push(Err(Unusable { place, refusal })),
        }
    }
    let references = Arc::new(references);
    let item = |(place, key, text)| Item { place, key, text, references: references.clone() };
    Ok(found.into_iter().map(|found| found.map(item)).collect())
}

fn key_of_entry<'d, 't>(entry: Node<'d, 't>) -> Result<(Key, Node<'d, 't>), Refusal> {
    let method = entry.get("request").and_then(|request| text_of(request, "method"));
    if method.as_deref().is_some_and(|method| !matches!(method, "POST" | "PUT")) {
        return Err(Refusal::bad_request("not-supported", "A load takes entries with POST or PUT only."));
    }
    let resource = entry.get("resource");
    let resource = resource.ok_or_else(|| Refusal::bad_request("required", "The entry has no resource."))?;
    let link = text_of(entry, "fullUrl");
    Ok((key_of(resource, link.as_deref())?, resource))
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

/// Parses, validates and puts id and references in place.
///
/// # Errors
/// What [`Candidate::parse`] refuses.
pub fn prepare(item: &Item) -> Result<Prepared, Refusal> {
    let candidate = Candidate::validated(&item.text, None)?;
    let links = candidate.conditional_references();
    let unknown: Vec<String> = links.into_iter().filter(|link| item.references.resolve(link).is_none()).collect();
    let state = if unknown.is_empty() {
        candidate.check()?;
        State::Ready(candidate.accept(&item.key.id, &item.references))
    } else {
        State::Waiting(item.clone(), unknown)
    };
    Ok(Prepared { key: item.key.clone(), state: Arc::new(state) })
}

/// What a load needs to write.
pub struct Loader<'l> {
    /// Where to.
    pub record: &'l Record,
    /// Under which permit.
    pub permit: &'l access::Permit,
    /// The owners that every change passes.
    pub owners: &'l Owners,
}

/// Writes prepared resources, in as few commits as possible, and says of each what became of it. `cause` names the
/// batch in the journal, without patient data.
///
/// # Errors
/// When the record could not do it; what was committed before stays, and a repeat finds it already there.
pub async fn commit(loader: &Loader<'_>, cause: &str, batch: Vec<Prepared>) -> Result<Vec<Loaded>, Problem> {
    let mut outcomes: Vec<Option<Loaded>> = vec![None; batch.len()];
    while outcomes.iter().any(Option::is_none) {
        // A commit changes a resource at most once: a second text for the same resource waits for the next round.
        let mut keys = FxHashSet::default();
        let open = (0..batch.len()).filter(|at| outcomes[*at].is_none());
        let mut round: Vec<usize> = open.filter(|at| keys.insert(&batch[*at].key)).collect();
        // When an owner refuses the whole, halves find out whom it meant.
        while !round.is_empty() {
            let items: Arc<[Prepared]> = round.iter().map(|at| batch[*at].clone()).collect();
            match commit_together(loader, cause, items).await {
                Ok(loaded) => {
                    for (at, loaded) in round.drain(..).zip(loaded) {
                        outcomes[at] = Some(loaded);
                    }
                }
                Err(TransactError::Problem(problem @ (Problem::NotPermitted { .. } | Problem::TooCostly))) => {
                    refuse_or_halve(&mut round, &mut outcomes, problem.into());
                }
                Err(TransactError::Problem(problem)) => return Err(problem),
                Err(other) => refuse_or_halve(&mut round, &mut outcomes, other.into()),
            }
        }
    }
    Ok(outcomes.into_iter().flatten().collect())
}

fn refuse_or_halve(round: &mut Vec<usize>, outcomes: &mut [Option<Loaded>], refusal: Refusal) {
    match round.as_slice() {
        [one] => {
            outcomes[*one] = Some(Loaded::Refused(refusal));
            round.clear();
        }
        several => round.truncate(several.len().div_ceil(2)),
    }
}

async fn commit_together(
    loader: &Loader<'_>,
    cause: &str,
    items: Arc<[Prepared]>,
) -> Result<Vec<Loaded>, TransactError<Refusal>> {
    let act = Act {
        command: "load".to_owned(),
        cause: Cause { kind: CauseKind::Batch, reference: cause.to_owned() },
        idempotency: None,
    };
    let decided: Arc<Mutex<Vec<Option<Loaded>>>> = Arc::default();
    let deciding = |reading: Arc<Reading>| {
        let (owners, items, decided) = (loader.owners.clone(), items.clone(), decided.clone());
        async move {
            let (draft, outcomes) = decide(&reading, &items).await;
            let draft = owners.plan(&reading, draft).await.map_err(TransactError::Refused)?;
            *decided.lock().unwrap_or_else(PoisonError::into_inner) = outcomes;
            Ok(draft)
        }
    };
    let receipt = loader.record.transact(loader.permit, act, deciding).await?;
    let outcomes = std::mem::take(&mut *decided.lock().unwrap_or_else(PoisonError::into_inner));
    let written: FxHashMap<&Key, u64> = receipt.written.iter().map(|written| (&written.key, written.version)).collect();
    let loaded = items.iter().zip(outcomes).map(|(item, outcome)| {
        outcome.unwrap_or_else(|| written.get(&item.key).map_or(Loaded::AlreadyThere, |it| Loaded::Stored(*it)))
    });
    Ok(loaded.collect())
}

/// One draft of everything that changes; and for each item that does not, what became of it.
async fn decide(reading: &Reading, items: &[Prepared]) -> (Draft, Vec<Option<Loaded>>) {
    let mut outcomes = Vec::with_capacity(items.len());
    let mut draft = Draft::default();
    for item in items {
        outcomes.push(match change(reading, item).await {
            Ok(Some(change)) => {
                draft.changes.push(change);
                None
            }
            Ok(None) => Some(Loaded::AlreadyThere),
            Err(refusal) => Some(Loaded::Refused(refusal)),
        });
    }
    (draft, outcomes)
}

async fn change(reading: &Reading, item: &Prepared) -> Result<Option<Change>, Refusal> {
    let accepted = match item.state.as_ref() {
        State::Ready(accepted) => accepted.clone(),
        State::Waiting(item, links) => look_up(reading, item, links).await?,
    };
    let before = reading.get(&item.key).await?;
    let stands = before.is_some_and(|before| is_live(&before) && is_text_of(&accepted.template, &before));
    Ok(if stands { None } else { Some(Change::Put(accepted.key, accepted.template)) })
}

/// Puts conditional references in place and judges the result.
async fn look_up(reading: &Reading, item: &Item, links: &[String]) -> Result<Accepted, Refusal> {
    let mut references = References::clone(&item.references);
    for link in links {
        references.insert(link, &criteria::target(reading, link, &Surroundings::default()).await?);
    }
    let accepted = Candidate::validated(&item.text, None)?.accept(&item.key.id, &references);
    Candidate::validated(&accepted.template.text, None)?.check()?;
    Ok(accepted)
}

impl Loaded {
    /// Whether it is in the record now.
    pub fn is_there(&self) -> bool {
        !matches!(self, Loaded::Refused(_))
    }

    /// The reason of a refusal, for an account.
    pub fn reason(&self) -> Option<(StatusCode, &str)> {
        match self {
            Loaded::Refused(refusal) => Some((refusal.status, refusal.sentence())),
            _ => None,
        }
    }
}
