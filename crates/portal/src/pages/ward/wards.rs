//! The list of wards with their numbers; each number leads to its rows on the ward's board.
//! Counts nothing itself.

use administration::boards::BoardCounts;
use administration::places::{Place, PlaceKind};
use maud::{Markup, html};

use super::Show;
use crate::components::frame::page;
use crate::components::panel::wide;
use crate::components::time;
use crate::setting::{Rail, Setting};
use crate::words::clock;

/// A ward of the list.
pub(crate) struct WardLine {
    pub(crate) ward: Place,
    pub(crate) counts: BoardCounts,
}

const COLUMNS: [&str; 8] = ["Ward", "In beds", "Beds", "No bed yet", "Free", "To clean", "Reserved", "Closed"];

/// The page.
pub(crate) fn wards_page(setting: &Setting, lines: &[WardLine], notice: Option<&Markup>) -> Markup {
    let content = html! {
        div.al-head {
            div { h1 { "Wards" } p { "Every ward of " (setting.trust) } }
            a.al-btn.al-btn--quiet.al-push href=(setting.links.admissions()) { "Admissions" }
            span.al-asat.al-asat--quiet { "As at " b { (time(&clock(setting.now))) } }
        }
        @if let Some(notice) = notice { (notice) }
        div.al-panel {
            @if lines.is_empty() {
                p.al-empty { "No ward is configured yet. Wards are places of the trust's configuration." }
            } @else {
                (wide("Wards", &html! {
                    table.al-t.al-board {
                        thead { tr {
                            th scope="col" { (COLUMNS[0]) }
                            @for column in &COLUMNS[1..] { th.al-num scope="col" { (column) } }
                        } }
                        tbody { @for line in lines { (row(setting, line)) } }
                    }
                }))
            }
        }
    };
    page(&setting.frame("Wards", "Wards", Rail::Wards), &content)
}

fn row(setting: &Setting, line: &WardLine) -> Markup {
    let href = setting.links.ward(&line.ward.id);
    let number = |show: Show, count: usize| {
        let is_bad = show.is_bad() && count > 0;
        html! {
            td.al-num {
                @if count == 0 { span.al-muted { "0" } }
                @else { a.al-bad[is_bad] href={ (href) "?show=" (show.code()) } { (count) } }
            }
        }
    };
    let counts = line.counts;
    html! {
        tr data-row .is-alarm[counts.no_bed > 0] {
            th.al-line2 scope="row" {
                span.al-name { a.al-rowlink href=(href) { (line.ward.title()) } }
                @if line.ward.kind != PlaceKind::Ward || line.ward.description.is_some() {
                    span.al-sub { (line.ward.description.as_deref().unwrap_or_default()) }
                }
            }
            td.al-num { a href=(href) { (counts.in_beds) } }
            td.al-num { (counts.beds) }
            (number(Show::NoBed, counts.no_bed))
            (number(Show::Free, counts.free))
            (number(Show::ToClean, counts.to_clean))
            (number(Show::Reserved, counts.reserved))
            (number(Show::Closed, counts.closed))
        }
    }
}
