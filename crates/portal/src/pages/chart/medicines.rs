//! The panel *Current medicines*: active ones, and suspended ones never mixed with them (KR 29).
//!
//! Name bold, then how it is given, then `DOSE` with value and unit that are never parted (KR 16 to 26).

use clinical::medicines::{Medicine, Medicines};
use maud::{Markup, html};
use terms::Moment;

use crate::components::notice::empty;
use crate::components::panel::head;
use crate::components::panel::panel_head;
use crate::components::time;
use crate::words::{counted, short_date};

/// How many active medicines stand open; the rest lie in a fold that says how many they are.
const OPEN: usize = 14;
/// The longest dose that is kept on one line, in bytes.
const LONGEST_DOSE: usize = 16;

/// Current medicines.
pub(super) fn medicines_panel(medicines: &Medicines, now: Moment) -> Markup {
    let (active, suspended) = (medicines.active.len(), medicines.suspended.len());
    let scope = html! { (active) " active" @if suspended > 0 { ", " (suspended) " suspended" } };
    let (open, folded) = medicines.active.split_at(active.min(OPEN));
    html! {
        section.al-panel #medicines {
            (panel_head(&head("Current medicines", Some(scope))))
            @if active == 0 { (empty(&html! { "No active medicine is recorded." })) }
            @if active > 0 { (table(open, now)) }
            @if !folded.is_empty() {
                details.al-fold {
                    summary { (counted(folded.len(), "more active medicine", "more active medicines")) }
                    (table(folded, now))
                }
            }
            @if suspended > 0 { (suspended_block(&medicines.suspended)) }
        }
    }
}

fn table(medicines: &[Medicine], now: Moment) -> Markup {
    html! {
        table.al-t {
            thead.al-vh { tr { th scope="col" { "Medicine" } th scope="col" { "Dose" } } }
            tbody { @for medicine in medicines { (row(medicine, now)) } }
        }
    }
}

fn row(medicine: &Medicine, now: Moment) -> Markup {
    html! {
        tr data-source=(medicine.source) {
            td {
                b { (medicine.name) }
                @if let Some(instructions) = &medicine.instructions { " " (instructions) }
                span.al-sub {
                    @if medicine.as_required { "As required, " }
                    @if medicine.long_term { "Long term, " }
                    @match &medicine.since {
                        Some(since) => { "since " (time(&short_date(since, now))) },
                        None => "start not recorded",
                    }
                }
            }
            td.al-num.al-dose {
                @match &medicine.dose {
                    // Value and unit are never parted; words that say what is missing may be.
                    Some(dose) => span.al-nb[dose.len() <= LONGEST_DOSE] { span.al-lab-in { "DOSE" } " " (dose) },
                    None => span.al-sub { "Dose not stated" },
                }
            }
        }
    }
}

/// Suspended medicines, grouped by the reason that is recorded.
fn suspended_block(suspended: &[Medicine]) -> Markup {
    let mut reasons: Vec<Option<&str>> = suspended.iter().map(|medicine| medicine.because.as_deref()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    html! {
        @for reason in reasons {
            div.al-panel__f.al-susp {
                b { "Suspended" }
                @match reason {
                    Some(reason) => span.al-because { (reason) },
                    None => span.al-sub { "No reason is recorded." },
                }
                @for medicine in suspended.iter().filter(|medicine| medicine.because.as_deref() == reason) {
                    div data-source=(medicine.source) {
                        (medicine.name)
                        @if let Some(dose) = &medicine.dose { " " span.al-nb { (dose) } }
                        @if let Some(instructions) = &medicine.instructions { " " (instructions) }
                    }
                }
            }
        }
    }
}
