//! Statements that only PostgreSQL has: each takes arrays, so that it is one round trip whatever their length. What
//! both databases read the same way is in the parent module.

pub(crate) const SETTINGS: &str = "SELECT name, setting FROM pg_settings WHERE name IN \
     ('fsync', 'full_page_writes', 'synchronous_commit', 'server_version_num')";
pub(crate) const LOCK_SCHEMA: &str = "SELECT pg_advisory_xact_lock(hashtext('almoner schema'), hashtext($1))";
/// The tables of a record are made together with this one, in the schema that the session looks in.
pub(crate) const HAS_TABLES: &str = "SELECT to_regclass('schema_version') IS NOT NULL";
/// How far the tables were made, for whoever may only read them.
pub(crate) const STEP: &str = "SELECT step FROM schema_version WHERE one = 1";
/// Whether the server follows another one, and whether a writer of this schema is connected. A writer of a release that did
/// not name its schema counts.
pub(crate) const WHO_WRITES: &str = "SELECT pg_is_in_recovery(), EXISTS (SELECT 1 FROM pg_stat_activity \
     WHERE datname = current_database() AND application_name LIKE 'almoner writer %' \
     AND split_part(application_name, ' ', 4) IN ('', left(current_schema(), 31)))";
/// One state of the whole database for everything that is asked after it.
pub(crate) const ONE_STATE: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
pub(crate) const SCHEMA: &str = "SELECT 1 FROM pg_namespace WHERE nspname = $1";
pub(crate) const SCHEMA_VERSION: &str = "CREATE TABLE IF NOT EXISTS schema_version \
     (one BIGINT PRIMARY KEY CHECK (one = 1), step BIGINT NOT NULL); \
     INSERT INTO schema_version VALUES (1, 0) ON CONFLICT DO NOTHING";
pub(crate) const KNOWN_STEP: &str = "SELECT step FROM schema_version WHERE one = 1 FOR UPDATE";
pub(crate) const SET_STEP: &str = "UPDATE schema_version SET step = $1 WHERE one = 1";
/// What PostgreSQL needs besides each step of the schema. Texts come compressed and hashes do not compress, so the
/// server does not try; `resource` leaves room for its rows to be updated in their page.
pub(crate) const BESIDES: &[&str] = &[
    "
    ALTER TABLE version ALTER COLUMN text SET STORAGE EXTERNAL;
    ALTER TABLE entry ALTER COLUMN body SET STORAGE EXTERNAL;
    ALTER TABLE tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
    ALTER TABLE dictionary ALTER COLUMN bytes SET STORAGE EXTERNAL;
    ALTER TABLE resource SET (fillfactor = 90);
    ALTER TABLE head SET (fillfactor = 50);
    ALTER TABLE tally SET (fillfactor = 50);
",
    "",
    "
    CREATE TABLE blob_part (
        digest BYTEA NOT NULL,
        part BIGINT NOT NULL,
        bytes BYTEA NOT NULL,
        PRIMARY KEY (digest, part)
    );
    ALTER TABLE blob_part ALTER COLUMN bytes SET STORAGE EXTERNAL;
",
    "",
    "
    ALTER TABLE idx DROP CONSTRAINT IF EXISTS idx_pkey, DROP CONSTRAINT IF EXISTS idx_next_pkey,
        DROP CONSTRAINT IF EXISTS idx_next_pkey1;
    CREATE INDEX ON idx (key, (rid >> 8));
    DROP TABLE IF EXISTS idx_next;
    DROP TABLE IF EXISTS index_past_next;
",
];
/// Rows of the index are asked for in the order of `key, rid >> 8, rid`, which is that of `key, rid`. The server's own
/// index holds the first two, so that up to 256 neighbours under one key lie in it as one key with a list of places,
/// which halves it. Its name is left to the server, because two tables of rows may be there at once.
pub(crate) const NEXT_ROWS: &str = "CREATE TABLE idx_next (key BYTEA NOT NULL, rid BIGINT NOT NULL); \
     CREATE INDEX ON idx_next (key, (rid >> 8));";
