//! The queue of possible duplicates: to be looked at, waiting for a second person, said to be two people, and what an
//! unmerge left to give out (`given`). Reading only but for the last.

use clinical::identity::Identity;
use maud::{Markup, html};

use super::given::to_give_out;
use crate::act::{Typed, done_notice};
use crate::components::frame::page;
use crate::components::notice::empty;
use crate::components::panel::{head, panel, wide};
use crate::components::{or_not_known, time};
use crate::gather::duplicates::{Listed, Queue};
use crate::pages::patient::{name_words, nhs_words as nhs_text};
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted, date, day};

/// The queue.
pub(crate) fn queue_page(setting: &Setting, queue: &Queue, typed: &Typed) -> Markup {
    let list = |title: &str, scope: &str, listed: &[Listed], nothing: &str| {
        let body = if listed.is_empty() { empty(&html! { (nothing) }) } else { table(setting, listed) };
        panel(&head(title, Some(html! { (scope) })), &body)
    };
    let content = html! {
        div.al-head {
            div {
                p { a href=(setting.links.patients()) { "Patients" } " / Possible duplicates" }
                h1 { "Possible duplicates" }
            }
            div.al-row.al-push { span.al-asat { "As at " b { (time(&clock(setting.now))) } } }
        }
        @if let Some(notice) = done_notice(setting, typed.text("done"), typed.text("undo"), &setting.links.duplicates()) {
            (notice)
        }
        div.al-stack {
            (list("To look at", &counted(queue.open.len(), "pair, longest first", "pairs, longest first"), &queue.open,
                "No pair is waiting. New ones come from registration and from matching the whole index."))
            (list("Asked for, waiting for a second person", &counted(queue.asked.len(), "pair", "pairs"), &queue.asked,
                "Nobody waits for a second person."))
            (to_give_out(setting, &queue.unallocated))
            (list("Said to be two people", &counted(queue.not_the_same.len(), "pair", "pairs"), &queue.not_the_same,
                "Nobody said so yet."))
        }
    };
    page(&setting.frame("Possible duplicates", "Patient index", Rail::Patients), &content)
}

fn table(setting: &Setting, listed: &[Listed]) -> Markup {
    wide(
        "Pairs",
        &html! {
            table.al-t.al-board {
                thead { tr {
                    th scope="col" { "Left" } th scope="col" { "Right" }
                    th.al-num scope="col" { "Weight" } th scope="col" { "Since" }
                    th scope="col" { span.al-vh { "Open" } }
                } }
                tbody {
                    @for pair in listed {
                        tr data-row="" {
                            td { (person(pair.people.0.as_ref())) }
                            td { (person(pair.people.1.as_ref())) }
                            td.al-num { (or_not_known(pair.review.weight.as_deref())) }
                            td { @if let Some(since) = pair.review.since { (time(&day(since))) } }
                            td { a.al-rowlink href=(setting.links.duplicate(&pair.review.id)) {
                                "Compare" span.al-vh { " " (title_of(pair.people.0.as_ref())) }
                            } }
                        }
                    }
                }
            }
        },
    )
}

fn person(of: Option<&Identity>) -> Markup {
    html! {
        @match of {
            Some(of) => {
                b { (name_words(of)) }
                span.al-sub {
                    @if let Some(born) = &of.born { (time(&date(born))) } @else { "Born not known" }
                    " · " (nhs_words(of))
                }
            }
            None => "This record cannot be read.",
        }
    }
}

pub(super) fn nhs_words(of: &Identity) -> String {
    of.nhs_number.as_deref().map_or_else(|| "NHS No. not known".to_owned(), nhs_text)
}

pub(super) fn title_of(of: Option<&Identity>) -> String {
    of.and_then(|of| of.family.clone()).map_or_else(|| "this pair".to_owned(), |family| family.to_uppercase())
}
