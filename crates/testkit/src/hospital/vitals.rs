//! Sets of observations: drawn from how well somebody is, which stays the same for a stay; written as the Observations
//! that a monitor sends. Scores are left for the product to work out.

use fhir::read::{at, code_in, items, words};
use fhir::write::{Object, array, coding, concept, reference};
use fhir::{Document, Limits, Node};
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
    /// The level of consciousness: SNOMED code and words.
    pub consciousness: (String, String),
}

impl Vitals {
    /// This set as it can be soon after others of the same person: each sign a small step from the last of it, towards
    /// what was drawn. Who was confused stays confused, and who had oxygen has it. Of several the first of a sign counts.
    pub fn soon_after<'t>(mut self, newest_first: impl IntoIterator<Item = &'t str>) -> Vitals {
        let mut seen = std::collections::BTreeSet::new();
        for text in newest_first {
            let Ok(document) = Document::parse(text.as_bytes(), &Limits::default()) else { continue };
            let sign = document.root();
            let Some(code) = sign.get("code").and_then(|code| code_in(code, LOINC)) else { continue };
            if !seen.insert(code.clone()) {
                continue;
            }
            match code.as_str() {
                "9279-1" => step(&mut self.respirations, measured(sign), 1),
                "2708-6" => step(&mut self.saturation, measured(sign), 1),
                "3151-8" => step(&mut self.oxygen, measured(sign), 0),
                "8867-4" => step(&mut self.pulse, measured(sign), 5),
                "8310-5" => step(&mut self.tenths, measured(sign).map(|degrees| degrees * 10.0), 2),
                "85354-9" => {
                    let part = |code: &str| {
                        let is = |part: &Node<'_, '_>| {
                            part.get("code").and_then(|of| code_in(of, LOINC)).as_deref() == Some(code)
                        };
                        items(sign, "component").find(is).and_then(measured)
                    };
                    step(&mut self.pressure.0, part("8480-6"), 6);
                    step(&mut self.pressure.1, part("8462-4"), 4);
                }
                "80288-4" => {
                    let value = sign.get("valueCodeableConcept");
                    let level = value.and_then(|value| Some((code_in(value, SNOMED)?, words(value)?)));
                    self.consciousness = level.unwrap_or(self.consciousness);
                }
                _ => {}
            }
        }
        self
    }
}

/// The level of consciousness of most people.
pub fn alert() -> (String, String) {
    ("248234008".to_owned(), "Alert".to_owned())
}

/// The value of a measurement.
fn measured(sign: Node<'_, '_>) -> Option<f64> {
    at(sign, &["valueQuantity", "value"])?.raw_text().parse().ok()
}

/// Brings what was drawn within a step of what was measured last.
fn step(drawn: &mut i64, last: Option<f64>, most: i64) {
    if let Some(last) = last {
        let last = last.round() as i64;
        *drawn = (*drawn).clamp(last - most, last + most);
    }
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
            consciousness: alert(),
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
    let consciousness = concept(SNOMED, &of.consciousness.0, &of.consciousness.1);
    vec![
        simple("9279-1", "Respiratory rate", of.respirations, "/min"),
        simple("2708-6", "Oxygen saturation", of.saturation, "%"),
        simple("3151-8", "Inhaled oxygen flow rate", of.oxygen, "L/min"),
        sign("85354-9", "Blood pressure").json("component", parts).done(),
        simple("8867-4", "Heart rate", of.pulse, "/min"),
        sign("80288-4", "Level of consciousness").json("valueCodeableConcept", consciousness).done(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_follows_from_the_one_before() {
        let drawn = Vitals {
            patient: "p".into(),
            stay: "s".into(),
            taken: Moment(0),
            respirations: 16,
            saturation: 97,
            oxygen: 0,
            pressure: (124, 74),
            pulse: 76,
            tenths: 369,
            consciousness: alert(),
        };
        let ill = Vitals {
            respirations: 26,
            saturation: 90,
            oxygen: 4,
            pressure: (88, 72),
            pulse: 118,
            tenths: 389,
            consciousness: ("40917007".into(), "Confused".into()),
            ..drawn.clone()
        };
        let (texts, older) = (observation_texts(&ill), observation_texts(&drawn));
        let next = drawn.soon_after(texts.iter().chain(&older).map(String::as_str));
        let expected = Vitals { respirations: 25, saturation: 91, pressure: (94, 74), pulse: 113, tenths: 387, ..ill };
        assert_eq!(next, expected);
    }
}
