//! Places: sites, wards, bays, beds and the places where people wait, as FHIR `Location`.
//!
//! Configuration says which there are; a bed's own state (clean, vacated, closed, compromised) lies beside it in the same
//! resource. Whether a bed is occupied or reserved is not kept here: the stays say it (`stays`).
//!
//! | what | where in Location (R4, location.html) |
//! | --- | --- |
//! | kind | `type`, system `urn:almoner:place-kind` |
//! | state of a bed | `operationalStatus`, HL7 v2 table 0116: U available, H vacated, C closed, K compromised |
//! | since, why, until | extensions `urn:almoner:bed-since`, `urn:almoner:bed-reason`, `urn:almoner:bed-until` |
//! | the nurse of a bay | extension `urn:almoner:nurse` |
//! | order on the board, whose place, specialty | `urn:almoner:position`, `urn:almoner:sex-of-place`, `urn:almoner:treatment-function` |

mod bed_state;
mod gather;
mod nurse;
mod sex;

use fhir::Node;
use fhir::read::{code_in, extension_text, id_of, items, moment, text};
use terms::Moment;

pub(crate) use bed_state::mark;
pub use bed_state::{BedState, BedStatus, SetBedState};
pub use gather::{Places, Ward, place, places, ward, wards};
pub(crate) use gather::{read_all, ward_among};
pub use nurse::{Nurse, SetNurse};
pub use sex::{mixes_sexes, sex_of_place};

/// The code system of kinds of place.
pub const PLACE_KIND: &str = "urn:almoner:place-kind";
/// HL7's code system of physical types of locations.
pub const PHYSICAL_TYPE: &str = "http://terminology.hl7.org/CodeSystem/location-physical-type";
/// A place's order among its neighbours.
pub const POSITION: &str = "urn:almoner:position";
/// Whom a place is for: `male`, `female` or `mixed`.
pub const SEX_OF_PLACE: &str = "urn:almoner:sex-of-place";
/// The treatment function of a ward.
pub const TREATMENT_FUNCTION: &str = "urn:almoner:treatment-function";

/// What kind of place it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlaceKind {
    /// A hospital.
    Site,
    /// A ward.
    Ward,
    /// A ward of its own kind: the emergency department.
    EmergencyDepartment,
    /// A day unit.
    DayUnit,
    /// Critical care.
    CriticalCare,
    /// Patients at home, in the ward's care.
    VirtualWard,
    /// An assessment unit, same-day emergency care among them.
    AssessmentUnit,
    /// Where people wait for their lift.
    DischargeLounge,
    /// A room with several beds.
    Bay,
    /// A room with one bed.
    SideRoom,
    /// A bed.
    Bed,
    /// A cot beside a mother.
    Cot,
    /// A trolley.
    Trolley,
    /// A chair.
    Chair,
    /// A corridor.
    Corridor,
    /// A treatment room.
    TreatmentRoom,
    /// An area of an emergency department, such as Majors.
    Area,
    /// A cubicle of an emergency department.
    Cubicle,
    /// What other systems know and we do not.
    Other,
}

/// A place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The Location's id.
    pub id: String,
    /// What kind of place it is.
    pub kind: PlaceKind,
    /// Its name in full, such as `Heron ward, bed 12`.
    pub name: String,
    /// Its short label, such as `12`.
    pub label: String,
    /// The place that it is part of.
    pub part_of: Option<String>,
    /// Its order on the board.
    pub position: u32,
    /// Whom it is for: `male`, `female` or `mixed`.
    pub sex: Option<String>,
    /// The specialty of a ward, as a treatment function code.
    pub treatment_function: Option<String>,
    /// What a ward says of itself.
    pub description: Option<String>,
    /// Whether it is in use.
    pub is_active: bool,
    /// A bed's own state.
    pub bed: BedState,
    /// The nurse of a bay or side room on this shift.
    pub nurse: Option<Nurse>,
}

impl PlaceKind {
    const ALL: [(PlaceKind, &'static str); 18] = [
        (PlaceKind::Site, "site"),
        (PlaceKind::Ward, "ward"),
        (PlaceKind::EmergencyDepartment, "emergency-department"),
        (PlaceKind::DayUnit, "day-unit"),
        (PlaceKind::CriticalCare, "critical-care"),
        (PlaceKind::VirtualWard, "virtual-ward"),
        (PlaceKind::AssessmentUnit, "assessment-unit"),
        (PlaceKind::DischargeLounge, "discharge-lounge"),
        (PlaceKind::Bay, "bay"),
        (PlaceKind::SideRoom, "side-room"),
        (PlaceKind::Bed, "bed"),
        (PlaceKind::Cot, "cot"),
        (PlaceKind::Trolley, "trolley"),
        (PlaceKind::Chair, "chair"),
        (PlaceKind::Corridor, "corridor"),
        (PlaceKind::TreatmentRoom, "treatment-room"),
        (PlaceKind::Area, "area"),
        (PlaceKind::Cubicle, "cubicle"),
    ];

    /// The code of [`PLACE_KIND`].
    pub fn code(self) -> &'static str {
        PlaceKind::ALL.iter().find(|(kind, _)| *kind == self).map_or("other", |(_, code)| code)
    }

