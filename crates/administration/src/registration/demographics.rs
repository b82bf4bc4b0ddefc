//! What a registration form asks, as plain data; how it is read from a Patient, and what of it must be there.
//!
//! Says nothing of how it was typed: `fields` reads that.

use fhir::Node;
use fhir::read::{at, codings, extension, items, text};
use terms::{Date, NhsNumber, PartialDate};

use super::NHS_NUMBER;
use crate::refusal::Refusal;

/// HL7's extension for whether an interpreter is needed.
pub(crate) const INTERPRETER: &str = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired";

/// Gender as the person says it (FHIR AdministrativeGender; NHS Data Dictionary, PERSON STATED GENDER CODE).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gender {
    /// Male.
    Male,
    /// Female.
    Female,
    /// Neither of the two.
    Other,
    /// Asked, and nobody can say.
    NotKnown,
}

/// Who somebody is and how they are reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Demographics {
    /// Family name.
    pub family: String,
    /// Given names, with spaces between.
    pub given: String,
    /// Title.
    pub title: Option<String>,
    /// What the person likes to be called.
    pub preferred: Option<String>,
    /// Date of birth.
    pub born: Option<Date>,
    /// That the date of birth was asked for and nobody knows it.
    pub born_not_known: bool,
    /// Gender.
    pub gender: Option<Gender>,
    /// NHS number.
    pub nhs_number: Option<NhsNumber>,
    /// The usual address without its postcode, lines parted by commas.
    pub address: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// Mobile phone.
    pub mobile: Option<String>,
    /// Phone at home.
    pub home: Option<String>,
    /// Email.
    pub email: Option<String>,
    /// GP practice, in words.
    pub gp: Option<String>,
    /// First language, a code of `codes::LANGUAGES`.
    pub language: Option<String>,
    /// Whether an interpreter is needed, once asked.
    pub interpreter: Option<bool>,
}

impl Gender {
    /// Every answer, in the order of the form.
    pub const ALL: [Gender; 4] = [Gender::Male, Gender::Female, Gender::Other, Gender::NotKnown];

    /// FHIR's code.
    pub fn code(self) -> &'static str {
        match self {
            Gender::Male => "male",
            Gender::Female => "female",
            Gender::Other => "other",
            Gender::NotKnown => "unknown",
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Gender::Male => "Male",
            Gender::Female => "Female",
            Gender::Other => "Other",
            Gender::NotKnown => "Not known",
        }
    }

    /// The answer of a code.
    pub fn of_code(code: &str) -> Option<Gender> {
        Gender::ALL.into_iter().find(|gender| gender.code() == code)
    }
}

impl Demographics {
    /// Reads a Patient.
    pub fn of(patient: Node<'_, '_>) -> Demographics {
        let name = official_name(patient);
        let phone = |used: &str| telecom(patient, "phone", used);
        let address = usual_address(patient);
        Demographics {
            family: name.and_then(|name| text(name, "family")).unwrap_or_default(),
            given: name.map(|name| strings(name, "given").join(" ")).unwrap_or_default(),
            title: name.and_then(|name| strings(name, "prefix").into_iter().next()),
            preferred: nickname(patient).and_then(|name| strings(name, "given").into_iter().next()),
            born: born(patient),
            born_not_known: false,
            gender: text(patient, "gender").and_then(|code| Gender::of_code(&code)),
            nhs_number: nhs_number(patient),
            address: address.and_then(lines),
            postcode: address.and_then(|address| text(address, "postalCode")),
            mobile: phone("mobile"),
            home: phone("home"),
            email: telecom(patient, "email", ""),
            gp: items(patient, "generalPractitioner").find_map(|gp| text(gp, "display")),
            language: language(patient),
            interpreter: extension(patient, INTERPRETER).and_then(|of| of.get("valueBoolean")?.boolean()),
        }
    }

