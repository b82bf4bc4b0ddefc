//! A copy that is carried: the source packs its segments into a folder, on a disk that somebody takes to the target, and the
//! target takes from it what the ticket's key has signed. What no signature covers (desk, access journal) and what was
//! written since comes over the wire, which may then be a thin one. Packing again adds what is new.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use record::Record;

use super::answer;
use super::kept::Move;
use super::phase::{Phase, Step};
use super::pull::{self, checked_roots, permit};
use super::report::Packed;
use super::segment::{self, ENTRIES};
use super::words::{Segments, unhex};
use crate::failure::Failure;
use crate::host::{Host, Trust};
use crate::trusts::replace_file;
use crate::work::{Listener, Progress};

/// The list of segments with its checkpoint; written last, so that a folder with it is whole.
const LIST: &str = "segments.json";
/// The entries after the last segment.
const REST: &str = "rest";
/// The largest file that is read.
const MOST_BYTES: u64 = 1 << 30;

fn file_of(folder: &Path, segment: u64) -> PathBuf {
    folder.join(format!("segment-{segment:09}"))
}

/// Packs every segment of a trust into a folder; those that are there stay as they are.
pub(crate) async fn pack(trust: &Trust, folder: &Path, listener: Listener<'_>) -> Result<Packed, Failure> {
    let doing = format!("packing into {}", folder.display());
    let failed = |error: &std::io::Error| Failure::problem(&doing, error);
    let (record, permit) = (&trust.record, trust.host_permit()?);
    std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let list = answer::segments_of(record).await?;
    let (segments, mut written) = (list.roots.len() as u64, 0);
    for number in 0..segments {
        let path = file_of(folder, number);
        if !path.exists() {
            let entries = answer::entries_of(record, &permit, number * ENTRIES + 1, ENTRIES).await?;
            replace_file(&path, &segment::pack(&entries)?).map_err(|error| failed(&error))?;
            written += 1;
        }
        listener(Progress { doing: "Packing".into(), done: number + 1, total: Some(segments), items: number + 1 });
    }
    let rest = answer::entries_of(record, &permit, segments * ENTRIES + 1, list.rest.len() as u64).await?;
    replace_file(&folder.join(REST), &segment::pack(&rest)?).map_err(|error| failed(&error))?;
    let text = serde_json::to_vec_pretty(&list).map_err(|error| Failure::problem(&doing, &error))?;
    replace_file(&folder.join(LIST), &text).map_err(|error| failed(&error))?;
    Ok(Packed { segments, written, entries: segments * ENTRIES + list.rest.len() as u64 })
}

/// Takes what is in a folder and not here yet. May be repeated.
pub(crate) async fn take(
    host: &Arc<Host>,
    of: &Arc<Move>,
    folder: &Path,
    listener: Listener<'_>,
) -> Result<(), Failure> {
    let record = of.record().await?;
    let list: Segments = serde_json::from_slice(&read(&folder.join(LIST))?)
        .map_err(|_| Failure::refused("The list of segments in this folder cannot be read."))?;
    let roots = checked_roots(of, &list)?;
    let rest = list.rest.iter().map(|leaf| unhex(leaf)).collect::<Result<Vec<journal::Hash>, Failure>>()?;
    if of.phase() < Phase::Following {
        of.step(Step::Copy)?;
    }
    let total = roots.len() as u64 * ENTRIES + rest.len() as u64;
    of.lag.hear(total);
    for (number, root) in roots.iter().enumerate() {
        let number = number as u64;
        if newest(&record) < (number + 1) * ENTRIES {
            let path = file_of(folder, number);
            let entries = segment::unpack(&read(&path)?).ok().filter(|entries| segment::is_signed(entries, root));
            let entries = entries.ok_or_else(|| not_signed(&path))?;
            apply(of, &record, entries, number * ENTRIES + 1).await?;
        }
        let done = newest(&record);
        listener(Progress { doing: "Copying".into(), done, total: Some(total), items: done });
    }
    let path = folder.join(REST);
    let entries = segment::unpack(&read(&path)?).map_err(|_| not_signed(&path))?;
    let is_rest = entries.len() == rest.len()
        && entries.iter().zip(&rest).all(|(entry, leaf)| journal::leaf_hash(&entry.entry) == *leaf);
    if !is_rest {
        return Err(not_signed(&path));
    }
    apply(of, &record, entries, roots.len() as u64 * ENTRIES + 1).await?;
    tracing::info!(trust = %of.code, entries = newest(&record), host = host.name(), "a copy was taken from a folder");
    Ok(())
}

/// Applies what is not here yet of entries that begin with this one.
async fn apply(
    of: &Move,
    record: &Record,
    mut entries: Vec<record::apply::Decided>,
    first: u64,
) -> Result<(), Failure> {
    let _one_at_a_time = of.pulling.lock().await;
    let newest = newest(record);
    let known = usize::try_from((newest + 1).saturating_sub(first)).unwrap_or(usize::MAX).min(entries.len());
    entries.drain(..known);
    pull::take(record, &permit(of)?, entries, newest + 1).await
}

fn newest(record: &Record) -> u64 {
    *record.follow().borrow()
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let refused = |why: &dyn std::fmt::Display| Failure::Refused(format!("{} cannot be read: {why}.", path.display()));
    let length = std::fs::metadata(path).map_err(|error| refused(&error))?.len();
    if length > MOST_BYTES {
        return Err(refused(&"it is too large"));
    }
    std::fs::read(path).map_err(|error| refused(&error))
}

fn not_signed(path: &Path) -> Failure {
    Failure::Refused(format!("{} is not what the source signed. Nothing of it was taken.", path.display()))
}
