//! The certificate of a cut: one statement, as JSON in a text, signed by both hosts with the keys that sign for the record.
//! What it proves can be checked offline from what is in it; what it only states says so. Its form is in
//! `docs/formats/move.md`, section 6; the checker is `almoner-verify certificate`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use journal::{SignedCheckpoint, VerifierKey};
use record::Record;
use serde::{Deserialize, Serialize};

use super::counts::{self, Counts, Invariant};
use super::cut;
use super::kept::Move;
use super::peer::{NOTHING, Peer};
use super::phase::Phase;
use super::pull::{fail_at, path, permit};
use super::report::Cutting;
use super::words::{Opened, unhex};
use crate::failure::Failure;
use crate::host::Host;
use crate::secret::hex;

/// A signature under a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Signature {
    pub(crate) key: String,
    pub(crate) signature: String,
}

/// The certificate as a file.
#[derive(Debug, Serialize, Deserialize)]
struct Certificate {
    statement: String,
    signatures: Vec<Signature>,
}

/// A checkpoint with the proof that the tree before the cut begins with it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Proved {
    checkpoint: String,
    path: Vec<String>,
}

/// The statement.
#[derive(Debug, Serialize, Deserialize)]
struct Statement {
    format: String,
    trust: String,
    name: String,
    origin: String,
    from: String,
    to: String,
    from_key: String,
    to_key: String,
    /// The number of the cut entry, its bytes, and the proof that it is in the tree that ends with it.
    cut: u64,
    cut_entry: String,
    cut_inclusion: Vec<String>,
    /// Before the cut, as the host that wrote signs it and as the host that took it signs what it holds.
    before_from: String,
    before_to: String,
    /// From the tree before the cut to the tree with it.
    cut_consistency: Vec<String>,
    /// With the cut or later, as the host that writes now signs it.
    after: String,
    after_consistency: Vec<String>,
    rehearsals: Vec<Proved>,
    witnessed: Vec<Proved>,
    invariants: Vec<Invariant>,
    /// The entry at which both hosts counted: the cut, or a later one when the certificate could not be made in time.
    #[serde(default)]
    counted_at: u64,
    counts_from: BTreeMap<String, u64>,
    counts_to: BTreeMap<String, u64>,
    timings: Cutting,
    proved: Vec<String>,
    stated: Vec<String>,
}

/// Between two attempts to make a certificate, at first and at most.
const AGAIN: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

/// The certificate of the newest cut. Where it is missing, the host that handed the record over makes it now: whoever was
/// killed or not heard before makes it later; the other one asks for it. What the other host said when it opened is asked for
/// again unless it is given.
///
/// # Errors
/// Nothing was cut yet; the other host cannot be asked, or does not agree.
pub(crate) async fn of_newest_cut(host: &Host, of: &Move, opened: Option<&Opened>) -> Result<String, Failure> {
    let _one_at_a_time = of.certifying.lock().await;
    let kept = of.kept();
    let cutting = kept.cuts.last().cloned();
    let cutting = cutting.ok_or_else(|| Failure::refused("There is no certificate yet: nothing was cut here."))?;
    if let Some(text) = kept.certificate.filter(|text| cut_of(text) == Some(cutting.entry)) {
        return Ok(text);
    }
    let record = of.record().await?;
    if !of.has_line() {
        return Err(Failure::refused(
            "The certificate is not here yet: give each letter of one host to the other (`move letter`), until none follows.",
        ));
    }
    if !cut::is_by_this_host(&record, cutting.entry).await? {
        // The host that handed the trust over has it or makes it.
        let theirs: String = of.peer.call_slow(Method::GET, &path(of, "certificate"), NOTHING).await?;
        keep(of, &record, theirs.clone())?;
        return Ok(theirs);
    }
    let again;
    let opened = match opened {
        Some(opened) => opened,
        None => {
            again = cut::tell(of, &record, cutting.entry).await?;
            &again
        }
    };
    let witnessed = host.witnesses.cosigned(record.verifier_key().name(), cutting.entry.saturating_sub(1));
    let text = make(of, &record, opened, &cutting, &witnessed).await?;
    of.change(|kept| kept.certificate = Some(text.clone()))?;
    Ok(text)
}

