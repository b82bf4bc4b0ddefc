//! Stays: hospital provider spells from admission to discharge, as FHIR `Encounter` of class inpatient, with the places
//! and consultants of the patient in it.
//!
//! | what | where in Encounter (R4, encounter.html) |
//! | --- | --- |
//! | expected, present, on leave, discharged, cancelled | `status`: planned, in-progress (arrived, triaged), onleave, finished, cancelled |
//! | places, oldest first | `location`: `reserved` is a bed kept for them, `active` where they are |
//! | consultants, oldest first | `participant` of type ATND (v3-ParticipationType) with their period |
//! | treatment function | `serviceType` |
//! | method of admission and of discharge | UK Core extensions AdmissionMethod (of `hospitalization`) and DischargeMethod |
//! | source and destination | `hospitalization.admitSource`, `hospitalization.dischargeDisposition` |
//! | expected day of discharge | extension `Encounter.plannedEndDate` of R5 |
//! | leave | `statusHistory`, and extensions `urn:almoner:leave` (`leave.rs`) |
//! | why men and women shared a bay | extensions `urn:almoner:mixed-sex` (`mixed.rs`) |
//! | detention under the Mental Health Act | a `Flag` of the stay (`detention.rs`) |
//! | the decision to admit, offered days | extensions `urn:almoner:decision-to-admit`, `urn:almoner:tci` (`request.rs`) |
//! | the plan of the discharge | extension `urn:almoner:discharge-plan` (`plan.rs`) |
//! | the bed was somebody else's when they came | `meta.tag` of system `urn:almoner:stay`, code `no-bed-yet` |
//! | another system began a second stay of the patient | the same system, code `second-stay` |
//! | none of the places where they are is a bed | `meta.tag` of system `urn:almoner:stay`, code `not-in-a-bed` |
//!
//! A patient who has arrived is never refused: whoever claims a bed that is taken gets the tag, is shown as *no bed yet*
//! and counted until somebody places them (`owner.rs`).

pub mod account;
mod admit;
mod after_death;
mod cancel_admission;
mod change_consultant;
pub mod codes;
mod correct_move;
mod death;
mod detained;
mod detention;
mod discharge;
mod gather;
mod hand_on;
mod leave;
mod left_elsewhere;
mod lists;
mod mixed;
mod move_to_bed;
mod owed;
mod plan;
mod request;
mod request_admission;
mod reserve_bed;
mod returns;
mod rows;
mod set_tci;
pub mod timeline;
mod why_mixed;
mod write;

use fhir::Node;
use fhir::read::{codings, extension, id_of, items, reference, text, when};
use terms::{Date, Moment, PartialDate, local_date};

use crate::places::{PlaceKind, TREATMENT_FUNCTION};

