//! Batch and transaction Bundles: many calls in one request.
//!
//! A batch is carried out entry by entry, each by itself. A transaction is one commit: all of its writes or none, its
//! `GET`s afterwards. Entries are parsed into the same [`Call`]s that HTTP requests become.
//! <http://hl7.org/fhir/R4/http.html#transaction>.

use bytes::Bytes;
use fhir::{Document, Limits, Node};
use futures_util::{StreamExt as _, stream};
use http::{Method, StatusCode};
use record::IdempotencyKey;

use crate::accept::{Candidate, References, malformed};
use crate::answer::Answer;
use crate::call::{Call, Conditions, Payload, Preference, parse_query, version_of_tag};
use crate::carry_out;
use crate::commit::{Decision, commit};
use crate::door::Visit;
use crate::edge::asked;
use crate::json::Writer;
use crate::outcome::{Issue, Refusal, write_outcome};
use crate::routes::{self, Names, Work};
use crate::validation;
use crate::write::{Write, heavy, known_kind};

/// How many entries of a batch are under way at once.
const AT_ONCE: usize = 8;

/// Where a write stands in its Bundle.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) entry: usize,
    pub(crate) full_url: Option<String>,
}

/// One entry of a Bundle that came in.
#[derive(Debug)]
struct Entry {
    place: Place,
    call: Result<Call, Refusal>,
}

impl Place {
    /// The entry's place as FHIRPath.
    pub(crate) fn path(&self) -> String {
        format!("Bundle.entry[{}]", self.entry)
    }
}

/// `POST` of a Bundle to the base.
pub(crate) async fn receive(visit: &Visit<'_>, call: &Call) -> Result<Answer, Refusal> {
    let bundle = heavy(call.body.len(), || understand(visit, call))?;
    let (kind, answers) = match bundle {
        Bundle::Batch(entries) => ("batch-response", batch(visit, entries).await),
        Bundle::Transaction(steps) => {
            let answers = transaction(visit, steps, payload(call)).await?;
            ("transaction-response", answers.into_iter().map(Ok).collect())
        }
    };
    Ok(Answer::document(print(kind, &visit.door.base_url, answers)))
}

/// A Bundle, understood.
enum Bundle {
    Batch(Vec<Entry>),
    /// Each entry's place and call; with its write if it is one.
    Transaction(Vec<(Place, Call, Option<Write>)>),
}

async fn batch(visit: &Visit<'_>, entries: Vec<Entry>) -> Vec<Result<Answer, Refusal>> {
    // A list rather than a mapping iterator: the compiler cannot see that the latter may change threads.
    let mut answers = Vec::with_capacity(entries.len());
    for entry in entries {
        answers.push(answer_alone(visit, entry));
    }
    stream::iter(answers).buffered(AT_ONCE).collect().await
}

async fn answer_alone(visit: &Visit<'_>, entry: Entry) -> Result<Answer, Refusal> {
    let idempotency = visit
        .idempotency
        .as_ref()
        .map(|whole| IdempotencyKey { key: format!("{}#{}", whole.key, entry.place.entry), digest: whole.digest });
    let visit = Visit { door: visit.door, service: visit.service, idempotency };
    carry_out(&visit, entry.call?).await
}

async fn transaction(
    visit: &Visit<'_>,
    entries: Vec<(Place, Call, Option<Write>)>,
    payload: Payload,
) -> Result<Vec<Answer>, Refusal> {
    let (mut writes, mut places, mut reads) = (Vec::new(), Vec::new(), Vec::new());
    for (place, call, write) in entries {
        match write {
            Some(write) => {
                writes.push(write);
                places.push(place);
            }
            None => reads.push((place, call)),
        }
    }
    let numbers: Vec<usize> = places.iter().map(|place| place.entry).collect();
    let written = match writes.is_empty() {
        true => Vec::new(),
        false => commit(visit, "transaction", Decision::new(visit, writes, places, payload)).await?,
    };
    let preferring = |answer: Answer| answer.preferring(payload);
    let mut answers: Vec<(usize, Answer)> = numbers.into_iter().zip(written.into_iter().map(preferring)).collect();
    for (place, call) in reads {
        let answer = carry_out(visit, call).await.map_err(|refusal| refusal.within(&place.path()))?;
        answers.push((place.entry, answer));
    }
    answers.sort_by_key(|(entry, _)| *entry);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}

