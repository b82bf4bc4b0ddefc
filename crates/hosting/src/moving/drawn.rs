//! What a rehearsal draws from the journal, alike on both hosts from one seed: patients to ask about, and searches that
//! somebody could make, each by a row of the index of a resource that an entry names. The answers are numbers; the
//! questions are told by their number, type and parameter, never by a value.

use std::collections::BTreeSet;

use record::{Clause, Key, Reading, Record, Select};
use terms::index::{Next, Part, Row, Span};

use super::words::{Answers, Questions};
use crate::failure::Failure;

/// Patients that are asked about.
const PATIENTS: usize = 50;
/// Entries that are drawn to find them.
const DRAWS: u64 = 400;
/// Searches that are made; fewer only where the record has not so many different ones.
const SEARCHES: usize = 1000;
/// Resources that are drawn of one entry.
const OF_AN_ENTRY: usize = 16;
/// Entries in a row that brought nothing new, after which there is no more to be found.
const FRUITLESS: usize = 400;

/// Marsaglia's xorshift: any spread will do.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
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
    let (mut made, mut fruitless, mut number) = (BTreeSet::new(), 0, 0u64);
    while made.len() < SEARCHES && fruitless < FRUITLESS && questions.sequence > 0 {
        fruitless += 1;
        // One entry may have made many resources, and each of them has many rows: all of them may be drawn.
        let keys = changes(record, 1 + dice.below(questions.sequence)).await?;
        for _ in 0..keys.len().min(OF_AN_ENTRY) {
            number += 1;
            let (Some(key), which) = (dice.one_of(&keys), dice.next()) else { continue };
            let version = reading.get(key).await?.filter(|version| !version.text.is_empty());
            let rows = version.map(|version| reading.rows(&version)).unwrap_or_default();
            let row = usize::try_from(which).ok().and_then(|which| rows.get(which.checked_rem(rows.len())?));
            if made.len() >= SEARCHES || !made.insert((key.kind.clone(), row.cloned())) {
                continue;
            }
            fruitless = 0;
            match row {
                None => answers.put(format!("search {number}: {} that is gone or in no index", key.kind), 0),
                Some(row) => {
                    let select = Select::of(&key.kind).with(Clause::Any(vec![span_of(row)]));
                    answers.put(
                        format!("search {number}: {} by {}", key.kind, row.parameter),
                        reading.total(&select).await?,
                    );
                }
            }
        }
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
