//! Whose a bay or side room is on this shift: the nurse who looks after whoever is in it.
//!
//! Kept in the Location beside what configuration owns, extension `urn:almoner:nurse`: a reference by identifier, as the
//! owner of a task has it (R4, references.html). Nobody is presumed: a bay that was given to nobody says so.

use fhir::Node;
use fhir::read::{extension, text};
use fhir::write::{Object, extension as extension_of, with_extensions, with_members};
use record::{Draft, Key, Reading, TransactError};

use super::{Place, PlaceKind};
use crate::draft;
use crate::refusal::Refusal;

const NURSE: &str = "urn:almoner:nurse";
/// The system of owners' plain names.
const OWNER: &str = "urn:almoner:owner";

/// A nurse of a bay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nurse {
    /// The plain name, such as `user/k.boateng`.
    pub who: String,
    /// What they are called.
    pub name: String,
}

/// Gives a bay to a nurse, or to nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetNurse {
    /// The room's Location.
    pub room: String,
    /// Whose it is from now on.
    pub nurse: Option<Nurse>,
}

impl Nurse {
    pub(super) fn of(location: Node<'_, '_>) -> Option<Nurse> {
        let reference = extension(location, NURSE)?.get("valueReference")?;
        let who = reference.get("identifier").and_then(|identifier| text(identifier, "value"))?;
        Some(Nurse { name: text(reference, "display").unwrap_or_else(|| who.clone()), who })
    }
}

impl SetNurse {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading) -> Result<Draft, TransactError<Refusal>> {
        let key = Key::new("Location", self.room.as_str());
        let version = reading.get(&key).await?.filter(|version| !version.text.is_empty());
        let version = version.ok_or_else(|| TransactError::Refused(no_room()))?;
        let document = draft::document(&version)?;
        self.decide(&Place::of(document.root())).map_err(TransactError::Refused)?;
        let nurse = self.nurse.as_ref().map(|nurse| {
            let identifier = Object::new().text("system", OWNER).text("value", &nurse.who).done();
            let reference = Object::new().json("identifier", identifier).text("display", &nurse.name).done();
            extension_of(NURSE, "valueReference", &reference)
        });
        let extensions = with_extensions(document.root(), &[(NURSE, nurse)]);
        let text = with_members(&document, &[("extension", extensions)]);
        Ok(Draft { changes: vec![draft::put(key, &text)?], assertions: Vec::new() })
    }

    fn decide(&self, room: &Place) -> Result<(), Refusal> {
        match room.kind {
            PlaceKind::Bay | PlaceKind::SideRoom => Ok(()),
            _ => Err(no_room()),
        }
    }
}

fn no_room() -> Refusal {
    Refusal::at("no-room", "room", "There is no such bay any more. Go back to the board.")
}
