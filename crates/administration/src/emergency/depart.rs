//! Leaving the department: with all that the emergency care data set asks for, or before anybody saw the patient.
//!
//! The national values are SNOMED CT codes that come with the data set's reference sets; ours stand for them until those
//! are at hand, one for one. \[check\] What the data set needs of an attendance that was seen: complaint, acuity, first
//! assessment, diagnosis, outcome, destination, follow-up. \[check\]

use fhir::read::items;
use fhir::write::{Object, concept, quoted};
use record::{Draft, Reading, TransactError};
use terms::Moment;

use super::write::{DEPARTURE, Edit, by_part, check_here, fact, line, of_version, read, words_part};
use super::{Attendance, By};
use crate::places::{self, BedStatus};
use crate::refusal::Refusal;
use crate::stays::timeline::{Arrival, check_moment, intervals};
use crate::stays::{arrivals, locations};

const DESTINATION: &str = "urn:almoner:departure-destination";

/// How an attendance ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Treated, and gone.
    Treated,
    /// Admitted to a ward of this trust.
    Admitted,
    /// Transferred to another hospital.
    Transferred,
    /// Streamed to another service of this site.
    Streamed,
    /// Left after they were seen, against advice or without a word.
    LeftBeforeTreated,
    /// Left before a clinician saw them.
    LeftBeforeSeen,
    /// Died in the department.
    Died,
    /// Was dead on arrival.
    DeadOnArrival,
}

/// Where somebody goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Destination {
    /// Where they live.
    Home,
    /// A care home.
    CareHome,
    /// A ward of this trust.
    Ward,
    /// Critical care or theatre of this trust.
    CriticalCare,
    /// Another hospital.
    OtherHospital,
    /// A mental health unit.
    MentalHealthUnit,
    /// With the police.
    Police,
    /// The mortuary.
    Mortuary,
    /// Not known: they left.
    NotKnown,
}

/// Who looks after them next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FollowUp {
    /// Nobody need.
    None,
    /// The general practitioner.
    GeneralPractitioner,
    /// A clinic.
    Clinic,
    /// This department again.
    ThisDepartment,
    /// Community services.
    Community,
    /// The team that admits them.
    InpatientTeam,
}

/// Ends an attendance: the patient leaves the department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depart {
    /// The attendance's Encounter.
    pub attendance: String,
    /// When they left.
    pub at: Moment,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Where they go.
    pub destination: Option<Destination>,
    /// Who looks after them next.
    pub follow_up: Option<FollowUp>,
    /// The diagnosis, in words.
    pub diagnosis: Option<String>,
    /// Who says so.
    pub by: By,
}

/// Ends an attendance of somebody who left before they were seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaveBeforeSeen {
    /// The attendance's Encounter.
    pub attendance: String,
    /// When they left, or were found to have left.
    pub at: Moment,
    /// Who says so.
    pub by: By,
}

/// What a departure writes.
struct Left<'l> {
    at: Moment,
    outcome: Outcome,
    destination: Destination,
    follow_up: Option<FollowUp>,
    diagnosis: Option<String>,
    by: &'l By,
}

impl Outcome {
    /// Every outcome with its code and its words.
    pub const ALL: [(Outcome, &'static str, &'static str); 8] = [
        (Outcome::Treated, "treated", "Treatment complete"),
        (Outcome::Admitted, "admitted", "Admitted to a ward here"),
        (Outcome::Transferred, "transferred", "Transferred to another hospital"),
        (Outcome::Streamed, "streamed", "Streamed to another service here"),
        (Outcome::LeftBeforeTreated, "left-before-treated", "Left before treatment was complete"),
        (Outcome::LeftBeforeSeen, "left-before-seen", "Left before being seen"),
        (Outcome::Died, "died", "Died in the department"),
        (Outcome::DeadOnArrival, "dead-on-arrival", "Dead on arrival"),
    ];

    /// Its code.
    pub fn code(self) -> &'static str {
        Outcome::ALL.iter().find(|(outcome, ..)| *outcome == self).map_or("treated", |(_, code, _)| code)
    }

    /// The outcome of a code.
    pub fn of_code(code: &str) -> Option<Outcome> {
        Outcome::ALL.iter().find(|(_, known, _)| *known == code).map(|(outcome, ..)| *outcome)
    }
}

impl Destination {
    /// Every destination with its code and its words.
    pub const ALL: [(Destination, &'static str, &'static str); 9] = [
        (Destination::Home, "home", "Home"),
        (Destination::CareHome, "care-home", "Care home"),
        (Destination::Ward, "ward", "Ward of this trust"),
        (Destination::CriticalCare, "critical-care", "Critical care or theatre of this trust"),
        (Destination::OtherHospital, "other-hospital", "Another hospital"),
        (Destination::MentalHealthUnit, "mental-health-unit", "Mental health unit"),
        (Destination::Police, "police", "With the police"),
        (Destination::Mortuary, "mortuary", "Mortuary"),
        (Destination::NotKnown, "not-known", "Not known, left"),
    ];

