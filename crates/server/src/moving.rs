//! The steps of a move as the command line asks for them: arguments become work, tickets, certificates and reports become files.
//! Decides nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use hosting::moving::{MoveOutcome, MoveWork};
use hosting::oversight::OversightOutcome;
use hosting::{Failure, Outcome, TrustCode, Work};

use crate::arguments::MoveCommand;

/// The work of a command, and the file that its outcome goes to.
pub(crate) fn work(command: MoveCommand, store: Option<String>) -> Result<(Work, Option<PathBuf>)> {
    let mut file = None;
    let work = match command {
        MoveCommand::Key => MoveWork::Key,
        MoveCommand::Plan { trust, to, key, address, out } => {
            file = out;
            MoveWork::Plan { trust: TrustCode::parse(&trust)?, to, key, address }
        }
        MoveCommand::Copy { ticket } => MoveWork::Copy { ticket: read(&ticket, "the ticket")?, store },
        MoveCommand::Follow(of) => MoveWork::Follow { trust: TrustCode::parse(&of.trust)? },
        MoveCommand::Rehearse { of, whole } => MoveWork::Rehearse { trust: TrustCode::parse(&of.trust)?, whole },
        MoveCommand::Cut(of) => MoveWork::Cut { trust: TrustCode::parse(&of.trust)?, back: false },
        MoveCommand::Back(of) => MoveWork::Cut { trust: TrustCode::parse(&of.trust)?, back: true },
        MoveCommand::Complete { of, confirm } => MoveWork::Complete { trust: TrustCode::parse(&of.trust)?, confirm },
        MoveCommand::Certificate { of, witnessed, out } => {
            file = out;
            let witnessed = witnessed.iter().map(|path| read(path, "the checkpoint")).collect::<Result<_>>()?;
            MoveWork::Certificate { trust: TrustCode::parse(&of.trust)?, witnessed }
        }
        MoveCommand::Status { trust } => {
            MoveWork::Status { trust: trust.map(|trust| TrustCode::parse(&trust)).transpose()? }
        }
    };
    Ok((Work::Move(work), file))
}

/// Writes what came of it to a file.
pub(crate) fn write(outcome: &Outcome, path: &Path) -> Result<()> {
    let text = match outcome {
        Outcome::Moved(moved) => match moved.as_ref() {
            MoveOutcome::Ticket { text } | MoveOutcome::Certificate { text } => text,
            _ => return Ok(()),
        },
        Outcome::Overseen(OversightOutcome::Report { text }) => text,
        _ => return Ok(()),
    };
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

fn read(path: &Path, what: &str) -> Result<String> {
    let read = std::fs::read_to_string(path);
    Ok(read.map_err(|error| Failure::Refused(format!("reading {what} {}: {error}", path.display())))?)
}
