//! Somebody arrives in the emergency department: a known patient, one whom nobody knows, one whom an ambulance announced.
//!
//! An arrival is never refused for a place: without one, or with a cubicle that is taken, the attendance begins in the area
//! or in the department itself. Whom nobody knows is registered in the same commit, with nothing to be answered first.

use fhir::write::{Object, array, coding, quoted, reference};
use fhir::{Document, Limits};
use record::{Change, Draft, Key, Reading, TransactError};
use terms::Moment;

use super::gather::{is_within, open_attendances_of};
use super::write::{ARRIVAL_MODE, DEPARTMENT, Edit, complaint, line};
use super::{Attendance, EMERGENCY, Mode};
use crate::draft;
use crate::places::{self, BedStatus, Place, PlaceKind};
use crate::refusal::Refusal;
use crate::registration::Gender;
use crate::registration::numbers::{self, Block, HospitalNumber};
use crate::registration::unknown::{UnknownPerson, digits_of, temporary_name, unknown_patient};
use crate::stays::timeline::{Arrival, check_moment};
use crate::stays::{CLASS, StayState, entry, located};

/// How far ahead an ambulance can be announced.
const LONGEST_AHEAD_MS: i64 = 12 * 60 * 60 * 1000;
/// The greatest age that is an estimate and not a slip.
const OLDEST: u8 = 120;

/// Who arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// A patient of the record.
    Known(String),
    /// Somebody whom nobody knows.
    Unknown(Newcomer),
}

/// Somebody whom nobody knows: everything that is said of them is an estimate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Newcomer {
    /// The new Patient's id.
    pub patient: String,
    /// The age in years, as it is guessed.
    pub age: Option<String>,
    /// As they seem; it is asked again when they can answer.
    pub gender: Option<Gender>,
}

/// Somebody arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrive {
    /// The Encounter: that of an ambulance that was announced, or a new id.
    pub attendance: String,
    /// Who.
    pub who: Whose,
    /// The emergency department's Location.
    pub department: String,
    /// The cubicle or other place; without one they wait in the department.
    pub place: Option<String>,
    /// When they came to the door.
    pub at: Moment,
    /// How they came.
    pub mode: Option<Mode>,
    /// Why, in words.
    pub complaint: Option<String>,
}

/// An ambulance announces somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectAmbulance {
    /// The new Encounter's id.
    pub attendance: String,
    /// The emergency department's Location.
    pub department: String,
    /// When it is due.
    pub due: Moment,
    /// Whom it brings, such as `71y Male`.
    pub described: Option<String>,
    /// Why.
    pub complaint: Option<String>,
    /// The cubicle that is kept for them.
    pub place: Option<String>,
}

/// What the decision stands on.
struct Facts<'f> {
    /// The attendance that was announced.
    announced: Option<&'f Attendance>,
    department: Option<&'f Place>,
    /// The place that was named, if it is in the department.
    place: Option<&'f Place>,
    /// Other attendances of the patient that go on.
    open: &'f [Attendance],
}