    /// The destination of a code.
    pub fn of_code(code: &str) -> Option<Destination> {
        Destination::ALL.iter().find(|(_, known, _)| *known == code).map(|(destination, ..)| *destination)
    }

    fn concept(self) -> String {
        let known = Destination::ALL.iter().find(|(destination, ..)| *destination == self);
        known.map_or_else(String::new, |(_, code, words)| concept(DESTINATION, code, words))
    }
}

impl FollowUp {
    /// Every follow-up with its code and its words.
    pub const ALL: [(FollowUp, &'static str, &'static str); 6] = [
        (FollowUp::None, "none", "No follow-up needed"),
        (FollowUp::GeneralPractitioner, "gp", "General practitioner"),
        (FollowUp::Clinic, "clinic", "Clinic"),
        (FollowUp::ThisDepartment, "this-department", "This department again"),
        (FollowUp::Community, "community", "Community services"),
        (FollowUp::InpatientTeam, "inpatient-team", "The inpatient team"),
    ];

    /// The follow-up of a code.
    pub fn of_code(code: &str) -> Option<FollowUp> {
        FollowUp::ALL.iter().find(|(_, known, _)| *known == code).map(|(follow_up, ..)| *follow_up)
    }

    fn code(self) -> &'static str {
        FollowUp::ALL.iter().find(|(follow_up, ..)| *follow_up == self).map_or("none", |(_, code, _)| code)
    }
}

impl Depart {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.attendance).await?;
        let attendance = of_version(&version)?;
        let left = self.decide(&attendance, now).map_err(TransactError::Refused)?;
        departed(reading, &version, &attendance, &left, now).await
    }

    fn decide(&self, attendance: &Attendance, now: Moment) -> Result<Left<'_>, Refusal> {
        check_here(attendance)?;
        check_moment(self.at, attendance.arrived, now)?;
        let outcome =
            self.outcome.ok_or_else(|| Refusal::at("no-outcome", "outcome", "Say how the attendance ended."))?;
        let destination = self
            .destination
            .ok_or_else(|| Refusal::at("no-destination", "destination", "Say where the patient goes."))?;
        let follow_up = self.follow_up.ok_or_else(|| {
            Refusal::at("no-follow-up", "follow_up", "Say who looks after them next, or that nobody need.")
        })?;
        let diagnosis = line(self.diagnosis.as_deref(), "diagnosis")?;
        if diagnosis.is_none() && outcome != Outcome::LeftBeforeSeen {
            return Err(Refusal::at("no-diagnosis", "diagnosis", "Write the diagnosis, or what it was thought to be."));
        }
        if matches!(outcome, Outcome::Admitted) && attendance.decision.is_none() {
            let sentence = "There is no decision to admit this patient. Record it first: it asks for the bed.";
            return Err(Refusal::at("not-decided", "outcome", sentence));
        }
        let missing = missing(attendance, outcome);
        if !missing.is_empty() {
            let sentence = format!("Before they leave, record {}.", listed(&missing));
            return Err(Refusal::new("incomplete", sentence));
        }
        Ok(Left { at: self.at, outcome, destination, follow_up: Some(follow_up), diagnosis, by: &self.by })
    }
}

impl LeaveBeforeSeen {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.attendance).await?;
        let attendance = of_version(&version)?;
        let left = self.decide(&attendance, now).map_err(TransactError::Refused)?;
        departed(reading, &version, &attendance, &left, now).await
    }

    fn decide(&self, attendance: &Attendance, now: Moment) -> Result<Left<'_>, Refusal> {
        check_here(attendance)?;
        check_moment(self.at, attendance.arrived, now)?;
        if let Some(clinician) = &attendance.clinician {
            let sentence = format!("{} has seen this patient. Record their departure instead.", clinician.name);
            return Err(Refusal::new("seen", sentence));
        }
        if attendance.decision.is_some() {
            let sentence = "There is a decision to admit this patient. Record their departure instead.";
            return Err(Refusal::new("to-be-admitted", sentence));
        }
        let (outcome, destination) = (Outcome::LeftBeforeSeen, Destination::NotKnown);
        Ok(Left { at: self.at, outcome, destination, follow_up: None, diagnosis: None, by: &self.by })
    }
}

/// What the data set needs and nobody has recorded.
fn missing(attendance: &Attendance, outcome: Outcome) -> Vec<&'static str> {
    if matches!(outcome, Outcome::LeftBeforeSeen | Outcome::DeadOnArrival) {
        return Vec::new();
    }
    let needed = [
        (attendance.complaint.is_none(), "why they came"),
        (attendance.category.is_none(), "the triage category"),
        (attendance.assessed.is_none(), "the first assessment"),
    ];
    needed.iter().filter(|(is_missing, _)| *is_missing).map(|(_, what)| *what).collect()
}

fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

