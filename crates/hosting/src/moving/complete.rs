//! The end of a move. Completed: the copy of the host that no longer writes is destroyed, and that host says so under its
//! signature. Given up: the host that writes goes on as if there were no move, and says so; with that the other one destroys
//! its copy. What lets a destruction be checked is that the other host has everything; that no other copy was kept is stated.

use std::path::Path;
use std::sync::Arc;

use http::Method;
use journal::note::Note;
use record::Record;
use record::apply::hand_over::Tenure;
use serde::{Deserialize, Serialize};

use super::carried;
use super::certificate;
use super::gate::Stand;
use super::kept::Move;
use super::letter::{self, Kind};
use super::peer::NOTHING;
use super::phase::{Phase, Step};
use super::pull::{self, path};
use super::words::AccessHeld;
use crate::failure::Failure;
use crate::host::Host;
use crate::secret::hex;
use crate::work::Listener;

/// The first line of the note that a move was given up.
const GIVEN_UP: &str = "almoner move given up 1";

/// At the host that writes: takes the rest of the other's access journal, and has its copy destroyed. May be repeated.
pub(crate) async fn complete(of: &Move, confirm: &str) -> Result<String, Failure> {
    is_confirmed(of, confirm, "the other host's copy cannot be brought back")?;
    let record = of.record().await?;
    if record.tenure() != Tenure::Writes {
        return Err(Failure::refused("This host does not write the trust. Complete the move at the host that does."));
    }
    if !matches!(of.phase(), Phase::Live | Phase::BackedOut | Phase::Completed) {
        return Err(Failure::Refused(format!("This move is {}: there is nothing to complete.", of.phase().word())));
    }
    // The answer to a first attempt may have been lost: then there is nothing left to take.
    let done: Option<String> = of.peer.call(Method::GET, &path(of, "destroyed"), NOTHING).await?;
    let statement = match done {
        Some(statement) => statement,
        None => {
            pull::access(of, &record).await?;
            is_followed(of, &record).await?;
            of.peer.call_slow(Method::POST, &path(of, "destroy"), NOTHING).await?
        }
    };
    is_theirs(of, &statement)?;
    of.change(|kept| {
        kept.phase = Phase::Completed;
        kept.destroyed = Some(statement.clone());
    })?;
    Ok(statement)
}

/// What the host that writes says to the other one, to which there is no line, whose copy is to be destroyed.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    /// What it has of the other's access journal, as that one named it.
    access: Vec<AccessHeld>,
}

/// At the host that writes, where there is no line: takes the rest of the other's access journal from a folder; gives a letter
/// by which that one destroys its copy.
pub(super) async fn order(
    host: &Arc<Host>,
    of: &Arc<Move>,
    confirm: &str,
    folder: &Path,
    listener: Listener<'_>,
) -> Result<String, Failure> {
    is_confirmed(of, confirm, "the other host's copy cannot be brought back")?;
    let record = of.record().await?;
    if record.tenure() != Tenure::Writes || !matches!(of.phase(), Phase::Live | Phase::BackedOut) {
        return Err(Failure::refused("Complete the move at the host that the trust was cut to."));
    }
    is_followed(of, &record).await?;
    let access = carried::take_folder(host, of, folder, listener).await?.access;
    letter::write(host, of, Kind::Destroy, &Order { access })
}

/// What the other host says at the end of a move, where there is no line: at the host that does not write, that its copy is to
/// be destroyed, which is done and said in a letter; at the one that writes, that it was.
pub(super) async fn carried_out(
    host: &Arc<Host>,
    of: &Arc<Move>,
    confirm: &str,
    text: &str,
) -> Result<Option<String>, Failure> {
    if letter::kind_of(of, text)? == Kind::Destroyed {
        let statement: String = letter::read(of, Kind::Destroyed, text)?;
        is_theirs(of, &statement)?;
        of.change(|kept| {
            kept.phase = Phase::Completed;
            kept.destroyed = Some(statement);
        })?;
        return Ok(None);
    }
    let order: Order = letter::read(of, Kind::Destroy, text)?;
    is_confirmed(of, confirm, "this host's copy cannot be brought back")?;
    if of.phase().after(Step::Destroyed).is_none() {
        return Err(Failure::Refused(format!("This move is {}: nothing of it is destroyed.", of.phase().word())));
    }
    let kept = of.kept();
    if kept.destroying.is_none() && kept.destroyed.is_none() {
        // Both signed it, and the other one kept it before it gave it here.
        certificate::of_newest_cut(host, of, None).await?;
        has_accesses_of(of, &of.record().await?, &order.access).await?;
    }
    let statement = destroy_copy(host, of).await?;
    letter::write(host, of, Kind::Destroyed, &statement).map(Some)
}

