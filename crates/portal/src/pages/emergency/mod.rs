//! The board of the emergency department: its head with the numbers, the rows by area, what is counted behind each number.
//!
//! A number and the list behind it are one question ([`Only`]). Those who must be seen to now stand first in every order,
//! with a red edge and the reason in words. Decides nothing: the rank and the clocks are `administration`'s.

pub(crate) mod arrive;
pub(crate) mod forms;
mod lists;
mod only;
mod row;

use std::cmp::Reverse;

use administration::emergency::clocks;
use administration::emergency::urgency::Rank;
use maud::{Markup, html};
use terms::Moment;

use crate::components::frame::page;
use crate::components::time;
use crate::gather::emergency::{Area, Board, Row};
use crate::link::Links;
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted};

pub(crate) use only::Only;

/// In which order the rows stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum View {
    /// By area, as the places lie.
    #[default]
    Area,
    /// The sickest first.
    Acuity,
    /// Whose 4 hours end first, or ended longest ago.
    TimeLeft,
}

impl View {
    const ALL: [(View, &'static str, &'static str); 3] = [
        (View::Area, "area", "By area"),
        (View::Acuity, "acuity", "By acuity"),
        (View::TimeLeft, "time", "By time left"),
    ];

    /// The view of a code.
    pub(crate) fn of_code(code: &str) -> View {
        View::ALL.iter().find(|(_, known, _)| *known == code).map_or(View::Area, |(view, ..)| *view)
    }

    fn code(self) -> &'static str {
        View::ALL.iter().find(|(view, ..)| *view == self).map_or("area", |(_, code, _)| code)
    }
}

/// A board as it is drawn.
pub(crate) struct BoardView<'a> {
    pub(crate) board: &'a Board,
    pub(crate) links: &'a Links,
    /// Whether clinical content is shown.
    pub(crate) is_clinical: bool,
    /// Whether the reader may change who is where.
    pub(crate) changes: bool,
    pub(crate) view: View,
    pub(crate) only: Only,
    pub(crate) now: Moment,
}

impl BoardView<'_> {
    fn department(&self) -> &str {
        &self.board.department.ward.place.id
    }

    /// The board in another order or of another question.
    fn href(&self, view: View, only: Only) -> String {
        self.links.emergency_as(self.department(), view.code(), only.code())
    }

    /// The address of the part that changes: it says what is shown already.
    fn part(&self) -> String {
        let shown = mark(self.board.sequence, self.now);
        self.links.emergency_part(self.department(), self.view.code(), self.only.code(), &shown)
    }

    fn count(&self, only: Only) -> usize {
        self.board.rows().filter(|row| only.has(row, self.now)).count()
    }
}

/// What a board shows: the sequence, and the minute for what time alone changes.
pub(crate) fn mark(sequence: u64, now: Moment) -> String {
    format!("{sequence}.{}", now.0.div_euclid(60_000))
}

/// The page.
pub(crate) fn board_page(setting: &Setting, view: &BoardView<'_>, notice: Option<&Markup>) -> Markup {
    let place = &view.board.department.ward.place;
    let content = html! {
        (title(setting, view))
        @if let Some(notice) = notice { (notice) }
        (board_part(view))
    };
    page(&setting.frame(&place.name, &place.name, Rail::Emergency), &content)
}

