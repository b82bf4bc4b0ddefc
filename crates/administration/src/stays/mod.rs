//! Stays: hospital provider spells from admission to discharge, as FHIR `Encounter` of class inpatient, with the places
//! and consultants of the patient in it.
//!
//! | what | where in Encounter (R4, encounter.html) |
//! | --- | --- |
//! | expected, present, on leave, discharged, cancelled | `status`: planned, in-progress (arrived, triaged), onleave, finished, cancelled |
//! | places, oldest first | `location`: `reserved` is a bed kept for them, `active` where they are |
//! | consultants, oldest first | `participant` of type ATND (v3-ParticipationType) with their period |
//! | treatment function | `serviceType` |
//! | method of admission and of discharge | UK Core extensions AdmissionMethod and DischargeMethod |
//! | source and destination | `hospitalization.admitSource`, `hospitalization.dischargeDisposition` |
//! | expected day of discharge | extension `Encounter.plannedEndDate` of R5 |
//! | the plan of the discharge | extension `urn:almoner:discharge-plan` (`plan.rs`) |
//! | the bed was somebody else's when they came | `meta.tag` of system `urn:almoner:stay`, code `no-bed-yet` |
//!
//! A patient who has arrived is never refused: whoever claims a bed that is taken gets the tag, is shown as *no bed yet*
//! and counted until somebody places them (`owner.rs`).

mod admit;
mod gather;
mod move_to_bed;
mod plan;
mod rows;
pub mod timeline;
mod write;

use fhir::Node;
use fhir::read::{codings, extension, id_of, items, reference, text, when};
use terms::PartialDate;

pub use admit::Admit;
pub(crate) use gather::occupants;
pub use gather::{in_ward, open_stays_of, stay};
pub use move_to_bed::{MoveToBed, Then};
pub use plan::{DISCHARGE_PLAN, DelayReason, DischargePlan, Leaving, Pathway, SetDischargePlan};
pub use rows::stay_rows;
pub(crate) use rows::{AT, RESERVED, live_claims};
pub(crate) use write::{tagged, untagged};

/// The class of inpatients (v3-ActCode) and those that stand for the same.
const INPATIENT: [&str; 4] = ["IMP", "ACUTE", "NONAC", "SS"];
/// HL7's code system of classes of encounters.
pub const CLASS: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
/// HL7's code system of kinds of participation.
pub(crate) const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
/// The expected end of an encounter, as R5 has it.
pub const EXPECTED_END: &str = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate";
/// UK Core: method of admission.
pub const ADMISSION_METHOD: &str = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AdmissionMethod";
/// UK Core: the code system of methods of admission.
pub const ADMISSION_METHOD_CODES: &str = "https://fhir.hl7.org.uk/CodeSystem/UKCore-AdmissionMethod";
/// The NHS Data Dictionary's treatment functions.
pub const TREATMENT_FUNCTION_CODES: &str = "https://fhir.hl7.org.uk/CodeSystem/UKCore-TreatmentFunction";
/// The tag system of stays.
pub(crate) const STAY_TAG: &str = "urn:almoner:stay";
/// The tag of a stay whose bed was taken.
pub(crate) const NO_BED_YET: &str = "no-bed-yet";

/// How far a stay has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StayState {
    /// Decided, not begun: a TCI or a bed request.
    Expected,
    /// In the hospital.
    Present,
    /// Away with leave; the bed may be kept.
    OnLeave,
    /// Ended.
    Discharged,
    /// Did not come about.
    Cancelled,
    /// Recorded by mistake.
    Mistaken,
}

/// What a place is to a stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlaceUse {
    /// It is meant to be there.
    Planned,
    /// It is kept for it.
    Reserved,
    /// It is there.
    Active,
    /// It was there.
    Past,
}

/// A place of a stay, from when to when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceTime {
    /// The Location's id.
    pub place: String,
    /// What it is to the stay.
    pub is: PlaceUse,
    /// From.
    pub from: Option<PartialDate>,
    /// Until.
    pub to: Option<PartialDate>,
}

/// A consultant of a stay: an episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Care {
    /// The reference, such as `Practitioner/okafor`.
    pub who: String,
    /// What people call them.
    pub name: Option<String>,
    /// From.
    pub from: Option<PartialDate>,
    /// Until.
    pub to: Option<PartialDate>,
}

