//! The gate before every route: who asks, in which trust, in which role. What is not in [`OPEN`] is closed.
//!
//! A bearer token or a session becomes a grant, `access` decides, and the permit goes with the request as a door for
//! the FHIR interface and one for the pages, a person's session as a [`Visitor`]. A change that a session asks for must also show that our own
//! page made it: see `form_guard` below.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use access::{Grant, Permit, Principal, decide};
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::accounts;
use crate::answer::plain;
use crate::clock::stopwatch;
use crate::closed::closed;
use crate::cookie::{self, SESSION};
use crate::failure::Failure;
use crate::held;
use crate::host::{Host, Trust};
use crate::secret::{Secret, hex, same};
use crate::sessions::form_token;
use crate::trusts::TrustCode;

/// Every route that answers without a sign-in or token. Nothing else does: a test walks all routes.
pub(crate) const OPEN: &[(&str, &str)] = &[
    ("GET", "/"),
    ("GET", "/health"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/assets/{name}"),
    ("GET", "/t/{trust}/fhir/metadata"),
    ("GET", "/t/{trust}/fhir/.well-known/smart-configuration"),
];

/// The largest form that is read to find its token, in bytes.
const LARGEST_FORM: usize = 1 << 20;
/// How long such a form may take to come.
const FORM_TIME: std::time::Duration = std::time::Duration::from_secs(30);
/// The header in which scripts send the form token.
const FORM_HEADER: &str = "x-form-token";
/// The field in which forms send it.
const FORM_FIELD: &str = "form_token";

/// A person with a session, for pages.
#[derive(Clone)]
pub(crate) struct Visitor {
    pub(crate) trust: Arc<Trust>,
    pub(crate) token: Secret,
    /// The name they signed in with.
    pub(crate) account: String,
    /// The member of staff that they are.
    pub(crate) staff: Option<String>,
}

/// Why a request is not let in.
enum Turned {
    /// Nobody is signed in, or not to this trust, or the session is locked.
    NotSignedIn,
    /// The trust is not served now, with the reason.
    Shut(String),
    /// Signed in, but access was not given.
    Denied(String),
    /// The world failed.
    Failed(Failure),
}

/// Lets a request in with a permit, or turns it away.
pub(crate) async fn admit(State(host): State<Arc<Host>>, mut request: Request, next: Next) -> Response {
    let id = request_id();
    let response = if is_open(request.method(), request.uri().path()) {
        next.run(request).await
    } else {
        let entered = enter(&host, request.uri().path(), request.headers()).await;
        match closed_by_fhir(&host, request.uri().path(), entered).await {
            Ok((trust, permit, visitor)) => {
                let (elapsed, answering) = (stopwatch(), Arc::clone(&trust));
                if is_fhir(request.uri().path()) {
                    let door = fhir_door(&host, &trust, permit, request.headers(), &id);
                    request.extensions_mut().insert(door);
                } else {
                    let door = page_door(&host, &trust, permit, visitor.as_ref(), &id);
                    request.extensions_mut().insert(door);
                }
                if let Some(visitor) = visitor {
                    request.extensions_mut().insert(visitor);
                }
                let response = next.run(request).await;
                answering.speeds.note(host.now(), elapsed());
                response
            }
            Err(Turned::NotSignedIn) if is_form_of_page(&request) => held_or_turned(&host, request).await,
            Err(turned) => turned.response(&request),
        }
    };
    with_id(response, &id)
}

/// By FHIR a restricted record is closed to people who did not open it; its pages ask by themselves.
async fn closed_by_fhir(host: &Host, path: &str, entered: Result<Entered, Turned>) -> Result<Entered, Turned> {
    let (trust, permit, visitor) = entered?;
    if !is_fhir(path) {
        return Ok((trust, permit, visitor));
    }
    let permit = closed(&trust, permit, host.now()).await.map_err(Turned::Failed)?;
    Ok((trust, permit, visitor))
}

/// Whether a person sends the form of a page.
fn is_form_of_page(request: &Request) -> bool {
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    request.method() == Method::POST
        && !is_fhir(request.uri().path())
        && accepts.is_some_and(|accepts| accepts.contains("text/html"))
}

/// What a person typed is not lost because their session has ended: the form waits for them.
async fn held_or_turned(host: &Host, request: Request) -> Response {
    let refused = Turned::NotSignedIn.response(&request);
    match held::hold(host, request).await {
        Ok(Some(address)) => to(&address),
        Ok(None) => refused,
        Err(failure) => {
            tracing::error!(%failure, "a form could not be held");
            refused
        }
    }
}

/// Refuses a change asked for with a session unless it carries the session's form token and comes from our own pages.
pub(crate) async fn form_guard(State(host): State<Arc<Host>>, request: Request, next: Next) -> Response {
    let Some(visitor) = request.extensions().get::<Visitor>().cloned() else {
        return next.run(request).await;
    };
    if is_safe(request.method()) {
        return next.run(request).await;
    }
    if !is_same_origin(&host, request.headers()) {
        return forged();
    }
    let expected = form_token(&visitor.token);
    if let Some(sent) = request.headers().get(FORM_HEADER) {
        let fits = sent.to_str().is_ok_and(|sent| same(sent, &expected));
        return if fits { next.run(request).await } else { forged() };
    }
    let (request, sent) = match read_form(request).await {
        Ok((request, Some(sent))) => (request, sent),
        Ok(_) => return forged(),
        Err(response) => return response,
    };
    if same(&sent, &expected) {
        return next.run(request).await;
    }
    // A page that was open when its person signed in again is theirs still.
    match held::is_own(&visitor.trust, &sent, &visitor.account).await {
        Ok(true) => next.run(request).await,
        Ok(false) => forged(),
        Err(failure) => crate::sign_in::failed(&failure),
    }
}

/// Whether a route answers without a permit.
pub(crate) fn is_open(method: &Method, path: &str) -> bool {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    OPEN.iter().any(|(open, pattern)| method.as_str() == *open && fits(pattern, path))
}

fn fits(pattern: &str, path: &str) -> bool {
    let mut given = path.split('/');
    let all = pattern.split('/').all(|expected| match given.next() {
        Some(segment) if expected.starts_with('{') => !segment.is_empty(),
        segment => segment == Some(expected),
    });
    all && given.next().is_none()
}

/// The trust, the permit and the person of a request.
type Entered = (Arc<Trust>, Permit, Option<Visitor>);

/// Who asks.
async fn enter(host: &Host, path: &str, headers: &HeaderMap) -> Result<Entered, Turned> {
    let in_path = path.strip_prefix("/t/").and_then(|rest| rest.split('/').next());
    let in_path = in_path.map(|code| TrustCode::parse(code).map_err(|_| Turned::NotSignedIn)).transpose()?;
    if let Some(token) = bearer(headers) {
        let trust = find_trust(host, &in_path.ok_or(Turned::NotSignedIn)?).await?;
        let grant = trust.tokens.grant(&trust.record, &token).await.map_err(Turned::Failed)?;
        let permit = decide(grant.ok_or(Turned::NotSignedIn)?, host.now()).map_err(|_| Turned::NotSignedIn)?;
        return Ok((trust, permit, None));
    }
    let (code, token) = cookie::session(headers).ok_or(Turned::NotSignedIn)?;
    if in_path.is_some_and(|named| named != code) {
        return Err(Turned::NotSignedIn);
    }
    let trust = find_trust(host, &code).await?;
    let session = trust.sessions.find(&trust.record, &token, host.now()).await.map_err(Turned::Failed)?;
    let session = session.filter(|session| !session.locked).ok_or(Turned::NotSignedIn)?;
    if !trust.versions.hold(&trust.record, &session).await.map_err(Turned::Failed)? {
        return Err(Turned::NotSignedIn);
    }
    let role = session.role().ok_or(Turned::NotSignedIn)?;
    let grant = Grant {
        principal: Principal { id: format!("user/{}", session.account), name: session.display.clone() },
        role,
        subjects: None,
        until: Some(session.until()),
    };
    let permit = decide(grant, host.now()).map_err(|denied| Turned::Denied(denied.sentence))?;
    let visitor = Visitor { trust: Arc::clone(&trust), token, account: session.account, staff: session.staff };
    Ok((trust, permit, Some(visitor)))
}

/// An unknown trust looks like one that the caller is not signed in to.
async fn find_trust(host: &Host, code: &TrustCode) -> Result<Arc<Trust>, Turned> {
    match host.trust(code).await {
        Ok(trust) => Ok(trust),
        Err(Failure::Refused(_)) => Err(host.why_shut(code).await.map_or(Turned::NotSignedIn, Turned::Shut)),
        Err(failure) => Err(Turned::Failed(failure)),
    }
}

fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim()))
}

