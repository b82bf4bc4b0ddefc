//! The one writer of a record: a thread that holds the head, takes what waits as a group, and commits the group in
//! one transaction. While one group is synced the next one gathers, so the cost of a sync is shared.
//!
//! When another process has taken the record over, the writer stops and fails its queue with a retryable problem.

mod cut;
mod queue;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use journal::tiles::TileBuilder;
use rand::SeedableRng as _;
use terms::{Clock, Moment};
use tokio::sync::oneshot;

use crate::apply::Received;
use crate::apply::hand_over::{Place, Tenure, TenureNow};
use crate::at_hand::AtHand;
use crate::blobs::{Held, UnderWay, Unnamed};
use crate::change::Receipt;
use crate::codec::{Decoder, Encoder};
use crate::desk::{DeskChange, desk_batch};
use crate::error::Problem;
use crate::group::{Declined, Group, Prepared};
use crate::hidden::changes_labels;
use crate::indexing::LABEL;
use crate::kept::KeptThings;
use crate::keys::Numbers as _;
use crate::names::Names;
use crate::numbering::Numbering;
use crate::obligation_rows::{PreparedAnchor, number_anchors};
use crate::rebuild::{IndexState, RebuildStep, ResourceRows};
use crate::recent::{Recent, Touches};
use crate::stamps::Stamps;
use crate::store::{Batch, Head, IndexTables, NameList, PastRow, StoredKey, WriterStore};
use crate::tiles::{resume_tiles, root_at, tile_name};

/// Most members of a group.
const MOST_MEMBERS: usize = 512;
/// A group is closed when its texts reach this size: while it is written, those who load prepare what comes next, and
/// nobody waits long.
const MOST_GROUP_BYTES: usize = 8 << 20;
/// In a group of so many at most, what seems new is not looked up first: who waits alone waits for each answer.
const MOST_ASSUMED: usize = 4;
/// Most drafts waiting; a door that sends more waits.
const QUEUE: usize = 1024;
/// How long replaced rows are kept for readings at an earlier sequence.
const KEEP_PAST: i64 = 3_600_000;
/// How long retry keys are kept.
const KEEP_KEYS: i64 = 8 * 24 * 3_600_000;

/// What the writer's thread is asked to do.
pub(crate) enum Job {
    Commit(Box<Prepared>, oneshot::Sender<Result<Receipt, Declined>>),
    Desk(Vec<DeskChange>, oneshot::Sender<Result<Vec<bool>, Problem>>),
    /// A step of making another index beside the one in use; the answer is false when it must be made again.
    Rebuild(RebuildStep, oneshot::Sender<Result<bool, Problem>>),
    /// Removes what is too old, now.
    Sweep(oneshot::Sender<Result<(), Problem>>),
    /// Keeps what differs from these anchors, worked out again; the answer is false when one was touched since.
    Anchors(Vec<PreparedAnchor>, oneshot::Sender<Result<bool, Problem>>),
    /// Hands the record over, if the head is at this place still.
    Cut(Box<(Prepared, Place)>, oneshot::Sender<Result<Receipt, Declined>>),
    /// Takes it back with its target's refusal.
    Resume(Box<Prepared>, oneshot::Sender<Result<Receipt, Declined>>),
    /// Keeps rows of the desk as they came from another host.
    ReceiveDesk(cut::DeskReceived, oneshot::Sender<Result<(), Problem>>),
    /// Writes checked entries that were decided elsewhere, with a change of what is owed; holds their blobs meanwhile.
    Apply(Vec<Received>, Option<DeskChange>, Vec<Held>, oneshot::Sender<Result<u64, Problem>>),
    /// Removes contents that no entry names and no commit under way will.
    SweepBlobs(Unnamed, oneshot::Sender<Result<u64, Problem>>),
    /// The head and the root of the journal's tree.
    Head(oneshot::Sender<Result<(Head, journal::Hash), Problem>>),
    Stop(oneshot::Sender<()>),
}

