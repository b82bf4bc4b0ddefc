//! What can be done with a bed or with who is in it: a list of links that opens in the row. It works without script, which
//! adds the keys of a menu (arrows, Esc, focus).

use administration::boards::{BoardRow, RowState};
use administration::places::{BedStatus, Place};
use maud::{Markup, html};

use super::row::name;
use super::{BoardView, is_free};
use crate::icon::{Icon, icon};

/// One thing that can be done.
struct Item {
    words: String,
    hint: String,
    href: String,
}

/// The menu of a row.
pub(super) fn menu(view: &BoardView<'_>, row: &BoardRow) -> Markup {
    let what = row.bed.as_ref().map_or_else(|| "No bed yet".to_owned(), |bed| format!("Bed {}", bed.label));
    let who = row.occupant.as_ref().map(|occupant| occupant.stay.patient.as_deref());
    let items = items(view, row);
    html! {
        @if !items.is_empty() {
            details.al-menuof {
                summary.al-btn.al-btn--icon.al-btn--quiet aria-label={ (what) ": what can be done" } { (icon(Icon::Waiting)) }
                div.al-menu {
                    p.al-menu__h {
                        (what)
                        @if let Some(patient) = who {
                            ", " span.al-priv { (name(view.patient(patient))) } span.al-priv-alt { (view.short(patient)) }
                        }
                    }
                    ul { @for item in &items { li { a href=(item.href) { (item.words) " " span { (item.hint) } } } } }
                }
            }
        }
    }
}

fn items(view: &BoardView<'_>, row: &BoardRow) -> Vec<Item> {
    let ward = view.board().ward.id.as_str();
    let item = |words: &str, hint: &str, href: String| Item { words: words.into(), hint: hint.into(), href };
    let mut items = Vec::new();
    if let Some(occupant) = &row.occupant {
        let stay = occupant.stay.id.as_str();
        if let Some(free) = nearest_free(view, row) {
            let words = format!("Move to bed {}", free.label);
            items.push(item(&words, "free", view.links.move_form(ward, stay, Some(&free.id))));
        }
        let move_form = view.links.move_form(ward, stay, None);
        items.push(item("Move to another bed…", "or no bed yet", move_form.clone()));
        items.push(item("Move to another ward…", "", format!("{move_form}&in=other")));
        items.push(item("Plan, leave, discharge…", "", view.links.stay(stay)));
        if let Some(patient) = &occupant.stay.patient {
            items.push(item("Open chart", "", view.links.patient(patient)));
        }
    }
    if let Some(bed) = &row.bed {
        let state = row.state();
        if row.occupant.is_none() && state != RowState::Closed {
            items.insert(0, item("Patient has arrived…", "", view.links.admit_form(ward, Some(&bed.id))));
        }
        let words = match bed.bed.status {
            BedStatus::Closed => "Open the bed…",
            BedStatus::Vacated => "Bed is clean, or closed…",
            BedStatus::Available | BedStatus::Compromised => "Close the bed…",
        };
        items.push(item(words, "", view.links.bed_form(ward, &bed.id)));
    }
    items
}

/// The free bed that is nearest: of the same room, else of a room for the same people, else the first.
fn nearest_free<'b>(view: &BoardView<'b>, row: &BoardRow) -> Option<&'b Place> {
    let room_of = |bed: &Place| {
        let rooms = view.board().rooms.iter().filter_map(|room| room.room.as_ref());
        rooms.into_iter().find(|room| Some(&room.id) == bed.part_of.as_ref())
    };
    let free = || {
        let rows = view.board().rows().filter(|row| is_free(row.state()) && row.state() != RowState::Vacated);
        rows.filter_map(|row| row.bed.as_ref())
    };
    let own = row.bed.as_ref();
    let same_room = || free().find(|bed| own.is_some_and(|own| own.part_of.is_some() && own.part_of == bed.part_of));
    let sex = |bed: &Place| room_of(bed).and_then(|room| room.sex.clone());
    let own_sex = own.and_then(sex);
    let same_sex = || free().find(|bed| own_sex.is_some() && sex(bed) == own_sex);
    same_room().or_else(same_sex).or_else(|| free().next())
}