impl Arrive {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        self.plan_with(reading, None, now).await
    }

    /// The same; whom nobody knows has a number that they were given on paper.
    pub(crate) async fn plan_with(
        &self,
        reading: &Reading,
        given: Option<HospitalNumber>,
        now: Moment,
    ) -> Result<Draft, TransactError<Refusal>> {
        let key = Key::new("Encounter", self.attendance.as_str());
        let version = reading.get(&key).await?.filter(|version| !version.text.is_empty());
        let announced = version.as_ref().map(super::write::of_version).transpose()?;
        let department = places::place(reading, &self.department).await?;
        let place = place_in(reading, self.place.as_deref(), &self.department).await?;
        let open = match &self.who {
            Whose::Known(patient) => open_attendances_of(reading, patient).await?,
            Whose::Unknown(_) => Vec::new(),
        };
        let facts = Facts {
            announced: announced.as_ref(),
            department: department.as_ref(),
            place: place.as_ref(),
            open: &open,
        };
        let mode = self.decide(&facts, now).map_err(TransactError::Refused)?;
        let words = line(self.complaint.as_deref(), "complaint").map_err(TransactError::Refused)?;
        let at =
            free_place(reading, place.as_ref(), &self.attendance).await?.unwrap_or_else(|| self.department.clone());
        let (patient, mut draft) = self.patient(reading, given, now).await?;
        let text = match &version {
            Some(version) => version.text.to_vec(),
            None => blank(&self.attendance, &self.department).into_bytes(),
        };
        draft.changes.push(self.written(&key, &text, (&patient, &at), mode, words.as_deref())?);
        draft.changes.extend(places::mark(reading, &at, BedStatus::Available, now).await?);
        Ok(draft)
    }

    fn decide(&self, facts: &Facts<'_>, now: Moment) -> Result<Mode, Refusal> {
        check_department(facts.department)?;
        check_moment(self.at, None, now)?;
        let mode =
            self.mode.ok_or_else(|| Refusal::at("no-mode", "mode", "Say how they came: on foot or by ambulance."))?;
        if self.place.is_some() && facts.place.is_none() {
            return Err(no_place());
        }
        if facts.announced.is_some_and(|announced| announced.stay.state != StayState::Expected) {
            let sentence = "This patient was booked in already. Look at the board.";
            return Err(Refusal::new("arrived-already", sentence));
        }
        if facts.open.iter().any(|other| other.stay.id != self.attendance) {
            let sentence =
                "This patient is in the department already. Find them on the board, or end the other attendance first.";
            return Err(Refusal::at("here-already", "patient", sentence));
        }
        if let Whose::Unknown(newcomer) = &self.who {
            newcomer.estimated_age()?;
        }
        Ok(mode)
    }

    /// Whose attendance it is, and what registers them.
    async fn patient(
        &self,
        reading: &Reading,
        given: Option<HospitalNumber>,
        now: Moment,
    ) -> Result<(String, Draft), TransactError<Refusal>> {
        match &self.who {
            Whose::Known(patient) => {
                let version = reading.get(&Key::new("Patient", patient.as_str())).await?;
                if version.is_none_or(|version| version.text.is_empty()) {
                    let refusal = Refusal::at("no-patient", "patient", "There is no such patient. Search again.");
                    return Err(TransactError::Refused(refusal));
                }
                Ok((patient.clone(), Draft::default()))
            }
            Whose::Unknown(newcomer) => Ok((newcomer.patient.clone(), newcomer.registered(reading, given, now).await?)),
        }
    }

    fn written(
        &self,
        key: &Key,
        text: &[u8],
        (patient, place): (&str, &str),
        mode: Mode,
        words: Option<&str>,
    ) -> Result<Change, TransactError<Refusal>> {
        let document = parsed(text)?;
        let attendance = Attendance::of(document.root());
        let stay = attendance.map(|attendance| attendance.stay);
        let arrivals = [Arrival { place: place.to_owned(), at: self.at }];
        // A cubicle that was kept is not kept any more, wherever they came to.
        let located = stay.and_then(|mut stay| {
            stay.places.clear();
            located(&stay, &arrivals, place)
        });
        let edit = Edit::new(document, key.clone());
        let reason = complaint(edit.root(), words);
        let edit = edit
            .member("status", quoted("arrived"))
            .member("subject", reference(&format!("Patient/{patient}"), None))
            .member("period", Object::new().text("start", self.at.to_string()).done())
            .member_if("location", located)
            .member_if("reasonCode", reason)
            .extension(ARRIVAL_MODE, fhir::write::extension(ARRIVAL_MODE, "valueCode", &quoted(mode.code())));
        Ok(edit.put(true)?)
    }
}

impl Newcomer {
    /// The age, if one was guessed.
    fn estimated_age(&self) -> Result<Option<u8>, Refusal> {
        let age = self.age.as_deref().map(str::trim).filter(|age| !age.is_empty());
        match age.map(str::parse::<u8>) {
            None => Ok(None),
            Some(Ok(age)) if age <= OLDEST => Ok(Some(age)),
            Some(_) => Err(Refusal::at("age", "age", "An estimated age is a number of years, such as 40.")),
        }
    }

