//! The access journal: who looked at what, on disk before the answer leaves.
//!
//! A thread takes the reads that wait as one leaf, appends it to a segment file of its own, syncs, and lets the
//! answers go; while one leaf is synced the next one gathers. The segments are the truth (chained leaves, one chain
//! for an epoch of this host); `access_index` finds them by patient or person. Space is reserved ahead, so that reading
//! goes on for a while on a full disk.

use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, Sender};
use journal::frames::append_frame;
use journal::{AccessLeaf, AccessRead, Hash, NOTHING_BEFORE, access_chain_hash};
use terms::{Clock, Moment};
use tokio::sync::oneshot;

use crate::access_index::AccessIndex;
use crate::access_segment::{Segment, io};
use crate::change::Key;
use crate::error::Problem;
use crate::job_queue;
use crate::record::{Options, make_folder};

/// Most reads in a leaf.
const MOST_READS: usize = 4096;
/// Longest query text kept.
const MOST_QUERY: usize = 2000;

/// Which accesses are asked for.
#[derive(Debug, Clone, Default)]
pub struct AccessQuery {
    /// Of this patient.
    pub subject: Option<Key>,
    /// By this principal.
    pub principal: Option<String>,
    /// Older than this access ([`Access::number`]).
    pub before: Option<u64>,
    /// At most so many, newest first.
    pub limit: usize,
}

/// One read or refusal, as it lies in the access journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Its place in the list of all accesses of this host.
    pub number: u64,
    /// When.
    pub moment: Moment,
    /// The epoch of the chain and the leaf in it.
    pub leaf: (u64, u64),
    /// Who.
    pub principal: String,
    /// By which permit.
    pub permit: String,
    /// What was asked.
    pub query: String,
    /// The sequence that was read.
    pub sequence: u64,
    /// Whether it was shown; otherwise refused.
    pub shown: bool,
    /// How many patients the answer showed.
    pub subjects: u64,
}

enum Job {
    Note(AccessRead, Option<oneshot::Sender<Result<(), Problem>>>),
    List(AccessQuery, oneshot::Sender<Result<Vec<Access>, Problem>>),
    /// Segments of another host's chain have grown.
    Behind,
    Stop(oneshot::Sender<()>),
}

/// The queue to the access journal's thread.
#[derive(Clone)]
pub(crate) struct AccessJournal {
    jobs: Sender<Job>,
}

struct Chain {
    host: String,
    epoch: u64,
    clock: Clock,
    segment: Segment,
    /// The next segment is begun when this one is longer.
    segment_bytes: u64,
    number: u64,
    previous: Hash,
    moment: Moment,
    index: AccessIndex,
}

impl AccessJournal {
    /// Starts a new chain for this epoch in the record's directory.
    pub(crate) fn start(directory: &Path, options: &Options, epoch: u64) -> Result<AccessJournal, Problem> {
        let directory = folder(directory);
        make_folder(&directory).map_err(io("making the access journal"))?;
        let index = AccessIndex::start(&directory)?;
        let segment = Segment::first(&directory, epoch)?;
        let chain = Chain {
            host: options.host.clone(),
            epoch,
            clock: options.clock.clone(),
            segment,
            segment_bytes: options.segment_bytes,
            number: 0,
            previous: NOTHING_BEFORE,
            moment: Moment(0),
            index,
        };
        let (jobs, queue) = crossbeam_channel::bounded(4096);
        std::thread::Builder::new()
            .name("access-journal".into())
            .spawn(move || chain.run(&queue))
            .map_err(|error| Problem::store("starting the access journal", error))?;
        Ok(AccessJournal { jobs })
    }

    /// A journal that takes nothing, for a record that is only checked.
    pub(crate) fn closed() -> AccessJournal {
        AccessJournal { jobs: crossbeam_channel::bounded(1).0 }
    }

    /// Notes a read; on disk when it returns.
    pub(crate) async fn note(&self, read: AccessRead) -> Result<(), Problem> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Note(bounded(read), Some(reply))).await?;
        answer.await.unwrap_or(Err(Problem::Closed))
    }

    /// Notes a read whose answer is already gone.
    pub(crate) fn note_late(&self, read: AccessRead) {
        if self.jobs.try_send(Job::Note(bounded(read), None)).is_err() {
            tracing::error!("a late access record found no place in the queue");
        }
    }

    /// Accesses, newest first.
    pub(crate) async fn list(&self, query: AccessQuery) -> Result<Vec<Access>, Problem> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::List(query, reply)).await?;
        answer.await.unwrap_or(Err(Problem::Closed))
    }

    /// Segments of another host's chain have grown: what they say is found from the next question on.
    pub(crate) async fn is_behind(&self) {
        // A journal that has ended is read anew when it is opened.
        let _ = self.send(Job::Behind).await;
    }

    /// Ends the chain after what waits now.
    pub(crate) async fn stop(&self) {
        let (reply, answer) = oneshot::channel();
        if self.send(Job::Stop(reply)).await.is_ok() {
            let _ = answer.await;
        }
    }

    async fn send(&self, job: Job) -> Result<(), Problem> {
        job_queue::send(&self.jobs, job).await
    }
}

