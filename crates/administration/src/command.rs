//! Commands: what a person or a program wants changed. Each gathers with a reading, decides on plain data and gives a
//! draft; every draft passes the owner's rules, whatever door it comes from.
//!
//! Adding one is a file with a struct and its `plan`, and a line in [`Command`].

use std::sync::Arc;

use access::Permit;
use record::{Act, Cause, Draft, IdempotencyKey, Reading, Receipt, Record, TransactError};
use terms::Moment;

use crate::merging::{AgreeToMerge, Allocate, AskForMerge, NotTheSame, ProposeDuplicate, TakeBackNotTheSame, Unmerge};
use crate::owner;
use crate::places::SetBedState;
use crate::refusal::Refusal;
use crate::stays::{Admit, MoveToBed};
use crate::undo::Undo;

/// What shall be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Admit a patient.
    Admit(Admit),
    /// Move a patient to a bed or another place.
    MoveToBed(MoveToBed),
    /// Say how a bed is.
    SetBedState(SetBedState),
    /// Ask whether two records are one person.
    ProposeDuplicate(ProposeDuplicate),
    /// Say that they are two.
    NotTheSame(NotTheSame),
    /// Open that question again.
    TakeBackNotTheSame(TakeBackNotTheSame),
    /// Ask for a merge, as the first person.
    AskForMerge(AskForMerge),
    /// Agree to it, as the second.
    AgreeToMerge(AgreeToMerge),
    /// Take a merge apart.
    Unmerge(Unmerge),
    /// Give out what was written while two were one.
    Allocate(Allocate),
    /// Take a commit of the last minutes back.
    Undo(Undo),
}

impl Command {
    /// Its name, as the journal has it.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Admit(_) => "admit",
            Command::MoveToBed(_) => "move to bed",
            Command::SetBedState(_) => "set bed state",
            Command::ProposeDuplicate(_) => "propose duplicate",
            Command::NotTheSame(_) => "not the same",
            Command::TakeBackNotTheSame(_) => "take back not the same",
            Command::AskForMerge(_) => "ask for merge",
            Command::AgreeToMerge(_) => "merge patients",
            Command::Unmerge(_) => "unmerge patients",
            Command::Allocate(_) => "allocate item",
            Command::Undo(_) => "undo",
        }
    }

    /// The draft that it comes to on this reading.
    async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let draft = match self {
            Command::Admit(command) => command.plan(reading, now).await,
            Command::MoveToBed(command) => command.plan(reading, now).await,
            Command::SetBedState(command) => command.plan(reading, now).await,
            Command::ProposeDuplicate(command) => command.plan(reading, now).await,
            Command::NotTheSame(command) => command.plan(reading, now).await,
            Command::TakeBackNotTheSame(command) => command.plan(reading, now).await,
            Command::AskForMerge(command) => command.plan(reading, now).await,
            Command::AgreeToMerge(command) => command.plan(reading, now).await,
            Command::Unmerge(command) => command.plan(reading, now).await,
            Command::Allocate(command) => command.plan(reading, now).await,
            Command::Undo(command) => command.plan(reading, now).await,
        }?;
        // A command knows whom it puts where; what would take a bed from somebody else's patient is refused.
        match owner::judged(reading, draft).await? {
            (draft, false) => Ok(draft),
            (_, true) => {
                let sentence = "The bed is somebody else's now. Look at the ward, then choose another place.";
                Err(TransactError::Refused(Refusal::new("bed-taken", sentence)))
            }
        }
    }
}

/// Carries a command out: gathers, decides, commits; again when somebody was faster.
///
/// # Errors
/// The rules said no, or the world failed; then nothing of it is in the journal.
pub async fn carry_out(
    record: &Record,
    permit: &Permit,
    command: &Command,
    (cause, idempotency): (Cause, Option<IdempotencyKey>),
    now: Moment,
) -> Result<Receipt, TransactError<Refusal>> {
    let act = Act { command: command.name().to_owned(), cause, idempotency };
    let decide = |reading: Arc<Reading>| async move { command.plan(&reading, now).await };
    record.transact(permit, act, decide).await
}
