//! The board of a ward: its head with the numbers, the rows by room, and what the rows are counted by.
//!
//! A number and the list behind it are one question ([`Show`]). The rows are the same for everybody who may see them, so
//! that a row that changes is drawn once for all who look (`live.rs`). Decides nothing about access.

pub(crate) mod admit;
pub(crate) mod forms;
pub(crate) mod handover;
mod menu;
mod names;
mod row;
mod show;
mod wards;

use std::collections::{BTreeMap, BTreeSet};

use administration::boards::{BoardRoom, RowState, WardBoard};
use administration::places::PlaceKind;
use maud::{Markup, html};
use record::Key;
use terms::Moment;

use crate::components::frame::page;
use crate::components::{Printed, time};
use crate::gather::ward::{AtBed, Gathered};
use crate::icon::{Icon, icon};
use crate::link::Links;
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted};

pub(crate) use row::row;
pub(crate) use show::Show;
pub(crate) use wards::{WardLine, wards_page};

/// A board as it is drawn: the rows with everything that is said of them.
pub(crate) struct BoardView<'a> {
    pub(crate) gathered: &'a Gathered,
    pub(crate) links: &'a Links,
    /// Whether clinical content is shown.
    pub(crate) is_clinical: bool,
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
    pub(crate) fn new(gathered: &'a Gathered, links: &'a Links, is_clinical: bool, now: Moment) -> BoardView<'a> {
        BoardView { gathered, links, is_clinical, now, short: names::short(&gathered.patients) }
    }

    pub(crate) fn board(&self) -> &'a WardBoard {
        &self.gathered.board
    }

    /// Who a patient is.
    pub(crate) fn patient(&self, id: Option<&str>) -> Option<&'a AtBed> {
        self.gathered.patients.get(id?)
    }

    /// The shortened name of a patient.
    pub(crate) fn short(&self, id: Option<&str>) -> &str {
        id.and_then(|id| self.short.get(id)).map_or("Not known", String::as_str)
    }

    /// How many rows a question has.
    pub(crate) fn count(&self, show: Show) -> usize {
        self.board().rows().filter(|row| show.has(self, row)).count()
    }
}

/// The page.
pub(crate) fn ward_page(setting: &Setting, view: &BoardView<'_>, look: Look, notice: Option<&Markup>) -> Markup {
    let ward = &view.board().ward;
    let live = setting.links.ward_live(&ward.id);
    let content = html! {
        div #ward data-live=(live) data-all[look.show == Show::All] data-at=(view.gathered.sequence) data-wall[look.is_wall]
            data-move=(format!("{}/move", setting.links.ward(&ward.id))) {
            (title(setting, view, look))
            @if let Some(notice) = notice { (notice) }
            p.al-vh #ward-says role="status" {}
            (head(view))
            @if look.show != Show::All {
                p { "Shown: " b { (look.show.words()) } ". " a href=(setting.links.ward(&ward.id)) { "Show all beds" } }
            }
            p.al-notice #ward-more hidden {}
            (table(view, look))
            p.al-small.al-muted.al-mt {
                "Drag a row onto a bed, or use the bed menu, then choose Move. Both ask for the time of the move and can be "
                "undone for 10 minutes. A patient who has arrived is never refused: without a bed they stand at the top. "
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
                span.al-asat.al-asat--quiet #ward-asat { "As at " b { (time(&clock(view.now))) } }
                a.al-btn.al-btn--quiet href=(links.handover(&ward.id)) { (icon(Icon::Print)) " Print handover" }
                a.al-btn.al-btn--quiet #ward-private href=(look.private_href(setting, ward))
                    aria-pressed=(if look.is_private { "true" } else { "false" }) role="button" {
                    (icon(Icon::Eye)) " Privacy mode"
                }
                @if setting.moves_patients { a.al-btn href=(links.admit_form(&ward.id, None)) { "Patient has arrived" } }
            }
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
    let ward = view.links.ward(&view.board().ward.id);
    let counts = view.board().counts();
    html! {
        div.al-panel.al-mb #ward-head {
            div.al-panel__b.al-row.al-counts {
                span { b { (counts.in_beds) } " " span.al-muted { "in " (counted(counts.beds, "bed", "beds")) } }
                @for show in Show::NUMBERS.into_iter().filter(|show| view.is_clinical || !show.is_clinical()) {
                    @let count = view.count(show);
                    @if count > 0 || show.is_always() {
                        a href={ (ward) "?show=" (show.code()) } {
                            b.al-bad[show.is_bad()] { (count) } " "
                            span.al-bad[show.is_bad()].al-muted[!show.is_bad()] { (show.words()) }
                        }
                    }
                }
            }
        }
    }
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
                @let shown = |row: &&administration::boards::BoardRow| look.show.has(view, row);
                @if view.board().no_bed.iter().any(|row| shown(&row)) {
                    tbody {
                        (no_bed_strip(view, columns.len() + 1))
                        @for of in view.board().no_bed.iter().filter(shown) { (row(view, of)) }
                    }
                }
                @for room in &view.board().rooms {
                    @if room.rows.iter().any(|row| shown(&row)) {
                        tbody {
                            (room_head(room, columns.len() + 1))
                            @for of in room.rows.iter().filter(shown) { (row(view, of)) }
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
        ]
    } else {
        &["Bed", "Patient", "Where", "EDD, stay, team", "Leaving"]
    }
}

fn no_bed_strip(view: &BoardView<'_>, columns: usize) -> Markup {
    let count = view.board().no_bed.len();
    html! {
        tr.al-group.al-nobed[!view.board().needs_no_beds()] {
            th colspan=(columns) scope="rowgroup" {
                @if view.board().needs_no_beds() {
                    "Here · " (counted(count, "patient", "patients"))
                } @else {
                    (icon(Icon::Alert)) " No bed yet · "
                    (counted(count, "patient is on the ward without a bed", "patients are on the ward without a bed"))
                }
            }
        }
    }
}

fn room_head(room: &BoardRoom, columns: usize) -> Markup {
    let words = match &room.room {
        Some(place) if place.kind == PlaceKind::SideRoom && room.rows.len() > 1 => "Side rooms".to_owned(),
        Some(place) => match place.sex.as_deref() {
            Some("mixed") | None => place.name_in_ward(),
            Some(sex) => format!("{}, {sex}", place.name_in_ward()),
        },
        None => "Other beds".to_owned(),
    };
    html! { tr.al-group { th colspan=(columns) scope="rowgroup" { (words) } } }
}

/// Every row of a board with its name, its text and what it says beside time.
pub(crate) fn frame_rows(view: &BoardView<'_>) -> Vec<(String, String, String)> {
    let rows = view.board().rows();
    rows.map(|of| (of.id(), row(view, of).into_string(), row::mark(view, of))).collect()
}

/// What a board is made from: its places, its stays and their patients.
pub(crate) fn concerns(gathered: &Gathered) -> BTreeSet<Key> {
    let places = gathered.places.iter().map(|id| Key::new("Location", id.as_str()));
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
