//! What the demonstration writes beside the JSON of `fhir::write`: concepts, references, quantities.
//! Everybody in it is invented; it knows nothing of stores or pages.

pub(super) use fhir::write::{Object, array, coding, concept, extension, quoted};

/// A concept that is only a code of HL7's own systems.
pub(super) fn code(system: &str, code: &str) -> String {
    let coding = Object::new().text("system", system).text("code", code).done();
    Object::new().json("coding", array([coding])).done()
}

/// A concept that is only words.
pub(super) fn words(words: &str) -> String {
    Object::new().text("text", words).done()
}

/// A reference with its words.
pub(super) fn reference(to: &str, words: &str) -> String {
    fhir::write::reference(to, Some(words))
}

/// A quantity in UCUM; `unit` is what people read.
pub(super) fn quantity(value: &str, unit: &str, ucum: &str) -> String {
    Object::new()
        .json("value", value)
        .text("unit", unit)
        .text("system", "http://unitsofmeasure.org")
        .text("code", ucum)
        .done()
}

/// SNOMED CT.
pub(super) const SNOMED: &str = "http://snomed.info/sct";
/// LOINC.
pub(super) const LOINC: &str = "http://loinc.org";
