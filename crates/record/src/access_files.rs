//! The access journal as it follows a record from host to host: the frames of its segment files, appended there to files
//! that carry the name of the host they come from. A chain is its host's; the host that receives it adds nothing to it.

use std::fs::OpenOptions;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use access::Permit;
use journal::frames::{Frames, MOST_FRAME_BYTES, SEGMENT_START};

use crate::access_end::{Link, Walked};
use crate::access_journal::folder;
use crate::access_segment::{io, segment_name, segments};
use crate::apply::hand_over::{AccessEnd, AccessFile};
use crate::apply::host_only;
use crate::error::Problem;
use crate::record::Record;

/// Most bytes of one part, unless it is a single frame that is longer.
pub(crate) const PART: u64 = 4 << 20;

/// The segment file of another host that was received last, as far as it is whole: its next part need not read it again.
/// Held while a file is received.
#[derive(Default)]
pub(crate) struct ReceivedAccess(Mutex<Option<(PathBuf, Walked)>>);

impl Record {
    /// The segment files of every chain that is here.
    pub fn access_files(&self, permit: &Permit) -> Result<Vec<AccessFile>, Problem> {
        host_only(permit, "to move an access journal")?;
        let mut files = Vec::new();
        for path in segments(&folder(&self.inner().directory))? {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let length = std::fs::metadata(&path).map_err(io("looking at the access journal"))?.len();
            let (host, name) = match name.strip_prefix("from-").and_then(|rest| rest.rsplit_once('~')) {
                Some((host, name)) => (Some(host.to_owned()), name.to_owned()),
                None => (None, name),
            };
            files.push(AccessFile { name, host, length });
        }
        Ok(files)
    }

    /// The whole frames of a segment file that begin at `from` (0 for the file's own beginning), a few at a time.
    pub fn access_part(&self, permit: &Permit, file: &AccessFile, from: u64) -> Result<Vec<u8>, Problem> {
        host_only(permit, "to move an access journal")?;
        let path = self.access_path(file.host.as_deref(), &file.name)?;
        let doing = "reading the access journal";
        let mut read = std::fs::File::open(path).map_err(io(doing))?;
        let start = SEGMENT_START.len() as u64;
        read.seek(std::io::SeekFrom::Start(from.max(start))).map_err(io(doing))?;
        let mut bytes = SEGMENT_START.to_vec();
        // A frame that is longer than a part is a part of its own.
        let mut length = [0; 4];
        let first = read.read(&mut length).map_err(io(doing))?;
        read.seek(std::io::SeekFrom::Start(from.max(start))).map_err(io(doing))?;
        let frame = if first == length.len() { u64::from(u32::from_le_bytes(length)) + 8 } else { 0 };
        read.take(PART.max(frame.min(MOST_FRAME_BYTES as u64 + 8))).read_to_end(&mut bytes).map_err(io(doing))?;
        let Ok(frames) = Frames::of(&bytes) else { return Ok(Vec::new()) };
        let whole: usize = frames.map_while(Result::ok).map(|frame| frame.len() + 8).sum();
        let cut = if from == 0 { 0 } else { SEGMENT_START.len() };
        Ok(bytes[cut..SEGMENT_START.len() + whole].to_vec())
    }

    /// Appends a part of another host's segment file, as [`Record::access_part`] gives it, at a byte of that file; gives
    /// where it ends after that. What broke off at the end before is cut off first. The same part may come again.
    ///
    /// # Errors
    /// [`Problem::Unsuitable`], with nothing written, when the part is not whole frames, its leaves do not follow the last
    /// one here (for the first of a segment: of the segment before), or it does not go on where the file ends here
    /// ([`Record::access_length`]); [`Problem::Damaged`] when what is here is damaged.
    pub async fn receive_access(
        &self,
        permit: &Permit,
        host: &str,
        name: &str,
        at: u64,
        bytes: &[u8],
    ) -> Result<u64, Problem> {
        host_only(permit, "to move an access journal")?;
        self.access_path(Some(host), name)?;
        let (record, host, name, part) = (self.clone(), host.to_owned(), name.to_owned(), bytes.to_vec());
        let length = aside(move || record.append_part(&host, &name, at, &part)).await?;
        self.inner().accesses.is_behind().await;
        Ok(length)
    }

    /// How much of another host's segment file is here: where its last whole frame ends, which is where it goes on.
    ///
    /// # Errors
    /// [`Problem::Damaged`] when something is wrong with it that no write of a part can have left.
    pub fn access_length(&self, host: &str, name: &str) -> Result<u64, Problem> {
        let path = self.access_path(Some(host), name)?;
        let mut last = self.inner().received_access.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(walked_now(&mut last, &path)?.end.bytes)
    }

    /// Where a segment file that is here ends (`length` of the file is not looked at); nothing when it is not here.
    /// Before a copy is destroyed the other host is asked whether it has each of its files up to there
    /// ([`Record::has_access`]).
    ///
    /// # Errors
    /// [`Problem::Damaged`] when something in it is damaged: then nobody can say that another copy has it.
    pub async fn access_end(&self, permit: &Permit, file: &AccessFile) -> Result<AccessEnd, Problem> {
        host_only(permit, "to move an access journal")?;
        let path = self.access_path(file.host.as_deref(), &file.name)?;
        Ok(aside(move || Walked::of(&path, u64::MAX, false)).await?.end)
    }

