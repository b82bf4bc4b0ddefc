//! The emergency department of the worked case: its places, eleven people in it, three ambulances on their way, and those
//! who left today. Scores are left for the product to work out from the signs.
//! Everybody in it is invented; it knows nothing of stores or pages.

mod people;

use people::{DUE, LEFT, PEOPLE};

use super::places::{TRUST, bed, staff};
use super::story::Story;
use super::write::{LOINC, Object, SNOMED, array, code, concept, quantity, quoted, reference, words};

/// Places: id, name, label, kind, part of.
const PLACES: &[(&str, &str, &str, &str, Option<&str>)] = &[
    ("ed", "Emergency department", "ED", "emergency-department", None),
    ("ed-resus", "Emergency department, resus", "Resus", "area", Some("ed")),
    ("ed-resus-1", "Emergency department, resus 1", "R1", "cubicle", Some("ed-resus")),
    ("ed-resus-2", "Emergency department, resus 2", "R2", "cubicle", Some("ed-resus")),
    ("ed-majors", "Emergency department, majors", "Majors", "area", Some("ed")),
    ("ed-majors-1", "Emergency department, majors 1", "M1", "cubicle", Some("ed-majors")),
    ("ed-majors-2", "Emergency department, majors 2", "M2", "cubicle", Some("ed-majors")),
    ("ed-majors-3", "Emergency department, majors 3", "M3", "cubicle", Some("ed-majors")),
    ("ed-majors-4", "Emergency department, majors 4", "M4", "cubicle", Some("ed-majors")),
    ("ed-majors-5", "Emergency department, majors 5", "M5", "cubicle", Some("ed-majors")),
    ("ed-majors-6", "Emergency department, majors 6", "M6", "cubicle", Some("ed-majors")),
    ("ed-minors", "Emergency department, minors and streaming", "Minors and streaming", "area", Some("ed")),
    ("ed-waiting", "Emergency department, waiting room", "W", "area", Some("ed-minors")),
    ("ed-corridor", "Emergency department, corridor", "Corridor", "corridor", Some("ed")),
];

/// The places as resources; the ward of the story has its own file.
pub(super) fn places(story: &Story) -> Vec<String> {
    let each = PLACES.iter().enumerate();
    each.map(|(at, (id, name, label, kind, within))| {
        let position = fhir::write::extension("urn:almoner:position", "valuePositiveInt", &(at + 1).to_string());
        let clean = fhir::write::extension(
            "urn:almoner:bed-since",
            "valueDateTime",
            &quoted(&story.recent("2026-11-17T14:02")),
        );
        let is_clean = *id == "ed-majors-6";
        let lead = (*id == "ed").then_some("Nurse in charge: Dele Martins, bleep 1001. Consultant: Dr P Lin.");
        Object::resource("Location", id)
            .json("extension", array([position].into_iter().chain(is_clean.then_some(clean))))
            .text("status", "active")
            .text("name", name)
            .json("alias", array([quoted(label)]))
            .text_if("description", lead)
            .json("type", array([concept("urn:almoner:place-kind", kind, kind)]))
            .json("managingOrganization", Object::new().text("reference", TRUST.0).done())
            .json_if("partOf", within.map(|to| Object::new().text("reference", format!("Location/{to}")).done()))
            .done()
    })
    .collect()
}

