//! The questions behind the numbers of the board: each counts the rows that its list shows.
//! Pure: rows in, rows out.

use administration::emergency::Outcome;
use administration::emergency::clocks::{self, minutes};
use terms::Moment;

use crate::gather::emergency::Row;
use crate::words::duration;

/// Which rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Only {
    /// Everybody.
    #[default]
    All,
    /// Whom no clinician has picked up.
    ToBeSeen,
    /// Whose 4 hours are over.
    OverFour,
    /// With a decision to admit.
    WaitingForBed,
    /// Whose 12 hours since the decision are over.
    OverTwelve,
    /// Whom an ambulance's crew has not handed over.
    HandingOver,
    /// A list: ambulances that are due or wait.
    Ambulances,
    /// A list: who left before they were seen.
    LeftBeforeSeen,
    /// A list: everybody who left today.
    LeftToday,
}

/// Whether somebody left before they were seen.
pub(super) fn left_before_seen(row: &Row) -> bool {
    row.attendance.outcome == Some(Outcome::LeftBeforeSeen)
}

impl Only {
    /// The numbers that are counts of rows, in the order of the head.
    pub(super) const NUMBERS: [Only; 5] =
        [Only::All, Only::ToBeSeen, Only::OverFour, Only::WaitingForBed, Only::OverTwelve];
    const CODES: [(Only, &'static str); 8] = [
        (Only::ToBeSeen, "to-be-seen"),
        (Only::OverFour, "over-4"),
        (Only::WaitingForBed, "waiting-for-bed"),
        (Only::OverTwelve, "over-12"),
        (Only::HandingOver, "handing-over"),
        (Only::Ambulances, "ambulances"),
        (Only::LeftBeforeSeen, "left-before-seen"),
        (Only::LeftToday, "left-today"),
    ];

    /// The question of a code.
    pub(crate) fn of_code(code: &str) -> Only {
        Only::CODES.iter().find(|(_, known)| *known == code).map_or(Only::All, |(only, _)| *only)
    }

    pub(super) fn code(self) -> &'static str {
        Only::CODES.iter().find(|(only, _)| *only == self).map_or("", |(_, code)| code)
    }

    /// Whether it is a list beside the board.
    pub(super) fn is_list(self) -> bool {
        matches!(self, Only::Ambulances) || self.lists_who_left()
    }

    /// Whether it is a list of those who left.
    pub(crate) fn lists_who_left(self) -> bool {
        matches!(self, Only::LeftBeforeSeen | Only::LeftToday)
    }

    /// Whether a row belongs to it.
    pub(crate) fn has(self, row: &Row, now: Moment) -> bool {
        let attendance = &row.attendance;
        match self {
            Only::All => true,
            Only::ToBeSeen => attendance.clinician.is_none(),
            Only::OverFour => clocks::four_hours(attendance, now).is_some_and(|clock| clock.is_over),
            Only::WaitingForBed => attendance.decision.is_some(),
            Only::OverTwelve => clocks::since_decision(attendance, now).is_some_and(|(_, is_over)| is_over),
            Only::HandingOver => clocks::handover(attendance, now).is_some() && attendance.handed_over.is_none(),
            Only::LeftBeforeSeen => left_before_seen(row),
            Only::Ambulances | Only::LeftToday => true,
        }
    }

    /// In words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Only::All => "in department",
            Only::ToBeSeen => "to be seen",
            Only::OverFour => "over 4 hours",
            Only::WaitingForBed => "waiting for a bed",
            Only::OverTwelve => "over 12 h since DTA",
            Only::HandingOver => "waiting to hand over",
            Only::Ambulances => "ambulances",
            Only::LeftBeforeSeen => "left before seen today",
            Only::LeftToday => "left today",
        }
    }

    /// The words when nobody is in it.
    pub(super) fn nobody(self) -> &'static str {
        match self {
            Only::All => "No one is in the department.",
            Only::ToBeSeen => "Everybody has been picked up by a clinician.",
            Only::OverFour => "No one has been here for more than 4 hours.",
            Only::WaitingForBed => "No one has a decision to admit.",
            Only::OverTwelve => "No one has waited more than 12 hours since the decision to admit.",
            Only::HandingOver => "No crew is waiting to hand over.",
            Only::Ambulances => "No ambulance is due, and none is waiting.",
            Only::LeftBeforeSeen => "No one left before being seen today.",
            Only::LeftToday => "No one has left today.",
        }
    }

    /// Whether one is one too many.
    pub(super) fn is_bad(self) -> bool {
        matches!(self, Only::OverFour | Only::OverTwelve)
    }

    /// How long it has been for whoever waits longest.
    pub(super) fn longest<'r>(self, rows: impl Iterator<Item = &'r Row>, now: Moment) -> Option<String> {
        let waited = |row: &Row| match self {
            Only::ToBeSeen => Some(minutes(clocks::began(&row.attendance)?, now)),
            Only::WaitingForBed => clocks::since_decision(&row.attendance, now).map(|(minutes, _)| minutes),
            _ => None,
        };
        let longest = rows.filter(|row| self.has(row, now)).filter_map(waited).max()?;
        let since = if self == Only::WaitingForBed { " since DTA" } else { "" };
        Some(format!(", longest {}{since}", duration(longest * 60_000)))
    }
}
