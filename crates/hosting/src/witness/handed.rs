//! The entries by which a record was handed over, found in its journal: a witness that did not hear of one needs it to
//! follow the next.

use std::collections::VecDeque;

use journal::{Act, Entry};
use record::Record;

use crate::failure::Failure;

/// The most epochs that are looked through. Each opening of a record is one.
const MOST_EPOCHS: usize = 2000;

/// The newest `most` of them, cuts and resumptions, in their order.
///
/// # Errors
/// The journal could not be read.
pub(super) async fn hand_overs(record: &Record, most: usize) -> Result<VecDeque<(Vec<u8>, Act)>, Failure> {
    let mut found = VecDeque::new();
    let Some(writes) = record.writes().await?.filter(|writes| writes.cut > 0) else { return Ok(found) };
    let mut at = writes.cut;
    for _ in 0..MOST_EPOCHS {
        let last = entry(record, at).await?;
        let epoch = last.1.epoch;
        if matches!(last.1.act, Act::Cut(_) | Act::Resume(_)) {
            found.push_front((last.0, last.1.act));
        }
        // A cut is the last entry of its epoch, and a resumption the first one of the epoch after it.
        let (mut before, mut first) = (0, at);
        while first - before > 1 {
            let middle = before + (first - before) / 2;
            if entry(record, middle).await?.1.epoch < epoch {
                before = middle;
            } else {
                first = middle;
            }
        }
        if first < at {
            let (bytes, entry) = entry(record, first).await?;
            if matches!(entry.act, Act::Resume(_)) {
                found.push_front((bytes, entry.act));
            }
        }
        if before == 0 || found.len() >= most {
            break;
        }
        at = before;
    }
    found.drain(..found.len().saturating_sub(most));
    Ok(found)
}

async fn entry(record: &Record, number: u64) -> Result<(Vec<u8>, Entry), Failure> {
    let bytes = record.entry(number).await?.ok_or_else(|| Failure::Problem("An entry is not there.".into()))?;
    let entry = Entry::decode(&bytes).map_err(|error| Failure::problem("reading an entry", &error))?;
    Ok((bytes, entry))
}
