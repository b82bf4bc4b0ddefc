//! The access journal: who looked at what, on disk before the answer leaves.
//!
//! A thread takes the reads that wait as one leaf, appends it to a segment file of its own, syncs, and lets the
//! answers go; while one leaf is synced the next one gathers. The segments are the truth (chained leaves, one chain
//! for an epoch of this host); `index.db` beside them only finds them by patient or person and is made again from
//! them when it is missing or behind. Space is reserved ahead, so that reading goes on for a while on a full disk.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, Sender};
use journal::frames::{Frames, append_frame};
use journal::{AccessLeaf, AccessOutcome, AccessRead, Hash, NOTHING_BEFORE, access_chain_hash};
use rusqlite::{Connection, OptionalExtension as _, params};
use terms::{Clock, Moment};
use tokio::sync::oneshot;

use crate::access_segment::{Segment, io, segments};
use crate::change::Key;
use crate::error::Problem;
use crate::job_queue;
use crate::record::{Options, make_folder};
use crate::store::sqlite_failed;

/// Most reads in a leaf.
const MOST_READS: usize = 4096;
/// The index is brought up to date after so many reads and patients shown, and before it is asked.
const MOST_UNINDEXED: usize = 4096;
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
    directory: PathBuf,
    host: String,
    epoch: u64,
    clock: Clock,
    segment: Segment,
    /// The next segment is begun when this one is longer.
    segment_bytes: u64,
    number: u64,
    previous: Hash,
    moment: Moment,
    index: Connection,
    /// Leaves that are on disk and not yet in the index.
    unindexed: Vec<AccessLeaf>,
    /// Whether the index lacks more than those.
    index_behind: bool,
}

