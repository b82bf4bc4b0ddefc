//! The forms of a ward: move, patient has arrived, how a bed is. Each opens as a page of its own and comes back, when it is
//! refused, with everything that was typed and the field marked.
//!
//! Nothing is answered beforehand but *now* of a form that was just opened; after ten minutes the server asks for the time.

use administration::Refusal;
use administration::boards::{BoardRow, RowState, WardBoard};
use administration::places::{BedStatus, Place, mixes_sexes};
use maud::{Markup, html};

use super::row::{name, under};
use super::{BoardView, is_free};
use crate::act::Typed;
use crate::components::frame::page;
use crate::gather::ward::AtBed;
use crate::pages::fields::Fields;
use crate::setting::{Rail, Setting};

/// A form as it is asked and answered.
pub(crate) struct Form<'a> {
    pub(crate) setting: &'a Setting,
    /// The ward that it is about.
    pub(crate) view: &'a BoardView<'a>,
    /// What was typed, or said in the address.
    pub(crate) typed: &'a Typed,
    /// Why it was refused.
    pub(crate) refusal: Option<&'a Refusal>,
}

/// Whom a move is about.
pub(crate) struct Mover<'a> {
    pub(crate) stay: &'a str,
    pub(crate) at: Option<&'a AtBed>,
    /// Where they are now.
    pub(crate) from: Option<&'a Place>,
}

impl Form<'_> {
    fn ward(&self) -> &Place {
        &self.view.board().ward
    }

    /// The fields.
    pub(super) fn fields(&self) -> Fields<'_> {
        Fields { setting: self.setting, typed: self.typed, refusal: self.refusal, act: None, about: None }
    }

    /// The page of a form.
    pub(super) fn page(&self, title: &str, about: &Markup, fields: &Markup, button: &str) -> Markup {
        let ward = self.ward();
        let content = html! {
            div.al-wide {
                (self.fields().summary())
                h1.al-mb { (title) }
                (about)
                form.al-panel.al-form #form method="post" data-draft[self.fields().draft().is_some()] {
                    (self.fields().hidden())
                    div.al-panel__b.al-stack {
                        (fields)
                        div.al-row {
                            button.al-btn.al-btn--big.al-btn--go type="submit" { (button) }
                            a href=(self.setting.links.ward(&ward.id)) { "Back to the board" }
                            (self.fields().kept())
                        }
                    }
                }
            }
        };
        page(&self.setting.frame(title, &ward.title(), Rail::Wards), &content)
    }

    /// When it happened. *Now* is there as long as the form is fresh.
    pub(super) fn when(&self) -> Markup {
        self.fields().when("When did it happen?", true)
    }

    /// A choice of the ward's places.
    pub(super) fn places(&self, name: &'static str, label: &str, chosen: &str, but: Option<&str>) -> Markup {
        let board = self.view.board();
        let free: Vec<&BoardRow> = board.rows().filter(|row| row.bed.is_some() && is_free(row.state())).collect();
        let others: Vec<&BoardRow> = board.rows().filter(|row| row.bed.is_some() && !is_free(row.state())).collect();
        let option = |row: &BoardRow| {
            let Some(bed) = row.bed.as_ref().filter(|bed| Some(bed.id.as_str()) != but) else { return html! {} };
            let is_closed = row.state() == RowState::Closed;
            html! {
                option value=(bed.id) selected[bed.id == chosen] disabled[is_closed] { (self.bed_words(row, bed)) }
            }
        };
        let options = html! {
            optgroup label="Free" { @for row in &free { (option(row)) } }
            @if !others.is_empty() { optgroup label="Not free" { @for row in &others { (option(row)) } } }
            optgroup label="Without a bed" {
                @for place in &self.view.gathered.ward.others {
                    option value=(place.id) selected[place.id == chosen] { (place.name_in_ward()) }
                }
                option value=(board.ward.id) selected[board.ward.id == chosen] { "No bed yet, on " (board.ward.name) }
            }
        };
        self.fields().select(name, (label, "Choose a place"), &options)
    }

    /// `Bed 4, free, female`; `Bed 3, COSGROVE, Eileen is in it`.
    fn bed_words(&self, row: &BoardRow, bed: &Place) -> String {
        let sex = self.view.board().sex_of(bed).map(|sex| format!(", {sex} bay")).unwrap_or_default();
        let who = |patient: Option<&str>| name(self.view.patient(patient));
        let state = match row.state() {
            RowState::Available => "free".to_owned(),
            RowState::Compromised => "free, to be used with care".to_owned(),
            RowState::Vacated => "free, to be cleaned".to_owned(),
            RowState::Closed => "closed".to_owned(),
            RowState::Reserved => {
                format!("reserved for {}", who(row.kept_for.as_ref().and_then(|stay| stay.patient.as_deref())))
            }
            RowState::Occupied | RowState::Away | RowState::NoBedYet => {
                format!("{} is in it", who(row.occupant.as_ref().and_then(|of| of.stay.patient.as_deref())))
            }
        };
        format!("Bed {}, {state}{sex}", bed.label)
    }
}

/// Who a form is about: a line, never the banner of an open patient.
pub(crate) fn identity_line(at: Option<&AtBed>, setting: &Setting, after: &str) -> Markup {
    html! {
        div.al-panel.al-idline { div.al-panel__b.al-row {
            b { (name(at)) } span.al-muted { (under(at, setting.now)) } @if !after.is_empty() { span { (after) } }
        } }
    }
}

