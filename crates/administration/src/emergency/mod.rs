//! The emergency department: attendances as FHIR `Encounter` of class emergency, from the ambulance's call to departure.
//!
//! | what | where in Encounter (R4, encounter.html) |
//! | --- | --- |
//! | due, arrived, triaged, with a clinician, left | `status`: planned, arrived, triaged, in-progress, finished; `statusHistory` |
//! | arrival and departure | `period`; of an ambulance `start` is its arrival at the door, of one that is due when it is due |
//! | triage category | `priority`, system `urn:almoner:triage-category`; when and by whom: extension `urn:almoner:triaged` |
//! | places | `location`, as those of stays |
//! | clinician, senior of a child at risk | `participant` of type ATND; of type `senior` of `urn:almoner:participation` |
//! | complaint | `reasonCode` |
//! | destination | `hospitalization.dischargeDisposition` |
//! | all else | extensions `urn:almoner:…`, a row each in `write.rs` |
//!
//! The attendance ends when the patient leaves the department. Whoever is to be admitted has a planned Encounter of class
//! inpatient since the decision, and is on its team's list while they wait. When a ward admits them the stay has begun with that
//! decision (NHS Data Dictionary, Hospital Provider Spell; `Stay::begins`), and both go on side by side until they leave.

mod arrive;
pub mod clocks;
mod decide_to_admit;
mod depart;
mod gather;
mod hand_over;
mod move_in_department;
mod remove;
mod rows;
mod take_over;
mod triage;
pub mod urgency;
mod wait_for;
mod write;

use fhir::Node;
use fhir::read::{code_in, extension, extension_text, id_of, items, moment, text, words};
use terms::Moment;

use crate::stays::{Stay, StayState};

pub use arrive::{Arrive, ExpectAmbulance, Newcomer, Whose};
pub use decide_to_admit::DecideToAdmit;
pub use depart::{Depart, Destination, FollowUp, LeaveBeforeSeen, Outcome};
pub use gather::{Department, attendance, department, expected_stays, left_on};
pub use hand_over::HandOver;
pub use move_in_department::MoveInDepartment;
pub use remove::RemoveAttendance;
pub(crate) use rows::IN_DEPARTMENT;
pub use rows::emergency_rows;
pub use take_over::{TakeOver, Takes};
pub use triage::{AssessFirst, Triage};
pub use wait_for::WaitFor;

/// The class of emergency attendances (v3-ActCode).
pub(crate) const EMERGENCY: &str = "EMER";
/// The code system of triage categories.
pub const TRIAGE_CATEGORY: &str = "urn:almoner:triage-category";
/// The system of the identifier by which an account is named as an author.
const ACCOUNT: &str = "urn:almoner:account";
/// The longest line of words on a board, in characters.
const LONGEST_LINE: usize = 120;

/// Who did something, as the door knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// The stable id of the account, such as `user/d.martins`.
    pub id: String,
    /// What people call them.
    pub name: String,
}

/// How somebody came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// By themselves, or brought by others.
    OnFoot,
    /// By ambulance or helicopter, handed over by its crew.
    Ambulance,
}

impl Mode {
    /// The code of `urn:almoner:arrival-mode`.
    pub fn code(self) -> &'static str {
        if self == Mode::Ambulance { "ambulance" } else { "on-foot" }
    }

    /// The mode of a code.
    pub fn of_code(code: &str) -> Option<Mode> {
        [Mode::OnFoot, Mode::Ambulance].into_iter().find(|mode| mode.code() == code)
    }
}

/// A triage category, 1 (immediate) to 5 (not urgent).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Category(u8);

impl Category {
    /// Every category, gravest first.
    pub const ALL: [Category; 5] = [Category(1), Category(2), Category(3), Category(4), Category(5)];

    /// The category of a number.
    pub fn of(number: u8) -> Option<Category> {
        (1..=5).contains(&number).then_some(Category(number))
    }

    /// Its number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self.0 {
            1 => "Immediate",
            2 => "Very urgent",
            3 => "Urgent",
            4 => "Standard",
            _ => "Non-urgent",
        }
    }
}

/// Something that was done at a moment by somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// When.
    pub at: Moment,
    /// Who, in words.
    pub by: Option<String>,
}

/// Somebody who looks after the patient, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carer {
    /// Their name.
    pub name: String,
    /// Since when.
    pub since: Option<Moment>,
}

/// The decision to admit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// When it was made.
    pub at: Moment,
    /// The team that the patient belongs to since then.
    pub team: String,
    /// The expected inpatient stay, an Encounter's id.
    pub stay: Option<String>,
}

