//! From prepared resources to commits, and the account of what became of each.
//!
//! What the record refuses is tried once more at the end: it may refer to something that a later file brings.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use fhir_api::Owners;
use fhir_api::load::{Loaded, Loader, Prepared, commit};
use record::Key;
use tokio::task::JoinHandle;

use super::account::{Account, End, Place, Refusal};
use crate::failure::Failure;
use crate::host::Trust;

/// Resources of one commit.
const BATCH: usize = 4000;
/// Resources of one commit that stand in one transaction and depend on each other's conditions.
const LARGEST_BATCH: usize = 10_000;
/// Commits under way at once: while one is written the next are gathered and indexed.
const AT_ONCE: usize = 4;
/// Resources of one batch that may wait for the next because another text of theirs is under way.
const MOST_LEFT: usize = BATCH / 2;
/// Refused resources that are kept to be tried again.
const MOST_RETRIED: usize = 20_000;

/// A resource of the input, prepared or refused already.
pub(super) struct Item {
    pub(super) place: Place,
    pub(super) prepared: Result<Prepared, (Option<String>, fhir_api::Refusal)>,
}

/// Collects, commits and counts.
pub(super) struct Storing {
    trust: Arc<Trust>,
    owners: Owners,
    pub(super) account: Account,
    /// The record's sequence when the load began, or 0 to write what the record holds as an older version.
    since: u64,
    waiting: Vec<(Place, Prepared)>,
    /// Oldest first.
    under_way: VecDeque<UnderWay>,
    again: Vec<(Place, Prepared)>,
}

/// A commit whose end has not been counted yet.
struct UnderWay {
    items: Vec<(Place, Prepared)>,
    keys: HashSet<Key>,
    /// What some of it means is decided by what came before.
    asks: bool,
    is_first: bool,
    ends: JoinHandle<Result<Vec<Loaded>, Failure>>,
}

impl Storing {
    pub(super) fn new(trust: Arc<Trust>, owners: Owners, since: u64) -> Storing {
        Storing {
            trust,
            owners,
            account: Account::default(),
            since,
            waiting: Vec::new(),
            under_way: VecDeque::new(),
            again: Vec::new(),
        }
    }

    /// Takes a resource; commits those before it when there are enough.
    pub(super) async fn take(&mut self, item: Item) -> Result<(), Failure> {
        match item.prepared {
            Ok(prepared) => {
                if self.is_full(&prepared) {
                    self.commit_waiting(true).await?;
                }
                self.waiting.push((item.place, prepared));
            }
            Err((kind, refusal)) => self.account.refuse(refused(item.place, kind, &refusal)),
        }
        Ok(())
    }

    /// Whether what waits is committed before `next` comes.
    fn is_full(&self, next: &Prepared) -> bool {
        let continues = self.waiting.last().is_some_and(|(_, last)| next.belongs_with(last));
        self.waiting.len() >= if continues { LARGEST_BATCH } else { BATCH }
    }

    /// Commits everything that waits, then what was refused before.
    pub(super) async fn finish(&mut self) -> Result<(), Failure> {
        self.commit_all(true).await?;
        let mut again = std::mem::take(&mut self.again);
        while !again.is_empty() {
            self.waiting = again.split_off(again.len().saturating_sub(BATCH));
            self.commit_all(false).await?;
        }
        Ok(())
    }

    /// Commits everything that waits and counts what is under way.
    async fn commit_all(&mut self, is_first: bool) -> Result<(), Failure> {
        while !self.waiting.is_empty() {
            self.commit_waiting(is_first).await?;
            if !self.waiting.is_empty() {
                self.count_down_to(0).await?;
            }
        }
        self.count_down_to(0).await
    }

    /// Counts what is still under way when the load ends early: what was stored is stored, whatever came after it.
    pub(super) async fn settle(&mut self) {
        while !self.under_way.is_empty() {
            if let Err(failure) = self.count_oldest().await {
                tracing::warn!(%failure, "a commit of a load that ends failed too");
            }
        }
    }

    /// Starts the commit of everything that waits, but for another text of what is under way: the texts of one resource
    /// become versions in the order of the files.
    async fn commit_waiting(&mut self, is_first: bool) -> Result<(), Failure> {
        let asks = self.waiting.iter().any(|(_, prepared)| prepared.asks());
        let alone = asks || self.under_way.iter().any(|other| other.asks);
        self.count_down_to(if alone { 0 } else { AT_ONCE - 1 }).await?;
        if self.waiting.iter().filter(|(_, prepared)| self.is_under_way(&prepared.key)).count() > MOST_LEFT {
            self.count_down_to(0).await?;
        }
        let (left, items): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|(_, prepared)| self.is_under_way(&prepared.key));
        self.waiting = left;
        let Some((place, _)) = items.first() else { return Ok(()) };
        let cause = place.to_string();
        let keys: HashSet<Key> = items.iter().map(|(_, prepared)| prepared.key.clone()).collect();
        let batch: Vec<Prepared> = items.iter().map(|(_, prepared)| prepared.clone()).collect();
        let ends = tokio::spawn(store(Arc::clone(&self.trust), self.owners.clone(), self.since, cause, batch));
        self.under_way.push_back(UnderWay { items, keys, asks, is_first, ends });
        Ok(())
    }

    fn is_under_way(&self, key: &Key) -> bool {
        self.under_way.iter().any(|other| other.keys.contains(key))
    }

    /// Counts the oldest commits until at most so many are under way.
    async fn count_down_to(&mut self, most: usize) -> Result<(), Failure> {
        while self.under_way.len() > most {
            self.count_oldest().await?;
        }
        Ok(())
    }

    async fn count_oldest(&mut self) -> Result<(), Failure> {
        let Some(UnderWay { items, is_first, ends, .. }) = self.under_way.pop_front() else { return Ok(()) };
        let ends = ends.await.map_err(|error| Failure::problem("storing resources", &error))??;
        for ((place, prepared), end) in items.into_iter().zip(ends) {
            match end {
                Loaded::Stored(_) => self.account.ended(&prepared.key.kind, End::Stored),
                Loaded::AlreadyThere => self.account.ended(&prepared.key.kind, End::AlreadyThere),
                Loaded::Overtaken(_) => self.account.ended(&prepared.key.kind, End::Overtaken),
                Loaded::Refused(_) if is_first && self.again.len() < MOST_RETRIED => self.again.push((place, prepared)),
                Loaded::Refused(refusal) => {
                    self.account.refuse(refused(place, Some(prepared.key.kind), &refusal));
                }
            }
        }
        Ok(())
    }
}

async fn store(
    trust: Arc<Trust>,
    owners: Owners,
    since: u64,
    cause: String,
    batch: Vec<Prepared>,
) -> Result<Vec<Loaded>, Failure> {
    let permit = trust.host_permit()?;
    let loader = Loader { record: &trust.record, permit: &permit, owners: &owners, since };
    Ok(commit(&loader, &cause, batch).await?)
}

/// All issues of a refusal in one line; they name places and rules, not values.
fn refused(place: Place, kind: Option<String>, refusal: &fhir_api::Refusal) -> Refusal {
    let each = refusal.issues.iter().map(|issue| match &issue.expression {
        Some(path) => format!("{path}: {}", issue.details),
        None => issue.details.clone(),
    });
    Refusal { place, kind, reason: each.take(5).collect::<Vec<_>>().join("; ") }
}
