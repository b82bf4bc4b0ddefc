//! The loop of every change: gather, decide, commit; stale drafts are gathered and decided again, a bounded number
//! of times. It lives here once, for every door.

use std::sync::Arc;

use access::Permit;
use journal::Operation;
use terms::index::{Part, Row};

use crate::blobs::{Kept, Unnamed, check_holes};
use crate::change::{Act, Change, Draft, Key, Receipt, Template};
use crate::error::{Problem, TransactError};
use crate::group::{Declined, Prepared, PreparedChange, operation_of, receipt_of};
use crate::keyed::KeyedRows;
use crate::obligations::{Changed, Overlay};
use crate::reading::Reading;
use crate::record::Record;
use crate::store::StoredVersion;

/// How often a stale draft is decided again.
const MOST_ATTEMPTS: usize = 16;
/// Most changes of one draft.
const MOST_CHANGES: usize = 20_000;
/// Longest index row, in bytes; a store may hold no key that is much longer.
const MOST_ROW_BYTES: usize = 1024;

/// The idempotency key was used before with another request.
pub(crate) struct KeyReused;

impl Record {
    /// Carries a decision out. `decide` gathers with the reading and returns a draft or a refusal; it is called again
    /// when something it read about has changed meanwhile. The answer comes once the commit is on disk.
    ///
    /// # Errors
    /// See [`TransactError`]. A refused or contended draft leaves no trace in the journal.
    pub async fn transact<R, Decide, Decided>(
        &self,
        permit: &Permit,
        act: Act,
        decide: Decide,
    ) -> Result<Receipt, TransactError<R>>
    where
        Decide: Fn(Arc<Reading>) -> Decided + Send + Sync,
        Decided: Future<Output = Result<Draft, TransactError<R>>> + Send,
    {
        self.turn_to_write().await;
        self.takes_decisions()?;
        let mut kept = Kept::default();
        let outcome = self.decide_and_commit(permit, &act, &decide, &mut kept).await;
        let unnamed = kept.digests();
        drop(kept);
        if outcome.is_err() && !unnamed.is_empty() {
            // What the draft had put on disk is named by nobody; what cannot be removed now is swept later.
            let _ = self.inner().queue.sweep_blobs(Unnamed::These(unnamed)).await;
        }
        outcome
    }

    async fn decide_and_commit<R, Decide, Decided>(
        &self,
        permit: &Permit,
        act: &Act,
        decide: &Decide,
        kept: &mut Kept,
    ) -> Result<Receipt, TransactError<R>>
    where
        Decide: Fn(Arc<Reading>) -> Decided + Send + Sync,
        Decided: Future<Output = Result<Draft, TransactError<R>>> + Send,
    {
        let mut contended = None;
        for attempt in 0..MOST_ATTEMPTS {
            match self.earlier_receipt(permit, act).await? {
                Some(Ok(receipt)) => return Ok(receipt),
                Some(Err(KeyReused)) => return Err(TransactError::KeyReused),
                None => {}
            }
            let reading = Arc::new(self.read(permit, act.command.clone()).await?);
            let draft = match decide(reading.clone()).await {
                Ok(draft) => draft,
                Err(refusal) => {
                    reading.finish().await?;
                    return Err(refusal);
                }
            };
            let prepared = prepare(&reading, permit, act, draft, kept, attempt).await?;
            // What was gathered for a change is not a showing; the commit's header is its access record.
            reading.set_aside();
            let Some(mut prepared) = prepared else { return Ok(self.empty_receipt().await?) };
            let (anchors, _turns) = self.prepare_anchors(&overlay(&prepared.changes), attempt > 0).await?;
            prepared.anchors = anchors;
            // Many rows are freed here, after the answer, rather than by the writer before it.
            let _rows: Vec<_> = prepared.changes.iter().map(|change| change.rows.share()).collect();
            match self.inner().queue.commit(prepared).await {
                Ok(receipt) => return Ok(receipt),
                Err(Declined::KeyReused) => return Err(TransactError::KeyReused),
                Err(Declined::Problem(problem)) => return Err(problem.into()),
                Err(Declined::Stale(key)) => contended = key,
            }
            pause(attempt).await;
        }
        Err(TransactError::Contended { key: contended })
    }

