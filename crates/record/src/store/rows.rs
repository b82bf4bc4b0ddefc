//! What the stores give and take: where a resource is, versions, entries, rows of the index, of the desk and of blobs, and all that
//! a group of commits changes. Plain data, alike for both stores.

use journal::Hash;
use terms::Moment;

use super::obligations::ObligationChanges;
use super::{ErasedWhose, TrailRow};
use crate::keys::PhysicalKey;
use crate::names::NameTable;

/// The newest state of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    /// Number of entries, and the sequence of the newest.
    pub(crate) sequence: u64,
    /// The writer's tenure.
    pub(crate) epoch: u64,
    /// Moment of the newest entry.
    pub(crate) moment: Moment,
    /// Chain hash of the newest entry.
    pub(crate) chain: [u8; 32],
    /// Desk changes so far.
    pub(crate) desk: u64,
}

/// Where a resource is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Located {
    pub(crate) rid: i64,
    /// Newest version; 0 when only mentioned by references.
    pub(crate) version: u64,
    pub(crate) sequence: u64,
    pub(crate) live: bool,
}

/// A resource's stored key: kind number and stored id.
pub(crate) type StoredKey = (u16, Vec<u8>);

/// A version as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredVersion {
    pub(crate) rid: i64,
    pub(crate) version: u64,
    pub(crate) sequence: u64,
    pub(crate) moment: Moment,
    /// 1 create, 2 update, 3 delete.
    pub(crate) operation: u8,
    /// 0 plain; other values name a sealing key.
    pub(crate) seal: u32,
    /// 0 uncompressed, 1 zstd without, from 2 zstd with the dictionary of that number (see `codec`).
    pub(crate) coding: u32,
    /// 16 bytes; when erased, the sequence of the erasing entry (8 bytes, big-endian).
    pub(crate) salt: Vec<u8>,
    /// The text as coded; `None` when erased.
    pub(crate) text: Option<Vec<u8>>,
}

/// One row found by a scan.
pub(crate) type Hit = (PhysicalKey, i64);

/// A row of a replaced version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PastRow {
    pub(crate) key: PhysicalKey,
    pub(crate) rid: i64,
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// Whether it is kept for ever.
    pub(crate) kept: bool,
}

/// A named list of numbered names, such as kinds or parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameList {
    Kind,
    Parameter,
    System,
}

/// An idempotency key kept for retries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptKey {
    pub(crate) principal: String,
    pub(crate) key: String,
    pub(crate) sequence: u64,
    /// SHA-256 of the request.
    pub(crate) digest: Vec<u8>,
    pub(crate) moment: Moment,
}

/// A row of the desk as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredDeskRow {
    pub(crate) kind: String,
    pub(crate) key: String,
    pub(crate) change: u64,
    pub(crate) expires: Option<Moment>,
    pub(crate) seal: u32,
    pub(crate) bytes: Vec<u8>,
}

/// An entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredEntry {
    pub(crate) sequence: u64,
    pub(crate) moment: Moment,
    pub(crate) salt: Vec<u8>,
    pub(crate) body: Vec<u8>,
    /// Row numbers of the changed resources, in the order of the entry's changes.
    pub(crate) rids: Vec<i64>,
}

/// What is known of a blob that an entry names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredBlob {
    pub(crate) digest: Hash,
    pub(crate) salt: Vec<u8>,
    pub(crate) length: u64,
    /// The first entry that names it.
    pub(crate) entry: u64,
}

/// What a writer starts from again: head, name lists, dictionaries.
pub(crate) type Reopened = (Head, [NameTable; 3], Vec<(u32, Vec<u8>)>);

/// Everything that one transaction of the writer changes. Either all of it is in the store or nothing.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) names: Vec<(NameList, u32, String)>,
    /// Symbol, system number, code.
    pub(crate) symbols: Vec<(u32, u32, String)>,
    /// Resources seen for the first time: row number, key.
    pub(crate) resources: Vec<(i64, StoredKey)>,
    pub(crate) versions: Vec<StoredVersion>,
    /// The new state of changed resources.
    pub(crate) current: Vec<Located>,
    pub(crate) index_add: Vec<Hit>,
    pub(crate) index_drop: Vec<Hit>,
    pub(crate) index_past: Vec<PastRow>,
    pub(crate) entries: Vec<StoredEntry>,
    pub(crate) tiles: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) kept_keys: Vec<KeptKey>,
    /// Change of the number of live resources by kind.
    pub(crate) tallies: Vec<(u16, i64)>,
    /// Past rows of erased versions: key, row number, from.
    pub(crate) past_drop: Vec<(PhysicalKey, i64, u64)>,
    /// Versions whose text and salt go: row number, version, sequence of the erasing entry.
    pub(crate) erase: Vec<(i64, u64, u64)>,
    /// Blobs that entries name; those that are known already stay as they are.
    pub(crate) blobs: Vec<StoredBlob>,
    /// Blobs that go with their salt, because an entry erases them.
    pub(crate) blob_erase: Vec<Hash>,
    /// Contents that no entry names.
    pub(crate) blob_sweep: Vec<Hash>,
    pub(crate) desk_put: Vec<StoredDeskRow>,
    pub(crate) desk_drop: Vec<(String, String)>,
    pub(crate) dictionaries: Vec<(u32, Vec<u8>)>,
    pub(crate) obligations: ObligationChanges,
    /// Which entries changed something of whom; a subject and an entry once.
    pub(crate) trail: Vec<TrailRow>,
    /// Whose texts were that have gone.
    pub(crate) erased_whose: Vec<ErasedWhose>,
    /// While another index is made beside the one in use: the sequence at which that began. Rows then go into both.
    pub(crate) next: Option<u64>,
    /// Rows and kept past rows for the index being made alone; those that are there stay.
    pub(crate) next_add: Vec<Hit>,
    pub(crate) next_past: Vec<PastRow>,
    /// The head expected and the head to be.
    pub(crate) head: Option<(Head, Head)>,
}