pub(crate) const SIZE: &str = "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class \
     WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'";
pub(crate) const END_OTHERS: &str = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
     WHERE application_name = $1 AND pid <> pg_backend_pid()";

/// Gives no row when no epoch follows.
pub(crate) const TAKE_OVER: &str = "UPDATE head SET epoch = epoch + 1 WHERE one = 1 AND epoch < 9223372036854775807 \
     RETURNING sequence, epoch, moment, chain, desk, past_from";
/// The first part of a commit, so that whoever commits holds the head's row.
pub(crate) const MOVE_HEAD: &str = "UPDATE head SET sequence = $1, moment = $2, chain = $3, desk = $4, epoch = $5 \
     WHERE one = 1 AND sequence = $6 AND epoch = $7 AND desk = $8 RETURNING 1";

/// Joins the parts of a commit to one statement. It fails (division by zero) when the first part, [`MOVE_HEAD`], finds
/// that the head has moved or another epoch holds it; the others are carried out after that. A part that is for few rows
/// takes them from its columns by their place.
pub(crate) fn joined(parts: &[(&str, bool)]) -> String {
    let (mut sql, mut before) = (String::from("WITH "), 0);
    for (place, (part, few)) in parts.iter().enumerate() {
        let separator = if place == 0 { "" } else { ", " };
        let part = if *few { by_place(part) } else { None }.unwrap_or_else(|| (*part).to_owned());
        let (renumbered, highest) = renumbered(&part, before);
        sql.push_str(&format!("{separator}part_{place} AS ({renumbered})"));
        before = highest;
    }
    sql + " SELECT 1 / count(*) FROM part_0"
}

/// A statement that opens columns side by side, with the same rows by their place in them.
fn by_place(sql: &str) -> Option<String> {
    let (before, rest) = sql.split_once("SELECT * FROM unnest(")?;
    let (columns, after) = rest.split_once(')')?;
    let first = columns.split(", ").next()?;
    let values: Vec<String> = columns.split(", ").map(|column| format!("({column})[place]")).collect();
    let values = values.join(", ");
    Some(format!("{before}SELECT {values} FROM generate_series(1, cardinality({first})) AS place{after}"))
}

/// The statement with `before` added to the numbers of its values, and the highest of them then.
fn renumbered(sql: &str, before: usize) -> (String, usize) {
    let mut pieces = sql.split('$');
    let (mut out, mut highest) = (pieces.next().unwrap_or_default().to_owned(), before);
    for piece in pieces {
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        let number = before + piece[..digits].parse::<usize>().unwrap_or_default();
        highest = highest.max(number);
        out.push_str(&format!("${number}{}", &piece[digits..]));
    }
    (out, highest)
}

pub(crate) const LOCATE: &str = "SELECT asked.place, r.rid, r.version, r.sequence, r.live \
     FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS asked (kind, id, place) \
     JOIN resource r ON r.kind = asked.kind AND r.id = asked.id";
pub(crate) const RESOURCE_KEYS: &str = "SELECT asked.place, r.kind, r.id \
     FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (rid, place) JOIN resource r ON r.rid = asked.rid";
pub(crate) const SYMBOLS: &str = "SELECT asked.place, s.symbol \
     FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS asked (system, code, place) \
     JOIN symbol s ON s.code = asked.code AND s.system = asked.system";
pub(crate) const VERSIONS_AT: &str = "SELECT asked.place, v.rid, v.version, v.sequence, v.moment, v.operation, \
     v.seal, v.coding, v.salt, v.text FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (rid, place) \
     CROSS JOIN LATERAL (SELECT * FROM version WHERE version.rid = asked.rid AND version.sequence <= $2 \
       ORDER BY version.version DESC LIMIT 1) AS v";
