//! A form that was kept because its session had ended: one button sends it, once.
//!
//! Shows nothing of what was typed: the page it goes to does.

use maud::{Markup, html};

use crate::components::frame::page;
use crate::components::notice::{Kind, notice};
use crate::setting::{Rail, Setting};

/// The page: where the form goes, and its fields without the session's token.
pub fn held_page(setting: &Setting, path: &str, fields: &[(String, String)]) -> Markup {
    let send = html! {
        form method="post" action=(path) {
            input type="hidden" name="form_token" value=(setting.person.form_token);
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            button.al-btn.al-btn--go.al-btn--big autofocus { "Send it now" }
        }
    };
    let words = html! {
        p { b { "Nothing was lost." } " You had been signed out when you sent your form, so nothing was recorded yet. \
            What you typed is kept." }
        p.al-flush { "Send it now, or " a href=(setting.links.home()) { "leave it" } ". It is sent once." }
    };
    let content = html! {
        h1.al-mb { "Your form is kept" }
        div.al-wide { (notice(Kind::Note, &words, Some(&send))) }
    };
    page(&setting.frame("Your form is kept", "Signed in again", Rail::More), &content)
}
