//! A check under way, step by step: each entry against all before it, then what lies beside it, and the end.
//!
//! The order of the steps is the order of the journal; what each rule is lies in the files beside this one.

use super::access_chains::AccessChains;
use super::authority::Authority;
use super::beside::{Beside, Expected, blob_name_of};
use super::chain::Chain;
use super::checkpoints::{Checkpoints, Signers};
use super::findings::Findings;
use super::seen::{Requests, Versions};
use super::{Counts, Current, Expect, Finding, FindingKind, Given, Report, Source, Verifier};
use crate::access::ACCESS_CHAIN;
use crate::act::Act;
use crate::checkpoint::SignedCheckpoint;
use crate::entry::{Change, Entry};
use crate::frames::Frames;
use crate::hash::holes;
use crate::hash::{Hash, Salt, chain_hash_of_leaf, leaf_hash, version_digest};
use crate::tiles::{Tile, TileBuilder};
use terms::Moment;

impl Verifier {
    /// Begins a check.
    pub fn new(expect: Expect) -> Verifier {
        Verifier {
            expect,
            findings: Findings::default(),
            chain: Chain::new("entry"),
            checkpoints: Checkpoints::of("entry"),
            access: AccessChains::default(),
            authority: Authority::default(),
            versions: Versions::default(),
            requests: Requests::default(),
            beside: Beside::default(),
            tiles: TileBuilder::default(),
            last_moment: Moment(i64::MIN),
            last_epoch: 0,
            current: None,
            counts: Counts::default(),
        }
    }

    /// Takes the next entry's bytes in. Texts given afterwards belong to it.
    pub fn entry(&mut self, bytes: &[u8]) {
        self.close_current();
        self.counts.entries += 1;
        let leaf = leaf_hash(bytes);
        let chained = chain_hash_of_leaf(&leaf);
        let entry = match Entry::decode(bytes) {
            Ok(entry) => entry,
            Err(bad) => {
                let place = self.chain.next();
                let sentence = format!("The bytes in place {place} are not a canonical entry: {bad}.");
                self.findings.add(FindingKind::EntryUndecodable, place, "", sentence);
                self.chain.place_unread(chained, leaf);
                self.count_leaf(leaf);
                return;
            }
        };
        let placed = self.chain.place(entry.sequence, &entry.previous, chained, leaf);
        if let Some((wrong, number, sentence)) = placed.wrong {
            self.findings.add(wrong.of_entries(), number, "", sentence);
        }
        if placed.counts {
            self.take(&entry);
            self.count_leaf(leaf);
        }
        let given = vec![!placed.counts; entry.changes.len()];
        self.current = Some(Current { entry, given });
    }

    /// The entry whose texts may be given now, if its bytes could be read.
    pub fn current(&self) -> Option<&Entry> {
        self.current.as_ref().map(|current| &current.entry)
    }

    /// Takes the text and salt of a change (counted from 0) of the current entry in. A deletion has the empty text.
    /// Changes for which this is not called have no text beside them.
    pub fn text(&mut self, change: usize, given: Given<(&Salt, &[u8])>) {
        let Some(current) = &mut self.current else { return };
        let sequence = current.entry.sequence;
        let (Some(stated), Some(seen)) = (current.entry.changes.get(change), current.given.get_mut(change)) else {
            let sentence =
                format!("A text is given for change {change} of entry {sequence}, which has no such change.");
            self.findings.add(FindingKind::TextUnknown, sequence, "", sentence);
            return;
        };
        if std::mem::replace(seen, true) && self.chain.last() == sequence {
            let sentence = format!("A second text is given for change {change} of entry {sequence}.");
            self.findings.add(FindingKind::TextUnknown, sequence, version_name(stated), sentence);
        }
        match given {
            Given::Sealed => {
                self.counts.sealed += 1;
                if !self.expect.sealed {
                    let sentence = format!("The text of entry {sequence} is sealed and could not be checked.");
                    self.findings.add(FindingKind::Sealed, sequence, version_name(stated), sentence);
                }
            }
            Given::Plain((salt, text)) => {
                self.counts.texts += 1;
                if version_digest(salt, text) != stated.digest {
                    let sentence = format!("The text or its salt is not what entry {sequence} committed.");
                    self.findings.add(FindingKind::TextChanged, sequence, version_name(stated), sentence);
                } else if text.first() == Some(&holes::MARK) && !holes::are_of(text, &stated.blobs) {
                    let sentence = format!("The text of entry {sequence} has other holes than its change has blobs.");
                    self.findings.add(FindingKind::HolesWrong, sequence, version_name(stated), sentence);
                }
            }
        }
    }