/// A stay as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The Encounter's id.
    pub id: String,
    /// The Patient's id.
    pub patient: Option<String>,
    /// Whether it is an inpatient's; others are attendances.
    pub is_inpatient: bool,
    /// How far it has come.
    pub state: StayState,
    /// When it began, or is expected to.
    pub started: Option<PartialDate>,
    /// When it ended.
    pub ended: Option<PartialDate>,
    /// Places, as recorded: oldest first.
    pub places: Vec<PlaceTime>,
    /// Consultants, oldest first.
    pub care: Vec<Care>,
    /// The treatment function's code.
    pub treatment_function: Option<String>,
    /// The method of admission's code (NHS Data Dictionary).
    pub method: Option<String>,
    /// Why they came, in words.
    pub reason: Option<String>,
    /// The expected day of discharge.
    pub expected_end: Option<PartialDate>,
    /// The plan of the discharge.
    pub plan: DischargePlan,
    /// Whether the bed they were said to be in was somebody else's.
    pub no_bed_yet: bool,
}

impl StayState {
    /// The state of an Encounter's status.
    pub fn of_status(status: &str) -> StayState {
        match status {
            "planned" => StayState::Expected,
            "arrived" | "triaged" | "in-progress" => StayState::Present,
            "onleave" => StayState::OnLeave,
            "cancelled" => StayState::Cancelled,
            "entered-in-error" | "unknown" => StayState::Mistaken,
            _ => StayState::Discharged,
        }
    }

    /// Whether somebody is in a bed, or keeps one.
    pub fn is_live(self) -> bool {
        matches!(self, StayState::Present | StayState::OnLeave)
    }
}

impl Stay {
    /// Reads an `Encounter`.
    pub fn of(encounter: Node<'_, '_>) -> Stay {
        let period = encounter.get("period");
        let class = encounter.get("class").and_then(|class| text(class, "code")).unwrap_or_default();
        let service = encounter.get("serviceType");
        Stay {
            id: text(encounter, "id").unwrap_or_default(),
            patient: id_of(encounter, "subject", "Patient"),
            is_inpatient: INPATIENT.contains(&class.as_str()),
            state: StayState::of_status(&text(encounter, "status").unwrap_or_default()),
            started: period.and_then(|period| when(period, "start")),
            ended: period.and_then(|period| when(period, "end")),
            places: items(encounter, "location").filter_map(place_time).collect(),
            care: items(encounter, "participant").filter_map(care).collect(),
            treatment_function: service.and_then(|concept| codings(concept).next()).map(|(_, code)| code),
            method: extension(encounter, ADMISSION_METHOD)
                .and_then(|of| of.get("valueCodeableConcept"))
                .and_then(|concept| codings(concept).next())
                .map(|(_, code)| code),
            reason: items(encounter, "reasonCode").find_map(fhir::read::words),
            expected_end: extension(encounter, EXPECTED_END).and_then(|of| when(of, "valueDateTime")),
            plan: DischargePlan::of(encounter),
            no_bed_yet: is_tagged(encounter),
        }
    }

    /// Where the patient is now, or last was said to be.
    pub fn place(&self) -> Option<&PlaceTime> {
        self.places.iter().rev().find(|place| place.is == PlaceUse::Active)
    }

    /// The place that is kept for them.
    pub fn reserved(&self) -> Option<&PlaceTime> {
        self.places.iter().rev().find(|place| place.is == PlaceUse::Reserved)
    }

    /// The consultant now.
    pub fn consultant(&self) -> Option<&Care> {
        self.care.iter().rev().find(|care| care.to.is_none()).or(self.care.last())
    }
}

/// Whether a stay has the tag of those without a bed.
pub(crate) fn is_tagged(encounter: Node<'_, '_>) -> bool {
    let Some(meta) = encounter.get("meta") else { return false };
    items(meta, "tag")
        .any(|tag| text(tag, "system").as_deref() == Some(STAY_TAG) && text(tag, "code").as_deref() == Some(NO_BED_YET))
}

fn place_time(entry: Node<'_, '_>) -> Option<PlaceTime> {
    let period = entry.get("period");
    let to = period.and_then(|period| when(period, "end"));
    let is = match text(entry, "status").as_deref() {
        Some("planned") => PlaceUse::Planned,
        Some("reserved") => PlaceUse::Reserved,
        Some("completed") => PlaceUse::Past,
        Some(_) => PlaceUse::Active,
        // Without a status the end of its period says it (encounter.html: status is optional).
        None if to.is_some() => PlaceUse::Past,
        None => PlaceUse::Active,
    };
    let from = period.and_then(|period| when(period, "start"));
    Some(PlaceTime { place: id_of(entry, "location", "Location")?, is, from, to })
}

fn care(participant: Node<'_, '_>) -> Option<Care> {
    let is_attending = items(participant, "type").any(|kind| fhir::read::has_code(kind, &["ATND", "PPRF"]));
    if !is_attending {
        return None;
    }
    let period = participant.get("period");
    Some(Care {
        who: reference(participant, "individual")?,
        name: participant.get("individual").and_then(|who| text(who, "display")),
        from: period.and_then(|period| when(period, "start")),
        to: period.and_then(|period| when(period, "end")),
    })
}
