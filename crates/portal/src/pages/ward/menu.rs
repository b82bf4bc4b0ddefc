//! What can be done with a bed or with who is in it: a list that opens in the row. It works without script, which adds the
//! keys of a menu (arrows, Esc, focus). A move to a free bed is done by its item; all else opens a page.

use administration::boards::{BoardRow, Occupant, RowState, WardBoard};
use administration::places::{BedStatus, Place, mixes_sexes};
use maud::{Markup, html};

use super::BoardView;
use super::row::name;
use crate::icon::{Icon, icon};

/// Free beds that the menu names.
const MOST_FREE: usize = 3;

/// One thing that can be done.
struct Item {
    words: String,
    hint: String,
    does: Does,
}

/// What choosing an item does.
enum Does {
    /// It opens a page.
    Opens(String),
    /// It moves the patient of a stay to a bed, now: the value of the button (`routes/wards/forms.rs`).
    Moves(String),
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
                    ul { @for item in &items { li { (item_link(item)) } } }
                }
            }
        }
    }
}

fn item_link(item: &Item) -> Markup {
    let words = html! { (item.words) " " span { (item.hint) } };
    html! {
        @match &item.does {
            Does::Opens(href) => a href=(href) { (words) },
            Does::Moves(value) => button form="ward-quick" name="move" value=(value) { (words) },
        }
    }
}

fn items(view: &BoardView<'_>, row: &BoardRow) -> Vec<Item> {
    let mut items = Vec::new();
    if view.moves
        && let Some(occupant) = &row.occupant
    {
        items.extend(free_beds(view, row).into_iter().map(|bed| to_bed(view, occupant, bed)));
    }
    items.extend(pages(view, row).into_iter().map(|(words, hint, href)| Item {
        words: words.into(),
        hint: hint.into(),
        does: Does::Opens(href),
    }));
    items
}

/// *Move to bed 4*: done at once where nothing is to be asked.
fn to_bed(view: &BoardView<'_>, occupant: &Occupant, bed: &Place) -> Item {
    let stay = occupant.stay.id.as_str();
    let sex = view.board().sex_of(bed);
    let gender = view.patient(occupant.stay.patient.as_deref()).and_then(|at| at.identity.gender.as_deref());
    let is_mixed = mixes_sexes(sex, gender);
    let kind = sex.map(|sex| format!(", {sex} bay")).unwrap_or_default();
    let does = match is_mixed || bed.bed.status == BedStatus::Compromised {
        true => Does::Opens(view.links.move_form(&view.board().ward.id, stay, Some(&bed.id))),
        false => Does::Moves(format!("{stay} {}", bed.id)),
    };
    let asks = if matches!(does, Does::Opens(_)) { "…" } else { "" };
    let hint = if bed.bed.status == BedStatus::Compromised { "use with care" } else { "empty" };
    Item { words: format!("Move to bed {}{asks}", bed.label), hint: format!("{hint}{kind}"), does }
}

/// Words, hint and address of what opens a page.
fn pages<'w>(view: &BoardView<'_>, row: &BoardRow) -> Vec<(&'w str, &'w str, String)> {
    let ward = view.board().ward.id.as_str();
    let mut items = Vec::new();
    if let Some(occupant) = &row.occupant {
        let stay = occupant.stay.id.as_str();
        if view.moves {
            let move_form = view.links.move_form(ward, stay, None);
            items.push(("Move to another bed…", "or no bed yet", move_form.clone()));
            items.push(("Move to another ward…", "", format!("{move_form}&in=other")));
            items.push(("Discharge…", "", view.links.stay_act(stay, "discharge")));
        }
        items.push(("Plan, leave, consultant…", "", view.links.stay(stay)));
        if let Some(patient) = &occupant.stay.patient {
            items.push(("Open chart", "", view.links.patient(patient)));
        }
    }
    let Some(bed) = row.bed.as_ref().filter(|_| view.moves) else { return items };
    let state = row.state();
    if row.occupant.is_none() && state != RowState::Closed {
        items.push(("Patient has arrived…", "", view.links.admit_form(ward, Some(&bed.id))));
        items.push(match state {
            RowState::Reserved => ("Keep for somebody else…", "", view.links.reserve_form(ward, &bed.id)),
            _ => ("Reserve the bed…", "", view.links.reserve_form(ward, &bed.id)),
        });
    }
    let words = match bed.bed.status {
        BedStatus::Closed => "Open the bed…",
        BedStatus::Vacated => "Bed is clean, or closed…",
        BedStatus::Available | BedStatus::Compromised => "Close the bed…",
    };
    items.push((words, "", view.links.bed_form(ward, &bed.id)));
    items
}

/// The beds that a menu may offer.
pub(super) fn free(board: &WardBoard) -> impl Iterator<Item = &Place> {
    let is_offered = |row: &&BoardRow| matches!(row.state(), RowState::Available | RowState::Compromised);
    board.rows().filter(is_offered).filter_map(|row| row.bed.as_ref())
}

/// The free beds that are nearest: of the same room, then of bays for the same people, then the others.
fn free_beds<'b>(view: &BoardView<'b>, row: &BoardRow) -> Vec<&'b Place> {
    let board = view.board();
    let own = row.bed.as_ref();
    let of = row.occupant.as_ref().and_then(|occupant| view.patient(occupant.stay.patient.as_deref()));
    let gender = of.and_then(|at| at.identity.gender.as_deref());
    let mut free: Vec<&Place> = free(board).collect();
    free.sort_by_key(|bed| {
        let is_same_room = own.is_some_and(|own| own.part_of.is_some() && own.part_of == bed.part_of);
        (mixes_sexes(board.sex_of(bed), gender), !is_same_room, bed.bed.status == BedStatus::Compromised)
    });
    free.truncate(MOST_FREE);
    free
}
