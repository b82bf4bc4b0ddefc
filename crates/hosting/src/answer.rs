//! Answers that hosting gives itself: short plain texts, and the headers that every answer carries.
//! Knows no route and no person: what it writes to the log names neither.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};

/// A short answer for people and programs that reads the same to everyone.
pub(crate) fn plain(
    status: StatusCode,
    sentence: &'static str,
) -> (StatusCode, [(HeaderName, &'static str); 1], String) {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{sentence}\n"))
}

/// Puts the security headers on an answer and writes one line about it to the log: the route's pattern and never
/// the path or query, which may name a patient.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let elapsed = crate::clock::stopwatch();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
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
