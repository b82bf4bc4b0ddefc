//! The trust, its wards, beds and clinics, and the people who work there.
//! Everybody in it is invented; it knows nothing of stores or pages.

use super::story::Story;
use super::write::{Object, array, code, coding, extension, quoted};

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
    ("ct", "CT", "ro"),
];

/// Beds on Heron ward.
const BEDS: u8 = 20;

/// Bays of Heron ward: id, name, for whom, its first and last bed.
const BAYS: &[(&str, &str, &str, u8, u8)] = &[
    ("heron-bay-a", "bay A", "female", 1, 4),
    ("heron-bay-b", "bay B", "female", 5, 8),
    ("heron-bay-c", "bay C", "male", 9, 12),
    ("heron-bay-d", "bay D", "male", 13, 16),
];

/// The nurses of the bays on this shift: plain name and words.
const NURSES: &[(&str, &str, &str)] = &[
    ("heron-bay-a", "user/k.boateng", "K Boateng"),
    ("heron-bay-b", "user/k.boateng", "K Boateng"),
    ("heron-bay-c", "user/m.ortiz", "M Ortiz"),
    ("heron-bay-d", "user/s.reilly", "S Reilly"),
];

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
pub(super) fn resources(story: &Story) -> Vec<String> {
    let mut texts = vec![organisation("thameside-royal", TRUST.1), organisation("wharf-lane", "Wharf Lane Surgery")];
    texts.extend(PLACES.iter().map(|(id, name, kind)| location(id, name, kind, None).done()));
    texts.extend(
        BAYS.iter().enumerate().map(|(at, (id, name, sex, ..))| {
            room((id, &format!("Heron ward, {name}")), "bay", at + 1, Some(sex)).done()
        }),
    );
    texts.extend((17..=BEDS).map(|number| {
        let id = format!("heron-side-room-{number}");
        room((&id, &format!("Heron ward, side room {number}")), "side-room", usize::from(number), None).done()
    }));
    texts.push(room(("heron-trolley-01", "Heron ward, trolley, treatment room"), "trolley", 90, None).done());
    texts.extend((1..=BEDS).map(|number| bed_text(number, story)));
    texts.extend(STAFF.iter().map(|(id, title, given, family)| practitioner(id, title, given, family)));
    texts
}

fn organisation(id: &str, name: &str) -> String {
    Object::resource("Organization", id).json("active", "true").text("name", name).done()
}

/// A place of Heron ward with its kind, its order and for whom it is.
fn room((id, name): (&str, &str), kind: &str, position: usize, sex: Option<&str>) -> Object {
    let sex = sex.map(|sex| extension("urn:almoner:sex-of-place", "valueCode", &quoted(sex)));
    let position = extension("urn:almoner:position", "valuePositiveInt", &position.to_string());
    let nurse = NURSES.iter().find(|(room, ..)| *room == id).map(|(_, who, name)| {
        let identifier = Object::new().text("system", "urn:almoner:owner").text("value", who).done();
        let reference = Object::new().json("identifier", identifier).text("display", name).done();
        extension("urn:almoner:nurse", "valueReference", &reference)
    });
    location(id, name, "ro", Some("Location/heron"))
        .json("extension", array(sex.into_iter().chain([position]).chain(nurse)))
        .json("type", array([code("urn:almoner:place-kind", kind)]))
}

/// A bed in its bay or side room, as it is: one is empty and clean, one is closed.
fn bed_text(number: u8, story: &Story) -> String {
    let bay = BAYS.iter().find(|(.., first, last)| (*first..=*last).contains(&number)).map(|(id, ..)| (*id).to_owned());
    let room = bay.unwrap_or_else(|| format!("heron-side-room-{number}"));
    let (id, name) = bed(number);
    let id = id.trim_start_matches("Location/");
    let mut extensions = vec![extension("urn:almoner:position", "valuePositiveInt", &number.to_string())];
    let since = |at: &str| extension("urn:almoner:bed-since", "valueDateTime", &quoted(&story.recent(at)));
    let status = match number {
        4 => {
            extensions.push(since("2026-11-17T13:10"));
            Some("U")
        }
        12 => {
            extensions.push(since("2026-11-17T14:05"));
            extensions.push(extension(
                "urn:almoner:bed-reason",
                "valueString",
                &quoted("water leak, estates job 5521"),
            ));
            let until = quoted(&story.day("2026-11-18"));
            extensions.push(extension("urn:almoner:bed-until", "valueDateTime", &until));
            Some("C")
        }
        _ => None,
    };
    let status = status.map(|status| coding("http://terminology.hl7.org/CodeSystem/v2-0116", status, None));
    location(id, &name, "bd", Some(&format!("Location/{room}")))
        .json("extension", array(extensions))
        .json("type", array([code("urn:almoner:place-kind", "bed")]))
        .json_if("operationalStatus", status)
        .done()
}

fn location(id: &str, name: &str, kind: &str, part_of: Option<&str>) -> Object {
    Object::resource("Location", id)
        .text("status", "active")
        .text("name", name)
        .json("physicalType", code("http://terminology.hl7.org/CodeSystem/location-physical-type", kind))
        .json("managingOrganization", Object::new().text("reference", TRUST.0).done())
        .json_if("partOf", part_of.map(|to| Object::new().text("reference", to).done()))
}

fn practitioner(id: &str, title: &str, given: &str, family: &str) -> String {
    let initial: String = given.chars().take(1).collect();
    let name = Object::new()
        .text("text", format!("{title} {initial} {family}"))
        .text("family", family)
        .json("given", array([quoted(given)]))
        .json("prefix", array([quoted(title)]));
    Object::resource("Practitioner", id).json("active", "true").json("name", array([name.done()])).done()
}
