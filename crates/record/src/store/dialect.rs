//! The SQL that both stores share, and the few places where they differ.
//!
//! Parameters are written `$1`, `$2` … in order of first appearance, which both databases read the same way.

pub(crate) mod postgres;

/// The types and clauses that differ.
pub(crate) struct Dialect {
    pub(crate) int: &'static str,
    pub(crate) bytes: &'static str,
    pub(crate) text: &'static str,
    pub(crate) clustered: &'static str,
    pub(crate) zero_hash: &'static str,
    pub(crate) next_rows: &'static str,
}

/// SQLite: rows kept inside the primary key.
pub(crate) const SQLITE: Dialect = Dialect {
    int: "INTEGER",
    bytes: "BLOB",
    text: "TEXT",
    clustered: "WITHOUT ROWID",
    zero_hash: "zeroblob(32)",
    next_rows: "CREATE TABLE idx_next (key BLOB NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (key, rid)) WITHOUT ROWID;",
};

/// PostgreSQL: text is kept as its UTF-8 bytes, so that order and equality are those of bytes whatever the database's
/// encoding and collation, and every character can be kept.
pub(crate) const POSTGRES: Dialect = Dialect {
    int: "BIGINT",
    bytes: "BYTEA",
    text: "BYTEA",
    clustered: "",
    zero_hash: "decode(repeat('00', 32), 'hex')",
    next_rows: postgres::NEXT_ROWS,
};

impl Dialect {
    /// A schema step in this dialect.
    pub(crate) fn step(&self, template: &str) -> String {
        template
            .replace("{int}", self.int)
            .replace("{bytes}", self.bytes)
            .replace("{text}", self.text)
            .replace("{clustered}", self.clustered)
            .replace("{zero_hash}", self.zero_hash)
            .replace("{next_rows}", self.next_rows)
    }
}

pub(crate) const HEAD: &str = "SELECT sequence, epoch, moment, chain, desk, past_from FROM head WHERE one = 1";
/// Changes no row when no epoch follows: a number that is too large for its column is never put into it.
pub(crate) const TAKE_OVER: &str = "UPDATE head SET epoch = epoch + 1 WHERE one = 1 AND epoch < 9223372036854775807";
pub(crate) const MOVE_HEAD: &str = "UPDATE head SET sequence = $1, moment = $2, chain = $3, desk = $4, \
     epoch = $5 WHERE one = 1 AND sequence = $6 AND epoch = $7 AND desk = $8";
pub(crate) const NAMES: &str = "SELECT number, name FROM name WHERE list = $1 ORDER BY number";
pub(crate) const SYMBOL: &str = "SELECT symbol FROM symbol WHERE code = $1 AND system = $2";
pub(crate) const SYMBOLS_OF: &str = "SELECT system, symbol FROM symbol WHERE code = $1 ORDER BY system LIMIT 1000";
pub(crate) const LOCATE: &str = "SELECT rid, version, sequence, live FROM resource WHERE kind = $1 AND id = $2";
pub(crate) const RESOURCE_KEY: &str = "SELECT kind, id FROM resource WHERE rid = $1";
/// The keys of a run of row numbers. Runs are given by (row number, version); a resource has no version, so it is 0.
pub(crate) const RESOURCE_KEYS: &str =
    "SELECT rid, 0, kind, id FROM resource WHERE rid >= $1 AND $2 = 0 AND rid <= $3 ORDER BY rid";
pub(crate) const VERSION_AT: &str = "SELECT rid, version, sequence, moment, operation, seal, coding, salt, text \
     FROM version WHERE rid = $1 AND sequence <= $2 ORDER BY version DESC LIMIT 1";
pub(crate) const VERSION: &str = "SELECT rid, version, sequence, moment, operation, seal, coding, salt, text \
     FROM version WHERE rid = $1 AND version = $2";
