//! Matching of a file: reads people from any CSV with a header, has `administration` find the likely pairs, and writes
//! them down with what each field says. Needs no trust and no data directory, keeps nothing, and changes nothing.

mod columns;
mod read;
mod report;

use std::num::NonZero;
use std::path::PathBuf;

use administration::matching::{Step, Verdict, find_pairs};
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::failure::Failure;
use crate::work::{Listener, Outcome, Progress};
pub use columns::{Column, PersonField};

/// Pairs that an outcome lists; a file that is asked for has them all.
const MOST_LISTED: usize = 10_000;

/// A file to be matched.
#[derive(Debug, Clone)]
pub struct MatchFile {
    /// The CSV.
    pub input: PathBuf,
    /// Where the pairs are written as CSV.
    pub out: Option<PathBuf>,
    /// Which column holds what; fields that are not named are found by the usual names of their columns.
    pub columns: Vec<Column>,
    /// How many threads work; as many as the machine has when not said.
    pub threads: Option<NonZero<usize>>,
}

/// What came of matching a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Matched {
    /// People that were read.
    pub people: u64,
    /// Which columns were used: the field and the header's name.
    pub columns: Vec<(String, String)>,
    /// Dates of birth that could not be read and count as missing.
    pub unread_dates: u64,
    /// The lines of the first of them.
    pub unread_date_lines: Vec<u64>,
    /// Pairs that shared a key and were compared, once for each key.
    pub compared: u64,
    /// Pairs proposed for merging.
    pub merge: u64,
    /// Likely pairs that somebody has to look at.
    pub review: u64,
    /// So many records are alike that not all pairs were compared.
    pub is_cut: bool,
    /// The likely pairs, the heaviest first; 10,000 at most.
    pub pairs: Vec<MatchedPair>,
    /// The file that has them all.
    pub out: Option<PathBuf>,
    /// How long it took.
    pub milliseconds: u64,
}

/// A likely pair of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MatchedPair {
    /// The lines of the file on which the two records begin.
    pub lines: [u64; 2],
    /// Their ids, where a column holds them.
    pub ids: Option<[String; 2]>,
    /// The binary logarithm of the odds that the two are one person, to a hundredth.
    pub weight_bits: f64,
    /// Those odds as a probability.
    pub probability: f64,
    /// `merge` or `review`.
    pub verdict: String,
    /// What each field says.
    pub fields: Vec<FieldSays>,
    /// Why it is not proposed for merging although its weight would do.
    pub holds: Vec<String>,
}

/// What one field says of a pair.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FieldSays {
    /// The field.
    pub field: String,
    /// How the two agree or differ.
    pub found: String,
    /// What that is worth, in bits to a hundredth.
    pub bits: f64,
    /// What that says in words, such as `Strong for`.
    pub says: String,
}

/// Matches a file.
///
/// # Errors
/// Refused: a file that cannot be read or is no CSV with a header, with the line; columns that are not there; nothing to
/// match by. A problem: the pairs cannot be written.
pub fn match_file(work: &MatchFile, listener: Listener<'_>) -> Result<Outcome, Failure> {
    let elapsed = clock::stopwatch();
    let input = read::people(work, listener)?;
    let threads = work.threads.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZero::<usize>::MIN);
    let hear = |step: Step| {
        let Step { doing, done, total, pairs } = step;
        listener(Progress { doing: doing.to_owned(), done: done as u64, total: Some(total as u64), items: pairs });
    };
    let found = find_pairs(&input.people, threads, &hear);
    if let Some(path) = &work.out {
        report::write(path, &input, &found)?;
    }
    let count = |verdict: Verdict| found.pairs.iter().filter(|pair| pair.verdict == verdict).count() as u64;
    let pairs = found.pairs.iter().take(MOST_LISTED).map(|pair| report::pair(&input, &found, pair)).collect();
    Ok(Outcome::Matched(Matched {
        people: input.people.len() as u64,
        columns: input.columns,
        unread_dates: input.unread_dates,
        unread_date_lines: input.unread_date_lines,
        compared: found.looked_at,
        merge: count(Verdict::Merge),
        review: count(Verdict::Review),
        is_cut: found.is_cut,
        pairs,
        out: work.out.clone(),
        milliseconds: elapsed(),
    }))
}
