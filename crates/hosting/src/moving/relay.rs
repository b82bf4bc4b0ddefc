//! Before every route: a request for a trust that moves passes, waits at its gate, or is carried out by the other host as
//! if it had come there. It keeps its credentials and its idempotency key, so the answer is the one that it would have
//! had, and a repetition gets the same.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, StatusCode, header};

use super::gate::Way;
use super::kept::Move;
use super::own_copy;
use super::peer::OF_CONNECTION;
use crate::answer::plain;
use crate::clock::stopwatch;
use crate::cookie;
use crate::host::Host;
use crate::trusts::TrustCode;

/// How long a writer waits at the gate; a drain is given up long before.
const PATIENCE: Duration = Duration::from_secs(30);
/// The largest sign-in form that is read to find its trust, in bytes.
const LARGEST_SIGN_IN: usize = 64 << 10;
/// The largest question that comes with a body.
const LARGEST_QUESTION: usize = 1 << 20;
/// How long the other host may take to begin its answer to a question and to a change; and to a question while it is known
/// to be away.
const READING: Duration = Duration::from_secs(10);
const WRITING: Duration = Duration::from_secs(60);
const LITTLE: Duration = Duration::from_millis(500);
/// How long the other host is tried to be reached, and how long between two attempts.
const REACHING: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(100);

/// Came from the other host of a move; is not sent back.
#[derive(Clone)]
pub(crate) struct Relayed;

/// Lets a request pass, holds it, or has the other host answer it.
pub(crate) async fn cross(State(host): State<Arc<Host>>, request: Request, next: Next) -> Response {
    if host.moves.all().is_empty() {
        return next.run(request).await;
    }
    let (request, code) = match code_of(request).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let Some(of) = code.and_then(|code| host.moves.find(&code)) else { return next.run(request).await };
    // Who reads for hours must be able to sign in, out and lock: that is of the desk alone, and does not move.
    let writes = is_write(&request) && !(of.gate.is_shut() && is_of_session(&request));
    let way = of.gate.enter(writes, Duration::ZERO).await;
    match way {
        Way::Pass(_inside) => next.run(request).await,
        Way::Relay if writes && of.has_line() => relay(&of, request, WRITING).await.unwrap_or_else(later),
        Way::Relay if writes => over_there(),
        Way::Relay => read_over_there(&of, request, next).await,
        Way::Late if of.gate.is_shut() => in_hours(),
        Way::Late => {
            let waiting = of.gate.wait_begins(stopwatch());
            let response = match of.gate.enter(writes, PATIENCE).await {
                Way::Pass(_inside) => next.run(request).await,
                Way::Relay => relay(&of, request, WRITING).await.unwrap_or_else(later),
                Way::Late => later(),
            };
            drop(waiting);
            response
        }
    }
}

/// The trust that a request is about: in its path, in its session's cookie, or in the form of a sign-in.
pub(super) async fn code_of(request: Request) -> Result<(Request, Option<TrustCode>), Response> {
    let path = request.uri().path();
    if let Some(rest) = path.strip_prefix("/t/") {
        let code = rest.split('/').next().and_then(|code| TrustCode::parse(code).ok());
        return Ok((request, code));
    }
    match (request.method(), path) {
        (&Method::POST, "/sign-out" | "/lock") => {
            let code = cookie::session(request.headers()).map(|(code, _)| code);
            Ok((request, code))
        }
        (&Method::POST, "/sign-in") => {
            let (parts, body) = request.into_parts();
            let bytes = to_bytes(body, LARGEST_SIGN_IN).await;
            let bytes = bytes.map_err(|_| plain(StatusCode::PAYLOAD_TOO_LARGE, "This form is too large."))?;
            let fields = bytes.split(|byte| *byte == b'&');
            let code = fields.filter_map(|field| field.strip_prefix(b"trust=")).next();
            let code = code.and_then(|code| TrustCode::parse(std::str::from_utf8(code).ok()?).ok());
            Ok((Request::from_parts(parts, Body::from(bytes)), code))
        }
        _ => Ok((request, None)),
    }
}

/// Whether a request may change something. A FHIR search may come by POST.
fn is_write(request: &Request) -> bool {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    !is_safe && !request.uri().path().ends_with("/_search")
}

/// Whether a request begins, locks or ends a session.
fn is_of_session(request: &Request) -> bool {
    !request.uri().path().starts_with("/t/")
}

/// Has the other host answer a question; while it cannot be reached, the copy on this host answers, and says so. A copy that
/// was destroyed answers nothing.
async fn read_over_there(of: &Move, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_QUESTION).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "This question is too large.");
    };
    let asked = || Request::from_parts(parts.clone(), Body::from(body.clone()));
    let answered = match of.has_line() {
        true => {
            let patience = if of.is_away() { LITTLE } else { READING };
            relay(of, asked(), patience).await
        }
        false => None,
    };
    of.note_away(answered.is_none());
    match answered {
        Some(response) => response,
        None if of.record().await.is_ok() && parts.extensions.get::<Relayed>().is_none() => {
            own_copy::marked(of, next.run(asked()).await).await
        }
        None => later(),
    }
}

/// Has the other host answer; `None` when it cannot be reached or does not answer for so long.
async fn relay(of: &Move, mut request: Request, patience: Duration) -> Option<Response> {
    if request.extensions().get::<Relayed>().is_some() {
        return None;
    }
    let peer_address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    let headers = request.headers_mut();
    for name in &OF_CONNECTION {
        headers.remove(name);
    }
    if let Some(address) = peer_address {
        let before = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
        let said = before.map_or_else(|| address.to_string(), |before| format!("{before}, {address}"));
        if let Ok(value) = HeaderValue::from_str(&said) {
            headers.insert("x-forwarded-for", value);
        }
    }
    let uri = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let Ok(uri) = uri.parse() else { return Some(plain(StatusCode::BAD_REQUEST, "This address cannot be read.")) };
    *request.uri_mut() = uri;
    *request.version_mut() = http::Version::HTTP_11;
    // Nothing of the request was sent yet: the other host may need a moment.
    let reached = async {
        while !of.peer.is_reached().await {
            tokio::time::sleep(AGAIN).await;
        }
    };
    tokio::time::timeout(patience.min(REACHING), reached).await.ok()?;
    match tokio::time::timeout(patience, of.peer.send(request)).await {
        Ok(Ok(mut response)) => {
            for name in &OF_CONNECTION {
                response.headers_mut().remove(name);
            }
            Some(response)
        }
        Ok(Err(failure)) => {
            tracing::warn!(trust = %of.code, %failure, "a request could not be relayed");
            None
        }
        Err(_) => {
            tracing::warn!(trust = %of.code, "the other host did not answer a request in time");
            // A line that is dead without saying so keeps nobody waiting again.
            of.peer.forget_connections();
            None
        }
    }
}

pub(super) fn later() -> Response {
    not_now("This trust is being moved to another host. Send the same again in a moment.", "1")
}

/// What writers are told whose trust is carried to another host on a disk.
fn in_hours() -> Response {
    not_now(
        "This trust is being carried to another host on a disk. It can be read; nothing can be recorded until it has \
         arrived. Nothing of this was recorded.",
        "300",
    )
}

/// What writers are told of a trust that another host writes to which there is no line.
fn over_there() -> Response {
    not_now(
        "This trust was moved to another host, and there is no line to it from here. Nothing can be recorded here: use the \
         new host's address.",
        "300",
    )
}

fn not_now(sentence: &'static str, seconds: &'static str) -> Response {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, sentence).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
    response
}
