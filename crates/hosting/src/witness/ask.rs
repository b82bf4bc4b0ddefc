//! The round of a host among its witnesses: it shows the newest checkpoint of each record that it writes, keeps what they
//! sign, and compares what they have seen of others with what it has seen itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures_util::future::join_all;
use http::{Method, Request, StatusCode, header};
use journal::tiles::proof::consistency_holds;
use journal::{Hash, KeyKind, SignedCheckpoint, VerifierKey};
use record::Record;
use record::apply::hand_over::Tenure;

use super::answer::AskedToProve;
use super::judge::contradiction;
use super::kept::{Cosigned, Exposure, KnownHost};
use super::shown::Shown;
use super::{RECORD_KEY, checkpoint_of};
use crate::failure::Failure;
use crate::host::Host;
use crate::moving::{Peer, peer_of, unhex};

/// A round is made so often, the first time so long after the start.
const EVERY: Duration = Duration::from_secs(600);
const FIRST: Duration = Duration::from_secs(30);
/// How long a witness may take, all in all.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes rounds until the task is dropped.
pub(crate) async fn keep(host: Arc<Host>) {
    tokio::time::sleep(FIRST).await;
    loop {
        match round(&host).await {
            Ok(not_reached) if not_reached.is_empty() => {}
            Ok(not_reached) => tracing::warn!(?not_reached, "witnesses could not be reached"),
            Err(failure) => tracing::error!(%failure, "a round among witnesses failed"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Asks every witness; gives those who could not be reached.
pub(super) async fn round(host: &Arc<Host>) -> Result<Vec<String>, Failure> {
    let hosts = host.witnesses.state().hosts;
    let mut records = Vec::new();
    for (code, _) in host.trust_names().await {
        match host.trust(&code).await {
            Ok(trust) if trust.record.tenure() == Tenure::Writes => records.push(trust.record.clone()),
            Ok(_) => {}
            Err(failure) => tracing::warn!(trust = %code, %failure, "a trust cannot be shown to witnesses"),
        }
    }
    let asked = join_all(hosts.iter().map(|witness| ask(host, witness, &records))).await;
    let failed = hosts.iter().zip(asked).filter_map(|(witness, asked)| Some((witness, asked.err()?)));
    let mut not_reached = Vec::new();
    for (witness, failure) in failed {
        tracing::warn!(witness = %witness.name, %failure, "a witness was not asked to the end");
        not_reached.push(format!("{}: {failure}", witness.name));
    }
    Ok(not_reached)
}

/// Shows one record to every witness that answers in a short time.
pub(crate) async fn show_one(host: &Arc<Host>, record: &Record, patience: Duration) {
    let hosts = host.witnesses.state().hosts;
    let shown = hosts.iter().map(|witness| async move {
        let peer = peer_of(host, witness.address.clone(), *witness.verifier()?.public())?;
        show(host, witness, &peer, record).await
    });
    if tokio::time::timeout(patience, join_all(shown)).await.is_err() {
        tracing::warn!("a witness did not sign in time");
    }
}

async fn ask(host: &Arc<Host>, witness: &KnownHost, records: &[Record]) -> Result<(), Failure> {
    let peer = peer_of(host, witness.address.clone(), *witness.verifier()?.public())?;
    let asking = async {
        for record in records {
            show(host, witness, &peer, record).await?;
        }
        compare(host, witness, &peer).await
    };
    let asked = tokio::time::timeout(PATIENCE, asking).await;
    asked.map_err(|_| Failure::Problem("It did not answer in time.".into()))?
}

/// Shows the newest checkpoint of a record, and keeps what the witness signs or why it does not.
async fn show(host: &Host, witness: &KnownHost, peer: &Peer, record: &Record) -> Result<(), Failure> {
    let checkpoint = record.checkpoint().await?;
    let (origin, size) = (checkpoint.checkpoint().origin.clone(), checkpoint.checkpoint().size);
    let own = host.witnesses.state().own.get(&origin).and_then(|own| own.get(&witness.name).cloned());
    let signed = own.as_ref().and_then(|own| checkpoint_of(&own.checkpoint));
    let mut old = signed.map_or(0, |signed| signed.checkpoint().size).min(size);
    for _ in 0..2 {
        let proof = if old == 0 { Vec::new() } else { record.consistency(old, size).await? };
        let shown = Shown { old, proof, checkpoint: checkpoint.clone() };
        let (status, answer) = send(peer, record, &shown).await?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        match status {
            StatusCode::OK => return keep_signature(host, witness, &checkpoint, &answer),
            StatusCode::CONFLICT => match answer.trim().parse::<u64>() {
                Ok(from) if from <= size => old = from,
                Ok(from) => {
                    let why = format!("It has signed {from} entries of this record, which has {size} here.");
                    return keep_refusal(host, witness, &origin, why);
                }
                Err(_) => return Err(Failure::Problem("It answered what cannot be read.".into())),
            },
            StatusCode::UNPROCESSABLE_ENTITY => return keep_refusal(host, witness, &origin, answer),
            status => return Err(Failure::Problem(format!("It answered {status}: {}", answer.trim()))),
        }
    }
    // Somebody showed it something newer meanwhile.
    Ok(())
}

async fn send(peer: &Peer, record: &Record, shown: &Shown) -> Result<(StatusCode, bytes::Bytes), Failure> {
    let request = Request::post("/witness/add-checkpoint")
        .header(header::HOST, "almoner")
        .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
        .header(RECORD_KEY, record.verifier_key().to_string())
        .body(Body::from(shown.text()));
    peer.answer(request.map_err(|error| Failure::problem("making a request", &error))?).await
}

fn keep_signature(host: &Host, witness: &KnownHost, of: &SignedCheckpoint, lines: &str) -> Result<(), Failure> {
    let wrong = || Failure::Problem("What it signed is not this checkpoint.".into());
    let signed = SignedCheckpoint::parse(&format!("{of}{lines}")).map_err(|_| wrong())?;
    let key = witness.verifier()?;
    let key = VerifierKey::new(key.name(), KeyKind::Witness, *key.public()).map_err(|_| wrong())?;
    signed.verify(&[key]).map_err(|_| wrong())?;
    let origin = of.checkpoint().origin.clone();
    host.witnesses.change(|state| {
        let own = state.own.entry(origin).or_default().entry(witness.name.clone()).or_default();
        *own = Cosigned { checkpoint: signed.to_string(), refused: None };
    })
}

fn keep_refusal(host: &Host, witness: &KnownHost, origin: &str, why: String) -> Result<(), Failure> {
    tracing::error!(origin, witness = %witness.name, %why, "a witness says that a record of this host was rewritten");
    host.witnesses.change(|state| {
        let own = state.own.entry(origin.to_owned()).or_default();
        own.entry(witness.name.clone()).or_default().refused = Some(why);
    })
}

/// Compares what another witness has signed with what this host has signed.
async fn compare(host: &Arc<Host>, witness: &KnownHost, peer: &Peer) -> Result<(), Failure> {
    let request = Request::get("/witness/seen").header(header::HOST, "almoner").body(Body::empty());
    let (status, body) = peer.answer(request.map_err(|error| Failure::problem("making a request", &error))?).await?;
    if status != StatusCode::OK {
        return Err(Failure::Problem(format!("It answered {status}.")));
    }
    let theirs: BTreeMap<String, String> =
        serde_json::from_slice(&body).map_err(|error| Failure::problem("reading what it has signed", &error))?;
    for (origin, text) in theirs {
        let Some(seen) = host.witnesses.state().seen.remove(&origin) else { continue };
        let (Some(mine), Ok(theirs)) = (checkpoint_of(&seen.checkpoint), SignedCheckpoint::parse(&text)) else {
            continue;
        };
        let keys: Vec<VerifierKey> = seen.keys.values().filter_map(|key| VerifierKey::parse(key).ok()).collect();
        // A checkpoint that no known key of the record signed says nothing of whoever writes it.
        let Ok(signers) = theirs.verify(&keys) else { continue };
        let is_same = mine.verify(&keys).is_ok_and(|mine| {
            mine.iter().any(|one| signers.iter().any(|other| one.key.public() == other.key.public()))
        });
        let found = match contradiction(mine.checkpoint(), theirs.checkpoint(), is_same) {
            Some(found) => Some(found),
            None => unproved(host, &seen.host, &mine, &theirs).await?,
        };
        let Some(sentence) = found else { continue };
        tracing::error!(%origin, witness = %witness.name, %sentence, "a record was exposed");
        let exposure =
            Exposure { sentence, moment: host.now().to_string(), known: mine.to_string(), shown: theirs.to_string() };
        host.witnesses.change(|state| state.seen.entry(origin).or_default().expose(exposure))?;
    }
    Ok(())
}

/// Asks the record's host whether two checkpoints are of one history; says so when it answers and they are not. While it
/// cannot be reached nothing is said.
async fn unproved(
    host: &Arc<Host>,
    shown_by: &str,
    mine: &SignedCheckpoint,
    theirs: &SignedCheckpoint,
) -> Result<Option<String>, Failure> {
    let (one, other) = (mine.checkpoint(), theirs.checkpoint());
    let (old, new) = if one.size <= other.size { (one, other) } else { (other, one) };
    let known = host.witnesses.state().hosts.into_iter().find(|known| known.name == shown_by);
    let Some(known) = known.filter(|_| old.size < new.size) else { return Ok(None) };
    let peer = peer_of(host, known.address.clone(), *known.verifier()?.public())?;
    let asked = AskedToProve { origin: old.origin.clone(), old: old.size, new: new.size };
    let Ok(path) = peer.call::<Vec<String>>(Method::POST, "/witness/consistency", Some(&asked)).await else {
        return Ok(None);
    };
    let path = path.iter().map(|hash| unhex(hash)).collect::<Result<Vec<Hash>, Failure>>()?;
    let is_one = consistency_holds(old.size, &old.root, new.size, &new.root, &path);
    Ok((!is_one).then(|| {
        format!(
            "It signed {} entries to one witness and {} to another, and cannot prove that they are of one history.",
            old.size, new.size
        )
    }))
}
