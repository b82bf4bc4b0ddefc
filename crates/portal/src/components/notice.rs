//! Notices and the words for nothing: what went wrong or well, what is empty and why, what to do next.
//!
//! No notice disappears by itself, and none covers the patient banner.

use maud::{Markup, html};

use crate::icon::{Icon, icon};

/// What kind of notice it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// For information, or something done.
    Note,
    /// Something to check.
    Warning,
    /// Something failed or was refused.
    Bad,
}

/// A notice with its text and, beside it, what the reader can do.
pub fn notice(kind: Kind, text: &Markup, action: Option<&Markup>) -> Markup {
    let (class, which) = match kind {
        Kind::Note => ("al-notice", Icon::Info),
        Kind::Warning => ("al-notice al-notice--warn", Icon::Info),
        Kind::Bad => ("al-notice al-notice--bad", Icon::Alert),
    };
    html! {
        div class=(class) role=[(kind != Kind::Note).then_some("alert")] {
            (icon(which))
            div { (text) }
            @if let Some(action) = action { (action) }
        }
    }
}

/// The words of an empty panel.
pub fn empty(text: &Markup) -> Markup {
    html! { p.al-empty { (text) } }
}

/// One field of a form that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError<'a> {
    /// The field's id.
    pub field: &'a str,
    /// What is wrong and what to do.
    pub words: &'a str,
}

/// The summary on top of a form that was refused; nothing when no field was.
pub fn error_summary(errors: &[FieldError<'_>]) -> Markup {
    html! {
        @if !errors.is_empty() {
            div.nhsuk-error-summary aria-labelledby="error-summary-title" role="alert" tabindex="-1" autofocus {
                h2.nhsuk-error-summary__title #error-summary-title { "There is a problem" }
                div.nhsuk-error-summary__body {
                    ul.nhsuk-error-summary__list {
                        @for error in errors { li { a href={ "#" (error.field) } { (error.words) } } }
                    }
                }
            }
        }
    }
}
