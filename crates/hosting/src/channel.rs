//! The owner's channel: another process writes its [`Work`] as one line of JSON and reads lines of progress, then the
//! outcome or the failure. Who can open the socket is the owner's user; nothing of this is reachable by network.
//!
//! A process that goes away takes its work back: the owner stops at the next step, what was committed stays.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

use crate::carry_out::carry_out;
use crate::failure::Failure;
use crate::host::Host;
use crate::work::{Listener, Outcome, Progress, Work};

/// The longest work that is read, in bytes: a thousand long paths.
const LONGEST_WORK: u64 = 8 << 20;
/// The longest answer that is read: an account with ten thousand refusals.
const LONGEST_ANSWER: u64 = 64 << 20;
/// Progress that is not yet written; more is dropped, the next one says more.
const PROGRESS_QUEUE: usize = 16;

/// One line from the owner.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    Progress(Progress),
    Outcome(Box<Outcome>),
    Failure(Failure),
}

/// Hands work to the owner at the other end and waits for what comes of it.
pub(crate) async fn hand_over(stream: UnixStream, work: &Work, listener: Listener<'_>) -> Result<Outcome, Failure> {
    let problem = |error: &std::io::Error| Failure::problem("handing the work to the process that serves", error);
    let (read, mut write) = stream.into_split();
    let text = serde_json::to_string(work).map_err(|error| Failure::problem("writing the work as JSON", &error))?;
    write.write_all(format!("{text}\n").as_bytes()).await.map_err(|error| problem(&error))?;
    let mut read = BufReader::new(read);
    loop {
        let line = read_line(&mut read, LONGEST_ANSWER).await.map_err(|error| problem(&error))?;
        let Some(line) = line else {
            return Err(Failure::Problem("The process that serves has stopped before the work was done.".into()));
        };
        match serde_json::from_str(&line) {
            Ok(Line::Progress(progress)) => listener(progress),
            Ok(Line::Outcome(outcome)) => return Ok(*outcome),
            Ok(Line::Failure(failure)) => return Err(failure),
            Err(error) => return Err(Failure::problem("reading what the process that serves says", &error)),
        }
    }
}

/// Takes work from other processes until the task is dropped.
pub(crate) async fn serve(listener: UnixListener, host: Arc<Host>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let host = Arc::clone(&host);
                tokio::spawn(async move {
                    if let Err(error) = answer(stream, &host).await {
                        tracing::debug!(%error, "a process left before its work was done");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the owner's channel could not take a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn answer(stream: UnixStream, host: &Arc<Host>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let Some(line) = read_line(&mut read, LONGEST_WORK).await? else { return Ok(()) };
    let work = match serde_json::from_str::<Work>(&line) {
        Ok(work) => work,
        Err(error) => {
            let sentence = format!("The process that serves does not understand this command ({error}).");
            return write_line(&mut write, &Line::Failure(Failure::Refused(sentence))).await;
        }
    };
    let (heard, mut progress) = mpsc::channel(PROGRESS_QUEUE);
    let listener = move |step| drop(heard.try_send(step));
    let mut carried = std::pin::pin!(carry_out(host, work, &listener));
    let mut gone = std::pin::pin!(has_gone(&mut read));
    loop {
        tokio::select! {
            ended = &mut carried => {
                let last = ended.map_or_else(Line::Failure, |outcome| Line::Outcome(Box::new(outcome)));
                return write_line(&mut write, &last).await;
            }
            Some(step) = progress.recv() => write_line(&mut write, &Line::Progress(step)).await?,
            () = &mut gone => return Ok(()),
        }
    }
}

/// Returns when the other end has closed: it writes nothing after its work.
async fn has_gone(read: &mut BufReader<tokio::net::unix::OwnedReadHalf>) {
    let mut byte = [0];
    while let Ok(1..) = read.read(&mut byte).await {}
}

async fn write_line(write: &mut OwnedWriteHalf, line: &Line) -> std::io::Result<()> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    write.write_all(text.as_bytes()).await
}

async fn read_line<R: AsyncRead + Unpin>(read: &mut BufReader<R>, longest: u64) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    let length = read.take(longest).read_line(&mut line).await?;
    if length == 0 {
        return Ok(None);
    }
    if !line.ends_with('\n') {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "a line without an end"));
    }
    Ok(Some(line))
}
