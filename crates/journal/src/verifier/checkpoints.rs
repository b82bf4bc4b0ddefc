//! Checkpoints waiting for the chain to reach their size, and what came of comparing them.
//!
//! One list for each chain: the journal's, and each access chain's. A checkpoint from outside is what finds a cut
//! tail; one from inside only shows that the copy agrees with itself. Whose signature it bears is judged where it is
//! compared, or at the end when no key was known there: access chains are read before the journal has said who signs.

use super::chain::Chain;
use super::findings::Findings;
use super::{CheckpointReport, FindingKind, Source, Verdict};
use crate::checkpoint::SignedCheckpoint;
use crate::keys::{KeyKind, VerifierKey};
use crate::note::NotVerified;
use std::collections::BTreeMap;

/// How many checkpoints of one chain can wait.
const MOST_WAITING: usize = 1_000_000;

/// The checkpoints of one chain.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    /// What the chain consists of, in a word.
    of: &'static str,
    waiting: BTreeMap<u64, Vec<(SignedCheckpoint, Source)>>,
    count: usize,
    /// The size of the last checkpoint that agreed.
    agreed: u64,
    /// Compared where no key was known, with whether they agree; their signatures are judged at the end.
    unjudged: Vec<(SignedCheckpoint, Source, bool)>,
    reports: Vec<CheckpointReport>,
}

/// Who may sign at the size that was reached.
pub(crate) struct Signers<'a> {
    pub(crate) pinned: &'a [VerifierKey],
    pub(crate) in_force: &'a [VerifierKey],
    /// Every key that was in force up to there: who may have signed what was compared before any key was known.
    pub(crate) ever_in_force: &'a [VerifierKey],
    /// Whether a checkpoint from inside must be signed by a known key.
    pub(crate) required: bool,
}

impl Signers<'_> {
    fn none_known(&self) -> bool {
        self.pinned.is_empty() && self.in_force.is_empty()
    }

    /// Those for what was compared before any key was known. Nothing was required of it there.
    fn of_all(&self) -> Signers<'_> {
        Signers { in_force: self.ever_in_force, required: false, ..*self }
    }
}

impl Checkpoints {
    /// None yet, of a chain of entries or leaves.
    pub(crate) fn of(of: &'static str) -> Checkpoints {
        let (waiting, unjudged, reports) = (BTreeMap::new(), Vec::new(), Vec::new());
        Checkpoints { of, waiting, count: 0, agreed: 0, unjudged, reports }
    }

    /// Takes a checkpoint in; it waits until the chain reaches its size.
    pub(crate) fn add(&mut self, checkpoint: SignedCheckpoint, source: Source, reached: u64, findings: &mut Findings) {
        let size = checkpoint.checkpoint().size;
        if size < reached {
            let sentence =
                format!("The checkpoint of size {size} came after {} {reached} and was not compared.", self.of);
            findings.add(FindingKind::CheckpointMisplaced, size, subject(&checkpoint), sentence);
            return;
        }
        if self.count == MOST_WAITING {
            let sentence = "There are too many checkpoints; this one was not compared.";
            findings.add(FindingKind::CheckpointMisplaced, size, subject(&checkpoint), sentence);
            return;
        }
        self.count += 1;
        self.waiting.entry(size).or_default().push((checkpoint, source));
    }

    /// Whether one waits for this size.
    pub(crate) fn waits_for(&self, size: u64) -> bool {
        self.waiting.first_key_value().is_some_and(|(waiting, _)| *waiting <= size)
    }

    /// Compares what waits for sizes up to the chain's.
    pub(crate) fn compare(&mut self, chain: &Chain, epoch: u64, signers: &Signers<'_>, findings: &mut Findings) {
        while let Some(first) = self.waiting.first_entry().filter(|first| *first.key() <= chain.last()) {
            let size = *first.key();
            for (checkpoint, source) in first.remove() {
                self.count -= 1;
                let agrees = self.agrees(&checkpoint, size, chain, epoch, findings);
                self.judge(checkpoint, source, agrees, signers, findings);
            }
        }
    }

    /// Judges the signatures, or puts that off to the end where nobody is known yet who could have signed.
    fn judge(
        &mut self,
        checkpoint: SignedCheckpoint,
        source: Source,
        agrees: bool,
        signers: &Signers<'_>,
        findings: &mut Findings,
    ) {
        if signers.none_known() {
            self.unjudged.push((checkpoint, source, agrees));
        } else {
            self.reports.push(signatures(&checkpoint, source, agrees, signers, findings));
        }
    }

