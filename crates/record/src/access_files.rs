//! The access journal as it follows a record from host to host: the frames of its segment files, appended there to files
//! that carry the name of the host they come from. A chain is its host's; the host that receives it adds nothing to it.

use std::fs::OpenOptions;
use std::io::Read as _;
use std::io::Seek as _;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use access::Permit;
use journal::frames::{Frames, MOST_FRAME_BYTES, SEGMENT_START};

use crate::access_journal::folder;
use crate::access_segment::{io, segments};
use crate::apply::hand_over::AccessFile;
use crate::apply::host_only;
use crate::error::Problem;
use crate::record::Record;

/// Most bytes of one part.
const PART: u64 = 4 << 20;

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

    /// Appends frames of another host's segment file; gives its length after that.
    pub async fn receive_access(
        &self,
        permit: &Permit,
        host: &str,
        name: &str,
        at: u64,
        bytes: &[u8],
    ) -> Result<u64, Problem> {
        host_only(permit, "to move an access journal")?;
        let path = self.access_path(Some(host), name)?;
        let write = || -> std::io::Result<u64> {
            let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
            file.write_all_at(bytes, at)?;
            file.sync_data()?;
            file.metadata().map(|metadata| metadata.len())
        };
        let length = write().map_err(io("writing the access journal"))?;
        self.inner().accesses.is_behind().await;
        Ok(length)
    }

    /// How much of another host's segment file is here.
    pub fn access_length(&self, host: &str, name: &str) -> Result<u64, Problem> {
        let path = self.access_path(Some(host), name)?;
        Ok(std::fs::metadata(path).map_or(0, |metadata| metadata.len()))
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
