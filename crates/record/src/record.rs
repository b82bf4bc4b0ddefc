//! A record: opening, taking over, the two ways in, and what hosting asks of the whole.
//! Knows which store is behind it only while it opens one.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use access::Permit;
use journal::{Checkpoint, KeyKind, SignedCheckpoint, SigningKey, VerifierKey};
use quick_cache::sync::Cache;
use terms::{Clock, Moment};

use crate::access_files::ReceivedAccess;
use crate::access_journal::{Access, AccessJournal, AccessQuery};
use crate::apply::OWED;
use crate::apply::hand_over::{REFUSED, Tenure, TenureNow, WRITER, Writes, read_refused};
use crate::at_hand::AtHand;
use crate::blobs::UnderWay;
use crate::change::Key;
use crate::codec::Decoder;
use crate::desk::{DeskChange, DeskRow};
use crate::error::Problem;
use crate::group::operation_of;
use crate::hidden::HiddenSets;
use crate::indexing::Indexing;
use crate::kept::KeptThings;
use crate::keys::logical_id;
use crate::names::Names;
use crate::reading::{Reading, Version};
use crate::rebuild::IndexState;
use crate::recent::Recent;
use crate::stamps::Turns;
use crate::store::{Durability, NameList, Store, StoredVersion, WriterStore, must_be_there};
use crate::writer::{self, Queue, Shared};

/// Longest kind and key of a desk row together.
const MOST_DESK_KEY_BYTES: usize = 1024;

/// Where a record is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A directory with a SQLite database, the access journal and the blobs.
    Sqlite {
        /// The directory.
        directory: PathBuf,
    },
    /// A schema of its own in a PostgreSQL database. Whoever opens it may make the schema, or owns it.
    Postgres {
        /// Address of the database, such as `postgres://user:password@host/database`; of a cluster, all its hosts.
        url: String,
        /// The schema, a plain lower-case name; made when it is not there.
        schema: String,
        /// This host's own files: the access journal, the signing key, the newest checkpoint.
        directory: PathBuf,
    },
}

/// What a record needs from its host.
#[derive(Clone)]
pub struct Options {
    /// The index functions.
    pub indexing: Indexing,
    /// Where the present moment comes from.
    pub clock: Clock,
    /// This host's name, for the access chain and the keys.
    pub host: String,
    /// The journal's origin line, such as `almoner.example/t/RX1`.
    pub origin: String,
    /// How hard the store works for durability; anything but the default is for tests.
    pub durability: Durability,
    /// Where a segment of the access journal ends; anything but [`Options::SEGMENT_BYTES`] is for tests.
    pub segment_bytes: u64,
    /// Pages of SQLite's log at which it is copied into the database; anything but [`Options::LOG_PAGES`] is for tests.
    pub log_pages: u32,
}

impl Options {
    /// Segments that a verifier can hold in memory, and not too many of them.
    pub const SEGMENT_BYTES: u64 = 64 << 20;
    /// So few that no small commit waits long for the end of the copying.
    pub const LOG_PAGES: u32 = 4_000;
}

