//! The other host of a move, as a client calls it: connections over the wire of `tls.rs` that stay open, requests with a
//! bound on what an answer may hold. Knows what an answer's status means and nothing of what is asked.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::IntoResponse as _;
use bytes::{Bytes, BytesMut};
use http::{HeaderName, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use super::ticket::NO_LINE;
use crate::failure::Failure;

/// How long connecting may take.
const CONNECTING: Duration = Duration::from_secs(5);
/// How long an answer may take to begin, and then each part of it.
const ANSWERING: Duration = Duration::from_secs(60);
/// How often somebody who works on an answer says that it is to come.
const BEAT: Duration = Duration::from_secs(5);
/// Most bytes of an answer that is read whole.
const MOST_BYTES: usize = 1 << 30;
/// Connections that are kept open.
const MOST_IDLE: usize = 64;

/// What is sent without a body.
pub(crate) const NOTHING: Option<&()> = None;

/// The other host.
pub(crate) struct Peer {
    address: String,
    config: Arc<ClientConfig>,
    idle: Arc<Idle>,
}

type Idle = Mutex<Vec<SendRequest<Body>>>;

impl Peer {
    pub(crate) fn new(address: String, config: Arc<ClientConfig>) -> Peer {
        Peer { address, config, idle: Arc::default() }
    }

    /// Asks for something and reads the whole answer.
    ///
    /// # Errors
    /// [`Failure::Refused`] with the other host's sentence when it refuses, [`Failure::Problem`] when it cannot be
    /// reached or fails.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Body) -> Result<Bytes, Failure> {
        let request = Request::builder().method(method).uri(path).header(header::HOST, "almoner");
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let request = request.body(body).map_err(|error| Failure::problem("making a request", &error))?;
        let (status, bytes) = self.answer(request).await?;
        match status {
            StatusCode::OK => Ok(bytes),
            status if status.is_client_error() => {
                Err(Failure::Refused(format!("The other host refuses: {}", String::from_utf8_lossy(&bytes).trim())))
            }
            status => Err(Failure::Problem(format!(
                "The other host failed ({status}): {}",
                String::from_utf8_lossy(&bytes).trim()
            ))),
        }
    }

    /// The status and the whole body of an answer.
    ///
    /// # Errors
    /// [`Failure::Problem`] when it cannot be reached or does not answer in time.
    pub(crate) async fn answer(&self, request: Request<Body>) -> Result<(StatusCode, Bytes), Failure> {
        let late = |_| {
            // A connection on which nothing comes is not used again.
            self.forget_connections();
            lost("it did not answer in time")
        };
        let response = tokio::time::timeout(ANSWERING, self.send(request)).await.map_err(late)??;
        let status = response.status();
        let (mut body, mut bytes) = (Limited::new(response.into_body(), MOST_BYTES), BytesMut::new());
        while let Some(frame) = tokio::time::timeout(ANSWERING, body.frame()).await.map_err(late)? {
            let frame = frame.map_err(|error| lost(format!("reading its answer: {error}")))?;
            bytes.extend(frame.into_data().ok());
        }
        Ok((status, bytes.freeze()))
    }

    /// Asks for what takes long to work out, and is told meanwhile that it is to come (see [`slowly`]).
    pub(crate) async fn call_slow<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Failure> {
        let answered: Result<T, String> = self.call(method, path, body).await?;
        answered.map_err(|why| Failure::Refused(format!("The other host refuses: {why}")))
    }

    /// The same with JSON both ways.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Failure> {
        let body = match body {
            Some(body) => serde_json::to_vec(body).map_err(|error| Failure::problem("writing JSON", &error))?.into(),
            None => Body::empty(),
        };
        let bytes = self.ask(method, path, body).await?;
        serde_json::from_slice(&bytes).map_err(|error| Failure::problem("reading what the other host says", &error))
    }

    /// Sends a request as it is and gives the answer as it comes.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, Failure> {
        loop {
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let is_new = kept.is_none();
            let mut sender = match kept {
                Some(sender) => sender,
                None => self.connect().await?,
            };
            if sender.ready().await.is_err() {
                continue;
            }
            match sender.try_send_request(request).await {
                Ok(response) => {
                    let (parts, body) = response.into_parts();
                    let body = Reading { body, sender: Some(sender), idle: Arc::clone(&self.idle) };
                    return Ok(Response::from_parts(parts, Body::new(body)));
                }
                // The other side had closed a connection that was kept: nothing of the request was sent.
                Err(mut failed) => match failed.take_message().filter(|_| !is_new) {
                    Some(unsent) => request = unsent,
                    None => return Err(lost(failed.into_error().to_string())),
                },
            }
        }
    }

    /// Closes the connections that are kept open.
    pub(crate) fn forget_connections(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether it can be reached; a connection that had to be made is kept.
    pub(crate) async fn is_reached(&self) -> bool {
        let kept = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept().is_empty() {
            return true;
        }
        match self.connect().await {
            Ok(sender) => {
                kept().push(sender);
                true
            }
            Err(_) => false,
        }
    }

    async fn connect(&self) -> Result<SendRequest<Body>, Failure> {
        if self.address == NO_LINE {
            return Err(Failure::refused(
                "There is no line between these two hosts: what they say to each other is carried (`move pack`).",
            ));
        }
        let connecting = async {
            let stream = TcpStream::connect(&self.address).await?;
            stream.set_nodelay(true)?;
            let name = ServerName::try_from("almoner.invalid").map_err(std::io::Error::other)?;
            let stream = TlsConnector::from(Arc::clone(&self.config)).connect(name, stream).await?;
            handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)
        };
        let connected = tokio::time::timeout(CONNECTING, connecting).await;
        let connected = connected.map_err(|_| lost(format!("{} does not answer", self.address)))?;
        let (sender, connection) = connected.map_err(|error| lost(format!("{}: {error}", self.address)))?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

/// Answers with JSON once it is worked out, and keeps the line until then with blanks before it. The work is a task of its
/// own, which may keep a thread busy, and ends when nobody waits for it any more.
pub(crate) fn slowly<T: Serialize + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> axum::response::Response {
    let mut task = JoinSet::new();
    task.spawn(async move { serde_json::to_vec(&work.await.map_err(|failure| failure.to_string())) });
    let parts = futures_util::stream::unfold(Some(task), |task| async {
        let mut task = task?;
        match tokio::time::timeout(BEAT, task.join_next()).await {
            Ok(done) => Some((done?.unwrap_or_else(|panic| Err(serde_json::Error::io(panic.into()))), None)),
            Err(_) => Some((Ok(b"\n".to_vec()), Some(task))),
        }
    });
    ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(parts)).into_response()
}

fn lost(why: impl std::fmt::Display) -> Failure {
    Failure::Problem(format!("The other host cannot be reached: {why}."))
}

/// Headers that belong to a connection and not to what is said over it (RFC 9110, section 7.6.1).
pub(crate) const OF_CONNECTION: [HeaderName; 7] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// An answer's body; its connection is kept once it is read to the end.
struct Reading {
    body: Incoming,
    sender: Option<SendRequest<Body>>,
    idle: Arc<Idle>,
}

impl hyper::body::Body for Reading {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Err(_))) => self.sender = None,
            Poll::Ready(None) => self.keep(),
            Poll::Ready(Some(Ok(_))) if self.body.is_end_stream() => self.keep(),
            _ => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Reading {
    fn keep(&mut self) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = self.sender.take().filter(|sender| !sender.is_closed() && idle.len() < MOST_IDLE) {
            idle.push(sender);
        }
    }
}
