//! What a witness answers to hosts that it knows, over the wire of moves: it signs checkpoints that extend what it signed
//! before, takes the proof that a record was handed over, and tells what it has signed (`docs/formats/witness.md`). A host
//! that is asked proves that two sizes of a record of its own are of one history, and says by which key it signed first.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use http::{HeaderMap, Method, StatusCode, header};
use journal::{Hash, SignedCheckpoint, VerifierKey};
use record::Record;
use serde::{Deserialize, Serialize};

use super::holder::{Holder, is_named_by};
use super::judge::{Judgement, judge};
use super::kept::{Exposure, KnownHost, SeenRecord};
use super::shown::{Shown, lines_added};
use super::{RECORD_KEY, checkpoint_of};
use crate::failure::Failure;
use crate::host::Host;
use crate::moving::{Caller, Side, peer_of};
use crate::secret::hex;

/// What is said when a checkpoint cannot be signed because the proof begins elsewhere: the size to begin at.
const SIZE: &str = "text/x.tlog.size";
/// The most bytes of what is shown or asked.
pub(super) const LARGEST: usize = 16 << 10;
/// The most entries by which a record is proved to be handed over.
pub(super) const MOST_ENTRIES: usize = 8;
/// How long a record's first host may take to say by which key it signed.
const ASKING: Duration = Duration::from_secs(10);

/// A question for the proof that one size of a record is the beginning of another.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AskedToProve {
    pub(super) origin: String,
    pub(super) old: u64,
    pub(super) new: u64,
}

/// The proof that a record was handed over to the host that shows it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct HandedOver {
    pub(super) origin: String,
    /// Entries of its journal in hexadecimal, in their order: cuts, and a resumption after its cut.
    pub(super) entries: Vec<String>,
}

/// The routes of a witness.
pub(crate) fn routes() -> Router<Arc<Host>> {
    let bounded = DefaultBodyLimit::max(LARGEST);
    Router::new()
        .route("/witness/add-checkpoint", post(add_checkpoint).layer(bounded))
        .route("/witness/handed-over", post(handed_over).layer(bounded))
        .route("/witness/seen", get(seen))
        .route("/witness/consistency", post(consistency).layer(bounded))
        .route("/witness/first-key", post(first_key).layer(bounded))
}

type Of = (State<Arc<Host>>, Extension<Caller>);

async fn add_checkpoint((State(host), Extension(caller)): Of, headers: HeaderMap, body: String) -> Response {
    let Some(from) = host.witnesses.host_of(&caller.0) else { return StatusCode::FORBIDDEN.into_response() };
    let key = headers.get(RECORD_KEY).and_then(|value| value.to_str().ok());
    let Some((shown, key)) = Shown::parse(&body).zip(key.and_then(|key| VerifierKey::parse(key).ok())) else {
        return (StatusCode::BAD_REQUEST, "This is no checkpoint with its proof.").into_response();
    };
    let stated = shown.checkpoint.checkpoint();
    if key.name() != stated.origin || shown.checkpoint.verify(std::slice::from_ref(&key)).is_err() {
        return (StatusCode::FORBIDDEN, "The checkpoint is not signed with the record's key.").into_response();
    }
    if shown.checkpoint.names().count() > 1 {
        return (StatusCode::BAD_REQUEST, "Show the checkpoint with the record's signature alone.").into_response();
    }
    // What is signed is on the disk first: that takes a thread of its own.
    let signed = tokio::task::spawn_blocking(move || sign(&host, &from, &shown, &key)).await;
    match signed.map_err(|error| Failure::problem("signing as a witness", &error)).flatten() {
        Ok(response) => response,
        Err(failure) => failed(&failure),
    }
}

