//! The paper of a downtime: what is known of each ward, of who comes in and of the emergency department at one moment, on
//! sheets that need nothing but themselves to be read and printed.
//!
//! Each sheet names the patients that are on it: whoever opens it later is noted with them. Roles that see no clinical
//! content get sheets of their own, read with a permit of their own.

use std::collections::{BTreeMap, BTreeSet};

use access::Permit;
use administration::boards::BoardRow;
use administration::stays::Stay;
use clinical::allergies::Allergies;
use clinical::identity::Identity;
use maud::{Markup, html};
use record::{Problem, Record};
use terms::{Moment, local_date};

use super::paper::{Paper, sheet};
use super::{forms, moment};
use crate::components::frame::Environment;
use crate::components::time;
use crate::door::asked;
use crate::gather::downtime::{OnPaper, on_paper};
use crate::gather::{admissions, emergency, finished, ward};
use crate::pages::patient::{name_words, nhs_words};
use crate::words::{clock, counted, date, short_date, short_moment};

/// What the access journal has when somebody opens a sheet.
pub const LOOKED_AT: &str = asked::DOWNTIME_SHEET;

/// A sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Its name in a folder and an address, such as `ward-heron`.
    pub name: String,
    /// Its title, such as `Heron ward (7B)`.
    pub title: String,
    /// The whole page.
    pub html: String,
    /// The ids of the Patients that are on it.
    pub patients: Vec<String>,
}

/// Everything that was read at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// The sequence that it shows.
    pub sequence: u64,
    /// The sheets, in the order in which they are listed.
    pub sheets: Vec<Sheet>,
}

/// Makes the sheets that the holder of a permit may see. Everybody on them is noted as shown to that holder.
///
/// # Errors
/// The record could not be read; then there is no sheet of it.
pub async fn sheets(
    record: &Record,
    permit: &Permit,
    (trust, environment): (&str, Environment),
    now: Moment,
) -> Result<Pack, Problem> {
    let is_clinical = permit.scope().reads.contains("AllergyIntolerance");
    let reading = record.read(permit, asked::DOWNTIME_SHEETS).await?;
    let sequence = reading.sequence();
    let gathered = on_paper(&reading, is_clinical, now).await;
    let gathered = finished(reading, gathered).await?;
    let paper = Paper { trust, environment, is_clinical, now };
    let mut sheets: Vec<Sheet> = gathered.wards.iter().map(|ward| of_ward(&paper, ward)).collect();
    sheets.push(to_come_in(&paper, &gathered.admissions));
    sheets.extend(gathered.departments.iter().map(|board| of_department(&paper, board)));
    if !gathered.appointments.is_empty() {
        sheets.push(appointments(&paper, &gathered));
    }
    sheets.push(numbers(&paper, &gathered));
    sheets.push(forms::blank(&paper));
    let lines = sheets.iter().map(|one| (format!("{}.html", one.name), one.title.clone())).collect();
    sheets.insert(0, forms::index(&paper, lines));
    Ok(Pack { sequence, sheets })
}

fn ids<'p>(patients: impl Iterator<Item = Option<&'p String>>) -> Vec<String> {
    patients.flatten().cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

/// Name, born, gender, and both numbers.
fn who(identity: Option<&Identity>) -> Markup {
    let Some(identity) = identity else { return html! { "Not for this sheet’s role to see" } };
    let hospital = identity.hospital_numbers.iter().map(|number| number.value.as_str()).collect::<Vec<_>>().join(", ");
    html! {
        b { (name_words(identity)) }
        div {
            "Born " @match &identity.born { Some(born) => (time(&date(born))), None => "not known" }
            ", " (identity.gender.as_deref().unwrap_or("gender not known"))
        }
        div { "NHS " span.nb { (identity.nhs_number.as_deref().map_or_else(|| "not known".to_owned(), nhs_words)) } }
        div { "Hospital no. " (if hospital.is_empty() { "not known" } else { &hospital }) }
    }
}

/// The four states, with every agent: there is no chart to look into.
fn allergies(known: Option<&Allergies>) -> Markup {
    match known {
        Some(Allergies::Known(known)) => {
            let agents: Vec<&str> = known.iter().map(|allergy| allergy.agent.as_str()).collect();
            html! { b.alert { "ALLERGIC: " (agents.join(", ")) } }
        }
        Some(Allergies::NoneKnown(_)) => html! { "No known allergies" },
        Some(Allergies::NotRecorded) => html! { b.alert { "Allergies not recorded" } },
        Some(Allergies::Unavailable) | None => html! { b.alert { "Allergies unavailable" } },
    }
}

fn flags<'w>(words: impl Iterator<Item = &'w str>) -> Markup {
    let words: Vec<&str> = words.collect();
    html! { div { (if words.is_empty() { "No flags".to_owned() } else { words.join("; ") }) } }
}

