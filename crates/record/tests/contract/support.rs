//! What the contracts share: a place for a record, a toy text with index rows in plain words, and permits.
//! Knows how to make, copy and tamper with a place of each store.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use access::{Grant, Permit, Role, decide};
use record::{
    Act, Cause, CauseKind, Change, Draft, Durability, Hole, Indexing, Key, Location, Options, Reading, Receipt, Record,
    Source, Template, TransactError,
};
use terms::Moment;
use terms::index::{Part, Row};

/// Where a contract keeps its record. Removed at the end.
pub(crate) struct Place {
    pub(crate) location: Location,
    clock: Arc<AtomicI64>,
    database: Option<Arc<testkit::postgres::TestDatabase>>,
    _directory: tempfile::TempDir,
}

/// A refusal of the tests' own rules.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct No;

impl Place {
    pub(crate) fn sqlite() -> Place {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::Sqlite { directory: directory.path().to_owned() };
        let clock = Arc::new(AtomicI64::new(1_800_000_000_000));
        Place { location, clock, database: None, _directory: directory }
    }

    pub(crate) async fn postgres() -> Place {
        Place::in_schema(Arc::new(testkit::postgres::fresh().await.unwrap()))
    }

    /// A schema and a directory of its own in a database.
    fn in_schema(database: Arc<testkit::postgres::TestDatabase>) -> Place {
        static NUMBER: AtomicI64 = AtomicI64::new(1);
        let directory = tempfile::tempdir().unwrap();
        let location = Location::Postgres {
            url: database.url.clone(),
            schema: format!("trust_{}", NUMBER.fetch_add(1, Ordering::Relaxed)),
            directory: directory.path().to_owned(),
        };
        let clock = Arc::new(AtomicI64::new(1_800_000_000_000));
        Place { location, clock, database: Some(database), _directory: directory }
    }

    /// An empty place of the same kind.
    pub(crate) fn another(&self) -> Place {
        self.database.clone().map_or_else(Place::sqlite, Place::in_schema)
    }

    /// Lets so many milliseconds pass.
    pub(crate) fn pass(&self, milliseconds: i64) {
        self.clock.fetch_add(milliseconds, Ordering::Relaxed);
    }

    pub(crate) async fn open(&self) -> Record {
        Record::open(&self.location, self.options()).await.unwrap()
    }

    /// How many contents of blobs there are, finished or not.
    pub(crate) async fn contents(&self) -> usize {
        match &self.location {
            Location::Sqlite { directory } => blob_files(&directory.join("blobs")).len(),
            Location::Postgres { url, schema, .. } => {
                let sql = format!("SELECT count(DISTINCT digest) FROM {schema}.blob_part");
                connect(url).await.query_one(&sql, &[]).await.unwrap().get::<_, i64>(0) as usize
            }
        }
    }

    /// Changes the contents of blobs behind the closed record's back: each as told from its place in the order of
    /// digests, its bytes and the bytes of the one before; `None` removes it.
    pub(crate) async fn tamper_contents(&self, change: impl Fn(usize, Vec<u8>, Vec<u8>) -> Option<Vec<u8>>) {
        let mut before = Vec::new();
        match &self.location {
            Location::Sqlite { directory } => {
                for (at, file) in blob_files(&directory.join("blobs")).into_iter().enumerate() {
                    let bytes = std::fs::read(&file).unwrap();
                    match change(at, bytes.clone(), std::mem::replace(&mut before, bytes)) {
                        Some(bytes) => std::fs::write(&file, bytes).unwrap(),
                        None => std::fs::remove_file(&file).unwrap(),
                    }
                }
            }
            Location::Postgres { url, schema, .. } => {
                let client = connect(url).await;
                let sql = format!("SELECT digest, bytes FROM {schema}.blob_part WHERE part = 0 ORDER BY digest");
                for (at, row) in client.query(&sql, &[]).await.unwrap().iter().enumerate() {
                    let (digest, bytes): (Vec<u8>, Vec<u8>) = (row.get(0), row.get(1));
                    let changed = change(at, bytes.clone(), std::mem::replace(&mut before, bytes));
                    let sql = match changed {
                        Some(_) => format!("UPDATE {schema}.blob_part SET bytes = $2 WHERE digest = $1 AND part = 0"),
                        None => format!("DELETE FROM {schema}.blob_part WHERE digest = $1 AND $2::bytea IS NULL"),
                    };
                    client.execute(&sql, &[&digest, &changed]).await.unwrap();
                }
            }
        }
    }