fn fhir_door(host: &Host, trust: &Trust, permit: Permit, headers: &HeaderMap, id: &str) -> fhir_api::Door {
    let base_url = format!("{}/t/{}/fhir", base_url(host, headers), trust.code);
    fhir_api::Door {
        record: trust.record.clone(),
        permit,
        trust: trust.code.as_str().to_owned(),
        base_url,
        request: id.to_owned(),
    }
}

fn page_door(host: &Host, trust: &Arc<Trust>, permit: Permit, visitor: Option<&Visitor>, id: &str) -> portal::Door {
    let of = Arc::clone(trust);
    let names = portal::Names::by(move |ids| {
        let trust = Arc::clone(&of);
        async move { accounts::holders(&trust, ids).await }
    });
    portal::Door {
        names,
        pds: crate::pds::of(trust),
        record: trust.record.clone(),
        permit,
        staff: visitor.and_then(|visitor| visitor.staff.clone()),
        trust_code: trust.code.as_str().to_owned(),
        trust_name: trust.entry.name.clone(),
        environment: trust.environment(),
        form_token: visitor.map(|visitor| form_token(&visitor.token)).unwrap_or_default(),
        request: id.to_owned(),
        now: host.now(),
        here: portal::Here::default(),
        clock: host.clock(),
        holds: holds(trust, visitor),
        boards: trust.boards.clone(),
        last_looks: trust.last_looks.clone(),
    }
}