    /// Takes a blob in, after the first entry that names it: the digest it is kept under, and what
    /// [`crate::hash::BlobHasher`] made of its salt and bytes, with their length.
    pub fn blob(&mut self, digest: &Hash, given: Given<(Hash, u64)>) {
        let at = self.chain.last();
        let named = self.beside.blob_given(at, digest, &mut self.findings);
        let Some(length) = named else {
            let sentence = "A blob is there that no entry before it names.";
            self.findings.add(FindingKind::BlobUnknown, at, blob_name_of(digest), sentence);
            return;
        };
        match given {
            Given::Sealed => {
                self.counts.sealed += 1;
                if !self.expect.sealed {
                    let sentence = "The blob is sealed and could not be checked.";
                    self.findings.add(FindingKind::Sealed, at, blob_name_of(digest), sentence);
                }
            }
            Given::Plain(found) => {
                self.counts.blobs += 1;
                if found != (*digest, length) {
                    let sentence = "The blob or its salt is not what was committed.";
                    self.findings.add(FindingKind::BlobChanged, at, blob_name_of(digest), sentence);
                }
            }
        }
    }

    /// Takes a signed checkpoint in, of the journal or of one of its access chains, before the chain grows beyond
    /// its size: those from outside are best given first of all.
    pub fn checkpoint(&mut self, text: &str, source: Source) {
        let checkpoint = match SignedCheckpoint::parse(text) {
            Ok(checkpoint) => checkpoint,
            Err(bad) => {
                let sentence = format!("A checkpoint cannot be read: {bad}.");
                self.findings.add(FindingKind::CheckpointUnreadable, self.chain.last(), "", sentence);
                return;
            }
        };
        let stated = checkpoint.checkpoint();
        let origin = self.expect.origin.get_or_insert_with(|| {
            let record = stated.origin.split_once(ACCESS_CHAIN).map_or(stated.origin.as_str(), |(record, _)| record);
            record.to_owned()
        });
        if stated.origin == *origin {
            self.checkpoints.add(checkpoint, source, self.chain.last(), &mut self.findings);
            return self.compare_checkpoints();
        }
        let of_access = stated.origin.strip_prefix(origin.as_str()).is_some_and(|rest| rest.starts_with(ACCESS_CHAIN));
        if !of_access {
            let sentence = format!("The checkpoint is of {}, the journal of {origin}.", stated.origin);
            self.findings.add(FindingKind::CheckpointForeign, stated.size, stated.origin.clone(), sentence);
            return;
        }
        let signers = signers(&self.expect, &self.authority);
        self.access.checkpoint(checkpoint, source, &signers, &mut self.findings);
    }

    /// Takes the next leaf of an access chain in. Read the access chains before, not after, the end of a journal
    /// that is still being written: a leaf may not have seen more entries than the journal has.
    pub fn access_leaf(&mut self, bytes: &[u8]) {
        let origin = self.expect.origin.as_deref().unwrap_or_default();
        let signers = signers(&self.expect, &self.authority);
        self.access.leaf(bytes, origin, &signers, &mut self.findings);
    }

    /// Takes a whole segment file of access leaves in; gives the place of its torn tail, if it has one. A torn tail
    /// was never acknowledged and is no finding; damage before it is.
    pub fn access_segment(&mut self, name: &str, file: &[u8]) -> Option<usize> {
        let mut frames = match Frames::of(file) {
            Ok(frames) => frames,
            Err(not) => {
                self.findings.add(FindingKind::SegmentDamaged, None, name, format!("{not}"));
                return None;
            }
        };
        for frame in frames.by_ref() {
            match frame {
                Ok(leaf) => self.access_leaf(leaf),
                Err(damage) => self.findings.add(FindingKind::SegmentDamaged, None, name, format!("{damage}")),
            }
        }
        frames.torn_at()
    }

    /// The tiles finished since this was last called, as the entries make them; empty unless
    /// [`Expect::tiles`] is set. Compare each with its stored form through [`Verifier::stored_tile`].
    pub fn take_tiles(&mut self) -> Vec<Tile> {
        self.tiles.take_finished()
    }

    /// The partial tiles of the present size.
    pub fn partial_tiles(&self) -> Vec<Tile> {
        self.tiles.partial().collect()
    }