impl AccessJournal {
    /// Starts a new chain for this epoch in the record's directory.
    pub(crate) fn start(directory: &Path, options: &Options, epoch: u64) -> Result<AccessJournal, Problem> {
        let directory = folder(directory);
        make_folder(&directory).map_err(io("making the access journal"))?;
        let index = open_index(&directory)?;
        let segment = Segment::first(&directory, epoch)?;
        let chain = Chain {
            directory,
            host: options.host.clone(),
            epoch,
            clock: options.clock.clone(),
            segment,
            segment_bytes: options.segment_bytes,
            number: 0,
            previous: NOTHING_BEFORE,
            moment: Moment(0),
            index,
            unindexed: Vec::new(),
            index_behind: false,
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
                Some(Job::List(query, reply)) => {
                    self.index();
                    drop(reply.send(list(&self.index, &query)));
                }
                Some(Job::Stop(reply)) => {
                    self.index();
                    let _ = self.segment.close();
                    drop(self);
                    let _ = reply.send(());
                    return refuse_all(queue);
                }
                Some(Job::Behind) => {
                    self.index();
                    self.index_behind = true;
                }
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
        for reply in replies {
            let answer = match (written, full) {
                (true, _) => Ok(()),
                (false, true) => Err(Problem::Full),
                (false, false) => Err(Problem::Closed),
            };
            let _ = reply.send(answer);
        }
        if written {
            self.unindexed.push(leaf);
            let reads = self.unindexed.iter().flat_map(|leaf| &leaf.reads);
            if reads.map(|read| 1 + read.subjects.len()).sum::<usize>() > MOST_UNINDEXED {
                self.index();
            }
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

    /// Adds to the index what it lacks. A crash before that loses nothing: the next opening makes up for it.
    fn index(&mut self) {
        let leaves = std::mem::take(&mut self.unindexed);
        let result = if self.index_behind {
            catch_up(&mut self.index, &self.directory)
        } else {
            put_leaves(&mut self.index, &leaves)
        };
        self.index_behind = result.is_err();
        if let Err(problem) = result {
            tracing::warn!(error = &problem as &dyn std::error::Error, "the access index is behind");
        }
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

/// Opens the index, made again from the segments when it is missing, unreadable or behind.
fn open_index(directory: &Path) -> Result<Connection, Problem> {
    let path = directory.join("index.db");
    match try_index(&path, directory) {
        Ok(index) => Ok(index),
        Err(_) => {
            for name in ["index.db", "index.db-wal", "index.db-shm"] {
                let _ = std::fs::remove_file(directory.join(name));
            }
            try_index(&path, directory)
        }
    }
}

fn try_index(path: &Path, directory: &Path) -> Result<Connection, Problem> {
    let mut index = Connection::open(path).map_err(sqlite_failed("opening the access index"))?;
    index
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000;
             PRAGMA wal_autocheckpoint = 4000;
             CREATE TABLE IF NOT EXISTS access (
                 number INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, leaf INTEGER NOT NULL, moment INTEGER NOT NULL,
                 principal TEXT NOT NULL, permit TEXT NOT NULL, query TEXT NOT NULL, sequence INTEGER NOT NULL,
                 shown INTEGER NOT NULL, subjects INTEGER NOT NULL);
             CREATE TABLE IF NOT EXISTS chain (
                 host TEXT NOT NULL, epoch INTEGER NOT NULL, leaf INTEGER NOT NULL, PRIMARY KEY (host, epoch))
                 WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS seen (
                 subject TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (subject, number)) WITHOUT ROWID;
             CREATE INDEX IF NOT EXISTS access_principal ON access (principal, number);
             DROP INDEX IF EXISTS access_leaf;",
        )
        .map_err(sqlite_failed("preparing the access index"))?;
    catch_up(&mut index, directory)?;
    Ok(index)
}

/// Adds the leaves that the segments have and the index has not.
fn catch_up(index: &mut Connection, directory: &Path) -> Result<(), Problem> {
    let known = known_chains(index).map_err(sqlite_failed("reading the access index"))?;
    for path in segments(directory)? {
        let bytes = std::fs::read(&path).map_err(|error| Problem::store("reading the access journal", error))?;
        let Ok(frames) = Frames::of(&bytes) else { continue };
        let leaves: Vec<AccessLeaf> = frames
            .filter_map(|frame| AccessLeaf::decode(frame.ok()?).ok())
            .filter(|leaf| known.get(&(leaf.host.clone(), leaf.epoch)).is_none_or(|last| leaf.number > *last))
            .collect();
        put_leaves(index, &leaves)?;
    }
    Ok(())
}

/// The newest leaf of each chain that is in the index. One that was made before chains were told apart is made again.
fn known_chains(index: &Connection) -> rusqlite::Result<HashMap<(String, u64), u64>> {
    let mut chains = index.prepare("SELECT host, epoch, leaf FROM chain")?;
    let known = chains.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    let known: HashMap<(String, u64), u64> = known.collect::<rusqlite::Result<_>>()?;
    let is_old =
        known.is_empty() && index.query_row("SELECT 1 FROM access LIMIT 1", [], |_| Ok(())).optional()?.is_some();
    if is_old { Err(rusqlite::Error::QueryReturnedNoRows) } else { Ok(known) }
}

fn put_leaves(index: &mut Connection, leaves: &[AccessLeaf]) -> Result<(), Problem> {
    if leaves.is_empty() {
        return Ok(());
    }
    let put = |index: &mut Connection| -> rusqlite::Result<()> {
        let transaction = index.transaction()?;
        {
            let mut access = transaction.prepare_cached(
                "INSERT INTO access (epoch, leaf, moment, principal, permit, query, sequence, shown, subjects) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )?;
            let mut seen =
                transaction.prepare_cached("INSERT OR IGNORE INTO seen (subject, number) VALUES ($1, $2)")?;
            let mut chain = transaction.prepare_cached(
                "INSERT INTO chain (host, epoch, leaf) VALUES ($1, $2, $3) \
                 ON CONFLICT (host, epoch) DO UPDATE SET leaf = max(leaf, excluded.leaf)",
            )?;
            let mut shown = Vec::new();
            for leaf in leaves {
                for read in &leaf.reads {
                    access.execute(params![
                        leaf.epoch,
                        leaf.number,
                        leaf.moment.0,
                        read.principal,
                        read.permit,
                        read.query,
                        read.sequence,
                        read.outcome == AccessOutcome::Shown,
                        read.subjects.len() as u64
                    ])?;
                    let number = transaction.last_insert_rowid();
                    shown.extend(read.subjects.iter().map(|(kind, id)| (format!("{kind}/{id}"), number)));
                }
                chain.execute((&leaf.host, leaf.epoch, leaf.number))?;
            }
            // In the order of the table, so that those of one person fall into one page.
            shown.sort_unstable();
            for (subject, number) in shown {
                seen.execute((subject, number))?;
            }
        }
        transaction.commit()
    };
    put(index).map_err(sqlite_failed("adding to the access index"))
}

fn list(index: &Connection, query: &AccessQuery) -> Result<Vec<Access>, Problem> {
    let columns =
        "a.number, a.moment, a.epoch, a.leaf, a.principal, a.permit, a.query, a.sequence, a.shown, a.subjects";
    let sql = match &query.subject {
        Some(_) => format!(
            "SELECT {columns} FROM seen s JOIN access a ON a.number = s.number WHERE s.subject = $1 AND s.number < $2 \
             AND ($3 IS NULL OR a.principal = $3) ORDER BY s.number DESC LIMIT $4"
        ),
        None => format!(
            "SELECT {columns} FROM access a WHERE $1 IS NULL AND a.number < $2 AND ($3 IS NULL OR a.principal = $3) \
             ORDER BY a.number DESC LIMIT $4"
        ),
    };
    let subject = query.subject.as_ref().map(Key::to_string);
    let before = query.before.unwrap_or(i64::MAX as u64).min(i64::MAX as u64);
    let limit = query.limit.clamp(1, 1000) as i64;
    let read = || -> rusqlite::Result<Vec<Access>> {
        let mut statement = index.prepare_cached(&sql)?;
        let access = |row: &rusqlite::Row<'_>| {
            Ok(Access {
                number: row.get(0)?,
                moment: Moment(row.get(1)?),
                leaf: (row.get(2)?, row.get(3)?),
                principal: row.get(4)?,
                permit: row.get(5)?,
                query: row.get(6)?,
                sequence: row.get(7)?,
                shown: row.get(8)?,
                subjects: row.get(9)?,
            })
        };
        statement.query_map(params![subject, before, query.principal, limit], access)?.collect()
    };
    read().map_err(sqlite_failed("reading the access index"))
}
