//! Proving a record whole: every entry, text, blob and access leaf through the journal's one verifier, then what the store
//! adds to them (tiles, head, version rows, and on request the index) against what they must be.
//!
//! Works on a record that is in use: it proves the entries up to the newest one at its start. Whoever erases waits until
//! the entries are through: a text that goes meanwhile would seem to be lost.

use std::collections::BTreeMap;

use journal::verifier::{Expect, Given, Report, Source, Verifier};

use crate::access_journal::folder;
use crate::access_segment::segments;
use crate::digest::PlainSums;
use crate::error::Problem;
use crate::group::operation_number;
use crate::keys::stored_id;
use crate::record::Record;
use crate::store::{Store, StoredEntry, StoredKey, StoredVersion};
use crate::tiles::tile_name;

/// How many entries are checked together.
const BATCH: usize = 256;
/// How many of their versions are read together, so that entries of any size need the same memory.
const WINDOW: usize = 2048;
/// Findings beyond this many are counted and not kept.
const MOST_FINDINGS: usize = 10_000;

/// What to check.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// Signed checkpoints kept elsewhere, as text.
    pub against: Vec<String>,
    /// Keys that the checker trusts; without any, checkpoints are judged by the keys that the journal introduces.
    pub keys: Vec<journal::VerifierKey>,
    /// Whether to extract every index row again and compare.
    pub index: bool,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct VerifyReport {
    /// The journal's own report: entries, texts, access leaves, checkpoints.
    pub journal: Report,
    /// What is wrong in the store beside the journal.
    pub store: Vec<StoreFinding>,
    /// Findings of the store beyond those, which were only counted.
    pub store_omitted: u64,
    /// Index rows compared; `None` when the index was not checked.
    pub index_rows: Option<u64>,
    /// By type, how many index rows its resources have in plain words, and their digest; `~obligation` stands for what
    /// is owed. The same on every store for the same texts and functions, when nobody writes meanwhile. Empty when the
    /// index was not checked.
    pub index_digests: BTreeMap<String, (u64, [u8; 32])>,
    /// The largest size that a checkpoint from outside agrees with; entries after it are not covered by any.
    pub covered: Option<u64>,
}

/// One thing that is wrong in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreFinding {
    /// A stable name for machines, such as `index-row-missing`.
    pub kind: &'static str,
    /// What it is about.
    pub subject: String,
    /// What is wrong, in a sentence; no text of any version.
    pub sentence: String,
}

/// Findings of the store as they come.
#[derive(Default)]
pub(crate) struct StoreFindings {
    pub(crate) kept: Vec<StoreFinding>,
    pub(crate) omitted: u64,
}

/// What entries name that is there.
#[derive(Default)]
struct Named {
    versions: u64,
    blobs: u64,
}

/// The rows of versions and resources in the order in which entries name them, read a window ahead.
struct Ahead {
    /// Row numbers and versions that are still to be read.
    wanted: std::vec::IntoIter<(i64, u64)>,
    read: std::vec::IntoIter<(Option<StoredVersion>, Option<StoredKey>)>,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    pub fn holds(&self) -> bool {
        self.journal.findings.is_empty() && self.store.is_empty() && self.journal.omitted + self.store_omitted == 0
    }
}

impl StoreFindings {
    pub(crate) fn add(&mut self, kind: &'static str, subject: impl Into<String>, sentence: impl Into<String>) {
        if self.kept.len() < MOST_FINDINGS {
            self.kept.push(StoreFinding { kind, subject: subject.into(), sentence: sentence.into() });
        } else {
            self.omitted += 1;
        }
    }
}