pub(crate) const VERSIONS: &str = "SELECT asked.place, v.rid, v.version, v.sequence, v.moment, v.operation, \
     v.seal, v.coding, v.salt, v.text \
     FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS asked (rid, version, place) \
     JOIN version v ON v.rid = asked.rid AND v.version = asked.version";
pub(crate) const COUNT_VERSIONS: &str = "SELECT count(*) FROM version \
     WHERE (sequence <= $1 OR sequence > (SELECT sequence FROM head WHERE one = 1)) AND rid > $2 AND rid <= $3";
/// How far the newest entry is from the sequence in the parameter `$at`: 0 when nothing newer is there, 1 when few entries
/// (`FEW_ENTRIES`) changed little since, 2 otherwise.
macro_rules! age {
    ($at:literal) => {
        concat!(
            "WITH age AS MATERIALIZED (SELECT CASE WHEN sequence <= ",
            $at,
            " THEN 0 WHEN sequence - ",
            $at,
            " <= 200 AND (SELECT coalesce(sum(length(rids)), 0) FROM entry WHERE entry.sequence > ",
            $at,
            ") <= 16384 THEN 1 ELSE 2 END AS age FROM head WHERE one = 1) "
        )
    };
}

/// What a row of a scan says first: that it is one of now, which holds at the sequence unless an entry changed it since, ...
pub(crate) const OF_NOW: i64 = 0;
/// ... or that it holds at the sequence. Any other number: row numbers that an entry changed since stand where the key would.
pub(crate) const VALID: i64 = 1;

/// Ranges of the index, in the order of [`NEXT_ROWS`]. Looks at the head in the statement's own snapshot: rows of now when
/// nothing newer than the sequence is there, with what few entries changed since, or else only rows that were not changed; with
/// what was replaced since. The condition on the age is worked out once and keeps the other parts from starting. A range's other
/// end needs no condition, because what is asked lies `after` its low end.
pub(crate) const SCAN: &str = concat!(
    age!("$4"),
    "(SELECT 0::bigint, key, rid FROM idx WHERE (SELECT age FROM age) < 2 \
       AND (key, rid >> 8, rid) > ($1, $2::bigint >> 8, $2) AND key < $3 ORDER BY key, rid >> 8, rid LIMIT $5) \
     UNION ALL \
     (SELECT 1, i.key, i.rid FROM idx i JOIN resource r ON r.rid = i.rid WHERE (SELECT age FROM age) = 2 \
       AND (i.key, i.rid >> 8, i.rid) > ($1, $2::bigint >> 8, $2) AND i.key < $3 AND r.sequence <= $4 \
      ORDER BY i.key, i.rid >> 8, i.rid LIMIT $5) \
     UNION ALL \
     (SELECT 1, key, rid FROM index_past WHERE (SELECT age FROM age) > 0 \
       AND (key, rid) > ($1, $2) AND key < $3 AND from_sequence <= $4 AND to_sequence > $4 \
      ORDER BY key, rid LIMIT $5) \
     UNION ALL SELECT 2, rids, 0 FROM entry WHERE (SELECT age FROM age) = 1 AND sequence > $4"
);
/// The same from the top down; what is asked lies `before` its high end.
pub(crate) const SCAN_DOWN: &str = concat!(
    age!("$4"),
    "(SELECT 0::bigint, key, rid FROM idx WHERE (SELECT age FROM age) < 2 \
       AND (key, rid >> 8, rid) < ($1, $2::bigint >> 8, $2) AND key >= $3 \
      ORDER BY key DESC, rid >> 8 DESC, rid DESC LIMIT $5) \
     UNION ALL \
     (SELECT 1, i.key, i.rid FROM idx i JOIN resource r ON r.rid = i.rid WHERE (SELECT age FROM age) = 2 \
       AND (i.key, i.rid >> 8, i.rid) < ($1, $2::bigint >> 8, $2) AND i.key >= $3 AND r.sequence <= $4 \
      ORDER BY i.key DESC, i.rid >> 8 DESC, i.rid DESC LIMIT $5) \
     UNION ALL \
     (SELECT 1, key, rid FROM index_past WHERE (SELECT age FROM age) > 0 \
       AND (key, rid) < ($1, $2) AND key >= $3 AND from_sequence <= $4 AND to_sequence > $4 \
      ORDER BY key DESC, rid DESC LIMIT $5) \
     UNION ALL SELECT 2, rids, 0 FROM entry WHERE (SELECT age FROM age) = 1 AND sequence > $4"
);
/// The beginning of many ranges at once, each as in [`SCAN`] and with its place before; what was changed since has the place 0.
pub(crate) const SCAN_EACH: &str = concat!(
    age!("$3"),
    "SELECT asked.place, valid.what, valid.key, valid.rid \
     FROM unnest($1::bytea[], $2::bytea[]) WITH ORDINALITY AS asked (low, high, place) CROSS JOIN LATERAL (\
       (SELECT 0::bigint AS what, key, rid FROM idx WHERE (SELECT age FROM age) < 2 \
          AND key >= asked.low AND key < asked.high ORDER BY key, rid >> 8, rid LIMIT $4) \
       UNION ALL \
       (SELECT 1, i.key, i.rid FROM idx i JOIN resource r ON r.rid = i.rid WHERE (SELECT age FROM age) = 2 \
          AND i.key >= asked.low AND i.key < asked.high AND r.sequence <= $3 \
        ORDER BY i.key, i.rid >> 8, i.rid LIMIT $4) \
       UNION ALL \
       (SELECT 1, key, rid FROM index_past WHERE (SELECT age FROM age) > 0 \
          AND key >= asked.low AND key < asked.high AND from_sequence <= $3 AND to_sequence > $3 \
        ORDER BY key, rid LIMIT $4)) AS valid \
     UNION ALL SELECT 0, 2, rids, 0 FROM entry WHERE (SELECT age FROM age) = 1 AND sequence > $3"
);
pub(crate) const HOLDERS: &str = "SELECT key, rid FROM idx \
     WHERE key >= $1 AND key < $2 AND (key > $1 OR rid > $3) ORDER BY key, rid >> 8, rid LIMIT $4";
