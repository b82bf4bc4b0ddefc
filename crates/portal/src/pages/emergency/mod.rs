//! The board of the emergency department: its head with the numbers, the rows by area, what is counted behind each number.
//!
//! A number and the list behind it are one question ([`Only`]). Those who must be seen to now stand first in every order,
//! with a red edge and the reason in words. Decides nothing: the rank and the clocks are `administration`'s.

pub(crate) mod arrive;
mod drawn;
pub(crate) mod forms;
mod lists;
mod only;
mod row;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use access::Permit;
use administration::emergency::clocks;
use administration::emergency::urgency::Rank;
use maud::{Markup, html};
use record::Key;
use terms::Moment;

use crate::components::frame::page;
use crate::components::time;
use crate::gather::emergency::{Area, Board, Row};
use crate::icon::{Icon, icon};
use crate::link::Links;
use crate::pages::drawn::Drawn;
use crate::pages::ward::names::short;
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted};

pub(crate) use drawn::DrawnRows;
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

/// How somebody looks at a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Look {
    pub(crate) view: View,
    pub(crate) only: Only,
    /// On a wall: without the rail, names shortened.
    pub(crate) is_wall: bool,
    /// Whether names are shortened, and what is the matter is left out.
    pub(crate) is_private: bool,
}

/// A board as it is drawn.
pub(crate) struct BoardView<'a> {
    pub(crate) board: &'a Board,
    pub(crate) links: &'a Links,
    /// Whether clinical content is shown.
    pub(crate) is_clinical: bool,
    /// Whether the reader may change who is where.
    pub(crate) changes: bool,
    pub(crate) now: Moment,
    pub(crate) look: Look,
    /// Shortened names by patient, for passers-by.
    short: BTreeMap<String, String>,
}

impl<'a> BoardView<'a> {
    pub(crate) fn new(
        (board, links): (&'a Board, &'a Links),
        permit: &Permit,
        look: Look,
        now: Moment,
    ) -> BoardView<'a> {
        let named =
            board.rows().filter_map(|row| Some((row.attendance.stay.patient.as_ref()?, &row.seen.as_ref()?.identity)));
        BoardView {
            board,
            links,
            is_clinical: permit.scope().reads.contains("AllergyIntolerance"),
            changes: permit.scope().writes.contains("Encounter"),
            now,
            look,
            short: short(named),
        }
    }

    pub(crate) fn department(&self) -> &str {
        &self.board.department.ward.place.id
    }

    /// The board in another order or of another question.
    fn href(&self, view: View, only: Only) -> String {
        self.links.emergency_as(self.department(), view.code(), only.code())
    }

    fn count(&self, only: Only) -> usize {
        self.board.rows().filter(|row| only.has(row, self.now)).count()
    }

    /// The shortened name of a row's patient.
    fn short(&self, of: &Row) -> &str {
        of.attendance.stay.patient.as_ref().and_then(|id| self.short.get(id)).map_or("Not known", String::as_str)
    }

    /// What a page that follows the board may compare with it: every row in its order, every patient, or nothing.
    fn follows(&self) -> Option<&'static str> {
        match (self.look.only, self.look.view) {
            (Only::All, View::Area) => Some("order"),
            (Only::All, _) => Some("rows"),
            _ => None,
        }
    }
}

/// Rows as they are drawn, by name.
type DrawnByName = BTreeMap<String, Drawn>;

/// The page.
pub(crate) fn board_page(setting: &Setting, view: &BoardView<'_>, notice: Option<&Markup>) -> Markup {
    let place = &view.board.department.ward.place;
    // The lists behind some numbers are pages of their own, which say when they were made.
    let is_live = !view.look.only.is_list();
    let live = is_live.then(|| view.links.emergency_live(view.department(), view.board.sequence));
    let content = html! {
        div data-live=[live] data-all=[view.follows()] data-wall[view.look.is_wall] {
            (title(setting, view))
            @if let Some(notice) = notice { (notice) }
            p.al-vh #board-says role="status" {}
            (head(view))
            p.al-notice #board-more hidden {}
            @if is_live { (table(view)) } @else { (lists::list(view)) }
        }
    };
    let mut frame = setting.frame(&place.name, &place.name, Rail::Emergency);
    frame.is_private = view.look.is_private;
    if view.look.is_wall {
        frame.rail.clear();
        frame.find = None;
    }
    page(&frame, &content)
}