pub use admit::Admit;
pub(crate) use after_death::tells_of_detention;
pub use after_death::{Stopped, stopped_by_death};
pub use cancel_admission::{CancelAdmission, Then as AfterCancelling};
pub use change_consultant::ChangeConsultant;
pub use correct_move::{CancelMove, CorrectMove};
pub(crate) use death::has_died;
pub use death::{Death, NotDead, REPORTED_DEATH, reported_death};
pub use detained::AfterLeaving;
pub(crate) use detention::HIDDEN as DETENTION_LABEL;
pub use detention::{
    Detain, Detention, ENDS as DETENTION_ENDS, EndDetention, LEGAL_STATUS, SECTIONS, Section, detentions_of,
};
pub use discharge::Discharge;
pub(crate) use gather::{each_somewhere, holders, occupants};
pub use gather::{in_ward, of_consultant, open_stays_of, stay};
pub use hand_on::{HandOn, NewOwner};
pub use leave::{Away, Leave, Return};
pub use left_elsewhere::with_owners;
pub use lists::{bed_requests, expected_stays_of, to_come_in, to_rebook};
pub use mixed::{Breach, MixedReason, REASONS as MIXED_REASONS, SayWhyMixed, breaches_since};
pub(crate) use move_to_bed::located;
pub use move_to_bed::{MoveToBed, Then};
pub use owed::{Owed, OwedKind, still_owed};
pub use plan::{DISCHARGE_PLAN, DelayReason, DischargePlan, Leaving, Pathway, SetDischargePlan};
pub use request::{NEEDS, Offer, OfferEnd, REBOOK_DAYS, Request};
pub use request_admission::RequestAdmission;
pub use reserve_bed::{ReleaseBed, ReserveBed};
pub use returns::{Classification, Taken, mixed_sex};
pub(crate) use rows::{AT, EXPECTED_STAY, OPEN_APPOINTMENT, OPEN_STAY, RESERVED, held_places, live_claims};
pub use rows::{OPEN_VISIT, stay_rows};
pub use set_tci::SetTci;
pub use why_mixed::{Bay, bay_with};
pub(crate) use write::{NO_BED_YET, NOT_IN_A_BED, SECOND_STAY, arrivals, entry, locations, retagged, with};

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
/// UK Core: method of discharge.
pub const DISCHARGE_METHOD: &str = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DischargeMethod";
/// UK Core: the code system of methods of discharge.
pub const DISCHARGE_METHOD_CODES: &str = "https://fhir.hl7.org.uk/CodeSystem/UKCore-DischargeMethodEngland";
/// UK Core: the code system of destinations of discharge.
pub const DESTINATION_CODES: &str = "https://fhir.hl7.org.uk/CodeSystem/UKCore-DischargeDestinationEngland";
/// The NHS Data Dictionary's treatment functions.
pub const TREATMENT_FUNCTION_CODES: &str = "https://fhir.hl7.org.uk/CodeSystem/UKCore-TreatmentFunction";
/// Digits of a treatment function's code.
const FUNCTION_DIGITS: usize = 3;
/// The tag system of stays.
pub(crate) const STAY_TAG: &str = "urn:almoner:stay";

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
    /// The treatment function of the episode, when it was said for it.
    pub treatment_function: Option<String>,
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
    /// The treatment function in words: the team.
    pub team: Option<String>,
    /// The method of admission's code (NHS Data Dictionary).
    pub method: Option<String>,
    /// The clinical priority's code, such as `P2`.
    pub priority: Option<String>,
    /// The attendance in which it was decided: an Encounter's id.
    pub attendance: Option<String>,
    /// The decision to admit and the days that were offered.
    pub request: Request,
    /// Times away with leave, oldest first.
    pub leaves: Vec<Away>,
    /// What was said of why they shared a bay with the other sex.
    pub mixed: Vec<mixed::Said>,
    /// The method of discharge's code.
    pub discharge_method: Option<String>,
    /// The destination of discharge's code.
    pub destination: Option<String>,
    /// Why they came, in words.
    pub reason: Option<String>,
    /// The expected day of discharge.
    pub expected_end: Option<PartialDate>,
    /// The plan of the discharge.
    pub plan: DischargePlan,
    /// Whether the bed they were said to be in was somebody else's.
    pub no_bed_yet: bool,
    /// Whether the patient had another live stay when another system began this one.
    pub is_second: bool,
    /// Whether they are in a place that is no bed, such as a trolley or a corridor.
    pub not_in_a_bed: bool,
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
    /// Whether they need no bed in a ward of a kind: they wait for their lift in a lounge and no bed is kept for them, are at
    /// home on a virtual ward, or came to a day unit for a day. Whoever else is put there has none, and waits for one.
    pub fn needs_no_bed(&self, ward: PlaceKind) -> bool {
        let is_for_the_day = || matches!(self.request.intended.as_deref(), Some("2" | "4"));
        match ward {
            PlaceKind::DischargeLounge => self.reserved().is_none(),
            PlaceKind::VirtualWard => true,
            PlaceKind::DayUnit => is_for_the_day(),
            _ => false,
        }
    }

    /// Reads an `Encounter`.
    pub fn of(encounter: Node<'_, '_>) -> Stay {
        let period = encounter.get("period");
        let class = encounter.get("class").and_then(|class| text(class, "code")).unwrap_or_default();
        let service = encounter.get("serviceType");
        let hospitalization = encounter.get("hospitalization");
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
            team: service.and_then(fhir::read::words),
            // Older texts of ours and other systems have it at the Encounter itself.
            method: hospitalization
                .and_then(|of| extension(of, ADMISSION_METHOD))
                .or_else(|| extension(encounter, ADMISSION_METHOD))
                .and_then(concept_code),
            priority: encounter.get("priority").and_then(|concept| codings(concept).next()).map(|(_, code)| code),
            attendance: id_of(encounter, "partOf", "Encounter"),
            request: Request::of(encounter),
            leaves: leave::leaves_of(encounter),
            mixed: mixed::said_of(encounter),
            discharge_method: extension(encounter, DISCHARGE_METHOD).and_then(concept_code),
            destination: hospitalization
                .and_then(|of| of.get("dischargeDisposition"))
                .and_then(|concept| codings(concept).next())
                .map(|(_, code)| code),
            reason: items(encounter, "reasonCode").find_map(fhir::read::words),
            expected_end: extension(encounter, EXPECTED_END).and_then(|of| when(of, "valueDateTime")),
            plan: DischargePlan::of(encounter),
            no_bed_yet: is_tagged(encounter, NO_BED_YET),
            is_second: is_tagged(encounter, SECOND_STAY),
            not_in_a_bed: is_tagged(encounter, NOT_IN_A_BED),
        }
    }

    /// When the stay begins of somebody who comes to a ward at a moment. The spell begins when a consultant, nurse or midwife
    /// takes responsibility after the decision to admit, which may be before the patient is on a ward (NHS Data Dictionary,
    /// Hospital Provider Spell): who waited in the emergency department is the team's since the decision.
    pub fn begins(&self, on_ward: Moment) -> Moment {
        let decided = self.request.decided.as_ref().filter(|_| self.attendance.is_some());
        decided.map_or(on_ward, |decided| decided.lower().min(on_ward))
    }

    /// Where the patient is now, or last was said to be.
    pub fn place(&self) -> Option<&PlaceTime> {
        self.places.iter().rev().find(|place| place.is == PlaceUse::Active)
    }

    /// The place that is kept for them.
    pub fn reserved(&self) -> Option<&PlaceTime> {
        self.places.iter().rev().find(|place| place.is == PlaceUse::Reserved)
    }

    /// Whether it was asked for as an emergency.
    pub fn is_emergency(&self) -> bool {
        self.method.as_deref().is_some_and(codes::is_emergency)
    }

    /// The ward or place that an expected stay is meant for.
    pub fn wanted(&self) -> Option<&PlaceTime> {
        self.places.iter().rev().find(|place| place.is == PlaceUse::Planned)
    }

    /// The local day of admission, or of what is expected.
    pub fn first_day(&self) -> Option<Date> {
        self.started.as_ref().map(|at| local_date(at.lower()))
    }

    /// The treatment function under which the patient is now: that of the consultant's episode, else the stay's. A service that
    /// another system names by a code of its own is none.
    pub fn specialty(&self) -> Option<&str> {
        let function = self.consultant().and_then(|care| care.treatment_function.as_deref());
        let is_function = |code: &&str| code.len() == FUNCTION_DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
        function.or(self.treatment_function.as_deref()).filter(is_function)
    }

    /// The consultant now.
    pub fn consultant(&self) -> Option<&Care> {
        self.care.iter().rev().find(|care| care.to.is_none()).or(self.care.last())
    }
}

/// Whether an Encounter is an inpatient stay.
pub fn is_stay(encounter: Node<'_, '_>) -> bool {
    let class = encounter.get("class").and_then(|class| text(class, "code"));
    class.is_some_and(|class| INPATIENT.contains(&class.as_str()))
}

/// Whether a stay has a tag of ours.
pub(crate) fn is_tagged(encounter: Node<'_, '_>, code: &str) -> bool {
    let Some(meta) = encounter.get("meta") else { return false };
    items(meta, "tag")
        .any(|tag| text(tag, "system").as_deref() == Some(STAY_TAG) && text(tag, "code").as_deref() == Some(code))
}

/// The first code of an extension that holds a concept.
fn concept_code(of: Node<'_, '_>) -> Option<String> {
    codings(of.get("valueCodeableConcept")?).next().map(|(_, code)| code)
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
        treatment_function: fhir::read::extension_text(participant, TREATMENT_FUNCTION),
        from: period.and_then(|period| when(period, "start")),
        to: period.and_then(|period| when(period, "end")),
    })
}
