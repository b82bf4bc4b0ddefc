//! The rules of places, of codes that become ids, and of what services and wards name.
//!
//! Looks at a configuration that was understood; what could not be is already a finding of `table`, `merge` or `build`.

use std::collections::BTreeMap;

use super::codes::{List, is_retired, meaning};
use super::finding::{
    At, BAY_WITHOUT_SEX, BED_OUTSIDE_BAY, DOUBLED_LABEL, Finding, NOT_AN_ID, RETIRED_CODE, Rule, SHARED_SIDE_ROOM,
    UNKNOWN_FUNCTION, UNKNOWN_NATIONAL_ROLE, UNKNOWN_OWNER, UNKNOWN_PLACE, UNKNOWN_SPECIALTY, WARD_WITHOUT_BEDS,
    WARD_WITHOUT_SITE, WRONG_PLACE,
};
use super::kinds::{self, is_for_one, is_ward, kind_words, may_lie_in};
use super::model::{Configuration, Place, Trust};
use crate::obligations::TEAMS;
use crate::places::PlaceKind;

/// Longest id of a resource (<http://hl7.org/fhir/R4/datatypes.html#id>).
const LONGEST_ID: usize = 64;

/// Finds what is wrong with places.
pub(super) fn places(of: &Configuration, findings: &mut Vec<Finding>) {
    let by_code: BTreeMap<&str, &Place> = of.places.iter().map(|place| (place.code.as_str(), place)).collect();
    for place in &of.places {
        id("place", &place.code, &place.written.at, findings);
        lies_well(place, &by_code, findings);
        if let Some(code) = &place.treatment_function {
            listed(List::TreatmentFunction, code, place.written.line("treatment-function"), findings);
        }
    }
    if let Some(trust) = &of.trust {
        id("trust", &trust.code, &trust.written.at, findings);
        takes_over(of, trust, findings);
    }
    labels(of, findings);
    for ward in of.wards() {
        inside(of, ward, findings);
    }
}

/// Whether somebody is there to take over what closed wards and members of staff owe.
fn takes_over(of: &Configuration, trust: &Trust, findings: &mut Vec<Finding>) {
    let Some(to) = &trust.takes_over else { return };
    if of.wards().any(|ward| ward.code == *to) || TEAMS.iter().any(|(team, _)| team == to) {
        return;
    }
    let what = format!("“{to}”, who takes over, is no ward of these files and no team");
    let teams: Vec<&str> = TEAMS.iter().map(|(team, _)| *team).collect();
    let advice = format!("Write the code of a ward, or a team: {}.", teams.join(", "));
    findings.push(UNKNOWN_OWNER.found(trust.written.line("takes-over"), what, advice));
}

/// A code that is no FHIR id.
pub(super) fn id(what: &str, code: &str, at: &At, findings: &mut Vec<Finding>) {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    if (1..=LONGEST_ID).contains(&code.len()) && code.bytes().all(is_letter) {
        return;
    }
    let what = format!("the code of the {what} “{code}” can be no id");
    let advice = format!("A code has 1 to {LONGEST_ID} letters, digits, hyphens and dots.");
    findings.push(NOT_AN_ID.found(at, what, advice));
}

/// A code that an NHS list does not have, or has as retired.
pub(super) fn listed(list: List, code: &str, at: &At, findings: &mut Vec<Finding>) {
    let (rule, name, example): (Rule, &str, &str) = match list {
        List::TreatmentFunction => (UNKNOWN_FUNCTION, "treatment function", "treatment-function = \"340\""),
        List::MainSpecialty => (UNKNOWN_SPECIALTY, "main specialty", "main-specialty = \"340\""),
        List::JobRole => (UNKNOWN_NATIONAL_ROLE, "national job role", "national = \"R0050\""),
    };
    match meaning(list, code) {
        None => {
            let what = format!("“{code}” is no {name} of the NHS list");
            findings.push(rule.found(at, what, format!("Write a code of the list, such as {example}")));
        }
        Some(words) if is_retired(words) => {
            findings.push(RETIRED_CODE.found(at, format!("the {name} {code} was retired"), format!("It is: {words}.")));
        }
        Some(_) => {}
    }
}

