//! Blobs as files, for a record kept in SQLite: `blobs/ab/cd/<digest>` in the record's directory, named by the digest
//! in hexadecimal. A file is written under another name, synced, renamed, and its folder synced, so that under its own
//! name it is whole or not there.

use std::io;
use std::path::{Path, PathBuf};

use journal::Hash;

use crate::blobs::{digest_name, digest_of};
use crate::error::Problem;
use crate::record::make_folder;

/// How a file is called until it is whole.
const UNFINISHED: &str = "part";

/// The folder of all blobs.
pub(crate) fn folder(directory: &Path) -> PathBuf {
    directory.join("blobs")
}

/// Where a blob lies.
fn path(directory: &Path, digest: &Hash) -> PathBuf {
    let name = digest_name(digest);
    folder(directory).join(&name[..2]).join(&name[2..4]).join(name)
}

/// Keeps a blob; on disk when it returns.
pub(crate) fn put(directory: &Path, digest: &Hash, bytes: &[u8]) -> Result<(), Problem> {
    let path = path(directory, digest);
    let write = || -> io::Result<()> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let folder = path.parent().unwrap_or(directory);
        for level in [self::folder(directory).as_path(), folder.parent().unwrap_or(directory), folder] {
            make_folder(level)?;
        }
        let fresh = path.with_extension(UNFINISHED);
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&fresh, &path)?;
        std::fs::File::open(folder)?.sync_all()
    };
    write().map_err(|error| failed("writing a blob", error))
}

/// A blob's content, if it is there.
pub(crate) fn content(directory: &Path, digest: &Hash) -> Result<Option<Vec<u8>>, Problem> {
    match std::fs::read(path(directory, digest)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("reading a blob", error)),
    }
}

/// Whether a blob's content is there.
pub(crate) fn is_there(directory: &Path, digest: &Hash) -> bool {
    path(directory, digest).exists()
}

/// Removes blobs; gone from disk when it returns. One that is not there is no error.
pub(crate) fn remove(directory: &Path, digests: &[Hash]) -> Result<(), Problem> {
    for digest in digests {
        let path = path(directory, digest);
        for file in [path.with_extension(UNFINISHED), path.clone()] {
            match std::fs::remove_file(&file) {
                Ok(()) => sync_folder(&file)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed("removing a blob", error)),
            }
        }
    }
    Ok(())
}

fn sync_folder(file: &Path) -> Result<(), Problem> {
    let folder = file.parent().unwrap_or_else(|| Path::new("."));
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| failed("removing a blob", error))
}

/// The digests of the files, finished or not, whose digest begins with this byte.
pub(crate) fn beginning(directory: &Path, first: u8) -> Result<Vec<Hash>, Problem> {
    let mut found = Vec::new();
    let outer = folder(directory).join(format!("{first:02x}"));
    for inner in names(&outer)? {
        for name in names(&outer.join(inner))? {
            found.extend(digest_of(name.split_once('.').map_or(name.as_str(), |(name, _)| name)));
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The names in a folder; none when it is not there.
fn names(folder: &Path) -> Result<Vec<String>, Problem> {
    let listed = || -> io::Result<Vec<String>> {
        let entries = std::fs::read_dir(folder)?;
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    };
    match listed() {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Vec::new()),
        listed => listed.map_err(|error| failed("listing blobs", error)),
    }
}

fn failed(doing: &'static str, error: io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Problem::Full,
        _ => Problem::store(doing, error),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn many_may_be_the_first_in_a_folder() {
        for _ in 0..40 {
            let place = tempfile::tempdir().unwrap();
            let together = Barrier::new(6);
            std::thread::scope(|scope| {
                for number in 0..6 {
                    let (place, together) = (place.path(), &together);
                    scope.spawn(move || {
                        let mut digest = [7; 32];
                        digest[31] = number;
                        together.wait();
                        put(place, &digest, &[number; 10]).unwrap();
                        assert_eq!(content(place, &digest).unwrap().unwrap(), [number; 10]);
                    });
                }
            });
            assert_eq!(beginning(place.path(), 7).unwrap().len(), 6);
        }
    }
}
