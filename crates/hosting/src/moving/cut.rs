//! The cut. At the host that writes: hold writers, have the other host sign that it holds everything, commit the cut, hand
//! it over, send the held ones on. At the host that follows: catch up, sign, open. Until the cut is on disk everything can
//! be given up and nothing has happened; from then on only the other host may write (`docs/formats/move.md`, section 5).

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::Method;
use journal::VerifierKey;
use journal::act::Cut;
use record::Record;
use record::apply::hand_over::{Hold, Place as At, Tenure};

use super::certificate;
use super::gate::Stand;
use super::kept::{Kept, Move, Side};
use super::peer::NOTHING;
use super::phase::{Phase, Step};
use super::pull::{self, fail_at, path, permit};
use super::report::Cutting;
use super::segment;
use super::words::{AskedToSign, Opened, Place, Signed, unhex};
use crate::clock::stopwatch;
use crate::failure::Failure;
use crate::host::Host;
use crate::secret::hex;
use crate::witness;

/// A drain that has not led to a cut by then is given up.
const DRAIN: Duration = Duration::from_secs(5);
/// How long the other host may take for what was written since it was last asked, for a drain to be begun: a fifth of it.
const NEAR_MS: u64 = 1000;
/// How often it is asked.
const NEARING: usize = 20;
/// How long the other host may take to say that it has the cut before it is told again, over a new connection: what is
/// sent over a line that died without a word comes to nobody, and writers wait.
const HANDING_OVER: Duration = Duration::from_secs(5);
/// Between two attempts to hand the cut over.
const AGAIN: Duration = Duration::from_millis(200);
/// How long whoever asked for a cut waits to hear that the other host is open.
const HEARING: Duration = Duration::from_secs(60);
/// How long witnesses may take to sign what is cut soon.
const WITNESSING: Duration = Duration::from_secs(3);
/// How long after a cut the held writers are waited for, to be counted.
const COUNTING: Duration = Duration::from_secs(15);

/// What must still happen before a cut; sentences.
pub(crate) fn missing(of: &Move, writes: bool) -> Vec<String> {
    let kept = of.kept();
    let mut missing = Vec::new();
    if !writes {
        missing.push("This host does not write the trust. Cut it at the host that does.".to_owned());
    }
    let can_cut = kept.phase.after(Step::Cut).is_some() && kept.phase != Phase::Cut;
    match kept.rehearsals.last() {
        _ if kept.phase == Phase::Completed => missing.push("The move is completed.".into()),
        None => missing.push("It was never rehearsed. Rehearse at the host that follows.".into()),
        Some(last) if !last.agrees() => missing.push("The last rehearsal found differences.".into()),
        Some(last) if kept.cuts.last().is_some_and(|cut| last.sequence < cut.entry) => {
            missing.push("It was not rehearsed since the last cut. Rehearse at the host that follows.".into());
        }
        Some(_) if !can_cut => missing.push(format!("The move is {}.", kept.phase.word())),
        Some(_) => {}
    }
    missing
}

/// Cuts the record over to the other host. Goes on to its end whoever asked for it goes away.
pub(crate) async fn cut(host: &Arc<Host>, of: &Arc<Move>, back: bool) -> Result<Cutting, Failure> {
    let (host, of) = (Arc::clone(host), Arc::clone(of));
    let cutting = tokio::spawn(async move { cut_now(&host, &of, back).await });
    cutting.await.map_err(|error| Failure::problem("cutting", &error))?
}

