//! A reading: the record as it was at one sequence, through one permit. Whatever it showed goes to the access
//! journal before [`Reading::finish`] returns.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use access::Permit;
use journal::Operation;
use terms::Moment;
use terms::index::{Part, Row, Span};
use tokio::sync::OnceCell;

use crate::blobs::{self, MOST_ANSWER_BYTES};
use crate::change::Key;
use crate::error::Problem;
use crate::indexing::{ALIAS, SUBJECT, Source};
use crate::kept::Depends;
use crate::keys::KeyRange;
use crate::names::Names;
use crate::reach::Reach;
use crate::record::Inner;
use crate::search;
use crate::select::{Page, Select};
use crate::store::{Hit, NameList, Store, StoredVersion};

/// Most labels, relations or aliases that are held in memory for one reading.
const MOST_MARKS: usize = 1_000_000;
/// Versions that are read together; each is no larger than a request's body.
pub(crate) const READ_TOGETHER: usize = 50;
/// How long a question waits before it looks again whether the other index has taken its place.
const WHILE_REPLACED: Duration = Duration::from_millis(1);
/// How many merges deep an alias is followed.
pub(crate) const MOST_MERGES: usize = 8;

/// One version of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Which resource.
    pub key: Key,
    /// From 1, rising by one.
    pub version: u64,
    /// The entry that made it.
    pub sequence: u64,
    /// When it was made.
    pub moment: Moment,
    /// What was done.
    pub operation: Operation,
    /// The text exactly as it is served; empty when deleted or erased.
    pub text: Arc<[u8]>,
    /// The entry that erased the text, if one did.
    pub erased: Option<u64>,
    /// Where blobs belong in the text; none in a version that was shown, whose holes are filled.
    pub(crate) holes: Arc<[journal::hash::holes::Hole]>,
}

/// The record at one sequence, through one permit.
pub struct Reading {
    inner: Arc<Inner>,
    permit: Permit,
    query: String,
    sequence: u64,
    /// The sequence at which scope and merges are looked up: its own, or for a reading that is so old that only some
    /// types' past rows are there, the newest when it was opened.
    pub(crate) reach_at: u64,
    /// How often the index had been replaced when the reading was opened.
    pub(crate) swaps: u64,
    pub(crate) reach: OnceCell<Reach>,
    pub(crate) shown: Arc<Mutex<BTreeSet<Key>>>,
    /// What the readings that this one is a part of have shown, from the innermost out.
    shown_above: Vec<Arc<Mutex<BTreeSet<Key>>>>,
    /// Whether it reads for numbers and places, which show nobody.
    shows_nobody: bool,
    pub(crate) refused: AtomicBool,
    /// About whom nothing was shown, and why is asked first.
    refused_about: Mutex<BTreeSet<Key>>,
    finished: AtomicBool,
    rows_read: AtomicUsize,
    /// What its answers depend on, when that is to be known.
    pub(crate) depends: Option<Mutex<Depends>>,
}

impl Reading {
    /// `reach_at` is the sequence at which scope and merges are looked up.
    pub(crate) fn new(inner: Arc<Inner>, permit: Permit, query: String, sequence: u64, reach_at: u64) -> Reading {
        let swaps = inner.shared.index.swaps();
        Reading {
            inner,
            permit,
            query,
            sequence,
            reach_at,
            swaps,
            reach: OnceCell::new(),
            shown: Arc::default(),
            shown_above: Vec::new(),
            shows_nobody: false,
            refused: AtomicBool::new(false),
            refused_about: Mutex::default(),
            finished: AtomicBool::new(false),
            rows_read: AtomicUsize::new(0),
            depends: None,
        }
    }

