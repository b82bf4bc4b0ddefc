//! Blobs: the content of large attachments, kept beside the versions and named by a salted digest.
//!
//! Content is on disk before the commit that names it. Until then it is *under way*: known to this process, which is
//! the record's only writer, and so not swept. What no commit came to name is swept afterwards. The same content gets
//! the same blob only within a resource, from one version to the next: across resources, salts keep it apart.
//! Knows no files and no SQL; the stores do the keeping.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use journal::{Hash, Salt};

use crate::change::{Hole, Key};
use crate::error::Problem;
use crate::group::PreparedChange;
use crate::reading::Version;
use crate::record::{Inner, Record};
use crate::store::{Store, StoredBlob};

/// Most bytes of one blob.
pub(crate) const MOST_BLOB_BYTES: usize = 64 << 20;

/// Most bytes of texts with their attachments that one answer has, unless less is asked for or a single version has more.
pub(crate) const MOST_ANSWER_BYTES: usize = 64 << 20;

/// A blob that a commit under way will name.
#[derive(Debug, Clone)]
pub(crate) struct NamedBlob {
    pub(crate) digest: Hash,
    pub(crate) salt: Salt,
    pub(crate) length: u64,
}

/// The digests of blobs whose commits are under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnderWay(Arc<Mutex<HashMap<Hash, usize>>>);

/// Keeps a blob from being swept as long as it is held.
#[derive(Debug)]
pub(crate) struct Held {
    digest: Hash,
    under_way: UnderWay,
}

/// What a draft has put on disk so far; kept while it is decided again, so that nothing is written twice.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    blobs: HashMap<Key, Vec<NamedBlob>>,
    held: Vec<Arc<Held>>,
}

impl UnderWay {
    /// Holds a blob.
    pub(crate) fn hold(&self, digest: Hash) -> Held {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(digest).or_default() += 1;
        Held { digest, under_way: self.clone() }
    }

    /// Whether a commit under way may still name this blob.
    pub(crate) fn has(&self, digest: &Hash) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(digest)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.under_way.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = held.get(&self.digest).copied().unwrap_or(0);
        if left > 1 {
            held.insert(self.digest, left - 1);
        } else {
            held.remove(&self.digest);
        }
    }
}

impl Kept {
    /// Puts the attachments of a change on disk, and says in the change which blobs they became. What the version
    /// before has already is not put again.
    pub(crate) async fn put(&mut self, inner: &Inner, change: &mut PreparedChange) -> Result<(), Problem> {
        let Some(template) = change.template.as_mut().filter(|template| !template.holes.is_empty()) else {
            return Ok(());
        };
        let digests: Vec<Hash> = change.holes_before.iter().map(|hole| hole.digest).collect();
        let own = self.blobs.entry(change.key.clone()).or_default();
        let mut known: Vec<NamedBlob> = own.clone();
        known.extend(inner.store.blobs(&digests).await?.into_iter().flatten().filter_map(named));
        for hole in &mut template.holes {
            let (blob, is_known) = recognise(hole.bytes.clone(), known.clone()).await?;
            if !is_known {
                self.held.push(Arc::new(inner.shared.under_way.hold(blob.digest)));
                inner.store.put_blob(&blob.digest, hole.bytes.clone()).await?;
                own.push(blob.clone());
                known.push(blob.clone());
            }
            // What is on disk need not be held in memory too.
            hole.bytes = Arc::default();
            change.blobs.push(blob);
        }
        change.held.clone_from(&self.held);
        Ok(())
    }

    /// The digests of what was put.
    pub(crate) fn digests(&self) -> Vec<Hash> {
        self.blobs.values().flatten().map(|blob| blob.digest).collect()
    }
}

/// The blob of a content among those that are known, or a new one; and whether it was known.
async fn recognise(bytes: Arc<[u8]>, known: Vec<NamedBlob>) -> Result<(NamedBlob, bool), Problem> {
    let work = move || {
        let length = bytes.len() as u64;
        let same =
            |blob: &NamedBlob| blob.length == length && journal::hash::blob_digest(&blob.salt, &bytes) == blob.digest;
        if let Some(blob) = known.into_iter().find(same) {
            return Ok((blob, true));
        }
        let mut salt: Salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|error| Problem::store("salting a blob", error.to_string()))?;
        Ok((NamedBlob { digest: journal::hash::blob_digest(&salt, &bytes), salt, length }, false))
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::store("hashing a blob", error))?
}

