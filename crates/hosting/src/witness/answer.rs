//! What a witness answers to hosts that it knows, over the wire of moves: it signs checkpoints that extend what it signed
//! before, and tells what it has signed (`docs/formats/witness.md`). A host that is asked proves that two sizes of a record
//! of its own are of one history.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use http::{HeaderMap, StatusCode, header};
use journal::{Hash, VerifierKey};
use serde::{Deserialize, Serialize};

use super::judge::{Judgement, judge};
use super::kept::{Exposure, KnownHost, SeenRecord};
use super::shown::{Shown, lines_added};
use super::{RECORD_KEY, checkpoint_of};
use crate::failure::Failure;
use crate::host::Host;
use crate::moving::Caller;
use crate::secret::hex;

/// What is said when a checkpoint cannot be signed because the proof begins elsewhere: the size to begin at.
const SIZE: &str = "text/x.tlog.size";

/// A question for the proof that one size of a record is the beginning of another.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AskedToProve {
    pub(super) origin: String,
    pub(super) old: u64,
    pub(super) new: u64,
}

/// The routes of a witness.
pub(crate) fn routes() -> Router<Arc<Host>> {
    Router::new()
        .route("/witness/add-checkpoint", post(add_checkpoint))
        .route("/witness/seen", get(seen))
        .route("/witness/consistency", post(consistency))
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
    match sign(&host, &from, &shown, &key) {
        Ok(response) => response,
        Err(failure) => {
            tracing::error!(%failure, "a checkpoint could not be witnessed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Judges, keeps what was found on disk, and only then answers.
fn sign(host: &Host, from: &KnownHost, shown: &Shown, key: &VerifierKey) -> Result<Response, Failure> {
    let stated = shown.checkpoint.checkpoint();
    let own = host.key()?;
    let now = host.now();
    let seconds = u64::try_from(now.0 / 1000).unwrap_or(0);
    host.witnesses.change(|state| {
        let seen = state.seen.entry(stated.origin.clone()).or_default();
        let known = seen.keys.entry(from.name.clone()).or_insert_with(|| key.to_string());
        if *known != key.to_string() {
            return Ok((StatusCode::FORBIDDEN, "This host signed for the record with another key.").into_response());
        }
        let last = checkpoint_of(&seen.checkpoint);
        let is_same = seen.host == from.name;
        let judged = judge(last.as_ref().map(|signed| signed.checkpoint()), is_same, shown.old, &shown.proof, stated);
        match judged {
            Judgement::From(size) => {
                Ok((StatusCode::CONFLICT, [(header::CONTENT_TYPE, SIZE)], format!("{size}\n")).into_response())
            }
            Judgement::Exposed(sentence) => {
                tracing::error!(origin = %stated.origin, %sentence, "a record was exposed");
                let (known, shown) = (seen.checkpoint.clone(), shown.checkpoint.to_string());
                seen.expose(Exposure { sentence: sentence.clone(), moment: now.to_string(), known, shown });
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

/// What this host has signed, for the other witnesses.
async fn seen((State(host), Extension(caller)): Of) -> Response {
    if host.witnesses.host_of(&caller.0).is_none() {
        return StatusCode::FORBIDDEN.into_response();
    }
    let seen: BTreeMap<String, SeenRecord> = host.witnesses.state().seen;
    let signed = seen.into_iter().filter(|(_, seen)| !seen.checkpoint.is_empty());
    Json(signed.map(|(origin, seen)| (origin, seen.checkpoint)).collect::<BTreeMap<_, _>>()).into_response()
}

async fn consistency((State(host), Extension(caller)): Of, Json(asked): Json<AskedToProve>) -> Response {
    if host.witnesses.host_of(&caller.0).is_none() {
        return StatusCode::FORBIDDEN.into_response();
    }
    for (code, _) in host.trust_names().await {
        let Ok(trust) = host.trust(&code).await else { continue };
        if trust.record.verifier_key().name() == asked.origin {
            return match trust.record.consistency(asked.old, asked.new).await {
                Ok(path) => Json(path.iter().map(|hash: &Hash| hex(hash)).collect::<Vec<_>>()).into_response(),
                Err(_) => StatusCode::NOT_FOUND.into_response(),
            };
        }
    }
    StatusCode::NOT_FOUND.into_response()
}
