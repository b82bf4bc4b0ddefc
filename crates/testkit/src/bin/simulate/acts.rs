//! What happens in a simulated hospital: sets of observations, moves, beds that are cleaned.
//!
//! Each step draws one of them by its weight; what cannot be done now is drawn again.

use anyhow::{Context as _, Result};
use fhir::write::{Object, array, coding, concept, reference};
use rand::RngExt as _;
use rand_chacha::ChaCha12Rng;
use terms::Moment;

use crate::hospital::{Bed, Hospital, Inpatient, Now};

const LOINC: &str = "http://loinc.org";
const UCUM: &str = "http://unitsofmeasure.org";

/// One step; says what was done, without a name.
pub(crate) async fn step(hospital: &mut Hospital, random: &mut ChaCha12Rng) -> Result<String> {
    let now = hospital.now().await?;
    match random.random_range(0..100) {
        0..60 => measure(hospital, &now, random).await,
        60..85 => clean(hospital, &now).await,
        _ => move_somebody(hospital, &now, random).await,
    }
}

/// A set of observations of one inpatient: most are well, some are not.
async fn measure(hospital: &Hospital, now: &Now, random: &mut ChaCha12Rng) -> Result<String> {
    let inpatient = draw(&now.inpatients, random).context("nobody is in hospital")?;
    let unwell: i64 = if random.random_range(0..8) == 0 { 2 } else { 0 };
    let mut near = |middle: i64, by: i64| middle + random.random_range(-by..=by);
    let values = [
        ("9279-1", "Respiratory rate", "/min", near(16 + 3 * unwell, 2)),
        ("2708-6", "Oxygen saturation", "%", near(97 - unwell, 1)),
        ("8867-4", "Heart rate", "/min", near(78 + 12 * unwell, 8)),
        ("8310-5", "Body temperature", "Cel", near(37, 0) + unwell / 2),
    ];
    let taken = Moment(i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?);
    let mut texts: Vec<String> = values
        .iter()
        .map(|(code, words, unit, value)| {
            sign(inpatient, taken, (code, words)).json("valueQuantity", quantity(*value, unit)).done()
        })
        .collect();
    let (systolic, diastolic) = (near(122 - 8 * unwell, 6), near(72, 4));
    let part = |code: &str, words: &str, value: i64| {
        Object::new().json("code", concept(LOINC, code, words)).json("valueQuantity", quantity(value, "mm[Hg]")).done()
    };
    let parts =
        [part("8480-6", "Systolic blood pressure", systolic), part("8462-4", "Diastolic blood pressure", diastolic)];
    texts.push(sign(inpatient, taken, ("85354-9", "Blood pressure")).json("component", array(parts)).done());
    let alert = concept("http://snomed.info/sct", "248234008", "Alert");
    texts
        .push(sign(inpatient, taken, ("80288-4", "Level of consciousness")).json("valueCodeableConcept", alert).done());
    texts.push(
        sign(inpatient, taken, ("3151-8", "Inhaled oxygen flow rate"))
            .json("valueQuantity", quantity(0, "L/min"))
            .done(),
    );
    let entry = |text: String| {
        let request = Object::new().text("method", "POST").text("url", "Observation").done();
        Object::new().json("resource", text).json("request", request).done()
    };
    let bundle = Object::new().text("resourceType", "Bundle").text("type", "transaction");
    hospital.measure(&bundle.json("entry", array(texts.into_iter().map(entry))).done()).await?;
    Ok(format!("observations of stay {}", inpatient.stay))
}

/// A bed that somebody left is cleaned.
async fn clean(hospital: &Hospital, now: &Now) -> Result<String> {
    let bed = now.free("H").next().context("no bed waits to be cleaned")?;
    let page = format!("wards/{}/bed?bed={}", bed.ward, bed.id);
    hospital.submit(&page, &[("bed", &bed.id), ("state", "available")]).await?;
    Ok(format!("{} is clean", bed.id))
}

/// Somebody moves to a clean bed of their ward, in a room that is for people of their sex.
async fn move_somebody(hospital: &Hospital, now: &Now, random: &mut ChaCha12Rng) -> Result<String> {
    let fits = |inpatient: &Inpatient, bed: &Bed| {
        let is_theirs = bed.sex.is_empty() || bed.sex == "mixed" || bed.sex == inpatient.gender;
        now.wards.get(&inpatient.place) == Some(&bed.ward) && is_theirs
    };
    let free: Vec<&Bed> = now.free("U").collect();
    let pairs: Vec<(&Inpatient, &Bed)> = now
        .inpatients
        .iter()
        .flat_map(|inpatient| free.iter().map(move |bed| (inpatient, *bed)))
        .filter(|(inpatient, bed)| fits(inpatient, bed))
        .collect();
    let (inpatient, bed) = draw(&pairs, random).context("no clean bed is free")?;
    let page = format!("wards/{}/move?stay={}&to={}", bed.ward, inpatient.stay, bed.id);
    hospital.submit(&page, &[("stay", &inpatient.stay), ("to", &bed.id), ("at", "now")]).await?;
    Ok(format!("stay {} moved to {}", inpatient.stay, bed.id))
}

fn sign(of: &Inpatient, taken: Moment, (code, words): (&str, &str)) -> Object {
    let category = Object::new()
        .json(
            "coding",
            array([coding("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs", None)]),
        )
        .done();
    Object::new()
        .text("resourceType", "Observation")
        .text("status", "final")
        .json("category", array([category]))
        .json("code", concept(LOINC, code, words))
        .json("subject", reference(&format!("Patient/{}", of.patient), None))
        .json("encounter", reference(&format!("Encounter/{}", of.stay), None))
        .text("effectiveDateTime", taken.to_string())
}

fn quantity(value: i64, unit: &str) -> String {
    let shown = if unit == "mm[Hg]" { "mmHg" } else { unit };
    Object::new().json("value", value.to_string()).text("unit", shown).text("system", UCUM).text("code", unit).done()
}

fn draw<'a, T>(of: &'a [T], random: &mut ChaCha12Rng) -> Option<&'a T> {
    (!of.is_empty()).then(|| &of[random.random_range(0..of.len())])
}