/// Where the access journal of a record in this directory lies.
pub(crate) fn folder(directory: &Path) -> PathBuf {
    directory.join("access")
}

/// The read within the leaf's limits; a query that is too long is cut and says so.
fn bounded(mut read: AccessRead) -> AccessRead {
    if read.query.len() > MOST_QUERY {
        let cut = (0..=MOST_QUERY).rev().find(|at| read.query.is_char_boundary(*at)).unwrap_or(0);
        read.query.truncate(cut);
        read.query.push_str(" (cut)");
    }
    read.subjects.truncate(100_000);
    read
}

impl Chain {
    fn run(mut self, queue: &Receiver<Job>) {
        let mut next = queue.recv().ok();
        while let Some(job) = next.take() {
            let (mut reads, mut replies) = (Vec::new(), Vec::new());
            let mut job = Some(job);
            while let Some(Job::Note(read, reply)) = job {
                reads.push(read);
                replies.extend(reply);
                job = if reads.len() < MOST_READS { queue.try_recv().ok() } else { None };
            }
            if !reads.is_empty() {
                self.write(reads, replies);
            }
            match job {
                Some(Job::List(query, reply)) => self.index.list(query, reply),
                Some(Job::Stop(reply)) => {
                    self.index.stop();
                    let _ = self.segment.close();
                    drop(self);
                    let _ = reply.send(());
                    return refuse_all(queue);
                }
                Some(Job::Behind) => self.index.is_behind(),
                Some(Job::Note(..)) | None => {}
            }
            next = queue.recv().ok();
        }
    }

    fn write(&mut self, reads: Vec<AccessRead>, replies: Vec<oneshot::Sender<Result<(), Problem>>>) {
        let moment = Moment((self.clock)().0.max(self.moment.0 + 1));
        let leaf = AccessLeaf {
            number: self.number + 1,
            epoch: self.epoch,
            host: self.host.clone(),
            previous: self.previous,
            moment,
            reads,
        };
        let result = self.append(&leaf);
        if let Err(problem) = &result {
            tracing::error!(error = problem as &dyn std::error::Error, "an access record could not be written");
        }
        let full = matches!(result, Err(Problem::Full));
        let written = result.is_ok();
        if written {
            self.index.add(leaf);
        }
        for reply in replies {
            let answer = match (written, full) {
                (true, _) => Ok(()),
                (false, true) => Err(Problem::Full),
                (false, false) => Err(Problem::Closed),
            };
            let _ = reply.send(answer);
        }
    }

    fn append(&mut self, leaf: &AccessLeaf) -> Result<(), Problem> {
        let body = leaf.encode();
        let mut frame = Vec::with_capacity(body.len() + 8);
        append_frame(&mut frame, &body);
        if self.segment.length() > self.segment_bytes {
            self.change_segment()?;
        }
        self.segment.append(&frame)?;
        self.number = leaf.number;
        self.previous = access_chain_hash(&body);
        self.moment = leaf.moment;
        Ok(())
    }

    /// Goes on in the next segment; where that cannot be begun, as on a full disk or while another process takes the
    /// record over, in this one, which has space reserved.
    fn change_segment(&mut self) -> Result<(), Problem> {
        match self.segment.next() {
            Ok(next) => {
                self.segment.close()?;
                self.segment = next;
            }
            Err(problem) => {
                tracing::warn!(error = &problem as &dyn std::error::Error, "the next segment is not begun yet");
            }
        }
        Ok(())
    }
}

/// Answers whatever still comes, until nobody can send any more: a queue that is merely dropped would leave its last
/// senders without an answer.
fn refuse_all(queue: &Receiver<Job>) {
    for job in queue {
        match job {
            Job::Note(_, Some(reply)) => drop(reply.send(Err(Problem::Closed))),
            Job::Behind => {}
            Job::Note(_, None) => tracing::error!("a late access record came after the access journal was closed"),
            Job::List(_, reply) => drop(reply.send(Err(Problem::Closed))),
            Job::Stop(reply) => drop(reply.send(())),
        }
    }
}
