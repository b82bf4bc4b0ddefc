//! Who has looked at a patient: the access journal's entries of a year, one line for each person and shift.
//!
//! The link that explains a view is not worked out yet; the line says the role it was made in, and no more.

use std::collections::{BTreeMap, BTreeSet};

use access::Role;
use record::{Access, AccessQuery, Key, Problem};
use terms::{Date, Moment, local};

use crate::components::access_row::{AccessRow, State};
use crate::door::{Door, asked};
use crate::setting::role_words;
use crate::words::{clock, short_day};

/// Entries that are read at most.
const MOST: usize = 5000;
const YEAR_MS: i64 = 365 * 24 * 3_600_000;

/// What the page shows of a patient's views.
pub(crate) struct Looked {
    pub(crate) rows: Vec<AccessRow>,
    pub(crate) views: u64,
    pub(crate) people: usize,
    pub(crate) refused: u64,
    /// Whether there were more entries than were read.
    pub(crate) cut: bool,
}

/// Reads the access journal for a patient, newest first.
pub(crate) async fn looked_at(door: &Door, id: &str) -> Result<Looked, Problem> {
    let query = AccessQuery { subject: Some(Key::new("Patient", id)), limit: MOST, ..AccessQuery::default() };
    let entries = door.record.accesses(&door.permit, query).await?;
    Ok(lines(&entries, door.now))
}

/// A person, a shift, and whether they were let in.
type Line = (String, String, (Date, bool), bool);

fn lines(entries: &[Access], now: Moment) -> Looked {
    let recent: Vec<&Access> = entries.iter().filter(|entry| now.0 - entry.moment.0 <= YEAR_MS).collect();
    let mut grouped: BTreeMap<Line, Vec<&Access>> = BTreeMap::new();
    for entry in &recent {
        let line = (entry.principal.clone(), entry.permit.clone(), shift(entry.moment), entry.shown);
        grouped.entry(line).or_default().push(entry);
    }
    let mut rows: Vec<(Moment, AccessRow)> = grouped.into_values().filter_map(|entries| row(&entries, now)).collect();
    rows.sort_by_key(|(last, _)| std::cmp::Reverse(*last));
    let people: BTreeSet<&str> = recent.iter().map(|entry| entry.principal.as_str()).collect();
    let shown = recent.iter().filter(|entry| entry.shown).count() as u64;
    Looked {
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        views: shown,
        people: people.len(),
        refused: recent.len() as u64 - shown,
        cut: entries.len() >= MOST,
    }
}

/// The day and half of it: 08:00 to 20:00, and the night that follows, which belongs to the day it began on.
fn shift(moment: Moment) -> (Date, bool) {
    const EIGHT_HOURS_MS: i64 = 8 * 3_600_000;
    let shifted = local(Moment(moment.0 - EIGHT_HOURS_MS));
    (shifted.date(), shifted.hour() >= 12)
}

fn row(entries: &[&Access], now: Moment) -> Option<(Moment, AccessRow)> {
    let last = entries.iter().max_by_key(|entry| (entry.moment, entry.number))?;
    let what: BTreeSet<&str> = entries.iter().map(|entry| what_words(&entry.query)).collect();
    let role = last.permit.split(' ').next().and_then(Role::of_code).map_or("Role not known", role_words);
    let row = AccessRow {
        day: short_day(last.moment, now),
        at: clock(last.moment),
        who: last.principal.split_once('/').map_or(last.principal.as_str(), |(_, name)| name).to_owned(),
        role: role.to_owned(),
        what: what.into_iter().collect::<Vec<_>>().join(", "),
        why: if last.shown { format!("Permit: {}", last.permit) } else { "Not let in".to_owned() },
        views: entries.len() as u64,
        state: if last.shown { State::NotWorkedOut } else { State::Refused },
    };
    Some((last.moment, row))
}

/// What was asked, in words.
fn what_words(query: &str) -> &'static str {
    match query {
        asked::SUMMARY => "Summary",
        asked::SEARCH => "In a search",
        asked::WHO_LOOKED => "Who has looked",
        _ => "By software",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64, at: &str, principal: &str, query: &str, shown: bool) -> Access {
        Access {
            number,
            moment: Moment::parse(at).unwrap_or_default(),
            leaf: (1, number),
            principal: principal.into(),
            permit: "clinician by role".into(),
            query: query.into(),
            sequence: 1,
            shown,
            subjects: 1,
        }
    }

    #[test]
    fn one_line_for_each_person_and_shift() {
        let now = Moment::parse("2026-11-17T14:35:00Z").unwrap_or_default();
        let entries = [
            entry(1, "2025-11-01T09:00:00Z", "user/old", asked::SUMMARY, true),
            entry(2, "2026-11-16T21:00:00Z", "user/p.nwosu", asked::SUMMARY, true),
            entry(3, "2026-11-17T03:00:00Z", "user/p.nwosu", asked::SEARCH, true),
            entry(4, "2026-11-17T09:00:00Z", "user/p.nwosu", asked::SUMMARY, true),
            entry(5, "2026-11-17T14:31:00Z", "user/s.reilly", asked::SUMMARY, true),
            entry(6, "2026-11-17T14:32:00Z", "user/s.reilly", asked::SUMMARY, false),
        ];
        let looked = lines(&entries, now);
        let rows: Vec<_> = looked.rows.iter().map(|row| (row.who.as_str(), row.what.as_str(), row.views)).collect();
        assert_eq!(
            rows,
            [
                ("s.reilly", "Summary", 1),
                ("s.reilly", "Summary", 1),
                ("p.nwosu", "Summary", 1),
                ("p.nwosu", "In a search, Summary", 2)
            ]
        );
        assert_eq!((looked.views, looked.people, looked.refused), (4, 2, 1));
    }
}
