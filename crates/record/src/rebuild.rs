//! The index as a function of the versions: extracted again to replace it (`rebuild-index`, and at open when an index
//! function has changed).

use terms::index::Row;

use crate::change::Key;
use crate::desk::DeskChange;
use crate::error::Problem;
use crate::group::kind_row;
use crate::keys::logical_id;
use crate::record::Record;
use crate::store::{NameList, StoredVersion};

/// How many versions are read together.
const BATCH: usize = 500;
/// The desk row that names the index functions the index was made with.
const FUNCTIONS: (&str, &str) = ("record", "index-functions");

/// The rows of a version, the sequence that made it, and the one that ended it.
pub(crate) type PastRows = (Vec<Row>, u64, u64);

/// The index rows of one resource.
pub(crate) struct ResourceRows {
    pub(crate) rid: i64,
    /// Those of its newest version, when it is live.
    pub(crate) rows: Vec<Row>,
    /// Those of its versions before, when its type's are kept for ever.
    pub(crate) past: Vec<PastRows>,
}

impl Record {
    /// Makes the whole index again from the texts, in one transaction; other commits wait. Returns how many resources
    /// were indexed. `progress` is told how many of about how many.
    pub async fn rebuild_index(&self, progress: impl Fn(u64, u64) + Send + Sync) -> Result<u64, Problem> {
        let inner = self.inner();
        let about: u64 = inner.store.tallies().await?.iter().map(|(_, live)| live).sum();
        let (parts, done) = inner.queue.rebuild().await?;
        let (mut after, mut count) = (0, 0);
        loop {
            let part = self.next_rows(&mut after).await?;
            if part.is_empty() {
                break;
            }
            count += part.iter().filter(|resource| !resource.rows.is_empty()).count() as u64;
            let parts = parts.clone();
            let sent = tokio::task::spawn_blocking(move || parts.send(part)).await;
            if !matches!(sent, Ok(Ok(()))) {
                break;
            }
            progress(count, about.max(count));
        }
        drop(parts);
        done.await.unwrap_or(Err(Problem::Closed))?;
        self.rebuild_obligations().await?;
        let content = Some((self.functions().into_bytes(), None));
        let (kind, key) = (FUNCTIONS.0.into(), FUNCTIONS.1.into());
        self.desk_put(vec![DeskChange { kind, key, content, expected: None }]).await?;
        Ok(count)
    }

    /// Rebuilds the index when it was made by other index functions than this program's.
    pub(crate) async fn keep_index_current(&self) -> Result<(), Problem> {
        let made_by = self.desk_get(FUNCTIONS.0, FUNCTIONS.1).await?;
        if made_by.is_some_and(|row| row.bytes == self.functions().as_bytes()) {
            return Ok(());
        }
        let count = self.rebuild_index(|_, _| {}).await?;
        tracing::info!(resources = count, "the index was made again for this release's index functions");
        Ok(())
    }

    fn functions(&self) -> String {
        let indexing = &self.inner().indexing;
        let functions = indexing.functions.iter().map(|(name, version)| format!("{name} {version}\n"));
        let owed = indexing.obligations.iter().map(|one| format!("obligations {} {}\n", one.name, one.version));
        let kept = indexing.kept.iter().map(|kind| format!("keep {kind}\n"));
        functions.chain(owed).chain(kept).collect()
    }

    /// The rows of the next resources after a row number; empty at the end.
    async fn next_rows(&self, after: &mut i64) -> Result<Vec<ResourceRows>, Problem> {
        let store = &self.inner().store;
        loop {
            let resources = store.resources(*after, BATCH).await?;
            let Some((last, _)) = resources.last() else { return Ok(Vec::new()) };
            *after = last.rid;
            let live: Vec<(i64, u64)> =
                resources.iter().filter(|(at, _)| at.live).map(|(at, _)| (at.rid, at.version)).collect();
            let mut versions = store.versions(&live).await?.into_iter();
            let mut part = Vec::with_capacity(resources.len());
            for (at, (kind, _)) in &resources {
                let newest = if at.live { versions.next().flatten() } else { None };
                let rows = match newest {
                    Some(newest) => self.rows_of(newest).await?.1,
                    None => Vec::new(),
                };
                let past = if self.keeps(*kind) { self.past_rows(at.rid).await? } else { Vec::new() };
                if !rows.is_empty() || !past.is_empty() {
                    part.push(ResourceRows { rid: at.rid, rows, past });
                }
            }
            if !part.is_empty() {
                return Ok(part);
            }
        }
    }

    fn keeps(&self, kind: u16) -> bool {
        let name = self.inner().shared.names.name(NameList::Kind, u32::from(kind));
        name.is_some_and(|name| self.inner().indexing.keeps(&name))
    }

    /// The rows of every version that was replaced or deleted.
    async fn past_rows(&self, rid: i64) -> Result<Vec<PastRows>, Problem> {
        let (mut past, mut below, mut ended) = (Vec::new(), i64::MAX as u64, None);
        loop {
            let versions = self.inner().store.history(rid, below, BATCH).await?;
            let Some(oldest) = versions.last() else { return Ok(past) };
            below = oldest.version;
            for version in versions {
                let from = version.sequence;
                let rows = match ended {
                    Some(_) => self.rows_of(version).await?.1,
                    None => Vec::new(),
                };
                if let (Some(to), false) = (ended, rows.is_empty()) {
                    past.push((rows, from, to));
                }
                ended = Some(from);
            }
        }
    }

    /// The rows of a stored version, the record's own included; none for a deletion or an erased text.
    pub(crate) async fn rows_of(&self, version: StoredVersion) -> Result<(Key, Vec<Row>), Problem> {
        let inner = self.inner();
        let (rid, sequence) = (version.rid, version.sequence);
        let stored = inner.store.keys(&[rid]).await?.into_iter().flatten().next();
        let key = stored.and_then(|(kind, id)| {
            let kind = inner.shared.names.name(NameList::Kind, u32::from(kind))?;
            Some(Key::new(kind.as_ref(), logical_id(&id)?))
        });
        let key = key.ok_or_else(|| Problem::damaged(format!("row {rid} has no key")))?;
        let version = inner.version(key, version)?;
        if version.text.is_empty() {
            return Ok((version.key, Vec::new()));
        }
        let mut rows = inner.indexing.rows(&version.key.kind, &version.key.id, &version.text);
        rows.push(kind_row(&version.key.kind, sequence));
        Ok((version.key, rows))
    }
}
