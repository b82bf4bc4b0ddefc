//! One restricted record, and that somebody opened it yesterday with a reason: what whoever opens it next is asked, and what
//! the privacy officer finds to review. Everybody in it is invented. It knows nothing of stores or pages.

use super::story::Story;
use super::write::{Object, array, coding};

/// Whose record it is.
pub(super) const PATIENT: &str = "turnbull-alan";

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";

/// The Patient's `meta`.
pub(super) fn label() -> String {
    let label = coding("urn:almoner:label", "restricted", Some("Record anonymised at request of Patient"));
    Object::new().json("security", array([label])).done()
}

/// Every resource of this file.
pub(super) fn resources(story: &Story) -> Vec<String> {
    vec![opening(story)]
}

/// He was opened for a night's shift; that has ended, and nobody has reviewed it.
fn opening(story: &Story) -> String {
    let kinds = [
        coding(DCM, "110127", Some("Emergency Override Started")),
        coding("urn:almoner:restricted-access", "opening", None),
    ];
    let from = story.recent("2026-11-16T21:10");
    let period = Object::new().text("start", &from).text("end", story.recent("2026-11-17T09:10")).done();
    let why = [
        coding("http://terminology.hl7.org/CodeSystem/v3-ActReason", "BTG", Some("break the glass")),
        coding("urn:almoner:access-reason", "care", Some("I look after this patient, or was asked about them")),
    ];
    let why = Object::new()
        .json("coding", array(why))
        .text("text", "Night shift on Heron ward, his nurse asked me to look at his tremor")
        .done();
    let who = Object::new().text("altId", "user/k.boateng").text("name", "Kofi Boateng").json("requestor", "true");
    let whose = Object::new().text("reference", format!("Patient/{PATIENT}")).done();
    let role = coding("http://terminology.hl7.org/CodeSystem/object-role", "1", Some("Patient"));
    let observer = Object::new().text("display", "Almoner").done();
    Object::resource("AuditEvent", "heron-opened")
        .json("type", coding(DCM, "110113", Some("Security Alert")))
        .json("subtype", array(kinds))
        .text("action", "R")
        .json("period", period)
        .text("recorded", &from)
        .text("outcome", "0")
        .json("purposeOfEvent", array([why]))
        .json("agent", array([who.done()]))
        .json("source", Object::new().json("observer", observer).done())
        .json("entity", array([Object::new().json("what", whose).json("role", role).done()]))
        .done()
}