fn title(setting: &Setting, view: &BoardView<'_>) -> Markup {
    let ward = &view.board.department.ward;
    html! {
        div.al-head {
            div { h1 { (ward.place.name) } @if let Some(about) = &ward.place.description { p { (about) } } }
            div.al-row.al-push {
                nav.al-seg aria-label="Order of the rows" {
                    @for (order, _, words) in View::ALL {
                        a.al-btn href=(view.href(order, view.only)) aria-current=[(order == view.view).then_some("true")] { (words) }
                    }
                }
                @if view.changes {
                    a.al-btn.al-btn--quiet href=(setting.links.emergency_form("expect", view.department(), None)) { "Ambulance due" }
                    a.al-btn href=(setting.links.emergency_form("unknown", view.department(), None)) { "Unknown patient" }
                    a.al-btn.al-btn--go href=(setting.links.emergency_form("arrive", view.department(), None)) { "New arrival" }
                }
            }
        }
        @if view.board.departments.len() > 1 {
            nav.al-row.al-mb aria-label="Departments" {
                @for other in &view.board.departments {
                    a href=(setting.links.emergency_as(&other.id, "", "")) aria-current=[(other.id == ward.place.id).then_some("page")] { (other.name) }
                }
            }
        }
    }
}

/// What changes while somebody looks: the numbers and the rows.
pub(crate) fn board_part(view: &BoardView<'_>) -> Markup {
    html! {
        div #ed-board hx-get=(view.part())
            hx-trigger="every 10s" hx-swap="outerHTML" hx-target="this" {
            (head(view))
            @if view.only.is_list() { (lists::list(view)) } @else { (table(view)) }
        }
    }
}

/// The numbers: each leads to its list, and both are one question.
fn head(view: &BoardView<'_>) -> Markup {
    let today = Today::of(&view.board.left, view.now);
    let waiting = view.board.rows().filter(|row| Only::HandingOver.has(row, view.now)).count();
    let due = view.board.department.due.len();
    html! {
        div.al-panel.al-mb { div.al-panel__b.al-row.al-ednums {
            @for only in Only::NUMBERS { (number(view, only)) }
            a href=(view.href(view.view, Only::Ambulances)) {
                b { (due) } " " span.al-muted { (if due == 1 { "ambulance due, " } else { "ambulances due, " }) }
                span.al-bad[waiting > 0].al-muted[waiting == 0] { (waiting) " waiting to hand over" }
            }
            a href=(view.href(view.view, Only::LeftBeforeSeen)) { b { (today.before_seen) } " " span.al-muted { "left before seen today" } }
            a href=(view.href(view.view, Only::LeftToday)) {
                @match today.within_per_mille() {
                    Some(share) => { b { (share / 10) "." (share % 10) "%" } " " span.al-muted { "within 4 hours today, of " (today.all) " who left" } },
                    None => span.al-muted { "No one has left today" },
                }
            }
            span.al-asat.al-push { "As at " b { (time(&clock(view.now))) } }
        } }
    }
}

fn number(view: &BoardView<'_>, only: Only) -> Markup {
    let count = view.count(only);
    let is_bad = only.is_bad() && count > 0;
    let longest = only.longest(view.board.rows(), view.now);
    html! {
        a href=(view.href(view.view, only)) aria-current=[(view.only == only && only != Only::All).then_some("true")] {
            b.al-bad[is_bad] { (count) } " "
            span.al-bad[is_bad].al-muted[!is_bad] { (only.words()) @if let Some(longest) = longest { (longest) } }
        }
    }
}

/// Who left today, counted.
pub(crate) struct Today {
    all: usize,
    within: usize,
    before_seen: usize,
}

impl Today {
    fn of(left: &[Row], now: Moment) -> Today {
        let is_within = |row: &&Row| clocks::four_hours(&row.attendance, now).is_some_and(|clock| !clock.is_over);
        Today {
            all: left.len(),
            within: left.iter().filter(is_within).count(),
            before_seen: left.iter().filter(|row| only::left_before_seen(row)).count(),
        }
    }

    /// In thousandths, halves away from zero; nothing when nobody left.
    fn within_per_mille(&self) -> Option<usize> {
        (self.all > 0).then(|| (self.within * 2000 + self.all) / (2 * self.all))
    }
}

