//! Heron ward around Mrs Adeyemi: who lies beside her, and what the board shows of each: sets of observations, flags,
//! what is expected.
//!
//! Everybody in it is invented; the clinical content is a draft that no clinician has approved. It knows nothing of stores
//! or pages.

use super::people::{Answer, Person, on_heron, stay};
use super::places::{bed, place, staff};
use super::story::Story;
use super::vitals::{self, Of, Values};
use super::write::{LOINC, Object, array, code, concept, extension, quantity, quoted, reference, words};

/// Those of whom nothing is told but what the board shows.
pub(super) const PEOPLE: &[Person] = &[
    on_heron(
        "cosgrove-eileen",
        ("Cosgrove", "Eileen", "Mrs"),
        ("female", "1958-03-09", "9990201226", "TR 081 207"),
        Answer::None,
        stay(3, "2026-11-14T16:30", ("", "Exacerbation of asthma"), "hughes"),
    ),
    on_heron(
        "jankowska-ewa",
        ("Jankowska", "Ewa", "Ms"),
        ("female", "1963-06-21", "9990201668", "TR 117 540"),
        Answer::None,
        stay(8, "2026-11-13T21:10", ("", "Respiratory failure, on NIV"), "okafor"),
    ),
    on_heron(
        "kellaway-brian",
        ("Kellaway", "Brian", "Mr"),
        ("male", "1949-04-02", "9990201730", "TR 060 918"),
        Answer::Agent { code: "", agent: "iodine contrast", reaction: ("271807003", "rash") },
        stay(9, "2026-11-15T13:45", ("", "Haemoptysis"), "mistry"),
    ),
    on_heron(
        "lloyd-gareth",
        ("Lloyd", "Gareth", "Mr"),
        ("male", "1956-08-15", "9990201811", "TR 072 331"),
        Answer::None,
        stay(10, "2026-11-13T10:05", ("", "Pneumonia"), "hughes"),
    ),
    on_heron(
        "mensah-kwame",
        ("Mensah", "Kwame", "Mr"),
        ("male", "1960-01-30", "9990201900", "TR 128 664"),
        Answer::None,
        stay(11, "2026-11-16T22:40", ("", "Suspected pulmonary embolism"), "mistry"),
    ),
    on_heron(
        "patel-dilip",
        ("Patel", "Dilip", "Mr"),
        ("male", "1955-05-05", "9990202397", "TR 099 012"),
        Answer::Agent { code: "294494000", agent: "trimethoprim", reaction: ("271807003", "rash") },
        stay(16, "2026-11-10T18:20", ("", "Heart failure"), "hughes"),
    ),
    on_heron(
        "quinn-bridget",
        ("Quinn", "Bridget", "Mrs"),
        ("female", "1947-09-12", "9990202478", "TR 045 873"),
        Answer::None,
        stay(17, "2026-11-09T19:00", ("", "Clostridioides difficile infection"), "mistry"),
    ),
    on_heron(
        "rahman-shafiq",
        ("Rahman", "Shafiq", "Mr"),
        ("male", "1942-07-01", "9990202559", "TR 038 226"),
        Answer::Agent { code: "", agent: "codeine", reaction: ("422587007", "nausea") },
        stay(18, "2026-11-07T08:15", ("", "End of life care"), "okafor"),
    ),
    on_heron(
        "sobczak-lena",
        ("Sobczak", "Lena", "Ms"),
        ("female", "1992-02-28", "9990202648", "TR 139 455"),
        Answer::None,
        stay(19, "2026-11-15T15:30", ("", "Influenza A"), "hughes"),
    ),
    on_heron(
        "turnbull-alan",
        ("Turnbull", "Alan", "Mr"),
        ("male", "1964-10-10", "9990202710", "TR 105 790"),
        Answer::None,
        stay(20, "2026-11-16T17:55", ("", "Alcohol withdrawal"), "mistry"),
    ),
    on_heron(
        "vaughan-rhys",
        ("Vaughan", "Rhys", "Mr"),
        ("male", "1959-02-11", "9990202818", "TR 110 083"),
        Answer::NotAsked,
        stay(12, "2026-11-17T14:20", ("", "Pleural effusion"), "mistry"),
    ),
];

