//! A task: writing one down, and everything that can become of it. What was refused comes back with all that was typed.
//! Nothing is chosen beforehand: neither whose it is nor by when.

use administration::Refusal;
use administration::tasks::{Task, TaskState};
use maud::{Markup, html};

use crate::act::{Typed, hidden};
use crate::components::frame::page;
use crate::components::panel::{head, panel};
use crate::components::tag::{Weight, tag};
use crate::gather::people::Named;
use crate::pages::fields::Fields;
use crate::pages::home::{TaskRow, due_words, task_table};
use crate::setting::{Rail, Setting};
use crate::words::counted;

/// Whose a task can be: plain name and words.
pub(crate) type Choice = (String, String);

/// The form for a new task.
pub(crate) struct NewTask<'a> {
    pub(crate) setting: &'a Setting,
    /// What it is about: the patient's name and line, and where they are.
    pub(crate) about: Option<(String, String)>,
    /// The obligation that it comes from, in words.
    pub(crate) from: Option<&'static str>,
    pub(crate) choices: &'a [Choice],
    /// What was typed, or what the address says.
    pub(crate) typed: &'a Typed,
    pub(crate) refusal: Option<&'a Refusal>,
}

/// A task's page.
pub(crate) struct TaskPage<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) done: Option<Markup>,
    pub(crate) task: &'a Task,
    pub(crate) row: &'a TaskRow,
    /// Whether the owner is active.
    pub(crate) is_owned: bool,
    /// The patient's line under the name.
    pub(crate) under: Option<String>,
    pub(crate) choices: &'a [Choice],
    /// Whether the reader may accept it.
    pub(crate) may_accept: bool,
    pub(crate) typed: &'a Typed,
    /// What was refused: the act, and why.
    pub(crate) refused: Option<(&'a str, &'a Refusal)>,
}

/// The form's page.
pub(crate) fn new_task_page(of: &NewTask<'_>) -> Markup {
    let (setting, typed) = (of.setting, of.typed);
    let fields = Fields { setting, typed, refusal: of.refusal, act: None, about: None };
    let form = html! {
        form.al-panel__b.al-stack #form method="post" action=(setting.links.tasks()) {
            (hidden(setting))
            @for name in ["kind", "anchor", "patient", "stay", "back"] {
                @if let Some(value) = typed.some(name) { input type="hidden" name=(name) value=(value); }
            }
            @if let Some((name, under)) = &of.about { p.al-flush { b { (name) } span.al-sub { (under) } } }
            @if let Some(from) = of.from { p.al-flush.al-muted { "From: " (from) "." } }
            div.al-field {
                label for="what" { "What shall be done" }
                (fields.message("what"))
                textarea.al-ta #what name="what" rows="3" maxlength="500" aria-invalid=[fields.wrong("what").map(|_| "true")] {
                    (typed.text("what"))
                }
            }
            (owner_field(&fields, of.choices, "owner", "Whose it is"))
            (due_fields(&fields, ""))
            div { button.al-btn.al-btn--big.al-btn--go type="submit" { "Add task" } }
        }
    };
    let content = html! {
        div.al-wide {
            h1.al-mb { "New task" }
            (fields.summary())
            (panel(&head("What, whose, by when", None), &form))
        }
    };
    page(&setting.frame("New task", &setting.trust, Rail::Home), &content)
}

/// The page.
pub(crate) fn task_page(of: &TaskPage<'_>) -> Markup {
    let content = html! {
        div.al-wide {
            h1.al-mb { "Task" }
            (of.fields(None).summary())
            @if let Some(done) = &of.done { (done) }
            div.al-stack #form {
                (panel(&head("What", None), &told(of)))
                @match of.task.state {
                    TaskState::Open => (open_forms(of)),
                    TaskState::Done | TaskState::Cancelled => (reopen_form(of)),
                    TaskState::Mistaken => {}
                }
            }
        }
    };
    page(&of.setting.frame("Task", &of.setting.trust, Rail::Home), &content)
}

/// The open tasks about a patient, or the reader's own: the page itself, and where another is added.
pub(crate) fn tasks_page(
    setting: &Setting,
    patient: Option<&Named>,
    (own, new): (&str, &str),
    rows: &[TaskRow],
    done: Option<Markup>,
) -> Markup {
    let title = patient.map_or_else(|| "My tasks".to_owned(), |patient| format!("Tasks for {}", patient.name));
    let content = html! {
        div.al-head {
            div { h1 { (title) } @if let Some(patient) = patient { p { (patient.under) } } }
            a.al-btn.al-push href=(new) { "Add task" }
        }
        @if let Some(done) = done { (done) }
        div.al-panel {
            @if rows.is_empty() { p.al-empty { "No task is open." } }
            @else { (task_table(setting, rows, own)) }
        }
    };
    page(&setting.frame(&title, &setting.trust, Rail::Home), &content)
}