/// Whether the other host has every access that was noted here, by what it says that it has.
async fn has_accesses_of(of: &Move, record: &Record, theirs: &[AccessHeld]) -> Result<(), Failure> {
    let (permit, other) = (pull::permit(of)?, of.kept().other().host.clone());
    for file in record.access_files(&permit)?.into_iter().filter(|file| file.host.as_ref() != Some(&other)) {
        let end = record.access_end(&permit, &file).await?;
        let (host, name, last) = (file.host, file.name, hex(&end.last));
        let here = AccessHeld { host, name, bytes: end.bytes, leaves: end.leaves, last };
        if end.bytes > 0 && !theirs.contains(&here) {
            return Err(Failure::refused(
                "Somebody has looked at this copy since its access journal was packed: nothing is destroyed. Pack again, and \
                 carry that.",
            ));
        }
    }
    Ok(())
}

/// Whether a copy that is to be destroyed is one: the other host does not write.
async fn is_followed(of: &Move, record: &Record) -> Result<(), Failure> {
    let writes = record.writes().await?;
    let here = writes.is_some_and(|writes| writes.key == *record.verifier_key().public());
    if here { Ok(()) } else { Err(Failure::Refused(format!("{} was never handed over to this host.", of.code))) }
}

/// Whether the other host has signed this statement.
fn is_theirs(of: &Move, statement: &str) -> Result<(), Failure> {
    let note = Note::parse(statement).map_err(|error| Failure::Refused(error.to_string()))?;
    let verified = note.verify(&[of.kept().other().verifier()?]);
    verified.map_err(|_| Failure::refused("The other host's statement is not signed with its key.")).map(drop)
}

fn is_confirmed(of: &Move, confirm: &str, why: &str) -> Result<(), Failure> {
    let refused = || Failure::Refused(format!("Type the trust's code to confirm: {why}."));
    (confirm == of.code.as_str()).then_some(()).ok_or_else(refused)
}

/// At the host that does not write: destroys the copy. Once it has begun it goes on to its end, also after a start. May be
/// repeated.
pub(crate) async fn destroy(host: &Arc<Host>, of: &Arc<Move>) -> Result<String, Failure> {
    let is_over = of.phase().after(Step::Destroyed).is_some();
    if !is_over {
        return Err(Failure::Refused(format!("This move is {}: nothing of it is destroyed.", of.phase().word())));
    }
    let kept = of.kept();
    if kept.destroying.is_none() && kept.destroyed.is_none() {
        if !kept.cuts.is_empty() {
            is_certified(host, of).await?;
        }
        has_our_accesses(of, &of.record().await?).await?;
    }
    destroy_copy(host, of).await
}

/// Sees that both hosts have the certificate of the last cut: without the copy nobody could make it any more.
async fn is_certified(host: &Host, of: &Move) -> Result<(), Failure> {
    let given = async { certificate::give(of, certificate::of_newest_cut(host, of, None).await?).await };
    let refused = |why: Failure| {
        Failure::Refused(format!("The last cut has no certificate at both hosts, so nothing is destroyed. {why}"))
    };
    given.await.map_err(refused)
}

async fn destroy_copy(host: &Arc<Host>, of: &Arc<Move>) -> Result<String, Failure> {
    let _nothing_more_is_applied = of.pulling.lock().await;
    if let Some(statement) = of.kept().destroyed {
        return Ok(statement);
    }
    if of.kept().destroying.is_none() {
        let record = of.record().await?;
        if record.tenure() == Tenure::Writes {
            return Err(Failure::refused("This host writes the trust: nothing of it is destroyed."));
        }
        let place = record.place().await?;
        let statement = signed(
            host,
            format!(
                "almoner destroyed copy 1\ntrust {}\norigin {}\nhost {}\nentries {}\nroot {}\nmoment {}\n",
                of.code,
                of.kept().ticket.origin,
                of.kept().own().host,
                place.sequence,
                hex(&place.root),
                host.now()
            ),
        )?;
        of.gate.set(Stand::Away);
        of.change(|kept| {
            kept.phase = Phase::Completed;
            kept.destroying = Some(statement);
        })?;
    }
    finish(host, of).await
}