/// An open record. Cloning it is cheap; all clones are one writer.
#[derive(Clone)]
pub struct Record {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) directory: PathBuf,
    pub(crate) store: Store,
    pub(crate) shared: Arc<Shared>,
    pub(crate) queue: Queue,
    pub(crate) accesses: AccessJournal,
    pub(crate) indexing: Indexing,
    pub(crate) clock: Clock,
    pub(crate) keys: Cache<i64, Arc<Key>>,
    /// Whose a version is, by row number and version.
    pub(crate) whose: Cache<(i64, u64), Arc<[Key]>>,
    /// The list that is one person alone, shared by all that is theirs.
    pub(crate) theirs: Cache<Key, Arc<[Key]>>,
    /// What labels hide.
    pub(crate) hidden: HiddenSets,
    pub(crate) signing: SigningKey,
    /// This host's name.
    pub(crate) host: String,
    pub(crate) origin: String,
    /// Held while a checkpoint is made and kept, so that the kept one is never older than one given out.
    checkpoints: tokio::sync::Mutex<()>,
    /// Held during an erasure, so that a text is erased by one entry only, and while the texts are proved.
    pub(crate) erasures: tokio::sync::Mutex<()>,
    /// Held while received entries are applied.
    pub(crate) receiving: tokio::sync::Mutex<()>,
    /// Segment files of another host's access journal, as they come.
    pub(crate) received_access: ReceivedAccess,
    /// Whether what anchors owe has been worked out for all that was received.
    pub(crate) is_settled: std::sync::atomic::AtomicBool,
    /// Whether whoever would write waits.
    pub(crate) held: tokio::sync::watch::Sender<bool>,
    /// Held while the index is made again.
    pub(crate) rebuilds: Arc<tokio::sync::Mutex<()>>,
    /// Turns of drafts that were declined because somebody touched their anchors.
    pub(crate) turns: Turns,
    store_name: &'static str,
}

/// What a record is opened for as its writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Use,
    Receive,
}

/// The state of a record, for a host's page. No patient data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Number of entries.
    pub sequence: u64,
    /// The writer's tenure.
    pub epoch: u64,
    /// When the newest entry was made; `None` for an empty record.
    pub last_commit: Option<Moment>,
    /// Live resources by kind.
    pub resources: Vec<(String, u64)>,
    /// Whether the index is being made again; searches may miss what only the new functions find.
    pub reindexing: bool,
    /// Bytes on disk.
    pub bytes: u64,
    /// `SQLite` or `PostgreSQL`.
    pub store: &'static str,
}

impl Record {
    /// Opens a record, making it when there is none, and takes it over as its writer.
    ///
    /// # Errors
    /// [`Problem::Unsuitable`] when the store is not as it must be, [`Problem::Damaged`] when what is there does not
    /// agree with itself.
    pub async fn open(location: &Location, options: Options) -> Result<Record, Problem> {
        let record = Record::open_as(location, options, Purpose::Use).await?;
        if record.tenure() == Tenure::Writes {
            record.settle_received().await?;
        }
        Ok(record)
    }

    /// Opens a record that was made before and takes it over. Where there is none any more, nothing is made: an empty
    /// record in the place of one that is lost would say that nobody is known.
    ///
    /// # Errors
    /// [`Problem::Unsuitable`] when its store is not there, and as [`Record::open`].
    pub async fn open_existing(location: &Location, options: Options) -> Result<Record, Problem> {
        must_be_there(location).await?;
        Record::open(location, options).await
    }

    /// Opens a record, making it when there is none, to receive entries that were decided elsewhere
    /// ([`Record::apply`]). It can be read, but takes no decisions of its own, not even a first entry.
    ///
    /// # Errors
    /// As [`Record::open`].
    pub async fn open_to_receive(location: &Location, options: Options) -> Result<Record, Problem> {
        Record::open_as(location, options, Purpose::Receive).await
    }