fn title(setting: &Setting, view: &BoardView<'_>) -> Markup {
    let ward = &view.board.department.ward;
    html! {
        div.al-head {
            div { h1 { (ward.place.name) } @if let Some(about) = &ward.place.description { p { (about) } } }
            div.al-row.al-push {
                span.al-asat.al-asat--quiet #board-asat { "As at " b { (time(&clock(view.now))) } }
                nav.al-seg aria-label="Order of the rows" {
                    @for (order, _, words) in View::ALL {
                        a.al-btn href=(view.href(order, view.look.only)) aria-current=[(order == view.look.view).then_some("true")] { (words) }
                    }
                }
                (privacy(view))
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

/// The same page with the other way of naming people.
fn privacy(view: &BoardView<'_>) -> Markup {
    let Look { view: order, only, is_wall, is_private } = view.look;
    let wall = if is_wall { "&wall=1" } else { "" };
    let href = format!("{}{wall}&private={}", view.href(order, only), u8::from(!is_private));
    html! {
        a.al-btn.al-btn--quiet #board-private href=(href) aria-pressed=(if is_private { "true" } else { "false" }) role="button" {
            (icon(Icon::Eye)) " Privacy mode"
        }
    }
}

/// Every row of a board with its name: areas, patients, empty cubicles.
pub(crate) fn frame_rows(view: &BoardView<'_>) -> Vec<(String, Drawn)> {
    let drawn = drawn::rows(view);
    let columns = columns(view.is_clinical).len();
    let mut rows = Vec::new();
    for area in &view.board.areas {
        let of: Vec<&Row> = area.rows.iter().collect();
        let head: Arc<str> = area_head(view, area, &of).into_string().into();
        rows.push((area_id(&area.id), Drawn { mark: Arc::clone(&head), html: head }));
        rows.extend(of.into_iter().map(row::id).filter_map(|id| Some((id.clone(), drawn.get(&id)?.clone()))));
        for place in &area.free {
            let html = row::free(view, place, columns).into_string().into();
            let mark = format!("{place:?} {:?}", view.board.department.due).into();
            rows.push((area_id(&place.id), Drawn { html, mark }));
        }
    }
    rows
}

/// What a board is made from: its places, the attendances and expected stays, and the patients in the department.
pub(crate) fn concerns(board: &Board) -> BTreeSet<Key> {
    let department = &board.department;
    let places = department.ward.places().map(|place| Key::new("Location", place.id.as_str()));
    let left = board.left.iter().map(|row| &row.attendance);
    let present = || department.here.iter().chain(&department.due);
    let patients = present().filter_map(|of| Some(Key::new("Patient", of.stay.patient.as_deref()?)));
    let stays = present().chain(left).map(|of| of.stay.id.as_str()).chain(board.expected.iter().map(String::as_str));
    let stays = stays.map(|id| Key::new("Encounter", id));
    places.chain(patients).chain(stays).collect()
}

/// The name of a row that is no patient's: an area's head, an empty cubicle.
fn area_id(id: &str) -> String {
    format!("at-{id}")
}

/// The numbers: each leads to its list, and both are one question.
pub(crate) fn head(view: &BoardView<'_>) -> Markup {
    let today = Today::of(&view.board.left, view.now);
    let waiting = view.board.rows().filter(|row| Only::HandingOver.has(row, view.now)).count();
    let due = view.board.department.due.len();
    html! {
        div.al-panel.al-mb #board-head { div.al-panel__b.al-row.al-ednums {
            @for only in Only::NUMBERS { (number(view, only)) }
            a href=(view.href(view.look.view, Only::Ambulances)) {
                b { (due) } " " span.al-muted { (if due == 1 { "ambulance due, " } else { "ambulances due, " }) }
                span.al-bad[waiting > 0].al-muted[waiting == 0] { (waiting) " waiting to hand over" }
            }
            a href=(view.href(view.look.view, Only::LeftBeforeSeen)) { b { (today.before_seen) } " " span.al-muted { "left before seen today" } }
            a href=(view.href(view.look.view, Only::LeftToday)) {
                @match today.within_per_mille() {
                    Some(share) => { b { (share / 10) "." (share % 10) "%" } " " span.al-muted { "within 4 hours today, of " (today.all) " who left" } },
                    None => span.al-muted { "No one has left today" },
                }
            }
        } }
    }
}

fn number(view: &BoardView<'_>, only: Only) -> Markup {
    let count = view.count(only);
    let is_bad = only.is_bad() && count > 0;
    let longest = only.longest(view.board.rows(), view.now);
    html! {
        a href=(view.href(view.look.view, only)) aria-current=[(view.look.only == only && only != Only::All).then_some("true")] {
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
    let shown = view.count(view.look.only);
    let drawn = drawn::rows(view);
    html! {
        @if view.look.only != Only::All {
            p { "Shown: " b { (view.look.only.words()) } ". " a href=(view.href(view.look.view, Only::All)) { "Show everybody" } }
        }
        div.al-panel { div.al-boardwrap tabindex="0" role="group" aria-label="Patients in the department" {
            table.al-t.al-board.al-ed #board {
                caption.al-vh { (view.board.department.ward.place.name) ", " (counted(shown, "patient", "patients")) ", as at " (clock(view.now).text) }
                thead { tr {
                    @for column in columns { th scope="col" { (column) } }
                    @if view.changes { th scope="col" { span.al-vh { "What can be done" } } }
                } }
                @match view.look.view {
                    View::Area => @for area in &view.board.areas { (area_rows((view, &drawn), area, columns.len())) },
                    View::Acuity => (all_rows((view, &drawn), |row| (row.urgency.rank(), row.attendance.arrived))),
                    View::TimeLeft => (all_rows((view, &drawn), |row| by_time_left(row, view.now))),
                }
            }
            @if shown == 0 { p.al-empty { (view.look.only.nobody()) } }
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
            "(draft rule). DTA is the decision to admit: 12 hours run from it, and the stay begins with it, under the team that is "
            "named; the attendance ends when the patient leaves the department."
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

fn area_rows((view, drawn): (&BoardView<'_>, &DrawnByName), area: &Area, columns: usize) -> Markup {
    let rows: Vec<&Row> = area.rows.iter().filter(|row| view.look.only.has(row, view.now)).collect();
    let has_free = view.look.only == Only::All && !area.free.is_empty();
    html! {
        @if !rows.is_empty() || has_free {
            tbody {
                (area_head(view, area, &rows))
                @for of in rows { (patient_row(drawn, of)) }
                @if has_free { @for place in &area.free { (row::free(view, place, columns)) } }
            }
        }
    }
}

fn area_head(view: &BoardView<'_>, area: &Area, rows: &[&Row]) -> Markup {
    let act_now = rows.iter().filter(|row| row.urgency.acts_now()).count();
    let columns = columns(view.is_clinical).len() + usize::from(view.changes);
    html! {
        tr.al-group id=(area_id(&area.id)) { th colspan=(columns) scope="rowgroup" {
            (area.name) " " span.al-normal { "· " (counted(rows.len(), "patient", "patients")) ", " (act_now) " to act on now" }
        } }
    }
}

fn all_rows<By: Ord>((view, drawn): (&BoardView<'_>, &DrawnByName), key: impl Fn(&Row) -> By) -> Markup {
    let mut rows: Vec<&Row> = view.board.rows().filter(|row| view.look.only.has(row, view.now)).collect();
    rows.sort_by_key(|row| key(row));
    html! { tbody { @for of in rows { (patient_row(drawn, of)) } } }
}

fn patient_row(drawn: &DrawnByName, of: &Row) -> Markup {
    html! { @if let Some(drawn) = drawn.get(&row::id(of)) { (drawn.markup()) } }
}
