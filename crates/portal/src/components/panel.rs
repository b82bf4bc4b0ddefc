//! A white panel with a heading, one line of scope, and at most one link at its end.
//!
//! Layout only.

use maud::{Markup, html};

/// The head of a panel.
#[derive(Debug, Clone)]
pub struct Head<'a> {
    /// The panel's heading.
    pub title: Markup,
    /// Its scope in words.
    pub scope: Option<Markup>,
    /// What stands at the end: a link or a group of buttons.
    pub end: Option<&'a Markup>,
}

/// A heading of plain words with its scope.
pub fn head(title: &str, scope: Option<Markup>) -> Head<'static> {
    Head { title: html! { (title) }, scope, end: None }
}

/// The panel.
pub fn panel(head: &Head<'_>, content: &Markup) -> Markup {
    html! { section.al-panel { (panel_head(head)) (content) } }
}

/// The head alone, for panels with an edge of their own.
pub fn panel_head(head: &Head<'_>) -> Markup {
    html! {
        div.al-panel__h {
            h2 { (head.title) }
            @if let Some(scope) = &head.scope { span { (scope) } }
            @if let Some(end) = head.end { span.al-push { (end) } }
        }
    }
}

/// Something wider than a phone: it scrolls sideways inside its panel, and the keyboard can reach it to do so.
pub fn wide(name: &str, content: &Markup) -> Markup {
    html! { div.al-scroll tabindex="0" role="group" aria-label=(name) { (content) } }
}
