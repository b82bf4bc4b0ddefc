//! Who the patient is, from the Patient resource: one name to show, numbers, address, contacts, death.
//!
//! Chooses among what is recorded and never guesses: what is missing stays `None` and is printed as *Not known*.

use fhir::Node;

use crate::directory::Directory;
use crate::read::{Source, any_has_code, at, has_code, items, text, when, words, words_at};
use terms::PartialDate;

/// The system of NHS numbers.
const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";
/// UK Core's extension for the status of an NHS number.
const NHS_NUMBER_STATUS: &str =
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus";

/// Who the patient is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The Patient resource.
    pub source: Source,
    /// Family name.
    pub family: Option<String>,
    /// Given names, in order.
    pub given: Vec<String>,
    /// Title.
    pub title: Option<String>,
    /// What the person likes to be called, when it differs from the first given name.
    pub preferred: Option<String>,
    /// Date of birth.
    pub born: Option<PartialDate>,
    /// Gender as recorded, in words.
    pub gender: Option<String>,
    /// The NHS number's ten digits as recorded.
    pub nhs_number: Option<String>,
    /// The status of the NHS number, in words, when recorded.
    pub nhs_number_status: Option<String>,
    /// Hospital numbers: the number and who gave it, when known.
    pub hospital_numbers: Vec<HospitalNumber>,
    /// The usual address, line by line, the postcode last.
    pub address: Vec<String>,
    /// Phones and email: label and value.
    pub contacts: Vec<(String, String)>,
    /// Next of kin and other contacts.
    pub kin: Vec<Kin>,
    /// The general practitioner or practice.
    pub gp: Option<String>,
    /// That the patient has died.
    pub died: Option<Death>,
}

/// A number that a hospital gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HospitalNumber {
    /// The number as recorded.
    pub value: String,
    /// Who gave it.
    pub assigner: Option<String>,
}

/// A person to contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kin {
    /// The name.
    pub name: String,
    /// The relationship, in words.
    pub relationship: Option<String>,
    /// A phone number.
    pub phone: Option<String>,
}

/// That a patient has died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// When, if recorded.
    pub on: Option<PartialDate>,
}

/// Reads a Patient resource.
pub(crate) fn identity(patient: Node<'_, '_>, directory: &Directory) -> Identity {
    let name = shown_name(patient);
    let given: Vec<String> = name.map(|name| strings(name, "given")).unwrap_or_default();
    Identity {
        source: Source::of(patient),
        family: name.and_then(|name| text(name, "family")),
        title: name.and_then(|name| strings(name, "prefix").into_iter().next()),
        preferred: preferred(patient, given.first()),
        given,
        born: born(patient),
        gender: gender(patient),
        nhs_number: nhs_identifier(patient).and_then(|identifier| text(identifier, "value")),
        nhs_number_status: nhs_identifier(patient).and_then(nhs_status),
        hospital_numbers: hospital_numbers(patient),
        address: address(patient),
        contacts: contacts(patient),
        kin: items(patient, "contact").filter_map(kin).collect(),
        gp: directory.name(patient, "generalPractitioner"),
        died: died(patient),
    }
}

fn strings(node: Node<'_, '_>, name: &str) -> Vec<String> {
    items(node, name).filter_map(|item| item.text()).map(|text| text.into_owned()).collect()
}

/// The name to show: official, else usual, else the first that is neither old, maiden, temporary nor a nickname.
fn shown_name<'d, 't>(patient: Node<'d, 't>) -> Option<Node<'d, 't>> {
    let names = || items(patient, "name").filter(|name| at(*name, &["period", "end"]).is_none());
    let of_use = |wanted: &str| names().find(|name| text(*name, "use").as_deref() == Some(wanted));
    let aside = ["old", "maiden", "temp", "nickname", "anonymous"];
    let other = || names().find(|name| text(*name, "use").is_none_or(|used| !aside.contains(&used.as_str())));
    of_use("official").or_else(|| of_use("usual")).or_else(other).or_else(|| items(patient, "name").next())
}

/// The nickname, else the given name of the usual name, when it is not simply the first given name.
fn preferred(patient: Node<'_, '_>, first_given: Option<&String>) -> Option<String> {
    let given = |wanted: &str| {
        let name = items(patient, "name").find(|name| text(*name, "use").as_deref() == Some(wanted))?;
        strings(name, "given").into_iter().next().or_else(|| text(name, "text"))
    };
    given("nickname").or_else(|| given("usual")).filter(|preferred| Some(preferred) != first_given)
}

