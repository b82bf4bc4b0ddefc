//! The sign-in page: trust, user name, password. Nothing is filled in for anyone but the trust they came for.
//!
//! Checks nothing; `hosting` does, and says what was wrong in the same words for every cause.

use maud::{Markup, html};

use crate::components::frame::{Environment, Frame, bare_page};
use crate::components::notice::{FieldError, error_summary};

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn<'a> {
    /// The trusts to choose from: code and name.
    pub trusts: &'a [(String, String)],
    /// The trust that is chosen already, by code.
    pub chosen: Option<&'a str>,
    /// The user name that was typed before.
    pub name: &'a str,
    /// Where to go afterwards.
    pub next: &'a str,
    /// The token of the form.
    pub form_token: &'a str,
    /// What was wrong with the last attempt.
    pub wrong: Option<&'a str>,
    /// What this host is.
    pub environment: Environment,
}

/// The page.
pub fn sign_in_page(of: &SignIn<'_>) -> Markup {
    let frame = Frame {
        title: "Sign in",
        organisation: of.trusts.first().filter(|_| of.trusts.len() == 1).map_or("", |(_, name)| name),
        place: "",
        environment: of.environment,
        person: None,
        home: "/",
        find: None,
        rail: Vec::new(),
        counts_are_for: None,
        is_private: false,
    };
    let errors: Vec<FieldError<'_>> = of.wrong.iter().map(|words| FieldError { field: "name", words }).collect();
    bare_page(
        &frame,
        &html! {
            div.al-card {
                (error_summary(&errors))
                section.al-panel {
                    div.al-panel__b {
                        h1 { "Sign in" }
                        (form(of))
                    }
                    div.al-panel__f { "Every view of a patient is recorded, with your name." }
                }
            }
        },
    )
}

fn form(of: &SignIn<'_>) -> Markup {
    html! {
        form.al-stack method="post" action="/sign-in" {
            input type="hidden" name="form_token" value=(of.form_token);
            input type="hidden" name="next" value=(of.next);
            @match of.trusts {
                [(code, _)] => input type="hidden" name="trust" value=(code);,
                trusts => div {
                    label for="trust" { "Trust" }
                    select.al-in.al-in--tall.al-wf #trust name="trust" required {
                        @if of.chosen.is_none() { option value="" { "Choose a trust" } }
                        @for (code, name) in trusts {
                            option value=(code) selected[of.chosen == Some(code)] { (name) " (" (code) ")" }
                        }
                    }
                },
            }
            div {
                label for="name" { "User name" }
                input.al-in.al-in--tall.al-wf.al-in--err[of.wrong.is_some()] #name name="name" type="text" autocomplete="username"
                    value=(of.name) required maxlength="256" spellcheck="false" autocapitalize="none";
            }
            div {
                label for="password" { "Password" }
                input.al-in.al-in--tall.al-wf #password name="password" type="password" autocomplete="current-password"
                    required maxlength="256";
            }
            div { button.al-btn.al-btn--big.al-btn--go type="submit" { "Sign in" } }
        }
    }
}
