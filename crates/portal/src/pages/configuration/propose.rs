//! Where a change of the configuration is written: one of the trust's own files as text, and why. Inherited files are
//! shown and are changed where they belong. Nothing is live by it.

use administration::Refusal;
use administration::configuration::Files;
use maud::{Markup, html};

use crate::act::hidden;
use crate::components::frame::page;
use crate::components::notice::{FieldError, error_summary};
use crate::components::panel::{head, panel};
use crate::setting::{Rail, Setting};
use crate::words::counted;

/// What the page shows.
#[derive(Debug, Clone)]
pub struct Editor<'a> {
    /// The setting.
    pub setting: &'a Setting,
    /// The files that are changed: what is live, or one's own proposal.
    pub files: &'a Files,
    /// The version that they were made from; 0 for none.
    pub over: u64,
    /// The file that is open.
    pub file: &'a str,
    /// Its text, as recorded or as typed.
    pub text: &'a str,
    /// Why, as typed.
    pub why: &'a str,
    /// Why it was refused.
    pub refused: Option<&'a Refusal>,
}

/// The page.
pub fn propose_page(of: &Editor<'_>) -> Markup {
    let links = &of.setting.links;
    let field = |refusal: &Refusal| refusal.field.unwrap_or("text");
    let errors: Vec<FieldError<'_>> =
        of.refused.iter().map(|refusal| FieldError { field: field(refusal), words: &refusal.sentence }).collect();
    let content = html! {
        div.al-head {
            div {
                p { a href=(links.account()) { "More" } " / " a href=(links.configuration()) { "Configuration" } }
                h1 { "Propose a change" }
                p { "Write, then look at what it would do. It is live when a second person has agreed." }
            }
        }
        (error_summary(&errors))
        div.al-grid.al-configs {
            div.al-stack { (listed(of)) }
            div.al-stack { (editor(of)) }
        }
    };
    page(&of.setting.frame("Propose a change", "Set-up", Rail::More), &content)
}

fn listed(of: &Editor<'_>) -> Markup {
    let own = of.files.layers.last();
    let inherited = of.files.layers.iter().rev().skip(1).rev();
    panel(
        &head("Files", Some(html! { (counted(of.files.all().count(), "file", "files")) })),
        &html! {
            ul.al-panel__b.al-plainlist {
                @for file in own.iter().flat_map(|layer| &layer.files) {
                    li {
                        a href=(of.setting.links.configuration_propose(Some(&file.name)))
                            aria-current=[(file.name == of.file).then_some("true")] { (file.name) }
                        span.al-sub { (counted(file.text.lines().count(), "line", "lines")) }
                    }
                }
                @for file in inherited.flat_map(|layer| &layer.files) {
                    li { (file.name) span.al-sub { "Inherited: change it where it belongs, or override it in a file of your own" } }
                }
            }
            div.al-panel__f { "A file that is not in the list is new: write its name above its text." }
        },
    )
}

fn editor(of: &Editor<'_>) -> Markup {
    panel(
        &head("Text", Some(html! { "TOML, as on the page of the documentation on configuration" })),
        &html! {
            form.al-panel__b.al-stack method="post" action=(of.setting.links.configuration_propose(None)) {
                (hidden(of.setting))
                input type="hidden" name="over" value=(of.over);
                div {
                    label.al-lab for="file" { "File" }
                    input.al-in.al-wf #file name="file" value=(of.file) maxlength="200" autocomplete="off" spellcheck="false";
                }
                div {
                    label.al-lab for="text" { "Text; empty takes the file away" }
                    textarea.al-ta.al-wf.al-code #text name="text" rows="28" spellcheck="false" { "\n" (of.text) }
                }
                div {
                    label.al-lab for="why" { "Why, in one line" }
                    input.al-in.al-wf #why name="why" value=(of.why) maxlength="200" autocomplete="off";
                }
                div.al-row {
                    button.al-btn.al-btn--go type="submit" { "Check and propose" }
                    a.al-btn.al-btn--quiet href=(of.setting.links.configuration()) { "Cancel" }
                }
            }
        },
    )
}