/// What the board shows of somebody beside who they are.
pub(super) struct Told {
    id: &'static str,
    /// The expected day of discharge.
    end: Option<&'static str>,
    /// The newest set: when, its score, and the score four hours before.
    set: Option<(&'static str, u8, Option<u8>)>,
    flags: &'static [Flag],
}

/// What stops somebody's discharge: who, what, whose it is, ready since and pathway, leaving at.
type Plan =
    (&'static str, &'static str, &'static str, Option<&'static str>, Option<&'static str>, Option<&'static str>);

#[rustfmt::skip]
const PLANS: &[Plan] = &[
    ("adeyemi-folasade", "Unwell: sepsis, NEWS2 7", "", None, None, None),
    ("beckford-maureen", "Care package starts tomorrow 08:00", "Discharge team", Some("2026-11-16"), Some("P1"), None),
    ("cosgrove-eileen", "Medicines to take home, due 15:30", "", Some("2026-11-17"), Some("P0"), Some("16:30")),
    ("farrow-daphne", "Therapy goals not met", "Therapies", None, Some("P2"), None),
    ("gill-harpreet", "Echo, booked tomorrow 09:30", "Cardiology", None, None, None),
    ("jankowska-ewa", "NIV weaning", "", None, None, None),
    ("kellaway-brian", "CT result not acknowledged", "Dr Mistry", None, None, None),
    ("lloyd-gareth", "IV to oral switch, review today", "Dr Hughes", None, None, None),
    ("mensah-kwame", "Awaiting CT pulmonary angiogram", "Imaging", None, None, None),
    ("norris-leonard", "Pleural drain in place", "", None, None, None),
    ("oyelaran-tunde", "Nothing: lift booked 16:00", "", Some("2026-11-17"), Some("P0"), Some("16:00")),
    ("patel-dinesh", "Home oxygen assessment", "Respiratory nurse", None, None, None),
    ("patel-dilip", "Social worker to see", "Adult social care", None, Some("P1"), None),
    ("quinn-bridget", "48 h clear of symptoms", "", None, None, None),
    ("rahman-shafiq", "Comfort care, family staying", "", None, None, None),
    ("sobczak-lena", "Clinical review after result", "Dr Hughes", None, None, None),
    ("turnbull-alan", "Seizure risk, review 15:00", "Dr Mistry", None, None, None),
    ("vaughan-rhys", "Next: bed 14 when Mr Oyelaran leaves, about 16:00", "S Reilly", None, None, None),
];

/// The plan of somebody's discharge as an extension.
pub(super) fn plan(who: &str, story: &Story) -> Option<String> {
    let (_, stopping, owner, ready, pathway, leaving) = PLANS.iter().find(|(id, ..)| *id == who)?;
    let said = |name: &str, words: &str| extension(name, "valueString", &quoted(words));
    let mut parts = vec![said("stopping", stopping)];
    parts.extend((!owner.is_empty()).then(|| said("owner", owner)));
    if let Some(ready) = ready {
        parts.push(extension("criteria-to-reside", "valueBoolean", "false"));
        parts.push(extension("ready-since", "valueDate", &quoted(&story.day(ready))));
    }
    parts.extend(pathway.map(|pathway| extension("pathway", "valueCode", &quoted(pathway))));
    if let Some(at) = leaving {
        let at = story.recent(&format!("2026-11-17T{at}"));
        parts.push(extension("leaving-at", "valueDateTime", &quoted(&at)));
        parts.push(said("leaving-agreed-by", "Sister S Reilly"));
    }
    Some(Object::new().text("url", "urn:almoner:discharge-plan").json("extension", array(parts)).done())
}

/// A flag: code, words, priority.
type Flag = (&'static str, &'static str, &'static str);

const FALLS: Flag = ("falls", "Falls", "PM");
const DNACPR: Flag = ("dnacpr", "DNACPR", "PN");
const DIABETES: Flag = ("diabetes", "Diabetes", "PN");

const fn told(
    id: &'static str,
    end: Option<&'static str>,
    set: Option<(&'static str, u8, Option<u8>)>,
    flags: &'static [Flag],
) -> Told {
    Told { id, end, set, flags }
}

const WARD: &[Told] = &[
    told("adeyemi-folasade", None, None, &[("aki", "AKI stage 1", "PH"), FALLS]),
    told(
        "beckford-maureen",
        Some("2026-11-17"),
        Some(("12:10", 2, Some(2))),
        &[FALLS, DNACPR, ("dementia", "Dementia", "PN")],
    ),
    told("cosgrove-eileen", Some("2026-11-17"), Some(("12:15", 1, Some(2))), &[]),
    told(
        "farrow-daphne",
        Some("2026-11-24"),
        Some(("10:10", 3, Some(3))),
        &[FALLS, ("pressure-ulcer", "Pressure ulcer 2", "PN")],
    ),
    told("gill-harpreet", Some("2026-11-18"), Some(("12:25", 0, Some(0))), &[]),
    told("jankowska-ewa", Some("2026-11-22"), Some(("13:40", 4, Some(2))), &[("niv", "NIV at night", "PN")]),
    told("kellaway-brian", Some("2026-11-18"), Some(("12:30", 1, Some(1))), &[]),
    told("lloyd-gareth", Some("2026-11-19"), Some(("12:35", 2, Some(3))), &[DIABETES]),
    told(
        "mensah-kwame",
        Some("2026-11-21"),
        Some(("11:55", 3, Some(2))),
        &[("anticoagulated", "Anticoagulated", "PN")],
    ),
    told("norris-leonard", Some("2026-11-25"), Some(("13:30", 5, Some(5))), &[FALLS, DNACPR]),
    told("oyelaran-tunde", Some("2026-11-17"), Some(("12:40", 0, Some(0))), &[]),
    told("patel-dinesh", Some("2026-11-19"), Some(("12:45", 1, Some(1))), &[DIABETES]),
    told("patel-dilip", Some("2026-11-20"), Some(("12:50", 2, Some(1))), &[]),
    told(
        "quinn-bridget",
        Some("2026-11-23"),
        Some(("12:00", 3, Some(4))),
        &[("isolation", "Isolation: C. difficile", "PM")],
    ),
    told("rahman-shafiq", None, None, &[DNACPR]),
    told(
        "sobczak-lena",
        Some("2026-11-18"),
        Some(("12:55", 2, Some(4))),
        &[("isolation", "Isolation: influenza A", "PM")],
    ),
    told("turnbull-alan", Some("2026-11-22"), Some(("14:10", 6, Some(4))), &[("withdrawal", "Withdrawal chart", "PN")]),
    told("vaughan-rhys", None, Some(("14:25", 3, None)), &[]),
];

/// What is told of somebody.
pub(super) fn told_of(id: &str) -> Option<&'static Told> {
    WARD.iter().find(|told| told.id == id)
}

impl Told {
    /// The expected day of discharge as R5 has it, and the plan.
    pub(super) fn extensions(&self, story: &Story) -> Option<String> {
        let url = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate";
        let end = self.end.map(|end| extension(url, "valueDateTime", &quoted(&story.day(end))));
        let all: Vec<String> = end.into_iter().chain(plan(self.id, story)).collect();
        (!all.is_empty()).then(|| array(all))
    }

    /// Where somebody is who is not simply in a bed: at CT with the bed kept, or on a trolley.
    pub(super) fn locations(&self, story: &Story) -> Option<String> {
        let entry = |(to, words): (String, String), status: &str, from: &str, until: Option<&str>| {
            let end = until.map(|until| story.recent(until));
            let period = Object::new().text("start", story.recent(from)).text_if("end", end).done();
            Object::new().json("location", reference(&to, &words)).text("status", status).json("period", period).done()
        };
        match self.id {
            "mensah-kwame" => Some(array([
                entry(bed(11), "completed", "2026-11-16T22:40", Some("2026-11-17T14:10")),
                entry(place("ct"), "active", "2026-11-17T14:10", Some("2026-11-17T15:00")),
                entry(bed(11), "reserved", "2026-11-17T14:10", None),
            ])),
            "vaughan-rhys" => {
                let trolley =
                    ("Location/heron-trolley-01".to_owned(), "Heron ward, trolley, treatment room".to_owned());
                Some(array([entry(trolley, "active", "2026-11-17T14:20", None)]))
            }
            _ => None,
        }
    }
}

/// Every resource of this file.
pub(super) fn resources(story: &Story) -> Vec<String> {
    let mut texts = Vec::new();
    for told in WARD {
        let name = told.id;
        let stay = if name == "adeyemi-folasade" { "adeyemi-stay".to_owned() } else { format!("{name}-stay") };
        let stay = format!("Encounter/{stay}");
        if let Some((at, score, before)) = told.set {
            let taken = format!("2026-11-17T{at}");
            let hours = at[..2].parse::<u8>().unwrap_or(12);
            if let Some(before) = before {
                let earlier = format!("2026-11-17T{:02}{}", hours - 4, &at[2..]);
                let prefix = format!("{name}-obs-1");
                let of = Of { prefix: &prefix, patient: name, stay: &stay };
                texts.extend(vitals::set(of, &story.recent(&earlier), values(before)));
            }
            let prefix = format!("{name}-obs-2");
            let of = Of { prefix: &prefix, patient: name, stay: &stay };
            texts.extend(vitals::set(of, &story.recent(&taken), values(score)));
        }
        texts.extend(told.flags.iter().map(|of| flag(name, of, story)));
    }
    texts.push(target(story));
    texts.push(order("farrow-daphne", story, |order| {
        let repeat = Object::new().json("period", "4").text("periodUnit", "h").done();
        order.json("occurrenceTiming", Object::new().json("repeat", repeat).done())
    }));
    texts.push(order("rahman-shafiq", story, |order| {
        // As the rule of orders marks it: a doctor gave a reason, and there was no score.
        let tag = Object::new().text("system", "urn:almoner:observations").text("code", "doctor-up-to-0").done();
        order
            .json("meta", Object::new().json("tag", array([tag])).done())
            .json("doNotPerform", "true")
            .json("reasonCode", array([words("End of life care")]))
    }));
    texts
}

/// Values whose NEWS2 is this, 0 to 6.
fn values(score: u8) -> Values<'static> {
    let respirations = if score >= 2 { "21" } else { "16" };
    let pulse = match score {
        0 | 2 => "76",
        1 | 3 => "95",
        _ => "112",
    };
    let temperature = if score == 5 { "38.3" } else { "36.8" };
    let spo2 = if score == 6 { "93" } else { "97" };
    [respirations, spo2, "0", "122", "70", pulse, temperature]
}

fn patient(id: &str) -> String {
    Object::new().text("reference", format!("Patient/{id}")).done()
}

fn flag(who: &str, (of, what, priority): &Flag, story: &Story) -> String {
    let priority = extension(
        "http://hl7.org/fhir/StructureDefinition/flag-priority",
        "valueCodeableConcept",
        &code("http://hl7.org/fhir/flag-priority-code", priority),
    );
    Object::resource("Flag", &format!("{who}-{of}"))
        .json("extension", array([priority]))
        .text("status", "active")
        .json("code", concept("urn:almoner:flag", of, what))
        .json("subject", patient(who))
        .json("period", Object::new().text("start", story.recent("2026-11-16T09:00")).done())
        .done()
}

/// Oxygen for Ms Jankowska is aimed at 88 to 92 per cent.
fn target(story: &Story) -> String {
    let okafor = staff("okafor");
    let end = |value: &str| quantity(value, "%", "%");
    let range = Object::new().json("low", end("88")).json("high", end("92")).done();
    let target =
        Object::new().json("measure", concept(LOINC, "2708-6", "Oxygen saturation")).json("detailRange", range).done();
    Object::resource("Goal", "jankowska-ewa-oxygen")
        .text("lifecycleStatus", "active")
        .json("description", words("Oxygen 88 to 92%"))
        .json("subject", patient("jankowska-ewa"))
        .text("startDate", story.day("2026-11-13"))
        .json("target", array([target]))
        .json("expressedBy", reference(&okafor.0, &okafor.1))
        .done()
}

/// How somebody's observations are ordered.
fn order(who: &str, story: &Story, with: impl Fn(Object) -> Object) -> String {
    let okafor = staff("okafor");
    let order = Object::resource("ServiceRequest", &format!("{who}-observations"))
        .text("status", "active")
        .text("intent", "order")
        .json("code", concept("urn:almoner:care", "observations", "Observations"))
        .json("subject", patient(who));
    with(order)
        .text("authoredOn", story.recent("2026-11-16T10:00"))
        .json("requester", reference(&okafor.0, &okafor.1))
        .done()
}
