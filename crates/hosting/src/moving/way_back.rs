//! A rehearsal of the way back, at the host that writes: it asks of the other one what it would ask if that one had been cut to.
//! The other must be reached, give out segments that lead to a root under its own signature, answer the same questions
//! from its own disk, and have the same desk. Nothing is changed on either host. Where there is no line, the other one has
//! packed all of that but its desk.

use std::path::Path;
use std::sync::Arc;

use http::Method;
use record::Record;
use record::apply::hand_over::{Place as At, Tenure};

use super::beside::{self, WayBack};
use super::carried;
use super::kept::Move;
use super::peer::NOTHING;
use super::pull::{self, path, permit};
use super::rehearse;
use super::report::Rehearsal;
use super::words::{Answers, Desk, Questions, Segments};
use crate::clock::stopwatch;
use crate::failure::Failure;
use crate::host::Host;

/// Rehearses it; what differs is in the rehearsal.
///
/// # Errors
/// This host is the one that follows, or the other cannot be asked.
pub(crate) async fn rehearse(host: &Arc<Host>, of: &Arc<Move>) -> Result<Rehearsal, Failure> {
    let record = of.record().await?;
    if record.tenure() != Tenure::Writes {
        return Err(Failure::refused("This host follows. Rehearse the way back at the host that writes."));
    }
    let elapsed = stopwatch();
    let theirs = pull::greet(host, of, &record).await?;
    let list: Segments = of.peer.call(Method::GET, &path(of, "segments"), NOTHING).await?;
    pull::checked_roots(of, &list)?;
    let _: Desk = of.peer.call(Method::GET, &path(of, "desk/0"), NOTHING).await?;
    let mock_cut_ms = elapsed();
    let sequence = theirs.sequence.min(record.place().await?.sequence);
    let mut questions = Questions { sequence, seed: sequence, patients: Vec::new(), index: false };
    let there: Answers = of.peer.call_slow(Method::POST, &path(of, "compare"), Some(&questions)).await?;
    questions.patients.clone_from(&there.patients);
    let not_compared = "The desk (sessions, drafts, passwords), which changes without entries: every cut compares it.";
    judged(host, of, &record, (&questions, there), (mock_cut_ms, not_compared)).await
}

/// Rehearses it with a folder that the host that follows has packed for that.
///
/// # Errors
/// The folder is not the other host's, is of another move, older than one that was taken, or what is in it was changed.
pub(super) async fn rehearse_carried(host: &Host, of: &Move, folder: &Path) -> Result<Rehearsal, Failure> {
    let record = of.record().await?;
    let beside = beside::said(of, &record, folder)?;
    if beside.writes {
        return Err(Failure::refused("This folder was packed by a host that writes, and so does this one."));
    }
    carried::know(of, &beside.record_key)?;
    let WayBack { list, answered } = beside::way_back(folder, &beside)?;
    pull::checked_roots(of, &list)?;
    let sequence = answered.questions.sequence;
    if sequence > record.place().await?.sequence {
        return Err(Failure::refused("The other host has answered for an entry that is not here."));
    }
    let not_compared =
        "The desk (sessions, drafts, passwords), and how long going back takes: what it needs is carried.";
    let rehearsal = judged(host, of, &record, (&answered.questions, answered.answers), (0, not_compared)).await?;
    of.change(|kept| kept.taken = beside.number)?;
    Ok(rehearsal)
}

/// The rehearsal that comes of the other host's answers and this one's own; it is kept.
async fn judged(
    host: &Host,
    of: &Move,
    record: &Record,
    (questions, there): (&Questions, Answers),
    (mock_cut_ms, also): (u64, &str),
) -> Result<Rehearsal, Failure> {
    let sequence = questions.sequence;
    let here = rehearse::answers(record, &permit(of)?, questions).await?;
    let (mut differences, mut not_compared) = rehearse::differ(&there, &here);
    let at = At { sequence, root: record.root_of(sequence).await?, ..record.place().await? };
    differences.extend(rehearse::of_checkpoint(of, &there, &at)?);
    not_compared.push(also.to_owned());
    let rehearsal = Rehearsal {
        moment: host.now().to_string(),
        sequence,
        questions: here.answers.len() as u64,
        differences,
        mock_cut_ms,
        not_compared,
        whole: false,
        checkpoint: there.checkpoint,
    };
    let kept = rehearsal.clone();
    of.change(|of| of.ways_back.push(kept))?;
    Ok(rehearsal)
}