    /// What must be there before anybody is registered. Everything that is missing, not the first of it.
    pub fn missing(&self) -> Vec<Refusal> {
        let mut missing = Vec::new();
        if self.family.trim().is_empty() {
            missing.push(Refusal::at("family-missing", "family", "Type the family name."));
        }
        if self.given.trim().is_empty() {
            missing.push(Refusal::at("given-missing", "given", "Type the given name."));
        }
        if self.born.is_none() && !self.born_not_known {
            let sentence = "Type the date of birth, or say that it is not known.";
            missing.push(Refusal::at("born-missing", "born", sentence));
        }
        if self.gender.is_none() {
            missing.push(Refusal::at("gender-missing", "gender", "Ask the patient, then choose the gender."));
        }
        missing
    }
}

/// The strings of a repeating member.
pub(crate) fn strings(node: Node<'_, '_>, name: &str) -> Vec<String> {
    items(node, name).filter_map(|item| item.text()).map(|text| text.into_owned()).collect()
}

/// The name in force: official, else usual or temporary, else the first that is not put aside,
/// else the first there is.
pub(crate) fn official_name<'d, 't>(patient: Node<'d, 't>) -> Option<Node<'d, 't>> {
    let names = || items(patient, "name").filter(|name| at(*name, &["period", "end"]).is_none());
    let of_use = |wanted: &str| names().find(|name| text(*name, "use").as_deref() == Some(wanted));
    let aside = ["old", "maiden", "nickname", "anonymous"];
    let other = || names().find(|name| text(*name, "use").is_none_or(|used| !aside.contains(&used.as_str())));
    of_use("official").or_else(|| of_use("usual")).or_else(other).or_else(|| items(patient, "name").next())
}

/// What the person likes to be called.
pub(crate) fn nickname<'d, 't>(patient: Node<'d, 't>) -> Option<Node<'d, 't>> {
    items(patient, "name").find(|name| text(*name, "use").as_deref() == Some("nickname"))
}

/// The usual address in force.
pub(crate) fn usual_address<'d, 't>(patient: Node<'d, 't>) -> Option<Node<'d, 't>> {
    let in_force = |address: &Node<'_, '_>| {
        !matches!(text(*address, "use").as_deref(), Some("old" | "temp")) && at(*address, &["period", "end"]).is_none()
    };
    let all = || items(patient, "address").filter(in_force);
    all().find(|address| text(*address, "use").as_deref() == Some("home")).or_else(|| all().next())
}

/// Lines and town on one line; the postcode stands apart.
pub(crate) fn lines(address: Node<'_, '_>) -> Option<String> {
    let mut lines = strings(address, "line");
    lines.extend(["city", "district", "state"].into_iter().filter_map(|part| text(address, part)));
    if lines.is_empty() { text(address, "text") } else { Some(lines.join(", ")) }
}

fn telecom(patient: Node<'_, '_>, system: &str, used: &str) -> Option<String> {
    items(patient, "telecom")
        .filter(|telecom| text(*telecom, "system").as_deref() == Some(system))
        .find(|telecom| match text(*telecom, "use").as_deref() {
            Some("old") => false,
            own => used.is_empty() || own == Some(used),
        })
        .and_then(|telecom| text(telecom, "value"))
}

fn born(patient: Node<'_, '_>) -> Option<Date> {
    PartialDate::parse(&text(patient, "birthDate")?).ok()?.date()
}

/// The NHS number, if it is one.
pub(crate) fn nhs_number(patient: Node<'_, '_>) -> Option<NhsNumber> {
    items(patient, "identifier")
        .filter(|identifier| text(*identifier, "system").as_deref() == Some(NHS_NUMBER))
        .filter(|identifier| text(*identifier, "use").as_deref() != Some("old"))
        .find_map(|identifier| NhsNumber::parse(&text(identifier, "value")?).ok())
}

fn language(patient: Node<'_, '_>) -> Option<String> {
    items(patient, "communication").find_map(|entry| codings(entry.get("language")?).map(|(_, code)| code).next())
}