/// A digest in hexadecimal.
pub(crate) fn digest_name(digest: &Hash) -> String {
    use std::fmt::Write as _;
    let mut name = String::with_capacity(64);
    for byte in digest {
        // Writing to a String cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// The digest that a name stands for.
pub(crate) fn digest_of(name: &str) -> Option<Hash> {
    let mut digest = [0; 32];
    if name.len() != 64 || !name.is_ascii() {
        return None;
    }
    for (at, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&name[at * 2..at * 2 + 2], 16).ok()?;
    }
    Some(digest)
}

fn named(stored: StoredBlob) -> Option<NamedBlob> {
    let salt = stored.salt.as_slice().try_into().ok()?;
    Some(NamedBlob { digest: stored.digest, salt, length: stored.length })
}

/// Refuses what could not be kept or read again.
pub(crate) fn check_holes(text: &[u8], holes: &[Hole]) -> Result<(), Problem> {
    let unsuitable = |what: String| Err(Problem::Unsuitable { what });
    if text.first() == Some(&journal::hash::holes::MARK) {
        return unsuitable("a text does not begin with a zero byte".into());
    }
    if holes.len() > journal::hash::holes::MOST_HOLES {
        return unsuitable(format!("a text has at most {} large attachments", journal::hash::holes::MOST_HOLES));
    }
    if holes.iter().any(|hole| hole.bytes.len() > MOST_BLOB_BYTES) {
        return unsuitable(format!("an attachment has at most {} MiB", MOST_BLOB_BYTES >> 20));
    }
    let rising = holes.windows(2).all(|pair| pair[0].at < pair[1].at);
    if rising && holes.last().is_none_or(|last| last.at <= text.len()) {
        return Ok(());
    }
    unsuitable("the attachments of a text do not lie in it one after another".into())
}

/// How many of these versions, from the first on, have so many bytes together with their attachments; at least one.
pub(crate) async fn fitting(store: &Store, versions: &[Version], bytes: usize) -> Result<usize, Problem> {
    let mut together = 0;
    for (place, served) in served_bytes(store, versions).await?.into_iter().enumerate() {
        together += served;
        if together > bytes && place > 0 {
            return Ok(place);
        }
    }
    Ok(versions.len())
}

/// The bytes of each version as it is served. What a missing blob would have is not known, and found out when it is read.
pub(crate) async fn served_bytes(store: &Store, versions: &[Version]) -> Result<Vec<usize>, Problem> {
    let mut digests: Vec<Hash> = versions.iter().flat_map(|version| version.holes.iter()).map(|h| h.digest).collect();
    digests.sort_unstable();
    digests.dedup();
    let known = store.blobs(&digests).await?;
    let lengths: HashMap<Hash, u64> = known.into_iter().flatten().map(|blob| (blob.digest, blob.length)).collect();
    let served = versions.iter().map(|version| {
        let attached = version.holes.iter().filter_map(|hole| lengths.get(&hole.digest));
        version.text.len() + attached.map(|length| length.div_ceil(3) as usize * 4).sum::<usize>()
    });
    Ok(served.collect())
}

/// A version with the content of its holes: its text as it is served.
pub(crate) async fn fill(store: &Store, mut version: Version) -> Result<Version, Problem> {
    if version.holes.is_empty() {
        return Ok(version);
    }
    let missing = || Problem::damaged(format!("a blob of {} version {} is missing", version.key, version.version));
    let mut contents: HashMap<Hash, Vec<u8>> = HashMap::new();
    for hole in version.holes.iter() {
        if let Entry::Vacant(vacant) = contents.entry(hole.digest) {
            vacant.insert(store.blob_content(&hole.digest).await?.ok_or_else(missing)?);
        }
    }
    let holes: Vec<(usize, &[u8])> =
        version.holes.iter().map(|hole| (hole.at as usize, contents[&hole.digest].as_slice())).collect();
    version.text = journal::hash::holes::filled(&version.text, &holes).into();
    version.holes = Arc::default();
    Ok(version)
}

impl Record {
    /// How many contents of attachments the entries up to a sequence brought.
    pub async fn count_blobs(&self, sequence: u64) -> Result<u64, Problem> {
        self.inner().store.count_blobs(sequence).await
    }

    /// Removes the content of blobs that no commit names: what a crash left, or a draft that was refused. Blobs whose
    /// commits are under way stay. Returns how many were removed; for the host's upkeep.
    ///
    /// # Errors
    /// [`Problem::Deposed`] when another process owns the record now: nothing was removed then.
    pub async fn sweep_blobs(&self) -> Result<u64, Problem> {
        let mut removed = 0;
        for first in 0..=u8::MAX {
            removed += self.inner().queue.sweep_blobs(Unnamed::Beginning(first)).await?;
        }
        Ok(removed)
    }
}

/// Which blobs may be there without a commit that names them.
#[derive(Debug, Clone)]
pub(crate) enum Unnamed {
    /// Those whose digest begins with this byte, whatever they are.
    Beginning(u8),
    /// These.
    These(Vec<Hash>),
}
