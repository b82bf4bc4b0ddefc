//! The round of a host among its witnesses: it shows the newest checkpoint of each record that it writes, and keeps what they
//! sign or why they do not. What they have seen of others is then compared (`compare`).

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures_util::future::join_all;
use http::{Method, Request, StatusCode, header};
use journal::tiles::proof::consistency_holds;
use journal::{Act, KeyKind, SignedCheckpoint, VerifierKey};
use record::Record;
use record::apply::hand_over::Tenure;

use super::answer::{HandedOver, LARGEST, MOST_ENTRIES};
use super::compare::{LONGEST, compare, seen_by};
use super::handed::hand_overs;
use super::kept::{Cosigned, KnownHost};
use super::shown::Shown;
use super::{RECORD_KEY, checkpoint_of};
use crate::failure::Failure;
use crate::host::Host;
use crate::moving::{Peer, peer_of};
use crate::secret::hex;

/// A round is made so often, the first time so long after the start.
const EVERY: Duration = Duration::from_secs(600);
const FIRST: Duration = Duration::from_secs(30);
/// How long a witness may take to sign everything that it is shown.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most characters of a sentence of another host that are kept.
const LONGEST_SAID: usize = 300;
/// The most bytes of entries, in hexadecimal, that fit into a proof beside the rest of it.
const LARGEST_PROOF: usize = LARGEST - 2048;

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
    let hosts = host.witnesses.state().hosts.clone();
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
    let hosts = host.witnesses.state().hosts.clone();
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
    let showing = async {
        for record in records {
            show(host, witness, &peer, record).await?;
        }
        Ok::<(), Failure>(())
    };
    let shown = tokio::time::timeout(PATIENCE, showing).await;
    shown.map_err(|_| Failure::Problem("It did not answer in time.".into()))??;
    compare(host, witness, &peer).await
}

/// Shows the newest checkpoint of a record, and keeps what the witness signs or why it does not.
async fn show(host: &Host, witness: &KnownHost, peer: &Peer, record: &Record) -> Result<(), Failure> {
    let checkpoint = record.checkpoint().await?;
    let (origin, size) = (checkpoint.checkpoint().origin.clone(), checkpoint.checkpoint().size);
    let own = host.witnesses.state().own.get(&origin).and_then(|own| own.get(&witness.name).cloned());
    let signed = own.as_ref().and_then(|own| checkpoint_of(&own.checkpoint));
    let mut old = signed.map_or(0, |signed| signed.checkpoint().size).min(size);
    let mut is_proved = false;
    for _ in 0..3 {
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
                    return refused(host, witness, peer, record, why).await;
                }
                Err(_) => return Err(Failure::Problem("It answered what cannot be read.".into())),
            },
            StatusCode::UNPROCESSABLE_ENTITY => return refused(host, witness, peer, record, said(&answer)).await,
            StatusCode::FORBIDDEN if !is_proved && prove(peer, record, &origin).await? => is_proved = true,
            status => {
                let why = format!("It answered {status}: {}", said(&answer));
                tracing::warn!(origin, witness = %witness.name, %why, "a witness did not sign");
                return keep_own(host, witness, &origin, |own| own.not_signed = Some(why));
            }
        }
    }
    // Somebody showed it something newer meanwhile.
    Ok(())
}

/// A witness says that this record is not what it was. It has to show it: by a checkpoint that was signed for this record
/// and that is not the beginning of what the record is now. Without one its word stands against nobody.
async fn refused(host: &Host, witness: &KnownHost, peer: &Peer, record: &Record, why: String) -> Result<(), Failure> {
    let origin = record.verifier_key().name().to_owned();
    let shown = seen_by(peer).await?.remove(&origin).unwrap_or_default();
    if is_contradicted(record, &shown).await? {
        tracing::error!(origin, witness = %witness.name, %why, "a witness shows that a record of this host was rewritten");
        return keep_own(host, witness, &origin, |own| (own.refused, own.shown) = (Some(why), shown));
    }
    let why = format!("It says without proof that the record was rewritten: {why}");
    tracing::warn!(origin, witness = %witness.name, %why, "a witness did not sign");
    keep_own(host, witness, &origin, |own| own.not_signed = Some(why))
}

/// Whether a text is a checkpoint that a holder of the record signed and that is not of its history.
async fn is_contradicted(record: &Record, shown: &str) -> Result<bool, Failure> {
    let Some(shown) = (shown.len() <= LONGEST).then(|| checkpoint_of(shown)).flatten() else { return Ok(false) };
    let mut keys = vec![record.verifier_key()];
    for (_, act) in hand_overs(record, MOST_ENTRIES).await? {
        if let Act::Cut(cut) = act {
            let key = VerifierKey::new(keys[0].name(), KeyKind::Log, cut.source_key);
            keys.extend(key.ok());
        }
    }
    if !keys.into_iter().any(|key| shown.verify(&[key]).is_ok()) {
        return Ok(false);
    }
    let now = record.checkpoint().await?;
    let (old, new) = (shown.checkpoint(), now.checkpoint());
    if old.size > new.size {
        return Ok(true);
    }
    let proof = if old.size == 0 { Vec::new() } else { record.consistency(old.size, new.size).await? };
    Ok(!consistency_holds(old.size, &old.root, new.size, &new.root, &proof))
}

/// What another host says, in a line that can be shown.
fn said(answer: &str) -> String {
    answer.trim().chars().map(|one| if one.is_control() { ' ' } else { one }).take(LONGEST_SAID).collect()
}

/// Proves to a witness that the record was handed over to this host, by the entries that did; false when it never was, or
/// the witness does not take it.
async fn prove(peer: &Peer, record: &Record, origin: &str) -> Result<bool, Failure> {
    let found = hand_overs(record, MOST_ENTRIES).await?;
    let mut room = LARGEST_PROOF;
    let newest = found.iter().rev().map(|(bytes, _)| hex(bytes));
    let mut entries: Vec<String> = newest.take_while(|entry| fits(entry, &mut room)).collect();
    if entries.is_empty() {
        return Ok(false);
    }
    entries.reverse();
    let proof = HandedOver { origin: origin.to_owned(), entries };
    let body = serde_json::to_vec(&proof).map_err(|error| Failure::problem("writing JSON", &error))?;
    match peer.ask(Method::POST, "/witness/handed-over", body.into()).await {
        Ok(_) => Ok(true),
        Err(Failure::Refused(why)) => {
            tracing::warn!(origin, %why, "a witness does not take that a record was handed over to this host");
            Ok(false)
        }
        Err(problem) => Err(problem),
    }
}

/// Whether there is room for an entry, which it then takes.
fn fits(entry: &str, room: &mut usize) -> bool {
    let left = room.checked_sub(entry.len());
    *room = left.unwrap_or_default();
    left.is_some()
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
    keep_own(host, witness, &of.checkpoint().origin, |own| {
        *own = Cosigned { checkpoint: signed.to_string(), ..Cosigned::default() };
    })
}

fn keep_own(host: &Host, witness: &KnownHost, origin: &str, change: impl FnOnce(&mut Cosigned)) -> Result<(), Failure> {
    host.witnesses.change(|state| {
        change(state.own.entry(origin.to_owned()).or_default().entry(witness.name.clone()).or_default());
    })
}