fn told(of: &TaskPage<'_>) -> Markup {
    let due = due_words(of.task.due, of.setting.now);
    let state = match of.task.state {
        TaskState::Open => tag(due.weight, due.word),
        TaskState::Done => tag(Weight::Good, "Done"),
        TaskState::Cancelled => tag(Weight::Mute, "Cancelled"),
        TaskState::Mistaken => tag(Weight::Mute, "Written by mistake"),
    };
    html! {
        div.al-panel__b {
            p { (state) " " b { (of.task.what) } }
            dl.al-pairs {
                @if let Some((name, href)) = &of.row.patient {
                    dt { "Patient" } dd { a href=(href) { (name) } @if let Some(under) = &of.under { span.al-sub { (under) } } }
                }
                @if !of.row.place.is_empty() { dt { "Where" } dd { (of.row.place) } }
                dt { "Owner" }
                dd { (of.row.who) @if !of.is_owned { " " (tag(Weight::Danger, "No active owner")) } }
                @if let Some(from) = &of.task.moved_from { dt { "Moved from" } dd { (from) } }
                @if let Some(to) = &of.row.handed_to { dt { "Offered to" } dd { (to) ", not accepted yet" } }
                dt { "Due" } dd { (due.words) }
                @if let Some(first) = of.task.first_due {
                    dt { "First due" }
                    dd { (terms::print::moment_text(first)) ", moved " (counted(of.task.times_moved as usize, "time", "times")) }
                }
                dt { "Written by" }
                dd {
                    (of.task.by.as_deref().unwrap_or("Not known"))
                    @if let Some(written) = &of.task.written { ", " (terms::print::partial_date_text(written)) }
                }
            }
        }
    }
}

fn open_forms(of: &TaskPage<'_>) -> Markup {
    let to = of.fields(Some("hand-over"));
    let cancelled = of.fields(Some("cancel"));
    html! {
        @if of.may_accept { (form(of, "accept", html! {
            p.al-flush { "This task was handed over to you. It stays with " (of.row.who) " until you accept it." }
            div { button.al-btn.al-btn--big.al-btn--go type="submit" { "Accept task" } }
        }, "Accept")) }
        (form(of, "done", html! {
            div { button.al-btn.al-btn--big.al-btn--go[!of.may_accept] type="submit" { "Mark done" } }
        }, "Done"))
        (form(of, "hand-over", html! {
            (owner_field(&to, of.choices, "to", "To whom"))
            p.al-hint { "It stays with its owner until the other accepts it." }
            div { button.al-btn type="submit" { "Hand over" } }
        }, "Hand over"))
        (form(of, "date", html! {
            (due_fields(&of.fields(Some("date")), "New "))
            p.al-hint { "The first date is kept. Tasks that were moved three times are on a list of their own." }
            div { button.al-btn type="submit" { "Give another date" } }
        }, "Another date"))
        (form(of, "cancel", html! {
            (cancelled.text("reason", ("Why it need not be done", ""), "", None))
            div { button.al-btn type="submit" { "Cancel task" } }
        }, "Not to be done"))
    }
}

fn reopen_form(of: &TaskPage<'_>) -> Markup {
    form(of, "reopen", html! { div { button.al-btn type="submit" { "Open again" } } }, "To be done after all")
}

fn form(of: &TaskPage<'_>, act: &str, fields: Markup, title: &str) -> Markup {
    let content = html! {
        form.al-panel__b.al-stack method="post" action={ (of.row.href) "/" (act) } {
            (hidden(of.setting))
            @if let Some(back) = of.typed.some("back") { input type="hidden" name="back" value=(back); }
            (fields)
        }
    };
    panel(&head(title, None), &content)
}

impl TaskPage<'_> {
    /// The fields of one of its forms; all of them for the summary.
    fn fields(&self, act: Option<&str>) -> Fields<'_> {
        let refused = self.refused.filter(|(refused, _)| act.is_none_or(|act| act == *refused));
        Fields {
            setting: self.setting,
            typed: self.typed,
            refusal: refused.map(|(_, refusal)| refusal),
            act: None,
            about: None,
        }
    }
}

/// Whose: a choice, or the name with which somebody signs in. Nothing is chosen beforehand.
pub(crate) fn owner_field(fields: &Fields<'_>, choices: &[Choice], name: &'static str, label: &str) -> Markup {
    let chosen = fields.value(name);
    html! {
        fieldset.al-field id=(name) tabindex="-1" {
            legend { (label) }
            (fields.message(name))
            @for (value, words) in choices {
                label.al-choice { input type="radio" name=(name) value=(value) checked[chosen == value]; " " (words) }
            }
            label.al-choice {
                input type="radio" name=(name) value="else" checked[chosen == "else"];
                " Somebody else, by the name with which they sign in"
            }
            div.al-then { (fields.line("user", "The name with which they sign in", "such as k.boateng", 20)) }
        }
    }
}

fn due_fields(fields: &Fields<'_>, before: &str) -> Markup {
    html! {
        div {
            div.al-row {
                (fields.line("at_time", &format!("{before}Time, by when"), "such as 15:30", 7))
                (fields.line("at_date", &format!("{before}Day"), "today, or such as 18nov or t+1", 14))
            }
            (fields.which())
        }
    }
}
