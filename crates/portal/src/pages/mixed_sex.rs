//! Patients who shared a bay with the other sex: since when, until when, why, and whether the national return counts it.
//!
//! The number at the top is the length of the list below it; nothing is counted in another way.

use administration::Refusal;
use administration::stays::{Breach, MIXED_REASONS};
use maud::{Markup, html};

use crate::act::{Typed, hidden};
use crate::components::frame::page;
use crate::components::notice::empty;
use crate::components::panel::{head, panel, wide};
use crate::components::tag::{Weight, tag};
use crate::components::time;
use crate::pages::fields::Fields;
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted, day, number};

/// The page.
pub(crate) struct MixedSex<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) done: Option<Markup>,
    /// Where the page is, with what it shows.
    pub(crate) own: &'a str,
    /// What is shown, in words.
    pub(crate) whose: &'a str,
    /// Wards and months to choose from: words, address, and whether it is shown.
    pub(crate) scopes: Vec<Vec<(String, String, bool)>>,
    pub(crate) rows: &'a [MixedRow],
    /// How many of them the return counts: those that began in the month and are not clinically justified.
    pub(crate) counted: usize,
    pub(crate) typed: &'a Typed,
    pub(crate) refusal: Option<&'a Refusal>,
    pub(crate) may_write: bool,
}

/// One patient's time.
pub(crate) struct MixedRow {
    pub(crate) breach: Breach,
    /// Name, line under it, the stay's page; nothing of whom the reader may not see.
    pub(crate) patient: Option<(String, String, String)>,
    /// The bay's name.
    pub(crate) room: String,
}

/// The page.
pub(crate) fn mixed_sex_page(of: &MixedSex<'_>) -> Markup {
    let unsaid = of.rows.iter().filter(|row| row.breach.reason.is_none()).count();
    let scope = html! {
        (of.whose) ". " (number(of.counted as u64)) " for the return: began in this month and not clinically justified. "
        @if unsaid > 0 { (number(unsaid as u64)) " without a reason, which counts as not justified." }
    };
    let title = html! { (counted(of.rows.len(), "patient", "patients")) " in a bay of both sexes" };
    let list = crate::components::panel::Head { title, scope: Some(scope), end: None };
    let content = html! {
        div.al-head {
            div {
                h1 { "Mixed-sex accommodation" }
                p { "Everybody is counted who shared a bay with the other sex, outside critical care, whoever moved." }
            }
            span.al-push { span.al-asat.al-asat--still { "As at " b { (time(&clock(of.setting.now))) } } }
        }
        (of.fields().summary())
        @if let Some(done) = &of.done { (done) }
        @for (number, choices) in of.scopes.iter().enumerate() {
            nav.al-mb aria-label=(if number == 0 { "Ward" } else { "Month" }) {
                span.al-seg.al-seg--wrap {
                    @for (words, href, shown) in choices {
                        a.al-btn href=(href) aria-current=[shown.then_some("true")] { (words) }
                    }
                }
            }
        }
        (panel(&list, &html! {
            @if of.rows.is_empty() { (empty(&html! { "Nobody: " (of.whose) "." })) }
            @else { (wide("Mixed-sex accommodation", &table(of))) }
        }))
        @if of.may_write { @for room in rooms(of) { (reason_form(of, room)) } }
    };
    page(&of.setting.frame("Mixed-sex accommodation", &of.setting.trust, Rail::Home), &content)
}

impl<'a> MixedSex<'a> {
    fn fields(&self) -> Fields<'a> {
        Fields { setting: self.setting, typed: self.typed, refusal: self.refusal, act: None, about: None }
    }
}

fn table(of: &MixedSex<'_>) -> Markup {
    html! {
        table.al-t.al-board.al-cards {
            thead { tr {
                th scope="col" { "Bay" } th scope="col" { "Patient" } th scope="col" { "From" } th scope="col" { "Until" }
                th scope="col" { "Why" } th scope="col" { "For the return" }
            } }
            tbody { @for row in of.rows { (row_of(row)) } }
        }
    }
}

fn row_of(row: &MixedRow) -> Markup {
    let breach = &row.breach;
    html! {
        tr.is-alarm[breach.to.is_none() && breach.counts()] data-row {
            td { b { (row.room) } }
            td.al-whole {
                @match &row.patient {
                    Some((name, under, href)) => {
                        span.al-name { a.al-rowlink href=(href) { (name) } } span.al-sub { (under) }
                    }
                    None => "Not for you to see",
                }
            }
            td.al-nb data-label="From" { (time(&day(breach.from))) " " (time(&clock(breach.from))) }
            td.al-nb data-label="Until" {
                @match breach.to {
                    Some(to) => { (time(&day(to))) " " (time(&clock(to))) }
                    None => (tag(Weight::Warning, "Goes on")),
                }
            }
            td data-label="Why" { (why(breach)) }
            td { @if breach.counts() { "Counts" } @else { "Clinically justified" } }
        }
    }
}

fn why(breach: &Breach) -> Markup {
    match breach.reason {
        Some(reason) => html! { (reason.words) },
        None if breach.is_put_off => tag(Weight::Danger, "Not given yet"),
        None => tag(Weight::Danger, "Not said"),
    }
}

/// The bays in which somebody's reason is not said yet.
fn rooms<'a>(of: &'a MixedSex<'_>) -> Vec<&'a MixedRow> {
    let mut rooms: Vec<&MixedRow> = Vec::new();
    for row in of.rows.iter().filter(|row| row.breach.reason.is_none()) {
        if !rooms.iter().any(|known| known.breach.room == row.breach.room) {
            rooms.push(row);
        }
    }
    rooms
}

fn reason_form(of: &MixedSex<'_>, room: &MixedRow) -> Markup {
    let mine: Vec<&MixedRow> =
        of.rows.iter().filter(|row| row.breach.reason.is_none() && row.breach.room == room.breach.room).collect();
    let is_sent = of.typed.text("room") == room.breach.room;
    let fields = of.fields();
    let chosen = of.typed.text("reason");
    panel(
        &head(&format!("Why is {} shared?", room.room), None),
        &html! {
            form.al-panel__b.al-stack method="post" action=(of.own) {
                (hidden(of.setting))
                input type="hidden" name="room" value=(room.breach.room);
                fieldset.al-field {
                    legend { "Of whom?" }
                    @for row in &mine {
                        label.al-choice {
                            input type="checkbox" name=(format!("of-{}", row.breach.stay)) value=(row.breach.from.0)
                                checked[is_sent && !of.typed.text(&format!("of-{}", row.breach.stay)).is_empty()];
                            " " (row.patient.as_ref().map_or("Not for you to see", |(name, ..)| name))
                            ", from " (day(row.breach.from).text) " " (clock(row.breach.from).text)
                        }
                    }
                }
                fieldset.al-field {
                    legend { "Why?" }
                    @if is_sent { (fields.message("reason")) }
                    @for reason in &MIXED_REASONS {
                        label.al-choice {
                            input type="radio" name="reason" value=(reason.code) checked[is_sent && chosen == reason.code];
                            " " (reason.words) ": " (if reason.is_justified { "clinically justified" } else { "counts" })
                        }
                    }
                }
                div { button.al-btn.al-btn--go type="submit" { "Record the reason" } }
            }
        },
    )
}