/// The versions of a run, from a (row number, version) to the end of a row number.
pub(crate) const VERSIONS: &str = "SELECT rid, version, sequence, moment, operation, seal, coding, salt, text \
     FROM version WHERE (rid, version) >= ($1, $2) AND rid <= $3 ORDER BY rid, version";
pub(crate) const HISTORY: &str = "SELECT rid, version, sequence, moment, operation, seal, coding, salt, text \
     FROM version WHERE rid = $1 AND version < $2 ORDER BY version DESC LIMIT $3";
pub(crate) const ALL_VERSIONS: &str = "SELECT rid, version, sequence, moment, operation, seal, coding, salt, text \
     FROM version WHERE (rid, version) > ($1, $2) ORDER BY rid, version LIMIT $3";
pub(crate) const RESOURCES: &str = "SELECT rid, version, sequence, live, kind, id FROM resource \
     WHERE rid > $1 ORDER BY rid LIMIT $2";
/// With those of entries that the head, in the statement's own snapshot, does not know.
pub(crate) const COUNT_VERSIONS: &str = "SELECT count(*) FROM version \
     WHERE sequence <= $1 OR sequence > (SELECT sequence FROM head WHERE one = 1)";
pub(crate) const SCAN: &str = "SELECT key, rid FROM idx WHERE (key, rid) > ($1, $2) AND key >= $3 AND key < $4 \
     ORDER BY key, rid LIMIT $5";
pub(crate) const SCAN_DOWN: &str = "SELECT key, rid FROM idx WHERE (key, rid) < ($1, $2) AND key >= $3 AND key < $4 \
     ORDER BY key DESC, rid DESC LIMIT $5";
pub(crate) const SCAN_AS_AT: &str = "SELECT key, rid FROM (\
       SELECT i.key, i.rid FROM idx i JOIN resource r ON r.rid = i.rid \
       WHERE (i.key, i.rid) > ($1, $2) AND i.key >= $3 AND i.key < $4 AND r.sequence <= $5 \
     UNION ALL \
       SELECT key, rid FROM index_past \
       WHERE (key, rid) > ($1, $2) AND key >= $3 AND key < $4 AND from_sequence <= $5 AND to_sequence > $5\
     ) AS valid ORDER BY key, rid LIMIT $6";
pub(crate) const SCAN_DOWN_AS_AT: &str = "SELECT key, rid FROM (\
       SELECT i.key, i.rid FROM idx i JOIN resource r ON r.rid = i.rid \
       WHERE (i.key, i.rid) < ($1, $2) AND i.key >= $3 AND i.key < $4 AND r.sequence <= $5 \
     UNION ALL \
       SELECT key, rid FROM index_past \
       WHERE (key, rid) < ($1, $2) AND key >= $3 AND key < $4 AND from_sequence <= $5 AND to_sequence > $5\
     ) AS valid ORDER BY key DESC, rid DESC LIMIT $6";
/// Only what is not valid any more, for a store that takes what changed since out of the rows of now by itself.
pub(crate) const PAST_SCAN: &str = "SELECT key, rid FROM index_past WHERE (key, rid) > ($1, $2) AND key >= $3 AND key < $4 \
     AND from_sequence <= $5 AND to_sequence > $5 ORDER BY key, rid LIMIT $6";
pub(crate) const PAST_SCAN_DOWN: &str = "SELECT key, rid FROM index_past WHERE (key, rid) < ($1, $2) AND key >= $3 \
     AND key < $4 AND from_sequence <= $5 AND to_sequence > $5 ORDER BY key DESC, rid DESC LIMIT $6";
/// The row numbers of what entries after one changed.
pub(crate) const CHANGED_AFTER: &str = "SELECT rids FROM entry WHERE sequence > $1";
pub(crate) const ESTIMATE: &str =
    "SELECT count(*) FROM (SELECT 1 FROM idx WHERE key >= $1 AND key < $2 LIMIT $3) AS found";
