//! The worked case: Mrs Adeyemi, day 4 on Heron ward, pneumonia with sepsis and acute kidney injury. What the screens
//! of the design show is here as resources; the scores and changes are left for the product to work out.

use super::places::{TRUST, bed, place, staff};
use super::story::Story;
use super::vitals;
use super::write::{LOINC, Object, SNOMED, array, code, concept, quantity, quoted, reference, words};

const ID: &str = "adeyemi-folasade";
const STAY: &str = "Encounter/adeyemi-stay";

fn subject() -> String {
    Object::new().text("reference", format!("Patient/{ID}")).done()
}

/// Every resource of this file.
pub(super) fn resources(story: &Story) -> Vec<String> {
    let mut texts = encounters(story);
    texts.extend(allergies(story));
    texts.extend(problems(story));
    texts.extend(medicines(story));
    texts.extend(OBSERVATIONS.iter().enumerate().flat_map(|(at, set)| observation_set(at, set, story)));
    texts.extend(RESULTS.iter().flat_map(|test| results(test, story)));
    texts.extend(LETTERS.iter().enumerate().map(|(at, letter)| document(at, *letter, story)));
    texts.extend(IMAGES.iter().enumerate().map(|(at, image)| image_study(at, *image, story)));
    texts
}

/// Past attendances: class, status, begin, end, reason in words.
const PAST: &[(&str, &str, &str, &str, &str)] = &[
    ("AMB", "finished", "2024-12-02T10:10", "2024-12-02T10:35", "Diabetes, annual review"),
    ("EMER", "finished", "2025-01-17T02:15", "2025-01-17T05:40", "Breathlessness"),
    ("IMP", "finished", "2025-01-17T05:40", "2025-01-23T14:20", "Heart failure"),
    ("AMB", "finished", "2025-03-10T09:30", "2025-03-10T09:55", "Heart failure, follow-up"),
    ("AMB", "finished", "2025-06-16T11:00", "2025-06-16T11:20", "Diabetes, annual review"),
    ("EMER", "finished", "2025-07-09T18:05", "2025-07-09T21:10", "Fall"),
    ("EMER", "finished", "2025-11-30T13:30", "2025-11-30T17:00", "Cough and fever"),
    ("IMP", "finished", "2025-11-30T17:00", "2025-12-04T12:00", "COVID-19"),
    ("AMB", "finished", "2026-01-20T14:00", "2026-01-20T14:25", "Kidney clinic"),
    ("AMB", "finished", "2026-05-11T09:15", "2026-05-11T09:40", "Diabetes, annual review"),
    ("AMB", "finished", "2026-11-02T10:45", "2026-11-02T11:20", "Respiratory, first seen"),
];

fn encounters(story: &Story) -> Vec<String> {
    let mut texts: Vec<String> = PAST
        .iter()
        .enumerate()
        .map(|(at, (class, status, from, to, reason))| {
            let period = Object::new().text("start", story.instant(from)).text("end", story.instant(to)).done();
            encounter(&format!("adeyemi-past-{:02}", at + 1), class, status, &period, reason)
                .json("serviceProvider", reference(TRUST.0, TRUST.1))
                .done()
        })
        .collect();
    texts.push(this_attendance(story));
    texts.push(this_stay(story));
    texts.extend(appointments(story));
    texts
}

fn encounter(id: &str, class: &str, status: &str, period: &str, reason: &str) -> Object {
    let class = Object::new().text("system", "http://terminology.hl7.org/CodeSystem/v3-ActCode").text("code", class);
    Object::resource("Encounter", id)
        .text("status", status)
        .json("class", class.done())
        .json("subject", subject())
        .json("period", period)
        .json("reasonCode", array([words(reason)]))
}

fn this_attendance(story: &Story) -> String {
    let period =
        Object::new().text("start", story.recent("2026-11-13T23:20")).text("end", story.recent("2026-11-14T03:50"));
    encounter("adeyemi-ed", "EMER", "finished", &period.done(), "Cough, fever, confusion").done()
}