    async fn open_as(location: &Location, options: Options, purpose: Purpose) -> Result<Record, Problem> {
        let directory = location.directory();
        make_folder(directory).map_err(|error| Problem::store("making the record's directory", error))?;
        let (to_open, durability, log_pages) = (location.clone(), options.durability, options.log_pages);
        let (writer, head) = blocking(move || WriterStore::take_over_at(&to_open, durability, log_pages)).await?;
        let (store, shared, dictionaries) = open_store(Store::open(location)?).await?;
        let signing = signing_key(directory, &options.origin)?;
        let writer_row = store.desk_get(WRITER.0, WRITER.1).await?;
        let refused = store.desk_get(REFUSED.0, REFUSED.1).await?.map(|row| read_refused(&row.bytes)).transpose()?;
        let belongs_here = match &writer_row {
            Some(row) => Writes::read(&row.bytes)?.is_of(&signing.public(), refused),
            None => true,
        };
        shared.tenure.set(match (purpose, belongs_here) {
            (Purpose::Receive, _) => Tenure::Receives,
            (Purpose::Use, true) => Tenure::Writes,
            (Purpose::Use, false) => Tenure::HandedOver,
        });
        let owes = store.desk_get(OWED.0, OWED.1).await?.is_some_and(|row| !row.bytes.is_empty());
        if purpose == Purpose::Use && belongs_here && owes {
            let what = "it has received only a part: entries that erase what came as erased are still to come".into();
            return Err(Problem::Unsuitable { what });
        }
        shared.epoch.store(head.epoch, Ordering::Release);
        let accesses = AccessJournal::start(directory, &options, head.epoch)?;
        let first = head.sequence == 0 && shared.tenure.get() == Tenure::Writes;
        let (for_writer, clock, kept) = (shared.clone(), options.clock.clone(), options.indexing.kept.clone());
        let queue = blocking(move || writer::start(writer, for_writer, clock, head, kept, &dictionaries)).await?;
        let host = options.host.clone();
        let record = Record::of(location, options, (store, shared), (queue, accesses), signing);
        if first {
            record.introduce_key(&host).await?;
        }
        record.keep_index_current().await?;
        Ok(record)
    }

    /// Opens a record only to verify it, damaged or in use by another process as it may be: nothing is changed, taken
    /// over or noted, and whatever would need the writer answers [`Problem::Closed`].
    pub async fn open_to_verify(location: &Location, options: Options) -> Result<Record, Problem> {
        let (store, shared, _) = open_store(Store::open(location)?).await?;
        let signing = signing_key(location.directory(), &options.origin)?;
        Ok(Record::of(location, options, (store, shared), (Queue::closed(), AccessJournal::closed()), signing))
    }

    pub(crate) fn of(
        location: &Location,
        options: Options,
        (store, shared): (Store, Arc<Shared>),
        (queue, accesses): (Queue, AccessJournal),
        signing: SigningKey,
    ) -> Record {
        let settled = shared.tenure.get() == Tenure::Writes;
        let store_name = match location {
            Location::Sqlite { .. } => "SQLite",
            Location::Postgres { .. } => "PostgreSQL",
        };
        let inner = Inner {
            directory: location.directory().to_owned(),
            store,
            shared,
            queue,
            accesses,
            indexing: options.indexing,
            clock: options.clock,
            keys: Cache::new(400_000),
            whose: Cache::new(400_000),
            theirs: Cache::new(20_000),
            hidden: HiddenSets::default(),
            signing,
            host: options.host,
            origin: options.origin,
            checkpoints: tokio::sync::Mutex::new(()),
            erasures: tokio::sync::Mutex::new(()),
            receiving: tokio::sync::Mutex::new(()),
            received_access: ReceivedAccess::default(),
            is_settled: settled.into(),
            held: tokio::sync::watch::Sender::new(false),
            rebuilds: Arc::default(),
            turns: Turns::new(),
            store_name,
        };
        Record { inner: Arc::new(inner) }
    }

    /// A reading at the newest acknowledged sequence. `query` says what is asked, for the access journal.
    pub async fn read(&self, permit: &Permit, query: impl Into<String>) -> Result<Reading, Problem> {
        let sequence = self.inner.shared.newest.load(Ordering::Acquire);
        Ok(Reading::new(self.inner.clone(), permit.clone(), query.into(), sequence, sequence))
    }

    /// A reading at an earlier sequence. When it is over an hour old, it answers about types only whose past rows are
    /// kept for ever, within the scope and the merges of now.
    ///
    /// # Errors
    /// [`Problem::Expired`] when that sequence's index rows are no longer kept, or it is in the future.
    pub async fn read_at(&self, permit: &Permit, query: impl Into<String>, sequence: u64) -> Result<Reading, Problem> {
        let newest = self.inner.shared.newest.load(Ordering::Acquire);
        let old = sequence < self.inner.store.past_from().await?;
        let kept = !self.inner.indexing.kept.is_empty() && !self.inner.shared.index.is_untrusted();
        if sequence > newest || (old && !kept) {
            return Err(Problem::Expired);
        }
        let reach_at = if old { newest } else { sequence };
        Ok(Reading::new(self.inner.clone(), permit.clone(), query.into(), sequence, reach_at))
    }

