//! A move between two hosts that no line joins: everything is carried. A folder takes what the other host needs, and short
//! letters the rest. Writers are held from the last packing on until the other host is open, which takes as long as the way
//! of a disk; until the cut is made this can be ended and nothing has happened. The cut itself is the one of `cut`: the other
//! host signs that it holds everything before this one commits it (`docs/formats/move.md`, section 15; `docs/decisions/0016`).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use journal::{SignedCheckpoint, VerifierKey};
use record::Record;
use record::apply::hand_over::Tenure;
use serde::{Deserialize, Serialize};
use terms::Moment;

use super::beside::{self, Beside, Wanted};
use super::carried_gate;
use super::certificate;
use super::counts::{self, Counts};
use super::cut;
use super::folder;
use super::gate::Stand;
use super::give_back;
use super::kept::{Held, Move, Side};
use super::letter::{self, Kind};
use super::phase::Step;
use super::pull::{self, fail_at, permit};
use super::rehearse;
use super::report::{Cutting, Packed, Rehearsal};
use super::way_back;
use super::words::{Opened, Place, Signed, unhex};
use crate::failure::Failure;
use crate::host::Host;
use crate::witness;
use crate::work::Listener;

/// How long requests that are under way may take to end, for writers to be held.
const DRAIN: Duration = Duration::from_secs(5);
/// How many epochs a cut lies above the one in which it was packed: the host may be started so often meanwhile.
const EPOCHS: u64 = 1024;
/// Rehearsals that go with a signature.
const REHEARSALS: usize = 10;
/// How long witnesses may take to sign what is cut soon.
const WITNESSING: Duration = Duration::from_secs(3);

/// What the host that follows says once it has signed a cut.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SignedHere {
    record_key: String,
    pub(super) signed: Signed,
    rehearsals: Vec<Rehearsal>,
    /// Counted at the place that was signed.
    #[serde(default)]
    pub(super) counts: Option<Counts>,
}

/// What it says once it is open.
#[derive(Debug, Serialize, Deserialize)]
struct OpenHere {
    cut: u64,
    opened: Opened,
    /// Counted at the cut.
    counts: Counts,
}

/// At the host that writes: packs everything into a folder. With `hold`, the trust's code typed again, writers are held from
/// now on, and the folder says what the other host is to sign. At the host that does not write its access journal is packed,
/// and what a rehearsal of the way back asks for.
pub(super) async fn pack(
    host: &Arc<Host>,
    of: &Arc<Move>,
    folder: &Path,
    (hold, whole, way_back): (Option<&str>, bool, bool),
    listener: Listener<'_>,
) -> Result<Packed, Failure> {
    let one = of.cutting.try_lock();
    let _one_at_a_time = one.map_err(|_| Failure::refused("A cut of this trust is under way."))?;
    let record = of.record().await?;
    if record.tenure() != Tenure::Writes {
        return pack_accesses(host, of, &record, (folder, way_back)).await;
    }
    if way_back {
        return Err(Failure::refused("The way back is rehearsed with what the host packs that does not write."));
    }
    if hold.is_some_and(|typed| typed != of.code.as_str()) {
        return Err(Failure::refused(
            "Type the trust's code to confirm: nobody can record anything until the disk has arrived and was answered.",
        ));
    }
    if hold.is_some() && of.kept().held.is_none() {
        carried_gate::may_hold(host, of)?;
        // What is there already needs nobody to wait.
        folder::pack(&record, &permit(of)?, folder, listener).await?;
        begin_to_hold(host, of).await?;
        fail_at("after-holding").await?;
    }
    let (mut packed, at) = folder::pack(&record, &permit(of)?, folder, listener).await?;
    fail_at("while-packing").await?;
    let (place, number) = (Place::of(&at, host.now()), of.kept().packed + 1);
    let held = of.kept().held.map(|held| Held { at: Some((place.clone(), at.epoch + EPOCHS)), ..held });
    let epoch = held.as_ref().map(|_| at.epoch + EPOCHS);
    of.change(|kept| (kept.packed, kept.held) = (number, held.clone()))?;
    beside::write(host, of, &record, folder, (place, Wanted { number, whole, epoch, way_back })).await?;
    packed.held = held.map(|held| Moment(held.since).to_string());
    Ok(packed)
}

