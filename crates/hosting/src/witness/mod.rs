//! Hosts of a consortium as each other's witnesses: each shows the checkpoints of its records to the others, who sign what
//! extends what they signed before, keep the newest, and compare with each other what they were shown. A host that rewrites
//! or cuts a history is exposed by each witness, one that shows two of them as soon as two witnesses speak to each other.
//!
//! # Tour
//! * `judge` decides on plain data, `holder` who may show a record; `shown` is the text on the wire (C2SP tlog-witness);
//!   `kept` is the one file on disk.
//! * `answer` is the witness, `ask` the round that a host makes: every ten minutes, before a cut, and when somebody asks;
//!   `compare` is what it makes of what other witnesses have signed, `handed` the entries that prove a move.
//!
//! The wire is that of moves (`moving`). Knows nothing of what is in a record.

mod answer;
mod ask;
mod compare;
mod handed;
mod holder;
mod judge;
mod kept;
mod shown;

use std::sync::Arc;

use journal::{KeyKind, SignedCheckpoint, VerifierKey};
use serde::{Deserialize, Serialize};

pub(crate) use answer::routes;
pub(crate) use ask::{keep, show_one};
pub use holder::Holder;
pub use kept::{Cosigned, Exposure, KnownHost, SeenRecord, Unproved};
pub(crate) use kept::{Signed, Witnesses};

use crate::failure::Failure;
use crate::host::Host;
use crate::trusts::TrustCode;
use crate::work::Outcome;

/// The header that names the key by which a checkpoint is signed.
const RECORD_KEY: &str = "almoner-record-key";
/// The most hosts that know each other.
const MOST_HOSTS: usize = 200;

/// What is asked of a host's witnesses.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WitnessWork {
    /// Shows the key by which others check what this host signs as a witness.
    Key,
    /// Makes another host known.
    Add {
        /// Where it listens for other hosts.
        address: String,
        /// Its key, as `almoner move key` shows it there.
        key: String,
    },
    /// Forgets a host.
    Remove {
        /// Its name.
        name: String,
    },
    /// Shows every record of this host to every witness now, and compares what they were shown.
    Ask,
    /// What is known and was found.
    List,
    /// The newest checkpoint of a trust that each witness has signed.
    Cosigned {
        /// Of which trust.
        trust: TrustCode,
    },
}

/// What comes of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WitnessOutcome {
    /// This host's keys.
    Key {
        /// As a witness: for `almoner-verify --witness`.
        witness: String,
        /// On the wire: for `almoner witness add`.
        key: String,
        /// Where other hosts call it.
        address: Option<String>,
    },
    /// What is known and was found.
    Report(WitnessReport),
    /// Signed checkpoints.
    Cosigned {
        /// Their texts, one after the other.
        texts: Vec<String>,
    },
}

/// What a host knows of its witnesses, and as one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct WitnessReport {
    /// The hosts that it knows.
    pub hosts: Vec<KnownHost>,
    /// Records of others that it has signed, by origin.
    pub seen: std::collections::BTreeMap<String, SeenRecord>,
    /// What others have signed for its own records, by origin and witness.
    pub own: std::collections::BTreeMap<String, std::collections::BTreeMap<String, Cosigned>>,
    /// Who could not be reached in the round that was made.
    pub not_reached: Vec<String>,
}

impl WitnessReport {
    /// Whether a history was found to be rewritten, here or by somebody else, or is not proved to be one for long.
    pub fn is_wrong(&self) -> bool {
        let is_late = |seen: &SeenRecord| seen.unproved.values().any(Unproved::is_wrong);
        self.seen.values().any(|seen| !seen.exposed.is_empty() || !seen.conflicts.is_empty() || is_late(seen))
            || self.own.values().flat_map(|own| own.values()).any(|cosigned| cosigned.refused.is_some())
    }
}

/// Carries out what is asked.
pub(crate) async fn carry(host: &Arc<Host>, work: WitnessWork) -> Result<Outcome, Failure> {
    let outcome = match work {
        WitnessWork::Key => {
            let key = host.key()?;
            WitnessOutcome::Key {
                witness: key.signing.verifier(KeyKind::Witness).to_string(),
                key: key.verifier().to_string(),
                address: host.move_address(),
            }
        }
        WitnessWork::Add { address, key } => {
            add(host, address, &key)?;
            WitnessOutcome::Report(report(host, Vec::new()))
        }
        WitnessWork::Remove { name } => {
            let is_gone = host.witnesses.change(|state| {
                let before = state.hosts.len();
                state.hosts.retain(|host| host.name != name);
                state.hosts.len() < before
            })?;
            if !is_gone {
                return Err(Failure::Refused(format!("There is no host {name:?} among the witnesses.")));
            }
            WitnessOutcome::Report(report(host, Vec::new()))
        }
        WitnessWork::Ask => WitnessOutcome::Report(report(host, ask::round(host).await?)),
        WitnessWork::List => WitnessOutcome::Report(report(host, Vec::new())),
        WitnessWork::Cosigned { trust } => {
            let origin = host.trust(&trust).await?.record.verifier_key().name().to_owned();
            WitnessOutcome::Cosigned { texts: host.witnesses.cosigned(&origin, u64::MAX) }
        }
    };
    Ok(Outcome::Witnessed(Box::new(outcome)))
}

fn add(host: &Host, address: String, key: &str) -> Result<(), Failure> {
    let no_key = |_| Failure::refused("This is no key of a host. `almoner witness key` shows it there.");
    let verifier = VerifierKey::parse(key).map_err(no_key)?;
    if verifier.kind() != KeyKind::Log {
        return Err(Failure::refused("This is the key by which it signs as a witness. Give its key on the wire."));
    }
    if verifier.public() == host.key()?.verifier().public() {
        return Err(Failure::refused("A host is no witness of its own."));
    }
    let name = verifier.name().to_owned();
    host.witnesses.change(|state| {
        if state.hosts.iter().any(|known| known.name == name && known.key != key) {
            return Err(Failure::Refused(format!("{name} is known with another key. Remove it first.")));
        }
        state.hosts.retain(|known| known.name != name);
        if state.hosts.len() >= MOST_HOSTS {
            return Err(Failure::refused("No more than 200 hosts witness for each other."));
        }
        state.hosts.push(KnownHost { name, address, key: key.to_owned() });
        Ok(())
    })?
}

fn report(host: &Host, not_reached: Vec<String>) -> WitnessReport {
    let kept::State { hosts, seen, own } = kept::State::clone(&host.witnesses.state());
    WitnessReport { hosts, seen, own, not_reached }
}

/// A checkpoint that is kept, if there is one.
fn checkpoint_of(text: &str) -> Option<SignedCheckpoint> {
    SignedCheckpoint::parse(text).ok()
}
