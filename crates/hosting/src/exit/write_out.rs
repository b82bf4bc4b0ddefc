//! One pass over a record, from its first entry to the one where the exit ends: every file of the folder comes of it, each
//! written as its lines come, so that the memory does not grow with the record. The same pass over a copy compares.
//!
//! What is written meanwhile is not in it. Only the desk, the accounts and the configuration are held in memory.

use std::collections::{BTreeMap, HashMap};

use access::Permit;
use administration::configuration::{BASIC, files_of, resolve};
use journal::hash::holes;
use journal::package::{Header, Writer};
use journal::{AccessLeaf, Entry, SignedCheckpoint, access_chain_hash};
use record::apply::Text;
use record::apply::take_out::TakenOut;
use record::{DeskRow, Key, Record};
use terms::Moment;

use super::folder::{FilePart, Folder, Purpose, Sheet};
use super::lines::{self, AccountLine, BesideLine, BlobLine, DeskLine, ErasedText, RequestLine};
use super::lists::{self, LISTS};
use super::manifest::{ChainPart, ComparedPart, DeskPart, FORMAT, JournalPart, MadePart, Manifest, TrustPart};
use super::readme;
use super::report::Holdings;
use crate::accounts;
use crate::failure::Failure;
use crate::secret::hex;
use crate::work::{Listener, Progress};

/// Entries that are read together; fewer when they are large.
const TOGETHER: usize = 512;
/// Subjects of one note in the access journal.
const NOTED_TOGETHER: usize = 10_000;

pub(crate) const PACKAGE: &str = "journal/journal.almjournal";
pub(crate) const ENTRIES: &str = "journal/entries.ndjson";
pub(crate) const BESIDE: &str = "journal/beside.ndjson";
/// Kept for a week only, so a copy that is read in later has fewer: compared with the entries, not as a file.
pub(crate) const REQUESTS: &str = "journal/requests.ndjson";
pub(crate) const BLOBS: &str = "blobs/index.ndjson";
pub(crate) const ACCESS: &str = "access/log.ndjson";
pub(crate) const ACCOUNTS: &str = "accounts.ndjson";
pub(crate) const DESK: &str = "desk.ndjson";
pub(crate) const README: &str = "README.md";

/// What an exit is of: the same for the record and for its copy.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) trust: TrustPart,
    pub(crate) made: MadePart,
    pub(crate) moment: Moment,
    pub(crate) journal: JournalPart,
    pub(crate) compared: ComparedPart,
    /// The access chains as far as they are to be written; `None` for all that there is.
    pub(crate) chains: Option<Vec<ChainPart>>,
}

/// Who hears of what was taken out before it is written; nobody when a copy is compared.
pub(crate) struct Note<'a> {
    pub(crate) query: &'a str,
}

/// What a pass found.
pub(crate) struct WrittenOut {
    pub(crate) manifest: Manifest,
    /// Where the copy differs from the folder.
    pub(crate) differences: Vec<String>,
}

/// The files that are open during the pass.
struct Pass {
    folder: Folder,
    package: Writer<Sheet>,
    entries: Sheet,
    beside: Sheet,
    requests: Option<Sheet>,
    blobs: Sheet,
    lists: Vec<(usize, Sheet)>,
    /// By path.
    kinds: BTreeMap<String, Sheet>,
    accounts: Vec<AccountLine>,
    configuration: Vec<(String, String)>,
    credentials: HashMap<String, Vec<u8>>,
    holds: Holdings,
    resources: BTreeMap<String, u64>,
    versions: BTreeMap<String, u64>,
    done: Vec<(FilePart, Option<String>)>,
}

/// Writes everything, or compares a copy with what was written.
pub(crate) async fn write_out(
    record: &Record,
    permit: &Permit,
    given: &Given,
    (desk, desk_digest): (Vec<DeskRow>, [u8; 32]),
    folder: Folder,
    note: Option<Note<'_>>,
    listener: Listener<'_>,
) -> Result<WrittenOut, Failure> {
    let until = given.journal.entries;
    let is_written = folder.purpose() == Purpose::Write;
    let doing = if is_written { "Taking out" } else { "Comparing" };
    let mut pass = Pass::begin(folder, given, &desk)?;
    let mut from = 1;
    while from <= until {
        let taken = record.taken_out(permit, from, until, TOGETHER).await?;
        if taken.is_empty() {
            return Err(Failure::Problem(format!("Entry {from} of the journal is missing.")));
        }
        from += taken.len() as u64;
        if let Some(note) = &note {
            noted(record, permit, note, until, &taken).await?;
        }
        pass = aside(move || pass.take(taken)).await?;
        let versions = pass.holds.versions;
        listener(Progress { doing: doing.into(), done: from - 1, total: Some(until), items: versions });
    }
    let checkpoint = given.journal.checkpoint.clone();
    pass = aside(move || pass.checkpoint(&checkpoint)).await?;
    let (pass, chains) = accesses(record, permit, given, pass).await?;
    let digest = DeskPart { rows: desk.len() as u64, digest: hex(&desk_digest) };
    let given = given.clone();
    aside(move || pass.end(given, chains, desk, digest)).await
}