/// The certificate of the newest cut that this host made, for the other one.
pub(crate) async fn own(host: &Host, of: &Move) -> Result<String, Failure> {
    let newest = of.kept().cuts.last().map_or(0, |cut| cut.entry);
    if !cut::is_by_this_host(&of.record().await?, newest).await? {
        return Err(Failure::refused("This host did not make the newest cut."));
    }
    of_newest_cut(host, of, None).await
}

/// Gives the other host the certificate, which keeps it if it signed it.
pub(crate) async fn give(of: &Move, text: String) -> Result<(), Failure> {
    of.peer.ask(Method::POST, &path(of, "certified"), text.into()).await.map(drop)
}

/// Makes the certificate of the newest cut, if that is this host's to do, and tries until it is made.
pub(crate) async fn until_it_is_made(host: Arc<Host>, of: Arc<Move>) {
    let [mut rest, longest] = AGAIN;
    while is_to_be_made(&of).await {
        match of_newest_cut(&host, &of, None).await {
            Ok(_) => tracing::info!(trust = %of.code, "the certificate of a cut was made"),
            Err(failure) => {
                tracing::warn!(trust = %of.code, %failure, "the certificate of a cut could not be made yet");
                tokio::time::sleep(rest).await;
                rest = (rest * 2).min(longest);
            }
        }
    }
}

/// Whether the certificate of the newest cut is missing, and this host made that cut.
async fn is_to_be_made(of: &Move) -> bool {
    let kept = of.kept();
    let Some(newest) = kept.cuts.last().map(|cut| cut.entry) else { return false };
    let is_missing = kept.certificate.as_deref().and_then(cut_of) != Some(newest);
    let Ok(record) = of.record().await else { return false };
    is_missing && kept.phase != Phase::Completed && cut::is_by_this_host(&record, newest).await.unwrap_or(false)
}

/// The cut that a certificate is of.
fn cut_of(text: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct Of {
        cut: u64,
    }
    let certificate: Certificate = serde_json::from_str(text).ok()?;
    let of: Of = serde_json::from_str(&certificate.statement).ok()?;
    Some(of.cut)
}

/// Makes the certificate of a cut at the host that handed the record over, with the other host's signature.
async fn make(
    of: &Move,
    record: &Record,
    opened: &Opened,
    cutting: &Cutting,
    witnessed: &[String],
) -> Result<String, Failure> {
    let newest = *record.follow().borrow();
    let counted = match counted_by_both(of, record, cutting.entry).await {
        // What was an hour ago is not counted any more; what is here now still is.
        Err(Failure::Refused(_)) => counted_by_both(of, record, newest).await?,
        counted => counted?,
    };
    let statement = statement(of, record, opened, counted, cutting, witnessed).await?;
    let text = json(&statement)?;
    let ours = sign(of, record, &text)?;
    let theirs = countersigned(&of.peer, of, &text).await?;
    whole(of, text, vec![ours, theirs]).await
}

/// What both hosts count at one entry.
struct Counted {
    at: u64,
    from: BTreeMap<String, u64>,
    to: BTreeMap<String, u64>,
}

async fn counted_by_both(of: &Move, record: &Record, at: u64) -> Result<Counted, Failure> {
    let from = counts::counts(of, record, at).await?;
    let to = of.peer.call_slow(Method::GET, &path(of, &format!("counts/{at}")), NOTHING).await?;
    Ok(Counted { at, from, to })
}

/// The certificate of a cut between two hosts without a line, with the signature of this one alone, which made the cut. What
/// the other one counted came with its letter.
pub(super) async fn begin(
    host: &Host,
    of: &Move,
    record: &Record,
    opened: &Opened,
    (cutting, to): (Cutting, Counts),
) -> Result<String, Failure> {
    let at = cutting.entry;
    // Nobody has written here since.
    let counted = Counted { at, from: counts::counts(of, record, at).await?, to };
    let witnessed = host.witnesses.cosigned(record.verifier_key().name(), at.saturating_sub(1));
    let statement = json(&statement(of, record, opened, counted, &cutting, &witnessed).await?)?;
    let signatures = vec![sign(of, record, &statement)?];
    serde_json::to_string_pretty(&Certificate { statement, signatures })
        .map_err(|error| Failure::problem("writing a certificate", &error))
}

