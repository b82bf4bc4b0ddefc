//! What a rehearsal draws from the journal, alike on both hosts from one seed: patients to ask about, and searches that
//! somebody could make, each by a row of the index of a resource that an entry names. The answers are numbers; the
//! questions are told by their number, type and parameter, never by a value.

use std::collections::{BTreeMap, BTreeSet};

use record::{Clause, Key, Reading, Record, Select};
use terms::index::{Next, Part, Row, Span};

use super::words::{Answers, Questions};
use crate::failure::Failure;

/// Patients that are asked about.
const PATIENTS: usize = 50;
/// Entries that are drawn to find them.
const DRAWS: u64 = 400;
/// Searches that are made; fewer in a short journal.
const SEARCHES: u64 = 1000;

/// Marsaglia's xorshift: any spread will do.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound.max(1)
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(usize::try_from(self.below(all.len() as u64)).ok()?)
    }
}

/// Patients of entries that are drawn.
pub(super) async fn patients(record: &Record, questions: &Questions) -> Result<Vec<String>, Failure> {
    let mut found = BTreeSet::new();
    let mut dice = Dice(questions.seed | 1);
    for _ in 0..DRAWS.min(questions.sequence) {
        let changes = changes(record, 1 + dice.below(questions.sequence)).await?;
        found.extend(changes.into_iter().filter(|key| key.kind == "Patient").map(|key| key.id));
        if found.len() >= PATIENTS {
            break;
        }
    }
    Ok(found.into_iter().take(PATIENTS).collect())
}

/// Makes the searches; each answer is how many there are.
pub(super) async fn searches(
    record: &Record,
    reading: &Reading,
    questions: &Questions,
    answers: &mut Answers,
) -> Result<(), Failure> {
    let mut dice = Dice(questions.seed.rotate_left(32) | 1);
    let mut counted = BTreeMap::new();
    for number in 0..SEARCHES.min(questions.sequence / 4) {
        let keys = changes(record, 1 + dice.below(questions.sequence)).await?;
        let Some(key) = dice.one_of(&keys) else { continue };
        let version = reading.get(key).await?.filter(|version| !version.text.is_empty());
        let Some(version) = version else {
            answers.put(format!("search {number}: {} that is gone", key.kind), 0);
            continue;
        };
        let rows = reading.rows(&version);
        let Some(row) = dice.one_of(&rows) else { continue };
        let select = Select::of(&key.kind).with(Clause::Any(vec![span_of(row)]));
        // What many resources have is drawn often.
        let total = match counted.get(&(key.kind.clone(), row.clone())) {
            Some(total) => *total,
            None => reading.total(&select).await?,
        };
        counted.insert((key.kind.clone(), row.clone()), total);
        answers.put(format!("search {number}: {} by {}", key.kind, row.parameter), total);
    }
    Ok(())
}

/// The span of what has the same value: up to the first text, which may be longer elsewhere.
fn span_of(row: &Row) -> Span {
    let before = row.parts.iter().take_while(|part| !matches!(part, Part::Text(_))).cloned();
    let next = row.parts.iter().find_map(|part| match part {
        Part::Text(text) => Some(Next::TextEqual(text.clone())),
        _ => None,
    });
    Span::next(row.parameter, before, next.unwrap_or(Next::Any))
}

/// What an entry changed.
async fn changes(record: &Record, sequence: u64) -> Result<Vec<Key>, Failure> {
    let entry = record.entry(sequence).await?.and_then(|bytes| journal::Entry::decode(&bytes).ok());
    let changes = entry.map(|entry| entry.changes).unwrap_or_default();
    Ok(changes.into_iter().map(|change| Key::new(change.kind, change.id)).collect())
}