    /// What registers them: a temporary name and a number of the block for people whom nobody could ask.
    async fn registered(
        &self,
        reading: &Reading,
        given: Option<HospitalNumber>,
        now: Moment,
    ) -> Result<Draft, TransactError<Refusal>> {
        let estimated_age = self.estimated_age().map_err(TransactError::Refused)?;
        let (numbers, counter, assertions) = numbers::given_or_taken(reading, given, Block::Emergency, now).await?;
        let mut changes: Vec<Change> = counter.into_iter().collect();
        for number in &numbers {
            let given = temporary_name(digits_of(number));
            let person = UnknownPerson { given, gender: self.gender, estimated_age };
            let text = unknown_patient(&self.patient, &person, number);
            changes.push(draft::put(Key::new("Patient", self.patient.as_str()), text.as_bytes())?);
        }
        Ok(Draft { changes, assertions })
    }
}

impl ExpectAmbulance {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let department = places::place(reading, &self.department).await?;
        let place = place_in(reading, self.place.as_deref(), &self.department).await?;
        let described = self.decide(department.as_ref(), place.as_ref(), now).map_err(TransactError::Refused)?;
        let words = line(self.complaint.as_deref(), "complaint").map_err(TransactError::Refused)?;
        let at = place.as_ref().map_or(self.department.as_str(), |place| place.id.as_str());
        let text = blank(&self.attendance, &self.department);
        let mode = fhir::write::extension(ARRIVAL_MODE, "valueCode", &quoted(Mode::Ambulance.code()));
        let edit = Edit::new(parsed(text.as_bytes())?, Key::new("Encounter", self.attendance.as_str()));
        let reason = complaint(edit.root(), words.as_deref());
        let edit = edit
            .member("subject", Object::new().text("display", described).done())
            .member("period", Object::new().text("start", self.due.to_string()).done())
            .member("location", array([entry(at, "planned", None, None)]))
            .member_if("reasonCode", reason)
            .extension(ARRIVAL_MODE, mode);
        Ok(Draft { changes: vec![edit.put(false)?], assertions: Vec::new() })
    }

    fn decide(&self, department: Option<&Place>, place: Option<&Place>, now: Moment) -> Result<String, Refusal> {
        check_department(department)?;
        if self.place.is_some() && place.is_none() {
            return Err(no_place());
        }
        if self.due < now || self.due.0 > now.0 + LONGEST_AHEAD_MS {
            let sentence =
                "Say when the ambulance is due: a time in the next 12 hours. If it is here, book the patient in.";
            return Err(Refusal::at("not-due", "due", sentence));
        }
        let described = line(self.described.as_deref(), "described")?;
        described.ok_or_else(|| Refusal::at("no-description", "described", "Say whom it brings, such as 71y Male."))
    }
}

fn check_department(department: Option<&Place>) -> Result<(), Refusal> {
    let is_department = department.is_some_and(|place| place.is_active && place.kind == PlaceKind::EmergencyDepartment);
    match is_department {
        true => Ok(()),
        false => Err(Refusal::at("no-department", "department", "There is no such emergency department.")),
    }
}

fn no_place() -> Refusal {
    Refusal::at("no-place", "place", "There is no such place in the department. Choose another.")
}

/// The place of an id, when it is in use and in the department.
pub(super) async fn place_in(
    reading: &Reading,
    id: Option<&str>,
    department: &str,
) -> Result<Option<Place>, TransactError<Refusal>> {
    let Some(id) = id else { return Ok(None) };
    let Some(place) = places::place(reading, id).await?.filter(|place| place.is_active) else { return Ok(None) };
    Ok(is_within(reading, &place, department).await?.then_some(place))
}

/// Where somebody really is: in the place, or beside it when it is for one and somebody has it.
async fn free_place(
    reading: &Reading,
    place: Option<&Place>,
    attendance: &str,
) -> Result<Option<String>, TransactError<Refusal>> {
    let Some(place) = place else { return Ok(None) };
    let is_taken = place.kind.holds_one() && !crate::stays::occupants(reading, &place.id, attendance).await?.is_empty();
    Ok(if is_taken { place.part_of.clone() } else { Some(place.id.clone()) })
}

