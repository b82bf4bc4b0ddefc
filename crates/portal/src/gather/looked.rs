//! Who has looked at a patient and who has changed their record: the entries of the access journal and the commits of a
//! period, one line for each person, shift and kind of deed.
//!
//! The link of care is what the permit of the time says, no more: a role that reaches every patient explains nothing,
//! and the line says so. Bounded: so many entries of each; a list that was cut says so.

use std::collections::{BTreeMap, BTreeSet};

use access::Role;
use administration::restricted_access::{Judged, Opening, judged_of_patient, of_patient};
use clinical::Chart;
use record::trail::{Access, AccessQuery, Changed, Commit};
use record::{Key, Problem, Reading};
use terms::{Date, Moment, local};

use super::looked_words::{NAMED, changed_words, is_software, what_words};
use super::{chart, finished};
use crate::components::access_row::{AccessRow, Deed, State, View};
use crate::door::{Door, asked};
use crate::pages::who_looked::{Kind, Looked, Narrowed, Period};
use crate::setting::role_words;
use crate::words::{clock, short_day, short_moment};

/// Entries of the access journal that are read at most, and commits.
const MOST: usize = 20_000;
/// Those that the record gives at once.
const AT_ONCE: usize = 1000;
/// Lines on one page of the list.
const LINES: usize = 50;
const DAY_MS: i64 = 24 * 3_600_000;

/// What the permit says of a restricted record that was opened with a reason.
const BREAK_GLASS: &str = "break-glass";

/// What was read of a period, newest first.
#[derive(Default)]
struct Read {
    accesses: Vec<Access>,
    commits: Vec<Commit>,
    /// The reasons with which a restricted record was opened.
    openings: Vec<Opening>,
    /// What came of them.
    judged: Judged,
    /// Whether there is more of either than was read.
    cut: bool,
    /// Whether commits of an earlier release may be missing still.
    incomplete: bool,
}

/// One thing that somebody did.
struct Event<'a> {
    moment: Moment,
    number: u64,
    principal: &'a str,
    permit: &'a str,
    did: Did<'a>,
}