/// About how many rows many ranges have, counted up to a bound.
pub(crate) const ESTIMATE: &str = "SELECT count(*) FROM (SELECT 1 FROM unnest($1::bytea[], $2::bytea[]) \
     AS asked (low, high) CROSS JOIN LATERAL (SELECT 1 FROM idx WHERE key >= asked.low AND key < asked.high LIMIT $3) \
     AS found LIMIT $3) AS counted";
/// The blocks of a table, and what lies in some of them: places begin with their block.
pub(crate) const COUNT_BLOCKS: &str =
    "SELECT pg_relation_size($1::text::regclass) / current_setting('block_size')::bigint";
pub(crate) const INDEX_BLOCKS: &str = "SELECT key, rid FROM idx WHERE ctid >= $1::text::tid AND ctid < $2::text::tid";
pub(crate) const PAST_BLOCKS: &str = "SELECT key, rid, from_sequence, to_sequence, kept FROM index_past \
     WHERE ctid >= $1::text::tid AND ctid < $2::text::tid";
/// Halves the entries until the first at or after the moment is found; their moments rise.
pub(crate) const FIRST_AT_OR_AFTER: &str = "WITH RECURSIVE half (low, high) AS (\
       SELECT 1::bigint, sequence + 1 FROM head WHERE one = 1 \
       UNION ALL \
       SELECT CASE WHEN e.moment >= $1 THEN half.low ELSE e.sequence + 1 END, \
              CASE WHEN e.moment >= $1 THEN e.sequence ELSE half.high END \
       FROM half JOIN entry e ON e.sequence = half.low + (half.high - half.low) / 2 WHERE half.low < half.high\
     ) SELECT low FROM half WHERE low >= high";

