//! `configure`: the text files of a trust's configuration, checked, compared with what is live, applied and taken back.
//!
//! What files mean and what applying them comes to is `administration::configuration`'s; here folders are read (`folder`)
//! and outcomes are put into words that people and programs read (`views`).

mod folder;
mod views;

use std::path::PathBuf;

use access::{Permit, Principal};
use administration::configuration::{
    ApplyConfiguration, BASIC, Configuration, Files, Live, PROPOSAL, Proposal, ProposalState, Read, changes, former,
    history, live, plan, proposal, read,
};
use administration::{Command, Refusal, carry_out};
use record::{Cause, CauseKind, Reading, Receipt, TransactError};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::host::Trust;
use crate::work::Outcome;
#[cfg(test)]
pub(crate) use folder::read as read_folder_at;
pub use views::{
    Applied, ChangeView, Checked, Compared, FileText, FileView, FindingView, Holds, LineView, LiveView, VersionView,
    Writes,
};

/// Longest reason for a change, in characters.
const LONGEST_WHY: usize = 200;
/// Longest name of whoever applies, in characters.
const LONGEST_NAME: usize = 100;

/// What shall be done with a trust's configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Configure {
    /// Reads files and says what is wrong with them.
    Check(Folder),
    /// Compares files with what is live.
    Diff(Folder),
    /// Applies files.
    Apply {
        /// Which.
        folder: Folder,
        /// Why, in one line.
        why: Option<String>,
        /// Who applies them, by name.
        by: Option<String>,
    },
    /// What is live; with a directory its files are written there.
    Show {
        /// The directory, absolute; it must be empty or not there.
        to: Option<PathBuf>,
    },
    /// Applies the files of a former version.
    Undo {
        /// Which; the one before the live one unless it is named.
        version: Option<u64>,
        /// Why, in one line.
        why: Option<String>,
        /// Who applies them, by name.
        by: Option<String>,
    },
}

/// A trust's own folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Folder {
    /// The folder, absolute.
    pub own: PathBuf,
    /// The folder that it and all that it inherits lie in, absolute.
    pub root: PathBuf,
}

/// Does what is asked.
pub(crate) async fn carry(trust: &Trust, configure: Configure) -> Result<Outcome, Failure> {
    match configure {
        Configure::Check(folder) => {
            let files = read_folder(folder).await?;
            Ok(Outcome::ConfigurationChecked(Checked::of(&files, &read(&files))))
        }
        Configure::Diff(folder) => {
            let files = read_folder(folder).await?;
            compared(trust, &files).await.map(Outcome::ConfigurationCompared)
        }
        Configure::Apply { folder, why, by } => {
            let files = read_folder(folder).await?;
            applied(trust, files, why_of(why)?, by_of(by)?).await.map(Outcome::ConfigurationApplied)
        }
        Configure::Show { to } => {
            let view = shown(trust).await?;
            if let Some(to) = to {
                folder::write(&to, &view.files)?;
            }
            Ok(Outcome::ConfigurationLive(view))
        }
        Configure::Undo { version, why, by } => {
            let files = former_files(trust, version).await?;
            applied(trust, files, why_of(why)?, by_of(by)?).await.map(Outcome::ConfigurationApplied)
        }
    }
}

/// Applies the files of a demonstration.
pub(crate) async fn apply_demonstration(trust: &Trust, files: Files) -> Result<(), Failure> {
    applied(trust, files, Some("The demonstration begins".into()), "Almoner".into()).await.map(drop)
}

async fn read_folder(of: Folder) -> Result<Files, Failure> {
    let read = tokio::task::spawn_blocking(move || folder::read(&of.root, &of.own)).await;
    read.map_err(|error| Failure::problem("reading the configuration", &error))?
}

fn why_of(why: Option<String>) -> Result<Option<String>, Failure> {
    let why = why.map(|why| why.trim().to_owned()).filter(|why| !why.is_empty());
    if why.as_ref().is_some_and(|why| why.chars().count() > LONGEST_WHY || why.chars().any(char::is_control)) {
        return Err(Failure::refused("A reason (--why) is one line of at most 200 characters."));
    }
    Ok(why)
}

/// What is live, by the trust's own word for it.
pub(crate) async fn live_of(trust: &Trust) -> Result<Option<Live>, Failure> {
    let reading = trust.record.read(&trust.host_permit()?, "configuration").await?;
    finished(&reading, live(&reading).await).await
}

/// Every version, newest first, and whether there are more.
pub(crate) async fn history_of(trust: &Trust) -> Result<(Vec<Live>, bool), Failure> {
    let reading = trust.record.read(&trust.host_permit()?, "configuration: history").await?;
    finished(&reading, history(&reading).await).await
}

async fn finished<T>(reading: &Reading, answer: Result<T, record::Problem>) -> Result<T, Failure> {
    reading.finish().await?;
    Ok(answer?)
}

/// The files of a former version.
pub(crate) async fn former_files(trust: &Trust, version: Option<u64>) -> Result<Files, Failure> {
    let reading = trust.record.read(&trust.host_permit()?, "configuration: former").await?;
    let found = async {
        let now = live(&reading).await?.map(|live| live.version);
        let wanted = version.or_else(|| now?.checked_sub(1)).filter(|version| *version > 0);
        Ok(match wanted {
            Some(wanted) => (now, former(&reading, wanted).await?),
            None => (now, None),
        })
    };
    let (now, found) = finished(&reading, found.await).await?;
    match (now, found) {
        (_, Some(found)) => Ok(found.kept.files),
        (None, None) => Err(nothing_live(trust)),
        (Some(_), None) => match version {
            Some(version) => Err(Failure::Refused(format!("There is no version {version} of the configuration."))),
            None => Err(Failure::refused("The first version is live: there is nothing before it to go back to.")),
        },
    }
}