/// Judges, keeps what was found on disk, and only then answers.
fn sign(host: &Host, from: &KnownHost, shown: &Shown, key: &VerifierKey) -> Result<Response, Failure> {
    let stated = shown.checkpoint.checkpoint();
    let own = host.key()?;
    let now = host.now();
    let seconds = u64::try_from(now.0 / 1000).unwrap_or(0);
    host.witnesses.change(|state| {
        let holder = match state.may_show(&stated.origin, &from.name, key) {
            Ok(holder) if stated.size >= holder.entry => holder,
            Ok(_) => return Ok(forbidden("The checkpoint ends before the record was handed over to you.")),
            Err(why) => return Ok(forbidden(why)),
        };
        let seen = state.seen.entry(stated.origin.clone()).or_default();
        seen.keys.insert(holder.host.clone(), holder.key.clone());
        seen.holder = Some(holder);
        let last = checkpoint_of(&seen.checkpoint);
        let is_same = last.as_ref().is_some_and(|last| last.verify(std::slice::from_ref(key)).is_ok());
        let judged = judge(last.as_ref().map(|signed| signed.checkpoint()), is_same, shown.old, &shown.proof, stated);
        match judged {
            Judgement::From(size) => {
                Ok((StatusCode::CONFLICT, [(header::CONTENT_TYPE, SIZE)], format!("{size}\n")).into_response())
            }
            Judgement::Exposed(sentence) => {
                let sentence = if is_same { sentence } else { two_said(from, stated.size, seen, last.as_ref()) };
                tracing::error!(origin = %stated.origin, by = %from.name, %sentence, "histories do not go together");
                let (known, shown) = (seen.checkpoint.clone(), shown.checkpoint.to_string());
                let (host, moment) = (from.name.clone(), now.to_string());
                seen.keep(is_same, Exposure { sentence: sentence.clone(), host, moment, known, shown });
                Ok((StatusCode::UNPROCESSABLE_ENTITY, sentence).into_response())
            }
            Judgement::Sign => {
                let mut signed = shown.checkpoint.clone();
                let cosigned = signed.cosign(&own.signing, seconds);
                cosigned.map_err(|error| Failure::problem("signing a checkpoint as a witness", &error))?;
                (seen.checkpoint, seen.host) = (signed.to_string(), from.name.clone());
                Ok(lines_added(&shown.checkpoint, &signed).into_response())
            }
        }
    })?
}

/// What does not go together when two hosts, one after the other, signed it.
fn two_said(from: &KnownHost, size: u64, seen: &SeenRecord, last: Option<&SignedCheckpoint>) -> String {
    let before = last.map_or(0, |last| last.checkpoint().size);
    format!("{} signed {size} entries, {} {before}, and they are not of one history.", from.name, seen.host)
}

/// A record was handed over to the caller, who proves it.
async fn handed_over((State(host), Extension(caller)): Of, Json(proof): Json<HandedOver>) -> Response {
    let Some(from) = host.witnesses.host_of(&caller.0) else { return StatusCode::FORBIDDEN.into_response() };
    let entries = proof.entries.iter().take(MOST_ENTRIES).map(|text| bytes_of(text)).collect::<Option<Vec<_>>>();
    let Some(entries) = entries else { return StatusCode::BAD_REQUEST.into_response() };
    let known = host.witnesses.state().holder(&proof.origin);
    let first = if known.is_none() { ask_for_first(&host, &proof.origin).await } else { None };
    let origin = proof.origin;
    let taken = tokio::task::spawn_blocking(move || take_over(&host, &from, &origin, first, &entries)).await;
    match taken.map_err(|error| Failure::problem("taking that a record was handed over", &error)).flatten() {
        Ok(Ok(())) => StatusCode::OK.into_response(),
        Ok(Err(why)) => forbidden(why),
        Err(failure) => failed(&failure),
    }
}

