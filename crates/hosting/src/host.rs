//! The host: its trusts, each with its record opened once, and what they share. The only place where the crates are
//! wired together: which functions index a text, which owners a type has, what the clock is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use access::{Grant, Permit, Principal, Role};
use fhir::{Document, Limits};
use fhir_api::{Owners, Planned};
use record::{Draft, Indexing, Location, Options, Reading, Record, SUBJECT, Source};
use terms::index::Row;
use terms::{Clock, Moment};
use tokio::sync::Mutex;

use crate::accounts;
use crate::configuration::Configuration;
use crate::configure;
use crate::credentials::Versions;
use crate::failure::Failure;
use crate::going_live;
use crate::moving::seal::Seals;
use crate::moving::watch::Watched;
use crate::moving::{HostKey, Moves};
use crate::ownership::Lock;
use crate::password::Passwords;
use crate::sessions::Sessions;
use crate::speed::Speeds;
use crate::throttle::Throttle;
use crate::tokens::Tokens;
use crate::trusts::{Registry, TrustCode, TrustEntry};
use crate::witness::Witnesses;
use crate::work::{NewTrust, TrustView};

#[path = "host_exit.rs"]
mod exit;
#[path = "host_live.rs"]
mod live;
#[path = "host_moving.rs"]
mod moving;
#[path = "host_shutting.rs"]
mod shutting;

/// A host whose data directory this process owns.
pub(crate) struct Host {
    pub(crate) configuration: Configuration,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) throttle: Throttle,
    /// The owners of resource types, whose rules every change passes.
    pub(crate) owners: Owners,
    clock: Clock,
    /// The host's own name.
    name: String,
    /// Trusts that were opened so far; every request looks here.
    open: RwLock<BTreeMap<TrustCode, Arc<Trust>>>,
    /// Held while a trust is added or opened, so that each is opened once.
    registry: Mutex<Registry>,
    /// Held while a trust is read in from a folder, and while an exit is rehearsed.
    pub(crate) exits: Mutex<()>,
    /// Trusts that move from here or to here.
    pub(crate) moves: Moves,
    /// What is measured of them.
    pub(crate) watched: Watched,
    /// Who is at hand to cut them.
    pub(crate) seals: Seals,
    /// Hosts that witness for this one, and for which it does.
    pub(crate) witnesses: Witnesses,
    key: OnceLock<Arc<HostKey>>,
    /// Whether databases are only read: the data directory is a copy, and what it names need not be one.
    only_reads: bool,
    /// Where other hosts reach this one, once it listens for them.
    move_address: OnceLock<String>,
    _lock: Arc<Lock>,
}

/// One trust, open.
pub(crate) struct Trust {
    pub(crate) code: TrustCode,
    pub(crate) entry: TrustEntry,
    /// Whether it is live; else it is in preparation, unless it is a demonstration.
    live: AtomicBool,
    pub(crate) record: Record,
    pub(crate) sessions: Sessions,
    pub(crate) tokens: Tokens,
    /// Which versions of accounts sessions hold for.
    pub(crate) versions: Versions,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) clock: Clock,
    /// How quickly it answers.
    pub(crate) speeds: Speeds,
    /// The boards that somebody looks at.
    pub(crate) boards: portal::Boards,
    /// Whom its people looked at last.
    pub(crate) last_looks: portal::LastLooks,
}

impl Host {
    /// Reads the registry of the data directory that `lock` holds. Records are opened when they are first needed.
    pub(crate) fn open(configuration: Configuration, lock: Arc<Lock>, clock: Clock) -> Result<Host, Failure> {
        let registry = Registry::read(&configuration.data)?;
        Ok(Host {
            passwords: Arc::new(Passwords::new()?),
            throttle: Throttle::default(),
            owners: owners(&clock),
            clock,
            open: RwLock::default(),
            key: OnceLock::new(),
            only_reads: false,
            move_address: OnceLock::new(),
            exits: Mutex::default(),
            moves: Moves::default(),
            watched: Watched::default(),
            seals: Seals::default(),
            witnesses: Witnesses::read(&configuration.data)?,
            name: registry.host.clone(),
            registry: Mutex::new(registry),
            configuration,
            _lock: lock,
        })
    }

    /// The same for a copy of a data directory: nothing is changed in a database that it names.
    pub(crate) fn open_to_read(configuration: Configuration, lock: Arc<Lock>, clock: Clock) -> Result<Host, Failure> {
        Ok(Host { only_reads: true, ..Host::open(configuration, lock, clock)? })
    }