    /// The newest acknowledged sequence, and a way to wait for a newer one: for those who follow what is written.
    pub fn follow(&self) -> tokio::sync::watch::Receiver<u64> {
        self.inner.shared.advanced.subscribe()
    }

    /// The record's state.
    pub async fn status(&self) -> Result<Status, Problem> {
        let inner = &self.inner;
        let head = inner.store.head().await?;
        let tallies = inner.store.tallies().await?;
        let mut resources = Vec::with_capacity(tallies.len());
        for (kind, live) in tallies {
            let name = inner.shared.names.name(NameList::Kind, u32::from(kind));
            resources.push((name.map_or_else(|| "?".to_owned(), |name| name.to_string()), live));
        }
        resources.sort();
        Ok(Status {
            sequence: head.sequence,
            epoch: head.epoch,
            last_commit: (head.sequence > 0).then_some(head.moment),
            resources,
            reindexing: inner.shared.index.is_untrusted(),
            bytes: inner.store.size().await?,
            store: inner.store_name,
        })
    }

    /// Signs a checkpoint of the newest entry, keeps it beside the record and gives it out (C2SP tlog-checkpoint).
    pub async fn checkpoint(&self) -> Result<SignedCheckpoint, Problem> {
        let _one_at_a_time = self.inner.checkpoints.lock().await;
        let (head, root) = self.head().await?;
        let moment = (self.inner.clock)();
        let stated =
            Checkpoint { origin: self.inner.origin.clone(), size: head.sequence, root, epoch: head.epoch, moment };
        let signed = SignedCheckpoint::sign(stated, &self.inner.signing)
            .map_err(|error| Problem::store("signing a checkpoint", error))?;
        write_synced(&self.inner.directory.join("checkpoint"), signed.to_string().as_bytes())?;
        Ok(signed)
    }

    /// The newest checkpoint that was signed here, if any.
    pub fn last_checkpoint(&self) -> Result<Option<SignedCheckpoint>, Problem> {
        match std::fs::read_to_string(self.inner.directory.join("checkpoint")) {
            Ok(text) => SignedCheckpoint::parse(&text)
                .map(Some)
                .map_err(|error| Problem::damaged(format!("the kept checkpoint: {error}"))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Problem::store("reading the kept checkpoint", error)),
        }
    }

    /// The key that checks this record's checkpoints.
    pub fn verifier_key(&self) -> VerifierKey {
        self.inner.signing.verifier(KeyKind::Log)
    }

    /// Who has looked, newest first. The permit's role must allow it: privacy officers and the host.
    pub async fn accesses(&self, permit: &Permit, query: AccessQuery) -> Result<Vec<Access>, Problem> {
        use access::Role;
        if !matches!(permit.role(), Role::PrivacyOfficer | Role::Host) {
            return Err(Problem::NotPermitted { what: "to see who has looked".into() });
        }
        self.inner.accesses.list(query).await
    }

    /// A row of the desk.
    pub async fn desk_get(&self, kind: &str, key: &str) -> Result<Option<DeskRow>, Problem> {
        Ok(self.inner.store.desk_get(kind, key).await?.map(DeskRow::from))
    }

    /// Rows of a kind whose key begins with the prefix, in order.
    pub async fn desk_list(&self, kind: &str, prefix: &str, limit: usize) -> Result<Vec<DeskRow>, Problem> {
        let rows = self.inner.store.desk_list(kind, prefix, limit.min(10_000)).await?;
        Ok(rows.into_iter().map(DeskRow::from).collect())
    }

