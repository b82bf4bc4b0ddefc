//! Compares what another witness has signed of records of other hosts with what this host has signed. Where the two texts do
//! not contradict each other alone, the record's host is asked to prove that they are of one history.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode, header};
use journal::SignedCheckpoint;

use super::answer::AskedToProve;
use super::checkpoint_of;
use super::judge::{contradiction, proves};
use super::kept::{Exposure, KnownHost, SeenRecord, Unproved};
use crate::failure::Failure;
use crate::host::Host;
use crate::moving::{Peer, peer_of};

/// How long a witness may take to say what it has signed.
const TELLING: Duration = Duration::from_secs(60);
/// How long a host may take to prove that two checkpoints are of one history.
const PROVING: Duration = Duration::from_secs(10);
/// The most bytes of a checkpoint with the record's signature and a witness's.
pub(super) const LONGEST: usize = 4096;

/// What two checkpoints of a record come to.
enum Found {
    /// They are of one history.
    OneHistory,
    /// They are not, or their host answers with a proof that is none: in words.
    Contradiction(String),
    /// Their host could be reached and gave no proof: what it did instead.
    NoProof(String),
    /// Their host could not be reached, or is not known any more.
    NotAsked,
}

/// Two checkpoints of one record, and who signed them.
struct Pair {
    mine: SignedCheckpoint,
    theirs: SignedCheckpoint,
    mine_by: String,
    theirs_by: String,
    is_one_key: bool,
}

/// Compares everything that a witness has signed; what comes of one record says nothing of the others.
pub(super) async fn compare(host: &Arc<Host>, witness: &KnownHost, peer: &Peer) -> Result<(), Failure> {
    let told = tokio::time::timeout(TELLING, seen_by(peer)).await;
    let theirs = told.map_err(|_| Failure::Problem("It did not say in time what it has signed.".into()))??;
    // A host that keeps one question waiting is not asked another one in this round.
    let mut silent = BTreeSet::new();
    for (origin, text) in theirs {
        let Some(seen) = host.witnesses.state().seen.get(&origin).cloned() else { continue };
        let Some(pair) = Pair::of(&seen, &text) else { continue };
        let asked = seen.holder.as_ref().map_or(&seen.host, |holder| &holder.host);
        let found = pair.found(host, asked, &mut silent).await;
        keep(host, witness, &origin, &pair, found)?;
    }
    Ok(())
}

/// What a witness has signed, by origin.
pub(super) async fn seen_by(peer: &Peer) -> Result<BTreeMap<String, String>, Failure> {
    let request = Request::get("/witness/seen").header(header::HOST, "almoner").body(Body::empty());
    let (status, body) = peer.answer(request.map_err(|error| Failure::problem("making a request", &error))?).await?;
    if status != StatusCode::OK {
        return Err(Failure::Problem(format!("It answered {status}.")));
    }
    serde_json::from_slice(&body).map_err(|error| Failure::problem("reading what it has signed", &error))
}

/// Keeps what was found of a record.
fn keep(host: &Host, witness: &KnownHost, origin: &str, pair: &Pair, found: Found) -> Result<(), Failure> {
    let moment = host.now().to_string();
    let (known, shown) = (pair.mine.to_string(), pair.theirs.to_string());
    host.witnesses.change(|state| {
        let Some(seen) = state.seen.get_mut(origin) else { return };
        match found {
            Found::NotAsked => {}
            Found::OneHistory => drop(seen.unproved.remove(&witness.name)),
            Found::Contradiction(sentence) => {
                tracing::error!(%origin, witness = %witness.name, %sentence, "histories do not go together");
                let host = pair.theirs_by.clone();
                seen.unproved.remove(&witness.name);
                seen.keep(pair.is_one_key, Exposure { sentence, host, moment, known, shown });
            }
            Found::NoProof(answer) => {
                tracing::warn!(%origin, witness = %witness.name, %answer, "a host did not prove its history");
                let of = seen.unproved.entry(witness.name.clone());
                let of = of.or_insert_with(|| Unproved { since: moment, ..Unproved::default() });
                let (since, rounds, host) = (of.since.clone(), of.rounds.saturating_add(1), pair.theirs_by.clone());
                *of = Unproved { host, since, rounds, answer, known, shown };
            }
        }
    })
}

