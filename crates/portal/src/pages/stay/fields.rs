//! The forms of a page with several: each has an act, and only the form that was sent shows what was typed and what is
//! wrong with it. Ids carry the act, so that a mistake leads to its field. Nothing has a value that nobody typed.
//!
//! Knows no field's meaning; what is wrong with one is said by the rules.

use administration::Refusal;
use maud::{Markup, html};

use crate::act::{Typed, hidden};
use crate::components::notice::{FieldError, error_summary};
use crate::setting::Setting;

/// What was sent to the page, and why it was refused.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) typed: &'a Typed,
    pub(crate) refusal: Option<&'a Refusal>,
}

/// One form of a page.
#[derive(Clone, Copy)]
pub(crate) struct Form<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) sent: Sent<'a>,
    /// The act that it is for.
    pub(crate) act: &'static str,
}

impl Sent<'_> {
    /// The summary of what is wrong, on top of the page.
    pub(crate) fn summary(&self) -> Markup {
        let act = self.typed.text("act");
        let field = self.refusal.map(|refusal| match refusal.field {
            Some(field) => format!("{act}-{field}"),
            None => format!("{act}-form"),
        });
        let errors = self.refusal.zip(field.as_deref());
        let errors = errors.map(|(refusal, field)| FieldError { field, words: refusal.sentence.as_str() });
        error_summary(errors.as_slice())
    }
}

impl<'a> Form<'a> {
    /// Whether this is the form that was sent.
    pub(crate) fn is_sent(&self) -> bool {
        self.sent.typed.text("act") == self.act
    }