    fn agrees(
        &mut self,
        signed: &SignedCheckpoint,
        size: u64,
        chain: &Chain,
        epoch: u64,
        findings: &mut Findings,
    ) -> bool {
        let stated = signed.checkpoint();
        let reached = chain.last() == size && chain.is_gapless();
        if reached && stated.root == chain.edge.root() && stated.epoch >= epoch {
            self.agreed = self.agreed.max(size);
            return true;
        }
        let first = self.agreed + 1;
        let sentence = if reached && stated.root == chain.edge.root() {
            format!("The checkpoint states epoch {}, but number {size} is of epoch {epoch}.", stated.epoch)
        } else if first >= size {
            format!("Number {size} is not the one that was there when the checkpoint was signed.")
        } else {
            format!("Numbers {first} to {size} are not those that were there when the checkpoint was signed.")
        };
        findings.add(FindingKind::CheckpointMismatch, size, subject(signed), sentence);
        false
    }

    /// At the end: whatever still waits states more than there is.
    pub(crate) fn finish(
        mut self,
        chain: &Chain,
        signers: &Signers<'_>,
        findings: &mut Findings,
    ) -> Vec<CheckpointReport> {
        let last = chain.last();
        for (size, checkpoints) in std::mem::take(&mut self.waiting) {
            for (checkpoint, source) in checkpoints {
                let lost = size - last;
                let sentence = format!(
                    "The chain ends at {last}, but this checkpoint of {} states {size}: the last {lost} are missing.",
                    checkpoint.checkpoint().moment
                );
                findings.add(FindingKind::TailCut, last + 1, subject(&checkpoint), sentence);
                self.judge(checkpoint, source, false, signers, findings);
            }
        }
        for (checkpoint, source, agrees) in std::mem::take(&mut self.unjudged) {
            self.reports.push(signatures(&checkpoint, source, agrees, &signers.of_all(), findings));
        }
        self.reports
    }
}

fn signatures(
    signed: &SignedCheckpoint,
    source: Source,
    agrees: bool,
    signers: &Signers<'_>,
    findings: &mut Findings,
) -> CheckpointReport {
    let stated = signed.checkpoint();
    let keys: Vec<VerifierKey> = signers.pinned.iter().chain(signers.in_force).cloned().collect();
    let mut report = CheckpointReport {
        origin: stated.origin.clone(),
        size: stated.size,
        moment: stated.moment,
        source,
        agrees,
        verdict: Verdict::NotProved,
        signers: Vec::new(),
        witnesses: 0,
    };
    match signed.verify(&keys) {
        Ok(found) => {
            let is_pinned = |key: &VerifierKey| signers.pinned.contains(key);
            let pinned = found.iter().any(|signer| is_pinned(&signer.key));
            report.verdict = if pinned { Verdict::Pinned } else { Verdict::OwnKeys };
            report.witnesses = found.iter().filter(|signer| signer.key.kind() == KeyKind::Witness).count() as u64;
            report.signers = found.into_iter().map(|signer| signer.key.to_string()).collect();
            report.signers.dedup();
        }
        Err(NotVerified::Forged { name }) => {
            let sentence = format!("The signature of {name} is not that key's over this checkpoint.");
            findings.add(FindingKind::CheckpointForged, stated.size, subject(signed), sentence);
            report.verdict = Verdict::Forged;
        }
        Err(NotVerified::NoKnownKey) => {}
    }
    let wanted = match source {
        Source::Outside => !signers.pinned.is_empty() && report.verdict != Verdict::Pinned,
        Source::Inside => signers.required && report.verdict == Verdict::NotProved,
    };
    if wanted && report.verdict != Verdict::Forged {
        let sentence = match source {
            Source::Outside => "None of the keys given signed this checkpoint.",
            Source::Inside => "No key that was in force then signed this checkpoint.",
        };
        findings.add(FindingKind::CheckpointUnsigned, stated.size, subject(signed), sentence);
    }
    report
}

fn subject(signed: &SignedCheckpoint) -> String {
    format!("checkpoint {} size {}", signed.checkpoint().origin, signed.checkpoint().size)
}
