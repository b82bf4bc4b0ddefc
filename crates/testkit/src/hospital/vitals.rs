//! Sets of observations: drawn from how well somebody is, which stays the same for a stay; written as the Observations
//! that a monitor sends. Scores are left for the product to work out.

use fhir::write::{Object, array, coding, concept, reference};
use rand::RngExt as _;
use terms::Moment;

use super::Scene;

const LOINC: &str = "http://loinc.org";
const UCUM: &str = "http://unitsofmeasure.org";
const SNOMED: &str = "http://snomed.info/sct";

/// One set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vitals {
    /// The Patient.
    pub patient: String,
    /// The stay's or attendance's Encounter.
    pub stay: String,
    /// When it was taken.
    pub taken: Moment,
    /// Respirations a minute.
    pub respirations: i64,
    /// Oxygen saturation in per cent.
    pub saturation: i64,
    /// Litres of oxygen a minute.
    pub oxygen: i64,
    /// Systolic and diastolic pressure in mmHg.
    pub pressure: (i64, i64),
    /// Heart rate.
    pub pulse: i64,
    /// Temperature in tenths of a degree.
    pub tenths: i64,
}

impl Scene<'_> {
    /// A set of somebody: one in ten is unwell for the whole of the stay, the others well.
    pub(super) fn vitals(&mut self, patient: &str, stay: &str) -> Vitals {
        let is_unwell =
            stay.bytes().fold(7u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))).is_multiple_of(10);
        let ill: i64 = if is_unwell { self.random.random_range(1..3) } else { 0 };
        let mut near = |middle: i64, by: i64| middle + self.random.random_range(-by..=by);
        Vitals {
            patient: patient.to_owned(),
            stay: stay.to_owned(),
            taken: self.world.now,
            respirations: near(16 + 4 * ill, 2),
            saturation: near(97 - 2 * ill, 1),
            oxygen: if ill == 2 { 2 } else { 0 },
            pressure: (near(124 - 10 * ill, 8), near(74, 5)),
            pulse: near(76 + 14 * ill, 8),
            tenths: near(369 + 6 * ill, 3),
        }
    }
}

/// The set as Observations, without ids.
pub fn observation_texts(of: &Vitals) -> Vec<String> {
    let quantity = |value: String, shown: &str, unit: &str| {
        Object::new().json("value", value).text("unit", shown).text("system", UCUM).text("code", unit).done()
    };
    let sign = |code: &str, words: &str| sign(of, code, words);
    let simple = |code: &str, words: &str, value: i64, unit: &str| {
        sign(code, words).json("valueQuantity", quantity(value.to_string(), unit, unit)).done()
    };
    let part = |code: &str, words: &str, value: i64| {
        Object::new()
            .json("code", concept(LOINC, code, words))
            .json("valueQuantity", quantity(value.to_string(), "mmHg", "mm[Hg]"))
            .done()
    };
    let parts = array([
        part("8480-6", "Systolic blood pressure", of.pressure.0),
        part("8462-4", "Diastolic blood pressure", of.pressure.1),
    ]);
    let temperature = quantity(format!("{}.{}", of.tenths / 10, of.tenths % 10), "°C", "Cel");
    let alert = concept(SNOMED, "248234008", "Alert");
    vec![
        simple("9279-1", "Respiratory rate", of.respirations, "/min"),
        simple("2708-6", "Oxygen saturation", of.saturation, "%"),
        simple("3151-8", "Inhaled oxygen flow rate", of.oxygen, "L/min"),
        sign("85354-9", "Blood pressure").json("component", parts).done(),
        simple("8867-4", "Heart rate", of.pulse, "/min"),
        sign("80288-4", "Level of consciousness").json("valueCodeableConcept", alert).done(),
        sign("8310-5", "Body temperature").json("valueQuantity", temperature).done(),
    ]
}

/// The set as one transaction, as a monitor sends it.
pub fn bundle(of: &Vitals) -> String {
    let entry = |text: String| {
        let request = Object::new().text("method", "POST").text("url", "Observation").done();
        Object::new().json("resource", text).json("request", request).done()
    };
    let bundle = Object::new().text("resourceType", "Bundle").text("type", "transaction");
    bundle.json("entry", array(observation_texts(of).into_iter().map(entry))).done()
}

fn sign(of: &Vitals, code: &str, words: &str) -> Object {
    let vital = coding("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs", None);
    Object::new()
        .text("resourceType", "Observation")
        .text("status", "final")
        .json("category", array([Object::new().json("coding", array([vital])).done()]))
        .json("code", concept(LOINC, code, words))
        .json("subject", reference(&format!("Patient/{}", of.patient), None))
        .json("encounter", reference(&format!("Encounter/{}", of.stay), None))
        .text("effectiveDateTime", of.taken.to_string())
}