    /// A part of this reading, which notes what its answers depend on.
    pub(crate) fn child(&self, shows_nobody: bool) -> Reading {
        let mut child =
            Reading::new(self.inner.clone(), self.permit.clone(), self.query.clone(), self.sequence, self.reach_at);
        child.swaps = self.swaps;
        child.shown_above = std::iter::once(&self.shown).chain(&self.shown_above).cloned().collect();
        child.shows_nobody = shows_nobody || self.shows_nobody;
        // The reading that it is a part of is noted.
        child.finished = AtomicBool::new(true);
        child.depends = Some(Mutex::default());
        child
    }

    /// The sequence that is read.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The permit that is read through.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }

    /// The newest version of a resource; a deletion has an empty text. `None` when there is none or the permit does
    /// not reach it: the two look alike on purpose.
    pub async fn get(&self, key: &Key) -> Result<Option<Version>, Problem> {
        self.check_age(&key.kind)?;
        self.depend(|depends| {
            depends.resources.insert(key.clone());
        });
        let Some(rid) = self.names().target(self.store(), &key.kind, &key.id).await? else { return Ok(None) };
        match self.newest(&[(rid, key)]).await?.pop().flatten() {
            Some(version) => self.show_one(rid, version).await,
            None => Ok(None),
        }
    }

    /// The newest versions of resources that are there and reached, in the order of the keys.
    ///
    /// # Errors
    /// [`Problem::TooCostly`] when they have more than 64 MiB together.
    pub async fn get_many(&self, keys: &[Key]) -> Result<Vec<Version>, Problem> {
        match self.get_many_within(keys, MOST_ANSWER_BYTES).await? {
            (found, false) => Ok(found),
            (_, true) => Err(Problem::TooCostly),
        }
    }

    /// The same without those that would make it more than so many bytes, attachments included; and whether any were
    /// left out.
    pub async fn get_many_within(&self, keys: &[Key], bytes: usize) -> Result<(Vec<Version>, bool), Problem> {
        keys.iter().try_for_each(|key| self.check_age(&key.kind))?;
        let (mut found, mut left, mut is_cut) = (Vec::new(), bytes, false);
        for keys in keys.chunks(READ_TOGETHER) {
            let rids = self.rows_of_keys(keys.iter()).await?;
            let known: Vec<(i64, &Key)> =
                rids.into_iter().zip(keys).filter_map(|(rid, key)| Some((rid?, key))).collect();
            for ((rid, _), version) in known.iter().zip(self.newest(&known).await?) {
                let Some(version) = version else { continue };
                let Some((version, subjects)) = self.judged(*rid, version).await? else { continue };
                if version.text.is_empty() {
                    continue;
                }
                let served = self.served_bytes(&version).await?;
                if served > left {
                    is_cut = true;
                    continue;
                }
                left -= served;
                self.note_shown(subjects.iter().cloned());
                found.push(blobs::fill(self.store(), version).await?);
            }
        }
        Ok((found, is_cut))
    }

    /// One version of a resource. The permit must reach both the newest version and this one.
    pub async fn version(&self, key: &Key, version: u64) -> Result<Option<Version>, Problem> {
        let Some(rid) = self.reached_row(key).await? else { return Ok(None) };
        let stored = self.store().versions(&[(rid, version)]).await?.into_iter().flatten().next();
        match stored {
            Some(stored) if stored.sequence <= self.sequence => {
                self.show_one(rid, self.version_from(key.clone(), stored)?).await
            }
            _ => Ok(None),
        }
    }

    /// Versions of a resource below a version number, newest first. Empty when the permit does not reach the newest;
    /// without those older ones that it does not reach.
    ///
    /// # Errors
    /// [`Problem::TooCostly`] when so many have more than 64 MiB together.
    pub async fn history(&self, key: &Key, below: Option<u64>, limit: usize) -> Result<Vec<Version>, Problem> {
        match self.history_within(key, below, limit, MOST_ANSWER_BYTES).await? {
            (shown, true) if shown.len() < limit => Err(Problem::TooCostly),
            (shown, _) => Ok(shown),
        }
    }