    /// The bytes of the newest entry.
    pub(crate) async fn last_entry(&self) -> Vec<u8> {
        self.one("SELECT body FROM entry ORDER BY sequence DESC LIMIT 1").await
    }

    /// The one value that a statement gives.
    pub(crate) async fn one<T>(&self, sql: &str) -> T
    where
        T: rusqlite::types::FromSql + for<'a> tokio_postgres::types::FromSql<'a>,
    {
        match &self.location {
            Location::Sqlite { directory } => {
                let database = rusqlite::Connection::open(directory.join("record.db")).unwrap();
                database.query_row(sql, [], |row| row.get(0)).unwrap()
            }
            Location::Postgres { url, schema, .. } => {
                let client = connect(url).await;
                client.batch_execute(&format!("SET search_path = {schema}")).await.unwrap();
                client.query_one(sql, &[]).await.unwrap().get(0)
            }
        }
    }

    /// Content that nobody names, as a crash leaves it.
    pub(crate) async fn leave_content(&self, digest: [u8; 32], bytes: &[u8]) {
        match &self.location {
            Location::Sqlite { directory } => {
                let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                let folder = directory.join("blobs").join(&name[..2]).join(&name[2..4]);
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(folder.join(name), bytes).unwrap();
            }
            Location::Postgres { url, schema, .. } => {
                let sql = format!("INSERT INTO {schema}.blob_part VALUES ($1, 0, $2)");
                connect(url).await.execute(&sql, &[&digest.as_slice(), &bytes]).await.unwrap();
            }
        }
    }

    /// Changes the closed record's tables behind its back.
    pub(crate) async fn tamper(&self, sql: &str) {
        match &self.location {
            Location::Sqlite { directory } => {
                let database = rusqlite::Connection::open(directory.join("record.db")).unwrap();
                database.execute_batch(sql).unwrap();
            }
            Location::Postgres { url, schema, .. } => {
                connect(url).await.batch_execute(&format!("SET search_path = {schema}; {sql}")).await.unwrap();
            }
        }
    }

    /// A copy of the closed record in a place of its own.
    pub(crate) async fn copy(&self) -> Place {
        let copy = match &self.location {
            Location::Sqlite { directory } => {
                let copy = Place::sqlite();
                copy_folder(directory, copy.directory());
                copy
            }
            Location::Postgres { url, schema, directory } => {
                let copy = Place::in_schema(self.database.clone().unwrap());
                copy_folder(directory, copy.directory());
                let Location::Postgres { schema: to, .. } = &copy.location else { unreachable!() };
                copy_schema(url, schema, to).await;
                copy
            }
        };
        copy.clock.store(self.clock.load(Ordering::Relaxed), Ordering::Relaxed);
        copy
    }

    /// The record's own folder.
    pub(crate) fn directory(&self) -> &std::path::Path {
        self.location.directory()
    }

    pub(crate) fn options(&self) -> Options {
        let clock = self.clock.clone();
        Options {
            indexing: indexing(),
            clock: Arc::new(move || Moment(clock.fetch_add(1, Ordering::Relaxed))),
            host: "host-a".into(),
            origin: "host-a.example/t/TST".into(),
            durability: Durability::Full,
            segment_bytes: Options::SEGMENT_BYTES,
            log_pages: Options::LOG_PAGES,
        }
    }
}

/// The files below a folder, in order.
fn blob_files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(blob_files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Copies every table with its indexes and rows.
async fn copy_schema(url: &str, from: &str, to: &str) {
    let client = connect(url).await;
    client.batch_execute(&format!("CREATE SCHEMA {to}")).await.unwrap();
    let tables = client.query("SELECT tablename::text FROM pg_tables WHERE schemaname = $1", &[&from]).await.unwrap();
    for table in tables {
        let table: String = table.get(0);
        let copy = format!(
            "CREATE TABLE {to}.{table} (LIKE {from}.{table} INCLUDING ALL); \
             INSERT INTO {to}.{table} SELECT * FROM {from}.{table}"
        );
        client.batch_execute(&copy).await.unwrap();
    }
}

/// The names that toy rows may use.
const NAMES: [&str; 9] =
    ["Thing.name", "Thing.code", "Thing.date", "Thing.pair", "Thing.ref", "~patient", "~label", "~relation", "~alias"];

/// Rows in plain words, one a line after the first: `text name ann`, `code name system|code`, `date name 5 9`,
/// `pair name system|code system|code 5`, `target name Kind/id`, `patient Kind/id`, `label word Kind/id`, `relation who from until Kind/id`,
/// `alias Kind/id Kind/id`; a `note` makes no row.
pub(crate) fn indexing() -> Indexing {
    let extract = |source: Source<'_>, rows: &mut Vec<Row>| {
        let text = std::str::from_utf8(source.text).unwrap();
        for line in text.lines().skip(1) {
            if !line.starts_with("note ") {
                rows.push(toy_row(source.kind, line));
            }
        }
    };
    Indexing::new(vec![("toy", 1)], extract)
}

