//! A copy that is carried: the source packs its segments into a folder, on a disk that somebody takes to the target, and the
//! target takes from it what the ticket's key has signed. What no signature covers (desk, access journal) and what was
//! written since comes over the wire, which may then be a thin one; where there is none, it is in the folder too
//! (`beside`). Packing again adds what is new.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use access::Permit;
use journal::Hash;
use record::Record;
use record::apply::Decided;
use record::apply::hand_over::Place as At;

use super::answer;
use super::kept::Move;
use super::phase::{Phase, Step};
use super::pull::{checked_roots, newest_of, take_unknown};
use super::report::Packed;
use super::segment::{self, ENTRIES};
use super::words::{Place, Segments, unhex};
use crate::failure::Failure;
use crate::host::Host;
use crate::secret::hex;
use crate::trusts::{replace_file, replace_file_by};
use crate::work::{Listener, Progress};

/// The list of segments with its checkpoint; written last, so that a folder with it is whole.
const LIST: &str = "segments.json";
/// The entries after the last segment.
const REST: &str = "rest";
/// The largest part of a file that is read at once, and the largest list.
const MOST_BYTES: u64 = 1 << 30;

fn file_of(folder: &Path, segment: u64) -> PathBuf {
    folder.join(format!("segment-{segment:09}"))
}

/// Packs every segment of a trust into a folder; those that are there stay as they are. Gives the place up to which it is.
pub(crate) async fn pack(
    record: &Record,
    permit: &Permit,
    folder: &Path,
    listener: Listener<'_>,
) -> Result<(Packed, At), Failure> {
    let doing = format!("packing into {}", folder.display());
    let failed = |error: &std::io::Error| Failure::problem(&doing, error);
    std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let at = record.place().await?;
    let list = answer::segments_at(record, &at).await?;
    let (segments, mut written) = (list.roots.len() as u64, 0);
    for number in 0..segments {
        let path = file_of(folder, number);
        if !path.exists() {
            write_parts(&path, record, permit, number * ENTRIES, ENTRIES).await?;
            written += 1;
        }
        listener(Progress { doing: "Packing".into(), done: number + 1, total: Some(segments), items: number + 1 });
    }
    let rest = list.rest.len() as u64;
    write_parts(&folder.join(REST), record, permit, segments * ENTRIES, rest).await?;
    let text = serde_json::to_vec_pretty(&list).map_err(|error| Failure::problem(&doing, &error))?;
    replace_file(&folder.join(LIST), &text).map_err(|error| failed(&error))?;
    Ok((Packed { segments, written, entries: segments * ENTRIES + rest, held: None }, at))
}

/// Writes so many entries after `before` to a file, each part after its length; the file is there when it is whole.
async fn write_parts(path: &Path, record: &Record, permit: &Permit, before: u64, count: u64) -> Result<(), Failure> {
    let doing = format!("writing {}", path.display());
    let failed = |error: std::io::Error| Failure::problem(&doing, &error);
    let file = replace_file_by(path).map_err(failed)?;
    let mut to = BufWriter::new(file.writer());
    let (mut next, last) = (before + 1, before + count);
    while next <= last {
        let entries = record.decided(permit, next, usize::try_from(last + 1 - next).unwrap_or(1)).await?;
        if entries.is_empty() {
            return Err(Failure::refused("There is no such segment."));
        }
        next += entries.len() as u64;
        let packed = segment::pack(&entries)?;
        to.write_all(&(packed.len() as u64).to_be_bytes()).and_then(|()| to.write_all(&packed)).map_err(failed)?;
    }
    to.flush().map_err(failed)?;
    drop(to);
    file.done().map_err(failed)
}

/// The parts of a file, one after the other.
struct Parts {
    path: PathBuf,
    from: BufReader<File>,
}

impl Parts {
    fn of(path: &Path) -> Result<Parts, Failure> {
        let file = File::open(path).map_err(|error| unread(path, &error))?;
        Ok(Parts { path: path.to_owned(), from: BufReader::new(file) })
    }

    fn next(&mut self) -> Result<Option<Vec<Decided>>, Failure> {
        let mut length = [0; 8];
        match self.from.read(&mut length[..1]) {
            Ok(0) => return Ok(None),
            Ok(_) => self.from.read_exact(&mut length[1..]).map_err(|error| unread(&self.path, &error))?,
            Err(error) => return Err(unread(&self.path, &error)),
        }
        let length = u64::from_be_bytes(length);
        let mut packed = Vec::new();
        let read = self.from.by_ref().take(length.min(MOST_BYTES)).read_to_end(&mut packed);
        read.map_err(|error| unread(&self.path, &error))?;
        let entries =
            segment::unpack(&packed).ok().filter(|entries| packed.len() as u64 == length && !entries.is_empty());
        entries.map(Some).ok_or_else(|| not_signed(&self.path))
    }

