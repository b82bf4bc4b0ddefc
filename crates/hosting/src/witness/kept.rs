//! What a host keeps as a witness and of its witnesses: whom it knows, the newest checkpoint of each record that it has
//! signed, what it has found out, and what others have signed for records of its own. One file, replaced whole, on disk
//! before anything of it is said. Whoever reads waits for no disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use journal::act::PublicKey;
use journal::{SignedCheckpoint, VerifierKey};
use serde::{Deserialize, Serialize};
use terms::Moment;

use super::checkpoint_of;
use super::holder::{Holder, is_named_by};
use crate::failure::Failure;
use crate::trusts::replace_file;

const FILE: &str = "witnesses.json";
/// Exposures that are kept of one record: the first ones say it all.
const MOST_EXPOSED: usize = 16;
/// The most records of one host for which another one is its witness.
const MOST_RECORDS: usize = 100;
/// After so many rounds in which a host could be reached and did not prove, that counts as wrong.
const ROUNDS_TO_PROVE: u32 = 3;

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

/// Two statements that cannot both be true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    /// What was found, in a sentence.
    pub sentence: String,
    /// The host against which it stands.
    #[serde(default)]
    pub host: String,
    /// When, as a FHIR instant.
    pub moment: String,
    /// What was known: a checkpoint, or in hexadecimal the entry that handed the record over.
    pub known: String,
    /// The checkpoint that contradicts it.
    pub shown: String,
}

/// Two checkpoints of one record that its host has not proved to be of one history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unproved {
    /// The host that signed what the other witness has.
    pub host: String,
    /// Since when, as a FHIR instant.
    pub since: String,
    /// Rounds in which the host could be reached and did not prove it.
    pub rounds: u32,
    /// What it answered the last time.
    pub answer: String,
    /// The checkpoint that this host has signed.
    pub known: String,
    /// The one that the other witness has signed.
    pub shown: String,
}

/// What this host knows of a record of another host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenRecord {
    /// The newest checkpoint that this host has signed; empty before the first.
    pub checkpoint: String,
    /// The host that showed it.
    pub host: String,
    /// The keys by which hosts signed for the record while they held it, by host.
    pub keys: BTreeMap<String, String>,
    /// The host that may show it now; in an older file the one that the origin names.
    #[serde(default)]
    pub holder: Option<Holder>,
    /// The newest checkpoint that this host has signed for the holder before; empty when there was none.
    #[serde(default)]
    pub before: String,
    /// What was found out: two statements with one key.
    #[serde(default)]
    pub exposed: Vec<Exposure>,
    /// What does not go together and was signed with two keys: kept against the host that showed the second.
    #[serde(default)]
    pub conflicts: Vec<Exposure>,
    /// What its host has not proved yet, by the other witness.
    #[serde(default)]
    pub unproved: BTreeMap<String, Unproved>,
}

/// What a witness has signed for a record of this host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cosigned {
    /// The checkpoint with the witness's signature; empty before the first.
    pub checkpoint: String,
    /// Why it signs no more, because the record is not what it was, if it does not.
    #[serde(default)]
    pub refused: Option<String>,
    /// The checkpoint that shows it: signed for this record, and not the beginning of what it is now.
    #[serde(default)]
    pub shown: String,
    /// Why it did not sign the last time, for any other reason.
    #[serde(default)]
    pub not_signed: Option<String>,
}

/// How far a witness has signed a record of this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signed {
    /// The witness.
    pub(crate) host: String,
    /// Up to which entry; 0 before the first signature.
    pub(crate) entry: u64,
    /// When the checkpoint was made that it signed last.
    pub(crate) at: Option<Moment>,
    /// Why it did not sign the last time.
    pub(crate) trouble: Option<String>,
    /// Whether it shows that the record is not what it was.
    pub(crate) is_refused: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Held while the file is written.
    writing: Mutex<()>,
    now: RwLock<Arc<Now>>,
}

