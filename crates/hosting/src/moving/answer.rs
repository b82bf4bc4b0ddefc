//! What a host answers to the other host of a move: its own listener, which nobody enters without a key that a ticket
//! names, and a route for each thing that is asked (`docs/formats/move.md`, section 4). Requests for a trust that were
//! relayed go to the routes that everybody uses.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use access::Permit;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use http::StatusCode;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use journal::act::PublicKey;
use record::Record;
use record::apply::hand_over::{AccessEnd, Place as At, Tenure};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::give_back::{self, AskedToRefuse, Refusal};
use super::kept::{Move, Side};
use super::peer::slowly;
use super::phase::Phase;
use super::relay::{self, Relayed};
use super::report::Rehearsal;
use super::schedule::Schedule;
use super::segment::{self, ENTRIES};
use super::words::{
    AccessFile, AccessHeld, AskedToSign, Desk, Greeting, Opened, Place, Questions, Segments, Signed, unhex,
};
use super::{complete, counts, cut, pull, rehearse, tls, watch};
use crate::failure::Failure;
use crate::host::Host;
use crate::routes;
use crate::secret::hex;
use crate::trusts::TrustCode;
use crate::witness;

/// How long somebody who waits for an entry waits for it.
const WAIT: Duration = Duration::from_secs(1);
/// Entries of a tail.
const TAIL: usize = 512;
/// How long a header may take, and a connection may wait for its next request.
const HEADER_TIME: Duration = Duration::from_secs(30);
/// The largest body of what is asked.
const LARGEST: usize = 64 << 20;

/// The key that the caller has proved.
#[derive(Clone, Copy)]
pub(crate) struct Caller(pub(crate) PublicKey);

/// Why something is not answered.
struct No(Failure);

type Answer<T> = Result<T, No>;

impl From<Failure> for No {
    fn from(failure: Failure) -> No {
        No(failure)
    }
}

impl From<record::Problem> for No {
    fn from(problem: record::Problem) -> No {
        No(problem.into())
    }
}

