//! Work on a data directory that can only be read: a snapshot, a backup, a medium that is mounted read-only, of a host that
//! does not run. Nothing is ever written there. SQLite cannot open a database there whose log is not empty, and a record
//! that is opened begins an epoch: so one record's database and small files are copied to a place for temporary files,
//! attachments are reached through links, and what is asked for is done on that. A record in PostgreSQL is not copied: its
//! database is read in one state, through a user or a standby that need let nobody do more, and only the small files are
//! copied. Knows nothing of what is asked for.

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use record::apply::take_out::room;

use crate::carry_out::carry_out;
use crate::clock;
use crate::configuration::{Configuration, Store};
use crate::exit::ExitWork;
use crate::failure::Failure;
use crate::host::Host;
use crate::moving::MoveWork;
use crate::ownership::claim_alone;
use crate::trusts::{Registry, TrustCode, TrustEntry, is_registered};
use crate::work::{Listener, Outcome, Work};

/// What a process that owns a data directory has locked.
const LOCK: &str = "owner.lock";
/// What is not copied but linked to: the attachments, which are never changed.
const LINKED: &str = "blobs";
/// SQLite's shared index of its log, which is made anew.
const SHARED: &str = "record.db-shm";
/// How deep folders lie in each other.
const MOST_DEPTH: usize = 8;

/// What came of it, and what whoever asked must know of a copy that was only read.
pub struct FromCopy {
    /// What came of the work; of the verification before it where that found something wrong.
    pub outcome: Outcome,
    /// What must be known, as sentences.
    pub told: Vec<String>,
}

/// Carries out work on a copy of a data directory that can only be read: to verify a trust, to take everything of it out, or
/// to pack its segments. The record is verified first; when something is wrong, nothing more is done. `store` is the address
/// at which a record in PostgreSQL is read, in the place of the one that its host went by.
///
/// # Errors
/// There is no such trust in it, the directory or the database is a running host's, the work is another one, or the work
/// itself refuses.
pub async fn run_from_copy(
    configuration: Configuration,
    (copy, store): (&Path, Option<&str>),
    work: Work,
    listener: Listener<'_>,
) -> Result<FromCopy, Failure> {
    let trust = may_be_done(&work)?.clone();
    let place = Place::of(copy, &trust, store)?;
    let configuration = Configuration { data: place.0.clone(), ..configuration };
    let lock = Arc::new(claim_alone(&configuration.data).await?);
    let host = Arc::new(Host::open_to_read(configuration, lock, clock::machine())?);
    let done = done(&host, copy, &trust, work, listener).await;
    host.close().await;
    done
}

async fn done(
    host: &Arc<Host>,
    copy: &Path,
    code: &TrustCode,
    work: Work,
    listener: Listener<'_>,
) -> Result<FromCopy, Failure> {
    let record = host.trust(code).await?.record.clone();
    // Before anything here signs another one.
    let signed = record.last_checkpoint()?.map_or(0, |signed| signed.checkpoint().size);
    let entries = record.status().await?.sequence;
    let mut told = told(copy, signed, entries);
    if record.is_at_standby() {
        told.push(format!(
            "The database is a standby. Whether a host is at work at the one that it follows cannot be seen from here; what was \
             recorded there after entry {entries} is not in this."
        ));
    }
    let is_verification = matches!(work, Work::Verify { .. });
    if !is_verification {
        let verify = Work::Verify { trust: code.clone(), against: None, index: false };
        let verified = carry_out(host, verify, listener).await?;
        if verified.exit_code() != 0 {
            return Ok(FromCopy { outcome: verified, told });
        }
    }
    Ok(FromCopy { outcome: carry_out(host, work, listener).await?, told })
}

/// The trust of work that changes nothing of a record.
fn may_be_done(work: &Work) -> Result<&TrustCode, Failure> {
    match work {
        Work::Verify { trust, .. }
        | Work::Exit(ExitWork::Export { trust, .. })
        | Work::Move(MoveWork::Pack { trust, .. }) => Ok(trust),
        _ => Err(Failure::refused("From a copy that can only be read a trust is verified, exported or packed.")),
    }
}