/// How many resources of a kind have rows in a range, as at a sequence, whatever the newest one is.
pub(crate) const COUNT_RANGE: &str = "SELECT count(*) FROM (\
       SELECT i.rid FROM idx i JOIN resource r ON r.rid = i.rid \
       WHERE i.key >= $1 AND i.key < $2 AND r.kind = $3 AND r.sequence <= $4 \
     UNION \
       SELECT p.rid FROM index_past p JOIN resource r ON r.rid = p.rid \
       WHERE p.key >= $1 AND p.key < $2 AND r.kind = $3 AND p.from_sequence <= $4 AND p.to_sequence > $4\
     ) AS counted";
pub(crate) const HOLDERS: &str = "SELECT key, rid FROM idx \
     WHERE key >= $1 AND key < $2 AND (key > $1 OR rid > $3) ORDER BY key, rid LIMIT $4";
/// The whole index, and all past rows, in the order of their keys.
pub(crate) const INDEX_AFTER: &str = "SELECT key, rid FROM idx WHERE (key, rid) > ($1, $2) ORDER BY key, rid LIMIT $3";
pub(crate) const PAST_AFTER: &str = "SELECT key, rid, from_sequence, to_sequence, kept FROM index_past \
     WHERE (key, rid, from_sequence) > ($1, $2, $3) ORDER BY key, rid, from_sequence LIMIT $4";
pub(crate) const ENTRIES: &str =
    "SELECT sequence, moment, salt, rids, body FROM entry WHERE sequence >= $1 ORDER BY sequence LIMIT $2";
/// Looks at the head in the statement's own snapshot, so that whoever commits meanwhile is not blamed.
pub(crate) const ENTRIES_OUTSIDE: &str = "SELECT sequence FROM entry \
     WHERE sequence < 1 OR sequence > (SELECT sequence FROM head WHERE one = 1) ORDER BY sequence LIMIT $1";
pub(crate) const ENTRY_MOMENT: &str = "SELECT moment FROM entry WHERE sequence = $1";
/// The few rows of the trail first, so that no plan walks the entries.
pub(crate) const TRAIL: &str = "SELECT t.sequence, t.rids, e.rids, e.body FROM \
     (SELECT sequence, rids FROM trail WHERE subject = $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3) AS t \
     JOIN entry e ON e.sequence = t.sequence ORDER BY t.sequence DESC";
pub(crate) const TRAIL_ROW: &str = "SELECT rids FROM trail WHERE subject = $1 AND sequence = $2";
pub(crate) const COUNT_TRAIL: &str = "SELECT count(*) FROM trail WHERE sequence <= $1";
pub(crate) const ERASED_WHOSE: &str = "SELECT subjects FROM erased_whose WHERE rid = $1 AND version = $2";
pub(crate) const TALLIES: &str = "SELECT kind, live FROM tally WHERE live > 0 ORDER BY kind";
/// How many of a kind are live, if nothing newer than a sequence is there: one statement, so that no commit comes between.
pub(crate) const TALLY_AS_AT: &str = "SELECT coalesce((SELECT live FROM tally WHERE kind = $1), 0) FROM head \
     WHERE one = 1 AND sequence <= $2";
pub(crate) const DICTIONARIES: &str = "SELECT number, bytes FROM dictionary ORDER BY number";
pub(crate) const TILE: &str = "SELECT hashes FROM tile WHERE name = $1";
pub(crate) const KEPT_KEY: &str =
    "SELECT principal, key, sequence, digest, moment FROM kept_key WHERE principal = $1 AND key = $2";
pub(crate) const DESK_GET: &str =
    "SELECT kind, key, change, expires, seal, bytes FROM desk WHERE kind = $1 AND key = $2";
pub(crate) const DESK_LIST: &str = "SELECT kind, key, change, expires, seal, bytes FROM desk \
     WHERE kind = $1 AND key >= $2 AND key < $3 ORDER BY key LIMIT $4";
pub(crate) const DESK_SINCE: &str = "SELECT kind, key, change, expires, seal, bytes FROM desk \
     WHERE change > $1 ORDER BY change LIMIT $2";