impl axum::response::IntoResponse for No {
    fn into_response(self) -> Response {
        let status = match &self.0 {
            Failure::Refused(_) => StatusCode::CONFLICT,
            Failure::Problem(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, self.0.to_string()).into_response()
    }
}

/// Listens for the other hosts of this host's moves, until the task is dropped.
pub(crate) async fn listen(host: Arc<Host>, listener: TcpListener) -> Result<(), Failure> {
    let router = router(Arc::clone(&host));
    listen_with(host, listener, router).await
}

/// Lets hosts in whose key is known, to these routes.
async fn listen_with(host: Arc<Host>, listener: TcpListener, router: Router) -> Result<(), Failure> {
    let key = host.key()?;
    let known = Arc::downgrade(&host);
    let knows: tls::Knows = Arc::new(move |key| {
        let Some(host) = known.upgrade() else { return false };
        host.moves.all().iter().any(|of| is_of(of, key)) || host.witnesses.know(key)
    });
    let acceptor = TlsAcceptor::from(tls::server(&key, knows)?);
    let router = router.layer(Extension(routes::router(host)));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(converse(acceptor.clone(), stream, router.clone()))),
            Err(error) => {
                tracing::warn!(%error, "a connection of another host could not be taken");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn converse(acceptor: TlsAcceptor, stream: TcpStream, router: Router) {
    let _ = stream.set_nodelay(true);
    let accepted = tokio::time::timeout(HEADER_TIME, acceptor.accept(stream)).await;
    let Ok(Ok(stream)) = accepted else {
        tracing::debug!("a connection proved no key of a move");
        return;
    };
    let proved = stream.get_ref().1.peer_certificates().and_then(tls::key_of);
    let Some(key) = proved else { return };
    let service = hyper::service::service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(Caller(key));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection of another host ended early");
    }
}

fn router(host: Arc<Host>) -> Router {
    Router::new()
        .route("/move/{code}/hello", post(hello))
        .route("/move/{code}/segments", get(segments))
        .route("/move/{code}/leaves/{number}", get(leaves))
        .route("/move/{code}/segment/{number}/{known}", get(part_of_segment))
        .route("/move/{code}/wait/{newest}", get(wait))
        .route("/move/{code}/tail/{from}", get(tail))
        .route("/move/{code}/desk/{since}", get(desk))
        .route("/move/{code}/desk-keys", get(desk_keys))
        .route("/move/{code}/access", get(access))
        .route("/move/{code}/access/{host}/{name}/{from}", get(access_part))
        .route("/move/{code}/access-held", post(access_held))
        .route("/move/{code}/compare", post(compare))
        .route("/move/{code}/rehearsed", post(rehearsed))
        .route("/move/{code}/catch-up", post(catch_up))
        .route("/move/{code}/sign", post(sign))
        .route("/move/{code}/cut", post(take_cut))
        .route("/move/{code}/refuse", post(refuse))
        .route("/move/{code}/counts/{sequence}", get(counted))
        .route("/move/{code}/check/{sequence}", get(check))
        .route("/move/{code}/certificate", get(certificate_here).post(certificate))
        .route("/move/{code}/certified", post(certified))
        .route("/move/{code}/destroy", post(destroy))
        .route("/move/{code}/destroyed", get(destroyed))
        .merge(witness::routes())
        .layer(DefaultBodyLimit::max(LARGEST))
        .fallback(relayed)
        .with_state(host)
}

fn is_of(of: &Move, key: &PublicKey) -> bool {
    of.kept().other().verifier().is_ok_and(|other| other.public() == key)
}

/// The move of a trust, if the caller is its other host.
fn find(host: &Host, code: &str, caller: Caller) -> Answer<Arc<Move>> {
    let found = TrustCode::parse(code).ok().and_then(|code| host.moves.find(&code));
    let found = found.filter(|of| is_of(of, &caller.0));
    found.ok_or_else(|| No(Failure::refused("There is no move of this trust with you.")))
}

/// The move, its record and the permit of its work.
async fn open(host: &Host, code: &str, caller: Caller) -> Answer<(Arc<Move>, Record, Permit)> {
    let of = find(host, code, caller)?;
    let kept = of.kept();
    if kept.phase == Phase::Completed {
        return Err(No(Failure::refused("This move is completed: nothing more is given out.")));
    }
    if kept.phase == Phase::Planned && kept.side == Side::Source && kept.ticket.until < host.now().0 {
        return Err(No(Failure::refused("This ticket is too old. Make a new one at the source.")));
    }
    let record = of.record().await?;
    let permit = pull::permit(&of)?;
    Ok((of, record, permit))
}

/// A request that came to the other host's address.
async fn relayed(
    (State(host), Extension(caller)): Of,
    Extension(app): Extension<Router>,
    request: Request,
) -> Response {
    let (mut request, code) = match relay::code_of(request).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    // A request for a trust that was there before comes from the host that it was cut from, and from nobody else.
    let of = code.and_then(|code| host.moves.find(&code)).filter(|of| is_of(of, &caller.0));
    let was_cut = async {
        let writes = of?.record().await.ok()?.writes().await.ok()??;
        (writes.cut > 0).then_some(())
    };
    if was_cut.await.is_none() {
        return StatusCode::NOT_FOUND.into_response();
    }
    request.extensions_mut().insert(Relayed);
    // The other host has put its client's address last.
    let said = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok());
    if let Some(address) = said.and_then(|list| list.rsplit(',').next()?.trim().parse().ok()) {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 0)));
    }
    match app.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

type Of = (State<Arc<Host>>, Extension<Caller>);

async fn hello(
    (State(host), Extension(caller)): Of,
    Path(code): Path<String>,
    Json(theirs): Json<Greeting>,
) -> Answer<Json<Greeting>> {
    let (of, record, _) = open(&host, &code, caller).await?;
    pull::know(&of, &theirs)?;
    of.lag.hear(theirs.place.sequence);
    let place = Place::of(&record.place().await?, host.now());
    let record_key = record.verifier_key().to_string();
    let writes = record.tenure() == Tenure::Writes;
    let plan = Schedule::read(&host.configuration.data, &of.code)?;
    Ok(Json(Greeting { ticket: of.kept().ticket.id, record_key, place, writes, plan }))
}

async fn segments((State(host), Extension(caller)): Of, Path(code): Path<String>) -> Answer<Json<Segments>> {
    let (_, record, _) = open(&host, &code, caller).await?;
    Ok(Json(segments_of(&record).await?))
}

/// The segments of a record as it is now, with the checkpoint that they lead to.
async fn segments_of(record: &Record) -> Result<Segments, Failure> {
    segments_at(record, &record.place().await?).await
}