    /// The same up to so many bytes, attachments included, but at least one; and whether there are more.
    pub async fn history_within(
        &self,
        key: &Key,
        below: Option<u64>,
        limit: usize,
        bytes: usize,
    ) -> Result<(Vec<Version>, bool), Problem> {
        let Some(rid) = self.reached_row(key).await? else { return Ok((Vec::new(), false)) };
        let mut below = below.unwrap_or(u64::MAX).min(i64::MAX as u64);
        let (mut shown, mut together) = (Vec::new(), 0);
        loop {
            let part = self.store().history(rid, below, READ_TOGETHER).await?;
            let is_last = part.len() < READ_TOGETHER;
            for stored in part {
                below = stored.version;
                if stored.sequence > self.sequence {
                    continue;
                }
                let version = self.version_from(key.clone(), stored)?;
                let Some((version, subjects)) = self.judged(rid, version).await? else { continue };
                together += self.served_bytes(&version).await?;
                if shown.len() >= limit || (together > bytes && !shown.is_empty()) {
                    return Ok((shown, true));
                }
                self.note_shown(subjects.iter().cloned());
                shown.push(blobs::fill(self.store(), version).await?);
            }
            if is_last {
                return Ok((shown, false));
            }
        }
    }

    /// The resources of a type with rows under the head of a span: of each code that follows there the first `each` in the
    /// order of the index, and all whose rows go on with the bytes `always` behind the code or lie in the span `whole`; at
    /// most `most`, and whether that was enough. In a patient's compartment these are the newest of each code, what has no
    /// date, and what has no code.
    pub async fn newest_of_each(
        &self,
        kind: &str,
        span: Span,
        (each, always, whole): (usize, &[u8], &Span),
        most: usize,
    ) -> Result<(Vec<Version>, bool), Problem> {
        let bounds = search::Bounds { each, always, whole, most };
        let (live, is_whole) = search::newest_of_each(self, kind, span, bounds).await?;
        let mut filled = Vec::with_capacity(live.len());
        for version in self.show(live) {
            filled.push(blobs::fill(self.store(), version).await?);
        }
        Ok((filled, is_whole))
    }

    /// One page of an answer: with large texts fewer than asked for, and then the next page begins after them.
    pub async fn select(&self, select: &Select) -> Result<Page, Problem> {
        let whole = search::select(self, select).await?;
        let fitting = blobs::fitting(self.store(), &whole.versions, select.bytes).await?;
        let Page { versions, next } = if fitting < whole.versions.len() {
            search::select(self, &Select { limit: fitting, ..select.clone() }).await?
        } else {
            whole
        };
        let mut filled = Vec::with_capacity(versions.len());
        for version in versions {
            filled.push(blobs::fill(self.store(), version).await?);
        }
        Ok(Page { versions: filled, next })
    }

    /// How many there are, exactly, within the permit's scope.
    pub async fn total(&self, select: &Select) -> Result<u64, Problem> {
        search::total(self, select).await
    }

    /// How many rows of the index, keys and texts searches have read or counted so far: what they cost, whatever the
    /// machine.
    pub fn rows_read(&self) -> usize {
        self.rows_read.load(Ordering::Relaxed)
    }

    /// The index rows of a version.
    pub fn rows(&self, version: &Version) -> Vec<Row> {
        if version.text.is_empty() {
            return Vec::new();
        }
        self.inner.indexing.rows(&version.key.kind, &version.key.id, &version.text)
    }

    /// Those of some parameters, and perhaps others. When it will be asked whose the version is, this is worked out too.
    pub(crate) fn rows_of(
        &self,
        rid: i64,
        version: &Version,
        parameters: &BTreeSet<&'static str>,
        is_judged: bool,
    ) -> Vec<Row> {
        let source = Source { kind: &version.key.kind, id: &version.key.id, text: &version.text };
        let place = (rid, version.version);
        if !is_judged || parameters.contains(SUBJECT) || self.inner.whose.get(&place).is_some() {
            return self.inner.indexing.rows_of(source, parameters);
        }
        let mut with_whose = parameters.clone();
        with_whose.insert(SUBJECT);
        let rows = self.inner.indexing.rows_of(source, &with_whose);
        self.keep_whose(place, &rows);
        rows
    }

