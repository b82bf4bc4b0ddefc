//! The steps of a move as the command line asks for them: arguments become work, tickets, certificates and reports become files.
//! Decides nothing.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use hosting::moving::{MoveOutcome, MoveWork, Throttle, ThrottleChange, certificate_as_pdf};
use hosting::oversight::OversightOutcome;
use hosting::witness::WitnessWork;
use hosting::{Failure, Outcome, Secret, TrustCode, Work};

use crate::arguments::hosts::WitnessCommand;
use crate::arguments::moving::{Limits, MoveCommand};

/// The work of a command, and the file that its outcome goes to.
pub(crate) fn work(mut command: MoveCommand, store: Option<String>) -> Result<(Work, Option<PathBuf>)> {
    let file = file_of(&mut command);
    let work = match command {
        MoveCommand::Key => MoveWork::Key,
        MoveCommand::Plan { trust, to, no_line: _, key, address, out: _ } => {
            planned(TrustCode::parse(&trust)?, to, (key, address))
        }
        MoveCommand::Copy { ticket, limits, from } => {
            let from = from.map(folder).transpose()?;
            MoveWork::Copy { ticket: read(&ticket, "the ticket")?, store, throttle: throttle(&limits)?, from }
        }
        MoveCommand::Pack { of, out, hold: _, confirm, whole, way_back } => {
            MoveWork::Pack { trust: TrustCode::parse(&of.trust)?, to: folder(out)?, hold: confirm, whole, way_back }
        }
        MoveCommand::Release(of) => MoveWork::Release { trust: TrustCode::parse(&of.trust)? },
        MoveCommand::Follow { of, from } => {
            MoveWork::Follow { trust: TrustCode::parse(&of.trust)?, from: from.map(folder).transpose()? }
        }
        MoveCommand::Rehearse { of, whole, from } => {
            MoveWork::Rehearse { trust: TrustCode::parse(&of.trust)?, whole, from: from.map(folder).transpose()? }
        }
        MoveCommand::Report { of, out: _ } => MoveWork::Report { trust: TrustCode::parse(&of.trust)? },
        MoveCommand::Sign { of, from, out: _ } => {
            MoveWork::Sign { trust: TrustCode::parse(&of.trust)?, from: folder(from)? }
        }
        MoveCommand::Letter { of, letter, out: _ } => {
            MoveWork::Letter { trust: TrustCode::parse(&of.trust)?, text: read(&letter, "the letter")? }
        }
        MoveCommand::Cut { of, unplanned: _, confirm, people, carried } => {
            let signed = read_if(carried.signed, "the signature")?;
            let people = if people.is_empty() { None } else { Some(with_passwords(people)?) };
            MoveWork::Cut { trust: TrustCode::parse(&of.trust)?, back: false, unplanned: confirm, signed, people }
        }
        MoveCommand::Back { of, carried } => {
            let signed = read_if(carried.signed, "the signature")?;
            MoveWork::Cut { trust: TrustCode::parse(&of.trust)?, back: true, unplanned: None, signed, people: None }
        }
        MoveCommand::Complete { of, confirm, from, letter, out: _ } => {
            let (from, letter) = (from.map(folder).transpose()?, read_if(letter, "the letter")?);
            MoveWork::Complete { trust: TrustCode::parse(&of.trust)?, confirm, from, letter }
        }
        MoveCommand::GiveUp { of, confirm, note, out: _ } => {
            MoveWork::GiveUp { trust: TrustCode::parse(&of.trust)?, confirm, note: read_if(note, "the note")? }
        }
        MoveCommand::Certificate { of, witnessed, out: _ } => {
            let witnessed = witnessed.iter().map(|path| read(path, "the checkpoint")).collect::<Result<_>>()?;
            MoveWork::Certificate { trust: TrustCode::parse(&of.trust)?, witnessed }
        }
        MoveCommand::Throttle { of, limits } => {
            MoveWork::Throttle { trust: TrustCode::parse(&of.trust)?, change: another_throttle(&limits)? }
        }
        MoveCommand::Entry { of, out: _ } => MoveWork::Entry { trust: TrustCode::parse(&of.trust)? },
        MoveCommand::Take { of, entry, out: _ } => {
            MoveWork::Take { trust: TrustCode::parse(&of.trust)?, entry: read(&entry, "the cut entry")? }
        }
        MoveCommand::Refuse { of, entry, out: _ } => {
            MoveWork::Refuse { trust: TrustCode::parse(&of.trust)?, entry: read(&entry, "the cut entry")? }
        }
        MoveCommand::Resume { of, refusal, people } => MoveWork::Resume {
            trust: TrustCode::parse(&of.trust)?,
            refusal: read_if(refusal, "the refusal")?,
            people: with_passwords(people)?,
        },
        MoveCommand::Status { trust } => {
            MoveWork::Status { trust: trust.map(|trust| TrustCode::parse(&trust)).transpose()? }
        }
    };
    Ok((Work::Move(work), file))
}