/// What is kept, and the keys of the known hosts in their order, read once.
struct Now {
    state: Arc<State>,
    keys: Vec<Option<PublicKey>>,
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
        Ok(Witnesses { path, writing: Mutex::new(()), now: RwLock::new(Arc::new(Now::of(state))) })
    }

    /// Whether a host with this key is one of them. Asked of every caller before it has proved anything.
    pub(crate) fn know(&self, key: &PublicKey) -> bool {
        self.now().keys.contains(&Some(*key))
    }

    /// What witnesses have signed of a record of this host, of `size` entries at most.
    pub(crate) fn cosigned(&self, origin: &str, size: u64) -> Vec<String> {
        let state = self.state();
        let own = state.own.get(origin).into_iter().flat_map(BTreeMap::values);
        let fits = |text: &String| {
            SignedCheckpoint::parse(text).is_ok_and(|signed| (1..=size).contains(&signed.checkpoint().size))
        };
        own.map(|cosigned| cosigned.checkpoint.clone()).filter(fits).collect()
    }

    /// What each witness has signed of a record of this host, in the order of their names; of each that is known.
    pub(crate) fn signed(&self, origin: &str) -> Vec<Signed> {
        let state = self.state();
        let own = state.own.get(origin);
        let mut names: Vec<&str> = state.hosts.iter().map(|host| host.name.as_str()).collect();
        names.sort_unstable();
        let of = |name: &str| Signed::of(name, own.and_then(|own| own.get(name)));
        names.into_iter().map(of).collect()
    }

    pub(super) fn host_of(&self, key: &PublicKey) -> Option<KnownHost> {
        let now = self.now();
        let at = now.keys.iter().position(|known| known.as_ref() == Some(key))?;
        now.state.hosts.get(at).cloned()
    }

    pub(super) fn state(&self) -> Arc<State> {
        Arc::clone(&self.now().state)
    }

    /// Changes what is kept; on disk when it returns. Nothing is written when nothing has changed.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> Result<T, Failure> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.state();
        let mut next = State::clone(&before);
        let changed = change(&mut next);
        if next == *before {
            return Ok(changed);
        }
        let doing = format!("writing {}", self.path.display());
        let text = serde_json::to_vec_pretty(&next).map_err(|error| Failure::problem(&doing, &error))?;
        replace_file(&self.path, &text).map_err(|error| Failure::problem(&doing, &error))?;
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Now::of(next));
        Ok(changed)
    }

    fn now(&self) -> Arc<Now> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Signed {
    fn of(name: &str, of: Option<&Cosigned>) -> Signed {
        let last = of.and_then(|of| checkpoint_of(&of.checkpoint));
        let stated = last.as_ref().map(|last| last.checkpoint());
        Signed {
            host: name.to_owned(),
            entry: stated.map_or(0, |stated| stated.size),
            at: stated.map(|stated| stated.moment),
            trouble: of.and_then(|of| of.refused.clone().or_else(|| of.not_signed.clone())),
            is_refused: of.is_some_and(|of| of.refused.is_some()),
        }
    }
}

impl Now {
    fn of(state: State) -> Now {
        let keys = state.hosts.iter().map(|host| host.verifier().ok().map(|key| *key.public())).collect();
        Now { state: Arc::new(state), keys }
    }
}

impl KnownHost {
    pub(super) fn verifier(&self) -> Result<VerifierKey, Failure> {
        VerifierKey::parse(&self.key).map_err(|_| Failure::Refused(format!("{:?} is no key of a host.", self.key)))
    }
}

impl Unproved {
    /// Whether its host has had rounds enough to prove it.
    pub fn is_wrong(&self) -> bool {
        self.rounds >= ROUNDS_TO_PROVE
    }
}

impl State {
    /// The host that may show a record, if one is known.
    pub(super) fn holder(&self, origin: &str) -> Option<Holder> {
        let seen = self.seen.get(origin)?;
        let named = || {
            let (host, key) = seen.keys.iter().find(|(host, _)| is_named_by(origin, host))?;
            Some(Holder::first(host, &VerifierKey::parse(key).ok()?))
        };
        seen.holder.clone().or_else(named)
    }