/// The same with this host's signature too, if what it says is so here; this host keeps it.
pub(super) async fn complete(of: &Move, record: &Record, text: String) -> Result<String, Failure> {
    let read = |error| Failure::problem("reading the certificate", &error);
    let mut certificate: Certificate = serde_json::from_str(&text).map_err(read)?;
    let theirs = of.kept().their_record_key;
    let key = theirs.as_ref().and_then(|key| VerifierKey::parse(key).ok());
    let message = [b"almoner:certificate\n", certificate.statement.as_bytes()].concat();
    let is_signed = certificate.signatures.first().is_some_and(|first| {
        let signature = unhex(&first.signature).ok();
        theirs.as_ref() == Some(&first.key)
            && key.zip(signature).is_some_and(|(key, signature)| key.signed(&message, &signature))
    });
    if !is_signed {
        return Err(Failure::refused("The other host has not signed this certificate."));
    }
    certificate.signatures.truncate(1);
    certificate.signatures.push(countersign(of, record, &certificate.statement).await?);
    let text = serde_json::to_string_pretty(&certificate)
        .map_err(|error| Failure::problem("writing a certificate", &error))?;
    keep(of, record, text.clone())?;
    Ok(text)
}

/// The certificate as text, which the other host gets too: without it nothing is lost.
async fn whole(of: &Move, statement: String, signatures: Vec<Signature>) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(&Certificate { statement, signatures })
        .map_err(|error| Failure::problem("writing a certificate", &error))?;
    if let Err(failure) = give(of, text.clone()).await {
        tracing::warn!(trust = %of.code, %failure, "the other host did not take the certificate");
    }
    Ok(text)
}

/// Keeps the certificate that the other host made, if it is one that this host signed.
pub(crate) fn keep(of: &Move, record: &Record, text: String) -> Result<(), Failure> {
    let certificate: Certificate =
        serde_json::from_str(&text).map_err(|_| Failure::refused("The certificate cannot be read."))?;
    let own = sign(of, record, &certificate.statement)?;
    if !certificate.signatures.contains(&own) {
        return Err(Failure::refused("This host did not sign this certificate."));
    }
    let cut = cut_of(&text);
    of.change(|kept| {
        if kept.certificate.as_deref().and_then(cut_of) <= cut {
            kept.certificate = Some(text);
        }
    })
}

/// The certificate for people, as PDF, with the file inside.
///
/// # Errors
/// A text that is no certificate.
pub fn certificate_as_pdf(text: &str) -> Result<Vec<u8>, Failure> {
    paper::certificate(text.as_bytes()).map_err(|problem| Failure::Refused(problem.to_string()))
}

/// The certificate of the newest cut, with these checkpoints that witnesses signed besides; both hosts sign it anew for them.
pub(crate) async fn with_witnesses(host: &Host, of: &Move, witnessed: &[String]) -> Result<String, Failure> {
    let text = of_newest_cut(host, of, None).await?;
    if witnessed.is_empty() {
        return Ok(text);
    }
    let record = &of.record().await?;
    let read = |error| Failure::problem("reading the certificate", &error);
    let certificate: Certificate = serde_json::from_str(&text).map_err(read)?;
    let mut statement: Statement = serde_json::from_str(&certificate.statement).map_err(read)?;
    for proved in proofs(record, witnessed, statement.cut - 1).await? {
        if !statement.witnessed.contains(&proved) {
            statement.witnessed.push(proved);
        }
    }
    let text = json(&statement)?;
    let signatures = vec![sign(of, record, &text)?, countersigned(&of.peer, of, &text).await?];
    let text = whole(of, text, signatures).await?;
    of.change(|kept| kept.certificate = Some(text.clone()))?;
    Ok(text)
}