pub(crate) const SWEEP_PAST: &str = "WITH gone AS (DELETE FROM index_past WHERE ctid = ANY (ARRAY(\
       SELECT ctid FROM index_past WHERE kept = 0 AND to_sequence <= $1 ORDER BY to_sequence LIMIT 5000)) RETURNING 1\
     ) SELECT count(*) FROM gone";
pub(crate) const SWEEP_KEPT_KEYS: &str = "WITH gone AS (DELETE FROM kept_key WHERE ctid = ANY (ARRAY(\
       SELECT ctid FROM kept_key WHERE moment < $1 ORDER BY moment LIMIT 5000)) RETURNING 1\
     ) SELECT count(*) FROM gone";
/// After an erasure: the rows that held text and salts are removed from their pages. Copies in the server's own log and in
/// backups end with those.
pub(crate) const CLEAR_SPACE: &str = "VACUUM version, entry, blob, blob_part";

pub(crate) const PUT_NAMES: &str = "INSERT INTO name (list, number, name) \
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])";
pub(crate) const PUT_SYMBOLS: &str = "INSERT INTO symbol (symbol, system, code) \
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])";
pub(crate) const PUT_RESOURCES: &str = "INSERT INTO resource (rid, kind, id, version, sequence, live) \
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bigint[])";
pub(crate) const PUT_CURRENT: &str = "UPDATE resource SET version = made.version, sequence = made.sequence, \
     live = made.live FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) \
     AS made (rid, version, sequence, live) WHERE resource.rid = made.rid";
pub(crate) const PUT_VERSIONS: &str = "INSERT INTO version \
     (rid, version, sequence, moment, operation, seal, coding, salt, text) \
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], \
       $7::bigint[], $8::bytea[], $9::bytea[])";
pub(crate) const ERASE: &str = "UPDATE version SET text = NULL, salt = gone.salt \
     FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS gone (salt, rid, version) \
     WHERE version.rid = gone.rid AND version.version = gone.version";
pub(crate) const ERASE_ENTRY_SALTS: &str = "UPDATE entry SET salt = ''::bytea \
     FROM unnest($1::bigint[], $2::bigint[]) AS gone (rid, version) JOIN version v USING (rid, version) \
     WHERE entry.sequence = v.sequence";
pub(crate) const PUT_TALLIES: &str = "INSERT INTO tally (kind, live) SELECT * FROM unnest($1::bigint[], $2::bigint[]) \
     ON CONFLICT (kind) DO UPDATE SET live = tally.live + excluded.live";
pub(crate) const PUT_ROWS: &str = "INSERT INTO idx (key, rid) SELECT * FROM unnest($1::bytea[], $2::bigint[])";
pub(crate) const COPY_ROWS: &str = "COPY idx (key, rid) FROM STDIN (FORMAT binary)";
pub(crate) const DROP_ROWS: &str = "DELETE FROM idx USING unnest($1::bytea[], $2::bigint[]) AS gone (key, rid) \
     WHERE idx.key = gone.key AND idx.rid >> 8 = gone.rid >> 8 AND idx.rid = gone.rid";
pub(crate) const PUT_PAST: &str = "INSERT INTO index_past (key, rid, from_sequence, to_sequence, kept) \
     SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])";
pub(crate) const DROP_PAST: &str = "DELETE FROM index_past \
     USING unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS gone (key, rid, from_sequence) \
     WHERE index_past.key = gone.key AND index_past.rid = gone.rid \
       AND index_past.from_sequence = gone.from_sequence";
pub(crate) const PUT_ENTRIES: &str = "INSERT INTO entry (sequence, moment, salt, rids, body) \
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[])";
pub(crate) const TRAIL_ROWS: &str = "SELECT asked.place, t.rids \
     FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS asked (subject, sequence, place) \
     JOIN trail t ON t.subject = asked.subject AND t.sequence = asked.sequence";
