//! Oversight of the moves of a consortium: each host signs a report of its trusts (`report`), the overseer's host takes reports
//! in from files, folders and addresses (`kept`, `fetch`), refuses what is tampered with, old or replayed, and shows all
//! trusts against the deadline. No patient data goes into a report. Knows no page; `standing` gathers what this host says.

mod fetch;
mod kept;
pub(crate) mod report;
mod standing;

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub(crate) use kept::{Overseen, Refused, overseen};
pub(crate) use standing::{forecast_of, signed_report, standings};

use crate::failure::Failure;
use crate::host::Host;
use crate::secret::Secret;
use crate::work::Outcome;

/// What is asked of oversight.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OversightWork {
    /// Signs a report of this host's trusts.
    Report,
    /// Says which consortium this host oversees.
    Plan(ConsortiumPlan),
    /// Takes reports of a host from now on.
    Know {
        /// The host's key, as `almoner move key` shows it there.
        key: String,
        /// What people call it.
        name: Option<String>,
    },
    /// Takes reports in.
    Take {
        /// Files and folders.
        paths: Vec<PathBuf>,
        /// Addresses.
        urls: Vec<String>,
        /// The bearer token for those.
        token: Option<Secret>,
        /// Who vouches for `https` addresses, in PEM.
        authority: Option<PathBuf>,
    },
}

/// A consortium and its deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsortiumPlan {
    /// Its name.
    pub name: String,
    /// The day on whose begin the old place must be left, as `2027-01-31`.
    pub deadline: String,
    /// What a day more costs, in pounds.
    pub cost_per_day: Option<u32>,
    /// First day of a freeze of changes, and the day after its last.
    pub freeze: Option<(String, String)>,
}

/// What comes of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OversightOutcome {
    /// A signed report.
    Report {
        /// Its text.
        text: String,
    },
    /// The consortium is kept.
    Planned,
    /// The host is known.
    Known {
        /// Its name.
        host: String,
    },
    /// What became of each report that was to be taken in.
    Taken(Vec<TakenReport>),
}

/// What became of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenReport {
    /// The file or address.
    pub from: String,
    /// Host and number, when it was taken.
    pub taken: Option<(String, u64)>,
    /// Why not, when it was refused.
    pub refused: Option<String>,
}

impl OversightOutcome {
    /// Whether something was refused.
    pub(crate) fn is_wrong(&self) -> bool {
        matches!(self, OversightOutcome::Taken(all) if all.iter().any(|one| one.refused.is_some()))
    }
}

/// Carries out what is asked.
pub(crate) async fn carry(host: &Arc<Host>, work: OversightWork) -> Result<Outcome, Failure> {
    let data = &host.configuration.data;
    let outcome = match work {
        OversightWork::Report => OversightOutcome::Report { text: signed_report(host).await? },
        OversightWork::Plan(plan) => {
            kept::plan(data, plan)?;
            OversightOutcome::Planned
        }
        OversightWork::Know { key, name } => OversightOutcome::Known { host: kept::know(data, &key, name)? },
        OversightWork::Take { paths, urls, token, authority } => {
            let mut texts = kept::read(&paths)?;
            for url in urls {
                let text = fetch::get(&url, token.as_ref(), authority.as_deref()).await;
                texts.push((url, text.map_err(|failure| failure.to_string())));
            }
            OversightOutcome::Taken(kept::take(data, texts, host.now())?)
        }
    };
    Ok(Outcome::Overseen(outcome))
}
