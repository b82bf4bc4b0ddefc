//! Boards that go on while somebody looks: one task for each board of a trust, however many look, and a stream for each.
//!
//! The task follows the record. A commit that touches nothing of the board costs a look into a set; after one that does,
//! the board is read and drawn again, at most twice a second, and twice a minute for what time alone changes. Those
//! whose permits reach the same share it. Each stream has its session's permit: it notes whom it shows in the access
//! journal, once for each patient, and ends when the session does. Does not know what a row means.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use access::Permit;
use record::trail::{Shown, Touched};
use record::{Key, Problem, Record};
use terms::{Clock, Moment};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::door::Door;

mod events;
pub mod parts;
mod stream;

pub(crate) use stream::stream_of;

/// A board is drawn again no sooner than this.
const PACE: Duration = Duration::from_millis(500);
/// And no later. What is said of a patient is kept for as long (`gather`): what time alone changes is then at most twice this
/// old, a minute.
pub(crate) const HALF_TURN: Duration = Duration::from_secs(30);

/// The boards of a trust that somebody looks at.
#[derive(Clone, Default)]
pub struct Boards(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    boards: HashMap<String, (Arc<OpenBoard>, AbortHandle)>,
    next_looker: u64,
    is_closed: bool,
}

/// A board as it was drawn last, and who looks.
struct OpenBoard {
    frames: watch::Sender<Option<Arc<Frame>>>,
    permits: Permits,
}

/// The permits of those who look at one board.
#[derive(Clone, Default)]
struct Permits(Arc<Mutex<BTreeMap<u64, Permit>>>);

/// A board at one sequence.
pub(crate) struct Frame {
    pub(crate) sequence: u64,
    pub(crate) at: Moment,
    /// What stands above the rows.
    pub(crate) head: String,
    pub(crate) rows: Vec<FrameRow>,
    /// What the board is made from: a commit that touches none of these leaves it as it is.
    pub(crate) concerns: BTreeSet<Key>,
    /// Whom it shows.
    pub(crate) shown: Shown,
}

/// A row of a board.
pub(crate) struct FrameRow {
    /// Its name in the page.
    pub(crate) id: String,
    pub(crate) html: Arc<str>,
    /// The same without what time alone changes: a row whose mark stays has not changed.
    pub(crate) mark: Arc<str>,
    /// Since which sequence it has been so, as far as is known.
    pub(crate) since: u64,
}

/// What draws a board through a permit; `None` when there is no such board any more.
pub(crate) type Draw = Arc<dyn Fn(Permit) -> Drawing + Send + Sync>;
/// A board under way.
pub(crate) type Drawing = Pin<Box<dyn Future<Output = Result<Option<Frame>, Problem>> + Send>>;

/// Somebody who looks at a board. When it is dropped, they do not look any more. Holds nothing that would keep the board
/// open when the host stops.
pub(crate) struct Looker {
    permits: Permits,
    number: u64,
    pub(crate) frames: watch::Receiver<Option<Arc<Frame>>>,
}

impl Drop for Looker {
    fn drop(&mut self) {
        self.permits.all().remove(&self.number);
    }
}

impl Permits {
    fn all(&self) -> MutexGuard<'_, BTreeMap<u64, Permit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Boards {
    /// Ends every stream, such as when the host stops.
    pub fn close(&self) {
        let mut open = self.open();
        open.is_closed = true;
        // With its task goes a board's only sender, and with that every stream.
        for (_, (_, task)) in open.boards.drain() {
            task.abort();
        }
    }

