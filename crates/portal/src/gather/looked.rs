//! Who has looked at a patient: the access journal's entries of a period, one line for each person and shift.
//!
//! The link of care is what the permit of the time says, no more: a role that reaches every patient explains nothing,
//! and the line says so. Bounded: so many entries; a list that was cut says so.

use std::collections::{BTreeMap, BTreeSet};

use access::Role;
use record::trail::{Access, AccessQuery};
use record::{Key, Problem};
use terms::{Date, Moment, local};

use crate::components::access_row::{AccessRow, State, View};
use crate::door::{Door, asked};
use crate::pages::who_looked::{Kind, Looked, Narrowed, Period};
use crate::setting::role_words;
use crate::words::{clock, short_day};

/// Entries that are read at most.
const MOST: usize = 20_000;
/// Entries that the record gives at once.
const AT_ONCE: usize = 1000;
/// Lines on one page of the list.
const LINES: usize = 50;
const DAY_MS: i64 = 24 * 3_600_000;

/// Reads the access journal for a patient, newest first, and narrows it to what was asked for.
pub(crate) async fn looked_at(door: &Door, id: &str, asked: &Narrowed) -> Result<Looked, Problem> {
    let since = since(asked.period, door.now);
    let (entries, cut) = entries(door, id, since).await?;
    let principals: BTreeSet<String> = entries.iter().map(|entry| entry.principal.clone()).collect();
    let names = door.names.of(principals.into_iter().collect()).await;
    Ok(looked(&entries, asked, &names, door.now, cut))
}

/// When a period begins.
fn since(period: Period, now: Moment) -> Moment {
    Moment(period.days().map_or(i64::MIN, |days| now.0 - days * DAY_MS))
}

/// The entries since a moment, and whether there are more than were read.
async fn entries(door: &Door, id: &str, since: Moment) -> Result<(Vec<Access>, bool), Problem> {
    let mut entries: Vec<Access> = Vec::new();
    loop {
        let query = AccessQuery {
            subject: Some(Key::new("Patient", id)),
            before: entries.last().map(|entry| entry.number),
            limit: AT_ONCE,
            ..AccessQuery::default()
        };
        let page = door.record.accesses(&door.permit, query).await?;
        let was_last = page.len() < AT_ONCE;
        let before = entries.len() + page.len();
        entries.extend(page.into_iter().take_while(|entry| entry.moment >= since));
        if was_last || entries.len() < before {
            return Ok((entries, false));
        }
        if entries.len() >= MOST {
            return Ok((entries, true));
        }
    }
}

/// A person, a permit, a shift, and whether they were let in.
type Line<'a> = (&'a str, &'a str, (Date, bool), bool);

fn looked(entries: &[Access], asked: &Narrowed, names: &BTreeMap<String, String>, now: Moment, cut: bool) -> Looked {
    let mut grouped: BTreeMap<Line<'_>, Vec<&Access>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| is_wanted(entry, asked)) {
        let line = (entry.principal.as_str(), entry.permit.as_str(), shift(entry.moment), entry.shown);
        grouped.entry(line).or_default().push(entry);
    }
    let mut rows: Vec<(Moment, u64, AccessRow)> =
        grouped.into_values().filter_map(|entries| row(&entries, names, now)).collect();
    rows.sort_by_key(|(last, number, _)| std::cmp::Reverse((*last, *number)));
    let lines = rows.len();
    let pages = lines.div_ceil(LINES).max(1);
    let page = asked.page.clamp(1, pages);
    let people: BTreeSet<&str> = entries.iter().map(|entry| entry.principal.as_str()).collect();
    let count = |wanted: State| entries.iter().filter(|entry| state(entry) == wanted).count() as u64;
    Looked {
        rows: rows.into_iter().map(|(_, _, row)| row).skip((page - 1) * LINES).take(LINES).collect(),
        lines,
        page,
        pages,
        people: people.len(),
        explained: count(State::Explained),
        by_role: count(State::ByRole),
        refused: count(State::Refused),
        who: asked.who.as_ref().map(|who| names.get(who).cloned().unwrap_or_else(|| short(who).to_owned())),
        cut,
    }
}