async fn statement(
    of: &Move,
    record: &Record,
    opened: &Opened,
    counted: Counted,
    cutting: &Cutting,
    witnessed: &[String],
) -> Result<Statement, Failure> {
    let kept = of.kept();
    let cut = cutting.entry;
    let given = record.decided(&permit(of)?, cut, 1).await?.into_iter().next();
    let given = given.ok_or_else(|| Failure::refused("The cut is not in the journal."))?;
    let entry = journal::Entry::decode(&given.entry).map_err(|error| Failure::problem("reading the cut", &error))?;
    let journal::Act::Cut(act) = entry.act else { return Err(Failure::refused("The entry is no cut.")) };
    let before = record::apply::hand_over::Place {
        sequence: cut - 1,
        root: record.root_of(cut - 1).await?,
        epoch: entry.epoch,
        ..record.place().await?
    };
    let after =
        SignedCheckpoint::parse(&opened.checkpoint).map_err(|error| Failure::problem("its checkpoint", &error))?;
    let after_size = after.checkpoint().size;
    let last = kept.cuts.iter().map(|known| known.entry).filter(|known| *known < cut).max().unwrap_or(0);
    let rehearsed = kept.rehearsals.iter().filter(|one| one.agrees() && one.sequence > last && one.sequence < cut);
    let rehearsed: Vec<String> = rehearsed.map(|one| one.checkpoint.clone()).collect();
    let before_to = kept.signed_by_them(cut - 1).unwrap_or_else(|| opened.before.clone());
    let is_longer = after_size > cut;
    let newest = record.place().await?.sequence;
    let after_consistency = match is_longer && newest >= after_size {
        true => hexes(&record.consistency(cut, after_size).await?),
        false => Vec::new(),
    };
    Ok(Statement {
        format: "almoner certificate 1".into(),
        trust: kept.ticket.trust.to_string(),
        name: kept.ticket.name.clone(),
        origin: act.origin.clone(),
        from: act.source.clone(),
        to: act.target.clone(),
        from_key: record.verifier_key().to_string(),
        to_key: kept.their_record_key.clone().unwrap_or_default(),
        cut,
        cut_entry: hex(&given.entry),
        cut_inclusion: hexes(&record.inclusion(cut, cut).await?),
        before_from: record.attest(&before)?.to_string(),
        before_to,
        cut_consistency: hexes(&record.consistency(cut - 1, cut).await?),
        after: opened.checkpoint.clone(),
        after_consistency,
        rehearsals: proofs(record, &rehearsed, cut - 1).await?,
        witnessed: proofs(record, witnessed, cut - 1).await?,
        invariants: counts::five(&counted.from, &counted.to),
        counted_at: counted.at,
        counts_from: counted.from,
        counts_to: counted.to,
        timings: cutting.clone(),
        proved: PROVED.iter().map(|text| (*text).to_owned()).collect(),
        stated: stated(cutting, counted.at, (kept.unplanned, kept.gate.as_deref())),
    })
}

/// What is only stated, and what of this cut is not known.
fn stated(cutting: &Cutting, counted_at: u64, (unplanned, gate): (bool, Option<&str>)) -> Vec<String> {
    let mut stated: Vec<String> = STATED.iter().map(|text| (*text).to_owned()).collect();
    match &cutting.carried_since {
        Some(since) => stated.push(format!("{CARRIED} {since}.")),
        None if cutting.held.is_none() => stated.push(UNKNOWN.into()),
        None => {}
    }
    if counted_at != cutting.entry {
        stated.push(format!("The counts are of entry {counted_at}: those of the cut could not be read any more."));
    }
    if unplanned && !cutting.back {
        stated.push(UNPLANNED.into());
    } else if !cutting.back {
        stated.extend(gate.map(str::to_owned));
    }
    stated
}

/// Said where nobody measured.
const UNKNOWN: &str = "How long anybody waited is not known: the host that handed over was stopped during the cut.";
/// Said where no line was.
const CARRIED: &str = "It was cut without a line between the hosts, by what was carried: nobody could record anything from \
    the moment given here, by the clock of the host that handed over, until the new host was open. That was";
/// Said where nobody asked what must hold.
const UNPLANNED: &str = "It was cut by command and without a plan: what must hold before a cut was not asked for.";

const PROVED: [&str; 4] = [
    "Both hosts signed the same root over every entry before the cut.",
    "The cut follows those entries, and both hosts signed it for that place and no other.",
    "What was rehearsed, and what the witnesses signed, is the beginning of what was moved.",
    "Each entry names the digests of the texts and attachments that it made: whoever has them can check them.",
];

const STATED: [&str; 4] = [
    "The counts, and that texts, attachments, index and desk on the new host are what the entries name: the new host \
     compared them while it copied; an outsider checks them with the record itself (almoner verify).",
    "The invariants, as both hosts count them.",
    "The times, by the clock of the host that handed over.",
    "That the old host writes no more: the record forbids it there, and nobody outside sees that.",
];

