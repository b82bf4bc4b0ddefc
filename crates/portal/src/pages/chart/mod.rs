//! The chart summary: who this is, what is wrong, what they take, how they are now, what the laboratory says, and
//! what has happened, on one page. The order and the places of the panels are the same for everyone.
//!
//! Draws the read model of `clinical`; decides nothing clinical. Every row names its source in `data-source`.

mod alarm;
mod events;
mod medicines;
mod observations;
mod problems;
mod results;

use clinical::Chart;
use maud::{Markup, html};

use super::patient::{banner_of, places_of};
use crate::components::frame::{OpenPatient, patient_page};
use crate::components::notice::{Kind, notice};
use crate::components::time;
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted, day};

pub use events::Span;

/// What the summary shows.
#[derive(Debug, Clone, Copy)]
pub struct Summary<'a> {
    /// The setting.
    pub setting: &'a Setting,
    /// The read model.
    pub chart: &'a Chart,
    /// How much of the past the time axis shows, or the list; the shortest with something in it when not asked for.
    pub span: Option<Span>,
    /// Types of resource of which there is more than was read.
    pub cut: &'a [&'a str],
    /// Items that are shown as neither's since the record was another person's too.
    pub held_back: usize,
}

/// The page.
pub fn summary_page(of: &Summary<'_>) -> Markup {
    let Summary { setting, chart, .. } = *of;
    let banner = banner_of(chart, setting.clinical, &setting.links, setting.now);
    let search = setting.links.patients();
    let patient = OpenPatient {
        banner: &banner,
        back: (&search, "Back to patients"),
        places: places_of(chart, setting, "Summary"),
    };
    let name = super::patient::name_words(&chart.identity);
    let title = format!("{name}: summary");
    patient_page(&setting.frame(&title, "Patient record", Rail::Patients), &patient, &content(of))
}

fn content(of: &Summary<'_>) -> Markup {
    let Summary { setting, chart, span, cut, held_back } = *of;
    html! {
        h1.al-vh { "Summary" }
        p.al-asat.al-asat--still { "As at " b { (time(&clock(setting.now))) } " " (time(&day(setting.now))) }
        @if !cut.is_empty() {
            (notice(Kind::Warning, &html! {
                b { "This page is not the whole record." } " There is more than it can show of: " (cut.join(", ")) "."
            }, None))
        }
        @if held_back > 0 {
            (notice(Kind::Warning, &html! {
                b { "This page is not the whole record." } " For a time it was kept as one with another person's. "
                (counted(held_back, "item", "items")) " written then are not shown until health records have said whose they are."
            }, None))
        }
        @if setting.clinical {
            (alarm::right_now(chart, setting.now))
            div.al-grid.al-chartgrid {
                div.al-stack {
                    (problems::problems_panel(chart, setting.now))
                    (problems::allergies_panel(&chart.allergies))
                }
                div.al-stack { (medicines::medicines_panel(&chart.medicines, setting.now)) }
                div.al-stack {
                    (observations::observations_panel(chart, setting.now))
                    (results::results_panel(&chart.results, setting.now))
                }
            }
        } @else {
            p.al-notice { "Your role shows where and when this patient is seen. Clinical content is not shown to it." }
        }
        (events::events_panel(setting, chart, span))
    }
}
