//! The index of the access journal: finds looks by patient or person, on a thread of its own, so that nobody who looks
//! waits for it.
//!
//! It only finds what lies in the segments, and is made again from them when it is missing, unreadable or behind. Leaves
//! come in the order in which they were written; one that was read from the segments meanwhile is not put in twice.

use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, Sender};
use journal::frames::Frames;
use journal::{AccessLeaf, AccessOutcome};
use rusqlite::{Connection, OptionalExtension as _, params};
use terms::Moment;
use tokio::sync::oneshot;

use crate::access_journal::{Access, AccessQuery};
use crate::access_segment::segments;
use crate::change::Key;
use crate::error::Problem;
use crate::store::sqlite_failed;

/// It is brought up to date after so many reads and patients shown, and before it is asked.
const MOST_UNINDEXED: usize = 16_384;
/// Leaves that may wait for it; whoever looks after that waits too.
const MOST_WAITING: usize = 4096;

enum Job {
    Add(AccessLeaf),
    List(AccessQuery, oneshot::Sender<Result<Vec<Access>, Problem>>),
    Behind,
    Stop(Sender<()>),
}

/// The queue to the index's thread.
pub(crate) struct AccessIndex {
    jobs: Sender<Job>,
}

struct Index {
    directory: PathBuf,
    connection: Connection,
    /// Leaves that it lacks.
    waiting: Vec<AccessLeaf>,
    /// Whether it lacks more than those.
    is_behind: bool,
}

impl AccessIndex {
    /// Opens the index of a folder of segments and makes up for what it lacks.
    pub(crate) fn start(directory: &Path) -> Result<AccessIndex, Problem> {
        let connection = open_index(directory)?;
        let index = Index { directory: directory.to_owned(), connection, waiting: Vec::new(), is_behind: false };
        let (jobs, queue) = crossbeam_channel::bounded(MOST_WAITING);
        std::thread::Builder::new()
            .name("access-index".into())
            .spawn(move || index.run(&queue))
            .map_err(|error| Problem::store("starting the access index", error))?;
        Ok(AccessIndex { jobs })
    }

    /// A leaf that is on disk.
    pub(crate) fn add(&self, leaf: AccessLeaf) {
        self.send(Job::Add(leaf));
    }

    /// Accesses, newest first, of all leaves that were added before.
    pub(crate) fn list(&self, query: AccessQuery, reply: oneshot::Sender<Result<Vec<Access>, Problem>>) {
        self.send(Job::List(query, reply));
    }

    /// The segments have grown by more than what was added.
    pub(crate) fn is_behind(&self) {
        self.send(Job::Behind);
    }

    /// Ends it after what was added; its files are closed when this returns.
    pub(crate) fn stop(&self) {
        let (reply, ended) = crossbeam_channel::bounded(1);
        self.send(Job::Stop(reply));
        let _ = ended.recv();
    }

    fn send(&self, job: Job) {
        if self.jobs.send(job).is_err() {
            tracing::error!("the access index has ended; it is made up for when the record is opened again");
        }
    }
}

impl Index {
    fn run(mut self, queue: &Receiver<Job>) {
        for job in queue {
            match job {
                Job::Add(leaf) => {
                    self.waiting.push(leaf);
                    let reads = self.waiting.iter().flat_map(|leaf| &leaf.reads);
                    if reads.map(|read| 1 + read.subjects.len()).sum::<usize>() > MOST_UNINDEXED {
                        self.catch_up();
                    }
                }
                Job::List(query, reply) => {
                    self.catch_up();
                    drop(reply.send(list(&self.connection, &query)));
                }
                Job::Behind => self.is_behind = true,
                Job::Stop(reply) => {
                    self.catch_up();
                    drop(self);
                    let _ = reply.send(());
                    return;
                }
            }
        }
    }

    /// Adds what it lacks. A crash before that loses nothing: the next opening makes up for it.
    fn catch_up(&mut self) {
        let leaves = std::mem::take(&mut self.waiting);
        let result = match self.is_behind {
            true => catch_up(&mut self.connection, &self.directory),
            false => put_leaves(&mut self.connection, &leaves),
        };
        self.is_behind = result.is_err();
        if let Err(problem) = result {
            tracing::warn!(error = &problem as &dyn std::error::Error, "the access index is behind");
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
    if is_old(index).map_err(sqlite_failed("reading the access index"))? {
        return Err(Problem::store("reading the access index", std::io::Error::other("it knows no chains")));
    }
    for path in segments(directory)? {
        let bytes = std::fs::read(&path).map_err(|error| Problem::store("reading the access journal", error))?;
        let Ok(frames) = Frames::of(&bytes) else { continue };
        let leaves: Vec<AccessLeaf> = frames.filter_map(|frame| AccessLeaf::decode(frame.ok()?).ok()).collect();
        put_leaves(index, &leaves)?;
    }
    Ok(())
}

/// Whether it was made before chains were told apart: then it is made again.
fn is_old(index: &Connection) -> rusqlite::Result<bool> {
    let is_there = |sql: &str| Ok::<_, rusqlite::Error>(index.query_row(sql, [], |_| Ok(())).optional()?.is_some());
    Ok(is_there("SELECT 1 FROM access LIMIT 1")? && !is_there("SELECT 1 FROM chain LIMIT 1")?)
}

/// Adds those of the leaves, which stand in their order, that it has not yet.
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
            let mut known = transaction.prepare_cached("SELECT leaf FROM chain WHERE host = $1 AND epoch = $2")?;
            let mut shown = Vec::new();
            for leaf in leaves {
                let last: Option<u64> = known.query_row((&leaf.host, leaf.epoch), |row| row.get(0)).optional()?;
                if last.is_some_and(|last| leaf.number <= last) {
                    continue;
                }
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
