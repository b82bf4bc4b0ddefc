//! The tables of a record, as a list of steps that only ever grows: expand first, contract in a later release.
//!
//! One text for both stores; [`super::dialect`] fills in the types. Times are UTC milliseconds, sequences count from 1.

/// One step of the schema; steps are applied in order and never edited once released.
pub(crate) const STEPS: &[&str] = &[
    "
CREATE TABLE head (
    one {int} PRIMARY KEY CHECK (one = 1),
    sequence {int} NOT NULL,
    epoch {int} NOT NULL,
    moment {int} NOT NULL,
    chain {bytes} NOT NULL,
    desk {int} NOT NULL,
    past_from {int} NOT NULL
);
INSERT INTO head VALUES (1, 0, 0, 0, {zero_hash}, 0, 0);
CREATE TABLE entry (
    sequence {int} PRIMARY KEY,
    moment {int} NOT NULL,
    salt {bytes} NOT NULL,
    rids {bytes} NOT NULL,
    body {bytes} NOT NULL
);
CREATE TABLE resource (
    rid {int} PRIMARY KEY,
    kind {int} NOT NULL,
    id {bytes} NOT NULL,
    version {int} NOT NULL,
    sequence {int} NOT NULL,
    live {int} NOT NULL
);
CREATE UNIQUE INDEX resource_key ON resource (kind, id);
CREATE TABLE version (
    rid {int} NOT NULL,
    version {int} NOT NULL,
    sequence {int} NOT NULL,
    moment {int} NOT NULL,
    operation {int} NOT NULL,
    seal {int} NOT NULL,
    coding {int} NOT NULL,
    salt {bytes} NOT NULL,
    text {bytes},
    PRIMARY KEY (rid, version)
) {clustered};
CREATE TABLE idx (
    key {bytes} NOT NULL,
    rid {int} NOT NULL,
    PRIMARY KEY (key, rid)
) {clustered};
CREATE TABLE index_past (
    key {bytes} NOT NULL,
    rid {int} NOT NULL,
    from_sequence {int} NOT NULL,
    to_sequence {int} NOT NULL,
    PRIMARY KEY (key, rid, from_sequence)
) {clustered};
CREATE INDEX index_past_end ON index_past (to_sequence);
CREATE TABLE name (
    list {int} NOT NULL,
    number {int} NOT NULL,
    name {text} NOT NULL,
    PRIMARY KEY (list, number)
) {clustered};
CREATE TABLE symbol (
    code {text} NOT NULL,
    system {int} NOT NULL,
    symbol {int} NOT NULL,
    PRIMARY KEY (code, system)
) {clustered};
CREATE UNIQUE INDEX symbol_number ON symbol (symbol);
CREATE TABLE tile (
    name {bytes} PRIMARY KEY,
    hashes {bytes} NOT NULL
);
CREATE TABLE kept_key (
    principal {text} NOT NULL,
    key {text} NOT NULL,
    sequence {int} NOT NULL,
    digest {bytes} NOT NULL,
    moment {int} NOT NULL,
    PRIMARY KEY (principal, key)
) {clustered};
CREATE INDEX kept_key_moment ON kept_key (moment);
CREATE TABLE tally (
    kind {int} PRIMARY KEY,
    live {int} NOT NULL
);
CREATE TABLE dictionary (
    number {int} PRIMARY KEY,
    bytes {bytes} NOT NULL
);
CREATE TABLE desk (
    kind {text} NOT NULL,
    key {text} NOT NULL,
    change {int} NOT NULL,
    expires {int},
    seal {int} NOT NULL,
    bytes {bytes} NOT NULL,
    PRIMARY KEY (kind, key)
) {clustered};
CREATE TABLE blob (
    digest {bytes} PRIMARY KEY,
    salt {bytes} NOT NULL,
    length {int} NOT NULL,
    entry {int} NOT NULL
);
",
    "
CREATE TABLE obligation (
    anchor {int} NOT NULL,
    kind {text} NOT NULL,
    owner {text} NOT NULL,
    due {int} NOT NULL,
    subjects {bytes} NOT NULL,
    from_sequence {int} NOT NULL,
    PRIMARY KEY (anchor, kind, owner, due)
) {clustered};
CREATE INDEX obligation_kind ON obligation (kind, due, anchor);
CREATE INDEX obligation_owner ON obligation (owner, due, anchor);
CREATE TABLE obligation_past (
    anchor {int} NOT NULL,
    kind {text} NOT NULL,
    owner {text} NOT NULL,
    due {int} NOT NULL,
    subjects {bytes} NOT NULL,
    from_sequence {int} NOT NULL,
    to_sequence {int} NOT NULL,
    PRIMARY KEY (anchor, kind, owner, due, from_sequence)
) {clustered};
CREATE INDEX obligation_past_end ON obligation_past (to_sequence);
",
    "
CREATE INDEX blob_entry ON blob (entry);
",
    "
ALTER TABLE index_past ADD COLUMN kept {int} NOT NULL DEFAULT 0;
DROP INDEX index_past_end;
CREATE INDEX index_past_end ON index_past (to_sequence) WHERE kept = 0;
",
    // Rows of the index get another order inside PostgreSQL alone.
    "",
    "
CREATE TABLE trail (
    subject {int} NOT NULL,
    sequence {int} NOT NULL,
    rids {bytes} NOT NULL,
    PRIMARY KEY (subject, sequence)
) {clustered};
CREATE TABLE erased_whose (
    rid {int} NOT NULL,
    version {int} NOT NULL,
    subjects {bytes} NOT NULL,
    PRIMARY KEY (rid, version)
) {clustered};
",
];

/// The tables of an index that is made beside the one in use; they take its place and its names.
pub(crate) const NEXT_TABLES: &str = "
{next_rows}
CREATE TABLE index_past_next (
    key {bytes} NOT NULL,
    rid {int} NOT NULL,
    from_sequence {int} NOT NULL,
    to_sequence {int} NOT NULL,
    kept {int} NOT NULL DEFAULT 0,
    PRIMARY KEY (key, rid, from_sequence)
) {clustered};
";
