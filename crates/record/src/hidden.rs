//! What labels hide, such as the accounts of a trust's staff: looked up once, and kept until a commit changes a label.
//!
//! Every reading with a permit needs it, and nearly no commit changes it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use terms::index::{Part, Span};

use crate::change::Key;
use crate::error::Problem;
use crate::indexing::LABEL;
use crate::reading::Reading;
use crate::store::Hit;

/// Sets of labels of which it is known what they hide: roles leave out one of a few.
const MOST_SETS: usize = 8;

/// What sets of labels hide.
#[derive(Default)]
pub(crate) struct HiddenSets(Mutex<Vec<Hidden>>);

struct Hidden {
    labels: Vec<String>,
    state: State,
    keys: Arc<HashSet<Key>>,
}

/// A state of the labels: the sequence that changed the last one, and how often the index had been replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    changed_at: u64,
    swaps: u64,
}

impl HiddenSets {
    fn find(&self, labels: &[String], state: State) -> Option<Arc<HashSet<Key>>> {
        let sets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sets.iter().find(|set| set.labels == labels && set.state == state).map(|set| set.keys.clone())
    }

    fn keep(&self, set: Hidden) {
        let mut sets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sets.retain(|other| other.labels != set.labels);
        sets.truncate(MOST_SETS - 1);
        sets.insert(0, set);
    }
}

impl Reading {
    /// The resources that have one of these labels, at the sequence at which scopes are looked up.
    pub(crate) async fn hidden(&self, labels: &[String]) -> Result<Arc<HashSet<Key>>, Problem> {
        let inner = self.inner();
        let state = State { changed_at: inner.shared.index.labels_changed_at(), swaps: self.swaps };
        // Before the last change they hid something else.
        let is_kept = self.reach_at >= state.changed_at;
        if let Some(keys) = inner.hidden.find(labels, state).filter(|_| is_kept) {
            return Ok(keys);
        }
        let mut hidden = HashSet::new();
        for label in labels {
            let span = Span::head(LABEL, [Part::Text(label.clone().into_bytes())]);
            hidden.extend(self.marked(&span, 2 + label.len() + 1 + 5).await?);
        }
        let keys = Arc::new(hidden);
        if is_kept {
            inner.hidden.keep(Hidden { labels: labels.to_vec(), state, keys: keys.clone() });
        }
        Ok(keys)
    }
}

/// Whether rows that a commit adds or takes away are of labels, by the number of their parameter.
pub(crate) fn changes_labels<'h>(number: Option<u32>, mut rows: impl Iterator<Item = &'h Hit>) -> bool {
    let Some(number) = number.and_then(|number| u16::try_from(number).ok()) else { return false };
    rows.any(|(key, _)| key.starts_with(&number.to_be_bytes()))
}