    /// The resources that were merged into this one, directly or through others.
    pub async fn aliases(&self, key: &Key) -> Result<Vec<Key>, Problem> {
        let mut found: Vec<Key> = Vec::new();
        let mut next = vec![key.clone()];
        for _ in 0..MOST_MERGES {
            let mut losers = Vec::new();
            self.depend(|depends| depends.merges(&next, &[]));
            for survivor in &next {
                let span = Span::head(ALIAS, [Part::target(survivor.kind.as_str(), survivor.id.as_str())]);
                losers.extend(self.marked(&span, 12).await?);
            }
            losers.retain(|loser| loser != key && !found.contains(loser));
            if losers.is_empty() {
                break;
            }
            found.extend(losers.iter().cloned());
            next = losers;
        }
        self.depend(|depends| depends.merges(&[], &found));
        Ok(found)
    }

    /// Ends the reading. When this returns, what was shown is in the access journal.
    pub async fn finish(&self) -> Result<(), Problem> {
        self.finished.store(true, Ordering::Relaxed);
        self.inner.accesses.note(self.access()).await
    }

    /// Ends a reading of what stands around a page, such as the name of a place and a number. Only if it showed anybody's
    /// data, or something was refused, does it leave an access.
    pub async fn finish_unseen(&self) -> Result<(), Problem> {
        let is_empty = self.shown.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        if !is_empty || self.refused.load(Ordering::Relaxed) {
            return self.finish().await;
        }
        self.finished.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Ends a reading that only gathered for a change.
    pub(crate) fn set_aside(&self) {
        self.finished.store(true, Ordering::Relaxed);
    }

    pub(crate) fn access(&self) -> journal::AccessRead {
        let shown = std::mem::take(&mut *self.shown.lock().unwrap_or_else(PoisonError::into_inner));
        let refused = shown.is_empty() && self.refused.load(Ordering::Relaxed);
        let about = std::mem::take(&mut *self.refused_about.lock().unwrap_or_else(PoisonError::into_inner));
        let about = if refused { about } else { shown };
        journal::AccessRead {
            principal: self.permit.principal().id.clone(),
            permit: self.permit.describe(),
            purpose: String::new(),
            query: self.query.clone(),
            sequence: self.sequence,
            outcome: if refused { journal::AccessOutcome::Refused } else { journal::AccessOutcome::Shown },
            subjects: about.into_iter().map(|key| (key.kind, key.id)).collect(),
        }
    }

    // What follows serves the crate.

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn names(&self) -> &Names {
        &self.inner.shared.names
    }

    pub(crate) fn note_read(&self, rows: usize) {
        self.rows_read.fetch_add(rows, Ordering::Relaxed);
    }

    /// Rows of a range at the reading's sequence, above `after`, ordered by key and row number.
    pub(crate) async fn scan(&self, range: &KeyRange, after: Option<&Hit>, limit: usize) -> Result<Vec<Hit>, Problem> {
        let hits = self.store().scan(range, after, self.sequence, limit).await?;
        self.note_read(hits.len());
        Ok(hits)
    }

    /// The same from the top down, below `before`.
    pub(crate) async fn scan_down(
        &self,
        range: &KeyRange,
        before: Option<&Hit>,
        limit: usize,
    ) -> Result<Vec<Hit>, Problem> {
        let hits = self.store().scan_down(range, before, self.sequence, limit).await?;
        self.note_read(hits.len());
        Ok(hits)
    }

    /// The first rows of each range at the reading's sequence, at most `limit` of each, in the order of the ranges.
    pub(crate) async fn scan_each(&self, ranges: &[KeyRange], limit: usize) -> Result<Vec<Vec<Hit>>, Problem> {
        let hits = self.store().scan_each(ranges, self.sequence, limit).await?;
        self.note_read(hits.iter().map(Vec::len).sum());
        Ok(hits)
    }

    /// About how many current rows the ranges have together, counted up to `most`.
    pub(crate) async fn estimate(&self, ranges: &[KeyRange], most: usize) -> Result<usize, Problem> {
        let counted = self.store().estimate(ranges, most).await?;
        self.note_read(counted);
        Ok(counted)
    }

    /// How many resources of a kind have rows in a range that is plain, at the reading's sequence.
    pub(crate) async fn count_range(&self, range: &KeyRange, kind: &str) -> Result<u64, Problem> {
        let Some(kind) = self.names().kind(kind) else { return Ok(0) };
        let counted = self.store().count_range(range, kind, self.sequence).await?;
        self.note_read(usize::try_from(counted).unwrap_or(usize::MAX));
        Ok(counted)
    }

    /// The number of live resources of a kind, if nothing newer than the reading's sequence is there.
    pub(crate) async fn tally(&self, kind: &str) -> Result<Option<u64>, Problem> {
        let Some(kind) = self.names().kind(kind) else { return Ok(Some(0)) };
        self.store().tally_as_at(kind, self.sequence).await
    }

    /// The keys of row numbers, in their order.
    pub(crate) async fn keys(&self, rids: &[i64]) -> Result<Vec<Key>, Problem> {
        self.note_read(rids.len());
        self.inner.keys_of(rids).await
    }

    /// The row numbers of keys that were ever mentioned.
    pub(crate) async fn row_numbers(&self, keys: &HashSet<Key>) -> Result<BTreeSet<i64>, Problem> {
        let wanted = keys.iter().map(|key| (key.kind.as_str(), key.id.as_str()));
        Ok(self.names().targets(self.store(), wanted).await?.into_iter().flatten().collect())
    }

    pub(crate) fn version_from(&self, key: Key, stored: StoredVersion) -> Result<Version, Problem> {
        let version = self.inner.version(key, stored)?;
        self.depend(|depends| depends.read(version.text.len()));
        Ok(version)
    }

    /// Notes versions as shown and gives them out, their holes still open.
    pub(crate) fn show(&self, versions: Vec<(Arc<[Key]>, Version)>) -> Vec<Version> {
        let show = |(subjects, version): (Arc<[Key]>, Version)| {
            self.note_shown(subjects.iter().cloned());
            version
        };
        versions.into_iter().map(show).collect()
    }

    /// Notes that something was asked for which the permit does not reach.
    pub(crate) fn note_refused(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }

    /// Notes those about whom nothing is shown before a reason is given.
    pub(crate) fn note_refused_about(&self, subjects: impl Iterator<Item = Key>) {
        self.note_refused();
        self.refused_about.lock().unwrap_or_else(PoisonError::into_inner).extend(subjects);
    }

    /// Whose the newest version of a resource is, whatever the permit reaches; nobody's when there is none.
    pub(crate) async fn whose_newest(&self, key: &Key) -> Result<Arc<[Key]>, Problem> {
        let Some(rid) = self.names().target(self.store(), &key.kind, &key.id).await? else { return Ok(Arc::default()) };
        let Some(newest) = self.newest(&[(rid, key)]).await?.pop().flatten() else { return Ok(Arc::default()) };
        self.judging_subjects(rid, &newest).await
    }

    /// Notes those about whom something was shown.
    pub(crate) fn note_shown(&self, subjects: impl Iterator<Item = Key>) {
        if self.shows_nobody {
            return;
        }
        let subjects: Vec<Key> = subjects.into_iter().collect();
        for above in &self.shown_above {
            above.lock().unwrap_or_else(PoisonError::into_inner).extend(subjects.iter().cloned());
        }
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).extend(subjects);
    }

