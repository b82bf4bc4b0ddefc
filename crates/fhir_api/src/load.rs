//! For the `load` command: files and lines into resources, resources into commits, with an account for each.
//!
//! [`split`] and [`prepare`] are pure and run on worker threads; [`commit`] puts many prepared resources into one
//! commit, and says of each whether it was stored, was there already, or was refused. A resource keeps the id it came
//! with and a text is known again after it was overtaken, so loading a file twice changes nothing. Knows nothing of
//! files.

mod settle;
mod split;

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::StatusCode;
use record::{Act, Cause, CauseKind, Draft, Key, Problem, Reading, Record, TransactError};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::accept::{Accepted, Candidate};
use crate::outcome::Refusal;
use crate::owners::Owners;
use crate::write::Write;
use settle::{Settled, Settling};
use split::Together;
pub use split::split;

/// One resource of a file.
#[derive(Debug, Clone)]
pub struct Item {
    /// Where it stands, such as `Bundle.entry[3]`; empty for the whole text.
    pub place: String,
    /// Which resource it will be, unless the record has one that its criteria find.
    pub key: Key,
    text: Bytes,
    /// What is asked for, when that depends on the record.
    write: Option<Arc<Write>>,
    together: Arc<Together>,
}

/// An entry of a file that holds no resource that could be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// Where it stands.
    pub place: String,
    /// Why.
    pub refusal: Refusal,
}

/// A resource that is ready, or ready but for references that must be looked up in the record. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Which resource it is, unless the record has one that its criteria find.
    pub key: Key,
    write: Option<Arc<Write>>,
    together: Arc<Together>,
    state: Arc<State>,
}

#[derive(Debug)]
enum State {
    Ready(Accepted),
    /// With the links whose meaning the record decides.
    Waiting(Item, Vec<String>),
}

/// What became of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loaded {
    /// It was written as this version.
    Stored(u64),
    /// It stands there already, byte for byte, or its criteria find what stands there.
    AlreadyThere,
    /// It was there as this version before the load began, and a later change has overtaken it.
    Overtaken(u64),
    /// It was not written.
    Refused(Refusal),
}

/// Parses, validates and puts id and references in place.
///
/// # Errors
/// What [`Candidate::parse`] refuses.
pub fn prepare(item: &Item) -> Result<Prepared, Refusal> {
    let candidate = Candidate::validated(&item.text, None)?;
    let Item { key, write, together, .. } = item.clone();
    let mut links = candidate.conditional_references();
    links.retain(|link| together.references.resolve(link).is_none());
    if !together.conditional.is_empty() {
        links.extend(candidate.links_among(|link| together.conditional.contains_key(link)));
    }
    let is_known = links.is_empty() && write.as_ref().is_none_or(|write| write.criteria.is_none());
    let state = if is_known {
        candidate.check()?;
        State::Ready(candidate.accept(&key.id, &together.references))
    } else {
        State::Waiting(item.clone(), links)
    };
    Ok(Prepared { key, write, together, state: Arc::new(state) })
}

impl Prepared {
    /// Whether this resource and another stand in one transaction of which some entries depend on the record: they
    /// are best committed together.
    pub fn belongs_with(&self, other: &Prepared) -> bool {
        let together = &self.together;
        together.is_transaction && !together.conditional.is_empty() && Arc::ptr_eq(together, &other.together)
    }

    /// Whether what earlier entries bring decides what this one means.
    pub fn asks(&self) -> bool {
        let conditional = |link: &String| self.together.conditional.contains_key(link);
        self.write.as_ref().is_some_and(|write| write.criteria.is_some())
            || matches!(self.state.as_ref(), State::Waiting(_, links) if links.iter().any(conditional))
    }
}

/// What a load needs to write.
pub struct Loader<'l> {
    /// Where to.
    pub record: &'l Record,
    /// Under which permit.
    pub permit: &'l access::Permit,
    /// The owners that every change passes.
    pub owners: &'l Owners,
    /// The record's sequence when the load began. A text that was overtaken before is known again; one that the load
    /// itself overtook is written anew, so that the last text of the files is the newest. With 0 every text that is not
    /// the newest is written.
    pub since: u64,
}

