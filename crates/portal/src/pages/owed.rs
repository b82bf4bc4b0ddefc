//! The list behind a counter: each with its owner, its due, its age, and the task that somebody made of it.
//!
//! The heading says in words whose the list is; its number is the counter's, from the same query.

use maud::{Markup, html};

use crate::components::Printed;
use crate::components::frame::page;
use crate::components::notice::empty;
use crate::components::panel::{Head, panel, wide};
use crate::components::tag::{Weight, tag};
use crate::components::time;
use crate::pages::home::Due;
use crate::setting::{Rail, Setting};
use crate::words::{capital, clock, number};

/// The list.
pub(crate) struct OwedList<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) done: Option<Markup>,
    /// What is counted, such as `patients with no bed yet`.
    pub(crate) noun: &'static str,
    /// Of whom, such as `Inpatients`.
    pub(crate) whose: &'static str,
    /// What ends it.
    pub(crate) end: &'static str,
    /// Whether only those that are late are in it.
    pub(crate) is_late_only: bool,
    /// How many there are.
    pub(crate) number: u64,
    pub(crate) late: u64,
    /// Scopes to choose from: words, address, and whether it is shown.
    pub(crate) scopes: Vec<(String, String, bool)>,
    pub(crate) rows: Vec<OwedRow>,
    /// The next page.
    pub(crate) next: Option<String>,
}

/// One row.
pub(crate) struct OwedRow {
    pub(crate) place: String,
    /// Name, line under it, summary.
    pub(crate) patient: Option<(String, String, String)>,
    /// What else is to be said, such as what a task says.
    pub(crate) what: Option<String>,
    /// Whose it is, and whether they are active.
    pub(crate) owner: (String, bool),
    pub(crate) due: Due,
    /// Since when.
    pub(crate) since: Option<Printed>,
    /// The task that came from it: words and page; else where one is made.
    pub(crate) task: Result<(String, String), String>,
}

/// The page.
pub(crate) fn owed_page(of: &OwedList<'_>) -> Markup {
    let title = capital(of.noun);
    let shown = of.scopes.iter().find(|(.., shown)| *shown).map_or("", |(words, ..)| words);
    let head = Head {
        title: html! { (number(of.number)) " " (of.noun) ": " (shown) },
        scope: Some(html! { (of.whose) ". " @if !of.is_late_only { (number(of.late)) " late. " } (of.end) }),
        end: None,
    };
    let content = html! {
        div.al-head {
            div { h1 { (title) } p { "The same list that the number on the home page counts." } }
            span.al-push { span.al-asat.al-asat--still { "As at " b { (time(&clock(of.setting.now))) } } }
        }
        @if let Some(done) = &of.done { (done) }
        nav.al-mb aria-label="Whose" {
            span.al-seg.al-seg--wrap {
                @for (words, href, shown) in &of.scopes {
                    a.al-btn href=(href) aria-current=[shown.then_some("true")] { (words) }
                }
            }
        }
        (panel(&head, &html! {
            @if of.rows.is_empty() {
                (empty(&html! { "There is none now: " (shown) "." }))
            } @else { (wide(&title, &table(of))) }
            @if let Some(next) = &of.next { div.al-panel__f { a href=(next) { "Next page" } } }
        }))
    };
    page(&of.setting.frame(&title, &of.setting.trust, Rail::Home), &content)
}

fn table(of: &OwedList<'_>) -> Markup {
    html! {
        table.al-t.al-board.al-cards {
            thead {
                tr {
                    th scope="col" { "When" } th scope="col" { "Where" } th scope="col" { "Patient" }
                    th scope="col" { "Owner" } th scope="col" { "Due" } th scope="col" { "Since" }
                    th scope="col" { "Task" }
                }
            }
            tbody { @for row in &of.rows { (row_of(row)) } }
        }
    }
}

fn row_of(row: &OwedRow) -> Markup {
    html! {
        tr.is-alarm[row.due.is_late] data-row {
            td { (tag(row.due.weight, row.due.word)) }
            td.al-nb { b { (row.place) } }
            td.al-whole {
                @match &row.patient {
                    Some((name, under, href)) => {
                        span.al-name { a.al-rowlink href=(href) { (name) } } span.al-sub { (under) }
                    }
                    None => { "No patient" }
                }
                @if let Some(what) = &row.what { div { (what) } }
            }
            td data-label="Owner" {
                (row.owner.0)
                @if !row.owner.1 { " " (tag(Weight::Danger, "No active owner")) }
            }
            td.al-nb.al-bad[row.due.is_late] { (row.due.words) }
            td.al-nb data-label="Since" {
                @match &row.since { Some(since) => { (time(since)) } None => { "Not recorded" } }
            }
            td {
                @match &row.task {
                    Ok((words, href)) => { a href=(href) { (words) } }
                    Err(href) => { a.al-btn href=(href) { "Make a task" } }
                }
            }
        }
    }
}