/// The same as it was at a place.
pub(super) async fn segments_at(record: &Record, place: &At) -> Result<Segments, Failure> {
    let checkpoint = record.attest(place)?.to_string();
    let roots: Vec<String> = record.segment_roots(place.sequence).await?.iter().map(|root| hex(root)).collect();
    let rest = record.leaves(roots.len() as u64 * ENTRIES + 1, place.sequence).await?;
    Ok(Segments { checkpoint, roots, rest: rest.iter().map(|leaf| hex(leaf)).collect() })
}

/// The leaves of a segment, one after the other: with them a part of it can be checked by itself.
async fn leaves((State(host), Extension(caller)): Of, Path((code, number)): Path<(String, u64)>) -> Answer<Vec<u8>> {
    let (_, record, _) = open(&host, &code, caller).await?;
    let first = number.saturating_mul(ENTRIES).saturating_add(1);
    Ok(record.leaves(first, first.saturating_add(ENTRIES - 1)).await?.concat())
}

/// A segment from the first entry that is not known, as far as one answer goes.
async fn part_of_segment(
    (State(host), Extension(caller)): Of,
    Path((code, number, known)): Path<(String, u64, u64)>,
) -> Answer<Vec<u8>> {
    let (of, record, permit) = open(&host, &code, caller).await?;
    let before = number.saturating_mul(ENTRIES);
    // Who asks has everything before, or is about to have it.
    of.lag.hear(before);
    let left = ENTRIES.checked_sub(known).filter(|left| *left > 0);
    let left = left.ok_or_else(|| Failure::refused("There is no such part of a segment."))?;
    let entries = record.decided(&permit, before.saturating_add(known + 1), usize::try_from(left).unwrap_or(1)).await?;
    Ok(segment::pack(&entries)?)
}

async fn wait((State(host), Extension(caller)): Of, Path((code, newest)): Path<(String, u64)>) -> Answer<Json<Place>> {
    let (of, record, _) = open(&host, &code, caller).await?;
    of.lag.hear(newest);
    let mut followed = record.follow();
    // Whether it came or not, the answer says where the record is.
    let _ = tokio::time::timeout(WAIT, followed.wait_for(|sequence| *sequence > newest)).await;
    Ok(Json(Place::of(&record.place().await?, host.now())))
}

async fn tail((State(host), Extension(caller)): Of, Path((code, from)): Path<(String, u64)>) -> Answer<Vec<u8>> {
    let (of, record, permit) = open(&host, &code, caller).await?;
    // Who asks has everything before.
    of.lag.hear(from.saturating_sub(1));
    Ok(segment::pack(&record.decided(&permit, from, TAIL).await?)?)
}

async fn desk((State(host), Extension(caller)): Of, Path((code, since)): Path<(String, u64)>) -> Answer<Json<Desk>> {
    let (_, record, permit) = open(&host, &code, caller).await?;
    let part = record.desk_since(&permit, since).await?;
    let rows = part.rows.into_iter().map(Into::into).collect();
    Ok(Json(Desk { rows, until: part.until, more: part.more }))
}

async fn desk_keys(
    (State(host), Extension(caller)): Of,
    Path(code): Path<String>,
) -> Answer<Json<Vec<(String, String)>>> {
    let (_, record, permit) = open(&host, &code, caller).await?;
    Ok(Json(pull::desk_keys(&record, &permit).await?))
}

async fn access((State(host), Extension(caller)): Of, Path(code): Path<String>) -> Answer<Json<Vec<AccessFile>>> {
    let (_, record, permit) = open(&host, &code, caller).await?;
    let files = record.access_files(&permit)?;
    let file = |file: record::apply::hand_over::AccessFile| AccessFile {
        host: file.host,
        name: file.name,
        length: file.length,
    };
    Ok(Json(files.into_iter().map(file).collect()))
}

async fn access_part(
    (State(host), Extension(caller)): Of,
    Path((code, of_host, name, from)): Path<(String, String, String, u64)>,
) -> Answer<Vec<u8>> {
    let (_, record, permit) = open(&host, &code, caller).await?;
    let host = (of_host != "-").then_some(of_host);
    let file = record::apply::hand_over::AccessFile { host, name, length: 0 };
    Ok(record.access_part(&permit, &file, from)?)
}

async fn access_held(
    (State(host), Extension(caller)): Of,
    Path(code): Path<String>,
    Json(asked): Json<AccessHeld>,
) -> Answer<Json<bool>> {
    let (_, record, permit) = open(&host, &code, caller).await?;
    let end = AccessEnd { bytes: asked.bytes, leaves: asked.leaves, last: unhex(&asked.last)? };
    let file = record::apply::hand_over::AccessFile { host: asked.host, name: asked.name, length: asked.bytes };
    Ok(Json(record.has_access(&permit, &file, end).await?))
}