/// Whether the other host has every access that was noted here.
async fn has_our_accesses(of: &Move, record: &Record) -> Result<(), Failure> {
    let (permit, own) = (pull::permit(of)?, of.kept().own().host.clone());
    for file in record.access_files(&permit)? {
        let end = record.access_end(&permit, &file).await?;
        // What is this host's own is another host's over there, and the other way round.
        let host = match file.host {
            None => Some(own.clone()),
            Some(host) if host == of.kept().other().host => None,
            Some(host) => Some(host),
        };
        let asked = AccessHeld { host, name: file.name, bytes: end.bytes, leaves: end.leaves, last: hex(&end.last) };
        let is_there: bool = of.peer.call(Method::POST, &path(of, "access-held"), Some(&asked)).await?;
        if !is_there {
            return Err(Failure::Refused(format!(
                "The other host does not have every access of {}: nothing is destroyed.",
                asked.host.as_deref().unwrap_or("its own")
            )));
        }
    }
    Ok(())
}

/// Takes away what is left of a copy whose destruction has begun.
pub(crate) async fn finish(host: &Arc<Host>, of: &Arc<Move>) -> Result<String, Failure> {
    let statement = of.kept().destroying.ok_or_else(|| Failure::refused("Nothing is being destroyed."))?;
    if let Some(record) = of.record.write().await.take() {
        record.close().await;
    }
    host.take_away(&of.code, &pull::permit(of)?).await?;
    of.change(|kept| {
        kept.destroying = None;
        kept.destroyed = Some(statement.clone());
    })?;
    Ok(statement)
}

/// Gives a move up. At the host that writes, unless it has just cut: no cut will come of it, which the note says under its
/// key. At the other host, by that note, or before anything has come there: its copy is destroyed, which its statement says.
/// Either text is given.
pub(crate) async fn give_up(
    host: &Arc<Host>,
    of: &Arc<Move>,
    confirm: &str,
    note: Option<&str>,
) -> Result<String, Failure> {
    let cutting = of.cutting.try_lock();
    let _no_cut = cutting.map_err(|_| Failure::refused("A cut of this trust is under way."))?;
    let writes = match of.record().await {
        Ok(record) => record.tenure() == Tenure::Writes,
        Err(_) => false,
    };
    let said = match note {
        None if writes => {
            is_confirmed(of, confirm, "the other host's copy is worth nothing then")?;
            let kept = of.kept();
            signed(host, format!("{GIVEN_UP}\nid {}\ntrust {}\nmoment {}\n", kept.ticket.id, of.code, host.now()))?
        }
        // Nothing has come yet by this ticket, and nothing was promised.
        None if of.kept().their_record_key.is_none() => {
            is_confirmed(of, confirm, "this host's copy cannot be brought back")?;
            destroy_copy(host, of).await?
        }
        None => {
            return Err(Failure::refused(
                "This host does not write the trust. Give the move up at the host that does, and carry its note here.",
            ));
        }
        Some(_) if writes => return Err(Failure::refused("This host writes the trust: no note is needed here.")),
        Some(note) => {
            is_confirmed(of, confirm, "this host's copy cannot be brought back")?;
            is_given_up(of, note)?;
            destroy_copy(host, of).await?
        }
    };
    of.put_aside(&host.configuration.data)?;
    host.moves.take(&of.code);
    Ok(said)
}

/// Whether the other host has signed that this move is given up.
fn is_given_up(of: &Move, text: &str) -> Result<(), Failure> {
    let refused = |why: &str| Failure::Refused(format!("This is no note that the move was given up: {why}."));
    let note = Note::parse(text).map_err(|_| refused("it cannot be read"))?;
    note.verify(&[of.kept().other().verifier()?]).map_err(|_| refused("the other host did not sign it"))?;
    let expected = format!("{GIVEN_UP}\nid {}\ntrust {}\n", of.kept().ticket.id, of.code);
    if note.text().starts_with(&expected) { Ok(()) } else { Err(refused("it is of another move")) }
}

fn signed(host: &Host, text: String) -> Result<String, Failure> {
    let failed = |error| Failure::problem("signing a note", &error);
    let mut note = Note::new(text).map_err(failed)?;
    note.sign(&host.key()?.signing).map_err(failed)?;
    Ok(note.to_string())
}
