//! The kinds of places as configuration needs them: their words, which may lie in which, and what FHIR calls them
//! physically (<http://terminology.hl7.org/CodeSystem/location-physical-type>).
//!
//! A flat table beside [`PlaceKind`]; knows nothing of a place in particular.

use crate::places::PlaceKind::{
    self, Area, AssessmentUnit, Bay, Bed, Chair, Corridor, Cot, CriticalCare, Cubicle, DayUnit, DischargeLounge,
    EmergencyDepartment, SideRoom, Site, TreatmentRoom, Trolley, VirtualWard, Ward,
};

/// For whom a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// Men.
    Male,
    /// Women.
    Female,
    /// Either.
    Mixed,
}

/// Kind, words, physical type.
const TABLE: [(PlaceKind, &str, &str); 18] = [
    (Site, "site", "si"),
    (Ward, "ward", "wa"),
    (EmergencyDepartment, "emergency department", "wa"),
    (DayUnit, "day unit", "wa"),
    (CriticalCare, "critical care unit", "wa"),
    (VirtualWard, "virtual ward", "wa"),
    (AssessmentUnit, "assessment unit", "wa"),
    (DischargeLounge, "discharge lounge", "area"),
    (Bay, "bay", "ro"),
    (SideRoom, "side room", "ro"),
    (Bed, "bed", "bd"),
    (Cot, "cot", "area"),
    (Trolley, "trolley", "area"),
    (Chair, "chair", "area"),
    (Corridor, "corridor", "co"),
    (TreatmentRoom, "treatment room", "area"),
    (Area, "area", "area"),
    (Cubicle, "cubicle", "area"),
];

/// Kinds of places where patients are looked after as a ward.
const WARDS: [PlaceKind; 7] =
    [Ward, EmergencyDepartment, DayUnit, CriticalCare, VirtualWard, AssessmentUnit, DischargeLounge];

/// Every kind, from the widest to the narrowest.
pub(super) fn all() -> impl Iterator<Item = PlaceKind> {
    TABLE.iter().map(|(kind, ..)| *kind)
}

/// The kind of a code, if it is one of ours.
pub(super) fn of_code(code: &str) -> Option<PlaceKind> {
    all().find(|kind| kind.code() == code)
}

/// A kind in words.
pub fn kind_words(kind: PlaceKind) -> &'static str {
    TABLE.iter().find(|(of, ..)| *of == kind).map_or("place", |(_, words, _)| words)
}

/// The code of a kind's physical type.
pub(super) fn physical_type(kind: PlaceKind) -> &'static str {
    TABLE.iter().find(|(of, ..)| *of == kind).map_or("area", |(.., code)| code)
}

/// Whether it is a ward, or what is configured like one.
pub(super) fn is_ward(kind: PlaceKind) -> bool {
    WARDS.contains(&kind)
}

/// Whether it is a place for one patient.
pub(super) fn is_for_one(kind: PlaceKind) -> bool {
    matches!(kind, Bed | Cot | Trolley | Chair | Cubicle)
}

/// Whether a place of one kind may lie in one of the other.
pub(super) fn may_lie_in(kind: PlaceKind, other: PlaceKind) -> bool {
    match kind {
        Site => false,
        kind if is_ward(kind) => other == Site,
        Bay | SideRoom => is_ward(other) || other == Area,
        Area => is_ward(other) || other == Area,
        kind if is_for_one(kind) && matches!(other, TreatmentRoom | Corridor) => true,
        _ => is_ward(other) || matches!(other, Area | Bay | SideRoom),
    }
}

impl Sex {
    /// The sex of a code.
    pub fn of_code(code: &str) -> Option<Sex> {
        [Sex::Male, Sex::Female, Sex::Mixed].into_iter().find(|sex| sex.code() == code)
    }

    /// Its code.
    pub const fn code(self) -> &'static str {
        match self {
            Sex::Male => "male",
            Sex::Female => "female",
            Sex::Mixed => "mixed",
        }
    }
}
