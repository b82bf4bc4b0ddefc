//! What a check amounts to: what was read, what holds, what is proved and what is not.

use super::checkpoints::Source;
use super::finding::Finding;
use crate::hash::Hash;
use terms::Moment;

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The record's origin line, if it was known.
    pub origin: Option<String>,
    /// What is wrong; empty when everything that was checked holds.
    pub findings: Vec<Finding>,
    /// Findings beyond those, which were only counted.
    pub omitted: u64,
    /// Entries read.
    pub entries: u64,
    /// Changes (versions) in them.
    pub versions: u64,
    /// Resources they belong to.
    pub resources: u64,
    /// Texts whose digest was recomputed.
    pub texts: u64,
    /// Texts and blobs that were there but sealed, so that only their presence was checked.
    pub sealed: u64,
    /// Texts that an entry erases.
    pub erased: u64,
    /// Blobs whose digest was recomputed.
    pub blobs: u64,
    /// Blobs that an entry erases.
    pub erased_blobs: u64,
    /// Access chains.
    pub access_chains: u64,
    /// Access leaves in them.
    pub access_leaves: u64,
    /// Reads and refusals in those.
    pub access_reads: u64,
    /// Whether texts were expected, and so found missing where they are.
    pub texts_expected: bool,
    /// Whether blobs were expected.
    pub blobs_expected: bool,
    /// Chain hash of the last entry.
    pub head: Hash,
    /// Root of the tree over all entries read.
    pub root: Hash,
    /// Every checkpoint that was compared.
    pub checkpoints: Vec<CheckpointReport>,
}

/// What came of one checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointReport {
    /// Its origin line.
    pub origin: String,
    /// Its size.
    pub size: u64,
    /// When it says that it was made.
    pub moment: Moment,
    /// Where it comes from.
    pub source: Source,
    /// Whether the chain is the one that it states.
    pub agrees: bool,
    /// Whose signatures it bears.
    pub verdict: Verdict,
    /// The known keys whose signatures hold, as text.
    pub signers: Vec<String>,
    /// How many of them are witnesses.
    pub witnesses: u64,
}

/// Whose signatures a checkpoint bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A key that the checker was given signed it.
    Pinned,
    /// Only keys that the journal itself introduces signed it.
    OwnKeys,
    /// No known key signed it.
    NotProved,
    /// It names a known key, but the signature is not that key's.
    Forged,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn holds(&self) -> bool {
        self.findings.is_empty() && self.omitted == 0
    }

    /// Up to which entry the journal is what checkpoints kept elsewhere state; none when no such checkpoint agrees.
    pub fn covered(&self) -> Option<u64> {
        let journal =
            |checkpoint: &&CheckpointReport| self.origin.as_deref().is_none_or(|origin| origin == checkpoint.origin);
        let outside = self.checkpoints.iter().filter(|checkpoint| checkpoint.source == Source::Outside);
        let agreed = outside.filter(journal).filter(|c| c.agrees && c.verdict != Verdict::Forged);
        agreed.map(|checkpoint| checkpoint.size).max()
    }

    /// What the check does not prove, in sentences for a person.
    pub fn not_proved(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        match self.covered() {
            None => sentences.push(
                "No checkpoint kept elsewhere was compared: a cut tail, or a journal rewritten as a whole, would not \
                 be seen."
                    .to_owned(),
            ),
            Some(covered) if covered < self.entries => sentences.push(format!(
                "Entries {} to {} lie after the last checkpoint kept elsewhere and are not covered by it.",
                covered + 1,
                self.entries
            )),
            Some(_) => {}
        }
        let unproved = |c: &&CheckpointReport| c.agrees && c.verdict == Verdict::NotProved;
        let count = self.checkpoints.iter().filter(unproved).count();
        if count > 0 {
            sentences.push(format!("No known key signed {count} of the checkpoints; give the keys with --key."));
        }
        if !self.texts_expected {
            sentences.push("The texts of versions were not there to be checked.".to_owned());
        }
        if !self.blobs_expected {
            sentences.push("Blobs were not there to be checked.".to_owned());
        }
        if self.access_chains == 0 {
            sentences.push("The access journal was not there to be checked.".to_owned());
        }
        if self.sealed > 0 {
            sentences.push(format!("{} sealed texts or blobs could not be opened to be checked.", self.sealed));
        }
        sentences
    }
}
