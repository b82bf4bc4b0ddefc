//! Pages of the host that go on while somebody looks: their parts are drawn again every so often, and what has changed is sent
//! under the same names as rows of a board, so the same script puts it in its place. Of no patient: nothing is noted in an
//! access journal. Ends when the session does, or when the host stops.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::Event;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::events::{BEAT, GoesOn, answer};
use crate::door::Door;
use crate::words::clock;

/// What draws the parts, each with its id; nothing when it cannot now.
pub type DrawParts = Arc<dyn Fn() -> Drawing + Send + Sync>;
/// Parts under way.
pub type Drawing = Pin<Box<dyn Future<Output = Option<Vec<(String, String)>>> + Send>>;

struct State {
    door: Door,
    draw: DrawParts,
    every: Duration,
    sent: HashMap<String, String>,
    waiting: VecDeque<Event>,
    since_beat: Duration,
}

/// The answer that goes on.
pub fn stream_of_parts(door: Door, every: Duration, draw: DrawParts) -> Response {
    if door.boards.is_closed() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    // The first parts come with a beat.
    answer(State { door, draw, every, sent: HashMap::new(), waiting: VecDeque::new(), since_beat: BEAT })
}

impl GoesOn for State {
    fn waiting(&mut self) -> &mut VecDeque<Event> {
        &mut self.waiting
    }

    async fn go_on(&mut self) -> bool {
        if !self.sent.is_empty() {
            tokio::time::sleep(self.every).await;
            self.since_beat += self.every;
        }
        if self.door.boards.is_closed() || !self.door.holds.still().await {
            return false;
        }
        // What cannot be drawn has no beat: the page then says how old it is.
        let Some(parts) = (self.draw)().await else {
            tokio::time::sleep(self.every).await;
            return true;
        };
        let mut changed = String::new();
        for (id, html) in parts {
            if self.sent.get(&id) != Some(&html) {
                changed.push_str(&html);
                self.sent.insert(id, html);
            }
        }
        if !changed.is_empty() {
            self.waiting.push_back(Event::default().event("turned").data(changed));
        }
        if self.since_beat >= BEAT {
            self.since_beat = Duration::ZERO;
            self.waiting.push_back(Event::default().event("beat").data(clock((self.door.clock)()).text));
        }
        true
    }
}
