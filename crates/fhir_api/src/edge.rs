//! The edge to HTTP: one request becomes a [`Call`], one [`Answer`] becomes a response.
//!
//! Media types, sizes, times and conditions are settled here, before anything is done. Every failure leaves as an
//! OperationOutcome. Nothing here logs a path, a query or a body: they may name patients.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt as _;
use record::IdempotencyKey;
use sha2::{Digest as _, Sha256};
use tokio::sync::OwnedSemaphorePermit;

use crate::answer::{Answer, FHIR_JSON, refuse};
use crate::bundle;
use crate::call::{Call, Conditions, Preference, Query, parse_query};
use crate::carry_out;
use crate::door::{Door, Service, Visit};
use crate::outcome::Refusal;
use crate::routes::{self, Names, Route, Work};

/// Bodies up to this size need no reservation of memory.
const SMALL_BODY_BYTES: usize = 64 << 10;
/// How long a large body waits for others to be done with.
const WAIT_FOR_ROOM: Duration = Duration::from_secs(10);
/// Parameters of a search that come as a form.
const FORM_BYTES: usize = 1 << 20;

/// The REST API. `hosting` puts it under `/t/{trust}/fhir` with `Router::nest_service` (which, unlike `nest`, also
/// takes the base with a slash at its end) and puts a [`Door`] into the extensions of each request that has a permit.
pub fn routes(service: Arc<Service>) -> Router {
    Router::new().fallback(receive).with_state(service)
}

async fn receive(State(service): State<Arc<Service>>, mut request: Request) -> Response {
    let is_head = request.method() == Method::HEAD;
    let door = request.extensions_mut().remove::<Door>();
    let path = request.uri().path().to_owned();
    let mut response = match media_type(&request) {
        Err(refusal) => refuse(&refusal, FHIR_JSON),
        Ok(media_type) => match serve(&service, door.as_ref(), request).await {
            Ok(answer) => answer.into_http(door.as_ref().map_or("", |door| &door.base_url), media_type),
            Err(refusal) => refuse(&refusal, media_type),
        },
    };
    if response.status() == StatusCode::METHOD_NOT_ALLOWED
        && let Ok(methods) = HeaderValue::from_str(&routes::allowed(&path))
    {
        response.headers_mut().insert(header::ALLOW, methods);
    }
    if is_head {
        *response.body_mut() = Body::empty();
    }
    response
}

async fn serve(service: &Arc<Service>, door: Option<&Door>, request: Request) -> Result<Answer, Refusal> {
    let (route, names) = routes::find(request.method(), request.uri().path())?;
    if route.work == Work::Capabilities {
        return Ok(crate::capability::answer(door));
    }
    let door = door.ok_or_else(|| {
        Refusal::new(StatusCode::UNAUTHORIZED, "login", "Sign in, or send a bearer token, to use this address.")
    })?;
    let (call, idempotency, _room) = understand(service, route, names, request).await?;
    let visit = Visit { door, service, idempotency };
    match call.work {
        Work::Bundle => bundle::receive(&visit, &call).await,
        _ => carry_out(&visit, call).await,
    }
}

/// Reads the request to its end. The reservation that comes with it is kept as long as the body is in use.
async fn understand(
    service: &Service,
    route: &Route,
    names: Names,
    request: Request,
) -> Result<(Call, Option<IdempotencyKey>, Option<OwnedSemaphorePermit>), Refusal> {
    let (parts, body) = request.into_parts();
    let conditions = Conditions::of_headers(&parts.headers)?;
    let preference = Preference::of_headers(&parts.headers);
    let mut query = parse_query(parts.uri.query().map_or("", |query| query))?;
    let (mut body, room) = receive_body(service, route, &parts.headers, body).await?;
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let idempotency = idempotency_key(&parts.method, target, &parts.headers, &body)?;
    if route.form {
        let form = std::str::from_utf8(&body).map_err(|_| Refusal::bad_request("invalid", "The form is not UTF-8."))?;
        query.extend(parse_query(form)?);
        body = Bytes::new();
    }
    query.retain(|(name, _)| !matches!(name.as_str(), "_format" | "_pretty"));
    let asked = asked(&parts.method, parts.uri.path(), &query);
    let call = Call { work: route.work, names, query, body, conditions, preference, asked };
    Ok((call, idempotency, room))
}

/// The request in one line for the access journal.
pub(crate) fn asked(method: &Method, path: &str, query: &Query) -> String {
    let mut line = format!("{method} {}", path.trim_start_matches('/'));
    for (place, (name, value)) in query.iter().enumerate() {
        line.push(if place == 0 { '?' } else { '&' });
        line.push_str(name);
        line.push('=');
        line.push_str(value);
    }
    line
}

