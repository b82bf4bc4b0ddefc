//! A folder as what a record takes: entries with what lies beside them, in the order of the journal; then the access chains
//! as segment files. Read as they come, a few at a time. What does not belong together is refused by name; whether it is
//! true is for the record to find (`record::apply`).

use std::fs::File;
use std::io::{BufRead as _, BufReader, Lines};
use std::iter::Peekable;
use std::path::{Path, PathBuf};

use journal::frames::{SEGMENT_START, append_frame};
use journal::package::{Reader, Record as Packed};
use journal::{AccessLeaf, Entry};
use record::Key;
use record::apply::{Blob, Decided, Text};
use serde::de::DeserializeOwned;

use super::lines::{BesideLine, BlobLine, RequestLine, base64};
use super::write_out::{BESIDE, BLOBS, PACKAGE, REQUESTS, blob_path};
use crate::failure::Failure;
use crate::moving::unhex;

/// Entries that are given together; fewer when they are large.
const TOGETHER: usize = 1000;
/// Bytes of what is given together.
const BYTES: usize = 16 << 20;
/// Where a segment file of the access journal ends.
const SEGMENT_BYTES: u64 = 64 << 20;

/// What comes next.
pub(crate) enum Part {
    Entries(Vec<Decided>),
    Accesses(Vec<Segment>),
    End,
}

/// Frames to be put at a place of a segment file.
pub(crate) struct Segment {
    pub(crate) host: String,
    pub(crate) name: String,
    pub(crate) at: u64,
    pub(crate) bytes: Vec<u8>,
}

/// A folder that is being read.
pub(crate) struct Parts {
    folder: PathBuf,
    package: Reader<BufReader<File>>,
    beside: Peekable<Each<BesideLine>>,
    requests: Peekable<Each<RequestLine>>,
    blobs: Peekable<Each<BlobLine>>,
    /// The entry whose texts are being read.
    begun: Option<Begun>,
    /// An entry that was too large to go with those before it.
    held: Option<(Decided, usize)>,
    /// The segment file that was written to last, and where it goes on.
    segment: Option<(String, u64, u32, u64)>,
    has_ended: bool,
}

struct Begun {
    bytes: Vec<u8>,
    entry: Entry,
    texts: Vec<Option<Text>>,
    weight: usize,
}

/// The lines of a file, read.
struct Each<T> {
    path: &'static str,
    lines: Lines<BufReader<File>>,
    kind: std::marker::PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Each<T> {
    fn of(folder: &Path, path: &'static str) -> Result<Peekable<Each<T>>, Failure> {
        let file = File::open(folder.join(path));
        let file = file.map_err(|error| Failure::problem(format_args!("reading {path}"), &error))?;
        Ok(Each { path, lines: BufReader::new(file).lines(), kind: std::marker::PhantomData }.peekable())
    }
}

impl<T: DeserializeOwned> Iterator for Each<T> {
    type Item = Result<T, Failure>;

    fn next(&mut self) -> Option<Result<T, Failure>> {
        let line = self.lines.next()?;
        let path = self.path;
        let line = line.map_err(|error| Failure::problem(format_args!("reading {path}"), &error));
        Some(line.and_then(|line| {
            serde_json::from_str(&line)
                .map_err(|error| Failure::Refused(format!("{path}: a line of it is none ({error}).")))
        }))
    }
}

impl Parts {
    pub(crate) fn of(folder: &Path) -> Result<Parts, Failure> {
        let file = File::open(folder.join(PACKAGE));
        let file = file.map_err(|error| Failure::problem(format_args!("reading {PACKAGE}"), &error))?;
        let package = Reader::new(BufReader::with_capacity(1 << 20, file)).map_err(|error| unreadable(&error))?;
        Ok(Parts {
            package,
            beside: Each::of(folder, BESIDE)?,
            requests: Each::of(folder, REQUESTS)?,
            blobs: Each::of(folder, BLOBS)?,
            begun: None,
            held: None,
            segment: None,
            has_ended: false,
            folder: folder.to_owned(),
        })
    }

    /// What comes next; gives the reader back.
    pub(crate) fn next(mut self) -> Result<(Parts, Part), Failure> {
        let (mut given, mut leaves, mut weight) = (Vec::from_iter(self.held.take()), Vec::new(), 0);
        // One that was too large to go with those before it goes alone.
        let mut is_full = !given.is_empty();
        while !self.has_ended && !is_full {
            let mut came = None;
            match self.package.next_record().map_err(|error| unreadable(&error))? {
                Some(Packed::Entry(bytes)) => {
                    let begun = Begun::of(bytes)?;
                    came = self.finished()?;
                    self.begun = Some(begun);
                }
                Some(Packed::Text { change, salt, sealing, text }) => {
                    let text = Text::Kept { salt, seal: sealing, text: text.to_vec() };
                    if let Some(begun) = &mut self.begun {
                        begun.take(change, text)?;
                    }
                }
                Some(Packed::Leaf(bytes)) => {
                    weight += bytes.len();
                    leaves.push(bytes.to_vec());
                }
                Some(Packed::Blob { .. } | Packed::Part(_)) => {
                    return Err(Failure::refused("The journal of an export has its blobs as files beside it."));
                }
                // The last entry is over; accesses follow.
                Some(Packed::Checkpoint(_)) => {
                    came = self.finished()?;
                    is_full = !given.is_empty() || came.is_some();
                }
                Some(Packed::End(_)) | None => {
                    came = self.finished()?;
                    self.has_ended = true;
                }
            }
            if let Some(came) = came {
                if !given.is_empty() && weight + came.1 > BYTES {
                    self.held = Some(came);
                    break;
                }
                weight += came.1;
                given.push(came);
            }
            is_full |= given.len() >= TOGETHER || weight >= BYTES;
        }
        let entries: Vec<Decided> = given.into_iter().map(|(entry, _)| entry).collect();
        let part = match (entries.is_empty(), leaves.is_empty()) {
            (true, true) => Part::End,
            (false, true) => Part::Entries(entries),
            (true, false) => Part::Accesses(self.segments(&leaves)?),
            (false, false) => return Err(Failure::refused("The journal has accesses between its entries.")),
        };
        Ok((self, part))
    }