fn toy_row(own_kind: &str, line: &str) -> Row {
    let words: Vec<&str> = line.split(' ').collect();
    let name = |word: &str| NAMES.into_iter().find(|name| *name == word).unwrap();
    let target = |word: &str| {
        let (kind, id) = word.split_once('/').unwrap();
        Part::target(kind, id)
    };
    let number = |word: &str| Part::fixed(&(word.parse::<u64>().unwrap() ^ 1 << 63).to_be_bytes());
    match words.as_slice() {
        ["text", parameter, value] => Row::one(name(parameter), Part::Text(value.as_bytes().to_vec())),
        ["code", parameter, value] => {
            let (system, code) = value.split_once('|').unwrap();
            Row::one(name(parameter), Part::code(system, code))
        }
        ["pair", parameter, first, second, value] => {
            let code = |word: &str| word.split_once('|').map(|(system, code)| Part::code(system, code)).unwrap();
            Row::of(name(parameter), [code(first), code(second), number(value)])
        }
        ["date", parameter, low, high] => Row::of(name(parameter), [number(low), number(high)]),
        ["target", parameter, value] => Row::one(name(parameter), target(value)),
        ["patient", value] => Row::of("~patient", [target(value), Part::Kind(own_kind.into())]),
        ["label", word, value] => Row::of("~label", [Part::Text(word.as_bytes().to_vec()), target(value)]),
        ["relation", who, from, until, value] => {
            Row::of("~relation", [Part::Text(who.as_bytes().to_vec()), number(from), number(until), target(value)])
        }
        ["alias", survivor, loser] => Row::of("~alias", [target(survivor), target(loser)]),
        _ => panic!("not a toy row: {line}"),
    }
}

/// A toy text with these rows.
pub(crate) fn toy(lines: &[String]) -> Template {
    let mut text = b"#\n".to_vec();
    for line in lines {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    Template { text, holes: Vec::new(), slot: 1, before: b"", after: b"" }
}

/// A toy text with these rows, as literals.
pub(crate) fn lines(lines: &[&str]) -> Template {
    toy(&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>())
}

/// A toy text with these rows, and with these attachments at the ends of notes.
pub(crate) fn with_notes(rows: &[&str], notes: &[&[u8]]) -> Template {
    let mut template = lines(rows);
    for bytes in notes {
        template.text.extend_from_slice(b"note ");
        template.holes.push(Hole { at: template.text.len(), bytes: (*bytes).into() });
        template.text.push(b'\n');
    }
    template
}

/// The host's own permit: everything.
pub(crate) fn host() -> Permit {
    decide(Grant::role("host/test", "Host", Role::Host), Moment(0)).unwrap()
}

/// A permit of a role.
pub(crate) fn permit(role: Role, who: &str) -> Permit {
    decide(Grant::role(who, who, role), Moment(0)).unwrap()
}

/// An act without an idempotency key.
pub(crate) fn act(command: &str) -> Act {
    let cause = Cause { kind: CauseKind::System, reference: "contract".into() };
    Act { command: command.into(), cause, idempotency: None }
}

/// Commits changes without further assertions.
pub(crate) async fn put(record: &Record, changes: Vec<Change>) -> Receipt {
    try_put(record, &host(), changes).await.unwrap()
}

/// Commits changes by a permit.
pub(crate) async fn try_put(
    record: &Record,
    permit: &Permit,
    changes: Vec<Change>,
) -> Result<Receipt, TransactError<No>> {
    let decide = |_: Arc<Reading>| {
        let draft = Draft { changes: changes.clone(), assertions: Vec::new() };
        async move { Ok(draft) }
    };
    record.transact(permit, act("put"), decide).await
}

pub(crate) fn key(kind: &str, id: &str) -> Key {
    Key::new(kind, id)
}

/// A small deterministic generator for tests that draw many cases.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len() as u64) as usize]
    }
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
