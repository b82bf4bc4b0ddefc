//! The fields of a form as it is asked and answered: what was typed stays in them, what is wrong stands above its field and
//! leads there from the summary. Nothing has a value that nobody typed, but *now* where a page says so.
//!
//! A page with several forms gives each an act: only the form that was sent shows what was typed, and ids carry the act.
//! Knows no field's meaning; what is wrong with one is said by the rules.

use administration::Refusal;
use administration::stays::MIXED_REASONS;
use maud::{Markup, html};
use terms::Moment;

use crate::act::{Typed, hidden};
use crate::components::notice::{FieldError, error_summary};
use crate::components::tag::{Weight, tag_with};
use crate::drafts::{draft_fields, kept_words};
use crate::icon::Icon;
use crate::setting::Setting;

/// The fields of a form.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) setting: &'a Setting,
    /// What was typed, or said in the address.
    pub(crate) typed: &'a Typed,
    /// Why it was refused.
    pub(crate) refusal: Option<&'a Refusal>,
    /// The act that the form is for, on a page with several.
    pub(crate) act: Option<&'a str>,
    /// On a page with several forms that have drafts: its name, and whom it is about.
    pub(crate) about: Option<(&'a str, &'a str)>,
}

impl<'a> Fields<'a> {
    /// Whether this is the form that was sent.
    pub(crate) fn is_sent(&self) -> bool {
        self.act.is_none_or(|act| self.typed.text("act") == act)
    }

