//! One set of vital signs as resources: an Observation each, as a ward's tablet sends them.
//! Everybody in it is invented; it knows nothing of stores or pages.

use super::write::{LOINC, Object, SNOMED, array, code, concept, quantity};

/// Respirations, SpO2, oxygen, systolic, diastolic, pulse, temperature of somebody who is alert.
pub(super) type Values<'v> = [&'v str; 7];

/// Whose set it is: the beginning of the ids, the Patient's id and the Encounter.
#[derive(Clone, Copy)]
pub(super) struct Of<'o> {
    pub(super) prefix: &'o str,
    pub(super) patient: &'o str,
    pub(super) stay: &'o str,
}

/// The set.
pub(super) fn set(of: Of<'_>, taken: &str, values: Values<'_>) -> Vec<String> {
    let [respirations, spo2, oxygen, systolic, diastolic, pulse, temperature] = values;
    let sign = |sign: &str, code_of: (&str, &str)| {
        let category = code("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs");
        Object::resource("Observation", &format!("{}-{sign}", of.prefix))
            .text("status", "final")
            .json("category", array([category]))
            .json("code", concept(LOINC, code_of.0, code_of.1))
            .json("subject", Object::new().text("reference", format!("Patient/{}", of.patient)).done())
            .text("effectiveDateTime", taken)
            .json("encounter", Object::new().text("reference", of.stay).done())
    };
    let part = |code: (&str, &str), value: &str| {
        Object::new()
            .json("code", concept(LOINC, code.0, code.1))
            .json("valueQuantity", quantity(value, "mmHg", "mm[Hg]"))
            .done()
    };
    let pressures = array([
        part(("8480-6", "Systolic blood pressure"), systolic),
        part(("8462-4", "Diastolic blood pressure"), diastolic),
    ]);
    let alert = concept(SNOMED, "248234008", "Alert");
    vec![
        sign("resp", ("9279-1", "Respiratory rate"))
            .json("valueQuantity", quantity(respirations, "/min", "/min"))
            .done(),
        sign("spo2", ("2708-6", "Oxygen saturation")).json("valueQuantity", quantity(spo2, "%", "%")).done(),
        sign("oxygen", ("3151-8", "Inhaled oxygen flow rate"))
            .json("valueQuantity", quantity(oxygen, "L/min", "L/min"))
            .done(),
        sign("bp", ("85354-9", "Blood pressure")).json("component", pressures).done(),
        sign("pulse", ("8867-4", "Heart rate")).json("valueQuantity", quantity(pulse, "/min", "/min")).done(),
        sign("acvpu", ("80288-4", "Level of consciousness")).json("valueCodeableConcept", alert).done(),
        sign("temp", ("8310-5", "Body temperature")).json("valueQuantity", quantity(temperature, "°C", "Cel")).done(),
    ]
}