/// Whether a session still holds, its role and account as they were. A token has no session; its permit ends by itself.
fn holds(trust: &Arc<Trust>, visitor: Option<&Visitor>) -> portal::Holds {
    let (trust, visitor) = (Arc::clone(trust), visitor.cloned());
    portal::Holds::by(move || {
        let (trust, visitor) = (Arc::clone(&trust), visitor.clone());
        async move {
            let Some(visitor) = visitor else { return false };
            let Some(session) = trust.sessions.peek(&visitor.token, (trust.clock)()) else { return false };
            trust.versions.hold(&trust.record, &session).await.unwrap_or(false)
        }
    })
}

/// The address by which this client reaches us.
fn base_url(host: &Host, headers: &HeaderMap) -> String {
    let named = headers.get(header::HOST).and_then(|value| value.to_str().ok()).filter(|name| is_host_name(name));
    match (&host.configuration.public_url, named) {
        (Some(url), _) => url.clone(),
        (None, Some(name)) => format!("http://{name}"),
        (None, None) => format!("http://{}", host.configuration.listen),
    }
}

fn is_host_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
    (1..=255).contains(&name.len()) && name.bytes().all(letter)
}

/// The client's own address. A proxy before us, if one is configured, puts it last in `X-Forwarded-For`.
pub(crate) fn client_address(host: &Host, request: &http::request::Parts) -> IpAddr {
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    let forwarded = request.headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let behind_proxy = host.configuration.public_url.is_some();
    let said = forwarded.filter(|_| behind_proxy).and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
    said.or(peer).unwrap_or(IpAddr::from([0, 0, 0, 0]))
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Browsers say where a request was made; one made elsewhere is refused whatever it carries.
pub(crate) fn is_same_origin(host: &Host, headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok()) {
        return matches!(site, "same-origin" | "none");
    }
    text(header::ORIGIN).is_none_or(|origin| origin.eq_ignore_ascii_case(&base_url(host, headers)))
}

/// The form token of a form, and the request with its body as it came.
async fn read_form(request: Request) -> Result<(Request, Option<String>), Response> {
    let media = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !media.is_some_and(|media| media.starts_with("application/x-www-form-urlencoded")) {
        return Ok((request, None));
    }
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(FORM_TIME, to_bytes(body, LARGEST_FORM)).await;
    let Ok(Ok(bytes)) = read else {
        return Err(plain(StatusCode::PAYLOAD_TOO_LARGE, "This form is too large or came too slowly."));
    };
    let mut fields =
        bytes.split(|byte| *byte == b'&').filter_map(|field| std::str::from_utf8(field).ok()?.split_once('='));
    // A form token is hexadecimal, so its field needs no decoding.
    let sent = fields.find(|(name, _)| *name == FORM_FIELD).map(|(_, value)| value.to_owned());
    Ok((Request::from_parts(parts, Body::from(bytes)), sent))
}