    /// The kind of a code.
    pub fn of_code(code: &str) -> PlaceKind {
        PlaceKind::ALL.iter().find(|(_, known)| *known == code).map_or(PlaceKind::Other, |(kind, _)| *kind)
    }

    /// Whether one patient has it alone: a bed, a cot, or a cubicle of an emergency department.
    pub fn holds_one(self) -> bool {
        self.is_bed() || self == PlaceKind::Cubicle
    }

    /// Whether a stay can last in it: a bed or a cot.
    pub fn is_bed(self) -> bool {
        matches!(self, PlaceKind::Bed | PlaceKind::Cot)
    }

    /// Whether it has a board of its own.
    pub fn is_ward(self) -> bool {
        matches!(
            self,
            PlaceKind::Ward
                | PlaceKind::DayUnit
                | PlaceKind::CriticalCare
                | PlaceKind::VirtualWard
                | PlaceKind::AssessmentUnit
                | PlaceKind::DischargeLounge
        )
    }

    /// The kind that a physical type stands for, for a Location of another system.
    fn of_physical_type(code: &str) -> PlaceKind {
        match code {
            "si" => PlaceKind::Site,
            "wa" => PlaceKind::Ward,
            "ro" => PlaceKind::Bay,
            "bd" => PlaceKind::Bed,
            "co" => PlaceKind::Corridor,
            _ => PlaceKind::Other,
        }
    }
}

impl Place {
    /// Reads a `Location`.
    pub fn of(location: Node<'_, '_>) -> Place {
        let own = items(location, "type").find_map(|concept| code_in(concept, PLACE_KIND));
        let physical = location.get("physicalType").and_then(|concept| code_in(concept, PHYSICAL_TYPE));
        let kind = match (own, physical) {
            (Some(own), _) => PlaceKind::of_code(&own),
            (None, Some(physical)) => PlaceKind::of_physical_type(&physical),
            (None, None) => PlaceKind::Other,
        };
        let id = text(location, "id").unwrap_or_default();
        let name = text(location, "name").unwrap_or_else(|| id.clone());
        let alias = items(location, "alias").find_map(|alias| alias.text().map(|text| text.into_owned()));
        Place {
            kind,
            label: alias.unwrap_or_else(|| last_word(&name)),
            name,
            part_of: id_of(location, "partOf", "Location"),
            position: extension_position(location),
            sex: extension_text(location, SEX_OF_PLACE),
            treatment_function: extension_text(location, TREATMENT_FUNCTION),
            description: text(location, "description"),
            is_active: text(location, "status").is_none_or(|status| status == "active"),
            bed: BedState::of(location),
            nurse: Nurse::of(location),
            id,
        }
    }
}

impl Place {
    /// Its name on its own ward's board: `Bay A` of `Heron ward, bay A`.
    pub fn name_in_ward(&self) -> String {
        let own = self.name.split_once(", ").map_or(self.name.as_str(), |(_, own)| own);
        let mut letters = own.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }

    /// Whether it is the same but for what changes all day: its bed's state, and its nurse.
    pub(crate) fn stands_like(&self, other: &Place) -> bool {
        *self == Place { bed: self.bed.clone(), nurse: self.nurse.clone(), ..other.clone() }
    }

    /// A ward's name with its label, such as `Heron ward (7B)`; of a place without a label of its own the name.
    pub fn title(&self) -> String {
        if self.name.ends_with(&self.label) { self.name.clone() } else { format!("{} ({})", self.name, self.label) }
    }
}

/// What a Location without a label is called in a narrow column: the end of its name.
fn last_word(name: &str) -> String {
    name.rsplit(' ').next().unwrap_or(name).to_owned()
}

fn extension_position(location: Node<'_, '_>) -> u32 {
    let value = fhir::read::extension(location, POSITION).and_then(|of| of.get("valuePositiveInt"));
    value.and_then(|value| value.number()?.parse().ok()).unwrap_or(u32::MAX)
}

/// An extension that holds an instant.
pub(crate) fn extension_moment(node: Node<'_, '_>, url: &str) -> Option<Moment> {
    fhir::read::extension(node, url).and_then(|of| moment(of, "valueDateTime"))
}
