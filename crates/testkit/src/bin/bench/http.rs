//! A client that loads a server from the same machine: connections that stay open, requests as fast as the answers come
//! (for rates) or at a fixed pace (for latency, counted from the moment a request was due, so that a server that falls
//! behind cannot hide it). Knows HTTP; what is asked is in `requests`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::requests::Work;

/// Where, and as whom.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: String,
    pub(crate) credential: Option<(HeaderName, HeaderValue)>,
}

/// One connection.
pub(crate) struct Client {
    target: Target,
    sender: SendRequest<Full<Bytes>>,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What a run came to.
pub(crate) struct Ran {
    pub(crate) per_second: f64,
    pub(crate) times: Vec<Duration>,
}

/// How a run is paced.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// The next request when the answer is there.
    AsFastAsPossible,
    /// So many requests a second over all clients.
    PerSecond(f64),
}

impl Target {
    pub(crate) fn with_token(address: &str, token: &str) -> Result<Target> {
        let value = HeaderValue::from_str(&format!("Bearer {token}"))?;
        Ok(Target { address: address.to_owned(), credential: Some((header::AUTHORIZATION, value)) })
    }

    pub(crate) async fn connect(&self) -> Result<Client> {
        let stream = TcpStream::connect(&self.address).await.context("connecting")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Client { target: self.clone(), sender })
    }
}

impl Client {
    pub(crate) async fn send(&mut self, method: Method, path: &str, kind: &str, body: Bytes) -> Result<Answer> {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, &self.target.address);
        if let Some((name, value)) = &self.target.credential {
            request = request.header(name, value);
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        self.sender.ready().await?;
        let answer = self.sender.send_request(request.body(Full::new(body))?).await?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    /// A reading that must succeed.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer> {
        let answer = self.send(Method::GET, path, "", Bytes::new()).await?;
        ensure!(answer.status.is_success(), "GET {path} answered {}", answer.status);
        Ok(answer)
    }
}

/// Many clients at once, each doing `work` with the numbers that it draws, for a time.
pub(crate) async fn run(target: &Target, clients: usize, pace: Pace, time: Duration, work: &Work) -> Result<Ran> {
    let drawn = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut tasks = Vec::with_capacity(clients);
    for number in 0..clients {
        let (mut client, mut worker, drawn) = (target.connect().await?, work.worker(number), drawn.clone());
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::new();
            while started.elapsed() < time {
                let number = drawn.fetch_add(1, Ordering::Relaxed);
                let due = match pace {
                    Pace::AsFastAsPossible => Instant::now(),
                    Pace::PerSecond(rate) => started + Duration::from_secs_f64(number as f64 / rate),
                };
                tokio::time::sleep_until(due.into()).await;
                worker.ask(&mut client, number).await?;
                times.push(due.elapsed());
            }
            anyhow::Ok(times)
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    times.sort_unstable();
    Ok(Ran { per_second: times.len() as f64 / started.elapsed().as_secs_f64(), times })
}

impl Ran {
    /// The time that this share (in hundredths) of the requests did not exceed.
    pub(crate) fn at(&self, share: usize) -> Duration {
        self.times.get((self.times.len().saturating_sub(1)) * share / 100).copied().unwrap_or_default()
    }
}