/// A draft and where its receipt goes.
type Commit = (Box<Prepared>, oneshot::Sender<Result<Receipt, Declined>>);
/// Desk changes and where their answers go.
type DeskJob = (Vec<DeskChange>, oneshot::Sender<Result<Vec<bool>, Problem>>);

/// The answers of a group: to its commits, then to its desk changes, in their order.
type Answers = (Vec<Result<Receipt, Declined>>, Vec<Vec<bool>>);

/// What readers share with the writer.
pub(crate) struct Shared {
    /// The newest acknowledged sequence.
    pub(crate) newest: AtomicU64,
    /// The same, for those who wait for more.
    pub(crate) advanced: tokio::sync::watch::Sender<u64>,
    /// The writer's epoch; 0 when this process only reads.
    pub(crate) epoch: AtomicU64,
    /// Moment of the newest entry, in milliseconds.
    pub(crate) moment: std::sync::atomic::AtomicI64,
    pub(crate) names: Names,
    pub(crate) decoder: Decoder,
    pub(crate) index: IndexState,
    pub(crate) tenure: TenureNow,
    /// Blobs of commits that are not decided yet.
    pub(crate) under_way: UnderWay,
    /// What the newest commits touched.
    pub(crate) recent: Recent,
    /// What was made of readings.
    pub(crate) kept: KeptThings,
    /// The newest versions of what was read last.
    pub(crate) at_hand: AtHand,
}

/// The queue to a writer.
#[derive(Clone)]
pub(crate) struct Queue {
    jobs: Sender<Job>,
}

struct Writer {
    store: WriterStore,
    shared: Arc<Shared>,
    clock: Clock,
    head: Head,
    numbering: Numbering,
    encoder: Encoder,
    random: rand_chacha::ChaCha12Rng,
    tiles: TileBuilder,
    stamps: Stamps,
    /// Types whose past rows are kept for ever.
    kept: Vec<&'static str>,
    /// While another index is made beside the one in use: the sequence at which that began.
    next_index: Option<u64>,
    /// The newest entry of this writer that erased something.
    last_erasure: u64,
    last_sweep: Moment,
    /// What the group under way touches.
    touches: Touches,
    /// What seemed new in the group under way was not looked up.
    has_assumed: bool,
    /// Why this writer takes no more work.
    over: Option<Problem>,
}

/// Starts the writer's thread on a store taken over with this head.
pub(crate) fn start(
    mut store: WriterStore,
    shared: Arc<Shared>,
    clock: Clock,
    head: Head,
    kept: Vec<&'static str>,
    dictionaries: &[(u32, Vec<u8>)],
) -> Result<Queue, Problem> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Problem::store("seeding salts", error.to_string()))?;
    let tiles = resume_tiles(&mut store, head.sequence)?;
    let numbering = Numbering::new(shared.clone(), shared.names.lists().as_ref().clone(), store.highest()?);
    let stamps = Stamps::since(head.sequence);
    let writer = Writer {
        store,
        shared,
        clock,
        head,
        numbering,
        encoder: Encoder::new(dictionaries.last())?,
        random: rand_chacha::ChaCha12Rng::from_seed(seed),
        tiles,
        stamps,
        kept,
        next_index: None,
        last_erasure: 0,
        last_sweep: Moment(0),
        touches: Touches::default(),
        has_assumed: false,
        over: None,
    };
    let (jobs, queue) = crossbeam_channel::bounded(QUEUE);
    std::thread::Builder::new()
        .name("record-writer".into())
        .spawn(move || writer.run(&queue))
        .map_err(|error| Problem::store("starting the writer", error))?;
    Ok(Queue { jobs })
}

