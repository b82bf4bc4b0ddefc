//! What people ask of an exit and are told of it: plain data for the command line and the host page. No patient data.
//! Knows no file and no record.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::trusts::TrustCode;

/// What is asked of an exit.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExitWork {
    /// Writes everything of a trust into a folder.
    Export {
        /// Which trust.
        trust: TrustCode,
        /// The folder, absolute; it must be empty or not there.
        to: PathBuf,
        /// Who asks, by name.
        by: Option<String>,
    },
    /// Writes everything into a folder of the host's own, reads it into an empty instance, compares, and removes both.
    Rehearse {
        /// Which trust.
        trust: TrustCode,
    },
    /// Makes a trust of such a folder.
    Import {
        /// The folder, absolute.
        from: PathBuf,
        /// The trust's code here; the one it had unless said.
        code: Option<TrustCode>,
        /// Where it is stored; the host's own choice unless said.
        store: Option<String>,
        /// A signed checkpoint that was kept elsewhere.
        against: Option<String>,
    },
}

/// What comes of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExitOutcome {
    /// A folder was written.
    Exported(Exported),
    /// An exit was rehearsed.
    Rehearsed(ExitRun),
    /// A trust was read in, or the folder was refused.
    Imported(Imported),
}

/// How much a folder holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holdings {
    /// Entries of the journal.
    pub entries: u64,
    /// Versions that they made, deletions too.
    pub versions: u64,
    /// Resources that are live.
    pub resources: u64,
    /// Texts that were erased.
    pub erased: u64,
    /// Attachments kept as blobs.
    pub blobs: u64,
    /// Accesses, shown or refused.
    pub accesses: u64,
    /// Accounts.
    pub accounts: u64,
    /// Files of the live configuration.
    pub configuration_files: u64,
    /// Rows of the desk.
    pub desk_rows: u64,
    /// Files in the folder.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A folder that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// Which trust.
    pub trust: TrustCode,
    /// Where.
    pub to: PathBuf,
    /// What is in it.
    pub holds: Holdings,
    /// SHA-256 of the manifest.
    pub manifest: String,
    /// The signed checkpoint of the entry where it ends.
    pub checkpoint: String,
    /// How long it took.
    pub milliseconds: u64,
}

/// A folder that was read in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The trust's code here.
    pub trust: TrustCode,
    /// What the folder says that it holds.
    pub holds: Holdings,
    /// What is wrong with the folder; then nothing of it is here.
    pub faults: Vec<String>,
    /// Where the copy differs from the folder; then nothing of it is here.
    pub differences: Vec<String>,
    /// What was not compared, and why.
    pub not_compared: Vec<String>,
    /// How long it took.
    pub milliseconds: u64,
}

/// An exit that was rehearsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRun {
    /// When it ended, as a FHIR instant.
    pub moment: String,
    /// What was taken out.
    pub holds: Holdings,
    /// Where the copy differs; empty when the exit is proved.
    pub differences: Vec<String>,
    /// What was not compared, and why.
    pub not_compared: Vec<String>,
    /// How long it took to take everything out.
    pub out_milliseconds: u64,
    /// How long it took to read it in and compare.
    pub in_milliseconds: u64,
}

impl ExitOutcome {
    /// Whether something is not as it should be.
    pub(crate) fn is_wrong(&self) -> bool {
        match self {
            ExitOutcome::Exported(_) => false,
            ExitOutcome::Rehearsed(run) => !run.differences.is_empty(),
            ExitOutcome::Imported(of) => !of.faults.is_empty() || !of.differences.is_empty(),
        }
    }
}
