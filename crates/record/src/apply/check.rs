//! What must hold before an entry that was decided elsewhere is written: it follows the head, its versions follow, and
//! each text, salt and blob beside it is the one that it names. Reads the store at the head and writes nothing.
//!
//! Not checked here: signatures of keys and cuts, which the verifier judges from the first entry on, and what the
//! entry's salt hides.

use std::collections::{HashMap, HashSet};

use access::Permit;
use journal::hash::{blob_digest, holes};
use journal::{Entry, ErasedVersion, Hash, Operation};
use terms::Moment;
use terms::index::Row;

use super::owed::{OWED, Owed};
use super::{ApplyError, Blob, Ready, Received, ReceivedChange, Text};
use crate::apply::hand_over::{Writes, is_near};
use crate::blobs::MOST_BLOB_BYTES;
use crate::change::Key;
use crate::codec::MOST_TEXT_BYTES;
use crate::desk::DeskChange;
use crate::group::{Erased, kind_row, operation_of};
use crate::keyed::KeyedRows;
use crate::reach::subjects;
use crate::reading::{READ_TOGETHER, Reading};
use crate::record::Record;
use crate::store::{KeptKey, StoredBlob, StoredVersion};
use crate::transact::check_rows;

/// Entries that may be written.
pub(super) struct Checked {
    pub(super) entries: Vec<Received>,
    pub(super) blobs: Vec<Blob>,
    /// The change of the row of what is owed, if it changes.
    pub(super) owed: Option<DeskChange>,
}

/// A resource as the entries so far leave it.
struct Newest {
    rid: i64,
    version: u64,
    operation: Operation,
    sequence: u64,
    /// Its rows, unless it is deleted or erased.
    rows: Option<Vec<Row>>,
    /// Whose it was, when it is erased.
    whose: Vec<Key>,
    /// The blobs of a version that these entries made; of one in the store they are read when they are asked for.
    blobs: Option<Vec<Hash>>,
}

/// A check under way.
struct Check<'r> {
    record: &'r Record,
    reading: Reading,
    sequence: u64,
    chain: Hash,
    moment: Moment,
    /// The highest that is known; the next entry's is not below it.
    epoch: u64,
    newest: HashMap<Key, Newest>,
    /// What was looked up in the store.
    looked_up: HashSet<Key>,
    owed: Owed,
    /// Who may write, when that is known.
    writes: Option<Writes>,
    /// The cut that the entry before was, with its number.
    cut_before: Option<(u64, journal::act::Cut)>,
    /// The cut that this host has refused; it is applied only together with its resumption.
    refused: Option<u64>,
    /// Blobs that came with these entries.
    came: Vec<Blob>,
    /// Whose the texts were that came as erased with these entries.
    came_erased: HashMap<(Key, u64), Vec<Key>>,
}

/// Texts that are here and go, those that came as gone with whose they were, and blobs that are here and go.
type Erasing = (Vec<Erased>, Vec<(Key, Vec<Key>)>, Vec<Hash>);

/// Why an entry is refused.
type Why = Result<(), String>;

/// Checks entries against each other and against the record as it is.
pub(super) async fn check(record: &Record, permit: &Permit, entries: Vec<Ready>) -> Result<Checked, ApplyError> {
    let store = &record.inner().store;
    let head = store.head().await?;
    let before = store.entries(head.sequence.max(1), 1).await?.into_iter().next();
    let before = before.and_then(|entry| Entry::decode(&entry.body).ok());
    let epoch = before.as_ref().map_or(0, epoch_named);
    let row = record.desk_get(OWED.0, OWED.1).await?;
    let owed = Owed::read(row.as_ref().map(|row| row.bytes.as_slice()))?;
    let mut check = Check {
        record,
        reading: record.read(permit, "apply entries").await?,
        sequence: head.sequence,
        chain: head.chain,
        moment: head.moment,
        epoch,
        newest: HashMap::new(),
        looked_up: HashSet::new(),
        owed: owed.clone(),
        writes: record.writes().await?,
        cut_before: before.and_then(cut_of),
        refused: record.refused().await?,
        came: Vec::new(),
        came_erased: HashMap::new(),
    };
    check.look_up_all(&entries).await?;
    let mut checked = Vec::with_capacity(entries.len());
    for ready in entries {
        checked.push(check.entry(ready).await?);
        tokio::task::yield_now().await;
    }
    check.reading.set_aside();
    if let Some(entry) = check.refused_before() {
        let why = "This host has refused this cut: it comes only with the entry that gives the record back.".into();
        return Err(ApplyError::Refused { entry, why });
    }
    let changed = (row.is_none() || check.owed != owed).then(|| check.owed.kept()).transpose()?;
    Ok(Checked { entries: checked, blobs: check.came, owed: changed })
}