pub(crate) const DESK_CHANGE: &str = "SELECT change FROM desk WHERE kind = $1 AND key = $2";
pub(crate) const BLOB: &str = "SELECT digest, salt, length, entry FROM blob WHERE digest = $1";
pub(crate) const BLOBS_AFTER: &str =
    "SELECT digest, salt, length, entry FROM blob WHERE digest > $1 ORDER BY digest LIMIT $2";
pub(crate) const COUNT_BLOBS: &str = "SELECT count(*) FROM blob WHERE entry <= $1";
pub(crate) const BLOB_BYTES: &str = "SELECT coalesce(sum(length), 0) FROM blob";
pub(crate) const HIGHEST: &str =
    "SELECT coalesce((SELECT max(rid) FROM resource), 0), coalesce((SELECT max(symbol) FROM symbol), 0)";

pub(crate) const PUT_NAME: &str = "INSERT INTO name (list, number, name) VALUES ($1, $2, $3)";
pub(crate) const PUT_SYMBOL: &str = "INSERT INTO symbol (symbol, system, code) VALUES ($1, $2, $3)";
pub(crate) const PUT_RESOURCE: &str =
    "INSERT INTO resource (rid, kind, id, version, sequence, live) VALUES ($1, $2, $3, 0, 0, 0)";
pub(crate) const PUT_CURRENT: &str = "UPDATE resource SET version = $1, sequence = $2, live = $3 WHERE rid = $4";
pub(crate) const PUT_VERSION: &str = "INSERT INTO version (rid, version, sequence, moment, operation, seal, coding, salt, text) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
pub(crate) const PUT_ROW: &str = "INSERT INTO idx (key, rid) VALUES ($1, $2)";
pub(crate) const DROP_ROW: &str = "DELETE FROM idx WHERE key = $1 AND rid = $2";
pub(crate) const PUT_PAST: &str =
    "INSERT INTO index_past (key, rid, from_sequence, to_sequence, kept) VALUES ($1, $2, $3, $4, $5)";
pub(crate) const DROP_PAST: &str = "DELETE FROM index_past WHERE key = $1 AND rid = $2 AND from_sequence = $3";
pub(crate) const PUT_ENTRY: &str = "INSERT INTO entry (sequence, moment, salt, rids, body) VALUES ($1, $2, $3, $4, $5)";
/// Made again from the texts, a row is the same or was damaged.
pub(crate) const PUT_TRAIL: &str = "INSERT INTO trail (subject, sequence, rids) VALUES ($1, $2, $3) \
     ON CONFLICT (subject, sequence) DO UPDATE SET rids = excluded.rids";
pub(crate) const PUT_ERASED_WHOSE: &str =
    "INSERT INTO erased_whose (rid, version, subjects) VALUES ($1, $2, $3) ON CONFLICT (rid, version) DO NOTHING";
pub(crate) const PUT_TILE: &str = "INSERT INTO tile (name, hashes) VALUES ($1, $2)";
pub(crate) const PUT_KEPT_KEY: &str =
    "INSERT INTO kept_key (principal, key, sequence, digest, moment) VALUES ($1, $2, $3, $4, $5)";
pub(crate) const PUT_TALLY: &str = "INSERT INTO tally (kind, live) VALUES ($1, $2) \
     ON CONFLICT (kind) DO UPDATE SET live = tally.live + excluded.live";
pub(crate) const PUT_DICTIONARY: &str = "INSERT INTO dictionary (number, bytes) VALUES ($1, $2)";
pub(crate) const ERASE: &str = "UPDATE version SET text = NULL, salt = $1 WHERE rid = $2 AND version = $3";
/// The salt of the entry that made an erased version goes too: its digests of spans and requests can then not be
/// tested against guesses.
pub(crate) const ERASE_ENTRY_SALT: &str = "UPDATE entry SET salt = $1 WHERE sequence = \
     (SELECT sequence FROM version WHERE rid = $2 AND version = $3)";