async fn cut_now(host: &Arc<Host>, of: &Arc<Move>, back: bool) -> Result<Cutting, Failure> {
    let one = of.cutting.try_lock();
    let _one_at_a_time = one.map_err(|_| Failure::refused("A cut of this trust is under way."))?;
    let record = of.record().await?;
    may_cut(of, &record, back)?;
    witness::show_one(host, &record, WITNESSING).await;
    come_near(of).await?;
    let elapsed = stopwatch();
    let mut cutting = Cutting { back, ..Cutting::default() };
    of.gate.hold();
    match drain_and_cut(of, &record, &elapsed, &mut cutting).await {
        Ok(()) => {}
        Err(failure) if record.tenure() == Tenure::Writes => {
            of.gate.set(Stand::Open);
            return Err(Failure::Problem(format!(
                "The cut was given up and nothing has happened; who was held goes on. {failure}"
            )));
        }
        Err(failure) => {
            tracing::warn!(trust = %of.code, %failure, "the cut is on disk; it goes on");
            cutting.entry = record.writes().await?.map_or(0, |writes| writes.cut);
        }
    }
    fail_at("after-cut").await?;
    // Noted while the other host is at work: who was held waits for no more than it must.
    let (opened, ()) = tokio::join!(tokio::time::timeout(HEARING, deliver(of, &record)), async { of.note(Step::Cut) });
    let Ok(opened) = opened else {
        let measured = Some((cutting, elapsed));
        tokio::spawn(deliver_to_the_end(Arc::clone(host), Arc::clone(of), measured));
        return Err(Failure::Problem(
            "The trust is cut and the other host has not said that it is open. It is told until it does; see `move status`."
                .into(),
        ));
    };
    cutting.live_ms = Some(elapsed());
    let opened = opened?;
    of.gate.set(Stand::Away);
    after_opening(host, of, &opened, &mut cutting).await?;
    Ok(cutting)
}

/// # Errors
/// What is missing before a cut, or that it goes the other way.
pub(super) fn may_cut(of: &Move, record: &Record, back: bool) -> Result<(), Failure> {
    if let Some(missing) = missing(of, record.tenure() == Tenure::Writes).first() {
        return Err(Failure::Refused(missing.clone()));
    }
    if back != (of.kept().side == Side::Target) {
        let sentence =
            if back { "It has not moved: there is no way back." } else { "It moves back: ask for `move back`." };
        return Err(Failure::refused(sentence));
    }
    Ok(())
}

/// The cut by which this host has handed the record over, as long as the other host was not heard to be open by it.
pub(crate) async fn undelivered(record: &Record, kept: &Kept) -> Result<Option<u64>, Failure> {
    let writes = record.writes().await?.filter(|writes| writes.cut > 0 && record.tenure() != Tenure::Writes);
    let Some(cut) = writes.map(|writes| writes.cut) else { return Ok(None) };
    let is_delivered = kept.cuts.iter().any(|known| known.entry == cut);
    Ok((!is_delivered && is_by_this_host(record, cut).await?).then_some(cut))
}

/// Whether an entry is a cut that this host has made.
pub(crate) async fn is_by_this_host(record: &Record, number: u64) -> Result<bool, Failure> {
    let entry = record.entry(number).await?.and_then(|bytes| journal::Entry::decode(&bytes).ok());
    let own = *record.verifier_key().public();
    Ok(matches!(entry.map(|entry| entry.act), Some(journal::Act::Cut(cut)) if cut.source_key == own))
}

/// Has the other host take what there is, while everybody still writes, until little is left for the drain.
async fn come_near(of: &Move) -> Result<(), Failure> {
    for _ in 0..NEARING {
        let elapsed = stopwatch();
        let _: () = of.peer.call_slow(Method::POST, &path(of, "catch-up"), NOTHING).await?;
        if elapsed() <= NEAR_MS {
            return Ok(());
        }
    }
    Err(Failure::refused(
        "The other host does not keep up with what is written here. Nobody was held. Ask again when less is written.",
    ))
}