    /// Compares a tile that the entries make with the stored one; names the first entry that differs.
    pub fn stored_tile(&mut self, made: &Tile, stored: Option<&[u8]>) {
        let path = made.id.path();
        let Some(stored) = stored else {
            self.findings.add(FindingKind::TileMissing, None, path, "A tile of the tree is not there.");
            return;
        };
        if stored == made.bytes {
            return;
        }
        let same = made.bytes.chunks(32).zip(stored.chunks(32)).take_while(|(made, stored)| made == stored).count();
        let first = ((made.id.index << 8) + same as u64) << (8 * u32::from(made.id.level).min(7));
        let sentence = format!("The stored tile is not that of the entries; it differs from entry {} on.", first + 1);
        self.findings.add(FindingKind::TileChanged, first + 1, path, sentence);
    }

    /// Adds what the driver found itself: a damaged segment or package.
    pub fn add_finding(&mut self, finding: Finding) {
        self.findings.add(finding.kind, finding.at_entry, finding.subject, finding.sentence);
    }

    /// Ends the check.
    pub fn finish(mut self) -> Report {
        self.close_current();
        let signers = signers(&self.expect, &self.authority);
        let findings = &mut self.findings;
        let (head, root) = (self.chain.head(), self.chain.edge.root());
        let (access_chains, access_leaves, access_reads) = (self.access.count(), self.access.leaves, self.access.reads);
        let (erased, erased_blobs) = (self.beside.erased_texts, self.beside.erased_blobs);
        let mut checkpoints = self.checkpoints.finish(&self.chain, &signers, findings);
        checkpoints.extend(self.access.finish(self.chain.last(), &signers, findings));
        self.beside.finish(expected(&self.expect), findings);
        Report {
            origin: self.expect.origin,
            findings: self.findings.kept,
            omitted: self.findings.omitted,
            entries: self.counts.entries,
            versions: self.counts.versions,
            resources: self.versions.resources(),
            texts: self.counts.texts,
            sealed: self.counts.sealed,
            erased,
            blobs: self.counts.blobs,
            erased_blobs,
            access_chains,
            access_leaves,
            access_reads,
            texts_expected: self.expect.texts,
            blobs_expected: self.expect.blobs,
            head,
            root,
            checkpoints,
        }
    }

    /// Checks what an entry says against all before it.
    fn take(&mut self, entry: &Entry) {
        let (at, findings) = (entry.sequence, &mut self.findings);
        if entry.moment <= self.last_moment {
            let sentence = format!("Entry {at} is of {}, which is not after the entry before.", entry.moment);
            findings.add(FindingKind::MomentNotLater, at, "", sentence);
        }
        self.last_moment = entry.moment;
        self.last_epoch = entry.epoch;
        if entry.idempotency.as_ref().is_some_and(|request| !self.requests.take(entry.moment, request)) {
            let sentence = format!("Entry {at} commits a request whose key an entry of the last 7 days has.");
            findings.add(FindingKind::RequestTwice, at, "", sentence);
        }
        for change in &entry.changes {
            self.counts.versions += 1;
            if let Some(sentence) = self.versions.take(change) {
                findings.add(FindingKind::VersionOutOfOrder, at, version_name(change), sentence);
            }
            self.beside.blobs_named(at, change);
        }
        self.authority.take(entry, self.expect.origin.as_deref(), findings);
        if let Act::Erase(erasure) = &entry.act {
            self.beside.erase(entry, erasure, expected(&self.expect), &self.versions, findings);
        }
    }

    /// The entry is in chain and tree: tiles and checkpoints follow.
    fn count_leaf(&mut self, leaf: Hash) {
        if self.expect.tiles {
            self.tiles.append(leaf);
        }
        if self.checkpoints.waits_for(self.chain.last()) {
            self.compare_checkpoints();
        }
    }

    fn compare_checkpoints(&mut self) {
        let signers = signers(&self.expect, &self.authority);
        self.checkpoints.compare(&self.chain, self.last_epoch, &signers, &mut self.findings);
    }

    /// The next entry came: what was not given for this one is absent.
    fn close_current(&mut self) {
        let Some(current) = self.current.take() else { return };
        if !self.expect.texts {
            return;
        }
        let absent = current.entry.changes.iter().zip(&current.given).filter(|(_, given)| !**given);
        for (change, _) in absent {
            self.beside.text_absent(current.entry.sequence, change, &mut self.findings);
        }
    }
}

fn expected(expect: &Expect) -> Expected {
    Expected { texts: expect.texts, blobs: expect.blobs }
}

fn signers<'a>(expect: &'a Expect, authority: &'a Authority) -> Signers<'a> {
    Signers {
        pinned: &expect.pinned,
        in_force: authority.keys(),
        ever_in_force: authority.keys_ever(),
        required: authority.names_keys(),
    }
}

fn version_name(change: &Change) -> String {
    format!("{}/{} version {}", change.kind, change.id, change.version)
}