/// The file that a command's outcome goes to.
fn file_of(command: &mut MoveCommand) -> Option<PathBuf> {
    match command {
        MoveCommand::Plan { out, .. }
        | MoveCommand::Report { out, .. }
        | MoveCommand::Sign { out, .. }
        | MoveCommand::Letter { out, .. }
        | MoveCommand::Complete { out, .. }
        | MoveCommand::GiveUp { out, .. }
        | MoveCommand::Certificate { out, .. }
        | MoveCommand::Entry { out, .. }
        | MoveCommand::Take { out, .. }
        | MoveCommand::Refuse { out, .. } => out.take(),
        MoveCommand::Cut { carried, .. } | MoveCommand::Back { carried, .. } => carried.out.take(),
        _ => None,
    }
}

/// A move over a line to an address, or without one.
fn planned(trust: TrustCode, to: Option<String>, (key, address): (String, Option<String>)) -> MoveWork {
    match to {
        Some(to) => MoveWork::Plan { trust, to, key, address },
        None => MoveWork::PlanWithoutLine { trust, key },
    }
}

fn read_if(path: Option<PathBuf>, what: &str) -> Result<Option<String>> {
    path.map(|path| read(&path, what)).transpose()
}

/// Other bounds; at least one is said.
fn another_throttle(limits: &Limits) -> Result<ThrottleChange> {
    if limits.rate.is_none() && limits.hours.is_none() {
        return Err(Failure::Refused("Say --rate, such as 20MB, or --hours, such as 22-6, or both.".into()).into());
    }
    throttle(limits)
}

/// What is asked of witnesses.
pub(crate) fn witness_work(command: WitnessCommand) -> Result<WitnessWork> {
    Ok(match command {
        WitnessCommand::Key => WitnessWork::Key,
        WitnessCommand::Add { address, key } => WitnessWork::Add { address, key },
        WitnessCommand::Remove { name } => WitnessWork::Remove { name },
        WitnessCommand::Ask => WitnessWork::Ask,
        WitnessCommand::List => WitnessWork::List,
        WitnessCommand::Cosigned(of) => WitnessWork::Cosigned { trust: TrustCode::parse(&of.trust)? },
    })
}

/// Writes what came of it to a file; a certificate as PDF when the file's name says so.
pub(crate) fn write(outcome: &Outcome, path: &Path) -> Result<()> {
    let is_pdf = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pdf"));
    let text = match outcome {
        Outcome::Moved(moved) => match moved.as_ref() {
            MoveOutcome::Certificate { text } if is_pdf => {
                let pdf = certificate_as_pdf(text)?;
                return std::fs::write(path, pdf).with_context(|| format!("writing {}", path.display()));
            }
            MoveOutcome::Ticket { text }
            | MoveOutcome::Certificate { text }
            | MoveOutcome::CutEntry { text }
            | MoveOutcome::GivenUp { text }
            | MoveOutcome::Refusal { text }
            | MoveOutcome::Letter { text: Some(text) } => text,
            MoveOutcome::Destroyed { statement } => statement,
            _ => return Ok(()),
        },
        Outcome::Overseen(OversightOutcome::Report { text }) => text,
        _ => return Ok(()),
    };
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

fn folder(path: PathBuf) -> Result<PathBuf> {
    std::path::absolute(path).context("finding the folder")
}

fn throttle(limits: &Limits) -> Result<ThrottleChange> {
    Ok(Throttle::parse(limits.rate.as_deref(), limits.hours.as_deref())?)
}

/// Two people with their passwords, a line each from standard input.
fn with_passwords(people: Vec<String>) -> Result<[(String, Secret); 2]> {
    let [one, other]: [String; 2] =
        people.try_into().map_err(|_| Failure::Refused("Two people answer for this: give --person twice.".into()))?;
    let mut lines = std::io::stdin().lock().lines();
    let mut password = || -> Result<Secret> {
        let line = lines.next().transpose().context("reading the passwords")?;
        Ok(Secret::new(
            line.ok_or_else(|| Failure::Refused("Give two passwords on standard input, a line each.".into()))?,
        ))
    };
    Ok([(one, password()?), (other, password()?)])
}

fn read(path: &Path, what: &str) -> Result<String> {
    let read = std::fs::read_to_string(path);
    Ok(read.map_err(|error| Failure::Refused(format!("reading {what} {}: {error}", path.display())))?)
}
