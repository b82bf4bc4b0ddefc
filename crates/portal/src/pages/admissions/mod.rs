//! Admissions and bed requests, for the site office: who waits for a bed, who comes in today and tomorrow, beds by ward,
//! and to whom we owe another day. Towards the picture *admissions*.
//!
//! A pure function of what was gathered and a moment. Every number is the length of a list on the page, or a sum of the
//! wards' own numbers, and says in words whose it is.

mod bed;
mod rows;

use std::collections::BTreeMap;

use administration::boards::WardBoard;
use administration::stays::Stay;
use maud::{Markup, html};
use terms::print::weekday_date_text;
use terms::{Date, Moment, local_date};

use crate::components::counter::{Standing, figure};
use crate::components::frame::page;
use crate::components::panel::{Head, head, panel, panel_head, wide};
use crate::components::{Printed, notice, time};
use crate::gather::admissions::{Gathered, Person};
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted, duration};

pub(crate) use bed::{Bed, bed_of};
pub(crate) use rows::{kind_words, moved_words};

/// The page of the site office.
pub(crate) struct Admissions<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) gathered: &'a Gathered,
    /// What was just done.
    pub(crate) notice: Option<&'a Markup>,
    /// Whether allergies are shown.
    pub(crate) is_clinical: bool,
}

/// A ward's beds in numbers.
pub(crate) struct WardLine<'a> {
    board: &'a WardBoard,
    leaving: usize,
}

impl<'a> WardLine<'a> {
    pub(crate) fn of(board: &'a WardBoard, today: Date) -> WardLine<'a> {
        let occupants = board.rows().filter_map(|row| row.occupant.as_ref());
        let leaving = occupants.filter(|occupant| occupant.stay.plan.leaves_on(today)).count();
        WardLine { board, leaving }
    }

    /// Free tonight: free now, and those who leave as confirmed, less those who have no bed yet.
    fn tonight(&self) -> i64 {
        let counts = self.board.counts();
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        number(counts.free + self.leaving) - number(counts.no_bed)
    }
}

impl Admissions<'_> {
    fn now(&self) -> Moment {
        self.setting.now
    }

    fn today(&self) -> Date {
        local_date(self.setting.now)
    }

    fn wards(&self) -> Vec<WardLine<'_>> {
        self.gathered.wards.iter().map(|board| WardLine::of(board, self.today())).collect()
    }

    fn bed(&self, stay: &Stay) -> Bed {
        bed_of(stay, &self.gathered.places, &self.wards(), self.now())
    }

    fn person(&self, stay: &Stay) -> Option<&Person> {
        self.gathered.people.get(stay.patient.as_ref()?)
    }
}

/// The page.
pub(crate) fn admissions_page(of: &Admissions<'_>) -> Markup {
    let (setting, today) = (of.setting, of.today());
    let tomorrow = today.tomorrow().unwrap_or(today);
    let content = html! {
        @if let Some(notice) = of.notice { (notice) }
        div.al-head {
            div {
                h1 { "Admissions and bed requests" }
                p { "All wards of " (setting.trust) ". " (day(today)) " and tomorrow." }
            }
            div.al-row.al-push {
                span.al-asat.al-asat--still { "As at " b { (time(&clock(of.now()))) } }
                a.al-btn href=(setting.links.new_request(None)) { "Add request" }
            }
        }
        (figures(of))
        div.al-grid.al-split.al-split--wide {
            div.al-stack {
                (rows::requests(of))
                (rows::come_in(of, "To come in today", today, &of.gathered.today))
                (rows::come_in(of, "To come in tomorrow", tomorrow, &of.gathered.tomorrow))
            }
            div.al-stack {
                (beds_by_ward(of))
                (rows::rebook(of))
            }
        }
    };
    page(&setting.frame("Admissions and bed requests", "Site office", Rail::Wards), &content)
}

/// A day as people plan by it.
pub(crate) fn day(day: Date) -> Markup {
    time(&Printed::new(day.to_string(), weekday_date_text(day)))
}