fn is_wanted(entry: &Access, asked: &Narrowed) -> bool {
    let of_kind = match asked.kind {
        Kind::Everything => true,
        Kind::Opened => entry.shown && entry.query != asked::SEARCH && !is_software(&entry.query),
        Kind::Search => entry.shown && entry.query == asked::SEARCH,
        Kind::Software => entry.shown && is_software(&entry.query),
        Kind::Refused => !entry.shown,
    };
    of_kind && asked.who.as_ref().is_none_or(|who| *who == entry.principal)
}

/// The day and half of it: 08:00 to 20:00, and the night that follows, which belongs to the day it began on.
fn shift(moment: Moment) -> (Date, bool) {
    const EIGHT_HOURS_MS: i64 = 8 * 3_600_000;
    let shifted = local(Moment(moment.0 - EIGHT_HOURS_MS));
    (shifted.date(), shifted.hour() >= 12)
}

fn row(entries: &[&Access], names: &BTreeMap<String, String>, now: Moment) -> Option<(Moment, u64, AccessRow)> {
    let last = entries.iter().max_by_key(|entry| (entry.moment, entry.number))?;
    let what: BTreeSet<String> = entries.iter().map(|entry| what_words(&entry.query)).collect();
    let role = last.permit.split(' ').next().and_then(Role::of_code).map_or("Role not known", role_words);
    let name = names.get(&last.principal);
    let account = name.map(|_| short(&last.principal));
    let row = AccessRow {
        day: short_day(last.moment, now),
        at: clock(last.moment),
        who: name.map_or_else(|| short(&last.principal).to_owned(), Clone::clone),
        principal: last.principal.clone(),
        role: [Some(role), account].into_iter().flatten().collect::<Vec<_>>().join(", "),
        what: what.into_iter().collect::<Vec<_>>().join(", "),
        why: why_words(last).to_owned(),
        views: entries.iter().map(|entry| view(entry)).collect(),
        state: state(last),
    };
    Some((last.moment, last.number, row))
}

fn view(entry: &Access) -> View {
    View { at: clock(entry.moment), what: what_words(&entry.query) }
}

/// The id without its kind: `s.reilly` of `user/s.reilly`.
fn short(principal: &str) -> &str {
    principal.split_once('/').map_or(principal, |(_, name)| name)
}

/// What the permit says of the link between reader and patient: the last word of [`access::Permit::describe`].
fn basis(permit: &str) -> &str {
    permit.split_once(" by ").map_or("", |(_, basis)| basis)
}

fn state(entry: &Access) -> State {
    match basis(&entry.permit) {
        _ if !entry.shown => State::Refused,
        "relationship" | "named subjects" => State::Explained,
        _ => State::ByRole,
    }
}

fn why_words(entry: &Access) -> &'static str {
    match basis(&entry.permit) {
        _ if !entry.shown => "Not let in",
        "relationship" => "Has to do with this patient’s care",
        "named subjects" => "Was given this patient by name",
        "host" => "The host’s own work on the record",
        "role" => "The role alone; no link of care is recorded",
        _ => "The permit does not say",
    }
}

/// Whether a query came through the FHIR interface: its words begin with a method.
fn is_software(query: &str) -> bool {
    query.split_once(' ').is_some_and(|(method, _)| method.bytes().all(|byte| byte.is_ascii_uppercase()))
}

/// What was asked, in words; of a FHIR request the kind of resource and never what was searched for.
fn what_words(query: &str) -> String {
    match query {
        asked::SUMMARY => "Summary".to_owned(),
        asked::SEARCH => "In a search".to_owned(),
        asked::WHO_LOOKED => "Who has looked".to_owned(),
        query if is_software(query) => software_words(query),
        _ => "Other".to_owned(),
    }
}

