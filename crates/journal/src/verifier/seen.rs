//! What a journal has used up: the latest version of each resource, and the requests of the last seven days.
//!
//! Keys are kept as 96 bits of a hash with a secret of this process, and a version of 32 bits beside, 16 bytes a
//! resource, so that millions fit. That two of ten million keys agree there has a chance below 1 in 10^14, which
//! nobody who writes a journal can raise.

use crate::entry::{Change, Idempotency, Operation};
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use terms::Moment;

/// 96 bits of a hash.
pub(crate) type ShortHash = [u32; 3];

/// How long a request's key may not be used again, in milliseconds: seven days.
const REQUEST_KEPT_MS: i64 = 7 * 86_400_000;

/// Marks a version that is a deletion.
const DELETED: u32 = 1 << 31;

/// The latest version of each resource.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    secret: Secret,
    latest: HashMap<ShortHash, u32, BuildHasherDefault<HashedAlready>>,
}

impl Versions {
    /// Takes a change in; a sentence when it does not follow the resource's version before.
    pub(crate) fn take(&mut self, change: &Change) -> Option<String> {
        let Ok(version) = u32::try_from(change.version).map_err(|_| ()).and_then(|version| match version {
            ..DELETED => Ok(version),
            _ => Err(()),
        }) else {
            return Some(format!("Version {} is beyond what can be checked.", change.version));
        };
        let deletes = change.operation == Operation::Delete;
        let stored = if deletes { version | DELETED } else { version };
        let before = self.latest.insert(self.secret.hash(&change.kind, &change.id), stored);
        let (was, lived) = before.map_or((0, false), |before| (before & !DELETED, before & DELETED == 0));
        if version != was + 1 {
            return Some(match was {
                0 => format!("Version {version} is the first that is there."),
                _ => format!("Version {version} comes after version {was}."),
            });
        }
        match (change.operation, lived) {
            (Operation::Create, true) => Some(format!("Version {version} creates what already exists.")),
            (Operation::Update, false) if was == 0 => Some("Version 1 updates what never existed.".to_owned()),
            (Operation::Delete, false) => Some(format!("Version {version} deletes what does not exist.")),
            _ => None,
        }
    }

    /// The latest version of a resource; 0 when there is none.
    pub(crate) fn latest(&self, kind: &str, id: &str) -> u64 {
        self.latest.get(&self.secret.hash(kind, id)).map_or(0, |version| u64::from(version & !DELETED))
    }

    /// How many resources there are or were.
    pub(crate) fn resources(&self) -> u64 {
        self.latest.len() as u64
    }
}

/// The requests of the last seven days.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    secret: Secret,
    keys: HashSet<ShortHash, BuildHasherDefault<HashedAlready>>,
    oldest_first: VecDeque<(Moment, ShortHash)>,
}

impl Requests {
    /// Takes a request in; whether it is the first with its key in seven days.
    pub(crate) fn take(&mut self, moment: Moment, request: &Idempotency) -> bool {
        while let Some((committed, key)) = self.oldest_first.front() {
            if moment.0.saturating_sub(committed.0) <= REQUEST_KEPT_MS {
                break;
            }
            self.keys.remove(key);
            self.oldest_first.pop_front();
        }
        let key = self.secret.hash(&request.principal, &request.key);
        let first = self.keys.insert(key);
        if first {
            self.oldest_first.push_back((moment, key));
        }
        first
    }
}

/// The secret with which keys are hashed.
#[derive(Debug, Default)]
struct Secret {
    first: RandomState,
    second: RandomState,
}

impl Secret {
    fn hash(&self, a: &str, b: &str) -> ShortHash {
        let (first, second) = (self.first.hash_one((a, b)), self.second.hash_one((a, b)));
        [(first >> 32) as u32, first as u32, second as u32]
    }
}

/// For tables of keys that are hashes with a secret: their own bits tell them apart.
#[derive(Debug, Default)]
struct HashedAlready(u64);

impl Hasher for HashedAlready {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(word) = bytes.first_chunk() {
            self.0 = u64::from_ne_bytes(*word);
        }
    }

    /// The length of the key, which is always the same.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The first 96 bits of a digest.
pub(crate) fn short(digest: [u8; 32]) -> ShortHash {
    let word = |at: usize| u32::from_be_bytes([digest[at], digest[at + 1], digest[at + 2], digest[at + 3]]);
    [word(0), word(4), word(8)]
}