/// The rows of a text as it is kept.
pub(super) fn rows(record: &Record, kind: &str, id: &str, kept: &[u8]) -> Vec<Row> {
    match holes::split(kept) {
        Ok((_, text)) if !text.is_empty() => record.inner().indexing.rows(kind, id, text),
        _ => Vec::new(),
    }
}

impl Check<'_> {
    async fn entry(&mut self, Ready { decided, rows }: Ready) -> Result<Received, ApplyError> {
        let at = self.sequence + 1;
        let refuse = |why: String| ApplyError::Refused { entry: at, why };
        let entry =
            Entry::decode(&decided.entry).map_err(|error| refuse(format!("Its bytes are no entry: {error}.")))?;
        self.follows(&entry).map_err(refuse)?;
        self.hands_over(&entry).map_err(refuse)?;
        if decided.texts.len() != entry.changes.len() {
            return Err(refuse("There is not one text for each of its changes.".into()));
        }
        let blobs = self.take_blobs(&entry, decided.blobs).map_err(refuse)?;
        let erased = decided.texts.iter().any(|text| matches!(text, Text::Erased { .. }));
        if decided.salt.is_none() && !erased {
            return Err(refuse("Its salt is missing although no text of it is erased.".into()));
        }
        let kept_key = kept_key(&entry, decided.salt, decided.request).map_err(refuse)?;
        let mut changes = Vec::with_capacity(entry.changes.len());
        let mut rows = rows.into_iter();
        for (change, text) in entry.changes.iter().zip(decided.texts) {
            changes.push(self.change(&entry, change, text, rows.next().flatten()).await?);
        }
        let (erase, settled, erase_blobs) = self.erasure(&entry).await?;
        self.sequence = entry.sequence;
        self.chain = journal::chain_hash(&decided.entry);
        self.moment = entry.moment;
        self.epoch = epoch_named(&entry);
        let salt = decided.salt.filter(|_| !erased).map_or_else(Vec::new, |salt| salt.to_vec());
        Ok(Received { body: decided.entry, salt, changes, blobs, kept_key, erase, settled, erase_blobs, entry })
    }

    /// Number, link, moment and epoch.
    fn follows(&self, entry: &Entry) -> Why {
        let (at, number) = (self.sequence + 1, entry.sequence);
        if number != at {
            return Err(format!("It is number {number}, but entry {at} must come next."));
        }
        if entry.previous != self.chain {
            return Err("It was chained to another entry than the one before it here.".into());
        }
        if entry.moment <= self.moment && at > 1 {
            return Err("Its moment is not after that of the entry before.".into());
        }
        if entry.epoch < self.epoch {
            return Err("Its epoch falls.".into());
        }
        if !is_near(entry.epoch, self.epoch) || !is_near(epoch_named(entry), entry.epoch) {
            return Err("Its epoch, or the one that it names, is too far above the one before.".into());
        }
        let mut keys: Vec<_> = entry.changes.iter().map(|change| (&change.kind, &change.id)).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err("It changes a resource twice.".into());
        }
        Ok(())
    }

    /// The number of the entry before, when that is the cut which this host has refused.
    fn refused_before(&self) -> Option<u64> {
        let before = self.cut_before.as_ref().map(|(number, _)| *number);
        before.filter(|number| self.refused == Some(*number))
    }

    /// A cut is signed by both hosts, and by the one that may write: from there on the other may. The entry after it may
    /// give the record back, signed by that other; if this host has refused the cut, no other entry may follow it.
    fn hands_over(&mut self, entry: &Entry) -> Why {
        if self.refused_before().is_some() && !matches!(entry.act, journal::Act::Resume(_)) {
            return Err("It follows a cut that this host has refused, and does not give the record back.".into());
        }
        let before = self.cut_before.take();
        let cut = match &entry.act {
            journal::Act::Cut(cut) => cut,
            journal::Act::Resume(resume) => {
                let (_, cut) = before
                    .filter(|(number, cut)| resume.gives_back(*number, cut, &entry.previous))
                    .ok_or("It gives a record back that was not cut just before, or its target has not signed that.")?;
                if resume.epoch != entry.epoch || self.writes.as_ref().is_some_and(|writes| writes.cut > resume.cut) {
                    return Err("It gives a record back in an epoch that it does not name.".into());
                }
                self.writes = Some(Writes::resumed(&cut, entry));
                return Ok(());
            }
            _ => return Ok(()),
        };
        if !cut.is_signed(entry.sequence, &entry.previous) {
            return Err("It is a cut that one of the two hosts has not signed.".into());
        }
        // A copy that no cut has reached yet knows whom it is copied from, and not who wrote the record before that: an
        // earlier cut names its hosts, and every later one must begin where that ended. One to this host is no earlier one.
        let own = *self.record.verifier_key().public();
        let binds = |writes: &&Writes| writes.cut > 0 || cut.target_key == own;
        if self.writes.as_ref().filter(binds).is_some_and(|writes| writes.key != cut.source_key) {
            return Err("It is a cut by a host that may not write.".into());
        }
        self.writes = Some(Writes::after(cut, entry.sequence));
        self.cut_before = Some((entry.sequence, cut.clone()));
        Ok(())
    }

    /// Each blob that came is one that the entry names, and is what it says; gives their rows.
    fn take_blobs(&mut self, entry: &Entry, blobs: Vec<Blob>) -> Result<Vec<StoredBlob>, String> {
        let mut rows = Vec::with_capacity(blobs.len());
        for blob in blobs {
            let mut named = entry.changes.iter().flat_map(|change| &change.blobs);
            let Some(named) = named.find(|named| named.digest == blob.digest) else {
                return Err("A blob came with it that it does not name.".into());
            };
            if named.length != blob.bytes.len() as u64 || blob_digest(&blob.salt, &blob.bytes) != blob.digest {
                return Err("A blob or its salt is not what it names.".into());
            }
            if blob.bytes.len() > MOST_BLOB_BYTES {
                return Err("A blob is longer than a record keeps.".into());
            }
            if self.came.iter().any(|came| came.digest == blob.digest) {
                return Err("A blob came twice.".into());
            }
            let (digest, salt, length) = (blob.digest, blob.salt.to_vec(), named.length);
            rows.push(StoredBlob { digest, salt, length, entry: entry.sequence });
            self.came.push(blob);
        }
        Ok(rows)
    }

    /// One version: it follows the one before, its text is the one that was committed, its blobs are there.
    async fn change(
        &mut self,
        entry: &Entry,
        change: &journal::Change,
        text: Text,
        ready: Option<Vec<Row>>,
    ) -> Result<ReceivedChange, ApplyError> {
        let key = Key::new(&change.kind, &change.id);
        let name = format!("{key} version {}", change.version);
        let refuse = |why: String| ApplyError::Refused { entry: entry.sequence, why };
        self.look_up(&key).await?;
        let before = self.newest.get(&key);
        succeeds(before, change).map_err(|why| refuse(format!("{name} {why}.")))?;
        let (salt, text, rows, whose) = match text {
            Text::Kept { seal: 1.., .. } => return Err(refuse(format!("The text of {name} is sealed."))),
            Text::Kept { salt, text, .. } => {
                check_text(change, &salt, &text).map_err(|why| refuse(format!("The text of {name} {why}.")))?;
                let rows = ready.unwrap_or_else(|| rows(self.record, &key.kind, &key.id, &text));
                check_rows(&rows).map_err(|problem| refuse(problem.to_string()))?;
                (salt.to_vec(), Some(text), rows, None)
            }
            Text::Erased { by, .. } if by <= entry.sequence || change.operation == Operation::Delete => {
                return Err(refuse(format!("The text of {name} cannot have been erased by entry {by}.")));
            }
            Text::Erased { by, whose } => {
                let erased = erased_version(change, entry.sequence);
                self.owed.owe_version(by, erased);
                self.came_erased.insert((key.clone(), change.version), whose.clone());
                (by.to_be_bytes().to_vec(), None, Vec::new(), Some(whose))
            }
        };
        self.check_blobs(&key, change, text.is_none()).await?.map_err(refuse)?;
        let live = text.is_some() && change.operation != Operation::Delete;
        let before = self.newest.remove(&key);
        self.newest.insert(
            key.clone(),
            Newest {
                rid: before.as_ref().map_or(0, |before| before.rid),
                version: change.version,
                operation: change.operation,
                sequence: entry.sequence,
                rows: live.then(|| rows.clone()),
                whose: whose.clone().unwrap_or_default(),
                blobs: Some(change.blobs.iter().map(|blob| blob.digest).collect()),
            },
        );
        let names = self.reading.names();
        let whose_before = before.as_ref().map_or_else(Vec::new, |before| before.whose.clone());
        let before = before.and_then(|before| Some((before.sequence, KeyedRows::new(before.rows?, names))));
        let rows = KeyedRows::new(rows, names);
        let (version, operation) = (change.version, change.operation);
        Ok(ReceivedChange { key, version, operation, salt, text, rows, before, whose, whose_before })
    }

    /// Reads where the resources of entries are in the store, many together: each question to a server costs a way there and
    /// back.
    async fn look_up_all(&mut self, entries: &[Ready]) -> Result<(), ApplyError> {
        let entries = entries.iter().filter_map(|ready| Entry::decode(&ready.decided.entry).ok());
        let changes = entries.flat_map(|entry| entry.changes);
        let keys: HashSet<Key> = changes.map(|change| Key { kind: change.kind, id: change.id }).collect();
        let keys: Vec<Key> = keys.into_iter().collect();
        for keys in keys.chunks(READ_TOGETHER) {
            let found = self.reading.located_all(keys.iter()).await?;
            for (key, stored) in keys.iter().zip(found) {
                self.keep(key, stored).await?;
            }
        }
        Ok(())
    }

    /// Reads once where a resource is in the store.
    async fn look_up(&mut self, key: &Key) -> Result<(), ApplyError> {
        if self.looked_up.contains(key) {
            return Ok(());
        }
        let found = self.reading.located(key).await?;
        self.keep(key, found).await
    }

    /// Keeps where a resource was found.
    async fn keep(&mut self, key: &Key, stored: Option<StoredVersion>) -> Result<(), ApplyError> {
        self.looked_up.insert(key.clone());
        let Some(stored) = stored else { return Ok(()) };
        let (rid, operation) = (stored.rid, operation_of(stored.operation)?);
        let inner = self.record.inner();
        let whose = match stored.text {
            Some(_) => Vec::new(),
            None => inner.erased_whose(&[(rid, stored.version)]).await?.concat(),
        };
        let version = self.record.inner().version(key.clone(), stored)?;
        let rows = (!version.text.is_empty()).then(|| self.reading.rows(&version));
        let (number, sequence) = (version.version, version.sequence);
        let newest = Newest { rid, version: number, operation, sequence, rows, whose, blobs: None };
        self.newest.insert(key.clone(), newest);
        Ok(())
    }

    /// Each blob of a change came with its entry, is shared with the version before, or is still to be erased.
    async fn check_blobs(&mut self, key: &Key, change: &journal::Change, erased: bool) -> Result<Why, ApplyError> {
        for blob in &change.blobs {
            if self.came.iter().any(|came| came.digest == blob.digest) {
                continue;
            }
            let shared = self.blobs_before(key).await?.contains(&blob.digest);
            let is_here = shared && self.record.inner().store.blobs(&[blob.digest]).await?[0].is_some();
            if is_here || (erased && self.owed.owes_blob(&blob.digest)) {
                continue;
            }
            if !erased {
                return Ok(Err(format!("A blob of {key} version {} did not come.", change.version)));
            }
            self.owed.owe_blob(blob.digest);
        }
        Ok(Ok(()))
    }

    /// The blobs of the newest version so far, as its entry names them.
    async fn blobs_before(&self, key: &Key) -> Result<Vec<Hash>, ApplyError> {
        let Some(newest) = self.newest.get(key) else { return Ok(Vec::new()) };
        if let Some(blobs) = &newest.blobs {
            return Ok(blobs.clone());
        }
        let stored = self.record.inner().store.entries(newest.sequence, 1).await?.into_iter().next();
        let changes = stored.and_then(|stored| Entry::decode(&stored.body).ok()).map(|entry| entry.changes);
        let own = changes.into_iter().flatten().filter(|change| change.kind == key.kind && change.id == key.id);
        Ok(own.flat_map(|change| change.blobs).map(|blob| blob.digest).collect())
    }

    /// What an entry erases: texts and blobs that are here go, those that were owed are settled.
    async fn erasure(&mut self, entry: &Entry) -> Result<Erasing, ApplyError> {
        let at = entry.sequence;
        let refuse = |why: String| ApplyError::Refused { entry: at, why };
        let (mut erase, mut settled, mut erase_blobs) = (Vec::new(), Vec::new(), Vec::new());
        if let journal::Act::Erase(erasure) = &entry.act {
            for version in &erasure.versions {
                if self.owed.settle_version(at, version) {
                    settled.push(self.whose_came(version).await?);
                } else {
                    erase.push(self.erased(at, version).await?);
                }
            }
            for digest in &erasure.blobs {
                let came = self.came.iter().any(|came| came.digest == *digest);
                if self.owed.settle_blob(digest) {
                    continue;
                }
                if !came && self.record.inner().store.blobs(&[*digest]).await?[0].is_none() {
                    return Err(refuse("It erases a blob that is not here.".into()));
                }
                erase_blobs.push(*digest);
            }
        }
        if self.owed.is_due(at) {
            return Err(refuse("A text came as erased by this entry, which does not erase it.".into()));
        }
        Ok((erase, settled, erase_blobs))
    }

    /// Whose a text was that came as erased, now or before.
    async fn whose_came(&self, version: &ErasedVersion) -> Result<(Key, Vec<Key>), ApplyError> {
        let place = (Key::new(&version.kind, &version.id), version.version);
        if let Some(whose) = self.came_erased.get(&place) {
            return Ok((place.0, whose.clone()));
        }
        let inner = self.record.inner();
        let rid = inner.shared.names.target(&inner.store, &version.kind, &version.id).await?;
        let whose = match rid {
            Some(rid) => inner.erased_whose(&[(rid, version.version)]).await?.concat(),
            None => Vec::new(),
        };
        Ok((place.0, whose))
    }

    /// A version in the store that an entry erases.
    async fn erased(&mut self, at: u64, named: &ErasedVersion) -> Result<Erased, ApplyError> {
        let key = Key::new(&named.kind, &named.id);
        let refuse = |why: &str| ApplyError::Refused {
            entry: at,
            why: format!("It erases {key} version {}, {why}.", named.version),
        };
        self.look_up(&key).await?;
        let Some(newest) = self.newest.get_mut(&key) else { return Err(refuse("which was never made")) };
        let wanted = [(newest.rid, named.version)];
        let stored = self.record.inner().store.versions(&wanted).await?.into_iter().flatten().next();
        let stored = stored.filter(|stored| stored.sequence == named.entry && stored.operation != 3);
        // One that came with these entries is not in the store yet: its text may not be here when its end is.
        let stored = stored.ok_or_else(|| refuse("which is not here, or came together with its erasure"))?;
        if stored.text.is_none() {
            return Err(refuse("whose text is gone already"));
        }
        let text = self.record.inner().version(key.clone(), stored)?;
        let is_newest = newest.version == named.version;
        let mut rows = self.reading.rows(&text);
        rows.push(kind_row(&key.kind, named.entry));
        if is_newest {
            newest.rows = None;
            newest.whose = subjects(&rows).collect();
        }
        Ok(Erased {
            rid: newest.rid,
            version: named.version,
            sequence: named.entry,
            newest: is_newest,
            ended: u64::MAX,
            key,
            rows,
            holes: text.holes,
        })
    }
}