async fn departed(
    reading: &Reading,
    version: &record::Version,
    attendance: &Attendance,
    left: &Left<'_>,
    now: Moment,
) -> Result<Draft, TransactError<Refusal>> {
    let code = |name: &str, code: &str| Some(fhir::write::extension(name, "valueCode", &quoted(code)));
    let parts = [
        code("outcome", left.outcome.code()),
        left.follow_up.and_then(|follow_up| code("follow-up", follow_up.code())),
        words_part("diagnosis", left.diagnosis.as_deref()),
        by_part(left.by),
    ];
    let edit = Edit::of(version)?;
    let mut places: Vec<Arrival> = arrivals(&attendance.stay);
    places.retain(|arrival| arrival.at <= left.at);
    let start = attendance.arrived.map(|arrived| arrived.to_string());
    let period = Object::new().text_if("start", start).text("end", left.at.to_string()).done();
    let hospitalization = hospitalization(edit.root(), left.destination);
    let edit = edit
        .status("finished", left.at)
        .member("period", period)
        .member_if("location", locations(&intervals(&places, Some(left.at)), &[]))
        .member("hospitalization", hospitalization)
        .extension(DEPARTURE, fact(DEPARTURE, parts));
    let mut draft = Draft { changes: vec![edit.put(true)?], assertions: Vec::new() };
    if let Some(place) = attendance.stay.place().filter(|_| !attendance.stay.no_bed_yet) {
        draft.changes.extend(places::mark(reading, &place.place, BedStatus::Vacated, now).await?);
    }
    Ok(draft)
}

/// `hospitalization` with where they go; whatever else it says stays.
fn hospitalization(encounter: fhir::Node<'_, '_>, destination: Destination) -> String {
    let others = items(encounter, "hospitalization").next();
    let others = others.iter().flat_map(|of| of.members()).filter(|(name, _)| *name != "dischargeDisposition");
    let new = others.fold(Object::new(), |new, (name, value)| new.json(name, value.raw_text()));
    new.json("dischargeDisposition", destination.concept()).done()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, ago, by, check, here, left};
    use super::super::{Carer, Category, Decision, Done};
    use super::*;

    fn seen() -> Attendance {
        Attendance {
            category: Category::of(3),
            complaint: Some("Wrist injury".into()),
            assessed: Some(Done { at: ago(20), by: None }),
            clinician: Some(Carer { name: "J Bell ENP".into(), since: Some(ago(10)) }),
            ..here()
        }
    }

    fn depart() -> Depart {
        Depart {
            attendance: "a".into(),
            at: NOW,
            outcome: Some(Outcome::Treated),
            destination: Some(Destination::Home),
            follow_up: Some(FollowUp::None),
            diagnosis: Some("Sprain".into()),
            by: by(),
        }
    }

    #[test]
    fn a_departure_has_what_the_data_set_needs() {
        let cases = [
            (depart(), seen(), None),
            (Depart { outcome: None, ..depart() }, seen(), Some("no-outcome")),
            (Depart { destination: None, ..depart() }, seen(), Some("no-destination")),
            (Depart { follow_up: None, ..depart() }, seen(), Some("no-follow-up")),
            (Depart { diagnosis: None, ..depart() }, seen(), Some("no-diagnosis")),
            (Depart { outcome: Some(Outcome::Admitted), ..depart() }, seen(), Some("not-decided")),
            (depart(), Attendance { category: None, ..seen() }, Some("incomplete")),
            (depart(), Attendance { complaint: None, ..seen() }, Some("incomplete")),
            (depart(), Attendance { assessed: None, ..seen() }, Some("incomplete")),
            (Depart { at: ago(500), ..depart() }, seen(), Some("before-the-stay")),
            (depart(), left(), Some("not-here")),
        ];
        for (depart, attendance, code) in cases {
            check(depart.decide(&attendance, NOW), code);
        }
        let nothing = Attendance { category: None, complaint: None, assessed: None, ..seen() };
        let sentence = depart().decide(&nothing, NOW).err().map(|refusal| refusal.sentence);
        let expected = "Before they leave, record why they came, the triage category and the first assessment.";
        assert_eq!(sentence.as_deref(), Some(expected));
    }

    #[test]
    fn who_was_seen_did_not_leave_before() {
        let leave = LeaveBeforeSeen { attendance: "a".into(), at: NOW, by: by() };
        check(leave.decide(&here(), NOW), None);
        check(leave.decide(&seen(), NOW), Some("seen"));
        check(leave.decide(&left(), NOW), Some("not-here"));
        let decided = Decision { at: ago(5), team: "Medicine".into(), stay: None };
        check(leave.decide(&Attendance { decision: Some(decided), ..here() }, NOW), Some("to-be-admitted"));
    }

    #[test]
    fn codes_read_back() {
        for (outcome, code, _) in Outcome::ALL {
            assert_eq!((Outcome::of_code(code), outcome.code()), (Some(outcome), code));
        }
        for (destination, code, _) in Destination::ALL {
            assert_eq!(Destination::of_code(code), Some(destination));
        }
        for (follow_up, code, _) in FollowUp::ALL {
            assert_eq!((FollowUp::of_code(code), follow_up.code()), (Some(follow_up), code));
        }
    }
}