    /// Whether a segment file here has everything that another copy of it has, which ends at `end`; it may have more. The
    /// file is named as this record has it: without a host for its own chain.
    ///
    /// # Errors
    /// [`Problem::Damaged`] when something in it up to there is damaged.
    pub async fn has_access(&self, permit: &Permit, file: &AccessFile, end: AccessEnd) -> Result<bool, Problem> {
        host_only(permit, "to move an access journal")?;
        let path = self.access_path(file.host.as_deref(), &file.name)?;
        Ok(aside(move || Walked::of(&path, end.bytes, false)).await?.end == end)
    }

    /// Checks a part and appends it.
    fn append_part(&self, host: &str, name: &str, at: u64, part: &[u8]) -> Result<u64, Problem> {
        let path = self.access_path(Some(host), name)?;
        let mut last = self.inner().received_access.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut here = walked_now(&mut last, &path)?;
        let fresh = not_here(&path, here.end.bytes, at, part)?;
        if fresh.is_empty() {
            return Ok(here.end.bytes);
        }
        if here.link.is_none() {
            here.link = Some(self.link_before(host, name)?);
        }
        let grown = here.with_part(fresh).map_err(|why| refused(&why))?;
        *last = None;
        append(&path, here.end.bytes, fresh).map_err(io("writing the access journal"))?;
        let length = grown.end.bytes;
        *last = Some((path, grown));
        Ok(length)
    }

    /// What the first leaf of another host's segment follows: the last one of the segments before it.
    fn link_before(&self, host: &str, name: &str) -> Result<Link, Problem> {
        let numbers = name.strip_suffix(".access").and_then(|numbers| numbers.split_once('-'));
        let numbers = numbers.and_then(|(epoch, number)| Some((epoch.parse().ok()?, number.parse().ok()?)));
        let (epoch, number): (u64, u32) = numbers.unwrap_or((0, 0));
        if number == 0 || segment_name(epoch, number) != name {
            return Err(refused("A segment has no such name."));
        }
        for number in (1..number).rev() {
            let before = Walked::of(&self.access_path(Some(host), &segment_name(epoch, number))?, u64::MAX, true)?;
            if before.end.bytes == 0 {
                return Err(refused("The segment before it is not here."));
            }
            if let Some(link) = before.link {
                return Ok(link);
            }
        }
        Ok(Link::start(epoch))
    }

    fn access_path(&self, host: Option<&str>, name: &str) -> Result<PathBuf, Problem> {
        let plain = |text: &str| {
            let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
            (1..=200).contains(&text.len()) && text.bytes().all(letter) && !text.starts_with('.')
        };
        if !name.ends_with(".access") || !plain(name) || !host.is_none_or(plain) {
            return Err(Problem::Unsuitable { what: "a segment of the access journal has no such name".into() });
        }
        let name = host.map_or_else(|| name.to_owned(), |host| format!("from-{host}~{name}"));
        Ok(folder(&self.inner().directory).join(name))
    }
}

/// How far another host's segment file is whole, read only when it is not the one that was received last.
fn walked_now(last: &mut Option<(PathBuf, Walked)>, path: &Path) -> Result<Walked, Problem> {
    if let Some((_, walked)) = last.as_ref().filter(|(known, _)| known == path)
        && std::fs::metadata(path).is_ok_and(|metadata| metadata.len() == walked.end.bytes)
    {
        return Ok(walked.clone());
    }
    let walked = Walked::of(path, u64::MAX, true)?;
    *last = Some((path.to_owned(), walked.clone()));
    Ok(walked)
}

/// What of a part that begins at `at` is not in the file, which is whole up to `end`.
fn not_here<'p>(path: &Path, end: u64, at: u64, part: &'p [u8]) -> Result<&'p [u8], Problem> {
    let Some(known) = end.checked_sub(at) else {
        return Err(refused(&format!("The file goes on at byte {end}, not {at}.")));
    };
    let known = part.len().min(usize::try_from(known).unwrap_or(usize::MAX));
    let (again, fresh) = part.split_at(known);
    let mut here = vec![0; known];
    if known > 0 {
        let read = std::fs::File::open(path).and_then(|file| file.read_exact_at(&mut here, at));
        read.map_err(io("reading the access journal"))?;
    }
    if here == again { Ok(fresh) } else { Err(refused("It is not what is here already.")) }
}

/// Puts checked frames at the end of a segment file, in the place of what broke off there. Its first bytes are on disk
/// before it has its name.
fn append(path: &Path, end: u64, bytes: &[u8]) -> std::io::Result<()> {
    if end == 0 {
        let begun = path.with_extension("new");
        let mut file = std::fs::File::create(&begun)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&begun, path)?;
        return std::fs::File::open(path.parent().unwrap_or(path))?.sync_all();
    }
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(end)?;
    let written = file.write_all_at(bytes, end).and_then(|()| file.sync_data());
    if written.is_err() {
        // At best: what is left is cut off when the next part comes.
        let _ = file.set_len(end);
    }
    written
}

fn refused(why: &str) -> Problem {
    Problem::Unsuitable { what: format!("a part of the access journal came that does not fit: {why}") }
}

/// Reads and writes files where that keeps nobody waiting.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Problem::store("moving the access journal", error))?
}
