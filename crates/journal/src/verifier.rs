//! The one verifier: reads a journal from its first entry and names everything that is wrong.
//!
//! Fed in order by whoever holds the bytes (`almoner-verify` from a package, `record` from its store): an entry, the
//! texts beside it, the next entry; blobs, checkpoints, access leaves and stored tiles between them. Never stops at
//! a finding. Memory grows with the number of resources (about 30 bytes each), not with entries or texts.
//! Knows no files, clock or store; does not open sealed texts.

mod access_chains;
mod authority;
mod beside;
mod chain;
mod check;
mod checkpoints;
mod findings;
mod report;
mod seen;

use crate::access::ACCESS_CHAIN;
use crate::checkpoint::counted;
use crate::entry::Entry;
use crate::hash::Hash;
use crate::keys::VerifierKey;
use crate::tiles::TileBuilder;
use access_chains::AccessChains;
use authority::Authority;
use beside::Beside;
use chain::Chain;
use checkpoints::Checkpoints;
use findings::Findings;
use seen::{Requests, Versions};
use terms::Moment;

/// What to check a journal against.
#[derive(Debug, Clone, Default)]
pub struct Expect {
    /// The record's origin line; when none is given, that of the first checkpoint counts. Needed when access leaves
    /// are read before any checkpoint.
    pub origin: Option<String>,
    /// Whether every text that is not erased will be given.
    pub texts: bool,
    /// Whether every blob that is not erased will be given.
    pub blobs: bool,
    /// Whether texts and blobs may be sealed, so that only their presence is checked; otherwise a sealed one is found.
    pub sealed: bool,
    /// Whether tiles are to be made, for comparison with stored ones.
    pub tiles: bool,
    /// Keys of logs and witnesses that the checker trusts.
    pub pinned: Vec<VerifierKey>,
}

/// A text or blob beside an entry is there, or is there but sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given<T> {
    /// In clear.
    Plain(T),
    /// Sealed with a key that the checker does not have.
    Sealed,
}

/// A check under way.
#[derive(Debug)]
pub struct Verifier {
    expect: Expect,
    findings: Findings,
    chain: Chain,
    checkpoints: Checkpoints,
    access: AccessChains,
    authority: Authority,
    versions: Versions,
    requests: Requests,
    beside: Beside,
    tiles: TileBuilder,
    last_moment: Moment,
    last_epoch: u64,
    current: Option<Current>,
    counts: Counts,
}

/// The entry whose texts may be given now.
#[derive(Debug)]
struct Current {
    entry: Entry,
    /// For each change whether its text was given.
    given: Vec<bool>,
}

#[derive(Debug, Default)]
struct Counts {
    entries: u64,
    versions: u64,
    texts: u64,
    sealed: u64,
    blobs: u64,
}

/// Where a checkpoint comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Kept with the journal.
    Inside,
    /// Kept elsewhere.
    Outside,
}

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
    /// A text or blob is sealed and could not be checked.
    Sealed = "sealed",
    /// A text has other holes than its change has blobs.
    HolesWrong = "holes-wrong",
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

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The record's origin line, if it was known.
    pub origin: Option<String>,
    /// What is wrong; empty when everything that was checked holds.
    pub findings: Vec<Finding>,
    /// Findings beyond those, which were only counted.
    pub omitted: u64,
    /// Entries read.
    pub entries: u64,
    /// Changes (versions) in them.
    pub versions: u64,
    /// Resources they belong to.
    pub resources: u64,
    /// Texts whose digest was recomputed.
    pub texts: u64,
    /// Texts and blobs that were there but sealed, so that only their presence was checked.
    pub sealed: u64,
    /// Texts that an entry erases.
    pub erased: u64,
    /// Blobs whose digest was recomputed.
    pub blobs: u64,
    /// Blobs that an entry erases.
    pub erased_blobs: u64,
    /// Access chains.
    pub access_chains: u64,
    /// Access leaves in them.
    pub access_leaves: u64,
    /// Reads and refusals in those.
    pub access_reads: u64,
    /// Whether texts were expected, and so found missing where they are.
    pub texts_expected: bool,
    /// Whether blobs were expected.
    pub blobs_expected: bool,
    /// Chain hash of the last entry.
    pub head: Hash,
    /// Root of the tree over all entries read.
    pub root: Hash,
    /// Every checkpoint that was compared.
    pub checkpoints: Vec<CheckpointReport>,
}

/// What came of one checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointReport {
    /// Its origin line.
    pub origin: String,
    /// Its size.
    pub size: u64,
    /// When it says that it was made.
    pub moment: Moment,
    /// Where it comes from.
    pub source: Source,
    /// Whether the chain is the one that it states.
    pub agrees: bool,
    /// Whose signatures it bears.
    pub verdict: Verdict,
    /// The known keys whose signatures hold, as text.
    pub signers: Vec<String>,
    /// How many of them are witnesses.
    pub witnesses: u64,
}

impl Finding {
    /// Whether it is in an access chain, so that it is at a leaf and not at an entry.
    pub fn is_of_accesses(&self) -> bool {
        self.subject.contains(ACCESS_CHAIN)
    }
}

impl CheckpointReport {
    /// Whether it is of an access chain, so that it counts leaves and not entries.
    pub fn is_of_accesses(&self) -> bool {
        self.origin.contains(ACCESS_CHAIN)
    }

    /// What it counts, for a person: `14 entries`, or `30 leaves of access chain host/1`.
    pub fn counted(&self) -> String {
        counted(&self.origin, self.size)
    }
}

/// Whose signatures a checkpoint bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A key that the checker was given signed it.
    Pinned,
    /// Only keys that the journal itself introduces signed it.
    OwnKeys,
    /// No known key signed it.
    NotProved,
    /// It names a known key, but the signature is not that key's.
    Forged,
}
