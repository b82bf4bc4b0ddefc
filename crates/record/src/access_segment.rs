//! A segment file of the access journal: begun whole, appended to and synced, closed without its reserve.
//!
//! A segment has its name only once its first bytes are on disk, so whatever a crash leaves under such a name is a
//! segment, and anything else there is damage. Until then it is `*.new`, which nobody reads and the next opening
//! removes. Knows where segments lie and how they end, not what their frames say (`docs/formats/journal.md`, section 6).

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use journal::frames::SEGMENT_START;

use crate::error::Problem;

/// Space reserved ahead of the end.
const RESERVE: u64 = 1 << 20;
/// What a segment's file is called until it is one.
const BEGUN: &str = "new";

/// The segment that is written to.
pub(crate) struct Segment {
    directory: PathBuf,
    epoch: u64,
    number: u32,
    file: File,
    end: u64,
    reserved: u64,
}

impl Segment {
    /// Begins the first segment of an epoch, which has none yet, and removes what an earlier one did not finish.
    pub(crate) fn first(directory: &Path, epoch: u64) -> Result<Segment, Problem> {
        let prefix = format!("{epoch:010}-");
        for path in files(directory)? {
            if has_extension(&path, BEGUN) {
                // Nobody reads it, so it may as well stay.
                let _ = std::fs::remove_file(&path);
            } else if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix)) {
                return Err(Problem::damaged(format!("epoch {epoch} has only begun and has accesses already")));
            }
        }
        Segment::begin(directory, epoch, 1, 0)
    }

    /// Begins the segment after this one, or says that there is no room for it and its reserve. One of that number
    /// which was begun before and never written to is replaced.
    pub(crate) fn next(&self) -> Result<Segment, Problem> {
        Segment::begin(&self.directory, self.epoch, self.number + 1, RESERVE)
    }

    fn begin(directory: &Path, epoch: u64, number: u32, room: u64) -> Result<Segment, Problem> {
        let begin = || -> std::io::Result<Segment> {
            let path = directory.join(segment_name(epoch, number));
            let begun = path.with_extension(BEGUN);
            let file = OpenOptions::new().write(true).create(true).truncate(true).open(&begun)?;
            let (directory, end) = (directory.to_owned(), SEGMENT_START.len() as u64);
            let mut segment = Segment { directory, epoch, number, file, end, reserved: 0 };
            if room > 0
                && let Err(error) = segment.reserve(room)
                && is_full(&error)
            {
                return Err(error);
            }
            segment.file.write_all_at(SEGMENT_START, 0)?;
            segment.file.sync_all()?;
            std::fs::rename(&begun, &path)?;
            File::open(&segment.directory)?.sync_all()?;
            Ok(segment)
        };
        begin().map_err(io("beginning a segment of the access journal"))
    }

    /// Its length without the reserve.
    pub(crate) fn length(&self) -> u64 {
        self.end
    }

    /// Appends a frame; on disk when it returns. After a failure the next one is written over what was left.
    pub(crate) fn append(&mut self, frame: &[u8]) -> Result<(), Problem> {
        let length = frame.len() as u64;
        if self.end + length + RESERVE / 2 > self.reserved {
            // At best: on a full disk what was reserved before is still there.
            if let Err(error) = self.reserve(length + RESERVE) {
                tracing::warn!(%error, "no space could be reserved for the access journal");
            }
        }
        let write = || self.file.write_all_at(frame, self.end).and_then(|()| self.file.sync_data());
        write().map_err(io("writing the access journal"))?;
        self.end += length;
        Ok(())
    }

    /// Cuts off the reserve, and a frame whose sync failed: its leaf is not to stand here and in the next segment too.
    pub(crate) fn close(&self) -> Result<(), Problem> {
        self.file
            .set_len(self.end)
            .and_then(|()| self.file.sync_all())
            .map_err(io("closing a segment of the access journal"))
    }

    /// Reserves space for so many bytes.
    fn reserve(&mut self, room: u64) -> std::io::Result<()> {
        let until = self.end + room;
        rustix::fs::fallocate(&self.file, rustix::fs::FallocateFlags::empty(), 0, until)?;
        self.reserved = until;
        Ok(())
    }
}

/// What a segment of an epoch's chain is called.
pub(crate) fn segment_name(epoch: u64, number: u32) -> String {
    format!("{epoch:010}-{number:06}.access")
}

/// The segment files in the access journal's folder, in order of epoch and number.
pub(crate) fn segments(directory: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut paths = files(directory)?;
    paths.retain(|path| has_extension(path, "access"));
    paths.sort();
    Ok(paths)
}

fn files(directory: &Path) -> Result<Vec<PathBuf>, Problem> {
    let list =
        || -> std::io::Result<Vec<PathBuf>> { std::fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect() };
    match list() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        listed => listed.map_err(io("listing the access journal")),
    }
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension == wanted)
}

fn is_full(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

/// What went wrong with a file of the access journal.
pub(crate) fn io(doing: &'static str) -> impl Fn(std::io::Error) -> Problem {
    move |error| if is_full(&error) { Problem::Full } else { Problem::store(doing, error) }
}