fn told(copy: &Path, signed: u64, entries: u64) -> Vec<String> {
    let mut told = vec![format!(
        "Made from the copy in {}, in which nothing was written. No cut was signed: the host that keeps this trust may go on, \
         and what it has recorded since is not in this. Who did this is noted in what was made and not over there.",
        copy.display()
    )];
    if signed < entries {
        told.push(format!(
            "Entries {} to {entries} are later than the last checkpoint in this copy: that they were not written by somebody \
             else is vouched for by nothing but the copy.",
            signed + 1
        ));
    }
    told
}

/// A place for temporary files with the parts of a data directory, gone when it is dropped.
struct Place(PathBuf);

impl Place {
    fn of(copy: &Path, code: &TrustCode, store: Option<&str>) -> Result<Place, Failure> {
        let failed = |error: io::Error| Failure::problem(format!("reading the copy in {}", copy.display()), &error);
        if !is_registered(copy) {
            return Err(Failure::Refused(format!("There are no data of a host in {}.", copy.display())));
        }
        is_nobodys(copy)?;
        let mut registry = Registry::read(copy)?;
        let entry = registry.find(code).filter(|entry| entry.ready).cloned();
        let entry =
            entry.ok_or_else(|| Failure::Refused(format!("There is no trust {code} in {}.", copy.display())))?;
        let database = database(&entry, store)?;
        let from = std::path::absolute(entry.directory(copy)).map_err(failed)?;
        let place = Place::make()?;
        let needed = size(&from, MOST_DEPTH).map_err(failed)?;
        let there = room(&place.0)?;
        if needed > there {
            return Err(Failure::Refused(format!(
                "To read this copy {needed} bytes are needed for temporary files, and {} has {there}. Name another folder: \
                 TMPDIR.",
                std::env::temp_dir().display()
            )));
        }
        registry.trusts.retain(|trust| trust.code == *code);
        registry.trusts.iter_mut().for_each(|trust| trust.store.clone_from(&database));
        registry.write(&place.0)?;
        take(&from, &entry.directory(&place.0), MOST_DEPTH, false).map_err(failed)?;
        Ok(place)
    }

    fn make() -> Result<Place, Failure> {
        let name = format!("almoner-copy-{}", &crate::secret::Secret::random("")?.reveal()[..16]);
        let place = Place(std::env::temp_dir().join(name));
        let made = DirBuilder::new().mode(0o700).create(&place.0);
        made.map_err(|error| Failure::problem(format!("making {}", place.0.display()), &error))?;
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::error!(%error, place = %self.0.display(), "temporary files with patient data could not be removed");
        }
    }
}

/// Where the record of a trust is read: beside its small files, or at the address that was given, else at the one at which its
/// host wrote it.
fn database(entry: &TrustEntry, given: Option<&str>) -> Result<String, Failure> {
    match given.map(Store::parse).transpose()? {
        Some(Store::Postgres(url)) if entry.store != "sqlite" => Ok(url),
        _ => Ok(entry.store.clone()),
    }
}

/// # Errors
/// A process works on this directory: what is read of a database that is written to is not whole.
fn is_nobodys(copy: &Path) -> Result<(), Failure> {
    let Ok(lock) = File::open(copy.join(LOCK)) else { return Ok(()) };
    match lock.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Err(Failure::Refused(format!(
            "A host works on {}: it is no copy. Ask that host, without --from-copy.",
            copy.display()
        ))),
        // Where nothing can be locked nobody has.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// The bytes that will be copied.
fn size(folder: &Path, depth: usize) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && depth > 0 && entry.file_name() != LINKED {
            bytes += size(&entry.path(), depth - 1)?;
        } else if kind.is_file() {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}

/// Takes a folder over: files as copies, below the attachments as links.
fn take(from: &Path, to: &Path, depth: usize, linked: bool) -> io::Result<()> {
    DirBuilder::new().mode(0o700).recursive(true).create(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (kind, name) = (entry.file_type()?, entry.file_name());
        let (source, target) = (entry.path(), to.join(&name));
        if kind.is_dir() {
            let deeper =
                depth.checked_sub(1).ok_or_else(|| io::Error::other("its folders lie too deep in each other"))?;
            take(&source, &target, deeper, linked || name == LINKED)?;
        } else if kind.is_file() && linked {
            symlink(&source, &target)?;
        } else if kind.is_file() && name != SHARED {
            io::copy(&mut File::open(&source)?, &mut File::create_new(&target)?)?;
        }
    }
    Ok(())
}