fn forged() -> Response {
    plain(StatusCode::FORBIDDEN, "This form is out of date. Go back, load the page again and send it again.")
}

impl Turned {
    fn response(self, request: &Request) -> Response {
        match self {
            Turned::NotSignedIn if wants_page(request) => {
                let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
                let address = crate::sign_in::address(target);
                if request.headers().contains_key("hx-request") { part_refused(&address) } else { to(&address) }
            }
            Turned::NotSignedIn => {
                let sentence = "Sign in, or send a bearer token, to use this address.";
                let mut response = outcome(StatusCode::UNAUTHORIZED, "login", sentence);
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                response
            }
            Turned::Shut(sentence) if wants_page(request) => {
                (StatusCode::SERVICE_UNAVAILABLE, sentence).into_response()
            }
            Turned::Shut(sentence) => outcome(StatusCode::SERVICE_UNAVAILABLE, "transient", &sentence),
            Turned::Denied(sentence) => outcome(StatusCode::FORBIDDEN, "forbidden", &sentence),
            Turned::Failed(failure) => {
                tracing::error!(%failure, "a request could not be let in");
                let sentence = "The server failed to do this. The reason is in its log.";
                outcome(StatusCode::INTERNAL_SERVER_ERROR, "exception", sentence)
            }
        }
    }
}

fn to(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// A script that asked for a part of a page: the sign-in page must not land inside the page, so it is told where the
/// whole page goes.
fn part_refused(address: &str) -> Response {
    let sentence = "Sign in again. What you typed is in the address that leads back.";
    let mut response = plain(StatusCode::UNAUTHORIZED, sentence);
    if let Ok(address) = HeaderValue::from_str(address) {
        response.headers_mut().insert("hx-redirect", address);
    }
    response
}

/// Whether the FHIR interface of a trust answers at this path.
fn is_fhir(path: &str) -> bool {
    path.split('/').nth(3) == Some("fhir")
}

/// A browser that goes to a page is sent to the sign-in page; everything else is told in its own words.
fn wants_page(request: &Request) -> bool {
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    is_safe(request.method())
        && !is_fhir(request.uri().path())
        && accepts.is_some_and(|accepts| accepts.contains("text/html"))
}

/// A FHIR OperationOutcome: programs and people can read it.
fn outcome(status: StatusCode, code: &str, sentence: &str) -> Response {
    let text = serde_json::json!({
        "resourceType": "OperationOutcome",
        "issue": [{ "severity": "error", "code": code, "details": { "text": sentence } }],
    });
    (status, [(header::CONTENT_TYPE, "application/fhir+json; charset=utf-8")], text.to_string()).into_response()
}

/// A random name for a request, the same in the log, the journal and the answer.
fn request_id() -> String {
    let mut bytes = [0; 8];
    // Without randomness the request has no name; it is still answered.
    let _ = getrandom::fill(&mut bytes);
    hex(&bytes)
}

fn with_id(mut response: Response, id: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// Puts a session's cookie on an answer, or takes it away.
pub(crate) fn set_session(host: &Host, response: &mut Response, value: Option<(&TrustCode, &Secret)>) {
    let secure = host.configuration.is_behind_tls();
    let text = value.map(|(code, token)| format!("{code}.{}", token.reveal()));
    cookie::set(response.headers_mut(), SESSION, text.as_deref(), secure);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_open_exactly() {
        let cases = [
            ("GET", "/health", true),
            ("HEAD", "/health", true),
            ("POST", "/health", false),
            ("GET", "/health/", false),
            ("GET", "/assets/almoner.css", true),
            ("GET", "/assets/", false),
            ("GET", "/assets/a/b", false),
            ("GET", "/t/RTX/fhir/metadata", true),
            ("GET", "/t//fhir/metadata", false),
            ("GET", "/t/RTX/fhir/metadata/", false),
            ("GET", "/t/RTX/fhir/Patient", false),
            ("GET", "/nowhere", false),
        ];
        for (method, path, open) in cases {
            let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
            assert_eq!(is_open(&method, path), open, "{method} {path}");
        }
    }
}