async fn drain_and_cut(
    of: &Arc<Move>,
    record: &Record,
    elapsed: &impl Fn() -> u64,
    cutting: &mut Cutting,
) -> Result<(), Failure> {
    let until = tokio::time::Instant::now() + DRAIN;
    let drained = tokio::time::timeout_at(until, of.gate.is_empty()).await;
    drained.map_err(|_| Failure::refused("A request that was under way did not end in time."))?;
    cutting.drained_ms = Some(elapsed());
    let _held: Hold<'_> = record.hold();
    fail_at("while-draining").await?;
    loop {
        let signed = tokio::time::timeout_at(until, signed_cut(of, record)).await;
        let signed = signed.map_err(|_| Failure::refused("The other host was not ready in time."))?;
        let (at, cut, checkpoint) = signed?;
        // Whoever is killed after the cut still has it, for the certificate.
        of.change(|kept| kept.signed_at = Some(checkpoint))?;
        fail_at("before-cut").await?;
        // From here nothing is given up any more, whatever the time.
        if record.cut(&permit(of)?, cut, &at).await? {
            cutting.entry = at.sequence + 1;
            cutting.cut_ms = Some(elapsed());
            return Ok(());
        }
        if tokio::time::Instant::now() >= until {
            return Err(Failure::refused("Something kept being written although writers were held."));
        }
    }
}

/// A cut at the record's place, signed by the other host.
async fn signed_cut(of: &Move, record: &Record) -> Result<(At, Cut, String), Failure> {
    let at = record.place().await?;
    let (rows, digest) = record.desk_digest().await?;
    let place = Place::of(&at, terms::Moment(0));
    let epoch = at.epoch + 1;
    let asked = AskedToSign { place, epoch, desk: (rows, hex(&digest)) };
    let signed: Signed = of.peer.call(Method::POST, &path(of, "sign"), Some(&asked)).await?;
    let mut cut = cut_of(of, record, epoch)?;
    cut.target_signature = unhex(&signed.signature)?;
    Ok((at, cut, signed.checkpoint))
}

/// The cut as both hosts write it down, without signatures.
pub(super) fn cut_of(of: &Move, record: &Record, epoch: u64) -> Result<Cut, Failure> {
    let kept = of.kept();
    let theirs = kept.their_record_key.as_deref().and_then(|key| VerifierKey::parse(key).ok());
    let theirs = *theirs.ok_or_else(|| Failure::refused("The other host has not told its key yet."))?.public();
    let ours = *record.verifier_key().public();
    let (source_key, target_key) = if record.tenure() == Tenure::Writes { (ours, theirs) } else { (theirs, ours) };
    let (source, target) = if record.tenure() == Tenure::Writes {
        (kept.own().host.clone(), kept.other().host.clone())
    } else {
        (kept.other().host.clone(), kept.own().host.clone())
    };
    let origin = kept.ticket.origin;
    let (source_signature, target_signature) = ([0; 64], [0; 64]);
    Ok(Cut { origin, source, target, epoch, source_key, target_key, source_signature, target_signature })
}