async fn pack_accesses(
    host: &Host,
    of: &Move,
    record: &Record,
    (folder, way_back): (&Path, bool),
) -> Result<Packed, Failure> {
    let _stands_still = of.pulling.lock().await;
    std::fs::create_dir_all(folder).map_err(|error| Failure::problem("making the folder", &error))?;
    let (place, number) = (Place::of(&record.place().await?, host.now()), of.kept().packed + 1);
    of.change(|kept| kept.packed = number)?;
    let wanted = Wanted { number, whole: false, epoch: None, way_back };
    beside::write(host, of, record, folder, (place, wanted)).await?;
    Ok(Packed { segments: 0, written: 0, entries: 0, held: None })
}

/// Holds writers, also after a start, until a cut or until they are let go.
async fn begin_to_hold(host: &Host, of: &Move) -> Result<(), Failure> {
    of.gate.set(Stand::Shut);
    let held = async {
        let drained = tokio::time::timeout(DRAIN, of.gate.is_empty()).await;
        drained.map_err(|_| Failure::refused("A request that was under way did not end in time. Nobody is held."))?;
        of.change(|kept| kept.held = Some(Held { since: host.now().0, at: None }))
    };
    let held = held.await;
    if held.is_err() {
        of.gate.set(Stand::Open);
    }
    held
}

/// Lets writers go on: what was packed is worth nothing for a cut once one of them has written.
pub(super) fn release(of: &Move) -> Result<(), Failure> {
    let one = of.cutting.try_lock();
    let _one_at_a_time = one.map_err(|_| Failure::refused("A cut of this trust is under way."))?;
    if of.kept().held.is_none() || !of.gate.is_shut() {
        return Err(Failure::refused("No writers of this trust are held for a disk."));
    }
    of.change(|kept| kept.held = None)?;
    of.gate.set(Stand::Open);
    Ok(())
}

/// # Errors
/// Writers of the trust are held for a disk: what is asked for by command waits too.
pub(super) fn lets_write(of: &Move) -> Result<(), Failure> {
    if of.gate.is_shut() {
        return Err(Failure::Refused(format!(
            "{} is being carried to another host on a disk: nothing is recorded until it has arrived, or until \
             `almoner move release`.",
            of.code
        )));
    }
    Ok(())
}

/// At the host that follows: takes what is in a folder, all of it checked; gives what its letter says. May be repeated.
pub(super) async fn take_folder(
    host: &Arc<Host>,
    of: &Arc<Move>,
    folder: &Path,
    listener: Listener<'_>,
) -> Result<Beside, Failure> {
    let record = of.record().await?;
    let beside = beside::said(of, &record, folder)?;
    if (record.tenure() == Tenure::Writes) == beside.writes {
        return Err(Failure::refused("This folder was packed by a host that does not write, or this one does."));
    }
    know(of, &beside.record_key)?;
    of.lag.hear(beside.place.sequence);
    if beside.writes {
        folder::take(host, of, folder, Some(&beside.place), listener).await?;
        record.settle().await?;
    }
    let _one_at_a_time = of.pulling.lock().await;
    beside::take(host, of, &record, folder, &beside).await?;
    if beside.writes {
        of.step(Step::Copied)?;
        of.lag.is_complete(Moment(beside.place.now));
    }
    Ok(beside)
}

