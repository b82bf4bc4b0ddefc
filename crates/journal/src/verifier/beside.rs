//! What lies beside the entries: which texts and blobs are there, which are not, and which were erased by an entry.
//!
//! Entries come before their erasure, so what is absent is remembered until an entry erases it or the journal ends.

use super::FindingKind;
use super::findings::Findings;
use super::seen::{ShortHash, Versions, short};
use crate::act::{ErasedVersion, Erasure};
use crate::entry::{Change, Entry};
use crate::hash::Hash;
use std::collections::HashMap;

/// How many absent texts are remembered; an honest journal has as many as were erased.
const MOST_ABSENT: usize = 4_000_000;

/// Absent and present things beside the entries.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    absent_texts: HashMap<ErasedVersion, ()>,
    blobs: HashMap<ShortHash, Blob>,
    pub(crate) erased_texts: u64,
    pub(crate) erased_blobs: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Blob {
    state: BlobState,
    length: u64,
    entry: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BlobState {
    Named,
    Given,
    Erased,
}

impl Beside {
    /// A change of this entry has no text beside it.
    pub(crate) fn text_absent(&mut self, entry: u64, change: &Change, findings: &mut Findings) {
        let absent = ErasedVersion { kind: change.kind.clone(), id: change.id.clone(), version: change.version, entry };
        if self.absent_texts.len() < MOST_ABSENT {
            self.absent_texts.insert(absent, ());
        } else {
            missing(&absent, findings);
        }
    }

    /// The entry names these blobs.
    pub(crate) fn blobs_named(&mut self, entry: u64, change: &Change) {
        for blob in &change.blobs {
            let named = Blob { state: BlobState::Named, length: blob.length, entry };
            let known = self.blobs.entry(short(blob.digest)).or_insert(named);
            // What names an erased blob again must bring it again, which nobody can without its salt.
            if known.state == BlobState::Erased {
                *known = named;
            }
        }
    }

    /// A blob is there; its length if an entry names it. One that an entry has erased is found.
    pub(crate) fn blob_given(&mut self, at: u64, digest: &Hash, findings: &mut Findings) -> Option<u64> {
        let blob = self.blobs.get_mut(&short(*digest))?;
        if blob.state == BlobState::Erased {
            let sentence = "An entry erases this blob, but it is still there.";
            findings.add(FindingKind::BlobNotErased, at, blob_name(short(*digest)), sentence);
        }
        blob.state = BlobState::Given;
        Some(blob.length)
    }

    /// An entry erases texts and blobs. What it names must be absent.
    pub(crate) fn erase(
        &mut self,
        entry: &Entry,
        erasure: &Erasure,
        expected: Expected,
        versions: &Versions,
        findings: &mut Findings,
    ) {
        let at = entry.sequence;
        for version in &erasure.versions {
            let made = version.version <= versions.latest(&version.kind, &version.id) && version.entry < at;
            if !made {
                let sentence =
                    format!("Entry {at} erases this version of entry {}, but it was never made.", version.entry);
                findings.add(FindingKind::ErasureUnfounded, at, name(version), sentence);
            } else if self.absent_texts.remove(version).is_some() {
                self.erased_texts += 1;
            } else if expected.texts {
                let sentence =
                    format!("Entry {at} erases this text of entry {}, but it is still there.", version.entry);
                findings.add(FindingKind::TextNotErased, at, name(version), sentence);
            }
        }
        for digest in &erasure.blobs {
            match self.blobs.get_mut(&short(*digest)) {
                None => {
                    let sentence = format!("Entry {at} erases a blob that no entry before it names.");
                    findings.add(FindingKind::ErasureUnfounded, at, blob_name(short(*digest)), sentence);
                }
                Some(blob) if blob.state == BlobState::Given => {
                    let sentence = format!("Entry {at} erases this blob, but it is still there.");
                    findings.add(FindingKind::BlobNotErased, at, blob_name(short(*digest)), sentence);
                }
                Some(blob) => {
                    self.erased_blobs += u64::from(blob.state == BlobState::Named);
                    blob.state = BlobState::Erased;
                }
            }
        }
    }

    /// At the end of the journal: whatever is absent and was not erased is missing.
    pub(crate) fn finish(self, expected: Expected, findings: &mut Findings) {
        let mut absent: Vec<ErasedVersion> = self.absent_texts.into_keys().collect();
        absent.sort_by(|a, b| (a.entry, &a.kind, &a.id, a.version).cmp(&(b.entry, &b.kind, &b.id, b.version)));
        for version in absent.iter().filter(|_| expected.texts) {
            missing(version, findings);
        }
        let named = self.blobs.iter().filter(|(_, blob)| blob.state == BlobState::Named && expected.blobs);
        let mut named: Vec<_> = named.collect();
        named.sort_by_key(|(key, blob)| (blob.entry, **key));
        for (key, blob) in named {
            let sentence = format!("Entry {} names this blob; it is not there and no entry erases it.", blob.entry);
            findings.add(FindingKind::BlobMissing, blob.entry, blob_name(*key), sentence);
        }
    }
}

/// What should lie beside the entries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    pub(crate) texts: bool,
    pub(crate) blobs: bool,
}

fn missing(version: &ErasedVersion, findings: &mut Findings) {
    let sentence = format!("The text of entry {} is not there and no entry erases it.", version.entry);
    findings.add(FindingKind::TextMissing, version.entry, name(version), sentence);
}

fn name(version: &ErasedVersion) -> String {
    format!("{}/{} version {}", version.kind, version.id, version.version)
}

/// A blob's name: the first 96 bits of its digest.
fn blob_name(key: ShortHash) -> String {
    format!("blob {:08x}{:08x}{:08x}", key[0], key[1], key[2])
}

/// A blob's name by its whole digest.
pub(crate) fn blob_name_of(digest: &Hash) -> String {
    blob_name(short(*digest))
}
