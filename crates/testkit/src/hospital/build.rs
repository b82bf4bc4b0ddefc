//! A hospital of any size as resources: wards of bays and side rooms, a maternity ward with cots, an emergency department,
//! staff, and people who could come. The same size and seed give the same texts.

use administration::places::{PLACE_KIND, POSITION, SEX_OF_PLACE, TREATMENT_FUNCTION};
use fhir::write::{Object, array, array_if, concept, extension, quoted, reference};

use super::people::patient_text;
use crate::people::Population;

/// Names of wards; a big hospital has them again with a number.
const WARDS: &[&str] = &[
    "Heron", "Plover", "Kestrel", "Curlew", "Osprey", "Teal", "Lapwing", "Dunlin", "Avocet", "Swift", "Linnet",
    "Merlin",
];
/// Specialties of wards, in turn.
const SPECIALTIES: &[&str] = &["300", "340", "100", "110"];
/// Beds of a ward; the last one has what is left.
const WARD_BEDS: usize = 28;
/// Beds of a bay.
const BAY_BEDS: usize = 6;

/// What is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Built {
    /// Beds of wards.
    pub beds: usize,
    /// Cubicles of the emergency department.
    pub cubicles: usize,
    /// Doctors and nurses.
    pub staff: usize,
    /// People who are known.
    pub people: usize,
    /// What names and numbers are drawn from.
    pub seed: u64,
}

impl Built {
    /// A hospital of some beds with all that belongs to it.
    pub fn of_beds(beds: usize, seed: u64) -> Built {
        Built { beds, cubicles: (beds / 16).max(3), staff: (beds / 4).max(9), people: beds * 8, seed }
    }

    /// Places and staff.
    pub fn places(&self) -> Vec<String> {
        let mut texts = Vec::new();
        let (mut left, mut number) = (self.beds, 0);
        while left > 0 {
            let beds = left.min(WARD_BEDS);
            texts.extend(ward(number, beds));
            (left, number) = (left - beds, number + 1);
        }
        texts.extend(maternity(number));
        texts.extend(department(self.cubicles));
        texts.extend(staff(self.seed, self.staff));
        texts
    }

    /// People who could come, as Patients; the first of `first` on.
    pub fn patients(&self) -> impl Iterator<Item = String> + use<> {
        let people = Population::new(self.seed).people().take(self.people);
        people.map(|person| patient_text(&format!("p-{}", person.number), &person, None))
    }
}

/// A place with what belongs to it.
fn place(id: &str, name: &str, kind: &str, within: Option<&str>, position: usize) -> Object {
    let position = extension(POSITION, "valuePositiveInt", &(position + 1).to_string());
    place_with(id, name, kind, within, vec![position])
}

fn place_with(id: &str, name: &str, kind: &str, within: Option<&str>, extensions: Vec<String>) -> Object {
    Object::resource("Location", id)
        .json_if("extension", array_if(extensions))
        .text("status", "active")
        .text("name", name)
        .json("type", array([concept(PLACE_KIND, kind, kind)]))
        .json_if("partOf", within.map(|within| reference(&format!("Location/{within}"), None)))
}

fn ward(number: usize, beds: usize) -> Vec<String> {
    let (base, round) = (WARDS[number % WARDS.len()], number / WARDS.len());
    let name = if round == 0 { format!("{base} ward") } else { format!("{base} ward {}", round + 1) };
    let id = format!("ward-{}", number + 1);
    let function = extension(TREATMENT_FUNCTION, "valueCode", &quoted(SPECIALTIES[number % SPECIALTIES.len()]));
    let position = extension(POSITION, "valuePositiveInt", &(number + 1).to_string());
    let mut texts = vec![place_with(&id, &name, "ward", None, vec![position, function]).done()];
    for (at, first) in (0..beds).step_by(BAY_BEDS).enumerate() {
        let letter = char::from(b'a' + u8::try_from(at).unwrap_or(25));
        let bay = format!("{id}-bay-{letter}");
        let sex = extension(SEX_OF_PLACE, "valueCode", &quoted(if at.is_multiple_of(2) { "female" } else { "male" }));
        let position = extension(POSITION, "valuePositiveInt", &(at + 1).to_string());
        let title = format!("{name}, bay {}", letter.to_ascii_uppercase());
        texts.push(place_with(&bay, &title, "bay", Some(&id), vec![position, sex]).done());
        for bed in first..(first + BAY_BEDS).min(beds) {
            let title = format!("{name}, bed {}", bed + 1);
            texts.push(place(&format!("{id}-bed-{:02}", bed + 1), &title, "bed", Some(&bay), bed).done());
        }
    }
    texts.push(place(&format!("{id}-trolley"), &format!("{name}, trolley"), "trolley", Some(&id), 90).done());
    texts
}

fn maternity(number: usize) -> Vec<String> {
    let function = extension(TREATMENT_FUNCTION, "valueCode", &quoted("501"));
    let position = extension(POSITION, "valuePositiveInt", &(number + 1).to_string());
    let mut texts = vec![place_with("wren", "Wren ward", "ward", None, vec![position, function]).done()];
    let sex = extension(SEX_OF_PLACE, "valueCode", &quoted("female"));
    texts.push(place_with("wren-bay", "Wren ward, bay A", "bay", Some("wren"), vec![sex]).done());
    for bed in 0..4 {
        let title = format!("Wren ward, bed {}", bed + 1);
        texts.push(place(&format!("wren-bed-{}", bed + 1), &title, "bed", Some("wren-bay"), bed).done());
        let title = format!("Wren ward, cot {}", bed + 1);
        texts.push(place(&format!("wren-cot-{}", bed + 1), &title, "cot", Some("wren"), 50 + bed).done());
    }
    texts
}

fn department(cubicles: usize) -> Vec<String> {
    let mut texts = vec![
        place("ed", "Emergency department", "emergency-department", None, 0).done(),
        place("ed-majors", "Emergency department, majors", "area", Some("ed"), 0).done(),
        place("ed-minors", "Emergency department, minors", "area", Some("ed"), 50).done(),
        place("ed-waiting", "Emergency department, waiting room", "area", Some("ed-minors"), 51).done(),
        place("ed-corridor", "Emergency department, corridor", "corridor", Some("ed"), 90).done(),
    ];
    texts.extend((0..cubicles).map(|at| {
        let title = format!("Emergency department, majors {}", at + 1);
        place(&format!("ed-majors-{}", at + 1), &title, "cubicle", Some("ed-majors"), at).done()
    }));
    texts
}

/// Doctors and nurses with names of another population than the patients'.
fn staff(seed: u64, number: usize) -> Vec<String> {
    let people = Population::new(seed.wrapping_add(7_919)).people().take(number).enumerate();
    let text = |(at, person): (usize, crate::people::SimulatedPerson)| {
        let title = if at.is_multiple_of(3) { "Sister" } else { "Dr" };
        let initial: String = person.given[0].chars().take(1).collect();
        let name = Object::new()
            .text("text", format!("{title} {initial} {}", person.surname))
            .text("family", &person.surname)
            .json("given", array([quoted(&person.given[0])]))
            .json("prefix", array([quoted(title)]));
        let id = format!("staff-{}", at + 1);
        Object::resource("Practitioner", &id).json("active", "true").json("name", array([name.done()])).done()
    };
    people.map(text).collect()
}
