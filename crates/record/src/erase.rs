//! Erasure: the texts, salts and blobs of named versions go for good, on somebody's authority; the entries stay and `verify`
//! says which entry erased them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use access::Permit;

use crate::anchors::Gathering;
use crate::change::{Act, Assertion, Key, Receipt};
use crate::error::Problem;
use crate::group::{Declined, Erased, Prepared, kind_row};
use crate::obligation_rows::PreparedAnchor;
use crate::obligations::{Changed, Overlay, touched};
use crate::reading::Reading;
use crate::record::Record;
use crate::transact::KeyReused;

/// Versions of a resource that are looked through together.
const PAGE: usize = 100;

/// Which versions, on whose authority and why.
#[derive(Debug, Clone)]
pub struct Erasure {
    /// The versions whose text, salt, index rows and past rows go, and the blobs that no other version names.
    pub versions: Vec<(Key, u64)>,
    /// Who ordered it: a court, a policy, an office. No patient data.
    pub authority: String,
    /// Why. No patient data.
    pub reason: String,
}

impl Record {
    /// Erases. Only the host's own permit may; versions that are not there are refused, but a retry with the
    /// same idempotency key gets the first receipt.
    pub async fn erase(&self, permit: &Permit, act: Act, erasure: Erasure) -> Result<Receipt, Problem> {
        if permit.role() != access::Role::Host {
            return Err(Problem::NotPermitted { what: "to erase".into() });
        }
        self.turn_to_write().await;
        self.takes_decisions()?;
        let key_reused = || Problem::Unsuitable { what: "this idempotency key was used for another request".into() };
        let _one_at_a_time = self.inner().erasures.lock().await;
        for _ in 0..16 {
            match self.earlier_receipt(permit, &act).await? {
                Some(Ok(receipt)) => return Ok(receipt),
                Some(Err(KeyReused)) => return Err(key_reused()),
                None => {}
            }
            let reading = self.read(permit, act.command.clone()).await?;
            let mut prepared = self.prepare_erasure(&reading, permit, &act, &erasure).await?;
            prepared.anchors = self.erased_anchors(&prepared.erase).await?;
            reading.set_aside();
            match self.inner().queue.commit(prepared).await {
                Ok(receipt) => return Ok(receipt),
                Err(Declined::Problem(problem)) => return Err(problem),
                Err(Declined::KeyReused) => return Err(key_reused()),
                Err(Declined::Stale(_)) => {}
            }
        }
        Err(Problem::Closed)
    }

    async fn prepare_erasure(
        &self,
        reading: &Reading,
        permit: &Permit,
        act: &Act,
        erasure: &Erasure,
    ) -> Result<Prepared, Problem> {
        let (mut erase, mut named, mut assertions) = (Vec::new(), Vec::new(), Vec::new());
        for (key, version) in &erasure.versions {
            let not_there = || Problem::Unsuitable { what: "there is no such version to erase".into() };
            let newest = reading.located(key).await?.ok_or_else(not_there)?;
            let rid = newest.rid;
            let stored = reading.store().versions(&[(rid, *version)]).await?.into_iter().flatten().next();
            let stored =
                stored.filter(|stored| stored.text.is_some() && stored.operation != 3).ok_or_else(not_there)?;
            let sequence = stored.sequence;
            let is_newest = stored.version == newest.version;
            let text = self.inner().version(key.clone(), stored)?;
            let mut rows = reading.rows(&text);
            rows.push(kind_row(&key.kind, sequence));
            let next = reading.store().versions(&[(rid, version + 1)]).await?.into_iter().flatten().next();
            erase.push(Erased {
                rid,
                version: *version,
                sequence,
                ended: next.map_or(u64::MAX, |next| next.sequence),
                newest: is_newest,
                key: key.clone(),
                rows,
                holes: text.holes,
            });
            named.push(journal::ErasedVersion {
                kind: key.kind.clone(),
                id: key.id.clone(),
                version: *version,
                entry: sequence,
            });
            assertions.push(Assertion::Version(key.clone(), newest.version));
        }
        let erase_blobs = self.only_named_by(reading, &erase).await?;
        Ok(Prepared {
            author: permit.principal().id.clone(),
            permit: permit.describe(),
            act: act.clone(),
            changes: Vec::new(),
            assertions,
            besides: journal::Act::Erase(journal::Erasure {
                versions: named,
                blobs: erase_blobs.clone(),
                authority: erasure.authority.clone(),
                reason: erasure.reason.clone(),
            }),
            erase,
            anchors: Vec::new(),
            erase_blobs,
        })
    }

    /// The blobs that only these versions name. A blob is named by versions of one resource only, so no other is asked.
    async fn only_named_by(&self, reading: &Reading, erased: &[Erased]) -> Result<Vec<journal::Hash>, Problem> {
        let mut gone: BTreeMap<i64, BTreeSet<journal::Hash>> = BTreeMap::new();
        for version in erased {
            gone.entry(version.rid).or_default().extend(version.holes.iter().map(|hole| hole.digest));
        }
        for (rid, gone) in gone.iter_mut().filter(|(_, gone)| !gone.is_empty()) {
            let mut below = i64::MAX as u64;
            loop {
                let versions = reading.store().history(*rid, below, PAGE).await?;
                let Some(last) = versions.last() else { break };
                below = last.version;
                for stored in versions {
                    let is_erased = |erased: &Erased| (erased.rid, erased.version) == (stored.rid, stored.version);
                    if !erased.iter().any(is_erased) {
                        for hole in self.inner().holes_of(&stored)? {
                            gone.remove(&hole.digest);
                        }
                    }
                }
            }
        }
        Ok(gone.into_values().flatten().collect())
    }

    /// The anchors that the versions have to do with, as they will be without them. What an anchor owed because of
    /// an erased text is forgotten with it.
    async fn erased_anchors(&self, erase: &[Erased]) -> Result<Vec<PreparedAnchor>, Problem> {
        let inner = self.inner();
        let overlay = Overlay { changed: erase.iter().filter(|erased| erased.newest).map(gone).collect() };
        let at = inner.shared.newest.load(Ordering::Acquire);
        let gathering = Gathering { inner, at, overlay: &overlay };
        let mut forget: BTreeMap<Key, Vec<(u64, u64)>> = BTreeMap::new();
        for erased in erase {
            let alone = Overlay { changed: [gone(erased)].into() };
            for anchor in gathering.with_survivors(touched(&inner.indexing, &alone)).await? {
                forget.entry(anchor).or_default().push((erased.sequence, erased.ended));
            }
        }
        let states = gathering.states(&forget.keys().cloned().collect()).await?;
        let prepared = states.into_iter().zip(forget.into_values());
        Ok(prepared.map(|(state, forget)| PreparedAnchor { state, at, forget }).collect())
    }
}

/// What an erased version leaves behind: nothing.
fn gone(erased: &Erased) -> (Key, Changed<'_>) {
    (erased.key.clone(), Changed { before: &erased.rows, after: None })
}
