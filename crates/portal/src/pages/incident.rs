//! A major incident: packs by the door, packs that were given, and a form for more. Made to be printed: one pack a row, its
//! number and its temporary name large enough for a label.
//!
//! Nothing is chosen beforehand. Shows people of whom nothing is known.

use administration::Refusal;
use administration::registration::Pack;
use maud::{Markup, html};

use crate::act::{Typed, hidden};
use crate::components::field::{Field, error_of, summary_of, text_field};
use crate::components::frame::page;
use crate::components::notice::empty;
use crate::components::panel::{head, panel, wide};
use crate::components::time;
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted};

/// The page.
pub(crate) struct Incident<'a> {
    /// The setting.
    pub(crate) setting: &'a Setting,
    /// Every pack whose person nobody knows yet.
    pub(crate) packs: &'a [Pack],
    /// What was typed.
    pub(crate) typed: &'a Typed,
    /// Why it was refused.
    pub(crate) refused: Option<&'a Refusal>,
    /// What was done.
    pub(crate) notice: Option<&'a Markup>,
}

/// The page of a major incident.
pub(crate) fn incident_page(of: &Incident<'_>) -> Markup {
    let (given, waiting): (Vec<&Pack>, Vec<&Pack>) = of.packs.iter().partition(|pack| pack.is_given);
    let refused: Vec<Refusal> = of.refused.into_iter().cloned().collect();
    let content = html! {
        div.al-head {
            div {
                p { a href=(of.setting.links.patients()) { "Patients" } " / Major incident" }
                h1 { "Major incident" }
                p { "Each pack has a number and a name of its own. Give the next one to whoever comes: one click, and they are on the board." }
            }
            span.al-asat.al-push { "As at " b { (time(&clock(of.setting.now))) } }
        }
        @if let Some(notice) = of.notice { (notice) }
        (summary_of(&refused, "count"))
        div.al-grid.al-split {
            div.al-stack { (by_the_door(of, &waiting)) (given_out(of, &given)) }
            div.al-stack { (more(of, &refused)) }
        }
    };
    page(&of.setting.frame("Major incident", "Patient index", Rail::Patients), &content)
}

fn name(pack: &Pack) -> Markup {
    html! { b { "UNKNOWN, " (pack.name) } span.al-sub { (pack.number.replace(' ', "\u{a0}")) } }
}

fn by_the_door(of: &Incident<'_>, packs: &[&Pack]) -> Markup {
    let table = html! {
        table.al-t.al-board {
            thead { tr { th scope="col" { "Pack" } th scope="col" { "Somebody came with it" } } }
            tbody { @for pack in packs {
                tr data-row="" {
                    td { (name(pack)) }
                    td {
                        form.al-row method="post" action=(of.setting.links.incident()) {
                            (hidden(of.setting))
                            input type="hidden" name="patient" value=(pack.patient);
                            @for (mode, words) in [("ambulance", "By ambulance"), ("on-foot", "On foot")] {
                                button.al-btn type="submit" name="mode" value=(mode) { (words) span.al-vh { ": " (pack.name) } }
                            }
                        }
                    }
                }
            } }
        }
    };
    let body = html! {
        @if packs.is_empty() { (empty(&html! { "No pack is left. Make a batch, print this page, and hang it by the door." })) }
        @else { (wide("Packs by the door", &table)) }
    };
    panel(
        &head("By the door", Some(html! { (counted(packs.len(), "pack", "packs")) ", in the order of their numbers" })),
        &body,
    )
}

fn given_out(of: &Incident<'_>, packs: &[&Pack]) -> Markup {
    let body = html! {
        @if packs.is_empty() { (empty(&html! { "Nobody of this incident waits to be identified." })) }
        @else {
            table.al-t { tbody { @for pack in packs {
                tr {
                    td { (name(pack)) }
                    td.al-num { a.al-btn.al-btn--quiet href=(of.setting.links.correct(&pack.patient)) {
                        "Say who this is" span.al-vh { ": " (pack.name) }
                    } }
                }
            } } }
        }
    };
    panel(&head("Given, not identified yet", Some(html! { (counted(packs.len(), "person", "people")) })), &body)
}

fn more(of: &Incident<'_>, refused: &[Refusal]) -> Markup {
    let count = Field {
        name: "count",
        label: "How many numbers",
        value: of.typed.text("count"),
        hint: Some("1 to 100, such as 20"),
        error: error_of(refused, "count"),
        mode: Some("numeric"),
    };
    panel(
        &head("Another batch", Some(html! { "from a block of numbers of its own" })),
        &html! {
            form.al-panel__b.al-stack method="post" action=(of.setting.links.incident()) novalidate {
                (hidden(of.setting))
                (text_field(&count))
                div { button.al-btn type="submit" name="do" value="batch" { "Make the numbers" } }
                p.al-small.al-flush { "Then print this page: each pack gets its number and its name." }
            }
        },
    )
}
