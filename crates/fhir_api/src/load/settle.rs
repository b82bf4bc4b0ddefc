//! What a prepared resource changes, decided on a reading: nothing, one version, or a refusal.
//!
//! Only gathers and decides; committing is next door. What links mean is kept for the whole decision: many resources of
//! a file refer to the same few.

use fhir::search::Surroundings;
use record::{Assertion, Change, Key, Reading, Template, Version};
use rustc_hash::{FxHashMap, FxHashSet};
use terms::Moment;

use super::split::overlap;
use super::{Item, Loaded, Prepared, State};
use crate::accept::{Accepted, Candidate, References};
use crate::outcome::Refusal;
use crate::search::criteria;
use crate::write::{is_live, is_text_of};

/// Versions of a resource that are searched for a text.
const MOST_VERSIONS: u64 = 100;
/// Bytes of versions that are compared with a text together.
const VERSIONS_BYTES: usize = 8 << 20;

/// A decision on one reading.
pub(super) struct Settling<'r> {
    reading: &'r Reading,
    /// What is newer was written since the load began.
    since: u64,
    around: Surroundings,
    meant: FxHashMap<String, Key>,
    changed: FxHashSet<Key>,
}

/// What a resource comes to.
pub(super) enum Settled {
    Ends(Loaded),
    Changes(Change, Vec<Assertion>),
}

impl<'r> Settling<'r> {
    pub(super) fn on(reading: &'r Reading, since: u64) -> Settling<'r> {
        let around = Surroundings::default();
        Settling { reading, since, around, meant: FxHashMap::default(), changed: FxHashSet::default() }
    }

    /// What becomes of a resource.
    pub(super) async fn settle(&mut self, item: &Prepared) -> Settled {
        match self.change(item).await {
            Ok(settled) => settled,
            Err(refusal) => Settled::Ends(Loaded::Refused(refusal)),
        }
    }

    async fn change(&mut self, item: &Prepared) -> Result<Settled, Refusal> {
        let write = item.write.as_deref();
        let (key, before, assertions) = match write.filter(|write| write.criteria.is_some()) {
            None => (item.key.clone(), self.reading.get(&item.key).await?, Vec::new()),
            Some(write) => {
                let step = write.find(self.reading, &self.around).await?;
                if step.stands {
                    return Ok(Settled::Ends(Loaded::AlreadyThere));
                }
                let key = step.key.unwrap_or_else(|| item.key.clone());
                let before = if step.before.is_some() { step.before } else { self.reading.get(&key).await? };
                (key, before, step.assertions)
            }
        };
        let accepted = match item.state.as_ref() {
            State::Ready(accepted) => accepted.clone(),
            State::Waiting(item, links) => self.accept(&key, item, links).await?,
        };
        if let Some(end) = self.stands(&accepted.template, before.as_ref()).await? {
            return Ok(Settled::Ends(end));
        }
        write.map_or(Ok(()), |write| write.check_version(before.as_ref()))?;
        if !self.changed.insert(key.clone()) {
            return Err(overlap(key));
        }
        Ok(Settled::Changes(Change::Put(key, accepted.template), assertions))
    }

    /// How the record has this text already: as the newest version, or as one that was there when the load began and
    /// was overtaken before.
    async fn stands(&self, template: &Template, before: Option<&Version>) -> Result<Option<Loaded>, Refusal> {
        let Some(newest) = before.filter(|before| is_live(before)) else { return Ok(None) };
        if is_text_of(template, newest) {
            return Ok(Some(Loaded::AlreadyThere));
        }
        if newest.sequence > self.since {
            return Ok(None);
        }
        let mut below = newest.version;
        let end = below.saturating_sub(MOST_VERSIONS);
        // A few at a time, because each may have large attachments.
        while below > end {
            let (older, _) = self.reading.history_within(&newest.key, Some(below), 8, VERSIONS_BYTES).await?;
            let Some(last) = older.last() else { break };
            below = last.version;
            if let Some(same) = older.iter().find(|version| is_live(version) && is_text_of(template, version)) {
                return Ok(Some(Loaded::Overtaken(same.version)));
            }
        }
        Ok(None)
    }

    /// Puts in place the links whose meaning the record decides, and judges the result.
    async fn accept(&mut self, key: &Key, item: &Item, links: &[String]) -> Result<Accepted, Refusal> {
        let mut references = References::clone(&item.together.references);
        for link in links {
            references.insert(link, &self.meant(item, link).await?);
        }
        let accepted = Candidate::validated(&item.text, None)?.accept(&key.id, &references);
        // As it will be served: without its attachments it would not be valid.
        Candidate::validated(&accepted.template.complete(1, Moment(0)), None)?.check()?;
        Ok(accepted)
    }

    /// What a link means: a conditional entry of the same text is what its criteria find or what it makes, a
    /// conditional reference what it finds.
    async fn meant(&mut self, item: &Item, link: &str) -> Result<Key, Refusal> {
        if let Some(key) = self.meant.get(link) {
            return Ok(key.clone());
        }
        let key = match item.together.conditional.get(link) {
            Some(write) => write.find(self.reading, &self.around).await?.key,
            None => Some(criteria::target(self.reading, link, &self.around).await?),
        };
        let key = key.ok_or_else(|| Refusal::precondition("not-found", "A link to an entry means no resource."))?;
        self.meant.insert(link.to_owned(), key.clone());
        Ok(key)
    }
}
