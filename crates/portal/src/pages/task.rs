//! A task: writing one down, and everything that can become of it. What was refused comes back with all that was typed.
//! Nothing is chosen beforehand: neither whose it is nor by when.

use administration::Refusal;
use administration::tasks::{Task, TaskState};
use maud::{Markup, html};

use crate::act::{Typed, hidden};
use crate::components::frame::page;
use crate::components::notice::{FieldError, error_summary};
use crate::components::panel::{head, panel};
use crate::components::tag::{Weight, tag};
use crate::pages::home::{TaskRow, due_words};
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
    let form = html! {
        form.al-panel__b.al-stack method="post" action=(setting.links.tasks()) {
            (hidden(setting))
            @for name in ["kind", "anchor", "patient", "stay", "back"] {
                @if let Some(value) = typed.some(name) { input type="hidden" name=(name) value=(value); }
            }
            @if let Some((name, under)) = &of.about { p.al-flush { b { (name) } span.al-sub { (under) } } }
            @if let Some(from) = of.from { p.al-flush.al-muted { "From: " (from) "." } }
            div {
                label.al-lab for="what" { "What shall be done" }
                (field_error(of.refusal, "what"))
                textarea.al-ta #what name="what" rows="3" maxlength="500" aria-invalid=[is_at(of.refusal, "what")] {
                    (typed.text("what"))
                }
            }
            (owner_field(of.choices, typed, of.refusal, ("owner", "Whose it is")))
            (due_fields(typed, of.refusal, ""))
            div { button.al-btn.al-btn--big.al-btn--go type="submit" { "Add task" } }
        }
    };
    let content = html! {
        div.al-wide {
            h1.al-mb { "New task" }
            (summary(of.refusal))
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
            (summary(of.refused.map(|(_, refusal)| refusal)))
            @if let Some(done) = &of.done { (done) }
            div.al-stack {
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
    let refusal = |act: &str| of.refused.filter(|(refused, _)| *refused == act).map(|(_, refusal)| refusal);
    html! {
        @if of.may_accept { (form(of, "accept", html! {
            p.al-flush { "This task was handed over to you. It stays with " (of.row.who) " until you accept it." }
            div { button.al-btn.al-btn--big.al-btn--go type="submit" { "Accept task" } }
        }, "Accept")) }
        (form(of, "done", html! {
            div { button.al-btn.al-btn--big.al-btn--go[!of.may_accept] type="submit" { "Mark done" } }
        }, "Done"))
        (form(of, "hand-over", html! {
            (owner_field(of.choices, of.typed, refusal("hand-over"), ("to", "To whom")))
            p.al-hint { "It stays with its owner until the other accepts it." }
            div { button.al-btn type="submit" { "Hand over" } }
        }, "Hand over"))
        (form(of, "date", html! {
            (due_fields(of.typed, refusal("date"), "New "))
            p.al-hint { "The first date is kept. Tasks that were moved three times are on a list of their own." }
            div { button.al-btn type="submit" { "Give another date" } }
        }, "Another date"))
        (form(of, "cancel", html! {
            div {
                label.al-lab for="reason" { "Why it need not be done" }
                (field_error(refusal("cancel"), "reason"))
                input.al-in.al-wf #reason name="reason" maxlength="200" value=(of.typed.text("reason"))
                    aria-invalid=[is_at(refusal("cancel"), "reason")];
            }
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

/// Whose: a choice, or the name with which somebody signs in. Nothing is chosen beforehand.
fn owner_field(choices: &[Choice], typed: &Typed, refusal: Option<&Refusal>, (name, label): (&str, &str)) -> Markup {
    let chosen = typed.text(name);
    html! {
        fieldset.al-choices {
            legend.al-lab id=(name) tabindex="-1" { (label) }
            (field_error(refusal, name))
            @for (at, (value, words)) in choices.iter().enumerate() {
                label.al-choice for={ (name) "-" (at) } {
                    input id={ (name) "-" (at) } type="radio" name=(name) value=(value) checked[chosen == value];
                    span { (words) }
                }
            }
            label.al-choice for={ (name) "-else" } {
                input id={ (name) "-else" } type="radio" name=(name) value="else" checked[chosen == "else"];
                span { "Somebody else, by the name with which they sign in" }
            }
            label.al-vh for={ (name) "-user" } { "The name with which they sign in" }
            input.al-in id={ (name) "-user" } name="user" value=(typed.text("user")) autocomplete="off" spellcheck="false"
                maxlength="40" placeholder="k.boateng" aria-invalid=[is_at(refusal, "user")];
            (field_error(refusal, "user"))
        }
    }
}

fn due_fields(typed: &Typed, refusal: Option<&Refusal>, before: &str) -> Markup {
    html! {
        div {
            @for field in ["at_date", "at_time", "at_which"] { (field_error(refusal, field)) }
            div.al-row {
                div {
                    label.al-lab for="at_date" { (before) "Day" }
                    input.al-in #at_date name="at_date" value=(typed.text("at_date")) autocomplete="off" size="14"
                        placeholder="today" aria-invalid=[is_at(refusal, "at_date")];
                }
                div {
                    label.al-lab for="at_time" { (before) "Time, by when" }
                    input.al-in #at_time name="at_time" value=(typed.text("at_time")) autocomplete="off" size="7"
                        inputmode="numeric" placeholder="15:30" aria-invalid=[is_at(refusal, "at_time")];
                }
                @if refusal.is_some_and(|refusal| refusal.code == "time-twice") {
                    div {
                        label.al-lab for="at_which" { "Which of the two" }
                        select.al-sel #at_which name="at_which" {
                            option value="" { "Say which" }
                            option value="first" { "First, BST" }
                            option value="second" { "Second, GMT" }
                        }
                    }
                }
            }
            p.al-hint { "Today unless you name a day, such as 18nov or t+1." }
        }
    }
}

fn is_at(refusal: Option<&Refusal>, field: &str) -> Option<&'static str> {
    refusal.filter(|refusal| refusal.field == Some(field)).map(|_| "true")
}

fn field_error(refusal: Option<&Refusal>, field: &str) -> Markup {
    html! {
        @if let Some(refusal) = refusal.filter(|refusal| refusal.field == Some(field)) {
            p.nhsuk-error-message { (refusal.sentence) }
        }
    }
}

fn summary(refusal: Option<&Refusal>) -> Markup {
    let error = |refusal: &'_ Refusal| (refusal.field.unwrap_or("main"), refusal.sentence.clone());
    let told: Vec<(&str, String)> = refusal.map(error).into_iter().collect();
    let errors: Vec<FieldError<'_>> = told.iter().map(|(field, words)| FieldError { field, words }).collect();
    error_summary(&errors)
}
