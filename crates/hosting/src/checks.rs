//! Proofs and repairs of one record, asked for by the command line: verify, checkpoint, rebuild of the index.

use crate::failure::Failure;
use crate::host::Trust;
use crate::work::{Listener, Outcome, Progress};

/// Signs a checkpoint of the journal.
pub(crate) async fn checkpoint(trust: &Trust) -> Result<Outcome, Failure> {
    Ok(Outcome::Checkpoint { text: trust.record.checkpoint().await?.to_string() })
}

/// Makes the index anew from the versions.
pub(crate) async fn rebuild_index(trust: &Trust, listener: Listener<'_>) -> Result<Outcome, Failure> {
    let _ = (trust, listener, Progress::default());
    Err(Failure::refused("The rebuild is not wired yet."))
}

/// Checks that the record is whole.
pub(crate) async fn verify(
    _trust: &Trust,
    _against: Option<String>,
    _index: bool,
    _listener: Listener<'_>,
) -> Result<Outcome, Failure> {
    Err(Failure::refused("Verification is not wired yet."))
}