/// Writes prepared resources, in as few commits as possible, and says of each what became of it. `cause` names the
/// batch in the journal, without patient data.
///
/// # Errors
/// When the record could not do it; what was committed before stays, and a repeat finds it already there.
pub async fn commit(loader: &Loader<'_>, cause: &str, batch: Vec<Prepared>) -> Result<Vec<Loaded>, Problem> {
    let mut outcomes: Vec<Option<Loaded>> = vec![None; batch.len()];
    while outcomes.iter().any(Option::is_none) {
        let mut round = next_round(&batch, &outcomes);
        // When an owner refuses the whole, halves find out whom it meant.
        while !round.is_empty() {
            let items: Arc<[Prepared]> = round.iter().map(|at| batch[*at].clone()).collect();
            match commit_together(loader, cause, items).await {
                Ok(loaded) => {
                    for (at, loaded) in round.drain(..).zip(loaded) {
                        outcomes[at] = Some(loaded);
                    }
                }
                Err(TransactError::Problem(problem @ (Problem::NotPermitted { .. } | Problem::TooCostly))) => {
                    refuse_or_halve(&mut round, &mut outcomes, problem.into());
                }
                Err(TransactError::Problem(problem)) => return Err(problem),
                Err(other) => refuse_or_halve(&mut round, &mut outcomes, other.into()),
            }
        }
    }
    Ok(outcomes.into_iter().flatten().collect())
}

/// What can be decided on one reading. A commit changes a resource at most once: a second text for the same resource
/// waits for the next round. What asks the record comes after everything before it, its own transaction apart.
fn next_round(batch: &[Prepared], outcomes: &[Option<Loaded>]) -> Vec<usize> {
    let mut keys = FxHashSet::default();
    let mut round: Vec<usize> = Vec::new();
    let mut asks = false;
    for at in (0..batch.len()).filter(|at| outcomes[*at].is_none()) {
        let one = &batch[at];
        asks |= one.asks();
        if asks && round.first().is_some_and(|first| !one.belongs_with(&batch[*first])) {
            break;
        }
        if keys.insert(&one.key) {
            round.push(at);
        }
    }
    round
}

fn refuse_or_halve(round: &mut Vec<usize>, outcomes: &mut [Option<Loaded>], refusal: Refusal) {
    match round.as_slice() {
        [one] => {
            outcomes[*one] = Some(Loaded::Refused(refusal));
            round.clear();
        }
        several => round.truncate(several.len().div_ceil(2)),
    }
}

async fn commit_together(
    loader: &Loader<'_>,
    cause: &str,
    items: Arc<[Prepared]>,
) -> Result<Vec<Loaded>, TransactError<Refusal>> {
    let act = Act {
        command: "load".to_owned(),
        cause: Cause { kind: CauseKind::Batch, reference: cause.to_owned() },
        idempotency: None,
    };
    let decided: Arc<Mutex<Vec<Result<Key, Loaded>>>> = Arc::default();
    let deciding = |reading: Arc<Reading>| {
        let (owners, items, decided) = (loader.owners.clone(), items.clone(), decided.clone());
        async move {
            let (draft, outcomes) = decide(&reading, loader.since, &items).await;
            let draft = owners.plan(&reading, draft).await.map_err(TransactError::Refused)?;
            *decided.lock().unwrap_or_else(PoisonError::into_inner) = outcomes;
            Ok(draft)
        }
    };
    let receipt = loader.record.transact(loader.permit, act, deciding).await?;
    let outcomes = std::mem::take(&mut *decided.lock().unwrap_or_else(PoisonError::into_inner));
    let written: FxHashMap<&Key, u64> = receipt.written.iter().map(|written| (&written.key, written.version)).collect();
    let loaded = outcomes.into_iter().map(|outcome| match outcome {
        Ok(key) => written.get(&key).map_or(Loaded::AlreadyThere, |version| Loaded::Stored(*version)),
        Err(end) => end,
    });
    Ok(loaded.collect())
}

/// One draft of everything that changes; for each item what it changes, or else what became of it.
async fn decide(reading: &Reading, since: u64, items: &[Prepared]) -> (Draft, Vec<Result<Key, Loaded>>) {
    let mut settling = Settling::on(reading, since);
    let mut outcomes = Vec::with_capacity(items.len());
    let mut draft = Draft::default();
    for item in items {
        outcomes.push(match settling.settle(item).await {
            Settled::Ends(end) => Err(end),
            Settled::Changes(change, assertions) => {
                let key = change.key().clone();
                draft.changes.push(change);
                draft.assertions.extend(assertions);
                Ok(key)
            }
        });
    }
    (draft, outcomes)
}

impl Loaded {
    /// Whether it is in the record now.
    pub fn is_there(&self) -> bool {
        !matches!(self, Loaded::Refused(_))
    }

    /// The reason of a refusal, for an account.
    pub fn reason(&self) -> Option<(StatusCode, &str)> {
        match self {
            Loaded::Refused(refusal) => Some((refusal.status, refusal.sentence())),
            _ => None,
        }
    }
}
