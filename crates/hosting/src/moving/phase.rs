//! The states of a move and what may follow what, as plain data: no wire, no disk, no clock. Every change of a move's
//! state goes through [`Phase::after`]; a model in the tests walks every order of steps, losses and crashes.
//!
//! The states are those of `docs/formats/move.md`, section 1.

use serde::{Deserialize, Serialize};

/// Where a move is, seen from one of its two hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// A ticket was made; nothing has been copied.
    Planned,
    /// The target fetches segments.
    Copying,
    /// The target follows what is written.
    Following,
    /// Both hosts answered the same questions alike.
    Rehearsed,
    /// The record was cut; the target has not said that it writes.
    Cut,
    /// The target writes, the source follows it.
    Live,
    /// The record was cut back and the first host writes again.
    BackedOut,
    /// The old copy was destroyed.
    Completed,
}

/// What happens to a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// The target has begun to copy.
    Copy,
    /// It has everything that there was when it began.
    Copied,
    /// A rehearsal found no difference.
    Agreed,
    /// A rehearsal found a difference.
    Differed,
    /// The cut is on disk.
    Cut,
    /// The host that the record was cut to writes. `back` when that is the host of before.
    Opened {
        /// Whether the record is back where it was.
        back: bool,
    },
    /// The host that the record was cut to refused it, and the one that cut it writes again.
    Resumed {
        /// Whether that cut was to bring the record back.
        back: bool,
    },
    /// The copy of the host that does not write was destroyed.
    Destroyed,
}

impl Phase {
    /// Every state, in the order in which they come.
    pub(crate) const ALL: [Phase; 8] = [
        Phase::Planned,
        Phase::Copying,
        Phase::Following,
        Phase::Rehearsed,
        Phase::Cut,
        Phase::Live,
        Phase::BackedOut,
        Phase::Completed,
    ];

    /// The state after a step; `None` when that step cannot come now. A step that has been taken may come again: whoever
    /// was killed after it repeats it.
    pub(crate) fn after(self, step: Step) -> Option<Phase> {
        use Phase::{BackedOut, Completed, Copying, Cut, Following, Live, Planned, Rehearsed};
        match (self, step) {
            (Planned | Copying, Step::Copy) => Some(Copying),
            (Copying | Following, Step::Copied) => Some(Following),
            (Rehearsed | Live | BackedOut, Step::Copied) => Some(self),
            (Following | Rehearsed, Step::Agreed) => Some(Rehearsed),
            (Live | BackedOut, Step::Agreed | Step::Differed) => Some(self),
            (Following | Rehearsed, Step::Differed) => Some(Following),
            (Rehearsed | Live | BackedOut | Cut, Step::Cut) => Some(Cut),
            // Who follows may hold the cut before it has heard of anything else.
            (Following | Rehearsed | Cut | Live | BackedOut, Step::Opened { back }) => {
                Some(if back { BackedOut } else { Live })
            }
            // As if it had not been cut; before the next cut it is rehearsed again.
            (Cut, Step::Resumed { back }) => Some(if back { Live } else { Following }),
            (Live | BackedOut | Completed, Step::Destroyed) => Some(Completed),
            _ => None,
        }
    }

    /// Its name, as people read it.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Planned => "planned",
            Phase::Copying => "copying",
            Phase::Following => "following",
            Phase::Rehearsed => "rehearsed",
            Phase::Cut => "cut",
            Phase::Live => "live",
            Phase::BackedOut => "backed out",
            Phase::Completed => "completed",
        }
    }
}

#[cfg(test)]
#[path = "model.rs"]
mod model;