/// The epoch of an entry, or the one that it names as a cut: that of the entry after it at least.
fn epoch_named(entry: &Entry) -> u64 {
    match &entry.act {
        journal::Act::Cut(cut) => entry.epoch.max(cut.epoch),
        _ => entry.epoch,
    }
}

/// The cut that an entry is, with its number.
fn cut_of(entry: Entry) -> Option<(u64, journal::act::Cut)> {
    match entry.act {
        journal::Act::Cut(cut) => Some((entry.sequence, cut)),
        _ => None,
    }
}

fn erased_version(change: &journal::Change, entry: u64) -> ErasedVersion {
    ErasedVersion { kind: change.kind.clone(), id: change.id.clone(), version: change.version, entry }
}

/// Whether a change follows the version before; if not, a sentence's end.
fn succeeds(before: Option<&Newest>, change: &journal::Change) -> Why {
    let was = before.map_or(0, |before| before.version);
    if change.version != was + 1 {
        return Err(format!("comes after version {was}"));
    }
    let lived = before.is_some_and(|before| before.operation != Operation::Delete);
    match change.operation {
        Operation::Create if lived => Err("creates what already exists".into()),
        Operation::Update if before.is_none() => Err("updates what never existed".into()),
        Operation::Delete if !lived => Err("deletes what does not exist".into()),
        _ => Ok(()),
    }
}