    /// The leaves of all its entries.
    fn leaves(path: &Path) -> Result<Vec<Hash>, Failure> {
        let (mut parts, mut leaves) = (Parts::of(path)?, Vec::new());
        while let Some(entries) = parts.next()? {
            leaves.extend(segment::leaves(&entries));
            if leaves.len() as u64 > ENTRIES {
                return Err(not_signed(path));
            }
        }
        Ok(leaves)
    }
}

/// Takes the entries that are in a folder and not here yet; `up_to` is the place to which they lead if a letter says so.
/// May be repeated.
pub(crate) async fn take(
    host: &Arc<Host>,
    of: &Arc<Move>,
    folder: &Path,
    up_to: Option<&Place>,
    listener: Listener<'_>,
) -> Result<(), Failure> {
    let record = of.record().await?;
    let list: Segments = serde_json::from_slice(&read(&folder.join(LIST))?)
        .map_err(|_| Failure::refused("The list of segments in this folder cannot be read."))?;
    let roots = checked_roots(of, &list)?;
    let rest = list.rest.iter().map(|leaf| unhex(leaf)).collect::<Result<Vec<Hash>, Failure>>()?;
    let leads_to = |place: &Place| {
        let signed = journal::SignedCheckpoint::parse(&list.checkpoint);
        signed.is_ok_and(|signed| {
            let stated = signed.checkpoint();
            (stated.size, hex(&stated.root)) == (place.sequence, place.root.clone())
        })
    };
    if !up_to.is_none_or(leads_to) {
        return Err(Failure::Refused(format!(
            "The list of segments in {} is not the one that its letter was written for. Nothing of it was taken.",
            folder.display()
        )));
    }
    if of.phase() < Phase::Following {
        of.step(Step::Copy)?;
    }
    let total = roots.len() as u64 * ENTRIES + rest.len() as u64;
    of.lag.hear(total);
    for (number, root) in roots.iter().enumerate() {
        let number = number as u64;
        if newest_of(&record) < (number + 1) * ENTRIES {
            let path = file_of(folder, number);
            let is_whole = segment::is_signed(&Parts::leaves(&path)?, root);
            if !take_parts(of, &record, &path, number * ENTRIES, is_whole).await? {
                return Ok(());
            }
        }
        let done = newest_of(&record);
        listener(Progress { doing: "Copying".into(), done, total: Some(total), items: done });
    }
    let path = folder.join(REST);
    let is_whole = Parts::leaves(&path)? == rest;
    take_parts(of, &record, &path, roots.len() as u64 * ENTRIES, is_whole).await?;
    let entries = newest_of(&record);
    tracing::info!(trust = %of.code, entries, host = host.name(), "a copy was taken from a folder");
    Ok(())
}

/// Takes a file whose entries come after `before`; false when what follows is needed for it.
async fn take_parts(of: &Move, record: &Record, path: &Path, before: u64, is_whole: bool) -> Result<bool, Failure> {
    if !is_whole {
        return Err(not_signed(path));
    }
    let (mut parts, mut first) = (Parts::of(path)?, before + 1);
    while let Some(entries) = parts.next()? {
        let count = entries.len() as u64;
        let taken = take_unknown(of, record, record.make_ready(entries).await, first).await;
        let (goes_on, written) = taken.map_err(|failure| match failure {
            // What lies beside an entry is another than the entry names.
            Failure::Refused(why) => Failure::Refused(format!("{}: {why}", path.display())),
            problem @ Failure::Problem(_) => problem,
        })?;
        written.read_back(of, record).await?;
        if !goes_on {
            return Ok(false);
        }
        first += count;
    }
    Ok(true)
}

pub(super) fn unread(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::Refused(format!("{} cannot be read: {why}.", path.display()))
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let length = std::fs::metadata(path).map_err(|error| unread(path, &error))?.len();
    if length > MOST_BYTES {
        return Err(unread(path, &"it is too large"));
    }
    std::fs::read(path).map_err(|error| unread(path, &error))
}

pub(super) fn not_signed(path: &Path) -> Failure {
    Failure::Refused(format!("{} is not what the source signed. Nothing of it was taken.", path.display()))
}
