//! What a host keeps as a witness and of its witnesses: whom it knows, the newest checkpoint of each record that it has
//! signed, what it has found out, and what others have signed for records of its own. One file, replaced whole, on disk
//! before anything of it is said.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use journal::act::PublicKey;
use journal::{SignedCheckpoint, VerifierKey};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::trusts::replace_file;

const FILE: &str = "witnesses.json";
/// Exposures that are kept of one record: the first ones say it all.
const MOST_EXPOSED: usize = 16;

/// A host of the consortium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownHost {
    /// Its name.
    pub name: String,
    /// Where it listens for other hosts.
    pub address: String,
    /// Its key, as `name+id+base64`.
    pub key: String,
}

/// Two statements of one host that cannot both be true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    /// What was found, in a sentence.
    pub sentence: String,
    /// When, as a FHIR instant.
    pub moment: String,
    /// The checkpoint that was known.
    pub known: String,
    /// The one that contradicts it.
    pub shown: String,
}

/// What this host knows of a record of another host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenRecord {
    /// The newest checkpoint that this host has signed; empty before the first.
    pub checkpoint: String,
    /// The host that showed it.
    pub host: String,
    /// The keys by which hosts sign for the record, by host.
    pub keys: BTreeMap<String, String>,
    /// What was found out.
    #[serde(default)]
    pub exposed: Vec<Exposure>,
}

/// What a witness has signed for a record of this host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cosigned {
    /// The checkpoint with the witness's signature; empty before the first.
    pub checkpoint: String,
    /// Why it signs no more, if it does not.
    #[serde(default)]
    pub refused: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) hosts: Vec<KnownHost>,
    /// By the record's origin line.
    #[serde(default)]
    pub(super) seen: BTreeMap<String, SeenRecord>,
    /// By the record's origin line and the witness's name.
    #[serde(default)]
    pub(super) own: BTreeMap<String, BTreeMap<String, Cosigned>>,
}

/// The witnesses of a host, and it as one.
pub(crate) struct Witnesses {
    path: PathBuf,
    state: Mutex<State>,
}

impl Witnesses {
    /// Reads what is kept in a data directory.
    pub(crate) fn read(data: &Path) -> Result<Witnesses, Failure> {
        let path = data.join(FILE);
        let state = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|error| Failure::problem(format_args!("reading {}", path.display()), &error))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => State::default(),
            Err(error) => return Err(Failure::problem(format_args!("reading {}", path.display()), &error)),
        };
        Ok(Witnesses { path, state: Mutex::new(state) })
    }

    /// Whether a host with this key is one of them.
    pub(crate) fn know(&self, key: &PublicKey) -> bool {
        self.host_of(key).is_some()
    }

    /// What witnesses have signed of a record of this host, of `size` entries at most.
    pub(crate) fn cosigned(&self, origin: &str, size: u64) -> Vec<String> {
        let own = self.state().own.remove(origin).unwrap_or_default();
        let fits = |text: &String| {
            SignedCheckpoint::parse(text).is_ok_and(|signed| (1..=size).contains(&signed.checkpoint().size))
        };
        own.into_values().map(|cosigned| cosigned.checkpoint).filter(fits).collect()
    }

    pub(super) fn host_of(&self, key: &PublicKey) -> Option<KnownHost> {
        self.state().hosts.into_iter().find(|host| host.verifier().is_ok_and(|known| known.public() == key))
    }

    pub(super) fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what is kept; on disk when it returns.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> Result<T, Failure> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = state.clone();
        let changed = change(&mut next);
        let doing = format!("writing {}", self.path.display());
        let text = serde_json::to_vec_pretty(&next).map_err(|error| Failure::problem(&doing, &error))?;
        replace_file(&self.path, &text).map_err(|error| Failure::problem(&doing, &error))?;
        *state = next;
        Ok(changed)
    }
}

impl KnownHost {
    pub(super) fn verifier(&self) -> Result<VerifierKey, Failure> {
        VerifierKey::parse(&self.key).map_err(|_| Failure::Refused(format!("{:?} is no key of a host.", self.key)))
    }
}

impl SeenRecord {
    /// Keeps what was found out, once.
    pub(super) fn expose(&mut self, exposure: Exposure) {
        let is_known = |one: &Exposure| (&one.known, &one.shown) == (&exposure.known, &exposure.shown);
        if !self.exposed.iter().any(is_known) && self.exposed.len() < MOST_EXPOSED {
            self.exposed.push(exposure);
        }
    }
}