fn table(view: &BoardView<'_>) -> Markup {
    let columns = columns(view.is_clinical);
    let shown = view.count(view.only);
    html! {
        @if view.only != Only::All {
            p { "Shown: " b { (view.only.words()) } ". " a href=(view.href(view.view, Only::All)) { "Show everybody" } }
        }
        div.al-panel { div.al-boardwrap tabindex="0" role="group" aria-label="Patients in the department" {
            table.al-t.al-board.al-ed {
                caption.al-vh { (view.board.department.ward.place.name) ", " (counted(shown, "patient", "patients")) ", as at " (clock(view.now).text) }
                thead { tr {
                    @for column in columns { th scope="col" { (column) } }
                    @if view.changes { th scope="col" { span.al-vh { "What can be done" } } }
                } }
                @match view.view {
                    View::Area => @for area in &view.board.areas { (area_rows(view, area, columns.len())) },
                    View::Acuity => (all_rows(view, |row| (row.urgency.rank(), row.attendance.arrived))),
                    View::TimeLeft => (all_rows(view, |row| by_time_left(row, view.now))),
                }
            }
            @if shown == 0 { p.al-empty { (view.only.nobody()) } }
        } (foot(view.is_clinical)) }
    }
}

/// Whose 4 hours end first; but who must be seen to now stands first in every order.
fn by_time_left(row: &Row, now: Moment) -> (bool, Option<Rank>, Reverse<i64>, Option<Moment>) {
    let rank = row.urgency.acts_now().then(|| row.urgency.rank());
    let minutes = clocks::four_hours(&row.attendance, now).map_or(0, |clock| clock.minutes);
    (rank.is_none(), rank, Reverse(minutes), row.attendance.arrived)
}

fn foot(is_clinical: bool) -> Markup {
    html! {
        div.al-panel__f {
            @if is_clinical {
                "Red edge: act now (category 1, NEWS2 7 or more, or a child at risk, who has a named senior); these stand first. "
            } @else {
                "Red edge: category 1; these stand first. Scores and flags count too, and your role does not see them. "
            }
            "The line on each clock is 4 hours, from handover or 15 minutes after the ambulance arrived, whichever is first "
            "(draft rule). DTA is the decision to admit; 12 hours run from it."
        }
    }
}

/// The headings, without that of the menu.
fn columns(is_clinical: bool) -> &'static [&'static str] {
    if is_clinical {
        &[
            "Place",
            "Acuity",
            "Patient",
            "Flags, allergies first",
            "Arrival",
            "4-hour and 12-hour clock",
            "Score, time",
            "Clinician, team",
            "Complaint, now, waits for",
        ]
    } else {
        &[
            "Place",
            "Acuity",
            "Patient",
            "Arrival",
            "4-hour and 12-hour clock",
            "Clinician, team",
            "Complaint, now, waits for",
        ]
    }
}

fn area_rows(view: &BoardView<'_>, area: &Area, columns: usize) -> Markup {
    let rows: Vec<&Row> = area.rows.iter().filter(|row| view.only.has(row, view.now)).collect();
    let act_now = rows.iter().filter(|row| row.urgency.acts_now()).count();
    let has_free = view.only == Only::All && !area.free.is_empty();
    html! {
        @if !rows.is_empty() || has_free {
            tbody {
                tr.al-group { th colspan=(columns + usize::from(view.changes)) scope="rowgroup" {
                    (area.name) " " span.al-normal { "· " (counted(rows.len(), "patient", "patients")) ", " (act_now) " to act on now" }
                } }
                @for of in rows { (row::row(view, of)) }
                @if has_free { @for place in &area.free { (row::free(view, place, columns)) } }
            }
        }
    }
}

fn all_rows<Key: Ord>(view: &BoardView<'_>, key: impl Fn(&Row) -> Key) -> Markup {
    let mut rows: Vec<&Row> = view.board.rows().filter(|row| view.only.has(row, view.now)).collect();
    rows.sort_by_key(|row| key(row));
    html! { tbody { @for of in rows { (row::row(view, of)) } } }
}
