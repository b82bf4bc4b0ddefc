//! Who comes in today and tomorrow, who came already, and one to whom another day is owed, as the site office's page shows
//! them. They are on wards of the demonstration's configuration, which is applied before they are written.
//!
//! Everybody in it is invented. It knows nothing of stores or pages.

use super::story::Story;
use super::write::{Object, array, code, concept, extension, quoted, words};

/// Family name, given name, gender, born, NHS number, hospital number.
type Who = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);
/// What for, the code of how it is meant (1 inpatient, 2 day case), priority, treatment function.
type What = (&'static str, &'static str, &'static str, (&'static str, &'static str));

/// How far an admission is.
enum At {
    /// In a place since.
    In(&'static str, &'static str),
    /// Here, and a bed is kept: where they wait, since when, the bed.
    Waits(&'static str, &'static str, &'static str),
    /// Expected, and a bed is kept.
    Kept(&'static str),
    /// Expected on a ward.
    Ward(&'static str),
}

const SURGERY: (&str, &str) = ("100", "General surgery");
const ORTHOPAEDICS: (&str, &str) = ("110", "Trauma and orthopaedics");
const UROLOGY: (&str, &str) = ("101", "Urology");
const RESPIRATORY: (&str, &str) = ("340", "Respiratory medicine");
const ENT: (&str, &str) = ("120", "Ear nose and throat");

#[rustfmt::skip]
const TODAY: &[(Who, What, &str, At)] = &[
    (("Marlowe", "Denise", "female", "1966-07-18", "9990810028", "TR 141 002"), ("Laparoscopic cholecystectomy", "2", "P3", SURGERY), "07:30", At::In("osprey-trolley-03", "07:42")),
    (("Tanvir", "Sadia", "female", "1979-02-02", "9990810109", "TR 141 010"), ("Hernia repair", "2", "P4", SURGERY), "07:30", At::In("osprey-trolley-05", "07:35")),
    (("Urwin", "Keith", "male", "1951-10-27", "9990810281", "TR 141 028"), ("Hip replacement", "1", "P3", ORTHOPAEDICS), "11:00", At::In("plover-bed-09", "10:51")),
    (("Voss", "Ingrid", "female", "1947-04-11", "9990810362", "TR 141 036"), ("Bronchoscopy, biopsy", "2", "P2", RESPIRATORY), "12:30", At::In("osprey-trolley-01", "12:18")),
    (("Wade", "Simon", "male", "1972-09-30", "9990810443", "TR 141 044"), ("Nephrectomy", "1", "P2", UROLOGY), "14:00", At::Waits("discharge-lounge", "13:52", "kestrel-bed-04")),
    (("Xavier", "Rui", "male", "1963-12-08", "9990810524", "TR 141 052"), ("Knee arthroscopy", "2", "P4", ORTHOPAEDICS), "14:00", At::Ward("osprey")),
];

#[rustfmt::skip]
const TOMORROW: &[(Who, What, &str, At)] = &[
    (("Yardley", "Fay", "female", "1958-05-21", "9990810613", "TR 141 061"), ("Mastectomy", "1", "P2", SURGERY), "07:30", At::Kept("kestrel-bed-07")),
    (("Zelenka", "Petr", "male", "1970-01-14", "9990810796", "TR 141 079"), ("Hernia repair", "2", "P4", SURGERY), "07:30", At::Kept("osprey-trolley-06")),
    (("Archer", "Lynne", "female", "1949-03-09", "9990810877", "TR 141 087"), ("Hip replacement", "1", "P3", ORTHOPAEDICS), "08:00", At::Ward("plover")),
    (("Bandara", "Nuwan", "male", "1981-06-26", "9990810958", "TR 141 095"), ("Septoplasty", "2", "P4", ENT), "08:00", At::Kept("osprey-trolley-07")),
    (("Cooke", "Marion", "female", "1944-11-17", "9990811091", "TR 141 109"), ("Colectomy", "1", "P2", SURGERY), "11:00", At::Ward("critical-care")),
    (("Diallo", "Awa", "female", "1990-08-05", "9990811172", "TR 141 117"), ("Thyroid lobectomy", "1", "P3", SURGERY), "12:00", At::Ward("kestrel")),
];

/// Whose admission the hospital cancelled on the day.
const CANCELLED: Who = ("Osei", "Victoria", "female", "1959-08-21", "9990310084", "TR 140 311");

/// Every resource of this file.
pub(super) fn resources(story: &Story) -> Vec<String> {
    let mut texts = Vec::new();
    for (day, all) in [("2026-11-17", TODAY), ("2026-11-18", TOMORROW)] {
        for (who, what, time, at) in all {
            texts.push(patient(who));
            // What comes tomorrow stays in the daytime; what is of today moves with the minute.
            let at_day = format!("{day}T{time}");
            let tci = if day == "2026-11-17" { story.recent(&at_day) } else { story.instant(&at_day) };
            texts.push(stay(who, what, &offer(&tci, None), Some(&tci), at, story));
        }
    }
    texts.push(patient(&CANCELLED));
    let end = [
        extension("outcome", "valueCode", &quoted("7")),
        extension("ended", "valueDateTime", &quoted(&story.instant("2026-11-03T08:40"))),
        extension("reason", "valueString", &quoted("No theatre staff")),
        extension("rebook-by", "valueDate", &quoted(&story.day("2026-12-01"))),
    ];
    let offered = offer(&story.instant("2026-11-03T07:30"), Some(&end));
    let what = ("Laparoscopic fundoplication", "1", "P3", SURGERY);
    texts.push(stay(&CANCELLED, &what, &offered, None, &At::Ward("kestrel"), story));
    texts
}

fn id_of(who: &Who) -> String {
    format!("{}-{}", who.0.to_lowercase(), who.1.to_lowercase())
}

fn patient(who: &Who) -> String {
    let (family, given, gender, born, nhs, hospital) = who;
    let number = Object::new().text("system", "https://fhir.nhs.uk/Id/nhs-number").text("value", nhs).done();
    let hospital = Object::new()
        .json("type", code("http://terminology.hl7.org/CodeSystem/v2-0203", "MR"))
        .text("system", "urn:almoner:demo:hospital-number")
        .text("value", hospital)
        .done();
    let name =
        Object::new().text("use", "official").text("family", family).json("given", array([quoted(given)])).done();
    Object::resource("Patient", &id_of(who))
        .json("identifier", array([number, hospital]))
        .json("active", "true")
        .json("name", array([name]))
        .text("gender", gender)
        .text("birthDate", born)
        .done()
}

/// A day that was offered, and how it ended.
fn offer(tci: &str, end: Option<&[String]>) -> String {
    let date = extension("date", "valueDateTime", &quoted(tci));
    let reasonable = extension("reasonable", "valueBoolean", "true");
    let parts = [date, reasonable].into_iter().chain(end.into_iter().flatten().cloned());
    Object::new().text("url", "urn:almoner:tci").json("extension", array(parts)).done()
}

fn stay(who: &Who, what: &What, offer: &str, tci: Option<&str>, at: &At, story: &Story) -> String {
    let (reason, intended, priority, function) = what;
    let decided = extension("decided", "valueDateTime", &quoted(&story.instant("2026-09-21T10:00")));
    let parts = [decided, extension("intended-management", "valueCode", &quoted(intended))];
    let decision = Object::new().text("url", "urn:almoner:decision-to-admit").json("extension", array(parts)).done();
    let planned = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedStartDate";
    let planned = tci.map(|tci| extension(planned, "valueDateTime", &quoted(tci)));
    let method = concept("https://fhir.hl7.org.uk/CodeSystem/UKCore-AdmissionMethod", "11", "Waiting list");
    let url = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AdmissionMethod";
    let method = extension(url, "valueCodeableConcept", &method);
    let since = |time: &str| story.recent(&format!("2026-11-17T{time}"));
    let (status, start, locations) = match at {
        At::In(place, time) => ("in-progress", Some(since(time)), vec![(*place, "active")]),
        At::Waits(place, time, bed) => ("in-progress", Some(since(time)), vec![(*place, "active"), (*bed, "reserved")]),
        At::Kept(bed) => ("planned", tci.map(str::to_owned), vec![(*bed, "reserved")]),
        At::Ward(ward) => ("planned", tci.map(str::to_owned), vec![(*ward, "planned")]),
    };
    let place = |(place, status): (&str, &str)| {
        let to = Object::new().text("reference", format!("Location/{place}")).done();
        Object::new().json("location", to).text("status", status).done()
    };
    Object::resource("Encounter", &format!("{}-stay", id_of(who)))
        .json("extension", array([decision, offer.to_owned()].into_iter().chain(planned)))
        .text("status", status)
        .json("class", super::write::coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "IMP", None))
        .json(
            "serviceType",
            concept("https://fhir.hl7.org.uk/CodeSystem/UKCore-TreatmentFunction", function.0, function.1),
        )
        .json("priority", code("urn:almoner:waiting-list-priority", priority))
        .json("subject", Object::new().text("reference", format!("Patient/{}", id_of(who))).done())
        .json_if("period", start.map(|start| Object::new().text("start", start).done()))
        .json("reasonCode", array([words(reason)]))
        .json("hospitalization", Object::new().json("extension", array([method])).done())
        .json("location", array(locations.into_iter().map(place)))
        .done()
}
