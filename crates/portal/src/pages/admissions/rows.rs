//! The rows of the page of admissions: requests from the emergency department, days to come in, cancellations to rebook.
//!
//! A name leads to the stay, where the forms are. Ordered where they were gathered.

use administration::stays::{Offer, Stay, StayState, codes};
use clinical::allergies::Allergies;
use maud::{Markup, html};
use terms::{Date, Moment, Precision};

use super::{Admissions, alarm_panel, day};
use crate::components::notice::empty;
use crate::components::panel::{head, panel, wide};
use crate::components::tag::{AllergyFlag, allergy_flag};
use crate::components::{Printed, time};
use crate::gather::admissions::Person;
use crate::pages::patient::{name_words, nhs_words};
use crate::words::{clock, date, duration, short_date};

/// Hours of the 12-hour standard from the decision to admit.
const STANDARD_HOURS: u8 = 12;

/// Since when a bed is waited for.
pub(super) fn waiting_since(stay: &Stay) -> Option<Moment> {
    stay.request.decided.as_ref().or(stay.started.as_ref()).map(|at| at.lower())
}

/// Name and line of a patient; the name leads to the stay.
fn who(of: &Admissions<'_>, stay: &Stay, person: Option<&Person>) -> Markup {
    let name = person.map_or_else(|| "Name not known".to_owned(), |person| name_words(&person.identity));
    html! {
        span.al-name { a href=(of.setting.links.stay(&stay.id)) { (name) } }
        span.al-sub {
            @match person.and_then(|person| person.identity.born.as_ref()) {
                Some(born) => (time(&date(born))),
                None => "born: not known",
            }
            " · "
            span.al-nhs {
                (person.and_then(|person| person.identity.nhs_number.as_deref()).map_or_else(|| "NHS No. not known".to_owned(), nhs_words))
            }
        }
    }
}

/// The allergy flag of a row.
fn allergy(person: Option<&Person>) -> Markup {
    let state = match person.and_then(|person| person.allergies.as_ref()) {
        Some(Allergies::Known(known)) => AllergyFlag::Known {
            first: known.first().map_or("see chart", |first| first.agent.as_str()),
            more: known.len().saturating_sub(1),
        },
        Some(Allergies::NoneKnown(_)) => AllergyFlag::NoneKnown,
        Some(Allergies::NotRecorded) => AllergyFlag::NotRecorded,
        Some(Allergies::Unavailable) | None => AllergyFlag::Unavailable,
    };
    allergy_flag(&state)
}

/// Requests for a bed.
pub(super) fn requests(of: &Admissions<'_>) -> Markup {
    let rows = &of.gathered.requests;
    let scope = html! { (rows.len()) ", longest wait first. Each belongs to a named team from the decision on." };
    let table = html! {
        table.al-t.al-board {
            thead { tr {
                th scope="col" { "Patient" }
                @if of.is_clinical { th scope="col" { "Allergies" } }
                th scope="col" { "For, team" } th scope="col" { "Waiting" } th scope="col" { "Bed" }
                th scope="col" { span.al-vh { "Action" } }
            } }
            tbody { @for stay in rows { (request_row(of, stay)) } }
        }
    };
    let body = html! {
        @if rows.is_empty() { (empty(&html! { "Nobody in the emergency department waits for a bed." })) }
        @else { (wide("Requests from the emergency department", &table)) }
    };
    alarm_panel(!rows.is_empty(), &head("Requests from the emergency department", Some(scope)), &body)
}

fn request_row(of: &Admissions<'_>, stay: &Stay) -> Markup {
    let (bed, person, now) = (of.bed(stay), of.person(stay), of.setting.now);
    let team = [stay.consultant().and_then(|care| care.name.as_deref()), stay.team.as_deref()];
    let team: Vec<&str> = team.into_iter().flatten().collect();
    html! {
        tr.is-alarm[bed.is_alarm()] data-r="edreq" {
            td.al-line2 { (who(of, stay, person)) }
            @if of.is_clinical { td { div.al-flags { (allergy(person)) } } }
            td {
                (stay.reason.as_deref().unwrap_or("Reason not recorded"))
                span.al-sub {
                    @if team.is_empty() { "Belongs to no team yet" } @else { "Belongs to " (team.join(", ")) }
                }
            }
            td {
                @match waiting_since(stay) {
                    Some(since) => {
                        b.al-warn { (duration(now.0 - since.0)) } " since DTA " (time(&clock(since)))
                        span.al-sub { "of " (STANDARD_HOURS) " h" }
                    }
                    None => "Not known since when",
                }
            }
            td { (bed.markup()) }
            td.al-num { (action(of, stay, if bed.is_settled() { "Open" } else { "Place" }, person)) }
        }
    }
}

