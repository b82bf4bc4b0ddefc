//! People whom nobody could ask: unmistakable temporary names, an estimated age, a tag that keeps them out of every
//! match until somebody says who they are.
//!
//! Pure. A name is `UNKNOWN, Kilo Granite`: two words of two lists, so that neighbours on a list differ in both.

use fhir::Node;
use fhir::read::{extension, items, text};
use fhir::write::{Object, array, coding, extension as extension_json, quoted};

use super::numbers::HospitalNumber;
use super::write::{hospital_identifier, nhs_identifier};
use super::{Gender, NhsNumberStatus, PATIENT_TAG};

/// The family name of everybody whose name is not known.
pub const UNKNOWN: &str = "Unknown";
/// The tag's code.
pub const IDENTITY_UNKNOWN: &str = "identity-unknown";
/// Age in years as somebody estimated it.
pub const ESTIMATED_AGE: &str = "urn:almoner:estimated-age";

/// The spelling alphabet that everybody knows (ICAO Annex 10), without the two that are given names.
const FIRST: [&str; 24] = [
    "Alpha", "Bravo", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Kilo", "Lima", "Mike", "November",
    "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Whiskey", "X-ray", "Yankee", "Zulu", "Able",
];
/// Stones, metals and trees: said aloud none is taken for another, and no one of them is a family's name alone here.
const SECOND: [&str; 25] = [
    "Granite", "Copper", "Willow", "Marble", "Cedar", "Amber", "Slate", "Bronze", "Maple", "Quartz", "Nickel",
    "Juniper", "Basalt", "Silver", "Chestnut", "Topaz", "Iron", "Sycamore", "Flint", "Cobalt", "Larch", "Pewter",
    "Opal", "Hornbeam", "Zinc",
];

/// What somebody saw of a person whom nobody could ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPerson {
    /// The given name of [`temporary_name`].
    pub given: String,
    /// Sex as it looks; it is asked again when the person can answer.
    pub gender: Option<Gender>,
    /// Age in years as estimated.
    pub estimated_age: Option<u8>,
}

/// The temporary given name of the person with this number: the same number, the same name. 600 numbers in a row have
/// 600 names, and two in a row share no word.
pub fn temporary_name(number: u32) -> String {
    let first = FIRST[number as usize % FIRST.len()];
    let second = SECOND[number as usize % SECOND.len()];
    format!("{first} {second}")
}

/// The digits of a number as printed; for [`temporary_name`].
pub fn digits_of(number: &HospitalNumber) -> u32 {
    let digits: String = number.value.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// The text of an unknown person's Patient.
pub fn unknown_patient(id: &str, person: &UnknownPerson, number: &HospitalNumber) -> String {
    let name = Object::new().text("use", "temp").text("family", UNKNOWN).json("given", array([quoted(&person.given)]));
    let tag = coding(PATIENT_TAG, IDENTITY_UNKNOWN, Some("The name is temporary: nobody knows who this is"));
    let age = person.estimated_age.map(|age| extension_json(ESTIMATED_AGE, "valueInteger", &age.to_string()));
    Object::resource("Patient", id)
        .json("meta", Object::new().json("tag", array([tag])).done())
        .json_if("extension", age.map(|age| array([age])))
        .json("identifier", array([nhs_identifier(None, NhsNumberStatus::TraceRequired), hospital_identifier(number)]))
        .json("active", "true")
        .json("name", array([name.done()]))
        .text_if("gender", person.gender.map(Gender::code))
        .done()
}

/// Whether a Patient has a temporary name: nothing matches them until somebody says who they are.
pub fn is_unknown(patient: Node<'_, '_>) -> bool {
    patient.get("meta").is_some_and(|meta| {
        items(meta, "tag").any(|tag| {
            text(tag, "system").as_deref() == Some(PATIENT_TAG)
                && text(tag, "code").as_deref() == Some(IDENTITY_UNKNOWN)
        })
    })
}

/// The age that somebody estimated, in years.
pub fn estimated_age(patient: Node<'_, '_>) -> Option<u8> {
    extension(patient, ESTIMATED_AGE)?.get("valueInteger")?.raw_text().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn six_hundred_in_a_row_have_names_of_their_own_and_neighbours_share_no_word() {
        let names: Vec<String> = (900_001..900_601).map(temporary_name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 600);
        for pair in names.windows(2) {
            let words = |name: &str| name.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
            assert!(words(&pair[0]).is_disjoint(&words(&pair[1])), "{pair:?}");
        }
    }
}
