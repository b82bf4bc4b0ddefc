//! One process owns a data directory at a time: it holds a lock on `owner.lock` for as long as it lives. Another
//! process hands its work to the owner through the socket `owner.sock`, which only the owner's user can reach.
//!
//! The kernel drops the lock with the process, however that ends; a socket file left behind is removed by the next
//! owner, who holds the lock when it does.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};

use crate::failure::Failure;

const LOCK: &str = "owner.lock";
const SOCKET: &str = "owner.sock";
/// How long a process waits for another one that holds the lock but does not serve, such as a `token` command.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

/// What a process is to a data directory.
pub(crate) enum Claim {
    /// Its owner, until the lock is dropped.
    Owner(Lock),
    /// Another process serves it; this is a connection to that one.
    Elsewhere(UnixStream),
}

/// The ownership of a data directory.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
    data: PathBuf,
}

/// Becomes the owner of `data` (made if it is not there) or finds who is.
///
/// # Errors
/// A directory that cannot be made or locked; another process that holds it and does not take work.
pub(crate) async fn claim(data: &Path) -> Result<Claim, Failure> {
    let doing = || format!("opening the data directory {}", data.display());
    prepare(data).map_err(|error| Failure::problem(doing(), &error))?;
    let waiting_since = tokio::time::Instant::now();
    loop {
        match lock(data) {
            Ok(Some(lock)) => return Ok(Claim::Owner(lock)),
            Ok(None) => {}
            Err(error) => return Err(Failure::problem(doing(), &error)),
        }
        if let Ok(stream) = connect(data).await {
            return Ok(Claim::Elsewhere(stream));
        }
        if waiting_since.elapsed() > PATIENCE {
            return Err(Failure::Problem(format!(
                "Another almoner command is working on {}. Try again when it has ended.",
                data.display()
            )));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Refuses a place that no host has ever used: what needs a trust makes no empty directory there.
pub(crate) fn must_hold_data(data: &Path) -> Result<(), Failure> {
    // Whatever else keeps it from being looked at is told when it is opened.
    match std::fs::symlink_metadata(data.join(LOCK)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !crate::trusts::is_registered(data) => {
            Err(Failure::Refused(format!(
                "There are no data in {}. Make a trust there with `trust add`, or name another directory with --data.",
                data.display()
            )))
        }
        _ => Ok(()),
    }
}

/// Becomes the owner of `data`, or says that another process is.
pub(crate) async fn claim_alone(data: &Path) -> Result<Lock, Failure> {
    match claim(data).await? {
        Claim::Owner(lock) => Ok(lock),
        Claim::Elsewhere(_) => Err(Failure::Refused(format!(
            "Another process already serves {}. Stop it first, or name another directory with --data.",
            data.display()
        ))),
    }
}

impl Lock {
    /// Opens the socket on which other processes hand over their work. A file left by an owner that died is removed.
    pub(crate) fn listen(&self) -> io::Result<UnixListener> {
        let path = self.data.join(SOCKET);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = by_short_path(&self.data, |short| UnixListener::bind(short))?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    }
}

/// Makes the directory, for its owner only: whoever may enter it may hand work to the owner.
fn prepare(data: &Path) -> io::Result<()> {
    // The trusts have a directory of their own, which nobody else may enter even where `data` was made by somebody else.
    let trusts = data.join("trusts");
    if trusts.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(trusts)?;
    data.ancestors().take(2).try_for_each(|folder| File::open(folder)?.sync_all())
}

fn lock(data: &Path) -> io::Result<Option<Lock>> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(data.join(LOCK))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { _file: file, data: data.to_owned() })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

async fn connect(data: &Path) -> io::Result<UnixStream> {
    let directory = File::open(data)?;
    UnixStream::connect(short_path(&directory)).await
}

/// A socket's path holds at most 107 bytes; the open directory's entry under `/proc` is always short.
fn by_short_path<R>(data: &Path, act: impl FnOnce(&Path) -> io::Result<R>) -> io::Result<R> {
    let directory = File::open(data)?;
    act(&short_path(&directory))
}

fn short_path(directory: &File) -> PathBuf {
    Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(SOCKET)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[tokio::test]
    async fn one_owner_and_its_heir() {
        let kept = tempfile::tempdir().unwrap();
        let data = kept.path().join("a".repeat(120)).join("data");
        let Claim::Owner(first) = claim(&data).await.unwrap() else { panic!("nobody else is there") };
        let listener = first.listen().unwrap();
        assert!(matches!(claim(&data).await.unwrap(), Claim::Elsewhere(_)));
        assert!(matches!(claim_alone(&data).await, Err(Failure::Refused(_))));
        let mode = std::fs::metadata(data.join(SOCKET)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        drop((listener, first)); // as when the process dies: the socket's file stays
        assert!(data.join(SOCKET).exists());
        let heir = claim_alone(&data).await.unwrap();
        heir.listen().unwrap();
    }
}