/// Makes the host that shows these entries the holder of a record, if they hand it over from the one that is known (or
/// else from `first`) to that host; says why not.
fn take_over(
    host: &Host,
    from: &KnownHost,
    origin: &str,
    first: Option<Holder>,
    entries: &[Vec<u8>],
) -> Result<Result<(), String>, Failure> {
    let moment = host.now().to_string();
    host.witnesses.change(|state| {
        let Some(holder) = state.holder(origin).or(first) else {
            return Err("The host that the record's origin names has not said by which key it signed.".to_owned());
        };
        let to = holder.after(origin, entries);
        if to.host != from.name || to == holder {
            return Err(format!("The entries do not hand the record over from {} to you.", holder.host));
        }
        state.has_room(&to.host)?;
        let seen = state.seen.entry(origin.to_owned()).or_default();
        seen.keys.insert(holder.host, holder.key);
        seen.hand_over(to, &entries.last().map(|entry| hex(entry)).unwrap_or_default(), &moment);
        Ok(())
    })
}

/// Asks the host that the origin names, if it is known, by which key it signed for its record.
async fn ask_for_first(host: &Arc<Host>, origin: &str) -> Option<Holder> {
    let state = host.witnesses.state();
    let owner = state.hosts.iter().find(|known| is_named_by(origin, &known.name))?;
    let peer = peer_of(host, owner.address.clone(), *owner.verifier().ok()?.public()).ok()?;
    let asking = peer.call::<String>(Method::POST, "/witness/first-key", Some(&origin));
    let key = VerifierKey::parse(&tokio::time::timeout(ASKING, asking).await.ok()?.ok()?).ok()?;
    (key.name() == origin).then(|| Holder::first(&owner.name, &key))
}

/// The key by which this host signed for a record that has its origin here, also after it moved away.
async fn first_key((State(host), Extension(caller)): Of, Json(origin): Json<String>) -> Response {
    if host.witnesses.host_of(&caller.0).is_none() {
        return StatusCode::FORBIDDEN.into_response();
    }
    if !is_named_by(&origin, host.key().map(|key| key.signing.name().to_owned()).unwrap_or_default().as_str()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let moved = host.moves.all().into_iter().map(|of| of.kept());
    let moved = moved.filter(|kept| kept.side == Side::Source && kept.ticket.origin == origin);
    if let Some(key) = moved.map(|kept| kept.ticket.record_key).next() {
        return Json(key).into_response();
    }
    match record_of(&host, &origin).await {
        Some(record) => Json(record.verifier_key().to_string()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What this host has signed, for the other witnesses.
async fn seen((State(host), Extension(caller)): Of) -> Response {
    if host.witnesses.host_of(&caller.0).is_none() {
        return StatusCode::FORBIDDEN.into_response();
    }
    let state = host.witnesses.state();
    let signed = state.seen.iter().filter(|(_, seen)| !seen.checkpoint.is_empty());
    Json(signed.map(|(origin, seen)| (origin, &seen.checkpoint)).collect::<BTreeMap<_, _>>()).into_response()
}

async fn consistency((State(host), Extension(caller)): Of, Json(asked): Json<AskedToProve>) -> Response {
    if host.witnesses.host_of(&caller.0).is_none() {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Some(record) = record_of(&host, &asked.origin).await else { return StatusCode::NOT_FOUND.into_response() };
    match record.consistency(asked.old, asked.new).await {
        Ok(path) => Json(path.iter().map(|hash: &Hash| hex(hash)).collect::<Vec<_>>()).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The record of this origin on this host.
async fn record_of(host: &Host, origin: &str) -> Option<Record> {
    for (code, _) in host.trust_names().await {
        let Ok(trust) = host.trust(&code).await else { continue };
        if trust.record.verifier_key().name() == origin {
            return Some(trust.record.clone());
        }
    }
    None
}

fn forbidden(why: impl Into<String>) -> Response {
    (StatusCode::FORBIDDEN, why.into()).into_response()
}

fn failed(failure: &Failure) -> Response {
    tracing::error!(%failure, "a question of another host to this witness failed");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// Bytes in hexadecimal.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
#[path = "cheating.rs"]
mod cheating;