    /// Where the present moment comes from.
    pub(crate) fn clock(&self) -> Clock {
        Arc::clone(&self.clock)
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Moment {
        (self.clock)()
    }

    /// A trust, opened if it is not yet.
    ///
    /// # Errors
    /// [`Failure::Refused`] when there is no such trust here; [`Failure::Problem`] when its record cannot be opened, or
    /// is not where it was: an empty one in its place would look like a trust without patients.
    pub(crate) async fn trust(&self, code: &TrustCode) -> Result<Arc<Trust>, Failure> {
        if let Some(trust) = self.already_open(code) {
            return Ok(trust);
        }
        let registry = self.registry.lock().await;
        if let Some(trust) = self.already_open(code) {
            return Ok(trust);
        }
        let entry = registry.find(code).filter(|entry| entry.ready).cloned();
        if let Some(shut) = entry.as_ref().and_then(|entry| entry.shut.as_ref()) {
            return Err(Failure::Refused(shut.words()));
        }
        let entry = entry.ok_or_else(|| {
            Failure::Refused(format!("There is no trust {code} in {}.", self.configuration.data.display()))
        })?;
        let doing = format!("opening the record of {code}");
        let directory = entry.directory(&self.configuration.data);
        if !std::fs::read_dir(&directory).is_ok_and(|mut inside| inside.next().is_some()) {
            let sentence = format!("{doing}: there is nothing in {}. Is its disk there?", directory.display());
            return Err(Failure::Problem(sentence));
        }
        let (location, options) = (self.location(&entry), self.options(&registry.host, &entry));
        let record = match location {
            Location::Postgres { .. } if self.only_reads => Record::open_to_read(&location, options).await,
            _ => Record::open_existing(&location, options).await,
        };
        Ok(self.opened(entry, record.map_err(|problem| Failure::problem(doing, &problem))?))
    }

    /// Opens every trust; one that cannot be opened is said in the log and does not keep the others from being served.
    pub(crate) async fn open_all(&self) {
        for (code, _) in self.trust_names().await {
            if let Err(failure) = self.trust(&code).await {
                tracing::error!(trust = %code, %failure, "a trust could not be opened");
            }
        }
    }

    /// The host's own name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The key by which other hosts know this one.
    pub(crate) fn key(&self) -> Result<Arc<HostKey>, Failure> {
        if let Some(key) = self.key.get() {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(HostKey::of(&self.configuration.data, &self.name)?);
        Ok(Arc::clone(self.key.get_or_init(|| key)))
    }

    /// Where other hosts reach this one, if it listens for them.
    pub(crate) fn move_address(&self) -> Option<String> {
        self.move_address.get().cloned()
    }

    /// Says where other hosts reach this one.
    pub(crate) fn listens_at(&self, address: String) {
        // It listens once.
        let _ = self.move_address.set(address);
    }

    /// All trusts for people, in the order of their codes; of one that cannot be opened, why.
    pub(crate) async fn views(&self) -> Vec<TrustView> {
        let entries = self.registry.lock().await.trusts.clone();
        let mut views = Vec::with_capacity(entries.len());
        for entry in entries.into_iter().filter(|entry| entry.ready) {
            if entry.shut.is_some() {
                views.push(entry.view());
                continue;
            }
            let view = match self.trust(&entry.code).await {
                Ok(trust) => trust.view().await,
                Err(failure) => Err(failure),
            };
            views.push(view.unwrap_or_else(|failure| TrustView { problem: Some(failure.to_string()), ..entry.view() }));
        }
        views
    }

    /// Codes and names of all trusts that are served, in the order of the codes.
    pub(crate) async fn trust_names(&self) -> Vec<(TrustCode, String)> {
        let registry = self.registry.lock().await;
        let ready = registry.trusts.iter().filter(|entry| entry.ready && entry.shut.is_none());
        ready.map(|entry| (entry.code.clone(), entry.name.clone())).collect()
    }

    /// Every trust that is here or is being moved here, in the order of their codes.
    pub(crate) async fn entries(&self) -> Vec<TrustEntry> {
        let registry = self.registry.lock().await;
        registry.trusts.iter().filter(|entry| entry.ready || entry.receiving).cloned().collect()
    }

    /// Makes a trust and its empty record. It is registered first and marked ready last, so an attempt that broke off
    /// can be repeated.
    pub(crate) async fn add_trust(&self, new: NewTrust) -> Result<Arc<Trust>, Failure> {
        let mut registry = self.registry.lock().await;
        match registry.find(&new.code) {
            Some(entry) if entry.ready || entry.receiving => {
                return Err(Failure::Refused(format!("There is a trust {} already.", new.code)));
            }
            Some(entry) if entry.importing => return Err(exit::unfinished(&new.code)),
            _ => {}
        }
        let name = new.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(Failure::refused("A trust's name has 1 to 100 characters."));
        }
        let mut entry = TrustEntry {
            code: new.code.clone(),
            name,
            store: new.store.unwrap_or_else(|| self.configuration.store.registered()),
            created: self.now().to_string(),
            demonstration: new.demonstration,
            preparing: !new.demonstration,
            ready: false,
            origin: registry.next_origin(&new.code),
            receiving: false,
            importing: false,
            shut: None,
        };
        registry.put(entry.clone());
        registry.write(&self.configuration.data)?;
        let location = self.location(&entry);
        let options = self.options(&registry.host, &entry);
        let record = Record::open(&location, options).await?;
        entry.ready = true;
        registry.put(entry.clone());
        registry.write(&self.configuration.data)?;
        Ok(self.opened(entry, record))
    }

    /// Closes every record: what was acknowledged is on disk anyway, this lets writers end in order.
    pub(crate) async fn close(&self) {
        let open = std::mem::take(&mut *self.open.write().unwrap_or_else(PoisonError::into_inner));
        for trust in open.into_values() {
            trust.record.clone().close().await;
        }
    }

    /// Ends what goes on after its answer has begun: live boards. Nothing waits for them when the host stops.
    pub(crate) fn end_streams(&self) {
        for trust in self.open.read().unwrap_or_else(PoisonError::into_inner).values() {
            trust.boards.close();
        }
    }

    /// Whether a trust was moved here from another host, with the accounts that it had there.
    pub(crate) fn came_from_elsewhere(&self, code: &str) -> bool {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let is_ours = |origin: &String| origin.starts_with(&format!("{}/", self.name));
        open.values().any(|trust| {
            trust.code.as_str() == code && trust.entry.origin.as_ref().is_some_and(|origin| !is_ours(origin))
        })
    }

    fn already_open(&self, code: &TrustCode) -> Option<Arc<Trust>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).get(code).cloned()
    }

    fn opened(&self, entry: TrustEntry, record: Record) -> Arc<Trust> {
        let trust = Arc::new(Trust {
            code: entry.code.clone(),
            live: AtomicBool::new(!entry.preparing),
            entry,
            record,
            sessions: Sessions::default(),
            tokens: Tokens::default(),
            versions: Versions::default(),
            passwords: Arc::clone(&self.passwords),
            clock: Arc::clone(&self.clock),
            speeds: Speeds::default(),
            boards: portal::Boards::default(),
            last_looks: portal::LastLooks::default(),
        });
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        open.insert(trust.code.clone(), Arc::clone(&trust));
        trust
    }

    fn location(&self, entry: &TrustEntry) -> Location {
        entry.location(&self.configuration.data, self.configuration.store_ca.as_deref())
    }

    fn options(&self, host: &str, entry: &TrustEntry) -> Options {
        Options {
            indexing: indexing(),
            clock: Arc::clone(&self.clock),
            host: host.to_owned(),
            origin: entry.origin.clone().unwrap_or_else(|| format!("{host}/t/{}", entry.code)),
            durability: record::Durability::default(),
            segment_bytes: Options::SEGMENT_BYTES,
            log_pages: Options::LOG_PAGES,
        }
    }
}