fn consultant(stay: &Stay) -> String {
    let care = stay.consultant();
    let name = care.and_then(|care| care.name.clone());
    name.unwrap_or_else(|| "No consultant".into())
}

fn of_ward(paper: &Paper<'_>, ward: &ward::Gathered) -> Sheet {
    let title = ward.board.ward.title();
    let rows: Vec<&BoardRow> = ward.board.rows().collect();
    let people =
        ids(rows.iter().filter_map(|row| row.occupant.as_ref()).map(|occupant| occupant.stay.patient.as_ref()));
    let body = html! {
        table {
            thead { tr {
                th scope="col" { "Bed" } th scope="col" { "Patient" }
                @if paper.is_clinical { th scope="col" { "Allergies, flags" } }
                th scope="col" { "Expected discharge, consultant" } th scope="col" { "Tasks due" } th scope="col" { "Notes" }
            } }
            tbody { @for row in &rows { (ward_row(paper, ward, row)) } }
        }
        p { (counted(people.len(), "patient", "patients")) " on this ward." }
    };
    let name = format!("ward-{}", file_name(&ward.board.ward.id));
    Sheet { html: sheet(paper, &title, &body), name, title, patients: people }
}

fn ward_row(paper: &Paper<'_>, ward: &ward::Gathered, row: &BoardRow) -> Markup {
    let label = row.bed.as_ref().map_or("No bed yet", |bed| bed.label.as_str());
    let Some(occupant) = &row.occupant else {
        return html! { tr { th scope="row" { (label) } td colspan=(if paper.is_clinical { 5 } else { 4 }) { "Empty" } } };
    };
    let stay = &occupant.stay;
    let on = stay.patient.as_ref().and_then(|id| ward.patients.get(id));
    let at = on.map(|on| &on.at_bed);
    let bedside = at.and_then(|at| at.bedside.as_ref());
    let tasks = on.map_or(&[][..], |on| on.tasks.as_slice());
    html! {
        tr {
            th scope="row" { (label) }
            td { (who(at.map(|at| &at.identity))) }
            @if paper.is_clinical {
                td {
                    (allergies(bedside.map(|bedside| &bedside.allergies)))
                    @if let Some(bedside) = bedside { (flags(bedside.flags.iter().map(|flag| flag.words.as_str()))) }
                }
            }
            td {
                @match &stay.expected_end { Some(end) => (time(&short_date(end, paper.now))), None => "Not set" }
                div { (consultant(stay)) }
                @if paper.is_clinical { @if let Some(reason) = &stay.reason { div { (reason) } } }
            }
            td { @for task in tasks {
                div { (task.what) @if let Some(due) = task.due { ", " (short_moment(due, paper.now).text) } }
            } }
            td.write {}
        }
    }
}

fn to_come_in(paper: &Paper<'_>, of: &admissions::Gathered) -> Sheet {
    let today = local_date(paper.now);
    let tomorrow = today.tomorrow().unwrap_or(today);
    let people = ids(of.today.iter().chain(&of.tomorrow).map(|stay| stay.patient.as_ref()));
    let day = |day: terms::Date, stays: &[Stay]| {
        html! {
            h2 { (terms::print::date_text(day)) ": " (counted(stays.len(), "patient", "patients")) }
            @if stays.is_empty() { p { "Nobody is to come in." } } @else {
                table {
                    thead { tr {
                        th scope="col" { "When" } th scope="col" { "Patient" }
                        @if paper.is_clinical { th scope="col" { "Allergies" } th scope="col" { "For" } }
                        th scope="col" { "Where to, consultant" } th scope="col" { "Came" }
                    } }
                    tbody { @for stay in stays { (tci_row(paper, of, stay)) } }
                }
            }
        }
    };
    let body = html! { (day(today, &of.today)) (day(tomorrow, &of.tomorrow)) };
    let title = "To come in, today and tomorrow".to_owned();
    Sheet { name: "to-come-in".into(), html: sheet(paper, &title, &body), title, patients: people }
}

fn tci_row(paper: &Paper<'_>, of: &admissions::Gathered, stay: &Stay) -> Markup {
    let person = stay.patient.as_ref().and_then(|id| of.people.get(id));
    let place = stay.wanted().and_then(|wanted| of.places.get(&wanted.place)).map(|place| place.title());
    let at = stay.request.tci().filter(|tci| tci.precision() >= terms::Precision::Minute);
    html! {
        tr {
            th scope="row" { @match at { Some(at) => (time(&clock(at.lower()))), None => "No time" } }
            td { (who(person.map(|person| &person.identity))) }
            @if paper.is_clinical {
                td { (allergies(person.and_then(|person| person.allergies.as_ref()))) }
                td { (stay.reason.as_deref().unwrap_or("Not recorded")) }
            }
            td { (place.as_deref().unwrap_or("Ward not said")) div { (consultant(stay)) } }
            td.write { @if stay.state.is_live() { "In" } }
        }
    }
}

