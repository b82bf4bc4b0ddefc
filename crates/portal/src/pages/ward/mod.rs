//! The board of a ward: its head with the numbers, the rows by room, and what the rows are counted by.
//!
//! A number and the list behind it are one question ([`Show`]). The rows are the same for everybody who may see them, so
//! that a row that changes is drawn once for all who look (`live.rs`). Decides nothing about access.

pub(crate) mod admit;
mod drawn;
pub(crate) mod forms;
pub(crate) mod handover;
mod menu;
pub(crate) mod names;
pub(crate) mod nurse;
pub(crate) mod reserve;
mod row;
mod show;
mod wards;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use access::Permit;
use administration::boards::{BoardRoom, BoardRow, RowState, WardBoard};
use administration::places::PlaceKind;
use administration::tasks::Task;
use maud::{Markup, html};
use record::Key;
use terms::Moment;

use crate::act::hidden;
use crate::components::frame::page;
use crate::components::{Printed, time};
use crate::gather::ward::{AtBed, Gathered};
use crate::icon::{Icon, icon};
use crate::link::Links;
use crate::pages::drawn::Drawn;
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted};

pub(crate) use drawn::DrawnRows;
pub(crate) use row::{name, score};
pub(crate) use show::Show;
pub(crate) use wards::{WardLine, wards_page};

/// A board as it is drawn: the rows with everything that is said of them.
pub(crate) struct BoardView<'a> {
    pub(crate) gathered: &'a Gathered,
    pub(crate) links: &'a Links,
    /// Whether clinical content is shown.
    pub(crate) is_clinical: bool,
    /// Whether whoever looks moves patients.
    pub(crate) moves: bool,
    /// Who looks, by their plain name.
    me: String,
    pub(crate) now: Moment,
    /// Shortened names by patient, for passers-by.
    short: BTreeMap<String, String>,
}

/// How somebody looks at a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Which rows.
    pub(crate) show: Show,
    /// On a wall: without the rail, names shortened.
    pub(crate) is_wall: bool,
    /// Whether names are shortened and flags left out.
    pub(crate) is_private: bool,
}

impl<'a> BoardView<'a> {
    pub(crate) fn new(gathered: &'a Gathered, links: &'a Links, permit: &Permit, now: Moment) -> BoardView<'a> {
        let is_clinical = permit.scope().reads.contains("AllergyIntolerance");
        let moves = permit.scope().writes.contains("Encounter");
        let short = names::short(gathered.patients.iter().map(|(id, on)| (id, &on.at_bed.identity)));
        let me = permit.principal().id.clone();
        BoardView { gathered, links, is_clinical, moves, me, now, short }
    }

    pub(crate) fn board(&self) -> &'a WardBoard {
        &self.gathered.board
    }

    /// Who a patient is.
    pub(crate) fn patient(&self, id: Option<&str>) -> Option<&'a AtBed> {
        self.gathered.patients.get(id?).map(|on| &on.at_bed)
    }

    /// The shortened name of a patient.
    pub(crate) fn short(&self, id: Option<&str>) -> &str {
        id.and_then(|id| self.short.get(id)).map_or("Not known", String::as_str)
    }

    /// The open tasks about a patient.
    pub(crate) fn tasks(&self, patient: Option<&str>) -> &'a [Task] {
        patient.and_then(|id| self.gathered.patients.get(id)).map_or(&[], |on| on.tasks.as_slice())
    }

    /// Whether a row's bay is that of whoever looks.
    fn is_mine(&self, row: &BoardRow) -> bool {
        let room = row.bed.as_ref().and_then(|bed| bed.part_of.as_deref());
        let mut rooms = self.board().rooms.iter().filter_map(|room| room.room.as_ref());
        let room = rooms.find(|known| Some(known.id.as_str()) == room);
        room.and_then(|room| room.nurse.as_ref()).is_some_and(|nurse| nurse.who == self.me)
    }

    /// How many rows a question has.
    pub(crate) fn count(&self, show: Show) -> usize {
        self.board().rows().filter(|row| show.has(self, row)).count()
    }
}

/// The page.
pub(crate) fn ward_page(setting: &Setting, view: &BoardView<'_>, look: Look, notice: Option<&Markup>) -> Markup {
    let ward = &view.board().ward;
    let live = format!("{}?at={}", setting.links.ward_live(&ward.id), view.gathered.sequence);
    let content = html! {
        div #ward data-live=(live) data-all=[(look.show == Show::All).then_some("order")] data-wall[look.is_wall]
            data-move=(format!("{}/move", setting.links.ward(&ward.id))) {
            (title(setting, view, look))
            @if let Some(notice) = notice { (notice) }
            p.al-vh #board-says role="status" {}
            div.al-panel.al-mb { div.al-panel__b.al-row {
                (head(view))
                nav.al-seg.al-push aria-label="Which rows" {
                    @for show in Show::CHOICES {
                        a.al-btn href=(show_href(view, show)) aria-current=[(look.show == show).then_some("true")] { (show.choice()) }
                    }
                }
            } }
            @if look.show != Show::All {
                p { "Shown: " b { (look.show.words()) } ". " a href=(setting.links.ward(&ward.id)) { "Show all beds" } }
            }
            p.al-notice #board-more hidden {}
            @if view.moves { (quick_move(setting, &ward.id)) }
            (table(view, look))
            p.al-small.al-muted.al-mt {
                "Choose a free bed in the menu of a row, or drag the row onto a bed. Each move can be undone for 10 minutes; one "
                "that was not just now, or is into a taken bed, asks. A patient who has arrived is never refused: without a bed they stand at the top. "
                "EDD is expected; only “leaving today” is confirmed. P0 to P3 is the discharge pathway; days are counted "
                "from the discharge-ready date."
            }
        }
    };
    let title = ward.title();
    let mut frame = setting.frame(&title, &title, Rail::Wards);
    frame.is_private = look.is_private;
    if look.is_wall {
        frame.rail.clear();
        frame.find = None;
    }
    page(&frame, &content)
}