/// Several refusals of one transaction become one, with the first's status.
fn join(refused: &mut Option<Refusal>, next: Refusal) {
    match refused {
        Some(first) => first.issues.extend(next.issues),
        None => *refused = Some(next),
    }
}

impl Work {
    fn is_write(self) -> bool {
        use Work::{Create, Delete, DeleteWhere, Update, UpdateWhere};
        matches!(self, Create | Update | UpdateWhere | Delete | DeleteWhere)
    }
}

/// Reads a Bundle. A transaction is judged as a whole, entries of a batch later and one by one.
fn understand(visit: &Visit<'_>, outer: &Call) -> Result<Bundle, Refusal> {
    let (body, limit) = (&outer.body, visit.service.bounds.entries);
    let bundle = Document::parse(body, &Limits::default()).map_err(malformed)?;
    if bundle.resource_type().as_deref() != Some("Bundle") {
        return Err(Refusal::bad_request("invalid", "The body must be a Bundle of type batch or transaction."));
    }
    let nodes = bundle.root().get("entry");
    if nodes.is_some_and(|nodes| nodes.len() > limit) {
        let details = format!("The Bundle has more than {limit} entries.");
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too-long", details));
    }
    let nodes: Vec<Node<'_, '_>> = nodes.iter().flat_map(|nodes| nodes.items()).collect();
    match text_of(bundle.root(), "type").as_deref() {
        Some("batch") => Ok(Bundle::Batch(entries(&nodes, body, outer))),
        Some("transaction") => {
            let errors = validation::errors(&bundle);
            if !errors.is_empty() {
                return Err(Refusal::unprocessable(errors));
            }
            let references = References::at(&visit.door.base_url);
            Ok(Bundle::Transaction(writes(&nodes, entries(&nodes, body, outer), references)?))
        }
        _ => Err(Refusal::bad_request("value", "The type of the Bundle must be batch or transaction.")),
    }
}

fn entries(nodes: &[Node<'_, '_>], body: &Bytes, outer: &Call) -> Vec<Entry> {
    let preference = Preference { payload: Some(payload(outer)), ..outer.preference };
    let numbered = nodes.iter().enumerate();
    let entries = numbered.map(|(entry, node)| {
        let place = Place { entry, full_url: text_of(*node, "fullUrl") };
        Entry { place, call: call_of(*node, body, preference) }
    });
    entries.collect()
}

/// The writes of a transaction, with the links between them put in place as far as they are known.
fn writes(
    nodes: &[Node<'_, '_>],
    entries: Vec<Entry>,
    mut references: References,
) -> Result<Vec<(Place, Call, Option<Write>)>, Refusal> {
    let mut refused = None;
    let mut found = Vec::with_capacity(entries.len());
    for (entry, node) in entries.into_iter().zip(nodes) {
        let path = entry.place.path();
        let candidate = node.get("resource").map(|resource| Candidate::of_document(resource.to_document()));
        match entry.call.and_then(|call| Ok((write_of(&call, candidate.as_ref())?, call))) {
            Ok((write, call)) => found.push((entry.place, call, write, candidate)),
            Err(refusal) => join(&mut refused, refusal.within(&path)),
        }
    }
    if let Some(refusal) = refused {
        return Err(refusal);
    }
    let mut all_known = true;
    for (place, _, write, _) in &found {
        match (write.as_ref().map(Write::known_key), &place.full_url) {
            (Some(Some(key)), Some(link)) => references.insert(link, &key),
            (Some(None), Some(_)) => all_known = false,
            _ => {}
        }
    }
    let ready = found.into_iter().map(|(place, call, mut write, candidate)| {
        if let (true, Some(write), Some(candidate)) = (all_known, &mut write, &candidate) {
            write.make_ready(candidate, &references);
        }
        (place, call, write)
    });
    Ok(ready.collect())
}

/// The write that a call asks for; `None` when it is no write.
///
/// # Errors
/// 400 when the resource is missing or not what the address says, 404 for a type that R4 does not have.
pub(crate) fn write_of(call: &Call, candidate: Option<&Candidate<'_>>) -> Result<Option<Write>, Refusal> {
    if !call.work.is_write() {
        return Ok(None);
    }
    known_kind(&call.names.kind)?;
    let candidate = match call.work {
        Work::Delete | Work::DeleteWhere => None,
        _ => {
            let missing = || Refusal::bad_request("required", "The entry has no resource.");
            let candidate = candidate.ok_or_else(missing)?;
            candidate.check_kind(&call.names.kind)?;
            Some(candidate)
        }
    };
    Write::of(call, candidate).map(Some)
}

