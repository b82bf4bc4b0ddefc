//! The patients whose summaries somebody opened last, kept on the desk for each person: ids and moments, no names.
//!
//! A help to the memory, not a proof: who looked at whom is in the access journal.

use record::{DeskChange, Problem};
use terms::Moment;

use crate::door::Door;

/// The kind of the desk's rows.
const RECENT: &str = "recent";
/// How many are kept.
const MOST: usize = 8;
/// Within this time a second look at the same patient is the same look.
const SAME_LOOK_MS: i64 = 5 * 60 * 1000;
/// How long they are kept after the last look.
const KEPT_MS: i64 = 14 * 24 * 60 * 60 * 1000;

/// A patient and when their summary was opened last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) patient: String,
    pub(crate) at: Moment,
}

/// Those whom somebody opened last, the newest first.
pub(crate) async fn opened(door: &Door) -> Result<Vec<Opened>, Problem> {
    let row = door.record.desk_get(RECENT, &door.permit.principal().id).await?;
    Ok(row.map(|row| parse(&row.bytes)).unwrap_or_default())
}

/// Remembers that somebody opened a patient's summary.
pub(crate) async fn remember(door: &Door, patient: &str) -> Result<(), Problem> {
    let before = opened(door).await?;
    let Some(after) = with(before, patient, door.now) else { return Ok(()) };
    let text: Vec<String> = after.iter().map(|one| format!("{} {}", one.at.0, one.patient)).collect();
    let content = Some((text.join("\n").into_bytes(), Some(Moment(door.now.0 + KEPT_MS))));
    let key = door.permit.principal().id.clone();
    let change = DeskChange { kind: RECENT.into(), key, content, expected: None };
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
