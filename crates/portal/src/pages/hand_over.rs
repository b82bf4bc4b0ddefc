//! *Hand over my tasks*: at the end of a shift, all of them to one other, or those that are left ticked. What was just
//! handed over is listed with an undo for each.

use administration::Refusal;
use administration::tasks::MOST_AT_ONCE;
use maud::{Markup, html};

use super::fields::Fields;
use super::task::{Choice, owner_field};
use crate::act::{Typed, hidden};
use crate::components::frame::page;
use crate::components::panel::{head, panel};
use crate::pages::home::{TaskRow, due_words};
use crate::setting::{Rail, Setting};
use crate::words::counted;

/// What stands before the id of a task in the name of its box.
pub(crate) const BOX: &str = "task-";

/// The page.
pub(crate) struct HandOverPage<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) done: Option<Markup>,
    /// The open tasks of whoever asks that are not offered to anybody.
    pub(crate) rows: &'a [TaskRow],
    pub(crate) choices: &'a [Choice],
    pub(crate) typed: &'a Typed,
    pub(crate) refusal: Option<&'a Refusal>,
    /// What was just handed over, with its undo; none once it was taken back or accepted.
    pub(crate) offered: &'a [(TaskRow, Option<String>)],
    /// The page itself, with what was just handed over.
    pub(crate) back: &'a str,
}

/// The page.
pub(crate) fn hand_over_page(of: &HandOverPage<'_>) -> Markup {
    let content = html! {
        div.al-wide {
            h1.al-mb { "Hand over my tasks" }
            (of.fields().summary())
            @if let Some(done) = &of.done { (done) }
            div.al-stack {
                @if !of.offered.is_empty() { (offered(of)) }
                @if of.rows.is_empty() {
                    p.al-empty { "No task of yours is open that is not offered to somebody. " a href=(of.setting.links.home()) { "Home" } }
                } @else { (form(of)) }
            }
        }
    };
    page(&of.setting.frame("Hand over my tasks", &of.setting.trust, Rail::Home), &content)
}

impl HandOverPage<'_> {
    fn fields(&self) -> Fields<'_> {
        Fields { setting: self.setting, typed: self.typed, refusal: self.refusal, act: None, about: None }
    }
}

fn form(of: &HandOverPage<'_>) -> Markup {
    // Until something was sent all of them are meant: that is what the page is for.
    let is_first = of.refusal.is_none();
    let number = of.rows.len();
    let cut = number.saturating_sub(MOST_AT_ONCE);
    let content = html! {
        form.al-panel__b.al-stack #form method="post" {
            (hidden(of.setting))
            fieldset.al-field #tasks tabindex="-1" {
                legend { "Which" }
                (of.fields().message("tasks"))
                @for (at, row) in of.rows.iter().enumerate() {
                    @let name = format!("{BOX}{}", row.id);
                    @let is_ticked = if is_first { at < MOST_AT_ONCE } else { !of.typed.text(&name).is_empty() };
                    label.al-choice for=(name) {
                        input id=(name) type="checkbox" name=(name) value="yes" checked[is_ticked];
                        " " (row.what) span.al-sub.al-then { (line(of.setting, row)) }
                    }
                }
            }
            @if cut > 0 { p.al-hint { "At most 50 at once: the last " (cut) " are not ticked. Hand them over afterwards." } }
            (owner_field(&of.fields(), of.choices, "to", "To whom"))
            p.al-hint { "They stay yours until the other accepts them. Each can be taken back alone." }
            div { button.al-btn.al-btn--big.al-btn--go type="submit" { "Hand over" } }
        }
    };
    panel(&head("My open tasks", Some(html! { (counted(number, "task", "tasks")) })), &content)
}

/// Patient, place and due.
fn line(setting: &Setting, row: &TaskRow) -> String {
    let patient = row.patient.as_ref().map_or("No patient", |(name, _)| name);
    let parts = [row.place.as_str(), patient, &due_words(row.due, setting.now).words];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn offered(of: &HandOverPage<'_>) -> Markup {
    let content = html! {
        table.al-t.al-board.al-cards {
            thead { tr { th scope="col" { "Task" } th scope="col" { "Offered to" } th scope="col" { span.al-vh { "Action" } } } }
            tbody {
                @for (row, undo) in of.offered {
                    tr data-row {
                        td.al-whole { a href=(row.href) { (row.what) } span.al-sub { (line(of.setting, row)) } }
                        td { (row.handed_to.as_deref().unwrap_or("Nobody now")) }
                        td.al-num {
                            @if let Some(undo) = undo {
                                form method="post" action=(of.setting.links.undo()) {
                                    (hidden(of.setting))
                                    input type="hidden" name="undo" value=(undo);
                                    input type="hidden" name="back" value=(of.back);
                                    button.al-btn type="submit" aria-label={ "Take back: " (row.what) } { "Take back" }
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    panel(&head("Just handed over", Some(html! { (counted(of.offered.len(), "task", "tasks")) })), &content)
}