/// Proofs that the tree of `size` begins with each checkpoint.
async fn proofs(record: &Record, checkpoints: &[String], size: u64) -> Result<Vec<Proved>, Failure> {
    let mut proved = Vec::with_capacity(checkpoints.len());
    for text in checkpoints {
        let signed = SignedCheckpoint::parse(text)
            .map_err(|error| Failure::Refused(format!("What was given is no checkpoint: {error}.")))?;
        let stated = signed.checkpoint();
        if stated.size == 0 {
            return Err(Failure::refused("A checkpoint of no entries says nothing about what was moved."));
        }
        if stated.size > size {
            return Err(Failure::Refused(format!(
                "A checkpoint of {} entries is later than the cut and says nothing about what was moved.",
                stated.size
            )));
        }
        if record.root_of(stated.size).await? != stated.root {
            return Err(Failure::Refused(format!(
                "A checkpoint of {} entries is of another history than this record's. Ask whoever signed it.",
                stated.size
            )));
        }
        let path = hexes(&record.consistency(stated.size, size).await?);
        proved.push(Proved { checkpoint: text.clone(), path });
    }
    Ok(proved)
}

/// Signs the other host's statement, if what it says of the record is so here too.
pub(crate) async fn countersign(of: &Move, record: &Record, text: &str) -> Result<Signature, Failure> {
    let statement: Statement =
        serde_json::from_str(text).map_err(|_| Failure::refused("The statement of the certificate cannot be read."))?;
    let before_cut = statement.cut.checked_sub(1).filter(|_| statement.timings.entry == statement.cut);
    let before_cut = before_cut.ok_or_else(|| Failure::refused("The statement is of no cut."))?;
    let here = record.decided(&permit(of)?, statement.cut, 1).await?.into_iter().next();
    let is_here = here.is_some_and(|given| hex(&given.entry) == statement.cut_entry);
    let before = SignedCheckpoint::parse(&statement.before_from)
        .map_err(|_| Failure::refused("The statement's checkpoint cannot be read."))?;
    let root = record.root_of(before_cut).await?;
    let of_statement = before.checkpoint();
    if !is_here || of_statement.root != root || of_statement.size != before_cut {
        return Err(Failure::refused("The statement says of the record what is not so on this host."));
    }
    let counted_at = Some(statement.counted_at).filter(|at| *at > 0).unwrap_or(statement.cut);
    if counted_at < statement.cut {
        return Err(Failure::refused("The statement counts what was before its cut."));
    }
    let own = match of.kept().counted {
        // Counted when the cut was carried here; by now others may have written for long.
        Some((at, counts)) if at == counted_at => counts,
        _ => counts::counts(of, record, counted_at).await?,
    };
    if statement.counts_to != own || statement.invariants != counts::five(&statement.counts_from, &own) {
        return Err(Failure::refused("The statement counts what this host counts otherwise."));
    }
    let kept = of.kept();
    let is_of_this_move = (statement.trust.as_str(), &statement.name, &statement.origin)
        == (of.code.as_str(), &kept.ticket.name, &kept.ticket.origin);
    if !is_of_this_move || statement.to_key != record.verifier_key().to_string() {
        return Err(Failure::refused("The statement is of another trust, or of another host than this one."));
    }
    let signature = sign(of, record, text)?;
    // Whoever was cut to knows from then on how it went, and what was rehearsed before.
    let timings = statement.timings;
    of.change(|kept| kept.note_cut(timings))?;
    fail_at("while-certifying").await?;
    Ok(signature)
}

fn sign(of: &Move, record: &Record, text: &str) -> Result<Signature, Failure> {
    let signature = record.sign_statement(&permit(of)?, text)?;
    Ok(Signature { key: record.verifier_key().to_string(), signature: hex(&signature) })
}

async fn countersigned(peer: &Peer, of: &Move, text: &str) -> Result<Signature, Failure> {
    let bytes = peer.ask(Method::POST, &path(of, "certificate"), text.to_owned().into()).await?;
    serde_json::from_slice(&bytes).map_err(|error| Failure::problem("reading the other host's signature", &error))
}

fn json(statement: &Statement) -> Result<String, Failure> {
    serde_json::to_string_pretty(statement).map_err(|error| Failure::problem("writing a certificate", &error))
}

fn hexes(hashes: &[journal::Hash]) -> Vec<String> {
    hashes.iter().map(|hash| hex(hash)).collect()
}