/// Tells the other host of the cut until it says that it is open.
async fn deliver(of: &Move, record: &Record) -> Result<Opened, Failure> {
    let writes = record.writes().await?.ok_or_else(|| Failure::refused("The record was never cut."))?;
    loop {
        fail_at("before-handing-over").await?;
        if record.tenure() == Tenure::Writes {
            return Err(Failure::refused("The cut was taken back: this host writes the trust again."));
        }
        match tell(of, record, writes.cut).await {
            Ok(opened) => return Ok(opened),
            Err(failure) => {
                tracing::warn!(trust = %of.code, %failure, "the cut could not be handed over yet");
                of.set_problem(Some(failure.to_string()));
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// Tells the other host of the cut once; it may know already.
pub(crate) async fn tell(of: &Move, record: &Record, cut: u64) -> Result<Opened, Failure> {
    let packed = segment::pack(&record.decided(&permit(of)?, cut, 1).await?)?;
    let path = path(of, "cut");
    let told = tokio::time::timeout(HANDING_OVER, of.peer.ask(Method::POST, &path, Body::from(packed))).await;
    let bytes = told.unwrap_or_else(|_| {
        of.peer.forget_connections();
        Err(Failure::Problem("The other host cannot be reached: it did not answer in time.".into()))
    })?;
    serde_json::from_slice(&bytes).map_err(|error| Failure::problem("reading what the other host says", &error))
}

/// What was measured of a cut, and the clock that began with it.
type Measured<Elapsed> = Option<(Cutting, Elapsed)>;

/// Goes on with a cut that another process of this host was killed in: nothing of it was measured.
pub(crate) async fn go_on(host: Arc<Host>, of: Arc<Move>) {
    deliver_to_the_end(host, of, None::<(Cutting, fn() -> u64)>).await;
}

/// Goes on where a cut was broken off: hands it over, opens the gate to the other host, follows it.
async fn deliver_to_the_end(host: Arc<Host>, of: Arc<Move>, measured: Measured<impl Fn() -> u64>) {
    let done = async {
        let record = of.record().await?;
        of.note(Step::Cut);
        let opened = deliver(&of, &record).await?;
        let mut cutting = match measured {
            Some((cutting, elapsed)) => Cutting { live_ms: Some(elapsed()), ..cutting },
            None => Cutting { back: of.kept().side == Side::Target, ..Cutting::default() },
        };
        cutting.entry = record.writes().await?.map_or(cutting.entry, |writes| writes.cut);
        after_opening(&host, &of, &opened, &mut cutting).await
    };
    if let Err(failure) = done.await {
        if of.gate.is_open() {
            // It was taken back meanwhile.
            return;
        }
        tracing::error!(trust = %of.code, %failure, "a cut could not be brought to its end");
        of.set_problem(Some(failure.to_string()));
    }
}

/// The other host writes: everybody is sent there, what came of the cut is kept, this host follows, and the certificate is
/// made, now or as soon as it can be.
async fn after_opening(
    host: &Arc<Host>,
    of: &Arc<Move>,
    opened: &Opened,
    cutting: &mut Cutting,
) -> Result<(), Failure> {
    fail_at("before-sending-on").await?;
    of.gate.set(Stand::Away);
    of.note_opened(cutting.clone());
    of.set_problem(None);
    fail_at("before-counting").await?;
    // However they fare, the trust is open over there.
    let _ = tokio::time::timeout(COUNTING, of.gate.all_are_answered()).await;
    if cutting.cut_ms.is_some() {
        let held = of.gate.held();
        cutting.held = Some(held.len() as u64);
        cutting.held_median_ms = held.get(held.len() / 2).copied().or(Some(0));
        cutting.held_longest_ms = held.last().copied().or(Some(0));
        of.change(|kept| kept.note_cut(cutting.clone()))?;
    }
    tokio::spawn(pull::run(Arc::clone(host), Arc::clone(of)));
    fail_at("before-certifying").await?;
    if let Err(failure) = certificate::of_newest_cut(host, of, Some(opened)).await {
        tracing::error!(trust = %of.code, %failure, "the certificate of a cut could not be made yet");
        drop(tokio::spawn(certificate::until_it_is_made(Arc::clone(host), Arc::clone(of))));
    }
    Ok(())
}

/// At the host that follows: takes everything that there is, and sees that it could sign and open.
pub(crate) async fn catch_up(host: &Arc<Host>, of: &Arc<Move>, record: &Record) -> Result<(), Failure> {
    // After a start it is worked out again what is owed: nobody is to be held meanwhile.
    record.settle().await?;
    let _hurry = of.hurry();
    let _one_at_a_time = of.pulling.lock().await;
    is_ready(record)?;
    let until = pull::theirs(of).await?;
    pull::catch_up(host, of, record, until).await?;
    pull::desk(of, record, true).await
}

pub(super) fn is_ready(record: &Record) -> Result<(), Failure> {
    let refused = || Failure::refused("This host is still working out what was copied.");
    record.is_ready().then_some(()).ok_or_else(refused)
}

/// At the host that follows: signs a cut, once everything before it is here.
pub(crate) async fn sign(
    host: &Arc<Host>,
    of: &Arc<Move>,
    record: &Record,
    asked: AskedToSign,
) -> Result<Signed, Failure> {
    let _hurry = of.hurry();
    let _one_at_a_time = of.pulling.lock().await;
    if record.tenure() == Tenure::Writes {
        return Err(Failure::refused("This host writes the trust already."));
    }
    is_ready(record)?;
    pull::catch_up(host, of, record, asked.place.sequence).await?;
    pull::desk(of, record, false).await?;
    let mut desk = record.desk_digest().await?;
    if (desk.0, hex(&desk.1)) != asked.desk {
        // A row may have gone since the last look; to look for that takes every key.
        pull::desk(of, record, true).await?;
        desk = record.desk_digest().await?;
    }
    signed(of, record, &asked, desk).await
}

/// This host's signature under a cut, if everything before it is here and nothing else; `desk` is this host's desk.
pub(super) async fn signed(
    of: &Move,
    record: &Record,
    asked: &AskedToSign,
    (rows, digest): (u64, [u8; 32]),
) -> Result<Signed, Failure> {
    let at = record.place().await?;
    let chain: journal::Hash = unhex(&asked.place.chain)?;
    if (at.sequence, at.chain) != (asked.place.sequence, chain) || hex(&at.root) != asked.place.root {
        return Err(Failure::refused("This host does not hold what comes before the cut."));
    }
    if (rows, hex(&digest)) != asked.desk {
        return Err(Failure::refused("The desk on this host is not the other's."));
    }
    fail_at("before-signing").await?;
    let cut = cut_of(of, record, asked.epoch)?;
    // After the cut this host would refuse the entry, and the trust would stand still.
    if record.writes().await?.is_some_and(|writes| writes.key != cut.source_key) {
        return Err(Failure::refused("By the record's own entries another host than this one writes it."));
    }
    let signature = record.countersign(&permit(of)?, &cut, at.sequence + 1, &at.chain).await?;
    let checkpoint = record.attest(&at)?.to_string();
    fail_at("after-signing").await?;
    Ok(Signed { signature: hex(&signature), checkpoint })
}

/// At the host that follows: takes the cut and opens.
pub(crate) async fn take(host: &Arc<Host>, of: &Arc<Move>, record: &Record, packed: &[u8]) -> Result<Opened, Failure> {
    // Nothing is held yet: a host that stands still here can be asked to refuse the cut.
    fail_at("before-taking-the-cut").await?;
    let number;
    {
        let _hurry = of.hurry();
        let _one_at_a_time = of.pulling.lock().await;
        number = take_entry(of, record, packed).await?;
        pull::open_if_cut(host, of, record).await?;
    }
    opened(record, number).await
}

/// Takes the cut entry, if it is not here yet; its number. Whoever calls holds `pulling`.
pub(super) async fn take_entry(of: &Move, record: &Record, packed: &[u8]) -> Result<u64, Failure> {
    let entries = segment::unpack(packed).map_err(|_| Failure::refused("This is no entry."))?;
    let decoded = entries.first().and_then(|given| journal::Entry::decode(&given.entry).ok());
    let number = decoded.filter(|entry| matches!(entry.act, journal::Act::Cut(_))).map(|entry| entry.sequence);
    let number = number.ok_or_else(|| Failure::refused("This entry is no cut."))?;
    let newest = record.place().await?.sequence;
    if newest < number {
        pull::take(record, &permit(of)?, entries, newest + 1).await?;
    }
    fail_at("after-taking-the-cut").await?;
    Ok(number)
}

/// What a host says once it is open by a cut.
pub(super) async fn opened(record: &Record, number: u64) -> Result<Opened, Failure> {
    if record.tenure() != Tenure::Writes {
        return Err(Failure::refused("This cut does not hand the trust to this host."));
    }
    // Of the cut itself: others may write by now.
    let attested = async |sequence: u64| {
        let at = At { sequence, root: record.root_of(sequence).await?, ..record.place().await? };
        Ok::<String, Failure>(record.attest(&at)?.to_string())
    };
    Ok(Opened { checkpoint: attested(number).await?, before: attested(number - 1).await? })
}