impl Trust {
    /// The permit of the host's own work on this record.
    pub(crate) fn host_permit(&self) -> Result<Permit, Failure> {
        let grant = Grant::role("host/command", "Host command", Role::Host);
        access::decide(grant, (self.clock)()).map_err(|denied| Failure::Refused(denied.sentence))
    }

    /// The same in the name of a person, for what only the host may write and that person may decide.
    pub(crate) fn host_permit_of(&self, who: &Principal) -> Result<Permit, Failure> {
        let grant = Grant::role(who.id.clone(), who.name.clone(), Role::Host);
        access::decide(grant, (self.clock)()).map_err(|denied| Failure::Refused(denied.sentence))
    }

    /// The trust for people.
    pub(crate) async fn view(&self) -> Result<TrustView, Failure> {
        let status = self.record.status().await?;
        Ok(TrustView {
            commits: status.sequence,
            resources: status.resources.into_iter().collect(),
            bytes: status.bytes,
            preparing: !self.entry.demonstration && !self.live.load(Ordering::Relaxed),
            ..self.entry.view()
        })
    }
}

/// Every owner of this host.
fn owners(clock: &Clock) -> Owners {
    fn accounts<'a>(_: &'a Reading, draft: Draft) -> Planned<'a> {
        Box::pin(std::future::ready(
            accounts::plan(draft).and_then(configure::own).and_then(going_live::own).map_err(Into::into),
        ))
    }
    fn stays<'a>(reading: &'a Reading, draft: Draft, now: Moment) -> Planned<'a> {
        Box::pin(async move {
            let draft = administration::plan(reading, draft).await?;
            Ok(administration::stays::with_owners(reading, draft, now).await?)
        })
    }
    fn accesses<'a>(reading: &'a Reading, draft: Draft) -> Planned<'a> {
        Box::pin(async move {
            match administration::restricted_access::check_written(reading, &draft).await? {
                Ok(()) => Ok(draft),
                Err(refusal) => {
                    let (code, sentence) = (refusal.code.to_owned(), refusal.sentence);
                    Err(fhir_api::Objection { code, sentence, field: None }.into())
                }
            }
        })
    }
    fn patients<'a>(reading: &'a Reading, draft: Draft, now: Moment) -> Planned<'a> {
        Box::pin(async move { Ok(administration::merging::with_questions(reading, draft, now).await?) })
    }
    fn scores<'a>(reading: &'a Reading, draft: Draft, now: Moment) -> Planned<'a> {
        Box::pin(async move { Ok(clinical::plan(reading, draft, now).await?) })
    }
    let (clock, also, of_stays) = (Arc::clone(clock), Arc::clone(clock), Arc::clone(clock));
    Owners::none()
        .with(["Basic"], Arc::new(accounts))
        .with(["Encounter"], Arc::new(move |reading, draft| stays(reading, draft, of_stays())))
        .with(["AuditEvent"], Arc::new(accesses))
        .with(["Patient"], Arc::new(move |reading, draft| patients(reading, draft, clock())))
        .with(["Observation", "ServiceRequest"], Arc::new(move |reading, draft| scores(reading, draft, also())))
}