/// Remembers the key with which the other host signs for the record; another one later is refused.
pub(super) fn know(of: &Move, key: &str) -> Result<(), Failure> {
    let kept = of.kept();
    let expected = match kept.side {
        Side::Target => Some(&kept.ticket.record_key),
        Side::Source => kept.their_record_key.as_ref(),
    };
    if expected.is_some_and(|expected| expected != key) || VerifierKey::parse(key).is_err() {
        return Err(Failure::refused(
            "The other host signs for the record with another key than the one that is known.",
        ));
    }
    if kept.their_record_key.is_none() {
        of.change(|kept| kept.their_record_key = Some(key.to_owned()))?;
    }
    Ok(())
}

/// At the host that follows: takes a folder and compares itself with the answers in it. At the host that writes: the same for
/// the way back.
pub(super) async fn rehearse(
    host: &Arc<Host>,
    of: &Arc<Move>,
    folder: &Path,
    listener: Listener<'_>,
) -> Result<Rehearsal, Failure> {
    if of.record().await?.tenure() == Tenure::Writes {
        return way_back::rehearse_carried(host, of, folder).await;
    }
    let beside = take_folder(host, of, folder, listener).await?;
    let record = of.record().await?;
    let answered = beside::answers(folder, &beside)?;
    let _stands_still = of.pulling.lock().await;
    fail_at("while-comparing").await?;
    rehearse::compare_carried(host, of, &record, (&answered.questions, &answered.answers)).await
}

/// At the host that follows: takes a folder that was packed while writers are held, compares itself with it, and signs the cut
/// that is asked for. It has promised nothing: the signature is worth nothing after the next entry.
pub(super) async fn sign(
    host: &Arc<Host>,
    of: &Arc<Move>,
    folder: &Path,
    listener: Listener<'_>,
) -> Result<String, Failure> {
    let record = of.record().await?;
    let asked = beside::said(of, &record, folder)?.asked.ok_or_else(|| {
        Failure::refused("Nobody is held while this folder is carried: nothing is to be signed. Pack it with --hold.")
    })?;
    let rehearsal = rehearse(host, of, folder, listener).await?;
    if !rehearsal.agrees() {
        return Err(Failure::Refused(format!(
            "This host does not sign, since it differs from what the folder says of the other one: {}",
            rehearsal.differences.join(" ")
        )));
    }
    let _one_at_a_time = of.pulling.lock().await;
    cut::is_ready(&record)?;
    let signed = cut::signed(of, &record, &asked, record.desk_digest().await?).await?;
    let kept = of.kept();
    let passed = kept.rehearsals_since_cut().iter().rev().take_while(|one| one.agrees()).take(REHEARSALS);
    let mut rehearsals: Vec<Rehearsal> = passed.cloned().collect();
    rehearsals.reverse();
    let record_key = record.verifier_key().to_string();
    let counts = Some(counts::counts(of, &record, asked.place.sequence).await?);
    letter::write(host, of, Kind::Signed, &SignedHere { record_key, signed, rehearsals, counts })
}

/// At the host that writes: commits the cut that the other one has signed; gives the entry, to be carried there. From here on
/// this host decides nothing, however often it is started. `agreed` are the two people of a move with a plan.
pub(super) async fn cut(
    host: &Arc<Host>,
    of: &Arc<Move>,
    text: &str,
    (back, agreed): (bool, Option<[String; 2]>),
) -> Result<String, Failure> {
    let (host, of, text) = (Arc::clone(host), Arc::clone(of), text.to_owned());
    let cutting = tokio::spawn(async move { cut_now(&host, &of, &text, (back, agreed)).await });
    cutting.await.map_err(|error| Failure::problem("cutting", &error))?
}

