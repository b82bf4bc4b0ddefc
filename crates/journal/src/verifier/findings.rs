//! Findings as they come: kept up to a number, then only counted, so that a journal of nothing but faults cannot
//! fill the memory.

use super::{Finding, FindingKind};

/// Findings beyond this many are counted and not kept.
const MOST_KEPT: usize = 10_000;

/// Findings as they come.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) kept: Vec<Finding>,
    pub(crate) omitted: u64,
}

impl Findings {
    pub(crate) fn add(
        &mut self,
        kind: FindingKind,
        at_entry: impl Into<Option<u64>>,
        subject: impl Into<String>,
        sentence: impl Into<String>,
    ) {
        if self.kept.len() == MOST_KEPT {
            self.omitted += 1;
            return;
        }
        let finding = Finding { kind, at_entry: at_entry.into(), subject: subject.into(), sentence: sentence.into() };
        self.kept.push(finding);
    }
}