fn software_words(query: &str) -> String {
    let address = query.split_once(' ').map_or("", |(_, address)| address);
    let (path, searched) = address.split_once('?').map_or((address, false), |(path, _)| (path, true));
    let mut steps = path.split('/');
    let kind = steps.next().filter(|kind| !kind.is_empty()).unwrap_or("several kinds");
    let how = match (searched, steps.clone().next_back()) {
        (true, _) => ", searched",
        (false, Some("_history")) => ", all versions",
        (false, Some("$everything")) => ", everything",
        _ => "",
    };
    format!("{kind}{how} (software)")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-17T14:35:00Z";

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

    fn shown(entries: &[Access], asked: &Narrowed) -> Looked {
        let names = BTreeMap::from([("user/s.reilly".to_owned(), "Siobhan Reilly".to_owned())]);
        looked(entries, asked, &names, Moment::parse(NOW).unwrap_or_default(), false)
    }

    fn views() -> Vec<Access> {
        vec![
            entry(2, "2026-11-16T21:00:00Z", "user/p.nwosu", asked::SUMMARY, true),
            entry(3, "2026-11-17T03:00:00Z", "user/p.nwosu", asked::SEARCH, true),
            entry(4, "2026-11-17T09:00:00Z", "user/p.nwosu", asked::SUMMARY, true),
            entry(5, "2026-11-17T14:31:00Z", "user/s.reilly", asked::SUMMARY, true),
            entry(6, "2026-11-17T14:32:00Z", "user/s.reilly", asked::SUMMARY, false),
            entry(7, "2026-11-17T14:33:00Z", "token/7f3a", "GET Observation?subject=Patient/x", true),
        ]
    }

    #[test]
    fn one_line_for_each_person_and_shift() {
        let looked = shown(&views(), &Narrowed::default());
        let rows: Vec<_> =
            looked.rows.iter().map(|row| (row.who.as_str(), row.what.as_str(), row.views.len())).collect();
        assert_eq!(
            rows,
            [
                ("7f3a", "Observation, searched (software)", 1),
                ("Siobhan Reilly", "Summary", 1),
                ("Siobhan Reilly", "Summary", 1),
                ("p.nwosu", "Summary", 1),
                ("p.nwosu", "In a search, Summary", 2)
            ]
        );
        assert_eq!((looked.by_role, looked.refused, looked.people, looked.lines), (5, 1, 3, 5));
        assert_eq!(looked.rows[1].role, "Clinician, s.reilly");
    }

    #[test]
    fn a_filter_narrows_the_list_and_never_the_numbers() {
        let cases =
            [(Kind::Everything, 5), (Kind::Opened, 3), (Kind::Search, 1), (Kind::Software, 1), (Kind::Refused, 1)];
        for (kind, lines) in cases {
            let looked = shown(&views(), &Narrowed { kind, ..Narrowed::default() });
            assert_eq!((looked.lines, looked.by_role, looked.refused), (lines, 5, 1), "{kind:?}");
        }
        let who = Some("user/s.reilly".to_owned());
        let looked = shown(&views(), &Narrowed { who, ..Narrowed::default() });
        assert_eq!((looked.lines, looked.who.as_deref()), (2, Some("Siobhan Reilly")));
    }

    #[test]
    fn the_link_is_what_the_permit_says_and_nothing_more() {
        let cases = [
            ("clinician by role", true, State::ByRole),
            ("host by host", true, State::ByRole),
            ("clinician by relationship", true, State::Explained),
            ("subject by named subjects", true, State::Explained),
            ("clinician by relationship", false, State::Refused),
            ("", true, State::ByRole),
        ];
        for (permit, let_in, expected) in cases {
            let entry = Access { permit: permit.into(), ..entry(1, NOW, "user/x", asked::SUMMARY, let_in) };
            assert_eq!(state(&entry), expected, "{permit}");
        }
    }

    #[test]
    fn every_line_is_on_one_page_and_one_only() {
        let entries: Vec<Access> =
            (0..130).map(|at| entry(at, NOW, &format!("user/p{at}"), asked::SUMMARY, true)).collect();
        let mut seen = BTreeSet::new();
        for (page, expected) in [(1, 50), (2, 50), (3, 30), (9, 30)] {
            let looked = shown(&entries, &Narrowed { page, ..Narrowed::default() });
            assert_eq!((looked.rows.len(), looked.pages, looked.lines), (expected, 3, 130));
            seen.extend(looked.rows.into_iter().map(|row| row.who));
        }
        assert_eq!(seen.len(), 130);
    }
}