pub(crate) const PUT_BLOB: &str =
    "INSERT INTO blob (digest, salt, length, entry) VALUES ($1, $2, $3, $4) ON CONFLICT (digest) DO NOTHING";
pub(crate) const DROP_BLOB: &str = "DELETE FROM blob WHERE digest = $1";
pub(crate) const PUT_DESK: &str = "INSERT INTO desk (kind, key, change, expires, seal, bytes) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (kind, key) DO UPDATE SET change = excluded.change, expires = excluded.expires, \
     seal = excluded.seal, bytes = excluded.bytes";
pub(crate) const DROP_DESK: &str = "DELETE FROM desk WHERE kind = $1 AND key = $2";
pub(crate) const RAISE_PAST_FROM: &str = "UPDATE head SET past_from = $1 WHERE past_from < $1";
/// Rows that are kept for ever are not in the index that this walks.
pub(crate) const SWEEP_PAST: &str = "DELETE FROM index_past WHERE (key, rid, from_sequence) IN \
     (SELECT key, rid, from_sequence FROM index_past WHERE kept = 0 AND to_sequence <= $1 LIMIT 5000)";
pub(crate) const SWEEP_KEPT_KEYS: &str = "DELETE FROM kept_key WHERE (principal, key) IN \
     (SELECT principal, key FROM kept_key WHERE moment < $1 LIMIT 5000)";
/// Rows of an index that is being replaced are confirmed by the one being made (resources changed since `$3`), or are as
/// the functions before made them.
pub(crate) const HOLDERS_BESIDE: &str = "SELECT key, rid FROM (\
       SELECT i.key, i.rid FROM idx i JOIN resource r ON r.rid = i.rid \
       WHERE i.key >= $1 AND i.key < $2 AND (i.key > $1 OR i.rid > $3) AND r.sequence <= $4 \
     UNION SELECT key, rid FROM idx_next WHERE key >= $1 AND key < $2 AND (key > $1 OR rid > $3)\
     ) AS held ORDER BY key, rid LIMIT $5";
/// While another index is made, the one in use may have a row that its functions did not make, or have it already.
pub(crate) const PUT_ROW_BESIDE: &str = "INSERT INTO idx (key, rid) VALUES ($1, $2) ON CONFLICT DO NOTHING";
pub(crate) const PUT_NEXT_ROW: &str = "INSERT INTO idx_next (key, rid) VALUES ($1, $2) ON CONFLICT DO NOTHING";
pub(crate) const DROP_NEXT_ROW: &str = "DELETE FROM idx_next WHERE key = $1 AND rid = $2";
pub(crate) const PUT_NEXT_PAST: &str = "INSERT INTO index_past_next (key, rid, from_sequence, to_sequence, kept) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
pub(crate) const DROP_NEXT_PAST: &str =
    "DELETE FROM index_past_next WHERE key = $1 AND rid = $2 AND from_sequence = $3";
pub(crate) const DROP_NEXT: &str = "DROP TABLE IF EXISTS idx_next; DROP TABLE IF EXISTS index_past_next;";
pub(crate) const DROP_OLD: &str = "DROP TABLE IF EXISTS idx_old; DROP TABLE IF EXISTS index_past_old;";
pub(crate) const SWAP: &str = "ALTER TABLE idx RENAME TO idx_old; ALTER TABLE idx_next RENAME TO idx; \
     ALTER TABLE index_past RENAME TO index_past_old; ALTER TABLE index_past_next RENAME TO index_past; \
     DROP INDEX index_past_end; CREATE INDEX index_past_end ON index_past (to_sequence) WHERE kept = 0;";
pub(crate) const FORGET_PAST: &str = "UPDATE head SET past_from = sequence WHERE one = 1";

pub(crate) const CURRENT_OBLIGATIONS: &str =
    "SELECT anchor, kind, owner, due, subjects, from_sequence FROM obligation WHERE anchor = $1";