fn of_department(paper: &Paper<'_>, board: &emergency::Board) -> Sheet {
    let place = &board.department.ward.place;
    let people = ids(board.rows().map(|row| row.attendance.stay.patient.as_ref()));
    let body = html! {
        table {
            thead { tr {
                th scope="col" { "Place" } th scope="col" { "Patient" } th scope="col" { "Arrived" }
                @if paper.is_clinical { th scope="col" { "Allergies, flags" } th scope="col" { "Category, complaint" } }
                th scope="col" { "Waits for" } th scope="col" { "Notes" }
            } }
            tbody { @for row in board.rows() { (emergency_row(paper, row)) } }
        }
        p { (counted(people.len(), "patient", "patients")) " in the department." }
    };
    let name = format!("emergency-{}", file_name(&place.id));
    Sheet { html: sheet(paper, &place.name, &body), name, title: place.name.clone(), patients: people }
}

fn emergency_row(paper: &Paper<'_>, row: &emergency::Row) -> Markup {
    let of = &row.attendance;
    let clinical = row.seen.as_ref().and_then(|seen| seen.clinical.as_ref());
    html! {
        tr {
            th scope="row" { (row.place.as_ref().map_or("No place yet", |place| place.name.as_str())) }
            td {
                @match (&row.seen, &of.described) {
                    (None, Some(described)) => (described),
                    (seen, _) => (who(seen.as_ref().map(|seen| &seen.identity))),
                }
            }
            td { @if let Some(at) = of.arrived { (moment(at)) } }
            @if paper.is_clinical {
                td {
                    (allergies(clinical.map(|clinical| &clinical.allergies)))
                    @if let Some(clinical) = clinical { (flags(clinical.flags.iter().map(|flag| flag.words.as_str()))) }
                }
                td {
                    @match of.category { Some(category) => { (category.number()) ", " (category.word()) }, None => "No category yet" }
                    div { (of.complaint.as_deref().unwrap_or_default()) }
                }
            }
            td {
                (of.waits_for.as_deref().unwrap_or_default())
                @if of.decision.is_some() { div { "To be admitted" @if let Some(bed) = &row.bed { ", " (bed) } } }
            }
            td.write {}
        }
    }
}

fn appointments(paper: &Paper<'_>, of: &OnPaper) -> Sheet {
    let people = ids(of.appointments.iter().map(|booked| booked.patient.as_ref()));
    let body = html! {
        table {
            thead { tr { @for words in ["When", "Patient", "For", "Where", "Came"] { th scope="col" { (words) } } } }
            tbody { @for booked in &of.appointments {
                tr {
                    th scope="row" { @match &booked.at { Some(at) => (time(&clock(at.lower()))), None => "No time" } }
                    td { (who(booked.patient.as_ref().and_then(|id| of.booked.get(id)).map(|person| &person.identity))) }
                    td { (booked.what) }
                    td { (booked.place.as_deref().unwrap_or("Not said")) }
                    td.write {}
                }
            } }
        }
    };
    let title = "Appointments of tomorrow".to_owned();
    Sheet { name: "appointments".into(), html: sheet(paper, &title, &body), title, patients: people }
}

/// Open numbers, by who has them: each with room for whom it is given to.
fn numbers(paper: &Paper<'_>, of: &OnPaper) -> Sheet {
    let mut owners: BTreeMap<&str, Vec<&administration::downtime::Number>> = BTreeMap::new();
    for number in &of.open {
        owners.entry(&number.owner.1).or_default().push(number);
    }
    let body = html! {
        p { "One number for one form, and one hospital number for one new patient. Write down here what each was used for. Every number is entered or voided afterwards, also one that was not used." }
        @if owners.is_empty() { p { b { "No number is open. Issue numbers on the page Downtime before they are needed, and make new sheets." } } }
        @for (owner, numbers) in &owners {
            section.page {
                h2 { (owner) }
                table {
                    thead { tr { @for words in ["Number", "For", "Patient, date of birth", "Time", "Entered"] { th scope="col" { (words) } } } }
                    tbody { @for number in numbers {
                        tr { th.number scope="row" { (number.printed) } td { (number.kind.words().0) } td.write {} td.write {} td.write {} }
                    } }
                }
            }
        }
    };
    let title = "Downtime numbers".to_owned();
    Sheet { name: "numbers".into(), html: sheet(paper, &title, &body), title, patients: Vec::new() }
}

/// An id as part of a file's name: letters, digits and dashes alone.
fn file_name(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}