    /// Changes the desk; on disk when it returns. All changes are made, or none when an expectation fails (the answer
    /// tells for each whether it held).
    pub async fn desk_put(&self, changes: Vec<DeskChange>) -> Result<Vec<bool>, Problem> {
        if changes.iter().any(|change| change.kind.len() + change.key.len() > MOST_DESK_KEY_BYTES) {
            let what = format!("kind and key of a desk row have at most {MOST_DESK_KEY_BYTES} bytes");
            return Err(Problem::Unsuitable { what });
        }
        self.turn_to_write().await;
        self.inner.queue.desk(changes).await
    }

    /// Removes now what is removed now and then: past rows that are not kept for ever and old retry keys.
    pub async fn sweep(&self) -> Result<(), Problem> {
        self.inner.queue.sweep().await
    }

    /// Stops the writer and the access journal after what waits now.
    pub async fn close(self) {
        self.inner.queue.stop().await;
        self.inner.accesses.stop().await;
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// The first entry of a record introduces the key that signs its checkpoints.
    async fn introduce_key(&self, host: &str) -> Result<(), Problem> {
        let signing = &self.inner.signing;
        let mut change = journal::KeyChange {
            kind: journal::KeyChangeKind::Introduce,
            origin: self.inner.origin.clone(),
            host: host.to_owned(),
            name: signing.name().to_owned(),
            key: signing.public(),
            signer: signing.public(),
            signature: [0; 64],
        };
        change.signature = signing.sign(&change.message());
        self.commit_key(change, host, "first entry").await
    }
}

impl Location {
    /// Where the record's own files are, whatever its store.
    pub fn directory(&self) -> &Path {
        match self {
            Location::Sqlite { directory } | Location::Postgres { directory, .. } => directory,
        }
    }
}

impl Inner {
    /// The keys of row numbers, in their order.
    pub(crate) async fn keys_of(&self, rids: &[i64]) -> Result<Vec<Key>, Problem> {
        let cache = &self.keys;
        let missing: Vec<i64> = rids.iter().copied().filter(|rid| cache.get(rid).is_none()).collect();
        let mut fetched: HashMap<i64, Arc<Key>> = HashMap::with_capacity(missing.len());
        for (rid, stored) in missing.iter().zip(self.store.keys(&missing).await?) {
            let key = stored.and_then(|(kind, id)| {
                let kind = self.shared.names.name(NameList::Kind, u32::from(kind))?;
                Some(Arc::new(Key { kind: kind.to_string(), id: logical_id(&id)? }))
            });
            let key = key.ok_or_else(|| Problem::damaged(format!("row {rid} has no key")))?;
            self.shared.names.remember(&key.kind, &key.id, *rid);
            cache.insert(*rid, key.clone());
            fetched.insert(*rid, key);
        }
        let mut keys = Vec::with_capacity(rids.len());
        for rid in rids {
            let key = cache.get(rid).or_else(|| fetched.get(rid).cloned());
            keys.push(key.map(|key| key.as_ref().clone()).ok_or_else(|| Problem::damaged("a key was lost"))?);
        }
        Ok(keys)
    }

    /// A version, its holes still open, checked against nothing: `verify` does that.
    pub(crate) fn version(&self, key: Key, stored: StoredVersion) -> Result<Version, Problem> {
        let operation = operation_of(stored.operation)?;
        let erased = match (&stored.text, <[u8; 8]>::try_from(stored.salt.as_slice())) {
            (None, Ok(bytes)) => Some(u64::from_be_bytes(bytes)),
            (None, Err(_)) => Some(0),
            (Some(_), _) => None,
        };
        let kept = match stored.text {
            Some(coded) => self.shared.decoder.decode(stored.coding, coded)?,
            None => Vec::new(),
        };
        let (holes, text) = journal::hash::holes::split(&kept)
            .map_err(|error| Problem::damaged(format!("a text of {key}: {error}")))?;
        Ok(Version {
            key,
            version: stored.version,
            sequence: stored.sequence,
            moment: stored.moment,
            operation,
            text: text.into(),
            erased,
            holes: holes.into(),
        })
    }
}

impl Inner {
    /// Where blobs belong in a stored version's text; nowhere when it is erased.
    pub(crate) fn holes_of(&self, stored: &StoredVersion) -> Result<Vec<journal::hash::holes::Hole>, Problem> {
        let Some(coded) = stored.text.clone() else { return Ok(Vec::new()) };
        let kept = self.shared.decoder.decode(stored.coding, coded)?;
        let (holes, _) =
            journal::hash::holes::split(&kept).map_err(|error| Problem::damaged(format!("a stored text: {error}")))?;
        Ok(holes)
    }
}

/// Runs what keeps its thread waiting, such as the writer's first steps, where that harms nobody.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::store("opening the record", error))?
}