    /// What was typed into a field.
    pub(crate) fn value(&self, name: &str) -> &'a str {
        if self.is_sent() { self.typed.text(name) } else { "" }
    }

    /// What is wrong with a field.
    pub(crate) fn wrong(&self, name: &str) -> Option<&'a str> {
        let refusal = self.refusal.filter(|refusal| self.is_sent() && refusal.field == Some(name));
        refusal.map(|refusal| refusal.sentence.as_str())
    }

    fn is_wrong(&self, name: &str) -> Option<&'static str> {
        self.wrong(name).map(|_| "true")
    }

    pub(crate) fn id(&self, name: &str) -> String {
        self.act.map_or_else(|| name.to_owned(), |act| format!("{act}-{name}"))
    }

    /// The summary of what is wrong, on top of the page.
    pub(crate) fn summary(&self) -> Markup {
        let field = self.refusal.map(|refusal| self.id(refusal.field.unwrap_or("form")));
        let errors = self.refusal.zip(field.as_deref());
        let errors = errors.map(|(refusal, field)| FieldError { field, words: refusal.sentence.as_str() });
        error_summary(errors.as_slice())
    }

    /// The hidden fields, the fields and the button. When it was opened is kept when it is refused.
    pub(crate) fn form(&self, fields: &Markup, button: &str) -> Markup {
        html! {
            form.al-panel__b.al-stack id=(self.id("form")) method="post" data-draft[self.draft().is_some()] {
                (self.hidden())
                (fields)
                div.al-row { button.al-btn.al-btn--go type="submit" { (button) } (self.kept()) }
            }
        }
    }

    /// The same, folded under its title until somebody opens it or it was refused.
    pub(crate) fn folded(&self, title: &str, fields: &Markup, button: &str) -> Markup {
        html! {
            details.al-panel.al-fold open[self.is_sent()] {
                summary { (title) }
                (self.form(fields, button))
            }
        }
    }

    /// What every form sends beside its fields.
    pub(crate) fn hidden(&self) -> Markup {
        html! {
            (hidden(self.setting))
            @if let Some(act) = self.act { input type="hidden" name="act" value=(act); }
            input type="hidden" name="opened" value=(self.opened());
            @if let Some((form, about)) = self.draft() { (draft_fields(&form, about)) }
        }
    }

    /// The name of the form's draft, and whom or what it is about.
    pub(crate) fn draft(&self) -> Option<(String, &'a str)> {
        match (self.about, self.act) {
            (Some((page, about)), Some(act)) => Some((format!("{page}-{act}"), about)),
            _ => {
                let (form, about) = (self.typed.text("draft_form"), self.typed.text("draft_patient"));
                (self.is_sent() && !form.is_empty()).then(|| (form.to_owned(), about))
            }
        }
    }

    /// Beside the button: when what was typed was kept.
    pub(crate) fn kept(&self) -> Markup {
        let at = self.value("draft_at").parse().ok().map(Moment);
        html! { @if self.draft().is_some() { (kept_words(self.setting, at)) } }
    }

    /// When the form was opened, in milliseconds.
    fn opened(&self) -> i64 {
        self.value("opened").parse().unwrap_or(self.setting.now.0)
    }

    /// What is wrong, above a field.
    pub(crate) fn message(&self, name: &str) -> Markup {
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

    /// A line to type into. `was` stands in it until something else was sent; without a size it is as wide as the form.
    pub(crate) fn text(&self, name: &str, words: (&str, &str), was: &str, size: Option<u8>) -> Markup {
        self.offering(name, words, (was, size), &[])
    }

    /// A line of some size.
    pub(crate) fn line(&self, name: &str, label: &str, hint: &str, size: u8) -> Markup {
        self.offering(name, (label, hint), ("", Some(size)), &[])
    }

    /// The same with words to choose from.
    pub(crate) fn offering(
        &self,
        name: &str,
        (label, hint): (&str, &str),
        (was, size): (&str, Option<u8>),
        offered: &[&str],
    ) -> Markup {
        let value = if self.is_sent() && (self.act.is_some() || was.is_empty()) { self.value(name) } else { was };
        let id = self.id(name);
        let list = format!("{id}-list");
        html! {
            div.al-field {
                label for=(id) { (label) }
                @if !hint.is_empty() { span.al-hint id=(format!("{id}-hint")) { (hint) } }
                (self.message(name))
                input.al-in.al-wf[size.is_none()].al-in--err[self.wrong(name).is_some()] id=(id) name=(name) value=(value)
                    size=[size] autocomplete="off" spellcheck="false" maxlength="300"
                    list=[(!offered.is_empty()).then_some(&list)] aria-invalid=[self.is_wrong(name)]
                    aria-describedby=[self.described(name, hint)];
                @if !offered.is_empty() { datalist id=(list) { @for words in offered { option value=(words) {} } } }
            }
        }
    }

    /// A choice from a list; the first entry is no answer. `was` is chosen until something else was sent.
    pub(crate) fn choice(&self, name: &str, words: (&str, &str), was: &str, options: &[(String, String)]) -> Markup {
        let value = if was.is_empty() || self.is_sent() { self.value(name) } else { was };
        let options = html! {
            @for (code, words) in options { option value=(code) selected[code == value] { (words) } }
        };
        self.select(name, words, &options)
    }

    /// A choice whose entries are written by the caller.
    pub(crate) fn select(&self, name: &str, (label, none): (&str, &str), options: &Markup) -> Markup {
        let id = self.id(name);
        html! {
            div.al-field {
                label for=(id) { (label) }
                (self.message(name))
                select.al-sel.al-wf[self.act.is_some()].al-in--err[self.wrong(name).is_some()] id=(id) name=(name)
                    aria-invalid=[self.is_wrong(name)] aria-describedby=[self.described(name, "")] {
                    option value="" { (none) }
                    (options)
                }
            }
        }
    }

    /// That men and women share a bay, or that it is for the other sex, and why it has to be that bed all the same.
    pub(crate) fn mixed(&self, words: &Markup) -> Markup {
        let code = self.value("mixed");
        let answers = MIXED_REASONS.iter().map(|reason| {
            let counts = if reason.is_justified { "clinically justified" } else { "counts" };
            (reason.code, html! { (reason.words) ": " (counts) })
        });
        let not_yet = html! { "Not given yet: counts as a breach without a reason, and is asked for" };
        let answers: Vec<(&str, Markup)> = answers.chain([("not-given", not_yet)]).collect();
        html! {
            p.al-flush { (tag_with(Weight::Warning, Icon::Alert, "Mixed sex")) (words) }
            (self.answers("mixed", "Why does it have to be this bed?", code, &answers))
        }
    }

    /// Some answers of which one is taken; none is taken beforehand. `was` is taken until something else was sent.
    pub(crate) fn radios(&self, name: &str, label: &str, was: &str, options: &[(&str, &str)]) -> Markup {
        let value = if was.is_empty() || self.is_sent() { self.value(name) } else { was };
        let options: Vec<(&str, Markup)> = options.iter().map(|(code, words)| (*code, html! { (words) })).collect();
        self.answers(name, label, value, &options)
    }

    /// The same with answers that the caller has drawn.
    pub(crate) fn answers(&self, name: &str, label: &str, value: &str, options: &[(&str, Markup)]) -> Markup {
        html! {
            fieldset.al-field id=(self.id(name)) tabindex="-1" aria-describedby=[self.described(name, "")] {
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
        let is_twice = self.is_sent() && self.refusal.is_some_and(|refusal| refusal.code == "time-twice");
        let both = [("first", "The first (BST)"), ("second", "The second (GMT)")];
        html! { @if is_twice { (self.radios("at_which", "Which of the two?", "", &both)) } }
    }

    /// When it happened: now, or a time. *Now* is taken beforehand where `is_now` says so, and only in a fresh form.
    pub(crate) fn when(&self, label: &str, is_now: bool) -> Markup {
        let at = match self.value("at") {
            "now" if self.wrong("at").is_some() => "",
            "" if is_now && self.value("at_time").is_empty() => "now",
            at => at,
        };
        html! {
            fieldset.al-field id=(self.id("at")) tabindex="-1" {
                legend { (label) }
                (self.message("at"))
                label.al-choice { input type="radio" name="at" value="now" checked[at == "now"]; " Now" }
                label.al-choice { input type="radio" name="at" value="then" checked[at == "then"]; " At another time" }
                div.al-row.al-then {
                    (self.line("at_time", "Time", "such as 14:05", 14))
                    (self.line("at_date", "Day", "today, if you leave it empty", 14))
                }
                (self.which())
            }
            (self.paper_field())
        }
    }

    /// While forms of a downtime are to be entered: the number of the form that this is, if it is one.
    pub(crate) fn paper_field(&self) -> Markup {
        let is_open = !self.value("downtime_form").is_empty() || !self.value("downtime_number").is_empty();
        html! {
            @if self.setting.back_entry {
                details.al-field open[is_open || self.wrong("downtime_form").is_some()] {
                    summary { "From a downtime form" }
                    p.al-flush { "With the time that is written on it. What happened since the downtime has no form number." }
                    div.al-row {
                        (self.line("downtime_form", "Form number", "such as D 000 017", 14))
                        (self.line("downtime_number", "Hospital number given on paper", "only if the form has one", 14))
                    }
                }
            }
        }
    }
}