pub(crate) const ERASED_WHOSE: &str = "SELECT asked.place, w.subjects \
     FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS asked (rid, version, place) \
     JOIN erased_whose w ON w.rid = asked.rid AND w.version = asked.version";
pub(crate) const PUT_TRAIL: &str = "INSERT INTO trail (subject, sequence, rids) \
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) \
     ON CONFLICT (subject, sequence) DO UPDATE SET rids = excluded.rids";
pub(crate) const PUT_ERASED_WHOSE: &str = "INSERT INTO erased_whose (rid, version, subjects) \
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) ON CONFLICT (rid, version) DO NOTHING";
pub(crate) const PUT_TILES: &str = "INSERT INTO tile (name, hashes) SELECT * FROM unnest($1::bytea[], $2::bytea[])";
pub(crate) const PUT_KEPT_KEYS: &str = "INSERT INTO kept_key (principal, key, sequence, digest, moment) \
     SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bigint[], $4::bytea[], $5::bigint[])";
pub(crate) const PUT_DICTIONARIES: &str =
    "INSERT INTO dictionary (number, bytes) SELECT * FROM unnest($1::bigint[], $2::bytea[])";
pub(crate) const BLOBS: &str = "SELECT asked.place, b.digest, b.salt, b.length, b.entry \
     FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (digest, place) JOIN blob b ON b.digest = asked.digest";
pub(crate) const PUT_BLOBS: &str = "INSERT INTO blob (digest, salt, length, entry) \
     SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bigint[], $4::bigint[]) ON CONFLICT (digest) DO NOTHING";
pub(crate) const DROP_BLOBS: &str = "DELETE FROM blob WHERE digest = ANY ($1::bytea[])";
pub(crate) const PUT_BLOB_PARTS: &str = "INSERT INTO blob_part (digest, part, bytes) \
     SELECT $1::bytea, * FROM unnest($2::bigint[], $3::bytea[]) ON CONFLICT (digest, part) DO NOTHING";
pub(crate) const BLOB_PARTS: &str =
    "SELECT bytes FROM blob_part WHERE digest = $1 AND part >= $2 AND part < $3 ORDER BY part";
pub(crate) const HAS_BLOB_PART: &str = "SELECT EXISTS (SELECT 1 FROM blob_part WHERE digest = $1)";
/// Every content has a first part.
pub(crate) const BLOB_CONTENTS: &str =
    "SELECT digest FROM blob_part WHERE digest >= $1 AND ($2::bytea IS NULL OR digest < $2) AND part = 0";
pub(crate) const DROP_BLOB_PARTS: &str = "DELETE FROM blob_part WHERE digest = ANY ($1::bytea[])";
pub(crate) const PUT_DESK: &str = "INSERT INTO desk (kind, key, change, expires, seal, bytes) \
     SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[]) \
     ON CONFLICT (kind, key) DO UPDATE SET change = excluded.change, expires = excluded.expires, \
     seal = excluded.seal, bytes = excluded.bytes";
pub(crate) const DROP_SCHEMA: &str = "DROP SCHEMA IF EXISTS";
pub(crate) const DROP_DESK: &str = "DELETE FROM desk USING unnest($1::bytea[], $2::bytea[]) AS gone (kind, key) \
     WHERE desk.kind = gone.kind AND desk.key = gone.key";

pub(crate) const CURRENT_OBLIGATIONS: &str =
    "SELECT anchor, kind, owner, due, subjects, from_sequence FROM obligation WHERE anchor = ANY ($1::bigint[])";
pub(crate) const PUT_OBLIGATIONS: &str = "INSERT INTO obligation \
     (anchor, kind, owner, due, subjects, from_sequence) \
     SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bytea[], $6::bigint[])";
pub(crate) const DROP_OBLIGATIONS: &str = "DELETE FROM obligation \
     USING unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bigint[]) AS gone (anchor, kind, owner, due) \
     WHERE obligation.anchor = gone.anchor AND obligation.kind = gone.kind AND obligation.owner = gone.owner \
       AND obligation.due = gone.due";
