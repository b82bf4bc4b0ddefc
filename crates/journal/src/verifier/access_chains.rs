//! The access chains of a record: one for each host and epoch, each checked like the journal.
//!
//! A read also says which entry it could see at most, so a leaf that saw more than the journal has betrays a cut
//! tail.

use super::FindingKind;
use super::chain::Chain;
use super::checkpoints::{Checkpoints, Signers};
use super::findings::Findings;
use super::{CheckpointReport, Source};
use crate::access::AccessLeaf;
use crate::checkpoint::SignedCheckpoint;
use crate::hash::{access_chain_hash_of_leaf, leaf_hash};
use std::collections::BTreeMap;
use terms::Moment;

/// How many chains are followed at once.
const MOST_CHAINS: usize = 10_000;

/// All access chains of a record.
#[derive(Debug, Default)]
pub(crate) struct AccessChains {
    chains: BTreeMap<String, AccessChain>,
    pub(crate) leaves: u64,
    pub(crate) reads: u64,
    furthest: Option<(u64, String, u64)>,
}

#[derive(Debug)]
struct AccessChain {
    chain: Chain,
    moment: Moment,
    epoch: u64,
    checkpoints: Checkpoints,
}

impl AccessChain {
    fn new(epoch: u64) -> AccessChain {
        let chain = Chain::new("access leaf");
        AccessChain { chain, moment: Moment(i64::MIN), epoch, checkpoints: Checkpoints::of("access leaf") }
    }
}

impl AccessChains {
    /// How many chains there are.
    pub(crate) fn count(&self) -> u64 {
        self.chains.len() as u64
    }

    /// Takes the next leaf of its chain in.
    pub(crate) fn leaf(&mut self, bytes: &[u8], origin: &str, signers: &Signers<'_>, findings: &mut Findings) {
        self.leaves += 1;
        let leaf = match AccessLeaf::decode(bytes) {
            Ok(leaf) => leaf,
            Err(bad) => {
                let sentence = format!("Access leaf number {} that was read is not one: {bad}.", self.leaves);
                findings.add(FindingKind::LeafUndecodable, None, "", sentence);
                return;
            }
        };
        let name = AccessLeaf::chain_origin(origin, &leaf.host, leaf.epoch);
        if self.chains.len() == MOST_CHAINS && !self.chains.contains_key(&name) {
            findings.add(FindingKind::LeafUndecodable, leaf.number, name, "There are too many access chains.");
            return;
        }
        self.reads += leaf.reads.len() as u64;
        let furthest = leaf.reads.iter().map(|read| read.sequence).max().unwrap_or(0);
        if self.furthest.as_ref().is_none_or(|(most, ..)| furthest > *most) {
            self.furthest = Some((furthest, name.clone(), leaf.number));
        }
        let chain = self.chains.entry(name.clone()).or_insert_with(|| AccessChain::new(leaf.epoch));
        chain.take(&leaf, bytes, &name, findings);
        if chain.checkpoints.waits_for(chain.chain.last()) {
            chain.checkpoints.compare(&chain.chain, chain.epoch, signers, findings);
        }
    }

    /// Takes a checkpoint of an access chain in.
    pub(crate) fn checkpoint(
        &mut self,
        checkpoint: SignedCheckpoint,
        source: Source,
        signers: &Signers<'_>,
        findings: &mut Findings,
    ) {
        let stated = checkpoint.checkpoint();
        let (name, epoch) = (stated.origin.clone(), stated.epoch);
        let chain = self.chains.entry(name).or_insert_with(|| AccessChain::new(epoch));
        chain.checkpoints.add(checkpoint, source, chain.chain.last(), findings);
        chain.checkpoints.compare(&chain.chain, chain.epoch, signers, findings);
    }

    /// At the end of everything.
    pub(crate) fn finish(self, entries: u64, signers: &Signers<'_>, findings: &mut Findings) -> Vec<CheckpointReport> {
        if let Some((furthest, name, number)) = self.furthest.filter(|(furthest, ..)| *furthest > entries) {
            let sentence = format!("Leaf {number} saw entry {furthest}, but the journal ends at {entries}.");
            findings.add(FindingKind::ReadAhead, number, name, sentence);
        }
        let chains = self.chains.into_values();
        chains.flat_map(|chain| chain.checkpoints.finish(&chain.chain, signers, findings)).collect()
    }
}

impl AccessChain {
    fn take(&mut self, leaf: &AccessLeaf, bytes: &[u8], name: &str, findings: &mut Findings) {
        let hash = leaf_hash(bytes);
        let placed = self.chain.place(leaf.number, &leaf.previous, access_chain_hash_of_leaf(&hash), hash);
        if let Some((wrong, number, sentence)) = placed.wrong {
            findings.add(wrong.of_leaves(), number, name, sentence);
        }
        if !placed.counts {
            return;
        }
        if leaf.moment <= self.moment {
            let sentence = format!("Access leaf {} is not later than the one before.", leaf.number);
            findings.add(FindingKind::LeafMomentNotLater, leaf.number, name, sentence);
        }
        self.moment = leaf.moment;
    }
}
