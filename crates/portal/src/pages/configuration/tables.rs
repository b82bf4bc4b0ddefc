//! What there is: wards with their beds, services, staff and job roles, and whether each is inherited or overridden.
//!
//! Tables only; on a phone rows become cards.

use std::collections::BTreeMap;

use administration::configuration::{Configuration, List, Origin, Place, kind_words, meaning};
use administration::places::PlaceKind;
use maud::{Markup, html};

use crate::components::panel::{head, panel, wide};
use crate::components::tag::{Weight, tag};
use crate::words::counted;

/// A table whose rows become cards on a phone; the roles keep it a table for those who hear it.
fn table(name: &str, headings: &[(&str, bool)], rows: &Markup) -> Markup {
    wide(
        &format!("{name}, scrolls sideways"),
        &html! {
            table.al-t.al-board.al-cards role="table" {
                thead role="rowgroup" {
                    tr role="row" {
                        @for (heading, number) in headings { th.al-num[*number] scope="col" role="columnheader" { (heading) } }
                    }
                }
                tbody role="rowgroup" { (rows) }
            }
        },
    )
}

fn origin(of: &Origin) -> Markup {
    match of {
        Origin::Own => html! {},
        Origin::Inherited => html! { " " (tag(Weight::Plain, "Inherited")) },
        Origin::Overridden { .. } => html! { " " (tag(Weight::Info, "Overridden")) },
    }
}

fn function(code: Option<&String>, list: List) -> Markup {
    html! {
        @if let Some(code) = code { (meaning(list, code).unwrap_or("Not in the list")) span.al-sub { (code) } }
    }
}

/// Names for codes: who is not there is shown by the code.
struct Names<'c> {
    people: BTreeMap<&'c str, &'c str>,
    wards: BTreeMap<&'c str, &'c str>,
    roles: BTreeMap<&'c str, &'c str>,
}

