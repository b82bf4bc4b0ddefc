//! What the numbers of a board count, and the rows that a number leads to: one question for both.
//! Knows the rows of one board; what they mean is worked out elsewhere.

use administration::boards::{BoardRow, RowState};
use administration::places::PlaceKind;
use administration::registration::Gender;
use administration::stays::mixed_sex;

use super::BoardView;

/// Which rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// Every row.
    All,
    /// Those of the bays of whoever looks.
    Mine,
    /// Patients without a bed.
    NoBed,
    /// Free beds.
    Free,
    /// Beds to be cleaned.
    ToClean,
    /// Beds that are kept.
    Reserved,
    /// Closed beds.
    Closed,
    /// Patients who leave today, as confirmed.
    Leaving,
    /// Patients who are ready to leave.
    Ready,
    /// Patients in a bay of both sexes.
    MixedSex,
    /// Patients of another specialty than the ward's.
    Boarders,
    /// Scores of 5 and more.
    Five,
    /// Observations that are overdue.
    Overdue,
}

impl Show {
    /// Those with a number, in the order of the head.
    pub(crate) const NUMBERS: [Show; 11] = [
        Show::NoBed,
        Show::Free,
        Show::ToClean,
        Show::Reserved,
        Show::Closed,
        Show::Leaving,
        Show::Ready,
        Show::MixedSex,
        Show::Boarders,
        Show::Five,
        Show::Overdue,
    ];

    /// Those that stand beside the numbers.
    pub(super) const CHOICES: [Show; 3] = [Show::All, Show::Mine, Show::Leaving];

    /// The words of a choice.
    pub(super) const fn choice(self) -> &'static str {
        match self {
            Show::Mine => "My bays",
            Show::Leaving => "Leaving",
            _ => "All",
        }
    }

    /// Its code in an address.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Show::All => "all",
            Show::Mine => "mine",
            Show::NoBed => "no-bed",
            Show::Free => "free",
            Show::ToClean => "to-clean",
            Show::Reserved => "reserved",
            Show::Closed => "closed",
            Show::Leaving => "leaving",
            Show::Ready => "ready",
            Show::MixedSex => "mixed-sex",
            Show::Boarders => "boarders",
            Show::Five => "news2-5",
            Show::Overdue => "overdue",
        }
    }

    /// The question of a code; every row for any other.
    pub(crate) fn of_code(code: &str) -> Show {
        Show::NUMBERS.into_iter().chain([Show::Mine]).find(|show| show.code() == code).unwrap_or(Show::All)
    }

    /// The words behind the number.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Show::All => "beds",
            Show::Mine => "my bays",
            Show::NoBed => "no bed yet",
            Show::Free => "free",
            Show::ToClean => "to clean",
            Show::Reserved => "reserved",
            Show::Closed => "closed",
            Show::Leaving => "leaving today, confirmed",
            Show::Ready => "ready",
            Show::MixedSex => "in a bay of both sexes",
            Show::Boarders => "of another specialty",
            Show::Five => "NEWS2 5 or more",
            Show::Overdue => "observations overdue",
        }
    }

    /// Whether somebody must act when there is one.
    pub(crate) const fn is_bad(self) -> bool {
        matches!(self, Show::NoBed | Show::MixedSex | Show::Overdue)
    }

    /// Whether it is clinical content.
    pub(crate) const fn is_clinical(self) -> bool {
        matches!(self, Show::Five | Show::Overdue)
    }

    /// Whether the number is shown when it is none.
    pub(crate) const fn is_always(self) -> bool {
        matches!(self, Show::Free | Show::Leaving | Show::Five)
    }

    /// Whether a row is among them.
    pub(crate) fn has(self, view: &BoardView<'_>, row: &BoardRow) -> bool {
        let bedside = || {
            let stay = &row.occupant.as_ref()?.stay;
            view.patient(stay.patient.as_deref())?.bedside.as_ref()
        };
        match self {
            Show::All => true,
            Show::Mine => view.is_mine(row),
            Show::NoBed => view.board().lacks_a_bed(row),
            Show::Free => matches!(row.state(), RowState::Available | RowState::Compromised),
            Show::ToClean => row.state() == RowState::Vacated,
            Show::Reserved => row.state() == RowState::Reserved,
            Show::Closed => row.state() == RowState::Closed,
            Show::Leaving => row.is_leaving_on(view.board().today),
            Show::Ready => row.is_ready(),
            Show::MixedSex => is_mixed(view, row),
            Show::Boarders => view.board().is_boarder(row),
            Show::Five => bedside().is_some_and(|bedside| bedside.is_five_or_more()),
            Show::Overdue => bedside().is_some_and(|bedside| bedside.overdue(view.now).is_some()),
        }
    }
}

/// Whether a patient is in a bed of a bay in which men and women are, by the rule of the list of breaches.
fn is_mixed(view: &BoardView<'_>, row: &BoardRow) -> bool {
    let is_in_bed = |row: &BoardRow| row.state() == RowState::Occupied;
    let Some(room) = view.board().rooms.iter().find(|room| room.rows.iter().any(|one| one.id() == row.id())) else {
        return false;
    };
    let gender = |row: &BoardRow| {
        let at = view.patient(row.occupant.as_ref()?.stay.patient.as_deref())?;
        Gender::of_code(&at.identity.gender.as_deref()?.to_ascii_lowercase())
    };
    let kind = room.room.as_ref().map_or(PlaceKind::Other, |room| room.kind);
    let genders: Vec<_> = room.rows.iter().filter(|row| is_in_bed(row)).map(gender).collect();
    is_in_bed(row) && mixed_sex(view.board().ward.kind, kind, &genders) > 0
}