/// A set of signs: when, respirations, SpO2, oxygen, systolic, pulse, ACVPU, temperature.
struct Signs(&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, Mind, &'static str);

/// Consciousness.
#[derive(Clone, Copy)]
enum Mind {
    Alert,
    Voice,
}

/// What is known of allergies.
enum Allergy {
    NotAsked,
    None,
    Agents(&'static [(&'static str, &'static str)]),
    /// Told with the person elsewhere.
    Elsewhere,
}

/// A flag: id, words, priority, our own code.
struct Flag(&'static str, &'static str, Option<&'static str>, Option<&'static str>);

/// A decision to admit: when, the team, the stay's id, treatment function, consultant of the story, bed that is kept.
struct Admission(
    &'static str,
    &'static str,
    &'static str,
    (&'static str, &'static str),
    Option<&'static str>,
    Option<u8>,
);

/// Somebody in the department.
struct Here {
    id: &'static str,
    family: &'static str,
    given: &'static str,
    gender: &'static str,
    born: &'static str,
    nhs: Option<&'static str>,
    hospital: &'static str,
    place: &'static str,
    category: Option<(&'static str, &'static str)>,
    arrived: &'static str,
    handed_over: Option<&'static str>,
    assessed: Option<&'static str>,
    clinician: Option<&'static str>,
    senior: Option<(&'static str, &'static str)>,
    complaint: &'static str,
    now: Option<&'static str>,
    waits_for: Option<&'static str>,
    allergy: Allergy,
    flags: &'static [Flag],
    signs: &'static [Signs],
    admission: Option<Admission>,
}

const NOBODY: Here = Here {
    id: "",
    family: "",
    given: "",
    gender: "",
    born: "",
    nhs: None,
    hospital: "",
    place: "ed-waiting",
    category: None,
    arrived: "",
    handed_over: None,
    assessed: None,
    clinician: None,
    senior: None,
    complaint: "",
    now: None,
    waits_for: None,
    allergy: Allergy::NotAsked,
    flags: &[],
    signs: &[],
    admission: None,
};

/// Who left today: id, family, given, gender, born, hospital number, arrived, left, outcome, destination.
type Gone = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// Every resource of this file but the places.
pub(super) fn resources(story: &Story) -> Vec<String> {
    let mut texts = Vec::new();
    for here in PEOPLE {
        if !matches!(here.allergy, Allergy::Elsewhere) {
            texts.push(patient((here.id, here.family, here.given), here.gender, here.born, here.nhs, here.hospital));
        }
        texts.extend(allergies(here, story));
        texts.extend(here.flags.iter().map(|flag| flag_of(here, flag, story)));
        texts.extend(here.admission.iter().map(|admission| expected(here, admission, story)));
        texts.push(attendance(here, story));
        texts.extend(here.signs.iter().enumerate().flat_map(|(at, signs)| set(here, at, signs, story)));
    }
    texts.push(child_score(story));
    texts.push(oxygen_target(story));
    for gone in LEFT {
        texts.push(patient((gone.0, gone.1, gone.2), gone.3, gone.4, None, gone.5));
        texts.push(left(gone, story));
    }
    texts.extend(DUE.iter().map(|due| announced(due, story)));
    texts
}

fn subject(id: &str) -> String {
    Object::new().text("reference", format!("Patient/{id}")).done()
}

fn patient(
    (id, family, given): (&str, &str, &str),
    gender: &str,
    born: &str,
    nhs: Option<&str>,
    hospital: &str,
) -> String {
    let nhs = nhs
        .map(|number| Object::new().text("system", "https://fhir.nhs.uk/Id/nhs-number").text("value", number).done());
    let hospital = Object::new()
        .json("type", code("http://terminology.hl7.org/CodeSystem/v2-0203", "MR"))
        .text("system", "urn:almoner:demo:hospital-number")
        .text("value", hospital)
        .json("assigner", Object::new().text("display", TRUST.1).done());
    let name =
        Object::new().text("use", "official").text("family", family).json("given", array([quoted(given)])).done();
    Object::resource("Patient", id)
        .json("identifier", array(nhs.into_iter().chain([hospital.done()])))
        .json("active", "true")
        .json("name", array([name]))
        .text("gender", gender)
        .text("birthDate", born)
        .json("managingOrganization", Object::new().text("reference", TRUST.0).done())
        .done()
}

fn allergies(here: &Here, story: &Story) -> Vec<String> {
    let agents: Vec<(String, String)> = match here.allergy {
        Allergy::NotAsked | Allergy::Elsewhere => Vec::new(),
        Allergy::None => vec![("none".into(), concept(SNOMED, "716186003", "No known allergy"))],
        Allergy::Agents(agents) => {
            agents.iter().map(|(code, agent)| ((*agent).to_owned(), concept(SNOMED, code, agent))).collect()
        }
    };
    let each = agents.into_iter().map(|(name, what)| {
        let status =
            |system: &str, value: &str| code(&format!("http://terminology.hl7.org/CodeSystem/{system}"), value);
        Object::resource("AllergyIntolerance", &format!("{}-{name}", here.id))
            .json("clinicalStatus", status("allergyintolerance-clinical", "active"))
            .json("verificationStatus", status("allergyintolerance-verification", "confirmed"))
            .json("code", what)
            .json("patient", subject(here.id))
            .text("recordedDate", story.recent(here.arrived))
            .done()
    });
    each.collect()
}

fn flag_of(here: &Here, Flag(id, what, priority, own): &Flag, story: &Story) -> String {
    let priority = priority.map(|priority| {
        let value = code("http://hl7.org/fhir/flag-priority-code", priority);
        fhir::write::extension("http://hl7.org/fhir/StructureDefinition/flag-priority", "valueCodeableConcept", &value)
    });
    let what = own.map_or_else(|| words(what), |own| concept("urn:almoner:flag", own, what));
    Object::resource("Flag", &format!("{}-{id}", here.id))
        .json_if("extension", priority.map(|priority| array([priority])))
        .text("status", "active")
        .json("code", what)
        .json("subject", subject(here.id))
        .json("period", Object::new().text("start", story.recent(here.arrived)).done())
        .done()
}

/// One of the product's extensions with parts.
fn fact(url: &str, parts: impl IntoIterator<Item = Option<String>>) -> String {
    Object::new().text("url", url).json("extension", array(parts.into_iter().flatten())).done()
}

fn part(name: &str, kind: &str, value: &str) -> Option<String> {
    Some(fhir::write::extension(name, kind, &quoted(value)))
}

fn class(of: &str) -> String {
    let class = Object::new().text("system", "http://terminology.hl7.org/CodeSystem/v3-ActCode").text("code", of);
    class.done()
}

fn participant(kind: String, who: String, since: &str) -> String {
    let period = Object::new().text("start", since).done();
    Object::new().json("type", array([kind])).json("period", period).json("individual", who).done()
}

fn named(name: &str) -> String {
    Object::new().text("display", name).done()
}

fn attendance(here: &Here, story: &Story) -> String {
    let arrived = story.recent(here.arrived);
    let attends = || code("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "ATND");
    let clinician = here.clinician.map(|name| participant(attends(), named(name), &arrived));
    let senior = here.senior.map(|(name, since)| {
        participant(code("urn:almoner:participation", "senior"), named(name), &story.recent(since))
    });
    let people: Vec<String> = clinician.into_iter().chain(senior).collect();
    let since = Object::new().text("start", &arrived).done();
    let at = Object::new()
        .json("location", Object::new().text("reference", format!("Location/{}", here.place)).done())
        .text("status", "active")
        .json("period", &since)
        .done();
    let status = match (here.clinician, here.category) {
        (Some(_), _) => "in-progress",
        (None, Some(_)) => "triaged",
        (None, None) => "arrived",
    };
    let category = here.category.map(|(number, words)| concept("urn:almoner:triage-category", number, words));
    Object::resource("Encounter", &format!("{}-stay", here.id))
        .json("extension", array(facts(here, story)))
        .text("status", status)
        .json("class", class("EMER"))
        .json_if("priority", category)
        .json("subject", subject(here.id))
        .json_if("participant", (!people.is_empty()).then(|| array(people)))
        .json("period", since)
        .json("reasonCode", array([words(here.complaint)]))
        .json("location", array([at]))
        .json("serviceProvider", reference(TRUST.0, TRUST.1))
        .done()
}

/// The facts of an attendance that are extensions.
fn facts(here: &Here, story: &Story) -> Vec<String> {
    let department = Object::new().text("reference", "Location/ed").done();
    let mode = if here.handed_over.is_some() { "ambulance" } else { "on-foot" };
    let at = |moment: &str| part("at", "valueDateTime", &story.recent(moment));
    let triaged = here.assessed.unwrap_or(here.arrived);
    let own = [
        Some(fhir::write::extension("urn:almoner:department", "valueReference", &department)),
        Some(fhir::write::extension("urn:almoner:arrival-mode", "valueCode", &quoted(mode))),
        here.handed_over.and_then(|moment| part("urn:almoner:handed-over", "valueDateTime", &story.recent(moment))),
        here.category.map(|_| fact("urn:almoner:triaged", [at(triaged)])),
        here.assessed.map(|moment| fact("urn:almoner:first-assessed", [at(moment)])),
        here.waits_for.map(|waits_for| {
            let now = here.now.and_then(|now| part("now", "valueString", now));
            fact("urn:almoner:waiting", [now, part("for", "valueString", waits_for)])
        }),
        here.admission.as_ref().map(|Admission(moment, team, stay, ..)| {
            let stay = Object::new().text("reference", format!("Encounter/{stay}")).done();
            let stay = Some(fhir::write::extension("stay", "valueReference", &stay));
            fact("urn:almoner:decided-to-admit", [at(moment), part("team", "valueString", team), stay])
        }),
    ];
    own.into_iter().flatten().collect()
}

/// The stay that the wards expect.
fn expected(here: &Here, Admission(moment, _, id, function, consultant, kept): &Admission, story: &Story) -> String {
    let method = concept(
        "https://fhir.hl7.org.uk/CodeSystem/UKCore-AdmissionMethod",
        "21",
        "Emergency department of this trust",
    );
    let method = fhir::write::extension(
        "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AdmissionMethod",
        "valueCodeableConcept",
        &method,
    );
    let decided = part("decided", "valueDateTime", &story.recent(moment));
    let attends = code("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "ATND");
    let consultant = consultant.map(|who| {
        let (to, name) = staff(who);
        Object::new().json("type", array([attends])).json("individual", reference(&to, &name)).done()
    });
    let kept = kept.map(|number| {
        let (to, name) = bed(number);
        Object::new().json("location", reference(&to, &name)).text("status", "reserved").done()
    });
    Object::resource("Encounter", id)
        .json("extension", array([fact("urn:almoner:decision-to-admit", [decided])]))
        .text("status", "planned")
        .json("class", class("IMP"))
        .json(
            "serviceType",
            concept("https://fhir.hl7.org.uk/CodeSystem/UKCore-TreatmentFunction", function.0, function.1),
        )
        .json("subject", subject(here.id))
        .json_if("participant", consultant.map(|consultant| array([consultant])))
        .json("reasonCode", array([words(here.complaint)]))
        .json("hospitalization", Object::new().json("extension", array([method])).done())
        .json_if("location", kept.map(|kept| array([kept])))
        .json("serviceProvider", reference(TRUST.0, TRUST.1))
        .done()
}

fn observation(here: &str, id: &str, what: String, taken: &str) -> Object {
    let category = code("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs");
    Object::resource("Observation", id)
        .text("status", "final")
        .json("category", array([category]))
        .json("code", what)
        .json("subject", subject(here))
        .json("encounter", Object::new().text("reference", format!("Encounter/{here}-stay")).done())
        .text("effectiveDateTime", taken)
}

fn set(here: &Here, at: usize, signs: &Signs, story: &Story) -> Vec<String> {
    let Signs(when, respirations, spo2, oxygen, systolic, pulse, mind, temperature) = signs;
    let taken = story.recent(when);
    let sign = |sign: &str, code: &str, name: &str| {
        observation(here.id, &format!("{}-obs-{}-{sign}", here.id, at + 1), concept(LOINC, code, name), &taken)
    };
    let measured =
        |of: Object, value: &str, unit: &str, ucum: &str| of.json("valueQuantity", quantity(value, unit, ucum)).done();
    let pressure = Object::new()
        .json("code", concept(LOINC, "8480-6", "Systolic blood pressure"))
        .json("valueQuantity", quantity(systolic, "mmHg", "mm[Hg]"))
        .done();
    let mind = match mind {
        Mind::Alert => concept(SNOMED, "248234008", "Alert"),
        Mind::Voice => concept(SNOMED, "300202002", "Responds to voice"),
    };
    vec![
        measured(sign("resp", "9279-1", "Respiratory rate"), respirations, "/min", "/min"),
        measured(sign("spo2", "2708-6", "Oxygen saturation"), spo2, "%", "%"),
        measured(sign("oxygen", "3151-8", "Inhaled oxygen flow rate"), oxygen, "L/min", "L/min"),
        sign("bp", "85354-9", "Blood pressure").json("component", array([pressure])).done(),
        measured(sign("pulse", "8867-4", "Heart rate"), pulse, "/min", "/min"),
        sign("acvpu", "80288-4", "Level of consciousness").json("valueCodeableConcept", mind).done(),
        measured(sign("temp", "8310-5", "Body temperature"), temperature, "°C", "Cel"),
    ]
}

/// The boy's own score, as whoever took it recorded it.
fn child_score(story: &Story) -> String {
    let what = concept("urn:almoner:child-score", "pews", "PEWS");
    let taken = story.recent("2026-11-17T14:20");
    observation("iwu-chidi", "iwu-chidi-pews", what, &taken).json("valueInteger", "5").done()
}

/// Mr Chaudhry's oxygen target, which a doctor recorded.
fn oxygen_target(story: &Story) -> String {
    let (who, name) = staff("eze");
    let range = Object::new().json("low", quantity("88", "%", "%")).json("high", quantity("92", "%", "%")).done();
    let target =
        Object::new().json("measure", concept(LOINC, "2708-6", "Oxygen saturation")).json("detailRange", range).done();
    Object::resource("Goal", "chaudhry-oxygen")
        .text("lifecycleStatus", "active")
        .json("description", words("Oxygen saturation 88 to 92%"))
        .json("subject", subject("chaudhry-imran"))
        .text("startDate", &story.recent("2026-11-17T11:58")[..10])
        .json("target", array([target]))
        .json("expressedBy", reference(&who, &name))
        .done()
}

fn left(gone: &Gone, story: &Story) -> String {
    let (arrived, ended) = (story.recent(gone.6), story.recent(gone.7));
    let period = || Object::new().text("start", &arrived).text("end", &ended).done();
    let at = Object::new()
        .json("location", Object::new().text("reference", "Location/ed-waiting").done())
        .text("status", "completed")
        .json("period", period())
        .done();
    let department = Object::new().text("reference", "Location/ed").done();
    let outcome = fact("urn:almoner:departure", [part("outcome", "valueCode", gone.8)]);
    let facts = [
        fhir::write::extension("urn:almoner:department", "valueReference", &department),
        fhir::write::extension("urn:almoner:arrival-mode", "valueCode", &quoted("on-foot")),
        outcome,
    ];
    let to = concept("urn:almoner:departure-destination", gone.9, gone.9);
    Object::resource("Encounter", &format!("{}-stay", gone.0))
        .json("extension", array(facts))
        .text("status", "finished")
        .json("class", class("EMER"))
        .json("subject", subject(gone.0))
        .json("period", period())
        .json("hospitalization", Object::new().json("dischargeDisposition", to).done())
        .json("location", array([at]))
        .json("serviceProvider", reference(TRUST.0, TRUST.1))
        .done()
}

fn announced((id, due, whom, why, place): &(&str, &str, &str, &str, &str), story: &Story) -> String {
    let department = Object::new().text("reference", "Location/ed").done();
    let facts = [
        fhir::write::extension("urn:almoner:department", "valueReference", &department),
        fhir::write::extension("urn:almoner:arrival-mode", "valueCode", &quoted("ambulance")),
    ];
    let at = Object::new()
        .json("location", Object::new().text("reference", format!("Location/{place}")).done())
        .text("status", "planned")
        .done();
    Object::resource("Encounter", id)
        .json("extension", array(facts))
        .text("status", "planned")
        .json("class", class("EMER"))
        .json("subject", named(whom))
        .json("period", Object::new().text("start", story.recent(due)).done())
        .json("reasonCode", array([words(why)]))
        .json("location", array([at]))
        .done()
}
