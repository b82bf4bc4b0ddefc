//! The patients whose summaries somebody opened last, kept on the desk for each person: ids and moments, no names.
//!
//! A help to the memory, not a proof: who looked at whom is in the access journal. So the desk is written to at most twice a
//! minute for each person, and a host that ends may forget their looks since.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use record::{DeskChange, Problem};
use terms::Moment;

use crate::door::Door;

/// The kind of the desk's rows.
const RECENT: &str = "recent";
/// How many are kept.
const MOST: usize = 8;
/// Within this time a second look at the same patient is the same look.
const SAME_LOOK_MS: i64 = 5 * 60 * 1000;
/// The desk is written to no sooner than this after the last time.
const WRITTEN_EVERY_MS: i64 = 30 * 1000;
/// People whose looks are in memory; when there are more, all are read from the desk again.
const MOST_PEOPLE: usize = 10_000;
/// How long they are kept after the last look.
const KEPT_MS: i64 = 14 * 24 * 60 * 60 * 1000;

/// A patient and when their summary was opened last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) patient: String,
    pub(crate) at: Moment,
}

/// The last looks at a trust's patients since it was opened here, by person.
#[derive(Clone, Default)]
pub struct LastLooks(Arc<Mutex<HashMap<String, InMemory>>>);

#[derive(Clone)]
struct InMemory {
    opened: Vec<Opened>,
    written: Moment,
}

impl LastLooks {
    fn of(&self, principal: &str) -> Option<InMemory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(principal).cloned()
    }

    fn put(&self, principal: &str, looks: InMemory) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_PEOPLE && !all.contains_key(principal) {
            all.clear();
        }
        all.insert(principal.to_owned(), looks);
    }
}

/// Those whom somebody opened last, the newest first.
pub(crate) async fn opened(door: &Door) -> Result<Vec<Opened>, Problem> {
    if let Some(mut known) = door.last_looks.of(&door.permit.principal().id) {
        known.opened.retain(|one| door.now.0 - one.at.0 < KEPT_MS);
        return Ok(known.opened);
    }
    let row = door.record.desk_get(RECENT, &door.permit.principal().id).await?;
    Ok(row.map(|row| parse(&row.bytes)).unwrap_or_default())
}

/// Remembers that somebody opened a patient's summary.
pub(crate) async fn remember(door: &Door, patient: &str) -> Result<(), Problem> {
    let before = opened(door).await?;
    let Some(after) = with(before, patient, door.now) else { return Ok(()) };
    let principal = &door.permit.principal().id;
    let written = door.last_looks.of(principal).map(|known| known.written);
    let is_due = written.is_none_or(|written| door.now.0 - written.0 >= WRITTEN_EVERY_MS);
    let written = written.filter(|_| !is_due).unwrap_or(door.now);
    door.last_looks.put(principal, InMemory { opened: after.clone(), written });
    if !is_due {
        return Ok(());
    }
    let text: Vec<String> = after.iter().map(|one| format!("{} {}", one.at.0, one.patient)).collect();
    let content = Some((text.join("\n").into_bytes(), Some(Moment(door.now.0 + KEPT_MS))));
    let change = DeskChange { kind: RECENT.into(), key: principal.clone(), content, expected: None };
    match door.record.desk_put(vec![change]).await {
        // A page is shown also where the record belongs to another host for a moment.
        Err(Problem::HandedOver) => Ok(()),
        put => put.map(drop),
    }
}

/// The list with one more in front; `None` when it is the same look as the last.
fn with(mut opened: Vec<Opened>, patient: &str, now: Moment) -> Option<Vec<Opened>> {
    if opened.first().is_some_and(|last| last.patient == patient && now.0 - last.at.0 < SAME_LOOK_MS) {
        return None;
    }
    opened.retain(|one| one.patient != patient);
    opened.insert(0, Opened { patient: patient.to_owned(), at: now });
    opened.truncate(MOST);
    Some(opened)
}

fn parse(bytes: &[u8]) -> Vec<Opened> {
    let text = String::from_utf8_lossy(bytes);
    let one = |line: &str| {
        let (at, patient) = line.split_once(' ')?;
        Some(Opened { patient: patient.to_owned(), at: Moment(at.parse().ok()?) })
    };
    text.lines().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_looks_stand_first_and_each_patient_once() {
        let mut opened = Vec::new();
        for at in 0..12 {
            let minutes = Moment(at * 600_000);
            opened = with(opened, &format!("p{}", at % 10), minutes).unwrap_or_default();
        }
        let ids: Vec<&str> = opened.iter().map(|one| one.patient.as_str()).collect();
        assert_eq!(ids, ["p1", "p0", "p9", "p8", "p7", "p6", "p5", "p4"]);
        assert_eq!(with(opened.clone(), "p1", Moment(opened[0].at.0 + 1)), None);
        let text = opened.iter().map(|one| format!("{} {}", one.at.0, one.patient)).collect::<Vec<_>>().join("\n");
        assert_eq!(parse(text.as_bytes()), opened);
        assert_eq!(parse(b"no list\n5"), []);
    }
}