impl Record {
    /// Checks the whole record. `progress` is told how many entries of how many are done.
    ///
    /// # Errors
    /// [`Problem`] only when the store cannot be read; whatever is wrong in it is a finding.
    pub async fn verify(
        &self,
        options: VerifyOptions,
        progress: impl Fn(u64, u64) + Send + Sync,
    ) -> Result<VerifyReport, Problem> {
        if options.index {
            self.index_settled().await;
        }
        let inner = self.inner();
        let nothing_erased_meanwhile = inner.erasures.lock().await;
        let newest = inner.store.head().await?;
        let mut findings = StoreFindings::default();
        let mut verifier = Verifier::new(Expect {
            origin: Some(inner.origin.clone()),
            texts: true,
            blobs: true,
            tiles: true,
            sealed: false,
            pinned: options.keys.clone(),
        });
        for text in &options.against {
            verifier.checkpoint(text, Source::Outside);
        }
        if let Ok(text) = std::fs::read_to_string(inner.directory.join("checkpoint")) {
            verifier.checkpoint(&text, Source::Inside);
        }
        self.check_segments(&mut verifier)?;
        let (mut named, mut from, mut moment) = (Named::default(), 1, terms::Moment(0));
        while from <= newest.sequence {
            let limit = BATCH.min((newest.sequence - from + 1) as usize);
            let entries = inner.store.entries(from, limit).await?;
            let Some(last) = entries.last() else { break };
            (from, moment) = (last.sequence + 1, last.moment);
            self.check_entries(&entries, &mut verifier, &mut findings, &mut named).await?;
            self.check_tiles(&mut verifier).await?;
            progress(last.sequence.min(newest.sequence), newest.sequence);
            tokio::task::yield_now().await;
        }
        self.check_unnamed(named.versions, newest.sequence, &mut findings).await?;
        self.check_unknown_blobs(named.blobs, newest.sequence, &mut findings).await?;
        for sequence in inner.store.entries_outside(MOST_FINDINGS).await? {
            findings.add(
                "entry-unknown",
                format!("entry {sequence}"),
                "It stands outside the journal that the head ends.",
            );
        }
        drop(nothing_erased_meanwhile);
        let journal = verifier.finish();
        if (journal.entries, journal.head, moment) != (newest.sequence, newest.chain, newest.moment) {
            let sentence = format!("The head is not that of the {} entries that are there.", journal.entries);
            findings.add("head-changed", "", sentence);
        }
        let (mut index_rows, mut sums) = (None, PlainSums::default());
        if options.index {
            let rows = self.check_index(&mut sums, &mut findings).await?;
            let owed = self.check_obligations(&mut sums, &mut findings).await?;
            index_rows = Some(rows + owed + self.check_trail(newest.sequence, &mut findings).await?);
        }
        Ok(VerifyReport {
            covered: journal.covered(),
            journal,
            store: findings.kept,
            store_omitted: findings.omitted,
            index_rows,
            index_digests: sums.digests(),
        })
    }

    fn check_segments(&self, verifier: &mut Verifier) -> Result<(), Problem> {
        for path in segments(&folder(&self.inner().directory))? {
            let bytes = std::fs::read(&path).map_err(|error| Problem::store("reading the access journal", error))?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            verifier.access_segment(&name, &bytes);
        }
        Ok(())
    }

    /// Feeds entries with their texts and blobs, and counts what they name that is there.
    async fn check_entries(
        &self,
        entries: &[StoredEntry],
        verifier: &mut Verifier,
        findings: &mut StoreFindings,
        named: &mut Named,
    ) -> Result<(), Problem> {
        let store = &self.inner().store;
        let decoded: Vec<Option<journal::Entry>> =
            entries.iter().map(|entry| journal::Entry::decode(&entry.body).ok()).collect();
        let mut rows = Ahead::of(entries.iter().zip(&decoded));
        for (stored, entry) in entries.iter().zip(decoded) {
            verifier.entry(&stored.body);
            let Some(entry) = entry else { continue };
            if (stored.sequence, stored.moment) != (entry.sequence, entry.moment) {
                let sentence = "Its row carries another number or moment than the entry itself.";
                findings.add("entry-row-changed", format!("entry {}", stored.sequence), sentence);
            }
            for (place, change) in entry.changes.iter().enumerate().take(stored.rids.len()) {
                let (version, key) = rows.next(store).await?;
                let subject = || format!("{}/{} version {}", change.kind, change.id, change.version);
                let kind = self.inner().shared.names.kind(&change.kind);
                if key != kind.map(|kind| (kind, stored_id(&change.id))) {
                    findings.add("resource-changed", subject(), "The resource's row has another type or id.");
                }
                let Some(version) = version else { continue };
                named.versions += 1;
                if !agrees(&version, &entry, change) {
                    findings.add("version-row-changed", subject(), "Its row does not say what the entry says.");
                }
                self.give_text(verifier, place, version, subject, findings);
            }
            if stored.rids.len() != entry.changes.len() {
                let sentence = "It names other rows than it has changes.";
                findings.add("entry-row-changed", format!("entry {}", stored.sequence), sentence);
            }
            named.blobs += self.check_blobs(&entry, verifier, findings).await?;
        }
        Ok(())
    }

