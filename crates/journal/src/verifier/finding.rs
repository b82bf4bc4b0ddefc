//! What a check found wrong, named so that a person can act on it.
//!
//! A finding says which entry, which subject and what; its kind has a stable name for machines. Findings beyond the
//! first ten thousand are only counted.

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What sort of thing.
    pub kind: FindingKind,
    /// The entry (or, for an access chain, the leaf) where it is.
    pub at_entry: Option<u64>,
    /// What it is about: `Patient/123 version 4`, a checkpoint, an access chain; empty for the entry itself.
    pub subject: String,
    /// What is wrong, in a sentence; no text of any version.
    pub sentence: String,
}

macro_rules! finding_kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $name:literal,)+) => {
        /// The sorts of findings. The list may grow; names never change their meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum FindingKind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl FindingKind {
            /// The stable name for machines, such as `entry-missing`.
            pub fn name(self) -> &'static str {
                match self {
                    $(FindingKind::$kind => $name,)+
                }
            }
        }
    };
}

finding_kinds! {
    /// The bytes of an entry are not a canonical encoding.
    EntryUndecodable = "entry-undecodable",
    /// Entries are missing before this one.
    EntryMissing = "entry-missing",
    /// An entry stands after a later one.
    EntryOutOfPlace = "entry-out-of-place",
    /// An entry is there a second time, or another with its number.
    EntryTwice = "entry-twice",
    /// An entry carries another number than its place.
    EntryNumber = "entry-number",
    /// The next entry was chained to something else than this one.
    ChainBroken = "chain-broken",
    /// The epoch fell, or is not the one that a cut named.
    EpochWrong = "epoch-wrong",
    /// The moment is not after that of the entry before.
    MomentNotLater = "moment-not-later",
    /// A request was committed twice.
    RequestTwice = "request-twice",
    /// A version does not follow the one before.
    VersionOutOfOrder = "version-out-of-order",
    /// A text is not there and no entry erases it.
    TextMissing = "text-missing",
    /// A text or its salt is not what was committed.
    TextChanged = "text-changed",
    /// A text is there that no change calls for.
    TextUnknown = "text-unknown",
    /// An entry erases a text that is still there.
    TextNotErased = "text-not-erased",
    /// An entry erases a version that was never made.
    ErasureUnfounded = "erasure-unfounded",
    /// A blob is not there and no entry erases it.
    BlobMissing = "blob-missing",
    /// A blob or its salt is not what was committed.
    BlobChanged = "blob-changed",
    /// A blob is there that no change names.
    BlobUnknown = "blob-unknown",
    /// An entry erases a blob that is still there.
    BlobNotErased = "blob-not-erased",
    /// A checkpoint cannot be read.
    CheckpointUnreadable = "checkpoint-unreadable",
    /// A checkpoint is of another journal.
    CheckpointForeign = "checkpoint-foreign",
    /// The journal is not the one that a checkpoint states.
    CheckpointMismatch = "checkpoint-mismatch",
    /// A checkpoint's signature is not its key's.
    CheckpointForged = "checkpoint-forged",
    /// No known key signed a checkpoint that one should have signed.
    CheckpointUnsigned = "checkpoint-unsigned",
    /// A checkpoint came after the entries it should have been compared with.
    CheckpointMisplaced = "checkpoint-misplaced",
    /// The journal ends before the size that a checkpoint states.
    TailCut = "tail-cut",
    /// A key was changed by somebody who may not.
    KeyChangeWrong = "key-change-wrong",
    /// A cut or its resumption is not signed as it must be.
    CutWrong = "cut-wrong",
    /// A stored tile is missing.
    TileMissing = "tile-missing",
    /// A stored tile is not that of the entries.
    TileChanged = "tile-changed",
    /// The bytes of an access leaf are not a canonical encoding.
    LeafUndecodable = "leaf-undecodable",
    /// Access leaves are missing before this one.
    LeafMissing = "leaf-missing",
    /// An access leaf stands after a later one.
    LeafOutOfPlace = "leaf-out-of-place",
    /// An access leaf is there a second time, or another with its number.
    LeafTwice = "leaf-twice",
    /// An access leaf carries another number than its place.
    LeafNumber = "leaf-number",
    /// The next access leaf was chained to something else than this one.
    LeafChainBroken = "leaf-chain-broken",
    /// The moment of an access leaf is not after that of the one before.
    LeafMomentNotLater = "leaf-moment-not-later",
    /// A read saw entries that the journal does not have.
    ReadAhead = "read-ahead",
    /// A segment of access leaves is damaged.
    SegmentDamaged = "segment-damaged",
    /// A package is damaged or cut short, or its counts do not agree.
    PackageDamaged = "package-damaged",
}

/// Findings beyond this many are counted and not kept.
const MOST_KEPT: usize = 10_000;

/// Findings as they come.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) kept: Vec<Finding>,
    pub(crate) omitted: u64,
}

impl Findings {
    pub(crate) fn add(
        &mut self,
        kind: FindingKind,
        at_entry: impl Into<Option<u64>>,
        subject: impl Into<String>,
        sentence: impl Into<String>,
    ) {
        if self.kept.len() == MOST_KEPT {
            self.omitted += 1;
            return;
        }
        let finding = Finding { kind, at_entry: at_entry.into(), subject: subject.into(), sentence: sentence.into() };
        self.kept.push(finding);
    }
}
