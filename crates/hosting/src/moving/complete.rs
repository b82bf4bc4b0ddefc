//! The end of a move: the copy of the host that no longer writes is destroyed, and that host says so under its signature.
//! What lets it be checked is that the new host has everything; that the old one kept no other copy is only stated.

use std::sync::Arc;

use axum::body::Body;
use http::Method;
use journal::note::Note;
use record::Record;
use record::apply::hand_over::Tenure;

use super::gate::Stand;
use super::kept::Move;
use super::phase::{Phase, Step};
use super::pull::{self, path, permit};
use crate::failure::Failure;
use crate::host::Host;
use crate::secret::hex;

/// At the host that writes: takes the rest of the other's access journal, and has its copy destroyed.
pub(crate) async fn complete(host: &Arc<Host>, of: &Arc<Move>, confirm: &str) -> Result<String, Failure> {
    if confirm != of.code.as_str() {
        return Err(Failure::refused(
            "Type the trust's code to confirm: the other host's copy cannot be brought back.",
        ));
    }
    let record = of.record().await?;
    if record.tenure() != Tenure::Writes {
        return Err(Failure::refused("This host does not write the trust. Complete the move at the host that does."));
    }
    if !matches!(of.phase(), Phase::Live | Phase::BackedOut | Phase::Completed) {
        return Err(Failure::Refused(format!("This move is {}: there is nothing to complete.", of.phase().word())));
    }
    if of.phase() != Phase::Completed {
        pull::access(host, of, &record).await?;
        is_followed(of, &record).await?;
    }
    let bytes = of.peer.ask(Method::POST, &path(of, "destroy"), Body::empty()).await?;
    let statement: String =
        serde_json::from_slice(&bytes).map_err(|error| Failure::problem("reading the statement", &error))?;
    let theirs = of.kept().other().verifier()?;
    let note = Note::parse(&statement).map_err(|error| Failure::Refused(error.to_string()))?;
    note.verify(&[theirs]).map_err(|_| Failure::refused("The other host's statement is not signed with its key."))?;
    of.step(Step::Destroyed)?;
    of.change(|kept| kept.destroyed = Some(statement.clone()))?;
    Ok(statement)
}

/// Whether the copy that is to be destroyed is one: the other host does not write.
async fn is_followed(of: &Move, record: &Record) -> Result<(), Failure> {
    let writes = record.writes().await?;
    let here = writes.is_some_and(|writes| writes.key == *record.verifier_key().public());
    if here { Ok(()) } else { Err(Failure::Refused(format!("{} was never handed over to this host.", of.code))) }
}

/// At the host that does not write: destroys the copy. May be repeated.
pub(crate) async fn destroy(host: &Arc<Host>, of: &Arc<Move>) -> Result<String, Failure> {
    if let Some(statement) = of.kept().destroyed {
        return Ok(statement);
    }
    let _nothing_more_is_applied = of.pulling.lock().await;
    let record = of.record().await?;
    if record.tenure() == Tenure::Writes {
        return Err(Failure::refused("This host writes the trust: nothing of it is destroyed."));
    }
    let place = record.place().await?;
    let statement = format!(
        "almoner destroyed copy 1\ntrust {}\norigin {}\nhost {}\nentries {}\nroot {}\nmoment {}\n",
        of.code,
        of.kept().ticket.origin,
        of.kept().own().host,
        place.sequence,
        hex(&place.root),
        host.now()
    );
    let failed = |error| Failure::problem("signing the statement", &error);
    let mut note = Note::new(statement).map_err(failed)?;
    note.sign(&host.key()?.signing).map_err(failed)?;
    // First nobody finds it any more: a crash in between leaves files and no trust.
    of.gate.set(Stand::Away);
    of.step(Step::Destroyed)?;
    *of.record.write().await = None;
    let location = host.forget(&of.code).await?;
    pull::fail_at("before-destroying").await?;
    record.destroy(&permit(of)?, &location).await?;
    let statement = note.to_string();
    of.change(|kept| kept.destroyed = Some(statement.clone()))?;
    Ok(statement)
}
