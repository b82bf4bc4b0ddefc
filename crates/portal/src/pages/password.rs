//! The page on which a person changes their own password.
//!
//! Checks nothing and keeps nothing that was typed; `hosting` does the change and says what was wrong.

use maud::{Markup, html};

use crate::components::frame::page;
use crate::components::notice::{FieldError, error_summary};
use crate::components::panel::{head, panel};
use crate::setting::{Rail, Setting};

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The current password.
    Current,
    /// The new one.
    New,
    /// The new one again.
    Again,
}

/// How the change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State<'a> {
    /// The form is empty.
    Asked,
    /// The last attempt was refused.
    Wrong {
        /// Which field it is about.
        field: Field,
        /// What was wrong.
        words: &'a str,
    },
    /// The password was changed.
    Changed,
}

/// The page.
pub fn password_page(setting: &Setting, state: State<'_>) -> Markup {
    let errors: Vec<FieldError<'_>> = match state {
        State::Wrong { field, words } => vec![FieldError { field: field.name(), words }],
        State::Asked | State::Changed => Vec::new(),
    };
    let body = match state {
        State::Changed => html! {
            div.al-panel__b.al-stack role="status" {
                p.al-flush { b { "Your password is changed." } }
                p.al-flush { "Wherever else you were signed in, you are not any more." }
                p.al-flush { a href=(setting.links.account()) { "Back to your account" } }
            }
        },
        State::Asked | State::Wrong { .. } => html! { div.al-panel__b { (form(setting, state)) } },
    };
    let content = html! {
        div.al-wide {
            h1.al-mb { "Change your password" }
            (error_summary(&errors))
            (panel(&head("Password", None), &body))
        }
    };
    page(&setting.frame("Change your password", "More", Rail::More), &content)
}

fn form(setting: &Setting, state: State<'_>) -> Markup {
    let field = |field: Field, words: &str, autocomplete: &str| {
        let wrong = match state {
            State::Wrong { field: wrong, words } if wrong == field => Some(words),
            _ => None,
        };
        let error = format!("{}-error", field.name());
        html! {
            div {
                label for=(field.name()) { (words) }
                @if let Some(words) = wrong {
                    span.nhsuk-error-message id=(error) { span.nhsuk-u-visually-hidden { "Error: " } (words) }
                }
                input.al-in.al-in--tall.al-wf.al-in--err[wrong.is_some()] id=(field.name()) name=(field.name()) type="password"
                    autocomplete=(autocomplete) required maxlength="256"
                    aria-invalid=[wrong.map(|_| "true")] aria-describedby=[wrong.map(|_| &error)];
            }
        }
    };
    html! {
        form.al-stack method="post" action=(setting.links.password()) {
            input type="hidden" name="form_token" value=(setting.person.form_token);
            @if let State::Wrong { .. } = state { p.al-flush { "Passwords are never sent back to a page: type all three again." } }
            (field(Field::Current, "Current password", "current-password"))
            (field(Field::New, "New password, at least 12 characters", "new-password"))
            (field(Field::Again, "New password again", "new-password"))
            div { button.al-btn.al-btn--big.al-btn--go type="submit" { "Change password" } }
        }
    }
}

impl Field {
    fn name(self) -> &'static str {
        match self {
            Field::Current => "current",
            Field::New => "new",
            Field::Again => "again",
        }
    }
}