async fn cut_now(
    host: &Arc<Host>,
    of: &Arc<Move>,
    text: &str,
    (back, agreed): (bool, Option<[String; 2]>),
) -> Result<String, Failure> {
    let one = of.cutting.try_lock();
    let _one_at_a_time = one.map_err(|_| Failure::refused("A cut of this trust is under way."))?;
    let record = of.record().await?;
    let mut said: SignedHere = letter::read(of, Kind::Signed, text)?;
    know(of, &said.record_key)?;
    carried_gate::hear_all(of, &record, std::mem::take(&mut said.rehearsals)).await?;
    cut::may_cut(of, &record, back)?;
    let held = of.kept().held.and_then(|held| held.at).filter(|_| of.gate.is_shut());
    let Some((packed, epoch)) = held else {
        return Err(Failure::refused("Nobody is held. Pack with --hold, carry the folder, and have it signed."));
    };
    let gate = match agreed {
        Some(agreed) => Some(carried_gate::may_cut(host, of, &record, (&said, agreed)).await?),
        None => None,
    };
    witness::show_one(host, &record, WITNESSING).await;
    let at = {
        let _nobody_writes = record.hold();
        let at = record.place().await?;
        let chain: journal::Hash = unhex(&packed.chain)?;
        let is_there = (at.sequence, at.chain) == (packed.sequence, chain) && at.epoch < epoch;
        if !is_there {
            return Err(Failure::refused(
                "Something was recorded after the folder was packed, or this host was started too often since. Nothing has \
                 happened. Pack again with --hold.",
            ));
        }
        let mut cut = cut::cut_of(of, &record, epoch)?;
        cut.target_signature = unhex(&said.signed.signature)?;
        is_checkpoint_of(of, &said.signed.checkpoint, (at.sequence, &at.root))?;
        let theirs =
            VerifierKey::parse(&said.record_key).map_err(|_| Failure::refused("The other host's key is none."))?;
        if !theirs.signed(&cut.message(at.sequence + 1, &at.chain), &cut.target_signature) {
            return Err(Failure::refused(
                "The other host has signed a cut for another place than this one. Nothing has happened.",
            ));
        }
        // Whoever is killed after the cut still has it, for the certificate.
        of.change(|kept| {
            kept.signed_at = Some(said.signed.checkpoint);
            kept.gate = gate.as_ref().map(|held| held.words.clone());
            if let Some(held) = gate {
                kept.unplanned = false;
                kept.sealed_by.push(held.sealed_by);
            }
        })?;
        fail_at("before-cut").await?;
        match record.cut(&permit(of)?, cut, &at).await {
            Ok(true) => {}
            Ok(false) => return Err(Failure::refused("Something was recorded just now. Nothing has happened.")),
            Err(problem) if record.tenure() == Tenure::Writes => return Err(problem.into()),
            Err(problem) => tracing::warn!(trust = %of.code, %problem, "the cut is on disk; it goes on"),
        }
        at
    };
    fail_at("after-cut").await?;
    of.lag.is_complete(at.moment);
    of.gate.set(Stand::Away);
    of.note(Step::Cut);
    give_back::entry(of).await
}

/// Whether a checkpoint is of these entries and the other host has signed it.
fn is_checkpoint_of(of: &Move, text: &str, (size, root): (u64, &journal::Hash)) -> Result<(), Failure> {
    let refused = || Failure::refused("The other host has signed another root than this host has.");
    let signed = SignedCheckpoint::parse(text).map_err(|_| refused())?;
    let key = of.kept().their_record_key.and_then(|key| VerifierKey::parse(&key).ok()).ok_or_else(refused)?;
    let stated = signed.checkpoint();
    let is_so = (stated.size, &stated.root) == (size, root) && stated.origin == of.kept().ticket.origin;
    if is_so && signed.verify(&[key]).is_ok() { Ok(()) } else { Err(refused()) }
}

/// At the host that the record was cut to: takes the cut entry that was carried, opens, and says so in a letter. May be
/// repeated.
pub(super) async fn take(host: &Arc<Host>, of: &Arc<Move>, entry: &str) -> Result<String, Failure> {
    let record = of.record().await?;
    let packed = give_back::carried(entry)?;
    fail_at("before-taking-the-cut").await?;
    let number = {
        let _one_at_a_time = of.pulling.lock().await;
        let number = cut::take_entry(of, &record, &packed).await?;
        open(host, of, &record).await?;
        number
    };
    let opened = cut::opened(&record, number).await?;
    let counted = of.kept().counted.filter(|(at, _)| *at == number);
    let counts = counted.ok_or_else(|| Failure::refused("This is not the newest cut by which this host opened."))?.1;
    letter::write(host, of, Kind::Opened, &OpenHere { cut: number, opened, counts })
}

