//! The sheets that a host keeps for a downtime: which there are, when they were read, and a button for new ones.
//! Knows no disk: `hosting` says which there are.

use maud::{Markup, html};
use terms::Moment;

use super::moment;
use crate::act::hidden;
use crate::components::frame::page;
use crate::components::notice::{Kind, empty, notice};
use crate::components::panel::{head, panel};
use crate::components::time;
use crate::setting::{Rail, Setting};
use crate::words::{clock, duration};

/// Sheets that were made together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The pack's name in an address.
    pub pack: String,
    /// When the record was read for it.
    pub at: Moment,
    /// Names and titles of the sheets for this reader.
    pub sheets: Vec<(String, String)>,
}

/// The page.
#[derive(Debug, Clone)]
pub struct MadeView<'a> {
    /// The setting.
    pub setting: &'a Setting,
    /// Packs, the newest first.
    pub packs: &'a [Made],
    /// When new ones are made by themselves, in words.
    pub nightly: Option<String>,
    /// What went wrong with the last attempt.
    pub trouble: Option<&'a str>,
}

/// The page.
pub fn made_page(of: &MadeView<'_>) -> Markup {
    let setting = of.setting;
    let again = html! {
        form method="post" action=(setting.links.downtime_sheets()) {
            (hidden(setting))
            button.al-btn.al-btn--go type="submit" { "Make new sheets now" }
        }
    };
    let nightly = of.nightly.as_ref().map_or("Nobody has set a time at which new ones are made.".to_owned(), |at| {
        format!("New ones are made every day at {at}.")
    });
    let content = html! {
        div.al-head {
            div {
                p { a href=(setting.links.downtime()) { "Downtime" } " / Sheets" }
                h1 { "Downtime sheets" }
                p { "What was known when they were made; nothing later. " (nightly) }
            }
            span.al-asat.al-asat--still.al-push { "As at " b { (time(&clock(setting.now))) } }
        }
        @if let Some(trouble) = of.trouble { (notice(Kind::Bad, &html! { (trouble) }, None)) }
        @if setting.sees_stays && setting.moves_patients { div.al-mb { (again) } }
        @if of.packs.is_empty() {
            (panel(&head("Sheets", None), &empty(&html! { "None have been made yet." })))
        }
        div.al-stack { @for made in of.packs { (one(of, made)) } }
    };
    page(&setting.frame("Downtime sheets", "Health records", Rail::More), &content)
}

fn one(of: &MadeView<'_>, made: &Made) -> Markup {
    let age = duration(of.setting.now.0 - made.at.0);
    let title = head("Sheets", Some(html! { "read from the record " (moment(made.at)) ", " (age) " ago" }));
    panel(
        &title,
        &html! {
            ul.al-panel__b.al-plainlist {
                @for (name, words) in &made.sheets {
                    li { a href=(of.setting.links.downtime_sheet(&made.pack, name)) { (words) span.al-vh { ", sheet of " (moment(made.at)) } } }
                }
            }
        },
    )
}
