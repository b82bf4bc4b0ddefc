//! The pieces of a Patient as this product writes them: identifiers, names, addresses, phones.
//! What others sent is edited (`edit.rs`), never written anew.

use fhir::Document;
use fhir::read::items;
use fhir::write::{Object, array, array_if, coding, concept, extension, quoted, with_members};
use terms::NhsNumber;

use super::demographics::INTERPRETER;
use super::numbers::HospitalNumber;
use super::{Demographics, Gender, NHS_NUMBER, NHS_NUMBER_STATUS, NhsNumberStatus, codes};

/// A new Patient.
pub(crate) fn new_patient(
    id: &str,
    person: &Demographics,
    number: &HospitalNumber,
    status: NhsNumberStatus,
    further: Vec<String>,
) -> String {
    let identifiers = [nhs_identifier(person.nhs_number, status), hospital_identifier(number)];
    let needed = person.interpreter.map(interpreter);
    Object::resource("Patient", id)
        .json_if("extension", array_if(needed.into_iter().chain(further)))
        .json("identifier", array(identifiers))
        .json("active", "true")
        .json("name", array([official(person)].into_iter().chain(person.preferred.as_deref().map(called))))
        .json_if("telecom", array_if(telecoms(person)))
        .text_if("gender", person.gender.map(Gender::code))
        .text_if("birthDate", person.born.map(|born| born.to_string()))
        .json_if("address", array_if(address(person, "home", None)))
        .json_if("communication", person.language.as_deref().map(|code| array([language(code)])))
        .json_if("generalPractitioner", person.gp.as_deref().map(|gp| array([practice(gp)])))
        .done()
}

/// The NHS number with its status; the status alone when there is no number.
pub(crate) fn nhs_identifier(number: Option<NhsNumber>, status: NhsNumberStatus) -> String {
    Object::new()
        .json("extension", array([nhs_status(status)]))
        .text("system", NHS_NUMBER)
        .text_if("value", number.map(|number| number.digits()))
        .done()
}

/// The extension for the status of an NHS number.
pub(crate) fn nhs_status(status: NhsNumberStatus) -> String {
    let of = concept(codes::NHS_NUMBER_STATUS_SYSTEM, status.code(), status.words());
    extension(NHS_NUMBER_STATUS, "valueCodeableConcept", &of)
}

/// A hospital number (`MR` of HL7's table 0203).
pub(crate) fn hospital_identifier(number: &HospitalNumber) -> String {
    identifier(None, number)
}

fn identifier(used: Option<&str>, number: &HospitalNumber) -> String {
    let kind =
        Object::new().json("coding", array([coding("http://terminology.hl7.org/CodeSystem/v2-0203", "MR", None)]));
    Object::new()
        .text_if("use", used)
        .json("type", kind.done())
        .text("system", &number.system)
        .text("value", &number.value)
        .done()
}

/// A Patient's text with a further hospital number: one that they were given where nobody could look them up.
pub(crate) fn with_another_number(patient: &Document<'_>, number: &HospitalNumber) -> Vec<u8> {
    let others = items(patient.root(), "identifier").map(|other| other.raw_text().to_owned());
    let all = array(others.chain([identifier(Some("secondary"), number)]));
    with_members(patient, &[("identifier", Some(all))])
}

/// The official name.
pub(crate) fn official(person: &Demographics) -> String {
    Object::new()
        .text("use", "official")
        .text("family", &person.family)
        .json_if("given", given(&person.given))
        .json_if("prefix", person.title.as_deref().map(|title| array([quoted(title)])))
        .done()
}

/// Given names as a list.
pub(crate) fn given(names: &str) -> Option<String> {
    array_if(names.split_whitespace().map(quoted))
}

/// What somebody likes to be called.
pub(crate) fn called(name: &str) -> String {
    Object::new().text("use", "nickname").json("given", array([quoted(name)])).done()
}

/// Phones and email.
pub(crate) fn telecoms(person: &Demographics) -> Vec<String> {
    let all = [("phone", "mobile", &person.mobile), ("phone", "home", &person.home), ("email", "home", &person.email)];
    all.into_iter().filter_map(|(system, used, value)| Some(telecom(system, used, value.as_deref()?))).collect()
}

/// One way to reach somebody.
pub(crate) fn telecom(system: &str, used: &str, value: &str) -> String {
    Object::new().text("system", system).text("value", value).text("use", used).done()
}

/// An address, if there is anything of it.
pub(crate) fn address(person: &Demographics, used: &str, period: Option<String>) -> Option<String> {
    address_of(person.address.as_deref(), person.postcode.as_deref(), used, period)
}

/// The same from its parts.
pub(crate) fn address_of(
    lines: Option<&str>,
    postcode: Option<&str>,
    used: &str,
    period: Option<String>,
) -> Option<String> {
    if lines.is_none() && postcode.is_none() {
        return None;
    }
    let parts = lines.into_iter().flat_map(|lines| lines.split(',')).map(str::trim).filter(|line| !line.is_empty());
    Some(
        Object::new()
            .text("use", used)
            .json_if("line", array_if(parts.map(quoted)))
            .text_if("postalCode", postcode)
            .json_if("period", period)
            .done(),
    )
}

/// First language.
pub(crate) fn language(code: &str) -> String {
    let words = codes::words(codes::LANGUAGES, code).unwrap_or(code);
    Object::new().json("language", concept(codes::LANGUAGE_SYSTEM, code, words)).json("preferred", "true").done()
}

/// Whether an interpreter is needed.
pub(crate) fn interpreter(is_needed: bool) -> String {
    extension(INTERPRETER, "valueBoolean", if is_needed { "true" } else { "false" })
}

/// A GP practice in words.
pub(crate) fn practice(words: &str) -> String {
    Object::new().text("display", words).done()
}
