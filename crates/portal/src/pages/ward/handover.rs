//! The handover sheet: every patient of a ward on one page of paper, in the order of the beds, with room to write.
//! Shows what the board shows, in fewer words; decides nothing.

use administration::boards::{BoardRow, RowState};
use maud::{Markup, html};

use super::BoardView;
use super::row::{allergy, name, score, team, under};
use crate::components::frame::page;
use crate::components::tag::{Weight, tag};
use crate::components::time;
use crate::setting::{Rail, Setting};
use crate::words::{clock, day, short_date};

/// The page.
pub(crate) fn handover_page(setting: &Setting, view: &BoardView<'_>) -> Markup {
    let ward = &view.board().ward;
    let title = format!("Handover, {}", ward.title());
    let content = html! {
        div.al-head {
            div { h1 { (title) } p { (day(view.now).text) " " (time(&clock(view.now))) ", for " (setting.person.name) } }
            div.al-row.al-push {
                a.al-btn.al-btn--quiet href=(setting.links.ward(&ward.id)) { "Back to the board" }
                button.al-btn type="button" data-print hidden { "Print" }
            }
        }
        table.al-t.al-board.al-handover {
            caption.al-vh { (title) }
            thead { tr {
                th scope="col" { "Bed" } th scope="col" { "Patient" }
                @if view.is_clinical { th scope="col" { "NEWS2" } th scope="col" { "Flags" } }
                th scope="col" { "EDD, day, team" } th scope="col" { "Why here" } th scope="col" { "Notes" }
            } }
            tbody { @for row in view.board().rows().filter(|row| row.occupant.is_some()) { (patient(view, row)) } }
        }
        p.al-small.al-muted.al-mt { (empty_beds(view)) " This paper shows patients: shred it at the end of the shift." }
    };
    page(&setting.frame(&title, &ward.title(), Rail::Wards), &content)
}

fn patient(view: &BoardView<'_>, row: &BoardRow) -> Markup {
    let Some(occupant) = &row.occupant else { return html! {} };
    let at = view.patient(occupant.stay.patient.as_deref());
    let bedside = at.and_then(|at| at.bedside.as_ref());
    let stay = &occupant.stay;
    html! {
        tr {
            th.al-bed scope="row" { @match &row.bed { Some(bed) => (bed.label), None => "No bed" } }
            td.al-line2 { span.al-name { (name(at)) } span.al-sub { (under(at, view.now)) } }
            @if view.is_clinical {
                td { @if let Some(bedside) = bedside { (score(bedside, view.now)) } }
                td { div.al-flags {
                    (allergy(bedside))
                    @for flag in bedside.into_iter().flat_map(|bedside| &bedside.flags) { (tag(Weight::Plain, &flag.words)) }
                } }
            }
            td.al-line2 {
                b { @match &stay.expected_end { Some(end) => (time(&short_date(end, view.now))), None => "Not set" } }
                @if let Some(day) = occupant.day { " day " (day) }
                span.al-sub { (team(stay)) }
            }
            td.al-line2 {
                @if view.is_clinical {
                    (stay.reason.as_deref().unwrap_or_default())
                    span.al-sub { (stay.plan.stopping.as_deref().unwrap_or_default()) }
                }
            }
            td.al-handover__notes {}
        }
    }
}

/// The beds without a patient, in one sentence.
fn empty_beds(view: &BoardView<'_>) -> String {
    let of = |state: RowState, words: &str| {
        let beds: Vec<&str> = view
            .board()
            .rows()
            .filter(|row| row.state() == state)
            .filter_map(|row| Some(row.bed.as_ref()?.label.as_str()))
            .collect();
        (!beds.is_empty()).then(|| format!("{words} {}.", beds.join(", ")))
    };
    let said = [
        of(RowState::Available, "Free:"),
        of(RowState::Compromised, "Free, with care:"),
        of(RowState::Vacated, "To clean:"),
        of(RowState::Reserved, "Reserved:"),
        of(RowState::Closed, "Closed:"),
    ];
    said.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