impl<'c> Names<'c> {
    fn of(of: &'c Configuration) -> Names<'c> {
        Names {
            people: of.staff.iter().map(|one| (one.code.as_str(), one.name.as_str())).collect(),
            wards: of.wards().map(|one| (one.code.as_str(), one.name.as_str())).collect(),
            roles: of.roles.iter().map(|one| (one.code.as_str(), one.name.as_str())).collect(),
        }
    }
}

fn named(names: &BTreeMap<&str, &str>, codes: &[String]) -> String {
    let name = |code: &String| names.get(code.as_str()).copied().unwrap_or(code).to_owned();
    codes.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Wards and units, with their rooms and beds.
pub(super) fn wards(of: &Configuration) -> Markup {
    let names = Names::of(of);
    let headings = [
        ("Ward or unit", false),
        ("Beds", true),
        ("Rooms and places", false),
        ("Treatment function", false),
        ("Consultants", false),
        ("Contact", false),
    ];
    let rows = html! {
        @for ward in of.wards() {
            @let places: Vec<&Place> = of.on_ward(&ward.code).collect();
            tr role="row" {
                th.al-whole scope="row" role="rowheader" {
                    b { (ward.name) } (origin(&ward.written.origin))
                    span.al-sub { (kind_words(ward.kind)) @if let Some(label) = &ward.label { ", " (label) } ", " (ward.code) }
                }
                td.al-num role="cell" data-label="Beds" { b { (places.iter().filter(|place| place.kind == PlaceKind::Bed).count()) } }
                td.al-whole role="cell" { (rooms(ward, &places)) }
                td role="cell" { (function(ward.treatment_function.as_ref(), List::TreatmentFunction)) }
                td role="cell" { (named(&names.people, &ward.consultants)) }
                td role="cell" {
                    @if let Some(manager) = &ward.manager { (named(&names.people, std::slice::from_ref(manager))) }
                    @if let Some(bleep) = &ward.contact.bleep { span.al-sub { "bleep " (bleep) } }
                    @if let Some(phone) = &ward.contact.phone { span.al-sub { (phone) } }
                }
            }
        }
    };
    let scope =
        html! { (counted(of.wards().count(), "ward or unit", "wards and units")) ", in the order of the lists" };
    panel(&head("Wards and beds", Some(scope)), &table("Wards and beds", &headings, &rows))
}

/// Each room with the labels of what is in it; side rooms on one line.
fn rooms(ward: &Place, places: &[&Place]) -> Markup {
    let within = |room: &str| -> Vec<&Place> {
        places.iter().filter(|place| place.parent.as_deref() == Some(room)).copied().collect()
    };
    let is_side = |place: &&&Place| place.kind == PlaceKind::SideRoom;
    let side: Vec<&str> =
        places.iter().filter(is_side).map(|room| room.label.as_deref().unwrap_or(&room.code)).collect();
    html! {
        ul.al-plainlist {
            @for place in within(&ward.code).into_iter().filter(|place| place.kind != PlaceKind::SideRoom && !is_single(place.kind)) {
                li {
                    b { (place.label.as_deref().unwrap_or(&place.name)) }
                    @if let Some(sex) = place.sex { ", " (sex.code()) }
                    @let inside = within(&place.code);
                    @if !inside.is_empty() { ": " (by_kind(&inside)) }
                }
            }
            @if !side.is_empty() { li { b { (counted(side.len(), "side room", "side rooms")) } ": " (numbers(&side)) } }
            @let single: Vec<&Place> = within(&ward.code).into_iter().filter(|place| is_single(place.kind)).collect();
            @if !single.is_empty() { li { (by_kind(&single)) } }
        }
    }
}

fn is_single(kind: PlaceKind) -> bool {
    matches!(kind, PlaceKind::Bed | PlaceKind::Cot | PlaceKind::Trolley | PlaceKind::Chair | PlaceKind::Cubicle)
}

/// `Side room 17`, `Side room 18` as `17, 18`.
fn numbers(labels: &[&str]) -> String {
    labels.iter().map(|label| label.rsplit(' ').next().unwrap_or(label)).collect::<Vec<_>>().join(", ")
}

/// `beds 1, 2, 3; cots 1, 2`.
fn by_kind(places: &[&Place]) -> String {
    let mut kinds: Vec<(PlaceKind, Vec<&str>)> = Vec::new();
    for place in places {
        let label = place.label.as_deref().unwrap_or(&place.code);
        match kinds.iter_mut().find(|(kind, _)| *kind == place.kind) {
            Some((_, labels)) => labels.push(label),
            None => kinds.push((place.kind, vec![label])),
        }
    }
    let said = kinds.iter().map(|(kind, labels)| {
        let words = kind_words(*kind);
        match labels.as_slice() {
            [label] if label.eq_ignore_ascii_case(words) => words.to_owned(),
            [label] => format!("{words} {label}"),
            labels => format!("{} {}", plural(words), labels.join(", ")),
        }
    });
    said.collect::<Vec<_>>().join("; ")
}

fn plural(words: &str) -> String {
    match words.strip_suffix('y') {
        Some(stem) if !words.ends_with("ay") => format!("{stem}ies"),
        _ => format!("{words}s"),
    }
}

/// Services.
pub(super) fn services(of: &Configuration) -> Markup {
    let names = Names::of(of);
    let headings = [("Service", false), ("Treatment function", false), ("Wards", false), ("Consultants", false)];
    let rows = html! {
        @for service in &of.services {
            tr role="row" {
                th.al-whole scope="row" role="rowheader" {
                    b { (service.name) } (origin(&service.written.origin)) span.al-sub { (service.code) }
                }
                td role="cell" { (function(service.treatment_function.as_ref(), List::TreatmentFunction)) }
                td role="cell" { (named(&names.wards, &service.wards)) }
                td role="cell" { (named(&names.people, &service.consultants)) }
            }
        }
    };
    let scope = html! { (counted(of.services.len(), "service", "services")) };
    panel(&head("Services", Some(scope)), &table("Services", &headings, &rows))
}

/// Staff.
pub(super) fn staff(of: &Configuration) -> Markup {
    let names = Names::of(of);
    let headings =
        [("Name", false), ("Job role", false), ("Access", false), ("Main specialty", false), ("Wards", false)];
    let rows = html! {
        @for one in &of.staff {
            @let role = one.role.as_ref().and_then(|code| of.role(code));
            tr role="row" {
                th.al-whole scope="row" role="rowheader" {
                    b { (one.name) } (origin(&one.written.origin)) span.al-sub { (one.code) }
                }
                td role="cell" { (one.role.as_ref().map(|role| named(&names.roles, std::slice::from_ref(role))).unwrap_or_default()) }
                td role="cell" { @if let Some(access) = role.and_then(|role| role.access) { (crate::setting::role_words(access)) } }
                td role="cell" { (function(one.main_specialty.as_ref(), List::MainSpecialty)) }
                td role="cell" { (named(&names.wards, &one.wards)) }
            }
        }
    };
    let scope = html! { (counted(of.staff.len(), "person", "people")) };
    panel(&head("Staff", Some(scope)), &table("Staff", &headings, &rows))
}

/// Job roles.
pub(super) fn roles(of: &Configuration) -> Markup {
    let headings = [("Job role", false), ("Access", false), ("National role", false), ("People", true)];
    let rows = html! {
        @for role in &of.roles {
            tr role="row" {
                th.al-whole scope="row" role="rowheader" {
                    b { (role.name) } (origin(&role.written.origin)) span.al-sub { (role.code) }
                }
                td role="cell" { @if let Some(access) = role.access { (crate::setting::role_words(access)) } }
                td role="cell" { (function(role.national.as_ref(), List::JobRole)) }
                td.al-num role="cell" data-label="People" { (of.staff.iter().filter(|one| one.role.as_ref() == Some(&role.code)).count()) }
            }
        }
    };
    let scope = html! { (counted(of.roles.len(), "job role", "job roles")) ", and the access that comes with each" };
    panel(&head("Job roles", Some(scope)), &table("Job roles", &headings, &rows))
}