/// Runs what waits for the disk where that harms nobody.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Failure::problem("writing an export", &error))?
}

/// Notes the patients who first appear in these entries, before anything of them is written.
async fn noted(
    record: &Record,
    permit: &Permit,
    note: &Note<'_>,
    until: u64,
    taken: &[TakenOut],
) -> Result<(), Failure> {
    let mut subjects = Vec::new();
    for taken in taken {
        let entry = decoded(&taken.decided.entry)?;
        let new = entry.changes.into_iter().filter(|change| change.kind == "Patient" && change.version == 1);
        subjects.extend(new.map(|change| Key::new("Patient", change.id)));
    }
    for part in subjects.chunks(NOTED_TOGETHER) {
        record.note_taken_out(permit, note.query, until, part.to_vec()).await?;
    }
    Ok(())
}

/// The access chains, each up to the first leaf that saw more than the exit has.
async fn accesses(
    record: &Record,
    permit: &Permit,
    given: &Given,
    mut pass: Pass,
) -> Result<(Pass, Vec<ChainPart>), Failure> {
    let until = given.journal.entries;
    let mut files = record.access_files(permit)?;
    let own = given.made.host.clone();
    let host = |file: &record::apply::hand_over::AccessFile| file.host.clone().unwrap_or_else(|| own.clone());
    // The chain that a copy has begun itself is nobody's business: it is in no list of chains.
    files.retain(|file| given.chains.is_none() || file.host.is_some());
    files.sort_by_key(|file| (host(file), file.name.clone()));
    let mut chains: BTreeMap<(String, u64), (ChainPart, bool)> = BTreeMap::new();
    let mut log = pass.folder.lines(ACCESS)?;
    for file in files {
        let leaves = record.access_leaves(permit, &file).await?;
        let known = given.chains.clone();
        let work = move || {
            for bytes in leaves {
                let leaf =
                    AccessLeaf::decode(&bytes).map_err(|error| Failure::problem("reading an access leaf", &error))?;
                let place = (leaf.host.clone(), leaf.epoch);
                let start = ChainPart { host: leaf.host.clone(), epoch: leaf.epoch, leaves: 0, head: String::new() };
                let limit = match &known {
                    None => u64::MAX,
                    Some(known) => known
                        .iter()
                        .find(|chain| (&chain.host, chain.epoch) == (&leaf.host, leaf.epoch))
                        .map_or(0, |chain| chain.leaves),
                };
                let sees_more = known.is_none() && leaf.reads.iter().any(|read| read.sequence > until);
                let chain = chains.entry(place).or_insert((start, false));
                chain.1 |= sees_more || leaf.number > limit;
                if chain.1 {
                    continue;
                }
                (chain.0.leaves, chain.0.head) = (leaf.number, hex(&access_chain_hash(&bytes)));
                pass.package.leaf(&bytes).map_err(|error| Failure::problem("writing the journal", &error))?;
                for read in &leaf.reads {
                    log.line(&lines::access(&leaf, read)?)?;
                    pass.holds.accesses += 1;
                }
            }
            Ok((pass, log, chains))
        };
        (pass, log, chains) = aside(work).await?;
    }
    pass.done.push(log.finish()?);
    let chains = chains.into_values().map(|(chain, _)| chain).filter(|chain| chain.leaves > 0).collect();
    Ok((pass, chains))
}