    /// The entry that was begun, with everything that lies beside it, and how many bytes that is.
    fn finished(&mut self) -> Result<Option<(Decided, usize)>, Failure> {
        let Some(Begun { bytes, entry, texts, mut weight }) = self.begun.take() else { return Ok(None) };
        let at = entry.sequence;
        let refused = |why: &str| Failure::Refused(format!("Entry {at}: {why}."));
        let beside = self.beside.next_if(|line| line.as_ref().map_or(true, |line| line.entry == at));
        let beside = beside.transpose()?.ok_or_else(|| refused("journal/beside.ndjson has no line for it"))?;
        let mut whole = Vec::with_capacity(texts.len());
        for (place, text) in texts.into_iter().enumerate() {
            let erased = || {
                let erased = beside.erased.iter().find(|erased| erased.change == place)?;
                let whose = erased.whose.iter().filter_map(|key| key.split_once('/'));
                Some(Text::Erased { by: erased.by, whose: whose.map(|(kind, id)| Key::new(kind, id)).collect() })
            };
            whole.push(text.or_else(erased).ok_or_else(|| refused("a text of it is missing"))?);
        }
        let request = self.requests.next_if(|line| line.as_ref().map_or(true, |line| line.entry == at));
        let request = request.transpose()?.map(|line| base64(&line.request)).transpose()?;
        let mut blobs = Vec::new();
        while let Some(line) = self.blobs.next_if(|line| line.as_ref().map_or(true, |line| line.entry == at)) {
            let line = line?;
            let path = blob_path(&line.digest);
            let bytes = std::fs::read(self.folder.join(&path));
            let bytes = bytes.map_err(|error| Failure::problem(format_args!("reading {path}"), &error))?;
            weight += bytes.len();
            blobs.push(Blob { digest: unhex(&line.digest)?, salt: unhex(&line.salt)?, bytes: bytes.into() });
        }
        let salt = beside.salt.as_deref().map(unhex).transpose()?;
        Ok(Some((Decided { entry: bytes, salt, texts: whole, blobs, request }, weight)))
    }

    /// Leaves as frames of segment files, one chain after the other.
    fn segments(&mut self, leaves: &[Vec<u8>]) -> Result<Vec<Segment>, Failure> {
        let mut segments: Vec<Segment> = Vec::new();
        for bytes in leaves {
            let leaf = AccessLeaf::decode(bytes).map_err(|error| Failure::problem("reading an access leaf", &error))?;
            let (number, at) = match &self.segment {
                Some((host, epoch, number, at)) if (host, *epoch) == (&leaf.host, leaf.epoch) => {
                    if *at < SEGMENT_BYTES { (*number, *at) } else { (*number + 1, 0) }
                }
                _ => (1, 0),
            };
            let name = format!("{:010}-{number:06}.access", leaf.epoch);
            let goes_on = segments.last().is_some_and(|last| last.host == leaf.host && last.name == name);
            if !goes_on {
                let start = if at == 0 { SEGMENT_START.to_vec() } else { Vec::new() };
                segments.push(Segment { host: leaf.host.clone(), name, at, bytes: start });
            }
            let Some(last) = segments.last_mut() else { continue };
            append_frame(&mut last.bytes, bytes);
            self.segment = Some((leaf.host, leaf.epoch, number, last.at + last.bytes.len() as u64));
        }
        Ok(segments)
    }
}

impl Begun {
    fn of(bytes: &[u8]) -> Result<Begun, Failure> {
        let entry = Entry::decode(bytes).map_err(|error| Failure::problem("reading an entry", &error))?;
        let texts = vec![None; entry.changes.len()];
        Ok(Begun { bytes: bytes.to_vec(), entry, texts, weight: bytes.len() })
    }

    fn take(&mut self, change: u64, text: Text) -> Result<(), Failure> {
        let at = self.entry.sequence;
        let place = usize::try_from(change).ok().and_then(|place| self.texts.get_mut(place));
        let place =
            place.ok_or_else(|| Failure::Refused(format!("Entry {at}: a text is there that no change calls for.")))?;
        if let Text::Kept { text, .. } = &text {
            self.weight += text.len();
        }
        *place = Some(text);
        Ok(())
    }
}

fn unreadable(error: &journal::package::Unreadable) -> Failure {
    Failure::problem(format_args!("reading {PACKAGE}"), error)
}