async fn compare(
    (State(host), Extension(caller)): Of,
    Path(code): Path<String>,
    Json(questions): Json<Questions>,
) -> Answer<Response> {
    let (_, record, permit) = open(&host, &code, caller).await?;
    Ok(slowly(async move { rehearse::answers(&record, &permit, &questions).await }))
}

async fn rehearsed(
    (State(host), Extension(caller)): Of,
    Path(code): Path<String>,
    Json(rehearsal): Json<Rehearsal>,
) -> Answer<Json<()>> {
    let (of, record, _) = open(&host, &code, caller).await?;
    rehearse::hear(&of, &record, rehearsal).await?;
    Ok(Json(()))
}

async fn catch_up((State(host), Extension(caller)): Of, Path(code): Path<String>) -> Answer<Response> {
    let (of, record, _) = open(&host, &code, caller).await?;
    Ok(slowly(async move { cut::catch_up(&host, &of, &record).await }))
}

async fn sign(
    (State(host), Extension(caller)): Of,
    Path(code): Path<String>,
    Json(asked): Json<AskedToSign>,
) -> Answer<Json<Signed>> {
    let (of, record, _) = open(&host, &code, caller).await?;
    Ok(Json(cut::sign(&host, &of, &record, asked).await?))
}

async fn take_cut((State(host), Extension(caller)): Of, Path(code): Path<String>, body: Bytes) -> Answer<Json<Opened>> {
    let (of, record, _) = open(&host, &code, caller).await?;
    // Whoever does not wait for the answer tells it again; what has begun ends all the same.
    let taking = tokio::spawn(async move { cut::take(&host, &of, &record, &body).await });
    Ok(Json(taking.await.map_err(|error| Failure::problem("taking a cut", &error))??))
}

async fn refuse(
    (State(host), Extension(caller)): Of,
    Path(code): Path<String>,
    Json(asked): Json<AskedToRefuse>,
) -> Answer<Json<Refusal>> {
    let (of, _, _) = open(&host, &code, caller).await?;
    Ok(Json(give_back::refuse_asked(&of, asked).await?))
}

async fn counted(
    (State(host), Extension(caller)): Of,
    Path((code, sequence)): Path<(String, u64)>,
) -> Answer<Response> {
    let (of, record, _) = open(&host, &code, caller).await?;
    Ok(slowly(async move { counts::counts(&of, &record, sequence).await }))
}

async fn check((State(host), Extension(caller)): Of, Path((code, sequence)): Path<(String, u64)>) -> Answer<Response> {
    let (of, record, _) = open(&host, &code, caller).await?;
    Ok(slowly(async move { watch::told(&host, &of, &record, sequence).await }))
}

async fn certificate(
    (State(host), Extension(caller)): Of,
    Path(code): Path<String>,
    statement: String,
) -> Answer<Json<super::certificate::Signature>> {
    let (of, record, _) = open(&host, &code, caller).await?;
    Ok(Json(super::certificate::countersign(&of, &record, &statement).await?))
}

async fn certificate_here((State(host), Extension(caller)): Of, Path(code): Path<String>) -> Answer<Response> {
    let (of, _, _) = open(&host, &code, caller).await?;
    Ok(slowly(async move { super::certificate::own(&host, &of).await }))
}

async fn certified(
    (State(host), Extension(caller)): Of,
    Path(code): Path<String>,
    certificate: String,
) -> Answer<Json<()>> {
    let (of, record, _) = open(&host, &code, caller).await?;
    super::certificate::keep(&of, &record, certificate)?;
    Ok(Json(()))
}

async fn destroy((State(host), Extension(caller)): Of, Path(code): Path<String>) -> Answer<Response> {
    let of = find(&host, &code, caller)?;
    // Whoever asked may go away: it is carried to its end.
    let work = tokio::spawn(async move { complete::destroy(&host, &of).await });
    Ok(slowly(async move { work.await.map_err(|error| Failure::problem("destroying a copy", &error))? }))
}

async fn destroyed((State(host), Extension(caller)): Of, Path(code): Path<String>) -> Answer<Json<Option<String>>> {
    Ok(Json(find(&host, &code, caller)?.kept().destroyed))
}

#[cfg(test)]
#[path = "cheating.rs"]
mod cheating;
