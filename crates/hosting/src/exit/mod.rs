//! Leaving: everything that a trust has, in open formats that need nothing of ours; a trust made of such a folder again;
//! and the rehearsal of both, every night.
//!
//! # Tour
//! * `write_out` is one pass over a record at one entry: every file of the folder comes of it (`lines`, `lists`, `readme`).
//!   A `folder` is written by it, or compared with it.
//! * `export` begins and ends such a folder, with its `manifest`, seal and the key with which a copy goes on.
//! * `check` looks whether a folder is the one that was sealed; `parts` reads it, `read_in` makes a record of it through
//!   [`record::apply`] and has the copy compared: it writes everything once more, and nothing may differ.
//! * `prove` does both with a folder and an instance of its own, and keeps what came of it for the host page.
//!
//! Knows no rule of care and no page. `docs/exit.md` says how it is used, `docs/formats/export.md` what is in the folder.

mod check;
mod export;
mod folder;
mod lines;
mod lists;
mod manifest;
mod parts;
mod prove;
mod read_in;
mod readme;
mod report;
#[cfg(test)]
mod tests;
mod write_out;

use std::sync::Arc;

pub(crate) use lines::{AccountLine, to_base64};
pub(crate) use manifest::{Manifest, TrustPart};
pub use prove::TimeOfDay;
pub(crate) use prove::{LastRun, every_night, last};
pub use report::{ExitOutcome, ExitRun, ExitWork, Exported, Holdings, Imported};

use crate::failure::Failure;
use crate::host::Host;
use crate::work::{Listener, Outcome};

/// Carries out what is asked of an exit.
pub(crate) async fn carry(host: &Arc<Host>, work: ExitWork, listener: Listener<'_>) -> Result<Outcome, Failure> {
    let outcome = match work {
        ExitWork::Export { trust, to, by } => {
            let by = crate::configure::by_of(by)?;
            ExitOutcome::Exported(export::export(host, &*host.trust(&trust).await?, &to, &by, listener).await?)
        }
        ExitWork::Rehearse { trust } => {
            ExitOutcome::Rehearsed(prove::prove(host, &*host.trust(&trust).await?, listener).await?)
        }
        ExitWork::Import { from, code, store, against } => {
            ExitOutcome::Imported(read_in::import(host, &from, (code, store, against), listener).await?)
        }
    };
    Ok(Outcome::Exit(Box::new(outcome)))
}
