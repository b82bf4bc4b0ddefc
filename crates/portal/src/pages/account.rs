//! The person's own page: who they are here, how to lock and sign out, and the keys of the keyboard.
//!
//! Shows nothing about patients.

use access::Role;
use maud::{Markup, html};

use crate::components::frame::page;
use crate::components::panel::{head, panel};
use crate::setting::{Rail, Setting};

/// Keys and what they do.
const KEYS: [(&str, &str); 4] =
    [("/", "Go to the search box"), ("j", "Next row of a list"), ("k", "Row before"), ("Enter", "Open the row")];

/// The places that are not in the rail, for roles that have any.
fn more(setting: &Setting) -> Option<Markup> {
    let configures = setting.role == Role::Administrator;
    (configures || setting.moves_patients).then(|| {
        html! {
            ul.al-panel__b.al-plainlist {
                @if setting.moves_patients { li { a href=(setting.links.downtime()) { "Downtime" } span.al-sub { "Sheets to print, numbers on paper, and forms that are to be entered" } } }
                @if configures { li { a href=(setting.links.configuration()) { "Configuration" } span.al-sub { "Wards, beds, services, staff and job roles: what is live, and since when" } } }
                @if configures { li { a href=(setting.links.accounts()) { "Accounts" } span.al-sub { "Who can sign in, and the closing of an account with who takes over what it owns" } } }
            }
        }
    })
}

/// The page.
pub fn account_page(setting: &Setting) -> Markup {
    let form = |action: &str, words: &str, class: &str| {
        html! {
            form method="post" action=(action) {
                input type="hidden" name="form_token" value=(setting.person.form_token);
                button class=(class) { (words) }
            }
        }
    };
    let who = html! {
        div.al-panel__b.al-stack {
            p.al-flush { b { (setting.person.name) } ", " (setting.person.role) " at " (setting.trust) }
            p.al-flush.al-muted { "Every view of a patient is recorded with your name, and the patient may ask who looked." }
            p.al-flush { a href=(setting.links.password()) { "Change your password" } }
            div.al-row { (form("/lock", "Lock", "al-btn")) (form("/sign-out", "Sign out", "al-btn al-btn--quiet")) }
        }
    };
    let places = more(setting);
    let keys = html! {
        table.al-t {
            thead { tr { th scope="col" { "Key" } th scope="col" { "What it does" } } }
            tbody { @for (key, words) in KEYS { tr { td { kbd { (key) } } td { (words) } } } }
        }
        div.al-panel__f.al-row {
            "Single letters work only while no field has the focus."
            // Shown by the script: without it there are no keys to turn off.
            button.al-btn.al-btn--quiet.al-push #keys-switch type="button" hidden { "Turn these keys off" }
        }
    };
    let content = html! {
        h1.al-mb { "Your account and keys" }
        div.al-grid.al-split {
            div.al-stack { (panel(&head("You", None), &who)) @if let Some(places) = &places { (panel(&head("More places", None), places)) } }
            (panel(&head("Keys", None), &keys))
        }
    };
    page(&setting.frame("Your account and keys", "More", Rail::More), &content)
}
