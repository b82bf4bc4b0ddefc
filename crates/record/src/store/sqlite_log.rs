//! Copying SQLite's write-ahead log into the database, mostly beside the writer.
//!
//! A log that has grown is copied by a thread with a connection of its own while the writer goes on; when that is done,
//! the writer copies the little that came in meanwhile, so that the log is whole in the database and begins anew. The
//! log is what makes a commit durable; when it is copied decides nothing but its length.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, MAIN_DB};

use super::sqlite::{database, failed};
use crate::error::Problem;

/// So many times the pages before a copy while large groups change the same pages again and again.
const LARGE_GROUPS: u32 = 8;
/// So many times the pages at which copying begins, and the writer waits for it.
const WAITS_AT: u32 = 4;

/// The write-ahead log of a record's database.
pub(super) struct Log {
    /// Pages at which it is copied.
    copy_at: u32,
    /// Pages in it after the newest commit.
    pages: Arc<AtomicU32>,
    /// Asks for a copy; taken only by dropping.
    ask: Option<Sender<()>>,
    copied: Receiver<()>,
    is_copying: bool,
    thread: Option<JoinHandle<()>>,
}

impl Log {
    /// Takes the copying of the log over from SQLite.
    pub(super) fn of(directory: &Path, writer: &mut Connection, copy_at: u32) -> Result<Log, Problem> {
        let doing = "setting up the copying of the log";
        writer.query_row("PRAGMA wal_autocheckpoint = 0", [], |_| Ok(())).map_err(failed(doing))?;
        let pages = Arc::new(AtomicU32::new(0));
        let counted = pages.clone();
        let count = move |_: &mut rusqlite::hooks::Wal, pages| {
            counted.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        };
        writer.wal_hook(Some(count)).map_err(failed(doing))?;
        let connection = Connection::open(database(directory)).map_err(failed(doing))?;
        let synchronous: i64 = writer.query_row("PRAGMA synchronous", [], |row| row.get(0)).map_err(failed(doing))?;
        let settings = format!("PRAGMA cache_size = 0; PRAGMA synchronous = {synchronous};");
        connection.execute_batch(&settings).map_err(failed(doing))?;
        let ((ask, asked), (done, copied)) = (bounded::<()>(1), bounded(1));
        let copies = move || {
            for () in asked {
                copy(&connection);
                let _ = done.send(());
            }
        };
        let thread = std::thread::Builder::new().name("record-log".into()).spawn(copies);
        let thread = thread.map_err(|error| Problem::store(doing, error))?;
        Ok(Log { copy_at, pages, ask: Some(ask), copied, is_copying: false, thread: Some(thread) })
    }

    /// After a commit: begins to copy the log when it has grown enough, and ends what was begun.
    pub(super) fn committed(&mut self, writer: &Connection, is_large: bool) {
        let copy_at = self.copy_at.saturating_mul(if is_large { LARGE_GROUPS } else { 1 });
        let pages = self.pages.load(Ordering::Relaxed);
        if self.is_copying {
            let is_over = if pages < copy_at.saturating_mul(WAITS_AT) {
                self.copied.try_recv().is_ok()
            } else {
                self.copied.recv().is_ok()
            };
            if is_over {
                self.is_copying = false;
                copy(writer);
            }
        } else if pages >= copy_at {
            self.is_copying = self.ask.as_ref().is_some_and(|ask| ask.send(()).is_ok());
        }
    }

    /// Waits until nothing is being copied: two copies at once refuse each other.
    pub(super) fn settle(&mut self) {
        if self.is_copying {
            let _ = self.copied.recv();
            self.is_copying = false;
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.ask = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Copies as much as no reader holds back.
fn copy(connection: &Connection) {
    match connection.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::PASSIVE) {
        Ok(_) => {}
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {}
        Err(error) => tracing::warn!(%error, "the write-ahead log could not be copied; it is tried again"),
    }
}