pub(crate) const PUT_PAST_OBLIGATIONS: &str = "INSERT INTO obligation_past \
     (anchor, kind, owner, due, subjects, from_sequence, to_sequence) SELECT * FROM \
     unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bytea[], $6::bigint[], $7::bigint[])";
pub(crate) const FORGET_OBLIGATIONS: &str = "DELETE FROM obligation_past \
     USING unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS gone (anchor, low, high) \
     WHERE obligation_past.anchor = gone.anchor AND from_sequence >= gone.low AND from_sequence < gone.high";
pub(crate) const SWEEP_PAST_OBLIGATIONS: &str = "WITH gone AS (DELETE FROM obligation_past WHERE ctid = ANY (ARRAY(\
       SELECT ctid FROM obligation_past WHERE to_sequence <= $1 ORDER BY to_sequence LIMIT 5000)) RETURNING 1\
     ) SELECT count(*) FROM gone";

pub(crate) const PUT_ROWS_BESIDE: &str = "INSERT INTO idx (key, rid) \
     SELECT DISTINCT made.key, made.rid FROM unnest($1::bytea[], $2::bigint[]) AS made (key, rid) \
     WHERE NOT EXISTS (SELECT 1 FROM idx \
       WHERE idx.key = made.key AND idx.rid >> 8 = made.rid >> 8 AND idx.rid = made.rid)";
pub(crate) const PUT_NEXT_ROWS: &str = "INSERT INTO idx_next (key, rid) \
     SELECT DISTINCT made.key, made.rid FROM unnest($1::bytea[], $2::bigint[]) AS made (key, rid) \
     WHERE NOT EXISTS (SELECT 1 FROM idx_next \
       WHERE idx_next.key = made.key AND idx_next.rid >> 8 = made.rid >> 8 AND idx_next.rid = made.rid)";
pub(crate) const DROP_NEXT_ROWS: &str = "DELETE FROM idx_next \
     USING unnest($1::bytea[], $2::bigint[]) AS gone (key, rid) \
     WHERE idx_next.key = gone.key AND idx_next.rid >> 8 = gone.rid >> 8 AND idx_next.rid = gone.rid";
/// Only what is kept for ever outlives the change of tables.
pub(crate) const PUT_NEXT_PAST: &str = "INSERT INTO index_past_next (key, rid, from_sequence, to_sequence, kept) \
     SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) \
       AS past (key, rid, from_sequence, to_sequence, kept) WHERE past.kept = 1 ON CONFLICT DO NOTHING";
pub(crate) const DROP_NEXT_PAST: &str = "DELETE FROM index_past_next \
     USING unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS gone (key, rid, from_sequence) \
     WHERE index_past_next.key = gone.key AND index_past_next.rid = gone.rid \
       AND index_past_next.from_sequence = gone.from_sequence";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_parts_count_their_values_on() {
        let insert = "INSERT INTO d (e, f) SELECT * FROM unnest($1::bigint[], $2::bytea[]) ON CONFLICT DO NOTHING";
        let parts = [("UPDATE a SET b = $1 WHERE c = $2 RETURNING 1", true), (insert, false), (insert, true)];
        let sql = "WITH part_0 AS (UPDATE a SET b = $1 WHERE c = $2 RETURNING 1), \
                   part_1 AS (INSERT INTO d (e, f) SELECT * FROM unnest($3::bigint[], $4::bytea[]) \
                   ON CONFLICT DO NOTHING), \
                   part_2 AS (INSERT INTO d (e, f) SELECT ($5::bigint[])[place], ($6::bytea[])[place] \
                   FROM generate_series(1, cardinality($5::bigint[])) AS place ON CONFLICT DO NOTHING) \
                   SELECT 1 / count(*) FROM part_0";
        assert_eq!(joined(&parts), sql);
    }
}