async fn receive_body(
    service: &Service,
    route: &Route,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Refusal> {
    if matches!(route.method, Method::GET | Method::DELETE) {
        return Ok((Bytes::new(), None));
    }
    check_content_type(route, headers)?;
    let limit = if route.form { FORM_BYTES } else { service.bounds.body_bytes };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Refusal::too_large(limit));
    }
    let time = Duration::from_secs(service.bounds.body_seconds);
    let collected = tokio::time::timeout(time, collect(service, body, announced.unwrap_or(0), limit)).await;
    collected.map_err(|_| {
        Refusal::new(StatusCode::REQUEST_TIMEOUT, "timeout", "The body of the request did not arrive in time.")
    })?
}

/// Collects the body; beyond a small size only as far as memory is reserved for it.
async fn collect(
    service: &Service,
    mut body: Body,
    announced: usize,
    limit: usize,
) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Refusal> {
    let mut room = None;
    let mut reserved = SMALL_BODY_BYTES;
    if announced > SMALL_BODY_BYTES {
        room = Some(reserve(service, announced).await?);
        reserved = announced;
    }
    let mut text = BytesMut::with_capacity(announced);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::bad_request("incomplete", "The body of the request broke off."))?;
        let Ok(data) = frame.into_data() else { continue };
        if text.len() + data.len() > limit {
            return Err(Refusal::too_large(limit));
        }
        while text.len() + data.len() > reserved {
            let more = reserve(service, 1 << 20).await?;
            reserved += 1 << 20;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
        }
        text.extend_from_slice(&data);
    }
    Ok((text.freeze(), room))
}

async fn reserve(service: &Service, bytes: usize) -> Result<OwnedSemaphorePermit, Refusal> {
    let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
    let room = service.room.clone().acquire_many_owned(kib);
    match tokio::time::timeout(WAIT_FOR_ROOM, room).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => {
            let details = "The server is working on too many large requests. Try again.";
            Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "throttled", details).retry(10))
        }
    }
}

fn check_content_type(route: &Route, headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let value = value.to_str().unwrap_or_default().to_ascii_lowercase();
    let media = value.split(';').next().unwrap_or_default().trim();
    let charset = value.split(';').find_map(|part| part.trim().strip_prefix("charset="));
    let known = if route.form {
        media == "application/x-www-form-urlencoded"
    } else {
        matches!(media, "application/fhir+json" | "application/json" | "text/json")
    };
    let is_utf8 = charset.is_none_or(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8"));
    if known && is_utf8 {
        return Ok(());
    }
    let expected = if route.form { "application/x-www-form-urlencoded" } else { "application/fhir+json" };
    let details = format!("The body must be {expected} in UTF-8. XML is not supported.");
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-supported", details))
}

/// The media type of the response: `_format` before `Accept` (<http://hl7.org/fhir/R4/http.html#mime-type>).
fn media_type(request: &Request) -> Result<&'static str, Refusal> {
    let query = parse_query(request.uri().query().unwrap_or_default())?;
    let format = query.iter().find(|(name, _)| name == "_format").map(|(_, value)| value.clone());
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let wanted = format.unwrap_or_else(|| accept.unwrap_or("*/*").to_owned()).to_ascii_lowercase();
    for range in wanted.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().replace(' ', "+");
        let version = parts.find_map(|part| part.strip_prefix("fhirversion="));
        if version.is_some_and(|version| !version.starts_with("4.0")) {
            continue;
        }
        match media.as_str() {
            "application/json" | "text/json" => return Ok("application/json; charset=utf-8"),
            "application/fhir+json" | "json" | "application/*" | "*/*" | "" => return Ok(FHIR_JSON),
            _ => {}
        }
    }
    let details = "This server answers in application/fhir+json (FHIR 4.0) only.";
    Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, "not-supported", details))
}

fn idempotency_key(
    method: &Method,
    target: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<IdempotencyKey>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=200).contains(&key.len()));
    let key = key.ok_or_else(|| {
        Refusal::bad_request("value", "The Idempotency-Key must have 1 to 200 visible ASCII characters.")
    })?;
    let mut digest = Sha256::new();
    for part in [method.as_str().as_bytes(), b"\n", target.as_bytes(), b"\n", body] {
        digest.update(part);
    }
    Ok(Some(IdempotencyKey { key: key.to_owned(), digest: digest.finalize().into() }))
}