/// The button at the end of a row; its name says whom it is about.
fn action(of: &Admissions<'_>, stay: &Stay, word: &str, person: Option<&Person>) -> Markup {
    let name = person.map_or_else(|| "the patient".to_owned(), |person| name_words(&person.identity));
    html! { a.al-btn href=(of.setting.links.stay(&stay.id)) { (word) span.al-vh { ": " (name) } } }
}

/// Who comes in on a day.
pub(super) fn come_in(of: &Admissions<'_>, title: &str, on: Date, rows: &[Stay]) -> Markup {
    let scope = html! { (day(on)) ", " (rows.len()) };
    let table = html! {
        table.al-t.al-board {
            thead { tr {
                th scope="col" { abbr title="To come in" { "TCI" } }
                th scope="col" { "Patient" } th scope="col" { "For" } th scope="col" { "Bed, state" }
                th scope="col" { span.al-vh { "Action" } }
            } }
            tbody { @for stay in rows { (tci_row(of, stay)) } }
        }
    };
    panel(
        &head(title, Some(scope)),
        &html! {
            @if rows.is_empty() { (empty(&html! { "Nobody is to come in on this day." })) } @else { (wide(title, &table)) }
        },
    )
}

fn tci_row(of: &Admissions<'_>, stay: &Stay) -> Markup {
    let (bed, person) = (of.bed(stay), of.person(stay));
    let word = match (stay.state, bed.is_settled()) {
        (StayState::Expected, true) => "Admit",
        (StayState::Expected, false) => "Place",
        _ => "Open",
    };
    html! {
        tr.is-alarm[bed.is_alarm()] data-r="tci" {
            td.al-nb { b { (tci_words(stay)) } }
            td.al-line2 { (who(of, stay, person)) }
            td {
                (stay.reason.as_deref().unwrap_or("Not recorded what for"))
                span.al-sub {
                    (kind_words(stay)) @if let Some(priority) = &stay.priority { ", " b { (priority) } }
                    @if stay.request.times_moved() > 0 { ", " (moved_words(stay)) }
                }
            }
            td { (bed.markup()) }
            td.al-num { (action(of, stay, word, person)) }
        }
    }
}

/// The time to come in, when one was said.
fn tci_words(stay: &Stay) -> Markup {
    match stay.request.tci() {
        Some(tci) if tci.precision() == Precision::Instant => time(&clock(tci.lower())),
        _ => html! { "Any time" },
    }
}

/// `moved twice, first 03-Nov`.
pub(crate) fn moved_words(stay: &Stay) -> String {
    let moved = match stay.request.times_moved() {
        1 => "moved once".to_owned(),
        2 => "moved twice".to_owned(),
        times => format!("moved {times} times"),
    };
    match stay.request.first_tci() {
        Some(first) => format!("{moved}, first {}", date(first).text),
        None => moved,
    }
}

/// Day case or inpatient, as it is meant.
pub(crate) fn kind_words(stay: &Stay) -> &'static str {
    match stay.request.intended.as_deref() {
        Some("2") => "Day case",
        Some("1") => "Inpatient",
        Some(code) => codes::words_of(codes::INTENDED, code).unwrap_or("Not known how long"),
        None => "Not recorded how long",
    }
}

/// Whose admission we cancelled at the last minute.
pub(super) fn rebook(of: &Admissions<'_>) -> Markup {
    let rows = &of.gathered.rebook;
    let body = html! {
        @if rows.is_empty() { (empty(&html! { "No cancellation by us waits for another day." })) }
        @for stay in rows { div.al-panel__b { (rebook_row(of, stay)) } }
    };
    panel(&head("Cancelled by us, rebook in 28 days", Some(html! { (rows.len()) })), &body)
}

fn rebook_row(of: &Admissions<'_>, stay: &Stay) -> Markup {
    let now = of.setting.now;
    let end = stay.request.offers.last().and_then(|offer: &Offer| offer.end.as_ref());
    let Some((end, by)) = end.and_then(|end| Some((end, end.rebook_by?))) else { return html! {} };
    let left = terms::local_date(now).until(by).map_or(0, |span| span.get_days());
    let on = terms::PartialDate::parse(&terms::local_date(end.at).to_string());
    let on = on.as_ref().map_or_else(|_| Printed::default(), |on| short_date(on, now));
    html! {
        (who(of, stay, of.person(stay)))
        p.al-flush {
            "Cancelled " (time(&on)) ", on the day: " (end.reason.as_deref().unwrap_or("no reason recorded")) ". "
            b { "Rebook by " (day(by)) } ", "
            @if left < 0 { b.al-bad { (-left) " days over" } } @else { (left) " days left" }
            ". No offer made yet."
        }
        p.al-because { b { "because " } "cancelled by the hospital at the last minute" }
        p.al-flush { (action(of, stay, "Make an offer", of.person(stay))) }
    }
}