fn this_stay(story: &Story) -> String {
    let (bed, bed_words) = bed(1);
    let okafor = staff("okafor");
    let attends = code("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "ATND");
    let participant = Object::new().json("type", array([attends])).json("individual", reference(&okafor.0, &okafor.1));
    let location = Object::new().json("location", reference(&bed, &bed_words)).text("status", "active");
    let period = Object::new().text("start", story.recent("2026-11-14T03:50")).done();
    // R5's planned end of an Encounter, as FHIR's rules for extensions across versions write it in R4.
    let planned_end = Object::new()
        .text("url", "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate")
        .text("valueDateTime", story.day("2026-11-20"));
    encounter("adeyemi-stay", "IMP", "in-progress", &period, "Community-acquired pneumonia")
        .json("extension", array(std::iter::once(planned_end.done()).chain(super::heron::plan(ID, story))))
        .json("participant", array([participant.done()]))
        .json("location", array([location.done()]))
        .json("serviceProvider", reference(TRUST.0, TRUST.1))
        .done()
}

fn appointments(story: &Story) -> Vec<String> {
    let appointment = |id: &str, status: &str, start: &str, end: &str, what: &str, at: &str| {
        let (to, name) = place(at);
        let who = Object::new().json("actor", subject()).text("status", "accepted").done();
        let at = Object::new().json("actor", reference(&to, &name)).text("status", "accepted").done();
        Object::resource("Appointment", id)
            .text("status", status)
            .json("serviceType", array([words(what)]))
            .text("start", story.instant(start))
            .text("end", story.instant(end))
            .json("participant", array([who, at]))
            .done()
    };
    vec![
        appointment("adeyemi-missed", "noshow", "2025-09-02T10:00", "2025-09-02T10:20", "Diabetes", "diabetes-clinic"),
        appointment(
            "adeyemi-next",
            "booked",
            "2026-11-24T20:00",
            "2026-11-25T07:00",
            "Sleep study",
            "sleep-laboratory",
        ),
    ]
}

fn allergies(story: &Story) -> Vec<String> {
    let hughes = staff("hughes");
    let allergy = |id: &str, of: (&str, &str), reaction: (&str, &str), severity: &str, status: &str, year: &str| {
        let manifestation = array([concept(SNOMED, reaction.0, reaction.1)]);
        let reaction = Object::new().json("manifestation", manifestation).text("severity", severity).done();
        Object::resource("AllergyIntolerance", id)
            .json("clinicalStatus", code("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active"))
            .json(
                "verificationStatus",
                code("http://terminology.hl7.org/CodeSystem/allergyintolerance-verification", status),
            )
            .json("code", concept(SNOMED, of.0, of.1))
            .json("patient", subject())
            .text("onsetDateTime", year)
            .text("recordedDate", story.recent("2026-11-14T04:30"))
            .json("reaction", array([reaction]))
    };
    vec![
        allergy(
            "adeyemi-penicillin",
            ("91936005", "penicillin"),
            ("39579001", "anaphylaxis"),
            "severe",
            "confirmed",
            "2009",
        )
        .json("asserter", reference(&hughes.0, &hughes.1))
        .done(),
        allergy(
            "adeyemi-trimethoprim",
            ("294494000", "trimethoprim"),
            ("271807003", "rash"),
            "mild",
            "unconfirmed",
            "2018",
        )
        .json("asserter", Object::new().text("reference", format!("Patient/{ID}")).text("display", "patient").done())
        .done(),
    ]
}

/// When a problem began.
enum Began {
    Year(&'static str),
    Recent(&'static str),
}

fn problems(story: &Story) -> Vec<String> {
    let problem = |id: &str, of: (&str, &str), began: Began, note: Option<&str>| {
        let began = match began {
            Began::Year(year) => year.to_owned(),
            Began::Recent(at) => story.recent(at),
        };
        let category = code("http://terminology.hl7.org/CodeSystem/condition-category", "problem-list-item");
        Object::resource("Condition", id)
            .json("clinicalStatus", code("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"))
            .json("verificationStatus", code("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"))
            .json("category", array([category]))
            .json("code", concept(SNOMED, of.0, of.1))
            .json("subject", subject())
            .text("onsetDateTime", began)
            .json_if("note", note.map(|note| array([words(note)])))
            .done()
    };
    let kidney = "New today: creatinine 212, 1.8 times 118 in August";
    let long_term = Some("Long term");
    vec![
        problem(
            "adeyemi-pneumonia",
            ("385093006", "Community-acquired pneumonia, right lower lobe"),
            Began::Recent("2026-11-14T04:20"),
            None,
        ),
        problem(
            "adeyemi-aki",
            ("14669001", "Acute kidney injury stage 1"),
            Began::Recent("2026-11-17T13:45"),
            Some(kidney),
        ),
        problem("adeyemi-diabetes", ("44054006", "Type 2 diabetes"), Began::Year("2004"), long_term),
        problem("adeyemi-ckd", ("700379002", "Chronic kidney disease stage 3b"), Began::Year("2019"), long_term),
        problem("adeyemi-af", ("49436004", "Atrial fibrillation"), Began::Year("2021"), long_term),
        problem("adeyemi-hypertension", ("38341003", "Hypertension"), Began::Year("1998"), long_term),
    ]
}

/// One medicine: id, name, instructions, dose with unit and UCUM, since, by, and how it is used.
struct Drug(
    &'static str,
    &'static str,
    &'static str,
    (&'static str, &'static str, &'static str),
    &'static str,
    &'static str,
    Use,
);

/// How a medicine is used.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Use {
    Course,
    LongTerm,
    AsRequired,
    Suspended,
}

const DRUGS: &[Drug] = &[
    Drug(
        "saline",
        "sodium chloride 0.9%",
        "intravenous infusion, over 8 hours",
        ("1", "L", "L"),
        "2026-11-17T10:30",
        "okafor",
        Use::Course,
    ),
    Drug(
        "salbutamol",
        "salbutamol",
        "nebulised, every 6 hours",
        ("2.5", "mg", "mg"),
        "2026-11-14T04:40",
        "mistry",
        Use::Course,
    ),
    Drug(
        "oxygen",
        "oxygen",
        "nasal cannula, continuous, target 94 to 98%",
        ("2", "L/min", "L/min"),
        "2026-11-14T04:40",
        "okafor",
        Use::Course,
    ),
    Drug(
        "levofloxacin",
        "levofloxacin",
        "intravenous, every 12 hours",
        ("250", "mg", "mg"),
        "2026-11-14T04:40",
        "mistry",
        Use::Course,
    ),
    Drug(
        "paracetamol",
        "paracetamol",
        "oral, every 6 hours",
        ("1", "g", "g"),
        "2026-11-14T04:40",
        "mistry",
        Use::Course,
    ),
    Drug("apixaban", "apixaban", "oral, twice a day", ("2.5", "mg", "mg"), "2021-05-04T10:00", "sandhu", Use::LongTerm),
    Drug(
        "insulin",
        "insulin glargine 100 units in 1 mL",
        "subcutaneous, at 22:00",
        ("12", "units", "[iU]"),
        "2018-03-12T10:00",
        "sandhu",
        Use::LongTerm,
    ),
    Drug(
        "atorvastatin",
        "atorvastatin",
        "oral, at night",
        ("20", "mg", "mg"),
        "2012-09-17T10:00",
        "sandhu",
        Use::LongTerm,
    ),
    Drug(
        "bisoprolol",
        "bisoprolol",
        "oral, once a day",
        ("2.5", "mg", "mg"),
        "2009-11-02T10:00",
        "sandhu",
        Use::LongTerm,
    ),
    Drug(
        "cyclizine",
        "cyclizine",
        "oral or intravenous, up to 3 times a day",
        ("50", "mg", "mg"),
        "2026-11-14T04:40",
        "mistry",
        Use::AsRequired,
    ),
    Drug("ramipril", "ramipril", "once a day", ("5", "mg", "mg"), "2011-02-01T10:00", "sandhu", Use::Suspended),
    Drug("metformin", "metformin", "twice a day", ("500", "mg", "mg"), "2006-06-06T10:00", "sandhu", Use::Suspended),
    Drug("gliclazide", "gliclazide", "once a day", ("80", "mg", "mg"), "2005-01-11T10:00", "sandhu", Use::Suspended),
];

fn medicines(story: &Story) -> Vec<String> {
    DRUGS
        .iter()
        .map(|Drug(id, name, instructions, dose, since, by, used)| {
            let by = staff(by);
            let recent = since.starts_with("2026-11-1");
            let since = if recent { story.recent(since) } else { story.instant(since) };
            let amount = Object::new().json("doseQuantity", quantity(dose.0, dose.1, dose.2)).done();
            let dosage = Object::new()
                .text("text", instructions)
                .json_if("asNeededBoolean", (*used == Use::AsRequired).then(|| "true".to_owned()))
                .json("doseAndRate", array([amount]));
            let suspended = *used == Use::Suspended;
            let course = (*used == Use::LongTerm || suspended).then(|| {
                code("http://terminology.hl7.org/CodeSystem/medicationrequest-course-of-therapy", "continuous")
            });
            Object::resource("MedicationRequest", &format!("adeyemi-{id}"))
                .text("status", if suspended { "on-hold" } else { "active" })
                .json_if("statusReason", suspended.then(|| words("acute kidney injury; review daily")))
                .text("intent", "order")
                .json("medicationCodeableConcept", words(name))
                .json("subject", subject())
                .text("authoredOn", since)
                .json("requester", reference(&by.0, &by.1))
                .json_if("courseOfTherapyType", course)
                .json("dosageInstruction", array([dosage.done()]))
                .done()
        })
        .collect()
}

/// One set: when, respirations, SpO2, oxygen, systolic, diastolic, pulse, temperature. She was alert throughout.
struct Set(
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const OBSERVATIONS: &[Set] = &[
    Set("2026-11-14T16:10", "18", "95", "2", "122", "70", "88", "37.6"),
    Set("2026-11-14T22:00", "19", "95", "2", "120", "68", "86", "37.5"),
    Set("2026-11-15T02:00", "18", "95", "2", "118", "68", "84", "37.4"),
    Set("2026-11-15T06:00", "18", "95", "2", "120", "70", "86", "37.4"),
    Set("2026-11-15T10:15", "18", "96", "2", "124", "72", "84", "37.2"),
    Set("2026-11-15T14:00", "17", "96", "2", "126", "72", "82", "37.1"),
    Set("2026-11-15T18:20", "18", "96", "2", "124", "70", "84", "37.2"),
    Set("2026-11-15T22:05", "17", "96", "2", "122", "70", "82", "37.0"),
    Set("2026-11-16T02:05", "16", "97", "2", "120", "68", "78", "36.9"),
    Set("2026-11-16T06:00", "17", "96", "2", "122", "70", "80", "36.9"),
    Set("2026-11-16T14:05", "18", "96", "2", "124", "70", "84", "37.1"),
    Set("2026-11-16T18:05", "19", "95", "2", "122", "70", "86", "37.3"),
    Set("2026-11-16T22:10", "18", "96", "2", "120", "68", "86", "37.2"),
    Set("2026-11-17T02:00", "19", "96", "2", "120", "68", "88", "37.4"),
    Set("2026-11-17T06:00", "20", "95", "2", "118", "66", "92", "37.6"),
    Set("2026-11-17T10:10", "21", "95", "2", "116", "64", "98", "37.8"),
    Set("2026-11-17T14:05", "24", "94", "2", "112", "60", "108", "38.3"),
];

fn observation_set(at: usize, set: &Set, story: &Story) -> Vec<String> {
    let Set(when, respirations, spo2, oxygen, systolic, diastolic, pulse, temperature) = set;
    let prefix = format!("adeyemi-obs-{:02}", at + 1);
    let of = vitals::Of { prefix: &prefix, patient: ID, stay: STAY };
    let values = [respirations, spo2, oxygen, systolic, diastolic, pulse, temperature].map(|value| *value);
    vitals::set(of, &story.recent(when), values)
}

fn observation(id: &str, category: &str, code_of: (&str, &str), taken: &str) -> Object {
    Object::resource("Observation", id)
        .text("status", "final")
        .json("category", array([code("http://terminology.hl7.org/CodeSystem/observation-category", category)]))
        .json("code", concept(LOINC, code_of.0, code_of.1))
        .json("subject", subject())
        .text("effectiveDateTime", taken)
}

/// One test: code, name, unit, UCUM, range low and high, five values from August to now, last interpretation.
struct Lab(
    (&'static str, &'static str),
    (&'static str, &'static str),
    (Option<&'static str>, Option<&'static str>),
    [&'static str; 5],
);

const RESULTS: &[Lab] = &[
    Lab(("2823-3", "Potassium"), ("mmol/L", "mmol/L"), (Some("3.5"), Some("5.3")), ["4.4", "4.6", "4.8", "5.2", "5.9"]),
    Lab(
        ("14682-9", "Creatinine"),
        ("micromol/L", "umol/L"),
        (Some("45"), Some("84")),
        ["118", "126", "131", "164", "212"],
    ),
    Lab(("62238-1", "eGFR"), ("mL/min", "mL/min/{1.73_m2}"), (Some("90"), None), ["41", "38", "36", "28", "21"]),
    Lab(("22664-7", "Urea"), ("mmol/L", "mmol/L"), (Some("2.5"), Some("7.8")), ["8.8", "9.3", "9.7", "13.2", "18.4"]),
    Lab(("2951-2", "Sodium"), ("mmol/L", "mmol/L"), (Some("133"), Some("146")), ["136", "134", "133", "132", "131"]),
    Lab(("1988-5", "CRP"), ("mg/L", "mg/L"), (None, Some("5")), ["3", "286", "190", "142", "201"]),
    Lab(("6690-2", "White cells"), ("10⁹/L", "10*9/L"), (Some("4"), Some("11")), ["7.8", "17.2", "13.1", "11", "16.4"]),
    Lab(("718-7", "Haemoglobin"), ("g/L", "g/L"), (Some("115"), Some("165")), ["121", "118", "116", "115", "112"]),
    Lab(("32693-4", "Lactate"), ("mmol/L", "mmol/L"), (Some("0.5"), Some("2.2")), ["1.1", "1.9", "1.4", "1.2", "2.6"]),
];

fn results(test: &Lab, story: &Story) -> Vec<String> {
    let Lab(code_of, unit, range, values) = test;
    let last = if code_of.1 == "Lactate" { "2026-11-17T14:18" } else { "2026-11-17T13:20" };
    let times = [
        story.instant("2026-08-18T09:40"),
        story.recent("2026-11-14T00:30"),
        story.recent("2026-11-15T07:10"),
        story.recent("2026-11-16T07:05"),
        story.recent(last),
    ];
    let ends = [("low", range.0), ("high", range.1)];
    let reference_range = ends
        .into_iter()
        .fold(Object::new(), |object, (name, end)| object.json_if(name, end.map(|end| quantity(end, unit.0, unit.1))));
    let reference_range = array([reference_range.done()]);
    times
        .iter()
        .zip(values)
        .enumerate()
        .map(|(at, (taken, value))| {
            let id = format!("adeyemi-lab-{}-{}", code_of.0, at + 1);
            observation(&id, "laboratory", *code_of, taken)
                .json("valueQuantity", quantity(value, unit.0, unit.1))
                .json("referenceRange", &reference_range)
                .done()
        })
        .collect()
}

/// Letters: day and title. Those of this month follow the stay.
const LETTERS: &[(&str, &str)] = &[
    ("2024-12-05", "Diabetes clinic letter"),
    ("2025-01-23", "Discharge summary, heart failure"),
    ("2025-03-13", "Heart failure clinic letter"),
    ("2025-06-20", "Diabetes clinic letter"),
    ("2025-07-09", "Emergency department letter, fall"),
    ("2025-12-04", "Discharge summary, COVID-19"),
    ("2026-01-23", "Kidney clinic letter"),
    ("2026-05-15", "Diabetes clinic letter"),
    ("2026-09-14", "GP referral"),
    ("2026-11-05", "Respiratory clinic letter"),
];

fn document(at: usize, (day, title): (&str, &str), story: &Story) -> String {
    let written = story.instant(&format!("{day}T12:00"));
    let attachment = Object::new().text("contentType", "text/plain").text("title", title).text("creation", &written);
    // The demonstration has the letters' covers, not their texts.
    let content = Object::new().json("attachment", attachment.done()).done();
    Object::resource("DocumentReference", &format!("adeyemi-letter-{:02}", at + 1))
        .text("status", "current")
        .json("type", words(title))
        .json("subject", subject())
        .text("date", &written)
        .text("description", title)
        .json("content", array([content]))
        .done()
}

/// Images: when, what, modality.
const IMAGES: &[(&str, &str, &str)] = &[
    ("2025-01-17T03:10", "Chest X-ray", "DX"),
    ("2025-01-18T09:20", "Echocardiogram", "US"),
    ("2025-11-30T14:25", "Chest X-ray", "DX"),
    ("2026-10-06T10:30", "Chest X-ray", "DX"),
    ("2026-11-14T00:40", "Chest X-ray", "DX"),
];

fn image_study(at: usize, (when, what, modality): (&str, &str, &str), story: &Story) -> String {
    let started = if when.starts_with("2026-11-1") { story.recent(when) } else { story.instant(when) };
    let modality =
        Object::new().text("system", "http://dicom.nema.org/resources/ontology/DCM").text("code", modality).done();
    Object::resource("ImagingStudy", &format!("adeyemi-image-{:02}", at + 1))
        .text("status", "available")
        .json("modality", array([modality]))
        .json("subject", subject())
        .text("started", started)
        .json("procedureCode", array([words(what)]))
        .json("note", array([Object::new().json("text", quoted("Invented for the demonstration.")).done()]))
        .done()
}
