//! Answers that hosting gives itself: one sentence, to a program as plain text and to a browser as a page; and the
//! headers that every answer carries.
//!
//! Knows no route and no person: what it writes to the log names neither.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use portal::components::frame::Environment;
use portal::pages::problem::sentence_page;

use crate::failure::Failure;
use crate::host::Host;

/// The sentence of an answer that [`finish`] may put on a page.
#[derive(Clone)]
struct Sentence(&'static str);

/// One sentence that reads the same to everyone.
pub(crate) fn plain(status: StatusCode, sentence: &'static str) -> Response {
    let media = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    let mut response = (status, media, format!("{sentence}\n")).into_response();
    response.extensions_mut().insert(Sentence(sentence));
    response
}

/// What could not be done is in the log; whoever asked is told that much.
pub(crate) fn failed(what: &str, failure: &Failure) -> Response {
    tracing::error!(%failure, "{what}");
    plain(StatusCode::INTERNAL_SERVER_ERROR, "The server failed to do this. The reason is in its log.")
}

/// Whether a browser goes to a page, or sends a form of one: everything else is answered in plain text.
fn is_for_a_page(request: &Request) -> bool {
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepts.is_some_and(|accepts| accepts.contains("text/html")) && !request.headers().contains_key("hx-request")
}

/// Puts an answer's sentence on a page for browsers and the security headers on every answer, and writes one line
/// about it to the log: the route's pattern and never the path or query, which may name a patient.
pub(crate) async fn finish(State(host): State<Arc<Host>>, request: Request, next: Next) -> Response {
    let elapsed = crate::clock::stopwatch();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let for_page = is_for_a_page(&request);
    let mut response = next.run(request).await;
    if let (true, Some(Sentence(sentence))) = (for_page, response.extensions().get().cloned()) {
        response = on_page(response, sentence, host.environment().await);
    }
    secure(response.headers_mut());
    let route = route.as_ref().map_or("-", MatchedPath::as_str);
    let (status, milliseconds) = (response.status().as_u16(), elapsed());
    if response.status().is_server_error() {
        tracing::warn!(%method, route, status, milliseconds, "could not answer");
    } else {
        tracing::debug!(%method, route, status, milliseconds, "answered");
    }
    response
}

/// The same answer with its sentence in the frame of the pages.
fn on_page(response: Response, sentence: &str, environment: Environment) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, sentence_page(sentence, environment).into_string().into())
}

/// Headers that no handler needs to remember; those it has set stay.
fn secure(headers: &mut HeaderMap) {
    let always = [
        (header::CONTENT_SECURITY_POLICY, portal::assets::CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in always {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
