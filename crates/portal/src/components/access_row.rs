//! One line of *who has looked*: who, what, the link that explains it, how often, and its state.
//!
//! The link is worked out elsewhere from stays, teams, referrals and tasks; nobody types it.

use maud::{Markup, html};

use super::tag::{Weight, tag, tag_with};
use super::{Printed, time};
use crate::icon::Icon;

/// What the link search ended in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A link was found.
    Explained,
    /// Someone asked, and was not let in.
    Refused,
    /// Opened with a reason outside the care team; reviewed as a case.
    BreakGlass,
    /// No link was found.
    NoReason,
    /// The links of care are not yet read for this row.
    NotWorkedOut,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRow {
    /// The day of the last view.
    pub day: Printed,
    /// The time of the last view.
    pub at: Printed,
    /// Who looked.
    pub who: String,
    /// In what role.
    pub role: String,
    /// What was shown, in words.
    pub what: String,
    /// The link found, or that none was.
    pub why: String,
    /// How many views the line stands for.
    pub views: u64,
    /// Its state.
    pub state: State,
}

/// The line as a table row.
pub fn access_row(row: &AccessRow) -> Markup {
    html! {
        tr.is-alarm[row.state == State::NoReason] {
            td.al-nb { b { (time(&row.day)) } " " (time(&row.at)) }
            td.al-line2 { b { (row.who) } span.al-sub { (row.role) } }
            td { (row.what) }
            td { (row.why) }
            td.al-num { (row.views) }
            td { (state_tag(row.state)) }
        }
    }
}

fn state_tag(state: State) -> Markup {
    match state {
        State::Explained => tag_with(Weight::Good, Icon::Tick, "Explained"),
        State::Refused => tag_with(Weight::Plain, Icon::Info, "Asked, not opened"),
        State::BreakGlass => tag_with(Weight::Info, Icon::Lock, "Break-glass"),
        State::NoReason => tag_with(Weight::Danger, Icon::Alert, "No reason found"),
        State::NotWorkedOut => tag(Weight::Mute, "Not worked out"),
    }
}