fn nothing_live(trust: &Trust) -> Failure {
    let code = &trust.code;
    Failure::Refused(format!("Nothing is configured yet. Begin with almoner configure --trust {code} apply DIR."))
}

/// What files would change.
pub(crate) async fn compared(trust: &Trust, files: &Files) -> Result<Compared, Failure> {
    let proposed = read(files);
    let reading = trust.record.read(&trust.host_permit()?, "configuration: compare").await?;
    let found = async {
        let before = live(&reading).await.map_err(TransactError::Problem)?;
        if proposed.errors() > 0 {
            return Ok((before, Ok(Writes::default())));
        }
        // What would be refused is told beside the comparison.
        Ok(match plan(&reading, before.as_ref(), &proposed, (trust.clock)()).await {
            Ok(planned) => (before, Ok(Writes::of(&planned))),
            Err(TransactError::Refused(refusal)) => (before, Err(refusal)),
            Err(error) => return Err(error),
        })
    };
    let found = found.await;
    reading.finish().await?;
    let (before, writes) = found.map_err(failure)?;
    Ok(Compared::of(before.as_ref(), files, &proposed, writes))
}

/// Applies files in the name of somebody who may run commands of the host.
async fn applied(trust: &Trust, files: Files, why: Option<String>, by: String) -> Result<Applied, Failure> {
    apply(trust, &trust.host_permit()?, ApplyConfiguration { files, by: vec![by], why, over: None }).await
}

/// Who a command says that it is.
pub(crate) fn by_of(by: Option<String>) -> Result<String, Failure> {
    let by = by.map(|by| by.trim().to_owned()).filter(|by| !by.is_empty());
    match by {
        Some(by) if by.chars().count() > LONGEST_NAME || by.chars().any(char::is_control) => {
            Err(Failure::refused("A name (--by) is one line of at most 100 characters."))
        }
        Some(by) => Ok(by),
        None => Err(Failure::refused("Say who does this: --by NAME. The history will say it.")),
    }
}

/// Applies files as the holder of a permit.
pub(crate) async fn apply(trust: &Trust, permit: &Permit, command: ApplyConfiguration) -> Result<Applied, Failure> {
    let before = live_of(trust).await?;
    let proposed = read(&command.files);
    let cause = Cause { kind: CauseKind::System, reference: "configuration".into() };
    let command = Command::ApplyConfiguration(command);
    let receipt = carry_out(&trust.record, permit, &command, (cause, None), (trust.clock)()).await.map_err(failure)?;
    let now = live_of(trust).await?.ok_or_else(|| nothing_live(trust))?;
    Ok(told(before.as_ref(), &now, &proposed, &receipt))
}

fn told(before: Option<&Live>, now: &Live, proposed: &Read, receipt: &Receipt) -> Applied {
    let old: Configuration = before.map(|before| read(&before.kept.files).configuration).unwrap_or_default();
    Applied {
        version: now.version,
        since: now.since.to_string(),
        sequence: receipt.sequence,
        changed: !receipt.written.is_empty(),
        resources: receipt.written.iter().filter(|written| written.key.kind != "Basic").count(),
        changes: changes(&old, &proposed.configuration).iter().map(ChangeView::of).collect(),
        looks: proposed.findings.iter().map(FindingView::of).collect(),
    }
}

async fn shown(trust: &Trust) -> Result<LiveView, Failure> {
    let (versions, more) = history_of(trust).await?;
    let Some(newest) = versions.first() else { return Err(nothing_live(trust)) };
    Ok(LiveView::of(newest, &versions, more))
}

pub(crate) fn failure(error: TransactError<Refusal>) -> Failure {
    match error {
        TransactError::Refused(refusal) => Failure::Refused(refusal.sentence),
        TransactError::Problem(problem) => problem.into(),
        error @ (TransactError::Contended { .. } | TransactError::KeyReused) => Failure::Problem(error.to_string()),
    }
}

/// The newest proposal, if it waits for a second person.
pub(crate) async fn proposal_of(trust: &Trust) -> Result<Option<Proposal>, Failure> {
    let reading = trust.record.read(&trust.host_permit()?, "configuration: proposal").await?;
    let found = finished(&reading, proposal(&reading).await).await?;
    Ok(found.filter(|found| found.state == ProposalState::Open))
}

/// Carries out a step of a proposal in the name of the person who takes it.
pub(crate) async fn step(trust: &Trust, who: &Principal, command: &Command) -> Result<(), TransactError<Refusal>> {
    let cause = Cause { kind: CauseKind::Form, reference: "configuration".into() };
    let permit = trust.host_permit_of(who).map_err(|denied| Refusal::new("denied", denied.to_string()));
    let permit = permit.map_err(TransactError::Refused)?;
    carry_out(&trust.record, &permit, command, (cause, None), (trust.clock)()).await.map(drop)
}

/// The owner of `Basic/configuration`: it is changed by applying files alone, whatever a door's permit reaches.
pub(crate) fn own(draft: record::Draft) -> Result<record::Draft, fhir_api::Objection> {
    let own = [BASIC, PROPOSAL];
    let is_own = |key: &record::Key| own.iter().any(|(kind, id)| key.kind == *kind && key.id == *id);
    if draft.changes.iter().any(|change| is_own(change.key())) {
        return Err(fhir_api::Objection {
            code: "configuration".into(),
            sentence: "The configuration is changed with `almoner configure` or on its page, not as a resource.".into(),
            field: None,
        });
    }
    Ok(draft)
}