/// Opens a record that was cut to this host, once what it holds at the cut was counted: an hour later nobody could count that
/// any more. Whoever calls holds `pulling`.
pub(super) async fn open(host: &Arc<Host>, of: &Arc<Move>, record: &Record) -> Result<(), Failure> {
    let writes = record.writes().await?;
    let own = writes.filter(|writes| writes.cut > 0 && writes.key == *record.verifier_key().public());
    let Some(writes) = own.filter(|_| !of.gate.is_open()) else { return Ok(()) };
    if of.kept().counted.is_none_or(|(at, _)| at != writes.cut) && pull::newest_of(record) == writes.cut {
        record.settle().await?;
        let counted = counts::counts(of, record, writes.cut).await?;
        of.change(|kept| kept.counted = Some((writes.cut, counted)))?;
    }
    pull::open_if_cut(host, of, record).await
}

/// Takes a letter of the other host, whatever it says; gives the letter that answers it, if one does.
pub(super) async fn hear(host: &Arc<Host>, of: &Arc<Move>, text: &str) -> Result<Option<String>, Failure> {
    match letter::kind_of(of, text)? {
        Kind::Opened => {
            let statement = is_open(host, of, letter::read(of, Kind::Opened, text)?).await?;
            letter::write(host, of, Kind::Statement, &statement).map(Some)
        }
        Kind::Statement => {
            let whole =
                certificate::complete(of, &of.record().await?, letter::read(of, Kind::Statement, text)?).await?;
            letter::write(host, of, Kind::Certified, &whole).map(Some)
        }
        Kind::Certified => {
            let whole: String = letter::read(of, Kind::Certified, text)?;
            certificate::keep(of, &of.record().await?, whole)?;
            Ok(None)
        }
        Kind::Rehearsed => carried_gate::hear(of, text).await.map(|()| None),
        Kind::Signed => Err(Failure::refused("This letter is for `move cut --signed`, or `move back --signed`.")),
        Kind::Destroy | Kind::Destroyed => Err(Failure::refused("This letter is for `move complete --letter`.")),
        Kind::Folder => Err(Failure::refused("This letter belongs to a folder: `move follow --from`.")),
    }
}

/// The other host says that it is open: that is noted, and the certificate begun, with this host's signature alone.
async fn is_open(host: &Arc<Host>, of: &Arc<Move>, said: OpenHere) -> Result<String, Failure> {
    let record = of.record().await?;
    let cut = record.writes().await?.map_or(0, |writes| writes.cut);
    if said.cut != cut || record.tenure() == Tenure::Writes || !cut::is_by_this_host(&record, cut).await? {
        return Err(Failure::refused(
            "The other host says that it is open by another cut than the newest of this host.",
        ));
    }
    is_checkpoint_of(of, &said.opened.checkpoint, (cut, &record.root_of(cut).await?))?;
    is_checkpoint_of(of, &said.opened.before, (cut - 1, &record.root_of(cut - 1).await?))?;
    let kept = of.kept();
    let known = kept.cuts.iter().find(|known| known.entry == cut).cloned();
    let cutting = known.unwrap_or_else(|| Cutting {
        entry: cut,
        back: kept.side == Side::Target,
        carried_since: kept.held.map(|held| Moment(held.since).to_string()),
        ..Cutting::default()
    });
    of.gate.set(Stand::Away);
    of.note_opened(cutting.clone());
    of.set_problem(None);
    certificate::begin(host, of, &record, &said.opened, (cutting, said.counts)).await
}
