//! What a check amounts to, in sentences: what holds up to where, and what is not proved.
//!
//! Pure text and arithmetic over the report's figures; knows nothing of how they came about.

use super::{CheckpointReport, Report, Source, Verdict};

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

    /// How many checkpoints agree, but bear the signature of no known key.
    pub fn unproved_checkpoints(&self) -> usize {
        let unproved = |c: &&CheckpointReport| c.agrees && c.verdict == Verdict::NotProved;
        self.checkpoints.iter().filter(unproved).count()
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
        let unproved = self.unproved_checkpoints();
        if unproved > 0 {
            sentences.push(format!("No known key signed {unproved} of the checkpoints."));
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