    /// Judges one version and notes it as shown.
    async fn show_one(&self, rid: i64, version: Version) -> Result<Option<Version>, Problem> {
        let Some((version, subjects)) = self.judged(rid, version).await? else { return Ok(None) };
        self.note_shown(subjects.iter().cloned());
        blobs::fill(self.store(), version).await.map(Some)
    }

    /// A version with its holes open and whose it is, if the permit reaches it; a deletion is judged by the version
    /// before it.
    async fn judged(&self, rid: i64, version: Version) -> Result<Option<(Version, Arc<[Key]>)>, Problem> {
        let subjects = self.judging_subjects(rid, &version).await?;
        let reads = self.permit.scope().reads.contains(&version.key.kind);
        if !reads || !self.reaches_subjects(&version.key, subjects.iter()).await? {
            self.refused.store(true, Ordering::Relaxed);
            return Ok(None);
        }
        Ok(Some((version, subjects)))
    }

    /// The bytes of a version with its attachments.
    async fn served_bytes(&self, version: &Version) -> Result<usize, Problem> {
        Ok(blobs::served_bytes(self.store(), std::slice::from_ref(version)).await?.into_iter().sum())
    }

    /// The row number of a resource whose newest version the permit reaches.
    async fn reached_row(&self, key: &Key) -> Result<Option<i64>, Problem> {
        self.check_age(&key.kind)?;
        self.depend(|depends| {
            depends.resources.insert(key.clone());
        });
        let Some(rid) = self.names().target(self.store(), &key.kind, &key.id).await? else { return Ok(None) };
        if self.reaches_everything().await? {
            return Ok(Some(rid));
        }
        let Some(newest) = self.newest(&[(rid, key)]).await?.pop().flatten() else { return Ok(None) };
        let subjects = self.judging_subjects(rid, &newest).await?;
        if self.reaches_subjects(key, subjects.iter()).await? {
            return Ok(Some(rid));
        }
        self.refused.store(true, Ordering::Relaxed);
        Ok(None)
    }

