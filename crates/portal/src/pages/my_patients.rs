//! My patients: those in the hospital whose consultant the reader is, or whom they see in the emergency department, wherever
//! they lie. The list behind a number on the home page; what must still happen to them is counted there.

use maud::{Markup, html};
use terms::PartialDate;

use crate::components::frame::page;
use crate::components::notice::empty;
use crate::components::panel::{Head, panel, wide};
use crate::components::time;
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted, short_date};

/// One of them.
pub(crate) struct MyPatient {
    pub(crate) ward: String,
    /// `Bed 5`, or the name of the place.
    pub(crate) place: String,
    pub(crate) name: String,
    /// Born, and the NHS number.
    pub(crate) under: String,
    /// The summary.
    pub(crate) href: Option<String>,
    /// Why they came.
    pub(crate) reason: Option<String>,
    pub(crate) since: Option<PartialDate>,
    pub(crate) expected_end: Option<PartialDate>,
}

/// The page; `is_staff` says whether it is known which member of staff the reader is.
pub(crate) fn my_patients_page(setting: &Setting, is_staff: bool, rows: &[MyPatient]) -> Markup {
    let head = Head {
        title: html! { (counted(rows.len(), "patient", "patients")) },
        scope: Some(
            html! { "You are their consultant now, or see them in the emergency department, wherever they lie." },
        ),
        end: None,
    };
    let nobody = match is_staff {
        true => {
            "Nobody in the hospital has you as their consultant or as their clinician in the emergency department now."
        }
        false => "It is not known which member of staff you are. An administrator says so at your account.",
    };
    let content = html! {
        div.al-head {
            div { h1 { "My patients" } p { "The same list that the number on the home page counts." } }
            span.al-push { span.al-asat.al-asat--still { "As at " b { (time(&clock(setting.now))) } } }
        }
        (panel(&head, &html! {
            @if rows.is_empty() { (empty(&html! { (nobody) })) }
            @else { (wide("My patients", &table(setting, rows))) }
        }))
    };
    page(&setting.frame("My patients", &setting.trust, Rail::Home), &content)
}

fn table(setting: &Setting, rows: &[MyPatient]) -> Markup {
    let day = |of: &Option<PartialDate>| match of {
        Some(of) => time(&short_date(of, setting.now)),
        None => html! { "Not recorded" },
    };
    html! {
        table.al-t.al-board.al-cards {
            thead {
                tr {
                    th scope="col" { "Where" } th scope="col" { "Patient" } th scope="col" { "Why" }
                    th scope="col" { "Since" } th scope="col" { "Expected discharge" }
                }
            }
            tbody {
                @for row in rows {
                    tr data-row {
                        td.al-nb { b { (row.place) } @if row.place != row.ward { span.al-sub { (row.ward) } } }
                        td.al-whole {
                            span.al-name {
                                @match &row.href { Some(href) => { a.al-rowlink href=(href) { (row.name) } } None => { (row.name) } }
                            }
                            span.al-sub { (row.under) }
                        }
                        td data-label="Why" { (row.reason.as_deref().unwrap_or("Not recorded")) }
                        td.al-nb data-label="Since" { (day(&row.since)) }
                        td.al-nb data-label="Expected discharge" { (day(&row.expected_end)) }
                    }
                }
            }
        }
    }
}