fn figures(of: &Admissions<'_>) -> Markup {
    let gathered = of.gathered;
    let longest = gathered.requests.first().and_then(rows::waiting_since).map(|since| duration(of.now().0 - since.0));
    let waiting = match &longest {
        Some(longest) => format!("emergency admissions wait for a bed, longest {longest}"),
        None => "emergency admissions wait for a bed".to_owned(),
    };
    let without: Vec<&WardBoard> =
        gathered.wards.iter().map(|ward| &**ward).filter(|ward| ward.counts().no_bed > 0).collect();
    let no_bed: usize = without.iter().map(|ward| ward.counts().no_bed).sum();
    let names: Vec<&str> = without.iter().map(|ward| ward.ward.name.as_str()).collect();
    let names = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    let has_bed = |list: &[Stay]| list.iter().filter(|stay| of.bed(stay).is_settled()).count();
    let (today, tomorrow) = (has_bed(&gathered.today), has_bed(&gathered.tomorrow));
    let part = |count: usize, all: usize| format!("{count} of {all}");
    let leaving: usize = of.wards().iter().map(|ward| ward.leaving).sum();
    let act = |is: bool, standing: Standing| if is { standing } else { Standing::Plain };
    let all = |count: usize, all: usize| if count == all { Standing::Good } else { Standing::Warning };
    html! {
        div.al-kpis {
            (figure(act(!gathered.requests.is_empty(), Standing::Bad), &gathered.requests.len().to_string(), &html! { (waiting) }))
            (figure(act(no_bed > 0, Standing::Bad), &no_bed.to_string(), &html! { "on a ward with no bed yet" (names) }))
            (figure(all(today, gathered.today.len()), &part(today, gathered.today.len()),
                &html! { "to come in today are in or have a bed" }))
            (figure(all(tomorrow, gathered.tomorrow.len()), &part(tomorrow, gathered.tomorrow.len()),
                &html! { "to come in tomorrow have a bed held" }))
            (figure(Standing::Plain, &leaving.to_string(), &html! { "leaving today, confirmed" }))
            (figure(act(!gathered.rebook.is_empty(), Standing::Warning), &gathered.rebook.len().to_string(),
                &html! { (if gathered.rebook.len() == 1 { "hospital cancellation" } else { "hospital cancellations" })
                    " to rebook within 28 days" }))
        }
    }
}

fn beds_by_ward(of: &Admissions<'_>) -> Markup {
    let table = html! {
        table.al-t.al-beds {
            thead { tr {
                th scope="col" { "Ward" }
                @for name in ["In", "Free", "Held", "Shut", "Leave", "None", "Tonight"] { th.al-num scope="col" { (name) } }
            } }
            tbody { @for line in of.wards() { (ward_row(of, &line)) } }
        }
    };
    let scope = html! { "free tonight = free + leaving − no bed" };
    panel(
        &head("Beds by ward", Some(scope)),
        &html! {
            @if of.gathered.wards.is_empty() { (notice::empty(&html! { "No ward is set up." })) }
            @else { (wide("Beds by ward", &table)) }
            div.al-panel__f {
                "In: somebody is in it or away from it. Held: empty and kept. Shut: closed. Leave: confirmed for today, not the \
                 expected date. None: on the ward with no bed yet. Beds to be cleaned are not free."
            }
        },
    )
}

fn ward_row(of: &Admissions<'_>, line: &WardLine<'_>) -> Markup {
    let (counts, ward, tonight) = (line.board.counts(), &line.board.ward, line.tonight());
    html! {
        tr {
            th scope="row" {
                a href=(of.setting.links.ward(&ward.id)) { (ward.name) }
                span.al-sub { (counted(counts.beds, "bed", "beds")) }
            }
            td.al-num { (counts.in_beds) }
            td.al-num { (counts.free) }
            td.al-num { (counts.reserved) }
            td.al-num { (counts.closed) }
            td.al-num { (line.leaving) }
            td.al-num.al-bad[counts.no_bed > 0] { (counts.no_bed) }
            td.al-num { b.al-bad[tonight <= 0] { (tonight) } }
        }
    }
}

/// A panel with a red edge when somebody must act.
fn alarm_panel(is_alarm: bool, of: &Head<'_>, content: &Markup) -> Markup {
    html! { section.al-panel.al-panel--alarm[is_alarm] { (panel_head(of)) (content) } }
}

/// The wards of a page by id, for who is meant for which.
pub(crate) fn by_id<'l, 'b>(wards: &'l [WardLine<'b>]) -> BTreeMap<&'l str, &'l WardLine<'b>> {
    wards.iter().map(|line| (line.board.ward.id.as_str(), line)).collect()
}
