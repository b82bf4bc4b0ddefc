//! A search through all patients of a trust for records that could be one person: what it finds is put to the patient
//! index as reviews, and what it learns about this trust's records is kept for registrations and changes to come.
//!
//! Whatever changes a single Patient is looked at with the change itself; this is for what came in bulk, and for learning.
//! What is read is shown to nobody. Nothing merges.

use std::num::NonZero;

use administration::matching::Step;
use administration::merging::{AskAboutPairs, Everybody, Searched};
use administration::{Command, carry_out};
use fhir::{Document, Limits};
use record::{Cause, CauseKind, Select};
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::failure::Failure;
use crate::host::Trust;
use crate::work::{Listener, Progress};

/// Patients that are read at once.
const READ_TOGETHER: usize = 1000;
/// Pairs of one commit, and pairs that one search puts to people.
const ASKED_TOGETHER: usize = 500;
const MOST_ASKED: usize = 20_000;

/// What a search for duplicates came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicates {
    /// Patients that were compared.
    pub people: u64,
    /// Pairs that shared a key and were compared, once for each key.
    pub compared: u64,
    /// Pairs that are nearly certain.
    pub merge: u64,
    /// Pairs that somebody has to look at.
    pub review: u64,
    /// Reviews that are new; the others were asked about before.
    pub opened: u64,
    /// Pairs that were left out because one search asks about 20,000 at most; the least likely ones.
    pub left: u64,
    /// So many records are alike that not all pairs were compared.
    pub is_cut: bool,
    /// How long it took.
    pub milliseconds: u64,
}

/// Searches, asks, and keeps what was learnt.
pub(crate) async fn find(
    trust: &Trust,
    threads: Option<NonZero<usize>>,
    listener: Listener<'_>,
) -> Result<Duplicates, Failure> {
    let elapsed = clock::stopwatch();
    let everybody = read(trust, listener).await?;
    let people = everybody.count() as u64;
    let threads = threads.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZero::<usize>::MIN);
    let hear = |step: Step| {
        let Step { doing, done, total, pairs } = step;
        listener(Progress { doing: doing.to_owned(), done: done as u64, total: Some(total as u64), items: pairs });
    };
    // All processors work for a while; whoever waits for this one is served by the others.
    let found = tokio::task::block_in_place(|| everybody.search(threads, &hear));
    let opened = ask(trust, &found, listener).await?;
    let all = found.pairs.len();
    Ok(Duplicates {
        people,
        compared: found.looked_at,
        merge: found.merge as u64,
        review: (all - found.merge) as u64,
        opened,
        left: all.saturating_sub(MOST_ASKED) as u64,
        is_cut: found.is_cut,
        milliseconds: elapsed(),
    })
}

/// Everybody of the trust, as of one sequence.
async fn read(trust: &Trust, listener: Listener<'_>) -> Result<Everybody, Failure> {
    let permit = trust.host_permit()?;
    let mut everybody = Everybody::default();
    let mut select = Select::of("Patient").limit(READ_TOGETHER);
    let (mut sequence, mut total) = (None, None);
    loop {
        let query = "search for duplicates";
        let reading = match sequence {
            None => trust.record.read(&permit, query).await?,
            Some(sequence) => trust.record.read_at(&permit, query, sequence).await?,
        };
        sequence = Some(reading.sequence());
        if total.is_none() {
            total = Some(reading.total(&Select::of("Patient")).await?);
        }
        let page = reading.select(&select).await;
        reading.hand_on();
        let page = page?;
        for version in &page.versions {
            if let Ok(patient) = Document::parse(&version.text, &Limits::default()) {
                everybody.add(patient.root());
            }
        }
        let done = everybody.count() as u64;
        listener(Progress { doing: "Reading".into(), done, total, items: done });
        select.after = page.next;
        if select.after.is_none() {
            return Ok(everybody);
        }
    }
}

/// Puts the pairs to the patient index, the likeliest first; how many of them are new.
async fn ask(trust: &Trust, found: &Searched, listener: Listener<'_>) -> Result<u64, Failure> {
    let pairs = &found.pairs[..found.pairs.len().min(MOST_ASKED)];
    let mut weights = found.weights.clone();
    let (mut done, mut opened) = (0, 0);
    for pairs in pairs.chunks(ASKED_TOGETHER).chain(pairs.is_empty().then_some(pairs)) {
        let command = Command::AskAboutPairs(AskAboutPairs { pairs: pairs.to_vec(), weights: weights.take() });
        let cause = Cause { kind: CauseKind::System, reference: "search for duplicates".into() };
        let receipt = carry_out(&trust.record, &trust.host_permit()?, &command, (cause, None), (trust.clock)()).await;
        let receipt = receipt.map_err(crate::configure::failure)?;
        opened += receipt.written.iter().filter(|written| written.key.kind == "Task").count() as u64;
        done += pairs.len() as u64;
        let total = Some(found.pairs.len().min(MOST_ASKED) as u64);
        listener(Progress { doing: "Asking".into(), done, total, items: opened });
    }
    Ok(opened)
}