impl Writer {
    fn run(mut self, queue: &Receiver<Job>) {
        let mut rests = true;
        let (over, stopped) = loop {
            let job = match queue.recv_timeout(Duration::from_secs(5)) {
                Ok(job) => job,
                Err(RecvTimeoutError::Timeout) => {
                    self.sweep();
                    if !rests {
                        rests = self.store.rest();
                    }
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            rests = false;
            let stopped = self.run_group(job, queue);
            if stopped.is_some() || self.over.is_some() {
                break (self.over.take().unwrap_or(Problem::Closed), stopped);
            }
        };
        drop(self);
        if let Some(stopped) = stopped {
            let _ = stopped.send(());
        }
        refuse_all(queue, &over);
    }

    /// Takes what waits, up to the bounds of a group, and carries it out.
    fn run_group(&mut self, first: Job, queue: &Receiver<Job>) -> Option<oneshot::Sender<()>> {
        let (mut commits, mut desk, mut heads, mut sweeps) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut alone, mut stop, mut bytes) = (None, None, 0);
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Commit(prepared, reply) => {
                    bytes += weight(&prepared);
                    commits.push((prepared, reply));
                }
                Job::Desk(changes, reply) => desk.push((changes, reply)),
                Job::Head(reply) => heads.push(reply),
                job @ (Job::Rebuild(..)
                | Job::Anchors(..)
                | Job::SweepBlobs(..)
                | Job::Apply(..)
                | Job::Cut(..)
                | Job::Resume(..)
                | Job::ReceiveDesk(..)) => {
                    alone = Some(job);
                    break;
                }
                Job::Sweep(reply) => sweeps.push(reply),
                Job::Stop(reply) => {
                    stop = Some(reply);
                    break;
                }
            }
            let full = commits.len() + desk.len() >= MOST_MEMBERS || bytes >= MOST_GROUP_BYTES;
            next = if full { None } else { queue.try_recv().ok() };
        }
        self.commit_group(commits, desk);
        self.do_alone(alone);
        for reply in sweeps {
            let _ = reply.send(self.sweep_old((self.clock)()));
        }
        for reply in heads {
            let _ = reply.send(self.own_head().map_err(|problem| again(&problem)));
        }
        stop
    }

    /// Does what shares no group.
    fn do_alone(&mut self, alone: Option<Job>) {
        match alone {
            Some(Job::Cut(asked, reply)) => {
                let (prepared, place) = *asked;
                let _ = reply.send(self.cut(prepared, &place));
            }
            Some(Job::Resume(prepared, reply)) => {
                let _ = reply.send(self.resume(*prepared));
            }
            Some(Job::ReceiveDesk(received, reply)) => {
                let result = self.receive_desk(received);
                self.answer(reply, result);
            }
            Some(Job::Rebuild(step, reply)) => {
                let result = self.rebuild_step(step);
                if result.is_err() {
                    self.next_index = None;
                }
                self.answer(reply, result);
            }
            Some(Job::Anchors(again, reply)) => {
                let result = self.keep_anchors(again);
                self.answer(reply, result);
            }
            Some(Job::SweepBlobs(unnamed, reply)) => {
                let result = self.sweep_blobs(unnamed);
                self.answer(reply, result);
            }
            Some(Job::Apply(entries, owed, _held, reply)) => {
                let result = self.apply(entries, owed);
                self.answer(reply, result);
            }
            _ => {}
        }
    }

    /// Answers what was done alone; after a failure the writer starts again from what is on disk.
    fn answer<T>(&mut self, reply: oneshot::Sender<Result<T, Problem>>, result: Result<T, Problem>) {
        if result.is_err() {
            self.recover();
        }
        let _ = reply.send(result);
    }

    /// Begins a transaction, in which names are numbered.
    fn begin(&mut self) -> Result<(), Problem> {
        self.numbering.begin();
        self.store.begin()
    }

    /// Begins a transaction and a group at the head.
    fn begin_group(&mut self) -> Result<Group<'_>, Problem> {
        self.begin()?;
        let mut group = Group::new(
            &mut self.store,
            &mut self.numbering,
            &mut self.encoder,
            &mut self.random,
            &mut self.stamps,
            &self.kept,
            self.head.clone(),
        );
        group.batch.next = self.next_index;
        group.touches.is_followed = self.shared.advanced.receiver_count() > 0 || self.shared.recent.is_wanted();
        Ok(group)
    }

    /// Commits a batch that makes no entry.
    fn commit_rows(&mut self, batch: Batch) -> Result<(), Problem> {
        self.store.commit(&batch)?;
        self.numbering.publish(batch);
        Ok(())
    }

    /// Writes checked entries that were decided elsewhere; the new head's sequence.
    fn apply(&mut self, entries: Vec<Received>, owed: Option<DeskChange>) -> Result<u64, Problem> {
        if self.shared.tenure.get() == Tenure::Writes {
            return Err(Problem::Unsuitable { what: "a record that is written to receives no entries".into() });
        }
        let writes = self.writes_after(&entries)?.map(|writes| writes.kept());
        let mut group = self.begin_group()?;
        group.gather_received(&entries)?;
        for received in entries {
            group.take_received(received)?;
        }
        group.number_rows()?;
        let (batch, head, leaves) = (std::mem::take(&mut group.batch), group.head.clone(), group.leaves);
        self.touches = group.touches;
        let owed: Vec<DeskChange> = owed.into_iter().chain(writes).collect();
        self.finish_group(batch, head, leaves, &[&owed])?;
        Ok(self.head.sequence)
    }

    /// One step of making another index beside the one in use.
    fn rebuild_step(&mut self, step: RebuildStep) -> Result<bool, Problem> {
        match step {
            RebuildStep::Begin => {
                self.store.index_tables(IndexTables::Begin, &self.head)?;
                self.next_index = Some(self.head.sequence);
                Ok(true)
            }
            // What was erased since must not come back.
            RebuildStep::Fill { at, .. } if at < self.last_erasure => Ok(false),
            RebuildStep::Fill { part, .. } => self.fill(&part).map(|()| true),
            RebuildStep::Trail(trail) => {
                self.begin()?;
                let head = Some((self.head.clone(), self.head.clone()));
                self.commit_rows(Batch { head, trail, ..Batch::default() }).map(|()| true)
            }
            RebuildStep::Swap => {
                self.shared.index.swapping();
                if let Err(problem) = self.store.index_tables(IndexTables::Swap, &self.head) {
                    self.shared.index.kept();
                    return Err(problem);
                }
                self.next_index = None;
                self.shared.index.swapped(self.head.sequence);
                self.store.index_tables(IndexTables::DropOld, &self.head)?;
                Ok(true)
            }
        }
    }

    /// Adds the rows of resources that are as they were when the rows were made; whatever a commit has changed since
    /// is there already.
    fn fill(&mut self, part: &[ResourceRows]) -> Result<(), Problem> {
        let Some(since) = self.next_index else { return Err(Problem::Closed) };
        self.begin()?;
        let keys: Vec<StoredKey> = part.iter().map(|resource| resource.key.clone()).collect();
        let located = self.store.locate(&keys)?;
        let head = Some((self.head.clone(), self.head.clone()));
        let mut batch = Batch { head, next: Some(since), ..Batch::default() };
        let rows = part
            .iter()
            .flat_map(|resource| resource.rows.iter().chain(resource.past.iter().flat_map(|(rows, ..)| rows)));
        self.numbering.prepare(rows, &mut self.store, &mut batch)?;
        for (resource, located) in part.iter().zip(located) {
            let unchanged = located.is_some_and(|now| now.live && now.version == resource.version);
            for row in resource.rows.iter().filter(|_| unchanged) {
                batch.next_add.push((self.numbering.key(row)?, resource.rid));
            }
            for (rows, from, to) in &resource.past {
                for row in rows {
                    let (key, rid) = (self.numbering.key(row)?, resource.rid);
                    batch.next_past.push(PastRow { key, rid, from: *from, to: *to, kept: true });
                }
            }
        }
        batch.next_add.sort_unstable();
        batch.next_past.sort_unstable();
        self.commit_rows(batch)
    }

    /// Keeps what differs from anchors that were worked out again, as of the newest entry; makes no entry.
    fn keep_anchors(&mut self, anchors: Vec<PreparedAnchor>) -> Result<bool, Problem> {
        if anchors.iter().any(|anchor| !self.stamps.untouched_since(&anchor.state.key, anchor.at)) {
            return Ok(false);
        }
        self.begin()?;
        let sequence = self.head.sequence;
        let anchors: Vec<(PreparedAnchor, u64)> = anchors.into_iter().map(|anchor| (anchor, sequence)).collect();
        let head = Some((self.head.clone(), self.head.clone()));
        let mut batch = Batch { head, ..Batch::default() };
        number_anchors(&anchors, &mut self.store, &mut self.numbering, &mut batch)?;
        self.commit_rows(batch)?;
        Ok(true)
    }

    /// The head and the root of the journal's tree at it, if this is still the record's writer.
    fn own_head(&mut self) -> Result<(Head, journal::Hash), Problem> {
        if let Some(over) = &self.over {
            return Err(again(over));
        }
        let (stored, ..) = self.store.reopen()?;
        if stored.epoch != self.head.epoch {
            self.over = Some(Problem::Deposed { epoch: stored.epoch });
            return Err(Problem::Deposed { epoch: stored.epoch });
        }
        let root = root_at(&mut self.store, self.head.sequence)?;
        Ok((self.head.clone(), root))
    }

    fn commit_group(&mut self, mut commits: Vec<Commit>, mut desk: Vec<DeskJob>) {
        let tenure = self.shared.tenure.get();
        if tenure != Tenure::Writes {
            for (_, reply) in std::mem::take(&mut commits) {
                let _ = reply.send(Err(Declined::Problem(tenure.refusal())));
            }
            let (mine, others): (Vec<_>, Vec<_>) = desk.into_iter().partition(|job| self.takes_desk(&job.0));
            desk = mine;
            for (_, reply) in others {
                let _ = reply.send(Err(tenure.refusal()));
            }
        }
        if commits.is_empty() && desk.is_empty() {
            return;
        }
        let result = self.try_group(&mut commits, &desk);
        match result {
            Ok((receipts, made)) => {
                for ((_, reply), receipt) in commits.into_iter().zip(receipts) {
                    let _ = reply.send(receipt);
                }
                for ((_, reply), made) in desk.into_iter().zip(made) {
                    let _ = reply.send(Ok(made));
                }
            }
            // What seemed new was there, most likely. Whoever decides again asks first, and is told if it is something else.
            Err(Problem::Store { .. }) if self.has_assumed => {
                self.recover();
                for (_, reply) in commits {
                    let _ = reply.send(Err(self
                        .over
                        .as_ref()
                        .map_or(Declined::Stale(None), |over| Declined::Problem(again(over)))));
                }
            }
            Err(problem) => {
                tracing::error!(error = &problem as &dyn std::error::Error, "a group could not be committed");
                self.recover();
                // Whatever failed first: who was deposed is told so.
                let problem = self.over.as_ref().map_or(problem, again);
                for (_, reply) in commits {
                    let _ = reply.send(Err(Declined::Problem(again(&problem))));
                }
                for (_, reply) in desk {
                    let _ = reply.send(Err(again(&problem)));
                }
            }
        }
    }

    fn try_group(&mut self, commits: &mut [Commit], desk: &[DeskJob]) -> Result<Answers, Problem> {
        let now = (self.clock)();
        let may_assume = self.store.is_far() && desk.is_empty() && commits.len() <= MOST_ASSUMED;
        self.has_assumed = false;
        let mut group = self.begin_group()?;
        let members: Vec<&Prepared> = commits.iter().map(|(prepared, _)| prepared.as_ref()).collect();
        let has_assumed = group.gather(&members, may_assume)?;
        let mut receipts = Vec::with_capacity(commits.len());
        for (prepared, _) in commits {
            let receipt = group.take(prepared, now);
            if let Err(Declined::Problem(problem)) = receipt {
                return Err(problem);
            }
            receipts.push(receipt);
        }
        group.number_rows()?;
        let (batch, head, leaves) = (std::mem::take(&mut group.batch), group.head.clone(), group.leaves);
        self.touches = group.touches;
        self.has_assumed = has_assumed;
        let desk: Vec<&[DeskChange]> = desk.iter().map(|(changes, _)| changes.as_slice()).collect();
        let made = self.finish_group(batch, head, leaves, &desk)?;
        Ok((receipts, made))
    }

    /// Adds tiles, desk and dictionary to the batch, commits it, and makes it visible to readers.
    fn finish_group(
        &mut self,
        mut batch: Batch,
        mut head: Head,
        leaves: Vec<journal::Hash>,
        desk: &[&[DeskChange]],
    ) -> Result<Vec<Vec<bool>>, Problem> {
        let mut made = Vec::with_capacity(desk.len());
        for changes in desk {
            made.push(desk_batch(changes, &mut self.store, &mut batch, &mut head.desk)?);
        }
        if batch.entries.is_empty() && head == self.head {
            self.store.roll_back();
            return Ok(made);
        }
        for leaf in leaves {
            self.tiles.append(leaf);
        }
        batch.tiles = self.tiles.take_finished().into_iter().map(|t| (tile_name(&t.id), t.bytes)).collect();
        let dictionary = self.encoder.train();
        batch.dictionaries.extend(dictionary.clone());
        batch.head = Some((self.head.clone(), head.clone()));
        let label = self.numbering.lists()[NameList::Parameter as usize].number(LABEL);
        let is_labelled = changes_labels(label, batch.index_add.iter().chain(&batch.index_drop));
        self.store.commit(&batch)?;
        if let Some((number, bytes)) = dictionary {
            self.shared.decoder.learn(number, bytes.clone());
            self.encoder = Encoder::new(Some(&(number, bytes)))?;
        }
        let sequences = (self.head.sequence, head.sequence);
        self.head = head;
        if !batch.erase.is_empty() {
            self.last_erasure = self.head.sequence;
        }
        let erases = !batch.erase.is_empty();
        self.numbering.publish(batch);
        self.shared.epoch.store(self.head.epoch, Ordering::Release);
        self.shared.moment.store(self.head.moment.0, Ordering::Release);
        let touches = std::mem::take(&mut self.touches);
        self.shared.recent.note(sequences, if erases { Touches::of_everything() } else { touches });
        if erases {
            self.shared.kept.clear();
            self.shared.at_hand.clear();
        }
        if is_labelled {
            self.shared.index.note_labels(self.head.sequence);
        }
        self.shared.newest.store(self.head.sequence, Ordering::Release);
        self.shared.advanced.send_replace(self.head.sequence);
        Ok(made)
    }

    /// After a failed group: gives the transaction up and starts again from what is on disk.
    fn recover(&mut self) {
        self.store.roll_back();
        let again = || -> Result<(), Problem> {
            let (head, lists, dictionaries) = self.store.reopen()?;
            if head.epoch != self.head.epoch {
                return Err(Problem::Deposed { epoch: head.epoch });
            }
            // The commit may be on disk although its answer was lost: readers then need what it brought.
            self.shared.names.publish(&lists);
            for (number, bytes) in &dictionaries {
                self.shared.decoder.learn(*number, bytes.clone());
            }
            self.numbering = Numbering::new(self.shared.clone(), lists, self.store.highest()?);
            self.tiles = resume_tiles(&mut self.store, head.sequence)?;
            self.encoder = Encoder::new(dictionaries.last())?;
            // Anchors were stamped with sequences that may not be there.
            self.stamps = Stamps::since(head.sequence);
            self.head = head;
            Ok(())
        };
        if let Err(problem) = { again }() {
            tracing::error!(error = &problem as &dyn std::error::Error, "the writer cannot go on");
            self.over = Some(problem);
        }
        self.shared.moment.store(self.head.moment.0, Ordering::Release);
        self.shared.index.note_labels(self.head.sequence);
        self.shared.newest.store(self.head.sequence, Ordering::Release);
        self.shared.advanced.send_replace(self.head.sequence);
    }

    /// Removes contents of blobs that no entry names. What is put meanwhile is held before it is put, so it is seen here.
    fn sweep_blobs(&mut self, unnamed: Unnamed) -> Result<u64, Problem> {
        if let Some(over) = &self.over {
            return Err(again(over));
        }
        let mut found = match unnamed {
            Unnamed::Beginning(first) => self.store.blob_contents(first)?,
            Unnamed::These(digests) => digests,
        };
        found.retain(|digest| !self.shared.under_way.has(digest));
        if found.is_empty() {
            return Ok(0);
        }
        self.store.begin()?;
        let named = self.store.blobs(&found)?;
        let unnamed = found.into_iter().zip(named).filter(|(_, named)| named.is_none());
        let blob_sweep: Vec<journal::Hash> = unnamed.map(|(digest, _)| digest).collect();
        let count = blob_sweep.len() as u64;
        if count == 0 {
            self.store.roll_back();
            return Ok(0);
        }
        // The head stays; that it is still this writer's is checked with it.
        let head = Some((self.head.clone(), self.head.clone()));
        self.store.commit(&Batch { blob_sweep, head, ..Batch::default() })?;
        Ok(count)
    }

    /// Removes past rows and retry keys that are too old, now and then.
    fn sweep(&mut self) {
        let now = (self.clock)();
        if now.0 - self.last_sweep.0 < 60_000 {
            return;
        }
        self.last_sweep = now;
        if let Err(problem) = self.sweep_old(now) {
            tracing::warn!(error = &problem as &dyn std::error::Error, "old rows could not be swept");
        }
    }

    fn sweep_old(&mut self, now: Moment) -> Result<(), Problem> {
        let sequence = self.store.first_at_or_after(Moment(now.0 - KEEP_PAST))?.saturating_sub(1);
        while self.store.sweep(sequence, Moment(now.0 - KEEP_KEYS))? {}
        Ok(())
    }
}