/// The form that moves a patient.
pub(crate) fn move_page(form: &Form<'_>, mover: &Mover<'_>) -> Markup {
    let to = form.typed.text("to");
    let taken = form
        .view
        .board()
        .bed(to)
        .filter(|row| row.occupant.as_ref().is_some_and(|occupant| occupant.stay.id != mover.stay));
    let from = mover.from.map(|from| from.name.as_str()).unwrap_or("a place that is not known");
    let bed_of = mover.from.filter(|from| from.kind.is_bed()).map(|from| from.id.as_str());
    let fields = html! {
        input type="hidden" name="stay" value=(mover.stay);
        (form.places("to", "Where to?", to, bed_of))
        @if let Some(bed) = form.view.board().bed(to).and_then(|row| row.bed.as_ref()) { (mixed(form, mover.at, bed)) }
        @if let Some(row) = taken { (earlier(form, mover, row)) }
        (form.when())
    };
    let title = format!("Move {}", name(mover.at));
    let about = identity_line(mover.at, form.setting, &format!("Now in {from}"));
    form.page(&title, &about, &fields, "Move")
}

/// That the bay of a bed is for the other sex, and why it shall be so all the same; of another bay that men and women would
/// share once that was refused.
pub(super) fn mixed(form: &Form<'_>, at: Option<&AtBed>, bed: &Place) -> Markup {
    let gender = at.and_then(|at| at.identity.gender.as_deref());
    let sex = form.view.board().sex_of(bed).filter(|sex| mixes_sexes(Some(sex), gender));
    let fields = form.fields();
    match sex {
        Some(sex) => fields.mixed(&html! { " Bed " (bed.label) " is in a " b { (sex) " bay" } "." }),
        None if fields.wrong("mixed").is_some() || !fields.value("mixed").is_empty() => fields.mixed(&html! {}),
        None => html! {},
    }
}

/// Who is in the bed, and where they are now.
fn earlier(form: &Form<'_>, mover: &Mover<'_>, row: &BoardRow) -> Markup {
    let occupant = row.occupant.as_ref();
    let who = name(form.view.patient(occupant.and_then(|of| of.stay.patient.as_deref())));
    let bed = row.bed.as_ref();
    let label = bed.map_or("", |bed| bed.label.as_str());
    let chosen = form.typed.text("earlier");
    let swap = mover.from.filter(|from| from.kind.is_bed());
    html! {
        fieldset.al-field {
            legend { "Bed " (label) " has " (who) " in it. Where is " (who) "?" }
            (form.fields().message("earlier"))
            @if let Some(from) = swap {
                label.al-choice {
                    input #earlier type="radio" name="earlier" value="swap" checked[chosen == "swap"];
                    " They change places: " (who) " is in " (from.name_in_ward()) ", " (name(mover.at)) " in bed " (label)
                }
            }
            label.al-choice {
                input id=[swap.is_none().then_some("earlier")] type="radio" name="earlier" value="to" checked[chosen == "to"];
                " In another place"
            }
            div.al-then {
                (form.places("earlier_to", &format!("Where {who} is"), form.typed.text("earlier_to"), bed.map(|bed| bed.id.as_str())))
            }
        }
    }
}

/// The list of wards to move a patient to.
pub(crate) fn other_wards_page(setting: &Setting, mover: &Mover<'_>, wards: &[Place], here: &Place) -> Markup {
    let title = format!("Move {} to another ward", name(mover.at));
    let content = html! {
        div.al-wide {
            h1.al-mb { (title) }
            (identity_line(mover.at, setting, ""))
            nav.al-panel aria-label="Wards" {
                ul.al-panel__b.al-stack {
                    @for ward in wards.iter().filter(|ward| ward.id != here.id) {
                        li { a href=(setting.links.move_form(&ward.id, mover.stay, None)) { (ward.title()) } }
                    }
                }
            }
            p.al-mt { a href=(setting.links.ward(&here.id)) { "Back to the board" } }
        }
    };
    page(&setting.frame(&title, &here.title(), Rail::Wards), &content)
}

/// The form that says how a bed is.
pub(crate) fn bed_page(form: &Form<'_>, bed: &Place) -> Markup {
    let states = [
        (BedStatus::Available, "available", "Clean and ready"),
        (BedStatus::Vacated, "vacated", "To be cleaned"),
        (BedStatus::Compromised, "compromised", "Can be used, with care"),
        (BedStatus::Closed, "closed", "Closed: nobody is put into it"),
    ];
    let chosen = form.typed.text("state");
    let is_present = |status: BedStatus| bed.bed.status == status;
    let fields = html! {
        input type="hidden" name="bed" value=(bed.id);
        fieldset.al-field {
            legend { "How is the bed?" }
            (form.fields().message("state"))
            @for (at, (status, code, words)) in states.into_iter().enumerate() {
                label.al-choice {
                    input id=[(at == 0).then_some("state")] type="radio" name="state" value=(code) checked[chosen == code];
                    " " (words) @if is_present(status) { span.al-muted { " (as it is now)" } }
                }
            }
        }
        (form.fields().line("reason", "Why, of a bed that is closed or used with care", "such as water leak, estates job 5521", 50))
        (form.fields().line("until", "Until when, if that is known", "such as 18-Nov", 14))
    };
    form.page(&format!("Bed {}, {}", bed.label, form.ward().name), &html! {}, &fields, "Save")
}

/// The words of a bed's state in a form.
pub(crate) fn bed_status(code: &str) -> Option<BedStatus> {
    Some(match code {
        "available" => BedStatus::Available,
        "vacated" => BedStatus::Vacated,
        "compromised" => BedStatus::Compromised,
        "closed" => BedStatus::Closed,
        _ => return None,
    })
}

/// Whether somebody is expected on a board: those with a bed kept for them, then the others.
pub(crate) fn expected(board: &WardBoard) -> Vec<&administration::stays::Stay> {
    let kept = board.rows().filter_map(|row| row.kept_for.as_ref());
    kept.chain(&board.expected).collect()
}