    fn give_text(
        &self,
        verifier: &mut Verifier,
        place: usize,
        version: StoredVersion,
        subject: impl Fn() -> String,
        findings: &mut StoreFindings,
    ) {
        let Some(coded) = version.text else { return };
        let Ok(salt) = <[u8; 16]>::try_from(version.salt.as_slice()) else {
            findings.add("salt-changed", subject(), "Its salt has the wrong length.");
            return;
        };
        match self.inner().shared.decoder.decode(version.coding, coded) {
            Ok(text) => verifier.text(place, Given::Plain((&salt, &text))),
            Err(_) => findings.add("text-unreadable", subject(), "Its text cannot be decompressed."),
        }
    }

    async fn check_tiles(&self, verifier: &mut Verifier) -> Result<(), Problem> {
        for tile in verifier.take_tiles() {
            let stored = self.inner().store.tile(&tile_name(&tile.id)).await?;
            verifier.stored_tile(&tile, stored.as_deref());
        }
        Ok(())
    }

    /// Names versions that no entry made, also those of entries that the head does not know.
    async fn check_unnamed(&self, named: u64, newest: u64, findings: &mut StoreFindings) -> Result<(), Problem> {
        let store = &self.inner().store;
        if store.count_versions(newest).await? == named {
            return Ok(());
        }
        let mut after = (0, 0);
        loop {
            let versions = store.all_versions(after, 1000).await?;
            let Some(last) = versions.last() else { return Ok(()) };
            after = (last.rid, last.version);
            // An entry is committed with its versions, so one that came meanwhile is there too.
            for version in &versions {
                let entry = store.entries(version.sequence.max(1), 1).await?.into_iter().next();
                let made = entry.is_some_and(|entry| {
                    let decoded = journal::Entry::decode(&entry.body);
                    let changes = decoded.map(|entry| entry.changes).unwrap_or_default();
                    let mut made = entry.rids.iter().zip(&changes);
                    entry.sequence == version.sequence
                        && made.any(|(rid, change)| *rid == version.rid && change.version == version.version)
                });
                if !made {
                    let subject = format!("row {} version {}", version.rid, version.version);
                    findings.add("version-unknown", subject, "No entry made this version.");
                }
            }
        }
    }
}

impl Ahead {
    /// What these entries name; nothing of an entry that cannot be read.
    fn of<'e>(entries: impl Iterator<Item = (&'e StoredEntry, &'e Option<journal::Entry>)>) -> Ahead {
        let wanted: Vec<(i64, u64)> = entries
            .flat_map(|(stored, entry)| {
                let changes = entry.iter().flat_map(|entry| &entry.changes).map(|change| change.version);
                stored.rids.iter().copied().zip(changes)
            })
            .collect();
        Ahead { wanted: wanted.into_iter(), read: Vec::new().into_iter() }
    }

    /// The version that an entry names next, and the key of its resource.
    async fn next(&mut self, store: &Store) -> Result<(Option<StoredVersion>, Option<StoredKey>), Problem> {
        if self.read.len() == 0 {
            // Others have their turn between two windows.
            tokio::task::yield_now().await;
            let wanted: Vec<(i64, u64)> = self.wanted.by_ref().take(WINDOW).collect();
            let rids: Vec<i64> = wanted.iter().map(|(rid, _)| *rid).collect();
            let (versions, keys) = (store.versions(&wanted).await?, store.keys(&rids).await?);
            self.read = versions.into_iter().zip(keys).collect::<Vec<_>>().into_iter();
        }
        Ok(self.read.next().unwrap_or_default())
    }
}

fn agrees(version: &StoredVersion, entry: &journal::Entry, change: &journal::Change) -> bool {
    version.sequence == entry.sequence
        && version.moment == entry.moment
        && version.operation == operation_number(change.operation)
}