/// Every index function of this host, in one pass over a text.
pub(crate) fn indexing() -> Indexing {
    let patients = administration::patient_index::ROWS_VERSION;
    let functions = vec![
        ("fhir", 4),
        ("patient index", patients),
        ("stays", 4),
        ("merging", 1),
        ("emergency", 1),
        ("tasks", 2),
        ("vitals", 1),
        ("accounts", 2),
    ];
    let owed = administration::obligations::functions().into_iter().chain(clinical::owed::functions());
    let indexing = Indexing::new(functions, extract).picking(extract_some).telling_whose(whose);
    owed.fold(indexing, Indexing::with_obligations)
}

/// The compartments of patients that a text is in.
fn whose(source: Source<'_>, rows: &mut Vec<Row>) {
    if let Ok(document) = Document::parse(source.text, &Limits::default()) {
        fhir::search::compartment_rows(source.kind, source.id, &document, rows);
    }
}

/// The rows of some parameters: those of FHIR by name; of our own, whose names begin with a tilde, most functions make all.
fn extract_some(source: Source<'_>, wanted: &BTreeSet<&'static str>, rows: &mut Vec<Row>) {
    let Ok(document) = Document::parse(source.text, &Limits::default()) else { return };
    fhir::search::some_index_rows(source.kind, source.id, &document, wanted, rows);
    if wanted.iter().any(|name| name.starts_with('~') && *name != SUBJECT) {
        administration::some_patient_rows(&document, &|name| wanted.contains(name), rows);
        own_rows(source, &document, rows);
        accounts::index_rows(source, rows);
    }
}

fn extract(source: Source<'_>, rows: &mut Vec<Row>) {
    // Every text was a document when it was accepted; one that is not any more is found by `verify`.
    if let Ok(document) = Document::parse(source.text, &Limits::default()) {
        fhir::search::index_rows(source.kind, source.id, &document, rows);
        administration::patient_rows(&document, rows);
        own_rows(source, &document, rows);
    }
    accounts::index_rows(source, rows);
}

/// Rows of our own but those of the patient index.
fn own_rows(source: Source<'_>, document: &Document<'_>, rows: &mut Vec<Row>) {
    administration::stays::stay_rows(source.kind, document.root(), rows);
    administration::merging::merge_rows(source.kind, document.root(), rows);
    administration::emergency::emergency_rows(source.kind, document.root(), rows);
    administration::tasks::task_rows(source.kind, document.root(), rows);
    clinical::observations::vital_rows(source.kind, document.root(), rows);
}
