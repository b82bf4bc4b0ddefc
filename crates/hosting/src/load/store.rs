//! From prepared resources to commits, and the account of what became of each.
//!
//! What the record refuses is tried once more at the end: it may refer to something that a later file brings.

use fhir_api::Owners;
use fhir_api::load::{Loaded, Loader, Prepared, commit};

use super::account::{Account, End, Place, Refusal};
use crate::failure::Failure;
use crate::host::Trust;

/// Resources of one commit.
const BATCH: usize = 1000;
/// Refused resources that are kept to be tried again.
const MOST_RETRIED: usize = 20_000;

/// A resource of the input, prepared or refused already.
pub(super) struct Item {
    pub(super) place: Place,
    pub(super) prepared: Result<Prepared, (Option<String>, fhir_api::Refusal)>,
}

/// Collects, commits and counts.
pub(super) struct Storing<'a> {
    trust: &'a Trust,
    owners: &'a Owners,
    pub(super) account: Account,
    waiting: Vec<(Place, Prepared)>,
    again: Vec<(Place, Prepared)>,
}

impl<'a> Storing<'a> {
    pub(super) fn new(trust: &'a Trust, owners: &'a Owners) -> Storing<'a> {
        Storing { trust, owners, account: Account::default(), waiting: Vec::new(), again: Vec::new() }
    }

    /// Takes a resource; commits when there are enough.
    pub(super) async fn take(&mut self, item: Item) -> Result<(), Failure> {
        match item.prepared {
            Ok(prepared) => self.waiting.push((item.place, prepared)),
            Err((kind, refusal)) => self.account.refuse(refused(item.place, kind, &refusal)),
        }
        if self.waiting.len() >= BATCH { self.commit_waiting(true).await } else { Ok(()) }
    }

    /// Commits everything that waits, then what was refused before.
    pub(super) async fn finish(&mut self) -> Result<(), Failure> {
        self.commit_waiting(true).await?;
        let mut again = std::mem::take(&mut self.again);
        while !again.is_empty() {
            self.waiting = again.split_off(again.len().saturating_sub(BATCH));
            self.commit_waiting(false).await?;
        }
        Ok(())
    }

    async fn commit_waiting(&mut self, is_first: bool) -> Result<(), Failure> {
        let (places, batch): (Vec<Place>, Vec<Prepared>) = std::mem::take(&mut self.waiting).into_iter().unzip();
        let Some(first) = places.first() else { return Ok(()) };
        let permit = self.trust.host_permit()?;
        let loader = Loader { record: &self.trust.record, permit: &permit, owners: self.owners };
        let ends = commit(&loader, &first.to_string(), batch.clone()).await?;
        for ((place, prepared), end) in places.into_iter().zip(batch).zip(ends) {
            match end {
                Loaded::Stored(_) => self.account.ended(&prepared.key.kind, End::Stored),
                Loaded::AlreadyThere => self.account.ended(&prepared.key.kind, End::AlreadyThere),
                Loaded::Refused(_) if is_first && self.again.len() < MOST_RETRIED => self.again.push((place, prepared)),
                Loaded::Refused(refusal) => {
                    self.account.refuse(refused(place, Some(prepared.key.kind), &refusal));
                }
            }
        }
        Ok(())
    }
}

/// All issues of a refusal in one line; they name places and rules, not values.
fn refused(place: Place, kind: Option<String>, refusal: &fhir_api::Refusal) -> Refusal {
    let each = refusal.issues.iter().map(|issue| match &issue.expression {
        Some(path) => format!("{path}: {}", issue.details),
        None => issue.details.clone(),
    });
    Refusal { place, kind, reason: each.take(5).collect::<Vec<_>>().join("; ") }
}