fn title(setting: &Setting, view: &BoardView<'_>, look: Look) -> Markup {
    let ward = &view.board().ward;
    let links = &setting.links;
    html! {
        div.al-head {
            div { h1 { (ward.title()) } @if let Some(about) = &ward.description { p { (about) } } }
            div.al-row.al-push {
                span.al-asat.al-asat--quiet #board-asat { "As at " b { (time(&clock(view.now))) } }
                a.al-btn.al-btn--quiet href=(links.handover(&ward.id)) { (icon(Icon::Print)) " Print handover" }
                a.al-btn.al-btn--quiet #board-private href=(look.private_href(setting, ward))
                    aria-pressed=(if look.is_private { "true" } else { "false" }) role="button" {
                    (icon(Icon::Eye)) " Privacy mode"
                }
                @if setting.moves_patients { a.al-btn href=(links.admit_form(&ward.id, None)) { "Patient has arrived" } }
            }
        }
    }
}

/// The form of the menus' moves to a free bed: now, as somebody chooses it. The rows are drawn for everybody, so it stands
/// beside them. *Now* is when a menu was opened; without script, when the page was (`board.js`).
fn quick_move(setting: &Setting, ward: &str) -> Markup {
    html! {
        form #ward-quick method="post" action=(format!("{}/move", setting.links.ward(ward))) {
            (hidden(setting))
            input #board-opened type="hidden" name="opened" value=(setting.now.0) data-now=(setting.now.0);
        }
    }
}

impl Look {
    /// The same page with the other way of naming people.
    fn private_href(self, setting: &Setting, ward: &administration::places::Place) -> String {
        let wall = if self.is_wall { "wall=1&" } else { "" };
        format!("{}?{wall}private={}", setting.links.ward(&ward.id), u8::from(!self.is_private))
    }
}

/// The numbers; swapped as a whole when one of them changes.
pub(crate) fn head(view: &BoardView<'_>) -> Markup {
    let counts = view.board().counts();
    html! {
        div.al-row.al-counts #board-head {
            span { b { (counts.in_beds) } " " span.al-muted { "in " (counted(counts.beds, "bed", "beds")) } }
            @for show in Show::NUMBERS.into_iter().filter(|show| view.is_clinical || !show.is_clinical()) {
                @let count = view.count(show);
                @if count > 0 || show.is_always() {
                    a href=(show_href(view, show)) {
                        b.al-bad[show.is_bad()] { (count) } " "
                        span.al-bad[show.is_bad()].al-muted[!show.is_bad()] { (show.words()) }
                    }
                }
            }
        }
    }
}

/// The board with the rows of one question.
pub(crate) fn show_href(view: &BoardView<'_>, show: Show) -> String {
    let ward = view.links.ward(&view.board().ward.id);
    if show == Show::All { ward } else { format!("{ward}?show={}", show.code()) }
}

fn table(view: &BoardView<'_>, look: Look) -> Markup {
    let columns = columns(view.is_clinical);
    html! {
        div.al-panel.al-boardwrap tabindex="0" role="group" aria-label={ "Beds of " (view.board().ward.name) } {
            table.al-t.al-board.al-wb #board {
                caption.al-vh { (view.board().ward.name) " by bed, " (clock(view.now).text) }
                thead { tr {
                    @for column in columns { th scope="col" { (column) } }
                    th scope="col" { span.al-vh { "Menu" } }
                } }
                @let shown = |row: &&BoardRow| look.show.has(view, row);
                @let rows = drawn::rows(view);
                @let row = |of: &BoardRow| rows.get(&of.id()).map(Drawn::markup).unwrap_or_default();
                @if view.board().no_bed.iter().any(|row| shown(&row)) {
                    tbody {
                        (no_bed_strip(view))
                        @for of in view.board().no_bed.iter().filter(shown) { (row(of)) }
                    }
                }
                @for room in &view.board().rooms {
                    @if room.rows.iter().any(|row| shown(&row)) {
                        tbody {
                            (room_head(view, room))
                            @for of in room.rows.iter().filter(shown) { (row(of)) }
                        }
                    }
                }
            }
            @if view.count(look.show) == 0 { p.al-empty { "No bed matches. " a href=(view.links.ward(&view.board().ward.id)) { "Show all beds" } } }
        }
    }
}