impl Pass {
    fn begin(mut folder: Folder, given: &Given, desk: &[DeskRow]) -> Result<Pass, Failure> {
        let header = Header { origin: given.trust.origin.clone(), moment: given.moment, texts: true, blobs: false };
        let package = Writer::new(folder.bytes(PACKAGE)?, &header);
        let mut lists = Vec::with_capacity(LISTS.len());
        for (at, list) in LISTS.iter().enumerate() {
            let mut sheet = folder.lines(list.path)?;
            sheet.line(&lists::header(list)?)?;
            lists.push((at, sheet));
        }
        let credentials = desk.iter().filter(|row| row.kind == crate::credentials::KIND);
        let requests = if folder.purpose() == Purpose::Write { Some(folder.lines(REQUESTS)?) } else { None };
        Ok(Pass {
            package: package.map_err(|error| Failure::problem("writing the journal", &error))?,
            entries: folder.lines(ENTRIES)?,
            beside: folder.lines(BESIDE)?,
            requests,
            blobs: folder.lines(BLOBS)?,
            lists,
            kinds: BTreeMap::new(),
            accounts: Vec::new(),
            configuration: Vec::new(),
            credentials: credentials.map(|row| (row.key.clone(), row.bytes.clone())).collect(),
            holds: Holdings::default(),
            resources: BTreeMap::new(),
            versions: BTreeMap::new(),
            done: Vec::new(),
            folder,
        })
    }

    /// Takes entries in.
    fn take(mut self, taken: Vec<TakenOut>) -> Result<Pass, Failure> {
        for taken in taken {
            self.entry(taken)?;
        }
        Ok(self)
    }

    fn entry(&mut self, taken: TakenOut) -> Result<(), Failure> {
        let TakenOut { decided, current } = taken;
        let entry = decoded(&decided.entry)?;
        self.holds.entries += 1;
        self.packed(|package| package.entry(&decided.entry))?;
        self.entries.line(&lines::entry(&entry)?)?;
        let mut erased = Vec::new();
        for (at, ((change, text), current)) in entry.changes.iter().zip(&decided.texts).zip(current).enumerate() {
            self.holds.versions += 1;
            *self.versions.entry(change.kind.clone()).or_default() += 1;
            let line = match text {
                Text::Kept { salt, seal, text } => {
                    self.packed(|package| package.text(at as u64, salt, *seal, text))?;
                    let (holes, plain) =
                        holes::split(text).map_err(|error| Failure::problem("reading a text", &error))?;
                    lines::version(&entry, change, None, Some((&holes, plain)))?
                }
                Text::Erased { by, whose } => {
                    self.holds.erased += 1;
                    let mut whose: Vec<String> = whose.iter().map(ToString::to_string).collect();
                    whose.sort();
                    erased.push(ErasedText { change: at, by: *by, whose });
                    lines::version(&entry, change, Some(*by), None)?
                }
            };
            self.of_kind("history", &change.kind)?.line(&line)?;
            if let Some(text) = current {
                self.current(&change.kind, &change.id, &text)?;
            }
        }
        let salt = decided.salt.as_ref().map(|salt| hex(salt));
        self.beside.line(&lines::json(&BesideLine { entry: entry.sequence, salt, erased })?)?;
        if let (Some(sheet), Some(request)) = (&mut self.requests, &decided.request) {
            let line = RequestLine { entry: entry.sequence, request: lines::to_base64(request) };
            sheet.line(&lines::json(&line)?)?;
        }
        for blob in &decided.blobs {
            self.holds.blobs += 1;
            let digest = hex(&blob.digest);
            let mut sheet = self.folder.bytes(&blob_path(&digest))?;
            sheet.put(&blob.bytes)?;
            let (part, difference) = sheet.finish()?;
            self.holds.bytes += part.bytes;
            if let Some(difference) = difference {
                self.done.push((part, Some(difference)));
            }
            let (salt, bytes) = (hex(&blob.salt), blob.bytes.len() as u64);
            self.blobs.line(&lines::json(&BlobLine { digest, salt, bytes, entry: entry.sequence })?)?;
        }
        Ok(())
    }

    /// A resource as it is at the end.
    fn current(&mut self, kind: &str, id: &str, text: &[u8]) -> Result<(), Failure> {
        self.holds.resources += 1;
        *self.resources.entry(kind.to_owned()).or_default() += 1;
        let line: Vec<u8> = lines::one_line(text).collect();
        self.of_kind("current", kind)?.line(&line)?;
        for (at, sheet) in &mut self.lists {
            if LISTS[*at].kind == kind {
                sheet.line(&lists::row(&LISTS[*at], text)?)?;
            }
        }
        if kind == BASIC.0 && id == BASIC.1 {
            let kept = files_of(text).map_err(|error| Failure::problem("reading the configuration", &error))?;
            self.configuration = kept.files.all().map(|file| (file.name.clone(), file.text.clone())).collect();
        } else if kind == "Basic"
            && let Some(account) = accounts::account_line(id, text, &self.credentials)
        {
            self.accounts.push(account);
        }
        Ok(())
    }