    /// Those by whom a version is judged: whose it is, or for a deletion whose the version before was.
    async fn judging_subjects(&self, rid: i64, version: &Version) -> Result<Arc<[Key]>, Problem> {
        if !version.text.is_empty() {
            return Ok(self.whose(rid, version));
        }
        let before = self.store().history(rid, version.version, 1).await?.into_iter().next();
        match before {
            Some(stored) => Ok(self.whose(rid, &self.version_from(version.key.clone(), stored)?)),
            None => Ok(Arc::default()),
        }
    }

    /// Refuses questions about a type whose rows of that time are no longer there.
    pub(crate) fn check_age(&self, kind: &str) -> Result<(), Problem> {
        let gone = self.inner.shared.index.has_lost(self.sequence, self.swaps);
        if gone || (self.is_old() && !self.inner.indexing.keeps(kind)) {
            return Err(Problem::Expired);
        }
        Ok(())
    }

    /// What is found in one index: asked again when that is replaced meanwhile.
    pub(crate) async fn in_one_index<T, F: Future<Output = T>>(&self, ask: impl Fn() -> F) -> T {
        let index = &self.inner.shared.index;
        loop {
            let swaps = index.swaps();
            if swaps % 2 == 1 {
                tokio::time::sleep(WHILE_REPLACED).await;
                continue;
            }
            let found = ask().await;
            if index.swaps() == swaps {
                return found;
            }
        }
    }

    /// What the places of its pages are in.
    pub(crate) fn cursor_of(&self) -> crate::cursor::Of {
        (self.sequence, self.inner.shared.index.swaps())
    }

    /// Whether the index may have rows that its functions do not make, and not yet have those that they make.
    pub(crate) fn distrusts_index(&self) -> bool {
        self.inner.shared.index.is_untrusted()
    }

