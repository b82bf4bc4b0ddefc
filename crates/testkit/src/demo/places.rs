//! The trust, its wards, beds and clinics, and the people who work there.
//! Everybody in it is invented; it knows nothing of stores or pages.

use super::write::{Object, array, code};

/// The trust's own resource.
pub(super) const TRUST: (&str, &str) = ("Organization/thameside-royal", "Thameside Royal");

/// Staff: id, title, given, family.
const STAFF: &[(&str, &str, &str, &str)] = &[
    ("okafor", "Dr", "Lola", "Okafor"),
    ("mistry", "Dr", "Anil", "Mistry"),
    ("hughes", "Dr", "Penelope", "Hughes"),
    ("eze", "Dr", "Nnamdi", "Eze"),
    ("sandhu", "Dr", "Ravinder", "Sandhu"),
    ("reilly", "Sister", "Siobhan", "Reilly"),
];

/// Places that are not beds: id, name, physical type.
const PLACES: &[(&str, &str, &str)] = &[
    ("heron", "Heron ward", "wa"),
    ("respiratory-clinic", "Respiratory clinic", "ro"),
    ("diabetes-clinic", "Diabetes clinic", "ro"),
    ("sleep-laboratory", "Sleep laboratory", "ro"),
];

/// Beds on Heron ward.
const BEDS: u8 = 15;

/// A member of staff as a reference: its target and the name that is printed.
pub(super) fn staff(id: &str) -> (String, String) {
    let name = STAFF.iter().find(|(known, ..)| *known == id).map_or_else(String::new, |(_, title, given, family)| {
        let initial: String = given.chars().take(1).collect();
        format!("{title} {initial} {family}")
    });
    (format!("Practitioner/{id}"), name)
}

/// A bed of Heron ward as a reference.
pub(super) fn bed(number: u8) -> (String, String) {
    (format!("Location/heron-bed-{number:02}"), format!("Heron ward, bed {number}"))
}

/// Another place as a reference.
pub(super) fn place(id: &str) -> (String, String) {
    let name = PLACES.iter().find(|(known, ..)| *known == id).map_or("", |(_, name, _)| name);
    (format!("Location/{id}"), name.to_owned())
}

/// Every resource of this file.
pub(super) fn resources() -> Vec<String> {
    let mut texts = vec![organisation("thameside-royal", TRUST.1), organisation("wharf-lane", "Wharf Lane Surgery")];
    texts.extend(PLACES.iter().map(|(id, name, kind)| location(id, name, kind, None)));
    texts.extend(
        (1..=BEDS)
            .map(|number| location(&format!("heron-bed-{number:02}"), &bed(number).1, "bd", Some("Location/heron"))),
    );
    texts.extend(STAFF.iter().map(|(id, title, given, family)| practitioner(id, title, given, family)));
    texts
}

fn organisation(id: &str, name: &str) -> String {
    Object::resource("Organization", id).json("active", "true").text("name", name).done()
}

fn location(id: &str, name: &str, kind: &str, part_of: Option<&str>) -> String {
    Object::resource("Location", id)
        .text("status", "active")
        .text("name", name)
        .json("physicalType", code("http://terminology.hl7.org/CodeSystem/location-physical-type", kind))
        .json("managingOrganization", Object::new().text("reference", TRUST.0).done())
        .json_if("partOf", part_of.map(|to| Object::new().text("reference", to).done()))
        .done()
}

fn practitioner(id: &str, title: &str, given: &str, family: &str) -> String {
    let initial: String = given.chars().take(1).collect();
    let name = Object::new()
        .text("text", format!("{title} {initial} {family}"))
        .text("family", family)
        .json("given", array([super::write::quoted(given)]))
        .json("prefix", array([super::write::quoted(title)]));
    Object::resource("Practitioner", id).json("active", "true").json("name", array([name.done()])).done()
}
