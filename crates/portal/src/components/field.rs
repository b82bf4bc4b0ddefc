//! Fields of a form: a label, what was typed, a hint, and the mistake beside it. Nothing has a value that nobody typed.
//!
//! Knows no field's meaning; what is wrong with one is said by the rules.

use administration::Refusal;
use maud::{Markup, html};

use super::notice::{FieldError, error_summary};

/// One text field.
#[derive(Debug, Clone, Default)]
pub struct Field<'a> {
    /// Its id and name.
    pub name: &'a str,
    /// Its label.
    pub label: &'a str,
    /// What was typed.
    pub value: &'a str,
    /// What stands under it.
    pub hint: Option<&'a str>,
    /// What is wrong with it.
    pub error: Option<&'a str>,
    /// What kind of keyboard a phone shows.
    pub mode: Option<&'a str>,
}

/// A text field.
pub fn text_field(of: &Field<'_>) -> Markup {
    let class = if of.error.is_some() { "al-in al-wf al-in--tall al-in--err" } else { "al-in al-wf al-in--tall" };
    html! {
        div {
            label.al-lab for=(of.name) { (of.label) }
            input class=(class) id=(of.name) name=(of.name) value=(of.value) autocomplete="off" spellcheck="false"
                inputmode=[of.mode] data-nhs[of.name == "nhs_number"]
                aria-invalid=[of.error.map(|_| "true")] aria-describedby=[described(of.name, of.hint, of.error)];
            (under(of.name, of.hint, of.error))
        }
    }
}

/// A choice of several; the first entry is no answer.
pub fn choice(of: &Field<'_>, none: &str, options: impl IntoIterator<Item = (String, String)>) -> Markup {
    let class = if of.error.is_some() { "al-sel al-wf al-in--tall al-in--err" } else { "al-sel al-wf al-in--tall" };
    html! {
        div {
            label.al-lab for=(of.name) { (of.label) }
            select class=(class) id=(of.name) name=(of.name) aria-invalid=[of.error.map(|_| "true")]
                aria-describedby=[described(of.name, of.hint, of.error)] {
                option value="" { (none) }
                @for (code, words) in options { option value=(code) selected[code == of.value] { (words) } }
            }
            (under(of.name, of.hint, of.error))
        }
    }
}

/// Some answers of which one is taken, side by side; none is taken beforehand.
pub fn radios(of: &Field<'_>, options: &[(&str, &str)]) -> Markup {
    html! {
        fieldset.al-radios id=(of.name) aria-describedby=[described(of.name, of.hint, of.error)] {
            legend.al-lab { (of.label) }
            @for (code, words) in options {
                label.al-radio {
                    input type="radio" name=(of.name) value=(code) checked[*code == of.value];
                    " " (words)
                }
            }
            (under(of.name, of.hint, of.error))
        }
    }
}

fn described(name: &str, hint: Option<&str>, error: Option<&str>) -> Option<String> {
    (hint.is_some() || error.is_some()).then(|| format!("{name}-said"))
}

fn under(name: &str, hint: Option<&str>, error: Option<&str>) -> Markup {
    html! {
        @if hint.is_some() || error.is_some() {
            p.al-hint id={ (name) "-said" } {
                @if let Some(error) = error { span.al-bad { (error) } }
                @if let (Some(_), Some(_)) = (error, hint) { br; }
                @if let Some(hint) = hint { (hint) }
            }
        }
    }
}

/// The error summary of refusals: those about a field lead to it, others to the top of the form.
pub(crate) fn summary_of(refusals: &[Refusal], top: &str) -> Markup {
    let errors: Vec<FieldError<'_>> = refusals
        .iter()
        .map(|refusal| FieldError { field: refusal.field.unwrap_or(top), words: &refusal.sentence })
        .collect();
    error_summary(&errors)
}

/// What is wrong with a field.
pub(crate) fn error_of<'r>(refusals: &'r [Refusal], field: &str) -> Option<&'r str> {
    refusals.iter().find(|refusal| refusal.field == Some(field)).map(|refusal| refusal.sentence.as_str())
}