/// About how much a member adds to a group.
fn weight(prepared: &Prepared) -> usize {
    prepared.changes.iter().filter_map(|change| change.template.as_ref()).map(|t| t.text.len() + 200).sum()
}

/// The same problem for another member of a failed group.
fn again(problem: &Problem) -> Problem {
    match problem {
        Problem::Full => Problem::Full,
        Problem::HandedOver => Problem::HandedOver,
        Problem::Deposed { epoch } => Problem::Deposed { epoch: *epoch },
        Problem::Damaged { what } => Problem::Damaged { what: what.clone() },
        Problem::Unsuitable { what } => Problem::Unsuitable { what: what.clone() },
        _ => Problem::Closed,
    }
}

/// Fails everything that waits and everything that still comes, until nobody can send any more: a queue that is merely
/// dropped would leave its last senders without an answer.
fn refuse_all(queue: &Receiver<Job>, over: &Problem) {
    for job in queue {
        match job {
            Job::Commit(_, reply) => drop(reply.send(Err(Declined::Problem(again(over))))),
            Job::Desk(_, reply) => drop(reply.send(Err(again(over)))),
            Job::Rebuild(_, reply) => drop(reply.send(Err(again(over)))),
            Job::Sweep(reply) => drop(reply.send(Err(again(over)))),
            Job::Anchors(_, reply) => drop(reply.send(Err(again(over)))),
            Job::Cut(_, reply) => drop(reply.send(Err(Declined::Problem(again(over))))),
            Job::Resume(_, reply) => drop(reply.send(Err(Declined::Problem(again(over))))),
            Job::ReceiveDesk(_, reply) => drop(reply.send(Err(again(over)))),
            Job::Apply(_, _, _, reply) => drop(reply.send(Err(again(over)))),
            Job::SweepBlobs(_, reply) => drop(reply.send(Err(again(over)))),
            Job::Head(reply) => drop(reply.send(Err(again(over)))),
            Job::Stop(reply) => drop(reply.send(())),
        }
    }
}