/// Whether a text is the one that was committed; if not, a sentence's end.
fn check_text(change: &journal::Change, salt: &journal::Salt, text: &[u8]) -> Why {
    if journal::version_digest(salt, text) != change.digest {
        return Err("or its salt is not what was committed".into());
    }
    if text.is_empty() != (change.operation == Operation::Delete) {
        return Err("is empty without a deletion, or the other way round".into());
    }
    if text.len() > MOST_TEXT_BYTES {
        return Err("is longer than a record keeps".into());
    }
    if holes::are_of(text, &change.blobs) { Ok(()) } else { Err("has other holes than its change has blobs".into()) }
}

/// The retry key of an entry, if its request is still kept.
fn kept_key(entry: &Entry, salt: Option<journal::Salt>, request: Option<Vec<u8>>) -> Result<Option<KeptKey>, String> {
    let Some(digest) = request else { return Ok(None) };
    let Some(idempotency) = &entry.idempotency else {
        return Err("A request came with it, but it has no idempotency key.".into());
    };
    // Without the entry's salt nobody can tell; another digest would only refuse a retry.
    if salt.is_some_and(|salt| journal::request_digest(&salt, &digest) != idempotency.digest) {
        return Err("The request or its salt is not what was committed.".into());
    }
    Ok(Some(KeptKey {
        principal: idempotency.principal.clone(),
        key: idempotency.key.clone(),
        sequence: entry.sequence,
        digest,
        moment: entry.moment,
    }))
}