    /// Whether the host is stopping.
    pub(crate) fn is_closed(&self) -> bool {
        self.open().is_closed
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to look at a board; `None` when the host is stopping. `name` says which, in this trust.
    pub(crate) fn look(&self, door: &Door, name: &str, draw: Draw) -> Option<Looker> {
        let scope = door.permit.scope();
        // Those who share a board must reach the same.
        let key = format!("{name} {} {:?} {:?}", door.permit.role().code(), scope.subjects, scope.without_labels);
        let mut open = self.open();
        if open.is_closed {
            return None;
        }
        open.next_looker += 1;
        let number = open.next_looker;
        let board = match open.boards.get(&key) {
            Some((board, _)) => Arc::clone(board),
            None => {
                let board = Arc::new(OpenBoard { frames: watch::Sender::new(None), permits: Permits::default() });
                let (boards, record, clock) = (self.clone(), door.record.clone(), Arc::clone(&door.clock));
                let (own, name) = (Arc::clone(&board), key.clone());
                let task = tokio::spawn(async move { run(&boards, &name, &own, (&record, &clock), &draw).await });
                open.boards.insert(key, (Arc::clone(&board), task.abort_handle()));
                board
            }
        };
        board.permits.all().insert(number, door.permit.clone());
        Some(Looker { frames: board.frames.subscribe(), number, permits: board.permits.clone() })
    }

    /// Whether nobody looks at a board any more; then it is not open.
    fn is_over(&self, key: &str, board: &Arc<OpenBoard>) -> bool {
        let mut open = self.open();
        let is_ours = open.boards.get(key).is_some_and(|(known, _)| Arc::ptr_eq(known, board));
        if is_ours && board.frames.receiver_count() > 0 {
            return false;
        }
        if is_ours {
            open.boards.remove(key);
        }
        true
    }
}

/// Draws a board again and again until nobody looks.
async fn run(boards: &Boards, key: &str, board: &Arc<OpenBoard>, (record, clock): (&Record, &Clock), draw: &Draw) {
    let mut follower = record.follow();
    loop {
        if boards.is_over(key, board) {
            return;
        }
        follower.mark_unchanged();
        let permit = board.permits.all().values().next().cloned();
        let Some(permit) = permit else {
            // The last who looked is just going.
            tokio::task::yield_now().await;
            continue;
        };
        match draw(permit).await {
            Ok(Some(frame)) => {
                let last = board.frames.borrow().clone();
                board.frames.send_replace(Some(Arc::new(compared(frame, last.as_deref()))));
            }
            Ok(None) => {
                boards.open().boards.remove(key);
                return;
            }
            // Streams go on without a beat, and whoever looks is told that it is not up to date.
            Err(problem) => {
                tracing::error!(%problem, "a live board could not be drawn");
                board.frames.send_modify(|frame| *frame = None);
            }
        }
        let drawn = (clock)();
        tokio::select! {
            () = concerned(record, board, &mut follower) => {}
            () = tokio::time::sleep(HALF_TURN) => {}
            () = board.frames.closed() => {}
        }
        let waited = Duration::from_millis(((clock)().0 - drawn.0).clamp(0, 1000) as u64);
        tokio::time::sleep(PACE.saturating_sub(waited)).await;
    }
}

/// Waits for a commit that touches the board.
async fn concerned(record: &Record, board: &OpenBoard, follower: &mut watch::Receiver<u64>) {
    let last = board.frames.borrow().clone();
    let Some(last) = last else {
        // It could not be drawn: the next commit is as good a time as any to try again.
        let _ = follower.changed().await;
        return;
    };
    let mut seen = last.sequence;
    loop {
        let newest = *follower.borrow_and_update();
        if newest > seen {
            match record.touched_since(seen) {
                Touched::These(keys) if keys.is_disjoint(&last.concerns) => seen = newest,
                _ => return,
            }
        }
        if follower.changed().await.is_err() {
            // The record is closed; the host stops.
            return std::future::pending().await;
        }
    }
}

/// A frame whose rows know since when they are as they are.
fn compared(mut frame: Frame, last: Option<&Frame>) -> Frame {
    let known: HashMap<&str, &FrameRow> =
        last.into_iter().flat_map(|last| &last.rows).map(|row| (row.id.as_str(), row)).collect();
    for row in &mut frame.rows {
        let same = known.get(row.id.as_str()).filter(|known| known.mark == row.mark);
        row.since = same.map_or(frame.sequence, |known| known.since);
    }
    frame
}
