//! The account of downtimes for its page, with who the forms were about; and what the paper of a downtime shows: wards,
//! admissions of today and tomorrow, the emergency department, appointments of tomorrow, open numbers.
//!
//! Reads and puts together; the sums are `administration::downtime`'s.

use std::collections::{BTreeMap, BTreeSet};

use administration::boards::all_boards;
use administration::downtime::{Account, Number, account};
use administration::places::{Place, PlaceKind, wards};
use administration::stays::Stay;
use fhir::read::{id_of, items, text, when, words_at};
use fhir::search::{Condition, Surroundings, parse};
use fhir::{Document, Limits};
use record::{Clause, Key, Problem, Reading, Select};
use terms::{Moment, PartialDate, local_date};

use super::people::{Named, people};
use super::{admissions, emergency, ward};

/// Most appointments of a day.
const MOST_APPOINTMENTS: usize = 5_000;
/// States of an appointment that is to come (R4, valueset-appointmentstatus.html).
const TO_COME: [&str; 4] = ["proposed", "pending", "booked", "waitlist"];

/// Everything of the page.
pub(crate) struct Gathered {
    pub(crate) account: Account,
    /// Who each number was used for: the Patient's id, by what it was used for.
    pub(crate) patients: BTreeMap<String, String>,
    pub(crate) people: BTreeMap<String, Named>,
    /// Who can be given numbers: wards and departments in use.
    pub(crate) places: Vec<Place>,
}

/// An appointment of a list.
pub(crate) struct Booked {
    pub(crate) at: Option<PartialDate>,
    pub(crate) patient: Option<String>,
    pub(crate) what: String,
    pub(crate) place: Option<String>,
}

/// What the sheets of a pack show, at one snapshot.
pub(crate) struct OnPaper {
    pub(crate) wards: Vec<ward::Gathered>,
    pub(crate) admissions: admissions::Gathered,
    pub(crate) departments: Vec<emergency::Board>,
    /// None for a trust without any.
    pub(crate) appointments: Vec<Booked>,
    /// Who is booked.
    pub(crate) booked: BTreeMap<String, admissions::Person>,
    pub(crate) open: Vec<Number>,
}

/// Reads everything of the page.
pub(crate) async fn gather(reading: &Reading, now: Moment) -> Result<Gathered, Problem> {
    let account = account(reading).await?;
    let patients = patients_of(reading, &account.used).await?;
    let ids: BTreeSet<String> = patients.values().cloned().collect();
    let people = people(reading, &ids, now).await?;
    Ok(Gathered { account, patients, people, places: wards(reading).await? })
}

/// Who the patients are of what numbers were used for.
async fn patients_of(reading: &Reading, used: &[Number]) -> Result<BTreeMap<String, String>, Problem> {
    let all: BTreeSet<&String> = used.iter().flat_map(|number| &number.used_for).collect();
    let mut patients = BTreeMap::new();
    let mut stays = Vec::new();
    for one in all {
        match one.split_once('/') {
            Some(("Patient", id)) => {
                patients.insert(one.clone(), id.to_owned());
            }
            Some(("Encounter", id)) => stays.push(Key::new("Encounter", id)),
            _ => {}
        }
    }
    for version in reading.get_many(&stays).await? {
        let Ok(document) = Document::parse(&version.text, &Limits::default()) else { continue };
        if let Some(patient) = Stay::of(document.root()).patient {
            patients.insert(version.key.to_string(), patient);
        }
    }
    Ok(patients)
}

/// Reads what the sheets show.
pub(crate) async fn on_paper(reading: &Reading, is_clinical: bool, now: Moment) -> Result<OnPaper, Problem> {
    let (mut boards, mut departments) = (Vec::new(), Vec::new());
    for place in wards(reading).await? {
        if place.kind == PlaceKind::EmergencyDepartment {
            departments.extend(emergency::board(reading, &place.id, is_clinical, now).await?);
        } else {
            boards.extend(ward::board(reading, &place.id, is_clinical, now).await?);
        }
    }
    let appointments = appointments(reading, now).await?;
    let ids: BTreeSet<String> = appointments.iter().filter_map(|booked| booked.patient.clone()).collect();
    let ids: Vec<String> = ids.into_iter().collect();
    Ok(OnPaper {
        wards: boards,
        admissions: admissions::gather(reading, all_boards(reading, now).await?, is_clinical, now).await?,
        departments,
        booked: admissions::people(reading, &ids, is_clinical, now).await?,
        appointments,
        open: account(reading).await?.open,
    })
}

/// The appointments of tomorrow that were not cancelled, the earliest first.
async fn appointments(reading: &Reading, now: Moment) -> Result<Vec<Booked>, Problem> {
    let day = local_date(now).tomorrow().unwrap_or_else(|_| local_date(now)).to_string();
    let Ok(Condition::Any(spans)) = parse("Appointment", "date", &day, &Surroundings::default()) else {
        return Ok(Vec::new());
    };
    let mut select = Select::of("Appointment").with(Clause::Any(spans)).limit(500);
    let mut booked = Vec::new();
    loop {
        let page = reading.select(&select).await?;
        for version in &page.versions {
            let Ok(document) = Document::parse(&version.text, &Limits::default()) else { continue };
            booked.extend(Booked::of(document.root()));
        }
        match page.next {
            Some(next) if booked.len() < MOST_APPOINTMENTS => select.after = Some(next),
            // A list that leaves somebody out would look whole.
            Some(_) => return Err(Problem::TooCostly),
            None => break,
        }
    }
    booked.sort_by_key(|booked| booked.at.as_ref().map(PartialDate::lower));
    Ok(booked)
}

impl Booked {
    fn of(appointment: fhir::Node<'_, '_>) -> Option<Booked> {
        let status = text(appointment, "status").unwrap_or_default();
        if !TO_COME.contains(&status.as_str()) {
            return None;
        }
        let actors = || items(appointment, "participant").filter_map(|participant| participant.get("actor"));
        let place = actors().find(|actor| is_place(*actor));
        let what = ["serviceType", "specialty", "appointmentType", "reasonCode"];
        Some(Booked {
            at: when(appointment, "start"),
            patient: items(appointment, "participant").find_map(|participant| id_of(participant, "actor", "Patient")),
            what: what
                .iter()
                .find_map(|member| words_at(appointment, member))
                .or_else(|| text(appointment, "description"))
                .unwrap_or_else(|| "Appointment".into()),
            place: place.and_then(|place| text(place, "display")),
        })
    }
}

/// Whether a participant is a place or a service, and no person.
fn is_place(actor: fhir::Node<'_, '_>) -> bool {
    let to = text(actor, "reference").unwrap_or_default();
    to.starts_with("Location/") || to.starts_with("HealthcareService/")
}