/// An attendance before anything was said of it.
fn blank(id: &str, department: &str) -> String {
    let whose = reference(&format!("Location/{department}"), None);
    Object::resource("Encounter", id)
        .json("extension", array([fhir::write::extension(DEPARTMENT, "valueReference", &whose)]))
        .text("status", "planned")
        .json("class", coding(CLASS, EMERGENCY, Some("emergency")))
        .done()
}

fn parsed(text: &[u8]) -> Result<Document<'_>, TransactError<Refusal>> {
    let parsed = Document::parse(text, &Limits::default());
    Ok(parsed
        .map_err(|fault| record::Problem::Damaged { what: format!("an Encounter is unreadable: {}", fault.message) })?)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, ago, check, here, left, place};
    use super::*;

    fn arrive(who: Whose, mode: Option<Mode>) -> Arrive {
        let (attendance, department) = ("a-2".to_owned(), "ed".to_owned());
        Arrive { attendance, who, department, place: None, at: NOW, mode, complaint: None }
    }

    fn facts<'f>(department: &'f Place, open: &'f [Attendance]) -> Facts<'f> {
        Facts { announced: None, department: Some(department), place: None, open }
    }

    #[test]
    fn an_arrival_needs_no_place_and_no_name_only_how_they_came() {
        let department = place("ed", PlaceKind::EmergencyDepartment);
        let known = Whose::Known("p-1".into());
        check(arrive(known.clone(), Some(Mode::OnFoot)).decide(&facts(&department, &[]), NOW), None);
        let unknown = Whose::Unknown(Newcomer { patient: "p-9".into(), ..Newcomer::default() });
        check(arrive(unknown, Some(Mode::Ambulance)).decide(&facts(&department, &[]), NOW), None);
        check(arrive(known.clone(), None).decide(&facts(&department, &[]), NOW), Some("no-mode"));
        let ward = place("ed", PlaceKind::Ward);
        check(arrive(known.clone(), Some(Mode::OnFoot)).decide(&facts(&ward, &[]), NOW), Some("no-department"));
        let twice = [here()];
        check(arrive(known, Some(Mode::OnFoot)).decide(&facts(&department, &twice), NOW), Some("here-already"));
    }

    #[test]
    fn an_age_is_a_number_of_years_or_nothing() {
        let age = |typed: &str| Newcomer { age: Some(typed.to_owned()), ..Newcomer::default() }.estimated_age();
        assert_eq!((age("").ok(), age(" 40 ").ok()), (Some(None), Some(Some(40))));
        for typed in ["old", "121", "-1"] {
            check(age(typed), Some("age"));
        }
    }

    #[test]
    fn who_was_announced_arrives_once() {
        let department = place("ed", PlaceKind::EmergencyDepartment);
        let mut announced = here();
        announced.stay.state = StayState::Expected;
        let arrive = arrive(Whose::Known("p-1".into()), Some(Mode::Ambulance));
        for (announced, code) in
            [(announced, None), (here(), Some("arrived-already")), (left(), Some("arrived-already"))]
        {
            check(arrive.decide(&Facts { announced: Some(&announced), ..facts(&department, &[]) }, NOW), code);
        }
    }

    #[test]
    fn an_ambulance_is_announced_with_whom_and_when() {
        let department = place("ed", PlaceKind::EmergencyDepartment);
        let expect = |due, described: &str| ExpectAmbulance {
            attendance: "a".into(),
            department: "ed".into(),
            due,
            described: Some(described.to_owned()),
            complaint: None,
            place: None,
        };
        let soon = Moment(NOW.0 + 480_000);
        check(expect(soon, "71y Male").decide(Some(&department), None, NOW), None);
        check(expect(ago(1), "71y Male").decide(Some(&department), None, NOW), Some("not-due"));
        check(expect(soon, " ").decide(Some(&department), None, NOW), Some("no-description"));
        check(expect(soon, "71y Male").decide(None, None, NOW), Some("no-department"));
    }
}
