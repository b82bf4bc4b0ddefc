//! *Who has looked at this patient, and why*: one line for each person and shift, newest first, from the access journal.
//!
//! Shows identity and no clinical content. The reader's own view is in the list too.

use maud::{Markup, html};

use crate::components::access_row::{AccessRow, access_row};
use crate::components::banner::{Banner, full_name};
use crate::components::counter::{Standing, figure};
use crate::components::frame::page;
use crate::components::notice::empty;
use crate::components::panel::{Head, panel_head};
use crate::components::{or_not_known, time};
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted, number};

/// What the page shows.
#[derive(Debug, Clone)]
pub struct WhoLooked<'a> {
    /// The setting.
    pub setting: &'a Setting,
    /// Who the patient is.
    pub banner: &'a Banner,
    /// The patient's summary; none for roles that do not open it.
    pub summary: Option<&'a str>,
    /// Lines, newest first.
    pub rows: &'a [AccessRow],
    /// Views in the period.
    pub views: u64,
    /// People in the period.
    pub people: usize,
    /// Refusals in the period.
    pub refused: u64,
    /// The period in words, such as `this stay, since 14-Nov-2026 03:50`.
    pub period: &'a str,
    /// Whether the list was cut at its limit.
    pub cut: bool,
}

/// The page.
pub fn who_looked_page(of: &WhoLooked<'_>) -> Markup {
    let content = html! {
        (page_head(of))
        (identity_line(of.banner))
        div.al-kpis.al-kpis--4 {
            (figure(Standing::Plain, &number(of.views), &html! {
                (if of.views == 1 { "view " } else { "views " }) (of.period) ", by " (counted(of.people, "person", "people"))
            }))
            (figure(Standing::Plain, &number(of.refused), &html! { "asked and not opened, " (of.period) }))
            (figure(Standing::Plain, "?", &html! { "explained by care, a referral, a task or cover. Not counted yet: treat as unknown." }))
            (figure(Standing::Plain, "?", &html! { "no reason found. Not counted yet: treat as unknown." }))
        }
        (list(of))
    };
    page(&of.setting.frame("Who has looked", "Access log", Rail::Patients), &content)
}

fn page_head(of: &WhoLooked<'_>) -> Markup {
    html! {
        div.al-head {
            div {
                p {
                    a href=(of.setting.links.patients()) { "Patients" }
                    @if let Some(summary) = of.summary { " / " a href=(summary) { "Summary" } }
                    " / Who has looked"
                }
                h1 { "Who has looked at this patient, and why" }
            }
            div.al-row.al-push { span.al-asat { "As at " b { (time(&clock(of.setting.now))) } } }
        }
    }
}

/// Who the patient is, on one line: not the banner, so that it is not taken for the open record.
fn identity_line(of: &Banner) -> Markup {
    html! {
        div.al-panel.al-idline {
            div.al-panel__b.al-row {
                b { (full_name(of.family.as_deref(), &of.given, of.title.as_deref())) }
                span {
                    span.al-muted { "Born" } " "
                    b {
                        @match &of.born { Some(born) => (time(born)), None => "Not known" }
                        @if let (Some(age), None) = (&of.age, &of.died) { " (" (age) ")" }
                    }
                }
                @if of.died.is_some() { span { b { "Died" } } }
                span { span.al-muted { "Gender" } " " b { (or_not_known(of.gender.as_deref())) } }
                span { span.al-muted { "NHS No." } " " b { span.al-nhs { (or_not_known(of.nhs_number.as_deref())) } } }
                span.al-push.al-muted { "No clinical content on this page. Your own view of it is in the list too." }
            }
        }
    }
}

fn list(of: &WhoLooked<'_>) -> Markup {
    let head = Head {
        title: html! { "Views, newest first" },
        scope: Some(html! { "one line for each person and shift, " (of.period) }),
        end: None,
    };
    html! {
        section.al-panel {
            (panel_head(&head))
            @if of.rows.is_empty() { (empty(&html! { "Nobody has looked in this period." })) }
            @if !of.rows.is_empty() {
                div.al-scroll tabindex="0" role="group" aria-label="Views, scrolls sideways" { table.al-t.al-board {
                    thead {
                        tr {
                            th scope="col" { "Last" }
                            th scope="col" { "Who" }
                            th scope="col" { "What" }
                            th scope="col" { "Why: the link found" }
                            th.al-num scope="col" { "Views" }
                            th scope="col" { "State" }
                        }
                    }
                    tbody { @for row in of.rows { (access_row(row)) } }
                } }
            }
            div.al-panel__f {
                @if of.cut { "The newest views are shown; older ones are in the access journal. " }
                "The link will be worked out from stays, teams, referrals and tasks at the time of the view; nobody types "
                "it. Until then each line says the role that opened the record. This list is sealed by the access journal: "
                "no one can take a line out."
            }
        }
    }
}