/// Whether a place lies in one that is there and may hold it.
fn lies_well(place: &Place, by_code: &BTreeMap<&str, &Place>, findings: &mut Vec<Finding>) {
    let at = place.written.line("in");
    let Some(code) = place.parent.as_deref() else {
        match place.kind {
            PlaceKind::Site => {}
            kind if is_ward(kind) => {
                let what = format!("{} lies at no site", place.name);
                findings.push(WARD_WITHOUT_SITE.found(&place.written.at, what, "Write: site = \"main-site\""));
            }
            kind => {
                let what = format!("the {} “{}” lies nowhere", kind_words(kind), place.code);
                findings.push(UNKNOWN_PLACE.found(&place.written.at, what, "Write: in = \"heron\""));
            }
        }
        return;
    };
    let Some(parent) = by_code.get(code) else {
        let what = format!("{} “{}” lies in “{code}”, which is not there", kind_words(place.kind), place.code);
        findings.push(UNKNOWN_PLACE.found(at, what, near(code, by_code)));
        return;
    };
    if may_lie_in(place.kind, parent.kind) {
        if place.ward.is_none() && place.kind != PlaceKind::Site {
            let what = format!("{} “{}” lies on no ward", kind_words(place.kind), place.code);
            findings.push(WRONG_PLACE.found(at, what, "Follow the places it lies in: they come to no ward."));
        }
        return;
    }
    let what = format!("{} is a {} inside a {}", place.name, kind_words(place.kind), kind_words(parent.kind));
    let advice = match (place.kind, parent.kind) {
        (PlaceKind::SideRoom, PlaceKind::Bay) => {
            "A side room stands beside the bays, so that isolation is counted. Write it under [[ward.side-room]]."
                .into()
        }
        (kind, _) => {
            let fitting = kinds::all().filter(|other| may_lie_in(kind, *other)).map(kind_words);
            let fitting = fitting.collect::<Vec<_>>().join(", ");
            if fitting.is_empty() {
                "It lies in nothing: leave it out.".to_owned()
            } else {
                format!("It may lie in: {fitting}.")
            }
        }
    };
    findings.push(WRONG_PLACE.found(at, what, advice));
}

/// What to write instead of a code that is not there.
pub(super) fn near<T>(code: &str, known: &BTreeMap<&str, T>) -> String {
    let nearest = known.keys().map(|known| (strsim::damerau_levenshtein(known, code), *known)).min();
    match nearest {
        Some((distance, known)) if distance <= 3 => format!("Is “{known}” meant?"),
        _ => "Write a code that is there.".to_owned(),
    }
}

/// Two beds with one number on a ward.
fn labels(of: &Configuration, findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<(&str, PlaceKind, &str), &Place> = BTreeMap::new();
    for place in of.places.iter().filter(|place| !is_ward(place.kind)) {
        let (Some(ward), Some(label)) = (&place.ward, &place.label) else { continue };
        let Some(other) = seen.insert((ward, place.kind, label), place) else { continue };
        let at = place.written.values.get("label").or_else(|| place.written.values.get("part"));
        let what = format!("{} and {} are both called {} {label}", other.code, place.code, kind_words(place.kind));
        let advice = "Give one of them another number: people would take one for the other.";
        findings.push(DOUBLED_LABEL.found(at.unwrap_or(&place.written.at), what, advice));
    }
}

/// What a ward should have in it.
fn inside(of: &Configuration, ward: &Place, findings: &mut Vec<Finding>) {
    let places: Vec<&Place> = of.on_ward(&ward.code).collect();
    if !places.iter().any(|place| is_for_one(place.kind) || place.kind == PlaceKind::Area) {
        let what = format!("{} has no beds and no other places", ward.name);
        findings.push(WARD_WITHOUT_BEDS.found(&ward.written.at, what, "Write [[ward.bay]] with code and beds."));
    }
    let in_place = |room: &Place| {
        places.iter().filter(|place| place.parent.as_ref() == Some(&room.code) && place.kind == PlaceKind::Bed).count()
    };
    let mut has_bays = false;
    for room in &places {
        has_bays |= room.kind == PlaceKind::Bay;
        if room.kind == PlaceKind::Bay && room.sex.is_none() && ward.sex.is_none() && in_place(room) > 0 {
            let what = format!("{} does not say for whom it is", room.name);
            let advice = "Write sex = \"female\", \"male\" or \"mixed\": breaches are counted by it.";
            findings.push(BAY_WITHOUT_SEX.found(&room.written.at, what, advice));
        }
        if room.kind == PlaceKind::SideRoom && in_place(room) > 1 {
            let what = format!("{} has {} beds", room.name, in_place(room));
            let advice = "Isolation needs a room with one bed. Is it a bay?";
            findings.push(SHARED_SIDE_ROOM.found(&room.written.at, what, advice));
        }
    }
    let is_loose = |place: &&&Place| place.kind == PlaceKind::Bed && place.parent.as_ref() == Some(&ward.code);
    for bed in places.iter().filter(is_loose).filter(|_| has_bays) {
        let what = format!("{} lies in no bay", bed.name);
        findings.push(BED_OUTSIDE_BAY.found(bed.written.line("in"), what, "Write it into the beds of a bay."));
    }
}
