//! Boards that are watched: streams of server-sent events that stay open, each read as it comes. One of each ward says how
//! long after a form was sent the row of its bed came.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use http::{Request, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use testkit::http::Target;
use tokio::net::TcpStream;

/// What the streams see.
#[derive(Default)]
pub(crate) struct Watch {
    /// Beds whose change is awaited, and since when.
    awaited: Mutex<HashMap<String, Instant>>,
    delays: Mutex<Vec<Duration>>,
    /// Streams that are open, and events that came.
    pub(crate) open: AtomicUsize,
    pub(crate) events: AtomicUsize,
}

impl Watch {
    /// A form that changes a bed's row is being sent.
    pub(crate) fn sent(&self, bed: &str) {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner).insert(bed.to_owned(), Instant::now());
    }

    /// It was refused: nothing will come.
    pub(crate) fn refused(&self, bed: &str) {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner).remove(bed);
    }

    /// How long each took, shortest first, and how many never came.
    pub(crate) fn ended(&self) -> (Vec<Duration>, usize) {
        let mut delays = std::mem::take(&mut *self.delays.lock().unwrap_or_else(PoisonError::into_inner));
        delays.sort_unstable();
        let awaited = self.awaited.lock().unwrap_or_else(PoisonError::into_inner);
        let late = awaited.values().filter(|since| since.elapsed() > Duration::from_secs(5)).count();
        (delays, late)
    }

    /// An event with rows.
    fn came(&self, event: &str) {
        let mut awaited = self.awaited.lock().unwrap_or_else(PoisonError::into_inner);
        let here: Vec<String> =
            awaited.keys().filter(|bed| event.contains(&format!("id=\"bed-{bed}\""))).cloned().collect();
        for bed in here {
            if let Some(since) = awaited.remove(&bed) {
                self.delays.lock().unwrap_or_else(PoisonError::into_inner).push(since.elapsed());
            }
        }
    }
}

/// Watches a board until the connection ends; whether it is the one that measures.
pub(crate) async fn watch(target: Target, path: String, watch: Arc<Watch>, measures: bool) -> Result<()> {
    let stream = TcpStream::connect(&target.address).await.context("connecting")?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut request = Request::get(&path).header(header::HOST, &target.address);
    if let Some((name, value)) = &target.credential {
        request = request.header(name, value);
    }
    let answer = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
    ensure!(answer.status().is_success(), "{path} answered {}", answer.status());
    watch.open.fetch_add(1, Ordering::Relaxed);
    let (mut body, mut text) = (answer.into_body(), String::new());
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        text.push_str(&String::from_utf8_lossy(&data));
        while let Some(end) = text.find("\n\n") {
            let event: String = text.drain(..end + 2).collect();
            watch.events.fetch_add(1, Ordering::Relaxed);
            if measures && event.contains("event: rows") {
                watch.came(&event);
            }
        }
    }
    watch.open.fetch_sub(1, Ordering::Relaxed);
    Ok(())
}
