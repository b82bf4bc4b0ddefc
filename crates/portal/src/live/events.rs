//! What the streams of all pages that go on have in common: server-sent events (HTML, 9.2), one after the other, and how often
//! they say that they are alive. Knows no board and no page.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;

/// How often a stream says that it is alive; the page waits 15 s for it.
pub(super) const BEAT: Duration = Duration::from_secs(4);

/// What a stream comes from.
pub(super) trait GoesOn: Send + 'static {
    /// Events that wait to be sent.
    fn waiting(&mut self) -> &mut VecDeque<Event>;

    /// Waits for the next thing to say; false when the stream is over.
    fn go_on(&mut self) -> impl Future<Output = bool> + Send;
}

/// The answer that goes on.
pub(super) fn answer(state: impl GoesOn) -> Response {
    let events = futures_util::stream::unfold(state, |mut state| async move {
        loop {
            if let Some(event) = state.waiting().pop_front() {
                return Some((Ok::<_, Infallible>(event), state));
            }
            if !state.go_on().await {
                return None;
            }
        }
    });
    let mut response = Sse::new(events).into_response();
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