/// The call that an entry asks for.
///
/// # Errors
/// 400 for a request that cannot be read, 404 and 405 for an address that nothing answers.
pub(crate) fn call_of(entry: Node<'_, '_>, body: &Bytes, preference: Preference) -> Result<Call, Refusal> {
    let Some(request) = entry.get("request") else {
        return Err(Refusal::bad_request("required", "The entry has no request."));
    };
    let member = |name: &str| text_of(request, name);
    let method = member("method").unwrap_or_default();
    let method = method.parse::<Method>().ok().filter(|_| !method.is_empty());
    let method = method.ok_or_else(|| Refusal::bad_request("value", "The entry's request has no method."))?;
    let url = member("url").unwrap_or_default();
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    let (route, names) = routes::find(&method, path)?;
    if route.form {
        return Err(Refusal::bad_request("not-supported", format!("{method} {path} cannot stand in a Bundle.")));
    }
    let conditions = Conditions {
        if_match: member("ifMatch").map(|tag| version_of_tag("ifMatch", &tag)).transpose()?,
        if_none_match: member("ifNoneMatch").and_then(|tag| version_of_tag("ifNoneMatch", &tag).ok()),
        only_new: member("ifNoneMatch").is_some_and(|tag| tag.trim() == "*"),
        if_modified_since: None,
        if_none_exist: member("ifNoneExist").map(|criteria| parse_query(&criteria)).transpose()?,
    };
    let resource = entry.get("resource").map(|resource| body.slice(resource.span()));
    let query = parse_query(query)?;
    Ok(Call {
        work: route.work,
        asked: asked(&method, path, &query),
        names: Names { ..names },
        query,
        body: resource.unwrap_or_default(),
        conditions,
        preference,
    })
}

/// Entries of a response carry resources only when the client asked for them; outcomes have a place of their own.
fn payload(outer: &Call) -> Payload {
    match outer.preference.payload {
        Some(Payload::Representation) => Payload::Representation,
        _ => Payload::Minimal,
    }
}

fn text_of(node: Node<'_, '_>, member: &str) -> Option<String> {
    node.get(member)?.text().map(std::borrow::Cow::into_owned)
}

/// The response Bundle: entries in the order of the request.
fn print(kind: &str, base: &str, answers: Vec<Result<Answer, Refusal>>) -> Vec<u8> {
    let bodies = answers.iter().flatten().filter_map(|answer| answer.body.as_ref()).map(|body| body.len());
    let mut writer = Writer::with_room(bodies.sum::<usize>() + answers.len() * 256 + 128);
    writer.object(|w| {
        w.text("resourceType", "Bundle");
        w.text("type", kind);
        if !answers.is_empty() {
            w.name("entry").array(|w| answers.iter().for_each(|answer| print_entry(w, base, answer)));
        }
    });
    writer.finish()
}

fn print_entry(writer: &mut Writer, base: &str, answer: &Result<Answer, Refusal>) {
    writer.object(|w| match answer {
        Ok(answer) => {
            if let Some(body) = &answer.body {
                w.name("resource").raw(body);
            }
            w.name("response").object(|w| {
                status(w, answer.status);
                if let Some((key, version)) = &answer.written {
                    w.text("location", &format!("{base}/{key}/_history/{version}"));
                }
                if let Some((version, moment)) = answer.version {
                    w.text("etag", &format!("W/\"{version}\""));
                    w.text("lastModified", &moment.to_string());
                }
                if !answer.issues.is_empty() {
                    outcome(w, &answer.issues);
                }
            });
        }
        Err(refusal) => w.name("response").object(|w| {
            status(w, refusal.status);
            outcome(w, &refusal.issues);
        }),
    });
}

fn status(writer: &mut Writer, status: StatusCode) {
    let words = status.canonical_reason().unwrap_or_default();
    writer.text("status", &format!("{} {words}", status.as_u16()));
}

fn outcome(writer: &mut Writer, issues: &[Issue]) {
    write_outcome(writer.name("outcome"), issues);
}
