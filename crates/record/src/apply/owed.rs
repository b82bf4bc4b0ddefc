//! What a receiving record still owes: texts and blobs that came as erased although the entry that erases them has not
//! come yet. Kept as a row of the desk, changed in the transaction that applies entries.
//!
//! One line each: `version BY ENTRY KIND ID VERSION` or `blob DIGEST`.

use std::collections::{BTreeMap, BTreeSet};

use journal::{ErasedVersion, Hash};

use crate::desk::DeskChange;
use crate::error::Problem;

/// The desk row that names what is owed. It is there, if empty, from the first entry that was received until the record
/// is opened for use.
pub(crate) const OWED: (&str, &str) = ("record", "owed");

/// Most bytes of that row.
const MOST_BYTES: usize = 16 << 20;

/// What is owed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Owed {
    /// By the entry that must erase them.
    versions: BTreeMap<u64, Vec<ErasedVersion>>,
    blobs: BTreeSet<Hash>,
}

impl Owed {
    pub(super) fn read(row: Option<&[u8]>) -> Result<Owed, Problem> {
        let damaged = || Problem::damaged("what it still owes cannot be read");
        let text = std::str::from_utf8(row.unwrap_or_default()).map_err(|_| damaged())?;
        let mut owed = Owed::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["version", by, entry, kind, id, version] => {
                    let number = |word: &str| word.parse::<u64>().map_err(|_| damaged());
                    let (kind, id) = ((*kind).to_owned(), (*id).to_owned());
                    let (version, entry) = (number(version)?, number(entry)?);
                    owed.versions.entry(number(by)?).or_default().push(ErasedVersion { kind, id, version, entry });
                }
                ["blob", digest] => {
                    owed.blobs.insert(crate::blobs::digest_of(digest).ok_or_else(damaged)?);
                }
                _ => return Err(damaged()),
            }
        }
        Ok(owed)
    }

    /// The change of the desk that keeps this.
    pub(super) fn kept(&self) -> Result<DeskChange, Problem> {
        let mut lines = String::new();
        for (by, version) in self.versions.iter().flat_map(|(by, owed)| owed.iter().map(move |it| (by, it))) {
            let ErasedVersion { kind, id, version, entry } = version;
            lines.push_str(&format!("version {by} {entry} {kind} {id} {version}\n"));
        }
        for digest in &self.blobs {
            lines.push_str(&format!("blob {}\n", crate::blobs::digest_name(digest)));
        }
        if lines.len() > MOST_BYTES {
            return Err(Problem::Unsuitable { what: "there is more erased than can be owed at once".into() });
        }
        let content = Some((lines.into_bytes(), None));
        Ok(DeskChange { kind: OWED.0.into(), key: OWED.1.into(), content, expected: None })
    }

    /// A version came as erased by an entry that is still to come.
    pub(super) fn owe_version(&mut self, by: u64, version: ErasedVersion) {
        self.versions.entry(by).or_default().push(version);
    }

    /// A blob did not come, so an entry that is still to come must erase it.
    pub(super) fn owe_blob(&mut self, digest: Hash) {
        self.blobs.insert(digest);
    }

    pub(super) fn owes_blob(&self, digest: &Hash) -> bool {
        self.blobs.contains(digest)
    }

    /// An entry erases a version; whether that was owed.
    pub(super) fn settle_version(&mut self, by: u64, version: &ErasedVersion) -> bool {
        let Some(owed) = self.versions.get_mut(&by) else { return false };
        let Some(at) = owed.iter().position(|owed| owed == version) else { return false };
        owed.swap_remove(at);
        if owed.is_empty() {
            self.versions.remove(&by);
        }
        true
    }

    /// An entry erases a blob; whether that was owed.
    pub(super) fn settle_blob(&mut self, digest: &Hash) -> bool {
        self.blobs.remove(digest)
    }

    /// Whether an entry was to erase something that it did not.
    pub(super) fn is_due(&self, by: u64) -> bool {
        self.versions.contains_key(&by)
    }
}
