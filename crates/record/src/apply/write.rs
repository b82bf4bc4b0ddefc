//! Writing entries that were decided elsewhere: through the group and the batch of every other commit, with the same
//! numbering, index rows, tallies and tiles. Decides nothing and checks nothing but that the head is where it was.

use journal::{Entry, Operation};

use crate::change::Key;
use crate::error::Problem;
use crate::group::{Erased, Group, NewVersion};
use crate::keyed::KeyedRows;
use crate::store::{KeptKey, StoredBlob};

/// One checked entry, ready to be written.
pub(crate) struct Received {
    pub(crate) entry: Entry,
    pub(crate) body: Vec<u8>,
    /// 16 bytes, or none when it went with an erased text.
    pub(crate) salt: Vec<u8>,
    pub(crate) changes: Vec<ReceivedChange>,
    pub(crate) blobs: Vec<StoredBlob>,
    pub(crate) kept_key: Option<KeptKey>,
    /// Versions whose text is here and goes.
    pub(crate) erase: Vec<Erased>,
    /// Resources of which a text goes that came as gone, and whose it was.
    pub(crate) settled: Vec<(Key, Vec<Key>)>,
    /// Blobs that are here and go.
    pub(crate) erase_blobs: Vec<journal::Hash>,
}

/// One version of a received entry.
pub(crate) struct ReceivedChange {
    pub(crate) key: Key,
    pub(crate) version: u64,
    pub(crate) operation: Operation,
    /// 16 bytes, or the number of the erasing entry.
    pub(crate) salt: Vec<u8>,
    /// `None` when it is erased.
    pub(crate) text: Option<Vec<u8>>,
    pub(crate) rows: KeyedRows,
    /// The rows and the sequence of the version before, when that was live.
    pub(crate) before: Option<(u64, KeyedRows)>,
    /// Whose it is, when its text is erased.
    pub(crate) whose: Option<Vec<Key>>,
    /// Whose the version before was, when that one's text is erased.
    pub(crate) whose_before: Vec<Key>,
}

impl Group<'_> {
    /// Reads in one go where every resource of the entries is.
    pub(crate) fn gather_received(&mut self, entries: &[Received]) -> Result<(), Problem> {
        let changed = entries.iter().flat_map(|entry| &entry.changes).map(|change| &change.key);
        let settled = entries.iter().flat_map(|entry| &entry.settled).map(|(key, _)| key);
        self.gather_keys(changed.chain(settled).collect())
    }

    /// Writes one entry.
    pub(crate) fn take_received(&mut self, received: Received) -> Result<(), Problem> {
        let (sequence, moment) = (received.entry.sequence, received.entry.moment);
        if (sequence, received.entry.previous) != (self.head.sequence + 1, self.head.chain) {
            return Err(Problem::Deposed { epoch: 0 });
        }
        let mut rids = Vec::with_capacity(received.changes.len());
        for change in received.changes {
            rids.push(self.keep_version(NewVersion {
                key: change.key,
                version: change.version,
                operation: change.operation,
                sequence,
                moment,
                salt: change.salt,
                text: change.text,
                rows: change.rows,
                before: change.before,
                whose: change.whose,
                whose_before: change.whose_before,
            })?);
        }
        // Entries made here later are of a later tenure than those that came.
        let named = match &received.entry.act {
            journal::Act::Cut(cut) => cut.epoch,
            _ => 0,
        };
        self.head.epoch = self.head.epoch.max(received.entry.epoch).max(named);
        self.append(&received.entry, received.body, received.salt, rids);
        for (key, whose) in &received.settled {
            if let Some(rid) = self.rid(key) {
                self.trail.note_whose(whose, sequence, rid);
            }
        }
        self.batch.blobs.extend(received.blobs);
        self.batch.kept_keys.extend(received.kept_key);
        self.erase_texts(received.erase, received.erase_blobs, sequence)
    }
}
