//! Trusts and their configuration on the command line. Parses, and knows nothing of what a command does: what a code or a
//! file may be is decided by `hosting`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to do with trusts.
#[derive(Debug, Subcommand)]
pub(crate) enum TrustCommand {
    /// Make a trust and its empty record.
    Add {
        /// Its code, as in the address /t/RTX.
        #[arg(long)]
        code: String,
        /// Its name.
        #[arg(long)]
        name: String,
        /// Its patients are invented; every page says so.
        #[arg(long)]
        demonstration: bool,
    },
    /// Record the clinical safety officer and the signed safety case of a trust, by which it is live.
    ///
    /// Until then every page says that it is not live; accounts, configuration, loads, training and moves work. Recorded
    /// again, a newer case takes the former one's place.
    GoLive {
        /// Which.
        #[arg(value_name = "CODE")]
        code: String,
        /// The clinical safety officer's name, such as "Dr Ama Adom".
        #[arg(long, value_name = "NAME")]
        officer: String,
        /// Their registration as a clinician, such as "GMC 1234567".
        #[arg(long, value_name = "NUMBER")]
        registration: String,
        /// What the trust calls the signed case report, such as "CSCR-12 v2".
        #[arg(long, value_name = "REFERENCE")]
        case: String,
        /// The day on which it was signed, such as 2026-11-30.
        #[arg(long, value_name = "DAY")]
        signed_on: String,
        /// The hazard log that the case covers [default: the log of this release].
        #[arg(long, value_name = "FILE")]
        log: Option<PathBuf>,
        /// Who records this [default: whoever runs the command].
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// List the trusts.
    List,
    /// Show one trust with its sizes.
    Show {
        /// Which.
        #[arg(value_name = "CODE")]
        code: String,
    },
    /// Let nobody in for a while; the others go on.
    Pause {
        /// Which.
        #[arg(value_name = "CODE")]
        code: String,
    },
    /// Let nobody in until it is restored or removed; signs a last checkpoint.
    Close {
        /// Which.
        #[arg(value_name = "CODE")]
        code: String,
    },
    /// Serve a trust again that was paused or closed.
    Restore {
        /// Which.
        #[arg(value_name = "CODE")]
        code: String,
    },
    /// Destroy the record of a closed trust. It cannot be brought back.
    Remove {
        /// Which.
        #[arg(value_name = "CODE")]
        code: String,
        /// The trust's code once more.
        #[arg(long, value_name = "CODE")]
        confirm: String,
    },
}

/// What to do with a configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigureCommand {
    /// Say what is wrong with files: file, line, reason, what to write. Errors keep them from being applied.
    Check(FolderArguments),
    /// Compare files with what is live: what would be added, changed, removed.
    Diff(FolderArguments),
    /// Apply files in one commit.
    Apply {
        #[command(flatten)]
        folder: FolderArguments,
        /// Why, in one line, as the history will say it.
        #[arg(long, value_name = "TEXT")]
        why: Option<String>,
        /// Who applies it, as the history will say it [default: the name of the account on this machine].
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Show what is live, since when and by whom; write its files into a folder that is empty or not there.
    Show {
        /// Where the files go.
        #[arg(value_name = "DIR")]
        to: Option<PathBuf>,
    },
    /// Apply the files of a former version.
    Undo {
        /// Which version; the one before the live one unless it is named.
        #[arg(long, value_name = "NUMBER")]
        version: Option<u64>,
        /// Why, in one line, as the history will say it.
        #[arg(long, value_name = "TEXT")]
        why: Option<String>,
        /// Who applies it, as the history will say it [default: the name of the account on this machine].
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

/// A folder of configuration.
#[derive(Debug, Args)]
pub(crate) struct FolderArguments {
    /// The trust's own folder: every .toml file in it is read.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// The folder that it and all that it inherits lie in [default: the one that holds DIR].
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
}