impl Pair {
    /// A checkpoint that no known key of the record signed says nothing of whoever writes it.
    fn of(seen: &SeenRecord, theirs: &str) -> Option<Pair> {
        (theirs.len() <= LONGEST).then_some(())?;
        let (mine, theirs) = (checkpoint_of(&seen.checkpoint)?, checkpoint_of(theirs)?);
        let ((mine_by, mine_key), (theirs_by, theirs_key)) = (seen.signer(&mine)?, seen.signer(&theirs)?);
        let is_one_key = mine_key == theirs_key;
        let (mine_by, theirs_by) = (mine_by.to_owned(), theirs_by.to_owned());
        Some(Pair { mine_by, theirs_by, is_one_key, mine, theirs })
    }

    /// What the two come to; the host `asked` is asked when they do not say it alone.
    async fn found(&self, host: &Arc<Host>, asked: &str, silent: &mut BTreeSet<String>) -> Found {
        let (one, other) = (self.mine.checkpoint(), self.theirs.checkpoint());
        if let Some(sentence) = contradiction(one, other, self.is_one_key) {
            return Found::Contradiction(self.said_of(sentence));
        }
        let (old, new) = if one.size <= other.size { (one, other) } else { (other, one) };
        if old.size == new.size {
            return Found::OneHistory;
        }
        if silent.contains(asked) {
            return Found::NoProof("It did not answer in time.".to_owned());
        }
        let question = AskedToProve { origin: old.origin.clone(), old: old.size, new: new.size };
        match asked_to_prove(host, asked, &question).await {
            Asked::Answered(answer) if proves(old, new, &answer) => Found::OneHistory,
            Asked::Answered(_) => Found::Contradiction(self.said_of(format!(
                "It signed {} entries to one witness and {} to another, and cannot prove that they are of one history.",
                old.size, new.size
            ))),
            Asked::Refused(answer) => Found::NoProof(answer),
            Asked::Silent(answer) => {
                silent.insert(asked.to_owned());
                Found::NoProof(answer)
            }
            Asked::NotReached => Found::NotAsked,
        }
    }

    /// The sentence, which is about one host, when two signed.
    fn said_of(&self, sentence: String) -> String {
        let Pair { mine_by, theirs_by, mine, theirs, is_one_key } = self;
        if *is_one_key {
            return sentence;
        }
        format!(
            "{theirs_by} signed {} entries, {mine_by} {}, and they are not of one history.",
            theirs.checkpoint().size,
            mine.checkpoint().size
        )
    }
}

/// What became of the question for a proof.
enum Asked {
    Answered(Vec<u8>),
    Refused(String),
    Silent(String),
    NotReached,
}

async fn asked_to_prove(host: &Arc<Host>, asked: &str, question: &AskedToProve) -> Asked {
    let state = host.witnesses.state();
    let known = state.hosts.iter().find(|known| known.name == asked);
    let peer = known.and_then(|known| {
        let key = *known.verifier().ok()?.public();
        peer_of(host, known.address.clone(), key).ok()
    });
    let Some(peer) = peer else { return Asked::NotReached };
    let Ok(body) = serde_json::to_vec(question) else { return Asked::NotReached };
    let request = Request::post("/witness/consistency").header(header::HOST, "almoner");
    let Ok(request) = request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body)) else {
        return Asked::NotReached;
    };
    match tokio::time::timeout(PROVING, peer.answer(request)).await {
        Ok(Ok((StatusCode::OK, answer))) => Asked::Answered(answer.to_vec()),
        Ok(Ok((status, _))) => Asked::Refused(format!("It answered {status}.")),
        // Whoever can be called and closes the line on this question has heard it.
        Ok(Err(_)) | Err(_) => match tokio::time::timeout(PROVING, peer.is_reached()).await {
            Ok(true) => Asked::Silent("It did not answer, and can be reached.".to_owned()),
            Ok(false) | Err(_) => Asked::NotReached,
        },
    }
}