    /// The receipt of an earlier commit under the same idempotency key, so that a retry is not decided again.
    pub(crate) async fn earlier_receipt(
        &self,
        permit: &Permit,
        act: &Act,
    ) -> Result<Option<Result<Receipt, KeyReused>>, Problem> {
        let Some(idempotency) = &act.idempotency else { return Ok(None) };
        let store = &self.inner().store;
        let Some(kept) = store.kept_key(&permit.principal().id, &idempotency.key).await? else { return Ok(None) };
        if kept.digest != idempotency.digest {
            return Ok(Some(Err(KeyReused)));
        }
        let entry = store.entries(kept.sequence, 1).await?.into_iter().next();
        let entry = entry.ok_or_else(|| Problem::damaged(format!("entry {} is missing", kept.sequence)))?;
        Ok(Some(Ok(receipt_of(&entry.body)?)))
    }

    async fn empty_receipt(&self) -> Result<Receipt, Problem> {
        let head = self.inner().store.head().await?;
        Ok(Receipt { sequence: head.sequence, moment: head.moment, written: Vec::new(), repeated: false })
    }
}

/// Lets others finish first, a little longer each time.
async fn pause(attempt: usize) {
    if attempt > 2 {
        tokio::time::sleep(std::time::Duration::from_micros(200 << attempt.min(8))).await;
    } else {
        tokio::task::yield_now().await;
    }
}

/// Works out everything that does not need the head: old rows, new rows, whether the permit reaches it. `None` when
/// nothing would change.
///
/// What seems new is taken to be new at the first attempt without asking the store: the writer asks it, or has it refuse,
/// and declines what is not so.
async fn prepare(
    reading: &Reading,
    permit: &Permit,
    act: &Act,
    draft: Draft,
    kept: &mut Kept,
    attempt: usize,
) -> Result<Option<Prepared>, Problem> {
    if draft.changes.len() > MOST_CHANGES {
        return Err(Problem::Unsuitable { what: format!("a commit has at most {MOST_CHANGES} changes") });
    }
    let mut changes = Vec::with_capacity(draft.changes.len());
    let mut seen = std::collections::HashSet::new();
    let seems_new = match draft.changes.as_slice() {
        [Change::Put(key, template)] => attempt == 0 && seems_new(reading, key, template),
        _ => false,
    };
    let gathered = match draft.changes.as_slice() {
        [_] if seems_new => vec![None],
        changes => reading.located_all(changes.iter().map(Change::key)).await?,
    };
    for (change, stored) in draft.changes.into_iter().zip(gathered) {
        if !seen.insert(change.key().clone()) {
            return Err(Problem::Unsuitable { what: "a commit changes a resource only once".into() });
        }
        let change = prepare_change(reading, permit, change, stored).await?;
        changes.extend(change.map(|change| PreparedChange { seems_new, ..change }));
    }
    if changes.is_empty() {
        return Ok(None);
    }
    let mut prepared = Prepared {
        author: permit.principal().id.clone(),
        permit: permit.describe(),
        act: act.clone(),
        changes,
        assertions: draft.assertions,
        besides: journal::Act::Commit,
        erase: Vec::new(),
        anchors: Vec::new(),
        erase_blobs: Vec::new(),
    };
    check_limits(&prepared)?;
    for change in &mut prepared.changes {
        kept.put(reading.inner(), change).await?;
    }
    Ok(Some(prepared))
}

/// Whether nobody has asked for a resource lately. One with blobs is looked up: those of its version before are shared.
fn seems_new(reading: &Reading, key: &Key, template: &Template) -> bool {
    template.holes.is_empty() && !reading.names().is_known(&key.kind, &key.id)
}

/// What belongs to somebody who is closed to the permit is not changed by it, whether lists show it or not.
async fn check_open(reading: &Reading, key: &Key, rows: &[Row]) -> Result<(), Problem> {
    if reading.is_closed(key, rows).await? {
        let what = "to change a record that is opened with a reason first".to_owned();
        return Err(Problem::NotPermitted { what });
    }
    Ok(())
}

