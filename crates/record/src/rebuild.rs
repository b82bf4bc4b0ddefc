//! The index as a function of the versions: made again beside the one in use (`rebuild-index`, and after an open when an
//! index function has changed) while commits go on and add to both; swapped in one transaction at the end.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use terms::index::Row;

use crate::change::Key;
use crate::desk::DeskChange;
use crate::error::Problem;
use crate::group::kind_row;
use crate::keys::logical_id;
use crate::record::Record;
use crate::store::{NameList, StoredKey, StoredVersion, TrailRow};

/// How many versions are read together.
const BATCH: usize = 200;
/// The desk row that names the index functions the index was made with.
const FUNCTIONS: (&str, &str) = ("record", "index-functions");

/// What a function of obligations is told by among the functions.
const OBLIGATIONS: &str = "obligations ";

/// How the trail is made, as one of the functions: a record of before has none yet.
const TRAIL: &str = "trail 1\n";

/// The rows of a version, the sequence that made it, and the one that ended it.
pub(crate) type PastRows = (Vec<Row>, u64, u64);

/// What readers know about the index in use.
#[derive(Default)]
pub(crate) struct IndexState {
    /// Whether it was made by other functions than this program's, or is being made again.
    untrusted: AtomicBool,
    /// How often it began to be replaced and was replaced, together: odd meanwhile. And at which sequence the last time.
    swaps: AtomicU64,
    swapped_at: AtomicU64,
    /// The sequence of the last commit that changed a row of a label.
    labels_changed_at: AtomicU64,
}

/// A step of making another index beside the one in use.
pub(crate) enum RebuildStep {
    /// From now on commits add to both.
    Begin,
    /// The rows of further resources, as they were at a sequence or later.
    Fill { part: Vec<ResourceRows>, at: u64 },
    /// The trail of further entries.
    Trail(Vec<TrailRow>),
    /// The other one takes the place of the one in use.
    Swap,
}

/// The index rows of one resource.
pub(crate) struct ResourceRows {
    pub(crate) rid: i64,
    pub(crate) key: StoredKey,
    /// The version that was the newest.
    pub(crate) version: u64,
    /// Those of its newest version, when it is live.
    pub(crate) rows: Vec<Row>,
    /// Those of its versions before, when its type's are kept for ever.
    pub(crate) past: Vec<PastRows>,
}

impl Record {
    /// Makes the whole index again from the texts, beside the one in use and while commits go on. Returns how many
    /// resources were indexed. `progress` is told how many of about how many.
    pub async fn rebuild_index(&self, progress: impl Fn(u64, u64) + Send + Sync) -> Result<u64, Problem> {
        let _one_at_a_time = self.inner().rebuilds.lock().await;
        self.make_index_again(progress).await
    }

    /// Returns when the index is not being made again.
    pub async fn index_settled(&self) {
        drop(self.inner().rebuilds.lock().await);
    }

    async fn make_index_again(&self, progress: impl Fn(u64, u64) + Send + Sync) -> Result<u64, Problem> {
        let inner = self.inner();
        inner.shared.index.distrust();
        let about: u64 = inner.store.tallies().await?.iter().map(|(_, live)| live).sum();
        inner.queue.rebuild(RebuildStep::Begin).await?;
        let (mut after, mut count) = (0, 0);
        loop {
            let (from, at) = (after, inner.shared.newest.load(Ordering::Acquire));
            let part = self.next_rows(&mut after).await?;
            if part.is_empty() {
                break;
            }
            let live = part.iter().filter(|resource| !resource.rows.is_empty()).count() as u64;
            if inner.queue.rebuild(RebuildStep::Fill { part, at }).await? {
                count += live;
                progress(count, about.max(count));
            } else {
                after = from;
            }
        }
        self.make_trail_again().await?;
        inner.queue.rebuild(RebuildStep::Swap).await?;
        self.rebuild_obligations().await?;
        self.note_functions().await?;
        Ok(count)
    }

    async fn note_functions(&self) -> Result<(), Problem> {
        let content = Some((self.functions().into_bytes(), None));
        let (kind, key) = (FUNCTIONS.0.into(), FUNCTIONS.1.into());
        self.desk_put(vec![DeskChange { kind, key, content, expected: None }]).await?;
        Ok(())
    }

    /// Begins to make the index again when it was made by other index functions than this program's; what was cut
    /// short before is begun afresh. Where obligations alone are worked out otherwise, the index is right as it is, and only
    /// they are worked out again. Does not wait for the end.
    pub(crate) async fn keep_index_current(&self) -> Result<(), Problem> {
        if self.index_is_current().await? {
            return Ok(());
        }
        if self.inner().store.resources(0, 1).await?.is_empty() {
            return self.note_functions().await;
        }
        let made_by = self.desk_get(FUNCTIONS.0, FUNCTIONS.1).await?;
        let made_by = made_by.map(|row| String::from_utf8_lossy(&row.bytes).into_owned()).unwrap_or_default();
        let is_index_alike = of_the_index(&made_by).eq(of_the_index(&self.functions()));
        if !is_index_alike {
            self.inner().shared.index.distrust();
        }
        let turn = self.inner().rebuilds.clone().lock_owned().await;
        let record = self.clone();
        tokio::spawn(async move {
            let _turn = turn;
            let made = match is_index_alike {
                true => record.work_out_obligations_again().await,
                false => record.make_index_again(|_, _| {}).await.map(|count| {
                    tracing::info!(resources = count, "the index was made again for this release's functions");
                }),
            };
            // The next open begins afresh.
            if let Err(problem) = made {
                tracing::warn!(error = &problem as &dyn std::error::Error, "the index could not be made again");
            }
        });
        Ok(())
    }

