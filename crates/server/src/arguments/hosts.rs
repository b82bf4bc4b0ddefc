//! What hosts do for one another on the command line: oversight and witnesses. Parses, and knows nothing of what a command
//! does.

use std::path::PathBuf;

use clap::Subcommand;

use super::moving::MoveTrust;

/// What to do about oversight.
#[derive(Debug, Subcommand)]
pub(crate) enum OversightCommand {
    /// Say which consortium this host oversees, and until when.
    Plan {
        /// Its name.
        #[arg(long)]
        consortium: String,
        /// The day on whose begin the old place must be left.
        #[arg(long, value_name = "YYYY-MM-DD")]
        deadline: String,
        /// What a day more costs, in pounds.
        #[arg(long, value_name = "POUNDS")]
        cost_per_day: Option<u32>,
        /// First day of a freeze of changes, in which nothing is cut.
        #[arg(long, value_name = "YYYY-MM-DD", requires = "freeze_until")]
        freeze_from: Option<String>,
        /// The day after its last.
        #[arg(long, value_name = "YYYY-MM-DD", requires = "freeze_from")]
        freeze_until: Option<String>,
    },
    /// Take the reports of a host from now on.
    Host {
        /// Its key, as `almoner move key` shows it there.
        #[arg(long, value_name = "KEY")]
        key: String,
        /// What people call it.
        #[arg(long)]
        name: Option<String>,
    },
    /// Take reports in. What is tampered with, old, replayed or of somebody unknown is refused and named.
    Take {
        /// Files, folders (every .report in them), and addresses such as https://host/t/CODE/status-report.
        #[arg(required = true, value_name = "FILE|DIR|URL")]
        from: Vec<String>,
        /// The bearer token for addresses, of an overseer.
        #[arg(long, env = "ALMONER_TOKEN", hide_env_values = true)]
        token: Option<String>,
        /// Certificates of who vouches for https addresses, in PEM.
        #[arg(long, value_name = "FILE")]
        ca: Option<PathBuf>,
    },
}

/// What is asked of witnesses.
#[derive(Debug, Subcommand)]
pub(crate) enum WitnessCommand {
    /// Show this host's keys: the one by which it is known on the wire, and the one by which it signs as a witness.
    Key,
    /// Make another host known; it must make this one known too.
    Add {
        /// Where it listens for other hosts.
        #[arg(long, value_name = "HOST:PORT")]
        address: String,
        /// Its key on the wire, as `almoner witness key` shows it there.
        #[arg(long, value_name = "KEY")]
        key: String,
    },
    /// Forget a host.
    Remove {
        /// Its name.
        #[arg(long, value_name = "NAME")]
        name: String,
    },
    /// Show every record to every witness now, and compare what they were shown. Done every ten minutes by itself.
    Ask,
    /// Show who is known, what was signed, and what was found.
    List,
    /// Print the newest checkpoint of a trust that each witness has signed, to be kept elsewhere.
    Cosigned(MoveTrust),
}
