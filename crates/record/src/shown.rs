//! What a reading showed, when several readers are given it: one reading for all of them, and a line in the access
//! journal for each.
//!
//! Only for readers whose permits reach the same; whoever hands it on sees to that, and notes it for each of them before
//! they see anything.

use std::collections::BTreeSet;

use access::Permit;

use crate::change::Key;
use crate::error::Problem;
use crate::reading::Reading;
use crate::record::Record;

/// Whom a reading showed something of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    sequence: u64,
    subjects: BTreeSet<Key>,
}

impl Shown {
    /// Those of whom something was shown.
    pub fn subjects(&self) -> &BTreeSet<Key> {
        &self.subjects
    }

    /// The same without those that were noted already.
    pub fn without(&self, noted: &BTreeSet<Key>) -> Shown {
        Shown { sequence: self.sequence, subjects: self.subjects.difference(noted).cloned().collect() }
    }
}

impl Reading {
    /// Ends a reading whose answer goes to several readers; each of them is noted by [`Record::note_shown`].
    pub fn hand_on(&self) -> Shown {
        let access = self.access();
        self.set_aside();
        let subjects = access.subjects.into_iter().map(|(kind, id)| Key::new(kind, id)).collect();
        Shown { sequence: access.sequence, subjects }
    }
}

impl Record {
    /// Notes that a reader is given what a reading showed. When this returns, it is in the access journal.
    pub async fn note_shown(&self, permit: &Permit, query: &str, shown: &Shown) -> Result<(), Problem> {
        let access = journal::AccessRead {
            principal: permit.principal().id.clone(),
            permit: permit.describe(),
            purpose: String::new(),
            query: query.to_owned(),
            sequence: shown.sequence,
            outcome: journal::AccessOutcome::Shown,
            subjects: shown.subjects.iter().map(|key| (key.kind.clone(), key.id.clone())).collect(),
        };
        self.inner().accesses.note(access).await
    }
}