    fn of_kind(&mut self, what: &str, kind: &str) -> Result<&mut Sheet, Failure> {
        let path = format!("fhir/{what}/{kind}.ndjson");
        if !self.kinds.contains_key(&path) {
            let sheet = self.folder.lines(&path)?;
            self.kinds.insert(path.clone(), sheet);
        }
        self.kinds.get_mut(&path).ok_or_else(|| Failure::Problem(format!("{path} was not opened")))
    }

    fn packed(&mut self, write: impl FnOnce(&mut Writer<Sheet>) -> std::io::Result<()>) -> Result<(), Failure> {
        write(&mut self.package).map_err(|error| Failure::problem(format_args!("writing {PACKAGE}"), &error))
    }

    fn checkpoint(mut self, text: &str) -> Result<Pass, Failure> {
        let signed =
            SignedCheckpoint::parse(text).map_err(|error| Failure::problem("reading the checkpoint", &error))?;
        self.packed(|package| package.checkpoint(&signed))?;
        Ok(self)
    }

    /// Closes every file; the desk, the accounts, the configuration and the words for strangers come last.
    fn end(
        mut self,
        given: Given,
        chains: Vec<ChainPart>,
        mut desk: Vec<DeskRow>,
        digest: DeskPart,
    ) -> Result<WrittenOut, Failure> {
        let package =
            self.package.finish().map_err(|error| Failure::problem(format_args!("writing {PACKAGE}"), &error))?;
        let open = [package, self.entries, self.beside, self.blobs].into_iter().chain(self.requests);
        for sheet in open.chain(self.lists.into_iter().map(|(_, sheet)| sheet)).chain(self.kinds.into_values()) {
            self.done.push(sheet.finish()?);
        }
        desk.sort_by(|a, b| (&a.kind, &a.key).cmp(&(&b.kind, &b.key)));
        self.accounts.sort_by(|a, b| a.name.cmp(&b.name));
        let mut sheet = self.folder.lines(DESK)?;
        for row in &desk {
            sheet.line(&lines::json(&DeskLine::from(row))?)?;
        }
        self.done.push(sheet.finish()?);
        let mut sheet = self.folder.lines(ACCOUNTS)?;
        for account in &self.accounts {
            sheet.line(&lines::json(account)?)?;
        }
        self.done.push(sheet.finish()?);
        for (name, text) in &self.configuration {
            let name =
                resolve("", name).ok_or_else(|| Failure::refused("A file of the configuration leads elsewhere."))?;
            let mut sheet = self.folder.lines(&format!("configuration/{name}"))?;
            sheet.put(text.as_bytes())?;
            self.done.push(sheet.finish()?);
        }
        self.holds.desk_rows = digest.rows;
        self.holds.accounts = self.accounts.len() as u64;
        self.holds.configuration_files = self.configuration.len() as u64;
        let mut sheet = self.folder.lines(README)?;
        sheet.put(readme::text(&given, &self.holds, &self.resources).as_bytes())?;
        self.done.push(sheet.finish()?);
        if self.folder.purpose() == Purpose::Write {
            self.folder.sync()?;
        }
        let differences = self.done.iter().filter_map(|(_, difference)| difference.clone()).collect();
        let is_blob = |part: &FilePart| part.path.starts_with("blobs/") && part.path != BLOBS;
        let mut files: Vec<FilePart> =
            self.done.into_iter().map(|(part, _)| part).filter(|part| !is_blob(part)).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        self.holds.files = files.len() as u64 + self.holds.blobs;
        self.holds.bytes += files.iter().map(|part| part.bytes).sum::<u64>();
        let manifest = Manifest {
            format: FORMAT.into(),
            trust: given.trust,
            made: given.made,
            journal: given.journal,
            holds: self.holds,
            resources: self.resources,
            versions: self.versions,
            desk: digest,
            access: chains,
            compared: given.compared,
            files,
        };
        Ok(WrittenOut { manifest, differences })
    }
}

/// Where a blob lies.
pub(crate) fn blob_path(digest: &str) -> String {
    format!("blobs/{}/{digest}", digest.get(..2).unwrap_or("--"))
}

fn decoded(bytes: &[u8]) -> Result<Entry, Failure> {
    Entry::decode(bytes).map_err(|error| Failure::problem("reading an entry", &error))
}