    /// Whether it is too old for everything but types that are kept for ever.
    pub(crate) fn is_old(&self) -> bool {
        self.reach_at != self.sequence
    }

    /// The targets at the end of every row in a span, whose keys have this length.
    pub(crate) async fn marked(&self, span: &Span, length: usize) -> Result<Vec<Key>, Problem> {
        let mut rids = Vec::new();
        for range in self.names().ranges(self.store(), span).await? {
            let mut after: Option<Hit> = None;
            loop {
                let hits = self.store().scan(&range, after.as_ref(), self.reach_at, 1000).await?;
                let full = hits.len() == 1000;
                for (key, _) in hits.iter().filter(|(key, _)| key.len() == length && range.admits_rest(key)) {
                    rids.extend(last_row_number(key));
                }
                after = hits.into_iter().next_back();
                if !full {
                    break;
                }
                if rids.len() > MOST_MARKS {
                    return Err(Problem::TooCostly);
                }
            }
        }
        rids.sort_unstable();
        rids.dedup();
        self.keys(&rids).await
    }

    /// The spans, and the same spans for every resource that was merged into one they name.
    pub(crate) async fn with_aliases(&self, mut spans: Vec<Span>) -> Result<Vec<Span>, Problem> {
        if self.names().number(NameList::Parameter, ALIAS).is_none() {
            // Nothing was merged yet, and the first merge changes what is found.
            let targets = spans.iter().flat_map(|span| &span.head).filter_map(|part| match part {
                Part::Target { kind, id } => Some(Key::new(kind, id)),
                _ => None,
            });
            self.depend(|depends| depends.merged.extend(targets));
            return Ok(spans);
        }
        let mut more = Vec::new();
        for span in &spans {
            for (place, part) in span.head.iter().enumerate() {
                let Part::Target { kind, id } = part else { continue };
                for alias in self.aliases(&Key::new(kind, id)).await? {
                    let mut span = span.clone();
                    span.head[place] = Part::target(alias.kind, alias.id);
                    more.push(span);
                }
            }
        }
        spans.append(&mut more);
        Ok(spans)
    }

    /// The newest version of a resource at the reading's sequence, not yet judged or shown.
    pub(crate) async fn located(&self, key: &Key) -> Result<Option<StoredVersion>, Problem> {
        Ok(self.located_all([key].into_iter()).await?.pop().flatten())
    }

    /// The same for many, in the order of the keys; the store is asked once for all.
    pub(crate) async fn located_all(
        &self,
        keys: impl Iterator<Item = &Key> + Clone,
    ) -> Result<Vec<Option<StoredVersion>>, Problem> {
        let rids = self.rows_of_keys(keys).await?;
        let known: Vec<i64> = rids.iter().flatten().copied().collect();
        let mut versions = self.store().versions_at(&known, self.sequence).await?.into_iter();
        Ok(rids.into_iter().map(|rid| rid.and_then(|_| versions.next().flatten())).collect())
    }

    /// The row numbers of keys that are asked for, in their order.
    async fn rows_of_keys(&self, keys: impl Iterator<Item = &Key> + Clone) -> Result<Vec<Option<i64>>, Problem> {
        self.depend(|depends| depends.resources.extend(keys.clone().cloned()));
        self.names().targets(self.store(), keys.map(|key| (key.kind.as_str(), key.id.as_str()))).await
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }
}

impl Drop for Reading {
    /// A reading that was dropped on the way (a client that went, a panic) is noted all the same.
    fn drop(&mut self) {
        let shown = !self.shown.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        if shown && !self.finished.load(Ordering::Relaxed) {
            tracing::warn!("a reading ended without being finished; it is noted late");
            self.inner.accesses.note_late(self.access());
        }
    }
}

/// The row number in the last five bytes of a key.
pub(crate) fn last_row_number(key: &[u8]) -> Option<i64> {
    let bytes = key.get(key.len().checked_sub(5)?..)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | i64::from(*byte)))
}
