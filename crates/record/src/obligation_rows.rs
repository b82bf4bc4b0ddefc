//! From anchors as they will be to what a batch changes: what stays is left alone, what goes ends with the entry that
//! ended it, what comes begins with the entry that made it. Asks no obligation function.

use std::collections::HashMap;

use terms::index::{Part, Row};

use crate::anchors::AnchorState;
use crate::change::Key;
use crate::error::Problem;
use crate::indexing::SUBJECT;
use crate::keys;
use crate::numbering::Numbering;
use crate::obligations::Obligation;
use crate::store::{Batch, StoredObligation, WriterStore};

/// An anchor with its obligations as they will be.
pub(crate) struct PreparedAnchor {
    pub(crate) state: AnchorState,
    /// The sequence it was gathered at.
    pub(crate) at: u64,
    /// Past obligations that go with an erased text: those that began from and before these sequences.
    pub(crate) forget: Vec<(u64, u64)>,
}

/// Puts the difference between what anchors have and what they will have into the batch. No anchor is there twice:
/// its stamp sees to that.
pub(crate) fn number_anchors(
    anchors: &[(PreparedAnchor, u64)],
    store: &mut WriterStore,
    numbering: &mut Numbering,
    batch: &mut Batch,
) -> Result<(), Problem> {
    if anchors.is_empty() {
        return Ok(());
    }
    let row = |key: &Key| Row::one(SUBJECT, Part::target(key.kind.as_str(), key.id.as_str()));
    let states = anchors.iter().map(|(anchor, _)| &anchor.state);
    let named: Vec<Row> = states.flat_map(|state| state.subjects.iter().chain([&state.key])).map(row).collect();
    numbering.prepare(named.iter(), store, batch)?;
    let mut rid = |key: &Key| {
        let rid = keys::Numbers::target(numbering, &key.kind, &key.id);
        rid.ok_or_else(|| Problem::damaged("an anchor or its subject has no number"))
    };
    let mut rids = Vec::with_capacity(anchors.len());
    for (anchor, _) in anchors {
        rids.push(rid(&anchor.state.key)?);
    }
    let mut stored: HashMap<i64, Vec<StoredObligation>> = HashMap::new();
    for one in store.obligations_of(&rids)? {
        stored.entry(one.anchor).or_default().push(one);
    }
    for ((anchor, sequence), own) in anchors.iter().zip(rids) {
        let subjects = anchor.state.subjects.iter().map(&mut rid).collect::<Result<Vec<i64>, Problem>>()?;
        change_obligations(&anchor.state, own, subjects, *sequence, stored.remove(&own).unwrap_or_default(), batch);
        batch.obligations.forget.extend(anchor.forget.iter().map(|(from, until)| (own, *from, *until)));
    }
    Ok(())
}

/// Leaves what stays alone, ends what goes, begins what comes.
fn change_obligations(
    state: &AnchorState,
    anchor: i64,
    mut subjects: Vec<i64>,
    sequence: u64,
    before: Vec<StoredObligation>,
    batch: &mut Batch,
) {
    subjects.sort_unstable();
    let made = |obligation: &Obligation| StoredObligation {
        due: obligation.due.0,
        anchor,
        kind: obligation.kind.clone(),
        owner: obligation.owner.clone(),
        subjects: subjects.clone(),
        from: sequence,
    };
    let after: Vec<StoredObligation> = state.obligations.iter().map(made).collect();
    let same = |a: &StoredObligation, b: &StoredObligation| {
        (&a.kind, &a.owner, a.due, &a.subjects) == (&b.kind, &b.owner, b.due, &b.subjects)
    };
    let changes = &mut batch.obligations;
    changes.add.extend(after.iter().filter(|new| !before.iter().any(|old| same(old, new))).cloned());
    for old in before.into_iter().filter(|old| !after.iter().any(|new| same(old, new))) {
        changes.drop.push(old.clone());
        // What never held at any sequence that could be read leaves no past.
        if old.from < sequence {
            changes.past.push((old, sequence));
        }
    }
}