pub(crate) const PUT_OBLIGATION: &str =
    "INSERT INTO obligation (anchor, kind, owner, due, subjects, from_sequence) VALUES ($1, $2, $3, $4, $5, $6)";
pub(crate) const DROP_OBLIGATION: &str =
    "DELETE FROM obligation WHERE anchor = $1 AND kind = $2 AND owner = $3 AND due = $4";
pub(crate) const PUT_PAST_OBLIGATION: &str = "INSERT INTO obligation_past \
     (anchor, kind, owner, due, subjects, from_sequence, to_sequence) VALUES ($1, $2, $3, $4, $5, $6, $7)";
pub(crate) const FORGET_OBLIGATIONS: &str =
    "DELETE FROM obligation_past WHERE anchor = $1 AND from_sequence >= $2 AND from_sequence < $3";
pub(crate) const SWEEP_PAST_OBLIGATIONS: &str = "DELETE FROM obligation_past WHERE (anchor, kind, owner, due, from_sequence) IN \
     (SELECT anchor, kind, owner, due, from_sequence FROM obligation_past WHERE to_sequence <= $1 LIMIT 5000)";

/// The obligations that hold at the sequence `$1` and satisfy the conditions (each begins with AND). Past ones are
/// not looked at when nothing newer than the sequence is there.
fn obligations_at(columns: &str, conditions: &str) -> String {
    format!(
        "SELECT {columns} FROM obligation WHERE from_sequence <= $1{conditions} \
         UNION ALL SELECT {columns} FROM obligation_past \
         WHERE (SELECT sequence FROM head WHERE one = 1) > $1 AND from_sequence <= $1 AND to_sequence > $1{conditions}"
    )
}

/// A page of obligations in order; the last one of the page before is given by the values from `next` on.
pub(crate) fn obligations(conditions: &str, next: usize) -> String {
    let valid = obligations_at("anchor, kind, owner, due, subjects, from_sequence", conditions);
    format!(
        "SELECT anchor, kind, owner, due, subjects, from_sequence FROM ({valid}) AS valid \
         WHERE (due, anchor, kind, owner) > (${}, ${}, ${}, ${}) ORDER BY due, anchor, kind, owner LIMIT ${}",
        next,
        next + 1,
        next + 2,
        next + 3,
        next + 4
    )
}

/// How many obligations hold and satisfy the conditions.
pub(crate) fn count_obligations(conditions: &str) -> String {
    format!("SELECT count(*) FROM ({}) AS valid", obligations_at("anchor", conditions))
}

/// The obligations of anchors, given by a condition on their row number.
pub(crate) fn obligations_of(anchor: &str) -> String {
    obligations_at("anchor, kind, owner, due, subjects, from_sequence", &format!(" AND anchor {anchor}"))
}

/// Row numbers as stored in an entry: differences from the one before, zigzag, seven bits to a byte, low first.
pub(crate) fn pack_rids(rids: &[i64]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(rids.len() * 2);
    let mut before = 0i64;
    for &rid in rids {
        let step = rid.wrapping_sub(before);
        let mut left = ((step << 1) ^ (step >> 63)) as u64;
        while left >= 128 {
            packed.push((left as u8) | 128);
            left >>= 7;
        }
        packed.push(left as u8);
        before = rid;
    }
    packed
}

/// The row numbers again; `None` when the bytes are cut or too long.
pub(crate) fn unpack_rids(packed: &[u8]) -> Option<Vec<i64>> {
    let mut rids = Vec::new();
    let (mut before, mut value, mut shift) = (0i64, 0u64, 0u32);
    for &byte in packed {
        if shift > 63 {
            return None;
        }
        value |= u64::from(byte & 127) << shift;
        shift += 7;
        if byte < 128 {
            let step = (value >> 1) as i64 ^ -((value & 1) as i64);
            before = before.wrapping_add(step);
            rids.push(before);
            (value, shift) = (0, 0);
        }
    }
    (shift == 0).then_some(rids)
}
