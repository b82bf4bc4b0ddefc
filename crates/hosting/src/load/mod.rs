//! `load`: FHIR files into a record, with an account for every resource.
//!
//! Three stages run at once: a thread reads files (`source`), workers take texts apart and validate them
//! (`fhir_api::load`), this task commits what is ready in the order of the files (`store`). Queues between them are
//! short, so memory does not grow with the input.

pub(crate) mod account;
mod source;
mod store;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use fhir_api::Owners;
use fhir_api::load::Unusable;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::failure::Failure;
use crate::host::Trust;
use crate::work::{Listener, Progress};
use account::{Account, PassedOver, Place, Refusal};
use source::{Found, Reader};
use store::{Item, Storing};

/// Chunks that are being prepared or wait to be stored.
const AHEAD: usize = 8;
/// Bytes of the texts of one chunk, unless a single one is larger.
const CHUNK_BYTES: usize = 512 << 10;

/// What the reading thread sends, in the order of the files.
enum Step {
    File,
    PassedOver(PassedOver),
    Refused(Refusal),
    Chunk(JoinHandle<Vec<Item>>),
}

/// A file to be read: where, how many bytes, whether the person named it.
type Listed = (PathBuf, u64, bool);

/// Loads everything that the paths name. With `as_newest` a text that the record holds as an older version is written
/// again.
///
/// # Errors
/// Paths that cannot be found. What goes wrong later is in the account.
pub(crate) async fn load(
    trust: Arc<Trust>,
    owners: Owners,
    paths: Vec<PathBuf>,
    as_newest: bool,
    listener: Listener<'_>,
) -> Result<Account, Failure> {
    let elapsed = crate::clock::stopwatch();
    let files = tokio::task::spawn_blocking(move || source::files(&paths)).await;
    let files = files.map_err(|error| Failure::problem("listing the files", &error))?.map_err(Failure::Refused)?;
    let since = if as_newest { 0 } else { trust.record.status().await?.sequence };
    let mut storing = Storing::new(trust, owners, since);
    let ended = read(files, &mut storing, listener).await;
    storing.settle().await;
    let mut account = storing.account;
    account.milliseconds = elapsed();
    account.stopped = ended.err().map(|failure| failure.to_string());
    if !account.agrees() {
        return Err(Failure::Problem("The sums of the account do not agree: this is a fault of ours.".into()));
    }
    Ok(account)
}

async fn read(files: Vec<Listed>, storing: &mut Storing, listener: Listener<'_>) -> Result<(), Failure> {
    let total = files.iter().map(|(_, bytes, _)| bytes).sum();
    let bytes = Arc::new(AtomicU64::new(0));
    let mut steps = start_reading(files, Arc::clone(&bytes));
    while let Some(step) = steps.recv().await {
        match step {
            Step::File => storing.account.files += 1,
            Step::PassedOver(file) => storing.account.pass_over(file),
            Step::Refused(refusal) => storing.account.refuse(refusal),
            Step::Chunk(chunk) => {
                for item in chunk.await.map_err(|error| Failure::problem("preparing resources", &error))? {
                    storing.take(item).await?;
                }
            }
        }
        let done = bytes.load(Ordering::Relaxed);
        listener(Progress { doing: "Loading".into(), done, total: Some(total), items: storing.account.read });
    }
    storing.finish().await
}

/// Starts the reading thread. It ends when everything is read or nobody takes what it reads any more.
fn start_reading(files: Vec<Listed>, bytes: Arc<AtomicU64>) -> mpsc::Receiver<Step> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        let mut chunk = Chunk { texts: Vec::new(), bytes: 0, sender };
        let mut hear = |found: Found| match found {
            Found::Text(place, text) => chunk.add(place, text),
            Found::File => chunk.send(Step::File),
            Found::PassedOver(file, reason) => {
                chunk.send(Step::PassedOver(PassedOver { file, reason: reason.to_owned() }))
            }
            Found::Unreadable(place, reason) => chunk.send(Step::Refused(Refusal { place, kind: None, reason })),
        };
        let mut reader = Reader { bytes, hear: &mut hear };
        let read = files.iter().try_for_each(|(path, _, is_named)| reader.read_file(path, *is_named));
        if read.is_continue() {
            let _ = chunk.flush();
        }
    });
    receiver
}

/// Texts on their way to a worker.
struct Chunk {
    texts: Vec<(Place, Bytes)>,
    bytes: usize,
    sender: mpsc::Sender<Step>,
}

impl Chunk {
    fn add(&mut self, place: Place, text: Vec<u8>) -> ControlFlow<()> {
        self.bytes += text.len();
        self.texts.push((place, text.into()));
        if self.bytes >= CHUNK_BYTES { self.flush() } else { ControlFlow::Continue(()) }
    }

    /// Gives the texts to a worker and its result, to come, to the storing task.
    fn flush(&mut self) -> ControlFlow<()> {
        let texts = std::mem::take(&mut self.texts);
        self.bytes = 0;
        let work = move || texts.iter().flat_map(|(place, text)| prepare(place, text)).collect();
        self.send(Step::Chunk(tokio::task::spawn_blocking(work)))
    }

    fn send(&self, step: Step) -> ControlFlow<()> {
        match self.sender.blocking_send(step) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}

/// Takes a text apart and validates what is in it.
fn prepare(place: &Place, text: &Bytes) -> Vec<Item> {
    let text = if text.starts_with(b"\xef\xbb\xbf") { text.slice(3..) } else { text.clone() };
    let split = match fhir_api::load::split(&text) {
        Ok(split) => split,
        Err(refusal) => return vec![Item { place: place.clone(), prepared: Err((None, refusal)) }],
    };
    let inside = |path: String| Place { inside: (!path.is_empty()).then_some(path), ..place.clone() };
    let item = |found: Result<fhir_api::load::Item, Unusable>| match found {
        Err(Unusable { place, refusal }) => Item { place: inside(place), prepared: Err((None, refusal)) },
        Ok(item) => {
            let prepared = fhir_api::load::prepare(&item);
            let prepared = prepared.map_err(|refusal| (Some(item.key.kind.clone()), refusal));
            Item { place: inside(item.place), prepared }
        }
    };
    split.into_iter().map(item).collect()
}
