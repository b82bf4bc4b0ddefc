//! The stream of one person who looks at a board, as server-sent events (HTML, 9.2).
//!
//! | event | data |
//! | --- | --- |
//! | `rows` | the time on the first line, then rows that changed, to be put where their ids are |
//! | `turned` | rows of which only what time changes is other |
//! | `head` | what stands above the rows |
//! | `ids` | the names of all rows in their order, when that changed |
//! | `beat` | the time: all that was sent before is as it was then |

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use axum::response::sse::Event;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use record::Key;
use terms::Moment;

use super::events::{BEAT, GoesOn, answer};
use super::{Draw, Frame, FrameRow, Looker};
use crate::door::{Door, asked};
use crate::words::clock;

/// What a stream knows.
struct State {
    door: Door,
    looker: Looker,
    /// The sequence of the page.
    page: u64,
    /// Rows as they were sent last, or as the page has them, by name.
    sent: HashMap<String, Arc<Frame>>,
    ids: Vec<String>,
    head: String,
    /// Those whose showing is in the access journal.
    noted: BTreeSet<Key>,
    waiting: VecDeque<Event>,
    is_new: bool,
}

/// The answer that goes on: the board of a name for whoever asks, whose page shows a sequence.
pub(crate) fn stream_of(door: Door, name: &str, page: u64, draw: Draw) -> Response {
    let Some(looker) = door.boards.look(&door, name, draw) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    answer(State {
        door,
        looker,
        page,
        sent: HashMap::new(),
        ids: Vec::new(),
        head: String::new(),
        noted: BTreeSet::new(),
        waiting: VecDeque::new(),
        is_new: true,
    })
}

impl GoesOn for State {
    fn waiting(&mut self) -> &mut VecDeque<Event> {
        &mut self.waiting
    }

    async fn go_on(&mut self) -> bool {
        let is_first = std::mem::take(&mut self.is_new) && self.looker.frames.borrow().is_some();
        let is_frame = is_first
            || tokio::select! {
                changed = self.looker.frames.changed() => match changed {
                    Ok(()) => true,
                    Err(_) => return false,
                },
                () = tokio::time::sleep(BEAT) => false,
            };
        // A session that was locked, ended or changed shows nothing more.
        if !self.door.holds.still().await {
            return false;
        }
        let frame = self.looker.frames.borrow_and_update().clone();
        // A board that cannot be drawn has no beat: the page then says how old it is.
        let Some(frame) = frame else { return true };
        if is_frame {
            let shown = frame.shown.without(&self.noted);
            if !shown.subjects().is_empty() {
                if let Err(problem) = self.door.record.note_shown(&self.door.permit, asked::LIVE_BOARD, &shown).await {
                    tracing::error!(%problem, "a stream ends: what it shows could not be noted");
                    return false;
                }
                self.noted.extend(shown.subjects().iter().cloned());
            }
            self.say(&frame);
        }
        self.beat();
        true
    }
}

impl State {
    /// Puts what is new in a frame into the queue.
    fn say(&mut self, frame: &Arc<Frame>) {
        let (mut changed, mut turned) = (String::new(), String::new());
        for row in &frame.rows {
            let before = self.sent.get(&row.id).and_then(|sent| find(sent, &row.id));
            match before {
                Some(before) if before.html == row.html => {}
                Some(before) if before.mark == row.mark => turned.push_str(&row.html),
                Some(_) => changed.push_str(&row.html),
                // What the page has may be the same; it compares.
                None if row.since > self.page => turned.push_str(&row.html),
                None => {}
            }
            self.sent.insert(row.id.clone(), Arc::clone(frame));
        }
        let ids: Vec<String> = frame.rows.iter().map(|row| row.id.clone()).collect();
        self.sent.retain(|id, _| ids.contains(id));
        if !changed.is_empty() {
            let data = format!("{}\n{changed}", clock_words(frame.at));
            self.waiting.push_back(Event::default().event("rows").data(data));
        }
        if !turned.is_empty() {
            self.waiting.push_back(Event::default().event("turned").data(turned));
        }
        if ids != self.ids {
            self.waiting.push_back(Event::default().event("ids").data(ids.join(" ")));
            self.ids = ids;
        }
        if frame.head != self.head {
            self.head.clone_from(&frame.head);
            self.waiting.push_back(Event::default().event("head").data(&frame.head));
        }
    }

    fn beat(&mut self) {
        let now = (self.door.clock)();
        self.waiting.push_back(Event::default().event("beat").data(clock_words(now)));
    }
}

fn clock_words(at: Moment) -> String {
    clock(at).text
}

fn find<'f>(frame: &'f Frame, id: &str) -> Option<&'f FrameRow> {
    frame.rows.iter().find(|row| row.id == id)
}