/// The readers of a store and what they share with its writer, as the store is now.
pub(crate) async fn open_store(store: Store) -> Result<(Store, Arc<Shared>, Vec<(u32, Vec<u8>)>), Problem> {
    let head = store.head().await?;
    let dictionaries = store.dictionaries().await?;
    let decoder = Decoder::default();
    for (number, bytes) in &dictionaries {
        decoder.learn(*number, bytes.clone());
    }
    let shared = Shared {
        newest: AtomicU64::new(head.sequence),
        advanced: tokio::sync::watch::Sender::new(head.sequence),
        epoch: AtomicU64::new(0),
        moment: AtomicI64::new(head.moment.0),
        names: Names::load(&store).await?,
        decoder,
        index: IndexState::found_at(head.sequence),
        tenure: TenureNow::default(),
        under_way: UnderWay::default(),
        recent: Recent::at(head.sequence),
        kept: KeptThings::default(),
        at_hand: AtHand::default(),
    };
    Ok((store, Arc::new(shared), dictionaries))
}

/// The record's signing key, made on first use and kept with owner-only rights beside the record.
pub(crate) fn signing_key(directory: &Path, origin: &str) -> Result<SigningKey, Problem> {
    let path = directory.join("signing-key");
    match std::fs::read_to_string(&path) {
        Ok(text) => SigningKey::parse(text.trim_end())
            .map_err(|error| Problem::Unsuitable { what: format!("its signing key cannot be read: {error}") }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).map_err(|error| Problem::store("making a key", error.to_string()))?;
            let key = SigningKey::from_seed(origin, seed)
                .map_err(|error| Problem::Unsuitable { what: format!("its origin cannot name a key: {error}") })?;
            write_synced(&path, format!("{}\n", key.to_secret_text()).as_bytes())?;
            Ok(key)
        }
        Err(error) => Err(Problem::store("reading the signing key", error)),
    }
}

/// Makes a folder, and those above it that are not there; their names are on disk when it returns.
pub(crate) fn make_folder(folder: &Path) -> std::io::Result<()> {
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    if !folder.is_dir() {
        if !above.is_dir() {
            make_folder(above)?;
        }
        match std::fs::create_dir(folder) {
            // Somebody else was first; their name of it may not be on disk yet.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && folder.is_dir() => {}
            made => made?,
        }
        return std::fs::File::open(above)?.sync_all();
    }
    // Who made it may have ended before its name was on disk. A folder above that we may not open is not of our making.
    match std::fs::File::open(above) {
        Ok(above) => above.sync_all(),
        Err(_) => Ok(()),
    }
}

/// Replaces a small file so that after a crash either the old or the new content is there; readable by its owner only.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let write = || -> std::io::Result<()> {
        let fresh = path.with_extension("new");
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&fresh, path)?;
        let directory = path.parent().unwrap_or_else(|| Path::new("."));
        std::fs::File::open(directory)?.sync_all()
    };
    write().map_err(|error| match error.kind() {
        std::io::ErrorKind::StorageFull => Problem::Full,
        _ => Problem::store("writing a small file", error),
    })
}