/// The headings, without that of the menu.
fn columns(is_clinical: bool) -> &'static [&'static str] {
    if is_clinical {
        &[
            "Bed",
            "Patient",
            "NEWS2, trend, time",
            "Flags, allergies first",
            "EDD, stay, team",
            "What is stopping discharge",
            "Tasks",
        ]
    } else {
        &["Bed", "Patient", "Where", "EDD, stay, team", "Leaving", "Tasks"]
    }
}

/// Columns with that of the menu.
fn width(view: &BoardView<'_>) -> usize {
    columns(view.is_clinical).len() + 1
}

fn no_bed_strip(view: &BoardView<'_>) -> Markup {
    let lack_one = view.board().counts().no_bed;
    let need_none = view.board().no_bed.len() - lack_one;
    html! {
        tr.al-group #at-no-bed .al-nobed[lack_one > 0] {
            th colspan=(width(view)) scope="rowgroup" {
                @if lack_one > 0 {
                    (icon(Icon::Alert)) " No bed yet · "
                    (counted(lack_one, "patient is on the ward without a bed", "patients are on the ward without a bed"))
                    @if need_none > 0 { " · " (counted(need_none, "needs none", "need none")) }
                } @else {
                    "Here · " (counted(need_none, "patient", "patients"))
                }
            }
        }
    }
}

/// The head of a room's rows: for whom it is, and the nurse who looks after whoever is in it.
fn room_head(view: &BoardView<'_>, room: &BoardRoom) -> Markup {
    let is_several = room.rows.len() > 1;
    let words = match &room.room {
        Some(place) if place.kind == PlaceKind::SideRoom && is_several => "Side rooms".to_owned(),
        Some(place) => match place.sex.as_deref() {
            Some("mixed") | None => place.name_in_ward(),
            Some(sex) => format!("{}, {sex}", place.name_in_ward()),
        },
        None => "Other beds".to_owned(),
    };
    // Side rooms that stand together are several places, each with a nurse of its own.
    let own = room.room.as_ref().filter(|place| !(place.kind == PlaceKind::SideRoom && is_several));
    html! {
        tr.al-group id=(room_id(room)) { th colspan=(width(view)) scope="rowgroup" {
            (words)
            @if let Some(place) = own { span.al-normal {
                " · " @match &place.nurse { Some(nurse) => { "nurse " (nurse.name) }, None => "no nurse yet" }
                @if view.moves {
                    " " a.al-small href=(view.links.nurse_form(&view.board().ward.id, &place.id))
                        aria-label={ "Change the nurse of " (place.name_in_ward()) } { "Change" }
                }
            } }
        } }
    }
}

fn room_id(room: &BoardRoom) -> String {
    format!("at-{}", room.room.as_ref().map_or("ward", |place| place.id.as_str()))
}

/// Every row of a board with its name.
pub(crate) fn frame_rows(view: &BoardView<'_>) -> Vec<(String, Drawn)> {
    let drawn = drawn::rows(view);
    let of = |row: &BoardRow| Some((row.id(), drawn.get(&row.id())?.clone()));
    let head = |id: String, head: Markup| {
        let html: Arc<str> = head.into_string().into();
        (id, Drawn { mark: Arc::clone(&html), html })
    };
    let mut rows = Vec::new();
    if !view.board().no_bed.is_empty() {
        rows.push(head("at-no-bed".into(), no_bed_strip(view)));
        rows.extend(view.board().no_bed.iter().filter_map(of));
    }
    for room in &view.board().rooms {
        rows.push(head(room_id(room), room_head(view, room)));
        rows.extend(room.rows.iter().filter_map(of));
    }
    rows
}

/// What a board is made from: its places, its stays and their patients.
pub(crate) fn concerns(gathered: &Gathered) -> BTreeSet<Key> {
    let places = gathered.ward.places().map(|place| Key::new("Location", place.id.as_str()));
    let patients = gathered.patients.keys().map(|id| Key::new("Patient", id.as_str()));
    let rows = gathered.board.rows();
    let stays = rows.flat_map(|row| row.occupant.as_ref().map(|of| &of.stay).into_iter().chain(&row.kept_for));
    let stays = stays.chain(&gathered.board.expected).map(|stay| Key::new("Encounter", stay.id.as_str()));
    places.chain(patients).chain(stays).collect()
}

/// Since when, as people read it: the time of today, else the day and the time.
pub(crate) fn since_words(at: Moment, now: Moment) -> Printed {
    if terms::local_date(at) == terms::local_date(now) {
        return clock(at);
    }
    let day = crate::words::short_day(at, now);
    Printed::new(at.to_string(), format!("{} {}", day.text, clock(at).text))
}

/// Whether a row's bed can take somebody.
pub(crate) fn is_free(state: RowState) -> bool {
    matches!(state, RowState::Available | RowState::Compromised | RowState::Vacated)
}