/// The date of birth, with its time where the birth-time extension gives it.
fn born(patient: Node<'_, '_>) -> Option<PartialDate> {
    let timed = || {
        let extension = items(patient.get("_birthDate")?, "extension")
            .find(|extension| text(*extension, "url").is_some_and(|url| url.ends_with("/patient-birthTime")))?;
        when(extension, "valueDateTime")
    };
    timed().or_else(|| when(patient, "birthDate"))
}

fn gender(patient: Node<'_, '_>) -> Option<String> {
    match text(patient, "gender")?.as_str() {
        "male" => Some("Male".into()),
        "female" => Some("Female".into()),
        "other" => Some("Other".into()),
        _ => None,
    }
}

fn nhs_identifier<'d, 't>(patient: Node<'d, 't>) -> Option<Node<'d, 't>> {
    items(patient, "identifier").find(|identifier| text(*identifier, "system").as_deref() == Some(NHS_NUMBER))
}

fn nhs_status(identifier: Node<'_, '_>) -> Option<String> {
    let extension = items(identifier, "extension")
        .find(|extension| text(*extension, "url").as_deref() == Some(NHS_NUMBER_STATUS))?;
    words(extension.get("valueCodeableConcept")?)
}

/// Identifiers typed as medical record numbers (`MR` of HL7 table 0203).
fn hospital_numbers(patient: Node<'_, '_>) -> Vec<HospitalNumber> {
    items(patient, "identifier")
        .filter(|identifier| identifier.get("type").is_some_and(|kind| has_code(kind, &["MR"])))
        .filter(|identifier| text(*identifier, "use").as_deref() != Some("old"))
        .filter_map(|identifier| {
            let assigner = identifier.get("assigner").and_then(|assigner| text(assigner, "display"));
            Some(HospitalNumber { value: text(identifier, "value")?, assigner })
        })
        .collect()
}

/// The home address in force, else the first in force.
fn address(patient: Node<'_, '_>) -> Vec<String> {
    let in_force = || {
        items(patient, "address").filter(|address| {
            text(*address, "use").as_deref() != Some("old") && at(*address, &["period", "end"]).is_none()
        })
    };
    let home = in_force().find(|address| text(*address, "use").as_deref() == Some("home"));
    let Some(address) = home.or_else(|| in_force().next()) else { return Vec::new() };
    let mut lines = strings(address, "line");
    for part in ["city", "district", "state", "postalCode"] {
        lines.extend(text(address, part).filter(|part| !lines.contains(part)));
    }
    if lines.is_empty() { text(address, "text").into_iter().collect() } else { lines }
}

fn contacts(patient: Node<'_, '_>) -> Vec<(String, String)> {
    items(patient, "telecom")
        .filter(|telecom| text(*telecom, "use").as_deref() != Some("old"))
        .filter_map(|telecom| {
            let label = match (text(telecom, "system")?.as_str(), text(telecom, "use").as_deref()) {
                ("phone", Some("mobile")) => "Mobile",
                ("phone", Some("work")) => "Work",
                ("phone", _) => "Home",
                ("email", _) => "Email",
                ("sms", _) => "Texts",
                _ => return None,
            };
            Some((label.to_owned(), text(telecom, "value")?))
        })
        .collect()
}

fn kin(contact: Node<'_, '_>) -> Option<Kin> {
    let name = contact.get("name")?;
    let parts = || {
        let mut parts = strings(name, "given");
        parts.extend(text(name, "family"));
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    Some(Kin {
        name: text(name, "text").or_else(parts)?,
        relationship: words_at(contact, "relationship").filter(|_| !any_has_code(contact, "relationship", &["U"])),
        phone: items(contact, "telecom")
            .find(|telecom| text(*telecom, "system").as_deref() == Some("phone"))
            .and_then(|telecom| text(telecom, "value")),
    })
}

fn died(patient: Node<'_, '_>) -> Option<Death> {
    if let Some(on) = when(patient, "deceasedDateTime") {
        return Some(Death { on: Some(on) });
    }
    (patient.get("deceasedBoolean")?.boolean()?).then_some(Death { on: None })
}