/// One change, with the version of its resource that was gathered.
async fn prepare_change(
    reading: &Reading,
    permit: &Permit,
    change: Change,
    stored: Option<StoredVersion>,
) -> Result<Option<PreparedChange>, Problem> {
    let (key, names) = (change.key().clone(), reading.names());
    let not_permitted = || Problem::NotPermitted { what: format!("to change a resource of type {}", key.kind) };
    if !permit.scope().writes.contains(&key.kind) {
        return Err(not_permitted());
    }
    let mut whose_before = Vec::new();
    let (version, replaces, before, holes_before) = match stored {
        Some(stored) => {
            let (version, sequence) = (stored.version, stored.sequence);
            if stored.text.is_none() {
                whose_before = reading.inner().erased_whose(&[(stored.rid, version)]).await?.concat();
            }
            let replaces = operation_of(stored.operation)? != Operation::Delete;
            let old = reading.inner().version(key.clone(), stored)?;
            let rows = reading.rows(&old);
            if !old.text.is_empty() && !reading.reaches(&key, &rows).await? {
                return Err(not_permitted());
            }
            check_open(reading, &key, &rows).await?;
            let rows = KeyedRows::new(rows, names);
            (version, replaces, (!old.text.is_empty()).then_some((sequence, rows)), old.holes)
        }
        None => (0, false, None, Arc::default()),
    };
    let (template, rows) = match change {
        Change::Put(key, template) => {
            check_holes(&template.text, &template.holes)?;
            let rows = reading.inner().indexing.rows(&key.kind, &key.id, &template.text);
            (Some(template), rows)
        }
        Change::Delete(_) if before.is_none() => return Ok(None),
        Change::Delete(_) => (None, Vec::<Row>::new()),
    };
    if template.is_some() && !reading.reaches(&key, &rows).await? {
        return Err(not_permitted());
    }
    check_open(reading, &key, &rows).await?;
    let rows = KeyedRows::new(rows, names);
    let (blobs, held) = (Vec::new(), Vec::new());
    let seems_new = false;
    Ok(Some(PreparedChange {
        key,
        template,
        rows,
        version,
        seems_new,
        replaces,
        before,
        whose_before,
        holes_before,
        blobs,
        held,
    }))
}

/// What the changes leave behind, for the anchors that they touch.
fn overlay(changes: &[PreparedChange]) -> Overlay<'_> {
    let changed = changes.iter().map(|change| {
        let before = change.before.as_ref().map_or(&[][..], |(_, rows)| &**rows);
        let after = change.template.as_ref().map(|template| (template.text.as_slice(), &*change.rows));
        (change.key.clone(), Changed { before, after })
    });
    Overlay { changed: changed.collect() }
}

/// Checks the limits of the journal's format before the writer's turn, so that one member cannot fail a group.
pub(crate) fn check_limits(prepared: &Prepared) -> Result<(), Problem> {
    let change = |key: &Key| journal::Change {
        kind: key.kind.clone(),
        id: key.id.clone(),
        version: 1,
        operation: Operation::Create,
        digest: [0; 32],
        blobs: Vec::new(),
    };
    let entry = journal::Entry {
        sequence: 1,
        epoch: 0,
        moment: terms::Moment(0),
        previous: [0; 32],
        author: prepared.author.clone(),
        permit: prepared.permit.clone(),
        cause: journal::Cause { kind: prepared.act.cause.kind, reference: prepared.act.cause.reference.clone() },
        command: prepared.act.command.clone(),
        idempotency: prepared.act.idempotency.as_ref().map(|idempotency| journal::Idempotency {
            principal: prepared.author.clone(),
            key: idempotency.key.clone(),
            digest: idempotency.digest,
        }),
        assertions: Vec::new(),
        changes: prepared.changes.iter().map(|prepared| change(&prepared.key)).collect(),
        act: journal::Act::Commit,
    };
    for change in &prepared.changes {
        check_rows(&change.rows)?;
    }
    entry.check().map_err(|error| Problem::Unsuitable { what: format!("the commit does not fit the journal: {error}") })
}

/// Refuses rows that no store could keep.
pub(crate) fn check_rows(rows: &[Row]) -> Result<(), Problem> {
    if rows.iter().map(row_bytes).all(|bytes| bytes <= MOST_ROW_BYTES) {
        return Ok(());
    }
    Err(Problem::Unsuitable { what: format!("an index row has at most {MOST_ROW_BYTES} bytes") })
}

fn row_bytes(row: &Row) -> usize {
    let bytes = row.parts.iter().map(|part| match part {
        Part::Code { system, code } => system.len() + code.len(),
        Part::Target { kind, id } => kind.len() + id.len(),
        Part::Kind(kind) => kind.len(),
        Part::Fixed(bytes) => bytes.len(),
        Part::Text(text) => text.len(),
    });
    bytes.sum()
}