    async fn work_out_obligations_again(&self) -> Result<(), Problem> {
        self.rebuild_obligations().await?;
        self.note_functions().await?;
        tracing::info!("obligations were worked out again for this release's functions");
        Ok(())
    }

    /// Whether the index was made by this program's functions, and is whole.
    pub(crate) async fn index_is_current(&self) -> Result<bool, Problem> {
        let made_by = self.desk_get(FUNCTIONS.0, FUNCTIONS.1).await?;
        Ok(made_by.is_some_and(|row| row.bytes == self.functions().as_bytes()))
    }

    fn functions(&self) -> String {
        let indexing = &self.inner().indexing;
        let functions = indexing.functions.iter().map(|(name, version)| format!("{name} {version}\n"));
        let owed = indexing.obligations.iter().map(|one| format!("{OBLIGATIONS}{} {}\n", one.name, one.version));
        let kept = indexing.kept.iter().map(|kind| format!("keep {kind}\n"));
        functions.chain(owed).chain(kept).chain([TRAIL.to_owned()]).collect()
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
            for (at, key) in &resources {
                let newest = if at.live { versions.next().flatten() } else { None };
                let rows = match newest {
                    Some(newest) => self.rows_of(key, newest)?.1,
                    None => Vec::new(),
                };
                let past = if self.keeps(key.0) { self.past_rows(at.rid, key).await? } else { Vec::new() };
                if !rows.is_empty() || !past.is_empty() {
                    part.push(ResourceRows { rid: at.rid, key: key.clone(), version: at.version, rows, past });
                }
            }
            if !part.is_empty() {
                return Ok(part);
            }
        }
    }

    /// Whether the past rows of a type are kept for ever.
    pub(crate) fn keeps(&self, kind: u16) -> bool {
        let name = self.inner().shared.names.name(NameList::Kind, u32::from(kind));
        name.is_some_and(|name| self.inner().indexing.keeps(&name))
    }

    /// The rows of every version that was replaced or deleted.
    async fn past_rows(&self, rid: i64, key: &StoredKey) -> Result<Vec<PastRows>, Problem> {
        let (mut past, mut below, mut ended) = (Vec::new(), i64::MAX as u64, None);
        loop {
            let versions = self.inner().store.history(rid, below, BATCH).await?;
            let Some(oldest) = versions.last() else { return Ok(past) };
            below = oldest.version;
            for version in versions {
                let from = version.sequence;
                let rows = match ended {
                    Some(_) => self.rows_of(key, version)?.1,
                    None => Vec::new(),
                };
                if let (Some(to), false) = (ended, rows.is_empty()) {
                    past.push((rows, from, to));
                }
                ended = Some(from);
            }
        }
    }

    /// The rows of a stored version of the resource with this key, the record's own included; none for a deletion or an
    /// erased text.
    pub(crate) fn rows_of(&self, key: &StoredKey, version: StoredVersion) -> Result<(Key, Vec<Row>), Problem> {
        let inner = self.inner();
        let (rid, sequence) = (version.rid, version.sequence);
        let kind = inner.shared.names.name(NameList::Kind, u32::from(key.0));
        let key = kind.and_then(|kind| Some(Key::new(kind.as_ref(), logical_id(&key.1)?)));
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

/// Those of the functions that make rows of the index.
fn of_the_index(functions: &str) -> impl Iterator<Item = &str> {
    functions.lines().filter(|line| !line.starts_with(OBLIGATIONS))
}

impl IndexState {
    /// From now on candidates are judged on their extracted rows, and searches may miss some.
    pub(crate) fn distrust(&self) {
        self.untrusted.store(true, Ordering::Release);
    }

    /// The state of an index as it was found at a sequence.
    pub(crate) fn found_at(sequence: u64) -> IndexState {
        IndexState { labels_changed_at: AtomicU64::new(sequence), ..IndexState::default() }
    }

    /// A commit changes rows of labels; to be told before its sequence is.
    pub(crate) fn note_labels(&self, sequence: u64) {
        self.labels_changed_at.store(sequence, Ordering::Release);
    }

    pub(crate) fn labels_changed_at(&self) -> u64 {
        self.labels_changed_at.load(Ordering::Acquire)
    }

    pub(crate) fn is_untrusted(&self) -> bool {
        self.untrusted.load(Ordering::Acquire)
    }

    /// From now on what is read may be of either index, until [`IndexState::swapped`], or [`IndexState::kept`] when it failed.
    pub(crate) fn swapping(&self) {
        self.swaps.fetch_add(1, Ordering::AcqRel);
    }

    /// The index was not replaced after all.
    pub(crate) fn kept(&self) {
        self.swaps.fetch_add(1, Ordering::AcqRel);
    }

    /// The index has been replaced: past rows before this sequence are gone but for those that are kept for ever.
    pub(crate) fn swapped(&self, sequence: u64) {
        self.swapped_at.store(sequence, Ordering::Release);
        self.swaps.fetch_add(1, Ordering::AcqRel);
        self.untrusted.store(false, Ordering::Release);
    }

    pub(crate) fn swaps(&self) -> u64 {
        self.swaps.load(Ordering::Acquire)
    }

    /// Whether a reading at the sequence, opened after so many swaps, has lost its past rows.
    pub(crate) fn has_lost(&self, sequence: u64, swaps: u64) -> bool {
        self.swaps() != swaps && sequence < self.swapped_at.load(Ordering::Acquire)
    }
}