enum Did<'a> {
    /// Asked this, and it was shown.
    Looked(&'a str),
    /// Asked this, and was not let in.
    WasRefused(&'a str),
    /// Changed this.
    Changed(&'a [Changed]),
}

/// Who a patient is, and who has looked at them or changed their record, narrowed to what was asked for. `None` when
/// there is no such patient or the permit does not reach them.
pub(crate) async fn looked_at(door: &Door, id: &str, asked: &Narrowed) -> Result<Option<(Chart, Looked)>, Problem> {
    let since = since(asked.period, door.now);
    let reading = door.record.read(&door.permit, asked::WHO_LOOKED).await?;
    let answer = identity_and_commits(door, &reading, id, since).await;
    let Some((chart, mut read)) = finished(reading, answer).await? else { return Ok(None) };
    let (accesses, cut) = accesses(door, id, since).await?;
    read.accesses = accesses;
    read.cut |= cut;
    let readers = read.accesses.iter().map(|access| access.principal.clone());
    let people: BTreeSet<String> = readers.chain(read.commits.iter().map(|commit| commit.author.clone())).collect();
    let names = door.names.of(people.into_iter().collect()).await;
    Ok(Some((chart, looked(&read, asked, &names, door.now))))
}

async fn identity_and_commits(
    door: &Door,
    reading: &Reading,
    id: &str,
    since: Moment,
) -> Result<Option<(Chart, Read)>, Problem> {
    let Some(chart) = chart::identity_of(door, reading, id).await? else { return Ok(None) };
    let (openings, judged) = (of_patient(reading, id).await?, judged_of_patient(reading, id).await?);
    let (subject, mut read) = (Key::new("Patient", id), Read { openings, judged, ..Read::default() });
    loop {
        let below = read.commits.last().map(|commit| commit.sequence);
        let page = reading.commits(&subject, below, AT_ONCE).await?;
        let was_last = page.commits.len() < AT_ONCE;
        let before = read.commits.len() + page.commits.len();
        read.incomplete |= !page.complete;
        read.commits.extend(page.commits.into_iter().take_while(|commit| commit.moment >= since));
        if was_last || read.commits.len() < before {
            return Ok(Some((chart, read)));
        }
        if read.commits.len() >= MOST {
            read.cut = true;
            return Ok(Some((chart, read)));
        }
    }
}

/// When a period begins.
fn since(period: Period, now: Moment) -> Moment {
    Moment(period.days().map_or(i64::MIN, |days| now.0 - days * DAY_MS))
}

/// The entries since a moment, and whether there are more than were read.
async fn accesses(door: &Door, id: &str, since: Moment) -> Result<(Vec<Access>, bool), Problem> {
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

/// A person, a permit, a shift, and what kind of deed.
type Line<'a> = (&'a str, &'a str, (Date, bool), u8);

impl<'a> Event<'a> {
    fn of_access(access: &'a Access) -> Event<'a> {
        // Who was asked for a reason saw who it is, and has not opened the record.
        let was_opened = access.shown && ![asked::REASON, asked::NO_REASON].contains(&access.query.as_str());
        let did = if was_opened { Did::Looked(&access.query) } else { Did::WasRefused(&access.query) };
        let (principal, permit) = (access.principal.as_str(), access.permit.as_str());
        Event { moment: access.moment, number: access.number, principal, permit, did }
    }

    fn of_commit(commit: &'a Commit) -> Event<'a> {
        let (principal, permit) = (commit.author.as_str(), commit.permit.as_str());
        let did = Did::Changed(&commit.changed);
        Event { moment: commit.moment, number: commit.sequence, principal, permit, did }
    }

    /// The line it stands on.
    fn line(&self) -> Line<'a> {
        let deed = match self.did {
            Did::Looked(_) => 0,
            Did::WasRefused(_) => 1,
            Did::Changed(_) => 2,
        };
        (self.principal, self.permit, shift(self.moment), deed)
    }

    fn is_wanted(&self, asked: &Narrowed) -> bool {
        let of_kind = match (asked.kind, &self.did) {
            (Kind::Everything, _) | (Kind::Refused, Did::WasRefused(_)) | (Kind::Changed, Did::Changed(_)) => true,
            (Kind::BreakGlass, Did::Looked(_) | Did::Changed(_)) => basis(self.permit) == BREAK_GLASS,
            (Kind::Opened, Did::Looked(query)) => *query != asked::SEARCH && !is_software(query),
            (Kind::Search, Did::Looked(query)) => *query == asked::SEARCH,
            (Kind::Software, Did::Looked(query)) => is_software(query),
            _ => false,
        };
        of_kind && asked.who.as_ref().is_none_or(|who| who == self.principal)
    }

    fn state(&self) -> State {
        match (&self.did, basis(self.permit)) {
            (Did::WasRefused(_), _) => State::Refused,
            (_, "relationship" | "named subjects") => State::Explained,
            (_, BREAK_GLASS) => State::BreakGlass,
            _ => State::ByRole,
        }
    }

    /// Why: of a record that was opened with a reason that reason, as it was given.
    fn why(&self, openings: &[Opening]) -> String {
        let words = match (&self.did, basis(self.permit)) {
            (Did::WasRefused(asked::REASON | asked::NO_REASON), _) => "Was asked for a reason",
            (Did::WasRefused(_), _) => "Not let in",
            (_, BREAK_GLASS) => {
                let reason = self.opening(openings).map(Opening::why);
                return reason.unwrap_or_else(|| "The reason is not in this record".to_owned());
            }
            (_, "relationship") => "Has to do with this patient’s care",
            (_, "named subjects") => "Was given this patient by name",
            (_, "host") => "The host’s own work on the record",
            (_, "role") => "The role alone; no link of care is recorded",
            _ => "The permit does not say",
        };
        words.to_owned()
    }

    /// The opening by which it was open: the newest of before, as a page is noted a moment after it was asked for.
    fn opening<'o>(&self, openings: &'o [Opening]) -> Option<&'o Opening> {
        let own = |opening: &&Opening| opening.by == self.principal && opening.from <= self.moment;
        openings.iter().find(own).filter(|_| self.state() == State::BreakGlass)
    }

    fn view(&self) -> View {
        let what = match self.did {
            Did::Looked(query) | Did::WasRefused(query) => what_words(query),
            Did::Changed(changed) => changed_words(changed, usize::MAX),
        };
        View { at: clock(self.moment), what }
    }
}

fn looked(read: &Read, asked: &Narrowed, names: &BTreeMap<String, String>, now: Moment) -> Looked {
    let accesses: Vec<Event<'_>> = read.accesses.iter().map(Event::of_access).collect();
    let commits: Vec<Event<'_>> = read.commits.iter().map(Event::of_commit).collect();
    let mut grouped: BTreeMap<Line<'_>, Vec<&Event<'_>>> = BTreeMap::new();
    for event in accesses.iter().chain(&commits).filter(|event| event.is_wanted(asked)) {
        grouped.entry(event.line()).or_default().push(event);
    }
    let mut rows: Vec<((Moment, u64), AccessRow)> =
        grouped.into_values().filter_map(|events| row(&events, (names, read), now)).collect();
    rows.sort_by_key(|(last, _)| std::cmp::Reverse(*last));
    let lines = rows.len();
    let pages = lines.div_ceil(LINES).max(1);
    let page = asked.page.clamp(1, pages);
    let people = |events: &[Event<'_>]| events.iter().map(|event| event.principal).collect::<BTreeSet<_>>().len();
    let count = |wanted: State| accesses.iter().filter(|event| event.state() == wanted).count() as u64;
    Looked {
        rows: rows.into_iter().map(|(_, row)| row).skip((page - 1) * LINES).take(LINES).collect(),
        lines,
        page,
        pages,
        people: people(&accesses),
        explained: count(State::Explained),
        break_glass: count(State::BreakGlass),
        by_role: count(State::ByRole),
        refused: count(State::Refused),
        changes: commits.len() as u64,
        authors: people(&commits),
        who: asked.who.as_ref().map(|who| names.get(who).cloned().unwrap_or_else(|| short(who).to_owned())),
        cut: read.cut,
        incomplete: read.incomplete,
    }
}

/// The day and half of it: 08:00 to 20:00, and the night that follows, which belongs to the day it began on.
fn shift(moment: Moment) -> (Date, bool) {
    const EIGHT_HOURS_MS: i64 = 8 * 3_600_000;
    let shifted = local(Moment(moment.0 - EIGHT_HOURS_MS));
    (shifted.date(), shifted.hour() >= 12)
}

fn row(
    events: &[&Event<'_>],
    (names, read): (&BTreeMap<String, String>, &Read),
    now: Moment,
) -> Option<((Moment, u64), AccessRow)> {
    let last = events.iter().max_by_key(|event| (event.moment, event.number))?;
    let role = last.permit.split(' ').next().and_then(Role::of_code).map_or("Role not known", role_words);
    let name = names.get(last.principal);
    let account = name.map(|_| short(last.principal));
    let row = AccessRow {
        day: short_day(last.moment, now),
        at: clock(last.moment),
        who: name.map_or_else(|| short(last.principal).to_owned(), Clone::clone),
        principal: last.principal.to_owned(),
        role: [Some(role), account].into_iter().flatten().collect::<Vec<_>>().join(", "),
        what: what_together(events),
        why: last.why(&read.openings),
        then: last.opening(&read.openings).map(|opening| came_of(opening, &read.judged, now)).unwrap_or_default(),
        views: events.iter().map(|event| event.view()).collect(),
        deed: if matches!(last.did, Did::Changed(_)) { Deed::Changed } else { Deed::Looked },
        state: last.state(),
    };
    Some(((last.moment, last.number), row))
}

/// What came of an opening, in the order in which it was said.
fn came_of(opening: &Opening, judged: &Judged, now: Moment) -> Vec<String> {
    let said = |what: &str, at: Moment, by: &str, words: String| {
        format!("{what} {} by {by}: {words}", short_moment(at, now).text)
    };
    let review = judged.review(opening).map(|one| said("Reviewed", one.at, &one.name, one.words()));
    let done = judged.follow_up(opening).map(|one| said("Followed up", one.at, &one.name, one.words()));
    review.into_iter().chain(done).collect()
}

/// What the events of a line were about: each thing once, changes added up.
fn what_together(events: &[&Event<'_>]) -> String {
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let mut changed: Vec<Changed> = Vec::new();
    for event in events {
        match event.did {
            Did::Looked(query) | Did::WasRefused(query) => drop(asked.insert(what_words(query))),
            Did::Changed(of) => changed.extend(of.iter().cloned()),
        }
    }
    if changed.is_empty() { asked.into_iter().collect::<Vec<_>>().join(", ") } else { changed_words(&changed, NAMED) }
}

/// The id without its kind: `s.reilly` of `user/s.reilly`.
fn short(principal: &str) -> &str {
    principal.split_once('/').map_or(principal, |(_, name)| name)
}

/// What the permit says of the link between person and patient: the last word of [`access::Permit::describe`].
fn basis(permit: &str) -> &str {
    permit.split_once(" by ").map_or("", |(_, basis)| basis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::trail::How;

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

    /// A commit that added observations.
    fn commit(sequence: u64, at: &str, author: &str, permit: &str, count: usize) -> Commit {
        let cause = record::Cause { kind: record::CauseKind::Request, reference: "r1".into() };
        Commit {
            sequence,
            moment: Moment::parse(at).unwrap_or_default(),
            author: author.into(),
            permit: permit.into(),
            command: "create".into(),
            cause,
            changed: vec![Changed { how: How::Created, kind: "Observation".into(), count }],
        }
    }

    fn shown(entries: &[Access], asked: &Narrowed) -> Looked {
        both(entries, Vec::new(), asked)
    }

    fn both(entries: &[Access], commits: Vec<Commit>, asked: &Narrowed) -> Looked {
        let read = Read { accesses: entries.to_vec(), commits, ..Read::default() };
        let names = BTreeMap::from([("user/s.reilly".to_owned(), "Siobhan Reilly".to_owned())]);
        looked(&read, asked, &names, Moment::parse(NOW).unwrap_or_default())
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
    fn changes_stand_among_the_views_by_time_on_lines_of_their_own() {
        let commits = vec![
            commit(9, "2026-11-17T14:34:00Z", "user/s.reilly", "clinician by role", 2),
            commit(8, "2026-11-17T14:30:00Z", "user/s.reilly", "clinician by role", 1),
            commit(7, "2026-11-17T08:30:00Z", "token/7f3a", "system by named subjects", 4),
        ];
        let looked = both(&views(), commits.clone(), &Narrowed::default());
        let rows: Vec<_> = looked.rows.iter().map(|row| (row.who.as_str(), row.deed, row.what.as_str())).collect();
        assert_eq!(rows[0], ("Siobhan Reilly", Deed::Changed, "Added 3 observations"));
        assert_eq!(rows[1], ("7f3a", Deed::Looked, "Observation, searched (software)"));
        assert_eq!(rows[5], ("7f3a", Deed::Changed, "Added 4 observations"));
        assert_eq!((looked.lines, looked.changes, looked.authors), (7, 3, 2));
        assert_eq!((looked.rows[0].views.len(), looked.rows[0].state), (2, State::ByRole));
        assert_eq!((looked.rows[5].state, looked.rows[5].role.as_str()), (State::Explained, "Integration"));
        // A change is not a view: the figures of views stay as they are.
        assert_eq!((looked.by_role, looked.explained, looked.refused, looked.people), (5, 0, 1, 3));
        let only = both(&views(), commits, &Narrowed { kind: Kind::Changed, ..Narrowed::default() });
        assert_eq!((only.lines, only.changes, only.by_role), (2, 3, 5));
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
            assert_eq!(Event::of_access(&entry).state(), expected, "{permit}");
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