    /// The holder of a record that a host shows, with this key; the host that the origin names becomes it when none is
    /// known.
    ///
    /// # Errors
    /// Why the host may not show it, as a sentence.
    pub(super) fn may_show(&self, origin: &str, host: &str, key: &VerifierKey) -> Result<Holder, String> {
        match self.holder(origin) {
            Some(holder) if holder.host != host => Err(format!(
                "This record is shown by {}. Prove by the entry of the cut that it was handed over to you.",
                holder.host
            )),
            Some(holder) if holder.key != key.to_string() => {
                Err("This host signed for the record with another key.".to_owned())
            }
            Some(holder) => Ok(holder),
            None if !is_named_by(origin, host) => {
                Err("The record's origin names another host than the one that shows \
                                                       it. Prove by the entry of the cut that it was handed over to \
                                                       you."
                    .to_owned())
            }
            None => {
                self.has_room(host)?;
                Ok(Holder::first(host, key))
            }
        }
    }

    /// # Errors
    /// When this host is the witness of too many records of a host to take another one, in a sentence.
    pub(super) fn has_room(&self, host: &str) -> Result<(), String> {
        let held = self.seen.keys().filter(|origin| self.holder(origin).is_some_and(|holder| holder.host == host));
        if held.count() < MOST_RECORDS {
            return Ok(());
        }
        Err(format!("This witness signs for no more than {MOST_RECORDS} records of one host."))
    }
}

impl SeenRecord {
    /// Keeps what was found out, once: as proof when one key signed both statements, else as what does not go together.
    pub(super) fn keep(&mut self, is_proof: bool, found: Exposure) {
        let kept = if is_proof { &mut self.exposed } else { &mut self.conflicts };
        let is_known = |one: &Exposure| (&one.known, &one.shown) == (&found.known, &found.shown);
        if !kept.iter().any(is_known) && kept.len() < MOST_EXPOSED {
            kept.push(found);
        }
    }

    /// The host that signed a checkpoint of this record with a key by which it held it.
    pub(super) fn signer(&self, of: &SignedCheckpoint) -> Option<(&str, &str)> {
        let signed = |key: &str| VerifierKey::parse(key).is_ok_and(|key| of.verify(&[key]).is_ok());
        let found = self.keys.iter().find(|(_, key)| signed(key))?;
        Some((found.0, found.1))
    }

    /// The record has another holder, as an entry has proved (`entry`, in hexadecimal). What the one before signed that
    /// goes beyond is of no history of the record: it is taken back, and the new holder goes on from what was before.
    pub(super) fn hand_over(&mut self, to: Holder, entry: &str, moment: &str) {
        let newest = checkpoint_of(&self.checkpoint).map(|signed| signed.checkpoint().clone());
        let is_of_it = self.host == to.host && self.keys.get(&to.host) == Some(&to.key);
        let beyond = newest.filter(|newest| !is_of_it && newest.size >= to.entry + u64::from(!to.is_given_back));
        if let Some(beyond) = &beyond {
            let (host, size) = (&self.host, beyond.size);
            let sentence =
                format!("{host} signed {size} entries of a record that entry {} gave to {}.", to.entry, to.host);
            // Who has a later epoch may have got the record back meanwhile, and then shows by which entry.
            let is_proof = to.is_given_back || beyond.epoch < to.epoch;
            let blamed = if is_proof { host } else { &to.host }.clone();
            let (known, shown) = (entry.to_owned(), self.checkpoint.clone());
            let found = Exposure { sentence, host: blamed, moment: moment.to_owned(), known, shown };
            self.keep(is_proof, found);
        }
        if to.is_given_back && !is_of_it {
            (self.checkpoint, self.host) = (std::mem::take(&mut self.before), to.host.clone());
        } else if beyond.is_some() {
            (self.before, self.host) = (std::mem::take(&mut self.checkpoint), to.host.clone());
        } else {
            self.before.clone_from(&self.checkpoint);
        }
        self.keys.insert(to.host.clone(), to.key.clone());
        self.holder = Some(to);
    }
}