    /// What was typed into a field.
    pub(crate) fn value(&self, name: &str) -> &'a str {
        if self.is_sent() { self.sent.typed.text(name) } else { "" }
    }

    fn wrong(&self, name: &str) -> Option<&'a str> {
        let refusal = self.sent.refusal.filter(|_| self.is_sent());
        refusal.filter(|refusal| refusal.field == Some(name)).map(|refusal| refusal.sentence.as_str())
    }

    fn id(&self, name: &str) -> String {
        format!("{}-{name}", self.act)
    }

    /// The form, folded under its title until somebody opens it or it was refused.
    pub(crate) fn folded(&self, title: &str, fields: &Markup, button: &str) -> Markup {
        html! {
            details.al-panel.al-fold open[self.is_sent()] {
                summary { (title) }
                (self.form(fields, button))
            }
        }
    }

    /// The form itself.
    pub(crate) fn form(&self, fields: &Markup, button: &str) -> Markup {
        html! {
            form.al-panel__b.al-stack id=(self.id("form")) method="post" {
                (hidden(self.setting))
                input type="hidden" name="act" value=(self.act);
                input type="hidden" name="opened" value=(self.opened());
                (fields)
                div.al-row { button.al-btn.al-btn--go type="submit" { (button) } }
            }
        }
    }

    /// When the form was opened, in milliseconds: what was refused keeps the first.
    fn opened(&self) -> String {
        let first = if self.is_sent() { self.sent.typed.some("opened") } else { None };
        first.unwrap_or_else(|| self.setting.now.0.to_string())
    }

    fn message(&self, name: &str) -> Markup {
        html! {
            @if let Some(words) = self.wrong(name) {
                span.nhsuk-error-message id=(format!("{}-error", self.id(name))) {
                    span.nhsuk-u-visually-hidden { "Error: " } (words)
                }
            }
        }
    }

    fn described(&self, name: &str, hint: &str) -> Option<String> {
        match (self.wrong(name), hint) {
            (Some(_), _) => Some(format!("{}-error", self.id(name))),
            (None, "") => None,
            (None, _) => Some(format!("{}-hint", self.id(name))),
        }
    }

    /// A line to type into; `was` stands in it until something else was sent.
    pub(crate) fn text(&self, name: &str, words: (&str, &str), was: &str) -> Markup {
        self.line(name, words, was, None)
    }

    /// A short line, such as for a day or a time: several stand side by side.
    pub(crate) fn short(&self, name: &str, words: (&str, &str), was: &str) -> Markup {
        self.line(name, words, was, Some(14))
    }

    fn line(&self, name: &str, (label, hint): (&str, &str), was: &str, size: Option<u8>) -> Markup {
        let value = if self.is_sent() { self.value(name) } else { was };
        let id = self.id(name);
        html! {
            div.al-field {
                label for=(id) { (label) }
                @if !hint.is_empty() { span.al-hint id=(format!("{id}-hint")) { (hint) } }
                (self.message(name))
                input.al-in.al-wf[size.is_none()].al-in--err[self.wrong(name).is_some()] id=(id) name=(name)
                    value=(value) size=[size] autocomplete="off"
                    maxlength="300" aria-invalid=[self.wrong(name).map(|_| "true")] aria-describedby=[self.described(name, hint)];
            }
        }
    }

    /// A choice from a list; the first entry is no answer. `was` is chosen until something else was sent.
    pub(crate) fn choice(
        &self,
        name: &str,
        (label, none): (&str, &str),
        was: &str,
        options: &[(String, String)],
    ) -> Markup {
        let value = if self.is_sent() { self.value(name) } else { was };
        let options = html! {
            @for (code, words) in options { option value=(code) selected[code == value] { (words) } }
        };
        self.select(name, (label, none), &options)
    }

    /// A choice whose entries are written by the caller.
    pub(crate) fn select(&self, name: &str, (label, none): (&str, &str), options: &Markup) -> Markup {
        let id = self.id(name);
        html! {
            div.al-field {
                label for=(id) { (label) }
                (self.message(name))
                select.al-sel.al-wf.al-in--err[self.wrong(name).is_some()] id=(id) name=(name)
                    aria-invalid=[self.wrong(name).map(|_| "true")] aria-describedby=[self.described(name, "")] {
                    option value="" { (none) }
                    (options)
                }
            }
        }
    }

    /// Some answers of which one is taken; none is taken beforehand. `was` is taken until something else was sent.
    pub(crate) fn radios(&self, name: &str, label: &str, was: &str, options: &[(&str, &str)]) -> Markup {
        let value = if self.is_sent() { self.value(name) } else { was };
        html! {
            fieldset.al-field id=(self.id(name)) tabindex="-1" {
                legend { (label) }
                (self.message(name))
                @for (code, words) in options {
                    label.al-choice { input type="radio" name=(name) value=(code) checked[*code == value]; " " (words) }
                }
            }
        }
    }

    /// Which of two times was meant, when the time that was typed came twice that night.
    pub(crate) fn which(&self) -> Markup {
        let is_twice = self.is_sent() && self.sent.refusal.is_some_and(|refusal| refusal.code == "time-twice");
        let both = [("first", "The first (BST)"), ("second", "The second (GMT)")];
        html! { @if is_twice { (self.radios("at_which", "Which of the two?", "", &both)) } }
    }

    /// When it happened: now, or a time; nothing is answered beforehand.
    pub(crate) fn when(&self, label: &str) -> Markup {
        let at = self.value("at");
        html! {
            fieldset.al-field id=(self.id("at")) tabindex="-1" {
                legend { (label) }
                (self.message("at"))
                label.al-choice { input type="radio" name="at" value="now" checked[at == "now"]; " Now" }
                label.al-choice { input type="radio" name="at" value="then" checked[at == "then"]; " At another time" }
                div.al-row.al-then {
                    (self.short("at_time", ("Time", "such as 14:05"), ""))
                    (self.short("at_date", ("Day", "today, if you leave it empty"), ""))
                }
                (self.which())
            }
        }
    }
}

/// The entries of a national list for a choice: code and words.
pub(crate) fn codes(list: &[administration::stays::codes::Code]) -> Vec<(String, String)> {
    list.iter().map(|(code, words)| ((*code).to_owned(), format!("{code} {words}"))).collect()
}
