//! One line of *who has looked*: who looked or changed something, what, the link that explains it, each time, and its
//! state.
//!
//! The link is worked out elsewhere; nobody types it.

use maud::{Markup, html};

use super::tag::{Weight, tag, tag_with};
use super::{Printed, time};
use crate::icon::Icon;
use crate::words::counted;

/// How many views a line lists one by one.
const LISTED: usize = 100;

/// What the link search ended in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A link was found.
    Explained,
    /// The role reaches every patient, and no link is recorded: it explains nothing.
    ByRole,
    /// Someone asked, and was not let in.
    Refused,
    /// Opened with a reason outside the care team; reviewed as a case.
    BreakGlass,
    /// No link was found.
    NoReason,
}

/// What the person of a line did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Looked, or asked to.
    Looked,
    /// Changed something.
    Changed,
}

/// One view or change of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// When.
    pub at: Printed,
    /// What was shown or changed, in words.
    pub what: String,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRow {
    /// The day of the last time.
    pub day: Printed,
    /// The last time.
    pub at: Printed,
    /// Who.
    pub who: String,
    /// Their stable id.
    pub principal: String,
    /// In what role.
    pub role: String,
    /// What was shown or changed, in words.
    pub what: String,
    /// The link found, or that none was.
    pub why: String,
    /// What came of an opening with a reason: its review, and what was done after it.
    pub then: Vec<String>,
    /// The views or changes that the line stands for, newest first.
    pub views: Vec<View>,
    /// Which of the two they are.
    pub deed: Deed,
    /// Its state.
    pub state: State,
}

/// The headings of the columns.
pub const HEADINGS: [&str; 6] = ["Last", "Who", "What", "Why: the link found", "How often", "State"];

/// The line as a table row; `only` leads to this person's lines alone.
pub fn access_row(row: &AccessRow, only: &str) -> Markup {
    html! {
        tr.is-alarm[row.state == State::NoReason] role="row" {
            td.al-nb role="cell" { b { (time(&row.day)) } " " (time(&row.at)) }
            td.al-line2.al-whole role="cell" { a.al-who href=(only) { (row.who) } span.al-sub { (row.role) } }
            td.al-whole role="cell" {
                @if row.deed == Deed::Changed { div { (tag_with(Weight::Info, Icon::Pencil, "Changed")) } }
                (row.what)
            }
            td.al-whole role="cell" {
                (row.why)
                @for then in &row.then { span.al-sub { (then) } }
            }
            td role="cell" { (views(row)) }
            td role="cell" { (state_tag(row.state)) }
        }
    }
}

/// How many views or changes, and on request each with its time, where that says more than the line.
fn views(row: &AccessRow) -> Markup {
    let (one, many) = match row.deed {
        Deed::Looked => ("view", "views"),
        Deed::Changed => ("change", "changes"),
    };
    let count = counted(row.views.len(), one, many);
    html! {
        @if row.views.len() < 2 && row.views.iter().all(|view| view.what == row.what) { (count) } @else {
            details.al-views {
                summary { (count) }
                ul { @for view in row.views.iter().take(LISTED) { li { (time(&view.at)) " " (view.what) } } }
                @if row.views.len() > LISTED { p.al-sub { "The newest " (LISTED) " are listed." } }
            }
        }
    }
}

fn state_tag(state: State) -> Markup {
    match state {
        State::Explained => tag_with(Weight::Good, Icon::Tick, "Explained"),
        State::ByRole => tag(Weight::Mute, "By role alone"),
        State::Refused => tag_with(Weight::Plain, Icon::Info, "Asked, not opened"),
        State::BreakGlass => tag_with(Weight::Info, Icon::Lock, "Break-glass"),
        State::NoReason => tag_with(Weight::Danger, Icon::Alert, "No reason found"),
    }
}