/// An attendance as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendance {
    /// What it shares with stays: id, patient, state, places.
    pub stay: Stay,
    /// The emergency department's Location, when it was said.
    pub department: Option<String>,
    /// Of somebody who is due or not known, what was said of them, such as `71y Male`.
    pub described: Option<String>,
    /// How they came; other systems may not say.
    pub mode: Option<Mode>,
    /// When they came, or are due.
    pub arrived: Option<Moment>,
    /// When the ambulance's crew handed over.
    pub handed_over: Option<Moment>,
    /// The triage category.
    pub category: Option<Category>,
    /// When and by whom.
    pub triaged: Option<Done>,
    /// The first assessment.
    pub assessed: Option<Done>,
    /// The clinician now.
    pub clinician: Option<Carer>,
    /// The named senior now.
    pub senior: Option<Carer>,
    /// Why they came, in words.
    pub complaint: Option<String>,
    /// What goes on now.
    pub now: Option<String>,
    /// What they wait for.
    pub waits_for: Option<String>,
    /// The decision to admit.
    pub decision: Option<Decision>,
    /// When they left the department.
    pub left: Option<Moment>,
    /// How the attendance ended, a code of [`Outcome`].
    pub outcome: Option<Outcome>,
}

impl Attendance {
    /// Reads an `Encounter`; `None` when it is no emergency attendance.
    pub fn of(encounter: Node<'_, '_>) -> Option<Attendance> {
        let class = encounter.get("class").and_then(|class| text(class, "code"));
        if class.as_deref() != Some(EMERGENCY) {
            return None;
        }
        let stay = Stay::of(encounter);
        let period = encounter.get("period");
        let priority = encounter.get("priority").and_then(|concept| code_in(concept, TRIAGE_CATEGORY));
        let waiting = extension(encounter, write::WAITING);
        let departure = extension(encounter, write::DEPARTURE);
        Some(Attendance {
            department: extension(encounter, write::DEPARTMENT).and_then(|of| id_of(of, "valueReference", "Location")),
            described: encounter.get("subject").and_then(|subject| text(subject, "display")),
            mode: extension_text(encounter, write::ARRIVAL_MODE).and_then(|code| Mode::of_code(&code)),
            arrived: period.and_then(|period| moment(period, "start")),
            handed_over: crate::places::extension_moment(encounter, write::HANDED_OVER),
            category: priority.and_then(|code| Category::of(code.parse().ok()?)),
            triaged: extension(encounter, write::TRIAGED).and_then(done),
            assessed: extension(encounter, write::FIRST_ASSESSED).and_then(done),
            clinician: carer(encounter, write::ATTENDER),
            senior: carer(encounter, write::SENIOR),
            complaint: items(encounter, "reasonCode").find_map(words),
            now: waiting.and_then(|of| extension_text(of, "now")),
            waits_for: waiting.and_then(|of| extension_text(of, "for")),
            decision: extension(encounter, write::DECIDED_TO_ADMIT).and_then(decision),
            left: match stay.state {
                StayState::Discharged => period.and_then(|period| moment(period, "end")),
                _ => None,
            },
            outcome: departure.and_then(|of| extension_text(of, "outcome")).and_then(|code| Outcome::of_code(&code)),
            stay,
        })
    }

    /// Whether the patient is in the department.
    pub fn is_here(&self) -> bool {
        self.stay.state.is_live()
    }

    /// Whether they are on their way.
    pub fn is_due(&self) -> bool {
        self.stay.state == StayState::Expected
    }
}

fn done(of: Node<'_, '_>) -> Option<Done> {
    let by = extension(of, "by").and_then(|by| by.get("valueReference")).and_then(|by| text(by, "display"));
    Some(Done { at: crate::places::extension_moment(of, "at")?, by })
}

fn decision(of: Node<'_, '_>) -> Option<Decision> {
    let stay = extension(of, "stay").and_then(|stay| id_of(stay, "valueReference", "Encounter"));
    let team = extension_text(of, "team").unwrap_or_else(|| "a team that was not said".to_owned());
    Some(Decision { at: crate::places::extension_moment(of, "at")?, team, stay })
}

/// Whoever is there now in a kind of part: the last whose time has no end.
fn carer(encounter: Node<'_, '_>, part: &str) -> Option<Carer> {
    let plays = |of: &Node<'_, '_>| items(*of, "type").any(|kind| fhir::read::has_code(kind, &[part]));
    let ended = |of: &Node<'_, '_>| of.get("period").is_some_and(|period| period.get("end").is_some());
    let carer = items(encounter, "participant").filter(|of| plays(of) && !ended(of)).last()?;
    let who = carer.get("individual")?;
    let name = text(who, "display").or_else(|| fhir::read::reference(carer, "individual"))?;
    Some(Carer { name, since: carer.get("period").and_then(|period| moment(period, "start")) })
}

#[cfg(test)]
mod tests;
